#!/usr/bin/env bats

# Each system call of ipc-mmap-cat fails once, and the process is killed at each:
# a status 0 means every byte; what was written or stored before is right.

load helpers
load faults

setup() {
	need_faults
	head -c 300000 /dev/urandom >"$tmp/data"
	head -c 300000 /dev/urandom >"$tmp/new"
}

teardown() {
	rm -f /dev/shm/fault
	[ -z "${sysv-}" ] || ipcrm -m "${sysv##*:}"
}

nothing() { :; }

is_sound() {
	# The tool catches no signal, so that an open(2) of a file is not interrupted.
	case $fault in
	openat*) ;;
	*EINTR) [ "$status" -eq 0 ] ;;
	esac
	# An EPIPE whose signal the fault leaves out is a failure like others.
	[ "$status" -le 4 ] || [ "$status" -eq 137 ]
	[ "$status" -ne 1 ] || [ -s "$tmp/err" ]
}

# Whole, or its beginning; a failure of the last look is none of the bytes.
a_beginning() {
	is_sound
	[ "$status" -ne 0 ] || cmp "$tmp/out" "$tmp/expected"
	head -c "$(stat -c %s "$tmp/out")" "$tmp/expected" | cmp - "$tmp/out"
}

@test "reading: each call fails, or kills it; status 0 only with all bytes, and else a beginning" {
	posix=$(ipc-shm-create -i "$tmp/data" shm:/fault)
	sysv=$(ipc-shm-create -i "$tmp/data" shm:private)
	for target in "$posix" "$sysv" "$tmp/data"; do
		for options in '' '--holes' '-x -l 3000' '-y u16 -l 3000' '-n --until=0:u8:ge:0'; do
			[ "$target" = "$posix" ] || [ -z "$options" ] || continue
			ipc-mmap-cat $options "$target" >"$tmp/expected"
			each_fault errors,kill nothing a_beginning ipc-mmap-cat $options "$target"
			echo "# ${options:-bytes} of $target: $tried of $possible faults" >&3
			[ "$possible" -gt 15 ]
		done
	done
}

@test "an end that is found too early is told, though the object is whole again afterwards" {
	posix=$(ipc-shm-create -i "$tmp/data" shm:/fault)
	for options in '' --holes -x '-y u8'; do
		ipc-mmap-cat $options "$posix" >"$tmp/expected"
		status=0
		strace -qq -o "$tmp/trace" -P /dev/shm/fault -e inject=pread64:retval=0 \
			ipc-mmap-cat $options "$posix" >"$tmp/out" 2>"$tmp/err" || status=$?
		[ $status -eq 1 ]
		grep -qx "ipc-mmap-cat: cannot read all of $posix: truncated while being read, 0 of 300000 bytes were written" "$tmp/err"
		[ ! -s "$tmp/out" ]
	done
}

before() {
	cp "$tmp/data" "$tmp/target"
	ipc-mmap-cat -w "$target" <"$tmp/data"
}
# The new bytes come through the FIFO that is stdin.
fed() {
	before
	# The last one's rest must not come before it.
	[ -z "${feeder-}" ] || wait "$feeder" || true
	cat "$tmp/new" >"$tmp/pipe" 2>/dev/null 3>&- 9<&- &
	feeder=$!
}
stored() {
	is_sound
	ipc-mmap-cat "$target" >"$tmp/now"
	[ "$status" -ne 0 ] || cmp "$tmp/now" "$tmp/expected"
	[ "$(stat -c %s "$tmp/now")" -eq 300000 ]
	at=$(cmp "$tmp/now" "$tmp/expected" | sed -E 's/.* byte ([0-9]+),.*/\1/')
	[ -z "$at" ] || cmp -i $((at - 1)) "$tmp/now" "$tmp/data"
	told=$(grep -oE '[0-9]+ bytes stored' "$tmp/err" | cut -d' ' -f1 || true)
	[ -z "$told" ] || cmp -n "$told" "$tmp/now" "$tmp/expected"
}

@test "storing: each call fails, or kills it; the new up to a place, the old behind it" {
	posix=$(ipc-shm-create -i "$tmp/data" shm:/fault)
	sysv=$(ipc-shm-create -i "$tmp/data" shm:private)
	cp "$tmp/new" "$tmp/expected"
	mkfifo "$tmp/pipe"
	for target in "$posix" "$sysv" "$tmp/target"; do
		fault_input=$tmp/new
		each_fault errors,kill before stored ipc-mmap-cat -w "$target"
		echo "# $target: $tried of $possible faults" >&3
		[ "$possible" -gt 15 ]
		[ "$target" != "$tmp/target" ] || continue
		fault_input=$tmp/pipe
		each_fault errors,kill fed stored ipc-mmap-cat -w "$target"
		echo "# $target, out of a pipe: $tried of $possible faults" >&3
		[ "$possible" -gt 15 ]
	done
}
