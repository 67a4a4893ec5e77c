# SPDX-License-Identifier: Apache-2.0
"""What the scripts beside this share: a folder to trace in, the victim's ledger, and what the store must hold."""

import json
import os
import pathlib
import shutil
import signal
import sqlite3
import struct
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
VICTIM = BUILD / "faults" / "victim"
SHIM = BUILD / "libtraceshim.so"
COMMAND = BUILD / "traceshim"

RULES = """[pipeline]
job  = int job(long number)
stay = int stay(long number)
[tool]
part = int part(long number, const char *text)
"""

# As in abi.h.
PROCESS_LOST = 64
RING_LOST = 72
LOST_COUNT = 7
UNSEEN = 6  # TS_LOST_UNHOOKED: a look-up, no span


class Wrong(Exception):
    """The store does not hold what it must."""


class Place:
    """A folder with a spool and a store; on a tmpfs, for a process that dies does not care for the disk."""

    number = 0  # of places so far: calls of all of them have numbers of their own

    def __init__(self, name, store=None):
        Place.number += 1
        self.first = Place.number << 50
        base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"traceshim-{name}.", dir=base))
        self.spool = self.folder / "spool"
        self.conf = self.folder / "symbols.conf"
        self.conf.write_text(RULES)
        self.folder.chmod(0o755)
        self.store = store(self.folder / "store") if store else Sqlite(self.folder / "traces.db")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("TRACESHIM_", "XDG_", "LD_", "TRACE"))}
        self.env = {
            **kept,
            "HOME": str(self.folder / "home"),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "TRACESHIM_CONF": str(self.conf),
            "TRACESHIM_SPOOL": str(self.spool),
            "TRACESHIM_STORE": self.store.url,
        }
        self.rounds = 0

    def remove(self):
        self.store.remove()
        self.remove_folder()

    def remove_folder(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def victim(self, threads, calls=20, pause_us=1000, end=(), wrapper=(), traced=True, **more):
        """Starts a victim with a ledger of its own; answers both. `more` is added to its environment."""
        self.rounds += 1
        ledger = Ledger(self.folder / f"ledger-{self.rounds}", self.first + (self.rounds << 40))
        env = dict(self.env, **more)
        words = [*wrapper, VICTIM, ledger.path, ledger.base, threads, calls, pause_us, *end]
        if traced:
            env.setdefault("INJECT_PRELOAD" if wrapper else "LD_PRELOAD", str(SHIM))
        child = subprocess.Popen([str(w) for w in words], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, preexec_fn=no_core)
        return child, ledger

    def command(self, *words, wrapper=(), **more):
        """`traceshim WORDS`, started."""
        return subprocess.Popen([str(w) for w in (*wrapper, COMMAND, *words)], env=dict(self.env, **more), stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def recover(self):
        """What ended programs left is stored, or that is wrong."""
        child = self.command("list", "--json", "--limit", "1")
        try:
            said = child.communicate(timeout=120)[1].decode()
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            raise Wrong("the recovering command hangs") from None
        # that there are more traces, or none
        said = "".join(line for line in said.splitlines(True) if "--limit" not in line and "no traces are stored" not in line)
        if child.returncode or said:
            raise Wrong(f"the recovering command ends with {child.returncode} and says: {said}")

    def spools(self):
        return [p for p in self.spool.glob("*") if p.is_dir()] if self.spool.exists() else []

    def lost(self):
        """Spans lost, as the spools tell that are there now."""
        total = 0
        for spool in self.spools():
            for path in spool.iterdir():
                at = PROCESS_LOST if path.name == "process" else RING_LOST if path.name.startswith("ring-") else None
                with open(path, "rb") as file:
                    page = file.read(256)
                if at and len(page) == 256:
                    total += sum(n for i, n in enumerate(struct.unpack_from(f"<{LOST_COUNT}Q", page, at)) if i != UNSEEN)
        return total

    def nothing_left(self):
        left = self.spools() + sorted(self.folder.glob("home/.local/state/traceshim/backlog/*"))
        if left:
            raise Wrong(f"left in the spool: {[(str(p.name), sorted(f.name for f in p.iterdir())) for p in left]}")


def no_core():
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Store:
    """The store of a Place, read back. A store says how to ask it, and what a member of its JSON is."""

    number = None

    def ask(self, sql):
        raise NotImplementedError

    def rows(self, ledger):
        """Of one victim: (kind, number, success, error, input) of each of its calls, and how many say nothing of their
        input (a ring that is all but full has no room for it)."""
        where = f"{self.number} >= {ledger.base} AND {self.number} < {ledger.base + (1 << 40)}"
        traces = f"SELECT trace_id FROM pipeline_traces WHERE {ledger.process} AND (input_data IS NULL OR {where})"
        calls = self.ask(f"SELECT pipeline_name, {self.number}, success, error, input_data FROM pipeline_traces WHERE {where}")
        calls += self.ask(f"SELECT replace(replace(span_name, 'tool:', ''), 'pipeline:', ''), {self.number}, success, error,"
                          f" input_data FROM pipeline_spans WHERE {where}")
        nameless = 0
        for table in "pipeline_traces", "pipeline_spans":
            sql = f"SELECT count(*) FROM {table} WHERE input_data IS NULL AND trace_id IN ({traces})"
            nameless += sum(int(n) for n, in self.ask(sql))
        return [(kind, int(number), success in (1, "1", "t"), error, text) for kind, number, success, error, text in calls], nameless

    def run(self, ledger):
        """The run of its process: (begun, stored, open, dropped, outcome), or None."""
        found = self.ask(f"SELECT begun, stored, open, dropped, outcome FROM pipeline_runs WHERE {ledger.process}"
                         " ORDER BY started_at DESC LIMIT 1")
        return (*map(int, found[0][:4]), found[0][4]) if found else None

    def remove(self):
        pass


class Sqlite(Store):
    number = "json_extract(input_data, '$.number')"

    def __init__(self, path):
        self.path = path
        self.url = f"sqlite:{path}"

    def ask(self, sql):
        if not self.path.exists():
            return []
        db = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)
        try:
            return db.execute(sql).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" not in str(error):
                raise
            return []
        finally:
            db.close()


class Postgres(Store):
    """A server of its own."""

    number = "(input_data->>'number')::bigint"

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(mode=0o755)
        said = subprocess.run([ROOT / "scripts/postgres", "start", folder], check=True, stdout=subprocess.PIPE,
                              stdin=subprocess.DEVNULL)
        self.url = said.stdout.decode().strip()
        self.port = self.url.rsplit(":", 1)[1].split("/")[0]
        self.bin = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))

    def ask(self, sql):
        said = subprocess.run(["psql", "-XAtq", "-F", "\x1f", "-R", "\x1e", "-P", "null=\x1d", "-c", sql, self.url],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        if said.returncode:
            if b"does not exist" in said.stderr:
                return []
            raise Wrong(f"psql: {said.stderr.decode()}")
        text = said.stdout.decode().removesuffix("\n")
        rows = text.split("\x1e") if text else []
        return [tuple(None if cell == "\x1d" else cell for cell in row.split("\x1f")) for row in rows]

    def control(self, *words):
        user = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"] if os.geteuid() == 0 else []
        subprocess.run([*user, self.bin / "pg_ctl", "-D", self.folder / "data", "-l", self.folder / "log", *words],
                       check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def end(self, hard):
        """As a kill -9 of the server, or as an immediate stop."""
        if not hard:
            self.control("-m", "immediate", "-w", "stop")
            return
        pid = int((self.folder / "data/postmaster.pid").read_text().split()[0])
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for one in [pid, *map(int, children)]:
            try:
                os.kill(one, signal.SIGKILL)
            except ProcessLookupError:
                pass
        while any(pathlib.Path(f"/proc/{one}").exists() for one in [pid, *children]):
            time.sleep(0.01)

    def start(self):
        self.control("-o", f"-p {self.port}", "-w", "start")

    def remove(self):
        subprocess.run([ROOT / "scripts/postgres", "stop", self.folder], check=False, stdin=subprocess.DEVNULL)


class Ledger:
    """As in ledger.h."""

    KINDS = ("job", "part", "stay")

    def __init__(self, path, base):
        self.path, self.base = path, base
        self.made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 1))

    @property
    def pid(self):
        """0: it never came to its main."""
        data = self.path.read_bytes() if self.path.exists() else b""
        return struct.unpack_from("<Q", data, 16)[0] if data else 0

    @property
    def process(self):
        """A condition of rows: another one may have had the pid before."""
        return f"pid = {self.pid} AND started_at >= '{self.made}'"

    def read(self):
        """[{kind: (begun, done)}] of each thread."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return []
        threads = []
        for at in range(64, len(data), 64):
            words = struct.unpack_from("<6Q", data, at)
            threads.append({kind: words[2 * i:2 * i + 2] for i, kind in enumerate(self.KINDS)})
        return threads

    def done(self):
        return sum(done for thread in self.read() for _, done in thread.values())


PARTS = 3  # of a job


def is_cut(kind, number, text):
    """What was captured is what was passed, or cut: a ring that is nearly full has no room for more."""
    value = json.loads(text)
    if kind != "part":
        return False
    letter, length = str(number % 10), number % 400
    got = value.get("text")
    if got == letter * length:
        return False
    if got is None or isinstance(got, dict) and set(got["head"] + got["tail"]) <= {letter} and got["truncated"] == length:
        return True
    raise Wrong(f"part {number} has another text: {text[:200]}")


class Told:
    """What became of a victim's calls."""

    def __init__(self, ledger, rows):
        self.finished = self.doubled = self.interrupted = self.surplus = self.cut = 0
        self.missing = []
        self.wrong = []
        found = {}
        for kind, number, success, error, text in rows:
            self.cut += is_cut(kind, number, text)
            found.setdefault((kind, number), []).append((success, error))
        for index, thread in enumerate(ledger.read()):
            base = ledger.base + (index << 32)
            for kind in ("job", "stay", "part"):
                missing = self.look(found, kind, base, *thread[kind])
                # inside a call that was dropped the parts are outside every trace
                if kind == "job":
                    gone = set(missing)
                elif kind == "stay":
                    stays, none = thread[kind][0], bool(missing)
                else:
                    missing = [n for n in missing if not none and (stays or (n + PARTS - 1) // PARTS not in gone)]
                self.missing += [(kind, base + n) for n in missing]
        self.surplus = len(found)

    def look(self, found, kind, base, begun, done):
        """The calls of a kind that are not stored and may not have been: 1, 2, ..."""
        missing = []
        for n in range(1, done + 1):
            rows = found.pop((kind, base + n), [])
            self.finished += 1
            self.doubled += len(rows) > 1
            if not rows:
                missing.append(n)
            if any(not success for success, _ in rows):
                self.wrong.append(f"{kind} {base + n} returned and is stored as {rows}")
        # the next one may have begun without its body, ended without its caller
        rows = found.pop((kind, base + done + 1), [])
        self.doubled += len(rows) > 1
        if begun > done and not rows:
            missing.append(done + 1)
        for success, error in rows:
            self.interrupted += not success
            if not success and not error.startswith("interrupted"):
                self.wrong.append(f"{kind} {base + done + 1} was open and is stored as {error}")
        return missing

    def judge(self, lost, run, n_rows):
        """`lost` calls were counted as lost: so many may be missing, finished or open. `run` is what the store says of
        the process, of which it has `n_rows` rows."""
        wrong = self.wrong[:5]
        if run is None and (n_rows or lost):
            wrong.append("the process is not told of")
        if run:
            begun, stored, still_open, dropped, outcome = run
            if begun != stored + still_open + dropped or still_open or stored != n_rows or not outcome:
                wrong.append(f"{begun} begun, {stored} stored ({n_rows} found), {still_open} open, {dropped} dropped, {outcome}")
        if len(self.missing) > lost:
            wrong.append(f"{len(self.missing)} missing, {lost} counted as lost: {self.missing[:5]} ...")
        if self.doubled:
            wrong.append(f"{self.doubled} doubled")
        if self.surplus:
            wrong.append(f"{self.surplus} that were never made")
        if wrong:
            raise Wrong("; ".join(wrong) + f" (of {self.finished} finished calls)")
