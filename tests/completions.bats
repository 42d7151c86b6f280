#!/usr/bin/env bats

# What the completions offer beside options, whose names contract.bats compares.

load helpers

setup() { skip_under_sanitizer; }

# bash_offers WORD ...: what bash offers for the last word of a command line.
bash_offers() {
	bash -c '
		source "$1/completions/bash/$2"
		shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		compopt() { :; }
		function=$(complete -p "$1" | grep -oE -- "-F [a-z_]+")
		"${function#-F }" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
		printf "%s\n" "${COMPREPLY[@]}"' _ "$top" "$@"
}

zsh_makes() { limit "$BATS_TEST_DIRNAME/zsh-complete" "$top/completions/zsh" "$tmp" "$1"; }

fish_offers() {
	HOME=$tmp fish --no-config -c "source $top/completions/fish/${1%% *}.fish
		complete -c ls -l almost-all
		complete -C '$1'"
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

@test "bash: options, units of a number, and what follows them" {
	run -0 bash_offers ipc-mq-recv --at
	[ "$output" = --at-least-once ]
	run -0 bash_offers ipc-mq-recv -nt 5
	[[ $output == 5ms*5s*5m* ]]
	run -0 bash_offers ipc-mq-create -m ''
	[[ $output == 0600* ]]
	run -0 bash_offers ipc-mq-send -F line mq:/x ''
	[ "$output" = "" ]
}

# Words behind which an option is refused: it would be a message, a value, a step.
free_words() {
	printf '%s\n' 'ipc-mq-send mq:/x' 'ipc-ring-put ring:/x one' 'ipc-rpc-call mq:/x' \
		'ipc-sem set sem:/x' 'ipc-sem op sem:/x 0:-1'
}

@test "bash, zsh: no options among free words" {
	while read -r words; do
		# shellcheck disable=SC2086 # they are words
		run -0 bash_offers $words -
		[ "$output" = "" ]
		# shellcheck disable=SC2086
		run -0 bash_offers ${words% ?*:/x*} --hel
		[ "$output" = --help ]
		command -v zsh >/dev/null || continue
		run -0 zsh_makes "$words --hel"
		[ "$output" = "$words --hel" ]
		run -0 zsh_makes "${words% ?*:/x*} --hel"
		[ "$output" = "${words% ?*:/x*} --help" ]
	done < <(free_words)
	run -0 bash_offers ipc-rm mq:/x --dry
	[ "$output" = --dry-run ]
}

@test "fish: frames, and REFs that exist" {
	command -v fish >/dev/null || skip "fish is not installed"
	s=$(new_queue sysv)
	run -0 fish_offers 'ipc-mq-recv --frame n'
	[[ $output == *nul*netstring* || $output == *netstring*nul* ]]
	run -0 fish_offers 'ipc-mq-recv mq:i'
	[[ $output == *"$s"* ]]
	run -0 fish_offers 'ipc-mq-create '
	[[ $output == *mq:private* ]]
}

@test "zsh: frames, and REFs that exist, and commands after --" {
	command -v zsh >/dev/null || skip "zsh is not installed"
	for file in "$top"/completions/zsh/*; do run -0 zsh -n "$file"; done
	q=$(new_queue posix)
	run -0 zsh_makes "ipc-mq-recv ${q%?}"
	[ "$output" = "ipc-mq-recv $q" ]
	run -0 zsh_makes 'ipc-mq-recv -F net'
	[ "$output" = "ipc-mq-recv -F netstring" ]
	run -0 zsh_makes 'ipc-mq-create mq:priv'
	[ "$output" = "ipc-mq-create mq:private" ]
	run -0 zsh_makes "ipc-mq-recv $q -- unshar"
	[ "$output" = "ipc-mq-recv $q -- unshare" ]
}

@test "rings: REFs that exist, in each shell" {
	r=$(ipc-ring-create -s 4K ring:/shown)
	run -0 bash_offers ipc-ring-get ring:/sh
	[[ $output == *"${r#ring:}"* ]]
	run -0 bash_offers ipc-ring-put ''
	[[ $output == *"$r"* ]]
	run -0 bash_offers ipc-ring-create -s 5
	[[ $output == 5K*5M*5G* ]]
	run -0 bash_offers ipc-ring-create ''
	[ "$output" = ring:/ ]
	run -0 bash_offers ipc-ring-get --at
	[ "$output" = --at-most-once ]
	if command -v fish >/dev/null; then
		run -0 fish_offers 'ipc-ring-get ring:/s'
		[[ $output == *"$r"* ]]
		run -0 fish_offers 'ipc-ring-put -F ne'
		[[ $output == *netstring* ]]
	fi
	if command -v zsh >/dev/null; then
		run -0 zsh_makes "ipc-ring-get ${r%?}"
		[ "$output" = "ipc-ring-get $r" ]
	fi
}

@test "ipc-mmap-cat: types, units, objects and files" {
	head -c 4096 /dev/zero >/dev/shm/seen
	run -0 bash_offers ipc-mmap-cat -y u16
	[ "${#lines[@]}" -eq 3 ]
	run -0 bash_offers ipc-mmap-cat -i 5
	[[ $output == 5ms* ]]
	run -0 bash_offers ipc-mmap-cat shm:/se
	[[ $output == *seen* ]]
	touch "$tmp/seen-file"
	run -0 bash_offers ipc-mmap-cat "$tmp/seen-f"
	[[ $output == *seen-file* ]]
	if command -v fish >/dev/null; then
		run -0 fish_offers 'ipc-mmap-cat -y f64'
		[[ $output == *f64be* ]]
		run -0 fish_offers 'ipc-mmap-cat shm:/s'
		[[ $output == *shm:/seen* ]]
	fi
	if command -v zsh >/dev/null; then
		run -0 zsh_makes 'ipc-mmap-cat -y f64b'
		[ "$output" = "ipc-mmap-cat -y f64be" ]
		run -0 zsh_makes 'ipc-mmap-cat shm:/se'
		[ "$output" = "ipc-mmap-cat shm:/seen" ]
	fi
	rm /dev/shm/seen
}

@test "ipc-shm-create and ipc-isolate: new REFs, modes, commands" {
	run -0 bash_offers ipc-shm-create -m ''
	[[ $output == 0600* ]]
	run -0 bash_offers ipc-shm-create --sp
	[ "$output" = --sparse ]
	run -0 bash_offers ipc-shm-create -s 1 ''
	[[ $output == *private* ]]
	run -0 bash_offers ipc-isolate unshar
	[[ $output == *unshare* ]]
	if command -v fish >/dev/null; then
		run -0 fish_offers 'ipc-shm-create '
		[[ $output == *shm:private* ]]
		run -0 fish_offers 'ipc-isolate --shm-size 5'
		[[ $output == *5M* ]]
	fi
	if command -v zsh >/dev/null; then
		run -0 zsh_makes 'ipc-shm-create -s 1 shm:priv'
		[ "$output" = "ipc-shm-create -s 1 shm:private" ]
		run -0 zsh_makes 'ipc-isolate unshar'
		[ "$output" = "ipc-isolate unshare" ]
	fi
}

@test "listing and removing: REFs of all kinds, columns and owners in lists, conditions" {
	s=$(ipcmk -S 1 | grep -oE '[0-9]+$')
	: >/dev/shm/completed
	run -0 bash_offers ipc-rm ''
	[[ $output == *"shm:/completed"* && $output == *"sem:id:$s"* ]]
	run -0 bash_offers ipc-ls -o ref,me
	[[ $output == *ref,messages*ref,message_size* ]]
	run -0 bash_offers ipc-ls --kind=shm,s
	[ "$output" = shm,sem ]
	run -0 bash_offers ipc-rm --owner=root,daem
	[[ $output == *root,daemon* ]]
	run -0 bash_offers ipc-wait mq:/x non
	[ "$output" = nonempty ]
	if command -v fish >/dev/null; then
		run -0 fish_offers 'ipc-ls --output ref,mess'
		[[ $output == *ref,messages* ]]
		run -0 fish_offers 'ipc-wait shm:/c'
		[[ $output == *shm:/completed* ]]
	fi
	if command -v zsh >/dev/null; then
		run -0 zsh_makes 'ipc-rm shm:/compl'
		[ "$output" = "ipc-rm shm:/completed" ]
		run -0 zsh_makes 'ipc-wait shm:/completed unh'
		[ "$output" = "ipc-wait shm:/completed unheld" ]
	fi
	rm /dev/shm/completed
}

# A POSIX semaphore and a set, in $p and $s.
two_semaphores() {
	p=$(ipc-sem create "sem:$(fresh_name sem)")
	s=$(ipc-sem create sem:private)
}

@test "bash: subcommands, and for each its options, operands and COMMAND" {
	two_semaphores
	run -0 bash_offers ipc-sem ''
	[ "$output" = $'create\npost\nwait\nvalue\nset\nop\nrun' ]
	run -0 bash_offers ipc-sem --v
	[ "$output" = --version ]
	run -0 bash_offers ipc-sem value --
	[[ $output == *--json* && $output != *--count* ]]
	run -0 bash_offers ipc-sem run --c
	[ "$output" = $'--count=\n--create=\n--conflict-status=' ]
	for verb in post wait value set op run; do
		run -0 bash_offers ipc-sem $verb "${p%?}"
		[ "$output" = "${p#sem:}" ]
	done
	run -0 bash_offers ipc-sem wait -t 1 sem:id:
	[[ $output == *"${s##*:}"* ]]
	run -0 bash_offers ipc-sem create sem:p
	[ "$output" = private ]
	run -0 bash_offers ipc-sem create -m 0600 "$p" -- unshar
	[[ $output == *unshare* ]]
	run -0 bash_offers ipc-sem run -c 1 "$p" unshar
	[[ $output == *unshare* ]]
	run -0 bash_offers ipc-sem set "$s" ''
	[ "$output" = $'0\n1' ]
	run -0 bash_offers ipc-sem set "$s" 1 ''
	[ "$output" = $'0\n1' ]
	run -0 bash_offers ipc-sem op "$s" 0:-1 0:
	[ "$output" = $'-1\n+1\n0' ]
	run -0 bash_offers ipc-sem op "$s" 0:-1 -- unshar
	[[ $output == *unshare* ]]
}

@test "fish: subcommands, and for each its options, operands and COMMAND" {
	command -v fish >/dev/null || skip "fish is not installed"
	two_semaphores
	run -0 fish_offers 'ipc-sem '
	[ "$(cut -f1 <<<"$output" | sort | paste -sd' ')" = "create op post run set value wait" ]
	run -0 fish_offers 'ipc-sem value --'
	[[ $output == *--json* && $output != *--count* ]]
	run -0 fish_offers 'ipc-sem wait sem:'
	[[ $output == *"$p"* && $output == *"$s"* ]]
	run -0 fish_offers 'ipc-sem create sem:p'
	[ "$output" = sem:private ]
	run -0 fish_offers "ipc-sem run $p unshar"
	[[ $output == unshare* ]]
	run -0 fish_offers "ipc-sem run $p -- unshar"
	[[ $output == unshare* ]]
	run -0 fish_offers "ipc-sem set $s "
	[ "$(cut -f1 <<<"$output" | paste -sd' ')" = "0 1" ]
	for words in "op $s " "op $s 0:0 "; do
		run -0 fish_offers "ipc-sem $words"
		[ "$(cut -f1 <<<"$output" | sort | paste -sd' ')" = "0:+1 0:-1 0:0" ]
	done
	run -0 fish_offers "ipc-sem post $s "
	[ "$output" = "" ]
	run -0 fish_offers "ipc-sem op $s 0:-1 -- unshar"
	[[ $output == unshare* ]]
}

@test "zsh: subcommands, and for each its options, operands and COMMAND" {
	command -v zsh >/dev/null || skip "zsh is not installed"
	two_semaphores
	run -0 zsh_makes 'ipc-sem cre'
	[ "$output" = "ipc-sem create" ]
	run -0 zsh_makes 'ipc-sem value --js'
	[ "$output" = "ipc-sem value --json" ]
	run -0 zsh_makes "ipc-sem wait -n ${p%?}"
	[ "$output" = "ipc-sem wait -n $p" ]
	run -0 zsh_makes 'ipc-sem create sem:priv'
	[ "$output" = "ipc-sem create sem:private" ]
	run -0 zsh_makes "ipc-sem op $s 0:+"
	[ "$output" = "ipc-sem op $s 0:+1" ]
	run -0 zsh_makes "ipc-sem op $s 0:0 0:-"
	[ "$output" = "ipc-sem op $s 0:0 0:-1" ]
	for words in "run $p" "run $p --" "create $p --" "op $s 0:-1 --"; do
		run -0 zsh_makes "ipc-sem $words unshar"
		[ "$output" = "ipc-sem $words unshare" ]
	done
}

# in_terminal SHELL LINE: what an interactive shell in a terminal makes of LINE and Tab.
in_terminal() {
	local file=$top/completions/$1/${2%% *}
	[ "$1" = bash ] || file+=.$1
	limit "$BATS_TEST_DIRNAME/complete.py" "$1" "$file" "$2"
}

# What each shell makes of a line in a terminal, with REFs of objects that are there.
lines_in_terminal() {
	local q s line
	q=$(ipc-mq-create -d 2 -s 16 mq:/live-queue)
	s=$(ipc-sem create sem:/live-semaphore)
	ipc-ring-create -s 4K ring:/live-ring
	for line in "ipc-mq-recv -t 1 ${q%ueue}|ipc-mq-recv -t 1 $q" 'ipc-ring-get --at|ipc-ring-get --at-most-once' \
		"ipc-sem run ${s%phore}|ipc-sem run $s" 'ipc-rm ring:/li|ipc-rm ring:/live-ring' \
		"ipc-wait $q nonem|ipc-wait $q nonempty"; do
		echo "$line"
		[ "$(in_terminal "$1" "${line%|*}")" = "${line#*|}" ]
	done
	ipc-rm "$q" "$s" ring:/live-ring
}

@test "bash in a terminal: a REF that exists, an option, a condition" { lines_in_terminal bash; }

@test "fish in a terminal: a REF that exists, an option, a condition" {
	command -v fish >/dev/null || skip "fish is not installed"
	lines_in_terminal fish
}

@test "bash: a name cannot forge a REF, and is offered as the tools print it" {
	touch /dev/shm/$'nl\nimportant' '/dev/shm/plain one'
	run -0 bash_offers ipc-rm shm:/n
	[ "$output" = '/nl\\x0aimportant' ]
	run -0 bash_offers ipc-rm shm:/p
	[ "$output" = '/plain\ one' ]
	run -0 bash_offers ipc-rm 'shm:/nl\\x0a'
	[ "$output" = '/nl\\x0aimportant' ]
	[ "$(in_terminal bash 'ipc-rm shm:/n')" = 'ipc-rm shm:/nl\x0aimportant' ]
	rm /dev/shm/*
}

@test "bash: behind a second colon, and inside quotes" {
	touch /dev/shm/co:lon '/dev/shm/plain one'
	run -0 bash_offers ipc-rm shm : /co :
	[ "$output" = lon ]
	run -0 bash_offers ipc-rm shm:/co:
	[ "$output" = lon ]
	run -0 bash_offers ipc-rm 'shm:/plain\ o'
	[ "$output" = '/plain\ one' ]
	for quote in \" \'; do
		run -0 bash_offers ipc-rm "${quote}shm:/pl"
		[ "$output" = 'shm:/plain one' ]
		run -0 bash_offers ipc-rm "${quote}shm:/co:"
		[ "$output" = shm:/co:lon ]
	done
	rm /dev/shm/*
}

@test "fish: a name cannot forge a REF, and is offered as the tools print it" {
	command -v fish >/dev/null || skip "fish is not installed"
	touch /dev/shm/$'nl\nimportant' /dev/shm/plain
	run -0 fish_offers 'ipc-rm shm:/'
	[ "$output" = $'shm:/nl\\x0aimportant\tPOSIX\nshm:/plain\tPOSIX' ]
	[ "$(in_terminal fish 'ipc-rm shm:/n')" = 'ipc-rm shm:/nl\x0aimportant' ]
	rm /dev/shm/*
}

@test "zsh: a name cannot forge a REF, and is offered as the tools print it" {
	command -v zsh >/dev/null || skip "zsh is not installed"
	touch /dev/shm/$'nl\nimportant' '/dev/shm/plain one'
	run -0 zsh_makes 'ipc-rm shm:/n'
	[ "$output" = 'ipc-rm shm:/nl\x0aimportant' ]
	run -0 zsh_makes 'ipc-rm shm:/p'
	[ "$output" = 'ipc-rm shm:/plain one' ]
	rm /dev/shm/*
}

# Lines that end in a word of COMMAND, which stands for itself: ls has an option of
# its own there, and the tool's own are not offered.
command_lines() {
	cat <<-'END'
		ipc-isolate ls
		ipc-isolate --shm-size 5M ls
		ipc-isolate -- ls
		ipc-isolate ipc-isolate ls
		ipc-sem run sem:/lock ls
		ipc-sem run -c 1 /lock ls
		ipc-sem run sem:/lock -- ls
		ipc-sem op sem:/lock 0:-1 -- ls
		ipc-sem create sem:/lock -- ls
		ipc-mq-recv mq:/x -- ls
		ipc-mq-create mq:/x -- ls
		ipc-shm-create -s 1 shm:/x -- ls
		ipc-ring-create ring:/x -- ls
		ipc-rpc-serve mq:/x ls
	END
}

@test "bash: behind COMMAND as for that command, or names of files" {
	touch "$tmp/here"
	cd "$tmp"
	while read -r -a line; do
		run -0 bash_offers "${line[@]}" --
		[ "$output" = "" ]
		run -0 bash_offers "${line[@]}" he
		[ "$output" = here ]
		# As bash-completion does it, under the name of either of its ages.
		for name in _command_offset _comp_command_offset; do
			run -0 env "BASH_FUNC_$name%%=() { COMPREPLY=(\"\${COMP_WORDS[*]:\$1}\"); }" \
				bash -c "$(declare -f bash_offers); top=$top; bash_offers \"\$@\"" _ "${line[@]}" --al
			case ${line[*]} in
			*isolate*isolate*) [ "$output" = "ipc-isolate ls --al" ] ;;
			*) [ "$output" = "ls --al" ] ;;
			esac
		done
	done < <(command_lines)
	# Where a REF is split, too, as readline does it.
	run -0 bash_offers ipc-sem run sem : /lock unshar
	[[ $output == *unshare* ]]
	run -0 bash_offers ipc-sem run sem : /lock ls he
	[ "$output" = here ]
	run -0 bash_offers ipc-sem run sem:/lock --
	[ "$output" = "" ]
	run -0 bash_offers ipc-sem run --co
	[ "$output" = $'--count=\n--conflict-status=' ]
	run -0 bash_offers ipc-isolate --sh
	[ "$output" = --shm-size= ]
}

@test "fish: behind COMMAND as for that command" {
	command -v fish >/dev/null || skip "fish is not installed"
	while read -r line; do
		run -0 fish_offers "$line --"
		[ "$output" = --almost-all ]
	done < <(command_lines)
	run -0 fish_offers 'ipc-sem run --co'
	[ "$(cut -f1 <<<"$output" | paste -sd' ')" = "--conflict-status --count" ]
	run -0 fish_offers 'ipc-isolate --sh'
	[[ $output == --shm-size* ]]
	run -0 fish_offers 'ipc-rpc-serve --wo'
	[[ $output == --workers* ]]
}

@test "zsh: behind COMMAND as for that command" {
	command -v zsh >/dev/null || skip "zsh is not installed"
	for line in 'ipc-isolate ls' 'ipc-sem run sem:/lock ls' 'ipc-sem run /lock -- ls' \
		'ipc-rpc-serve mq:/x ls' 'ipc-rpc-serve -w 2 mq:/x -- ls'; do
		run -0 zsh_makes "$line --almost"
		[ "$output" = "$line --almost-all" ]
	done
}

@test "a list: what is in it already is not offered again" {
	run -0 bash_offers ipc-ls --kind=shm,
	[ "$output" = $'shm,mq\nshm,sem\nshm,ring' ]
	run -0 bash_offers ipc-ls -o +ref,kind,fam,k
	[ "$output" = +ref,kind,fam,key ]
	run -0 bash_offers ipc-rm --family posix,p
	[ "$output" = "" ]
	run -0 bash_offers ipc-rm --owner root,daemon,d
	[[ $output != *,daemon,daemon* ]]
	run -0 bash_offers ipc-ls --sort ref,
	[ "$output" = "" ]
	if command -v fish >/dev/null; then
		run -0 fish_offers 'ipc-ls --kind=shm,'
		[ "$(cut -f1 <<<"$output" | sort | paste -sd' ')" = "--kind=shm,mq --kind=shm,ring --kind=shm,sem" ]
		run -0 fish_offers 'ipc-ls -o +key,kind,k'
		[[ $output != *,key* && $output != *,kind,kind* ]]
		run -0 fish_offers 'ipc-rm --owner root,daem'
		[[ $output == root,daemon* ]]
		run -0 fish_offers 'ipc-rm --owner daemon,daem'
		[[ $output != *daemon,daemon* ]]
		run -0 fish_offers 'ipc-ls --sort family,'
		[ "$output" = "" ]
	fi
	if command -v zsh >/dev/null; then
		run -0 zsh_makes 'ipc-rm --family=posix,'
		[ "$output" = "ipc-rm --family=posix,sysv" ]
	fi
}

@test "a REF without its kind, where the tool has one kind only" {
	touch /dev/shm/live-shm
	ipc-sem create sem:/live-sem
	q=$(ipc-mq-create mq:private)
	run -0 bash_offers ipc-sem value /l
	[ "$output" = /live-sem ]
	run -0 bash_offers ipc-sem value l
	[ "$output" = "" ]
	run -0 bash_offers ipc-mq-recv id:
	grep -qx "${q##*:}" <<<"$output"
	run -0 bash_offers ipc-mmap-cat /li
	[[ $output != *live-shm* ]]
	run -0 bash_offers ipc-rm /l
	[ "$output" = "" ]
	if command -v fish >/dev/null; then
		run -0 fish_offers 'ipc-sem value /l'
		[ "$output" = $'sem:/live-sem\tPOSIX' ]
	fi
	if command -v zsh >/dev/null; then
		run -0 zsh_makes 'ipc-sem value /l'
		[ "$output" = "ipc-sem value /live-sem" ]
		run -0 zsh_makes 'ipc-mmap-cat /live-s'
		[ "$output" = "ipc-mmap-cat /live-s" ]
	fi
	ipc-rm "$q" sem:/live-sem shm:/live-shm
}
