# shellcheck shell=bash
# What the areas of the fault campaign share: a run, and what has to hold after each
# of its faults whatever the tool.

all_tried=0 all_failed=0 bad=
: >"$tmp/nothing"

# Called by a check: something that had to hold does not.
wrong() {
	echo "$area: $title: $fault: status $status: $*: $(head -c 300 "$tmp/err" | tr '\n' '|')"
	bad=1
}
expect() {
	local what=$1
	shift
	"$@" || wrong "$what"
}

killed() { [[ $fault == *signal=KILL ]]; }
# From then on every change is refused, and so is taking back what was made.
cannot_undo() { [[ $fault == *ctl\ *+\ * || $fault == unlink*+\ * ]]; }

# Waits until the given command succeeds; at most 10 s.
eventually() {
	local tries
	for ((tries = 0; tries < 500; tries++)); do
		"$@" && return 0
		sleep 0.02
	done
	return 1
}

# All objects there are, a line each.
objects() {
	ls -A /dev/shm /dev/mqueue
	awk 'FNR > 1 { print FILENAME, $2 }' /proc/sysvipc/{shm,msg,sem}
}

nobody_left() {
	set -- /proc/[0-9]*
	[ $# -le "$processes_before" ]
}
nothing_left() { objects | cmp -s - "$tmp/objects"; }

# The statuses of the run's table; a COMMAND's are given by the run.
in_table() {
	case ${kind}:$status in
	*:137) killed ;;
	table:[0-1] | table:[3-8]) ;;
	command:0 | command:12[4-7] | command:"${command_status:-0}") ;;
	*) return 1 ;;
	esac
}

# The line itself could not be written, or what opens a gate of our own could not.
could_not_speak() { grep -qE '^write\((2,|[0-9]+, "\\0", 1).*INJECTED' "$tmp/trace"; }

# shellcheck disable=SC2154
prepare() {
	bad=
	[ -z "${FAULT_VERBOSE-}" ] || echo "$title: $fault" >&2
	"$before"
	objects >"$tmp/objects"
	began=$SECONDS
}

check() {
	[ $((SECONDS - began)) -lt 55 ] || wrong "it did not end"
	in_table || wrong "no status of the table"
	! grep -vE "^(${tool}( [a-z]+)?: |\{\"ref\")" "$tmp/err" >"$tmp/odd" || wrong "a line that does not say whose it is"
	case $kind:$status in
	table:[14567] | command:12[567]) [ -s "$tmp/err" ] || could_not_speak || wrong "no word of why" ;;
	esac
	"$after"
	nobody_left || eventually nobody_left || wrong "processes left: $(ps -eo pid,ppid,args | tail -n 5 | tr '\n' '|')"
	nothing_left || eventually nothing_left || wrong "objects left: $(objects | diff "$tmp/objects" - | tr '\n' '|')"
	[ -z "$bad" ] || all_failed=$((all_failed + 1))
}

# A clean run costs as much as many faults: of a sample not all runs are tried, but one
# in run_one_in, by turns that begin at SEED, and of those so many more faults.
run_one_in=1 run_number=$SEED
while [ $run_one_in -lt 4 ] && [ $(((run_one_in + 1) ** 2)) -le "$FAULT_ONE_IN" ]; do
	run_one_in=$((run_one_in + 1))
done
FAULT_ONE_IN=$((FAULT_ONE_IN / run_one_in))

# run_of TITLE BEFORE AFTER TOOL WORD ...: a run with every fault.  BEFORE makes what it
# works on; AFTER checks that nothing is lost, and removes what the run is to leave.
run_of() {
	local sum
	title=$1 before=$2 after=$3 tool=$4
	shift 3
	case "$1 ${2-} $* " in
	ipc-isolate* | 'ipc-sem run'* | ipc-rpc-call* | *' -- '*) kind='command' ;;
	*) kind=table ;;
	esac
	run_number=$((run_number + 1))
	[ $((run_number % run_one_in)) -eq 0 ] || return 0
	fault_left_out=none fault=none status=0
	! grep -q __asan_init "$BIN/ipc-ls" || fault_left_out=mmap # they are the sanitizer's, too
	# setlocale(3) wakes nobody, and aborts on what the kernel never says.
	[ "$tool" != ipc-ls ] || fault_left_out+='|futex'
	: >"$tmp/err"
	nobody_left || eventually nobody_left || wrong "processes left before it began"
	each_fault "${faults:-errors,lasting,kill}" prepare check "$@" >"$tmp/each"
	grep "^$area: $title: " "$tmp/each"
	sum=$tried
	all_tried=$((all_tried + sum))
	echo "  $area: $title: $sum"
	[ "$sum" -gt 0 ] || [ $run_one_in -gt 1 ] || wrong "nothing was tried"
}

nothing() { :; }
count_processes() {
	set -- /proc/[0-9]*
	processes_before=$#
}
count_processes
