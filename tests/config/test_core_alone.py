"""Where no plugin is installed, or not all of ours, an error of a name says what to install."""

from __future__ import annotations

import pytest

from a4eval import plugins
from a4eval.registry import Registry, registry

ALL = "(not installed: pip install 'a4eval[plugins]')"


@pytest.fixture
def core_alone(monkeypatch):
    entries = plugins.entry_points
    monkeypatch.setattr(plugins, "entry_points", lambda group: entries(group=group, name="a4eval"))
    registry.cache_clear()
    yield
    registry.cache_clear()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["run", "task.name=check_layer", "task.layer=conv_transpose"], [f"none is known {ALL} (on the command line)"]),
        (
            ["run", "task.name=check_layer", "task.layer={name: torch}"],
            [f"task.layer.name: no layer 'torch'; none is known {ALL}"],
        ),
        (
            ["run", "task.name=evaluate"],
            [f"(where the batches come from); no reader is known {ALL}", f"no metric is known {ALL}"],
        ),
        (
            ["run", "experiment=detection/coco"],
            [
                "there is no experiment 'detection/coco' (`a4eval experiments` lists them; one of a plugin is there"
                f" once that is installed) {ALL}"
            ],
        ),
        (["components", "average_precision"], ["there is no component 'average_precision'"]),
        (["components", "layer"], [f"--kind: no layer is known {ALL}"]),
        (["experiments", "detection"], ["there is no experiment or group of that name"]),
        (["experiments", "--search", "zebra"], [f"no experiment mentions 'zebra' {ALL}"]),
    ],
)
def test_a_name_that_is_not_there(cli, core_alone, words, expected):
    done = cli(*words)
    assert done.code == 2
    lines = done.err.splitlines()
    assert len(lines) == len(expected)
    for line, text in zip(lines, expected, strict=True):
        assert text in line
        assert ALL in line


def test_a_sweep_over_experiments_says_it_once(cli, core_alone):
    done = cli("run", "-m", "experiment=glob(assignment4/*)", "seed=1,x")
    first, *others = done.err.splitlines()
    assert first.startswith("a4eval: error: experiment: assignment4/q1_bptt, assignment4/q2_distractors, ")
    wanted = "a4eval-ap-metric a4eval-box-metrics a4eval-deconv a4eval-rnn-bptt"
    assert first.endswith(f"assignment4/q6_output_size need plugins that are not installed: pip install {wanted}")
    assert others == ["a4eval: error: seed: got 'x', expected int (in the point experiment=assignment4/q1_bptt seed=x)"]


def test_what_else_is_wrong_is_told_as_well(cli, core_alone):
    done = cli("run", "experiment=assignment4/q5_l2_vs_iou", "seed=x")
    assert done.err.splitlines() == [
        "a4eval: error: experiment: assignment4/q5_l2_vs_iou needs a plugin that is not installed: "
        "pip install a4eval-box-metrics",
        "a4eval: error: seed: got 'x', expected int (on the command line)",
    ]


def test_some_of_ours_are_not_installed():
    some = Registry([one for one in registry().plugins if one.name not in ("deconv", "frameworks")])
    assert some.elsewhere("; known: a") == " (not installed: pip install a4eval-deconv a4eval-frameworks)"
    assert some.elsewhere("; did you mean 'a'?") == ""
    assert registry().elsewhere("; none is known") == ""


def test_what_is_wrong_with_the_first_point_alone_says_so(cli):
    done = cli("run", "-m", "experiment=assignment4/q5_l2_vs_iou", "task.W=x,8", "task.h=3")
    assert done.err.splitlines() == [
        "a4eval: error: task.h: unknown key; did you mean 'H'? (on the command line)",
        "a4eval: error: task.W: got 'x', expected float (in the point task.W=x)",
    ]


def test_several_that_are_disabled(cli, site):
    for words in (["run", "experiment=deconv/check_layer"], ["components", "conv_transpose"]):
        done = site.run(*words, A4EVAL_DISABLE="deconv,box_metrics")
        assert done.err.endswith(" (left out, as A4EVAL_DISABLE says: box_metrics, deconv)\n")
