# SPDX-License-Identifier: Apache-2.0
"""Programs made at random, from functions of every kind that call, resume, throw at and close each other. What they
print depends on nothing but themselves."""

HEAD = '''{future}import asyncio, contextlib, contextvars, copy, dataclasses, functools, inspect, pickle, sys, threading, types, typing, weakref
from typing import overload

FUEL, LIMIT = [400], 10**30
VAR = contextvars.ContextVar("VAR", default=0)


def out(*values):
    print(*values, flush=True)


def spend():
    FUEL[0] -= 1
    return FUEL[0] > 0


def chain(error, depth=0):
    """An exception, what it came of, and where it was raised."""
    if error is None or depth > 3:
        return "-"
    lines = []
    at = error.__traceback__
    while at is not None:
        code = at.tb_frame.f_code
        {skip}
        lines.append("%s:%d" % (code.co_name, at.tb_lineno))
        at = at.tb_next
    more = ""
    if hasattr(error, "exceptions"):
        more = "[" + " ".join(chain(inner, depth + 1) for inner in error.exceptions) + "]"
    return "%s%r%s<%s>(%s|%s|%s)" % (type(error).__name__, error.args, more, " ".join(lines), chain(error.__cause__, depth + 1),
                                 chain(error.__context__, depth + 1), error.__suppress_context__)


def handled():
    return type(sys.exc_info()[1]).__name__


class Error(Exception):
    pass


class Base(BaseException):
    pass


class Manager:
    def __init__(self, name, swallows):
        self.name, self.swallows = name, swallows

    def __enter__(self):
        out("enter", self.name)
        return self

    def __exit__(self, kind, value, traceback):
        out("exit", self.name, kind)
        return self.swallows and kind is not None and issubclass(kind, Exception)

    async def __aenter__(self):
        await asyncio.sleep(0)
        return self.__enter__()

    async def __aexit__(self, *error):
        await asyncio.sleep(0)
        return self.__exit__(*error)


@contextlib.contextmanager
def managed(name):
    out("managed", name)
    try:
        yield name
    except Error as error:
        out("managed saw", chain(error))
    finally:
        out("unmanaged", name)


@contextlib.asynccontextmanager
async def amanaged(name):
    out("amanaged", name)
    await asyncio.sleep(0)
    try:
        yield name
    except Error as error:
        out("amanaged saw", chain(error))
    finally:
        await asyncio.sleep(0)
        out("unamanaged", name)


def plainly(function):
    def inner(*args, **kwargs):
        return function(*args, **kwargs)
    return inner


def wrapping(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        return function(*args, **kwargs)
    return inner


def end(generator):
    """Until it does not ignore that it is closed."""
    for _ in range(20):
        try:
            generator.close()
            break
        except BaseException as error:
            out("close raised", chain(error))


def operate(generator, operations):
    for name, *args in operations:
        try:
            if name == "next":
                out(name, next(generator, "default"))
            elif name == "list":
                out(name, list(zip(range(5), generator)))
            else:
                out(name, getattr(generator, name)(*args))
        except BaseException as error:
            out(name, "raised", chain(error))
    out(inspect.getgeneratorstate(generator), generator.__name__, generator.__qualname__)
    end(generator)


async def aoperate(generator, operations):
    for name, *args in operations:
        try:
            if name == "for":
                async for item in generator:
                    out("item", item)
                    if not spend():
                        break
            elif name == "break":
                async for item in generator:
                    out("item", item)
                    break
            else:
                out(name, await getattr(generator, name)(*args))
        except BaseException as error:
            out(name, "raised", chain(error))
    for _ in range(20):
        try:
            await generator.aclose()
            break
        except BaseException as error:
            out("aclose raised", chain(error))


def drive(coroutine, operations):
    """By hand, as an event loop would."""
    for name, *args in operations:
        try:
            out(name, getattr(coroutine, name)(*args))
        except BaseException as error:
            out(name, "raised", chain(error))
    end(coroutine)
    out(inspect.getcoroutinestate(coroutine))


async def guarded(coroutine):
    """As a task: these two would end the event loop."""
    try:
        return await coroutine
    except (KeyboardInterrupt, SystemExit) as error:
        return chain(error)


@types.coroutine
def pause(value):
    got = yield value
    return got


def describe(function):
    raw = inspect.unwrap(function)
    out(function.__name__, function.__qualname__, function.__module__, function.__doc__, inspect.signature(function))
    out(inspect.iscoroutinefunction(function), inspect.isgeneratorfunction(function), inspect.isasyncgenfunction(function))
    out(raw.__defaults__, raw.__kwdefaults__, sorted(raw.__annotations__), raw.__code__.co_firstlineno,
        raw.__code__.co_varnames[:raw.__code__.co_argcount], len(inspect.getsource(raw)))
    out(inspect.getfullargspec(raw)[:4], raw.__code__.co_flags & 0x3ff & ~0x50, raw.__closure__ is None)


'''

TAIL = '''
if __name__ == "__main__":
    asyncio.run(main())
    out("fuel", FUEL[0] > 0)
'''

SKIP = '''if at.tb_lineno == code.co_firstlineno and at.tb_lineno > 1:
            at = at.tb_next
            continue'''

ERRORS = ["Error('e%d')", "ValueError(%d)", "KeyError('k%d')", "StopIteration(%d)", "StopAsyncIteration(%d)", "GeneratorExit(%d)",
          "KeyboardInterrupt(%d)", "Base(%d)", "RuntimeError('r%d')", "SystemExit(%d)", "asyncio.CancelledError(%d)"]
HANDLERS = ["GeneratorExit", "Error", "ValueError", "Exception", "BaseException", "(KeyError, RuntimeError)", "StopIteration",
            "LookupError", "asyncio.CancelledError"]
ENDS = ["BaseException"]
KINDS = ["function", "generator", "coroutine", "agen"]


class Body:
    """Statements of one function."""

    closes = False  # may it run while an async generator is closed? Nobody can tell what one that ignores that does

    def __init__(self, program, kind, names, depth=0):
        self.program, self.randomly = program, program.randomly
        self.kind, self.names, self.depth = kind, names, depth

    def inner(self, **changes):
        made = Body(self.program, self.kind, list(self.names), self.depth + 1)
        made.closes = self.closes
        made.__dict__.update(changes)
        return made.lines()

    def value(self):
        pick = self.randomly.random()
        if self.names and pick < 0.5:
            return self.randomly.choice(self.names)
        return self.randomly.choice([str(self.randomly.randrange(100)), "'t%d'" % self.randomly.randrange(9), "None", "[1, 2]",
                                     "(3,)", "VAR.get()", "handled()", "sys._getframe().f_code.co_name"])

    def error(self):
        text = self.randomly.choice(ERRORS if self.randomly.random() < 0.4 else ERRORS[:3])
        return text % self.randomly.randrange(50)

    def lines(self):
        made = []
        for _ in range(self.randomly.randrange(1, 4 if self.depth else 6)):
            made += self.statement()
        return made

    def indented(self, lines):
        return ["    " + line for line in lines]

    def statement(self):
        choices = [self.tell, self.assign, self.tell]
        if self.depth < 3:
            choices += [self.attempt, self.attempt, self.condition, self.loop, self.manage]
        choices += [self.call, self.call, self.call]
        if self.randomly.random() < 0.3:
            choices += [self.fail, self.give]
        if self.kind == "generator" or self.kind == "agen" and not self.closes:
            choices += [self.give_item] * 4
        if self.kind == "generator":
            choices += [self.delegate] * 2
        if self.kind in ("coroutine", "agen"):
            choices += [self.wait] * 2
        if self.depth < 2 and self.kind == "function":
            choices.append(self.closure)
        return self.randomly.choice(choices)()

    # --- statements ---

    def tell(self):
        return ["out(%s, %s)" % (repr(self.program.label()), self.value())]

    def assign(self):
        name = "v%d" % self.randomly.randrange(4)
        line = "%s = %s" % (name, self.value())
        if name not in self.names:
            self.names.append(name)
        return [line]

    def condition(self):
        lines = ["if spend():"] + self.indented(self.inner())
        if self.randomly.random() < 0.5:
            lines += ["else:"] + self.indented(self.inner())
        return lines

    def loop(self):
        head = self.randomly.choice(["for i in range(%d):" % self.randomly.randrange(4), "while spend():"])
        lines = [head] + self.indented(self.inner())
        return lines + (["    break"] if head.startswith("while") else [])

    def attempt(self):
        lines = ["try:"] + self.indented(self.inner())
        handlers = self.randomly.sample(HANDLERS[self.kind == "agen":], self.randomly.randrange(0, 3))
        for handler in handlers:
            body = self.inner(closes=self.closes or handler in ENDS)
            tell = ["out('caught', chain(error))"] if self.randomly.random() < 0.7 else []
            more = ["raise"] if self.randomly.random() < 0.15 or handler in ENDS and self.kind == "agen" else []
            lines += ["except %s as error:" % handler] + self.indented(tell + body + more)
        if handlers and self.randomly.random() < 0.3:
            lines += ["else:"] + self.indented(self.inner())
        if not handlers or self.randomly.random() < 0.3:
            lines += ["finally:"] + self.indented(["out('finally', handled())"] + self.inner(closes=True))
        return lines

    def manage(self):
        name = self.program.label()
        plain = ["with Manager(%r, %s):" % (name, self.randomly.random() < 0.3), "with managed(%r):" % name]
        asynchronous = ["async " + line.replace("managed", "amanaged") for line in plain]
        choices = plain + (asynchronous if self.kind in ("coroutine", "agen") else [])
        return [self.randomly.choice(choices)] + self.indented(self.inner())

    def fail(self):
        end = self.randomly.choice(["", "", " from None", " from KeyError('cause')"])
        return ["if spend():", "    raise %s%s" % (self.error(), end)]

    def give(self):
        if self.kind == "agen":
            return ["if spend():", "    return"]
        return ["if spend():", "    return %s" % self.value()]

    def give_item(self):
        if self.randomly.random() < 0.5:
            return ["yield %s" % self.value()]
        return ["got = yield %s" % self.value(), "out('got', got, handled())"]

    def callee(self, kinds):
        known = [name for name, kind in self.program.known if kind in kinds]
        return self.randomly.choice(known) if known else None

    def arguments(self):
        return ", ".join(self.value() for _ in range(self.randomly.randrange(1, 3)))

    def delegate(self):
        callee = self.callee(["generator"])
        if callee is None:
            return self.tell()
        return ["if spend():", "    out('delegated', (yield from %s(%s)))" % (callee, self.arguments())]

    def wait(self):
        callee = self.callee(["coroutine"])
        pick = self.randomly.random()
        if callee is None or pick < 0.3:
            return ["await asyncio.sleep(0)"]
        made = "%s(%s)" % (callee, self.arguments())
        if pick < 0.6:
            return ["if spend():", "    out('awaited', await %s)" % made]
        if pick < 0.8:
            return ["if spend():", "    for result in await asyncio.gather(guarded(%s), asyncio.sleep(0, 'slept'), return_exceptions=True):" % made,
                    "        out('gathered', chain(result) if isinstance(result, BaseException) else result)"]
        return ["if spend():", "    task = asyncio.ensure_future(guarded(%s))" % made,
                "    for i in range(%d):" % self.randomly.randrange(4), "        await asyncio.sleep(0)",
                "    out('cancelled', task.cancel())",
                "    try:", "        out('task', await task)",
                "    except BaseException as error:", "        out('task raised', chain(error))"]

    def operations(self, names, n=6):
        made = []
        for _ in range(self.randomly.randrange(1, n)):
            name = self.randomly.choice(names)
            if name in ("send", "asend"):
                made.append("(%r, %s)" % (name, self.randomly.choice(["None", "None", "5", "'sent'"])))
            elif name in ("throw", "athrow"):
                made.append("(%r, %s)" % (name, self.randomly.choice([self.error(), self.error().partition("(")[0]])))
            else:
                made.append("(%r,)" % name)
        return "[%s]" % ", ".join(made)

    def call(self):
        kinds = ["function", "generator"] + (["coroutine", "agen"] if self.kind in ("coroutine", "agen") else ["coroutine"])
        callee = self.callee(kinds)
        if callee is None:
            return self.tell()
        kind = dict(self.program.known)[callee]
        made = "%s(%s)" % (callee, self.arguments())
        if kind == "function":
            line = "out('called', %s)" % made
        elif kind == "generator":
            names = ["next", "send", "throw", "close", "list", "next"]
            line = self.randomly.choice(["out('listed', list(%s))" % made,
                                         "operate(%s, %s)" % (made, self.operations(names))])
        elif kind == "agen":
            names = ["__anext__", "asend", "athrow", "aclose", "for", "break", "__anext__"]
            line = self.randomly.choice(["out('listed', [x async for x in %s])" % made,
                                         "await aoperate(%s, %s)" % (made, self.operations(names))])
        else:
            line = "drive(%s, %s)" % (made, self.operations(["send", "send", "throw", "close"]))
        return ["if spend():", "    " + line]

    def closure(self):
        name = self.program.name("inner")
        free = self.randomly.choice(self.names) if self.names else None
        kind = self.randomly.choice(KINDS)
        lines = [self.program.head(kind, name, [])]
        if free and self.randomly.random() < 0.5:
            lines += ["    nonlocal %s" % free]
        if free:
            lines += ["    out('free', %s)" % free, "    %s = %s" % (free, self.value() if lines[-2:-1] else free)]
            if "nonlocal" not in "".join(lines):
                lines = lines[:-2]
        body = Body(self.program, kind, [], self.depth + 1)
        lines += self.indented(body.lines()) + self.program.ending(kind, 1)
        call = {"function": "out('inner', %s())", "generator": "out('inner', list(%s()))",
                "coroutine": "drive(%s(), [('send', None), ('send', None)])",
                "agen": "drive(%s().__anext__(), [('send', None)])"}[kind] % name
        return lines + ["if spend():", "    " + call]


class Program:
    def __init__(self, randomly):
        self.randomly = randomly
        self.known, self.n = [], 0
        parts = []
        for _ in range(randomly.randrange(3, 10)):
            parts.append(self.class_() if randomly.random() < 0.3 else self.function())
        parts.append(self.main())
        self.names = [name for name, _ in self.known if "(" not in name]
        future = "from __future__ import annotations\n" if randomly.random() < 0.5 else ""
        head = HEAD.replace("{future}", future).replace("{skip}", "{skip}")
        self.text = head.replace("{skip}", "if sys.version_info < (3, 11) and at.tb_lineno == code.co_firstlineno > 1:\n"
                                 "            at = at.tb_next\n            continue") + "\n\n".join(parts) + TAIL

    def name(self, prefix):
        self.n += 1
        return "%s%d" % (prefix, self.n)

    def label(self):
        self.n += 1
        return "l%d" % self.n

    def head(self, kind, name, first):
        shape = self.randomly.choice([
            "a=None, b=2", "a=None, *rest", "a: int = 1, /, b: 'str' = 2", "a=None, b=3, *, c=4", "*args, **kwargs",
            "a=None, b=LIMIT, *rest, k: list = (), **more"])
        self.shape = shape
        word = "async def" if kind in ("coroutine", "agen") else "def"
        return "%s %s(%s)%s:" % (word, name, ", ".join(first + [shape]), self.randomly.choice(["", " -> int"]))

    def parameters(self):
        names = self.shape.replace("*", "").replace("/", "").split(",")
        return [name.split(":")[0].split("=")[0].strip() for name in names if name.strip()]

    def ending(self, kind, indent):
        """It is of that kind, whatever is in it."""
        lines = {"function": [], "generator": ["if FUEL[0] < -10**9:", "    yield"], "coroutine": [],
                 "agen": ["if FUEL[0] < -10**9:", "    yield"]}[kind]
        return ["    " * indent + line for line in lines]

    def function(self, indent=0, first=(), name=None, kind=None, known=None):
        kind = kind or self.randomly.choice(KINDS)
        name = name or self.name("f")
        lines = []
        if not first and self.randomly.random() < 0.3:
            choices = ["@plainly", "@wrapping"] + (["@functools.lru_cache(maxsize=2)"] if kind == "function" else [])
            lines.append(self.randomly.choice(choices))
        lines.append(self.head(kind, name, list(first)))
        if self.randomly.random() < 0.4:
            lines.append("    " + self.randomly.choice(['"""Does this."""', "'not ' 'long'", '"""Two\n    lines."""']))
        names = self.parameters()
        tail = self.randomly.random() < 0.4
        lines += ["    spend()"]
        if first and self.randomly.random() < 0.5:
            lines += ["    out(__class__.__name__, super().__hash__ is not None)"]
        if self.randomly.random() < 0.2:
            lines += ["    token = VAR.set(VAR.get() + 1)"]
        lines += ["    " + line for line in Body(self, kind, names).lines()]
        lines += self.ending(kind, 1)
        if tail and kind != "agen":
            lines += ["    return %s" % self.randomly.choice(names)]
        if not first:
            self.known.append((name, kind))
        text = "\n".join("    " * indent + line for line in lines)
        described = lines[0].startswith("@functools.lru") or self.randomly.random() < 0.5
        return text + ("" if first or described else "\n\n\ndescribe(%s)" % name)

    def class_(self):
        name = self.name("C")
        bases = [known.partition("(")[0] for known, kind in self.known if known.endswith(")")]
        base = self.randomly.choice(bases) if bases and self.randomly.random() < 0.5 else ""
        meta = self.randomly.random() < 0.15
        lines = ["class %s(%s):" % (name, base)]
        if self.randomly.random() < 0.3:
            lines += ["    __slots__ = ('slot',)"]
        if self.randomly.random() < 0.3:
            lines += ["    def __init_subclass__(cls, **more):", "        super().__init_subclass__(**more)",
                      "        out('subclass', cls.__name__)"]
        if meta:
            lines = ["class M%s(type):" % name, "    def __call__(cls, *args):", "        out('made', cls.__name__)",
                     "        return super().__call__(*args)", "", "class %s(metaclass=M%s):" % (name, name)]
        lines += ["    def __init__(self, *args):", "        out('init', args)", "    def __repr__(self):",
                  "        return '<%s>' % type(self).__name__"]
        lines += self.randomly.choice([[], ["    def __eq__(self, other):", "        return out('eq') or self is other",
                                            "    __hash__ = object.__hash__"],
                                       ["    def __getattr__(self, name):", "        raise AttributeError(name)"],
                                       ["    def __del__(self):", "        pass"]])
        made = []
        for i in range(self.randomly.randrange(1, 4)):
            method, kind = "m%d" % i, self.randomly.choice(KINDS)
            how = self.randomly.choice(["", "", "@staticmethod", "@classmethod", "@property"])
            if how == "@property":
                lines += ["    @property", "    def p%d(self):" % i, "        spend()", "        return out('p') or 7"]
                made.append(("%s().p%d.bit_length" % (name, i), "function0"))
                continue
            lines += ["    " + how] if how else []
            first = {"": ["self"], "@staticmethod": [], "@classmethod": ["cls"]}[how]
            lines.append(self.function(1, first or ["_unused=0"], method, kind))
            made.append(("%s(%s).%s" % (name, i, method), kind))
        self.known += [(call, kind) for call, kind in made if kind in KINDS]
        text = "\n".join(lines)
        return text

    def main(self):
        body = Body(self, "coroutine", [])
        lines = ["async def main():", "    FUEL[0] = 300"]
        for call, kind in self.known:
            lines += ["    try:"] + ["        " + line for line in self.use(body, call, kind)]
            lines += ["    except BaseException as error:", "        out('main caught', chain(error))"]
        return "\n".join(lines) + "\n    out('done')\n"

    def use(self, body, call, kind):
        made = "%s(%s)" % (call, body.arguments())
        if kind == "function":
            return ["out(%s)" % made, "thread = threading.Thread(target=lambda: out('in thread', VAR.get()))",
                    "thread.start()", "thread.join()"]
        if kind == "generator":
            return ["operate(%s, %s)" % (made, body.operations(["next", "send", "throw", "close", "list"], 8))]
        if kind == "agen":
            return ["await aoperate(%s, %s)" % (made, body.operations(["__anext__", "asend", "athrow", "aclose", "for", "break"], 8))]
        return body.randomly.choice([
            ["out(await %s)" % made],
            ["drive(%s, %s)" % (made, body.operations(["send", "throw", "close"], 8))],
            ["try:", "    out(await asyncio.wait_for(guarded(%s), 5))" % made, "except asyncio.TimeoutError:", "    out('late')"],
            ["for result in await asyncio.gather(guarded(%s), guarded(%s), return_exceptions=True):" % (made, made),
             "    out(chain(result) if isinstance(result, BaseException) else result)"],
        ])
