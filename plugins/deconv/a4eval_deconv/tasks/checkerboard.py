"""The task ``checkerboard``: how much checkerboard does this upsampling make, and what would make less?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from a4eval import DataError, Result, Row, Run, Value, check_ranges, param
from a4eval_deconv import charts
from a4eval_deconv.analysis.checkerboard import (
    Study,
    frequency_response,
    impulse_response,
    output_score,
    response_score,
)
from a4eval_deconv.layers.fields import Priced
from a4eval_deconv.tasks.photo import photograph
from a4eval_deconv.weights import load_weight

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass
class Checkerboard:
    """Checkerboard score, overlap and frequency response of upsampling layers: on a constant, an impulse, a photo."""

    layer: Any = param(kind="layer", default="conv_transpose", help="the layer")
    compare: dict[str, Any] = param(kind="layer", default_factory=dict, help="further layers by label")
    weight: Path | None = param(None, help="a trained kernel for the layer: .npy, .npz or .safetensors")
    weight_key: str | None = param(None, help="which array of that file")
    draws: int = param(20, help="initialisations to average the score over", minimum=1)
    size: int = param(16, help="spatial size of the constant and the impulse", unit="pixels", minimum=1)
    photo: Literal["none", "china", "flower", "camera"] = param("none", help="a photograph to enlarge, too")
    photo_size: int = param(96, help="spatial size of the photograph before enlarging", unit="pixels", minimum=1)

    def __post_init__(self) -> None:
        check_ranges(self)
        if "layer" in self.compare:
            raise ValueError("the label 'layer' is taken by the first layer: name it otherwise")

    def run(self, run: Run) -> Result:
        """Measure every layer in the same way, through ``forward`` alone."""
        photo = None if self.photo == "none" else photograph(self.photo, self.photo_size)
        layers = {"layer": self.layer, **self.compare}
        studies = []
        for number, label in enumerate(run.track(layers, "measuring", len(layers))):
            studies.append(self._study(run, label, layers[label], number, photo))
        metrics: dict[str, Value] = {}
        scores: list[Row] = []
        images: list[Row] = []
        for study in studies:
            suffix = "" if study.label == "layer" else f"_{study.label}"
            metrics[f"score{suffix}"] = Value(float(np.mean(study.scores)), "1", False, n=len(study.scores))
            if photo is not None:
                metrics[f"photo_score{suffix}"] = Value(study.picture_score, "1", False)
            cost = study.layer.multiply_adds_per_output if isinstance(study.layer, Priced) else None
            scores.append(
                {
                    "label": study.label,
                    "layer": type(study.layer).__name__,
                    "score": float(np.mean(study.scores)),
                    "score_low": float(np.min(study.scores)),
                    "score_high": float(np.max(study.scores)),
                    "scale": " × ".join(str(s) for s in study.scale),
                    "multiply_adds_per_output": None if cost is None else float(cost),
                    "photo_score": study.picture_score if photo is not None else None,
                    **_overlap_columns(study),
                }
            )
            images += _images(study)
        if run.pictures and len(studies[0].scale) == 2:
            from a4eval_deconv.pictures.checkerboard import checkerboard_figure

            run.save_figure(checkerboard_figure(studies), "checkerboard")
        elif run.pictures:
            run.warn(f"pictures are drawn of two dimensions, these layers have {len(studies[0].scale)}")
        drawn = {
            "scores": charts.checkerboard_scores("scores"),
            "image_frequencies": charts.image_frequencies("image_frequencies"),
        }
        return Result(metrics, {"scores": scores, "image_frequencies": images}, charts=drawn)

    def _study(self, run: Run, label: str, layer: Any, number: int, photo: NDArray[np.float64] | None) -> Study:
        rng = run.generator(number)
        example = layer.example(rng)
        channels, dims = example.shape[1], example.ndim - 2
        study = Study(label, layer, channels, {})
        trained = label == "layer" and self.weight is not None
        for draw in range(1 if trained else self.draws):
            params = layer.init(rng)
            if trained:
                params = self._trained(run, params)
            response, scale = impulse_response(layer, params, channels, (self.size,) * dims)
            study.scores.append(response_score(response, scale))
            if draw == 0:
                study.params, study.response, study.scale = params, response, scale
        ones = np.ones((1, channels, *(self.size,) * dims))
        study.constant = layer.forward(study.params, ones)[0][0]
        study.overlap = _overlap(layer, study.params, ones)
        if photo is not None:
            if dims != 2:
                raise DataError(f"a photograph has two dimensions, the layer {label!r} has {dims}")
            y = layer.forward(study.params, np.broadcast_to(photo, (1, channels, *photo.shape)))[0][0]
            study.picture = y
            study.picture_score = output_score(y, study.scale, margin=8 * max(study.scale))
        return study

    def _trained(self, run: Run, params: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Return the parameters with the weight from the file."""
        path = run.source(self.weight)  # type: ignore[arg-type]  # asked for only where it is given
        weight = load_weight(path, self.weight_key)
        if "weight" not in params or params["weight"].shape != weight.shape:
            wanted = params["weight"].shape if "weight" in params else "no weight"
            raise DataError(f"{path}: the weight has shape {weight.shape}, but the layer takes {wanted}")
        return {**params, "weight": weight}


def _overlap(layer: Any, params: dict[str, NDArray[Any]], ones: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return how many taps reach each output, per input channel: the answer to ones of a filter of ones."""
    if not set(params) <= {"weight", "bias"} or "weight" not in params:
        return None  # another kind of layer: what a tap is, only it knows
    filled = {name: np.full(array.shape, float(name == "weight")) for name, array in params.items()}
    count: NDArray[np.float64] = layer.forward(filled, ones)[0][0, 0] / ones.shape[1]
    return count


def _overlap_columns(study: Study) -> Row:
    """Return the overlap away from the rim, and the score that an all-ones filter has by it alone."""
    if study.overlap is None:
        return {"overlap_low": None, "overlap_high": None, "score_of_ones": None}
    margin = min(study.overlap.shape) // 4 // max(study.scale) * max(study.scale)
    inside = study.overlap[(slice(margin, -margin or None),) * study.overlap.ndim]
    return {
        "overlap_low": float(inside.min()),
        "overlap_high": float(inside.max()),
        "score_of_ones": output_score(study.overlap[None], study.scale, margin),
    }


def _images(study: Study) -> list[Row]:
    """Return the shares of power at the multiples of 1/scale: zero frequency, and its images, which make the score."""
    points = int(np.lcm.reduce(study.scale)) * max(study.response.shape[2:])
    power = frequency_response(study.response, points)
    rows: list[Row] = []
    places = list(np.ndindex(*study.scale))
    values = [float(power[tuple(k * points // s for k, s in zip(place, study.scale, strict=True))]) for place in places]
    for place, value in zip(places, values, strict=True):
        name = ", ".join(f"{k}/{s}" for k, s in zip(place, study.scale, strict=True))
        rows.append({"label": study.label, "frequency": name, "power_share": value / (sum(values) or 1.0)})
    return rows
