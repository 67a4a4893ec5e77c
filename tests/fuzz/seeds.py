#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tests/fuzz/seeds.py spool|backlog FOLDER: what killed programs leave, as inputs of fuzz-spool and fuzz-backlog, which
describe their parts."""

import fcntl
import pathlib
import struct
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "faults"))
from harness import Place

PAGE = 4096
PROCESS, DICTIONARY, RING, EVENTS, OPEN, CALL, TALK = range(7)
CUT, NOW, REFUSES, HICCUPS = 2, 4, 8, 16
PROCESS_BYTES, RING_BYTES = 832, 256
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
    # one that was being made when the program was killed has no size yet
    rings = [path for path in sorted(spool.glob("ring-*")) if path.stat().st_size > PAGE]
    for number, path in enumerate(rings[:4]):
        parts.append(ring_parts(number, path.read_bytes(), small))
    if (spool / "open").exists():
        parts.append(part(OPEN, (spool / "open").read_bytes()[-2000:]))
    return b"".join(parts)


def thunk(index, kind, name, function, *params):
    """What a dictionary says of a function of Python's."""
    strings = [name, function, "/srv/bot/agents/trainer.py", "NULL", *params]
    body = b"".join(text.encode() + b"\0" for text in strings)
    body += bytes(-len(body) % 8)
    return struct.pack("<IIIIBBB5x", 2, 24 + len(body), index, 3, kind, len(params), 1) + body


def text(value):
    data = value.encode()
    return bytes([len(data) << 4 | 8]) + data


def entry(key, value):
    return bytes([len(key) << 4]) + key.encode() + value


def deep(levels):
    """Lists and objects by turns; inside all of them a string."""
    inner = text("bottom")
    for level in range(levels):
        inner = b"\x1c" + inner if level % 2 else b"\x1d" + entry("k", inner)
    return inner


def nested(process, dictionary):
    """A call of Python's with lists and objects, as tests/fuzz/calls.h reads it, that failed."""
    message = b"\x2d" + entry("role", text("user")) + entry("password", text("hunter2"))
    kwargs = b"\x4d" + entry("model", text("opus")) + entry("user_id", b"\x03" + struct.pack("<q", 7)) + \
        entry("tools", b"\x2c" + b"\x0f" + struct.pack("<Q", 5) + text('{"a":1}')) + entry("self", b"\x5e" + b"a.Bot")
    begin = b"\x00\x1c" + message + b"\x01" + kwargs + b"\x02" + deep(16)
    lines = b"\x2c" + text("run (a.py:3)") + text("main (b.py)")
    end = b"\xff" + b"\x1c\x01" + b"\xfc" + text("KeyError") + b"\xfd" + text("no \u00e9") + b"\xfb" + lines + \
        b"\xfa\x04" + struct.pack("<Q", 500)
    parts = [part(PROCESS, process), part(DICTIONARY, dictionary + thunk(14, 3, "coach", "a:Bot.run", "m", "kwargs", "x"))]
    for outcome in 0, 1, 2, 6, 7, 0x82:
        parts.append(part(CALL, bytes([0xed, outcome, outcome]) + begin + end))
    return b"".join(parts)


def said(connection, flags, data, most=97):
    """Messages as tests/fuzz/talk.h reads them."""
    cuts = [data[at:at + most] for at in range(0, len(data), most)]
    return b"".join(bytes([connection << 6 | flags, len(cut)]) + cut for cut in cuts)


def http1(head, body):
    return f"{head}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()


def frame(kind, flags, stream, content):
    return struct.pack(">I", len(content))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + content


def literal(*fields):
    """A block of headers without tables."""
    return b"".join(b"\x00" + bytes([len(key)]) + key + bytes([len(value)]) + value for key, value in fields)


def talks(process, dictionary):
    """Programs that talk to LLM APIs, over HTTP/1 and HTTP/2, by two threads."""
    sent, received, last, skips, inside = 0, 1, 2, 4, 8
    request = http1("POST /v1/chat/completions HTTP/1.1\r\nhost: api.openai.com",
                    '{"model":"gpt-4o","password":"x","messages":[{"role":"user","content":"{\\"token\\": 1}"}]}')
    answer = http1("HTTP/1.1 200 OK", '{"id":"c","model":"gpt-4o","usage":{"prompt_tokens":9,"completion_tokens":3},"choices":'
                   '[{"message":{"content":"Hi","tool_calls":[{"id":"1","function":{"name":"f","arguments":"{}"}}]},'
                   '"finish_reason":"stop"}]}')
    refusal = http1("HTTP/1.1 429 No", '{"error":{"type":"rate_limit_exceeded","message":"Slow"}}')
    asked = frame(1, 4, 1, literal((b":method", b"POST"), (b":path", b"/v1/messages"), (b":authority", b"api.anthropic.com"))) + \
        frame(0, 1, 1, b'{"model":"claude-sonnet-4-5","messages":[]}')
    told = frame(1, 4, 1, literal((b":status", b"200"), (b"content-type", b"text/event-stream"))) + frame(
        0, 1, 1, b'event: message_start\ndata: {"type":"message_start","message":{"model":"claude-sonnet-4-5","usage":'
        b'{"input_tokens":1}}}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n')
    first = said(0, sent | inside, request) + said(0, received, answer) + said(0, sent, request) + said(0, received, refusal) + \
        said(0, received | last, b"")
    second = said(1, sent, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b"") + asked) + said(1, received, told) + \
        said(2, sent | inside, request) + said(2, received | skips, answer)
    return part(PROCESS, process) + part(DICTIONARY, dictionary) + part(TALK, first) + part(TALK, second, 1)


def spools(out):
    place = Place("seeds")
    place.conf.write_text(f"[trace]\nredact = password\n{RULES}")
    ends = [(1, 3, 1000, "inside"), (3, 1, 60000, "inside"), (1, 20, 1000, "between"), (2, 5, 100000, "between")]
    try:
        for n, (threads, at, pause_us, where) in enumerate(ends):
            child, _ = place.victim(threads, 1, pause_us, ["kill", at, where])
            child.communicate()
            spool, = place.spools()
            for flags, small in (0, False), (NOW, True), (HICCUPS, True):
                (out / f"spool-{n}-{flags}").write_bytes(seed(spool, flags, small))
            process = (spool / "process").read_bytes()
            dictionary_bytes, = struct.unpack_from("<Q", process, 40)
            (out / f"nested-{n}").write_bytes(
                nested(process[:PROCESS_BYTES], process[PAGE:PAGE + dictionary_bytes]))
            (out / f"talks-{n}").write_bytes(
                talks(process[:PROCESS_BYTES], process[PAGE:PAGE + dictionary_bytes]))
            subprocess.run(["rm", "-rf", str(spool)], check=True)
    finally:
        place.remove()


def whole_records(data, most):
    at = 0
    while at + 16 <= len(data):
        size, = struct.unpack_from("<I", data, at + 8)
        if at + size > most:
            break
        at += size
    return data[:at]


def backlogs(out):
    """Of programs whose store was away; with a small budget, for what is dropped."""
    for n, budget in enumerate(["256MB", "64KB"]):
        place = Place("seeds")
        place.conf.write_text(f"[trace]\nbacklog = {budget}\n{RULES}")
        try:
            with open(f"{place.store.path}.lock", "w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                child, _ = place.victim(2, 10, 10000)
                time.sleep(4)
                child.kill()
                child.communicate()
            parts = []
            for path in sorted(place.folder.glob("home/.local/state/traceshim/backlog/*/*")):
                lost = path.name == "lost"
                data = whole_records(path.read_bytes(), 2500)
                parts.append(struct.pack("<HHI", 2 if lost else 0, 0 if lost else int(path.stem), len(data)) + data)
            if not parts:
                sys.exit("no backlog was made")
            for flags in 0, 4, 8:
                first = struct.pack("<H", struct.unpack_from("<H", parts[0])[0] | flags) + parts[0][2:]
                (out / f"backlog-{n}-{flags}").write_bytes(b"".join([first, *parts[1:4], *(p for p in parts[4:] if p[0] & 2)]))
        finally:
            place.remove()


def main():
    out = pathlib.Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    {"spool": spools, "backlog": backlogs}[sys.argv[1]](out)


if __name__ == "__main__":
    main()
