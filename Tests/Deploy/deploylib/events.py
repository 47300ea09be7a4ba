"""Server-sent events, one by one."""

import contextlib
import threading
import time

from .checks import Trouble


class Events:
    """An event stream, of which the head of the answer has been read."""

    def __init__(self, answer):
        self.status, self.type = answer.status, answer.headers.get("Content-Type")
        self.answer, self.socket = answer, answer.connection.sock
        self.heard = self.opened = time.monotonic()
        self.beats, self.is_over = 0, False

    def next(self, wanted=lambda lines: True, patience=15):
        """The next event: its lines and how many seconds it took, or None at the end of the stream.

        - wanted: a function of an event's lines; others are passed over.
        """
        began, lines = time.monotonic(), []
        while True:
            left = began + patience - time.monotonic()
            if left <= 0:
                raise Trouble(f"no event within {patience} s")
            self.socket.settimeout(left)
            line = self.answer.readline()
            if not line:
                return None
            line = line.decode().rstrip("\n")
            if line:
                lines.append(line)
                continue
            event, lines = lines, []
            self.heard = time.monotonic()
            if wanted(event):
                return event, self.heard - began

    def attend(self):
        """Reads on beside the test, as a page does."""
        def read():
            # However it ends, by silence, by a fault or by close(): it is over.
            with contextlib.suppress(Exception):
                while self.next(lambda lines: "event: beat" in lines, patience=30):
                    self.beats += 1
            self.is_over = True

        threading.Thread(target=read, daemon=True).start()

    def close(self):
        self.answer.connection.close()
