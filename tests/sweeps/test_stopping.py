"""``stop=``: seeds are added until it is decided, and no more."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from a4eval import ConfigError
from a4eval.sweeps.stopping import rule

ACCURACIES = Path(__file__).resolve().parent.parent / "accuracies"


@pytest.fixture
def trained(place):
    """Run a sweep of models of some skill; their units are the same, and noise is small against a gap of 0.3."""
    place.environment["PYTHONPATH"] = os.pathsep.join([str(ACCURACIES), place.environment["PYTHONPATH"]])

    def run(folder, skill, *overrides, seeds="range(0,20)", lengths="10,20"):
        return place.run(
            "run", "-m", "task.name=evaluate", "task.data.name=trained", f"task.data.skill={skill}",
            f"task.data.length={lengths}", "task.metrics.accuracy=accuracy_of_hits", f"seed={seeds}",
            f"hydra.sweep.dir={folder}", "executor.workers=1", *overrides,
        )  # fmt: skip

    run.place = place
    return run


def seeds(trained, folder):
    return sorted({one["seed"] for one in trained.place.records(folder)})


def test_a_clear_loss_stops_early_and_the_same_command_adds_nothing(trained):
    assert trained("base", 0.5).code == 0
    stop = "stop=accuracy decided margin 0.01 baseline base"
    done = trained("new", 0.2, stop)
    assert done.code == 3, done.out + done.err
    assert "accuracy is worse (margin 0.01) after " in done.out
    ran = seeds(trained, "new")
    assert ran == list(range(len(ran)))
    assert 8 <= len(ran) < 20
    assert len(trained.place.records("new")) == 2 * len(ran), "whole seeds, with all their problems"
    again = trained("new", 0.2, stop)
    assert (again.code, len(trained.place.records("new"))) == (3, 2 * len(ran))
    whole = trained("new", 0.2)
    assert (whole.code, seeds(trained, "new")) == (0, list(range(20))), "without the rule the rest runs"
    (compared,) = json.loads(trained.place.run("compare", "base", "new", "--json").out)
    assert compared["metrics"][0]["verdict"] == "worse"
    assert "config.stop" not in {one["what"] for one in compared["differs"]}


def test_what_is_not_decided_runs_to_its_end(trained):
    assert trained("base", 0.5, seeds="range(0,6)").code == 0
    done = trained("new", 0.501, "stop=accuracy decided baseline base", seeds="range(0,8)")
    assert done.code == 4, done.out + done.err
    assert "accuracy is undecided after 6 of 6 seeds" in done.out
    assert seeds(trained, "new") == list(range(6)), "seeds that the baseline lacks could not be compared"


def test_a_rule_that_cannot_be_followed_ends_before_anything_is_written(trained):
    assert trained("base", 0.5, seeds="0,1", lengths="10").code == 0
    for stop, lengths, words in (
        ("accuracy decided baseline nowhere", "10", "nowhere"),
        ("acuracy decided baseline base", "10", "base has no metric 'acuracy'; did you mean 'accuracy'?"),
        ("accuracy soon baseline base", "10", "stop: got 'accuracy soon baseline base', expected 'METRIC decided"),
    ):
        done = trained("new", 0.5, f"stop={stop}", seeds="0,1", lengths=lengths)
        assert done.code in (1, 2), done.out
        assert words in done.err
        assert len(done.err.splitlines()) == 1
        assert not (trained.place.folder / "new").exists()


def test_points_that_the_baseline_lacks_are_named(trained):
    assert trained("base", 0.5, seeds="0,1").code == 0
    done = trained("new", 0.5, "stop=accuracy decided baseline base", seeds="0,1", lengths="20,30")
    assert done.code == 2
    assert "base has no point of seed 0 with the same task.data.length" in done.err


@pytest.mark.parametrize(
    "text",
    [
        "AP decided",
        "AP decided margin 0.1",
        "AP decided margin much baseline x",
        "AP decided margin -1 baseline x",
        "AP decided alpha 2 baseline x",
        "AP decided limit 3 baseline x",
        "AP decided baseline x baseline y",
        "AP decided baseline 'x",
        "",
    ],
)
def test_what_is_no_rule_is_refused(text):
    with pytest.raises(ConfigError, match="stop: got"):
        rule(text)


def test_a_path_with_blanks_is_quoted():
    found = rule("tide/miss decided alpha 0.1 margin 2 baseline 'my runs/old'")
    assert (found.metric, str(found.baseline), found.alpha, found.margin) == ("tide/miss", "my runs/old", 0.1, 2.0)
