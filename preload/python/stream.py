# SPDX-License-Identifier: Apache-2.0
"""Results that go on after the call: what the caller gets in their place is of the same type and does the same.

Runs with builtins alone, like rewrite.py, from which it has much, and like there nothing of the program runs
unasked: attributes are looked up where they lie. Besides there is `dict_of` (object) -> its dictionary, or None.
"""


def generator():
    yield


async def coroutine():
    pass


async def async_generator():
    yield


KEY = "traceshim"  # no identifier that a program has
swapped_classes = {}

bases_of = type.__dict__["__mro__"].__get__
members_of = type.__dict__["__dict__"].__get__
name_of = type.__dict__["__name__"].__get__

_coroutine = coroutine()
_coroutine.close()
GeneratorType = type(generator())
CoroutineType = type(_coroutine)
AsyncGeneratorType = type(async_generator())
del _coroutine, generator, coroutine, async_generator


RESUMED = {
    GENERATOR: compiled("def f(call):" + LOOPS[GENERATOR].format(call="call")),
    COROUTINE: compiled("async def f(call):" + LOOPS[COROUTINE].format(call="call")),
    ASYNC_GENERATOR: compiled("async def f(call):" + LOOPS[ASYNC_GENERATOR].format(call="call")),
}


def resumed(kind, driver, code, name, qualname):
    """A generator or the like that goes on with `driver`, and has the place of `code` in the source."""
    made = RESUMED[kind].replace(co_name=name, co_filename=code.co_filename, co_firstlineno=code.co_firstlineno)
    made = FunctionType(made, {}, name)
    made.__qualname__ = qualname
    return made(driver)


def holder(cls, name):
    """The class among its bases that has the attribute."""
    for base in bases_of(cls):
        if name in members_of(base):
            return base
    return None


def has(cls, *names):
    return any(holder(cls, name) is not None for name in names)


def handle_of(stream):
    return dict_of(stream).get(KEY)


def with_iteration(cls, space):
    def __iter__(self):
        iterator, handle = cls.__iter__(self), handle_of(self)
        if handle is None or iterator is self:
            return iterator
        return resumed(GENERATOR, handle.generator(iterator), __iter__.__code__, "__iter__", __iter__.__qualname__)

    def __next__(self):
        handle = handle_of(self)
        return cls.__next__(self) if handle is None else handle.next(cls.__next__, self)

    space.update(__iter__=__iter__, __next__=__next__)


def with_async_iteration(cls, space):
    def __aiter__(self):
        iterator, handle = cls.__aiter__(self), handle_of(self)
        if handle is None or type(iterator) is not AsyncGeneratorType:
            return iterator
        return resumed(ASYNC_GENERATOR, handle.items(iterator), __aiter__.__code__, "__aiter__", __aiter__.__qualname__)

    def __anext__(self):
        handle = handle_of(self)
        return cls.__anext__(self) if handle is None else handle.item(cls.__anext__(self))

    space.update(__aiter__=__aiter__, __anext__=__anext__)


def with_ends(cls, space):
    """Whoever closes it before its end will read no more."""

    def ending(name):
        method = getattr(cls, name)

        def end(self, *args, **kwargs):
            handle = handle_of(self)
            try:
                return method(self, *args, **kwargs)
            finally:
                if handle is not None:
                    handle.close()

        async def async_end(self, *args, **kwargs):
            handle = handle_of(self)
            try:
                return await method(self, *args, **kwargs)
            finally:
                if handle is not None:
                    handle.close()

        code = getattr(method, "__code__", None)
        if code is None:
            return None
        return async_end if code.co_flags & 0x80 else end

    for name in ("close", "aclose", "__exit__", "__aexit__"):
        end = ending(name) if has(cls, name) else None
        if end is not None:
            space[name] = end


def with_entering(cls, space):
    """What makes the stream when it is entered: that goes on with the span."""

    def __enter__(self):
        return entered(cls.__enter__(self), handle_of(self))

    async def __aenter__(self):
        return entered(await cls.__aenter__(self), handle_of(self))

    if has(cls, "__enter__"):
        space["__enter__"] = __enter__
    if has(cls, "__aenter__"):
        space["__aenter__"] = __aenter__


def entered(stream, handle):
    if handle is not None and is_stream(stream):
        swap(stream, handle)
    return stream


def swapped(cls):
    """A subclass without anything of its own but the ways to iterate."""
    made = swapped_classes.get(cls)
    if made is None:
        space = {"__slots__": (), "__module__": cls.__module__, "__qualname__": cls.__qualname__}
        if has(cls, "__next__"):
            with_iteration(cls, space)
        if has(cls, "__anext__"):
            with_async_iteration(cls, space)
        if not iterates(cls):
            with_entering(cls, space)
        with_ends(cls, space)
        made = swapped_classes[cls] = type(cls)(cls.__name__, (cls,), space)
    return made


def swap(stream, handle):
    object.__setattr__(stream, "__class__", swapped(type(stream)))
    dict_of(stream)[KEY] = handle


def iterates(cls):
    return has(cls, "__next__", "__anext__")


def may_have_subclasses(cls):
    """Without a word to the program, which may keep a list of them."""
    told = holder(cls, "__init_subclass__")
    return (type(cls) is type or type(cls).__module__ == "abc") and (
        told is object or told.__module__ in ("typing", "typing_extensions"))


def is_stream(result):
    """Does it go on? An iterator does, and what is called a stream and is entered before it can be read."""
    cls, own = type(result), dict_of(result)
    if type(own) is not dict or KEY in own or not may_have_subclasses(cls):
        return False
    return iterates(cls) or "Stream" in name_of(cls) and has(cls, "__enter__", "__aenter__")


def follow(result, handle, of_model):
    """What the caller gets instead of a result that goes on; None: it does not."""
    cls = type(result)
    if cls is GeneratorType:
        return resumed(GENERATOR, handle.generator(result), result.gi_code, result.__name__, result.__qualname__)
    if cls is AsyncGeneratorType:
        return resumed(ASYNC_GENERATOR, handle.items(result), result.ag_code, result.__name__, result.__qualname__)
    if cls is CoroutineType:
        return resumed(COROUTINE, handle.coroutine(result), result.cr_code, result.__name__, result.__qualname__)
    if of_model and is_stream(result):
        swap(result, handle)
        return result
    return None
