#!/usr/bin/env bats

load helpers
load rpc

teardown() { end_servers; }

@test "standard input of any length, from 0 bytes on, comes back as it was" {
	for family in posix sysv; do
		serve $family -- cat
		for size in 0 1 900 960 961 1000 1983 1984 1985 8127 8128 8129 65536 262143 262144 262145 5000000; do
			head -c $size /dev/urandom >"$tmp/in"
			call "$q" <"$tmp/in" | cmp - "$tmp/in"
			# shellcheck disable=SC2002
			cat "$tmp/in" | call "$q" | cmp - "$tmp/in"
		done
		unserve
	done
}

@test "a stream goes through as it comes, in both directions" {
	for family in posix sysv; do
		serve $family -- sed -u 's/$/!/'
		mkfifo "$tmp/in" "$tmp/out"
		ipc-rpc-call "$q" <"$tmp/in" >"$tmp/out" 3>&- &
		pid=$!
		exec 8>"$tmp/in" 9<"$tmp/out"
		# The first must be more than a message holds, or its reply would wait for more.
		printf '%09000d\n' 1 >&8
		read -r -t 15 line <&9
		[ ${#line} -eq 9001 ]
		echo 2 >&8
		read -r -t 15 line <&9
		[ "$line" = '2!' ]
		exec 8>&-
		wait $pid
		exec 9<&-
		rm "$tmp/in" "$tmp/out"
		unserve
	done
}

@test "each ARGUMENT is a call; the first that fails ends it" {
	for family in posix sysv; do
		serve $family -- sh -c 'read -r line || [ "$line" ] || exit 0; echo "$line"; [ "$line" != bad ] || exit 7'
		run -0 call "$q" one '' 'two words' -- -x --
		[ "$output" = $'one\ntwo words\n-x\n--' ]
		run -7 call "$q" one bad two
		[ "$output" = $'one\nbad' ]
		run -125 call "$q" one -x
		[[ $output == *"'-x' begins with a dash: options stand before REF, and an ARGUMENT "* ]]
		unserve
		serve $family -- cat
		seq 20000 | head -c 120000 >"$tmp/long"
		call "$q" "$(cat "$tmp/long")" short | cmp - <(printf %s "$(cat "$tmp/long")" short)
		unserve
	done
}

@test "nobody serves: 125 at once; with -t it waits for one, and 124" {
	for family in posix sysv; do
		run -125 limit ipc-rpc-call mq:/none x
		ref=$(new_queue $family)
		run -125 limit ipc-rpc-call "$ref" x
		[[ $output == *"nobody serves"* ]]
		run -124 limit ipc-rpc-call -t 50ms "$ref" x
		run -3 limit ipc-rpc-call --timeout=0 --conflict-status=3 "$ref" x
		run -3 ipc-mq-recv -n "$ref" # nothing was sent
		ipc-rpc-call -t 15 "$ref" later >"$tmp/out" 3>&- &
		pid=$!
		eventually asleep $pid
		ipc-rpc-serve "$ref" cat 3>&- &
		server=$!
		wait $pid
		[ "$(cat "$tmp/out")" = later ]
		kill $server
		wait $server || true
	done
	ipc-rpc-call -t 15 mq:/later later >"$tmp/out" 3>&- &
	pid=$!
	eventually asleep $pid
	ipc-rpc-serve --create mq:/later cat >/dev/null 3>&- &
	server=$!
	wait $pid
	[ "$(cat "$tmp/out")" = later ]
}

@test "-t: the whole call, its input and its reply included; -E" {
	for family in posix sysv; do
		serve $family -- sleep 30
		run -124 limit ipc-rpc-call -t 100ms "$q" x
		[[ $output == *"may have been run"* ]]
		run -5 limit ipc-rpc-call -t 100ms -E 5 "$q" x
		[[ $output == *"was not run"* ]] # the one worker sleeps
		run -124 limit ipc-rpc-call -t 100ms "$q" < <(sleep 5)
		hurry
		serve $family -- cat /dev/zero
		mkfifo "$tmp/full"
		exec 8<>"$tmp/full"
		run -124 bash -c "exec timeout 60 ipc-rpc-call -t 300ms $q x >$tmp/full"
		exec 8>&-
		rm "$tmp/full"
		hurry
	done
}

@test "-E 0 is a failure's status: it is told, and ends the calls as any other" {
	for family in posix sysv; do
		ref=$(new_queue $family)
		for queue in mq:/none "$ref"; do
			run -0 limit ipc-rpc-call -t 50ms -E 0 $queue x y
			[[ $output == *"nobody serves $queue"* ]]
			[ ${#lines[@]} -eq 1 ]
			run -0 limit ipc-rpc-call -t 50ms -E 0 $queue < <(echo x)
			[[ $output == *"nobody serves $queue"* ]]
		done
		run -125 limit ipc-rpc-call -E 0 "$ref" x
		ipc-rm "$ref"
		serve $family -- sleep 30
		run -0 limit ipc-rpc-call -t 100ms -E 0 "$q" x y
		[[ $output == *"no reply from $q in time"* ]]
		[ ${#lines[@]} -eq 1 ]
		hurry
		serve $family --command-timeout=50ms -- sleep 30
		run -0 limit ipc-rpc-call -E 0 "$q" x y
		[ ${#lines[@]} -eq 1 ]
		unserve
	done
	for value in x -1 1x; do run -125 ipc-rpc-call -t $value mq:/x y; done
	for value in x -1 256; do run -125 ipc-rpc-call -E $value mq:/x y; done
}

@test "a server that is killed: 125 within a second, saying what became of the request" {
	for family in posix sysv; do
		for body in x long; do
			rm -f "$tmp/begun"
			serve $family -- sh -c "echo \$\$ >$tmp/begun; sleep 30"
			if [ $body = x ]; then
				ipc-rpc-call "$q" x 2>"$tmp/first" &
			else
				seq 1000000 | ipc-rpc-call "$q" 2>"$tmp/first" &
			fi
			first=$!
			eventually [ -s "$tmp/begun" ]
			ipc-rpc-call "$q" y 2>"$tmp/second" &
			second=$!
			eventually holds 1
			start=${EPOCHREALTIME//[!0-9]/}
			kill -9 $server
			for pid in $first $second; do
				status=0
				wait $pid || status=$?
				[ $status -eq 125 ]
			done
			[ $((${EPOCHREALTIME//[!0-9]/} - start)) -lt 5000000 ]
			grep -q 'may have been run' "$tmp/first"
			grep -q 'was not run' "$tmp/second"
			eventually ended "$(cat "$tmp/begun")" # COMMAND, too
			# The next start takes over what is left, and does not run it.
			if [ $family = posix ]; then
				ipc-rpc-serve --create "$q" sh -c "echo run >>$tmp/run" >"$tmp/ref2" 2>/dev/null 3>&- &
			else
				ipc-rpc-serve "$q" sh -c "echo run >>$tmp/run" 2>/dev/null 3>&- &
			fi
			server=$!
			run -0 call "$q" z
			[ "$(wc -l <"$tmp/run")" -eq 1 ]
			rm "$tmp/run"
			kill $server
			wait $server || true
			[ $family = posix ] || ipcrm -q "${q##*:}"
			no_queues
		done
	done
}

@test "a caller that is killed: its command runs on, its queue is gone, others are served" {
	for family in posix sysv; do
		rm -f "$tmp/begun" "$tmp/go" "$tmp/finished"
		mkfifo "$tmp/go"
		serve $family -- sh -c "echo >$tmp/begun; read line <$tmp/go; seq 100000; echo >$tmp/finished"
		ipc-rpc-call "$q" x 3>&- &
		first=$!
		eventually [ -s "$tmp/begun" ]
		ipc-rpc-call "$q" waits 3>&- &
		second=$!
		eventually holds 1
		kill -9 $first $second
		wait $first $second || true
		exec 8<>"$tmp/go"
		echo >&8
		eventually [ -s "$tmp/finished" ]
		rm "$tmp/begun"
		echo >&8
		call "$q" y | cmp - <(seq 100000)
		exec 8>&-
		run -1 compgen -G '/dev/mqueue/ipcbox*'
		grep -q 'dropped.*, which comes from a process that has ended$' "$tmp/server.err"
		unserve
	done
}

@test "System V: a reply to a caller that has been killed does not stay in the queue" {
	mkfifo "$tmp/go"
	serve sysv --coprocess -- sh -c "while read -r line; do echo >$tmp/begun; read -r go <$tmp/go; echo \"\$line\"; done"
	ipc-rpc-call "$q" x 3>&- &
	pid=$!
	eventually [ -s "$tmp/begun" ]
	kill -9 $pid
	wait $pid || true
	exec 8<>"$tmp/go"
	printf 'go\ngo\n' >&8
	run -0 call "$q" y
	exec 8>&-
	[ "$output" = y ]
	eventually holds 0
	unserve
}

@test "a caller that is killed in mid-request: no command sees its input as complete" {
	for family in posix sysv; do
		rm -f "$tmp/complete" "$tmp/begun"
		serve $family -- sh -c "echo \$\$ >$tmp/begun; cat >/dev/null; echo >$tmp/complete"
		mkfifo "$tmp/in"
		exec 8<>"$tmp/in"
		ipc-rpc-call "$q" <"$tmp/in" 3>&- &
		pid=$!
		seq 20000 >&8
		eventually [ -s "$tmp/begun" ]
		kill -9 $pid
		wait $pid || true
		eventually ended "$(cat "$tmp/begun")"
		[ ! -e "$tmp/complete" ]
		exec 8>&-
		rm "$tmp/in"
		unserve
	done
}

@test "a command that reads nothing, or a little, of a long request" {
	for family in posix sysv; do
		serve $family -- echo short
		run -0 call "$q" < <(seq 1000000)
		[ "$output" = short ]
		unserve
		serve $family -- head -n 1
		run -0 call "$q" < <(yes)
		[ "$output" = y ]
		unserve
	done
}

@test "output that cannot be written: 125, or SIGPIPE; and input that cannot be read" {
	for family in posix sysv; do
		serve $family -- cat
		run -125 bash -c "exec timeout 60 ipc-rpc-call $q x >/dev/full"
		run -125 bash -c "seq 100000 | timeout 60 ipc-rpc-call $q >/dev/full"
		run -125 bash -c "exec timeout 60 ipc-rpc-call $q x >&-"
		run -125 bash -c "exec timeout 60 ipc-rpc-call $q <&-"
		run -125 bash -c "exec timeout 60 ipc-rpc-call $q </"
		run -0 bash -c "seq 1000000 | timeout 60 ipc-rpc-call $q | head -n 1"
		[ "$output" = 1 ]
		run -0 call "$q" fine
		unserve
	done
}

@test "a queue that is removed while a call waits for its reply: it still comes" {
	mkfifo "$tmp/go"
	for family in posix sysv; do
		for reply in 'echo reply' 'seq 100000'; do
			rm -f "$tmp/begun"
			serve $family -- sh -c "echo >$tmp/begun; read line <$tmp/go; $reply"
			ipc-rpc-call "$q" x >"$tmp/out" 3>&- &
			pid=$!
			eventually [ -s "$tmp/begun" ]
			if [ $family = posix ]; then rm "/dev/mqueue${q#mq:}"; else ipcrm -q "${q##*:}"; fi
			echo >"$tmp/go"
			wait $pid
			$reply | cmp - "$tmp/out"
			eventually ended $server
			unserve 4
		done
	done
}

@test "a user's own server only, or root's" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	for family in posix sysv; do
		serve $family -m 0666 -- sh -c 'echo "$IPC_CALLER_UID"; cat'
		run -0 as_nobody ipc-rpc-call "$q" hello
		[ "$output" = $'65534\nhello' ]
		seq 100000 | as_nobody ipc-rpc-call "$q" | cmp - <(echo 65534 && seq 100000)
		unserve
	done
	as_nobody ipc-rpc-serve --create -m 0666 mq:/nobodys cat >"$tmp/ref" 3>&- &
	server=$!
	eventually [ -s "$tmp/ref" ]
	run -125 call mq:/nobodys x
	[[ $output == *"uid 65534"* ]]
	run -0 as_nobody ipc-rpc-call mq:/nobodys x
	[ "$output" = x ]
	kill $server
}

@test "memory of both sides stays flat, whatever goes through" {
	size=300M
	[ -z "${SOAK-}" ] || size=1G
	for family in posix sysv; do
		serve $family -- cat
		LIMIT=120 limit bash -c "head -c $size /dev/zero | python3 -c '
import resource, subprocess, sys
subprocess.run([\"ipc-rpc-call\", sys.argv[1]], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)' $q 2>$tmp/rss | cmp - <(head -c $size /dev/zero)"
		[ "$(cat "$tmp/rss")" -lt 40000 ]
		[ "$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$server/status")" -lt 40000 ]
		unserve
	done
}

@test "what is left of who was killed, as ipc-ls shows it" {
	# A queue without its private name is nowhere; with it, it says whose it was.
	bash -c 'echo $$' >"$tmp/dead"
	private=mq:/ipcbox-private.$(cat "$tmp/dead").0
	ipc-mq-create "$private"
	[ "$(ipc-ls -o verdict --noheadings "$private" | xargs)" = orphan ]
	[ "$(ipc-ls --refs --orphans)" = "$private" ]
	[ "$(ipc-rm --orphans)" = "$private" ]
	ipc-mq-create "mq:/ipcbox-private.$$.0"
	[ "$(ipc-ls -o verdict --noheadings "mq:/ipcbox-private.$$.0" | xargs)" = unheld ]
	# A queue does not record who served it: nobody holds it, and that is all that is known.
	serve posix -- cat
	[ "$(ipc-ls -o verdict --noheadings "$q" | xargs)" = live ]
	kill -9 $server
	wait $server || true
	[ "$(ipc-ls -o verdict --noheadings "$q" | xargs)" = unheld ]
	serve posix -- cat # another start: what is private and old goes
	[ ! -e "/dev/mqueue/ipcbox-private.$$.0" ]
}

@test "input that pauses holds up none of the server's commands before it is a request" {
	for family in posix sysv; do
		serve $family --command-timeout=1 -- cat
		mkfifo "$tmp/in"
		ipc-rpc-call "$q" <"$tmp/in" >"$tmp/out" 3>&- &
		pid=$!
		exec 8>"$tmp/in"
		echo a >&8
		# There is one worker, and it is free for others, longer than it gives a command.
		began=${EPOCHREALTIME/./}
		until time_is_over "$began" 1200000; do
			run -0 call -t 15 "$q" x
			[ "$output" = x ]
		done
		echo b >&8
		exec 8>&-
		wait $pid
		cmp "$tmp/out" <(printf 'a\nb\n')
		rm "$tmp/in"
		unserve
	done
}

# Whether process $1 watches the server.
watches_server() { grep -qs "^Pid:[[:space:]]*$server\$" /proc/"$1"/fdinfo/*; }

# Kill the server; the caller $pid ends with 125 soon, and nothing is left.
dies_with_its_server() {
	local status=0
	kill -9 $server
	wait $server || true
	LIMIT=5 limit tail --pid=$pid -f /dev/null
	wait $pid || status=$?
	[ $status -eq 125 ]
	[ -s "$tmp/err" ]
	rm -f /dev/mqueue/*
	ipcrm --all=msg
	no_queues
}

@test "a server that is killed while its caller waits for input: 125 within a second" {
	for family in posix sysv; do
		for begun in '' begun; do
			serve $family -- cat
			mkfifo "$tmp/in"
			exec 8<>"$tmp/in"
			ipc-rpc-call "$q" <"$tmp/in" 2>"$tmp/err" 3>&- 8>&- &
			pid=$!
			printf %s "$begun" >&8
			eventually watches_server $pid
			eventually asleep $pid
			dies_with_its_server
			[ "$begun" ] || grep -q 'was not run' "$tmp/err"
			exec 8>&-
			rm "$tmp/in"
		done
	done
}

is_full() { ! dd if=/dev/zero of="$1" oflag=nonblock bs=4096 count=1 2>/dev/null; }

@test "a server that is killed while its caller cannot write: 125, unless all of the reply has come" {
	mkfifo "$tmp/full"
	for family in posix sysv; do
		serve $family -- cat /dev/zero
		exec 8<>"$tmp/full"
		ipc-rpc-call "$q" x >"$tmp/full" 2>"$tmp/err" 3>&- 8>&- &
		pid=$!
		eventually watches_server $pid
		eventually is_full "$tmp/full"
		dies_with_its_server
		grep -q 'may have been run' "$tmp/err"
		exec 8>&-
		serve $family -- seq 40000
		exec 8<>"$tmp/full"
		ipc-rpc-call "$q" x >"$tmp/full" 3>&- 8>&- &
		pid=$!
		eventually watches_server $pid
		# Its one worker goes on when it has answered the first.
		call "$q" y | cmp - <(seq 40000)
		kill -9 $server
		wait $server || true
		exec 9<"$tmp/full" 8>&-
		cmp - <(seq 40000) <&9
		exec 9<&-
		wait $pid
		rm -f /dev/mqueue/*
		ipcrm --all=msg
	done
}

# serve_by FAMILY PREFIX ...: as serve does, a server that PREFIX runs; its queue is for all.
serve_by() {
	local ref
	ref=mq:$(fresh_name "by$((++served))")
	[ "$1" = posix ] || ref=mq:private
	rm -f "$tmp/ref"
	"${@:2}" ipc-rpc-serve --create -m 0666 "$ref" cat >"$tmp/ref" 2>>"$tmp/server.err" 3>&- &
	server=$!
	eventually [ -s "$tmp/ref" ]
	q=$(cat "$tmp/ref")
}

@test "a server that cannot look at its caller: 125 at once, and nothing is sent" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	local user='setpriv --reuid=65534 --regid=65534 --clear-groups'
	local more='--inh-caps=+net_raw --ambient-caps=+net_raw'
	local less='--bounding-set=-sys_ptrace --inh-caps=-sys_ptrace'
	local below='unshare --fork --kill-child --pid --mount-proc'
	# The server's prefix, its caller's, and the status.
	local cases=(
		"setpriv $less|env|125"
		"$user|$user $more|125"
		"$user $more|$user|0"
		"$user $more|$user $more|0"
		"$user|setpriv --reuid=65534 --regid=1 --clear-groups|125"
		"$below|env|125"
	)
	# Kernels differ in who may make a user namespace.
	! $user unshare -U true || cases+=("$user|$user unshare -U|0" "$user unshare -U|$user|125")
	for family in posix sysv; do
		for case in "${cases[@]}"; do
			IFS='|' read -r serving calling status <<<"$case"
			echo "$family: $case"
			serve_by $family $serving
			run "-$status" limit $calling ipc-rpc-call -t 15 "$q" x
			[ "$status" -eq 0 ] || [ ${#lines[@]} -eq 1 ]
			holds 0
			run -1 grep dropped "$tmp/server.err"
			# An unshare that forks heeds nothing else.
			kill -9 $server
			wait $server || true
			rm -f /dev/mqueue/*
			ipcrm --all=msg
		done
	done
}

# Calls of "$@" to $q, the first of which is answered, by serve_again, but cannot go on.
call_in_steps() {
	exec 8<>"$tmp/full"
	while ! is_full "$tmp/full"; do :; done
	ipc-rpc-call -t 30 "$q" "$@" >"$tmp/full" 2>"$tmp/err" 3>&- 8>&- &
	pid=$!
	eventually watches_server $pid
	[ "$(call "$q" probe)" = "$word probe" ] # the one worker has answered the first call
}

# A new queue $q, made with "$@", and a server that answers with $word and the request.
serve_again() {
	ipc-mq-create "$@" "$q" >/dev/null
	env --default-signal=INT ipc-rpc-serve "$q" sh -c "printf '$word '; cat" >/dev/null 2>>"$tmp/server.err" 3>&- 8>&- &
	server=$!
}

no_more_serving() {
	kill $server
	wait $server || true
	ipc-rm "$q" >/dev/null
}

@test "a queue that is made anew between two ARGUMENTs: the new server answers" {
	local long size shape
	long=$(head -c 500 /dev/zero | tr '\0' x)
	mkfifo "$tmp/full"
	for q in mq:/steps mq:key:0x4711; do
		shape=()
		[ $q != mq:/steps ] || shape=(-s 200)
		word=first
		serve_again
		call_in_steps a "$long" b
		no_more_serving
		word=second
		serve_again "${shape[@]}"
		[ "$(call "$q" probe)" = "$word probe" ]
		exec 9<"$tmp/full" 8>&-
		tr -d '\0' <&9 | cmp - <(printf %s "first a" "second $long" "second b")
		exec 9<&-
		wait $pid
		no_more_serving
	done
}

@test "each way to fail says what became of the request" {
	local last
	for family in posix sysv; do
		# A queue that is removed while a third call waits for room.
		if [ $family = posix ]; then q=$(new_queue posix -d 1); else q=$(new_queue sysv --capacity=100); fi
		rm -f "$tmp/begun"
		ipc-rpc-serve "$q" sh -c "echo >$tmp/begun; sleep 30" 2>/dev/null 3>&- &
		server=$!
		ipc-rpc-call -t 30 "$q" x 2>/dev/null 3>&- &
		eventually [ -s "$tmp/begun" ]
		ipc-rpc-call -t 30 "$q" y 2>/dev/null 3>&- &
		eventually holds 1
		ipc-rpc-call -t 30 "$q" z 2>"$tmp/err" 3>&- &
		last=$!
		eventually in_queue_call $last
		ipc-rm "$q" >/dev/null
		status=0
		wait $last || status=$?
		[ $status -eq 125 ]
		grep -q 'was not run' "$tmp/err"
		kill -9 $server
		wait

		serve $family -- tee "$tmp/got"
		run -125 bash -c "exec timeout 60 ipc-rpc-call $q </"
		[[ $output == *'was not run'* ]]
		run -125 bash -c "exec timeout 60 ipc-rpc-call $q x >/dev/full"
		[[ $output == *'may have been run'* ]]
		# Input that fails after a part of it: a socket that was closed before all was read.
		rm -f "$tmp/got"
		run -125 timeout 60 python3 -c '
import os, socket, subprocess, sys, time
ours, theirs = socket.socketpair()
call = subprocess.Popen(["ipc-rpc-call", sys.argv[1]], stdin=theirs)
theirs.send(b"unread")
ours.sendall(b"begun" * 4000)
while not os.path.exists(sys.argv[2]) or os.path.getsize(sys.argv[2]) < 5:
    time.sleep(0.02)
ours.close()
sys.exit(call.wait())' "$q" "$tmp/got"
		[[ $output == *'may have been run'* ]]
		unserve
	done
}

@test "POSIX: the limit that leaves no queue for replies is named" {
	[ "$(id -u)" -eq 0 ] && [ -w /proc/sys/fs/mqueue/queues_max ] || skip "the settings cannot be written"
	serve posix -m 0666 -- cat
	run -0 as_nobody ipc-rpc-call "$q" x
	for limit in queues_max msg_max; do
		kept=$(cat /proc/sys/fs/mqueue/$limit)
		echo 1 >/proc/sys/fs/mqueue/$limit
		run -125 as_nobody ipc-rpc-call "$q" x
		[[ $output == *"/proc/sys/fs/mqueue/$limit is 1)" ]]
		echo "$kept" >/proc/sys/fs/mqueue/$limit
	done
	run -125 as_nobody bash -c "ulimit -q 1000; exec ipc-rpc-call $q x"
	[[ $output == *"RLIMIT_MSGQUEUE is 1000: ulimit -q"* ]]
	run -0 as_nobody ipc-rpc-call "$q" x
	unserve
}

@test "-t bounds a later call, too, that has waited for room in the queue" {
	q=$(ipc-mq-create -b 200 mq:private)
	ipc-rpc-serve "$q" sh -c ': >"$1"; sleep 0.3' _ "$tmp/taken" 3>&- &
	server=$!
	began=${EPOCHREALTIME/./}
	ipc-rpc-call -t 2 "$q" one two 2>/dev/null 3>&- &
	caller=$!
	# The request is taken, and the queue full before there is a second one.
	eventually [ -e "$tmp/taken" ]
	limit ipc-mq-send -n -y 7 "$q" "$(printf 'x%.0s' {1..150})"
	eventually time_is_over "$began" 2100000
	kill -STOP "$server"
	limit ipc-mq-recv -n -y 7 "$q" >/dev/null
	status=0
	wait "$caller" || status=$?
	[ "$status" -eq 124 ]
	# It was to end 2 s after its second call, which began after 0.3 s.
	run -1 time_is_over "$began" 3300000
	kill "$server"
	kill -CONT "$server"
	wait "$server" || true
}
time_is_over() { ((${EPOCHREALTIME/./} - $1 > $2)); }
