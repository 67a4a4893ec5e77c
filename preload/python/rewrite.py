# SPDX-License-Identifier: Apache-2.0
"""Puts code of ours in front of the functions that rules name, before their module runs.

A module's code holds the code of its functions among its constants, and makes the functions from it when it
runs. So the constant is what is replaced: the function that comes of it is ours from its definition on, for
decorators, for `from module import name`, for the script's own main(). It has the same name, signature, flags,
documentation and place in the source; its body passes the arguments to `call`, with a function made of the
original code in the same scope.

Runs with builtins alone: nothing is imported. What is given to it from C: `rules`, of (number, module, name, glob); `define`
(number, span, name of the module in sys.modules, name, code, parameters, is it in a class) -> what the body calls; `modules` () -> sys.modules; `put` (tuple, index, value).
"""

CodeType = type((lambda: 0).__code__)
ModuleType = type(__builtins__) if not isinstance(__builtins__, dict) else type(modules()["builtins"])

OPTIMIZED, VARARGS, VARKEYWORDS = 0x1, 0x4, 0x8
GENERATOR, COROUTINE, ASYNC_GENERATOR = 0x20, 0x80, 0x200
NOFREE = 0x40  # until 3.10

TEMPLATES = {
    0: "def f({parameters}):\n 'doc'; {call} = 'call'; return {call}({arguments})",
    GENERATOR: "def f({parameters}):\n 'doc'; {call} = 'call'; return (yield from {call}({arguments}))",
    COROUTINE: "async def f({parameters}):\n 'doc'; {call} = 'call'; return await {call}({arguments})",
    # what PEP 380 is to generators, for asynchronous ones
    ASYNC_GENERATOR: """async def f({parameters}):
 'doc'
 {call} = 'call'
 {call} = {call}({arguments})
 try:
  {item} = await {call}.asend(None)
  while True:
   try:
    {sent} = yield {item}
   except GeneratorExit:
    await {call}.aclose()
    raise
   except BaseException as {sent}:
    {item} = await {call}.athrow({sent})
   else:
    {item} = await {call}.asend({sent})
 except StopAsyncIteration:
  return
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


def parameters_of(code):
    """The parameter list as it is written, and all names in the order of co_varnames."""
    names = code.co_varnames
    n, more = code.co_argcount, code.co_kwonlyargcount
    written = list(names[:n])
    if code.co_posonlyargcount:
        written.insert(code.co_posonlyargcount, "/")
    last = n + more
    if code.co_flags & VARARGS:
        written.append("*" + names[last])
        last += 1
    elif more:
        written.append("*")
    written.extend(names[n : n + more])
    if code.co_flags & VARKEYWORDS:
        written.append("**" + names[last])
        last += 1
    return ", ".join(written), list(names[:last])


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


def compiled(source, filename):
    """The code of the function f in it."""
    tree = compile(source, filename, "exec", 0x400, True, 0)  # PyCF_ONLY_AST
    on_one_line(tree)
    code = compile(tree, filename, "exec", 0, True, 0)
    while code.co_name != "f":
        code = [const for const in code.co_consts if type(const) is CodeType][0]
    return code


def in_front(code, name, call):
    """Code of the same kind and signature that calls `call`; None where that cannot be had."""
    kind = code.co_flags & (GENERATOR | COROUTINE | ASYNC_GENERATOR)
    written, names = parameters_of(code)
    taken = set(names) | set(code.co_freevars)
    source = TEMPLATES[kind].format(
        parameters=written,
        arguments=", ".join(["lambda: (%s)" % "".join(free + ", " for free in code.co_freevars)] + names),
        call=free_name("call", taken),
        item=free_name("item", taken),
        sent=free_name("sent", taken),
    )
    if code.co_freevars:
        source = "def outer(%s):\n " % ", ".join(code.co_freevars) + source.replace("\n", "\n ")
    made = compiled(source, code.co_filename)
    inner = [const for const in made.co_consts if type(const) is CodeType]
    if len(inner) != 1 or made.co_freevars != code.co_freevars or inner[0].co_freevars != code.co_freevars:
        return None
    doc = code.co_consts[0] if code.co_consts and isinstance(code.co_consts[0], str) else None
    consts = []
    for const in made.co_consts:
        if const is inner[0]:
            const = code
        elif type(const) is str:
            # before 3.11 the inner function's qualified name is a constant, too
            const = {"doc": doc, "call": call}.get(const, name if "<lambda>" in const else const)
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


def rule_for(wanted, name):
    for rule in wanted:
        if rule[2] == name or rule[3] and matches(rule[2], name):
            return rule[0]
    return None


def visit(code, prefix, module, wanted, deep):
    """Replaces functions among the constants of `code`, whose names begin with `prefix`, of a module (as sys.modules
    has it, as people call it)."""
    n = 0
    for index, const in enumerate(code.co_consts):
        if type(const) is not CodeType:
            continue
        name = prefix + const.co_name
        if not const.co_flags & OPTIMIZED:  # the body of a class
            n += visit(const, name + ".", module, wanted, deep)
            continue
        if deep:
            n += visit(const, name + ".<locals>.", module, wanted, deep)
        number = rule_for(wanted, name)
        if number is None:
            continue
        owner = prefix.rstrip(".").rpartition(".")[2]
        in_class = owner not in ("", "<locals>")
        call = define(number, owner if in_class else const.co_name, module[0], module[1] + ":" + name, const,
                      parameters_of(const)[1], in_class)
        made = in_front(const, name, call) if call is not None else None
        if made is not None and put(code.co_consts, index, made, call):
            n += 1
    return n


def stem(path):
    name = path.rpartition("/")[2]
    return name[:-3] if name.endswith(".py") else name


def is_of(module, name, filename):
    """Is the module made from this file? What is run without one, only the script can be."""
    if not isinstance(module, ModuleType):
        return False
    file = module.__dict__.get("__file__")
    return file == filename if file is not None else name == "__main__" and filename[:1] == "<"


def names_of(code):
    """The modules that run this code: (in sys.modules, a name of it); the script has one of its own, too."""
    filename, known = code.co_filename, modules()
    names = []
    for name in ("__main__", "__mp_main__"):
        if is_of(known.get(name), name, filename):
            spec = known[name].__dict__.get("__spec__")
            names += [(name, getattr(spec, "name", None) or stem(filename)), (name, "__main__")]
    for name in list(known)[::-1]:  # what is being imported came last
        if type(name) is str and name not in ("__main__", "__mp_main__") and is_of(known.get(name), name, filename):
            names.append((name, name))
            break
    return names


def enter(code):
    """A module's code is about to run. Answers how many of its functions are ours."""
    names = names_of(code)
    wanted = [
        rule for rule in rules
        if any(rule[1] == name or rule[3] and matches(rule[1], name) for _, name in names)
    ]
    if not wanted:
        return 0
    wanted.sort(key=lambda rule: rule[3])  # plain names first
    return visit(code, "", names[0], wanted, any("<locals>" in rule[2] for rule in wanted))
