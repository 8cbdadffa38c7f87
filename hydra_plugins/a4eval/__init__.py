"""The door through which Hydra finds our sweeper, ``hydra/sweeper=a4eval``; a sweep imports what is behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hydra.core.config_store import ConfigStore
from hydra.plugins.sweeper import Sweeper

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig


class PlanSweeper(Sweeper):
    """Plans all points, which then run outside Hydra; ``params`` are overrides that the config itself sweeps over."""

    def __init__(self, params: Mapping[str, str] | None = None) -> None:
        self._params = dict(params or {})

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Take in what Hydra composed; the task function is not needed, for executors run the experiments."""
        del task_function
        self._loader, self._config = hydra_context.config_loader, config

    def sweep(self, arguments: list[str]) -> Any:
        """Plan the sweep over *arguments*."""
        from a4eval.sweeps.sweeper import planned

        return planned(self._loader, self._config, self._params, arguments)


_NODE = {"_target_": f"{__name__}.{PlanSweeper.__name__}", "params": None}
ConfigStore.instance().store(group="hydra/sweeper", name="a4eval", node=_NODE, provider="a4eval")
