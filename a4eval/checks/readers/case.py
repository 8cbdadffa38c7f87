"""What a check of a reader is given, and how its batches are compared."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval.checks.metrics.units import owner
from a4eval.checks.trees import same_bits
from a4eval.context import Run
from a4eval.plurals import counted

if TYPE_CHECKING:
    from a4eval.contracts import Batch

Batches = list[dict[str, Any]]


@dataclass
class ReaderCase:
    """A reader of data that is right.

    Args:
        reader: the reader.
        seed: from which every check draws, each by itself.
    """

    reader: Any
    seed: int = 0

    def rng(self, stream: str) -> np.random.Generator:
        """Return a generator of its own for a name."""
        return np.random.default_rng([self.seed, *stream.encode()])

    @cached_property
    def whole(self) -> Batches:
        """What it reads."""
        return read(self.reader)[0]

    @cached_property
    def sources(self) -> list[Path]:
        """The files it says it reads."""
        return [Path(one) for one in self.reader.sources()]


def read(reader: Any) -> tuple[Batches, list[str]]:
    """Return the batches of a copy of a reader, as arrays of our own, and its warnings."""
    run = Run(directory=Path())
    return [copied(batch) for batch in deepcopy(reader).batches(run)], run.warnings


def copied(batch: Batch) -> dict[str, Any]:
    """Return a batch with arrays of its own."""
    return {name: np.array(column) for name, column in batch.items()}


def joined(batches: Batches) -> dict[str, Any]:
    """Put batches together: units and rows behind each other; what belongs to no unit stands once.

    >>> first, second = ({"unit": np.array([one]), "row_unit": np.array([0, 0])} for one in (3, 4))
    >>> joined([first, second])["row_unit"].tolist()
    [0, 0, 1, 1]
    """
    if not batches:
        return {}
    before = np.cumsum([0, *(len(batch["unit"]) for batch in batches)])
    found: dict[str, Any] = {}
    for name, column in batches[0].items():
        if name.endswith("_unit"):
            parts = [batch[name] + start for batch, start in zip(batches, before, strict=False)]
            found[name] = np.concatenate(parts)
        elif all(owner(name, batch) for batch in batches):
            found[name] = np.concatenate([batch[name] for batch in batches])
        else:
            found[name] = column
    return found


def by_unit(batch: Batch) -> dict[str, Any]:
    """Return a batch with the rows of each table by unit; those of a unit keep their order."""
    order = {name: np.argsort(column, kind="stable") for name, column in batch.items() if name.endswith("_unit")}
    return {
        name: column[order[table]] if (table := name if name in order else owner(name, batch)) in order else column
        for name, column in batch.items()
    }


def differs(one: Batches, other: Batches) -> str:
    """Return the place of the first difference between two readings, ``""`` when there is none."""
    if len(one) != len(other):
        return f"{counted(len(one), 'batch')} and {len(other)}"
    for number, (left, right) in enumerate(zip(one, other, strict=True)):
        where = different(left, right)
        if where:
            return where if len(one) == 1 else f"batch {number}, {where}"
    return ""


def different(one: Batch, other: Batch) -> str:
    """Return the column and place where two batches differ; objects and texts are compared as they are."""
    plain = {name: column for name, column in one.items() if column.dtype.kind in "biuf"}
    where = same_bits(plain, {name: other[name] for name in plain if name in other})
    if where or set(one) != set(other):
        return where or min(set(one) ^ set(other))
    for name in set(one) - set(plain):
        if one[name].tolist() != other[name].tolist():
            return name
    return ""
