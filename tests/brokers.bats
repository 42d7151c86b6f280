#!/usr/bin/env bats

# Across machines: queues joined by brokers that exist, and by ssh.  The brokers
# run on the loopback, for this test alone.

load helpers
load rpc

teardown() {
	end_servers
	for pid in ${started-}; do kill "$pid" 2>/dev/null || true; done
}

# A port of the loopback that nobody listens on.
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

listens() { (exec 7<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }

# In the background, to be ended with the test.
start() {
	"$@" >"$tmp/${1##*/}.log" 2>&1 3>&- &
	started="${started-} $!"
}

start_mosquitto() {
	PATH=$PATH:/usr/sbin
	command -v mosquitto >/dev/null || skip "mosquitto is not installed"
	command -v mosquitto_sub >/dev/null || skip "mosquitto-clients is not installed"
	port=$(free_port)
	printf 'listener %s 127.0.0.1\nallow_anonymous true\n' "$port" >"$tmp/mosquitto.conf"
	start mosquitto -c "$tmp/mosquitto.conf"
	eventually listens
}

start_redis() {
	command -v redis-server >/dev/null || skip "redis-server is not installed"
	command -v redis-cli >/dev/null || skip "redis-tools is not installed"
	port=$(free_port)
	start redis-server --port "$port" --bind 127.0.0.1 --save '' --dir "$tmp"
	eventually listens
}

@test "mosquitto: a queue of one machine goes on into a queue of another, line by line" {
	start_mosquitto
	here=$(new_queue sysv)
	there=$(ipc-mq-create -d 10 -s 256 mq:/there)
	# The receiving machine: the broker keeps what comes while it is away.
	limit mosquitto_sub -p "$port" -i there -c -q 1 -t jobs -E
	run -0 mosquitto_pub -p "$port" -q 1 -t jobs -m 'came before'
	mkfifo "$tmp/way"
	mosquitto_sub -p "$port" -i there -c -q 1 -t jobs >"$tmp/way" 2>/dev/null 3>&- &
	started="${started-} $!"
	ipc-mq-send "$there" <"$tmp/way" 3>&- &
	started="$started $!"
	run -0 limit ipc-mq-recv -t 10 "$there"
	[ "$output" = 'came before' ]
	# The sending machine.
	mkfifo "$tmp/way2"
	ipc-mq-recv -f "$here" >"$tmp/way2" 2>/dev/null 3>&- &
	started="$started $!"
	mosquitto_pub -p "$port" -q 1 -t jobs -l <"$tmp/way2" 3>&- &
	started="$started $!"
	seq 100 | sed 's/$/ \xc3\xa9 "x" \\/' >"$tmp/lines"
	ipc-mq-send "$here" <"$tmp/lines" &
	limit ipc-mq-recv -t 10 -c 100 "$there" >"$tmp/got"
	cmp "$tmp/lines" "$tmp/got"
}

@test "redis: a stream keeps what a queue gave until a reader of another machine has it" {
	start_redis
	q1=$(new_queue posix)
	seq 20 | sed 's/$/ two words/' >"$tmp/lines"
	ipc-mq-send "$q1" <"$tmp/lines" &
	# A message is put back when the broker does not take it.
	run -0 limit ipc-mq-recv -c 20 -t 10 "$q1" -- \
		redis-cli -p "$port" -e -x XADD jobs '*' record
	q2=$(new_queue sysv)
	redis-cli -p "$port" XGROUP CREATE jobs workers 0 >/dev/null
	while
		redis-cli -p "$port" --raw XREADGROUP GROUP workers me COUNT 1 STREAMS jobs '>' >"$tmp/entry"
		[ -s "$tmp/entry" ] && [ "$(sed -n 2p "$tmp/entry")" != "" ]
	do
		sed -n 4p "$tmp/entry" | ipc-mq-send "$q2"
		redis-cli -p "$port" XACK jobs workers "$(sed -n 2p "$tmp/entry")" >/dev/null
	done
	limit ipc-mq-recv -a "$q2" | cmp - "$tmp/lines"
	# What the broker refuses stays in the queue.
	ipc-mq-send "$q2" kept
	run ipc-mq-recv "$q2" -- redis-cli -p 1 -e -x XADD jobs '*' record
	[ "$status" -ne 0 ]
	run -0 limit ipc-mq-recv -n "$q2"
	[ "$output" = kept ]
}

@test "ssh: a call to another machine's service, with its input, output and status" {
	# The recipe needs of ssh that it passes on these three; a shell does, too.
	ssh() { shift && bash -c "$*"; }
	serve posix -- sh -c 'tr a-z A-Z; exit 3'
	run -3 ssh host ipc-rpc-call "$q" <<<'from afar'
	[ "$output" = 'FROM AFAR' ]
	unserve
}
