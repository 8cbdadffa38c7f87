"""A run notices metrics and readers that break their contract, and says whose they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pytest

from a4eval import DataError, PluginError, Run, Value, build
from a4eval.registry import registry
from a4eval.tasks.compare import Compare
from a4eval.tasks.evaluate import Evaluate
from a4eval.tasks.interval_options import IntervalOptions, KeptIntervalOptions
from a4eval.tasks.watch import Unchanged


@dataclass
class Scores:
    """Scores of units, in batches."""

    batch: ClassVar[str] = "scores"
    values: tuple = (0.2, 0.4, 0.9)

    def sources(self):
        return []

    def batches(self, run):
        n = len(self.values)
        yield {"unit": np.arange(n), "score": np.array(self.values)}


@dataclass
class MeanScore:
    """The weighted mean."""

    batch: ClassVar[str] = "scores"
    names: ClassVar = ("mean",)
    _seen: list = field(default_factory=list, init=False)

    @property
    def units(self):
        return np.arange(len(self._seen))

    def update(self, batch):
        self._seen += batch["score"].tolist()

    def merge(self, other):
        self._seen += other._seen

    def compute(self, weights=None):
        weights = np.ones(len(self._seen)) if weights is None else weights
        return {"mean": Value(float(weights @ np.array(self._seen) / weights.sum()), higher_is_better=True)}


def evaluate(metric, reader=None, tmp_path=None, **interval):
    run = Run(tmp_path)
    options = KeptIntervalOptions(**interval) if interval else None
    return Evaluate(reader or Scores(), {"m": metric, "after": MeanScore()}, options).run(run), run.warnings


CHANGES = {
    "sorts": lambda batch: batch["score"].sort(),
    "scales": lambda batch: np.multiply(batch["score"], 2, out=batch["score"]),
    "replaces": lambda batch: batch.update(score=batch["score"] * 2),
    "pops": lambda batch: batch.pop("score"),
    "adds": lambda batch: batch.update(rank=np.arange(3)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_batch_changed_in_place_is_an_error_that_names_the_metric(change):
    class Changes(MeanScore):
        def update(self, batch):
            super().update(batch)
            change(batch)

    with pytest.raises(PluginError, match=r"metrics\.m: metric .*Changes changes '(score|rank)' of its batch in place"):
        evaluate(Changes(), Scores((0.9, 0.2, 0.4)))


@pytest.mark.parametrize("size", [1, 1000, 8192, 8193, 100_000])
@pytest.mark.parametrize("layout", [np.asarray, np.asfortranarray, lambda one: np.repeat(one, 2, axis=0)[::2]])
def test_columns_of_every_size_and_layout_are_looked_at(size, layout):
    batch = {"box": layout(np.zeros((size, 4))), "name": np.array(["a"] * size, object), "more": ["a list"]}
    before = Unchanged(batch)
    assert before.changed() == ""
    for row in (0, size - 1):
        batch["box"][row, 3] = 1
        assert before.changed() == ("box" if size <= 2048 or row % ((size - 1) // 512) == 0 else "")
        batch["box"][row, 3] = 0
    batch["name"][0] = "b"
    assert before.changed() == "name"


def test_a_column_that_the_reader_does_not_give_is_told_with_both_names():
    class Ranks(MeanScore):
        def update(self, batch):
            self._seen += batch["rank"].tolist()

    with pytest.raises(PluginError) as caught:
        evaluate(Ranks())
    assert str(caught.value).endswith("Ranks asks for 'rank', which is no column of the 'scores' batches "
                                      "of reader Scores: unit, score")  # fmt: skip


def test_another_key_that_a_metric_misses_stays_its_own_error():
    class Forgets(MeanScore):
        def update(self, batch):
            {}[len(batch)]

    with pytest.raises(KeyError, match="2"):
        evaluate(Forgets())


def test_batches_that_are_none_or_differ_are_told():
    class Lists(Scores):
        def batches(self, run):
            yield [0.2, 0.4]

    with pytest.raises(PluginError, match=r"reader .*Lists yields list, expected a mapping of named arrays"):
        evaluate(MeanScore(), Lists())

    class Uneven(Scores):
        def batches(self, run):
            yield from super().batches(run)
            yield {"score": np.array([0.5])}

    _, warnings = evaluate(MeanScore(), Uneven())
    assert [one.partition("Uneven ")[2] for one in warnings] == [
        "yields 'scores' batches of different columns: only some have 'unit'"
    ]


def test_values_that_were_not_promised_are_told():
    class More(MeanScore):
        def compute(self, weights=None):
            return {**super().compute(weights), "extra": Value(1.0)}

    with pytest.raises(PluginError, match=r"More promised the values \['mean'\] but gave \['mean', 'extra'\]"):
        evaluate(More())

    class Bare(MeanScore):
        def compute(self, weights=None):
            return {"mean": 0.5}

    with pytest.raises(PluginError, match=r"Bare gives float for 'mean', expected a4eval\.Value"):
        evaluate(Bare())

    class Many(MeanScore):
        def compute_many(self, weights):
            return {"mean": weights.sum(axis=1), "extra": weights.sum(axis=1)}

    with pytest.raises(PluginError, match=r"Many promised the values \['mean'\] but gave .* for weights"):
        evaluate(Many(), resamples=50)


class Blind(MeanScore):
    """It leaves the weights out."""

    def compute(self, weights=None):
        return super().compute()


def test_weights_that_change_no_number_give_no_interval(tmp_path):
    result, warnings = evaluate(Blind(), tmp_path=tmp_path, resamples=400)
    assert result.metrics["m"].interval is None
    assert result.metrics["after"].interval is not None
    told = [one for one in warnings if one.startswith("metrics.m")]
    assert told == ["metrics.m: metric Blind leaves the weights of its units out, so that its values have no interval"]
    with np.load(tmp_path / "resamples.npz") as kept:
        assert not [name for name in kept.files if name.startswith("m/")]


def test_units_that_are_all_alike_are_no_fault(tmp_path):
    result, warnings = evaluate(MeanScore(), Scores((1.0, 1.0, 1.0)), tmp_path, resamples=400, method="percentile")
    assert result.metrics["m"].interval.low == result.metrics["m"].interval.high == 1
    assert any("m: metric MeanScore gives the same numbers under all 400 resamples" in one for one in warnings)
    _, warnings = evaluate(MeanScore(), Scores((1.0,)), tmp_path, resamples=400, method="percentile")
    assert not any("same numbers" in one for one in warnings), "one unit is always itself"


def test_what_weighs_nothing_cannot_be_compared():
    better = Scores((0.3, 0.5, 1.0))
    with pytest.raises(PluginError, match=r"metrics\.m: metric Blind leaves the weights of its units out, so that its"):
        Compare(Scores(), better, {"m": Blind()}).run(Run(None))
    same = Compare(Scores(), Scores(), {"m": MeanScore()}).run(Run(None))
    assert same.metrics["m/difference"].value == 0


def test_resamples_too_few_for_the_level_are_refused():
    with pytest.raises(ValueError, match=r"resamples: 38 are too few for level 0\.95, of which 1 in 40 .* 39 or more"):
        IntervalOptions(resamples=38)
    assert "of 39 resamples 1 lie beyond each end at level 0.95" in IntervalOptions(resamples=39).doubt()
    assert "give 199 or more" in IntervalOptions(resamples=198).doubt()
    assert IntervalOptions(resamples=199).doubt() == ""
    assert "give 999 or more" in IntervalOptions(resamples=998, level=0.99).doubt()


def test_few_resamples_are_a_doubt_of_the_run(tmp_path):
    _, warnings = evaluate(MeanScore(), tmp_path=tmp_path, resamples=100)
    assert any(one.startswith("interval: of 100 resamples 2.5 lie beyond each end") for one in warnings)
    run = Run(None)
    Compare(Scores(), Scores((0.3, 0.1, 0.2)), {"m": MeanScore()}, IntervalOptions(resamples=100)).run(run)
    assert any(one.startswith("interval: of 100 resamples") for one in run.warnings)


def test_an_installed_component_is_called_by_its_name_and_plugin(hits):
    metric = build("metric", "accuracy_of_hits")
    assert registry().described("metric", metric) == "metric 'accuracy_of_hits' of plugin 'accuracies'"
    assert registry().described("metric", MeanScore()) == "metric MeanScore"


def test_how_long_resampling_takes_is_said_beforehand(monkeypatch, capsys, tmp_path):
    clock = iter(np.arange(0, 1000, 0.5))
    monkeypatch.setattr("a4eval.tasks.watch.time.perf_counter", lambda: next(clock))
    task = Evaluate(Scores(), {"mean": MeanScore()}, KeptIntervalOptions(resamples=400))
    task.run(Run(directory=tmp_path, show_progress=True))
    # half a second for eight resamples
    assert "resampling: it takes about 25 s" in capsys.readouterr().err
    task = Evaluate(Scores(), {"mean": MeanScore()}, KeptIntervalOptions(resamples=100))
    task.run(Run(directory=tmp_path, show_progress=True))
    assert "it takes about" not in capsys.readouterr().err


@pytest.mark.parametrize("batches", [1, 2])
@pytest.mark.parametrize("shape", ["changed", "alike", "afterwards"])
def test_a_file_that_changes_while_it_is_read_is_an_error(tmp_path, shape, batches):
    path = tmp_path / "scores"
    path.write_text("0.25")

    class Changing(Scores):
        def sources(self):
            return [path]

        def batches(self, run):
            for n in range(batches):
                if n == batches - 1 and shape in ("changed", "alike"):
                    path.write_text("0.75" if shape == "changed" else "0.25")
                yield {"unit": np.array([n]), "score": np.array([float(path.read_text())])}
            if shape == "afterwards" and batches == 1:
                path.unlink()

    if shape == "changed":
        with pytest.raises(DataError, match=r"scores: changed while it was read; run again"):
            evaluate(MeanScore(), Changing(), tmp_path)
    else:
        assert evaluate(MeanScore(), Changing(), tmp_path)[0].metrics["m"].value == 0.25
