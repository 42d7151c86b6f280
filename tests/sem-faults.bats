#!/usr/bin/env bats

# ipc-sem under faults: each system call of each subcommand fails once or is its
# last, and run is killed at random instants: the count is what it should be.

load helpers
load faults

setup() { need_faults; }

value_of() { ipc-sem value "$1" | paste -sd' '; }

# The semaphore $s with value 1.
fresh() { ipc-sem set --force "$s" 1; }

# A change is made or not, as told.
changed_as_told() {
	value=$(value_of "$s")
	[ "$value" -eq "$before" ] || [ "$value" -eq "$after" ]
	case $status in
	0) [ "$value" -eq "$after" ] ;;
	137) ;;
	*)
		[ "$status" -ge 1 ] && [ "$status" -le 4 ]
		[ "$value" -eq "$before" ]
		;;
	esac
	case $fault in *EINTR) [ "$status" -eq 0 ] ;; esac
}

@test "post, wait, set: each call fails, or is the last; the value is as told" {
	for s in sem:/change sem:key:0x51; do
		ipc-sem create "$s" >/dev/null
		before=1 after=2
		each_fault errors,kill fresh changed_as_told ipc-sem post "$s"
		sum=$tried all=$possible
		after=0
		each_fault errors,kill fresh changed_as_told ipc-sem wait -n "$s"
		sum=$((sum + tried)) all=$((all + possible))
		after=7
		# Up to 7 are several posts on a POSIX semaphore: what was done stands.
		case $s in
		*key*)
			each_fault errors,kill fresh changed_as_told ipc-sem set --force "$s" 7
			sum=$((sum + tried)) all=$((all + possible))
			;;
		esac
		echo "# $s: $sum of $all faults" >&3
		[ $all -gt 20 ]
	done
}

@test "run, System V: each call fails, or is the last; the value is back" {
	s=sem:key:0x52
	ipc-sem create $s >/dev/null
	each_fault errors,kill fresh given_back_in_time ipc-sem run $s echo ran
	echo "# $tried of $possible faults" >&3
	[ "$possible" -gt 20 ]
}

# When the tool is killed, COMMAND may still run for a moment.
given_back_in_time() {
	is_back() { [ "$(value_of "$s")" -eq 1 ]; }
	eventually is_back
	case $status in 0 | 12[4567] | 137) ;; *) false ;; esac
	[ "$status" -ne 0 ] || [ "$(cat "$tmp/out")" = ran ]
}

@test "run, POSIX: each call of the tool fails, or is the last; the value is back" {
	s=sem:/run
	ipc-sem create $s >/dev/null
	each_fault errors,kill fresh given_back_in_time ipc-sem run $s echo ran
	echo "# $tried of $possible faults" >&3
	[ "$possible" -gt 20 ]
}

# child_faults REF COMMAND ...: each call that a child of the tool makes before it
# is COMMAND, or as the guard, fails.  strace counts them for each process, so that
# the same call of the tool may fail, too.  futex(2) is left out, for a sanitizer
# and glibc end the process where one of theirs fails.
child_faults() {
	local name
	s=$1 tried=0
	shift
	fresh
	strace -f -qq -o "$tmp/children" "$@" >/dev/null
	awk 'NR == 1 { tool = $1 }
		$1 != tool && !become[$1] && match($2, /^[a-z_0-9]+/) { print substr($2, 1, RLENGTH) }
		/ execve\(/ { become[$1] = 1 }' "$tmp/children" | sort -u |
		grep -vE '^(exit_group|brk|munmap|mprotect|mmap|rt_sigprocmask|getppid|set_robust_list|sigaltstack|futex)$' >"$tmp/calls"
	while read -r name <&9; do
		one_fault "$name" 1 error=EPERM -f "$@"
	done 9<"$tmp/calls"
}

@test "run: each call of the child that takes it, and of the guard, fails; the value is back" {
	for s in sem:/children sem:key:0x54; do
		ipc-sem create "$s" >/dev/null
		prepare=fresh check=given_back_in_time child_faults "$s" ipc-sem run "$s" /bin/echo ran
		echo "# $s: $tried calls: $(paste -sd' ' "$tmp/calls")" >&3
		[ $tried -ge 3 ]
	done
}

there() { case $s in *key*) grep -q "^ *$((0x53)) " /proc/sysvipc/sem ;; *) [ -e /dev/shm/sem.made ] ;; esac }
removed() { case $s in *key*) ! there || ipcrm -S 0x53 ;; *) rm -f /dev/shm/sem.made ;; esac }

# It is there if it was told, and then it has its value; what is there after a
# kill gets it from whoever comes next.
made_as_told() {
	if [ "$status" -eq 0 ] || [ -s "$tmp/out" ]; then
		[ "$(value_of "$s")" = 3 ]
	elif [ "$status" -ne 137 ] && there; then
		false
	fi
	! there || ipc-sem create -e --values=3 "$s" >/dev/null
	! there || [ "$(value_of "$s")" = 3 ]
}

@test "create: each call fails, or is the last; it is whole or not there" {
	for s in sem:/made sem:key:0x53; do
		each_fault errors,kill removed made_as_told ipc-sem create --values=3 "$s"
		echo "# $s: $tried of $possible faults" >&3
		[ "$possible" -gt 10 ]
		removed
	done
	ls -A /dev/shm >"$tmp/left"
	run -1 grep -vE '^sem\.(change|run|children)$' "$tmp/left"
}

# COMMAND of the campaigns: status 1, and a word in the file, when somebody else is
# inside.
build_inside() {
	cc -O1 -o "$tmp/sem-inside" "$BATS_TEST_DIRNAME/sem-inside.c" || skip "no C compiler"
}

# The last child of the process $1 that is called $2; quicker than pgrep(1), which comes
# when all is over.
child_of() {
	local child name found=
	for child in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
		{ read -r name <"/proc/$child/comm"; } 2>/dev/null || continue
		[ "$name" != "$2" ] || found=$child
	done
	echo "$found"
}

# campaign REF: rounds in which three run at once and one victim is killed at a
# random instant, until so many were: a victim may have ended before.
campaign() {
	local wanted=30 round pids pid victim n status
	[ -z "${SOAK:-}" ] || wanted=2000
	RANDOM=${SEED:-1}
	kills=0
	for ((round = 0; kills < wanted && round < 30 * wanted; round++)); do
		pids=()
		for n in 1 2 3; do
			ipc-sem run "$1" "$tmp/sem-inside" "$tmp/lock" $((RANDOM % 10)) 3>&- 2>/dev/null &
			pids+=($!)
		done
		sleep 0.00$((RANDOM % 10))
		pid=${pids[RANDOM % 3]}
		case $((RANDOM % 3)) in
		0) victim=$pid ;;
		1) victim=$(child_of "$pid" sem-inside) ;;
		2) victim=$(child_of "$pid" ipc-sem) ;;
		esac
		[ -n "$victim" ] || victim=$pid
		! kill -KILL $victim 2>/dev/null || kills=$((kills + 1))
		for pid in "${pids[@]}"; do
			status=0
			wait "$pid" 2>/dev/null || status=$?
			[ $status -eq 0 ] || [ $status -eq 137 ]
		done
		# Who was killed may have left a COMMAND that still runs.
		if ! eventually_back "$1"; then
			lost=$((lost + 1))
			ipc-sem set --force "$1" 1
		fi
		[ ! -s "$tmp/lock" ]
	done
}

eventually_back() {
	local tries
	for ((tries = 0; tries < 200; tries++)); do
		[ "$(value_of "$1")" != 1 ] || return 0
		sleep 0.01
	done
	return 1
}

@test "run, System V: SIGKILL at random to the tool or COMMAND; back after each round, never two inside" {
	s=$(ipc-sem create sem:private)
	build_inside
	lost=0
	campaign "$s"
	echo "# $kills kills, $lost lost" >&3
	[ $lost -eq 0 ]
	[ $kills -ge 30 ]
}

@test "run, POSIX: SIGKILL at random to the tool, COMMAND or the guard; back after each round" {
	s=$(ipc-sem create sem:/campaign)
	build_inside
	lost=0
	campaign "$s"
	echo "# $kills kills, $lost lost" >&3
	# In the instant between claiming the post and making it, it can be lost.
	[ $((lost * 100)) -le $kills ]
	[ $kills -ge 30 ]
}
