# shellcheck shell=bash
# What the suites about existing objects share.

# In setup_file(): the program that holds objects and waits for them.
build_actor() {
	"${CC:-cc}" -std=gnu17 -D_GNU_SOURCE -O1 -pthread -o "$BATS_FILE_TMPDIR/actor" \
		"$BATS_TEST_DIRNAME/census/actor.c" -lrt
}

# act WHAT ARGUMENT ...: start an actor, which is ready then; its PID is in $actor.
act() {
	local log=$tmp/actor.$RANDOM$RANDOM
	"$BATS_FILE_TMPDIR/actor" "$@" >"$log" 3>&- &
	actor=$!
	eventually grep -q ready "$log"
	actors+=("$actor")
}

# In teardown(): end all actors.
end_actors() {
	local pid
	for pid in "${actors[@]}"; do
		kill -9 "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	actors=()
}

# System V objects; the id of each is printed.
new_segment() { ipcmk -M "${1:-4096}" | grep -oE '[0-9]+$'; }
new_set() { ipcmk -S "${1:-1}" | grep -oE '[0-9]+$'; }
new_sysv_queue() { ipcmk -Q | grep -oE '[0-9]+$'; }

# A file in /dev/shm of $2 zero bytes.
new_file() { head -c "${2:-4096}" /dev/zero >"/dev/shm/$1"; }

# A named semaphore of value $2, as the C library of a 64-bit machine has it.
new_semaphore() {
	python3 -c 'import struct, sys; sys.stdout.buffer.write(struct.pack("<8I", int(sys.argv[1]), 0, 128, 0, 0, 0, 0, 0))' \
		"$2" >"/dev/shm/sem.$1"
}

# One object of each kind and family.
populate() {
	segment=$(new_segment 10000)
	set=$(new_set 3)
	queue=$(new_sysv_queue)
	new_file plain 5000
	new_semaphore lock 7
	ipc-mq-create -d 4 -s 64 mq:/jobs >/dev/null
	ipc-mq-send mq:/jobs one two
}

# Remove everything from this world.
clear_world() {
	rm -rf /dev/shm/* /dev/shm/.[!.]* /dev/mqueue/* 2>/dev/null || true
	ipcrm -a 2>/dev/null || true
}

# One member of the only object of a JSON document: field NAME < DOCUMENT.
field() { jq -r ".objects[0].$1"; }

# The same, but that not all processes could be looked into (status 6) is no
# failure: it is so wherever even root may not look into process 1.
or_incomplete() {
	local status=0
	limit "$@" || status=$?
	[ "$status" -eq 0 ] || [ "$status" -eq 6 ]
}
