"""The clipboard of viewers' pages: two people look at one desktop, and what one gives to it comes to the other by QEMU.

usage: clipboard.py LINK PICTURES_DIR

Ends with code 0 when all was as it should be, else with a message that says what was not.
"""

import pathlib
import sys

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

link, pictures = sys.argv[1:]
pictures = pathlib.Path(pictures)
DEADLINE = 30_000  # ms
TEXT = "naïve – Ελληνικά – 日本 🙂\nsecond line"


def open_page(browser, **options):
    page = browser.new_context(**options).new_page()
    page.goto(link)
    page.wait_for_selector("#now[data-now=connected]", timeout=DEADLINE)
    page.click("#clipboard")
    assert page.get_attribute("#clipboard", "aria-expanded") == "true"
    return page


def comes(page, text):
    page.wait_for_function("text => document.querySelector('#clipboard-text').value === text", arg=text, timeout=DEADLINE)


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
    leave = ["clipboard-read", "clipboard-write"]
    ann = open_page(browser, permissions=leave)
    bob = open_page(browser, viewport={"width": 375, "height": 700}, color_scheme="dark")

    # What one gives comes to the other as it is, and back.
    ann.fill("#clipboard-text", TEXT)
    ann.click("#clipboard-put")
    comes(bob, TEXT)
    bob.screenshot(path=pictures / "clipboard-375.png")
    bob.fill("#clipboard-text", "an answer")
    bob.click("#clipboard-put")
    comes(ann, "an answer")
    ann.screenshot(path=pictures / "clipboard.png")
    found = [v for v in Axe().run(ann).response["violations"] if v["impact"] in ("serious", "critical")]
    assert not found, f"{[(v['id'], v['nodes'][0]['html']) for v in found]}"
    wide = bob.evaluate("document.documentElement.scrollWidth")
    assert wide <= 375, f"the page is {wide} px wide"

    # Nothing of this computer's clipboard is read or written before somebody says so.
    ann.bring_to_front()
    read = "navigator.clipboard.readText()"
    ann.evaluate("navigator.clipboard.writeText('private')")
    ann.evaluate("dispatchEvent(new Event('focus'))")
    bob.fill("#clipboard-text", "from bob")
    bob.click("#clipboard-put")
    comes(ann, "from bob")
    assert ann.evaluate(read) == "private"

    # Then both ways by itself.
    ann.bring_to_front()
    ann.check("#clipboard-share")
    comes(bob, "private")
    bob.fill("#clipboard-text", "by itself")
    bob.click("#clipboard-put")
    comes(ann, "by itself")
    ann.bring_to_front()
    ann.evaluate("dispatchEvent(new Event('focus'))")
    ann.wait_for_function("() => navigator.clipboard.readText().then(text => text === 'by itself')", timeout=DEADLINE)
    ann.evaluate("navigator.clipboard.writeText('copied elsewhere')")
    ann.evaluate("dispatchEvent(new Event('focus'))")
    comes(bob, "copied elsewhere")

    # Keys for a desktop without a part in it: GRUB opens its command line and draws each letter.
    bob.bring_to_front()
    picture = "document.querySelector('#screen canvas').toDataURL()"
    before = bob.evaluate(picture)
    bob.fill("#clipboard-text", "c")
    bob.click("#clipboard-type")
    bob.wait_for_function(f"before => {picture} !== before", arg=before, timeout=DEADLINE)

    bob.wait_for_function("() => document.querySelector('#clipboard-said').textContent.includes('being typed.')")
    bob.fill("#clipboard-text", "Größe #")
    bob.click("#clipboard-type")
    bob.wait_for_function("() => document.querySelector('#clipboard-said').textContent.endsWith(': ö ß')")

    # Escape closes it.
    bob.focus("#clipboard-text")
    bob.keyboard.press("Escape")
    assert not bob.is_visible("#clipboard-panel")
    assert bob.evaluate("document.activeElement.id") == "clipboard"
    browser.close()
print("all as it should be")
