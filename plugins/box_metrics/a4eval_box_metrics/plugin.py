"""What this plugin brings to a4eval."""

from __future__ import annotations

from a4eval import Component, hookimpl
from a4eval_box_metrics.similarities.register import REGISTER

A4EVAL_API = 1


@hookimpl
def a4eval_components() -> list[Component]:
    """List the components."""
    similarities = [
        Component(kind="similarity", name=name, factory=one.factory, summary=one.summary, references=one.references)
        for name, one in REGISTER.items()
    ]
    return [
        *similarities,
        Component(
            kind="task",
            name="box_pair_comparison",
            factory="a4eval_box_metrics.tasks.pair_comparison:BoxPairComparison",
            summary="two predictions of equal L2 distance and unequal IoU",
        ),
        Component(
            kind="task",
            name="box_landscape",
            factory="a4eval_box_metrics.tasks.landscape:BoxLandscape",
            summary="similarities over perturbed boxes, IoU at equal L2, and who ranks predictions as IoU does",
        ),
        Component(
            kind="reader",
            name="box_pairs",
            factory="a4eval_box_metrics.readers.box_pairs:InlineBoxPairs",
            summary="matched pairs of boxes, written into the config",
        ),
        Component(
            kind="metric",
            name="box_agreement",
            factory="a4eval_box_metrics.metrics.agreement:BoxAgreement",
            summary="the mean similarity of matched pairs of boxes",
        ),
        Component(
            kind="metric",
            name="matched_box_agreement",
            factory="a4eval_box_metrics.metrics.matched_agreement:MatchedBoxAgreement",
            summary="similarities of matched detections: means and quantiles, by class and size",
        ),
        Component(
            kind="metric",
            name="box_statistics",
            factory="a4eval_box_metrics.metrics.statistics:BoxStatistics",
            summary="sizes, aspect ratios, boxes out of the image and duplicates of a data set",
        ),
    ]


@hookimpl
def a4eval_config_packages() -> list[str]:
    """Name the package that holds the configs."""
    return ["a4eval_box_metrics.configs"]
