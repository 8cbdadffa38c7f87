"""What a run notices of metrics and readers that break their contract, at next to no cost.

A batch that was changed, a column that is not there, values that were not promised, weights that change no number.
Each is an error, or a doubt of the run, that names the component and its plugin; ``check_metric`` and ``check_reader``
look closer.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval.contracts import Value
from a4eval.errors import DataError, PluginError
from a4eval.files import content
from a4eval.registry import registry
from a4eval.statistics.weights import statistic_of
from a4eval.terminal import remark

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from a4eval.context import Run
    from a4eval.contracts import Batch, Reader, Weighable
    from a4eval.statistics.resampled import Resampled
    from a4eval.statistics.weights import Statistic

_WHOLE = 1 << 16
"""Columns of so many bytes are compared whole; of longer ones so many rows are, the first and the last among them:"""
_ROWS = 512
_TRIED = 8
"""Resamples by which the time of all is told."""
_WAIT = 10.0
"""Seconds from which on it is told."""


def metric_called(label: str, metric: Any) -> str:
    """Return how an error calls a metric: by its label, name and plugin."""
    return f"metrics.{label}: {registry().described('metric', metric)}"


class Unchanged:
    """A batch as it was, to be held against what is left of it.

    >>> batch = {"score": np.array([0.1, 0.9])}
    >>> before = Unchanged(batch)
    >>> before.changed(), batch["score"].sort(), before.changed()
    ('', None, '')
    >>> batch["score"] *= 2
    >>> before.changed()
    'score'
    """

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._columns = {name: (column, *_seen(column)) for name, column in batch.items()}

    def changed(self) -> str:
        """Return a column that is another one, holds other numbers, came or went; "" where there is none."""
        for name, (column, looked_at, before) in self._columns.items():
            if self._batch.get(name) is not column or (looked_at is not None and looked_at.tobytes() != before):
                return name
        if len(self._batch) > len(self._columns):
            return next(name for name in self._batch if name not in self._columns)
        return ""


def _seen(column: Any) -> tuple[Any, bytes]:
    """Return the rows of a column that are compared, None of what is no array, and their bytes."""
    if not isinstance(column, np.ndarray):
        return None, b""
    rows = column
    if column.nbytes > _WHOLE and column.ndim:
        rows = column[:: max(1, (len(column) - 1) // _ROWS)]
    return rows, rows.tobytes()


def feed(metrics: Mapping[str, Any], batch: Batch, reader: Reader) -> None:
    """Feed every metric with a batch.

    Raises:
        PluginError: a metric changes the batch, or asks for a column that the reader does not give.
    """
    before = Unchanged(batch)
    for label, metric in metrics.items():
        try:
            metric.update(batch)
        except KeyError as error:
            column = error.args[0] if error.args else None
            if not isinstance(column, str) or column in batch:
                raise
            raise PluginError(
                f"{metric_called(label, metric)} asks for {column!r}, which is no column of the {reader.batch!r} "
                f"batches of {registry().described('reader', reader)}: {', '.join(map(str, batch))}"
            ) from error
        if name := before.changed():
            raise PluginError(
                f"{metric_called(label, metric)} changes {name!r} of its batch in place, which others take in too; "
                f"it must copy what it changes"
            )


def watched(reader: Reader, batches: Iterable[Any], run: Run) -> Iterator[Batch]:
    """Yield the batches of a reader.

    Raises:
        PluginError: one is no mapping.
    """
    columns: set[str] | None = None
    for batch in batches:
        if not isinstance(batch, Mapping):
            who, got = registry().described("reader", reader), type(batch).__name__
            raise PluginError(f"{who} yields {got}, expected a mapping of named arrays")
        if columns is None:
            columns = set(batch)
        elif batch.keys() != columns:
            who, odd = registry().described("reader", reader), min(batch.keys() ^ columns, key=str)
            run.warn(f"{who} yields {reader.batch!r} batches of different columns: only some have {odd!r}")
        yield batch


def refuse_changed(run: Run) -> None:
    """Refuse files that are not what they were when they were noted: the record would tell of others than were read.

    To be called once all has been read.

    Raises:
        DataError: one has changed, or is gone.
    """
    for path, noted in run.sources.items():
        try:
            now = content(Path(path))  # which looks into those alone that were written to
        except OSError:
            now = None
        if now != noted:
            raise DataError(f"{path}: changed while it was read; run again once nobody writes to it")


def promised(label: str, metric: Any, values: Mapping[str, Any]) -> None:
    """Hold the values of a metric against what it said it would give.

    Raises:
        PluginError: they have other names, or one is no :class:`a4eval.Value`.
    """
    names = list(metric.names)
    if set(values) != set(names):
        given = list(values)
        raise PluginError(f"{metric_called(label, metric)} promised the values {names} but gave {given}")
    for name, value in values.items():
        if not isinstance(value, Value):
            got = type(value).__name__
            raise PluginError(f"{metric_called(label, metric)} gives {got} for {name!r}, expected a4eval.Value")


def promised_statistic(label: str, metric: Weighable) -> Statistic:
    """Return a metric as a function of weights; where it gives other names than promised it raises PluginError."""
    statistic, names = statistic_of(metric), set(metric.names)

    def named(weights: NDArray[np.float64]) -> Mapping[str, NDArray[np.float64]]:
        found = statistic(weights)
        if found.keys() != names:
            message = f"promised the values {sorted(names)} but gave {sorted(found)} for weights"
            raise PluginError(f"{metric_called(label, metric)} {message}")
        return found

    return named


def unmoved(drawn: Resampled) -> bool:
    """Say whether no resample changed any value: all units are alike, or their weights are not looked at."""
    return (
        drawn.groups > 1
        and bool(drawn.values)
        and all(
            np.isfinite(drawn.observed[name]) and bool(np.all(values == drawn.observed[name]))
            for name, values in drawn.values.items()
        )
    )


def leaves_weights_out(statistic: Statistic, n_units: int, observed: Mapping[str, float]) -> bool:
    """Say whether a metric gives the same numbers for no unit at all, all weights 0: then it does not look at them."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            of_nothing = statistic(np.zeros((1, n_units)))
        return bool(observed) and all(float(of_nothing[name][0]) == value for name, value in observed.items())
    except Exception:  # noqa: BLE001  (a stranger's metric may refuse that in any way)
        return False


def say_how_long(metrics: Mapping[str, Weighable], resamples: int, run: Run) -> None:
    """Say beforehand about how long so many resamples of all metrics will take, if one must wait."""
    if not run.show_progress:
        return
    seconds = 0.0
    for label, metric in metrics.items():
        weights = np.ones((_TRIED, len(metric.units)))
        weights[:, :1] = 2
        start = time.perf_counter()
        promised_statistic(label, metric)(weights)
        seconds += (time.perf_counter() - start) / _TRIED * resamples
    if seconds >= _WAIT:
        remark(f"resampling: it takes about {seconds:,.0f} s; interval.resamples says how often")


def moved(label: str, metric: Weighable, statistic: Statistic, drawn: Resampled, run: Run) -> bool:
    """Say whether resamples of a metric are worth an interval; warn where they are not, or moved nothing."""
    if not unmoved(drawn):
        return True
    who = metric_called(label, metric)
    if leaves_weights_out(statistic, len(metric.units), drawn.observed):
        run.warn(f"{who} leaves the weights of its units out, so that its values have no interval")
        return False
    run.warn(
        f"{who} gives the same numbers under all {drawn.resamples} resamples, so that its intervals have no width: "
        "all units are alike, or it leaves their weights out; check_metric tells which"
    )
    return True
