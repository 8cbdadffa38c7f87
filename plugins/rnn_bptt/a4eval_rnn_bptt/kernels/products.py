"""The matrix products of a recurrent layer: with the weights of every gate, back, and over all steps.

Arrays of gates have the gate in front, (G, …, T, B, H), so that what a step does with one gate touches one run of
memory.  How a product is put to the BLAS matters as much: with AVX-512, OpenBLAS multiplies matrices of up to 10⁶
multiply-adds without copying them first, and fastest where the rows of the right one are short.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval_rnn_bptt.kernels.memory import aligned_empty, rows, to_front

if TYPE_CHECKING:
    from collections.abc import Callable

    from a4eval_rnn_bptt.arrays import Array

_PANEL_BYTES = 256  # of one row: 128 rows of a panel fill the first-level cache
_UNCOPIED = 10**6  # multiply-adds of the largest product that OpenBLAS does without copying
_ROWS = 16  # fewer do not pay for the calls


@cache
def _multiplies_uncopied() -> bool:
    """Is this an OpenBLAS on a machine with AVX-512?"""
    built: Any = np.show_config(mode="dicts")  # numpy leaves out what it has nothing to say of
    blas = built.get("Build Dependencies", {}).get("blas", {}).get("name", "")
    extensions = built.get("SIMD Extensions", {}).get("found", [])
    return "openblas" in blas and bool({"X86_V4", "AVX512_SKX"} & {*extensions})  # the first from numpy 2.4 on


def panel_columns(batch: int, depth: int, width: int, itemsize: int) -> int:
    """Return how many columns of (K, N) to multiply (B, K) with at once: N where cutting it up does not pay."""
    columns = _PANEL_BYTES // itemsize
    while batch * depth * columns > _UNCOPIED:
        columns //= 2
    pays = batch >= _ROWS and columns >= 16 and width % columns == 0 and _multiplies_uncopied()
    return columns if pays else width


def _panels(weight: Array, batch: int) -> Array:
    """Cut (G, …, K, N) into (G, P, …, K, N/P), each panel by itself in memory."""
    *_, depth, width = weight.shape
    columns = panel_columns(batch, depth, width, weight.itemsize)
    if columns == width:
        return np.ascontiguousarray(weight)[:, None]
    return np.ascontiguousarray(by_panel(weight, width // columns))


def by_panel(array: Array, count: int) -> Array:
    """View (G, …, N) as (G, P, …, N/P)."""
    if count == 1:
        return array[:, None]
    cut = array.reshape(*array.shape[:-1], count, array.shape[-1] // count)
    last = cut.ndim - 1
    return cut.transpose(0, last - 1, *range(1, last - 1), last)  # np.moveaxis in a tenth of its time


def _gate_last(array: Array) -> Array:
    """View (G, …, H) as (…, G, H)."""
    last = array.ndim - 1
    return array.transpose(*range(1, last), 0, last)


def by_gate(block: Array, gates: int, axis: int) -> Array:
    """View the rows of a weight, (…, G·H, I) with axis -2, or a bias, (…, G·H) with axis -1, as (G, …, H[, I])."""
    axis %= block.ndim
    shape = (*block.shape[:axis], gates, block.shape[axis] // gates, *block.shape[axis + 1 :])
    return to_front(block.reshape(shape), axis)


def to_gates(weight: Array, batch: int) -> tuple[Callable[..., Any], Array, Array, Array]:
    """Prepare the products of (…, B, K) with the (G, …, K, N) of every gate.

    Returns:
        multiply, right, out, product: after ``multiply(h, right, out)``, product is the result, (G, …, B, N).
    """
    gates, *lead, _, width = weight.shape
    product = aligned_empty((gates, *lead, batch, width), weight.dtype)
    if not lead and batch == 1:  # with the gates side by side it is one product, and dot starts sooner than matmul
        return np.ndarray.dot, np.concatenate(weight, axis=1), product.reshape(1, -1), product
    panels = _panels(weight, batch)
    return np.matmul, panels, by_panel(product, panels.shape[1]), product


def from_gates(weight: Array, delta: Array, out: Array) -> tuple[Callable[[Array], Any], Array]:
    """Prepare the sums over the gates of (G, …, B, K) with (G, …, K, N), put into *out*, (…, B, N), at every step.

    Args:
        weight: (G, …, K, N).
        delta: (T, G, …, B, K), read when a sum is asked for.
        out: where the sums go.

    Returns:
        The function that does one step, and what it takes at each.
    """
    gates, *lead, depth, width = weight.shape
    batch = out.shape[-2]
    if not lead and batch == 1:
        flat = weight.reshape(gates * depth, width)
        return lambda one: one.dot(flat, out), delta.reshape(len(delta), 1, -1)
    matmul = np.matmul
    if lead and batch < _ROWS:
        stacked = np.moveaxis(weight, 0, -3).reshape(*lead, gates * depth, width)
        beside = np.empty((*lead, batch, gates * depth), weight.dtype)
        by_gate_last = beside.reshape(*lead, batch, gates, depth)

        def add_models(one: Array) -> None:
            by_gate_last[...] = one
            matmul(beside, stacked, out)

        return add_models, delta.transpose(0, *range(2, delta.ndim - 1), 1, delta.ndim - 1)
    panels = _panels(weight, batch)
    parts = np.empty((gates, *lead, batch, width), weight.dtype)
    cut, total = by_panel(parts, panels.shape[1]), np.sum

    def add_gates(one: Array) -> None:
        matmul(one, panels, cut)
        total(parts, axis=0, out=out)

    return add_gates, delta[:, :, None]


def projection(weight: Array, batch: int) -> Callable[[Array, Array], None]:
    """Prepare the products of inputs with the (G, …, I, H) of every gate.

    Returns:
        A function that puts the products of (…, T, B, I) into its second argument, (G, …, T, B, H).
    """
    panels = _panels(weight, batch)
    count = panels.shape[1]

    def project(x: Array, out: Array) -> None:
        if count > 1:
            np.matmul(x, panels[..., None, :, :], out=by_panel(out, count))
        else:
            out[...] = np.matmul(rows(x), panels[:, 0]).reshape(out.shape)

    return project


def weight_gradients(delta: Array, *inputs: Array) -> tuple[Array, ...]:
    """Sum what reached the gates over steps and rows: as it is, and as outer products with inputs.

    Args:
        delta: (G, …, T, B, H).
        inputs: what the weights were multiplied with, each (…, T, B, I).

    Returns:
        The gradients of the weights, (…, G·H, I), one for each of *inputs*, and of the bias, (…, G·H).
    """
    gates, *lead, steps, batch, hidden = delta.shape
    if lead:  # one product a model instead of one a gate
        delta, gates, hidden = _gate_last(delta).reshape(1, *lead, steps, batch, -1), 1, gates * hidden
    flat = rows(delta)
    turned = flat.swapaxes(-1, -2)
    products = (np.matmul(turned, rows(one)).reshape(*lead, gates * hidden, -1) for one in inputs)
    return *products, np.matmul(np.ones(flat.shape[-2], flat.dtype), flat).reshape(*lead, -1)


def input_gradient(delta: Array, weight: Array, shape: tuple[int, ...]) -> Array:
    """Sum (G, …, T, B, H) with the (G, …, H, I) of every gate over the gates: *shape*, (…, T, B, I)."""
    total: Array = np.matmul(rows(delta[0]), weight[0])
    for one, gate in zip(delta[1:], weight[1:], strict=True):
        total += np.matmul(rows(one), gate)
    return total.reshape(shape)
