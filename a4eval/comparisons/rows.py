"""What was judged, as rows of a table: the same in a record, in JSON and on screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from a4eval.comparisons.judge import Judged


def judged_row(one: Judged) -> dict[str, Any]:
    """Return what is known of one number; None where there are no resamples to know it from."""
    return {
        "name": one.name,
        "baseline": one.compared.first,
        "candidate": one.compared.second,
        **difference_columns(one),
        "p": one.compared.p_value,
        "p_holm": one.p_holm,
        **decision_columns(one),
    }


def difference_columns(one: Judged) -> dict[str, Any]:
    """Return the difference with its interval."""
    interval = one.compared.interval
    return {
        "difference": one.delta,
        "low": one.share(interval.low) if interval else None,
        "high": one.share(interval.high) if interval else None,
        "interval": f"{interval.level:.0%} {interval.method}" if interval else None,
    }


def decision_columns(one: Judged) -> dict[str, Any]:
    """Return the verdict and what led to it."""
    found = one.decision
    return {
        "margin": one.margin,
        "verdict": found.verdict if found else "undecided",
        "alone": one.alone,
        "not_worse": one.outcome,
        "p_worse": found.p_worse if found else None,
        "p_better": found.p_better if found else None,
        "p_equivalent": found.p_equivalent if found else None,
        "smallest_p": found.smallest_p if found else None,
        "detectable": one.share(found.detectable) if found else None,
        "more_units": found.more_units if found else None,
        "unresolvable": found.unresolvable if found else None,
        "more_resamples": found.more_resamples if found else None,
    }
