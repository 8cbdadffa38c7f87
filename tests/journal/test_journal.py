"""The journal is what is at its path, read as far as it can be; what is odd about it is said."""

from __future__ import annotations

import json
import subprocess
import time

import pytest

from a4eval import DataError
from a4eval.journal import query
from a4eval.journal.journal import Journal


def line(run_id, **more):
    return json.dumps({"schema_version": 1, "run_id": run_id, "status": "ok", **more}).encode() + b"\n"


def ids(journal):
    return [entry.run_id for entry in journal.follow()]


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path)


def replace(journal, content):
    """Put another file in its place, as an editor does."""
    other = journal.path.with_name("other")
    other.write_bytes(content)
    other.replace(journal.path)


def test_a_writer_goes_on_in_the_file_that_took_the_place(journal):
    journal.append(line("a"))
    replace(journal, line("a") + line("b"))
    journal.append(line("c"))
    assert journal.path.read_bytes() == line("a") + line("b") + line("c")
    journal.path.unlink()
    journal.append(line("d"))
    assert journal.path.read_bytes() == line("d")


def test_a_line_goes_to_the_new_file_if_it_comes_while_it_is_written(journal, monkeypatch):
    journal.append(line("a"))
    write = Journal._write

    def disturbed(self, lines):
        write(self, lines)
        monkeypatch.setattr(Journal, "_write", write)
        replace(journal, line("a"))

    monkeypatch.setattr(Journal, "_write", disturbed)
    journal.append(line("b"))
    assert journal.path.read_bytes() == line("a") + line("b")


@pytest.mark.parametrize("how", ["another file", "in place", "in place, of the same length", "truncated", "removed"])
def test_a_reader_reads_a_replaced_file_anew(journal, how):
    journal.append(line("a") + line("b"))
    assert ids(journal) == ["a", "b"]
    new = line("b") + line("c") + line("d")
    if how == "another file":
        replace(journal, new)
    elif how == "removed":
        journal.path.unlink()
        assert ids(journal) == []
        journal.append(new)
    else:
        new = new[: {"truncated": len(line("b")), "in place, of the same length": 2 * len(line("b"))}.get(how)]
        journal.path.write_bytes(new)
    assert ids(journal) == [json.loads(one)["run_id"] for one in new.splitlines()]
    assert journal.replaced == 1
    assert "was replaced while it was read" in journal.doubts()[0]
    assert ids(journal) == []


def test_what_is_only_appended_is_read_once(journal):
    for name in "abc":
        journal.append(line(name, data=[{"path": "p" * 200, "sha256": "0"}]))
        assert ids(journal) == [name]
    assert journal.doubts() == []


def test_a_last_line_without_its_line_break_counts(journal):
    journal.path.write_bytes(line("a") + line("b")[:-1])
    assert ids(journal) == ["a", "b"]
    journal.append(line("c"))
    assert ids(journal) == ["c"]
    assert ids(Journal(journal.path.parent)) == ["a", "b", "c"]
    assert journal.torn == 0
    found = query.read(journal.path)
    assert ([row.run_id for row in found.rows], found.torn) == (["a", "b", "c"], 0)


def test_a_line_that_is_being_written_is_waited_for(journal):
    journal.path.write_bytes(line("a") + line("b")[:20])
    assert ids(journal) == ["a"]
    journal.path.write_bytes(line("a") + line("b"))
    assert ids(journal) == ["b"]
    assert (journal.torn, journal.replaced) == (0, 0)


def test_an_unknown_schema_version_is_read_as_far_as_it_can_be_and_said(place):
    assert place.sweep("task.x=1,2,3").code == 0
    path = place.folder / "sweep" / "results.jsonl"
    records = [json.loads(one) for one in path.read_bytes().splitlines()]
    records[0] |= {"schema_version": 7, "novelty": {"a": 1}}
    del records[0]["timing"], records[0]["tables"]
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    said = "schema version 7, which this a4eval (schema version 1) reads as far as it knows it"
    again = place.sweep("task.x=1,2,3")
    assert (again.code, again.err) == (0, f"a4eval: warning: sweep/results.jsonl holds records of {said}\n")
    assert "3 of them earlier" in again.out
    assert "1 record(s) of another schema version are not shown in full" in again.out
    listed = place.run("ls", "sweep", "--json")
    assert listed.err == f"a4eval: warning: there are records of {said}\n"
    assert len(json.loads(listed.out)) == 3


def test_a_single_record_of_an_unknown_schema_is_not_written_over(place):
    out = place.folder / "out"
    out.mkdir()
    text = json.dumps({"schema_version": 7, "run_id": "a", "status": "failed"})
    (out / "result.json").write_text(text)
    done = place.run("run", "experiment=probe", "hydra.run.dir=out")
    assert done.code == 2
    assert "out/result.json is of schema version 7" in done.err
    assert (out / "result.json").read_text() == text


def test_a_journal_edited_all_the_time_costs_no_point(place):
    """As with ``sed -i``: each time another file takes its place, and what was written in between is lost."""
    process = place.start(
        "run", "-m", "experiment=probe", "task.x=range(0,40)", "task.seconds=0.1", "hydra.sweep.dir=sweep"
    )
    journal = place.folder / "sweep" / "results.jsonl"
    edits = 0
    while process.poll() is None:
        if journal.exists():
            subprocess.run(["sed", "-i", "s/nothing/nothing/", journal], check=True)
            edits += 1
        time.sleep(0.1)
    out, err = process.communicate()
    assert process.returncode == 0, out + err
    assert edits > 5
    assert "40 points: 40 ok" in out
    assert "was replaced while it was read" in err
    place.sweep("task.x=range(0,40)", "task.seconds=0.1")
    assert sorted(set(place.ok())) == list(range(40))


def test_the_command_of_a_sweep_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    import os

    from a4eval.sweeps.command import FILE_NAME, Command, keep, kept

    first = Command(["seed=1"], None, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    keep(tmp_path, first)
    write = os.write

    def full(handle):
        write(handle, b"")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        keep(tmp_path, Command(["seed=" + "2" * 9999], None, str(tmp_path)))
    assert kept(tmp_path) == first
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_another_file_is_no_journal(journal):
    journal.check()
    journal.path.touch()
    journal.check()
    journal.path.write_bytes(line("a")[:30])
    journal.check()
    journal.path.write_text("# notes\n")
    with pytest.raises(DataError, match="is no journal of a4eval"):
        journal.check()
