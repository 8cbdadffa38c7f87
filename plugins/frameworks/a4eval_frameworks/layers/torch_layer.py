"""The component ``torch``: a module of ``torch.nn``, or of yours."""

from __future__ import annotations

import io
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import param, require
from a4eval_frameworks.engines.contract import first_line
from a4eval_frameworks.engines.torch_engine import TorchEngine
from a4eval_frameworks.engines.torch_hooks import hooks_of
from a4eval_frameworks.layers.framework_layer import FrameworkLayer, check_function, check_real, positional
from a4eval_frameworks.naming import Home, arguments_of, find
from a4eval_frameworks.trees import leaves
from a4eval_frameworks.weights.translation import check_layout

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from a4eval_frameworks.trees import Array, Function, Params

_REQUIREMENT = "a4eval-frameworks[torch]"
_SEED = 0


def _is_module(thing: Any) -> bool:
    torch = require("torch", _REQUIREMENT)
    return isinstance(thing, type) and issubclass(thing, torch.nn.Module)


def _is_function(thing: Any) -> bool:
    return callable(thing) and not isinstance(thing, type)


HOMES = {
    "": Home("torch.nn", _REQUIREMENT, _is_module),
    "functional": Home("torch.nn.functional", _REQUIREMENT, _is_function),
    "packed": Home("a4eval_frameworks.layers.packed", _REQUIREMENT, _is_module),
}


@dataclass(kw_only=True)
class TorchLayer(FrameworkLayer):
    """A class of ``torch.nn``, a ``functional.name``, or a module class or function of yours.

    ``packed.LSTM``, ``packed.GRU`` and ``packed.RNN`` take rows of different lengths, as packed sequences.

    A custom ``autograd.Function`` in it is what is differentiated with.  ``compiled`` is ``torch.compile``.
    """

    device: str = param("cpu", help="where it is computed: cpu, cuda, mps; what comes back are numpy arrays")
    compiler: str = param("aot_eager", help="backend of torch.compile; inductor needs a C++ compiler and a minute")

    def _prepare(self) -> None:
        self._engine = TorchEngine(self.device, self.compiler)
        torch = self._engine.torch
        self._named = find(self.layer, HOMES)
        if not _is_module(self._named):
            check_function(self._named, self.layer, "torch.nn.Module")
        if not _computes(torch, self.device):
            here = ", ".join(one for one in ("cpu", "cuda", "mps") if _computes(torch, one))
            raise ValueError(f"device: torch has no {self.device!r} here; it has {here}")
        self._modules: dict[int, Any] = {}
        self._buffers: dict[Any, dict[str, Any]] = {}
        if _is_module(self._named):
            self._module = self._built(_SEED)
            params = dict(self._module.named_parameters())
            check_real({name: str(one.dtype) for name, one in params.items()})
            self._engine = TorchEngine(self.device, self.compiler, hooks_of(params))

    @property
    def engine(self) -> TorchEngine:
        """Torch."""
        return self._engine

    def init(self, rng: np.random.Generator) -> Params:
        """Return the parameters of a module made anew, or those that ``parameters`` describes."""
        if not _is_module(self._named):
            return self._drawn_parameters(rng)
        module = self._built(int(rng.integers(2**31)))
        return {name: one.detach().cpu().double().numpy().copy() for name, one in module.named_parameters()}

    def to_layout(self, layout: str, params: Mapping[str, Array]) -> dict[str, Array]:
        """Return the parameters in the layout ``torch``, which they are in."""
        check_layout(layout)
        return dict(params)

    def from_layout(self, layout: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
        """Return the parameters for those in the layout ``torch``."""
        return self.to_layout(layout, arrays)

    def variants(self) -> dict[str, Any]:
        """Return the layer compiled, mapped over its rows, with channels last, and saved and loaded."""
        found = super().variants()
        if any(np.ndim(one) in (4, 5) for one in leaves(self.example(np.random.default_rng(0)))):
            found["channels_last"] = self._varied(self.engine.channels_last(self._made_function()))
        if _is_module(self._named) and not self.random:
            found["state_dict"] = self._varied(self._outside(self._reloaded()))
        return found

    @property
    def mixes_rows(self) -> bool:
        """Says whether there is a batch norm that takes the batch's statistics."""
        if not _is_module(self._named):
            return False
        kind = self.engine.torch.nn.modules.batchnorm._BatchNorm  # noqa: SLF001  (their base class has no public name)
        norms = [one for one in self._module.modules() if isinstance(one, kind)]
        return any(one.training or one.running_mean is None for one in norms)

    @property
    def random(self) -> bool:
        """Says whether, in training, another seed gives another output."""
        if not (self.training and _is_module(self._named)):
            return False
        params = self.init(np.random.default_rng(0))
        x = self.example(np.random.default_rng(0))
        first, second = (self._seeded(seed).forward(params, x)[0] for seed in (_SEED, _SEED + 1))
        return any(not np.array_equal(a, b) for a, b in zip(leaves(first), leaves(second), strict=True))

    def _seeded(self, seed: int) -> FrameworkLayer:
        return self._varied(self._outside(self._native_function(seed)))

    def _native_function(self, seed: int = _SEED) -> Function:
        if not _is_module(self._named):
            ordered, named = arguments_of(self.arguments, self._make)

            def function(params: dict[str, Any], x: Any) -> Any:
                args, keywords = positional(x)
                first = [params] if self.parameters else []
                return self._named(*first, *args, *ordered, **keywords, **named)

            return function
        return self._calling(self._module, seed)

    def _calling(self, module: Any, seed: int = _SEED) -> Function:
        torch, training = self.engine.torch, self.training
        places, rigid = _places(module), training or any(True for _ in module.buffers())

        def call(params: dict[str, Any], x: Any) -> Any:
            args, keywords = positional(x)
            if not (rigid or torch.compiler.is_compiling()):
                with _placed(places, params):
                    return module(*args, **keywords)
            state = {**params, **self._buffers_like(module, params, x)}
            return torch.func.functional_call(module, state, tuple(args), keywords)

        def seeded(params: dict[str, Any], x: Any) -> Any:
            with self.engine.seeded(seed):
                return call(params, x)

        return seeded if training else call

    def _buffers_like(self, module: Any, params: dict[str, Any], x: Any) -> dict[str, Any]:
        """Return the module's buffers in the precision of what it is given; copies where training changes them."""
        dtype = next((one.dtype for one in [*params.values(), *leaves(x)] if one.is_floating_point()), None)
        found = {name: one.to(dtype) if one.is_floating_point() else one for name, one in module.named_buffers()}
        return {name: one.clone() for name, one in found.items()} if self.training else found

    def _reloaded(self) -> Function:
        """Return the function of another module that has loaded what this one saved."""
        torch = self.engine.torch

        def function(params: dict[str, Any], x: Any) -> Any:
            saved, loaded = self._built(_SEED), self._built(_SEED + 1)
            with torch.no_grad():
                for name, one in saved.named_parameters():
                    one.data = params[name].detach().clone()
            file = io.BytesIO()
            torch.save(saved.state_dict(), file)
            file.seek(0)
            loaded.to(next((one.dtype for one in params.values()), None))
            loaded.load_state_dict(torch.load(file, weights_only=True))
            # the values are those that were loaded, the gradients go to those that were saved
            through = {name: params[name] + (one - params[name]).detach() for name, one in loaded.named_parameters()}
            return self._calling(loaded)(through, x)

        return function

    def _built(self, seed: int) -> Any:
        """Return a module made anew, in the mode that is asked for, its random numbers drawn from *seed*."""
        torch = self.engine.torch
        with self.engine.seeded(seed):
            module = self._make(self.layer, self.arguments, "arguments").train(self.training).to(self.device)
            if any(torch.nn.parameter.is_lazy(one) for one in module.parameters()):
                args, keywords = positional(self._inner_example(np.random.default_rng(seed)))
                with torch.no_grad():
                    module(*(torch.as_tensor(one).float() for one in args), **keywords)
        return module

    def _make(self, name: str, arguments: Any, path: str) -> Any:
        ordered, named = arguments_of(arguments, self._make, path)
        try:
            return find(name, HOMES, path)(*ordered, **named)
        except (TypeError, ValueError, RuntimeError, AssertionError) as error:
            raise ValueError(f"{path}: {name} cannot be made with them: {first_line(error)}") from error


def _computes(torch: Any, device: str) -> bool:
    """Say whether torch has this device here, and gives back what is computed there."""
    try:
        return bool(torch.ones(1, device=device).cpu().item() == 1)
    except (RuntimeError, AssertionError):  # without the device, or compiled without its kind
        return False


def _places(module: Any) -> list[tuple[dict[str, Any], str, str]]:
    """Return where a module and those in it keep their parameters: the mapping, the key in it, the parameter's name."""
    names = {id(one): name for name, one in module.named_parameters()}
    kept = [part._parameters for part in module.modules()]  # noqa: SLF001  (what functional_call writes to)
    return [(own, key, names[id(one)]) for own in kept for key, one in own.items() if one is not None]


@contextmanager
def _placed(places: list[tuple[dict[str, Any], str, str]], params: Mapping[str, Any]) -> Iterator[None]:
    """Within this context the module has these parameters: ``functional_call`` in a third of its time."""
    before = [own[key] for own, key, _ in places]
    for own, key, name in places:
        own[key] = params[name]
    try:
        yield
    finally:
        for (own, key, _), one in zip(places, before, strict=True):
            own[key] = one
