"""Read the recurrent core out of a torch model, so that it can be taken apart in numpy."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from a4eval import require
from a4eval_rnn_bptt.analysis.norms import norm
from a4eval_rnn_bptt.frameworks.torch_calls import Caught, catch_call, catch_loop, gradients
from a4eval_rnn_bptt.frameworks.torch_cores import Found, array_of, cell_of, core_of, cores_of, plain, weights_of
from a4eval_rnn_bptt.frameworks.torch_step import Stepping, TorchStep
from a4eval_rnn_bptt.layers.stacked import Stacked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from a4eval_rnn_bptt.arrays import Array, State


class TorchCore(NamedTuple):
    """The recurrent core of a torch model.

    Args:
        module: the ``torch.nn.RNN``, ``LSTM`` or ``GRU``, or the module with a ``step``.
        layer: the same as a cell of this package.
        params: its weights, float64.
        x: what the core is given when the model reads the user's batch, (T, B, I) float64.
        state: the state it begins with, each (B, ·); None for the layer's own.
        dy: the gradient of the user's loss with respect to the core's outputs, (T, B, H); None without a loss.
        notes: what the user should know of how it was read.
        lengths: (B,) steps of each row, where sequences are packed; x and dy are 0 beyond them.
    """

    module: Any
    layer: Stacked | TorchStep
    params: dict[str, Array]
    x: Array
    state: State | None
    dy: Array | None
    notes: tuple[str, ...]
    lengths: Array | None = None


def core_names(model: Any) -> list[str]:
    """Return the names of the recurrent cores of a model; none for what is no torch module or its own ``step``."""
    torch = require("torch", "a4eval-rnn-bptt[torch]")
    return [] if not isinstance(model, torch.nn.Module) or isinstance(model, Stepping) else list(cores_of(torch, model))


def read_core(
    model: Any, batch: Any, loss: Callable[[Any], Any] | None = None, *, name: str | None = None
) -> TorchCore:
    """Find a recurrent core of *model*, convert it, and catch what it is given when the model reads *batch*.

    The model is read in ``eval()`` mode, as dropout and batch statistics have no one gradient.

    Args:
        model: a ``torch.nn.Module`` with ``nn.RNN``, ``nn.LSTM`` or ``nn.GRU`` in it (or being one), or with a cell
            of theirs, or a module with the methods ``step(x, state) -> state`` and ``initial_state(rows) -> state``,
            in a loop of its own; or being such a module, where a state is a tensor (rows, …) or a tuple of such, the
            output first.
        batch: what the model is called with: a tensor, a tuple of positional or a mapping of keyword arguments;
            a tensor (T, B, I) for a model with ``step``.
        loss: from what the model returns, or the outputs (T, B, H) of a model with ``step``, to a number.
        name: which core, where there are several; of a bidirectional one ``NAME.forward`` or ``NAME.backward``.

    Raises:
        ValueError: what was given is no such model, it cannot be called so, or its core cannot be taken apart in time.
    """
    torch = require("torch", "a4eval-rnn-bptt[torch]")
    if not isinstance(model, torch.nn.Module):
        raise ValueError(f"the model is a {type(model).__name__}, expected a torch.nn.Module")  # noqa: TRY004  (a value of the user's: told with the others)
    notes = []
    if model.training and any(_differs_in_training(torch, module) for module in model.modules()):
        notes.append("the model was in training mode; it is read in eval mode, without dropout and batch statistics")
    model.eval()
    if name is None and isinstance(model, Stepping):
        core = _read_step(torch, model, batch, loss)
    else:
        core = _read(torch, model, batch, loss, name)
    return core._replace(notes=(*notes, *core.notes))


def _differs_in_training(torch: Any, module: Any) -> bool:
    kinds = (torch.nn.modules.dropout._DropoutNd, torch.nn.modules.batchnorm._NormBase)  # noqa: SLF001  (their base classes have no public name)
    return isinstance(module, kinds) or (isinstance(module, torch.nn.RNNBase) and module.dropout > 0)


def _read_step(torch: Any, model: Any, batch: Any, loss: Callable[[Any], Any] | None) -> TorchCore:
    if not isinstance(batch, torch.Tensor) or batch.ndim != 3:
        got = f"has shape {tuple(batch.shape)}" if isinstance(batch, torch.Tensor) else f"is a {type(batch).__name__}"
        raise ValueError(f"the batch {got}, expected a tensor (T, B, I) for a model with step")
    x = array_of(batch)
    _check_finite({name: array_of(one) for name, one in model.named_parameters() if not one.is_complex()})
    cell = TorchStep(model, x[0])
    params, dy = cell.init(None), None
    if loss is not None:
        y = torch.tensor(cell.forward(params, x)[0], requires_grad=True)
        dy = array_of(gradients(torch, loss, y, [y])[0])
    return TorchCore(model, cell, params, x, None, dy, _unused(cell))


def batch_of(arrays: Mapping[str, Array], model: Any) -> Any:
    """Return arrays of a file as a batch: one alone, ``arr_0`` … as positional arguments, others by their names.

    Real numbers take the precision of the model's weights.
    """
    torch = require("torch", "a4eval-rnn-bptt[torch]")
    real = next((one.dtype for one in model.parameters() if one.is_floating_point()), torch.float32)
    tensors = {
        name: torch.from_numpy(one.copy()).to(real) if one.dtype.kind == "f" else torch.from_numpy(one.copy())
        for name, one in arrays.items()
    }
    if len(tensors) == 1 and set(tensors) <= {"", "arr_0"}:
        return next(iter(tensors.values()))
    positional = [f"arr_{index}" for index in range(len(tensors))]
    return tuple(tensors[one] for one in positional) if set(positional) == set(tensors) else tensors


def _read(torch: Any, model: Any, batch: Any, loss: Callable[[Any], Any] | None, name: str | None) -> TorchCore:
    found = core_of(torch, model, name)
    if found.way == "step":
        return _read_nested_step(torch, found, catch_loop(torch, found.module, model, batch, loss, cell=False))
    if found.way == "cell":
        caught = catch_loop(torch, found.module, model, batch, loss, cell=True)
    else:
        caught = catch_call(torch, found.module, model, batch, loss)
    notes = []
    if found.way in ("forward", "backward"):
        if found.module.num_layers > 1:
            notes.append("of a stack that reads both ways the top layer is followed, whose inputs the others make")
        caught = _one_way(torch, found, caught)
    inputs, layers = caught.x.shape[-1], 1 if found.way != "whole" else found.module.num_layers
    layer = Stacked(cell=cell_of(torch, found.module, inputs), layers=layers, inputs=inputs)
    params = weights_of(found, list(layer.init(np.random.default_rng(0))))
    _check_finite(params)
    state = None
    if caught.state is not None:  # of a stack, top layer first
        state = tuple(one[k] for k in reversed(range(layers)) for one in caught.state)
    _check_first_step(layer.forward(params, caught.x[:1], state=state)[0][0], caught.y[0], caught.eps)
    return TorchCore(found.module, layer, params, caught.x, state, caught.dy, tuple(notes), caught.lengths)


def _read_nested_step(torch: Any, found: Found, caught: Caught) -> TorchCore:
    del torch
    _check_finite({name: array_of(one) for name, one in found.module.named_parameters() if not one.is_complex()})
    cell = TorchStep(deepcopy(found.module), caught.x[0])
    params = cell.init(None)
    state = None if caught.state is None else tuple(one[0] for one in caught.state)
    _check_first_step(cell.forward(params, caught.x[:1], state=state)[0][0], caught.y[0], caught.eps)
    return TorchCore(found.module, cell, params, caught.x, state, caught.dy, _unused(cell))


def _unused(cell: TorchStep) -> tuple[str, ...]:
    return (f"step does not use {', '.join(cell.unused)}; they are left out",) if cell.unused else ()


def _one_way(torch: Any, found: Found, caught: Caught) -> Caught:
    """Return the passage of one direction of the top layer, in the order in which that direction reads."""
    module, backward = found.module, found.way == "backward"
    x = _below(torch, module, caught)
    half = caught.y.shape[-1] // 2
    own = slice(half, None) if backward else slice(half)

    def read(array: Array) -> Array:
        return _backwards(array, caught.lengths) if backward else array

    state = caught.state and tuple(one[-1 if backward else -2][None] for one in caught.state)
    dy = None if caught.dy is None else np.ascontiguousarray(read(caught.dy[..., own]))
    if dy is not None and not dy.any():
        raise ValueError(f"the loss does not depend on what the core reads {found.way}")
    return caught._replace(x=read(x), state=state, y=read(caught.y[..., own]), dy=dy)


def _below(torch: Any, module: Any, caught: Caught) -> Array:
    """Return the inputs of the top layer, (T, B, ·): what the layers below it make of theirs."""
    layers = module.num_layers - 1
    if not layers:
        return caught.x
    rnn = torch.nn.utils.rnn
    below = plain(torch, module, module.input_size, layers, bidirectional=True)
    weights = {name: torch.tensor(array_of(getattr(module, name))) for name, _ in below.named_parameters()}
    x = torch.tensor(caught.x)
    if caught.lengths is not None:
        x = rnn.pack_padded_sequence(x, torch.tensor(caught.lengths), enforce_sorted=False)
    given = [torch.tensor(one[: 2 * layers]) for one in caught.state or ()]
    state = [tuple(given) if len(given) > 1 else given[0]] if given else []
    y = torch.func.functional_call(below, weights, (x, *state))[0]
    return array_of(y if caught.lengths is None else rnn.pad_packed_sequence(y)[0])


def _backwards(array: Array, lengths: Array | None) -> Array:
    """Turn (T, B, ·) round in time, each row within its own length."""
    if lengths is None:
        return np.ascontiguousarray(array[::-1])
    steps = np.arange(len(array))[:, None]
    return np.take_along_axis(array, np.where(steps < lengths, lengths - 1 - steps, steps)[..., None], 0)


def _check_finite(params: dict[str, Array]) -> None:
    for name, value in params.items():
        if not np.isfinite(value).all():
            where = tuple(int(one) for one in np.argwhere(~np.isfinite(value))[0])
            raise ValueError(f"the weight {name} is {value[where]} at index {where}: weights must be finite")


def _check_first_step(got: Array, theirs: Array, eps: float) -> None:
    """Hold the first step against the module's own, so that what is taken apart is what the model computes."""
    off = norm(got - theirs) / (norm(theirs) or 1)
    if not off < max(1e-3, 30 * eps):
        raise ValueError(
            f"the core's first outputs are off by {off:.2g} of those its weights give: does it do more than the "
            "module of torch it derives from?"
        )
