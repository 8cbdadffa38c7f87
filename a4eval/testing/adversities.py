"""What a part must bear: arrays of every structure, and an executor that loses workers and mixes up the order."""

from __future__ import annotations

from a4eval.checks.layers import arrays
from a4eval.testing.peers import pytest

STRUCTURES = (arrays.read_only, arrays.strided, arrays.reversed_strides, arrays.column_major, arrays.swapped)


def adversarial_arrays() -> pytest.MarkDecorator:
    """Make a test of each structure that an array of the same values may have.

    ::

        @adversarial_arrays()
        def test_accuracy_takes_any_array(change):
            assert accuracy(change(predicted), change(truth)) == 2 / 3

    ``change`` takes an array and returns one of the same values, shape and kind that is read-only, strided, has
    negative strides, is in Fortran's order or in the other byte order.
    """
    return pytest.mark.parametrize("change", STRUCTURES, ids=[one.__name__ for one in STRUCTURES])


def adversarial_executors() -> pytest.MarkDecorator:
    """Make a test of each way in which a sweep may go wrong on a cluster.

    ::

        @adversarial_executors()
        def test_a_sweep_comes_to_the_same(adversity, tmp_path):
            swept = ("-m", "experiment=accuracy", "seed=range(6)")
            ran = run_experiment(*swept, *adversity, folder=tmp_path)
            assert {one["metrics"]["accuracy"]["value"] for one in ran.records} == {2 / 3}

    Workers are killed in the middle of their work, as when a machine is lost; points run in another order, and their
    end is heard of in another; or both. ``adversity`` is what to say to ``a4eval run -m`` for it.
    Whatever a run needs must be in its config and its files.
    """
    ways = {
        "kills": ("executor.kills=3",),
        "reorders": ("executor.reorders=true",),
        "kills_and_reorders": ("executor.kills=3", "executor.reorders=true"),
    }
    return pytest.mark.parametrize(
        "adversity", [("executor.name=adverse", *more) for more in ways.values()], ids=list(ways)
    )
