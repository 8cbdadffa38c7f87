"""The GRU of Cho et al. (2014), its reset gate after the matrix product: torch's, and Keras's ``reset_after=True``."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from a4eval_rnn_bptt.arrays import (
    Array,
    Gradients,
    Params,
    State,
    check_state,
    outer_sum,
    project,
    rows,
    sequence_buffer,
    step_product,
    time_first,
)

_CHUNK_BYTES = 1 << 20  # the gate derivatives of one chunk of steps stay in the second-level cache
_CHUNK_ARRAYS = 10


class GruTape(NamedTuple):
    """What the backward pass needs: the input, n|r|z of every step, W_hn h + b_hn, and h_0 … h_T."""

    x: Array
    gates: Array
    recurrent: Array
    states: tuple[Array]


def _new_gate_first(block: Array, axis: int) -> Array:
    """Turn torch's r, z, n into n, r, z."""
    r, z, n = np.split(block, 3, axis)
    return np.concatenate((n, r, z), axis)


def _new_gate_last(block: Array, axis: int) -> Array:
    """Turn n, r, z back into torch's r, z, n."""
    n, r, z = np.split(block, 3, axis)
    return np.concatenate((r, z, n), axis)


def gru_forward(params: Params, x: Array, state: State | None = None) -> tuple[Array, GruTape]:
    """Run a GRU over a sequence: n = tanh(W_in x + b_in + r·(W_hn h' + b_hn)), h = (1 − z)·n + z·h'.

    Args:
        params: ``weight_ih`` (…, 3H, I), ``weight_hh`` (…, 3H, H) and, both or neither, ``bias_ih``, ``bias_hh``
            (…, 3H); gates in torch's order r, z, n.
        x: (…, T, B, I).
        state: ``(h_0,)``, (…, B, H); zeros where None.

    Returns:
        h_1 … h_T, (…, T, B, H) in the dtype of *x*, and the tape.
    """
    dtype = x.dtype
    *lead, steps, batch, _ = x.shape
    hidden = params["weight_hh"].shape[-1]
    two = 2 * hidden
    gates = sequence_buffer(lead, steps, batch, 3 * hidden, dtype)
    h = sequence_buffer(lead, steps + 1, batch, hidden, dtype)
    recurrent = sequence_buffer(lead, steps, batch, hidden, dtype)
    h[..., 0, :, :] = check_state(state, 1, (*lead, batch, hidden), dtype)[0]
    weight_ih = _new_gate_first(params["weight_ih"].astype(dtype, copy=False), -2).swapaxes(-1, -2).copy()
    weight_ih[..., hidden:] *= 0.5
    weight = params["weight_hh"].astype(dtype, copy=False).swapaxes(-1, -2).copy()
    weight[..., :two] *= 0.5
    project(x, weight_ih, gates)
    new_bias = np.zeros((*lead, 1, hidden), dtype)
    if "bias_ih" in params:
        bias_ih, bias_hh = params["bias_ih"].astype(dtype, copy=False), params["bias_hh"].astype(dtype, copy=False)
        new_bias = bias_hh[..., None, two:]
        gates[..., :hidden] += bias_ih[..., None, None, two:]
        gates[..., hidden:] += (0.5 * (bias_ih + bias_hh))[..., None, None, :two]
    product = np.empty((*lead, batch, 3 * hidden), dtype)
    product_rz, product_n = product[..., :two], product[..., two:]
    term = np.empty((*lead, batch, hidden), dtype)
    half = np.array(0.5, dtype)
    matmul = step_product(lead)
    add, subtract, multiply, tanh = np.add, np.subtract, np.multiply, np.tanh
    z, hs = time_first(gates), time_first(h)
    h_old = hs[0]
    for n_t, rz_t, r_t, u_t, q_t, h_new in zip(
        z[..., :hidden],
        z[..., hidden:],
        z[..., hidden:two],
        z[..., two:],
        time_first(recurrent),
        hs[1:],
        strict=True,
    ):
        matmul(h_old, weight, product)
        add(rz_t, product_rz, rz_t)
        tanh(rz_t, rz_t)
        multiply(rz_t, half, rz_t)
        add(rz_t, half, rz_t)
        add(product_n, new_bias, q_t)
        multiply(r_t, q_t, term)
        add(n_t, term, n_t)
        tanh(n_t, n_t)
        subtract(h_old, n_t, h_new)
        multiply(h_new, u_t, h_new)
        add(h_new, n_t, h_new)
        h_old = h_new
    return h[..., 1:, :, :], GruTape(x, gates, recurrent, (h,))


def gru_backward(
    params: Params, tape: GruTape, dy: Array, dstate: State | None = None, *, want_dx: bool = True
) -> Gradients:
    """Backpropagate through the whole sequence.

    Args:
        params: as in :func:`gru_forward`.
        tape: from :func:`gru_forward`; it is not changed.
        dy: (…, T, B, H), the gradient of a scalar with respect to the outputs.
        dstate: its gradient with respect to the final ``(h_T,)``, besides the one through ``dy``.
        want_dx: also the gradient of the input.
    """
    (h,) = tape.states
    dtype = h.dtype
    *lead, steps, batch, hidden = tape.recurrent.shape
    weight = params["weight_hh"].astype(dtype, copy=False)
    # the four blocks n, r, z, r·n: the first three meet the input weights, the last three the recurrent ones
    delta = sequence_buffer(lead, steps, batch, 4 * hidden, dtype)
    dh = check_state(dstate, 1, (*lead, batch, hidden), dtype)[0].copy()
    dh_twice = dh[..., None, :]
    term = np.empty_like(dh)
    chunk = max(1, min(steps, _CHUNK_BYTES // (dh.nbytes * _CHUNK_ARRAYS)))
    k_nz = np.empty((chunk, *lead, batch, 2, hidden), dtype)
    k_r = np.empty((chunk, *lead, batch, hidden), dtype)
    z, d, hs = time_first(tape.gates), time_first(delta), time_first(h)
    errors, recurrent = time_first(dy), time_first(tape.recurrent)
    by_gate = np.moveaxis(delta.reshape(*delta.shape[:-1], 4, hidden), -4, 0)
    matmul = step_product(lead)
    add, multiply = np.add, np.multiply
    for high in range(steps, 0, -chunk):
        low = max(0, high - chunk)
        m = high - low
        n, r, u = (z[low:high, ..., k * hidden : (k + 1) * hidden] for k in range(3))
        _gate_slopes(n, r, u, hs[low:high], recurrent[low:high], (k_nz[:m], k_r[:m]))
        back = slice(low, high)
        for e, d_h, d_nz, d_n, d_r, d_rn, s_nz, s_r, r_t, u_t in zip(
            errors[back][::-1],
            d[back, ..., hidden:][::-1],
            by_gate[back, ..., 0:4:2, :][::-1],
            by_gate[back, ..., 0, :][::-1],
            by_gate[back, ..., 1, :][::-1],
            by_gate[back, ..., 3, :][::-1],
            k_nz[:m][::-1],
            k_r[:m][::-1],
            r[::-1],
            u[::-1],
            strict=True,
        ):
            add(dh, e, dh)
            multiply(dh_twice, s_nz, d_nz)
            multiply(d_n, s_r, d_r)
            multiply(d_n, r_t, d_rn)
            multiply(dh, u_t, dh)
            matmul(d_h, weight, term)
            add(dh, term, dh)
    flat = rows(delta)
    flat_ih, flat_hh = flat[..., : 3 * hidden], flat[..., hidden:]
    gradient = {
        "weight_ih": _new_gate_last(outer_sum(flat_ih, rows(tape.x)), -2),
        "weight_hh": outer_sum(flat_hh, rows(h[..., :-1, :, :])),
    }
    if "bias_ih" in params:
        sums = flat.sum(-2)
        gradient["bias_ih"] = _new_gate_last(sums[..., : 3 * hidden], -1)
        gradient["bias_hh"] = sums[..., hidden:].copy()
    dx = None
    if want_dx:
        weight_ih = _new_gate_first(params["weight_ih"].astype(dtype, copy=False), -2)
        dx = np.matmul(flat_ih, weight_ih).reshape(tape.x.shape)
    return Gradients(gradient, dx, (dh,))


def _gate_slopes(n: Array, r: Array, u: Array, h_old: Array, recurrent: Array, out: tuple[Array, Array]) -> None:
    """Fill in, for a chunk of steps, what multiplies dh on its way to n and z, and dn on its way to r."""
    k_nz, k_r = out
    multiply, subtract = np.multiply, np.subtract
    k_n, k_z = k_nz[..., 0, :], k_nz[..., 1, :]
    closed = np.subtract(1, u)
    subtract(h_old, n, out=k_z)
    multiply(k_z, u, out=k_z)
    multiply(k_z, closed, out=k_z)
    multiply(n, n, out=k_n)
    subtract(1, k_n, out=k_n)
    multiply(k_n, closed, out=k_n)
    subtract(1, r, out=k_r)
    multiply(k_r, r, out=k_r)
    multiply(k_r, recurrent, out=k_r)
