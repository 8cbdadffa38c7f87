"""Pictures of the landscape: profiles along each perturbation, and each measure against IoU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from a4eval import require
from a4eval_box_metrics.analysis.perturbations import FAMILIES
from a4eval_box_metrics.pictures import style
from a4eval_box_metrics.pictures.equal_l2 import draw_equal_l2, draw_maps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from a4eval_box_metrics.analysis.equal_l2 import Extreme
    from a4eval_box_metrics.analysis.landscape import Landscape, Profile, Scattered


def draw_all(
    landscape: Landscape,
    profiles: Mapping[str, Profile],
    extremes: Sequence[tuple[str, str, Extreme]],
    scattered: Sequence[Scattered],
) -> dict[str, Any]:
    """Return every picture of a run: name to ``matplotlib.figure.Figure``.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    figures = {"equal_l2": draw_equal_l2(landscape, extremes), "maps": draw_maps(landscape)}
    if profiles:
        figures["profiles"] = draw_profiles(landscape, profiles)
    for one in scattered:
        figures[f"ranking_{one.source}"] = draw_ranking(one)
    return figures


def draw_profiles(landscape: Landscape, profiles: Mapping[str, Profile]) -> Any:
    """Draw each measure along each perturbation: similarities above, distances below."""
    kinds = [
        (text, [label for label, one in landscape.measures.items() if one.higher_is_better is higher])
        for text, higher in (("similarity", True), ("distance, pixels", False))
    ]
    kinds = [(text, labels) for text, labels in kinds if labels]
    columns = min(3, len(profiles))
    blocks = -(-len(profiles) // columns)
    title = f"What each measure sees of a {landscape.width:g} × {landscape.height:g} box going wrong"
    figure = style.figure((4.2 * columns + 3.2, 3.1 * blocks * len(kinds) + 0.8), title)
    for part, (text, labels) in zip(figure.subfigures(len(kinds), 1, squeeze=False).ravel(), kinds, strict=True):
        axes = part.subplots(blocks, columns, squeeze=False, sharey=True)
        for panel, (name, profile) in zip(axes.ravel(), profiles.items(), strict=False):
            _draw_profile(panel, name, profile, labels)
        for panel in axes.ravel()[len(profiles) :]:
            panel.set_axis_off()
        part.supylabel(text, fontsize=style.PANEL)
        # of a panel, whose place the layout keeps free: that of a part of a figure lies upon the panels
        axes[0, -1].legend(
            *axes[0, 0].get_legend_handles_labels(),
            loc="upper left", bbox_to_anchor=(1.02, 1), frameon=False, fontsize=style.TEXT, handlelength=3,
        )  # fmt: skip
    return style.finish(figure)


def _draw_profile(panel: Any, name: str, profile: Profile, labels: Sequence[str]) -> None:
    parameters, values = profile
    family = FAMILIES[name]
    for index, label in enumerate(labels):
        # IoU is the yardstick: black and bold
        look = {"color": style.INK, "linewidth": 3.5, "zorder": 5} if label == "iou" else style.line(index)
        panel.plot(parameters, values[label], label=label, **look)
    panel.axvline(family.none, color=style.GREY, linewidth=0.8, linestyle=":")
    panel.grid(alpha=0.25)
    if family.geometric:
        ticker = require("matplotlib.ticker", "a4eval[plots]")
        panel.set_xscale("log", base=2)
        panel.xaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    elif family.high == 90:
        panel.set_xticks(range(0, 91, 30))
    panel.set_title(family.title, fontsize=style.PANEL)
    panel.set_xlabel(family.label)


def draw_ranking(scattered: Scattered) -> Any:
    """Draw each measure against IoU: the narrower the cloud, the more alike they rank."""
    labels = [label for label in scattered.values if label != "iou"] or list(scattered.values)
    columns = min(4, len(labels))
    rows = -(-len(labels) // columns)
    what = "random predictions" if scattered.source == "random" else "matches of a detector"
    title = f"Each measure against IoU on {len(scattered.overlap):,} {what}; darker: more of them"
    figure = style.figure((3.9 * columns, 3.6 * rows + 0.4), title)
    axes = figure.subplots(rows, columns, squeeze=False, sharex=True).ravel()
    for panel, label in zip(axes, labels, strict=False):
        values = scattered.values[label]
        panel.hexbin(scattered.overlap, values, gridsize=55, bins="log", cmap="magma_r", linewidths=0.1, mincnt=1)
        share = 100 * scattered.agreement[label].disagreement
        panel.set_title(f"{label}\norders {share:.1f} % of pairs otherwise", fontsize=style.TEXT)
        panel.set_xlim(0, 1.02)
        panel.grid(alpha=0.25)
    for panel in axes[len(labels) :]:
        panel.set_axis_off()
    for panel in axes[max(0, len(labels) - columns) : len(labels)]:
        panel.xaxis.set_tick_params(labelbottom=True)  # also above an empty place
    figure.supxlabel("IoU", fontsize=style.PANEL)
    figure.supylabel("the measure (distances negated)", fontsize=style.PANEL)
    return style.finish(figure)
