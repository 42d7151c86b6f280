#!/usr/bin/env bats
# A pipe is what "cat FILE |" is for here.
# shellcheck disable=SC2002

# Faults and campaigns are in ipc-pipe-relay-faults.bats.

load helpers

setup() {
	cd "$tmp"
	head -c 300000 /dev/urandom >in
	seq 20000 >lines
}

relay() { limit ipc-pipe-relay "$@"; }

# The same in the background; signals to $pid reach it.
go() {
	timeout --kill-after=10 "${LIMIT:-20}" ipc-pipe-relay "$@" <&0 3>&- &
	pid=$!
}

# The relay that go has started listens on the socket $1: it is there a moment before.
listens() {
	local child
	[ -S "$1" ] && child=$(pgrep -P "$pid" ipc-pipe-relay) && asleep "$child"
}

# The relay that go has started ends with status $1.
ends_with() {
	local status=0
	wait "$pid" || status=$?
	[ "$status" -eq "$1" ] || { echo "status $status" && false; }
}

# The relay below timeout(1), which is process $1, answers in the file err when it is asked.
asked() {
	local child
	eventually pgrep -P "$1" ipc-pipe-relay >/dev/null
	child=$(pgrep -P "$1")
	# Until it reads its signals, this one would end it.
	eventually grep -qE '^SigBlk:.*[2367abef]..$' "/proc/$child/status"
	kill -USR1 "$child"
	eventually [ -s err ]
}

# Field $2 of sink $3 (0 if left out) in the JSON summary that ends file $1.
account() { tail -n 1 "$1" | jq ".sinks[${3:-0}].$2"; }

@test "standard input to standard output, byte for byte, whatever they are" {
	cat in | relay | cmp - in
	relay <in | cmp - in
	cat in | relay >out
	cmp in out
	: >out
	relay <in >>out
	cmp in out
	cat in | relay >>out
	cat in in | cmp - out
	relay </dev/null | cmp - /dev/null
	relay - --to - <in | cmp - in
}

@test "a path, an inherited descriptor, and a sink file" {
	mkfifo a
	go in --to a
	cat a >out
	wait $!
	cmp in out
	cat in | relay fd:7 7<&0 </dev/null | cmp - in
	relay fd:7 --to fd:8 7<in 8>out </dev/null >other
	cmp in out
	[ ! -s other ]
}

@test "wrong ends: status 2, 4 or 1, and nothing is touched" {
	for word in '' fd: fd:x fd:-1 unix: unix-listen: "unix:$(printf 'x%.0s' {1..108})"; do
		run -2 relay "$word"
		run -2 relay --to "$word"
	done
	run -4 relay missing
	run -4 relay --to missing
	run -4 relay unix:missing
	[ ! -e missing ]
	run -1 relay .
	run -1 relay --to .
	run -1 relay fd:77
	for i in 3 4 5 6 7 8; do # which would be the relay's own
		run -1 bash -c "timeout 60 ipc-pipe-relay -b 1M --spill=. fd:$i </dev/null 3>&-"
	done
	run -1 relay --to fd:0 </dev/null
	run -1 bash -c "timeout 60 ipc-pipe-relay <&-"
	run -1 bash -c "timeout 60 ipc-pipe-relay in >&-"
}

@test "one file at both ends, or twice among the sinks: status 2" {
	mkfifo a
	cp in copy
	run -2 relay in --append --to in
	run -2 relay --append --to in <in
	run -2 relay a --to a
	run -2 relay --mkfifo new --to new
	run -2 relay in --to a a
	run -2 relay unix-listen:s --to unix:s
	[ ! -e new ] && [ ! -e s ]
	cmp in copy
}

@test "one file that is missing, by two names: status 2, and nothing is left" {
	local LIMIT=10
	run -2 relay --mkfifo new --to ./new
	run -2 relay --truncate in --to new ./new
	run -2 relay unix-listen:s --to unix:./s
	[ ! -e new ] && [ ! -e s ]
}

@test "--to: the first ends the sources; options still count after it" {
	run -0 relay in --to --truncate out --to
	cmp in out
	run -2 relay --to=out in
}

@test "a regular file as a sink needs --append or --truncate, which make it, too" {
	cp lines out
	run -2 relay in --to out
	ln -s out link
	run -2 relay in --to link
	cmp lines out
	relay in --append --to out
	cat lines in | cmp - out
	relay in --truncate --to out
	cmp in out
	relay in --truncate --to new1
	relay in --append --to new2
	cmp in new1
	cmp in new2
	[ "$(stat -c %a new1)" = 600 ]
	run -2 relay in --append --truncate --to out
}

@test "where one end cannot be opened, the others are as they were" {
	cp lines out
	mkfifo a
	run -4 relay --truncate in --to out new missing/x
	run -1 relay --truncate in --to out new /dev/full/x
	run -4 relay --truncate --to out new unix:missing <in
	cmp lines out
	[ ! -e new ]
	run -4 relay --mkfifo new --to missing/x
	[ ! -e new ]
	ln -s target link # leads nowhere yet
	relay in --append --to link
	cmp in target
}

@test "--mode is exact for a file that is made, too" {
	umask 077
	relay in --append --mode=0664 --to new
	[ "$(stat -c %a new)" = 664 ]
	relay lines --truncate --mode=0600 --to new
	[ "$(stat -c %a new)" = 664 ]
}

@test "--mkfifo makes what is missing, with exactly --mode, and removes what it has made" {
	mkfifo -m 640 old
	umask 077
	go --mkfifo --mode=0666 in --to new
	eventually [ -p new ]
	[ "$(stat -c %a new)" = 666 ]
	cat new | cmp - in
	wait $!
	[ ! -e new ]
	go --mkfifo in --to old
	cat old | cmp - in
	wait $!
	[ -p old ]
	run -2 relay -m 0600 in
	run -2 relay --mkfifo -m 888 in
	go --mkfifo -m 600 new <in # stopped: removed, too
	eventually [ -p new ]
	kill "$(pgrep -P "$pid")" # timeout(1) may not know yet whom to pass it on to
	eventually [ ! -e new ]
	wait $! || true
}

@test "-k outlives the writers of a FIFO; without it the last one ends it" {
	mkfifo a
	go a >out
	echo 1 >a
	wait $!
	[ "$(cat out)" = 1 ]
	go -k a >out
	pid=$!
	for i in 1 2 3; do
		echo $i >a
		eventually grep -qx $i out
	done
	kill $pid
	ends_with 143
	seq 3 | cmp - out
}

# At least $1 writers of a have come and gone.
writers_gone() { [ "$(grep -c 'writer of a has gone' err)" -ge "$1" ]; }

@test "-k -F: a writer that ends without a terminator gets one, of a single source, too" {
	mkfifo a
	for words in "-F line" -0; do
		# shellcheck disable=SC2086
		go -k $words -v a 2>err >out
		printf part >a
		eventually writers_gone 1
		: >a # which has no record
		eventually writers_gone 2
		printf 'more\n\0' >a
		eventually writers_gone 3
		kill "$pid"
		ends_with 143
		mv out "out$words"
	done
	printf 'part\nmore\n\0\n' | cmp - "out-F line"
	printf 'part\0more\n\0' | cmp - out-0
	# Without -F the bytes are what they were.
	go -k -v a 2>err >out
	for text in part whole; do printf %s $text >a && eventually writers_gone 1; done
	eventually grep -q partwhole out
	kill "$pid"
	ends_with 143
	# So they are at the end of a source that has no next writer.
	printf part | relay -k -F line | cmp - <(printf part)
}

@test "-k outlives the readers of a FIFO: what one has left is the next one's" {
	mkfifo a
	go -v --keep-open lines --to a 2>err
	pid=$!
	head -c 1000 a >out
	eventually grep -q 'the reader of a has gone, waiting for the next' err
	head -c 5000 a >>out
	cat a >>out
	wait $pid
	# head(1) reads more than it writes.
	cat out | head -c 1000 | cmp - <(head -c 1000 lines)
	tail -n 10 out | cmp - <(tail -n 10 lines)
}

@test "-k -F line --mkfifo: each reader begins with a whole record, and none is lost" {
	seq 200000 >many
	go -k -F line --mkfifo many --to log --json 2>err
	pid=$!
	eventually [ -p log ]
	for i in 1 2 3; do
		dd if=log of=part$i bs=1001 count=1 status=none
	done
	cat log >rest
	wait $pid
	for i in 1 2 3; do sed '$d' part$i; done >got
	cat got rest | cmp - many
	[ "$(account err lost_bytes)" = 0 ]
	[ ! -e log ]
}

# The relay below timeout(1), which is process $1, has the file $2 open.
has_open() { find "/proc/$(pgrep -P "$1" ipc-pipe-relay)/fd" -lname "$2" 2>/dev/null | grep -q .; }

@test "a FIFO is the one that was opened, whatever its path names later" {
	mkfifo a
	ln a same
	echo untouched >victim
	go -v -k in --to a 2>err # nobody reads: it is looked for again and again
	eventually has_open "$pid" "$PWD/a"
	ln -sf victim link
	mv -T link a
	cat same | cmp - in
	ends_with 0
	[ "$(cat victim)" = untouched ]
	[ -L a ]
	# One that the relay has made is not removed when it is not there any more.
	go --mkfifo in --to made
	eventually [ -p made ]
	ln made same2
	ln -sf victim link
	mv -T link made
	cat same2 | cmp - in
	ends_with 0
	[ -L made ] && [ "$(cat victim)" = untouched ]
}

@test "unix-listen: does not remove a socket that is not its own any more" {
	go unix-listen:s >out
	first=$pid
	eventually listens s
	mv s away
	go -k unix-listen:s >other
	second=$pid
	eventually listens s
	relay in --to unix:away
	wait "$first"
	cmp in out
	[ -S s ]
	kill "$second"
	pid=$second
	ends_with 143
	[ ! -e s ]
}

@test "-t and -n bound the wait for the other side: status 3, silent with -q" {
	mkfifo a b
	start=${EPOCHREALTIME/./}
	run -3 relay -t 200ms a
	[ $((${EPOCHREALTIME/./} - start)) -ge 200000 ]
	for words in -n "-q -t 0" --timeout=0.1; do # nothing was done: silence
		# shellcheck disable=SC2086
		run -3 relay $words in --to a
		[ "$output" = "" ]
	done
	run -3 relay -v -n in --to a
	[ "$output" = "ipc-pipe-relay: nobody has opened the other side of a in time" ]
	run -3 relay -n unix-listen:s
	[ ! -e s ]
	run -2 relay -t x
	# The others get everything.
	run -3 relay -t 0.1 in --truncate --to a out
	cmp in out
	[[ $output == *"nobody has opened the other side of a in time: 300000 bytes were moved"* ]]
	# What was taken is told.
	run -3 relay -q -b 1M -t 0.1 --to a <<<hello
	[ "$output" = "ipc-pipe-relay: 6 bytes could not be delivered to a" ]
}

@test "a sink without a reader does not stop another one" {
	mkfifo a b
	printf 'hello\n' | relay --to a b 3>&- &
	pid=$!
	[ "$(limit cat b)" = hello ] # to its end: b is closed
	[ "$(limit cat a)" = hello ]
	wait $pid
}

@test "an idle relay takes no time" {
	mkfifo a b c d
	go -k a --to b
	pids=("$pid")
	go -k c --to d
	pids+=("$pid")
	: >a # a writer that has come and gone, and a reader
	timeout 0.2 cat b || true
	ticks() { awk '{ print ($14 + $15) * 10 }' "/proc/$1/stat"; }
	for i in 0 1; do
		children[i]=$(pgrep -P "${pids[i]}")
		before[i]=$(ticks "${children[i]}")
	done
	timeout 5 tail -f /dev/null || true
	for i in 0 1; do
		[ $(($(ticks "${children[i]}") - before[i])) -lt 20 ]
	done
	kill "${pids[@]}"
	wait || true
}

# How many bytes are unread in the pipe that is descriptor $1.
unread() { python3 -c "import fcntl, sys; print(int.from_bytes(fcntl.ioctl($1, 0x541B, bytes(4)), sys.byteorder))"; }
has_unread() { [ "$(unread "$1")" -ge "$2" ]; }
has_taken() { [ "$(unread "$1")" -eq 0 ]; }

@test "a reader that dies: status 1, and what is in its pipe is told in bytes" {
	mkfifo a
	go -b 200000 in --json --to a 2>err
	exec 5<a # and reads nothing
	eventually has_unread 5 65536
	exec 5<&-
	ends_with 1
	[ "$(account err lost_bytes)" -eq 65536 ]
	[ "$(account err bytes)" -eq 65536 ]
	grep -q 'the reader of a has gone: 65536 bytes written, 65536 of them lost' err
}

@test "what the last reader under -k has left in its pipe is told when no other comes" {
	mkfifo a src
	for words in "" "-b 1M"; do
		# shellcheck disable=SC2086
		go -k -q -t 100ms $words --json src --to a 2>err # nobody comes in time
		exec 5>src 6<a
		head -c 10000 lines >&5
		eventually has_unread 6 10000
		exec 5>&- 6<&-
		ends_with 3
		grep -q 'lost 10000 bytes' err || [ "$(account err lost_bytes)" = 10000 ]
		# shellcheck disable=SC2086
		go -k -v $words src --to a 2>err # or a signal
		exec 5>src 6<a
		head -c 10000 lines >&5
		eventually has_unread 6 10000
		exec 6<&-
		eventually grep -q 'the reader of a has gone' err
		kill "$pid"
		ends_with 143
		exec 5>&-
		grep -q 'sink a: 10000 bytes, .*, lost 10000 bytes$' err
	done
}

@test "a socket whose listener goes before it has taken us: what was for it is told" {
	run -1 limit python3 -c '
import os, socket, subprocess, sys
listener, waiting = socket.socket(socket.AF_UNIX), []
listener.bind("s")
listener.listen(0)
try:
    while True:
        waiting.append(socket.socket(socket.AF_UNIX))
        waiting[-1].setblocking(False)
        waiting[-1].connect("s")
except BlockingIOError:
    pass
relay = subprocess.Popen(["ipc-pipe-relay", "-b", "1M", "--to", "unix:s", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
relay.stdin.write(b"hello\n")
relay.stdin.flush()
assert relay.stdout.readline() == b"hello\n"
listener.close()
relay.stdin.close()
sys.exit(relay.wait())'
	[[ $output == *"6 bytes could not be delivered to unix:s"* ]]
}

@test "an inherited socket that waits when it is written to keeps no signal from coming" {
	limit python3 -c '
import os, socket, subprocess
ours, sink = socket.socketpair()
source, writer = os.pipe()
relay = subprocess.Popen(["ipc-pipe-relay", "--drain-timeout=0"], stdin=source, stdout=sink.fileno())
os.close(source)
sink.close()
os.set_blocking(writer, False)
last = ""
while True:
    try:
        os.write(writer, bytes(65536))
    except BlockingIOError:
        # Nobody reads, the pipe is full, and the relay rests.
        state = open(f"/proc/{relay.pid}/status").read()
        turns = state[state.find("\nvoluntary") :]
        if "\nState:\tS" in state and turns == last:
            break
        last = turns
relay.terminate()
try:
    assert relay.wait(5) == -15
finally:
    ours.close()'
}

@test "an inherited TCP socket that waits when it is read from keeps neither bytes nor signals from coming" {
	mkfifo a b
	for sinks in - "a b" unix:s; do
		# shellcheck disable=SC2086
		limit python3 -c '
import os, select, socket, subprocess, sys
sinks = sys.argv[1:]
listener = socket.create_server(("127.0.0.1", 0))
writer = socket.create_connection(listener.getsockname())
source, _ = listener.accept()
peer = socket.socket(socket.AF_UNIX)
peer.bind("s")
peer.listen()
a, b = (os.open(name, os.O_RDONLY | os.O_NONBLOCK) for name in "ab")
# It may have to wait for the relay, which must not keep us from ending that.
cat = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
relay = subprocess.Popen(["ipc-pipe-relay", "--to", *sinks], stdin=source, stdout=cat.stdin)
cat.stdin.close()
source.close()
try:
    peer.settimeout(10)
    reader = peer.accept()[0] if sinks == ["unix:s"] else None
    got = {"-": cat.stdout, "a": a, "unix:s": reader}[sinks[0]]
    writer.sendall(b"hello\n")
    assert select.select([got], [], [], 10)[0], "nothing has come"
    assert os.read(got if got == a else got.fileno(), 100) == b"hello\n"
    relay.terminate()
    assert relay.wait(10) == -15
finally:
    relay.kill()' $sinks
		rm s
	done
}

@test "what was taken for a reader that dies, and not written, is told as well" {
	go --json -b 1M in --to fd:5 5> >(head -c 1 >first) 2>err
	ends_with 1
	[ "$(tail -n 1 err | jq .bytes)" = 300000 ]
	[ "$(sed -n 's/.*: \([0-9]*\) bytes could not be delivered to fd:5/\1/p' err)" -eq $((300000 - $(account err bytes))) ]
	# Of a socket nobody knows what its reader has left.
	go unix-listen:s2 --to unix-listen:s 2>err
	eventually listens s
	python3 -c '
import socket
s = socket.socket(socket.AF_UNIX)
s.connect("s")'
	ends_with 1
	grep -q 'the reader of unix-listen:s has gone: 0 bytes written; what it has not read' err
}

# For a test that makes system calls fail.
needs_strace() {
	command -v strace >/dev/null || skip "strace is not installed"
	strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
	export ASAN_OPTIONS=detect_leaks=0
}

@test "a descriptor that is named twice is closed once: its number may be another file's by then" {
	needs_strace
	limit strace -qq -o trace -e trace=close ipc-pipe-relay fd:7 --to fd:7 7<>/dev/null
	[ "$(grep -c '^close(7)' trace)" -eq 1 ]
}

@test "a failure to close what was written is told: status 1" {
	needs_strace
	: >out
	for words in "--truncate --to out" "--to -" "-b 1M --to fd:8"; do
		# shellcheck disable=SC2086
		strace -qq -o trace -e trace=write,close ipc-pipe-relay in $words 8>fd8 >fd1
		first=$(sed '/^write/q' trace | grep -c '^close' || true)
		status=0
		# shellcheck disable=SC2086
		limit strace -qq -o /dev/null -e "inject=close:error=EIO:when=$((first + 1))" \
			ipc-pipe-relay in $words 8>fd8 >fd1 2>err || status=$?
		[ "$status" -eq 1 ]
		grep -qE '^ipc-pipe-relay: cannot write to (out|standard output|fd:8): Input/output error$' err
	done
}

@test "no memory for what the kernel cannot move alone: status 1, and no endless try" {
	! grep -q __asan_init "$(command -v ipc-pipe-relay)" || skip "the sanitizer takes memory of its own"
	needs_strace
	cat in | limit strace -qq -o trace -e trace=mmap,splice -e inject=splice:error=EINVAL ipc-pipe-relay | cmp - in
	first=$(sed '/^splice/q' trace | grep -c '^mmap')
	status=0
	cat in 2>/dev/null | limit strace -qq -o /dev/null -e inject=splice:error=EINVAL \
		-e "inject=mmap:error=ENOMEM:when=$((first + 1))+" ipc-pipe-relay 2>err || status=${PIPESTATUS[1]}
	[ "$status" -eq 1 ]
	grep -qx 'ipc-pipe-relay: cannot make a buffer: not enough memory' err
}

@test "where tee(2) or splice(2) is refused, nothing of a socket is lost" {
	needs_strace
	mkfifo a b
	with_fault() {
		limit cat a >out1 3>&- &
		limit cat b >out2 3>&- &
		limit python3 -c '
import socket, subprocess, sys
ours, source = socket.socketpair()
relay = subprocess.Popen(sys.argv[1:], stdin=source)
source.close()
ours.sendall(open("in", "rb").read())
ours.close()
sys.exit(relay.wait())' strace -qq -o /dev/null -e "inject=$1" ipc-pipe-relay --to a b
	}
	for fault in tee:error={ENOSYS,EPERM,EINVAL} splice:error={ENOSYS,EPERM,EINVAL}; do
		with_fault "$fault"
		wait
		cmp out1 in
		cmp out2 in
	done
	# Too late for another way: told.
	status=0
	with_fault tee:error=ENOSYS:when=2+ 2>err || status=$?
	wait
	[ "$status" -eq 1 ]
	grep -qxE 'ipc-pipe-relay: 300000 bytes could not be delivered to [ab]' err
	cmp out1 in || cmp out2 in # whichever came second
}

@test "the last bytes before the end reach a sink that had all before them" {
	needs_strace
	mkfifo src a b
	# It looks for the end, slowly; meanwhile more comes, and the end.
	timeout 60 strace -qq -o /dev/null -e trace=ioctl -e inject=ioctl:delay_exit=300000 ipc-pipe-relay src --to a b 3>&- &
	pid=$!
	exec 5>src 6<a
	echo first >&5
	read -r line <&6
	[ "$line" = first ]
	echo second >&5
	exec 5>&-
	[ "$(limit cat b)" = $'first\nsecond' ]
	[ "$(limit cat <&6)" = second ]
	exec 6<&-
	ends_with 0
}

@test "a sink that has got all of a socket is closed, though another one has no reader yet" {
	mkfifo a b
	go unix-listen:s --to a b
	exec 6<a
	eventually listens s
	echo hello | relay --to unix:s
	LIMIT=10 limit cat <&6 >out # it comes to its end
	[ "$(cat out)" = hello ]
	[ "$(limit cat b)" = hello ]
	exec 6<&-
	ends_with 0
}

@test "somebody else reads the source of several sinks, too: told, and no endless try" {
	mkfifo src a b
	go src --to a b 2>err
	exec 5<>src 6<a
	printf 0123456789 >&5
	[ "$(head -c 10 <&6)" = 0123456789 ]
	[ "$(head -c 10 <&5)" = 0123456789 ] # b has not got them
	exec 5<&- 7<b
	ends_with 1
	grep -qx 'ipc-pipe-relay: cannot write to b: Input/output error' err
	grep -qx 'ipc-pipe-relay: 10 bytes could not be delivered to b' err
	exec 6<&- 7<&-
}

@test "a device that has nothing yet does not keep signals from coming" {
	python3 -c '
import ctypes, os
os.dup2(ctypes.CDLL(None).inotify_init(), 0)
os.execvp("timeout", ["timeout", "-k1", "10", "ipc-pipe-relay"])' 2>err >out 3>&- &
	pid=$!
	asked "$pid"
	kill "$pid"
	ends_with 143
}

@test "-k with a FIFO that was inherited and may not be opened again: told, status 1" {
	[ "$(id -u)" -eq 0 ] || skip "this needs a second user"
	mkfifo -m 600 a
	as_nobody true || skip "no other user can be had here"
	exec 5<>a 6<a
	echo line >&5
	status=0
	as_nobody ipc-pipe-relay -k <&6 >out 2>err 5>&- 6<&- &
	pid=$!
	exec 6<&-
	eventually grep -qx line out
	exec 5>&-
	ends_with 1
	grep -qx 'ipc-pipe-relay: cannot read standard input: Permission denied' err
}

@test "a dead sink is noticed while the source is silent, and does not stop the others" {
	mkfifo a b
	go a --to b 2>err
	exec 7>a 6<b
	exec 6<&-
	ends_with 1
	exec 7>&-
	go a --to b - >out 2>err
	exec 7>a 6<b
	exec 6<&-
	eventually grep -q 'reader of b has gone' err
	cat in >&7
	exec 7>&-
	ends_with 1
	cmp in out
}

@test "several sources are merged line by line, or record by record" {
	relay <(printf 'a\nb') <(printf 'c\n') - </dev/null | sort | cmp - <(printf 'a\nb\nc\n')
	relay -F nul <(printf 'a\nb\0') <(printf 'c') | sort -z | cmp - <(printf 'a\nb\0c\0')
	relay -0 <(printf 'a') <(printf 'c') | sort -z | cmp - <(printf 'a\0c\0')
	for frame in json whole netstring x; do run -2 relay -F $frame; done
}

@test "a source that stops in mid-record holds the others up only beyond -b" {
	mkfifo a b
	go -b 4K a b >out
	pid=$!
	exec 5>a 6>b
	printf 'part' >&5
	printf 'whole\n' >&6
	eventually grep -qx whole out
	# Longer than the buffer: it has the sink for itself until it ends.
	head -c 10000 /dev/zero | tr '\0' x >&5
	eventually bash -c '[ $(wc -c <out) -gt 4096 ]'
	printf 'second\n' >&6
	printf '\n' >&5
	exec 5>&- 6>&-
	wait $pid
	{ echo whole && printf part && head -c 10000 /dev/zero | tr '\0' x && printf '\nsecond\n'; } | cmp - out
}

@test "a record without an end is spilled, not kept in memory" {
	mkfifo a
	go -b unlimited --spill=. a <(echo other) >out
	exec 5>a
	head -c 3M /dev/zero | tr '\0' x >&5
	eventually bash -c '[ $(wc -c <out) -ge $((2 << 20)) ]'
	exec 5>&-
	ends_with 0
	{ echo other && head -c 3M /dev/zero | tr '\0' x && echo; } | cmp - <(sort out)
}

@test "--slow=drop loses whole records, and counts them" {
	mkfifo a src
	go --slow=drop -b 4K --json src --to a - 2>err >/dev/null
	exec 5<a
	limit cat lines lines lines >src
	cat <&5 >got
	wait "$pid"
	[ "$(account err dropped_records)" -gt 0 ]
	[ $(($(account err dropped_records) + $(wc -l <got))) -eq 60000 ]
	[ $(($(account err dropped_bytes) + $(wc -c <got))) -eq $((3 * $(wc -c <lines))) ]
	sort -u got | comm -23 - <(sort lines) | cmp - /dev/null
	run -2 relay --slow=never
	exec 5<&-
	# Nobody reads: the end is not waited for.
	run -0 relay --slow=drop lines --to a
	[[ $output == *"dropped 20000 records"* ]]
}

@test "--slow=drop keeps a record that is longer than the buffer whole" {
	{ head -c 100000 /dev/zero | tr '\0' x && echo && echo end; } >long
	mkfifo a
	cat a >got 3>&- &
	exec 5>a # the reader is there
	cat long | relay --slow=drop -b 1K --to a 5>&-
	exec 5>&-
	wait $!
	[ "$(awk 'length > 3' got | wc -c)" -eq 100001 ] || [ "$(awk 'length > 3' got | wc -c)" -eq 0 ]
}

@test "--slow=drop drops nothing for a source that is at its end" {
	mkfifo a src other
	for i in {1..256}; do printf '%031d\n' "$i"; done >records
	for words in src "src other"; do
		exec 6<>a
		dd if=/dev/zero bs=65536 count=1 status=none >&6 # and a is full
		# shellcheck disable=SC2086
		go --slow=drop -b 4K --json $words --to a 2>err
		exec 5>src
		[ "$words" = src ] || exec 7>other
		# What fits into the buffer, and the stage that a merge has.
		head -c $((4096 + (${#words} > 3) * 4096)) records >&5
		eventually has_taken 5
		exec 5>&- 7>&-
		eventually asleep "$(pgrep -P "$pid" ipc-pipe-relay)"
		exec 7<a 6>&-
		cat <&7 | tail -c +65537 >got
		exec 7<&-
		ends_with 0
		[ "$(account err dropped_records)" = 0 ]
		cmp -n "$(account err bytes)" got records
	done
}

@test "--slow=drop keeps no more than the buffer of a record that a sink has begun" {
	mkfifo a src
	go --slow=drop -b 64K --drain-timeout=0 --json src --to a - >out 2>err
	exec 5>src 6<a # which reads nothing
	head -c 2M /dev/zero | tr '\0' x >&5 2>/dev/null 3>&- &
	eventually has_unread 6 60000
	eventually has_unread 5 60000
	eventually asleep "$(pgrep -P "$pid" ipc-pipe-relay)"
	kill "$pid"
	ends_with 143
	[ "$(tail -n 1 err | jq .bytes)" -le $((4 * 65536)) ]
	exec 5>&- 6<&-
	wait || true
	# What is longer is whole, all the same.
	{ head -c 2M /dev/zero | tr '\0' x && echo; } >long
	go --slow=drop -b 64K src --to a - >out
	exec 5>src 6<a
	timeout 20 cat long >&5 3>&- &
	eventually has_unread 6 60000
	exec 5>&-
	cat <&6 | cmp - long
	exec 6<&-
	ends_with 0
	cmp out long
}

@test "a merge is not held up by a slow sink in a long record, if that may lose it or is cut" {
	mkfifo a src other
	{ head -c 300000 /dev/zero | tr '\0' x && echo; } >long
	for policy in drop cut; do
		go --slow=$policy -b 4K --drain-timeout=50ms --json src other --to a - >out 2>err
		exec 5>src 7>other
		[ $policy = drop ] || exec 6<a # and reads nothing; nobody else does
		timeout 20 cat long >&5 3>&- 6>&- 7>&- &
		eventually grep -qx "x*" out # though neither source is at its end
		echo last >&7
		eventually grep -qx last out
		exec 5>&- 6<&- 7>&-
		ends_with 0
		[ $policy = cut ] || [ "$(account err dropped_records)" -ge 1 ]
		[ $policy = drop ] || [ "$(account err cut)" = true ]
	done
}

@test "--slow=cut closes a slow sink after a whole record, and goes on; status 0" {
	mkfifo a
	cat lines lines lines | relay --slow=cut -b 10K --json --drain-timeout=5m --to a - >all 2>err 3>&- &
	exec 5<a
	eventually grep -q 'a is too slow: cut off after' err
	cat <&5 >part
	wait $!
	cat lines lines lines | cmp - all
	[ "$(account err cut)" = true ]
	[ "$(tail -c 1 part | tr '\n' x)" = x ]
	cat lines lines lines | cmp -n "$(wc -c <part)" - part
}

@test "-b 0 takes nothing before a sink can take it" {
	mkfifo a
	{ run -3 relay -q -b 0 -t 0.2 --to a && cat; } < <(echo hello) >left
	[ "$(cat left)" = hello ]
	{ run -3 relay -q -b 0 -t 0.2 - <(:) --to a && cat; } < <(echo hello) >left
	[ "$(cat left)" = hello ]
	python3 -c '
import os, socket
ours, source = socket.socketpair()
sink, other = socket.socketpair()
ours.send(b"hello")
sink.setblocking(False)
try:
    while True:
        sink.send(bytes(4096))
except BlockingIOError:
    pass
os.dup2(source.fileno(), 0), os.dup2(sink.fileno(), 1)
ours.set_inheritable(True), other.set_inheritable(True)
os.execvp("timeout", ["timeout", "-k1", "10", "ipc-pipe-relay", "-b", "0", "--json"])' 2>err 3>&- &
	pid=$!
	asked "$pid"
	[ "$(jq .bytes err)" = 0 ]
	kill "$pid"
	ends_with 143
	# The pipe of a sink holds a page.
	go -b 0 in --to a
	exec 5<a
	eventually has_unread 5 1
	eventually asleep "$(pgrep -P "$pid")"
	[ "$(unread 5)" -le "$(getconf PAGESIZE)" ]
	cat <&5 | cmp - in
	exec 5<&-
	ends_with 0
	run -2 relay -b 0 --slow=drop
	run -2 relay -b 0 --slow=cut
	cat in | relay -b 0 | cmp - in
	relay -b 0 in | cmp - in
	relay -b 0 in --to - | cmp - in
}

@test "-b SIZE holds that much and no more" {
	mkfifo a
	go -b 100K --json in --to a 2>err
	pid=$!
	cat a | cmp - in
	wait $pid
	most=$(tail -n 1 err | jq .buffered_most)
	[ "$most" -gt 0 ] && [ "$most" -le 102400 ]
	for words in "-b x" "-b -1" "-b unlimited" "--spill=." "-b 0 --spill=."; do
		# shellcheck disable=SC2086
		run -2 relay ${words}
	done
	run -1 relay -b 1K --spill=missing
	run -1 relay -b 8000000T in
}

@test "-b unlimited --spill never holds the writer up; its file has no name" {
	mkdir disk
	mkfifo a
	head -c 20M /dev/urandom >much
	mkfifo src
	go -b unlimited --spill=disk --json src --to a 2>err
	pid=$!
	exec 5<a # a reader that reads nothing
	limit cat much >src
	[ "$(ls -A disk)" = "" ]
	limit cat <&5 | cmp - much
	exec 5<&-
	wait $pid
	[ "$(tail -n 1 err | jq '.buffered_most > 15000000')" = true ]
}

@test "a full spill disk holds the writer up, loses nothing and is told" {
	mkdir disk
	mount -t tmpfs -o size=2m none disk 2>/dev/null || skip "nothing can be mounted here"
	head -c 8M /dev/urandom >much
	mkfifo a
	go -b unlimited --spill=disk much --to a 2>err
	pid=$!
	exec 5<a
	eventually grep -q 'cannot spill more, waiting for the sinks: No space left on device' err
	cmp - much <&5
	exec 5<&-
	wait $pid
	umount disk
}

@test "-R is a rate at every moment: silence is not saved up" {
	start=${EPOCHREALTIME/./}
	head -c 50000 in | relay -R 100kB | cmp - <(head -c 50000 in)
	[ $((${EPOCHREALTIME/./} - start)) -ge 450000 ]
	mkfifo a
	go --rate=100kB --stats a --to - >out 2>err
	pid=$!
	exec 5>a
	echo first >&5
	eventually grep -q first out
	timeout 0.7 tail -f /dev/null || true # a silence
	start=${EPOCHREALTIME/./}
	head -c 50000 in >&5
	exec 5>&-
	wait $pid
	[ $((${EPOCHREALTIME/./} - start)) -ge 450000 ]
	head -c 50000 in | relay -R 100kB -b 1M | cmp - <(head -c 50000 in)
	run -2 relay -R 0
}

@test "--stats and --json tell bytes and waits; SIGUSR1 at once; -q silences them" {
	mkfifo a b
	go a --json --to b 2>err
	pid=$!
	exec 5>a
	exec 6<b
	echo hello >&5
	read -r line <&6
	[ "$line" = hello ]
	kill -USR1 "$(pgrep -P "$pid")"
	eventually [ -s err ]
	[ "$(head -n 1 err | jq .bytes)" = 6 ]
	exec 5>&-
	wait $pid
	[ "$(account err bytes)" = 6 ]
	[ "$(tail -n 1 err | jq '.sources[0].waited > 0 and .version == 1 and .elapsed > 0')" = true ]
	run -0 bash -c 'timeout 60 ipc-pipe-relay --stats in 2>&1 >/dev/null'
	[[ ${lines[0]} == "ipc-pipe-relay: 300000 bytes in "* ]]
	[[ ${lines[1]} == "ipc-pipe-relay: source in: 300000 bytes, waited for "* ]]
	[[ ${lines[2]} == "ipc-pipe-relay: sink standard output: 300000 bytes, waited for "* ]]
	run -0 bash -c 'timeout 60 ipc-pipe-relay -q --stats in 2>&1 >/dev/null'
	[ "$output" = "" ]
}

@test "who comes to a FIFO while it is removed does not wait for ever" {
	in_unlink() {
		local number
		{ read -r number _ <"/proc/$1/syscall"; } 2>/dev/null || return 1
		case $(uname -m):$number in x86_64:87 | aarch64:35) return 0 ;; esac
		return 1
	}
	strace -qq -o /dev/null -e inject=unlink,unlinkat:delay_enter=1000000:when=1 \
		ipc-pipe-relay -q -t 50ms --mkfifo in --to made 3>&- &
	pid=$!
	child_of() { child=$(pgrep -P "$pid" -x ipc-pipe-relay); }
	eventually child_of
	eventually in_unlink "$child"
	run -0 limit cat made
	[ "$output" = "" ]
	wait $pid || true
	[ ! -e made ]
}

@test "a FIFO that has taken the place of ours is not touched at the end" {
	ipc-pipe-relay --mkfifo in --to made 3>&- &
	pid=$!
	eventually test -p made
	mkfifo other
	mv other made
	cat made >out 3>&- &
	reader=$!
	in_open() { [[ "$(uname -m):$(cut -d' ' -f1 "/proc/$reader/syscall")" =~ ^(x86_64:257|aarch64:56)$ ]] && asleep $reader; }
	eventually in_open
	kill $pid
	wait $pid || true
	# Nobody has come to its other side: it still waits, for this.
	limit bash -c 'echo mine >made'
	wait $reader
	[ "$(cat out)" = mine ]
	[ -p made ]
}

@test "SIGTERM: takes no more, delivers what it holds, dies of the signal" {
	mkfifo a
	for signal in TERM QUIT; do
		go --mkfifo -b 1M a --to b 2>err
		pid=$!
		exec 5>a
		eventually test -p b
		exec 6<b
		cat in >&5
		kill -$signal "$(pgrep -P "$pid")"
		cat <&6 >out
		ends_with $((128 + $(kill -l $signal)))
		cmp in out
		exec 5>&- 6<&-
		[ ! -e b ]
	done
	mkfifo b
	# What cannot be delivered in time is told.
	go -b 1M --drain-timeout=100ms a --to b 2>err
	pid=$!
	exec 5>a
	exec 6<b
	cat in >&5
	kill -INT "$(pgrep -P "$pid")"
	ends_with 130
	eventually grep -q 'bytes could not be delivered to b' err
	exec 5>&- 6<&-
	run -2 relay --drain-timeout=x
}

@test "what is left in a source is told in bytes: after a signal, and when no sink is left" {
	mkfifo src a b
	go -k --json src --to a 2>err # which nobody reads
	exec 5>src
	echo hello >&5
	eventually pgrep -P "$pid" ipc-pipe-relay >/dev/null
	child=$(pgrep -P "$pid")
	eventually grep -qE '^SigBlk:.*[2367abef]..$' "/proc/$child/status"
	eventually asleep "$child"
	kill "$child"
	ends_with 143
	exec 5>&-
	grep -qx 'ipc-pipe-relay: 6 bytes were left unread in src' err
	[ "$(tail -n 1 err | jq .sources[0].unread_bytes)" = 6 ]

	go --stats src --to a 2>err
	exec 5>src 6<a
	child=$(pgrep -P "$pid")
	eventually asleep "$child"
	kill -STOP "$child"
	eventually grep -q '^State:.T' "/proc/$child/status"
	echo hello >&5
	exec 6<&-
	kill -CONT "$child"
	ends_with 1
	exec 5>&-
	grep -qx 'ipc-pipe-relay: 6 bytes were left unread in src' err
	grep -q 'source src: .*, left 6 bytes unread$' err

	# What a sink has got already is told of the others.
	go --drain-timeout=50ms src --to a b 2>err
	exec 5>src 6<a
	echo hello >&5
	read -r line <&6
	kill "$pid"
	ends_with 143
	[ "$(cat err)" = 'ipc-pipe-relay: 6 bytes could not be delivered to b' ]

	# Status 3, and nothing done: silence.
	exec 5<>src 6<&-
	echo hello >&5
	run -3 relay -n src --to a
	[ "$output" = "" ]
	exec 5>&-
}

@test "what one sink has got is not left in the source for its next reader, and the account says so" {
	mkfifo src a b
	exec 5<>src
	go --json --drain-timeout=50ms src --to a b 2>err # b has no reader
	exec 6<a
	echo hello >&5
	read -r line <&6
	[ "$line" = hello ]
	echo more >&5 # which no sink gets before b has the first
	kill "$pid"
	ends_with 143
	grep -qx 'ipc-pipe-relay: 6 bytes could not be delivered to b' err
	grep -qx 'ipc-pipe-relay: 5 bytes were left unread in src' err
	[ "$(tail -n 1 err | jq -c '[.bytes, .sources[0].unread_bytes, .sinks[].bytes]')" = '[6,5,6,0]' ]
	read -r line <&5
	[ "$line" = more ]
	exec 5>&- 6<&-
}

@test "what was taken of a socket for several sinks and not delivered is told" {
	mkfifo a b
	go --json --drain-timeout=50ms unix-listen:s --to a b 2>err # which nobody reads
	eventually listens s
	child=$(pgrep -P "$pid" ipc-pipe-relay)
	echo hello | relay --to unix:s
	has_taken() { kill -USR1 "$child" && grep -q '"bytes":6,' err; }
	eventually has_taken
	kill "$pid"
	ends_with 143
	grep -qx 'ipc-pipe-relay: 6 bytes could not be delivered to a' err
	grep -qx 'ipc-pipe-relay: 6 bytes could not be delivered to b' err

	# So it is when their readers die.
	go --json -R 1 unix-listen:s --to a b 2>err
	eventually listens s
	exec 6<a 7<b
	echo hello | relay --to unix:s
	[ "$(head -c 1 <&6)" = h ] && [ "$(head -c 1 <&7)" = h ]
	exec 6<&- 7<&-
	ends_with 1
	[ "$(tail -n 1 err | jq .bytes)" = 6 ]
	grep -qx "ipc-pipe-relay: $((6 - $(account err bytes 0))) bytes could not be delivered to a" err
	grep -qx "ipc-pipe-relay: $((6 - $(account err bytes 1))) bytes could not be delivered to b" err
}

@test "signals that come together are one wish to stop" {
	mkfifo a b
	go -b 1M a --to b 2>err
	exec 5>a 6<b
	cat in >&5
	child=$(pgrep -P "$pid")
	for signal in STOP TERM HUP CONT; do kill -$signal "$child"; done
	cat <&6 >out
	exec 5>&- 6<&-
	wait "$pid" || [ $? -eq 129 ] || [ $? -eq 143 ]
	cmp in out
	[ ! -s err ]
}

@test "-k -F: the record of a single source that is stopped in it is whole, or ended, and that is told" {
	mkfifo a
	for words in a -; do
		go -k -F line $words <>a >out 2>err
		exec 5<>a
		in_one_write 'first\nhalf of a li' >&5
		eventually grep -q half out
		child=$(pgrep -P "$pid")
		kill -STOP "$child"
		eventually grep -q '^State:.T' "/proc/$child/status"
		in_one_write 'ne\nnext\n' >&5
		kill -TERM "$child"
		kill -CONT "$child"
		ends_with 143
		[ "$(cat out)" = $'first\nhalf of a line' ]
		[ "$(unread 5)" -eq 5 ]
		go -k -F line $words <>a >out 2>err
		eventually grep -qx next out
		in_one_write 'half' >&5
		eventually grep -q half out
		kill "$pid"
		ends_with 143
		printf 'next\nhalf\n' | cmp - out
		grep -qE '^ipc-pipe-relay: a record of (a|standard input) that was not at its end was cut short$' err
		exec 5>&-
	done
}

@test "a merge whose source cannot be read any more does not pass off a part as a record" {
	needs_strace
	printf 'whole\nhalf' >first
	printf 'other\n' >second
	limit strace -qq -o trace -e trace=read ipc-pipe-relay first second >out
	first=$(sed -n 's/^read(\([0-9]*\), "whole.*/\1/p' trace)
	n=$(grep -n "^read($first, \"\"" trace | cut -d: -f1)
	status=0
	limit strace -qq -o /dev/null -e "inject=read:error=EIO:when=$n" ipc-pipe-relay --json first second >out 2>err || status=$?
	[ "$status" -eq 1 ]
	printf 'other\nwhole\n' | cmp - <(sort out)
	grep -qx 'ipc-pipe-relay: 4 bytes of a record of first that was not at its end were held back' err
	[ "$(tail -n 1 err | jq .sources[0].lost_bytes)" = 4 ]
}

@test "a merge delivers the last record of a writer that no other one follows in time" {
	mkfifo a b c
	head -c 73000 /dev/zero | tr '\0' x >long
	for text in part long; do
		go -k -t 1s -b 4K -v a b --to c 2>err
		exec 5>a 6>b 7<c # which reads nothing yet
		printf part >&6
		if [ $text = long ]; then # it has the sink for itself
			cat long >&5
			exec 5>&-
		else
			timeout 10 cat lines >&5 3>&- 6>&- &
			eventually has_unread 7 50000
			eventually asleep "$(pgrep -P "$pid" ipc-pipe-relay)"
			exec 6>&-
		fi
		eventually grep -q 'side of .* in time' err
		exec 5>&- 6>&-
		cat <&7 >out
		exec 7<&-
		ends_with 3
		[ $text = long ] || grep -qx part out
		[ $text = part ] || { cat long && printf '\npart\n'; } | cmp - out
	done
}

@test "a merge that is stopped tells all that it has taken and not delivered" {
	mkfifo a b c
	go -b 8K --drain-timeout=50ms --json a b --to c 2>err
	exec 5>a 6>b 7<c
	timeout 60 cat lines lines >&5 3>&- &
	eventually has_unread 7 57344 && eventually asleep "$(pgrep -P "$pid")"
	kill "$(pgrep -P "$pid")"
	ends_with 143
	told=$(sed -n 's/.*: \([0-9]*\) bytes could not be delivered to c/\1/p' err)
	held=$(tail -n 1 err | jq .sources[0].lost_bytes)
	[ $((told + held + $(account err bytes))) -eq "$(tail -n 1 err | jq .bytes)" ]
	exec 5>&- 6>&- 7<&-
	wait || true
}

# In one write, and so in one read; bash(1) writes line by line.
in_one_write() { printf %b "$1" | dd bs=4096 iflag=fullblock status=none; }

@test "a merge that is stopped holds back a record that is not at its end, and tells it in bytes" {
	go -k --mkfifo --json a b >out 2>err
	eventually [ -p b ]
	exec 5>a
	in_one_write 'whole\nhalf of a li' >&5
	eventually grep -qx whole out
	kill "$pid"
	ends_with 143
	exec 5>&-
	[ "$(cat out)" = whole ]
	grep -qx 'ipc-pipe-relay: 12 bytes of a record of a that was not at its end were held back' err
	[ "$(tail -n 1 err | jq -c '[.sources[].lost_bytes]')" = '[12,0]' ]
}

@test "a merge that is stopped takes the rest of a record that it has begun, and no more" {
	mkfifo a b
	go a b >out 2>err
	exec 5>a 6>b
	in_one_write 'first\nhalf of a li' >&5
	eventually grep -qx first out
	printf 'other\n' >&6
	eventually grep -qx other out
	child=$(pgrep -P "$pid")
	kill -STOP "$child"
	eventually grep -q '^State:.T' "/proc/$child/status"
	in_one_write 'ne\nnext\n' >&5
	kill -TERM "$child"
	kill -CONT "$child"
	ends_with 143
	[ "$(cat out)" = $'first\nother\nhalf of a line' ]
	[ "$(cat err)" = 'ipc-pipe-relay: 5 bytes were left unread in a' ]
	[ "$(unread 5)" -eq 5 ]
	exec 5>&- 6>&-
}

@test "a merge that is stopped in a record that sinks have in part ends it, and tells that" {
	mkfifo a b
	go -b 4K a b >out 2>err
	exec 5>a 6>b
	head -c 10000 /dev/zero | tr '\0' x >&5
	eventually bash -c '[ $(wc -c <out) -eq 10000 ]'
	in_one_write 'other\nhalf' >&6
	eventually has_taken 6
	kill "$pid"
	ends_with 143
	exec 5>&- 6>&-
	{ head -c 10000 /dev/zero | tr '\0' x && printf '\nother\n'; } | cmp - out
	grep -qx 'ipc-pipe-relay: a record of a that was not at its end was cut short' err
	grep -qx 'ipc-pipe-relay: 4 bytes of a record of b that was not at its end were held back' err
}

@test "unix sockets: both ways, made with mode 0600, removed at the end" {
	umask 0
	go unix-listen:s1 --to unix-listen:s2
	pid=$!
	eventually listens s2
	[ "$(stat -c %a s1 s2 | sort -u)" = 600 ]
	go unix:s2 >out
	reader=$!
	relay in --to unix:s1
	wait $pid $reader
	cmp in out
	[ ! -e s1 ] && [ ! -e s2 ]
}

@test "a socket that is there before somebody listens is waited for an instant, a stale one is not taken for that" {
	needs_strace
	export ASAN_OPTIONS=detect_leaks=0
	go unix-listen:s >out
	pid=$!
	eventually listens s
	limit strace -qq -o trace -e inject=connect:error=ECONNREFUSED:when=1..3 ipc-pipe-relay in --to unix:s
	wait $pid
	cmp in out
	/usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("stale")'
	run -1 relay in --to unix:stale
}

@test "unix-listen: replaces a stale socket, and no other file; with -k accepts one after another" {
	go -k unix-listen:s >out
	pid=$!
	eventually listens s
	run -5 relay unix-listen:s
	relay <(echo 1) --to unix:s
	relay <(echo 2) --to unix:s
	eventually grep -qx 2 out
	kill -KILL "$(pgrep -P "$pid")"
	wait $pid || true
	[ -S s ]
	go unix-listen:s >out
	pid=$!
	eventually bash -c 'timeout 60 ipc-pipe-relay in --to unix:s 2>/dev/null'
	wait $pid
	cmp in out
	run -5 relay unix-listen:in
	[ -s in ]
}

@test "unix-listen: a second one is refused, and is no peer of the first" {
	go unix-listen:s >out
	eventually listens s
	run -5 relay unix-listen:s
	run -5 relay --mkfifo in --to unix-listen:s
	eventually bash -c 'timeout 60 ipc-pipe-relay in --to unix:s 2>/dev/null'
	ends_with 0
	cmp in out
	# Nor is anybody kept from listening by who has locked the folder.
	exec 5<.
	flock 5
	go unix-listen:s >out
	eventually listens s
	run -5 relay unix-listen:s
	eventually bash -c 'timeout 60 ipc-pipe-relay in --to unix:s 2>/dev/null'
	ends_with 0
	exec 5<&-
}

@test "a peer that resets: told, status 1" {
	go unix-listen:s >out 2>err
	pid=$!
	eventually listens s
	python3 -c '
import socket
s = socket.socket(socket.AF_UNIX)
s.connect("s")
s.send(b"x")'
	wait $pid
	[ "$(cat out)" = x ]
	cat in in in | relay --to unix-listen:s 2>err 3>&- &
	pid=$!
	eventually python3 -c '
import socket
s = socket.socket(socket.AF_UNIX)
s.connect("s")
s.recv(1)'
	ends_with 1
	grep -q 'the reader of unix-listen:s has gone' err
}

@test "ends that others have made non-blocking, and terminals" {
	python3 - <<-'EOF' >out
		import os, subprocess
		inner, outer = os.pipe()
		os.set_blocking(inner, False)
		back, forth = os.pipe()
		os.set_blocking(forth, False)
		relay = subprocess.Popen(["timeout", "10", "ipc-pipe-relay"], stdin=inner, stdout=forth)
		os.close(inner), os.close(forth)
		data, got = open("in", "rb").read()[:60000], b""
		os.write(outer, data)
		os.close(outer)
		while part := os.read(back, 1000):
		    got += part
		assert got == data and relay.wait() == 0
	EOF
	head -n 2000 lines >few
	limit script -qec 'stty -opost; ipc-pipe-relay few' typescript </dev/null | cmp - few
	limit script -qec 'stty -opost; cat few | ipc-pipe-relay -b 10K' typescript </dev/null | cmp - few
	printf 'typed\n\004' | limit script -qec 'stty -echo; ipc-pipe-relay | cat' typescript | grep -q typed
}

@test "-P draws on a terminal, in its width; without one it is silent" {
	run -0 bash -c 'timeout 60 ipc-pipe-relay -P in 2>&1 >/dev/null'
	[ "$output" = "" ]
	for columns in 30 60 100; do
		limit script -qec "stty cols $columns; ipc-pipe-relay -P -R 1M in >/dev/null" typescript </dev/null >/dev/null
		sed '1d;$d' typescript | tr '\r' '\n' | sed $'s/\033\\[K//' | grep iB >drawn
		[ "$(tail -n 1 drawn | wc -L)" -lt $columns ]
		[ $columns -lt 60 ] || tail -n 1 drawn | grep -q '100% ETA 0:00'
		[ $columns -lt 100 ] || tail -n 1 drawn | grep -q '\[=*\]'
	done
	limit script -qec "cat in | ipc-pipe-relay --progress --size=600000 >/dev/null" typescript </dev/null >/dev/null
	grep -q ' 50% ETA' typescript
	run -2 relay -s 5
}

@test "-P follows the size of the terminal" {
	mkfifo a
	exec 5<>a
	python3 - <<-'EOF'
		import fcntl, os, pty, re, struct, termios
		def resize(columns):
		    fcntl.ioctl(1 if pid == 0 else terminal, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
		def width():
		    """Of a line that is drawn from now on, as a whole."""
		    text = b""
		    while len(lines := re.split(rb"\r|\033\[K", text)) < 8:
		        text += os.read(terminal, 1000)
		    return len(lines[6].decode() or lines[5].decode())
		pid, terminal = pty.fork()
		if pid == 0:
		    resize(100)
		    os.execvp("timeout", ["timeout", "-k1", "15", "ipc-pipe-relay", "-P", "-s", "5000", "a", "--to", "/dev/null"])
		assert 80 < width() < 100
		resize(40)
		assert 20 < width() < 40
		resize(70)
		assert 50 < width() < 70
		os.close(terminal)
		os.waitpid(pid, 0)
	EOF
	exec 5>&-
}

@test "a pipe that cannot be enlarged is no failure" {
	command -v strace >/dev/null || skip "strace is not installed"
	strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
	export ASAN_OPTIONS=detect_leaks=0
	cat in | limit strace -qq -o /dev/null -e inject=fcntl:error=EPERM:when=10+ ipc-pipe-relay | cmp - in
}

@test "recipes: a mailslot, many writers into one log, a queue's messages to a FIFO" {
	mkfifo a b c
	for i in a b c; do cat $i >got-$i 3>&- & done
	relay lines --to a b c
	wait
	for i in a b c; do cmp lines got-$i; done

	go -k --mkfifo --append w1 w2 w3 --to all.log
	pid=$!
	eventually [ -p w3 ]
	for i in 1 2 3; do sed "s/^/$i:/" lines >w$i 3>&- & done
	eventually bash -c '[ $(wc -l <all.log) -eq 60000 ]'
	kill $pid
	wait $pid || true
	for i in 1 2 3; do sed -n "s/^$i://p" all.log | cmp - lines; done
	[ ! -e w1 ]

	mkfifo producer
	exec 5<>producer
	go -b 0 --mkfifo --json --to meet <producer 2>err
	echo hello >&5
	asked "$pid"
	[ "$(jq .bytes err)" = 0 ] && has_unread 5 6 # nothing is taken before somebody is there
	read -r line <meet
	[ "$line" = hello ]
	exec 5>&-
	wait "$pid" || true

	q=$(new_queue posix)
	ipc-mq-recv -q -f "$q" | relay -k -F line --mkfifo --to jobs.fifo 3>&- &
	pid=$!
	eventually [ -p jobs.fifo ]
	ipc-mq-send "$q" one two
	{ read -r first && read -r second; } <jobs.fifo
	[ "$first $second" = "one two" ]
	python3 -c 'import os; os.unlink("/dev/mqueue" + "'"${q#mq:}"'")' # ends recv, and so the relay
	wait || true
	[ ! -e jobs.fifo ]
}

@test "recipe: copy and paste between two terminals" {
	limit script -qec 'ipc-pipe-relay unix-listen:paste' screen </dev/null >/dev/null 3>&- &
	pid=$!
	eventually [ -S paste ]
	printf 'from one terminal\n\004' | limit script -qec 'stty -echo; ipc-pipe-relay --to unix:paste' keys >/dev/null
	wait $pid
	grep -q 'from one terminal' screen
}

@test "-k -F --mkfifo --slow=drop: what is dropped when a reader goes is not welded to what it has not got whole" {
	mkfifo src
	go -k -F line --mkfifo -b 4K --slow=drop --json src --to own 2>err
	exec 5>src
	eventually [ -p own ]
	exec 6<own
	{ head -c 90000 /dev/zero | tr '\0' e && echo; } >whole
	cat whole >&5
	eventually has_unread 6 65536
	eventually has_taken 5 # the rest waits
	head -c 50000 /dev/zero | tr '\0' n >&5
	eventually has_taken 5 # and is dropped
	[ "$(head -c 1 <&6)" = e ]
	exec 6<&-
	timeout 20 cat own >got 3>&- 5>&- &
	reader=$!
	eventually [ -s got ]
	head -c 40000 /dev/zero | tr '\0' n >&5
	printf '\nthird\n' >&5
	eventually grep -qx third got
	exec 5>&-
	kill "$pid"
	ends_with 143
	wait "$reader"
	{ cat whole && echo third; } | cmp - got
	[ "$(account err dropped_records)" = 1 ]
	[ "$(account err dropped_bytes)" = 90001 ]
}

@test "-k -F --mkfifo: what others write to the FIFO is not taken for what a reader has left" {
	mkfifo src
	go -k -F line --mkfifo --json src --to own 2>err
	exec 5>src
	eventually [ -p own ]
	inode=$(stat -c %i own)
	exec 6<>own
	eventually is_renewed own "$inode"
	head -c 100 lines >&6
	exec 6>&-
	timeout 20 cat own >got 3>&- 5>&- &
	reader=$!
	echo first >&5
	eventually grep -q first got
	exec 5>&-
	kill "$pid"
	ends_with 143
	wait "$reader"
	[ "$(tr '\0' 0 <got)" = first ]
	[ "$(account err bytes)" -eq 6 ]
}

# The path $1 does not name inode $2 any more.
is_renewed() { [ "$(stat -c %i "$1")" != "$2" ]; }

# The calls of pread64 that the relay "$@" makes for file in, but for those that start a program.
reads_back() {
	strace -qq -o trace -e trace=pread64 ipc-pipe-relay </dev/null
	starts=$(wc -l <trace)
	limit strace -qq -o trace -e trace=pread64 ipc-pipe-relay "$@" 2>/dev/null
	calls=$(($(wc -l <trace) - starts))
}

@test "what was spilled for a slow sink and cannot be read back: told, status 1, and no endless try" {
	needs_strace
	mkfifo a
	for i in {1..400}; do printf '%09999d\n' "$i"; done >in
	reads_back --slow=drop -b 2M --spill=. in --to a
	[ "$calls" -gt 1 ]
	for ((n = 1; n <= calls; n += 1 + calls / 16)); do
		status=0
		(
			ulimit -t 10 # what is endless would not hear a signal
			limit strace -qq -o /dev/null -e "inject=pread64:error=EIO:when=$((starts + n))+" \
				ipc-pipe-relay --slow=drop -b 2M --spill=. in --to a
		) 2>err || status=$?
		[ "$status" -eq 1 ]
		grep -qx 'ipc-pipe-relay: cannot read back what was spilled: Input/output error' err
	done
}

@test "no memory for the record that a slow sink has begun: told, status 1" {
	! grep -q __asan_init "$(command -v ipc-pipe-relay)" || skip "the sanitizer takes memory of its own"
	mkfifo src
	for policy in drop cut; do
		# There is room for the buffer and as much of the record, but not for more of that.
		(
			ulimit -d $([ $policy = drop ] && echo 24000 || echo 40000)
			exec timeout 20 ipc-pipe-relay -k -F line --mkfifo --slow=$policy -b 16M src --to own 2>err 3>&-
		) &
		pid=$!
		eventually [ -p own ]
		inode=$(stat -c %i own)
		exec 6<own # and reads nothing
		eventually is_renewed own "$inode"
		timeout 20 head -c 40M /dev/zero >src 2>/dev/null 3>&- &
		ends_with 1
		exec 6<&-
		grep -qx 'ipc-pipe-relay: cannot make a buffer: not enough memory' err
	done
	wait || true
}

@test "--slow=drop reads what it drops out of a spill file once, not once a record" {
	needs_strace
	mkfifo a
	seq -f '%016.0f' 200000 >in
	reads_back --slow=drop -b 2M --spill=. in --to a 2>err
	echo "$calls calls"
	[ "$calls" -lt 100 ]
}

@test "--slow=drop: signals count while what nobody reads is looked through at the end" {
	needs_strace
	mkfifo a
	seq -f '%016.0f' 1500000 >in
	timeout 60 strace -qq -o trace -e trace=pread64 -e inject=pread64:delay_exit=50000 \
		ipc-pipe-relay --slow=drop --drain-timeout=0 -b unlimited --spill=. in --to a 2>err 3>&- &
	pid=$!
	eventually grep -qs ', 262144, ' trace
	kill "$(pgrep -P "$(pgrep -P "$pid" strace)" ipc-pipe-relay)"
	ends_with 143
	[ "$(grep -c ', 262144, ' trace)" -lt 80 ] # of 93
	grep -q 'bytes could not be delivered to a$' err
}

@test "a file that is made and cannot be used is not left behind" {
	needs_strace
	run -1 limit strace -qq -o /dev/null -e inject=fchmod:error=EPERM ipc-pipe-relay in --append --to made
	[ "$output" = 'ipc-pipe-relay: cannot open made: Operation not permitted' ]
	[ ! -e made ]
}

@test "a unix: end that is connected at once has a peer" {
	go unix-listen:s >out
	eventually listens s
	relay --json in --to unix:s 2>err
	ends_with 0
	cmp in out
	[ "$(account err peers)" = 1 ]
}

@test "a terminal of another user, as after su, keeps no signal from coming" {
	[ "$(id -u)" -eq 0 ] || skip "this needs a second user"
	as_nobody true || skip "no other user can be had here"
	limit python3 -c '
import os, pty, signal, time
source, writer = os.pipe()
relay, terminal = pty.fork()
if relay == 0:
    os.fchmod(1, 0o600)
    os.dup2(source, 0)
    os.dup2(os.open("err", os.O_WRONLY | os.O_CREAT), 2)
    os.close(writer)
    os.execvp("setpriv", ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                          "ipc-pipe-relay", "--drain-timeout=0"])
os.close(source)
os.set_blocking(writer, False)
last = ""
while True:
    try:
        os.write(writer, b"a line\n" * 9362)
    except BlockingIOError:
        # Nobody reads, the pipe is full, and the relay rests.
        state = open(f"/proc/{relay}/status").read()
        turns = state[state.find("\nvoluntary") :]
        if "\nState:\tS" in state and "ipc-pipe-relay" in state and turns == last:
            break
        last = turns
os.kill(relay, signal.SIGTERM)
end = time.monotonic() + 5
try:
    while (ended := os.waitpid(relay, os.WNOHANG)) == (0, 0):
        assert time.monotonic() < end
        time.sleep(0.02)
    assert os.WTERMSIG(ended[1]) == signal.SIGTERM
finally:
    os.close(terminal)'
}

@test "-k -F --mkfifo: of a pipe that its reader has enlarged comes back what is still known, whole" {
	python3 -c 'import fcntl, os; fcntl.fcntl(os.pipe()[0], 1031, 4 << 20)' || skip "no pipe can be made that large here"
	mkfifo src
	seq -f '%016.0f' 180000 >in
	go -k -F line --mkfifo --json src --to own 2>err
	exec 5>src
	eventually [ -p own ]
	exec 6<own # and reads nothing
	python3 -c 'import fcntl; fcntl.fcntl(6, 1031, 4 << 20)' # F_SETPIPE_SZ
	cat in >&5
	eventually has_unread 6 "$(wc -c <in)"
	exec 6<&-
	timeout 20 cat own >got 3>&- 5>&- &
	reader=$!
	echo last >&5
	eventually grep -qx last got
	exec 5>&-
	kill "$pid"
	ends_with 143
	wait "$reader"
	{ cat in && echo last; } | tail -c "$(wc -c <got)" | cmp - got
	[ "$(head -n 1 got | wc -c)" -eq 17 ]
	[ $(($(account err lost_bytes) + $(account err dropped_bytes) + $(wc -c <got))) -eq $(($(wc -c <in) + 5)) ]
}
