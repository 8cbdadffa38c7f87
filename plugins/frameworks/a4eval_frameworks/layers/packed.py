"""torch's recurrent layers on packed sequences, for the name ``packed.LSTM``: rows of different lengths.

The classes are made when they are asked for, since this module can be imported without torch.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from a4eval import require

KINDS = ("GRU", "LSTM", "RNN")


def __getattr__(name: str) -> Any:
    if name not in KINDS:
        raise AttributeError(name)
    return _packed(name)


def __dir__() -> list[str]:
    return list(KINDS)


@cache
def _packed(kind: str) -> Any:
    """Return a class of modules whose input is packed and whose output is padded with 0 again."""
    torch = require("torch", "a4eval-frameworks[torch]")
    rnn = torch.nn.utils.rnn

    class Packed(torch.nn.Module):  # type: ignore[name-defined,misc]  # torch may not be there where types are checked
        """Takes x (n, t, inputs) and how many steps after the first each row has, (n,) integers below t."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__()
            self.layer = getattr(torch.nn, kind)(*arguments, batch_first=True, **options)

        def forward(self, x: Any, after_first: Any) -> Any:
            packed = rnn.pack_padded_sequence(x, after_first.cpu() + 1, batch_first=True, enforce_sorted=False)
            y, _ = self.layer(packed)
            return rnn.pad_packed_sequence(y, batch_first=True, total_length=x.shape[1])[0]

    Packed.__name__ = kind
    return Packed
