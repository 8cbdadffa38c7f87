"""A study of Optuna's, made anew whenever it is needed from what is known of its trials; it is kept nowhere."""

from __future__ import annotations

import inspect
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from a4eval.apps.space import Space
from a4eval.context import require
from a4eval.conversion import convert
from a4eval.errors import ConfigError, MissingExtraError, did_you_mean, noted, together
from a4eval.tracking import listening

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


Direction = Literal["minimize", "maximize"]
State = Literal["complete", "pruned", "failed"]
PATH = "hydra.sweeper.search"
ABOUT_ITS_TRIALS = ("cmaes", "nsgaii", "nsgaiii", "qmc")
"""Samplers that note with each trial what they need later, so that they must see again how it came about."""
DRAWN_ONCE = ("qmc",)
"""Samplers whose numbers are one sequence, which another seed would end."""


@dataclass(frozen=True)
class Aim:
    """What is searched for, and how: the keys of ``hydra.sweeper.search``.

    Args:
        name: the sampler of Optuna's: ``tpe``, ``cmaes``, …
        options: its parameters.
        trials: how many there are to be.
        objective: the metrics.
        direction: of each.
        pruner: that of Optuna's, with its parameters; None ends no trial early.
        curve: what the pruner watches, as :func:`a4eval.tracked` names it.
        seeds: over how many seeds each trial goes; None sets none.
        seed_key: the key of the config that takes the seed.
        seed: of the sampler itself.
    """

    name: str
    options: dict[str, Any]
    trials: int
    objective: tuple[str, ...]
    direction: tuple[Direction, ...]
    pruner: str | dict[str, Any] | None
    curve: str
    seeds: int | None
    seed_key: str
    seed: int | None

    @property
    def directions(self) -> dict[str, Direction]:
        """The direction of each objective."""
        return dict(zip(self.objective, self.direction, strict=True))

    @property
    def watched(self) -> bool:
        """Is a run ended early for its curve?"""
        return self.pruner is not None and self.seeds is None

    @property
    def seed_by_seed(self) -> bool:
        """Does the pruner take the value of each seed, rather than the mean up to it?"""
        name = self.pruner if self.pruner is None or isinstance(self.pruner, str) else self.pruner.get("name")
        return str(name).lower() == "wilcoxon"


_TYPES: dict[str, Any] = {
    "name": str,
    "options": dict[str, Any],
    "trials": int,
    "objective": str | list[str] | None,
    "direction": Direction | list[Direction],
    "pruner": str | dict[str, Any] | None,
    "curve": str | None,
    "seeds": int | None,
    "seed_key": str,
    "seed": int | None,
}
_DEFAULTS: dict[str, Any] = {
    "options": {},
    "trials": 20,
    "objective": None,
    "direction": "minimize",
    "pruner": None,
    "curve": None,
    "seeds": None,
    "seed_key": "seed",
    "seed": None,
}


def aim_of(said: str | Mapping[str, Any] | None) -> Aim | None:
    """Return what ``hydra.sweeper.search`` asks for; None if for no search.

    Raises:
        ConfigError: keys or values are wrong; all of them are told.
    """
    given = dict(said) if not isinstance(said, str | None) else {"name": said}
    if set(given) <= {"name"} and given.get("name") is None:
        return None
    found: dict[str, Any] = {}
    problems: list[ConfigError] = []
    for key, value in ({"name": None} | _DEFAULTS | given).items():
        with noted(problems):
            found[key] = _read(key, value)
    problems += _refused(found)
    if problems:
        raise together(problems)
    direction = (found["direction"],) if isinstance(found["direction"], str) else tuple(found["direction"])
    objective = _objective(found["objective"], len(direction))
    if len(objective) != len(direction):
        counts = f"got {len(direction)} for {len(objective)} objectives, expected one each"
        raise ConfigError(counts, path=f"{PATH}.direction")
    if len(direction) > 1 and found["pruner"] is not None:
        raise ConfigError("Optuna prunes trials of a single objective only", path=f"{PATH}.pruner")
    curve = found["curve"] or objective[0]
    return Aim(**(found | {"objective": objective, "direction": direction, "curve": curve}))


def _read(key: str, value: Any) -> Any:
    """Return the value of a key."""
    path = f"{PATH}.{key}"
    if key not in _TYPES:
        raise ConfigError(f"unknown key{did_you_mean(key, _TYPES)}", path=path)
    if key == "name" and value is None:
        raise ConfigError("is missing; it names the sampler, such as tpe", path=path)
    found = convert(value, _TYPES[key], path)
    if key in ("trials", "seeds") and found is not None and found < 1:
        raise ConfigError(f"got {found}, expected a positive integer", path=path)
    return found


def _refused(found: Mapping[str, Any]) -> list[ConfigError]:
    """Return what Optuna says against a sampler and a pruner; nothing where it is not installed."""
    problems: list[ConfigError] = []
    try:
        optuna = require("optuna", "a4eval[search]")
    except MissingExtraError:
        return problems  # a study says so
    if {"name", "options"} <= set(found):
        with noted(problems):
            _made(optuna.samplers, "Sampler", found["name"], found["options"], PATH)
    if "pruner" in found:
        with noted(problems):
            _pruner(optuna.pruners, found["pruner"])
    return problems


def _objective(said: str | list[str] | None, directions: int) -> tuple[str, ...]:
    """Return the names of the metrics; those of what a function returns without names by default."""
    if said is None:
        return ("value",) if directions == 1 else tuple(f"value_{place}" for place in range(directions))
    return (said,) if isinstance(said, str) else tuple(said)


class Told(NamedTuple):
    """What is known of a trial that has ended.

    Args:
        values: of its dimensions, as Optuna knows them.
        state: how it ended.
        objectives: what came out, if it is complete.
        steps: what its pruner saw, by step.
    """

    values: dict[str, Any]
    state: State
    objectives: tuple[float, ...] = ()
    steps: tuple[tuple[int, float], ...] = ()


class Study:
    """Asks for trials and is told what came of them.

    Args:
        aim: what is searched for.
        space: where.
        told: the trials that have ended, in their order.

    Raises:
        MissingExtraError: Optuna is not installed.
        ConfigError: it has no such sampler or pruner, or not with these parameters.
    """

    def __init__(self, aim: Aim, space: Space, told: Sequence[Told] = ()) -> None:
        self._optuna: Any = require("optuna", "a4eval[search]")
        self._optuna.logging.set_verbosity(self._optuna.logging.ERROR)  # it warns of each trial that fails
        self._space = space
        sampler = _made(self._optuna.samplers, "Sampler", aim.name, _seeded(aim, len(told)), PATH)
        keeps = aim.name.lower() in ABOUT_ITS_TRIALS
        self.study = self._optuna.create_study(
            sampler=sampler if keeps else self._optuna.samplers.RandomSampler(),
            pruner=_pruner(self._optuna.pruners, aim.pruner),
            directions=list(aim.direction),
            study_name="a4eval",
        )
        self.exhausted = False
        """The sampler has tried all that there is."""
        self.study.stop = self._stop
        for one in told:
            trial = self.again(one.values)
            for step, value in one.steps:
                self.prunes(trial, step, value)
            self.tell(trial, one)
        self.study.sampler = sampler

    def _stop(self) -> None:
        """Take in that a sampler wants no more trials: Optuna's own way is for its own loop."""
        self.exhausted = True

    def ask(self) -> tuple[Any, tuple[str, ...]]:
        """Return a new trial, and its overrides."""
        trial = self.study.ask()
        return trial, self._space.suggest(trial)

    def again(self, values: dict[str, Any]) -> Any:
        """Return a new trial with values that are known."""
        self.study.enqueue_trial(values)
        trial, _ = self.ask()
        return trial

    def prunes(self, trial: Any, step: int, value: float) -> bool:
        """Report what a trial has come to, and say whether it is to end there."""
        trial.report(value, step)
        return bool(trial.should_prune())

    def tell(self, trial: Any, came: Told) -> None:
        """Tell what came of a trial."""
        states = self._optuna.trial.TrialState
        state = {"complete": states.COMPLETE, "pruned": states.PRUNED, "failed": states.FAIL}[came.state]
        self.study.tell(trial, list(came.objectives) if came.state == "complete" else None, state)

    def best(self) -> list[int]:
        """Return the places of the best trials, those that no other beats in every objective."""
        return [one.number for one in self.study.best_trials]


class Pruned(Exception):  # noqa: N818  (it is no error)
    """Ends a run that its pruner sees no hope for.

    Args:
        step: where on its curve.
    """

    def __init__(self, step: int) -> None:
        super().__init__(f"pruned at step {step}")
        self.step = step


@dataclass(frozen=True)
class Watch:
    """What a worker needs to end a run early: it goes there with the run, so no worker asks anyone.

    Args:
        aim: what is searched for.
        space: where.
        told: the trials that had ended when the run was asked for.
    """

    aim: Aim
    space: Space
    told: tuple[Told, ...]

    @contextmanager
    def over(self) -> Iterator[None]:
        """Within this context a number that is tracked may raise :class:`Pruned`."""
        study = Study(self.aim, self.space, self.told)
        trial, _ = study.ask()
        seen: set[int] = set()

        def listen(name: str, value: float, step: int) -> None:
            if name != self.aim.curve or step < 0 or step in seen:
                return
            seen.add(step)
            if study.prunes(trial, step, value):
                raise Pruned(step)

        with listening(listen):
            yield


def _seeded(aim: Aim, told: int) -> dict[str, Any]:
    """Return the sampler's parameters; what goes on draws other numbers than what was drawn before."""
    if aim.seed is None:
        return aim.options
    return {"seed": aim.seed if aim.name.lower() in DRAWN_ONCE else aim.seed + told, **aim.options}


def _pruner(room: Any, said: str | Mapping[str, Any] | None) -> Any:
    if said is None:
        return room.NopPruner()
    options = {} if isinstance(said, str) else {key: value for key, value in said.items() if key != "name"}
    name = said if isinstance(said, str) else said.get("name")
    return _made(room, "Pruner", str(name), options, f"{PATH}.pruner")


_WITH_OTHERS = ("grid", "partialfixed")
"""Samplers that take the space, or another sampler, as an argument; ``bruteforce`` searches a grid."""


def _made(room: Any, ending: str, name: str, options: Mapping[str, Any], path: str) -> Any:
    """Make a sampler or pruner of Optuna's by its short name."""
    known = {one.removesuffix(ending).lower(): one for one in room.__all__ if one.endswith(ending)}
    known = {short: one for short, one in known.items() if not short.startswith(("base", *_WITH_OTHERS))}
    if name.lower() not in known:
        raise ConfigError(f"Optuna has no {ending.lower()} {name!r}{did_you_mean(name, known)}", path=path)
    kind: Callable[..., Any] = getattr(room, known[name.lower()])
    try:
        inspect.signature(kind).bind(**options)
        return kind(**options)
    except (TypeError, ValueError, ImportError) as error:  # ImportError: it needs another package, and says which
        raise ConfigError(f"{known[name.lower()]}: {' '.join(str(error).split())}", path=path) from error
