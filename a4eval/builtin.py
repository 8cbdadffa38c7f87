"""The core's own plugin: its tasks, executors and trackers come in by the same door as everyone else's."""

from __future__ import annotations

from a4eval.component import Component
from a4eval.hookspecs import hookimpl

A4EVAL_API = 1


@hookimpl
def a4eval_components() -> list[Component]:
    """List the tasks, executors and trackers of the core."""
    return [
        Component(
            kind="task",
            name="evaluate",
            factory="a4eval.tasks.evaluate:Evaluate",
            summary="a reader's batches through any metrics",
            version=2,
        ),
        Component(
            kind="task",
            name="evaluate_part",
            factory="a4eval.tasks.evaluate_part:EvaluatePart",
            summary="what evaluate with shards sends out: one part of the data, and the state of its metrics",
        ),
        Component(
            kind="task",
            name="compare",
            factory="a4eval.tasks.compare:Compare",
            summary="two sets of predictions on the same units: paired intervals and tests",
            references=("Efron & Tibshirani 1993", "Good 2005, section 3.7", "Holm 1979", "Benjamini & Hochberg 1995"),
            version=2,
        ),
        Component(
            kind="task",
            name="check_layer",
            factory="a4eval.tasks.check_layer:CheckLayer",
            summary="is a layer right? gradients, precision, batches, arrays, state, memory: a verdict",
        ),
        Component(
            kind="task",
            name="check_metric",
            factory="a4eval.tasks.check_metric:CheckMetric",
            summary="is a metric right? merging, weights, order, names, no data, NaN: a verdict",
        ),
        Component(
            kind="task",
            name="check_reader",
            factory="a4eval.tasks.check_reader:CheckReader",
            summary="is a reader right? passes, parts, bad files: a verdict",
        ),
        Component(
            kind="executor",
            name="local",
            factory="a4eval.executors.local:Local",
            summary="runs a sweep in processes on this machine",
        ),
        Component(kind="executor", name="ray", factory="a4eval.executors.ray:Ray", summary="runs a sweep on Ray"),
        Component(
            kind="executor",
            name="slurm",
            factory="a4eval.executors.slurm:Slurm",
            summary="runs a sweep as an array of Slurm jobs",
        ),
        Component(
            kind="executor",
            name="adverse",
            factory="a4eval.testing.adverse:Adverse",
            summary="loses workers and mixes up the order, for the tests of plugins",
        ),
        Component(
            kind="tracker",
            name="mlflow",
            factory="a4eval.trackers.mlflow:Mlflow",
            summary="gives finished records to MLflow",
        ),
        Component(
            kind="tracker",
            name="wandb",
            factory="a4eval.trackers.wandb:Wandb",
            summary="keeps finished records as offline runs of Weights & Biases",
        ),
        Component(
            kind="tracker",
            name="tensorboard",
            factory="a4eval.trackers.tensorboard:Tensorboard",
            summary="writes finished records for TensorBoard",
        ),
        Component(
            kind="tracker",
            name="trackio",
            factory="a4eval.trackers.trackio:Trackio",
            summary="keeps finished records as local runs of Trackio",
        ),
    ]


@hookimpl
def a4eval_config_packages() -> list[str]:
    """Name the package that holds the configs."""
    return ["a4eval.configs"]
