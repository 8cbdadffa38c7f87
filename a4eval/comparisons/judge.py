"""What rules say of a pair: one decision a number, one ruling a rule, and the verdict of all."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from a4eval.comparisons.pair import Compared
from a4eval.comparisons.rules import Limit, checked_names
from a4eval.contracts import Outcome, Verdict, worst_outcome
from a4eval.errors import ConfigError
from a4eval.statistics.corrections import holm
from a4eval.statistics.decisions import Decision, decide, least_units_for_holm, more_units
from a4eval.statistics.few_units import effective_groups

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from a4eval.comparisons.pair import Pair
    from a4eval.comparisons.rules import Rules
    from a4eval.contracts import Interval
    from a4eval.statistics.decisions import VerdictOfTwo

_SEVERITY = {"failed": 0, "undecided": 1, "passed": 2}
_AS = {"pass": "passed", "fail": "failed"}


@dataclass(frozen=True, slots=True)
class Judged:
    """One number under both, and what its resamples say.

    Args:
        name: of the metric or part.
        compared: the number under both.
        margin: how much worse it may be.
        decision: None where there are no resamples to decide by.
        p_holm: of no difference, corrected for all numbers that were judged together; None without resamples.
        alpha: of the decision.
        tests: how many were judged together.
    """

    name: str
    compared: Compared
    margin: float
    decision: Decision | None
    p_holm: float | None
    alpha: float
    tests: int

    @property
    def outcome(self) -> Outcome:
        """Whether the candidate is shown not to be worse by more than the margin."""
        return self.decision.not_worse if self.decision else "undecided"

    @property
    def delta(self) -> float:
        """Candidate minus baseline; of what is relative, the share by which it is more."""
        one = self.compared
        if one.difference is not None:
            return self.share(one.difference.observed)
        return one.second / one.first - 1 if one.relative else one.second - one.first

    def share(self, difference: float) -> float:
        """Return a difference as it is told: of a logarithm, the share."""
        return math.expm1(difference) if self.compared.relative else difference

    @property
    def alone(self) -> VerdictOfTwo:
        """The verdict that it would have if no other number were judged with it."""
        if self.decision is None or self.compared.difference is None:
            return "undecided"
        if self.decision.verdict != "undecided" or self.tests == 1:
            return self.decision.verdict
        return decide({self.name: self.compared.difference}, alpha=self.alpha)[self.name].verdict

    def verdict(self) -> str:
        """Return the verdict for people, with what keeps it from being one."""
        found = self.decision
        if found is None or found.verdict != "undecided":
            return found.verdict if found else "undecided"
        if self.alone != "undecided":
            return f"undecided once corrected, alone {self.alone}"
        return "undecided, unresolvable" if found.unresolvable else "undecided"

    def sentence(self) -> str:
        """Return both numbers, the difference and what follows, as one line."""
        one, form = self.compared, "+.1%" if self.compared.relative else "+.4g"
        interval = ""
        if one.interval and not math.isnan(one.interval.low):
            interval = f" [{self.share(one.interval.low):{form}}, {self.share(one.interval.high):{form}}]"
        delta = f"{self.delta:{'+.1%' if one.relative else '+.3g'}}"
        about = f"; {one.about}" if one.about else ""
        return f"{self.name}: {one.first:.4g} → {one.second:.4g}, {delta}{interval}: {self._meaning()}{about}"

    def _meaning(self) -> str:
        found, by = self.decision, f" by more than {margin_text(self.compared, self.margin)}" if self.margin else ""
        if found is None or self.compared.difference is None:
            return f"undecided: {self.compared.why}"
        if math.isnan(found.p_different):
            return "undecided: it is undefined, or so under most resamples"
        if self.outcome == "failed":
            return f"worse{by} (p {found.p_worse:.2g})"
        if self.outcome == "passed":
            return f"not worse{by}" if found.verdict == "undecided" else found.verdict
        if self.compared.higher_is_better is None:
            return "undecided: it does not say which direction is better, so only equivalence within a margin can pass"
        return f"undecided: it may be worse{by}; {self._what_would_decide(found)}"

    def _what_would_decide(self, found: Decision) -> str:
        difference = self.compared.difference
        if difference is not None and found.unresolvable:
            least = least_units_for_holm(self.alpha, self.tests)
            which = (
                " that matter to it"
                if effective_groups(difference.values, difference.groups) < difference.groups
                else ""
            )
            remedy = "more resamples" if found.more_resamples else f"at least {least} {self.compared.repeated}{which}"
            return f"no such data could tell: the smallest p it can give is {found.smallest_p:.2g}; take {remedy}"
        more = more_units(difference, self.alpha, (-difference.margin,)) if difference else None
        if more is None:
            return f"no number of {self.compared.repeated} would decide a difference that is the margin itself"
        return f"about {more:,} more {self.compared.repeated} would decide it, if the difference stays"


class Ruling(NamedTuple):
    """What came of one rule.

    Args:
        rule: as people write it.
        outcome: passed, failed or undecided, after ``undecided`` of the rules.
        reason: a sentence with the numbers.
    """

    rule: str
    outcome: Outcome
    reason: str


def judge(values: Mapping[str, Compared], margins: Mapping[str, float], alpha: float) -> list[Judged]:
    """Judge numbers together: the p-values are corrected for how many there are.

    Args:
        values: by name.
        margins: by name; without one it is 0.
        alpha: of the decisions.
    """
    differences = {
        name: replace(one.difference, margin=_margin_of(one, margins.get(name, 0.0)))
        for name, one in values.items()
        if one.difference is not None
    }
    decisions = decide(differences, alpha=alpha)
    by_holm = dict(
        zip(
            decisions,
            holm([one.p_different for one in decisions.values()]).tolist(),
            strict=True,
        )
    )
    return [
        Judged(
            name,
            one if one.difference is None else replace(one, difference=differences[name]),
            margins.get(name, 0.0),
            decisions.get(name),
            by_holm.get(name),
            alpha,
            max(1, len(decisions)),
        )
        for name, one in values.items()
    ]


def by_severity(judged: Iterable[Judged]) -> list[Judged]:
    """Return them with the worst first."""

    def key(one: Judged) -> tuple[int, float, float]:
        p = one.decision.p_worse if one.decision else math.nan
        loss = one.delta if one.compared.higher_is_better is not False else -one.delta
        return _SEVERITY[one.outcome], 2.0 if math.isnan(p) else p, 2.0 if math.isnan(loss) else loss

    return sorted(judged, key=key)


def rulings(rules: Rules, pair: Pair, limited: Mapping[str, tuple[float, Interval | None]]) -> list[Ruling]:
    """Return what comes of each rule.

    Args:
        rules: the rules.
        pair: what margins are about.
        limited: the values and intervals of the candidate, which limits are about.

    Raises:
        ConfigError: a rule names what is not there.
    """
    checked_names(rules.margins, pair.values, "metric")
    if rules.parts and not pair.parts:
        names = ", ".join(rules.parts)
        message = f"got {names}, but no metric has parts in both records; both runs must be told to keep them"
        raise ConfigError(message, path="parts")
    checked_names(rules.parts, pair.parts, "metric with parts")
    checked_names({one.name: None for one in rules.read_limits}, limited, "metric")
    found = [
        Ruling(_rule(one.name, one.margin), one.outcome, one.sentence())
        for one in judge({name: pair.values[name] for name in rules.margins}, rules.margins, rules.alpha)
    ]
    costs = {name: pair.costs[name] for name in rules.costs}
    found += [
        Ruling(
            f"{one.name} not higher by more than {margin_text(one.compared, one.margin)}", one.outcome, one.sentence()
        )
        for one in judge(costs, rules.costs, rules.alpha)
    ]
    for label, margin in rules.parts.items():
        parts = pair.parts[label]
        found.append(_of_parts(label, margin, judge(parts, dict.fromkeys(parts, margin), rules.alpha)))
    found += [_of_limit(one, *limited[one.name]) for one in rules.read_limits]
    counts_as: Any = _AS.get(rules.undecided or "", "undecided")
    return [one._replace(outcome=counts_as) if one.outcome == "undecided" else one for one in found]


def verdict(found: Iterable[Ruling]) -> Verdict:
    """Return the verdict of all rules together, the worst of them."""
    found = sorted(found, key=lambda one: _SEVERITY[one.outcome])
    worst = worst_outcome(one.outcome for one in found) or "undecided"
    return Verdict(worst, tuple(f"{one.rule}: {one.reason}" for one in found if one.outcome != "passed"))


def margin_text(one: Compared, margin: float) -> str:
    """Return a margin as people write it.

    >>> margin_text(Compared(1.0, 2.0, False, relative=True), 0.05), margin_text(Compared(0.4, 0.5, True), 0.005)
    ('5%', '0.005')
    """
    return f"{100 * margin:g}%" if one.relative else f"{margin:g}"


def _margin_of(one: Compared, margin: float) -> float:
    """Return a margin as the difference has it."""
    return math.log1p(margin) if one.relative else margin


def _rule(name: str, margin: float) -> str:
    return f"{name} not worse by more than {margin:g}" if margin else f"{name} not worse"


def _of_parts(label: str, margin: float, judged: list[Judged]) -> Ruling:
    worst = by_severity(judged)
    outcome = worst_outcome(one.outcome for one in judged) or "undecided"
    alike = sum(one.outcome == outcome for one in judged)
    others = f"; {alike} of {len(judged)} {outcome}" if judged else "there are no parts"
    return Ruling(_rule(f"each part of {label}", margin), outcome, (worst[0].sentence() if worst else "") + others)


def _of_limit(limit: Limit, value: float, interval: Interval | None) -> Ruling:
    if interval is None or math.isnan(interval.low):
        outcome: Outcome = "passed" if limit.holds(value) else "failed"
        return Ruling(str(limit), outcome, f"it is {value:.4g}")
    ends = [limit.holds(end) for end in (interval.low, interval.high)]
    outcome = "passed" if all(ends) else "undecided" if any(ends) else "failed"
    said = f"it is {value:.4g} [{interval.low:.4g}, {interval.high:.4g}] with its {interval.level:.0%} interval"
    return Ruling(str(limit), outcome, said)
