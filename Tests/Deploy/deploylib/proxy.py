"""A proxy that is started from its example file.

What an example file says is not changed, but for the names, ports and paths of `substitutions`, each of which has to be found. What
a host has beside the file, Debian's main configuration, is put around it by each (servers.py).
"""

import os
import pathlib
import re
import shutil
import socket

from . import processes
from .checks import Trouble, expect, wait

EXAMPLES = pathlib.Path(__file__).resolve().parents[3] / "examples" / "proxy"
NAME = "desk.example.org"
VARIANTS = ["name", "path", "tls"]


def substitute(text, substitutions, file):
    """Replaces each text by another one, the longest first, all at once; one that does not occur is an error."""
    for old in substitutions:
        if old not in text:
            raise Trouble(f"{file} does not say {old!r}")
    pattern = "|".join(re.escape(old) for old in sorted(substitutions, key=len, reverse=True))
    return re.sub(pattern, lambda found: substitutions[found[0]], text)


def is_listening(address, port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((address, port)) == 0


class Proxy:
    name = ""
    program = ""
    suffix = ""
    # Times that the file sets, as a pattern with the number in the group "time", to see what ends a quiet connection.
    times = None
    # What comes in place of a time.
    short = "2s"

    def __init__(self, directory, address, port):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True)
        self.directory.chmod(0o755)
        self.address, self.port = address, port

    @classmethod
    def path(cls):
        return shutil.which(cls.program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")

    @classmethod
    def example(cls, variant):
        return EXAMPLES / cls.name / f"{variant}{cls.suffix}"

    def listening(self):
        """What the file says about where browsers come in, and what it says here."""
        raise NotImplementedError

    def certificates(self, certificates):
        return {f"/etc/ssl/{NAME}/{file}": f"{certificates}/{file}" for file in ("fullchain.pem", "key.pem")}

    def command(self):
        raise NotImplementedError

    def environment(self):
        return {}

    def start(self, variant, certificates, authority, pages, displays, short=False):
        """Starts the proxy from its example file.

        - certificates: the directory of what browsers see; authority: who has signed qwd's certificate.
        - pages, displays: ports of 127.0.0.1 that it passes on to.
        - short: with every time of the file made short.
        """
        upstream = ("192.0.2.10:8443", "192.0.2.10:6443") if variant == "tls" else ("127.0.0.1:8080", "127.0.0.1:6080")
        substitutions = {upstream[0]: f"127.0.0.1:{pages}", upstream[1]: f"127.0.0.1:{displays}"}
        substitutions |= self.listening() | self.certificates(certificates)
        if variant == "tls":
            substitutions[f"/etc/ssl/{NAME}/ca.pem"] = str(authority)
        text = substitute(self.example(variant).read_text(), substitutions, self.example(variant))
        if short:
            text, count = self.times.subn(lambda found: found[0].replace(found["time"], self.short), text)
            expect(count, f"{self.example(variant)} sets no time")
        self.file = self.directory / f"qwd{self.suffix}"
        self.file.write_text(text)
        self.process = processes.start(self.command(), self.directory / "log", self.environment())
        wait(f"{self.name} listens", lambda: is_listening(self.address, self.port), 15, self.process)

    def end(self):
        processes.end(self.process)
