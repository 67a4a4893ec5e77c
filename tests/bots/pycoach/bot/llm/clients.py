# SPDX-License-Identifier: Apache-2.0
"""Clients, one for each key; their retries are the packages' own."""

import enum
import functools
import threading

import anthropic
import openai


class Provider(enum.Enum):
    OPENAI = "openai"
    ANTHROPIC = "anthropic"

    @classmethod
    def of(cls, model: str) -> "Provider":
        return cls.ANTHROPIC if model.startswith("claude") else cls.OPENAI


_lock = threading.Lock()


def connect(provider: Provider, *, api_key: str, threads: bool = False):
    """The client for loops, or for threads."""
    with _lock:
        return _client(provider, api_key, threads)


@functools.lru_cache(maxsize=None)
def _client(provider, api_key, threads):
    if provider is Provider.ANTHROPIC:
        return (anthropic.Anthropic if threads else anthropic.AsyncAnthropic)(api_key=api_key)
    return (openai.OpenAI if threads else openai.AsyncOpenAI)(api_key=api_key)
