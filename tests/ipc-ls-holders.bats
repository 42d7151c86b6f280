#!/usr/bin/env bats

# Who has an object, who waits for it, and what that makes of it: beside the
# known truth, the kernel's own counts, and where not everything may be seen.

load helpers
load census

setup_file() { build_actor; }
setup() { clear_world; }
teardown() { end_actors; }

# What of "$@" stands in column $1 for the one object, exactly.
column() { or_incomplete ipc-ls --exact --noheadings -o "$@" 2>/dev/null | sed 's/ *$//'; }

# The verdict of the one object, and the holders or waiters that were seen.
verdict() { column verdict "$1"; }
pids() { column "$1" "$2" | sed 's/,?$//; s/^?$//; s/^-$//' | tr , '\n' | sort -n | xargs; }

@test "a segment: attached, twice, cut in three, by a child, by a thread; by exec no more" {
	id=$(new_segment 12288)
	holders=()
	for how in "shmat $id" "shmat $id 2" "split $id" "thread $id"; do
		# shellcheck disable=SC2086
		act $how
		holders+=("$actor")
	done
	act exec "$id"
	act fork "$id"
	holders+=("$actor" "$(pgrep -P "$actor")")
	[ "$(pids holders "shm:id:$id")" = "$(printf '%s\n' "${holders[@]}" | sort -n | xargs)" ]
	# 1 + 2 + 3 + 1 + 1 + 1 mappings: all were found, so the answer is whole.
	run -0 limit ipc-ls -j -o nattch,verdict,holders "shm:id:$id"
	[ "$(jq -c '.objects[0] | [.nattch, .verdict, ([.holders[].mappings] | add), .holders[-1] != null]' <<<"$output")" = '[9,"live",9,true]' ]
	# So it is by two REFs in one go.
	run -0 limit ipc-ls --raw --noheadings -o holders "shm:id:$id" "shm:key:$(ipc-ls -j -o key "shm:id:$id" | field key)"
	[ "${lines[0]}" = "${lines[1]}" ]
	run -0 limit ipc-ls -l "shm:id:$id"
	[[ $output == *"holder:       ${holders[1]} (mapped 2, open 0): "*"actor shmat $id 2"* ]]
}

@test "a segment that was removed while it is attached: unlinked, and its holder is known" {
	id=$(new_segment)
	act shmat "$id"
	ipcrm -m "$id"
	[ "$(verdict "shm:id:$id")" = unlinked ]
	[ "$(pids holders "shm:id:$id")" = "$actor" ]
	[ "$(column key "shm:id:$id")" = - ]
}

@test "many processes: one processor and several find the same, objects without a name included" {
	[ "$(nproc)" -gt 1 ] || skip 'there is one processor'
	for number in {1..20}; do
		new_file "many$number" 4096
		act map "/many$number"
		act map "/many$((number / 2 + 1))"
	done
	rm /dev/shm/many{1..15}
	all=$(taskset -cp $$ | sed 's/.*: //')
	for cpus in "$all" "${all%%[-,]*}"; do
		turn=$((turn + 1))
		or_incomplete taskset -c "$cpus" ipc-ls -j --holders 2>/dev/null >"$tmp/seen"
		jq -c '.objects[] | [.ref, .verdict, .size, (.holders[] | select(. != null) | [.pid, .mappings, .descriptors])]' "$tmp/seen" >"$tmp/seen.$turn"
	done
	diff "$tmp/seen.1" "$tmp/seen.2"
	[ "$(grep -c '"unlinked"' "$tmp/seen.1")" -eq 15 ]
	[ "$(grep -o '\[[0-9]*,1,0\]' "$tmp/seen.1" | wc -l)" -eq 40 ]
	# It is several that look, where there are several.
	strace -f -o "$tmp/trace" -e trace=clone,clone3 ipc-ls --holders >/dev/null 2>&1 || true
	grep -q CLONE_THREAD "$tmp/trace"
}

@test "a process whose first thread has ended: what the others have and wait for is found" {
	id=$(new_segment)
	new_file alone
	ipc-mq-create -d 1 -s 8192 mq:/alone >/dev/null
	set=$(new_set)
	act alone "$id" /alone /alone "$set"
	waits() { [ -n "$(pids waiters "sem:id:$set")" ]; }
	eventually waits
	[ "$(pids holders "shm:id:$id")" = "$actor" ]
	[ "$(pids holders shm:/alone)" = "$actor" ]
	[ "$(pids holders mq:/alone)" = "$actor" ]
	[ "$(or_incomplete ipc-ls -j -o waiters "sem:id:$set" 2>/dev/null | field 'waiters[0].pid')" = "$actor" ]
	# What it has made is nobody's orphan: it lives.
	made=$(or_incomplete ipc-ls --refs --kind=shm --family=sysv 2>/dev/null | grep -v "^shm:id:$id\$")
	[ "$(column creator "$made")" = alive ]
	[ "$(verdict "$made")" = unheld ]
}

@test "a holder that moved to another namespace is missed, and that is told: status 6" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to leave the namespace"
	id=$(new_segment)
	act shmat "$id"
	act unshare "$id"
	run -6 --separate-stderr limit ipc-ls -j -o nattch,verdict,holders "shm:id:$id"
	[ "$(jq -c '.objects[0] | [.nattch, .verdict, (.holders | length), .holders[-1], .complete]' <<<"$output")" = '[2,"live",2,null,null]' ]
}

@test "POSIX objects: open, mapped, by a name that it has not; removed but held" {
	new_file plain
	new_file gone
	act map /plain
	mapper=$actor
	act open /plain
	[ "$(pids holders shm:/plain)" = "$(printf '%s\n' "$mapper" "$actor" | sort -n | xargs)" ]
	# The creator's mapping of a semaphore bears a name that is gone.
	act sem /made
	grep -q 'sem\..*(deleted)' "/proc/$actor/maps"
	[ "$(pids holders sem:/made)" = "$actor" ]
	# What was removed from a directory is no object.
	mkdir /dev/shm/directory
	: >/dev/shm/directory/file
	exec 7</dev/shm/directory/file
	rm -r /dev/shm/directory
	run -1 grep -c file <(ipc-ls --raw --holders 2>/dev/null)
	exec 7<&-
	# Nor is it one that was removed, where the semaphore itself is not meant.
	[ "$(or_incomplete ipc-ls --raw --noheadings -o ref,verdict --match='/??????' 2>/dev/null || true)" = "" ]
	act unlink /gone
	or_incomplete ipc-ls --holders -j -o +verdict 2>"$tmp/err" >"$tmp/json"
	# Of what is mapped, but not open, only root can see more than the name.
	seen='4096,"0644"'
	[ "$(id -u)" -eq 0 ] || seen='null,null'
	[ "$(jq -c '.objects[] | select(.verdict == "unlinked") | [.ref, .size, .mode, (.holders[0].pid == '"$actor"')]' "$tmp/json")" = '["shm:/gone",'"$seen"',true]' ]
	[ "$(id -u)" -eq 0 ] || grep -q 'cannot look into 1 object (shm:/gone)' "$tmp/err"
	run -0 limit ipc-ls --refs
	[[ $output != *gone* ]]
	ipc-mq-create -d 4 -s 64 mq:/held >/dev/null
	act poll /held
	[ "$(pids holders mq:/held)" = "$actor" ]
}

@test "verdicts: orphan, unheld, unknown, live; of a semaphore set and a queue by who used them last" {
	id=$(new_segment)
	new_file plain
	set=$(new_set)
	queue=$(new_sysv_queue)
	[ "$(verdict "shm:id:$id")" = orphan ]
	[ "$(column creator "shm:id:$id")" = dead ]
	for form in -j '--raw --noheadings' --noheadings; do # as they are found, or gathered
		# shellcheck disable=SC2086
		[ "$(limit ipc-ls $form -o creator --kind=shm --family=sysv | grep -c dead)" -eq 1 ]
	done
	[ "$(verdict shm:/plain)" = unheld ]
	run -6 --separate-stderr limit ipc-ls -o verdict --noheadings "sem:id:$set" "mq:id:$queue"
	[ "$(tr -d ' ' <<<"$output" | xargs)" = "unknown unknown" ]
	[[ $stderr == *"cannot tell whether anybody uses 2 System V sets or queues"* ]]
	# What cannot be an orphan is no gap in the answer.
	run -0 limit ipc-ls --refs --orphans
	[ "$output" = "shm:id:$id" ]
	python3 - "$set" "$queue" >"$tmp/used" 3>&- <<-END &
		import ctypes, sys, time
		libc = ctypes.CDLL(None)
		operation = (ctypes.c_short * 3)(0, 1, 0)
		assert libc.semop(int(sys.argv[1]), operation, 1) == 0
		message = (ctypes.c_long * 2)(1, 2)
		assert libc.msgsnd(int(sys.argv[2]), message, 8, 0) == 0
		mine = libc.shmget(0, 4096, 0o1600)
		print("ready", mine, flush=True)
		time.sleep(1000)
	END
	actors+=($!)
	eventually grep -q ready "$tmp/used"
	[ "$(verdict "sem:id:$set")" = live ]
	[ "$(verdict "mq:id:$queue")" = live ]
	mine=$(cut -d' ' -f2 "$tmp/used")
	[ "$(column creator "shm:id:$mine")" = alive ]
	[ "$(verdict "shm:id:$mine")" = unheld ]
	[ "$(ipc-ls --refs --orphans)" = "shm:id:$id" ]
	[ "$(ipc-ls --refs --unheld --sort=ref | xargs)" = "shm:/plain shm:id:$id shm:id:$mine" ]
	[ "$(ipc-ls --refs --pid=${actors[-1]})" = "shm:id:$mine" ]
}

@test "--pid asks of these processes only: what others hide is nothing to it" {
	[ "$(id -u)" -eq 0 ] || skip "needs a process of somebody else"
	new_file mine
	chmod 0644 /dev/shm/mine
	# shellcheck disable=SC2217 # it is not read, but held
	sleep 1000 3>&- </dev/shm/mine &
	actors+=($!)
	ask='exec 5</dev/shm/mine; ipc-ls --refs --kind=shm --pid='
	run -0 --separate-stderr as_nobody bash -c "$ask\$\$"
	[ "$output" = shm:/mine ]
	[ "$stderr" = "" ]
	run -3 --separate-stderr as_nobody bash -c "${ask}2147483647"
	[ "$output$stderr" = "" ]
	run -6 as_nobody bash -c "$ask$!"
	run -6 as_nobody bash -c "$ask$!,\$\$"
	# With what takes a look at all of them it is as before.
	run -6 as_nobody bash -c "exec 5</dev/shm/mine; ipc-ls -o ref,holders --kind=shm --pid=\$\$"
}

@test "a creator's PID that a younger process has now: recycled" {
	[ -w /proc/sys/kernel/ns_last_pid ] || skip "the next PID cannot be chosen here"
	python3 - >"$tmp/made" <<-END
		import ctypes, os
		print(ctypes.CDLL(None).shmget(0, 4096, 0o1600), os.getpid())
	END
	read -r id pid <"$tmp/made"
	# The clock must have gone on by more than a second: then it is certain.
	made=$(ipc-ls -j -o changed_at "shm:id:$id" | field changed_at_epoch)
	later() { [ "$(date +%s)" -gt $((made + 2)) ]; }
	eventually later
	for ((tries = 0; tries < 50; tries++)); do
		sh -c "echo $((pid - 1)) >/proc/sys/kernel/ns_last_pid; exec 3>&-; sleep 1000 & echo \$! >$tmp/reused"
		actors+=("$(cat "$tmp/reused")")
		[ "$(cat "$tmp/reused")" -ne "$pid" ] || break
	done
	[ "$(cat "$tmp/reused")" -eq "$pid" ] || skip "the PID was not to be had again"
	[ "$(column creator "shm:id:$id")" = recycled ]
	[ "$(verdict "shm:id:$id")" = orphan ]
}

@test "a creator is not taken for dead because the date was set" {
	act pause x
	# A private queue of ipc-rpc-call, whose name tells who made it.
	q=mq:/ipcbox-private.$actor.0
	ipc-mq-create -d 1 -s 8 "$q" >/dev/null
	# When the clock said 1970, and the process started later by the clock of today.
	touch -m -d @1000 "/dev/mqueue/${q#*/}"
	[ "$(verdict "$q")" = unheld ]
	kill -9 "$actor"
	wait "$actor" || true
	[ "$(verdict "$q")" = orphan ]
}

@test "waiters by each call, of both families; poll, select and epoll shown as such" {
	set=$(new_set 4)
	full=$(new_sysv_queue)
	empty=$(new_sysv_queue)
	new_file word
	ipc-mq-create -d 1 -s 8192 mq:/full >/dev/null
	ipc-mq-create -d 1 -s 8192 mq:/empty >/dev/null
	expect=()
	for how in "semop $set 2 -1:semop:sem:id:$set" "msgrcv $empty:msgrcv:mq:id:$empty" "msgsnd $full:msgsnd:mq:id:$full" \
		"mqreceive /empty:mq_receive:mq:/empty" "mqsend /full:mq_send:mq:/full" "futex /word:futex:shm:/word" \
		"semwait /zero:futex:sem:/zero" "poll /empty:poll:mq:/empty" "select /empty:select:mq:/empty" "epoll /empty:epoll:mq:/empty"; do
		IFS=: read -r what call ref <<<"$how"
		# shellcheck disable=SC2086
		act $what
		eventually asleep "$actor"
		expect+=("$ref $call $actor")
	done
	or_incomplete ipc-ls -j -o ref,waiters 2>/dev/null >"$tmp/json"
	jq -r '.objects[] | .ref as $ref | .waiters // [] | map(select(. != null)) | .[] | "\($ref) \(.call) \(.pid)"' "$tmp/json" | sort |
		diff <(printf '%s\n' "${expect[@]}" | sort) -
	[ "$(jq -c ".objects[] | select(.ref == \"sem:id:$set\") | .waiters[0].member" "$tmp/json")" = 2 ]
	# Of several operations in one call, the one that cannot be done is waited for.
	act semops "$set"
	eventually asleep "$actor"
	or_incomplete ipc-ls -j -o waiters "sem:id:$set" 2>/dev/null >"$tmp/json"
	[ "$(jq -c ".objects[0].waiters[] | select(.pid == $actor) | .member" "$tmp/json")" = 1 ]
}

@test "futex_wait, futex_waitv, and an epoll of two thousand descriptors" {
	new_file word
	ipc-mq-create -d 1 -s 8192 mq:/watched >/dev/null
	expect=()
	for how in 'futexwait /word:futex:shm:/word' 'futexes /word:futex:shm:/word' 'epoll /watched 2000:epoll:mq:/watched'; do
		IFS=: read -r what call ref <<<"$how"
		# shellcheck disable=SC2086
		act $what
		eventually asleep "$actor" || skip "this kernel has no $what"
		expect+=("$ref $call $actor")
	done
	or_incomplete ipc-ls -j -o ref,waiters 2>/dev/null |
		jq -r '.objects[] | .ref as $ref | .waiters // [] | map(select(. != null)) | .[] | "\($ref) \(.call) \(.pid)"' | sort |
		diff <(printf '%s\n' "${expect[@]}" | sort) -
}

@test "a segment of huge pages, whose file lies elsewhere" {
	free=$(cat /sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages 2>/dev/null || echo 0)
	[ "$free" -ge 2 ] || skip "no pages of 2 MiB are reserved here"
	ref=$(ipc-shm-create --huge=2M -s 4M shm:private) || skip "not allowed to take them"
	act shmat "${ref##*:}"
	new_segment >/dev/null # the other device
	run -0 limit ipc-ls -j -o nattch,verdict,holders "$ref"
	[ "$(jq -c '.objects[0] | [.nattch, .verdict, (.holders | map(.pid))]' <<<"$output")" = "[1,\"live\",[$actor]]" ]
}

@test "a timed wait that was stopped and continued is still a wait" {
	act semtimedwait /timed
	eventually asleep "$actor"
	kill -STOP "$actor"
	eventually grep -q '^State:.T' "/proc/$actor/status"
	[ "$(column waiters sem:/timed | cut -d, -f1)" = "$actor" ]
	[ "$(or_incomplete ipc-ls -j sem:/timed 2>/dev/null | field 'waiters[0].stopped')" = true ]
	kill -CONT "$actor"
	eventually asleep "$actor"
	[ "$(column waiters sem:/timed | cut -d, -f1)" = "$actor" ]
}

@test "a program of 32 bits that waits is known by its own numbers" {
	cat >"$tmp/wait32.c" <<-'END'
		__attribute__((used)) static int call(int n, int a, int b, int c, int d, int e)
		{
			int r;
			__asm__ volatile("int $0x80" : "=a"(r) : "a"(n), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e) : "memory");
			return r;
		}
		void _start(void)
		{
			static short operation[3] = { 1, -1, 0 };
			call(117, 1, ID, 1, 0, (int)operation);
			call(1, 1, 0, 0, 0, 0);
		}
	END
	set=$(new_set 2)
	cc -m32 -static -nostdlib -nostartfiles -fno-pic -no-pie -fno-stack-protector -O0 -DID="$set" -o "$tmp/wait32" "$tmp/wait32.c" 2>/dev/null ||
		skip "no 32-bit programs can be built here"
	"$tmp/wait32" 3>&- &
	actors+=($!)
	waits() { [ "$(ipcs -s -i "$set" | awk '$1 == 1 { print $3 }')" = 1 ]; }
	over() { [ "$(sed 's/.*) //' "/proc/${actors[0]}/stat" | cut -c1)" = Z ]; }
	waits_or_is_over() { waits || over; }
	eventually waits_or_is_over
	waits || skip "no 32-bit programs run here"
	[ "$(pids waiters "sem:id:$set")" = "${actors[0]}" ]
}

@test "2000 blocked tasks: each found, none invented, as GETNCNT counts them" {
	count=300
	[ -z "${SOAK-}" ] || count=2000
	set=$(new_set 4)
	act crowd "$set" $count
	waiting() { ipcs -s -i "$set" | awk '$1 ~ /^[0-3]$/ { sum += $3 } END { print sum }'; }
	all_wait() { [ "$(waiting)" -eq $count ]; }
	eventually all_wait
	# The set's own count is a witness: the answer is whole wherever we may read it.
	run -0 limit ipc-ls -j -o waiters "sem:id:$set"
	jq -r '.objects[0].waiters[].tid' <<<"$output" | sort -n | diff <(pgrep -P "$actor" | sort -n) -
	[ "$(jq -c '[.objects[0].waiters[].member] | group_by(.) | map(length) | unique | length' <<<"$output")" = 1 ]
}

@test "what an ordinary user cannot look into makes the answer incomplete, never empty" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be somebody else"
	new_file open
	chmod 666 /dev/shm/open
	id=$(ipcmk -M 4096 -p 0666 | grep -oE '[0-9]+$')
	act map /open
	act shmat "$id"
	run -6 as_nobody ipc-ls -o ref,verdict,holders --noheadings shm:/open "shm:id:$id"
	[[ $output == *"shm:/open"*"unknown"*"?"* ]]
	[[ $output == *"shm:id:$id"*"live"*"?"* ]]
	[ "$(as_nobody ipc-ls -j -o holders shm:/open 2>/dev/null | jq -c '[.objects[0].holders, .complete]')" = '[null,false]' ]
}

@test "where /proc does not show all, a lease tells whether a POSIX object is held" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be somebody else"
	new_file leased
	chown nobody /dev/shm/leased
	# His own file: he may ask for the lease.
	[ "$(as_nobody ipc-ls -o verdict --noheadings shm:/leased)" = unheld ]
	act map /leased
	run -6 --separate-stderr as_nobody ipc-ls -o verdict,holders --noheadings shm:/leased
	[ "$(xargs <<<"$output")" = "live ?" ]
	# Nobody is disturbed by that.
	kill -0 "$actor"
}

@test "in a PID namespace, where holders may be outside: the witnesses still tell" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to make one"
	new_file held
	new_file free
	id=$(new_segment)
	empty=$(new_segment)
	act map /held
	act shmat "$id"
	inside() { limit unshare --pid --fork --mount-proc --propagation private ipc-ls "$@"; }
	run -6 --separate-stderr inside --raw --noheadings -o ref,verdict,holders --sort=ref
	diff - <<<"$output" <(printf '%s\n' 'shm:/free unheld -' 'shm:/held live ?' "shm:id:$id live ?" "shm:id:$empty unheld -" | LC_ALL=C sort)
	[[ $stderr == *"more outside this PID namespace"* ]]
	# Who made it is outside as well: not known to be dead.
	run -3 inside --refs --orphans
	[ "$(inside --raw --noheadings -o creator "shm:id:$empty")" = '?' ]
	# What the witnesses prove free is all of the answer.
	run -0 inside -j -o verdict,holders shm:/free "shm:id:$empty"
	[ "$(jq -c '[.objects[].holders]' <<<"$output")" = '[[],[]]' ]
	# From outside, one who is inside has the PID that we know him by.
	unshare --pid --fork --kill-child --mount-proc --propagation private "$BATS_FILE_TMPDIR/actor" map /free >"$tmp/log" 3>&- &
	actors+=($!)
	eventually grep -q ready "$tmp/log"
	[ "$(pids holders shm:/free)" = "$(pgrep -P "${actors[-1]}")" ]
}

@test "on a narrow terminal lists are folded between their values, and nothing is cut" {
	command -v script >/dev/null || skip "script is not installed"
	set=$(new_set)
	for _ in 1 2 3 4 5 6; do
		act semop "$set" 0 -1
		eventually asleep "$actor"
	done
	new_file held
	act map /held
	waiting=$(printf '%s\n' "${actors[@]:0:6}" | sort -n | paste -sd,)
	for columns in 150 40 1; do
		limit script -qec "stty cols $columns; ipc-ls --exact -o ref,verdict,holders,waiters" "$tmp/typed" </dev/null >/dev/null || true
		tr -d '\r' <"$tmp/typed" | grep -v '^Script' >"$tmp/screen"
		grep -qE "^shm:/held +live +$actor\b" "$tmp/screen"
		# The waiters are all there, in as many lines as it takes.
		[ "$(sed -n "/^sem:id:$set /,/^[a-z]/p" "$tmp/screen" | sed -n '1p; 2,${/^ /!q; p}' |
			awk '{ printf "%s", $NF }' | sed 's/,?$//')" = "$waiting" ]
		longest=$(awk '{ if (length > most) most = length } END { print most }' "$tmp/screen")
		case $columns in
		150) [ "$(grep -c '^ ' "$tmp/screen")" -eq 0 ] ;;
		40) [ "$longest" -le 40 ] && [ "$(grep -c '^ ' "$tmp/screen")" -gt 0 ] ;;
		1) run -1 grep -E '[0-9],[0-9]' "$tmp/screen" ;; # a value a line
		esac
	done
	# A pipe has no width.
	run ipc-ls --exact -o ref,verdict,holders,waiters
	grep -qE "^sem:id:$set .* $waiting(,\?)?$" <<<"$output"
}

@test "--long: who is to be notified of a queue; command line and control group of each process, once" {
	ipc-mq-create -d 1 -s 8192 mq:/told >/dev/null
	act notify /told
	[ "$(verdict mq:/told)" = live ]
	or_incomplete ipc-ls -l mq:/told 2>/dev/null | grep -q "^  notifies: *$actor (alive): .*actor notify /told$"
	set=$(ipc-sem create sem:private)
	limit ipc-sem run "$set" bash -c 'ipc-ls -l "$1" || [ $? -eq 6 ]' _ "$set" >"$tmp/long" 2>/dev/null
	grep -qE '^  member: +0 value 0, .* last [0-9]+ \(alive\): .*ipc-ls -l' "$tmp/long"
	run -1 --separate-stderr limit ipc-rm --match=/told
	[[ $stderr == *"left mq:/told, which is in use: held by $actor (actor)"* ]]
	act mqreceive /told
	eventually asleep "$actor"
	waiter=$actor
	or_incomplete ipc-ls -l mq:/told 2>/dev/null >"$tmp/long"
	grep -A 1 "^  waiter: *$waiter (in mq_receive): .*actor mqreceive /told$" "$tmp/long" >"$tmp/two"
	[ "$(tail -n 1 "$tmp/two")" = "    cgroup:     $(tail -n 1 "/proc/$waiter/cgroup" | cut -d: -f3-)" ]
	act poll /told # holds it after that one, who waits: each is told once
	eventually asleep "$actor"
	or_incomplete ipc-ls -j -l mq:/told 2>/dev/null >"$tmp/json"
	[ "$(jq -c '.objects[0] | [.notify_pid, (.processes | map(.pid) | sort)]' "$tmp/json")" = "[${actors[0]},[$(printf '%s\n' "${actors[@]}" | sort -n | paste -sd,)]]" ]
	[ "$(jq -r ".objects[0].processes[] | select(.pid == $waiter) | .cgroup" "$tmp/json")" = "$(tail -n 1 "/proc/$waiter/cgroup" | cut -d: -f3-)" ]
	jq -e ".objects[0].processes[] | select(.pid == $waiter) | .command_line | endswith(\"actor mqreceive /told\")" "$tmp/json"
}

@test "processes and objects that come and go: no wrong line, no crash, no hang" {
	command -v stress-ng >/dev/null || skip "stress-ng is not installed"
	seconds=5 begun=$SECONDS
	[ -z "${SOAK-}" ] || seconds=60
	stress-ng --shm 1 --shm-sysv 1 --sem 1 --sem-sysv 1 --mq 1 --msg 1 --timeout 120s --quiet --temp-path "$tmp" >/dev/null 2>&1 3>&- &
	actors+=($!)
	looks=0
	while [ $SECONDS -lt $((begun + seconds)) ] || [ $looks -lt 4 ]; do
		kill -0 "${actors[0]}" # it must not have ended by itself
		or_incomplete ipc-ls -j --holders --waiters >"$tmp/json" 2>"$tmp/err"
		jq -e '.version == 1 and (.objects | all(.ref | test("^(shm|mq|sem):(id:[0-9]+|/[^/\n]+)$"))) and
			(.objects | all((.nattch // 0) >= 0 and .verdict != null))' "$tmp/json" >/dev/null
		run -1 grep -vE 'cannot look into|cannot tell whether|cannot see all' "$tmp/err"
		or_incomplete ipc-ls --dot >/dev/null 2>&1
		looks=$((looks + 1))
	done
	kill "${actors[0]}"
	wait "${actors[0]}" || true
	echo "# $looks looks" >&3
}
