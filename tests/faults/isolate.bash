# shellcheck shell=bash
# A command in a world of its own.

outside=$(readlink /proc/self/ns/ipc)
printf '#!/bin/sh\nreadlink /proc/self/ns/ipc >"%s/ran"\n' "$tmp" >"$tmp/command"
chmod +x "$tmp/command"
fresh() { rm -f "$tmp/ran"; }
isolated_or_not_run() {
	if [ -s "$tmp/ran" ]; then
		[ "$(cat "$tmp/ran")" != "$outside" ] || wrong "COMMAND ran among the system's objects"
	else
		[ "$status" -ne 0 ] || wrong "done, but COMMAND did not run"
	fi
}
# From the tool's first call to COMMAND's execve; what comes after is COMMAND's.
calls_of() {
	local name every ours
	strace -qq -o "$tmp/trace" "$@" >/dev/null 2>&1
	awk '/^execve/ && ++n == 2 || /\.gcda"/ { exit } { print }' "$tmp/trace" >"$tmp/until"
	grep -oE '^[a-z_0-9]+' "$tmp/until" >"$tmp/every"
	sed -n '/^fcntl(0, F_GETFD)/,$p' "$tmp/until" | grep -oE '^[a-z_0-9]+' >"$tmp/ours"
	for name in $(sort -u "$tmp/ours" | grep -vE '^(brk|munmap|mprotect|'"$fault_left_out"')$'); do
		every=$(grep -cx "$name" "$tmp/every")
		ours=$(grep -cx "$name" "$tmp/ours")
		echo "$name $((every - ours + 1)) $every"
	done
	echo execve 2 2
}
# What fails from then on would fail for COMMAND, too.
faults=errors,kill
run_of "COMMAND" fresh isolated_or_not_run ipc-isolate "$tmp/command"
run_of "--shm-size COMMAND" fresh isolated_or_not_run ipc-isolate --shm-size=1M "$tmp/command"
