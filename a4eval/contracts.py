"""What a metric, a layer, a reader and a task must offer, and what they give back.

These are protocols: a component needs no base class, only the methods.
What a component may offer beyond its kind's protocol is a small protocol of its own (``Weighable``, ``Tabular``,
``Divisible`` …): having the methods is all there is to it, and ``isinstance`` tells.
All arrays are numpy arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

# Python 3.11's own isinstance would compute the properties that it looks for
from typing_extensions import Protocol, get_protocol_members, runtime_checkable

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from a4eval.context import Run

Batch: TypeAlias = Mapping[str, Any]
"""Named arrays.  What names a batch holds is fixed by the reader's and the metric's ``batch`` attribute."""

Row: TypeAlias = dict[str, Any]
"""One row of a table: column name to number, string, bool or None."""

Chart: TypeAlias = dict[str, Any]
"""A Vega-Lite specification without data, which names the table it draws: ``{"data": {"name": TABLE}, …}``.

It holds no address and no expression: what is drawn stands in the table.
"""


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


Outcome: TypeAlias = Literal["passed", "undecided", "failed"]
"""How a question that can be answered was answered; ``undecided`` is no pass: the evidence did not suffice."""

BY_WEIGHT: tuple[Outcome, ...] = ("passed", "undecided", "failed")


def worst_outcome(outcomes: Iterable[Outcome]) -> Outcome | None:
    """Return the worst: one that failed outweighs all, one undecided outweighs those that passed; None of nothing.

    >>> worst_outcome(["passed", "undecided", "passed"])
    'undecided'
    """
    return max(outcomes, key=BY_WEIGHT.index, default=None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run says of its subject, beside its numbers.

    It is the key ``verdict`` of the record, and the run ends with exit status 3 when it failed, 4 when it is undecided;
    a sweep ends with the worst of its points.

    Args:
        outcome: passed, undecided or failed.
        reasons: a sentence for each thing that keeps it from having passed; empty when it did.
    """

    outcome: Outcome
    reasons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.outcome not in BY_WEIGHT:
            raise ValueError(f"outcome must be one of {', '.join(BY_WEIGHT)}, got {self.outcome!r}")


@dataclass(slots=True)
class Result:
    """What a task gives back.

    Args:
        metrics: named values.
        tables: lists of rows that share their columns.
        verdict: for a task that judges, such as a check; None for one that only measures.
        charts: what the tables look like.
    """

    metrics: dict[str, Value] = field(default_factory=dict)
    tables: dict[str, list[Row]] = field(default_factory=dict)
    verdict: Verdict | None = None
    charts: dict[str, Chart] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gallery:
    """Pictures with marks on them: two tables of the record, one with a row a picture, one with a row a mark.

    A picture has the columns ``picture``, what it is called; ``file``, an artifact ``….jpg`` or ``….webp``, or None
    for an empty frame; ``width`` and ``height``, the size that marks refer to.  What more it has is said beside it.
    A mark has ``picture``; its box ``x``, ``y``, ``width`` and ``height``; as may be ``outline``, polygons written as
    ``x,y x,y …;x,y …``, which is drawn in place of the box, and ``pane``: marks of each are drawn on a copy of the
    picture of their own, side by side.

    Args:
        pictures: the name of the table of pictures, which are shown in its order.
        marks: the name of the table of marks.
        layer: a column of the marks, by whose values they can be hidden.
        layers: these values, eight at most, in the order in which they are offered.
        quiet: those of them that are drawn thin and without words.
        label: the columns of the marks that stand beside them.
        filters: the columns of the marks by which they are chosen: words one by one, numbers from one up.
    """

    pictures: str
    marks: str
    layer: str
    layers: Sequence[str]
    quiet: Sequence[str] = ()
    label: Sequence[str] = ()
    filters: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ReportSection:
    """A section that a plugin puts into the page of ``a4eval report``: data, as a record has them, and no markup.

    Args:
        title: what stands above it.
        text: paragraphs, with an empty line between them.
        tables: name to rows that share their columns.
        charts: name to a chart of one of these tables.
        gallery: pictures with marks on them, of tables that the record has.
    """

    title: str
    text: str = ""
    tables: Mapping[str, list[Row]] = field(default_factory=dict)
    charts: Mapping[str, Chart] = field(default_factory=dict)
    gallery: Gallery | None = None


@runtime_checkable
class Metric(Protocol):
    """Consumes batches in one pass; holds state.  Parameters are its dataclass fields.

    It may also be :class:`Weighable`, :class:`WeighableMany`, :class:`Partitioned`, :class:`Tabular` and
    :class:`Baselined`.  Columns in which NaN has a meaning stand in its class attribute ``may_be_missing``.
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
    """A weighable metric with values of parts that only the data names, such as classes; ``compare`` tests each.

    Parts are better in the direction in which the metric's first value is.
    """

    def compute_parts(self, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return the value of each part under each row of *weights*.

        Args:
            weights: (r, n_units) float64.

        Returns:
            Name of the part to (r,) float64.
        """


@runtime_checkable
class PartsCharted(Partitioned, Protocol):
    """A partitioned metric one of whose charts shows its parts: where they have intervals, these are drawn there."""

    parts_chart: str
    """The name of that chart."""


@runtime_checkable
class Tabular(Protocol):
    """A metric with tables beside its values."""

    def tables(self) -> dict[str, list[Row]]:
        """Return its tables by name; a single one is named by the metric's label in the record."""


@runtime_checkable
class Charted(Tabular, Protocol):
    """A metric with charts of its tables."""

    def charts(self) -> dict[str, Chart]:
        """Return its charts by name, each of a table by the name that ``tables`` gives it.

        A single one is named by the metric's label in the record, several by ``label/name``.
        """


@runtime_checkable
class Illustrated(Tabular, Protocol):
    """A metric whose tables name pictures: files that it saves among the artifacts of the run."""

    def illustrate(self, run: Run) -> None:
        """Save them with ``run.artifact``; one that cannot be had is a doubt, and no error."""


@runtime_checkable
class Contrasted(Metric, Protocol):
    """A metric that shows where two sets of predictions differ; ``compare`` asks it instead of testing its values."""

    def contrast(self, other: Any, run: Run) -> dict[str, list[Row]]:
        """Return tables, by name, of what differs, and save the pictures that they name with ``run.artifact``.

        Args:
            other: the same metric, fed with the second predictions on the same units.
            run: the run.
        """


Stupid: TypeAlias = Literal["truth", "constant", "random", "reversed", "everything", "nothing"]
"""The truth itself; one score for all; scores by chance; the worst order; all there is to predict; no prediction."""


@runtime_checkable
class Baselined(Protocol):
    """A metric or reader that knows which columns of its batches are predictions, for ``check_metric``.

    The truth must then get the best value there is, and a constant may not beat chance.
    """

    def stupid_predictions(self, batch: Batch, rng: np.random.Generator) -> Mapping[Stupid, Batch]:
        """Return the batch with other predictions; a kind that makes no sense for it is left out.

        Args:
            batch: of the kind ``self.batch``; it stays as it is.
            rng: for the random ones, and for whatever breaks the ties of a constant, such as ids.
        """


@runtime_checkable
class Stateful(Protocol):
    """A metric that gives what it has taken in as data itself, since its attributes are no plain data.

    A part of a sharded evaluation sends it through a folder, where nothing but data may lie: None, numbers, strings,
    bytes, arrays, and lists, tuples, sets and mappings of these.
    """

    def state(self) -> Any:
        """Return what was taken in, as data."""

    def restore(self, state: Any) -> None:
        """Take in, as a fresh metric, what ``state`` of another one with the same parameters gave."""


@runtime_checkable
class Reader(Protocol):
    """Turns files or inline data into batches.  One that can give parts of them is :class:`Divisible`.

    One that takes an empty file for what it is has the class attribute ``may_be_empty = True``.
    """

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
    """A layer: stateless, its hyperparameters are its dataclass fields.

    ``params``, ``x`` and ``y`` are each an array, or arrays in dicts, lists and tuples, nested as the layer likes:
    several inputs, or an input with the state that goes in and an output with the state that comes out.
    A gradient is nested as what it is the gradient of; that of an integer array is None.

    These class attributes have the defaults given when absent:

    - ``linear = False``: it is linear in ``x`` but for a bias, and is checked for that.
    - ``batch_axis = 0``: along which axis of every input and output the rows of a batch lie; None if there is none.
    - ``mixes_rows = False``: a row's output depends on the other rows, as with batch normalisation.
    - ``memory_seen = True``: what it allocates is Python's and numpy's memory, so a peak can be told.
    - ``complex_step = False``: it takes complex arrays and is analytic in them.
    - ``example_by = None``: the parameter that says what ``example`` gives; to refuse that is the config's fault.
    - ``random = False``: it draws random numbers, the same in every call, but others for a batch of another size.

    It may also be :class:`Exemplified`, :class:`Referenced`, :class:`Convertible`, :class:`Varied`, :class:`Precise`
    and :class:`Derivable`.
    """

    def example(self, rng: np.random.Generator) -> Any:
        """Return a small valid input, float64 (or integers), for a check that is given no input shape."""

    def init(self, rng: np.random.Generator) -> Any:
        """Return freshly initialised parameters, float64."""

    def forward(self, params: Any, x: Any) -> tuple[Any, Any]:
        """Return ``(y, tape)``, computed in the dtype of ``x``; a ValueError refuses an input it is not made for."""

    def backward(self, params: Any, tape: Any, dy: Any) -> tuple[Any, Any]:
        """Return ``(dparams, dx)`` for the gradient ``dy`` of a scalar with respect to ``y``."""


@runtime_checkable
class Exemplified(Layer, Protocol):
    """A layer that names inputs of more than one shape, each of which is checked."""

    def examples(self, rng: np.random.Generator) -> Iterator[Any]:
        """Yield small valid inputs of different shapes."""


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
class Convertible(Layer, Protocol):
    """A layer whose parameters can be had as another framework lays them out, and be made from that.

    A layout is a mapping of names to arrays.  Every convertible layer knows ``"torch"``, through which any two meet;
    what is turned into it and back is linear in the parameters.
    """

    def to_layout(self, layout: str, params: Any) -> Mapping[str, Any]:
        """Return the parameters as *layout*, such as ``"torch"`` or ``"keras"``, has them.

        Raises:
            ValueError: there is no such layout of this layer.
        """

    def from_layout(self, layout: str, arrays: Mapping[str, Any]) -> Any:
        """Return this layer's parameters for those of *layout*; raises as ``to_layout``."""


@runtime_checkable
class Varied(Layer, Protocol):
    """A layer that can be computed in other ways, such as compiled; each must give the same but for rounding."""

    def variants(self) -> Mapping[str, Layer]:
        """Return the other ways by name; one that cannot be had raises a ValueError when it is called."""


@runtime_checkable
class Precise(Layer, Protocol):
    """A layer that computes in a precision numpy does not have."""

    def in_precision(self, dtype: str) -> Layer:
        """Return the layer that takes and gives float32, rounds to *dtype*, ``"bfloat16"``, and computes in that."""


@runtime_checkable
class Derivable(Layer, Protocol):
    """A layer whose backward pass can be differentiated again."""

    def derivative(self) -> Layer:
        """Return the layer from ``(x, dy)`` to ``(dparams, dx)``."""


@runtime_checkable
class Task(Protocol):
    """What a run does."""

    def run(self, run: Run) -> Result:
        """Do it.

        Args:
            run: seed and random generator, progress, warnings, artifacts.
        """


KINDS: dict[str, type[Any]] = {"layer": Layer, "metric": Metric, "reader": Reader, "task": Task}
"""What a component of each kind of the core must offer, executors apart: their protocol stands beside them."""


def lacking(protocol: Any, component: object) -> list[str]:
    """Return what a component lacks of a protocol, in the order of the alphabet; [] where it has all.

    >>> lacking(Layer, Interval(0.95, 0, 1, "exact"))
    ['backward', 'example', 'forward', 'init']
    """
    made: Any = type(component)  # what a class has, which is asked once, is not computed: names may be a property
    return [one for one in _lacking_of_class(protocol, made) if not hasattr(component, one)]


@cache
def _lacking_of_class(protocol: Any, made: Any) -> tuple[str, ...]:
    return tuple(one for one in sorted(get_protocol_members(protocol)) if not hasattr(made, one))
