#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tests/fuzz/python.py SECONDS [SEED]: Python programs made at random, whose functions are all wrapped, do with the
shim what they do without it. PYTHONS names the interpreters; the one that runs this is the default. A program
that does something else is kept in build/fuzz/."""

import functools
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from python_programs import Program

ROOT = pathlib.Path(__file__).resolve().parents[2]
KINDS = ["pipeline", "agent", "llm", "tool", "step"]


def rules(randomly, names):
    """Every function is of some kind; those inside others and of classes are steps."""
    lines = {kind: [] for kind in KINDS}
    for name in names:
        lines[randomly.choice(KINDS)].append(f"python __main__:{name}")
    lines["pipeline"].append("python __main__:main")
    lines["step"] += ["python __main__:*", "python __main__:*.<locals>.*"]
    text = "[trace]\norphans = %s\n" % randomly.choice(["drop", "trace"])
    number = 0
    for kind, values in lines.items():
        text += f"[{kind}]\n"
        for value in values:
            number += 1
            text += f"n{number} = {value}\n"
    return text


@functools.lru_cache
def shows_frames(python):
    """Before 3.11 a traceback has frames of ours."""
    return subprocess.run([python, "-c", "import sys; sys.exit(sys.version_info >= (3, 11))"], check=False).returncode == 0


def said(python, text):
    """What event loops say of async generators has no order, and a number of a task."""
    text = re.sub(rb"0x[0-9a-f]+", b"0x", re.sub(rb"Task-\d+", b"Task", text))
    if shows_frames(python):
        text = re.sub(rb"(?m)^  .*\n|:\d+:", b"", text)
    return sorted(text.split(b"\n"))


def answer(python, script, folder, shim):
    env = {key: value for key, value in os.environ.items() if not key.startswith(("TRACESHIM_", "LD_", "TRACE", "PYTHON"))}
    env.update(TRACESHIM_CONF=str(folder / "symbols.conf"), TRACESHIM_SPOOL=str(folder / "spool"), HOME=str(folder),
               TRACESHIM_STORE=f"jsonl:{folder}/traces.jsonl", XDG_STATE_HOME=str(folder / "state"),
               PYTHONHASHSEED="0", LC_ALL="C.UTF-8")
    if shim:
        env["LD_PRELOAD"] = str(ROOT / "build" / "libtraceshim.so")
    done = subprocess.run([python, str(script)], env=env, cwd=folder, capture_output=True, stdin=subprocess.DEVNULL,
                          timeout=120)
    return done.returncode, done.stdout, said(python, done.stderr)


def differs(python, text, conf, folder):
    script = folder / "program.py"
    script.write_text(text)
    (folder / "symbols.conf").write_text(conf)
    plain, traced = (answer(python, script, folder, shim) for shim in (False, True))
    return None if plain == traced else (plain, traced)


def keep(seed, python, text, conf, found):
    folder = ROOT / "build" / "fuzz" / f"python-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "program.py").write_text(text)
    (folder / "symbols.conf").write_text(conf)
    for name, (status, out, err) in zip(("plain", "traced"), found):
        (folder / f"{name}.out").write_bytes(out)
        (folder / f"{name}.err").write_bytes(b"\n".join(err) + b"\nstatus %d\n" % status)
    print(f"not so: {folder}/program.py with {python}")


def main():
    seconds = float(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 and sys.argv[2] else int(time.time())
    pythons = os.environ.get("PYTHONS", sys.executable).split()
    started, n, wrong = time.monotonic(), 0, 0
    print(f"from seed {seed} on")
    while time.monotonic() - started < seconds and wrong < 10:
        randomly = random.Random(seed + n)
        program = Program(randomly)
        python = pythons[n % len(pythons)]
        conf = rules(randomly, program.names)
        with tempfile.TemporaryDirectory(prefix="traceshim-fuzz.") as folder:
            found = differs(python, program.text, conf, pathlib.Path(folder))
        if found:
            keep(seed + n, python, program.text, conf, found)
            wrong += 1
        n += 1
    print(f"{n} programs, {wrong} of them wrong")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
