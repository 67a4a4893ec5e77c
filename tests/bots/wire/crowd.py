# SPDX-License-Identifier: Apache-2.0
"""crowd.py tasks|threads|endless [BYTES]: 50 calls at once, by tasks of one event loop or by threads, of that many bytes each; endless:
by threads that say so as soon as they are answered, and one that never is."""

import asyncio
import concurrent.futures
import os
import sys

import openai
import said

CALLS = 50
PADDING = "." * int(sys.argv[2]) if len(sys.argv) > 2 else ""


def ask(number):
    words = ["", "+pace=2ms", "+chop=6", "+gzip", "+slow=15ms"][number % 5]
    return {"model": f"gpt-4o{words}", "messages": [{"role": "user", "content": f"number {number}{PADDING}"}],
            "stream": number % 2 == 0}


def text_of(chunk):
    return chunk.choices[0].delta.content or ""


async def task(client, number):
    answer = await client.chat.completions.create(**ask(number))
    if number % 2 == 0:
        return "".join([text_of(chunk) async for chunk in answer])
    return answer.choices[0].message.content


async def tasks():
    async with openai.AsyncOpenAI() as client:
        return await asyncio.gather(*(task(client, number) for number in range(CALLS)))


def thread(client, number):
    answer = client.chat.completions.create(**ask(number))
    return "".join(map(text_of, answer)) if number % 2 == 0 else answer.choices[0].message.content


def tell(client, number):
    thread(client, number)
    os.write(1, f"number {number}\n".encode())


def endless():
    with openai.OpenAI() as client, concurrent.futures.ThreadPoolExecutor(CALLS) as pool:
        pool.map(lambda number: tell(client, number), range(CALLS - 1))
        client.chat.completions.create(model="gpt-4o+slow=1000s", messages=[{"role": "user", "content": "the last"}])


def threads():
    with openai.OpenAI() as client, concurrent.futures.ThreadPoolExecutor(CALLS) as pool:
        return list(pool.map(lambda number: thread(client, number), range(CALLS)))


if sys.argv[1] == "endless":
    endless()
for number, text in enumerate(threads() if sys.argv[1] == "threads" else asyncio.run(tasks())):
    said.line(number, text)
