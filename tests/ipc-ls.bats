#!/usr/bin/env bats

# Listing: every kind, every form, and nothing hidden.  Who holds and waits is
# tested in ipc-ls-holders.bats and ipc-ls-graph.bats, limits and --watch in
# ipc-ls-monitor.bats, the comparison with peers in census-peers.bats.

load helpers
load census

setup_file() { build_actor; }
setup() { clear_world; }
teardown() { end_actors; }

@test "nothing there: status 0 and no output; with a SELECTION or a REF, 3 and 4" {
	run -0 --separate-stderr limit ipc-ls
	[ "$output$stderr" = "" ]
	run -3 --separate-stderr limit ipc-ls --kind=shm
	[ "$output$stderr" = "" ]
	run -4 --separate-stderr limit ipc-ls mq:/none shm:/none sem:/none shm:id:99 sem:key:0x1
	[ "$output" = "" ]
	[ "${#stderr_lines[@]}" -eq 5 ]
	run -1 limit ipc-ls shm:ftok:/no/such/path
	limit ipc-ls -j | jq -e '. == {version: 1, objects: [], complete: true}'
}

@test "every kind of both families in one table" {
	populate
	run -0 limit ipc-ls -o ref,kind,family,size,messages,value,nattch --sort=ref
	diff <(tr -s ' ' <<<"$output") - <<-END
		REF KIND FAMILY SIZE MESSAGES VALUE NATTCH
		mq:/jobs mq posix 256 2 - -
		mq:id:$queue mq sysv 16K 0 - -
		sem:/lock sem posix 32 - 7 -
		sem:id:$set sem sysv 3 - - -
		shm:/plain shm posix 4.9K - - -
		shm:id:$segment shm sysv 9.8K - - 0
	END
}

@test "--exact, --raw, --noheadings, --sort upwards and downwards" {
	new_file 'a b' 5000
	new_file c 100
	run -0 limit ipc-ls --exact -o ref,size --sort=-size
	diff <(tr -s ' ' <<<"$output") <(printf '%s\n' 'REF SIZE' 'shm:/a b 5000' 'shm:/c 100')
	run -0 limit ipc-ls --raw -o ref,size --sort=size --noheadings
	diff - <(printf '%s\n' 'shm:/c 100' 'shm:/a\x20b 5000') <<<"$output"
	run -0 limit ipc-ls --raw -o ref,size --match='/c'
	diff - <(printf '%s\n' 'REF SIZE' 'shm:/c 100') <<<"$output"
	# By what is not shown, too, in every form.
	ipc-mq-create -d 4 -s 8 mq:/z >/dev/null
	ipc-mq-create -d 4 -s 8 mq:/y >/dev/null
	ipc-mq-send mq:/z 1 2
	ipc-mq-send mq:/y 1234567
	[ "$(ipc-ls --refs --kind=mq --sort=-messages | xargs)" = 'mq:/z mq:/y' ]
	[ "$(ipc-ls --refs --kind=mq --sort=-used_bytes | xargs)" = 'mq:/y mq:/z' ]
	id=$(new_segment)
	[ "$(ipc-ls --raw --noheadings --kind=shm -o ref --sort=verdict | head -n 1)" = "shm:id:$id" ]
	act open /c
	[ "$(or_incomplete ipc-ls --refs --kind=shm --sort=-holders 2>/dev/null | head -n 1)" = shm:/c ]
	# What is printed is read back.
	[ "$(ipc-ls --refs 'shm:/a\x20b')" = 'shm:/a b' ]
}

@test "-o: + appends; a wrong column is refused with the list of the right ones" {
	new_file x 1
	run -0 limit ipc-ls -o +group
	[[ ${lines[0]} == "REF "*" AGE GROUP" ]]
	run -2 --separate-stderr limit ipc-ls -o ref,nothing
	[[ $stderr == *"'nothing'"*used_bytes*holders* ]]
	for wrong in '' ',' 'ref,' ',ref'; do run -2 limit ipc-ls -o "$wrong"; done
	for wrong in ref,size +size -+size ''; do run -2 limit ipc-ls --sort="$wrong"; done
	# Each once: in JSON they are members.
	run -2 --separate-stderr limit ipc-ls -j -o ref,size,REF
	[[ $stderr == *"has the column ref twice"* ]]
	run -0 limit ipc-ls --raw -o +size,group
	[ "$(grep -o SIZE <<<"${lines[0]}" | wc -l)" -eq 1 ]
	run -0 limit ipc-ls -o REF,Size
	[[ ${lines[0]} == REF*SIZE ]]
}

@test "wrong command lines: status 2, nothing on stdout" {
	for words in '-j --raw' '--refs --dot' '-0' '--warn=90' '--limits mq:/x' '--limits --watch' \
		'--watch --refs' '--interval=1s' '--watch -i 1ms' '--watch -i x' '--limits --warn=0' '--limits --warn=101' \
		'-l --raw' '-l -o ref' '--kind=none' '--family=x' '--owner=no-such-user' '--older-than=1w' '--min-size=1x' \
		'--limits -o ref' '--limits --kind=shm' '--limits --owner=0' '--limits --holders' '--limits --sort=ref' \
		'--deadlocks --kind=shm' '--deadlocks --family=posix' '--deadlocks sem:/x' '--deadlocks mq:id:0' \
		'--pid=0' '--ns=x' '--kind=' '--kind=shm,' 'mq:private'; do
		# shellcheck disable=SC2086
		run -2 --separate-stderr limit ipc-ls $words
		[ "$output" = "" ]
	done
}

# The members that the manual promises, with their types.
schema='
def times: (.used_at | type == "string" and test("^[0-9-]{10}T[0-9:]{8}Z$")) and (.used_at_epoch | type == "number") and
	(.changed_at == null or (.changed_at | test("Z$")));
def strings: [.ref, .kind, .family, .owner, .group, .mode] | all(type == "string");
def numbers: [.id, .size, .used_bytes, .messages, .max_messages, .message_size, .value, .nattch, .rss, .swap, .age] |
	all(type == "number" or . == null);
.version == 1 and .complete == true and (.objects | all(times and strings and numbers and (.mode | test("^[0-7]{4}$")) and
	(keys_unsorted == ["ref", "kind", "family", "key", "id", "owner", "group", "mode", "size", "used_bytes", "messages",
	"max_messages", "message_size", "value", "values", "nattch", "rss", "swap", "age", "used_at", "used_at_epoch",
	"changed_at", "changed_at_epoch"])))'

@test "JSON: one document, typed, with the members of the manual" {
	populate
	limit ipc-ls -j >"$tmp/json"
	jq -e "$schema" "$tmp/json"
	for name in $(jq -r '.objects[0] | keys[]' "$tmp/json") creator verdict holders waiters complete; do
		grep -q "^\.It Cm .*$name\|^\.Cm .*$name\|$name" "$top/man/ipc-ls.1" || { echo "not in the manual: $name" && false; }
	done
	[ "$(jq '.objects | length' "$tmp/json")" -eq 6 ]
	run -0 jq -c ".objects[] | select(.ref == \"sem:id:$set\") | [.values, .value, .size, .messages]" "$tmp/json"
	[ "$output" = '[[0,0,0],null,3,null]' ]
	run -0 jq -c '.objects[] | select(.ref == "mq:/jobs") | [.messages, .max_messages, .message_size, .size, .id, .key, .used_bytes]' "$tmp/json"
	[ "$output" = '[2,4,64,256,null,null,null]' ]
	run -0 jq -c '.objects[] | select(.ref == "sem:/lock") | .value' "$tmp/json"
	[ "$output" = 7 ]
	run -0 limit ipc-ls -j -o ref,used_bytes --match=/jobs
	[ "$(jq -c '.objects[0]' <<<"$output")" = '{"ref":"mq:/jobs","used_bytes":6}' ]
}

@test "hostile entries in /dev/shm: listed right in every form, no harm, no hang" {
	mkdir /dev/shm/directory
	mkfifo /dev/shm/fifo
	ln -s /etc/passwd /dev/shm/link
	python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("/dev/shm/socket")'
	: >/dev/shm/empty
	: >/dev/shm/sem.empty
	head -c 32 /dev/urandom >/dev/shm/sem.junk
	mkfifo /dev/shm/sem.fifo
	: >/dev/shm/ring.none
	truncate -s 1T /dev/shm/sparse
	evil=$'evil\033[31m\nmq:forged \\ \xff'
	: >"/dev/shm/$evil"
	printf '%s\n' 'shm:/empty' 'shm:/evil\x1b[31m\x0amq:forged \x5c \xff' shm:/ring.none shm:/sem.empty shm:/sem.junk shm:/sparse >"$tmp/right"
	for form in --refs '--raw --noheadings -o ref' '--noheadings -o ref'; do
		# shellcheck disable=SC2086
		run -0 --separate-stderr limit ipc-ls $form
		[ "$stderr" = "" ]
		sed 's/\\x20/ /g; s/ *$//' <<<"$output" | LC_ALL=C sort | diff - <(LC_ALL=C sort "$tmp/right")
	done
	limit ipc-ls -j | jq -r '.objects[].ref' | LC_ALL=C sort | diff - <(LC_ALL=C sort "$tmp/right")
	[ "$(limit ipc-ls -j 'shm:/sparse' -o size | jq -c '.objects[0].size')" = 1099511627776 ]
	for form in -l --dot --holders; do
		or_incomplete ipc-ls $form >"$tmp/out" 2>&1
		run -1 grep -qP '[^\t\n\x20-\x7e]' "$tmp/out"
	done
	limit ipc-ls --refs -0 --match='/evil*' | xargs -0 ipc-rm
	[ ! -e "/dev/shm/$evil" ]
	for ref in shm:/directory shm:/fifo shm:/link sem:/fifo sem:/junk sem:/empty ring:/none; do
		run -1 limit ipc-ls "$ref"
	done
}

@test "what is listed is not changed by it" {
	populate
	state() { stat -c '%n %X %Y %Z' /dev/shm/* /dev/mqueue/* && ipcs -a -t; }
	state >"$tmp/before"
	or_incomplete ipc-ls -j --holders --waiters >/dev/null 2>&1
	limit ipc-ls >/dev/null
	state | diff "$tmp/before" -
}

@test "what comes without asking takes no look into other processes" {
	command -v strace >/dev/null || skip "strace is not installed"
	strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
	export ASAN_OPTIONS=detect_leaks=0
	populate
	for form in '' -j --refs --raw '--sort=size' '--older-than=1h --refs'; do
		# shellcheck disable=SC2086
		limit strace -qq -o "$tmp/trace" ipc-ls $form >/dev/null || [ $? -eq 3 ]
		run -1 grep -E '^kill|open.*/proc/[0-9"]|getdents.*/proc' "$tmp/trace"
	done
}

@test "a ring is told by what it holds: capacity, records, who made it" {
	command -v ipc-ring-create >/dev/null || skip "there are no rings here"
	ipc-ring-create -s 4096 ring:/told >/dev/null
	printf 'one\ntwo\n' | ipc-ring-put ring:/told
	cp /dev/shm/ring.told /dev/shm/plain
	head -c 20000 /dev/zero >/dev/shm/ring.fake
	limit ipc-ls -j -o ref,kind,size,messages,creator --sort=ref >"$tmp/json"
	[ "$(jq -c '[.objects[] | [.ref, .kind, .messages, .creator]]' "$tmp/json")" = \
		'[["ring:/told","ring",2,"dead"],["shm:/plain","shm",null,null],["shm:/ring.fake","shm",null,null]]' ]
	# With records in it, it is no orphan: somebody may come for them.
	[ "$(ipc-ls --raw --noheadings -o verdict ring:/told)" = unheld ]
	ipc-ring-get -a ring:/told >/dev/null
	[ "$(ipc-ls --refs --orphans)" = ring:/told ]
	[ "$(ipc-rm --orphans --kind=ring)" = ring:/told ]
}

@test "the details of a ring: whether its end is marked, who consumes and who produces" {
	ipc-ring-create -s 4096 ring:/roles >/dev/null
	roles() { or_incomplete ipc-ls -l -j ring:/roles 2>/dev/null | jq -c '.objects[0] | [.ended, .consumer_pid, .producer_pids]'; }
	[ "$(roles)" = '[false,null,[]]' ]
	or_incomplete ipc-ls ring:/roles >"$tmp/text" 2>/dev/null
	grep -A2 '^  ended: ' "$tmp/text" | diff - <(printf '  %-14s%s\n' ended: no consumer: - producer: -)
	mkfifo "$tmp/lines"
	ipc-ring-get -f ring:/roles >"$tmp/got" 3>&- &
	consumer=$!
	ipc-ring-put ring:/roles <"$tmp/lines" 3>&- &
	producer=$!
	exec 9>"$tmp/lines"
	echo one >&9
	eventually grep -q one "$tmp/got"
	[ "$(roles)" = "[false,$consumer,[$producer]]" ]
	or_incomplete ipc-ls ring:/roles >"$tmp/text" 2>/dev/null
	grep -A2 '^  ended: ' "$tmp/text" | diff - <(printf '  %-14s%s\n' ended: no consumer: "$consumer" producer: "$producer")
	# A killed one has no role, whatever is written in the ring.
	kill -KILL "$consumer"
	wait "$consumer" || true
	exec 9>&-
	wait "$producer"
	ipc-ring-put --end ring:/roles </dev/null
	[ "$(roles)" = '[true,null,[]]' ]
	[ "$(id -u)" -ne 0 ] || as_nobody "$BIN/ipc-ls" -l -j ring:/roles 2>/dev/null >"$tmp/json" || [ $? -eq 6 ]
	[ "$(id -u)" -ne 0 ] || [ "$(jq -c '.objects[0] | [.ended, .consumer_pid, .producer_pids]' "$tmp/json")" = '[null,null,null]' ]
}

@test "SELECTION: kinds, families, owners, names, sizes, ages; and" {
	populate
	refs() { limit ipc-ls --refs --sort=ref "$@" | xargs; }
	me=$(id -un)
	[ "$(refs --kind=shm)" = "shm:/plain shm:id:$segment" ]
	[ "$(refs --kind=sem,mq --family=posix)" = "mq:/jobs sem:/lock" ]
	[ "$(refs --kind=sem --kind=shm --family=sysv)" = "sem:id:$set shm:id:$segment" ]
	[ "$(refs --owner="$me" --family=posix --kind=shm)" = shm:/plain ]
	run -3 limit ipc-ls --owner=daemon
	if [ "$(id -u)" -eq 0 ]; then
		chown daemon /dev/shm/plain
		[ "$(refs --owner=daemon)" = shm:/plain ]
		[ "$(refs --owner=1,0 --family=posix --kind=shm)" = shm:/plain ]
	fi
	[ "$(refs --match='/j*' --match='/lo?k')" = "mq:/jobs sem:/lock" ]
	[ "$(refs --match="id:$segment" --kind=shm)" = "shm:id:$segment" ]
	[ "$(refs --min-size=5000)" = "mq:id:$queue shm:/plain shm:id:$segment" ]
	# How large it is, is looked at for that alone, too.
	ipc-mq-create -d 4 -s 8000 mq:/large >/dev/null
	[ "$(refs --min-size=5000 --kind=mq)" = "mq:/large mq:id:$queue" ]
	[ "$(refs --min-size=5000 mq:/large mq:/jobs)" = mq:/large ]
	rm /dev/mqueue/large
	touch -d '2 hours ago' /dev/shm/plain
	[ "$(refs --older-than=1h)" = shm:/plain ]
	[ "$(refs --kind=shm shm:/plain mq:/jobs)" = shm:/plain ]
	run -3 limit ipc-ls --older-than=3h
	run -3 limit ipc-ls --kind=mq shm:/plain
}

@test "a REF names an object by id, key, path or name, and all is told of it" {
	python3 - <<-END
		import ctypes
		libc = ctypes.CDLL(None)
		assert libc.semget(0x4711, 2, 0o1600) >= 0
		assert libc.semget(-2, 1, 0o1600) >= 0
	END
	run -0 limit ipc-ls --refs sem:key:0x4711 sem:key:18193 sem:key:0xfffffffe sem:key:-2
	[ "${lines[0]}" = "${lines[1]}" ]
	[ "${lines[2]}" = "${lines[3]}" ]
	or_incomplete ipc-ls "${lines[0]}" >"$tmp/out" 2>/dev/null
	grep -q '^  member: *1 value 0, waiting for more 0, for zero 0' "$tmp/out"
	ipc-mq-create -d 4 -s 64 mq:/told >/dev/null
	or_incomplete ipc-ls mq:/told >"$tmp/out" 2>/dev/null
	grep -q '^  notifies: *-$' "$tmp/out"
	or_incomplete ipc-ls -j mq:/told 2>/dev/null | jq -e '.objects[0] | .notify_pid == null and .used_bytes == 0 and .uid == '"$(id -u)"' and .processes == []'
}

@test "rss and swap of a segment; where *_STAT_ANY is not there, /proc/sysvipc tells the same" {
	command -v strace >/dev/null || skip "strace is not installed"
	strace -qq -o /dev/null true 2>/dev/null || skip "strace may not trace here"
	populate
	export ASAN_OPTIONS=detect_leaks=0
	limit ipc-ls -j -o ref,key,id,owner,group,mode,size,messages,nattch,used_at,changed_at >"$tmp/any"
	# The calls by index fail as on a kernel that does not know them.
	limit strace -qq -o /dev/null -e inject=shmctl,semctl,msgctl:error=EINVAL:when=2+ \
		ipc-ls -j -o ref,key,id,owner,group,mode,messages,nattch,used_at,changed_at >"$tmp/table"
	diff <(jq '.objects | map(del(.size)) | sort_by(.ref)' "$tmp/any") <(jq '.objects | sort_by(.ref)' "$tmp/table")
	act shmat "$segment"
	python3 - "$segment" <<-END
		import ctypes, sys
		libc = ctypes.CDLL(None)
		libc.shmat.restype = ctypes.c_void_p
		at = libc.shmat(int(sys.argv[1]), None, 0)
		ctypes.memset(at, 1, 10000)
	END
	[ "$(limit ipc-ls -j -o rss --kind=shm --family=sysv | jq '.objects[0].rss')" -eq 12288 ]
}

@test "an ordinary user beside root's objects: nothing missing, what is hidden is told, status 6" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be somebody else"
	populate
	secret=$(ipcmk -S 1 -p 0600 | grep -oE '[0-9]+$')
	ipc-ls --refs | sort >"$tmp/right"
	chmod 0600 /dev/shm/* /dev/mqueue/*
	run -0 as_nobody ipc-ls --refs
	sort <<<"$output" | diff - "$tmp/right"
	run -6 --separate-stderr as_nobody ipc-ls --noheadings -o ref,messages,value --sort=ref
	[[ $output == *"mq:/jobs"*'?'*"sem:/lock"*'?'* ]]
	[[ $stderr == *"cannot look into 3 objects"*"Permission denied"* ]]
	run -6 as_nobody ipc-ls -j
	[ "$(as_nobody ipc-ls -j 2>/dev/null | jq -c '[.complete, (.objects | length)]')" = '[false,7]' ]
	as_nobody ipc-ls -j 2>/dev/null | jq -e '.objects[] | select(.ref == "mq:/jobs") | .messages == null and .owner == "root"'
	# What he did not ask about may hide what it likes.
	as_nobody ipc-mq-create -d 1 -s 8 mq:/own >/dev/null
	for selection in --owner=65534 --match=/own --kind=mq\ --match=/own; do
		# shellcheck disable=SC2086
		run -0 --separate-stderr as_nobody ipc-ls --noheadings -o ref,messages,values $selection
		[ "$stderr" = "" ]
		[ "$(xargs <<<"$output")" = 'mq:/own 0 -' ]
	done
	run -3 --separate-stderr as_nobody ipc-ls --older-than=1h
	[ "$stderr" = "" ]
	[ "$(as_nobody ipc-ls -j --owner=65534 | jq -c '[.complete, (.objects | length)]')" = '[true,1]' ]
	run -6 as_nobody ipc-ls --noheadings -o ref,messages --match='/j*'
	run -6 as_nobody ipc-ls --raw --noheadings -o ref --min-size=1T
	rm /dev/mqueue/own
	# Nor can he see whether something is there, where he may not enter.
	chmod 700 /dev/shm
	run -6 --separate-stderr as_nobody ipc-ls -j shm:/plain shm:/none
	chmod 1777 /dev/shm
	[ "$(jq -c '[.complete, .objects]' <<<"$output")" = '[false,[]]' ]
	[[ $stderr == "ipc-ls: cannot look into 2 objects (shm:/plain, ...): Permission denied" ]]
	# By one REF, too: System V shows itself to everybody, with the id.
	run -6 --separate-stderr as_nobody ipc-ls --raw --noheadings -o ref,owner,values "sem:id:$secret"
	[ "$output" = "sem:id:$secret root ?" ]
}

@test "queues without a mount: root sees them, others are told that they do not" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to mount"
	ipc-mq-create -d 4 -s 64 mq:/unmounted >/dev/null
	cat >"$tmp/inside" <<-END
		set -e
		umount /dev/mqueue
		mount -t tmpfs none /dev/mqueue # an ordinary directory, to ipc-ls
		: >/dev/mqueue/no-queue
		[ "\$(ipc-ls --refs)" = mq:/unmounted ]
		ipc-ls -j -o messages mq:/unmounted | jq -e '.objects[0].messages == 0'
		status=0
		setpriv --reuid=65534 --regid=65534 --clear-groups ipc-ls --refs >$tmp/refs 2>$tmp/err || status=\$?
		[ \$status -eq 6 ]
		[ ! -s $tmp/refs ]
		grep -q 'cannot see the POSIX queues.*not mounted' $tmp/err
	END
	: >"$tmp/refs" && : >"$tmp/err" && chmod 666 "$tmp/refs" "$tmp/err" && chmod 755 "$tmp"
	limit unshare -m --propagation private bash "$tmp/inside"
}

@test "/dev/mqueue of another namespace is not taken for ours" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to leave the namespace"
	ipc-mq-create -d 4 -s 64 mq:/outside >/dev/null
	chmod 644 /dev/mqueue/outside
	cat >"$tmp/inside" <<-END
		set -e
		ipc-ls --refs >$tmp/root
		[ ! -s $tmp/root ]
		status=0
		setpriv --reuid=65534 --regid=65534 --clear-groups ipc-ls --refs >$tmp/refs 2>$tmp/err || status=\$?
		[ \$status -eq 6 ]
		[ ! -s $tmp/refs ]
		grep -q 'another IPC namespace' $tmp/err
	END
	: >"$tmp/refs" && : >"$tmp/err" && chmod 666 "$tmp/refs" "$tmp/err" && chmod 755 "$tmp"
	limit unshare -i bash "$tmp/inside"
}

@test "--ns: the world of a process, by the same ids and names, never mixed up" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to enter another namespace"
	mine=$(new_segment 4096)
	new_file same 1
	ipc-mq-create -d 4 -s 64 mq:/same >/dev/null
	# The other world has the same names and ids, and other sizes.
	"$BATS_TEST_DIRNAME/world" bash -c '
		echo "$2" >/proc/sys/kernel/shm_next_id
		ipcmk -M 8192 >/dev/null
		head -c 2 /dev/zero >/dev/shm/same
		ipc-mq-create -d 3 -s 16 mq:/same >/dev/null
		exec "$1" shmat "$2"' _ "$BATS_FILE_TMPDIR/actor" "$mine" >"$tmp/there" 3>&- &
	other=$!
	actors+=("$other")
	eventually grep -q ready "$tmp/there"
	sizes='[.objects[] | {(.ref): .size}] | add | [."shm:id:'$mine'", ."shm:/same", ."mq:/same"] | tojson'
	[ "$(ipc-ls -j | jq -r "$sizes")" = '[4096,1,256]' ]
	[ "$(ipc-ls -j --ns="$other" | jq -r "$sizes")" = '[8192,2,48]' ]
	# The segment with the same id here has no holder.
	[ "$(ipc-ls -j -o verdict,holders "shm:id:$mine" | jq -c '.objects[0] | [.verdict, .holders]')" = '["orphan",[]]' ]
	[ "$(ipc-ls -j -o verdict,holders --ns="$other" "shm:id:$mine" | jq -c '.objects[0] | [.verdict, (.holders | length)]')" = '["live",1]' ]
	# Nor is one who waits for the set with the same id there.
	set=$(new_set)
	"$BATS_TEST_DIRNAME/world" bash -c '
		echo "$2" >/proc/sys/kernel/sem_next_id
		ipcmk -S 1 >/dev/null
		exec "$1" semop "$2" 0 -1' _ "$BATS_FILE_TMPDIR/actor" "$set" >"$tmp/waits" 3>&- &
	actors+=("$!")
	eventually grep -q ready "$tmp/waits"
	eventually asleep "${actors[-1]}"
	waiters() { or_incomplete ipc-ls -j -o waiters "$@" "sem:id:$set" 2>/dev/null | jq -c '[.objects[0].waiters // [] | .[] | select(. != null).pid]'; }
	[ "$(waiters)" = '[]' ]
	[ "$(waiters --ns="${actors[-1]}")" = "[${actors[-1]}]" ]
	# An ordinary user may not go there: he is told.
	run -6 --separate-stderr as_nobody ipc-ls --refs --ns="$other"
	[[ $stderr == *"System V objects of that namespace"* ]]
	# Nor does he see its settings: none are shown in their place.
	run -6 as_nobody ipc-ls --limits -j --ns="$other"
	run -1 grep -E 'msg_max|shmmni' <<<"$output"
	run -4 limit ipc-ls --ns=2147483647
}

@test "the table on a terminal cuts nothing, and shows UTF-8" {
	command -v script >/dev/null || skip "script is not installed"
	new_file "$(printf 'n%.0s' {1..200})" 1
	new_file 'grün' 1
	for words in '-o ref,size,mode' '' '-o +group,verdict,holders,waiters,used_at'; do
		limit script -qec "stty cols 60; LC_ALL=C.UTF-8 ipc-ls $words" "$tmp/typed" </dev/null >/dev/null || true
		tr -d '\r' <"$tmp/typed" >"$tmp/screen"
		grep -qE "^shm:/n{200} " "$tmp/screen"
		grep -qE '^shm:/grün ' "$tmp/screen"
	done
	run -0 limit ipc-ls -o ref,size,mode
	[[ $output == *"$(printf 'n%.0s' {1..200})"* ]]
}

@test "a pipe that somebody made non-blocking is waited for, in every form" {
	for ((i = 0; i < 400; i++)); do : >"/dev/shm/file$i"; done
	for form in '' -j --raw --refs -l --dot --exact; do
		# shellcheck disable=SC2086
		limit python3 - ipc-ls $form <<-'END' >"$tmp/out"
			import fcntl, os, subprocess, sys
			here, there = os.pipe()
			fcntl.fcntl(there, 1031, 4096) # F_SETPIPE_SZ
			fcntl.fcntl(there, fcntl.F_SETFL, os.O_NONBLOCK)
			process = subprocess.Popen(sys.argv[1:], stdout=there)
			os.close(there)
			# It has filled the pipe, and waits or has given up.
			while int.from_bytes(fcntl.ioctl(here, 0x541B, b"size"), "little") < 3000: pass # FIONREAD
			while open(f"/proc/{process.pid}/stat").read().rsplit(") ")[1][0] not in "SZ": pass
			with open(here, "rb") as pipe: sys.stdout.buffer.write(pipe.read())
			sys.exit(process.wait() not in (0, 6))
		END
		[ "$(grep -o 'shm:/file[0-9]*' "$tmp/out" | sort -u | wc -l)" -eq 400 ]
	done
}

@test "a table with a name in UTF-8 is drawn in every locale" {
	new_file 'grün' 1
	for locale in C POSIX C.UTF-8 xx_YY; do
		run -0 env LC_ALL=$locale timeout 60 ipc-ls -o ref,size,mode shm:/grün
		[[ ${lines[1]} == 'shm:/grün'* ]]
	done
	# And where there is none at all.
	run -0 env LOCPATH=/none LC_ALL=C timeout 60 ipc-ls -o ref,size,mode shm:/grün
	[[ ${lines[1]} == shm:/gr*n* ]]
}

@test "a full disk is told; a list of 3000 queues takes no more memory than one of 10" {
	new_file x 1
	for form in '' -j --raw --refs -l --dot --limits; do
		# shellcheck disable=SC2086
		run -1 bash -c "ipc-ls $form >/dev/full"
	done
	export ASAN_OPTIONS=detect_leaks=0
	! grep -q __asan_init "$BIN/ipc-ls" || return 0
	peak() { command time -f %M ipc-ls --refs 2>&1 >/dev/null | tail -n 1; }
	type -P time >/dev/null || skip "GNU time is not installed" # bash has a word of that name
	for ((i = 0; i < 10; i++)); do ipcmk -Q >/dev/null; done
	few=$(peak)
	python3 -c 'import ctypes; l = ctypes.CDLL(None); [l.msgget(0, 0o1600) for _ in range(3000)]'
	[ "$(ipc-ls --refs | wc -l)" -eq 3011 ]
	[ "$(peak)" -le $((few + 600)) ]
}
