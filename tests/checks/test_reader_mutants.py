"""Every wrong reader fails, by the check that explains it; the right one does not."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest

from a4eval import DataError, Run
from a4eval.checks.finding import judged
from a4eval.checks.readers.case import ReaderCase
from a4eval.checks.readers.suite import check_reader
from a4eval.tasks.check_reader import CheckReader

from ..mutants.wrong_readers import WRONG, Table, write_table

EXPLAINED_BY = {
    "PartsOverlap": "parts",
    "PartsLoseTheRest": "parts",
    "PartsInStrides": "parts",
    "PartsKeepIndices": "parts",
    "PartChangesTheReader": "parts",
    "OnePassOnly": "passes",
    "HandsOutItsCache": "passes",
    "SourcesForgotten": "sources",
    "ListsForArrays": "batches",
    "UnitsRepeated": "batches",
    "IndicesFromOne": "batches",
    "ShortLinesSkipped": "truncated",
    "EmptyIsNothing": "empty",
    "BadBytesReplaced": "noise",
    "TracebackOnEncoding": "other_encoding",
    "MarkInTheFirstName": "byte_order_mark",
    "ColumnsByPlace": "wrong_columns",
    "WordsAreZero": "word_for_number",
    "ErrorWithoutTheFile": "word_for_number",
    "ErrorWithoutThePlace": "word_for_number",
}


@pytest.fixture
def table(tmp_path):
    return write_table(tmp_path / "table.txt", np.random.default_rng(0))


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_reader_fails_by_the_check_that_explains_it(name, table):
    found = {one.check: one for one in check_reader(ReaderCase(WRONG[name](table)))}
    assert found[EXPLAINED_BY[name]].verdict == "failed", [one for one in found.values() if one.verdict == "failed"]


@pytest.mark.parametrize("name", ["OnePassOnly", "SourcesForgotten"])
def test_the_task_says_it_too(name, table, tmp_path):
    rows = CheckReader(WRONG[name](table)).run(Run(directory=tmp_path)).tables["checks"]
    assert EXPLAINED_BY[name] in {row["check"] for row in rows if row["verdict"] == "failed"}


@pytest.mark.parametrize("seed", range(5))
def test_the_right_reader_is_not_blamed(seed, tmp_path):
    table = write_table(tmp_path / "table.txt", np.random.default_rng(seed))
    found = list(check_reader(ReaderCase(Table(table), seed)))
    assert judged(found).reasons == ()
    assert {one.verdict for one in found} == {"passed"}


def test_a_reader_without_files_has_none_to_damage():
    class Inline:
        batch = "ranking"

        def sources(self):
            return []

        def batches(self, run):
            yield {"unit": np.arange(2), "row_unit": np.arange(2), "score": np.ones(2), "relevance": np.ones(2)}

    found = {one.check: one for one in check_reader(ReaderCase(Inline()))}
    assert found["truncated"].meaning == "the reader reads no file"
    assert found["parts"].meaning == "the reader has no part"
    assert judged(found.values()).outcome == "passed"


def test_the_task_gives_a_verdict_and_leaves_the_files_alone(table, tmp_path):
    before = table.read_bytes()
    result = CheckReader(WRONG["WordsAreZero"](table)).run(Run(directory=tmp_path))
    assert result.verdict.outcome == "failed"
    assert "word_for_number failed at table.txt: it is read as if nothing were wrong" in result.verdict.reasons[0]
    assert table.read_bytes() == before
    table.write_text("nothing of use\n")
    with pytest.raises(DataError, match="line 1: got 'nothing of use'"):
        CheckReader(Table(table)).run(Run(directory=tmp_path))


def test_there_are_enough_of_them():
    assert len(WRONG) >= 15
    assert all(reader.__doc__ for reader in WRONG.values())


def test_a_reader_that_reads_another_file_than_it_says_fails(table):
    class Remembers(Table):
        """What was read first is given ever after, whatever the path."""

        first: ClassVar[list] = []

        def batches(self, run):
            self.first.extend([] if self.first else super().batches(run))
            yield from ({name: column.copy() for name, column in one.items()} for one in self.first)

    found = {one.check: one for one in check_reader(ReaderCase(Remembers(table)))}
    assert found["empty"].verdict == "failed"
    assert found["empty"].meaning == "the file is empty, and what was in it is read all the same"


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("sources", lambda self: None, "TypeError: 'NoneType' object is not iterable"),
        ("batches", lambda self, run: None, "TypeError: 'NoneType' object is not iterable"),
        ("batches", lambda self, run: iter([1 // 0]), "ZeroDivisionError"),
    ],
)
def test_a_reader_that_cannot_be_used_at_all_has_failed(name, change, reason, table, tmp_path):
    broken = type("Broken", (Table,), {name: change})(table)
    result = CheckReader(broken).run(Run(directory=tmp_path))
    assert result.verdict.outcome == "failed"
    assert f"batches failed: it ends in {reason}" in result.verdict.reasons[0]
