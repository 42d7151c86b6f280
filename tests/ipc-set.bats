#!/usr/bin/env bats

# Changing mode, owner and capacity of objects of all kinds and families.

load helpers
load census
load faults

setup() { clear_world; }

populate() {
	objects=("shm:id:$(new_segment)" "sem:id:$(new_set)" "mq:id:$(new_sysv_queue)" shm:/plain sem:/lock mq:/jobs)
	new_file plain
	new_semaphore lock 1
	ipc-mq-create -d 2 -s 16 mq:/jobs >/dev/null
}

me() { echo "$(id -un) $(id -gn)"; }

# "OWNER GROUP MODE" of each object named.
owners() { ipc-ls --raw --noheadings -o owner,group,mode "$@"; }

@test "mode: exact, whatever the umask, in all kinds and families" {
	populate
	umask 077
	run -0 --separate-stderr limit ipc-set -m 0626 "${objects[@]}"
	[ "$output$stderr" = "" ]
	[ "$(owners "${objects[@]}" | sort -u)" = "$(me) 0626" ]
	limit ipc-set --mode=0 "${objects[@]}"
	[ "$(owners "${objects[@]}" | sort -u)" = "$(me) 0000" ]
}

@test "owner and group, by name and number, one without the other" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to give objects away"
	populate
	limit ipc-set -u daemon:bin "${objects[@]}"
	[ "$(owners "${objects[@]}" | cut -d' ' -f1,2 | sort -u)" = "daemon bin" ]
	limit ipc-set -u 0 "${objects[@]}"
	[ "$(owners "${objects[@]}" | cut -d' ' -f1,2 | sort -u)" = "root bin" ]
	limit ipc-set --owner=:0 -m 0600 "${objects[@]}"
	[ "$(owners "${objects[@]}" | sort -u)" = "root root 0600" ]
}

@test "an owner that the user namespace does not know: status 1, not 4, and the object is as it was" {
	# Inside, each user is root, and there is no other.
	cat >"$tmp/inside" <<-'END'
		for ref in $(ipc-shm-create -s 4K shm:/u) $(ipc-shm-create -s 4K shm:private) $(ipc-sem create sem:/u) \
			$(ipc-sem create sem:private) $(ipc-mq-create mq:/u) $(ipc-mq-create mq:private) $(ipc-ring-create ring:/u); do
			for owner in 4711 :4711 4711:4711; do
				ipc-set -m 0640 -u "$owner" "$ref" 2>/dev/null
				[ $? -eq 1 ] || echo "$owner $ref"
			done
			ipc-ls --raw --noheadings -o mode "$ref"
		done
		ipc-set -u 4711 mq:id:99999
		echo $?
	END
	user=as_nobody
	[ "$(id -u)" -eq 0 ] || user=limit
	run -0 --separate-stderr $user ipc-isolate bash -c "$(cat "$tmp/inside")"
	[ "$output" = $'0600\n0600\n0600\n0600\n0600\n0600\n0600\n4' ]
}

@test "capacity of a System V queue; nothing else is changed by it" {
	q=mq:id:$(new_sysv_queue)
	before=$(owners "$q")
	limit ipc-set -b 4K "$q"
	[ "$(ipc-ls --raw --noheadings -o size "$q")" = 4096 ]
	[ "$(owners "$q")" = "$before" ]
	limit ipc-set -m 0640 "$q"
	[ "$(ipc-ls --raw --noheadings -o size "$q")" = 4096 ]
	[ "$(id -u)" -eq 0 ] || run -1 limit ipc-set -b 1M "$q"
	[ "$(id -u)" -ne 0 ] || {
		ipc-set -u nobody "$q"
		run -1 as_nobody ipc-set -b 1M "$q"
	}
	[[ $output == *msgmnb* ]]
}

@test "refused: nothing to set, what a family has not, wrong values; nothing is touched" {
	populate
	for words in "${objects[0]}" '-m 0600' '-m 1777 shm:/plain' '-m 9 shm:/plain' '-b 1K shm:/plain' '-b 1K mq:/jobs' \
		"-b 1K ${objects[2]} ${objects[0]}" '-b 0 mq:id:0' "-b 2147483648 ${objects[2]}" "-b 4294968320 ${objects[2]}" '-u no-such-user shm:/plain' '-u root:no-such-group shm:/plain' \
		'-u : shm:/plain' '-m 0600 mq:private'; do
		# shellcheck disable=SC2086
		run -2 --separate-stderr limit ipc-set $words
	done
	[ "$(ipc-ls --raw --noheadings -o size "${objects[2]}")" = 16384 ]
}

@test "what is missing is status 4, what is no object 1, and the rest is done" {
	new_file x
	mkfifo /dev/shm/fifo
	ln -s /dev/shm/x /dev/shm/link
	run -4 --separate-stderr limit ipc-set -m 0640 mq:/none shm:/x
	[ "$(stat -c %a /dev/shm/x)" = 640 ]
	mode=$(stat -c %a /dev/shm/fifo)
	run -1 limit ipc-set -m 0777 shm:/fifo
	run -1 limit ipc-set -m 0777 shm:/link
	[ "$(stat -c %a /dev/shm/fifo)" = "$mode" ]
	[ "$(stat -c %a /dev/shm/x)" = 640 ]
}

@test "an ordinary user changes his own, also what he may not read, and no other" {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be somebody else"
	populate
	ipc-set -m 0 -u nobody "${objects[@]}"
	run -0 as_nobody ipc-set -m 0600 "${objects[@]}"
	[ "$(owners "${objects[@]}" | cut -d' ' -f1,3 | sort -u)" = "nobody 0600" ]
	ipc-set -u root "${objects[3]}" "${objects[4]}" "${objects[5]}"
	run -1 --separate-stderr as_nobody ipc-set -m 0666 "${objects[3]}" "${objects[4]}" "${objects[5]}"
	[ "${#stderr_lines[@]}" -eq 3 ]
	# Refused as a whole: not even the mode.
	ipc-set -u nobody "${objects[3]}"
	run -1 as_nobody ipc-set -m 0666 -u root "${objects[3]}"
	[ "$(owners "${objects[3]}" | cut -d' ' -f3)" = 0600 ]
}

@test "each system call fails once, or it is killed: an object changes in one step, a file in two" {
	need_faults
	populate
	owner=daemon:bin
	[ "$(id -u)" -eq 0 ] || owner=$(id -u):$(id -g)
	tested=0 all=0
	refs=("${objects[2]}" shm:/plain)
	[ -z "${SOAK-}" ] || refs=("${objects[@]}")
	for ref in "${refs[@]}"; do
		more=()
		[[ $ref != mq:id:* ]] || more=(-b 4K)
		state() { owners "$ref" && ipc-ls --raw --noheadings -o size "$ref"; }
		prepare() { ipc-set -m 0600 -u "$(id -u):$(id -g)" ${more:+-b 16K} "$ref"; }
		prepare
		old=$(state)
		ipc-set -m 0644 -u "$owner" "${more[@]}" "$ref"
		new=$(state)
		check() {
			now=$(state)
			[ "$status" -ne 0 ] || [ "$now" = "$new" ]
			# Killed between the two calls that a file takes, it has the owner and not yet the mode.
			case $ref,$fault in
			*:/*KILL) [[ $now == "$old" || $now == "$new" || $now == "${new/0644/0600}" ]] ;;
			*) [[ $now == "$old" || $now == "$new" ]] ;;
			esac
		}
		each_fault 'errors kill' prepare check ipc-set -m 0644 -u "$owner" "${more[@]}" "$ref"
		tested=$((tested + tried)) all=$((all + possible))
	done
	echo "# $tested of $all faults" >&3
	[ "$all" -gt 100 ]
}
