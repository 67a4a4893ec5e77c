# SPDX-License-Identifier: Apache-2.0
"""Ollama's package, without TLS: chat, whole and as lines of JSON, by one client and by an asynchronous one."""

import asyncio

import ollama
import said

MODELS = ["llama3.2", "llama3.2+chop=4", "llama3.2+pace=2ms", "llama3.2+status=500", "llama3.2+error=3", "llama3.2+cut=3"]


def ask(model, **more):
    return {"model": model, "messages": [{"role": "user", "content": "How far?"}], **more}


def whole(answer):
    return [answer.message.content, answer.eval_count]


async def answered(client, model):
    return whole(await client.chat(**ask(model)))


async def streamed(client, model):
    return [piece.message.content async for piece in await client.chat(**ask(model, stream=True))]


async def asynchronous():
    client = ollama.AsyncClient()
    for model in MODELS[:2]:
        await said.of_async(model, answered(client, model))
        await said.of_async(model, streamed(client, model))


def main():
    for model in MODELS:
        said.of(model, lambda: whole(ollama.chat(**ask(model))))
        said.of(model, lambda: [piece.message.content for piece in ollama.chat(**ask(model, stream=True))])
    asyncio.run(asynchronous())


if __name__ == "__main__":
    main()
