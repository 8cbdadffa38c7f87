"""The arrays that the operators are given: made operands of one dtype, or refused with what was expected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


_INT64 = np.iinfo(np.int64)


def as_operands(x: ArrayLike, weight: ArrayLike) -> tuple[NDArray[Any], NDArray[Any], np.dtype[Any]]:
    """Return input and weight as C-contiguous arrays of the dtype to compute in, and the dtype of the result.

    Half precision is summed in single precision, as the frameworks do; whole numbers of any width as int64, and stay
    so: 200 · 2 is 400, also in uint8.

    Raises:
        ValueError: wrong number of axes, or a dtype without arithmetic.
    """
    x, weight = np.asarray(x), np.asarray(weight)
    if not 3 <= x.ndim <= 5:
        raise ValueError(
            f"the input has shape {x.shape}, expected (batch, channels, *size) with 1, 2 or 3 spatial axes"
        )
    if weight.ndim != x.ndim:
        raise ValueError(
            f"the weight has shape {weight.shape}, expected {x.ndim} axes like the input: "
            "(in_channels, out_channels / groups, *kernel_size), or (out_channels, in_channels / groups, *kernel_size) "
            "for a convolution"
        )
    if min(weight.shape) < 1:
        raise ValueError(f"the weight has shape {weight.shape}: no axis may be empty")
    kind = x.dtype if x.dtype == weight.dtype else np.result_type(x, weight)
    if kind.kind not in "iufc":
        raise ValueError(
            f"the input is {x.dtype} and the weight {weight.dtype}, expected integers, floats or complex numbers"
        )
    if x.dtype.kind in "iu" and weight.dtype.kind in "iu":
        return whole_numbers(x, "the input"), whole_numbers(weight, "the weight"), np.dtype(np.int64)
    compute = np.dtype(np.float32) if kind == np.float16 else kind
    return np.ascontiguousarray(x, compute), np.ascontiguousarray(weight, compute), kind


def whole_numbers(array: NDArray[Any], name: str) -> NDArray[np.int64]:
    """Return an array of whole numbers of any width as int64, C-contiguous.

    Raises:
        ValueError: one of them does not fit.

    >>> whole_numbers(np.array([200], np.uint8), "the input") * 2
    array([400])
    """
    if array.dtype == np.uint64 and _largest(array) > _INT64.max:
        raise ValueError(f"{name} holds {_largest(array)}, beyond int64: convert it to float64 first")
    return np.ascontiguousarray(array, np.int64)


def as_numbers(array: ArrayLike, name: str) -> NDArray[Any]:
    """Return an array to compute with: whole numbers as int64, half precision in single, anything else as it is.

    Raises:
        ValueError: a dtype without arithmetic, or a whole number that int64 does not hold.
    """
    array = np.asarray(array)
    if array.dtype.kind not in "iufc":
        raise ValueError(f"{name} is {array.dtype}, expected integers, floats or complex numbers")
    if array.dtype.kind in "iu":
        return whole_numbers(array, name)
    return array.astype(np.float32) if array.dtype == np.float16 else array


def check_sums(one: NDArray[Any], other: NDArray[Any], terms: int, name: str) -> None:
    """Refuse whole numbers, int64, whose sums of products could leave it: they would come back wrapped.

    Args:
        one: what is multiplied,
        other: with what.
        terms: how many products are summed at most.
        name: what the sums are, for the text.

    Raises:
        ValueError: they could.
    """
    first, second = _largest(one), _largest(other)
    if first * second * terms > _INT64.max // 2:  # half of it is left for a bias
        raise ValueError(
            f"{name} sums up to {terms} products of whole numbers up to {first} and {second}, beyond int64: "
            "convert them to float64 first"
        )


def _largest(array: NDArray[Any]) -> int:
    """Return the largest magnitude, exactly."""
    return max(abs(int(array.max())), abs(int(array.min()))) if array.size else 0


def as_gradient(array: ArrayLike, dtype: np.dtype[Any], shape: tuple[int, ...], name: str) -> NDArray[Any]:
    """Return *array*, the gradient of an output, C-contiguous in *dtype*.

    Raises:
        ValueError: it has another shape, or a kind of number that *dtype* cannot hold.
    """
    array = np.asarray(array)
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, expected {shape}")
    _check_kind(array, dtype, name)
    return whole_numbers(array, name) if dtype.kind == "i" else np.ascontiguousarray(array, dtype)


def check_groups(channels: int, of_weight: int, groups: int, where: str) -> None:
    """Check that the channels fit the weight and divide into groups.

    Raises:
        ValueError: they do not.
    """
    if channels != of_weight:
        raise ValueError(f"the input has {channels} channels, but {where} has {of_weight}")
    check_divides(groups, channels, "input channels")


def check_divides(groups: int, channels: int, what: str) -> None:
    """Check that channels can be split into so many groups.

    Raises:
        ValueError: they cannot; the text lists the numbers that can be.

    >>> check_divides(3, 4, "input channels")
    Traceback (most recent call last):
    ValueError: groups must divide the 4 input channels: got 3, expected one of 1, 2, 4
    """
    if groups < 1 or channels % groups:
        possible = ", ".join(str(count) for count in range(1, channels + 1) if channels % count == 0)
        raise ValueError(f"groups must divide the {channels} {what}: got {groups}, expected one of {possible}")


def _check_kind(array: NDArray[Any], dtype: np.dtype[Any], name: str) -> None:
    if not np.can_cast(array.dtype, dtype, "same_kind"):
        raise ValueError(f"{name} is {array.dtype}, which {dtype} cannot hold: convert the input and the weight first")


def check_bias(bias: ArrayLike, channels: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return *bias* as an array.

    Raises:
        ValueError: it is not (channels,), or a kind of number that the output's *dtype* cannot hold.
    """
    bias = np.asarray(bias)
    if bias.shape != (channels,):
        raise ValueError(f"the bias has shape {bias.shape}, expected ({channels},): one per output channel")
    _check_kind(bias, dtype, "the bias")
    if dtype.kind == "i" and _largest(bias) > _INT64.max // 2:
        raise ValueError(f"the bias holds {_largest(bias)}, beyond the room of a sum in int64: convert it to float64")
    return whole_numbers(bias, "the bias") if dtype.kind == "i" else bias


def check_finite(array: NDArray[Any], name: str) -> None:
    """Refuse NaN and infinity.

    Raises:
        ValueError: there is one; the text says where.
    """
    bad = ~np.isfinite(array)
    if bad.any():
        where = tuple(int(index) for index in np.argwhere(bad)[0])
        raise ValueError(f"{name} has {int(bad.sum())} entries that are NaN or infinite, the first at {where}")
