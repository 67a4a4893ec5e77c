# SPDX-License-Identifier: Apache-2.0
"""What code of ours calls in another process, to which the program has sent its functions by value (cloudpickle): it does
what the original does, and nothing else. Runs where nothing of ours is.
"""

import sys

GENERATOR, COROUTINE, ASYNC_GENERATOR = 0x20, 0x80, 0x200


class Driven:
    def __init__(self, inner):
        self.inner = inner

    def __iter__(self):
        return self.inner

    def __await__(self):
        return self.inner.__await__()

    def failed(self):
        return True


class Items:
    def __init__(self, inner):
        self.inner, self.sent, self.thrown = inner, None, None
        self.waits = self.over = False

    def __bool__(self):
        return not self.over

    def keep(self, sent):
        self.sent = sent

    async def resume(self):
        sent, thrown = self.sent, self.thrown
        self.sent, self.thrown, self.waits = None, None, False
        item = await (self.inner.asend(sent) if thrown is None else self.inner.athrow(thrown))
        self.waits = True
        return item

    def failed(self):
        error = sys.exc_info()[1]
        if self.waits:
            self.thrown = error
        elif isinstance(error, StopAsyncIteration):
            self.over = True
        return not self.waits and not self.over


def make(flags, positional, keywords, more_positional, more_keyword):
    """Takes a function of the original code, and the parameters in order."""
    driver = Items if flags & ASYNC_GENERATOR else Driven if flags & (GENERATOR | COROUTINE) else None

    def call(original, *values):
        last = positional + len(keywords)
        more = values[last] if more_positional else ()
        named = dict(zip(keywords, values[positional:last]))
        if more_keyword:
            named.update(values[-1])
        made = original(*values[:positional], *more, **named)
        return made if driver is None else driver(made)

    return call
