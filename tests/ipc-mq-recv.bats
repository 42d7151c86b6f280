#!/usr/bin/env bats

load helpers
load streams
put=ipc-mq-send get=ipc-mq-recv noun=message from='taken from'

@test "one message by default, N with --count, all with --all" {
	for family in posix sysv; do
		q=$(new_queue $family)
		limit ipc-mq-send "$q" a b c d e
		run -0 --separate-stderr limit ipc-mq-recv "$q"
		[ "$output" = a ]
		[ "$stderr" = "" ]
		run -0 limit ipc-mq-recv --count=2 "$q"
		[ "$output" = $'b\nc' ]
		run -0 limit ipc-mq-recv --all "$q"
		[ "$output" = $'d\ne' ]
		run -3 --separate-stderr limit ipc-mq-recv -a "$q"
		[ "$output$stderr" = "" ]
	done
}

@test "nothing there: --nonblock and --timeout end in status 3, silent; -v talks" {
	for family in posix sysv; do
		r=$(new_queue $family)
		nothing_comes
	done
}

@test "its reader goes while it waits: status 1, and nothing is taken after that" {
	for family in posix sysv; do
		r=$(new_queue $family)
		ends_with_its_reader in_queue_call
	done
}

@test "--follow --timeout: until none comes for so long; 0 if any came, else 3" {
	for family in posix sysv; do
		r=$(new_queue $family)
		follows_until_none_comes
	done
}

@test "a waiting receiver gets the message, and writes it before it waits again" {
	for family in posix sysv; do
		q=$(new_queue $family)
		env --default-signal "$BIN/ipc-mq-recv" -f "$q" >"$tmp/got" 3>&- &
		receiver=$!
		for word in one two; do
			eventually in_queue_call "$receiver"
			limit ipc-mq-send "$q" $word
			eventually grep -q $word "$tmp/got"
		done
		kill -INT "$receiver"
		wait "$receiver" || status=$?
		[ "$status" -eq 130 ]
		[ "$(<"$tmp/got")" = $'one\ntwo' ]
	done
}

@test "who waits first gets the first message: it stands in the line of the kernel" {
	for family in posix sysv; do
		q=$(new_queue $family)
		for place in 1 2 3; do
			ipc-mq-recv -t 20 "$q" >"$tmp/place$place" 3>&- &
			receivers[place]=$!
			eventually in_queue_call $!
		done
		for place in 1 2 3; do
			limit ipc-mq-send "$q" "message $place"
			wait "${receivers[place]}"
			[ "$(<"$tmp/place$place")" = "message $place" ]
		done
	done
}

@test "standard output left non-blocking by somebody else is waited for" {
	for family in posix sysv; do
		case $family in posix) q=$(new_queue posix -s 5000) ;; sysv) q=$(new_queue sysv) ;; esac
		head -c 5000 /dev/urandom >"$tmp/large"
		for _ in 1 2 3; do limit ipc-mq-send -F whole "$q" <"$tmp/large"; done
		limit /usr/bin/python3 -c '
import fcntl, os, subprocess, sys
r, w = os.pipe()
fcntl.fcntl(w, fcntl.F_SETPIPE_SZ, 4096)
os.set_blocking(w, False)
p = subprocess.Popen(sys.argv[1:], stdout=w)
# It has to wait: two messages are more than the pipe holds.
while open(f"/proc/{p.pid}/stat").read().rsplit(")", 1)[1].split()[0] != "S":
    pass
os.close(w)
sys.stdout.buffer.write(os.fdopen(r, "rb").read())
sys.exit(p.wait())' ipc-mq-recv -a -F whole "$q" >"$tmp/got"
		cat "$tmp/large" "$tmp/large" "$tmp/large" | cmp - "$tmp/got"
	done
}

@test "all frames; a record with the frame's end goes back: status 1" {
	for family in posix sysv; do
		q=$(new_queue $family)
		printf '3:a\nb,3:c\0d,0:,2:\xff\xfe,' >"$tmp/records"
		limit ipc-mq-send -F netstring "$q" <"$tmp/records"
		run -1 limit ipc-mq-recv -a "$q"
		[[ $output == *"1 message put back into $q" ]]
		[ "$(depth "$q")" -eq 4 ] || [ $family = posix ]
		limit ipc-mq-recv -n -F whole "$q" >"$tmp/got"
		printf 'c\0d' | cmp - "$tmp/got"
		limit ipc-mq-send -F netstring "$q" <<<'3:c'$'\n''d,' || true
		limit ipc-mq-recv -a -j "$q" >"$tmp/json"
		case $family in
		posix) label=priority:0 ;;
		sysv) label=type:1 ;;
		esac
		printf '{"data":"","%s":%s}\n{"base64":"//4=","%s":%s}\n{"data":"a\\nb","%s":%s}\n' \
			${label/:/ } ${label/:/ } ${label/:/ } | cat - <(printf '{"data":"c\\nd","%s":%s}\n' ${label/:/ }) |
			cmp - "$tmp/json"
		limit ipc-mq-send "$q" x y
		limit ipc-mq-recv -a --null "$q" | cmp - <(printf 'x\0y\0')
	done
}

@test "JSON out and in again restores a queue of any bytes, labels and order" {
	for family in posix sysv; do
		q=$(new_queue $family)
		case $family in posix) o=-p ;; sysv) o=-y ;; esac
		for i in 5 1 3 1 2 5 9; do
			head -c $((i * 20)) /dev/urandom | limit ipc-mq-send -F whole $o $i "$q"
		done
		limit ipc-mq-recv -a -F json "$q" >"$tmp/first"
		[ "$(wc -l <"$tmp/first")" -eq 7 ]
		limit ipc-mq-send --frame=json "$q" <"$tmp/first"
		limit ipc-mq-recv -a --json "$q" | cmp - "$tmp/first"
	done
}

@test "--type: N, the lowest up to N, any but N" {
	s=$(new_queue sysv)
	fill() { for t in 3 1 2 3 4; do limit ipc-mq-send -y $t "$s" t$t; done; }
	fill
	run -0 limit ipc-mq-recv -a -y 3 "$s"
	[ "$output" = $'t3\nt3' ]
	run -0 limit ipc-mq-recv -a --type=-2 "$s"
	[ "$output" = $'t1\nt2' ]
	run -3 limit ipc-mq-recv -a -y not:4 "$s"
	run -0 limit ipc-mq-recv -a '-y!3' "$s"
	[ "$output" = t4 ]
	for t in 0 -0 x not: not:x '!' 01; do run -2 limit ipc-mq-recv -n -y "$t" "$s"; done
	run -2 limit ipc-mq-recv -n -y 1 mq:/q
}

@test "wrong usage: status 2, or 125 with a COMMAND" {
	q=$(new_queue sysv)
	run -2 limit ipc-mq-recv -c 0 "$q"
	run -2 limit ipc-mq-recv -c 9223372036854775807 "$q"
	run -3 limit ipc-mq-recv -nc 9223372036854775806 "$q"
	run -2 limit ipc-mq-recv -c 1 -a "$q"
	run -2 limit ipc-mq-recv -a -f "$q"
	run -2 limit ipc-mq-recv -a -t 1 "$q"
	for status in 0 9; do run -2 limit ipc-mq-recv -E $status "$q"; done
	run -2 limit ipc-mq-recv "$q" true
	run -2 limit ipc-mq-recv mq:private
	run -2 limit ipc-mq-recv --at-least-once mq:/q
	run -125 limit ipc-mq-recv -n -j "$q" -- true
	run -125 limit ipc-mq-recv -n "$q" --
	run -125 limit ipc-mq-recv -n mq:/none -- true
	for value in x -1 256; do run -125 limit ipc-mq-recv -E $value "$q" -- true; done
}

@test "a message is not lost to a closed, read-only or full stdout, nor to a reader that has gone" {
	for family in posix sysv; do
		q=$(new_queue $family)
		limit ipc-mq-send "$q" a b c
		run -1 bash -c "exec timeout 60 ipc-mq-recv -a $q >&-"
		run -1 bash -c "exec timeout 60 ipc-mq-recv -a $q 1</dev/null"
		run -1 bash -c "exec timeout 60 ipc-mq-recv -a $q >/dev/full"
		[ "${lines[0]}" = "ipc-mq-recv: cannot write to standard output: No space left on device" ]
		[ "${lines[1]}" = "ipc-mq-recv: 3 messages put back into $q" ]
		mkfifo "$tmp/$family"
		exec 8<>"$tmp/$family" 9>"$tmp/$family" 8<&-
		run -1 bash -c "exec timeout 60 ipc-mq-recv -a $q >&9"
		exec 9>&-
		run -0 limit ipc-mq-recv -a "$q"
		[ "$output" = $'a\nb\nc' ]
	done
}

@test "recv -f | head -n 3 takes what was written before head's end was seen, no more" {
	for family in posix sysv; do
		q=$(new_queue $family)
		limit ipc-mq-send "$q" 1 2 3
		ipc-mq-recv -f "$q" 2>/dev/null 3>&- | head -n 3 >"$tmp/got" 3>&- &
		wait $!
		eventually bash -c "! pgrep -f '[i]pc-mq-recv -f $q' >/dev/null"
		[ "$(<"$tmp/got")" = $'1\n2\n3' ]
		limit ipc-mq-send "$q" 4 5
		run -0 limit ipc-mq-recv -a "$q"
		[ "$output" = $'4\n5' ]
	done
}

@test "what cannot be put back is a dead letter, with its ref: status 7" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be somebody else"
	dead=/dev/shm/dead
	limit ipc-mq-create -d 4 -s 64 -m 0644 mq:/readable
	limit ipc-mq-send -p 3 mq:/readable precious
	run -7 as_nobody bash -c "exec $BIN/ipc-mq-recv --dead-letter=$dead mq:/readable >/dev/full"
	[ "$(<"$dead")" = '{"ref":"mq:/readable","data":"precious","priority":3}' ]
	[ "$(stat -c %a "$dead")" = 600 ]
	limit ipc-mq-send -j mq:/readable <"$dead"
	run -7 as_nobody bash -c "exec $BIN/ipc-mq-recv mq:/readable >/dev/full"
	[[ $output == *'{"ref":"mq:/readable","data":"precious","priority":3}'* ]]
	run -1 limit ipc-mq-recv -n --dead-letter=/none/dead mq:/readable
	run -3 limit ipc-mq-recv -n mq:/readable
}

@test "a queue that is removed: what is in it still comes, then status 4" {
	q=$(new_queue posix)
	ipc-mq-recv -f "$q" >"$tmp/got" 2>"$tmp/said" 3>&- &
	receiver=$!
	eventually in_queue_call "$receiver"
	rm "/dev/mqueue/${q#mq:/}"
	wait "$receiver" || status=$?
	[ "$status" -eq 4 ]
	q=$(new_queue sysv)
	ipc-mq-recv -f "$q" >"$tmp/got" 2>"$tmp/said" 3>&- &
	receiver=$!
	eventually in_queue_call "$receiver"
	ipcrm -q "${q##*:}"
	wait "$receiver" || status=$?
	[ "$status" -eq 4 ]
	run -4 limit ipc-mq-recv mq:/none
	run -4 limit ipc-mq-recv --quiet "$q"
	[ "$output" = "" ]
}

@test "what is in hand when the queue is removed cannot be put back: a dead letter" {
	for family in posix sysv; do
		q=$(new_queue $family)
		limit ipc-mq-send "$q" precious
		run -5 --separate-stderr limit ipc-mq-recv "$q" -- sh -c "ipc-rm $q >/dev/null; exit 5"
		# shellcheck disable=SC2154
		[[ ${stderr_lines[0]} == '{"ref":"'$q'","data":"precious",'* ]]
	done
}

@test "SIGTERM in the middle of 100,000 messages: what came out and what is left is what went in" {
	for family in posix sysv; do
		q=$(new_queue $family)
		seq 100000 >"$tmp/all"
		rm -f "$tmp/part"
		ipc-mq-send -q "$q" <"$tmp/all" 3>&- &
		sender=$!
		env --default-signal "$BIN/ipc-mq-recv" -f "$q" >"$tmp/part" 2>/dev/null 3>&- &
		receiver=$!
		eventually [ -s "$tmp/part" ]
		kill -TERM "$receiver"
		wait "$receiver" || status=$?
		[ "$status" -eq 143 ]
		LIMIT=60 limit ipc-mq-recv -f -t 5 "$q" >"$tmp/rest"
		wait "$sender"
		sort -n "$tmp/part" "$tmp/rest" | cmp - "$tmp/all"
	done
}

@test "SIGTERM while the reader does not read: what is in hand goes back" {
	for family in posix sysv; do
		q=$(new_queue $family)
		mkfifo "$tmp/stuck$family"
		exec 9<>"$tmp/stuck$family"
		head -c 65536 /dev/zero >&9
		limit ipc-mq-send "$q" a b c
		env --default-signal "$BIN/ipc-mq-recv" -f "$q" >&9 2>"$tmp/said" 3>&- &
		receiver=$!
		all_taken() { [ "$(depth "$q")" = 0 ]; }
		eventually all_taken
		kill -TERM "$receiver"
		wait "$receiver" || status=$?
		exec 9>&-
		[ "$status" -eq 143 ]
		run -0 limit ipc-mq-recv -a "$q"
		[ "$output" = $'a\nb\nc' ]
	done
}

# All of a million in a soak.
[ -z "${SOAK:-}" ] || LINES_ALL=1000000

@test "100,000 lines through each family: equal; three and three: the same lines" {
	for family in posix sysv; do
		q=$(new_queue $family)
		seq -f 'line %g of a longer text' "${LINES_ALL:-100000}" >"$tmp/in"
		ipc-mq-send "$q" <"$tmp/in" 3>&- &
		LIMIT=200 limit ipc-mq-recv -c "${LINES_ALL:-100000}" "$q" >"$tmp/out"
		cmp "$tmp/in" "$tmp/out"
		split -n l/3 "$tmp/in" "$tmp/part-"
		for part in "$tmp"/part-??; do ipc-mq-send "$q" <"$part" 3>&- & done
		for i in 1 2 3; do ipc-mq-recv -f -t 5 "$q" >"$tmp/out$i" 3>&- & done
		wait
		sort "$tmp/out1" "$tmp/out2" "$tmp/out3" >"$tmp/out"
		sort "$tmp/in" | cmp - "$tmp/out"
		rm "$tmp"/part-??
	done
}

@test "with COMMAND: run for each, message on stdin, label and REF in the environment" {
	q=$(new_queue posix)
	limit ipc-mq-send -p 7 "$q" a b
	run -0 limit ipc-mq-recv -a "$q" -- sh -c 'echo "$(cat) $IPC_MQ_PRIORITY $IPC_MQ_REF"'
	[ "$output" = "a 7 $q"$'\n'"b 7 $q" ]
	s=$(new_queue sysv)
	limit ipc-mq-send -y 9 "$s" c
	run -0 limit ipc-mq-recv "$s" -- sh -c 'echo "$(cat) $IPC_MQ_TYPE"'
	[ "$output" = "c 9" ]
	run -124 limit ipc-mq-recv -n "$s" -- true
	run -99 limit ipc-mq-recv -n -E 99 "$s" -- true
	run -98 limit ipc-mq-recv -n --conflict-status=98 "$s" -- true
}

@test "with COMMAND: its input is the message alone, and what reads it in a shell" {
	for family in posix sysv; do
		q=$(new_queue $family)
		limit ipc-mq-send "$q" one
		run -1 limit ipc-mq-recv "$q" -- sh -ec 'read -r x; echo "$x"'
		for words in 'read -r x || [ -n "$x" ]' 'x=$(cat)'; do
			run -0 limit ipc-mq-recv "$q" -- sh -ec "$words; echo \"<\$x>\""
			[ "$output" = '<one>' ]
			limit ipc-mq-send "$q" one
		done
	done
}

@test "with COMMAND: -E 0 is the status when too few came, and no success otherwise" {
	q=$(new_queue posix)
	touch "$tmp/dead"
	run -0 limit ipc-mq-recv -n -v -E 0 "$q" -- touch "$tmp/ran"
	[ "$output" = "ipc-mq-recv: no message in $q" ]
	[ ! -e "$tmp/ran" ]
	for status in 0 3 9; do
		limit ipc-mq-send "$q" a
		run -$status limit ipc-mq-recv -n -v -c 2 -E $status --dead-letter="$tmp/dead" "$q" -- sh -c 'exit 5'
		[ "$output" = "ipc-mq-recv: 1 of 2 messages taken from $q" ]
	done
	limit ipc-mq-send "$q" a
	run -5 limit ipc-mq-recv -n -c 2 -E 0 "$q" -- sh -c 'exit 5'
	run -125 limit ipc-mq-recv -E 0 mq:/none -- true
}

@test "with COMMAND: a failure puts the message back, or makes it a dead letter" {
	for family in posix sysv; do
		q=$(new_queue $family)
		limit ipc-mq-send "$q" a b
		run -5 limit ipc-mq-recv -f "$q" -- sh -c 'exit 5'
		run -137 limit ipc-mq-recv -f "$q" -- sh -c 'kill -KILL $$'
		run -127 limit ipc-mq-recv "$q" -- "$tmp/none"
		run -126 limit ipc-mq-recv "$q" -- "$tmp"
		[ "$(depth "$q")" -eq 2 ]
		# That COMMAND cannot be run is no message's fault.
		run -127 limit ipc-mq-recv -a --dead-letter="$tmp/$family" "$q" -- "$tmp/none"
		[ "${lines[-1]}" = "ipc-mq-recv: 1 message put back into $q" ]
		[ "$(depth "$q")" -eq 2 ]
		[ ! -s "$tmp/$family" ]
		run -6 limit ipc-mq-recv -a --dead-letter="$tmp/$family" "$q" -- sh -c 'exit 6'
		[ "$(depth "$q")" -eq 0 ]
		[ "$(wc -l <"$tmp/$family")" -eq 2 ]
	done
}

@test "with COMMAND: a dead letter that cannot be written goes back, and no part of it is left" {
	for o in '' --at-least-once; do
		s=$(new_queue sysv)
		for letter in a b c; do limit ipc-mq-send "$s" "$(printf "$letter%.0s" {1..400})"; done
		# shellcheck disable=SC2086
		run -6 bash -c "ulimit -f 1; exec timeout 60 ipc-mq-recv -a $o --dead-letter=$tmp/dead$o $s -- sh -c 'exit 6'"
		[ "${lines[0]}" = "ipc-mq-recv: cannot write to $tmp/dead$o: File too large" ]
		[ "$(depth "$s")" -eq 1 ]
		limit ipc-mq-send -j "$s" <"$tmp/dead$o"
		run -0 limit ipc-mq-recv -a "$s"
		[ "$(printf '%s\n' "${lines[@]}" | cut -c 1 | paste -sd, -)" = c,a,b ]
	done
}

@test "a file for dead letters that nobody opens: signals end the wait" {
	q=$(new_queue posix)
	mkfifo "$tmp/nobody"
	env --default-signal "$BIN/ipc-mq-recv" --dead-letter="$tmp/nobody" "$q" 3>&- &
	receiver=$!
	eventually asleep "$receiver"
	kill -TERM "$receiver"
	wait "$receiver" || status=$?
	[ "$status" -eq 143 ]
}

@test "with COMMAND: SIGTERM lets it finish, a second one is passed on" {
	q=$(new_queue sysv)
	limit ipc-mq-send "$q" a b
	env --default-signal "$BIN/ipc-mq-recv" -f "$q" -- sh -c 'read x; echo $$ >'"$tmp"'/pid; while [ ! -e '"$tmp"'/go ]; do sleep 0.02; done; echo "$x" >>'"$tmp"'/done' 3>&- &
	receiver=$!
	eventually [ -s "$tmp/pid" ]
	# It finds the signal and the end of COMMAND at the same time.
	kill -STOP "$receiver"
	kill -TERM "$receiver"
	touch "$tmp/go"
	eventually grep -q '^State:.Z' "/proc/$(<"$tmp/pid")/status"
	kill -CONT "$receiver"
	wait "$receiver" || status=$?
	[ "$status" -eq 143 ]
	[ "$(<"$tmp/done")" = a ]
	rm "$tmp/pid"
	env --default-signal "$BIN/ipc-mq-recv" -f "$q" -- sh -c 'echo $$ >'"$tmp"'/pid; exec sleep 100' 2>/dev/null 3>&- &
	receiver=$!
	eventually [ -s "$tmp/pid" ]
	kill -TERM "$receiver"
	while kill -TERM "$receiver" 2>/dev/null; do sleep 0.02; done
	wait "$receiver" || status=$?
	[ "$status" -eq 143 ]
	run -0 limit ipc-mq-recv -n "$q"
	[ "$output" = b ]
}

@test "--at-least-once: the same messages, one such consumer at a time" {
	s=$(new_queue sysv)
	for t in 3 1 2; do limit ipc-mq-send -y $t "$s" t$t ''; done
	run -0 limit ipc-mq-recv -a --at-least-once -y -2 -F netstring "$s"
	[ "$output" = '2:t1,0:,2:t2,0:,' ]
	run -0 limit ipc-mq-recv -a --at-least-once "$s"
	[ "$output" = $'t3' ]
	limit ipc-mq-send "$s" x
	run -4 limit ipc-mq-recv --at-least-once "$s" -- sh -c 'exit 4'
	[ "$(depth "$s")" -eq 1 ]
	run -0 limit ipc-mq-recv --at-least-once "$s" -- cat
	[ "$output" = x ]
	env --default-signal "$BIN/ipc-mq-recv" -f --at-least-once "$s" >"$tmp/got" 3>&- &
	receiver=$!
	limit ipc-mq-send "$s" y
	eventually grep -q y "$tmp/got"
	run -3 limit ipc-mq-recv -n --at-least-once "$s"
	kill -TERM "$receiver"
	wait "$receiver" || status=$?
	[ "$status" -eq 143 ]
	run -3 limit ipc-mq-recv -t 50ms --at-least-once "$s"
}

@test "--at-least-once: a COMMAND that outlives a killed receiver has the turn until it ends" {
	mkfifo "$tmp/go"
	s=$(new_queue sysv)
	limit ipc-mq-send "$s" x
	ipc-mq-recv --at-least-once "$s" -- sh -c "echo \$\$ >$tmp/pid; read -r go <$tmp/go; echo first >>$tmp/log" 3>&- &
	receiver=$!
	eventually [ -s "$tmp/pid" ]
	kill -KILL "$receiver"
	wait "$receiver" || true
	run -124 limit ipc-mq-recv -n --at-least-once "$s" -- sh -c "echo beside >>$tmp/log"
	ipc-mq-recv --at-least-once "$s" -- sh -c "echo second >>$tmp/log" 3>&- &
	receiver=$!
	echo >"$tmp/go"
	wait "$receiver"
	[ "$(<"$tmp/log")" = $'first\nsecond' ]
	[ "$(depth "$s")" -eq 0 ]
}

@test "--at-least-once: what COMMAND leaves running has no turn when the receiver has ended in order" {
	s=$(new_queue sysv)
	for ending in 0 5 143; do
		status=0
		limit ipc-mq-send "$s" x
		env --default-signal "$BIN/ipc-mq-recv" --at-least-once "$s" -- sh -c "
			sleep 100 >/dev/null 2>&1 & echo \$! >$tmp/left
			[ $ending != 143 ] || kill \$PPID
			exit $((ending % 143))" 2>/dev/null 3>&- &
		wait $! || status=$?
		[ $status -eq $ending ]
		run -$((ending == 5 ? 0 : 124)) limit ipc-mq-recv -n --at-least-once "$s" -- true
		kill "$(<"$tmp/left")"
	done
}

@test "--at-least-once: COMMAND has one descriptor more, out of the way of a shell's" {
	local tell='exec 3>&1 4>&1 5>&1 6>&1 7>&1 8>&1 9>&1; readlink /proc/$$/fd/* | grep -c "^ipc:"; true'
	s=$(new_queue sysv)
	limit ipc-mq-send "$s" x y z
	run -0 limit ipc-mq-recv --at-least-once "$s" -- sh -c "$tell"
	[ "$output" = 1 ]
	run -0 limit ipc-mq-recv "$s" -- sh -c "$tell"
	[ "$output" = 0 ]
	# Where there may be none so high.
	run -0 limit bash -c 'ulimit -n 10; exec ipc-mq-recv --at-least-once "$0" -- sh -c "$1"' "$s" 'readlink /proc/$$/fd/* | grep -c "^ipc:"' 3>&-
	[ "$output" = 1 ]
}

@test "--at-least-once: a message that cannot be copied any more is told with its limit: status 1" {
	[ -w /proc/sys/kernel/msgmax ] || skip "the settings cannot be written"
	s=$(new_queue sysv)
	limit ipc-mq-send "$s" "$(printf 'x%.0s' {1..100})"
	echo 50 >/proc/sys/kernel/msgmax
	run -1 limit ipc-mq-recv --at-least-once "$s"
	echo 8192 >/proc/sys/kernel/msgmax
	[[ $output == *"(a message is longer than the limit in /proc/sys/kernel/msgmax, 50 bytes)" ]]
	[ "$(depth "$s")" -eq 1 ]
}

# The lines of file $1 that have an end.
whole_lines() { if [ -z "$(tail -c 1 "$1")" ]; then cat "$1"; else sed '$d' "$1"; fi; }

# kill_receivers MILLISECONDS RECEIVER ...: numbers from 1 on into $q, and 40
# receivers (2000 in a soak), each killed at random within MILLISECONDS; on a machine
# where six in a row got nothing in that time it becomes twice as long.  The
# numbers that came out are in $tmp/got, how many of them by receivers that were
# killed is $came, how many went in is $sent, how many were killed $kills.
kill_receivers() {
	local sender receiver rounds=40 window=$1 idle=0
	[ -z "${SOAK:-}" ] || rounds=2000
	RANDOM=${SEED:-1}
	: >"$tmp/got"
	seq 100000000 | ipc-mq-send "$q" 2>"$tmp/told" 3>&- &
	sender=$!
	for ((kills = 0; kills < rounds; kills++)); do
		: >"$tmp/piece" # who is killed before it opens this must not leave the last one's
		"${@:2}" "$q" >"$tmp/piece" 3>&- &
		receiver=$!
		sleep "$(printf '0.%03d' $((RANDOM % window)))"
		kill -KILL "$receiver"
		wait "$receiver" 2>/dev/null || true
		whole_lines "$tmp/piece" >>"$tmp/got"
		if [ -s "$tmp/piece" ]; then idle=0; else idle=$((idle + 1)); fi
		[ $((idle % 6)) -ne 5 ] || [ $window -gt 400 ] || window=$((2 * window))
	done
	came=$(wc -l <"$tmp/got")
	kill -TERM "$sender"
	wait "$sender" || true
	limit ipc-mq-recv -q -a "$q" >>"$tmp/got" || true
	sent=$(grep -oE '[0-9]+ messages? sent' "$tmp/told" | cut -d' ' -f1)
}

@test "--at-least-once loses nothing to SIGKILL" {
	q=$(new_queue sysv)
	kill_receivers 80 ipc-mq-recv -f --at-least-once
	sort -nu "$tmp/got" | cmp - <(seq "$sent")
	echo "# $kills kills, $sent messages, 0 lost, $(($(wc -l <"$tmp/got") - sent)) twice" >&3
	[ "$came" -gt 100 ]
}

@test "without it SIGKILL loses at most a block, and nothing comes twice" {
	for family in posix sysv; do
		q=$(new_queue $family)
		kill_receivers 10 ipc-mq-recv -f
		sort -n "$tmp/got" >"$tmp/sorted"
		run -0 uniq -d "$tmp/sorted"
		echo "$output" | head
		[ "$output" = "" ]
		comm -13 <(sort "$tmp/got") <(seq "$sent" | sort) | sort -n >"$tmp/lost"
		lost=$(wc -l <"$tmp/lost")
		echo "# $family: $kills kills, $sent messages, $lost lost" >&3
		[ "$lost" -le $((4096 * kills)) ] # the most that are in hand at a time
		[ "$came" -gt 100 ]
	done
}

@test "somebody else's queue, not readable: status 1, and whose it is" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be somebody else"
	limit ipc-mq-create -d 1 -s 8 mq:/ours
	run -1 as_nobody "$BIN/ipc-mq-recv" -n mq:/ours
	[[ $output == *"Permission denied (it belongs to uid 0, mode 0600)" ]]
	s=$(new_queue sysv)
	run -1 as_nobody "$BIN/ipc-mq-recv" -n "$s"
	[[ $output == *"Permission denied (it belongs to uid 0, mode 0600)" ]]
}

@test "without a mount of /dev/mqueue everything works the same" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to hide the mount"
	run -0 unshare --mount sh -c 'mount -t tmpfs none /dev/mqueue && ipc-mq-create -d 2 -s 8 mq:/hidden &&
		ipc-mq-send mq:/hidden a && ipc-mq-recv mq:/hidden'
	[ "$output" = $'mq:/hidden\na' ]
}

@test "--progress draws on a terminal only; --verbose counts" {
	q=$(new_queue posix)
	limit ipc-mq-send "$q" a b
	run -0 limit ipc-mq-recv -P "$q"
	[ "$output" = a ]
	run -0 --separate-stderr limit ipc-mq-recv -v "$q"
	[ "$stderr" = "ipc-mq-recv: 1 message taken from $q" ]
	limit ipc-mq-send "$q" a b
	run -0 limit script -qec "ipc-mq-recv -a --progress $q >$tmp/got" /dev/null
	[[ $output == *"2 records, 2 B, "* ]]
	# Cut where it would scroll the terminal.
	limit ipc-mq-send "$q" a b
	run -0 limit script -qec "stty cols 20; ipc-mq-recv -a -P $q >$tmp/got" /dev/null
	[[ $output == *"2 records, 2 B, "* ]]
	[ "$(tr '\r' '\n' <<<"$output" | sed $'s/\033\\[K//' | wc -L)" -eq 19 ]
}

@test "with COMMAND: after a signal to both, recv dies of it, and the message is back" {
	for family in posix sysv; do
		q=$(new_queue $family)
		ipc-mq-send "$q" one
		for signal in INT TERM HUP QUIT; do
			run -0 limit python3 "$BATS_TEST_DIRNAME/signalled.py" SIG$signal both ipc-mq-recv "$q" --
			[ "${lines[-1]}" = "died of SIG$signal" ]
			[ "$(depth "$q")" -eq 1 ]
		done
	done
}
