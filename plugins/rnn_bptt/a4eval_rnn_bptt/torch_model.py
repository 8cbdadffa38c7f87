"""Read the recurrent core out of a torch model, so that it can be taken apart in numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from a4eval import require
from a4eval_rnn_bptt.layers.gru import Gru
from a4eval_rnn_bptt.layers.lstm import Lstm
from a4eval_rnn_bptt.layers.rnn import Rnn
from a4eval_rnn_bptt.layers.stacked import Stacked

if TYPE_CHECKING:
    from a4eval_rnn_bptt.arrays import Array


class TorchCore(NamedTuple):
    """The recurrent core of a torch model.

    Args:
        module: the ``torch.nn.RNN``, ``LSTM`` or ``GRU``.
        layer: the same as a layer of this package.
        params: its weights, float64.
        x: what the core is given when the model reads the user's batch, (T, B, I) float64.
    """

    module: Any
    layer: Stacked
    params: dict[str, Array]
    x: Array


def read_core(model: Any, batch: Any) -> TorchCore:
    """Find the one recurrent core of *model*, convert it, and catch what it is given when the model reads *batch*.

    Args:
        model: a ``torch.nn.Module`` with one ``nn.RNN``, ``nn.LSTM`` or ``nn.GRU`` in it (or being one).
        batch: what the model is called with.

    Raises:
        ValueError: none or several cores, one that reads in both directions or projects, or a core the model does
            not call with a whole batch of sequences.
    """
    torch = require("torch", "a4eval-rnn-bptt[torch]")
    kinds = (torch.nn.RNN, torch.nn.LSTM, torch.nn.GRU)
    cores = [module for module in model.modules() if isinstance(module, kinds)]
    if len(cores) != 1:
        raise ValueError(f"the model has {len(cores)} modules of nn.RNN, nn.LSTM and nn.GRU, expected one")
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
        cell: Any = Lstm(**sizes)
    elif isinstance(core, torch.nn.GRU):
        cell = Gru(**sizes)
    else:
        cell = Rnn(**sizes, activation=core.nonlinearity)
    layer = Stacked(cell=cell, layers=core.num_layers, inputs=core.input_size)
    return TorchCore(core, layer, params, np.ascontiguousarray(x))


def autograd_disagreement(core: TorchCore, dy: Array) -> float:
    """Return ‖numpy − autograd‖/‖autograd‖ over all weights, for the gradient of ⟨outputs, dy⟩ in float64.

    Args:
        core: from :func:`read_core`.
        dy: (T, B, H).
    """
    torch = require("torch", "a4eval-rnn-bptt[torch]")
    leaf = {name: torch.tensor(value, requires_grad=True) for name, value in core.params.items()}
    x = torch.tensor(core.x.swapaxes(0, 1) if core.module.batch_first else core.x)
    y = torch.func.functional_call(core.module, leaf, (x,))[0]
    y = y.transpose(0, 1) if core.module.batch_first else y
    expected = torch.autograd.grad((y * torch.tensor(dy)).sum(), list(leaf.values()))
    _, tape = core.layer.forward(core.params, core.x)
    got, _ = core.layer.backward(core.params, tape, dy)
    difference = sum(float(np.sum((got[name] - one.numpy()) ** 2)) for name, one in zip(leaf, expected, strict=True))
    whole = sum(float((one**2).sum()) for one in expected)
    return float(np.sqrt(difference / whole))
