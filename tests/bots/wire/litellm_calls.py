# SPDX-License-Identifier: Apache-2.0
"""litellm: two providers by one function, whole and as streams."""

import asyncio

import litellm
import said

MODELS = ["openai/gpt-4o", "anthropic/claude-sonnet-4-5", "openai/gpt-4o+status=400", "anthropic/claude-sonnet-4-5+gzip"]


def ask(model, **more):
    return {"model": model, "messages": [{"role": "user", "content": "How far?"}], "max_tokens": 400,
            "num_retries": 0, **more}


def whole(answer):
    return [answer.choices[0].message.content, answer.usage.total_tokens]


def piece(chunk):
    return chunk.choices[0].delta.content


async def asynchronous():
    for model in MODELS[:2]:
        await said.of_async(model, answered(model))


async def answered(model):
    return whole(await litellm.acompletion(**ask(model)))


def main():
    litellm.suppress_debug_info = True
    for model in MODELS:
        said.of(model, lambda: whole(litellm.completion(**ask(model))))
        said.of(model, lambda: list(filter(None, map(piece, litellm.completion(**ask(model, stream=True))))))
    asyncio.run(asynchronous())


if __name__ == "__main__":
    main()
