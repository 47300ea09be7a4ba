// The exchange folder of a session, on its page. Files go to and from the session's host by a WebSocket at the address of its displays,
// because only that host has them: a line of JSON asks, a line answers, and what follows is raw.

const panel = document.getElementById("files-panel");
const words = panel.dataset;
const element = (id) => document.getElementById(id);

const PIECE = 256 * 1024;
// Bytes that are asked for at once: a browser can't tell a WebSocket to wait.
const STRIDE = 8 * 1024 * 1024;
// Bytes that may wait in the browser to be sent.
const AHEAD = 4 * 1024 * 1024;
const PATIENCE = 15_000;
const TRIES = 5;
const EVERY = 2000;
// What stands behind an archive that is whole.
const WHOLE = '{"done":true}\n';

let where;

const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

// What the other side says is no reason to try again.
class Refused extends Error {}

// One connection to the folder's door.
class Door {
    static async open({ display, token }) {
        const door = new Door();
        door.pieces = [];
        door.socket = new WebSocket(display, ["binary", token]);
        door.socket.binaryType = "arraybuffer";
        door.socket.addEventListener("message", ({ data }) => {
            door.pieces.push(new Uint8Array(data));
            door.wake?.();
        });
        door.socket.addEventListener("close", () => {
            door.isClosed = true;
            door.wake?.();
        });
        await new Promise((resolve, reject) => {
            const limit = setTimeout(() => door.socket.close(), PATIENCE);
            door.socket.addEventListener("open", () => { clearTimeout(limit); resolve(); });
            door.socket.addEventListener("close", () => reject(new Error("closed")));
        });
        return door;
    }

    close() { this.socket.close(); }

    // Some bytes, at most so many; none at the end.
    async some(most = Infinity, patience = PATIENCE) {
        while (!this.pieces.length) {
            if (this.isClosed) return undefined;
            await new Promise((resolve) => {
                this.wake = resolve;
                if (patience < Infinity) setTimeout(resolve, patience);
            });
            if (!this.pieces.length && !this.isClosed) {
                this.close();
                throw new Error("silent");
            }
        }
        const piece = this.pieces.shift();
        if (piece.length <= most) return piece;
        this.pieces.unshift(piece.subarray(most));
        return piece.subarray(0, most);
    }

    async line(patience = PATIENCE) {
        const bytes = [];
        while (true) {
            const piece = await this.some(Infinity, patience);
            if (!piece) throw new Error("closed");
            const end = piece.indexOf(10);
            bytes.push(end < 0 ? piece : piece.subarray(0, end));
            if (end < 0) continue;
            if (end + 1 < piece.length) this.pieces.unshift(piece.subarray(end + 1));
            const answer = JSON.parse(await new Blob(bytes).text());
            if (answer.error) throw new Refused(answer.error);
            return answer;
        }
    }

    ask(request, patience = PATIENCE) {
        this.socket.send(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
        return this.line(patience);
    }

    async send(bytes) {
        // There is no event for room in a WebSocket's buffer.
        while (this.socket.bufferedAmount > AHEAD && !this.isClosed) await wait(10);
        if (this.isClosed) throw new Error("closed");
        this.socket.send(bytes);
    }
}

// Does something with a connection of its own, again where one breaks.
async function withDoor(act) {
    for (let tries = 1; ; tries += 1) {
        let door;
        try {
            if (!where) throw new Refused("missing");
            door = await Door.open(where);
            return await act(door);
        } catch (error) {
            if (error instanceof Refused || tries === TRIES) throw error;
            await wait(500 * tries);
        } finally {
            door?.close();
        }
    }
}

function size(bytes) {
    const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
    const step = bytes > 0 ? Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3)) : 0;
    return new Intl.NumberFormat(document.documentElement.lang, {
        style: "unit", unit: units[step], unitDisplay: "short", maximumFractionDigits: step ? 1 : 0,
    }).format(bytes / 1000 ** step);
}

function say(text, isBad = false) {
    element("files-said").textContent = text;
    element("files-said").className = isBad ? "problem" : "hint";
}

function explain(name, error) {
    const code = error instanceof Refused ? error.message : "broken";
    say(`${name}: ${words[code] ?? words.broken}`, true);
}

// A row for what is on its way, with a bar.
function progress(name) {
    const row = document.createElement("li");
    const title = document.createElement("span");
    const bar = document.createElement("progress");
    title.textContent = name;
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", name);
    row.append(title, bar);
    element("files-moving").append(row);
    return { at: (done, all) => { bar.value = all ? done / all : 1; }, end: () => row.remove() };
}

async function bring(file) {
    const bar = progress(file.name);
    // The same file goes on where it broke off.
    const mark = new TextEncoder().encode(`${file.name}\n${file.size}\n${file.lastModified}`);
    let id = 0xcbf29ce484222325n;
    for (const byte of mark) id = ((id ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
    try {
        const placed = await withDoor(async (door) => {
            const { offset } = await door.ask({ op: "put", name: file.name, size: file.size, id: id.toString(16) });
            // It comes with the last byte, or when the rest is refused.
            let isOver = false;
            const over = () => { isOver = true; };
            const answer = door.line(Infinity);
            answer.then(over, over);
            for (let at = offset; at < file.size; at += PIECE) {
                // Who refuses the rest says so, and then ends the connection.
                try { await door.send(await file.slice(at, at + PIECE).arrayBuffer()); } catch { break; }
                bar.at(at - door.socket.bufferedAmount, file.size);
                if (isOver) break;
            }
            return answer;
        });
        say(words.brought.replace("{name}", placed.name));
    } catch (error) {
        explain(file.name, error);
    } finally {
        bar.end();
    }
}

function save(parts, name) {
    const link = document.createElement("a");
    // No browser shows what has this type.
    link.href = URL.createObjectURL(new Blob(parts, { type: "application/octet-stream" }));
    link.download = name.replace(/[\p{C}/\\:*?"<>|]/gu, "_");
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function fetchFile(name) {
    const short = name.split("/").pop();
    const bar = progress(short);
    const parts = [];
    let done = 0;
    try {
        await withDoor(async (door) => {
            while (true) {
                const { size: all, length } = await door.ask({ op: "get", name, offset: done, length: STRIDE });
                if (!length) break;
                for (let left = length; left > 0;) {
                    const piece = await door.some(left);
                    if (!piece) throw new Error("closed");
                    parts.push(new Blob([piece]));
                    left -= piece.length;
                    done += piece.length;
                    bar.at(done, all);
                }
                if (done >= all) break;
            }
        });
        save(parts, short);
    } catch (error) {
        explain(short, error);
    } finally {
        bar.end();
    }
}

async function fetchAll() {
    const bar = progress(words.archive);
    const parts = [];
    let done = 0;
    try {
        const all = used;
        const door = await Door.open(where);
        await door.ask({ op: "archive" });
        for (let piece = await door.some(); piece; piece = await door.some()) {
            parts.push(new Blob([piece]));
            done += piece.length;
            bar.at(Math.min(done, all), all);
        }
        const whole = new Blob(parts);
        const end = whole.size - WHOLE.length;
        if (await whole.slice(Math.max(end, 0)).text() !== WHOLE) throw new Error("broken off");
        save([whole.slice(0, end)], words.archive);
    } catch (error) {
        explain(words.archive, error);
    } finally {
        bar.end();
    }
}

let shown = "";
let used = 0;

function button(text, act, label) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "button small";
    made.textContent = text;
    made.setAttribute("aria-label", label);
    made.addEventListener("click", act);
    return made;
}

function show({ files, used: now, limit, more }) {
    used = now;
    const text = words.used.replace("{used}", size(now)).replace("{limit}", size(limit));
    element("files-used").textContent = more ? `${text} ${words.more}` : text;
    element("files-all").hidden = files.length === 0 && !more;
    const all = JSON.stringify(files);
    if (all === shown) return;
    shown = all;
    element("files-list").replaceChildren(...files.sort((a, b) => a.name.localeCompare(b.name)).map(({ name, size: bytes }) => {
        const row = document.createElement("li");
        const title = document.createElement("span");
        title.textContent = name;
        const facts = document.createElement("small");
        facts.textContent = size(bytes);
        row.append(title, facts,
            button(words.fetch, () => fetchFile(name), `${words.fetch}: ${name}`),
            button(words.remove, () => removeFile(name), `${words.remove}: ${name}`));
        return row;
    }));
}

async function removeFile(name) {
    try {
        await withDoor((door) => door.ask({ op: "remove", name }));
        await list();
        say("");
    } catch (error) {
        explain(name, error);
    }
}

async function removeAll() {
    if (!confirm(words.really)) return;
    try {
        // As long as it takes.
        await withDoor((door) => door.ask({ op: "clear" }, Infinity));
        await list();
        say("");
    } catch (error) {
        explain(words.title, error);
    }
}

// Shows what is there while somebody looks: the guest's files come without a word.
let lister;

// The answer to one that is under way may be older than what was just done.
let listing = Promise.resolve();

function list() {
    listing = listing.then(listNow);
    return listing;
}

async function listNow() {
    if (!where || document.hidden) {
        lister?.close();
        lister = undefined;
        return;
    }
    try {
        lister ??= await Door.open(where);
        show(await lister.ask({ op: "list" }));
        panel.hidden = false;
    } catch {
        lister?.close();
        lister = undefined;
    }
}

async function keepListing() {
    while (true) {
        await list();
        await wait(EVERY);
    }
}

async function bringAll(files) {
    for (const file of files) await bring(file);
    await list();
}

const drop = element("files-drop");
for (const kind of ["dragenter", "dragover"]) {
    drop.addEventListener(kind, (event) => {
        event.preventDefault();
        drop.classList.add("over");
    });
}
for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
    event.preventDefault();
    bringAll([...event.dataTransfer.files]);
});
// A file that misses its place must not be opened in place of the page.
for (const kind of ["dragover", "drop"]) addEventListener(kind, (event) => event.preventDefault());
element("files-choose").addEventListener("change", (event) => {
    const files = [...event.target.files];
    event.target.value = "";
    bringAll(files);
});
element("files-archive").addEventListener("click", fetchAll);
element("files-clear").addEventListener("click", removeAll);

// Where the folder is stands in a region of the page, which comes and goes with it.
const region = document.querySelector('[data-region="files"]');

function look() {
    const door = element("files-door");
    where = door ? { display: door.dataset.display, token: door.dataset.token } : undefined;
    if (!where) panel.hidden = true;
    list();
}

new MutationObserver(look).observe(region, { childList: true });

// A host that came up since the page was loaded is not among those that it may connect to.
document.addEventListener("securitypolicyviolation", (event) => {
    if (event.effectiveDirective === "connect-src" && performance.getEntriesByType("navigation")[0]?.type !== "reload") {
        location.reload();
    }
});

look();
keepListing();
