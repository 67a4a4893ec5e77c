# SPDX-License-Identifier: Apache-2.0
"""httpx with HTTP/2: 20 calls at once on one connection, whole ones and streams; one is left, one is cut."""

import asyncio
import os

import httpx
import said

KEY = {"authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"}
WORDS = ["", "+gzip", "+br", "+chop=3", "+pace=3ms", "+gzip+chop=7", "+status=429", "+slow=20ms"]


def ask(model, number, **more):
    return {"model": model, "messages": [{"role": "user", "content": f"number {number}"}], **more}


async def answered(client, number):
    model = "gpt-4o" + WORDS[number % len(WORDS)]
    if number % 3:
        return (await client.post("chat/completions", json=ask(model, number))).text
    async with client.stream("POST", "chat/completions", json=ask(model, number, stream=True)) as answer:
        return "".join([text async for text in answer.aiter_text()])


async def left(client):
    body = ask("gpt-4o+pace=100s", "left", stream=True)
    async with client.stream("POST", "chat/completions", json=body) as answer:
        async for text in answer.aiter_text():
            if "content" in text:
                return answer.http_version


async def cut(client):
    body = ask("gpt-4o+cut=4", "cut", stream=True)
    async with client.stream("POST", "chat/completions", json=body) as answer:
        return [text async for text in answer.aiter_text()]


async def main():
    base = os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1")
    async with httpx.AsyncClient(http2=True, base_url=base, headers=KEY, timeout=30) as client:
        for number, text in enumerate(await asyncio.gather(*(answered(client, number) for number in range(20)))):
            said.line(number, text)
        await said.of_async("left", left(client))
        await said.of_async("cut", cut(client))
        said.line("after", await answered(client, 99))


asyncio.run(main())
