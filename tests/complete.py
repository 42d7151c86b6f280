#!/usr/bin/env python3
"""complete.py SHELL FILE LINE: what an interactive SHELL, bash or fish, that has read
the completions in FILE makes of LINE and the Tab key, in a terminal.

The words of the line are then printed by a command that is put in front of it.
"""
import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time

shell, file, line = sys.argv[1:]
start = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "fish": ["fish", "--no-config", "--private", "-i"],
}[shell]
prompt = {
    "bash": "PS1='pro''mpt> '; bind 'set bell-style none'\n",
    "fish": "function fish_prompt; echo -n 'pro''mpt> '; end\n",
}[shell]

pid, terminal = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.execvp(start[0], start)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 200, 0, 0))
seen = ""


def plain():
    """What came, without what moves the cursor."""
    return re.sub("\x1b(\\[[0-9;?=>]*[a-zA-Z]|\\][^\x07]*\x07|[()].|[=>])|[\r\x00]", "", seen)


def read_for(seconds):
    global seen
    if select.select([terminal], [], [], seconds)[0]:
        seen += os.read(terminal, 4096).decode(errors="replace")


def expect(text, count=1):
    end = time.monotonic() + 60
    while len(re.findall(text, plain())) < count:
        if time.monotonic() > end:
            sys.exit("no %r in %r" % (text, plain()))
        read_for(0.05)


def quiet():
    """Until nothing has come for a moment: what the shell draws has no end."""
    global seen
    before = None
    while before != seen:
        before = seen
        read_for(0.3)


def send(text):
    os.write(terminal, text.encode())


quiet()
send("source %s\n" % file)
send(prompt)
expect("prompt> ")
quiet()
send(line + "\t")
quiet()
# To the beginning of the line, a command in front of it, and off.
send("\x01printf 'ma''de<%s>' ")
quiet()
send("\n")
expect("made<[^>]*>(made<[^>]*>)*")
quiet()
words = re.findall("made<([^>]*)>", plain())
os.kill(pid, 9)
os.waitpid(pid, 0)
print(" ".join(words))
