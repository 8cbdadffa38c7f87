"""Pairwise box similarities beside torchvision, supervision, pycocotools, hotcoco and shapely: speed and memory.

One thread, one process, taking turns.  ``python benchmarks/box_metrics_speed.py [--write]``
"""

from __future__ import annotations

import one_thread  # noqa: F401  (before anything that computes)

# isort: split
import functools
import tracemalloc
import warnings
from typing import TYPE_CHECKING, Any

warnings.filterwarnings("ignore", message="OpenCV")  # supervision does not need it for boxes

# ruff: noqa: E402  (the imports come after the filter of their warnings)
import hotcoco
import numpy as np
import shapely
import supervision
import torch
import torchvision
from a4eval_box_metrics import (
    CompleteIoU,
    DistanceIoU,
    GeneralizedIoU,
    IoU,
    pairwise_iou,
    pairwise_rotated_iou,
    rotated_to_quadrilateral,
)
from harness import environment, interleave, publish, table
from pycocotools import mask

if TYPE_CHECKING:
    from collections.abc import Callable

SHAPES = ((1_000, 1_000), (10_000, 1_000))
ROTATED = (200, 1_000)


def boxes(rng: np.random.Generator, n: int, dtype: Any) -> np.ndarray:
    """Return boxes of up to 200 pixels in a field of 500, (n, 4) xyxy with contiguous columns."""
    result = np.empty((4, n), dtype).T
    result[:, :2] = rng.random((n, 2)) * 500
    result[:, 2:] = result[:, :2] + rng.random((n, 2)) * 200 + 1
    return result


def iou_cases(n: int, m: int, dtype: Any) -> dict[str, Callable[[], Any]]:
    """Return IoU by everyone; each gets its boxes as it likes them best."""
    rng = np.random.default_rng(0)
    a, b = boxes(rng, n, dtype), boxes(rng, m, dtype)
    rows = np.ascontiguousarray(a), np.ascontiguousarray(b)
    tensors = tuple(torch.from_numpy(one) for one in rows)
    wide = tuple(np.concatenate([one[:, :2], one[:, 2:] - one[:, :2]], axis=1).astype(np.float64) for one in rows)
    crowd = [0] * m
    np.testing.assert_array_equal(pairwise_iou(a, b), torchvision.ops.box_iou(*tensors).numpy())
    np.testing.assert_array_equal(pairwise_iou(*wide, format="xywh"), mask.iou(*wide, crowd))
    return {
        "a4eval": lambda: pairwise_iou(a, b),
        "a4eval, rows": lambda: pairwise_iou(*rows),
        "torchvision": lambda: torchvision.ops.box_iou(*tensors),
        "supervision": lambda: supervision.box_iou_batch(*rows),
        "pycocotools": lambda: mask.iou(*wide, crowd),
        "hotcoco": lambda: hotcoco.mask.iou(*wide, crowd),
    }


def iou_section() -> str:
    """Time IoU; pycocotools and hotcoco know float64 alone."""
    rows = []
    for n, m in SHAPES:
        for dtype in (np.float32, np.float64):
            seconds = interleave(iou_cases(n, m, dtype), rounds=5)
            rows.append([f"{n:,} × {m:,}", dtype.__name__, *(1000 * one for one in seconds.values())])
            rows[-1].append(f"{seconds['torchvision'] / seconds['a4eval']:.1f}")
            others = [one for name, one in seconds.items() if not name.startswith("a4eval")]
            rows[-1].append(f"{min(others) / seconds['a4eval']:.1f}")
    names = ["a4eval", "a4eval, rows", "torchvision", "supervision", "pycocotools", "hotcoco"]
    return table(["pairs", "dtype", *names, "× torchvision", "× best peer"], rows)


def family_section() -> str:
    """Time GIoU, DIoU and CIoU beside torchvision."""
    rows = []
    for dtype in (np.float32, np.float64):
        rng = np.random.default_rng(1)
        a, b = boxes(rng, *SHAPES[1][:1], dtype), boxes(rng, SHAPES[1][1], dtype)
        tensors = tuple(torch.from_numpy(np.ascontiguousarray(one)) for one in (a, b))
        for similarity, function in (
            (GeneralizedIoU(), torchvision.ops.generalized_box_iou),
            (DistanceIoU(), torchvision.ops.distance_box_iou),
            (CompleteIoU(), torchvision.ops.complete_box_iou),
        ):
            np.testing.assert_allclose(similarity.pairwise(a, b), function(*tensors).numpy(), atol=2e-6)
            cases = {
                "ours": functools.partial(similarity.pairwise, a, b),
                "theirs": functools.partial(function, *tensors),
            }
            seconds = interleave(cases, rounds=3)
            ratio = seconds["theirs"] / seconds["ours"]
            rows.append(
                [similarity.name, dtype.__name__, 1000 * seconds["ours"], 1000 * seconds["theirs"], f"{ratio:.1f}"]
            )
    return table(["10,000 × 1,000", "dtype", "a4eval", "torchvision", "×"], rows)


def rotated_section() -> str:
    """Time rotated IoU beside vectorised shapely: scattered boxes, and boxes that nearly all overlap."""
    rows = []
    for what, field in (("scattered over 500 pixels", 500), ("crowded into 100 pixels", 100)):
        rng = np.random.default_rng(2)
        a, b = (
            np.concatenate(
                [rng.random((n, 2)) * field, rng.random((n, 2)) * 200 + 1, rng.uniform(0, 2 * np.pi, (n, 1))], axis=1
            )
            for n in ROTATED
        )
        polygons = [shapely.polygons(rotated_to_quadrilateral(one).reshape(-1, 4, 2)) for one in (a, b)]
        areas = [shapely.area(one) for one in polygons]

        def by_shapely(p: Any = polygons[0], t: Any = polygons[1], areas: Any = areas) -> np.ndarray:
            shared = shapely.area(shapely.intersection(p[:, None], t[None]))
            return shared / (areas[0][:, None] + areas[1][None] - shared)

        ours = pairwise_rotated_iou(a, b)
        np.testing.assert_allclose(ours, by_shapely(), atol=1e-9)
        cases = {"ours": functools.partial(pairwise_rotated_iou, a, b), "shapely": by_shapely}
        seconds = interleave(cases, rounds=3)
        overlapping = f"{(ours > 0).mean():.0%}"
        ratio = seconds["shapely"] / seconds["ours"]
        rows.append([what, overlapping, 1000 * seconds["ours"], 1000 * seconds["shapely"], f"{ratio:.0f}"])
    return table(["200 × 1,000 float64", "overlapping", "a4eval", "shapely", "×"], rows)


def memory_section() -> str:
    """Measure the peak of a call beyond its result, as numpy reports it."""
    rng = np.random.default_rng(3)
    rows = []
    for n, m in (*SHAPES, (3, 1_000_000)):
        a, b = boxes(rng, n, np.float64), boxes(rng, m, np.float64)
        line: list[Any] = [f"{n:,} × {m:,}", 8 * n * m / 2**20]
        for similarity in (IoU(), CompleteIoU()):
            tracemalloc.start()
            result = similarity.pairwise(a, b)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            line.append((peak - result.nbytes) / 2**20)
            del result
        rows.append(line)
    return table(["pairs, float64", "result, MiB", "IoU beyond it, MiB", "CIoU beyond it, MiB"], rows)


def main() -> None:
    torch.set_num_threads(1)
    machine = environment("numpy", "torch", "torchvision", "supervision", "pycocotools", "hotcoco", "shapely")
    parts = [
        "## Box similarities, all pairs",
        f"`python benchmarks/box_metrics_speed.py`, one thread; milliseconds, medians. {machine}.",
        "IoU; *rows* is the same call on boxes stored row by row. "
        "Results are equal to torchvision's and pycocotools' to the last bit.",
        iou_section(),
        "Variants of IoU:",
        family_section(),
        "Rotated IoU, checked against shapely to 1e-9:",
        rotated_section(),
        "Memory of one call beyond its result; width, height and area of each box, 24 bytes, are part of it:",
        memory_section(),
    ]
    publish("box_metrics_speed", "\n\n".join(parts))


if __name__ == "__main__":
    main()
