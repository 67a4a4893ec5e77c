# SPDX-License-Identifier: Apache-2.0
"""reads.py [--table] SPANS ...: how long it takes to read a store of so many spans, ten days of them: list, show of a trace
of 10,000 spans, report of the last day; beside each the sqlite3 shell that asks for the same in one statement, with no more
than rows and sums to print. Lines of figures, a round each: "reads.SPANS.WHAT.ours SECONDS KILOBYTES", ".peer" alike; or, with
--table, a table of medians.
"""

import os
import subprocess
import sys
import tempfile
import time
from statistics import median

import generate

ROUNDS = 5
DAYS = 10
LARGE = 10000
DAY = 86400 * 10**6

LIST = """SELECT hex(trace_id), pipeline_name, started_at, duration_ms, success, error,
	(SELECT count(*) FROM pipeline_spans s WHERE s.trace_id = t.trace_id)
	FROM pipeline_traces t ORDER BY trace_id DESC LIMIT 20"""
SHOW = """SELECT * FROM pipeline_spans WHERE trace_id = (SELECT max(trace_id) FROM pipeline_traces)
	ORDER BY started_at, span_id"""
# Numbers, failures and percentiles by pipeline, by name of span and by model, and what the models cost; no self times.
REPORT = """WITH t AS (SELECT * FROM pipeline_traces WHERE trace_id >= x'{id}' AND started_at >= '{since}'),
	s AS (SELECT s.*, pipeline_name FROM t JOIN pipeline_spans s USING (trace_id)),
	row AS (SELECT 'pipeline' AS what, pipeline_name AS name, duration_ms AS ms, success, NULL AS input, NULL AS output,
			NULL AS cost FROM t
		UNION ALL SELECT 'span', pipeline_name || ' ' || span_name, duration_ms, success, NULL, NULL, NULL FROM s
		UNION ALL SELECT 'model', provider || ' ' || model, duration_ms, success, input_tokens, output_tokens,
			cost_nano_usd FROM s WHERE model IS NOT NULL),
	ranked AS (SELECT *, row_number() OVER (PARTITION BY what, name ORDER BY ms) AS r,
		count(*) OVER (PARTITION BY what, name) AS n FROM row)
	SELECT what, name, n, sum(NOT success), max(CASE r WHEN (50 * n + 99) / 100 THEN ms END),
		max(CASE r WHEN (95 * n + 99) / 100 THEN ms END), max(CASE r WHEN (99 * n + 99) / 100 THEN ms END),
		sum(input), sum(output), sum(cost) FROM ranked GROUP BY what, name"""


def make(path, spans):
    """A store; answers when its last day begins."""
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    until = int(time.time() * 1e6)
    subprocess.run([os.path.join(root, "build/traceshim"), "store", "init", f"sqlite:{path}"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    generate.fill(f"sqlite:{path}", generate.Generator().traces(spans, until - DAYS * DAY, until, LARGE))
    subprocess.run(["sqlite3", path, "PRAGMA wal_checkpoint(TRUNCATE)"], check=True, stdout=subprocess.DEVNULL)
    return until - DAY


def timed(command, told):
    """Seconds, and kilobytes at most: time(1) starts it, for a child of ours would begin with our own memory."""
    begun = time.monotonic()
    subprocess.run(["/usr/bin/time", "-f", "%M", "-o", told] + command, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    seconds = time.monotonic() - begun
    with open(told, encoding="utf-8") as lines:
        return seconds, int(lines.read().split()[-1])


def measure(path, spans, since):
    """(name, seconds, kilobytes) of each run, round by round, ours and the peer's in turn."""
    ours = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "build/traceshim")
    bound = ((since - 60 * 10**6) // 1000).to_bytes(6, "big").hex()
    asked = {"list": (["list"], LIST), "show": (["show", "last"], SHOW),
             "report": (["report", "--since", generate.moment(since)],
                        REPORT.format(id=bound, since=generate.moment(since)))}
    for _ in range(ROUNDS):
        for what, (words, statement) in asked.items():
            yield f"reads.{spans}.{what}.ours", *timed([ours] + words, f"{path}.time")
            yield f"reads.{spans}.{what}.peer", *timed(["sqlite3", "-readonly", path, statement], f"{path}.time")


def main(*told):
    figures = {}
    with tempfile.TemporaryDirectory(prefix="traceshim-reads.") as folder:
        os.environ.update(TRACESHIM_SPOOL=f"{folder}/spool", XDG_STATE_HOME=folder)
        for spans in (int(word) for word in told if word != "--table"):
            path = f"{folder}/{spans}.db"
            os.environ["TRACESHIM_STORE"] = f"sqlite:{path}"
            for name, seconds, kilobytes in measure(path, spans, make(path, spans)):
                figures.setdefault(name, []).append((seconds, kilobytes))
                if "--table" not in told:
                    print(name, round(seconds, 6), kilobytes, flush=True)
            os.unlink(path)
    if "--table" in told:
        print(f"{'medians':32}{'ms':>10}{'MB':>8}")
        for name, rounds in figures.items():
            seconds, kilobytes = (median(values) for values in zip(*rounds))
            print(f"{name:32}{1000 * seconds:10.1f}{kilobytes / 1024:8.1f}")


main(*sys.argv[1:])
