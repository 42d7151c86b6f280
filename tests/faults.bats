#!/usr/bin/env bats

# A sample of the fault campaign, chosen by SEED: tests/faults/run.  All of it runs
# with SOAK=1 and as "make faults".

load helpers
load faults

setup() { need_faults; }

# sample AREA N: one fault in N of that area.
sample() {
	local one_in=$2
	[ -z "${SOAK-}" ] || one_in=1
	unshare ${as_root-$([ "$(id -u)" -eq 0 ] || echo --user --map-root-user)} --pid --fork true 2>/dev/null ||
		skip "no PID namespace to be had"
	FAULT_ONE_IN=$one_in SEED=${SEED:-1} timeout 800 "$top/tests/faults/run" "$1" >"$tmp/log" 2>&1 ||
		{ cat "$tmp/log" && false; }
	sed -n 's/^\(seed .*\|.* survived\)$/# \1/p' "$tmp/log" >&3
}

@test "message queues: faults at the calls of each tool" { sample queues 60; }

@test "rings: faults at the calls of each tool" { sample rings 40; }

@test "shared memory: faults at the calls of each tool" { sample memory 60; }

@test "semaphores: faults at the calls of each subcommand" { sample semaphores 80; }

@test "the relay: faults at its calls, between files, pipes, FIFOs and sockets" { sample relay 100; }

@test "listing, waiting, changing, removing: faults at the calls of each tool" { sample objects 300; }

@test "calls and services: faults at the calls of caller and server" { sample calls 25; }

@test "isolation: faults at its calls" { sample isolate 6; }

@test "the campaign leaves no tool out" {
	for source in "$top"/cmd/*.c; do
		tool=${source##*/}
		run -0 grep -l "run_of .* ${tool%.c} " "$top"/tests/faults/*.bash
	done
	for verb in create post wait value set op run; do
		run -0 grep -l "run_of .* ipc-sem $verb " "$top"/tests/faults/*.bash
	done
}

# What campaigns have found.

@test "an object that cannot be looked at is missing from no list without a word" {
	touch /dev/shm/one /dev/shm/two
	for call in statx:1 statx:2 getdents64:1; do
		run -6 --separate-stderr limit strace -qq -o /dev/null -e "inject=${call%:*}:error=ENOMEM:when=${call#*:}" \
			ipc-ls --refs --family=posix --kind=shm
		[[ $stderr == "ipc-ls: cannot see the objects in /dev/shm: "* ]]
	done
	rm /dev/shm/one /dev/shm/two
}

@test "a list of System V objects survives a refused count of them" {
	q=$(new_queue sysv)
	run -0 limit strace -qq -o /dev/null -e inject=msgctl:error=EPERM:when=1 ipc-ls --refs --kind=mq --family=sysv
	[ "$output" = "$q" ]
}

@test "a FIFO that was made and cannot be opened is removed again" {
	cd "$tmp"
	calls=$(limit strace -qq -e trace=openat ipc-pipe-relay -n --mkfifo --to made 2>&1 </dev/null | grep -c '^openat')
	[ ! -e made ]
	for ((n = calls; n > calls - 7; n--)); do
		limit strace -qq -o trace -e "inject=openat:error=EMFILE:when=$n" \
			ipc-pipe-relay -n --mkfifo --to made </dev/null 2>err || true
		[ ! -e made ]
	done
}

@test "a FIFO or socket that was made and cannot be removed is told" {
	cd "$tmp"
	for made in fifo unix-listen:socket; do
		# The last look at a path is the one before it is removed.
		run -3 limit strace -qq -o trace -e trace=newfstatat ipc-pipe-relay -n --mkfifo --to $made </dev/null
		last=$(grep -n 'AT_FDCWD, ' trace | tail -n 1 | cut -d: -f1)
		for fault in unlink:error=EPERM "newfstatat:error=EACCES:when=$last"; do
			run -1 --separate-stderr limit strace -qq -o trace -e "inject=$fault" \
				ipc-pipe-relay -n --mkfifo --to $made </dev/null
			[[ $stderr == *"ipc-pipe-relay: cannot remove $made: "* ]]
			rm ${made#*:}
		done
	done
}

# Who starts us so would keep the status of our children from us: wait(2).
ignoring_children() {
	limit python3 -c 'import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.execvp(sys.argv[1], sys.argv[1:])' "$@"
}

@test "SIGCHLD that was ignored at the start: COMMAND's status is known, in every tool" {
	ipc-sem create sem:/one
	ipc-sem create sem:key:0x11
	q=$(new_queue posix)
	ipc-mq-send "$q" first second
	run -0 ignoring_children ipc-mq-recv -n "$q" -- cat
	[ "$output" = first ]
	run -7 ignoring_children ipc-mq-recv -n "$q" -- sh -c 'exit 7'
	for words in 'mq-create mq:/x --' 'shm-create -s 1 shm:/x --' 'ring-create ring:/x --' 'sem create sem:/x --' \
		'sem run sem:/one' 'sem run sem:key:0x11' 'sem op sem:key:0x11 0:-1 --' isolate; do
		# shellcheck disable=SC2086
		run -7 ignoring_children ipc-$words sh -c 'exit 7'
	done
	ignoring_children ipc-rpc-serve --create mq:/seven sh -c 'exit 7' >"$tmp/ref" 3>&- &
	eventually [ -s "$tmp/ref" ]
	run -7 limit ipc-rpc-call -t 10 mq:/seven x
	rm /dev/mqueue/seven
	wait $! || true
	rm /dev/shm/sem.one
}
