#!/usr/bin/env bats

# Limits and their use, and what changes: for whoever keeps an eye on a system.

load helpers
load census

setup_file() { build_actor; }
setup() { clear_world; }
teardown() { end_actors; }

@test "--limits: what is used of each, as the system counts it; --warn: status 8" {
	populate
	limit ipc-ls --limits -j >"$tmp/json"
	[ "$(jq -c '[.limits[] | select(.name == "shmmni", .name == "semmni", .name == "semmns", .name == "msgmni", .name == "queues_max") | .used]' "$tmp/json")" = '[1,1,3,1,1]' ]
	[ "$(jq '.limits[] | select(.name == "shmmni").limit' "$tmp/json")" = "$(cat /proc/sys/kernel/shmmni)" ]
	[ "$(jq '.limits[] | select(.name == "queues_max").limit' "$tmp/json")" = "$(cat /proc/sys/fs/mqueue/queues_max)" ]
	# 4 x (64 + 48) + 4 x 48; another user's is not ours.
	[ "$(id -u)" -ne 0 ] || {
		as_nobody ipc-mq-create -d 4 -s 64 mq:/theirs >/dev/null
		limit ipc-ls --limits -j >"$tmp/json"
		chmod 600 /dev/mqueue/jobs # which is nothing to them
		run -0 --separate-stderr as_nobody ipc-ls --limits --warn=90
		[ "$stderr" = "" ]
		[ "$(as_nobody ipc-ls --limits -j | jq '.limits[] | select(.name == "rlimit_msgqueue").used')" = 640 ]
	}
	[ "$(jq '.limits[] | select(.name == "rlimit_msgqueue").used' "$tmp/json")" = 640 ]
	[ "$(jq '.limits[] | select(.name == "dev_shm_bytes").limit' "$tmp/json")" = $((64 << 20)) ]
	jq -e '.version == 1 and .complete and (.limits | all((.percent == null or (.percent | type == "number")) and (.set_in | type == "string")))' "$tmp/json"
	run -0 limit ipc-ls --limits
	[[ ${lines[0]} == LIMIT*USED*"SET IN" ]]
	run -0 --separate-stderr limit ipc-ls --limits --warn=90
	[ "$output" = "" ]
	head -c 60M /dev/zero >/dev/shm/filler
	run -8 --separate-stderr limit ipc-ls --limits --warn=90
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == "dev_shm_bytes is used to 9"*% ]] || [[ $output == "dev_shm_bytes is used to 9"* ]]
	run -8 limit ipc-ls --limits --warn=90 -j
	rm /dev/shm/filler
	[ -w /proc/sys/kernel/shmmni ] || return 0 # they cannot be set here
	most=$(cat /proc/sys/kernel/shmmni)
	echo 2 >/proc/sys/kernel/shmmni
	run -0 limit ipc-ls --limits --warn=51
	run -8 limit ipc-ls --limits --warn=50
	[[ $output == "shmmni is used to 50%"* ]]
	new_segment >/dev/null
	run -8 limit ipc-ls --limits --warn=100
	echo "$most" >/proc/sys/kernel/shmmni
}

@test "--limits notes whose objects systemd-logind will remove" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to make an object another user's"
	new_file users 1
	chown 1234 /dev/shm/users
	cat >"$tmp/inside" <<-END
		set -e
		mount -t tmpfs none /run
		mkdir -p /run/systemd/sessions /run/systemd/logind.conf.d /etc/systemd
		mount -t tmpfs none /etc/systemd
		note() { ipc-ls --limits 2>&1 >/dev/null | grep -c '^ipc-ls: note: systemd-logind removes the objects of 1234'; }
		[ "\$(note)" = 1 ]
		printf '[Login]\n#RemoveIPC=no\nRemoveIPC = no\n' >/etc/systemd/logind.conf
		[ "\$(note || true)" = 0 ]
		printf '[Login]\nRemoveIPC=yes\n' >/run/systemd/logind.conf.d/50.conf
		[ "\$(note)" = 1 ]
		printf '[Login]\nRemoveIPC=off\n' >/run/systemd/logind.conf.d/60.conf
		[ "\$(note || true)" = 0 ]
		rm -r /run/systemd/logind.conf.d /etc/systemd/logind.conf
		chown root /dev/shm/users
		[ "\$(note || true)" = 0 ]
	END
	[ -d /etc/systemd ] || skip "/etc/systemd is not there"
	limit unshare -m --propagation private bash "$tmp/inside"
}

@test "--watch into a pipe: a line for each change, with -j an object; it ends with its reader" {
	ipc-mq-create -d 4 -s 64 mq:/watched >/dev/null
	new_file there 10
	ipc-ls --watch -i 20ms >"$tmp/log" 3>&- &
	actors+=($!)
	ipc-ls --watch -i 20ms -j >"$tmp/json" 3>&- &
	actors+=($!)
	eventually grep -q 'watching 2 objects' "$tmp/log"
	eventually grep -q '"event":"watching","objects":2' "$tmp/json"
	ipc-shm-create -s 1 shm:/new >/dev/null
	ipc-mq-send mq:/watched 1
	eventually grep -q ' appeared shm:/new$' "$tmp/log"
	eventually grep -q ' changed mq:/watched messages 0 -> 1$' "$tmp/log"
	rm /dev/shm/new
	eventually grep -q ' gone shm:/new$' "$tmp/log"
	eventually grep -q '"gone"' "$tmp/json"
	jq -es 'map(select(.event == "changed"))[0] | .from.messages == 0 and .to.messages == 1' "$tmp/json"
	jq -es 'map(select(.event == "appeared"))[0] | .object.ref == "shm:/new" and .object.size == 1' "$tmp/json"
	# A reader that goes away ends it, though nothing changes any more.
	limit bash -c 'ipc-ls --watch -i 50ms | head -n 1' | grep -q watching
	run -1 --separate-stderr limit bash -c "ipc-ls --watch -i 50ms >/dev/full"
	echo "$stderr"
	[ "$(grep -c 'No space left on device' <<<"$stderr")" -eq 1 ]
	[ "$(grep -c 'cannot write' <<<"$stderr")" -eq 1 ]
}

@test "--watch tells values, who waits, and a file that another has taken the name of" {
	set=$(new_set)
	new_semaphore counted 3
	new_file same 10
	ipc-ls --watch -i 20ms --waiters >"$tmp/log" 2>/dev/null 3>&- &
	actors+=($!)
	eventually grep -q 'watching 3 objects' "$tmp/log"
	act semop "$set" 0 -1
	# Between two looks it may wait, and not be found yet: "?".
	eventually grep -qE " changed sem:id:$set waiters [-?] -> $actor" "$tmp/log"
	kill -9 "$actor"
	eventually grep -qE " changed sem:id:$set waiters $actor(,\\?)? -> [-?]" "$tmp/log"
	printf '\4' | dd of=/dev/shm/sem.counted conv=notrunc status=none
	eventually grep -q ' changed sem:/counted value 3 -> 4$' "$tmp/log"
	new_file other 10
	eventually grep -q ' appeared shm:/other$' "$tmp/log"
	mv /dev/shm/other /dev/shm/same
	eventually grep -q ' gone shm:/same$' "$tmp/log"
	eventually grep -q ' appeared shm:/same$' "$tmp/log"
	grep -q ' gone shm:/other$' "$tmp/log"
}

@test "--watch on a terminal fills the screen and no more: what does not fit is counted" {
	command -v script >/dev/null || skip "script is not installed"
	for ((i = 100; i < 160; i++)); do : >"/dev/shm/file$i"; done
	cat >"$tmp/draw" <<-'END'
		stty cols "$1" rows "$2"
		ipc-ls --watch -i 10ms -o ref &
		until [ "$(grep -c '\[2J' "$3")" -gt 1 ]; do sleep 0.01; done
		kill $!
	END
	# The first screen of $1 columns and $2 rows, as it is drawn.
	first_screen() {
		rm -f "$tmp/typed"
		limit script -qefc "bash $tmp/draw $1 $2 $tmp/typed" "$tmp/typed" </dev/null >/dev/null || true
		tr -d '\r' <"$tmp/typed" | awk '/\[2J/ { screens++ } screens == 1' >"$tmp/screen"
	}
	first_screen 80 24
	[ "$(wc -l <"$tmp/screen")" -eq 23 ] # and the cursor below
	[ "$(sed -n 3,4p "$tmp/screen" | xargs)" = 'REF shm:/file100' ]
	[ "$(grep -c ^shm: "$tmp/screen")" -eq 18 ]
	[ "$(sed -n 22p "$tmp/screen")" = '... and 42 more' ]
	# A line that the terminal folds takes more than one row.
	first_screen 10 24
	[ "$(sed 's/^.*2J//' "$tmp/screen" | fold -w 10 | wc -l)" -eq 23 ] # a name of two rows is not divided
	[ "$(grep -c ^shm: "$tmp/screen")" -eq 7 ]
	grep -qxF '... and 53 more' "$tmp/screen"
	first_screen 80 80
	[ "$(grep -c ^shm: "$tmp/screen")" -eq 60 ]
	run -1 grep more "$tmp/screen"
	# Lists are folded here, too, and an object that does not fit whole is counted.
	rm /dev/shm/file*
	ipc-sem create --values="$(seq -s, 10 29)" sem:key:1 >/dev/null
	ipc-sem create --values="$(seq -s, 30 49)" sem:key:2 >/dev/null
	sed -i 's/-o ref/--noheadings -o key,values/' "$tmp/draw"
	first_screen 20 24
	[ "$(sed -n '3,$p' "$tmp/screen" | grep '[0-9]' | tr -d ' \n')" = "$({ printf 0x1; seq -s, 10 29; printf 0x2; seq -s, 30 49; } | tr -d '\n')" ]
	[ "$(tail -n +3 "$tmp/screen" | awk '{ if (length > most) most = length } END { print most }')" -le 20 ]
	first_screen 20 11
	run -1 grep -w 0x2 "$tmp/screen"
	grep -qxF '... and 1 more' "$tmp/screen"
}

@test "--watch on a terminal draws the table again" {
	command -v script >/dev/null || skip "script is not installed"
	new_file drawn 10
	limit script -qec "stty cols 60; timeout 1 ipc-ls --watch -i 100ms" "$tmp/typed" </dev/null >/dev/null || true
	[ "$(grep -c 'shm:/drawn' "$tmp/typed")" -ge 2 ]
	grep -q $'\033\\[H\033\\[2J' "$tmp/typed"
	[ "$(id -u)" -eq 0 ] || return 0
	new_semaphore hidden 1
	chmod 600 /dev/shm/sem.hidden
	limit script -qec "setpriv --reuid=65534 --regid=65534 --clear-groups timeout 1 ipc-ls --watch -i 100ms" "$tmp/typed" </dev/null >/dev/null || true
	grep -q 'cannot look into 1 object (sem:/hidden): Permission denied' "$tmp/typed"
}
