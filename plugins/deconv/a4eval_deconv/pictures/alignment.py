"""The picture of sizes and cuts: where each input goes, what is cut off, and how far that lies from alignment."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from a4eval import counted
from a4eval_deconv.pictures.style import BLUE, GREY, ORANGE, SIZE, figure_of, finish, whole_ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 40  # outputs: of more only the beginning is drawn


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: its name, the numbers of the layer, what is cut off, and how far right of alignment the output lies."""

    name: str
    size: int
    kernel_size: int
    stride: int
    dilation: int
    before: int
    after: int
    shift: float

    @property
    def full(self) -> int:
        """The size of the full output."""
        return (self.size - 1) * self.stride + self.dilation * (self.kernel_size - 1) + 1

    @property
    def output(self) -> int:
        """The size of the output."""
        return self.full - self.before - self.after


def alignment_figure(axes: Sequence[Axis]) -> Any:
    """Return a figure with a panel for each different axis.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    different = list({(axis.size, axis.kernel_size, axis.stride, axis.dilation, axis.before, axis.after): axis
                      for axis in reversed(axes)}.values())[::-1]  # fmt: skip
    figure = figure_of(11, 4.6 * len(different))
    for panel, axis in zip(figure.subplots(len(different), squeeze=False)[:, 0], different, strict=True):
        alike = [one.name for one in axes if _numbers(one) == _numbers(axis)]
        _panel(panel, axis, " and ".join(alike))
    return figure


def _numbers(axis: Axis) -> tuple[int, ...]:
    return (axis.size, axis.kernel_size, axis.stride, axis.dilation, axis.before, axis.after)


def _panel(panel: Any, axis: Axis, name: str) -> None:
    """Draw inputs, the taps they reach, and the outputs, over the positions of the output."""
    first, last = min(0, -axis.before), max(axis.output, axis.full - axis.before)
    end = min(last, first + _SHOWN)
    for position in range(first, end):
        _output(panel, axis, position)
    for index in range(axis.size):
        left = index * axis.stride  # where it would lie in a resize
        reached = [index * axis.stride + tap * axis.dilation - axis.before for tap in range(axis.kernel_size)]
        if max(left + axis.stride, *reached) > end:
            break
        panel.add_patch(_box(left, 2.55, axis.stride, 0.8, BLUE))
        panel.text(left + axis.stride / 2, 2.95, str(index), ha="center", va="center", fontsize=SIZE - 2, color="white")
        for place in reached:
            style = {"color": BLUE, "linewidth": 1.1} if 0 <= place < axis.output else {"color": GREY, "linestyle": ":"}
            panel.plot([left + axis.stride / 2, place + 0.5], [2.55, 0.85], **style)
    panel.set_xlim(first - 0.3, end + 0.3)
    panel.set_ylim(-0.25, 3.6)
    panel.set_yticks([0.4, 2.95], ["output", "input"])
    panel.set_xlabel(f"position of the output along the {name}" + ("" if end == last else f", the first {end - first}"))
    whole_ticks(panel.xaxis, most=20)
    panel.set_title(_title(axis), fontsize=SIZE + 1)
    finish(panel)
    panel.spines["left"].set_visible(False)
    panel.tick_params(axis="y", length=0, labelsize=SIZE)


def _output(panel: Any, axis: Axis, position: int) -> None:
    """Draw one position: kept, zero since no tap reaches it, or cut off."""
    kept, place = 0 <= position < axis.output, position + axis.before
    starts = (place - tap * axis.dilation for tap in range(axis.kernel_size))
    if kept and any(start % axis.stride == 0 and 0 <= start < axis.size * axis.stride for start in starts):
        panel.add_patch(_box(position, 0, 1, 0.8, ORANGE))
    elif kept:
        panel.add_patch(_box(position, 0, 1, 0.8, "white", linestyle="--"))
        panel.text(position + 0.5, 0.4, "0", ha="center", va="center", fontsize=SIZE - 2)
    else:
        panel.add_patch(_box(position, 0, 1, 0.8, "white", hatch="////", edgecolor=GREY))


def _box(x: float, y: float, width: float, height: float, colour: str, **style: Any) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((x, y), width, height, **{"facecolor": colour, "edgecolor": "black", "linewidth": 0.9, **style})


def _title(axis: Axis) -> str:
    cuts = [
        f"{axis.before} cut off before" if axis.before > 0 else "",
        f"{counted(-axis.before, 'zero')} put before" if axis.before < 0 else "",
        f"{axis.after} cut off after" if axis.after > 0 else "",
        f"{counted(-axis.after, 'zero')} added after" if axis.after < 0 else "",
    ]
    said = " and ".join(filter(None, cuts)) or "nothing cut off"
    way = "right" if axis.shift > 0 else "left"
    where = f"{_fraction(abs(axis.shift))} to the {way} of its input" if axis.shift else "straight below its input"
    become = (
        f"{counted(axis.size, 'input')} {'becomes' if axis.size == 1 else 'become'} {counted(axis.output, 'output')}"
    )
    return f"{become}, {said}:\nthe picture lies {where}"


def _fraction(number: float) -> str:
    """Return a multiple of ½ as people write it.

    >>> _fraction(1.5), _fraction(0.5), _fraction(2.0)
    ('1½', '½', '2')
    """
    exact = Fraction(number)
    whole = "" if 0 < exact < 1 else str(exact.numerator // exact.denominator)
    return whole + ("½" if exact.denominator == 2 else "")
