#!/usr/bin/env bats

# One product: what a letter, a status, a message and a REF mean in one tool they
# mean in all; and what the manuals and lists say of tests and tools is there.
# What each tool promises by itself is in contract.bats.

load helpers

teardown() {
	rm -f /dev/mqueue/* /dev/shm/*
	ipcrm --all
}

commands() { (cd "$top/cmd" && printf '%s\n' *.c) | sed 's/\.c$//'; }
calls() {
	for c in $(commands); do
		echo "$c"
		"$c" --help | sed -n "/^Subcommands:/,/^$/s/^  \([a-z]*\) .*/$c \1/p"
	done
}

# The options of all tools that have a letter: "-n --nonblock Do not wait ...".
lettered() {
	while read -r -a call; do
		"${call[@]}" --help |
			sed -nE "s/^  -(.), --([^ ]+) +(.*)/${call[*]}\t\1\t\2\t\3/p"
	done < <(calls)
}

@test "a letter has one meaning in every tool" {
	lettered >"$tmp/letters"
	[ "$(wc -l <"$tmp/letters")" -gt 150 ]
	while IFS=$'\t' read -r letter names; do
		# As in make and rm: a dry run, and force.
		awk -F'\t' -v letter="$letter" -v names="^($names)\$" '$2 == letter && $3 !~ names &&
			!($1 == "ipc-rm" && (letter == "n" || letter == "f"))' "$tmp/letters" >"$tmp/odd"
		[ ! -s "$tmp/odd" ] || { cat "$tmp/odd" && false; }
	done <<-'END'
		n	nonblock
		t	timeout=DURATION
		m	mode=MODE
		e	exist-ok
		c	count=N
		f	follow
		F	frame=FRAME
		0	null
		j	json
		s	(message-)?size=SIZE|capacity=SIZE
		b	capacity=SIZE|buffer=SIZE
		y	type=TYPE
		P	progress
		q	quiet
		v	verbose
		h	help
		V	version
		E	conflict-status=STATUS
		a	all
	END
	# The same words, too, for what is the same.
	for letter in n t q h V P F; do
		run awk -F'\t' -v letter=$letter '$2 == letter && $1 !~ /^ipc-(rm|pipe-relay|rpc-call)$/ { print $4 }' "$tmp/letters"
		[ "$(sort -u <<<"$output" | wc -l)" -eq 1 ]
	done
}

@test "what is called the same has the same letter in every tool" {
	while read -r -a call; do
		"${call[@]}" --help | sed -nE 's/^ +(-(.), )?--([a-z-]+).*/\3 \2/p'
	done < <(calls) | sort -u >"$tmp/names"
	for name in nonblock timeout mode exist-ok count follow frame type progress quiet verbose help version \
		conflict-status index interval; do
		[ "$(grep -c "^$name " "$tmp/names")" -eq 1 ]
	done
}

# Command lines that fail for each tool, of every status.
failing() {
	cat <<-'END'
		4 ipc-mq-send mq:/none x
		4 ipc-mq-recv mq:/none
		4 ipc-mq-peek mq:id:2147483647
		4 ipc-ring-put ring:/none x
		4 ipc-ring-get ring:/none
		4 ipc-mmap-cat shm:/none
		4 ipc-sem post sem:/none
		4 ipc-sem wait sem:key:0x7fffffff
		4 ipc-sem value sem:/none
		4 ipc-sem set sem:/none 1
		4 ipc-sem op sem:id:2147483647 0:1
		4 ipc-set -m 0600 shm:/none
		4 ipc-wait mq:/none empty
		4 ipc-rm sem:/none
		4 ipc-ls mq:/none
		4 ipc-rpc-serve mq:/none true
		4 ipc-pipe-relay /none/there
		125 ipc-rpc-call mq:/none x
		125 ipc-sem run sem:/none true
		125 ipc-sem op sem:id:2147483647 0:1 -- true
		125 ipc-mq-recv mq:/none -- true
		5 ipc-mq-create mq:/there
		5 ipc-shm-create -s 1 shm:/there
		5 ipc-ring-create ring:/there
		5 ipc-sem create sem:/there
		5 ipc-mq-create mq:key:0x1234
		5 ipc-shm-create -s 1 shm:key:0x1234
		5 ipc-sem create sem:key:0x1234
		125 ipc-mq-create mq:/there -- true
		125 ipc-shm-create -s 1 shm:/there -- true
		125 ipc-ring-create ring:/there -- true
		125 ipc-sem create sem:/there -- true
		1 ipc-mq-send mq:/there 12345678901234567
		1 ipc-mq-peek mq:/there
		1 ipc-shm-create -i /none shm:/x
		1 ipc-mmap-cat /none
		127 ipc-isolate /none/there
		127 ipc-sem run sem:/there /none/there
		126 ipc-sem run sem:/there /dev/null
		2 ipc-mq-send mq:/there -x
		2 ipc-mq-create -b 1 mq:/x
		2 ipc-shm-create shm:/x
		2 ipc-ring-create ring:key:0x1
		2 ipc-mmap-cat -y u7 shm:/x
		2 ipc-sem set sem:/there many
		2 ipc-ls --kind=none
		2 ipc-rm
		2 ipc-set shm:/there
		2 ipc-wait shm:/there round
		2 ipc-pipe-relay --slow=never
		2 ipc-mq-create mq:/x true
		2 ipc-shm-create -s 1 shm:/x true
		2 ipc-ring-create ring:/x true
		2 ipc-sem create sem:/x true
		2 ipc-mq-recv mq:/there true
		125 ipc-isolate
		125 ipc-sem run sem:/there
	END
}

there() {
	ipc-mq-create -d 2 -s 16 mq:/there
	ipc-shm-create -s 16 shm:/there
	ipc-ring-create -s 4K ring:/there
	ipc-sem create sem:/there
	ipc-mq-create mq:key:0x1234
	ipc-shm-create -s 16 shm:key:0x1234
	ipc-sem create sem:key:0x1234
} >/dev/null

@test "statuses and messages: the same in every tool, one line that begins with its name" {
	there
	while read -r status tool words; do
		name=$tool
		[ "$tool" != ipc-sem ] || name="ipc-sem ${words%% *}"
		echo "$tool $words"
		# shellcheck disable=SC2086
		run "-$status" --separate-stderr limit "$tool" $words </dev/null
		[ "$output" = "" ]
		# Wrong usage is told where to read on.
		# shellcheck disable=SC2154
		case ${#stderr_lines[@]} in
		1) ;;
		2) [[ ${stderr_lines[1]} == "Try \`$name --help'"* ]] || [[ ${stderr_lines[1]} == *--help* ]] ;;
		*) false ;;
		esac
		[[ ${stderr_lines[0]} == "$name: "[a-z\'\`-]* ]]
		[[ ${stderr_lines[0]} != *. ]]
	done < <(failing)
}

@test "--quiet: silence where the status says it, 4 and 5; else the line as without it" {
	there
	while read -r status tool words; do
		asked=$tool
		[ "$tool" != ipc-sem ] || { asked="ipc-sem ${words%% *}" && words=${words#* }; }
		# shellcheck disable=SC2086
		$asked --help | grep -q -- --quiet || continue
		echo "$asked --quiet $words"
		# shellcheck disable=SC2086
		run "-$status" --separate-stderr limit $asked --quiet $words </dev/null
		case $status in
		4 | 5) [ "$stderr" = "" ] ;;
		*) [ "$stderr" != "" ] ;;
		esac
		echo "$status" >>"$tmp/statuses"
	done < <(failing)
	for status in 1 2 4 5 125; do grep -qx $status "$tmp/statuses"; done
}

@test "not now: status 3 and silence, with -n, -t and in every tool that waits" {
	there
	ipc-sem wait sem:/there
	ipc-sem wait sem:key:0x1234
	while read -r -a words; do
		for wait in -n '-t 20ms'; do
			# shellcheck disable=SC2086
			run -3 --separate-stderr limit ${words[0]/_/ } $wait "${words[@]:1}"
			[ "$output" = "" ]
			[ "$stderr" = "" ]
		done
	done <<-'END'
		ipc-mq-recv mq:/there
		ipc-mq-recv mq:key:0x1234
		ipc-ring-get ring:/there
		ipc-sem_wait sem:/there
		ipc-sem_wait sem:key:0x1234
		ipc-sem_op sem:key:0x1234 0:-1
		ipc-wait mq:/there nonempty
		ipc-wait shm:/there gone
		ipc-mmap-cat --until=0:u8:eq:1 shm:/there
	END
	for words in 'sem:/there true' 'sem:key:0x1234 true'; do
		# shellcheck disable=SC2086
		run -124 --separate-stderr limit ipc-sem run -n $words
		[ "$stderr" = "" ]
	done
}

# What each kind can be called by; "_" stands for the kind.
forms() {
	printf '%s\n' _:key:0x1e _:key:30 "_:id:$1" "_:ftok:$tmp/file" "_:ftok:$tmp/file,0x41" \
		"_:ftok:$tmp/file,A"
}

@test "every tool prints and accepts REFs of every sort that it can" {
	touch "$tmp/file"
	for kind in mq shm sem; do
		create=ipc-$kind-create
		options=
		[ $kind != shm ] || options='-s 64'
		[ $kind != sem ] || create='ipc-sem create'
		posix=$($create $options $kind:/name)
		[ "$posix" = $kind:/name ]
		private=$($create $options $kind:private)
		for form in key:0x1e "ftok:$tmp/file" "ftok:$tmp/file,A"; do
			ref=$($create $options "$kind:$form")
			[[ $ref =~ ^$kind:id:[0-9]+$ ]]
		done
		# By key and by id it is the same; the kind may be left out where there is one only.
		id=$(ipc-ls --refs $kind:key:30)
		refs=("$posix" "$private" "$kind:key:-2147483648")
		$create $options "$kind:key:-2147483648" >/dev/null
		while read -r form; do refs+=("${form/_/$kind}"); done < <(forms "${id##*:}")
		for ref in "${refs[@]}"; do
			bare=${ref#"$kind:"}
			case $kind in
			mq)
				ipc-mq-send "$ref" one
				ipc-mq-send "$bare" two
				[ "$(ipc-mq-recv "$ref")" = one ]
				[ "$ref" = "$posix" ] || [ "$(ipc-mq-peek "$bare")" = two ]
				[ "$(ipc-mq-recv "$bare")" = two ]
				;;
			shm)
				printf word | ipc-mmap-cat -w "$ref"
				[ "$(ipc-mmap-cat -l 4 "$ref")" = word ]
				;;
			sem)
				for word in "$ref" "$bare"; do
					ipc-sem post "$word"
					[ "$(ipc-sem value "$word")" = 2 ]
					ipc-sem wait "$word"
					ipc-sem set --force "$word" 1
					[ "$(ipc-sem run "$word" echo held)" = held ]
					[ "$word" = "${posix#sem:}" ] || [ "$word" = "$posix" ] || ipc-sem op "$word" 0:-1 0:+1
				done
				;;
			esac
			ipc-set -m 0600 "$ref"
			ipc-wait -n "$ref" exists
			[ "$(ipc-ls --refs "$ref" | wc -l)" -eq 1 ]
		done
		printed=$(ipc-rm "${refs[@]}" | sort -u)
		[ "$(grep -cE "^$kind:(/name|id:[0-9]+)\$" <<<"$printed")" -eq "$(wc -l <<<"$printed")" ]
		[ "$(ipc-ls --refs --kind=$kind)" = "" ]
	done
	[ "$(ipc-ring-create -s 4K /bare)" = ring:/bare ]
	ipc-ring-put /bare x
	[ "$(ipc-ring-get ring:/bare)" = x ]
	[ "$(ipc-rm ring:/bare)" = ring:/bare ]
}

@test "what one tool prints is another's operand, whatever the name" {
	name=$'/a b\n\033[31m\\x'
	shown='/a b\x0a\x1b[31m\x5cx'
	for kind in mq shm sem ring; do
		create=ipc-$kind-create
		options=
		[ $kind != shm ] || options='-s 64'
		[ $kind != sem ] || create='ipc-sem create'
		ref=$($create $options "$kind:$shown")
		[ "$ref" = "$kind:$shown" ]
		[ "$(ipc-ls --refs "$ref")" = "$ref" ]
		ipc-wait -n "$ref" exists
		ipc-set -m 0640 "$ref"
		[ "$(ipc-ls -j "$ref" | python3 -c 'import json, sys; print(json.load(sys.stdin)["objects"][0]["ref"])')" = "$ref" ]
		[ "$(ipc-ls --refs -0 --kind=$kind | xargs -0 ipc-rm)" = "$ref" ]
	done
}

@test "durations and sizes are read the same way by every tool" {
	there
	for duration in 0.01 .01 10ms 0.01s .01s 0.0001m; do
		run -3 limit ipc-mq-recv -t $duration mq:/there
		run -3 limit ipc-ring-get -t $duration ring:/there
		run -3 limit ipc-wait -t $duration shm:/there gone
		run -3 limit ipc-mmap-cat -t $duration --until=0:u8:eq:1 shm:/there
	done
	for duration in '' x . .s -.1 1. ..1 1x -1 1,5 1e3 ' 1' 0x10 1ms1; do
		run -2 limit ipc-mq-recv -t "$duration" mq:/there
		run -2 limit ipc-ring-get -t "$duration" ring:/there
		run -2 limit ipc-sem wait -t "$duration" sem:/there
		run -2 limit ipc-wait -t "$duration" shm:/there gone
		run -2 limit ipc-mmap-cat -t "$duration" --until=0:u8:eq:1 shm:/there
		run -2 limit ipc-pipe-relay -t "$duration"
		run -125 limit ipc-rpc-call -t "$duration" mq:/there x
		run -125 limit ipc-sem run -t "$duration" sem:/there true
	done
	for size in '' x 1x -1 1.5 1KB 010 ' 1' 99999999999999999999; do
		run -2 limit ipc-shm-create -s "$size" shm:/x
		run -2 limit ipc-mq-create -s "$size" mq:/x
		run -2 limit ipc-ring-create -s "$size" ring:/x
		run -2 limit ipc-pipe-relay -b "$size"
		run -2 limit ipc-ls --min-size="$size"
		run -125 limit ipc-isolate --shm-size="$size" true
	done
	[ "$(ipc-ls --refs --match='/x')" = "" ]
}

@test "the manuals render, in 80 columns with their examples, and have their sections in order" {
	for page in "$top"/man/*.[1-9]; do
		mandoc -T ascii -O width=78 "$page" 2>/dev/null | col -bx >"$tmp/text"
		[ "$(wc -l <"$tmp/text")" -gt 40 ]
		run -1 grep -E '^.{81}' "$tmp/text"
		case $page in *.1) ;; *) continue ;; esac
		sed -n 's/^\.Sh //p' "$page" | grep -xE 'NAME|SYNOPSIS|DESCRIPTION|EXIT STATUS|EXAMPLES|SEE ALSO' |
			diff - <(printf '%s\n' NAME SYNOPSIS DESCRIPTION 'EXIT STATUS' EXAMPLES 'SEE ALSO')
	done
	command -v man >/dev/null || skip "man is not installed"
	for page in "$top"/man/*.[1-9]; do
		MANWIDTH=80 man -l "$page" >"$tmp/text" 2>"$tmp/err"
		[ "$(wc -l <"$tmp/text")" -gt 40 ]
		run -1 grep -E '^.{81}' "$tmp/text"
		[ ! -s "$tmp/err" ]
	done
}

@test "every tool is in the README, in ipcbox(7), and names ipcbox(7) or a page that does" {
	for c in $(commands); do
		grep -qF "| \`$c\` |" "$top/README.md"
		grep -qx "\.It Xr $c 1" "$top/man/ipcbox.7"
		grep -qE '^\.Xr ipcbox 7' "$top/man/$c.1"
	done
}

# The tests named "SUITE: beginning of its title" on standard input are there.
named_tests_exist() {
	local suite title count=0
	while IFS= read -r line; do
		suite=${line%%: *} title=${line#*: }
		grep -qF "@test \"$title" "$top/tests/$suite.bats" ||
			{ echo "no such test: $line" && return 1; }
		count=$((count + 1))
	done
	[ $count -gt 30 ]
}

@test "each guarantee of ipcbox(7) has the tests that it names" {
	sed -n '/^\.Ss Guarantees/,/^\.Ss/p' "$top/man/ipcbox.7" | sed -n '/^Tool/,/^\.TE/p' |
		awk '{ gsub(/\\-/, "-") } /^T}\tT{$/ { cell++; next } /^T{$/ { cell = 0; next }
			/^T}$/ { cell = 0; next } cell == 3 { sub(/;$/, ""); print }' >"$tmp/named"
	named_tests_exist <"$tmp/named"
	# And every tool has a line.
	for c in $(commands); do
		sed -n '/^\.Ss Guarantees/,/^\.Ss Across/p' "$top/man/ipcbox.7" | sed 's/\\-/-/g' | grep -q "$c"
	done
}

@test "each place of security.bats has the tests that it names" {
	sed -n '/^# PLACES/,/^# END/s/^#	\([a-z-]*: .*\)/\1/p' "$top/tests/security.bats" >"$tmp/named"
	named_tests_exist <"$tmp/named"
}
