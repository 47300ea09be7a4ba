// The clipboard of a viewer's page: text between the desktop's clipboard and this computer's. The page's script has the
// connection; the two tell each other by events of the screen.

const screen = document.getElementById("screen");
const element = (id) => document.getElementById(id);
const panel = element("clipboard-panel");
const button = element("clipboard");
const field = element("clipboard-text");
const words = panel.dataset;

// QEMU breaks a connection that brings more than 1 MiB, and a character has up to three bytes for each unit of its length.
const MOST = field.maxLength;
// A guest's keyboard loses what comes faster than its interrupts, in ms for a letter.
const PACE = 15;

// What both sides have, so that it is not sent back and forth.
let common;
let typing;

function say(text) {
    element("clipboard-said").textContent = text;
}

function give(text) {
    common = text;
    screen.dispatchEvent(new CustomEvent("clipboard-give", { detail: text }));
}

// Letter by letter, for a desktop that has no part in the clipboard, a boot loader, or a field for passwords. QEMU has the keys of
// a US keyboard.
function type(text) {
    clearInterval(typing);
    const all = [...text];
    const letters = all.filter((letter) => /[\t\n -~]/.test(letter));
    const missing = [...new Set(all)].filter((letter) => !letters.includes(letter));
    say(missing.length ? `${words.untyped} ${missing.slice(0, 20).join(" ")}` : words.typed);
    typing = setInterval(() => {
        const letter = letters.shift();
        if (letter === undefined) return clearInterval(typing);
        screen.dispatchEvent(new CustomEvent("type", { detail: letter }));
    }, PACE);
}

function show(shown) {
    panel.hidden = !shown;
    button.setAttribute("aria-expanded", String(shown));
    say("");
    (shown ? field : button).focus();
    if (shown) field.select();
}

button.addEventListener("click", () => show(panel.hidden));
element("clipboard-close").addEventListener("click", () => show(false));
panel.addEventListener("keydown", (event) => { if (event.key === "Escape") show(false); });

element("clipboard-put").addEventListener("click", () => {
    give(field.value);
    say(words.given);
});

element("clipboard-type").addEventListener("click", () => {
    type(field.value);
});

element("clipboard-copy").addEventListener("click", async () => {
    // Pages without TLS have no clipboard of their own, but the field's selection can be copied.
    field.select();
    try {
        if (navigator.clipboard) await navigator.clipboard.writeText(field.value);
        else if (!document.execCommand("copy")) throw new Error("refused");
        say(words.copied);
    } catch {
        say(words.refused);
    }
});

// By itself, both ways: only where somebody has switched it on, because a desktop reads then what other programs copied.
const share = element("clipboard-share");
let isShared = false;

async function bringOwn() {
    if (!isShared || !document.hasFocus()) return;
    try {
        const text = await navigator.clipboard.readText();
        if (text && text !== common && text.length <= MOST) give(text);
    } catch {
        // Without leave, or with a picture in the clipboard, nothing is brought.
    }
}

async function takeOwn(text) {
    try {
        await navigator.clipboard.writeText(text);
    } catch {
        // It stays in the field, from where it can be copied.
    }
}

screen.addEventListener("clipboard-copied", ({ detail: text }) => {
    common = text;
    field.value = text.slice(0, MOST);
    if (!panel.hidden) say(words.came);
    if (isShared) takeOwn(text);
});

function reach(isThere) {
    for (const name of ["clipboard-put", "clipboard-type"]) element(name).disabled = !isThere;
}

screen.addEventListener("connected", () => {
    button.disabled = false;
    reach(true);
    bringOwn();
});

screen.addEventListener("disconnected", () => {
    common = undefined;
    clearInterval(typing);
    reach(false);
    say("");
});

share.addEventListener("change", async () => {
    isShared = share.checked;
    if (!isShared) return;
    try {
        // The browser asks for leave.
        await navigator.clipboard.readText();
        bringOwn();
    } catch {
        isShared = share.checked = false;
        say(words.refused);
    }
});

addEventListener("focus", bringOwn);

// Browsers that ask at each look at the clipboard do not know this permission.
navigator.permissions?.query({ name: "clipboard-read" }).then(
    (leave) => { element("clipboard-sharing").hidden = !navigator.clipboard || leave.state === "denied"; },
    () => {});
