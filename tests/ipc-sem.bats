#!/usr/bin/env bats

# What the subcommands do and refuse.  Killing and failing calls: sem-faults.bats.

load helpers

# A semaphore of family $1 for this test; further words are for ipc-sem create.
new_sem() {
	case $1 in
	posix) ipc-sem create "${@:2}" "sem:$(fresh_name sem)" ;;
	sysv) ipc-sem create "${@:2}" sem:private ;;
	esac
}

# How many wait for semaphore $1.
waiters() { ipc-sem value -v "$1" | awk -F'\t' '{ n += $3 } END { print n + 0 }'; }
value_is() { [ "$(ipc-sem value "$1" | paste -sd' ')" = "$2" ]; }
waiters_are() { [ "$(ipc-sem value -v "$1" | cut -f3 | paste -sd' ')" = "$2" ]; }
gone() { ! kill -0 "$1" 2>/dev/null; }
# True once the process $1 has a child called $2.
has_child() { pgrep -x -P "$1" "$2" >/dev/null; }
# True while process $1 has stopped.
stopped() { [ "$(sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f1)" = T ]; }
running() { ! stopped "$1"; }

remove() {
	case $1 in
	sem:/*) rm "/dev/shm/sem.${1#sem:/}" ;;
	sem:id:*) ipcrm -s "${1#sem:id:}" ;;
	esac
}

@test "without a subcommand, or with a wrong one: status 2, and the closest is named" {
	run -2 limit ipc-sem
	[[ $output == *"create, post, wait, value, set, op or run"* ]]
	for pair in pots:post vaule:value creat:create runn:run settle:set wiat:wait pop:op; do
		run -2 limit ipc-sem "${pair%:*}" sem:/x
		[[ ${lines[0]} == "ipc-sem: there is no subcommand '${pair%:*}'; the closest is '${pair#*:}'" ]]
	done
	run -2 limit ipc-sem "$(printf 'x%.0s' {1..500})"
	run -2 limit ipc-sem ''
}

@test "create: a POSIX semaphore with its value and exactly the mode asked for" {
	umask 077
	run -0 --separate-stderr limit ipc-sem create -m 0622 sem:/mode
	[ "$output" = sem:/mode ]
	[ "$stderr" = "" ]
	[ "$(stat -c '%a %s' /dev/shm/sem.mode)" = "622 32" ]
	value_is sem:/mode 1
	limit ipc-sem create --values=2147483647 /most
	value_is /most 2147483647
	run -2 limit ipc-sem create --values=2147483648 /more
	limit ipc-sem create --values=0 /none
	value_is /none 0
}

@test "create: a System V set prints its id, whatever it was named by" {
	for name in private key:0x1234 key:-7 "ftok:$tmp" "ftok:$tmp,a"; do
		run -0 limit ipc-sem create -m 640 --values=3,0,32767 "sem:$name"
		[[ $output =~ ^sem:id:[0-9]+$ ]]
		[ "$(ipcs -s -i "${output##*:}" | grep -oE 'mode=[0-7]+')" = mode=0640 ]
		value_is "$output" "3 0 32767"
	done
	# A mode that forbids to give it values.
	run -0 limit ipc-sem create -m 044 --values=5 sem:private
	[ "$(awk -v id="${output##*:}" '$2 == id { print $3 }' /proc/sysvipc/sem)" = 44 ]
	# More members than there may be operations in a step.
	s=$(limit ipc-sem create --values="$(seq -s, 1 700)" sem:private)
	value_is "$s" "$(seq -s' ' 1 700)"
	s=$(limit ipc-sem create --values="32767$(printf ',0%.0s' {1..600})" sem:private)
	[ "$(ipc-sem value -i 0 "$s")" = 32767 ]
}

@test "create: what is there already: status 5, and with --quiet silence" {
	for ref in sem:/twice sem:key:0x77; do
		limit ipc-sem create "$ref"
		run -5 limit ipc-sem create "$ref"
		[ "$output" = "ipc-sem create: cannot create $ref: File exists" ]
		run -5 limit ipc-sem create -q "$ref"
		[ "$output" = "" ]
	done
}

@test "--quiet is silent where statuses 4 and 5 tell it, and not where 125 does" {
	for verb in post wait value; do
		run -4 limit ipc-sem $verb -q sem:/nowhere
		[ "$output" = "" ]
	done
	run -4 limit ipc-sem op -q sem:key:0x76 0:1
	[ "$output" = "" ]
	run -125 limit ipc-sem run -q sem:/nowhere true
	[ "$output" = "ipc-sem run: cannot open sem:/nowhere: No such file or directory" ]
	run -125 limit ipc-sem op -q sem:key:0x76 0:1 -- true
	[ "$output" = "ipc-sem op: cannot open sem:key:0x76: No such file or directory" ]
	limit ipc-sem create sem:/there
	run -125 limit ipc-sem create -q sem:/there -- true
	[ "$output" = "ipc-sem create: cannot create sem:/there: File exists" ]
}

@test "create --exist-ok accepts one that fits, and says what does not fit: status 1" {
	limit ipc-sem create -e --values=2 sem:/fits
	run -0 limit ipc-sem create -e --values=7 sem:/fits
	[ "$output" = sem:/fits ]
	value_is sem:/fits 2
	run -1 --separate-stderr limit ipc-sem create -e -m 0400 sem:/fits
	[ "$output" = "" ]
	[[ $stderr == *"its mode is 0600, wider open than 0400" ]]
	first=$(limit ipc-sem create -e --values=1,2 sem:key:0x78)
	run -0 limit ipc-sem create -e --values=5 sem:key:0x78
	[ "$output" = "$first" ]
	run -1 limit ipc-sem create -e --values=1,2,3 sem:key:0x78
	[[ $output == *"it has 2 members, fewer than 3" ]]
	: >/dev/shm/sem.empty
	chmod 600 /dev/shm/sem.empty
	run -1 limit ipc-sem create -e sem:/empty
	[[ $output == *"its file has 0 bytes"* ]]
}

@test "create --exist-ok refuses a stranger's, --allow-foreign takes it" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be somebody else"
	as_nobody "$BIN/ipc-sem" create -m 0622 sem:/stranger
	as_nobody "$BIN/ipc-sem" create sem:key:0x79
	for ref in sem:/stranger sem:key:0x79; do
		run -1 limit ipc-sem create -e -m 0666 $ref
		[[ $output == *"it belongs to uid 65534"* ]]
		limit ipc-sem create -e -m 0666 --allow-foreign $ref
	done
	# Given to root, it is still its creator's.
	id=$(as_nobody "$BIN/ipc-sem" create sem:key:0x7a)
	as_nobody perl -e 'use IPC::SysV qw(IPC_SET); semctl($ARGV[0], 0, 1, pack("x4 L L L L S x1000", 0, 0, 0, 0, 0600)) or die $!' "${id##*:}" || skip "perl knows another layout"
	run -1 limit ipc-sem create -e sem:key:0x7a
}

@test "create: options that do not fit, and wrong values: status 2, nothing made" {
	run -2 limit ipc-sem create --values=1,2 sem:/wrong
	run -2 limit ipc-sem create --allow-foreign sem:/wrong
	run -2 limit ipc-sem create sem:id:1
	run -2 limit ipc-sem create sem:/wrong sem:/other
	for o in --values= '--values=1,' '--values=,1' --values=-1 --values=x --values=01 --values=1.5 -m8 -m01000 --count=1; do
		run -2 limit ipc-sem create "$o" sem:/wrong
	done
	run -2 limit ipc-sem create "sem:/$(printf 'x%.0s' {1..252})"
	run -4 limit ipc-sem value sem:/wrong
	limit ipc-sem create "sem:/$(printf 'x%.0s' {1..251})"
}

@test "create: a name with control bytes is printed and accepted as \\xHH" {
	run -0 limit ipc-sem create $'sem:/a\nb\033\xff'
	[ "$output" = 'sem:/a\x0ab\x1b\xff' ]
	limit ipc-sem wait "$output"
	run -3 limit ipc-sem wait -n "$output"
}

@test "create: SEMVMX, SEMMSL, SEMMNI and SEMMNS are named: status 1" {
	run -1 limit ipc-sem create --values=32768 sem:private
	[[ $output == *"32767: SEMVMX"* ]]
	run -1 limit ipc-sem post -c 32768 "$(new_sem sysv)"
	[[ $output == *"32767: SEMVMX"* ]]
	[ -w /proc/sys/kernel/sem ] || skip "the limits cannot be written"
	run -0 unshare --ipc bash -c "$(declare -f limits_met limit); tmp=$tmp; limits_met"
	sed 's/.*(/(/' "$tmp/said" | diff - <(cat <<-'END'
		(the set needs 5 semaphores, and SEMMSL, the first number in /proc/sys/kernel/sem, is 4)
		(the set needs 4 semaphores, 8 are in use, and SEMMNS, the second number in /proc/sys/kernel/sem, is 9)
		(there are 3 sets, and SEMMNI, the fourth number in /proc/sys/kernel/sem, is 3)
	END
	)
}

@test "create: SEMMSL and SEMMNI as they are: met, named, status 1" {
	read -r members _ _ sets </proc/sys/kernel/sem
	[ "$members" -le 100000 ] && [ "$sets" -le 100000 ] || skip "the limits here are too high to be met"
	run -1 limit ipc-sem create --values="$(yes 1 | head -n $((members + 1)) | paste -sd,)" sem:private
	[[ $output == *"(the set needs $((members + 1)) semaphores, and SEMMSL, the first number in /proc/sys/kernel/sem, is $members)" ]]
	run -1 "$BIN/ipc-isolate" bash -c '
		perl -e "1 while defined semget(0, 1, 0600)"
		ipc-sem create sem:private'
	[[ $output == *"(there are $sets sets, and SEMMNI, the fourth number in /proc/sys/kernel/sem, is $sets)" ]]
}

# In a world without a set: what is said when each limit is met.
limits_met() {
	echo "4 9 500 32000" >/proc/sys/kernel/sem
	limit ipc-sem create --values=1,1,1,1,1 sem:key:0x7b
	limit ipc-sem create --values=1,1,1,1 sem:private
	limit ipc-sem create --values=1,1,1,1 sem:private
	limit ipc-sem create --values=1,1,1,1 sem:key:0x7b
	echo "4 900 500 3" >/proc/sys/kernel/sem
	limit ipc-sem create sem:private
	limit ipc-sem create sem:key:0x7b
	limit ipc-sem value sem:key:0x7b 2>/dev/null
	[ $? -eq 4 ]
} >/dev/null 2>"$tmp/said"

@test "create: a full /dev/shm is status 1, and nothing is left" {
	mount -t tmpfs -o size=4k,nr_inodes=3 none /dev/shm || skip "cannot mount"
	head -c 4096 /dev/zero >/dev/shm/full
	run -1 limit ipc-sem create sem:/full
	ls /dev/shm >"$tmp/left"
	umount /dev/shm
	[[ $output == *"/dev/shm has 0 bytes left"* ]]
	[ "$(cat "$tmp/left")" = full ]
}

@test "create: the largest file that may be written is too small: status 1, and nothing is left" {
	run -1 bash -c 'ulimit -f 0; exec timeout 60 ipc-sem create sem:/limited 2>&1 | cat; exit "${PIPESTATUS[0]}"'
	[ "$output" = "ipc-sem create: cannot create sem:/limited: File too large" ]
	run -4 limit ipc-sem value sem:/limited
}

@test "create: a REF that cannot be printed: status 1, and nothing is left" {
	for ref in sem:/unprinted sem:key:0x81; do
		run -1 bash -c "exec timeout 60 ipc-sem create $ref >/dev/full"
		run -1 bash -c "exec timeout 60 ipc-sem create $ref >&-"
		run -4 limit ipc-sem value $ref
		ipc-sem create $ref
		run -1 bash -c "exec timeout 60 ipc-sem create -e $ref >/dev/full"
		run -0 limit ipc-sem value $ref
	done
}

@test "create -- COMMAND: it lives as long as that, and the status is COMMAND's" {
	run -7 --separate-stderr limit ipc-sem create --values=3 sem:/scoped -- sh -c 'echo "$IPC_SEM_REF"; ipc-sem value "$IPC_SEM_REF"; exit 7'
	[ "$output" = $'sem:/scoped\n3' ]
	run -4 limit ipc-sem value sem:/scoped
	before=$(ipcs -s)
	run -0 limit ipc-sem create --values=1,2 sem:private -- sh -c 'ipc-sem value "$IPC_SEM_REF"'
	[ "$output" = $'1\n2' ]
	[ "$(ipcs -s)" = "$before" ]
	run -125 limit ipc-sem create -e sem:/scoped -- true
	run -125 limit ipc-sem create sem:/scoped --
	limit ipc-sem create sem:/scoped
	run -125 limit ipc-sem create sem:/scoped -- true
	value_is sem:/scoped 1
	# Another one under the name is not ours to remove.
	limit ipc-sem create sem:/other -- sh -c 'rm /dev/shm/sem.other; ipc-sem create --values=9 sem:/other'
	value_is sem:/other 9
}

@test "post and wait: what is added can be taken, one by one or at once" {
	for family in posix sysv; do
		s=$(new_sem $family --values=0)
		limit ipc-sem post "$s"
		limit ipc-sem post --count=4 "$s"
		value_is "$s" 5
		limit ipc-sem wait "$s"
		limit ipc-sem wait -c 1 "$s"
		value_is "$s" 3
	done
	limit ipc-sem wait -c 3 "$s"
	run -3 limit ipc-sem wait -n -c 1 "$s"
	limit ipc-sem post -c 2 "$s"
	run -3 limit ipc-sem wait -n -c 3 "$s"
	value_is "$s" 2
	s=$(new_sem sysv --values=0,0,0)
	limit ipc-sem post -i 2 "$s"
	value_is "$s" "0 0 1"
	limit ipc-sem wait --index=2 "$s"
	value_is "$s" "0 0 0"
}

@test "post past the largest value: status 1, nothing is added" {
	s=$(new_sem posix --values=2147483646)
	run -1 limit ipc-sem post -c 2 "$s"
	[[ $output == *"its value is at most 2147483647"* ]]
	value_is "$s" 2147483646
	limit ipc-sem post "$s"
	run -1 limit ipc-sem post "$s"
	s=$(new_sem sysv --values=32766)
	run -1 limit ipc-sem post -c 2 "$s"
	value_is "$s" 32766
}

@test "an index that is not there: status 1; one of a POSIX semaphore: status 2" {
	s=$(new_sem sysv --values=1,1)
	for verb in post wait value 'run -n'; do
		case $verb in run*) expected=125 words=true ;; *) expected=1 words= ;; esac
		run -$expected limit ipc-sem $verb -i 2 "$s" $words
		[[ $output == *": there is no such member (the set has 2 members, from 0 on)" ]]
	done
	for words in '-i 2 REF 1' '-i 1 REF 1 2' '--force -i 2 REF 1' 'REF 1 2 3'; do
		run -1 limit ipc-sem set ${words/REF/"$s"}
		[ "$output" = "ipc-sem set: cannot set $s: there is no such member (the set has 2 members, from 0 on)" ]
	done
	value_is "$s" "1 1"
	s=$(new_sem posix)
	for verb in post wait value; do
		run -2 limit ipc-sem $verb -i 1 "$s"
		limit ipc-sem $verb -i 0 "$s"
	done
	run -2 limit ipc-sem wait -c 2 "$s"
	run -2 limit ipc-sem set -i 1 "$s" 1
	run -125 limit ipc-sem run -c 2 "$s" true
	run -2 limit ipc-sem wait -c 32768 "$(new_sem sysv)"
}

@test "wrong numbers and operands: status 2" {
	s=$(new_sem sysv)
	for o in -c0 -c-1 -cx -c01 -i-1 -ix -i65536; do
		run -2 limit ipc-sem post "$o" "$s"
		run -2 limit ipc-sem wait "$o" "$s"
	done
	for o in -t-1 -tx -t1y -E0; do run -2 limit ipc-sem wait "$o" "$s"; done
	run -2 limit ipc-sem post "$s" 1
	run -2 limit ipc-sem value sem:private
	run -2 limit ipc-sem value -E 3 "$s"
	value_is "$s" 1
}

@test "wait -n and -t: status 3 in time, silent, told with -v" {
	for family in posix sysv; do
		s=$(new_sem $family --values=0)
		for o in -n -t0 --timeout=0s --nonblock; do
			run -3 limit ipc-sem wait $o "$s"
			[ "$output" = "" ]
		done
		run -3 limit ipc-sem wait -v -t 50ms "$s"
		[ "$output" = "ipc-sem wait: cannot take $s: the time is up" ]
		run -3 limit ipc-sem wait -v -n "$s"
		[[ $output == *"it would have to wait" ]]
		waiters_are "$s" 0
	done
}

@test "a wait for which no process or thread can be had: status 1, not 3" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be somebody else"
	export ASAN_OPTIONS=detect_leaks=0 # LeakSanitizer starts a process, too
	poor() {
		limit python3 -c '
import os, resource, sys
os.setgroups([]); os.setgid(65533); os.setuid(65533)
resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
os.execvp(sys.argv[1], sys.argv[1:])' "$BIN/ipc-sem" "$@"
	}
	for family in posix sysv; do
		s=$(new_sem $family --values=0 -m 0666)
		run -1 poor wait "$s"
		[[ $output == "ipc-sem wait: cannot take $s: "*ulimit* ]]
		run -3 poor wait -n "$s"
		run -125 poor run "$s" true
		[[ $output == "ipc-sem run: cannot get ready to run true: "* ]]
		value_is "$s" 0
	done
}

@test "wait waits until it is posted" {
	for family in posix sysv; do
		s=$(new_sem $family --values=0)
		ipc-sem wait "$s" 3>&- &
		pid=$!
		eventually waiters_are "$s" 1
		limit ipc-sem post "$s"
		wait $pid
		value_is "$s" 0
	done
}

@test "wait: stopped and continued it still ends in time, and still takes" {
	for family in posix sysv; do
		s=$(new_sem $family --values=0)
		ipc-sem wait -t 1 "$s" 3>&- &
		pid=$!
		eventually waiters_are "$s" 1
		kill -STOP $pid
		eventually stopped $pid
		kill -CONT $pid
		status=0
		wait $pid || status=$?
		[ $status -eq 3 ]
		ipc-sem wait "$s" 3>&- &
		pid=$!
		eventually waiters_are "$s" 1
		kill -STOP $pid
		eventually stopped $pid
		kill -CONT $pid
		limit ipc-sem post "$s"
		wait $pid
	done
}

@test "a semaphore that is removed while it is waited for ends the wait: status 4" {
	for family in posix sysv; do
		for verb in wait 'run -E 9'; do
			case $verb in run*) words=true expected=125 ;; *) words='' expected=4 ;; esac
			s=$(new_sem $family --values=0)
			timeout 60 ipc-sem $verb "$s" $words 2>"$tmp/err" 3>&- &
			pid=$!
			eventually waiters_are "$s" 1
			remove "$s"
			status=0
			wait $pid || status=$?
			[ $status -eq $expected ]
			[[ $(cat "$tmp/err") == *"cannot take $s: it has been removed" ]]
		done
	done
}

@test "a waiter that is ended by a signal dies of it and leaves no count of itself" {
	for family in posix sysv; do
		for signal in TERM INT HUP QUIT; do
			s=$(new_sem $family --values=0)
			env --default-signal "$BIN/ipc-sem" wait "$s" 3>&- &
			pid=$!
			env --default-signal "$BIN/ipc-sem" run "$s" touch "$tmp/ran" 3>&- &
			run=$!
			eventually waiters_are "$s" 2
			kill -$signal $pid $run
			for p in $pid $run; do
				status=0
				wait $p || status=$?
				[ $status -eq $((128 + $(kill -l $signal))) ]
			done
			waiters_are "$s" 0
			value_is "$s" 0
			remove "$s"
		done
	done
	[ ! -e "$tmp/ran" ]
}

@test "a file that is cut short under a waiter: one clear line and status 1" {
	for verb in wait run; do
		case $verb in run) words=true expected=125 ;; *) words='' expected=1 ;; esac
		s=sem:/cut$verb
		ipc-sem create --values=0 $s
		timeout 60 ipc-sem $verb $s $words 2>"$tmp/err" 3>&- &
		pid=$!
		eventually waiters_are $s 1
		: >"/dev/shm/sem.cut$verb"
		status=0
		wait $pid || status=$?
		[ $status -eq $expected ]
		[ "$(cat "$tmp/err")" = "ipc-sem $verb: cannot take $s: No data available (its file has been cut short)" ]
	done
	# COMMAND may do it, too: what cannot be given back is told.
	ipc-sem create sem:/cut
	run -3 limit ipc-sem run sem:/cut sh -c ': >/dev/shm/sem.cut; exit 3'
	[[ $output == *"cannot give back sem:/cut: No data available"* ]]
}

@test "a futex that cannot be waited on any more is a clear line, too" {
	strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
	s=$(new_sem posix --values=0)
	export ASAN_OPTIONS=detect_leaks=0 # LeakSanitizer traces, too
	run -1 limit strace -qq -o /dev/null -e inject=futex:error=EFAULT:when=1 ipc-sem wait -t 5 "$s"
	[[ $output == *"its file has been cut short"* ]]
}

@test "what is no semaphore is refused with what it is: status 1, untouched" {
	: >/dev/shm/sem.empty
	printf 'short' >/dev/shm/sem.short
	head -c 64 /dev/zero >/dev/shm/sem.long
	head -c 32 /dev/zero >/dev/shm/sem.zeros
	ln -s sem.real /dev/shm/sem.link
	mkfifo /dev/shm/sem.fifo
	mkdir /dev/shm/sem.dir
	ipc-sem create sem:/real
	sha256sum /dev/shm/sem.{empty,short,long,zeros} >"$tmp/before"
	for pair in 'empty:0 bytes' 'short:5 bytes' 'long:64 bytes' 'link:a symbolic link' 'fifo:a FIFO' 'dir:a directory'; do
		for verb in post wait value; do
			run -1 limit ipc-sem $verb "sem:/${pair%%:*}"
			[[ $output == *"${pair#*:}"* ]]
			[ "${#lines[@]}" -eq 1 ]
		done
		run -125 limit ipc-sem run "sem:/${pair%%:*}" true
		run -125 limit ipc-sem run --create=1 "sem:/${pair%%:*}" true
		run -5 limit ipc-sem create "sem:/${pair%%:*}"
	done
	run -1 limit ipc-sem post sem:/zeros
	[[ $output == *"another C library"* ]]
	sha256sum -c --quiet "$tmp/before"
	value_is sem:/real 1
}

@test "a value of another layout is '?', null in JSON: status 6" {
	head -c 16 /dev/zero >/dev/shm/sem.bits32
	printf '\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' >/dev/shm/sem.musl
	for name in bits32 musl; do
		run -6 --separate-stderr limit ipc-sem value sem:/$name
		[ "$output" = '?' ]
		run -6 limit ipc-sem value -v sem:/$name
		[ "$output" = $'0\t?\t?\t?\t-\t-' ]
		run -6 limit ipc-sem value -j sem:/$name
		[ "$output" = '{"index":0,"value":null,"waiters":null,"zero_waiters":null,"last_pid":null,"alive":null}' ]
	done
}

@test "a semaphore of 32-bit programs: its value is read, and it is changed by them alone" {
	printf '\x0b\0\0\0\x80\0\0\0\0\0\0\0\x02\0\0\0' >/dev/shm/sem.word32
	run -0 limit ipc-sem value -v sem:/word32
	[ "$output" = $'0\t5\t2\t?\t-\t-' ]
	before=$(sha256sum </dev/shm/sem.word32)
	run -1 limit ipc-sem post sem:/word32
	[[ $output == *"32-bit programs"* ]]
	run -1 limit ipc-sem set sem:/word32 1
	run -125 limit ipc-sem run -n sem:/word32 true
	[ "$(sha256sum </dev/shm/sem.word32)" = "$before" ]
	cc -m32 -O1 -pthread -o "$tmp/other" "$BATS_TEST_DIRNAME/sem-open.c" 2>/dev/null && "$tmp/other" create /c32 7 ||
		skip "no 32-bit programs can be built, or run, here; the bytes of one are read"
	value_is sem:/c32 7
	limit "$tmp/other" post /c32
	value_is sem:/c32 8
}

@test "other users' semaphores: read permission is enough for value, the reason is told" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be somebody else"
	s=$(ipc-sem create --values=3 -m 0644 sem:private)
	ipc-sem create --values=3 -m 0644 sem:/read
	ipc-sem create -m 0666 sem:/shared
	for ref in "$s" sem:/read; do
		run -0 as_nobody "$BIN/ipc-sem" value $ref
		[ "$output" = 3 ]
		as_nobody "$BIN/ipc-sem" value -v $ref
		run -1 as_nobody "$BIN/ipc-sem" post $ref
		[[ $output == *"it belongs to uid 0, mode 0644"* ]]
		run -125 as_nobody "$BIN/ipc-sem" run $ref true
	done
	as_nobody "$BIN/ipc-sem" post sem:/shared
	secret=$(ipc-sem create sem:private)
	run -1 as_nobody "$BIN/ipc-sem" value "$secret"
	[[ $output == *"it belongs to uid 0, mode 0600"* ]]
	# Root may write to it; but whoever owns it alone did not mean it for others.
	as_nobody "$BIN/ipc-sem" create sem:/theirs
	run -1 limit ipc-sem wait sem:/theirs
	[[ $output == *"belongs to uid 65534, mode 0600, and is not meant for others"* ]]
	value_is sem:/theirs 1
	as_nobody "$BIN/ipc-sem" create -m 0666 sem:/ours
	limit ipc-sem wait sem:/ours
}

@test "value -v and -j: who waits for more and for zero, and who was last and whether he lives" {
	s=$(new_sem sysv --values=1,0)
	ipc-sem wait -i 1 "$s" 3>&- &
	a=$!
	ipc-sem op "$s" 0:0 3>&- &
	b=$!
	eventually waiters_are "$s" "0 1"
	zero_waiters() { [ "$(ipc-sem value -v "$s" | cut -f4 | paste -sd' ')" = "1 0" ]; }
	eventually zero_waiters
	run -0 limit ipc-sem value -j "$s"
	[[ ${lines[0]} =~ ^'{"index":0,"value":1,"waiters":0,"zero_waiters":1,"last_pid":'[0-9]+',"alive":false}'$ ]]
	[ "$(python3 -c 'import json,sys; print([json.loads(l)["waiters"] for l in sys.stdin])' <<<"$output")" = "[0, 1]" ]
	# A set of its own: who waits for zero is the last when it is.
	ipc-sem run "$(new_sem sysv)" sh -c 'echo $$; ipc-sem value -v -i 0 $IPC_SEM_REF' >"$tmp/out"
	{ read -r pid && read -r _ value _ _ last state; } <"$tmp/out"
	[ "$pid $value $state" = "$last 0 alive" ]
	limit ipc-sem wait "$s"
	limit ipc-sem post -i 1 "$s"
	wait $a $b
}

@test "value and set: a younger process that has the last one's PID is not alive" {
	[ -w /proc/sys/kernel/ns_last_pid ] || skip "the next PID cannot be chosen here"
	s=$(new_sem sysv)
	ipc-sem wait "$s" 3>&- &
	pid=$!
	wait $pid
	# The clock must have gone on by more than a second: then it is certain.
	used=$(date +%s)
	later() { [ "$(date +%s)" -gt $((used + 2)) ]; }
	eventually later
	for ((tries = 0; tries < 50; tries++)); do
		sh -c "echo $((pid - 1)) >/proc/sys/kernel/ns_last_pid; exec 3>&-; sleep 1000 & echo \$! >$tmp/reused"
		reused=$(cat "$tmp/reused")
		[ "$reused" -ne $pid ] || break
		kill "$reused"
	done
	[ "$reused" -eq $pid ] || skip "the PID was not to be had again"
	run -0 limit ipc-sem value -v "$s"
	said=$output
	run limit ipc-sem set "$s" 1
	kill "$reused"
	[ "$said" = $'0\t0\t0\t0\t'"$pid"$'\tdead' ]
	[ "$status" -eq 0 ]
	value_is "$s" 1
}

@test "value: a set of a thousand members is read by one GETALL" {
	export ASAN_OPTIONS=detect_leaks=0 # LeakSanitizer traces, too
	strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
	s=$(ipc-sem create --values="$(seq -s, 1000)" sem:private)
	strace -qq -e trace=semctl -o "$tmp/trace" ipc-sem value "$s" >"$tmp/out"
	seq 1000 | diff - "$tmp/out"
	[ "$(grep -c . "$tmp/trace")" -le 2 ]
	[ "$(grep -c GETALL "$tmp/trace")" -eq 1 ]
}

@test "value: output that cannot be written is status 1" {
	s=$(new_sem sysv)
	run -1 bash -c "exec timeout 60 ipc-sem value $s >/dev/full"
	run -1 bash -c "exec timeout 60 ipc-sem value $s >&-"
}

@test "value: standard output that somebody left non-blocking is waited for" {
	s=$(ipc-sem create --values="$(seq -s, 1000)" sem:private)
	for words in '' -v -j; do
		run -0 limit python3 - "$BIN/ipc-sem" value $words "$s" <<-'END'
			import fcntl, os, subprocess, sys
			reader, writer = os.pipe()
			fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
			os.set_blocking(writer, False)
			os.write(writer, b"-" * 4095 + b"\n")
			process = subprocess.Popen(sys.argv[1:], stdout=writer)
			os.close(writer)
			# It sleeps because nothing has room, or has ended.
			while process.poll() is None:
			    if open("/proc/%d/syscall" % process.pid).read().split()[0] in ("7", "271", "73"):
			        break
			with open(reader, "rb") as lines:
			    print(len(lines.read().splitlines()) - 1, process.wait())
		END
		[ "$output" = "1000 0" ]
	done
}

@test "set: one member, several, all in one step; a POSIX semaphore up and down" {
	s=$(new_sem sysv --values=1,2,3)
	limit ipc-sem set "$s" 7
	value_is "$s" "7 2 3"
	limit ipc-sem set -i 1 "$s" 8 9
	value_is "$s" "7 8 9"
	limit ipc-sem set "$s" 0 1 2
	value_is "$s" "0 1 2"
	run -1 limit ipc-sem set -i 1 "$s" 1 2 3
	run -1 limit ipc-sem set "$s" 32768
	value_is "$s" "0 1 2"
	p=$(new_sem posix)
	for n in 5 0 0 3 1; do
		limit ipc-sem set "$p" $n
		value_is "$p" $n
	done
	run -2 limit ipc-sem set "$p" 1 2
	run -2 limit ipc-sem set "$s"
	run -2 limit ipc-sem set "$s" -1
	[[ $output == *"begins with a dash"* ]]
	run -2 limit ipc-sem set "$s" x
}

@test "set: refused while somebody waits or the last process lives; --force does it" {
	s=$(new_sem sysv --values=1)
	run -1 limit ipc-sem run "$s" sh -c 'ipc-sem set $IPC_SEM_REF 1'
	[[ $output == *"is alive, and would not give back what it holds"* ]]
	value_is "$s" 1
	# It cancels what was to be undone: that is why.
	limit ipc-sem run "$s" sh -c 'ipc-sem set --force $IPC_SEM_REF 0'
	value_is "$s" 0
	ipc-sem wait "$s" 3>&- &
	pid=$!
	eventually waiters_are "$s" 1
	run -1 limit ipc-sem set "$s" 1
	[[ $output == *"1 wait for member 0"* ]]
	limit ipc-sem set --force "$s" 1
	wait $pid
}

@test "op: all or none, zero waits for zero" {
	s=$(new_sem sysv --values=2,0,5)
	limit ipc-sem op "$s" 0:-2 1:+3 2:1
	value_is "$s" "0 3 6"
	run -3 limit ipc-sem op -n "$s" 1:-1 0:-1
	value_is "$s" "0 3 6"
	limit ipc-sem op "$s" 0:0 1:-3
	run -3 limit ipc-sem op -t 50ms "$s" 2:0
	ipc-sem op "$s" 2:0 1:1 3>&- &
	pid=$!
	zero_waiters() { [ "$(ipc-sem value -v -i 2 "$s" | cut -f4)" = 1 ]; }
	eventually zero_waiters
	limit ipc-sem wait -c 6 -i 2 "$s"
	wait $pid
	value_is "$s" "0 1 0"
	# As many steps as the system allows.
	limit ipc-sem op "$s" $(printf '0:1 %.0s' {1..500})
	value_is "$s" "500 1 0"
}

@test "op: E2BIG, EFBIG and ERANGE are explained: status 1" {
	s=$(new_sem sysv)
	run -1 limit ipc-sem op "$s" $(printf '0:1 %.0s' {1..501})
	[[ $output == *"501 steps at once, and SEMOPM, the third number in /proc/sys/kernel/sem, is 500"* ]]
	run -1 limit ipc-sem op "$s" 1:1
	[[ $output == *"the set has 1 member, from 0 on"* ]]
	run -1 limit ipc-sem op "$s" 0:32767
	[[ $output == *"SEMVMX"* ]]
	value_is "$s" 1
}

@test "op: wrong steps, and POSIX: status 2" {
	s=$(new_sem sysv)
	for step in 1 : 0: :1 x:1 0:x 0:--1 0:+0 0:-0 -1:1 0:1: 0:32768 0:-32768 65536:1 0:01 '0: 1'; do
		run -2 limit ipc-sem op "$s" "$step"
	done
	run -2 limit ipc-sem op "$s"
	for status in 0 3; do run -2 limit ipc-sem op -E $status "$s" 0:1; done
	run -2 limit ipc-sem op "$s" 0:1 -n
	run -2 limit ipc-sem op "$(new_sem posix)" 0:1
	value_is "$s" 1
}

@test "op -- COMMAND: what it did is undone when COMMAND ends" {
	s=$(new_sem sysv --values=2,0)
	run -3 limit ipc-sem op "$s" 0:-2 1:+4 -- sh -c 'ipc-sem value $IPC_SEM_REF; exit 3'
	[ "$output" = $'0\n4' ]
	value_is "$s" "2 0"
	run -124 limit ipc-sem op -n "$s" 1:-1 -- true
	run -9 limit ipc-sem op -n -E 9 "$s" 1:-1 -- true
	run -0 limit ipc-sem op -n -E 0 "$s" 1:-1 -- touch "$tmp/ran"
	[ ! -e "$tmp/ran" ]
	run -125 limit ipc-sem op "$s" 0:1 --
	run -125 limit ipc-sem op "$s" 7:1 -- true
	run -125 limit ipc-sem op "$s" x -- true
	run -127 limit ipc-sem op "$s" 0:-1 -- "$tmp/none"
	value_is "$s" "2 0"
}

@test "run: holds it, gives it back, and exits as COMMAND does" {
	for family in posix sysv; do
		s=$(new_sem $family --values=2)
		run -5 limit ipc-sem run "$s" sh -c 'echo $IPC_SEM_REF; ipc-sem value $IPC_SEM_REF; exit 5'
		[ "$output" = "$s"$'\n1' ]
		value_is "$s" 2
		run -143 limit ipc-sem run "$s" sh -c 'kill -TERM $$'
		run -137 limit ipc-sem run "$s" sh -c 'kill -KILL $$'
		run -127 limit ipc-sem run "$s" "$tmp/none"
		[[ $output == "ipc-sem run: cannot run $tmp/none: No such file or directory" ]]
		run -126 limit ipc-sem run "$s" "$tmp"
		value_is "$s" 2
	done
	run -0 limit ipc-sem run -c 2 "$s" ipc-sem value "$s"
	[ "$output" = 0 ]
	run -124 limit ipc-sem run -n -c 3 "$s" true
	value_is "$s" 2
	s=$(new_sem sysv --values=1,1)
	run -0 limit ipc-sem run -i 1 "$s" ipc-sem value "$s"
	[ "$output" = $'1\n0' ]
}

@test "run: options end at REF, and a -- behind it is skipped" {
	s=$(new_sem posix)
	run -0 limit ipc-sem run "$s" -- echo -n -- x
	[ "$output" = "-- x" ]
	run -0 limit ipc-sem run "$s" echo -n x
	[ "$output" = x ]
	# A directory in PATH that may not be searched would make it 126.
	PATH=${PATH%%:*}:/usr/bin:/bin run -127 limit ipc-sem run "$s" -n true
	for words in '' '--' ; do run -125 limit ipc-sem run "$s" $words; done
	run -125 limit ipc-sem run --mode=600 "$s" true
	run -125 limit ipc-sem run --create=1 sem:id:3 true
	run -125 limit ipc-sem run --create=1 -i 1 sem:key:3 true
	run -125 limit ipc-sem run sem:private true
	run -125 limit ipc-sem run sem:/nowhere true
}

@test "run: busy or out of time is 124, or what -E says; silent, told with -v" {
	for family in posix sysv; do
		s=$(new_sem $family --values=0)
		run -124 limit ipc-sem run -n "$s" true
		[ "$output" = "" ]
		run -124 limit ipc-sem run -t 50ms "$s" true
		run -7 limit ipc-sem run -t 0 -E 7 "$s" true
		run -7 limit ipc-sem run -v -t 50ms --conflict-status=7 "$s" true
		[ "$output" = "ipc-sem run: cannot take $s: the time is up" ]
		run -0 limit ipc-sem run -v -n -E 0 "$s" touch "$tmp/ran"
		[ "$output" = "ipc-sem run: cannot take $s: it would have to wait" ]
		[ ! -e "$tmp/ran" ]
		for value in x -1 256; do run -125 limit ipc-sem run -E $value "$s" true; done
		value_is "$s" 0
		waiters_are "$s" 0
	done
}

@test "run waits for its turn" {
	for family in posix sysv; do
		s=$(new_sem $family --values=0)
		ipc-sem run "$s" sh -c 'exit 3' 3>&- &
		pid=$!
		eventually waiters_are "$s" 1
		ipc-sem post "$s"
		status=0
		wait $pid || status=$?
		[ $status -eq 3 ]
		value_is "$s" 1
	done
}

@test "run --create: made when it is missing, used when it is there" {
	for ref in sem:/made sem:key:0x90 "sem:ftok:$tmp"; do
		run -0 limit ipc-sem run --create=3 -m 0640 "$ref" sh -c 'ipc-sem value $IPC_SEM_REF'
		[ "$output" = 2 ]
		value_is "$ref" 3
		limit ipc-sem run --create=9 "$ref" true
		value_is "$ref" 3
	done
	[ "$(stat -c %a /dev/shm/sem.made)" = 640 ]
	run -124 limit ipc-sem run -n --create=0 sem:/zero true
	value_is sem:/zero 0
	run -125 limit ipc-sem run --create=40000 sem:key:0x91 true
	[[ $output == *SEMVMX* ]]
}

@test "run --create by many at once: one makes it, and no more are inside than it allows" {
	for ref in sem:/many sem:key:0x92; do
		: >"$tmp/inside"
		for i in {1..24}; do
			# Unlocked by hand: a process that ends gives its semaphores back before its locks.
			ipc-sem run --create=1 "$ref" sh -c "exec 9>$tmp/inside; flock -n 9 && echo $i >>$tmp/did; flock -u 9" 3>&- &
		done
		wait
		value_is "$ref" 1
		[ "$(sort -n "$tmp/did" | paste -sd' ')" = "$(seq -s' ' 24)" ]
		rm "$tmp/did"
	done
}

@test "run --create: a set whose maker was killed before it had its values gets them" {
	strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
	export ASAN_OPTIONS=detect_leaks=0 # LeakSanitizer traces, too
	run strace -qq -o /dev/null -e inject=semtimedop,semop:signal=KILL:when=1 ipc-sem create --values=4 sem:key:0x93
	[ "$(ipc-sem value sem:key:0x93)" = 0 ]
	run strace -qq -o /dev/null -e inject=semtimedop,semop:signal=KILL:when=1 ipc-sem create --values=4 sem:key:0x94
	timeout 60 ipc-sem create -e --values=4 sem:key:0x94 3>&- &
	pid=$!
	run -0 limit ipc-sem run --create=2 sem:key:0x93 sh -c 'ipc-sem value $IPC_SEM_REF'
	[ "$output" = 1 ]
	value_is sem:key:0x93 2
	wait $pid
	value_is sem:key:0x94 4
}

@test "a set that somebody made and gave values by SETVAL is used as it is" {
	id=$(ipcmk -S 1 -p 0600 | grep -oE '[0-9]+$')
	ipc-sem set "sem:id:$id" 2
	limit ipc-sem wait "sem:id:$id"
	value_is "sem:id:$id" 1
}

@test "run --create: a set whose maker takes longer than it is waited for gets its values once" {
	strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
	export ASAN_OPTIONS=detect_leaks=0 # LeakSanitizer traces, too
	# It is about to give them when others begin, and does when they think it has been killed.
	strace -qq -o /dev/null -e inject=semtimedop,semop:delay_enter=2500000:when=1 \
		ipc-sem run --create=1 sem:key:0x9a true 3>&- &
	pid=$!
	made() { ipc-sem value sem:key:0x9a 2>/dev/null; }
	eventually made
	limit ipc-sem run --create=1 sem:key:0x9a true
	wait $pid
	value_is sem:key:0x9a 1
}

# Made by semget(2), given a value by SETVAL when ipc-sem run --create waits for it.
made_in_two_steps() {
	perl -e '
		my $set = semget(hex $ARGV[0], 1, 01000 | 02000 | 0600);
		open(my $told, ">", $ARGV[1]);
		close $told;
		open(my $go, "<", $ARGV[2]);
		defined semctl($set, 0, 16, 1) or die $!' "$1" "$tmp/two.made" "$tmp/two.go" 3>&- &
	maker=$!
	read -r _ <"$tmp/two.made" || true
	began=${EPOCHREALTIME/./}
	ipc-sem run --create=1 "sem:key:$1" sh -c 'ipc-sem value $IPC_SEM_REF' >"$tmp/out" 3>&- &
	pid=$!
	polls() { grep -q '^7 ' "/proc/$pid/syscall"; }
	eventually polls
	: >"$tmp/two.go"
	wait $maker $pid
}

@test "run --create: a set that somebody makes and then gives its values by SETVAL is waited for" {
	[ "$(uname -m)" = x86_64 ] || skip "the numbers are those of another machine"
	mkfifo "$tmp/two.made" "$tmp/two.go"
	for key in 0x95 0x96 0x97 0x98 0x99; do
		made_in_two_steps $key
		# Who is slower than the two seconds that a set is waited for shows nothing.
		[ $((${EPOCHREALTIME/./} - began)) -ge 900000 ] || break
	done
	[ "$(cat "$tmp/out")" = 0 ]
	value_is sem:key:$key 1
}

@test "run System V: a COMMAND that leaves the IPC namespace gives it back, as the manual says" {
	unshare --ipc true 2>/dev/null || skip "cannot leave the IPC namespace"
	s=$(new_sem sysv)
	mkfifo "$tmp/go"
	timeout 60 ipc-sem run "$s" unshare --ipc sh -c "echo >$tmp/inside; read -r _ <$tmp/go" 3>&- &
	pid=$!
	eventually [ -e "$tmp/inside" ]
	value_is "$s" 1
	echo >"$tmp/go"
	wait $pid
	value_is "$s" 1
	# A child that does so leaves it held.
	timeout 60 ipc-sem run "$s" sh -c "unshare --ipc true; echo >$tmp/inside; read -r _ <$tmp/go" 3>&- &
	pid=$!
	eventually value_is "$s" 0
	run -124 limit ipc-sem run -n "$s" true
	echo >"$tmp/go"
	wait $pid
}

@test "run System V: the tool is killed; held while COMMAND runs, back when it ends" {
	s=$(new_sem sysv)
	ipc-sem run "$s" sleep 100 3>&- &
	pid=$!
	eventually has_child $pid sleep
	command=$(pgrep -x -P $pid sleep)
	kill -KILL $pid
	wait $pid || true
	value_is "$s" 0
	run -124 limit ipc-sem run -n "$s" true
	kill -KILL "$command"
	eventually value_is "$s" 1
}

# The guard of the run with process $1: its child that is not COMMAND.
guard_of() { pgrep -x -P "$1" ipc-sem; }

# Raise the value of $1 as somebody does who is killed before he wakes anybody.
raise_silently() { printf '\x01' | dd of="/dev/shm/sem.${1#sem:/}" conv=notrunc status=none; }

@test "a wake that somebody took with him: a waiter looks by itself, and run wakes for its own dead" {
	s=$(new_sem posix --values=0)
	timeout 60 ipc-sem wait "$s" 3>&- &
	pid=$!
	eventually waiters_are "$s" 1
	raise_silently "$s"
	wait $pid
	value_is "$s" 0
	cc -O1 -pthread -o "$tmp/other" "$BATS_TEST_DIRNAME/sem-open.c" || skip "no C compiler"
	timeout 60 "$tmp/other" wait "${s#sem:}" 3>&- &
	other=$!
	eventually waiters_are "$s" 1
	ipc-sem run "$s" true 3>&- &
	pid=$!
	eventually waiters_are "$s" 2
	taker=$(pgrep -P $pid | head -n 1) # the guard comes after it
	raise_silently "$s"
	kill -KILL "$taker"
	wait $other
	wait $pid || true # it looks by itself now and then, and may have had its turn
}

@test "run POSIX: the tool, COMMAND or the guard is killed, and it is back once" {
	s=$(new_sem posix)
	for victim in tool command guard; do
		ipc-sem run "$s" sleep 100 3>&- &
		pid=$!
		eventually has_child $pid sleep
		command=$(pgrep -x -P $pid sleep)
		case $victim in
		tool) kill -KILL $pid ;;
		guard) kill -KILL "$(guard_of $pid)" ;;
		esac
		[ $victim != tool ] || { wait $pid || true; }
		value_is "$s" 0
		kill -KILL "$command"
		eventually value_is "$s" 1
		status=0
		wait $pid || status=$?
		[ $status -eq 137 ]
	done
	value_is "$s" 1
}

@test "run: a tool that is killed while it waits runs no COMMAND later" {
	for family in posix sysv; do
		s=$(new_sem $family --values=0)
		ipc-sem run "$s" touch "$tmp/ran" 3>&- &
		pid=$!
		eventually waiters_are "$s" 1
		children=$(pgrep -P $pid)
		kill -KILL $pid
		wait $pid || true
		for child in $children; do eventually gone "$child"; done
		ipc-sem post "$s"
		value_is "$s" 1
		[ ! -e "$tmp/ran" ]
	done
}

@test "run, after a wait: nothing of the wait is left in the tool while COMMAND runs" {
	for family in posix sysv; do
		s=$(new_sem $family --values=0)
		# Told to stop, and the semaphore removed: both had ended the wait.
		timeout 60 ipc-sem run "$s" bash -c '
			alone() { [ "$(ls /proc/$PPID/task | wc -l)" -eq 1 ]; }
			trap "" TERM
			for try in {1..500}; do ! alone || break; sleep 0.02; done
			alone || exit 3
			kill -TERM $PPID
			rm -f "/dev/shm/sem.${IPC_SEM_REF#sem:/}"
			exit 7' 3>&- &
		pid=$!
		eventually waiters_are "$s" 1
		limit ipc-sem post "$s"
		status=0
		wait $pid || status=$?
		[ $status -eq 7 ]
	done
}

@test "run POSIX, after a wait: a semaphore that is removed while COMMAND is being started" {
	strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
	export ASAN_OPTIONS=detect_leaks=0 # LeakSanitizer traces, too
	s=$(new_sem posix --values=0)
	# Each exec begins late, and that is the time for it.
	strace -f -qq -o /dev/null -e trace=execve -e inject=execve:delay_enter=600000 \
		ipc-sem run "$s" /bin/echo ran >"$tmp/out" 3>&- &
	pid=$!
	eventually waiters_are "$s" 1
	tool=$(pgrep -x -P $pid ipc-sem)
	taker=$(pgrep -P "$tool" | head -n 1) # the guard comes after it
	has_helper() { tasks=("/proc/$taker/task/"*) && [ ${#tasks[@]} -eq 2 ]; }
	eventually has_helper
	limit ipc-sem post "$s"
	eventually waiters_are "$s" 0
	remove "$s"
	status=0
	wait $pid || status=$?
	[ $status -eq 0 ]
	[ "$(cat "$tmp/out")" = ran ]
}

@test "run: signals to the tool reach COMMAND" {
	for family in posix sysv; do
		s=$(new_sem $family)
		for signal in TERM INT HUP QUIT USR1 USR2; do
			env --default-signal "$BIN/ipc-sem" run "$s" sh -c "trap 'exit 7' $signal; touch $tmp/ready; while :; do sleep 0.05; done" 3>&- &
			pid=$!
			eventually [ -e "$tmp/ready" ]
			kill -$signal $pid
			status=0
			wait $pid || status=$?
			[ $status -eq 7 ]
			rm "$tmp/ready"
			value_is "$s" 1
		done
	done
}

@test "run: COMMAND has the signals that the tool was started with" {
	for family in posix sysv; do
		s=$(new_sem $family)
		for words in 'run' 'run -t 5'; do
			for field in SigBlk SigIgn; do
				limit env --default-signal --ignore-signal=USR1 "$BIN/ipc-sem" $words "$s" grep $field /proc/self/status >"$tmp/with"
				limit env --default-signal --ignore-signal=USR1 grep $field /proc/self/status | diff - "$tmp/with"
			done
		done
	done
	# SIGCHLD ignored by whoever starts us does not hide COMMAND's end.
	run -3 limit env --ignore-signal=CHLD "$BIN/ipc-sem" run "$s" sh -c 'exit 3'
}

@test "run: COMMAND is not to die with the tool, whether it had to wait or not" {
	signal_of_death='import ctypes
signal = ctypes.c_int(-1)
ctypes.CDLL(None).prctl(2, ctypes.byref(signal)) # PR_GET_PDEATHSIG
print(signal.value)'
	for family in posix sysv; do
		s=$(new_sem $family)
		run -0 limit ipc-sem run "$s" /usr/bin/python3 -c "$signal_of_death"
		[ "$output" = 0 ]
		ipc-sem wait "$s"
		timeout 60 ipc-sem run "$s" /usr/bin/python3 -c "$signal_of_death" >"$tmp/out" 3>&- &
		pid=$!
		eventually waiters_are "$s" 1
		ipc-sem post "$s"
		wait $pid
		[ "$(cat "$tmp/out")" = 0 ]
	done
}

@test "run: COMMAND has only the descriptors that the tool had" {
	for family in posix sysv; do
		s=$(new_sem $family)
		limit bash -c 'exec 3>&- 4>&- 5>&-; ipc-sem run '"$s"' sh -c "ls /proc/\$\$/fd"' >"$tmp/fds"
		limit bash -c 'exec 3>&- 4>&- 5>&-; sh -c "ls /proc/\$\$/fd"' | diff - "$tmp/fds"
	done
}

@test "run in \$(...) ends with COMMAND: the guard holds no pipe" {
	for family in posix sysv; do
		s=$(new_sem $family)
		run -0 limit bash -c 'echo "$(ipc-sem run '"$s"' echo done)"'
		[ "$output" = done ]
	done
	# Not even when the tool is killed and COMMAND's child goes on.
	s=$(ipc-sem create sem:/orphaned)
	run -0 limit bash -c 'echo "$(ipc-sem run '"$s"' sh -c "kill -KILL \$PPID; echo done")"'
	[[ $output == *done* ]]
	eventually value_is "$s" 1
}

@test "run leaves no process behind" {
	s=$(new_sem posix)
	limit ipc-sem run "$s" true
	limit ipc-sem run -n "$s" "$tmp/none" || true
	run -124 limit ipc-sem run "$s" ipc-sem run -t 50ms "$s" true
	run -1 pgrep -x ipc-sem --ns $$ --nslist ipc
}

@test "run: the terminal's job control works" {
	for family in posix sysv; do
		s=$(new_sem $family)
		run limit python3 "$BATS_TEST_DIRNAME/terminal.py" ipc-sem run "$s"
		echo "$output"
		[ "${lines[-1]}" = "job control works" ]
		value_is "$s" 1
	done
}

@test "run and op: the tool dies of the signal that it and COMMAND got, when all is given back" {
	cd "$tmp"
	for family in posix sysv; do
		s=$(new_sem $family)
		dies_as_command_does ipc-sem run "$s"
		value_is "$s" 1
	done
	dies_as_command_does ipc-sem op "$s" 0:-1 --
	dies_as_command_does ipc-sem run --create=1 sem:key:9
	value_is "$s" 1
	value_is sem:key:9 1
}

@test "run and op: who stops and continues COMMAND alone does not stop the tool" {
	for family in posix sysv; do
		s=$(new_sem $family)
		outlast_a_stop ipc-sem run "$s"
		value_is "$s" 1
	done
	outlast_a_stop ipc-sem op "$s" 0:-1 --
	value_is "$s" 1
}

@test "a post or a wait takes at most 62 page faults" {
	! grep -q __asan_init "$BIN/ipc-sem" || skip "the sanitizer takes memory of its own"
	for family in posix sysv; do
		s=$(new_sem $family --values=0)
		for verb in post wait; do
			# Where the stack lies makes one more or less: the mean of the best of five tries.
			run -0 limit /usr/bin/python3 -c '
import resource, subprocess, sys
def faults():
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt
best = 1e9
for i in range(5):
    before = faults()
    for i in range(10):
        subprocess.run(sys.argv[1:], check=True)
    best = min(best, (faults() - before) / 10)
print(best)
sys.exit(best > 62)' "$BIN/ipc-sem" $verb "$s"
		done
	done
}

@test "with Python's sysv_ipc, both ways" {
	/usr/bin/python3 -c 'import sysv_ipc' 2>/dev/null || skip "python3-sysv-ipc is not there"
	s=$(ipc-sem create --values=2 sem:key:0xa0)
	run -0 limit /usr/bin/python3 -c '
import subprocess, sysv_ipc
ours = sysv_ipc.Semaphore(0xa0)
ours.acquire()
print(ours.value, subprocess.run(["ipc-sem", "value", "sem:key:0xa0"], capture_output=True, text=True).stdout.strip())
ours.undo = True
ours.acquire()
print(subprocess.run(["ipc-sem", "wait", "-n", "sem:key:0xa0"]).returncode)
ours.release()
print(subprocess.run(["ipc-sem", "run", "-n", "sem:key:0xa0", "true"]).returncode)
theirs = sysv_ipc.Semaphore(0xa1, sysv_ipc.IPC_CREX, initial_value=1)
print(subprocess.run(["ipc-sem", "run", "-n", "sem:key:0xa1", "ipc-sem", "value", "sem:key:0xa1"], capture_output=True, text=True).stdout.strip(), theirs.value)
'
	[ "$output" = $'1 1\n3\n0\n0 1' ]
}

@test "with perl's semop, both ways" {
	s=$(new_sem sysv --values=1,0)
	limit perl -e 'semop($ARGV[0], pack("s!3 s!3", 0, -1, 0, 1, 2, 0)) or die $!' "${s##*:}"
	value_is "$s" "0 2"
	perl -e 'semop($ARGV[0], pack("s!3", 0, -1, 0)) or die $!; print "taken\n"' "${s##*:}" >"$tmp/out" 3>&- &
	pid=$!
	eventually waiters_are "$s" "1 0"
	limit ipc-sem post "$s"
	wait $pid
	[ "$(cat "$tmp/out")" = taken ]
	# Held by perl with undo, back when it is killed.
	limit ipc-sem post "$s"
	perl -e 'semop($ARGV[0], pack("s!3", 0, -1, 0x1000)) or die $!; sleep 100' "${s##*:}" 3>&- &
	pid=$!
	eventually value_is "$s" "0 2"
	run -124 limit ipc-sem run -n "$s" true
	kill -KILL $pid
	wait $pid || true
	limit ipc-sem run -n "$s" true
}

@test "with a C program on sem_open, both ways" {
	cc -O1 -pthread -o "$tmp/other" "$BATS_TEST_DIRNAME/sem-open.c" || skip "no C compiler"
	ipc-sem create --values=0 sem:/c
	# It waits, we post; we wait, it posts.
	"$tmp/other" wait /c 3>&- &
	pid=$!
	eventually waiters_are sem:/c 1
	limit ipc-sem post sem:/c
	wait $pid
	ipc-sem wait sem:/c 3>&- &
	pid=$!
	eventually waiters_are sem:/c 1
	limit "$tmp/other" post /c
	wait $pid
	# What it has made, we use.
	limit "$tmp/other" create /d 2
	run -0 limit ipc-sem run sem:/d "$tmp/other" value /d
	[ "$output" = 1 ]
	run -0 limit "$tmp/other" value /d
	[ "$output" = 2 ]
}
