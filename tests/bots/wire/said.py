# SPDX-License-Identifier: Apache-2.0
"""What a program says of its calls: a line each, of what it got or of what went wrong."""

import json


def line(name, got):
    print(name, json.dumps(got, ensure_ascii=False), flush=True)


def wrong(error):
    status = getattr(error, "status_code", None) or getattr(error, "code", None)
    return [type(error).__name__, status]


def of(name, work):
    try:
        line(name, work())
    except Exception as error:
        line(name, wrong(error))


async def of_async(name, work):
    try:
        line(name, await work)
    except Exception as error:
        line(name, wrong(error))
