# SPDX-License-Identifier: Apache-2.0
"""One question, one answer."""

from bot.llm.answer import Answer
from bot.llm.clients import Provider, connect
from bot.llm.limits import slot
from bot.settings import Settings

MAX_TOKENS = 400


async def ask(settings: Settings, prompt: str, *, model: str, persona: str) -> Answer:
    if Provider.of(model) is Provider.ANTHROPIC:
        client = connect(Provider.ANTHROPIC, api_key=settings.anthropic_key.get_secret_value())
        async with slot():
            message = await client.messages.create(
                model=model, max_tokens=MAX_TOKENS, system=persona, messages=[{"role": "user", "content": prompt}])
        return Answer(message.content[0].text, message.model, message.usage.input_tokens, message.usage.output_tokens)
    client = connect(Provider.OPENAI, api_key=settings.openai_key.get_secret_value())
    async with slot():
        completion = await client.chat.completions.create(model=model, messages=messages(prompt, persona))
    return of_completion(completion)


def ask_now(settings: Settings, prompt: str, *, model: str, persona: str) -> Answer:
    """For threads."""
    if Provider.of(model) is Provider.ANTHROPIC:
        client = connect(Provider.ANTHROPIC, api_key=settings.anthropic_key.get_secret_value(), threads=True)
        message = client.messages.create(
            model=model, max_tokens=MAX_TOKENS, system=persona, messages=[{"role": "user", "content": prompt}])
        return Answer(message.content[0].text, message.model, message.usage.input_tokens, message.usage.output_tokens)
    client = connect(Provider.OPENAI, api_key=settings.openai_key.get_secret_value(), threads=True)
    return of_completion(client.chat.completions.create(model=model, messages=messages(prompt, persona),
                                                        temperature=0.2))


def messages(prompt: str, persona: str) -> list[dict]:
    return [{"role": "system", "content": persona}, {"role": "user", "content": prompt}]


def of_completion(completion) -> Answer:
    usage = completion.usage
    return Answer(completion.choices[0].message.content, completion.model, usage.prompt_tokens, usage.completion_tokens)
