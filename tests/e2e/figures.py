# SPDX-License-Identifier: Apache-2.0
"""What `traceshim report --json` must say of the traces of tests/bench/generate.py, worked out another way: by the
definitions, slowly, from the rows that were stored.

figures.py fill ROWS STORE              also leaves the rows in the file ROWS, for what follows
figures.py check ROWS FILE[,NAME=VALUE ...] ...
                                        a document each; by, pipeline, user, tenant: what was asked for; since, until: how
                                        many of all traces, oldest first, lie before the period and up to its end
figures.py compare ROWS FILE A B C D    what `compare --json` tells of traces A to B, and C to D
figures.py count ROWS NAME VALUE ...    traces whose column, or attribute of that name, is VALUE, each; as an array
figures.py moment ROWS N                when the N-th trace started
"""

import datetime
import json
import math
import os
import pickle
import re
import sys
from collections import defaultdict

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "bench"))
import generate  # noqa: E402

UNTIL = int(datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.timezone.utc).timestamp() * 1e6)
SINCE = UNTIL - 3 * 86400 * 10**6
SPANS = 90000  # over 10,000 traces
SLOWER = UNTIL - 86400 * 10**6
GRACE = 0.001  # ms
Z = 1.959963984540054


def make_traces():
    return list(generate.Generator(seed=11, payload=0, slower_from=SLOWER).traces(SPANS, SINCE, UNTIL))


def micros(text):
    at = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ") - datetime.datetime(1970, 1, 1)
    return (at.days * 86400 + at.seconds) * 10**6 + at.microseconds


class Node:
    """A span, or the trace itself: its interval in milliseconds since the trace began."""

    def __init__(self, name, row, begin):
        self.name, self.row, self.children, self.parent = name, row, [], None
        self.begin, self.end = begin, begin + row["duration_ms"]
        self.path = None

    def self_time(self):
        covered, at = 0.0, self.begin
        for child in sorted(self.children, key=lambda node: node.begin):
            begin, end = max(child.begin, at), min(child.end, self.end)
            if end > begin:
                covered, at = covered + end - begin, end
        return self.row["duration_ms"] - covered

    def walk(self, begin, end):
        """The critical path inside [begin, end]: sets what is this node's own, and asks the children on it."""
        self.path, left = 0.0, list(self.children)
        while end > begin:
            done = [node for node in left if begin <= node.end <= end + GRACE]
            if not done:
                break
            last = max(done, key=lambda node: (node.end, node.begin))
            left.remove(last)
            child_end = min(last.end, end)
            child_begin = max(min(last.begin, child_end), begin)
            self.path += end - child_end
            last.walk(child_begin, child_end)
            end = child_begin
        self.path += end - begin


def tree_of(trace, rows):
    started = micros(trace["started_at"])
    root = Node("pipeline:" + trace["pipeline_name"], trace, 0.0)
    nodes = {row["span_id"]: Node(row["span_name"], row, (micros(row["started_at"]) - started) / 1000) for row in rows}
    for node in sorted(nodes.values(), key=lambda node: (node.begin, node.row["span_id"])):
        node.parent = nodes.get(node.row["parent_span_id"], root)
        node.parent.children.append(node)
    root.walk(0.0, root.end)
    return root, list(nodes.values())


def is_bound(call):
    return json.loads(call["attributes"] or "{}").get("cost_status") == "lower_bound"


class Row:
    """What a line of a table tells."""

    def __init__(self):
        self.durations, self.failed, self.own, self.path = [], 0, 0.0, 0.0
        self.calls, self.sums, self.unknown = 0, defaultdict(int), defaultdict(int)

    def add(self, row):
        self.durations.append(row["duration_ms"])
        self.failed += not row["success"]

    def pay(self, call):
        self.calls += 1
        for key in ("input_tokens", "output_tokens", "cost_nano_usd"):
            if call[key] is None:
                self.unknown[key] += 1
                continue
            self.sums[key] += call[key]
            self.unknown[key] += key == "cost_nano_usd" and is_bound(call)

    def numbers(self, what):
        values, n = sorted(self.durations), len(self.durations)
        told = {what: n, "failed": self.failed, "error_rate": self.failed / n if n else None,
                "max_ms": values[-1] if n else None, "total_ms": sum(values)}
        for percent in (50, 95, 99):
            told[f"p{percent}_ms"] = values[math.ceil(percent * n / 100) - 1] if n else None
        return told

    def spend(self):
        told = {"model_calls": self.calls}
        for key, unknown in (("input_tokens", "input_tokens_unknown"), ("output_tokens", "output_tokens_unknown"),
                             ("cost_nano_usd", "cost_unknown")):
            told[key] = self.sums[key] if self.unknown[key] < self.calls or self.sums[key] else None
            told[unknown] = self.unknown[key]
        return told

    def times(self):
        return {"self_ms": self.own, "path_ms": self.path}


def alike(error):
    for template in generate.ERRORS:
        head = template.split("{n")[0]
        if error.startswith(head) and "req_" in template:
            return "HTTP 500: request # failed"
        if error.startswith(head):
            return template.replace("{n}", "#")
    return error


def models_of(call):
    """The names of the model that answered and of the one that was asked for, without hosts and dates."""
    asked = json.loads(call.row["attributes"] or "{}").get("usage", {}).get("requested_model")
    return {re.sub(r"[-@]\d{4}(-?)\d\d\1\d\d$", "", name.rpartition("/")[2]) for name in (call.row["model"], asked) if name}


def same_model(a, b):
    return a.row["provider"] == b.row["provider"] and (
        a.row["model"] == b.row["model"] or bool(models_of(a) & models_of(b)))


def before(a, b):
    return a.row["duration_ms"] <= b.begin - a.begin + GRACE


class Expected:
    def __init__(self, by=None):
        self.by = by
        self.all, self.spans = Row(), 0
        self.pipelines = defaultdict(lambda: (Row(), defaultdict(Row)))
        self.models, self.rows = defaultdict(Row), defaultdict(Row)
        self.failures, self.repeats = defaultdict(lambda: defaultdict(int)), defaultdict(lambda: defaultdict(int))

    def add(self, trace, rows):
        root, nodes = tree_of(trace, rows)
        calls = [node for node in nodes if node.row["kind"] == "llm"]
        pipeline, spans = self.pipelines[trace["pipeline_name"]]
        self.spans += len(rows)
        user = trace["user_id"] or ("" if trace["telegram_id"] is None else str(trace["telegram_id"]))
        key = {"pipeline": trace["pipeline_name"], "tenant": trace["tenant_id"], "user": user,
               "day": trace["started_at"][:10]}.get(self.by)
        for row in [self.all, pipeline] + ([self.rows[key,]] if key is not None else []):
            row.add(trace)
            for call in calls:
                row.pay(call.row)
        for row in (self.all, pipeline):
            row.own += sum(node.self_time() for node in [root] + nodes)
        for node in [root] + nodes:
            for row in [spans[node.name,]] + ([self.rows[node.name,]] if self.by == "span" else []):
                row.add(node.row)
                row.own += node.self_time()
                row.path += node.path or 0
        for call in calls:
            name = call.row["provider"], call.row["model"]
            for row in [self.models[name]] + ([self.rows[name[:1 + (self.by == "model")]]]
                                              if self.by in ("model", "provider") else []):
                row.add(call.row)
                row.pay(call.row)
        self.fail(trace, [root] + nodes)
        for node in [root] + nodes:
            self.repeat(node)

    def fail(self, trace, nodes):
        groups = defaultdict(int)
        for node in nodes:
            if not node.row["success"] and all(child.row["success"] for child in node.children):
                groups[node.name, alike(node.row["error"])] += 1
        for key, n in groups.items():
            told = self.failures[key]
            told["calls"] += n
            told["traces"] += 1
            told["failed_traces"] += not trace["success"]
            told["trace_id"] = trace["trace_id"].hex()

    def repeat(self, parent):
        names = defaultdict(list)
        for child in parent.children:
            names[child.name].append(child)
        for name, group in names.items():
            if len(group) < 2:
                continue
            told = self.repeats[parent.name, name, None]
            told["parents"] += 1
            told["calls"] += len(group)
            told["most"] = max(told["most"], len(group))
            told["least"] = min(told["least"] or len(group), len(group))
            for a, b in zip(group, group[1:]):
                retry = before(a, b) and not a.row["success"] and same_model(a, b)
                told["beside"] += not before(a, b)
                told["retries"] += retry
                told["helped"] += retry and b.row["success"]
        calls = [child for child in parent.children if child.row["kind"] == "llm"]
        for a, b in zip(calls, calls[1:]):
            if not a.row["success"] and before(a, b) and (a.name != b.name or not same_model(a, b)):
                told = self.repeats[parent.name, b.name, a.name]
                told["fallbacks"] += 1
                told["helped"] += b.row["success"]

    # --- the document ---

    def pipeline(self, name):
        row, spans = self.pipelines[name]
        total = sum(row.durations)
        best = max(spans, key=lambda span: spans[span].own)
        return {**row.numbers("traces"), **row.spend(), "busy_ms": row.own,
                "bottleneck": best[0] if spans[best].own > row.own / 2 else None,
                "spans": [{"span_name": span[0], **told.numbers("calls"), **told.times(), "share": told.own / row.own,
                           "path_share": told.path / total} for span, told in spans.items()]}

    def tables(self):
        return {
            "pipelines": [{"pipeline": name, **self.pipeline(name)} for name in self.pipelines],
            "models": [{"provider": key[0], "model": key[1], **row.numbers("calls"), **row.spend()}
                       for key, row in self.models.items()],
            "failures": [{"span_name": key[0], "error": key[1], **told} for key, told in self.failures.items()],
            "repeats": [{"parent": key[0], "span_name": key[1], "after": key[2], **told}
                        for key, told in self.repeats.items()]}

    def by_rows(self):
        keys = {"model": ("provider", "model"), "span": ("span_name",), "tenant": ("tenant_id",)}.get(self.by, (self.by,))
        calls = self.by in ("span", "model", "provider")
        told = (lambda name: name or None) if self.by == "user" else (lambda name: name)
        return {"rows": [{**dict(zip(keys, map(told, key))), **row.numbers("calls" if calls else "traces"),
                          **(row.times() if self.by == "span" else row.spend())} for key, row in self.rows.items()]}

    def document(self):
        return {**self.all.numbers("traces"), **self.all.spend(), "calls": self.spans,
                **(self.by_rows() if self.by else self.tables())}


def name_of(value):
    """What tells a row of a table from the others of it."""
    return tuple(value.get(key) for key in ("pipeline", "provider", "model", "parent", "span_name", "after", "error", "user",
                                            "tenant_id", "day"))


def compare(wanted, found, where=""):
    """Differences, in words. What is found besides what is wanted is fine."""
    if isinstance(wanted, dict):
        if not isinstance(found, dict):
            return [f"{where}: {found}"]
        return [line for key in wanted for line in (
            compare(wanted[key], found[key], f"{where}.{key}") if key in found else
            [] if wanted[key] == 0 else [f"{where}.{key} is missing"])]
    if isinstance(wanted, list):
        table = {name_of(row): row for row in found}
        if len(table) != len(found) or set(table) != {name_of(row) for row in wanted}:
            return [f"{where}: rows {sorted(map(str, set(table) ^ {name_of(row) for row in wanted}))[:6]}"]
        return [line for row in wanted for line in compare(row, table[name_of(row)], f"{where}[{name_of(row)}]")]
    if where.endswith("trace_id"):
        found = found.replace("-", "")
    if isinstance(wanted, float) and isinstance(found, (int, float)):
        return [] if math.isclose(wanted, found, rel_tol=1e-9, abs_tol=1e-6) else [f"{where}: {found}, not {wanted}"]
    return [] if wanted == found else [f"{where}: {found}, not {wanted}"]


def ordered(document):
    """Is each table in the order that the manual promises?"""
    ways = {"pipelines": lambda row: -row["traces"], "spans": lambda row: -row["self_ms"],
            "models": lambda row: -(row["cost_nano_usd"] or 0), "failures": lambda row: -row["calls"],
            "repeats": lambda row: -(row.get("retries", 0) + row.get("fallbacks", 0))}
    tables = [(name, document[name]) for name in ways if name in document]
    tables += [("spans", pipeline["spans"]) for pipeline in document.get("pipelines", [])]
    return [f"{name}: not in order" for name, rows in tables if rows != sorted(rows, key=ways[name])]


def check(traces, document, told):
    expected, first, last = Expected(told.get("by")), int(told.get("since", 0)), int(told.get("until", 10**9))
    for trace, rows in traces[first:last]:
        user = trace["user_id"], str(trace["telegram_id"])
        if (told.get("pipeline") in (None, trace["pipeline_name"]) and told.get("user", user[0]) in user and
                told.get("tenant") in (None, trace["tenant_id"])):
            expected.add(trace, rows)
    wrong = compare(expected.document(), document) + ordered(document)
    print(f"{told}: {len(expected.all.durations)} traces, {len(wrong)} differences", *wrong[:20], sep="\n")
    return not wrong and bool(expected.all.durations)


# --- two sets ---


def ranks(values):
    """Midranks, and the sum of t^3 - t over the ties."""
    order, told, ties, i = sorted(values), {}, 0, 0
    while i < len(order):
        j = i
        while j < len(order) and order[j] == order[i]:
            j += 1
        told[order[i]], ties = (i + j + 1) / 2, ties + (j - i)**3 - (j - i)
        i = j
    return told, ties


def exact_p(n, m, u):
    """Twice the share of all choices of n out of n + m ranks whose U is at most the smaller of u and nm - u."""
    counts = [[1] + [0] * (n * m)] + [[0] * (n * m + 1) for _ in range(n)]
    for rank in range(n + m):
        for k in range(min(n, rank + 1), 0, -1):
            below = rank - k + 1
            counts[k] = [had + (counts[k - 1][i - below] if i >= below else 0) for i, had in enumerate(counts[k])]
    return min(1.0, 2 * sum(counts[n][:int(min(u, n * m - u)) + 1]) / sum(counts[n]))


def mann_whitney(a, b, exact):
    n, m, (rank, ties) = len(a), len(b), ranks(a + b)
    u = sum(rank[value] for value in a) - n * (n + 1) / 2
    if exact:
        return exact_p(n, m, u), u
    sigma = math.sqrt(n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1))))
    z = (abs(u - n * m / 2) - 0.5) / sigma if sigma else 0
    return math.erfc(max(z, 0) / math.sqrt(2)), u


def median(values):
    values, n = sorted(values), len(values)
    return (values[(n - 1) // 2] + values[n // 2]) / 2


def fisher(x, n, y, m):
    weigh = [math.comb(n, k) * math.comb(m, x + y - k) for k in range(max(0, x + y - m), min(n, x + y) + 1)]
    seen = math.comb(n, x) * math.comb(m, y)
    return sum(weight for weight in weigh if weight <= seen) / sum(weigh)


def wilson(x, n):
    p = x / n
    middle, half = p + Z * Z / (2 * n), Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    return (middle - half) / (1 + Z * Z / n), (middle + half) / (1 + Z * Z / n)


def newcombe(x, n, y, m):
    (l1, u1), (l2, u2), p, q = wilson(x, n), wilson(y, m), x / n, y / m
    return q - p - math.hypot(q - l2, u1 - p), q - p + math.hypot(u2 - q, p - l1)


class Set:
    """(pipeline, span name or None) -> values of its traces."""

    def __init__(self, traces):
        self.time, self.cost, self.calls, self.failed = (defaultdict(list) for _ in range(4))
        pipelines = defaultdict(int)
        for trace, rows in traces:
            whole, names = (trace["pipeline_name"], None), defaultdict(list)
            pipelines[whole[0]] += 1
            self.time[whole].append(trace["duration_ms"])
            self.failed[whole].append(not trace["success"])
            costs = [None if is_bound(row) else row["cost_nano_usd"] for row in rows if row["kind"] == "llm"]
            if costs and None not in costs:
                self.cost[whole].append(sum(costs))
            for row in sorted(rows, key=lambda row: (row["started_at"], row["span_id"])):
                names[row["span_name"]].append(row)
            for name, group in names.items():
                self.time[whole[0], name].append(sum(row["duration_ms"] for row in group) / len(group))
                self.calls[whole[0], name].append(len(group))
                self.failed[whole[0], name].append(any(not row["success"] for row in group))
        for key, values in self.calls.items():
            values += [0] * (pipelines[key[0]] - len(values))


def compare_sets(document, before, after):
    wrong, found, ps = [], {}, []
    for told in document["differences"]:
        found[told["pipeline"], told["span_name"], told["measure"]] = told
        ps.append(told["p"])
    wanted = set()
    for measure, a, b in (("time_ms", before.time, after.time), ("cost_nano_usd", before.cost, after.cost),
                          ("calls", before.calls, after.calls)):
        wanted |= {(*key, measure) for key in a if key in b and (
            measure != "calls" or any(value != 1 for value in a[key] + b[key]))}
    wanted |= {(*key, "failures") for key in before.failed if key in after.failed and any(before.failed[key] + after.failed[key])}
    if set(found) != wanted:
        return [f"rows {set(found) ^ wanted}"]
    for i, told in enumerate(sorted(document["differences"], key=lambda told: told["p"])):
        corrected = min(1, max((len(ps) - j) * p for j, p in enumerate(sorted(ps)[:i + 1])))
        wrong += compare({"p_corrected": corrected, "differs": corrected < 0.05}, told)
    for key, told in found.items():
        if key[2] == "failures":
            a, b = before.failed[key[:2]], after.failed[key[:2]]
            numbers = sum(a), len(a), sum(b), len(b)
            p, shift, low, high = fisher(*numbers), numbers[2] / numbers[3] - numbers[0] / numbers[1], *newcombe(*numbers)
            sides = [{"traces": len(a), "value": sum(a) / len(a)}, {"traces": len(b), "value": sum(b) / len(b)}]
        else:
            table = {"time_ms": "time", "cost_nano_usd": "cost", "calls": "calls"}[key[2]]
            a, b = getattr(before, table)[key[:2]], getattr(after, table)[key[:2]]
            p, _ = mann_whitney(a, b, told["exact"])
            differences = sorted(y - x for x in a for y in b)
            shift, low, high = median(differences), told["shift_low"], told["shift_high"]
            wrong += [] if low is None or low <= shift <= high else [f"{key}: {low} {shift} {high}"]
            sides = [{"traces": len(side), "value": sorted(side)[math.ceil(len(side) / 2) - 1],
                      "q1": sorted(side)[math.ceil(len(side) / 4) - 1],
                      "q3": sorted(side)[math.ceil(3 * len(side) / 4) - 1]} for side in (a, b)]
        wrong += compare({"p": p, "shift": float(shift), "shift_low": low, "shift_high": high, "before": sides[0],
                          "after": sides[1]}, told, str(key))
    return wrong


def main(what, path, *told):
    if what == "fill":
        traces = make_traces()
        with open(path, "wb") as file:
            pickle.dump(traces, file)
        print("{} traces, {} spans".format(*generate.fill(told[0], traces)))
        return
    with open(path, "rb") as file:
        traces = pickle.load(file)
    if what == "moment":
        print(traces[int(told[0])][0]["started_at"])
        return
    if what == "count":
        columns = [{**json.loads(trace["attributes"]), **trace} for trace, _ in traces]
        print(json.dumps([sum(json.dumps(row[told[0]]) == json.dumps(value) for row in columns)
                          for value in map(json.loads, told[1:])]).replace(" ", ""))
        return
    if what == "compare":
        with open(told[0], encoding="utf-8") as file:
            document = json.load(file)
        a, b, c, d = map(int, told[1:])
        wrong = compare_sets(document, Set(traces[a:b]), Set(traces[c:d]))
        claims = sum(row["differs"] for row in document["differences"])
        print(f"{len(document['differences'])} differences, {claims} of them claims, {len(wrong)} wrong", *wrong[:20], sep="\n")
        sys.exit(bool(wrong))
    good = True
    for word in told:
        name, *filters = word.split(",")
        with open(name, encoding="utf-8") as file:
            good &= check(traces, json.load(file), dict(pair.split("=", 1) for pair in filters))
    sys.exit(not good)


main(*sys.argv[1:])
