# shellcheck shell=bash
# What every suite shares.  Load it first; it needs bats 1.5 for "run -N".
bats_require_minimum_version 1.5.0

: "${BIN:=$BATS_TEST_DIRNAME/../build}"
PATH=$(cd "$BIN" && pwd):$PATH
top=$BATS_TEST_DIRNAME/..
tmp=$BATS_TEST_TMPDIR

# No command under test may outlive this.  A hang is then a failure with an
# exit status (124), not a stuck run.
limit() { timeout --kill-after=2 "${LIMIT:-20}" "$@"; }

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

# Waits until the given command succeeds: at most 10 s, looking every 20 ms.
# There is no other way to wait in these tests; a plain sleep is a race.
eventually() {
	local tries
	for ((tries = 0; tries < 500; tries++)); do
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
as_nobody() { timeout 20 setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
