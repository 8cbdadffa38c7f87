"""A reader reads the same every time, in parts as in one, and its batches are what batches are."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np

from a4eval.checks.finding import Finding, not_applicable
from a4eval.checks.metrics.units import owner
from a4eval.checks.readers.case import Batches, ReaderCase, by_unit, copied, different, differs, joined, read
from a4eval.context import Run
from a4eval.contracts import Divisible
from a4eval.plurals import counted


def form(case: ReaderCase) -> Finding:
    """Look at the batches: named arrays with units that are distinct, and indices into them that exist."""
    look = "what batches yields; the names and shapes that its kind of batch has"
    if not case.whole:
        return Finding("batches", "failed", meaning="it gives no batch", look_at=look)
    seen: set[Any] = set()
    for number, batch in enumerate(deepcopy(case.reader).batches(Run(directory=Path()))):
        where = f"batch {number}"
        if "unit" not in batch:
            return Finding("batches", "failed", where=where, meaning="it has no column unit", look_at=look)
        wrong = next((name for name, column in batch.items() if not isinstance(column, np.ndarray)), None)
        if wrong is not None:
            meaning = f"{wrong} is {type(batch[wrong]).__name__}, expected a numpy array"
            return Finding("batches", "failed", where=f"{where}, {wrong}", meaning=meaning, look_at=look)
        units = batch["unit"].tolist()
        if len(set(units)) < len(units) or seen & set(units):
            meaning = "a unit comes twice"
            return Finding("batches", "failed", where=f"{where}, unit", meaning=meaning, look_at=look)
        seen |= set(units)
        found = _indices(batch, len(units))
        if found:
            return Finding("batches", "failed", where=f"{where}, {found[0]}", meaning=found[1], look_at=look)
    return Finding("batches", "passed")


def _indices(batch: Any, units: int) -> tuple[str, str] | None:
    for name in batch:
        column = batch[name]
        if name.endswith("_unit") and len(column) and not 0 <= column.min() <= column.max() < units:
            return name, f"it has indices from {column.min()} to {column.max()} into {counted(units, 'unit')}"
        table = name.rpartition("_")[0]
        if f"{table}_unit" in batch and owner(name, batch) == "" and len(column) != len(batch[f"{table}_unit"]):
            return name, f"it has {counted(len(column), 'row')}, {table}_unit has {len(batch[f'{table}_unit'])}"
    return None


def passes(case: ReaderCase) -> Finding:
    """Read again with the same reader, after a pass that was broken off, and after its batches were written over."""
    reader = deepcopy(case.reader)
    look = "open files, iterators and caches that the reader keeps; arrays that it hands out and keeps"
    for _ in reader.batches(Run(directory=Path())):
        break
    for what in ("after a pass that was broken off", "after a whole pass"):
        again = [copied(batch) for batch in reader.batches(Run(directory=Path()))]
        where = differs(case.whole, again)
        if where:
            return Finding("passes", "failed", where=where, meaning=f"{what} it reads something else", look_at=look)
    for batch in reader.batches(Run(directory=Path())):
        for column in batch.values():
            if column.flags.writeable and column.dtype.kind in "biuf":
                column[...] = 0
    where = differs(case.whole, [copied(batch) for batch in reader.batches(Run(directory=Path()))])
    if where:
        meaning = "what a metric writes into a batch is read again in the next pass"
        return Finding("passes", "failed", where=where, meaning=meaning, look_at=look)
    return Finding("passes", "passed")


def parts(case: ReaderCase) -> Finding:
    """Put parts together, of any number: they must be the whole, in its order."""
    if not isinstance(case.reader, Divisible):
        return not_applicable("parts", "the reader has no part")
    whole = by_unit(joined(case.whole))
    n = len(whole.get("unit", ()))
    look = "part: where units are cut, rows that go with them, and indices that begin anew in every part"
    for count in sorted({1, 2, 3, max(1, n - 1), n, n + 2} - {0}):
        found: Batches = []
        for index in range(count):
            found += read(deepcopy(case.reader).part(index, count))[0]
        where = different(whole, by_unit(joined(found))) if found else "unit"
        if where:
            meaning = f"{count} parts together are not the whole"
            return Finding("parts", "failed", where=where, meaning=meaning, look_at=look)
    where = differs(case.whole, read(case.reader)[0])
    if where:
        return Finding("parts", "failed", where=where, meaning="giving parts changes the reader", look_at=look)
    return Finding("parts", "passed")


def sources(case: ReaderCase) -> Finding:
    """Say whether the files exist that it says it reads, and are the same when it is asked again."""
    missing = next((path for path in case.sources if not path.is_file()), None)
    look = "sources: every file that batches reads, and no folder"
    if missing is not None:
        return Finding("sources", "failed", where=str(missing), meaning="it is no file", look_at=look)
    if [Path(one) for one in case.reader.sources()] != case.sources:
        return Finding("sources", "failed", meaning="asked again it names other files", look_at=look)
    return Finding("sources", "passed")
