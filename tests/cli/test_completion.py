"""Completion of commands, experiments, components and keys, as shells ask for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from .shells import pressed

MAIN = "import sys; sys.argv[0] = 'a4eval'; from a4eval.cli.main import main; main()"


def ask(place, words, place_of_word, shell="bash"):
    """Return what a shell would offer."""
    place.environment.update(COMP_WORDS=words, COMP_CWORD=str(place_of_word), _A4EVAL_COMPLETE=f"{shell}_complete")
    done = subprocess.run(
        [sys.executable, "-c", MAIN],
        env=place.environment,
        cwd=place.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [line.removeprefix("plain,") for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "at", "expected"),
    [
        ("a4eval exper", 1, ["experiments"]),
        ("a4eval experiments detection/voc", 2, ["detection/voc2007", "detection/voc2010"]),
        ("a4eval components coco_d", 2, ["coco_detection"]),
        ("a4eval run experiment = detection/voc", 4, ["detection/voc2007", "detection/voc2010"]),
        ("a4eval run task.layer = conv_", 4, ["conv_transpose"]),
        ("a4eval run task.metrics.mine = coco_d", 4, ["coco_detection"]),
        ("a4eval run experiment = assignment4/q5_l2_vs_iou task.", 5, ["task.H=", "task.W=", "task.c=", "task.name="]),
        ("a4eval run see", 2, ["seed="]),
    ],
)
def test_what_is_offered(place, words, at, expected):
    assert ask(place, words, at) == expected


def test_a_whole_word_as_zsh_gives_it(place):
    lines = ask(place, "a4eval run experiment=detection/voc", 2, "zsh")
    assert "experiment=detection/voc2007" in lines


def test_what_means_more_than_its_letters_to_a_shell_is_not_offered(place):
    sent = place.folder / "sent" / "experiment"
    sent.mkdir(parents=True)
    (sent / "odd;name.yaml").write_text("task: {}\n")
    (sent / "plain.yaml").write_text('task: {"$(touch ran)": 1, "a\\e[31m": 2, "b\\nplain,rm": 3, "c d": 4, fine: 5}\n')
    given = "a4eval run --config-dir sent experiment = "
    assert ask(place, given, 6)[0] == "assignment4/q1_bptt"
    assert not any(ask(place, f"{given}odd", 6))
    assert ask(place, f"{given}plain task.", 7) == ["task.fine=", "task.name="]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_what_a_shell_is_taught_is_its_language(cli, shell):
    script = cli("completion", shell).out
    assert "_A4EVAL_COMPLETE" in script
    if shutil.which(shell):
        subprocess.run([shell, "-n", "-c", script], check=True)


def test_completing_imports_neither_hydra_nor_numpy(place):
    code = (
        "import sys, click; from a4eval.cli import complete; from a4eval.cli.run import run\n"
        "context = click.Context(run); context.params = {'overrides': ('experiment=assignment4/q5_l2_vs_iou',)}\n"
        "assert complete.overrides(context, None, 'task.')\n"
        "assert complete.overrides(context, None, 'experiment=')\n"
        "assert not {'hydra', 'numpy', 'omegaconf'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=place.folder)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_tab_completes_in_the_shell_itself(cli, tmp_path, shell):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    tool = tmp_path / "a4eval"
    tool.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{MAIN}" "$@"\n')
    tool.chmod(0o755)
    script = tmp_path / "script"
    script.write_text(cli("completion", shell).out)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    for line, expected in [
        ("a4eval exper", "a4eval experiments" if shell != "fish" else "experiments"),
        ("a4eval run experiment=detection/voc", "detection/voc2007"),
        ("a4eval run experiment=assignment4/q5_l2_vs_iou task.", "task.W="),
    ]:
        assert pressed(shell, line, expected, environment, script) > 0
