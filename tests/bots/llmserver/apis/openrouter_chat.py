# SPDX-License-Identifier: Apache-2.0
"""OpenRouter's chat completions: as OpenAI's, but it tells what a call costs, and in streams that it is at work."""

import json
import re

import apis
import openai_common
from apis import event, openai_chat

NAME = "openrouter.chat"
PATH = re.compile("/api/v1/chat/completions$")
NANO = 1_000_000_000


def answer(call, script):
    reply = openai_chat.answer(call, script)
    cost = (reply.account["input_tokens"] * 3 + reply.account["output_tokens"] * 15) / 1_000_000
    reply.account.update(api=NAME, cost_nano_usd=round(cost * NANO))
    if reply.streamed:
        reply.pieces = [b": OPENROUTER PROCESSING\n\n", *(told(piece, cost) for piece in reply.pieces)]
    else:
        reply.pieces = [json.dumps(priced(json.loads(reply.pieces[0]), cost)).encode()]
    return reply


def refusal(call, status, message):
    reply = openai_common.refusal(NAME, call, status, message)
    reply.pieces = [json.dumps({"error": {"code": status, "message": message}}).encode()]
    return reply


def told(piece, cost):
    data = piece.removeprefix(b"data: ")
    return event(priced(json.loads(data), cost)) if data.startswith(b"{") else piece


def priced(document, cost):
    if document.get("usage"):
        document["usage"].update(cost=cost, cost_details={"upstream_inference_cost": None})
    return {**document, "provider": "Anthropic"}
