#!/usr/bin/env bats

# Rings between ours and a peer in Python that was written from ipc-ring(5), and
# counters that pass 2^32 and 2^64.

load helpers

peer() { LIMIT=60 limit /usr/bin/python3 "$top/tests/ring-peer.py" "$@"; }

new_ring() {
	r=$(ipc-ring-create "$@" "ring:$(fresh_name ring)")
	file=/dev/shm/ring.${r#ring:/}
}

# Lines of many lengths, empty ones too.
lines() { awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) { s = i % 7 ? i : ""; for (k = i % 61; k > 0; k -= 3) s = s "." i; print s } }'; }

@test "what the peer puts, ours gets; what ours puts, the peer gets" {
	new_ring -s 4K
	lines 2000 >"$tmp/in"
	peer put "$file" 10 <"$tmp/in" 3>&- &
	limit ipc-ring-get -c 2000 "$r" | cmp - "$tmp/in"
	wait
	ipc-ring-put --end "$r" <"$tmp/in" 3>&- &
	peer get "$file" | cmp - "$tmp/in"
	wait
	run -0 peer facts "$file"
	read -r in out put taken ended <<<"$output"
	[ "$in $put $taken $ended" = "$out 4000 4000 1" ]
}

@test "the peer puts beside ours, and marks the end" {
	new_ring -s 4K
	seq -f 'a %.0f' 2000 | peer put "$file" 3 3>&- &
	first=$!
	seq -f 'b %.0f' 2000 | ipc-ring-put "$r" 3>&- &
	second=$!
	ipc-ring-get -f "$r" >"$tmp/got" 3>&- &
	consumer=$!
	wait "$first" "$second"
	peer end "$file"
	wait "$consumer"
	grep '^a' "$tmp/got" | cmp - <(seq -f 'a %.0f' 2000)
	grep '^b' "$tmp/got" | cmp - <(seq -f 'b %.0f' 2000)
	[ "$(wc -l <"$tmp/got")" -eq 4000 ]
	run -1 peer put "$file" <<<x
}

@test "the peer is told of a consumer's role, and has its own respected" {
	new_ring -s 4K
	/usr/bin/python3 "$top/tests/ring-peer.py" get "$file" 1 >"$tmp/got" 3>&- &
	held=$!
	busy() { ipc-ring-get -n "$r" 2>&1 | grep -q 'has a consumer: another process'; }
	eventually busy
	limit ipc-ring-put "$r" x
	wait "$held"
	[ "$(<"$tmp/got")" = x ]
}

@test "a peer that has the turn comes first: the role is not taken past it, though it is free" {
	new_ring -s 4K
	/usr/bin/python3 -c '
import fcntl, os, struct, sys, time
fd = os.open(sys.argv[1], os.O_RDWR)
fcntl.fcntl(fd, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 2, 1, 0))
os.pwrite(fd, b"\1", 8212)
open(sys.argv[2], "w").close()
time.sleep(60)' "$file" "$tmp/locked" 3>&- &
	held=$!
	eventually [ -e "$tmp/locked" ]
	run -3 limit ipc-ring-put -n "$r" x
	run -3 limit ipc-ring-put -t 0.1 "$r" x
	ipc-ring-put "$r" y 3>&- &
	producer=$!
	eventually in_ring_wait "$producer"
	kill "$held"
	wait "$held" || true
	wait "$producer"
	run -0 limit ipc-ring-get -a "$r"
	[ "$output" = y ]
	[ "$(xxd -s 8212 -l 1 -p "$file")" = 00 ]
}

@test "counters just below 2^32 and 2^64, of bytes and of records: nothing is lost at the wrap" {
	for start in 0xfffff000 0xfffffff8 0xfffffffffffff000 0xfffffffffffffff8; do
		for number in 0xfffffff0 0xfffffffffffffff0; do
			new_ring -s 4K
			peer start "$file" $start $number
			lines 3000 >"$tmp/in"
			ipc-ring-put --end "$r" <"$tmp/in" 3>&- &
			limit ipc-ring-get -f "$r" | cmp - "$tmp/in"
			wait
			peer start "$file" $start $number
			limit ipc-ring-put --reopen "$r" </dev/null
			# Full and empty right at the wrap, and looked at there.
			head -n 40 "$tmp/in" | limit ipc-ring-put "$r"
			limit ipc-ring-get --peek "$r" | cmp - <(head -n 40 "$tmp/in")
			run -3 limit ipc-ring-put -n -q "$r" < <(lines 500)
			limit ipc-ring-get -c 40 "$r" | cmp - <(head -n 40 "$tmp/in")
			limit ipc-ring-get -q -a "$r" >/dev/null
			head -n 100 "$tmp/in" | peer put "$file" 7 3>&- &
			peer get "$file" 100 | cmp - <(head -n 100 "$tmp/in")
			wait
			rm "$file"
		done
	done
}
