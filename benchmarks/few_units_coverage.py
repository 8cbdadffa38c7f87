"""How often do 95 % intervals from 2 to 400 units hold the truth, and how wide are they?

    OMP_NUM_THREADS=1 python benchmarks/few_units_coverage.py means [--write] [--sets 500] [--keep FOLDER]
    OMP_NUM_THREADS=1 python benchmarks/few_units_coverage.py detection [--write] [--sets 120] [--keep FOLDER]

Each kind is a population whose value is known; data sets of n units (or clusters of five) are drawn from it.
*student* is Student's interval with the spread of the resamples; *bootstrap-t* is the studentised bootstrap, which
needs the units and so cannot be had from kept resamples; *expanded* reads the resamples at shares further out, whatever
their number; *default* is what `method: expanded` makes of these, with "none" where it gives no interval.
With `--keep` the intervals of every data set are kept in FOLDER: the same command goes on from there, with `--minutes`
it stops after so many, and the table is of the data sets that are there.
"""

from __future__ import annotations

import argparse
import math
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import numpy as np
from harness import environment, publish, table
from numpy.typing import NDArray

from a4eval.statistics.bootstrap import Method, intervals
from a4eval.statistics.few_units import shape_of, shares
from a4eval.statistics.mean import t_quantile
from a4eval.statistics.resampled import resample
from a4eval.statistics.weights import Statistic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from a4eval.statistics.resampled import Resampled

    Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]
    Intervals = dict[str, dict[str, tuple[float, float]]]
    """By what it is an interval of, by method."""

UNITS = (2, 3, 4, 5, 6, 8, 10, 15, 20, 40, 400)
OF_IMAGES, FEWER = (2, 3, 5, 6, 8, 10, 20, 40, 400), (3, 5, 10, 20, 40)
"""Of images, which cost more."""
LEVEL, OF_A_CLUSTER, JACKKNIFE = 0.95, 5, 100
RESAMPLES = {"means": 999, "detection": 499}
METHODS = ("percentile", "bca", "expanded", "student", "default", "bootstrap-t")
AT_ONCE = 5
"""Data sets between two looks at the clock."""


@dataclass(frozen=True)
class Sample:
    """A data set that was drawn.

    Args:
        statistic: its numbers as a function of the units' weights.
        units: how many.
        size: units a cluster.
        groups: the mean of each unit or cluster, where the numbers are a mean.
    """

    statistic: Statistic
    units: int
    size: int = 1
    groups: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Source:
    """A population.

    Args:
        sample: draws n units or clusters from it.
        truths: its numbers; asked once.
        units: how many are drawn.
    """

    sample: Callable[[np.random.Generator, int], Sample]
    truths: Callable[[], dict[str, float]]
    units: tuple[int, ...] = UNITS


def rankings(rng: np.random.Generator, n: int) -> NDArray[np.bool_]:
    """Return what is relevant by rank, (n, 20), of queries with one to three relevant documents among 20."""
    relevant = np.arange(20) < rng.integers(1, 4, n)[:, None]
    order = np.argsort(-(rng.normal(size=(n, 20)) + 1.2 * relevant), axis=1)
    return np.take_along_axis(relevant, order, axis=1)


def average_precision(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    hits = rankings(rng, n)
    precision = np.cumsum(hits, axis=1) / np.arange(1, 21)
    return (precision * hits).sum(axis=1) / hits.sum(axis=1)


def reciprocal_rank(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return 1 / (1 + rankings(rng, n).argmax(axis=1))


def clustered(draw: Draw) -> Draw:
    """Return what draws n clusters of units that share half of what they are."""
    return lambda rng, n: (np.repeat(draw(rng, n), OF_A_CLUSTER) + draw(rng, n * OF_A_CLUSTER)) / 2


def normal(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return rng.normal(size=n)


def heavy(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return rng.standard_t(3, n)


def skewed(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return rng.exponential(size=n)


def hits(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return (rng.random(n) < 0.8).astype(float)


def mean_of(name: str, draw: Draw, truth: float | None, size: int = 1) -> Source:
    """Return the population of a mean; without *truth* it is that of a million units."""

    def sample(rng: np.random.Generator, n: int) -> Sample:
        values = draw(rng, n)
        statistic: Statistic = lambda weights: {name: weights @ values / weights.sum(axis=1)}  # noqa: E731
        return Sample(statistic, len(values), size, values.reshape(n, size).mean(axis=1))

    def truths() -> dict[str, float]:
        return {name: float(draw(np.random.default_rng(10**6), 10**6).mean()) if truth is None else truth}

    return Source(sample, truths)


def detections(name: str, *, size: int = 1, crowding: float = 0.0, two: bool = False) -> Source:
    """Return the population of COCO's AP, and if asked for of how two detectors differ on the same images."""
    from a4eval_ap_metric import DetectionData, Resampler, coco_statistics, match
    from ap_metric_coverage import LARGE, NAMES, PARAMETERS, population

    wanted = {"AP": "AP", "AP50": "AP50"} if two else {"AP": f"AP, {name}"}

    def drawn(rng: np.random.Generator, images: int) -> tuple[DetectionData, DetectionData]:
        return population(rng, images, size=size, crowding=crowding)

    def statistic(data: DetectionData) -> Statistic:
        resampler = Resampler(match(data, PARAMETERS), min(data.n_units, 16))

        def values(weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
            unlike, places = np.unique(weights.astype(np.int64), axis=0, return_inverse=True)
            found = resampler.statistics(unlike)[0][places.ravel()].T
            return {new: found[NAMES.index(old)] for old, new in wanted.items()}

        return values

    def sample(rng: np.random.Generator, n: int) -> Sample:
        first, second = drawn(rng, n * size)
        one = statistic(first)
        if not two:
            return Sample(one, n * size, size)
        other = statistic(second)

        def both(weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
            of_one = dict(one(weights))
            return {**of_one, "AP, difference of two": other(weights)["AP"] - of_one["AP"]}

        return Sample(both, n * size, size)

    def truths() -> dict[str, float]:
        large = [coco_statistics(match(one, PARAMETERS)) for one in drawn(np.random.default_rng(10**6), LARGE)]
        found = {new: float(large[0][NAMES.index(old)]) for old, new in wanted.items()}
        return {**found, "AP, difference of two": float(large[1][0] - large[0][0])} if two else found

    return Source(sample, truths, OF_IMAGES if two else FEWER)


def sources(family: str) -> dict[str, Source]:
    if family == "detection":
        return {
            "images": detections("images", two=True),
            "clusters": detections(f"clusters of {OF_A_CLUSTER}", size=OF_A_CLUSTER),
            "crowded": detections("some images crowded", crowding=1.0),
        }
    kinds: dict[str, tuple[Draw, float | None, int]] = {
        "normal": (normal, 0.0, 1),
        "heavy tails (t, 3)": (heavy, 0.0, 1),
        "skewed (exponential)": (skewed, 1.0, 1),
        "hits, 4 in 5": (hits, 0.8, 1),
        "AP of rankings": (average_precision, None, 1),
        "reciprocal rank": (reciprocal_rank, None, 1),
        "clusters of 5, normal": (clustered(normal), 0.0, OF_A_CLUSTER),
        "clusters of 5, heavy tails": (clustered(heavy), 0.0, OF_A_CLUSTER),
        "clusters of 5, AP of rankings": (clustered(average_precision), None, OF_A_CLUSTER),
    }
    return {name: mean_of(name, draw, truth, size) for name, (draw, truth, size) in kinds.items()}


def bootstrap_t(values: NDArray[np.float64], rng: np.random.Generator) -> tuple[float, float]:
    """Return the studentised interval of a mean; values are one a group that is drawn."""
    n = len(values)
    drawn = values[rng.integers(n, size=(RESAMPLES["means"], n))]
    means, errors = drawn.mean(axis=1), drawn.std(axis=1, ddof=1) / n**0.5
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (means - values.mean()) / errors
    if np.isnan(t).all():  # all groups alike
        return float(values.mean()), float(values.mean())
    low, high = np.quantile(t[~np.isnan(t)], [(1 + LEVEL) / 2, (1 - LEVEL) / 2], method="nearest")
    error = values.std(ddof=1) / n**0.5
    return float(values.mean() - low * error), float(values.mean() - high * error)


def every_interval(drawn: Resampled, name: str) -> dict[str, tuple[float, float]]:
    """Return the interval of each method for the number *name*."""
    values, groups, observed = drawn.values[name], drawn.groups, drawn.observed[name]
    of = {method: intervals(drawn.renamed({name: name}), LEVEL, method)[name] for method in get_args(Method)}
    found = {method: (of[method].low, of[method].high) for method in ("percentile", "bca")}
    low, high = np.nanquantile(values, shares(LEVEL, shape_of(values, observed, groups)))
    found["expanded"] = float(low), float(high)
    reach = t_quantile(LEVEL, groups - 1) * math.sqrt(groups / (groups - 1)) * float(np.nanstd(values))
    found["student"] = observed - reach, observed + reach
    found["default"] = of["expanded"].low, of["expanded"].high
    return found


def of_data_set(source: Source, n: int, rng: np.random.Generator, resamples: int) -> Intervals:
    """Return the intervals of one data set of *n* units or clusters."""
    one = source.sample(rng, n)
    clusters = np.arange(one.units) // one.size if one.size > 1 else None
    drawn = resample(one.statistic, one.units, rng, resamples=resamples, clusters=clusters, jackknife=JACKKNIFE)
    found = {name: every_interval(drawn, name) for name in drawn.values}
    if one.groups is not None:
        for methods in found.values():
            methods["bootstrap-t"] = bootstrap_t(one.groups, rng)
    return found


def some(family: str, begin: int, known: Mapping[str, Source]) -> list[tuple[int, Intervals]]:
    """Return how many units and which intervals, of the data sets from *begin* on, of every source and number."""
    return [
        (n, of_data_set(source, n, np.random.default_rng([seed, n, place]), RESAMPLES[family]))
        for seed in range(begin, begin + AT_ONCE)
        for place, source in enumerate(known.values())
        for n in source.units
    ]


def drawn_sets(family: str, known: Mapping[str, Source], sets: int, keep: Path | None, seconds: float) -> Any:
    """Return what :func:`some` gives of all data sets, made now or kept, and how many those are."""
    end, found, done = time.monotonic() + seconds, [], 0
    for begin in range(0, sets, AT_ONCE):
        path = keep / f"{family}-{begin}.json" if keep else None
        if path and path.exists():
            made = msgspec.json.decode(path.read_bytes(), type=list[tuple[int, dict[str, dict[str, Any]]]])
        elif time.monotonic() > end:
            break
        else:
            made = some(family, begin, known)
            if path:
                path.write_bytes(msgspec.json.encode(made))
        found += made
        done += AT_ONCE
    return found, done


def rows_of(found: Any, truths: Mapping[str, float]) -> list[tuple[str, ...]]:
    """Return the table: a row a number and method, a cell a number of units."""
    ends: dict[tuple[str, str, int], list[Any]] = defaultdict(list)
    for n, numbers in found:
        for name, methods in numbers.items():
            for method, interval in methods.items():
                ends[name, method, n].append([math.nan if end is None else end for end in interval])
    rows = []
    for name, truth in truths.items():
        for method in METHODS:
            if (name, method, 5) not in ends:
                continue
            held = [_held(ends.get((name, method, n)), truth) for n in UNITS]
            wide = [_width(ends[name, method, n]) / _width(ends[name, "student", n]) for n in (5, 10)]
            rows.append((name, method, *held, *(f"{one:.2f}" for one in wide)))
    return rows


def _held(intervals: list[Any] | None, truth: float) -> str:
    if intervals is None:
        return ""
    low, high = np.array(intervals).T
    given = ~np.isnan(low)
    if not given.any():
        return "none"
    share = np.mean(((low <= truth) & (truth <= high))[given])
    return f"{share:.0%}" + ("" if given.all() else f", {1 - given.mean():.0%} none")


def _width(intervals: list[Any]) -> float:
    low, high = np.array(intervals).T
    return float(np.nanmedian(high - low))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("family", choices=["means", "detection"])
    parser.add_argument("--sets", type=int)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--minutes", type=float, default=math.inf)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    known = sources(given.family)
    wanted = given.sets or {"means": 500, "detection": 120}[given.family]
    found, sets = drawn_sets(given.family, known, wanted, given.keep, 60 * given.minutes)
    truths = {name: truth for source in known.values() for name, truth in source.truths().items()}
    error = math.sqrt(LEVEL * (1 - LEVEL) / sets)
    what = {"means": "Means", "detection": "COCO's AP of images with seven objects on average"}[given.family]
    resamples = RESAMPLES[given.family]
    text = "\n\n".join(
        [
            f"## Coverage from few units: {given.family}",
            f"{what}: the share of {sets:,} data sets whose 95 % interval holds the population's value (standard error "
            f"{error:.1%}), by how many units or clusters it is from; {resamples} resamples. The last two columns are "
            "the median width over that of *student*, at 5 and at 10.\n"
            f"`python benchmarks/few_units_coverage.py {given.family}`",
            table(["", "method", *map(str, UNITS), "width, 5", "10"], rows_of(found, truths)),
            environment("numpy", "a4eval-ap-metric"),
        ]
    )
    publish(f"few_units_coverage_{given.family}", text)


if __name__ == "__main__":
    main()
