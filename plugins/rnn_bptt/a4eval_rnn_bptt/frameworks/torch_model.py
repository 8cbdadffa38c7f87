"""Read the recurrent core out of a torch model, so that it can be taken apart in numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from a4eval import require
from a4eval_rnn_bptt.frameworks.torch_step import TorchStep
from a4eval_rnn_bptt.layers.gru import Gru
from a4eval_rnn_bptt.layers.lstm import Lstm
from a4eval_rnn_bptt.layers.rnn import Rnn
from a4eval_rnn_bptt.layers.stacked import Stacked

if TYPE_CHECKING:
    from a4eval_rnn_bptt.arrays import Array


class TorchCore(NamedTuple):
    """The recurrent core of a torch model.

    Args:
        module: the ``torch.nn.RNN``, ``LSTM`` or ``GRU``, or the module with a ``step``.
        layer: the same as a cell of this package.
        params: its weights, float64.
        x: what the core is given when the model reads the user's batch, (T, B, I) float64.
    """

    module: Any
    layer: Stacked | TorchStep
    params: dict[str, Array]
    x: Array


def read_core(model: Any, batch: Any) -> TorchCore:
    """Find the one recurrent core of *model*, convert it, and catch what it is given when the model reads *batch*.

    Args:
        model: a ``torch.nn.Module`` with one ``nn.RNN``, ``nn.LSTM`` or ``nn.GRU`` in it (or being one); or one with
            the methods ``step(x, state) -> state`` and ``initial_state(rows) -> state``, where a state is a tuple of
            tensors (rows, ·) and the output its first.
        batch: what the model is called with; (T, B, I) for a model with ``step``.

    Raises:
        ValueError: none or several cores, one that reads in both directions or projects, or a core the model does
            not call with a whole batch of sequences.
    """
    torch = require("torch", "a4eval-rnn-bptt[torch]")
    if hasattr(model, "step") and hasattr(model, "initial_state"):
        if batch.ndim != 3:
            raise ValueError(f"the batch has shape {tuple(batch.shape)}, expected (T, B, I) for a model with step")
        cell = TorchStep(model.double(), batch.shape[-1])
        x = np.ascontiguousarray(batch.detach().double().cpu().numpy())
        return TorchCore(model, cell, cell.init(np.random.default_rng()), x)
    kinds = (torch.nn.RNN, torch.nn.LSTM, torch.nn.GRU)
    cores = [module for module in model.modules() if isinstance(module, kinds)]
    if len(cores) != 1:
        count = len(cores)
        raise ValueError(f"the model has {count} modules of nn.RNN, nn.LSTM and nn.GRU, expected one, or a step method")
    core = cores[0]
    if core.bidirectional or core.proj_size:
        raise ValueError("the core is bidirectional or projects its output, so it cannot be taken apart in time")
    seen: list[Any] = []
    hook = core.register_forward_pre_hook(lambda _module, arguments: seen.append(arguments))
    try:
        with torch.no_grad():
            model(batch)
    finally:
        hook.remove()
    if len(seen) != 1 or not hasattr(seen[0][0], "ndim") or seen[0][0].ndim != 3:
        raise ValueError("the model must call its recurrent core once, with a tensor of three axes")
    x = seen[0][0].detach().double().cpu().numpy()
    x = x.swapaxes(0, 1) if core.batch_first else x
    params = {name: value.detach().double().cpu().numpy() for name, value in core.state_dict().items()}
    sizes = {"inputs": core.input_size, "hidden": core.hidden_size, "bias": core.bias}
    if isinstance(core, torch.nn.LSTM):
        kind: Any = Lstm(**sizes)
    elif isinstance(core, torch.nn.GRU):
        kind = Gru(**sizes)
    else:
        kind = Rnn(**sizes, activation=core.nonlinearity)
    layer = Stacked(cell=kind, layers=core.num_layers, inputs=core.input_size)
    return TorchCore(core, layer, params, np.ascontiguousarray(x))


def autograd_disagreement(core: TorchCore, dy: Array) -> float:
    """Return ‖numpy − autograd‖/‖autograd‖ over all weights, for the gradient of ⟨outputs, dy⟩ in float64.

    Args:
        core: from :func:`read_core`.
        dy: (T, B, H).
    """
    torch = require("torch", "a4eval-rnn-bptt[torch]")
    leaf = {name: torch.tensor(value, requires_grad=True) for name, value in core.params.items()}
    y = _torch_outputs(torch, core, leaf)
    expected = torch.autograd.grad((y * torch.tensor(dy)).sum(), list(leaf.values()))
    _, tape = core.layer.forward(core.params, core.x)
    got, _ = core.layer.backward(core.params, tape, dy)
    difference = sum(float(np.sum((got[name] - one.numpy()) ** 2)) for name, one in zip(leaf, expected, strict=True))
    whole = sum(float((one**2).sum()) for one in expected)
    return float(np.sqrt(difference / whole))


def _torch_outputs(torch: Any, core: TorchCore, leaf: dict[str, Any]) -> Any:
    """Run the core over the whole batch in torch: (T, B, H)."""
    if not isinstance(core.layer, TorchStep):
        first = core.module.batch_first
        x = torch.tensor(core.x.swapaxes(0, 1) if first else core.x)
        y = torch.func.functional_call(core.module, leaf, (x,))[0]
        return y.transpose(0, 1) if first else y
    state = core.module.initial_state(core.x.shape[1])
    outputs = []
    for x in torch.tensor(core.x):
        state = core.layer.call(leaf, x, state)
        outputs.append(state[0])
    return torch.stack(outputs)
