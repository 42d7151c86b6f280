#!/usr/bin/env bats

# Calls under faults: each system call of the caller, of a server that starts and
# of a server that answers fails once, or is its last.  No call hangs, none is
# run twice, each status is one of those in the manual, and after the next start
# nothing is left.  Not tried: two faults in one call.

load helpers
load rpc
load faults

setup() {
	need_faults
	eval "all_$(declare -f errnos_of)"
	errnos_of() {
		case $1 in
		rt_sig* | tgkill) ;; # with these arguments they cannot fail
		*) all_errnos_of "$1" | if [ "${SOAK-}" ]; then cat; else few; fi ;;
		esac
	}
}

# From the second on a server writes to an eventfd of its own: that cannot fail.
skip_eventfds() {
	eval "any_$(declare -f one_fault)"
	one_fault() { [[ "$1 $2 $3" == write\ [2-9]\ error* ]] || any_one_fault "$@"; }
}

# Each call fails in one way, and by EINTR where that can be; in all ways with SOAK=1.
few() { awk '{ print $1, $1 != "EINTR" && /EINTR/ ? "EINTR" : "" }'; }
teardown() {
	[ -z "${tracer-}" ] || kill -9 "$tracer" 2>/dev/null || true
	end_servers
}

# The COMMAND of each server here: notes what it was asked, and answers.
answers() {
	case $1 in
	command) echo "read -r l; echo \"\$l\" >>$tmp/run; echo \"r:\$l\"" ;;
	coprocess) echo "while read -r l; do echo \"\$l\" >>$tmp/run; echo \"r:\$l\"; done" ;;
	esac
}

runs_of() { { cat "$tmp/run" 2>/dev/null || true; } | grep -cx "$1" || true; }

# What a call may come to: the whole reply, or one of our own statuses.
told_rightly() {
	case $status in
	0) [ "$(cat "$tmp/out")" = "r:$word" ] && [ "$(runs_of "$word")" -eq 1 ] ;;
	124 | 125 | 126 | 127 | 137) ;;
	*) false ;;
	esac
	[ "$(runs_of "$word")" -le 1 ]
	case $fault in *EINTR) [ "$status" -eq 0 ] ;; esac
}

# The server goes on.
serves() { [ "$(limit ipc-rpc-call "$q" after 2>/dev/null)" = r:after ]; }

private_queues() { compgen -G '/dev/mqueue/ipcbox*' >/dev/null; }

fresh_word() {
	word=x
	rm -f "$tmp/run"
}

# A caller that was killed at the wrong moment has left its queue, until the next start.
called() {
	told_rightly
	[ "$status" -eq 0 ] || [ -s "$tmp/err" ] || [ "$status" -eq 137 ]
	if private_queues; then
		[ "$status" -eq 137 ] || [[ $fault == mq_unlink* ]]
		left=$((left + 1))
		run -4 ipc-rpc-serve mq:/none cat
		ipc-mq-create mq:/other >/dev/null
		ipc-rpc-serve mq:/other true 3>&- &
		other=$!
		run -0 call mq:/other x
		run -1 private_queues
		kill $other
		wait $other || true
		rm /dev/mqueue/other
	fi
	serves
}

@test "a caller: each call fails, or is its last; it tells so, and the server goes on" {
	for family in posix sysv; do
		left=0
		serve $family -- /bin/sh -c "$(answers command)"
		each_fault errors,kill fresh_word called ipc-rpc-call -t 10 "$q" x
		echo "# $family: $tried of $possible faults, a queue was left $left times" >&3
		[ "$possible" -gt 40 ]
		unserve
	done
}

# It is ended by its COMMAND, or by who waits for it in vain.
awaits_server() {
	fresh_word
	ipc-rpc-call -t 5 "$ref" $word >"$tmp/answer" 2>"$tmp/answer.err" 3>&- 9<&- &
	caller=$!
}

there() {
	case $ref in
	mq:/*) [ -e "/dev/mqueue/${ref#mq:}" ] ;;
	*) grep -q "^ *$((${ref#mq:key:})) " /proc/sysvipc/msg ;;
	esac
}

# Nothing is left of a server but by SIGKILL, and that the next one takes over.
started_or_not() {
	[ "$status" -ne 124 ] # it hung
	kill $caller 2>/dev/null || true
	wait $caller || true
	[ "$(runs_of $word)" -le 1 ]
	case $status in
	1 | 5 | 137 | 143) ;;
	*) false ;;
	esac
	if there; then
		[ "$status" -eq 137 ] || grep -q 'cannot remove' "$tmp/err"
		left=$((left + 1))
		rm -f "$tmp/ref"
		ipc-rpc-serve --create "$ref" true >"$tmp/ref" 3>&- 9<&- &
		server=$!
		eventually [ -s "$tmp/ref" ]
		kill $server
		wait $server || true
	fi
	no_queues
}

@test "a server that starts and ends: each call fails, or is its last; nothing is left" {
	skip_eventfds
	for ref in mq:/starts mq:key:0x71; do
		left=0
		each_fault errors,kill awaits_server started_or_not \
			ipc-rpc-serve --create "$ref" /bin/sh -c "$(answers command); kill \$PPID"
		echo "# $ref: $tried of $possible faults, a queue was left $left times" >&3
		[ "$possible" -gt 40 ]
	done
}

# Start the server again if it has ended, by the same name.
have_server() {
	! ended "${server-0}" || {
		rm -f "$tmp/ref"
		env --default-signal=INT ipc-rpc-serve --create "${options[@]}" "$ref" /bin/sh -c "$(answers $mode)" \
			>"$tmp/ref" 2>>"$tmp/server.err" 3>&- 9<&- &
		server=$!
		eventually [ -s "$tmp/ref" ]
		q=$(cat "$tmp/ref")
	}
	# So that the coprocess runs, and the worker waits as it mostly does.
	[ "${options[*]}" = '' ] || serves
	eventually asleep $server
}

# A server that runs is traced, and it is no child of strace.
need_attaching() {
	[ "$(id -u)" -eq 0 ] || [ "$(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null || echo 0)" -eq 0 ] ||
		skip "strace may not attach here"
}

traced() {
	local task
	! ended $server || return 0 # it was killed before the call
	for task in /proc/"$server"/task/*/status; do
		grep -q '^TracerPid:.*[1-9]' "$task" || return 1
	done
}

# One call, with strace on all threads of the server but not on COMMAND.
traced_call() {
	status=0
	strace -qq -f -b execve -o "$tmp/trace" "$@" -p $server 3>&- 9<&- 2>/dev/null &
	tracer=$!
	eventually traced
	if ended $server; then
		status=125
	else
		# A request that the server cannot look at is dropped, and told on its side alone.
		timeout 60 ipc-rpc-call -t 1 "$q" "$word" >"$tmp/out" 2>"$tmp/err" 3>&- 9<&- || status=$?
	fi
	# By SIGTERM it hangs when the threads of a server end at that moment.
	kill -9 $tracer 2>/dev/null || true
	wait $tracer 2>/dev/null || true
}

# For each_fault, in the place of what it does else: the calls, and the faults, of
# a server that answers.
attach() {
	calls_of() {
		prepared
		traced_call
		awk '$2 ~ /^[a-z_0-9]+\(/ { sub(/\(.*/, "", $2); n = ++count[$1 " " $2]; if (n > most[$2]) most[$2] = n }
			END { for (name in most) print name, 1, most[name] }' "$tmp/trace" |
			grep -vE "^($harmless) " | sort
	}
	one_fault() {
		fault="$1 $2 $3"
		prepared
		traced_call -e "inject=$1:$3:when=$2"
		echo "$fault: status $status: $(head -c 300 "$tmp/err")"
		answered_or_not
		tried=$((tried + 1))
	}
}
harmless='exit|exit_group|brk|munmap|mprotect|madvise|rt_sig[a-z]*|restart_syscall|get[a-z]*id|tgkill'

prepared() {
	have_server
	fresh_word
}

answered_or_not() {
	told_rightly
	serves || eventually ended $server
	have_server
	serves
	run -1 private_queues
}

@test "a server that answers: each call fails, or is its last; the caller is told, the next start goes on" {
	need_attaching
	attach
	for how in posix:command sysv:coprocess ${SOAK:+posix:coprocess sysv:command}; do
		mode=${how#*:} ref=mq:/answers options=()
		[[ $how == posix:* ]] || ref=mq:key:0x72
		[ $mode = command ] || options=(--coprocess)
		server=0
		each_fault errors,kill prepared answered_or_not x
		echo "# $how: $tried of $possible faults" >&3
		[ "$possible" -gt 30 ]
		unserve
	done
}

@test "a coprocess that answers and ends at once: its last word is the reply" {
	need_attaching
	for family in posix sysv; do
		serve $family --coprocess -- /bin/sh -c 'read -r l; echo "r:$l"'
		word=x
		run -0 call "$q" first
		# The worker goes on only when there is an answer and nobody any more.
		traced_call -e inject=write:delay_exit=300000:when=1
		[ "$status" -eq 0 ]
		[ "$(cat "$tmp/out")" = r:x ]
		grep -q 'write.*DELAYED' "$tmp/trace"
		unserve
	done
}

@test "a reply that the kernel has no memory for just now comes all the same" {
	need_attaching
	for family in posix sysv; do
		serve $family -- /bin/sh -c "$(answers command)"
		call=msgsnd word=x
		[ $family = sysv ] || call=mq_timedsend
		# All threads of the server are there after a first call.
		run -0 call "$q" first
		traced_call -e inject=$call:error=ENOMEM:when=1
		[ "$status" -eq 0 ]
		[ "$(cat "$tmp/out")" = r:x ]
		grep -q INJECTED "$tmp/trace"
		unserve
	done
}

@test "a COMMAND whose end cannot be watched, as no descriptor is left: its reply comes all the same" {
	need_attaching
	for family in posix sysv; do
		serve $family -- /bin/sh -c "$(answers command)"
		word=x
		run -0 call "$q" first
		# The first is for the caller.
		traced_call -e inject=pidfd_open:error=EMFILE:when=2
		[ "$status" -eq 0 ]
		[ "$(cat "$tmp/out")" = r:x ]
		grep -q INJECTED "$tmp/trace"
		unserve
	done
}

@test "a caller for whom no descriptor is left is dropped, and the limit is named" {
	need_attaching
	for family in posix sysv; do
		serve $family -- /bin/sh -c "$(answers command)"
		word=x
		run -0 call "$q" first
		for call in pidfd_open:error=EMFILE:when=1 openat:error=EMFILE:when={1,2,3}; do
			[[ $family:$call != sysv:openat*3 ]] || continue
			: >"$tmp/server.err"
			traced_call -e "inject=$call"
			[ "$status" -eq 124 ]
			grep -q 'ulimit -n' "$tmp/server.err"
		done
		unserve
	done
}
