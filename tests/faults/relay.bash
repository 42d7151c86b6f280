# shellcheck shell=bash
# The relay, between files, pipes, FIFOs and sockets.

head -c 200000 /dev/urandom >"$tmp/in"
seq 2000 >"$tmp/lines"
seq 3000 5000 >"$tmp/more"
mkdir "$tmp/spill"
fault_input=$tmp/in

fresh() { rm -f "$tmp"/sink* "$tmp"/got; }
is_beginning() {
	[ ! -e "$1" ] || head -c "$(stat -c %s "$1")" "$tmp/in" | cmp -s - "$1" || wrong "wrong bytes in ${1##*/}"
	[ "$status" -ne 0 ] || cmp -s "$1" "$tmp/in" || wrong "done, but not all in ${1##*/}"
}
out_is_beginning() {
	is_beginning "$tmp/out"
	[ "$(ls -A "$tmp/spill")" = "" ] || wrong "a spill file is left"
}
sinks_are_beginnings() {
	is_beginning "$tmp/sink1"
	is_beginning "$tmp/sink2"
}
# What is in the sink is whole lines, but for the last one of a relay that was killed.
lines_are_whole() {
	if [ "$status" -eq 0 ]; then
		sort -n "$tmp/out" | cmp -s - <(cat "$tmp/lines" "$tmp/more") || wrong "done, but not all lines"
	else
		head -n -1 "$tmp/out" | grep -vxFf "$tmp/lines" | grep -vxFf "$tmp/more" >"$tmp/odd" && wrong "a torn line"
	fi
}

run_of "- to -" nothing out_is_beginning ipc-pipe-relay
run_of "FILE to -" nothing out_is_beginning ipc-pipe-relay "$tmp/in"
run_of "FILE to FILE" fresh nothing ipc-pipe-relay "$tmp/in" --truncate --to "$tmp/sink1"
run_of "two sinks" fresh sinks_are_beginnings ipc-pipe-relay --truncate --to "$tmp/sink1" "$tmp/sink2"
run_of "a buffer" nothing out_is_beginning ipc-pipe-relay -b 10000
run_of "rendezvous" nothing out_is_beginning ipc-pipe-relay -b 0
run_of "a spill file" nothing out_is_beginning ipc-pipe-relay -b unlimited --spill="$tmp/spill"
run_of "a rate, and --stats" nothing out_is_beginning ipc-pipe-relay -R 100M --stats
run_of "two sources" nothing lines_are_whole ipc-pipe-relay "$tmp/lines" "$tmp/more"

# The reader of a FIFO waits for its writer: where that does not come, it is let go.
with_reader() {
	fresh
	cat "$tmp/fifo" >"$tmp/got" 9<&- &
	reader=$!
}
let_go() {
	while kill -0 "$reader" 2>/dev/null; do : <>"$tmp/fifo"; done
	is_beginning "$tmp/got"
}
mkfifo "$tmp/fifo"
run_of "to a FIFO" with_reader let_go ipc-pipe-relay --to "$tmp/fifo"

# What was made and could not be removed.
left_and_told() { [ "$status" -eq 1 ] && grep -q "cannot remove $1: " "$tmp/err"; }

with_mkfifo() {
	fresh
	{ until [ -p "$tmp/made" ] || [ -e "$tmp/given-up" ]; do sleep 0.02; done
		[ ! -p "$tmp/made" ] || cat "$tmp/made" >"$tmp/got"; } 2>/dev/null 9<&- &
	reader=$!
}
made_is_gone() {
	: >"$tmp/given-up"
	# One whose FIFO is gone before it was opened at the other side waits for ever.
	gone=0
	while kill -0 "$reader" 2>/dev/null; do
		if [ -p "$tmp/made" ]; then : <>"$tmp/made"; elif [ $((++gone)) -gt 100 ]; then pkill -P "$reader"; fi
		sleep 0.02
	done
	killed || [ ! -e "$tmp/made" ] || left_and_told "$tmp/made" || wrong "its FIFO is left"
	[ "$status" -ne 0 ] || cmp -s "$tmp/got" "$tmp/in" || wrong "done, but not all"
	rm -f "$tmp/made" "$tmp/given-up"
}
run_of "--mkfifo" with_mkfifo made_is_gone ipc-pipe-relay -t 5 --mkfifo --to "$tmp/made"

with_listener() {
	fresh
	timeout 15 ipc-pipe-relay "unix-listen:$tmp/socket" >"$tmp/got" 2>/dev/null </dev/null 9<&- &
	reader=$!
	eventually [ -S "$tmp/socket" ]
}
socket_has_all() {
	[ ! -S "$tmp/socket" ] || timeout 2 ipc-pipe-relay --to "unix:$tmp/socket" </dev/null 2>/dev/null
	wait "$reader"
	is_beginning "$tmp/got"
	rm -f "$tmp/socket"
}
run_of "to a socket" with_listener socket_has_all ipc-pipe-relay --to "unix:$tmp/socket"

with_client() {
	fresh
	{ until [ -S "$tmp/socket" ] || [ -e "$tmp/given-up" ]; do sleep 0.02; done
		[ ! -S "$tmp/socket" ] || timeout 5 ipc-pipe-relay "unix:$tmp/socket" >"$tmp/got"; } 2>/dev/null </dev/null 9<&- &
	reader=$!
}
listener_is_gone() {
	: >"$tmp/given-up"
	wait "$reader"
	killed || [ ! -e "$tmp/socket" ] || left_and_told "unix-listen:$tmp/socket" || wrong "its socket is left"
	[ "$status" -ne 0 ] || cmp -s "$tmp/got" "$tmp/in" || wrong "done, but not all"
	rm -f "$tmp/socket" "$tmp/given-up"
}
run_of "a listening socket" with_client listener_is_gone ipc-pipe-relay -t 5 --to "unix-listen:$tmp/socket"
