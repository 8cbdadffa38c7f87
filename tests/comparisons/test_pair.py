"""Two records as a pair, from their files alone."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from a4eval.comparisons.kept import read
from a4eval.comparisons.opened import opened
from a4eval.comparisons.pair import pair
from a4eval.errors import DataError

RNG = np.random.default_rng(3)
FIRST = RNG.normal(size=30).round(3)
SECOND = (FIRST + RNG.normal(0.2, 0.3, 30)).round(3)
VIDEO = [one // 3 for one in range(30)]


def both(hits, second=SECOND, **columns):
    return opened(hits("one", FIRST, **columns)), opened(hits("two", second, **columns))


@pytest.mark.parametrize("method", ["percentile", "expanded", "bca"])
@pytest.mark.parametrize("clusters", [None, "video"])
def test_a_pair_of_files_is_the_task_compare_to_the_last_bit(hits, tmp_path, method, clusters):
    from accuracies import Accuracy, Hits

    from a4eval import Run
    from a4eval.tasks.compare import Compare
    from a4eval.tasks.interval_options import IntervalOptions

    options = f"{{resamples: 200, method: {method}, clusters: {clusters or 'null'}}}"
    one, two = (hits(name, values, interval=options, video=VIDEO) for name, values in (("a", FIRST), ("b", SECOND)))
    found = pair(opened(one), opened(two), level=0.9, method=method)
    assert found.notes == []
    readers = [Hits(values.tolist(), video=VIDEO) for values in (FIRST, SECOND)]
    interval = IntervalOptions(level=0.9, resamples=200, method=method, clusters=clusters)
    with_data = Compare(*readers, {"accuracy": Accuracy()}, interval=interval, permutations=0).run(Run(tmp_path))
    for values, table in (
        (found.values, with_data.tables["comparison"]),
        (found.parts["accuracy"], with_data.tables["accuracy/parts"]),
    ):
        assert [row["name"] for row in table] == list(values)
        for row in table:
            got = values[row["name"]]
            assert (got.first, got.second) == (row["first"], row["second"])
            assert got.difference.observed == row["difference"]
            assert (got.interval.low, got.interval.high, got.p_value) == (row["low"], row["high"], row["p_bootstrap"])
    assert found.values["accuracy"].interval == with_data.metrics["accuracy/difference"].interval


def test_what_is_kept_is_listed_and_small(hits):
    folder = hits("one", FIRST)
    artifacts = json.loads((folder / "result.json").read_text())["artifacts"]
    listed = next(one for one in artifacts if one["path"].endswith(".npz"))
    assert listed["path"] == "resamples.npz"
    kept = read(folder / "resamples.npz")["accuracy"]
    assert kept.units.tolist() == list(range(30))
    assert kept.values.values["accuracy"].shape == (400,)
    assert kept.values.observed["accuracy"] == pytest.approx(FIRST.mean())
    assert list(kept.parts.values) == ["early", "late"]


def test_nothing_is_kept_where_that_is_not_wanted(hits):
    folder = hits("one", FIRST, interval="{resamples: 200, keep: false}")
    assert sorted(one.name for one in folder.iterdir()) == ["result.json"]
    without = pair(opened(folder), opened(hits("two", SECOND)))
    assert without.notes == ["the baseline keeps no resamples: evaluate does with task.interval.resamples=1000"]
    assert without.values["accuracy"].difference is None


def test_other_units_are_named_and_the_interval_is_called_unpaired(hits):
    first = opened(hits("one", FIRST))
    second = opened(hits("two", SECOND, ids=[*range(28), 40, 41]))
    found = pair(first, second)
    (note,) = found.notes
    assert "2 of 30 units are in the baseline only (28, 29)" in note
    assert "2 of 30 units are in the candidate only (40, 41) and 28 are shared" in note
    assert "cannot be had from resamples" in note
    interval = found.values["accuracy"].interval
    assert interval.method == "unpaired expanded bootstrap, 400 resamples"
    apart = np.hypot(FIRST.std(ddof=1), SECOND.std(ddof=1)) / np.sqrt(30)
    assert interval.high - interval.low == pytest.approx(2 * 2.045 * apart, rel=0.2)
    paired = pair(first, opened(hits("three", SECOND))).values["accuracy"].interval
    assert paired.high - paired.low < 0.5 * (interval.high - interval.low)


@pytest.mark.parametrize(
    ("overrides", "interval", "said"),
    [
        ([], "{resamples: 400, seed: 1}", "the units are the same, but other weights were drawn"),
        ([], "{resamples: 100}", "the baseline has 400 resamples and the candidate 100"),
        ([], "{resamples: 400, clusters: video}", "30 single units are drawn in the baseline and 10 clusters in the"),
    ],
)
def test_other_weights_are_said(hits, overrides, interval, said):
    one = opened(hits("one", FIRST, video=VIDEO))
    found = pair(one, opened(hits("two", SECOND, *overrides, interval=interval, video=VIDEO)))
    assert said in found.notes[0]
    assert found.values["accuracy"].interval.method.startswith("unpaired")


def test_runs_of_other_seeds_on_the_same_units_are_pairs(hits):
    found = pair(opened(hits("one", FIRST)), opened(hits("two", SECOND, "seed=5")))
    assert found.notes == []
    assert found.values["accuracy"].interval.method.startswith("paired")


def test_a_file_that_is_not_the_listed_one_is_refused(hits):
    one, two = hits("one", FIRST), hits("two", SECOND)
    shutil.copy(two / "resamples.npz", one / "resamples.npz")
    with pytest.raises(DataError, match=r"is not the file that .*result\.json lists: its SHA-256 is"):
        opened(one).kept()
    (one / "resamples.npz").unlink()
    with pytest.raises(DataError, match="cannot be read, but"):
        opened(one).kept()


@pytest.mark.parametrize("value", [9.5, "NaN"])
def test_resamples_of_another_value_than_the_record_has_are_refused(hits, value):
    folder = hits("one", FIRST)
    record = json.loads((folder / "result.json").read_text())
    record["metrics"]["accuracy"]["value"] = value
    (folder / "result.json").write_text(json.dumps(record))
    with pytest.raises(
        DataError, match=rf"holds resamples of accuracy .*, but .*result\.json has {str(value).lower()}"
    ):
        opened(folder).kept()


def test_a_file_of_pickles_or_nonsense_is_refused(tmp_path):
    path = tmp_path / "resamples.npz"
    path.write_bytes(b"no zip")
    with pytest.raises(DataError, match=r"is no \.npz file"):
        read(path)
    np.savez(path, contents=np.array([{"a": 1}], object))
    with pytest.raises(DataError, match="it is no arrays alone"):
        read(path)
    np.savez(path, contents=np.frombuffer(b'{"version": 7, "metrics": []}', np.uint8))
    with pytest.raises(DataError, match="is of version 7, expected 1"):
        read(path)


def test_a_part_of_the_file_that_lacks_or_is_bent_is_refused(hits, tmp_path):
    whole = hits("one", FIRST) / "resamples.npz"
    with np.load(whole) as arrays:
        content = dict(arrays)
    contents = json.loads(content["contents"].tobytes())
    (entry,) = contents["metrics"]
    for change, said in (
        ({"0/units": np.arange(29)}, "do not have the hash"),
        ({"0/values/drawn": np.zeros(3)}, "one row a name"),
        ({"0/values/drawn": content["0/values/drawn"][:, :0]}, "one row a name"),
        ({"0/values/drawn": content["0/values/drawn"] * 1j}, "are not float64"),
        ({"0/values/observed": None}, "one number a name"),
        ({"contents": contents | {"metrics": [entry | {"parts": ["early", "early"]}]}}, "has two of one name"),
    ):
        changed = {key: value for key, value in {**content, **change}.items() if value is not None}
        if "contents" in change:
            changed["contents"] = np.frombuffer(json.dumps(changed["contents"]).encode(), np.uint8)
        np.savez(tmp_path / "bent.npz", **changed)
        with pytest.raises(DataError, match=said):
            read(tmp_path / "bent.npz")


def test_one_finished_record_is_asked_for(hits, tmp_path):
    hits("runs/one", FIRST)
    hits("runs/two", SECOND)
    with pytest.raises(DataError, match=r"holds 2 finished runs, expected one; name one of them, such as .*one"):
        opened(tmp_path / "runs")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no finished record of a4eval here"):
        opened(tmp_path / "empty")
    with pytest.raises(DataError, match="there is no such file or folder"):
        opened(tmp_path / "nowhere")
    assert opened(tmp_path / "runs" / "one" / "result.json").record.metrics["accuracy"].n == 30
