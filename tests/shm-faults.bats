#!/usr/bin/env bats

# Every system call of a creation fails once, and the process is killed at each:
# the whole object is there or none of it, and what was told is true.  The process
# that fills a System V segment is killed in ipc-shm-create.bats.

load helpers
load faults

setup() {
	need_faults
	head -c 70000 /dev/urandom >"$tmp/new"
	head -c 50000 /dev/urandom >"$tmp/old"
	before=$(others)
}

# What else there is: nothing may be left but the object itself.
others() {
	find /dev/shm -mindepth 1 ! -name object
	awk 'NR > 1 && $1 != 18193 { print $2 }' /proc/sysvipc/shm
}

segment_there() { grep -q '^ *18193 ' /proc/sysvipc/shm; }
object_there() { if [ "$family" = posix ]; then [ -e /dev/shm/object ]; else segment_there; fi; }
object_is() { ipc-mmap-cat "$ref" | cmp -s - "$1"; }

# A killed maker of a segment has a child, which removes it: that may take a moment.
settled() { ! object_there || object_is "$tmp/new"; }
nothing_else() { [ "$(others)" = "$before" ]; }

absent() {
	rm -f /dev/shm/object
	! segment_there || ipcrm -M 0x4711
}
# There is none, and somebody writes what it is to be into the FIFO that is stdin.
fed() {
	absent
	# The last one's rest must not come before it.
	[ -z "${feeder-}" ] || wait "$feeder" || true
	cat "$tmp/new" >"$tmp/pipe" 2>/dev/null 3>&- 9<&- &
	feeder=$!
}
# shellcheck disable=SC2120
existing() {
	absent
	ipc-shm-create -i "$tmp/old" "$ref" >/dev/null
}

whole_or_none() {
	[ "$status" -le 5 ] || [ "$status" -eq 137 ]
	[ "$status" -eq 0 ] || [ "$status" -eq 137 ] || [ -s "$tmp/err" ]
	if [ "$status" -eq 137 ]; then
		eventually settled
	elif [ "$status" -eq 0 ]; then
		[ "$(cat "$tmp/out")" != "" ]
		object_is "$tmp/new"
	else
		! object_there
		[ ! -s "$tmp/out" ]
	fi
	eventually nothing_else
}

@test "a POSIX object filled from a file or a pipe: the whole object or none of it" {
	family=posix ref=shm:/object
	each_fault errors,kill absent whole_or_none ipc-shm-create -i "$tmp/new" "$ref"
	first=$tried all=$possible
	mkfifo "$tmp/pipe"
	fault_input=$tmp/pipe each_fault errors,kill fed whole_or_none ipc-shm-create -i - -m 0640 "$ref"
	echo "# $((first + tried)) of $((all + possible)) faults" >&3
	[ "$possible" -gt 20 ]
}

@test "a POSIX object of zeros: the whole object or none of it" {
	family=posix ref=shm:/object
	head -c 100000 /dev/zero >"$tmp/new"
	each_fault errors,kill absent whole_or_none ipc-shm-create -s 100000 "$ref"
	echo "# $tried of $possible faults" >&3
	[ "$possible" -gt 15 ]
}

@test "a System V segment, filled or of zeros: the whole segment or none of it" {
	family=sysv ref=shm:key:0x4711
	each_fault errors,kill absent whole_or_none ipc-shm-create -i "$tmp/new" "$ref"
	first=$tried all=$possible
	head -c 100000 /dev/zero >"$tmp/new"
	each_fault errors,kill absent whole_or_none ipc-shm-create -s 100000 "$ref"
	echo "# $((first + tried)) of $((all + possible)) faults" >&3
	[ "$possible" -gt 10 ]
}

spares() { find /dev/shm -name '.ipcbox-*' | wc -l; }

# Only the instant between link and rename may leave a spare file, which the next one removes.
old_or_new() {
	[ "$status" -le 5 ] || [ "$status" -eq 137 ]
	if [ "$status" -eq 0 ]; then
		object_is "$tmp/new"
	elif [ "$status" -eq 137 ]; then
		object_is "$tmp/old" || object_is "$tmp/new"
		if [ "$(spares)" -ne 0 ]; then
			[ "$(spares)" -eq 1 ]
			grep -q '^linkat(.*= 0$' "$tmp/trace" || [[ $fault == linkat* ]]
			left=$((left + 1))
			ipc-shm-create -r -i "$tmp/old" "$ref" >/dev/null
		fi
	elif ! object_is "$tmp/old"; then
		# It was put into place, and its REF could not be printed: it was removed.
		! object_there
		[[ $fault == @(write|close)* ]]
	fi
	eventually nothing_else
}

@test "--replace: the old object or the new, whole; a spare file goes with the next" {
	family=posix ref=shm:/object left=0
	FAULT_ONE_IN=1 each_fault errors,kill existing old_or_new ipc-shm-create -r -i "$tmp/new" "$ref"
	echo "# $tried of $possible faults, $left spare files" >&3
	[ "$possible" -gt 20 ]
	[ "$left" -ge 1 ]
}

# With COMMAND, what the tool itself does fails; the guard sees to the object.
gone() { ! object_there; }
object_gone() {
	# COMMAND may outlive the tool, and the object ends after it.
	eventually gone
	[ ! -e "$tmp/ran" ] || object_seen
	rm -f "$tmp/ran"
	eventually nothing_else
}
object_seen() { [ "$(cat "$tmp/ran")" = whole ]; }

@test "with COMMAND: each call of the tool fails, or it is killed there: the object goes" {
	# shellcheck disable=SC2016
	printf '#!/bin/sh\nif ipc-mmap-cat "$IPC_SHM_REF" | cmp -s - "%s"; then echo whole; else echo torn; fi >"%s"\n' \
		"$tmp/new" "$tmp/ran" >"$tmp/command"
	chmod +x "$tmp/command"
	for family in posix sysv; do
		ref=shm:/object
		[ $family = posix ] || ref=shm:key:0x4711
		each_fault errors,kill absent object_gone ipc-shm-create -i "$tmp/new" "$ref" -- "$tmp/command"
		echo "# $family: $tried of $possible faults" >&3
		[ "$possible" -gt 15 ]
	done
}

# Each call of the guard and its children, counted over all processes but the tool: -f.
@test "with COMMAND: a guard that is killed at each of its calls leaves nothing" {
	printf '#!/bin/sh\necho ran >"%s"\n' "$tmp/ran" >"$tmp/command"
	chmod +x "$tmp/command"
	kills=0
	for family in posix sysv; do
		ref=shm:/object
		[ $family = posix ] || ref=shm:key:0x4711
		# Calls that the tool itself does not make, once each in guard or maker.
		for call in setsid:1 chdir:1 ftruncate:1 fchmod:1 linkat:1 close_range:1 dup2:1 dup2:2 shmget:1 \
			shmget:2 shmat:1 getppid:1 getppid:2; do
			case $family:$call in posix:getppid:*) continue ;; esac # the shell that is COMMAND makes it
			absent
			status=0
			timeout 60 strace -f -qq -o "$tmp/trace" -e "inject=${call%:*}:signal=KILL:when=${call#*:}" \
				ipc-shm-create -i "$tmp/new" "$ref" -- "$tmp/command" >"$tmp/out" 2>"$tmp/err" || status=$?
			grep -q 'killed by SIGKILL' "$tmp/trace" || continue
			echo "$family $call: $status: $(cat "$tmp/err")"
			kills=$((kills + 1))
			eventually gone
			eventually nothing_else
		done
	done
	echo "# $kills kills" >&3
	[ "$kills" -gt 8 ]
}
