"""The picture of a search backwards: which kernels and strides lead there, with which paddings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from a4eval import counted
from a4eval_deconv.pictures.style import BLUE, ORANGE, SIZE, figure_of, finish, whole_ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from a4eval_deconv.analysis.inverse import Configuration


def configurations_figure(found: Sequence[Configuration], size: int, output: int) -> Any:
    """Return a figure with kernel and stride as axes and the paddings written where they lead to *output*.

    Args:
        found: the configurations, one at least and of one dilation.
        size: input size.
        output: the size they lead to.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    kernels = range(1, max(one.kernel_size for one in found) + 1)
    strides = range(1, max(one.stride for one in found) + 1)
    figure = figure_of(max(8.0, 1.6 * len(kernels) + 1.5), 1.55 * len(strides) + 2.4)
    axes = figure.subplots()
    for stride in strides:
        for kernel in kernels:
            here = [one for one in found if (one.kernel_size, one.stride) == (kernel, stride)]
            if here:
                _cell(axes, kernel, stride, here)
    axes.set_xlim(0.4, len(kernels) + 0.6)
    axes.set_ylim(0.4, len(strides) + 0.6)
    axes.set_xlabel("kernel size")
    axes.set_ylabel("stride")
    whole_ticks(axes.xaxis)
    whole_ticks(axes.yaxis)
    finish(axes)
    even = sum(one.overlaps_evenly for one in found)
    leads = f"{counted(len(found), 'configuration')} lead{'s' if len(found) == 1 else ''} from {size} to {output}"
    axes.set_title(f"{leads}: in {even} the taps overlap evenly", fontsize=SIZE + 1)
    _legend(figure, found)
    return figure


def _cell(axes: Any, kernel: int, stride: int, here: Sequence[Configuration]) -> None:
    """Write the paddings of one kernel and stride, on a colour that says whether the taps overlap evenly."""
    words = [_words(one) for one in here]
    lines = [", ".join(words[start : start + 2]) for start in range(0, len(words), 2)]
    even = here[0].overlaps_evenly  # a matter of kernel, stride and dilation
    axes.text(
        kernel, stride, "\n".join(lines), ha="center", va="center", fontsize=SIZE - 1,
        bbox={"boxstyle": "round" if even else "square", "facecolor": "white", "linewidth": 2.5,
              "edgecolor": BLUE if even else ORANGE, "linestyle": "-" if even else "--"},
    )  # fmt: skip


def _words(one: Configuration) -> str:
    text = f"p{one.padding}" + (f"+{one.output_padding}" if one.output_padding else "")
    return text + ("*" if not one.inverts_conv else "")


def _legend(figure: Any, found: Sequence[Configuration]) -> None:
    from matplotlib.patches import Patch

    handles = [
        Patch(facecolor="white", edgecolor=BLUE, linewidth=2.5, label="the taps overlap evenly"),
        Patch(facecolor="white", edgecolor=ORANGE, linewidth=2.5, linestyle="--", label="unevenly: checkerboard"),
        Patch(facecolor="none", edgecolor="none", label="p1+1: padding 1, output padding 1"),
    ]
    if not all(one.inverts_conv for one in found):
        handles.append(Patch(facecolor="none", edgecolor="none", label="*: no convolution leads back"))
    figure.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=SIZE - 2, frameon=False)
