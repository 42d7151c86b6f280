#!/usr/bin/env bats

# What a start costs.  Page faults are most of it, and hardly scatter: they are
# counted.  The time is measured by tests/bench/start.

load helpers

setup_file() {
	local top=$BATS_TEST_DIRNAME/..
	export static=$BATS_FILE_TMPDIR/static spawn=$BATS_FILE_TMPDIR/spawn empty=$BATS_FILE_TMPDIR/empty
	cc -O2 -o "$spawn" "$top/tests/bench/start/spawn.c"
	cc -O2 -o "$empty" "$top/tests/bench/start/empty-argp.c"
	# Linked anew out of the objects that there are.
	cp -a "${BIN:-$top/build}" "$static"
	is_instrumented || make -s -C "$top" "O=$static" STATIC=1 >"$BATS_FILE_TMPDIR/make" 2>&1
}

is_instrumented() { grep -qE '__asan_init|__gcov_dump' "$static/ipc-mq-send"; }
plain_only() { ! is_instrumented || skip 'sanitizers or counters are built in'; }

# The page faults of one "$@", over 40 of them, in tenths.
faults() {
	"$spawn" 40 "$@" 3>&- >"$tmp/spent" 2>/dev/null
	awk '{ printf "%d\n", $2 / 4 }' <<<"$(tail -n 1 "$tmp/spent")"
}

# at_most LIMIT COMMAND ...: no more page faults than that, but for the half of one by
# which the mean scatters: where things lie in memory differs from run to run.
at_most() {
	local counted
	counted=$(faults "${@:2}")
	echo "$((counted / 10)).$((counted % 10)) of $1: ${*:2}"
	[ "$counted" -le $(($1 * 10 + 5)) ]
}

# The limits are those of this C library and kernel.
usual_machine() {
	plain_only
	[ "$(faults "$empty")" -le 590 ] || skip 'an empty program takes more here'
}

needs_names() { readelf -Ws --dyn-syms "$1" | grep -qE 'UND (get(pw|gr)|dlopen)'; }

@test "page faults at start: 64 for the tools of the queues, 75 for ipc-ls, 1.15 of an empty program for all" {
	usual_machine
	export LC_ALL=C
	limit=$(($(faults "$empty") * 115 / 1000))
	for tool in "$BIN"/ipc-*; do
		case ${tool##*/} in
		ipc-mq-*) at_most 64 "$tool" --version ;;
		*) at_most "$limit" "$tool" --version ;;
		esac
	done
	at_most 75 "$BIN/ipc-ls"
	at_most 75 "$BIN/ipc-ls" --json
	q=$(ipc-mq-create mq:private)
	at_most 64 "$BIN/ipc-mq-send" "$q" hello
}

@test "a start allocates nothing but what argp itself does" {
	plain_only
	cc -shared -fPIC -O2 -o "$tmp/allocations.so" "$top/tests/bench/start/allocations.c"
	counted() { { limit env "LD_PRELOAD=$tmp/allocations.so" "$@" >/dev/null; } 2>&1; }
	alone=$(counted "$empty")
	[ "$alone" -ge 1 ] # it is counted
	for tool in "$BIN"/ipc-*; do
		[ "$(counted "$tool" --version)" = "$alone" ] || { echo "$tool" && false; }
	done
}

@test "only ipc-ls loads a library beside the C library, and only to draw a table" {
	plain_only
	for tool in "$BIN"/ipc-*; do
		run -0 bash -c "readelf -dW '$tool' | grep -c NEEDED"
		[ "$output" -eq 1 ]
	done
	ipc-mq-create mq:private
	run -0 strace -f -e trace=openat "$BIN/ipc-ls" --refs
	[[ $output != *libsmartcols* ]]
	run -0 strace -f -e trace=openat "$BIN/ipc-ls"
	[[ $output == *libsmartcols* ]]
}

@test "STATIC=1: every tool that looks up no names needs no library and stays hardened" {
	plain_only
	count=0
	for tool in "$static"/ipc-*; do
		readelf -hW "$tool" | grep -qE 'Type: +DYN'
		readelf -lW "$tool" | grep -q GNU_RELRO
		readelf -dW "$tool" | grep -qE 'FLAGS_1.*NOW.*PIE'
		! readelf -lW "$tool" | grep -qE 'GNU_STACK.*E ' || false
		if needs_names "$BIN/${tool##*/}"; then
			readelf -dW "$tool" | grep -q NEEDED
		else
			! readelf -dW "$tool" | grep -q NEEDED || { echo "$tool is dynamic" && false; }
			! readelf -lW "$tool" | grep -q INTERP || { echo "$tool has an interpreter" && false; }
			count=$((count + 1))
		fi
	done
	[ "$count" -ge 15 ]
	# Nothing is linked that would look for another glibc's libraries.
	! grep -q 'at runtime the shared libraries' "$BATS_FILE_TMPDIR/make" || false
}

@test "STATIC=1: at most 34 page faults, and the tools do what they do" {
	usual_machine
	for tool in "$static"/ipc-*; do
		needs_names "$BIN/${tool##*/}" || at_most 34 "$tool" --version
	done
	q=$(ipc-mq-create mq:private)
	at_most 34 "$static/ipc-mq-send" "$q" hello
	at_most 34 "$static/ipc-mq-recv" "$q"
	printf 'a\nb\n' | "$static/ipc-mq-send" "$q"
	run -0 "$static/ipc-mq-peek" -j "$q"
	[ "${lines[1]}" = '{"data":"b","type":1}' ]
	r=$(ipc-ring-create "ring:$(fresh_name ring)")
	"$static/ipc-ring-put" "$r" one two
	run -0 "$static/ipc-ring-get" -a "$r"
	[ "$output" = $'one\ntwo' ]
	run -7 "$static/ipc-sem" run --create=1 "sem:$(fresh_name sem)" sh -c 'exit 7'
	run -4 "$static/ipc-mq-send" mq:/none hello
}

@test "what was built with other settings is linked again" {
	plain_only
	run -0 make -s -C "$top" "O=$static" STATIC=1
	[ "$output" = "" ]
	run -0 make -s -C "$top" "O=$static"
	[[ $output == *"LD $static/ipc-mq-send"* ]]
	[[ $output != *CC* ]]
	readelf -dW "$static/ipc-mq-send" | grep -q NEEDED
}
