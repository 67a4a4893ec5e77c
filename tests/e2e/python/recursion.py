# SPDX-License-Identifier: Apache-2.0
"""A recursion goes as deep as without us, and no deeper."""

import sys
import threading

deepest = 0


def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)


def fall(n=0):
    global deepest
    deepest = n
    fall(n + 1)


def walk(n):
    yield n
    if n:
        yield from walk(n - 1)


async def wait(n):
    return 0 if n == 0 else 1 + await wait(n - 1)


def run(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value


def limit_of(function, *arguments):
    """Where the interpreter stops it. How deep we are when we ask is all that may differ."""
    try:
        function(*arguments)
    except RecursionError as error:
        return type(error).__name__
    return None


def main():
    print(depth(900), len(list(walk(300))), run(wait(300)))
    print(limit_of(fall), deepest // 10)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(100000)
    print(depth(2000))
    if sys.version_info >= (3, 11):  # before, this ends with the stack
        print(depth(90000))
    sys.setrecursionlimit(limit)
    print(sys.getrecursionlimit(), limit_of(fall), deepest // 10)


main()
threading.stack_size(256 * 1024)
thread = threading.Thread(target=lambda: print(depth(200)))
thread.start()
thread.join()
