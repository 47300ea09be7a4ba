"""People in browsers who sign in: one sets up an app, creates and shares; another one is refused what is not theirs.

usage: sign_in.py URL PICTURES_DIR

The service asks for a second factor by an app; alice and bob have the password "sesame".
"""

import base64
import hashlib
import hmac
import pathlib
import struct
import subprocess
import sys
import time
import urllib.parse

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

url, pictures = sys.argv[1:3]
pictures = pathlib.Path(pictures)
DEADLINE = 60_000  # ms


def totp(secret):
    """RFC 6238: six digits of SHA-1."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    place = digest[19] & 15
    return f"{(struct.unpack('>I', digest[place:place + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def check_accessibility(page, name):
    found = [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
    assert not found, f"{name}: {[(v['id'], v['nodes'][0]['html']) for v in found]}"


def set_up_app(page, name):
    page.wait_for_selector("svg.qr", timeout=DEADLINE)
    page.screenshot(path=pictures / f"{name}-app.png", full_page=True)
    check_accessibility(page, "set-up of an app")
    page.locator("svg.qr").screenshot(path=pictures / "app-qr.png")
    read = subprocess.run(["zbarimg", "--quiet", "--raw", pictures / "app-qr.png"], capture_output=True, text=True)
    address = urllib.parse.urlparse(read.stdout.strip())
    assert address.scheme == "otpauth", f"the picture says {read.stdout!r}"
    secret = urllib.parse.parse_qs(address.query)["secret"][0]
    page.fill("#code", totp(secret))
    page.click("form[data-code] button[type=submit]")
    page.wait_for_selector("#codes", timeout=DEADLINE)
    assert page.locator("#codes li").count() == 10
    check_accessibility(page, "recovery codes")
    page.click("#next")


def new_page(browser, errors):
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, locale="en-GB", timezone_id="UTC", ignore_https_errors=True)
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if "Content Security Policy" in message.text else None)
    return page


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
    errors = []
    alice, bob = new_page(browser, errors), new_page(browser, errors)

    alice.goto(url)
    alice.screenshot(path=pictures / "form-signed-out.png", full_page=True)
    check_accessibility(alice, "form of a stranger")
    alice.fill("#user", "alice")
    alice.fill("#password", "sesame")
    alice.click("button[type=submit]")
    set_up_app(alice, "alice")
    alice.wait_for_selector("#connect", timeout=DEADLINE)
    session, link = alice.url, alice.input_value("#link")
    alice.goto(f"{url}/account")
    check_accessibility(alice, "account")
    alice.screenshot(path=pictures / "account.png", full_page=True)

    # Somebody else may not even know that there is such a session, but may come in by the link that was shared.
    bob.goto(session)
    assert "/sign-in" in bob.url
    check_accessibility(bob, "sign-in")
    bob.screenshot(path=pictures / "sign-in.png", full_page=True)
    bob.fill("#user", "bob")
    bob.fill("#password", "wrong")
    bob.click("main button[type=submit]")
    bob.wait_for_selector("#problems", timeout=DEADLINE)
    bob.fill("#user", "bob")
    bob.fill("#password", "sesame")
    bob.click("main button[type=submit]")
    set_up_app(bob, "bob")
    reply = bob.goto(session)
    assert reply.status == 404, reply.status
    assert bob.goto(f"{url}/admin").status == 403
    bob.goto(f"{url}/manage")
    assert session.rsplit("/", 1)[1] not in bob.content()
    bob.goto(link)
    bob.wait_for_selector("#now[data-now=connected]", timeout=DEADLINE)

    alice.goto(session)
    # A first press is forgotten after four seconds: both in one turn of the page.
    alice.evaluate("() => { const stop = document.querySelector('#stop'); stop.click(); stop.click(); }")
    alice.wait_for_selector("#another", timeout=DEADLINE)
    alice.goto(f"{url}/account")
    alice.click("form[action$='/sign-out'] button")
    alice.goto(session)
    assert "/sign-in" in alice.url, "signed out"
    assert not errors, errors
    browser.close()
print("all as it should be")
