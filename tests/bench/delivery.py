#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
delivery.py DEAD: how long it takes from the end of a call until its row is there, and how fast a large spool is
recovered. DEAD makes such a spool. Lines of figures: "latency MS..." (a trace each), "recovery SECONDS MB SPANS".
"""

import datetime
import pathlib
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "faults"))
from harness import Place

SECONDS = 10
MEGABYTES = 256
ROUNDS = 3


def latency():
    """A program that does a job each 30 ms; its store is looked at all the time."""
    place = Place("latency")
    child, _ = place.victim(1, 3, 30000)
    found, last, end = [], 0, time.monotonic() + SECONDS
    try:
        while not place.store.path.exists() or not place.store.ask("SELECT 1 FROM pipeline_traces"):
            time.sleep(0.01)
        db = sqlite3.connect(f"file:{place.store.path}?mode=ro", uri=True)
        while time.monotonic() < end:
            rows = db.execute("SELECT rowid, ended_at FROM pipeline_traces WHERE rowid > ?", (last,)).fetchall()
            now = time.time()
            for last, ended in rows:
                moment = datetime.datetime.strptime(ended, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
                found.append((now - moment.timestamp()) * 1000)
            time.sleep(0.002)
        db.close()
    finally:
        child.kill()
        child.communicate()
        place.remove()
    print("latency", *(f"{ms:.2f}" for ms in found))


def recovery(dead):
    place = Place("recovery")
    try:
        place.spool.mkdir(mode=0o700)
        spans = int(subprocess.check_output([dead, place.spool, place.store.url, str(MEGABYTES)]))
        began = time.monotonic()
        child = place.command("recover")
        said = child.communicate()[1]
        took = time.monotonic() - began
        (stored,), = place.store.ask("SELECT count(*) FROM pipeline_spans")
        if child.returncode or stored != spans:
            sys.exit(f"bench: {stored} of {spans} spans were recovered: {said.decode()}")
    finally:
        place.remove()
    print("recovery", f"{took:.3f}", MEGABYTES, spans)


def main():
    latency()
    for _ in range(ROUNDS):
        recovery(sys.argv[1])


main()
