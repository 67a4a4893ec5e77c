#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
tests/faults/soak.py [--minutes N]

32 threads, threads that come and go, forks: for so long, memory, descriptors and the spool folder stay what they are
once everything has been met, and in the end every call is stored.
"""

import argparse
import os
import pathlib
import signal
import subprocess
import sys
import time

from harness import BUILD, Ledger, Place, SHIM, Wrong, no_core

WARM_UP = 0.25  # of the time
SLACK = {"resident KB": 2048, "descriptors": 2, "flusher's descriptors": 40, "spool KB": 4096, "spools": 3}


def measure(pid, place):
    proc = pathlib.Path(f"/proc/{pid}")
    status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
    flusher = [t for t in (proc / "task").iterdir() if (t / "comm").read_text().strip() == "traceshim"]
    spools = place.spools()
    return {
        "resident KB": int(status["RssAnon"].split()[0]),
        "descriptors": len(os.listdir(proc / "fd")),
        "flusher's descriptors": len(os.listdir(flusher[0] / "fd")) if flusher else 0,
        "spool KB": sum(f.stat().st_blocks for s in spools for f in s.glob("*")) // 2,
        "spools": len(spools),
    }


def grown(samples):
    """What was larger in the second half of the time than ever in the first, warming up aside."""
    warm = samples[int(len(samples) * WARM_UP):]
    half = len(warm) // 2
    for what, slack in SLACK.items():
        before, after = max(s[what] for s in warm[:half]), max(s[what] for s in warm[half:])
        print(f"soak: {what}: {before} at most, later {after}")
        if after > before + slack:
            yield f"{what}: {before}, then {after}"


def watch(child, place, seconds):
    samples, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(min(1, seconds / 60))
        if child.poll() is not None:
            raise Wrong(f"it ends with {child.returncode}")
        try:
            samples.append(measure(child.pid, place))
        except (FileNotFoundError, ProcessLookupError):  # a child's spool, a thread: gone as we look
            continue
    return samples


def judge(place, ledger):
    place.recover()
    place.nothing_left()
    done = ledger.done()
    (rows,), = place.store.ask("SELECT (SELECT count(*) FROM pipeline_traces) + (SELECT count(*) FROM pipeline_spans)")
    begun, stored, still_open, dropped, runs = map(int, place.store.ask(
        "SELECT sum(begun), sum(stored), sum(open), sum(dropped), count(*) FROM pipeline_runs")[0])
    print(f"soak: {done} finished calls of {runs} processes, {rows} rows, {dropped} dropped")
    if (begun, stored, still_open, rows) != (stored + dropped, rows, 0, stored) or done > rows + dropped:
        raise Wrong(f"{done} finished, {rows} rows; {begun} begun, {stored} stored, {still_open} open, {dropped} dropped")
    if dropped:
        raise Wrong(f"{dropped} dropped")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("SOAK_MINUTES", "30")))
    options = parser.parse_args()
    place = Place("soak")
    ledger = Ledger(place.folder / "ledger", 0)
    child = subprocess.Popen([BUILD / "faults" / "soak", ledger.path], env=dict(place.env, LD_PRELOAD=str(SHIM)),
                             stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=no_core)
    try:
        samples = watch(child, place, options.minutes * 60)
        child.send_signal(signal.SIGTERM)
        said = child.communicate(timeout=60)[1].decode()
        if child.returncode or said:
            raise Wrong(f"it ends with {child.returncode} and says {said}")
        judge(place, ledger)
        wrong = list(grown(samples))
        if wrong:
            raise Wrong("; ".join(wrong))
    except Wrong as wrong:
        print(f"FAILED: soak, {options.minutes} minutes: {wrong}\n    kept: {place.folder}", file=sys.stderr)
        return 1
    finally:
        child.kill()
    place.remove()
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and what was started is stopped
    sys.exit(main())
