"""Programs that a test starts, and how it ends them: these and no others."""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys

started = []
# In the environment of what a test starts, with its directory: by it is found what outlives a service.
MARK = "QWDTEST_ROOT"


def end_by_signals():
    """An end by a signal cleans up as any other one does; what else comes does not disturb that."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

    def leave(number, _):
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        sys.exit(128 + number)

    for number in numbers:
        signal.signal(number, leave)


def environment(more=None):
    """That of this program as far as it says where things are. What else stands there is no business of a service."""
    known = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**known, "LANG": "C.UTF-8", **(more or {})}


def start(command, log, more=None):
    """Starts a program with a process group of its own, which writes to a file."""
    with open(log, "ab") as file:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True,
                                   env=environment(more))
    process.log = pathlib.Path(log)
    started.append(process)
    return process


def end(process, patience=10):
    """Asks a program to end, and ends it and its children by force if it does not."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            kill(process)
    if process in started:
        started.remove(process)


def kill(process):
    # The group is ours: start() made it.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def end_all(processes):
    """Ends several, which may take their time beside each other."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
    for process in processes:
        end(process)


def find(roots, networks=()):
    """Processes that belong to a test's directory, or live in a network namespace of these numbers; each with its name.

    Some write over their environment, but not over the path that they were started with.
    """
    found = {}
    for place in pathlib.Path("/proc").glob("[0-9]*"):
        # It has ended meanwhile, or is nobody's of ours.
        with contextlib.suppress(OSError):
            words = (place / "environ").read_bytes() + (place / "cmdline").read_bytes()
            if any(str(root).encode() in words for root in roots) or os.stat(place / "ns/net").st_ino in networks:
                found[int(place.name)] = (place / "comm").read_text().strip()
    found.pop(os.getpid(), None)
    return found


def kill_found(roots, networks=()):
    """Ends all that `find` finds now, and tells what it was."""
    found = find(roots, networks)
    for process in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    return found
