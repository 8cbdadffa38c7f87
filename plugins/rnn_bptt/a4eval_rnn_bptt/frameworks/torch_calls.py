"""What a recurrence in a torch model is given while the model reads a batch, and what a loss makes of what it gives."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from a4eval_rnn_bptt.frameworks.torch_cores import array_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from a4eval_rnn_bptt.arrays import Array


class Caught(NamedTuple):
    """One passage of a recurrence over a batch.

    Args:
        x: (T, B, I) float64, zeros beyond the end of a packed sequence.
        state: the state it begins with as torch has it, (layers, B, ·) each; None for the module's own.
        y: its outputs, (T, B, H), those of both directions side by side.
        eps: of the precision it was computed in.
        lengths: (B,) steps of each row, where sequences were packed.
        dy: the gradient of the loss with respect to y; None without a loss.
    """

    x: Array
    state: tuple[Array, ...] | None
    y: Array
    eps: float
    lengths: Array | None
    dy: Array | None


class _Call(NamedTuple):
    x: Any
    state: Any
    y: Any
    """What it gave; with a loss, leaves that were put in its place for the rest of the model."""
    others: Any
    """Leaves in the place of what else it gave, which no loss may look at."""


def catch_call(torch: Any, core: Any, model: Any, batch: Any, loss: Callable[[Any], Any] | None) -> Caught:
    """Return what a module that reads whole sequences is given; ValueErrors as those of ``read_core``."""
    calls: list[_Call] = []

    def watch(_module: Any, arguments: tuple[Any, ...], named: dict[str, Any], output: Any) -> Any:
        given = {**dict(zip(("input", "hx"), arguments, strict=False)), **named}
        calls.append(_Call(given["input"], given.get("hx"), output[0], ()))
        if loss is None:
            return None
        calls[-1], replaced = _leaves(torch, core, calls[-1], output[1])
        return replaced

    hook = core.register_forward_hook(watch, with_kwargs=True)
    try:
        with torch.set_grad_enabled(loss is not None):
            result = called(torch, model, batch)
    finally:
        hook.remove()
    if len(calls) != 1:
        raise ValueError(f"the model calls its recurrent core {len(calls)} times, expected once with whole sequences")
    (call,) = calls
    if _is_packed(torch, call.x):
        data, lengths = call.x.data, torch.nn.utils.rnn.pad_packed_sequence(call.x)[1].numpy()
    else:
        data, lengths = call.x, None
        if data.ndim not in (2, 3):
            raise ValueError(f"the core is given a tensor of shape {tuple(data.shape)}, expected (T, B, I)")
    x = array_of(_padded(torch, core, call.x))
    state = None
    if call.state is not None:
        parts = call.state if isinstance(call.state, tuple | list) else (call.state,)
        state = tuple(array_of(one).reshape(len(one), x.shape[1], -1) for one in parts)
    dy = None
    if loss is not None:
        leaf = call.y.data if _is_packed(torch, call.y) else call.y
        found, *others = gradients(torch, loss, result, [leaf, *call.others])
        _check_unseen(others)
        dy = array_of(_padded(torch, core, _like(torch, call.y, found)))
    return Caught(x, state, array_of(_padded(torch, core, call.y)), torch.finfo(data.dtype).eps, lengths, dy)


def catch_loop(
    torch: Any, module: Any, model: Any, batch: Any, loss: Callable[[Any], Any] | None, *, cell: bool
) -> Caught:
    """Return what a cell of torch's, or a ``step``, is given by the model's own loop over time.

    What each step gives is a leaf of its own for whatever comes after it, so a loss is followed to every step alone.
    """
    calls: list[_Call] = []

    def watch(x: Any, state: Any, after: Any) -> Any:
        parts = _parts(torch, after)
        if loss is not None:
            parts = tuple(one.detach().requires_grad_() for one in parts)
        calls.append(_Call(x, state, parts, parts[1:]))
        return parts[0] if isinstance(after, torch.Tensor) else parts

    with torch.set_grad_enabled(loss is not None):
        result = (_with_cell if cell else _with_step)(torch, module, model, batch, watch)
    _check_chain(torch, calls)
    dy = None
    if loss is not None:
        outputs = [one.y[0] for one in calls]
        found = gradients(torch, loss, result, [*outputs, *(part for one in calls for part in one.others)])
        _check_unseen(found[len(calls) :])
        dy = np.stack([_rows(torch, one) for one in found[: len(calls)]])
    first = calls[0].state
    state = None if first is None else tuple(_rows(torch, one)[None] for one in _parts(torch, first))
    x, y = (
        np.stack([_rows(torch, one) for one in each])
        for each in zip(*((one.x, one.y[0]) for one in calls), strict=True)
    )
    return Caught(x, state, y, torch.finfo(calls[0].x.dtype).eps, None, dy)


def called(torch: Any, model: Any, batch: Any) -> Any:
    """Return what the model makes of a batch: a tuple is positional arguments, a mapping keyword arguments."""
    try:
        if isinstance(batch, Mapping):
            return model(**batch)
        if isinstance(batch, tuple | list) and not _is_packed(torch, batch):
            return model(*batch)
        return model(batch)
    except ValueError:
        raise
    except Exception as error:  # a stranger's code may raise anything
        how = "a tuple is taken as positional arguments, a mapping as keyword arguments"
        raise ValueError(
            f"the model cannot be called with the batch ({how}): {type(error).__name__}: {error}"
        ) from error


def gradients(torch: Any, loss: Callable[[Any], Any], result: Any, leaves: list[Any]) -> list[Any]:
    """Return the gradients of the user's loss as tensors, zeros where it does not look."""
    try:
        value = loss(result)
    except Exception as error:  # a stranger's code may raise anything
        raise ValueError(f"the loss failed: {type(error).__name__}: {error}") from error
    if not isinstance(value, torch.Tensor) or value.numel() != 1:
        got = tuple(value.shape) if isinstance(value, torch.Tensor) else type(value).__name__
        raise ValueError(f"the loss returned {got}, expected one number as a tensor")
    found = torch.autograd.grad(value, leaves, allow_unused=True) if value.requires_grad else [None] * len(leaves)
    tensors = [torch.zeros_like(leaf) if one is None else one for leaf, one in zip(leaves, found, strict=True)]
    if not any(one.any() for one in tensors):
        raise ValueError("the loss does not depend on the outputs of the recurrent core")
    if not all(torch.isfinite(one).all() for one in tensors):
        raise ValueError("the gradient of the loss is not finite")
    return tensors


def _leaves(torch: Any, core: Any, call: _Call, hidden: Any) -> tuple[_Call, Any]:
    """Put leaves in the place of what the core gave, the top layer's last output being the output's last step."""
    final = hidden if isinstance(hidden, tuple) else (hidden,)
    y = _like(torch, call.y, (call.y.data if _is_packed(torch, call.y) else call.y).detach().requires_grad_())
    rows, ways = _padded(torch, core, y), 2 if core.bidirectional else 1
    ends = torch.nn.utils.rnn.pad_packed_sequence(y)[1] - 1 if _is_packed(torch, y) else torch.tensor(-1)
    width = rows.shape[-1] // ways
    last = [rows[ends, torch.arange(rows.shape[1]), :width], rows[0, :, width:]][:ways]
    top = torch.stack(last).reshape(ways, *final[0].shape[1:])
    others = [final[0][:-ways].detach().requires_grad_(), *(one.detach().requires_grad_() for one in final[1:])]
    states = (torch.cat((others[0], top)), *others[1:])
    return call._replace(y=y, others=others), (y, states if len(states) > 1 else states[0])


def _padded(torch: Any, core: Any, sequence: Any) -> Any:
    """Turn what a core takes or gives, packed, (T, ·), (T, B, ·) or batch first, into (T, B, ·)."""
    if _is_packed(torch, sequence):
        return torch.nn.utils.rnn.pad_packed_sequence(sequence)[0]
    if sequence.ndim == 2:
        return sequence[:, None]
    return sequence.transpose(0, 1) if core.batch_first else sequence


def _like(torch: Any, sequence: Any, data: Any) -> Any:
    """Return other numbers in the form of a sequence: packed as it is, or as they are."""
    if not _is_packed(torch, sequence):
        return data
    kind = torch.nn.utils.rnn.PackedSequence
    return kind(data, sequence.batch_sizes, sequence.sorted_indices, sequence.unsorted_indices)


def _is_packed(torch: Any, sequence: Any) -> bool:
    return isinstance(sequence, torch.nn.utils.rnn.PackedSequence)


def _with_cell(torch: Any, cell: Any, model: Any, batch: Any, watch: Callable[[Any, Any, Any], Any]) -> Any:
    def hook(_module: Any, arguments: tuple[Any, ...], named: dict[str, Any], output: Any) -> Any:
        given = {**dict(zip(("input", "hx"), arguments, strict=False)), **named}
        return watch(given["input"], given.get("hx"), output)

    handle = cell.register_forward_hook(hook, with_kwargs=True)
    try:
        return called(torch, model, batch)
    finally:
        handle.remove()


def _with_step(torch: Any, module: Any, model: Any, batch: Any, watch: Callable[[Any, Any, Any], Any]) -> Any:
    own = module.step

    def step(*arguments: Any, **named: Any) -> Any:
        x, state = inspect.signature(own).bind(*arguments, **named).args
        return watch(x, state, own(x, state))

    module.__dict__["step"] = step
    try:
        return called(torch, model, batch)
    finally:
        del module.__dict__["step"]


def _check_chain(torch: Any, calls: list[_Call]) -> None:
    """Make sure that each step begins where the one before ended."""
    if not calls:
        raise ValueError("the model never calls its recurrent core")
    for step, (before, now) in enumerate(pairwise(calls), 2):
        if before.x.shape != now.x.shape:
            raise ValueError(
                f"the loop gives its core {tuple(now.x.shape)} at step {step} and {tuple(before.x.shape)} before, "
                "expected the same rows at every step"
            )
        given = () if now.state is None else _parts(torch, now.state)
        same = len(given) == len(before.y) and all(
            one.shape == other.shape and torch.equal(one, other) for one, other in zip(given, before.y, strict=True)
        )
        if not same:
            raise ValueError(
                f"at step {step} the loop gives its core another state than the core returned: it can be followed "
                "through one sequence whose state nothing else changes; give a module that does the whole step the "
                "methods step and initial_state"
            )


def _check_unseen(gradients: list[Any]) -> None:
    if any(one.any() for one in gradients):
        raise ValueError(
            "the loss looks at the final state of a lower layer or of the cell; it can be followed back from the "
            "outputs of the top layer alone"
        )


def _parts(torch: Any, state: Any) -> tuple[Any, ...]:
    return (state,) if isinstance(state, torch.Tensor) else tuple(state)


def _rows(torch: Any, tensor: Any) -> Array:
    """Return (rows, …) as (rows, ·), real; a vector is one row."""
    real = torch.view_as_real(tensor.resolve_conj()) if tensor.is_complex() else tensor
    return array_of(real.reshape(1 if tensor.ndim == 1 else len(tensor), -1))
