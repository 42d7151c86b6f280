#!/usr/bin/python3
"""tests/ring-peer.py: a peer for rings, written from ipc-ring(5) alone.

    put FILE [COUNT]    lines of stdin into the ring; COUNT at a time are published
    get FILE [COUNT]    records out of the ring as lines, until its end is marked
    end FILE            mark the end
    facts FILE          in, out, records put, records taken, end mark
    start FILE POSITION NUMBER   move both counters of an empty ring there

It has no futex(2), so it wakes nobody and looks every millisecond instead.
"""
import fcntl
import mmap
import os
import struct
import sys
import time

CONSUMER, PRODUCER, DATA = 4096, 8192, 12288
PLACES = 64
LOCK_PRODUCER, LOCK_CONSUMER, LOCK_TURN = 0, 1, 2
OFD_SETLK, OFD_SETLKW = 37, 38
ALL = (1 << 64) - 1

TABLE = []
for byte in range(256):
    for _ in range(8):
        byte = byte >> 1 ^ 0x82F63B78 if byte & 1 else byte >> 1
    TABLE.append(byte)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


class Ring:
    def __init__(self, path):
        self.fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        header = os.pread(self.fd, 72, 0)
        magic, version, checksum, self.capacity, data, _, incompatible = struct.unpack("<8sIIQQII", header[:40])
        if magic != b"IPCRING\n" or version != 1 or incompatible or data != DATA:
            sys.exit("no ring of version 1")
        if crc32c(header[16:]) != checksum:
            sys.exit("a broken header")
        if os.fstat(self.fd).st_size < DATA + self.capacity:
            sys.exit("cut short")
        self.memory = mmap.mmap(self.fd, DATA + self.capacity)

    def load(self, at, form="<Q"):
        return struct.unpack_from(form, self.memory, at)[0]

    def store(self, at, value, form="<Q"):
        struct.pack_into(form, self.memory, at, value)

    def lock(self, byte, how, kind=fcntl.F_WRLCK):
        fcntl.fcntl(self.fd, how, struct.pack("hhqqi4x", kind, os.SEEK_SET, byte, 1, 0))

    def unlock(self, byte):
        self.lock(byte, OFD_SETLK, fcntl.F_UNLCK)

    def place(self, page, position):
        """The number of the record at POSITION."""
        for i in range(2):
            at, number = struct.unpack_from("<QQ", self.memory, page + PLACES + 16 * i)
            if at == position:
                return number
        sys.exit("broken counters")

    def move(self, page, old, new, number):
        """Write the place that is not of OLD, and only then the counter."""
        second = self.load(page + PLACES) == old
        struct.pack_into("<QQ", self.memory, page + PLACES + 16 * second, new, number)
        self.store(page, new)
        self.store(page + 8, (self.load(page + 8, "<I") + 1) & 0xFFFFFFFF, "<I")

    def write(self, position, data):
        offset = position % self.capacity
        first = data[: self.capacity - offset]
        self.memory[DATA + offset : DATA + offset + len(first)] = first
        rest = data[len(first) :]
        self.memory[DATA : DATA + len(rest)] = rest

    def read(self, position, length):
        offset = position % self.capacity
        first = self.memory[DATA + offset : DATA + min(offset + length, self.capacity)]
        return first + self.memory[DATA : DATA + length - len(first)]


def put_batch(ring, records):
    ring.lock(LOCK_TURN, OFD_SETLKW)
    ring.store(PRODUCER + 20, 1, "<I")
    ring.lock(LOCK_PRODUCER, OFD_SETLKW)
    ring.store(PRODUCER + 20, 0, "<I")
    ring.unlock(LOCK_TURN)
    published = at = ring.load(PRODUCER)
    number = ring.place(PRODUCER, at)
    if ring.load(PRODUCER + 16, "<I"):
        sys.exit("the end has been marked")
    for record in records:
        size = (16 + len(record) + 7) & ~7
        while ring.capacity - ((at - ring.load(CONSUMER)) & ALL) < size:
            if at != published:
                ring.move(PRODUCER, published, at, number)
                published = at
            time.sleep(0.001)
        head = struct.pack("<IIQ", len(record), 0, number)
        checksum = crc32c(head + record)
        head = struct.pack("<IIQ", len(record), checksum, number)
        ring.write(at, (head + record).ljust(size, b"\0"))
        at = (at + size) & ALL
        number = (number + 1) & ALL
    if at != published:
        ring.move(PRODUCER, published, at, number)
    ring.unlock(LOCK_PRODUCER)


def put(ring, count=1):
    batch = []
    for line in sys.stdin.buffer:
        batch.append(line.rstrip(b"\n"))
        if len(batch) == int(count):
            put_batch(ring, batch)
            batch = []
    put_batch(ring, batch)


def get(ring, count=-1):
    left = int(count)
    ring.lock(LOCK_CONSUMER, OFD_SETLKW)
    ring.store(CONSUMER + 96, 0, "<I")  # whose role it is, is not told
    at = ring.load(CONSUMER)
    number = ring.place(CONSUMER, at)
    while left != 0:
        ended = ring.load(PRODUCER + 16, "<I")
        if ring.load(PRODUCER) == at:
            if ended:
                break
            time.sleep(0.001)
            continue
        length, checksum, own = struct.unpack("<IIQ", ring.read(at, 16))
        padded = ring.read((at + 16) & ALL, (length + 7) // 8 * 8)
        record = padded[:length]
        if any(padded[length:]):
            sys.exit("no zeros behind record %d" % number)
        if own != number or checksum != crc32c(struct.pack("<IIQ", length, 0, own) + record):
            sys.exit("record %d is broken" % number)
        sys.stdout.buffer.write(record + b"\n")
        sys.stdout.buffer.flush()
        old, at = at, (at + 16 + (length + 7) // 8 * 8) & ALL
        number = (number + 1) & ALL
        ring.move(CONSUMER, old, at, number)
        left -= 1


def end(ring):
    ring.lock(LOCK_PRODUCER, OFD_SETLKW)
    ring.store(PRODUCER + 16, 1, "<I")
    ring.store(PRODUCER + 8, (ring.load(PRODUCER + 8, "<I") + 1) & 0xFFFFFFFF, "<I")


def facts(ring):
    position, taken = ring.load(PRODUCER), ring.load(CONSUMER)
    print(position, taken, ring.place(PRODUCER, position), ring.place(CONSUMER, taken), ring.load(PRODUCER + 16, "<I"))


def start(ring, position, number):
    for page in (CONSUMER, PRODUCER):
        for at in (page + PLACES, page + PLACES + 16):
            struct.pack_into("<QQ", ring.memory, at, int(position, 0), int(number, 0))
        ring.store(page, int(position, 0))


globals()[sys.argv[1]](Ring(sys.argv[2]), *sys.argv[3:])
