#!/usr/bin/env bats

# The tools where a user has them: installed by make, and by a Debian package.

load helpers

setup_file() { export deb=$BATS_FILE_TMPDIR/deb; }

# The package, built once.
package() {
	[ "$(id -u)" -eq 0 ] || skip 'dpkg wants root to install, in a private root too'
	! grep -qE '__asan_init|__gcov_dump' "$BIN/ipc-mq-send" || skip 'the package is built without them anyway'
	for needed in dh lintian man; do
		command -v $needed >/dev/null || skip "$needed is not installed"
	done
	[ -e "$deb/built" ] || make -s -C "$top" deb "O=${deb%/deb}" 3>&- || return 1
	touch "$deb/built"
	file=$(echo "$deb"/ipcbox_*.deb)
}

# What is under the folder $1 but folders, without $2 in front.
files_of() { (cd "$1" && find . ! -type d | sed 's/^\.//' | sort); }

@test "make install and uninstall with DESTDIR and other folders leave nothing" {
	places=("DESTDIR=$tmp/root" PREFIX=/opt/x MANDIR=/opt/man ZSHDIR=/opt/zsh FISHDIR=/opt/fish BASHDIR=/opt/bash)
	# What is there: with other settings it would be built anew, for all suites after this one.
	make -s -o all -C "$top" "O=$BIN" "${places[@]}" install
	[ "$("$tmp/root/opt/x/bin/ipc-mq-recv" --version | cut -d' ' -f1)" = ipc-mq-recv ]
	for c in "$top"/cmd/*.c; do
		c=$(basename "$c" .c)
		for file in "x/bin/$c" "man/man1/$c.1" "bash/$c" "zsh/_$c" "fish/$c.fish"; do
			[ -s "$tmp/root/opt/$file" ]
		done
	done
	echo theirs >"$tmp/root/opt/bash/other"
	make -s -C "$top" "O=$BIN" "${places[@]}" uninstall
	[ "$(files_of "$tmp/root")" = /opt/bash/other ]
}

@test "the Debian package: lintian finds no error and no warning" {
	package
	run -0 limit_long lintian --allow-root --fail-on error,warning "$file"
	[ "$output" = "" ]
}

limit_long() { timeout 200 "$@"; }

@test "the Debian package: installed, used, removed" {
	package
	root=$tmp/root
	mkdir -p "$root/var/lib/dpkg"/{info,updates,triggers}
	touch "$root/var/lib/dpkg"/{status,available}
	files_of "$root" >"$tmp/before"
	dpkg --root="$root" --force-depends --force-script-chrootless -i "$file" >"$tmp/log" 2>&1
	[ "$(dpkg-query --root="$root" -f '${Version}' -W ipcbox)" = "$(dpkg-deb -f "$file" Version)" ]
	q=$("$root/usr/bin/ipc-mq-create" mq:private)
	"$root/usr/bin/ipc-mq-send" "$q" hello
	[ "$("$root/usr/bin/ipc-mq-recv" "$q")" = hello ]
	"$root/usr/bin/ipc-ls" "$q" | grep -q "$q"
	# Each tool is in the package with its manual, and man finds it.
	for c in "$top"/cmd/*.c; do
		c=$(basename "$c" .c)
		[ -x "$root/usr/bin/$c" ]
		[[ $(man -M "$root/usr/share/man" -w "$c") == */man1/$c.1.gz ]]
	done
	[[ $(man -M "$root/usr/share/man" -w ipcbox) == */man7/ipcbox.7.gz ]]
	man -M "$root/usr/share/man" ipcbox 2>/dev/null | col -b | grep -q '^NAME'
	dpkg --root="$root" --force-script-chrootless -P ipcbox >>"$tmp/log" 2>&1
	[ "$(files_of "$root" | grep -v '^/var/lib/dpkg\|^/var/log')" = "$(grep -v '^/var/lib/dpkg' "$tmp/before")" ]
	[ ! -e "$root/usr" ]
}

@test "the Debian package: bash, zsh and fish load its completions" {
	package
	dpkg-deb -x "$file" "$tmp/root"
	share=$tmp/root/usr/share
	export HOME=$tmp
	for c in "$top"/cmd/*.c; do
		c=$(basename "$c" .c)
		run -0 bash -c ". '$share/bash-completion/completions/$c' && complete -p $c"
		[[ $output == *"-F _"* ]]
	done
	if command -v zsh >/dev/null; then
		run -0 zsh -fc "fpath=('$share/zsh/vendor-completions' \$fpath); autoload -U compinit; compinit -u -D;
			print -l \${(k)_comps[(R)_ipc-*]}"
		[ "$(grep -c '^ipc-' <<<"$output")" -eq "$(find "$top/cmd" -name '*.c' | wc -l)" ]
	fi
	if command -v fish >/dev/null; then
		run -0 env XDG_DATA_DIRS="$share" PATH="$tmp/root/usr/bin:$PATH" fish -c 'complete -C "ipc-mq-recv --at-"'
		[[ $output == --at-least-once* ]]
	fi
}
