# shellcheck shell=bash
# Each system call of a command fails, once or from then on, and the process is
# killed at each.  Not tried: two faults of different calls in one run.
#
# All of these are tried with SOAK=1 and where coverage is counted, else one in three,
# and under a sanitizer one in six, chosen by SEED.

# In setup() of a suite that uses each_fault.
need_faults() {
	command -v strace >/dev/null || skip "strace is not installed"
	strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
	export ASAN_OPTIONS=detect_leaks=0 FAULT_ONE_IN=1
	RANDOM=$(((${SEED:-1} + BATS_TEST_NUMBER) % 32768))
	if [ "${SOAK-}" ] || grep -q __gcov_dump "$BIN/ipc-ls"; then return 0; fi
	FAULT_ONE_IN=3
	! grep -q __asan_init "$BIN/ipc-ls" || FAULT_ONE_IN=6
}

# The calls of a run of "$@" as lines "NAME FIRST LAST": from the first that the
# tool makes itself on, which is when it looks at descriptor 0.
calls_of() {
	local name every ours
	strace -qq -o "$tmp/trace" "$@" <"${fault_input:-/dev/null}" >/dev/null 2>&1 9<&- || true
	# What a build that counts does at the end: a fault there would spoil all counts.
	sed -i '/\.gcda"/,$d' "$tmp/trace"
	grep -oE '^[a-z_0-9]+' "$tmp/trace" >"$tmp/every"
	sed -n '/^fcntl(0, F_GETFD)/,$p' "$tmp/trace" | grep -oE '^[a-z_0-9]+' >"$tmp/ours"
	for name in $(sort -u "$tmp/ours" | grep -vE '^(exit_group|brk|munmap|mprotect|'"${fault_left_out-mmap}"')$'); do
		every=$(grep -cx "$name" "$tmp/every")
		ours=$(grep -cx "$name" "$tmp/ours")
		echo "$name $((every - ours + 1)) $every"
	done
}

# What the call $1 may fail with.
errnos_of() {
	case $1 in
	mq_open) echo EACCES EMFILE ENFILE ENOENT ENOMEM ENOSPC ;;
	mq_timedsend) echo EAGAIN EBADF EINTR EMSGSIZE ENOMEM ;;
	mq_timedreceive) echo EAGAIN EBADF EINTR EMSGSIZE ;;
	msgsnd) echo EACCES EAGAIN EIDRM EINTR EINVAL ENOMEM ;;
	msgrcv) echo EACCES EIDRM EINTR EINVAL ENOMSG ;;
	msgget | msgctl | shmget | shmctl | semget | semctl) echo EACCES EIDRM ENOENT ENOSPC EINVAL EPERM ;;
	semop | semtimedop) echo EACCES EAGAIN EIDRM EINTR ENOMEM ERANGE ;;
	shmat) echo EACCES EINVAL ENOMEM ;;
	open | openat) echo EACCES EMFILE ENFILE ENOENT ENOSPC ;;
	sendfile) echo EINVAL EIO EINTR EAGAIN ENOSPC ;;
	ftruncate | fallocate) echo EINTR ENOSPC EFBIG EPERM ;;
	linkat | rename | renameat2) echo EPERM EEXIST ENOENT ENOSPC ;;
	write | pwrite64 | pwritev2 | splice | tee) echo EIO ENOSPC EINTR EAGAIN EPIPE ;;
	poll | ppoll | epoll_wait | epoll_pwait) echo EINTR ENOMEM ;;
	read | pread64) echo EINTR EIO EAGAIN ;;
	mmap) echo ENOMEM ;;
	futex) echo "${futex_errnos-EPERM ENOMEM}" ;;
	wait4 | waitid) echo EINTR ;;
	close) ;; # at exit, of a stdout that nothing was written to
	prlimit64 | getpid | gettid | getppid | get*[ug]id | umask | rt_sigaction | rt_sigprocmask | rt_sigreturn) ;; # cannot fail
	*) echo EPERM ENOMEM ;;
	esac
}

# The first of these that does not pass by itself, if any.
lasting_errno_of() {
	case $1 in *poll | epoll_* | "${lasting_left_out-}") return ;; esac # of a few descriptors takes no memory
	errnos_of "$1" | tr ' ' '\n' | grep -vE '^(EINTR|EAGAIN|)$' | head -n 1
}

# Whether this fault is tried: one of each FAULT_ONE_IN, chosen by RANDOM, so that many
# faults are never all passed over.
chosen() {
	local one_in=${FAULT_ONE_IN:-1}
	local place=$((possible++ % one_in))
	[ "$place" -gt 0 ] || chosen_place=$((RANDOM % one_in))
	[ "$place" -eq "$chosen_place" ]
}

# each_fault FAULTS PREPARE CHECK COMMAND ...: for each call of COMMAND run the
# function PREPARE, COMMAND with a fault at that call, and the function CHECK.
# FAULTS are of "errors" (once), "lasting" (from then on) and "kill".  CHECK finds
# the fault in $fault ("read 2 error=EIO", or "read 2+ ..." from then on), the exit
# status in $status, and stdout, stderr and the trace in $tmp/out, $tmp/err and
# $tmp/trace.  COMMAND's stdin is the file $fault_input.
# How many were tried is in $tried, and of how many in $possible.
each_fault() {
	local faults=$1 prepare=$2 check=$3 name first last n error
	shift 3
	tried=0 possible=0
	# For the same reason nothing fails from then on.
	! grep -q __gcov_dump "$BIN"/ipc-ls || faults=${faults/lasting/}
	"$prepare"
	calls_of "$@" >"$tmp/calls"
	while read -r name first last <&9; do
		for ((n = first; n <= last; n++)); do
			case $faults in *errors*)
				for error in $(errnos_of "$name"); do
					! chosen || one_fault "$name" "$n" "error=$error" "$@"
				done
				;;
			esac
			case $faults in *lasting*)
				error=$(lasting_errno_of "$name") || true
				[ -z "$error" ] || ! chosen || one_fault "$name" "$n+" "error=$error" "$@"
				;;
			esac
			case $faults in *kill*) ! chosen || one_fault "$name" "$n" signal=KILL "$@" ;; esac
		done
	done 9<"$tmp/calls"
}

# Of each_fault: a fault, with its variables.
one_fault() {
	fault="$1 $2 $3"
	"$prepare"
	status=0
	{
		timeout -k 2 60 strace -qq -o "$tmp/trace" -e "inject=$1:$3:when=$2" "${@:4}" \
			<"${fault_input:-/dev/null}" >"$tmp/out" 2>"$tmp/err" 9<&- || status=$?
	} 2>/dev/null # the shell's own "Killed"
	echo "$fault: status $status: $(head -c 300 "$tmp/err")" # shown when the test fails
	"$check"
	tried=$((tried + 1))
}
