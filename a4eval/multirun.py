"""``a4eval run -m``: hand the sweep to Hydra, whose sweeper is ours unless another is asked for."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import hydra
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from a4eval.config import COMPOSITION_ERRORS, PACKAGE, VERSION_BASE, explain, free_keys, prepare_search_path, resolve
from a4eval.experiment import SWEEP_KEYS
from a4eval.runner import run_single
from a4eval.sweeping import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def sweep(overrides: Sequence[str], config_dir: Path | None) -> int:
    """Run a sweep and return the exit status.

    Raises:
        ConfigError: any point's config is wrong; then none was run.
    """
    from a4eval.summary import finish

    outcome = _through_hydra(overrides, config_dir)
    if not isinstance(outcome, Outcome):
        return 0
    return finish(outcome)


def name_of(overrides: Sequence[str]) -> str:
    """Return the name of a sweep: the same overrides are the same sweep, and find the same folder again.

    >>> name_of(["experiment=assignment4/q5", "seed=1,2"])
    'q5-7c99054c'
    >>> name_of(["experiment=assignment4/q5", "seed=1,2", "retries=3", "executor=ray"])
    'q5-7c99054c'
    """
    kept = [override for override in overrides if not _about_the_sweep(override)]
    digest = hashlib.sha256("\n".join(kept).encode()).hexdigest()[:8]
    choice = next((value for key, _, value in (one.partition("=") for one in kept) if key == "experiment"), "")
    name = choice.rpartition("/")[2]
    return f"{name}-{digest}" if name.replace("_", "").isalnum() else digest


def _about_the_sweep(override: str) -> bool:
    key = override.lstrip("+~").partition("=")[0].partition(".")[0]
    return key in SWEEP_KEYS or key.startswith("hydra")


def _through_hydra(overrides: Sequence[str], config_dir: Path | None) -> Any:
    prepare_search_path(config_dir)
    GlobalHydra.instance().clear()
    try:
        with hydra.initialize_config_module(PACKAGE, job_name=name_of(overrides), **VERSION_BASE):
            application = GlobalHydra.instance().hydra
            assert application is not None
            return application.multirun(
                config_name="config",
                task_function=_point,
                overrides=[*free_keys(overrides), "hydra.mode=MULTIRUN"],
                with_log_configuration=False,
            )
    except COMPOSITION_ERRORS as error:
        raise explain(error, config_dir) from error


def _point(config: DictConfig) -> None:
    whole = DictConfig({**config, "hydra": HydraConfig.get()})
    whole.hydra.run.dir = HydraConfig.get().runtime.output_dir
    run_single(resolve(whole, HydraConfig.get().overrides.task), show_progress=True, on_warning=_ignore)


def _ignore(_: str) -> None:
    pass
