/* SPDX-License-Identifier: Apache-2.0 */

/* How far a hold is, as steps with a time each; and a picture of them, from
 * the port that had the address to the one that is to have it. */

"use strict";

const Picture = (() => {
    const SVG = "http://www.w3.org/2000/svg";

    /* The steps of a hold in their order: key of its time, what has happened
     * then, and what is going on before. */
    const STEPS = [
        ["created_ms", "Held", "being stored"],
        ["gone_ms", "Off the port", "being cleared"],
        ["southbound_ms", "Southbound", "ovn-northd takes it in"],
        ["clean_ms", "All chassis", "chassis confirm"],
        ["ended_ms", "Released", "being released"],
    ];

    function duration(ms) {
        if (ms < 1000) {
            return Math.max(0, Math.round(ms)) + " ms";
        } else if (ms < 10000) {
            return (ms / 1000).toFixed(1) + " s";
        } else if (ms < 120000) {
            return Math.floor(ms / 1000) + " s";
        } else if (ms < 7200000) {
            return Math.floor(ms / 60000) + " min";
        } else if (ms < 172800000) {
            return Math.floor(ms / 3600000) + " h";
        }
        return Math.floor(ms / 86400000) + " d";
    }

    /* For each step of "hold": its label, "done", "now", "stuck", "skipped" or
     * "todo", and since when or how long. */
    function steps(hold) {
        const last = STEPS.map(s => hold[s[0]] > 0).lastIndexOf(true);
        const over = hold.ended_ms > 0;
        let before = hold.created_ms;

        return STEPS.map(([key, label, doing], i) => {
            const at = hold[key];
            const step = { label, doing, state: "todo", took: 0, since: 0 };

            if (at) {
                step.state = "done";
                step.took = i ? at - before : 0;
                before = Math.max(before, at);
            } else if (over || i < last) {
                step.state = "skipped";
            } else if (i === last + 1) {
                step.state = hold.state === "blocked" ? "stuck" : "now";
                step.since = before;
            }
            if (i === STEPS.length - 1 && over) {
                step.label = hold.state === "released" ? "Released"
                    : hold.state === "cancelled" ? "Cancelled" : "Forced";
            }
            return step;
        });
    }

    function make(parent, tag, attributes, text) {
        const node = document.createElementNS(SVG, tag);

        for (const [name, value] of Object.entries(attributes)) {
            node.setAttribute(name, value);
        }
        if (text !== undefined) {
            node.textContent = text;
        }
        parent.append(node);
        return node;
    }

    function shorten(text, max) {
        return text.length <= max ? text
            : text.slice(0, max - 9) + "\u2026" + text.slice(-8);
    }

    function box(svg, x, y, w, title, name, note, kind) {
        make(svg, "rect", { x, y, width: w, height: 64, rx: 8,
                            class: "p-box " + kind });
        make(svg, "text", { x: x + 12, y: y + 19, class: "p-small" }, title);
        make(svg, "text", { x: x + 12, y: y + 38, class: "p-name" },
             shorten(name, Math.floor((w - 24) / 8.5)));
        make(svg, "text", { x: x + 12, y: y + 55, class: "p-small" }, note);
    }

    function dot(svg, x, y, step) {
        make(svg, "circle", { cx: x, cy: y, r: 13,
                              class: "p-dot " + step.state });
        if (step.state === "done") {
            make(svg, "path", { class: "p-tick",
                                d: `M${x - 6} ${y}l4 5 8-9` });
        }
    }

    function below(step) {
        return step.state === "done" && step.took ? "+" + duration(step.took)
            : step.state === "done" ? "\u00a0"
            : step.state === "now" ? step.doing
            : step.state === "stuck" ? "does not come"
            : step.state === "skipped" ? "not needed" : "";
    }

    function takerNote(hold) {
        return !hold.taker ? ""
            : hold.ended_ms > 0 ? "open"
            : hold.taker_gated && hold.clean_ms ? "being opened"
            : hold.taker_gated ? "shut by a gate" : "waits";
    }

    function takerKind(hold) {
        return !hold.taker ? "" : hold.ended_ms > 0 ? "has"
            : hold.taker_gated ? "shut" : "";
    }

    /* One picture, laid out across or down: a line from the port that had the
     * address, "former", to the one that is to have it, "taker" (x, y and width
     * of a box each), with a dot for each step, "gap" apart.  "at" tells where
     * a place on the line is; "label" and "note" stand beside a dot. */
    function across() {
        return {
            width: 1010, height: 132, from: 190, first: 250, gap: 125, to: 820,
            at: place => [place, 64],
            label: [0, -28], note: [0, 34], anchor: "middle",
            former: [10, 32, 180], taker: [820, 32, 180],
        };
    }

    function down(n) {
        const first = 110, gap = 54, to = first + n * gap;

        return {
            width: 340, height: to + 70, from: 68, first, gap, to,
            at: place => [30, place],
            label: [26, -1], note: [26, 15], anchor: "start",
            former: [4, 4, 330], taker: [4, to, 330],
        };
    }

    function lay(svg, hold, list, layout) {
        const places = list.map((_, i) => layout.first + i * layout.gap);
        const ends = [layout.from, ...places, layout.to];

        svg.setAttribute("viewBox", `0 0 ${layout.width} ${layout.height}`);
        for (let i = 0; i <= list.length; i++) {
            const [x1, y1] = layout.at(ends[i]);
            const [x2, y2] = layout.at(ends[i + 1]);
            const step = list[Math.min(i, list.length - 1)];

            make(svg, "line", { x1, y1, x2, y2,
                                class: "p-line " + step.state });
        }
        box(svg, ...layout.former, "had it", hold.former || "nobody known",
            hold.owner, hold.gone_ms ? "" : "has");
        list.forEach((step, i) => {
            const [x, y] = layout.at(places[i]);
            const beside = ([dx, dy], kind, text) =>
                make(svg, "text", { x: x + dx, y: y + dy, class: kind,
                                    "text-anchor": layout.anchor }, text);

            dot(svg, x, y, step);
            beside(layout.label, "p-text", step.label);
            beside(layout.note, "p-small", below(step));
        });
        box(svg, ...layout.taker, "is to have it",
            hold.taker || "nobody waits", takerNote(hold), takerKind(hold));
    }

    /* In words, for those who cannot see the picture. */
    function tell(hold) {
        const parts = steps(hold).filter(s => s.state === "done")
            .map(s => s.took ? `${s.label} after ${duration(s.took)}`
                             : s.label);
        const now = steps(hold).find(s => s.state === "now"
                                          || s.state === "stuck");

        return `${hold.address} on ${hold.network}`
            + (hold.owner ? `, formerly ${hold.owner}` : "")
            + (hold.would_be ? " (mode observe: it would be so)" : "")
            + `: ${parts.join(", ")}`
            + (now ? `; now: ${now.state === "stuck"
                               ? hold.blockers.join("; ") || "blocked"
                               : now.doing}` : "") + ".";
    }

    function draw(figure, hold) {
        const caption = document.createElement("figcaption");

        figure.replaceChildren();
        if (!hold) {
            caption.textContent = "The next hand-over will be drawn here.";
        } else {
            const svg = make(figure, "svg", {
                role: "img", "aria-labelledby": "picture-said" });
            const list = steps(hold);

            lay(svg, hold, list, figure.clientWidth < 620 ? down(list.length)
                                                          : across());
            caption.textContent = tell(hold);
        }
        caption.id = "picture-said";
        figure.append(caption);
    }

    return { draw, duration, steps };
})();
