"""Every task passes all checks of the kit: records, repetition, other seeds, files, pictures, silence."""

from a4eval_rnn_bptt.plugin import a4eval_components

from a4eval.testing import Check, task_checks

SMALL = {"inputs": 3, "hidden": 4}
TASKS = [
    {"name": "bptt_decomposition", "layer": {"name": "lstm", **SMALL}, "steps": 5, "batch": 2, "truncation": True},
    {"name": "gradient_flow", "layer": {"name": "gru", **SMALL}, "steps": 12, "spectrum": True},
    {
        "name": "sequence_study",
        "layer": {"name": "gru", **SMALL},
        "problem": {"name": "keyword_recall", "fillers": 3},
        "steps": 20,
    },
]


@task_checks(*TASKS)
def test_tasks(check: Check) -> None:
    check()


def test_none_is_left_out():
    """The fourth runs a model of torch's, which only a command may name: see ``test_inspect_model.py``."""
    names = {one.name for one in a4eval_components() if one.kind == "task"}
    assert names == {one["name"] for one in TASKS} | {"inspect_model"}
