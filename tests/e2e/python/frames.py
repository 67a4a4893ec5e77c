# SPDX-License-Identifier: Apache-2.0
"""Who looks at frames sees those of the program alone (from Python 3.11 on)."""

import asyncio
import cProfile
import inspect
import io
import pstats
import sys
import traceback
import warnings


def here():
    return sys._getframe(1).f_code.co_name


def caller():
    return here()


def warn():
    warnings.warn("look where I was called", stacklevel=2)


def fail(n):
    if n == 0:
        raise ValueError("x")
    try:
        fail(n - 1)
    except ValueError as error:
        raise KeyError("y") from error


async def fail_later():
    await asyncio.sleep(0)
    fail(1)


def fail_in_turn():
    yield 1
    fail(0)


async def fail_at_last():
    yield 1
    fail(0)


async def read_all():
    return [item async for item in fail_at_last()]


def show(function, *arguments):
    try:
        function(*arguments)
    except Exception:
        traceback.print_exc()


def lines_of(function):
    """What a debugger steps through, and what is covered."""
    lines = []

    def trace(frame, event, argument):
        if frame.f_code.co_filename == __file__ and frame.f_code.co_name in ("caller", "here") and event == "line":
            lines.append(frame.f_lineno)
        return trace

    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(None)
    return lines


def profile_of(function):
    profile = cProfile.Profile()
    profile.runcall(function)
    stats = pstats.Stats(profile, stream=io.StringIO()).stats
    return sorted((name, calls) for (file, _, name), (calls, *_) in stats.items() if file == __file__)


def main():
    print(caller(), [frame.function for frame in inspect.stack()])
    warn()
    for function, *arguments in ((fail, 0), (fail, 2), (list, fail_in_turn())):
        show(function, *arguments)
    show(asyncio.run, fail_later())
    show(asyncio.run, read_all())
    print(lines_of(caller), profile_of(caller))


main()
