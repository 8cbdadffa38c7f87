"""The task ``inspect_model``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import DataError, Result, Row, Run, Value, check_ranges, import_named, load_arrays, param
from a4eval_rnn_bptt.analysis.attribution import WeightAttribution, attribute
from a4eval_rnn_bptt.analysis.flow import decay, half_life, verdict
from a4eval_rnn_bptt.analysis.precision import float32_error
from a4eval_rnn_bptt.analysis.sensitivity import reach, sensitivity
from a4eval_rnn_bptt.analysis.trajectory import follow
from a4eval_rnn_bptt.frameworks.autograd import autograd_disagreement
from a4eval_rnn_bptt.frameworks.torch_model import TorchCore, batch_of, core_names, read_core
from a4eval_rnn_bptt.frameworks.torch_step import TorchStep

if TYPE_CHECKING:
    from a4eval_rnn_bptt.arrays import Array

_AGREES = 1e-6  # float64 rounding, also of a net that is nearly chaotic


@dataclass
class InspectModel:
    """Diagnose the recurrent cores of your own torch model on your own batch.

    ``model`` names a function without arguments that returns ``(model, batch)``, or ``(model, batch, loss)`` with a
    function from what the model returns to a number; without it, random gradients stand for those of a loss.
    It is code, so the command has to name its package, ``--allow-import package``.
    """

    model: str = param(help="package.module:factory, which returns (model, batch) or (model, batch, loss)")
    core: str | None = param(
        None,
        help="which of several recurrent cores, by its name in the model, such as encoder.rnn, or encoder.rnn.backward "
        "of one that reads both ways; all when null",
    )
    batch: Path | None = param(
        None, help="the batch from a file: .npy, or .npz with the names of the arguments; the factory's is left aside"
    )
    decades: float = param(
        4.0, help="what the gradient may lose or gain over the whole sequence and still be healthy", above=0
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        self._factory = import_named(self.model, path="model")

    def run(self, run: Run) -> Result:
        """Read the cores, hold numpy against autograd, and follow the gradient back."""
        if self.batch is not None:
            run.source(self.batch)
        model, batch, *loss = self._made()
        names = [self.core] if self.core is not None else core_names(model)
        if len(names) < 2:
            return self._looked_at(self._core(model, batch, *loss, name=self.core), run)
        whole = Result({}, {})
        for name in names:
            part = self._looked_at(self._core(model, batch, *loss, name=name), run, name)
            whole.metrics |= {f"{name}/{key}": value for key, value in part.metrics.items()}
            for table, rows in part.tables.items():
                whole.tables.setdefault(table, []).extend({"core": name, **row} for row in rows)
        return whole

    def _looked_at(self, core: TorchCore, run: Run, name: str = "") -> Result:
        """Return what is found in one core, *name* being its own among several."""
        about, ending = (f"{name}: ", f"_{name.replace('.', '_')}") if name else ("", "")
        for note in core.notes:
            run.warn(f"{about}{note}")
        steps, batch, _ = core.x.shape
        if steps < 2:
            raise DataError(
                f"{about}the core is given {steps} step, expected at least 2: there is no way back to look at"
            )
        dy = run.generator().standard_normal((steps, batch, core.layer.hidden)) if core.dy is None else core.dy
        if core.lengths is not None:
            dy = dy * (np.arange(steps)[:, None] < core.lengths)[..., None]
            ended = int(np.count_nonzero(core.lengths < steps))
            if ended:
                run.warn(f"{about}{ended} of {batch} rows end before step {steps}: the decay is that of the others")
        last = int(np.flatnonzero(dy.any(axis=(1, 2)))[-1])  # a loss may look at earlier steps alone
        try:
            disagreement = self._agreement(core, dy)
            trajectory = follow(core.layer, core.params, core.x, core.state)
            seen = follow(core.layer, core.params, core.x[: last + 1], core.state) if last + 1 < steps else trajectory
            flow = decay(seen, dy[last])
            inputs = sensitivity(trajectory, dy)
        except ValueError as error:
            raise DataError(f"{self.model}: {about}{error}") from error
        split = attribute(trajectory, dy)
        named = verdict(flow.log10_per_step, seen.steps, decades=self.decades)
        rough = float32_error(core.layer, core.params, core.x[: last + 1], dy[last], state=core.state)
        metrics = {
            "autograd_disagreement": Value(disagreement, higher_is_better=False),
            "log10_per_step": Value(flow.log10_per_step, "decades/step", n=batch),
            "half_life": Value(half_life(flow.log10_per_step), "steps", n=batch),
            **{name: Value(float(name == named)) for name in ("vanishes", "healthy", "explodes")},
            "input_reach": Value(reach(inputs), "steps", n=batch),
            "float32_error": Value(rough, higher_is_better=False),
        }
        if flow.zero_from is not None:
            metrics["zero_from_lag"] = Value(flow.zero_from, "steps")
            run.warn(f"{about}the gradient is exactly 0 from lag {flow.zero_from} on")
        table: list[Row] = [
            {"lag": lag + 1, "log10_norm": float(flow.log10_norm[lag])} for lag in range(len(flow.log10_norm))
        ]
        shares: list[Row] = [
            {"weight": name, "lag": lag, "share": float(np.trace(one.share, -lag))}
            for name, one in split.items()
            for lag in range(steps)
        ]
        if run.pictures:
            from a4eval_rnn_bptt.pictures import decay_picture, sensitivity_picture, share_picture, title_of

            title = f"{about}{title_of(core.layer)}"
            run.save_figure(decay_picture([flow.log10_norm], flow.log10_per_step, named, title), f"decay{ending}")
            run.save_figure(sensitivity_picture([inputs], reach(inputs), title), f"sensitivity{ending}")
            shown = {name: one.share for name, one in split.items() if _is_shown(core, name, one)}
            if shown:
                run.save_figure(share_picture(shown, title), f"share{ending}")
        by_step: list[Row] = [{"step": step + 1, "log10_norm": float(one)} for step, one in enumerate(inputs)]
        return Result(metrics, {"decay": table, "share_by_lag": shares, "sensitivity": by_step})

    def _agreement(self, core: TorchCore, dy: Array) -> float:
        """Return how far numpy is from autograd; a ValueError where what was read is not what the model computes."""
        disagreement = autograd_disagreement(core, dy)
        if not disagreement < _AGREES:
            raise ValueError(
                f"the gradients of what was read differ from autograd's by {disagreement:.2g} of their norm, expected "
                f"less than {_AGREES:g}: nothing said of it would be true of the model"
            )
        return disagreement

    def _made(self) -> tuple[Any, ...]:
        """Return the model, the batch and perhaps the loss."""
        made = self._factory()
        if not isinstance(made, tuple) and self.batch is not None:
            made = (made, None)
        if not (isinstance(made, tuple) and len(made) in (2, 3)):
            got = f"{len(made)} things" if isinstance(made, tuple) else type(made).__name__
            raise DataError(f"{self.model} returned {got}, expected a pair (model, batch) or (model, batch, loss)")
        if self.batch is None:
            return made
        model, _, *loss = made
        try:
            return model, batch_of(load_arrays(self.batch), model), *loss
        except ValueError as error:
            raise DataError(f"{self.model}: {error}") from error

    def _core(self, model: Any, batch: Any, *loss: Any, name: str | None) -> TorchCore:
        try:
            return read_core(model, batch, *loss, name=name)
        except ValueError as error:
            raise DataError(f"{self.model}: {f'{name}: ' if name else ''}{error}") from error


def _is_shown(core: TorchCore, name: str, split: WeightAttribution) -> bool:
    """Is it a matrix that maps the state, or any matrix of a model with its own step, with a gradient to share out?"""
    recurrent = name.startswith("weight_hh") or isinstance(core.layer, TorchStep)
    return recurrent and split.gradient.ndim > 1 and bool(np.isfinite(split.share).all())
