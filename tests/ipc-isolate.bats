#!/usr/bin/env bats

# What is not tested: a kernel without POSIX message queues, and one on which an
# ordinary user may have no user namespace.  /dev is one for all namespaces, so
# /dev/mqueue is taken away only in a private one, under a tmpfs.

load helpers

# Runs "$@" as an ordinary user: as ourselves, if we are one.
as_ordinary() { if [ "$(id -u)" -eq 0 ]; then as_nobody "$@"; else limit "$@"; fi; }

isolate=$(cd "$BIN" && pwd)/ipc-isolate

@test "COMMAND sees none of the objects outside, and they are as they were" {
	ipc-mq-create -d 1 -s 8 -m 0666 mq:/outside
	ipc-mq-create mq:key:0x61
	ipc-shm-create -s 1 -m 0666 shm:/outside
	ipc-shm-create -s 1 -m 0666 shm:key:0x61
	before=$(ls -l /dev/shm /dev/mqueue && ipcs)
	for as in limit as_ordinary; do
		run -0 $as "$isolate" sh -c '
			ls -A /dev/shm /dev/mqueue
			ipcs -q | grep 0x
			ipcs -m | grep 0x
			"$1/ipc-mq-recv" -n mq:/outside; echo "queue $?"
			rm -f /dev/shm/* /dev/mqueue/*' _ "$(cd "$BIN" && pwd)"
		[ "$output" = "/dev/mqueue:

/dev/shm:
ipc-mq-recv: cannot open mq:/outside: No such file or directory
queue 4" ]
		[ "$(ls -l /dev/shm /dev/mqueue && ipcs)" = "$before" ]
	done
}

@test "what COMMAND makes is its own, works, and is gone with it" {
	before=$(ls -lA /dev/shm /dev/mqueue && ipcs)
	for as in limit as_ordinary; do
		run -0 $as env PATH="$PATH" "$isolate" sh -euc '
			ipc-mq-create -d 2 -s 8 mq:/own
			ipc-mq-send mq:/own hello
			ipc-mq-recv -n mq:/own
			echo world | ipc-shm-create -i - shm:/own
			cat /dev/shm/own
			ipc-shm-create -s 4K shm:key:0x62
			ls /dev/shm /dev/mqueue'
		[ "$output" = "mq:/own
hello
shm:/own
world
shm:id:0
/dev/mqueue:
own

/dev/shm:
own" ]
		[ "$(ls -lA /dev/shm /dev/mqueue && ipcs)" = "$before" ]
	done
}

@test "two of them do not see each other" {
	run -0 limit "$isolate" sh -c 'touch /dev/shm/first && exec "$0" ls -A /dev/shm' "$isolate"
	[ "$output" = "" ]
	run -0 as_ordinary "$isolate" sh -c 'touch /dev/shm/first && exec "$0" ls -A /dev/shm' "$isolate"
	[ "$output" = "" ]
}

@test "user, group and process id are what they were: it becomes COMMAND" {
	for as in limit as_ordinary; do
		run -0 $as sh -c 'id -u; id -g; echo $$; exec "$0" sh -c "id -u; id -g; echo \$\$"' "$isolate"
		[ "${lines[0]} ${lines[1]} ${lines[2]}" = "${lines[3]} ${lines[4]} ${lines[5]}" ]
	done
	run -0 as_ordinary "$isolate" sh -c 'touch "$1/file" 2>/dev/null || : >/dev/shm/file; stat -c %u /dev/shm/file' _ /
	[ "$output" = "$(as_ordinary id -u)" ]
}

@test "the status is COMMAND's; 126 it cannot be run, 127 it is not found" {
	for as in limit as_ordinary; do
		for n in 0 1 2 5 124 255; do run -$n $as "$isolate" sh -c "exit $n"; done
		run -7 $as "$isolate" -- sh -c 'exit 7'
		run -127 $as "$isolate" /dev/shm/none
		run -127 $as env PATH=/usr/bin:/bin "$isolate" no-such-command-here
		run -126 $as "$isolate" /
	done
	run -127 limit "$isolate" ''
}

@test "a signal kills COMMAND itself, and nothing stands between" {
	for signal in TERM INT HUP QUIT KILL USR1; do
		env --default-signal "$isolate" sleep 100 3>&- &
		pid=$!
		eventually grep -qx sleep "/proc/$pid/comm"
		kill -"$signal" "$pid"
		status=0
		wait "$pid" || status=$?
		[ "$status" -eq $((128 + $(kill -l "$signal"))) ]
	done
}

@test "ignored signals, the mask, descriptors and the umask are handed on" {
	run -0 limit bash -c 'trap "" HUP; umask 027; exec 7<<<seven; exec "$0" bash -c "cat <&7; umask; kill -HUP \$\$; echo alive"' "$isolate"
	[ "$output" = $'seven\n0027\nalive' ]
}

@test "the first word after the options begins COMMAND, and all else is its own" {
	run -0 limit "$isolate" --shm-size=1M echo --shm-size=2M -h --
	[ "$output" = "--shm-size=2M -h --" ]
	run -0 limit "$isolate" -- echo -- -V
	[ "$output" = "-- -V" ]
}

@test "/dev/shm is as large as the system's, or as --shm-size says" {
	for as in limit as_ordinary; do
		run -0 $as "$isolate" stat -f -c '%b %S' /dev/shm
		[ "$output" = "$(stat -f -c '%b %S' /dev/shm)" ]
		run -0 $as "$isolate" --shm-size=3M stat -f -c '%b %S' /dev/shm
		[ $((${output/ /*})) -eq $((3 << 20)) ]
		run -0 $as "$isolate" --shm-size=1M stat -c '%a %F' /dev/shm
		[ "$output" = "1777 directory" ]
	done
	run -1 limit "$isolate" --shm-size=1M dd if=/dev/zero of=/dev/shm/x bs=64K count=17 status=none
}

@test "who stands in /dev/shm stands in the new one afterwards" {
	cd /dev/shm
	touch outside
	run -0 limit "$isolate" sh -c 'pwd; ls'
	[ "$output" = /dev/shm ]
	mkdir deeper
	cd deeper
	run -0 limit "$isolate" pwd
	[ "$output" = /dev/shm ]
	cd "$tmp"
	run -0 limit "$isolate" pwd
	[ "$output" = "$(pwd)" ]
}

@test "mounts that COMMAND makes stay inside" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to mount"
	mkdir "$tmp/place"
	run -0 limit "$isolate" sh -c 'mount -t tmpfs none "$1" && touch "$1/x"' _ "$tmp/place"
	[ "$(ls "$tmp/place")" = "" ]
}

# Runs "$@" where /dev is an empty tmpfs with a /dev/shm and a /dev/null of its own.
without_mqueue() {
	LIMIT=10 limit unshare --mount --propagation private sh -c '
		mkdir "$0/dev" && touch "$0/null" && mount --bind /dev/null "$0/null" &&
		mount -t tmpfs -o mode=755 none /dev && touch /dev/null && mount --bind "$0/null" /dev/null &&
		mkdir -m 1777 /dev/shm && exec "$@"' "$tmp" "$@"
}

@test "no /dev/mqueue: root makes it; an ordinary user is told, and COMMAND runs" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to have a /dev without it"
	run -0 --separate-stderr without_mqueue sh -c 'umask 077; "$0" sh -c "ipc-mq-create -d 1 -s 8 mq:/x; ls /dev/mqueue"; ls -ld /dev/mqueue | cut -c1-10' "$isolate"
	[ "$output" = $'mq:/x\nx\ndrwxr-xr-x' ]
	# shellcheck disable=SC2154
	[ "$stderr" = "" ]
	rmdir "$tmp/dev"
	run -5 --separate-stderr without_mqueue setpriv --reuid=65534 --regid=65534 --clear-groups "$isolate" \
		sh -c 'ls /dev; exit 5'
	[ "$output" = $'null\nshm' ]
	[[ $stderr == "ipc-isolate: there is no directory /dev/mqueue, which root can make: "* ]]
}

@test "a /dev/shm that cannot be had: 125, and COMMAND does not run" {
	run -125 limit "$isolate" --shm-size=0 touch "$tmp/ran"
	run -125 limit "$isolate" --shm-size=1X touch "$tmp/ran"
	[ ! -e "$tmp/ran" ]
}

@test "no namespace to be had: 125, the limit is named, and COMMAND does not run" {
	unshare --user --map-root-user true || skip "no user namespaces here"
	run -125 limit unshare --user --map-root-user sh -c 'echo 0 >/proc/sys/user/max_ipc_namespaces && exec "$@"' _ "$isolate" touch "$tmp/ran"
	[[ $output == *"/proc/sys/user/max_ipc_namespaces is 0"* ]]
	[ ! -e "$tmp/ran" ]
}

@test "each call that fails is 125 or COMMAND runs in a world of its own" {
	load faults
	need_faults
	outside=$(readlink /proc/self/ns/ipc)
	fresh() { rm -f "$tmp/ran"; }
	isolated_or_not_run() {
		if [ -e "$tmp/ran" ]; then
			[ "$(sed -n 1p "$tmp/ran")" != "$outside" ]
			[ "$(sed -n 2p "$tmp/ran")" != "$(stat -c %d /dev/shm)" ]
		else
			[ "$status" -ge 125 ]
			[ "$status" -eq 137 ] || [ -s "$tmp/err" ]
		fi
	}
	printf '#!/bin/sh\n{ readlink /proc/self/ns/ipc; stat -c %%d /dev/shm; } >"%s/ran"\n' "$tmp" >"$tmp/command"
	chmod +x "$tmp/command"
	# What comes after the second execve is COMMAND's.
	calls_of() {
		local name every
		strace -qq -o "$tmp/trace" "$@" </dev/null >/dev/null 2>&1
		sed -n '2,/^execve/p' "$tmp/trace" | grep -oE '^[a-z_0-9]+' >"$tmp/every"
		for name in unshare mount getcwd chdir stat newfstatat statfs; do
			every=$(grep -cx "$name" "$tmp/every") || continue
			echo "$name 1 $every"
		done
		echo execve 2 2
	}
	cd /dev/shm
	each_fault errors,kill fresh isolated_or_not_run "$isolate" --shm-size=1M "$tmp/command"
	echo "# $tried of $possible faults" >&3
	[ "$possible" -gt 10 ]
}

@test "wrong usage: 125, nothing runs" {
	run -125 limit "$isolate"
	run -125 limit "$isolate" --
	run -125 limit "$isolate" --no-such-option true
	run -125 limit "$isolate" --shm-size
	run -125 limit "$isolate" --shm-size=-1 true
}
