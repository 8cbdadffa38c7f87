"""Whatever stands in the place of a file of ours in a folder: nothing hangs, and nothing is written elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import signal
from contextlib import contextmanager

import pytest

from a4eval import regular

SECONDS = 20
HUGE = 1 << 43


@contextmanager
def ended_soon():
    """Fail instead of waiting for a pipe or reading without end."""

    def late(*_):
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def put(place, odd):
    """Put something odd in the place of a file."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.is_dir() and not place.is_symlink():
        place.rmdir()
    place.unlink(missing_ok=True)
    if odd == "pipe":
        os.mkfifo(place)
    elif odd == "device":
        place.symlink_to("/dev/zero")
    elif odd == "folder":
        place.mkdir()
    elif odd == "hole":
        with place.open("wb") as file:
            file.truncate(HUGE)
    elif odd == "socket":
        os.mknod(place, 0o140600)


ODD = ("pipe", "device", "folder", "hole", "socket")


@pytest.mark.parametrize("odd", ODD)
def test_nothing_but_a_regular_file_is_read(tmp_path, odd):
    put(tmp_path / "x", odd)
    for read in (regular.opened, regular.content, regular.facts, lambda path: regular.beginning(path, 5)):
        with ended_soon(), pytest.raises(OSError, match=r"regular|directory|hole") as said:
            read(tmp_path / "x")
        assert said.value.filename == str(tmp_path / "x")


def test_of_a_file_no_more_is_read_than_is_asked_for(tmp_path):
    (tmp_path / "x").write_bytes(b"12345")
    assert regular.content(tmp_path / "x", 5) == b"12345"
    assert regular.beginning(tmp_path / "x", 2) == b"12"
    with pytest.raises(OSError, match="is larger than 4 bytes"):
        regular.content(tmp_path / "x", 4)


@pytest.mark.parametrize("odd", [*ODD, "link", "dangling link"])
def test_nothing_but_a_regular_file_is_written(tmp_path, odd):
    (tmp_path / "there").touch()
    if "link" in odd:
        (tmp_path / "x").symlink_to(tmp_path / ("nowhere" if "dangling" in odd else "there"))
    else:
        put(tmp_path / "x", odd)
    with ended_soon(), pytest.raises(OSError, match=r"link|regular|directory|hole|No such device"):
        regular.to_write(tmp_path / "x")
    assert (tmp_path / "there").read_bytes() == b""
    assert not (tmp_path / "nowhere").exists()


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    """Return a folder, empty until the first test has made what all begin with."""
    return tmp_path_factory.mktemp("made")


@pytest.fixture
def sweep(cli, monkeypatch, made_once, tmp_path):
    """A sweep of which a point failed, and a run with resamples, both as someone might send them."""
    from a4eval.registry import registry

    from .conftest import ACCURACIES, PROBE

    monkeypatch.syspath_prepend(str(PROBE))
    monkeypatch.syspath_prepend(str(ACCURACIES))
    registry.cache_clear()
    if not (made_once / "place").exists():
        _make(cli)
        shutil.copytree(tmp_path, made_once, dirs_exist_ok=True)
        (made_once / "place").write_text(str(tmp_path))
    else:
        shutil.copytree(made_once, tmp_path, dirs_exist_ok=True)
        there, here = (made_once / "place").read_bytes(), str(tmp_path).encode()
        for one in tmp_path.rglob("*.json*"):
            one.write_bytes(one.read_bytes().replace(there, here))
    yield tmp_path / "sweep"
    registry.cache_clear()


def _make(cli):
    points = ("task.x=1,2", "task.fail=[2]", "task.write=true", "task.say=hello", "executor.name=here")
    done = cli("run", "-m", "experiment=probe", *points, "hydra.sweep.dir=sweep")
    assert done.code == 1, done.err
    hits = ("task.name=evaluate", "task.data.name=hits", "task.data.hits=[0.0,1.0,1.0]")
    for one in ("run", "other"):
        made = cli("run", *hits, "task.metrics.accuracy=accuracy_of_hits", "task.interval={resamples: 50}",
                   f"hydra.run.dir={one}")  # fmt: skip
        assert made.code == 0, made.err


def records(folder):
    return [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]


COMMANDS = [
    ("status", "sweep"),
    ("cancel", "sweep"),
    ("ls", "sweep"),
    ("show", "sweep", "--point", "0"),
    ("export", "sweep", "-o", "out.csv"),
    ("report", "sweep", "-o", "sweep.html"),
    ("retry", "sweep", "executor.name=here"),
    ("resume", "sweep", "executor.name=here"),
    ("ls", "run"),
    ("show", "run"),
    ("report", "run", "-o", "run.html"),
    ("compare", "run", "other"),
    ("compare", "other", "run"),
]


@pytest.mark.parametrize("odd", ["pipe", "device", "folder", "hole"])
@pytest.mark.parametrize(
    "name",
    [
        "sweep/.lock",
        "sweep/results.jsonl",
        "sweep/sweep.json",
        "sweep/slurm/jobs.txt",
        "sweep/.a4eval",
        "sweep/runs",
        "sweep/runs/{}/log.txt",
        "sweep/runs/{}/x.txt",
        "sweep/runs/{}/.a4eval",
        "sweep/result.json",
        "run/result.json",
        "run/resamples.npz",
        "run/.a4eval",
    ],
)
def test_no_command_hangs_or_shows_a_traceback(cli, sweep, name, odd):
    run_id = next(one["run_id"] for one in records(sweep) if one["status"] == "failed")
    place = sweep.parent / name.format(run_id)
    if place.name == "runs":
        place.rename(place.with_name("away"))
    put(place, odd)
    for words in COMMANDS:
        if words[1] == name.partition("/")[0]:
            with ended_soon():
                done = cli(*words)
            assert done.code in (0, 1, 2, 3, 4), (words, done.err)
            assert "Traceback" not in done.err, (words, done.err)


LINKED = ["results.jsonl", ".lock", "runs", "runs/{}", "runs/{}/.a4eval", "runs/{}/log.txt", "runs/{}/x.txt", "slurm"]


@pytest.mark.parametrize("dangling", [True, False])
@pytest.mark.parametrize("name", [*LINKED, "sweep.json", "packages"])
def test_no_link_in_a_folder_leads_what_is_written_elsewhere(cli, sweep, name, dangling):
    outside = sweep.parent / "outside"
    outside.mkdir()
    before = records(sweep)
    if name == "packages":
        (name,) = (one.name for one in sweep.glob("packages-*"))
    target = outside / "target"
    for record in before:
        place = sweep / name.format(record["run_id"])
        if place.is_symlink():
            continue
        if place.exists():
            place.rename(sweep.parent / f"away-{record['run_id']}")
        if not dangling:
            target.mkdir(exist_ok=True) if name in ("runs", "runs/{}", "slurm") else target.touch()
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)
    again = ("run", "-m", "experiment=probe", "task.x=1,2", "task.fail=[2]", "task.write=true", "task.say=hello")
    for words in (
        ("retry", "sweep", "executor.name=here"),
        ("resume", "sweep", "executor.name=here"),
        (*again, "executor.name=here", "hydra.sweep.dir=sweep", "resume=false"),
        (*again, "hydra/sweeper=basic", "hydra.sweep.dir=sweep", "resume=false"),
    ):
        done = cli(*words)
        assert done.code in (0, 1, 2), done.err
        assert "Traceback" not in done.err, (words, done.err)
    assert [one for one in outside.rglob("*") if one.is_file() and one.stat().st_size] == []
    assert [one.name for one in outside.rglob("*")] in ([], ["target"])


def test_a_link_in_the_place_of_a_folder_of_ones_own_is_followed(cli, probe, tmp_path):
    (tmp_path / "large").mkdir()
    (tmp_path / "sweep").symlink_to(tmp_path / "large")
    done = cli("run", "-m", "experiment=probe", "task.x=1,2", "executor.name=here", "hydra.sweep.dir=sweep")
    assert done.code == 0, done.err
    assert (tmp_path / "large" / "results.jsonl").exists()
