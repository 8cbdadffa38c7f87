"""Statistics of a data set's boxes, on a hand-made set and against loops."""

from dataclasses import replace

import numpy as np
import pytest

from a4eval import ConfigError, DataError, build

BOXES = np.array(
    [
        [0.0, 0, 10, 10],  # small
        [0, 0, 10, 10],  # its duplicate
        [0, 0, 10, 9.5],  # its near duplicate
        [0, 0, 40, 40],  # medium, of another class
        [-5, 0, 200, 100],  # large, leaves its image on the left
        [90, 0, 12, 0],  # without area; leaves its image by 2
    ]
)
BATCH = {
    "unit": np.array([7, 8, 9]),
    "unit_width": np.array([100.0, 300, 10]),
    "unit_height": np.array([100.0, 300, 10]),
    "truth_unit": np.array([0, 0, 0, 0, 1, 0]),
    "truth_class": np.array([1, 1, 1, 2, 1, 3]),
    "truth_box": BOXES,
    "detection_unit": np.array([2]),
    "detection_class": np.array([1]),
    "detection_box": np.array([[0.0, 0, 4, 8]]),
}


def test_hand_made():
    metric = build("metric", "box_statistics")
    metric.update(BATCH)
    values = {name: value.value for name, value in metric.compute().items()}
    assert list(values) == list(metric.names)
    assert values == {
        "boxes": 6,
        "images_without": 1,
        "small": 4 / 6,
        "medium": 1 / 6,
        "large": 1 / 6,
        "side_median": 10,
        "aspect_median": 1,
        "without_area": 1,
        "out_of_image": 2,
        "duplicates": 1,
        "near_duplicates": 2,
    }
    tables = metric.tables()
    assert tables["size"][0] == {"from": 0.0, "below": 0.0, "boxes": 1}
    assert [row["boxes"] for row in tables["by_class"]] == [4, 1, 1]
    assert tables["aspect"] == [{"from": 1.0, "below": 2.0, "boxes": 4}, {"from": 2.0, "below": 4.0, "boxes": 1}]
    found = build("metric", {"name": "box_statistics", "of": "detection", "tolerance": 0})
    found.update(BATCH)
    assert found.compute()["aspect_median"].value == 0.5
    assert found.compute()["images_without"].value == 2


def test_without_image_sizes_nobody_knows_who_is_outside():
    metric = build("metric", "box_statistics")
    metric.update({name: column for name, column in BATCH.items() if name != "unit_width"})
    assert np.isnan(metric.compute()["out_of_image"].value)
    empty = replace(metric)
    assert empty.compute()["boxes"].value == 0
    assert np.isnan(empty.compute()["side_median"].value)
    merged = replace(metric)
    merged.merge(metric)
    assert merged.compute()["boxes"].value == 6


@pytest.mark.parametrize("text", [False, True])
def test_any_split_into_batches_and_shards_is_the_whole(text):
    rng = np.random.default_rng(3)
    n, m = 8, 60
    unit, of_class = rng.integers(0, n - 1, m), rng.choice([2, 5, 11, 30], m)
    box = np.concatenate([rng.integers(-3, 60, (m, 2)), rng.integers(0, 50, (m, 2))], axis=1) / 2
    box[::7] = box[1]
    size = {f"unit_{side}": np.full(n, 40.0) for side in ("width", "height")}
    kinds = of_class.astype(str) if text else of_class

    def batch(units):
        mine = np.isin(unit, units)
        place = np.searchsorted(units, unit[mine])
        columns = {name: one[units] for name, one in size.items()}
        return {"unit": units, **columns, "truth_unit": place, "truth_class": kinds[mine], "truth_box": box[mine]}

    whole, merged = build("metric", "box_statistics"), build("metric", "box_statistics")
    whole.update(batch(np.arange(n)))
    for units in np.array_split(rng.permutation(n), 5):
        shard = build("metric", "box_statistics")
        shard.update(batch(np.sort(units)))
        merged.merge(shard)
    assert repr([merged.compute(), merged.tables()]) == repr([whole.compute(), whole.tables()])
    assert [row["class"] for row in whole.tables()["by_class"]] == sorted(set(kinds.tolist()))


def test_errors():
    metric = build("metric", "box_statistics")
    with pytest.raises(DataError, match=r"truth boxes, row 2: .* is inverted"):
        metric.update(BATCH | {"truth_box": np.where(BOXES == 9.5, -1, BOXES)})
    with pytest.raises(ValueError, match="takes no weights"):
        metric.compute(np.ones(3))
    for parameters, text in [
        ({"near_duplicate": 0}, "near_duplicate: got 0"),
        ({"tolerance": -1}, "tolerance: got -1"),
    ]:
        with pytest.raises(ConfigError, match=text):
            build("metric", {"name": "box_statistics", **parameters})
    with pytest.raises(ConfigError, match="of"):
        build("metric", {"name": "box_statistics", "of": "both"})
