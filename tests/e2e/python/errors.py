# SPDX-License-Identifier: Apache-2.0
"""Exceptions whose text is code of the program; what they carry stays as it is."""

import sys, traceback, asyncio
def touched(w): print("touched", w)
class Nasty(Exception):
    def __str__(self): touched("str"); raise RuntimeError("str")
    def __repr__(self): touched("repr"); return "r"
class NastyArg:
    def __str__(self): touched("arg str"); raise RuntimeError
    __repr__ = __str__
class ArgsProp(Exception):
    @property
    def args(self): touched("args"); return ("x",)
class Lie(Exception):
    @property
    def __class__(self): touched("class"); return KeyError
class MetaE(type(Exception)):
    def __getattribute__(cls, n): touched("meta " + n) if n.startswith("__mod") else None; return super().__getattribute__(n)
class WithMeta(Exception, metaclass=MetaE): pass
class Sub(asyncio.CancelledError): pass
class Slow(Exception):
    def __init__(self, *a): super().__init__(*a); self.response = "x" * 10
def raiser(e):
    raise e
def chained(e):
    try:
        raise KeyError("inner")
    except KeyError as k:
        if isinstance(e, OSError): raise e from k
        raise e
def swallow(e):
    try:
        raiser(e)
    except BaseException as x:
        assert x is e
        print(sys.exc_info()[0].__name__, len(traceback.extract_tb(x.__traceback__)), x.__cause__, x.__context__, x.__suppress_context__)
    print(sys.exc_info())
def main():
    for e in [Nasty("a"), Nasty(), ValueError(NastyArg()), KeyError(NastyArg(), 1), OSError(2, "no", NastyArg()), OSError(2, "no", "file"), ArgsProp("q"),
              Lie("x"), WithMeta("m"), Sub(), SystemExit(3), SystemExit(), KeyboardInterrupt(), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
              ValueError("x" * 10**7), ValueError("\ud800"), ValueError(), KeyError("k"), Slow("slow"), StopIteration(4), GeneratorExit(),
              SyntaxError("s", ("f", 1, 2, "t")), ImportError("i", name="n"), AttributeError("a", name="n", obj=NastyArg()), ValueError("two", 2), ValueError(10**5000) ,
              *([ExceptionGroup("g", [ValueError(1), KeyError(2)])] if sys.version_info >= (3, 11) else [])]:
        for f in (raiser, chained):
            try:
                f(e)
            except BaseException as x:
                assert x is e
                print(f.__name__, type(x).__name__, len(traceback.extract_tb(x.__traceback__)) if sys.version_info >= (3,11) else "", repr(x.__cause__), repr(x.__context__), x.__suppress_context__)
            print(sys.exc_info())
            e.__traceback__ = None
        swallow(e) if sys.version_info >= (3,11) else None
    try:
        raise ValueError("outer")
    except ValueError:
        print(sys.exc_info()[1]); 
        def nested(): return sys.exc_info()[1]
        print(nested())
        try: raiser(KeyError("in"))
        except KeyError as k: print(repr(k.__context__))
main()
print("done")
