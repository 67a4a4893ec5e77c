# SPDX-License-Identifier: Apache-2.0
"""What functions answer: streams that go on are followed, but what somebody else has, too, is itself."""

import asyncio, sys, types, copy, pickle, functools, inspect, dataclasses, abc, typing, gc, weakref
def gen():
    yield 1
GEN = gen()
def same(x):
    return x
async def co(): return 1
class Stream:
    subs = []
    def __init_subclass__(cls, **k): Stream.subs.append(cls.__name__)
    def __init__(self): self.n = 0
    def __iter__(self): return self
    def __next__(self):
        self.n += 1
        if self.n > 3: raise StopIteration
        return self.n
    def __setattr__(self, n, v): print("set", n); object.__setattr__(self, n, v)
class Plain:
    def __init__(self): self.n = 0
    def __iter__(self): return self
    def __next__(self):
        self.n += 1
        if self.n > 3: raise StopIteration
        return self.n
    def close(self): print("closed")
class AStream(typing.Generic[typing.TypeVar("T")]):
    def __init__(self): self.n = 0
    def __aiter__(self): return self
    async def __anext__(self):
        self.n += 1
        if self.n > 3: raise StopAsyncIteration
        return self.n
    async def __aenter__(self): return self
    async def __aexit__(self, *e): print("aexit")
def llm_stream(): return Stream()
def llm_plain(): return Plain()
def llm_same(x): return x
async def llm_astream(): return AStream()
def llm_gen(): return gen()
def llm_raise(): return (1 // x for x in (1, 0))
@types.coroutine
def tc(n):
    x = yield from asyncio.sleep(0, n).__await__()
    y = yield from co()
    return (x, y)
class Lazy:
    def __getattr__(self, n): print("lazy", n); raise RuntimeError(n)
async def main():
    print(same(GEN) is GEN, llm_same(GEN) is GEN, next(GEN))
    c = co(); print(same(c) is c, await c)
    l = Lazy(); print(same(l) is l, llm_same(l) is l)
    s = llm_stream(); print(type(s) is Stream, Stream.subs, list(s))
    p = llm_plain(); print(type(p).__name__, isinstance(p, Plain), list(p), copy.deepcopy(p).n, copy.copy(p).n); p.close()
    async with await llm_astream() as a: print([x async for x in a])
    print(list(llm_gen()))
    try: print(list(llm_raise()))
    except ZeroDivisionError as e: print("zde", e.__context__)
    print(await tc(4))
    m = llm_same(iter([1,2])); print(list(m))
    it = llm_same(map(str, [1])); print(type(it), list(it))
asyncio.run(main())
