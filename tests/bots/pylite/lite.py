# SPDX-License-Identifier: Apache-2.0
"""Questions by LiteLLM, one after the other, at once, streamed and refused."""

import asyncio
import logging
import os

import litellm

litellm.suppress_debug_info = True
logging.disable(logging.CRITICAL)

PLACE = {"api_base": os.environ["LLM_URL"] + "/v1", "api_key": os.environ["OPENAI_API_KEY"]}


def messages(text: str) -> list[dict]:
    return [{"role": "user", "content": text}]


def single(text: str, model: str = "openai/gpt-4o") -> str:
    return litellm.completion(model=model, messages=messages(text), **PLACE).choices[0].message.content


def streamed(text: str) -> str:
    chunks = litellm.completion(model="openai/gpt-4o-mini", messages=messages(text), stream=True, **PLACE)
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


async def several(texts: list[str]) -> list[str]:
    answers = await asyncio.gather(*(
        litellm.acompletion(model="openai/gpt-4o", messages=messages(text), **PLACE) for text in texts))
    return [answer.choices[0].message.content for answer in answers]


def converse(session_id: str) -> list[str]:
    said = [single("One question"), streamed("A long story"), *asyncio.run(several(["Two", "Three", "Four"]))]
    try:
        single("Too much", model="openai/gpt-4o+status=400")
    except litellm.BadRequestError as error:
        said.append(type(error).__name__)
    return said


if __name__ == "__main__":
    print("\n".join(converse("s-1")))
