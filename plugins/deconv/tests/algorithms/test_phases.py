"""The phases of an axis."""

from a4eval_deconv.algorithms.phases import phases
from a4eval_deconv.geometry import transposed_geometry


def test_phases_that_no_tap_reaches_cost_nothing():
    ways = phases(transposed_geometry((2, 2), (3, 2), stride=10**7))
    assert [len(axis) for axis in ways] == [3, 2]
