"""A single run has one BLAS thread, unless the user said otherwise."""

from __future__ import annotations

import pytest

from a4eval.runs.provenance import THREADS


@pytest.mark.parametrize(
    ("said", "had"),
    [({}, dict.fromkeys(THREADS, "1")), ({"OMP_NUM_THREADS": "2"}, {"OMP_NUM_THREADS": "2"})],
    ids=["by itself", "as the user says"],
)
def test_threads_of_a_single_run(place, said, had):
    for name in THREADS:
        place.environment.pop(name, None)
    place.environment |= said
    done = place.run("run", "experiment=probe", "hydra.run.dir=run")
    assert done.record["environment"]["threads"] == had
    assert done.record["metrics"]["threads"]["value"] == int(had["OMP_NUM_THREADS"])
