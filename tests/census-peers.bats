#!/usr/bin/env bats

# The same random worlds seen by ipc-ls and by lsipc, lsof and find, value by
# value.  Where they differ on purpose: lsipc lists nothing of what is not its
# caller's to open, and takes any file sem.* for a semaphore; POSIX objects are
# compared with the file system instead.  WORLDS says how many, SEED the first.

load helpers
load census

setup() {
	clear_world
	lsipc -J -m >/dev/null 2>&1 || skip "lsipc is not installed"
	: "${SEED:=1}"
}
teardown() { end_actors; }

# A random world; $1 is its seed.
make_world() {
	clear_world
	rm -f "$tmp/generated" # what the last world said
	python3 "$BATS_TEST_DIRNAME/census/generate.py" "$1" >"$tmp/generated" 3>&- &
	actors+=($!)
	eventually grep -q ready "$tmp/generated"
}

compare_sysv() {
	limit ipc-ls -j --family=sysv >"$tmp/ours"
	# Keys are shown as the peers do it; a mode of theirs has flags in front.
	ours() {
		jq -r --arg kind "$1" '.objects[] | select(.kind == $kind) |
			[.key // "0x00000000", .id, (.mode | ltrimstr("0")), .owner] + ['"$2"'] | join(" ")' "$tmp/ours" |
			awk '{ k = substr($1, 3); while (length(k) < 8) k = "0" k; $1 = "0x" k; print }' | sort
	}
	theirs() { lsipc "$1" --raw --noheadings --bytes --numeric-perms -o "KEY,ID,PERMS,OWNER,$2" | awk '{ sub(/^0+/, "", $3); print }' | sort; }
	diff <(ours shm .size,.nattch) <(theirs -m SIZE,NATTCH)
	diff <(ours sem .size) <(theirs -s NSEMS)
	# Of queues this lsipc shows no numeric mode; ipcs does.
	diff <(ours mq .used_bytes,.messages) <(ipcs -q | awk '/^0x/ { print $1, $2, $4, $3, $5, $6 }' | sort)
}

compare_files() {
	limit ipc-ls --refs -0 --kind=shm,sem --family=posix | tr '\0' '\n' | sed 's,^shm:/,,; s,^sem:/,sem.,' | sort >"$tmp/names"
	find /dev/shm -type f -printf '%f\n' | sort | diff "$tmp/names" -
	limit ipc-ls -j --kind=shm,sem --family=posix -o ref,owner,mode,size |
		jq -r '.objects[] | "\(.ref) \(.owner) \(.mode) \(.size)"' | sed 's,^shm:/,,; s,^sem:/,sem.,' | sort >"$tmp/ours"
	find /dev/shm -type f -printf '%f %u 0%m %s\n' | sort | diff "$tmp/ours" -
	# Only what is one is a semaphore.
	limit ipc-ls -j --kind=sem --family=posix | jq -r '.objects[] | "sem.\(.ref[5:]) \(.value)"' | sort >"$tmp/ours"
	for file in /dev/shm/sem.real*; do
		[ ! -e "$file" ] || echo "${file##*/} $(od -An -tu4 -N4 "$file" | tr -d ' ')"
	done | sort | diff "$tmp/ours" -
}

compare_holders() {
	command -v lsof >/dev/null || return 0
	or_incomplete ipc-ls -j -o ref,id,holders --kind=shm 2>/dev/null >"$tmp/holders"
	lsof -n -P -w 2>/dev/null >"$tmp/lsof" || true
	# Of segments lsof does not know the namespace: only our processes are asked.
	jq -r '.objects[] | select(.id != null) | .id as $id | .holders // [] | map(select(. != null)) | .[] | "\(.pid) \($id)"' "$tmp/holders" | sort -u >"$tmp/ours"
	for pid in ${actors[0]} $(pgrep -P "${actors[0]}"); do
		awk -v pid="$pid" '$2 == pid && $4 == "DEL" && $0 ~ / \/SYSV/ { print pid, $(NF - 1) }' "$tmp/lsof"
	done | sort -u | diff "$tmp/ours" -
	jq -r '.objects[] | select(.id == null) | .ref[4:] as $name | .holders // [] | map(select(. != null)) | .[] | "\(.pid) /dev/shm\($name)"' "$tmp/holders" | sort -u >"$tmp/ours"
	for pid in ${actors[0]} $(pgrep -P "${actors[0]}"); do
		awk -v pid="$pid" '$2 == pid && /\/dev\/shm\// && !/\/dev\/shm\/sem\.real/ { sub(/.*\/dev\/shm\//, "/dev/shm/"); print pid, $0 }' "$tmp/lsof"
	done | sort -u | diff "$tmp/ours" -
}

@test "random worlds: objects, their owners, modes, sizes, and who holds them" {
	: "${WORLDS:=$([ -z "${SOAK-}" ] && echo 4 || echo 60)}"
	for ((world = 0; world < WORLDS; world++)); do
		echo "world $((SEED + world))"
		make_world $((SEED + world))
		compare_sysv
		compare_files
		compare_holders
		end_actors
	done
}
