# SPDX-License-Identifier: Apache-2.0
"""exported.py json|csv|chrome|folded FILE SHOWN [WEIGHT]
exported.py choose FILE SHOWN EXPRESSION

Checks an export against SHOWN, an array of the same traces as `show --json` tells them, and against its format's rules.
Ends with a sentence about the first thing that is not so. Or writes to FILE those of them of which EXPRESSION is true,
a trace being t; numbers stay what they are, however large.
"""

import csv
import json
import sys
from collections import defaultdict
from datetime import datetime, timezone

# --- what was stored ---------------------------------------------------------------------------------


def microseconds(text):
    at = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    delta = at - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (delta.days * 86400 + delta.seconds) * 1000000 + delta.microseconds


def must(condition, *what):
    if not condition:
        sys.exit("not so: " + " ".join(str(w)[:400] for w in what))


def newest_first(shown):
    return sorted(shown, key=lambda trace: trace["trace_id"], reverse=True)


# --- json, csv ---------------------------------------------------------------------------------------


def check_json(path, shown):
    with open(path, encoding="utf-8") as file:
        exported = json.load(file)
    must([t["trace_id"] for t in exported] == [t["trace_id"] for t in shown], "the same traces, newest first")
    for mine, theirs in zip(exported, shown):
        must(mine == theirs, "a trace as show tells it:", mine["trace_id"])


TRACE_OWN = ("pipeline_name telegram_id user_id session_id program host pid").split()
TRACE_BOTH = "started_at ended_at duration_ms success error input_data output_data attributes created_at".split()
SPAN_OWN = ("span_id parent_span_id span_name kind function thread_id started_at ended_at duration_ms success error "
            "input_data output_data model provider input_tokens output_tokens cost_nano_usd attributes created_at").split()
JSON_COLUMNS = ("input_data", "output_data", "attributes")


def same_value(name, text, value):
    if value is None:
        return text == ""
    if name in JSON_COLUMNS:
        return json.loads(text) == value
    if isinstance(value, bool):
        return text == ("true" if value else "false")
    if isinstance(value, float):
        return float(text) == value
    return text == str(value)


def check_csv(path, shown):
    with open(path, "rb") as file:
        data = file.read()
    must(data.endswith(b"\r\n"), "lines end with CR LF")
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, strict=True))
    head, rows = rows[0], rows[1:]
    must(len(set(head)) == len(head), "each column has a name of its own")
    must(all(len(row) == len(head) for row in rows), "each line has all columns")
    wanted = [(trace, span) for trace in shown for span in (trace["spans"] or [None])]
    must(len(rows) == len(wanted), "a line for each of", len(wanted), "spans, not", len(rows))
    for row, (trace, span) in zip(rows, wanted):
        row = dict(zip(head, row))
        for name in ["trace_id", "tenant_id"] + TRACE_OWN:
            must(same_value(name, row[name], trace[name]), name, row[name], trace[name])
        for name in TRACE_BOTH:
            must(same_value(name, row["trace_" + name], trace[name]), "trace_" + name, row["trace_" + name], trace[name])
        for name in SPAN_OWN:
            value = span[name] if span else None
            must(same_value(name, row[name], value), name, row[name], value)


# --- chrome ------------------------------------------------------------------------------------------

FIELDS = {
    "M": {"ph", "name", "pid", "tid", "args"},
    "X": {"ph", "name", "cat", "pid", "tid", "ts", "dur", "args"},
    "b": {"ph", "name", "cat", "id", "pid", "tid", "ts", "args"},
    "e": {"ph", "name", "cat", "id", "pid", "tid", "ts"},
    "s": {"ph", "name", "cat", "id", "pid", "tid", "ts"},
    "f": {"ph", "name", "cat", "id", "pid", "tid", "ts", "bp"},
}


def check_event(event):
    must(event.get("ph") in FIELDS, "a known phase", event)
    must(set(event) == FIELDS[event["ph"]], "all fields of the phase and no others", event)
    for key in ("pid", "tid"):
        must(type(event[key]) is int and 0 <= event[key] < 1 << 31, key, "is a small number", event)
    for key in ("ts", "dur"):
        must(key not in event or (type(event[key]) is int and 0 <= event[key] < 1 << 53), key, "is whole", event)
    if event["ph"] in "be":
        must(event["id"].startswith("0x") and int(event["id"], 16) >= 0, "an id in hexadecimal", event)
    must(type(event["name"]) is str and event["name"], "a name", event)


class Slice:
    def __init__(self, event, end, track):
        self.event, self.start, self.end, self.track = event, event["ts"], end, track
        self.above = None


def nest(slices):
    """As viewers do: by time, those of one moment as they stand in the file. Nothing may stick out of what it lies in."""
    stack = []
    for one in sorted(slices, key=lambda s: s.start):
        while stack and stack[-1].end <= one.start and not (stack[-1].end == one.start == one.end == stack[-1].start
                                                            and lies_in(one, stack[-1])):
            stack.pop()
        if stack:
            must(one.end <= stack[-1].end, "overlaps", one.event, stack[-1].event)
            one.above = stack[-1]
        stack.append(one)


parents = {}  # of span ids and of trace ids


def key_of(event):
    return event["args"].get("span_id") or event["args"]["trace_id"]


def lies_in(inner, outer):
    at, wanted = key_of(inner.event), key_of(outer.event)
    while at and at != wanted:
        at = parents.get(at)
    return at == wanted


def branches(events):
    """The slices of b and e, whose stacks must be right in the order of time, then of the file."""
    slices, stacks = [], defaultdict(list)
    for event in sorted((e for e in events if e["ph"] in "be"), key=lambda e: e["ts"]):
        stack = stacks[event["cat"], event["id"]]
        if event["ph"] == "b":
            stack.append(Slice(event, None, ("branch", event["id"])))
            stack[-1].above = stack[-2] if len(stack) > 1 else None
            slices.append(stack[-1])
            continue
        must(stack, "an end without a begin", event)
        must(stack[-1].event["name"] == event["name"], "ends what stands on top", event, stack[-1].event)
        must((stack[-1].event["pid"], stack[-1].event["tid"]) == (event["pid"], event["tid"]), "same thread", event)
        stack.pop().end = event["ts"]
    must(not any(stacks.values()), "each begin has its end")
    return slices


def check_arrows(events, by_key):
    arrows = defaultdict(dict)
    for event in events:
        if event["ph"] in "sf":
            must(event["ph"] not in arrows[event["id"]], "one of each", event)
            arrows[event["id"]][event["ph"]] = event
    led = set()
    for arrow in arrows.values():
        must(set(arrow) == {"s", "f"}, "an arrow has two ends", arrow)
        s, f = arrow["s"], arrow["f"]
        must((s["name"], s["cat"]) == (f["name"], f["cat"]), "of one name", arrow)
        targets = [x for x in by_key.values() if x.track == (f["pid"], f["tid"]) and x.start == f["ts"]
                   and parents[key_of(x.event)] in by_key
                   and by_key[parents[key_of(x.event)]].track == (s["pid"], s["tid"])]
        must(targets, "an arrow leads to a call from its caller's thread", arrow)
        source = by_key[parents[key_of(targets[0].event)]]
        must(source.start <= s["ts"] <= source.end and (s["ts"] < source.end or source.start == source.end),
             "an arrow comes from within its caller", arrow, source.event)
        led.update(key_of(t.event) for t in targets)
    for key, one in by_key.items():
        caller = by_key.get(parents.get(key))
        if caller and one.event["ph"] == caller.event["ph"] == "X" and one.track != caller.track:
            must(key in led, "no arrow leads to", one.event)


def check_args(one, row, trace):
    args = one.event["args"]
    must(args["trace_id"] == trace["trace_id"], "trace_id", args)
    must(args["success"] == row["success"] and args.get("error") == row["error"], "error", args, row["error"])
    must(args.get("input") == row["input_data"] and args.get("output") == row["output_data"], "input, output", args, row)
    must(abs(args["duration_ms"] - row["duration_ms"]) < 1e-6, "duration_ms", args, row["duration_ms"])
    must(one.start == microseconds(row["started_at"]) and one.end == microseconds(row["ended_at"]), "times", one.event, row)


def check_names(events, shown):
    threads = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["ph"] == "M" and e["name"] == "thread_name"}
    processes = [e["pid"] for e in events if e["ph"] == "M" and e["name"] == "process_name"]
    must(len(processes) == len(set(processes)), "each process is named once")
    must(len(processes) == len({(t["host"], t["program"], t["pid"]) for t in shown}), "all processes are named")
    must({e["pid"] for e in events} == set(processes), "no event is of another")
    names = defaultdict(set)
    for trace in shown:
        for span in trace["spans"]:
            name = (span["attributes"] or {}).get("thread_name")
            if name:
                names[span["thread_id"]].add(name)
    must({tid for _, tid in threads} == set(names), "all threads are named")
    for (_, tid), name in threads.items():
        must(name in names[tid], "thread", tid, "is not", name)


def check_chrome(path, shown):
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    must(set(document) == {"traceEvents"}, "one member")
    events = document["traceEvents"]
    for event in events:
        check_event(event)
    for trace in shown:
        ids = {span["span_id"] for span in trace["spans"]}
        for span in trace["spans"]:
            parent = span["parent_span_id"]
            parents[span["span_id"]] = parent if parent in ids else trace["trace_id"]
    tracks = defaultdict(list)
    for event in events:
        if event["ph"] == "X":
            track = event["pid"], event["tid"]
            tracks[track].append(Slice(event, event["ts"] + event["dur"], track))
    for slices in tracks.values():
        nest(slices)
    slices = [one for track in tracks.values() for one in track] + branches(events)
    for one in slices:
        must(not one.above or lies_in(one, one.above), "drawn in what it was not made in", one.event,
             one.above and one.above.event)
    by_key = {key_of(one.event): one for one in slices}
    must(len(by_key) == len(slices) == sum(1 + len(t["spans"]) for t in shown), "each call once")
    for trace in shown:
        check_args(by_key[trace["trace_id"]], trace, trace)
        must(by_key[trace["trace_id"]].event["name"] == trace["pipeline_name"], "pipeline's name")
        for span in trace["spans"]:
            one = by_key[span["span_id"]]
            check_args(one, span, trace)
            must(one.event["name"] == span["span_name"] and one.event["tid"] == span["thread_id"], "name, thread", one.event)
            must(one.event["cat"] == (span["kind"] if one.event["ph"] == "X" else "branch"), "kind", one.event)
    check_arrows(events, by_key)
    check_names(events, shown)
    print(json.dumps({"threads": sum(one.event["ph"] == "X" for one in slices),
                      "branches": sum(one.event["ph"] == "b" for one in slices),
                      "arrows": sum(e["ph"] == "s" for e in events)}))


# --- folded ------------------------------------------------------------------------------------------


def uncovered(start, end, children):
    covered, at = 0, start
    for begin, finish in sorted(children):
        begin, finish = max(begin, at), min(finish, end)
        if finish > begin:
            covered, at = covered + finish - begin, finish
    return end - start - covered


def fold(shown, weight):
    sums = defaultdict(int)
    for trace in shown:
        rows = {span["span_id"]: span for span in trace["spans"]}
        rows[None] = trace
        children = defaultdict(list)
        for key, row in rows.items():
            row["from"] = microseconds(row["started_at"]) * 1000
            row["to"] = row["from"] + round(row["duration_ms"] * 1e6)
            if key:
                row["above"] = row["parent_span_id"] if row["parent_span_id"] in rows else None
                children[row["above"]].append((row["from"], row["to"]))
        for key, row in rows.items():
            path, at = [], key
            while at:
                path.insert(0, rows[at]["span_name"])
                at = rows[at]["above"]
            path.insert(0, trace["pipeline_name"])
            if weight == "time":
                amount = uncovered(row["from"], row["to"], children[key])
            else:
                amount = 1 if weight == "calls" else row.get("cost_nano_usd") or 0
            sums[";".join(path).replace("\n", " ")] += amount
    return sums


def check_folded(path, shown, weight):
    wanted = fold(shown, weight)
    with open(path, encoding="utf-8") as file:
        lines = dict(line.rstrip("\n").rsplit(" ", 1) for line in file)
    unit = 1000 if weight == "time" else 1
    for path, amount in wanted.items():
        got = int(lines.pop(path, "0"))
        must(abs(got * unit - amount) <= unit / 2 + 0.5, path, "weighs", amount / unit, "not", got)
    must(not lines, "no other paths", lines)


def choose(path, shown, expression):
    chosen = [t for t in shown if eval(expression, {"t": t})]
    must(chosen, "there are some of which", expression)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(chosen, file)
    print(len(chosen))


def main():
    what, path, shown = sys.argv[1:4]
    with open(shown, encoding="utf-8") as file:
        traces = newest_first(json.load(file))
    {"json": check_json, "csv": check_csv, "chrome": check_chrome, "folded": check_folded,
     "choose": choose}[what](path, traces, *sys.argv[4:])


main()
