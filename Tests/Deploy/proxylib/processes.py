"""Programs that the test starts, and how it ends them: these and no others."""

import os
import pathlib
import signal
import subprocess
import time

started = []


class Ended(Exception):
    pass


def start(command, log, environment=None):
    """Starts a program with a process group of its own, which writes to a file."""
    with open(log, "ab") as file:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True,
                                   env={**os.environ, **(environment or {})})
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
            # The group is ours: start() made it.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process in started:
        started.remove(process)


def end_all(processes):
    """Ends several, which may take their time beside each other."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
    for process in processes:
        end(process)


def wait_until(what, condition, patience=30, process=None):
    """Waits until a condition holds and returns its value; says what was waited for if it does not."""
    limit = time.monotonic() + patience
    while not (value := condition()):
        if process and process.poll() is not None:
            raise Ended(f"{what}: {process.args[0]} ended with {process.returncode}: {last_lines(process.log)}")
        if time.monotonic() > limit:
            raise Ended(f"{what}: not within {patience} s{': ' + last_lines(process.log) if process else ''}")
        time.sleep(0.05)
    return value


def last_lines(log, most=6):
    return " / ".join(log.read_text(errors="replace").splitlines()[-most:])


def end_marked(mark):
    """Ends what a service of the test has left behind: all that has the mark in its environment."""
    found = []
    for place in pathlib.Path("/proc").iterdir():
        if not place.name.isdigit():
            continue
        try:
            if mark.encode() in (place / "environ").read_bytes().split(b"\0"):
                os.kill(int(place.name), signal.SIGKILL)
                found.append(int(place.name))
        except OSError:
            continue  # It has ended, or is nobody's of ours.
    return found
