"""``a4eval new``: a plugin from nothing."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from a4eval.terminal import put, remark


@click.command()
@click.argument("name", type=click.Path(path_type=Path))
@click.option(
    "--only",
    "kinds",
    multiple=True,
    type=click.Choice(["metric", "layer", "reader", "task"]),
    help="Make a component of this kind alone; may be given several times.",
)
def new(name: Path, kinds: tuple[str, ...]) -> None:
    """Make a plugin that works: NAME is a new folder, such as my-metrics.

    It has a metric, a layer, a reader and a task, experiments, and tests that use a4eval.testing; ruff, mypy --strict
    and pytest pass, and your own parts take the place of its own one by one.
    """
    from a4eval.scaffold.project import new_plugin, package_name

    written = new_plugin(name, kinds)
    put(f"{name}: {len(written)} files. Go on with")
    put(f"  cd {shlex.quote(str(name))}")
    put("  pip install -e '.[test]'    # offline: --no-build-isolation --no-deps")
    put("  pytest")
    package = package_name(name.name)
    for path in written:
        folder, _, experiment = path.removesuffix(".yaml").partition(f"/configs/experiment/{package}/")
        if experiment:
            put(f"  a4eval run experiment={folder}/{experiment}")
    if f"{package}/configs/__init__.py" not in written:
        remark("no experiment: one needs a metric and a reader of its batches (`--only metric --only reader`)")
