# SPDX-License-Identifier: Apache-2.0
"""What is sent, thrown and closed reaches generators where they wait."""

import sys
def g1():
    try:
        yield 1
    except GeneratorExit:
        return 7
def g2():
    try:
        yield 1
    except GeneratorExit:
        yield 2
def g3():
    try:
        yield 1
    except ValueError:
        pass
    print(sys.exc_info())
    yield 2
    raise KeyError(1)
def use(g, *ops):
    for op in ops:
        try:
            print(op[0], getattr(g, op[0])(*op[1:]))
        except BaseException as e:
            print(op[0], repr(e), repr(e.__context__), repr(e.__cause__))
use(g1(), ("__next__",), ("close",))
use(g1(), ("__next__",), ("throw", GeneratorExit))
use(g1(), ("__next__",), ("throw", GeneratorExit()))
use(g2(), ("__next__",), ("close",))
use(g2(), ("__next__",), ("throw", GeneratorExit))
use(g3(), ("__next__",), ("throw", ValueError(3)), ("send", 5))
use(g3(), ("throw", ValueError(3)), ("send", 5))
use(g3(), ("__next__",), ("throw", StopIteration(3)), ("send", 5))
use(g3(), ("__next__",), ("throw", KeyboardInterrupt()), ("send", 5))
g = g1(); next(g); print(type(g), g.gi_frame is not None, g.gi_running, g.gi_code.co_name, g.__name__, g.__qualname__)
import inspect
print(inspect.getgeneratorstate(g), inspect.signature(g1))
def sub():
    x = yield from g1()
    print("got", x)
    return x
use(sub(), ("__next__",), ("send", 1))
