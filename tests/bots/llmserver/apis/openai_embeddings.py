# SPDX-License-Identifier: Apache-2.0
"""OpenAI's embeddings."""

import base64
import hashlib
import re
import struct

import apis
import openai_common
from speech import tokens

NAME = "openai.embeddings"
PATH = re.compile("/embeddings$")
NUMBERS = 8  # of a vector


def answer(call, script):
    texts = call.document.get("input")
    texts = [texts] if isinstance(texts, str) else texts
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise apis.Refused("input: a text, or a list of them, is required")
    used = sum(map(tokens, texts))
    document = {"object": "list", "model": apis.served(script),
                "data": [{"object": "embedding", "index": index, "embedding": vector(call, text)}
                         for index, text in enumerate(texts)],
                "usage": {"prompt_tokens": used, "total_tokens": used}}
    account = {"api": NAME, "model": call.model, "served": apis.served(script), "stream": False, "prompt": texts[-1],
               "input_tokens": used, "output_tokens": 0}
    return openai_common.whole(call, document, account)


def refusal(call, status, message):
    return openai_common.refusal(NAME, call, status, message)


def vector(call, text):
    """Numbers between -1 and 1, coded as the client likes them."""
    digest = hashlib.sha256(text.encode()).digest()
    numbers = [byte / 128 - 1 for byte in digest[:NUMBERS]]
    if call.document.get("encoding_format") == "base64":
        return base64.b64encode(struct.pack(f"<{NUMBERS}f", *numbers)).decode()
    return numbers
