"""`a4eval resume` and `a4eval retry`: from any folder, and never with other files than the sweep's."""

from __future__ import annotations

import json
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


def test_a_folder_whose_name_cannot_be_kept_is_refused(place):
    odd = type(place)(place.folder / "x\udcff", place.environment)
    try:
        odd.folder.mkdir()
    except OSError:
        pytest.skip("the file system takes text alone")
    done = odd.run("run", "-m", "experiment=probe", "task.x=1,2")
    assert done.code == 2
    assert "the name of the working directory is no UTF-8: '" in done.err
    assert list(odd.folder.iterdir()) == []


def test_own_configs_are_part_of_the_sweep_and_of_the_lines_that_run_it_again(place):
    for name, x in {"one": 1, "two": 2}.items():
        own = place.folder / name / "experiment"
        own.mkdir(parents=True)
        (own / "mine.yaml").write_text(f"# @package _global_\ntask: {{name: probe, x: {x}, fail: [{x}]}}\n")
        done = place.run("run", "-m", "--config-dir", name, "experiment=mine", "seed=1,2")
        assert done.code == 1
        assert f"a4eval run --config-dir {place.folder / name} experiment=mine seed=1\n" in done.out
    assert len(list((place.folder / "multirun").iterdir())) == 2


def edited(place, change):
    """Change the first failed record, as if an older a4eval or plugin had left it."""
    journal = place.folder / "sweep" / "results.jsonl"
    records = place.records()
    change(next(one for one in records if one["status"] == "failed"))
    journal.write_text("".join(json.dumps(one) + "\n" for one in records))


def older_component(record):
    record["components"][0]["version"] = 0
    record["run_id"] = "0123456789abcdef"


def older_root_key(record):
    record["config"]["colour"] = "red"


def gone_parameter(record):
    record["config"]["task"]["speed"] = 3


OLD = {
    "component": (older_component, "task probe/probe had version 0 and has version 1 now"),
    "root key": (older_root_key, "colour: unknown key"),
    "parameter": (gone_parameter, "task.speed: unknown key; did you mean 'needs'?"),
}


@pytest.mark.parametrize(("change", "text"), OLD.values(), ids=OLD)
def test_an_old_record_is_left_out_of_a_retry_and_the_others_run(place, tmp_path, change, text):
    marks = tmp_path / "marks"
    marks.mkdir()
    assert place.sweep("task.x=1,2,3", f"task.flaky={marks}").code == 1
    edited(place, change)
    done = place.run("retry", "sweep")
    assert done.code == 0, done.err
    assert done.err.startswith(f"a4eval: warning: 1 failed run cannot run again as they were recorded: {text}")
    assert "the sweep's own command runs what it means now" in done.err
    assert len(place.ok()) == 2
    alone = place.run("retry", "sweep")
    assert alone.code == 2
    assert alone.err.startswith("a4eval: error: 1 failed run cannot run again as they were recorded")


def test_resume_of_hydras_own_sweeper(place):
    assert place.sweep("task.x=1,2", "hydra/sweeper=basic").code == 0
    journal = place.folder / "sweep" / "results.jsonl"
    journal.write_bytes(journal.read_bytes().splitlines(keepends=True)[0])
    done = place.run("resume", "sweep")
    assert done.code == 0, done.err
    assert place.ok() == [1, 2]
    assert len(place.records()) == 2
