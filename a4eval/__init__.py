"""a4eval: a measuring bench for metrics and layers.

Everything a plugin may use is named here; importing it imports neither numpy nor hydra.
"""

from a4eval.component import Component, param
from a4eval.context import Run, require
from a4eval.contracts import Batch, Interval, Layer, Metric, Reader, Result, Row, Task, Value
from a4eval.errors import A4evalError, ConfigError, DataError, MissingExtraError, PluginError
from a4eval.hookspecs import API_VERSION, hookimpl
from a4eval.registry import build

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
    "build",
    "hookimpl",
    "param",
    "require",
]
