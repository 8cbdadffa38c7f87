"""The door through which Hydra finds our sweeper, ``hydra/sweeper=a4eval``; a sweep imports what is behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hydra.core.config_store import ConfigStore
from hydra.plugins.sweeper import Sweeper
from omegaconf import OmegaConf

if TYPE_CHECKING:
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig


class PlanSweeper(Sweeper):
    """Plans all points, which then run outside Hydra; the parameters are those of ``hydra.sweeper``."""

    def __init__(self, **settings: Any) -> None:
        self._settings = {
            key: OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
            for key, value in settings.items()
        }

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Take in what Hydra composed."""
        self._context, self._function, self._config = hydra_context, task_function, config

    def sweep(self, arguments: list[str]) -> Any:
        """Plan the sweep over *arguments*, or carry it out if it is over an app of the user's own."""
        from a4eval.config.guard import Guard

        if isinstance(self._context.config_loader, Guard):
            from a4eval.sweeps.sweeper import planned

            return planned(self._context.config_loader, self._config, self._settings, arguments)
        from a4eval.apps.sweeper import sweep

        return sweep(self._context, self._function, self._config, self._settings, arguments)


SETTINGS: dict[str, Any] = {
    "params": None,  # overrides that the config itself sweeps over, as of Hydra's basic sweeper
    "max_batch_size": None,  # for configs made for that one; there are no batches
    # what follows is for apps of the user's; of `a4eval run` the root keys of these names say it
    "executor": OmegaConf.create({"name": "local"}, flags={"struct": False}),
    "search": OmegaConf.create({"name": None}, flags={"struct": False}),
    "resume": True,
    "dry_run": False,
    "fail_fast": False,
    "retries": 0,
    "timeout": None,
    "sort": None,
    "directions": OmegaConf.create({}, flags={"struct": False}),
    "version": None,
}
_NODE = {"_target_": f"{__name__}.{PlanSweeper.__name__}", **SETTINGS}
ConfigStore.instance().store(group="hydra/sweeper", name="a4eval", node=_NODE, provider="a4eval")
