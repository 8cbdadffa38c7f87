"""The pictures of this plugin, each a ``matplotlib.figure.Figure`` made from arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import require

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from a4eval_rnn_bptt.arrays import Array

INK, FAINT = "#222222", "#888888"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
"""Okabe & Ito's palette, told apart by colour-blind readers as well."""


def _figure(columns: int = 1, *, width: float = 6.4, height: float = 4.2) -> tuple[Any, list[Any]]:
    figure = require("matplotlib.figure", "a4eval[plots]").Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(1, columns, squeeze=False)[0]
    return figure, list(axes)


def _tidy(axis: Any) -> None:
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(visible=True, color="#e4e4e4", linewidth=0.6)
    axis.set_axisbelow(True)


def share_picture(shares: Mapping[str, Array]) -> Any:
    """Draw, for each weight, the share of every (loss step, source step), and its sum over each lag.

    Args:
        shares: (T, T) by weight, as in :class:`a4eval_rnn_bptt.WeightAttribution`.
    """
    names = list(shares)
    figure, _ = _figure(1, width=max(4.6, 3.9 * len(names)), height=5.6)
    figure.clear()
    axes = figure.subplots(2, len(names), squeeze=False, height_ratios=[3, 1.1])
    steps = len(next(iter(shares.values())))
    for column, name in enumerate(names):
        share = shares[name]
        heat, bars = axes[0, column], axes[1, column]
        limit = max(float(np.abs(share).max()), 1e-12)
        masked = np.ma.masked_where(np.triu(np.ones_like(share), 1) > 0, share)
        edge = (0.5, steps + 0.5)
        image = heat.imshow(
            masked,
            cmap="RdBu_r",
            vmin=-limit,
            vmax=limit,
            origin="lower",
            extent=(*edge, *edge),
            interpolation="nearest",
        )
        heat.set(title=name, xlabel="source step k", ylabel="loss step t" if column == 0 else "")
        heat.spines[["top", "right"]].set_visible(False)
        figure.colorbar(
            image, ax=heat, shrink=0.85, label="share of the gradient" if column == len(names) - 1 else None
        )
        by_lag = [float(np.trace(share, -lag)) for lag in range(steps)]
        bars.bar(range(steps), by_lag, width=0.85, color=[COLOURS[1] if one >= 0 else COLOURS[0] for one in by_lag])
        bars.axhline(0, color=INK, linewidth=0.6)
        bars.set(xlabel="lag t − k (steps)", ylabel="share" if column == 0 else "")
        _tidy(bars)
    return figure


def truncation_picture(curves: Mapping[str, tuple[Array, Array]]) -> Any:
    """Draw how wrong truncated BPTT is against its window: relative error and cosine, weight by weight.

    Args:
        curves: by weight, (T,) and (T,): at [w − 1] the relative error and the cosine of a window of w steps.
    """
    figure, (left, right) = _figure(2, width=9.0, height=3.8)
    for index, (name, (bias, cosine)) in enumerate(curves.items()):
        window = np.arange(1, len(bias) + 1)
        colour = COLOURS[index % len(COLOURS)]
        left.plot(window, np.where(bias > 1e-15, bias, np.nan), color=colour, label=name, linewidth=1.6)
        right.plot(window, cosine, color=colour, linewidth=1.6)
    left.set(xlabel="window (steps)", ylabel="relative error of the gradient", yscale="log", title="Bias of truncation")
    right.set(xlabel="window (steps)", ylabel="cosine with the whole gradient", title="Direction")
    left.legend(frameon=False, fontsize="small")
    for axis in (left, right):
        _tidy(axis)
    return figure


def decay_picture(curves: Sequence[Array], log10_per_step: float, verdict: str) -> Any:
    """Draw the gradient's norm against the lag, one line a seed, with the fitted slope.

    Args:
        curves: (T,) each, log10 ‖∂E_T/∂s_k‖ for lag 1 … T.
        log10_per_step: the fitted slope.
        verdict: its name, for the title.
    """
    figure, (axis,) = _figure()
    lag = np.arange(1, len(curves[0]) + 1)
    for index, curve in enumerate(curves):
        axis.plot(lag, curve, color=COLOURS[0], alpha=0.45, linewidth=1.1, label="one seed" if index == 0 else None)
    if np.isfinite(log10_per_step):
        mean = np.mean(curves, axis=0)
        fitted = np.isfinite(mean)
        line = log10_per_step * (lag - lag[fitted].mean()) + mean[fitted].mean()
        text = f"fit: {log10_per_step:+.3g} decades a step"
        axis.plot(lag, line, color=COLOURS[1], linewidth=1.8, linestyle="--", label=text)
    axis.set(
        xlabel="lag T − k (steps)",
        ylabel=r"$\log_{10}\,\Vert\partial E_T/\partial s_k\Vert$",
        title=f"The gradient on its way back: {verdict}",
    )
    axis.legend(frameon=False)
    _tidy(axis)
    return figure


def spectrum_picture(by_lag: Mapping[int, Array]) -> Any:
    """Draw the singular values of the products of the last *lag* Jacobians, largest first, per step.

    Args:
        by_lag: lag to log10 singular values, (S,).
    """
    figure, (axis,) = _figure()
    for index, (lag, values) in enumerate(by_lag.items()):
        kept = np.isfinite(values)
        label = f"{lag} step{'s' if lag > 1 else ''}"
        colour = COLOURS[index % len(COLOURS)]
        axis.plot(np.arange(1, kept.sum() + 1), values[kept] / lag, color=colour, label=label, linewidth=1.6)
    axis.axhline(0, color=FAINT, linewidth=0.8)
    axis.set(
        xlabel="index, largest first", ylabel="log₁₀ singular value, per step", title="Products of Jacobians, by length"
    )
    axis.legend(frameon=False)
    _tidy(axis)
    return figure


def learning_picture(scores: Sequence[Array], window: int, label: str, chance: float | None = None) -> Any:
    """Draw the training score of every model, averaged over a moving window.

    Args:
        scores: (steps,) each.
        window: the width of the average.
        label: what the score is.
        chance: a level to mark.
    """
    figure, (axis,) = _figure()
    for index, score in enumerate(scores):
        width = min(window, len(score))
        smooth = np.convolve(score, np.ones(width) / width, mode="valid")
        colour = COLOURS[index % len(COLOURS)]
        axis.plot(np.arange(width, len(score) + 1), smooth, color=colour, linewidth=1.6, label=f"model {index}")
    if chance is not None:
        axis.axhline(chance, color=FAINT, linewidth=1, linestyle=":", label="chance")
        axis.set_ylim(0, 1.03)
    axis.set(xlabel="training step", ylabel=f"{label} (mean of {window} steps)", title="Learning")
    axis.legend(frameon=False)
    _tidy(axis)
    return figure
