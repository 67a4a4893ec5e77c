# SPDX-License-Identifier: Apache-2.0
"""llmserver FOLDER: language models on loopback, by HTTPS and HTTP. See README.md.

Prints two URLs when it is ready, that of HTTPS first. Leaves FOLDER/cert.pem and FOLDER/calls.jsonl, its account. Ends
when its standard input does, or by SIGTERM.
"""

import asyncio
import contextlib
import functools
import os
import pathlib
import signal
import ssl
import sys
import threading

import certificate
import http1
import http2
import tunnel
from account import Account
from exchange import Desk

# By the name that TLS agrees on (ALPN), the dearest first.
PROTOCOLS = {"h2": http2.serve, "http/1.1": http1.serve}

# SSL_OP_ALLOW_CLIENT_RENEGOTIATION, which Python 3.11 has no name for.
ALLOW_CLIENT_RENEGOTIATION = 1 << 8


def tls_context(folder):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate.make(folder))
    context.set_alpn_protocols(list(PROTOCOLS))
    context.options |= ALLOW_CLIENT_RENEGOTIATION
    return context


class Connections:
    """Serves every connection in a task of its own, in the protocol that it speaks."""

    def __init__(self, desk):
        self.desk = desk
        self.tasks = set()
        self.secure_port = None  # where tunnels lead to

    def opened(self, reader, writer):
        secure = writer.get_extra_info("ssl_object")
        if secure:
            serve = PROTOCOLS[secure.selected_alpn_protocol() or "http/1.1"]
        else:
            serve = functools.partial(http1.serve, dig=functools.partial(tunnel.dig, port=self.secure_port))
        task = asyncio.get_running_loop().create_task(serve(reader, writer, self.desk.exchange))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def listen(self, context=None):
        """Answers the port."""
        server = await asyncio.get_running_loop().create_server(
            lambda: asyncio.StreamReaderProtocol(http1.Reader(), self.opened),
            "127.0.0.1", 0, ssl=context, backlog=1024)
        return server.sockets[0].getsockname()[1]


def watch_stdin(loop, ended):
    """Sets `ended` at the end of standard input, which may be anything that can be read."""
    def watch():
        while os.read(0, 4096):
            pass
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=watch, daemon=True).start()


async def main(folder):
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    with open(folder / "calls.jsonl", "a", encoding="utf-8") as lines:
        connections = Connections(Desk(Account(lines)))
        secure = connections.secure_port = await connections.listen(tls_context(folder))
        plain = await connections.listen()
        loop.add_signal_handler(signal.SIGTERM, ended.set)
        watch_stdin(loop, ended)
        print(f"https://localhost:{secure}\nhttp://localhost:{plain}", flush=True)
        await ended.wait()
        for task in connections.tasks:
            task.cancel()
        await asyncio.gather(*connections.tasks, return_exceptions=True)


if len(sys.argv) != 2:
    sys.exit("usage: llmserver FOLDER")
asyncio.run(main(pathlib.Path(sys.argv[1])))
