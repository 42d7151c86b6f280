#!/usr/bin/env bats
# A pipe is what "cat FILE |" is for here.
# shellcheck disable=SC2002

# The relay when system calls fail, one after another, and in campaigns: random
# ends, speeds and kills.  SOAK=1 runs these in full.
#
# Not tested here: two failures in one run.

load helpers
load faults

setup() {
	cd "$tmp"
	head -c 300000 /dev/urandom >in
	seq 3000 >lines
	mkfifo a b
	export ASAN_OPTIONS=detect_leaks=0
}

needs_strace() {
	command -v strace >/dev/null || skip "strace is not installed"
	strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
}

errnos() {
	case $1 in
	splice | tee) echo EAGAIN EINTR EPIPE EIO EINVAL ENOSYS ;;
	pwritev2 | write) echo EAGAIN EINTR EPIPE EIO ENOSPC EOPNOTSUPP ;;
	preadv2 | read) echo EAGAIN EINTR EIO EOPNOTSUPP ;;
	pwrite64 | pread64) echo EINTR EIO ENOSPC ;;
	poll) echo EINTR EAGAIN ;;
	fcntl) echo EPERM EBUSY ;;
	openat | mmap | pipe2 | fstat | newfstatat) echo EMFILE ENOMEM EACCES ;;
	ioctl | ftruncate | signalfd4 | getrandom) echo EIO ENOMEM ;;
	esac
}

# run_it TRACE-OPTIONS -- RELAY-WORDS: in through a relay to out (and out2).
run_it() {
	local trace=()
	while [ "$1" != -- ]; do
		trace+=("$1")
		shift
	done
	shift
	cat a >out1 3>&- &
	readers=($!)
	cat b >out2 3>&- &
	readers+=($!)
	status=0
	cat in | timeout 60 strace -qq "${trace[@]}" ipc-pipe-relay "$@" 2>err >out || status=$?
	# One whose FIFO the relay has not opened waits for ever.  One that is a shell
	# still would tell its end as the test's.
	if [ $status -ne 0 ] || [[ $* != *" a"* ]]; then
		kill -KILL "${readers[@]}" 2>/dev/null || true
	elif [[ $* != *" b" ]]; then
		kill -KILL "${readers[1]}" 2>/dev/null || true
	fi
	wait
}

@test "each system call fails once: no hang, a right status, and no wrong byte" {
	need_faults
	local tried=0 possible=0 words name n last error
	for words in "-" "- --to - a b" "-b 20000 - --to - a" "-b unlimited --spill=. - --to - a" \
		"--slow=drop -b 1M - --to - a" "in lines"; do
		# shellcheck disable=SC2086
		run_it -o trace -- ${words}
		[ "$status" -eq 0 ]
		sed -n '/signalfd4/,$p' trace | grep -oE '^[a-z_0-9]+' >ours
		for name in $(sort -u ours); do
			last=$(grep -cE "^$name\(" trace)
			n=$((last - $(grep -cx "$name" ours) + 1))
			[ "$last" -le $((n + ${SOAK:+20}+ 1)) ] || last=$((n + ${SOAK:+20}+ 1))
			for (( ; n <= last; n++)); do
				for error in $(errnos "$name"); do
					chosen || continue
					# shellcheck disable=SC2086
					run_it -o /dev/null -e "inject=$name:error=$error:when=$n" -- ${words}
					case $error in
					EINTR | EAGAIN) worst=0 ;;
					*) worst=1 ;;
					esac
					[ "$status" -le "$worst" ] ||
						{ echo "$words: $name $n $error: status $status" && cat err && false; }
					if [ "$words" != "in lines" ]; then
						cmp -s -n "$(wc -c <out)" out in || { echo "$words: $name $n $error: wrong bytes" && false; }
						if [ "$status" -eq 0 ]; then
							cmp out in || { echo "$words: $name $n $error: missing" && cat err && false; }
							# A reader that comes late may be dropped.
							[[ $words != *" a"* || $words == *drop* ]] || cmp out1 in || { echo "$words: $name $n $error: a" && false; }
							[[ $words != *" b" || $words == *drop* ]] || cmp out2 in || { echo "$words: $name $n $error: b" && false; }
						fi
					fi
					[ "$status" -eq 0 ] || [ -s err ] || { echo "$words: $name $n $error: silence" && false; }
					tried=$((tried + 1))
				done
			done
		done
	done
	echo "# $tried of $possible faults" >&3
	[ $possible -gt 100 ]
}

@test "where the kernel cannot splice or tee, bytes are read and written" {
	needs_strace
	for error in EINVAL ENOSYS; do
		cat in | limit strace -qq -o /dev/null -e inject=splice:error=$error ipc-pipe-relay | cmp - in
		cat a >out1 3>&- &
		cat in | limit strace -qq -o /dev/null -e inject=tee:error=$error ipc-pipe-relay --to - a | cmp - in
		wait
		cmp out1 in
	done
}

@test "SIGKILL at any call leaves no spill file" {
	needs_strace
	mkdir disk
	for n in 1 5 20 100; do
		cat in | timeout 60 strace -qq -o /dev/null -e "inject=pwritev2:signal=KILL:when=$n" \
			ipc-pipe-relay -b unlimited --spill=disk >out || true
		[ "$(ls -A disk)" = "" ]
	done
}

campaign() { timeout 800 "$top/tests/relay/campaign.py" "$1" "$([ -n "${SOAK-}" ] && echo "$2" || echo "$3")" "${SEED:-1}" | tee /dev/fd/3; }

@test "campaign: random ends, sizes and speeds, stopped and continued: byte for byte" { campaign bytes 1000 40; }

@test "campaign: records of several sources come whole, once, in order" { campaign merge 1000 40; }

@test "campaign: a slow sink loses whole records, and all are counted" { campaign drop 1000 30; }

@test "campaign: readers killed and restarted: each record once, or counted; none torn" { campaign readers 500 60; }

@test "campaign: readers of a foreign FIFO killed: the stream goes on, byte for byte" { campaign foreign 500 60; }

@test "campaign: a neighbour killed at any instant: right bytes, right counts" { campaign kills 1000 40; }
