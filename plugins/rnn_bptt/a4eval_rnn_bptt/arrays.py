"""Types and checks that every recurrent function here shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
"""A numpy array of float32 or float64."""

Params: TypeAlias = Mapping[str, Array]
"""The weights by name."""

State: TypeAlias = tuple[Array, ...]
"""What a step hands to the next: ``(h,)`` for an RNN, ``(h, c)`` for an LSTM; the output is always the first."""


class Gradients(NamedTuple):
    """What a backward pass through time gives.

    Args:
        params: the gradient of every weight, in the weight's shape.
        x: the gradient of the input, or None where it was not asked for.
        state: the gradient of the initial state.
    """

    params: dict[str, Array]
    x: Array | None
    state: State


def check_sequence(x: Array, inputs: int | None = None, lengths: NDArray[np.int64] | None = None) -> Array:
    """Return *x* as a floating array after checking that it is a usable input sequence.

    Args:
        x: (T, B, I), or (M, T, B, I) for M models at once.
        inputs: the I that is expected.
        lengths: (B,), how many leading steps of each sequence are real; what is beyond becomes zero, whatever it is.

    Raises:
        ValueError: it has another number of axes, no step, no sequence, another I, or a value that is not finite.

    >>> check_sequence(np.zeros((0, 2, 3)))
    Traceback (most recent call last):
    ValueError: x has shape (0, 2, 3): a sequence needs at least one step and one row, expected (T, B, I)
    """
    x = np.asarray(x)
    if x.dtype.kind not in "fiub":
        raise ValueError(f"x holds {x.dtype}, expected real numbers")
    if x.dtype.kind != "f":
        x = x.astype(np.float64)
    if x.ndim not in (3, 4):
        raise ValueError(f"x has shape {x.shape}, expected (T, B, I), or (M, T, B, I) for M models")
    if 0 in x.shape:
        raise ValueError(f"x has shape {x.shape}: a sequence needs at least one step and one row, expected (T, B, I)")
    if inputs is not None and x.shape[-1] != inputs:
        raise ValueError(f"x has {x.shape[-1]} features a step (shape {x.shape}), expected {inputs}")
    if lengths is not None:
        x = np.where(real_steps(lengths, x.shape[-3]), x, 0)
    if not np.isfinite(x).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(x))[0])
        raise ValueError(f"x is {x[where]} at index {where}: inputs must be finite")
    return x


def real_steps(lengths: NDArray[np.int64], steps: int) -> Array:
    """Return (T, B, 1) bool: is this step of this sequence a real one?"""
    real: Array = (np.arange(steps)[:, None] < lengths)[..., None]
    return real


def check_lengths(lengths: Any, shape: tuple[int, ...]) -> NDArray[np.int64] | None:
    """Return *lengths* as (B,) int64, None as it is.

    Args:
        lengths: how many leading steps of each sequence are real; None for all.
        shape: (…, T, B, I), that of the sequences.

    Raises:
        ValueError: not B whole numbers from 1 to T.

    >>> check_lengths([3, 0], (3, 2, 1))
    Traceback (most recent call last):
    ValueError: lengths[1] is 0, expected 1 to 3: a sequence without a step has no gradient
    """
    if lengths is None:
        return None
    if len(shape) < 3:
        raise ValueError(f"x has shape {shape}, expected (T, B, I), or (M, T, B, I) for M models")
    *_, steps, batch, _ = shape
    given = np.asarray(lengths)
    if given.shape != (batch,) or given.dtype.kind not in "iu":
        raise ValueError(f"lengths must be {batch} whole numbers, got {given.dtype} of shape {given.shape}")
    for index, length in enumerate(given.tolist()):
        if not 1 <= length <= steps:
            raise ValueError(
                f"lengths[{index}] is {length}, expected 1 to {steps}: a sequence without a step has no gradient"
            )
    return given.astype(np.int64)


def check_state(state: State | None, count: int, shape: tuple[int, ...], dtype: Any) -> State:
    """Return the initial state, zeros where None.

    Args:
        state: the arrays of the state.
        count: how many arrays a state has.
        shape: the shape of each.
        dtype: their dtype.

    Raises:
        ValueError: another number of arrays or another shape.
    """
    if state is None:
        return tuple(np.zeros(shape, dtype) for _ in range(count))
    if len(state) != count or any(np.shape(one) != shape for one in state):
        shapes = [np.shape(one) for one in state]
        raise ValueError(f"the state has arrays of shapes {shapes}, expected {count} of shape {shape}")
    return tuple(np.asarray(one, dtype) for one in state)
