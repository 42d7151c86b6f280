#!/usr/bin/env bats

# What every command of the toolkit promises, whatever it does.  A new command
# is held to it without a line here.

load helpers

commands() { (cd "$top/cmd" && printf '%s\n' *.c) | sed 's/\.c$//'; }

# The long options that command $1's --help lists, one a line.
options_in_help() {
	"$1" --help | grep -oE '^ +(-[a-zA-Z0-9], )?--[a-z][a-z0-9-]*' | grep -oE -- '--[a-z0-9-]+' | sort -u
}

@test "--help and -h: status 0, text on stdout only, at most 80 columns" {
	for c in $(commands); do
		for o in --help -h; do
			run -0 --separate-stderr limit "$c" "$o"
			[[ $output == "Usage: $c "* ]]
			# shellcheck disable=SC2154
			[ "$stderr" = "" ]
			run -1 grep -E '.{81}' <<<"$output"
		done
	done
}

@test "--version, -V and --usage: status 0, on stdout" {
	for c in $(commands); do
		run -0 --separate-stderr limit "$c" --version
		[[ $output == "$c (ipcbox) "* ]]
		first=$output
		run -0 --separate-stderr limit "$c" -V
		[ "$output" = "$first" ]
		run -0 --separate-stderr limit "$c" --usage
		[[ $output == "Usage: $c "* ]]
	done
}

@test "an unknown option: status 2, two lines on stderr, nothing on stdout" {
	for c in $(commands); do
		run -2 --separate-stderr limit "$c" --no-such-option
		[ "$output" = "" ]
		# shellcheck disable=SC2154
		[ "${#stderr_lines[@]}" -eq 2 ]
		[[ ${stderr_lines[0]} == "$c: "* ]]
	done
}

@test "no operand: status 2, and a wrong REF: status 2" {
	for c in $(commands); do
		run -2 --separate-stderr limit "$c"
		[ "$output" = "" ]
		for ref in '' nothing sem:/x mq:/ mq:/a/b mq:/.. mq:key:0 mq:key:01 mq:id:-1 mq:ftok: 'mq:/a\q'; do
			run -2 --separate-stderr limit "$c" "$ref"
			[ "$output" = "" ]
		done
	done
}

@test "a word that could drive a terminal is shown harmless" {
	for c in $(commands); do
		run -2 limit "$c" $'--\033[31m\nforged: line'
		run -1 grep -qE $'\033|^forged' <<<"$output"
	done
}

@test "--help and --version notice that they could not be written" {
	for c in $(commands); do
		for o in --help --version; do
			run -1 bash -c "exec timeout 10 $c $o >/dev/full"
			run -1 bash -c "exec timeout 10 $c $o >&-"
		done
	done
}

@test "the environment does not reshape --help" {
	for c in $(commands); do
		"$c" --help >"$tmp/plain"
		ARGP_HELP_FMT=rmargin=4 limit "$c" --help | cmp - "$tmp/plain"
	done
}

@test "the manual and the completions know every long option, and no other" {
	for c in $(commands); do
		options_in_help "$c" >"$tmp/help"
		grep -E '^\.It .*' "$top/man/$c.1" | grep -oE 'Fl -[a-z][a-z0-9-]*' |
			sed 's/Fl -/--/' | sort -u | diff "$tmp/help" -
		grep -oE -- '--[a-z][a-z0-9-]*' "$top/completions/bash/$c" | sort -u | diff "$tmp/help" -
		grep -oE -- '--[a-z][a-z0-9-]*' "$top/completions/zsh/_$c" | sort -u | diff "$tmp/help" -
		grep -oE -- ' -l [a-z][a-z0-9-]*' "$top/completions/fish/$c.fish" | sed 's/ -l /--/' |
			sort -u | diff "$tmp/help" -
	done
}

# The blocks of a manual's EXAMPLES that begin with a "$ " prompt.
sessions() {
	awk '/^\.Sh/ { ours = $2 == "EXAMPLES" }
	     /^\.Bd/ { block = ours; first = 1; next }
	     /^\.Ed/ { block = 0 }
	     block && first { block = /^\$ /; first = 0 }
	     block' "$1" | sed 's/\\e/\\/g; s/\\&//g; s/\\-/-/g'
}

@test "the examples in the manuals print what they say they print" {
	for page in "$top"/man/*.[1-9]; do
		sessions "$page" >"$tmp/said"
		while IFS= read -r line; do
			printf '%s\n' "$line"
			limit bash -euo pipefail -c "${line#'$ '}" 3>&-
		done < <(grep '^\$ ' "$tmp/said") >"$tmp/did"
		diff "$tmp/said" "$tmp/did"
	done
}

@test "the manuals lint clean" {
	command -v mandoc >/dev/null || skip "mandoc is not installed"
	mandoc -T lint -W style "$top"/man/*.[1-9] 2>"$tmp/database" >"$tmp/lint" || true
	# Whether a page refers to one that is installed depends on the machine.
	run -1 grep -v 'referenced manual not found' "$tmp/lint"
	[ "$output" = "" ]
}
