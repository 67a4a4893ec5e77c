# SPDX-License-Identifier: Apache-2.0
"""Objects that tell when they are looked at, or lie: recording them runs none of their code."""

import sys, enum, dataclasses, collections, threading, time, datetime, functools
from unittest import mock
def touched(what):
    print("touched", what)
class Meta(type):
    def __getattr__(cls, name):
        touched("meta getattr " + name); raise RuntimeError(name)
class WithMeta(metaclass=Meta):
    pass
class Meta2(type):
    def __getattribute__(cls, name):
        if name in ("__dict__", "__mro__", "__class__"):
            return type.__getattribute__(cls, name)
        touched("meta getattribute " + name); return type.__getattribute__(cls, name)
class WithMeta2(metaclass=Meta2):
    pass
class Liar:
    @property
    def __class__(self):
        touched("class"); return dict
class Liar2:
    @property
    def __dict__(self):
        touched("dict"); return {}
class Descr:
    def __get__(self, obj, cls):
        touched("descr"); return lambda: {}
class WithDescr:
    model_dump = Descr()
    __dataclass_fields__ = Descr()
    model_fields = Descr()
    to_dict = Descr()
class GetAttr:
    def __getattr__(self, name):
        touched("getattr " + name); return self
    def __getattribute__(self, name):
        if name != "__class__":
            touched("getattribute " + name)
        return object.__getattribute__(self, name)
class MySet(set):
    def __iter__(self):
        touched("set iter"); return iter([1])
    def __len__(self):
        touched("set len"); return 1
class MyDict(dict):
    def __iter__(self): touched("dict iter"); return iter([])
    def items(self): touched("dict items"); return []
    def keys(self): touched("dict keys"); return []
    def __len__(self): touched("dict len"); return 0
    def __getitem__(self, k): touched("dict getitem"); return 0
class MyList(list):
    def __iter__(self): touched("list iter"); return iter([])
    def __len__(self): touched("list len"); return 0
    def __getitem__(self, k): touched("list getitem"); return 0
class MyTuple(tuple):
    def __iter__(self): touched("tuple iter"); return iter([])
    def __len__(self): touched("tuple len"); return 0
class MyStr(str):
    def __str__(self): touched("str"); return "x"
    def __len__(self): touched("str len"); return 0
    def encode(self, *a): touched("encode"); return b""
class MyInt(int):
    def __int__(self): touched("int"); return 0
    def __index__(self): touched("index"); return 0
    def __str__(self): touched("int str"); return "0"
    def bit_length(self): touched("bits"); return 0
class MyFloat(float):
    def __float__(self): touched("float"); return 0.0
class MyBytes(bytes):
    def __bytes__(self): touched("bytes"); return b""
    def __iter__(self): touched("bytes iter"); return iter([])
class MyArray(bytearray):
    def __bytes__(self): touched("bytearray"); return b""
    def __iter__(self): touched("bytearray iter"); return iter([])
    def __len__(self): touched("bytearray len"); return 0
class Color(enum.IntEnum):
    RED = 1
class Text(str, enum.Enum):
    A = "a"
class Flag(enum.Flag):
    X = 1; Y = 2
@dataclasses.dataclass
class Data:
    x: int = 1
@dataclasses.dataclass
class Prop:
    __slots__ = ("_x",)
    x: int
    def __init__(self): self._x = 1
    @property
    def x(self): touched("prop"); return 1
    @x.setter
    def x(self, v): pass
if sys.version_info >= (3, 10):
    @dataclasses.dataclass(slots=True)
    class Slots:
        a: int = 1
        b: str = "b"
else:
    Slots = Data
Point = collections.namedtuple("Point", "x y")
class Tz(datetime.tzinfo):
    def utcoffset(self, dt): touched("utcoffset"); return datetime.timedelta(hours=1)
    def tzname(self, dt): touched("tzname"); return "x"
    def dst(self, dt): touched("dst"); return None
class Key:
    def __hash__(self): return 1
    def __eq__(self, o): touched("eq"); return self is o
    def __str__(self): touched("key str"); return "k"
class StrKey(str):
    def __str__(self): touched("strkey"); return "k"
class Proxy:
    def __init__(self, make): object.__setattr__(self, "make", make)
    @property
    def __wrapped__(self): touched("wrapped"); raise RuntimeError("outside of context")
    @property
    def __dict__(self): touched("proxy dict"); raise RuntimeError("outside of context")
    def __getattr__(self, name): touched("proxy " + name); raise RuntimeError("x")
    __class__ = property(lambda self: (touched("proxy class"), int)[1])
class Iter:
    def __iter__(self): touched("iter"); return self
    def __next__(self): touched("next"); return 1
class V1:  # pydantic 1
    __fields__ = {"a": 1}
    __fields_set__ = set()
    def __init__(self): self.a = 5
class V2:
    __pydantic_fields__ = {"a": 1}
    def __init__(self):
        self.a = 6; self.__pydantic_extra__ = {"z": 1}
class Dumps:
    def model_dump(self): return {"dumped": True}
class DumpRaises:
    def model_dump(self): raise ValueError("no")
class DumpDeep:
    def to_dict(self): return {"again": DumpDeep()}
class DumpArgs:
    def to_dict(self, must): touched("to_dict")
def take(x):
    return x
def show(*args, **kw):
    return None
def main():
    cyclic = []; cyclic.append(cyclic)
    loop = {}; loop["self"] = loop
    deep = 1
    for i in range(200): deep = [deep]
    for x in [WithMeta(), WithMeta2(), WithMeta, Liar(), Liar2(), WithDescr(), GetAttr(), MySet([1,2]), MyDict(a=1), MyList([1]), MyTuple((1,)),
            MyStr("q"), MyInt(4), MyFloat(2.5), MyBytes(b"ab"), MyArray(b"cd"), Color.RED, Text.A, Flag.X | Flag.Y, Data(), Prop(), Slots(), Point(1, 2),
            mock.MagicMock(), mock.NonCallableMagicMock(), mock.Mock(spec=Data), mock.AsyncMock(), datetime.datetime(2020,1,1,tzinfo=Tz()), datetime.datetime(2020,1,1,tzinfo=datetime.timezone.utc),
            {Key(): 1, StrKey("s"): 2, 3: 3, None: 4, 2.5: 5, True: 6, (1,): 7, Color.RED: 8},
            Proxy(int), Iter(), V1(), V2(), Dumps(), DumpRaises(), DumpDeep(), DumpArgs(),
            2**63, -2**63, 2**64, -2**70, 10**5000, float("nan"), float("inf"), -0.0, "\udc80\ud800", "\0", b"\xff\xfe", "\U0001f600" * 30000,
            cyclic, loop, deep, range(3), slice(1), ..., NotImplemented, memoryview(b"x"), 3+4j, object(), type, len, sys, lambda: 0, iter([]), frozenset([1]), {1}, set(), (), [], {}, ""]:
        assert take(x) is x
        show(x); show(*[x]); show(k=x)
main()
print("done")
