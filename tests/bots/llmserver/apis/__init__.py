# SPDX-License-Identifier: Apache-2.0
"""The APIs that the models are asked by, a file each, and what they share."""

import json

from speech import Speech, text_of

CREATED = 1_760_000_000  # when all of it was said, in seconds since 1970

# What serves a model that is asked for by a shorter name.
SERVED = {
    "claude-sonnet-4-5": "claude-sonnet-4-5-20250929",
    "claude-haiku-4-5": "claude-haiku-4-5-20251001",
    "gpt-4o": "gpt-4o-2024-08-06",
    "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
}


class Refused(Exception):
    """The call is not as the API wants it."""


def is_stream(call):
    return bool(call.document.get("stream"))


def served(script):
    return SERVED.get(script.model, script.model)


def messages_of(call, key):
    """The messages of a call; what is no list of at least one object is refused."""
    messages = call.document.get(key)
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    if not isinstance(messages, list) or not messages or not all(isinstance(m, dict) for m in messages):
        raise Refused(f"{key}: a list of messages is required")
    if not call.model:
        raise Refused("model: field required")
    return messages


def speech_of(messages, script, system="", limit=None):
    """The answer, and its tokens: `input_tokens` and `output_tokens` are all of them."""
    speech = Speech(messages, system, limit)
    speech.cached_tokens = min(script.numbers["cached"], speech.input_tokens)
    speech.reasoning_tokens = script.numbers["reasoning"]
    speech.output_tokens += speech.reasoning_tokens
    return speech


def tool_of(call, script, speech):
    """The tool that the model asks for instead of speaking, with its arguments; None if it speaks."""
    last = call.document["messages"][-1]
    told = last.get("role") == "tool" or "tool_result" in json.dumps(last)
    if not script.numbers["tool"] or told or not call.document.get("tools"):
        return None
    wanted = call.document["tools"][0]
    speech.tool = {"name": (wanted.get("function") or wanted)["name"],
                   "arguments": {"question": speech.text, "days": 3}}
    speech.words, speech.text = [], ""
    return speech.tool


def json_pieces(document):
    """Its text, a few characters at a time."""
    text = compact(document)
    return [text[at:at + 9] for at in range(0, len(text), 9)]


def account(api, call, script, speech, finish):
    return {"api": api, "model": call.model, "served": served(script), "stream": is_stream(call),
            "prompt": speech.prompt, "text": speech.text, "input_tokens": speech.input_tokens,
            "output_tokens": speech.output_tokens, "cached_tokens": speech.cached_tokens,
            "reasoning_tokens": speech.reasoning_tokens, "finish": finish,
            **({"tool": speech.tool} if speech.tool else {})}


def refused(api, call, message):
    asked = call.document.get("messages") or call.document.get("input")
    prompt = asked[-1].get("content") if isinstance(asked, list) and isinstance(asked[-1], dict) else asked
    return {"api": api, "model": call.model, "stream": is_stream(call),
            "prompt": text_of(prompt), "error": message}


def compact(document):
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def event(document, name=None):
    """An event of a stream of them (SSE)."""
    return (f"event: {name}\n" if name else "").encode() + f"data: {compact(document)}\n\n".encode()
