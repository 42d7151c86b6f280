#!/usr/bin/env bats

# ipc-mmap-cat on objects that are cut, grown, removed and replaced thousands of
# times a second while they are read, stored to and watched: no signal, no hang,
# no byte told as right that is wrong.  SOAK=1: ten times as many rounds.

load helpers

setup() {
	rounds=$((SOAK ? 1000 : 60))
	python3 - "$tmp" <<-'END'
		import sys
		for n in range(2):
		    open(f"{sys.argv[1]}/{n}", "wb").write(bytes([65 + n]) * 1000000)
	END
}
teardown() {
	[ -z "${spoiler-}" ] || { kill -9 "$spoiler" && wait "$spoiler"; } 2>/dev/null || true
	rm -f /dev/shm/race /dev/shm/race.new
}

# spoil HOW: a process that does to /dev/shm/race, for ever, what HOW says.
spoil() {
	cp "$tmp/0" /dev/shm/race
	python3 - "$1" "$tmp/count" 3>&- <<-'END' &
		import mmap, os, sys
		how, path = sys.argv[1], "/dev/shm/race"
		f = os.open(path, os.O_RDWR)
		parts = [bytes([65 + n]) * 1000000 for n in range(2)]
		rounds = 0
		while True:
		    if how == "cut":
		        os.ftruncate(f, (rounds * 7919) % 1000000)
		        os.ftruncate(f, 1000000)
		    elif how == "empty":
		        os.ftruncate(f, 0)
		        os.pwrite(f, b"A" * 4096, 995904)
		    elif how == "grow":
		        os.ftruncate(f, 1000000 + rounds % 100000 * 100)
		    elif how == "replace":
		        g = os.open("/dev/shm/race.new", os.O_CREAT | os.O_TRUNC | os.O_RDWR)
		        os.write(g, parts[rounds % 2])
		        os.rename("/dev/shm/race.new", path)
		        os.close(g)
		    elif how == "remove":
		        os.unlink(path)
		        g = os.open(path, os.O_CREAT | os.O_RDWR)
		        os.ftruncate(g, 1000000)
		        os.close(g)
		    rounds += 1
		    if rounds == 50: open(sys.argv[2], "w").close()
	END
	spoiler=$!
	eventually test -e "$tmp/count"
	rm "$tmp/count"
}

# fair STATUS ...: $status is one of these; a failure has its line.
fair() {
	local expected=" $* "
	if [[ $expected != *" $status "* ]]; then
		echo "status $status: $(head -n 3 "$tmp/err")" && return 1
	fi
	case $status in 1 | 4) [ "$(wc -l <"$tmp/err")" -eq 1 ] ;; esac
}

read_with() {
	status=0
	limit ipc-mmap-cat "$@" shm:/race >"$tmp/out" 2>"$tmp/err" || status=$?
}

@test "cut and grown again: what is written is what there was or zeros, and that it changed is told" {
	for how in cut empty; do
		spoil $how
		failed=0 complete=0
		for ((round = 0; round < rounds; round++)); do
			for option in '' --holes --zero-copy; do
				if [ "$option" = --zero-copy ]; then
					status=0
					limit ipc-mmap-cat $option shm:/race 2>"$tmp/err" | cat >"$tmp/out" || status=$?
					status=${PIPESTATUS[0]}
				else
					read_with $option
				fi
				fair 0 1
				[ "$(stat -c %s "$tmp/out")" -le 1000000 ]
				[ -z "$(tr -d 'A\0' <"$tmp/out" | head -c 1)" ]
				# Complete and silent it is only what it was at one moment.
				if [ $status -eq 1 ]; then
					failed=$((failed + 1))
					grep -qE 'truncated while being read, [0-9]+ of [0-9]+ bytes|cannot begin' "$tmp/err"
					told=$(sed -n 's/.*read, \([0-9]*\) of .*/\1/p' "$tmp/err")
					[ -z "$told" ] || [ "$option" = --zero-copy ] || [ "$told" -eq "$(stat -c %s "$tmp/out")" ]
				else
					complete=$((complete + 1))
				fi
			done
			read_with -x && [ $status -le 1 ]
			fair 0 1
			read_with -y u8
			fair 0 1
			read_with -o 999999 -l 1
			fair 0 1
			[ -z "$(tr -d 'A\0' <"$tmp/out")" ]
		done
		kill -9 $spoiler
		echo "# $how: $failed were cut, $complete complete" >&3
		[ $failed -gt 0 ]
	done
}

# True while process $1 waits in write(2).
in_write() {
	local number
	{ read -r number _ <"/proc/$1/syscall"; } 2>/dev/null || return 1
	case $(uname -m):$number in x86_64:1 | aarch64:64) return 0 ;; esac
	return 1
}

# changed_meanwhile TARGET CHANGE OPTION ...: run CHANGE while a read of TARGET waits
# for the reader of its output, then let it go on.
changed_meanwhile() {
	local target=$1 change=$2 pid
	rm -f "$tmp/pipe" && mkfifo "$tmp/pipe"
	ipc-mmap-cat "${@:3}" "$target" >"$tmp/pipe" 2>"$tmp/err" 3>&- &
	pid=$!
	exec 6<"$tmp/pipe"
	eventually in_write $pid
	eval "$change" >/dev/null
	cat <&6 >"$tmp/out"
	exec 6<&-
	status=0
	wait $pid || status=$?
}

@test "what became of an object while it was read is told: cut, changed, grown, removed, replaced" {
	head -c 3000000 /dev/urandom >"$tmp/whole"
	for path in /dev/shm/race "$tmp/file"; do
		target=$path
		[ "$path" = "$tmp/file" ] || target=shm:/race
		new() { rm -f "$path" && cp "$tmp/whole" "$path"; }
		for option in '' --holes -q; do
			new
			changed_meanwhile "$target" 'truncate -s 100 "$path"' $option
			[ "$status" -eq 1 ]
			size=$(stat -c %s "$tmp/out")
			[ "$size" -lt 3000000 ]
			cmp -n "$size" "$tmp/out" "$tmp/whole"
			[ "$(cat "$tmp/err")" = "ipc-mmap-cat: cannot read all of $target: truncated while being read, $size of 3000000 bytes were written" ]

			for change in 'truncate -s 100 "$path"; truncate -s 3000000 "$path":changed while being read' \
				'echo >>"$path":grew while being read; 3000000 bytes were written' \
				'rm "$path":was removed or replaced while being read; its bytes were written' \
				'cp "$tmp/0" "$path.new"; mv "$path.new" "$path":was removed or replaced while being read; its bytes were written'; do
				new
				changed_meanwhile "$target" "${change%:*}" $option
				[ "$status" -eq 0 ]
				line="ipc-mmap-cat: $target ${change##*:}"
				[ "$option" != -q ] || line=''
				[ "$(cat "$tmp/err")" = "$line" ]
				case $change in
				truncate*)
					[ "$(stat -c %s "$tmp/out")" -eq 3000000 ]
					size=$({ cmp "$tmp/out" "$tmp/whole" || true; } | sed 's/.*byte \([0-9]*\),.*/\1/')
					[ "$size" -gt 60000 ]
					[ -z "$(tail -c "+$((size + 8))" "$tmp/out" | tr -d '\0' | head -c 1)" ]
					;;
				*) cmp "$tmp/out" "$tmp/whole" ;;
				esac
			done
		done
	done
}

@test "growing: what it had when it was opened, and no more" {
	spoil grow
	for ((round = 0; round < rounds; round++)); do
		read_with
		fair 0 1
		[ "$(stat -c %s "$tmp/out")" -ge 1000000 ] || [ $status -eq 1 ]
		head -c 1000000 "$tmp/out" | cmp - <(head -c "$(($(stat -c %s "$tmp/out") < 1000000 ? $(stat -c %s "$tmp/out") : 1000000))" "$tmp/0")
	done
}

@test "replaced: the old one or the new one, never a mix, never none" {
	spoil replace
	for ((round = 0; round < rounds; round++)); do
		for option in '' --holes; do
			read_with $option
			fair 0
			cmp -s "$tmp/out" "$tmp/0" || cmp "$tmp/out" "$tmp/1"
		done
		limit ipc-mmap-cat -q --zero-copy shm:/race | cat >"$tmp/out"
		cmp -s "$tmp/out" "$tmp/0" || cmp "$tmp/out" "$tmp/1"
	done
}

@test "removed and made again: there or not there" {
	spoil remove
	for ((round = 0; round < rounds; round++)); do
		read_with
		fair 0 1 4
	done
}

@test "stored to while it is cut: no signal, in place or told; never made longer by -w" {
	spoil cut
	for ((round = 0; round < rounds; round++)); do
		for options in -w '-w -y u8 -o 900000'; do
			status=0
			seq 300 | sed 's/.*/65/' | limit ipc-mmap-cat $options shm:/race 2>"$tmp/err" || status=$?
			fair 0 1
		done
		[ "$(stat -c %s /dev/shm/race)" -le 1000000 ]
	done
}

@test "watched and waited on while it is cut: ends with its line, or goes on" {
	spoil cut
	for ((round = 0; round < rounds / 6; round++)); do
		read_with --watch -i 1ms -t 5ms -x
		fair 0 1 3
		read_with --until=999999:u8:eq:9 -i 1ms -t 5ms
		fair 1 3
	done
}

@test "a System V segment that is removed while it is read: all of its bytes" {
	for ((round = 0; round < rounds / 6; round++)); do
		target=$(ipc-shm-create -i "$tmp/1" shm:private)
		mkfifo "$tmp/pipe$round"
		limit ipc-mmap-cat "$target" >"$tmp/pipe$round" 2>/dev/null &
		reader=$!
		{
			head -c 1
			ipcrm -m "${target##*:}"
			cat
		} <"$tmp/pipe$round" >"$tmp/out"
		wait $reader
		cmp "$tmp/out" "$tmp/1"
	done
}
