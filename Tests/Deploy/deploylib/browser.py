"""What a browser does, by hand: pages, forms, cookies, displays."""

import http.client
import http.cookies
import json
import re
import urllib.parse

from . import rfb
from .checks import Over, Trouble, wait
from .websocket import WebSocket


class Browser:
    """Somebody with cookies."""

    def __init__(self, connect, origin, base=""):
        """connect: gives a connection to a host and a port. base: with what the paths of all pages begin."""
        self.connect, self.origin, self.base = connect, origin, base
        self.address = urllib.parse.urlsplit(origin)
        self.cookies = {}

    def open(self, method, path, fields=None, headers=None):
        """Sends a request. Of the answer only the head has been read."""
        connection = http.client.HTTPConnection(self.address.netloc)
        connection.sock = self.connect(self.address.hostname, self.address.port)
        headers, body = dict(headers or {}), None
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if fields is not None:
            headers = {"Origin": self.origin, "Content-Type": "application/x-www-form-urlencoded"} | headers
            body = urllib.parse.urlencode(fields)
        connection.request(method, self.base + path, body, headers)
        answer = connection.getresponse()
        for line in answer.headers.get_all("Set-Cookie", []):
            for name, cookie in http.cookies.SimpleCookie(line).items():
                self.cookies[name] = cookie.value
        answer.connection = connection
        return answer

    def ask(self, method, path, fields=None, headers=None):
        """Sends a request and reads all of the answer, into its `text`."""
        answer = self.open(method, path, fields, headers)
        answer.text = answer.read().decode(errors="replace")
        answer.connection.close()
        return answer

    def json(self, method, path, fields=None, headers=None):
        answer = self.ask(method, path, fields, {"Accept": "application/json"} | (headers or {}))
        if answer.status not in (200, 201):
            raise Trouble(f"{method} {path}: {answer.status} {answer.text[:500]}")
        return json.loads(answer.text)

    def form(self, path="/"):
        """What the form of a page sends when only its button is pressed."""
        page = self.ask("GET", path)
        if page.status != 200:
            raise Trouble(f"GET {path}: {page.status} {page.headers.get('Location', '')}")
        found = {}
        for text in re.findall(r"<input ([^>]*)>", page.text):
            name, value = re.search(r'name="([^"]*)"', text), re.search(r'value="([^"]*)"', text)
            if name and re.search(r'type="hidden"|\bchecked\b', text):
                found[name[1]] = value[1] if value else ""
        return found

    def sign_in(self, user, password):
        return self.ask("POST", "/sign-in", self.form("/sign-in") | {"user": user, "password": password})

    def create(self, **fields):
        """A session, as the form asks for it; its id."""
        return self.json("POST", "/sessions", self.form() | {"cpu": "1", "memory": "0.25"} | fields)["id"]

    def stop(self, session):
        return self.ask("POST", f"/sessions/{session}/stop", {"csrf": self.form(f"/sessions/{session}")["csrf"]})

    def status(self, session):
        return self.json("GET", f"/sessions/{session}/status")

    def link(self, session, limit=60):
        """The address of its display, as soon as there is one."""
        def found():
            status = self.status(session)
            if status.get("state") == "ended":
                raise Over(f"session {session} has ended: {status}")
            return status.get("connect_url")
        return wait(f"{session} has a display", found, limit)

    def display(self, link):
        """Where the display behind a link is, and its token. Its page asks the same."""
        address = urllib.parse.urlsplit(link)
        token = address.fragment.split("&")[0].split("=")[-1]
        found = self.json("GET", address.path.removeprefix(self.base) + "/state", headers={"Display-Token": token})
        return found["display"], token

    def open_display(self, link):
        display, token = self.display(link)
        return WebSocket(self.connect, display, self.origin, token)

    def picture(self, link):
        """Opens a link as the page behind it does, and gets a whole picture."""
        with self.open_display(link) as display:
            return rfb.picture(display)
