"""A browser's end of a WebSocket (RFC 6455), as far as displays need it."""

import base64
import contextlib
import os
import select
import threading
import time
import urllib.parse

from .checks import Trouble


class WebSocket(contextlib.AbstractContextManager):
    """`status` is how the server has answered; with 101 it is open."""

    def __init__(self, connect, address, origin, token=None, headers=None):
        """connect: gives a connection to a host and a port."""
        address = urllib.parse.urlsplit(address)
        self.peer = connect(address.hostname, address.port)
        lines = {
            "Host": address.netloc, "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Origin": origin,
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Protocol": f"binary, {token}" if token else "binary", **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.peer.sendall(f"GET {address.path} HTTP/1.1\r\n{head}\r\n".encode())
        self.received, self.data = bytearray(), bytearray()
        self.pings, self.is_over = 0, False
        head = b""
        while not head.endswith(b"\r\n\r\n") and (byte := self.peer.recv(1)):
            head += byte
        self.status = int(head.split()[1]) if head else 0

    def __exit__(self, *_):
        self.close()

    def read(self, patience):
        """What the next message of the display has; pings before it are answered.

        Nothing when the time is over, None at the end of the connection.
        """
        limit = time.monotonic() + patience
        while True:
            while (frame := self.frame()) is not None:
                operation, payload = frame
                if operation == 9:
                    self.pings += 1
                    self.write(payload, 0x8A)
                elif operation == 8:
                    self.is_over = True
                    return None
                elif operation < 3:
                    return payload
            left = limit - time.monotonic()
            is_waiting = getattr(self.peer, "pending", lambda: 0)()
            if not is_waiting and (left <= 0 or not select.select([self.peer], [], [], left)[0]):
                return b""
            try:
                more = self.peer.recv(1 << 16)
            except OSError:
                more = b""
            if not more:
                self.is_over = True
                return None
            self.received += more

    def frame(self):
        """Operation and content of a frame, if one has come as a whole."""
        if len(self.received) < 2:
            return None
        length, start = self.received[1] & 127, 2
        if length > 125:
            start = {126: 4, 127: 10}[length]
            length = int.from_bytes(self.received[2:start], "big")
        if len(self.received) < start + length:
            return None
        found = self.received[0] & 15, bytes(self.received[start:start + length])
        del self.received[:start + length]
        return found

    def exactly(self, count, patience=20):
        """So many bytes of the display."""
        while len(self.data) < count:
            piece = self.read(patience)
            if not piece:
                raise Trouble("the display ended" if piece is None else f"the display says nothing for {patience} s")
            self.data += piece
        found = bytes(self.data[:count])
        del self.data[:count]
        return found

    def write(self, data, operation=0x82):
        """Less than 126 bytes. A client's frames are masked; zeros are a mask too."""
        self.peer.sendall(bytes([operation, 0x80 | len(data)]) + bytes(4) + data)

    def attend(self):
        """Answers pings beside the test, as a browser does."""
        def read():
            # However it ends, by a fault or by close(): it is over.
            with contextlib.suppress(Exception):
                # A display may have something to show; only the end of the connection is None.
                while self.read(3600) is not None:
                    pass
            self.is_over = True

        threading.Thread(target=read, daemon=True).start()

    def close(self):
        self.peer.close()
