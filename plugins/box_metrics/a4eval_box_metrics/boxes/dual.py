"""Exact derivatives by forward differentiation: a number that carries its partial derivatives along.

A formula written with numpy's ufuncs takes :class:`Dual` numbers as it takes arrays, so value and gradient come from
one text and cannot part ways.

Where a formula has a corner the derivative is **the mean of the two one-sided ones**: half at ties of ``minimum`` and
``maximum``, 0 for ``abs`` and ``sqrt`` at 0.
That is what central differences converge to, and what torch returns for ties of minimum and maximum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

if TYPE_CHECKING:
    from collections.abc import Callable

    from a4eval_box_metrics.boxes.types import Floats


class Dual(NDArrayOperatorsMixin):
    """Values with their partial derivatives.

    Args:
        value: (n,) floats.
        partials: (k, n) floats, the derivatives with respect to k variables.

    >>> x = Dual(np.array([3.0]), np.array([[1.0]]))
    >>> np.sqrt(x * x + 16).partials
    array([[0.6]])
    """

    def __init__(self, value: Floats, partials: Floats) -> None:
        self.value = value
        self.partials = partials

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the values."""
        return self.value.dtype

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **keywords: Any) -> Any:
        if method != "__call__" or keywords:
            return NotImplemented
        values = [one.value if isinstance(one, Dual) else one for one in inputs]
        if ufunc in _PIECEWISE_CONSTANT:
            return ufunc(*values)
        if ufunc not in _RULES:
            return NotImplemented
        result = ufunc(*values)
        with np.errstate(divide="ignore", invalid="ignore"):  # a rule may divide by 0 where it then puts 0
            slopes = _RULES[ufunc](result, *values)
        terms = [one.partials * slope for one, slope in zip(inputs, slopes, strict=True) if isinstance(one, Dual)]
        return Dual(result, sum(terms[1:], start=terms[0]))


_PIECEWISE_CONSTANT = (np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal, np.sign)


def is_dual(x: Any) -> bool:
    """Say whether *x* carries derivatives."""
    return isinstance(x, Dual)


def detach(x: Any) -> Any:
    """Return the plain values: what a formula treats as a constant."""
    return x.value if isinstance(x, Dual) else x


def variables(*values: Floats) -> list[Dual]:
    """Return one Dual for each of *values*, the k-th with derivative 1 with respect to variable k."""
    duals = []
    for index, value in enumerate(values):
        partials = np.zeros((len(values), *value.shape), value.dtype)
        partials[index] = 1
        duals.append(Dual(value, partials))
    return duals


def _step(x: Any) -> Any:
    """Return 1 where x > 0, ½ where x = 0, else 0."""
    return np.heaviside(x, np.asarray(0.5, np.asarray(x).dtype))


def _zero_where(condition: Any, values: Any) -> Any:
    return np.where(condition, np.zeros_like(values), values)


_RULES: dict[np.ufunc, Callable[..., tuple[Any, ...]]] = {
    np.add: lambda _r, _x, _y: (1, 1),
    np.subtract: lambda _r, _x, _y: (1, -1),
    np.multiply: lambda _r, x, y: (y, x),
    np.divide: lambda r, _x, y: (1 / y, -r / y),
    np.negative: lambda _r, _x: (-1,),
    np.minimum: lambda _r, x, y: (_step(y - x), _step(x - y)),
    np.maximum: lambda _r, x, y: (_step(x - y), _step(y - x)),
    np.absolute: lambda _r, x: (np.sign(x),),
    np.square: lambda _r, x: (2 * x,),
    np.sqrt: lambda r, _x: (_zero_where(r == 0, 0.5 / r),),
    np.exp: lambda r, _x: (r,),
    np.cos: lambda _r, x: (-np.sin(x),),
    np.sin: lambda _r, x: (np.cos(x),),
    np.power: lambda _r, x, p: (_zero_where(x == 0, p * x ** (p - 1)) if p != 1 else 1, None),
    np.arctan2: lambda _r, y, x: (
        _zero_where((x == 0) & (y == 0), x / (x * x + y * y)),
        _zero_where((x == 0) & (y == 0), -y / (x * x + y * y)),
    ),
}
