# SPDX-License-Identifier: Apache-2.0
"""Many who send at once, are cancelled, fail, and still send when the interpreter ends.

    storm.py URL

Prints what became of them, the same each time. The URL's certificate is trusted by SSL_CERT_FILE.
"""

import asyncio
import os
import threading

import sender

TASKS = 200


async def fail(prompt):
    await sender.ask(prompt)
    raise ValueError(prompt)


async def never(prompt):
    streams = await sender.connect()
    try:
        streams[1].write(sender.request_of(prompt)[:-1])  # it is waited for
        await streams[0].readexactly(1)
    finally:
        streams[1].close()


async def one(number):
    """A third each is answered, fails and is cancelled."""
    what = asyncio.create_task((sender.ask, fail, never)[number % 3](f"task{number}"))
    if number % 3 == 2:
        await asyncio.wait({what}, timeout=0.02)
        what.cancel()
    return await what


async def agent(number):
    return await one(number)


async def handle(numbers):
    return await asyncio.gather(*(agent(number) for number in numbers), return_exceptions=True)


def fork_and_ask():
    """A child that goes on with what its parent was in."""
    child = os.fork()
    if not child:
        os._exit(0 if sender.ask_and_wait("child") == "200" else 1)
    return os.waitpid(child, 0)[1]


async def agent_forks():
    return fork_and_ask()


async def handle_forks():
    return await agent_forks()


def keep_sending(started):
    while True:
        try:
            sender.ask_and_wait("daemon")
        except OSError:
            pass
        started.set()


def main():
    results = asyncio.run(handle(range(TASKS)))
    told = [type(r).__name__ if isinstance(r, BaseException) else r for r in results]
    print({what: told.count(what) for what in sorted(set(told))})
    print("child", asyncio.run(handle_forks()))
    for _ in range(4):
        started = threading.Event()
        threading.Thread(target=keep_sending, args=(started,), daemon=True).start()
        started.wait()
    print("ends while they send")


if __name__ == "__main__":
    main()
