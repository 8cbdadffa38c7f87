"""The task ``conv_matrix``: the matrix that a transposed convolution is."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from a4eval import Result, Row, Run, Value, param
from a4eval_deconv import charts
from a4eval_deconv.analysis.matrix import Coordinates, adjoint_error, conv_transpose_matrix
from a4eval_deconv.analysis.spectrum import lipschitz_constant, polyphase_singular_values
from a4eval_deconv.geometry import per_axis
from a4eval_deconv.layers.fields import Numbers, Sides, check_channels, shared
from a4eval_deconv.operators.transpose import conv_transpose
from a4eval_deconv.tasks.names import position_names
from a4eval_deconv.weights import weight_from_list

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SHOWN = 4096  # entries: a larger matrix is not listed
_DRAWN = 2000  # entries: of a larger matrix there is no chart
_DENSE = 2**22  # entries: a larger matrix is not decomposed as a whole
_LISTED = 256  # singular values and taps: more are not listed


@dataclass
class ConvMatrix:
    """The matrix of a transposed convolution, its pattern, and proof that it is the layer."""

    input_size: Numbers = shared("input_size")
    kernel_size: Numbers = shared("kernel_size", help="filter size, where no weight is given")
    weight: list[Any] | None = param(
        None, help="the filter as nested lists, (*kernel) or (in, out / groups, *kernel); none: random"
    )
    dimensions: int = shared("dimensions")
    in_channels: int = shared("in_channels", default=1, help="channels of the input, where no weight is given")
    out_channels: int = shared("out_channels", default=1, help="channels of the output, where no weight is given")
    stride: Numbers = shared("stride")
    padding: Sides = shared("padding")
    output_padding: Numbers = shared("output_padding")
    dilation: Numbers = shared("dilation")
    groups: int = shared("groups")

    def __post_init__(self) -> None:
        kernel = check_channels(self.in_channels, self.out_channels, self.groups, self.kernel_size, self.dimensions)
        self._size = per_axis(self.input_size, self.dimensions, "input_size", 1)
        self._shape: tuple[int, ...] = (self.in_channels, self.out_channels // self.groups, *kernel)
        self._given = None if self.weight is None else weight_from_list(self.weight, self.dimensions)
        if self._given is not None:
            self._shape = self._given.shape
        # sizes and groups are checked here, before anything runs
        conv_transpose_matrix(np.zeros(self._shape), self._size, **self._options())

    def run(self, run: Run) -> Result:
        """Build the matrix and hold it against its adjoint and against the layer."""
        rng = run.generator()
        weight = rng.standard_normal(self._shape) if self._given is None else self._given
        matrix = conv_transpose_matrix(weight, self._size, **self._options())
        x, y = rng.standard_normal(matrix.shape[1]), rng.standard_normal(matrix.shape[0])
        through_layer = conv_transpose(x.reshape(1, weight.shape[0], *self._size), weight, **self._options())
        largest = np.abs(through_layer).max() or 1.0  # an all-zero filter
        difference = np.abs(matrix.apply(x) - through_layer.ravel()).max() / largest
        nonzeros = int(np.count_nonzero(matrix.value))
        metrics = {
            "rows": Value(matrix.shape[0], "rows"),
            "columns": Value(matrix.shape[1], "columns"),
            "nonzeros": Value(nonzeros, "entries"),
            "adjoint_error": Value(adjoint_error(matrix, x, y), higher_is_better=False),
            "matches_layer_error": Value(float(difference), higher_is_better=False),
        }
        spectrum, spectrum_table = self._spectrum(matrix, weight, rng)
        metrics |= spectrum
        tables: dict[str, list[Row]] = {}
        if matrix.shape[0] * matrix.shape[1] <= _SHOWN:
            tables = self._listed(matrix, weight.shape)
        else:
            run.warn(f"the matrix is {matrix.shape[0]} × {matrix.shape[1]}: too large to list in a table")
        if run.pictures:
            self._draw(run, matrix, weight.shape)
        if spectrum_table:
            tables["singular_values"] = spectrum_table
        tables["taps"] = _taps(matrix, weight)
        drawn = {"singular_values": charts.singular_values("singular_values")} if spectrum_table else {}
        if "matrix" in tables and matrix.shape[0] * matrix.shape[1] <= _DRAWN:
            names = [name for name in tables["matrix"][0] if name != "row"]
            drawn = {"matrix": charts.matrix("matrix", names), **drawn}
        return Result(metrics, tables, charts=drawn)

    def _draw(self, run: Run, matrix: Coordinates, shape: tuple[int, ...]) -> None:
        from a4eval_deconv.pictures.matrix import matrix_figure

        figure = matrix_figure(matrix, *self._names(matrix, shape))
        if figure is None:
            run.warn(f"the matrix is {matrix.shape[0]} × {matrix.shape[1]}: too large to draw")
        else:
            run.save_figure(figure, "matrix")

    def _spectrum(
        self, matrix: Coordinates, weight: NDArray[np.float64], rng: np.random.Generator
    ) -> tuple[dict[str, Value], list[Row]]:
        """Return rank, condition and singular values, with the real boundary and with the periodic one."""
        names = ("stride", "dilation", "groups")
        periodic = polyphase_singular_values(weight, self._size, **{name: self._options()[name] for name in names})
        metrics = {
            "lipschitz": Value(lipschitz_constant(weight, self._size, rng, **self._options())),
            "periodic_sigma_max": Value(float(periodic[0])),
            "periodic_sigma_min": Value(float(periodic[-1])),
        }
        if matrix.shape[0] * matrix.shape[1] > _DENSE:
            return metrics, []
        values = np.linalg.svd(matrix.dense(), compute_uv=False)
        rank = int((values > values[0] * max(matrix.shape) * np.finfo(np.float64).eps).sum())
        smallest = float(values[-1])
        metrics["rank"] = Value(rank, "dimensions")
        full = rank == min(matrix.shape)
        metrics["condition_number"] = Value(
            float(values[0]) / smallest if full else float("inf"), higher_is_better=False
        )
        if max(len(values), len(periodic)) > _LISTED:
            return metrics, []
        rows: list[Row] = [
            {
                "index": index,
                "zero_boundary": float(values[index]) if index < len(values) else None,
                "periodic_boundary": float(periodic[index]) if index < len(periodic) else None,
            }
            for index in range(max(len(values), len(periodic)))
        ]
        return metrics, rows

    def _listed(self, matrix: Coordinates, shape: tuple[int, ...]) -> dict[str, list[Row]]:
        """Return the matrix with its values and, for up to 26 taps, with a letter per tap."""
        rows, columns = self._names(matrix, shape)
        values = matrix.dense()
        tables: dict[str, list[Row]] = {
            "matrix": [
                {"row": name, **{column: float(v) for column, v in zip(columns, line, strict=True)}}
                for name, line in zip(rows, values, strict=True)
            ]
        }
        if int(np.prod(shape)) <= len(string.ascii_lowercase):
            letters = np.full(matrix.shape, "0")
            letters[matrix.row, matrix.column] = np.array(list(string.ascii_lowercase))[matrix.tap]
            tables["pattern"] = [
                {"row": name, **{column: str(v) for column, v in zip(columns, line, strict=True)}}
                for name, line in zip(rows, letters, strict=True)
            ]
        return tables

    def _names(self, matrix: Coordinates, shape: tuple[int, ...]) -> tuple[list[str], list[str]]:
        """Return a name for each output and each input."""
        outputs = position_names("y", shape[1] * self.groups, matrix.output)
        return outputs, position_names("x", shape[0], self._size)

    def _options(self) -> dict[str, Any]:
        return {
            "stride": self.stride,
            "padding": self.padding,
            "output_padding": self.output_padding,
            "dilation": self.dilation,
            "groups": self.groups,
        }


def _taps(matrix: Coordinates, weight: NDArray[np.float64]) -> list[Row]:
    """Return how many entries of the matrix come from each tap; those at the rim lose some to the crop."""
    counts = np.bincount(matrix.tap, minlength=weight.size)
    listed = list(np.ndindex(weight.shape))[:_LISTED]
    return [
        {
            "in_channel": index[0],
            "out_channel": index[1],
            "tap": ", ".join(str(place) for place in index[2:]),
            "value": float(weight[index]),
            "entries": int(counts[number]),
        }
        for number, index in enumerate(listed)
    ]
