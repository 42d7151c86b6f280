#!/usr/bin/env bats

load helpers
load streams
put=ipc-ring-put get=ipc-ring-get noun=record into='put into' from='taken from'

# A ring of 4096 bytes for this test.
new_ring() { ipc-ring-create -s 4K "ring:$(fresh_name ring)"; }

# The byte at $1 of file $2, as two digits.
byte_at() { od -A n -t x1 -j "$1" -N 1 "$2" | tr -d ' '; }

has_one() { [ "$(ring_depth "$r")" = 1 ]; }

# Fill ring $1 of 4096 bytes with 170 records of one letter, of 24 bytes each.
fill() { printf 'x\n%.0s' {1..170} | limit ipc-ring-put -n "$1"; }

@test "operands are records, as they are, in their order" {
	r=$(new_ring)
	run -0 --separate-stderr limit ipc-ring-put "$r" one '' 'two words' -- -3 --
	[ "$output$stderr" = "" ]
	limit ipc-ring-get -a -0 "$r" >"$tmp/got"
	printf '%s\0' one '' 'two words' -3 -- | cmp - "$tmp/got"
}

@test "wrong usage: status 2, nothing put" {
	r=$(new_ring)
	run -2 limit ipc-ring-put "$r" good -bad
	[[ $output == *"'-bad' begins with a dash"* ]]
	run -2 limit ipc-ring-put "$r" -n
	run -2 limit ipc-ring-put -F line "$r" x
	run -2 limit ipc-ring-put -F lines "$r"
	run -2 limit ipc-ring-put -t 1x "$r"
	run -2 limit ipc-ring-put ring:private x
	run -3 limit ipc-ring-get -n "$r"
}

@test "records of stdin: lines, NUL, netstrings, JSON, the whole" {
	r=$(new_ring)
	printf 'a\n\nlast' | limit ipc-ring-put "$r"
	printf 'b\nc\0' | limit ipc-ring-put --null "$r"
	printf '3:x,y,0:,' | limit ipc-ring-put --frame=netstring "$r"
	printf '{"data":"j\\u0000","extra":[1],"priority":3}\n{"base64":"/w=="}' | limit ipc-ring-put --json "$r"
	limit ipc-ring-get -a -F netstring "$r" >"$tmp/got"
	printf '1:a,0:,4:last,3:b\nc,3:x,y,0:,2:j\0,1:\xff,' | cmp - "$tmp/got"
	printf 'w\n\0' | limit ipc-ring-put -F whole "$r"
	limit ipc-ring-put -F whole "$r" </dev/null
	limit ipc-ring-get -a -F netstring "$r" | cmp - <(printf '3:w\n\0,0:,')
	run -0 limit ipc-ring-put "$r" </dev/null
	run -3 limit ipc-ring-get -n "$r"
}

@test "JSON of a ring: all keys but its bytes are passed over, whatever stands in them" {
	r=$(new_ring)
	printf '%s\n' '{"data":"a","type":"event"}' '{"data":"b","priority":"high"}' \
		'{"data":"c","type":1,"priority":2}' '{"data":"d","id":18446744073709551615}' |
		limit ipc-ring-put -j "$r"
	run -0 limit ipc-ring-get -a "$r"
	[ "$output" = $'a\nb\nc\nd' ]
	run -1 limit ipc-ring-put -j "$r" <<<'{"data":"a","x":1,"x":2}'
	run -1 limit ipc-ring-put -j "$r" <<<'{"data":"a","x":1e400}'
}

@test "a broken record: status 1 with its number and offset, those before it are put" {
	r=$(new_ring)
	printf '1:a,2:bb,x' >"$tmp/broken"
	run -1 limit ipc-ring-put -F netstring "$r" <"$tmp/broken"
	[ "${lines[0]}" = "ipc-ring-put: cannot read standard input: record 3, at byte 9, is no netstring: a digit or a colon is wanted here" ]
	[ "${lines[1]}" = "ipc-ring-put: 2 records put into $r" ]
	run -1 limit ipc-ring-put -j "$r" <<<'{"neither":1}'
	run -0 limit ipc-ring-get -a "$r"
	[ "$output" = $'a\nbb' ]
}

@test "a full ring: --nonblock and --timeout end in status 3; the count is told" {
	r=$(new_ring)
	run -3 --separate-stderr limit ipc-ring-put -n "$r" < <(printf 'x\n%.0s' {1..200})
	[ "$output" = "" ]
	[ "$stderr" = "ipc-ring-put: 170 records put into $r" ]
	run -3 --separate-stderr limit ipc-ring-put --nonblock "$r" x
	[ "$output$stderr" = "" ]
	run -3 limit ipc-ring-put --quiet --nonblock "$r" x
	run -3 limit ipc-ring-put --verbose -n "$r" x
	[ "$output" = "ipc-ring-put: no room in $r" ]
	start=${EPOCHREALTIME/./}
	run -3 limit ipc-ring-put --timeout=200ms "$r" x
	[ $((${EPOCHREALTIME/./} - start)) -ge 200000 ]
	[ "$(ring_depth "$r")" -eq 170 ]
	# A smaller one still fits: 16 bytes are left.
	run -0 limit ipc-ring-put -n "$r" ''
}

@test "a producer that waits goes on when there is room, by itself" {
	r=$(new_ring)
	fill "$r"
	ipc-ring-put "$r" later 3>&- &
	producer=$!
	eventually in_ring_wait "$producer"
	limit ipc-ring-get -c 170 "$r" >/dev/null
	wait "$producer"
	run -0 limit ipc-ring-get -n "$r"
	[ "$output" = later ]
}

@test "a record of the capacity less 16 bytes goes, a longer one is status 1 with number, size and limit" {
	r=$(new_ring)
	head -c 4080 /dev/urandom >"$tmp/fits"
	limit ipc-ring-put -n -F whole "$r" <"$tmp/fits"
	limit ipc-ring-get -F whole "$r" | cmp - "$tmp/fits"
	tr '\0\n' ab <"$tmp/fits" >"$tmp/text"
	{ echo first && cat "$tmp/text" && echo b && echo last; } >"$tmp/long"
	for frame in line nul whole; do
		run -1 limit ipc-ring-put -F $frame "$r" <"$tmp/long"
		case $frame in
		line) [[ ${lines[0]} == *"record 2, at byte 6, has 4081 bytes, and it takes 4080"* ]] ;;
		nul | whole) [[ ${lines[0]} == *"record 1, at byte 0, has 4093 bytes, and it takes 4080"* ]] ;;
		esac
	done
	run -0 limit ipc-ring-get -a "$r"
	[ "$output" = first ]
	run -1 limit ipc-ring-put "$r" short "$(printf 'x%.0s' {1..4081})"
	[ "$output" = "ipc-ring-put: cannot put into $r: record 2 has 4081 bytes, and it takes 4080" ]
	run -3 limit ipc-ring-get -n "$r"
}

@test "an endless record is refused, and no memory is taken for it" {
	! grep -q __asan_init "$BIN/ipc-ring-put" || skip "the sanitizer takes memory of its own"
	r=$(new_ring)
	run -1 bash -c "ulimit -v 100000; head -c 1200M /dev/zero | exec timeout 60 ipc-ring-put $r"
	[[ $output == *"more than "*" bytes, and it takes 4080"* ]]
}

@test "--end: follow ends with status 0 after the rest; a put after that is status 1 unless --reopen" {
	r=$(new_ring)
	seq 5 | limit ipc-ring-put --end "$r"
	run -1 --separate-stderr limit ipc-ring-put "$r" more
	[ "$stderr" = "ipc-ring-put: cannot put into $r: its end has been marked (--reopen takes the mark away)" ]
	run -1 limit ipc-ring-put -q "$r" <<<more
	run -1 limit ipc-ring-put --end "$r" more
	run -1 limit ipc-ring-put --end "$r" <<<more
	[ "$output" = "ipc-ring-put: cannot put into $r: its end has been marked (--reopen takes the mark away)" ]
	run -0 limit ipc-ring-get -f "$r"
	[ "$output" = "$(seq 5)" ]
	run -0 limit ipc-ring-get -f "$r"
	[ "$output" = "" ]
	run -0 limit ipc-ring-put --reopen "$r" again
	run -0 limit ipc-ring-put "$r" again
	run -2 limit ipc-ring-get -f -c 3 "$r"
	run -3 limit ipc-ring-get -c 3 -t 50ms "$r"
	[[ $output == $'again\nagain\n'* ]]
	run -0 limit ipc-ring-put --reopen --end "$r" last
	run -0 limit ipc-ring-get -f "$r"
	[ "$output" = last ]
	# Where there are no records it can be marked again, and the mark taken away.
	limit ipc-ring-put --end "$r" </dev/null
	limit ipc-ring-put --reopen "$r" </dev/null
	run -0 limit ipc-ring-put "$r" x
	# What could not all be put marks no end.
	r=$(ipc-ring-create -s 4K "ring:$(fresh_name full)")
	fill "$r"
	run -3 limit ipc-ring-put -n --end "$r" y
	limit ipc-ring-get -a "$r" >/dev/null
	run -0 limit ipc-ring-put "$r" y
}

@test "--end wakes a consumer that waits, and comes after an input that failed not at all" {
	r=$(new_ring)
	ipc-ring-get -f "$r" >"$tmp/got" 3>&- &
	consumer=$!
	eventually in_ring_wait "$consumer"
	printf 'a\nb\n' | limit ipc-ring-put --end "$r"
	wait "$consumer"
	[ "$(<"$tmp/got")" = $'a\nb' ]
	run -1 limit ipc-ring-put --reopen --end -F netstring "$r" <<<'1:x,bad'
	run -0 limit ipc-ring-put "$r" more
}

@test "an end that is marked while a producer waits for input refuses its next record: status 1" {
	r=$(new_ring)
	mkfifo "$tmp/fifo"
	ipc-ring-put "$r" <"$tmp/fifo" 2>"$tmp/said" 3>&- &
	producer=$!
	exec 9>"$tmp/fifo"
	echo one >&9
	eventually has_one
	limit ipc-ring-put --end "$r" </dev/null
	echo two >&9
	exec 9>&-
	status=0
	wait "$producer" || status=$?
	[ "$status" -eq 1 ]
	[ "$(sed -n 1p "$tmp/said")" = "ipc-ring-put: cannot put into $r: its end has been marked (--reopen takes the mark away)" ]
	[ "$(sed -n 2p "$tmp/said")" = "ipc-ring-put: 1 record put into $r" ]
	run -0 limit ipc-ring-get -f "$r"
	[ "$output" = one ]
}

@test "an input that can be positioned stands at the first record not put" {
	r=$(new_ring)
	seq 1000 15000 >"$tmp/input"
	run -3 bash -c "{ timeout 60 ipc-ring-put -q -n $r; s=\$?; head -n 1; exit \$s; } <$tmp/input"
	[ "$output" = 1170 ]
}

@test "a signal ends a wait for room, for the role, and for input: what was put is told" {
	r=$(new_ring)
	for signal in TERM INT HUP QUIT; do
		limit ipc-ring-get -q -a "$r" >/dev/null || true
		printf 'x\n%.0s' {1..172} | env --default-signal "$BIN/ipc-ring-put" "$r" 2>"$tmp/said" 3>&- &
		producer=$!
		eventually in_ring_wait "$producer"
		env --default-signal "$BIN/ipc-ring-put" "$r" second 2>"$tmp/said2" 3>&- &
		second=$!
		eventually in_ring_wait "$second"
		kill -$signal "$second"
		wait "$second" || status=$?
		[ "$status" -eq $((128 + $(kill -l $signal))) ]
		kill -$signal "$producer"
		wait "$producer" || status=$?
		[ "$status" -eq $((128 + $(kill -l $signal))) ]
		[ "$(<"$tmp/said")" = "ipc-ring-put: stopped by SIG$signal: 170 records put into $r" ]
		[ "$(<"$tmp/said2")" = "ipc-ring-put: stopped by SIG$signal: 0 records put into $r" ]
	done
	limit ipc-ring-get -q -a "$r" >/dev/null
	mkfifo "$tmp/fifo"
	env --default-signal "$BIN/ipc-ring-put" "$r" <"$tmp/fifo" 2>"$tmp/said" 3>&- &
	producer=$!
	exec 9>"$tmp/fifo"
	echo one >&9
	eventually has_one
	kill -TERM "$producer"
	wait "$producer" || status=$?
	exec 9>&-
	[ "$status" -eq 143 ]
}

@test "a ring that is removed ends the wait: status 4; so does one that is not there" {
	r=$(new_ring)
	fill "$r"
	ipc-ring-put "$r" x 2>"$tmp/said" 3>&- &
	producer=$!
	eventually in_ring_wait "$producer"
	rm "/dev/shm/ring.${r#ring:/}"
	wait "$producer" || status=$?
	[ "$status" -eq 4 ]
	[ "$(<"$tmp/said")" = "ipc-ring-put: cannot put into $r: it has been removed" ]
	run -4 limit ipc-ring-put ring:/none x
	[ "$output" = "ipc-ring-put: cannot open ring:/none: No such file or directory" ]
	run -4 limit ipc-ring-put -q ring:/none x
	[ "$output" = "" ]
	# While it reads its input, too.
	r=$(new_ring)
	mkfifo "$tmp/fifo"
	ipc-ring-put -q "$r" <"$tmp/fifo" 3>&- &
	producer=$!
	exec 9>"$tmp/fifo"
	echo one >&9
	eventually has_one
	rm "/dev/shm/ring.${r#ring:/}"
	echo two >&9
	wait "$producer" || status=$?
	exec 9>&-
	[ "$status" -eq 4 ]
}

@test "somebody else's ring, not writable: status 1, and whose it is" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be somebody else"
	r=$(new_ring)
	run -1 as_nobody "$BIN/ipc-ring-put" "$r" x
	[[ $output == *"Permission denied (it belongs to uid 0, mode 0600)" ]]
	w=$(limit ipc-ring-create -s 4K -m 0606 ring:/wide)
	run -0 as_nobody "$BIN/ipc-ring-put" "$w" x
	run -0 as_nobody "$BIN/ipc-ring-get" "$w"
	[ "$output" = x ]
}

@test "what is no ring, or a ring of another version: status 1, and what it is" {
	r=$(new_ring)
	file=/dev/shm/ring.${r#ring:/}
	: >/dev/shm/ring.empty
	head -c 20000 /dev/urandom >/dev/shm/ring.noise
	mkfifo /dev/shm/ring.pipe
	for name in empty noise pipe; do
		for tool in ipc-ring-put ipc-ring-get "ipc-ring-get --peek"; do
			run -1 limit $tool ring:/$name </dev/null
			[ "$output" = "${tool%% *}: cannot open ring:/$name: it is no ring" ]
		done
	done
	printf '\2' | dd of="$file" bs=1 seek=8 conv=notrunc status=none
	run -1 limit ipc-ring-put "$r" x
	[[ $output == *"it is a ring of a version that this tool does not know" ]]
	printf '\1' | dd of="$file" bs=1 seek=8 conv=notrunc status=none
	printf '\1' | dd of="$file" bs=1 seek=40 conv=notrunc status=none
	run -1 limit ipc-ring-get "$r"
	[[ $output == *"it has a broken header" ]] || [ "$(byte_at 40 "$file")" = 01 ]
	r=$(ipc-ring-create -s 8K ring:/short)
	truncate -s 16384 /dev/shm/ring.short
	run -1 limit ipc-ring-get "$r"
	[[ $output == *"it has been cut short" ]]
}

@test "--progress draws on a terminal only; --verbose counts" {
	r=$(new_ring)
	draws_and_counts
}

@test "a record that is too long, or none: the input stands at it" {
	r=$(new_ring)
	leaves_the_rest_of_its_input 200000
}

@test "a producer killed in its sleep sleeps no more: the next one says so in the ring" {
	r=$(new_ring)
	sleeps() { [ "$(byte_at 8204 "/dev/shm/ring.${r#ring:/}")" = "$1" ]; }
	fill "$r"
	ipc-ring-put "$r" x 3>&- &
	producer=$!
	eventually in_ring_wait "$producer"
	sleeps 01
	kill -KILL "$producer"
	wait "$producer" || true
	sleeps 01
	run -3 limit ipc-ring-put -n "$r" x
	sleeps 00
	# So does a wish for the role that nobody has any more.
	limit ipc-ring-get "$r" >/dev/null
	printf '\1' | dd of="/dev/shm/ring.${r#ring:/}" bs=1 seek=8212 conv=notrunc status=none
	limit ipc-ring-put "$r" x
	[ "$(byte_at 8212 "/dev/shm/ring.${r#ring:/}")" = 00 ]
}

@test "stdin left non-blocking by somebody else; stdin closed: status 1" {
	r=$(new_ring)
	takes_any_stdin
}

# True while process $1 is blocked in read(2) on its standard input.
in_read() {
	local number fd
	{ read -r number fd _ <"/proc/$1/syscall"; } 2>/dev/null || return 1
	case $(uname -m):$number:$fd in
	x86_64:0:0x0 | aarch64:63:0x0) return 0 ;;
	esac
	return 1
}

has_records() { [ "$(ring_depth "$r")" -eq "$1" ]; }

# A producer that has got $1 lines one by one from $tmp/lines, which is open as 9 here.
feed() {
	mkfifo "$tmp/lines"
	env --default-signal "$BIN/ipc-ring-put" "$r" <"$tmp/lines" 2>"$tmp/said" 3>&- &
	producer=$!
	exec 9>"$tmp/lines"
	for ((i = 1; i <= $1; i++)); do
		echo "$i" >&9
		eventually has_records $i
	done
	eventually in_read "$producer"
}

@test "input that comes in many pieces is waited for in read(2); a signal ends that" {
	r=$(new_ring)
	for signal in TERM INT; do
		feed 20
		kill -$signal "$producer"
		wait "$producer" || status=$?
		exec 9>&-
		[ "$status" -eq $((128 + $(kill -l $signal))) ]
		[ "$(<"$tmp/said")" = "ipc-ring-put: stopped by SIG$signal: 20 records put into $r" ]
		run -0 limit ipc-ring-get -a "$r"
		[ "$output" = "$(seq 20)" ]
		rm "$tmp/lines"
	done
}

@test "input in many pieces: its end ends it; a ring removed meanwhile refuses the next record" {
	r=$(new_ring)
	feed 18
	exec 9>&-
	wait "$producer"
	[ "$(<"$tmp/said")" = "" ]
	rm "$tmp/lines"
	limit ipc-ring-get -q -a "$r" >/dev/null
	feed 18
	rm "/dev/shm/ring.${r#ring:/}"
	echo 19 >&9
	wait "$producer" || status=$?
	exec 9>&-
	[ "$status" -eq 4 ]
	[ "$(head -n 1 "$tmp/said")" = "ipc-ring-put: cannot put into $r: it has been removed" ]
}

@test "input in many pieces that somebody else has left non-blocking" {
	r=$(new_ring)
	run -0 limit /usr/bin/python3 -c '
import os, subprocess, sys
r, w = os.pipe()
os.set_blocking(r, False)
p = subprocess.Popen(["ipc-ring-put", sys.argv[1]], stdin=r)
os.close(r)
for i in range(1, 31):
    os.write(w, b"%d\n" % i)
    subprocess.run(["ipc-ring-get", sys.argv[1]])
os.close(w)
sys.exit(p.wait())' "$r"
	[ "$output" = "$(seq 30)" ]
}

@test "three producers side by side: every record once, each producer's in its order, and none starves" {
	r=$(ipc-ring-create -s 64K ring:/three)
	ipc-ring-get -f "$r" >"$tmp/got" 3>&- &
	consumer=$!
	producers=()
	for p in 1 2 3; do
		seq -f "$p %.0f" 100000 | ipc-ring-put "$r" 3>&- &
		producers+=($!)
	done
	wait "${producers[@]}"
	limit ipc-ring-put --end "$r" </dev/null
	wait "$consumer"
	for p in 1 2 3; do
		grep "^$p " "$tmp/got" | cut -d' ' -f2 | cmp - <(seq 100000)
	done
	[ "$(wc -l <"$tmp/got")" -eq 300000 ]
}

@test "a producer that never pauses lets another in" {
	r=$(new_ring)
	ipc-ring-get -f "$r" >/dev/null 3>&- &
	consumer=$!
	yes | ipc-ring-put "$r" 2>/dev/null 3>&- &
	greedy=$!
	eventually pgrep -P $$ -x ipc-ring-put
	for i in {1..20}; do
		run -0 limit ipc-ring-put "$r" "word $i"
		run -0 limit ipc-ring-put -t 5 "$r" "word $i"
	done
	kill "$greedy"
	wait "$greedy" || true
	kill "$consumer"
	wait "$consumer" || true
}

[ -z "${SOAK:-}" ] || STREAM=1G

@test "a stream of any length takes less than 8 MiB beside the ring" {
	! grep -q __asan_init "$BIN/ipc-ring-put" || skip "the sanitizer takes memory of its own"
	r=$(new_ring)
	mkfifo "$tmp/lines"
	ipc-ring-get -f "$r" >/dev/null 3>&- &
	consumer=$!
	ipc-ring-put "$r" <"$tmp/lines" 3>&- &
	producer=$!
	exec 9>"$tmp/lines"
	yes 'a line of text that is one of very many' | head -c "${STREAM:-10M}" >&9 3>&-
	most=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' /proc/{"$producer","$consumer"}/status | sort -n | tail -n 1)
	exec 9>&-
	wait "$producer"
	kill "$consumer"
	wait "$consumer" || true
	[ "$most" -gt 0 ]
	[ "$most" -lt 8192 ]
}
