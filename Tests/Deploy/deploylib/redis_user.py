"""Redis as one of the users of users.acl sees it."""

import socket
import ssl
import urllib.parse

from .checks import Trouble


class Refused(Trouble):
    """What Redis has answered in place of doing it."""


class RedisUser:
    """A connection by TLS."""

    def __init__(self, address, keys, role):
        """keys: the directory that examples/redis/prepare has made."""
        if role in ("looker", "tester"):
            password = (keys / role).read_text().strip()
        else:
            password = urllib.parse.urlsplit((keys / role / "redis.yaml").read_text().split("url: ")[1].strip()).password
        context = ssl.create_default_context(cafile=keys / "ca.crt")
        plain = socket.create_connection((address, 6379), timeout=10)
        self.stream = context.wrap_socket(plain, server_hostname=address)
        self.lines = self.stream.makefile("rb")
        self("AUTH", f"qwd-{role}", password)

    def __call__(self, *words):
        words = [str(word).encode() for word in words]
        self.stream.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
        answer = self.read()
        if isinstance(answer, Refused):
            raise answer
        return answer

    def read(self):
        line = self.lines.readline()
        if not line:
            raise Trouble("Redis closed the connection")
        kind, rest = line[:1], line[1:].strip().decode()
        if kind == b"-":
            return Refused(rest)
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == "-1" else self.lines.read(int(rest) + 2)[:-2].decode(errors="replace")
        if kind == b"*":
            return None if rest == "-1" else [self.read() for _ in range(int(rest))]
        return rest

    def refusal(self, *words):
        """The word with which Redis refuses a command, or nothing if it takes it."""
        try:
            self(*words)
        except Refused as error:
            return str(error)
        return ""
