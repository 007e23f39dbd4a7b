"""Stops a program before its first instruction, and looks whether another of the same person may read its memory then.

Usage, as an ordinary user: prying.py PROGRAM. Fails where it may, and where a program that all may read is not found
to be open.
"""

import ctypes
import os
import signal
import sys

PTRACE_TRACEME = 0


def is_open(program: str) -> bool:
    pid = os.fork()
    if pid == 0:
        ctypes.CDLL(None).ptrace(PTRACE_TRACEME, 0, 0, 0)
        os.execv(program, [program, "--version"])
    _, status = os.waitpid(pid, 0)
    if not os.WIFSTOPPED(status):
        sys.exit(f"{program} did not stop")
    try:
        with open(f"/proc/{pid}/mem", "rb"):
            return True
    except PermissionError:
        return False
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


if os.getuid() == 0:
    sys.exit("to root everything is open")
if not is_open(sys.executable):
    sys.exit("not even python is open: this shows nothing")
if is_open(sys.argv[1]):
    sys.exit(f"the memory of {sys.argv[1]} is open before its first instruction")
