"""Hydra's own way of running a job, with cheaper copies: it copies a config six times, node by node, for every job.

Only where Hydra is as known here; elsewhere it takes the longer way and comes to the same.
"""

from __future__ import annotations

import pickle
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import omegaconf.base
import yaml
from hydra.core import utils
from hydra.core.hydra_config import HydraConfig
from omegaconf import AnyNode, DictConfig, OmegaConf
from omegaconf._utils import get_omega_conf_dumper

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OF_A_JOB = {"job": ("id", "num", "override_dirname"), "overrides": ("task",), "runtime": ("output_dir",)}
"""What of Hydra's config differs between points of the same base."""
TREES_KEPT = 10_000
BASES_KEPT = 100


@contextmanager
def quick_copies(base: bytes, *, watched: bool) -> Iterator[None]:
    """Within this context Hydra's ``run_job`` copies no more than it must, and writes unchanged parts once.

    Args:
        base: what the config was made from, but for :data:`OF_A_JOB` in Hydra's part.
        watched: callbacks look at all that there is, so that each copy must be one.
    """
    with (
        patch.object(utils, "copy", _Whole if watched else _Part),
        patch.object(HydraConfig, "set_config", _set_config),
        patch.object(utils, "_save_config", _Saving(base)),
        quick_parsing(),
    ):
        yield


class _Whole:
    """In place of the module ``copy`` where Hydra runs a job."""

    @staticmethod
    def deepcopy(config: DictConfig) -> DictConfig:
        """Return a copy of a whole config."""
        copied: DictConfig = pickle.loads(pickle.dumps(config))  # noqa: S301  (what was just dumped)
        copied._re_parent()  # noqa: SLF001  (as OmegaConf does when it copies)
        return copied


class _Part:
    """The same where nobody but Hydra sees the copies."""

    @staticmethod
    def deepcopy(config: DictConfig) -> DictConfig:
        """Return a copy of the app's part, from which Hydra then takes its own away; its own alone it only reads."""
        own: object = HydraConfig.instance().cfg
        if config is own:  # as one that is of Hydra's part alone need not be: an app's may be empty
            return config
        copied: DictConfig = pickle.loads(without_hydra(config, pickle.dumps))  # noqa: S301  (what was just dumped)
        copied._re_parent()  # noqa: SLF001  (as OmegaConf does when it copies)
        copied._content["hydra"] = AnyNode(parent=copied)  # type: ignore[index]  # noqa: SLF001
        return copied


def without_hydra(config: DictConfig, dumps: Callable[[Any], bytes]) -> bytes:
    """Return a config without Hydra's part, pickled."""
    content: Any = config._content  # noqa: SLF001  (to leave out a part without changing it)
    try:
        config.__dict__["_content"] = {key: node for key, node in content.items() if key != "hydra"}
        return dumps(config)
    finally:
        config.__dict__["_content"] = content


def _set_config(self: HydraConfig, config: DictConfig) -> None:
    """Let ``HydraConfig.get()`` give Hydra's part of *config*, which still sees the rest."""
    if not config.hydra._get_node_flag("readonly"):  # noqa: SLF001  (to set it again is much work for nothing)
        OmegaConf.set_readonly(config.hydra, True)
    shown = DictConfig({})
    node = config._get_node("hydra")  # noqa: SLF001  (a copy would have another parent)
    shown._content["hydra"] = node  # type: ignore[index, assignment]  # noqa: SLF001
    self.cfg = shown  # type: ignore[assignment]


class _Saving:
    """Writes a config as YAML, in place of Hydra's function.

    Args:
        base: see :func:`quick_copies`.
    """

    def __init__(self, base: bytes) -> None:
        self._of_base = _texts_of(base)

    def __call__(self, config: Any, filename: str, folder: Path) -> None:
        """Write it."""
        folder.mkdir(parents=True, exist_ok=True)
        text = self._hydra(config) if filename == "hydra.yaml" else OmegaConf.to_yaml(config)
        (folder / filename).write_text(text, encoding="utf-8")

    def _hydra(self, config: DictConfig) -> str:
        """Return the YAML of Hydra's part; that of the base is known after its first point."""
        own: Any = config._get_node("hydra")  # noqa: SLF001  (its interpolations stay)
        texts = self._of_base
        if not texts:
            for key, part in OmegaConf.to_container(own, enum_to_str=True).items():  # type: ignore[union-attr]
                if key in OF_A_JOB:
                    texts[key, ""] = f"  {key}:\n"
                    texts.update({(key, inner): _part((str(key), str(inner)), of) for inner, of in part.items()})
                else:
                    texts[key, ""] = _part((str(key),), part)
        for key, inners in OF_A_JOB.items():
            for inner in inners:
                node = own._get_node(key)._get_node(inner)  # noqa: SLF001
                plain = OmegaConf.to_container(node) if OmegaConf.is_config(node) else node._value()  # noqa: SLF001
                texts[key, inner] = _part((key, inner), plain)
        return "hydra:\n" + "".join(texts.values())


@lru_cache(BASES_KEPT)
def _texts_of(_base: bytes) -> dict[tuple[Any, Any], str]:
    """Return the YAML of the parts of Hydra's config that was made from a base, as far as it is known."""
    return {}


_texts: dict[tuple[str, ...], tuple[Any, str]] = {}
"""The parts of Hydra's config: what each was, and its YAML."""


def _part(place: tuple[str, ...], part: Any) -> str:
    """Return the YAML of a part of Hydra's config where it stands."""
    text = _text(("hydra", *place), part)
    for _ in place:
        text = _indented(text)
    return text


def _text(place: tuple[str, ...], part: Any) -> str:
    """Return the YAML of a part under its key; of its own parts to the third level, what has not changed is known."""
    known = _texts.get(place)
    if known is None or known[0] != part:
        if isinstance(part, dict) and part and len(place) < 4:
            text = f"{place[-1]}:\n" + "".join(_indented(_text((*place, str(key)), of)) for key, of in part.items())
        else:
            text = _yaml({place[-1]: part})
        known = _texts[place] = part, text
    return known[1]


def _yaml(plain: Any) -> str:
    """Return what ``OmegaConf.to_yaml`` does, of what it makes of a config first."""
    text: str = yaml.dump(plain, default_flow_style=False, allow_unicode=True, sort_keys=False, Dumper=_DUMPER)
    return text


_DUMPER = get_omega_conf_dumper()


def _indented(text: str) -> str:
    return "".join(line if line == "\n" else f"  {line}" for line in text.splitlines(keepends=True))


@contextmanager
def quick_parsing() -> Iterator[None]:
    """Within this context OmegaConf parses each text with interpolations once."""
    with patch.object(omegaconf.base, "parse", _parsed):
        yield


_parsed = lru_cache(TREES_KEPT)(omegaconf.base.parse)  # type: ignore[attr-defined]
