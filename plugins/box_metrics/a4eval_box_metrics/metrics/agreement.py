"""Pairs of boxes that are matched already: a reader for a config, and a metric of how well they agree."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from a4eval import DataError, Value, param
from a4eval_box_metrics.similarities.contract import measure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from a4eval import Batch


@dataclass
class BoxAgreement:
    """The mean similarity of matched pairs of boxes."""

    batch: ClassVar[str] = "box_pairs"

    similarity: Any = param("iou", kind="similarity", help="how a pair is compared")
    _unit: list[NDArray[Any]] = field(default_factory=list, init=False, repr=False)
    _value: list[NDArray[np.float64]] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        self._measure = measure(self.similarity)
        self.similarity = self._measure.similarity  # made in Python rather than from a config, it may be a name

    @property
    def names(self) -> Sequence[str]:
        """One value: the mean."""
        return ["mean"]

    @property
    def units(self) -> NDArray[Any]:
        """The ids of the pairs, ascending, in the order ``weights`` refers to."""
        return self._sorted()[0]

    def update(self, batch: Mapping[str, Any]) -> None:
        """Take in pairs, xyxy.

        Raises:
            DataError: a box is unsound.
        """
        try:
            value = self.similarity.elementwise(batch["predicted"], batch["truth"], format="xyxy")
        except ValueError as error:
            raise DataError(f"box pairs: {error}") from error
        self._unit.append(np.asarray(batch["unit"]))
        self._value.append(np.asarray(value, np.float64))

    def merge(self, other: BoxAgreement) -> None:
        """Take in the pairs of *other*, which has the same similarity."""
        self._unit += other._unit
        self._value += other._value

    def compute(self, weights: NDArray[np.float64] | None = None) -> dict[str, Value]:
        """Return the mean; NaN without pairs.

        Args:
            weights: (n_units,) float64, how often each pair counts; None for once each.
        """
        _, value = self._sorted()
        weights = np.ones(len(value)) if weights is None else np.asarray(weights, np.float64)
        total = float(weights.sum())
        mean = float(weights @ value) / total if total else float("nan")
        one = self._measure
        return {"mean": Value(mean, one.unit, higher_is_better=one.higher_is_better, n=round(total))}

    def stupid_predictions(self, batch: Batch, rng: np.random.Generator) -> dict[Any, Batch]:
        """Return the batch with the true boxes for predictions, and with those of other pairs."""
        truth = np.asarray(batch["truth"], np.float64)
        return {"truth": {**batch, "predicted": truth}, "random": {**batch, "predicted": rng.permutation(truth)}}

    def _sorted(self) -> tuple[NDArray[Any], NDArray[np.float64]]:
        unit, value = (np.concatenate(parts or [np.empty(0)]) for parts in (self._unit, self._value))
        order = np.argsort(unit, kind="stable")
        return unit[order], value[order]
