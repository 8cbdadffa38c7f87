"""Scales: from values to pixels, and the values that are marked on an axis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from a4eval.drawing.values import number

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["linear", "log", "symlog"]


@dataclass(frozen=True, slots=True)
class Continuous:
    """A scale of numbers.

    Args:
        kind: linear, log or symlog.
        low: the value at *start*.
        high: the value at *stop*.
        start: in pixels.
        stop: in pixels.
        whole: its values are whole numbers, and so are those that are marked.
    """

    kind: Kind
    low: float
    high: float
    start: float = 0.0
    stop: float = 1.0
    whole: bool = False

    def __call__(self, value: Any) -> float | None:
        """Return where a value lies, or None for what has no place; what lies beyond is put at the edge."""
        given = number(value)
        if given is None or (self.kind == "log" and given <= 0):
            return None
        low, high = self._bent(self.low), self._bent(self.high)
        share = (self._bent(given) - low) / (high - low) if high != low else 0.5
        return self.start + min(max(share, -0.02), 1.02) * (self.stop - self.start)

    def _bent(self, value: float) -> float:
        if self.kind == "log":
            return math.log10(value)
        return math.copysign(math.log1p(abs(value)), value) if self.kind == "symlog" else value

    def ticks(self, most: int) -> list[float]:
        """Return the round values to mark, at most about so many."""
        if self.kind == "log":
            return _powers(self.low, self.high, most)
        if self.kind == "symlog":
            top = max(abs(self.low), abs(self.high), 1.0)
            powers = [10.0**one for one in range(math.ceil(math.log10(top)) + 1)]
            every = max(1, len(powers) * 2 // most)
            both = [-one for one in reversed(powers[::every])] + [0.0] + powers[::every]
            return [one for one in both if self.low <= one <= self.high]
        return _round_values(self.low, self.high, most, 1.0 if self.whole else 0.0)


def continuous(values: Sequence[float], scale: dict[str, Any], *, zero: bool) -> Continuous:
    """Return the scale of *values*.

    Args:
        values: all that are to be shown.
        scale: of Vega-Lite: ``type``, ``domain``, ``zero``, ``nice``.
        zero: whether 0 is on it by default.
    """
    wanted = scale.get("type", "linear")
    kind: Kind = wanted if wanted in ("log", "symlog") else "linear"
    domain = [number(one) for one in scale.get("domain") or ()]
    if kind == "log":
        values = [one for one in values if one > 0]
    low, high = (min(values), max(values)) if values else (1.0, 10.0) if kind == "log" else (0.0, 1.0)
    if kind != "log" and scale.get("zero", zero) and not domain:
        low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        spread = abs(low) * 0.1 or 1.0
        low, high = (low / 2, high * 2) if kind == "log" else (low - spread, high + spread)
    if len(domain) == 2:
        low, high = (low if domain[0] is None else domain[0]), (high if domain[1] is None else domain[1])
    elif kind == "linear" and scale.get("nice", True):
        step = _step(low, high, 5)
        low, high = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    if kind == "log" and not 0 < low < high:
        low, high = 1.0, 10.0
    whole = kind == "linear" and not domain and bool(values) and all(one == math.floor(one) for one in values)
    return Continuous(kind, low, high, whole=whole)


@dataclass(frozen=True, slots=True)
class Band:
    """A scale of names, each with a band of its own.

    Args:
        domain: the names, in order.
        start: in pixels.
        stop: in pixels.
        gap: which share of a step lies between two bands.
    """

    domain: tuple[str, ...]
    start: float = 0.0
    stop: float = 1.0
    gap: float = 0.2

    @property
    def step(self) -> float:
        """From one band to the next, in pixels."""
        return (self.stop - self.start) / max(1, len(self.domain))

    @property
    def band(self) -> float:
        """How wide a band is, in pixels."""
        return abs(self.step) * (1 - self.gap)

    def __call__(self, value: Any) -> float | None:
        """Return the middle of a value's band, or None for a name that is not on the scale."""
        try:
            return self.start + self.step * (self.domain.index(key(value)) + 0.5)
        except ValueError:
            return None


def key(value: Any) -> str:
    """Return the name under which a value stands on a scale of names."""
    return str(value)


def _step(low: float, high: float, most: int) -> float:
    """Return the round step that takes about *most* steps."""
    rough = (high - low) / max(1, most)
    if not math.isfinite(rough) or rough <= 0:
        return 1.0
    size = 10.0 ** math.floor(math.log10(rough))
    return next((size * one for one in (1, 2, 2.5, 5, 10) if size * one >= rough * 0.99), size * 10)


def _round_values(low: float, high: float, most: int, least: float = 0.0) -> list[float]:
    """Return round values from *low* to *high*, about *most*, and no nearer to each other than *least*."""
    if low > high:
        return _round_values(high, low, most, least)
    step = max(_step(low, high, most), least)
    if least and step != math.floor(step):
        step = math.ceil(step)  # 2.5
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    digits = max(0, 2 - math.floor(math.log10(step)))
    return [round(step * one, digits) + 0.0 for one in range(first, min(last, first + 50) + 1)]


def _powers(low: float, high: float, most: int) -> list[float]:
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    powers = list(range(first, last + 1))
    if len(powers) < 2:  # within a decade: 1, 2, 5
        few = [digit * 10.0**power for power in range(first - 1, last + 1) for digit in (1, 2, 5)]
        few = [one for one in few if low <= one <= high]
        return few if len(few) > 2 else _round_values(low, high, most)
    every = max(1, -(-len(powers) // most))
    return [10.0**one for one in powers[::every]]
