# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1: calls of one connection, one after the other."""

import asyncio
import http

from call import Call

MAX_HEAD = 1 << 20


class Reader(asyncio.StreamReader):
    """Knows at once when the client has gone, which StreamReader tells only those who read."""

    def __init__(self):
        super().__init__(limit=MAX_HEAD)
        self.gone = asyncio.Event()

    def feed_eof(self):
        super().feed_eof()
        self.gone.set()

    def set_exception(self, exc):
        super().set_exception(exc)
        self.gone.set()


async def serve(reader, writer, exchange, dig=None):
    """`dig(reader, writer)` takes the connection where the client asks for a tunnel."""
    try:
        while call := await read_call(reader, writer):
            if call.method == "CONNECT" and dig:
                return await dig(reader, writer)
            await unless_gone(reader, exchange(call, Channel(writer)))
    except (OSError, asyncio.IncompleteReadError):
        pass  # it has gone
    finally:
        writer.close()


async def unless_gone(reader, work):
    """Runs `work`, and cancels it when the client goes."""
    task, gone = asyncio.ensure_future(work), asyncio.ensure_future(reader.gone.wait())
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
        task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        raise ConnectionResetError from None


async def read_call(reader, writer):
    """The next call, or None at the end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    method, target, _ = first.split(" ")
    pairs = (line.split(":", 1) for line in lines)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    if headers.get("expect") == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return Call(method, target, headers, await read_body(reader, headers),
                writer.get_extra_info("ssl_object") is not None)


async def read_body(reader, headers):
    if headers.get("transfer-encoding") != "chunked":
        return await reader.readexactly(int(headers.get("content-length", 0)))
    body = b""
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body


class Channel:
    """Takes one reply, piece by piece; each is on its way when the call returns."""

    def __init__(self, writer):
        self.writer = writer
        self.chunked = False

    async def head(self, status, headers, length):
        """`length` of the body, None where its end shall be told by its last chunk."""
        self.chunked = length is None
        framing = {"transfer-encoding": "chunked"} if self.chunked else {"content-length": length}
        lines = [f"HTTP/1.1 {status} {phrase(status)}", *(f"{k}: {v}" for k, v in {**framing, **headers}.items())]
        self.writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        await self.writer.drain()

    async def piece(self, data):
        self.writer.write(b"%x\r\n%b\r\n" % (len(data), data) if self.chunked else data)
        await self.writer.drain()

    async def end(self):
        if self.chunked:
            self.writer.write(b"0\r\n\r\n")
            await self.writer.drain()

    async def cut(self):
        """Drops the connection, though not what was written before."""
        self.writer.close()


def phrase(status):
    return http.HTTPStatus(status).phrase if status in http.HTTPStatus._value2member_map_ else "Overloaded"
