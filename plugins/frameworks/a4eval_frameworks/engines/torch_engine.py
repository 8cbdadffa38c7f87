"""torch: autograd, torch.compile and torch.vmap."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache, cached_property
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from a4eval import require
from a4eval_frameworks.engines.contract import refusal
from a4eval_frameworks.engines.torch_hooks import Hooks, accumulated
from a4eval_frameworks.trees import filled, leaves, mapped, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from a4eval_frameworks.trees import Function, Params

SMALL = 2**15
"""Entries up to which torch divides no elementwise operation among threads, and so may leave the others alone."""


@cache
def _torch() -> Any:
    return require("torch", "a4eval-frameworks[torch]")


class _Tape:
    """What torch keeps for the way back; opaque, so that nobody looks for arrays in it."""

    __slots__ = ("names", "params", "settings", "x", "y")

    def __init__(self, names: list[str], params: list[Any], x: Any, y: Any, settings: Any) -> None:
        self.names, self.params, self.x, self.y, self.settings = names, params, x, y, settings


class _Compiled:
    """A compiled function, with the settings that calling it and differentiating it need."""

    def __init__(self, torch: Any, function: Function, backend: str) -> None:
        self._function = torch.compile(function, backend=backend)
        # made once: each leaves a class behind
        self._every_shape = torch._dynamo.config.patch(recompile_limit=1000, accumulated_recompile_limit=10_000)  # noqa: SLF001  (its only name)
        self._tapes_last = torch._functorch.config.patch(donated_buffer=False)  # noqa: SLF001  (what its error says to set)

    def __call__(self, params: Any, x: Any) -> Any:
        with self.settings():
            return self._function(params, x)

    @contextmanager
    def settings(self) -> Iterator[None]:
        """Let tapes be used twice, and every shape be compiled: beyond a limit torch goes on eager without a word."""
        handlers = [(one, one.level) for one in self._handlers]
        for one, _ in handlers:
            one.setLevel(logging.CRITICAL + 1)
        try:
            with self._every_shape, self._tapes_last, warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what the compiler warns itself of is nobody's news
                yield
        finally:
            for one, level in handlers:
                one.setLevel(level)

    @cached_property
    def _handlers(self) -> list[logging.Handler]:
        """What prints torch's own log: where it cannot compile, and the traceback of an input that is refused."""
        logs = [log for name, log in logging.root.manager.loggerDict.items() if name.partition(".")[0] == "torch"]
        found = [one for log in logs if isinstance(log, logging.Logger) for one in log.handlers]
        return [one for one in found if not isinstance(one, logging.FileHandler)]


@dataclass(frozen=True)
class TorchEngine:
    """torch on one device.

    Args:
        device: such as ``cpu`` or ``cuda``.
        compiler: the backend of ``torch.compile``.
        hooks: what is to be done with the gradients of parameters, by name.
    """

    compiles: ClassVar[bool] = False
    device: str = "cpu"
    compiler: str = "aot_eager"
    hooks: Mapping[str, Hooks] = field(default_factory=dict)

    @property
    def torch(self) -> Any:
        """The module."""
        return _torch()

    def precision(self, *trees: Any) -> AbstractContextManager[None]:
        """Return a context that does nothing: torch has every precision at any time."""
        del trees
        return nullcontext()

    def forward(self, function: Function, params: Params, x: Any, *, narrow: bool = False) -> tuple[Any, Any]:
        """See :class:`Engine`."""
        names = list(params)
        given = [self._leaf(array, narrow) for array in params.values()]
        for name in self.hooks.keys() & params.keys():
            for hook in self.hooks[name].on_gradient:
                given[names.index(name)].register_hook(hook)
        inputs = mapped(x, lambda array: self._leaf(array, narrow))
        of_settings = getattr(function, "settings", nullcontext)
        with self._threads(params, x):
            try:
                y = function(dict(zip(names, given, strict=True)), inputs)
            except RuntimeError as error:
                if "in-place operation" not in str(error):
                    raise refusal(error, "torch") from error
                y = self._in_place(function, dict(zip(names, given, strict=True)), inputs, x)
            except Exception as error:
                raise refusal(error, "torch") from error
        return self._apart(y, inputs), _Tape(names, given, inputs, y, of_settings)

    def _in_place(self, function: Function, params: dict[str, Any], inputs: Any, x: Any) -> Any:
        """Call the function with copies of its inputs: it changes them, which a leaf forbids, as relu(inplace=True)."""
        passed = mapped(inputs, lambda leaf: leaf.clone())
        try:
            y = function(params, passed)
        except Exception as error:
            raise refusal(error, "torch") from error
        for tensor, array in zip(leaves(passed), leaves(x), strict=True):
            if tensor._version and isinstance(array, np.ndarray) and array.flags.writeable:  # noqa: SLF001  (the only way to know)
                np.copyto(array, self.array(tensor), casting="same_kind")
        return y

    def _apart(self, y: Any, inputs: Any) -> Any:
        """Return the output as arrays, none of which is the memory of an input, as that of Identity is."""
        torch = self.torch

        def places() -> set[int]:
            return {one.untyped_storage().data_ptr() for one in leaves(inputs)}

        def array(tensor: Any) -> Any:
            if isinstance(tensor, (float, complex)):
                raise refusal(TypeError(f"an output is a {type(tensor).__name__}, expected a tensor"), "torch")
            found = self.array(tensor)
            # what an operation made has memory of its own, unless it is a view
            view = isinstance(tensor, torch.Tensor) and (tensor.grad_fn is None or tensor._is_view())  # noqa: SLF001  (its only name)
            return found.copy() if view and tensor.untyped_storage().data_ptr() in places() else found

        return mapped(y, array)

    def backward(self, tape: Any, dy: Any) -> tuple[Params, Any]:
        """See :class:`Engine`."""
        gradients = [self._tensor(array) for array in leaves(dy)]
        with tape.settings(), self._threads(tape.params, tape.x):
            try:
                dparams, dx = self._pull(tape.params, tape.x, tape.y, gradients, retain_graph=True)
            except RuntimeError as error:
                if "is not implemented" not in str(error):
                    raise
                raise refusal(error, "torch") from error  # as of attention differentiated twice: torch says so itself
        found = dict(zip(tape.names, dparams, strict=True))
        for name in self.hooks.keys() & found.keys():
            leaf = tape.params[tape.names.index(name)]
            found[name] = accumulated(self.torch, name, self.hooks[name], leaf, found[name])
        return {name: self.array(one) for name, one in found.items()}, mapped(dx, self.array)

    def _pull(self, params: list[Any], x: Any, y: Any, gradients: list[Any], **how: bool) -> tuple[list[Any], Any]:
        """Return the gradients of the parameters and of the tree of inputs: zeros where nothing depends on one."""
        torch = self.torch
        real = [one for one in leaves(y) if isinstance(one, torch.Tensor) and one.is_floating_point()]
        pairs = [
            (one, gradient if gradient.dtype == one.dtype else gradient.to(one.dtype))
            for one, gradient in zip(real, gradients, strict=True)
            if one.requires_grad
        ]
        flat = list(leaves(x))
        wanted = [one for one in [*params, *flat] if one.requires_grad]
        found: Any = [None] * len(wanted)
        if pairs and wanted:
            outputs, given = zip(*pairs, strict=True)
            found = torch.autograd.grad(outputs, wanted, given, allow_unused=True, **how)
        each = iter([torch.zeros_like(one) if got is None else got for one, got in zip(wanted, found, strict=True)])
        dparams = [next(each) if one.requires_grad else None for one in params]
        return dparams, filled(x, iter([next(each) if one.requires_grad else None for one in flat]))

    def transposed(self, tensor: Any, axes: list[int]) -> Any:
        """See :class:`Engine`."""
        return tensor.permute(axes)

    def compiled(self, function: Function) -> Function:
        """See :class:`Engine`."""
        return _Compiled(self.torch, function, self.compiler)

    def mapped_rows(self, function: Function, axis: int) -> Function:
        """See :class:`Engine`."""

        def one_row(params: Any, row: Any) -> Any:
            y = function(params, mapped(row, lambda tensor: tensor.unsqueeze(axis)))
            return mapped(y, lambda tensor: tensor.squeeze(axis))

        return self.torch.vmap(one_row, in_dims=(None, axis), out_dims=axis)  # type: ignore[no-any-return]

    def differentiated(self, function: Function) -> Function:
        """See :class:`Engine`."""

        def backwards(params: dict[str, Any], given: Any) -> Any:
            x, dy = given
            y = function(params, x)
            dparams, dx = self._pull(list(params.values()), x, y, list(leaves(dy)), create_graph=True)
            return dict(zip(params, dparams, strict=True)), dx

        return backwards

    @contextmanager
    def seeded(self, seed: int) -> Iterator[None]:
        """Draw within this context what *seed* gives, and go on after it as if nothing had been drawn."""
        with self.torch.random.fork_rng(devices=[]):
            self.torch.manual_seed(seed)
            yield

    def channels_last(self, function: Function) -> Function:
        """Return the function whose images lie in memory with the channels last."""
        torch = self.torch
        formats = {4: torch.channels_last, 5: torch.channels_last_3d}

        def change(tensor: Any) -> Any:
            return tensor.contiguous(memory_format=formats[tensor.ndim]) if tensor.ndim in formats else tensor

        return lambda params, x: function(params, mapped(x, change))

    def _threads(self, *trees: Any) -> AbstractContextManager[None]:
        """Compute on one thread what is small: waiting for others takes longer, on a busy machine a thousand times."""
        many = self.torch.get_num_threads()
        if many == 1 or sum(prod(one.shape) for one in leaves(trees)) >= SMALL:
            return nullcontext()
        return self._one_thread(many)

    @contextmanager
    def _one_thread(self, many: int) -> Iterator[None]:
        self.torch.set_num_threads(1)
        try:
            yield
        finally:
            self.torch.set_num_threads(many)

    def _leaf(self, array: Any, narrow: bool) -> Any:  # noqa: FBT001  (as in forward)
        tensor = self._tensor(array)
        if not tensor.is_floating_point():
            return tensor
        return (tensor.to(self.torch.bfloat16) if narrow else tensor).requires_grad_()

    def _tensor(self, array: Any) -> Any:
        tensor = self.torch.from_numpy(plain(array))
        return tensor if self.device == "cpu" else tensor.to(device=self.device)

    def array(self, tensor: Any) -> Any:
        """See :class:`Engine`."""
        if not isinstance(tensor, self.torch.Tensor):
            return np.asarray(tensor)
        tensor = tensor.detach() if tensor.requires_grad else tensor
        tensor = tensor if self.device == "cpu" else tensor.cpu()
        return (tensor.float() if tensor.dtype == self.torch.bfloat16 else tensor).numpy()
