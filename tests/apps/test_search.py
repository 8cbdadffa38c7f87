"""A search over an app: Optuna picks, the journal is what is true."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from a4eval.apps.space import space_of
from a4eval.errors import ConfigError

from .apps import STARTS
from .test_again import Folder

pytestmark = STARTS

optuna = pytest.importorskip("optuna", reason="needs pip install 'a4eval[search]'")
MODERN = int(optuna.__version__.partition(".")[0]) >= 3
CODE = """
import os, sys, time
import hydra
import a4eval

@hydra.main(version_base=None)
def train(cfg):
    time.sleep(cfg.get("wait", 0))
    x = cfg.get("x", 0)
    if x > cfg.get("fails", 99) and not os.path.exists("mended"):
        raise ValueError(f"no {x}")
    loss = (x - 2) ** 2 + len(cfg.get("k", "")) + cfg.get("seed", 0)
    for step in range(6):
        a4eval.tracked("loss", loss + 10 / (step + 1), step)
    return {"loss": float("nan") if x > cfg.get("nan", 99) else loss, "x": x}

if __name__ == "__main__":
    train()
"""
SEARCH = ("hydra/sweeper=a4eval", "hydra.sweeper.search.objective=loss", "hydra.sweep.dir=out")


class Searched(Folder):
    """A folder with an app, and what a search of it leaves."""

    def __init__(self, path):
        super().__init__(path)
        (path / "train.py").write_text(CODE)

    def search(self, *words, sampler="tpe", trials=10):
        about = [f"hydra.sweeper.search.name={sampler}", f"hydra.sweeper.search.trials={trials}"]
        return self.sweep(*words, *about, *SEARCH)

    def points(self):
        return sorted(self.records(self.path / "out"), key=lambda one: one["app"]["number"])


@pytest.fixture
def folder(tmp_path):
    return Searched(tmp_path)


def cut(folder, lines):
    """Leave so many lines of the journal, and half of another."""
    journal = folder.path / "out" / "results.jsonl"
    every = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(every[:lines]) + every[lines][:80])
    return every[:lines]


def test_the_trials_are_those_of_optuna_itself(folder):
    """One worker asks for trials one after the other, as ``study.optimize`` does."""
    options = ["hydra.sweeper.search.seed=3", "hydra.sweeper.search.options.n_startup_trials=4"]
    pruner = ["hydra.sweeper.search.pruner.name=median", "hydra.sweeper.search.pruner.n_startup_trials=2"]
    words = ["+x=interval(0.0,9.0)", "+k=a,bb,ccc", "hydra.sweeper.executor.workers=1"]
    done = folder.search(*words, *options, *pruner, trials=14)
    assert done.returncode == 0, done.stderr

    def objective(trial):
        x, k = trial.suggest_float("+x", 0.0, 9.0), trial.suggest_categorical("+k", ["+k=a", "+k=bb", "+k=ccc"])
        loss = (x - 2) ** 2 + len(k.removeprefix("+k="))
        for step in range(6):
            trial.report(loss + 10 / (step + 1), step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return loss

    sampler = optuna.samplers.TPESampler(n_startup_trials=4, seed=3)
    study = optuna.create_study(sampler=sampler, pruner=optuna.pruners.MedianPruner(n_startup_trials=2))
    study.optimize(objective, n_trials=14)
    expected = [(one.params["+x"], one.params["+k"][3:], one.value if one.state.name == "COMPLETE" else None,
                 one.last_step if one.state.name == "PRUNED" else None) for one in study.trials]  # fmt: skip
    found = [(one["config"]["x"], one["config"]["k"], one["metrics"].get("loss", {}).get("value"), one["app"]["pruned"])
             for one in folder.points()]  # fmt: skip
    assert found == expected
    assert any(pruned is not None for *_, pruned in found)
    assert f"loss={study.best_value:.6g}: +x={study.best_params['+x']}" in done.stdout


@pytest.mark.skipif(not MODERN, reason="this sampler came with Optuna 3.1")
def test_what_is_finished_is_told_again(folder):
    """That sampler ends when every choice has been told, and repeats none."""
    words = ["+x=range(4)", "+k=a,bb,ccc"]
    assert folder.search(*words, sampler="bruteforce", trials=12).returncode == 0
    kept = cut(folder, 7)
    again = folder.search(*words, sampler="bruteforce", trials=50)
    assert again.returncode == 0, again.stderr
    assert "12 points: 12 ok, 7 of them earlier" in again.stdout
    lines = (folder.path / "out" / "results.jsonl").read_bytes().splitlines(keepends=True)
    assert lines[:7] == kept
    del lines[7]  # the torn one
    (folder.path / "out" / "results.jsonl").write_bytes(b"".join(lines))
    points = folder.points()
    assert Counter((one["config"]["x"], one["config"]["k"]) for one in points) == {
        (x, k): 1 for x in range(4) for k in ("a", "bb", "ccc")
    }
    assert sorted(one["app"]["trial"] for one in points) == list(range(12))
    assert len({one["app"]["directory"] for one in points}) == 12
    more = folder.search(*words, sampler="random", trials=14)
    assert "14 points: 14 ok, 12 of them earlier" in more.stdout, more.stderr


@pytest.mark.parametrize("sampler", ["cmaes", "nsgaii", "random", "tpe"])
def test_every_sampler_goes_on(folder, sampler):
    words = ["+x=interval(0.0,9.0)", "+y=interval(0.0,1.0)", "hydra.sweeper.search.seed=1"]
    assert folder.search(*words, sampler=sampler, trials=6).returncode == 0
    again = folder.search(*words, sampler=sampler, trials=12)
    assert "12 points: 12 ok, 6 of them earlier" in again.stdout, again.stderr
    if MODERN or sampler != "cmaes":  # that of 2.10 may draw some again
        assert len({one["config"]["x"] for one in folder.points()}) == 12


def test_killed_at_random(folder):
    about = ["hydra.sweeper.search.name=tpe", "hydra.sweeper.search.trials=24", "hydra.sweeper.executor.workers=2"]
    words = ["train.py", "-m", "+x=interval(0.0,9.0)", "+wait=0.5", *about, *SEARCH, "hydra.sweeper.search.seed=2"]
    rng, kills = random.Random(5), 0
    for _ in range(20):
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=folder.path,
            env=folder.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(rng.uniform(4, 8) if kills < 4 else None)
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            time.sleep(0.5)
            kills += 1
    assert process.returncode == 0
    assert kills
    points = folder.points()
    assert sorted(one["app"]["trial"] for one in points) == list(range(24))
    assert len({one["config"]["x"] for one in points}) == 24
    assert len({one["app"]["directory"] for one in points}) == 24


def test_failures_and_nan_say_nothing_and_are_in_the_budget(folder):
    words = ["+x=interval(0.0,9.0)", "+fails=7", "+nan=5", "hydra.sweeper.search.seed=0"]
    done = folder.search(*words, trials=16)
    assert done.returncode == 1
    points = folder.points()
    failed = [one for one in points if one["status"] == "failed"]
    nan = [one for one in points if one["metrics"].get("loss", {}).get("value") == "NaN"]
    assert len(points) == 16
    assert {one["config"]["x"] > 7 for one in failed} == {True}
    complete = 16 - len(failed) - len(nan)
    assert f"{len(failed) + len(nan)} failed" in done.stdout.splitlines()[-2]
    assert f"{complete} complete" in done.stdout.splitlines()[-2]
    best = min(one["metrics"]["loss"]["value"] for one in points if one not in failed and one not in nan)
    assert f"  loss={best:.6g}: +x=" in done.stdout
    (folder.path / "mended").touch()
    again = folder.a4eval("retry", "out")
    assert again.returncode == 0, again.stderr
    assert f"16 points: 16 ok, {16 - len(failed)} of them earlier" in again.stdout
    tried = Counter(one["config"]["x"] for one in folder.points())
    assert {x for x, times in tried.items() if times == 2} == {one["config"]["x"] for one in failed}


def test_several_objectives(folder):
    several = ["hydra.sweeper.search.objective=[loss,x]", "hydra.sweeper.search.direction=[minimize,maximize]"]
    words = ["+x=interval(0.0,9.0)", "+k=a,bb"]
    done = folder.search(*words, "hydra.sweeper.search.seed=4", *several, sampler="nsgaii", trials=15)
    assert done.returncode == 2, "said twice"  # objective=loss stands after it
    swapped = [
        *several[1:],
        "hydra.sweep.dir=more",
        "hydra.sweeper.search.name=nsgaii",
        "hydra.sweeper.search.trials=15",
    ]
    done = folder.sweep(*words, several[0], *swapped)
    assert done.returncode == 0, done.stderr
    values = [
        tuple(one["metrics"][name]["value"] for name in ("loss", "x")) for one in folder.records(folder.path / "more")
    ]
    front = [
        (loss, x) for loss, x in values if not any(a <= loss and b >= x and (a, b) != (loss, x) for a, b in values)
    ]
    said = done.stdout.split("the best of 15 trials (15 complete):\n")[1]
    assert said.count("loss=") + int(*([word for word in said.split() if word.isdigit()] or ["0"])) == len(front)
    for line in said.splitlines():
        if "loss=" in line:
            assert any(f"loss={loss:.6g}, x={x:.6g}" in line for loss, x in front)
    metrics = folder.records(folder.path / "more")[0]["metrics"]
    assert (metrics["loss"]["higher_is_better"], metrics["x"]["higher_is_better"]) == (False, True)


def test_each_trial_over_seeds_and_hopeless_ones_over_fewer(folder):
    seeds = ["hydra.sweeper.search.seeds=3", "hydra.sweeper.search.pruner=median", "hydra.sweeper.executor.workers=1"]
    done = folder.search("+x=interval(0.0,9.0)", *seeds, "hydra.sweeper.search.seed=6", trials=12)
    assert done.returncode == 0, done.stderr
    of_trial = {}
    for one in folder.points():
        of_trial.setdefault(one["app"]["trial"], []).append((one["config"]["seed"], one["metrics"]["loss"]["value"]))
    assert set(of_trial) == set(range(12))
    assert {tuple(seed for seed, _ in one) for one in of_trial.values()} == {(0,), (0, 1, 2)}
    whole = [sum(value for _, value in one) / 3 for one in of_trial.values() if len(one) == 3]
    assert f"{len(whole)} complete, {12 - len(whole)} pruned" in done.stdout
    assert f"  loss={min(whole):.6g}: +x=" in done.stdout
    cut(folder, 10)
    again = folder.search("+x=interval(0.0,9.0)", *seeds, "hydra.sweeper.search.seed=6", trials=12)
    assert again.returncode == 0, again.stderr
    assert "10 of them earlier" in again.stdout


def test_a_dry_run_shows_the_first_trial(folder):
    done = folder.search("+x=interval(0.0,9.0)", "hydra.sweeper.dry_run=true", trials=7)
    assert done.returncode == 0, done.stderr
    assert "x: interval(0.0,9.0)\n" in done.stdout
    assert "7 points, into out" in done.stdout
    assert not (folder.path / "out").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["hydra.sweeper.search.name=tpee"], "hydra.sweeper.search: Optuna has no sampler 'tpee'; did you mean 'tpe'?"),
        (["hydra.sweeper.search.trails=3"], "hydra.sweeper.search.trails: unknown key; did you mean 'trials'?"),
        (["hydra.sweeper.search.trials=0"], "hydra.sweeper.search.trials: got 0, expected a positive integer"),
        (["hydra.sweeper.search.options.n=1"], "TPESampler: got an unexpected keyword argument 'n'"),
        (["hydra.sweeper.search.pruner=best"], "hydra.sweeper.search.pruner: Optuna has no pruner 'best'"),
        (
            ["hydra.sweeper.search.direction=[minimize,maximize]"],
            "direction: got 2 for 1 objectives, expected one each",
        ),
        (["hydra.sweeper.search.direction=up"], "got 'up', expected 'minimize' | 'maximize'"),
        (["+y=interval(3,1)"], "+y: got '+y=interval(3,1)', expected an interval from a smaller to a greater number"),
        (["+x=1,2"], "+x: is searched over twice"),
        (
            ["hydra.sweeper.search.objective=los"],
            "objective: the function returned no metric 'los'; did you mean 'loss'?",
        ),
    ],
)
def test_a_slip_is_one_line(folder, words, message):
    wanted = [one for one in SEARCH if one.partition("=")[0] != words[0].partition("=")[0]]
    given = [] if words[0].startswith("hydra.sweeper.search.name") else ["hydra.sweeper.search.name=tpe"]
    done = folder.sweep("+x=interval(0.0,9.0)", *given, *words, *wanted)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_all_slips_are_said_at_once(folder):
    slips = ["hydra.sweeper.search.name=tpee", "hydra.sweeper.search.trials=0", "hydra.sweeper.search.pruner=best"]
    done = folder.sweep("+x=interval(0.0,9.0)", *slips, "hydra.sweeper.retries=-1", *SEARCH)
    assert done.returncode == 2
    found = [line.partition(": got")[0].partition(": Optuna")[0] for line in done.stderr.splitlines()]
    keys = ["retries", "search", "search.pruner", "search.trials"]
    assert sorted(found) == [f"a4eval: error: hydra.sweeper.{key}" for key in keys]


def test_a_search_goes_on_although_nothing_was_recorded(folder):
    words = ["+x=interval(0.0,9.0)", "hydra.sweeper.search.name=tpe", "hydra.sweeper.search.trials=2", SEARCH[1]]
    assert folder.sweep(*words).returncode == 0
    (first,) = folder.folders()
    (first / "results.jsonl").unlink()
    assert folder.sweep(*words).returncode == 0
    assert folder.folders() == [first]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [(["x=1"], "there is nothing to search over"), (["x=tag(log,interval(0,1))"], "both above 0")],
)
def test_a_space_that_is_none(overrides, message):
    with pytest.raises(ConfigError, match=message):
        space_of(OverridesParser.create().parse_overrides(overrides))


def test_what_a_trial_is_given_is_read_again_from_its_record():
    words = ["a=interval(0.0,1.0)", "b=tag(log,interval(1e-5,1.0))", "c=int(interval(1,9))", "d=range(0.0,1.0,0.1)",
             "~e", "f='x y',\"z\"", "+g=[1,2],{h:3}", "i=5"]  # fmt: skip
    space = space_of(OverridesParser.create().parse_overrides(words))

    class Drawn:
        """A trial that draws by itself."""

        def __init__(self, rng):
            self.rng, self.params = rng, {}

        def suggest_float(self, name, low, high, *, log):
            assert log == (name == "b")
            return self.params.setdefault(name, self.rng.uniform(low, high))

        def suggest_int(self, name, low, high, *, log=False):
            assert not log
            return self.params.setdefault(name, self.rng.randint(low, high))

        def suggest_categorical(self, name, choices):
            return self.params.setdefault(name, self.rng.choice(choices))

    for seed in range(200):
        drawn = Drawn(random.Random(seed))
        texts = space.suggest(drawn)
        assert space.read(texts) == drawn.params
        parsed = OverridesParser.create().parse_overrides(list(texts))
        assert not any(one.is_sweep_override() for one in parsed)
        assert parsed[0].value() == drawn.params["a"]
        assert parsed[2].value() in range(1, 10)
    with pytest.raises(ValueError, match="x"):
        space.read((*texts[:-1], "i=6"))
