"""The planner gives the resolved configs that Hydra's basic sweeper gives, in its order."""

from __future__ import annotations

import os
import random
import re

import hydra
import pytest
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hydra.types import RunMode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf, open_dict

from a4eval.config.apart import apart
from a4eval.config.compose import PACKAGE, VERSION_BASE, free_keys, prepare_search_path
from a4eval.config.setting import our_rules
from a4eval.errors import ConfigError
from a4eval.sweeps import plan as planning
from a4eval.sweeps.axes import parse
from a4eval.sweeps.plan import Plan

pytestmark = pytest.mark.usefixtures("probe")

SWEEPS = [
    ["experiment=probe", "task.x=1,2,3"],
    ["experiment=probe", "task.x=1,2", "seed=range(0,3)"],
    ["seed=range(0,3)", "task.x=1,2", "experiment=nested/one,nested/two"],
    ["experiment=nested/one,nested/two", "task.x=range(0,1,0.25)"],
    ["experiment=nested/two", "task.sizes=[1],[2,3],[]"],
    ["experiment=nested/two", "task.y.a=5,6", "task.y.b=null,7"],
    ["experiment=nested/two", "task.y={a:3},{c:4}"],
    ["experiment=nested/two", "task.y={c:4}", "task.y.c=1,2"],
    ["experiment=nested/two", "task.y.a=1,2", "task.y={a:7}"],
    ["experiment=nested/two", "task.sizes.1=7,8"],
    ["experiment=nested/two", "~task.y.a", "task.x=3,4"],
    ["experiment=probe", "task.y=true,no,'quoted text','5',5,5.0,1e-3,null,inf,a b,a/b.c"],
    ["experiment=probe", "task.y=str(5),str([1,2]),int(3.7)"],
    ["experiment=probe", r"task.y='a\'b','with = and ,',\$x"],
    ["experiment=probe", "task.y=[[1,2],[a,'3']],[{k:v}]"],
    ["experiment=probe", "task.x=sort(3,1,2,reverse=true)"],
    ["experiment=probe", "task.x=tag(a,b,choice(5,4))", "seed=sort(range(4,0,-1))"],
    ["experiment=probe", "seed=9,8", "description=hello", "seed=1,2"],
    ["experiment=probe", "+flavour=vanilla,salt", "task.options.sweet=1,2"],
    ["experiment=probe", "+flavour@task.y=vanilla,salt"],
    ["experiment=glob(*)", "seed=4"],
    ["experiment=linked", "seed=3,4", "task.options.name=m,n"],
    ["experiment=probe", "task.x=${seed}", "seed=5,6"],
    ["experiment=probe", "task.x=${seed},7", "seed=5,6"],
    ["experiment=numbered", "seed=5,6"],
    ["experiment=numbered,probe", "task.options.k=5,6"],
    ["experiment=probe", "++task.x=1,2", "+task.y=3"],
    ["experiment=probe", "task.x=1,2", "task.y=/ckpt/${task.x}"],
    ["experiment=probe", "task.x=1,2", "task.y=a,/ckpt/${task.x}"],
    ["experiment=probe", "seed=1,2", "task.x=5,${seed}"],
    ["experiment=probe", "seed=1,2", "task.x=choice(5,${seed})", "task.y='${task.x} of ${seed}',\"${seed}\""],
    ["experiment=probe", "seed=1,2", "task.y=[${seed},2],{a:${seed}}"],
    ["experiment=nested/two", "task.x=3,4", "task.y.a=${task.x},7", "task.y.b=${task.y.a}"],
    ["experiment=probe", "task.y={a:1},{b:2}", "task.options={c:3}", "task.options.d=4,5"],
    ["experiment=numbered,probe", "task.options={a:1}", "task.options.b=5,6"],
    ["experiment=probe", "description=n${hydra:job.num},b", "task.x=1,2", "task.y=${description}"],
    ["experiment=nested/two", "task.y.c=1,2", "~task.y.a"],
]


@pytest.fixture
def application():
    """Hydra, ready to compose."""
    with apart():
        prepare_search_path(None)
        GlobalHydra.instance().clear()
        with hydra.initialize_config_module(PACKAGE, job_name="sweep", **VERSION_BASE):
            yield GlobalHydra.instance().hydra
        HydraConfig.instance().cfg = None


def composer(application, overrides):
    loader = application.config_loader
    with our_rules():
        master = application.compose_config("config", overrides, RunMode.MULTIRUN, with_log_configuration=False)

    def compose(point, number):
        with our_rules():
            config = loader.load_sweep_config(master, point)
        with open_dict(config):
            config.hydra.job.id = config.hydra.job.num = number
        HydraConfig.instance().set_config(config)
        return config

    return compose


def basic(application, overrides):
    """Return what the basic sweeper and launcher would run."""
    compose = composer(application, overrides)
    parser = OverridesParser.create(config_loader=application.config_loader)
    (batch,) = BasicSweeper.split_arguments(parser.parse_overrides(overrides), None)
    configs = []
    for number, point in enumerate(batch):
        config = compose(point, number)
        own = OmegaConf.masked_copy(config, [key for key in config if key != "hydra"])
        configs.append(OmegaConf.to_container(own, resolve=True))
    return configs


def planned(application, overrides):
    plan = Plan(parse(overrides, application.config_loader), composer(application, overrides))
    return plan, [plan.jobs[number].point.config for number in range(len(plan.jobs))]


@pytest.mark.parametrize("overrides", SWEEPS, ids=" ".join)
def test_the_points_are_the_basic_sweepers(application, overrides):
    overrides = free_keys(overrides)
    plan, configs = planned(application, overrides)
    expected = basic(application, overrides)
    if plan.repeated:  # the same task and seed: the same run, whatever its description
        identities = [(config["task"], config["seed"]) for config in expected]
        expected = [one for number, one in enumerate(expected) if identities.index(identities[number]) == number]
    assert configs == expected
    types = [type(config["task"].get("y")) for config in configs]
    assert types == [type(config["task"].get("y")) for config in expected]


numbers = st.sampled_from(["1", "2.5", "-3"])
words = st.sampled_from(["a", "null", "true", "'q, r'", '"5"', "a b", "/p/q", r"\$\{z\}"])
links = st.sampled_from(
    ["${seed}", "${task.x}", "/c/${task.x}", "'${seed} of ${task.x}'", "${task.options.k}", "${nope}"]
)
values = st.recursive(
    numbers | words | links | st.just("${hydra:job.num}"),
    lambda inner: (
        st.lists(inner, max_size=2).map(lambda one: f"[{','.join(one)}]")
        | st.tuples(st.sampled_from("abk"), inner).map(lambda one: f"{{{one[0]}:{one[1]}}}")
    ),
    max_leaves=3,
)
several = st.lists(values, min_size=1, max_size=3).map(",".join) | st.lists(values, min_size=2, max_size=3).map(
    lambda found: f"choice({','.join(found)})"
)
anything = st.tuples(st.sampled_from(["", "++", "+"]), st.sampled_from(["task.y", "task.y.a", "task.y.k"]), several)
options = st.tuples(
    st.just("++"),
    st.sampled_from(["task.options.k", "task.options", "task.options.a"]),
    st.just("{k:1},{k:2,a:3}") | st.just("{k:4}") | st.just("{a:${task.x}}") | st.just("{}"),
).filter(lambda one: one[1] == "task.options") | st.tuples(
    st.just("++"), st.sampled_from(["task.options.k", "task.options.a"]), several
)
known = st.tuples(st.just(""), st.just("seed"), st.sampled_from(["1,2", "range(3,5)", "4"])) | st.tuples(
    st.just("++"), st.just("task.x"), st.sampled_from(["1,2", "${seed},7", "sort(3,1)", "range(0,1,0.5)", "${seed}"])
)
groups = st.sampled_from(["probe", "nested/one,nested/two", "linked", "numbered,probe", "linked,nested/two"])


@settings(max_examples=int(os.environ.get("A4EVAL_EXAMPLES", "20")), suppress_health_check=list(HealthCheck))
@given(groups, st.lists(known | anything | options, min_size=1, max_size=4))
def test_any_sweep_has_the_basic_sweepers_points(application, group, overrides):
    """What Hydra's own makes of it, or an error where that has one."""
    overrides = [f"experiment={group}", *(f"{prefix}{key}={value}" for prefix, key, value in overrides)]
    try:
        expected = basic(application, overrides)
    except Exception:  # noqa: BLE001  (Hydra lets all kinds through)
        with pytest.raises((ConfigError, HydraException)):
            planned(application, overrides)
        return
    try:
        _, configs = planned(application, overrides)
    except ConfigError as error:
        assert re.search(r": got .*expected|unknown key", str(error)), "what the task itself refuses"  # noqa: PT017
        return
    identities = [(config["task"], config["seed"]) for config in expected]
    assert configs == [one for at, one in enumerate(expected) if identities.index(identities[at]) == at]


def test_a_shuffled_sweep_has_the_same_points(application):
    random.seed(3)
    plan, configs = planned(application, ["experiment=probe", "++task.x=shuffle(range(0,50))", "seed=shuffle(1,2,3)"])
    points = [(config["task"]["x"], config["seed"]) for config in configs]
    assert sorted(points) == sorted((x, seed) for x in range(50) for seed in (1, 2, 3))
    assert points != sorted(points)
    assert len(plan.jobs.run_ids) == 150


def test_a_glob_with_a_slash_looks_into_nested_groups(application):
    _, configs = planned(application, ["experiment=glob(nested/*)"])
    assert [config["description"] for config in configs] == ["one", "two"]
    _, configs = planned(application, ["experiment=glob(nested/*,exclude=nested/t*)"])
    assert [config["description"] for config in configs] == ["one"]


def test_the_same_run_twice_is_one_point(application):
    plan, configs = planned(application, ["experiment=probe", "++task.x=1,2,1,1"])
    assert [config["task"]["x"] for config in configs] == [1, 2]
    assert plan.repeated == 2


def test_composes_once_a_family(application):
    compose = composer(application, ["experiment=probe"])
    composed = []

    def counted(point, number):
        composed.append(point)
        return compose(point, number)

    overrides = ["experiment=nested/one,nested/two", "++task.x=range(0,100)", "seed=range(0,3)"]
    plan = Plan(parse(overrides, application.config_loader), counted)
    assert (len(plan.jobs), len(composed)) == (600, 2)


@pytest.mark.parametrize(
    "overrides",
    [
        ["experiment=numbered", "seed=range(0,100)"],
        ["experiment=nested/two", "++task.y={a:1},{c:2}", "++task.y.b=range(0,50)"],
        ["experiment=probe", "seed=range(0,50)", "++task.y=${seed},a"],
    ],
)
def test_composes_seldom_where_hydra_sets_each_point(application, overrides):
    compose = composer(application, overrides)
    composed = []

    def counted(point, number):
        composed.append(point)
        return compose(point, number)

    plan = Plan(parse(overrides, application.config_loader), counted)
    assert (len(plan.jobs), len(composed)) == (100, 2)


def test_overrides_are_told_as_typed(application):
    plan, _ = planned(application, free_keys(["experiment=probe", "task.x=1,2", "seed=3"]))
    assert plan.jobs[1].point.overrides == ("experiment=probe", "task.x=2", "seed=3")
    assert plan.jobs[1].point.experiment == "probe"


@pytest.mark.parametrize(
    ("overrides", "path", "text"),
    [
        (["++task.x=1,-1"], "task", "must not be -1 (in the point task.x=-1)"),
        (["++task.x=1,two"], "task.x", "got 'two', expected float"),
        (["++task.z=1,2"], "task.z", "unknown key"),
        (["seed=1,-2"], "seed", "non-negative"),
        (["retries=1,2"], "retries", "cannot be swept"),
        (["++executor.workers=1,2"], "executor.workers", "cannot be swept"),
        (["++task.x=interval(0,1)"], "++task.x", "interval() is for a search"),
        (["++task.x=glob(*)"], "task.x", "there is no such group; give the values"),
    ],
)
def test_a_bad_point_is_found_before_any_runs(application, overrides, path, text):
    with pytest.raises(ConfigError) as caught:
        planned(application, ["experiment=probe", *overrides])
    assert caught.value.path == path.lstrip("+")
    assert text in str(caught.value)


@pytest.mark.parametrize(("seconds", "points"), [(60, 3), (0, 1)])
def test_more_that_is_wrong_is_looked_for_only_so_long(application, monkeypatch, seconds, points):
    monkeypatch.setattr(planning, "SECONDS_FOR_MORE", seconds)
    tried = []

    def compose(overrides, _number):
        tried.append(overrides)
        raise ConfigError("is odd", path=overrides[-1])

    with pytest.raises(ConfigError, match=r"is odd"):
        Plan(parse(["experiment=nested/one", "task.x=1,2,3"], application.config_loader), compose)
    assert len(tried) == points
