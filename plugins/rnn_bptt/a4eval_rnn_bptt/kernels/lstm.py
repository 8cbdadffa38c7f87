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
    step_product,
    time_first,
)

_CHUNK_BYTES = 1 << 20  # the gate derivatives of one chunk of steps stay in the second-level cache
_CHUNK_ARRAYS = 12  # six of slopes, and what they are made of


class LstmTape(NamedTuple):
    """What the backward pass needs: the input, i|f|o|g of every step, h_0 … h_T, c_0 … c_T and tanh(c_t)."""

    x: Array
    gates: Array
    states: tuple[Array, Array]
    squashed: Array


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
    matmul = step_product(lead)
    add, multiply, tanh = np.add, np.multiply, np.tanh
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
    weight = params["weight_hh"].astype(dtype, copy=False)
    # five blocks a step: the gradient of c before the step, then of the gates i, f, g, o: torch's order.
    # All but o's are dc times a slope, and one multiplication makes the four of them.
    buffer = sequence_buffer(lead, steps, batch, 5 * hidden, dtype)
    dh, dc = (one.copy() for one in check_state(dstate, 2, (*lead, batch, hidden), dtype))
    dc_repeated = dc[..., None, :]
    carried = dc.copy()
    term = np.empty_like(dh)
    chunk = max(1, min(steps, _CHUNK_BYTES // (dh.nbytes * _CHUNK_ARRAYS)))
    slopes = np.empty((chunk, *lead, batch, 4, hidden), dtype)
    slope_o, slope_c = (np.empty((chunk, *lead, batch, hidden), dtype) for _ in range(2))
    z, blocks = time_first(tape.gates), time_first(buffer)
    errors, squashed, cs = time_first(dy), time_first(tape.squashed), time_first(c)
    by_block = blocks.reshape(*blocks.shape[:-1], 5, hidden)
    gates = blocks[..., hidden:]
    matmul = step_product(lead)
    add, multiply = np.add, np.multiply
    for high in range(steps, 0, -chunk):
        low = max(0, high - chunk)
        n = high - low
        now = slice(low, high)
        i, f, o, g = (z[now, ..., k * hidden : (k + 1) * hidden] for k in range(4))
        _gate_slopes((i, f, o, g), squashed[now], cs[now], (slopes[:n], slope_o[:n], slope_c[:n]))
        for e, s_dc, s_o, s_c, d_dc, d_o, d_gates, d_c in zip(
            errors[now][::-1],
            slopes[:n][::-1],
            slope_o[:n][::-1],
            slope_c[:n][::-1],
            by_block[now, ..., :4, :][::-1],
            by_block[now, ..., 4, :][::-1],
            gates[now][::-1],
            by_block[now, ..., 0, :][::-1],
            strict=True,
        ):
            add(dh, e, dh)
            multiply(dh, s_c, term)
            add(carried, term, dc)
            multiply(dc_repeated, s_dc, d_dc)
            multiply(dh, s_o, d_o)
            matmul(d_gates, weight, dh)
            carried = d_c
    flat = rows(buffer[..., hidden:])
    gradient = {
        "weight_ih": outer_sum(flat, rows(tape.x)),
        "weight_hh": outer_sum(flat, rows(h[..., :-1, :, :])),
    }
    if "bias_ih" in params:
        gradient["bias_ih"] = flat.sum(-2)
        gradient["bias_hh"] = gradient["bias_ih"].copy()
    dx = None
    if want_dx:
        dx = np.matmul(flat, params["weight_ih"].astype(dtype, copy=False)).reshape(tape.x.shape)
    return Gradients(gradient, dx, (dh, carried.copy()))


def _gate_slopes(
    gates: tuple[Array, Array, Array, Array], squashed: Array, c_old: Array, out: tuple[Array, Array, Array]
) -> None:
    """Fill in, for a chunk of steps, what multiplies dc on its way to c' and the gates i, f, g; dh to o and to c."""
    i, f, o, g = gates
    slopes, slope_o, slope_c = out
    multiply, subtract = np.multiply, np.subtract
    to_c, to_i, to_f, to_g = (slopes[..., k, :] for k in range(4))
    to_c[...] = f
    subtract(1, i, out=to_i)
    multiply(to_i, i, out=to_i)
    multiply(to_i, g, out=to_i)
    subtract(1, f, out=to_f)
    multiply(to_f, f, out=to_f)
    multiply(to_f, c_old, out=to_f)
    multiply(g, g, out=to_g)
    subtract(1, to_g, out=to_g)
    multiply(to_g, i, out=to_g)
    subtract(1, o, out=slope_o)
    multiply(slope_o, o, out=slope_o)
    multiply(slope_o, squashed, out=slope_o)
    multiply(squashed, squashed, out=slope_c)
    subtract(1, slope_c, out=slope_c)
    multiply(slope_c, o, out=slope_c)
