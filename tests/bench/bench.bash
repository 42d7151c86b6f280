# shellcheck shell=bash
# What every benchmark shares.  tests/bench/AREA/run loads it and says
#
#	versus JOB SIGN GOAL OURS PEER THEIRS
#
# for each pair.  Both sides take turns, so that what else the machine does meets
# both; what counts is the ratio of the medians.
set -eu
: "${rounds:=7}" "${cpus:=0}"
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Runs "$@" on one CPU, or where the scheduler has it ($cpus).
pin() { taskset -c "$cpus" "$@"; }

# build NAME ...: C programs of this area into $tmp.
build() {
	local name
	for name; do
		"${CC:-cc}" -std=gnu17 -D_GNU_SOURCE -O2 -pthread -o "$tmp/$name" "$here/$name.c"
	done
}

# The microseconds of "$@" into $took.
clock() {
	local start=${EPOCHREALTIME//[!0-9]/}
	"$@"
	took=$((${EPOCHREALTIME//[!0-9]/} - start))
}

# summary TIME ...: median, least and most.
summary() {
	printf '%s\n' "$@" | sort -n | awk '{ t[NR] = $1 } END { print t[int((NR + 1) / 2)], t[1], t[NR] }'
}

# versus JOB SIGN GOAL OURS PEER THEIRS: run the functions OURS and THEIRS in turn,
# $rounds times each.  Each does the job once and may set $took itself, in
# microseconds.  SIGN >=: we are to be GOAL times as fast as PEER; <=: we may take
# GOAL times as long.  A goal of 0 is none.
versus() {
	local ours=() theirs=() round
	for ((round = 0; round < rounds; round++)); do
		took=''
		clock_unless_set "$4"
		ours+=("$took")
		took=''
		clock_unless_set "$6"
		theirs+=("$took")
	done
	row "$1" "$2" "$3" "$(summary "${ours[@]}")" "$5" "$(summary "${theirs[@]}")"
}

clock_unless_set() {
	local start=${EPOCHREALTIME//[!0-9]/}
	"$1"
	[ -n "$took" ] || took=$((${EPOCHREALTIME//[!0-9]/} - start))
}

# row JOB SIGN GOAL OURS PEER THEIRS: a line of the table, and one for RESULTS;
# OURS and THEIRS are summaries.  $unit is what they count: us, or something else.
row() {
	awk -v job="$1" -v sign="$2" -v goal="$3" -v ours="$4" -v peer="$5" -v theirs="$6" \
		-v unit="${unit:-us}" -v area="$(basename "$here")" -v results="${RESULTS:-/dev/null}" '
	function side(s, name) {
		return sprintf("\"%s\":{\"median\":%s,\"least\":%s,\"most\":%s}", name, s[1], s[2], s[3])
	}
	function show(s) {
		return unit != "us" ? s[1] : sprintf("%.1f ms (%.1f-%.1f)", s[1] / 1000, s[2] / 1000, s[3] / 1000)
	}
	BEGIN {
		split(ours, o, " ")
		split(theirs, t, " ")
		ratio = sign == ">=" ? t[1] / o[1] : o[1] / t[1]
		met = goal == 0 ? "-" : (sign == ">=" ? ratio >= goal : ratio <= goal) ? "met" : "MISSED"
		printf "%-38s %-26s  %-22s %-26s  %6.2f  %-7s %s\n", job, show(o), peer, show(t), ratio,
			goal == 0 ? "" : sign " " goal, met
		printf "{\"area\":\"%s\",\"job\":\"%s\",\"unit\":\"%s\",%s,\"peer\":\"%s\",%s,\"ratio\":%.3f,\"sign\":\"%s\",\"goal\":%s,\"met\":%s}\n",
			area, job, unit, side(o, "ours"), peer, side(t, "theirs"), ratio, sign, goal == 0 ? "null" : goal,
			met == "-" ? "null" : met == "met" ? "true" : "false" >>results
	}'
}
