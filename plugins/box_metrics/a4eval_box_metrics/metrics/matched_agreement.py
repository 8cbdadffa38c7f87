"""The metric ``matched_box_agreement``: how well matched boxes agree, in any similarity, by class and by size."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from a4eval import DataError, Value, check_ranges, param
from a4eval_box_metrics.analysis.histograms import SIZES
from a4eval_box_metrics.analysis.matching import match_by
from a4eval_box_metrics.images import all_apart
from a4eval_box_metrics.similarities.contract import measure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from a4eval import Batch, Chart, Row

_DEFAULT = ("iou", "generalized_iou", "distance_iou", "complete_iou", "centre_l2")


@dataclass
class _Shard:
    """What one batch leaves behind."""

    unit: NDArray[Any]
    truths: NDArray[np.float64]  # (u,) true boxes of each image, crowds left out
    detections: NDArray[np.float64]  # (u,)
    pair_unit: NDArray[np.intp]  # (k,) index into unit
    pair_class: NDArray[Any]
    pair_area: NDArray[np.float64]
    values: dict[str, NDArray[np.float64]]  # label to (k,)
    class_names: dict[Any, str]


@dataclass
class MatchedBoxAgreement:
    """Similarities of detections with the true boxes they are matched to; it runs beside AP on the same batches."""

    batch: ClassVar[str] = "detection"

    similarities: dict[str, Any] = param(
        default_factory=lambda: {name: name for name in _DEFAULT}, kind="similarity", help="label to similarity"
    )
    match_by: Any = param("iou", kind="similarity", help="the similarity detections are matched by")
    threshold: float = param(
        0.5,
        help="the least match_by of a match; the largest, where match_by is a distance",
        above=-np.inf,
        below=np.inf,
    )
    quantiles: list[float] = param(
        default_factory=lambda: [0.05, 0.5, 0.95], help="which quantiles to give, 0 to 1", minimum=0, maximum=1
    )
    _shards: list[_Shard] = field(default_factory=list, init=False, repr=False)
    _gathered: dict[str, Any] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.similarities:
            raise ValueError("similarities is empty: name at least one")
        check_ranges(self)
        # made in Python rather than from a config, they may still be names
        self._measures = {label: measure(one) for label, one in self.similarities.items()}
        self.similarities = {label: one.similarity for label, one in self._measures.items()}
        self._matched_by = measure(self.match_by)
        self.match_by = self._matched_by.similarity

    @property
    def names(self) -> Sequence[str]:
        """``matched``, the shares matched, and for each similarity its mean and quantiles, such as ``iou_p50``."""
        statistics = ["mean", *(f"p{100 * one:g}" for one in self.quantiles)]
        each = [f"{label}_{one}" for label in self.similarities for one in statistics]
        return ["matched", "matched_truths", "matched_detections", *each]

    @property
    def units(self) -> NDArray[Any]:
        """The image ids, ascending, in the order ``weights`` refers to.

        Raises:
            DataError: an image came in two batches.
        """
        return all_apart([shard.unit for shard in self._shards])

    def update(self, batch: Mapping[str, Any]) -> None:
        """Match the detections of a batch, whose images are whole, and keep the similarities of the pairs.

        Raises:
            DataError: a box is unsound, or a score is NaN.
        """
        missing = np.isnan(np.asarray(batch["detection_score"], np.float64))
        if missing.any():
            raise DataError(f"matched boxes: the score of detection {int(np.argmax(missing))} is NaN")
        try:
            detection, truth = match_by(batch, self._matched_by, self.threshold)
            predicted = np.asarray(batch["detection_box"], np.float64).reshape(-1, 4)[detection]
            true = np.asarray(batch["truth_box"], np.float64).reshape(-1, 4)[truth]
            values = {
                label: np.asarray(one.elementwise(predicted, true, format="xywh"), np.float64)
                for label, one in self.similarities.items()
            }
        except ValueError as error:
            raise DataError(f"matched boxes: {error}") from error
        n = len(batch["unit"])
        counted = np.asarray(batch["truth_unit"], np.intp)[~np.asarray(batch["truth_crowd"], bool)]
        names = zip(batch.get("class", ()), batch.get("class_name", ()), strict=True)
        shard = _Shard(
            unit=np.asarray(batch["unit"]),
            truths=np.bincount(counted, minlength=n).astype(np.float64),
            detections=np.bincount(np.asarray(batch["detection_unit"], np.intp), minlength=n).astype(np.float64),
            pair_unit=np.asarray(batch["truth_unit"], np.intp)[truth],
            pair_class=np.asarray(batch["truth_class"])[truth],
            pair_area=np.asarray(batch["truth_area"], np.float64)[truth],
            values=values,
            class_names={key: str(name) for key, name in names},
        )
        self._shards.append(shard)
        self._gathered = None

    def stupid_predictions(self, batch: Batch, rng: np.random.Generator) -> dict[Any, Batch]:
        """Return the batch with the true boxes for detections, with those of other truths, and with none."""
        real = ~np.asarray(batch["truth_crowd"], bool)
        columns = ("unit", "class", "box")
        truth = {f"detection_{one}": np.asarray(batch[f"truth_{one}"])[real] for one in columns}
        truth["detection_score"] = np.ones(np.count_nonzero(real))
        none = {name: np.asarray(batch[name])[:0] for name in truth}
        other = {**truth, "detection_box": rng.permutation(truth["detection_box"])}
        return {"truth": {**batch, **truth}, "random": {**batch, **other}, "nothing": {**batch, **none}}

    def merge(self, other: MatchedBoxAgreement) -> None:
        """Take in the pairs of *other*, which has the same parameters."""
        self._shards += other._shards
        self._gathered = None

    def compute(self, weights: NDArray[np.float64] | None = None) -> dict[str, Value]:
        """Return the values; NaN where nothing is matched.

        A quantile is the smallest value that at least that share of the pairs do not exceed.

        Args:
            weights: (n_units,) float64, how often each image counts; None for once each.
        """
        pairs = self._pairs()
        units, truths, detections = pairs["units"], pairs["truths"], pairs["detections"]
        weights = np.ones(len(units)) if weights is None else np.asarray(weights, np.float64)
        if weights.shape != (len(units),):
            raise ValueError(f"weights: got {len(weights)} of them, expected {len(units)}, one per unit")
        weight = weights[pairs["unit"]]
        matched = float(weight.sum())
        n = int(matched)
        values = {
            "matched": Value(matched, "boxes", higher_is_better=True, n=round(float(weights.sum()))),
            "matched_truths": Value(_share(matched, weights @ truths), higher_is_better=True, n=int(weights @ truths)),
            "matched_detections": Value(
                _share(matched, weights @ detections), higher_is_better=True, n=int(weights @ detections)
            ),
        }
        for label, one in self._measures.items():
            value = pairs["values"][label]
            better, unit = one.higher_is_better, one.unit
            mean = _share(float(weight @ value), matched)
            values[f"{label}_mean"] = Value(mean, unit, higher_is_better=better, n=n)
            for share in self.quantiles:
                found = float(np.quantile(value, share, weights=weight, method="inverted_cdf")) if matched else np.nan
                values[f"{label}_p{100 * share:g}"] = Value(found, unit, higher_is_better=better, n=n)
        return values

    def tables(self) -> dict[str, list[Row]]:
        """Return the means by class and by size of the true object."""
        pairs = self._pairs()
        names = {key: name for shard in self._shards for key, name in shard.class_names.items()}
        classes, place, count = np.unique(pairs["class"], return_inverse=True, return_counts=True)
        rows = np.split(np.argsort(place, kind="stable"), np.cumsum(count)[:-1])
        by_class = [
            {"class": _plain(one), "name": names.get(one, ""), **self._means(pairs, mine)}
            for one, mine in zip(classes, rows, strict=False)
        ]
        by_size = [
            {"size": name, **self._means(pairs, np.flatnonzero((pairs["area"] >= low) & (pairs["area"] < high)))}
            for name, (low, high) in SIZES.items()
        ]
        return {"by_class": by_class, "by_size": by_size}

    def charts(self) -> dict[str, Chart]:
        """Return the means by size of the true object, and the first measure by class."""
        measures = {one: found.higher_is_better for one, found in self._measures.items()}
        first = next(iter(measures))
        alike = [one for one, higher in measures.items() if higher == measures[first]]  # distances have units
        value = {"type": "quantitative", "title": "mean of the matched pairs"}
        return {
            "by_size": {
                "title": "Agreement by size of the true object",
                "data": {"name": "by_size"},
                "transform": [{"fold": alike, "as": ["similarity", "mean"]}],
                "mark": "bar",
                "encoding": {
                    "x": {"field": "size", "type": "nominal", "sort": None, "title": None},
                    "xOffset": {"field": "similarity", "sort": None},
                    "y": {"field": "mean", **value},
                    "color": {"field": "similarity", "type": "nominal", "title": None, "sort": None},
                },
            },
            "by_class": {
                "title": f"Agreement by class: {first}",
                "data": {"name": "by_class"},
                "height": {"step": 15},
                "mark": "bar",
                "encoding": {
                    "x": {"field": first, **value},
                    "y": {"field": "name", "type": "nominal", "sort": "-x", "title": None},
                },
            },
        }

    def _means(self, pairs: dict[str, Any], rows: NDArray[np.intp]) -> Row:
        n = len(rows)
        means = {label: _share(float(value[rows].sum()), n) for label, value in pairs["values"].items()}
        return {"matched": n, **means}

    def _pairs(self) -> dict[str, Any]:
        """Return all pairs in the order of the image ids, so that it does not matter how they were sharded."""
        if self._gathered is None:
            self._gathered = self._gather()
        return self._gathered

    def _gather(self) -> dict[str, Any]:
        units, shards = self.units, self._shards
        places = [np.searchsorted(units, shard.unit) for shard in shards]
        truths, detections = np.zeros(len(units)), np.zeros(len(units))
        for place, shard in zip(places, shards, strict=True):
            np.add.at(truths, place, shard.truths)
            np.add.at(detections, place, shard.detections)
        of_pair = [place[shard.pair_unit] for place, shard in zip(places, shards, strict=True)]
        unit = np.concatenate(of_pair or [np.empty(0, np.intp)])
        order = np.argsort(unit, kind="stable")

        def gather(parts: list[NDArray[Any]]) -> NDArray[Any]:
            return np.concatenate(parts or [np.empty(0)])[order]

        return {
            "units": units,
            "truths": truths,
            "detections": detections,
            "unit": unit[order],
            "class": gather([shard.pair_class for shard in shards]),
            "area": gather([shard.pair_area for shard in shards]),
            "values": {label: gather([shard.values[label] for shard in shards]) for label in self.similarities},
        }


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")


def _plain(key: Any) -> Any:
    return key.item() if isinstance(key, np.generic) else key
