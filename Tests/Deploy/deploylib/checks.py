"""One line for each check, and waiting for what is to come."""

import contextlib
import http.client
import subprocess
import sys
import time


class Trouble(Exception):
    """Why a check failed. Who waits tries again."""


class Over(Exception):
    """What no waiting changes any more."""


def run(*command, check=True, **options):
    """What a program says, both of its outputs."""
    result = subprocess.run(
        [str(word) for word in command], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    if check and result.returncode:
        raise Trouble(f"{' '.join(map(str, command))}: exit {result.returncode}\n{result.stdout[-3000:]}")
    return result.stdout


def wait(what, condition, limit=60.0, process=None):
    """Until the condition gives something true, which is returned. Its own troubles are as good as a no.

    A state that tells nobody of its change is asked for, twenty times a second. A process that ends meanwhile ends the waiting.
    """
    end, last = time.monotonic() + limit, ""
    while True:
        try:
            if found := condition():
                return found
        except (Trouble, OSError, ValueError, http.client.HTTPException) as trouble:
            last = f": {trouble or type(trouble).__name__}"
        if process and process.poll() is not None:
            raise Over(f"{what}: {process.args[0]} ended with {process.returncode}: {last_lines(process.log)}")
        if time.monotonic() > end:
            raise Trouble(f"not within {limit:g} s: {what}{last}{': ' + last_lines(process.log) if process else ''}")
        time.sleep(0.05)


def last_lines(log, most=6):
    return " / ".join(log.read_text(errors="replace").splitlines()[-most:])


def expect(condition, words):
    if not condition:
        raise Trouble(words)


def equal(value, wanted):
    expect(value == wanted, f"{value!r} instead of {wanted!r}")


class Checks:
    def __init__(self, after_failure=lambda: None):
        """after_failure: says what helps to understand one."""
        self.failed = 0
        self.began = time.monotonic()
        self.after_failure = after_failure

    @contextlib.contextmanager
    def __call__(self, words):
        """One line. What is put into the list that it gives is said too."""
        said = []
        try:
            yield said
        except Exception as error:
            self.fail(words, error)
        else:
            self.say("ok", words, *said)

    def fail(self, words, error):
        self.failed += 1
        self.say("FAILED", words, f"{error}" if isinstance(error, (Trouble, Over)) else f"{type(error).__name__}: {error}")
        self.after_failure()

    def say(self, verdict, words, *said):
        """As one piece, because several may have something to say."""
        sys.stdout.write(f"{verdict:<7} {time.monotonic() - self.began:4.0f} s  {words}"
                         + (f": {'; '.join(map(str, said))}" if said else "") + "\n")
        sys.stdout.flush()

    def end(self):
        """The closing line, and the code to end with."""
        print(f"in all  {time.monotonic() - self.began:4.0f} s, {self.failed or 'no'} check{'s' * (self.failed != 1)} failed", flush=True)
        return 1 if self.failed else 0
