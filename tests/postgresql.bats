#!/usr/bin/env bats

# PostgreSQL as a real owner of shared memory: its segments are read and dumped by
# REF while it works, and are as they were afterwards.  Reading a System V segment
# attaches it for a moment, which its attach count and time tell; ipc-mmap-cat(1).

load helpers

setup() {
	server=$(printf '%s\n' /usr/lib/postgresql/*/bin | tail -n 1)
	[ -x "$server/initdb" ] || skip "postgresql is not installed"
	home=$(mktemp -d) # not under bats' own, which others cannot enter
	[ "$(id -u)" -ne 0 ] || chown 65534:65534 "$home"
}
teardown() {
	[ -z "${home-}" ] || { [ ! -e "$home/data/postmaster.pid" ] || stop; rm -rf "$home"; }
}

# As the owner of the server: an ordinary user.
as_owner() { (
	cd "$home" || exit 1
	if [ "$(id -u)" -eq 0 ]; then
		LC_ALL=C timeout 60 setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	else
		LC_ALL=C timeout 60 "$@"
	fi
); }

start() {
	as_owner "$server/initdb" -D "$home/data" -U owner -A trust --no-sync >"$home/initdb.log" 2>&1 ||
		{ cat "$home/initdb.log" && return 1; }
	as_owner "$server/pg_ctl" -D "$home/data" -w -t 50 -l "$home/data/log" -o "-c listen_addresses='' \
		-c unix_socket_directories=$home -c shared_buffers=2MB -c max_connections=5 -c fsync=off \
		-c shared_memory_type=$1 -c dynamic_shared_memory_type=$2" start 3>&- >"$home/start.log" 2>&1 ||
		{ cat "$home/start.log" "$home/data/log" && return 1; }
}
stop() { as_owner "$server/pg_ctl" -D "$home/data" -m immediate -w stop >/dev/null; }
query() { as_owner "$server/psql" -h "$home" -U owner -d postgres -Atc "$1"; }

# The REFs of its shared memory.
segments() {
	awk 'NR > 1 { print "shm:id:" $2 }' /proc/sysvipc/shm
	find /dev/shm -name 'PostgreSQL.*' -printf 'shm:/%f\n'
}
# What must not change: key, id, mode, size, owner and creator, time of change; of files,
# inode and memory, too.
state() {
	awk 'NR > 1 { print $1, $2, $3, $4, $8, $9, $10, $11, $14 }' /proc/sysvipc/shm
	find /dev/shm -name 'PostgreSQL.*' -printf '%f %i %m %s %U %b\n'
}

works_with() {
	start "$1" "$2"
	query 'create table t as select generate_series(1, 1000) as n' >/dev/null
	before=$(state)
	mapfile -t refs < <(segments)
	[ ${#refs[@]} -ge 1 ]
	for ref in "${refs[@]}"; do
		echo "$1 $2: $ref"
		as_owner "$(command -v ipc-mmap-cat)" "$ref" >"$tmp/bytes"
		[ -s "$tmp/bytes" ]
		case $ref in
		shm:id:*) size=$(awk -v id="${ref##*:}" '$2 == id { print $4 }' /proc/sysvipc/shm) ;;
		*) size=$(stat -c %s "/dev/shm/${ref#shm:/}") ;;
		esac
		[ "$(stat -c %s "$tmp/bytes")" -eq "$size" ]
		[ "$size" -le 4096 ] || size=4096
		as_owner "$(command -v ipc-mmap-cat)" -x -l "$size" "$ref" >"$tmp/dump"
		[ "$(tail -n 1 "$tmp/dump")" = "$(printf '%08x' "$size")" ]
	done
	[ "$(state)" = "$before" ]
	[ "$(query 'select sum(n) from t')" = 500500 ]
	stop
	[ "$(segments)" = "" ]
}

@test "shared_memory_type sysv, dynamic_shared_memory_type posix: read, dumped, untouched" {
	works_with sysv posix
}

@test "shared_memory_type sysv, dynamic_shared_memory_type sysv: read, dumped, untouched" {
	works_with sysv sysv
}

@test "shared_memory_type mmap, dynamic_shared_memory_type posix: read, dumped, untouched" {
	works_with mmap posix
}

@test "shared_memory_type mmap, dynamic_shared_memory_type sysv: read, dumped, untouched" {
	works_with mmap sysv
}
