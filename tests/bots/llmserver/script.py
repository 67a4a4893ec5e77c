# SPDX-License-Identifier: Apache-2.0
"""What a call is to meet with: words behind its model's name, or in the header x-script.

    gpt-4o+status=429*2+after=0.02      twice refused, then answered
    claude-sonnet-4-5+pace=10ms+cut=7   a stream of slow events that is cut after the seventh

NUMBERS and `status` are read here; every other word is a file in effects/, whose put_on(reply, value) does it.
"""

import importlib
import re


class Unscripted(Exception):
    """A word that nothing here knows: a mistake in a test."""


# Seconds of retry-after; tokens of the prompt that were in the cache; tokens of the answer that nobody sees; 1: the model
# asks for the first of the tools, until it is told what that answered.
NUMBERS = {"after": None, "cached": 0, "reasoning": 0, "tool": 0}

BUSY = (429, 503, 529)

REASONS = {
    400: "this model does not take that",
    401: "this is no key of ours",
    403: "this key may not do that",
    404: "there is no such model",
    413: "this is too much at once",
    429: "too many requests of yours, please wait",
    500: "something went wrong on our side",
    503: "too many requests of everybody's, please wait",
    529: "too many requests of everybody's, please wait",
}


class Script:
    def __init__(self, call):
        name, *words = (call.model if isinstance(call.model, str) else "").split("+")
        self.model = name
        self.status, self.times = 200, None
        self.numbers = dict(NUMBERS)
        self.effects = []
        for word in [*words, *call.headers.get("x-script", "").split()]:
            key, _, value = word.partition("=")
            self.read(key, value)

    def read(self, key, value):
        if key == "status":
            status, _, times = value.partition("*")
            self.status, self.times = int(status), int(times) if times else None
        elif key in self.numbers:
            self.numbers[key] = float(value) if "." in value else int(value)
        elif re.fullmatch("[a-z]+", key) and importlib.util.find_spec(f"effects.{key}"):
            self.effects.append((importlib.import_module(f"effects.{key}"), value))
        else:
            raise Unscripted(f"no such word in a script: {key}")

    @property
    def reason(self):
        return REASONS.get(self.status, "no")

    def put_on(self, reply):
        after = self.numbers["after"]
        if reply.status in BUSY or after is not None and reply.status != 200:
            reply.headers["retry-after"] = 1 if after is None else after
        for effect, value in self.effects:
            effect.put_on(reply, value)


def seconds(value):
    """ "20ms" or "2s" in seconds."""
    number, unit = re.fullmatch(r"([0-9.]+)(ms|s)", value).groups()
    return float(number) / (1000 if unit == "ms" else 1)
