#!/usr/bin/env bats

# Processes and objects as a graph, and the circles in it.

load helpers
load census

setup_file() { build_actor; }
setup() { clear_world; }
teardown() { end_actors; }

@test "--dot: what is held, waited for and made; who holds nothing is not drawn" {
	id=$(new_segment 8192)
	new_file free
	set=$(new_set)
	act shmat "$id"
	holder=$actor
	act semop "$set" 0 -1
	eventually asleep "$actor"
	or_incomplete ipc-ls --dot 2>/dev/null >"$tmp/dot"
	object() { sed -n "s/^\t\(o[0-9]*\) \[shape=box, label=\"$1\\\\n.*/\1/p" "$tmp/dot"; }
	grep -qxF "	p$holder -> $(object "shm:id:$id") [label=\"held\"];" "$tmp/dot"
	grep -qxF "	p$actor -> $(object "sem:id:$set") [label=\"waits\", style=dashed];" "$tmp/dot"
	[ "$(grep -c -- '->' "$tmp/dot")" -eq 2 ]
	[ "$(grep -c '^	p[0-9]* \[label' "$tmp/dot")" -eq 2 ]
	grep -qF 'label="shm:/free' "$tmp/dot"
	! command -v dot >/dev/null || dot -Tsvg "$tmp/dot" | grep -q "actor"
	python3 - >"$tmp/made" 3>&- <<-END &
		import ctypes, time
		print(ctypes.CDLL(None).shmget(0, 4096, 0o1600), flush=True)
		time.sleep(1000)
	END
	actors+=($!)
	eventually test -s "$tmp/made"
	or_incomplete ipc-ls --dot 2>/dev/null >"$tmp/dot"
	grep -qxF "	p${actors[-1]} -> $(object "shm:id:$(cat "$tmp/made")") [label=\"made\", style=dotted];" "$tmp/dot"
	# Whoever has made or taken something is told by his name, too.
	grep -qxF "	p${actors[-1]} [label=\"$(cat "/proc/${actors[-1]}/comm")\\n${actors[-1]}\"];" "$tmp/dot"
	ipc-sem run --create=1 sem:key:1 sleep 100 3>&- &
	actors+=($!)
	eventually taken sem:key:1
	ipc-sem wait sem:key:1 3>&- &
	actors+=($!)
	eventually waited_for sem:key:1
	or_incomplete ipc-ls --dot sem:key:1 2>/dev/null >"$tmp/dot"
	taker=$(ipc-sem value -j sem:key:1 | jq .last_pid)
	grep -qxF "	p$taker [label=\"sleep\\n$taker\"];" "$tmp/dot"
	[ "$(grep -c "^	p$taker " "$tmp/dot")" -eq 1 ]
}

# Two processes that wait for each other: $one and $two, at $set.
begin_circle() {
	set=$(new_set 2)
	python3 - "$set" <<-END
		import ctypes, sys
		libc = ctypes.CDLL(None)
		for member in 0, 1: libc.semctl(int(sys.argv[1]), member, 16, 1)
	END
	run -0 limit ipc-ls --deadlocks
	[ "$output" = "" ]
	mkfifo "$tmp/go1" "$tmp/go2"
	"$BATS_FILE_TMPDIR/actor" both "$set" 0 1 <"$tmp/go1" >"$tmp/one" 3>&- &
	one=$!
	"$BATS_FILE_TMPDIR/actor" both "$set" 1 0 <"$tmp/go2" >"$tmp/two" 3>&- &
	two=$!
	actors+=("$one" "$two")
	exec 8>"$tmp/go1" 9>"$tmp/go2"
	eventually grep -q ready "$tmp/one"
	eventually grep -q ready "$tmp/two"
	echo >&8
	waits() { ipc-ls --exact --noheadings -o waiters "sem:id:$set" 2>/dev/null | grep -q "$1"; }
	eventually waits "$one"
	or_incomplete ipc-ls --deadlocks # one waits for the other, who runs
	echo >&9
	eventually waits "$two"
	exec 8>&- 9>&-
}

@test "--deadlocks: two processes that wait for each other, and only such" {
	begin_circle
	run -8 limit ipc-ls --deadlocks
	[[ $output == *"waits for sem:id:$set, member "*"; "* ]]
	run -8 limit ipc-ls --deadlocks "sem:id:$set"
	run -4 --separate-stderr limit ipc-ls --deadlocks sem:id:12345
	[[ $stderr == *"cannot find sem:id:12345"* ]]
	run -3 limit ipc-ls --deadlocks --owner=daemon
	run --separate-stderr limit ipc-ls --deadlocks --pid=$$ # nobody holds a set
	[ "$output" = "" ]
	[[ $status == [36] ]]
	run -8 limit ipc-ls --deadlocks -j
	[ "$(jq -c '.deadlocks | length, (.[0] | map(.pid) | sort)' <<<"$output" | xargs)" = "1 [$(printf '%s\n' "$one" "$two" | sort -n | paste -sd,)]" ]
	or_incomplete ipc-ls --dot >"$tmp/dot" 2>/dev/null
	[ "$(grep -c 'color=red' "$tmp/dot")" -eq 4 ]
	! command -v dot >/dev/null || dot -Tsvg "$tmp/dot" | grep -q '<svg'
	# One that is stopped is in nobody's line.
	kill -STOP "$one"
	eventually grep -q '^State:.T' "/proc/$one/status"
	or_incomplete ipc-ls --deadlocks >"$tmp/none"
	[ ! -s "$tmp/none" ]
}

# True while somebody waits for each of the sets named.
waited_for() {
	for ref; do
		ipc-ls --exact --noheadings -o waiters "$ref" 2>/dev/null | grep -q '[0-9]' || return 1
	done
}

# Ends all that waits for the sets, and with it who took them.
end_waits() {
	ipc-rm sem:key:1 sem:key:2 >/dev/null
	wait "${actors[@]}" || true
	actors=()
}

# The script $2 in sh holds the set $1.
hold() {
	ipc-sem run "$1" sh -c "$2" 2>/dev/null 3>&- &
	actors+=($!)
}

# Who runs it may need a moment until he waits for it, too.
found() { ipc-ls --deadlocks 2>/dev/null | grep -q 'taken by'; }

taken() { [ "$(ipc-sem value "$1")" = 0 ]; }

@test "--deadlocks: children of those who have taken, who only wait for them" {
	cd "$tmp"
	for how in '' exec; do
		rm -f go
		ipc-sem create sem:key:1 >/dev/null
		ipc-sem create sem:key:2 >/dev/null
		hold sem:key:1 "until [ -e go ]; do sleep 0.01; done; $how ipc-sem run sem:key:2 true"
		hold sem:key:2 "until [ -e go ]; do sleep 0.01; done; $how ipc-sem run sem:key:1 true"
		eventually taken sem:key:1
		eventually taken sem:key:2
		or_incomplete ipc-ls --deadlocks >none 2>/dev/null
		[ ! -s none ]
		: >go
		eventually waited_for sem:key:1 sem:key:2
		eventually found
		run -8 --separate-stderr limit ipc-ls --deadlocks
		[ "${#lines[@]}" -eq 1 ]
		number='([0-9]+)'
		[[ $output =~ ^$number\ \(ipc-sem\)\ waits\ for\ sem:id:[0-9]+,\ member\ 0,\ taken\ by\ $number,\ who\ waits\ for\ $number\;\ $number\ .*\ taken\ by\ $number,\ who\ waits\ for\ $number$ ]]
		[ "${BASH_REMATCH[1]}" = "${BASH_REMATCH[6]}" ]
		[ "${BASH_REMATCH[3]}" = "${BASH_REMATCH[4]}" ]
		run -8 --separate-stderr limit ipc-ls --deadlocks -j
		[ "$(jq -c '.deadlocks[0] | [length, .[0].taker_waits_for == .[1].pid, .[1].taker_waits_for == .[0].pid]' <<<"$output")" = '[2,true,true]' ]
		or_incomplete ipc-ls --dot >drawn 2>/dev/null
		[ "$(grep -c 'label="waits for".*color=red' drawn)" -eq 2 ]
		end_waits
	done
}

@test "--deadlocks: who runs in what it has taken what takes the same once more" {
	ipc-sem create sem:key:1 >/dev/null
	ipc-sem create sem:key:2 >/dev/null
	hold sem:key:1 'ipc-sem run sem:key:1 true; :'
	eventually waited_for sem:key:1
	eventually found
	run -8 --separate-stderr limit ipc-ls --deadlocks
	[ "${#lines[@]}" -eq 1 ]
	end_waits
	# It has another child, and waits for this one by its PID.
	ipc-sem create sem:key:1 >/dev/null
	ipc-sem create sem:key:2 >/dev/null
	cat >"$tmp/two" <<-'END'
		import subprocess
		other = subprocess.Popen(["sleep", "1000"])
		subprocess.run(["ipc-sem", "run", "sem:key:1", "true"])
		other.kill()
	END
	hold sem:key:1 "exec python3 $tmp/two"
	eventually waited_for sem:key:1
	eventually found
	end_waits
}

@test "--deadlocks: who does something else than wait for that child is in no circle" {
	cd "$tmp"
	# It waits for any of two; it waits for nobody, and could go on at any time.
	for script in 'ipc-sem run sem:key:1 true & sleep 1000 & echo $! >sleeper; wait' \
		'ipc-sem run sem:key:1 true & exec sleep 1000'; do
		rm -f sleeper
		ipc-sem create sem:key:1 >/dev/null
		ipc-sem create sem:key:2 >/dev/null
		hold sem:key:1 "$script"
		eventually waited_for sem:key:1
		[[ $script != *sleeper* ]] || eventually test -s sleeper
		eventually asleep "$(pgrep -P "${actors[-1]}")"
		or_incomplete ipc-ls --deadlocks >none 2>/dev/null
		[ ! -s none ]
		kill "$(cat sleeper 2>/dev/null || pgrep -P "${actors[-1]}")"
		end_waits
	done
}

@test "--deadlocks: what is a circle at one look only is none" {
	command -v strace >/dev/null || skip "strace is not installed"
	strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
	export ASAN_OPTIONS=detect_leaks=0
	begin_circle
	# Stopped before its second look into /proc, until one of the two has gone.
	strace -qq -o "$tmp/trace" -P /proc -e trace=openat -e inject=openat:delay_enter=3000000:when=2 \
		ipc-ls --deadlocks >"$tmp/out" 2>/dev/null 3>&- &
	tracer=$!
	actors+=("$tracer")
	looked() { grep -q '"/proc"' "$tmp/trace" 2>/dev/null; }
	eventually looked
	# For longer than each call takes that is traced.
	stopped() {
		for _ in 1 2 3 4 5; do
			[ "$(pgrep -P "$tracer" | xargs -I{} sed 's/.*) //' /proc/{}/stat | cut -c1)" = t ] || return 1
			sleep 0.02
		done
	}
	eventually stopped
	kill -9 "$one"
	status=0
	wait "$tracer" || status=$?
	[ "$status" -eq 0 ] || [ "$status" -eq 6 ]
	[ ! -s "$tmp/out" ]
}
