"""The component ``sklearn``: a function of ``sklearn.metrics``."""

from __future__ import annotations

import inspect
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

_REQUIREMENT = "a4eval-frameworks[sklearn]"
_TRUTHS = ("y_true", "labels_true", "y1")
_LABELS = ("y_pred", "labels_pred", "y2")
_SCORES = ("y_score", "y_proba", "pred_decision")
_OF_RANKINGS = {"ndcg_score", "dcg_score"}
"""These take a row for each query, and so the rows of one unit at a time."""


def _is_metric(thing: Any) -> bool:
    if not callable(thing) or isinstance(thing, type):
        return False
    try:
        names = list(inspect.signature(thing).parameters)
    except (TypeError, ValueError):
        return False
    return len(names) > 1 and names[0] in _TRUTHS and names[1] in (*_LABELS, *_SCORES)


HOMES = {"": Home("sklearn.metrics", _REQUIREMENT, _is_metric)}


@dataclass(kw_only=True)
class SklearnMetric(PredictionMetric):
    """A function of ``sklearn.metrics`` of truth and prediction or score; what it calls ill-defined is NaN.

    Units are weighed by its ``sample_weight`` where it has one, else repeated.
    """

    metric: str = param(help="its name, such as f1_score or roc_auc_score")
    arguments: dict[str, Any] = param({}, help="its other arguments, such as average: macro")

    def __post_init__(self) -> None:
        self._function = find(self.metric, HOMES, "metric", what="metric")
        taken = list(inspect.signature(self._function).parameters)[2:]
        for name in self.arguments:
            if name not in taken or name == "sample_weight":
                known = ", ".join(one for one in taken if one != "sample_weight")
                raise ValueError(f"arguments.{name}: {self.metric} takes {known or 'none'}")
        self._weighable = "sample_weight" in taken
        self._second = list(inspect.signature(self._function).parameters)[1]
        self.per_unit = self.per_unit or self.metric in _OF_RANKINGS

    @property
    def called(self) -> str:
        """Its name."""
        return f"sklearn.metrics.{self.metric}"

    @property
    def takes_weights(self) -> bool:
        """Says whether it has ``sample_weight``."""
        return self._weighable

    def better(self) -> bool | None:
        """Return what the end of its name says: a score is to be high, a loss or an error low."""
        ending = self.metric.rpartition("_")[2]
        return {"score": True, "coef": True, "loss": False, "error": False, "deviance": False}.get(ending)

    def needs(self, columns: Mapping[str, Any]) -> Sequence[str]:
        """Return the truth and what its second argument is."""
        del columns
        return ["truth", self.uses or ("score" if self._second in _SCORES else "prediction")]

    def measure(self, rows: Predictions, weights: NDArray[np.float64] | None) -> Any:
        """Call it."""
        undefined = require("sklearn.exceptions", _REQUIREMENT).UndefinedMetricWarning
        given = [rows.columns[name] for name in self.needs(rows.columns)]
        if self.metric in _OF_RANKINGS:
            given = [one[None] for one in given]
        options = {**self.arguments, **({} if weights is None else {"sample_weight": weights})}
        with warnings.catch_warnings():
            warnings.simplefilter("error", undefined)
            try:
                return self._function(*given, **options)
            except undefined:
                return np.full(len(self.names), np.nan)
            except TypeError as error:
                raise ValueError(str(error)) from error
