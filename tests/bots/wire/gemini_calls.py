# SPDX-License-Identifier: Apache-2.0
"""Google's package: content, whole and as a stream, by one client and by its asynchronous half."""

import asyncio

import said
from google import genai
from google.genai import types

WHOLE = ["gemini-2.5-pro", "gemini-2.5-pro+gzip", "gemini-2.5-pro+reasoning=5+cached=2", "gemini-2.5-pro+status=429",
         "gemini-2.5-pro+status=503*1"]
STREAMS = ["gemini-2.5-pro", "gemini-2.5-pro+chop=4", "gemini-2.5-pro+gzip+chop=4", "gemini-2.5-pro+cut=3",
           "gemini-2.5-pro+status=400"]


def ask(model):
    return {"model": model, "contents": "How far?", "config": {"system_instruction": "Be brief."}}


def whole(answer):
    return [answer.text, answer.usage_metadata.total_token_count]


async def answered(client, model):
    return whole(await client.aio.models.generate_content(**ask(model)))


async def streamed(client, model):
    return [piece.text async for piece in await client.aio.models.generate_content_stream(**ask(model))]


async def asynchronous(client):
    for model in ("gemini-2.5-pro", "gemini-2.5-pro+chop=3"):
        await said.of_async(model, answered(client, model))
        await said.of_async(model, streamed(client, model))
    await client.aio.aclose()


def main():
    retries = types.HttpRetryOptions(attempts=2, initial_delay=0.02, max_delay=0.02, jitter=0.0)
    client = genai.Client(http_options=types.HttpOptions(retry_options=retries))
    for model in WHOLE:
        said.of(model, lambda: whole(client.models.generate_content(**ask(model))))
    for model in STREAMS:
        said.of(model, lambda: [piece.text for piece in client.models.generate_content_stream(**ask(model))])
    asyncio.run(asynchronous(client))


if __name__ == "__main__":
    main()
