# SPDX-License-Identifier: Apache-2.0
"""What OpenAI's APIs have in common: ids, headers, errors."""

import json

import apis
from call import Reply

# type and code of an error
KINDS = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    403: ("invalid_request_error", "unsupported_country_region_territory"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
}


def headers(call, content_type):
    return {"content-type": content_type, "openai-version": "2020-10-01", "openai-processing-ms": "17",
            "x-request-id": request_id(call)}


def request_id(call):
    return f"req_{call.digest[:24]}{call.attempt or 0:08x}"


def error(status, message):
    kind, code = KINDS.get(status, ("server_error", None))
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def refusal(api, call, status, message):
    body = json.dumps(error(status, message), indent=4).encode() + b"\n"
    return Reply(status, headers(call, "application/json; charset=utf-8"), [body], request_id=request_id(call),
                 account=apis.refused(api, call, message))


def whole(call, document, account):
    """The reply of one JSON document, indented as OpenAI's are."""
    body = json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"
    return Reply(200, headers(call, "application/json"), [body], request_id=request_id(call), account=account)


def stream(call, pieces, account, broken):
    return Reply(200, headers(call, "text/event-stream; charset=utf-8"), pieces, streamed=True,
                 request_id=request_id(call), account=account, broken=broken)
