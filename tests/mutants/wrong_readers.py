"""A right reader of a small table, and readers with a bug each."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np

from a4eval import DataError

WRONG: dict[str, type] = {}


def wrong(reader):
    """Collect a reader with a bug; its docstring says which."""
    WRONG[reader.__name__] = reader
    return reader


def write_table(path, rng, n=12):
    """Write a table ``query score relevance`` of n rows with four queries, and return its path."""
    rows = [f"q{i % 4} {rng.random():.4f} {int(rng.random() < 0.5)}" for i in range(n)]
    path.write_text("\n".join(["query score relevance", *rows]) + "\n")
    return path


@dataclass
class Table:
    """Rankings from lines ``query score relevance`` with a heading."""

    batch: ClassVar[str] = "ranking"
    path: Path
    _part: tuple = field(default=(0, 1), init=False)

    def sources(self):
        return [self.path]

    def part(self, index, count):
        one = copy(self)
        one._part = (index, count)
        return one

    def text(self):
        """Return the lines."""
        try:
            return self.path.read_text("utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise DataError(f"{self.path}: is not UTF-8: {error}") from error

    def number(self, text, line):
        """Return a finite number."""
        try:
            value = float(text)
        except ValueError:
            value = np.nan
        if not np.isfinite(value):
            raise DataError(f"{self.path}: line {line}: got {text!r}, expected a finite number")
        return value

    def rows(self):
        """Return query, score and relevance of each line."""
        heading, *lines = self.text() or [""]
        if heading.split() != ["query", "score", "relevance"]:
            raise DataError(f"{self.path}: line 1: got {heading!r}, expected query score relevance")
        found = []
        for line, text in enumerate(lines, 2):
            fields = text.split()
            if len(fields) != 3:
                raise DataError(f"{self.path}: line {line}: got {len(fields)} fields, expected 3")
            found.append((fields[0], self.number(fields[1], line), self.number(fields[2], line)))
        return found

    def made(self, rows):
        """Return the batch of rows."""
        unit, row_unit = np.unique(np.array([row[0] for row in rows], np.str_), return_inverse=True)
        score, relevance = (np.array([row[k] for row in rows], float) for k in (1, 2))
        return {"unit": unit, "row_unit": row_unit, "score": score, "relevance": relevance}

    def cut(self, batch):
        """Return the part of the batch."""
        index, count = self._part
        n = len(batch["unit"])
        first, last = index * n // count, (index + 1) * n // count
        mine = (first <= batch["row_unit"]) & (batch["row_unit"] < last)
        rows = {name: batch[name][mine] for name in ("score", "relevance")}
        return {"unit": batch["unit"][first:last], "row_unit": batch["row_unit"][mine] - first, **rows}

    def batches(self, run):
        yield self.cut(self.made(self.rows()))


@wrong
class PartsOverlap(Table):
    """The first unit of a part is the last of the one before."""

    def cut(self, batch):
        index, count = self._part
        if index and count > 1:
            n = len(batch["unit"])
            self_part, self._part = self._part, (max(0, index * n // count - 1), n)
            found = super().cut(batch)
            self._part = self_part
            return found
        return super().cut(batch)


@wrong
class PartsLoseTheRest(Table):
    """What does not divide evenly is lost."""

    def cut(self, batch):
        count = self._part[1]
        size = len(batch["unit"]) // count
        keep = size * count
        mine = batch["row_unit"] < keep
        rows = {name: batch[name][mine] for name in ("row_unit", "score", "relevance")}
        return super().cut({"unit": batch["unit"][:keep], **rows})


@wrong
class PartsInStrides(Table):
    """Every count-th unit goes to a part: together they are the whole, in another order."""

    def cut(self, batch):
        index, count = self._part
        chosen = np.arange(index, len(batch["unit"]), count)
        mine = np.isin(batch["row_unit"], chosen)
        rows = {name: batch[name][mine] for name in ("score", "relevance")}
        return {"unit": batch["unit"][chosen], "row_unit": np.searchsorted(chosen, batch["row_unit"][mine]), **rows}


@wrong
class PartsKeepIndices(Table):
    """The rows of a part still point into the whole."""

    def cut(self, batch):
        found = super().cut(batch)
        index, count = self._part
        return {**found, "row_unit": found["row_unit"] + index * len(batch["unit"]) // count}


@wrong
class PartChangesTheReader(Table):
    """part sets the part in the reader itself."""

    def part(self, index, count):
        self._part = (index, count)
        return self

    def __deepcopy__(self, memo):
        return self


@wrong
class OnePassOnly(Table):
    """The lines are an iterator that is used up."""

    def rows(self):
        if not hasattr(self, "_rows"):
            self._rows = iter(super().rows())
        return list(self._rows)


@wrong
class HandsOutItsCache(Table):
    """The arrays it gives are those that it keeps."""

    def batches(self, run):
        if not hasattr(self, "_kept"):
            self._kept = self.made(self.rows())
        yield self._kept if self._part == (0, 1) else self.cut(self._kept)


@wrong
class SourcesForgotten(Table):
    """It reads a file that it does not name: a folder stands in sources."""

    def sources(self):
        return [self.path.parent]


@wrong
class ListsForArrays(Table):
    """The columns are lists."""

    def batches(self, run):
        for batch in super().batches(run):
            yield {name: column.tolist() for name, column in batch.items()}


@wrong
class UnitsRepeated(Table):
    """Every row is a unit of its own, under its query's id."""

    def made(self, rows):
        found = super().made(rows)
        return {**found, "unit": np.array([row[0] for row in rows]), "row_unit": np.arange(len(rows))}


@wrong
class IndicesFromOne(Table):
    """Rows count their units from 1."""

    def batches(self, run):
        for batch in super().batches(run):
            yield {**batch, "row_unit": batch["row_unit"] + 1}


@wrong
class ShortLinesSkipped(Table):
    """Lines with too few fields are skipped: a file that was cut off looks whole."""

    def rows(self):
        lines = [line.split() for line in self.text()[1:]]
        return [(one[0], self.number(one[1], 0), self.number(one[2], 0)) for one in lines if len(one) == 3]


@wrong
class EmptyIsNothing(Table):
    """An empty file is a table without rows."""

    def rows(self):
        return super().rows() if self.text() else []


@wrong
class BadBytesReplaced(Table):
    """What is not UTF-8 is replaced, and lines without a heading are taken."""

    def text(self):
        return self.path.read_bytes().decode("utf-8", "replace").splitlines()

    def rows(self):
        return [(line.split()[0], 0.0, 0.0) for line in self.text() if line.split()]


@wrong
class TracebackOnEncoding(Table):
    """Another encoding ends in a UnicodeDecodeError."""

    def text(self):
        return self.path.read_text("utf-8-sig").splitlines()


@wrong
class MarkInTheFirstName(Table):
    """The byte order mark becomes part of the first heading, which nobody looks at: the first column is another one."""

    def rows(self):
        heading, *lines = self.path.read_text().splitlines() or [""]
        names = heading.split()
        query = names.index("query") if "query" in names else 1
        return [(line.split()[query], 0.0, 0.0) for line in lines]


@wrong
class ColumnsByPlace(Table):
    """The heading is not looked at, and missing fields are zero: other columns are read as these."""

    def rows(self):
        found = []
        for line in self.text()[1:]:
            fields = [*line.split(), "0", "0"]
            found.append((fields[0], self.number(fields[1], 0), self.number(fields[2], 0)))
        return found


@wrong
class WordsAreZero(Table):
    """What is no number is 0."""

    def number(self, text, line):
        try:
            return float(text)
        except ValueError:
            return 0.0


@wrong
class ErrorWithoutTheFile(Table):
    """The error says what is wrong, but not where."""

    def number(self, text, line):
        try:
            return float(text)
        except ValueError as error:
            raise DataError(f"expected a number, got {text!r}") from error


@wrong
class ErrorWithoutThePlace(Table):
    """The error names the file alone."""

    def number(self, text, line):
        try:
            return float(text)
        except ValueError as error:
            raise DataError(f"{self.path}: a number is wrong") from error
