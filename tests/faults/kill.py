#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
tests/faults/kill.py [--store STORE] [--rounds N] [--seed N] [--round N] [--only MODE]

Programs that are killed at random moments, and then recovered, which is killed, too: no call that returned is missing
from the store or twice in it, and each that was open is told as interrupted. A round's moments follow from the seed and
its number (as far as the machine keeps time), so --seed and --round do one again.
"""

import argparse
import collections
import concurrent.futures
import os
import random
import signal
import subprocess
import sys
import threading
import time

from harness import Place, Postgres, Told, Wrong

SIGNALS = [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGTERM, signal.SIGUSR1]  # USR1: _exit
SELF = ["kill", "term", "segv", "abort", "_exit", "exit"]
STORES = {"sqlite": None, "postgresql": Postgres}
ROUNDS_A_STORE = {"sqlite": 25, "postgresql": 1000}
PATIENCE_S = 60

local = threading.local()
places = []


def place_of_thread(store):
    """A store is used for some rounds, so that most find one that is there, and some do not."""
    if not getattr(local, "place", None) or local.rounds % ROUNDS_A_STORE[store] == 0:
        if getattr(local, "place", None):
            places.remove(local.place)
            local.place.remove()
        local.place = Place("kill", STORES[store])
        local.rounds = 0
        places.append(local.place)
    local.rounds = getattr(local, "rounds", 0) + 1
    return local.place


def wait_ready(child, ledger, threads, deadline):
    """Its threads run; or it has ended."""
    while time.monotonic() < deadline and child.poll() is None:
        try:
            with open(ledger.path, "rb") as file:
                data = file.read(16)
            if len(data) == 16 and int.from_bytes(data[8:], "little") == threads:
                return
        except FileNotFoundError:
            pass
        time.sleep(0.0005)


def end_of(child):
    try:
        said = child.communicate(timeout=PATIENCE_S)[1].decode(errors="replace")
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        raise Wrong("the victim hangs") from None
    if child.returncode == 2 or [line for line in said.splitlines() if not line.startswith("traceshim: ")]:
        raise Wrong(f"the victim ends with {child.returncode} and says: {said}")
    if said:
        raise Wrong(f"the shim complains: {said}")


def moment(rng):
    """Seconds: mostly before the flusher's first pass is done, at times after several."""
    return rng.choice([rng.uniform(0, 0.003), rng.uniform(0, 0.03), rng.uniform(0, 0.1), rng.uniform(0.01, 0.45)])


def kill_victim(place, rng, threads, calls, pause_us):
    """A victim that ends, by our hand or by its own."""
    if rng.random() < 0.4:
        at = rng.choice([1, 2, rng.randint(1, 100), rng.randint(1, 3000)])
        end = [rng.choice(SELF), at, rng.choice(["inside", "between"])]
        child, ledger = place.victim(threads, calls, pause_us, end)
    else:
        child, ledger = place.victim(threads, calls, pause_us)
        try:
            if rng.random() < 0.85:
                wait_ready(child, ledger, threads, time.monotonic() + PATIENCE_S)
            time.sleep(moment(rng))
        finally:
            # before its main it has no handler of SIGUSR1: that ends it, too
            child.send_signal(rng.choice(SIGNALS))
    end_of(child)
    return ledger


def kill_batch(place, rng, threads, calls, pause_us):
    """Killed when the store's log grows: in the middle of a transaction, of its commit, of a checkpoint."""
    wal = f"{place.store.path}-wal"

    def size():
        try:
            return os.stat(wal).st_size
        except FileNotFoundError:
            return -1

    child, ledger = place.victim(threads, calls, pause_us)
    deadline, changes, before = time.monotonic() + 1, rng.randint(1, 6), size()
    while changes and time.monotonic() < deadline:
        now = size()
        changes -= now != before
        before = now
    child.kill()
    end_of(child)
    return ledger


def kill_recovery(place, rng, threads, calls, pause_us):
    """A victim, and then whoever recovers what it left, again and again."""
    ledger = kill_victim(place, rng, threads, calls, pause_us)
    for _ in range(rng.randint(1, 5)):
        child = place.command(*rng.choice([("list", "--json", "--limit", "1"), ("recover",), ("collect", "--once")]))
        time.sleep(rng.choice([rng.uniform(0, 0.01), rng.uniform(0, 0.05), rng.uniform(0, 0.3)]))
        child.kill()
        child.communicate()
    return ledger


def recovered_by_next(place, rng, threads, calls, pause_us):
    """The next traced program recovers it, and is killed as well."""
    ledger = kill_victim(place, rng, threads, calls, pause_us)
    child, other = place.victim(1, 20, 1000)
    wait_ready(child, other, 1, time.monotonic() + PATIENCE_S)
    time.sleep(rng.uniform(0.02, 0.5))
    child.kill()
    end_of(child)
    return [ledger, other]


def start_collector(place):
    """A collector that answers."""
    collector = place.command("collect")
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and collector.poll() is None:
        asked = place.command("collect", "--health")
        asked.communicate()
        if asked.returncode == 0:
            return collector
    collector.kill()
    raise Wrong(f"no collector: {collector.communicate()[1].decode()}")


def kill_collector(place, rng, threads, calls, pause_us):
    """A program beside a collector, which may come before it or later, and be killed before it or later, and again."""
    collectors = [start_collector(place)] if rng.random() < 0.7 else []
    child, ledger = place.victim(threads, calls, pause_us)
    try:
        wait_ready(child, ledger, threads, time.monotonic() + PATIENCE_S)
        for _ in range(rng.randint(0, 2)):
            time.sleep(rng.choice([moment(rng), rng.uniform(0.1, 0.6)]))
            if collectors and rng.random() < 0.7:
                collectors[0].kill()
                collectors.pop().communicate()
            if not collectors and rng.random() < 0.8:
                collectors.append(start_collector(place))
        time.sleep(moment(rng))
        child.send_signal(rng.choice(SIGNALS))
        end_of(child)
        if collectors and rng.random() < 0.5:
            soon(lambda: not place.spools(), "the collector leaves a spool")
        if collectors and rng.random() < 0.3:
            collectors[0].terminate()
            if collectors[0].wait(PATIENCE_S):
                raise Wrong(f"the collector says {collectors[0].communicate()[1].decode()}")
    finally:
        child.kill()
        for collector in collectors:
            collector.kill()
            collector.communicate()
    return ledger


def soon(condition, otherwise):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise Wrong(otherwise)
        time.sleep(0.01)


def kill_server(place, rng, threads, calls, pause_us):
    """The server, in the midst of batches; the program ends before it is there again, or after."""
    child, ledger = place.victim(threads, calls, pause_us)
    wait_ready(child, ledger, threads, time.monotonic() + PATIENCE_S)
    time.sleep(rng.uniform(0.05, 0.6))
    place.store.end(rng.random() < 0.5)
    before = rng.random() < 0.3
    if before:
        child.kill()
        child.communicate()
    place.store.start()
    if not before:
        time.sleep(rng.uniform(0, 0.5))
        child.kill()
        child.communicate()
    return ledger


MODES = {
    "victim": (kill_victim, 6),
    "batch": (kill_batch, 2),
    "recovery": (kill_recovery, 2),
    "next": (recovered_by_next, 1),
    "collector": (kill_collector, 2),
    "server": (kill_server, 2),
}
NOT_OF = {"sqlite": ["server"], "postgresql": ["batch"]}


def one(seed, number, only, store):
    """A round. (what it was, its Told's, calls lost), or Wrong."""
    rng = random.Random(f"{seed}-{number}")
    modes = {name: weight for name, (_, weight) in MODES.items() if name not in NOT_OF[store]}
    mode = only or rng.choices(list(modes), list(modes.values()))[0]
    threads = rng.choice([1, 1, 2, 3, 4, 8, 16])
    # what a flusher keeps up with, and at times more than that
    calls, pause_us = rng.choices([(1, 200), (10, 2000), (20, 5000), (100, 2000)], [4, 4, 4, 1])[0]
    place = place_of_thread(store)
    what = f"{mode}, {threads} threads, {calls} calls every {pause_us} us"
    try:
        ledgers = MODES[mode][0](place, rng, threads, calls, pause_us)
        ledgers = ledgers if isinstance(ledgers, list) else [ledgers]
        lost = place.lost()
        place.recover()
        place.nothing_left()
        told = []
        for ledger in ledgers:
            rows, nameless = place.store.rows(ledger)
            run = place.store.run(ledger)
            told.append(Told(ledger, rows))
            told[-1].judge((run[3] if run else 0) + nameless, run, len(rows) + nameless)
            ledger.path.unlink(missing_ok=True)
    except Wrong as wrong:
        places.remove(place)  # the next has a new one
        place.store.remove()
        local.place = None
        raise Wrong(f"{what}: {wrong}\n    kept: {place.folder}") from None
    return mode, told, lost


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("FAULT_ROUNDS", "1000")))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED") or time.time_ns() // 1000))
    parser.add_argument("--round", type=int)
    parser.add_argument("--only", choices=list(MODES))
    parser.add_argument("--store", choices=list(STORES), default="sqlite")
    options = parser.parse_args()
    numbers = [options.round] if options.round is not None else range(options.rounds)
    print(f"kill: {options.store}, seed {options.seed}", flush=True)
    began = time.monotonic()
    sums, bad = collections.Counter(), 0
    pool = concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS") or 2 * (os.cpu_count() or 1)))
    try:
        futures = {pool.submit(one, options.seed, n, options.only, options.store): n for n in numbers}
        for future in concurrent.futures.as_completed(futures):
            try:
                mode, told, lost = future.result()
                sums[mode] += 1
                sums["lost"] += lost
                for one_told in told:
                    sums["finished"] += one_told.finished
                    sums["interrupted"] += one_told.interrupted
            except Wrong as wrong:
                bad += 1
                again = f"--store {options.store} --seed {options.seed} --round {futures[future]}"
                print(f"FAILED: tests/faults/kill.py {again}: {wrong}", file=sys.stderr)
    finally:
        pool.shutdown(cancel_futures=True)
        for place in places:
            place.remove()
    took = time.monotonic() - began
    modes = ", ".join(f"{n} {mode}" for mode, n in sums.items() if mode in MODES)
    verdict = f"{bad} rounds failed" if bad else "none missing, none doubled"
    print(f"kill: {len(numbers)} rounds in {took:.0f} s ({modes}): {sums['finished']} finished calls, {verdict}; "
          f"{sums['interrupted']} cut off and told, {sums['lost']} counted as lost")
    if not bad and options.round is None and not (sums["finished"] and sums["interrupted"]):
        print("kill: nothing was tested", file=sys.stderr)
        return 1
    return bad != 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and what was started is stopped
    sys.exit(main())
