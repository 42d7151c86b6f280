# shellcheck shell=bash
# Semaphores of both families.

printf '#!/bin/sh\necho ran >"%s/ran"\n' "$tmp" >"$tmp/command"
chmod +x "$tmp/command"

value_of() { ipc-sem value "$s" | paste -sd' '; }
fresh() {
	rm -f "$tmp/ran"
	ipc-sem set --force "$s" 1
}
changed_as_told() {
	local value
	value=$(value_of)
	case $status in
	0) [ "$value" = "$wanted" ] || wrong "done, but it is $value" ;;
	137) [ "$value" = 1 ] || [ "$value" = "$wanted" ] || wrong "it is $value" ;;
	*) # Its last look at a POSIX semaphore comes after the change.
		[ "$value" = 1 ] || [[ $title,$fault == 'set sem:/'*,@(newfstatat|pread64)* ]] ||
			wrong "failed, but it is $value" ;;
	esac
}
is_one() { [ "$(value_of)" = 1 ]; }
given_back() {
	eventually is_one || wrong "it is $(value_of), not given back"
	[ "$status" -ne 0 ] || [ -e "$tmp/ran" ] || wrong "done, but COMMAND did not run"
}
told_or_not() {
	is_one || wrong "looking has changed it"
	[ "$status" -ne 0 ] || [ -s "$tmp/out" ] || wrong "done, but nothing told"
}

absent() {
	rm -f /dev/shm/sem.made "$tmp/ran"
	! grep -q "^ *$((0x4712)) " /proc/sysvipc/sem || ipcrm -S 0x4712
}
is_made() { [ -e /dev/shm/sem.made ] || grep -q "^ *$((0x4712)) " /proc/sysvipc/sem; }
made_as_told() {
	if [ "$status" -eq 0 ]; then
		[ "$(value_of)" = 3 ] || wrong "told, but not there"
	elif is_made && ! killed && ! cannot_undo; then
		wrong "failed, but there"
	fi
	# One that a killed maker has left gets its value from whoever comes next.
	! is_made || ipc-sem create -e --values=3 "$s" >/dev/null || wrong "there, and of no use"
	! is_made || [ "$(value_of)" = 3 ] || wrong "there, but it is $(value_of)"
	absent
}
scoped() { [ "$status" -ne 0 ] || [ -e "$tmp/ran" ] || wrong "done, but COMMAND did not run"; rm -f "$tmp/ran"; }

for s in sem:/made sem:key:0x4712; do
	run_of "create $s" absent made_as_told ipc-sem create --values=3 "$s"
	run_of "create $s -- COMMAND" absent scoped ipc-sem create "$s" -- "$tmp/command"
	made_and_run() {
		[ "$status" -ne 0 ] || [ -e "$tmp/ran" ] || wrong "done, but COMMAND did not run"
		# shellcheck disable=SC2317
		is_back() { ! is_made || [ "$(value_of)" = 2 ]; }
		! is_made || ipc-sem run -t 10 --create=2 "$s" true || wrong "there, and of no use"
		eventually is_back || wrong "it is $(value_of)"
		absent
	}
	run_of "run --create $s" absent made_and_run ipc-sem run --create=2 "$s" "$tmp/command"
done

for s in sem:/faults sem:key:0x4711; do
	ipc-sem create "$s" >/dev/null
	wanted=2 run_of "post $s" fresh changed_as_told ipc-sem post "$s"
	wanted=0 run_of "wait $s" fresh changed_as_told ipc-sem wait -n "$s"
	wanted=0 run_of "wait -t $s" fresh changed_as_told ipc-sem wait -t 5 "$s"
	wanted=2 run_of "set $s" fresh changed_as_told ipc-sem set --force "$s" 2
	run_of "value $s" fresh told_or_not ipc-sem value "$s"
	run_of "value -v -j $s" fresh told_or_not ipc-sem value -v -j "$s"
	run_of "run $s" fresh given_back ipc-sem run "$s" "$tmp/command"
	run_of "run -n $s" fresh given_back ipc-sem run -n "$s" "$tmp/command"
done
wanted=0 run_of "op $s" fresh changed_as_told ipc-sem op "$s" 0:-1
run_of "op $s -- COMMAND" fresh given_back ipc-sem op "$s" 0:-1 -- "$tmp/command"
