"""Weights given as nested lists or in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import DataError, load_arrays, require
from a4eval_deconv.operands import check_finite

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def weight_from_list(weight: list[Any], dimensions: int) -> NDArray[np.float64]:
    """Return nested lists as a weight (in_channels, out_channels / groups, *kernel_size).

    Args:
        weight: nested as the kernel alone, or as the whole weight.
        dimensions: how many spatial axes.

    Raises:
        ValueError: ragged, not numbers, NaN, or nested otherwise.

    >>> weight_from_list([[1, 2], [3, 4]], 2).shape
    (1, 1, 2, 2)
    """
    try:
        array = np.array(weight, dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise ValueError(f"the weight must be equally long lists of numbers: {error}") from error
    if array.ndim == dimensions:
        array = array[None, None]
    if array.ndim != dimensions + 2 or not array.size:
        raise ValueError(
            f"the weight has shape {array.shape}, expected {dimensions} axes (*kernel_size) or "
            f"{dimensions + 2} axes (in_channels, out_channels / groups, *kernel_size)"
        )
    check_finite(array, "the weight")
    return array


def load_weight(path: Path, key: str | None = None) -> NDArray[np.float64]:
    """Return a weight from a ``.npy``, ``.npz`` or ``.safetensors`` file.

    Args:
        path: the file.
        key: which array of an ``.npz`` or ``.safetensors`` file; may be left out where there is one.

    Raises:
        DataError: it cannot be read, there is no such array, or it is no finite weight of 3 to 5 axes.
        MissingExtraError: safetensors is not installed.
    """
    read = {".npy": load_arrays, ".npz": load_arrays, ".safetensors": _safetensors}.get(path.suffix)
    if read is None:
        raise DataError(f"{path}: weights are read from .npy, .npz and .safetensors files")
    arrays = read(path)
    if key is None and len(arrays) == 1:
        key = next(iter(arrays))
    if key not in arrays:
        raise DataError(f"{path}: holds {', '.join(arrays) or 'nothing'}; set the key to one of them, got {key!r}")
    weight = arrays[key]
    if weight.dtype.kind not in "iuf" or not 3 <= weight.ndim <= 5:
        raise DataError(
            f"{path}: {key or 'the array'} is {weight.dtype} of shape {weight.shape}, expected numbers of shape "
            "(in_channels, out_channels / groups, *kernel_size)"
        )
    try:
        check_finite(weight, "the weight")
    except ValueError as error:
        raise DataError(f"{path}: {error}") from error
    return weight.astype(np.float64)


def _safetensors(path: Path) -> dict[str, NDArray[Any]]:
    package = require("safetensors", "a4eval-deconv[weights]")
    module = require("safetensors.numpy", "a4eval-deconv[weights]")
    try:
        return dict(module.load_file(path))
    except (OSError, package.SafetensorError) as error:
        raise DataError(f"{path}: is no .safetensors file: {error}") from error
