"""What a component says of a parameter that makes no sense."""

from __future__ import annotations

from typing import Any


def at_least(component: Any, **least: int) -> None:
    """Raise a ValueError for the first of these parameters that is set and below its least value."""
    for name, lowest in least.items():
        value = getattr(component, name)
        if value is not None and value < lowest:
            raise ValueError(f"{name} is {value}, expected at least {lowest}")


def above_zero(component: Any, *names: str) -> None:
    """Raise a ValueError for the first of these parameters that is set and not above zero."""
    for name in names:
        value = getattr(component, name)
        if value is not None and not value > 0:
            raise ValueError(f"{name} is {value}, expected more than 0")
