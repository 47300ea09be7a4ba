"""A session's page whose server stands still: it says so within five seconds, keeps itself, and goes on by itself.

usage: away.py SESSION_URL PID

Ends with code 0 when all was as it should be, else with a message that says what was not.
"""

import os
import signal
import sys
import time

from playwright.sync_api import TimeoutError, sync_playwright

session, pid = sys.argv[1], int(sys.argv[2])
DEADLINE = 30_000  # ms

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
    page = browser.new_page()
    page.goto(session)
    page.wait_for_selector("#connect", timeout=DEADLINE)
    # The stream is there, and says so every three seconds.
    page.wait_for_timeout(4_000)
    assert not page.locator("#trouble").count()

    os.kill(pid, signal.SIGSTOP)
    try:
        start = time.monotonic()
        page.wait_for_selector("#trouble", timeout=DEADLINE)
        took = time.monotonic() - start
        assert took < 5.5, f"said after {took:.1f} s"
        # What is pressed meanwhile leaves the page there.
        page.click("#stop")
        page.click("#stop.sure")
        page.wait_for_timeout(6_000)
        assert page.url == session and page.locator("#stop").count(), page.url
    finally:
        os.kill(pid, signal.SIGCONT)
    page.wait_for_selector("#trouble", state="detached", timeout=DEADLINE)
    # The stop was on its way when the server stood still, or is pressed again.
    end = time.monotonic() + DEADLINE / 1000
    while not page.locator("#another").count():
        assert time.monotonic() < end, "it is not stopped"
        try:
            page.click("#stop", timeout=1_000)
            page.click("#stop.sure", timeout=1_000)
        except TimeoutError:
            # The button goes with the first stop that has come through.
            continue
    browser.close()
print("all as it should be")
