"""The tracker ``tensorboard``: a folder of TensorBoard's events for each record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from a4eval.component import param
from a4eval.context import check_installed, require
from a4eval.trackers import facts
from a4eval.trackers.contract import Waited

if TYPE_CHECKING:
    from collections.abc import Mapping

EXTRA = "a4eval[tensorboard]"
ROWS = 1000
"""Of a table; it is shown whole or not at all, as text."""
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(kw_only=True)
class Tensorboard(Waited):
    """Folders of events: numbers, what they were made with, tables as text, PNG pictures."""

    directory: str = param("tensorboard", help="the folder that `tensorboard --logdir` is given")

    def __post_init__(self) -> None:
        super().__post_init__()
        check_installed("tensorboardX", EXTRA)

    def track(self, record: Mapping[str, Any], folder: Path) -> None:
        """Write a folder of events."""
        module: Any = require("tensorboardX", EXTRA)
        begun = datetime.fromisoformat(record["started"])
        name = f"{begun:%Y%m%d-%H%M%S-%f}-{record['run_id']}"
        moment = facts.milliseconds(record["finished"]) / 1000
        taken: dict[str, str] = {}
        found = {facts.named(key, "_-./", taken): value for key, value in facts.numbers(record).items()}
        with module.SummaryWriter(str(Path(self.directory, facts.project(record), name))) as writer:
            for key, value in found.items():
                writer.add_scalar(key, value, 0, moment)
            plain = {
                key: value if isinstance(value, (bool, int, float)) else str(value)
                for key, value in facts.parameters(record).items()
            }
            for summary in require("tensorboardX.summary", EXTRA).hparams(plain, found):
                writer.file_writer.add_summary(summary, 0, moment)
            writer.add_text("run", _markdown(["key", "value"], [*map(list, facts.tags(record).items())]), 0, moment)
            for table, rows in record["tables"].items():
                if len(rows) <= ROWS:
                    writer.add_text(f"tables/{table}", _markdown(*facts.columns(rows)), 0, moment)
            for file, path in facts.files(record, folder):
                if path.suffix == ".png":
                    _picture(writer, file.removesuffix(".png"), path.read_bytes(), moment)


def _markdown(names: list[str], rows: list[list[Any]]) -> str:
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in lines)


def _picture(writer: Any, name: str, content: bytes, moment: float) -> None:
    """Add a picture as it is; TensorBoard wants to know its size, which stands at the beginning of a PNG."""
    if content[:8] != _PNG:
        return
    summary: Any = require("tensorboardX.proto.summary_pb2", EXTRA)
    width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
    image = summary.Summary.Image(width=width, height=height, colorspace=4, encoded_image_string=content)
    writer.file_writer.add_summary(summary.Summary(value=[summary.Summary.Value(tag=name, image=image)]), 0, moment)
