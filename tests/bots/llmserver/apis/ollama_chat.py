# SPDX-License-Identifier: Apache-2.0
"""Ollama's chat: lines of JSON, unless the client wants it in one piece."""

import re

import apis
from apis import compact
from call import Reply

NAME = "ollama.chat"
PATH = re.compile("/api/chat$")
KEYLESS = True
CREATED = "2025-10-09T08:53:20.000000000Z"


def answer(call, script):
    speech = apis.speech_of(apis.messages_of(call, "messages"), script,
                            limit=(call.document.get("options") or {}).get("num_predict"))
    finish = "stop" if speech.is_whole else "length"
    account = {**apis.account(NAME, call, script, speech, finish), "stream": is_stream(call)}
    common = {"model": apis.served(script), "created_at": CREATED}
    ended = {"done": True, "done_reason": finish, "total_duration": 174560334, "load_duration": 101397084,
             "prompt_eval_count": speech.input_tokens, "prompt_eval_duration": 13074791,
             "eval_count": speech.output_tokens, "eval_duration": 52479709}
    if is_stream(call):
        pieces = [line({**common, "message": said(word), "done": False}) for word in speech.words]
        pieces.append(line({**common, "message": said(""), **ended}))
        return Reply(200, {"content-type": "application/x-ndjson"}, pieces, streamed=True, account=account,
                     broken=broken)
    body = compact({**common, "message": said(speech.text), **ended}).encode()
    return Reply(200, {"content-type": "application/json; charset=utf-8"}, [body], account=account)


def refusal(call, status, message):
    account = {**apis.refused(NAME, call, message), "stream": is_stream(call)}
    return Reply(status, {"content-type": "application/json; charset=utf-8"}, [compact({"error": message}).encode()],
                 account=account)


def broken():
    return line({"error": "an error was encountered while running the model"})


def is_stream(call):
    return call.document.get("stream", True) is not False


def said(text):
    return {"role": "assistant", "content": text}


def line(document):
    return compact(document).encode() + b"\n"
