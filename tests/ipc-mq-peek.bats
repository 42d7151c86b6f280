#!/usr/bin/env bats

load helpers

fill() { for t in 3 1 2 3; do limit ipc-mq-send -y $t "$1" t$t; done; }

@test "what waits is shown in the order in which it would be taken, and stays" {
	s=$(new_queue sysv)
	fill "$s"
	before=$(ipcs -q -i "${s##*:}")
	run -0 --separate-stderr limit ipc-mq-peek "$s"
	[ "$output" = $'t3\nt1\nt2\nt3' ]
	[ "$stderr" = "" ]
	[ "$(ipcs -q -i "${s##*:}")" = "$before" ]
	run -0 limit ipc-mq-peek --type=-3 --json "$s"
	limit ipc-mq-recv -a -y -3 -j "$s" >"$tmp/taken"
	[ "$output" = "$(<"$tmp/taken")" ]
}

@test "--count, --type and the frames" {
	s=$(new_queue sysv)
	fill "$s"
	run -0 limit ipc-mq-peek --count=2 "$s"
	[ "$output" = $'t3\nt1' ]
	run -0 limit ipc-mq-peek -c 1 -y -9 "$s"
	[ "$output" = t1 ]
	run -0 limit ipc-mq-peek -y 3 -F netstring "$s"
	[ "$output" = 2:t3,2:t3, ]
	run -0 limit ipc-mq-peek -y not:3 "$s"
	[ "$output" = $'t1\nt2' ]
	limit ipc-mq-peek --null "$s" | cmp - <(printf 't3\0t1\0t2\0t3\0')
	run -2 limit ipc-mq-peek -c 0 "$s"
	run -2 limit ipc-mq-peek -y 0 "$s"
	run -2 limit ipc-mq-peek --frame=x "$s"
	run -2 limit ipc-mq-peek "$s" "$s"
	run -2 limit ipc-mq-peek mq:private
	limit ipc-mq-send -F netstring "$s" <<<$'3:a\nb,' || true
	run -1 limit ipc-mq-peek "$s"
}

@test "an empty queue: status 3; none: status 4; -q; -v" {
	s=$(new_queue sysv)
	run -3 limit ipc-mq-peek "$s"
	[ "$output" = "" ]
	run -3 limit ipc-mq-peek --verbose "$s"
	[ "$output" = "ipc-mq-peek: $s: messages 0, used_bytes 0, size 16384, mode 0600, owner $(id -u)" ]
	run -4 limit ipc-mq-peek mq:/none
	run -4 limit ipc-mq-peek --quiet mq:key:0x99
	[ "$output" = "" ]
}

@test "a POSIX queue cannot be looked into: status 1; -v tells its depth" {
	q=$(new_queue posix)
	limit ipc-mq-send "$q" abc de
	run -1 --separate-stderr limit ipc-mq-peek -v "$q"
	[ "$output" = "" ]
	[[ ${stderr_lines[0]} == *"messages 2, used_bytes 5, max_messages 10, message_size 256, mode 0600,"* ]]
	run -2 limit ipc-mq-peek -y 1 "$q"
}

@test "a message longer than msgmax is now: the others are shown, status 6" {
	[ -w /proc/sys/kernel/msgmax ] || skip "the settings cannot be written"
	s=$(new_queue sysv)
	limit ipc-mq-send "$s" short "$(printf 'x%.0s' {1..100})" end
	echo 50 >/proc/sys/kernel/msgmax
	run -6 --separate-stderr limit ipc-mq-peek "$s"
	echo 8192 >/proc/sys/kernel/msgmax
	[ "$output" = $'short\nend' ]
	[ "$stderr" = "ipc-mq-peek: 1 message of $s cannot be copied: longer than the limit in /proc/sys/kernel/msgmax" ]
}

@test "stdout closed or full: status 1" {
	s=$(new_queue sysv)
	fill "$s"
	for o in '' -y-9; do
		run -1 bash -c "exec timeout 60 ipc-mq-peek $o $s >/dev/full"
		[ "$output" = "ipc-mq-peek: cannot write to standard output: No space left on device" ]
	done
	run -1 bash -c "exec timeout 60 ipc-mq-peek $s >&-"
	[ "$(depth "$s")" -eq 4 ]
}

@test "a reader that has gone ends it as SIGPIPE does, and takes nothing" {
	s=$(new_queue sysv)
	fill "$s"
	for o in '' -y-9; do
		# shellcheck disable=SC2086
		run -141 into_nothing ipc-mq-peek $o "$s"
		[ "$output" = "" ]
	done
	run -1 bash -c 'trap "" PIPE; "$@"' _ bash -c "$(declare -f into_nothing); tmp=$tmp; into_nothing ipc-mq-peek $s"
	[ "$(depth "$s")" -eq 4 ]
}
