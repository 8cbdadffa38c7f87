"""Do 95 % intervals hold the truth 95 % of the time?  Many data sets from one simulated population.

    python benchmarks/ap_metric_coverage.py [--write] [--sets 400]

The truth is the value on a far larger sample of the population.  hotcoco's own intervals of the difference, if it is
installed, are computed on the same data sets.
"""

from __future__ import annotations

import argparse
import contextlib
import io
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
from a4eval_ap_metric import CocoParameters, DetectionData, Resampler, coco_statistics, match
from harness import environment, publish, table

from a4eval.statistics.bootstrap import bootstrap, paired_bootstrap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from a4eval.statistics.weights import Statistic

IMAGES, CLASSES, RESAMPLES, LARGE = 400, 3, 500, 200_000
NAMES = ("AP", "AP50", "AP75")
PARAMETERS = CocoParameters(areas=((0.0, 1e10),), max_detections=(100,))


def population(
    rng: np.random.Generator, images: int, *, size: int = 1, crowding: float = 0.0
) -> tuple[DetectionData, DetectionData]:
    """Return the detections of two detectors on the same new images; some images are hard for both.

    Seven objects an image, as in COCO.

    Args:
        rng: the random numbers.
        images: how many; a multiple of *size*.
        size: how many images of a cluster are alike hard.
        crowding: the standard deviation of the logarithm of how many objects an image is expected to have.
    """
    hardness = np.repeat(rng.normal(size=images // size), size)
    expected = 6.0 * np.exp(crowding * rng.normal(size=images) - crowding**2 / 2) if crowding else 6.0
    unit = np.repeat(np.arange(images), 1 + rng.poisson(expected, images))
    n = len(unit)
    size = np.exp(rng.normal(4.2, 0.7, (n, 2)))
    box = np.concatenate([rng.uniform(0, 500, (n, 2)), size], axis=1)
    classes = rng.integers(0, CLASSES, n)
    luck = rng.normal(size=n)
    sets = []
    for skill in (0.0, 0.25):
        found = 1.2 + skill - 0.8 * hardness[unit] + luck + 0.5 * rng.normal(size=n) > 0
        sharpness = 0.06 * np.exp(0.5 * rng.normal(size=n) + 0.25 * hardness[unit] - 0.4 * skill)
        near = (box + rng.normal(size=(n, 4)) * sharpness[:, None] * np.tile(size, 2))[found]
        score = 1.2 - 0.4 * hardness[unit] + 0.6 * luck + rng.normal(size=n)
        false_unit = np.repeat(np.arange(images), rng.poisson(4 * np.exp(0.3 * hardness)))
        m = len(false_unit)
        false_box = np.concatenate([rng.uniform(0, 500, (m, 2)), np.exp(rng.normal(4.2, 0.7, (m, 2)))], axis=1)
        scores = np.concatenate([score[found], rng.normal(-0.8, 1.0, m)])
        sets.append(
            DetectionData(
                n_units=images,
                n_classes=CLASSES,
                truth_unit=unit,
                truth_class=classes,
                truth_box=box,
                truth_area=box[:, 2] * box[:, 3],
                truth_crowd=np.zeros(n, bool),
                detection_unit=np.concatenate([unit[found], false_unit]),
                detection_class=np.concatenate([classes[found], rng.integers(0, CLASSES, m)]),
                detection_box=np.concatenate([near, false_box]),
                detection_score=1 / (1 + np.exp(-scores)),
            )
        )
    return sets[0], sets[1]


def statistic(data: DetectionData) -> Statistic:
    """Return AP, AP50 and AP75 as a function of the images' weights."""
    matches = match(data, PARAMETERS)
    most = 12  # of 400 draws none comes as often: the chance is below 1e-7 a resample
    resampler = Resampler(matches, most)

    known: dict[bytes, NDArray[np.float64]] = {}  # the same resamples serve all kinds of intervals

    def values(weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        rows = []
        for one in weights.astype(np.int64):
            key = one.tobytes()
            if key not in known:
                known[key] = resampler.statistics(one[None])[0][0]
            rows.append(known[key])
        return dict(zip(NAMES, np.array(rows).T, strict=False))

    return values


def hotcoco_intervals(first: DetectionData, second: DetectionData) -> Mapping[str, tuple[float, float]]:
    """Return hotcoco's 95 % intervals of the difference."""
    import hotcoco

    truth = {
        "images": [{"id": one + 1, "width": 1000, "height": 1000} for one in range(first.n_units)],
        "categories": [{"id": one + 1, "name": str(one)} for one in range(CLASSES)],
        "annotations": [
            {"id": i + 1, "image_id": int(u) + 1, "category_id": int(c) + 1, "bbox": b, "area": float(a), "iscrowd": 0}
            for i, (u, c, b, a) in enumerate(
                zip(first.truth_unit, first.truth_class, first.truth_box.tolist(), first.truth_area, strict=True)
            )
        ],
    }
    evaluations = []
    for data in (first, second):
        results = [
            {"image_id": int(u) + 1, "category_id": int(c) + 1, "bbox": b, "score": float(s)}
            for u, c, b, s in zip(
                data.detection_unit,
                data.detection_class,
                data.detection_box.tolist(),
                data.detection_score,
                strict=True,
            )
        ]
        loaded = hotcoco.COCO(truth)
        evaluation = hotcoco.COCOeval(loaded, loaded.load_res(results), "bbox")
        with contextlib.redirect_stdout(io.StringIO()):
            evaluation.evaluate()
        evaluations.append(evaluation)
    compared = hotcoco.compare(*evaluations, n_bootstrap=RESAMPLES)
    return {name: (compared["ci"][name]["lower"], compared["ci"][name]["upper"]) for name in NAMES}


def intervals_of(seed: int) -> dict[str, dict[str, tuple[float, float]]]:
    """Return all intervals of one data set."""
    data = population(np.random.default_rng(seed), IMAGES)
    first, second = (statistic(one) for one in data)

    def rng() -> np.random.Generator:
        return np.random.default_rng([seed, 1])

    single = bootstrap(first, IMAGES, rng(), resamples=RESAMPLES)
    corrected = bootstrap(first, IMAGES, rng(), resamples=RESAMPLES, method="bca", jackknife=100)
    paired = paired_bootstrap(first, second, IMAGES, rng(), resamples=RESAMPLES)
    paired_bca = paired_bootstrap(first, second, IMAGES, rng(), resamples=RESAMPLES, method="bca", jackknife=100)
    found = {
        "percentile": {name: (one.low, one.high) for name, one in single.items()},
        "bca": {name: (one.low, one.high) for name, one in corrected.items()},
        "difference": {n: (one.interval.low, one.interval.high) for n, one in paired.items() if one.interval},
        "difference, bca": {n: (one.interval.low, one.interval.high) for n, one in paired_bca.items() if one.interval},
    }
    if find_spec("hotcoco"):
        found["hotcoco, difference"] = dict(hotcoco_intervals(*data))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=400)
    parser.add_argument("--write", action="store_true")
    sets = parser.parse_args().sets
    large = [coco_statistics(match(data, PARAMETERS))[:3] for data in population(np.random.default_rng(10**6), LARGE)]
    truths = {
        "percentile": dict(zip(NAMES, large[0], strict=True)),
        "difference": dict(zip(NAMES, large[1] - large[0], strict=True)),
    }
    truths["bca"] = truths["percentile"]
    truths["difference, bca"] = truths["hotcoco, difference"] = truths["difference"]
    held: dict[str, dict[str, list[bool]]] = {kind: {name: [] for name in NAMES} for kind in truths}
    widths: dict[str, dict[str, list[float]]] = {kind: {name: [] for name in NAMES} for kind in truths}
    with ProcessPoolExecutor() as pool:
        every = list(pool.map(intervals_of, range(sets), chunksize=4))
    for intervals in every:
        for kind, of_names in intervals.items():
            for name, (low, high) in of_names.items():
                held[kind][name].append(bool(low <= truths[kind][name] <= high))
                widths[kind][name].append(high - low)
    labels = {
        "percentile": "one detector, percentile bootstrap",
        "bca": "one detector, BCa bootstrap",
        "difference": "difference of two, paired percentile bootstrap",
        "difference, bca": "difference of two, paired BCa bootstrap",
        "hotcoco, difference": "difference of two, hotcoco's compare",
    }
    rows = [
        (labels[kind], *(f"{np.mean(held[kind][name]):.1%}" for name in NAMES), f"{np.mean(widths[kind]['AP']):.4f}")
        for kind in labels
        if held[kind]["AP"]
    ]
    error = np.sqrt(0.95 * 0.05 / sets)
    text = "\n\n".join(
        [
            "## Coverage of nominal 95 % intervals",
            f"{sets} data sets of {IMAGES} images from one simulated population, {RESAMPLES} resamples each; the share "
            f"that holds the population's value (standard error {error:.1%}).\n"
            "`python benchmarks/ap_metric_coverage.py`",
            table(["interval", *NAMES, "mean width for AP"], rows),
            environment("a4eval-ap-metric", "hotcoco"),
        ]
    )
    publish("ap_metric_coverage", text)


if __name__ == "__main__":
    main()
