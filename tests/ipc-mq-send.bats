#!/usr/bin/env bats

load helpers
load streams
put=ipc-mq-send get=ipc-mq-recv noun=message into='sent to' from='taken from'

@test "operands are messages, as they are, in their order" {
	for family in posix sysv; do
		q=$(new_queue $family)
		run -0 --separate-stderr limit ipc-mq-send "$q" one '' 'two words' -- -3 --
		[ "$output$stderr" = "" ]
		limit ipc-mq-recv -a -0 "$q" >"$tmp/got"
		printf '%s\0' one '' 'two words' -3 -- | cmp - "$tmp/got"
	done
}

@test "a word that begins with a dash needs --: status 2, nothing sent" {
	q=$(new_queue posix)
	run -2 limit ipc-mq-send "$q" good -bad
	[[ $output == *"'-bad' begins with a dash"* ]]
	run -2 limit ipc-mq-send "$q" -n
	run -3 limit ipc-mq-recv -n "$q"
}

@test "records of stdin: lines, NUL, netstrings, JSON, the whole" {
	for family in posix sysv; do
		q=$(new_queue $family)
		printf 'a\n\nlast' | limit ipc-mq-send "$q"
		printf 'b\nc\0' | limit ipc-mq-send --null "$q"
		printf '3:x,y,0:,' | limit ipc-mq-send --frame=netstring "$q"
		printf '{"data":"j\\u0000","extra":[1]}\n{"base64":"/w=="}' | limit ipc-mq-send --json "$q"
		limit ipc-mq-recv -a -F netstring "$q" >"$tmp/got"
		printf '1:a,0:,4:last,3:b\nc,3:x,y,0:,2:j\0,1:\xff,' | cmp - "$tmp/got"
		printf 'w\n\0' | limit ipc-mq-send -F whole "$q"
		limit ipc-mq-send -F whole "$q" </dev/null
		limit ipc-mq-recv -a -F netstring "$q" >"$tmp/got"
		printf '3:w\n\0,0:,' | cmp - "$tmp/got"
	done
}

@test "a broken record: its number and byte offset, status 1, those before it sent" {
	q=$(new_queue sysv)
	run -1 limit ipc-mq-send -F netstring "$q" <<<'2:ab,x'
	[[ ${lines[0]} == *"record 2, at byte 5, "* ]]
	[[ ${lines[1]} == *"1 message sent"* ]]
	for text in '2:abc' '02:ab,' '9:ab,' ':' '99999999999999999999:'; do
		run -1 limit ipc-mq-send -F netstring "$q" <<<"$text"
	done
	for text in '' '[]' '{' '{"data":1}' '{"base64":"a"}' '{"base64":"YQ=="' '{"base64":"YR=="}' \
		'{"data":"a","base64":""}' '{}' '{"data":"","data":""}' '{"data":"a","type":"1"}' \
		'{"data":"a","type":0}' '{"data":"a","priority":1,"type":1}' '{"data":"a","priority":1}'; do
		run -1 limit ipc-mq-send -F json "$q" <<<"$text"
		[[ ${lines[0]} == *"record 1, at byte "* ]]
	done
	run -0 limit ipc-mq-recv -a "$q"
	[ "$output" = ab ]
	run -0 limit ipc-mq-send -F json -y 2 "$q" <<<'{"data":"a","priority":1}'
	run -0 limit ipc-mq-send -F json -y 2 "$q" <<<'{"data":"a","priority":"high","type":[]}'
	# A number that nobody asks for may be larger than ours.
	run -0 limit ipc-mq-send -F json "$q" <<<'{"id":18446744073709551615,"data":"a","type":77}'
	run -1 limit ipc-mq-send -F json "$q" <<<'{"id":18446744073709551615,"data":"a","type":1.5}'
	run -1 limit ipc-mq-send -F json "$q" <<<'{"data":"a","type":18446744073709551615}'
	run -0 limit ipc-mq-recv -n -y 77 "$q"
	[ "$output" = a ]
	# What does not fit the kernel's number is not cut to what does.
	q=$(new_queue posix)
	for priority in -1 32768 4294967297; do
		run -1 limit ipc-mq-send -F json "$q" <<<"{\"data\":\"a\",\"priority\":$priority}"
		[[ $output == *"has a priority that is not 0 to 32767"* ]]
	done
	# A broken line that is longer than a message may be is still broken, not too long.
	run -1 limit ipc-mq-send -F json "$q" <<<"{\"data\":\"a\",\"other\":\"$(printf 'x%.0s' {1..300})\",}"
	[[ ${lines[0]} == *"record 1, at byte 324, "* ]]
	run -3 limit ipc-mq-recv -n "$q"
}

@test "--priority and --type" {
	q=$(new_queue posix)
	limit ipc-mq-send "$q" none
	limit ipc-mq-send -p 32767 "$q" most
	limit ipc-mq-send --priority=1 "$q" one
	run -0 limit ipc-mq-recv -a -j "$q"
	[ "${lines[0]}" = '{"data":"most","priority":32767}' ]
	[ "${lines[1]}" = '{"data":"one","priority":1}' ]
	[ "${lines[2]}" = '{"data":"none","priority":0}' ]
	s=$(new_queue sysv)
	limit ipc-mq-send --type=9223372036854775807 "$s" high
	limit ipc-mq-send "$s" low
	run -0 limit ipc-mq-recv -a -j "$s"
	[ "${lines[0]}" = '{"data":"high","type":9223372036854775807}' ]
	[ "${lines[1]}" = '{"data":"low","type":1}' ]
	for o in -p32768 -p-1 -px; do run -2 limit ipc-mq-send "$o" "$q" x; done
	for o in -y0 -y-1 -y9223372036854775808; do run -2 limit ipc-mq-send "$o" "$s" x; done
	run -2 limit ipc-mq-send -p 1 "$s" x
	run -2 limit ipc-mq-send -y 1 "$q" x
	run -2 limit ipc-mq-send -F line "$q" x
	run -2 limit ipc-mq-send -F lines "$q"
	run -2 limit ipc-mq-send -t 1x "$q"
}

@test "a full queue: --nonblock and --timeout end in status 3; the count is told" {
	for family in posix sysv; do
		q=$(new_queue $family)
		[ $family = posix ] || q=$(new_queue sysv -b 10)
		run -3 --separate-stderr limit ipc-mq-send -n "$q" 0 1 2 3 4 5 6 7 8 9 a b
		[ "$output" = "" ]
		[[ $stderr == *"10 messages sent to $q" ]]
		run -3 --separate-stderr limit ipc-mq-send -n "$q" x
		[ "$output$stderr" = "" ]
		run -3 limit ipc-mq-send --quiet --nonblock "$q" x
		run -3 limit ipc-mq-send --verbose -n "$q" x
		[ "$output" = "ipc-mq-send: no room in $q" ]
		start=${EPOCHREALTIME/./}
		run -3 limit ipc-mq-send --timeout=200ms "$q" x
		[ $((${EPOCHREALTIME/./} - start)) -ge 200000 ]
		[ "$(depth "$q")" -eq 10 ]
	done
}

@test "a sender that waits goes on when there is room" {
	for family in posix sysv; do
		q=$(new_queue $family)
		[ $family = posix ] || q=$(new_queue sysv -b 10)
		limit ipc-mq-send "$q" 0 1 2 3 4 5 6 7 8 9
		ipc-mq-send "$q" later 3>&- &
		sender=$!
		eventually in_queue_call "$sender"
		limit ipc-mq-recv -c 10 "$q" >"$tmp/got"
		wait "$sender"
		run -0 limit ipc-mq-recv -n "$q"
		[ "$output" = later ]
	done
}

@test "a record of exactly the limit goes, a longer one is status 1 with number, size and limit" {
	for family in posix sysv; do
		q=$(new_queue $family)
		limit=256
		[ $family = posix ] || limit=$(cat /proc/sys/kernel/msgmax)
		head -c "$limit" /dev/zero | tr '\0' a >"$tmp/fits"
		timeout 60 ipc-mq-send -F whole "$q" <"$tmp/fits"
		timeout 60 ipc-mq-recv -F whole "$q" | cmp - "$tmp/fits"
		{ echo first && cat "$tmp/fits" && echo b && echo last; } >"$tmp/long"
		for frame in line nul whole; do
			run -1 timeout 60 ipc-mq-send -F $frame "$q" <"$tmp/long"
			case $frame in
			line) [[ ${lines[0]} == *"record 2, at byte 6, has $((limit + 1)) bytes, and it takes $limit"* ]] ;;
			nul | whole) [[ ${lines[0]} == *"record 1, at byte 0, has $((limit + 13)) bytes, and it takes $limit"* ]] ;;
			esac
		done
		run -0 timeout 60 ipc-mq-recv -a "$q"
		[ "$output" = first ]
		run -1 timeout 60 ipc-mq-send "$q" "$(cat "$tmp/fits")b"
	done
}

@test "an endless record is refused, and no memory is taken for it" {
	! grep -q __asan_init "$BIN/ipc-mq-send" || skip "the sanitizer takes memory of its own"
	q=$(new_queue posix)
	run -1 bash -c "ulimit -v 100000; head -c 1200M /dev/zero | LIMIT=60 exec timeout 60 ipc-mq-send $q"
	[[ $output == *"more than "*" bytes, and it takes 256"* ]]
}

@test "a System V message that could never fit is refused at once" {
	q=$(new_queue sysv -b 100)
	run -1 limit ipc-mq-send "$q" "$(printf 'x%.0s' {1..101})"
	[[ $output == *"the queue's capacity is 100 bytes"* ]]
	run -0 limit ipc-mq-send "$q" "$(printf 'x%.0s' {1..100})"
}

@test "a message of 16 MiB, where the limits allow it" {
	[ -w /proc/sys/kernel/msgmax ] || skip "the settings cannot be written"
	echo 16777216 >/proc/sys/kernel/msgmax
	echo 16777216 >/proc/sys/kernel/msgmnb
	q=$(new_queue sysv)
	head -c 16777216 /dev/urandom >"$tmp/large"
	limit ipc-mq-send -F whole "$q" <"$tmp/large"
	limit ipc-mq-recv -F whole "$q" | cmp - "$tmp/large"
}

@test "an input that can be positioned stands at the first record not sent" {
	q=$(new_queue posix)
	seq 100 15000 >"$tmp/input"
	run -3 bash -c "{ timeout 60 ipc-mq-send -q -n $q; s=\$?; head -n 1; exit \$s; } <$tmp/input"
	[ "$output" = 110 ]
}

@test "a signal ends a wait for room, and for input: what was sent is told" {
	for family in posix sysv; do
		q=$(new_queue $family)
		[ $family = posix ] || q=$(new_queue sysv -b 10)
		for signal in TERM INT HUP QUIT; do
			limit ipc-mq-recv -q -a "$q" >/dev/null || true
			printf '%s\n' {0..9} x y | env --default-signal "$BIN/ipc-mq-send" "$q" 2>"$tmp/said" 3>&- &
			sender=$!
			eventually in_queue_call "$sender"
			kill -$signal "$sender"
			wait "$sender" || status=$?
			[ "$status" -eq $((128 + $(kill -l $signal))) ]
			[ "$(<"$tmp/said")" = "ipc-mq-send: stopped by SIG$signal: 10 messages sent to $q" ]
		done
	done
	limit ipc-mq-recv -q -a "$q" >/dev/null
	mkfifo "$tmp/fifo"
	env --default-signal "$BIN/ipc-mq-send" "$q" <"$tmp/fifo" 2>"$tmp/said" 3>&- &
	sender=$!
	exec 9>"$tmp/fifo"
	echo one >&9
	has_one() { [ "$(depth "$q")" = 1 ]; }
	eventually has_one
	kill -TERM "$sender"
	wait "$sender" || status=$?
	exec 9>&-
	[ "$status" -eq 143 ]
}

@test "a queue that is removed while records are waited for gets no more of them: status 4" {
	has_one() { [ "$(depth "$q")" = 1 ]; }
	for family in posix sysv; do
		q=$(new_queue $family)
		mkfifo "$tmp/$family"
		ipc-mq-send "$q" <"$tmp/$family" 2>"$tmp/said" 3>&- &
		sender=$!
		exec 9>"$tmp/$family"
		echo one >&9
		eventually has_one
		limit ipc-rm "$q"
		echo two >&9
		exec 9>&-
		status=0
		wait "$sender" || status=$?
		[ "$status" -eq 4 ]
		[[ $(<"$tmp/said") == *" 1 message sent to $q" ]]
	done
}

@test "a queue that is removed ends the wait: status 4" {
	q=$(new_queue posix)
	limit ipc-mq-send "$q" 0 1 2 3 4 5 6 7 8 9
	ipc-mq-send "$q" x 2>"$tmp/said" 3>&- &
	sender=$!
	eventually in_queue_call "$sender"
	rm "/dev/mqueue/${q#mq:/}"
	wait "$sender" || status=$?
	[ "$status" -eq 4 ]
	q=$(new_queue sysv -b 1)
	limit ipc-mq-send "$q" 0
	ipc-mq-send "$q" x 2>"$tmp/said" 3>&- &
	sender=$!
	eventually in_queue_call "$sender"
	ipcrm -q "${q##*:}"
	wait "$sender" || status=$?
	[ "$status" -eq 4 ]
	run -4 limit ipc-mq-send mq:/none x
	run -4 limit ipc-mq-send "$q" x
	run -4 limit ipc-mq-send -q mq:id:99999999 x
	[ "$output" = "" ]
}

@test "somebody else's queue, not writable: status 1, and whose it is" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be somebody else"
	limit ipc-mq-create -d 1 -s 8 -m 0600 mq:/ours
	run -1 as_nobody "$BIN/ipc-mq-send" mq:/ours x
	[[ $output == *"Permission denied (it belongs to uid 0, mode 0600)" ]]
	q=$(limit ipc-mq-create mq:private)
	run -1 as_nobody "$BIN/ipc-mq-send" "$q" x
	[[ $output == *"Permission denied (it belongs to uid 0, mode 0600)" ]]
	w=$(limit ipc-mq-create -m 0602 mq:private)
	run -0 as_nobody "$BIN/ipc-mq-send" "$w" x
	run -0 limit ipc-mq-recv -n "$w"
	[ "$output" = x ]
}

@test "--progress draws on a terminal only; --verbose counts" {
	r=$(new_queue posix)
	draws_and_counts
}

@test "a record that is too long, or none: the input stands at it" {
	r=$(new_queue posix)
	leaves_the_rest_of_its_input 200000
}

@test "stdin left non-blocking by somebody else; stdin closed: status 1" {
	r=$(new_queue posix)
	takes_any_stdin
}

[ -z "${SOAK:-}" ] || STREAM=1G

@test "a stream of any length takes less than 8 MiB" {
	! grep -q __asan_init "$BIN/ipc-mq-send" || skip "the sanitizer takes memory of its own"
	q=$(new_queue sysv)
	mkfifo "$tmp/lines"
	ipc-mq-recv -f "$q" >/dev/null 3>&- &
	receiver=$!
	ipc-mq-send "$q" <"$tmp/lines" 3>&- &
	sender=$!
	exec 9>"$tmp/lines"
	yes 'a line of text that is one of very many' | head -c "${STREAM:-10M}" >&9 3>&-
	most=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$sender/status")
	exec 9>&-
	wait "$sender"
	kill "$receiver"
	[ "$most" -gt 0 ]
	[ "$most" -lt 8192 ]
}

@test "a process for one message takes at most 64 page faults, and starts no thread" {
	! grep -q __asan_init "$BIN/ipc-mq-send" || skip "the sanitizer takes memory of its own"
	q=$(new_queue posix)
	run -0 /usr/bin/python3 -c '
import resource, subprocess, sys
command = [sys.argv[1], sys.argv[2], "hello"]
subprocess.run(command, check=True)
before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt
for i in range(5):
    subprocess.run(command, check=True)
print((resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt - before) // 5)' "$BIN/ipc-mq-send" "$q"
	[ "$output" -le 64 ]
	strace -f -qq -e trace=clone,clone3 -o "$tmp/threads" ipc-mq-send "$q" x || skip "strace may not trace here"
	[ ! -s "$tmp/threads" ]
}
