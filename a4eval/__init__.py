"""a4eval: a measuring bench for metrics and layers.

Everything a plugin may use is named here.
Importing it imports neither numpy nor hydra nor pluggy: a plugin's plain functions need none of the framework.
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING, Any

from a4eval.component import Component, param
from a4eval.context import Run, require
from a4eval.contracts import Batch, Interval, Layer, Metric, Reader, Result, Row, Task, Value
from a4eval.errors import A4evalError, ConfigError, DataError, MissingExtraError, PluginError

if TYPE_CHECKING:
    from a4eval.config.builder import build
    from a4eval.hookspecs import API_VERSION, hookimpl
    from a4eval.statistics.corrections import benjamini_hochberg, holm
    from a4eval.statistics.intervals import bootstrap, paired_bootstrap, paired_permutation
    from a4eval.statistics.mean import mean_value

__version__ = "0.1.0"

__all__ = [
    "API_VERSION",
    "A4evalError",
    "Batch",
    "Component",
    "ConfigError",
    "DataError",
    "Interval",
    "Layer",
    "Metric",
    "MissingExtraError",
    "PluginError",
    "Reader",
    "Result",
    "Row",
    "Run",
    "Task",
    "Value",
    "benjamini_hochberg",
    "bootstrap",
    "build",
    "holm",
    "hookimpl",
    "mean_value",
    "paired_bootstrap",
    "paired_permutation",
    "param",
    "require",
]

_LATER = {
    "API_VERSION": "a4eval.hookspecs",
    "benjamini_hochberg": "a4eval.statistics.corrections",
    "bootstrap": "a4eval.statistics.intervals",
    "build": "a4eval.config.builder",
    "holm": "a4eval.statistics.corrections",
    "hookimpl": "a4eval.hookspecs",
    "paired_bootstrap": "a4eval.statistics.intervals",
    "paired_permutation": "a4eval.statistics.intervals",
    "mean_value": "a4eval.statistics.mean",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'a4eval' has no attribute {name!r}")
    return getattr(_import_module(_LATER[name]), name)
