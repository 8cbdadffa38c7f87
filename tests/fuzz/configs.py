"""Overrides, sweeps, files of points and an experiment's YAML.

Hydra reads and merges its own files again for each command, which takes a hundred times as long as what is tried here.
So it does that once for each choice of groups; what was sent is set and laid over that as in the points of a sweep,
one input of ``WHOLE_WAY`` goes through the command's own function, and one of ``OF_GROUPS`` that choose a group.
"""

from __future__ import annotations

import math
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from .sets import ARROW
from .target import Target, goes_the_whole_way, tried, words

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hydra.core.config_loader import ConfigLoader
    from omegaconf import DictConfig

    from a4eval.sweeps.families import Entangled

EXPERIMENT = "experiment=assignment4/q5_l2_vs_iou"
OF_GROUPS = 64
MOST_POINTS = 100
"""Of a sweep that is planned; more take their time, and show it."""


@lru_cache(maxsize=64)
def _composed(groups: tuple[str, ...]) -> DictConfig:
    from omegaconf import open_dict, read_write

    from a4eval.config.compose import compose

    config = compose(groups)
    with read_write(config.hydra), open_dict(config.hydra):
        for key in set(config.hydra) - {"run", "sweep", "job", "runtime", "overrides"}:
            del config.hydra[key]  # it is copied each time
    return config


@cache
def _whole() -> Entangled:
    from a4eval.sweeps.families import Entangled

    return Entangled(_composed((EXPERIMENT,)))


@cache
def _root() -> DictConfig:
    from omegaconf import OmegaConf

    whole = _composed(())
    return OmegaConf.masked_copy(whole, [str(key) for key in whole if key != "hydra"])


@cache
def _loader() -> ConfigLoader:
    from a4eval.config.compose import guarded_hydra

    with guarded_hydra("fuzz", None) as application:
        return application.config_loader


@cache
def _groups(parent: str = "") -> frozenset[str]:
    """Return all groups of configs."""
    from hydra.core.object_type import ObjectType

    here = [f"{parent}{one}" for one in _loader().get_group_options(parent.rstrip("/"), ObjectType.GROUP)]
    return frozenset(here).union(*(_groups(f"{one}/") for one in here))


@cache
def _is_group(name: str) -> bool:
    """Say what Hydra says; to ask it of each plain name that was sent takes longer than all else."""
    from a4eval.sweeps.axes import loader_has_group

    return name in _groups() if name.strip(".") and "/" not in name else loader_has_group(_loader(), name)


def _told(call: Callable[[], Any]) -> None:
    """Do as the commands do with what Hydra complains of."""
    from a4eval.config.apart import apart
    from a4eval.config.complaints import COMPOSITION_ERRORS, explain

    def explained() -> Any:
        try:
            return call()
        except COMPOSITION_ERRORS as error:
            raise explain(error) from error

    with apart():
        tried(explained)


def overrides(folder: Path, data: bytes) -> None:
    """Overrides of an experiment, a line each."""
    from hydra.core.override_parser.overrides_parser import OverridesParser

    from a4eval.config.compose import experiment, free_keys
    from a4eval.config.guard import check_overrides
    from a4eval.experiment import Experiment
    from a4eval.runs.runner import checked

    given = words(data, 4)

    def set_on_a_copy() -> None:
        check_overrides(given)
        parsed = OverridesParser.create().parse_overrides(free_keys(given))
        if any(one.package is not None or _is_group(one.key_or_group) or "hydra" in one.key_or_group for one in parsed):
            if goes_the_whole_way(data, OF_GROUPS):
                checked(experiment([EXPERIMENT, *given]))
            return
        config = _whole().config(parsed, (), 0)
        checked(Experiment("fuzzed", config, tuple(given), folder))

    if goes_the_whole_way(data):
        tried(lambda: checked(experiment([EXPERIMENT, *given])))
    else:
        _told(set_on_a_copy)


def _planned(data: bytes, given: list[str], points: str | None = None, zipped: str | None = None) -> None:
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from omegaconf import open_dict

    from a4eval.config.compose import free_keys
    from a4eval.config.guard import check_overrides, check_size
    from a4eval.config.setting import apply
    from a4eval.errors import ConfigError
    from a4eval.sweeps.axes import parse
    from a4eval.sweeps.joined import joined
    from a4eval.sweeps.plan import Plan

    def compose(chosen: list[str], _number: int) -> DictConfig:
        parsed = OverridesParser.create().parse_overrides(chosen)
        groups = [one for one in parsed if one.package is not None or _is_group(one.key_or_group)]
        lines = tuple(str(one.input_line) for one in groups)
        if lines != (EXPERIMENT,) and not goes_the_whole_way(data, OF_GROUPS):
            raise ConfigError("another group is not chosen this time")
        config = _composed(lines).copy()
        with open_dict(config):
            apply([one for one in parsed if one not in groups], config)
        return config

    set_freely = [EXPERIMENT, *free_keys(given)]
    check_overrides(set_freely)
    check_size(set_freely)
    dials = parse(set_freely, _loader(), joined(points, zipped, _loader()))
    if math.prod(map(len, dials)) > MOST_POINTS:
        return
    jobs = Plan(dials, compose).jobs
    for number in {0, len(jobs) - 1}:
        _ = jobs[number]


def swept(folder: Path, data: bytes) -> None:
    """Overrides of a sweep, planned; a line that begins with ``;`` is a ``zip=``."""
    from a4eval.sweeps.multirun import sweep

    given = words(data, 3)
    zips = [one[1:] for one in given if one.startswith(";")]
    others = [one for one in given if not one.startswith(";")]
    if goes_the_whole_way(data):
        told = [*others, "dry_run=true", f"hydra.sweep.dir={folder / 'sweep'}"]
        tried(lambda: sweep([EXPERIMENT, *told], None))
    elif not any("hydra" in one for one in others):
        _told(lambda: _planned(data, others, None, zips[0] if zips else None))


def points(folder: Path, data: bytes) -> None:
    """A file of points; the first byte says of which kind."""
    from a4eval.sweeps.joined import joined

    file = folder / f"sent{('.csv', '.jsonl', '.parquet')[data[0] % 3 if data else 0]}"
    file.write_bytes(data[1:])

    def read() -> None:
        for dial in joined(str(file), None, _loader()):
            for axis in dial.axes:
                _ = axis.parsed

    _told((lambda: _planned(data, [], str(file))) if goes_the_whole_way(data) else read)


def yaml(folder: Path, data: bytes) -> None:
    """An experiment's file."""
    from a4eval.config.compose import experiment
    from a4eval.config.guard import UserConfigs
    from a4eval.config.interpolation import bounded
    from a4eval.config.salvage import contained
    from a4eval.experiment import Experiment
    from a4eval.runs.runner import checked

    (folder / "experiment").mkdir()
    (folder / "experiment" / "sent.yaml").write_bytes(data)

    def laid_over() -> None:
        config = _root().copy()
        config.merge_with(UserConfigs("fuzz", f"a4eval://{folder}").load_config("experiment/sent").config)
        with bounded():
            root = contained(config)
        checked(Experiment("sent", root, (), folder))

    if goes_the_whole_way(data):
        tried(lambda: checked(experiment(["experiment=sent"], folder)))
    else:
        _told(laid_over)


def _parquet() -> bytes:
    import io

    import pyarrow as pa
    from pyarrow import parquet

    file = io.BytesIO()
    parquet.write_table(pa.table({"task.W": [5.0, None], "seed": [1, 2]}), file)
    return file.getvalue()


TARGETS = {
    "overrides": Target(
        overrides,
        lambda: [
            b"task.W=12\nseed=1",
            b"+task.x=${seed}",
            b"~task.W",
            b"task={name: x}\ntimeout=5",
            b"task.W='a b'",
            b"task.target=[1,2.5,{a: b}]",
            b"++task.x=${oc.env:HOME}",
        ],
    ),
    "swept": Target(
        swept,
        lambda: [
            b"task.W=1,2\nseed=range(3)",
            b";task.W=1,2; task.H=3,4",
            b"task.W=choice(1,2)\nseed=3",
            b"seed=1,2\ntask.W=${seed}",
            b"seed=glob(*)",
            b"task.W=sort(3,1,2)\nseed=tag(a,1,2)",
            b"task.W=interval(1,2)",
            b"task.x=a,'b c'\n~seed",
            b"experiment=glob(assign*)",
        ],
    ),
    "yaml": Target(
        yaml,
        lambda: [
            b"# @package _global_\ntask: {name: detection, x: &a [1, 2], y: *a}\nseed: 1\n",
            b"# @package _global_\ndefaults: [_self_]\ntask:\n  name: evaluate\n  data: ${task.name}\n",
            b"# @package _global_\nhydra: {sweeper: {params: {seed: '1,2'}}}\ntask: ???\n",
            b"# @package _global_\ndefaults: [assignment4/q5_l2_vs_iou]\ntask: {W: '${oc.env:HOME}', H: 1e3}\n",
        ],
    ),
    "points": Target(
        points,
        lambda: [
            b"\0task.W,seed\n6,1\n8,\n",
            b'\1{"task.W": 6, "seed": 1}\n{"task.W": [1, null]}\n',
            *([b"\2" + _parquet()] if ARROW else []),
        ],
    ),
}
