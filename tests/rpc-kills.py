#!/usr/bin/env python3
"""rpc-kills.py ROUNDS SEED REF MODE: calls while caller, server or command is killed.

In each round callers ask a server whose command notes each request that it runs;
something is killed at a random moment.  Checked: no caller outlives the death of
its server by more than a second (and what the machine takes), each reply is the
caller's own, no request is run twice, and after the next start nothing is left.
"""
import os
import random
import select
import signal
import subprocess
import sys
import time

rounds, seed, ref, mode = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
chance = random.Random(seed)
log = os.path.join(os.environ["TMP"], "runs")
command = {
    "command": ["sh", "-c", 'read -r l; echo "$l" >>%s; echo "r:$l"' % log],
    "coprocess": ["sh", "-c", 'while read -r l; do echo "$l" >>%s; echo "r:$l"; done' % log],
}[mode]
LATE = 8.0  # a second, and what a loaded machine adds
tally = {"caller": 0, "server": 0, "command": 0, "none": 0, "answered": 0, "failed": 0}


def fail(text):
    print("round %d: %s" % (number, text))
    sys.exit(1)


def start():
    options = ["-w", "2"] + (["--coprocess"] if mode == "coprocess" else [])
    server = subprocess.Popen(["ipc-rpc-serve", "--create", *options, ref, *command],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if not server.stdout.readline():
        fail("the server did not start")
    return server


def children(pid):
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit():
                with open("/proc/%s/stat" % entry) as f:
                    if int(f.read().rsplit(")", 1)[1].split()[1]) == pid:
                        found.append(int(entry))
        except OSError:
            pass
    return found


def kill_at_random(server, callers):
    victim = chance.choice(["caller", "server", "command", "none"])
    time.sleep(chance.random() * 0.006)
    tally[victim] += 1
    if victim == "caller":
        chance.choice(callers).kill()
    elif victim == "server":
        server.kill()
    elif victim == "command":
        for pid in children(server.pid)[:1]:
            try:
                process = os.pidfd_open(pid)
                os.kill(pid, signal.SIGKILL)
                # On a busy machine it may live on for a while, and spoil the next round.
                select.select([process], [], [], 60)
                os.close(process)
            except ProcessLookupError:
                pass
    return victim


worst = 0
number = 0
server = start()
for number in range(rounds):
    words = ["%d.%d" % (number, i) for i in range(4)]
    callers = [subprocess.Popen(["ipc-rpc-call", ref, w, w + "b"] if i % 2 else ["ipc-rpc-call", ref, w],
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
               for i, w in enumerate(words)]
    victim = kill_at_random(server, callers)
    died = time.monotonic()
    for i, caller in enumerate(callers):
        try:
            out = caller.communicate(timeout=max(0.1, died + LATE - time.monotonic()))[0].decode()
        except subprocess.TimeoutExpired:
            fail("a caller hangs after the death of the %s" % victim)
        whole = "r:%s\n" % words[i] + ("r:%sb\n" % words[i] if i % 2 else "")
        if not whole.startswith(out):
            fail("caller %d got %r" % (i, out))
        if caller.returncode == 0 and out != whole:
            fail("caller %d: status 0 with %r" % (i, out))
        if victim == "none" and caller.returncode != 0:
            fail("caller %d: status %d, and nothing was killed" % (i, caller.returncode))
        if victim == "server":
            worst = max(worst, time.monotonic() - died)
        tally["answered" if caller.returncode == 0 else "failed"] += 1
    if server.poll() is not None or victim == "server":
        server.wait()
        server = start()
        if [n for n in os.listdir("/dev/mqueue") if n.startswith("ipcbox")]:
            fail("a private queue is left")
        if os.listdir("/dev/shm"):
            fail("something is left in /dev/shm")

server.terminate()
if server.wait() != -signal.SIGTERM:
    fail("the server ended with %d" % server.returncode)
with open(log) as f:
    lines = f.read().split()
if len(lines) != len(set(lines)):
    fail("a request was run twice")
if os.listdir("/dev/mqueue") or len(open("/proc/sysvipc/msg").readlines()) != 1:
    fail("a queue is left")
print(", ".join("%s %d" % item for item in tally.items()),
      "- the last caller ended at most %d ms after its server" % (worst * 1000), sep=" ")
