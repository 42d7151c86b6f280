#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""lines.py send|recv ID [COUNT]: lines of standard input into a System V
queue, or COUNT messages out of it as lines, with sysv_ipc."""
import sys

import sysv_ipc


def key_of(wanted):
    """sysv_ipc opens queues by their key only."""
    with open("/proc/sysvipc/msg", encoding="ascii") as table:
        next(table)
        for row in table:
            key, number = row.split()[:2]
            if number == wanted:
                return int(key)
    sys.exit(f"lines.py: no queue has the id {wanted}")


def main():
    queue = sysv_ipc.MessageQueue(key_of(sys.argv[2]), max_message_size=8192)
    if sys.argv[1] == "send":
        send = queue.send
        for line in sys.stdin.buffer:
            send(line[:-1])
        return
    receive = queue.receive
    write = sys.stdout.buffer.write
    for _ in range(int(sys.argv[3])):
        write(receive()[0] + b"\n")


main()
