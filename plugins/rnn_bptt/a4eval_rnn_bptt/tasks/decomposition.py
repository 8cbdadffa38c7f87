"""The task ``bptt_decomposition``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import DataError, Result, Row, Run, Value, check_ranges, param
from a4eval_rnn_bptt.analysis.attribution import WeightAttribution, attribute
from a4eval_rnn_bptt.analysis.finite_difference import central_difference_error
from a4eval_rnn_bptt.analysis.total_reading import total_reading_error
from a4eval_rnn_bptt.analysis.trajectory import follow
from a4eval_rnn_bptt.contract import check_cell

if TYPE_CHECKING:
    from a4eval_rnn_bptt.arrays import Array

READOUT = "readout"


@dataclass
class BpttDecomposition:
    """Split the gradient of Σ_t ½‖V h_t − y_t‖² over loss step t and source step k, on random data."""

    layer: Any = param("rnn", kind="layer", help="a recurrent layer that can do and undo one step")
    steps: int = param(3, help="length of the sequences", unit="steps", minimum=1)
    batch: int = param(1, help="sequences", minimum=1)
    outputs: int = param(2, help="rows of the readout V", minimum=1)
    labels: dict[str, str] = param(
        default_factory=dict, help="other names for the weights in the record, such as weight_hh: W"
    )
    checked_weights: int = param(
        200, help="how many entries are checked against central differences, drawn at random", minimum=1
    )
    truncation: bool = param(default=False, help="also how wrong truncated BPTT is, for every window")
    rows: int = param(
        5000, help="the longest table of paths; beyond it only the paths with the largest shares are kept", minimum=1
    )

    def __post_init__(self) -> None:
        check_ranges(self)
        check_cell(self.layer)

    def run(self, run: Run) -> Result:
        """Draw weights and data, split, and hold the pieces against the whole."""
        rng = run.generator()
        params = self.layer.init(rng)
        width = self.layer.example(rng).shape[-1]
        x = rng.standard_normal((self.steps, self.batch, width))
        try:
            trajectory = follow(self.layer, params, x)
        except ValueError as error:
            raise DataError(str(error)) from error
        outputs = trajectory.outputs
        readout = rng.standard_normal((self.outputs, outputs.shape[-1])) / np.sqrt(outputs.shape[-1])
        target = rng.standard_normal((self.steps, self.batch, self.outputs))
        residual = outputs @ readout.T - target
        errors = residual @ readout
        split = attribute(trajectory, errors, norm=True, per_lag=True, truncation=self.truncation)

        y, tape = self.layer.forward(params, x)
        whole, _ = self.layer.backward(params, tape, (y @ readout.T - target) @ readout)
        mismatch = max(
            _relative(one.per_lag.sum(0), whole[name]) for name, one in split.items() if one.per_lag is not None
        )
        difference = central_difference_error(
            self.layer,
            params,
            x,
            lambda y: 0.5 * float(np.sum((y @ readout.T - target) ** 2)),
            whole,
            rng,
            entries=self.checked_weights,
        )
        shares = {name: (one.share, one.norm) for name, one in split.items()}
        shares[READOUT] = _readout_paths(residual, outputs)
        table = self._table(shares)
        metrics = {
            "decomposition_error": Value(mismatch, "1", higher_is_better=False),
            "autodiff_free_check_error": Value(difference, "1", higher_is_better=False),
        }
        for name in shares:
            label = self._label(name)
            metrics[f"paths_{label}"] = Value(self._paths(name), "paths")
        reading = total_reading_error(trajectory, errors)
        for t in range(1, min(self.steps, 3)):
            metrics[f"total_reading_error_E{t + 1}"] = Value(float(reading[t]), "1")
        tables = {"paths": table}
        if self.truncation:
            tables["truncation"] = self._truncation(split)
        if run.pictures:
            self._draw(run, split)
        return Result(metrics, tables)

    def _label(self, name: str) -> str:
        return self.labels.get(name, name)

    def _truncation(self, split: dict[str, WeightAttribution]) -> list[Row]:
        return [
            {"weight": self._label(name), "window": window + 1, "bias": float(bias), "cosine": float(cosine)}
            for name, one in split.items()
            if one.truncated_bias is not None and one.truncated_cosine is not None
            for window, (bias, cosine) in enumerate(zip(one.truncated_bias, one.truncated_cosine, strict=True))
        ]

    def _draw(self, run: Run, split: dict[str, WeightAttribution]) -> None:
        from a4eval_rnn_bptt.pictures import share_picture, title_of, truncation_picture

        title = title_of(self.layer)

        shown = {name: one for name, one in split.items() if one.gradient.ndim > 1 and np.isfinite(one.share).all()}
        if not shown:
            return
        run.save_figure(share_picture({self._label(name): one.share for name, one in shown.items()}, title), "share")
        curves = {
            self._label(name): (one.truncated_bias, one.truncated_cosine)
            for name, one in shown.items()
            if one.truncated_bias is not None and one.truncated_cosine is not None
        }
        if curves:
            run.save_figure(truncation_picture(curves, title), "truncation")

    def _paths(self, name: str) -> int:
        return self.steps if name == READOUT else self.steps * (self.steps + 1) // 2

    def _table(self, shares: dict[str, tuple[Array, Array | None]]) -> list[Row]:
        rows: list[Row] = []
        for name, (share, norm) in shares.items():
            assert norm is not None, "it was asked for"
            pairs = [(t, k) for t in range(self.steps) for k in range(t if name == READOUT else 0, t + 1)]
            rows += [
                {
                    "loss_step": t + 1,
                    "source_step": k + 1,
                    "weight": self._label(name),
                    "norm": float(norm[t, k]),
                    "share": float(share[t, k]),
                }
                for t, k in pairs
            ]
        if len(rows) > self.rows:
            rows.sort(key=lambda row: -abs(row["share"]))
        return rows[: self.rows]


def _relative(got: Array, expected: Array) -> float:
    return float(np.linalg.norm(got - expected) / np.linalg.norm(expected))


def _readout_paths(residual: Array, outputs: Array) -> tuple[Array, Array]:
    """Return share and norm of the readout's gradient, which has one term a loss: ∂E_t/∂V = (o_t − y_t) h_tᵀ."""
    terms = residual.swapaxes(1, 2) @ outputs
    whole = terms.sum(0)
    return np.diag((terms * whole).sum((1, 2)) / np.sum(whole**2)), np.diag(np.linalg.norm(terms, axis=(1, 2)))
