#!/usr/bin/python3
"""campaign.py WHAT ROUNDS SEED: ipc-pipe-relay among neighbours that misbehave.

bytes    random ends, sizes of reads and writes, and pauses: every sink gets
         every byte, once, in order
merge    records of random lengths from several writers: each comes whole, once,
         in its writer's order
drop     sinks of random speed: whole records, in order, and those that are
         missing are counted
readers  a reader is killed, and the next one comes, ROUNDS times, while a
         writer sends numbered records; the sink is a FIFO of the relay's own
foreign  the same with a FIFO that was there: the readers together get the
         stream, byte for byte
kills    the writer or a reader is killed at a random moment: the relay ends,
         and its counts are right
"""
import fcntl
import json
import mmap
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

LIMIT = 60  # seconds that a relay may take


def relay(*words, **streams):
    return subprocess.Popen(["timeout", "--kill-after=2", str(LIMIT), "ipc-pipe-relay", *words], **streams)


def fail(why, *more):
    print("FAILED:", why, *more)
    sys.exit(1)


def write_all(descriptor, data, dice, pauses=True):
    at = 0
    while at < len(data):
        size = int(10 ** dice.uniform(0, 6))
        at += os.write(descriptor, data[at:at + size])
        if pauses and dice.random() < 0.02:
            time.sleep(dice.random() / 200)


def read_all(descriptor, into, dice):
    lazy = dice.random() < 0.3
    while True:
        part = os.read(descriptor, int(10 ** dice.uniform(0, 6)))
        if not part:
            return
        into.extend(part)
        if lazy and dice.random() < 0.05:
            time.sleep(dice.random() / 200)


def nap(pid, dice, over):
    """Stop and continue the process PID at random until OVER."""
    while not over.wait(dice.random() / 50):
        for number in (signal.SIGSTOP, signal.SIGCONT):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                return
            time.sleep(dice.random() / 100)


def child_of(process):
    """The relay below timeout(1)."""
    path = f"/proc/{process.pid}/task/{process.pid}/children"
    for _ in range(1000):
        with open(path) as children:
            words = children.read().split()
        if words or process.poll() is not None:
            return int(words[0]) if words else process.pid
        time.sleep(0.001)
    return process.pid


class Ends:
    """What is at the other side of the relay, each in a thread."""

    def __init__(self, folder, dice):
        self.folder, self.dice, self.threads, self.passed = folder, dice, [], []

    def start(self, work):
        thread = threading.Thread(target=work, daemon=True)
        self.threads.append(thread)
        thread.start()

    def path(self, name):
        return os.path.join(self.folder, name)

    def source(self, name, data):
        dice = random.Random(self.dice.random())
        kind = self.dice.choice(["fifo", "file", "listen", "connect", "fd"])
        path = self.path(name)
        if kind == "file":
            with open(path, "wb") as file:
                file.write(data)
            return path
        if kind == "fd":
            inner, outer = os.pipe()
            if self.dice.random() < 0.3:
                os.set_blocking(inner, False)
            self.passed.append(inner)
            self.start(lambda: (write_all(outer, data, dice), os.close(outer)))
            return f"fd:{inner}"
        if kind == "fifo":
            os.mkfifo(path)

            def feed():
                descriptor = os.open(path, os.O_WRONLY)
                write_all(descriptor, data, dice)
                os.close(descriptor)
            self.start(feed)
            return path
        return self.socket(path, kind, lambda peer: write_all(peer.fileno(), data, dice))

    def sink(self, name, into, kinds):
        dice = random.Random(self.dice.random())
        kind = self.dice.choice(kinds)
        path = self.path(name)
        if kind == "file":
            self.start(lambda: None)
            return path
        if kind == "fd":
            outer, inner = os.pipe()
            if self.dice.random() < 0.3:
                os.set_blocking(inner, False)
            self.passed.append(inner)
            self.start(lambda: (read_all(outer, into, dice), os.close(outer)))
            return f"fd:{inner}"
        if kind == "fifo":
            os.mkfifo(path)

            def drain():
                time.sleep(dice.random() / 50)
                descriptor = os.open(path, os.O_RDONLY)
                read_all(descriptor, into, dice)
                os.close(descriptor)
            self.start(drain)
            return path
        return self.socket(path, kind, lambda peer: read_all(peer.fileno(), into, dice))

    def socket(self, path, kind, work):
        peer = socket.socket(socket.AF_UNIX)
        if kind == "connect":  # the relay connects to us
            peer.bind(path)
            peer.listen()

            def serve():
                other = peer.accept()[0]
                work(other)
                other.close()
                peer.close()
            self.start(serve)
            return "unix:" + path

        def call():
            while True:
                try:
                    peer.connect(path)
                    break
                except (FileNotFoundError, ConnectionRefusedError):
                    time.sleep(0.002)
            work(peer)
            peer.close()
        self.start(call)
        return "unix-listen:" + path

    def run(self, *words):
        process = relay(*words, pass_fds=self.passed, stdin=subprocess.DEVNULL,
                        stderr=subprocess.PIPE)
        for descriptor in self.passed:
            os.close(descriptor)
        over = threading.Event()
        if self.dice.random() < 0.3:
            threading.Thread(target=nap, daemon=True, args=(child_of(process), self.dice, over)).start()
        errors = process.stderr.read().decode()
        process.wait()
        over.set()
        for thread in self.threads:
            thread.join(LIMIT)
            if thread.is_alive():
                fail("a neighbour hangs", words, errors)
        return process.returncode, errors


def campaign_bytes(dice, folder):
    ends = Ends(folder, dice)
    data = dice.randbytes(int(10 ** dice.uniform(0, 6.5)))
    count = dice.choice([1, 1, 2, 3])
    kinds = dice.choice([["fifo", "fd"], ["fifo", "fd", "listen", "connect", "file"]])
    got = [bytearray() for _ in range(count)]
    source = ends.source("in", data)
    sinks = [ends.sink(f"out{i}", got[i], kinds) for i in range(count)]
    words = dice.choice([[], [], ["-b", "0"], ["-b", str(dice.randint(1, 300000))],
                         ["-b", "unlimited", "--spill", folder], ["-b", "100000", "--spill", folder],
                         ["-R", "50M"], ["--stats"]])
    status, errors = ends.run(*words, "--append", source, "--to", *sinks)
    for i, sink in enumerate(sinks):
        if sink.startswith("/") and not got[i] and os.path.isfile(sink):
            with open(sink, "rb") as file:
                got[i] = file.read()
        if status != 0 or bytes(got[i]) != data:
            fail("bytes", words, source, sinks, f"sink {i}: {len(got[i])} of {len(data)} bytes, status {status}", errors)


def campaign_merge(dice, folder):
    ends = Ends(folder, dice)
    count, frame = dice.randint(2, 5), dice.choice(["line", "nul"])
    stop = b"\n" if frame == "line" else b"\0"
    wanted, sources = [], []
    for i in range(count):
        records = [b"%d:%d:" % (i, n) + b"x" * int(10 ** dice.uniform(0, 4.5))
                   for n in range(dice.randint(0, 60))]
        wanted.append(records)
        data = stop.join(records) + (stop if records and dice.random() < 0.5 else b"")
        sources.append(ends.source(f"in{i}", data))
    got = bytearray()
    sink = ends.sink("out", got, ["fifo", "fd", "connect"])
    words = dice.choice([[], ["-b", "1"], ["-b", str(dice.randint(1, 50000))],
                         ["-b", "unlimited", "--spill", folder], ["-b", "0"]])
    status, errors = ends.run(*words, "-F", frame, *sources, "--to", sink)
    if status != 0 or (got and not got.endswith(stop)):
        fail("merge", words, sources, sink, status, errors)
    each = [[] for _ in range(count)]
    for record in bytes(got).split(stop)[:-1]:
        each[int(record.split(b":")[0])].append(record)
    if each != wanted:
        fail("merge: torn, lost or out of order", words, sources, sink, [len(e) for e in each], [len(w) for w in wanted])


def campaign_drop(dice, folder):
    ends = Ends(folder, dice)
    total = dice.randint(1, 30000)
    records = [b"%d:" % n + b"x" * int(10 ** dice.uniform(0, dice.choice([1, 4]))) for n in range(total)]
    data = b"".join(record + b"\n" for record in records)[:3000000]
    total = data.count(b"\n")
    data = data[:data.rfind(b"\n") + 1]
    got = [bytearray() for _ in range(dice.randint(1, 3))]
    sinks = [ends.sink(f"out{i}", into, ["fd", "connect"]) for i, into in enumerate(got)]
    source = ends.source("in", data)
    status, errors = ends.run("--slow=drop", "--json", "-b", str(int(10 ** dice.uniform(2, 5))), source, "--to", *sinks)
    if status != 0:
        # A reader that came after the end finds nobody; its thread would hang.
        fail("drop", status, errors)
    summary = json.loads(errors.splitlines()[-1])
    for i, into in enumerate(got):
        lines = bytes(into).split(b"\n")
        numbers = [int(line.split(b":")[0]) for line in lines[:-1]]
        account = summary["sinks"][i]
        if lines[-1] != b"" or numbers != sorted(set(numbers)) or \
                any(line != records[n] for line, n in zip(lines, numbers)) or \
                len(numbers) + account["dropped_records"] != total or \
                len(into) + account["dropped_bytes"] != len(data):
            fail("drop: sink", i, len(numbers), "records and", account, "of", total, len(data), errors)


def reader_process(path, region, dice, foreign):
    """Read PATH into REGION until killed; what was read is there, whatever the moment."""
    pid = os.fork()
    if pid == 0:
        try:
            os.close(foreign)
            descriptor = os.open(path, os.O_RDONLY)
            view, at, chunk = memoryview(region), 0, dice.choice([7, 100, 4096, 65536])
            while at < len(region):
                count = os.readv(descriptor, [view[at:at + chunk]])
                if count == 0:
                    os._exit(0)
                at += count
        finally:
            os._exit(1)
    return pid


REGION = 1 << 22


def killed_readers(dice, folder, rounds, own):
    """Returns what each reader got, what was sent, the relay's status and summary."""
    path = os.path.join(folder, "log")
    if not own:
        os.mkfifo(path)
    inner, outer = os.pipe()
    words = ["-k", "-F", "line", "--json", "--mkfifo"] if own else ["-k", "--json"]
    process = relay(*words, "-", "--to", path, stdin=inner, stderr=subprocess.PIPE)
    os.close(inner)
    while not os.path.exists(path):
        time.sleep(0.001)
    sent, over = [], threading.Event()

    def write():
        number = 0
        while not over.is_set():
            records = [b"%d:" % (number + i) + b"x" * int(10 ** dice.uniform(0, 3.5)) for i in range(dice.randint(1, 20))]
            number += len(records)
            sent.extend(records)
            os.write(outer, b"".join(record + b"\n" for record in records))
            if dice.random() < 0.2:
                time.sleep(dice.random() / 500)
        os.close(outer)
    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    got = []
    for turn in range(rounds + 1):
        region = mmap.mmap(-1, REGION)
        pid = reader_process(path, region, dice, outer)
        if turn < rounds:
            time.sleep(dice.random() ** 3 / 20)
            os.kill(pid, signal.SIGKILL)
        else:
            over.set()
        os.waitpid(pid, 0)
        data = region[:]
        region.close()
        got.append(data[:len(data.rstrip(b"\0"))])
    thread.join(LIMIT)
    errors = process.stderr.read().decode()
    process.wait()
    return got, sent, process.returncode, errors


def campaign_readers(dice, folder, rounds):
    got, sent, status, errors = killed_readers(dice, folder, rounds, True)
    account = json.loads(errors.splitlines()[-1])["sinks"][0]
    expected, lost = 0, 0
    for i, data in enumerate(got):
        for record in data.split(b"\n")[:-1]:
            number = int(record.split(b":")[0])
            if number < expected:
                fail("readers: twice:", number, "reader", i)
            lost += number - expected
            if record != sent[number]:
                fail("readers: torn:", record[:40], "reader", i)
            expected = number + 1
    lost += len(sent) - expected
    if status != 0 or lost != account["dropped_records"] or os.path.exists(os.path.join(folder, "log")):
        fail("readers:", lost, "missing", account, status, errors)
    print(f"# {rounds} readers killed, {len(sent)} records, {lost} lost and counted, none torn, none twice")


def campaign_foreign(dice, folder, rounds):
    got, sent, status, errors = killed_readers(dice, folder, rounds, False)
    account = json.loads(errors.splitlines()[-1])["sinks"][0]
    if status != 0 or b"".join(got) != b"".join(record + b"\n" for record in sent) or account["lost_bytes"]:
        fail("foreign:", account, status, errors, sum(map(len, got)))
    print(f"# {rounds} readers killed, {len(sent)} records, byte for byte")


def campaign_kills(dice, folder):
    """A writer process and reader processes; one of them is killed."""
    count = dice.choice([1, 1, 2, 3])
    words = dice.choice([[], ["-b", "100000"], ["-b", "unlimited", "--spill", folder]])
    source_read, source_write = os.pipe()
    pipes = [os.pipe() for _ in range(count)]
    process = relay(*words, "--json", f"fd:{source_read}", "--to", *[f"fd:{p[1]}" for p in pipes],
                    pass_fds=[source_read, *[p[1] for p in pipes]], stderr=subprocess.PIPE)
    total = dice.randint(1, 3000000)
    writer = os.fork()
    if writer == 0:
        for p in pipes:
            os.close(p[0]), os.close(p[1])
        os.close(source_read)
        data = b"0123456789abcdef" * (total // 16 + 1)
        at = 0
        try:
            while at < total:
                at += os.write(source_write, data[at:min(total, at + dice.randint(1, 100000))])
        except BrokenPipeError:
            pass
        os._exit(0)
    os.close(source_write), os.close(source_read)
    regions, readers = [], []
    for i, p in enumerate(pipes):
        region = mmap.mmap(-1, REGION)
        regions.append(region)
        pid = os.fork()
        if pid == 0:
            for j, q in enumerate(pipes):
                os.close(q[1])
                if j != i:
                    os.close(q[0])
            at, view = 0, memoryview(region)
            while True:
                part = os.readv(p[0], [view[at:at + dice.randint(1, 100000)]])
                if part == 0:
                    os._exit(0)
                at += part
        readers.append(pid)
    for p in pipes:
        os.close(p[0]), os.close(p[1])
    time.sleep(dice.random() ** 2 / 100)
    victim = dice.choice([writer, *readers])
    os.kill(victim, signal.SIGKILL)
    errors = process.stderr.read().decode()
    status = process.wait()
    for pid in (writer, *readers):
        os.waitpid(pid, 0)
    summary = json.loads(errors.splitlines()[-1])
    for i, region in enumerate(regions):
        got = len(region[:].rstrip(b"\0"))
        account = summary["sinks"][i]
        whole = b"0123456789abcdef" * (got // 16 + 1)
        if region[:got] != whole[:got]:
            fail("kills: wrong bytes at sink", i)
        if readers[i] == victim and status == 0 and got <= account["bytes"] == summary["bytes"]:
            pass  # it was killed after the relay had delivered everything
        elif got != account["bytes"] - account["lost_bytes"]:
            fail("kills: sink", i, "has", got, account, errors, status, victim == writer)
        if readers[i] != victim and got != summary["bytes"] and victim == writer:
            fail("kills: missing", got, summary, status)
        region.close()
    if status not in ((0,) if victim == writer else (0, 1)):
        fail("kills: status", status, errors)


def main():
    what, rounds, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    work = globals()["campaign_" + what]
    fcntl.fcntl(0, fcntl.F_GETFD)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    if what in ("readers", "foreign"):
        with tempfile.TemporaryDirectory() as folder:
            work(random.Random(seed), folder, rounds)
        return
    for turn in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            try:
                work(random.Random(f"{seed} {turn}"), folder)
            except SystemExit:
                print(f"{what}: turn {turn} of SEED {seed}")
                raise
    print(f"# {what}: {rounds} rounds, SEED {seed}")


main()
