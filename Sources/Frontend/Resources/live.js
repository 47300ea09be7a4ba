// Makes the pages live. Without it they work the same, only they load themselves anew now and then.
//
// The server makes all HTML. What has changed comes with an event: the HTML of regions (data-region) or of rows, which are
// exchanged where they differ, so focus, selection and open parts stay. The page is fetched again only when it becomes
// another one, as when the desktop can be opened, or when too much was missed.

const language = document.documentElement.lang;
const short = { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" };
const thisYear = new Intl.DateTimeFormat(undefined, short);
const otherYear = new Intl.DateTimeFormat(undefined, { year: "numeric", ...short });

// What the server sent, by region or row, before anything here was changed in it.
const sent = new WeakMap();

function remember(root) {
    for (const region of root.querySelectorAll("[data-region]")) {
        sent.set(region, region.innerHTML);
        if ("keyed" in region.dataset) for (const row of region.children) sent.set(row, row.outerHTML);
    }
}

// Shows moments in the reader's own time and language.
function localise(root) {
    for (const time of root.querySelectorAll("time[datetime]")) {
        const moment = new Date(time.dateTime);
        if (Number.isNaN(moment.getTime())) continue;
        time.title = time.textContent;
        const format = moment.getFullYear() === new Date().getFullYear() ? thisYear : otherYear;
        time.textContent = format.format(moment);
    }
    for (const button of root.querySelectorAll("[data-copy]")) button.hidden = false;
}

// Counts down to an end. The server's clock counts; this computer's may be wrong.
let skew = 0;

function unit(number, name) {
    return new Intl.NumberFormat(language, { style: "unit", unit: name, unitDisplay: "long" }).format(number);
}

function countDown() {
    for (const left of document.querySelectorAll("[data-until]")) {
        const seconds = Math.max(0, Math.round((Number(left.dataset.until) - Date.now() - skew) / 1000));
        const [days, hours, minutes] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
        const units = [[days, "day"], [hours, "hour"], [minutes, "minute"], [seconds % 60, "second"]];
        const first = units.findIndex(([number]) => number > 0);
        const parts = first < 0 ? [[0, "second"]] : units.slice(first, first + 2).filter(([number]) => number > 0);
        left.textContent = left.dataset.text.replace("{time}", parts.map(([number, name]) => unit(number, name)).join(" "));
    }
}

// Exchanges the rows of a region that differ. What is gone or has changed is taken out first: the others have kept their
// order then and stay where they are, for a row that is moved loses the focus.
function exchangeRows(region, fresh) {
    const rows = [...fresh.children];
    const html = new Map(rows.map((row) => [row.id, row.outerHTML]));
    for (const row of [...region.children]) if (sent.get(row) !== html.get(row.id)) row.remove();
    const kept = new Map([...region.children].map((row) => [row.id, row]));
    let place = region.firstElementChild;
    for (const row of rows) {
        const known = kept.get(row.id);
        if (known && known === place) {
            place = place.nextElementSibling;
            continue;
        }
        const mine = known ?? document.importNode(row, true);
        if (!known) {
            sent.set(mine, html.get(row.id));
            localise(mine);
        }
        region.insertBefore(mine, place);
    }
}

// Does something to the page and gives the focus back to what has the same id.
function keepingFocus(change) {
    const focus = document.activeElement?.id;
    change();
    if (focus && document.activeElement === document.body) document.getElementById(focus)?.focus();
    countDown();
}

// HTML as this browser writes it, to compare it with what is there.
function normal(html) {
    const frame = document.createElement("template");
    frame.innerHTML = html;
    return frame.innerHTML;
}

function put(region, source) {
    const html = normal(source);
    if (!region || sent.get(region) === html) return;
    sent.set(region, html);
    region.innerHTML = html;
    localise(region);
}

function exchange(fresh) {
    const names = (root) => [...root.querySelectorAll("[data-region]")].map((region) => region.dataset.region).join();
    const main = document.querySelector("main");
    const freshMain = fresh.querySelector("main");
    if (!freshMain) return;
    // A page that only says what is missing gives way to the one that was asked for.
    if (main.querySelector("[data-passing]") && !freshMain.querySelector("[data-passing]")) return location.reload();
    document.title = fresh.title;
    const root = main.querySelector("[data-live]");
    const freshRoot = freshMain.querySelector("[data-live]");
    if (root && names(main) !== names(freshMain)) {
        // Another kind of page, for example an error in its place.
        main.replaceChildren(...document.importNode(freshMain, true).childNodes);
        remember(main);
        localise(main);
        return;
    }
    if (root && freshRoot) {
        root.className = freshRoot.className;
        // A stream that begins anew goes on from here.
        Object.assign(root.dataset, freshRoot.dataset);
    }
    for (const region of main.querySelectorAll("[data-region]")) {
        const other = freshMain.querySelector(`[data-region="${region.dataset.region}"]`);
        // A page with a form is never exchanged as a whole: somebody may be filling it in.
        if (!("keyed" in region.dataset)) {
            put(region, other?.innerHTML ?? "");
        } else if (other && sent.get(region) !== other.innerHTML) {
            sent.set(region, other.innerHTML);
            exchangeRows(region, other);
        }
    }
    showLists();
}

// A list without rows is not shown, but what stands in its place.
function showLists() {
    for (const region of document.querySelectorAll("[data-keyed]")) {
        const isEmpty = !region.children.length;
        region.closest("table, details").hidden = isEmpty;
        const other = region.dataset.region === "sessions" && document.getElementById("no-sessions");
        if (other) other.hidden = !isEmpty;
    }
}

// Brings the page up to date from an event.
function update(page) {
    const root = document.querySelector("[data-live]");
    if (!page || !root) return;
    // A desktop that can be opened, another end of it, or the session's end: the page has more for these.
    if (page.view !== "plain" && page.view !== root.dataset.view) return refresh();
    // What is being fetched may be older than this.
    if (fetching) wanted = true;
    keepingFocus(() => {
        root.dataset.view = page.view;
        root.className = `session ${page.class}`;
        document.title = page.title + document.title.slice(document.title.lastIndexOf(" · "));
        putAll(page.regions);
    });
}

function putAll(regions) {
    for (const [name, html] of Object.entries(regions)) put(document.querySelector(`[data-region="${name}"]`), html);
}

// Replaces, adds or takes away one row of a list; null takes away. Rows with an order stand by it, others at the top.
function putRow(region, id, html) {
    const old = document.getElementById(id);
    const frame = document.createElement("template");
    frame.innerHTML = html ?? "";
    const row = frame.content.firstElementChild;
    if (row && old && sent.get(old) === row.outerHTML) return;
    // It was sent as a part of what stands there now.
    sent.delete(region);
    if (!row) return old?.remove();
    // New sessions stand on the first page.
    if (!old && "fixed" in region.dataset) return;
    sent.set(row, row.outerHTML);
    const order = row.dataset.order;
    if (old && old.dataset.order === order) {
        old.replaceWith(row);
    } else {
        old?.remove();
        region.insertBefore(row, order ? [...region.children].find((other) => other.dataset.order > order) : region.firstElementChild);
    }
    localise(row);
    // What the page has no room for is the last in order.
    while (region.children.length > Number(region.dataset.most)) region.lastElementChild.remove();
}

function putRows({ rows, ended }) {
    keepingFocus(() => {
        for (const [name, changes] of [["sessions", rows], ["ended", ended]]) {
            const region = document.querySelector(`[data-region="${name}"]`);
            if (region) for (const [id, html] of Object.entries(changes)) putRow(region, id, html);
        }
        showLists();
    });
}

// Says that the page is not up to date, or takes it back.
function trouble(text) {
    const main = document.querySelector("main");
    let note = document.getElementById("trouble");
    if (!text) return note?.remove();
    if (note) return;
    note = document.createElement("p");
    note.id = "trouble";
    note.className = "trouble";
    note.setAttribute("role", "status");
    note.textContent = text;
    main.prepend(note);
}

// Fetches the page again: at once, but never twice at a time.
let fetching = false;
let wanted = false;

async function refresh() {
    wanted = true;
    if (fetching) return;
    fetching = true;
    const text = document.querySelector("[data-trouble]")?.dataset.trouble;
    try {
        while (wanted) {
            wanted = false;
            const answer = await fetch(location.href, {
                headers: { accept: "text/html" }, cache: "no-store", signal: AbortSignal.timeout(patience),
            });
            if (!answer.ok) throw new Error(`status ${answer.status}`);
            const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
            keepingFocus(() => exchange(fresh));
            trouble("");
        }
    } catch {
        if (text) {
            trouble(text);
            setTimeout(refresh, 3000);
        }
    } finally {
        fetching = false;
    }
}

// Longest time in which a server that lives says so, in ms: it does every three seconds.
const patience = 4800;
const away = () => trouble(document.querySelector("[data-trouble]")?.dataset.trouble);

// Listens while the page is seen: a browser has only a few connections for a server.
function follow() {
    let source;
    let timer;
    let silence;
    // Called whenever something was heard.
    const heard = () => {
        clearTimeout(silence);
        silence = setTimeout(away, patience);
    };
    const start = () => {
        const url = document.querySelector("[data-live]")?.dataset.live;
        if (!url || source || document.hidden) return;
        source = new EventSource(url);
        heard();
        const on = (kind, act) => source.addEventListener(kind, (event) => {
            heard();
            act(JSON.parse(event.data));
        });
        let isAway = false;
        source.addEventListener("open", () => { heard(); if (!isAway) trouble(""); });
        on("beat", () => { if (!isAway) trouble(""); });
        for (const kind of ["status", "position"]) on(kind, (data) => update(data.page));
        on("rows", putRows);
        on("regions", putAll);
        on("reload", refresh);
        on("back", () => { isAway = false; trouble(""); });
        on("away", () => { isAway = true; away(); });
        source.addEventListener("error", () => {
            // A browser comes back by itself after a break, but not after an error page.
            if (source?.readyState !== EventSource.CLOSED) return;
            source = undefined;
            clearTimeout(timer);
            clearTimeout(silence);
            if (document.querySelector(".session.ended")) return;
            timer = setTimeout(() => refresh().then(start), 3000);
        });
    };
    const stop = () => { source?.close(); source = undefined; clearTimeout(timer); clearTimeout(silence); };
    document.addEventListener("visibilitychange", () => {
        if (document.hidden) return stop();
        if (document.querySelector("[data-live], [data-every]")) refresh().then(start);
    });
    addEventListener("pagehide", stop);
    addEventListener("pageshow", (event) => { if (event.persisted) refresh().then(start); });
    start();
    const every = Number(document.querySelector("[data-every]")?.dataset.every);
    // A net below the events, until nothing changes by itself any more.
    const isSettled = () => document.querySelector(".session.ready, .session.ended");
    if (every) setInterval(() => { if (!document.hidden && !isSettled()) refresh(); }, every * 1000);
}

async function copy(button) {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    try {
        await navigator.clipboard.writeText(field.value);
    } catch {
        // Pages without TLS have no clipboard of the new kind.
        document.execCommand("copy");
    }
    const text = button.textContent;
    button.textContent = button.dataset.done;
    button.setAttribute("aria-live", "polite");
    setTimeout(() => { button.textContent = text; }, 2000);
}

document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.copy) copy(button);
    // In a long list one slip would discard somebody's work: the first press asks, the second does it.
    if ("sure" in button.dataset && !button.classList.contains("sure")) {
        event.preventDefault();
        const [text, label] = [button.textContent, button.getAttribute("aria-label")];
        const name = (text) => { if (label) button.setAttribute("aria-label", text); };
        button.classList.add("sure");
        [button.name, button.value] = ["sure", "yes"];
        button.textContent = button.closest("[data-sure]:not(button)").dataset.sure;
        name(`${button.textContent} ${label}`);
        setTimeout(() => {
            button.classList.remove("sure");
            button.removeAttribute("name");
            button.textContent = text;
            name(label);
        }, 4000);
    }
});

// What is done to a session is sent from here, so that the page stays when the server does not answer.
document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.closest(".session") || event.defaultPrevented) return;
    event.preventDefault();
    try {
        const answer = await fetch(form.action, {
            method: "post", headers: { accept: "text/html" }, body: new URLSearchParams(new FormData(form, event.submitter)),
            signal: AbortSignal.timeout(patience),
        });
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        if (!answer.ok) document.querySelector("main").replaceWith(document.importNode(fresh.querySelector("main"), true));
        else if (answer.redirected) location.pathname === new URL(answer.url).pathname ? refresh() : location.assign(answer.url);
        else refresh();
    } catch {
        away();
        undone(form);
    }
});

// What was asked for was not done, and is not done later by itself.
function undone(form) {
    const text = document.querySelector("[data-undone]")?.dataset.undone;
    if (!text || form.querySelector(".undone")) return;
    const note = document.createElement("p");
    note.className = "undone notice bad";
    note.setAttribute("role", "alert");
    note.textContent = text;
    form.append(note);
}

// The folded options say what they stand at.
document.querySelector("form[data-create]")?.addEventListener("change", (event) => {
    const form = event.currentTarget;
    const now = form.querySelector("[data-options]");
    const chosen = ["cpu", "memory", "snapshot_lifetime"].map((name) => {
        const input = form.querySelector(`input[name="${name}"]:checked`);
        if (!input) return "";
        const text = input.nextElementSibling.textContent;
        return name === "cpu" ? `${text} ${now.dataset[text === "1" ? "one" : "other"]}` : text;
    });
    if (form.oneshot.checked) chosen.push(form.oneshot.nextElementSibling.textContent);
    now.textContent = chosen.filter(Boolean).join(" · ");
});

// Of many machines, those whose words have what is typed in them.
const search = document.querySelector("[data-search]");
if (search) {
    const input = search.querySelector("input");
    const none = search.querySelector("[data-none]");
    search.hidden = false;
    const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    const cards = [...document.querySelectorAll(".card")].map((card) => [card, plain(card.dataset.words)]);
    input.addEventListener("input", () => {
        const words = plain(input.value).split(/\s+/).filter(Boolean);
        let shown = 0;
        for (const [card, text] of cards) {
            card.hidden = !words.every((word) => text.includes(word));
            if (!card.hidden) shown += 1;
        }
        none.textContent = shown ? "" : none.dataset.none;
        // What is started can be seen.
        const first = cards.find(([card]) => !card.hidden)?.[0].querySelector("input");
        if (first && document.querySelector(".card[hidden] input:checked")) first.checked = true;
    });
    // The form is sent by its button.
    input.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
}

// A link from a mail carries its code behind the `#`, which no server sees. The person presses the button.
const codeForm = document.querySelector("form[data-code]");
if (codeForm && location.hash.includes(".")) {
    const [token, code] = location.hash.slice(1).split(".");
    codeForm.token.value = token;
    codeForm.code.value = code;
    history.replaceState(null, "", location.pathname);
}

document.querySelector("form[data-create]")?.addEventListener("submit", (event) => {
    event.currentTarget.querySelector("button[type=submit]").setAttribute("aria-busy", "true");
    // A browser that keeps nothing says nothing.
    try { sessionStorage.setItem("sent", event.currentTarget.elements.nonce.value); } catch { /* not allowed */ }
});

// Whoever comes back to a form that was sent is told what its button does now.
addEventListener("pageshow", () => {
    const form = document.querySelector("form[data-create]");
    if (!form) return;
    form.querySelector("button[type=submit]").removeAttribute("aria-busy");
    try {
        if (sessionStorage.getItem("sent") !== form.elements.nonce.value) return;
    } catch { return; }
    const note = form.querySelector("[data-again]");
    note.textContent = note.dataset.again;
    note.setAttribute("role", "status");
});

const clock = document.querySelector("[data-now]");
if (clock) skew = Number(clock.dataset.now) - Date.now();
remember(document);
localise(document);
countDown();
setInterval(countDown, 1000);
follow();
