#!/usr/bin/env bats

# Removing: what was named, and never what is in use and was only selected.

load helpers
load census
load faults

setup_file() { build_actor; }
setup() {
	clear_world
	me=$(id -un)
}
teardown() { end_actors; }

# What is there, one line.
there() { ipc-ls --refs --sort=ref | xargs; }

# Status 0, or 6 for other reasons than what is tested.
as_root_or_incomplete() { or_incomplete "$@" 2>/dev/null; }

@test "removes objects of all kinds and families by name, prints each, and what is in use, too" {
	segment=$(new_segment)
	set=$(new_set)
	queue=$(new_sysv_queue)
	new_file plain
	new_semaphore lock 1
	: >/dev/shm/sem.empty
	ipc-mq-create -d 2 -s 16 mq:/jobs >/dev/null
	act shmat "$segment"
	act map /plain
	run -0 --separate-stderr limit ipc-rm "shm:id:$segment" "sem:id:$set" "mq:id:$queue" shm:/plain sem:/lock mq:/jobs shm:/sem.empty
	printf '%s\n' "shm:id:$segment" "sem:id:$set" "mq:id:$queue" shm:/plain sem:/lock mq:/jobs shm:/sem.empty | diff - <(echo "$output")
	[ "$stderr" = "" ]
	[ "$(there)" = "shm:id:$segment" ] # until it is detached
}

@test "a missing object is status 4, the rest is removed; --force takes it for done" {
	new_file x
	run -4 --separate-stderr limit ipc-rm mq:/none shm:/x shm:id:12345
	[ "$output" = shm:/x ]
	[ "${#stderr_lines[@]}" -eq 2 ]
	run -0 --separate-stderr limit ipc-rm -f mq:/none sem:/none
	[ "$output$stderr" = "" ]
	run -0 limit ipc-rm -f --match='/none*' --orphans
	run -3 limit ipc-rm --match='/none*' --orphans
	run -1 limit ipc-rm -f shm:ftok:/no/such/file
}

@test "a segment that is removed and still attached is not removed again: one line, status 0" {
	id=$(new_segment)
	act shmat "$id"
	run -0 --separate-stderr limit ipc-rm "shm:id:$id"
	[ "$output$stderr" = "shm:id:$id" ]
	for words in "shm:id:$id" "-n shm:id:$id" "-f shm:id:$id" "--match=id:$id shm:id:$id" "-v --owner=$me --match=id:*"; do
		# shellcheck disable=SC2086
		run -0 --separate-stderr limit ipc-rm $words
		[ "$output" = "" ]
		[ "$stderr" = "ipc-rm: shm:id:$id is removed already, and gone when its last user is" ]
	done
	run -0 --separate-stderr limit ipc-rm --owner="$me"
	[ "$output$stderr" = "" ]
	run -3 limit ipc-rm --unheld "shm:id:$id"
}

@test "the same object by two names is removed once" {
	python3 -c 'import ctypes; ctypes.CDLL(None).semget(0x77, 1, 0o1600)'
	id=$(ipc-ls --refs sem:key:0x77)
	run -0 limit ipc-rm sem:key:0x77 "$id" "$id"
	[ "$output" = "$id" ]
}

@test "a file with two names is two objects: both are held by who has it, and both are removed" {
	new_file one
	ln /dev/shm/one /dev/shm/two
	act map /two
	or_incomplete ipc-ls -j -o ref,verdict,holders --waiters >"$tmp/json" 2>/dev/null
	[ "$(jq -c '.objects[] | [.verdict, .holders[0].pid]' "$tmp/json" | sort -u)" = "[\"live\",$actor]" ]
	run -1 --separate-stderr limit ipc-rm --match='/*'
	[ "$output" = "" ]
	[ "$(grep -c "which is in use: held by $actor (actor)" <<<"$stderr")" -eq 2 ]
	run -0 limit ipc-rm shm:/one shm:/two shm:/two
	[ "$output" = $'shm:/one\nshm:/two' ]
	[ "$(there)" = "" ]
}

@test "what would remove too much, or nothing at all, is refused: status 2" {
	new_file x
	for words in '' --kind=shm --family=posix '--kind=shm --family=sysv' --ns=1 -n -f '-f --kind=mq' 'shm:private' '--owner='; do
		# shellcheck disable=SC2086
		run -2 --separate-stderr limit ipc-rm $words
		[ "$output" = "" ]
	done
	[ "$(there)" = shm:/x ]
}

@test "a SELECTION leaves what is held, attached or waited for, and says by whom: status 1" {
	id=$(new_segment)
	set=$(new_set)
	new_file free
	new_file mapped
	ipc-mq-create -d 2 -s 16 mq:/polled >/dev/null
	act shmat "$id"
	attached=$actor
	act map /mapped
	mapped=$actor
	act poll /polled
	polled=$actor
	act semop "$set" 0 -1
	eventually asleep "$actor"
	run -1 --separate-stderr limit ipc-rm --owner="$me"
	[ "$output" = shm:/free ]
	for line in "left shm:id:$id, which is in use: held by $attached (actor)" \
		"left shm:/mapped, which is in use: held by $mapped (actor)" \
		"left mq:/polled, which is in use: held by $polled (actor); waited for by $polled (actor)" \
		"left sem:id:$set, which is in use: waited for by $actor (actor)"; do
		[[ $stderr == *"$line"* ]] || { echo "$stderr" && echo "missing: $line" && false; }
	done
	# Named within a SELECTION it is still only selected.
	run -1 limit ipc-rm --owner="$me" shm:/mapped
	[ -e /dev/shm/mapped ]
	# With --force, or named alone, it goes.
	run -0 limit ipc-rm -f --match=/mapped
	[ "$output" = shm:/mapped ]
	run -0 limit ipc-rm mq:/polled
}

@test "a REF that is there and not selected is not removed: status 3; with --force 0; in use and selected 1" {
	new_file x
	new_file free
	act map /x
	for words in --unheld --kind=mq --family=sysv --older-than=1h --match=/y --orphans --min-size=1G '-n --unheld' '-n --match=/y' '-v --kind=mq'; do
		# shellcheck disable=SC2086
		run -3 --separate-stderr limit ipc-rm $words shm:/x
		[ "$output$stderr" = "" ]
		# shellcheck disable=SC2086
		run -0 --separate-stderr limit ipc-rm -f $words shm:/x
		[ "$output$stderr" = "" ]
	done
	run -3 --separate-stderr limit ipc-rm -v --unheld shm:/x
	[ "$stderr" = 'ipc-rm: left shm:/x: its verdict is live' ]
	run -1 limit ipc-rm --match=/x shm:/x
	# Of several it is enough that one was removed; what is missing is missing all the same.
	run -0 --separate-stderr limit ipc-rm --unheld shm:/x shm:/free
	[ "$output$stderr" = shm:/free ]
	run -4 limit ipc-rm --unheld shm:/x shm:/free
	[ -e /dev/shm/x ]
}

@test "--unheld and --orphans never mean a set or a queue of which nobody knows; -v says why each is left" {
	id=$(new_segment)
	set=$(new_set)
	new_file plain
	run -0 --separate-stderr limit ipc-rm -v --orphans --owner="$me"
	[ "$output" = "shm:id:$id" ]
	[[ $stderr == *"left sem:id:$set: its verdict is unknown"* ]]
	[[ $stderr == *"left shm:/plain: its verdict is unheld"* ]]
	run -6 --separate-stderr limit ipc-rm --owner="$me" --kind=sem
	[ "$output" = "" ]
	[[ $stderr == *"left sem:id:$set: cannot tell whether it is in use"* ]]
	run -0 limit ipc-rm --unheld
	[ "$output" = shm:/plain ]
	[ "$(there)" = "sem:id:$set" ]
}

@test "--min-size means queues, too; one that hides its size is told: status 6" {
	ipc-mq-create -d 4 -s 8000 mq:/large >/dev/null
	ipc-mq-create -d 1 -s 8 mq:/small >/dev/null
	run -0 limit ipc-rm --min-size=8K
	[ "$output" = mq:/large ]
	[ -e /dev/mqueue/small ]
	[ "$(id -u)" -eq 0 ] || return 0
	run -6 --separate-stderr as_nobody ipc-rm --min-size=8K
	[ "$output" = "" ]
	[[ $stderr == *"cannot look into 1 object (mq:/small)"* ]]
	run -3 --separate-stderr as_nobody ipc-rm --min-size=8K --owner=65534
	[ "$stderr" = "" ]
}

@test "--dry-run removes nothing and prints the same" {
	new_file one
	new_file two
	act map /two
	run -1 --separate-stderr limit ipc-rm -n --match='/*'
	[ "$output" = shm:/one ]
	[[ $stderr == *"left shm:/two"* ]]
	run -0 limit ipc-rm -n shm:/two
	[ "$output" = shm:/two ]
	sysv=("shm:id:$(new_segment)" "sem:id:$(new_set)" "mq:id:$(new_sysv_queue)")
	run -0 limit ipc-rm -n "${sysv[@]}"
	[ "$output" = "$(printf '%s\n' "${sysv[@]}")" ]
	run -0 limit ipc-rm -n --orphans
	[ "$output" = "${sysv[0]}" ]
	[ "$(there)" = "$(printf '%s\n' shm:/one shm:/two "${sysv[@]}" | LC_ALL=C sort | xargs)" ]
}

@test "xargs -0 ipc-rm of what ipc-ls --refs -0 printed, whatever it is called" {
	for name in 'a b' $'new\nline' '-n' "quo'te" 'back\slash'; do : >"/dev/shm/$name"; done
	new_set >/dev/null
	new_sysv_queue >/dev/null
	ipc-ls --refs -0 | xargs -0 ipc-rm >"$tmp/out"
	[ "$(wc -l <"$tmp/out")" -eq 7 ]
	[ "$(there)" = "" ]
}

# Starts ipc-rm on the segment $id, and returns when it has chosen and is about to
# look at it for the last time; change it then, and call has_left.
stop_at_last_look() {
	command -v strace >/dev/null || skip "strace is not installed"
	strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
	export ASAN_OPTIONS=detect_leaks=0
	local looks nth begun=${EPOCHREALTIME//[!0-9]/} delay
	looks=$(strace -qq -e trace=shmctl ipc-rm -n --orphans --kind=shm 2>&1 >/dev/null | grep -n 'IPC_STAT')
	[ "$(wc -l <<<"$looks")" -eq 1 ]
	nth=${looks%%:*}
	# Long enough for what is done meanwhile, as slow as this machine is now.
	delay=$((20 * (${EPOCHREALTIME//[!0-9]/} - begun)))
	[ $delay -ge 2000000 ] || delay=2000000
	strace -qq -o "$tmp/trace" -e trace=shmctl -e "inject=shmctl:delay_enter=$delay:when=$nth" \
		ipc-rm --orphans --kind=shm >"$tmp/out" 2>"$tmp/err" 3>&- &
	tracer=$!
	actors+=("$tracer")
	has_chosen() { [ "$(grep -c shmctl "$tmp/trace" 2>/dev/null)" -ge $((nth - 1)) ]; }
	eventually has_chosen
}

# It has left the segment, and says $1.
has_left() {
	local status=0
	wait "$tracer" || status=$?
	[ "$status" -eq 1 ]
	[ ! -s "$tmp/out" ]
	grep -qF "left shm:id:$id$1" "$tmp/err"
}

@test "an object made anew with the same id between selection and removal is left" {
	[ -w /proc/sys/kernel/shm_next_id ] || skip "ids cannot be chosen here"
	id=$(new_segment 4096)
	stop_at_last_look
	ipcrm -m "$id"
	echo "$id" >/proc/sys/kernel/shm_next_id
	[ "$(ipcmk -M 8192 | grep -oE '[0-9]+$')" = "$id" ]
	has_left ': it is not the one that was chosen any more'
	[ "$(ipc-ls -j -o size "shm:id:$id" | field size)" = 8192 ]
}

@test "a segment that somebody attaches between selection and removal is left" {
	id=$(new_segment 4096)
	stop_at_last_look
	act shmat "$id"
	has_left ', which is in use by now'
	[ "$(ipc-ls --raw --noheadings -o nattch,verdict "shm:id:$id")" = '1 live' ]
}

@test "a file put under the same name in between is left; so is one that somebody opens meanwhile" {
	command -v strace >/dev/null || skip "strace is not installed"
	strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
	export ASAN_OPTIONS=detect_leaks=0
	for change in 'mv /dev/shm/other /dev/shm/x' 'exec 7</dev/shm/x'; do
		new_file x
		new_file other
		rm -f "$tmp/trace"
		# Signals are blocked for each lease; stopped before the last one it has chosen.
		nth=$(($(strace -qq -e trace=rt_sigprocmask ipc-rm -n --unheld --match=/x 2>&1 >/dev/null | wc -l) - 1))
		strace -qq -o "$tmp/trace" -e trace=rt_sigprocmask -e "inject=rt_sigprocmask:delay_enter=1500000:when=$nth" \
			ipc-rm --unheld --match=/x >"$tmp/out" 2>"$tmp/err" 3>&- 7<&- &
		tracer=$!
		actors+=("$tracer")
		has_chosen() { [ "$(grep -c sigprocmask "$tmp/trace" 2>/dev/null)" -ge $((nth - 1)) ]; }
		eventually has_chosen
		eval "$change"
		status=0
		wait "$tracer" || status=$?
		[ "$status" -eq 1 ] || { cat "$tmp/err" "$tmp/trace" && false; }
		[ ! -s "$tmp/out" ]
		[ -e /dev/shm/x ]
	done
	exec 7<&-
}

@test "an ordinary user removes his own and is told of the rest" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be somebody else"
	new_file mine
	new_file theirs
	chmod 1777 /dev/shm
	chown nobody /dev/shm/mine
	run -0 as_nobody ipc-rm --unheld --owner=nobody
	[ "$output" = shm:/mine ]
	run -1 as_nobody ipc-rm shm:/theirs
	[[ $output == *"cannot remove shm:/theirs: Operation not permitted"* ]]
	run -6 --separate-stderr as_nobody ipc-rm --match=/theirs
	[[ $stderr == *"left shm:/theirs: cannot tell whether it is in use"* ]]
	# Whether it would be selected cannot be told: the same with its name, and as ipc-ls says.
	for words in --unheld '-v --unheld' '-n --unheld'; do
		# shellcheck disable=SC2086
		run -6 --separate-stderr as_nobody ipc-rm $words shm:/theirs
		[ "$output" = "" ] && [ "$stderr" != "" ]
	done
	run -6 as_nobody ipc-rm --unheld --match=/theirs
	run -6 as_nobody ipc-ls --unheld shm:/theirs
	run -6 as_nobody ipc-rm --pid=2147483647 shm:/theirs
	run -3 as_nobody ipc-rm --pid=2147483647
	[ -e /dev/shm/theirs ]
}

@test "each system call fails once, or it is killed: what is held stays, what is gone was meant" {
	need_faults
	grep -q __asan_init "$BIN/ipc-rm" && skip "too slow under a sanitizer"
	new_file held
	act map /held
	attached=$(new_segment)
	act shmat "$attached"
	prepare() {
		[ -e /dev/shm/free ] || new_file free
		[ "$(ipc-ls --refs --orphans | wc -l)" -gt 0 ] || new_segment >/dev/null
	}
	check() {
		[ -e /dev/shm/held ]
		[ "$status" -le 6 ] || [ "$status" -eq 137 ]
		[ "$(grep -c held "$tmp/out")" -eq 0 ]
		[ "$(ipc-ls --raw --noheadings -o nattch "shm:id:$attached" | cut -d' ' -f1)" = 1 ]
		# What it says it has removed is gone; a segment that was attached never is.
		[ "$(grep -c /free "$tmp/out")" -eq 0 ] || [ ! -e /dev/shm/free ]
	}
	each_fault 'errors kill' prepare check ipc-rm --orphans --owner="$me" --kind=shm --family=sysv
	prepare_file() { new_file free; }
	each_fault 'errors kill' prepare_file check ipc-rm shm:/free
	echo "# $tried of $possible faults" >&3
	[ "$possible" -gt 20 ]
}

@test "the same of files, which a look into all processes and a lease must free" {
	need_faults
	[ "$(id -u)" -eq 0 ] || skip "needs root, to make a PID namespace"
	grep -q __asan_init "$BIN/ipc-rm" && skip "too slow under a sanitizer"
	new_file held
	act map /held
	# Where there are few processes, there are few calls.
	cat >"$tmp/inside" <<-'END'
		set -e
		tmp=$1 RANDOM=${SEED:-1} && . "$2/faults.bash"
		prepare() { [ -e /dev/shm/free ] || head -c 10 /dev/zero >/dev/shm/free; }
		check() {
			[ -e /dev/shm/held ]
			[ "$status" -le 6 ] || [ "$status" -eq 137 ]
			if grep -q held "$tmp/out"; then return 1; fi
			! grep -q free "$tmp/out" || [ ! -e /dev/shm/free ]
			[ "$status" -ne 137 ] || [ -e /dev/shm/free ] || grep -q 'unlink.*free' "$tmp/trace"
		}
		each_fault "$3" prepare check ipc-rm --unheld --match='/*' --kind=shm
		echo "$tried of $possible faults"
	END
	faults='kill'
	[ -z "${SOAK-}" ] || faults='errors kill'
	unshare --pid --fork --mount-proc --propagation private bash "$tmp/inside" "$tmp" "$BATS_TEST_DIRNAME" "$faults" >"$tmp/log" 2>&1 ||
		{ tail -n 5 "$tmp/log" && false; }
	tail -n 1 "$tmp/log" | sed 's/^/# /' >&3
	[ "$(tail -n 1 "$tmp/log" | cut -d' ' -f1)" -gt 40 ]
}

@test "stdout that cannot be written is noticed before anything is removed" {
	new_file x
	run -1 bash -c 'ipc-rm shm:/x >&-'
	[ -e /dev/shm/x ]
	run -1 bash -c 'ipc-rm shm:/x >/dev/full'
}

@test "stdout that fails later: the rest is removed all the same, and told on stderr" {
	for way in full gone; do
		for name in x y z; do new_file $name; done
		run -1 to_$way ipc-rm shm:/x shm:/y shm:/z
		[ "${#lines[@]}" -eq 4 ]
		for name in x y z; do
			[[ $output == *shm:/$name* ]]
			[ ! -e /dev/shm/$name ]
		done
	done
	for name in x y z; do new_file $name; done
	run -1 to_full ipc-rm -n shm:/x shm:/y
	[ "${#lines[@]}" -eq 1 ]
	run -141 to_gone ipc-rm -n shm:/x shm:/y
	[ "$(ipc-ls --refs | wc -l)" -eq 3 ]
}
to_full() { limit "$@" >/dev/full; }
to_gone() { into_nothing "$@"; }

@test "PostgreSQL killed: its leftovers are found and removed, a live one beside it loses nothing" {
	programs=$(find /usr/lib/postgresql/*/bin -maxdepth 0 2>/dev/null | tail -n 1)
	[ -n "$programs" ] && id postgres >/dev/null 2>&1 || skip "PostgreSQL is not installed"
	[ "$(id -u)" -eq 0 ] || skip "needs root to start it as postgres"
	as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups env -i PATH="$programs:$PATH" "$@"; }
	mkdir -p "$tmp/pg"
	chmod 755 "$tmp" "$tmp/.." "$tmp/pg" 2>/dev/null || true
	base=$(mktemp -d /tmp/ipcbox-pg.XXXXXX)
	chown postgres "$base"
	as_postgres initdb -A trust -N -D "$base/one" >/dev/null 2>&1
	cp -a "$base/one" "$base/two"
	for which in one two; do
		# Both kinds of leftovers: its dynamic segments as POSIX objects, or as System V ones.
		kind=posix
		[ $which = two ] || kind=sysv
		as_postgres postgres -D "$base/$which" -k "$base/$which" -h '' -c dynamic_shared_memory_type=$kind \
			-c fsync=off >"$base/$which.log" 2>&1 3>&- &
		actors+=($!)
		eventually test -e "$base/$which/postmaster.pid"
		up() { as_postgres psql -h "$base/$which" -d postgres -qAtc 'select 1' >/dev/null 2>&1; }
		eventually up
	done
	first=$(head -n 1 "$base/one/postmaster.pid")
	or_incomplete ipc-ls --refs --owner=postgres --pid="$first" --sort=ref >"$tmp/first" 2>/dev/null
	[ -s "$tmp/first" ]
	second=$(head -n 1 "$base/two/postmaster.pid")
	or_incomplete ipc-ls --refs --owner=postgres --pid="$second" --sort=ref >"$tmp/second" 2>/dev/null
	# Nothing of a living one is an orphan.
	run -3 limit ipc-rm --orphans --owner=postgres
	# All of it at once: stopped, it starts no more of them.
	kill_server() {
		kill -STOP "$1"
		family="$1 $(pgrep -P "$1" | xargs)"
		# shellcheck disable=SC2086
		kill -KILL $family
		gone() {
			for pid in $family; do
				[ ! -e "/proc/$pid" ] || grep -q 'State:.Z' "/proc/$pid/status" || return 1
			done
		}
		eventually gone
	}
	kill_server "$first"
	# It may have made more meanwhile; of the other's, none is among them.
	or_incomplete ipc-ls --refs --orphans --owner=postgres 2>/dev/null | sort >"$tmp/orphans"
	[ "$(comm -23 <(sort "$tmp/first") "$tmp/orphans")" = "" ]
	[ "$(comm -12 <(sort "$tmp/second") "$tmp/orphans")" = "" ]
	run -0 limit ipc-rm --orphans --owner=postgres
	sort <<<"$output" | diff "$tmp/orphans" -
	ipc-ls --refs --owner=postgres | sort >"$tmp/left"
	[ "$(comm -12 "$tmp/orphans" "$tmp/left")" = "" ]
	[ "$(comm -23 <(sort "$tmp/second") "$tmp/left")" = "" ]
	which=two
	up
	# The other with POSIX segments: of those it is not recorded who made them.
	kill_server "$second"
	run -0 limit ipc-rm --unheld --owner=postgres
	run -0 limit ipc-ls --refs --owner=postgres --kind=shm || [ "$status" -eq 3 ]
	[ "$output" = "" ]
	rm -rf "$base"
}
