# SPDX-License-Identifier: Apache-2.0
"""Why a rule for Python finds nothing, and what may have been meant: from the names that there are, and from the syntax
trees of sources. Part of look.py.
"""

DEFINITIONS = ("FunctionDef", "AsyncFunctionDef")
BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")  # of statements that hold statements
MOST_NEAR = 100  # modules that are searched for a name that is not where it was looked for
DEEPEST = 8  # of imports and base classes that lead to a definition


# --- names that were meant --------------------------------------------------------------------------------------


def distance(a, b):
    """Insertions, deletions, changes and swaps of neighbours that make one of the other."""
    before, row = None, list(range(len(b) + 1))
    for i, c in enumerate(a):
        above, row, older = row, [i + 1], before
        before = above
        for j, d in enumerate(b):
            steps = min(above[j + 1] + 1, row[j] + 1, above[j] + (c != d))
            if older and i and j and c == b[j - 1] and a[i - 1] == d:
                steps = min(steps, older[j - 1] + 1)
            row.append(steps)
    return row[-1]


def nearest(typed, names):
    """Of these names up to three that may have been meant."""
    last = typed.rpartition(".")[2]
    same = [name for name in names if name != typed and name.rpartition(".")[2] == last]
    limit = max(2, len(last) // 4 + (1 if len(last) < 8 else 2))
    near = sorted((distance(typed, name), name) for name in set(names) - set(same)
                  if name != typed and abs(len(name) - len(typed)) < limit)
    return (same + [name for steps, name in near if steps < limit])[:3]


def mean(number, names):
    if names:
        *others, last = names
        report(number, "hint", "did you mean %s?" % (", ".join(others) + " or " + last if others else last))


# --- why there is no such function ------------------------------------------------------------------------------


def kind(node):
    return type(node).__name__


def statements(body):
    """Those of a module or a class, with those inside if, try, with and the like."""
    for node in body:
        yield node
        if kind(node) not in DEFINITIONS and kind(node) != "ClassDef":
            for block in BLOCKS:
                yield from statements(getattr(node, block, ()))


def bound_by(node):
    """The names that a statement binds."""
    if kind(node) in DEFINITIONS or kind(node) == "ClassDef":
        return [node.name]
    if kind(node) in ("Import", "ImportFrom"):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    targets = node.targets if kind(node) == "Assign" else []
    if kind(node) == "AnnAssign" and node.value:
        targets = [node.target]
    return [target.id for target in targets if kind(target) == "Name"]


def binding(body, name):
    """The last statement that binds the name, or None."""
    found = None
    for node in statements(body):
        if name in bound_by(node):
            found = node
    return found


def dotted(node):
    """["pkg", "Base"] of pkg.Base, and of pkg.Base[int]; None of what is no name."""
    if kind(node) == "Subscript":
        return dotted(node.value)
    if kind(node) == "Attribute":
        owner = dotted(node.value)
        return owner and owner + [node.attr]
    return [node.id] if kind(node) == "Name" else None


def source_of(module, node):
    """The module that `from ... import` names."""
    package = module.package.split(".")
    above = package[: len(package) - node.level + 1] if node.level else []
    return ".".join(above + ([node.module] if node.module else []))


def overloads(module):
    """The lines in which typing's overloads of functions begin."""
    lines, bodies = set(), [module.body()]
    while bodies:
        for node in statements(bodies.pop()):
            if kind(node) in DEFINITIONS and any((dotted(by) or [""])[-1] == "overload" for by in node.decorator_list):
                lines.add(node.decorator_list[0].lineno)
            if kind(node) == "ClassDef" or kind(node) in DEFINITIONS:
                bodies.append(node.body)
    return lines


def follow_import(module, node, where, parts, depth):
    for alias in node.names:
        if (alias.asname or alias.name.partition(".")[0]) == parts[0]:
            break
    if kind(node) == "Import":
        names = alias.name.split(".") if alias.asname else [parts[0]]
        return "%s is imported" % where, follow(".".join(names), parts[1:], depth)
    origin = source_of(module, node)
    target = follow(origin, [alias.name] + parts[1:], depth) or follow(origin + "." + alias.name, parts[1:], depth)
    return "%s is imported from %s" % (where, origin), target


def follow_assignment(module, node, where, parts, depth):
    value = node.value
    if kind(value) == "Lambda":
        return "%s is a lambda (line %d), which has no name of its own" % (where, node.lineno), None
    if kind(value) == "Call":  # partial(f), decorator(f)
        value = next(iter(value.args), value.func)
    names = dotted(value)
    target = names and explain(module, module.body(), "", names + parts[1:], depth)[1]
    return "%s is not defined but assigned (line %d)" % (where, node.lineno), target


def follow_bases(module, node, where, parts, depth):
    for base in node.bases:
        names = dotted(base)
        target = names and explain(module, module.body(), "", names + parts, depth)[1]
        if target:
            return "%s inherits %s" % (where, ".".join(parts)), target
    if not node.bases:
        return None, None
    unknown = "%s has no %s of its own; what it inherits is named by the class that defines it"
    return unknown % (where, ".".join(parts)), None


def explain(module, body, prefix, parts, depth):
    """What `parts` stand for in a module, or in a class of it: (why that is no function here, or None; the module and
    the name under which it is defined, or None)."""
    where = prefix + parts[0]
    node = binding(body, parts[0]) if depth else None
    if node is None:
        stars = [source_of(module, node) for node in statements(body)
                 if depth and not prefix and kind(node) == "ImportFrom" and node.names[0].name == "*"]
        target = next(filter(None, (follow(name, parts, depth - 1) for name in stars)), None)
        return ("%s is imported" % where if target else None), target
    if kind(node) in DEFINITIONS:
        return None, None if parts[1:] else (module.name, where)
    if kind(node) == "ClassDef":
        if not parts[1:]:
            return "%s is a class; name one of its functions" % where, None
        why, target = explain(module, node.body, where + ".", parts[1:], depth)
        return (why, target) if why or target else follow_bases(module, node, where, parts[1:], depth - 1)
    way = follow_import if kind(node) in ("Import", "ImportFrom") else follow_assignment
    return way(module, node, where, parts, depth - 1)


def follow(name, parts, depth):
    """Where another module has the function: module and name; None: not known."""
    module = locate(name)
    return explain(module, module.body(), "", parts, depth)[1] if parts and module.file else None


def miss_function(number, module, name):
    why, target = explain(module, module.body(), "", name.split("."), DEEPEST)
    if target:
        report(number, "hint", "write python %s:%s" % target)
    else:
        near = [module.name + ":" + other for other in nearest(name, names_of(module))]
        mean(number, near or methods(module, name) or in_modules_below(module, name))
    report(number, "miss", "%s (%s)" % (why or "%s has no function %s" % (module.name, name), absolute(module.file)))


def methods(module, name):
    return [module.name + ":" + near for near in names_of(module) if near.rpartition(".")[0] == name][:3]


def in_modules_below(package, name):
    names = below(package.folders or [], package.name + ".", package.name + ".*", [None] * MOST_NEAR)
    readable = [module for module in map(locate, sorted(names)[:MOST_NEAR]) if module.code]
    return [module.name + ":" + name for module in readable if name in names_of(module)][:3]


# --- why there is no such module ----------------------------------------------------------------------------------


def near_modules(name):
    """Modules that may have been meant: of this name elsewhere in the program's folder, or of one like it."""
    last = "." + name.rpartition(".")[2]
    elsewhere = [found for found in below(own_folder(), "", "*" + last, [None] * MOST_FOLDERS)
                 if found.endswith("." + name)]
    known, rest = "", name
    while "." in rest and locate(known + rest.partition(".")[0]).folders is not None:
        known, rest = known + rest.partition(".")[0] + ".", rest.partition(".")[2]
    part, dot, more = rest.partition(".")
    folders = locate(known[:-1]).folders if known else sys.path
    near = [known + other + dot + more for other in nearest(part, sorted({other for other, _ in listed(folders)}))]
    return elsewhere[:3] or [other for other in near if locate(other).file or locate(other).folders is not None]


def in_module_above(name, function):
    """ "bot.agents.Trainer:run" for "bot.agents:Trainer.run": the names with the ':' in the right place."""
    parent, _, last = name.rpartition(".")
    above = locate(parent) if parent else None
    if above is None or not above.code:
        return []
    if last == "py":
        return [parent + ":" + function]
    return [parent + ":" + other for other in names_of(above) if other == last + "." + function]


def find_below_here(name):
    """Servers put the folder they are started in on sys.path by themselves."""
    here = posix.getcwd()
    if here in map(absolute, sys.path):
        return False
    return name in below([here], "", name, [None] * MOST_FOLDERS)


def miss_module(number, module, function):
    report(number, "miss", module.why)
    if module.file or module.folders is not None or module.name == "__main__":
        return
    if find_below_here(module.name):
        report(number, "hint", "%s has it, and is not on sys.path yet: the program may put it there" % posix.getcwd())
    else:
        mean(number, in_module_above(module.name, function) or near_modules(module.name))
