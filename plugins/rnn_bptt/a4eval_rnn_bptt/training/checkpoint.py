"""Write a training to a file and take it up again, bit for bit."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import DataError, load_arrays
from a4eval_rnn_bptt.training.loop import TrainedModel

if TYPE_CHECKING:
    from pathlib import Path

    from a4eval_rnn_bptt.arrays import Array
    from a4eval_rnn_bptt.training.loop import Training


def save(training: Training, path: Path, identity: str) -> None:
    """Write *training* to *path*, whole or not at all.

    Args:
        training: as it stands between two steps.
        path: an ``.npz`` file.
        identity: what the study is; :func:`load` refuses another.
    """
    arrays: dict[str, Array] = {}
    for kind, values in (("params", training.params), *_moments(training)):
        arrays |= {f"{kind}/{name}": value for name, value in values.items()}
    for m, history in enumerate(training.history):
        arrays[f"history/{m}"] = np.array(history).reshape(-1, 3)
    for m, model in training.finished.items():
        arrays |= {f"finished/{m}/{name}": value for name, value in model.params.items()}
    facts = {
        "identity": identity,
        "count": training.optimiser.count,
        "active": training.active,
        "finished": {m: [model.score, model.steps, model.solved_at] for m, model in training.finished.items()},
        "generators": [rng.bit_generator.state for rng in training.rngs],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as file:
        np.savez(file, facts=np.array(json.dumps(facts)), **arrays)  # type: ignore[arg-type]  # numpy's stub takes allow_pickle for one of the arrays
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def load(training: Training, path: Path, identity: str) -> None:
    """Bring *training*, freshly made, to where :func:`save` left it.

    Raises:
        ValueError: the file is no checkpoint, or that of another study.
    """
    try:
        arrays = load_arrays(path)
        facts: dict[str, Any] = json.loads(str(arrays.pop("facts")))
        known = str(facts["identity"])
        if known == identity:
            _restore(training, arrays, facts)
    except (DataError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is no checkpoint of a study ({error}); remove it to start anew") from error
    if known != identity:
        raise ValueError(f"{path} belongs to another study, {known}; remove it or name another file")


def _restore(training: Training, arrays: dict[str, Array], facts: dict[str, Any]) -> None:
    """Raise one of the errors that ``load`` explains if anything is not as :func:`save` writes it."""
    models = range(len(training.rngs))
    active = [int(m) for m in facts["active"]]
    if sorted({*active, *map(int, facts["finished"])}) != list(models):
        raise ValueError("its models are others")
    histories = [_shaped(arrays, f"history/{m}", np.dtype(float), (None, 3)) for m in models]
    if facts["count"] != max(map(len, histories)):
        raise ValueError("its steps are not as many as it says")
    kinds = {name: (value.dtype, value.shape[1:]) for name, value in training.params.items()}
    like = {name: (dtype, (len(active), *shape)) for name, (dtype, shape) in kinds.items()}
    training.active, training.params = active, _group(arrays, "params", like)
    training.optimiser.count = facts["count"]
    moments = like if any(name.startswith("first/") for name in arrays) else {}
    training.optimiser.first, training.optimiser.second = (
        _group(arrays, kind, moments) for kind in ("first", "second")
    )
    training.history = [[(row[0], row[1], row[2]) for row in one.tolist()] for one in histories]
    for m, (score, steps, solved_at) in facts["finished"].items():
        scores, losses, norms = histories[int(m)].T
        weights = _group(arrays, f"finished/{m}", kinds)
        solved = None if solved_at is None else int(solved_at)
        training.finished[int(m)] = TrainedModel(float(score), int(steps), solved, scores, losses, norms, weights)
    for rng, state in zip(training.rngs, facts["generators"], strict=True):
        rng.bit_generator.state = state


def _moments(training: Training) -> list[tuple[str, dict[str, Array]]]:
    return [("first", training.optimiser.first), ("second", training.optimiser.second)]


def _group(
    arrays: dict[str, Array], kind: str, like: dict[str, tuple[np.dtype[Any], tuple[int, ...]]]
) -> dict[str, Array]:
    return {name: _shaped(arrays, f"{kind}/{name}", dtype, shape) for name, (dtype, shape) in like.items()}


def _shaped(arrays: dict[str, Array], name: str, dtype: np.dtype[Any], shape: tuple[int | None, ...]) -> Array:
    """Return an array, which must be of this type and shape; None stands for any length."""
    found = arrays[name]
    fits = len(found.shape) == len(shape) and all(
        want in (None, got) for want, got in zip(shape, found.shape, strict=True)
    )
    if found.dtype != dtype or not fits:
        raise ValueError(f"{name} is {found.dtype} of shape {found.shape}, expected {dtype} of {shape}")
    return found
