#!/usr/bin/env bats

# Messages of one who means it ill, as the same user and as another.

load helpers
load rpc

teardown() { end_servers; }

hostile() { "$@" "$top/tests/rpc-hostile.py" "$q" "${count:-300}" "${SEED:-1}"; }

@test "wrong, forged, replayed and random requests: none is run, the server goes on" {
	for family in posix sysv; do
		rm -f "$tmp/run" "$tmp/ref"
		serve $family -- sh -c "cat >>$tmp/run; echo >>$tmp/run; cat"
		run -0 hostile limit
		run -0 call "$q" last
		[ "$(sed '1!d' "$tmp/run")" = once ]
		[ "$(sed '$!d' "$tmp/run")" = last ]
		[ "$(grep -c once "$tmp/run")" -eq 1 ]
		[ "$(grep -c 'dropped a message' "$tmp/server.err")" -gt 300 ]
		run -1 grep -q $'\033' "$tmp/server.err"
		[ "$(descriptors)" -lt 20 ]
		hurry
	done
}

@test "another user's messages cannot make a server of ours run or open anything" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	for family in posix sysv; do
		rm -f "$tmp/run" "$tmp/ref"
		# As the server of uid 1: what nobody sends is not run.
		setpriv --reuid=1 --regid=1 --clear-groups env PATH="$PATH" \
			ipc-rpc-serve --create -m 0666 "$([ $family = posix ] && echo mq:/ones || echo mq:private)" \
			sh -c "echo run >>/dev/shm/run" >"$tmp/ref" 2>"$tmp/one.err" 3>&- &
		server=$!
		eventually [ -s "$tmp/ref" ]
		q=$(cat "$tmp/ref")
		run -0 hostile as_nobody
		grep -q 'comes from another user$' "$tmp/one.err"
		run -125 as_nobody ipc-rpc-call "$q" x
		run -0 timeout 60 setpriv --reuid=1 --regid=1 --clear-groups ipc-rpc-call "$q" x
		[ "$(cat /dev/shm/run)" = run ]
		rm /dev/shm/run
		hurry
	done
}

@test "a caller's stale replies and strangers' types are cleared out of a System V queue" {
	serve sysv -- cat
	ipc-mq-send -y $((1 << 62 | 999999 << 32 | 1)) "$q" stale
	ipc-mq-send -y 77 "$q" "not ours"
	kill -9 $server
	wait $server || true
	ipc-rpc-serve "$q" cat 3>&- &
	server=$!
	run -0 call "$q" hello
	[ "$output" = hello ]
	run -3 ipc-mq-recv -n -y $((1 << 62 | 999999 << 32 | 1)) "$q"
	run -0 ipc-mq-recv -n -y 77 "$q"
	[ "$output" = "not ours" ]
	ipcrm -q "${q##*:}"
}

@test "a private queue that was left is removed by the next start" {
	[ "$(id -u)" -eq 0 ] || [ -w /dev/mqueue ] || skip "no /dev/mqueue"
	ipc-mq-create mq:/ipcbox-private.99999.0
	serve posix -- cat
	[ ! -e /dev/mqueue/ipcbox-private.99999.0 ]
	unserve
}

@test "forged replies to a System V caller are dropped; the right one is taken" {
	mkfifo "$tmp/go"
	serve sysv -- sh -c "read -r line; echo >>$tmp/begun; read -r go <$tmp/go; echo \"right \$line\""
	ipc-rpc-call "$q" first >"$tmp/first" 3>&- &
	first=$!
	eventually [ -s "$tmp/begun" ]
	ipc-rpc-call "$q" second >"$tmp/second" 2>"$tmp/second.err" 3>&- &
	second=$!
	eventually holds 1
	# What another of the same user can read in the queue, and send.
	ipc-mq-peek -F whole "$q" | python3 -c '
import ctypes, struct, sys
request, libc = sys.stdin.buffer.read(), ctypes.CDLL(None)
address, sequence = struct.unpack("=qQ", request[24:40])
def reply(number, token, body):
    return (b"iRPC" + struct.pack("=BBHII", 1, 3, 0, 0, 0) + request[16:32] + struct.pack("=Q", number)
            + token + struct.pack("=Q", len(body)) + body)
for message in (b"", b"forged", request, reply(sequence + 1, request[40:56], b"forged"),
                reply(sequence, b"T" * 16, b"forged")):
    assert libc.msgsnd(int(sys.argv[1]), struct.pack("q", address) + message, len(message), 0) == 0
' "${q##*:}"
	printf 'go\n' >"$tmp/go"
	wait $first
	printf 'go\n' >"$tmp/go"
	wait $second
	[ "$(cat "$tmp/first" "$tmp/second")" = $'right first\nright second' ]
	[ "$(grep -c 'dropped a message' "$tmp/second.err")" -eq 5 ]
	unserve
}
