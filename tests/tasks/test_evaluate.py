"""The task evaluate: one pass, names, clashes, tables."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pytest

from a4eval import DataError, PluginError, Run, Value
from a4eval.tasks.evaluate import Evaluate


@dataclass
class Numbers:
    """Batches of numbers."""

    batch: ClassVar[str] = "numbers"
    values: list[float]
    size: int = 2
    file: Path | None = None

    def sources(self):
        return [self.file] if self.file else []

    def batches(self, run):
        for start in range(0, len(self.values), self.size):
            yield {"unit": range(start, start + self.size), "values": self.values[start : start + self.size]}


@dataclass
class Moments:
    """Sum and count."""

    batch: ClassVar[str] = "numbers"
    names: tuple = ("sum", "count")
    given: tuple | None = None
    table_names: tuple = ()
    _seen: list = field(default_factory=list, init=False)

    def update(self, batch):
        self._seen += batch["values"]

    def merge(self, other):
        self._seen += other._seen

    def compute(self, weights=None):
        values = {"sum": Value(sum(self._seen)), "count": Value(len(self._seen))}
        return {name: values[name] for name in (self.given or self.names)}

    def tables(self):
        return {name: [{"n": len(self._seen)}] for name in self.table_names}


def evaluate(tmp_path, values=(1.0, 2.0, 3.0), **metrics):
    return Evaluate(Numbers(list(values)), metrics).run(Run(tmp_path))


def test_many_values_keep_their_names_and_one_takes_the_label(tmp_path):
    result = evaluate(tmp_path, a=Moments(), total=Moments(names=("sum",)))
    assert {name: one.value for name, one in result.metrics.items()} == {"sum": 6.0, "count": 3, "total": 6.0}


def test_a_clash_of_names_is_refused_before_the_run():
    with pytest.raises(ValueError, match="metrics a and b both give 'sum'; set prefix=true"):
        Evaluate(Numbers([1.0]), {"a": Moments(), "b": Moments()})
    with pytest.raises(ValueError, match="metrics a and sum both give 'sum'"):
        Evaluate(Numbers([1.0]), {"a": Moments(), "sum": Moments(names=("count",))})
    with pytest.raises(ValueError, match=r"metrics\.a gives 'sum' twice"):
        Evaluate(Numbers([1.0]), {"a": Moments(names=("sum", "sum"))})


def test_a_text_for_the_names_is_refused():
    with pytest.raises(ValueError, match=r"metrics\.a: its names are the text 'sum', expected .* \('sum',\)"):
        Evaluate(Numbers([1.0]), {"a": Moments(names="sum")})


def test_prefix_tells_them_apart(tmp_path):
    task = Evaluate(Numbers([1.0]), {"a": Moments(), "b": Moments()}, prefix=True)
    assert list(task.run(Run(tmp_path)).metrics) == ["a/sum", "a/count", "b/sum", "b/count"]


def test_tables_are_named_by_the_label(tmp_path):
    one = evaluate(tmp_path, a=Moments(table_names=("rows",)))
    two = evaluate(tmp_path, a=Moments(table_names=("rows", "columns")))
    assert (list(one.tables), list(two.tables)) == (["a"], ["a/rows", "a/columns"])


def test_a_metric_that_gives_other_names_than_promised_is_found_out(tmp_path):
    with pytest.raises(
        PluginError, match=r"metrics\.a: metric Moments promised the values \['sum', 'count'\] but gave \['sum'\]"
    ):
        evaluate(tmp_path, a=Moments(given=("sum",)))


def test_metric_and_reader_must_speak_of_the_same_batches():
    @dataclass
    class Other(Moments):
        batch: ClassVar[str] = "letters"

    with pytest.raises(ValueError, match=r"metrics\.a takes 'letters' batches, but data gives 'numbers' batches"):
        Evaluate(Numbers([1.0]), {"a": Other()})
    with pytest.raises(ValueError, match="metrics is empty"):
        Evaluate(Numbers([1.0]), {})


def test_no_data_is_an_error(tmp_path):
    with pytest.raises(DataError, match="holds no batch"):
        evaluate(tmp_path, values=(), a=Moments())


def test_the_files_read_are_noted(tmp_path):
    file = tmp_path / "numbers.txt"
    file.write_text("abc")
    run = Run(tmp_path)
    Evaluate(Numbers([1.0], file=file), {"a": Moments()}).run(run)
    sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert run.sources == {str(file): (sha256, 3)}


def test_a_file_that_is_not_there_is_said_to_have_been_looked_for_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    here = re.escape(f"labels.csv: cannot be read: No such file or directory; it was looked for in {tmp_path}")
    with pytest.raises(DataError, match=f"^{here}$"):
        Run(tmp_path).source("labels.csv")
    with pytest.raises(DataError, match=r"cannot be read: No such file or directory$"):
        Run(tmp_path).source(tmp_path / "labels.csv")
