# SPDX-License-Identifier: Apache-2.0
"""Cost against size as an SVG picture, one plot for each work that was
measured at more than one size."""

import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 560, 300, 70, 36, 40
PLOT = 330              # Width of the plot proper; the legend is beside it.
COLORS = ["#c0392b", "#2c3e50", "#2980b9", "#27ae60", "#8e44ad", "#d35400",
          "#16a085", "#7f8c8d"]


def text(x, y, content, size=12, anchor="start", color="#222"):
    return ('<text x="%.1f" y="%.1f" font-size="%d" text-anchor="%s" '
            'fill="%s">%s</text>' % (x, y, size, anchor, color,
                                     escape(content)))


def line(x1, y1, x2, y2, color="#ddd", width=1):
    return ('<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" '
            'stroke-width="%d"/>' % (x1, y1, x2, y2, color, width))


def decades(low, high):
    return range(math.floor(math.log10(low)),
                 max(math.ceil(math.log10(high)),
                     math.floor(math.log10(low)) + 1) + 1)


class Axis:
    """Maps values to places on a logarithmic scale of whole decades."""

    def __init__(self, values, start, end):
        self.decades = decades(min(values), max(values))
        self.start, self.end = start, end

    def place(self, value):
        first, last = self.decades[0], self.decades[-1]
        return self.start + (self.end - self.start) * (
            (math.log10(value) - first) / (last - first))


def short(value):
    for unit, factor in (("M", 1e6), ("k", 1e3)):
        if value >= factor:
            return "%g%s" % (value / factor, unit)
    return "%g" % value


def draw(title, unit, curves, y0):
    """'curves' maps a name to [(ports, value)]."""
    points = [p for curve in curves.values() for p in curve]
    x = Axis([p[0] for p in points], LEFT, LEFT + PLOT)
    y = Axis([p[1] for p in points], y0 + HEIGHT - BOTTOM, y0 + TOP)
    out = [text(LEFT, y0 + 20, title, 14)]
    for d in x.decades:
        at = x.place(10 ** d)
        out += [line(at, y0 + TOP, at, y0 + HEIGHT - BOTTOM),
                text(at, y0 + HEIGHT - BOTTOM + 16, short(10 ** d), 11,
                     "middle")]
    for d in y.decades:
        at = y.place(10 ** d)
        out += [line(LEFT, at, LEFT + PLOT, at),
                text(LEFT - 6, at + 4, short(10 ** d), 11, "end")]
    out.append(text(LEFT + PLOT, y0 + HEIGHT - 6, "ports", 11, "end"))
    out.append(text(LEFT - 6, y0 + 20, unit, 11, "end"))
    for i, (name, curve) in enumerate(curves.items()):
        color = COLORS[i % len(COLORS)]
        places = [(x.place(p[0]), y.place(p[1])) for p in sorted(curve)]
        out.append('<polyline fill="none" stroke="%s" stroke-width="2" '
                   'points="%s"/>' % (color, " ".join("%.1f,%.1f" % p
                                                      for p in places)))
        out += ['<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>'
                % (px, py, color) for px, py in places]
        at = y0 + TOP + 14 + 18 * i
        out += [line(LEFT + PLOT + 12, at - 4, LEFT + PLOT + 30, at - 4,
                     color, 2),
                text(LEFT + PLOT + 36, at, name)]
    return out


def collect(results, field, factor):
    """{work: {contender: [(ports, value)]}}.  A work of one size is left out,
    unless that is so of all."""
    works = {}
    for run in results.runs:
        value = run.get(field)
        if value and value > 0:
            works.setdefault(run["name"], {}).setdefault(
                run["contender"], []).append((run["ports"], value * factor))
    several = {work: curves for work, curves in works.items() if len(
        {ports for curve in curves.values() for ports, _ in curve}) > 1}
    return several or works


def write(results, path):
    out, y0 = [], 0
    for field, factor, what, unit in (
            ("median_ms", 1, "time", "ms"),
            ("peak_kib", 1 / 1024, "peak memory", "MB")):
        for work, curves in collect(results, field, factor).items():
            out += draw("%s: %s" % (work, what), unit, curves, y0)
            y0 += HEIGHT
    with open(path, "w", encoding="utf-8") as f:
        f.write('<svg xmlns="http://www.w3.org/2000/svg" width="%d" '
                'height="%d" font-family="sans-serif">\n'
                '<rect width="100%%" height="100%%" fill="white"/>\n%s\n'
                '</svg>\n' % (WIDTH + 60, max(y0, 1), "\n".join(out)))
