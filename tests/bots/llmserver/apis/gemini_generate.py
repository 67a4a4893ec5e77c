# SPDX-License-Identifier: Apache-2.0
"""Gemini's generateContent and streamGenerateContent."""

import re

import apis
from apis import compact, event
from call import Reply

NAME = "gemini.generate"
PATH = re.compile("/models/[^/]+:(?:generate|streamGenerate)Content$")

STATES = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
          429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE"}


def answer(call, script):
    contents = call.document.get("contents")
    if not isinstance(contents, list) or not all(isinstance(content, dict) for content in contents):
        raise apis.Refused("contents is not specified")
    config = call.document.get("generationConfig") or {}
    system = text_of((call.document.get("systemInstruction") or {}).get("parts"))
    messages = [{"role": content.get("role"), "content": content.get("parts")} for content in contents]
    speech = apis.speech_of(messages, script, system, config.get("maxOutputTokens"))
    finish = "STOP" if speech.is_whole else "MAX_TOKENS"
    account = {**apis.account(NAME, call, script, speech, finish), "stream": is_stream(call)}
    common = {"modelVersion": apis.served(script), "responseId": call.digest[:22]}
    if is_stream(call):
        pieces = [event({**candidate(word), "usageMetadata": {"promptTokenCount": speech.input_tokens}, **common})
                  for word in speech.words[:-1]]
        pieces.append(event({**candidate(speech.words[-1], finish), "usageMetadata": usage(speech), **common}))
        return Reply(200, headers("text/event-stream"), pieces, streamed=True, account=account, broken=broken)
    document = {**candidate(speech.text, finish), "usageMetadata": usage(speech), **common}
    return Reply(200, headers("application/json; charset=UTF-8"), [compact(document).encode()], account=account)


def refusal(call, status, message):
    account = {**apis.refused(NAME, call, message), "stream": is_stream(call)}
    return Reply(status, headers("application/json; charset=UTF-8"), [compact(error(status, message)).encode()],
                 account=account)


def broken():
    return event(error(503, "too many requests of everybody's"))


def is_stream(call):
    return call.path.endswith(":streamGenerateContent")


def text_of(parts):
    return "".join(part.get("text") or "" for part in parts or [])


def headers(content_type):
    return {"content-type": content_type, "server": "scaffolding on HTTPServer2", "vary": "Origin, X-Origin"}


def error(status, message):
    return {"error": {"code": status, "message": message, "status": STATES.get(status, "UNKNOWN")}}


def candidate(text, finish=None):
    ended = {"finishReason": finish} if finish else {}
    return {"candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "index": 0, **ended}]}


def usage(speech):
    """What was thought is told apart from what was said."""
    said = speech.output_tokens - speech.reasoning_tokens
    return {"promptTokenCount": speech.input_tokens, "cachedContentTokenCount": speech.cached_tokens,
            "candidatesTokenCount": said, "thoughtsTokenCount": speech.reasoning_tokens,
            "totalTokenCount": speech.input_tokens + speech.output_tokens}
