"""Read the recurrent core out of a torch model, so that it can be taken apart in numpy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from a4eval import require
from a4eval_rnn_bptt.analysis.norms import norm
from a4eval_rnn_bptt.frameworks.torch_step import Stepping, TorchStep
from a4eval_rnn_bptt.layers.gru import Gru
from a4eval_rnn_bptt.layers.lstm import Lstm
from a4eval_rnn_bptt.layers.lstm_variants import ProjectedLstm
from a4eval_rnn_bptt.layers.rnn import Rnn
from a4eval_rnn_bptt.layers.stacked import Stacked

if TYPE_CHECKING:
    from collections.abc import Callable

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
    """

    module: Any
    layer: Stacked | TorchStep
    params: dict[str, Array]
    x: Array
    state: State | None
    dy: Array | None
    notes: tuple[str, ...]


def read_core(
    model: Any, batch: Any, loss: Callable[[Any], Any] | None = None, *, name: str | None = None
) -> TorchCore:
    """Find a recurrent core of *model*, convert it, and catch what it is given when the model reads *batch*.

    The model is read in ``eval()`` mode, as dropout and batch statistics have no one gradient.

    Args:
        model: a ``torch.nn.Module`` with ``nn.RNN``, ``nn.LSTM`` or ``nn.GRU`` in it (or being one); or one with
            the methods ``step(x, state) -> state`` and ``initial_state(rows) -> state``, where a state is a tensor
            (rows, …) or a tuple of such, the output first.
        batch: what the model is called with: a tensor, a tuple of positional or a mapping of keyword arguments;
            a tensor (T, B, I) for a model with ``step``.
        loss: from what the model returns, or the outputs (T, B, H) of a model with ``step``, to a number.
        name: which core, where there are several.

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
    x = np.ascontiguousarray(batch.detach().cpu().double().numpy())
    _check_finite({name: _array(one) for name, one in model.named_parameters() if not one.is_complex()})
    cell = TorchStep(model, x[0])
    params, dy = cell.init(None), None
    if loss is not None:
        y = torch.tensor(cell.forward(params, x)[0], requires_grad=True)
        (dy,) = _gradients(torch, loss, y, [y])
    notes = [f"step does not use {', '.join(cell.unused)}; they are left out"] if cell.unused else []
    return TorchCore(model, cell, params, x, None, dy, tuple(notes))


class _Call(NamedTuple):
    """What the core was given, and what it gave in its place for the rest of the model."""

    x: Any
    state: Any
    y: Any
    hidden: Any


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
    core = _core_of(torch, model, name)
    calls: list[_Call] = []

    def watch(_module: Any, arguments: tuple[Any, ...], named: dict[str, Any], output: Any) -> Any:
        given = {**dict(zip(("input", "hx"), arguments, strict=False)), **named}
        y, *rest = output
        calls.append(_Call(given["input"], given.get("hx"), y, rest))
        return _leaves(torch, core, calls) if loss is not None else None

    hook = core.register_forward_hook(watch, with_kwargs=True)
    try:
        with torch.set_grad_enabled(loss is not None):
            result = _called(torch, model, batch)
    finally:
        hook.remove()
    if len(calls) != 1:
        raise ValueError(f"the model calls its recurrent core {len(calls)} times, expected once with whole sequences")
    x, state = _time_major(torch, core, calls[0])
    cell = _cell(torch, core)
    layer = Stacked(cell=cell, layers=core.num_layers, inputs=core.input_size)
    # by attribute: with weight norm or another parametrisation the state dict holds other things than the weights
    params = {name: _array(getattr(core, name)) for name in layer.init(np.random.default_rng(0))}
    _check_finite(params)
    y = _batched(core, _array(calls[0].y))
    _check_first_step(layer.forward(params, x[:1], state=state)[0][0], y[0], torch.finfo(calls[0].y.dtype).eps)
    dy = None if loss is None else _loss_gradient(torch, core, loss, result, calls[0])
    return TorchCore(core, layer, params, x, state, dy, ())


def _cell(torch: Any, core: Any) -> Any:
    sizes = {"inputs": core.input_size, "hidden": core.hidden_size, "bias": core.bias}
    if isinstance(core, torch.nn.LSTM) and core.proj_size:
        return ProjectedLstm(**{**sizes, "hidden": core.proj_size}, cells=core.hidden_size)
    if isinstance(core, torch.nn.LSTM):
        return Lstm(**sizes)
    return Gru(**sizes) if isinstance(core, torch.nn.GRU) else Rnn(**sizes, activation=core.nonlinearity)


def _core_of(torch: Any, model: Any, wanted: str | None) -> Any:
    kinds = (torch.nn.RNN, torch.nn.LSTM, torch.nn.GRU)
    cores = {name or "the model itself": one for name, one in model.named_modules() if isinstance(one, kinds)}
    if wanted is not None and wanted not in cores:
        raise ValueError(f"core: the model has no recurrent core {wanted!r}; it has {', '.join(cores) or 'none'}")
    if wanted is None and len(cores) > 1:
        raise ValueError(f"the model has {len(cores)} recurrent cores ({', '.join(cores)}): name one with task.core")
    if not cores:
        raise ValueError(
            "the model has no recurrence to look at: no module of nn.RNN, nn.LSTM and nn.GRU, "
            "and not the methods step and initial_state"
        )
    core = next(iter(cores.values())) if wanted is None else cores[wanted]
    if core.bidirectional:
        raise ValueError("the core is bidirectional, so it cannot be taken apart in time")
    return core


def _called(torch: Any, model: Any, batch: Any) -> Any:
    try:
        if isinstance(batch, Mapping):
            return model(**batch)
        if isinstance(batch, tuple | list) and not isinstance(batch, torch.nn.utils.rnn.PackedSequence):
            return model(*batch)
        return model(batch)
    except ValueError:
        raise
    except Exception as error:  # a stranger's code may raise anything
        how = "a tuple is taken as positional arguments, a mapping as keyword arguments"
        raise ValueError(
            f"the model cannot be called with the batch ({how}): {type(error).__name__}: {error}"
        ) from error


def _array(tensor: Any) -> Array:
    array: Array = tensor.detach().cpu().double().numpy()
    return np.ascontiguousarray(array)


def _time_major(torch: Any, core: Any, call: _Call) -> tuple[Array, State | None]:
    """Turn what the core was given into (T, B, I) and the state of a stack, top layer first."""
    if isinstance(call.x, torch.nn.utils.rnn.PackedSequence):
        raise ValueError("the core is given packed sequences, expected a tensor: give sequences of one length unpacked")  # noqa: TRY004  (as above)
    if call.x.ndim not in (2, 3):
        raise ValueError(f"the core is given a tensor of shape {tuple(call.x.shape)}, expected (T, B, I)")
    x = _batched(core, _array(call.x))
    if call.state is None:
        return x, None
    given = [_array(one) for one in (call.state if isinstance(call.state, tuple | list) else (call.state,))]
    by_layer = [one.reshape(core.num_layers, x.shape[1], -1) for one in given]
    return x, tuple(one[k] for k in reversed(range(core.num_layers)) for one in by_layer)


def _batched(core: Any, array: Array) -> Array:
    """Turn (T, ·), (T, B, ·) or, batch first, (B, T, ·) into (T, B, ·)."""
    if array.ndim == 2:
        return array[:, None]
    return np.ascontiguousarray(array.swapaxes(0, 1) if core.batch_first else array)


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


def _leaves(torch: Any, core: Any, calls: list[_Call]) -> Any:
    """Put leaves in the place of what the core gave, the top layer's last output being the output's last step."""
    call = calls[-1]
    if not isinstance(call.y, torch.Tensor):
        return None  # packed: refused when the call is over
    y = call.y.detach().requires_grad_()
    last = y[:, -1] if core.batch_first and y.ndim == 3 else y[-1]
    final = call.hidden[0] if isinstance(call.hidden[0], tuple) else (call.hidden[0],)
    others = [final[0][:-1].detach().requires_grad_(), *(one.detach().requires_grad_() for one in final[1:])]
    calls[-1] = call._replace(y=y, hidden=others)
    states = (torch.cat((others[0], last[None])), *others[1:])
    return y, states if len(states) > 1 else states[0]


def _loss_gradient(torch: Any, core: Any, loss: Callable[[Any], Any], result: Any, call: _Call) -> Array:
    dy, *others = _gradients(torch, loss, result, [call.y, *call.hidden])
    if any(one.any() for one in others):
        raise ValueError(
            "the loss looks at the final state of a lower layer or of the cell; it can be followed back from the "
            "outputs of the top layer alone"
        )
    return _batched(core, dy)


def _gradients(torch: Any, loss: Callable[[Any], Any], result: Any, leaves: list[Any]) -> list[Array]:
    """Return the gradients of the user's loss, zeros where it does not look."""
    try:
        value = loss(result)
    except Exception as error:  # a stranger's code may raise anything
        raise ValueError(f"the loss failed: {type(error).__name__}: {error}") from error
    if not isinstance(value, torch.Tensor) or value.numel() != 1:
        got = tuple(value.shape) if isinstance(value, torch.Tensor) else type(value).__name__
        raise ValueError(f"the loss returned {got}, expected one number as a tensor")
    found = torch.autograd.grad(value, leaves, allow_unused=True) if value.requires_grad else [None] * len(leaves)
    arrays = [
        np.zeros(tuple(leaf.shape)) if one is None else _array(one) for leaf, one in zip(leaves, found, strict=True)
    ]
    if not arrays[0].any() and not any(one.any() for one in arrays[1:]):
        raise ValueError("the loss does not depend on the outputs of the recurrent core")
    if not all(np.isfinite(one).all() for one in arrays):
        raise ValueError("the gradient of the loss is not finite")
    return arrays
