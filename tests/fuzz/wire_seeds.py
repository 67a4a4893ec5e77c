#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""wire_seeds.py FUZZER FOLDER: what the fuzzers of runtime/wire begin with."""
import base64
import gzip
import json
import os
import struct
import sys
import zlib

OTHER_WAY = b"\xfe"
CHAT = b'{"messages":[{"role":"user","content":"hi"}],"model":"gpt-4o","stream":true}'
STREAM = (b'data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n'
          b'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"i","function":'
          b'{"name":"f","arguments":"{}"}}]},"finish_reason":"stop"}],"usage":{"prompt_tokens":9}}\n\n'
          b'data: [DONE]\n\n')
CLAUDE = (b'event: message_start\ndata: {"type":"message_start","message":{"id":"m","usage":{"input_tokens":1}}}\n\n'
          b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"text":"a"}}\n\n'
          b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":'
          b'{"output_tokens":2}}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n')
RESPONSES = (b'data: {"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"x"}\n\n'
             b'data: {"type":"response.completed","response":{"id":"r","status":"completed","output":[{"type":'
             b'"message","content":[{"text":"x"}]}],"usage":{"input_tokens":9}}}\n\n')
GEMINI = (b'[{"candidates":[{"content":{"parts":[{"text":"a"},{"functionCall":{"name":"f","args":{"k":1}}}]},'
          b'"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":1},"modelVersion":"g"}]')
OLLAMA = (b'{"model":"l","message":{"content":"x","thinking":"t"},"done":false}\n'
          b'{"model":"l","message":{"content":""},"done":true,"done_reason":"stop","eval_count":1}\n')
CONVERSE = (b'{"output":{"message":{"content":[{"text":"a"},{"toolUse":{"toolUseId":"i","name":"n","input":{}}}]}},'
            b'"stopReason":"end_turn","usage":{"inputTokens":3}}')
EMBEDDED = b'{"data":[{"index":0,"embedding":[0.5,-1]}],"model":"e","usage":{"prompt_tokens":1}}'
LONG = json.dumps({"messages": [{"role": "user", "content": "m%d " % i * 30} for i in range(40)], "model": "m",
                   "o": {"p": [list(range(50))] * 4}, "s": "x\"\n\u00e4" * 99}).encode()


def message(headers, payload):
    """A message of AWS's event stream."""
    coded = b"".join(struct.pack(">B", len(k)) + k + struct.pack(">BH", 7, len(v)) + v for k, v in headers)
    prelude = struct.pack(">II", 16 + len(coded) + len(payload), len(coded))
    whole = prelude + struct.pack(">I", zlib.crc32(prelude)) + coded + payload
    return whole + struct.pack(">I", zlib.crc32(whole))


AWS = message([(b":message-type", b"event"), (b":event-type", b"contentBlockDelta")],
              b'{"contentBlockIndex":0,"delta":{"text":"a"}}')
AWS += message([(b":message-type", b"event"), (b":event-type", b"chunk")],
               b'{"bytes":"' + base64.b64encode(b'{"generation":"g","stop_reason":"stop"}') + b'"}')
AWS += message([(b":message-type", b"exception"), (b":exception-type", b"throttling")], b'{"message":"no"}')


def http1():
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: api.openai.com\r\ncontent-length: %d\r\n\r\n" % len(CHAT)
    ok = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    chunked = ok + b"transfer-encoding: chunked\r\n\r\n%x\r\n" % len(STREAM) + STREAM + b"\r\n0\r\n\r\n"
    packed = gzip.compress(STREAM)
    yield head + CHAT + OTHER_WAY + chunked + OTHER_WAY + head + CHAT + OTHER_WAY + chunked
    yield head + CHAT + head + CHAT + OTHER_WAY + chunked + chunked
    yield head + CHAT + OTHER_WAY + ok + b"\r\n" + STREAM
    yield head + CHAT + OTHER_WAY + ok + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(packed) + packed
    yield head + CHAT[:20] + b"\xfd\x03" + CHAT[29:] + OTHER_WAY + ok + b"\r\n" + STREAM[:40] + b"\xfd\x05" + STREAM[65:]
    yield (b"HEAD / HTTP/1.1\r\nhost: gw\r\n\r\nCONNECT a:1 HTTP/1.1\r\n\r\n" + OTHER_WAY +
           b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")
    yield b"POST http://gw/x/responses HTTP/1.1\r\nexpect: 100-continue\r\ntransfer-encoding: chunked\r\n\r\n" + \
        OTHER_WAY + b"HTTP/1.1 100 Continue\r\n\r\n" + OTHER_WAY + b"2\r\n{}\r\n0\r\na: b\r\n\r\n" + OTHER_WAY + \
        b"HTTP/1.1 429 No\r\ncontent-length: 33\r\n\r\n" + b'{"error":{"message":"x","type":1}}'


def literal(name, value):
    return b"\x40" + bytes([len(name)]) + name + bytes([len(value)]) + value


def frame(direction, kind, flags, stream, content):
    return bytes([direction, len(content) >> 8, len(content) & 255, kind, flags, stream]) + content


def http2():
    head = b"".join([literal(b":method", b"POST"), literal(b":path", b"/v1/chat/completions"),
                     literal(b":authority", b"api.openai.com")])
    answer = literal(b":status", b"200") + literal(b"content-type", b"text/event-stream")
    whole = frame(0, 4, 0, 0, b"") + frame(1, 4, 0, 0, b"") + frame(0, 1, 4, 1, head) + frame(0, 0, 1, 1, CHAT)
    whole += frame(1, 1, 4, 1, answer) + frame(1, 0, 0, 1, STREAM[:99]) + frame(1, 0, 1, 1, STREAM[99:])
    yield b"\0" + whole
    yield b"\0" + frame(0, 1, 0, 1, head[:30]) + frame(0, 9, 4, 1, head[30:]) + frame(0, 0, 9, 1, b"\2{}..") + \
        frame(1, 1, 0x2c, 1, b"\1\0\0\0\0\0" + answer + b".") + frame(1, 3, 0, 1, b"\0\0\0\2")
    yield b"\0" + whole + frame(0, 1, 5, 3, b"\xc0\xbf\xbe") + frame(1, 5, 4, 1, b"\0\0\0\2" + head) + \
        frame(1, 7, 0, 0, b"\0\0\0\1\0\0\0\0")


def sse():
    bodies = [STREAM, CLAUDE, b"\xef\xbb\xbf:c\r\rid\rdata\rdata:  a\r\ndata: b\n\n{\n"]
    for body in bodies:
        yield b"\0\3" + body
    yield b"\1\3" + OLLAMA
    yield b"\1\3" + GEMINI
    yield b"\2\3" + AWS
    yield b"\3\3" + LONG
    yield b"\4\3" + gzip.compress(LONG)
    yield b"\5\3" + zlib.compress(LONG)
    yield b"\5\3" + zlib.compress(LONG)[2:-4]
    yield b"\6\3" + bytes.fromhex("0b058068656c6c6f20776f726c6403")
    yield b"\7\3" + gzip.compress(bytes.fromhex("28b52ffd0458590000") + b"hello world" + bytes.fromhex("68691eb2"))


def provider():
    """Each answer, as if each API had given it."""
    cut, ok, events, lines, binary = 5, 32, 64, 128, 192
    for place in range(64):
        for body in (STREAM, RESPONSES, CLAUDE):
            yield bytes([place, cut | ok | events]) + CHAT + OTHER_WAY + body
        for body in (GEMINI, CONVERSE, EMBEDDED):
            yield bytes([place, cut | ok]) + CHAT + OTHER_WAY + body
        yield bytes([place, cut | ok | lines]) + LONG + OTHER_WAY + OLLAMA
        yield bytes([place, cut | ok | binary]) + CHAT + OTHER_WAY + AWS
        yield bytes([place, cut]) + CHAT + OTHER_WAY + b'{"error":{"message":"no","type":"t","code":null}}'


def heads():
    post = b"POST /v1/chat/completions?key=k&alt=sse HTTP/1.1\r\nHost: api.openai.com\r\nAuthorization: Bearer k\r\n"
    yield b"\0" + post + b"content-length: 5\r\n\r\nhello" + post + b"\r\n"
    yield b"\0" + post + b"expect: 100-continue\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n" + \
        b"0\r\nX-Key: k\r\n\r\nGET http://u:p@gw/x HTTP/1.0\r\ncookie: a\r\n\r\n"
    yield b"\2GET / HTTP/1.1\r\nHost: a\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n" + post + b"\r\n"
    for more in (b"content-length: 5\r\ncontent-length: 5", b"content-length: 5, 7", b"transfer-encoding : chunked",
                 b"content-length: 5\r\ntransfer-encoding: chunked", b" a: b", b"a\nb: c", b"transfer-encoding: gzip, chunked",
                 b"content-length: 5\t", b"transfer-encoding: chunked\t"):
        yield b"\0" + post + more + b"\r\n\r\nhello" + post + b"\r\n"
    for target in (b"http://gw#x", b"http://gw?alt=1#x", b"http://", b"https://a@gw/#"):
        yield b"\2POST " + target + b" HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc"
    for trailer in (b"content-length: x", b"transfer-encoding: gzip", b"upgrade: x"):
        yield b"\0" + post + b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n" + trailer + b"\r\n\r\n" + post + \
            b"content-length: 3\r\n\r\nabc"
    request = bytes([0, 5, 3, 1, 6, 7, 8, 9, 12])
    own = literal(b":method", b"GET") + literal(b":path", b"/?key=k") + literal(b":authority", b"gw")
    yield b"\1" + frame(0, 4, 0, 0, b"") + frame(1, 1, 4, 1, request) + frame(0, 0, 1, 1, CHAT) + frame(1, 1, 5, 3, request) + \
        frame(0, 3, 0, 3, b"\0\0\0\2") + frame(0, 7, 0, 0, b"\0\0\0\0\0\0\0\0debug")
    yield b"\1" + frame(0x51, 1, 4, 1, request) + frame(0, 0, 9, 1, b"\2{}..") + frame(1, 1, 5, 1, b"\7\x87")
    yield b"\1" + frame(0, 1, 0, 1, own[:9]) + frame(0, 9, 4, 1, own[9:]) + frame(0, 1, 0x2d, 3, b"\1\0\0\0\0\0\xbe\xbf\xc0.")
    yield b"\3" + frame(1, 1, 4, 1, bytes([0, 2, 4])) + frame(1, 1, 5, 3, bytes([0x80, 0x82, 0x83, 0x86, 0x8d])) + frame(0, 6, 0, 0, b"12345678")


def main():
    make = {"wire_http1": http1, "wire_http2": http2, "wire_sse": sse, "wire_provider": provider,
            "wire_heads": heads}[sys.argv[1]]
    os.makedirs(sys.argv[2], exist_ok=True)
    for number, seed in enumerate(make()):
        with open(os.path.join(sys.argv[2], f"seed-{number}"), "wb") as file:
            file.write(seed)


main()
