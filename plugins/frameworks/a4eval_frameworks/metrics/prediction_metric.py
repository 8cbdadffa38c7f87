"""What the metrics of all libraries share: rows are kept, put in order, and given to the library whole.

So shards merge exactly, and a resample is exact too: a library's weights are used where the metric takes them, else
the rows of a unit are repeated as often as it was drawn; what is computed unit by unit is computed once.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np

from a4eval import DataError, Value, param
from a4eval_frameworks.predictions import Predictions, gathered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from a4eval import Batch


@dataclass(kw_only=True)
class PredictionMetric:
    """A metric of another library: its values by :attr:`names`, the unit of its intervals that of the rows."""

    batch: ClassVar[str] = "predictions"

    uses: Literal["prediction", "score"] | None = param(
        None, help="which column it is given beside the truth; by default what its argument is called says it"
    )
    per_unit: bool = param(False, help="compute it on the rows of each unit and take the mean over the units")
    values: list[str] | None = param(
        None, help="what its values are called: the keys of a mapping it returns, or the entries of an array, in order"
    )
    higher_is_better: bool | None = param(None, help="by default as the library has it")
    _batches: list[dict[str, Any]] = field(default_factory=list, init=False, repr=False)
    _kept: Predictions | None = field(default=None, init=False, repr=False)
    _each: list[list[float]] | None = field(default=None, init=False, repr=False)

    @property
    @abstractmethod
    def called(self) -> str:
        """What the metric is called, for messages."""

    @property
    @abstractmethod
    def takes_weights(self) -> bool:
        """Says whether rows can be weighed."""

    @abstractmethod
    def needs(self, columns: Mapping[str, Any]) -> Sequence[str]:
        """Return which columns it needs of those that there are."""

    @abstractmethod
    def measure(self, rows: Predictions, weights: NDArray[np.float64] | None) -> Any:
        """Return what the library gives: a number, or several.

        Args:
            rows: at least one.
            weights: (r,) above 0, only where it takes weights.

        Raises:
            ValueError: the library refuses the rows.
        """

    def better(self) -> bool | None:
        """Return which direction the library has for the better one."""
        return None

    @property
    def names(self) -> Sequence[str]:
        """``values``, or the metric's own name."""
        return self.values or [self.called.rpartition(".")[2].rpartition(":")[2]]

    @property
    def units(self) -> NDArray[Any]:
        """The ids of the units, ascending, in the order ``weights`` refers to."""
        return self._rows().unit if self._batches else np.empty(0)

    def update(self, batch: Batch) -> None:
        """Take in rows.

        Raises:
            DataError: a column is missing, or a number is not finite.
        """
        columns = {name.removeprefix("row_"): one for name, one in batch.items() if name.startswith("row_")}
        for name in self.needs(columns):
            if name not in columns:
                have = ", ".join(sorted(set(columns) - {"unit"}))
                raise DataError(f"{self.called} takes the column {name!r}; the data has {have}")
            values = np.asarray(columns[name])
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                row = int(np.argmax(~np.isfinite(values).reshape(len(values), -1).all(1)))
                raise DataError(f"{self.called}: {name} of row {row + 1} of a batch is {values[row]}, expected numbers")
        self._batches.append({name: np.array(one) for name, one in batch.items()})
        self._kept = self._each = None

    def merge(self, other: Self) -> None:
        """Take in the rows of *other*, which has the same parameters."""
        self._batches = self._batches + other._batches
        self._kept = self._each = None

    def state(self) -> list[dict[str, Any]]:
        """Return the batches that were taken in."""
        return self._batches

    def restore(self, state: list[dict[str, Any]]) -> None:
        """Take in the batches of another of the same parameters."""
        self._batches = list(state)
        self._kept = self._each = None

    def compute(self, weights: NDArray[np.float64] | None = None) -> dict[str, Value]:
        """Return the values; NaN without rows, and where the library says that they are undefined.

        Args:
            weights: (n_units,) float64, how often each unit counts; None for once each.
        """
        n = len(self.units)
        weighed = np.ones(n) if weights is None else np.asarray(weights, np.float64)
        if weighed.shape != (n,):
            raise ValueError(f"weights: got {weighed.size} of them, expected {n}, one per unit")
        better = self.better() if self.higher_is_better is None else self.higher_is_better
        found = self._numbers(self._rows(), weighed) if n else [math.nan] * len(self.names)
        count = round(float(weighed.sum()))
        return {
            name: Value(number, higher_is_better=better, n=count)
            for name, number in zip(self.names, found, strict=True)
        }

    def compute_many(self, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return the values under each row of *weights*, (r, n_units); NaN where the library refuses a resample."""
        return dict(zip(self.names, self._many(self._rows(), weights).T, strict=True))

    def compute_parts(self, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return the first value of each group under each row of *weights*, (r, n_units); none without groups."""
        rows = self._rows()
        groups = rows.columns.get("group", np.empty(0))
        return {str(one): self._many(rows.of_rows(groups == one), weights)[:, 0] for one in np.unique(groups)}

    def stupid_predictions(self, batch: Batch, rng: np.random.Generator) -> dict[Any, Batch]:
        """Return the batch with the truth for predictions and with those of other rows.

        A constant is no measure: that of the mean has a smaller error than chance, that of the commonest label is
        right more often.
        """
        truth = np.asarray(batch["row_truth"])
        if "row_score" not in batch:
            mixed = rng.permutation(truth)
            return {"truth": {**batch, "row_prediction": truth}, "random": {**batch, "row_prediction": mixed}}
        score = np.asarray(batch["row_score"])
        if truth.dtype.kind not in "iuf" or (score.ndim > 1 and not np.isin(truth, np.arange(score.shape[1])).all()):
            return {}
        ideal = np.eye(score.shape[1])[truth.astype(int)] if score.ndim > 1 else truth.astype(np.float64)
        best = {**batch, "row_score": ideal}
        if "row_prediction" in batch:
            best["row_prediction"] = truth
        return {"truth": best, "random": {**batch, "row_score": rng.permutation(score)}}

    def _rows(self) -> Predictions:
        if self._kept is None:
            self._kept = gathered(self._batches)
        return self._kept

    def _many(self, rows: Predictions, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (resamples, values)."""
        if self.per_unit:
            return self._means(rows, weights)
        found = np.full((len(weights), len(self.names)), math.nan)
        for row, weighed in zip(found, weights, strict=True):
            try:
                row[:] = self._numbers(rows, weighed)
            except DataError:
                continue  # of a resample alone: one that holds a single label, say
        return found

    def _numbers(self, rows: Predictions, weights: NDArray[np.float64]) -> list[float]:
        """Return the values under weights of the units."""
        if self.per_unit:
            return [float(one) for one in self._means(rows, weights[None])[0]]
        if (weights == 1).all():
            return self._told(rows, None)
        if self.takes_weights:
            of_rows = weights[rows.row_unit]
            return self._told(rows.of_rows(of_rows > 0), of_rows[of_rows > 0])
        return self._told(rows.repeated(weights), None)

    def _means(self, rows: Predictions, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the weighted means of the units' own values, (resamples, values); those without rows do not count."""
        there = np.unique(rows.row_unit)
        if not len(there):
            return np.full((len(weights), len(self.names)), math.nan)
        each = np.array(self._by_unit(rows, there))
        weights = weights[:, there]
        total = weights.sum(1, keepdims=True)
        # a unit that is not drawn has no say, not even by being undefined
        undefined = weights @ np.isnan(each).astype(float) > 0
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(undefined, math.nan, weights @ np.nan_to_num(each) / total)

    def _by_unit(self, rows: Predictions, there: NDArray[np.intp]) -> list[list[float]]:
        if rows is not self._kept:
            return [self._told(rows.of_rows(rows.row_unit == one), None) for one in there]
        if self._each is None:
            self._each = [self._told(rows.of_rows(rows.row_unit == one), None) for one in there]
        return self._each

    def _told(self, rows: Predictions, weights: NDArray[np.float64] | None) -> list[float]:
        """Return the library's values as numbers in the order of the names."""
        if not rows.rows:
            return [math.nan] * len(self.names)
        try:
            found = self.measure(rows, weights)
        except ValueError as error:
            raise DataError(f"{self.called}: {str(error).strip().splitlines()[0]}") from error
        return self._ordered(found)

    def _ordered(self, found: Any) -> list[float]:
        names = list(self.names)
        if hasattr(found, "items"):
            if self.values is None and len(found) == 1:
                return [_number(one, self.called) for one in found.values()]
            if set(names) - set(found):
                have = ", ".join(map(str, found))
                raise DataError(f"{self.called} gives {have}; say which you want with values: [{have}]")
            return [_number(found[name], f"{self.called}: {name}") for name in names]
        array = np.asarray(found)
        if array.shape in {(), (1,)} and len(names) == 1:
            return [_number(array, self.called)]
        if array.shape != (len(names),) or self.values is None:
            told = f"{self.called} gives an array of shape {array.shape}"
            raise DataError(f"{told}; name its {max(array.size, 1)} entries with values")
        return [_number(one, self.called) for one in array]


def _number(value: Any, what: str) -> float:
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "biuf":
        raise DataError(f"{what} is {value!r}, expected a number")
    return float(array.reshape(()))
