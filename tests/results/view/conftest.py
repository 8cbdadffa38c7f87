"""A real server of a folder, and questions to it that a browser would not ask."""

from __future__ import annotations

import http.client
import os
import select
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from a4eval.runs import record as records

from ...pages import record, sweep_lines


@dataclass
class Answer:
    """What the server answered."""

    status: int
    headers: dict
    text: str


@dataclass
class Server:
    """A running ``a4eval view``."""

    process: subprocess.Popen
    address: str

    @property
    def port(self):
        return urlsplit(self.address).port

    def ask(self, path="/", method="GET", body=None, **headers):
        """Ask, with whatever headers: names with ``_`` for ``-``; ``host=None`` leaves it out."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.putrequest(method, path, skip_host="host" in headers, skip_accept_encoding=True)
            for name, value in headers.items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders(body)
            found = connection.getresponse()
            return Answer(found.status, dict(found.getheaders()), found.read().decode())
        finally:
            connection.close()

    def connect(self, sent=b""):
        """Return an open connection on which that much was sent."""
        found = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        found.sendall(sent)
        return found

    def stop(self, how=signal.SIGINT):
        """End it, and return its exit status and what it said."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        _, said = self.process.communicate(timeout=10)
        return self.process.returncode, said


def start(folder, *options):
    process = subprocess.Popen(
        [sys.executable, "-m", "a4eval", "view", str(folder), *(options or ("--port", "0"))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    ready, _, _ = select.select([process.stdout], [], [], 60)
    if not ready:
        process.kill()
    return Server(process, process.stdout.readline().strip() if ready else "")


@contextmanager
def servers():
    """Start servers of folders; they are ended afterwards."""
    pytest.importorskip("starlette", reason="starlette is not installed: pip install 'a4eval[view]'")
    pytest.importorskip("uvicorn", reason="uvicorn is not installed: pip install 'a4eval[view]'")
    started = []

    def begin(folder, *options):
        started.append(start(folder, *options))
        return started[-1]

    try:
        yield begin
    finally:
        for one in started:
            one.process.kill()
            one.process.communicate()


@pytest.fixture
def view():
    """Start a server of a folder; it is ended afterwards."""
    with servers() as begin:
        yield begin


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A server of a folder with results, for the tests of a file that change neither."""
    with servers() as begin:
        yield begin(fill(tmp_path_factory.mktemp("shared") / "results"))


def fill(folder, sweeps=None):
    """Make a folder with two runs, one of which failed and has a log, and two sweeps.

    Args:
        folder: to be made.
        sweeps: the lines of each; by default a small one and one whose points take two pages.
    """
    sweeps = sweeps or {"small": sweep_lines(seeds=1), "large": sweep_lines(seeds=9)}
    ok = folder / "outputs" / "ok"
    ok.mkdir(parents=True)
    (ok / "a note.txt").write_text("<b>hello</b>")
    (ok / "page.html").write_text("<script>alert(1)</script>")
    (ok / "secret.txt").write_text("not listed")
    listed = [listed_file(ok, name) for name in ("a note.txt", "page.html")]
    records.write(record(artifacts=listed, config={"description": "What is asked."}), ok)
    error = records.ErrorRecord("ValueError", "shapes do not fit", "Traceback (most recent call last): here")
    failed = record(run_id="f" * 16, status="failed", error=error, metrics={}, tables={}, charts={})
    records.write(failed, folder / "outputs" / "failed")
    for name, lines in sweeps.items():
        (folder / "multirun" / name).mkdir(parents=True)
        (folder / "multirun" / name / "results.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    return folder


def listed_file(folder, name):
    import hashlib

    content = (folder / name).read_bytes()
    return records.FileRecord(name, hashlib.sha256(content).hexdigest(), len(content))


@pytest.fixture
def folder(tmp_path):
    """A folder with results."""
    return fill(tmp_path / "results")
