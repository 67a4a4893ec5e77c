# SPDX-License-Identifier: Apache-2.0
"""table.py FIGURES JSON: figures of scripts/bench -> a table on stdout, and a JSON file.

FIGURES has lines "NAME VALUE...", one a run. A run of calls counts with the lower quartile of its bursts,
for what else the machine does makes bursts slower, never quicker. Of the runs the median and the best, the minimum
save of rates, are told. Ratios are of figures of the same round.
"""

import json
import os
import platform
import subprocess
import sys
from statistics import median, quantiles


def read_figures(path):
    figures = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            name, *values = line.split()
            figures.setdefault(name, []).append([float(value) for value in values])
    return figures


class Results:
    """The rows of the table, in groups: each a list of one value a round."""

    def __init__(self):
        self.rows, self.group = [], ""

    def begin(self, group):
        self.group = group

    def add(self, name, unit, values, budget=None, minimum=None):
        row = {"group": self.group, "name": name, "unit": unit, "median": round(median(values), 4),
               "minimum": round(min(values) if minimum is None else minimum, 4), "budget": budget,
               "values": [round(value, 4) for value in values]}
        row["over"] = budget is not None and row["median"] > budget
        self.rows.append(row)

    def add_difference(self, name, unit, some, base, budget=None):
        """`some` minus `base`, round by round; the minimum is that of the two minima."""
        self.add(name, unit, [a - b for a, b in zip(some, base)], budget, min(some) - min(base))


def add_calls(figures, results):
    rounds = {name: [quantiles(run)[0] for run in runs] for name, runs in figures.items()
              if name.split(".")[0] in ("plain", "outside", "ours", "uftrace")}

    results.begin("a call of a wrapped function of C, beside uftrace")
    results.add("plain, through a GOT slot", "ns", rounds["plain.ping"])
    results.add_difference("added, outside a pipeline", "ns", rounds["outside.ping"],
                           rounds["plain.ping"], 3)
    for function, what, budget, ratio in (("ping", "times only", 25, 0.3),
                                          ("echo", "string in and out", 40, 0.08)):
        plain, ours, theirs = (rounds[f"{name}.{function}"] for name in ("plain", "ours", "uftrace"))
        results.add_difference(f"added, {what}", "ns", ours, plain, budget)
        results.add_difference(f"added by uftrace, {what}", "ns", theirs, plain)
        results.add(f"of uftrace's, {what}", "x",
                    [(a - p) / (b - p) for a, b, p in zip(ours, theirs, plain)], ratio,
                    (min(ours) - min(plain)) / (min(theirs) - min(plain)))

    results.begin("a call of a function that is reached by its entry")
    results.add_difference("added, outside a pipeline", "ns", rounds["outside.own_ping"],
                           rounds["plain.own_ping"], 3)
    for function, what in (("own_ping", "times only"), ("own_echo", "string in and out")):
        results.add_difference(f"added, {what}", "ns", rounds[f"ours.{function}"],
                               rounds[f"plain.{function}"])


def add_throws(figures, results):
    results.begin("an exception of C++")
    for depth in (1, 10, 50):
        plain, ours, stacks = ([quantiles(run)[0] for run in figures[name]] for name in (
            f"plain.throw{depth}", f"ours.throw{depth}", f"ours.stack{depth}"))
        calls = f"{depth} call" + "s" * (depth > 1)
        results.add(f"out of {calls}, plain", "us", [ns / 1000 for ns in plain])
        results.add(f"out of {calls}, wrapped, of plain", "x", [a / b for a, b in zip(ours, plain)])
        results.add(f"out of {calls}, with stacks, of plain", "x", [a / b for a, b in zip(stacks, plain)])


def add_steps(figures, results):
    results.begin("instructions of the caller, more than without")
    for function, where, what, budget in (
            ("idle", "inside", "a function that is not wrapped", 0),
            ("ping", "outside", "wrapped, outside a pipeline", None),
            ("ping", "inside", "times only", None), ("echo", "inside", "string in and out", None),
            ("own_ping", "outside", "by its entry, outside", None),
            ("own_ping", "inside", "by its entry, times only", None),
            ("own_echo", "inside", "by its entry, string in and out", None)):
        results.add_difference(what, "instr.", figures[f"steps.{where}.{function}"][0],
                               figures[f"steps.{function}"][0], budget)


def add_starts(figures, results):
    results.begin("start and end of a program")
    plain, none, rules = ([t / 1000 for t in figures[f"start.{name}"][0]]
                          for name in ("plain", "none", "rules"))
    results.add("/bin/true, plain", "ms", plain)
    results.add_difference("added to /bin/true, no symbols.conf", "ms", none, plain)
    results.add_difference("added to /bin/true, no rule matches", "ms", rules, plain, 0.3)
    plain, rules = ([t / 1000 for t in figures[f"python.{name}"][0]] for name in ("plain", "rules"))
    results.add("python3, plain", "ms", plain)
    results.add_difference("added to python3, 1,000 rules", "ms", rules, plain)


def add_python(figures, results):
    """Of Python: spans beside those made by hand with OpenTelemetry's SDK, which may not be there."""
    results.begin("a call of a wrapped function of Python")
    for function, what in (("llm", "an LLM's function"), ("agent", "an agent's function"),
                           ("llm_async", "an LLM's coroutine"), ("agent_async", "an agent's coroutine")):
        plain, ours, sdk = ([quantiles(run)[0] for run in figures.get(f"python.{way}.{function}", [])]
                            for way in ("plain", "ours", "sdk"))
        results.add_difference(f"added, {what}", "ns", ours, plain, 500)
        if sdk:
            results.add_difference(f"by OTel's SDK, {what}", "us", [ns / 1000 for ns in sdk], [ns / 1000 for ns in plain])
            results.add(f"of OTel's, {what}", "x", [(a - p) / (b - p) for a, b, p in zip(ours, sdk, plain)])
    plain, ours = ([quantiles(run)[0] for run in figures[f"python.{way}.idle"]] for way in ("plain", "ours"))
    results.add_difference("added, a function not wrapped", "ns", ours, plain)
    plain, none, rules = ([t / 1000 for t in figures[f"modules.{way}"][0]] for way in ("plain", "none", "rules"))
    results.begin("start of a program with 500 modules of Python")
    results.add("plain", "ms", plain)
    results.add_difference("added, no rule for Python", "ms", none, plain)
    results.add_difference("added, 100 rules, a function each", "ms", rules, plain)


def add_memory(figures, results):
    results.begin("memory added to a program of one thread")
    for column, what in enumerate(("resident", "resident, anonymous", "resident, of files",
                                   "resident, shared (the ring)")):
        ours, plain = ([run[column] / 1024 for run in figures[f"memory.{name}"]]
                       for name in ("ours", "plain"))
        results.add_difference(what, "MB", ours, plain, 4 if column == 0 else None)


def add_wire(figures, results):
    """Text of TLS connections; what SSL_read itself costs is left out of the first lines."""
    rounds = {name: [quantiles(run)[0] for run in runs] for name, runs in figures.items() if name.startswith("wire.")}
    results.begin("a read of a TLS connection")
    for bytes_, said in ((64, "64 bytes"), (16384, "16 KB")):
        for which, what in (("alone", "left alone"), ("recorded", "recorded")):
            results.add_difference(f"added, {said}, {what}", "ns", rounds[f"wire.{which}.{bytes_}"],
                                   rounds[f"wire.plain.{bytes_}"], 500 if bytes_ == 64 else None)
    took, plain = ([quantiles(run[i::2])[0] for run in figures["wire.plain.stream"]] for i in (0, 1))
    ours = [quantiles(run[1::2])[0] for run in figures["wire.ours.stream"]]
    results.add("1,000 events over loopback", "ms", [us / 1000 for us in took])
    results.add_difference("added to each, of the client's CPU", "ns", ours, plain, 500)
    results.add("added, of their time", "x", [(a - b) / t for a, b, t in zip(ours, plain, took)], 0.01,
                (min(ours) - min(plain)) / min(took))


def add_threads(figures, results):
    results.begin("CPU added to a call, times only, of many threads")
    for threads in (1, 2, 4, 8, 16, 32, 64):
        ours, plain = ([quantiles(run)[0] for run in figures[f"threads.{name}.{threads}"]]
                       for name in ("ours", "plain"))
        results.add_difference(f"{threads} thread" + "s" * (threads > 1), "ns", ours, plain)


def add_stores(figures, results):
    """From ring to row, beside one INSERT a row; half a millisecond is what a network takes one way."""
    results.begin("a span from its ring to a row, beside one INSERT a row")
    for name, what, budget in (("sqlite", "SQLite", 0.1), ("local", "PostgreSQL here", None),
                               ("remote", "PostgreSQL 0.5 ms away", 0.02)):
        ours, single = ([run[0] / run[2] * 1e6 for run in figures[f"store.{name}.{way}"]]
                        for way in ("ours", "single"))
        cpu = [run[1] / run[2] * 1e6 for run in figures[f"store.{name}.ours"]]
        results.add(what, "us", ours)
        results.add(f"{what}, CPU of ours", "us", cpu)
        results.add(f"{what}, of INSERTs", "x", [a / b for a, b in zip(ours, single)], budget)


def add_delivery(figures, results):
    results.begin("delivery")
    waits = figures["latency"][0]
    results.add("from a call's end to its SQLite row", "ms", waits)
    results.add("the same, 99 in 100 at most", "ms", [quantiles(waits, n=100)[98]])
    runs = figures["recovery"]
    results.add("recovery of 256 MB", "MB/s", [mb / s for s, mb, _ in runs], minimum=max(mb / s for s, mb, _ in runs))
    results.add("recovery of 256 MB, spans", "1,000/s", [spans / s / 1000 for s, _, spans in runs],
                minimum=max(spans / s / 1000 for s, _, spans in runs))


def add_reads(figures, results):
    """Stores of ten days, beside the sqlite3 shell."""
    for spans, said in ((100000, "100,000"), (1000000, "1,000,000")):
        results.begin(f"answers from {said} spans in SQLite, beside one statement of sqlite3")
        for what, asked in (("list", "list"), ("show", "show, 10,000 spans"), ("report", "report, a day of ten")):
            ours, peer = ([run[0] for run in figures[f"reads.{spans}.{what}.{who}"]] for who in ("ours", "peer"))
            results.add(asked, "ms", [1000 * s for s in ours], 50 if what == "list" else None)
            results.add(f"{asked}, of sqlite3", "x", [a / b for a, b in zip(ours, peer)],
                        0.5 if what == "report" else None)
    results.add("report, a day of ten, resident", "MB", [run[1] / 1024 for run in figures["reads.1000000.report.ours"]], 200)


def number(value):
    if value is None:
        return ""
    return f"{value:.3f}".rstrip("0").rstrip(".") if abs(value) < 1 else f"{value:.4g}"


def print_table(rows):
    group = None
    for row in rows:
        if row["group"] != group:
            group = row["group"]
            print(f"\n{group}\n  {'':42}{'runs':>6}{'median':>8}{'best':>8}{'budget':>7}")
        verdict = "" if row["budget"] is None else "over" if row["over"] else "pass"
        name = f"{row['name']}, {row['unit']}"
        print(f"  {name:42}{len(row['values']):>6}{number(row['median']):>8}{number(row['minimum']):>8}"
              f"{number(row['budget']):>7}  {verdict}".rstrip())


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        return next((line.split(":")[1].strip() for line in lines
                     if line.startswith("model name")), platform.machine())


def main(figures_path, json_path):
    figures = read_figures(figures_path)
    results = Results()
    add_calls(figures, results)
    add_throws(figures, results)
    add_steps(figures, results)
    add_wire(figures, results)
    add_threads(figures, results)
    add_starts(figures, results)
    add_python(figures, results)
    add_memory(figures, results)
    add_stores(figures, results)
    add_delivery(figures, results)
    add_reads(figures, results)
    print_table(results.rows)
    uftrace = subprocess.run(["uftrace", "--version"], capture_output=True, text=True, check=True)
    with open(json_path, "w", encoding="utf-8") as out:
        json.dump({"processor": processor(), "cores": os.cpu_count(), "kernel": platform.release(),
                   "uftrace": uftrace.stdout.split()[1], "results": results.rows}, out, indent=1)
        out.write("\n")
    if os.environ.get("BENCH_STRICT") == "1" and any(row["over"] for row in results.rows):
        sys.exit(1)


main(*sys.argv[1:])
