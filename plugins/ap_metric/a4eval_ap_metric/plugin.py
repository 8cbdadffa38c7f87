"""What this plugin brings to a4eval."""

from __future__ import annotations

from a4eval import Component, hookimpl

A4EVAL_API = 1


@hookimpl
def a4eval_components() -> list[Component]:
    """List the components."""
    return []


@hookimpl
def a4eval_config_packages() -> list[str]:
    """Name the package that holds the configs."""
    return ["a4eval_ap_metric.configs"]
