"""The pictures of this plugin, each a ``matplotlib.figure.Figure`` made from arrays."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import counted, require
from a4eval_rnn_bptt.contract import Layered, Sized

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


def _whole_steps(axis: Any, *, both: bool = False) -> None:
    """Tick whole numbers alone: there is no step 2.5."""
    locator = require("matplotlib.ticker", "a4eval[plots]").MaxNLocator
    for one in (axis.xaxis, axis.yaxis) if both else (axis.xaxis,):
        one.set_major_locator(locator(nbins="auto", integer=True, min_n_ticks=1))


_BECOMES = {"healthy": "stays healthy"}
"""Verdicts that are no verbs."""


def _titled(seen: str, of: str) -> str:
    """Return a title: what is seen, and below it of what."""
    return f"{seen}\n{of}" if of else seen


def title_of(cell: Any) -> str:
    """Name a cell and its sizes, as a title does.

    >>> from a4eval import build
    >>> title_of(build("layer", {"name": "stacked", "cell": {"name": "lstm", "hidden": 4}, "layers": 3}))
    '3 × LSTM, 8 inputs, 4 hidden'
    """
    layers = isinstance(cell, Layered)
    kind = type(cell.cell if layers else getattr(cell, "model", cell)).__name__
    kind = re.sub("Lstm|Gru|Rnn", lambda found: found[0].upper(), kind)
    name = f"{cell.layers} × {kind}" if layers else kind
    return f"{name}, {cell.inputs} inputs, {cell.hidden} hidden" if isinstance(cell, Sized) else name


def share_picture(shares: Mapping[str, Array], title: str = "") -> Any:
    """Draw, for each weight, the share of every (loss step, source step), and its sum over each lag.

    All weights have one colour scale, and one for the sums.

    Args:
        shares: (T, T) by weight, as in :class:`a4eval_rnn_bptt.WeightAttribution`.
        title: what cell they are of.
    """
    names = list(shares)
    figure, _ = _figure(1, width=max(4.6, 3.9 * len(names)), height=5.6)
    figure.clear()
    axes = figure.subplots(2, len(names), squeeze=False, height_ratios=[3, 1.1], sharey="row")
    steps = len(next(iter(shares.values())))
    limit = max(1e-12, *(float(np.abs(one).max()) for one in shares.values()))
    image = None
    for column, name in enumerate(names):
        share = shares[name]
        heat, bars = axes[0, column], axes[1, column]
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
        _whole_steps(heat, both=True)
        by_lag = [float(np.trace(share, -lag)) for lag in range(steps)]
        bars.bar(range(steps), by_lag, width=0.85, color=[COLOURS[1] if one >= 0 else COLOURS[0] for one in by_lag])
        bars.axhline(0, color=INK, linewidth=0.6)
        bars.set(xlabel="lag t − k (steps)", ylabel="share" if column == 0 else "")
        _tidy(bars)
        _whole_steps(bars)
    figure.colorbar(image, ax=list(axes[0]), shrink=0.85, label="share of the gradient")
    if title:
        figure.suptitle(f"Where the gradient comes from: {title}")
    return figure


def truncation_picture(curves: Mapping[str, tuple[Array, Array]], title: str = "") -> Any:
    """Draw how wrong truncated BPTT is against its window: relative error and cosine, weight by weight.

    Args:
        curves: by weight, (T,) and (T,): at [w − 1] the relative error and the cosine of a window of w steps.
        title: what cell they are of.
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
        _whole_steps(axis)
    if title:
        figure.suptitle(f"Truncated backpropagation: {title}")
    return figure


def decay_picture(curves: Sequence[Array], log10_per_step: float, verdict: str, title: str = "") -> Any:
    """Draw the gradient's norm against the lag, one line a seed, with the fitted slope.

    Args:
        curves: (T,) each, log10 ‖∂E_T/∂s_k‖ for lag 1 … T.
        log10_per_step: the fitted slope.
        verdict: its name, for the title.
        title: what cell it went through.
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
        title=_titled(f"The gradient {_BECOMES.get(verdict, verdict)} on its way back", title),
    )
    axis.legend(frameon=False)
    _tidy(axis)
    _whole_steps(axis)
    return figure


def sensitivity_picture(curves: Sequence[Array], reach: float, title: str = "") -> Any:
    """Draw the size of ∂E/∂x_k against the step k, one line a seed, and how far back it reaches.

    Args:
        curves: (T,) each, log10 ‖∂E/∂x_k‖ for step 1 … T; a step without any is left out.
        reach: how many steps, back from the last that counts, hold 99 % of the squares; their mean over the seeds.
        title: what cell it went through.
    """
    figure, (axis,) = _figure()
    steps = len(curves[0])
    last = 1 + max((int(np.flatnonzero(np.isfinite(one))[-1]) for one in curves if np.isfinite(one).any()), default=0)
    for index, curve in enumerate(curves):
        label = "one seed" if index == 0 and len(curves) > 1 else None
        axis.plot(np.arange(1, steps + 1), np.where(np.isfinite(curve), curve, np.nan), color=COLOURS[0], alpha=0.6,
                  linewidth=1.2, marker="." if steps <= 60 else "", label=label)  # fmt: skip
    axis.axvspan(last - reach + 0.5, last + 0.5, color=COLOURS[4], alpha=0.25, linewidth=0,
                 label=f"99 % of the squares: {reach:.3g} steps")  # fmt: skip
    axis.set(
        xlabel="step k",
        ylabel=r"$\log_{10}\,\Vert\partial E/\partial x_k\Vert$",
        title=_titled(f"99 % of the sensitivity lies in the last {reach:.3g} of {steps} steps", title),
        xlim=(0.5, steps + 0.5),
    )
    axis.legend(frameon=False, loc="upper left")
    _tidy(axis)
    _whole_steps(axis)
    return figure


def spectrum_picture(by_lag: Mapping[int, Array], title: str = "") -> Any:
    """Draw the singular values of the products of the last *lag* Jacobians, largest first, per step.

    Args:
        by_lag: lag to log10 singular values, (S,).
        title: what cell they are of.
    """
    figure, (axis,) = _figure()
    longest = max(by_lag)
    most = 10 ** (float(np.max(by_lag[longest])) / longest)
    for index, (lag, values) in enumerate(by_lag.items()):
        kept = np.isfinite(values)
        label = counted(lag, "step")
        colour = COLOURS[index % len(COLOURS)]
        axis.plot(np.arange(1, kept.sum() + 1), values[kept] / lag, color=colour, label=label, linewidth=1.6)
    axis.axhline(0, color=FAINT, linewidth=0.8)
    axis.set(
        xlabel="index, largest first",
        ylabel="log₁₀ singular value, per step",
        title=_titled(f"{longest} Jacobians in a row scale a gradient by at most {most:.3g} a step", title),
    )
    axis.legend(frameon=False)
    _tidy(axis)
    _whole_steps(axis)
    return figure


def learning_picture(
    scores: Sequence[Array], window: int, label: str, chance: float | None = None, title: str = ""
) -> Any:
    """Draw the training score of every model, averaged over a moving window.

    Args:
        scores: (steps,) each.
        window: the width of the average.
        label: what the score is.
        chance: a level to mark.
        title: what learns what.
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
    axis.set(
        xlabel="training step",
        ylabel=f"{label} (mean of {window} steps)",
        title=_titled(f"{label.capitalize()} of {counted(len(scores), 'model')}, step by step", title),
    )
    axis.legend(frameon=False)
    _tidy(axis)
    _whole_steps(axis)
    return figure
