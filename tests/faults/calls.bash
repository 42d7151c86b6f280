# shellcheck shell=bash
# Requests and replies.

head -c 100000 /dev/urandom | base64 >"$tmp/long"
service() {
	case $q in *:private) ref=mq:private ;; *) ref=mq:/service ;; esac
	rm -f "$tmp/ref"
	ipc-rpc-serve --create "$ref" sh -c 'cat; exit 5' >"$tmp/ref" 2>"$tmp/server.err" </dev/null 9<&- &
	server=$!
	eventually [ -s "$tmp/ref" ]
}
# It serves on, whatever becomes of a caller.
# A queue of its own that a killed caller has not unlinked yet: the next server does.
left_private() {
	[ "$(find /dev/mqueue -name 'ipcbox-private.*')" ] || return 0
	killed || [[ $fault == mq_unlink* ]] || wrong "a private queue is left"
	rm -f /dev/mqueue/ipcbox-private.*
}
served() {
	left_private
	[ "$status" -ne "$command_status" ] || cmp -s "$tmp/out" "$expected" || wrong "another reply"
	[ "$status" -ne 0 ] || wrong "status 0 of a COMMAND that has 5"
	[ "$(ipc-rpc-call -t 10 "$q" again)" = again ] || wrong "the server does not answer any more"
}
command_status=5
printf one >"$tmp/one"
q=mq:/service
service
processes_before=$((processes_before + 1))
expected=$tmp/one run_of "call ARGUMENT" nothing served ipc-rpc-call -t 5 $q one
fault_input=$tmp/long expected=$tmp/long run_of "call <FILE" nothing served ipc-rpc-call -t 5 $q
kill $server
wait $server
processes_before=$((processes_before - 1))
command_status=

# The queue is removed after one call, which ends the server.
with_client() {
	rm -f "$tmp/reply"
	{ ipc-rpc-call -t 5 mq:/served one >"$tmp/reply"
		echo $? >"$tmp/client"
		rm -f /dev/mqueue/served; } 2>/dev/null </dev/null 9<&- &
	client=$!
}
with_words() { with_client; }
answered() {
	wait "$client"
	case $(cat "$tmp/client") in
	0) [ "$(cat "$tmp/reply")" = ONE ] || wrong "another reply" ;;
	124 | 125 | 1) ;;
	*) wrong "the caller has status $(cat "$tmp/client")" ;;
	esac
}
serve() { exec ipc-rpc-serve --create "$@"; }
# Its reads are of counters that the kernel keeps.
lasting_left_out="read"
run_of "serve" with_words answered ipc-rpc-serve --create mq:/served tr a-z A-Z
run_of "serve --coprocess" with_words answered ipc-rpc-serve --create --coprocess mq:/served sed -u s/one/ONE/
