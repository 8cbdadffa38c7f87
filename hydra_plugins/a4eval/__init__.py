"""The sweeper behind ``a4eval run -m``, where Hydra looks for plugins: ``hydra/sweeper=a4eval``.

Every Hydra application of the environment imports this, so whatever is heavy is imported when a sweep begins.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from hydra.plugins.sweeper import Sweeper
from omegaconf import DictConfig, open_dict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hydra.types import HydraContext, TaskFunction


class PlanSweeper(Sweeper):
    """Plans all points, then runs them on an executor.

    Args:
        params: overrides that the config itself sweeps over, ``hydra.sweeper.params``.
    """

    def __init__(self, params: Mapping[str, str] | None = None) -> None:
        self.params = dict(params or {})

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Take in what Hydra composed; the task function is not needed, for executors run the experiments."""
        del task_function
        self._loader = hydra_context.config_loader
        self._config = config

    def sweep(self, arguments: list[str]) -> Any:
        """Sweep over *arguments*; return an ``Outcome``, ``DRY_RUN``, or what went wrong."""
        from a4eval.config.compose import free_keys
        from a4eval.results.summary import print_plan
        from a4eval.sweeps.carry_out import DRY_RUN, carry_out, executor_of
        from a4eval.sweeps.command import command
        from a4eval.sweeps.plan import Plan, parse

        overrides = free_keys(f"{key}={value}" for key, value in self.params.items()) + arguments
        plan = Plan(parse(overrides, self._loader), self._compose)
        folder = Path(self._config.hydra.sweep.dir)
        if plan.root.dry_run:
            executor_of(plan.root)
            print_plan(plan, folder)
            return DRY_RUN
        try:
            given = self._config.hydra.overrides
            started = command([*given.hydra, *given.task])
            return carry_out(plan, folder, self._config.hydra.job.name, started, {"ok", "failed"})
        except Exception as error:  # noqa: BLE001  (returned: what Hydra's callers catch is taken for a fault of a config)
            return error

    def _compose(self, overrides: list[str], number: int) -> DictConfig:
        config: DictConfig = self._loader.load_sweep_config(self._config, overrides)
        with open_dict(config):
            config.hydra.job.id = config.hydra.job.num = number
        HydraConfig.instance().set_config(config)
        return config


_NODE = {"_target_": f"{__name__}.{PlanSweeper.__name__}", "params": None}
ConfigStore.instance().store(group="hydra/sweeper", name="a4eval", node=_NODE, provider="a4eval")
