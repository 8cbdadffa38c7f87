import ctypes
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from a4eval import DataError, Result, Value, import_named, param


@dataclass
class Probe:
    """Gives back x, or misbehaves."""

    x: float = param(0, help="the value")
    y: Any = param(None, help="anything")
    options: dict[str, Any] = param(default_factory=dict, help="anything")
    sizes: list[int] = param(default_factory=list, help="a list")
    seconds: float = param(0, help="how long it takes", unit="seconds")
    spin: float = param(0, help="how long it computes", unit="seconds of processor time")
    fail: list[float] = param(default_factory=list, help="for which x it fails")
    die: list[float] = param(default_factory=list, help="for which x it kills its process")
    signal: int = param(11, help="with what")
    leave: list[float] = param(default_factory=list, help="for which x it ends its process")
    flaky: str | None = param(None, help="a folder: every run fails until it has left a mark there")
    stuck: bool = param(False, help="stay in compiled code, deaf to exceptions")
    hoard: float = param(0, help="memory to allocate", unit="GB")
    needs: str | None = param(None, help="a file that must be there")
    reads: str | None = param(None, help="a file whose number is added to x")
    metric: Any = param(0, help="the value of a metric")
    write: bool = param(False, help="leave an artifact")
    code: str | None = param(None, help="code that is imported")
    say: str | None = param(None, help="what to print, from Python, from C and from another program")

    def __post_init__(self):
        if self.x == -1:
            raise ValueError(f"x must not be {self.x:g}")
        if self.code:
            import_named(self.code, path="task.code")

    def run(self, run):
        if self.say:
            sys.stdout.write(f"{self.say} out\n")
            sys.stderr.write(f"{self.say} err\n")
            ctypes.CDLL(None).printf(b"%s from C\n", self.say.encode())
            subprocess.run(["echo", self.say, "from a program"], check=True)
        if self.write:
            run.artifact("x.txt").write_text(str(self.x))
        if self.needs and not Path(self.needs).exists():
            raise DataError(f"{Path.cwd()} has no {self.needs}")
        if self.stuck:
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
        time.sleep(self.seconds)
        until = time.process_time() + self.spin
        while time.process_time() < until:
            pass
        if self.hoard:
            bytearray(int(self.hoard * 1e9))
        if self.flaky:
            mark = Path(self.flaky) / f"{self.x}"
            if not mark.exists():
                mark.touch()
                raise DataError("not yet")
        if self.x in self.fail:
            raise DataError(f"told to fail at {self.x:g}")
        if self.x in self.die:
            os.kill(os.getpid(), self.signal)
        if self.x in self.leave:
            os._exit(3)
        read = float(run.source(self.reads).read_text()) if self.reads else 0
        value = {
            "value": Value(self.x + read + run.seed / 1000, higher_is_better=True),
            "pid": Value(os.getpid()),
            "given": Value(self.metric),
        }
        return Result({**value, "threads": Value(int(os.environ.get("OMP_NUM_THREADS", "0")))})
