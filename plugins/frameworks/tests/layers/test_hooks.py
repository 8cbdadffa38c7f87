"""Hooks on parameters: what they make of a gradient is what training sees."""

from __future__ import annotations

import pytest


def hooked(*hooks, **more):
    return {"name": "torch", "layer": "torch_modules:Hooked", "arguments": list(hooks), "input": [3, 4], **more}


@pytest.mark.parametrize(
    ("hooks", "where"), [(["doubled"], "dw"), (["halved"], "dw"), (["clamped"], "dw"), (["doubled_late"], "db")]
)
@pytest.mark.parametrize("mode", ["eager", "compiled"])
def test_a_hook_that_falsifies_a_gradient_fails(check, strangers, torch, hooks, where, mode):
    outcome, rows = check(hooked(*hooks, mode=mode))
    assert outcome == "failed"
    assert rows["gradient"]["verdict"] == "failed"
    assert rows["gradient"]["where"].startswith(where)
    assert rows["state_dict"]["verdict"] == "passed"  # it has the same hooks


@pytest.mark.parametrize("hooks", [["seen"], ["doubled", "halved"], ["taken"]])
def test_hooks_that_leave_it_as_it_is_pass(check, strangers, torch, hooks):
    outcome, rows = check(hooked(*hooks))
    assert outcome == "passed", [row for row in rows.values() if row["verdict"] in ("failed", "undecided")]


def test_a_hook_that_cannot_be_run_is_named(check, strangers, torch):
    outcome, rows = check(hooked("entangled"))
    assert outcome == "undecided", [row for row in rows.values() if row["verdict"] == "failed"]
    assert "entangled.<locals>.<lambda> on parameter w (register_post_acc" in rows["gradient"]["meaning"]


def test_a_hook_on_a_weight_of_keras_fails(check, strangers, keras):
    if keras.backend.backend() != "torch":
        pytest.skip("jax has no hooks")
    outcome, rows = check({"name": "keras", "layer": "keras_layers:Hooked", "input": [3, 4]})
    assert outcome == "failed"
    assert rows["gradient"]["where"].startswith("dscale")
