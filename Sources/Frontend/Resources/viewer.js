// The viewer's page: noVNC's core in a page of ours. The token stands behind the `#` of the address, which browsers send to
// nobody; from here it goes to the display as the name of a protocol, and to us in a header, never into an address.

const screen = document.getElementById("screen");
const words = screen.dataset;
const token = location.hash.slice(1);
const element = (id) => document.getElementById(id);

// A connection that breaks is tried again, for so long.
const PATIENCE = 60_000;
// A connection that neither opens nor breaks is given up after so long.
const STUCK = 15_000;
const PAUSES = [300, 700, 1500, 3000, 5000];

let rfb;
let tries = 0;
let troubleSince = 0;
let wasSeen = false;
let timer;
let stuck;

function say(now, text = words[now]) {
    const place = element("now");
    if (place.dataset.now === now && place.textContent === text) return;
    place.dataset.now = now;
    place.textContent = text;
    element("ctrl-alt-del").disabled = now !== "connected";
}

// What there is to say when there is nothing to see.
function over(kind, { text = words[`${kind}Text`], again = false } = {}) {
    say(kind);
    element("over-title").textContent = words[kind];
    element("over-text").textContent = text;
    element("again").hidden = !again;
    element("over").hidden = false;
    (again ? element("again") : element("over-title")).focus();
}

// What became of the session and where its display is, which nobody is told without the token. Undefined if nobody answers.
async function ask() {
    try {
        const answer = await fetch(words.state, { headers: { "display-token": token }, cache: "no-store" });
        if (answer.status === 404) return { state: "unknown" };
        if (!answer.ok) return undefined;
        const found = await answer.json();
        if (found.machine) {
            element("machine").textContent = found.machine;
            document.title = `${found.machine} · ${words.title}`;
        }
        return found;
    } catch {
        return undefined;
    }
}

// Undefined if it can't be loaded.
async function noVNC() {
    try {
        return (await import(words.novnc)).default;
    } catch {
        return undefined;
    }
}

// Opens the display, or says why there is none. The question is on its way while noVNC is loaded.
async function start() {
    clearTimeout(timer);
    const [found, RFB] = await Promise.all([ask(), noVNC()]);
    if (found?.state === "unknown") return over("unknown");
    if (found?.state === "ended") return over("ended", { text: found.why || words.endedText });
    if (found?.state === "open" && !found.display) return over("broken");
    if (found?.display && RFB) return connect(RFB, found.display);
    if (!found || found.display || wasSeen) return again();
    // The page came before the display, which is no trouble.
    troubleSince = 0;
    tries = 0;
    say("waiting");
    timer = setTimeout(start, 2000);
}

function connect(RFB, display) {
    if (location.protocol === "https:" && display.startsWith("ws:")) {
        return over("broken", { text: words.plainText });
    }
    try {
        rfb = new RFB(screen, display, { wsProtocols: ["binary", token], shared: true });
    } catch {
        // What stands behind the `#` can't be the name of a protocol.
        return over("unknown");
    }
    clearTimeout(stuck);
    stuck = setTimeout(() => rfb?.disconnect(), STUCK);
    rfb.scaleViewport = true;
    // A guest that can have any size gets that of the window.
    rfb.resizeSession = true;
    rfb.background = "transparent";
    rfb.addEventListener("connect", () => {
        clearTimeout(stuck);
        tries = 0;
        troubleSince = 0;
        wasSeen = true;
        say("connected");
        screen.dispatchEvent(new Event("connected"));
        rfb.focus();
    });
    rfb.addEventListener("clipboard", (event) => {
        screen.dispatchEvent(new CustomEvent("clipboard-copied", { detail: event.detail.text }));
    });
    rfb.addEventListener("disconnect", () => {
        clearTimeout(stuck);
        rfb = undefined;
        screen.dispatchEvent(new Event("disconnected"));
        again();
    });
}

// The display, or whoever knows where it is, can't be reached, or not any more.
function again() {
    troubleSince ||= Date.now();
    say("again");
    if (Date.now() - troubleSince > PATIENCE) {
        return over("lost", { text: wasSeen ? words.lostText : words.neverText, again: true });
    }
    timer = setTimeout(start, PAUSES[Math.min(tries, PAUSES.length - 1)]);
    tries += 1;
}

// The browser tells this alone, and noVNC hears nothing of it. The page names the displays that there were when it was
// loaded: one of a host that came up since is named by the page of now. What stands behind the `#` stays.
document.addEventListener("securitypolicyviolation", (event) => {
    if (event.effectiveDirective !== "connect-src") return;
    clearTimeout(stuck);
    if (performance.getEntriesByType("navigation")[0]?.type !== "reload") return location.reload();
    over("broken");
});

element("again").addEventListener("click", () => {
    tries = 0;
    troubleSince = 0;
    element("over").hidden = true;
    say("connecting");
    start();
});

element("ctrl-alt-del").addEventListener("click", () => {
    rfb?.sendCtrlAltDel();
    rfb?.focus();
});

const fullscreen = element("fullscreen");
if (document.fullscreenEnabled) {
    fullscreen.hidden = false;
    fullscreen.addEventListener("click", async () => {
        if (document.fullscreenElement) await document.exitFullscreen();
        else await document.documentElement.requestFullscreen();
        rfb?.focus();
    });
    document.addEventListener("fullscreenchange", () => {
        fullscreen.setAttribute("aria-pressed", String(Boolean(document.fullscreenElement)));
    });
}

// Every key goes to the machine, Tab too. Ctrl, Alt and Shift together lead back to the buttons.
addEventListener("keydown", (event) => {
    if (!(event.ctrlKey && event.altKey && event.shiftKey && screen.contains(document.activeElement))) return;
    if (!["Control", "Alt", "Shift"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    // noVNC lets go of all keys then; else the machine would think that they are still held.
    dispatchEvent(new Event("blur"));
    document.querySelector(".viewer-tools button:not([hidden], :disabled)").focus();
}, true);

// X11's keysym of a character is its code in Latin-1, else 0x1000000 more.
const SHIFT = 0xffe1;
const KEYSYMS = { "\b": 0xff08, "\t": 0xff09, "\n": 0xff0d };

// QEMU presses the key that has the character, and leaves Shift to us.
function press(letter) {
    const code = letter.codePointAt(0);
    const isShifted = /[A-Z~!@#$%^&*()_+{}|:"<>?]/.test(letter);
    if (isShifted) rfb?.sendKey(SHIFT, "ShiftLeft", true);
    rfb?.sendKey(KEYSYMS[letter] ?? (code < 0x100 ? code : 0x1000000 + code));
    if (isShifted) rfb?.sendKey(SHIFT, "ShiftLeft", false);
}

screen.addEventListener("type", (event) => press(event.detail));
screen.addEventListener("clipboard-give", (event) => rfb?.clipboardPasteFrom(event.detail));

// A phone shows its keyboard for a field only. What is typed there goes to the machine letter by letter.
const typed = element("typed");
if (matchMedia("(pointer: coarse)").matches) {
    const keys = { deleteContentBackward: "\b", insertLineBreak: "\n", insertParagraph: "\n" };
    element("keyboard").hidden = false;
    element("keyboard").addEventListener("click", () => typed.focus());
    typed.addEventListener("beforeinput", (event) => {
        const key = keys[event.inputType];
        if (key) press(key);
        for (const letter of event.data ?? "") press(letter);
        event.preventDefault();
    });
}

addEventListener("hashchange", () => location.reload());
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

start();
