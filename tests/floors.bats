#!/usr/bin/env bats

# The order of the library: a module includes only what lies below it.

load helpers

setup() { skip_under_sanitizer; }

# The floor of module $1.  The files queue-*.c belong to the module queue.
floor() {
	case $1 in
	status | own | say | scan | patience | fdio | json | stop | waker | claim) echo 0 ;;
	crc32c | mapping | number | dump | setting) echo 0 ;;
	json-stream | gaps | process | procfs | mqdir | semfile) echo 0 ;;
	ref | record | progress | child | ancestry | ring-layout | until | text | names | creator) echo 1 ;;
	queue | queue-* | source | scope | worker | shmfile | outlet | members | logind) echo 2 ;;
	delivery | ring | ring-* | relay | relay-* | segment | segment-* | semaphore | semaphore-* | world | call | call-*) echo 3 ;;
	copier | pour | store | store-* | watch | holding | holding-* | census | census-*) echo 4 ;;
	intake | holders | holders-* | quota | alter) echo 5 ;;
	verdict | deadlock | condition) echo 6 ;;
	column | column-* | select) echo 7 ;;
	detail | detail-*) echo 8 ;;
	cli | cli-*) echo 9 ;;
	*) echo "no floor is known for $1" >&2 && return 1 ;;
	esac
}

@test "a module includes only from floors below its own" {
	local wrong=0 file module used
	for file in "$top"/lib/*.[ch]; do
		module=$(basename "$file" | sed 's/\.[ch]$//')
		for used in $(grep -oE '^#include "[a-z-]+\.h"' "$file" | sed 's/.*"\(.*\)\.h"/\1/'); do
			[ "$used" != "$module" ] || continue
			[ "${used%%-*}" != "${module%%-*}" ] || continue
			case $used in own | status) [ "$(floor "$module")" -gt 0 ] || continue ;; esac
			if [ "$(floor "$used")" -ge "$(floor "$module")" ]; then
				echo "$file includes $used.h"
				wrong=1
			fi
		done
	done
	[ $wrong -eq 0 ]
}

@test "only cli and the commands end the process" {
	run -1 grep -nE '\bexit\(' "$top"/lib/[!c]*.c "$top"/lib/c[!l]*.c
}

@test "a mechanism prints nothing: it reports by return value and errno" {
	# What runs a COMMAND says why it could not; a name is printed so that it is harmless.
	run -0 grep -lE '#include "(say|cli)\.h"' "$top"/lib/*.c
	run -1 grep -vE '/(cli|cli-[a-z-]+|say|ref|text|worker|scope|holding|holding-[a-z]+|call-[a-z]+)\.c$' <<<"$output"
}

@test "each header stands alone" {
	for header in "$top"/lib/*.h; do
		echo "#include \"$header\"" | cc -std=gnu17 -D_GNU_SOURCE -iquote "$top/lib" -fsyntax-only -x c -
	done
}

@test "a command has a manual, a suite and three completions" {
	for command in $(cd "$top/cmd" && printf '%s\n' *.c | sed 's/\.c$//'); do
		for file in "man/$command.1" "tests/$command.bats" "completions/bash/$command" \
			"completions/zsh/_$command" "completions/fish/$command.fish"; do
			[ -e "$top/$file" ] || { echo "missing: $file" && false; }
		done
	done
}

@test "install and uninstall leave nothing" {
	# What is there: with other settings it would be built anew, for all suites after this one.
	make -s -o all -C "$top" O="$BIN" DESTDIR="$tmp/root" install
	[ -x "$tmp/root/usr/local/bin/ipc-mq-recv" ]
	[ -e "$tmp/root/usr/local/share/man/man1/ipc-mq-recv.1" ]
	make -s -C "$top" O="$BIN" DESTDIR="$tmp/root" uninstall
	[ "$(find "$tmp/root" ! -type d)" = "" ]
}
