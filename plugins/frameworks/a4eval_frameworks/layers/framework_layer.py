"""What the layers of all frameworks share: their parameters, and how one is held, called and varied."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from a4eval import check_ranges, param
from a4eval_frameworks.inputs import check_axis, check_spec, draw
from a4eval_frameworks.trees import leaves, mapped

if TYPE_CHECKING:
    from collections.abc import Callable

    from a4eval_frameworks.engines.contract import Engine
    from a4eval_frameworks.trees import Array, Function, Params


@dataclass(kw_only=True)
class FrameworkLayer:
    """A layer of a framework: its parameters by name, its gradients by the framework's own differentiation.

    ``input`` is a shape such as ``[2, 3]``, a list of such for several arguments, or a mapping for keyword arguments;
    a place for integers is ``{shape: [2, 3], integers: 10}``, one for a mask ``{shape: [2, 3], boolean: true}``.
    """

    memory_seen: ClassVar[bool] = False
    """A framework allocates beside Python's memory."""
    example_by: ClassVar[str] = "input"
    """The parameter that says what the example is."""

    layer: str = param(help="a layer's name, or package.module:Name of your own, with --allow-import package")
    arguments: dict[str, Any] | list[Any] = param(
        {}, help="what it is made with, by name or in order; a layer in it is {layer: …, arguments: …}"
    )
    input: Any = param(help="shape of the input, or of several; see the docs")
    parameters: dict[str, Any] = param(
        {}, help="shapes by name, for a function: it then takes a mapping of these arrays first"
    )
    training: bool = param(default=False, help="as in training: dropout drops, batch norm takes the batch's statistics")
    mode: Literal["auto", "eager", "compiled"] = param(
        "auto", help="how it is computed; auto is eager, and on jax compiled"
    )
    axes: list[int] | None = param(
        None, help="the order in which the layer itself takes the axes of its input, as [0, 2, 3, 1] for channels last"
    )
    output: int | str | None = param(None, help="which of several outputs is taken; all when null")
    batch_axis: int | None = param(
        0, help="along which axis of every input and output the rows lie; null if none", minimum=0
    )

    def __post_init__(self) -> None:
        check_spec(self.input)
        if self.axes is not None and sorted(self.axes) != list(range(len(self.axes))):
            raise ValueError(f"axes: got {self.axes}, expected an order of 0 to {len(self.axes) - 1}")
        check_ranges(self)
        if self.batch_axis is not None:
            check_axis(self.input, self.batch_axis)
        for name, spec in self.parameters.items():
            check_spec(spec, f"parameters.{name}")
        self._narrow = False
        self._prepare()
        self._function: Function = self._made_function()
        if self._is_compiled:
            self._function = self.engine.compiled(self._function)
        if self.output is not None or self.batch_axis:
            self._check_outputs()

    @property
    def _is_compiled(self) -> bool:
        return self.engine.compiles if self.mode == "auto" else self.mode == "compiled"

    @property
    @abstractmethod
    def engine(self) -> Engine:
        """The framework's tensors and differentiation."""

    @abstractmethod
    def _prepare(self) -> None:
        """Find what the config names."""

    @abstractmethod
    def _native_function(self) -> Function:
        """Return the layer as a function of its parameters and the input as it takes it itself."""

    def _made_function(self) -> Function:
        """Return the layer as a function of its parameters and its input."""
        return self._outside(self._native_function())

    def _outside(self, function: Function) -> Function:
        """Return the function with the axes as they are given, and the output that is wanted."""
        axes, chosen = self.axes, self.output
        if axes is None and chosen is None:
            return function
        back = None if axes is None else [axes.index(axis) for axis in range(len(axes))]

        def turned(order: list[int] | None) -> Callable[[Any], Any]:
            transposed = self.engine.transposed
            return lambda one: one if order is None or one.ndim != len(order) else transposed(one, order)

        def call(params: dict[str, Any], x: Any) -> Any:
            y = function(params, mapped(x, turned(axes)))
            return mapped(y if chosen is None else one_of(y, chosen), turned(back))

        return call

    def _check_outputs(self) -> None:
        """Make sure, for what the config says of the outputs, that they are so."""
        function, given, rng = self._native_function(), list[Any](), np.random.default_rng(0)

        def seen(params: dict[str, Any], x: Any) -> Any:
            given.append(function(params, x))
            return given[0]

        other = self._varied(seen)
        with suppress(ValueError):  # an input that is refused is told of by what checks the layer
            other.forward(self.init(rng), self._inner_example(rng))
        if not given:
            return
        y = given[0] if self.output is None else one_of(given[0], self.output)
        axis = self.batch_axis
        for one in leaves(y):
            if axis and len(getattr(one, "shape", ())) <= axis:
                raise ValueError(
                    f"batch_axis: got {axis}, expected an axis of every output too: one has shape {tuple(one.shape)}; "
                    "null where there are no rows"
                )

    def _inner_example(self, rng: np.random.Generator) -> Any:
        """Return an example as the layer itself takes it."""
        axes = self.axes
        x = self.example(rng)
        return mapped(x, lambda one: one.transpose(axes) if axes and one.ndim == len(axes) else one)

    @abstractmethod
    def init(self, rng: np.random.Generator) -> Params:
        """Return freshly initialised parameters, float64, as the framework initialises them."""

    @property
    def _options(self) -> dict[str, Any]:
        """What it is made with, by name."""
        return self.arguments if isinstance(self.arguments, dict) else {}

    def example(self, rng: np.random.Generator) -> Any:
        """Return an input of the shape that the config gives."""
        return draw(self.input, rng)

    def forward(self, params: Mapping[str, Array], x: Any) -> tuple[Any, Any]:
        """Return ``(y, tape)``; a ValueError where the framework refuses."""
        return self.engine.forward(self._function, dict(params), x, narrow=self._narrow)

    def backward(self, params: Mapping[str, Array], tape: Any, dy: Any) -> tuple[Params, Any]:
        """Return ``(dparams, dx)``."""
        del params  # they are on the tape
        return self.engine.backward(tape, dy)

    def variants(self) -> dict[str, Any]:
        """Return the layer compiled, or eager if it is compiled, and mapped over its rows one by one."""
        found, function = {}, self._made_function()
        if self._is_compiled:
            found["eager"] = self._varied(function)
        elif not self.random:
            found["compiled"] = self._varied(self.engine.compiled(function))
        if self.batch_axis is not None and not self.mixes_rows and not self.random:
            found["vmap"] = self._varied(self.engine.mapped_rows(function, self.batch_axis))
        return found

    def in_precision(self, dtype: str) -> FrameworkLayer:
        """Return the layer that computes in bfloat16."""
        if dtype != "bfloat16":
            raise ValueError(f"got precision {dtype!r}, expected bfloat16")
        narrow = copy(self)
        narrow._narrow = True  # noqa: SLF001  (of the same class)
        return narrow

    def derivative(self) -> FrameworkLayer:
        """Return the layer from ``(x, dy)`` to ``(dparams, dx)``."""
        function = self.engine.differentiated(self._made_function())
        return self._varied(self.engine.compiled(function) if self.engine.compiles else function)

    @property
    def mixes_rows(self) -> bool:
        """Says whether rows depend on each other, as with batch norm in training."""
        return False

    @property
    def random(self) -> bool:
        """Says whether it draws random numbers."""
        return False

    def _varied(self, function: Function) -> FrameworkLayer:
        other = copy(self)
        other._function = function  # noqa: SLF001  (of the same class)
        return other

    def _drawn_parameters(self, rng: np.random.Generator) -> Params:
        """Return the arrays of ``parameters``, so small that a sum over all but the first axis keeps its size."""
        found = {}
        for name, spec in self.parameters.items():
            array = draw(spec, rng)
            found[name] = array / np.sqrt(max(1.0, array.size / array.shape[0])) if array.dtype.kind == "f" else array
        return found

    def __deepcopy__(self, memo: dict[int, Any]) -> FrameworkLayer:
        """Make it anew: what it has learnt, cached or compiled stays behind."""
        fresh = replace(self)
        fresh._narrow = self._narrow  # noqa: SLF001  (of the same class)
        return fresh


def positional(x: Any) -> tuple[list[Any], dict[str, Any]]:
    """Return an input as positional and keyword arguments: a tuple is several, a mapping names them."""
    if isinstance(x, dict):
        return [], x
    return (list(x), {}) if isinstance(x, tuple) else ([x], {})


def one_of(y: Any, output: int | str) -> Any:
    """Return one of several outputs, by its place or name.

    Raises:
        ValueError: there is no such output.

    >>> one_of((3, 4), 1)
    4
    >>> one_of({"y": 3}, "z")
    Traceback (most recent call last):
    ...
    ValueError: output: got 'z', expected one of y
    """
    if hasattr(y, "dtype"):  # rows of an array are no outputs
        raise ValueError(f"output: got {output!r}, but the layer has one output; leave it out")
    try:
        return y[output]
    except (LookupError, TypeError):
        named = isinstance(y, Mapping)
        known = f"one of {', '.join(map(str, y))}" if named else f"a number from 0 to {len(y) - 1}"
        raise ValueError(f"output: got {output!r}, expected {known}") from None


def check_function(thing: Any, name: str, module: str) -> None:
    """Raise a ValueError for what is no *module* and no function either."""
    if isinstance(thing, type):
        raise ValueError(f"layer: {name} is a class that is no {module}")  # noqa: TRY004  (as all that is wrong with a config)
    if not callable(thing):
        raise ValueError(f"layer: {name} is a {type(thing).__name__}, expected a {module} or a function")  # noqa: TRY004  (as above)


def check_real(dtypes: Mapping[str, str]) -> None:
    """Raise a ValueError for the first parameter that is not real: it would lose its imaginary part."""
    for name, dtype in dtypes.items():
        if "complex" in dtype:
            raise ValueError(f"layer: its parameter {name} holds {dtype.removeprefix('torch.')}, expected real numbers")
