"""A server that says one word and then nothing, in place of qwd: to see what proxies send, and what they do with silence."""

import base64
import hashlib
import socket
import ssl
import threading


class QuietServer:
    """Answers an upgrade with a WebSocket and one frame, anything else with an event stream and one event. Then it is quiet."""

    def __init__(self, certificate=None):
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate / "fullchain.pem", certificate / "key.pem")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        # The heads of all requests, by what they say in X-Test.
        self.heads = {}
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                peer = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=[peer], daemon=True).start()

    def serve(self, peer):
        try:
            if self.context:
                peer = self.context.wrap_socket(peer, server_side=True)
            text = b""
            while b"\r\n\r\n" not in text:
                piece = peer.recv(65536)
                if not piece:
                    return
                text += piece
            lines = text.decode(errors="replace").split("\r\n")
            head = [tuple(line.split(": ", 1)) for line in lines[1:] if ": " in line]
            values = {name.lower(): value for name, value in head}
            self.heads[values.get("x-test")] = (lines[0], [(name.lower(), value) for name, value in head])
            if values.get("upgrade", "").lower() == "websocket":
                proof = hashlib.sha1((values["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode())
                peer.sendall(
                    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    b"Sec-WebSocket-Protocol: binary\r\nSec-WebSocket-Accept: "
                    + base64.b64encode(proof.digest()) + b"\r\n\r\n\x82\x05quiet")
            else:
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Accel-Buffering: no\r\n"
                             b"Transfer-Encoding: chunked\r\n\r\nb\r\ndata: one\n\n\r\n")
            # Until the proxy closes.
            while peer.recv(65536):
                pass
        except (OSError, KeyError):
            pass  # Proxies look whether somebody listens, and refuse our certificate where they should.
        finally:
            peer.close()

    def close(self):
        self.listener.close()
