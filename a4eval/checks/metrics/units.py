"""Batches taken apart by their units, by what their columns are called.

``unit`` holds the ids of the units.  A column ``<table>_unit`` holds indices into it, and all columns that begin with
``<table>_`` have its rows.  In a batch with a table ``row`` those that begin with no table's name and are as long as
``row_unit`` are rows of it too.  Columns ``unit_…`` have a row a unit, and so have, in a batch without tables, all
columns that are as long as ``unit``.  Whatever else there is belongs to no unit and stays whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from a4eval.contracts import Batch


def select(batch: Batch, chosen: Sequence[int]) -> dict[str, Any]:
    """Return the batch of some of its units, in that order; one may be chosen again.

    >>> batch = {"unit": np.array([7, 8]), "row_unit": np.array([0, 1, 1]), "score": np.array([0.1, 0.2, 0.3])}
    >>> select(batch, [1, 0, 1])["unit"].tolist(), select(batch, [1, 0, 1])["score"].tolist()
    ([8, 7, 8], [0.2, 0.3, 0.1, 0.2, 0.3])
    """
    index = np.asarray(chosen, np.int64)
    found = {name: np.asarray(column) for name, column in batch.items()}
    rows = {name: _rows_of(found[name], index) for name in found if _is_table(name)}
    taken: dict[str, Any] = {}
    for name, column in found.items():
        table = owner(name, found)
        if name in rows:
            taken[name] = rows[name][1]
        elif table == "unit":
            taken[name] = column[index]
        else:
            taken[name] = column[rows[table][0]] if table else column
    return taken


def owner(name: str, batch: Mapping[str, NDArray[Any]]) -> str:
    """Return the column whose rows a column has: ``unit``, a ``<table>_unit``, or "" where it belongs to no unit."""
    if name == "unit" or name.startswith("unit_"):
        return "unit"
    tables = [one for one in batch if _is_table(one)]
    for table in sorted(tables, key=len, reverse=True):
        if name.startswith(table.removesuffix("unit")) and len(batch[name]) == len(batch[table]):
            return table
    column = batch[name]
    if not tables:
        return "unit" if column.ndim and len(column) == len(batch["unit"]) else ""
    return "row_unit" if "row_unit" in tables and column.ndim and len(column) == len(batch["row_unit"]) else ""


def repeated(batches: Sequence[Batch], times: Mapping[Any, int]) -> list[dict[str, Any]]:
    """Return the batches with each unit as often as is said; copies have ids of their own, next to each other in order.

    Args:
        batches: batches of distinct units.
        times: id of a unit to how often it stands.
    """
    ids = [np.asarray(batch["unit"]).tolist() for batch in batches]
    rank = {one: place for place, one in enumerate(sorted({one for some in ids for one in some}))}
    room, found = max(times.values(), default=1) + 1, []
    for batch, own in zip(batches, ids, strict=True):
        chosen = [(place, copy) for place, one in enumerate(own) for copy in range(times[one])]
        taken = select(batch, [place for place, _ in chosen])
        numbers = np.array([rank[own[place]] * room + copy for place, copy in chosen], np.int64)
        text = np.char.zfill(numbers.astype(np.str_), len(str(len(rank) * room)))
        taken["unit"] = numbers if np.asarray(batch["unit"]).dtype.kind in "iu" else text
        found.append(taken)
    return found


def count(batch: Batch) -> int:
    """Return how many units a batch has."""
    return len(batch["unit"])


def shuffled_rows(batch: Batch, rng: np.random.Generator) -> dict[str, Any]:
    """Return the batch with the rows of each table in another order; their units keep theirs."""
    found = {name: np.asarray(column) for name, column in batch.items()}
    order = {name: rng.permutation(len(found[name])) for name in found if _is_table(name)}
    return {
        name: column[order[table]] if (table := owner(name, found)) in order else column
        for name, column in found.items()
    }


def copied(batch: Batch) -> dict[str, Any]:
    """Return a batch with arrays of its own."""
    return {name: np.array(column) for name, column in batch.items()}


def _is_table(name: str) -> bool:
    return name.endswith("_unit")


def _rows_of(unit: NDArray[Any], index: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows of the chosen units and the new index of each; a unit's rows stay in their order."""
    rows = [np.flatnonzero(unit == one) for one in index]
    if not rows:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return np.concatenate(rows), np.repeat(np.arange(len(rows)), [len(one) for one in rows])
