"""The metrics on rankings."""

from __future__ import annotations

import numpy as np
import pytest

from a4eval import build

from ..worksheet import EXACT


@pytest.mark.parametrize(
    ("node", "words"),
    [
        ({"name": "average_precision", "cutoff": 0}, "cutoff: got 0"),
        ({"name": "average_precision", "cutoff": 5, "ties": "group"}, "cannot be cut"),
        ({"name": "trec_eval", "cutoffs": [5, 5]}, "cutoffs: got"),
        ({"name": "trec_eval", "ties": "group"}, "need an order"),
    ],
)
def test_bad_parameters_are_refused(node, words):
    from a4eval import ConfigError

    with pytest.raises(ConfigError, match=words):
        build("metric", node)


def test_weights_of_trec_eval_are_copies_of_queries():
    rng = np.random.default_rng(0)
    metric = build("metric", {"name": "trec_eval", "ties": "order", "cutoffs": [3]})
    metric.update(
        {
            "unit": np.arange(4),
            "row_unit": rng.integers(0, 4, 40),
            "score": rng.random(40),
            "relevance": rng.integers(0, 2, 40).astype(float),
        }
    )
    weights = np.array([2.0, 0, 1, 1])
    values = metric.compute(weights)
    column = metric.per_query()[:, list(metric.names).index("map")]
    assert values["map"].value == pytest.approx(np.mean(column[[0, 0, 2, 3]]))
    assert values["num_q"].value == 4
    assert values["gm_map"].value == pytest.approx(np.exp(np.mean(np.log(column[[0, 0, 2, 3]]))))
    assert {name: one[0] for name, one in metric.compute_many(weights[None]).items()} == {
        name: value.value for name, value in values.items()
    }


def queries(seed: int, n: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    rows = 12 * n
    return {
        "unit": rng.permutation(100)[:n],
        "row_unit": rng.integers(0, n, rows),
        "score": rng.integers(0, 6, rows).astype(float),
        "relevance": (rng.random(rows) < 0.3).astype(float),
    }


def part(batch: dict[str, np.ndarray], units: np.ndarray) -> dict[str, np.ndarray]:
    """Return the batch of some of its units, in another order."""
    row = np.flatnonzero(np.isin(batch["row_unit"], units))
    new = np.full(len(batch["unit"]), -1)
    new[units] = np.arange(len(units))
    return {
        "unit": batch["unit"][units],
        "row_unit": new[batch["row_unit"][row]],
        "score": batch["score"][row],
        "relevance": batch["relevance"][row],
    }


@pytest.mark.parametrize("interpolation", sorted(EXACT))
def test_shards_merged_are_the_whole(interpolation):
    batch = queries(1, 9)
    whole = build("metric", {"name": "average_precision", "interpolation": interpolation})
    whole.update(batch)
    order = np.random.default_rng(2).permutation(9)
    shards = []
    for units in (order[:2], order[2:7], order[7:]):
        shard = build("metric", {"name": "average_precision", "interpolation": interpolation})
        shard.update(part(batch, units))
        shards.append(shard)
    merged = shards[2]
    merged.merge(shards[0])
    merged.merge(shards[1])
    assert merged.compute() == whole.compute()
    np.testing.assert_array_equal(merged.units, np.sort(batch["unit"]))


def test_weights_are_copies_of_queries():
    batch = queries(3, 6)
    metric = build("metric", "average_precision")
    metric.update(batch)
    weights = np.array([2.0, 0, 1, 3, 0, 1])
    by_unit = dict(zip(metric.units.tolist(), metric.per_query(), strict=True))
    repeated = [by_unit[unit] for unit, n in zip(metric.units.tolist(), weights, strict=True) for _ in range(int(n))]
    value = metric.compute(weights)["average_precision"]
    assert value.value == pytest.approx(np.nanmean(repeated), abs=1e-15)
    assert value.n == np.count_nonzero(~np.isnan(repeated))
    many = metric.compute_many(np.stack([weights, np.ones(6)]))["average_precision"]
    assert many.tolist() == [value.value, metric.compute()["average_precision"].value]
