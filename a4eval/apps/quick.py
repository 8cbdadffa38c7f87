"""Hydra's own way of running a job, with cheaper copies: it copies a config six times, node by node, for every job.

Only where Hydra is as known here; elsewhere it takes the longer way and comes to the same.
"""

from __future__ import annotations

import pickle
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from hydra.core import utils
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def quick_copies() -> Iterator[None]:
    """Within this context Hydra's ``run_job`` copies configs by way of pickle, and writes unchanged parts once."""
    with (
        patch.object(utils, "copy", _Copy),
        patch.object(HydraConfig, "set_config", _set_config),
        patch.object(utils, "_save_config", _save_config),
    ):
        yield


class _Copy:
    """In place of the module ``copy`` where Hydra runs a job."""

    @staticmethod
    def deepcopy(config: DictConfig) -> DictConfig:
        """Return a copy of a whole config."""
        copied: DictConfig = pickle.loads(pickle.dumps(config))  # noqa: S301  (what was just dumped)
        copied._re_parent()  # noqa: SLF001  (as OmegaConf does when it copies)
        return copied


def _set_config(self: HydraConfig, config: DictConfig) -> None:
    """Let ``HydraConfig.get()`` give Hydra's part of *config*, which still sees the rest."""
    OmegaConf.set_readonly(config.hydra, True)
    shown = DictConfig({})
    node = config._get_node("hydra")  # noqa: SLF001  (a copy would have another parent)
    shown._content["hydra"] = node  # type: ignore[index, assignment]  # noqa: SLF001
    self.cfg = shown  # type: ignore[assignment]


_texts: dict[tuple[str, ...], tuple[Any, str]] = {}
"""The parts of Hydra's config: what each was, and its YAML."""


def _save_config(config: Any, filename: str, folder: Path) -> None:
    """Write a config as YAML."""
    folder.mkdir(parents=True, exist_ok=True)
    text = OmegaConf.to_yaml(config) if filename != "hydra.yaml" else _yaml((), OmegaConf.to_container(config))
    (folder / filename).write_text(text, encoding="utf-8")


def _yaml(path: tuple[str, ...], node: Any) -> str:
    """Return the YAML of a mapping; of its parts down to the third level, those that have not changed are known."""
    lines: list[str] = []
    for key, part in node.items():
        place = (*path, str(key))
        known = _texts.get(place)
        if known is None or known[0] != part:
            deeper = isinstance(part, dict) and part and len(place) < 3
            text = f"{key}:\n{_yaml(place, part)}" if deeper else OmegaConf.to_yaml(OmegaConf.create({key: part}))
            known = _texts[place] = part, text
        lines += known[1].splitlines(keepends=True)
    return "".join(line if line == "\n" or not path else f"  {line}" for line in lines)
