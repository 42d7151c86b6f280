#!/usr/bin/env python3
"""rpc-hostile.py REF COUNT SEED: messages to a server by one who means it ill.

Requests with a right form and wrong contents: the desk and the reply queue of
somebody else, of no process, of a FIFO, of a plain file, not sealed, too small;
then, with a desk that is right, impossible streams, replays and random bytes.
"""
import ctypes
import fcntl
import os
import random
import struct
import sys

ref, count, chance = sys.argv[1], int(sys.argv[2]), random.Random(int(sys.argv[3]))
libc = ctypes.CDLL(None, use_errno=True)
posix = ref.startswith("mq:/")
if posix:
    queue = os.open("/dev/mqueue" + ref[3:], os.O_WRONLY)
DESK = 532480
SEALS = 1 | 2 | 4


def send(message):
    if posix:
        if libc.mq_send(queue, message, len(message), 0) < 0:
            raise OSError(ctypes.get_errno(), "mq_send")
    else:
        buffer = struct.pack("l", 1) + message
        if libc.msgsnd(int(ref.split(":")[-1]), buffer, len(message), 0) < 0:
            raise OSError(ctypes.get_errno(), "msgsnd")


def desk(size=DESK, seals=SEALS, magic=b"ipcdesk1", token=b"T" * 16):
    file = os.memfd_create("x", os.MFD_ALLOW_SEALING)
    os.ftruncate(file, size)
    os.pwrite(file, magic + token + struct.pack("Q", 1 << 2 | 1), 0)
    fcntl.fcntl(file, 1033, seals)
    return file


def private():
    class Attributes(ctypes.Structure):
        _fields_ = [("v", ctypes.c_long * 8)]

    attributes = Attributes()
    attributes.v[1], attributes.v[2] = 2, 1024
    name = b"/hostile.%d" % os.getpid()
    file = libc.mq_open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600, ctypes.byref(attributes))
    libc.mq_unlink(name)
    return file


def request(pid=None, desk=0, reply=None, sequence=1, token=b"T" * 16, flags=0, body=b"x", **other):
    if reply is None:
        reply = answers if posix else 1 << 62 | os.getpid() << 32 | 7
    return (b"iRPC" + struct.pack("=BBHIIii", other.get("version", 1), other.get("kind", 1), flags,
                                  other.get("status", 0), other.get("error", 0),
                                  pid or os.getpid(), desk)
            + struct.pack("=qQ", reply, sequence) + token
            + struct.pack("=Q", other.get("length", len(body))) + body)


answers = private() if posix else 0
good = desk()
read_end, write_end = os.pipe()
plain = os.open("/dev/null", os.O_RDWR)
directory = os.open("/", os.O_RDONLY)
bad = [
    request(pid=1, desk=good), request(pid=os.getppid(), desk=good), request(pid=999999999, desk=good),
    request(desk=read_end), request(desk=plain), request(desk=directory), request(desk=12345),
    request(desk=desk(seals=0)), request(desk=desk(size=4096)), request(desk=desk(magic=b"nonsense")),
    request(desk=desk(token=b"U" * 16)), request(desk=good, reply=read_end), request(desk=good, reply=5), request(desk=good, reply=queue if posix else 5),
    request(desk=good, reply=1 << 62 | 1 << 32), request(desk=good, reply=-1),
    request(desk=good, sequence=2), request(desk=good, sequence=0), request(desk=good, version=2),
    request(desk=good, kind=3), request(desk=good, flags=2), request(desk=good, status=1),
    request(desk=good, length=2), request(desk=good, length=1 << 63), request(desk=-1),
    b"", b"iRPC", b"\0" * 64, b"\x1b[31mred\n",
]
for message in bad:
    send(message)
# One that is right, and again: it is run once.
send(request(desk=good, body=b"once"))
send(request(desk=good, body=b"once"))
# A stream that is impossible.
foul = desk(token=b"F" * 16)
os.pwrite(foul, struct.pack("Q", 1 << 60), 64)
send(request(desk=foul, token=b"F" * 16, flags=1, body=b""))
# A reply that nobody takes, of a caller that stays.
for _ in range(count):
    message = bytearray(request(desk=good, body=bytes(chance.randrange(256) for _ in range(chance.randrange(99)))))
    for _ in range(chance.randrange(1, 6)):
        message[chance.randrange(len(message))] = chance.randrange(256)
    send(bytes(message))
print(len(bad) + count)
