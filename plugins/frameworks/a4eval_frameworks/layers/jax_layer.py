"""The component ``jax``: a module of ``flax.nnx``, a function of jax, or yours."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import require
from a4eval_frameworks.engines.contract import first_line
from a4eval_frameworks.engines.jax_engine import JaxEngine
from a4eval_frameworks.layers.framework_layer import FrameworkLayer, check_function, check_real, positional
from a4eval_frameworks.naming import Home, arguments_of, find
from a4eval_frameworks.weights.translation import check_layout, from_torch, to_torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from a4eval_frameworks.trees import Array, Function, Params

_REQUIREMENT = "a4eval-frameworks[jax]"
_SEED = 0


def _is_module(thing: Any) -> bool:
    if not isinstance(thing, type):
        return False
    return issubclass(thing, require("flax.nnx", _REQUIREMENT).Module)


def _is_function(thing: Any) -> bool:
    return callable(thing) and not isinstance(thing, type)


HOMES = {
    "": Home("flax.nnx", _REQUIREMENT, _is_module),
    "jax.nn": Home("jax.nn", _REQUIREMENT, _is_function),
    "jax.numpy": Home("jax.numpy", _REQUIREMENT, _is_function),
    "jax.lax": Home("jax.lax", _REQUIREMENT, _is_function),
    "jax.scipy.special": Home("jax.scipy.special", _REQUIREMENT, _is_function),
}


@dataclass(kw_only=True)
class JaxLayer(FrameworkLayer):
    """A class of ``flax.nnx``, a function such as ``jax.nn.gelu``, or a class or function of yours.

    A ``custom_vjp`` in it is what is differentiated with.  ``compiled`` is ``jax.jit``.
    """

    def _prepare(self) -> None:
        self._engine = JaxEngine()
        self._named = find(self.layer, HOMES)
        if _is_module(self._named):
            self._graph, params, self._rest = self._split(_SEED)
            check_real({".".join(map(str, path)): str(one.dtype) for path, one in _flat(params)})
        else:
            check_function(self._named, self.layer, "flax.nnx.Module")

    @property
    def engine(self) -> JaxEngine:
        """Jax."""
        return self._engine

    def init(self, rng: np.random.Generator) -> Params:
        """Return the parameters of a module made anew, or those that ``parameters`` describes."""
        if not _is_module(self._named):
            return self._drawn_parameters(rng)
        _, params, _ = self._split(int(rng.integers(2**31)))
        return {".".join(map(str, path)): np.asarray(one, np.float64) for path, one in _flat(params)}

    def to_layout(self, layout: str, params: Mapping[str, Array]) -> dict[str, Array]:
        """Return the parameters in the layout ``torch``; a ValueError where it is not known how."""
        check_layout(layout)
        return to_torch("flax", self._named.__name__, params, self._options)

    def from_layout(self, layout: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
        """Return the parameters for those in the layout ``torch``."""
        check_layout(layout)
        return from_torch(
            "flax", self._named.__name__, list(self.init(np.random.default_rng(0))), arrays, self._options
        )

    @property
    def mixes_rows(self) -> bool:
        """Says whether there is a batch norm that takes the batch's statistics."""
        if not (self.training and _is_module(self._named)):
            return False
        nnx = require("flax.nnx", _REQUIREMENT)
        return any(issubclass(one.type, nnx.BatchStat) for _, one in _flat(self._rest))

    @property
    def random(self) -> bool:
        """Says whether, in training, there is a stream of random numbers in it."""
        if not (self.training and _is_module(self._named)):
            return False
        nnx = require("flax.nnx", _REQUIREMENT)
        return any(issubclass(one.type, nnx.RngState) for _, one in _flat(self._rest))

    def _native_function(self) -> Function:
        if not _is_module(self._named):
            ordered, named = arguments_of(self.arguments, self._make)

            def function(params: dict[str, Any], x: Any) -> Any:
                args, keywords = positional(x)
                first = [params] if self.parameters else []
                return self._named(*first, *args, *ordered, **keywords, **named)

            return function
        nnx = require("flax.nnx", _REQUIREMENT)
        paths = [path for path, _ in _flat(self._split(_SEED)[1])]

        def call(params: dict[str, Any], x: Any) -> Any:
            args, keywords = positional(x)
            dtype = next((one.dtype for one in params.values()), None)
            given = nnx.from_flat_state({path: nnx.Param(params[".".join(map(str, path))]) for path in paths})
            module = nnx.merge(self._graph, given, _in_dtype(self._rest, dtype))
            for _, cell in nnx.iter_graph(module):
                # its first state is float32 whatever its weights are; one that names a dtype computes in that
                if isinstance(cell, nnx.RNNCellBase) and cell.dtype is None and dtype is not None:
                    cell.param_dtype = dtype
                # it keeps the precision that its weights were drawn in, whatever they are now
                elif isinstance(cell, nnx.Embed) and cell.dtype == cell.param_dtype and dtype is not None:
                    cell.dtype = dtype
            return module(*args, **keywords)

        return call

    def _split(self, seed: int) -> Any:
        """Return the graph, the parameters and all else of a module made anew."""
        nnx = require("flax.nnx", _REQUIREMENT)
        module = self._make(self.layer, self.arguments, "arguments", nnx.Rngs(seed))
        if self.training:
            module.train()
        else:
            module.eval()
        return nnx.split(module, nnx.Param, ...)

    def _make(self, name: str, arguments: Any, path: str, rngs: Any = None) -> Any:
        nnx = require("flax.nnx", _REQUIREMENT)
        rngs = rngs or nnx.Rngs(_SEED)
        ordered, named = arguments_of(arguments, partial(self._make, rngs=rngs), path)
        thing = find(name, HOMES, path)
        if "rngs" in inspect.signature(thing.__init__).parameters:
            named.setdefault("rngs", rngs)
        try:
            return thing(*ordered, **named)
        except (TypeError, ValueError, AssertionError) as error:
            raise ValueError(f"{path}: {name} cannot be made with them: {first_line(error)}") from error


def _flat(state: Any) -> list[tuple[tuple[Any, ...], Any]]:
    return list(require("flax.nnx", _REQUIREMENT).to_flat_state(state))


def _in_dtype(state: Any, dtype: Any) -> Any:
    """Return the state with its real numbers, such as running statistics, in the precision of the parameters."""
    jax = require("jax", _REQUIREMENT)

    def change(one: Any) -> Any:
        return one.astype(dtype) if dtype is not None and jax.numpy.issubdtype(one.dtype, jax.numpy.floating) else one

    return jax.tree.map(change, state)
