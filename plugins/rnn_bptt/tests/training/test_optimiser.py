"""The update rules against torch's."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_rnn_bptt.training.optimiser import Optimiser

from ..cases import relative


@pytest.mark.parametrize("rule", ["adam", "sgd"])
@pytest.mark.parametrize("clip", [None, 1.0])
def test_the_optimiser_equals_torch(torch, rng, rule, clip):
    params = {"a": rng.standard_normal((2, 4, 3)), "b": rng.standard_normal((2, 4))}
    kind = torch.optim.Adam if rule == "adam" else torch.optim.SGD
    theirs = [{name: torch.tensor(value[m], requires_grad=True) for name, value in params.items()} for m in range(2)]
    rules = [kind(leaf.values(), lr=0.05) for leaf in theirs]
    mine = Optimiser(rule, 0.05, clip)
    for _ in range(20):
        gradients = {name: rng.standard_normal(value.shape) for name, value in params.items()}
        norm = mine.update(params, gradients)
        for m, (leaf, one) in enumerate(zip(theirs, rules, strict=True)):
            for name, value in leaf.items():
                value.grad = torch.tensor(gradients[name][m])
            if clip is not None:
                assert norm[m] == pytest.approx(float(torch.nn.utils.clip_grad_norm_(leaf.values(), clip)))
            one.step()
            for name, value in leaf.items():
                # torch adds 1e-6 to the norm it divides by
                assert relative(params[name][m], value.detach()) < (1e-12 if clip is None else 1e-5)


def test_a_gradient_that_is_not_finite_moves_nothing():
    params = {"a": np.ones((2, 3))}
    norm = Optimiser("adam", 0.1, 1.0).update(params, {"a": np.array([[np.inf, 0, 0], [1.0, 0, 0]])})
    assert params["a"][0].tolist() == [1, 1, 1]
    assert params["a"][1, 0] < 1
    assert norm[0] == np.inf
