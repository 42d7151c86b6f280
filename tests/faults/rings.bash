# shellcheck shell=bash
# Rings: bounded buffers in shared memory.

r=ring:/faults
printf '#!/bin/sh\necho ran >"%s/ran"\n' "$tmp" >"$tmp/command"
chmod +x "$tmp/command"

rest() { ipc-ring-get -q -a "$r" || true; }
fill() {
	rest >/dev/null
	ipc-ring-put -q --reopen "$r" </dev/null
	seq "$1" | ipc-ring-put "$r"
}
three() { fill 3; }
none() { fill 0; }
three_and_end() { three && ipc-ring-put --end "$r" </dev/null; }

in_order() {
	if killed; then
		{ cat "$tmp/out" && rest; } | sort -u | cmp -s <(seq 3) - || wrong "a record is lost"
	else
		rest | cat "$tmp/out" - | cmp -s <(seq 3) - || wrong "lost, twice or out of order"
	fi
}
never_twice() {
	rest | cat "$tmp/out" - >"$tmp/places"
	sort -u "$tmp/places" | cmp -s - "$tmp/places" || wrong "twice or out of order"
	[ "$(tail -n 1 "$tmp/places")" = 3 ] || [ ! -s "$tmp/places" ] || wrong "lost what it had not in hand"
}
untouched() { rest | cmp -s <(seq 3) - || wrong "the ring was changed"; }
as_many_as_told() {
	local count told
	rest >"$tmp/got"
	count=$(wc -l <"$tmp/got")
	seq "$count" | cmp -s - "$tmp/got" || wrong "not the first $count"
	[ "$status" -ne 0 ] || [ "$count" -eq 3 ] || wrong "done, but only $count put"
	told=$(grep -oE '[0-9]+ records? put' "$tmp/err" | cut -d' ' -f1)
	[ "$status" -eq 0 ] || killed || [ "${told:-0}" -eq "$count" ] || wrong "put $count, told ${told:-none}"
}

absent() { rm -f /dev/shm/ring.made "$tmp/ran"; }
is_made() { [ -e /dev/shm/ring.made ]; }
made_as_told() {
	if [ "$status" -eq 0 ]; then
		is_made || wrong "told, but not there"
	elif is_made && ! killed; then
		wrong "failed, but there"
	fi
	! is_made || ipc-ring-create -e -m 0640 -s 4K ring:/made >/dev/null || wrong "there, but not whole"
	absent
}
scoped() { [ "$status" -ne 0 ] || [ -e "$tmp/ran" ] || wrong "done, but COMMAND did not run"; rm -f "$tmp/ran"; }

run_of "create" absent made_as_told ipc-ring-create -s 4K -m 0640 ring:/made
run_of "create -e" absent made_as_told ipc-ring-create -s 4K -e ring:/made
run_of "create -- COMMAND" absent scoped ipc-ring-create -s 4K ring:/made -- "$tmp/command"
absent

ipc-ring-create -s 4K "$r" >/dev/null
seq 3 >"$tmp/three"
run_of "put 1 2 3" none as_many_as_told ipc-ring-put -n "$r" 1 2 3
fault_input=$tmp/three run_of "put --end <FILE" none as_many_as_told ipc-ring-put -t 5 --end "$r"
run_of "get -c 2" three in_order ipc-ring-get -n -c 2 "$r"
run_of "get -a -v" three in_order ipc-ring-get -a -v "$r"
run_of "get -f -t" three in_order ipc-ring-get -f -t 20ms "$r"
run_of "get -f to the end" three_and_end in_order ipc-ring-get -f "$r"
run_of "get --at-most-once" three never_twice ipc-ring-get -n -c 2 --at-most-once "$r"
run_of "get --peek" three untouched ipc-ring-get --peek "$r"
