#!/usr/bin/env bats

# Random bytes there and back through each sort of shared memory, in a size that is
# no multiple of any block.  SOAK=1: 1 GiB, which takes 3 GiB of memory.

load helpers

# there_and_back, run where /dev/shm is large enough: fill, read, store and read again.
there_and_back() {
	set -eu
	same() { cmp "$1" - || { echo "$2: not the bytes of $1" && return 1; }; }
	cd /dev/shm
	for n in one two; do head -c "$1" /dev/urandom >$n; done
	for sort in shm:/object shm:private file; do
		for way in file pipe; do
			case $sort:$way in
			file:file) cp one file && target=/dev/shm/file ;;
			file:pipe) : >file && ipc-mmap-cat -w -g file < <(cat one) && target=/dev/shm/file ;;
			*:file) target=$(ipc-shm-create -i one "$sort") ;;
			*:pipe) target=$(ipc-shm-create -i - "$sort" < <(cat one)) ;;
			esac
			ipc-mmap-cat "$target" | same one "$sort out of a $way"
			if [ $way = file ]; then
				ipc-mmap-cat --zero-copy "$target" | same one "$sort --zero-copy"
				ipc-mmap-cat -w "$target" <two
			else
				ipc-mmap-cat -o 5 "$target" | same <(tail -c +6 one) "$sort -o 5"
				ipc-mmap-cat -w "$target" < <(cat two)
			fi
			ipc-mmap-cat "$target" | same two "$sort -w out of a $way"
			case $target in
			shm:id:*) ipcrm -m "${target##*:}" ;;
			*) rm "${target/#shm:\///dev/shm/}" ;;
			esac
		done
	done
	[ "$(ls)" = $'one\ntwo' ]
}

@test "there and back through a POSIX object, a System V segment and a file: equal" {
	size=$(((SOAK ? 1024 : 20) * 1048576 - 4091))
	available=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
	[ "$available" -gt $((4 * size / 1024)) ] || skip "that needs $((4 * size)) bytes of memory"
	export -f there_and_back
	# shellcheck disable=SC2016
	LIMIT=300 run -0 limit ipc-isolate --shm-size=$((4 * size)) bash -c 'there_and_back "$1"' _ $size
}
