#!/usr/bin/env bats

# What the completions offer beside options, whose names contract.bats compares.

load helpers

# bash_offers WORD ...: what bash offers for the last word of a command line.
bash_offers() {
	COMP_WORDBREAKS=$' \t\n' bash -c '
		source "$1/completions/bash/$2"
		shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		complete() { function=$2; }
		function=$(grep -oE "complete -F [a-z_]+" "'"$top"'/completions/bash/$1" | cut -d" " -f3)
		compopt() { :; }
		"$function" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
		printf "%s\n" "${COMPREPLY[@]}"' _ "$top" "$@"
}

@test "bash: frames, REFs that exist, and commands after --" {
	q=$(new_queue posix)
	s=$(new_queue sysv)
	run -0 bash_offers ipc-mq-recv -F n
	[ "${lines[0]%% }" = nul ]
	[ "${lines[1]%% }" = netstring ]
	run -0 bash_offers ipc-mq-send "${q%?}"
	[[ $output == *"${q#mq:}"* ]]
	run -0 bash_offers ipc-mq-recv mq:id:
	[[ $output == *"${s##*:}"* ]]
	run -0 bash_offers ipc-mq-recv "$q" -- unshar
	[[ $output == *unshare* ]]
}

@test "fish: frames, and REFs that exist" {
	command -v fish >/dev/null || skip "fish is not installed"
	s=$(new_queue sysv)
	export HOME=$tmp
	run -0 fish --no-config -c "source $top/completions/fish/ipc-mq-recv.fish; complete -C 'ipc-mq-recv --frame n'"
	[[ $output == *nul*netstring* || $output == *netstring*nul* ]]
	run -0 fish --no-config -c "source $top/completions/fish/ipc-mq-recv.fish; complete -C 'ipc-mq-recv mq:i'"
	[[ $output == *"$s"* ]]
}

@test "zsh: the files are read without a complaint" {
	command -v zsh >/dev/null || skip "zsh is not installed"
	for file in "$top"/completions/zsh/*; do run -0 zsh -n "$file"; done
}
