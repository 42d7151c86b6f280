# shellcheck shell=bash
# What every suite shares.  Load it first; it needs bats 1.5 for "run -N".
bats_require_minimum_version 1.5.0

: "${BIN:=$BATS_TEST_DIRNAME/../build}"
# Behind ours Debian's programs, whatever else is installed before them.
PATH=$(cd "$BIN" && pwd):/usr/bin:$PATH
top=$BATS_TEST_DIRNAME/..
tmp=$BATS_TEST_TMPDIR

# A tool that dies of SIGQUIT would leave one.
ulimit -S -c 0

# In setup() of a suite to which it is all one how the tools were built.
skip_under_sanitizer() { ! grep -q __asan_init "$BIN/ipc-mq-send" || skip "the same with the plain build"; }

# No command under test may outlive this.  A hang is then a failure with the exit
# status of a signal, not a stuck run, and not 124, which is a status of ours.  A
# busy machine is no hang.
limit() { timeout --preserve-status --kill-after=2 "${LIMIT:-60}" "$@"; }

# Each suite runs in an IPC world of its own; a name is still its test's alone.
fresh_name() { printf '/t%d-%s' "$BATS_TEST_NUMBER" "${1:-x}"; }

# A queue of family $1 for this test; further words are for ipc-mq-create.
new_queue() {
	case $1 in
	posix) ipc-mq-create -d 10 -s 256 "${@:2}" "mq:$(fresh_name queue)" ;;
	sysv) ipc-mq-create "${@:2}" mq:private ;;
	esac
}

# How many messages are in the queue $1.
depth() { ipc-mq-peek -v "$1" 2>&1 >/dev/null | sed -n 's/.*: messages \([0-9]*\),.*/\1/p'; }

# Waits until the given command succeeds: at most a minute, looking every 20 ms.
# There is no other way to wait in these tests; a plain sleep is a race.
eventually() {
	local tries
	for ((tries = 0; tries < 3000; tries++)); do
		"$@" && return 0
		sleep 0.02
	done
	echo "never happened: $*" >&2
	return 1
}

# True while all threads of process $1 sleep, as they do in a call that blocks.
asleep() {
	local task
	for task in /proc/"$1"/task/*/stat; do
		[ "$(sed 's/.*) //' "$task" | cut -d' ' -f1)" = S ] || return 1
	done
}

# True while process $1 waits for a message or for room.
in_queue_call() {
	local number
	{ read -r number _ <"/proc/$1/syscall"; } 2>/dev/null || return 1
	case $(uname -m):$number in
	x86_64:69 | x86_64:70 | x86_64:242 | x86_64:243) return 0 ;;
	aarch64:182 | aarch64:183 | aarch64:188 | aarch64:189) return 0 ;;
	esac
	return 1
}

# Runs a command as a user who owns nothing here.
# into_nothing COMMAND ...: with a standard output whose reader has gone.
into_nothing() {
	mkfifo "$tmp/readerless"
	# shellcheck disable=SC2094 # one opens what the other waits for
	exec {reader}<>"$tmp/readerless" {writer}>"$tmp/readerless" {reader}>&-
	rm "$tmp/readerless"
	timeout 60 "$@" >&"$writer" {writer}>&-
}

as_nobody() { timeout 60 setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }

# True while process $1 sleeps on a ring, or waits for a role in one.
in_ring_wait() {
	local number
	{ read -r number _ <"/proc/$1/syscall"; } 2>/dev/null || return 1
	case $(uname -m):$number in
	x86_64:202 | x86_64:72 | aarch64:98 | aarch64:25) return 0 ;;
	esac
	return 1
}

# How many records wait in the ring $1.
ring_depth() { { ipc-ring-get --peek -j "$1" || true; } | wc -l; }

# How the tool "$@" ends when COMMAND, which is put behind it, dies of a signal: of the
# same where the tool got it, too, and else with a status.
dies_as_command_does() {
	local signal
	for signal in INT TERM HUP QUIT; do
		run -0 limit python3 "$BATS_TEST_DIRNAME/signalled.py" SIG$signal tool "$@"
		[ "$output" = "died of SIG$signal" ]
		run -0 limit python3 "$BATS_TEST_DIRNAME/signalled.py" SIG$signal command "$@"
		[ "$output" = "exited with $((128 + $(kill -l $signal)))" ]
	done
	run -0 limit python3 "$BATS_TEST_DIRNAME/signalled.py" SIGUSR1 tool "$@"
	[ "$output" = "exited with $((128 + $(kill -l USR1)))" ]
	run -0 limit python3 "$BATS_TEST_DIRNAME/signalled.py" SIGKILL command "$@"
	[ "$output" = "exited with 137" ]
}

# True once process $1 has stopped, and once it has run and rests again (it slept after $2 turns).
is_stopped() { grep -q '^State:	T' "/proc/$1/status"; }
turns() { sed -n 's/^voluntary_ctxt_switches:	//p' "/proc/$1/status"; }
has_looked() { [ "$(turns "$1")" -gt "$2" ] && { asleep "$1" || is_stopped "$1"; }; }

# Stops and continues COMMAND alone, which "$@" runs when it is put behind it; the tool must
# end with it.  Jobs have a group of their own, as in a shell with job control: a stop counts.
outlast_a_stop() {
	local tool command before
	rm -f "$tmp/lasting"
	mkfifo "$tmp/lasting"
	set -m
	"$@" cat "$tmp/lasting" 3>&- &
	tool=$!
	set +m
	eventually pgrep -x -P "$tool" cat >/dev/null
	command=$(pgrep -x -P "$tool" cat)
	eventually asleep "$tool"
	before=$(turns "$tool")
	kill -STOP "$command"
	eventually is_stopped "$command"
	eventually has_looked "$tool" "$before"
	kill -CONT "$command"
	: >"$tmp/lasting"
	eventually eval "! kill -0 $tool 2>/dev/null" || { kill -KILL "$tool"; return 1; }
	wait "$tool"
}
