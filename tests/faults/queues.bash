# shellcheck shell=bash
# Message queues of both families.

posix=/posix sysv=0x4711
printf '#!/bin/sh\ncat >>"%s/ran"\necho >>"%s/ran"\n' "$tmp" "$tmp" >"$tmp/take"
chmod +x "$tmp/take"

drained() { ipc-mq-recv -q -a "$q" || true; }
fill() {
	drained >/dev/null
	rm -f "$tmp/ran" "$tmp/dead"
	seq "$1" | ipc-mq-send "$q"
}
three() { fill 3; }
none() { fill 0; }

# Once in one place: written, given to COMMAND, told as a dead letter, or in the queue.
in_one_place() {
	{
		cat "$tmp/out"
		[ ! -e "$tmp/ran" ] || cat "$tmp/ran"
		{ cat "$tmp/err"; [ ! -e "$tmp/dead" ] || cat "$tmp/dead"; } |
			sed -n 's/^{"ref".*"data":"\([^"]*\)".*/\1/p'
		drained
	} | sort >"$tmp/places"
	if killed; then
		# Lost is at most what the manual says, and nothing comes twice.
		sort -u "$tmp/places" | cmp -s - "$tmp/places" || wrong "a message came twice"
		[ "$(comm -13 <(seq 3) "$tmp/places")" = "" ] || wrong "a message nobody sent"
		[ "$(wc -l <"$tmp/places")" -ge $((3 - in_hand)) ] || wrong "more lost than was in hand"
	elif ! cmp -s <(seq 3) "$tmp/places"; then
		wrong "messages: $(paste -sd, "$tmp/places")"
	fi
}
at_least_once() {
	[ ! -e "$tmp/dead" ] || sed 's/.*"data":"\([^"]*\)".*/\1/' "$tmp/dead" >>"$tmp/out"
	{ cat "$tmp/out" && drained; } | sort -u | cmp -s <(seq 3) - || wrong "a message is lost"
}
untouched() { drained | cmp -s <(seq 3) - || wrong "the queue was changed"; }

# The first so many are there, as was told.
as_many_as_told() {
	local count told
	drained >"$tmp/got"
	count=$(wc -l <"$tmp/got")
	seq "$count" | cmp -s - "$tmp/got" || wrong "not the first $count"
	[ "$status" -ne 0 ] || [ "$count" -eq 3 ] || wrong "done, but only $count sent"
	told=$(grep -oE '[0-9]+ messages? sent' "$tmp/err" | cut -d' ' -f1)
	[ "$status" -eq 0 ] || killed || [ "${told:-0}" -eq "$count" ] || wrong "sent $count, told ${told:-none}"
}

absent() {
	rm -f /dev/mqueue/made "$tmp/ran"
	! grep -q '^ *18194 ' /proc/sysvipc/msg || ipcrm -Q 0x4712
}
is_made() { [ -e /dev/mqueue/made ] || grep -q '^ *18194 ' /proc/sysvipc/msg; }
made_as_told() {
	if [ "$status" -eq 0 ]; then
		is_made || wrong "told, but not there"
	elif is_made && ! killed && ! cannot_undo; then
		wrong "failed, but there"
	fi
	absent
}
scoped() { [ "$status" -ne 0 ] || [ -e "$tmp/ran" ] || wrong "done, but COMMAND did not run"; rm -f "$tmp/ran"; }

for ref in mq:/made mq:key:0x4712; do
	run_of "create $ref" absent made_as_told ipc-mq-create "$ref"
	run_of "create $ref -- COMMAND" absent scoped ipc-mq-create "$ref" -- "$tmp/take"
	absent
done

seq 3 >"$tmp/three"
printf '{"data":"1"}\n{"data":"2"}\n{"data":"3"}\n' >"$tmp/three.json"
for q in mq:$posix mq:key:$sysv; do
	case $q in mq:/*) ipc-mq-create -d 8 -s 64 "$q" ;; *) ipc-mq-create "$q" ;; esac >/dev/null
	run_of "send $q 1 2 3" none as_many_as_told ipc-mq-send -n "$q" 1 2 3
	fault_input=$tmp/three run_of "send $q <FILE" none as_many_as_told ipc-mq-send "$q"
	fault_input=$tmp/three.json run_of "send -j $q <FILE" none as_many_as_told ipc-mq-send -j -t 5 "$q"
	in_hand=2 run_of "recv -c 2 $q" three in_one_place ipc-mq-recv -n -c 2 "$q"
	in_hand=3 run_of "recv -a -0 -v $q" three in_one_place ipc-mq-recv -a -v "$q"
	in_hand=3 run_of "recv -f -t $q" three in_one_place ipc-mq-recv -f -t 20ms "$q"
	in_hand=1 run_of "recv --dead-letter $q" three in_one_place ipc-mq-recv -n --dead-letter="$tmp/dead" "$q"
	in_hand=1 run_of "recv $q -- COMMAND" three in_one_place ipc-mq-recv -n "$q" -- "$tmp/take"
	in_hand=1 command_status=1 run_of "recv --dead-letter $q -- false" three in_one_place ipc-mq-recv -n --dead-letter="$tmp/dead" "$q" -- false
done
run_of "recv --at-least-once" three at_least_once ipc-mq-recv -n -c 2 --at-least-once "$q"
command_status=1 run_of "recv --at-least-once --dead-letter -- false" three at_least_once ipc-mq-recv -n --at-least-once --dead-letter="$tmp/dead" "$q" -- false
run_of "peek $q" three untouched ipc-mq-peek "$q"
run_of "peek -v mq:$posix" nothing nothing ipc-mq-peek -v mq:$posix
