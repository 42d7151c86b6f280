# shellcheck shell=bash
# Listing, waiting for, changing and removing objects.

world() {
	ipc-mq-create -d 4 -s 64 mq:/queue
	ipc-mq-create mq:key:0x4711
	ipc-shm-create -s 8192 shm:/object
	ipc-shm-create -s 8192 shm:key:0x4711
	ipc-sem create sem:/semaphore
	ipc-sem create --values=1,2 sem:key:0x4711
	ipc-ring-create -s 4K ring:/ring
} >/dev/null
world

# The C library's own, for its threads: it ends the process where one fails.
futex_errnos=

# Looking changes nothing, and what is told is true.
told() {
	# What is said not to be there is not listed, and a name that is unknown is a number.
	case $fault in *ENOENT | msgctl*+\ *) ;; *)
		[ "$status" -ne 0 ] || cmp -s "$tmp/out" "$tmp/expected" || wrong "done, but other words" ;;
	esac
	case $status in 0 | 1 | 3 | 4 | 6 | 8 | 137) ;; *) wrong "a status that looking has not" ;; esac
}
for options in '-o ref,mode' '-j -o ref,mode,size' '--refs' '--limits -o ref' '-o ref,holders' '-o ref,waiters' \
	'-o ref,verdict,creator' '--dot' '--refs --unheld' 'mq:/queue shm:key:0x4711' '-o ref ring:/ring sem:/semaphore'; do
	case $options in --limits*) options=--limits ;; esac
	# shellcheck disable=SC2086
	ipc-ls $options >"$tmp/expected" 2>"$tmp/err" || true
	after=told
	# Ages and uses grow by themselves.
	case $options in --limits | mq:*) after=nothing ;; esac
	# shellcheck disable=SC2086
	run_of "ls $options" nothing $after ipc-ls $options
done

# What it waits for is so; no fault is taken for it.
not_so() { [ "$status" -ne 0 ] || case $fault in *ENOENT) ;; *) wrong "a fault was taken for the condition" ;; esac }
so() { :; }
for words in 'shm:/object gone' 'mq:/queue nonempty' 'mq:key:0x4711 messages-ge=1' 'sem:/semaphore value-ge=5' \
	'sem:key:0x4711 value-ge=5' 'shm:key:0x4711 held'; do
	# shellcheck disable=SC2086
	run_of "wait $words" nothing not_so ipc-wait -t 30ms -i 10ms $words
done
run_of "wait exists" nothing so ipc-wait -t 5 shm:/object exists

mode_of() { ipc-ls --raw --noheadings -o mode "$1"; }
narrow() { ipc-set -m 0600 mq:/queue mq:key:0x4711 shm:/object sem:key:0x4711 ring:/ring; }
set_or_not() {
	local ref mode changed=0
	for ref in mq:/queue mq:key:0x4711 shm:/object sem:key:0x4711 ring:/ring; do
		mode=$(mode_of $ref)
		case $mode in
		0640) changed=$((changed + 1)) ;;
		0600) ;;
		*) wrong "$ref has mode $mode" ;;
		esac
	done
	[ "$status" -ne 0 ] || [ $changed -eq 5 ] || wrong "done, but $changed of 5 were changed"
}
run_of "set -m" narrow set_or_not ipc-set -m 0640 mq:/queue mq:key:0x4711 shm:/object sem:key:0x4711 ring:/ring

# What it says it has removed is gone; without a word or a kill the rest is there.
again() { { world 2>/dev/null; } || true; }
removed_as_told() {
	local ref
	for ref in shm:/object mq:/queue sem:/semaphore ring:/ring; do
		if grep -qx "$ref" "$tmp/out"; then
			! ipc-wait -q -n "$ref" exists || wrong "$ref told, but there"
		elif [ "$status" -eq 0 ] && [[ $fault != *ENOENT ]]; then # which is that it had gone
			case " $victims " in *" $ref "*) wrong "done, but $ref was not told" ;; esac
		fi
		case " $victims " in
		*" $ref "*) ;;
		*) ipc-wait -q -n "$ref" exists || wrong "$ref is gone" ;;
		esac
	done
	again
	# A System V object that is made anew has another id.
	objects >"$tmp/objects"
}
victims='shm:/object mq:/queue'
run_of "rm REF REF" again removed_as_told ipc-rm shm:/object mq:/queue
run_of "rm -f" again removed_as_told ipc-rm -f shm:/object mq:/nothing mq:/queue
victims='shm:key:0x4711'
run_of "rm a System V segment" again removed_as_told ipc-rm shm:key:0x4711
victims='shm:/object'
run_of "rm --unheld --match" again removed_as_told ipc-rm --unheld --match='/object'
victims=''
run_of "rm --dry-run" again nothing ipc-rm -n --unheld --kind=shm
