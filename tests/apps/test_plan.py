# ruff: noqa: E501  (a row of overrides, and a line of a config, stay what they are)
"""The points of an app are those that Hydra composes, whatever overrides they are made of."""

from __future__ import annotations

import pickle
import random
from contextlib import contextmanager

import hydra
import pytest
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import OmegaConf, open_dict

from a4eval.apps.plan import AppPlan
from a4eval.apps.point import directory_of
from a4eval.config.compose import VERSION_BASE
from a4eval.experiment import Conduct

SETS = 20
"""How many are drawn here; ``python benchmarks/app_overrides.py`` draws 1,000."""
CONFIGS = {
    "config.yaml": "defaults:\n  - db: mysql\n  - opt/sgd@first: plain\n  - _self_\nlr: 0.1\nname: run-${db.user}-${lr}\n"
    "deep: {a: {b: 1, c: [1, 2, {d: 3}]}}\nlist: [1, 2]\nnothing: null\nneeded: ???\nplace: ${hydra:job.num}\n"
    "hydra: {sweep: {dir: out, subdir: '${hydra.job.num}-${hydra.job.override_dirname}'}}\n",
    "db/mysql.yaml": "user: omry\nport: 3306\n",
    "db/postgresql.yaml": "user: postgres\nport: 5432\ntimeout: 10\n",
    "opt/sgd/plain.yaml": "momentum: 0\n",
    "opt/sgd/nesterov.yaml": "momentum: 0.9\nnesterov: true\nrate: ${lr}\n",
    "extra/one.yaml": "# @package _global_\nlr: 7\nadded: 1\n",
    "extra/two.yaml": "# @package other\nx: ${lr}\n",
}
OVERRIDES = [
    "lr=1,2", "lr=1e-3", "lr=range(1,4)", "lr=null,1", "lr='a b',\"c\"", "lr=${db.port},3", "db=mysql,postgresql",
    "db=postgresql", "db=glob(*)", "~db", "~db.user", "db.port=1,2", "+db.new=1,[2]", "++db.port=5", "+extra=one",
    "+extra=one,two", "opt/sgd@first=plain,nesterov", "opt/sgd@first=nesterov", "+opt/sgd@second=plain,nesterov",
    "first.momentum=1,2", "deep.a.b=2,3", "deep.a={b:5}", "deep.a={b:5},{b:6}", "deep.a.c=[1],[2,3]", "deep.a.c.2.d=4,5",
    "+deep.e.f=1,2", "deep={a:{b:9}}", "list=[],[3]", "list.0=4,5", "nothing=1,{a:1}", "needed=1,2", "needed=true,false",
    "name=x,y", "name=choice(p,q)", "name=shuffle(p,q,r,seed=3)", "lr=sort(3,1,2)", "db={port:1}", "db.timeout=4",
    "unknown=1,2", "lr=1,1", "++lr=3,4", "+lr=3", "place=0,1", "deep.a.b=${lr},${place}", "~nothing", "~lr=0.1",
]  # fmt: skip


@contextmanager
def application_in(folder):
    """Write the configs into a folder and yield Hydra, ready to compose them."""
    for name, text in CONFIGS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    GlobalHydra.instance().clear()
    with hydra.initialize_config_dir(str(folder), job_name="app", **VERSION_BASE):
        yield GlobalHydra.instance().hydra


@pytest.fixture
def application(tmp_path):
    with application_in(tmp_path) as found:
        yield found


def theirs(loader, master, overrides):
    """Return what Hydra's basic sweeper and launcher compose: each config, its folder, or why not."""
    parsed = OverridesParser.create(config_loader=loader).parse_overrides(overrides)
    (points,) = BasicSweeper.split_arguments(parsed, None)
    found = []
    for number, point in enumerate(points):
        config = loader.load_sweep_config(master, list(point))
        with open_dict(config):
            config.hydra.job.num, config.hydra.job.id = number, str(number)
        found.append(told(config))
    return found


def ours(loader, master, overrides):
    """Return what a worker composes; what is planned with comes to the same."""
    plan = AppPlan(loader, master, overrides, None, pickle.dumps)
    points = [plan.point(number) for number in plan.every(Conduct(), None).run_ids.values()]
    for one in points:
        family, _ = plan._placed(one.number)
        planned = OmegaConf.to_container(family.composed(one.parsed, one.number))
        assert planned == OmegaConf.to_container(one.composed())
    return [told(one.composed()) for one in points]


def told(config):
    flags = [(OmegaConf.is_struct(node), OmegaConf.is_readonly(node)) for node in (config, config.hydra)]
    return OmegaConf.to_yaml(config), flags, directory_of(config)


def outcome(make, *given):
    try:
        return make(*given)
    except (HydraException, ValueError) as error:  # what Hydra says of overrides that do not fit
        return type(error), str(error)


def compared(application, sets, rng):
    """Compare so many sets of overrides; return how many Hydra composes, of how many points, and those that differ."""
    well, points, differing = 0, 0, []
    for _ in range(sets):
        overrides = rng.sample(OVERRIDES, rng.randint(1, 4))
        try:
            master = application.compose_config("config", overrides, RunMode.MULTIRUN, with_log_configuration=False)
        except HydraException:
            continue  # Hydra does not begin
        given = list(OmegaConf.to_container(master.hydra.overrides.task, resolve=False))
        expected = outcome(theirs, application.config_loader, master, given)
        if outcome(ours, application.config_loader, master, given) != expected:
            differing.append(overrides)
        well += isinstance(expected, list)
        points += len(expected) if isinstance(expected, list) else 0
    return well, points, differing


def test_override_sets_drawn_at_random(application):
    well, _, differing = compared(application, SETS, random.Random(23))
    assert differing == []
    assert well > SETS / 4
