"""A person in a browser: from the form to a desktop and to its end.

usage: desktop.py URL RUNTIME_DIR MACHINE PICTURES_DIR [--without-script] [--color RRGGBB]

Ends with code 0 when all was as it should be, else with a message that says what was not.
"""

import io
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import sync_playwright

url, runtime, machine, pictures = sys.argv[1:5]
with_script = "--without-script" not in sys.argv
color = sys.argv[sys.argv.index("--color") + 1] if "--color" in sys.argv else None
pictures = pathlib.Path(pictures)
DEADLINE = 60_000  # ms for a step of the person
DESKTOP_DEADLINE = 180  # s for a guest under TCG to draw its desktop


class Door:
    """The administrator's door to the machine, beside the worker."""

    def __init__(self, session):
        self.session = session
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(f"{runtime}/sessions/{session}/monitor.sock")
        self.file = self.socket.makefile("rw")
        self.file.readline()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            reply = json.loads(self.file.readline())
            if "return" in reply or "error" in reply:
                assert "error" not in reply, reply
                return reply["return"]

    def picture(self):
        # QEMU can make no file, so it is given one: a descriptor comes with a byte, and gets a name of QEMU's own.
        with tempfile.NamedTemporaryFile(suffix=".png") as file:
            writing = os.open(file.name, os.O_WRONLY)
            socket.send_fds(self.socket, [b"\n"], [writing])
            os.close(writing)
            given = self.ask("add-fd")["fdset-id"]
            self.ask("screendump", filename=f"/dev/fdset/{given}", format="png")
            self.ask("remove-fd", **{"fdset-id": given})
            return Image.open(file.name).convert("RGB")


def picture_in_browser(page):
    data = page.evaluate("document.querySelector('#screen canvas').toDataURL('image/png').split(',')[1]")
    import base64

    return Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")


def likeness(left, right):
    if left.size != right.size:
        return 0.0
    same = sum(a == b for a, b in zip(left.getdata(), right.getdata()))
    return same / (left.width * left.height)


def share_of(picture, color):
    wanted = tuple(int(color[i : i + 2], 16) for i in (0, 2, 4))
    return sum(pixel == wanted for pixel in picture.getdata()) / (picture.width * picture.height)


def check_accessibility(page, name):
    found = [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
    assert not found, f"{name}: {[(v['id'], v['nodes'][0]['html']) for v in found]}"


def fill_and_create(page):
    page.goto(url)
    page.check(f"input[name=machine][value='{machine}']", force=True)
    if with_script:
        page.screenshot(path=pictures / "form.png")
        check_accessibility(page, "form")
    page.click("details.options summary, details summary")
    page.fill("#user", "ann")
    assert page.is_disabled("#password"), "no password is needed here"
    page.click("button[type=submit]")
    page.wait_for_url("**/sessions/*", timeout=DEADLINE)
    return page.url.rsplit("/", 1)[1]


def check_qr(page):
    page.locator("svg.qr").screenshot(path=pictures / "qr.png")
    read = subprocess.run(["zbarimg", "--quiet", "--raw", pictures / "qr.png"], capture_output=True, text=True)
    assert read.stdout.strip() == page.input_value("#link"), "the QR code must be the link"


def look_at_display(page, session):
    # What people chose it by, and not the name of its file.
    title = page.text_content("[data-region=eyebrow]")
    assert title and title != machine, title
    page.click("#connect")
    page.wait_for_selector("#now[data-now=connected]", timeout=DEADLINE)
    assert session in page.url and len(page.url.split("#")[1]) == 43, "the token stands behind the #"
    assert page.title().startswith(title), page.title()
    check_accessibility(page, "viewer")
    door = Door(session)
    if color:
        end = time.monotonic() + DESKTOP_DEADLINE
        # The root window comes first, then the panel and the terminal upon it.
        while not 0.3 < share_of(picture_in_browser(page), color) < 0.92:
            assert time.monotonic() < end, "the guest draws no desktop"
            page.wait_for_timeout(500)
    else:
        # A key goes through to the guest: GRUB stops its countdown and marks the next line.
        page.wait_for_function(
            "() => { const c = document.querySelector('#screen canvas');"
            "const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
            "return d.some((v, i) => i % 4 != 3 && v > 100) }", timeout=DEADLINE)
        before = door.picture()
        page.keyboard.press("ArrowDown")
        end = time.monotonic() + 20
        while likeness(before, door.picture()) > 0.97:
            assert time.monotonic() < end, "the key did not reach the guest"
            page.wait_for_timeout(100)
    end = time.monotonic() + 20
    while (alike := likeness(picture_in_browser(page), door.picture())) < 0.99:
        assert time.monotonic() < end, f"browser and guest show different pictures: {alike:.3f} alike"
        page.wait_for_timeout(200)
    page.screenshot(path=pictures / "desktop.png")
    page.go_back()
    page.wait_for_selector("#stop", timeout=DEADLINE)


def stop(page):
    # The first press asks: by a page where no script runs, or by the button itself, which forgets it after four seconds. A busy machine
    # may not come to the second one within them, so both come in one turn of the page.
    if with_script:
        page.evaluate("""() => {
            const stop = document.querySelector("#stop");
            stop.click();
            if (!stop.matches(".sure")) throw Error("the first press does not ask");
            stop.click();
        }""")
    else:
        page.click("#stop")
        page.wait_for_selector("#stop[name=sure]", timeout=DEADLINE)
        page.click("#stop")
    page.wait_for_selector("#another", timeout=DEADLINE)


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
    context = browser.new_context(
        java_script_enabled=with_script, viewport={"width": 1280, "height": 800}, locale="en-GB", timezone_id="UTC")
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    fetched = []
    context.on("request", lambda asked: fetched.append(asked.url) if asked.resource_type == "fetch" else None)
    if with_script:
        # Somebody else's list, which has to follow by its events alone.
        board = context.new_page()
        board.on("pageerror", lambda error: errors.append(str(error)))
        board.goto(f"{url}/manage")
        board.wait_for_selector("#no-sessions")
    session = fill_and_create(page)
    page.wait_for_selector("#connect", timeout=DEADLINE)
    if with_script:
        board.wait_for_selector(f"#c-{session}", timeout=DEADLINE)
        assert not board.is_visible("#no-sessions")
        # The way to the desktop comes with the events; the page is fetched for the desktop's link.
        assert len(fetched) <= 1, fetched
        page.screenshot(path=pictures / "status.png", full_page=True)
        check_accessibility(page, "status page")
        check_qr(page)
        look_at_display(page, session)
    stop(page)
    if with_script:
        board.wait_for_selector(f"#e-{session}", state="attached", timeout=DEADLINE)
        assert not board.locator(f"#s-{session}").count() and board.is_visible("#no-sessions")
        assert not [address for address in fetched if "manage" in address], fetched
        board.close()
    page.goto(f"{url}/manage")
    if with_script:
        check_accessibility(page, "manage page")
    page.screenshot(path=pictures / "manage.png", full_page=True)
    assert not errors, errors
    browser.close()
print(f"session {session}: all as it should be")
