"""The component ``callable``: ``(predictions, references, weights=None) -> number | mapping`` of anybody."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from a4eval import DataError, import_named, param
from a4eval_frameworks.metrics.prediction_metric import PredictionMetric

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from a4eval_frameworks.predictions import Predictions


@dataclass(kw_only=True)
class CallableMetric(PredictionMetric):
    """A function of yours, or the ``compute`` of an object such as those of ``evaluate``, called by keywords.

    It is imported only if the command says ``--allow-import PACKAGE``.
    Where it takes ``weights``, (r,) numbers above 0, units are weighed by them, else repeated.
    """

    function: str = param(help="package.module:name, with --allow-import package")
    arguments: dict[str, Any] = param({}, help="its other arguments")

    def __post_init__(self) -> None:
        self._function = import_named(self.function, path="function")
        if not callable(self._function) or isinstance(self._function, type):
            got = type(self._function).__name__
            raise ValueError(f"function: {self.function!r} is a {got}, expected a function")  # noqa: TRY004  (a config's value)
        taken = inspect.signature(self._function).parameters
        anything = any(one.kind is one.VAR_KEYWORD for one in taken.values())
        for name in ("predictions", "references", *self.arguments):
            if name not in taken and not anything:
                raise ValueError(f"function: {self.function!r} takes {', '.join(taken)}; it has no {name!r}")
        self._weighable = "weights" in taken

    @property
    def called(self) -> str:
        """Its name."""
        return self.function

    @property
    def takes_weights(self) -> bool:
        """Says whether it has ``weights``."""
        return self._weighable

    def needs(self, columns: Mapping[str, Any]) -> Sequence[str]:
        """Return the truth and the prediction, or the score where there is no prediction."""
        return ["truth", self.uses or ("prediction" if "prediction" in columns else "score")]

    def measure(self, rows: Predictions, weights: NDArray[np.float64] | None) -> Any:
        """Call it with copies, so that it may do with them what it likes."""
        references, predictions = (rows.columns[name].copy() for name in self.needs(rows.columns))
        options = {**self.arguments, **({} if weights is None else {"weights": weights.copy()})}
        try:
            return self._function(predictions=predictions, references=references, **options)
        except ValueError:
            raise
        except Exception as error:
            raise DataError(f"{self.function} ends in {type(error).__name__}: {error}") from error
