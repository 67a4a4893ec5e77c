# SPDX-License-Identifier: Apache-2.0
"""Answers as they come, word by word."""

from collections.abc import AsyncIterator, Iterator

from bot.llm.asking import MAX_TOKENS
from bot.llm.clients import Provider, connect
from bot.llm.limits import slot
from bot.settings import Settings


async def words_of(settings: Settings, prompt: str, *, model: str) -> AsyncIterator[str]:
    question = [{"role": "user", "content": prompt}]
    if Provider.of(model) is Provider.ANTHROPIC:
        client = connect(Provider.ANTHROPIC, api_key=settings.anthropic_key.get_secret_value())
        async with slot(), await client.messages.create(
                model=model, max_tokens=MAX_TOKENS, messages=question, stream=True) as events:
            async for event in events:
                if event.type == "content_block_delta":
                    yield event.delta.text
        return
    client = connect(Provider.OPENAI, api_key=settings.openai_key.get_secret_value())
    async with slot(), await client.chat.completions.create(
            model=model, messages=question, stream=True, stream_options={"include_usage": True}) as chunks:
        async for chunk in chunks:
            if chunk.choices and chunk.choices[0].delta.content:
                yield chunk.choices[0].delta.content


def words_now(settings: Settings, prompt: str, *, model: str) -> Iterator[str]:
    """For threads."""
    client = connect(Provider.OPENAI, api_key=settings.openai_key.get_secret_value(), threads=True)
    with client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": prompt}], stream=True) as chunks:
        for chunk in chunks:
            if chunk.choices[0].delta.content:
                yield chunk.choices[0].delta.content
