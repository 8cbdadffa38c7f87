"""A path that is not there, cannot be read or holds no record: exit status 2 and one line, whatever the command."""

from __future__ import annotations

import os

import pytest

COMMANDS = {
    "show": ["show", "PATH"],
    "ls": ["ls", "PATH"],
    "export": ["export", "PATH", "out.csv"],
    "report": ["report", "PATH"],
    "report against": ["report", "good", "--baseline", "PATH"],
    "compare": ["compare", "PATH", "good"],
    "compare with": ["compare", "good", "PATH"],
    "gate": ["gate", "good", "PATH", "--metric", "accuracy"],
    "gate a limit": ["gate", "PATH", "accuracy>=0"],
    "rank": ["rank", "PATH", "--over", "task.x", "--metric", "accuracy"],
    "status": ["status", "PATH"],
    "cancel": ["cancel", "PATH"],
    "resume": ["resume", "PATH"],
    "retry": ["retry", "PATH"],
}
OF_A_FOLDER = ("status", "cancel", "resume", "retry")


def empty(path):
    path.mkdir()


def text(path):
    path.write_text("no record")


def of_another(path):
    """A record of something else."""
    path.mkdir()
    (path / "result.json").write_text('{"accuracy": 1}')


def a_folder_in_its_place(path):
    (path / "result.json").mkdir(parents=True)


def a_pipe_in_its_place(path):
    path.mkdir()
    os.mkfifo(path / "result.json")


def torn(path):
    path.mkdir()
    (path / "results.jsonl").write_text('{"run_id": "1"')


MADE = [None, empty, text, of_another, a_folder_in_its_place, a_pipe_in_its_place, torn]


@pytest.mark.parametrize("make", MADE, ids=lambda one: one.__name__ if one else "missing")
@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_no_record_is_exit_status_2(cli, hits, tmp_path, command, make):
    hits("good", [0.0, 1.0])
    if make is not None:
        make(tmp_path / "path")
    done = cli(*["path" if one == "PATH" else one for one in COMMANDS[command]])
    assert done.code == 2, done.out + done.err
    assert "path" in done.err.splitlines()[-1]
    assert "Traceback" not in done.err
    if command not in OF_A_FOLDER:  # whose usage click tells of
        assert (done.out, len(done.err.splitlines())) == ("", 1)


SEVERAL = {
    "ls": ["ls", "one", "two"],
    "compare": ["compare", "one", "two"],
    "gate": ["gate", "one", "two", "--metric", "accuracy"],
    "report": ["report", "one", "--baseline", "two"],
}


@pytest.mark.parametrize("command", SEVERAL)
def test_every_path_that_is_not_there_is_named(cli, command):
    done = cli(*SEVERAL[command])
    assert done.code == 2
    missing = "there is no such file or folder; this folder is empty"
    assert done.err.splitlines() == [f"a4eval: error: {one}: {missing}" for one in ("one", "two")]


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [([], "there is no rule"), (["--rules", "no.yaml"], "no.yaml: cannot be read"), (["--margin", "1"], "--margin: ")],
)
def test_a_gate_names_a_path_that_is_not_there_beside_what_is_wrong_with_its_rules(cli, arguments, wrong):
    done = cli("gate", "one", "two", *arguments)
    assert done.code == 2
    *paths, rule = done.err.splitlines()
    assert [one.split(": ")[2] for one in paths] == ["one", "two"]
    assert rule.startswith(f"a4eval: error: {wrong}")


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("swep", "; did you mean 'sweeps'?"),
        ("swep/q5", "; did you mean 'sweeps'?"),
        ("zzz/q5/more", "; this folder holds notes.txt, sweeps"),
        ("sweeps/zzz", "; sweeps holds q1, q2, q3, q4, q5 and 1 more"),
        ("sweeps/q5/zzz", "; sweeps/q5 is empty"),
        ("notes.txt/zzz", "; notes.txt is a file"),
    ],
)
def test_what_is_there_in_place_of_a_path_that_is_not(cli, tmp_path, path, hint):
    for place in range(1, 7):
        (tmp_path / "sweeps" / f"q{place}").mkdir(parents=True)
    (tmp_path / "notes.txt").touch()
    (tmp_path / ".hidden").touch()
    assert cli("show", path).err == f"a4eval: error: {path}: there is no such file or folder{hint}\n"
