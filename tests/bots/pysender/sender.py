# SPDX-License-Identifier: Apache-2.0
"""Asks a language model in every way that a program of Python has to get a request onto a connection.

    sender.py URL [WAY...]

Each way is a function below, and what it asks for is its name. All are asked for inside the agent; what is answered is
printed. The URL's certificate is trusted by SSL_CERT_FILE.
"""

import asyncio
import concurrent.futures
import contextvars
import http.client
import json
import ssl
import sys
import threading
import urllib.parse

TLS = ssl.create_default_context()
SERVER = urllib.parse.urlsplit(sys.argv[1] if len(sys.argv) > 1 else "")
EARLY = concurrent.futures.ThreadPoolExecutor(1)  # its thread is older than every call
HEADERS = {"Authorization": "Bearer sk-secret-1", "Content-Type": "application/json"}
WAYS = {}


def way(function):
    WAYS[function.__name__] = function
    return function


def body_of(prompt):
    return json.dumps({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": prompt}]})


def request_of(prompt):
    body = body_of(prompt)
    return (f"POST /v1/chat/completions HTTP/1.1\r\nHost: {SERVER.netloc}\r\nAuthorization: Bearer sk-secret-1\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()


async def connect():
    return await asyncio.open_connection(SERVER.hostname, SERVER.port, ssl=TLS)


async def close(writer):
    writer.close()
    await writer.wait_closed()


async def answer_of(streams):
    head = await streams[0].readuntil(b"\r\n\r\n")
    await streams[0].readexactly(int(head.lower().split(b"content-length:")[1].split()[0]))
    await close(streams[1])
    return head.split()[1].decode()


async def ask(prompt):
    streams = await connect()
    streams[1].write(request_of(prompt))
    return await answer_of(streams)


def ask_and_wait(prompt):
    connection = http.client.HTTPSConnection(SERVER.hostname, SERVER.port, context=TLS)
    connection.request("POST", "/v1/chat/completions", body_of(prompt), HEADERS)
    response = connection.getresponse()
    response.read()
    connection.close()
    return str(response.status)


# --- on the event loop's thread --------------------------------------------------------------------------


@way
async def coroutine():
    return await ask("coroutine")


@way
async def blocking():
    return ask_and_wait("blocking")


@way
async def task():
    return await asyncio.create_task(ask("task"))


@way
async def tasks():
    return " ".join(await asyncio.gather(ask("tasks"), ask("tasks")))


@way
async def grandchild():
    async def child():
        await asyncio.sleep(0)
        return await asyncio.create_task(ask("grandchild"))

    return await asyncio.create_task(child())


@way
async def callback():
    streams = await connect()
    asyncio.get_running_loop().call_soon(streams[1].write, request_of("callback"))
    return await answer_of(streams)


@way
async def timer():
    streams = await connect()
    asyncio.get_running_loop().call_later(0.01, streams[1].write, request_of("timer"))
    return await answer_of(streams)


@way
async def protocol():
    """What is sent as soon as the handshake is done, by a callback of the socket."""

    class Asker(asyncio.StreamReaderProtocol):
        def connection_made(self, transport):
            super().connection_made(transport)
            transport.write(request_of("protocol"))

    reader, loop = asyncio.StreamReader(), asyncio.get_running_loop()
    transport, asker = await loop.create_connection(lambda: Asker(reader), SERVER.hostname, SERVER.port, ssl=TLS)
    return await answer_of((reader, asyncio.StreamWriter(transport, asker, reader, loop)))


@way
async def many_variables():
    """The context holds a hundred variables more."""

    async def child():
        kept = [contextvars.ContextVar(f"variable{i}") for i in range(100)]
        for variable in kept:
            variable.set(1)
        return await ask("many_variables")

    return await asyncio.create_task(child())


# --- on other threads --------------------------------------------------------------------------------------


@way
async def to_thread():
    return await asyncio.to_thread(ask_and_wait, "to_thread")


@way
async def executor():
    """A pool that is made here, and knows no context."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, ask_and_wait, "executor")


@way
async def early_executor():
    """A pool that was there before, and knows no context: its thread is in no call."""
    return await asyncio.get_running_loop().run_in_executor(EARLY, ask_and_wait, "early_executor")


@way
async def early_with_context():
    run = contextvars.copy_context().run
    return await asyncio.get_running_loop().run_in_executor(EARLY, run, ask_and_wait, "early_with_context")


@way
async def thread():
    answers = []
    worker = threading.Thread(target=lambda: answers.append(ask_and_wait("thread")))
    worker.start()
    while worker.is_alive():
        await asyncio.sleep(0.001)
    return answers[0]


@way
async def loop_of_its_own():
    """A thread with an event loop, whose tasks know nothing but the thread."""
    return await asyncio.to_thread(asyncio.run, ask("loop_of_its_own"))


# --- packages ------------------------------------------------------------------------------------------------


@way
async def aiohttp():
    import aiohttp as package

    async with package.ClientSession() as session:
        async with session.post(sys.argv[1] + "/v1/chat/completions", data=body_of("aiohttp"), ssl=TLS,
                                headers=HEADERS) as response:
            await response.read()
            return str(response.status)


# --- the bot ---------------------------------------------------------------------------------------------------


async def agent(wanted):
    return await WAYS[wanted]()


async def handle(wanted):
    await asyncio.sleep(0)
    return await agent(wanted)


def handle_and_wait(wanted):
    """The pipeline lies on the stack below the event loop, and below all that runs on it."""
    return asyncio.run(agent(wanted))


async def main(wanted):
    EARLY.submit(int).result()
    for one in wanted:
        print(one, await handle(one))


if __name__ == "__main__":
    chosen = sys.argv[2:] or [one for one in WAYS if one != "aiohttp"]
    asyncio.run(main(chosen))
    for one in chosen:
        print("and wait,", one, handle_and_wait(one))
