#!/usr/bin/env bats

# SIGKILL at random instants: 10,000 rounds in a soak, 200 otherwise.

load helpers

[ -z "${SOAK:-}" ] || ROUNDS=10000

@test "producers and consumers killed at random: no record torn, lost or out of order; nobody sleeps for ever" {
	for size in 4K 64K; do
		r=$(ipc-ring-create -s $size ring:/kills$size)
		run -0 timeout 600 /usr/bin/python3 "$top/tests/ring-kills.py" "${ROUNDS:-200}" "${SEED:-1}" "$r" "/dev/shm/ring.kills$size"
		echo "# $size: $output" >&3
	done
}

@test "killed at each instruction: whoever comes next finds every published record, and goes on" {
	${CC:-cc} -std=gnu17 -D_GNU_SOURCE -O2 -pthread -iquote "$top/lib" -o "$tmp/steps" "$top/tests/ring-steps.c" \
		"$top"/lib/ring-producer.c "$top"/lib/ring-consumer.c "$top"/lib/ring-layout.c "$top"/lib/crc32c.c
	run timeout 100 "$tmp/steps"
	[ "$status" -ne 2 ] || skip "no process may be traced here"
	[ "$status" -eq 0 ]
	echo "# $output" >&3
	[ "$(cut -d' ' -f5 <<<"$output")" -gt 100 ]
}
