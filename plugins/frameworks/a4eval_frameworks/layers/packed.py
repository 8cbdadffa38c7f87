"""torch's recurrent layers on packed sequences, for the name ``packed.LSTM``: rows of different lengths."""

from __future__ import annotations

from typing import Any

from a4eval import require

torch: Any = require("torch", "a4eval-frameworks[torch]")


class _Packed(torch.nn.Module):  # type: ignore[misc]  # torch may not be there where types are checked
    """A recurrent layer whose input is packed and whose output is padded with 0 again.

    It takes x (n, t, inputs) and how many steps after the first each row has, (n,) integers below t.
    """

    kind: str

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__()
        self.layer = getattr(torch.nn, self.kind)(*arguments, batch_first=True, **options)

    def forward(self, x: Any, after_first: Any) -> Any:
        rnn = torch.nn.utils.rnn
        packed = rnn.pack_padded_sequence(x, after_first.cpu() + 1, batch_first=True, enforce_sorted=False)
        y, _ = self.layer(packed)
        return rnn.pad_packed_sequence(y, batch_first=True, total_length=x.shape[1])[0]


class RNN(_Packed):
    """A packed ``torch.nn.RNN``."""

    kind = "RNN"


class LSTM(_Packed):
    """A packed ``torch.nn.LSTM``."""

    kind = "LSTM"


class GRU(_Packed):
    """A packed ``torch.nn.GRU``."""

    kind = "GRU"
