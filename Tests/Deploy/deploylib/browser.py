"""What a browser does, by hand: pages, cookies, displays."""

import collections
import contextlib
import http.client
import json
import re
import struct
import urllib.parse

from .checks import Trouble, wait

Answer = collections.namedtuple("Answer", "status headers text")


class Browser:
    """Asks for pages, with cookies, and opens displays."""

    def __init__(self, host, port=8080):
        """host: what gives a connection to its loopback, by connect(port)."""
        self.host = host
        self.port = port
        self.cookies = {}

    def ask(self, method, path, fields=None, headers=None):
        body = urllib.parse.urlencode(fields).encode() if fields else b""
        lines = {"Host": f"127.0.0.1:{self.port}", "Connection": "close", "Content-Length": str(len(body)), **(headers or {})}
        if fields:
            lines |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{self.port}"}
        if self.cookies:
            lines["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        with self.host.connect(self.port) as peer:
            head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
            peer.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
            answer = http.client.HTTPResponse(peer, method=method)
            answer.begin()
            text = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, value = cookie.split(";")[0].split("=", 1)
            self.cookies[name] = value
        return Answer(answer.status, answer.headers, text)

    def fields(self, path):
        """The hidden fields of a form."""
        page = self.ask("GET", path)
        if page.status != 200:
            raise Trouble(f"GET {path}: {page.status} {page.headers.get('Location', '')}")
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))

    def create(self, **fields):
        """A session, as the form asks for it; its id."""
        all_fields = self.fields("/") | {"cpu": "1", "memory": "0.25"} | fields
        answer = self.ask("POST", "/sessions", all_fields, {"Accept": "application/json"})
        if answer.status not in (200, 201):
            raise Trouble(f"POST /sessions: {answer.status} {answer.text[:500]}")
        return json.loads(answer.text)["id"]

    def link(self, session, limit=60):
        """The address of its display, as soon as there is one."""
        def found():
            status = json.loads(self.ask("GET", f"/sessions/{session}/status").text)
            if status.get("state") == "ended":
                raise SystemExit(f"session {session} has ended: {status}")
            return status.get("connect_url")
        return wait("the session has a display", found, limit)

    def picture(self, link):
        """Opens a link as the page behind it does, and gets a whole picture."""
        with self.open(link) as opened:
            return opened.picture()

    def open(self, link):
        """The display behind a link. As its page does it asks where that is."""
        address = urllib.parse.urlsplit(link)
        token = address.fragment.split("&")[0].split("=")[-1]
        state = self.ask("GET", address.path + "/state", headers={"Display-Token": token})
        display = urllib.parse.urlsplit(json.loads(state.text)["display"])
        return Display(self.host.connect(display.port), display, token, f"http://127.0.0.1:{self.port}")


class Display(contextlib.AbstractContextManager):
    """RFB 3.8 over a WebSocket (RFC 6143, RFC 6455)."""

    def __init__(self, peer, address, token, origin):
        self.peer, self.data = peer, b""
        peer.sendall((
            f"GET {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            f"Origin: {origin}\r\nSec-WebSocket-Protocol: binary, {token}\r\n\r\n").encode())
        head = b""
        while b"\r\n\r\n" not in head:
            piece = peer.recv(1)
            if not piece:
                break
            head += piece
        if not head.startswith(b"HTTP/1.1 101"):
            raise Trouble(f"the display answers {head[:100]!r}")

    def __exit__(self, *_):
        self.peer.close()

    def exactly(self, count):
        pieces = []
        while count:
            piece = self.peer.recv(min(count, 1 << 16))
            if not piece:
                raise Trouble("the display ended")
            pieces.append(piece)
            count -= len(piece)
        return b"".join(pieces)

    def read(self, count):
        while len(self.data) < count:
            kind, length = self.exactly(2)
            if length == 126:
                (length,) = struct.unpack(">H", self.exactly(2))
            elif length == 127:
                (length,) = struct.unpack(">Q", self.exactly(8))
            content = self.exactly(length)
            if kind & 15 < 3:
                self.data += content
        found, self.data = self.data[:count], self.data[count:]
        return found

    def write(self, data):
        # A mask of zeros is one too.
        self.peer.sendall(bytes([0x82, 0x80 | len(data)]) + bytes(4) + data)

    def picture(self):
        if not (greeting := self.read(12)).startswith(b"RFB 003."):
            raise Trouble(f"the display greets with {greeting!r}")
        self.write(b"RFB 003.008\n")
        self.read(self.read(1)[0])
        self.write(b"\x01")
        if self.read(4) != bytes(4):
            raise Trouble("the display refuses")
        self.write(b"\x01")
        width, height = struct.unpack(">HH", self.read(4))
        self.read(16)
        (length,) = struct.unpack(">I", self.read(4))
        self.read(length)
        self.write(struct.pack(">BBHI", 2, 0, 1, 0))
        self.write(struct.pack(">BBHHHH", 3, 0, 0, 0, width, height))
        colours = set()
        while True:
            kind, _, rectangles = struct.unpack(">BBH", self.read(4))
            if kind:
                raise Trouble(f"message {kind} in place of a picture")
            for _ in range(rectangles):
                _, _, w, h, encoding = struct.unpack(">HHHHi", self.read(12))
                if encoding:
                    raise Trouble(f"encoding {encoding}")
                pixels = self.read(4 * w * h)
                colours |= {pixels[at:at + 3] for at in range(0, len(pixels), 4)}
            if len(colours) > 1:
                return f"{width}x{height}, {len(colours)} colours"
            self.write(struct.pack(">BBHHHH", 3, 1, 0, 0, width, height))
