"""The picture of a transposed convolution's matrix: which tap is where, and that each column holds the whole filter."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import counted
from a4eval_deconv.pictures.style import GREY, SIZE, figure_of, whole_ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from a4eval_deconv.analysis.matrix import Coordinates

_NAMED = 30  # rows or columns: more are not named one by one
_LARGEST = 2**18  # entries: a larger matrix is not drawn
_TURNS = 6  # numbers in a cell are legible in so many columns


def matrix_figure(matrix: Coordinates, rows: Sequence[str], columns: Sequence[str]) -> Any | None:
    """Return a figure of the matrix, coloured by tap; None for one that is too large to be seen.

    Args:
        matrix: its entries.
        rows: a name for each row, an output.
        columns: a name for each column, an input.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    if matrix.shape[0] * matrix.shape[1] > _LARGEST:
        return None
    taps = np.full(matrix.shape, np.nan)
    taps[matrix.row, matrix.column] = matrix.tap
    count = int(matrix.tap.max()) + 1 if matrix.tap.size else 1
    named = max(matrix.shape) <= _NAMED
    height = 0.42 * matrix.shape[0] + 2.2 if named else 8.0
    width = max(7.5, 0.9 * matrix.shape[1] + 3.5) if named else 8.0
    figure = figure_of(width, height)
    axes = figure.subplots()
    image = axes.imshow(taps, cmap="viridis", vmin=-0.5, vmax=count - 0.5, interpolation="nearest", aspect="auto")
    entries = matrix.shape[0] * matrix.shape[1]
    axes.set_title(
        f"{counted(matrix.shape[0], 'output')} of {counted(matrix.shape[1], 'input')}:\n"
        f"{entries - matrix.row.size} of {entries} entries are zero, the rest {counted(count, 'tap')}",
        fontsize=SIZE + 1,
    )
    axes.set_xlabel("input", fontsize=SIZE)
    axes.set_ylabel("output", fontsize=SIZE)
    if named:
        axes.set_xticks(range(len(columns)), columns, fontsize=SIZE - 2, rotation=0 if len(columns) <= 8 else 90)
        axes.set_yticks(range(len(rows)), rows, fontsize=SIZE - 2)
        _write(axes, matrix, count)
    else:
        whole_ticks(axes.xaxis)
        whole_ticks(axes.yaxis)
        axes.tick_params(labelsize=SIZE - 2)
        _bar(figure, axes, image, count)
    return figure


def _write(axes: Any, matrix: Coordinates, count: int) -> None:
    """Write the taps' values into the cells, or their letters where the numbers would not fit."""
    for x in range(matrix.shape[1] + 1):
        axes.axvline(x - 0.5, color=GREY, linewidth=0.6)
    for y in range(matrix.shape[0] + 1):
        axes.axhline(y - 0.5, color=GREY, linewidth=0.6)
    for row, column, tap, value in zip(matrix.row, matrix.column, matrix.tap, matrix.value, strict=True):
        letter = string.ascii_lowercase[tap] if count <= len(string.ascii_lowercase) else str(tap)
        number = f"{value:.3g}".replace("-", "−")
        text = f"{letter} = {number}" if matrix.shape[1] <= _TURNS else letter
        axes.text(
            column,
            row,
            text,
            ha="center",
            va="center",
            fontsize=SIZE - 2,
            color="black" if tap >= count / 2 else "white",
        )


def _bar(figure: Any, axes: Any, image: Any, count: int) -> None:
    bar = figure.colorbar(image, ax=axes, shrink=0.8)
    bar.set_label("tap of the filter, row by row", fontsize=SIZE)
    whole_ticks(bar.ax.yaxis, most=min(count, 10))
    bar.ax.tick_params(labelsize=SIZE - 2)
