#!/usr/bin/env bats

load helpers
load streams
put=ipc-ring-put get=ipc-ring-get noun=record from='taken from'

# A ring for this test, of 4096 bytes unless the options say otherwise.
new_ring() { ipc-ring-create -s 4K "$@" "ring:$(fresh_name ring)"; }
file_of() { echo "/dev/shm/ring.${1#ring:/}"; }

@test "one record by default, N with --count, all with --all" {
	r=$(new_ring)
	limit ipc-ring-put "$r" a b c d e
	run -0 --separate-stderr limit ipc-ring-get "$r"
	[ "$output" = a ]
	[ "$stderr" = "" ]
	run -0 limit ipc-ring-get --count=2 "$r"
	[ "$output" = $'b\nc' ]
	run -0 limit ipc-ring-get --all "$r"
	[ "$output" = $'d\ne' ]
	run -3 --separate-stderr limit ipc-ring-get -a "$r"
	[ "$output$stderr" = "" ]
}

@test "nothing there: --nonblock and --timeout end in status 3, silent; -v talks" {
	r=$(new_ring)
	nothing_comes
}

@test "its reader goes while it waits: status 1, and nothing is taken after that" {
	r=$(new_ring)
	ends_with_its_reader in_ring_wait
}

@test "--follow --timeout: until none comes for so long; 0 if any came, else 3" {
	r=$(new_ring)
	follows_until_none_comes
	limit ipc-ring-put --end "$r" </dev/null
	run -0 limit ipc-ring-get -f -t 50ms "$r"
	run -3 limit ipc-ring-get "$r"
	run -3 limit ipc-ring-get -a "$r"
}

@test "wrong usage: status 2" {
	r=$(new_ring)
	for o in "-c 0" "-c x" "-c 1 -a" "-a -f" "-a -t 1" "--peek -f" "--peek -t 1" "--peek --at-most-once" "-F x" "-t x"; do
		run -2 limit ipc-ring-get $o "$r"
	done
	run -2 limit ipc-ring-get "$r" "$r"
	run -2 limit ipc-ring-get ring:private
	run -4 limit ipc-ring-get ring:/none
	run -4 limit ipc-ring-get --quiet ring:/none
	[ "$output" = "" ]
}

@test "a waiting consumer gets the record, and writes it before it waits again" {
	r=$(new_ring)
	env --default-signal "$BIN/ipc-ring-get" -f "$r" >"$tmp/got" 3>&- &
	consumer=$!
	for word in one two; do
		eventually in_ring_wait "$consumer"
		limit ipc-ring-put "$r" $word
		eventually grep -q $word "$tmp/got"
	done
	kill -INT "$consumer"
	wait "$consumer" || status=$?
	[ "$status" -eq 130 ]
	[ "$(<"$tmp/got")" = $'one\ntwo' ]
	run -3 limit ipc-ring-get -n "$r"
}

@test "all frames; a record with the frame's end stays: status 1, those before it are taken" {
	r=$(new_ring)
	printf '1:x,3:a\nb,3:c\0d,0:,2:\xff\xfe,' | limit ipc-ring-put -F netstring "$r"
	run -1 limit ipc-ring-get -a "$r"
	[ "${lines[0]}" = x ]
	[[ ${lines[1]} == *"cannot write the record to standard output: it holds a \\n, which ends records in this --frame" ]]
	[ "$(ring_depth "$r")" -eq 4 ]
	limit ipc-ring-get --null "$r" | cmp - <(printf 'a\nb\0')
	run -1 limit ipc-ring-get -0 "$r"
	limit ipc-ring-get -F whole "$r" | cmp - <(printf 'c\0d')
	run -0 limit ipc-ring-get -a --json "$r"
	[ "$output" = $'{"data":""}\n{"base64":"//4="}' ]
}

@test "JSON out and in again: the same bytes" {
	r=$(new_ring -s 64K)
	for i in 0 1 3 20 300; do head -c $((i * 20)) /dev/urandom | limit ipc-ring-put -F whole "$r"; done
	limit ipc-ring-get -a -F json "$r" >"$tmp/first"
	[ "$(wc -l <"$tmp/first")" -eq 5 ]
	limit ipc-ring-put --frame=json "$r" <"$tmp/first"
	limit ipc-ring-get -a -j "$r" | cmp - "$tmp/first"
}

@test "a reader that has gone ends --peek as SIGPIPE does; without it nothing is lost: status 1" {
	r=$(new_ring)
	limit ipc-ring-put "$r" a b
	run -141 into_nothing ipc-ring-get --peek "$r"
	[ "$output" = "" ]
	run -1 into_nothing ipc-ring-get -a "$r"
	run -0 limit ipc-ring-get -a "$r"
	[ "$output" = $'a\nb' ]
}

@test "--peek takes nothing and no role, needs reading only, and shows all or N" {
	r=$(new_ring -m 0644)
	run -3 limit ipc-ring-get --peek "$r"
	[ "$output" = "" ]
	limit ipc-ring-put "$r" a b c
	for i in 1 2; do
		run -0 --separate-stderr limit ipc-ring-get --peek "$r"
		[ "$output" = $'a\nb\nc' ]
		[ "$stderr" = "" ]
	done
	run -0 limit ipc-ring-get --peek -c 2 -n "$r"
	[ "$output" = $'a\nb' ]
	run -3 limit ipc-ring-get --peek -c 4 "$r"
	[ "${lines[3]}" = "ipc-ring-get: 3 of 4 records shown of $r" ]
	run -0 limit ipc-ring-get --peek -v "$r"
	[ "${lines[3]}" = "ipc-ring-get: 3 records shown of $r" ]
	before=$(cksum <"$(file_of "$r")")
	[ "$(id -u)" -ne 0 ] || run -0 as_nobody "$BIN/ipc-ring-get" --peek "$r"
	run -0 limit ipc-ring-get --peek "$r"
	[ "$(cksum <"$(file_of "$r")")" = "$before" ]
	# Beside a consumer that waits, too.
	ipc-ring-get -c 4 "$r" >"$tmp/got" 3>&- &
	consumer=$!
	eventually in_ring_wait "$consumer"
	run -3 limit ipc-ring-get --peek "$r"
	limit ipc-ring-put "$r" d
	wait "$consumer"
	[ "$(<"$tmp/got")" = $'a\nb\nc\nd' ]
}

@test "--peek beside a ring in full use shows whole records in their order" {
	r=$(new_ring -s 64K)
	ipc-ring-get -f "$r" >/dev/null 3>&- &
	consumer=$!
	seq 10000000 99999999 | ipc-ring-put "$r" 3>&- &
	producer=$!
	for ((i = 0; i < ${SOAK:+900} + 100; i++)); do
		ipc-ring-get --peek "$r" >"$tmp/shown" || [ $? -eq 3 ]
		awk 'NR > 1 && $1 <= last { bad = 1 } length($0) != 8 { bad = 1 } { last = $1 } END { exit bad }' "$tmp/shown"
	done
	kill "$producer" "$consumer"
	wait || true
}

@test "a second consumer is told who has the role: status 3 with -n and -t, its turn without" {
	r=$(new_ring)
	ipc-ring-get "$r" >"$tmp/first" 3>&- &
	first=$!
	eventually in_ring_wait "$first"
	run -3 limit ipc-ring-get -n "$r"
	[ "$output" = "ipc-ring-get: $r has a consumer: process $first" ]
	run -3 limit ipc-ring-get -t 50ms "$r"
	[ "$output" = "ipc-ring-get: $r has a consumer: process $first; waiting for its end" ]
	run -3 limit ipc-ring-get -q -n "$r"
	[ "$output" = "" ]
	ipc-ring-get -q "$r" >"$tmp/second" 3>&- &
	second=$!
	eventually in_ring_wait "$second"
	limit ipc-ring-put "$r" 1 2
	wait "$first"
	wait "$second"
	[ "$(<"$tmp/first")$(<"$tmp/second")" = 12 ]
	# A role goes with whoever is killed.
	ipc-ring-get "$r" 3>&- &
	first=$!
	eventually in_ring_wait "$first"
	kill -KILL "$first"
	wait "$first" || true
	limit ipc-ring-put "$r" 3
	run -0 limit ipc-ring-get -n "$r"
	[ "$output" = 3 ]
}

@test "a record stays when stdout is closed, read-only or full, or its reader has gone" {
	r=$(new_ring)
	limit ipc-ring-put "$r" a b c
	run -1 bash -c "exec timeout 60 ipc-ring-get -a $r >&-"
	run -1 bash -c "exec timeout 60 ipc-ring-get -a $r 1</dev/null"
	run -1 bash -c "exec timeout 60 ipc-ring-get -a $r >/dev/full"
	[ "$output" = "ipc-ring-get: cannot write to standard output: No space left on device" ]
	mkfifo "$tmp/fifo"
	exec 8<>"$tmp/fifo" 9>"$tmp/fifo" 8<&-
	run -1 bash -c "exec timeout 60 ipc-ring-get -a $r >&9"
	exec 9>&-
	run -0 limit ipc-ring-get -a "$r"
	[ "$output" = $'a\nb\nc' ]
}

@test "get -f | head -n 3 takes what was written before head's end was seen, no more" {
	r=$(new_ring)
	limit ipc-ring-put "$r" 1 2 3
	ipc-ring-get -f "$r" 2>/dev/null 3>&- | head -n 3 >"$tmp/got" 3>&- &
	wait $!
	nobody() { ! pgrep -f "[i]pc-ring-get -f $r" >/dev/null; }
	eventually nobody
	[ "$(<"$tmp/got")" = $'1\n2\n3' ]
	limit ipc-ring-put "$r" 4 5
	run -0 limit ipc-ring-get -a "$r"
	[ "$output" = $'4\n5' ]
}

@test "SIGTERM while the reader does not read leaves what was not written" {
	r=$(new_ring)
	mkfifo "$tmp/stuck"
	exec 9<>"$tmp/stuck"
	head -c 65536 /dev/zero >&9
	limit ipc-ring-put "$r" a b c
	env --default-signal "$BIN/ipc-ring-get" -f "$r" >&9 3>&- &
	consumer=$!
	eventually asleep "$consumer"
	kill -TERM "$consumer"
	wait "$consumer" || status=$?
	exec 9>&-
	[ "$status" -eq 143 ]
	run -0 limit ipc-ring-get -a "$r"
	[ "$output" = $'a\nb\nc' ]
}

@test "SIGTERM in the middle of 300,000 records: what came out and what is left is what went in" {
	r=$(new_ring)
	seq 300000 >"$tmp/all"
	ipc-ring-put -q --end "$r" <"$tmp/all" 3>&- &
	producer=$!
	env --default-signal "$BIN/ipc-ring-get" -f "$r" >"$tmp/part" 3>&- &
	consumer=$!
	eventually [ -s "$tmp/part" ]
	kill -TERM "$consumer"
	wait "$consumer" || status=$?
	[ "$status" -eq 143 ] || [ "$status" -eq 0 ]
	LIMIT=60 limit ipc-ring-get -f "$r" >"$tmp/rest"
	wait "$producer"
	cat "$tmp/part" "$tmp/rest" | cmp - "$tmp/all"
}

@test "--at-most-once takes before it writes: what could not be written is gone, and told" {
	r=$(new_ring)
	limit ipc-ring-put "$r" a b c
	run -0 limit ipc-ring-get --at-most-once "$r"
	[ "$output" = a ]
	run -1 --separate-stderr bash -c "exec timeout 60 ipc-ring-get -a --at-most-once $r >/dev/full"
	# shellcheck disable=SC2154
	[[ ${stderr_lines[1]} == "ipc-ring-get: 2 records "*" $r "* ]]
	run -3 limit ipc-ring-get -n "$r"
	seq 100 | limit ipc-ring-put "$r"
	run -0 limit ipc-ring-get --at-most-once -a "$r"
	[ "$output" = "$(seq 100)" ]
}

@test "--at-most-once does not take a record that cannot stand in the frame: status 1" {
	r=$(new_ring)
	printf '1:x,3:a\nb,1:y,' | limit ipc-ring-put -F netstring "$r"
	for before in x ''; do
		run -1 --separate-stderr limit ipc-ring-get --at-most-once -a "$r"
		[ "$output" = "$before" ]
		[ "$stderr" = "ipc-ring-get: cannot write the record to standard output: it holds a \n, which ends records in this --frame" ]
	done
	[ "$(ring_depth "$r")" -eq 2 ]
	limit ipc-ring-get --at-most-once -a -F netstring "$r" | cmp - <(printf '3:a\nb,1:y,')
	# Where there is nothing to write, too.
	limit ipc-ring-put "$r" ''
	run -0 limit ipc-ring-get --at-most-once -F whole -n "$r"
	[ "$output" = "" ]
}

@test "a ring that is removed: what is in it still comes, then status 4" {
	r=$(new_ring)
	ipc-ring-get -f "$r" >"$tmp/got" 2>"$tmp/said" 3>&- &
	consumer=$!
	eventually in_ring_wait "$consumer"
	limit ipc-ring-put "$r" last
	rm "$(file_of "$r")"
	wait "$consumer" || status=$?
	[ "$status" -eq 4 ]
	[ "$(<"$tmp/got")" = last ]
	[ "$(<"$tmp/said")" = "ipc-ring-get: cannot get from $r: it has been removed" ]
}

@test "records of every length around the wrap, whole and in their order" {
	r=$(new_ring)
	/usr/bin/python3 -c '
import sys
for turn in range(3):
    for n in list(range(0, 200)) + [4080, 0, 2031, 2032, 2033, 4079]:
        sys.stdout.buffer.write(b"%d:" % n + bytes((n + i) % 256 for i in range(n)) + b",")' >"$tmp/in"
	ipc-ring-put --end -F netstring "$r" <"$tmp/in" 3>&- &
	limit ipc-ring-get -f -F netstring "$r" | cmp - "$tmp/in"
	wait
}

[ -z "${SOAK:-}" ] || LINES_ALL=50000000

@test "a million lines through rings of 4 KiB and of 1 MiB, to a file and to a pipe" {
	seq "${LINES_ALL:-1000000}" >"$tmp/in"
	for size in 4K 1M; do
		r=$(ipc-ring-create -s $size ring:/million$size)
		ipc-ring-put --end "$r" <"$tmp/in" 3>&- &
		LIMIT=200 limit ipc-ring-get -f "$r" >"$tmp/out"
		cmp "$tmp/in" "$tmp/out"
		limit ipc-ring-put --reopen "$r" </dev/null
		ipc-ring-put --end "$r" <"$tmp/in" 3>&- &
		LIMIT=200 limit ipc-ring-get -f "$r" | cmp - "$tmp/in"
		wait
	done
}

@test "--progress draws on a terminal only; --verbose counts" {
	r=$(new_ring)
	limit ipc-ring-put "$r" a b c d
	run -0 limit ipc-ring-get -P "$r"
	[ "$output" = a ]
	run -0 --separate-stderr limit ipc-ring-get -v "$r"
	[ "$stderr" = "ipc-ring-get: 1 record taken from $r" ]
	run -0 limit script -qec "ipc-ring-get -a --progress $r >$tmp/got" /dev/null
	[[ $output == *"2 records, 2 B, "* ]]
}
