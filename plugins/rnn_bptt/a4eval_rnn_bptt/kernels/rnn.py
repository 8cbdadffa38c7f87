"""The vanilla RNN: h_t = f(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from a4eval_rnn_bptt.arrays import Array, Gradients, Params, State, check_state
from a4eval_rnn_bptt.kernels.memory import drop_below, negligible, sequence_buffer, time_first
from a4eval_rnn_bptt.kernels.products import input_gradient, projection, to_gates, weight_gradients

_DROP_EVERY = 8  # steps; looking at each would take longer than a few subnormal numbers

ACTIVATIONS = ("tanh", "relu", "linear")


class RnnTape(NamedTuple):
    """What the backward pass needs: the input and h_0 … h_T."""

    x: Array
    states: tuple[Array]
    activation: str


def activate(name: str, z: Array) -> None:
    """Apply the activation in place."""
    if name == "tanh":
        np.tanh(z, out=z)
    elif name == "relu":
        np.maximum(z, 0, out=z)


def slope(name: str, h: Array) -> Array:
    """Return f'(z) from h = f(z)."""
    if name == "tanh":
        k = np.multiply(h, h)
        return np.subtract(1, k, out=k)
    return (h > 0).astype(h.dtype) if name == "relu" else np.ones_like(h)


def rnn_forward(
    params: Params, x: Array, state: State | None = None, *, activation: str = "tanh"
) -> tuple[Array, RnnTape]:
    """Run a vanilla RNN over a sequence.

    Args:
        params: ``weight_ih`` (…, H, I), ``weight_hh`` (…, H, H) and, both or neither, ``bias_ih``, ``bias_hh`` (…, H).
        x: (…, T, B, I).
        state: ``(h_0,)``, (…, B, H); zeros where None.
        activation: ``tanh``, ``relu`` or ``linear``.

    Returns:
        h_1 … h_T, (…, T, B, H) in the dtype of *x*, and the tape.

    >>> y, _ = rnn_forward({"weight_ih": np.array([[2.0]]), "weight_hh": np.array([[3.0]])},
    ...                np.array([1.0, 1.0]).reshape(2, 1, 1), activation="linear")
    >>> y.ravel()
    array([2., 8.])
    """
    dtype = x.dtype.newbyteorder("=")  # as the products need it
    *lead, steps, batch, _ = x.shape
    weight_ih, weight_hh = (params[name].astype(dtype, copy=False)[None] for name in ("weight_ih", "weight_hh"))
    hidden = weight_hh.shape[-1]
    h = sequence_buffer(lead, steps + 1, batch, hidden, dtype)
    h[..., 0, :, :] = check_state(state, 1, (*lead, batch, hidden), dtype)[0]
    y = h[..., 1:, :, :]
    projection(weight_ih.swapaxes(-1, -2), batch)(x, y[None])
    if "bias_ih" in params:
        y += (params["bias_ih"] + params["bias_hh"]).astype(dtype, copy=False)[..., None, None, :]
    multiply, right, out, (product,) = to_gates(weight_hh.swapaxes(-1, -2), batch)
    add, tanh = np.add, np.tanh
    previous = time_first(h)[0]
    for z in time_first(y):
        multiply(previous, right, out)
        add(z, product, z)
        if activation == "tanh":
            tanh(z, z)
        else:
            activate(activation, z)
        previous = z
    return y, RnnTape(x, (h,), activation)


def rnn_backward(
    params: Params, tape: RnnTape, dy: Array, dstate: State | None = None, *, want_dx: bool = True
) -> Gradients:
    """Backpropagate through the whole sequence.

    Args:
        params: as in :func:`rnn_forward`.
        tape: from :func:`rnn_forward`; it is not changed.
        dy: (…, T, B, H), the gradient of a scalar with respect to the outputs.
        dstate: its gradient with respect to the final state, besides the one through ``dy``.
        want_dx: also the gradient of the input.
    """
    (h,) = tape.states
    dtype = h.dtype
    y = h[..., 1:, :, :]
    *lead, _, batch, hidden = y.shape
    delta = slope(tape.activation, y)
    multiply_all, right, out, (carried,) = to_gates(params["weight_hh"].astype(dtype, copy=False)[None], batch)
    carried[...] = check_state(dstate, 1, (*lead, batch, hidden), dtype)[0]
    add, multiply = np.add, np.multiply
    floor = negligible(dy, dtype)
    for t, (d, e) in enumerate(zip(time_first(delta)[::-1], time_first(dy)[::-1], strict=True)):
        if t % _DROP_EVERY == 0:
            drop_below(floor, carried)
        add(carried, e, carried)
        multiply(d, carried, d)
        multiply_all(d, right, out)
    delta = delta[None]
    into_ih, into_hh, bias = weight_gradients(delta, tape.x, h[..., :-1, :, :])
    gradient = {"weight_ih": into_ih, "weight_hh": into_hh}
    if "bias_ih" in params:
        gradient |= {"bias_ih": bias, "bias_hh": bias.copy()}
    weight_ih = params["weight_ih"].astype(dtype, copy=False)[None]
    return Gradients(gradient, input_gradient(delta, weight_ih, tape.x.shape) if want_dx else None, (carried,))
