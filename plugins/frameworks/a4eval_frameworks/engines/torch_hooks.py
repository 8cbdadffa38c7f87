"""The hooks on a torch module's parameters, which change gradients in training: they are on tensors, not in forward."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from a4eval import DataError
from a4eval_frameworks.engines.contract import first_line

if TYPE_CHECKING:
    from collections.abc import Mapping


class Hooks(NamedTuple):
    """The hooks of one parameter, each in the order they were registered in.

    Args:
        on_gradient: of ``register_hook``, from a gradient to another one or None.
        once_there: of ``register_post_accumulate_grad_hook``, which find the gradient in the parameter's ``grad``.
    """

    on_gradient: tuple[Any, ...]
    once_there: tuple[Any, ...]


def hooks_of(params: Mapping[str, Any]) -> dict[str, Hooks]:
    """Return the hooks by the name of the parameter, of those that have any."""
    held = {
        name: Hooks(
            tuple((one._backward_hooks or {}).values()),  # noqa: SLF001  (a tensor has no other word for them)
            tuple((one._post_accumulate_grad_hooks or {}).values()),  # noqa: SLF001  (as above)
        )
        for name, one in params.items()
    }
    return {name: hooks for name, hooks in held.items() if any(hooks)}


def accumulated(torch: Any, name: str, hooks: Hooks, leaf: Any, gradient: Any) -> Any:
    """Return what the hooks make of a gradient that has reached the parameter.

    They are given a parameter of the same values, and one that takes the gradient away, as an optimizer's step does,
    has used it as it was.

    Raises:
        DataError: a hook cannot be run apart from the module.
    """
    given = leaf.detach().clone().requires_grad_()
    for hook in hooks.once_there:
        given.grad = gradient.clone()
        try:
            with torch.no_grad():
                hook(given)
        except Exception as error:
            what = getattr(hook, "__qualname__", type(hook).__qualname__)
            raise DataError(
                f"the hook {what} on parameter {name} (register_post_accumulate_grad_hook) cannot be run on another "
                f"parameter of the same values: {type(error).__name__}: {first_line(error)}"
            ) from error
        gradient = gradient if given.grad is None else given.grad
    return gradient
