"""``a4eval schema``: a JSON Schema of experiment files."""

from __future__ import annotations

import json

import click

from a4eval.terminal import put


@click.command()
def schema() -> None:
    """Print a JSON Schema of experiment files, with the components of the installed plugins.

    An editor with a YAML language server completes and checks experiments by it: save it as experiment.schema.json
    and begin a file with "# yaml-language-server: $schema=experiment.schema.json", below its first line.
    """
    from a4eval.config.schema import schema as made

    put(json.dumps(made(), indent=2, ensure_ascii=False))
