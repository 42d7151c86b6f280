#!/usr/bin/env bats

load helpers

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
		q=$(new_queue $family)
		run -3 limit ipc-mq-recv --nonblock "$q"
		[ "$output" = "" ]
		start=${EPOCHREALTIME/./}
		run -3 limit ipc-mq-recv --timeout=200ms "$q"
		[ $((${EPOCHREALTIME/./} - start)) -ge 200000 ]
		[ "$output" = "" ]
		run -3 limit ipc-mq-recv --verbose -n "$q"
		[ "$output" = "ipc-mq-recv: no message in $q" ]
		limit ipc-mq-send "$q" a
		run -3 --separate-stderr limit ipc-mq-recv -c 3 -t 50ms "$q"
		[ "$output" = a ]
		[ "$stderr" = "ipc-mq-recv: 1 of 3 messages taken from $q" ]
		limit ipc-mq-send "$q" a
		run -3 limit ipc-mq-recv --quiet -c 3 -n "$q"
		[ "$output" = a ]
	done
}

@test "--follow --timeout: until none comes for so long; 0 if any came, else 3" {
	for family in posix sysv; do
		q=$(new_queue $family)
		limit ipc-mq-send "$q" a b
		run -0 limit ipc-mq-recv --follow -t 50ms "$q"
		[ "$output" = $'a\nb' ]
		run -3 limit ipc-mq-recv -f -t 50ms "$q"
		run -3 limit ipc-mq-recv -f -n "$q"
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
	run -2 limit ipc-mq-recv -c 1 -a "$q"
	run -2 limit ipc-mq-recv -a -f "$q"
	run -2 limit ipc-mq-recv -a -t 1 "$q"
	run -2 limit ipc-mq-recv -E 9 "$q"
	run -2 limit ipc-mq-recv "$q" true
	run -2 limit ipc-mq-recv mq:private
	run -2 limit ipc-mq-recv --at-least-once mq:/q
	run -125 limit ipc-mq-recv -n -j "$q" -- true
	run -125 limit ipc-mq-recv -n "$q" --
	run -125 limit ipc-mq-recv -n mq:/none -- true
	run -125 limit ipc-mq-recv -E 0 "$q" -- true
}

@test "a message is not lost to a closed, read-only or full stdout, nor to a reader that has gone" {
	for family in posix sysv; do
		q=$(new_queue $family)
		limit ipc-mq-send "$q" a b c
		run -1 bash -c "exec timeout 10 ipc-mq-recv -a $q >&-"
		run -1 bash -c "exec timeout 10 ipc-mq-recv -a $q 1</dev/null"
		run -1 bash -c "exec timeout 10 ipc-mq-recv -a $q >/dev/full"
		[ "${lines[0]}" = "ipc-mq-recv: cannot write to standard output: No space left on device" ]
		[ "${lines[1]}" = "ipc-mq-recv: 3 messages put back into $q" ]
		mkfifo "$tmp/$family"
		exec 8<>"$tmp/$family" 9>"$tmp/$family" 8<&-
		run -1 bash -c "exec timeout 10 ipc-mq-recv -a $q >&9"
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

@test "with COMMAND: a failure puts the message back, or makes it a dead letter" {
	for family in posix sysv; do
		q=$(new_queue $family)
		limit ipc-mq-send "$q" a b
		run -5 limit ipc-mq-recv -f "$q" -- sh -c 'exit 5'
		run -137 limit ipc-mq-recv -f "$q" -- sh -c 'kill -KILL $$'
		run -127 limit ipc-mq-recv "$q" -- "$tmp/none"
		run -126 limit ipc-mq-recv "$q" -- "$tmp"
		[ "$(depth "$q")" -eq 2 ]
		run -6 limit ipc-mq-recv -a --dead-letter="$tmp/$family" "$q" -- sh -c 'exit 6'
		[ "$(depth "$q")" -eq 0 ]
		[ "$(wc -l <"$tmp/$family")" -eq 2 ]
	done
}

@test "with COMMAND: SIGTERM lets it finish, a second one is passed on" {
	q=$(new_queue sysv)
	limit ipc-mq-send "$q" a b
	env --default-signal "$BIN/ipc-mq-recv" -f "$q" -- sh -c 'read x; echo $$ >'"$tmp"'/pid; while [ ! -e '"$tmp"'/go ]; do sleep 0.02; done; echo "$x" >>'"$tmp"'/done' 3>&- &
	receiver=$!
	eventually [ -s "$tmp/pid" ]
	kill -TERM "$receiver"
	touch "$tmp/go"
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

@test "--at-least-once loses nothing to SIGKILL" {
	s=$(new_queue sysv)
	rounds=${SOAK:+2000}
	RANDOM=${SEED:-1}
	: >"$tmp/got"
	seq 1000000 | ipc-mq-send -q "$s" 2>/dev/null 3>&- &
	sender=$!
	for ((i = 0; i < ${rounds:-40}; i++)); do
		ipc-mq-recv -f --at-least-once "$s" >"$tmp/piece" 3>&- &
		receiver=$!
		sleep 0.00$((RANDOM % 10))
		kill -KILL "$receiver"
		wait "$receiver" 2>/dev/null || true
		# A block that the kill has torn was not taken: its messages come again.
		cat "$tmp/piece" >>"$tmp/got"
	done
	kill -TERM "$sender"
	wait "$sender" || true
	limit ipc-mq-recv -a --at-least-once "$s" >>"$tmp/got"
	sort -nu "$tmp/got" >"$tmp/seen"
	tail -n 1 "$tmp/seen" | { read -r last; seq "$last" | cmp - "$tmp/seen"; }
	[ -s "$tmp/seen" ]
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
}
