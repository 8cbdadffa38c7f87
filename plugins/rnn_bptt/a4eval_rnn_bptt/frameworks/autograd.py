"""The gradients of a torch model's core, once more by torch's own differentiation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import require
from a4eval_rnn_bptt.analysis.norms import joint_norm
from a4eval_rnn_bptt.frameworks.torch_cores import plain
from a4eval_rnn_bptt.frameworks.torch_step import TorchStep

if TYPE_CHECKING:
    from a4eval_rnn_bptt.arrays import Array
    from a4eval_rnn_bptt.frameworks.torch_model import TorchCore


def autograd_disagreement(core: TorchCore, dy: Array) -> float:
    """Return ‖numpy − autograd‖/‖autograd‖ over all weights, for the gradient of ⟨outputs, dy⟩ in float64.

    Args:
        core: from :func:`read_core`.
        dy: (T, B, H).
    """
    torch = require("torch", "a4eval-rnn-bptt[torch]")
    leaf = {name: torch.tensor(value, requires_grad=True) for name, value in core.params.items()}
    y = _step_outputs(torch, core, leaf) if isinstance(core.layer, TorchStep) else _outputs(torch, core, leaf)
    found = torch.autograd.grad((y * torch.tensor(dy)).sum(), list(leaf.values()), allow_unused=True)
    expected = {
        name: np.zeros_like(core.params[name]) if one is None else one.numpy()
        for name, one in zip(leaf, found, strict=True)
    }
    _, tape = core.layer.forward(core.params, core.x, state=core.state)
    got, _ = core.layer.backward(core.params, tape, dy)
    difference, whole = joint_norm({name: got[name] - expected[name] for name in leaf}), joint_norm(expected)
    return difference / whole if whole else (0.0 if difference == 0 else np.inf)


def _outputs(torch: Any, core: TorchCore, leaf: dict[str, Any]) -> Any:
    """Run a module of torch's like the core, without what a user may have added to it: (T, B, H)."""
    layer: Any = core.layer
    theirs = plain(torch, core.module, layer.inputs, layer.layers)
    given = [torch.tensor(core.x)]
    if core.state is not None:
        count = len(core.state) // layer.layers  # top layer first, and torch wants the bottom one first
        layers = [torch.tensor(np.stack(core.state[index::count][::-1])) for index in range(count)]
        given.append(tuple(layers) if count > 1 else layers[0])
    return torch.func.functional_call(theirs, leaf, tuple(given))[0]


def _step_outputs(torch: Any, core: TorchCore, leaf: dict[str, Any]) -> Any:
    """Run the user's own steps: (T, B, H)."""
    first = core.state or core.layer.initial_state(core.params, core.x.shape[1])
    state = tuple(torch.tensor(one) for one in first)
    outputs = []
    for x in torch.tensor(core.x):
        state = core.layer.call(leaf, x, state)  # type: ignore[union-attr]  # asked just before
        outputs.append(state[0])
    return torch.stack(outputs)
