"""``a4eval run -m``: hand the sweep to Hydra's sweeper and launcher; every point leaves its own record."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from a4eval.config import COMPOSITION_ERRORS, PACKAGE, VERSION_BASE, explain, free_keys, prepare_search_path, resolve
from a4eval.runner import run_single
from a4eval.show import print_record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def sweep(overrides: Sequence[str], config_dir: Path | None) -> int:
    """Run a sweep and return the exit status."""
    prepare_search_path(config_dir)
    sys.argv = ["a4eval", "--multirun", *free_keys(overrides)]
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra's only way to hand an error on instead of printing it and exiting
    try:
        hydra.main(config_path=f"pkg://{PACKAGE}", config_name="config", **VERSION_BASE)(_point)()
    except COMPOSITION_ERRORS as error:
        raise explain(error, config_dir) from error
    return 0


def _point(config: DictConfig) -> None:
    whole = DictConfig({**config, "hydra": HydraConfig.get()})
    whole.hydra.run.dir = HydraConfig.get().runtime.output_dir
    record, _ = run_single(resolve(whole, HydraConfig.get().overrides.task), show_progress=True, on_warning=_ignore)
    print_record(record)


def _ignore(_: str) -> None:
    pass
