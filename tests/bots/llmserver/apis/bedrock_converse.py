# SPDX-License-Identifier: Apache-2.0
"""Bedrock's converse and converse-stream, whose events are binary frames."""

import re
import struct
import zlib

import apis
from apis import compact
from call import Reply

NAME = "bedrock.converse"
PATH = re.compile("/model/[^/]+/converse(?:-stream)?$")
STRING = 7  # type of a header's value

KINDS = {400: "ValidationException", 403: "AccessDeniedException", 404: "ResourceNotFoundException",
         429: "ThrottlingException", 500: "InternalServerException", 503: "ServiceUnavailableException"}


def answer(call, script):
    limit = (call.document.get("inferenceConfig") or {}).get("maxTokens")
    system = "".join(part.get("text", "") for part in call.document.get("system") or [])
    speech = apis.speech_of(apis.messages_of(call, "messages"), script, system, limit)
    finish = "end_turn" if speech.is_whole else "max_tokens"
    # What serves a model is not told here.
    account = {**apis.account(NAME, call, script, speech, finish), "stream": is_stream(call), "served": None}
    if is_stream(call):
        return Reply(200, headers(call, "application/vnd.amazon.eventstream"), stream(speech, finish), streamed=True,
                     request_id=request_id(call), account=account, broken=broken)
    document = {"output": {"message": {"role": "assistant", "content": [{"text": speech.text}]}},
                "stopReason": finish, "usage": usage(speech), "metrics": {"latencyMs": 17}}
    return Reply(200, headers(call, "application/json"), [compact(document).encode()], request_id=request_id(call),
                 account=account)


def refusal(call, status, message):
    account = {**apis.refused(NAME, call, message), "stream": is_stream(call)}
    kind = {"x-amzn-errortype": KINDS.get(status, "InternalServerException")}
    return Reply(status, {**headers(call, "application/json"), **kind}, [compact({"message": message}).encode()],
                 request_id=request_id(call), account=account)


def broken():
    return frame({":message-type": "exception", ":exception-type": "modelStreamErrorException",
                  ":content-type": "application/json"}, {"message": "something went wrong on our side"})


def is_stream(call):
    return call.path.endswith("-stream")


def request_id(call):
    digest = call.digest
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"


def headers(call, content_type):
    return {"content-type": content_type, "x-amzn-requestid": request_id(call)}


def usage(speech):
    return {"inputTokens": speech.input_tokens, "outputTokens": speech.output_tokens,
            "totalTokens": speech.input_tokens + speech.output_tokens}


def stream(speech, finish):
    documents = [
        ("messageStart", {"role": "assistant"}),
        *(("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": word}}) for word in speech.words),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("messageStop", {"stopReason": finish}),
        ("metadata", {"usage": usage(speech), "metrics": {"latencyMs": 17}}),
    ]
    return [frame({":event-type": name, ":content-type": "application/json", ":message-type": "event"}, document)
            for name, document in documents]


def frame(names, document):
    """Lengths, their checksum, headers, payload, and the checksum of it all."""
    fields = b"".join(struct.pack(">B", len(name)) + name.encode() + struct.pack(">BH", STRING, len(value))
                      + value.encode() for name, value in names.items())
    payload = compact(document).encode()
    prelude = struct.pack(">II", 16 + len(fields) + len(payload), len(fields))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + fields + payload
    return message + struct.pack(">I", zlib.crc32(message))
