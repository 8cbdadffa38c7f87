"""The picture of a checkerboard study: a row per layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import require
from a4eval_deconv.analysis.checkerboard import frequency_response

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from a4eval_deconv.analysis.checkerboard import Study


def checkerboard_figure(studies: Sequence[Study]) -> Any:
    """Return a figure with a row per layer: constant, impulse, frequency response and, where there is one, photograph.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    figures = require("matplotlib.figure", "a4eval[plots]")
    columns = 4 if studies[0].picture is None else 5
    figure = figures.Figure(figsize=(3.1 * columns, 3.0 * len(studies) + 0.3), layout="constrained")
    axes = figure.subplots(len(studies), columns, squeeze=False)
    figure.suptitle("Which layer draws a checkerboard of what was even", fontsize=13)
    titles = (
        "taps that overlap",
        "a constant becomes",
        "an impulse becomes",
        "power, dB, to ± ½ cycle/pixel",
        "a photograph becomes",
    )
    for axis, title in zip(axes[0], titles, strict=False):
        axis.set_title(title, fontsize=11)
    for row, study in zip(axes, studies, strict=True):
        name = study.label if study.label != "layer" else type(study.layer).__name__
        row[0].set_ylabel(f"{name}\nscore {np.mean(study.scores):.3f}", fontsize=11)
        _overlap(row[0], study)
        _constant(row[1], study)
        _impulse(row[2], study)
        _spectrum(figure, row[3], study)
        if study.picture is not None:
            row[4].imshow(_middle(study.picture[0], 112), cmap="gray", interpolation="nearest")
            row[4].set_xlabel(f"score {study.picture_score:.3f}")
        for axis in row:
            axis.set_xticks([])
            axis.set_yticks([])
    return figure


def _overlap(axis: Any, study: Study) -> None:
    """Show how many taps reach each output, in the middle of the map."""
    if study.overlap is None:
        axis.text(0.5, 0.5, "its parameters are\nno filter", ha="center", va="center", transform=axis.transAxes)
        return
    values = _middle(study.overlap, 8 * max(study.scale))
    axis.imshow(values, cmap="gray", vmin=0, vmax=1.25 * values.max(), interpolation="nearest")
    low, high = values.min(), values.max()
    axis.set_xlabel(f"{low:.3g} everywhere" if low == high else f"{low:.3g} … {high:.3g}")


def _constant(axis: Any, study: Study) -> None:
    """Show the middle of the first channel: flat where there is no checkerboard."""
    values = _middle(study.constant[0], 8 * max(study.scale))
    centre = float(values.mean())
    spread = max(float(np.abs(values - centre).max()), 1e-3 * max(abs(centre), 1e-12))
    axis.imshow(values, cmap="gray", vmin=centre - spread, vmax=centre + spread, interpolation="nearest")
    axis.set_xlabel(f"mean {centre:.2g}, ± {np.abs(values - centre).max():.2g}")


def _impulse(axis: Any, study: Study) -> None:
    values = study.response[0, 0]
    hit = np.argwhere(values)
    reach = max(8, 2 + int(np.ptp(hit, axis=0).max())) if len(hit) else 8
    middle = np.ceil(hit.mean(axis=0)).astype(int) if len(hit) else np.array(values.shape) // 2
    corner = [
        int(np.clip(place - reach // 2, 0, max(n - reach, 0))) for place, n in zip(middle, values.shape, strict=True)
    ]
    window = values[corner[0] : corner[0] + reach, corner[1] : corner[1] + reach]
    limit = float(np.abs(window).max()) or 1.0
    axis.imshow(window, cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest")
    axis.set_xlabel(f"red +, blue −, up to {limit:.2g}")


def _spectrum(figure: Any, axis: Any, study: Study) -> None:
    """Show the power around zero frequency; crosses mark the images that make the checkerboard."""
    points = 8 * int(np.lcm.reduce(study.scale)) * max(1, 64 // (8 * int(np.lcm.reduce(study.scale))))
    points = max(points, int(np.lcm.reduce(study.scale)) * max(study.response.shape[2:]))
    power = frequency_response(study.response, points)
    level = 10 * np.log10(np.maximum(power / power.max(), 1e-6))
    image = axis.imshow(
        np.fft.fftshift(level), cmap="viridis", vmin=-40, vmax=0, extent=(-0.5, 0.5, 0.5, -0.5), interpolation="nearest"
    )
    figure.colorbar(image, ax=axis, shrink=0.8)
    for place in np.ndindex(*study.scale):
        if any(place):
            y, x = (k / s - (k / s > 0.5) for k, s in zip(place, study.scale, strict=True))
            # an image at half the sampling rate lies on both edges
            axis.plot([x - 0.01 if x == 0.5 else x], [y - 0.01 if y == 0.5 else y], "x", color="red", clip_on=False)
    axis.set_xlabel("×: images of a constant")


def _middle(values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    top, left = (max(0, (n - size) // 2) for n in values.shape)
    return values[top : top + size, left : left + size]
