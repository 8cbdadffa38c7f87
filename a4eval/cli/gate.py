"""``a4eval gate``: a candidate that is worse ends with an exit status of its own."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import click

from a4eval.cli.options import by_option, independent_option, keys_of, margins_of, numbers_of, target_option
from a4eval.errors import ConfigError, noted, together

GATE_HELP = """Gate a record.

\b
  a4eval gate BASELINE CANDIDATE --metric AP --margin 0.005
  a4eval gate BASELINE CANDIDATE --cost cpu_seconds=0.05
  a4eval gate BASELINE CANDIDATE --rules gate.yaml --format markdown -o comment.md
  a4eval gate RECORD 'AP>=0.4'

BASELINE, CANDIDATE and RECORD are records, folders that hold one each, or sweeps; limits such as 'AP>=0.4' may follow.

\b
Exit status: 0 not worse, and all limits are kept
             2 the command or the rules are wrong, or there is no such record
             3 worse, or a limit is broken
             4 undecided: --undecided pass or fail makes it 0 or 3
"""


@click.command(help=GATE_HELP)
@click.argument("arguments", nargs=-1, required=True, metavar="[BASELINE] CANDIDATE [LIMIT]...")
@click.option("--metric", "metrics", multiple=True, help="What must not be worse, such as AP; may be repeated.")
@click.option(
    "--margin",
    "margins",
    metavar="[METRIC=]NUMBER",
    multiple=True,
    help="The loss that does not matter, of every --metric or of one.",
)
@click.option("--parts", multiple=True, metavar="LABEL=MARGIN", help="Each part of this metric, such as its classes.")
@click.option(
    "--cost",
    "costs",
    multiple=True,
    metavar="NAME=SHARE",
    help="Repeated runs: by which share wall_seconds, cpu_seconds or peak_memory_bytes may rise.",
)
@click.option("--rules", "rules_file", type=click.Path(path_type=Path), help="Rules in a YAML file.")
@click.option("--alpha", type=float, help="Chance of a wrong worse; 0.05 by default.")
@click.option("--undecided", type=click.Choice(["pass", "fail"]), help="What an undecided rule counts as.")
@by_option
@independent_option
@target_option
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "markdown", "junit"]), default="text", show_default=True
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write to this file; the text is printed as well."
)
def gate(
    arguments: tuple[str, ...],
    metrics: tuple[str, ...],
    margins: tuple[str, ...],
    parts: tuple[str, ...],
    costs: tuple[str, ...],
    rules_file: Path | None,
    alpha: float | None,
    undecided: str | None,
    by: str | None,
    independent: bool,
    targets: tuple[str, ...],
    form: str,
    output: Path | None,
) -> None:
    """See GATE_HELP."""
    from a4eval.comparisons.rules import Rules, read
    from a4eval.comparisons.seeds import SweepOptions
    from a4eval.config.builder import build_options
    from a4eval.journal.pointed import all_there
    from a4eval.results.gated import FORMATS, Gated, write

    limits = [one for one in arguments if re.search("[<>]", one) and not Path(one).exists()]
    paths = [Path(one) for one in arguments if one not in limits]
    if len(paths) not in (1, 2):
        raise ConfigError(
            f"got {len(paths)} records, expected RECORD or BASELINE CANDIDATE; `a4eval gate --help` tells"
        )
    problems: list[ConfigError] = []
    with noted(problems):
        all_there(*paths)
    with noted(problems):
        rules = read(rules_file) if rules_file else Rules()
        given: dict[str, Any] = {
            "margins": rules.margins | _margins(metrics, margins),
            "parts": rules.parts | margins_of(parts, "--parts"),
            "costs": rules.costs | margins_of(costs, "--cost"),
            "limits": [*rules.limits, *limits],
            "alpha": rules.alpha if alpha is None else alpha,
            "undecided": undecided or rules.undecided,
        }
        rules = build_options(Rules, given, path="gate")
        if rules.empty:
            raise ConfigError(
                "there is no rule; give --metric NAME, --parts LABEL=MARGIN, --cost NAME=SHARE, --rules FILE or "
                "'METRIC>=NUMBER'"
            )
        if len(paths) == 1 and rules.comparing:
            raise ConfigError("a margin needs a baseline: give BASELINE CANDIDATE")
    if problems:
        raise together(problems)
    options = SweepOptions(keys_of(by), (), independent, numbers_of(targets, "--target"))
    done = Gated(paths[0] if len(paths) == 2 else None, paths[-1], rules, options)
    write(FORMATS[form](done), output)
    if output is not None:
        write(FORMATS["text"](done), None)
    sys.exit(done.status)


def _margins(metrics: tuple[str, ...], margins: tuple[str, ...]) -> dict[str, float]:
    """Return the margin of each metric: a number alone is that of every ``--metric``."""
    named = margins_of([one for one in margins if "=" in one])
    alone = [one for one in margins if "=" not in one]
    if len(alone) > 1:
        raise ConfigError(f"got {' and '.join(alone)}, expected one number, or METRIC=NUMBER", path="--margin")
    if alone and not metrics:
        raise ConfigError("a number alone is the margin of --metric; give that, or METRIC=NUMBER", path="--margin")
    common = margins_of([f"all={one}" for one in alone]).get("all", 0.0)
    return dict.fromkeys(metrics, common) | named
