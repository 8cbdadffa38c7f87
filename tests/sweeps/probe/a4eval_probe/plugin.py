"""A plugin for the tests of sweeps: a task that does as it is told, good or bad."""

from a4eval import Component, hookimpl

A4EVAL_API = 1


@hookimpl
def a4eval_components():
    return [Component(kind="task", name="probe", factory="a4eval_probe.probe:Probe", summary="does as it is told")]


@hookimpl
def a4eval_config_packages():
    return ["a4eval_probe.configs"]
