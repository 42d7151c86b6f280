# shellcheck shell=bash
# What must be true of each pair of tools that puts records into something and
# takes them out.  A suite says which: $put and $get are the tools, $noun is what
# they call a record, $into and $from are how they say that it went and came
# ("sent to", "taken from"); $r is a REF that is empty.

# Nothing there: status 3 in time, silent; -v talks, and so does a part of what was asked for.
nothing_comes() {
	local start
	run -3 limit "$get" --nonblock "$r"
	[ "$output" = "" ]
	start=${EPOCHREALTIME/./}
	run -3 limit "$get" --timeout=400ms "$r"
	[ $((${EPOCHREALTIME/./} - start)) -ge 400000 ]
	[ "$output" = "" ]
	run -3 limit "$get" --verbose -n "$r"
	[ "$output" = "$get: no $noun in $r" ]
	limit "$put" "$r" a
	run -3 --separate-stderr limit "$get" -c 3 -t 50ms "$r"
	[ "$output" = a ]
	[ "$stderr" = "$get: 1 of 3 ${noun}s $from $r" ]
	limit "$put" "$r" a
	run -3 limit "$get" --quiet -c 3 -n "$r"
	[ "$output" = a ]
}

# --follow --timeout: until none comes for so long; 0 if any came, else 3.
follows_until_none_comes() {
	limit "$put" "$r" a b
	run -0 limit "$get" --follow -t 50ms "$r"
	[ "$output" = $'a\nb' ]
	run -3 limit "$get" -f -t 50ms "$r"
	run -3 limit "$get" -f -n "$r"
}

# --progress draws on a terminal only; --verbose counts, unless --quiet.
draws_and_counts() {
	run -0 limit "$put" -P "$r" x
	[ "$output" = "" ]
	run -0 limit "$put" -v "$r" y
	[ "$output" = "$put: 1 $noun $into $r" ]
	run -0 limit "$put" -q -v "$r" y
	[ "$output" = "" ]
	run -0 limit "$get" -v -c 2 "$r"
	[ "$output" = $'x\ny\n'"$get: 2 ${noun}s $from $r" ]
	run -0 limit script -qec "seq 3 | $put --progress $r" /dev/null
	[[ $output == *"3 records, 3 B, "* ]]
}

# Standard input that somebody else has left non-blocking is waited for; a closed one is status 1.
takes_any_stdin() {
	run -0 limit /usr/bin/python3 -c '
import os, subprocess, sys, time
r, w = os.pipe()
os.set_blocking(r, False)
p = subprocess.Popen(sys.argv[1:], stdin=r)
os.close(r)
for i in range(3):
    time.sleep(0.05)
    os.write(w, b"line\n")
os.close(w)
sys.exit(p.wait())' "$put" "$r"
	[ "$(limit "$get" -a "$r" | grep -c '^line$')" -eq 3 ]
	run -1 bash -c "exec timeout 60 $put $r <&-"
}

# Stopped by a record that it cannot take, it leaves the input at that record: the bytes
# of file $2, put in frame $1, from byte $3 on.
leaves_what_it_cannot_take() {
	local status=0
	{ limit "$put" -F "$1" "$r" 2>/dev/null || status=$?; cat >"$tmp/rest"; } <"$2"
	[ "$status" -eq 1 ]
	cmp "$tmp/rest" <(tail -c +$(($3 + 1)) "$2")
}

# The same of one that is too long, of $1 bytes, and of one that is broken.
leaves_the_rest_of_its_input() {
	{ echo a && head -c "$1" /dev/zero | tr '\0' b && echo && echo c; } >"$tmp/long"
	leaves_what_it_cannot_take line "$tmp/long" 2
	printf '1:a,2:bb,x:c,1:d,' >"$tmp/netstrings"
	leaves_what_it_cannot_take netstring "$tmp/netstrings" 9
}

# Whoever reads its output goes while it waits (as the condition $1 of its PID tells): status 1.
ends_with_its_reader() {
	local status=0 pid
	mkfifo "$tmp/reader"
	env --default-signal "$BIN/$get" -f "$r" >"$tmp/reader" 2>"$tmp/said" 3>&- &
	pid=$!
	exec 9<"$tmp/reader"
	eventually "$1" "$pid"
	exec 9<&-
	wait "$pid" || status=$?
	[ "$status" -eq 1 ]
	[ "$(<"$tmp/said")" = "$get: cannot write to standard output: Broken pipe" ]
	rm "$tmp/reader"
	limit "$put" "$r" x
	[ "$(limit "$get" -n "$r")" = x ]
}
