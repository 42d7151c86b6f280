#!/usr/bin/env bats

# Callers, servers and commands that are killed at random moments, and calls of
# many callers at once.  In full (2,000 rounds, 100,000 calls) with SOAK=1.

load helpers
load rpc

teardown() { end_servers; }

@test "SIGKILL to caller, server or command: no hang, no wrong reply, nothing twice, nothing left" {
	rounds=40
	[ -z "${SOAK-}" ] || rounds=500
	for ref in mq:/kills mq:key:0x99; do
		for mode in command coprocess; do
			mkdir -p "$tmp/$mode${ref##*:}"
			run env TMP="$tmp/$mode${ref##*:}" timeout 800 "$top/tests/rpc-kills.py" $rounds "${SEED:-1}" $ref $mode
			echo "# $ref, $mode: $rounds rounds: $output" >&3
			[ "$status" -eq 0 ]
		done
	done
}

@test "8 callers at once to a coprocess with 2 workers: every reply is its request's" {
	count=500
	[ -z "${SOAK-}" ] || count=12500
	for family in posix sysv; do
		serve $family --coprocess -w 2 -- cat
		for caller in 1 2 3 4 5 6 7 8; do
			seq -f "$caller.%.0f" $count >"$tmp/words.$caller"
			xargs -n 1000 ipc-rpc-call -t 60 "$q" <"$tmp/words.$caller" >"$tmp/out.$caller" 3>&- &
			callers[caller]=$!
		done
		for caller in 1 2 3 4 5 6 7 8; do
			wait "${callers[caller]}"
			cmp "$tmp/words.$caller" "$tmp/out.$caller"
		done
		unserve
	done
}
