"""The component ``keras``: a layer of ``keras.layers``, or of yours."""

from __future__ import annotations

import inspect
import os
import re
import sys
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from a4eval import param, require
from a4eval_frameworks.engines.contract import first_line, refusal
from a4eval_frameworks.engines.jax_engine import JaxEngine
from a4eval_frameworks.engines.torch_engine import TorchEngine
from a4eval_frameworks.engines.torch_hooks import hooks_of
from a4eval_frameworks.layers.framework_layer import FrameworkLayer, check_real, positional
from a4eval_frameworks.naming import Home, arguments_of, find
from a4eval_frameworks.trees import leaves, mapped
from a4eval_frameworks.weights.translation import check_layout, from_torch, to_torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from a4eval_frameworks.trees import Array, Function, Params

_REQUIREMENT = "a4eval-frameworks[keras]"
_ENGINES = {"torch": TorchEngine, "jax": JaxEngine}
_BROUGHT = "jax"
"""The backend that the extra installs beside Keras, which is nothing without one."""
_RUNS_WHAT_IT_IS_TOLD = {"Lambda", "TFSMLayer"}
"""Layers that run code, or a file's, that is named by their arguments."""


def _is_layer(thing: Any) -> bool:
    keras = require("keras", _REQUIREMENT)
    return isinstance(thing, type) and issubclass(thing, keras.Layer) and thing.__name__ not in _RUNS_WHAT_IT_IS_TOLD


HOMES = {"": Home("keras.layers", _REQUIREMENT, _is_layer)}


@dataclass(kw_only=True)
class KerasLayer(FrameworkLayer):
    """A class of ``keras.layers``, or a layer class of yours, on Keras' backend torch or jax."""

    backend: Literal["auto", "torch", "jax"] = param(
        "auto", help="what Keras computes with; a process has one, auto is KERAS_BACKEND or what is installed"
    )

    def _prepare(self) -> None:
        self._engine: Any = _ENGINES[_chosen(self.backend)]()
        self._named = find(self.layer, HOMES)
        if not _is_layer(self._named):
            raise ValueError(f"layer: {self.layer} is no keras layer class")
        self._made: dict[str, Any] = {}
        first = self._in_dtype("float64")
        self._takes_training = "training" in inspect.signature(first.call).parameters
        self._names = _names(first)
        weights = dict(zip(self._names, first.trainable_variables, strict=True))
        check_real({name: str(one.dtype) for name, one in weights.items()})
        if isinstance(self._engine, TorchEngine):
            self._engine = TorchEngine(hooks=hooks_of({name: one.value for name, one in weights.items()}))

    @property
    def engine(self) -> Any:
        """The backend's tensors and differentiation."""
        return self._engine

    def init(self, rng: np.random.Generator) -> Params:
        """Return the weights of a layer made anew."""
        made = self._built("float64", int(rng.integers(2**31)))
        with self._engine.precision(np.float64(0)):
            values = [np.array(self._engine.array(one.value), np.float64) for one in made.trainable_variables]
        return dict(zip(self._names, values, strict=True))

    def to_layout(self, layout: str, params: Mapping[str, Array]) -> dict[str, Array]:
        """Return the parameters in the layout ``torch``; a ValueError where it is not known how."""
        check_layout(layout)
        return to_torch("keras", self._named.__name__, params, self._options)

    def from_layout(self, layout: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
        """Return the parameters for those in the layout ``torch``."""
        check_layout(layout)
        return from_torch("keras", self._named.__name__, self._names, arrays, self._options)

    @property
    def mixes_rows(self) -> bool:
        """Says whether there is a batch norm that takes the batch's statistics."""
        kind = _keras().layers.BatchNormalization
        return self.training and any(isinstance(one, kind) for one in self._parts())

    @property
    def random(self) -> bool:
        """Says whether, in training, there is a generator of random numbers in it."""
        names = [one.path for one in self._in_dtype("float64").non_trainable_variables]
        return self.training and any("seed_generator" in name for name in names)

    def _parts(self) -> list[Any]:
        return list(self._in_dtype("float64")._flatten_layers())  # noqa: SLF001  (no public way to walk a layer)

    def forward(self, params: Mapping[str, Array], x: Any) -> tuple[Any, Any]:
        """Return ``(y, tape)``; a ValueError where the framework refuses."""
        # made here: within what jax traces, the statistics of batch norm would be made of tracers, and stay so
        self._in_dtype("bfloat16" if self._narrow else _dtype_of(params, x))
        return super().forward(params, x)

    def _native_function(self) -> Function:
        def call(params: dict[str, Any], x: Any) -> Any:
            args, keywords = positional(x)
            dtype = _dtype_of(params, x)
            layer = self._in_dtype(dtype)
            if self._takes_training:
                keywords = {**keywords, "training": self.training}
            values = [(one, params[name]) for one, name in zip(layer.trainable_variables, self._names, strict=True)]
            # not stateless_call, which leaves out the layer's own casts; some operations ask what a float is
            seeded = self._engine.seeded(0) if self.training else nullcontext()
            with seeded, _policy(dtype), _keras().StatelessScope(state_mapping=values):
                return layer(*args, **keywords)

        return call

    def _in_dtype(self, dtype: str) -> Any:
        """Return the layer made for computing in *dtype*."""
        if dtype not in self._made:
            self._made[dtype] = self._built(dtype, 0)
        return self._made[dtype]

    def _built(self, dtype: str, seed: int) -> Any:
        keras, wide = _keras(), dtype == "float64"
        keras.utils.set_random_seed(seed)
        with self._engine.precision(np.float64(0) if wide else np.float32(0)), _policy(dtype):
            layer = self._make(self.layer, self.arguments, "arguments")
            x = self._inner_example(np.random.default_rng(seed))
            args, keywords = positional(
                mapped(x, lambda one: keras.ops.convert_to_tensor(one, dtype if one.dtype.kind == "f" else None))
            )
            try:
                layer(*args, **keywords)  # which builds its weights
            except Exception as error:
                raise ValueError(f"the layer refuses its input {self.input}: {refusal(error, 'keras')}") from error
        return layer

    def _make(self, name: str, arguments: Any, path: str) -> Any:
        ordered, named = arguments_of(arguments, self._make, path)
        try:
            return find(name, HOMES, path)(*ordered, **named)
        except (TypeError, ValueError, AssertionError) as error:
            raise ValueError(f"{path}: {name} cannot be made with them: {first_line(error)}") from error


def _dtype_of(params: Mapping[str, Any], x: Any) -> str:
    """Return in which floats it is computed."""
    dtypes = (str(one.dtype).removeprefix("torch.") for one in [*params.values(), *leaves(x)])
    return next((one for one in dtypes if "float" in one), "float32")


def _names(layer: Any) -> list[str]:
    """Return the weights' names without the numbers that Keras counts its layers with, and without its own."""
    prefix, found = f"{layer.name}/", dict[str, int]()
    names = []
    for one in layer.trainable_variables:
        name = ".".join(re.sub(r"_\d+$", "", part) for part in one.path.removeprefix(prefix).split("/"))
        found[name] = found.get(name, 0) + 1
        names.append(name if found[name] == 1 else f"{name}.{found[name] - 1}")
    return names


def _keras() -> Any:
    return require("keras", _REQUIREMENT)


def _installed() -> str:
    """Return the first backend that is installed; the one that the extra brings where none is."""
    return next((name for name in _ENGINES if find_spec(name)), _BROUGHT)


def _chosen(backend: str) -> str:
    """Return Keras' backend, set before Keras is imported for the first time.

    Raises:
        ValueError: there is no such backend, or Keras runs on another one already.
        MissingExtraError: Keras, or the backend, is not installed.
    """
    if "keras" not in sys.modules and find_spec("keras"):
        wanted = backend if backend != "auto" else os.environ.get("KERAS_BACKEND") or _installed()
        if wanted not in _ENGINES:
            raise ValueError(f"backend: KERAS_BACKEND is {wanted!r}, expected torch or jax")
        require(wanted, _REQUIREMENT if wanted == _BROUGHT else f"a4eval-frameworks[{wanted}]")
        os.environ["KERAS_BACKEND"] = wanted  # else Keras asks for TensorFlow
    now = str(_keras().config.backend())
    if now not in _ENGINES:
        raise ValueError(f"backend: Keras runs on {now!r} here, expected torch or jax; set KERAS_BACKEND")
    if backend not in ("auto", now):
        raise ValueError(
            f"backend: Keras runs on {now!r} in this process already; run {backend!r} in one of its own, "
            "as KERAS_BACKEND says"
        )
    return now


@contextmanager
def _policy(dtype: str) -> Iterator[None]:
    """Within this context whatever Keras makes computes in *dtype*; weights are drawn in no less than float32.

    Without it several of Keras' operations, matmul among them, turn float64 into float32 on torch and jax.
    """
    config = _keras().config
    before, floats = config.dtype_policy(), config.floatx()
    config.set_floatx("float64" if dtype == "float64" else "float32")
    config.set_dtype_policy(f"mixed_{dtype}" if dtype in {"float16", "bfloat16"} else dtype)
    promotion: dict[str, str] = getattr(sys.modules["keras.src.backend.common.dtypes"], "BIT64_TO_BIT32_DTYPE", {})
    narrowed = dict(promotion)
    if dtype == "float64":
        promotion.pop("float64", None)
    try:
        yield
    finally:
        promotion.update(narrowed)
        config.set_dtype_policy(before)
        config.set_floatx(floats)
