#!/usr/bin/env bats

# The protocol under ThreadSanitizer, which sees threads and not processes; and
# the model of it, where spin is there.

load helpers

[ -z "${SOAK:-}" ] || COUNT=5000000

@test "ThreadSanitizer has nothing to say about producers and a consumer" {
	compiler=
	for c in clang gcc; do
		echo 'int main(void) { return 0; }' >"$tmp/none.c"
		if $c -fsanitize=thread -o "$tmp/none" "$tmp/none.c" 2>/dev/null && "$tmp/none" 2>/dev/null; then
			compiler=$c
			break
		fi
	done
	[ -n "$compiler" ] || skip "no compiler with ThreadSanitizer"
	$compiler -std=gnu17 -D_GNU_SOURCE -O1 -g -fsanitize=thread -pthread -I"$top/lib" -o "$tmp/threads" \
		"$top/tests/threads/ring.c" "$top"/lib/ring-producer.c "$top"/lib/ring-consumer.c "$top"/lib/ring-layout.c "$top"/lib/crc32c.c
	run -0 timeout 300 "$tmp/threads" "${COUNT:-100000}"
	[ "$output" = "$((2 * ${COUNT:-100000})) records" ]
}
