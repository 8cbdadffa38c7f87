"""Pictures of the landscape: profiles along each perturbation, and how measures rank predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import require
from a4eval_box_metrics.analysis.perturbations import FAMILIES
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
    figures["disagreement"] = draw_disagreement(scattered)
    return figures


def draw_profiles(landscape: Landscape, profiles: Mapping[str, Profile]) -> Any:
    """Draw each measure along each perturbation: similarities above, distances below."""
    kinds = [
        (text, [label for label in landscape.measures if landscape.measures[label].higher_is_better is higher])
        for text, higher in (("similarity", True), ("distance, pixels", False))
    ]
    kinds = [(text, labels) for text, labels in kinds if labels]
    figure = _figure((3.4 * len(profiles), 3.6 * len(kinds) + 1))
    axes = figure.subplots(len(kinds), len(profiles), squeeze=False, sharex="col", sharey="row")
    for row, (text, labels) in enumerate(kinds):
        for column, (name, (parameters, values)) in enumerate(profiles.items()):
            panel = axes[row, column]
            for index, label in enumerate(labels):
                # IoU is the yardstick: black and bold, the others tell themselves apart by colour and dashes
                style = (
                    {"color": "black", "linewidth": 3, "zorder": 5}
                    if label == "iou"
                    else {"color": f"C{index}", "linewidth": 1.8, "linestyle": ("-", "--", "-.", ":")[index % 4]}
                )
                panel.plot(parameters, values[label], label=label, **style)
            family = FAMILIES[name]
            panel.axvline(family.none, color="grey", linewidth=0.8, linestyle=":")
            panel.grid(alpha=0.25)
            if family.geometric:
                panel.set_xscale("log", base=2)
                panel.xaxis.set_major_formatter(require("matplotlib.ticker", "a4eval[plots]").FormatStrFormatter("%g"))
            if row == 0:
                panel.set_title(name, fontsize=14)
            if row == len(kinds) - 1:
                panel.set_xlabel(family.label)
        axes[row, 0].set_ylabel(text, fontsize=13)
        axes[row, -1].legend(
            *axes[row, 0].get_legend_handles_labels(), loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False
        )
    figure.suptitle(
        f"What each measure sees of a {landscape.width:g} × {landscape.height:g} box going wrong",
        fontsize=16,
        weight="bold",
    )
    return figure


def draw_ranking(scattered: Scattered) -> Any:
    """Draw each measure against IoU: the narrower the cloud, the more alike they rank."""
    labels = [label for label in scattered.values if label != "iou"] or list(scattered.values)
    columns = min(4, len(labels))
    rows = -(-len(labels) // columns)
    figure = _figure((3.7 * columns, 3.4 * rows))
    axes = figure.subplots(rows, columns, squeeze=False, sharex=True).ravel()
    for panel, label in zip(axes, labels, strict=False):
        values = scattered.values[label]
        panel.hexbin(scattered.overlap, values, gridsize=55, bins="log", cmap="magma_r", linewidths=0.1, mincnt=1)
        panel.set_title(f"{label}\nranks {scattered.agreement[label].disagreement:.1%} of pairs otherwise", fontsize=12)
        panel.set_xlim(0, 1.02)
        panel.grid(alpha=0.25)
    for panel in axes[len(labels) :]:
        panel.set_axis_off()
    figure.supxlabel("IoU", fontsize=13)
    figure.supylabel("the measure (distances negated)", fontsize=13)
    what = "random predictions" if scattered.source == "random" else "a detector's matches"
    figure.suptitle(f"Each measure against IoU on {len(scattered.overlap):,} {what}", fontsize=15, weight="bold")
    return figure


def draw_disagreement(scattered: Sequence[Scattered]) -> Any:
    """Draw how many pairs of predictions each measure ranks differently from IoU."""
    labels = [label for label in scattered[0].values if label != "iou"] or list(scattered[0].values)
    shares = {one.source: [one.agreement[label].disagreement for label in labels] for one in scattered}
    order = np.argsort(shares["random"])
    figure = _figure((10, 1.2 + 0.42 * len(labels) * max(1, 0.7 * len(scattered))))
    axes = figure.subplots()
    thickness = 0.8 / len(scattered)
    for index, (source, values) in enumerate(shares.items()):
        place = np.arange(len(labels)) + (index - (len(scattered) - 1) / 2) * thickness
        sorted_values = np.asarray(values)[order]
        bars = axes.barh(place, sorted_values, thickness, color=("#3d5a80", "#ee6c4d")[index], label=source)
        axes.bar_label(bars, [f" {value:.1%}" for value in sorted_values], fontsize=10)
    axes.set_yticks(np.arange(len(labels)), [labels[index] for index in order], fontsize=12)
    axes.invert_yaxis()
    axes.set_xlabel("share of pairs of predictions ranked differently from IoU")
    axes.xaxis.set_major_formatter(require("matplotlib.ticker", "a4eval[plots]").PercentFormatter(1, decimals=0))
    axes.margins(x=0.12)
    axes.spines[["top", "right"]].set_visible(False)
    if len(scattered) > 1:
        axes.legend(frameon=False, loc="upper right", fontsize=12)
    axes.set_title("Who orders predictions as IoU does?", fontsize=15, weight="bold")
    return figure


def _figure(size: tuple[float, float]) -> Any:
    return require("matplotlib.figure", "a4eval[plots]").Figure(figsize=size, layout="constrained")
