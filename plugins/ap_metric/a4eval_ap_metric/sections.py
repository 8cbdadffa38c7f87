"""The pictures of errors, as a section of the page of a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from a4eval import Gallery, ReportSection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ERRORS = (
    "The images whose errors cost most: over all, and of each kind, class and confusion. "
    "The cost of an error is what AP at its IoU would gain if it alone were mended."
)
_FLIPS = (
    "Objects that one detector found and the other missed: lost is what the first found and the second did not, gained "
    "the reverse. The image on which what is lost costs most comes first."
)


def sections(record: Mapping[str, Any]) -> Iterator[ReportSection]:
    """Yield a section for each metric ``detection_examples`` of a record that has its tables.

    Args:
        record: as plain JSON types.
    """
    task = record["config"].get("task")
    metrics = task.get("metrics") if isinstance(task, dict) else None
    for label, metric in (metrics or {}).items():
        name = metric.get("name") if isinstance(metric, dict) else metric
        pictures, marks = (record["tables"].get(f"{label}/{one}") for one in ("pictures", "marks"))
        if str(name).rpartition("/")[2] != "detection_examples" or not pictures or not marks:
            continue
        two = "pane" in marks[0]
        gallery = Gallery(
            pictures=f"{label}/pictures",
            marks=f"{label}/marks",
            layer="outcome",
            layers=("missed", "false", "hit", "found", "ignored"),
            quiet=("found", "ignored"),
            label=("class", "score"),
            filters=[one for one in ("flip", "class", "error", "score") if one in marks[0]],
        )
        said = _FLIPS if two else _ERRORS
        if any(row.get("file") for row in pictures):
            said += (
                f" The images are small copies, so that the page stays light; task.metrics.{label}.room says how small."
            )
        yield ReportSection("Where the detectors differ" if two else "Pictures of errors", said, gallery=gallery)
