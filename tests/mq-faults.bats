#!/usr/bin/env bats

# Every system call of a send, a receive and a create fails once, and the
# process is killed at each: no message is lost beyond what the manual says,
# none comes twice, no queue is left by a create that failed.

load helpers
load faults

setup() { need_faults; }

# What one run left: the records in FILE and those in the queue, sorted.
survivors() { { cat "$1" && { ipc-mq-recv -q -a "$2" || true; }; } | sort; }

# The queue $q with $1 messages.
fill() {
	ipc-mq-recv -q -a "$q" >/dev/null || true
	seq "$1" | ipc-mq-send "$q"
}
three() { fill 3; }
none() { fill 0; }

# Neither told that it was interrupted, nor a status that there is not.
is_sound() {
	case $fault in *EINTR) [ "$status" -eq 0 ] ;; esac
	[ "$status" -le 7 ] || [ "$status" -eq 137 ]
}

one_place() {
	is_sound
	sed -n 's/^{"ref".*"data":"\([^"]*\)".*/\1/p' "$tmp/err" >>"$tmp/out"
	survivors "$tmp/out" "$q" | diff <(seq 3) -
}

@test "a receive: each call fails once with each errno; each message is in one place" {
	for family in posix sysv; do
		q=$(new_queue $family)
		each_fault errors three one_place ipc-mq-recv -n -c 2 "$q"
		echo "# $family: $tried of $possible faults" >&3
		[ "$possible" -gt 25 ]
	done
}

# Lost in the manual's window only: it was taken, and not written yet.
at_most_one_lost() {
	survivors "$tmp/out" "$q" >"$tmp/left"
	if ! diff -q <(seq 3) "$tmp/left" >/dev/null; then
		diff <(seq 2 3) "$tmp/left"
		grep -qE '^(mq_timedreceive|msgrcv)\(.* = 1$' "$tmp/trace"
		run -1 grep -E '^(write|pwritev2)\(1,.* = 2$' "$tmp/trace"
		lost=$((lost + 1))
	fi
}

@test "a receive that is killed at each call: nothing twice, and lost only between take and write" {
	for family in posix sysv; do
		lost=0
		q=$(new_queue $family)
		each_fault kill three at_most_one_lost ipc-mq-recv -n "$q"
		echo "# $family: $tried of $possible kills, $lost in the window between take and write" >&3
		[ "$possible" -gt 10 ]
	done
}

none_lost() { survivors "$tmp/out" "$q" | uniq | diff <(seq 3) -; }

@test "--at-least-once: each call fails, or kills it; nothing is lost" {
	q=$(new_queue sysv)
	each_fault errors,kill three none_lost ipc-mq-recv -n -c 2 --at-least-once "$q"
	echo "# $tried of $possible faults" >&3
	[ "$possible" -gt 30 ]
}

# Dead letters and what waits are all there is; a letter may be there twice.
dead_or_waiting() {
	[ ! -e "$tmp/dead" ] || sed 's/.*"data":"\([^"]*\)".*/\1/' "$tmp/dead" >>"$tmp/out"
	none_lost
}
three_and_no_letter() {
	rm -f "$tmp/dead"
	three
}

# All faults of these are part of "make faults".
@test "--at-least-once with COMMAND that fails: it is killed at each call; nothing is lost" {
	q=$(new_queue sysv)
	each_fault kill three_and_no_letter dead_or_waiting ipc-mq-recv -n --at-least-once --dead-letter="$tmp/dead" "$q" -- false
	echo "# $tried of $possible kills" >&3
	[ "$possible" -gt 20 ]
}

# A dead letter of the file, of stderr, or in the queue: in one of them.
letter_in_one_place() {
	[ ! -e "$tmp/dead" ] || cat "$tmp/dead" >>"$tmp/err"
	: >"$tmp/out"
	one_place
}

@test "a receive with COMMAND that fails: calls fail once; each message is in one place" {
	is_sound() { case $fault in *EINTR) [ "$status" -eq 1 ] ;; esac }
	for family in posix sysv; do
		q=$(new_queue $family)
		FAULT_ONE_IN=6 each_fault errors three_and_no_letter letter_in_one_place ipc-mq-recv -n --dead-letter="$tmp/dead" "$q" -- false
		echo "# $family: $tried of $possible faults" >&3
		[ $tried -gt 0 ]
	done
}

@test "--at-least-once beside another receiver: what is taken in place of a copy is not lost" {
	s=$(new_queue sysv)
	limit ipc-mq-send "$s" first second
	mkfifo "$tmp/stuck"
	exec 9<>"$tmp/stuck"
	head -c 65536 /dev/zero >&9
	strace -qq -o "$tmp/trace" -e inject=msgsnd:error=EAGAIN ipc-mq-recv --at-least-once "$s" >&9 2>"$tmp/err" 3>&- &
	receiver=$!
	eventually grep -qE '^(pwritev2|write)\(1,|^poll\(.*fd=1' "$tmp/trace"
	run -0 limit ipc-mq-recv "$s"
	[ "$output" = first ]
	head -c 65536 <&9 >"$tmp/zeros"
	wait "$receiver" || status=$?
	[ "$status" -eq 7 ]
	grep -qF '"data":"second"' "$tmp/err"
	run -3 limit ipc-mq-recv -n "$s"
}

@test "--at-least-once: a queue that goes before a delivered message could be taken is status 4" {
	for o in -a '-c 1'; do
		s=$(new_queue sysv)
		limit ipc-mq-send "$s" x
		# shellcheck disable=SC2086
		run -4 limit strace -qq -o "$tmp/trace" -e inject=msgrcv:error=EIDRM:when=$([ "$o" = -a ] && echo 3 || echo 2) \
			ipc-mq-recv $o --at-least-once "$s"
		[ "$output" = $'x\n'"ipc-mq-recv: cannot receive from $s: it has been removed" ]
	done
}

@test "a wait for which no thread can be had: status 1, and why" {
	q=$(new_queue posix -d 1)
	refused() {
		run -1 limit strace -f -qq -o "$tmp/trace" -e inject=clone,clone3:error=EAGAIN "$@"
		[[ $output == *"(no thread could be started for the wait: ulimit -u, "* ]]
	}
	refused ipc-mq-recv "$q"
	limit ipc-mq-send "$q" x
	refused ipc-mq-send "$q" y
}

as_many_as_told() {
	is_sound
	ipc-mq-recv -q -a "$q" >"$tmp/got" || true
	count=$(wc -l <"$tmp/got")
	seq "$count" | diff - "$tmp/got"
	[ "$status" -ne 0 ] || [ "$count" -eq 3 ]
	told=$(grep -oE '[0-9]+ messages? sent' "$tmp/err" | cut -d' ' -f1 || true)
	[ "$status" -eq 0 ] || [ "$status" -eq 137 ] || [ "${told:-0}" -eq "$count" ]
}

@test "a send: each call fails once, or kills it; what was told as sent is there, once" {
	for family in posix sysv; do
		q=$(new_queue $family)
		each_fault errors,kill none as_many_as_told ipc-mq-send -n "$q" 1 2 3
		echo "# $family: $tried of $possible faults" >&3
		[ "$possible" -gt 20 ]
	done
}

there() {
	case $ref in
	mq:/*) [ -e "/dev/mqueue/${ref#mq:/}" ] ;;
	*) grep -q "^ *$((${ref#mq:key:})) " /proc/sysvipc/msg ;;
	esac
}
removed() {
	case $ref in
	mq:/*) rm -f "/dev/mqueue/${ref#mq:/}" ;;
	*) ! there || ipcrm -Q "${ref#mq:key:}" ;;
	esac
}

# A queue is there if it was told.  One that is there after a kill is as it was asked for.
made_as_told() {
	if [ "$status" -eq 0 ] || [ -s "$tmp/out" ]; then
		there
	elif [ "$status" -ne 137 ] && there; then
		false
	fi
	! there || ipc-mq-create -e "${options[@]}" "$ref" >/dev/null
}

@test "a create: each call fails, or kills it; the queue is whole or not there, and told so" {
	for ref in mq:/fault mq:key:0x4711; do
		case $ref in mq:/*) options=(-d 2 -s 16) ;; *) options=(-b 100) ;; esac
		each_fault errors,kill removed made_as_told ipc-mq-create "${options[@]}" "$ref"
		echo "# $ref: $tried of $possible faults" >&3
		[ "$possible" -gt 10 ]
	done
}
