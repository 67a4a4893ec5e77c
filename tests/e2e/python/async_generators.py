# SPDX-License-Identifier: Apache-2.0
"""Likewise async generators."""

import asyncio, sys
async def a1():
    try:
        yield 1
    except ValueError:
        print("VE", sys.exc_info()[0])
    print(sys.exc_info()[0])
    x = yield 2
    print("x", x)
    try:
        yield 3
    finally:
        await asyncio.sleep(0)
        print("fin")
    raise KeyError(3)
async def a2():
    try:
        yield 1
    except GeneratorExit:
        print("GE")
        yield 3
async def a3():
    try:
        yield 1
    except GeneratorExit:
        print("GE")
        return
async def use(g, *ops):
    for op in ops:
        try:
            print(op[0], await getattr(g, op[0])(*op[1:]))
        except BaseException as e:
            print(op[0], repr(e), repr(e.__context__), repr(e.__cause__))
async def main():
    await use(a1(), ("__anext__",), ("athrow", ValueError(1)), ("asend", 5), ("asend", 6), ("asend", 7))
    await use(a1(), ("__anext__",), ("aclose",), ("aclose",), ("asend", 3))
    await use(a2(), ("__anext__",), ("aclose",), ("aclose",), ("asend", 3))
    await use(a2(), ("__anext__",), ("athrow", GeneratorExit), ("aclose",), ("asend", 3))
    await use(a3(), ("__anext__",), ("athrow", GeneratorExit), ("aclose",), ("asend", 3))
    async for x in a1():
        print(x)
        break
    g = a1()
    await g.asend(None)
    h = a1()
    await h.asend(None)
asyncio.run(main())
