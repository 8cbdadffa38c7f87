"""What this plugin brings to a4eval."""

from __future__ import annotations

from a4eval import Component, hookimpl

A4EVAL_API = 1

_LAYERS = "a4eval_frameworks.layers"


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
    ]


@hookimpl
def a4eval_config_packages() -> list[str]:
    """Name the package that holds the configs."""
    return ["a4eval_frameworks.configs"]
