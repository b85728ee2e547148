# SPDX-License-Identifier: Apache-2.0
"""What was measured: medians with their spread, ratios with their targets,
as tables and JSON."""

import json
import statistics


def median(values):
    values = [v for v in values if v is not None]
    return statistics.median(values) if values else None


def spread(values):
    """Half the distance between the quartiles, or of the two ends of what
    are fewer than four values.  None of one value."""
    values = sorted(v for v in values if v is not None)
    if len(values) < 2:
        return None
    if len(values) < 4:
        return (values[-1] - values[0]) / 2
    quartiles = statistics.quantiles(values, n=4)
    return (quartiles[2] - quartiles[0]) / 2


class Results:
    def __init__(self, meta):
        self.meta = meta
        self.runs = []
        self.ratios = []
        self.notes = []

    def add(self, name, contender, ports, samples, **more):
        """Adds the samples of one contender as one run, and returns it."""
        run = {
            "name": name, "contender": contender, "ports": ports,
            "n": len(samples),
            "median_ms": median([s.ms for s in samples]),
            "spread_ms": spread([s.ms for s in samples]),
            "cpu_ms": median([s.cpu_ms for s in samples]),
            "peak_kib": median([s.peak_kib for s in samples]),
            "steady_kib": median([s.steady_kib for s in samples]),
        }
        run.update(more)
        if not self.runs or self.runs[-1]["name"] != name:
            print("  " + name)
        self.runs.append(run)
        print_run(run)
        return run

    def find(self, name, contender, ports):
        for run in self.runs:
            if (run["name"], run["contender"], run["ports"]) == (
                    name, contender, ports):
                return run
        return None

    def ratio(self, name, ports, value, target, at_least=False):
        """'target' is what 'value' may be at most, or must be at least; None
        if it is for information.  Targets are those for 100,000 ports; at
        other sizes they show how the cost grows."""
        met = (None if target is None
               else value >= target if at_least else value <= target)
        ratio = {"name": name, "ports": ports, "value": round(value, 4),
                 "target": target, "at_least": at_least, "met": met}
        self.ratios.append(ratio)
        print("    %-52s %10.3f%s" % (
            name, value, target is not None
            and "   (%s)" % show_target(ratio) or ""), flush=True)

    def note(self, text):
        self.notes.append(text)
        print("    " + text, flush=True)

    def write_json(self, path):
        with open(path, "w", encoding="utf-8") as f:
            json.dump({"meta": self.meta, "runs": self.runs,
                       "ratios": self.ratios, "notes": self.notes}, f,
                      indent=1)
            f.write("\n")


def show(value, format_, unit=""):
    return "-" if value is None else format_ % value + unit


def print_run(run):
    print("    %-24s %11s ms +-%8s %10s ms CPU %9s MB peak %9s MB after"
          % (run["contender"], show(run["median_ms"], "%.2f"),
             show(run["spread_ms"], "%.2f"), show(run["cpu_ms"], "%.1f"),
             show(run["peak_kib"] and run["peak_kib"] / 1024, "%.1f"),
             show(run["steady_kib"] and run["steady_kib"] / 1024, "%.1f")),
          flush=True)


def show_cell(run):
    if not run:
        return "-"
    return show(run["median_ms"], "%.1f") + (
        " (%.0f)" % (run["peak_kib"] / 1024) if run["peak_kib"] else "")


def show_target(ratio):
    if ratio["target"] is None:
        return ""
    return "%s %g: %s" % ("at least" if ratio["at_least"] else "at most",
                          ratio["target"],
                          "met" if ratio["met"] else "MISSED")


def print_table(results):
    """The cost of each contender at each size, one line for a work."""
    sizes = sorted({run["ports"] for run in results.runs})
    works = {}
    for run in results.runs:
        contenders = works.setdefault(run["name"], [])
        if run["contender"] not in contenders:
            contenders.append(run["contender"])
    print("\nmedian milliseconds (peak memory in MB) at so many ports\n")
    print("  %-36s" % "" + "".join("%20d" % n for n in sizes))
    for name, contenders in works.items():
        print("  " + name)
        for contender in contenders:
            print("    %-34s" % contender + "".join(
                "%20s" % show_cell(results.find(name, contender, n))
                for n in sizes))
    print("\nratios and targets\n")
    for r in results.ratios:
        print("  %-54s %7d %10.3f  %s" % (
            r["name"], r["ports"], r["value"],
            show_target(r)))
