"""A tracker that does as it is told."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from a4eval import param


@dataclass
class Tracked:
    """Notes what it is given, after it has misbehaved."""

    to: str = param("tracked.jsonl", help="where it notes what it is given")
    how: str = param("", help="how it misbehaves")
    seconds: float = param(0.0, help="how long it takes", unit="seconds")
    wait: float = param(30.0, help="how long it is waited for", unit="seconds")

    def track(self, record, folder):
        time.sleep(self.seconds)
        sys.stdout.write("noise\n" * 100_000)
        if self.how == "raises":
            raise OSError("no such\nserver")
        if self.how == "exits":
            sys.exit("I will not")
        if self.how == "crashes":
            os.kill(os.getpid(), signal.SIGSEGV)
        if self.how == "hangs":
            subprocess.Popen(["sleep", "1000"])
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(1000)
        line = {"run_id": record["run_id"], "status": record["status"], "folder": str(folder), "cwd": str(Path.cwd())}
        with Path(self.to).open("a") as file:
            file.write(json.dumps(line) + "\n")
