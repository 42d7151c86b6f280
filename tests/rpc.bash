# shellcheck shell=bash
# What the suites of remote procedure calls share.

# serve FAMILY [OPTION ...] -- COMMAND ...: a server for this test, in the
# background; its queue in $q, its PID in $server, its stderr in $tmp/server.err.
serve() {
	local ref options=()
	ref=mq:$(fresh_name "service$((++served))")
	[ "$1" = posix ] || ref=mq:private
	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	rm -f "$tmp/ref"
	env --default-signal=INT,QUIT ipc-rpc-serve --create "${options[@]}" "$ref" "$@" >"$tmp/ref" 2>>"$tmp/server.err" 3>&- 9<&- &
	server=$!
	eventually [ -s "$tmp/ref" ]
	q=$(cat "$tmp/ref")
}

# End the server of serve, with status 143 or $1; nothing is left of it.
# shellcheck disable=SC2120
unserve() {
	local status=0
	kill "$server" 2>/dev/null || true
	wait "$server" || status=$?
	[ "$status" -eq "${1:-143}" ]
	no_queues
}

# End it by a second signal; two at once could be one.
hurry() {
	eventually killed "$server"
	# shellcheck disable=SC2119
	unserve
}
killed() { ended "$1" || ! kill "$1" || ended "$1"; }

no_queues() {
	[ "$(ls -A /dev/mqueue)" = "" ]
	[ "$(sed 1d /proc/sysvipc/msg)" = "" ]
}

# In teardown(): no server outlives its test.
end_servers() {
	[ -z "${server-}" ] || kill -9 "$server" 2>/dev/null || true
	rm -f /dev/mqueue/*
	ipcrm --all=msg
}

ended() { [ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"; }

call() { limit ipc-rpc-call -t 15 "$@"; }

# Whether $1 requests, or replies, wait in the queue.
holds() {
	case $q in
	mq:/*) ipc-mq-peek -v "$q" 2>&1 | grep -q "messages $1," ;;
	*) [ "$(awk -v id="${q##*:}" '$2 == id { print $5 }' /proc/sysvipc/msg)" = "$1" ] ;;
	esac
}

# How many descriptors the server has.
descriptors() { find "/proc/$server/fd" -mindepth 1 | wc -l; }
