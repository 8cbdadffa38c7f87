"""The task ``box_landscape``: what similarities see of a perturbed box, and where they disagree with IoU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from a4eval import DataError, Result, Row, Run, Value, check_ranges, param
from a4eval_box_metrics import charts
from a4eval_box_metrics.analysis.equal_l2 import Extreme, most_iou, search_iou
from a4eval_box_metrics.analysis.landscape import Landscape, Profile, Scattered
from a4eval_box_metrics.analysis.matching import match_detections
from a4eval_box_metrics.analysis.perturbations import FAMILIES, random_predictions
from a4eval_box_metrics.boxes.formats import convert_boxes
from a4eval_box_metrics.similarities.contract import measure
from a4eval_box_metrics.similarities.overlap import IoU

if TYPE_CHECKING:
    from a4eval import Chart

FamilyName = Literal["shift_x", "shift_y", "shrink", "grow", "aspect", "rotation"]
_DEFAULT = (
    "iou",
    "generalized_iou",
    "distance_iou",
    "complete_iou",
    "efficient_iou",
    "scylla_iou",
    "normalized_wasserstein",
    "rotated_iou",
    "centre_l1",
    "centre_l2",
    "corner_l2",
    "corner_smooth_l1",
)


@dataclass
class BoxLandscape:
    """Map similarities over perturbations of one true box, and compare how they rank predictions.

    Any similarity of any plugin can take part; it is given boxes as xyxy, or, if its ``formats`` name ``cxcywha``,
    rotated ones where the perturbation rotates.  The others then see the upright hull.
    """

    width: float = param(10.0, help="width of the true box", unit="pixels", above=0, below=np.inf)
    height: float = param(4.0, help="height of the true box", unit="pixels", above=0, below=np.inf)
    radius: float = param(
        2.0,
        help="the L2 distance at which IoU is compared; below min(width, height)",
        unit="pixels",
        above=0,
        below=np.inf,
    )
    similarities: dict[str, Any] = param(
        default_factory=lambda: {name: name for name in _DEFAULT}, kind="similarity", help="label to similarity"
    )
    families: list[FamilyName] = param(
        default_factory=lambda: list(FAMILIES), help="the perturbations to map the similarities over"
    )
    steps: int = param(61, help="points along each perturbation", minimum=2)
    noise: float = param(0.2, help="relative standard deviation of random predictions", above=0, below=np.inf)
    predictions: int = param(20_000, help="how many random predictions are ranked", minimum=2)
    data: Any | None = param(None, kind="reader", help="detection batches, to compare rankings on a detector's matches")
    threshold: float = param(0.5, help="IoU from which a detection of data is matched", minimum=0, maximum=1)

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.radius >= min(self.width, self.height):
            raise ValueError(f"radius: got {self.radius}, expected less than min(width, height)")
        if not self.similarities:
            raise ValueError("similarities is empty: name at least one")
        if self.data is not None and self.data.batch != "detection":
            raise ValueError(f"data gives {self.data.batch!r} batches, expected a reader of 'detection' batches")
        measures = {label: measure(one) for label, one in self.similarities.items()}
        self.similarities = {label: one.similarity for label, one in measures.items()}
        self._landscape = Landscape(self.width, self.height, self.radius, measures)

    def run(self, run: Run) -> Result:
        """Map, search, rank and draw."""
        profiles: dict[str, Profile] = {name: self._landscape.profile(name, self.steps) for name in self.families}
        extremes = self._extremes(run.generator(0))
        scattered = [self._random(run.generator(1))]
        if self.data is not None:
            scattered.append(self._detector(run))
        metrics = self._gap(extremes)
        ranking: list[Row] = []
        for one in scattered:
            for label, found in one.agreement.items():
                row: Row = {"source": one.source, "similarity": label, "kendall_tau": found.tau}
                row |= {
                    "disagreement": found.disagreement,
                    "predictions": len(one.overlap),
                    "ranked_pairs": found.pairs,
                }
                ranking.append(row)
                metrics[f"{one.source}_disagreement_{label}"] = Value(found.disagreement, n=found.pairs)
        tables = {
            "profiles": [row for name in self.families for row in self._profile_rows(name, profiles[name])],
            "equal_l2": [self._extreme_row(*one) for one in extremes],
            "ranking": ranking,
        }
        if run.pictures:
            from a4eval_box_metrics.pictures.landscape import draw_all

            figures = draw_all(self._landscape, profiles, extremes, scattered)
            for name, figure in run.track(figures.items(), "drawing", len(figures)):
                figure.draw_without_rendering()  # lays it out, once for both formats
                figure.set_layout_engine("none")
                run.save_figure(figure, name)
        return Result(metrics, tables, charts=self._charts(tables))

    def _charts(self, tables: dict[str, list[Row]]) -> dict[str, Chart]:
        alike = [label for label, one in self.similarities.items() if getattr(one, "higher_is_better", True)]
        drawn = {"equal_l2_iou": charts.equal_l2("equal_l2", self.radius)}
        if alike:
            for name in self.families:
                family = FAMILIES[name]
                drawn[f"profiles_{name}"] = charts.profile("profiles", name, family.title, family.label, alike)
        if tables["ranking"]:
            drawn["ranking"] = charts.ranking("ranking")
        return drawn

    def _profile_rows(self, name: str, profile: Profile) -> list[Row]:
        parameters, values = profile
        return [
            {"family": name, "parameter": float(one), **{label: float(value[index]) for label, value in values.items()}}
            for index, one in enumerate(parameters)
        ]

    def _extremes(self, rng: np.random.Generator) -> list[tuple[str, str, Extreme]]:
        """Return (what may differ, most or least, prediction) at the L2 radius."""
        shape = self.width, self.height, self.radius
        return [
            ("size", "most", most_iou(*shape, "size")),
            ("size", "least", search_iou(*shape, "size", rng)),
            ("shift", "most", search_iou(*shape, "shift", rng, most=True)),
            ("shift", "least", search_iou(*shape, "shift", rng)),
            ("all", "most", most_iou(*shape, "all")),
            ("all", "least", search_iou(*shape, "all", rng)),
        ]

    def _extreme_row(self, freedom: str, which: str, extreme: Extreme) -> Row:
        values = self._landscape.evaluate(np.array([[*extreme.box, 0.0]]))
        x, y, w, h = extreme.box
        row: Row = {"free": freedom, "which": which, "method": extreme.method, "l2": self.radius, "iou": extreme.iou}
        row |= {"centre_x": x, "centre_y": y, "width": w, "height": h}
        return row | {label: float(value[0]) for label, value in values.items() if label != "iou"}

    def _gap(self, extremes: list[tuple[str, str, Extreme]]) -> dict[str, Value]:
        found = {f"iou_{which}_{freedom}": Value(one.iou, higher_is_better=True) for freedom, which, one in extremes}
        gap = found["iou_most_all"].value - found["iou_least_all"].value
        return {"iou_gap_at_equal_l2": Value(gap), **found}

    def _random(self, rng: np.random.Generator) -> Scattered:
        predicted = random_predictions(self.width, self.height, self.noise, self.predictions, rng)
        truth = np.broadcast_to(self._landscape.truth, predicted.shape)
        return self._landscape.scattered("random", predicted, truth)

    def _detector(self, run: Run) -> Scattered:
        predicted, truth = [], []
        for batch in run.track(self.data.batches(run), "matching"):  # type: ignore[union-attr]
            try:
                rows, partners = match_detections(batch, IoU(), self.threshold)
                predicted.append(convert_boxes(batch["detection_box"][rows], "xywh", "xyxy"))
                truth.append(convert_boxes(batch["truth_box"][partners], "xywh", "xyxy"))
            except ValueError as error:
                raise DataError(f"matched boxes: {error}") from error
        run.sources_of(self.data)
        if sum(map(len, predicted)) < 2:
            raise DataError(f"data: fewer than two detections reach an IoU of {self.threshold:g} with the truth")
        return self._landscape.scattered("detector", np.concatenate(predicted), np.concatenate(truth))
