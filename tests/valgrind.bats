#!/usr/bin/env bats

# The tools under valgrind: no read of what was never written, no access out of
# bounds, no descriptor or memory misused.  One run for each way through a tool.

load helpers

setup() {
	command -v valgrind >/dev/null || skip "valgrind is not installed"
	! grep -q __asan_init "$BIN/ipc-mq-send" || skip "a sanitizer is built in already"
}

# clean STATUS COMMAND ...: COMMAND ends with STATUS and valgrind has nothing to say.
clean() {
	local expected=$1 status=0
	LIMIT=100 limit valgrind -q --error-exitcode=99 --child-silent-after-fork=yes \
		--log-file="$tmp/valgrind" "$BIN/$2" "${@:3}" >"$tmp/out" 2>"$tmp/err" || status=$?
	cat "$tmp/valgrind" "$tmp/err"
	[ "$status" -eq "$expected" ]
	run -1 grep '^==' "$tmp/valgrind" # what begins with "--" is about system calls it does not know
}

# Of calls that reach a server valgrind 3.19 cannot see anything: it has no
# pidfd_open(2).  The sanitizers do.
@test "calls: none that reaches a server" {
	ref=$(ipc-mq-create mq:private)
	clean 125 ipc-rpc-call "$ref" x
	clean 124 ipc-rpc-call -t 50ms "$ref" x
	clean 125 ipc-rpc-call mq:/none x
	clean 4 ipc-rpc-serve mq:/none cat
	clean 2 ipc-rpc-serve --create mq:/none
}

@test "queues: create, send, receive, peek" {
	clean 0 ipc-mq-create -d 4 -s 64 mq:/valgrind
	clean 5 ipc-mq-create -d 4 -s 64 mq:/valgrind
	clean 0 ipc-mq-create -e -d 4 -s 64 mq:/valgrind
	clean 1 ipc-mq-create -d 1000000000 mq:/large
	q=$(ipc-mq-create mq:private)
	for ref in mq:/valgrind "$q"; do
		clean 0 ipc-mq-send "$ref" one two
		seq 2 | clean 0 ipc-mq-send "$ref"
		clean 0 ipc-mq-recv -j -c 3 "$ref"
		clean 0 ipc-mq-recv "$ref"
		clean 3 ipc-mq-recv -t 50ms "$ref"
		clean 3 ipc-mq-recv -n "$ref"
		printf '{"base64":"AP8="}\n' | clean 0 ipc-mq-send -j "$ref"
		clean 0 ipc-mq-recv -F netstring -a "$ref"
		ipc-mq-send "$ref" three
		clean 7 ipc-mq-recv "$ref" -- sh -c 'exit 7'
	done
	clean 0 ipc-mq-peek -j "$q"
	clean 0 ipc-mq-recv --at-least-once -a "$q"
	clean 2 ipc-mq-send --no-such-option "$q"
	clean 4 ipc-mq-send mq:/none x
}

@test "rings: create, put, get, peek" {
	clean 0 ipc-ring-create -s 4K ring:/valgrind
	clean 5 ipc-ring-create -s 4K ring:/valgrind
	clean 0 ipc-ring-create -e -s 4K ring:/valgrind
	clean 1 ipc-ring-create -e -s 8K ring:/valgrind
	clean 0 ipc-ring-put ring:/valgrind one two ''
	seq 300 | clean 3 ipc-ring-put -n ring:/valgrind
	clean 0 ipc-ring-get --peek ring:/valgrind
	clean 0 ipc-ring-get -j -c 3 ring:/valgrind
	clean 0 ipc-ring-get --at-most-once ring:/valgrind
	clean 0 ipc-ring-get -a ring:/valgrind
	clean 3 ipc-ring-get -t 50ms ring:/valgrind
	head -c 4080 /dev/zero | clean 0 ipc-ring-put -F whole ring:/valgrind
	clean 0 ipc-ring-get -F netstring ring:/valgrind
	seq 3 | clean 0 ipc-ring-put --end ring:/valgrind
	clean 1 ipc-ring-put ring:/valgrind x
	clean 0 ipc-ring-get -f ring:/valgrind
	truncate -s 12288 /dev/shm/ring.valgrind
	clean 1 ipc-ring-get ring:/valgrind
	clean 4 ipc-ring-put ring:/none x
}

@test "memory: read, dump, store, wait" {
	head -c 300000 /dev/urandom >"$tmp/data"
	ipc-shm-create -i "$tmp/data" shm:/valgrind >/dev/null
	s=$(ipc-shm-create -i "$tmp/data" shm:private)
	for target in shm:/valgrind "$s" "$tmp/data"; do
		for options in '' --holes --zero-copy '-x -o 7 -l 999' '-y f32 -l 4000' '-y f64be -l 4000' \
			'-n --until=0:u8:ge:0'; do
			clean 0 ipc-mmap-cat $options "$target"
		done
		clean 3 ipc-mmap-cat --watch -n -x "$target"
		clean 0 ipc-mmap-cat -w "$target" <"$tmp/data"
		seq 9 | clean 0 ipc-mmap-cat -w -y u32be -o 1 "$target"
		printf '1\nx\n' | clean 1 ipc-mmap-cat -w -y f64 "$target"
		clean 1 ipc-mmap-cat -o 1M "$target"
	done
	printf more | clean 0 ipc-mmap-cat -w -g -o 300000 "$tmp/data"
	clean 4 ipc-mmap-cat shm:/none
	clean 2 ipc-mmap-cat --until=0 shm:/valgrind
}

@test "shared memory: create, replace, accept" {
	printf hello >"$tmp/input"
	clean 0 ipc-shm-create -s 5000 shm:/created
	clean 5 ipc-shm-create -s 5000 shm:/created
	clean 0 ipc-shm-create -e -s 5000 shm:/created
	clean 0 ipc-shm-create -r -i "$tmp/input" shm:/created
	clean 0 ipc-shm-create -i "$tmp/input" -s 9 shm:private
	clean 1 ipc-shm-create -i "$tmp/input" -s 2 shm:key:0x5c
	clean 1 ipc-shm-create -s 1G shm:/too-large
	clean 0 ipc-shm-create --sparse -i - shm:key:0x5c <"$tmp/input"
	clean 125 ipc-isolate --no-such-option true
}

@test "objects: list, choose, change, wait, remove" {
	ipc-mq-create -d 4 -s 64 mq:/listed >/dev/null
	ipcmk -S 3 >/dev/null
	ipcmk -M 10000 >/dev/null
	: >/dev/shm/listed
	for words in '' -j '--raw -o ref,values' --refs '--sort=-size' --limits '--limits -j' 'mq:/listed -o ref'; do
		# shellcheck disable=SC2086
		clean 0 ipc-ls $words
	done
	# Not every process can be looked into everywhere: 0 or 6.
	for words in '-l' '-j -l' '--holders --waiters' --dot --deadlocks; do
		# shellcheck disable=SC2086
		clean 6 ipc-ls $words || clean 0 ipc-ls $words
	done
	clean 3 ipc-ls --match=/none
	clean 4 ipc-ls mq:/none
	clean 0 ipc-set -m 0640 mq:/listed shm:/listed
	clean 0 ipc-wait -n mq:/listed empty
	clean 3 ipc-wait -t 50ms mq:/listed nonempty
	clean 0 ipc-rm -n --orphans
	clean 0 ipc-rm mq:/listed shm:/listed
}

@test "semaphores: create, post, wait, value, set, op, run" {
	posix=sem:/checked
	clean 0 ipc-sem create --values=2 $posix
	clean 5 ipc-sem create $posix
	clean 0 ipc-sem create -e $posix
	clean 0 ipc-sem create --values=2,0 sem:private
	s=$(cat "$tmp/out")
	clean 1 ipc-sem create --values=40000 sem:private
	: >/dev/shm/sem.empty
	clean 1 ipc-sem value sem:/empty
	for ref in "$posix" "$s"; do
		clean 0 ipc-sem post -c 2 "$ref"
		clean 0 ipc-sem wait "$ref"
		clean 0 ipc-sem value "$ref"
		clean 0 ipc-sem value -v "$ref"
		clean 0 ipc-sem value -j "$ref"
		clean 0 ipc-sem set --force "$ref" 1
		clean 0 ipc-sem wait "$ref"
		clean 3 ipc-sem wait -n "$ref"
		clean 3 ipc-sem wait -t 50ms "$ref"
		clean 124 ipc-sem run -n "$ref" true
	done
	# What valgrind does not know, pidfd_open(2), is needed for a POSIX one.
	ipc-sem post "$posix"
	clean 125 ipc-sem run "$posix" true
	clean 124 ipc-sem run -t 50ms "$s" true
	ipc-sem set --force "$s" 1
	clean 3 ipc-sem run "$s" sh -c 'exit 3'
	clean 127 ipc-sem run "$s" "$tmp/none"
	clean 0 ipc-sem op "$s" 0:1 1:2
	clean 3 ipc-sem op -n "$s" 0:-1 1:0
	clean 5 ipc-sem op "$s" 0:-1 -- sh -c 'exit 5'
	clean 1 ipc-sem op "$s" 7:1
	clean 2 ipc-sem op "$s" x
	clean 0 ipc-sem run --create=1 sem:key:0x61 true
	clean 125 ipc-sem run sem:/none true
	clean 2 ipc-sem wiat sem:/none
}
