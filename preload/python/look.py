# SPDX-License-Identifier: Apache-2.0
"""Says what would become of the rules, before a line of the program runs.

Modules are looked for as the program would import them, by the finders of sys.meta_path; their code is read and
not run. What is missing, explain.py explains. Runs with builtins alone, like rewrite.py,
from which it has `rules`, `modules`, `matches`, `rule_for`, `wanted_in`, `note_imports`, `handed_on`, `stem`,
`CodeType` and `OPTIMIZED`.
Given to it from C: `titles` of the rules by their number; `redacted` names; `captures`, are values recorded?;
`report` (number of a rule, what, field...), a line of the report.
"""

early = set(modules()) - {"__main__"}
sys = modules()["sys"]
posix = modules()["posix"]
ModuleType = type(sys)

KINDS = ((0x200, "async generator"), (0x20, "generator"), (0x80, "coroutine"))  # of co_flags
ONLY_AST = 0x400
SUFFIXES = [".py", ".pyc"] + modules()["_imp"].extension_suffixes()
MOST_MODULES = 2000  # that a glob is looked for in
MOST_FOLDERS = 2000


# --- modules ---------------------------------------------------------------------------------------------


class Module:
    """A module as the program would import it. `why`: why it has no functions to stand in front of, or None."""

    def __init__(self, name, spec=None, why=None):
        self.name, self.why = name, why
        self.names = [name]
        self.loader = getattr(spec, "loader", None)
        self.file = getattr(spec, "origin", None)
        self.folders = None  # that its submodules lie in
        locations = getattr(spec, "submodule_search_locations", None)
        if locations is not None:
            self.folders = list(getattr(locations, "_path", locations))
        self.package = name if self.folders is not None else name.rpartition(".")[0]
        self.code = self.source = self.tree = None
        if not why:
            self.read()

    def read(self):
        if self.file == "built-in":
            self.why = "%s is part of the interpreter, and not written in Python" % self.name
        elif self.name in early:
            self.why = "%s is loaded before anything can be traced" % self.name
        elif self.loader is None or self.file is None:
            self.why = "%s is a folder, which has modules but no functions" % self.name
        elif not hasattr(self.loader, "get_code"):
            self.why = "%s is loaded by %s, which shows no code" % (self.name, type(self.loader).__name__)
        else:
            self.compile(lambda: self.loader.get_code(self.name))
        if not self.why and self.code is None:
            self.why = ("%s is compiled (%s): only functions written in Python can be traced as such"
                        % (self.name, self.file))

    def compile(self, compiled):
        try:
            self.code = compiled()
        except SyntaxError as error:
            self.why = "%s does not compile: line %s: %s" % (self.file, error.lineno, error.msg)
        except Exception as error:
            self.why = "%s cannot be read: %s" % (self.file, error)

    def body(self):
        """The statements of its source; none where there is no source."""
        if self.tree is None:
            self.tree = []
            try:
                if self.source is None and self.file.endswith((".py", ".pyw")):
                    self.source = self.loader.get_data(self.file)
                self.tree = compile(self.source, self.file, "exec", ONLY_AST, True).body
            except Exception:
                pass
        return self.tree


class Search:
    """The parent of a module that is looked for seems to be imported: folders without __init__.py ask for that."""

    def __init__(self, parent):
        self.name, self.folders = parent.name, parent.folders

    def __enter__(self):
        self.put = self.name not in modules()
        if self.put:
            stand_in = ModuleType(self.name)
            stand_in.__path__ = self.folders
            modules()[self.name] = stand_in

    def __exit__(self, *error):
        if self.put:
            del modules()[self.name]


def find_spec(name, folders):
    for finder in list(sys.meta_path):
        find = getattr(finder, "find_spec", None)
        spec = find(name, folders) if find else None
        if spec is not None:
            return spec
    return None


def search(name):
    parent, _, last = name.rpartition(".")
    if not parent:
        spec = find_spec(name, None)
        return Module(name, spec) if spec else Module(name, why="there is no module %s on sys.path" % name)
    above = locate(parent)
    if above.folders is None:
        no_package = "%s is a module and no package (%s)" % (parent, above.file)
        return Module(name, why=no_package if above.file else above.why)
    with Search(above):
        spec = find_spec(name, above.folders)
    return Module(name, spec) if spec else Module(name, why="there is no module %s in %s" % (last, parent))


located = {}


def locate(name):
    """The module of this name, imported or not."""
    if name not in located:
        try:
            located[name] = search(name)
        except Exception as error:
            located[name] = Module(name, why="looking for %s failed: %s" % (name, error))
    return located[name]


def absolute(file):
    return file if file.startswith(("/", "<")) else posix.getcwd() + "/" + file


# --- what the interpreter is about to run -------------------------------------------------------------------


def script(file):
    main = Module(stem(file), why="the script %s is not there" % file)
    try:
        with open(file, "rb") as opened:
            main.source = opened.read()
    except OSError:
        return main
    main.file, main.why = absolute(file), None
    main.compile(lambda: compile(main.source, main.file, "exec", 0, True))
    return main


def command(text):
    main = Module("__main__", why="")
    main.source, main.file, main.why = text, "<string>", None
    main.compile(lambda: compile(text, main.file, "exec", 0, True))
    return main


def run_module(name):
    main = locate(name)
    return locate(name + ".__main__") if main.folders is not None else main


def main_module(event, what):
    """The module that will be __main__; None: nobody knows yet."""
    make = {"file": script, "command": command, "module": run_module}.get(event)
    main = make(what) if make else None
    if main:
        main.names = [main.name, "__main__"]
    return main


# --- folders -------------------------------------------------------------------------------------------------


def listed(folders):
    """The names that modules in these folders have, and the folders below: pairs, a folder or None."""
    for folder in folders:
        try:
            entries = sorted(posix.listdir(folder or "."))
        except OSError:
            continue
        for entry in entries:
            name, dot, _ = entry.partition(".")
            if not name.isidentifier() or name in ("__pycache__", "__init__"):
                continue
            if not dot:
                yield name, (folder or ".") + "/" + entry
            elif entry[len(name):] in SUFFIXES:
                yield name, None


def is_package(folder):
    """Has it modules, or packages? Those of an environment of its own are none of the program's."""
    try:
        entries = posix.listdir(folder)
    except OSError:
        return False
    return "pyvenv.cfg" not in entries


def may_begin(pattern, name):
    """Can a text that begins with the name fit?"""
    plain = pattern[: min([pattern.find(glob) for glob in "*?" if glob in pattern] + [len(pattern)])]
    return name.startswith(plain) or plain.startswith(name)


def below(folders, prefix, pattern, budget):
    """The names of modules in the folders, and below, that fit a glob."""
    for name, folder in listed(folders):
        name = prefix + name
        fits, deeper = matches(pattern, name), folder and budget and may_begin(pattern, name + ".")
        if folder and (fits or deeper) and not is_package(folder):
            continue
        if fits:
            yield name
        if deeper:
            budget.pop()
            yield from below([folder], name + ".", pattern, budget)


def own_folder():
    """Where the program's own modules lie."""
    return sys.path[:1]


def fitting(pattern):
    """The modules that fit a glob, on all of sys.path; of one that begins with '*' those of the program's folder."""
    folders = own_folder() if pattern[:1] in ("*", "?") else sys.path
    names = set(below(folders, "", pattern, [None] * MOST_FOLDERS))
    return [module for module in map(locate, sorted(names)) if module.file]


# --- functions -----------------------------------------------------------------------------------------------


def functions_in(code, prefix=""):
    """(qualified name, code, is it a class's) of all functions."""
    for const in code.co_consts:
        if type(const) is not CodeType:
            continue
        name = prefix + const.co_name
        if const.co_name.startswith("<generic parameters of "):
            yield from functions_in(const, prefix)
            continue
        if not const.co_flags & OPTIMIZED:  # the body of a class
            yield from functions_in(const, name + ".")
            continue
        owner = prefix.rstrip(".").rpartition(".")[2]
        yield name, const, owner not in ("", "<locals>")
        yield from functions_in(const, name + ".<locals>.")


def names_of(module):
    """Of its functions, those that people name."""
    return [name for name, _, _ in functions_in(module.code)
            if name.rpartition(".")[2].isidentifier() and name.rpartition(".")[2] != "__annotate__"]


def pairs(module):
    return [(name, name) for name in module.names]


def rules_of(module):
    return sorted(wanted_in(pairs(module)), key=lambda rule: rule[3])  # plain names first, as when they are wrapped


def imported_by(module):
    """The modules of its package that its code may import."""
    names, around = set(), module.name
    top = around.partition(".")[0] + "."
    while around:
        names.update(around + "." + name for name in module.code.co_names)
        around = around.rpartition(".")[0]
    names.update(name for name in module.code.co_names if name.startswith(top))
    return [found for found in map(locate, sorted(names)) if found.code]


def with_imported(modules):
    """Those that have rules, and those to which rules are handed on, for they import their function from there."""
    reached, waiting = [], list(modules)
    while waiting and len(reached) < MOST_MODULES:
        module = waiting.pop(0)
        wanted = rules_of(module) if module.code and module not in reached else None
        if not wanted:
            continue
        reached.append(module)
        n = len(handed_on)
        note_imports(module.code, pairs(module), wanted)
        if len(handed_on) > n:
            waiting += imported_by(module)
    return reached


def kind_of(code):
    return next((kind for flag, kind in KINDS if code.co_flags & flag), "function")


def parameters(code, in_class):
    n = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 0x4) + bool(code.co_flags & 0x8)
    names = list(code.co_varnames[:n])
    return names[1:] if in_class and names[:1] in (["self"], ["cls"]) else names


def find_functions(module, found, taken):
    """What the rules make of a module: into found, by rule; which rules have those of others: into taken."""
    wanted = rules_of(module)
    deep = any("<locals>" in rule[2] for rule in wanted)
    names = set()
    for name, code, in_class in functions_in(module.code):
        number = rule_for(wanted, name) if deep or "<locals>" not in name else None
        if number is None:
            continue
        taken.update((rule[0], number) for rule in wanted if rule[2] == name and rule[0] != number)
        earlier = found.setdefault(number, [])
        if name in names:  # of typing's overloads the last is the function
            stubs = overloads(module)
            earlier[:] = [other for other in earlier
                          if other[:2] != (module, name) or other[2].co_firstlineno not in stubs]
        names.add(name)
        earlier.append((module, name, code, in_class))


# --- rules --------------------------------------------------------------------------------------------------------


def tell_found(number, found, glob):
    for module, name, code, _ in found:
        report(number, "def", module.name + ":" + name, absolute(code.co_filename), str(code.co_firstlineno),
               kind_of(code))
    if glob or not captures:
        return
    names = []
    for _, _, code, in_class in found:
        names += [name for name in parameters(code, in_class) if name not in names]
    for name in names:
        report(number, "param", name, "redacted" if name.lower() in redacted else "")
    report(number, "param", "result", "")


def tell_unseen(number, pattern, candidates):
    for module in candidates:
        if not module.code:
            report(number, "unseen", module.name, module.file or "", module.why)
    if len(candidates) > MOST_MODULES:
        report(number, "unseen", pattern, "", "so many modules fit that not all were looked at")


def miss_of_glob(pattern, n):
    if n:
        return ("no function of the %d module%s that fit%s is called so, or other rules have it"
                % (n, "s" * (n > 1), "s" * (n == 1)))
    where = "on sys.path"
    if pattern[:1] in ("*", "?"):
        where = "below %s" % absolute(own_folder()[0] or ".")
    return "no module %s fits %s" % (where, pattern)


def tell_missing(number, pattern, function, candidates):
    """Candidates: the modules that fit, whether they have code or not."""
    readable = [module for module in candidates if module.code]
    if "*" in pattern or "?" in pattern:
        report(number, "miss", miss_of_glob(pattern, len(readable)))
    elif not readable:
        miss_module(number, candidates[0], function)
    elif "*" in function or "?" in function:
        module = readable[0]
        report(number, "miss", "no function of %s fits %s (%s)" % (module.name, function, absolute(module.file)))
    else:
        miss_function(number, readable[0], function)


def candidates_of(pattern, main):
    names = main.names if main else []
    mains = [main] if any(matches(pattern, name) for name in names) else []
    if "*" in pattern or "?" in pattern:
        return mains + [module for module in fitting(pattern) if not mains or module.file != main.file]
    if pattern == "__main__":
        unknown = "the program is read from standard input, and only when it runs"
        return mains or [Module(pattern, why=unknown)]
    there = locate(pattern)
    return mains if mains and (not there.code or there.file == main.file) else mains + [there]


def hide_warnings():
    """Of what is compiled: the program will have them when it runs."""
    for name in ("warnings", "_warnings"):
        filters = getattr(modules().get(name), "filters", None)
        if filters is not None:
            filters.insert(0, ("ignore", None, Warning, None, 0))
    sys.dont_write_bytecode = True


def tell(event, what):
    """What becomes of all rules, where the interpreter is about to run a "file", "module", "command" or another
    thing."""
    hide_warnings()
    main = main_module(event, what)
    candidates = {pattern: candidates_of(pattern, main) for _, pattern, _, _ in rules}
    found, taken = {}, {}
    for module in with_imported(module for some in candidates.values() for module in some):
        find_functions(module, found, taken)
    for number, pattern, function, glob in rules:
        if number in found:
            tell_found(number, found[number], glob)
        elif number in taken:
            report(number, "miss", "it belongs to another rule: %s" % titles[taken[number]])
        else:
            tell_missing(number, pattern, function, candidates[pattern])
        if glob:
            tell_unseen(number, pattern, candidates[pattern])
