"""The picture of conformance: how well the frameworks agree, and where each convention puts the output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import counted
from a4eval_deconv.pictures.style import BLUE, GREEN, GREY, ORANGE, RED, SIZE, figure_of, finish, whole_ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from a4eval import Row

_LEAST = 1e-17  # what is drawn for an error of exactly 0
_AGREED = 1e-5  # the rounding of float32, and room
_COLOURS = {"torch": RED, "tensorflow": ORANGE, "keras": GREEN, "jax": BLUE, "onnx": GREY}


def conformance_figure(cases: Sequence[Row], conventions: Sequence[Row]) -> Any:
    """Return a figure of two panels: errors by framework, and where the conventions put the output.

    Args:
        cases: rows with ``framework``, ``value_error`` and ``gradient_error``.
        conventions: rows with ``convention``, ``measured_before``, ``measured_after`` and ``shift_against_this``.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    frameworks = list(dict.fromkeys(row["framework"] for row in cases))
    measured = [row for row in conventions if row["measured_before"] is not None]
    figure = figure_of(15, 2.6 + 0.55 * max(len(frameworks) * 2, len(measured)))
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.25))
    _errors(left, cases, frameworks)
    _shifts(right, measured, len(conventions) - len(measured))
    return figure


def _errors(axes: Any, cases: Sequence[Row], frameworks: Sequence[str]) -> None:
    """Draw a point per configuration: its relative error in the value, and in the gradients."""
    errors_of_all = [row[name] for row in cases for name in ("value_error", "gradient_error") if row[name] is not None]
    largest = max((error for error in errors_of_all if np.isfinite(error)), default=0.0)
    edge = max(largest, 1e-5) * (10 if not np.isfinite(errors_of_all).all() else 1)  # where no number is drawn
    for place, framework in enumerate(frameworks):
        rows = [row for row in cases if row["framework"] == framework]
        for name, offset, marker in (("value_error", -0.15, "o"), ("gradient_error", 0.15, "^")):
            errors = [min(max(row[name], _LEAST), edge) for row in rows if row[name] is not None]
            colour = BLUE if marker == "o" else ORANGE
            axes.plot(errors, [place + offset] * len(errors), marker, color=colour, markersize=8, alpha=0.6)
    for name, colour, marker in (("value", BLUE, "o"), ("gradient", ORANGE, "^")):
        axes.plot([], [], marker, color=colour, markersize=8, label=name)
    axes.axvline(2**-52, color=GREY, linewidth=1)
    axes.axvline(2**-23, color=GREY, linewidth=1)
    axes.text(2**-52, -0.62, "float64", ha="center", fontsize=SIZE - 3, color=GREY)
    axes.text(2**-23, -0.62, "float32", ha="center", fontsize=SIZE - 3, color=GREY)
    axes.set_xscale("log")
    axes.set_xlim(_LEAST / 3, 3 * edge)
    axes.set_ylim(len(frameworks) - 0.4, -0.8)
    axes.set_yticks(range(len(frameworks)), frameworks)
    axes.set_xlabel(
        "relative error (0: at the left edge" + (")" if np.isfinite(errors_of_all).all() else "; no number: right)")
    )
    finish(axes)
    axes.legend(loc="lower right", fontsize=SIZE - 2)
    values = {name: [row["value_error"] for row in cases if row["framework"] == name] for name in frameworks}
    count = max(map(len, values.values()), default=0)
    worst = max(map(max, values.values()), default=0.0)
    ending = "s" if count == 1 else ""
    if worst <= _AGREED:
        said = f"agree{ending} with ours to {_rounded(worst)}"
    else:
        said = f"differ{ending} from ours" + (f" by up to {_rounded(worst)}" if np.isfinite(worst) else "")
    axes.set_title(f"{counted(count, 'configuration')} {said}", fontsize=SIZE + 1)


def _shifts(axes: Any, measured: Sequence[Row], unknown: int) -> None:
    """Draw by how much each convention's output lies right of the given configuration's, and what it cuts off."""
    for place, row in enumerate(measured):
        colour = _COLOURS.get(row["convention"].split("_")[0], GREY)
        shift = row["shift_against_this"]
        axes.plot([0, shift], [place, place], color=colour, linewidth=3)
        axes.plot(shift, place, "D" if row["kernel_turned"] else "o", color=colour, markersize=11)
        axes.text(1.02, place, _cuts(row), va="center", fontsize=SIZE - 2, transform=axes.get_yaxis_transform())
    names = [row["convention"].replace(", output_padding=", "\n+ output padding ") for row in measured]
    axes.set_yticks(range(len(measured)), names)
    axes.axvline(0, color="black", linewidth=1)
    axes.set_ylim(len(measured) - 0.4, -0.6)
    places = sorted({row["shift_against_this"] for row in measured})
    axes.set_xlim(min(places, default=0) - 0.5, max(places, default=0) + 0.5)
    axes.set_xlabel("outputs to the right of the given configuration's (last axis)")
    whole_ticks(axes.xaxis)
    finish(axes)
    title = f"{counted(len(measured), 'convention')} put the output in {counted(len(places), 'place')}"
    axes.set_title(title + (f"; {unknown} unexplained" if unknown else ""), fontsize=SIZE + 1)


def _cuts(row: Row) -> str:
    """Say what a convention cuts off before and after, or adds."""
    before, after = row["measured_before"], row["measured_after"]
    text = f"cuts {before}" + (f" and {after}" if after >= 0 else f", adds {-after}")
    return text + (", turned" if row["kernel_turned"] else "")


def _rounded(error: float) -> str:
    """Return an error to one digit.

    >>> _rounded(1.2e-7), _rounded(0.0)
    ('1·10⁻⁷', '0')
    """
    if not error:
        return "0"
    digit, exponent = f"{error:.0e}".split("e")
    return f"{digit}·10" + str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
