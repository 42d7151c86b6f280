# SPDX-License-Identifier: MIT
# generate.py SEED: fill this IPC world with objects of all kinds at random, hold
# some of them, print "ready" and wait until killed.
import ctypes
import mmap
import os
import random
import struct
import sys
import time

random.seed(int(sys.argv[1]))
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p


def perhaps_owner(path):
    if os.getuid() == 0:
        os.chown(path, random.choice([0, 1, 65534]), random.choice([0, 1, 2]))


def key():
    return random.choice([0, random.randrange(1, 1 << 31), -random.randrange(1, 1 << 31)])


segments = []
for _ in range(random.randrange(1, 30)):
    mode = random.choice([0o600, 0o640, 0o666, 0o400])
    segment = libc.shmget(key(), random.randrange(1, 100000), 0o1000 | mode)
    if segment >= 0:
        segments.append(segment)
for _ in range(random.randrange(1, 30)):
    libc.semget(key(), random.randrange(1, 20), 0o1000 | random.choice([0o600, 0o644]))
for _ in range(random.randrange(1, 30)):
    queue = libc.msgget(key(), 0o1000 | random.choice([0o600, 0o644]))
    for _ in range(random.randrange(5)):
        text = random.randbytes(random.randrange(100))
        libc.msgsnd(queue, struct.pack("l", random.randrange(1, 99)) + text, len(text), 0o4000)
for number in range(random.randrange(30)):
    path = f"/dev/shm/{random.choice(['', 'sem.', 'a b', '.', 'x'])}{number}"
    with open(path, "wb") as file:
        file.write(random.randbytes(random.choice([0, 1, 32, 5000])))
    os.chmod(path, random.choice([0o600, 0o666]))
    perhaps_owner(path)
for number in range(random.randrange(10)):
    with open(f"/dev/shm/sem.real{number}", "wb") as file:
        file.write(struct.pack("<8I", random.randrange(10), 0, 128, 0, 0, 0, 0, 0))

for _ in range(random.randrange(1, 6)):
    if os.fork() == 0:
        libc.prctl(1, 9)
        for segment in random.sample(segments, random.randrange(len(segments) + 1)):
            libc.shmat(segment, None, 0)
        for name in random.sample(os.listdir("/dev/shm"), random.randrange(len(os.listdir("/dev/shm")) + 1)):
            handle = os.open("/dev/shm/" + name, os.O_RDWR)
            if os.fstat(handle).st_size > 0:
                mmap.mmap(handle, 1)
        time.sleep(1000)
        os._exit(0)
for segment in random.sample(segments, len(segments) // 4):
    libc.shmctl(segment, 0, None)
time.sleep(0.3)
print("ready", flush=True)
time.sleep(1000)
