# SPDX-License-Identifier: Apache-2.0
"""messages.py SPOOL: what processes recorded of their connections, as it lies in their rings (preload/abi.h).

A line a message: connection, sequence, `sent` or `received`, offset, flags, text. With `counts`: those of enum ts_wire_count.
"""
import pathlib
import struct
import sys

PAGE, MESSAGE = 4096, 6
WIRE_COUNTS, HEAD = 768, 64
FLAGS = ((2, "inside"), (4, "parent"), (8, "listed"), (16, "last"))
ENDINGS = ("", "client", "peer", "error", "unseen")


def events(ring):
    bytes_ = ring.read_bytes()
    (head,) = struct.unpack_from("<Q", bytes_, HEAD)
    at, end = PAGE, min(PAGE + head, len(bytes_))
    while at < end:
        kind, flags, n = struct.unpack_from("<HHI", bytes_, at)
        if not n:
            return
        yield kind, flags, bytes_[at : at + n]
        at += n


def message(flags, event):
    _, connection, offset = struct.unpack_from("<QQQ", event, 8)
    sequence, _, n, tenant, ending = struct.unpack_from("<IIIBB", event, 64)
    start = 80 + (tenant + 7 & ~7)
    words = [name for bit, name in FLAGS if flags & bit]
    if flags & 16:
        words.append(ENDINGS[ending])
    return (connection, sequence, "received" if flags & 1 else "sent", offset, ",".join(words) or "-",
            event[start : start + n].decode("utf-8", "backslashreplace").replace("\r", "").replace("\n", "|"))


def main():
    for folder in sorted(pathlib.Path(sys.argv[1]).glob("*-*-*")):
        if sys.argv[2:] == ["counts"]:
            print(*struct.unpack_from("<8Q", (folder / "process").read_bytes(), WIRE_COUNTS))
            continue
        found = [message(flags, event) for ring in sorted(folder.glob("ring-*"))
                 for kind, flags, event in events(ring) if kind == MESSAGE]
        for line in sorted(found):
            print(*line)


main()
