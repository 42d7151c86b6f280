#!/usr/bin/env bats

# Every system call of a create, a put and a get fails once, and the process is
# killed at each: no record is lost, torn or out of order, and none comes twice
# but for a consumer that was killed; and whoever waits on the other side goes on.

load helpers
load faults

setup() { need_faults; }

new_ring() { r=$(ipc-ring-create -s 4K "ring:$(fresh_name ring)"); }

# The ring $r with $1 records.
fill() {
	ipc-ring-get -q -a "$r" >/dev/null || true
	ipc-ring-put -q --reopen "$r" </dev/null
	seq "$1" | ipc-ring-put "$r"
}
three() { fill 3; }
none() { fill 0; }
rest() { ipc-ring-get -q -a "$r" || [ $? -eq 3 ]; }

# Neither told that it was interrupted, nor a status that there is not.
is_sound() {
	# Opening a file of /dev/shm does not wait, and so is not interrupted.
	case $fault in openat*EINTR) ;; *EINTR) [ "$status" -eq 0 ] ;; esac
	[ "$status" -le 4 ] || [ "$status" -eq 137 ]
}

# What came out and what is left, in this order, is what went in.
exactly_once() {
	is_sound
	rest | cat "$tmp/out" - | diff <(seq 3) -
}

@test "a get: each call fails once with each errno; each record is in one place" {
	new_ring
	each_fault errors three exactly_once ipc-ring-get -n -c 2 "$r"
	echo "# $tried of $possible faults" >&3
	[ "$possible" -gt 25 ]
}

# Where it was killed after it had written, what it had written comes again.
at_least_once() {
	rest >"$tmp/left"
	cat "$tmp/out" "$tmp/left" | sort -u | diff <(seq 3) -
	if [ -s "$tmp/out" ] && [ "$(head -n 1 "$tmp/left")" = 1 ]; then
		[ "$(<"$tmp/out")" = "$(seq 2)" ]
		[ "$(wc -l <"$tmp/left")" -eq 3 ]
		twice=$((twice + 1))
	else
		cat "$tmp/out" "$tmp/left" | diff <(seq 3) -
	fi
}

@test "a get that is killed at each call: nothing is lost, and twice comes only what was not taken yet" {
	new_ring
	twice=0
	each_fault kill three at_least_once ipc-ring-get -n -c 2 "$r"
	echo "# $tried of $possible kills, $twice in the window between write and take" >&3
	[ "$possible" -gt 10 ]
}

at_most_once() {
	rest | cat "$tmp/out" - >"$tmp/left"
	# Lost are those that were taken and not written: the first two, or none.
	diff -q <(seq 3) "$tmp/left" >/dev/null || diff <(echo 3) "$tmp/left"
}

@test "--at-most-once: each call fails, or kills it; nothing comes twice" {
	new_ring
	each_fault errors,kill three at_most_once ipc-ring-get --at-most-once -n -c 2 "$r"
	[ "$possible" -gt 25 ]
}

unchanged() {
	[ "$status" -le 4 ] || [ "$status" -eq 137 ]
	rest | diff <(seq 3) -
}

@test "--peek: each call fails, or kills it; nothing is changed" {
	new_ring
	each_fault errors,kill three unchanged ipc-ring-get --peek "$r"
	[ "$possible" -gt 25 ]
}

# How many were put is told, or 0, or all.
as_many_as_told() {
	is_sound
	rest >"$tmp/got"
	count=$(wc -l <"$tmp/got")
	seq "$count" | diff - "$tmp/got"
	[ "$status" -ne 0 ] || [ "$count" -eq 3 ]
	told=$(grep -oE '[0-9]+ records? put' "$tmp/err" | cut -d' ' -f1 || true)
	[ "$status" -eq 0 ] || [ "$status" -eq 137 ] || [ "${told:-0}" -eq "$count" ]
}

@test "a put: each call fails once, or kills it; what was told as put is there, once" {
	new_ring
	each_fault errors,kill none as_many_as_told ipc-ring-put -n "$r" 1 2 3
	echo "# operands: $tried of $possible faults" >&3
	[ "$possible" -gt 20 ]
	seq 3 >"$tmp/three"
	fault_input=$tmp/three
	each_fault errors,kill none as_many_as_told ipc-ring-put -n --end "$r"
	echo "# standard input: $tried of $possible faults" >&3
	[ "$possible" -gt 20 ]
}

# True while the byte $1 of the ring, which says that somebody waits, is 1.
waits() { [ "$(xxd -s "$1" -l 1 -p "/dev/shm/ring.${r#ring:/}")" = 01 ]; }

# How often the trace has $1.
traced() { grep -c "$1" "$tmp/trace" || true; }

@test "as many records as are there go by one lock and one wake, and none where nobody waits" {
	r=$(ipc-ring-create -s 64K "ring:$(fresh_name ring)")
	seq 500 >"$tmp/in"
	ipc-ring-get -f "$r" >"$tmp/out" 3>&- &
	consumer=$!
	eventually waits 4108
	limit strace -qq -o "$tmp/trace" -e trace=fcntl,futex ipc-ring-put "$r" <"$tmp/in"
	[ "$(traced 'F_WRLCK, l_whence=SEEK_SET, l_start=0, l_len=1')" -eq 1 ]
	[ "$(traced FUTEX_WAKE)" -eq 1 ]
	eventually cmp -s "$tmp/in" "$tmp/out"
	kill "$consumer"
	wait "$consumer" || true
	ipc-ring-put -q "$r" <"$tmp/in" # what the consumer left there when it was killed in its sleep
	limit strace -qq -o "$tmp/trace" -e trace=fcntl,futex ipc-ring-put "$r" <"$tmp/in"
	[ "$(traced 'F_WRLCK, l_whence=SEEK_SET, l_start=0, l_len=1')" -eq 1 ]
	[ "$(traced FUTEX_WAKE)" -eq 0 ]
	limit strace -qq -o "$tmp/trace" -e trace=write,futex ipc-ring-get -a "$r" >"$tmp/out"
	[ "$(traced '^write(1,')" -eq 1 ]
	[ "$(traced FUTEX_WAKE)" -eq 0 ]
	cat "$tmp/in" "$tmp/in" | cmp - "$tmp/out"
	# A producer that waits for room is woken.
	r=$(ipc-ring-create -s 4K "ring:$(fresh_name full)")
	seq 171 | ipc-ring-put "$r" 3>&- &
	producer=$!
	eventually waits 8204
	limit strace -qq -o "$tmp/trace" -e trace=futex ipc-ring-get -c 100 "$r" >/dev/null
	[ "$(traced FUTEX_WAKE)" -eq 1 ]
	wait "$producer"
}

@test "a consumer that loses the processor when it makes way for a producer does that no more" {
	new_ring
	strace -qq -o "$tmp/trace" -e trace=sched_yield,pwritev2,write -e inject=sched_yield:delay_exit=20000 \
		ipc-ring-get -c 17 "$r" >"$tmp/out" 3>&- &
	consumer=$!
	for i in {1..17}; do
		eventually waits 4108
		ipc-ring-put "$r" "$i"
	done
	wait "$consumer"
	seq 17 | cmp - "$tmp/out"
	[ "$(traced sched_yield)" -eq 1 ]
}

@test "a put of input in many pieces: no thread to be had, or a read that fails" {
	r=$(ipc-ring-create -s 16M "ring:$(fresh_name ring)")
	seq 420000 >"$tmp/in"
	for fault in clone,clone3:error=EAGAIN read:error=EINTR:when=18+2 read:error=EAGAIN:when=18 read:error=EIO:when=20; do
		only=(-P "$tmp/in")
		[[ $fault != clone* ]] || only=()
		status=0
		limit strace -qq -o "$tmp/trace" "${only[@]}" -e "inject=$fault" \
			ipc-ring-put "$r" <"$tmp/in" 2>"$tmp/err" || status=$?
		grep -q '(INJECTED)' "$tmp/trace"
		limit ipc-ring-get -q -a "$r" >"$tmp/out"
		case $fault in
		*EIO*)
			[ "$status" -eq 1 ]
			[ "$(sed -n 1p "$tmp/err")" = "ipc-ring-put: cannot read standard input: Input/output error" ]
			count=$(wc -l <"$tmp/out")
			[ "$(sed -n 2p "$tmp/err")" = "ipc-ring-put: $count records put into $r" ]
			[ "$count" -gt 100000 ]
			head -n "$count" "$tmp/in" | cmp - "$tmp/out"
			;;
		*)
			[ "$status" -eq 0 ]
			cmp "$tmp/in" "$tmp/out"
			;;
		esac
	done
}

# A consumer waits while the producer is at work.
with_consumer() {
	[ -z "$consumer" ] || kill "$consumer" 2>/dev/null || true
	[ -z "$consumer" ] || wait "$consumer" || true
	none
	before=$(published)
	ipc-ring-get -f "$r" >"$tmp/followed" 3>&- 9<&- &
	consumer=$!
	eventually in_ring_wait "$consumer"
}
published() { /usr/bin/python3 "$top/tests/ring-peer.py" facts "/dev/shm/ring.${r#ring:/}" | cut -d' ' -f3; }
consumer_got_all() {
	# Within its wait's quarter of a second, though nobody may have woken it.
	eventually has_lines $(($(published) - before))
	seq "$(wc -l <"$tmp/followed")" | diff - "$tmp/followed"
}
has_lines() { [ "$(wc -l <"$tmp/followed")" -eq "$1" ]; }

@test "a put that is killed at each call: a consumer that waits gets what was published" {
	new_ring
	consumer=
	each_fault kill with_consumer consumer_got_all ipc-ring-put -n "$r" 1 2 3
	kill "$consumer"
	echo "# $tried of $possible kills" >&3
	[ "$possible" -gt 8 ]
}

# A producer waits for room while the consumer is at work.
with_producer() {
	[ -z "$producer" ] || kill "$producer" 2>/dev/null || true
	[ -z "$producer" ] || wait "$producer" || true
	ipc-ring-get -q -a "$r" >/dev/null || true
	seq 1000 1169 | ipc-ring-put "$r"
	ipc-ring-put "$r" 1170 3>&- 9<&- &
	producer=$!
	eventually in_ring_wait "$producer"
}
producer_got_room() {
	local pid=$producer
	rest >"$tmp/left"
	wait "$pid"
	rest >>"$tmp/left"
	cat "$tmp/out" "$tmp/left" | sort -nu | diff <(seq 1000 1170) -
}

@test "a get that is killed at each call: a producer that waits for room gets it" {
	new_ring
	producer=
	each_fault kill with_producer producer_got_room ipc-ring-get -a "$r"
	echo "# $tried of $possible kills" >&3
	[ "$possible" -gt 8 ]
}

removed() { rm -f /dev/shm/ring.fault; }
made_as_told() {
	if [ "$status" -eq 0 ] || [ -s "$tmp/out" ]; then
		[ -e /dev/shm/ring.fault ]
	elif [ "$status" -ne 137 ]; then
		[ ! -e /dev/shm/ring.fault ]
	fi
	[ ! -e /dev/shm/ring.fault ] || ipc-ring-create -e -s 4K ring:/fault >/dev/null
	[ "$(find /dev/shm -type f | wc -l)" -le 1 ]
}

@test "a create: each call fails, or kills it; the ring is whole or not there, and told so" {
	rm -f /dev/shm/*
	each_fault errors,kill removed made_as_told ipc-ring-create -s 4K ring:/fault
	echo "# $tried of $possible faults" >&3
	[ "$possible" -gt 15 ]
}
