# SPDX-License-Identifier: Apache-2.0
"""Anthropic's package: messages, whole and as streams, with tools, by one client and by an asynchronous one."""

import asyncio

import anthropic
import said

WHOLE = ["claude-sonnet-4-5", "claude-sonnet-4-5+gzip", "claude-sonnet-4-5+br+chop=5", "claude-sonnet-4-5+cached=3",
         "claude-sonnet-4-5+status=429*2+after=0.02", "claude-sonnet-4-5+status=529*1+after=0.02",
         "claude-sonnet-4-5+status=400", "claude-sonnet-4-5+status=529+after=0.02", "claude-sonnet-4-5+cut=50"]
STREAMS = ["claude-sonnet-4-5", "claude-sonnet-4-5+chop=6", "claude-sonnet-4-5+gzip", "claude-sonnet-4-5+pace=3ms",
           "claude-sonnet-4-5+error=5", "claude-sonnet-4-5+cut=6"]
TOOLS = [{"name": "weather", "input_schema": {"type": "object"}}]


def ask(model, text, **more):
    return {"model": model, "max_tokens": 400, "system": "Be brief.",
            "messages": [{"role": "user", "content": text}], **more}


def whole(message):
    block = message.content[0]
    return [block.text if block.type == "text" else block.input, message.stop_reason, message.usage.output_tokens]


def streamed(client, request):
    with client.messages.stream(**request) as stream:
        pieces = [event.type for event in stream]
        return [pieces, whole(stream.get_final_message())]


def sync():
    client = anthropic.Anthropic(max_retries=2)
    for model in WHOLE:
        said.of(model, lambda: whole(client.messages.create(**ask(model, "whole"))))
    for model in STREAMS:
        said.of(model, lambda: streamed(client, ask(model, "stream")))
    request = ask("claude-sonnet-4-5+tool=1", "tool", tools=TOOLS)
    said.of("tool", lambda: whole(client.messages.create(**request)))
    said.of("tool", lambda: streamed(client, request))


async def asynchronous():
    async with anthropic.AsyncAnthropic(max_retries=2) as client:
        for model in ("claude-haiku-4-5", "claude-haiku-4-5+gzip+chop=3", "claude-haiku-4-5+status=429*1+after=0.02"):
            await said.of_async(model, answered(client, ask(model, "async")))
            await said.of_async(model, texts(client, ask(model, "async")))


async def answered(client, request):
    return whole(await client.messages.create(**request))


async def texts(client, request):
    async with client.messages.stream(**request) as stream:
        return [text async for text in stream.text_stream]


if __name__ == "__main__":
    sync()
    asyncio.run(asynchronous())
