"""Which recurrences a torch model has, by the names under which they can be looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from a4eval_rnn_bptt.frameworks.torch_step import Stepping
from a4eval_rnn_bptt.layers.gru import Gru
from a4eval_rnn_bptt.layers.lstm import Lstm
from a4eval_rnn_bptt.layers.lstm_variants import ProjectedLstm
from a4eval_rnn_bptt.layers.rnn import Rnn

if TYPE_CHECKING:
    from a4eval_rnn_bptt.arrays import Array

ITSELF = "the model itself"


class Found(NamedTuple):
    """A recurrence in a model.

    Args:
        module: the module of torch's, or the one with a ``step``.
        way: ``whole`` sequences in one call; of a bidirectional one the half that reads ``forward`` or ``backward``;
            a ``cell`` of torch's or a ``step`` that a loop of the model's calls.
    """

    module: Any
    way: Literal["whole", "forward", "backward", "cell", "step"]


def cores_of(torch: Any, model: Any) -> dict[str, Found]:
    """Return the recurrences in a model, however deep, by name; what a ``step`` calls is part of it."""
    found: dict[str, Found] = {}
    steps: list[str] = []
    for name, module in model.named_modules():
        if any(name.startswith(f"{one}.") for one in steps):
            continue
        if isinstance(module, (torch.nn.RNN, torch.nn.LSTM, torch.nn.GRU)):
            if module.bidirectional:
                found |= {f"{name}.{way}".lstrip("."): Found(module, way) for way in ("forward", "backward")}
            else:
                found[name or ITSELF] = Found(module, "whole")
        elif isinstance(module, torch.nn.RNNCellBase):
            found[name or ITSELF] = Found(module, "cell")
        elif name and isinstance(module, Stepping):
            found[name] = Found(module, "step")
            steps.append(name)
    return found


def core_of(torch: Any, model: Any, wanted: str | None) -> Found:
    """Return the recurrence of a name, or the only one.

    Raises:
        ValueError: there is none, or there are several.
    """
    cores = cores_of(torch, model)
    if wanted is not None and wanted not in cores:
        raise ValueError(f"core: the model has no recurrent core {wanted!r}; it has {', '.join(cores) or 'none'}")
    if wanted is None and len(cores) > 1:
        raise ValueError(f"the model has {len(cores)} recurrent cores ({', '.join(cores)}): name one with task.core")
    if not cores:
        raise ValueError(
            "the model has no recurrence to look at: no module of nn.RNN, nn.LSTM and nn.GRU or of their cells, "
            "and not the methods step and initial_state"
        )
    return next(iter(cores.values())) if wanted is None else cores[wanted]


def kind_of(torch: Any, module: Any) -> Any:
    """Return the class of torch's whose whole sequences are like the module's or the cell's steps."""
    nn = torch.nn
    kinds = {nn.LSTM: (nn.LSTM, nn.LSTMCell), nn.GRU: (nn.GRU, nn.GRUCell), nn.RNN: (nn.RNN, nn.RNNCell)}
    return next(kind for kind, both in kinds.items() if isinstance(module, both))


def plain(torch: Any, module: Any, inputs: int, layers: int, **options: Any) -> Any:
    """Return a module of torch's like this one in float64, without what a user may have added to it."""
    kind = kind_of(torch, module)
    if kind is torch.nn.RNN:
        options["nonlinearity"] = module.nonlinearity
    if kind is torch.nn.LSTM:
        options["proj_size"] = projection_of(module)
    return kind(inputs, module.hidden_size, layers, bias=module.bias, dtype=torch.float64, **options)


def projection_of(module: Any) -> int:
    """Return how many outputs an LSTM projects to; 0 for what projects none."""
    size: int = getattr(module, "proj_size", 0)
    return size


def cell_of(torch: Any, module: Any, inputs: int) -> Any:
    """Return the same as a cell of this package."""
    kind, sizes = kind_of(torch, module), {"inputs": inputs, "hidden": module.hidden_size, "bias": module.bias}
    if projection_of(module):
        return ProjectedLstm(**{**sizes, "hidden": module.proj_size}, cells=module.hidden_size)
    if kind is torch.nn.LSTM:
        return Lstm(**sizes)
    return Gru(**sizes) if kind is torch.nn.GRU else Rnn(**sizes, activation=module.nonlinearity)


def weights_of(found: Found, names: list[str]) -> dict[str, Array]:
    """Return the weights of these names, as a stack of cells has them, float64.

    By attribute: with weight norm or another parametrisation the state dict holds other things than the weights.
    """
    module = found.module
    theirs = {name: name for name in names}
    if found.way == "cell":
        theirs = {name: name.removesuffix("_l0") for name in names}
    elif found.way != "whole":  # the top layer of the half
        end = f"_l{module.num_layers - 1}" + ("_reverse" if found.way == "backward" else "")
        theirs = {name: name.removesuffix("_l0") + end for name in names}
    return {name: array_of(getattr(module, one)) for name, one in theirs.items()}


def array_of(tensor: Any) -> Array:
    """Return a tensor as an array of its own, float64."""
    array: Array = tensor.detach().cpu().double().numpy()
    return array.copy(order="C")
