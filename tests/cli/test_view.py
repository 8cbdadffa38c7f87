"""``a4eval view``: where it listens, how it ends, and what it costs those who do not use it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time

import pytest

from a4eval.runs import record as records

from ..pages import record
from ..results.view.conftest import view  # noqa: F401  (a fixture)


def test_ctrl_c_ends_it_at_once_and_leaves_nothing(view, tmp_path):  # noqa: F811
    records.write(record(), tmp_path / "run")
    server = view(tmp_path)
    stream = server.connect(b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
    stream.recv(1000)
    silent = server.connect()
    began = time.monotonic()
    code, said = server.stop()
    assert time.monotonic() - began < 4
    assert code == 130
    assert said.splitlines() == [f"shows {tmp_path}; Ctrl-C ends it", "a4eval: interrupted"]
    with pytest.raises(ConnectionRefusedError):
        server.connect()
    for one in (stream, silent):
        one.close()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["result.json", "run"]


def test_a_polite_kill_ends_it_too(view, tmp_path):  # noqa: F811
    server = view(tmp_path)
    assert server.ask("/").status == 200
    code, said = server.stop(signal.SIGTERM)
    assert code in (-signal.SIGTERM, 143)
    assert "Traceback" not in said


def test_a_port_in_use_is_told(view, tmp_path, cli):  # noqa: F811
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = cli("view", str(tmp_path), "--port", str(port))
    assert done.code == 2
    assert done.err == f"a4eval: error: --port: {port} is in use; choose another, or 0 for any that is free\n"


def test_the_usual_port_or_any_that_is_free(view, tmp_path):  # noqa: F811
    first, second = (view(tmp_path, "--host", "127.0.0.1") for _ in range(2))
    assert first.port != second.port
    assert {one.ask("/").status for one in (first, second)} == {200}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_others_are_not_let_in_without_a_token(view, tmp_path, cli, host):  # noqa: F811
    done = cli("view", str(tmp_path), "--host", host, "--port", "0")
    assert done.code == 2
    assert f"{host} can be reached from other machines; add --token" in done.err
    assert done.out == ""


def test_an_address_that_is_none(view, tmp_path, cli):  # noqa: F811
    done = cli("view", str(tmp_path), "--host", "no such host", "--port", "0")
    assert done.code == 2
    assert "--host: there is no address 'no such host'" in done.err
    done = cli("view", str(tmp_path), "--host", "192.0.2.1", "--port", "0", "--token")
    assert done.code == 2
    assert "--host: cannot listen at 192.0.2.1:0" in done.err


def test_the_folder_has_to_be_one(cli, tmp_path):
    (tmp_path / "file").touch()
    assert cli("view", "nowhere").code == 2
    assert cli("view", "file").code == 2


def test_help(cli):
    done = cli("view", "--help")
    for wanted in ("PATH", "--port", "--host", "--token", "Ctrl-C", "ssh -L 8321:localhost:8321"):
        assert wanted in done.out


def test_without_the_extra_it_says_what_to_install(tmp_path):
    code = "import sys; sys.modules['uvicorn'] = None; from a4eval.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "view", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "pip install 'a4eval[view]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("words", [["--version"], ["view", "--help"], ["report", "--help"], ["run", "--help"]])
def test_nothing_of_it_is_imported_by_others(tmp_path, words):
    code = (
        "import sys\nfrom a4eval.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "ours = ('starlette', 'uvicorn', 'anyio', 'a4eval.results.view')\n"
        "found = [one for one in sys.modules if one.startswith(ours)]\n"
        "assert not found, found"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
