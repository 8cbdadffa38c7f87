"""What the stranger brings."""

from a4eval import Component, hookimpl

A4EVAL_API = 1


@hookimpl
def a4eval_components():
    return [
        Component(kind="reader", name="flips", factory="a4eval_stranger.coin:Flips", summary="coin flips"),
        Component(kind="metric", name="heads", factory="a4eval_stranger.coin:Heads", summary="share of heads"),
        Component(kind="layer", name="square", factory="a4eval_stranger.square:Square", summary="scaled square"),
    ]


@hookimpl
def a4eval_config_packages():
    return ["a4eval_stranger.configs"]


@hookimpl
def a4eval_provenance():
    return {"mint": "Royal"}


@hookimpl
def a4eval_run_finished(run, record):
    (run.directory / "heard.txt").write_text(record["status"])
