#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
tests/faults/inject.py [--store STORE] [--every N] [--only TARGET HOW] [--nth N]

Every system call and every allocation that the shim and its flusher make in a program, and that a recovering command
makes, fails in turn: the first, the second, ... until a run is clean; or the process is killed there. The program's
output and status are as ever, nothing crashes or hangs, and after a recovery that nothing disturbs each call that
returned is stored or counted as lost, unless the shim stood down and said so.
"""

import argparse
import concurrent.futures
import os
import random
import shutil
import signal
import subprocess
import sys
import time

from harness import BUILD, Place, Postgres, SHIM, Told, Wrong

INJECT = BUILD / "faults" / "inject"
ALLOCS = BUILD / "faults" / "allocs.so"
PATIENCE_S = 60 # a batch waits 30 s for a server that does not answer
CALLS = 60  # of each thread
CRASHES = {-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGILL, -signal.SIGFPE, -signal.SIGTRAP}


def ended(child):
    """Its status, output and errors."""
    try:
        out, err = child.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        raise Wrong("it hangs") from None
    return child.returncode, (out or b"").decode(errors="replace"), err.decode(errors="replace")


def wrapper(how, nth, log):
    """What runs a command so that its nth call fails; and what its environment needs."""
    if how == "allocs":
        return (), {"ALLOCS_FAIL": str(nth), "ALLOCS_LOG": str(log)}
    return (INJECT, how, nth, log), {}


def program(place, how, nth, log):
    """A program to its end, disturbed."""
    words, more = wrapper(how, nth, log)
    if how == "allocs":
        more["LD_PRELOAD"] = f"{SHIM}:{ALLOCS}"
    child, ledger = place.victim(2, 10, 1000, ["return", CALLS, "-"], words, **more)
    status, out, err = ended(child)
    lines = err.splitlines()
    killed = how == "kill" and log.exists()
    if killed and (status not in (-signal.SIGKILL, 0) or out not in ("", f"{CALLS}\n")):
        raise Wrong(f"the program ends with {status} and says {out!r} {err!r}")
    if not killed and (status, out) != (0, f"{CALLS}\n"):
        raise Wrong(f"the program ends with {status} and says {out!r} {err!r}")
    if [line for line in lines if not line.startswith(("traceshim: ", LIBPQ_NEEDS))]:
        raise Wrong(f"the program says {err!r}")
    return ledger, lines


def recovery(place, how, nth, log):
    """A program that was killed, and whoever recovers it, disturbed."""
    child, ledger = place.victim(2, 1, 1000, ["kill", 50, "inside"])
    ended(child)
    words, more = wrapper(how, nth, log)
    if how == "allocs":
        more["LD_PRELOAD"] = str(ALLOCS)
    status, _, err = ended(place.command("list", "--json", "--limit", "1", wrapper=words, **more))
    if status in CRASHES:
        raise Wrong(f"the command ends with {status} and says {err!r}")
    return ledger, []


TARGETS = {"program": program, "recovery": recovery}
HOWS = ("fail", "kill", "allocs")
LIBPQ_NEEDS = "Error in GnuTLS initialization"  # what its constructor says without memory, and nobody can keep from it
ALLOCS_EVERY = 10  # most are as many others: for a value of a row's JSON


def stood_down(told, rows, lines):
    """Nothing of a kind is there, and a line says that something could not be done."""
    kinds = {kind for kind, _ in told.missing}
    return bool(lines) and not kinds & {row[0] for row in rows}


def judge(place, ledger, lines, killed):
    place.recover()
    place.nothing_left()
    rows, nameless = place.store.rows(ledger)
    told = Told(ledger, rows)
    run = place.store.run(ledger) if ledger.pid else None
    if killed and run is None and not rows and not told.finished:
        return
    if stood_down(told, rows, lines):
        told.missing = []
    told.judge((run[3] if run else 0) + nameless, run, len(rows) + nameless)


server = []  # the one that all use, kept in a place of its own


def store(_):
    return server[0].store


def one(target, how, nth):
    """What failed; None: nothing did, there are not so many."""
    place = Place("inject", store if server else None)
    log = place.folder / "log"
    what = "nothing"
    try:
        ledger, lines = TARGETS[target](place, how, nth, log)
        if log.exists():
            what = log.read_text().strip() or "an allocation"
        judge(place, ledger, lines, how == "kill")
    except Wrong as wrong:
        what = log.read_text().strip() if log.exists() else what
        raise Wrong(f"{target} {how} {nth} ({what}): {wrong}\n    kept: {place.folder}") from None
    place.remove_folder()
    return None if what == "nothing" else what


def sweep(pool, target, how, first, every):
    """(how many there are, about; how many were tried; what was wrong)."""
    nth, tried, wrong, step = first, 0, [], 8
    while True:
        futures = [pool.submit(one, target, how, nth + i * every) for i in range(step)]
        over = False
        for future in futures:
            try:
                if future.result() is None:
                    over = True
                else:
                    tried += 1
            except Wrong as fault:
                tried += 1
                wrong.append(str(fault))
        nth += step * every
        if over or len(wrong) > 40:
            return nth, tried, wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED") or time.time_ns() // 1000))
    parser.add_argument("--only", nargs=2, metavar=("TARGET", "HOW"))
    parser.add_argument("--nth", type=int)
    parser.add_argument("--store", choices=["sqlite", "postgresql"], default="sqlite")
    options = parser.parse_args()
    if options.store == "postgresql":
        server.append(Place("server", Postgres))
    try:
        return run(options)
    finally:
        for place in server:
            place.remove()


def run(options):
    if options.nth:
        try:
            print(one(*options.only, options.nth))
        except Wrong as wrong:
            sys.exit(f"FAILED: {wrong}")
        return 0
    print(f"inject: {options.store}, seed {options.seed}", flush=True)
    rng, bad = random.Random(options.seed), 0
    every = {how: options.every * (ALLOCS_EVERY if how == "allocs" else 1) for how in HOWS}
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS") or 2 * (os.cpu_count() or 1))) as pool:
        for target, how in [tuple(options.only)] if options.only else [(t, h) for t in TARGETS for h in HOWS]:
            began = time.monotonic()
            last, tried, wrong = sweep(pool, target, how, rng.randint(1, every[how]), every[how])
            for text in wrong:
                print(f"FAILED: {text}", file=sys.stderr)
            bad += len(wrong)
            print(f"inject: {target}, {how}: {tried} of about {last} in {time.monotonic() - began:.0f} s, {len(wrong)} wrong",
                  flush=True)
            if not tried:
                print("inject: nothing was tried", file=sys.stderr)
                bad += 1
    return bad != 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and what was started is stopped
    sys.exit(main())
