"""What a run prints is kept beside its record, wherever it runs and however it ends."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys

import pytest

from a4eval.runs import installed
from a4eval.runs.printed import EITHER_END, ROOM, content, last_lines, new_file, shorten

SAID = ["hi out", "hi err", "hi from C", "hi from a program"]


def logs(place, folder="sweep"):
    """Return what each point of a sweep printed, by its x."""
    found = {}
    for one in place.records(folder):
        kept = place.folder / folder / "runs" / one["run_id"] / "log.txt"
        if one["log"] is not None:
            assert one["log"] == {
                "path": "log.txt",
                "sha256": hashlib.sha256(kept.read_bytes()).hexdigest(),
                "bytes": kept.stat().st_size,
            }
        found[one["config"]["task"]["x"]] = kept.read_text() if one["log"] else None
    return found


def test_a_single_run(place):
    done = place.run("run", "experiment=probe", "task.say=hi", "hydra.run.dir=run")
    assert done.code == 0
    assert sorted(done.err.splitlines()) == sorted(SAID)
    assert "hi" not in done.out.split()
    assert done.record["log"]["path"] == "log.txt"
    assert sorted((place.folder / "run" / "log.txt").read_text().splitlines()) == sorted(SAID)
    assert place.run("show", "run", "--log").out == (place.folder / "run" / "log.txt").read_text()
    shown = place.run("show", "run").out
    assert "it printed, in run/log.txt (--log shows all):\n  hi " in shown
    quiet = place.run("run", "experiment=probe", "hydra.run.dir=quiet")
    assert quiet.record["log"] is None
    assert [one.name for one in (place.folder / "quiet").iterdir()] == ["result.json"]
    assert "printed nothing" in place.run("show", "quiet", "--log").out


@pytest.mark.parametrize("executor", [["executor.workers=2"], ["executor.name=here"], ["hydra/sweeper=basic"]])
def test_the_points_of_a_sweep(place, executor):
    done = place.sweep("task.x=1,2,3", "task.fail=[2]", "task.say=hi", *executor)
    assert done.code == 1
    found = logs(place)
    assert {x: sorted(text.splitlines()) for x, text in found.items()} == dict.fromkeys((1, 2, 3), sorted(SAID))
    assert re.search(r"it printed, in sweep/runs/\w+/log.txt:\n      hi ", done.out)
    assert ("hi out" in done.err) == ("executor.workers=2" not in executor)  # workers do not write into a progress bar


def test_what_a_killed_run_had_printed(place):
    place.environment.pop("PYTHONUNBUFFERED", None)  # whoever runs the tests may have it
    done = place.sweep("task.x=1,2,3", "task.die=[2]", "task.leave=[3]", "task.say=hi", "executor.workers=1")
    assert done.code == 1
    assert {x: sorted(text.splitlines()) for x, text in logs(place).items()} == dict.fromkeys((1, 2, 3), sorted(SAID))


def test_one_that_prints_nothing_has_no_file(place):
    assert place.sweep("task.x=1,2").code == 0
    assert logs(place) == {1: None, 2: None}
    assert not (place.folder / "sweep" / "runs").exists()


def test_a_file_of_the_users_is_left(place):
    (place.folder / "run").mkdir()
    (place.folder / "run" / "log.txt").write_text("mine")
    done = place.run("run", "experiment=probe", "task.say=hi", "hydra.run.dir=run")
    assert done.code == 0
    assert "log.txt: is there already and was not made by a4eval" in done.err
    assert (place.folder / "run" / "log.txt").read_text() == "mine"
    assert done.record["log"] is None


LOUD = """
import os, sys
from dataclasses import dataclass
from a4eval import Component, Result, Value, hookimpl, param

A4EVAL_API = 1


@dataclass
class Loud:
    "Prints a lot, closes what it can, or changes what it should not."
    how: str = param("lot", help="how")

    def run(self, run):
        if self.how == "lot":
            os.write(1, b"first\\n")
            for _ in range(300):
                os.write(2, b"x" * 99_999 + b"\\n")
            sys.stdout.write("last\\n")
        elif self.how == "close":
            os.closerange(0, 3)
        elif self.how == "secret":
            print("it is", os.environ["TOKEN"])
        elif self.how == "replace":
            sys.stdout = open(os.devnull, "w")
            sys.stderr = None
            os.write(1, b"heard\\n")
        return Result({"x": Value(1.0)})


@hookimpl
def a4eval_components():
    return [Component(kind="task", name="loud", factory=Loud, summary="prints")]
"""


@pytest.fixture
def loud(site):
    site.add("loud", LOUD)
    single = ("run", "+task={name:loud}", "hydra.run.dir=run")
    return lambda how, *more, **variables: site.run(*single, f"task.how={how}", *more, **variables)


def test_of_a_lot_both_ends_are_kept(loud):
    done = loud("lot")
    assert (done.code, done.record["status"]) == (0, "ok")
    text = (done.cwd / "run" / "log.txt").read_text()
    assert len(text) < 2 * EITHER_END + 200
    assert (text[:6], text[-6:]) == ("first\n", "\nlast\n")
    assert "bytes are left out here" in text


@pytest.mark.parametrize("how", ["close", "replace"])
def test_whatever_it_does_the_record_is_there(loud, how):
    done = loud(how)
    assert done.code == 0, done.err
    assert done.record["status"] == "ok"
    if how == "replace":
        assert (done.cwd / "run" / "log.txt").read_text() == "heard\n"


def test_a_secret_is_neither_kept_nor_shown(loud):
    done = loud("secret", "description=${oc.env:TOKEN}", "--allow-env=TOKEN", TOKEN="hunter2-hunter2")
    assert done.code == 0, done.err
    assert done.err == "it is <env:TOKEN>\n"
    assert (done.cwd / "run" / "log.txt").read_text() == "it is <env:TOKEN>\n"


def test_progress_is_no_part_of_it(place):
    """It goes to the terminal, which a run's own standard error does not lead to."""
    from a4eval import terminal

    reading, writing = os.pipe()
    terminal.show_on(writing)
    try:
        terminal.remark("half")
        assert terminal.screen() is not sys.stderr
    finally:
        terminal.show_on(None)
        os.close(writing)
    assert os.read(reading, 100) == b"half\n"
    os.close(reading)
    assert terminal.screen() is sys.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems make no holes in files")
def test_the_middle_makes_room_while_it_grows():
    handle = new_file()
    try:
        os.write(handle, b"a" * 10 + b"b" * (ROOM + 20) + b"c" * 10)
        shorten(handle)
        os.write(handle, b"d")
        text, room = content(handle), os.fstat(handle).st_blocks * 512
    finally:
        os.close(handle)
    assert room < 3 * EITHER_END
    assert len(text) < 2 * EITHER_END + 200
    assert text.startswith(b"a" * 10 + b"b")
    assert text.endswith(b"bccccccccccd")


@pytest.mark.parametrize("attack", ["link", "pipe", "folder", "none"])
def test_a_folder_from_someone_leads_to_no_other_file(tmp_path, attack):
    log = tmp_path / "log.txt"
    if attack == "link":
        log.symlink_to("/etc/passwd")
    elif attack == "pipe":
        os.mkfifo(log)
    elif attack == "folder":
        log.mkdir()
    assert last_lines(tmp_path, 3) == []


def test_of_a_bar_that_is_drawn_anew_the_last_state_is_shown(tmp_path):
    (tmp_path / "log.txt").write_text("a\n\n 10 %\r 50 %\r100 %\r\nend\n")
    assert last_lines(tmp_path, 2) == ["100 %", "end"]


def test_all_packages_are_listed_once_a_sweep(place):
    single = place.run("run", "experiment=probe").record["environment"]["installed"]
    assert {"hydra-core", "numpy", "click", "a4eval-probe"} <= single.keys()
    assert place.sweep("task.x=1,2").code == 0
    (listed,) = (place.folder / "sweep").glob("packages-*.txt")
    assert {one["environment"]["installed"] for one in place.records()} == {listed.name}
    assert dict(line.split("==") for line in listed.read_text().splitlines()) == single
    assert len(json.dumps(place.records()[0])) < 2_500


def test_the_list_is_what_importlib_finds(monkeypatch):
    from importlib.metadata import distributions

    found = {}
    for one in distributions():
        found.setdefault(re.sub(r"[-_.]+", "-", one.metadata["Name"]).lower(), one.version)
    ours = installed.packages()
    assert {name: version for name, version in found.items() if ours.get(name) != version} == {}


def test_nothing_is_left_in_the_way(place):
    """A temporary file has no name, so that nothing remains of it whatever happens."""
    own = place.folder / "temporary"
    own.mkdir()
    place.environment["TMPDIR"] = str(own)
    assert place.run("run", "experiment=probe", "task.say=hi", "task.die=[0]", "task.x=0").code < 0
    assert list(own.iterdir()) == []
