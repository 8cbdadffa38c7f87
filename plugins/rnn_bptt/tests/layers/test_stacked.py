"""Stacks and both directions against torch's own modules, masks included."""

from __future__ import annotations

import numpy as np
import pytest

from a4eval import ConfigError, build

from ..cases import relative

NAMES = {"rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}


@pytest.mark.parametrize("lengths", [None, [9, 1, 4, 6]], ids=["full", "masked"])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("both", [False, True], ids=["stacked", "bidirectional"])
@pytest.mark.parametrize("cell", NAMES)
def test_stacks_equal_torch(torch, rng, cell, both, layers, lengths):
    config = {"name": "bidirectional" if both else "stacked", "cell": {"name": cell, "hidden": 4}, "layers": layers}
    layer = build("layer", {**config, "inputs": 3})
    params = layer.init(rng)
    module = getattr(torch.nn, NAMES[cell])(3, 4, num_layers=layers, bidirectional=both, dtype=torch.float64)
    module.load_state_dict({name: torch.tensor(value) for name, value in params.items()})
    x = rng.standard_normal((9, 4, 3))
    dy = rng.standard_normal((9, 4, 8 if both else 4))
    y, tape = layer.forward(params, x, lengths=lengths)
    dparams, dx = layer.backward(params, tape, dy)
    tx = torch.tensor(x, requires_grad=True)
    if lengths is None:
        ty, _ = module(tx)
    else:
        pack = torch.nn.utils.rnn.pack_padded_sequence(tx, torch.tensor(lengths), enforce_sorted=False)
        ty, _ = torch.nn.utils.rnn.pad_packed_sequence(module(pack)[0])
    (ty * torch.tensor(dy)).sum().backward()
    assert relative(y, ty.detach()) < 1e-12
    assert relative(dx, tx.grad) < 1e-12
    assert list(dparams) == list(params)
    for name in params:
        assert relative(dparams[name], getattr(module, name).grad) < 1e-12, name


def test_bidirectional_models_stack(rng):
    layer = build("layer", {"name": "bidirectional", "cell": {"name": "gru", "hidden": 4}, "layers": 2, "inputs": 3})
    drawn = [layer.init(rng) for _ in range(3)]
    params = {name: np.stack([one[name] for one in drawn]) for name in drawn[0]}
    x, dy = rng.standard_normal((3, 5, 2, 3)), rng.standard_normal((3, 5, 2, 8))
    y, tape = layer.forward(params, x)
    got = layer.gradients(params, tape, dy)
    for m, one in enumerate(drawn):
        alone, tape = layer.forward(one, x[m])
        expected, dx = layer.backward(one, tape, dy[m])
        assert relative(y[m], alone) < 1e-14
        assert relative(got.x[m], dx) < 1e-13
        for name in one:
            assert relative(got.params[name][m], expected[name]) < 1e-13


def test_bidirectional_learns_but_cannot_be_taken_apart(run):
    layer = {"name": "bidirectional", "cell": {"name": "gru", "hidden": 8}}
    problem = {"name": "keyword_recall", "keywords": 2, "fillers": 2}
    node = {"name": "sequence_study", "layer": layer, "problem": problem, "steps": 200, "rate": 1e-2, "seeds": 2}
    assert build("task", node).run(run).metrics["accuracy"].value > 0.95
    with pytest.raises(ConfigError, match="Bidirectional cannot be taken apart in time: it has no initial_state"):
        build("task", {"name": "gradient_flow", "layer": layer})


def test_bad_stacks():
    with pytest.raises(ConfigError, match="layers: got 0"):
        build("layer", {"name": "stacked", "layers": 0})
    with pytest.raises(ConfigError, match="cannot be taken apart"):
        build("layer", {"name": "stacked", "cell": {"name": "bidirectional", "cell": "gru"}})


def test_flow_of_a_stack_is_told_layer_by_layer(rng):
    from a4eval_rnn_bptt import decay, follow

    layer = build("layer", {"name": "stacked", "cell": {"name": "lstm", "hidden": 4}, "inputs": 3})
    trajectory = follow(layer, layer.init(rng), rng.standard_normal((6, 2, 3)))
    got = decay(trajectory, rng.standard_normal((2, 4)))
    assert list(got.log10_by_state) == ["hidden_l1", "cell_l1", "hidden_l0", "cell_l0"]
    assert list(got.log10_by_gate) == [f"{gate}_l{k}" for k in (0, 1) for gate in ("input", "forget", "new", "output")]
