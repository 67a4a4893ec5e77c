# SPDX-License-Identifier: Apache-2.0
"""Anthropic's messages."""

import re

import apis
from apis import compact, event
from call import Reply
from speech import text_of

NAME = "anthropic.messages"
PATH = re.compile("/messages$")

KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}


def answer(call, script):
    messages = apis.messages_of(call, "messages")
    if not isinstance(call.document.get("max_tokens"), int):
        raise apis.Refused("max_tokens: field required")
    speech = apis.speech_of(messages, script, text_of(call.document.get("system")), call.document["max_tokens"])
    finish = "end_turn" if speech.is_whole else "max_tokens"
    content = [{"type": "text", "text": speech.text}]
    tool = apis.tool_of(call, script, speech)
    if tool:
        finish = "tool_use"
        content = [{"type": "tool_use", "id": f"toolu_01{call.digest[:22]}", "name": tool["name"],
                    "input": tool["arguments"]}]
    account = apis.account(NAME, call, script, speech, finish)
    message = {"model": apis.served(script), "id": f"msg_01{call.digest[:22]}", "type": "message",
               "role": "assistant", "content": content, "stop_reason": finish,
               "stop_sequence": None, "usage": usage(speech)}
    if apis.is_stream(call):
        return Reply(200, headers(call, "text/event-stream; charset=utf-8"), stream(message, speech), streamed=True,
                     request_id=request_id(call), account=account, broken=broken)
    return Reply(200, headers(call, "application/json"), [compact(message).encode()], request_id=request_id(call),
                 account=account)


def refusal(call, status, message):
    document = {**error(status, message), "request_id": request_id(call)}
    return Reply(status, headers(call, "application/json"), [compact(document).encode()],
                 request_id=request_id(call), account=apis.refused(NAME, call, message))


def broken():
    return event(error(529, "too many requests of everybody's"), "error")


def error(status, message):
    return {"type": "error", "error": {"type": KINDS.get(status, "api_error"), "message": message}}


def request_id(call):
    return f"req_011{call.digest[:20]}{call.attempt or 0}"


def headers(call, content_type):
    return {"content-type": content_type, "request-id": request_id(call),
            "anthropic-organization-id": "0c0ac4ed-0000-4000-8000-000000000000",
            "anthropic-ratelimit-requests-limit": "4000", "anthropic-ratelimit-requests-remaining": "3999",
            "anthropic-ratelimit-requests-reset": "2025-10-09T08:53:21Z"}


def usage(speech):
    """The input is without what was read from the cache."""
    return {
        "input_tokens": speech.input_tokens - speech.cached_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": speech.cached_tokens,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens": speech.output_tokens,
        "service_tier": "standard",
    }


def in_pieces(block, speech):
    """A block of the message as it begins, and what is added to it."""
    if block["type"] == "tool_use":
        return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": piece}
                                        for piece in ["", *apis.json_pieces(block["input"])]]
    return {**block, "text": ""}, [{"type": "text_delta", "text": word} for word in speech.words]


def stream(message, speech):
    """The events. What message_delta says of tokens counts from the start, and is no sum to add."""
    begun = {**message, "content": [], "stop_reason": None, "usage": {**message["usage"], "output_tokens": 1}}
    block, deltas = in_pieces(message["content"][0], speech)
    ended = {k: v for k, v in message["usage"].items() if isinstance(v, int)}
    documents = [
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "ping"},
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": message["stop_reason"], "stop_sequence": None},
         "usage": ended},
        {"type": "message_stop"},
    ]
    return [event(document, document["type"]) for document in documents]
