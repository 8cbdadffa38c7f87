"""How often do 95 % intervals from 2 to 40 units hold the truth, and how wide are they?

    OMP_NUM_THREADS=1 python benchmarks/few_units_coverage.py means [--write] [--sets 500] [--keep FOLDER]
    OMP_NUM_THREADS=1 python benchmarks/few_units_coverage.py detection [--write] [--sets 120] [--keep FOLDER]

Each kind is a population whose value is known; data sets of n units (or clusters of five) are drawn from it.
*student* is Student's interval with the spread of the resamples; *bootstrap-t* is the studentised bootstrap, which
needs the units and so cannot be had from kept resamples; *expanded* reads the resamples at shares further out, whatever
their number; *default* is what `method: expanded` makes of these, with "none" where it gives no interval.
With `--keep` what is done is kept in FOLDER, and the same command goes on from there.
"""

from __future__ import annotations

import argparse
import functools
import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np
from harness import environment, publish, table

from a4eval.statistics.bootstrap import Method, intervals
from a4eval.statistics.few_units import shape_of, shares
from a4eval.statistics.mean import t_quantile
from a4eval.statistics.resampled import resample

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from a4eval.statistics.resampled import Resampled
    from a4eval.statistics.weights import Statistic

    Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]

UNITS = (2, 3, 4, 5, 6, 8, 10, 15, 20, 40)
LEVEL, RESAMPLES, OF_A_CLUSTER = 0.95, 999, 5


def ranked(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Return the average precision of n queries of 20 documents, one to three of which are relevant."""
    relevant = np.arange(20) < rng.integers(1, 4, n)[:, None]
    order = np.argsort(-(rng.normal(size=(n, 20)) + 1.2 * relevant), axis=1)
    hits = np.take_along_axis(relevant, order, axis=1)
    precision = np.cumsum(hits, axis=1) / np.arange(1, 21)
    return (precision * hits).sum(axis=1) / hits.sum(axis=1)


def clustered(draw: Draw) -> Draw:
    """Return what draws n clusters of units that share half of what they are."""
    return lambda rng, n: (np.repeat(draw(rng, n), OF_A_CLUSTER) + draw(rng, n * OF_A_CLUSTER)) / 2


def normal(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return rng.normal(size=n)


def heavy(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return rng.standard_t(3, n)


def skewed(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return rng.exponential(size=n)


MEANS: dict[str, tuple[Draw, int, float]] = {
    "normal": (normal, 1, 0.0),
    "heavy tails (t, 3)": (heavy, 1, 0.0),
    "skewed (exponential)": (skewed, 1, 1.0),
    "hits, 4 in 5": (lambda rng, n: (rng.random(n) < 0.8).astype(float), 1, 0.8),
    "AP of rankings": (ranked, 1, math.nan),
    "clusters of 5, normal": (clustered(normal), OF_A_CLUSTER, 0.0),
    "clusters of 5, heavy tails": (clustered(heavy), OF_A_CLUSTER, 0.0),
}


def bootstrap_t(values: NDArray[np.float64], rng: np.random.Generator) -> tuple[float, float]:
    """Return the studentised interval of a mean; values are one a group that is drawn."""
    n = len(values)
    drawn = values[rng.integers(n, size=(RESAMPLES, n))]
    means, errors = drawn.mean(axis=1), drawn.std(axis=1, ddof=1) / n**0.5
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (means - values.mean()) / errors
    if np.isnan(t).all():  # all groups alike
        return float(values.mean()), float(values.mean())
    low, high = np.quantile(t[~np.isnan(t)], [(1 + LEVEL) / 2, (1 - LEVEL) / 2], method="nearest")
    error = values.std(ddof=1) / n**0.5
    return values.mean() - low * error, values.mean() - high * error


def every_interval(drawn: Resampled) -> dict[str, tuple[float, float]]:
    """Return the interval of each method."""
    values, groups, observed = drawn.values["value"], drawn.groups, drawn.observed["value"]
    of = {method: intervals(drawn, LEVEL, method)["value"] for method in get_args(Method)}
    found = {method: (of[method].low, of[method].high) for method in ("percentile", "bca")}
    low, high = np.nanquantile(values, shares(LEVEL, shape_of(values, observed, groups)))
    found["expanded"] = float(low), float(high)
    reach = t_quantile(LEVEL, groups - 1) * math.sqrt(groups / (groups - 1)) * float(np.nanstd(values))
    found["student"] = observed - reach, observed + reach
    found["default"] = of["expanded"].low, of["expanded"].high
    return found


def of_means(name: str, n: int, sets: int) -> dict[str, NDArray[np.float64]]:
    """Return, by method, the intervals of *sets* data sets, (sets, 2)."""
    draw, size, _ = MEANS[name]
    found: dict[str, list[tuple[float, float]]] = {}
    for seed in range(sets):
        rng = np.random.default_rng([seed, n, list(MEANS).index(name)])
        values = draw(rng, n)
        one = drawn_from(lambda weights, values=values: weights @ values / weights.sum(axis=1), len(values), size, rng)
        every = every_interval(one) | {"bootstrap-t": bootstrap_t(values.reshape(n, size).mean(axis=1), rng)}
        for method, interval in every.items():
            found.setdefault(method, []).append(interval)
    return {method: np.array(intervals) for method, intervals in found.items()}


def drawn_from(
    values: Callable[[NDArray[np.float64]], NDArray[np.float64]], units: int, size: int, rng: np.random.Generator
) -> Resampled:
    clusters = np.arange(units) // size if size > 1 else None
    statistic: Statistic = lambda weights: {"value": values(weights)}  # noqa: E731
    return resample(statistic, units, rng, resamples=RESAMPLES, clusters=clusters, jackknife=200)


DETECTION = {"AP": 0, "AP50": 1}


@functools.cache
def detection_sets(n: int, sets: int) -> dict[str, dict[str, list[tuple[float, float]]]]:
    """Return, by statistic and method, the intervals of *sets* data sets of n images."""
    from ap_metric_coverage import population, statistic

    found: dict[str, dict[str, list[tuple[float, float]]]] = {name: {} for name in DETECTION}
    for seed in range(sets):
        rng = np.random.default_rng([seed, n])
        values = statistic(population(rng, n)[0])
        drawn = resample(values, n, rng, resamples=RESAMPLES, jackknife=200)
        for name in DETECTION:
            one = drawn.renamed({name: "value"})
            for method, interval in every_interval(one).items():
                found[name].setdefault(method, []).append(interval)
    return found


def of_detection(name: str, n: int, sets: int) -> dict[str, NDArray[np.float64]]:
    return {method: np.array(found) for method, found in detection_sets(n, sets)[name].items()}


def kept(
    folder: Path | None, name: str, make: Callable[[], dict[str, NDArray[np.float64]]]
) -> dict[str, NDArray[np.float64]]:
    """Return what *make* gives, or gave before."""
    path = folder / f"{name}.npz" if folder else None
    if path and path.exists():
        with np.load(path) as found:
            return dict(found)
    made = make()
    if path:
        np.savez(path, allow_pickle=False, **made)
    return made


def truths(family: str) -> dict[str, float]:
    if family == "means":
        far = float(ranked(np.random.default_rng(10**6), 1_000_000).mean())
        return {name: far if math.isnan(truth) else truth for name, (_, _, truth) in MEANS.items()}
    from a4eval_ap_metric import coco_statistics, match
    from ap_metric_coverage import PARAMETERS, population

    data, _ = population(np.random.default_rng(10**6), 20_000)
    return dict(zip(DETECTION, coco_statistics(match(data, PARAMETERS))[: len(DETECTION)].tolist(), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("family", choices=["means", "detection"])
    parser.add_argument("--sets", type=int)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    of = {"means": of_means, "detection": of_detection}[given.family]
    sets = given.sets or {"means": 500, "detection": 120}[given.family]
    known = truths(given.family)
    rows = []
    for name, truth in known.items():
        by_units = {n: kept(given.keep, f"{given.family} {name} {n} {sets}", partial(of, name, n, sets)) for n in UNITS}
        for method in by_units[UNITS[0]]:
            held, wide = [], []
            for n in UNITS:
                low, high = by_units[n][method].T
                given_one = ~np.isnan(low)
                share = np.mean(((low <= truth) & (truth <= high))[given_one]) if given_one.any() else math.nan
                none = f", {1 - given_one.mean():.0%} none" if 0 < (1 - given_one.mean()) < 1 else ""
                held.append(f"{share:.0%}{none}" if given_one.any() else "none")
                reference = by_units[n]["student"]
                width = float(np.nanmedian(high - low) / np.nanmedian(reference[:, 1] - reference[:, 0]))
                wide.append(width)
            rows.append((name, method, *held, f"{wide[UNITS.index(5)]:.2f}", f"{wide[UNITS.index(10)]:.2f}"))
    error = math.sqrt(LEVEL * (1 - LEVEL) / sets)
    what = {"means": "Means", "detection": "COCO's AP of images with seven objects on average"}[given.family]
    text = "\n\n".join(
        [
            f"### Coverage from few units: {given.family}",
            f"{what}: the share of {sets:,} data sets whose 95 % interval holds the population's value (standard error "
            f"{error:.1%}), by how many units or clusters it is from; {RESAMPLES} resamples. The last two columns are "
            "the median width over that of *student*, at 5 and at 10.\n"
            f"`python benchmarks/few_units_coverage.py {given.family}`",
            table(["", "method", *map(str, UNITS), "width, 5", "10"], rows),
            environment("numpy", "a4eval-ap-metric"),
        ]
    )
    publish(f"few_units_coverage_{given.family}", text)


if __name__ == "__main__":
    main()
