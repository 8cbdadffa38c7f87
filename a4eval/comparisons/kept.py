"""``resamples.npz``: what a run with ``interval`` leaves, so that its record can be compared with another's as a pair.

It is a zip of plain numpy arrays, never pickles, and one JSON text that says what they are.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from a4eval.arrays import load_arrays
from a4eval.errors import DataError
from a4eval.statistics.resampled import Resampled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FILE_NAME = "resamples.npz"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one metric.

    Args:
        units: (n_units,) ids, numbers or text.
        values: under the names that they have in the record.
        parts: the values of its parts, such as classes; empty where it has none.
    """

    units: NDArray[Any]
    values: Resampled
    parts: Resampled | None


class _Entry(msgspec.Struct):
    """What the arrays of one metric are; a list of names stands for the columns of its arrays."""

    label: str
    units_sha256: str
    weights_sha256: str
    groups: int
    clustered: bool
    names: list[str]
    parts: list[str]


class _Contents(msgspec.Struct):
    """The JSON text of a file."""

    version: int
    metrics: list[_Entry]


def write(path: Path, kept: Mapping[str, Kept]) -> None:
    """Write what is kept of each metric, by its label.

    Raises:
        OSError: that cannot be.
    """
    entries, arrays = [], {}
    for place, (label, one) in enumerate(kept.items()):
        units, drawn = plain_ids(one.units), one.values
        parts = one.parts.values if one.parts else {}
        entries.append(
            _Entry(
                label,
                hash_of(units),
                drawn.weights_sha256,
                drawn.groups,
                drawn.clustered,
                list(drawn.values),
                list(parts),
            )
        )
        arrays[f"{place}/units"] = units
        for what, of in (("values", drawn), ("parts", one.parts)):
            if of is not None and of.values:
                arrays[f"{place}/{what}/observed"] = np.array(list(of.observed.values()), np.float64)
                arrays[f"{place}/{what}/drawn"] = np.stack(list(of.values.values()))
                if of.left_out:
                    arrays[f"{place}/{what}/left_out"] = np.stack(list(of.left_out.values()))
    text = msgspec.json.encode(_Contents(1, entries))
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, contents=np.frombuffer(text, np.uint8), **arrays)


def read(path: Path) -> dict[str, Kept]:
    """Read it back.

    Raises:
        DataError: it cannot be read, or is not what it claims to be.
    """
    arrays = load_arrays(path)
    try:
        contents = msgspec.json.decode(arrays["contents"].tobytes(), type=_Contents)
        if contents.version != 1:
            raise DataError(f"{path}: is of version {contents.version}, expected 1; a newer a4eval wrote it")
        return {one.label: _kept(arrays, place, one) for place, one in enumerate(contents.metrics)}
    except (ValueError, KeyError, msgspec.MsgspecError) as error:
        raise DataError(f"{path}: is no file of resamples that a4eval wrote: {error}") from error


def _kept(arrays: Mapping[str, NDArray[Any]], place: int, entry: _Entry) -> Kept:
    units = arrays[f"{place}/units"]
    if units.ndim != 1 or hash_of(units) != entry.units_sha256:
        raise ValueError(f"the units of {entry.label!r} do not have the hash that is given for them")
    if not 1 <= entry.groups <= len(units):
        raise ValueError(f"{entry.label!r} has {entry.groups} groups of {len(units)} units")

    def taken(what: str, names: Sequence[str]) -> Resampled:
        prefix = f"{place}/{what}/"
        observed, drawn, left_out = (arrays.get(prefix + key) for key in ("observed", "drawn", "left_out"))
        if observed is None or drawn is None or observed.shape != (len(names),):
            raise ValueError(f"{prefix}observed does not hold one number a name")
        for matrix in (drawn, left_out):
            if matrix is not None and (matrix.ndim != 2 or len(matrix) != len(names) or not matrix.size):
                raise ValueError(f"{prefix}* do not hold one row a name")
        if any(one is not None and one.dtype != np.float64 for one in (observed, drawn, left_out)):
            raise ValueError(f"{prefix}* are not float64")
        if len(set(names)) < len(names):
            raise ValueError(f"{entry.label!r} has two of one name")
        return Resampled(
            dict(zip(names, observed.tolist(), strict=True)),
            dict(zip(names, _defined(drawn), strict=True)),
            {} if left_out is None else dict(zip(names, _defined(left_out), strict=True)),
            entry.groups,
            entry.clustered,
            entry.weights_sha256,
        )

    return Kept(units, taken("values", entry.names), taken("parts", entry.parts) if entry.parts else None)


def _defined(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values with NaN for those that are infinite, of which no difference and no quantile can be told."""
    return np.where(np.isinf(values), np.nan, values)


def plain_ids(units: Sequence[Any] | NDArray[Any]) -> NDArray[Any]:
    """Return ids as an array of whole numbers, or else of text: what a file holds without pickles."""
    column = np.asarray(units)
    if column.dtype.kind in "iu":
        return column.astype(np.int64) if column.dtype != np.uint64 else column
    return np.array([str(one) for one in column.tolist()], np.str_)


def hash_of(units: NDArray[Any]) -> str:
    """Return the SHA-256 of ids in their order.

    >>> hash_of(np.array([1, 2])) == hash_of(np.array(["1", "2"])), hash_of(np.array(["ab"]))[:8]
    (False, 'f9ca6d37')
    """
    return hashlib.sha256(msgspec.json.encode(units.tolist())).hexdigest()
