# SPDX-License-Identifier: Apache-2.0
"""CONNECT: whatever host a client asks for, it gets the server's own port for HTTPS; what passes is not looked at."""

import asyncio

PIECE = 1 << 16


async def dig(reader, writer, port):
    """Joins a client, whose CONNECT was read, with the port, until either side has ended."""
    theirs, ours = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    ways = [asyncio.ensure_future(pump(*way)) for way in ((reader, ours), (theirs, writer))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        ours.close()


async def pump(reader, writer):
    while data := await reader.read(PIECE):
        writer.write(data)
        await writer.drain()
