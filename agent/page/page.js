/* SPDX-License-Identifier: Apache-2.0 */

/* Keeps the page as the daemon's events say, and searches.
 *
 * Whatever the daemon tells is put into text nodes, never into markup: names
 * of pods and ports come from outside. */

"use strict";

const $ = id => document.getElementById(id);

let state = null;               /* The latest that was told. */
let skew = 0;                   /* Our clock less the daemon's, ms. */
let picked = null;              /* Key of the hold that the reader chose. */

/* ---- Elements. ---- */

function element(tag, className, text) {
    const node = document.createElement(tag);

    if (className) {
        node.className = className;
    }
    if (text !== undefined) {
        node.textContent = text;
    }
    return node;
}

/* Text is written only where it changed, so that nothing is read aloud again
 * and no selection is lost. */
function write(node, text) {
    if (node.textContent !== text) {
        node.textContent = text;
    }
}

/* An age that goes on by itself; see tick(). */
function age(since, suffix) {
    const node = element("time");

    node.dataset.since = since;
    node.dataset.suffix = suffix || "";
    if (since) {
        node.dateTime = new Date(since).toISOString();
        node.title = new Date(since).toLocaleString();
    }
    return node;
}

function tick() {
    const now = Date.now() - skew;

    for (const node of document.querySelectorAll("[data-since]")) {
        const since = Number(node.dataset.since);

        write(node, since ? Picture.duration(now - since)
              + node.dataset.suffix : "never");
    }
}

/* Makes the children of "parent" be those that "make" gives for "items".  One
 * whose item is as it was stays, with the focus that it may have. */
function fill(parent, items, key, make) {
    const old = new Map([...parent.children].map(c => [c.dataset.key, c]));
    const children = items.map(item => {
        const k = key(item);
        const text = JSON.stringify(item);
        let child = old.get(k);

        if (!child || child.dataset.item !== text) {
            const focus = child && child.contains(document.activeElement);

            child = make(item);
            child.dataset.key = k;
            child.dataset.item = text;
            if (focus) {
                child.dataset.focus = "yes";
            }
        }
        return child;
    });

    if (children.length !== parent.children.length
        || children.some((c, i) => c !== parent.children[i])) {
        parent.replaceChildren(...children);
    }
    for (const child of children) {
        if (child.dataset.focus) {
            delete child.dataset.focus;
            child.querySelector("button, a, input")?.focus();
        }
    }
}

/* Of a long list only the first are shown until the reader asks for the others,
 * lest what comes after it be out of sight, and a screen of a hundred holds be
 * drawn anew each second. */
const FEW = 10;
const unfolded = new Set();     /* Lists of which all is shown. */

function fillFew(id, items, key, make) {
    const button = document.querySelector(`.fold[aria-controls=${id}]`);
    const all = unfolded.has(id);

    fill($(id), all ? items : items.slice(0, FEW), key, make);
    button.hidden = items.length <= FEW;
    button.setAttribute("aria-expanded", all);
    write(button, all ? `Show ${FEW} only` : `Show ${items.length - FEW} more`);
}

for (const button of document.querySelectorAll(".fold")) {
    button.addEventListener("click", () => {
        const id = button.getAttribute("aria-controls");

        if (!unfolded.delete(id)) {
            unfolded.add(id);
        }
        show(null);
    });
}

/* ---- Holds. ---- */

function holdKey(hold) {
    return [hold.network, hold.address, hold.created_ms].join("\n");
}

function holdClass(hold) {
    return hold.state === "blocked" || hold.state === "forced" ? "bad"
        : hold.state === "released" ? "good"
        : hold.state === "cancelled" ? "" : "warn";
}

function track(hold) {
    const list = element("ol", "track");

    for (const step of Picture.steps(hold)) {
        const item = element("li", step.state, step.label);
        const time = element("span");

        if (step.state === "done") {
            time.textContent = step.took
                ? "+" + Picture.duration(step.took) : "\u00a0";
        } else if (step.since) {
            time.append(age(step.since));
        } else {
            time.textContent = "\u00a0";
        }
        item.append(time);
        list.append(item);
    }
    return list;
}

function reasons(hold) {
    const why = element("div", "why");

    why.append(element("p", "", `case ${hold.case || "-"}: ${hold.reason}`));
    for (const text of hold.blockers) {
        why.append(element("p", "blocker", `waits: ${text}`));
    }
    if (hold.n_blockers > hold.blockers.length) {
        why.append(element("p", "", `and ${hold.n_blockers
            - hold.blockers.length} more reasons`));
    }
    if (hold.waiters.length) {
        const more = hold.n_waiters - hold.waiters.length;

        why.append(element("p", "", "waited for by "
            + hold.waiters.join(", ") + (more ? ` and ${more} more` : "")));
    }
    return why;
}

function makeHold(hold) {
    const item = element("li");
    const button = element("button", "pick");

    button.type = "button";
    button.append(element("b", "", hold.address),
                  element("span", "net", `on ${hold.network}`),
                  element("span", "", hold.owner),
                  element("span", "state " + holdClass(hold),
                          (hold.would_be ? "would be " : "") + hold.state),
                  age(hold.ended_ms || hold.created_ms,
                      hold.ended_ms ? " ago" : ""));
    button.addEventListener("click", () => {
        picked = holdKey(hold);
        showPicture();
    });
    item.append(button, track(hold), reasons(hold));
    return item;
}

/* The one that the reader chose; else the one that moves. */
function showPicture() {
    const all = [...state.holds, ...state.ended];
    const newest = [...state.holds].sort((a, b) =>
        b.created_ms - a.created_ms)[0];
    const hold = all.find(h => holdKey(h) === picked) || newest
        || state.ended[0];
    const key = hold && holdKey(hold);

    Picture.draw($("picture"), hold);
    for (const button of document.querySelectorAll(".pick")) {
        button.setAttribute("aria-pressed",
                            button.parentNode.dataset.key === key);
    }
}

/* Ends are said aloud. */
function announce(before) {
    const known = new Set(before.ended.map(holdKey));
    const ended = state.ended.filter(h => !known.has(holdKey(h)));

    if (ended.length) {
        write($("said"), ended.slice(0, 3).map(h =>
            `${h.address} on ${h.network}: ${h.state}`).join("; "));
    }
}

/* ---- The rest. ---- */

function badge(text, kind) {
    return element("span", "badge " + kind, text);
}

function showHead() {
    const badges = [
        badge(state.role, state.role === "active" ? "good" : ""),
        badge("mode " + state.mode, ""),
        badge(state.dialect, ""),
    ];
    const alarms = [];

    if (state.paused) {
        badges.push(badge("paused", "warn"));
    }
    if (state.frozen !== null) {
        badges.push(badge("frozen", "bad"));
        alarms.push("Frozen: " + state.frozen);
    }
    if (state.brake !== null) {
        badges.push(badge("brake on", "bad"));
        alarms.push("The brake is on: " + state.brake);
    }
    for (const source of state.sources) {
        if (!source.good) {
            alarms.push(`${source.name}: ${source.state}`);
        }
    }
    $("badges").replaceChildren(...badges);
    fill($("alarms"), alarms, text => text,
         text => element("p", "alarm", text));
    write($("about"), `ovn-ipguard ${state.version}, instance `
          + `${state.instance}`);
}

function showCounts() {
    const c = state.counts;
    const kinds = [
        ["Networks", c.networks, ""],
        ["Ports", c.ports, ""],
        ["Pod ports", c.pod_ports, ""],
        ["Holds", c.holds, "", "holds"],
        ["Blocked", c.blocked, "bad", "holds"],
        ["Waiters", c.waiters, "warn", "waiters"],
        ["Gates", c.gates, "warn", "gates"],
        ["Duplicates", c.duplicates, "bad", "duplicates"],
        ["Stale", c.stale, "warn"],
        ["Findings", c.unsure + c.moving + c.reported, "warn"],
    ];

    fill($("counts"), kinds, kind => kind[0], ([name, n, kind, place]) => {
        const box = element("div", n ? kind : "");
        const term = element("dt");
        const link = place ? element("a", "", name) : name;

        if (place) {
            link.href = "#" + place;
        }
        term.append(link);
        box.append(term, element("dd", "", n.toLocaleString("en")));
        return box;
    });
}

function showList(name, lines, all) {
    $("no-" + name + "s").hidden = lines.length > 0;
    if ($("n-" + name + "s")) {
        write($("n-" + name + "s"), !all ? ""
              : all > lines.length ? `${lines.length} of ${all}` : `${all}`);
    }
    fillFew(name + "-list", lines,
         line => [line.network, line.what, line.text, line.since_ms]
             .join("\n"),
         line => {
             const item = element("li");

             item.append(age(line.since_ms, name === "action" ? " ago" : ""));
             if (line.what) {
                 item.append(element("b", "", line.what), " ");
             }
             if (line.network) {
                 item.append(element("span", "net", `on ${line.network} `));
             }
             item.append(line.text);
             return item;
         });
}

function showSources() {
    fill($("source-rows"), state.sources, s => s.name, source => {
        const row = element("tr");
        const name = element("th", "", source.name);
        const changed = element("td");

        name.scope = "row";
        changed.append(age(source.changed_ms, " ago"));
        row.append(name,
                   element("td", source.good ? "state good" : "state bad",
                           source.state
                           + (source.pods === undefined ? ""
                              : `, ${source.pods} pods, `
                              + `${source.owners} owners`)),
                   element("td", "", source.lock || "-"), changed);
        return row;
    });
}

function show(before) {
    const c = state.counts;

    showHead();
    showCounts();
    $("no-holds").hidden = state.holds.length > 0;
    $("no-ended").hidden = state.ended.length > 0;
    write($("n-holds"), c.holds ? c.holds.toLocaleString("en") : "");
    $("more-holds").hidden = c.holds <= state.holds.length;
    write($("more-holds"), `${c.holds - state.holds.length} others are not `
          + "told here; the search finds each of them by its address.");
    fillFew("hold-list", state.holds, holdKey, makeHold);
    fillFew("ended-list", state.ended, holdKey, makeHold);
    showList("waiter", state.waiters, c.waiters);
    showList("gate", state.gates, c.gates);
    showList("duplicate", state.duplicates, c.duplicates);
    showList("action", state.actions, 0);
    showSources();
    showPicture();
    if (before) {
        announce(before);
    }
    tick();
}

/* ---- Events. ---- */

function setLink(kind, text) {
    $("link").className = "link " + kind;
    write($("link"), text);
}

function connect() {
    const source = new EventSource("events");

    source.addEventListener("state", event => {
        const told = JSON.parse(event.data);
        const before = state;

        skew = Date.now() - told.now_ms;
        state = told.state;
        setLink("live", "live");
        show(before);
    });
    source.addEventListener("error", () => {
        setLink("lost", "not connected: what is shown may be old");
        if (source.readyState === EventSource.CLOSED) {
            setTimeout(connect, 5000);
        }
    });
}

/* ---- Search. ---- */

function portText(p) {
    const where = p.binding === "bound" ? `runs on ${p.chassis || "a chassis"}`
        : p.binding === "unknown" ? "binding not watched"
        : p.chassis ? `runs nowhere, last on ${p.chassis}` : "runs nowhere";

    return `${p.owner ? `of ${p.owner}` : p.kind}, ${where}`
        + (p.gated ? ", shut by a gate" : p.disabled ? ", disabled" : "")
        + (p.reason ? `. Case ${p.case}: ${p.reason}` : "");
}

function makeHit(a) {
    const hit = element("div", "hit");
    const head = element("p");
    const ports = element("ul");

    head.append(element("b", "", a.address), " ",
                element("span", "net", `on ${a.network}: `),
                element("span", a.state === "duplicate" ? "state bad"
                        : a.state === "held" ? "state warn" : "", a.state));
    for (const p of a.ports) {
        const item = element("li");

        item.append(element("b", "", p.name), " ", portText(p));
        ports.append(item);
    }
    if (a.n_ports > a.ports.length) {
        ports.append(element("li", "dim",
                             `and ${a.n_ports - a.ports.length} more`));
    }
    hit.append(head, ports);
    if (a.router_port) {
        hit.append(element("p", "", `Router port ${a.router_port} has it.`));
    }
    if (a.hold) {
        hit.append(track(a.hold), reasons(a.hold));
    }
    hit.append(element("p", "dim", `Next: ${a.next}`));
    return hit;
}

function showFound(text, found) {
    const list = found.addresses.map(makeHit);

    for (const note of found.notes) {
        list.push(element("p", "hit", note));
    }
    if (found.more) {
        list.push(element("p", "hit dim", "There is more: search for more of "
                          + "the name."));
    }
    write($("found-title"), `Found for ${text}`);
    $("found-list").replaceChildren(...list);
    $("found").hidden = false;
    tick();
    $("found-title").focus();
}

const pause = ms => new Promise(done => setTimeout(done, ms));

/* One step.  The daemon asks those who ask too much to wait. */
async function ask(text, from) {
    for (let i = 0; ; i++) {
        const reply = await fetch("search?q=" + encodeURIComponent(text)
                                  + (from ? `&from=${from}` : ""));

        if (reply.ok) {
            return reply.json();
        } else if (reply.status !== 503 || i === 30) {
            throw new Error((await reply.text()).trim());
        }
        await pause(1000);
    }
}

let asked = 0;                  /* Of several searches the last one counts. */

async function search(text) {
    const all = { addresses: [], notes: [], more: false };
    const mine = ++asked;
    const max = 20;

    try {
        let from = 0;

        do {
            const found = await ask(text, from);

            if (mine !== asked) {
                return;
            }
            all.addresses.push(...found.addresses);
            if (!from || !all.addresses.length) {
                all.notes.push(...found.notes);
            }
            all.more = found.more
                || (found.next > 0 && all.addresses.length >= max);
            from = all.more ? 0 : found.next;
        } while (from);
    } catch (error) {
        all.notes.push(`Not found out: ${error.message}`);
    }
    showFound(text, all);
}

$("search").addEventListener("submit", event => {
    const text = $("q").value.trim();

    event.preventDefault();
    if (text) {
        search(text);
    } else {
        $("found").hidden = true;
    }
});

let width = 0;
new ResizeObserver(() => {
    if (state && $("picture").clientWidth !== width) {
        width = $("picture").clientWidth;
        showPicture();
    }
}).observe($("picture"));

setInterval(tick, 1000);
connect();
