"""What this plugin brings to a4eval."""

from __future__ import annotations

from a4eval import Component, hookimpl

A4EVAL_API = 1

_LAYERS = "a4eval_frameworks.layers"
_METRICS = "a4eval_frameworks.metrics"
_READERS = "a4eval_frameworks.readers"


@hookimpl
def a4eval_components() -> list[Component]:
    """List the components."""
    return [
        Component(
            kind="layer",
            name="torch",
            factory=f"{_LAYERS}.torch_layer:TorchLayer",
            summary="a layer of torch.nn, or a torch module of yours (extra: torch)",
        ),
        Component(
            kind="layer",
            name="jax",
            factory=f"{_LAYERS}.jax_layer:JaxLayer",
            summary="a layer of flax.nnx, a jax function, or either of yours (extra: jax)",
        ),
        Component(
            kind="layer",
            name="keras",
            factory=f"{_LAYERS}.keras_layer:KerasLayer",
            summary="a layer of keras, or of yours, on torch or jax (extra: keras)",
        ),
        Component(
            kind="metric",
            name="torchmetrics",
            factory=f"{_METRICS}.torchmetrics_metric:TorchMetric",
            summary="a class of torchmetrics (extra: torchmetrics)",
        ),
        Component(
            kind="metric",
            name="sklearn",
            factory=f"{_METRICS}.sklearn_metric:SklearnMetric",
            summary="a function of sklearn.metrics (extra: sklearn)",
        ),
        Component(
            kind="metric",
            name="pytrec_eval",
            factory=f"{_METRICS}.trec_metric:TrecMetric",
            summary="measures of trec_eval (extra: pytrec_eval)",
        ),
        Component(
            kind="metric",
            name="callable",
            factory=f"{_METRICS}.callable_metric:CallableMetric",
            summary="a function of yours of predictions and references",
        ),
        Component(
            kind="reader",
            name="predictions",
            factory=f"{_READERS}.predictions:PredictionTable",
            summary="predictions from CSV, JSON lines, npz or Parquet, a row each",
        ),
        Component(
            kind="reader",
            name="drawn_predictions",
            factory=f"{_READERS}.drawn:DrawnPredictions",
            summary="scores and labels from a random generator, to try metrics on",
        ),
        Component(
            kind="task",
            name="metrics_agree",
            factory="a4eval_frameworks.tasks.metrics_agree:MetricsAgree",
            summary="the same metric of several libraries: does it agree, and if not, where and why",
        ),
    ]


@hookimpl
def a4eval_config_packages() -> list[str]:
    """Name the package that holds the configs."""
    return ["a4eval_frameworks.configs"]
