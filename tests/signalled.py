#!/usr/bin/env python3
"""signalled.py SIGNAL WHOM TOOL WORD ...: a tool with a COMMAND that is put behind
the words; once it runs, SIGNAL is sent to it, to the tool or to both (WHOM is
"command", "tool" or "both").

Prints how the tool ended: "died of SIGINT" or "exited with 130", and "with a core
file" behind it where it left one.
"""
import os
import resource
import signal
import sys
import time

number = getattr(signal, sys.argv[1])
whom = sys.argv[2]


def command_of(tool):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with open("/proc/%d/task/%d/children" % (tool, tool)) as file:
            children = [int(word) for word in file.read().split()]
        for child in children:
            with open("/proc/%d/comm" % child) as file:
                if file.read() == "sleep\n":
                    return child
        time.sleep(0.02)
    sys.exit("COMMAND does not run")


most = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (most, most))
tool = os.fork()
if tool == 0:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(each, signal.SIG_DFL)
    os.execvp(sys.argv[3], sys.argv[3:] + ["sleep", "100"])
command = command_of(tool)
if whom in ("tool", "both"):
    os.kill(tool, number)
if whom in ("command", "both"):
    os.kill(command, number)
status = os.waitpid(tool, 0)[1]
if os.WIFSIGNALED(status):
    print("died of", signal.Signals(os.WTERMSIG(status)).name, end="")
else:
    print("exited with", os.WEXITSTATUS(status), end="")
print(" with a core file" if os.WCOREDUMP(status) else "")
