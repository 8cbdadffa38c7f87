"""Every task passes all checks of the kit: records, repetition, other seeds, files, pictures, silence."""

from a4eval_box_metrics.plugin import a4eval_components

from a4eval.testing import Check, task_checks

from .test_landscape import SMALL

TASKS = ["box_pair_comparison", SMALL]


@task_checks(*TASKS)
def test_tasks(check: Check) -> None:
    check()


def test_none_is_left_out():
    names = {one.name for one in a4eval_components() if one.kind == "task"}
    assert names == {"box_pair_comparison", SMALL["name"]}
