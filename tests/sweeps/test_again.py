"""`a4eval resume` and `a4eval retry`: from any folder, and never with other files than the sweep's."""

from __future__ import annotations

from dataclasses import replace

import pytest


@pytest.mark.parametrize(
    "name", ["lr=0.1", "a(1)", "it's", "[x]", "a#b", "~t", "naïve", "s w", "a,b", "${x}", "a\\", "{a}", "null"]
)
def test_resume_takes_a_folder_of_any_name(place, name):
    assert place.sweep("task.x=1,2").code == 0
    (place.folder / "sweep").rename(place.folder / name)
    journal = place.folder / name / "results.jsonl"
    journal.write_bytes(journal.read_bytes().splitlines(keepends=True)[0])
    done = place.run("resume", name)
    assert done.code == 0, done.err
    assert "2 points: 2 ok, 1 of them earlier" in done.out
    assert place.ok(name) == [1, 2]
    assert [one.name for one in place.folder.iterdir()] == [name]
    assert len({one["sweep_id"] for one in place.records(name)}) == 1


@pytest.mark.parametrize("command", ["resume", "retry"])
def test_another_working_directory_is_refused(place, command):
    assert place.sweep("task.x=1,2", "task.fail=[1]").code == 1
    (place.folder / "other").mkdir()
    done = replace(place, folder=place.folder / "other").run(command, "../sweep")
    assert done.code == 2
    assert f"the sweep was started in {place.folder}; go there" in done.err
    assert len(place.records()) == 2
