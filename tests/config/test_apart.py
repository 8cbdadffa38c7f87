"""A notebook, or a program with a Hydra of its own, finds Hydra and OmegaConf as it left them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hydra.core.singleton import Singleton
from omegaconf import Container, OmegaConf
from omegaconf.basecontainer import BaseContainer

from a4eval.config import interpolation
from a4eval.config.apart import apart
from a4eval.config.compose import experiment
from a4eval.errors import ConfigError

MANY = {"a": 1, "b": [f"${{a}}{number}" for number in range(interpolation.MOST_REFERENCES + 1)]}


def state():
    return (
        Container.resolve_parse_tree,
        Container._resolve_node_interpolation,
        BaseContainer._resolvers,
        dict(BaseContainer._resolvers),
        Singleton._instances,
    )


def test_all_is_as_it_was_after_composing():
    before = state()
    experiment(["experiment=assignment4/q3_interpolated_ap"])
    assert state() == before


def test_all_is_as_it_was_after_a_mistake():
    before = state()
    assert experiment(["experiment=assignment4/q3_interpolated_ap", "seed=${nowhere}"]).problems
    with pytest.raises(ConfigError):
        experiment(["experiment=assignment4/q3_interpolated_ap", "task={"], Path("nowhere"))
    assert state() == before


def test_what_others_resolve_has_no_bound_before_beside_or_after():
    def theirs():
        OmegaConf.resolve(OmegaConf.create(MANY))

    theirs()
    with apart():
        with apart(), pytest.raises(ConfigError, match="more than 5,000 references"), interpolation.bounded():
            theirs()
        failed = []
        beside = threading.Thread(target=lambda: theirs() or failed.append("not"))
        beside.start()
        beside.join()
        assert failed == ["not"]
    theirs()
