"""torch's own recurrent modules, for a layer check that asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from a4eval import require

if TYPE_CHECKING:
    from a4eval_rnn_bptt.arrays import Array, Params


def torch_pass(
    framework: str,
    module: str,
    options: dict[str, Any],
    params: Params,
    x: Array,
    dy: Array,
    *,
    hidden: int | None = None,
) -> tuple[Array, dict[str, Array], Array]:
    """Return (y, dparams, dx) of one layer of ``torch.nn.RNN``, ``LSTM`` or ``GRU``.

    Args:
        framework: must be ``torch``.
        module: the class in ``torch.nn``.
        options: for its constructor, besides the sizes.
        params: the weights.
        x: (T, B, I).
        dy: (T, B, H).
        hidden: its ``hidden_size`` where that is not H.

    Raises:
        ValueError: another framework.
        MissingExtraError: torch is not installed.
    """
    if framework != "torch":
        raise ValueError(f"got reference {framework!r}, expected torch")
    torch = require("torch", "a4eval-rnn-bptt[torch]")
    core = getattr(torch.nn, module)(x.shape[-1], hidden or dy.shape[-1], bias="bias_ih" in params, **options)
    leaf = {f"{name}_l0": torch.tensor(value, requires_grad=True) for name, value in params.items()}
    tx = torch.tensor(x, requires_grad=True)
    y = torch.func.functional_call(core, leaf, (tx,))[0]
    *dparams, dx = torch.autograd.grad((y * torch.tensor(dy)).sum(), [*leaf.values(), tx])
    return y.detach().numpy(), {name: one.numpy() for name, one in zip(params, dparams, strict=True)}, dx.numpy()
