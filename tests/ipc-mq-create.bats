#!/usr/bin/env bats

load helpers

@test "a POSIX queue: its REF on stdout, with exactly the mode asked for" {
	umask 077
	run -0 --separate-stderr limit ipc-mq-create -d 3 -s 64 -m 0622 mq:/mode
	[ "$output" = mq:/mode ]
	[ "$stderr" = "" ]
	[ "$(stat -c %a /dev/mqueue/mode)" = 622 ]
	run -0 limit ipc-mq-create -d 3 -s 64 /plain
	[ "$output" = mq:/plain ]
	[ "$(stat -c %a /dev/mqueue/plain)" = 600 ]
}

@test "a System V queue prints its id, whatever it was named by" {
	for name in private key:0x1234 key:-7 "ftok:$tmp" "ftok:$tmp,a" "ftok:$tmp,0x7f"; do
		run -0 limit ipc-mq-create -m 640 "mq:$name"
		[[ $output =~ ^mq:id:[0-9]+$ ]]
		[ "$(ipcs -q -i "${output##*:}" | grep -oE 'mode=[0-7]+')" = mode=0640 ]
	done
	[ "$(ipcs -q | grep -c '^0xfffffff9')" -eq 1 ]
	[ "$(ipcs -q | grep -c '^0x00001234')" -eq 1 ]
}

@test "depth, message size and capacity are as asked for" {
	limit ipc-mq-create --depth=3 --message-size=1K mq:/shape
	run -1 limit ipc-mq-peek -v mq:/shape
	[[ $output == *"max_messages 3, message_size 1024,"* ]]
	# The kernel would take what is above an int for what is left of it.
	run -2 limit ipc-mq-create -b 4294968320 mq:private
	q=$(limit ipc-mq-create --capacity=4kB mq:private)
	run -3 limit ipc-mq-peek -v "$q"
	[[ $output == *" size 4000,"* ]]
}

@test "a name with control bytes is printed and accepted as \\xHH" {
	run -0 limit ipc-mq-create -d 1 -s 8 $'mq:/a\nb\033\xff'
	[ "$output" = 'mq:/a\x0ab\x1b\xff' ]
	limit ipc-mq-send "$output" hello
	run -0 limit ipc-mq-recv -n "$output"
	[ "$output" = hello ]
}

@test "a name of 255 bytes is fine, one of 256 is status 2" {
	long=$(printf 'x%.0s' {1..255})
	limit ipc-mq-create -d 1 -s 8 "mq:/$long"
	run -2 limit ipc-mq-create -d 1 -s 8 "mq:/${long}x"
}

@test "what is there already: status 5, and with --quiet silence" {
	limit ipc-mq-create -d 1 -s 8 mq:/twice
	run -5 limit ipc-mq-create -d 1 -s 8 mq:/twice
	[ "$output" = "ipc-mq-create: cannot create mq:/twice: File exists" ]
	run -5 limit ipc-mq-create -q mq:/twice
	[ "$output" = "" ]
	limit ipc-mq-create mq:key:0x77
	run -5 limit ipc-mq-create mq:key:119
}

@test "--exist-ok accepts one that fits, and says what does not fit: status 1" {
	limit ipc-mq-create -e -d 3 -s 64 mq:/fits
	run -0 limit ipc-mq-create -e -d 2 -s 64 mq:/fits
	[ "$output" = mq:/fits ]
	run -1 --separate-stderr limit ipc-mq-create -e -d 4 mq:/fits
	[ "$output" = "" ]
	[[ $stderr == *"its depth is 3, less than 4" ]]
	run -1 limit ipc-mq-create -e -s 65 mq:/fits
	run -1 limit ipc-mq-create -e -m 0400 mq:/fits
	first=$(limit ipc-mq-create -e -b 1000 mq:key:0x78)
	run -0 limit ipc-mq-create -e -b 1000 mq:key:0x78
	[ "$output" = "$first" ]
	run -1 limit ipc-mq-create -e -b 1001 mq:key:0x78
}

@test "--exist-ok refuses a stranger's queue, --allow-foreign takes it" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be somebody else"
	as_nobody "$BIN/ipc-mq-create" -d 1 -s 8 -m 0600 mq:/stranger
	run -1 limit ipc-mq-create -e mq:/stranger
	[[ $output == *"it belongs to uid 65534"* ]]
	run -0 limit ipc-mq-create -e --allow-foreign mq:/stranger
	[ "$output" = mq:/stranger ]
	as_nobody "$BIN/ipc-mq-create" -m 0600 mq:key:0x79
	run -1 limit ipc-mq-create -e mq:key:0x79
	run -0 limit ipc-mq-create -e --allow-foreign mq:key:0x79
}

@test "--exist-ok refuses a queue of root's that is of no use: status 1, and whose it is" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be somebody else"
	for ref in mq:/useless mq:key:0x7a; do
		ipc-mq-create $ref
		run -1 as_nobody "$BIN/ipc-mq-create" -e -m 0666 $ref
		[ "$output" = "ipc-mq-create: cannot use $ref: Permission denied (it belongs to uid 0, mode 0600)" ]
		run -1 as_nobody "$BIN/ipc-mq-send" $ref x
		[[ $output == *": Permission denied (it belongs to uid 0, mode 0600)" ]]
	done
	for mode in 0602 0604; do
		q=$(ipc-mq-create -m $mode mq:key:0x1$mode)
		run -0 as_nobody "$BIN/ipc-mq-create" -e -m 0666 mq:key:0x1$mode
		[ "$output" = "$q" ]
	done
}

@test "options of the other family, and wrong values: status 2, nothing made" {
	run -2 limit ipc-mq-create -d 1 mq:private
	run -2 limit ipc-mq-create -s 8 mq:private
	run -2 limit ipc-mq-create -b 8 mq:/wrong
	run -2 limit ipc-mq-create --allow-foreign mq:/wrong
	run -2 limit ipc-mq-create mq:id:1
	run -2 limit ipc-mq-create mq:/wrong mq:/other
	for o in -d0 -d-1 -d1x -d01 -s0 -s1X -s-1 -s99999999999999999999 -m8 -m01000 -mrw -b0; do
		run -2 limit ipc-mq-create "$o" mq:/wrong
	done
	run -4 limit ipc-mq-recv mq:/wrong
}

@test "the limits are named: status 1" {
	run -1 limit ipc-mq-create -d 1000000 mq:/limit
	[[ $output == *"/proc/sys/fs/mqueue/msg_max is "* ]]
	run -1 limit ipc-mq-create -s 1G mq:/limit
	[[ $output == *"/proc/sys/fs/mqueue/msgsize_max is "* ]]
	run -1 bash -c 'ulimit -q 0; exec timeout 60 ipc-mq-create -d 1 -s 8 mq:/limit'
	[[ $output == *"needs 104 bytes,"*"RLIMIT_MSGQUEUE is 0"* ]]
	run -1 limit ipc-mq-create -b 1G mq:key:0x80
	[[ $output == *"/proc/sys/kernel/msgmnb is "* ]]
	run -4 limit ipc-mq-recv mq:key:0x80
	run -4 limit ipc-mq-recv mq:/limit
}

@test "what RLIMIT_MSGQUEUE leaves is told; so are a full table of descriptors and a kernel without queues" {
	ipc-mq-create -d 1 -s 8 mq:/charged
	run -1 bash -c 'ulimit -q 200; exec timeout 60 ipc-mq-create -d 2 -s 8 mq:/limit'
	[[ $output =~ "(the queue needs 208 bytes, at least "([0-9]+)" are in use, and the user's limit RLIMIT_MSGQUEUE is 200: ulimit -q, " ]]
	[ "${BASH_REMATCH[1]}" -ge 104 ]
	strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
	export ASAN_OPTIONS=detect_leaks=0
	run -1 limit strace -qq -o /dev/null -e inject=mq_open,dup:error=EMFILE ipc-mq-create -d 1 -s 8 mq:/limit
	[[ $output == *"Too many open files (this process has no descriptor left: ulimit -n)" ]]
	run -1 limit strace -qq -o /dev/null -e inject=mq_open:error=ENOSYS ipc-mq-create mq:/limit
	[[ $output == *"(this kernel is built without such queues)" ]]
}

@test "queues_max, msgmni and msg_max of the IPC namespace are met and named" {
	[ -w /proc/sys/fs/mqueue/queues_max ] || skip "the settings cannot be written"
	echo 1 >/proc/sys/fs/mqueue/msg_max
	run -0 limit ipc-mq-create -s 8 mq:/one
	run -1 limit ipc-mq-create -d 2 -s 8 mq:/two
	echo 10 >/proc/sys/fs/mqueue/msg_max
	echo 0 >/proc/sys/fs/mqueue/queues_max
	run -1 setpriv --bounding-set=-sys_resource --inh-caps=-sys_resource "$BIN/ipc-mq-create" -d 1 -s 8 mq:/more
	echo 256 >/proc/sys/fs/mqueue/queues_max
	[[ $output == *"/proc/sys/fs/mqueue/queues_max is 0"* ]]
	echo 0 >/proc/sys/kernel/msgmni
	run -1 limit ipc-mq-create mq:private
	echo 32000 >/proc/sys/kernel/msgmni
	[[ $output == *"/proc/sys/kernel/msgmni is 0"* ]]
}

@test "a REF that cannot be printed: status 1, and no queue is left" {
	run -1 bash -c 'exec timeout 60 ipc-mq-create -d 1 -s 8 mq:/unprinted >/dev/full'
	run -1 bash -c 'exec timeout 60 ipc-mq-create mq:key:0x81 >/dev/full'
	run -1 bash -c 'exec timeout 60 ipc-mq-create -d 1 -s 8 mq:/unprinted >&-'
	run -4 limit ipc-mq-recv mq:/unprinted
	run -4 limit ipc-mq-recv mq:key:0x81
	for ref in mq:/before mq:key:0x82; do
		ipc-mq-create $ref
		run -1 bash -c "exec timeout 60 ipc-mq-create -e $ref >/dev/full"
		run -3 limit ipc-mq-recv -n $ref
	done
}

# The creates share what is done around the object.
creates=("ipc-mq-create -d 1 -s 8 mq:/unread" "ipc-mq-create mq:key:0x83" "ipc-sem create sem:/unread"
	"ipc-sem create sem:key:0x83" "ipc-shm-create -s 1 shm:/unread" "ipc-shm-create -s 1 shm:key:0x83"
	"ipc-ring-create -s 4K ring:/unread")

# How many objects there are.
objects() { ipc-ls --raw -o REF | wc -l; }

# True while process $1 waits in poll(2).
polls() {
	local number
	{ read -r number _ <"/proc/$1/syscall"; } 2>/dev/null || return 1
	case $(uname -m):$number in x86_64:7 | aarch64:73) ;; *) return 1 ;; esac
}

@test "a REF that nobody reads: status 1, and no object is left" {
	before=$(objects)
	mkfifo "$tmp/unread"
	for create in "${creates[@]}"; do
		exec 8<>"$tmp/unread" 9>"$tmp/unread" 8<&-
		run -1 env --default-signal bash -c "exec timeout 60 $create >&9"
		exec 9>&-
		[[ $output == "${create%% *}"*": cannot write to standard output: Broken pipe" ]]
		[ "$(objects)" -eq "$before" ]
	done
}

@test "a signal before the REF could be printed ends the tool, and no object is left" {
	before=$(objects)
	mkfifo "$tmp/stuck"
	exec 9<>"$tmp/stuck"
	head -c 65536 /dev/zero >&9
	for create in "${creates[@]}"; do
		for signal in TERM INT HUP QUIT; do
			# shellcheck disable=SC2086
			env --default-signal $create >&9 3>&- &
			pid=$!
			eventually polls "$pid"
			[ "$(objects)" -gt "$before" ]
			kill -$signal "$pid"
			wait "$pid" || status=$?
			[ "$status" -eq $((128 + $(kill -l $signal))) ]
			[ "$(objects)" -eq "$before" ]
		done
	done
	exec 9>&-
}

@test "a path for ftok that is missing: status 1" {
	run -1 limit ipc-mq-create "mq:ftok:$tmp/none"
	run -1 limit ipc-mq-recv "mq:ftok:$tmp/none"
}

@test "with COMMAND the queue lives as long as it, and the status is COMMAND's" {
	run -7 --separate-stderr limit ipc-mq-create -d 1 -s 8 mq:/scoped -- sh -c 'echo "$IPC_MQ_REF"; test -e /dev/mqueue/scoped && exit 7'
	[ "$output" = mq:/scoped ]
	run -4 limit ipc-mq-recv mq:/scoped
	before=$(ipcs -q)
	run -0 limit ipc-mq-create mq:private -- sh -c 'ipc-mq-send "$IPC_MQ_REF" a && ipc-mq-recv "$IPC_MQ_REF"'
	[ "$output" = a ]
	[ "$(ipcs -q)" = "$before" ]
	run -143 limit ipc-mq-create -d 1 -s 8 mq:/scoped -- sh -c 'kill -TERM $$'
	run -127 limit ipc-mq-create -d 1 -s 8 mq:/scoped -- "$tmp/none"
	run -126 limit ipc-mq-create -d 1 -s 8 mq:/scoped -- "$tmp"
	run -4 limit ipc-mq-recv mq:/scoped
}

@test "with COMMAND our own failures are 125" {
	limit ipc-mq-create -d 1 -s 8 mq:/there
	run -125 limit ipc-mq-create -d 1 -s 8 mq:/there -- true
	run -125 limit ipc-mq-create -e -d 1 -s 8 mq:/there -- true
	run -125 limit ipc-mq-create -b 1 mq:/there -- true
	run -125 limit ipc-mq-create mq:/there --
	run -125 limit ipc-mq-create --no-such-option mq:/x -- true
}

gone() { [ ! -e "/dev/mqueue/$1" ]; }
there() { [ -e "/dev/mqueue/$1" ]; }

@test "with COMMAND: a signal to the tool reaches COMMAND, and the queue goes" {
	for signal in TERM INT HUP QUIT; do
		env --default-signal "$BIN/ipc-mq-create" -d 1 -s 8 mq:/signalled -- sleep 100 3>&- &
		pid=$!
		eventually there signalled
		eventually pgrep -x -P "$pid" sleep
		kill -"$signal" "$pid"
		wait "$pid" || status=$?
		[ "$status" -eq $((128 + $(kill -l "$signal"))) ]
		gone signalled
	done
}

@test "with COMMAND: when the tool is killed, the queue goes with COMMAND" {
	ipc-mq-create -d 1 -s 8 mq:/killed -- sleep 100 3>&- &
	pid=$!
	eventually pgrep -x -P "$pid" sleep
	command=$(pgrep -x -P "$pid" sleep)
	kill -KILL "$pid"
	wait "$pid" || true
	there killed
	kill "$command"
	eventually gone killed
}

@test "with COMMAND: a queue made anew under the name is not removed" {
	run -0 limit ipc-mq-create -d 1 -s 8 mq:/other -- sh -c 'rm /dev/mqueue/other; ipc-mq-create -d 2 -s 8 mq:/other'
	there other
}

@test "with COMMAND in \$(...): the guard does not hold the pipe" {
	run -0 limit bash -c 'echo "$(ipc-mq-create -d 1 -s 8 mq:/subst -- echo done)"'
	[ "$output" = done ]
}

@test "with COMMAND on a terminal: Ctrl-Z, fg and Ctrl-C reach COMMAND, and the queue goes" {
	run limit python3 "$BATS_TEST_DIRNAME/terminal.py" ipc-mq-create -d 1 -s 8 mq:/terminal --
	echo "$output"
	[ "${lines[-1]}" = "job control works" ]
	gone terminal
}

@test "with COMMAND: the tool dies of the signal that it and COMMAND got, when the queue is gone" {
	cd "$tmp"
	for family in "-d 1 -s 8 mq:/dying" mq:private; do
		dies_as_command_does ipc-mq-create $family --
	done
	gone dying
}

@test "with COMMAND: who stops and continues COMMAND alone does not stop the tool" {
	outlast_a_stop ipc-mq-create -d 1 -s 8 mq:/paused --
	gone paused
}

@test "with COMMAND: where it cannot be seen whose the queue is, it stays, and that is told" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to hide the mount"
	run -7 unshare --mount sh -c 'mount -t tmpfs none /dev/mqueue && exec setpriv --reuid=65534 --regid=65534 \
		--clear-groups "$BIN/ipc-mq-create" -m 0 -d 1 -s 8 mq:/unseen -- sh -c "exit 7"'
	[ "$output" = "ipc-mq-create: cannot remove mq:/unseen: Permission denied" ]
}
