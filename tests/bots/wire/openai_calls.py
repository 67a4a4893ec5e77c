# SPDX-License-Identifier: Apache-2.0
"""OpenAI's package: chat, responses and embeddings, whole and as streams, by one client and by an asynchronous one."""

import asyncio

import openai
import said

RETRIED = ["gpt-4o+status=429*2+after=0.02", "gpt-4o+status=500*1+after=0.02", "gpt-4o+cut=40"]
REFUSED = ["gpt-4o+status=400", "gpt-4o+status=401", "gpt-4o+status=429+after=0.02"]
WHOLE = ["gpt-4o", "gpt-4o+gzip", "gpt-4o+br+chop=5", "gpt-4o+chop=4", "gpt-4o+cached=3+reasoning=4", "gpt-4o+slow=30ms"]
STREAMS = ["gpt-4o", "gpt-4o+chop=9", "gpt-4o+gzip", "gpt-4o+br+chop=8", "gpt-4o+pace=3ms", "gpt-4o+error=4",
           "gpt-4o+cut=5", "gpt-4o+gzip+cut=5", "gpt-4o+status=429*1+after=0.02"]
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}]
USAGE = {"stream_options": {"include_usage": True}}


def question(text):
    return [{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}]


def piece(chunk):
    delta = chunk.choices[0].delta if chunk.choices else None
    tools = delta.tool_calls[0].function.arguments if delta and delta.tool_calls else None
    return tools or (delta.content if delta else chunk.usage and chunk.usage.total_tokens)


def whole(answer):
    message = answer.choices[0].message
    return [message.content, [call.function.arguments for call in message.tool_calls or []], answer.usage.total_tokens]


def sync():
    client = openai.OpenAI(max_retries=2)
    chat = client.chat.completions
    for model in WHOLE + RETRIED + REFUSED:
        said.of(model, lambda: whole(chat.create(model=model, messages=question("whole"))))
    for model in STREAMS:
        pieces = []
        said.of(model, lambda: pieces.extend(map(piece, chat.create(
            model=model, messages=question("stream"), stream=True, **USAGE))))
        said.line(model, pieces)
    tool = {"model": "gpt-4o+tool=1", "messages": question("tool"), "tools": TOOLS}
    said.of("tool", lambda: whole(chat.create(**tool)))
    said.of("tool", lambda: list(map(piece, chat.create(**tool, stream=True, **USAGE))))
    for model in ("gpt-4o", "gpt-4o+status=500*1+after=0.02"):
        said.of(model, lambda: client.responses.create(model=model, input="respond").output_text)
    said.of("responses", lambda: [event.type for event in client.responses.create(
        model="gpt-4o+chop=2", input="respond", stream=True)])
    said.of("embeddings", lambda: [item.embedding for item in client.embeddings.create(
        model="text-embedding-3-small", input=["one", "two"]).data])


async def left(client):
    """After the first piece nobody wants the rest, which is not there yet."""
    stream = await client.chat.completions.create(
        model="gpt-4o+pace=100s", messages=question("left"), stream=True)
    first = piece(await anext(stream))
    await stream.close()
    return first


async def answered(client, model):
    return whole(await client.chat.completions.create(model=model, messages=question("async")))


async def streamed(client, model):
    return [piece(chunk) async for chunk in await client.chat.completions.create(
        model=model, messages=question("async"), stream=True, **USAGE)]


async def asynchronous():
    async with openai.AsyncOpenAI(max_retries=2) as client:
        for model in ("gpt-4o", "gpt-4o+gzip+chop=3", "gpt-4o+status=429*1+after=0.02"):
            await said.of_async(model, answered(client, model))
            await said.of_async(model, streamed(client, model))
        await said.of_async("left", left(client))
        await said.of_async("after", streamed(client, "gpt-4o"))


if __name__ == "__main__":
    sync()
    asyncio.run(asynchronous())
