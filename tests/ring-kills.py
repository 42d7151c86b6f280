#!/usr/bin/python3
"""tests/ring-kills.py ROUNDS SEED REF FILE: SIGKILL at random instants.

Two producers put numbered records, each "PRODUCER NUMBER" with a PRODUCER of its
own; one consumer writes them to a pipe.  In each round one of the three is
killed and started anew.  In the end every record that was published must have
come: whole, in its order, and more than once only where the consumer that was
killed had written a block and not taken it yet.
"""
import atexit
import os
import random
import select
import signal
import struct
import subprocess
import sys
import time

ROUNDS, SEED, REF, FILE = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
BLOCK = 4096  # what a consumer writes to a pipe at once
random.seed(SEED)


children = []


def start(*words, **options):
    children.append(subprocess.Popen(words, **options))
    return children[-1]


@atexit.register
def leave_nobody():
    for child in children:
        if child.poll() is None:
            child.kill()


signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))


def fail(text):
    sys.exit("after %d records: %s" % (history.unique, text))


class History:
    """What has come so far."""

    def __init__(self):
        self.last = {}  # the last number of each producer
        self.tail = []  # the last lines, to find repeated ones in
        self.unique = self.duplicates = self.repeats = self.longest_repeat = 0

    def add(self, output):
        """All the output of one consumer."""
        if not output:
            return
        if not output.endswith(b"\n"):
            fail("a torn record: %r" % output[-60:])
        lines = output[:-1].split(b"\n")
        start = 0
        if lines[0] in self.tail:
            # A block that was written and not taken comes again, all of it, first.
            at = len(self.tail) - 1 - self.tail[::-1].index(lines[0])
            repeated = self.tail[at:]
            start = min(len(repeated), len(lines))
            if lines[:start] != repeated[:start]:
                fail("a repeated block is not what came before")
            size = sum(len(line) + 1 for line in repeated)
            if size > BLOCK:
                fail("%d bytes were repeated" % size)
            self.duplicates += start
            self.repeats += 1
            self.longest_repeat = max(self.longest_repeat, size)
        for line in lines[start:]:
            producer, number = line.split(b" ")
            if int(number) != self.last.get(producer, 0) + 1:
                fail("%r after number %d" % (line, self.last.get(producer, 0)))
            self.last[producer] = int(number)
        self.unique += len(lines) - start
        self.tail = (self.tail + lines[start:])[-2 * BLOCK :]


class Producer:
    count = 0

    def __init__(self):
        Producer.count += 1
        self.numbers = start("seq", "-f", "%d %%.0f" % Producer.count, "1000000000", stdout=subprocess.PIPE)
        self.process = start("ipc-ring-put", REF, stdin=self.numbers.stdout)
        self.numbers.stdout.close()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.numbers.send_signal(signal.SIGKILL)
        if self.process.wait() != -signal.SIGKILL:
            fail("a producer ended by itself: %d" % self.process.returncode)
        self.numbers.wait()


class Consumer:
    def __init__(self, *options):
        self.output = []
        self.process = start("ipc-ring-get", "-q", *(options or ["-f"]), REF, stdout=subprocess.PIPE)
        self.pipe = self.process.stdout.fileno()

    def drain(self, seconds):
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            ready = select.select([self.pipe], [], [], max(left, 0))[0]
            if ready:
                self.output.append(os.read(self.pipe, 65536))
            if left <= 0 or (ready and not self.output[-1]):
                return

    def finish(self, status):
        rest = self.process.stdout.read()
        if self.process.wait() not in status:
            fail("a consumer ended with %d" % self.process.returncode)
        history.add(b"".join(self.output) + rest)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.finish([-signal.SIGKILL])


def published():
    with open(FILE, "rb") as file:
        page = file.read(12288)[8192:]
    position = struct.unpack_from("<Q", page)[0]
    for i in range(2):
        at, number = struct.unpack_from("<QQ", page, 64 + 16 * i)
        if at == position:
            return number
    fail("broken counters")


history = History()
producers = [Producer(), Producer()]
consumer = Consumer()
killed = [0, 0]
for turn in range(ROUNDS):
    children[:] = [child for child in children if child.returncode is None]
    consumer.drain(random.choice([0, 0.0005, 0.001, 0.003]) * random.random())
    victim = random.randrange(4)
    if victim < 2:
        producers[victim].kill()
        producers[victim] = Producer()
        killed[0] += 1
    else:
        consumer.kill()
        consumer = Consumer()
        killed[1] += 1
# Nobody sleeps for ever: those that were not killed are still at work.
before = published()
consumer.drain(1)
if published() == before:
    fail("nothing moves any more")
for producer in producers:
    producer.kill()
consumer.kill()
consumer = Consumer("-a")
consumer.finish([0, 3])
if history.unique != published():
    fail("%d records were published" % published())
print("%d producers and %d consumers killed; %d records, none torn, lost or out of order; "
      "%d came twice, in %d blocks of at most %d bytes; seed %d"
      % (*killed, history.unique, history.duplicates, history.repeats, history.longest_repeat, SEED))
