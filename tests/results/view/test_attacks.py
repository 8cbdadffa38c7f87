"""Each way in that is known, tried against a real server."""

from __future__ import annotations

import hashlib
import os
import re
import resource
import shutil
import signal
import socket
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from a4eval.runs import record as records

from ...pages import read_page, record
from ..report.test_page import ATTACK, attacked

MORE_THAN_FIT = 10_000
"""Connections, of which the server takes 128."""


@pytest.fixture
def server(shared):
    """A server that has been attacked by the tests before this one, too."""
    yield shared
    assert shared.process.poll() is None


@pytest.fixture
def untouched(view, folder):
    return view(folder)


def run_address(server, folder_name):
    """Return the address of the page of a run."""
    _, *rows = read_page(server.ask("/").text).tables["runs"]
    names = re.findall(r'href="(/run/\w+)">', server.ask("/").text)
    return next(one for one in names if folder_name in server.ask(one).text) if rows else None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "localhost.evil.example:{port}",
        "127.0.0.1.evil.example",
        "evil.example@localhost",
        "localhost@evil.example",
        "192.168.0.1:{port}",
        "2130706433",
        "localhost/evil",
        "[::1",
        "",
        None,
    ],
)
def test_dns_rebinding(server, host):
    """A page of another site whose name now means this machine asks under that name."""
    answer = server.ask(host=host and host.format(port=server.port))
    assert answer.status in (400, 421)
    assert "sweep" not in answer.text


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST:9000", "localhost:{port}"])
def test_its_own_names_whatever_port_leads_to_it(server, host):
    assert server.ask(host=host.format(port=server.port)).status == 200


def test_two_hosts_are_none(server):
    connection = server.connect(b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")
    assert re.match(rb"HTTP/1.1 4\d\d", connection.recv(100))
    connection.close()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Origin": "https://127.0.0.1:{port}"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Dest": "image"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "iframe"},
        {"Sec_Fetch_Site": "cross-site", "Accept": "text/event-stream"},
    ],
)
def test_a_page_of_another_site_asks(server, headers):
    answer = server.ask(**{name: value.format(port=server.port) for name, value in headers.items()})
    assert answer.status == 403
    assert "sweep" not in answer.text


def test_a_link_may_be_followed_and_our_own_page_may_ask(server):
    followed = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    assert server.ask(**followed).status == 200
    assert server.ask(Origin=f"http://127.0.0.1:{server.port}", Sec_Fetch_Site="same-origin").status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "X"])
def test_nothing_can_be_changed(server, method):
    assert server.ask(method=method).status == 405


def test_nothing_can_be_sent(server):
    assert server.ask(Content_Length="5", body=b"hello").status == 413
    assert server.ask(Transfer_Encoding="chunked", body=b"0\r\n\r\n").status == 413


def test_every_answer_has_a_strict_policy(server):
    for address in ("/", "/compare", "/run/none", "/nothing/at/all"):
        headers = {name.lower(): value for name, value in server.ask(address).headers.items()}
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers


PATHS = [
    "../secret.txt",
    "../../../../etc/passwd",
    "%2e%2e/secret.txt",
    "..%2fsecret.txt",
    "%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "..%252fsecret.txt",
    "..\\secret.txt",
    "%5c..%5csecret.txt",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "secret.txt%00.png",
    "a%20note.txt%00",
    "./a%20note.txt",
    "%c0%ae%c0%ae/secret.txt",
    "result.json",
    ".a4eval",
]


@pytest.mark.parametrize("path", PATHS)
def test_traversal(server, path):
    ok = run_address(server, "a note.txt")
    for address in (f"{ok}/file/{path}", f"/{path}", f"/run/{path}", f"{ok}/{path}"):
        answer = server.ask(address)
        assert answer.status in (400, 404), address
        assert "not listed" not in answer.text
        assert "root:" not in answer.text


def hostile(folder, **listed):
    """Make a run whose record lists files that it has no right to, and return its folder."""
    artifacts = [
        records.FileRecord(path, hashlib.sha256(content).hexdigest(), len(content)) for path, content in listed.items()
    ]
    records.write(record(run_id="a77ac" + "0" * 11, artifacts=artifacts, config={"description": "hostile"}), folder)
    return folder


def test_a_record_that_lists_what_lies_elsewhere(view, tmp_path):
    secret = b"a secret of mine"
    (tmp_path / "secret.txt").write_bytes(secret)
    root = tmp_path / "root"
    inner = root / "run"
    inner.mkdir(parents=True)
    (inner / "link.txt").symlink_to(tmp_path / "secret.txt")
    (inner / "in").symlink_to(tmp_path)
    (inner / "right.txt").write_bytes(secret)
    (inner / "changed.txt").write_bytes(secret[::-1])
    os.mkfifo(inner / "pipe.txt")
    (inner / "zero.png").symlink_to("/dev/zero")
    (inner / "folder.txt").mkdir()
    (root / "beside.txt").write_bytes(secret)
    names = ["link.txt", "in/secret.txt", "../../secret.txt", "../beside.txt", str(tmp_path / "secret.txt")]
    names += ["pipe.txt", "zero.png", "folder.txt", "changed.txt", "gone.txt", "in/../right.txt", "right.txt/x", ""]
    hostile(inner, **dict.fromkeys([*names, "right.txt"], secret))
    server = view(root)
    ok = run_address(server, "hostile")
    assert server.ask(f"{ok}/file/right.txt").text == secret.decode()
    for name in names:
        for path in (quote(name, safe=""), quote(name)):
            answer = server.ask(f"{ok}/file/{path}")
            assert answer.status in (400, 404), name
            assert "secret of" not in answer.text


def test_a_folder_of_a_point_that_is_a_link(view, tmp_path):
    from ...pages import sweep_lines

    content = b"a secret of mine"
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "secret.txt").write_bytes(content)
    root = tmp_path / "root"
    (root / "runs").mkdir(parents=True)
    (root / "runs" / "0000000000000005").symlink_to(tmp_path / "private")
    line = sweep_lines(seeds=1)[5]
    digest = hashlib.sha256(content).hexdigest()
    listed = f'"artifacts":[{{"path":"secret.txt","sha256":"{digest}","bytes":{len(content)}}}]'
    (root / "results.jsonl").write_bytes(line.replace(b'"artifacts":[]', listed.encode()) + b"\n")
    server = view(root)
    point = re.search(r'href="(/sweep/\w+)"', server.ask("/").text)[1]
    point = re.search(rf'href="({point}/\w+)"', server.ask(point).text)[1]
    assert "secret.txt" in server.ask(point).text
    assert server.ask(f"{point}/file/secret.txt").status == 404


def test_what_a_record_holds_is_text(view, tmp_path):
    given = {**attacked(), "status": "failed"}
    records.write(record(**given), tmp_path / "in" / "run")
    (tmp_path / "swept").mkdir()
    (tmp_path / "swept" / "results.jsonl").write_bytes(records.encode(record(**given)) + b"\n")
    server = view(tmp_path)
    pages = ["/", *set(re.findall(r'href="(/(?:run|sweep)/[\w/]+)"', server.ask("/").text))]
    pages += re.findall(r'value="([\w/]+)"', server.ask("/").text) and ["/compare"]
    pages += [f"/compare?baseline={quote(ATTACK)}&candidate={quote(ATTACK)}", f"/?runs={quote(ATTACK)}"]
    assert len(pages) >= 6
    for address in pages:
        text = server.ask(address).text
        page = read_page(text)
        assert text.count("<script>") == 1, address
        assert "<img src=x" not in text
        assert "\u202e" not in text
        assert "\x1b" not in text
        for name, attributes in page.elements:
            assert not [key for key in attributes if key.startswith("on") or key == "style"], (name, attributes)
        for one in page.addresses():
            assert re.match(r"[#/]", one), one


def test_odd_values_in_one_record_hide_no_other(view, folder):
    """What the schema does not allow, and numbers that no float can hold."""
    import json

    odd = [
        {
            "timing": {"wall_seconds": "long"},
            "error": {"type": ["a"], "message": 5, "traceback": {}},
            "status": "failed",
        },
        {"timing": {"wall_seconds": None}, "error": {}, "status": "odd"},
        {"metrics": {"AP": {"value": 10**400}, "loss": {"value": "many"}}},
        {"started": "", "config": [1, 2], "overrides": ["", "=", "a=b=c"], "experiment": ""},
        {"executor": {"attempt": "x"}, "log": {"path": 1}, "data": []},
    ]
    text = json.loads((folder / "outputs" / "ok" / "result.json").read_text())
    for place, given in enumerate(odd):
        (folder / "odd" / f"{place}").mkdir(parents=True)
        one = json.dumps({**text, "run_id": f"odd{place}", **given})
        (folder / "odd" / f"{place}" / "result.json").write_text(one)
        with (folder / "odd" / "results.jsonl").open("a") as file:
            file.write(one + "\n")
    server = view(folder)
    page = server.ask("/").text
    assert "this cannot be shown" not in page
    for name in ("outputs/ok", "multirun/small", *(f"odd/{place}" for place in range(5))):
        assert name in page
    for address in set(re.findall(r'href="(/(?:run|sweep)/[\w/]+)"', page)):
        answer = server.ask(address)
        assert answer.status in (200, 404), (address, answer.text)
    server.stop()


def test_names_of_files_and_folders_are_text(view, tmp_path):
    records.write(record(status="failed"), tmp_path / "<img src=x onerror=alert(1)> \x1b[31m" / "run")
    text = view(tmp_path).ask("/").text
    assert "<img" not in text
    assert "\x1b" not in text


@pytest.mark.parametrize("what", ["pipe", "device"])
@pytest.mark.parametrize("name", ["result.json", "results.jsonl"])
def test_what_takes_the_place_of_a_record_later(view, folder, name, what):
    """The server knew a file; now there is a pipe that never ends, and the server goes on."""
    server = view(folder)
    assert server.ask("/").status == 200
    file = folder / ("outputs/ok" if name == "result.json" else "multirun/small") / name
    file.unlink()
    if what == "pipe":
        os.mkfifo(file)
    else:
        file.symlink_to("/dev/zero")
    time.sleep(1.5)
    text = server.ask("/").text
    assert ("1 run" if name == "result.json" else "1 sweep") in text
    assert server.process.poll() is None


def open_files(process):
    return len(list(Path(f"/proc/{process.pid}/fd").iterdir()))


@pytest.fixture
def many_files():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] < MORE_THAN_FIT + 500:
        pytest.skip("this process may not open enough files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files in /proc")
@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: localhost\r\nX: "], ids=["silent", "half a request"])
def test_many_connections_held_open(untouched, many_files, sent):
    """So many are held as there is room for, however many come, and whoever asks something is answered."""
    before = open_files(untouched.process)
    with ExitStack() as held:
        for _ in range(MORE_THAN_FIT):
            held.enter_context(untouched.connect(sent))
            # what is taken at once passes through the loop in three turns: taken, begun, ended
            assert open_files(untouched.process) < before + 128 + 3 * 32 + 32, "and its own files"
        assert untouched.ask("/").status == 200
        assert untouched.ask("/", method="HEAD").status == 200
        until = time.monotonic() + 5
        while open_files(untouched.process) > before + 132 and time.monotonic() < until:
            time.sleep(0.05)
        assert before + 100 < open_files(untouched.process) <= before + 132, "the rest were closed"


@pytest.fixture
def stream_of(untouched):
    """Opens a stream, and returns it with the status it began with."""
    opened = []

    def one():
        opened.append(untouched.connect(b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"))
        return opened[-1], int(opened[-1].recv(4096).split()[1])

    yield one
    for connection in opened:
        connection.close()


def test_many_streams_held_open(untouched, stream_of, many_files):
    held = [stream_of() for _ in range(32)]
    assert {status for _, status in held} == {200}
    assert stream_of()[1] == 503, "one more is told so"
    assert untouched.ask("/").status == 200, "pages are shown all the same"
    assert untouched.ask("/", method="HEAD", Accept="text/event-stream").status == 200, "and HEAD opens no stream"
    for connection, _ in held[:5]:
        connection.close()
    until = time.monotonic() + 10
    while (again := stream_of())[1] != 200 and time.monotonic() < until:
        again[0].close()
        time.sleep(0.1)
    assert again[1] == 200, "who goes makes room"


def test_who_asks_too_slowly_is_cut_off(server):
    began = time.monotonic()
    slow = server.connect(b"GET / HTTP/1.1\r\n")
    slow.settimeout(1)
    while True:
        try:
            slow.send(b"X")  # a byte a second, and never an end
            if not slow.recv(100):
                break
        except TimeoutError:
            assert time.monotonic() - began < 20
        except OSError:
            break
    slow.close()
    assert 5 < time.monotonic() - began < 20


def test_who_takes_too_slowly_is_cut_off(view, tmp_path):
    content = b"x" * 50_000_000
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "large.bin").write_bytes(content)
    hostile(tmp_path / "run", **{"large.bin": content})
    server = view(tmp_path)
    address = run_address(server, "hostile")
    asked = f"GET {address}/file/large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    slow = server.connect(asked)
    time.sleep(1)
    began, cut = time.monotonic(), False
    while not cut and time.monotonic() - began < 40:
        time.sleep(1)
        tail = Path("/proc/net/tcp").read_text()
        cut = f":{server.port:04X} 0100007F:{slow.getsockname()[1]:04X} 01" not in tail
    assert cut, "the server holds it no longer"
    assert time.monotonic() - began > 10
    assert server.ask("/").status == 200
    slow.close()


@pytest.mark.parametrize("sent", [b"\x00" * 1000, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00"])
def test_what_is_no_request(server, sent):
    connection = server.connect(sent)
    connection.settimeout(20)
    assert re.match(rb"HTTP/1.1 4\d\d ", connection.recv(100)) or sent == b"\x16\x03\x01\x02\x00"
    connection.close()
    assert server.ask("/").status == 200


def test_a_request_without_end(server):
    connection = server.connect(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
    taken = 0
    with suppress(OSError):
        while taken < 2000:
            connection.sendall(b"X: " + b"x" * 1000 + b"\r\n")
            taken += 1
            time.sleep(0.001)
    connection.close()
    assert taken < 2000, "it is cut off"
    assert server.ask("/").status == 200


def test_a_journal_with_a_line_without_end(view, tmp_path):
    (tmp_path / "sweep").mkdir()
    with (tmp_path / "sweep" / "results.jsonl").open("wb") as file:
        file.truncate(300_000_000)
    server = view(tmp_path)
    until = time.monotonic() + 30
    while "1 sweep" not in server.ask("/").text and time.monotonic() < until:
        time.sleep(0.2)
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    assert int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) < 1_500_000
    shutil.rmtree(tmp_path / "sweep")


def test_from_elsewhere_only_with_the_token(view, folder):
    server = view(folder, "--host", "0.0.0.0", "--port", "0", "--token")
    token = re.search(r"\?token=([\w-]{30,})$", server.address)[1]
    assert server.ask("/").status == 401
    for wrong in ("/?token=", "/?token=x", f"/?token={token}x", f"/?token={token}&token=x", "/?token=%C3%A9"):
        assert server.ask(wrong).status == 401, wrong
    assert server.ask("/", Cookie=f"a4eval-{server.port}=wrong").status == 401
    assert server.ask("/", Cookie="\xe9;;==").status == 401
    given = server.ask(f"/compare?token={token}&of=a")
    assert (given.status, given.headers["location"]) == (303, "/compare?of=a")
    cookie = given.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    held = cookie.partition(";")[0]
    assert server.ask("/", Cookie=held).status == 200
    assert server.ask("/", Cookie=held, host="10.1.2.3:80").status == 200, "an address is no name that DNS can turn"
    assert server.ask("/", Cookie=held, host="evil.example").status == 421
    assert server.ask(f"//evil.example?token={token}").headers["location"].startswith("/evil")
    assert token not in server.ask("/", Cookie=held).text
    assert socket.gethostname() in server.address


def test_a_crowd_waits_in_the_kernel_and_need_not_ask_again(view, folder):
    """While the server does something else: more are let in than it takes at once."""
    server = view(folder)
    server.ask("/")
    server.process.send_signal(signal.SIGSTOP)
    held = []
    try:
        held.extend(socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(100))
    finally:
        server.process.send_signal(signal.SIGCONT)
        for one in held:
            one.close()
    assert server.ask("/").status == 200
