"""``evaluate`` with ``against``: what ``a4eval compare`` would say of the two records, in the run itself."""

from __future__ import annotations

import json

import numpy as np
import pytest

RNG = np.random.default_rng(9)
FIRST = RNG.normal(size=40).round(3)
WORSE = (FIRST + RNG.normal(0, 0.1, 40) - 0.2).round(3)


def record(folder):
    return json.loads((folder / "result.json").read_text())


def test_it_says_what_the_command_says_of_the_two_records(cli, hits):
    hits("base", FIRST)
    found = record(hits("new", WORSE, "task.against=base"))
    (compared,) = json.loads(cli("compare", "base", "new", "--json").out)
    alone = [row for row in compared["metrics"] if not row["name"].endswith("/difference")]
    assert found["tables"]["comparison"] == alone, "the same to the last bit"
    assert found["tables"]["comparison/accuracy"] == compared["parts"]["accuracy"]
    assert next(iter(found["metrics"])) == "accuracy/difference"
    assert found["metrics"]["accuracy/difference"]["interval"]["low"] == alone[0]["low"]
    assert found["verdict"] is None
    assert [one["path"] for one in found["data"]] == ["base/result.json", "base/resamples.npz"]


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ("{margins: {accuracy: 0.01}}", 3),
        ("{margins: {accuracy: 1}, limits: ['error <= 100']}", 0),
        ("{parts: {accuracy: 0.01}}", 3),
        ("{limits: ['accuracy >= 100']}", 3),
    ],
)
def test_rules_give_a_verdict(cli, hits, rules, code):
    hits("base", FIRST)
    data = f"task.data.hits={json.dumps(WORSE.tolist())}"
    done = cli(
        "run", "task.name=evaluate", "task.data.name=hits", data, "task.metrics.accuracy=accuracy_of_hits",
        "task.interval.resamples=400", "task.against=base", f"task.rules={rules}", "hydra.run.dir=new",
    )  # fmt: skip
    assert done.code == code, done.out + done.err
    assert record(done.cwd / "new")["verdict"]["outcome"] == ("failed" if code else "passed")


def test_limits_need_no_baseline_and_margins_do(cli, hits):
    assert record(hits("one", FIRST, "task.rules.limits=['accuracy >= -5']"))["verdict"]["outcome"] == "passed"
    done = cli(
        "run", "task.name=evaluate", "task.data.name=hits", "task.data.hits=[1,0]", "hydra.run.dir=two",
        "task.metrics.accuracy=accuracy_of_hits", "task.rules.margins.accuracy=0.1",
    )  # fmt: skip
    assert done.code == 2
    assert "rules: a margin needs a baseline: give against=PATH" in done.err


def test_without_an_interval_nothing_is_decided_and_that_is_said(cli, hits):
    hits("base", FIRST)
    done = record(hits("new", WORSE, "task.against=base", interval=None))
    assert "against base: the candidate keeps no resamples" in done["warnings"][0]
    assert {row["verdict"] for row in done["tables"]["comparison"]} == {"undecided"}


def test_a_baseline_that_is_none_is_a_failed_run(cli, hits):
    data = ["task.data.name=hits", "task.data.hits=[1,0,1]", "task.metrics.accuracy=accuracy_of_hits"]
    done = cli("run", "task.name=evaluate", *data, "task.against=nowhere", "hydra.run.dir=new")
    assert (done.code, "nowhere: there is no such file or folder" in done.err) == (1, True)
