# shellcheck shell=bash
# Shared memory: created, read and stored to.

head -c 70000 /dev/urandom >"$tmp/new"
head -c 50000 /dev/urandom >"$tmp/old"
printf '#!/bin/sh\necho ran >"%s/ran"\n' "$tmp" >"$tmp/command"
chmod +x "$tmp/command"

segment_there() { grep -q '^ *18193 ' /proc/sysvipc/shm; }
there() { case $ref in shm:/*) [ -e /dev/shm/object ] ;; *) segment_there ;; esac }
holds() { ipc-mmap-cat -q "$ref" | cmp -s - "$1"; }
absent() {
	rm -f /dev/shm/object "$tmp/ran"
	! segment_there || ipcrm -M 0x4711
}
existing() {
	absent
	ipc-shm-create -i "$tmp/old" "$ref" >/dev/null
}
# Whoever fills a segment for a maker that is killed removes it, in a moment.
settled() { ! there || holds "$wanted"; }
whole_or_none() {
	if killed; then
		eventually settled || wrong "half an object"
	elif [ "$status" -eq 0 ]; then
		holds "$wanted" || wrong "told, but not whole"
	else
		! there || cannot_undo || wrong "failed, but there"
	fi
	absent
}
old_or_new() {
	if [ "$status" -eq 0 ]; then
		holds "$tmp/new" || wrong "told, but not the new one"
	elif killed; then
		holds "$tmp/old" || holds "$tmp/new" || wrong "neither the old nor the new one"
	elif there; then
		holds "$tmp/old" || wrong "failed, but replaced"
	else
		# It was put into place, and its REF could not be printed.
		[[ $fault == @(write|close)* ]] || wrong "failed, and the old one is gone"
	fi
	# The next one takes away what a kill between link and rename has left.
	ipc-shm-create -r -i "$tmp/old" "$ref" >/dev/null
}
scoped() { [ "$status" -ne 0 ] || [ -e "$tmp/ran" ] || wrong "done, but COMMAND did not run"; rm -f "$tmp/ran"; }

head -c 100000 /dev/zero >"$tmp/zeros"
for ref in shm:/object shm:key:0x4711; do
	wanted=$tmp/zeros run_of "create -s $ref" absent whole_or_none ipc-shm-create -s 100000 "$ref"
	wanted=$tmp/new
	run_of "create -i FILE $ref" absent whole_or_none ipc-shm-create -i "$tmp/new" "$ref"
	fault_input=$tmp/new run_of "create -i - $ref" absent whole_or_none ipc-shm-create -i - -m 0640 "$ref"
	run_of "create $ref -- COMMAND" absent scoped ipc-shm-create -i "$tmp/new" "$ref" -- "$tmp/command"
done
ref=shm:/object
run_of "create -r" existing old_or_new ipc-shm-create -r -i "$tmp/new" "$ref"
absent

a_beginning() {
	[ "$status" -ne 0 ] || cmp -s "$tmp/out" "$tmp/expected" || wrong "done, but not all"
	head -c "$(stat -c %s "$tmp/out")" "$tmp/expected" | cmp -s - "$tmp/out" || wrong "wrong bytes"
}
ipc-shm-create -i "$tmp/new" shm:/read >/dev/null
segment=$(ipc-shm-create -i "$tmp/new" shm:private)
for target in shm:/read "$segment" "$tmp/new"; do
	for options in '' '-x -l 3000' '-y u16 -l 3000' '--holes' '--zero-copy' '-n --until=0:u8:ge:0'; do
		[ "$target" = shm:/read ] || [ ${#options} -lt 3 ] || continue
		# shellcheck disable=SC2086
		ipc-mmap-cat $options "$target" >"$tmp/expected"
		# shellcheck disable=SC2086
		run_of "mmap-cat $options ${target##*/}" nothing a_beginning ipc-mmap-cat $options "$target"
	done
done
: >"$tmp/expected"
run_of "mmap-cat --watch" nothing a_beginning ipc-mmap-cat --watch -i 10ms -t 30ms shm:/read

before_store() { cp "$tmp/old" /dev/shm/stored; }
stored() {
	local told
	ipc-mmap-cat -q shm:/stored >"$tmp/now"
	[ "$status" -ne 0 ] || cmp -s "$tmp/now" "$tmp/expected" || wrong "done, but not all"
	told=$(grep -oE '[0-9]+ bytes stored' "$tmp/err" | cut -d' ' -f1)
	[ -z "$told" ] || cmp -s -n "$told" "$tmp/now" "$tmp/expected" || wrong "told $told, but other bytes"
	[ "$(stat -c %s /dev/shm/stored)" -ge 50000 ] || wrong "cut"
}
fault_input=$tmp/part
head -c 40000 "$tmp/new" >"$tmp/part"
before_store
{ cat "$tmp/part" && tail -c +40001 "$tmp/old"; } >"$tmp/expected"
run_of "mmap-cat -w" before_store stored ipc-mmap-cat -w shm:/stored
fault_input=$tmp/new
cp "$tmp/new" "$tmp/expected"
run_of "mmap-cat -w -g" before_store stored ipc-mmap-cat -w -g shm:/stored
