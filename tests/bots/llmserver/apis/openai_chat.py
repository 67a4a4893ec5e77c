# SPDX-License-Identifier: Apache-2.0
"""OpenAI's chat completions, and the many servers that speak alike."""

import json
import re

import apis
import openai_common
from apis import event

NAME = "openai.chat"
PATH = re.compile("/chat/completions$")


def answer(call, script):
    messages = apis.messages_of(call, "messages")
    limit = call.document.get("max_completion_tokens") or call.document.get("max_tokens")
    speech = apis.speech_of(messages, script, limit=limit)
    finish = "stop" if speech.is_whole else "length"
    tool = apis.tool_of(call, script, speech)
    if tool:
        finish = "tool_calls"
    account = apis.account(NAME, call, script, speech, finish)
    common = {"id": f"chatcmpl-{call.digest[:29]}", "object": "chat.completion", "created": apis.CREATED,
              "model": apis.served(script)}
    tail = {"service_tier": "default", "system_fingerprint": f"fp_{call.digest[-10:]}"}
    if apis.is_stream(call):
        account["tells_usage"] = bool((call.document.get("stream_options") or {}).get("include_usage"))
        pieces = stream({**common, "object": "chat.completion.chunk", **tail}, call, speech, finish, tool)
        return openai_common.stream(call, pieces, account, broken)
    message = {"role": "assistant", "content": speech.text, "refusal": None, "annotations": []}
    if tool:
        message = {**message, "content": None, "tool_calls": [tool_call(call, tool, json.dumps(tool["arguments"]))]}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
    return openai_common.whole(call, {**common, "choices": [choice], "usage": usage(speech), **tail}, account)


def refusal(call, status, message):
    return openai_common.refusal(NAME, call, status, message)


def broken():
    return event(openai_common.error(500, "something went wrong on our side"))


def usage(speech):
    return {
        "prompt_tokens": speech.input_tokens,
        "completion_tokens": speech.output_tokens,
        "total_tokens": speech.input_tokens + speech.output_tokens,
        "prompt_tokens_details": {"cached_tokens": speech.cached_tokens, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": speech.reasoning_tokens, "audio_tokens": 0,
            "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
        },
    }


def tool_call(call, tool, arguments):
    return {"id": f"call_{call.digest[:24]}", "type": "function",
            "function": {"name": tool["name"], "arguments": arguments}}


def stream(common, call, speech, finish, tool):
    """The events; usage comes, in one of its own, only where it was asked for."""
    options = call.document.get("stream_options") or {}
    tells_usage = bool(options.get("include_usage"))

    def chunk(delta, finish_reason=None):
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        padding = {} if options.get("include_obfuscation") is False else {"obfuscation": obfuscation(delta)}
        return event({**common, "choices": [choice], **({"usage": None} if tells_usage else {}), **padding})

    pieces = [chunk({"role": "assistant", "content": "", "refusal": None})]
    if tool:
        pieces.append(chunk({"tool_calls": [{"index": 0, **tool_call(call, tool, "")}]}))
        pieces += [chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
                   for piece in apis.json_pieces(tool["arguments"])]
    pieces += [chunk({"content": word}) for word in speech.words]
    pieces.append(chunk({}, finish))
    if tells_usage:
        pieces.append(event({**common, "choices": [], "usage": usage(speech)}))
    return [*pieces, b"data: [DONE]\n\n"]


def obfuscation(delta):
    """What makes the lengths of events tell nothing of the words in them."""
    return "aB3xK9qLw2Zt"[:12 - len(delta.get("content") or "") % 12]
