#!/usr/bin/env bats

# Waiting for what holds of an object, without taking part in it.

load helpers
load census
load faults

setup_file() { build_actor; }
setup() { clear_world; }
teardown() { end_actors; }

# Starts ipc-wait "$@", which must still wait when the given command has run.
begin() {
	status_file=$tmp/status.$RANDOM
	(
		status=0
		limit ipc-wait -t 15 "$@" || status=$?
		echo "$status" >"$status_file"
	) 3>&- &
	waiting=$!
	actors+=("$waiting")
	# It has to be there, and asleep.
	eventually pgrep -P "$waiting" >/dev/null
	sleeps() { asleep "$(pgrep -f "ipc-wait -t 15 $1" | tail -n 1)" 2>/dev/null; }
	eventually sleeps "$1"
	[ ! -e "$status_file" ]
}

# End all actors but the process $1.
end_actors_but() {
	local pid
	for pid in "${actors[@]}"; do [ "$pid" -eq "$1" ] || kill -9 "$pid" 2>/dev/null || true; done
}

ended_with() {
	eventually test -s "$status_file"
	[ "$(cat "$status_file")" -eq "$1" ]
}

@test "exists and gone, of each kind and family" {
	for ref in shm:/x sem:/x mq:/x; do
		begin "$ref" exists
		case $ref in
		shm:*) new_file x ;;
		sem:*) new_semaphore x 1 ;;
		mq:*) ipc-mq-create -d 1 -s 8 mq:/x >/dev/null ;;
		esac
		ended_with 0
		limit ipc-wait -n "$ref" exists
		begin "$ref" gone
		ipc-rm "$ref" >/dev/null
		ended_with 0
		limit ipc-wait -n "$ref" gone
	done
	begin sem:key:0x99 exists
	python3 -c 'import ctypes; ctypes.CDLL(None).semget(0x99, 1, 0o1600)'
	ended_with 0
	begin sem:key:0x99 gone
	ipc-rm sem:key:0x99 >/dev/null
	ended_with 0
}

@test "a queue's depth: empty, nonempty, full, room, messages-ge and -le, both families" {
	for family in posix sysv; do
		case $family in
		posix) q=$(ipc-mq-create -d 3 -s 8 mq:/depth) ;;
		sysv) q=$(ipc-mq-create -b 24 mq:private) ;;
		esac
		limit ipc-wait -n "$q" empty
		limit ipc-wait -n "$q" room
		begin "$q" nonempty
		ipc-mq-send "$q" 12345678
		ended_with 0
		begin "$q" messages-ge=3
		ipc-mq-send "$q" 12345678 12345678
		ended_with 0
		limit ipc-wait -n "$q" full
		run -3 limit ipc-wait -n "$q" room
		begin "$q" room
		ipc-mq-recv "$q" >/dev/null
		ended_with 0
		begin "$q" messages-le=1
		ipc-mq-recv "$q" >/dev/null
		ended_with 0
		begin "$q" empty
		ipc-mq-recv "$q" >/dev/null
		ended_with 0
		# It has taken nothing, and it is told when the queue goes.
		begin "$q" nonempty
		ipc-rm "$q" >/dev/null
		ended_with 4
	done
}

@test "a semaphore's value, and that of each member of a set" {
	new_semaphore x 0
	begin sem:/x value-ge=2
	printf '\2' | dd of=/dev/shm/sem.x conv=notrunc status=none
	ended_with 0
	run -3 limit ipc-wait -n sem:/x value-le=1
	set=$(new_set 2)
	set_value() { python3 -c 'import ctypes, sys; ctypes.CDLL(None).semctl(*map(int, sys.argv[1:3]), 16, int(sys.argv[3]))' "$set" "$1" "$2"; }
	set_value 0 5
	run -3 limit ipc-wait -n "sem:id:$set" value-ge=3
	begin "sem:id:$set" value-ge=3
	set_value 1 3
	ended_with 0
	run -3 limit ipc-wait -n "sem:id:$set" value-le=4
	limit ipc-wait -n "sem:id:$set" value-le=5
}

@test "held and unheld: a segment, and objects with the end of a mapping" {
	id=$(new_segment)
	limit ipc-wait -n "shm:id:$id" unheld
	begin "shm:id:$id" held
	act shmat "$id"
	ended_with 0
	begin "shm:id:$id" unheld
	kill -9 "$actor"
	ended_with 0
	new_file mapped
	begin shm:/mapped held
	act map /mapped
	ended_with 0
	begin shm:/mapped unheld
	kill -9 "$actor"
	ended_with 0
}

@test "where the system tells, it waits for no interval: files, queues, and what is opened" {
	LIMIT=120 # more than "eventually" waits
	begin shm:/told exists -i 10m -t 10m
	new_file told
	ended_with 0
	begin shm:/told held -i 10m -t 10m
	act open /told
	ended_with 0
	begin shm:/told unheld -i 10m -t 10m
	end_actors_but "$waiting"
	ended_with 0
	begin shm:/told gone -i 10m -t 10m
	rm /dev/shm/told
	ended_with 0
	ipc-mq-create -d 1 -s 8 mq:/told >/dev/null
	begin mq:/told nonempty -i 10m -t 10m
	ipc-mq-send mq:/told x
	ended_with 0
	begin mq:/told room -i 10m -t 10m
	ipc-mq-recv mq:/told >/dev/null
	ended_with 0
	begin mq:/told nonempty -i 10m -t 10m
	ipc-rm mq:/told >/dev/null
	ended_with 4
}

@test "a ring: empty, nonempty, records, full and room" {
	ring=$(ipc-ring-create -s 4K ring:/waited)
	limit ipc-wait -n "$ring" empty
	limit ipc-wait -n "$ring" room
	begin "$ring" nonempty
	ipc-ring-put "$ring" one
	ended_with 0
	begin "$ring" messages-ge=3
	ipc-ring-put "$ring" two three
	ended_with 0
	run -3 limit ipc-wait -n "$ring" full
	begin "$ring" full
	seq 200 | { limit ipc-ring-put -nq "$ring" || true; }
	ended_with 0
	# What is left takes no record of one byte: 24 bytes with what is around it.
	begin "$ring" room
	ipc-ring-get -a "$ring" >/dev/null
	ended_with 0
	for length in 4024 1; do head -c $length /dev/zero | limit ipc-ring-put -F whole "$ring"; done
	run -0 limit ipc-wait -n "$ring" room
	limit ipc-ring-put "$ring" y
	run -3 limit ipc-wait -n "$ring" room
	run -0 limit ipc-wait -n "$ring" full
	run -3 limit ipc-ring-put -n "$ring" z
	limit ipc-ring-get -a "$ring" >/dev/null
	limit ipc-ring-put "$ring" one two three
	begin "$ring" messages-le=1
	ipc-ring-get -c 2 "$ring" >/dev/null
	ended_with 0
	begin "$ring" gone
	ipc-rm "$ring" >/dev/null
	ended_with 0
}

@test "time up: 3, silently; an object that is not there: 4; -q" {
	new_file x
	run -3 --separate-stderr limit ipc-wait -t 50ms shm:/x gone
	[ "$output$stderr" = "" ]
	run -3 --separate-stderr limit ipc-wait -n -i 5ms mq:/none exists
	[ "$output$stderr" = "" ]
	run -4 --separate-stderr limit ipc-wait -n mq:/none empty
	[[ $stderr == *"mq:/none"* ]]
	run -4 --separate-stderr limit ipc-wait -q mq:/none empty
	[ "$stderr" = "" ]
	run -1 limit ipc-wait shm:ftok:/no/such/file exists
}

@test "conditions that the kind has not, and words that are none: status 2" {
	for words in mq:/x 'mq:/x nothing' 'shm:/x empty' 'mq:/x value-ge=1' 'sem:id:1 held' 'mq:id:1 unheld' 'mq:/x messages-ge' \
		'mq:/x messages-ge=-1' 'mq:/x messages-ge=x' 'mq:/x empty=1' 'mq:/x empty more' '-i 0 mq:/x empty' '-t x mq:/x empty' 'mq:private exists'; do
		# shellcheck disable=SC2086
		run -2 limit ipc-wait $words
	done
}

@test "a name that something else has is not gone: it is told, status 1" {
	echo y >/dev/shm/sem.bogus
	echo y >/dev/shm/ring.bogus
	mkdir /dev/shm/sem.folder
	for ref in sem:/bogus ring:/bogus sem:/folder; do
		run -1 --separate-stderr limit ipc-ls "$ref"
		told=${stderr#ipc-ls: }
		run -1 --separate-stderr limit ipc-wait "$ref" gone
		[ "$stderr" = "ipc-wait: $told" ]
		run -1 --separate-stderr limit ipc-wait -q -n "$ref" gone
		[ "$stderr" = "ipc-wait: $told" ]
	done
	run -5 limit ipc-sem create sem:/bogus
	run -3 limit ipc-wait -n sem:/bogus exists
	rm /dev/shm/sem.bogus
	run -0 limit ipc-wait -n sem:/bogus gone
	rmdir /dev/shm/sem.folder
}

@test "what cannot be told is status 6, at once" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be somebody else"
	new_semaphore secret 1
	chmod 600 /dev/shm/sem.secret
	new_file theirs
	run -6 as_nobody ipc-wait sem:/secret value-ge=1
	act map /theirs
	run -6 as_nobody ipc-wait shm:/theirs unheld
	ipc-mq-create -d 1 -s 8 mq:/secret >/dev/null
	run -6 as_nobody ipc-wait mq:/secret empty
	run -0 as_nobody ipc-wait mq:/secret exists
	chmod 700 /dev/shm
	run -6 as_nobody ipc-wait shm:/theirs gone
	run -6 as_nobody ipc-wait -q shm:/theirs exists
	chmod 1777 /dev/shm
}

@test "it does not turn in circles: looking is no event for itself" {
	command -v strace >/dev/null || skip "strace is not installed"
	strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
	export ASAN_OPTIONS=detect_leaks=0
	new_file held
	act map /held
	for words in 'shm:/held unheld' 'shm:/held gone'; do
		# shellcheck disable=SC2086
		run -3 limit strace -qq -o "$tmp/trace" -e trace=poll ipc-wait -t 1 $words
		[ "$(wc -l <"$tmp/trace")" -le 15 ]
	done
}

@test "nor does a queue that has lost its name, and rings on, keep it awake" {
	command -v strace >/dev/null || skip "strace is not installed"
	strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
	export ASAN_OPTIONS=detect_leaks=0
	q=$(ipc-mq-create -d 2 -s 8 mq:/named)
	status=0
	strace -qq -o "$tmp/trace" -e trace=poll ipc-wait -t 2 "$q" nonempty 3>&- &
	tracer=$!
	actors+=("$tracer")
	eventually test -s "$tmp/trace"
	waiter=$(pgrep -P "$tracer")
	kill -STOP "$waiter"
	eventually grep -q stopped "$tmp/trace"
	# The message is in the old one, which somebody still has.
	exec 7<>/dev/mqueue/named
	ipc-mq-send "$q" old
	ipc-rm "$q" >/dev/null
	ipc-mq-create -d 2 -s 8 "$q" >/dev/null
	kill -CONT "$waiter"
	wait "$tracer" || status=$?
	exec 7>&-
	[ "$status" -eq 3 ]
	[ "$(grep -c poll "$tmp/trace")" -le 60 ]
}

@test "a failure or a death at each call: no fault is taken for the condition, and nothing is changed" {
	need_faults
	new_file x
	new_file free
	ipc-mq-create -d 1 -s 8 mq:/none >/dev/null
	id=$(new_segment)
	state() { stat -c '%n %i %u %a %Y %Z' /dev/shm/* && cat /proc/sysvipc/shm; }
	before=$(state)
	prepare() { :; }
	check() {
		[ "$(state)" = "$before" ]
		case $words,$fault in
		*gone,openat*ENOENT | *gone,statx*ENOENT) return 0 ;; # then it is gone
		*held,fcntl*EAGAIN) return 0 ;;                       # then somebody has it
		esac
		[ "$status" -ne 0 ]
		[ "$status" -le 6 ] || [ "$status" -eq 137 ]
	}
	tested=0 all=0
	waits=('kill:shm:/free held' 'errors kill:mq:/none nonempty')
	[ -z "${SOAK-}" ] || waits+=('errors:shm:/free held' 'errors kill:shm:/x gone' "errors kill:shm:id:$id held")
	for words in "${waits[@]}"; do
		faults=${words%%:*} words=${words#*:}
		# shellcheck disable=SC2086
		each_fault "$faults" prepare check ipc-wait -t 10ms -i 10ms $words
		tested=$((tested + tried)) all=$((all + possible))
	done
	echo "# $tested of $all faults" >&3
	[ "$all" -gt 100 ]
	# Nobody holds a lease, and nobody is registered.
	exec 7<>/dev/shm/free 7>&-
	or_incomplete ipc-ls -j -l mq:/none 2>/dev/null | jq -e '.objects[0].notify_pid == null'
}
