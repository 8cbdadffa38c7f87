"""Stupid predictions: the truth gets the best value there is, and a constant does not beat chance.

Only a plugin knows what predictions are in its batches.
Its metrics or readers say so with ``stupid_predictions``; see :class:`a4eval.Baselined`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval.checks.finding import Finding, not_applicable
from a4eval.checks.metrics.case import REFUSALS, MetricCase, difference
from a4eval.checks.metrics.units import shuffled_rows
from a4eval.contracts import Baselined

if TYPE_CHECKING:
    from collections.abc import Mapping

    from a4eval.contracts import Stupid, Value

_DRAWS = 12
_DRAWS_BY_UNIT = 4
_ROUNDING = 1e-9
_LOOK = "how equal scores are ordered, and which way round scores and distances count"


def _baselined(case: MetricCase) -> Baselined | None:
    for one in (case.metric, case.source):
        if isinstance(one, Baselined):
            return one
    return None


def stupid(case: MetricCase) -> Finding:
    """Hold the truth against all other predictions, and a constant against chance."""
    knows = _baselined(case)
    if knows is None:
        return not_applicable("predictions", "neither metric nor reader has stupid_predictions")
    rng = case.rng("predictions")
    draws = [[knows.stupid_predictions(batch, rng) for batch in case.batches] for _ in range(_DRAWS)]
    kinds = [kind for kind in draws[0][0] if all(kind in one for draw in draws for one in draw)]
    values = {kind: [_values(case, [one[kind] for one in draw], rng) for draw in draws] for kind in kinds}
    if "truth" not in values:
        return not_applicable("predictions", "stupid_predictions does not give the truth")
    best = values["truth"][0]
    if not list(case.metric.names):
        return not_applicable("predictions", "the metric gives no number")
    if not best:
        return Finding("predictions", "failed", where="truth", meaning="the truth itself is refused", look_at=_LOOK)
    for kind, tries in [("the predictions given", [case.whole]), *values.items()]:
        for found in tries:
            name, error = _beats(found, best)
            if name:
                meaning = f"{kind} gets {found[name].value:.6g}, the truth {best[name].value:.6g}"
                return Finding("predictions", "failed", error, 0.0, f"{name}, {kind}", meaning, _LOOK)
    return _unit_by_unit(case, knows, rng) or _constant(values) or Finding("predictions", "passed")


def _unit_by_unit(case: MetricCase, knows: Baselined, rng: np.random.Generator) -> Finding | None:
    """Hold the truth against other predictions on a few units each: a mean over many hides those it is worst on."""
    for piece in case.pieces:
        best = _values(case, [knows.stupid_predictions(piece, rng)["truth"]], rng)
        for _ in range(_DRAWS_BY_UNIT if best else 0):
            for kind, batch in knows.stupid_predictions(piece, rng).items():
                name, error = _beats(_values(case, [batch], rng), best)
                if name:
                    unit = np.asarray(piece["unit"]).tolist()[0]
                    meaning = f"{kind} is better than the truth by {error:.6g} on unit {unit!r} alone"
                    return Finding("predictions", "failed", error, 0.0, f"{name}, {kind}", meaning, _LOOK)
    return None


def _constant(values: Mapping[Stupid, list[dict[str, Value]]]) -> Finding | None:
    """Hold the mean of constant scores, over orders of their rows, against the mean of random ones."""
    constant, chance = values.get("constant", []), values.get("random", [])
    if not constant or not chance or not all(constant) or not all(chance):
        return None
    for name, value in constant[0].items():
        if value.higher_is_better is None:
            continue
        sign = 1.0 if value.higher_is_better else -1.0
        ours = sign * np.array([one[name].value for one in constant])
        theirs = sign * np.array([one[name].value for one in chance])
        if not (np.isfinite(ours).all() and np.isfinite(theirs).all()):
            continue
        error = float(ours.mean() - theirs.mean())
        spread = float(np.sqrt((ours.var() + theirs.var()) / _DRAWS))
        if error > 5 * spread + 0.02 * float(np.abs(theirs).max(initial=0.0)) and error > _ROUNDING:
            meaning = (
                f"one score for all gets {abs(ours.mean()):.4g} on average, random scores {abs(theirs.mean()):.4g}"
            )
            return Finding("predictions", "failed", error, 5 * spread, f"{name}, constant", meaning, _LOOK)
    return None


def ties(case: MetricCase) -> Finding:
    """Report how far rows in another order move a value: by that much equal scores decide."""
    metric, rng = case.fed(case.batches), case.rng("ties")
    before, worst, name = metric.compute(), 0.0, ""
    for _ in range(4):
        try:
            after = case.fed([shuffled_rows(batch, rng) for batch in case.batches]).compute()
        except REFUSALS as error:
            return not_applicable("ties", f"rows in another order are refused: {error}")
        one, error_ = difference(after, before, _ROUNDING)
        if error_ > worst:
            worst, name = error_, one
    meaning = (
        f"rows in another order move it by {worst:.3g}: equal scores are told apart by their place" if name else ""
    )
    return Finding("ties", "passed", worst, None, name, meaning)


def _values(case: MetricCase, batches: list[Any], rng: np.random.Generator) -> dict[str, Value]:
    """Return the values, the rows in another order each time; nothing where they are refused."""
    try:
        found: dict[str, Value] = case.fed([shuffled_rows(batch, rng) for batch in batches]).compute()
    except REFUSALS:
        return {}
    return found


def _beats(found: Mapping[str, Value], best: Mapping[str, Value]) -> tuple[str, float]:
    """Return a value that is better than the best there can be, and by how much."""
    for name, value in found.items():
        if value.higher_is_better is None or np.isnan(value.value) or np.isnan(best[name].value):
            continue
        gain = (value.value - best[name].value) * (1 if value.higher_is_better else -1)
        if gain > _ROUNDING * max(1.0, abs(best[name].value)):
            return name, float(gain)
    return "", 0.0
