"""The component ``torchmetrics``: a class of torchmetrics."""

from __future__ import annotations

import inspect
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import param, require
from a4eval_frameworks.metrics.prediction_metric import PredictionMetric
from a4eval_frameworks.naming import Home, find

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from a4eval_frameworks.predictions import Predictions

_REQUIREMENT = "a4eval-frameworks[torchmetrics]"
_UNDEFINED = re.compile(r"meaningless|undefined|\bnan\b|No (positive|negative) samples", re.IGNORECASE)
"""What it says where it gives 0 for what has no value."""


def _is_metric(thing: Any) -> bool:
    torchmetrics = require("torchmetrics", _REQUIREMENT)
    return isinstance(thing, type) and issubclass(thing, torchmetrics.Metric)


HOMES = {
    "": Home("torchmetrics", _REQUIREMENT, _is_metric),
    **{
        name: Home(f"torchmetrics.{name}", _REQUIREMENT, _is_metric)
        for name in ("classification", "regression", "retrieval")
    },
}


@dataclass(kw_only=True)
class TorchMetric(PredictionMetric):
    """A class of torchmetrics that takes ``preds`` and ``target``, and maybe ``indexes``, which are the units.

    It computes in float64; units are repeated, each copy with an index of its own.
    """

    metric: str = param(help="its name, such as classification.BinaryAUROC or retrieval.RetrievalMAP")
    arguments: dict[str, Any] = param({}, help="what it is made with, such as num_classes: 3")

    def __post_init__(self) -> None:
        self._class = find(self.metric, HOMES, "metric", what="metric")
        made = self._made()
        taken = list(inspect.signature(made.update).parameters)
        if not {"preds", "target"} <= set(taken) <= {"preds", "target", "indexes"}:
            raise ValueError(f"metric: {self.metric} takes {', '.join(taken)}, expected preds, target, indexes")
        self._indexed = "indexes" in taken
        self._better = made.higher_is_better
        self._continuous = ".regression." in type(made).__module__

    @property
    def called(self) -> str:
        """Its name."""
        return f"torchmetrics.{self.metric}"

    @property
    def takes_weights(self) -> bool:
        """Says no: none of them weighs its rows."""
        return False

    def better(self) -> bool | None:
        """Return its ``higher_is_better``."""
        return None if self._better is None else bool(self._better)

    def needs(self, columns: Mapping[str, Any]) -> Sequence[str]:
        """Return the truth and the score, or the prediction where there is no score."""
        return ["truth", self.uses or ("score" if "score" in columns else "prediction")]

    def measure(self, rows: Predictions, weights: NDArray[np.float64] | None) -> Any:
        """Make it anew, update it once with all rows and compute it."""
        del weights
        torch = require("torch", _REQUIREMENT)
        target, preds = (self._tensor(name, rows.columns[name]) for name in self.needs(rows.columns))
        metric = self._made().set_dtype(torch.float64)
        indexes = (torch.from_numpy(rows.row_unit.astype(np.int64)),) if self._indexed else ()
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                metric.update(preds, target, *indexes)
                found = metric.compute()
            except (RuntimeError, TypeError, IndexError) as error:
                raise ValueError(str(error)) from error
        for one in said:
            if issubclass(one.category, UserWarning) and _UNDEFINED.search(str(one.message)):
                return np.full(len(self.names), np.nan)
        return {name: one.numpy() for name, one in found.items()} if isinstance(found, dict) else found.numpy()

    def _made(self) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it will keep all rows: so do we
            try:
                return self._class(**self.arguments)
            except (TypeError, ValueError) as error:
                raise ValueError(f"arguments: {self.metric} cannot be made with them: {error}") from error

    def _tensor(self, name: str, column: NDArray[Any]) -> Any:
        if column.dtype.kind not in "biuf":
            raise ValueError(f"{name} holds text, such as {str(column[0])!r}, expected numbers")
        real = self._continuous and column.dtype.kind != "f"
        return require("torch", _REQUIREMENT).from_numpy(column.astype(np.float64) if real else column.copy())
