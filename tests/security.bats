#!/usr/bin/env bats

# What another user can write, and what is tried with it.  Most attacks are tried in
# the suite of the tool that they are on; here is the list, whose tests exist
# (consistency.bats), and those that belong to several tools at once.
#
# PLACES
# A name in /dev/shm, the queues' file system or among the System V keys, taken first
# (squatting):
#	ipc-mq-create: --exist-ok refuses a stranger's queue
#	ipc-shm-create: a stranger's object
#	ipc-ring-create: --exist-ok refuses a stranger's ring
#	ipc-sem: create --exist-ok refuses a stranger's
#	ipc-rpc-serve: --create: a queue that is there
#	ipc-mq-create: with COMMAND: a queue made anew under the name is not removed
#	ipc-shm-create: with COMMAND: an object made anew under the name
#	ipc-rm: an object made anew with the same id
#	ipc-rm: a file put under the same name in between
#	security: --mkfifo and unix-listen do not use what a stranger has put there
# A link, FIFO, directory or device in the place of an object:
#	ipc-shm-create: traps in /dev/shm
#	ipc-mmap-cat: FIFOs, directories, devices and links
#	ipc-sem: what is no semaphore is refused
#	ipc-ring-put: what is no ring
#	ipc-ls: hostile entries in /dev/shm
#	security: a symlink, a FIFO, a directory or a device is no object of any tool
#	security: a hard link to somebody's file is not changed by what replaces it
#	security: a spill directory gets no name that a stranger could have taken
# A file that is cut short, or memory that changes, while it is used:
#	ring-hostile: cut short while it waits
#	ring-hostile: forged counters
#	ring-hostile: scribbled all over
#	ring-hostile: a record that is whole but not the next one
#	mmap-cat-races: cut and grown again
#	mmap-cat-races: stored to while it is cut
#	mmap-cat-races: replaced
#	ipc-sem: a file that is cut short under a waiter
#	ipc-sem: a value of another layout
#	ipc-sem: a futex that cannot be waited on
#	security: a semaphore that is scribbled over while it is used ends nothing badly
# The owner of a System V object, who gives it away (its creator keeps his rights):
#	ipc-shm-create: a segment that was given away
#	security: a queue or set that was given away is still its creator's
# A queue whose messages strangers may send, and the replies to them:
#	rpc-hostile: wrong, forged, replayed and random requests
#	rpc-hostile: another user's messages
#	rpc-hostile: a caller's stale replies
#	rpc-hostile: a private queue that was left
#	ipc-rpc-call: a user's own server only
#	ipc-rpc-serve: what is no request is dropped
#	security: a reply of a stranger is not taken for the server's
# Bytes that are shown:
#	contract: a word that could drive a terminal
#	ipc-mq-create: a name with control bytes
#	ipc-mmap-cat: by key, ftok and id, and a name with control bytes
#	ipc-mq-send: a broken record
#	ipc-ls: a table with a name in UTF-8
#	security: the name of a process drives no terminal
#	security: payload in a message of a tool drives no terminal
# What a process inherits: environment, descriptors, limits, signals:
#	contract: the environment does not reshape
#	ipc-mq-recv: a message is not lost to a closed
#	ipc-sem: run: COMMAND has only the descriptors
#	ipc-isolate: ignored signals, the mask, descriptors
#	ipc-shm-create: ulimit -f is a limit that is told
#	faults: SIGCHLD that was ignored at the start
#	security: the environment changes nothing of what is done
#	security: with 0, 1 and 2 closed nothing is written into an object
#	security: with limits of zero each tool ends
#	security: a limit of the size of a file
# What other processes show of themselves in /proc:
#	ipc-ls-holders: what an ordinary user cannot look into
#	ipc-ls-holders: processes and objects that come and go
#	ipc-ls-holders: a creator's PID that a younger process has now
#	ipc-rm: a SELECTION leaves what is held
# END

load helpers

teardown() {
	rm -rf /dev/mqueue/* /dev/shm/*
	ipcrm --all
}

need_root() { [ "$(id -u)" -eq 0 ] || skip "needs root, to be two users"; }

# A folder that everybody may write to, as /tmp is.
common() {
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR" 2>/dev/null || true
	mkdir -m 1777 "$tmp/common"
	chmod 1777 "$tmp/common"
	cd "$tmp/common"
	as_nobody test -w . || skip "another user does not get here"
}

@test "a symlink, a FIFO, a directory or a device is no object of any tool" {
	echo secret >"$tmp/victim"
	for trap in symlink dangling fifo directory; do
		for prefix in '' sem. ring.; do
			rm -rf /dev/shm/*
			case $trap in
			symlink) ln -s "$tmp/victim" "/dev/shm/${prefix}x" ;;
			dangling) ln -s "$tmp/made" "/dev/shm/${prefix}x" ;;
			fifo) mkfifo "/dev/shm/${prefix}x" ;;
			directory) mkdir "/dev/shm/${prefix}x" ;;
			esac
			echo "$trap $prefix"
			case $prefix in
			'')
				run -1 limit ipc-mmap-cat shm:/x
				run -1 limit ipc-mmap-cat -w shm:/x <<<evil
				run -1 limit ipc-mmap-cat -w -g shm:/x <<<evil
				run -5 limit ipc-shm-create -s 1 shm:/x
				run -1 limit ipc-shm-create -e -s 1 shm:/x
				run ! limit ipc-set -m 0666 shm:/x
				;;
			sem.)
				for verb in post 'wait -n' value; do run -1 limit ipc-sem $verb sem:/x; done
				run -1 limit ipc-sem set --force sem:/x 1
				run -5 limit ipc-sem create sem:/x
				run -1 limit ipc-sem create -e sem:/x
				run -125 limit ipc-sem run --create=1 sem:/x true
				;;
			ring.)
				run -1 limit ipc-ring-put ring:/x evil
				run -1 limit ipc-ring-get -n ring:/x
				run -1 limit ipc-ring-get --peek ring:/x
				run -5 limit ipc-ring-create ring:/x
				run -1 limit ipc-ring-create -e ring:/x
				;;
			esac
			run -0 limit ipc-ls --refs --holders
			[[ $output != *secret* ]]
			[ -e "/dev/shm/${prefix}x" ] || [ -L "/dev/shm/${prefix}x" ]
			[ "$(cat "$tmp/victim")" = secret ]
			[ ! -e "$tmp/made" ]
		done
	done
}

@test "a hard link to somebody's file is not changed by what replaces it" {
	echo precious >/dev/shm/precious
	ln /dev/shm/precious /dev/shm/alias
	echo new | ipc-shm-create -r -i - shm:/alias
	[ "$(cat /dev/shm/precious)" = precious ]
	rm /dev/shm/alias
	ln /dev/shm/precious /dev/shm/alias
	run -0 ipc-rm shm:/alias
	[ "$(cat /dev/shm/precious)" = precious ]
}

@test "--mkfifo and unix-listen do not use what a stranger has put there" {
	need_root
	common
	as_nobody mkfifo -m 0666 fifo
	as_nobody ln -s "$tmp/victim" link
	echo secret >"$tmp/victim"
	run -2 limit ipc-pipe-relay --mkfifo --to link <<<evil
	run -5 limit ipc-pipe-relay -n --to unix-listen:link <<<evil
	[ "$(cat "$tmp/victim")" = secret ]
	[ -L link ] && [ -p fifo ]
	# A socket of his that nobody listens on is not ours to replace.
	as_nobody /usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("stale")'
	run ! limit ipc-pipe-relay -n --to unix-listen:fifo <<<evil
	[ -p fifo ]
	[ "$(stat -c %u stale)" = 65534 ]
}

@test "a spill directory gets no name that a stranger could have taken" {
	need_root
	common
	head -c 3000000 /dev/zero | strace -f -qq -o "$tmp/trace" -e trace=%file \
		ipc-pipe-relay -b unlimited --spill=. | { eventually [ -s "$tmp/trace" ] && wc -c >"$tmp/count"; }
	[ "$(cat "$tmp/count")" = 3000000 ]
	[ "$(ls -A)" = "" ]
	# Made without a name, or by one that must not exist.
	run -0 grep -E 'O_TMPFILE' "$tmp/trace"
	run -1 grep -E 'O_CREAT' <(grep -v O_EXCL "$tmp/trace")
}

@test "a semaphore that is scribbled over while it is used ends nothing badly" {
	ipc-sem create sem:/x >/dev/null
	/usr/bin/python3 - <<-'END' 3>&- &
		import os, random, sys, time
		random.seed(1)
		fd = os.open("/dev/shm/sem.x", os.O_RDWR)
		end = time.monotonic() + 3
		while time.monotonic() < end:
		    os.pwrite(fd, random.randbytes(32), 0)
		    time.sleep(0.001)
	END
	scribbler=$!
	for _ in {1..15}; do
		for words in 'wait -t 20ms' post value 'value -v' 'set --force'; do
			status=0
			# shellcheck disable=SC2086
			limit ipc-sem $words sem:/x $([ "$words" != 'set --force' ] || echo 1) >/dev/null 2>"$tmp/err" || status=$?
			case $status in 0 | 1 | 3 | 4 | 6) ;; *) cat "$tmp/err" && false ;; esac
		done
		status=0
		limit ipc-sem run -t 20ms sem:/x true 2>/dev/null || status=$?
		case $status in 0 | 124 | 125) ;; *) false ;; esac
	done
	kill $scribbler 2>/dev/null || true
	wait $scribbler || true
}

@test "a queue or set that was given away is still its creator's" {
	need_root
	as_nobody ipc-mq-create -m 0600 mq:key:0x77
	as_nobody ipc-sem create -m 0600 sem:key:0x77
	as_nobody ipc-set -u root mq:key:0x77
	as_nobody ipc-set -u root sem:key:0x77
	[ "$(ipc-ls --raw --noheadings -o owner mq:key:0x77)" = root ]
	run -1 limit ipc-mq-create -e mq:key:0x77
	run -1 limit ipc-sem create -e sem:key:0x77
	run -5 limit ipc-rpc-serve --create mq:key:0x77 cat
	run -0 limit ipc-mq-create -e --allow-foreign mq:key:0x77
}

@test "a reply of a stranger is not taken for the server's" {
	need_root
	for family in posix sysv; do
		# A queue that everybody may write to, with a server of ours.
		if [ $family = posix ]; then q=$(ipc-mq-create -m 0666 -d 10 -s 4096 mq:/open); else q=$(ipc-mq-create -m 0666 mq:private); fi
		ipc-rpc-serve "$q" sh -c 'sleep 0.3; echo right' 3>&- 2>/dev/null &
		server=$!
		ipc-rpc-call -t 15 "$q" ask >"$tmp/reply" 3>&- 2>/dev/null &
		caller=$!
		# He sends to every queue and of every type that he can see.
		as_nobody /usr/bin/python3 - <<-END 3>&- || true
			import os, subprocess, time
			end = time.monotonic() + 1
			while time.monotonic() < end:
			    for name in os.listdir("/dev/mqueue"):
			        if name.startswith("ipcbox-private"):
			            subprocess.run(["ipc-mq-send", "-n", "-q", "mq:/" + name, "wrong" * 20], stderr=subprocess.DEVNULL)
			    for pid in ($caller, $server):
			        subprocess.run(["ipc-mq-send", "-n", "-q"] + (["-y", str(1 << 62 | pid << 32 | 1)] if "id:" in "$q" else []) +
			                       ["$q", "wrong" * 20], stderr=subprocess.DEVNULL)
		END
		wait $caller
		[ "$(cat "$tmp/reply")" = right ]
		kill $server
		wait $server || true
		ipc-rm "$q"
	done
}

# A process that has the object $1 open and is called by what drives a terminal.
badly_named() {
	/usr/bin/python3 -c 'import ctypes, os, sys, time
ctypes.CDLL(None).prctl(15, b"\x1b[31m\nx\\\xff", 0, 0, 0)
fd = os.open(sys.argv[1], os.O_RDWR)
open(sys.argv[2], "w").write("ready")
time.sleep(60)' "$1" "$tmp/ready" 3>&- &
	holder=$!
	eventually [ -s "$tmp/ready" ]
}

@test "the name of a process drives no terminal" {
	: >/dev/shm/x
	badly_named /dev/shm/x
	for options in --holders --long '-o +holders,waiters,creator' -j --dot --deadlocks; do
		# shellcheck disable=SC2086
		run limit ipc-ls $options
		run -1 grep -aqE $'\033|\377' <<<"$output"
	done
	run ! limit ipc-rm --match=/x
	[[ $output == *"$holder"* ]]
	run -1 grep -aqE $'\033|\377' <<<"$output"
	kill $holder
	wait $holder || true
}

@test "payload in a message of a tool drives no terminal" {
	q=$(new_queue posix)
	r=$(ipc-ring-create -s 4K ring:/r)
	evil=$'\033]0;evil\007\nforged: line\377'
	for words in "ipc-mq-send -j $q" "ipc-ring-put -j $r" "ipc-mq-send -F netstring $q" "ipc-mmap-cat -w -y u8 /dev/shm/ring.r"; do
		# shellcheck disable=SC2086
		run ! limit $words <<<"$evil"
		run -1 grep -aqE $'\033|\377|^forged' <<<"$output"
	done
	# A dead letter on stderr is JSON.
	ipc-mq-send "$q" "$evil"
	run -125 --separate-stderr bash -c 'ipc-mq-recv -n "$1" -- sh -c "ipc-mq-send \"$1\" 1 2 3 4 5 6 7 8 9 10; exit 125"' _ "$q"
	run -1 grep -aqE $'\033|\377|^forged' <<<"$stderr"
	run -127 limit ipc-sem run --create=1 sem:/x "$evil"
	run -1 grep -aqE $'\033|\377|^forged' <<<"$output"
}

@test "the environment changes nothing of what is done" {
	odd=(env POSIXLY_CORRECT=1 LC_ALL=xx_YY.none LANG=de_DE TZ=:/etc/passwd TMPDIR=/none COLUMNS=1 LINES=x
		IPC_MQ_REF=mq:/other IPC_SHM_REF=x IPC_SEM_REF=y IPC_RING_REF=z IPC_CALLER_UID=0 IPC_CALLER_PID=1
		IPC_MQ_TYPE=7 IPC_MQ_PRIORITY=9 HOME=/none MALLOC_PERTURB_=85 ARGP_HELP_FMT=x)
	q=$("${odd[@]}" ipc-mq-create -d 5 -s 32 mq:/x)
	"${odd[@]}" ipc-mq-send -p 3 "$q" a
	run -0 "${odd[@]}" ipc-mq-recv "$q" -- sh -c 'cat; echo "$IPC_MQ_REF $IPC_MQ_PRIORITY ${IPC_MQ_TYPE-none}"'
	[ "$output" = "amq:/x 3 none" ] || [ "$output" = "amq:/x 3 7" ]
	"${odd[@]}" ipc-shm-create -s 16 shm:/x
	"${odd[@]}" ipc-mmap-cat -w -y f64 shm:/x <<<1.5
	[ "$("${odd[@]}" ipc-mmap-cat -y f64 -l 8 shm:/x)" = 1.5 ]
	"${odd[@]}" ipc-ring-create -s 4K ring:/x
	seq 3 | "${odd[@]}" ipc-ring-put ring:/x
	[ "$("${odd[@]}" ipc-ring-get -a ring:/x | xargs)" = "1 2 3" ]
	[ "$("${odd[@]}" ipc-sem run --create=1 sem:/x printenv IPC_SEM_REF)" = sem:/x ] ||
		[ "$("${odd[@]}" ipc-sem run sem:/x echo ran)" = ran ]
	[ "$("${odd[@]}" ipc-ls --refs | sort | xargs)" = "mq:/x ring:/x sem:/x shm:/x" ]
	[ "$(seq 3 | "${odd[@]}" ipc-pipe-relay | xargs)" = "1 2 3" ]
	[ "$("${odd[@]}" ipc-rm shm:/x)" = shm:/x ]
	# One that a set-user-id program must not obey changes no path that is looked at.
	run -0 "${odd[@]}" ipc-wait -n mq:/x empty
}

# Typical runs of each tool on the objects that are there, a line each.
runs() {
	cat <<-'END'
		ipc-mq-create -d 2 -s 16 mq:/new
		ipc-mq-create mq:private
		ipc-mq-send -n mq:/x hello
		ipc-mq-recv -n mq:/x
		ipc-mq-recv -n mq:/x -- cat
		ipc-mq-peek mq:key:0x7
		ipc-ring-create -s 4K ring:/new
		ipc-ring-put -n ring:/x hello
		ipc-ring-get -n ring:/x
		ipc-shm-create -s 100 shm:/new
		ipc-shm-create -i /etc/hostname shm:/new2
		ipc-shm-create -s 100 shm:private -- true
		ipc-mmap-cat shm:/x
		ipc-mmap-cat -x shm:key:0x7
		ipc-mmap-cat -w shm:/x
		ipc-sem create sem:/new
		ipc-sem post sem:/x
		ipc-sem wait -t 1 sem:/x
		ipc-sem value -v sem:key:0x7
		ipc-sem op -n sem:key:0x7 0:1
		ipc-sem run -t 1 sem:/x true
		ipc-sem run -t 1 sem:key:0x7 true
		ipc-ls
		ipc-ls --holders --waiters -j
		ipc-ls --limits
		ipc-rm --unheld --match=/none
		ipc-set -m 0600 shm:/x
		ipc-wait -t 50ms shm:/x gone
		ipc-wait -t 50ms sem:/x value-ge=9
		ipc-pipe-relay
		ipc-pipe-relay -b 4K
		ipc-rpc-call -t 1 mq:/x hello
		ipc-isolate true
	END
}
objects() {
	ipc-mq-create -d 9 -s 64 mq:/x
	ipc-mq-send mq:/x one two three
	ipc-mq-create mq:key:0x7
	ipc-mq-send mq:key:0x7 one
	ipc-ring-create -s 4K ring:/x
	ipc-ring-put ring:/x one two
	head -c 5000 /dev/urandom | ipc-shm-create -i - shm:/x
	ipc-shm-create -s 100 shm:key:0x7
	ipc-sem create --values=3 sem:/x
	ipc-sem create --values=3 sem:key:0x7
	cp /dev/shm/x "$tmp/x"
} >/dev/null

# Statuses of the tables; no signal, no hang.
in_table() { case $1 in [0-8] | 12[4567]) ;; *) return 1 ;; esac }

@test "with 0, 1 and 2 closed nothing is written into an object" {
	objects
	while read -r -a words; do
		for closed in '<&-' '>&-' '2>&-' '<&- >&-' '<&- >&- 2>&-'; do
			status=0
			limit bash -c "exec ${words[*]} $closed" </dev/null >"$tmp/out" 2>"$tmp/err" || status=$?
			in_table $status || { echo "${words[*]} $closed: status $status" && cat "$tmp/err" && false; }
			# What could not be told was not made.
			made=$(find /dev/shm /dev/mqueue -name '*new*')
			case "${words[*]:0:2} $closed" in ipc-*-create*' >&-'* | 'ipc-sem create'*' >&-'*) [ "$made" = "" ] ;; esac
			[ "$made" = "" ] || rm $made
		done
		# Nothing of what a tool says stands in memory; -w stores what it reads.
		cmp "$tmp/x" /dev/shm/x
	done < <(runs)
	# A message of ours, while an object is open that could have got descriptor 2.
	cp /dev/shm/ring.x "$tmp/ring"
	run -1 bash -c 'exec timeout 60 ipc-mmap-cat -w -o 4990 shm:/x <<<"more than there is room for" 2>&-'
	cmp -n 4990 "$tmp/x" /dev/shm/x
	run -1 bash -c 'exec timeout 60 ipc-ring-put ring:/x "$(printf %05000d 0)" 2>&-'
	cmp -n 64 "$tmp/ring" /dev/shm/ring.x
	# What was taken was told, or is there: three messages less those that came out.
	run -0 ipc-sem value sem:/x
	[ "$(ipc-ring-get --peek ring:/x 2>/dev/null | grep -vc 'hello\|one\|two' || true)" -eq 0 ]
	[ "$(ipc-mq-recv -a -q mq:/x 2>/dev/null | grep -vcE '^(hello|one|two|three)$' || true)" -eq 0 ]
}

@test "a limit of the size of a file costs no message and leaves no object" {
	q=$(ipc-mq-create mq:private)
	yes "$(printf '%0300d' 0)" | head -n 40 | ipc-mq-send -t 5 "$q"
	run -1 bash -c 'ulimit -f 4; exec timeout 60 ipc-mq-recv -a "$1" >"$2"' _ "$q" "$tmp/out"
	whole=$(grep -cx '0\{300\}' "$tmp/out")
	[ $((whole + $(ipc-mq-peek "$q" | wc -l))) -eq 40 ]
	for create in 'ipc-mq-create mq:/x' 'ipc-shm-create -s 1 shm:/x' 'ipc-ring-create ring:/x' 'ipc-sem create sem:/x'; do
		run -1 bash -c "ulimit -f 0; exec timeout 60 $create >$tmp/out"
		[ "$(find /dev/shm /dev/mqueue -type f -name '*x' | wc -l)" -eq 0 ]
	done
	# COMMAND has the signal as ever.
	ipc-sem create sem:/x
	run -153 bash -c "ulimit -f 0; exec timeout 60 ipc-sem run sem:/x sh -c 'echo x; echo y' >$tmp/out"
}

@test "with limits of zero each tool ends, by its table, and leaves what it had not been asked to change" {
	objects
	while read -r -a words; do
		for limits in '-n 3' '-n 4' '-n 6' '-f 0' '-q 0' '-i 0' '-l 0' '-s 256' '-v 20000'; do
			case $limits in '-v'*) ! grep -q __asan_init "$BIN/ipc-ls" || continue ;; esac
			status=0
			limit bash -c "ulimit $limits; exec ${words[*]}" </dev/null >"$tmp/out" 2>"$tmp/err" || status=$?
			in_table $status || { echo "${words[*]}: ulimit $limits: status $status" && cat "$tmp/err" && false; }
			# Under "-f 0" what it says can go to no file.
			[ "$limits" != '-f 0' ] || continue
			[ $status -eq 0 ] || [ $status -eq 3 ] || [ $status -eq 124 ] || [ -s "$tmp/err" ] ||
				{ echo "${words[*]}: ulimit $limits: status $status, and no word" && false; }
		done
		case ${words[0]} in ipc-*-create) rm -f /dev/shm/new* /dev/shm/ring.new /dev/mqueue/new ;; esac
		case ${words[*]} in *'sem create'*) rm -f /dev/shm/sem.new ;; esac
	done < <(runs)
}
