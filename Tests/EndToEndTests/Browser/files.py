"""The exchange folder on a session's page: files come and go while the session runs, and after its end.

usage: files.py SESSION_PAGE FOLDER PICTURES_DIR
"""

import os
import pathlib
import subprocess
import sys

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

url, folder, pictures = sys.argv[1:]
folder, pictures = pathlib.Path(folder), pathlib.Path(pictures)
DEADLINE = 30_000  # ms
# More than may be on its way at once.
LARGE = 40_000_000


def says(page, text):
    page.wait_for_function(
        "text => document.querySelector('#files-said').textContent.includes(text)", arg=text, timeout=DEADLINE)


def names(page):
    return page.evaluate("() => [...document.querySelectorAll('#files-list li span')].map(s => s.textContent)")


def shows(page, *expected):
    page.wait_for_function(
        "all => JSON.stringify([...document.querySelectorAll('#files-list li span')].map(s => s.textContent)) === all",
        arg=__import__("json").dumps(list(expected), separators=(",", ":"), ensure_ascii=False), timeout=DEADLINE)


def fetched(page, selector):
    with page.expect_download(timeout=DEADLINE) as download:
        page.click(selector)
    path = pictures / "fetched"
    download.value.save_as(path)
    return download.value.suggested_filename, path.read_bytes()


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
    page = browser.new_context(accept_downloads=True, viewport={"width": 375, "height": 800}).new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    # Now and then a browser can't put away what it was given: here the first time that it is looked at.
    page.add_init_script("""
        const read = Blob.prototype.arrayBuffer;
        window.lost = 0;
        Blob.prototype.arrayBuffer = function () {
            if (this.size !== 1 || window.lost++) return read.call(this);
            return Promise.reject(new DOMException("", "NotReadableError"));
        };
    """)
    page.goto(url)
    page.wait_for_selector("#files-panel:not([hidden])", timeout=DEADLINE)

    # Dropped or chosen, it is in the folder as it is; what is too large is refused, and nothing is left of it.
    large = os.urandom(LARGE)
    page.set_input_files("#files-choose", [
        {"name": "naïve –rf.txt", "mimeType": "text/html", "buffer": b"<script>alert(1)</script>"},
        {"name": "large.bin", "mimeType": "", "buffer": large},
    ])
    says(page, "large.bin is there")
    shows(page, "large.bin", "naïve –rf.txt")
    assert (folder / "large.bin").read_bytes() == large
    page.evaluate("""() => {
        const files = new DataTransfer();
        files.items.add(new File(["dropped"], "dropped.txt"));
        document.querySelector("#files-drop").dispatchEvent(new DragEvent("drop", { dataTransfer: files, cancelable: true }));
    }""")
    says(page, "dropped.txt is there")
    page.set_input_files("#files-choose", [{"name": "huge", "mimeType": "", "buffer": bytes(30_000_000)}])
    says(page, "no room")
    assert sorted(os.listdir(folder)) == ["dropped.txt", "large.bin", "naïve –rf.txt"], os.listdir(folder)

    # What the guest puts there comes by itself; nothing but plain files does.
    (folder / "sub").mkdir()
    (folder / "sub" / "from guest").write_text("from the guest")
    os.symlink("/etc/hostname", folder / "link")
    os.mkfifo(folder / "pipe")
    shows(page, "dropped.txt", "large.bin", "naïve –rf.txt", "sub/from guest")
    assert fetched(page, "[aria-label='Fetch: large.bin']") == ("large.bin", large)
    # Twice for the first part, which was lost, then for the others and all of them.
    assert page.evaluate("window.lost") >= 3
    assert fetched(page, "[aria-label='Fetch: sub/from guest']") == ("from guest", b"from the guest")
    name, archive = fetched(page, "#files-archive")
    listed = subprocess.run(["tar", "-tf", "-"], input=archive, capture_output=True, check=True).stdout.decode()
    assert name == "exchange.tar" and "./sub/from guest" in listed and "link" not in listed, listed
    page.click("[aria-label='Remove: dropped.txt']")
    shows(page, "large.bin", "naïve –rf.txt", "sub/from guest")
    found = [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
    assert not found, f"{[(v['id'], v['nodes'][0]['html']) for v in found]}"
    page.screenshot(path=pictures / "files-375.png", full_page=True)
    wide = page.evaluate("() => document.documentElement.scrollWidth")
    assert wide <= 375, f"the page is {wide} px wide"

    # The session's end is not theirs.
    # A first press is forgotten after four seconds: both in one turn of the page.
    page.evaluate("() => { const stop = document.querySelector('#stop'); stop.click(); stop.click(); }")
    page.wait_for_selector("#another", timeout=DEADLINE)
    page.wait_for_selector("#files-panel:not([hidden])", timeout=DEADLINE)
    assert fetched(page, "[aria-label='Fetch: large.bin']") == ("large.bin", large)
    assert not errors, errors
    browser.close()
print("all as it should be")
