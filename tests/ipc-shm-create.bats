#!/usr/bin/env bats

# Faults at each system call and SIGKILL at each are in shm-faults.bats; sizes
# beyond these in shm-large.bats.

load helpers

teardown() { [ -z "${reserved-}" ] || { echo "$reserved" >/proc/sys/vm/nr_hugepages; } 2>/dev/null || true; }

shm() { cat "/dev/shm/$1"; }
gone() { [ ! -e "/dev/shm/$1" ]; }
there() { [ -e "/dev/shm/$1" ]; }

# The bytes of REF $1.
content() { ipc-mmap-cat "$1"; }

# The System V segment with key $1 in /proc/sysvipc/shm: "id mode size".
segment() { awk -v key="$(($1))" '$1 == key { print $2, $3, $4 }' /proc/sysvipc/shm; }
segments() { awk 'NR > 1 { print $1, $2 }' /proc/sysvipc/shm; }

@test "a POSIX object: its REF on stdout, zeros, with exactly the mode and size asked for" {
	umask 077
	run -0 --separate-stderr limit ipc-shm-create -s 5000 -m 0622 shm:/mode
	[ "$output" = shm:/mode ]
	# shellcheck disable=SC2154
	[ "$stderr" = "" ]
	[ "$(stat -c '%a %s' /dev/shm/mode)" = "622 5000" ]
	cmp /dev/shm/mode <(head -c 5000 /dev/zero)
	run -0 limit ipc-shm-create --size=4kB /plain
	[ "$output" = shm:/plain ]
	[ "$(stat -c '%a %s' /dev/shm/plain)" = "600 4000" ]
}

@test "a System V segment prints its id, whatever it was named by" {
	umask 077
	for name in private key:0x1234 key:-7 "ftok:$tmp" "ftok:$tmp,a" "ftok:$tmp,0x7f"; do
		run -0 limit ipc-shm-create -s 10 -m 644 "shm:$name"
		[[ $output =~ ^shm:id:[0-9]+$ ]]
		[ "$(ipcs -m -i "${output##*:}" | grep -oE 'access_perms=[0-7]+')" = access_perms=0644 ]
		content "$output" | cmp - <(head -c 10 /dev/zero)
	done
	[ "$(segment -7 | cut -d' ' -f2-)" = "644 10" ]
	[ "$(segment 0x1234 | cut -d' ' -f2-)" = "644 10" ]
}

@test "memory is reserved at once; --sparse leaves it to those who write" {
	limit ipc-shm-create -s 1M shm:/reserved
	[ "$(stat -c %b /dev/shm/reserved)" -eq 2048 ]
	limit ipc-shm-create -s 1M -i - shm:/partly <<<hello
	[ "$(stat -c %b /dev/shm/partly)" -eq 2048 ]
	limit ipc-shm-create -s 1M --sparse shm:/sparse
	[ "$(stat -c %b /dev/shm/sparse)" -eq 0 ]
	limit ipc-shm-create -s 1T --sparse shm:/vast
	[ "$(stat -c '%s %b' /dev/shm/vast)" = "1099511627776 0" ]
	id=$(limit ipc-shm-create -s 1T --sparse shm:private)
	[ "$(ipcs -m -i "${id##*:}" | grep -oE '\bbytes=[0-9]+')" = bytes=1099511627776 ]
}

@test "--input fills it, from a file and from a pipe, byte for byte" {
	head -c 1000003 /dev/urandom >"$tmp/input"
	for family in /filled private key:0x20; do
		ref=$(limit ipc-shm-create -i "$tmp/input" "shm:$family")
		content "$ref" | cmp - "$tmp/input"
	done
	for family in /piped private key:0x21; do
		ref=$(head -c 2M "$tmp/input" | limit ipc-shm-create --input=- "shm:$family")
		content "$ref" | cmp - "$tmp/input"
	done
	ref=$({ head -c 3 >/dev/null && limit ipc-shm-create -i - shm:/rest; } <"$tmp/input")
	tail -c +4 "$tmp/input" | cmp - /dev/shm/rest
	run -0 bash -c "{ dd bs=3 count=1 of=/dev/null status=none; ipc-shm-create -i - shm:private; } <$tmp/input"
	content "$output" | cmp - <(tail -c +4 "$tmp/input")
}

@test "while its input stalls, an object is not there; then it is whole" {
	for name in /slow key:0x3a; do
		mkfifo "$tmp/fifo"
		exec 6<>"$tmp/fifo"
		ipc-shm-create -i "$tmp/fifo" "shm:$name" >"$tmp/out" 3>&- 6>&- &
		pid=$!
		head -c 40000 /dev/zero | tr '\0' x >&6
		eventually asleep $pid
		run -4 limit ipc-mmap-cat "shm:$name"
		[ ! -s "$tmp/out" ]
		exec 6>&-
		wait $pid
		content "shm:$name" | cmp - <(head -c 40000 /dev/zero | tr '\0' x)
		rm "$tmp/fifo"
	done
}

@test "--input with --size: zeros follow; an input that is longer is status 1, nothing made" {
	for family in /sized key:0x22; do
		ref=$(printf hello | limit ipc-shm-create -i - -s 8 "shm:$family")
		content "$ref" | cmp - <(printf 'hello\0\0\0')
	done
	printf hello >"$tmp/input"
	for family in /short key:0x23 private; do
		before=$(ls /dev/shm && segments)
		run -1 limit ipc-shm-create -i "$tmp/input" -s 4 "shm:$family"
		[[ $output == *"$tmp/input has more than the 4 bytes of --size" ]]
		run -1 bash -c "printf hello | timeout 60 ipc-shm-create -i - -s 4 shm:$family"
		[[ $output == *"standard input has more than the 4 bytes of --size" ]]
		[ "$(ls /dev/shm && segments)" = "$before" ]
	done
}

@test "--input of a file that has less than it says, as in /sys: what it has" {
	file=/sys/kernel/uevent_seqnum
	[ -r $file ] || skip "there is no $file"
	for family in /short private key:0x3c; do
		ref=$(limit ipc-shm-create -i $file "shm:$family")
		[[ $(content "$ref") =~ ^[0-9]+$ ]]
		[ "$(content "$ref" | wc -c)" -lt 30 ]
	done
	ref=$(limit ipc-shm-create -s 4096 -i $file shm:private)
	[ "$(content "$ref" | wc -c)" -eq 4096 ]
}

@test "an empty input: an empty POSIX object, and no System V segment" {
	run -0 limit ipc-shm-create -i /dev/null shm:/empty
	[ "$(stat -c %s /dev/shm/empty)" -eq 0 ]
	run -1 limit ipc-shm-create -i /dev/null shm:key:0x24
	[[ $output == *"a System V segment has at least one byte)" ]]
	run -0 limit ipc-shm-create -i /dev/null -s 2 shm:key:0x24
	content "$output" | cmp - <(printf '\0\0')
}

@test "--input of zeros with --sparse takes no memory" {
	{ head -c 1M /dev/zero && printf x && head -c 1M /dev/zero; } >"$tmp/input"
	limit ipc-shm-create --sparse -i "$tmp/input" shm:/holes
	cmp "$tmp/input" /dev/shm/holes
	[ "$(stat -c %b /dev/shm/holes)" -eq 8 ]
}

@test "an input that cannot be read: status 1, nothing made" {
	for family in /unread key:0x25; do
		run -1 limit ipc-shm-create -i "$tmp/none" "shm:$family"
		run -1 limit ipc-shm-create -i "$tmp" "shm:$family"
		run -1 bash -c "exec timeout 60 ipc-shm-create -i - shm:$family <&-"
	done
	gone unread
	[ "$(segment 0x25)" = "" ]
}

@test "a name with control bytes is printed and accepted as \\xHH" {
	run -0 limit ipc-shm-create -s 1 $'shm:/a\nb\033\xff'
	[ "$output" = 'shm:/a\x0ab\x1b\xff' ]
	run -5 limit ipc-shm-create -q -s 1 "$output"
	there $'a\nb\033\xff'
}

@test "a name of 255 bytes is fine; 256, and names of semaphores and rings, are status 2" {
	long=$(printf 'x%.0s' {1..255})
	limit ipc-shm-create -s 1 "shm:/$long"
	limit ipc-shm-create -r -s 2 "shm:/$long"
	run -2 limit ipc-shm-create -s 1 "shm:/${long}x"
	run -2 limit ipc-shm-create -s 1 shm:/sem.x
	run -2 limit ipc-shm-create -s 1 shm:/ring.x
	gone sem.x
	gone ring.x
}

@test "what is there already: status 5, and with --quiet silence; it is left as it was" {
	printf old | limit ipc-shm-create -i - shm:/twice
	for option in -s1 -i/etc/passwd; do
		run -5 limit ipc-shm-create "$option" shm:/twice
		[ "$output" = "ipc-shm-create: cannot create shm:/twice: File exists" ]
		run -5 limit ipc-shm-create --quiet "$option" shm:/twice
		[ "$output" = "" ]
	done
	[ "$(shm twice)" = old ]
	limit ipc-shm-create -s 1 shm:key:0x26
	run -5 limit ipc-shm-create -s 1 shm:key:38
	run -5 limit ipc-shm-create -i /etc/passwd shm:key:38
	run -5 bash -c 'yes | timeout 60 ipc-shm-create -i - shm:key:38'
	run -5 bash -c 'yes | timeout 60 ipc-shm-create -i - shm:/twice'
}

@test "--exist-ok accepts one that fits, and says what does not fit: status 1" {
	printf hello | limit ipc-shm-create -e -i - shm:/fits
	run -0 limit ipc-shm-create --exist-ok -s 4 shm:/fits
	[ "$output" = shm:/fits ]
	run -0 bash -c 'printf other | timeout 60 ipc-shm-create -e -i - shm:/fits'
	[ "$(shm fits)" = hello ]
	run -1 --separate-stderr limit ipc-shm-create -e -s 6 shm:/fits
	[ "$output" = "" ]
	[[ $stderr == *"it has 5 bytes, less than 6" ]]
	run -1 limit ipc-shm-create -e -i /etc/passwd shm:/fits
	run -1 limit ipc-shm-create -e -s 5 -m 0400 shm:/fits
	[[ $output == *"its mode is 0600, wider open than 0400" ]]
	run -0 limit ipc-shm-create -e -s 5 -m 0640 shm:/fits

	first=$(limit ipc-shm-create -e -s 1000 shm:key:0x27)
	run -0 limit ipc-shm-create -e -s 1000 shm:key:0x27
	[ "$output" = "$first" ]
	run -1 limit ipc-shm-create -e -s 1001 shm:key:0x27
	run -1 limit ipc-shm-create -e -s 1 -m 0400 shm:key:0x27
}

@test "traps in /dev/shm are called what they are, and are not opened" {
	mkfifo /dev/shm/fifo
	mkdir /dev/shm/directory
	ln -s /etc/passwd /dev/shm/link
	ln -s fifo /dev/shm/dangling
	for trap in "fifo:a FIFO" "directory:a directory" "link:a symbolic link" "dangling:a symbolic link"; do
		run -1 limit ipc-shm-create -e -s 1 "shm:/${trap%%:*}"
		[[ $output == *": it is ${trap#*:}" ]]
		run -1 limit ipc-shm-create -r -s 1 "shm:/${trap%%:*}"
		[[ $output == *": it is ${trap#*:}" ]]
		run -5 limit ipc-shm-create -s 1 "shm:/${trap%%:*}"
	done
	[ -p /dev/shm/fifo ]
	[ -d /dev/shm/directory ]
	[ -L /dev/shm/link ]
}

@test "a stranger's object: refused by --exist-ok and --replace; --allow-foreign takes it" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be somebody else"
	as_nobody "$BIN/ipc-shm-create" -s 4 -m 0600 shm:/stranger
	for option in -e -r; do
		run -1 limit ipc-shm-create $option -s 4 shm:/stranger
		[[ $output == *"it belongs to uid 65534"* ]]
	done
	run -0 limit ipc-shm-create -e --allow-foreign -s 4 shm:/stranger
	[ "$output" = shm:/stranger ]
	[ "$(stat -c %u /dev/shm/stranger)" -eq 65534 ]
	run -0 limit ipc-shm-create -r --allow-foreign -s 4 shm:/stranger
	[ "$(stat -c %u /dev/shm/stranger)" -eq 0 ]

	id=$(as_nobody "$BIN/ipc-shm-create" -s 4 -m 0600 shm:key:0x28)
	run -1 limit ipc-shm-create -e -s 4 shm:key:0x28
	[[ $output == *"it belongs to uid 65534"* ]]
	run -0 limit ipc-shm-create -e --allow-foreign -s 4 shm:key:0x28
	[ "$output" = "$id" ]
}

@test "a segment that was given away is still its creator's" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be somebody else"
	command -v python3 >/dev/null || skip "python3 is not installed"
	as_nobody "$BIN/ipc-shm-create" -s 4 shm:key:0x29
	as_nobody env PATH=/usr/bin:/bin python3 -c '
import ctypes, struct
libc = ctypes.CDLL(None, use_errno=True)
id = libc.shmget(0x29, 0, 0)
at = ctypes.create_string_buffer(256)
assert libc.shmctl(id, 2, at) == 0
struct.pack_into("I", at, 4, 0)
assert libc.shmctl(id, 1, at) == 0'
	run -1 limit ipc-shm-create -e -s 4 shm:key:0x29
	[[ $output == *"it was created by uid 65534"* ]]
}

@test "root's object that we may not read is not accepted" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to make one"
	limit ipc-shm-create -s 4 shm:/root
	limit ipc-shm-create -s 4 shm:key:0x2a
	for ref in shm:/root shm:key:0x2a; do
		run -1 as_nobody "$BIN/ipc-shm-create" -e -s 4 "$ref"
		[[ $output == *"Permission denied (it belongs to uid 0, mode 0600)" ]]
		run -5 as_nobody "$BIN/ipc-shm-create" -s 4 "$ref"
	done
	limit ipc-shm-create -s 4 -m 0644 shm:/open
	run -0 as_nobody "$BIN/ipc-shm-create" -e -m 0644 -s 4 shm:/open
	run -1 as_nobody "$BIN/ipc-shm-create" -r -s 4 shm:/open
	[ "$(stat -c %u /dev/shm/open)" -eq 0 ]
}

@test "--replace: the new object under the name; who had the old one keeps it" {
	printf old | limit ipc-shm-create -r -i - shm:/replaced
	exec 5</dev/shm/replaced
	run -0 limit ipc-shm-create --replace -i /etc/passwd -m 0640 shm:/replaced
	[ "$output" = shm:/replaced ]
	cmp /etc/passwd /dev/shm/replaced
	[ "$(stat -c %a /dev/shm/replaced)" = 640 ]
	[ "$(cat <&5)" = old ]
	exec 5<&-
	[ "$(find /dev/shm -name '.ipcbox-*')" = "" ]
}

@test "--replace while it is read: the old or the new, never a mix" {
	for letter in a b; do head -c 300000 /dev/zero | tr '\0' $letter >"$tmp/$letter"; done
	limit ipc-shm-create -i "$tmp/a" shm:/swapped
	# shellcheck disable=SC2016
	for reader in 1 2; do
		LIMIT=120 limit bash -c 'until [ -e "$1/stop" ]; do
			cat /dev/shm/swapped >"$1/$2.got" || exit 1
			cmp -s "$1/$2.got" "$1/a" || cmp -s "$1/$2.got" "$1/b" || exit 1
			echo >>"$1/$2.count"
		done' _ "$tmp" $reader 3>&- &
		readers+=($!)
	done
	for round in {1..50}; do
		limit ipc-shm-create -r -i "$tmp/b" shm:/swapped
		limit ipc-shm-create -r -i "$tmp/a" shm:/swapped
	done >/dev/null
	for reader in 1 2; do eventually [ -s "$tmp/$reader.count" ]; done
	touch "$tmp/stop"
	for pid in "${readers[@]}"; do wait "$pid"; done
}

@test "options of the other family, and wrong values: status 2, nothing made" {
	run -2 limit ipc-shm-create shm:/wrong
	run -2 limit ipc-shm-create -s 1
	run -2 limit ipc-shm-create -r -s 1 shm:private
	run -2 limit ipc-shm-create --huge=2M -s 2M shm:/wrong
	run -2 limit ipc-shm-create -e -r -s 1 shm:/wrong
	run -2 limit ipc-shm-create --allow-foreign -s 1 shm:/wrong
	run -2 limit ipc-shm-create -s 1 shm:id:1
	run -2 limit ipc-shm-create -s 1 shm:/wrong shm:/other
	run -2 limit ipc-shm-create -s 1 mq:/wrong
	for o in -s0 -s-1 -s1x -s01 -s1X -s99999999999999999999 -s8388608T -m8 -m01000 -mrw --huge=3M --huge=1 --huge=x; do
		run -2 limit ipc-shm-create -s 1 "$o" shm:/wrong
	done
	gone wrong
	gone other
}

@test "a full /dev/shm: what is there, what was needed, nothing left: status 1" {
	head -c 3M /dev/zero >"$tmp/input"
	# shellcheck disable=SC2016
	run -0 limit ipc-isolate --shm-size=2M bash -c '
		refused() { timeout 60 ipc-shm-create "$@" && exit 1; test $? -eq 1 || exit 1; test "$(ls -A /dev/shm)" = "" || exit 1; }
		refused -s 3M shm:/x
		refused -i "$0" shm:/x
		refused -i "$0" -s 5M shm:/x
		refused -i - shm:/x < <(cat "$0")
		ipc-shm-create -s 1M shm:/x
		ipc-shm-create -s 2M shm:/y && exit 1
		ipc-shm-create -r -s 2M shm:/x && exit 1
		ipc-shm-create --sparse -s 1G shm:/z
		ls -A /dev/shm' "$tmp/input"
	echo "$output"
	# How far a pipe was read when there was no more room depends on its writer.
	output=${output/at least 2?????? bytes/at least 2... bytes}
	line='ipc-shm-create: cannot create shm:/'
	[ "$output" = "${line}x: No space left on device (it needs 3145728 bytes; /dev/shm has 2097152 free, of 2097152)
${line}x: No space left on device (it needs at least 3145728 bytes; /dev/shm has 2097152 free, of 2097152)
${line}x: No space left on device (it needs 5242880 bytes; /dev/shm has 2097152 free, of 2097152)
${line}x: No space left on device (it needs at least 2... bytes; /dev/shm has 2097152 free, of 2097152)
shm:/x
${line}y: No space left on device (it needs 2097152 bytes; /dev/shm has 1048576 free, of 2097152)
${line}x: No space left on device (it needs 2097152 bytes; /dev/shm has 1048576 free, of 2097152)
shm:/z
x
z" ]
}

@test "a sparse object on a full /dev/shm: its reader does not die" {
	# shellcheck disable=SC2016
	run -0 limit ipc-isolate --shm-size=1M bash -c '
		ipc-shm-create -s 4M --sparse shm:/sparse
		head -c 2M /dev/zero | tr "\0" x >/dev/shm/full 2>/dev/null
		ipc-mmap-cat shm:/sparse | cmp - <(head -c 4M /dev/zero)'
}

@test "no room for another file: said so" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to mount"
	# shellcheck disable=SC2016
	run -1 limit ipc-isolate bash -c '
		mount -t tmpfs -o nr_inodes=2 none /dev/shm && ipc-shm-create -s 1 shm:/one && ipc-shm-create -s 1 shm:/two'
	[[ $output == *"/dev/shm has room for 2 files and no more)" ]]
}

@test "without a /dev/shm or a /proc: said so" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to mount"
	! grep -q __asan_init "$BIN/ipc-shm-create" || skip "a sanitizer needs /proc itself"
	# shellcheck disable=SC2016
	run -0 limit unshare --mount --propagation private sh -c '
		mount -t tmpfs none /proc
		ipc-shm-create -s 1 shm:/x; echo $?
		ipc-shm-create -r -s 1 shm:/x; echo $?
		touch /dev/shm/y
		ipc-shm-create -e -s 1 shm:/y; echo $?
		rm /dev/shm/y
		ls /dev/shm/x 2>/dev/null
		mount -t tmpfs none /dev
		ipc-shm-create -s 1 shm:/x; echo $?'
	line='ipc-shm-create: cannot create shm:/x: No such file or directory'
	[ "$output" = "$line (it takes /proc, which is not mounted)
1
$line (it takes /proc, which is not mounted)
1
ipc-shm-create: cannot use shm:/y: Function not implemented (it takes /proc, which is not mounted)
1
$line (there is no directory /dev/shm)
1" ]
}

@test "ulimit -f is a limit that is told, not a signal: status 1, nothing left" {
	for filled in -s1M "-i/dev/zero -s1M"; do
		run -1 bash -c "ulimit -f 1; exec timeout 60 ipc-shm-create ${filled/zero/null} -s1M shm:/limited"
		[[ $output == *"RLIMIT_FSIZE is 1024"* ]]
	done
	head -c 4K /dev/zero >"$tmp/input"
	run -1 bash -c "ulimit -f 1; exec timeout 60 ipc-shm-create -i $tmp/input shm:/limited"
	[[ $output == *"RLIMIT_FSIZE is 1024"* ]]
	gone limited
}

@test "ulimit -v is a limit that is told: status 1, nothing left" {
	! grep -q __asan_init "$BIN/ipc-shm-create" || skip "the sanitizer takes memory of its own"
	before=$(segments)
	for filled in -i/dev/null -i-; do
		run -1 bash -c "ulimit -v 20000; exec timeout 60 ipc-shm-create $filled -s 40M shm:private" </dev/null
		[[ $output == *"RLIMIT_AS is 20480000;"* ]]
	done
	[ "$(segments)" = "$before" ]
}

@test "SHMMAX, SHMALL and SHMMNI are named: status 1" {
	[ "$(id -u)" -eq 0 ] && [ -w /proc/sys/kernel/shmmax ] || skip "the settings cannot be written"
	# shellcheck disable=SC2016
	run -0 limit ipc-isolate bash -c '
		head -c 5000 /dev/zero >"$0"
		echo 4096 >/proc/sys/kernel/shmmax
		ipc-shm-create -s 4097 shm:private; echo $?
		ipc-shm-create -i "$0" shm:private; echo $?
		echo 100000 >/proc/sys/kernel/shmmax
		echo 2 >/proc/sys/kernel/shmall
		ipc-shm-create -s 8193 shm:private; echo $?
		echo 100 >/proc/sys/kernel/shmall
		ipc-shm-create -s 1 shm:key:1
		echo 1 >/proc/sys/kernel/shmmni
		ipc-shm-create -s 1 shm:key:2; echo $?
		ipcs -m | grep -c 0x' "$tmp/input"
	echo "$output"
	line='ipc-shm-create: cannot create shm:'
	[ "$output" = "${line}private: Invalid argument (SHMMAX: it needs 4097 bytes, and /proc/sys/kernel/shmmax is 4096)
1
${line}private: Invalid argument (SHMMAX: it needs 5000 bytes, and /proc/sys/kernel/shmmax is 4096)
1
${line}private: No space left on device (SHMALL: it needs 3 pages, 0 are taken, and /proc/sys/kernel/shmall is 2)
1
shm:id:0
${line}key:0x2: No space left on device (SHMMNI: there are 1 segments, and /proc/sys/kernel/shmmni is 1)
1
1" ]
}

# The pool of huge pages is one for the whole machine: have it to ourselves.
have_pool() {
	exec 8</proc/sys/vm/nr_hugepages
	flock -w 10 8 || skip "somebody else uses the pool of huge pages"
}

@test "--huge: huge pages, or where to reserve them; an unknown size is said to be" {
	have_pool
	free=$(cat /sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages) || skip "this system has no pages of 2 MiB"
	if [ "$free" -ge 2 ]; then
		run -0 limit ipc-shm-create --huge=2M -s 4M shm:key:0x30
	else
		run -1 limit ipc-shm-create --huge=2M -s 4M shm:key:0x30
		[[ $output == *"/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages reserves them)" || $output == *"/proc/sys/vm/hugetlb_shm_group"* ]]
		head -c 3M /dev/zero >"$tmp/input"
		run -1 limit ipc-shm-create --huge=2M -i "$tmp/input" shm:key:0x30
		[ "$(segment 0x30)" = "" ]
	fi
	run -1 limit ipc-shm-create --huge=4K -s 4M shm:key:0x31
	[[ $output == *"pages of 4 KiB"* || $output == *hugetlb_shm_group* ]]
}

@test "--huge: out of a pool of huge pages; one page too many is told" {
	pool=/proc/sys/vm/nr_hugepages
	[ "$(id -u)" -eq 0 ] || skip "needs root, to reserve huge pages"
	have_pool
	reserved=$(cat $pool)
	{ echo $((reserved + 6)) >$pool; } 2>/dev/null || skip "$pool cannot be written"
	free=$(cat /sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages)
	[ "$free" -ge 6 ] || skip "no huge pages of 2 MiB are to be had"
	head -c 4000001 /dev/urandom >"$tmp/input"
	zeros=$(limit ipc-shm-create --huge=2M -s 4M shm:private)
	filled=$(limit ipc-shm-create --huge=2M -i "$tmp/input" shm:private)
	[ "$(awk '$1 == "HugePages_Rsvd:" { r = $2 } $1 == "HugePages_Free:" { f = $2 } END { print f - r }' /proc/meminfo)" -eq $((free - 4)) ]
	content "$zeros" | cmp - <(head -c 4M /dev/zero)
	content "$filled" | cmp - "$tmp/input"
	ipc-mmap-cat -w "$zeros" <"$tmp/input"
	content "$zeros" | cmp -n 4000001 - "$tmp/input"
	ipc-mmap-cat --zero-copy "$zeros" | cmp -n 4000001 - "$tmp/input"
	ipc-mmap-cat --zero-copy "$filled" | cmp - "$tmp/input"
	run -1 limit ipc-shm-create --huge=2M -s "$(((free - 4) * 2 + 1))M" shm:private
	[[ $output == *"$((free - 3)) pages of 2048 KiB"*"nr_hugepages reserves them)" ]]
	ipcrm -m "${zeros##*:}" -m "${filled##*:}"
}

@test "--huge --sparse, and no pages in the pool: who reads or stores is told, not killed" {
	have_pool
	[ "$(cat /sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages)" = 0 ] || skip "there are huge pages"
	ref=$(limit ipc-shm-create --sparse --huge=2M -s 2M shm:private) || skip "huge pages are not for us"
	for option in '' -x '-y u8' --zero-copy '-n --until=0:u8:eq:1' '--watch -n'; do
		# shellcheck disable=SC2086
		run -1 limit ipc-mmap-cat $option "$ref"
		[ "$output" = "ipc-mmap-cat: cannot read $ref: Cannot allocate memory" ]
	done
	for option in -w '-w -y u8'; do
		# shellcheck disable=SC2086
		run -1 limit ipc-mmap-cat $option "$ref" <<<1
		[ "$output" = "ipc-mmap-cat: cannot store in $ref; 0 bytes stored: Cannot allocate memory" ]
	done
}

@test "more memory than there can be: status 1, and what was needed" {
	run -1 limit ipc-shm-create -s 4000T shm:private
	[[ $output == *"4398046511104000 bytes"* ]]
	run -1 limit ipc-shm-create -s 4000T shm:/immense
	[[ $output == *"4398046511104000 bytes"* ]]
	gone immense
}

@test "a REF that cannot be printed: status 1, and no object is left" {
	for name in /unprinted key:0x32; do
		run -1 bash -c "exec timeout 60 ipc-shm-create -s 1 shm:$name >/dev/full"
		run -1 bash -c "exec timeout 60 ipc-shm-create -s 1 shm:$name >&-"
		run -1 bash -c "exec timeout 60 ipc-shm-create -i /etc/passwd shm:$name >/dev/full"
	done
	gone unprinted
	[ "$(segment 0x32)" = "" ]
	printf old | ipc-shm-create -i - shm:/kept
	ipc-shm-create -s 3 shm:key:0x33
	run -1 bash -c "exec timeout 60 ipc-shm-create -e -s 1 shm:/kept >/dev/full"
	run -1 bash -c "exec timeout 60 ipc-shm-create -e -s 1 shm:key:0x33 >/dev/full"
	run -1 bash -c "exec timeout 60 ipc-shm-create -r -s 1 shm:/kept >&-"
	[ "$(shm kept)" = old ]
	[ "$(segment 0x33)" != "" ]
}

# A pipe as standard output: nobody reads it, or it is full.
with_pipe() {
	python3 - "$@" <<-'END'
		import os, signal, subprocess, sys, time
		how, *words = sys.argv[1:]
		r, w = os.pipe()
		if how == "unread":
		    os.close(r)
		else:
		    os.set_blocking(w, False)
		    try:
		        while True: os.write(w, bytes(4096))
		    except BlockingIOError: pass
		    os.set_blocking(w, True)
		signal.signal(signal.SIGPIPE, signal.SIG_DFL)
		tool = subprocess.Popen(words, stdout=w)
		if how != "unread":
		    state = lambda: open(f"/proc/{tool.pid}/syscall").read().split()[0] # 7: poll
		    while state() not in ("7", "73"): time.sleep(0.01)
		    tool.send_signal(getattr(signal, how))
		status = tool.wait(10)
		sys.exit(status if status >= 0 else 128 - status)
	END
}

@test "a REF that nobody can read, or that a signal comes before: no object is left" {
	before=$(segments)
	for name in /unread key:0x3b; do
		run -1 with_pipe unread ipc-shm-create -s 1 "shm:$name"
		[[ $output == "ipc-shm-create: cannot write to standard output: Broken pipe" ]]
		for signal in SIGTERM SIGINT SIGHUP SIGQUIT; do
			run -$((128 + $(kill -l $signal))) with_pipe $signal ipc-shm-create -s 1 "shm:$name"
			[ "$output" = "" ]
		done
		gone unread
		[ "$(segments)" = "$before" ]
	done
}

@test "a path for ftok that is missing: status 1" {
	run -1 limit ipc-shm-create -s 1 "shm:ftok:$tmp/none"
}

@test "an input that somebody has made non-blocking is waited for" {
	mkfifo "$tmp/fifo"
	exec 6<>"$tmp/fifo"
	limit bash -c 'python3 -c "import os; os.set_blocking(0, False)"; exec ipc-shm-create -i - shm:/waited' <"$tmp/fifo" 3>&- 6>&- &
	pid=$!
	eventually asleep "$pid"
	printf hello >&6
	exec 6>&-
	wait "$pid"
	[ "$(shm waited)" = hello ]
}

@test "with COMMAND the object lives as long as it, and the status is COMMAND's" {
	printf hello >"$tmp/input"
	run -7 --separate-stderr limit ipc-shm-create -i "$tmp/input" shm:/scoped -- sh -c 'echo "$IPC_SHM_REF"; cat /dev/shm/scoped; exit 7'
	[ "$output" = $'shm:/scoped\nhello' ]
	gone scoped
	before=$(segments)
	run -0 limit ipc-shm-create -i "$tmp/input" shm:private -- sh -c 'ipc-mmap-cat "$IPC_SHM_REF"'
	[ "$output" = hello ]
	run -0 bash -c 'printf piped | timeout 60 ipc-shm-create -i - shm:key:0x34 -- sh -c "ipc-mmap-cat \$IPC_SHM_REF; ipc-mmap-cat shm:key:0x34"'
	[ "$output" = pipedpiped ]
	[ "$(segments)" = "$before" ]
	run -143 limit ipc-shm-create -s 1 shm:/scoped -- sh -c 'kill -TERM $$'
	run -127 limit ipc-shm-create -s 1 shm:/scoped -- "$tmp/none"
	run -126 limit ipc-shm-create -s 1 shm:/scoped -- "$tmp"
	gone scoped
	printf old | limit ipc-shm-create -i - shm:/scoped
	run -0 limit ipc-shm-create -r -s 3 shm:/scoped -- true
	gone scoped
}

@test "with COMMAND: a mode that forbids its owner to read it does not keep it from being removed" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be somebody else"
	before=$(segments)
	for mode in 0 0200; do
		for name in private key:0x3e /hidden; do
			run -0 as_nobody "$BIN/ipc-shm-create" -m $mode -s 1 "shm:$name" -- true
			[ "$output" = "" ]
			run -0 as_nobody "$BIN/ipc-shm-create" -m $mode -i /etc/passwd "shm:$name" -- true
			[ "$output" = "" ]
			run -1 as_nobody bash -c 'exec "$0" -m "$1" -s 1 "shm:$2" >/dev/full' "$BIN/ipc-shm-create" $mode "$name"
			[ "$output" = "ipc-shm-create: cannot write to standard output: No space left on device" ]
		done
	done
	gone hidden
	[ "$(segments)" = "$before" ]
}

@test "with COMMAND our own failures are 125" {
	limit ipc-shm-create -s 1 shm:/there
	for options in "-s 1" "-e -s 1" "--huge=2M -s 1" "-i $tmp/none" "" --no-such-option "-s 4000T -r"; do
		# shellcheck disable=SC2086
		run -125 limit ipc-shm-create $options shm:/there -- touch "$tmp/ran"
	done
	run -125 limit ipc-shm-create -s 1 shm:/x --
	[ ! -e "$tmp/ran" ]
	[ "$(stat -c %s /dev/shm/there)" -eq 1 ]
}

@test "a signal in the instant in which an object comes into being leaves none that nobody was told of" {
	command -v strace >/dev/null || skip "strace is not installed"
	before=$(segments)
	: >"$tmp/empty"
	ulimit -c 0
	for signal in TERM INT HUP QUIT; do
		for call in linkat renameat2 shmget; do
			case $call in
			linkat) words=(-s 1 shm:/instant) ;;
			renameat2) words=(-r -i "$tmp/empty" -s 1 shm:/instant) ;;
			shmget) words=(-s 1 shm:private) ;;
			esac
			: >"$tmp/printed"
			{ strace -f -o "$tmp/trace" -e "trace=$call,rename,renameat" -e "inject=$call,rename,renameat:signal=SIG$signal" \
				env --default-signal "$BIN/ipc-shm-create" "${words[@]}" || true; } | cat >"$tmp/printed"
			grep -q "SIG$signal" "$tmp/trace"
			[ -s "$tmp/printed" ] || gone instant
			[ -s "$tmp/printed" ] || [ "$(segments)" = "$before" ]
			[ ! -s "$tmp/printed" ] || ipc-rm "$(<"$tmp/printed")" >/dev/null
		done
	done
}

@test "with COMMAND: a signal to the tool reaches COMMAND, and the object goes" {
	for signal in TERM INT HUP QUIT; do
		env --default-signal "$BIN/ipc-shm-create" -s 1 shm:/signalled -- sleep 100 3>&- &
		pid=$!
		eventually there signalled
		eventually pgrep -x -P "$pid" sleep
		kill -"$signal" "$pid"
		status=0
		wait "$pid" || status=$?
		[ "$status" -eq $((128 + $(kill -l "$signal"))) ]
		gone signalled
	done
}

@test "with COMMAND: killed, tool or guard, the object goes with COMMAND" {
	for victim in tool guard; do
		for name in /killed key:0x35; do
			before=$(segments)
			ipc-shm-create -s 1 "shm:$name" -- sleep 100 3>&- 2>/dev/null &
			pid=$!
			eventually pgrep -x -P "$pid" sleep
			command=$(pgrep -x -P "$pid" sleep)
			[ "$name" = key:0x35 ] || there killed
			[ "$(readlink "/proc/$(pgrep -x -P "$pid" ipc-shm-create)/cwd")" = / ]
			if [ $victim = tool ]; then
				kill -KILL "$pid"
			else
				kill -KILL "$(pgrep -x -P "$pid" ipc-shm-create)"
			fi
			kill "$command"
			wait "$pid" || true
			eventually gone killed
			unchanged() { [ "$(segments)" = "$before" ]; }
			eventually unchanged
		done
	done
}

@test "with COMMAND: a guard that is killed once the object is there, before it says so, leaves nothing" {
	command -v strace >/dev/null || skip "strace is not installed"
	strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
	export ASAN_OPTIONS=detect_leaks=0
	head -c 70000 /dev/urandom >"$tmp/input"
	before=$(segments)
	# Calls after which, or before which, it is there.
	for how in "linkat:delay_exit /guarded" "waitid:delay_exit key:0x3d" "dup2:delay_enter key:0x3d -s4096"; do
		read -r call name size <<<"$how"
		# shellcheck disable=SC2086
		strace -f -qq -o "$tmp/trace" -e "inject=$call=2000000" \
			"$BIN/ipc-shm-create" ${size:--i "$tmp/input"} "shm:$name" -- touch "$tmp/ran" 3>&- 2>"$tmp/err" &
		tracer=$!
		whole() { [ "$(content "shm:$name" 2>/dev/null | wc -c)" -ge 4096 ]; }
		eventually whole
		tool=$(pgrep -x -P $tracer ipc-shm-create)
		for guard in $(pgrep -P "$tool"); do
			[ "$(ps -o sid= -p "$guard")" -ne "$guard" ] || kill -KILL "$guard"
		done
		status=0
		wait $tracer || status=$?
		echo "$how: $status: $(cat "$tmp/err")"
		[ $status -eq 125 ]
		[ ! -e "$tmp/ran" ]
		gone guarded
		[ "$(segments)" = "$before" ]
	done
}

@test "with COMMAND: stopped or killed while the input stalls, nothing is left and COMMAND does not run" {
	for name in /stalled private key:0x36; do
		before=$(segments)
		for signal in TERM INT KILL; do
			rm -f "$tmp/fifo"
			mkfifo "$tmp/fifo"
			exec 6<>"$tmp/fifo"
			env --default-signal "$BIN/ipc-shm-create" -i "$tmp/fifo" "shm:$name" -- touch "$tmp/ran" 3>&- 2>"$tmp/err" &
			pid=$!
			eventually pgrep -x -P "$pid" ipc-shm-create
			mapfile -t children < <(pgrep -P "$pid")
			for child in "${children[@]}"; do eventually asleep "$child"; done
			printf begun >&6
			kill -"$signal" "$pid"
			status=0
			wait "$pid" || status=$?
			[ "$status" -eq $((128 + $(kill -l "$signal"))) ]
			[ ! -s "$tmp/err" ]
			for child in "${children[@]}"; do
				ended() { [ ! -e "/proc/$child" ] || grep -q '^State:.*Z' "/proc/$child/status"; }
				eventually ended
			done
			[ ! -e "$tmp/ran" ]
			gone stalled
			[ "$(segments)" = "$before" ]
			exec 6>&-
		done
	done
}

@test "with COMMAND: an object made anew under the name is not removed" {
	run -0 limit ipc-shm-create -s 1 shm:/other -- sh -c 'rm /dev/shm/other; ipc-shm-create -s 2 shm:/other'
	there other
	run -0 limit ipc-shm-create -s 1 shm:key:0x37 -- sh -c 'ipcrm -M 0x37; ipc-shm-create -s 2 shm:key:0x37'
	[ "$(segment 0x37 | cut -d' ' -f3)" = 2 ]
	run -0 limit ipc-shm-create -s 1 shm:/other2 -- rm /dev/shm/other2
	run -0 limit ipc-shm-create -s 1 shm:key:0x38 -- ipcrm -M 0x38
	[ "$output" = "" ]
}

@test "with COMMAND: a segment that has got the id of the one that was made is not removed" {
	[ -w /proc/sys/kernel/shm_next_id ] || skip "ids cannot be chosen here"
	run -0 limit ipc-shm-create -s 1 shm:private -- sh -c 'id=${IPC_SHM_REF##*:}; ipcrm -m $id
		echo $id >/proc/sys/kernel/shm_next_id; ipc-shm-create -s 5000 shm:private; echo "$IPC_SHM_REF"'
	[ "${lines[0]}" = "${lines[1]}" ]
	content "${lines[0]}" | cmp - <(head -c 5000 /dev/zero)
	ipcrm -m "${lines[0]##*:}"
}

@test "with COMMAND in \$(...): the guard does not hold the pipe" {
	run -0 limit bash -c 'echo "$(ipc-shm-create -s 1 shm:/subst -- echo done)"'
	[ "$output" = done ]
}

@test "killed while a System V segment is filled: removed" {
	command -v strace >/dev/null || skip "strace is not installed"
	strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
	export ASAN_OPTIONS=detect_leaks=0
	head -c 9M /dev/urandom >"$tmp/input"
	before=$(segments)
	# Only the process that fills the segment makes these calls.
	for call in setsid:1 shmat:1 read:1 read:2 read:3 getppid:1 getppid:2 getppid:3 getppid:4; do
		only=()
		[[ $call != read:* ]] || only=(-P "$tmp/input")
		status=0
		timeout 60 strace -f -qq -o "$tmp/trace" "${only[@]}" \
			-e "inject=${call%:*}:signal=KILL:when=${call#*:}" \
			ipc-shm-create -i "$tmp/input" shm:key:0x39 2>"$tmp/err" || status=$?
		echo "$call: $status: $(cat "$tmp/err")"
		grep -q 'killed by SIGKILL' "$tmp/trace"
		[ "$status" -eq 1 ]
		[ "$(segments)" = "$before" ]
	done
}

@test "--exist-ok does not take a System V segment that another process still fills" {
	command -v strace >/dev/null || skip "strace is not installed"
	strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
	export ASAN_OPTIONS=detect_leaks=0
	head -c 5000 /dev/urandom >"$tmp/input"
	strace -f -qq -o "$tmp/trace" -P "$tmp/input" -e inject=read:delay_enter=1000000 "$BIN/ipc-shm-create" -i "$tmp/input" shm:key:0x3f 3>&- &
	tracer=$!
	begun() { [[ $(segment 0x3f) == *" 0 5000" ]]; }
	eventually begun
	run -1 limit ipc-shm-create -e -s 5000 shm:key:0x3f
	# Who is not root may not even ask which mode it has.
	[ "$(id -u)" -ne 0 ] || [[ $output == *0000* ]]
	wait $tracer
	run -0 limit ipc-shm-create -e -s 5000 shm:key:0x3f
	content "$output" | cmp - "$tmp/input"
}

@test "killed while another process fills its System V segment: removed by that" {
	command -v strace >/dev/null || skip "strace is not installed"
	strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
	head -c 9M /dev/urandom >"$tmp/input"
	before=$(segments)
	strace -f -qq -o "$tmp/trace" -e inject=shmat:delay_exit=1000000 "$BIN/ipc-shm-create" -i "$tmp/input" shm:key:0x39 3>&- &
	tracer=$!
	begun() { [ -n "$(segment 0x39)" ]; }
	eventually begun
	pkill -KILL -P $tracer -x ipc-shm-create
	wait $tracer || true
	[ "$(segments)" = "$before" ]
}
