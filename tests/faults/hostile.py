"""Tasks that do what no task should."""

from __future__ import annotations

from typing import TYPE_CHECKING

from a4eval.testing import a_plugin

from .row import SWEEP, Row, all_gone, check

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from ..conftest import Place

HOW = {
    "exit": "sys.exit(3)",
    "leave": "os._exit(0)",
    "abort": "os.abort()",
    "segfault": "ctypes.string_at(0)",
    "kill": "os.kill(os.getpid(), 9)",
    "stop": "os.kill(os.getpid(), signal.SIGTERM); time.sleep(0.1)",
    "interrupt": "raise KeyboardInterrupt",
    "alarm": "signal.alarm(1); time.sleep(1.5)",
    "cancelled": "raise asyncio.CancelledError",
    "recursion": "f = lambda: f(); f()",
    "deep": "eval('(' * 90 + ')' * 90)",
    "memory": "bytearray(1 << 46)",
    "mute": "raise type('Mute', (Exception,), {'__str__': lambda s: 1 / 0})",
    "odd": "raise type('Odd', (BaseException,), {})",
    "surrogate": "raise ValueError('\\\\ud800')",
    "long": "raise ValueError('x' * 5_000_000)",
    "closed": "os.closerange(0, 3)",
    "all closed": "os.closerange(0, 512)",
    "flood": "[print('x' * 999) for _ in range(9999)]",
    "bytes": "os.write(1, bytes(range(256)) * 99)",
    "elsewhere": "os.chdir('/')",
    "gone": "os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')",
    "environment": "os.environ.clear()",
    "locale": "locale.setlocale(locale.LC_ALL, 'C')",
    "fork": "os.fork()",
    "orphan": "os.fork() or (os.setsid(), time.sleep(1), os._exit(0))",
    "thread": "threading.Thread(target=time.sleep, args=(600,), daemon=True).start()",
    "trace": "sys.settrace(lambda *a: 1 / 0)",
    "profile": "sys.setprofile(lambda *a: None)",
    "hook": "sys.excepthook = sys.unraisablehook = None",
    "print": "sys.stdout = sys.stderr = None",
    "exit hook": "atexit.register(os.abort)",
    "umask": "os.umask(0o777)",
    "files": "[os.dup(1) for _ in range(99)]",
    "random": "random.seed(0); np.random.seed(0); np.seterr(all='raise')",
    "warnings": "warnings.simplefilter('error'); warnings.warn('x')",
    "handlers": "[signal.signal(one, signal.SIG_IGN) for one in (2, 15, 17)]",
    "modules": "sys.modules.pop('a4eval'); sys.modules.pop('json', None)",
    "wrong": "return 5",
    "nothing": "return None",
    "result": "return Result({'x': 'y'})",
    "generator": "return Result({'x': Value(i) for i in [float('nan')]})",
}
"""A name, and what the task does."""
CODE = """
import asyncio, atexit, ctypes, locale, os, random, signal, sys, threading, time, warnings
from dataclasses import dataclass
import numpy as np
from a4eval import Component, Result, Value, hookimpl, param

A4EVAL_API = 1

@dataclass
class Hostile:
    how: str = param("good", help="what it does")
    number: int = param(0, help="anything")

    def run(self, run):
        return getattr(self, self.how.replace(" ", "_"))()  or Result({"value": Value(1.0)})

    def good(self):
        return None

METHODS

@hookimpl
def a4eval_components():
    return [Component(kind="task", name="hostile", factory="hostile:Hostile", summary="does what no task should")]
"""


def code() -> str:
    """Return the plugin."""
    methods = "\n\n".join(f"    def {name.replace(' ', '_')}(self):\n        {body}" for name, body in HOW.items())
    return CODE.replace("METHODS", methods)


def run(place: Place, rng: random.Random, trials: int) -> Iterator[None]:
    """Sweep over some of them, a good task after each: every one has a record, and the good ones are ok."""
    site = place.folder.parent / "site"
    site.mkdir()
    a_plugin(site, code(), name="hostile", distribution="hostile")
    place.environment["PYTHONPATH"] = f"{site}:{place.environment['PYTHONPATH']}"
    chosen = [rng.choice(list(HOW)) for _ in range(trials)]
    rows = "\n".join(f"{name},{number}\ngood,{number}" for number, name in enumerate(chosen))
    (place.folder / "points.csv").write_text(f"task.how,task.number\n{rows}\n")
    words = ["points=points.csv", "timeout=20", "executor.workers=2", f"hydra.sweep.dir={SWEEP}"]
    done = place.run("run", "-m", "task.name=hostile", *words, timeout=300)
    check(done.code in (0, 1), f"exit status {done.code}: {done.err}")
    check("Traceback (most recent call last)" not in done.err, done.err)
    all_gone(place.folder)
    found = {(one["config"]["task"]["how"], one["config"]["task"]["number"]): one for one in place.records()}
    for number, name in enumerate(chosen):
        check((name, number) in found, f"{name!r} has no record: {done.err}")
        beside = found.get(("good", number), {"status": None, "error": None})
        check(beside["status"] == "ok", f"a good task near {name!r}: {beside['status']} {beside['error']}")
        yield


ROWS = [
    Row(
        "hostile tasks: they exit, crash, fork, close all, flood, hang, break what they can",
        "each has a record, ok or failed; those around it are ok; no process stays",
        210,
        run,
        21,
    )
]
