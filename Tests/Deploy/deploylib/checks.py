"""One line for each check, and waiting for what is to come."""

import contextlib
import subprocess
import time


class Trouble(Exception):
    """Why a check failed."""


def run(*command, check=True, **options):
    result = subprocess.run(
        [str(word) for word in command], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    if check and result.returncode:
        raise Trouble(f"{' '.join(map(str, command))}: exit {result.returncode}\n{result.stdout[-3000:]}")
    return result.stdout


def wait(what, condition, limit=30.0):
    """Until the condition gives something true, which is returned. Its own troubles are as good as a no."""
    end, last = time.monotonic() + limit, ""
    while True:
        try:
            if found := condition():
                return found
        except (Trouble, OSError, ValueError) as trouble:
            last = f": {trouble}"
        if time.monotonic() > end:
            raise Trouble(f"not within {limit:g} s: {what}{last}")
        time.sleep(0.05)


class Checks:
    def __init__(self):
        self.failed = 0
        self.began = time.monotonic()

    @contextlib.contextmanager
    def __call__(self, words):
        """One line. What is put into the list that it gives is said too."""
        said = []
        try:
            yield said
        except (Trouble, OSError, ValueError, KeyError) as trouble:
            self.failed += 1
            self.say("FAILED", words, [f"{type(trouble).__name__ if not isinstance(trouble, Trouble) else ''}{trouble}"])
        else:
            self.say("ok    ", words, said)

    def say(self, verdict, words, said):
        print(f"{verdict} {time.monotonic() - self.began:5.0f} s  {words}" + (f": {'; '.join(map(str, said))}" if said else ""),
              flush=True)


def expect(condition, words):
    if not condition:
        raise Trouble(words)
