# SPDX-License-Identifier: Apache-2.0
"""generate.py STORE SPANS [--days D] [--until WHEN] [--seed N] [--payload BYTES] [--large SPANS]

Fills a store that has its tables, sqlite:PATH or postgresql://..., with traces of at least so many spans in all, spread
evenly over the last D days (1) before WHEN (now): pipelines that call agents that call models and tools, in loops and
beside each other, some of which fail and are tried again or elsewhere, at a price or at none that is known. The same
arguments, the same rows. With --large the newest trace has so many spans.
"""

import argparse
import datetime
import json
import random
import sqlite3
import subprocess
import sys
import time

TRACE = ("trace_id tenant_id pipeline_name telegram_id user_id started_at ended_at duration_ms success error input_data "
         "program host pid attributes created_at").split()
SPAN = ("trace_id span_id tenant_id parent_span_id span_name kind function thread_id started_at ended_at duration_ms success "
        "error input_data output_data model provider input_tokens output_tokens cost_nano_usd attributes created_at").split()

MODELS = [("anthropic", "claude-sonnet-4-5", 3000, 15000), ("openai", "gpt-4o-mini", 150, 600),
          ("ollama", "llama3.1", None, None)]
ERRORS = ["HTTP 429: rate limited, try again in {n} s", "HTTP 500: request req_011CSHoEeqs{n:09d}Fy failed",
          "Connection timed out (returned NULL)", "no row with id {n} in table 会話"]


def moment(us):
    at = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=us)
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Generator:
    """Rows of one trace after the other, as lists of values."""

    def __init__(self, seed=1, payload=300, slower_from=None):
        self.random = random.Random(seed)
        self.slower_from = slower_from  # an instant from which on models are slower, and fail more
        self.payload = json.dumps({"text": "x" * payload}) if payload else None
        self.ids = 0

    def uuid(self, us):
        self.ids += 1
        tail = (self.ids << 40) | self.random.getrandbits(40)
        ms = us // 1000
        return (ms.to_bytes(6, "big") + bytes([0x70 | (tail >> 72) & 15, (tail >> 64) & 255]) +
                (0x8000000000000000 | tail & 0x3fffffffffffffff).to_bytes(8, "big"))

    def span(self, parent, name, start, took, error=None, thread=1, **more):
        """A span, times in microseconds; its row goes to self.spans."""
        row = dict.fromkeys(SPAN)
        start = int(start)
        row.update(trace_id=self.trace_id, span_id=self.uuid(start), tenant_id=self.tenant, parent_span_id=parent,
                   span_name=name, kind=name.split(":")[0], function="f", thread_id=thread, started_at=moment(start),
                   ended_at=moment(start + int(took)), duration_ms=took / 1000, success=error is None, error=error,
                   input_data=self.payload, output_data=self.payload, created_at=moment(start + int(took)), **more)
        self.spans.append(row)
        return row["span_id"]

    def error(self):
        return self.random.choice(ERRORS).format(n=self.random.randrange(1, 1000000))

    def call(self, parent, start, name, model):
        """One call of a model; answers its end and whether it worked."""
        rnd, (provider, model, per_in, per_out) = self.random, MODELS[model]
        slower = 1 if self.slower_from is None or start < self.slower_from else 1.4
        took, tokens = rnd.lognormvariate(12, 0.7) * slower, rnd.randrange(20, 4000)
        error = self.error() if rnd.random() < 0.05 * slower**2 else None
        more = {"provider": provider, "model": model}
        if not error or rnd.random() < 0.3:
            out = rnd.randrange(5, 900)
            more.update(input_tokens=tokens, output_tokens=out)
            if per_in is not None and rnd.random() < 0.97:
                more["cost_nano_usd"] = tokens * per_in + out * per_out
                more["attributes"] = json.dumps({"cost_status": "lower_bound" if self.ids % 50 == 0 else "estimated"})
        self.span(parent, name, start, took, error, **more)
        return start + took, error is None

    def agent(self, parent, start, name):
        """An agent: a loop of calls, each with a second try and another model where it fails; then tools side by side."""
        rnd = self.random
        at = start + rnd.uniform(1, 400)
        own, calls = self.uuid(int(start)), []
        for _ in range(rnd.choice((1, 1, 1, 2, 3, 8))):
            end, worked = self.call(own, at, "llm:claude", 0)
            if not worked:
                end, worked = self.call(own, end + 5, "llm:claude", 0)
            if not worked:
                end, worked = self.call(own, end + 5, "llm:openrouter", rnd.choice((1, 2)))
            calls.append(worked)
            at = end + rnd.uniform(1, 300)
        latest = at
        for i in range(rnd.choice((0, 0, 1, 3))):
            took = rnd.expovariate(1 / 30000)
            error = self.error() if rnd.random() < 0.02 else None
            self.span(own, "tool:sql" if i else "tool:検索", at + rnd.uniform(0, 50), took, error, thread=2 + i)
            # now and then one that nobody waits for
            latest = max(latest, at + took) if rnd.random() < 0.9 else latest
        took = latest + rnd.uniform(0, 200) - start
        failed = not calls[-1] or rnd.random() < 0.03
        self.span(parent, name, start, took, "no answer (returned NULL)" if failed else None)
        self.spans[-1]["span_id"] = own
        return start + took, not failed

    def trace(self, us, spans=None):
        """(trace, spans) of a trace that starts at `us`; with `spans` one of so many."""
        rnd = self.random
        self.spans, self.trace_id = [], self.uuid(us)
        self.tenant = rnd.choice(("", "", "acme"))
        pipeline = rnd.choice(("learn", "learn", "support", "訓練"))
        at, worked = us + rnd.uniform(1, 900), True
        for name in ("agent:memory", "agent:trainer")[:rnd.choice((1, 2, 2))]:
            at, worked = self.agent(None, at, name)
            at += rnd.uniform(1, 900)
        if spans:
            agent = next(span for span in self.spans if span["kind"] == "agent")["span_id"]
            while len(self.spans) < spans:
                at, worked = self.call(agent, at, "llm:claude", 0)
        row = dict.fromkeys(TRACE)
        took = at - us
        row.update(trace_id=self.trace_id, tenant_id=self.tenant, pipeline_name=pipeline,
                   telegram_id=rnd.choice((None, 700100000 + rnd.randrange(50))),
                   user_id=rnd.choice((None, f"user-{rnd.randrange(50)}")), started_at=moment(us),
                   ended_at=moment(us + int(took)), duration_ms=took / 1000, success=worked,
                   error=None if worked else self.error(), input_data=self.payload, program=f"/srv/bot-{self.ids % 2}",
                   host="h", pid=42 + rnd.randrange(3), attributes=json.dumps(
                       {"release": ('1.2 "é"', 7, True)[self.ids % 3]}, ensure_ascii=False), created_at=moment(us + int(took)))
        return row, self.spans

    def traces(self, spans, since, until, large=0):
        """Traces of `spans` spans in all, started evenly between the two instants; the last of `large` spans."""
        mean = 8.0  # spans a trace, about
        n, made, i = max(1, round(spans / mean)), 0, 0
        while made < spans or i == 0:
            row, rows = self.trace(since + min(i, n) * (until - since) // (n + 1))
            made, i = made + len(rows), i + 1
            yield row, rows
        if large:
            yield self.trace(until - 1, large)


class Sqlite:
    def __init__(self, url):
        self.store = sqlite3.connect(url.removeprefix("sqlite:"), isolation_level=None)
        self.store.execute("PRAGMA synchronous = OFF")

    def put(self, table, columns, rows):
        self.store.execute("BEGIN")
        self.store.executemany(f"INSERT INTO {table} ({','.join(columns)}) VALUES ({','.join('?' * len(columns))})",
                               [[row[column] for column in columns] for row in rows])
        self.store.execute("COMMIT")

    def close(self):
        self.store.close()


class Postgresql:
    def __init__(self, url):
        self.url = url
        self.days = set()

    @staticmethod
    def text(value):
        if value is None:
            return r"\N"
        if isinstance(value, bytes):
            return value.hex()
        if isinstance(value, bool):
            return "t" if value else "f"
        if isinstance(value, float):
            return repr(value)
        return str(value).replace("\\", r"\\").replace("\t", r"\t").replace("\n", r"\n")

    def run(self, sql, lines=""):
        subprocess.run(["psql", "-XqtA", "-v", "ON_ERROR_STOP=1", self.url, "-c", sql], input=lines, encoding="utf-8",
                       check=True, stdout=subprocess.DEVNULL)

    def put(self, table, columns, rows):
        for day in {row["started_at"][:10] for row in rows} - self.days:
            self.run(f"SELECT traceshim_make_partitions('{day}')")
            self.days.add(day)
        self.run(f"COPY {table} ({','.join(columns)}) FROM STDIN",
                 "".join("\t".join(self.text(row[column]) for column in columns) + "\n" for row in rows))

    def close(self):
        self.run("ANALYZE pipeline_traces, pipeline_spans")


def fill(url, traces):
    """The rows of `traces` into the store at `url`; answers how many."""
    store = Sqlite(url) if url.startswith("sqlite:") else Postgresql(url)
    some, spans, n_traces, n_spans = [], [], 0, 0
    for row, rows in traces:
        some.append(row)
        spans += rows
        if len(spans) > 20000:
            store.put("pipeline_traces", TRACE, some)
            store.put("pipeline_spans", SPAN, spans)
            n_traces, n_spans = n_traces + len(some), n_spans + len(spans)
            some, spans = [], []
    store.put("pipeline_traces", TRACE, some)
    store.put("pipeline_spans", SPAN, spans)
    store.close()
    return n_traces + len(some), n_spans + len(spans)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store")
    parser.add_argument("spans", type=int)
    parser.add_argument("--days", type=float, default=1)
    parser.add_argument("--until", help="RFC 3339, in UTC")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--payload", type=int, default=300)
    parser.add_argument("--large", type=int, default=0)
    told = parser.parse_args()
    until = int(time.time() * 1e6)
    if told.until:
        until = round(datetime.datetime.fromisoformat(told.until.replace("Z", "+00:00")).timestamp() * 1e6)
    made = Generator(told.seed, told.payload).traces(told.spans, until - int(told.days * 86400e6), until, told.large)
    print("{} traces, {} spans".format(*fill(told.store, made)), file=sys.stderr)


if __name__ == "__main__":
    main()
