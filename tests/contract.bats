#!/usr/bin/env bats

# What every command of the toolkit promises, whatever it does.  A new command
# is held to it without a line here.

load helpers

commands() { (cd "$top/cmd" && printf '%s\n' *.c) | sed 's/\.c$//'; }

# Each command and each subcommand, a line each.
calls() {
	for c in $(commands); do
		echo "$c"
		"$c" --help | sed -n "/^Subcommands:/,/^$/s/^  \([a-z]*\) .*/$c \1/p"
	done
}

# The status of wrong usage and of our own failures of call "$@": those that run a
# COMMAND without "--" have a status that COMMAND's cannot be mistaken for.
usage_status() {
	case $* in
	ipc-isolate | 'ipc-sem run' | ipc-rpc-call) echo 125 ;;
	*) echo 2 ;;
	esac
}
failure_status() { if [ "$(usage_status "$@")" -eq 2 ]; then echo 1; else echo 125; fi; }

# What the operand of call "$@" is: a REF, or none that is asked for, or no REF.
takes_ref() { case $* in ipc-pipe-relay | ipc-isolate | ipc-mmap-cat) return 1 ;; esac }
needs_operand() { case $* in ipc-pipe-relay | ipc-ls) return 1 ;; esac }

# The long options that the --help of command $1 and its subcommands lists, one a line.
options_in_help() {
	calls | grep -E "^$1( |\$)" | while read -r -a call; do "${call[@]}" --help; done |
		grep -oE '^ +(-[a-zA-Z0-9], )?--[a-z][a-z0-9-]*' |
		grep -oE -- '--[a-z0-9-]+' | sort -u
}

@test "--help and -h: status 0, text on stdout only, at most 80 columns" {
	while read -r -a call; do
		for o in --help -h; do
			run -0 --separate-stderr limit "${call[@]}" "$o"
			[[ $output == "Usage: ${call[*]} "* ]]
			# shellcheck disable=SC2154
			[ "$stderr" = "" ]
			run -1 grep -E '.{81}' <<<"$output"
		done
	done < <(calls)
}

@test "--version, -V and --usage: status 0, on stdout" {
	while read -r -a call; do
		run -0 --separate-stderr limit "${call[@]}" --version
		[[ $output == "${call[*]} (ipcbox) "* ]]
		first=$output
		run -0 --separate-stderr limit "${call[@]}" -V
		[ "$output" = "$first" ]
		run -0 --separate-stderr limit "${call[@]}" --usage
		[[ $output == "Usage: ${call[*]} "* ]]
	done < <(calls)
}

@test "an unknown option: status 2 (125), two lines on stderr, nothing on stdout" {
	while read -r -a call; do
		run "-$(usage_status "${call[@]}")" --separate-stderr limit "${call[@]}" --no-such-option
		[ "$output" = "" ]
		# shellcheck disable=SC2154
		[ "${#stderr_lines[@]}" -eq 2 ]
		[[ ${stderr_lines[0]} == "${call[*]}: "* ]]
	done < <(calls)
}

@test "no operand: status 2 (125), and a wrong REF: the same" {
	while read -r -a call; do
		wrong=-$(usage_status "${call[@]}")
		if needs_operand "${call[@]}"; then
			run "$wrong" --separate-stderr limit "${call[@]}"
			[ "$output" = "" ]
		fi
		takes_ref "${call[@]}" || continue
		for ref in '' nothing mq:/ sem:/ shm:/a/b ring:/.. mq:key:0 sem:key:01 shm:id:-1 mq:ftok: 'mq:/a\q' none:/x; do
			run "$wrong" --separate-stderr limit "${call[@]}" "$ref"
			[ "$output" = "" ]
		done
		case ${call[0]} in ipc-mq-* | ipc-rpc-*) run "$wrong" limit "${call[@]}" sem:/x ;; esac
		case ${call[0]} in ipc-sem | ipc-shm-* | ipc-ring-*) run "$wrong" limit "${call[@]}" mq:/x ;; esac
	done < <(calls)
}

@test "a word that could drive a terminal is shown harmless" {
	while read -r -a call; do
		run "-$(usage_status "${call[@]}")" limit "${call[@]}" $'--\033[31m\nforged: line'
		run -1 grep -qE $'\033|^forged' <<<"$output"
	done < <(calls)
}

@test "--help and --version notice that they could not be written" {
	while read -r -a call; do
		for o in --help --version; do
			run "-$(failure_status "${call[@]}")" bash -c "exec timeout 60 ${call[*]} $o >/dev/full"
			run "-$(failure_status "${call[@]}")" bash -c "exec timeout 60 ${call[*]} $o >&-"
		done
	done < <(calls)
}

@test "the environment does not reshape --help" {
	while read -r -a call; do
		"${call[@]}" --help >"$tmp/plain"
		ARGP_HELP_FMT=rmargin=4 limit "${call[@]}" --help | cmp - "$tmp/plain"
	done < <(calls)
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

# The session on standard input, whose commands begin with "$ " and go on with "> ",
# as a script that prints it with what the commands print now.
as_script() {
	awk 'function flush() { if (said != "") print "cat <<\\SAID\n" said "\nSAID\n" command; said = "" }
	     /^\$ / { flush(); said = $0; command = substr($0, 3); next }
	     /^> / && said != "" { said = said "\n" $0; command = command "\n" substr($0, 3) }
	     END { flush() }'
}

@test "the examples in the manuals print what they say they print" {
	for page in "$top"/man/*.[1-9]; do
		sessions "$page" >"$tmp/said"
		as_script <"$tmp/said" >"$tmp/script"
		mkdir "$tmp/room"
		(cd "$tmp/room" && limit bash -euo pipefail "$tmp/script" 3>&-) >"$tmp/did"
		rm -r "$tmp/room"
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
