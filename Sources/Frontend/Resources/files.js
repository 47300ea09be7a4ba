// The exchange folder of a session, on its page. Files go to and from the session's host by a WebSocket at the address of its displays,
// because only that host has them: a line of JSON asks, a line answers, and what follows is raw.

const panel = document.getElementById("files-panel");
const words = panel.dataset;
const element = (id) => document.getElementById(id);

// What the gateway takes at once.
const PIECE = 256 * 1024;
// Bytes that are read of a file at once, while those before are on their way.
const READ = 4 * 1024 * 1024;
// Bytes that are asked for at once: a browser can't tell a WebSocket to wait.
const STRIDE = 8 * 1024 * 1024;
// Bytes that may be on their way. More would wait in the browser's memory; fewer are less than what distant hosts can take.
const AHEAD = 16 * 1024 * 1024;
const PATIENCE = 15_000;
const TRIES = 5;
const EVERY = 2000;
// What stands behind an archive that is whole.
const WHOLE = '{"done":true}\n';

let where;
// Files that are on their way.
let moving = 0;

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

    // Sends a file from an offset on. Answers what the other side says at its end, which may be before all of it was sent.
    // tells: whether it says now and then how much has come; a door of an earlier version does not.
    async send(file, offset, tells, progress) {
        let come = offset;
        let over = false;
        let wake;
        const end = (async () => {
            try {
                while (true) {
                    const answer = await this.line(Infinity);
                    if (answer.at === undefined) return answer;
                    come = answer.at;
                    progress(come);
                    wake?.();
                }
            } finally {
                over = true;
                wake?.();
            }
        })();
        end.catch(() => {});
        // A timer would run once a second, or once a minute, while nobody looks at the page. There is no event for room in a
        // WebSocket's buffer.
        const room = async (at) => {
            while (!over && (tells ? at - come : this.socket.bufferedAmount) > AHEAD) {
                await (tells ? new Promise((resolve) => { wake = resolve; }) : wait(10));
            }
        };
        const read = (at) => {
            const bytes = file.slice(at, at + READ).arrayBuffer();
            bytes.catch(() => {});
            return bytes;
        };
        let next = read(offset);
        for (let at = offset; at < file.size && !over; at += READ) {
            const bytes = await next;
            next = read(at + READ);
            for (let start = 0; start < bytes.byteLength && !over; start += PIECE) {
                await room(at + start);
                this.socket.send(new Uint8Array(bytes, start, Math.min(PIECE, bytes.byteLength - start)));
            }
            if (!tells) progress(at);
        }
        return end;
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
    moving += 1;
    return {
        at: (done, all) => { bar.value = all ? done / all : 1; },
        end: () => {
            moving -= 1;
            row.remove();
        },
    };
}

async function bring(file) {
    const bar = progress(file.name);
    // The same file goes on where it broke off.
    const mark = new TextEncoder().encode(`${file.name}\n${file.size}\n${file.lastModified}`);
    let id = 0xcbf29ce484222325n;
    for (const byte of mark) id = ((id ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
    try {
        const placed = await withDoor(async (door) => {
            const { offset, tells } = await door.ask({
                op: "put", name: file.name, size: file.size, id: id.toString(16), tell: true,
            });
            return door.send(file, offset, tells, (come) => bar.at(come, file.size));
        });
        say(words.brought.replace("{name}", placed.name));
    } catch (error) {
        explain(file.name, error);
    } finally {
        bar.end();
    }
}

function save(bytes, name) {
    const link = document.createElement("a");
    // No browser shows what has this type.
    link.href = URL.createObjectURL(bytes.slice(0, bytes.size, "application/octet-stream"));
    link.download = name.replace(/[\p{C}/\\:*?"<>|]/gu, "_");
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// Bytes that the browser has put away, on its disk where they are many. It does so behind our back, and what it can't put away can't
// be read: so it is looked at, and tried again while we still have it.
async function kept(parts) {
    for (let tries = 1; ; tries += 1) {
        const blob = new Blob(parts);
        try {
            await blob.slice(-1).arrayBuffer();
            return blob;
        } catch {
            if (tries === TRIES) throw new Refused("room");
            await wait(500 * tries);
        }
    }
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
                // Each of them costs the browser something, whatever its size.
                const pieces = [];
                let left = length;
                try {
                    while (left > 0) {
                        const piece = await door.some(left);
                        if (!piece) throw new Error("closed");
                        pieces.push(piece);
                        left -= piece.length;
                        bar.at(done + length - left, all);
                    }
                } finally {
                    // What has come before a break need not come again.
                    parts.push(await kept(pieces));
                    done += length - left;
                }
                if (done >= all) break;
            }
        });
        save(await kept(parts), short);
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
    let door;
    try {
        const all = used;
        door = await Door.open(where);
        await door.ask({ op: "archive" });
        let [pieces, gathered] = [[], 0];
        for (let piece = await door.some(); piece; piece = await door.some()) {
            pieces.push(piece);
            gathered += piece.length;
            if (gathered >= STRIDE) {
                parts.push(await kept(pieces));
                [pieces, gathered] = [[], 0];
            }
            done += piece.length;
            bar.at(Math.min(done, all), all);
        }
        parts.push(await kept(pieces));
        const whole = await kept(parts);
        const end = whole.size - WHOLE.length;
        if (await whole.slice(Math.max(end, 0)).text() !== WHOLE) throw new Error("broken off");
        save(whole.slice(0, end), words.archive);
    } catch (error) {
        explain(words.archive, error);
    } finally {
        door?.close();
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

// Who closes the page by mistake would have to begin anew with what is fetched, and be here to go on with what is brought.
addEventListener("beforeunload", (event) => { if (moving) event.preventDefault(); });

// A host that came up since the page was loaded is not among those that it may connect to.
document.addEventListener("securitypolicyviolation", (event) => {
    if (event.effectiveDirective === "connect-src" && performance.getEntriesByType("navigation")[0]?.type !== "reload") {
        location.reload();
    }
});

look();
keepListing();
