#!/usr/bin/env bats

# ipc-mmap-cat: what each option does, and what it refuses.
# Objects that change while they are read: mmap-cat-races.bats; each system call
# failing: mmap-cat-faults.bats.

load helpers

teardown() {
	[ -z "${writer-}" ] || kill "$writer" 2>/dev/null || true
}

# A target of sort $1 that holds the file $2, into $target; $3: its name.
new_target() {
	case $1 in
	posix) target=$(ipc-shm-create -i "$2" "shm:$(fresh_name "${3-object}")") ;;
	sysv) target=$(ipc-shm-create -i "$2" shm:private) ;;
	file) target=$tmp/target-${3-object} && cp "$2" "$target" ;;
	esac
}

# SIZE pseudorandom bytes that $SEED decides, with runs of equal rows.
noise() {
	python3 -c '
import random, sys
r = random.Random(int(sys.argv[2]))
out = bytearray()
while len(out) < int(sys.argv[1]):
    k = r.randrange(4)
    if k == 0: out += bytes([r.randrange(256)]) * r.randrange(200)
    elif k == 1: out += bytes(r.randrange(32, 127) for _ in range(r.randrange(100)))
    elif k == 2: out += bytes(r.randrange(256) for _ in range(16)) * r.randrange(5)
    else: out += bytes(r.randrange(256) for _ in range(r.randrange(50)))
sys.stdout.buffer.write(bytes(out[:int(sys.argv[1])]))' "$1" "${2:-${SEED:-1}}"
}

# The message is one line that starts with the tool's name.
one_line() {
	# shellcheck disable=SC2154
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == "ipc-mmap-cat: "* ]]
}

@test "the bytes of a POSIX object, a System V segment and a file, as they are" {
	noise 3000000 >"$tmp/data"
	for sort in posix sysv file; do
		new_target $sort "$tmp/data"
		limit ipc-mmap-cat "$target" | cmp - "$tmp/data"
		limit ipc-mmap-cat "$target" >"$tmp/out"
		cmp "$tmp/out" "$tmp/data"
		limit ipc-mmap-cat --zero-copy "$target" | cat | cmp - "$tmp/data"
	done
}

@test "several TARGETs, one behind the other; the first failure is the status" {
	printf one >"$tmp/1"
	printf two >"$tmp/2"
	new_target posix "$tmp/1"
	limit ipc-mmap-cat "$target" "$tmp/2" "$tmp/1" | cmp - <(printf onetwoone)
	run -4 --separate-stderr limit ipc-mmap-cat "$tmp/1" shm:/none "$tmp/none" "$tmp/2"
	[ "$output" = onetwo ]
	run -1 --separate-stderr limit ipc-mmap-cat "$tmp/none" shm:/none
	run -2 --separate-stderr limit ipc-mmap-cat "$tmp/1" shm:/a/b
	[ "$output" = "" ]
}

@test "an empty object and an empty file: nothing, status 0" {
	: >"$tmp/empty"
	: >/dev/shm/empty
	for option in '' -x '-y u32' --holes --zero-copy; do
		run -0 limit ipc-mmap-cat $option shm:/empty "$tmp/empty"
		[ "$output" = "" ]
	done
	rm /dev/shm/empty
}

@test "-o and -l: every way to write an offset; what is not there is refused" {
	noise 5000 >"$tmp/data"
	for sort in posix sysv file; do
		new_target $sort "$tmp/data"
		for pair in '0 5000' '1 4999' '0x10 1' '4999 1' '2K 1K' '1000 1kB'; do
			read -r offset length <<<"$pair"
			bytes=${length/1kB/1000} at=$((${offset/2K/2048}))
			bytes=${bytes/1K/1024}
			limit ipc-mmap-cat -o "$offset" -l "$length" "$target" >"$tmp/out"
			dd if="$tmp/data" iflag=skip_bytes,count_bytes skip="$at" count="$bytes" status=none | cmp - "$tmp/out"
		done
		limit ipc-mmap-cat -o -16 "$target" | cmp - <(tail -c 16 "$tmp/data")
		limit ipc-mmap-cat -o -16 -l 4 "$target" | cmp - <(tail -c 16 "$tmp/data" | head -c 4)
		limit ipc-mmap-cat --offset=-5000 --length=7 "$target" | cmp - <(head -c 7 "$tmp/data")
		run -0 limit ipc-mmap-cat -o 5000 "$target"
		[ "$output" = "" ]
		for wrong in '-o 5001' '-o -5001' '-l 5001' '-o 1 -l 5000' '-o 0x7fffffffffffffff' '-o 1 -l 9223372036854775807'; do
			run -1 --separate-stderr limit ipc-mmap-cat $wrong "$target"
			[ "$output" = "" ]
			one_line
		done
	done
	for wrong in '-o x' '-o 1.5' '-o +1' '-o 0x' '-o 99999999999999999999' '-l 0' '-l -1' '-l 5x' '-o 0xg'; do
		run -2 limit ipc-mmap-cat $wrong "$target"
	done
}

@test "-x: byte for byte what hexdump -C prints, with and without -v" {
	for round in 1 2 3 4 5 6 7 8; do
		noise $((round * round * 4001)) $((SEED + round)) >"$tmp/data"
		size=$(stat -c %s "$tmp/data")
		new_target posix "$tmp/data" "r$round"
		for offset in 0 1 15 16 17 $((size / 3)); do
			for length in 1 15 16 17 33 $((size / 2)); do
				limit ipc-mmap-cat -x -o $offset -l $length "$target" |
					cmp - <(hexdump -C -s $offset -n $length "$tmp/data")
				limit ipc-mmap-cat -x -v -o $offset -l $length "$target" |
					cmp - <(hexdump -v -C -s $offset -n $length "$tmp/data")
			done
			limit ipc-mmap-cat --hex -o $offset "$target" | cmp - <(hexdump -C -s $offset "$tmp/data")
		done
	done
}

@test "-x: rows that repeat, up to the end and across it" {
	for size in 15 16 17 31 32 33 48 49 64 70000; do
		head -c $size /dev/zero >"$tmp/data"
		limit ipc-mmap-cat -x "$tmp/data" | cmp - <(hexdump -C "$tmp/data")
		limit ipc-mmap-cat -xv "$tmp/data" | cmp - <(hexdump -Cv "$tmp/data")
	done
	for tail in 1 16 17; do # the last row is the start of the one before
		{ head -c 64 /dev/zero | tr '\0' a && head -c $tail /dev/zero | tr '\0' a; } >"$tmp/data"
		limit ipc-mmap-cat -x "$tmp/data" | cmp - <(hexdump -C "$tmp/data")
	done
	python3 -c 'import sys; sys.stdout.buffer.write(bytes(range(256)) * 3)' >"$tmp/data"
	limit ipc-mmap-cat -x "$tmp/data" | cmp - <(hexdump -C "$tmp/data")
}

@test "-x: addresses beyond 32 bits" {
	truncate -s 5G "$tmp/sparse"
	printf end >>"$tmp/sparse"
	limit ipc-mmap-cat -x -o 5G "$tmp/sparse" | cmp - <(hexdump -C -s 5G "$tmp/sparse")
	limit ipc-mmap-cat -x -o 4294967290 -l 40 "$tmp/sparse" |
		cmp - <(hexdump -C -s 4294967290 -n 40 "$tmp/sparse")
}

@test "-y: every type and byte order, as od and python read them" {
	noise 8000 >"$tmp/data"
	new_target posix "$tmp/data"
	for type in u8 i8 u16 i16 u32 i32 u64 i64; do
		size=$((${type:1} / 8))
		for order in '' le be; do
			case $order in be) endian=big ;; *) endian=little ;; esac
			[ "$size" -gt 1 ] || [ -z "$order" ] || continue
			sign=${type:0:1}
			limit ipc-mmap-cat -y "$type$order" "$target" |
				cmp - <(od -An -v -w"$size" -t "${sign/i/d}$size" --endian=$endian "$tmp/data" | tr -d ' ')
		done
	done
	limit ipc-mmap-cat --type=u16be -o 3 -l 2 "$target" |
		cmp - <(od -An -j 3 -N 2 -t u2 --endian=big "$tmp/data" | tr -d ' ')
	for wrong in '' u x u7 u128 f16 f8 u32xe u32bel U32 f64\ ; do
		run -2 limit ipc-mmap-cat -y "$wrong" "$target"
	done
}

@test "-y: bytes that are no whole number are refused; -l takes what is one" {
	printf '\1\2\3\4\5' >"$tmp/data"
	run -1 --separate-stderr limit ipc-mmap-cat -y u32 "$tmp/data"
	[ "$output" = "" ]
	one_line
	run -0 limit ipc-mmap-cat -y u32le -l 4 "$tmp/data"
	[ "$output" = 67305985 ]
}

@test "-y f32, f64: shortest, and read back to the very same bits" {
	python3 - "$tmp" "${SEED:-1}" <<-'END'
		import random, struct, sys
		r = random.Random(int(sys.argv[2]))
		for code, bits in ("f", 32), ("d", 64):
		    some = [r.getrandbits(bits) for _ in range(6000)]
		    some += [s << (bits - 1) | e for s in (0, 1) for e in range(40)]
		    width = 23 if bits == 32 else 52
		    some += [e << width for e in range(1 << (bits - 1 - width))]
		    some += [(e << width) - 1 for e in range(1, 1 << (bits - 1 - width))]
		    some += [struct.unpack("<I" if bits == 32 else "<Q", struct.pack("<" + code, k / 10))[0] for k in range(-500, 500)]
		    with open(f"{sys.argv[1]}/f{bits}", "wb") as out:
		        for n in some: out.write(n.to_bytes(bits // 8, "little"))
	END
	for type in f32 f64; do
		limit ipc-mmap-cat -y ${type}le "$tmp/$type" >"$tmp/text"
		ipc-shm-create -s "$(stat -c %s "$tmp/$type")" "shm:/$type" >/dev/null
		limit ipc-mmap-cat -w -y ${type}le "shm:/$type" <"$tmp/text"
		cmp "/dev/shm/$type" "$tmp/$type"
		limit ipc-mmap-cat -w -y ${type}be "shm:/$type" <"$tmp/text"
		limit ipc-mmap-cat -y ${type}be "shm:/$type" | cmp - "$tmp/text"
	done
	# python's repr is the shortest for a double.
	python3 - "$tmp" <<-'END'
		import math, struct, sys
		data = open(sys.argv[1] + "/f64", "rb").read()
		for (value,), text in zip(struct.iter_unpack("<d", data), open(sys.argv[1] + "/text")):
		    if math.isnan(value): continue
		    digits = lambda t: len(t.strip().lstrip("-").split("e")[0].replace(".", "").strip("0"))
		    assert digits(text) <= digits(repr(value)), (text, value)
		    assert float(text) == value
	END
	printf '%s\n' inf -inf nan 0.1 -0 1e300 | limit ipc-mmap-cat -w -y f64 shm:/f64
	limit ipc-mmap-cat -y f64 -l 48 shm:/f64 | cmp - <(printf '%s\n' inf -inf nan 0.1 -0 1e+300)
}

@test "-w: in place, seen by who has it mapped, same size and same file" {
	noise 10000 >"$tmp/data"
	noise 3000 77 >"$tmp/new"
	for sort in posix sysv file; do
		new_target $sort "$tmp/data"
		limit ipc-mmap-cat -w -o 0x100 "$target" <"$tmp/new"
		cp "$tmp/data" "$tmp/expected"
		dd if="$tmp/new" of="$tmp/expected" bs=1 seek=256 conv=notrunc status=none
		limit ipc-mmap-cat "$target" | cmp - "$tmp/expected"
		head -c 1M "$tmp/new" | limit ipc-mmap-cat --write -o -3000 "$target"
		limit ipc-mmap-cat -o -3000 "$target" | cmp - "$tmp/new"
		run -0 limit ipc-mmap-cat -wv "$target" </dev/null
		[[ $output == *"0 bytes stored"* ]]
	done
	python3 - "$tmp/target-object" <<-'END'
		import mmap, subprocess, sys
		with open(sys.argv[1], "r+b") as f:
		    seen = mmap.mmap(f.fileno(), 0)
		    subprocess.run(["ipc-mmap-cat", "-w", sys.argv[1]], input=b"fresh", check=True)
		    assert seen[:5] == b"fresh" and len(seen) == 10000
	END
}

@test "-w: a file that does not fit is refused before the first byte" {
	noise 1000 >"$tmp/data"
	noise 1001 78 >"$tmp/long"
	for sort in posix sysv file; do
		new_target $sort "$tmp/data"
		for options in '' '-o 1 -l 999' '-l 10' '-o -1'; do
			run -1 --separate-stderr limit ipc-mmap-cat -w $options "$target" <"$tmp/long"
			[[ $stderr == *1001* ]]
			one_line
			limit ipc-mmap-cat "$target" | cmp - "$tmp/data"
		done
		# What is left of it counts.
		{ dd bs=2 count=1 of=/dev/null status=none && limit ipc-mmap-cat -w -o 1 "$target"; } <"$tmp/long"
		limit ipc-mmap-cat "$target" | cmp - <(head -c 1 "$tmp/data" && tail -c +3 "$tmp/long")
		run -1 limit ipc-mmap-cat -w -o 1001 "$target" </dev/null
	done
}

@test "-w: a pipe that has more than fits fills it, and says how much was stored" {
	noise 1000 >"$tmp/data"
	noise 900000 79 >"$tmp/long"
	for sort in posix sysv file; do
		new_target $sort "$tmp/data"
		run -1 --separate-stderr limit ipc-mmap-cat -w -o 10 "$target" < <(cat "$tmp/long")
		[[ $stderr == *" 990 bytes"* ]]
		one_line
		limit ipc-mmap-cat "$target" | cmp - <(head -c 10 "$tmp/data" && head -c 990 "$tmp/long")
		run -1 --separate-stderr limit ipc-mmap-cat -w -l 7 "$target" < <(cat "$tmp/long")
		[[ $stderr == *" 7 bytes"* ]]
		head -c 1M "$tmp/data" | limit ipc-mmap-cat -w "$target"
		limit ipc-mmap-cat "$target" | cmp - "$tmp/data"
	done
}

@test "-w: what is cut while it is stored to is not made longer, and that is told" {
	noise 5000 >"$tmp/data"
	for sort in posix file; do
		new_target $sort "$tmp/data"
		path=${target/#shm:\///dev/shm/}
		mkfifo "$tmp/pipe"
		exec 6<>"$tmp/pipe"
		ipc-mmap-cat -w "$target" <"$tmp/pipe" 2>"$tmp/err" 3>&- 6>&- &
		writer=$!
		printf 'begun' >&6
		begun() { [ "$(head -c 5 "$path")" = begun ]; }
		eventually begun
		truncate -s 50 "$path"
		head -c 1000 "$tmp/data" >&6
		exec 6>&-
		status=0
		wait $writer || status=$?
		[ $status -eq 1 ]
		[ "$(wc -l <"$tmp/err")" -eq 1 ]
		[ "$(stat -c %s "$path")" -eq 50 ]
		rm "$tmp/pipe"
	done
}

@test "-w -y: numbers, one a line; a line that is none says which it is" {
	head -c 64 /dev/zero >"$tmp/data"
	for sort in posix sysv file; do
		new_target $sort "$tmp/data"
		printf '%s\n' 0 -1 0x7f -128 127 | limit ipc-mmap-cat -w -y i8 "$target"
		limit ipc-mmap-cat -y i8 -l 5 "$target" | cmp - <(printf '%s\n' 0 -1 127 -128 127)
		printf '18446744073709551615\n0xff' | limit ipc-mmap-cat -w -y u64be -o 8 "$target"
		limit ipc-mmap-cat -y u64be -o 8 -l 16 "$target" | cmp - <(printf '%s\n' 18446744073709551615 255)
		printf '1\n2\n' | limit ipc-mmap-cat -w -y u16le -o 33 "$target"
		limit ipc-mmap-cat -y u8 -o 33 -l 4 "$target" | cmp - <(printf '%s\n' 1 0 2 0)
		for wrong in '' x 1.5 256 -1 ' 1' '1 ' +1 01 0x 0x100 1e2; do
			run -1 --separate-stderr limit ipc-mmap-cat -w -y u8 "$target" < <(printf '7\n%s\n9\n' "$wrong")
			[[ $stderr == *"line 2"*" 1 bytes"* ]]
			one_line
		done
		run -1 --separate-stderr limit ipc-mmap-cat -w -y u64 "$target" < <(seq 9)
		[[ $stderr == *" 64 bytes"* ]]
		run -1 limit ipc-mmap-cat -w -y f32 "$target" <<<1e39
		run -1 limit ipc-mmap-cat -w -y u8 "$target" < <(printf '1\0002\n')
	done
}

@test "-g: extends a file or an object, also from a pipe and past the end; reserves it" {
	printf 12345 >"$tmp/data"
	noise 900000 80 >"$tmp/long"
	for sort in posix file; do
		new_target $sort "$tmp/data"
		limit ipc-mmap-cat -w -g -o 3 "$target" <"$tmp/long"
		limit ipc-mmap-cat "$target" | cmp - <(printf 123 && cat "$tmp/long")
		new_target $sort "$tmp/data" pipe
		head -c 1M "$tmp/long" | limit ipc-mmap-cat --write --grow -o 5 "$target"
		limit ipc-mmap-cat "$target" | cmp - <(printf 12345 && cat "$tmp/long")
		new_target $sort "$tmp/data" gap
		seq 3 | limit ipc-mmap-cat -wg -y u32le -o 100000 "$target"
		limit ipc-mmap-cat -l 100000 "$target" | cmp - <(printf 12345 && head -c 99995 /dev/zero)
		limit ipc-mmap-cat -y u32le -o 100000 "$target" | cmp - <(seq 3)
		case $sort in posix) path=/dev/shm/${target#shm:/} ;; *) path=$target ;; esac
		[ $(($(stat -c '%b * %B' "$path"))) -ge 100012 ]
		limit ipc-mmap-cat -wg -o 1M "$target" </dev/null
		: | limit ipc-mmap-cat -wg -o 1M "$target"
		[ "$(stat -c %s "$path")" -eq 100012 ]
		run -1 --separate-stderr limit ipc-mmap-cat -wg -o 9223372036854775807 "$target" <"$tmp/long"
		one_line
		run -1 --separate-stderr limit ipc-mmap-cat -wg -o 9223372036854775807 "$target" < <(echo x)
		one_line
		[ "$(stat -c %s "$path")" -eq 100012 ]
	done
	new_target sysv "$tmp/data"
	run -2 limit ipc-mmap-cat -w -g "$target" <"$tmp/long"
	run -2 limit ipc-mmap-cat -g "$tmp/data"
	run -2 limit ipc-mmap-cat -w -g -l 4 "$tmp/data"
}

@test "ulimit -f is a limit that is told, and what was done until then; not a signal" {
	: >"$tmp/grown"
	run -1 --separate-stderr bash -c "ulimit -f 4; exec timeout 60 ipc-mmap-cat -w -g $tmp/grown" < <(head -c 10000 /dev/zero)
	[ "$stderr" = "ipc-mmap-cat: cannot store in $tmp/grown; 4096 bytes stored: File too large" ]
	[ "$(stat -c %s "$tmp/grown")" -eq 4096 ]
	head -c 10000 /dev/zero >"$tmp/data"
	for options in '' --holes -xv; do
		run -1 --separate-stderr bash -c "ulimit -f 4; exec timeout 60 ipc-mmap-cat $options $tmp/data >$tmp/out"
		[ "$stderr" = "ipc-mmap-cat: cannot write to standard output: File too large" ]
		[ "$(stat -c %s "$tmp/out")" -le 4096 ]
	done
}

@test "-g: a file into itself would grow for ever, and is refused" {
	printf 12345 >"$tmp/data"
	for sort in posix file; do
		new_target $sort "$tmp/data"
		case $sort in posix) path=/dev/shm/${target#shm:/} ;; *) path=$target ;; esac
		for options in '' '-o 5' '-y u8'; do
			# shellcheck disable=SC2086
			run -1 --separate-stderr limit ipc-mmap-cat -w -g $options "$target" <"$path"
			one_line
			cmp "$path" "$tmp/data"
		done
		# Without -g it ends.
		limit ipc-mmap-cat -w -o 1 -l 4 "$target" < <(head -c 4 "$tmp/data")
		{ dd bs=3 count=1 of=/dev/null status=none && limit ipc-mmap-cat -w "$target"; } <"$path"
		limit ipc-mmap-cat "$target" | cmp - <(printf 34234)
	done
}

@test "-g where there is no room: status 1, and how much was stored" {
	mkdir "$tmp/full"
	mount -t tmpfs -o size=64k none "$tmp/full" 2>/dev/null || skip "needs to mount a tmpfs"
	printf x >"$tmp/full/x"
	noise 100000 >"$tmp/long"
	run -1 --separate-stderr limit ipc-mmap-cat -w -g "$tmp/full/x" < <(head -c 1M /dev/zero)
	one_line
	run -1 --separate-stderr limit ipc-mmap-cat -w -g "$tmp/full/x" <"$tmp/long"
	one_line
	rm "$tmp/full/x"
	truncate -s 1G "$tmp/full/sparse"
	run -1 --separate-stderr limit ipc-mmap-cat -w "$tmp/full/sparse" < <(head -c 1M /dev/zero)
	one_line
	# To the byte, and not to the block that was read.
	[[ $stderr == *" 65536 bytes stored"* ]]
	[ $(($(stat -c '%b * %B' "$tmp/full/sparse"))) -eq 65536 ]
	run -1 --separate-stderr limit ipc-mmap-cat -w -y u8 -o 512M "$tmp/full/sparse" <<<1 # nothing of a signal
	one_line
	limit ipc-mmap-cat "$tmp/full/sparse" | cmp -n 1073741824 - /dev/zero
	umount "$tmp/full"
}

@test "-g where a disk has no room: the file is as long as before, and nothing of the disk is taken" {
	mkdir "$tmp/full"
	truncate -s 16M "$tmp/disk"
	mkfs.ext4 -q "$tmp/disk" || skip "needs to make an ext4"
	mount -o loop "$tmp/disk" "$tmp/full" 2>/dev/null || skip "needs to mount an ext4"
	printf abc >"$tmp/full/x"
	run -1 --separate-stderr limit ipc-mmap-cat -w -g -o 1G "$tmp/full/x" <<<y
	one_line
	run -1 --separate-stderr limit ipc-mmap-cat -w -g -o 1G "$tmp/full/x" < <(echo y)
	one_line
	run -1 --separate-stderr bash -c "ulimit -f 100; exec timeout 60 ipc-mmap-cat -w -g -o 1M $tmp/full/x" <<<y
	one_line
	printf abc | cmp - "$tmp/full/x"
	[ "$(stat -c %b "$tmp/full/x")" -lt 20 ]
	limit ipc-mmap-cat -w -g -o 1M "$tmp/full/x" <<<y
	[ "$(stat -c %s "$tmp/full/x")" -eq 1048578 ]
	umount "$tmp/full"
}

@test "--holes: holes stay holes, over what the file held too; 1 TiB is no more work than its data" {
	truncate -s 1T "$tmp/sparse"
	printf middle | dd of="$tmp/sparse" bs=1 seek=512G conv=notrunc status=none
	limit ipc-mmap-cat --holes "$tmp/sparse" >"$tmp/copy"
	[ "$(stat -c %s "$tmp/copy")" -eq 1099511627776 ]
	[ $(($(stat -c '%b * %B' "$tmp/copy"))) -lt 1000000 ]
	limit ipc-mmap-cat -o 512G -l 6 "$tmp/copy" | cmp - <(printf middle)
	run -0 limit ipc-mmap-cat -x -o -16 "$tmp/sparse"

	truncate -s 10M /dev/shm/holes
	printf tail | dd of=/dev/shm/holes bs=1 seek=9M conv=notrunc status=none
	noise 20000 >"$tmp/used"
	cp "$tmp/used" "$tmp/over"
	limit ipc-mmap-cat --holes shm:/holes 1<>"$tmp/over"
	cmp "$tmp/over" /dev/shm/holes
	cp "$tmp/used" "$tmp/appended"
	limit ipc-mmap-cat --holes -l 50000 shm:/holes >>"$tmp/appended"
	cmp "$tmp/appended" <(cat "$tmp/used" && head -c 50000 /dev/zero)
	limit ipc-mmap-cat --holes shm:/holes | cmp - /dev/shm/holes
	limit ipc-mmap-cat --holes -o 9M -l 4 shm:/holes | cmp - <(printf tail)
	new_target sysv "$tmp/used"
	limit ipc-mmap-cat --holes "$target" | cmp - "$tmp/used"
}

@test "memory use is flat: 1 GiB to a pipe, a dump and a copy with holes in little memory" {
	truncate -s 1G "$tmp/large"
	for options in '' '-x' '--holes' '--zero-copy' '-y u64'; do
		[ "$options" != '-y u64' ] || options='-y u64 -l 64M'
		peak=$(python3 -c '
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$BIN/ipc-mmap-cat" $options "$tmp/large")
		echo "${options:-bytes}: $peak KiB"
		[ "$peak" -lt 16384 ] || grep -q __asan_init "$BIN/ipc-mmap-cat"
	done
	for command in "ipc-shm-create -i - shm:/filled" "ipc-mmap-cat -w shm:/filled" "ipc-mmap-cat -w -g $tmp/grown"; do
		touch "$tmp/grown"
		peak=$(python3 -c '
import resource, subprocess, sys
tool = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
for n in range(32): tool.stdin.write(bytes(1 << 20))
tool.stdin.close()
assert tool.wait() == 0
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' $command)
		echo "$command: $peak KiB"
		[ "$peak" -lt 16384 ] || grep -q __asan_init "$BIN/ipc-mmap-cat"
	done
}

@test "what reading leaves behind: of a System V segment times and pages, of an object nothing" {
	ref=$(ipc-shm-create --sparse -s 64K shm:private)
	# Of /proc/sysvipc/shm: attachments, last attachment and detachment, memory.
	marks() { awk -v id="${ref##*:}" '$2 == id { print $7, ($12 > 0), ($13 > 0), ($15 > 0) }' /proc/sysvipc/shm; }
	[ "$(marks)" = "0 0 0 0" ]
	limit ipc-mmap-cat "$ref" | cmp - <(head -c 64K /dev/zero)
	[ "$(marks)" = "0 1 1 1" ]
	ipc-shm-create --sparse -s 64K shm:/sparse
	limit ipc-mmap-cat shm:/sparse | cmp - <(head -c 64K /dev/zero)
	limit ipc-mmap-cat -x shm:/sparse
	[ "$(stat -c %b /dev/shm/sparse)" -eq 0 ]
}

@test "--zero-copy into a file is a copy" {
	noise 300000 >"$tmp/data"
	for sort in posix sysv file; do
		new_target $sort "$tmp/data"
		limit ipc-mmap-cat --zero-copy -o 1 -l 200000 "$target" >"$tmp/out"
		cmp "$tmp/out" <(tail -c +2 "$tmp/data" | head -c 200000)
		limit ipc-mmap-cat --zero-copy "$target" >>"$tmp/out"
		[ "$(stat -c %s "$tmp/out")" -eq 500000 ]
	done
}

@test "--zero-copy of a System V segment, with and without the right to /proc/self/map_files" {
	noise 3000000 >"$tmp/data"
	target=$(ipc-shm-create -m 0644 -i "$tmp/data" shm:private)
	limit ipc-mmap-cat --zero-copy "$target" | cat | cmp - "$tmp/data"
	limit ipc-mmap-cat --zero-copy -o 5000 -l 2000000 "$target" | cat | cmp - <(tail -c +5001 "$tmp/data" | head -c 2000000)
	[ "$(id -u)" -eq 0 ] || skip "only root can become another user"
	as_nobody "$(command -v ipc-mmap-cat)" --zero-copy "$target" | cat | cmp - "$tmp/data"
	as_nobody "$(command -v ipc-mmap-cat)" --zero-copy -o 5000 -l 2000000 "$target" | cat |
		cmp - <(tail -c +5001 "$tmp/data" | head -c 2000000)
}

@test "without --zero-copy, what is in the pipe cannot change any more" {
	head -c 4096 /dev/zero | tr '\0' a >"$tmp/data"
	for sort in posix sysv file; do
		new_target $sort "$tmp/data"
		{ ipc-mmap-cat "$target" && tr a b <"$tmp/data" | ipc-mmap-cat -w "$target"; } | {
			eventually ipc-mmap-cat -t 10 -q --until=4095:u8:eq:98 "$target"
			cmp - "$tmp/data"
		}
	done
}

@test "--until: every operator in both notations, against every order of numbers" {
	printf '5\n' >"$tmp/five"
	for type in u8 i16le u32be i64 f32 f64be; do
		head -c 64 /dev/zero >"$tmp/data"
		limit ipc-mmap-cat -w -y $type -o 8 "$tmp/data" <"$tmp/five"
		for expression in eq:5 ==:5 ne:4 !=:4 lt:6 '<:6' le:5 '<=:5' gt:4 '>:4' ge:5 '>=:5'; do
			run -0 limit ipc-mmap-cat -n -q --until="8:$type:$expression" "$tmp/data"
			[ "$output" = "" ]
		done
		for expression in eq:4 ==:6 ne:5 !=:5 lt:5 '<:5' le:4 '<=:4' gt:5 '>:5' ge:6 '>=:6'; do
			run -3 limit ipc-mmap-cat -n --until="8:$type:$expression" "$tmp/data"
			[ "$output" = "" ]
		done
	done
	printf '5\n' | ipc-mmap-cat -w -y u64 -o 8 "$tmp/data"
	for expression in and:4 '&:0x1' and:0xff; do run -0 limit ipc-mmap-cat -nq --until="-56:u64:$expression" "$tmp/data"; done
	for expression in and:2 '&:0xfa'; do run -3 limit ipc-mmap-cat -nq --until="0x8:u64:$expression" "$tmp/data"; done
	printf -- '-3\n' | ipc-mmap-cat -w -y i32 -o 8 "$tmp/data"
	run -0 limit ipc-mmap-cat -nq --until='8:i32:lt:-2' "$tmp/data"
	run -3 limit ipc-mmap-cat -nq --until='8:u32:lt:5' "$tmp/data"
	printf 'nan\n' | ipc-mmap-cat -w -y f64 -o 8 "$tmp/data"
	for operator in eq lt le gt ge; do run -3 limit ipc-mmap-cat -nq --until="8:f64:$operator:1" "$tmp/data"; done
	run -0 limit ipc-mmap-cat -nq --until=8:f64:ne:1 "$tmp/data"
}

@test "--until: what is not a condition: status 2; a number that is not there: 1" {
	printf 12345678 >"$tmp/data"
	for wrong in '' 0 0:u8 0:u8:eq 0:u8:eq: 0:u8:is:1 0:u8:=:1 0:u9:eq:1 x:u8:eq:1 0:u8:eq:256 0:u8:eq:-1 \
		0:i8:eq:128 0:f64:and:1 0:u8:eq:1:2 ':u8:eq:1' '0::eq:1' 0:u8:eq:0x 0:f32:eq:1e99; do
		run -2 limit ipc-mmap-cat -n --until="$wrong" "$tmp/data"
	done
	for absent in 8:u8:eq:1 1:u64:eq:1 -9:u8:eq:1 -3:u32:eq:1 0x7fffffffffffffff:u8:eq:1; do
		run -1 --separate-stderr limit ipc-mmap-cat -n --until="$absent" "$tmp/data"
		one_line
	done
}

@test "--until: waits for another process, then writes what was asked for" {
	head -c 32 /dev/zero >"$tmp/data"
	for sort in posix sysv file; do
		new_target $sort "$tmp/data"
		limit ipc-mmap-cat -i 5ms --until=0:u32:ge:3 -y u32 -o 4 -l 4 "$target" >"$tmp/out" &
		waiter=$!
		for n in 1 2 3; do printf '%s\n' $n $((n * 11)) | ipc-mmap-cat -w -y u32 "$target"; done
		wait $waiter
		[ "$(cat "$tmp/out")" = 33 ]
	done
}

@test "--until: wakes within an interval; -t bounds the wait, -v says so" {
	head -c 8 /dev/zero >"$tmp/data"
	start=${EPOCHREALTIME//[!0-9]/}
	run -3 --separate-stderr limit ipc-mmap-cat -t 300ms -i 1h --until=0:u8:eq:1 "$tmp/data"
	took=$((${EPOCHREALTIME//[!0-9]/} - start))
	[ $took -ge 300000 ]
	[ "$stderr" = "" ]
	run -3 --separate-stderr limit ipc-mmap-cat -v -n --until=0:u8:eq:1 "$tmp/data"
	one_line
	for wrong in '-i 0' '-i x' '-t -1'; do run -2 limit ipc-mmap-cat $wrong --until=0:u8:eq:1 "$tmp/data"; done
	run -2 limit ipc-mmap-cat -i 1 "$tmp/data"
	run -2 limit ipc-mmap-cat -t 1 "$tmp/data"
	run -2 limit ipc-mmap-cat -n "$tmp/data"
}

@test "--until: what came about in the last interval counts when the time is up" {
	head -c 8 /dev/zero >"$tmp/data"
	ipc-mmap-cat -q -t 2 -i 1h --until=0:u8:eq:1 "$tmp/data" 3>&- &
	waiter=$!
	in_poll() { grep -qE '^(7|73) ' "/proc/$waiter/syscall" 2>/dev/null; }
	eventually in_poll
	printf '\1' | dd of="$tmp/data" conv=notrunc status=none
	wait $waiter
}

@test "--until, --watch: an object that is removed or replaced ends the wait: 4" {
	head -c 8 /dev/zero >"$tmp/data"
	for option in --watch --until=0:u8:eq:1; do
		for sort in posix sysv; do
			new_target $sort "$tmp/data"
			limit ipc-mmap-cat -i 5ms $option "$target" 2>"$tmp/err" &
			waiter=$!
			eventually asleep $waiter
			case $sort in
			posix) rm "/dev/shm/${target#shm:/}" ;;
			sysv) ipcrm -m "${target##*:}" ;;
			esac
			status=0
			wait $waiter || status=$?
			[ $status -eq 4 ]
			[ "$(wc -l <"$tmp/err")" -eq 1 ]
		done
	done
}

# The changes of a watch, without their time and those that watch_on makes.
changes() {
	sed -E 's/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z\t//' "$tmp/out" |
		sed '/^0x3[ef]\t/d; /^[-+] 0000003f/d'
}
as_expected() { changes | cmp -s - "$tmp/expected"; }

# watch_on OPTION ...: a watch of $target that has taken its first look: byte 63
# is changed until it tells.
watch_on() {
	local n=0
	: >"$tmp/out"
	ipc-mmap-cat -i 5ms --watch "$@" "$target" >>"$tmp/out" 2>"$tmp/err" &
	writer=$!
	eventually told_of_63
}
told_of_63() {
	n=$((n % 250 + 1))
	printf '%b' "\\x$(printf %x $n)" | ipc-mmap-cat -w -o 63 "$target"
	[ -s "$tmp/out" ]
}
unwatch() {
	kill $writer
	wait $writer || true
}

@test "--watch: each range that changed, with the time; -x before and after; -y the numbers" {
	head -c 64 /dev/zero >"$tmp/data"
	for sort in posix sysv file; do
		new_target $sort "$tmp/data"
		watch_on
		printf abc | ipc-mmap-cat -w -o 0x20 "$target"
		printf '0x20\t3\n' >"$tmp/expected"
		eventually as_expected
		unwatch
		run -0 grep -cE '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z	0x20	3$' "$tmp/out"

		watch_on -x
		printf 'ABC' | ipc-mmap-cat -w -o 0x20 "$target"
		{
			printf '0x20\t3\n- ' && printf abc | hexdump -C | sed 's/^00000000/00000020/;2d'
			printf '+ ' && printf ABC | hexdump -C | sed 's/^00000000/00000020/;2d'
		} >"$tmp/expected"
		eventually as_expected
		unwatch

		watch_on -y u16be
		printf '\1\2' | ipc-mmap-cat -w -o 0x20 "$target"
		printf '0x20\t%d\t%d\n' $((0x4142)) $((0x0102)) >"$tmp/expected"
		eventually as_expected
		unwatch
	done
}

@test "--watch: a range only, two changes in one look, and what it grows by" {
	head -c 64 /dev/zero >"$tmp/data"
	new_target file "$tmp/data"
	watch_on -o 32 # -l left out: to the end, and on
	python3 -c '
import os, sys
f = os.open(sys.argv[1], os.O_RDWR)
os.pwrite(f, b"x", 3)
os.pwrite(f, b"1\0\0\0" + b"2", 40)' "$target"
	printf '0x28\t1\n0x2c\t1\n' >"$tmp/expected"
	eventually as_expected
	printf more >>"$target"
	printf '0x40\t4\n' >>"$tmp/expected"
	eventually as_expected
	truncate -s 10 "$target"
	status=0
	wait $writer || status=$?
	[ $status -eq 1 ]
	[ "$(wc -l <"$tmp/err")" -eq 1 ]
}

# The most memory that process $1 has had, in MiB.
peak() { awk '/^VmHWM:/ { print int($2 / 1024) }' "/proc/$1/status"; }

@test "--watch: holes cost no memory; what becomes data, or a hole again, is a change" {
	page=$(getconf PAGESIZE)
	for size in 1G 2T; do
		target=shm:$(fresh_name $size)
		limit ipc-shm-create --sparse -s $size "$target"
		watch_on
		[ "$(peak $writer)" -lt 256 ]
		# The end of one block and the start of the next, one on its own, and the last byte.
		last=$(($(stat -c %s "/dev/shm/${target#shm:/}") - 1))
		printf abcd | ipc-mmap-cat -w -o $((0x8000 - 2)) "$target"
		printf '0x7ffe\t4\n' >"$tmp/expected"
		eventually as_expected
		printf x | ipc-mmap-cat -w -o 0x30000001 "$target"
		printf '0x30000001\t1\n' >>"$tmp/expected"
		eventually as_expected
		printf y | ipc-mmap-cat -w -o $last "$target"
		printf '0x%x\t1\n' $last >>"$tmp/expected"
		eventually as_expected
		fallocate -p -o 0x8000 -l "$page" "/dev/shm/${target#shm:/}"
		printf '0x8000\t2\n' >>"$tmp/expected"
		eventually as_expected
		printf z | ipc-mmap-cat -w -o 0x8001 "$target"
		printf '0x8001\t1\n' >>"$tmp/expected"
		eventually as_expected
		[ "$(peak $writer)" -lt 256 ]
		unwatch
	done
	# A number across what was a hole and what was not; an offset that is no block's.
	watch_on -o 2 -l 256K -y u32
	printf '\1' | ipc-mmap-cat -w -o 0x10000 "$target"
	printf '0xfffe\t0\t%d\n' $((1 << 16)) >"$tmp/expected"
	eventually as_expected
	unwatch
}

@test "--watch: what does not fit into memory is refused in one line" {
	needed=$((2 << 40))
	ref=$(limit ipc-shm-create --sparse -s 2T shm:private) || skip "no System V segment of 2 TiB"
	run -1 limit ipc-mmap-cat --watch -n "$ref"
	[ "$output" = "ipc-mmap-cat: cannot watch $ref: no memory for two copies of $needed bytes (-o and -l choose a part of it)" ]
	run -3 limit ipc-mmap-cat --watch -n -o 1T -l 8K "$ref"
	! grep -q __asan_init "$BIN/ipc-mmap-cat" || return 0 # the sanitizer needs the room
	ref=shm:$(fresh_name)
	limit ipc-shm-create --sparse -s 2T "$ref"
	run -1 limit bash -c "ulimit -v 1000000; exec ipc-mmap-cat --watch -n $ref"
	[ "$output" = "ipc-mmap-cat: cannot watch $ref: no memory for two copies of $needed bytes (-o and -l choose a part of it)" ]
	run -3 limit bash -c "ulimit -v 1000000; exec ipc-mmap-cat --watch -n -o -8K $ref"
}

@test "--watch: -t ends it: 3 when nothing changed, 0 after a change; -n looks once" {
	head -c 64 /dev/zero >"$tmp/data"
	new_target posix "$tmp/data"
	run -3 limit ipc-mmap-cat --watch -t 50ms -i 5ms "$target"
	run -3 limit ipc-mmap-cat --watch -n "$target"
	[ "$output" = "" ]
	watch_on -t 500ms
	wait $writer
}

@test "--watch, --until: a reader that has gone is noticed while nothing changes" {
	head -c 64 /dev/zero >"$tmp/data"
	for option in --watch --until=0:u8:eq:1; do
		run -0 bash -c "set -o pipefail; { timeout 60 ipc-mmap-cat -i 1h $option $tmp/data; echo \$? >$tmp/status; } | true"
		[ "$(cat "$tmp/status")" -eq 141 ]
	done
}

@test "options that do not go together: status 2" {
	printf 12345678 >"$tmp/data"
	for wrong in '-w -x' '-w --watch' '-w --until=0:u8:eq:1' '--watch --until=0:u8:eq:1' '--holes --zero-copy' \
		'--holes -x' '--zero-copy -y u8' '--holes -w' '--zero-copy --watch' '-x -y u8' '-y u8 -x' '-w -t 1'; do
		run -2 limit ipc-mmap-cat $wrong "$tmp/data" </dev/null
	done
	for one in -w --watch --until=0:u8:eq:1; do
		run -2 limit ipc-mmap-cat $one "$tmp/data" "$tmp/data" </dev/null
	done
	cmp "$tmp/data" <(printf 12345678)
}

@test "FIFOs, directories, devices and links in /dev/shm are refused by what they are, unopened" {
	mkfifo "$tmp/fifo" /dev/shm/fifo
	mkdir /dev/shm/directory
	printf secret >"$tmp/secret"
	ln -s "$tmp/secret" /dev/shm/link
	ln -s "$tmp/secret" "$tmp/link"
	for pair in "$tmp/fifo:FIFO" "shm:/fifo:FIFO" "$tmp:directory" "shm:/directory:directory" \
		"/dev/null:device" "/dev/zero:device" "shm:/link:link"; do
		for options in '' -w '-x' '--watch -n' '--zero-copy'; do
			run -1 --separate-stderr limit ipc-mmap-cat $options "${pair%:*}" </dev/null
			[ "$output" = "" ]
			[[ $stderr == *"${pair##*:}"* ]]
			one_line
		done
	done
	limit ipc-mmap-cat "$tmp/link" | cmp - "$tmp/secret"
	rm -r /dev/shm/fifo /dev/shm/directory /dev/shm/link
}

@test "an object that is not there: 4, silent with -q; a file: 1; no permission: 1" {
	for ref in shm:/none shm:id:2147483647 shm:key:0x7ffffff1; do
		for option in '' -w --watch --until=0:u8:eq:1; do
			run -4 --separate-stderr limit ipc-mmap-cat $option "$ref" </dev/null
			one_line
			run -4 --separate-stderr limit ipc-mmap-cat -q $option "$ref" </dev/null
			[ "$stderr" = "" ]
		done
	done
	run -1 --separate-stderr limit ipc-mmap-cat -q "$tmp/none"
	one_line
	run -2 limit ipc-mmap-cat ''
	run -2 limit ipc-mmap-cat shm:private
	run -2 limit ipc-mmap-cat sem:/x
	[ "$(id -u)" -eq 0 ] || skip "only root can become another user"
	printf secret | ipc-shm-create -i - shm:/mine >/dev/null
	s=$(printf secret | ipc-shm-create -i - shm:private)
	for target in shm:/mine "$s"; do
		run -1 --separate-stderr as_nobody "$(command -v ipc-mmap-cat)" "$target"
		[[ $output != *secret* ]]
		[[ $stderr == *"Permission denied (it belongs to uid 0, mode 0600)" ]]
	done
}

@test "by key, ftok and id, and a name with control bytes shown harmless" {
	printf data | ipc-shm-create -i - shm:key:0x4d4d >/dev/null
	limit ipc-mmap-cat shm:key:0x4d4d | cmp - <(printf data)
	limit ipc-mmap-cat shm:key:19789 | cmp - <(printf data)
	touch "$tmp/key"
	printf data | ipc-shm-create -i - "shm:ftok:$tmp/key,x" >/dev/null
	limit ipc-mmap-cat "shm:ftok:$tmp/key,x" | cmp - <(printf data)
	printf x >"$tmp/"$'\033[31m'
	run -1 limit ipc-mmap-cat -o 5 "$tmp/"$'\033[31m'
	[[ $output != *$'\033'* ]]
	cd "$tmp"
	printf file >shm:file
	limit ipc-mmap-cat ./shm:file | cmp - <(printf file)
	run -2 limit ipc-mmap-cat shm:file
}

@test "stdout closed, full or gone: told, or died of SIGPIPE; a non-blocking one is written whole" {
	noise 3000000 >"$tmp/data"
	for sort in posix sysv file; do
		new_target $sort "$tmp/data"
		for options in '' -x '-y u8' '--holes' '--zero-copy' '--watch -n' '-n --until=0:u8:ge:0'; do
			if [ "$options" != '--watch -n' ]; then
				run -1 --separate-stderr bash -c "exec timeout 60 ipc-mmap-cat $options $target >/dev/full"
				one_line
			fi
			run -1 --separate-stderr bash -c "exec timeout 60 ipc-mmap-cat $options $target >&-"
			one_line
		done
		for options in '' -x '-y u8' '--holes' '--zero-copy'; do
			run -0 bash -c "{ timeout 60 ipc-mmap-cat $options $target; echo \$? >$tmp/status; } | head -c 1 >/dev/null"
			[ "$(cat "$tmp/status")" -eq 141 ]
			run -0 bash -c "{ (trap '' PIPE && exec timeout 60 ipc-mmap-cat $options $target) 2>/dev/null; echo \$? >$tmp/status; } | head -c 1 >/dev/null"
			[ "$(cat "$tmp/status")" -eq 1 ]
		done
		for options in '' --zero-copy; do
			python3 - "$tmp/data" ipc-mmap-cat $options "$target" <<-'END'
				import os, subprocess, sys, time
				r, w = os.pipe()
				os.set_blocking(w, False)
				tool = subprocess.Popen(sys.argv[2:], stdout=w)
				assert not os.get_blocking(w)
				os.close(w)
				data = open(r, "rb").read()
				assert tool.wait() == 0 and data == open(sys.argv[1], "rb").read()
			END
		done
	done
}

@test "stdin closed, a directory, or non-blocking: told, or waited for" {
	noise 3000 >"$tmp/data"
	new_target posix "$tmp/data"
	run -1 --separate-stderr bash -c "exec timeout 60 ipc-mmap-cat -w $target <&-"
	one_line
	run -1 --separate-stderr limit ipc-mmap-cat -w "$target" <"$tmp"
	one_line
	limit ipc-mmap-cat "$target" | cmp - "$tmp/data"
	python3 - "$target" <<-'END'
		import os, subprocess, sys
		r, w = os.pipe()
		os.set_blocking(r, False)
		tool = subprocess.Popen(["ipc-mmap-cat", "-w", sys.argv[1]], stdin=r)
		os.close(r)
		for part in b"one", b"two": os.write(w, part)
		os.close(w)
		assert tool.wait(10) == 0
	END
	limit ipc-mmap-cat -l 6 "$target" | cmp - <(printf onetwo)
}

@test "-q: nothing is said of an object that grew while it was read" {
	head -c 4000000 /dev/zero >"$tmp/data"
	for option in '' -q; do
		new_target file "$tmp/data" "grow$option"
		mkfifo "$tmp/pipe$option"
		limit ipc-mmap-cat $option "$target" >"$tmp/pipe$option" 2>"$tmp/err" &
		reader=$!
		{
			head -c 1 >/dev/null
			printf more >>"$target"
			cat >/dev/null
		} <"$tmp/pipe$option"
		wait $reader
		[ -n "$option" ] || [ "$(wc -l <"$tmp/err")" -eq 1 ]
		[ -z "$option" ] || [ ! -s "$tmp/err" ]
	done
}
