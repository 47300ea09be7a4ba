"""A viewer's page: what it shows of a display that can be opened, and what it says of one that can't.

usage: viewer.py LINK HOST

The link opens a display that runs, at a host's IPv4 or IPv6 address. Ends with code 0 when all was as it should be, else with a message that
says what was not.
"""

import json
import socket
import sys

from playwright.sync_api import sync_playwright

link, host = sys.argv[1:]
address, token = link.split("#")
DEADLINE = 30_000  # ms
STUCK = 15_000  # ms, that of viewer.js


def open_page(browser, link, state=None):
    """Opens a viewer's page, to which the service says `state` if that is given."""
    page = browser.new_page()
    page.loads = []
    page.on("load", lambda _: page.loads.append(page.url))
    if state:
        body = json.dumps(state)
        page.route("**/display/state", lambda route: route.fulfill(body=body, content_type="application/json"))
    page.goto(link)
    return page


def says(page, now):
    page.wait_for_selector(f"#now[data-now={now}]", timeout=DEADLINE)
    return page.text_content("#over-text")


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])

    page = open_page(browser, link)
    says(page, "connected")
    page.close()

    for wrong in ("", "#", f"#{token[:-1]}", "#a b"):
        page = open_page(browser, address + wrong)
        assert "a part of the link is missing" in says(page, "unknown"), wrong
        page.close()

    if host == "127.0.0.1":
        # A display that the page's policy does not name is tried once more with a new page, and then given up.
        page = open_page(browser, link, {"state": "open", "display": "ws://other.example:6080/display"})
        assert "display.public_url" in says(page, "broken")
        assert page.loads == [link, link], page.loads
        page.close()
    else:
        # No policy can name an IPv6 address, so this page may connect to any display. One that says nothing is given up after
        # a while, and tried again.
        with socket.create_server(("127.0.0.1", 0)) as silent:
            display = f"ws://127.0.0.1:{silent.getsockname()[1]}/display"
            page = open_page(browser, link, {"state": "open", "display": display})
            page.wait_for_timeout(STUCK * 2 / 3)
            assert page.get_attribute("#now", "data-now") == "connecting"
            says(page, "again")
            page.wait_for_timeout(2_000)
            page.close()
            silent.settimeout(0)
            for _ in range(2):
                silent.accept()[0].close()

    browser.close()
print("all as it should be")
