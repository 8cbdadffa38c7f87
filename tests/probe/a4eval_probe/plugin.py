"""A plugin for the tests of sweeps: a task that does as it is told, good or bad."""

import os
from pathlib import Path

from a4eval import Component, hookimpl

A4EVAL_API = 1


@hookimpl
def a4eval_components():
    return [
        Component(kind="task", name="probe", factory="a4eval_probe.probe:Probe", summary="does as it is told"),
        Component(
            kind="executor", name="here", factory="a4eval_probe.here:Here", summary="runs a sweep in its process"
        ),
        Component(kind="tracker", name="tracked", factory="a4eval_probe.tracker:Tracked", summary="notes records"),
        Component(kind="reader", name="heights", factory="a4eval_probe.heights:Heights", summary="heights"),
        Component(kind="metric", name="mean_height", factory="a4eval_probe.heights:MeanHeight", summary="their mean"),
    ]


@hookimpl
def a4eval_run_finished(run, record):
    note("run", record["run_id"])


@hookimpl
def a4eval_sweep_finished(sweep, summary):
    note("sweep", f"{sweep['sweep_id']} {summary['ok']} {summary['failed']}")


def note(what, text):
    if "A4EVAL_PROBE_NOTES" in os.environ:
        with Path(os.environ["A4EVAL_PROBE_NOTES"]).open("a") as file:
            file.write(f"{what} {text}\n")


@hookimpl
def a4eval_config_packages():
    return ["a4eval_probe.configs"]
