"""What runs take is compared in rounds, or undecided with the reason."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from a4eval.comparisons.costs import costs
from a4eval.comparisons.judge import judge
from a4eval.comparisons.opened import every

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
RNG = np.random.default_rng(4)
SPELLS = RNG.lognormal(0, 0.5, 12)
"""How slow the machine was in each round."""
NOISE = RNG.lognormal(0, 0.02, (2, 12))


@pytest.fixture
def measured(hits, tmp_path):
    """Write records of one run that was repeated, the nth of which began at a second and took a time."""
    template = json.loads((hits("template", [0.0, 1.0], interval=None) / "result.json").read_text())

    def write(name, begun, seconds, *, memory=100_000_000, node="here", sweep=None, length=0.5):
        for number, (begin, taken) in enumerate(zip(begun, seconds, strict=True)):
            record = json.loads(json.dumps(template)) | {
                "started": (BEGAN + timedelta(seconds=begin)).isoformat(),
                "finished": (BEGAN + timedelta(seconds=begin + length)).isoformat(),
                "sweep_id": sweep,
            }
            record["timing"] = {"wall_seconds": taken, "cpu_seconds": taken, "peak_memory_bytes": memory + number}
            record["executor"]["node"] = node
            (tmp_path / name / str(number)).mkdir(parents=True)
            (tmp_path / name / str(number) / "result.json").write_text(json.dumps(record))
        return tmp_path / name

    return write


def in_turns(measured, times, rounds=12):
    """Two sides in turns, the second *times* as slow."""
    return (
        measured("base", range(0, 2 * rounds, 2), SPELLS[:rounds] * NOISE[0, :rounds]),
        measured("new", range(1, 2 * rounds, 2), times * SPELLS[:rounds] * NOISE[1, :rounds]),
    )


def judged(base, new, margin=0.05, name="cpu_seconds"):
    return judge(costs(every(base), every(new), [name]), {name: margin}, 0.05)[0]


@pytest.mark.parametrize(("times", "outcome"), [(1.0, "passed"), (1.2, "failed"), (0.8, "passed"), (1.05, "undecided")])
def test_a_slow_spell_strikes_both_of_a_round(measured, times, outcome):
    found = judged(*in_turns(measured, times))
    assert found.outcome == outcome, found.sentence()
    ratios = np.log(times * NOISE[1] / NOISE[0])
    assert found.delta == pytest.approx(math.expm1(ratios.mean()), rel=1e-9)
    assert found.compared.second / found.compared.first == pytest.approx(1 + found.delta, rel=1e-9)
    assert found.sentence().endswith(f"; 12 rounds, which scatter by {math.expm1(ratios.std(ddof=1)):.1%}")


def test_the_interval_is_near_students_of_the_ratios(measured):
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed: pip install 'a4eval[conformance]'")
    found = judged(*in_turns(measured, 1.1)).compared.interval
    ratios = np.log(1.1 * NOISE[1] / NOISE[0])
    low, high = stats.t.interval(0.95, 11, ratios.mean(), stats.sem(ratios))
    assert found.high - found.low == pytest.approx(high - low, rel=0.15)


def test_swapping_mirrors_and_equal_runs_are_equal(measured):
    base, new = in_turns(measured, 1.2)
    one, other = judged(base, new, 0.0), judged(new, base, 0.0)
    assert (one.decision.verdict, other.decision.verdict) == ("worse", "better")
    assert one.decision.p_worse == other.decision.p_better
    same = costs(every(base), every(new), ["peak_memory_bytes"])
    (found,) = judge(same, {"peak_memory_bytes": 0.01}, 0.05)
    assert found.outcome == "passed"


@pytest.mark.parametrize("rounds", [2, 5])
def test_few_rounds_cannot_tell_and_say_how_many_would(measured, rounds):
    found = judged(*in_turns(measured, 3.0, rounds))
    assert (found.outcome, found.decision.unresolvable) == ("undecided", True)
    assert "take at least 6 rounds" in found.sentence()


def test_what_was_not_measured_in_turns_is_undecided(measured):
    base = measured("base", range(6), [1.0] * 6)
    cases = {
        "not made in turns": measured("after", range(6, 12), [9.0] * 6),
        "at the same time": measured("beside", np.arange(6) + 0.25, [9.0] * 6),
        "on different machines": measured("there", np.arange(6) + 0.5, [9.0] * 6, node="there", length=0.1),
        "one run does not tell its noise": measured("once", [7], [9.0]),
        "a run took nothing": measured("nothing", np.arange(6) + 0.5, [0.0] * 6, length=0.1),
    }
    for words, path in cases.items():
        found = judged(base, path)
        assert found.outcome == "undecided"
        assert words in found.sentence()


def test_the_memory_of_a_sweeps_process_is_not_a_runs(measured):
    base = measured("base", range(0, 12, 2), [1.0] * 6, sweep="1")
    new = measured("new", range(1, 12, 2), [1.0] * 6, sweep="2", memory=10**9)
    assert "has run other points before" in judged(base, new, name="peak_memory_bytes").sentence()


def test_the_command(cli, measured):
    in_turns(measured, 1.2)
    worse = cli("gate", "base", "new", "--cost", "cpu_seconds=0.05")
    assert worse.code == 3, worse.err
    assert "cpu_seconds not higher by more than 5%: " in worse.out
    assert cli("gate", "base", "new", "--cost", "cpu_seconds=0.5").code == 0
    assert cli("gate", "base", "new", "--cost", "cpu_seconds=0.2").code == 4
    found = json.loads(cli("gate", "base", "new", "--cost", "wall_seconds=0.05", "--format", "json").out)
    assert found["costs"][0]["difference"] == pytest.approx(0.2, abs=0.02)
    mistyped = cli("gate", "base", "new", "--cost", "cpu_second=0.05")
    assert (mistyped.code, "did you mean 'cpu_seconds'" in mistyped.err) == (2, True)
    alone = cli("gate", "base", "--cost", "cpu_seconds=0.05")
    assert (alone.code, "needs a baseline" in alone.err) == (2, True)


def test_a_record_without_its_time_is_one_line(cli, measured, tmp_path):
    in_turns(measured, 1.2)
    path = tmp_path / "new" / "3" / "result.json"
    path.write_text(path.read_text().replace("2026-01-01", "some day"))
    done = cli("gate", "base", "new", "--cost", "cpu_seconds=0.05")
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert "is no time" in done.err


def test_a_task_of_one_run_refuses_such_rules(cli):
    done = cli(
        "run", "experiment=assignment4/q3_interpolated_ap", "task.name=evaluate", "task.rules.costs.cpu_seconds=1"
    )
    assert (done.code, "`a4eval gate` alone" in done.err) == (2, True), done.err
