"""How soon ``a4eval view`` shows what has changed, with a sweep of 10,000 points and thousands of runs of their own.

``python benchmarks/view_lag.py [--write]``
"""

from __future__ import annotations

import http.client
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent.parent))

from harness import environment, publish, table

from a4eval.runs.record import encode
from tests.pages import record, sweep_lines

POINTS, RUNS = 10_000, 5_000
HELD = 10_000
"""Connections that ask nothing whole, and are not closed."""
ROUNDS = 5
SECONDS_OF_QUIET = 10
"""Before a point is appended: nothing of the last one is being waited for."""


class Server:
    """A running ``a4eval view`` of a folder."""

    def __init__(self, folder: Path) -> None:
        self.started = time.perf_counter()
        words = [sys.executable, "-m", "a4eval", "view", str(folder), "--port", "0"]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().strip().rstrip("/").rpartition(":")[2])

    def get(self, path: str) -> tuple[float, str]:
        """Return how long a page took, and the page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        before = time.perf_counter()
        connection.request("GET", path)
        text = connection.getresponse().read().decode()
        return time.perf_counter() - before, text

    def follow(self, path: str, version: str) -> socket.SocketIO:
        """Return the stream of a page's updates."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        asked = f"GET {path}?since={version} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"
        connection.sendall(asked.encode())
        return connection.makefile("rb")

    def processor(self) -> float:
        """Return how many seconds of the processor it took until now."""
        words = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure and publish."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = sweep_lines(seeds=POINTS // 60 + 1)
        journal = folder / "sweep" / "results.jsonl"
        journal.parent.mkdir()
        journal.write_bytes(b"\n".join(lines[:POINTS]) + b"\n")
        text = encode(record())
        for place in range(RUNS):
            run = folder / "runs" / f"{place // 100:03}" / f"{place % 100:02}"
            run.mkdir(parents=True)
            (run / "result.json").write_bytes(text.replace(b"0123456789abcdef", b"%016x" % place))
        server = Server(folder)
        try:
            rows = [*measured(server, journal, lines[POINTS:]), *crowded(server)]
        finally:
            server.process.send_signal(signal.SIGINT)
            server.process.wait(timeout=20)
    text = (
        f"A folder with a sweep of {POINTS:,} points and {RUNS:,} runs of their own.\n\n{table(['', 'seconds'], rows)}"
    )
    here = environment("starlette", "uvicorn")
    publish("view_lag", f"## `a4eval view`\n\n{text}\n\n{here}; `python benchmarks/view_lag.py`")


def measured(server: Server, journal: Path, more: list[bytes]) -> list[list[object]]:
    """Return the rows of the table."""
    server.get("/")
    first = time.perf_counter() - server.started
    while "still being read" in server.get("/")[1]:
        time.sleep(0.1)
    read = time.perf_counter() - server.started
    sweep = re.search(r'href="(/sweep/\w+)"', server.get("/")[1])[1]
    overview = median(server.get(f"/?runs={place + 2}")[0] for place in range(ROUNDS))
    page = median(server.get(f"{sweep}?page={place + 2}")[0] for place in range(ROUNDS))
    before = server.processor()
    time.sleep(SECONDS_OF_QUIET)
    idle = (server.processor() - before) / SECONDS_OF_QUIET
    version = re.search(r'data-version="(\w+)"', server.get(sweep)[1])[1]
    updates, alone = server.follow(sweep, version), []
    for line in more[:ROUNDS]:
        time.sleep(SECONDS_OF_QUIET)
        alone.append(lags(journal, line, updates, "points", "charts"))
    points, charts = zip(*alone, strict=True)
    at_once = [lags(journal, line, updates, "points")[0] for line in more[ROUNDS : 2 * ROUNDS]]
    return [
        ["first page, from the start of the program", first],
        ["everything read, from the start of the program", read],
        ["the overview, a page of it that was not made before", overview],
        ["a page of the sweep that was not made before", page],
        ["from an appended point to the update of the sweep's page: median", median(points)],
        ["the longest", max(points)],
        ["the same, each point appended as soon as the last was shown", median(at_once)],
        ["from an appended point to the update of the charts: median", median(charts)],
        ["share of a processor while nothing changes", f"{idle:.1%}"],
    ]


def crowded(server: Server) -> list[list[object]]:
    """Return the rows of a server to which so many keep half a request open, all at once."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    taken, held = [], []
    for _ in range(HELD):
        held.append(socket.create_connection(("127.0.0.1", server.port), timeout=60))
        held[-1].sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
        if len(held) % 500 == 0:
            taken.append(len(list(Path(f"/proc/{server.process.pid}/fd").iterdir())))
    page = median(server.get(f"/?runs={place + 2}")[0] for place in range(ROUNDS))
    assert server.process.poll() is None
    for one in held:
        one.close()
    return [
        [f"the overview while {HELD:,} connections are held open by somebody else", page],
        ["files that the server has open meanwhile, at most", f"{max(taken)} files"],
    ]


def lags(journal: Path, line: bytes, updates: socket.SocketIO, *parts: str) -> list[float]:
    """Append a point, and return how long it took until the stream told of it, one part after another."""
    before, found = time.perf_counter(), []
    with journal.open("ab") as file:
        file.write(line + b"\n")
    for part in parts:
        told = b""
        while not (told.startswith(b"data: ") and part in json.loads(told[6:])["parts"]):
            told = updates.readline()
        found.append(time.perf_counter() - before)
    return found


if __name__ == "__main__":
    main()
