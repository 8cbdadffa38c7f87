"""A command that is given what it does not take says so in one line, as of any error."""

from __future__ import annotations

import pytest

HELP = "; `a4eval {} --help` says what it takes"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["status"], "status: missing argument 'FOLDER'" + HELP.format("status")),
        (["compare", "a"], "compare: missing argument 'CANDIDATES...'" + HELP.format("compare")),
        (["ls", "--jsn"], "ls: there is no option '--jsn'; did you mean '--json'?"),
        (["ls", "--zebra"], "ls: there is no option '--zebra'" + HELP.format("ls")),
        (["--zebra"], "there is no option '--zebra'; `a4eval --help` says what it takes"),
        (
            ["completion", "tcsh"],
            "completion: invalid value for '{bash|zsh|fish}': 'tcsh' is not one of 'bash', 'zsh', 'fish'"
            + HELP.format("completion"),
        ),
        (["rnu"], "there is no command 'rnu'; did you mean 'run'?"),
    ],
)
def test_one_line(cli, words, text):
    done = cli(*words)
    assert (done.code, done.out, done.err) == (2, "", f"a4eval: error: {text}\n")


@pytest.mark.parametrize("command", ["status", "retry", "cancel", "resume", "view"])
def test_a_folder_that_is_not_there(cli, tmp_path, command):
    (tmp_path / "sweep").mkdir()
    (tmp_path / "file").touch()
    near = cli(command, "swep")
    assert (near.code, near.out) == (2, "")
    assert near.err == "a4eval: error: swep: there is no such file or folder; did you mean 'sweep'?\n"
    assert cli(command, "file").err == "a4eval: error: file: is no folder\n"


def test_help_and_version_are_no_errors(cli):
    assert cli("status", "--help").code == cli("--version").code == cli().code == 0


def test_defaults_and_types_are_in_plain_words(cli, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    shown = cli("components", "evaluate").out
    assert "Rules(" not in shown
    assert [line.split() for line in shown.splitlines() if line.startswith("rules ")] == [
        ["rules", "options", "as", "follows"]
    ]
    torch = cli("components", "torch").out
    assert "`functional.name`" in torch
    assert "``" not in torch
    assert "Any" not in torch
    assert "anything" in torch
