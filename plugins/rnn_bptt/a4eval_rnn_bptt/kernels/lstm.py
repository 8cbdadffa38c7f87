"""The LSTM of Hochreiter & Schmidhuber (1997) with the forget gate of Gers et al. (2000), as torch defines it."""

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
    time_first,
)

_CHUNK_BYTES = 1 << 20  # the gate derivatives of one chunk of steps stay in the second-level cache
_CHUNK_ARRAYS = 12


class LstmTape(NamedTuple):
    """What the backward pass needs: the input, i|f|o|g of every step, h_0 … h_T, c_0 … c_T and tanh(c_t)."""

    x: Array
    gates: Array
    states: tuple[Array, Array]
    squashed: Array


def _swap_last_gates(block: Array, axis: int) -> Array:
    """Exchange the last two of four gates: torch's i, f, g, o against i, f, o, g here, where one slice is all σ."""
    i, f, g, o = np.split(block, 4, axis)
    return np.concatenate((i, f, o, g), axis)


def _folded(weight: Array) -> Array:
    """Transpose to (…, I, 4H), order i, f, o, g, the three σ gates halved."""
    hidden = weight.shape[-2] // 4
    columns = weight.swapaxes(-1, -2)
    folded = np.empty(columns.shape, weight.dtype)
    np.multiply(columns[..., : 2 * hidden], 0.5, out=folded[..., : 2 * hidden])
    np.multiply(columns[..., 3 * hidden :], 0.5, out=folded[..., 2 * hidden : 3 * hidden])
    folded[..., 3 * hidden :] = columns[..., 2 * hidden : 3 * hidden]
    return folded


def lstm_forward(params: Params, x: Array, state: State | None = None) -> tuple[Array, LstmTape]:
    """Run an LSTM over a sequence: c = f·c' + i·g, h = o·tanh(c).

    Args:
        params: ``weight_ih`` (…, 4H, I), ``weight_hh`` (…, 4H, H) and, both or neither, ``bias_ih``, ``bias_hh``
            (…, 4H); gates in torch's order i, f, g, o.
        x: (…, T, B, I).
        state: ``(h_0, c_0)``, each (…, B, H); zeros where None.

    Returns:
        h_1 … h_T, (…, T, B, H) in the dtype of *x*, and the tape.
    """
    dtype = x.dtype
    *lead, steps, batch, _ = x.shape
    hidden = params["weight_hh"].shape[-1]
    gates = sequence_buffer(lead, steps, batch, 4 * hidden, dtype)
    h = sequence_buffer(lead, steps + 1, batch, hidden, dtype)
    c = sequence_buffer(lead, steps + 1, batch, hidden, dtype)
    squashed = sequence_buffer(lead, steps, batch, hidden, dtype)
    h[..., 0, :, :], c[..., 0, :, :] = check_state(state, 2, (*lead, batch, hidden), dtype)
    project(x, _folded(params["weight_ih"].astype(dtype, copy=False)), gates)
    if "bias_ih" in params:
        bias = (params["bias_ih"] + params["bias_hh"]).astype(dtype, copy=False)
        gates += _folded(bias[..., :, None])[..., None, :, :]
    weight = _folded(params["weight_hh"].astype(dtype, copy=False))
    product = np.empty((*lead, batch, 4 * hidden), dtype)
    term = np.empty((*lead, batch, hidden), dtype)
    half = np.array(0.5, dtype)
    matmul, add, multiply, tanh = np.matmul, np.add, np.multiply, np.tanh
    z, hs, cs = time_first(gates), time_first(h), time_first(c)
    i, f, o, g = (z[..., k * hidden : (k + 1) * hidden] for k in range(4))
    h_old, c_old = hs[0], cs[0]
    for z_t, sigmoids, i_t, f_t, o_t, g_t, c_new, s_t, h_new in zip(
        z, z[..., : 3 * hidden], i, f, o, g, cs[1:], time_first(squashed), hs[1:], strict=True
    ):
        matmul(h_old, weight, product)
        add(z_t, product, z_t)
        tanh(z_t, z_t)
        multiply(sigmoids, half, sigmoids)
        add(sigmoids, half, sigmoids)
        multiply(f_t, c_old, c_new)
        multiply(i_t, g_t, term)
        add(c_new, term, c_new)
        tanh(c_new, s_t)
        multiply(o_t, s_t, h_new)
        h_old, c_old = h_new, c_new
    return h[..., 1:, :, :], LstmTape(x, gates, (h, c), squashed)


def lstm_backward(
    params: Params, tape: LstmTape, dy: Array, dstate: State | None = None, *, want_dx: bool = True
) -> Gradients:
    """Backpropagate through the whole sequence.

    Args:
        params: as in :func:`lstm_forward`.
        tape: from :func:`lstm_forward`; it is not changed.
        dy: (…, T, B, H), the gradient of a scalar with respect to the outputs.
        dstate: its gradient with respect to the final ``(h_T, c_T)``, besides the one through ``dy``.
        want_dx: also the gradient of the input.
    """
    h, c = tape.states
    dtype = h.dtype
    *lead, steps, batch, hidden = tape.squashed.shape
    weight = _swap_last_gates(params["weight_hh"].astype(dtype, copy=False), -2)
    delta = sequence_buffer(lead, steps, batch, 4 * hidden, dtype)
    dh, dc = (one.copy() for one in check_state(dstate, 2, (*lead, batch, hidden), dtype))
    dc_twice = dc[..., None, :]
    term = np.empty_like(dh)
    chunk = max(1, min(steps, _CHUNK_BYTES // (dh.nbytes * _CHUNK_ARRAYS)))
    k_if = np.empty((chunk, *lead, batch, 2, hidden), dtype)
    k_g, k_o, k_c = (np.empty((chunk, *lead, batch, hidden), dtype) for _ in range(3))
    z, d = time_first(tape.gates), time_first(delta)
    errors, squashed, cs = time_first(dy), time_first(tape.squashed), time_first(c)
    by_gate = d.reshape(*d.shape[:-1], 4, hidden) if not lead else _by_gate(delta, hidden)
    matmul, add, multiply = np.matmul, np.add, np.multiply
    for high in range(steps, 0, -chunk):
        low = max(0, high - chunk)
        n = high - low
        i, f, o, g = (z[low:high, ..., k * hidden : (k + 1) * hidden] for k in range(4))
        _gate_slopes(i, f, o, g, squashed[low:high], cs[low:high], (k_if[:n], k_g[:n], k_o[:n], k_c[:n]))
        back = slice(low, high)
        for e, d_t, d_if, d_o, d_g, s_if, s_g, s_o, s_c, f_t in zip(
            errors[back][::-1],
            d[back][::-1],
            by_gate[back, ..., :2, :][::-1],
            by_gate[back, ..., 2, :][::-1],
            by_gate[back, ..., 3, :][::-1],
            k_if[:n][::-1],
            k_g[:n][::-1],
            k_o[:n][::-1],
            k_c[:n][::-1],
            f[::-1],
            strict=True,
        ):
            add(dh, e, dh)
            multiply(dh, s_c, term)
            add(dc, term, dc)
            multiply(dc_twice, s_if, d_if)
            multiply(dh, s_o, d_o)
            multiply(dc, s_g, d_g)
            multiply(dc, f_t, dc)
            matmul(d_t, weight, dh)
    flat = rows(delta)
    gradient = {
        "weight_ih": _swap_last_gates(outer_sum(flat, rows(tape.x)), -2),
        "weight_hh": _swap_last_gates(outer_sum(flat, rows(h[..., :-1, :, :])), -2),
    }
    if "bias_ih" in params:
        gradient["bias_ih"] = _swap_last_gates(flat.sum(-2), -1)
        gradient["bias_hh"] = gradient["bias_ih"].copy()
    dx = None
    if want_dx:
        weight_ih = _swap_last_gates(params["weight_ih"].astype(dtype, copy=False), -2)
        dx = np.matmul(flat, weight_ih).reshape(tape.x.shape)
    return Gradients(gradient, dx, (dh, dc))


def _by_gate(delta: Array, hidden: int) -> Array:
    """View (M, T, B, 4H) as (T, M, B, 4, H)."""
    return np.moveaxis(delta.reshape(*delta.shape[:-1], 4, hidden), -4, 0)


def _gate_slopes(
    i: Array, f: Array, o: Array, g: Array, squashed: Array, c_old: Array, out: tuple[Array, Array, Array, Array]
) -> None:
    """Fill in, for a chunk of steps, what multiplies dc or dh on its way to each gate and from h to c."""
    k_if, k_g, k_o, k_c = out
    multiply, subtract = np.multiply, np.subtract
    k_i, k_f = k_if[..., 0, :], k_if[..., 1, :]
    subtract(1, i, out=k_i)
    multiply(k_i, i, out=k_i)
    multiply(k_i, g, out=k_i)
    subtract(1, f, out=k_f)
    multiply(k_f, f, out=k_f)
    multiply(k_f, c_old, out=k_f)
    multiply(g, g, out=k_g)
    subtract(1, k_g, out=k_g)
    multiply(k_g, i, out=k_g)
    subtract(1, o, out=k_o)
    multiply(k_o, o, out=k_o)
    multiply(k_o, squashed, out=k_o)
    multiply(squashed, squashed, out=k_c)
    subtract(1, k_c, out=k_c)
    multiply(k_c, o, out=k_c)
