"""``a4eval components``: what configs may name."""

from __future__ import annotations

import click

from a4eval.cli.options import json_option


@click.command()
@click.argument("name", required=False)
@click.option("--kind", help="Only this kind, such as metric.")
@json_option
def components(name: str | None, kind: str | None, as_json: bool) -> None:
    """List the components, or describe one.

    A description gives the parameters with their types, defaults and units, and the references.
    """
    from a4eval.results.describe import describe, list_components

    if name is None:
        list_components(kind, as_json=as_json)
    else:
        describe(name, kind, as_json=as_json)
