"""What lies below a folder: found, followed, and left alone where it is no record's file."""

from __future__ import annotations

import os
import shutil
import time

import msgspec
import pytest

from a4eval.journal import query
from a4eval.journal.lock import FolderLock
from a4eval.results.view import below, read
from a4eval.results.view import watched as watching
from a4eval.results.view.below import Below
from a4eval.results.view.watched import Watched
from a4eval.runs import record as records

from ...pages import record, sweep_lines


def watched(folder):
    found = Watched(folder)
    found.look()
    return found


def test_it_knows_the_records_that_ls_knows(folder):
    found = watched(folder)
    rows = [row for one in found.sweeps.values() for row in one.rows]
    rows += [one.row for one in found.runs.values()]
    wanted = query.read(folder).rows
    by_file = sorted((row.path, row.run_id, row.status) for row in rows)
    # the small sweep's ids are among the large one's, and ls takes an id once
    assert {one[1:] for one in by_file} >= {(row.run_id, row.status) for row in wanted}
    assert sorted(len(one.rows) for one in found.sweeps.values()) == [60, 540]
    assert {row.run_id for row in found.failed()} == {"f" * 16, "0" * 16, "0" * 15 + "1"}


def test_it_takes_in_what_is_appended_and_nothing_twice(tmp_path):
    lines = sweep_lines(seeds=1)
    (tmp_path / "results.jsonl").write_bytes(lines[0] + b"\n" + lines[1][:50])
    told = []
    found = Watched(tmp_path, lambda: told.append(found.version))
    found.look()
    (sweep,) = found.sweeps.values()
    assert len(sweep.rows) == 1
    version = found.version
    found.look()
    assert found.version == version, "nothing is new"
    with (tmp_path / "results.jsonl").open("ab") as file:
        file.write(lines[1][50:] + b"\n" + lines[2] + b"\n")
    found.look()
    assert len(sweep.rows) == 3
    assert sweep.torn == 0
    assert told == [version, version + 1]


def test_another_journal_in_its_place_is_read_anew(tmp_path):
    lines = sweep_lines(seeds=1)
    (tmp_path / "results.jsonl").write_bytes(b"\n".join(lines[:9]) + b"\n")
    found = watched(tmp_path)
    (tmp_path / "new").write_bytes(b"\n".join(lines[20:23]) + b"\n")
    (tmp_path / "new").replace(tmp_path / "results.jsonl")
    found.look()
    (sweep,) = found.sweeps.values()
    assert [row.run_id for row in sweep.rows] == [f"{place:016x}" for place in (20, 21, 22)]
    (tmp_path / "results.jsonl").unlink()
    found.look()
    assert not found.sweeps


def test_a_record_that_changes_and_one_that_is_none(tmp_path):
    records.write(record(), tmp_path / "run")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "result.json").write_text('{"run_id":')
    found = watched(tmp_path)
    by_folder = {one.folder: one for one in found.runs.values()}
    assert by_folder["run"].row.status == "ok"
    assert "is no record of a run" in by_folder["broken"].why
    records.write(record(run_id="ab" * 8), tmp_path / "broken")
    found.look()
    assert (by_folder["broken"].row.run_id, by_folder["broken"].why) == ("ab" * 8, None)
    shutil.rmtree(tmp_path / "run")
    found.look()
    assert [one.folder for one in found.runs.values()] == ["broken"]


@pytest.mark.parametrize("name", ["result.json", "results.jsonl"])
@pytest.mark.parametrize("what", ["pipe", "link", "linked folder", "folder", "device", "hidden"])
def test_what_is_no_file_of_ours_is_not_opened(tmp_path, name, what):
    outside, root = tmp_path / "outside", tmp_path / "root"
    root.mkdir()
    outside.mkdir()
    (outside / name).write_bytes(sweep_lines(seeds=1)[0])
    if what == "pipe":
        os.mkfifo(root / name)
    elif what == "link":
        (root / name).symlink_to(outside / name)
    elif what == "linked folder":
        (root / "in").symlink_to(outside)
    elif what == "folder":
        (root / name).mkdir()
    elif what == "device":
        (root / name).symlink_to("/dev/zero")
    else:
        shutil.copytree(outside, root / ".trash")
    found = watched(root)
    assert not found.sweeps
    assert not found.runs


@pytest.mark.parametrize("lock", ["pipe", "text", "device"])
def test_a_lock_that_is_none(tmp_path, lock):
    (tmp_path / "results.jsonl").write_bytes(sweep_lines(seeds=1)[0] + b"\n")
    if lock == "pipe":
        os.mkfifo(tmp_path / ".lock")
    elif lock == "device":
        (tmp_path / ".lock").symlink_to("/dev/zero")
    else:
        (tmp_path / ".lock").write_text("mine")
    (sweep,) = watched(tmp_path).sweeps.values()
    assert sweep.progress is None
    assert len(sweep.rows) == 1


def test_a_sweep_that_runs(tmp_path):
    lines = sweep_lines(seeds=1)
    (tmp_path / "results.jsonl").write_bytes(b"\n".join(lines[:10]) + b"\n")
    with FolderLock(tmp_path) as lock:
        lock.note(60, 4, 1, len(b"\n".join(lines[:4])) + 1)
        found = watched(tmp_path)
        (sweep,) = found.sweeps.values()
        far = sweep.progress
        assert (sweep.running, far.done, far.total, far.failed) == (True, 10, 60, 1)
        assert far.rate > 0
        assert "10/60 points" in far.said()
    found.look()
    assert not sweep.running
    assert sweep.progress.rate is None


def test_a_sweep_of_which_nothing_is_done_yet(tmp_path):
    (tmp_path / "results.jsonl").touch()
    (sweep,) = watched(tmp_path).sweeps.values()
    assert (sweep.rows, sweep.progress, sweep.why) == ([], None, None)


def test_a_folder_is_read_again_only_if_it_may_have_changed(tmp_path, monkeypatch):
    for name in "abc":
        records.write(record(), tmp_path / name)
        os.utime(tmp_path / name, (1, 1))
    os.utime(tmp_path, (1, 1))
    files = Below(str(tmp_path))
    assert list(files.look()) == ["a/result.json", "b/result.json", "c/result.json"]
    scanned = []
    scandir = os.scandir
    monkeypatch.setattr(below.os, "scandir", lambda path: scanned.append(path) or scandir(path))
    assert len(files.look()) == 3
    assert scanned == []
    records.write(record(), tmp_path / "b" / "c")
    assert list(files.look()) == ["a/result.json", "b/result.json", "b/c/result.json", "c/result.json"]
    assert sorted(set(scanned)) == [f"{tmp_path}/b/", f"{tmp_path}/b/c/"]


def test_more_folders_than_are_looked_into(tmp_path, monkeypatch):
    for place in range(20):
        (tmp_path / f"{place:02d}").mkdir()
    monkeypatch.setattr(below, "MOST", 10)
    files = Below(str(tmp_path))
    files.look()
    assert files.beyond
    monkeypatch.setattr(below, "MOST", 21)
    files.look()
    assert not files.beyond


def test_a_first_look_tells_how_far_it_is(tmp_path, monkeypatch):
    for place in range(5):
        records.write(record(), tmp_path / f"{place}")
    monkeypatch.setattr("a4eval.results.view.watched.SECONDS_BETWEEN_NEWS", 0)
    counts = []
    found = Watched(tmp_path, lambda: counts.append((found.reading, len(found.runs))))
    found.look()
    assert counts == [(True, 1), (True, 2), (True, 3), (True, 4), (True, 5), (False, 5)]


def test_a_name_that_is_no_text(tmp_path):
    records.write(record(), tmp_path / os.fsdecode(b"\xff\xfe"))
    (run,) = watched(tmp_path).runs.values()
    assert run.row is not None
    assert run.key == read.short(run.name)


def test_a_whole_record_is_read_where_it_stands(tmp_path):
    lines = sweep_lines(seeds=1)
    (tmp_path / "results.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    (sweep,) = watched(tmp_path).sweeps.values()
    for row, line in zip(sweep.rows, lines, strict=True):
        assert sweep.record(row) == msgspec.json.decode(line, type=records.Record)


def test_it_stops(tmp_path):
    found = Watched(tmp_path)
    found.watch()
    until = time.monotonic() + 20
    while found.reading and time.monotonic() < until:
        time.sleep(0.01)
    assert not found.reading
    found.stop()


def test_parts_of_a_run_that_goes_on_are_no_sweep(tmp_path):
    """As ``ls`` has it: a user's folder of that name is as any other, and one that is asked for is shown."""
    for name, marked in (("unfinished", False), ("run/unfinished", True)):
        (tmp_path / name / "runs").mkdir(parents=True)
        (tmp_path / name / "results.jsonl").write_bytes(sweep_lines(seeds=1)[0] + b"\n")
        records.write(record(), tmp_path / name / "runs")
        if marked:
            (tmp_path / name / ".a4eval").write_text('"results.jsonl"\n"runs"')
    found = watched(tmp_path)
    assert [one.folder for one in found.sweeps.values()] == ["unfinished"]
    assert [one.folder for one in found.runs.values()] == ["unfinished/runs"]
    found.look()
    assert [one.folder for one in found.sweeps.values()] == ["unfinished"], "at the second look too"
    assert len(watched(tmp_path / "run" / "unfinished").sweeps) == 1


def test_a_record_is_looked_at_again_once_its_folder_has_changed_or_now_and_then(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(read.Run, "look", lambda self, really=read.Run.look: asked.append(self.name) or really(self))
    monkeypatch.setattr(below, "SETTLED", 0)
    for name in ("first", "second"):
        records.write(record(), tmp_path / name)
        os.utime(tmp_path / name, (1, 1))
    found = watched(tmp_path)
    asked.clear()
    found.look()
    assert asked == [], "nothing has changed"
    records.write(record(run_id="ab" * 8), tmp_path / "second")
    found.look()
    assert asked == ["second/result.json"]
    assert {one.row.run_id for one in found.runs.values()} == {record().run_id, "ab" * 8}
    (tmp_path / "first" / "result.json").write_bytes(records.encode(record(run_id="cd" * 8)))  # by somebody else
    monkeypatch.setattr(watching, "SECONDS_BETWEEN_FILES", 0.0)
    found.look()
    assert {one.row.run_id for one in found.runs.values()} == {"cd" * 8, "ab" * 8}
