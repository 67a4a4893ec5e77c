# SPDX-License-Identifier: Apache-2.0
"""Tasks of asyncio and a thread beside them, in the middle of calls until a line comes in."""

import asyncio
import sys


async def ask(model):
    await inside.wait()
    return model


def think(number):
    print("waiting", flush=True)
    sys.stdin.readline()
    loop.call_soon_threadsafe(inside.set)
    return number


async def train(prompt):
    return await asyncio.gather(ask("slow"), ask("fast"), asyncio.to_thread(think, 2))


async def words(text):
    for word in text.split():
        yield word
        await inside.wait()


async def learn(text):
    return await train(text)


async def support(text):
    return [word async for word in words(text)]


async def both():
    global inside, loop
    inside, loop = asyncio.Event(), asyncio.get_running_loop()
    return await asyncio.gather(learn("one"), support("two words"))


if __name__ == "__main__":
    import tasks

    asyncio.run(tasks.both())
