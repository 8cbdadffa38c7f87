"""The choice of algorithm is stated and taken, and every kind of work has its cost."""

import pytest
from a4eval_deconv import conv_transpose_algorithm
from a4eval_deconv.algorithms.choice import FORWARD, GRADIENTS
from a4eval_deconv.geometry import transposed_geometry


def test_the_choice_is_stated_and_taken():
    stated = conv_transpose_algorithm((8, 64, 32, 32), (64, 32, 4, 4), stride=2, padding=1)
    assert stated.algorithm == min(stated.seconds, key=stated.seconds.get)
    assert set(stated.seconds) == {"subpixel", "column_to_image"}
    assert conv_transpose_algorithm((1, 1, 3, 3), (1, 1, 7, 7)).algorithm == "cached_matrix"


@pytest.mark.parametrize("algorithm", [*FORWARD.values(), *GRADIENTS.values()], ids=lambda one: one.compute.__name__)
def test_every_kind_of_work_has_its_cost(algorithm):
    geometry = transposed_geometry((5, 7), (3, 3), stride=2)
    counts = algorithm.work(geometry, 2, (1, 4, 8, 3, 3), 10_000)
    assert counts.keys() == algorithm.cost.keys()
    assert all(count >= 0 for count in counts.values())
