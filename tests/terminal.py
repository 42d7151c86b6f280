#!/usr/bin/env python3
"""terminal.py TOOL WORD ...: a tool with a COMMAND on a terminal, under a shell
with job control; COMMAND is put behind the words.

Ctrl-Z stops COMMAND and the tool, bg and fg continue both, Ctrl-C ends COMMAND,
which has the terminal.  Ctrl-C ends a script, too, whose COMMAND dies of it.
"""
import os
import pty
import select
import signal
import sys
import time

if sys.argv[1:] == ["--command"]:
    # No shell: one that is stopped while its vfork(2) child is, is not stopped.
    def interrupted(*_):
        print("interrupted")
        sys.exit(7)

    signal.signal(signal.SIGINT, interrupted)
    print("tool=%d= command=%d=" % (os.getppid(), os.getpid()), flush=True)
    while True:
        signal.pause()

prefix = " ".join(sys.argv[1:])
pid, terminal = pty.fork()
if pid == 0:
    os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])

seen = b""


def expect(text, since=0):
    """Wait until TEXT has come from the terminal; returns the place behind it."""
    global seen
    end = time.monotonic() + 60
    while text not in seen[since:]:
        if time.monotonic() > end:
            sys.exit("no %r in %r" % (text, seen[since:]))
        if select.select([terminal], [], [], 0.05)[0]:
            seen += os.read(terminal, 4096)
    return seen.index(text, since) + len(text)


def state(process):
    with open("/proc/%d/stat" % process) as file:
        return file.read().rsplit(") ", 1)[1][0]


def expect_states(wanted, *processes):
    end = time.monotonic() + 60
    while not all(state(p) in wanted for p in processes):
        if time.monotonic() > end:
            sys.exit("states: %s" % [state(p) for p in processes])
        time.sleep(0.02)


def expect_foreground(process):
    end = time.monotonic() + 60
    while os.tcgetpgrp(terminal) != os.getpgid(process):
        if time.monotonic() > end:
            sys.exit("not in the foreground: %d" % process)
        time.sleep(0.02)


def send(text):
    os.write(terminal, text)


send(b"PS1='pro''mpt> '; stty -echo\n")
at = expect(b"prompt> ")
send(("%s %s %s --command\n" % (prefix, sys.executable, os.path.abspath(__file__))).encode())
at = expect(b"tool=", at)
end = expect(b"= command=", at)
tool = int(seen[at:end].split(b"=")[0])
at = end
end = expect(b"=", at)
command = int(seen[at:end].split(b"=")[0])

at = end
for ways in ([b"bg", b"fg"], [b"fg"]):
    send(b"\x1a")
    at = expect(b"Stopped", at)
    expect_states("T", tool, command)
    at = expect(b"prompt> ", at)
    for way in ways:
        send(way + b"\n")
        if way == b"fg":
            expect_foreground(tool)
        expect_states("RS", tool, command)
send(b"\x03")
at = expect(b"interrupted", at)
at = expect(b"prompt> ", at)
send(b"echo status=$?=\n")
at = expect(b"status=7=", at)
at = expect(b"prompt> ", at)
loop = "bash -c 'for i in 1 2; do %s sh -c \"echo be\\gun; exec sleep 60\"; echo aft\\er; done'\n"
send((loop % prefix).encode())
at = expect(b"begun", at)
send(b"\x03")
at = expect(b"prompt> ", at)
send(b"echo status=$?=\n")
at = expect(b"status=130=", at)
if b"after" in seen:
    sys.exit("the script went on: %r" % seen)
send(b"exit\n")
os.waitpid(pid, 0)
print("job control works")
