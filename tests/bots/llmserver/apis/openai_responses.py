# SPDX-License-Identifier: Apache-2.0
"""OpenAI's responses."""

import re

import apis
import openai_common
from apis import event

NAME = "openai.responses"
PATH = re.compile("/responses$")


def answer(call, script):
    system = call.document.get("instructions") or ""
    speech = apis.speech_of(apis.messages_of(call, "input"), script, system, call.document.get("max_output_tokens"))
    finish = "completed" if speech.is_whole else "incomplete"
    account = apis.account(NAME, call, script, speech, finish)
    response = {
        "id": f"resp_{call.digest[:48]}", "object": "response", "created_at": apis.CREATED, "status": finish,
        "background": False, "error": None,
        "incomplete_details": None if speech.is_whole else {"reason": "max_output_tokens"},
        "instructions": call.document.get("instructions"), "max_output_tokens": None, "model": apis.served(script),
        "output": [item(call, speech, finish)], "parallel_tool_calls": True, "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None}, "service_tier": "default", "store": True,
        "temperature": 1.0, "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [],
        "top_p": 1.0, "truncation": "disabled", "usage": usage(speech), "user": None, "metadata": {},
    }
    if apis.is_stream(call):
        return openai_common.stream(call, stream(response, call, speech, finish), account, broken)
    return openai_common.whole(call, response, account)


def refusal(call, status, message):
    return openai_common.refusal(NAME, call, status, message)


def broken():
    message = "something went wrong on our side"
    return event({"type": "error", "code": "server_error", "message": message, "param": None}, "error")


def part(text):
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}


def item(call, speech, status):
    content = [] if status == "in_progress" else [part(speech.text)]
    return {"id": f"msg_{call.digest[:48]}", "type": "message", "status": status, "content": content,
            "role": "assistant"}


def usage(speech):
    return {
        "input_tokens": speech.input_tokens,
        "input_tokens_details": {"cached_tokens": speech.cached_tokens},
        "output_tokens": speech.output_tokens,
        "output_tokens_details": {"reasoning_tokens": speech.reasoning_tokens},
        "total_tokens": speech.input_tokens + speech.output_tokens,
    }


def stream(response, call, speech, finish):
    begun = {**response, "status": "in_progress", "incomplete_details": None, "output": [], "usage": None}
    where = {"item_id": f"msg_{call.digest[:48]}", "output_index": 0, "content_index": 0}
    events = [
        ("created", {"response": begun}),
        ("in_progress", {"response": begun}),
        ("output_item.added", {"output_index": 0, "item": item(call, speech, "in_progress")}),
        ("content_part.added", {**where, "part": part("")}),
        *(("output_text.delta", {**where, "delta": word, "logprobs": []}) for word in speech.words),
        ("output_text.done", {**where, "text": speech.text, "logprobs": []}),
        ("content_part.done", {**where, "part": part(speech.text)}),
        ("output_item.done", {"output_index": 0, "item": item(call, speech, finish)}),
        (finish, {"response": response}),
    ]
    return [event({"type": f"response.{name}", "sequence_number": number, **fields}, f"response.{name}")
            for number, (name, fields) in enumerate(events)]
