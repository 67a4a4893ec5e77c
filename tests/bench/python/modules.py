# SPDX-License-Identifier: Apache-2.0
"""modules.py FOLDER: a program, main.py, that imports 500 modules of 20 functions and classes each, compiled; and rules, with
100 of their functions."""

import compileall
import pathlib
import sys

MODULES, FUNCTIONS, RULES = 500, 20, 100

MODULE = '''"""Number {number}."""
import json

LIMIT = {number}


class Agent{number}:
    """Works."""

    def __init__(self, name, level=3):
        self.name, self.level = name, level

    def run(self, prompt, *, limit=LIMIT):
        words = [word for word in prompt.split() if len(word) < limit]
        return json.dumps({{"name": self.name, "words": words}})

    async def stream(self, prompt):
        for word in prompt.split():
            yield word
'''

FUNCTION = '''

def step_{function}(text, count={function}, **more):
    """Step {function}."""
    if not text:
        raise ValueError(f"step {function} of {{text!r}}")
    return [text[i:i + count] for i in range(0, len(text), count or 1)] + sorted(more)
'''


def main(folder):
    package = pathlib.Path(folder, "generated")
    package.mkdir()
    (package / "__init__.py").touch()
    for number in range(MODULES):
        text = MODULE.format(number=number) + "".join(FUNCTION.format(function=i) for i in range(FUNCTIONS))
        (package / f"module_{number}.py").write_text(text, encoding="utf-8")
    imports = "".join(f"import generated.module_{number}\n" for number in range(MODULES))
    pathlib.Path(folder, "main.py").write_text(imports, encoding="utf-8")
    step = MODULES // RULES
    rules = "".join(f"agent_{number} = python generated.module_{number}:Agent{number}.run\n"
                    for number in range(0, MODULES, step))
    pathlib.Path(folder, "rules.conf").write_text("[trace]\norphans = drop\n[agent]\n" + rules, encoding="utf-8")
    pathlib.Path(folder, "none.conf").write_text("[trace]\norphans = drop\n[agent]\nnone = no_such_function\n", encoding="utf-8")
    compileall.compile_dir(folder, quiet=1)


main(sys.argv[1])
