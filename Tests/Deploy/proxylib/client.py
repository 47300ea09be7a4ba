"""What a browser does, by hand: TLS, HTTP/1.1, server-sent events, WebSockets, from an address of one's own."""

import base64
import http.client
import http.cookies
import os
import re
import select
import socket
import ssl
import threading
import time
import urllib.parse

from .proxy import NAME


class Client:
    """Somebody with cookies who comes to one proxy from one address."""

    def __init__(self, address, port, base, authority, source):
        self.address, self.port, self.base, self.source = address, port, base, source
        self.context = ssl.create_default_context(cafile=authority)
        self.cookies = {}
        self.origin = f"https://{NAME}:{port}"

    def connect(self, protocols=("http/1.1",)):
        self.context.set_alpn_protocols(list(protocols))
        plain = socket.create_connection((self.address, self.port), timeout=15, source_address=(self.source, 0))
        return self.context.wrap_socket(plain, server_hostname=NAME)

    def open(self, method, path, headers=None, body=None):
        """Sends a request. Returns the answer, of which only the head has been read."""
        connection = http.client.HTTPConnection(NAME, self.port)
        connection.sock = self.connect()
        headers = dict(headers or {})
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urllib.parse.urlencode(body)
        connection.request(method, self.base + path, body, headers)
        answer = connection.getresponse()
        for line in answer.headers.get_all("Set-Cookie", []):
            for name, cookie in http.cookies.SimpleCookie(line).items():
                self.cookies[name] = cookie.value
        answer.connection = connection
        return answer

    def ask(self, method, path, headers=None, body=None):
        """Sends a request and reads all of the answer."""
        answer = self.open(method, path, headers, body)
        answer.text = answer.read().decode(errors="replace")
        answer.connection.close()
        return answer

    def form(self):
        return fields(self.ask("GET", "/").text)

    def events(self, session, headers=None):
        answer = self.open("GET", f"/sessions/{session}/events", {"Accept": "text/event-stream"} | (headers or {}))
        return Events(answer)

    def display(self, path, token=None, **headers):
        """Asks for a WebSocket."""
        return WebSocket(self, path, token, headers)


def fields(html):
    """What a form sends when only its button is pressed."""
    form = re.search(r"<form method=\"post\".*?</form>", html, re.S)
    found = {}
    for text in re.findall(r"<input ([^>]*)>", form[0] if form else ""):
        name, value = re.search(r'name="([^"]*)"', text), re.search(r'value="([^"]*)"', text)
        if name and ("hidden" in text or "checked" in text):
            found[name[1]] = value[1] if value else ""
    return found


class Events:
    """An event stream, read event by event."""

    def __init__(self, answer):
        self.status, self.type = answer.status, answer.headers.get("Content-Type")
        self.answer, self.socket = answer, answer.connection.sock
        self.heard = time.monotonic()
        self.opened = self.heard

    def next(self, wanted=None, patience=15):
        """The next event: its name and how many seconds it took, or None at the end of the stream.

        - wanted: a function of an event's lines; others are passed over.
        """
        began, lines = time.monotonic(), []
        while True:
            left = began + patience - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"no event within {patience} s")
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
            if wanted is None or wanted(event):
                return event, self.heard - began

    def attend(self):
        """Reads on beside the test, as a page does."""
        self.beats, self.is_over = 0, False

        def read():
            try:
                while self.next(lambda lines: "event: beat" in lines, patience=30):
                    self.beats += 1
            except Exception:
                pass  # However it ends, by silence, by a fault or by close(): it is over.
            self.is_over = True

        threading.Thread(target=read, daemon=True).start()

    def close(self):
        self.answer.connection.close()


class WebSocket:
    """RFC 6455 as far as the test needs it."""

    def __init__(self, client, path, token, headers):
        self.socket = client.connect()
        protocols = f"Sec-WebSocket-Protocol: binary, {token}\r\n" if token else "Sec-WebSocket-Protocol: binary\r\n"
        origin = headers.pop("origin", client.origin)
        more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        self.socket.sendall(
            (f"GET {path} HTTP/1.1\r\nHost: {NAME}:{client.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
             f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
             f"Origin: {origin}\r\n{protocols}{more}\r\n").encode())
        self.received = b""
        self.pings = 0
        self.opened = time.monotonic()
        self.is_over = False
        head = b""
        while not head.endswith(b"\r\n\r\n") and (byte := self.socket.recv(1)):
            head += byte
        self.status = int(head.split()[1]) if head else 0

    def read(self, patience):
        """Reads frames until bytes of the display have come, answering pings.

        Returns the bytes; nothing when the time is over, None at the end of the connection.
        """
        limit = time.monotonic() + patience
        while True:
            if len(self.received) >= 2:
                length, start = self.received[1] & 127, 2
                if length == 126:
                    length, start = int.from_bytes(self.received[2:4], "big"), 4
                if len(self.received) >= start + length:
                    operation, payload = self.received[0] & 15, self.received[start:start + length]
                    self.received = self.received[start + length:]
                    if operation == 9:
                        self.pings += 1
                        # A pong, masked as a client's frames are.
                        self.socket.sendall(bytes([0x8A, 0x80 | len(payload), 0, 0, 0, 0]) + payload)
                        continue
                    if operation == 8:
                        self.is_over = True
                        return None
                    return payload
            left = limit - time.monotonic()
            if left <= 0 or not (self.socket.pending() or select.select([self.socket], [], [], left)[0]):
                return b""
            try:
                more = self.socket.recv(65536)
            except OSError:
                more = b""
            if not more:
                self.is_over = True
                return None
            self.received += more

    def attend(self):
        """Answers pings beside the test, as a browser does."""
        def read():
            try:
                # A display may have something to show; only the end of the connection is None.
                while self.read(3600) is not None:
                    pass
            except Exception:
                pass  # As above.
            self.is_over = True

        threading.Thread(target=read, daemon=True).start()

    def close(self):
        self.socket.close()
