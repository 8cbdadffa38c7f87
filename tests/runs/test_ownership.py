"""Nothing of the user's is overwritten or removed: only what a4eval made, and marked as its own."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

import pytest

from a4eval import DataError, Run, ownership

ROOT = Path(__file__).resolve().parents[2]
EVALUATE = ["run", "experiment=heights", "hydra.run.dir=thesis", "executor.workers=1"]


@pytest.fixture
def thesis(place):
    """A folder of the user's, full of names that a4eval uses itself."""
    (place.folder / "seed.txt").write_text("3")
    folder = place.folder / "thesis"
    for name in ("unfinished", "runs", "slurm", "logs"):
        (folder / name).mkdir(parents=True)
        (folder / name / "chapter.txt").write_text(name)
    return folder


def content(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_run_leaves_the_folders_of_the_user_alone(place, thesis):
    before = content(thesis)
    done = place.run(*EVALUATE)
    assert done.code == 0, done.err
    after = content(thesis)
    assert {path: after.pop(path) for path in before} == before
    assert {path.name for path in after} == {"result.json", "resamples.npz", ownership.MARK}


def test_parts_of_a_run_do_not_move_into_a_folder_of_the_user(place, thesis):
    before = content(thesis)
    done = place.run(*EVALUATE, "task.shards=2")
    assert done.code == 1
    assert "thesis/unfinished: is there already and was not made by a4eval" in done.err
    after = content(thesis)
    assert after.pop(Path("result.json"))
    assert after == before


def test_what_the_user_adds_to_the_folder_of_the_parts_stays(place):
    (place.folder / "seed.txt").write_text("3")
    failed = place.run(*EVALUATE, "task.shards=2", "task.data.fail=[1]")
    assert failed.code == 1
    notes = place.folder / "thesis" / "unfinished" / "notes.txt"
    notes.write_text("mine")
    assert place.run(*EVALUATE, "task.shards=2").code == 0
    assert notes.read_text() == "mine"
    assert {path.name for path in notes.parent.iterdir()} == {"notes.txt", ownership.MARK}


def test_a_sweep_leaves_the_folders_of_the_user_alone(place, thesis):
    before = content(thesis)
    assert place.sweep("task.x=1,2", "task.write=true", folder="thesis").code == 0
    after = content(thesis)
    assert {path: after[path] for path in before} == before


@pytest.mark.parametrize(
    ("name", "text", "sweeper"),
    [
        ("sweep.json", "my results\n", "a4eval"),
        ("sweep.json", '{"x": 1}\n', "basic"),
        ("results.jsonl", "my results\n", "a4eval"),
        ("results.jsonl", '{"x": 1}\n[1, 2]', "basic"),
    ],
)
def test_a_file_of_the_user_in_the_place_of_the_sweeps_is_refused(place, name, text, sweeper):
    (place.folder / "thesis").mkdir()
    (place.folder / "thesis" / name).write_text(text)
    done = place.sweep("task.x=1,2", f"hydra/sweeper={sweeper}", folder="thesis")
    assert done.code in (1, 2)
    assert f"thesis/{name}" in done.err
    assert done.err.endswith("of a4eval; choose another folder, or move it away\n")
    assert "Traceback" not in done.err
    after = content(place.folder / "thesis")
    assert after[Path(name)] == text.encode()
    assert set(after) <= {Path(name), Path(".lock"), Path("multirun.yaml"), Path(".a4eval")}  # of Hydra's own sweeper


OPTUNA = ("hydra/sweeper=optuna", "objective=value", "hydra.sweeper.n_trials=2", "hydra.sweeper.n_jobs=1")


@pytest.mark.parametrize("link", [False, True])
@pytest.mark.parametrize(
    ("name", "sweeper"),
    [
        ("multirun.yaml", ["hydra/sweeper=basic"]),
        ("multirun.yaml", ["hydra/sweeper=basic", "hydra/launcher=joblib"]),
        ("optimization_results.yaml", OPTUNA),
    ],
)
def test_what_hydras_own_sweepers_write_takes_the_place_of_nothing(place, name, sweeper, link):
    if "joblib" in sweeper[-1]:
        pytest.importorskip("hydra_plugins.hydra_joblib_launcher", reason="needs pip install hydra-joblib-launcher")
    if sweeper is OPTUNA:
        pytest.importorskip("optuna", reason="needs pip install 'a4eval[optuna]'")
    (place.folder / "thesis").mkdir()
    mine, theirs = place.folder / "mine.yaml", place.folder / "thesis" / name
    mine.write_text("mine\n")
    theirs.symlink_to(mine) if link else theirs.write_text("mine\n")
    done = place.sweep("task.x=1,2", *sweeper, folder="thesis")
    assert done.code == 2
    assert f"thesis/{name}: is there already and was not made by a4eval" in done.err
    assert "Traceback" not in done.err
    assert (mine.read_text(), theirs.read_text(), theirs.is_symlink()) == ("mine\n", "mine\n", link)
    theirs.unlink()
    for _ in range(2):  # by the second time it is ours
        assert place.sweep("task.x=1,2", *sweeper, folder="thesis").code == 0
    assert theirs.read_text() != "mine\n"
    after = {path.name for path in (place.folder / "thesis").iterdir()}
    packages = {one for one in after if one.startswith("packages-")}
    assert after - packages == {name, ".a4eval", "results.jsonl", "sweep.json", "runs"} - (
        set() if (place.folder / "thesis" / "runs").exists() else {"runs"}
    )
    assert mine.read_text() == "mine\n"


def test_a_journal_of_nothing_but_a_torn_line_is_ours(place):
    assert place.sweep("task.x=1").code == 0
    journal = place.folder / "sweep" / "results.jsonl"
    journal.write_bytes(journal.read_bytes()[:100])
    assert place.sweep("task.x=1").code == 0


@pytest.mark.parametrize("text", ["my results\n", '{"status": "failed"}', '{"run_id": "a", "status": "failed"}', "[]"])
def test_a_file_of_the_user_in_the_place_of_the_record_is_refused(place, text):
    (place.folder / "thesis").mkdir()
    (place.folder / "thesis" / "result.json").write_text(text)
    done = place.run("run", "experiment=probe", "hydra.run.dir=thesis")
    assert done.code == 2
    assert "thesis/result.json is no record of a4eval; choose another folder, or remove it" in done.err
    assert (place.folder / "thesis" / "result.json").read_text() == text


def test_an_artifact_takes_the_place_of_an_earlier_one_only(place):
    mine = place.folder / "thesis" / "x.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    command = ["run", "experiment=probe", "task.write=true", "hydra.run.dir=thesis"]
    refused = place.run(*command)
    assert refused.code == 1
    assert "x.txt: is there already and was not made by a4eval; choose another folder, or move it away" in refused.err
    assert mine.read_text() == "mine"
    mine.unlink()
    assert place.run(*command, "task.fail=[0]").code == 1
    assert mine.read_text() == "0"
    assert place.run(*command, "task.x=2").code == 0
    assert mine.read_text() == "2.0"


def test_an_artifact_is_marked_before_it_is_there(tmp_path):
    killed = Run(directory=tmp_path)
    killed.artifact("deep/ä\n.txt").write_text("half")
    Run(directory=tmp_path).artifact("deep/ä\n.txt").write_text("whole")
    with (tmp_path / ".a4eval").open("a") as mark:
        mark.write('\n"to')  # the crash came here
    (tmp_path / "torn").touch()
    with pytest.raises(DataError):
        Run(directory=tmp_path).artifact("torn")
    Run(directory=tmp_path).artifact("other").touch()
    Run(directory=tmp_path).artifact("other").touch()


@pytest.mark.parametrize("name", [".a4eval", "result.json", "unfinished", "unfinished/x", "../x", ".", "/etc/x"])
def test_names_an_artifact_cannot_have(tmp_path, name):
    with pytest.raises(ValueError, match="the artifact"):
        Run(directory=tmp_path).artifact(name)
    assert list(tmp_path.iterdir()) == []


def test_a_dangling_link_of_the_user_is_not_written_through(tmp_path):
    (tmp_path / "x").symlink_to(tmp_path / "nowhere")
    with pytest.raises(DataError):
        Run(directory=tmp_path).artifact("x")


def test_a_mark_from_elsewhere_removes_nothing_outside(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    folder = tmp_path / "unfinished"
    ownership.make(folder, ["..", "../mine", str(tmp_path / "mine"), ".", "a/b", "link"])
    (folder / "link").symlink_to(tmp_path / "mine")
    ownership.remove(folder)
    assert (tmp_path / "mine").is_dir()
    assert not folder.exists()


def test_a_link_to_a_marked_folder_is_not_followed(tmp_path):
    ownership.make(tmp_path / "real", ["runs"])
    (tmp_path / "real" / "runs").mkdir()
    (tmp_path / "unfinished").symlink_to(tmp_path / "real")
    ownership.remove(tmp_path / "unfinished")
    assert (tmp_path / "real" / "runs").is_dir()
    with pytest.raises(DataError):
        ownership.make(tmp_path / "unfinished", ["runs"])


def test_a_foreign_list_of_slurms_jobs_is_refused_and_stays(tmp_path):
    slurm = pytest.importorskip("a4eval.executors.slurm")
    from a4eval.errors import ConfigError

    (tmp_path / "slurm").mkdir()
    listed = tmp_path / "slurm" / slurm.JOBS
    listed.write_text("ask Ada for a job\n")
    one = object.__new__(slurm.Slurm)
    one._logs, one.wait = tmp_path / "slurm", True
    with pytest.raises(ConfigError, match="is no file of a4eval"):
        one._await_earlier()
    assert listed.exists()


REMOVERS = {
    "rmtree",
    "unlink",
    "rmdir",
    "remove",
    "removedirs",
    "replace",
    "rename",
    "move",
    "write_text",
    "write_bytes",
    "ftruncate",
    "savez_compressed",
    "savez",
    "savefig",
    "symlink_to",
    "link",
}
WRITERS = {"open", "fdopen", "write_whole", "to_write"}
"""They write if they are told so: by a mode, or by their name."""
KNOWN = {
    "a4eval/apps/quick.py": {"write_text"},  # what Hydra itself writes into a job's folder
    "a4eval/apps/job.py": {"open", "fdopen", "rename", "unlink"},  # what is printed, at the end; empty, away
    "a4eval/checks/readers/damage.py": {"write_bytes"},  # in a temporary folder
    "a4eval/comparisons/kept.py": {"open", "savez_compressed"},  # an artifact
    "a4eval/context.py": {"savefig"},  # an artifact
    "a4eval/executors/slurm.py": {"to_write", "fdopen", "unlink"},  # the list of jobs, known for ours by its lines
    "a4eval/journal/journal.py": {"to_write", "ftruncate"},  # at the end; back to where its last line ended
    "a4eval/journal/lock.py": {"to_write"},  # into an empty file, or one that holds a note of ours
    "a4eval/ownership.py": {"rmtree", "unlink", "rmdir", "rename", "to_write", "fdopen"},
    "a4eval/results/gated.py": {"write_text"},  # where the command says
    "a4eval/results/report/build.py": {"write_whole"},  # in place of nothing but a report
    "a4eval/runs/installed.py": {"write_whole"},  # in place of nothing
    "a4eval/runs/printed.py": {"to_write", "fdopen", "ftruncate", "open"},  # claimed; a temporary file; /dev/null
    "a4eval/runs/record.py": {"write_whole"},  # in place of nothing but a record of a run that was not ok
    "a4eval/runs/result.py": {"write_bytes"},  # an artifact
    "a4eval/runs/watchdog.py": {"open"},  # /dev/null
    "a4eval/scaffold/project.py": {"open"},  # files that are new
    "a4eval/sweeps/command.py": {"write_whole"},  # in place of nothing but a sweep.json
    "a4eval/sweeps/ours.py": {"open", "fdopen", "link", "unlink"},  # what it has just made
    "a4eval/sweeps/reuse.py": {"to_write", "fdopen"},  # artifacts, and what was printed, claimed
    "a4eval/tasks/evaluate_part.py": {"open"},  # an artifact
    "a4eval/terminal.py": {"fdopen"},  # standard error
    "a4eval/testing/process.py": {"write_text"},  # in a temporary folder
    "a4eval/whole.py": {"open", "fdopen", "replace", "unlink"},
    "plugins/ap_metric/a4eval_ap_metric/metrics/detection_examples.py": {"write_bytes"},  # an artifact
    "plugins/rnn_bptt/a4eval_rnn_bptt/training/checkpoint.py": {"open", "savez", "replace"},
}
"""Where files go or change, each looked at: a new place is to be tested like the others, then named here."""


def test_nothing_else_in_the_tree_removes_or_overwrites_files():
    found = {}
    for path in [*ROOT.glob("a4eval/**/*.py"), *ROOT.glob("plugins/*/a4eval_*/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and (name := changes_files(node)):
                found.setdefault(path.relative_to(ROOT).as_posix(), set()).add(name)
    assert {name: calls for name, calls in found.items() if "/tests/" not in name} == KNOWN


def changes_files(node):
    """Return the name of what a call does to files, if it may change one."""
    if isinstance(node.func, ast.Name):
        name, owner = node.func.id, ""
    elif isinstance(node.func, ast.Attribute):
        name, owner = node.func.attr, ast.unparse(node.func.value)
    else:
        return None
    if name in WRITERS:
        said = ast.unparse(node)
        modes = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        written = any(re.fullmatch("[rwaxbt+]+", one) and set(one) & set("wax+") for one in modes)
        return name if written or "O_WRONLY" in said or "O_RDWR" in said or name not in ("open", "fdopen") else None
    if name not in REMOVERS or not owner:
        return None
    texts = name == "replace" and (len(node.args) != 1 or node.keywords)
    if texts or owner in ("dataclasses", "msgspec.structs", "list", "sys.path"):
        return None
    return None if name == "remove" and owner != "os" else name  # of a list, a hook, a mark


def test_files_are_made_with_the_users_umask(place):
    before = os.umask(0o027)
    try:
        done = place.sweep("task.write=true")
    finally:
        os.umask(before)
    assert done.code == 0
    modes = {oct(path.stat().st_mode & 0o777) for path in (place.folder / "sweep").rglob("*") if path.is_file()}
    assert modes == {"0o640"}
