"""What a metric, a layer, a reader and a task must offer, and what they give back.

These are protocols: a component needs no base class, only the methods.
What a component may offer beyond its kind's protocol is a small protocol of its own (``Weighable``, ``Tabular``,
``Divisible`` …): having the methods is all there is to it, and ``isinstance`` tells.
All arrays are numpy arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

# Python 3.11's own isinstance would compute the properties that it looks for
from typing_extensions import Protocol, runtime_checkable

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from a4eval.context import Run

Batch: TypeAlias = Mapping[str, Any]
"""Named arrays.  What names a batch holds is fixed by the reader's and the metric's ``batch`` attribute."""

Row: TypeAlias = dict[str, Any]
"""One row of a table: column name to number, string, bool or None."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval: ``low`` ≤ the truth ≤ ``high`` in a fraction ``level`` of repetitions."""

    level: float
    low: float
    high: float
    method: str


@dataclass(frozen=True, slots=True)
class Value:
    """One number of a record.

    Args:
        value: the number; NaN where it is undefined, never a stand-in such as −1.
        unit: ``"1"`` for a pure number or fraction, else ``"pixels"``, ``"seconds"``, …
        higher_is_better: None where neither direction is better.
        n: over how many units it was taken.
        interval: its confidence interval, where one was asked for.
    """

    value: float
    unit: str = "1"
    higher_is_better: bool | None = None
    n: int | None = None
    interval: Interval | None = None


@dataclass(slots=True)
class Result:
    """What a task gives back: named values, and tables as lists of rows that share their columns."""

    metrics: dict[str, Value] = field(default_factory=dict)
    tables: dict[str, list[Row]] = field(default_factory=dict)


@runtime_checkable
class Metric(Protocol):
    """Consumes batches in one pass; holds state.  Parameters are its dataclass fields.

    It may also be :class:`Weighable`, :class:`WeighableMany`, :class:`Partitioned` and :class:`Tabular`.
    ``dataclasses.replace(metric)`` must give a fresh one without state, so state lives in ``init=False`` fields
    with a ``default_factory``, or is set in ``__post_init__``.
    """

    batch: ClassVar[str]
    """The name of the batches it takes, such as ``"ranking"`` or ``"detection"``."""

    @property
    def names(self) -> Sequence[str]:
        """The names of the values ``compute`` returns, known from the parameters alone."""

    def update(self, batch: Batch) -> None:
        """Take in one batch."""

    def merge(self, other: Any) -> None:
        """Take in the state of another one with the same parameters: shards merged are exactly the whole."""

    def compute(self, weights: NDArray[np.float64] | None = None) -> dict[str, Value]:
        """Return the values.

        Args:
            weights: (n_units,) float64, how often each unit counts; None for once each.
        """


@runtime_checkable
class Weighable(Metric, Protocol):
    """A metric whose units can be weighed, and so resampled: it can have intervals and be compared."""

    @property
    def units(self) -> Sequence[Any] | NDArray[Any]:
        """The (n_units,) ids of the units taken in, in the order that the weights of ``compute`` refer to."""


@runtime_checkable
class WeighableMany(Weighable, Protocol):
    """A weighable metric with a faster way to weigh its units many times."""

    def compute_many(self, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return the values under each row of *weights*, just as ``compute`` gives them one by one.

        Args:
            weights: (r, n_units) float64.

        Returns:
            Name to (r,) float64.
        """


@runtime_checkable
class Partitioned(Weighable, Protocol):
    """A weighable metric with values of parts that only the data names, such as classes; ``compare`` tests each."""

    def compute_parts(self, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return the value of each part under each row of *weights*.

        Args:
            weights: (r, n_units) float64.

        Returns:
            Name of the part to (r,) float64.
        """


@runtime_checkable
class Tabular(Protocol):
    """A metric with tables beside its values."""

    def tables(self) -> dict[str, list[Row]]:
        """Return its tables by name; a single one is named by the metric's label in the record."""


@runtime_checkable
class Reader(Protocol):
    """Turns files or inline data into batches.  One that can give parts of them is :class:`Divisible`."""

    batch: ClassVar[str]
    """The name of the batches it gives."""

    def sources(self) -> Sequence[Path]:
        """The files it reads, for the record's ``data``; empty for inline data."""

    def batches(self, run: Run) -> Iterator[Batch]:
        """Yield the batches; doubts about the data go to ``run.warn``, errors are :class:`a4eval.DataError`."""


@runtime_checkable
class Divisible(Reader, Protocol):
    """A reader whose units can be dealt out; ``evaluate`` with ``shards`` needs it."""

    def part(self, index: int, count: int) -> Reader:
        """Return a reader of part *index* (from 0) of *count* disjoint parts that together are the whole, in order."""


@runtime_checkable
class Layer(Protocol):
    """A layer: stateless, its hyperparameters are its dataclass fields.  One with a :class:`Referenced` twin says so.

    Three class attributes have these defaults when absent: ``linear = False`` (it is linear in ``x`` but for a bias:
    gets the adjoint test), ``batch_axis = 0`` and ``complex_step = False`` (it takes complex arrays).
    """

    def example(self, rng: np.random.Generator) -> NDArray[np.floating[Any]]:
        """Return a small valid input, float64, for a check that is given no input shape."""

    def init(self, rng: np.random.Generator) -> dict[str, NDArray[np.floating[Any]]]:
        """Return freshly initialised parameters, float64."""

    def forward(self, params: Mapping[str, Any], x: Any) -> tuple[Any, Any]:
        """Return ``(y, tape)``, computed in the dtype of ``x``."""

    def backward(self, params: Mapping[str, Any], tape: Any, dy: Any) -> tuple[dict[str, Any], Any]:
        """Return ``(dparams, dx)`` for the gradient ``dy`` of a scalar with respect to ``y``."""


@runtime_checkable
class Referenced(Layer, Protocol):
    """A layer that another framework computes as well."""

    def reference(self, framework: str, params: Mapping[str, Any], x: Any, dy: Any) -> tuple[Any, dict[str, Any], Any]:
        """Return ``(y, dparams, dx)`` as *framework*, such as ``"torch"``, computes them.

        Raises:
            ValueError: that framework has no such layer.
            MissingExtraError: it is not installed.
        """


@runtime_checkable
class Task(Protocol):
    """What a run does."""

    def run(self, run: Run) -> Result:
        """Do it.

        Args:
            run: seed and random generator, progress, warnings, artifacts.
        """
