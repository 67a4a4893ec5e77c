#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tests/fuzz/spool_seeds.py FOLDER: spools of killed programs as inputs of fuzz-spool, whose parts spool.c describes."""

import pathlib
import struct
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "faults"))
from harness import Place

PAGE = 4096
PROCESS, DICTIONARY, RING, EVENTS, OPEN = range(5)
CUT, NOW, REFUSES, HICCUPS = 2, 4, 8, 16
PROCESS_BYTES, RING_BYTES = 760, 256
RULES = """[pipeline]
job  = int job(long telegram_id)           : fails if < 0
stay = int stay(long tenant_id)
[tool]
part = int part(long number, const char *text)  : fails if != 0
"""


def part(kind, data, number=0, flags=0):
    return struct.pack("<BBHI", kind, number, flags, len(data)) + data


def ring_parts(number, data, small):
    """A ring's head and its events; with `small`, in the smallest ring that holds them, running past its end."""
    head, = struct.unpack_from("<Q", data, 64)
    tail, = struct.unpack_from("<Q", data, 128)
    size = len(data) - PAGE
    events = b"".join(data[PAGE + at % size:][:8] for at in range(tail, head, 8))[-6000:]
    header = bytearray(data[:RING_BYTES])
    room = 128
    while room < len(events):
        room *= 2
    begin = room - 64 if small else 0
    turned = bytearray(room if small else len(events))
    for at in range(0, len(events), 8):
        where = (begin + at) % len(turned)
        turned[where:where + 8] = events[at:at + 8]
    struct.pack_into("<Q", header, 64, begin + len(events))
    struct.pack_into("<Q", header, 128, begin)
    return part(RING, bytes(header), number) + part(EVENTS, bytes(turned), number)


def seed(spool, flags=0, small=False):
    process = (spool / "process").read_bytes()
    parts = [part(PROCESS, process[:PROCESS_BYTES], 0, flags), part(DICTIONARY, process[PAGE:])]
    for number, path in enumerate(sorted(spool.glob("ring-*"))[:4]):
        parts.append(ring_parts(number, path.read_bytes(), small))
    if (spool / "open").exists():
        parts.append(part(OPEN, (spool / "open").read_bytes()[-2000:]))
    return b"".join(parts)


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    place = Place("seeds")
    place.conf.write_text(RULES)
    ends = [(1, 3, 1000, "inside"), (3, 1, 60000, "inside"), (1, 20, 1000, "between"), (2, 5, 100000, "between")]
    try:
        for n, (threads, at, pause_us, where) in enumerate(ends):
            child, _ = place.victim(threads, 1, pause_us, ["kill", at, where])
            child.communicate()
            spool, = place.spools()
            for flags, small in (0, False), (NOW, True), (HICCUPS, True):
                (out / f"spool-{n}-{flags}").write_bytes(seed(spool, flags, small))
            subprocess.run(["rm", "-rf", str(spool)], check=True)
    finally:
        place.remove()


if __name__ == "__main__":
    main()
