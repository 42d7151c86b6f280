#!/usr/bin/env bats

# A peer that writes anything into a ring, or cuts it short, while ours use it:
# a clear error, in time, and never a crash.

load helpers

new_ring() {
	r=$(ipc-ring-create "$@" "ring:$(fresh_name ring)")
	file=/dev/shm/ring.${r#ring:/}
}

# poke OFFSET FORMAT VALUE: write a number into the ring's file.
poke() {
	/usr/bin/python3 -c 'import os, struct, sys
fd = os.open(sys.argv[1], os.O_RDWR)
os.pwrite(fd, struct.pack("<" + sys.argv[3], int(sys.argv[4], 0)), int(sys.argv[2]))' "$file" "$@"
}

# The second place is the one in use after the first batch.
in=8192 out=4096 in_place=8272 data=12288

@test "forged counters, places, lengths, numbers and bytes: status 1, and what it is" {
	while read -r at form value tools said; do
		new_ring -s 4K
		limit ipc-ring-put "$r" one two three
		poke $((at)) "$form" "$value"
		for tool in ${tools//,/ }; do
			case $tool in
			put) run -1 limit ipc-ring-put -t 1 "$r" four ;;
			get) run -1 limit ipc-ring-get -a "$r" ;;
			peek) run -1 limit ipc-ring-get --peek "$r" ;;
			create) run -1 limit ipc-ring-create -e "$r" ;;
			esac
			[[ ${lines[-1]} == *": it $said" ]] || { echo "$tool $at $value: $output" && false; }
		done
		rm "$file"
	done <<-E
		$in Q 4104 put,get,peek,create has broken counters
		$in Q 0xffffffffffffffff put,get,peek,create has broken counters
		$in Q 73 put,get,peek,create has broken counters
		$out Q 80 put,get,peek,create has broken counters
		$out Q 4 put,get,peek,create has broken counters
		$in_place Q 1 put,create has broken counters
		$data I 65 get,peek has a record whose length cannot be right
		$data I 0xffffffff get,peek has a record whose length cannot be right
		$data I 2 get,peek has a record whose checksum does not match
		$data+4 I 0 get,peek has a record whose checksum does not match
		$data+16 B 0 get,peek has a record whose checksum does not match
		$data+8 Q 7 get,peek has a record whose checksum does not match
	E
}

@test "a record that is whole but not the next one: status 1" {
	new_ring -s 4K
	limit ipc-ring-put "$r" aaa bbb
	# The second stands in the place of the first.
	dd if="$file" of="$file" bs=8 skip=$(((data + 24) / 8)) seek=$((data / 8)) count=3 conv=notrunc status=none
	run -1 limit ipc-ring-get "$r"
	[[ $output == *": it has a record that is out of order" ]]
}

# scribble SECONDS: random bytes all over the ring, without a pause.
scribble() {
	/usr/bin/python3 -c '
import mmap, os, random, struct, sys, time
fd = os.open(sys.argv[1], os.O_RDWR)
m = mmap.mmap(fd, os.fstat(fd).st_size)
random.seed(int(sys.argv[3]))
end = time.monotonic() + float(sys.argv[2])
spots = [4096, 4104, 4108, 4160, 4168, 4176, 8192, 8200, 8204, 8208, 8256, 8264, 8272]
while time.monotonic() < end:
    for _ in range(200):
        kind = random.randrange(4)
        if kind == 0:
            at = random.choice(spots)
        elif kind == 1:
            at = 12288 + 8 * random.randrange((len(m) - 12288) // 8)
        else:
            continue
        value = random.choice([0, 1, 8, 24, 4096, 4104, 1 << 31, (1 << 64) - 8, random.getrandbits(64), struct.unpack_from("<Q", m, 8192)[0], struct.unpack_from("<Q", m, 4096)[0]])
        struct.pack_into("<Q", m, at, value & ((1 << 64) - 1))
    time.sleep(0)' "$file" "$1" "$2"
}

@test "scribbled all over while in use: no tool crashes, hangs or ends but by its table" {
	rounds=${SOAK:+300}
	for ((i = 0; i < ${rounds:-8}; i++)); do
		new_ring -s 4K
		scribble 0.4 $((${SEED:-1} + i)) 3>&- &
		scribbler=$!
		while kill -0 "$scribbler" 2>/dev/null; do
			seq 100 | LIMIT=10 limit ipc-ring-put -q -t 0.05 --reopen "$r" 2>/dev/null 3>&- &
			one=$!
			LIMIT=10 limit ipc-ring-get -q -f -t 0.05 "$r" >/dev/null 2>&1 3>&- &
			two=$!
			LIMIT=10 limit ipc-ring-get --peek "$r" >/dev/null 2>&1 3>&- &
			three=$!
			for pid in $one $two $three; do
				status=0
				wait $pid || status=$?
				case $status in 0 | 1 | 3) ;; *) echo "status $status" && false ;; esac
			done
		done
		rm "$file"
	done
}

@test "cut short while it waits, and while it streams: status 1, not SIGBUS" {
	for size in 0 4096 8192 12288 14000; do
		new_ring -s 4K
		ipc-ring-get -f "$r" >/dev/null 2>"$tmp/said" 3>&- &
		consumer=$!
		eventually in_ring_wait "$consumer"
		limit ipc-ring-put "$r" x
		eventually in_ring_wait "$consumer"
		truncate -s $size "$file"
		status=0
		wait "$consumer" || status=$?
		[ "$status" -eq 1 ]
		grep -q 'has been cut short' "$tmp/said"
		rm "$file"
		new_ring -s 64K
		yes | ipc-ring-put "$r" 2>"$tmp/put" 3>&- &
		producer=$!
		ipc-ring-get -f "$r" >/dev/null 2>"$tmp/get" 3>&- &
		consumer=$!
		used() { [ "$(ring_depth "$r")" -gt 0 ]; }
		eventually used
		truncate -s $size "$file"
		for pid in $producer $consumer; do
			status=0
			wait $pid || status=$?
			[ "$status" -eq 1 ]
		done
		grep -q 'has been cut short' "$tmp/put"
		grep -q 'has been cut short' "$tmp/get"
		rm "$file"
	done
}

@test "hung in a wait for room by a peer that holds the role: -t and -n end in time" {
	new_ring -s 4K
	/usr/bin/python3 -c '
import fcntl, os, struct, sys, time
fd = os.open(sys.argv[1], os.O_RDWR)
fcntl.fcntl(fd, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 1, 0))
open(sys.argv[2], "w").close()
time.sleep(60)' "$file" "$tmp/locked" 3>&- &
	holder=$!
	eventually [ -e "$tmp/locked" ]
	run -3 limit ipc-ring-put -t 0.1 "$r" x
	run -3 limit ipc-ring-put -n "$r" x
	kill "$holder"
	wait "$holder" || true
	run -0 limit ipc-ring-put -n "$r" x
}

@test "who may only read can hold a role up, as the manual says; -n and -t end in time" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be somebody else"
	new_ring -s 4K -m 0644
	: >"$tmp/locked"
	setpriv --reuid=65534 --regid=65534 --clear-groups /usr/bin/python3 -c '
import fcntl, os, struct, sys, time
fd = os.open(sys.argv[1], os.O_RDONLY)
for byte in 0, 1:
    fcntl.fcntl(fd, 37, struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, byte, 1, 0))
print("locked", flush=True)
time.sleep(60)' "$file" >"$tmp/locked" 3>&- &
	holder=$!
	eventually grep -q locked "$tmp/locked"
	run -3 limit ipc-ring-put -n "$r" x
	run -3 limit ipc-ring-get -t 0.1 "$r"
	[ "$output" = "ipc-ring-get: $r has a consumer: another process; waiting for its end" ]
	kill "$holder"
	wait "$holder" || true
	run -0 limit ipc-ring-put -t 5 "$r" x
}
