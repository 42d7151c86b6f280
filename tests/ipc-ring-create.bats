#!/usr/bin/env bats

load helpers

size_of() { stat -c %s "/dev/shm/ring.$1"; }

@test "a ring: its REF on stdout, its file with exactly the mode asked for" {
	umask 077
	run -0 --separate-stderr limit ipc-ring-create -m 0622 ring:/mode
	[ "$output" = ring:/mode ]
	[ "$stderr" = "" ]
	[ "$(stat -c %a /dev/shm/ring.mode)" = 622 ]
	run -0 limit ipc-ring-create /plain
	[ "$output" = ring:/plain ]
	[ "$(stat -c %a /dev/shm/ring.plain)" = 600 ]
	[ "$(size_of plain)" -eq $((1048576 + 12288)) ]
}

@test "--capacity is rounded up to a power of two of at least 4096" {
	while read -r asked made; do
		limit ipc-ring-create --capacity="$asked" "ring:/s$asked"
		[ "$(size_of "s$asked")" -eq $((made + 12288)) ]
	done <<-E
		1 4096
		4096 4096
		4097 8192
		100kB 131072
		1M 1048576
	E
}

@test "the memory is reserved: a capacity that does not fit is status 1, and nothing is left" {
	before=$(ls -A /dev/shm)
	run -1 limit ipc-ring-create -s 1G ring:/large
	[[ $output == *"No space left on device (of 1073754112 bytes that it needs, /dev/shm has "* ]]
	[ "$(ls -A /dev/shm)" = "$before" ]
	limit ipc-ring-create -s 1M ring:/reserved
	[ "$(($(stat -c '%b * %B' /dev/shm/ring.reserved)))" -ge $((1048576 + 12288)) ]
}

@test "a name with control bytes is printed and accepted as \\xHH; 250 bytes are fine, 251 not" {
	run -0 limit ipc-ring-create -s 4K $'ring:/a\nb\033\xff'
	[ "$output" = 'ring:/a\x0ab\x1b\xff' ]
	limit ipc-ring-put "$output" hello
	run -0 limit ipc-ring-get -n "$output"
	[ "$output" = hello ]
	long=$(printf 'x%.0s' {1..250})
	limit ipc-ring-create -s 4K "ring:/$long"
	run -2 limit ipc-ring-create "ring:/${long}x"
}

@test "what is there already: status 5, and with --quiet silence" {
	limit ipc-ring-create -s 4K ring:/twice
	run -5 limit ipc-ring-create ring:/twice
	[ "$output" = "ipc-ring-create: cannot create ring:/twice: File exists" ]
	run -5 limit ipc-ring-create --quiet ring:/twice
	[ "$output" = "" ]
	run -5 limit ipc-ring-create -q ring:/twice
}

@test "--exist-ok accepts one that fits, and says what does not fit: status 1" {
	limit ipc-ring-create -e -s 8K ring:/fits
	limit ipc-ring-put ring:/fits kept
	for o in -s4K -s8K -m0600 -m0660 -q; do
		run -0 limit ipc-ring-create --exist-ok $o ring:/fits
		[ "$output" = ring:/fits ]
	done
	run -0 limit ipc-ring-get -n ring:/fits
	run -1 --separate-stderr limit ipc-ring-create -e -s 9K ring:/fits
	[ "$output" = "" ]
	[[ $stderr == *"its capacity is 8192 bytes, less than 16384" ]]
	run -1 limit ipc-ring-create -e -m 0400 ring:/fits
	[[ $output == *"its mode is 0600, wider open than 0400" ]]
	echo nothing >/dev/shm/ring.none
	chmod 600 /dev/shm/ring.none
	run -1 limit ipc-ring-create -e ring:/none
	[[ $output == *"which exists: it is no ring" ]]
	mkfifo /dev/shm/ring.fifo
	run -1 limit ipc-ring-create -e ring:/fifo
	[[ $output == *"which exists: it is a FIFO" ]]
	ln -s ring.fits /dev/shm/ring.link
	run -1 limit ipc-ring-create -e ring:/link
}

@test "--exist-ok refuses a stranger's ring, --allow-foreign takes it" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be somebody else"
	as_nobody "$BIN/ipc-ring-create" -s 4K ring:/stranger
	run -1 limit ipc-ring-create -e ring:/stranger
	[[ $output == *"it belongs to uid 65534" ]]
	run -1 limit ipc-ring-create -e -s 4K ring:/stranger
	run -0 limit ipc-ring-create -e --allow-foreign -s 4K ring:/stranger
	[ "$output" = ring:/stranger ]
	limit ipc-ring-create -s 4K ring:/ours
	run -1 as_nobody "$BIN/ipc-ring-create" -e ring:/ours
	[[ $output == *"Permission denied (it belongs to uid 0, mode 0600)" ]]
}

@test "wrong options, values and names: status 2, nothing made" {
	before=$(ls -A /dev/shm)
	for ref in ring:key:1 ring:id:1 ring:private ring:ftok:/ mq:/x shm:/x ring:/a/b ring:/..; do
		run -2 limit ipc-ring-create "$ref"
	done
	for o in -s0 -s-1 -s1X -s5G -s99999999999999999999 -m8 -m01000 -mrw --allow-foreign -c1; do
		run -2 limit ipc-ring-create "$o" ring:/wrong
	done
	run -2 limit ipc-ring-create ring:/wrong ring:/other
	[ "$(ls -A /dev/shm)" = "$before" ]
}

@test "a REF that cannot be printed: status 1, and no ring is left" {
	run -1 bash -c 'exec timeout 60 ipc-ring-create -s 4K ring:/unprinted >/dev/full'
	run -1 bash -c 'exec timeout 60 ipc-ring-create -s 4K ring:/unprinted >&-'
	[ ! -e /dev/shm/ring.unprinted ]
	limit ipc-ring-create -s 4K ring:/before
	run -1 bash -c 'exec timeout 60 ipc-ring-create -e -s 4K ring:/before >/dev/full'
	[ -e /dev/shm/ring.before ]
}

@test "with COMMAND the ring lives as long as it, and the status is COMMAND's" {
	run -7 --separate-stderr limit ipc-ring-create -s 4K ring:/scoped -- sh -c 'echo "$IPC_RING_REF"; test -e /dev/shm/ring.scoped && exit 7'
	[ "$output" = ring:/scoped ]
	[ ! -e /dev/shm/ring.scoped ]
	run -0 limit ipc-ring-create ring:/scoped -- sh -c 'ipc-ring-put --end $IPC_RING_REF a & ipc-ring-get -f $IPC_RING_REF'
	[ "$output" = a ]
	run -143 limit ipc-ring-create -s 4K ring:/scoped -- sh -c 'kill -TERM $$'
	run -127 limit ipc-ring-create -s 4K ring:/scoped -- "$tmp/none"
	run -126 limit ipc-ring-create -s 4K ring:/scoped -- "$tmp"
	[ ! -e /dev/shm/ring.scoped ]
	limit ipc-ring-create -s 4K ring:/there
	run -125 limit ipc-ring-create -s 4K ring:/there -- true
	run -125 limit ipc-ring-create -e -s 4K ring:/there -- true
	run -125 limit ipc-ring-create ring:/there --
	[ -e /dev/shm/ring.there ]
}

gone() { [ ! -e "/dev/shm/ring.$1" ]; }

@test "a signal in the instant in which the ring gets its name leaves none that nobody was told of" {
	command -v strace >/dev/null || skip "strace is not installed"
	ulimit -c 0
	for signal in TERM INT HUP QUIT; do
		: >"$tmp/printed"
		{ strace -f -o "$tmp/trace" -e trace=linkat -e "inject=linkat:signal=SIG$signal" \
			env --default-signal "$BIN/ipc-ring-create" -s 4K ring:/instant || true; } | cat >"$tmp/printed"
		grep -q "SIG$signal" "$tmp/trace"
		[ -s "$tmp/printed" ] || gone instant
		[ ! -s "$tmp/printed" ] || ipc-rm "$(<"$tmp/printed")" >/dev/null
	done
}

@test "with COMMAND: a signal to the tool reaches COMMAND, and the ring goes" {
	for signal in TERM INT HUP QUIT; do
		env --default-signal "$BIN/ipc-ring-create" -s 4K ring:/signalled -- sleep 100 3>&- &
		pid=$!
		eventually pgrep -x -P "$pid" sleep
		kill -"$signal" "$pid"
		wait "$pid" || status=$?
		[ "$status" -eq $((128 + $(kill -l "$signal"))) ]
		gone signalled
	done
}

@test "with COMMAND: when the tool is killed, the ring goes with COMMAND; another under its name stays" {
	ipc-ring-create -s 4K ring:/killed -- sleep 100 3>&- &
	pid=$!
	eventually pgrep -x -P "$pid" sleep
	command=$(pgrep -x -P "$pid" sleep)
	kill -KILL "$pid"
	wait "$pid" || true
	[ -e /dev/shm/ring.killed ]
	kill "$command"
	eventually gone killed
	run -0 limit ipc-ring-create -s 4K ring:/other -- sh -c 'rm /dev/shm/ring.other; ipc-ring-create -s 8K ring:/other'
	[ "$(size_of other)" -eq $((8192 + 12288)) ]
}
