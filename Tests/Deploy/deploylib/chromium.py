"""A person in Chromium: signs in, starts a desktop, looks at it and stops it, while another tab listens.

usage: chromium.py URL ADDRESS KEY PICTURE, with the password on standard input. Prints by which
protocols pages and display came, and how late an event was.
"""

import sys
import time
import urllib.parse

from playwright.sync_api import sync_playwright

url, address, key, picture = sys.argv[1:5]
password = sys.stdin.readline().strip()
name = urllib.parse.urlsplit(url).hostname
DEADLINE = 45_000  # ms

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=[
        "--no-sandbox", "--disable-gpu", f"--host-resolver-rules=MAP {name} {address}",
        # This one certificate is believed, and no other that the system does not know.
        f"--ignore-certificate-errors-spki-list={key}"])
    context = browser.new_context(viewport={"width": 1024, "height": 720}, locale="en-GB", timezone_id="UTC")
    page = context.new_page()
    page.set_default_timeout(DEADLINE)
    wrong, sockets = [], []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("requestfailed", lambda request: wrong.append(f"{request.url}: {request.failure}")
            if not request.url.endswith("/events") and "ERR_ABORTED" not in request.failure else None)
    page.on("response", lambda answer: wrong.append(f"{answer.url}: {answer.status}") if answer.status >= 400 else None)
    door = context.new_cdp_session(page)
    door.send("Network.enable")
    # 101 is HTTP/1.1's way to a WebSocket, 200 that of RFC 8441.
    door.on("Network.webSocketHandshakeResponseReceived", lambda event: sockets.append(event["response"]["status"]))
    page.goto(url)
    page.fill("#user", "alice")
    page.fill("#password", password)
    page.click("button[type=submit].large")
    page.wait_for_selector("#connect")
    assert page.url.startswith(url), page.url
    page.click("#connect")
    page.wait_for_selector("#now[data-now=connected]")
    # Functions, because the policy of qwd's pages forbids playwright to look at a bare expression again.
    page.wait_for_function("""() => {
        const screen = document.querySelector("#screen canvas");
        const points = screen.getContext("2d").getImageData(0, 0, screen.width, screen.height).data;
        return points.some((value, place) => place % 4 != 3 && value > 100);
    }""")
    protocol = page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol")
    page.screenshot(path=picture)
    page.go_back()
    page.wait_for_selector("#stop")
    # A second tab, in the same connection, listens to how the session ends.
    listener = context.new_page()
    listener.set_default_timeout(DEADLINE)
    listener.goto(f"{url}manage")
    listener.evaluate("""(path) => {
        window.heard = [];
        fetch(path).then(async (answer) => {
            const [reader, text] = [answer.body.getReader(), new TextDecoder()];
            for (let part; !(part = await reader.read()).done;) heard.push([Date.now(), text.decode(part.value)]);
        }).catch((error) => { window.broken = error; });
        // When a text has come, counted from a part on.
        window.came = (wanted, from) => {
            if (window.broken) throw broken;
            let text = "";
            for (const [at, part] of heard.slice(from)) if ((text += part).includes(wanted)) return at;
        };
    }""", urllib.parse.urlsplit(page.url).path + "/events")
    # A tab that nobody sees draws nothing, so its next picture is not what to wait for: it is asked ten times a second.
    listener.wait_for_function("() => came('event: beat', 0)", polling=100)
    before = listener.evaluate("heard.length")
    page.bring_to_front()
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        # The first press asks, and the page forgets it after four seconds, within which a busy machine may not come to the second one.
        # So both come in one turn of the page.
        page.evaluate("() => { const stop = document.querySelector('#stop'); stop.click(); stop.click(); }")
    answered = time.time() * 1000
    page.wait_for_selector("#another")
    told = listener.wait_for_function("from => came('event: status', from)", arg=before, polling=100).json_value()
    assert told - answered < 1000, f"the event came {told - answered:.0f} ms after the answer"
    assert not wrong, wrong
    browser.close()
how = {101: "HTTP/1.1", 200: "RFC 8441"}.get(sockets[0], sockets[0])
print(f"{protocol} display by {how}, an event {max(0, told - answered):.0f} ms after the answer to its cause")
