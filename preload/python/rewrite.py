# SPDX-License-Identifier: Apache-2.0
"""Puts code of ours in front of the functions that rules name, before their module runs.

A module's code holds the code of its functions among its constants, and makes the functions from it when it
runs. So the constant is what is replaced: the function that comes of it is ours from its definition on, for
decorators, for `from module import name`, for the script's own main(). It has the same name, signature, flags,
documentation and place in the source; its body passes the arguments to `call`, with a function made of the
original code in the same scope.

Runs with builtins alone: nothing is imported. What is given to it from C: `rules`, of (number, module, name, glob);
`also` (module): its files are looked at, too; `define` (number, span, name of the module in sys.modules, name, code, parameters, is it in a class) -> what the
body calls; `is_ours` (code); `modules` () -> sys.modules; `put` (tuple, index, old, new).
"""

CodeType = type((lambda: 0).__code__)
FunctionType = type(lambda: 0)
ModuleType = type(modules()["builtins"])
space_of = ModuleType.__dict__["__dict__"].__get__  # a lazy module would load itself for its attribute

OPTIMIZED, VARARGS, VARKEYWORDS = 0x1, 0x4, 0x8
GENERATOR, COROUTINE, ASYNC_GENERATOR = 0x20, 0x80, 0x200
NOFREE = 0x40  # until 3.10
ITERABLE_COROUTINE = 0x100

HEADS = {
    0: "def f({parameters}):\n 'doc'\n {call} = 'call'",
    GENERATOR: "def f({parameters}):\n 'doc'\n {call} = 'call'",
    COROUTINE: "async def f({parameters}):\n 'doc'\n {call} = 'call'",
    ASYNC_GENERATOR: "async def f({parameters}):\n 'doc'\n {call} = 'call'",
}

# A call that `call` does not run, for it lies too deep, it answers with itself; it wants to know when it is over.
PLAIN = """
 {original} = {function}
 try:
  {result} = {call}({original}{values})
  if {result} is {call}:
   try: {result} = {original}({passed})
   finally: {call}()
 except:
  {failed}
  raise
 {returned}
 return {result}
"""

# Those of the other kinds answer what the original's coroutine or generator is driven by.
DRIVEN = """
 {call} = {call}({function}{values})
 {drop}
"""

# What is thrown in where nothing of it waits, the original gets by its next step.
LOOPS = {
    GENERATOR: """
 while True:
  try: return (yield from {call})
  except:
   if {call}.failed(): raise
""",
    COROUTINE: """
 while True:
  try: return await {call}
  except:
   if {call}.failed(): raise
""",
    ASYNC_GENERATOR: """
 while {call}:
  try: {call}.keep((yield await {call}.resume()))
  except:
   if {call}.failed(): raise
""",
}


def matches(pattern, text):
    """A glob of '*' and '?'."""
    star = again = None
    p = t = 0
    while t < len(text):
        if p < len(pattern) and pattern[p] == "*":
            star, again = p, t
            p += 1
        elif p < len(pattern) and pattern[p] in ("?", text[t]):
            p += 1
            t += 1
        elif star is not None:
            again += 1
            p, t = star + 1, again
        else:
            return False
    return pattern[p:].strip("*") == ""


# --- code ------------------------------------------------------------------------------------------------


class Parameters:
    def __init__(self, code):
        names = code.co_varnames
        positional, both = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
        last = both
        written, passed = list(names[:positional]), list(names[:positional])
        if code.co_posonlyargcount:
            written.insert(code.co_posonlyargcount, "/")
        if code.co_flags & VARARGS:
            written.append("*" + names[last])
            passed.append("*" + names[last])
            last += 1
        elif both > positional:
            written.append("*")
        written.extend(names[positional:both])
        passed.extend(name + "=" + name for name in names[positional:both])
        if code.co_flags & VARKEYWORDS:
            written.append("**" + names[last])
            passed.append("**" + names[last])
            last += 1
        self.written, self.passed = ", ".join(written), ", ".join(passed)
        self.names = list(names[:last])  # in the order of co_varnames


def free_name(wanted, taken):
    while wanted in taken:
        wanted += "_"
    taken.add(wanted)
    return wanted


def on_one_line(node):
    """All of the body stands where the function does: that is what tracebacks show of it."""
    if hasattr(node, "lineno"):
        node.lineno = node.end_lineno = 1
        node.col_offset = node.end_col_offset = 0
    for field in node._fields:
        value = getattr(node, field, None)
        for child in value if isinstance(value, list) else (value,):
            if hasattr(child, "_fields"):
                on_one_line(child)


def compiled(source, filename="<traceshim>"):
    """The code of the function f in it."""
    tree = compile(source, filename, "exec", 0x400, True, 0)  # PyCF_ONLY_AST
    on_one_line(tree)
    code = compile(tree, filename, "exec", 0, True, 0)
    while code.co_name != "f":
        code = [const for const in code.co_consts if type(const) is CodeType][0]
    return code


def opcodes():
    """RESUME, NOP, DELETE_FAST, as a compiler that has the first of them numbers them."""
    plain, tries, deletes = (
        compile(source, "", "exec", 0, True, 0).co_consts[0].co_code
        for source in ("def f():\n g()", "def f():\n try:\n  g()\n except: g()", "def f():\n del g")
    )
    if plain[:2] == tries[:2] == deletes[:2] and tries[3] == 0 and tries[4:6] == plain[2:4]:
        return plain[0], tries[2], deletes[2]
    return None


def hidden(code, failed, returned, numbers):
    """The same, but its frame begins where `failed` is deleted: until then neither sys._getframe nor tracebacks nor
    tracers see a frame (from 3.11 on). 3.11 tells tracers of each return, so there it begins where `returned` is
    deleted, too. None: it cannot be had."""
    resume, nop, delete = numbers
    raw = bytearray(code.co_code)
    places = {code.co_varnames.index(failed): resume,
              code.co_varnames.index(returned): nop if RETURNS_UNSEEN else resume}
    start = [at for at in range(0, len(raw), 2) if raw[at] == resume]
    if len(start) != 1 or max(places) > 255:
        return None
    raw[start[0]] = nop
    found = set()
    for at in range(0, len(raw), 2):
        if raw[at] == delete and raw[at + 1] in places:
            found.add(raw[at + 1])
            raw[at], raw[at + 1] = places[raw[at + 1]], 2  # RESUME 0 and 1 would see to signals
    return code.replace(co_code=bytes(raw)) if len(found) == 2 else None


def hides(numbers):
    """Does it hide frames? An interpreter that was built to be debugged asserts that nobody does."""
    system = modules()["sys"]
    if numbers is None or hasattr(system, "gettotalrefcount"):
        return False
    code = compiled("def f(inner):" + PLAIN.format(
        original="original", function="inner", call="inner", values="", passed="", result="result", failed="del failed",
        returned="del returned"))
    code = hidden(code, "failed", "returned", numbers)
    if code is None:
        return False
    function = FunctionType(code, {})
    callers = []

    def inner(*ignored):
        callers.append(system._getframe(1).f_code)
        if len(callers) == 2:
            raise ValueError
        return callers

    try:
        first = function(inner)
        function(inner)
    except ValueError as error:
        return (first is callers and callers == [hides.__code__] * 2
                and error.__traceback__.tb_next.tb_frame.f_code is inner.__code__)


RETURNS_UNSEEN = modules()["sys"].version_info >= (3, 12)
NUMBERS = opcodes()
HIDES = hides(NUMBERS)


def source_of(code, parameters, names, failed="pass", returned="pass"):
    kind = code.co_flags & (GENERATOR | COROUTINE | ASYNC_GENERATOR)
    text = HEADS[kind] + (DRIVEN + LOOPS[kind] if kind else PLAIN)
    text = text.format(
        parameters=parameters.written,
        function="lambda: (%s)" % "".join(free + ", " for free in code.co_freevars),
        values="".join(", " + name for name in parameters.names),
        passed=parameters.passed,
        drop="del " + ", ".join(parameters.names) if parameters.names else "pass",
        failed=failed,
        returned=returned,
        **names,
    )
    if code.co_freevars:
        text = "def outer(%s):\n " % ", ".join(code.co_freevars) + text.replace("\n", "\n ")
    return text


def same_but(made, code, inner, call):
    """What was compiled, as the code that it stands in front of."""
    doc = code.co_consts[0] if code.co_consts and isinstance(code.co_consts[0], str) else None
    original = code
    if code.co_flags & GENERATOR:  # types.coroutine will tell ours alone that it may wait for coroutines
        original = code.replace(co_flags=code.co_flags | ITERABLE_COROUTINE)
    consts = []
    for const in made.co_consts:
        if const is inner:
            const = original
        elif type(const) is str:
            # before 3.11 the inner function's qualified name is a constant, too
            const = {"doc": doc, "call": call}.get(const, code.co_name if "<lambda>" in const else const)
        consts.append(const)
    changed = {
        "co_name": code.co_name,
        "co_firstlineno": code.co_firstlineno,
        "co_flags": code.co_flags & ~NOFREE | made.co_flags & NOFREE,
        "co_consts": tuple(consts),
    }
    if hasattr(code, "co_qualname"):
        changed["co_qualname"] = code.co_qualname
    return made.replace(**changed)


def in_front(code, call, parameters):
    """Code of the same kind and signature that calls `call`; None where that cannot be had."""
    taken = set(parameters.names) | set(code.co_freevars)
    names = {name: free_name(name, taken) for name in ("call", "original", "result")}
    failed, returned = free_name("failed", taken), free_name("returned", taken)
    made = None
    if HIDES and not code.co_flags & (GENERATOR | COROUTINE | ASYNC_GENERATOR):
        made = compiled(source_of(code, parameters, names, "del " + failed, "del " + returned), code.co_filename)
        made = hidden(made, failed, returned, NUMBERS)
    if made is None:
        made = compiled(source_of(code, parameters, names), code.co_filename)
    inner = [const for const in made.co_consts if type(const) is CodeType]
    if len(inner) != 1 or made.co_freevars != code.co_freevars or inner[0].co_freevars != code.co_freevars:
        return None
    return same_but(made, code, inner[0], call)


# --- modules ---------------------------------------------------------------------------------------------


def rule_for(wanted, name):
    """The first that names it. Globs are for functions that somebody has named."""
    own = name.rpartition(".")[2]
    unnamed = own[:1] == "<" or own == "__annotate__"
    for rule in wanted:
        if rule[2] == name or rule[3] and not unnamed and matches(rule[2], name):
            return rule[0]
    return None


def replace(code, index, prefix, module, number):
    """Puts code in front of the function that is a constant of `code`."""
    const = code.co_consts[index]
    parameters = Parameters(const)
    if not all(name.isidentifier() for name in parameters.names):  # a comprehension's ".0"
        return
    owner = prefix.rstrip(".").rpartition(".")[2]
    in_class = owner not in ("", "<locals>")
    call = define(number, owner if in_class else const.co_name, module[0], module[1] + ":" + prefix + const.co_name,
                  const, parameters.names, in_class)
    made = in_front(const, call, parameters) if call is not None else None
    if made is not None:
        put(code.co_consts, index, const, made)


def visit(code, prefix, module, wanted, deep):
    """Replaces functions among the constants of `code`, whose names begin with `prefix`, of a module (as sys.modules
    has it, as people call it)."""
    for index, const in enumerate(code.co_consts):
        if type(const) is not CodeType or is_ours(const):
            continue
        name = prefix + const.co_name
        if const.co_name.startswith("<generic parameters of "):
            visit(const, prefix, module, wanted, deep)
        elif not const.co_flags & OPTIMIZED:  # the body of a class
            visit(const, name + ".", module, wanted, deep)
        else:
            if deep:
                visit(const, name + ".<locals>.", module, wanted, deep)
            number = rule_for(wanted, name)
            if number is not None:
                replace(code, index, prefix, module, number)


def stem(path):
    return path.rpartition("/")[2].partition(".")[0]


def is_of(module, filename, is_main):
    """Is the module made from this file? What was compiled elsewhere is told by its name. What is run without a file
    only the script can be."""
    if not issubclass(type(module), ModuleType):
        return False
    space = space_of(module)
    file, spec = space.get("__file__"), space.get("__spec__")
    if type(file) is not str:
        return is_main and filename[:1] == "<"
    return file == filename or (
        file[-4:] == ".pyc" and stem(file) == stem(filename) and getattr(spec, "_initializing", spec is None))


def names_of(code, is_outermost):
    """The modules that run this code: (in sys.modules, a name of it); the script has one of its own, too."""
    filename, known = code.co_filename, modules()
    names = []
    for name in ("__main__", "__mp_main__"):
        if is_of(known.get(name), filename, is_outermost and name == "__main__"):
            spec = space_of(known[name]).get("__spec__")
            own = "__main__" if filename[:1] == "<" else stem(filename)
            names += [(name, getattr(spec, "name", None) or own), (name, "__main__")]
    for name in list(known)[::-1]:  # what is being imported came last
        if type(name) is not str or name in ("__main__", "__mp_main__"):
            continue
        if is_of(known.get(name), filename, False) or filename == "<frozen " + name + ">":
            names.append((name, name))
            break
    return names


# (module, what its code names, rule): a module that a rule names, and that imports the rule's function
handed_on = []


def note_imports(code, names, wanted):
    """What people import from a package often stands in a module of it: where that is, its imports tell."""
    imported = {item for const in code.co_consts if type(const) is tuple for item in const if type(item) is str}
    for rule in wanted:
        top = rule[2].partition(".")[0]
        if "*" in imported or any(matches(top, item) for item in imported):
            for _, name in names:
                handed_on.append((name, frozenset(code.co_names), rule))
                also(name.partition(".")[0] + ".*")


def is_imported(name, module, imports):
    """Does `module`, whose code names `imports`, import from the module `name`?"""
    if name in imports:
        return True
    while module:  # relative to it, or to a package around it
        if name.startswith(module + ".") and name[len(module) + 1 :] in imports:
            return True
        module = module.rpartition(".")[0]
    return False


def wanted_in(names):
    """The rules for a module with these names."""
    wanted = [
        rule for rule in rules
        if any(rule[1] == name or rule[3] and matches(rule[1], name) for _, name in names)
    ]
    for module, imports, rule in handed_on:
        if rule not in wanted and any(is_imported(name, module, imports) for _, name in names):
            wanted.append(rule)
    return wanted


def enter(code, is_outermost):
    """A module's code is about to run; outermost: in no frame."""
    names = names_of(code, is_outermost)
    wanted = wanted_in(names)
    if wanted:
        note_imports(code, names, wanted)
        wanted.sort(key=lambda rule: rule[3])  # plain names first
        visit(code, "", names[0], wanted, any("<locals>" in rule[2] for rule in wanted))
