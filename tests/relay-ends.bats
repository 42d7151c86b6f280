#!/usr/bin/env bats
# A pipe is what "cat FILE |" is for here.
# shellcheck disable=SC2002

# The relay at ends that are out of the ordinary: sources that have no end or keep
# packets apart, pipes that are given by path, names that are long, files that
# may not be written.

load helpers
load faults

setup() { cd "$tmp"; }

relay() { limit ipc-pipe-relay "$@"; }

# The same in the background; signals to $pid reach it, and $child is the relay itself.
go() {
	timeout --kill-after=5 "${LIMIT:-20}" ipc-pipe-relay "$@" <&0 3>&- 8>&- 9>&- &
	pid=$!
	eventually pgrep -P "$pid" ipc-pipe-relay >/dev/null
	child=$(pgrep -P "$pid" ipc-pipe-relay)
}

# The relay that go has started ends with status $1.
ends_with() {
	local status=0
	wait "$pid" || status=$?
	[ "$status" -eq "$1" ] || { echo "status $status" && false; }
}

# Process $1 has read, or written, $2 bytes.
has_read() { [ "$(sed -n 's/^rchar: //p' "/proc/$1/io")" -ge "$2" ]; }
has_written() { [ "$(sed -n 's/^wchar: //p' "/proc/$1/io")" -ge "$2" ]; }

@test "a merge of a record without an end heeds the time to deliver, and a second signal" {
	mkfifo silent
	exec 8<>silent
	LIMIT=10 go -b 64M --drain-timeout=0.2 /dev/zero - <silent >/dev/null
	eventually has_read "$child" 200000000
	kill "$pid"
	ends_with 143
	LIMIT=10 go -b 64M --drain-timeout=60 /dev/zero - <silent >/dev/null
	eventually has_read "$child" 200000000
	again() { ! kill "$child" 2>/dev/null; }
	eventually again
	ends_with 143
	exec 8>&-
}

@test "--keep-open ends with a pipe that has no name, though it is given by path" {
	run -0 bash -c 'echo a | timeout 10 ipc-pipe-relay -k /dev/stdin'
	[ "$output" = a ]
	run -0 bash -c 'timeout 10 ipc-pipe-relay -k -F line <(echo a) <(echo b) | sort'
	[ "$output" = $'a\nb' ]
	run -0 bash -c 'set -o pipefail; echo a | timeout 10 ipc-pipe-relay -k --to /dev/stdout | cat'
	[ "$output" = a ]
	# Its reader is gone for good.
	run -1 bash -c 'seq 200000 | timeout 10 ipc-pipe-relay -k --to >(head -n 1 >/dev/null)'
	run -1 bash -c 'exec 7> >(true); wait $!; timeout 10 ipc-pipe-relay -k --to /dev/fd/7 <<<a'
}

# Runs COMMAND "$@" with a source of packets as standard input, 40 of which are put in: numbered
# lines of $2 bytes, in a pipe or a socket ($1: pipe, seqpacket, dgram).
fed_packets() {
	limit python3 -c '
import os, socket, subprocess, sys
sort, size, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
lines = [b"%04d" % i + b"x" * (size - 5) + b"\n" for i in range(40)]
if sort == "pipe":
    r, w = os.pipe2(os.O_DIRECT)
    put, close = lambda line: os.write(w, line), lambda: os.close(w)
else:
    a, b = socket.socketpair(socket.AF_UNIX, getattr(socket, "SOCK_" + sort.upper()))
    r, put, close = a.detach(), b.send, b.close
relay = subprocess.Popen(command, stdin=r)
os.close(r)
for line in lines:
    put(line)
close()
sys.exit(relay.wait())' "$@"
}

@test "nothing of a packet is lost, however little room there is" {
	mkfifo silent
	exec 8<>silent
	for words in "" "-b 10" "-b 1500" "-b 0" "-b 100K" "-b 10 --slow=drop"; do
		# shellcheck disable=SC2086
		[ "$(fed_packets pipe 1000 ipc-pipe-relay $words | wc -c)" -eq 40000 ]
		# shellcheck disable=SC2086
		fed_packets seqpacket 9999 ipc-pipe-relay $words --truncate --to out
		[ "$(cut -c 1-4 out)" = "$(seq -f %04g 0 39)" ]
		[ "$(wc -c <out)" -eq 399960 ]
	done
	[ "$(fed_packets seqpacket 9999 ipc-pipe-relay | wc -c)" -eq 399960 ]
	for words in "-b 10" "-b 1500" ""; do
		for sort in pipe seqpacket; do
			# shellcheck disable=SC2086
			[ "$(fed_packets $sort 1000 ipc-pipe-relay $words - /dev/null | wc -c)" -eq 40000 ]
		done
	done
	exec 8>&-
}

# A merge, and a source of packets (a pipe, a socket) of which it has read a part of a
# record; the rest comes in one packet with another part, and SIGTERM at the same time.
stopped_in_a_record() {
	limit python3 -c '
import fcntl, os, signal, socket, subprocess, sys, termios, time
if sys.argv[1] == "pipe":
    r, w = os.pipe2(os.O_DIRECT)
    waiting = termios.FIONREAD
else:
    a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    r, w = a.detach(), b.detach()
    waiting = termios.TIOCOUTQ
silent, other = os.pipe()
relay = subprocess.Popen(["ipc-pipe-relay", "-", "fd:%d" % silent], stdin=r, pass_fds=[silent],
    stdout=subprocess.PIPE)
os.write(w, b"a" * 3000)
state = lambda: open("/proc/%d/stat" % relay.pid).read().rsplit(")", 1)[1][1]
while fcntl.ioctl(w, waiting, bytes(4)) != bytes(4) or state() != "S":
    time.sleep(0.01)
relay.send_signal(signal.SIGSTOP)
while state() != "T":
    time.sleep(0.01)
os.write(w, b"b" * 2000 + b"\n" + b"c" * 500)
relay.terminate()
relay.send_signal(signal.SIGCONT)
out = relay.communicate()[0]
print(out.count(b"a"), out.count(b"b"), len(out), relay.returncode)' "$1"
}

@test "after a signal the rest of a record is taken, and what a packet has behind it is told" {
	run -0 stopped_in_a_record pipe
	[[ $output == *"500 bytes were left unread"* && $output == *$'\n3000 2000 5001 -15' ]]
	run -0 stopped_in_a_record seqpacket
	[[ $output == *"500 bytes of a record"*"held back"* && $output == *$'\n3000 2000 5001 -15' ]]
}

# A relay that has cut the FIFO a off, which has a reader (9) that takes nothing, in the middle
# of a record of 200001 bytes.
cut_in_a_record() {
	mkfifo a
	{ head -c 200000 /dev/zero | tr '\0' A && echo && head -c 2000000 /dev/zero | tr '\0' '\n'; } >in
	exec 9<>a
	go -k --slow=cut -b 300K -v "$@" in --to a /dev/null 2>err
	eventually grep -q 'cut off' err
}

@test "what a sink that is cut off has for the rest of its record is the time to deliver, not -t" {
	cut_in_a_record -t 60 --drain-timeout=0.3
	exec 9>&-
	ends_with 0
	rm a
	# The next reader gets the rest in that time.
	cut_in_a_record --drain-timeout=20
	exec 9>&-
	eventually grep -q 'waiting for the next' err
	head -c 200000 in >expected
	echo >>expected
	limit cat a >got
	ends_with 0
	cmp got expected
	rm a
	# It was gone before.
	mkfifo a b
	exec 9<>a 8<>b
	go -k --slow=cut -b 300K -t 600 --drain-timeout=0.3 -v - --to a /dev/null <b 2>err
	head -c 200000 in >&8
	eventually has_written "$child" 265536
	exec 9>&-
	eventually grep -q 'waiting for the next' err
	tail -c 2000000 in >&8
	eventually grep -q 'cut off' err
	eventually eval '! find "/proc/$child/fd" -lname "*/a" | grep -q .'
	kill "$pid"
	ends_with 143
	exec 8>&-
}

@test "a stream twice among the sources: status 2, and nothing is taken; a file has two positions" {
	mkfifo a
	run -2 relay a a
	run -2 relay a ./a
	run -2 relay - fd:0 <<<word
	run -2 relay - - </dev/null
	run -2 relay - a 0<>a
	run -2 bash -c 'echo word | { timeout 10 ipc-pipe-relay - fd:7 7<&0 2>/dev/null || { status=$?; cat; exit $status; }; }'
	[ "$output" = word ]
	run -2 bash -c 'echo word | timeout 10 ipc-pipe-relay - /dev/stdin'
	run -2 relay --mkfifo new ./new
	[ ! -e new ]
	seq 1000 >in
	[ "$(relay in in | sort -n | uniq -c | grep -c '^ *2 ')" -eq 1000 ]
	[ "$(relay - in <in | sort -n | uniq -c | grep -c '^ *2 ')" -eq 1000 ]
}

@test "-m may make a file that its owner may not write: it is written all the same" {
	chmod 777 .
	as_nobody test -w . || skip "no other user can be had here"
	as_nobody ipc-pipe-relay --truncate -m 0440 --to a <<<word
	as_nobody ipc-pipe-relay --append -m 0 --to b <<<word
	ln -s d c
	as_nobody ipc-pipe-relay --append -m 0440 --to c <<<word
	[ "$(cat a b d)" = $'word\nword\nword' ]
	[ "$(stat -c %a:%s a b)" = $'440:5\n0:5' ]
	# The place of each write is the end, whoever else writes.
	rm -f a
	mkfifo in
	exec 8<>in
	go --append --to a <in
	echo first >&8
	eventually [ -s a ]
	echo second >>a
	echo third >&8
	eventually eval '[ "$(wc -l <a)" -eq 3 ]'
	kill "$pid"
	ends_with 143
	[ "$(<a)" = $'first\nsecond\nthird' ]
	exec 8>&-
}

@test "-P knows what a file has left that is not at its start" {
	head -c 300000 /dev/zero >in
	limit script -qec "{ head -c 200000 >/dev/null; ipc-pipe-relay -P >/dev/null; } <in" typescript </dev/null >/dev/null
	grep -q ' 100% ETA' typescript
	run ! grep -q ' 33% ETA' typescript
}

# Readers of the FIFO $1 come one after another; the first leaves in the middle of a record.
two_readers() {
	{ head -c 30000 /dev/zero | tr '\0' a && echo && echo b; } >in
	mkfifo source
	exec 8<>source
	go -k -F line --mkfifo --to "$1" <source 2>err
	eventually [ -p "$1" ]
	cat in >&8
	limit head -c 10000 "$1" | tr -d a | cmp - /dev/null
	limit head -n 2 "$1" >got
	kill "$pid"
	exec 8>&-
	rm source
}

@test "a FIFO is renewed for its next reader, however long its name is" {
	local name
	for name in f "$(printf 'x%.0s' {1..250})" "$(printf 'y%.0s' {1..255})" "$tmp/$(printf 'z%.0s' {1..255})"; do
		two_readers "$name"
		ends_with 143
		cmp got in
		[ ! -s err ]
		[ ! -e "$name" ]
	done
	[ -z "$(find . -name '.*' -type p)" ]
}

@test "a FIFO that cannot be renewed for its next reader: told, once" {
	mkdir closed
	chmod 777 . closed
	as_nobody test -w . || skip "no other user can be had here"
	mkfifo -m 666 source
	exec 8<>source
	timeout 60 setpriv --reuid=65534 --regid=65534 --clear-groups \
		ipc-pipe-relay -k -F line --mkfifo -m 0644 --to closed/f <source 2>err 3>&- 8>&- &
	pid=$!
	eventually [ -p closed/f ]
	chmod 755 closed
	echo word >&8
	[ "$(limit head -n 1 closed/f)" = word ]
	eventually [ -s err ]
	echo word >&8
	[ "$(limit head -n 1 closed/f)" = word ]
	chmod 777 closed
	kill "$pid"
	ends_with 143
	[ "$(wc -l <err)" -eq 1 ]
	exec 8>&-
}

@test "a reader that enlarges its pipe leaves the record that it has begun whole to the next" {
	{ head -c 400000 /dev/zero | tr '\0' A && echo && seq 300000; } >in
	go -k -F line -b 8M --mkfifo --to f <in
	eventually [ -p f ]
	limit python3 -c '
import fcntl, os, struct, sys, termios, time
f = os.open("f", os.O_RDONLY)
fcntl.fcntl(f, 1031, 1 << 20)
got = 0
while got < 200000:
    got += len(os.read(f, 200000 - got))
while struct.unpack("i", fcntl.ioctl(f, termios.FIONREAD, bytes(4)))[0] < 950000:
    time.sleep(0.01)
os.close(f)'
	limit cat f >got
	ends_with 0
	cmp got in
}

@test "what the peers of unix-listen: had written whose turn did not come is told at the end" {
	go -k unix-listen:s >out 2>err
	eventually [ -S s ]
	eventually asleep "$child"
	run -0 limit python3 -c '
import os, signal, socket, sys, time
def peer(bytes):
    peer = socket.socket(socket.AF_UNIX)
    peer.connect("s")
    peer.sendall(bytes)
    return peer
first = peer(b"one\n")
while os.path.getsize("out") < 4:
    time.sleep(0.01)
second, third = peer(b"two\n" * 1000), peer(b"three\n")
third.close()
os.kill(int(sys.argv[1]), signal.SIGTERM)
while os.path.exists("s"): # the first stays as long
    time.sleep(0.01)' "$pid"
	ends_with 143
	[ "$(<out)" = one ]
	[[ $(<err) == *" 4006 bytes were left unread in unix-listen:s" ]]
	[ ! -e s ]
	# Those whose turn comes lose nothing.
	go -k unix-listen:s >out 2>err
	eventually [ -S s ]
	eventually asleep "$child"
	for word in one two three; do relay --to unix:s <<<$word; done
	eventually eval '[ "$(wc -l <out)" -eq 3 ]'
	kill "$pid"
	ends_with 143
	[ ! -s err ]
}

@test "--slow=cut: a reader that goes by itself is told, and is no failure; status 0" {
	mkfifo source
	exec 8<>source
	for words in --slow=cut --slow=block --slow=drop; do
		mkfifo a
		exec 9<>a
		go $words -b 1M - --to a <source 2>err
		echo word >&8
		eventually has_written "$child" 5
		exec 9>&-
		if [ $words = --slow=cut ]; then ends_with 0; else ends_with 1; fi
		[[ $(<err) == *"the reader of a has gone: 5 bytes written, 5 of them lost in its pipe" ]]
		rm a
	done
	# And one that goes when all has been written, but not read.
	mkfifo a
	exec 9<>a
	go --slow=cut -b 1M - --to a <source 2>err
	echo word >&8
	eventually has_written "$child" 5
	kill -STOP "$child"
	exec 8>&- 9>&-
	kill -CONT "$child"
	ends_with 0
	[[ $(<err) == *" 5 of them lost in its pipe" ]]
}

@test "a sink that is cut off gets the rest of its record, however long it is" {
	head -c 192608 /dev/zero | tr '\0' r >record
	echo >>record
	limit ipc-pipe-relay --slow=cut -b 64K <record 2>err | { eventually grep -q 'cut off' err && cat; } | cmp - record
}

@test "a reader of a sink that is cut off goes in the middle of a long record: the other sink misses nothing" {
	{ head -c 12000000 /dev/zero | tr '\0' r && echo && seq 2000; } >records
	mkfifo a
	exec 9<>a 8<a 9>&-
	limit ipc-pipe-relay -k -F line --slow=cut -b 64K --drain-timeout=1 - --to a - <records 2>err >out 3>&- 8<&- &
	pid=$!
	eventually grep -q 'a is too slow: cut off' err
	# As much as has it in the tail, which is full, and in the record still.
	head -c 300000 <&8 >/dev/null
	exec 8<&-
	status=0
	wait $pid || status=$?
	[ $status -eq 0 ]
	cmp records out
}

@test "no descriptor left for a pipe of our own: nothing is lost" {
	need_faults
	seq 100000 >bytes
	cat bytes | limit strace -qq -o trace -e trace=pipe2 -e inject=pipe2:error=EMFILE ipc-pipe-relay -b 300 | cmp - bytes
	grep -q INJECTED trace
}
