#!/usr/bin/env bats

load helpers
load rpc
load faults

teardown() {
	[ -z "${tracer-}" ] || kill -9 "$tracer" 2>/dev/null || true
	end_servers
}

# Whether $1 of the COMMANDs that write their PID to $tmp/pids have begun.
begun() { [ -e "$tmp/pids" ] && [ "$(wc -l <"$tmp/pids")" -eq "$1" ]; }

@test "COMMAND has the request, the reply, and the caller's status" {
	for family in posix sysv; do
		serve $family -- sh -c 'tr a-z A-Z; exit 3'
		run -3 call "$q" <<<'hello'
		[ "$output" = HELLO ]
		for status in 0 1 124 125 255; do
			unserve
			serve $family -- sh -c "exit $status"
			run "-$status" call "$q" x
		done
		unserve
		serve $family -- sh -c 'kill -9 $$'
		run -137 call "$q" x
		unserve
	done
}

@test "COMMAND's input is the request alone, and what reads it in a shell" {
	for words in 'read -r x || [ -n "$x" ]' 'x=$(cat)'; do
		serve posix -- sh -ec "$words; echo \"<\$x>\""
		run -0 call "$q" one
		[ "$output" = '<one>' ]
		unserve
	done
	serve posix -- sh -ec 'read -r x; echo "$x"'
	run -1 call "$q" one
	[ "$output" = '' ]
	unserve
}

@test "its environment, its words, its stderr, and its process group" {
	for family in posix sysv; do
		serve $family -- sh -c 'echo "$IPC_MQ_REF $IPC_CALLER_PID $IPC_CALLER_UID $*"; echo told >&2' sh -w -- --create
		ipc-rpc-call -t 15 "$q" x >"$tmp/out" &
		pid=$!
		wait $pid
		[ "$(cat "$tmp/out")" = "$q $pid $(id -u) -w -- --create" ]
		grep -qx told "$tmp/server.err"
		unserve
	done
	serve posix -- sh -c 'ps -o pgid= -p $$ | tr -d " "; echo $$'
	run -0 call "$q" x
	[ "${lines[0]}" = "${lines[1]}" ]
	unserve
}

@test "a -- before COMMAND is skipped; options stand before REF" {
	serve posix -- -- echo -- -v
	run -0 call "$q" x
	[ "$output" = "-- -v" ]
	unserve
}

@test "COMMAND that cannot be run: 127, 126; the server goes on" {
	for mode in '' --coprocess; do
		serve posix $mode -- /none/such
		run -127 call "$q" x
		run -127 call "$q" x
		unserve
		serve posix $mode -- /etc/passwd
		run -126 call "$q" x
		unserve
	done
}

@test "-w: so many at a time, the rest wait in the queue, in order" {
	for family in posix sysv; do
		rm -f "$tmp/pids" "$tmp/go"
		mkfifo "$tmp/go"
		serve $family -w 2 -- sh -c "echo \$\$ >>$tmp/pids; read line <$tmp/go"
		for i in 1 2 3; do
			ipc-rpc-call -t 15 "$q" $i &
		done
		eventually begun 2
		eventually holds 1
		exec 8<>"$tmp/go"
		printf '\n' >&8
		eventually begun 3
		printf '\n\n' >&8
		wait $(jobs -p | grep -vx "$server")
		exec 8>&-
		unserve
	done
	serve posix -- sh -c "cat >>$tmp/order"
	for i in $(seq 20); do ipc-rpc-call -t 15 "$q" $i; done
	diff <(seq 20 | tr -d '\n') "$tmp/order"
	unserve
	run -2 ipc-rpc-serve -w 0 mq:/x cat
	run -2 ipc-rpc-serve --workers=1025 mq:/x cat
}

@test "--command-timeout: TERM, then KILL, and the caller is told" {
	for mode in '' --coprocess; do
		serve posix --command-timeout=100ms $mode -- sh -c 'sleep 60'
		run -124 call "$q" x
		run -9 ipc-rpc-call -t 15 -E 9 "$q" x
		unserve
		serve posix --command-timeout=100ms $mode -- sh -c 'trap "" TERM; while :; do sleep 1; done'
		run -124 call "$q" x
		unserve
	done
	serve posix --command-timeout=10 -- echo in time
	run -0 call "$q" x
	unserve
	for value in 0 x -1 1x; do run -2 ipc-rpc-serve --command-timeout=$value mq:/x cat; done
}

@test "what COMMAND leaves running does not hold up its reply, nor its caller" {
	serve posix -- sh -c 'sleep 5 & echo $! >>'"$tmp/left"'; cat'
	run -0 call "$q" reply
	[ "$output" = reply ]
	seq 400000 | call "$q" | cmp - <(seq 400000)
	kill $(cat "$tmp/left")
	unserve
}

@test "--coprocess: one COMMAND, a record for a record, in each frame" {
	for family in posix sysv; do
		serve $family --coprocess -- sh -c 'n=0; while read -r line; do n=$((n + 1)); echo "$n:$line"; done'
		run -0 call "$q" a 'b c' ''
		[ "$output" = $'1:a\n2:b c\n3:' ]
		run -0 call "$q" <<<'with its newline'
		[ "$output" = '4:with its newline' ]
		run -125 --separate-stderr call "$q" $'two\nlines'
		[ "$stderr" = "ipc-rpc-call: cannot call $q: the request holds a \\n, which ends records in its server's --frame=line" ]
		run -0 call "$q" e
		[ "$output" = '5:e' ]
		unserve
		for frame in nul netstring json; do
			serve $family --coprocess -F $frame -- cat
			printf 'a\nb' | call "$q" | cmp - <(printf 'a\nb')
			run -0 call "$q" one two
			[ "$output" = onetwo ]
			unserve
		done
	done
	serve posix --coprocess -0 -- cat
	printf 'a\0b' >"$tmp/nul"
	run -125 call "$q" <"$tmp/nul"
	[ "$output" = "ipc-rpc-call: cannot call $q: the request holds a \\0, which ends records in its server's --frame=nul" ]
	unserve
	serve posix --coprocess -j -- cat
	call "$q" <"$tmp/nul" | cmp - "$tmp/nul"
	unserve
	# Of an answer only its bytes are looked at.
	serve posix --coprocess -j -- sed -u 's/.*/{"data":"r","type":"event","priority":"high"}/'
	run -0 call "$q" x
	[ "$output" = r ]
	unserve
	run -2 ipc-rpc-serve -F line mq:/x cat
	run -2 ipc-rpc-serve --null mq:/x cat
	run -2 ipc-rpc-serve --coprocess -F whole mq:/x cat
	run -2 ipc-rpc-serve --coprocess --frame=lines mq:/x cat
}

@test "a coprocess that dies is started anew, and the request in hand is an error" {
	for family in posix sysv; do
		serve $family --coprocess -- sh -c 'while read -r line; do [ "$line" != die ] || exit 5; echo "$$:$line"; done'
		run -0 call "$q" a
		first=${output%%:*}
		run -125 --separate-stderr call "$q" die
		[ "$output" = "" ]
		[[ $stderr == *"status 5"* ]]
		run -0 call "$q" b
		[ "${output#*:}" = b ]
		[ "${output%%:*}" != "$first" ]
		# Between two requests, too, and that is told at once.
		kill -9 "${output%%:*}"
		eventually grep -q 'sh was ended by SIGKILL' "$tmp/server.err"
		rm "$tmp/server.err"
		run -0 call "$q" c
		[ "${output#*:}" = c ]
		unserve
	done
}

@test "a coprocess that is cut off in a record, writes two or unasked: nobody gets what is not his" {
	serve posix --coprocess -- sh -c 'read -r line; printf torn'
	run -125 --separate-stderr call "$q" a
	[ "$output" = "" ]
	unserve
	# What it leaves running has its output, and a second record never comes.
	serve posix --coprocess -- sh -c 'sleep 60 & echo $! >>'"$tmp/left"'; read -r line; printf "$line"'
	run -125 --separate-stderr call "$q" torn
	[[ $stderr == *"status 0"* ]]
	run -0 call "$q" 'whole\n'
	[ "$output" = whole ]
	kill $(cat "$tmp/left")
	unserve
	serve posix --coprocess -- sh -c 'while read -r line; do printf "%s\nextra\n" "$line"; done'
	for word in a b c; do
		run -0 call "$q" $word
		[ "$output" = "$word" ]
	done
	unserve
	# What comes between two requests is no answer to the second.
	mkfifo "$tmp/go"
	serve posix --coprocess -- sh -c "while read -r line; do echo \"\$line\"; read -r go <$tmp/go; echo unasked; echo >$tmp/done; done"
	run -0 call "$q" a
	[ "$output" = a ]
	echo go >"$tmp/go"
	eventually [ -s "$tmp/done" ]
	run -0 call "$q" b
	[ "$output" = b ]
	grep -q 'nobody asked for' "$tmp/server.err"
	hurry
	serve posix --coprocess -F netstring -- sh -c 'cat >/dev/null & printf "x:broken"; sleep 1'
	run -125 call "$q" a
	unserve
}

@test "a long record through a coprocess, and one that is too long" {
	for family in posix sysv; do
		serve $family --coprocess -- cat
		head -c 3000000 /dev/zero | tr '\0' x >"$tmp/long"
		call "$q" <"$tmp/long" | cmp - <(cat "$tmp/long" && echo)
		run -125 --separate-stderr call "$q" < <(head -c 17000000 /dev/zero | tr '\0' x)
		[[ $stderr == *16384* ]]
		run -0 call "$q" after
		[ "$output" = after ]
		unserve
	done
}

@test "a coprocess that answers and leaves the rest of the request unread: the reply comes" {
	head -c 300000 /dev/zero | tr '\0' x >"$tmp/long"
	for family in posix sysv; do
		serve $family --coprocess -- sh -c 'head -c 9 >/dev/null; echo early; sleep 60'
		run -0 call "$q" <"$tmp/long"
		[ "$output" = early ]
		stopped_by_one_signal
		# Its time goes on, and the next request finds another.
		serve $family --coprocess --command-timeout=200ms -- sh -c 'head -c 9 >/dev/null; echo early; exec sleep 60'
		for i in 1 2; do
			run -0 call "$q" <"$tmp/long"
			[ "$output" = early ]
		done
		unserve
	done
}

@test "--create: REF on stdout, the mode, removed at the end; -v says what happens" {
	serve posix -m 0640 -v -- cat
	[ "$(stat -c %a "/dev/mqueue${q#mq:}")" = 640 ]
	grep -q "serving $q" "$tmp/server.err"
	unserve
	grep -q SIGTERM "$tmp/server.err"
	serve sysv --mode=0600 -- cat
	[ "$(awk 'NR > 1 { print $3 }' /proc/sysvipc/msg)" = 600 ]
	unserve
	run -2 ipc-rpc-serve -m 0600 mq:/x cat
	run -2 ipc-rpc-serve --create -m 0999 mq:/x cat
	run -2 ipc-rpc-serve mq:private cat
	run -2 ipc-rpc-serve --create mq:id:1 cat
	run -2 ipc-rpc-serve mq:/x
	run -4 ipc-rpc-serve mq:/none cat
	run -1 bash -c 'ipc-rpc-serve --create mq:/full cat >/dev/full'
	no_queues
}

@test "--create: a queue that is there: taken over, unless served, foreign or wider open" {
	for family in posix sysv; do
		ref=mq:/there
		[ $family = posix ] || ref=mq:key:0x77
		serve $family -- cat # another one
		first=$server
		ipc-mq-create "$ref" >/dev/null
		rm -f "$tmp/ref2"
		ipc-rpc-serve --create "$ref" cat >"$tmp/ref2" &
		server2=$!
		eventually [ -s "$tmp/ref2" ]
		run -5 limit ipc-rpc-serve --create "$ref" cat
		run -1 limit ipc-rpc-serve "$ref" cat
		kill $server2
		wait $server2 || true
		run -4 ipc-rpc-serve "$ref" cat
		ipc-mq-create -m 0666 "$ref" >/dev/null
		run -5 limit ipc-rpc-serve --create "$ref" cat
		if [ $family = posix ]; then rm /dev/mqueue/there; else ipcrm -Q 0x77; fi
		server=$first
		unserve
	done
	[ "$(id -u)" -eq 0 ] || return 0
	as_nobody ipc-mq-create mq:/theirs
	run -5 ipc-rpc-serve --create mq:/theirs cat
	rm /dev/mqueue/theirs
}

@test "without --create the queue stays" {
	for family in posix sysv; do
		ref=$(new_queue $family)
		ipc-rpc-serve "$ref" cat 3>&- &
		server=$!
		run -0 call "$ref" hello
		[ "$output" = hello ]
		kill $server
		wait $server || true
		run -3 ipc-mq-recv -n "$ref"
	done
}

@test "the first signal finishes what was begun and takes no more; the second ends at once" {
	for family in posix sysv; do
		for signal in INT TERM HUP QUIT; do
			rm -f "$tmp/pids" "$tmp/go"
			mkfifo "$tmp/go"
			serve $family -- sh -c "echo \$\$ >>$tmp/pids; read line <$tmp/go; echo done"
			ipc-rpc-call -t 15 "$q" 1 >"$tmp/first" &
			first=$!
			eventually begun 1
			ipc-rpc-call -t 15 "$q" 2 2>"$tmp/second" &
			second=$!
			eventually holds 1
			kill -$signal $server
			exec 8<>"$tmp/go"
			printf '\n\n' >&8
			wait $first
			[ "$(cat "$tmp/first")" = done ]
			status=0
			wait $second || status=$?
			[ $status -eq 125 ]
			grep -q 'was not run' "$tmp/second"
			exec 8>&-
			unserve $((128 + $(kill -l $signal)))
			begun 1
		done
		rm -f "$tmp/pids"
		serve $family -- sh -c "echo \$\$ >$tmp/pids; trap '' TERM; sleep 60 & wait; wait; sleep 60"
		ipc-rpc-call -t 15 "$q" 1 2>/dev/null &
		first=$!
		eventually begun 1
		hurry
		status=0
		wait $first || status=$?
		[ $status -eq 125 ] || [ $status -eq 137 ]
		eventually ended "$(cat "$tmp/pids")"
	done
}

@test "a queue that is removed under the server: status 4" {
	for family in posix sysv; do
		serve $family -- cat
		if [ $family = posix ]; then rm "/dev/mqueue${q#mq:}"; else ipcrm -q "${q##*:}"; fi
		eventually ended $server
		unserve 4
	done
}

@test "what is no request is dropped with one line, and others go on" {
	for family in posix sysv; do
		serve $family -- cat
		: >"$tmp/server.err"
		ipc-mq-send "$q" '' x "$(printf 'iRPC%60s' '')" "$(printf 'iRPC\001\001%70s' '')"
		run -0 call "$q" good
		[ "$output" = good ]
		[ "$(grep -c 'dropped a message' "$tmp/server.err")" -eq 4 ]
		unserve
	done
}

@test "a System V queue that is full of requests does not keep replies out" {
	serve sysv -- sleep 0.01
	body=$(printf '%01900d' 0)
	for i in $(seq 30); do
		ipc-rpc-call -t 15 "$q" "$body" &
		calls[i]=$!
	done
	for pid in "${calls[@]}"; do wait "$pid"; done
	unserve
	serve sysv -w 4 -- sh -c 'cat; seq 2000'
	for i in $(seq 30); do
		ipc-rpc-call -t 15 "$q" "$body" >"$tmp/out.$i" &
		calls[i]=$!
	done
	for i in $(seq 30); do
		wait "${calls[i]}"
		cmp "$tmp/out.$i" <(printf %s "$body" && seq 2000)
	done
	unserve
}

@test "a System V queue that is full of what nobody will take does not keep replies out, either" {
	mkfifo "$tmp/go"
	q=$(ipc-mq-create -b 300 mq:private)
	ipc-rpc-serve "$q" sh -c "echo >$tmp/begun; read -r go <$tmp/go; cat" 2>"$tmp/server.err" 3>&- &
	server=$!
	ipc-rpc-call -t 15 "$q" reply >"$tmp/out" 3>&- &
	pid=$!
	eventually [ -s "$tmp/begun" ]
	run -3 ipc-mq-send -n -y $((1 << 62 | 999999 << 32 | 1)) "$q" < <(yes '' | head -n 400)
	echo go >"$tmp/go"
	wait $pid
	[ "$(cat "$tmp/out")" = reply ]
	grep -q 'which is for nobody' "$tmp/server.err"
	kill $server
	wait $server || true
	ipcrm -q "${q##*:}"
}

@test "a queue whose messages are too small for a request" {
	ipc-mq-create -d 4 -s 63 mq:/small
	run -1 ipc-rpc-serve mq:/small cat
	[[ $output == *"63 bytes"* ]]
	rm /dev/mqueue/small
	ipc-mq-create -d 4 -s 64 mq:/small
	ipc-rpc-serve mq:/small cat 3>&- &
	server=$!
	for body in x "$(seq 2000)"; do
		run -0 call mq:/small "$body"
		[ "$output" = "$body" ]
	done
	kill $server
	rm /dev/mqueue/small
}

@test "many callers at once, and the descriptors of those that ended come back" {
	serve posix -w 4 -- cat
	for round in 1 2 3; do
		for i in $(seq 30); do
			ipc-rpc-call -t 15 "$q" "$i" >"$tmp/out.$i" &
			calls[i]=$!
		done
		for i in $(seq 30); do
			wait "${calls[i]}"
			[ "$(cat "$tmp/out.$i")" = $i ]
		done
	done
	eventually few_descriptors
	unserve
}
@test "the server has all descriptors that it may have, COMMAND as many as there were" {
	hard=$(ulimit -Hn)
	ulimit -Sn 200
	serve posix -- sh -c 'ulimit -Sn'
	run -0 call "$q" x
	[ "$output" = 200 ]
	[ "$(awk '/^Max open files/ { print $4 }' "/proc/$server/limits")" = "$hard" ]
	unserve
}

# The server ends after one signal, of that.
stopped_by_one_signal() {
	local status=0
	kill $server
	eventually ended $server
	wait $server || status=$?
	[ $status -eq 143 ]
	no_queues
}

@test "a coprocess that never answers does not hold up a server that is to stop, once its caller has gone" {
	head -c 300000 /dev/zero | tr '\0' x >"$tmp/long"
	for family in posix sysv; do
		# It is told by the end of its input, as at any end.
		rm -f "$tmp/begun" "$tmp/end"
		serve $family --coprocess -- sh -c "read -r line; echo >$tmp/begun; read -r line || echo >$tmp/end"
		ipc-rpc-call "$q" x 3>&- &
		pid=$!
		eventually [ -s "$tmp/begun" ]
		kill -9 $pid
		wait $pid || true
		stopped_by_one_signal
		[ -s "$tmp/end" ]
		# A caller that goes only after the signal, and a request that is not read.
		for words in 'read -r line; exec sleep 60' 'exec sleep 60'; do
			rm -f "$tmp/begun"
			serve $family --coprocess -- sh -c "echo >$tmp/begun; $words"
			ipc-rpc-call "$q" <"$tmp/long" 3>&- &
			pid=$!
			eventually [ -s "$tmp/begun" ]
			kill $server
			kill -9 $pid
			wait $pid || true
			eventually ended $server
			unserve
		done
	done
}

few_descriptors() { [ "$(descriptors)" -lt 16 ]; }

@test "a coprocess has a second after the end of its input, then SIGTERM, then SIGKILL" {
	mkfifo "$tmp/go"
	for family in posix sysv; do
		rm -f "$tmp/begun" "$tmp/away"
		# It puts things away for a while; the signal comes while it is at work.
		serve $family --coprocess -- sh -c "
			while read -r line; do echo >$tmp/begun; read -r go <$tmp/go; echo \"\$line\"; done
			sleep 0.3; echo >$tmp/away"
		ipc-rpc-call -t 15 "$q" x >"$tmp/out" 3>&- &
		pid=$!
		eventually [ -s "$tmp/begun" ]
		kill $server
		sleep 0.05 # what comes while it works is what this is about
		echo go >"$tmp/go"
		wait $pid
		[ "$(cat "$tmp/out")" = x ]
		status=0
		wait $server || status=$? # a second signal would end it at once
		[ $status -eq 143 ]
		[ -s "$tmp/away" ]
		# One that will not end.
		serve $family --coprocess -- sh -c "trap '' TERM; echo \$\$ >$tmp/pid; while :; do read -r line && echo \"\$line\" || sleep 9; done"
		run -0 call "$q" x
		unserve
		ended "$(cat "$tmp/pid")"
	done
}

# From here on the server has the faults $1, as strace(1) knows them, until unfault.
fault() {
	command -v strace >/dev/null || skip "strace is not installed"
	[ "$(id -u)" -eq 0 ] || [ "$(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null || echo 0)" -eq 0 ] ||
		skip "strace may not attach here"
	strace -qq -f -b execve -o "$tmp/trace" -e "inject=$1" -p $server 3>&- 9<&- 2>/dev/null &
	tracer=$!
	eventually traced
}

traced() { ! grep -L '^TracerPid:.*[1-9]' /proc/"$server"/task/*/status | grep -q .; }

unfault() {
	kill -9 $tracer
	wait $tracer || true
	tracer=
	grep -q INJECTED "$tmp/trace"
}

@test "a request that cannot be written to COMMAND: the caller is told, nothing hangs" {
	head -c 1000000 /dev/zero >"$tmp/long"
	for family in posix sysv; do
		for error in ENOMEM EIO; do
			serve $family -- cat
			fault write:error=$error:when=1
			run -125 call "$q" <"$tmp/long"
			unfault
			run -0 call "$q" after
			[ "$output" = after ]
			stopped_by_one_signal
			serve $family --coprocess -F netstring -- cat
			fault write:error=$error:when=2
			run -125 call "$q" <"$tmp/long"
			unfault
			run -0 call "$q" after
			[ "$output" = after ]
			stopped_by_one_signal
		done
	done
}

@test "a COMMAND that ended in time was in time, however slowly its reply is read" {
	mkfifo "$tmp/go"
	for family in posix sysv; do
		rm -f "$tmp/pid"
		# What does not fit into desk and output fits into the pipe: COMMAND need not wait.
		serve $family --command-timeout=2 -- sh -c "echo \$\$ >$tmp/pid; head -c 360000 /dev/zero; exit 7"
		(
			status=0
			ipc-rpc-call "$q" x || status=$?
			echo $status >"$tmp/status"
		) 3>&- | { read -r go <"$tmp/go"; wc -c >"$tmp/count"; } 3>&- &
		reader=$!
		eventually [ -s "$tmp/pid" ]
		eventually ended "$(cat "$tmp/pid")"
		sleep 2.2 # its time is over then
		echo go >"$tmp/go"
		wait $reader
		[ "$(cat "$tmp/count")" -eq 360000 ]
		[ "$(cat "$tmp/status")" -eq 7 ]
		unserve
	done
}

# What COMMAND leaves running writes for ever; its reader reads slowly.
writes_on="while :; do printf %04095d\\\\n 0; done"

@test "what COMMAND leaves running does not hold up its reply, however slowly that is read" {
	for family in posix sysv; do
		rm -f "$tmp/left" "$tmp/status"
		serve $family -- sh -c "sh -c '$writes_on' & echo \$! >$tmp/left; sleep 0.3; exit 3"
		(
			status=0
			ipc-rpc-call "$q" x || status=$?
			echo $status >"$tmp/status"
		) 3>&- | python3 -c 'import os, time
while os.read(0, 4096): time.sleep(0.01)' 3>&- &
		reader=$!
		eventually [ -s "$tmp/left" ]
		LIMIT=15 limit tail --pid=$reader -f /dev/null
		ended "$reader"
		[ "$(cat "$tmp/status")" -eq 3 ]
		kill "$(cat "$tmp/left")" || true # nobody has read it any more
		stopped_by_one_signal
	done
}

# Whether $2 bytes or more stand unread in the standard input of process $1, a pipe.
has_unread() {
	python3 -c 'import fcntl, struct, sys, termios
with open(f"/proc/{sys.argv[1]}/fd/0") as pipe:
    unread, = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))
sys.exit(unread < int(sys.argv[2]))' "$@"
}

@test "a coprocess's second record that comes while another request is there is nobody's answer" {
	mkfifo "$tmp/go" "$tmp/never"
	head -c 300000 /dev/zero | tr '\0' x >"$tmp/long"
	echo short >"$tmp/short"
	for family in posix sysv; do
		for request in short long; do
			rm -f "$tmp/pid" "$tmp/answer"
			serve $family --coprocess -- sh -c "
				echo \$\$ >$tmp/pid
				while read -r line; do echo first; read -r go <$tmp/go; echo second; read -r go <$tmp/never; done"
			run -0 call "$q" a
			[ "$output" = first ]
			ipc-rpc-call -t 15 "$q" <"$tmp/$request" >"$tmp/answer" 2>/dev/null 3>&- &
			pid=$!
			eventually has_unread "$(cat "$tmp/pid")" 6
			echo go >"$tmp/go"
			status=0
			wait $pid || status=$?
			[ $status -eq 125 ]
			[ ! -s "$tmp/answer" ]
			run -0 call "$q" b
			[ "$output" = first ]
			unserve
		done
	done
}

# Whether the server has looked at a caller.
knows_caller() { find "/proc/$server/fd" -lname '*pidfd*' | grep -q .; }

# A caller ($pid) that does not end its request before somebody writes to $tmp/hold.
stall() {
	rm -f "$tmp/hold"
	mkfifo "$tmp/hold"
	ipc-rpc-call "$q" 3>&- < <(
		exec 3>&-
		head -c 10000 /dev/zero
		exec timeout 30 cat "$tmp/hold"
	) >"$tmp/out" 2>&1 &
	pid=$!
	eventually knows_caller
}

@test "a caller that stalls in its request holds up a coprocess's worker for its time, and no server that is to stop" {
	for family in posix sysv; do
		serve $family --coprocess --command-timeout=1 -- cat
		stall
		run -0 call "$q" other
		[ "$output" = other ]
		status=0
		wait $pid || status=$?
		[ $status -eq 124 ]
		: 1<>"$tmp/hold"
		unserve
		serve $family --coprocess -- cat
		stall
		stopped_by_one_signal
		status=0
		wait $pid || status=$?
		[ $status -eq 125 ]
		: 1<>"$tmp/hold"
	done
}

# A server of $1, while another of it ends: it is stopped behind its call $2, the one of
# number $3, until that has ended.
restart_at() {
	local first
	rm -f "$tmp/ref" "$tmp/trace"
	ipc-rpc-serve --create "$1" cat >"$tmp/ref" 3>&- 9<&- &
	first=$!
	eventually [ -s "$tmp/ref" ]
	rm "$tmp/ref"
	strace -qq -o "$tmp/trace" -e trace="$2" -e inject="$2:signal=STOP:when=$3" \
		ipc-rpc-serve --create "$1" cat >"$tmp/ref" 2>"$tmp/server.err" 3>&- 9<&- &
	tracer=$!
	eventually grep -q 'stopped by SIGSTOP' "$tmp/trace"
	server=$(pgrep -x -P $tracer ipc-rpc-serve)
	kill $first
	wait $first || true
	kill -CONT "$server"
	eventually served_or_over
}

served_or_over() { [ -s "$tmp/ref" ] || ended $tracer; }

# The number of the first call $2 with $3 in it that a server makes when it takes over $1.
number_of() {
	ipc-mq-create "$1" >/dev/null
	rm -f "$tmp/ref"
	strace -qq -o "$tmp/trace" -e trace="$2" ipc-rpc-serve --create "$1" cat >"$tmp/ref" 3>&- 9<&- &
	tracer=$!
	eventually [ -s "$tmp/ref" ]
	kill "$(pgrep -x -P $tracer ipc-rpc-serve)"
	wait $tracer || true
	grep "^$2(" "$tmp/trace" | grep -n "$3" | sed -n '1s/:.*//p'
}

@test "--create while the last server ends makes the queue anew" {
	command -v strace >/dev/null || skip "strace is not installed"
	for ref in mq:/restart mq:key:0x66; do
		looked=$(number_of $ref fcntl F_GETLK)
		places="mq_open:2 mq_getsetattr:1 mq_getsetattr:2 fcntl:$looked"
		[ $ref = mq:/restart ] || places="msgget:2 msgctl:1 msgctl:3 fcntl:$looked"
		for place in $places; do
			restart_at $ref ${place%:*} ${place#*:}
			run -0 call $ref hello
			[ "$output" = hello ]
			kill "$server"
			wait $tracer || true
			no_queues
		done
	done
}

# Somebody ($locker, of uid $1) has a read lock, of the sort $2, on all bytes that servers lock.
lock_all() {
	rm -f "$tmp/locked"
	setpriv --reuid="$1" --regid="$1" --clear-groups python3 -c 'import fcntl, os, struct, sys, time
file = os.open("/proc/self/ns/ipc", os.O_RDONLY)
fcntl.fcntl(file, int(sys.argv[1]), struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 0, 0, 0))
print("locked", flush=True)
time.sleep(60)' "$2" >"$tmp/locked" 3>&- &
	locker=$!
	eventually [ -s "$tmp/locked" ]
}

@test "a lock of somebody who may not read a System V queue keeps nobody from serving it, nor from calling" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	for command in 6 37; do # F_SETLK, F_OFD_SETLK
		lock_all 65534 $command
		serve sysv -- cat
		run -0 call "$q" hello
		[ "$output" = hello ]
		# Nor does it hide who serves.
		run -1 ipc-rpc-serve "$q" cat
		unserve
		kill $locker
		wait $locker || true
	done
	# Whoever may read the queue may serve it.
	lock_all 65534 6
	q=$(ipc-mq-create -m 0604 mq:private)
	run -1 ipc-rpc-serve "$q" cat
	ipcrm -q "${q##*:}"
	kill $locker
	wait $locker || true
	# A group may that has the locker in it, and not the others.
	lock_all 65534 6
	q=$(ipc-mq-create -m 0640 mq:private)
	serve_ended "$q" 0
	ipc-set -u :65534 "$q"
	run -1 ipc-rpc-serve "$q" cat
	ipcrm -q "${q##*:}"
	kill $locker
	wait $locker || true
}

# A server of $1 can be started; it is ended again, status $2 of its caller.
serve_ended() {
	ipc-rpc-serve "$1" cat 3>&- &
	server=$!
	run -"$2" ipc-rpc-call -t 15 "$1" x
	kill "$server"
	wait "$server" || true
}

@test "System V: a server of whom nothing can be known counts, and is not joined by a second one" {
	need_faults
	serve sysv -- cat
	run -1 limit strace -qq -o /dev/null -P "/proc/$server/status" -e trace=openat \
		-e inject=openat:error=EMFILE ipc-rpc-serve "$q" cat
	run -0 limit strace -qq -o /dev/null -P "/proc/$server/status" -e trace=openat \
		-e inject=openat:error=EMFILE ipc-rpc-call -t 15 "$q" x
	[ "$output" = x ]
	unserve
}

@test "--help says which frame a coprocess cannot have" {
	run -0 ipc-rpc-serve --help
	[[ $(tr '\n' ' ' <<<"$output") == *"cannot be whole"* ]]
}

@test "a System V queue that is served and a semaphore set of the same id do not get into each other's way" {
	serve sysv -- cat
	{ echo "${q##*:}" >/proc/sys/kernel/sem_next_id; } 2>/dev/null || skip "needs sem_next_id, and root"
	set=$(limit ipc-sem create --values=1,2 sem:private)
	[ "${set##*:}" = "${q##*:}" ]
	ipcrm -s "${set##*:}"
	unserve
}
