"""The readout and its loss against torch, and truncated passes."""

from __future__ import annotations

import numpy as np
import pytest
from a4eval_rnn_bptt.training.readout import OUT_BIAS, OUT_WEIGHT, backward_models, forward_models, readout_loss
from a4eval_rnn_bptt.training.sequences import SequenceBatch

from a4eval import build

from ..cases import relative


@pytest.mark.parametrize("classes", [True, False])
def test_the_readout_equals_torch(torch, rng, classes):
    models, steps, batch, hidden, outputs = 3, 7, 5, 4, 6
    at = np.array([2, 6])
    y = rng.standard_normal((models, steps, batch, hidden))
    params = {
        OUT_WEIGHT: rng.standard_normal((models, outputs, hidden)),
        OUT_BIAS: rng.standard_normal((models, outputs)),
    }
    shape = (2, batch) if classes else (2, batch, outputs)
    targets = [rng.integers(outputs, size=shape) if classes else rng.standard_normal(shape) for _ in range(models)]
    batches = [SequenceBatch(y[m], target, at) for m, target in enumerate(targets)]
    loss, score, gradients, dy = readout_loss(params, y, batches, classes=classes)
    for m, target in enumerate(targets):
        ty = torch.tensor(y[m], requires_grad=True)
        leaf = {name: torch.tensor(value[m], requires_grad=True) for name, value in params.items()}
        predicted = ty[at] @ leaf[OUT_WEIGHT].T + leaf[OUT_BIAS]
        if classes:
            flat, goal = predicted.reshape(-1, outputs), torch.tensor(target).reshape(-1)
            expected = torch.nn.functional.cross_entropy(flat, goal)
            assert score[m] == pytest.approx(float((flat.argmax(1) == goal).double().mean()))
        else:
            expected = ((predicted - torch.tensor(target)) ** 2).sum(-1).mean()
            assert score[m] == loss[m]
        expected.backward()
        assert loss[m] == pytest.approx(expected.item(), rel=1e-12)
        assert relative(dy[m], ty.grad) < 1e-12
        for name, value in leaf.items():
            assert relative(gradients[name][m], value.grad) < 1e-12


@pytest.mark.parametrize("window", [1, 3, 10])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_truncation_hands_on_the_state_but_not_the_gradient(torch, rng, cell, window):
    layer = build("layer", {"name": cell, "inputs": 3, "hidden": 4})
    drawn = [layer.init(rng) for _ in range(2)]
    params = {name: np.stack([one[name] for one in drawn]) for name in drawn[0]}
    x, dy = rng.standard_normal((2, 8, 5, 3)), rng.standard_normal((2, 8, 5, 4))
    y, tapes = forward_models(layer, params, x, window)
    got = backward_models(layer, params, tapes, dy)
    whole, _ = layer.forward(params, x)
    assert relative(y, whole) < 1e-14
    module = getattr(torch.nn, cell.upper())(3, 4, dtype=torch.float64)
    for m, one in enumerate(drawn):
        module.load_state_dict({f"{name}_l0": torch.tensor(value) for name, value in one.items()})
        module.zero_grad()
        state = None
        for first in range(0, 8, window):
            out, state = module(torch.tensor(x[m, first : first + window]), state)
            state = tuple(part.detach() for part in state) if cell == "lstm" else state.detach()
            (out * torch.tensor(dy[m, first : first + window])).sum().backward()
        for name in one:
            assert relative(got[name][m], getattr(module, f"{name}_l0").grad) < 1e-12
