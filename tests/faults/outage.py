#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
tests/faults/outage.py [--seconds N] [--store STORE]

A store that is away for so long while a program works. Within the budget of the backlog nothing is lost, whether the
program outlives the outage or not; beyond it what was begun is stored or counted as dropped, and whole traces are.
"""

import argparse
import concurrent.futures
import contextlib
import fcntl
import signal
import sys
import time

from harness import Place, Postgres, Told, Wrong

STORES = {"sqlite": None, "postgresql": Postgres}
LOAD = {"threads": 4, "calls": 10, "pause_us": 10000}


@contextlib.contextmanager
def away(place):
    """The store cannot be written."""
    if isinstance(place.store, Postgres):
        place.store.end(False)
        try:
            yield
        finally:
            place.store.start()
        return
    with open(f"{place.store.path}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def until_stored(place, ledger):
    deadline = time.monotonic() + 30
    while not place.store.run(ledger):
        if time.monotonic() > deadline:
            raise Wrong("nothing is stored before the outage")
        time.sleep(0.05)


def until_dropped(place):
    """The budget was met."""
    deadline = time.monotonic() + 60
    while not any(place.folder.glob("home/.local/state/traceshim/backlog/*/lost")):
        if time.monotonic() > deadline:
            raise Wrong("nothing is dropped in the outage")
        time.sleep(0.05)


def settle(place, child):
    child.send_signal(signal.SIGTERM)
    said = child.communicate(timeout=60)[1].decode()
    if [line for line in said.splitlines() if not line.startswith("traceshim: ")]:
        raise Wrong(f"the program says {said}")
    return said.count("\n")


def judge(place, ledger, within):
    place.recover()
    place.nothing_left()
    rows, nameless = place.store.rows(ledger)
    told, run = Told(ledger, rows), place.store.run(ledger)
    told.judge(run[3] + nameless, run, len(rows) + nameless)
    if within and (run[3] or told.missing):
        raise Wrong(f"{run[3]} dropped, {told.missing[:3]} missing, within the budget")
    if not within and not run[3]:
        raise Wrong("nothing was dropped: the budget was not met")
    # but for those of which some was stored when the rest had to go: a trace a thread, each time
    (orphans,), = place.store.ask("SELECT count(DISTINCT trace_id) FROM pipeline_spans"
                                  " WHERE trace_id NOT IN (SELECT trace_id FROM pipeline_traces)")
    if int(orphans) > 4 * LOAD["threads"]:
        raise Wrong(f"spans of {orphans} traces are there without them")
    return told.finished, run[3]


def one(store, seconds, within, outlives):
    place = Place("outage", STORES[store])
    try:
        if not within:
            place.conf.write_text("[trace]\nbacklog = 256KB\n" + place.conf.read_text())
        child, ledger = place.victim(LOAD["threads"], LOAD["calls"], LOAD["pause_us"])
        try:
            until_stored(place, ledger)
            with away(place):
                time.sleep(seconds)
                if not within:
                    until_dropped(place)
                if not outlives:
                    lines = settle(place, child)
            if outlives:
                time.sleep(2)
                lines = settle(place, child)
        finally:
            child.kill()
        if lines > 2 + seconds // 60:
            raise Wrong(f"{lines} lines are said of it")
        finished, dropped = judge(place, ledger, within)
        print(f"outage: {store}, {seconds} s, {'within' if within else 'beyond'} the budget, the program"
              f" {'outlives it' if outlives else 'ends in it'}: {finished} finished calls, {dropped} dropped, all told", flush=True)
    finally:
        place.remove()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--store", choices=list(STORES))
    options = parser.parse_args()
    cases = [(store, options.seconds, within, outlives) for store in ([options.store] if options.store else STORES)
             for within in (True, False) for outlives in (True, False)]
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
        for case, future in [(case, pool.submit(one, *case)) for case in cases]:
            try:
                future.result()
            except Wrong as wrong:
                bad += 1
                print(f"FAILED: outage: {case}: {wrong}", file=sys.stderr)
    return bad != 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and what was started is stopped
    sys.exit(main())
