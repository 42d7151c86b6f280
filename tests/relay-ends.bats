#!/usr/bin/env bats
# A pipe is what "cat FILE |" is for here.
# shellcheck disable=SC2002

# The relay at ends that are out of the ordinary: sources that have no end or keep
# packets apart, pipes that are given by path, names that are long, files that
# may not be written.

load helpers

setup() { cd "$tmp"; }

relay() { limit ipc-pipe-relay "$@"; }

# The same in the background; signals to $pid reach it, and $child is the relay itself.
go() {
	timeout --kill-after=5 "${LIMIT:-20}" ipc-pipe-relay "$@" <&0 3>&- &
	pid=$!
	eventually pgrep -P "$pid" ipc-pipe-relay >/dev/null
	child=$(pgrep -P "$pid" ipc-pipe-relay)
}

# The relay that go has started ends with status $1.
ends_with() {
	local status=0
	wait "$pid" || status=$?
	[ "$status" -eq "$1" ] || { echo "status $status" && false; }
}

# Process $1 has read $2 bytes.
has_read() { [ "$(sed -n 's/^rchar: //p' "/proc/$1/io")" -ge "$2" ]; }

@test "a merge of a record without an end heeds the time to deliver, and a second signal" {
	mkfifo silent
	exec 8<>silent
	LIMIT=10 go -b 64M --drain-timeout=0.2 /dev/zero - <silent >/dev/null
	eventually has_read "$child" 200000000
	kill "$pid"
	ends_with 143
	LIMIT=10 go -b 64M --drain-timeout=60 /dev/zero - <silent >/dev/null
	eventually has_read "$child" 200000000
	again() { ! kill "$child" 2>/dev/null; }
	eventually again
	ends_with 143
	exec 8>&-
}

@test "--keep-open ends with a pipe that has no name, though it is given by path" {
	run -0 bash -c 'echo a | timeout 10 ipc-pipe-relay -k /dev/stdin'
	[ "$output" = a ]
	run -0 bash -c 'timeout 10 ipc-pipe-relay -k -F line <(echo a) <(echo b) | sort'
	[ "$output" = $'a\nb' ]
	run -0 bash -c 'set -o pipefail; echo a | timeout 10 ipc-pipe-relay -k --to /dev/stdout | cat'
	[ "$output" = a ]
	# Its reader is gone for good.
	run -1 bash -c 'seq 200000 | timeout 10 ipc-pipe-relay -k --to >(head -n 1 >/dev/null)'
	run -1 bash -c 'exec 7> >(true); wait $!; timeout 10 ipc-pipe-relay -k --to /dev/fd/7 <<<a'
}
