"""What a sweep looks like: tables of its points and Vega-Lite specifications of them, as a record has them."""

from __future__ import annotations

import math
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

from a4eval.drawing.rows import ROW
from a4eval.drawing.values import width
from a4eval.plurals import counted
from a4eval.results.report.points import FEWEST, NOT_SET, SEED, Points, importance, numeric

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


LINES = 400
"""Points that parallel coordinates show; of more, every so many-th."""
LOG_FROM = 10
"""From which ratio of the largest to the smallest value an axis may be logarithmic."""
APART = 0.12
"""Share of an axis that lies between two labels at least."""
MOST_KEYS = 12
"""Keys that are drawn against the metric, the most important ones."""

POINT = {"type": "circle", "size": 16, "opacity": 0.4, "color": "#8b959e", "tooltip": None}
"""A point of the sweep; with scripts it says what stands in its row."""

Drawn = tuple[str, dict[str, Any], list[dict[str, Any]]]


def charts(found: Points, places: Mapping[str, int]) -> Iterator[Drawn]:
    """Yield name, specification and rows of each chart that says something of this sweep.

    Args:
        found: its points.
        places: run id to the row of the page's table of points, to which a mark leads.
    """
    if len(found.points) < FEWEST or found.metric is None:
        return
    shares = importance(found)
    order = [key for key in ([key for key, _ in shares] or found.keys) if found.values(key) != [NOT_SET]]
    for key in order[:MOST_KEYS]:
        yield _against(found, key, places)
    if len(order) > 1:
        yield _heat(found, order[0], order[1])
        yield _importance(found, shares)
        yield _parallel(found, places)
    yield _best_so_far(found, places)


def _chart(name: str, title: str, said: str, **more: Any) -> dict[str, Any]:
    return {"title": title, "description": said, "data": {"name": name}, **more}


def _layer(column: str, mark: dict[str, Any], encoding: dict[str, Any]) -> dict[str, Any]:
    """Return a layer of the rows that have a number in a column: the others need not be gone through."""
    return {"transform": [{"filter": {"field": column, "valid": True}}], "mark": mark, "encoding": encoding}


def _metric(found: Points, column: str = "value", **more: Any) -> dict[str, Any]:
    return {"field": column, "type": "quantitative", "title": found.metric, "scale": {"zero": False}, **more}


def _against(found: Points, key: str, places: Mapping[str, int]) -> Drawn:
    """Draw every point over one key, with the mean of each value and its interval over the seeds."""
    values = [value for value in found.values(key) if value != NOT_SET]
    points = [one for one in found.points if one.settings[key] != NOT_SET]
    numbers = numeric(values)
    rows: list[dict[str, Any]] = [
        {ROW: places.get(one.row.run_id), "key": one.settings.get(key), "value": one.value} for one in points
    ]
    for value in values:
        middle, over = found.marginal(key, value)
        interval = over.interval if over else None
        reach = {"low": interval.low, "high": interval.high} if interval else {}
        rows.append({ROW: None, "key": value, "mean": middle, **reach})
    scale = axis_of(values) if numbers else {"sort": None}
    x = {"field": "key", "type": "quantitative" if numbers else "nominal", "title": key, **scale}
    ends = [row for row in rows if "low" in row]
    band = ", with its 95% interval over the seeds" if ends else "; there are no seeds to make an interval of"
    mean = {"y": _metric(found, "mean")}
    layers = [_layer("value", POINT, {"y": _metric(found)})]
    if numbers:
        layers.append(_layer("mean", {"type": "line"}, mean))
    if ends:
        y = {"y": _metric(found, "low"), "y2": {"field": "high"}}
        layers.append(_layer("low", {"type": "rule", "strokeWidth": 2.5, "color": "#0b6fb8"}, y))
    layers.append(_layer("mean", {"type": "circle", "size": 30}, mean))
    said = f"Small: each point. Large: the mean over all other keys{band}."
    if len(points) < len(found.points):
        said += f" {counted(len(found.points) - len(points), 'point')} without {key} left out."
    return f"by {key}", _chart("rows", f"{found.metric} by {key}", said, encoding={"x": x}, layer=layers), rows


def axis_of(values: Sequence[float]) -> dict[str, Any]:
    """Return the axis of swept numbers: logarithmic where their ratios are more alike than their steps.

    The numbers themselves stand along it where they do not stand too close.

    >>> axis_of([0.003, 0.01, 0.03])
    {'scale': {'type': 'log'}, 'axis': {'values': [0.003, 0.01, 0.03]}}
    >>> axis_of([0.0, 0.001, 1.0])
    {'scale': {'zero': False}}
    """
    found: dict[str, Any] = {"scale": {"zero": False}}
    values = sorted(set(values))
    if len(values) < 2:
        return found
    steps = [after - before for before, after in pairwise(values)]
    if values[0] > 0 and values[-1] / values[0] >= LOG_FROM:
        ratios = [math.log(after / before) for before, after in pairwise(values)]
        if len(values) == 2 or max(ratios) / min(ratios) < max(steps) / min(steps):
            found, steps = {"scale": {"type": "log"}}, ratios
    if min(steps) >= APART * sum(steps):
        found["axis"] = {"values": list(values)}
    return found


def _heat(found: Points, first: str, second: str) -> Drawn:
    """Draw the mean at each pair of values of the two most important keys."""
    cells: dict[tuple[str, str], list[float]] = {}
    for one in found.points:
        cells.setdefault((str(one.settings.get(first)), str(one.settings.get(second))), []).append(one.value)
    rows = [
        {ROW: None, "first": a, "second": b, "mean": sum(of) / len(of), "points": len(of)}
        for (a, b), of in cells.items()
    ]
    across, down = ("first", "second")
    names = {"first": first, "second": second}
    if len(found.values(first)) < len(found.values(second)):
        across, down = down, across
    order = {side: [str(value) for value in found.values(key)] for side, key in names.items()}
    if numeric(found.values(names[down])):
        order[down].reverse()  # the highest stands highest
    encoding = {
        "x": {"field": across, "type": "nominal", "title": names[across], "sort": order[across]},
        "y": {
            "field": down,
            "type": "nominal",
            "title": names[down],
            "sort": order[down],
        },
        "color": {
            "field": "mean",
            "type": "quantitative",
            "title": f"mean {found.metric}",
            "scale": {"scheme": "viridis"},
        },
        "tooltip": [
            {"field": across, "title": names[across]},
            {"field": down, "title": names[down]},
            {"field": "mean", "type": "quantitative", "title": "mean"},
            {"field": "points", "type": "quantitative"},
        ],
    }
    step = max(18, min(30, 300 // max(1, len(order[down]))))
    said = "The mean over all other keys and the seeds, at each pair of values of the two keys that decide most."
    chart = _chart(
        "rows", f"{found.metric} by {first} and {second}", said, mark="rect", encoding=encoding, height={"step": step}
    )
    return "two keys", chart, rows


def _importance(found: Points, shares: list[tuple[str, float]]) -> Drawn:
    rest = max(0.0, 1 - sum(share for _, share in shares))
    last = "interactions and seeds" if found.seeds else "interactions"
    rows = [{ROW: None, "key": key, "share": share} for key, share in [*shares, (last, rest)]]
    encoding = {
        "y": {"field": "key", "type": "nominal", "sort": [row["key"] for row in rows], "title": None},
        "x": {"field": "share", "type": "quantitative", "title": "share of the variance", "axis": {"format": ".0%"}},
    }
    label = {"text": {"field": "share", "type": "quantitative", "format": ".0%"}}
    layers = [{"mark": "bar"}, {"mark": {"type": "text", "align": "left", "dx": 4}, "encoding": label}]
    said = "The share of the variance that lies between the means of a key's values; of a whole grid, its main effect."
    if sum(share for _, share in shares) > 1 + 1e-9:
        said += " This is no whole grid: what two keys have in common counts for both."
    return (
        "importance",
        _chart("rows", f"What decides {found.metric}", said, height={"step": 26}, encoding=encoding, layer=layers),
        rows,
    )


def _parallel(found: Points, places: Mapping[str, int]) -> Drawn:
    """Draw each point as a line through the values of its keys, coloured by the metric."""
    shown = found.points[:: -(-len(found.points) // LINES)]
    keys = [*found.keys, *([SEED] if found.seeds else [])]
    order = {key: [str(value) for value in found.values(key)] for key in keys}
    low, high = min(one.value for one in shown), max(one.value for one in shown)
    rows = []
    for one in shown:
        place_of = {ROW: places.get(one.row.run_id), "point": one.order, "value": one.value}
        for key in keys:
            names = order[key]
            place = names.index(str(one.settings.get(key))) / max(1, len(names) - 1)
            rows.append({**place_of, "key": key, "place": place})
        rows.append({**place_of, "key": found.metric, "place": (one.value - low) / (high - low or 1)})
    axes = [*keys, str(found.metric)]
    labels = [
        {ROW: None, "key": key, "place": place / max(1, len(order[key]) - 1), "label": name}
        for key in keys
        for place, name in enumerate(order[key])
        if len(order[key]) <= 8 or place in (0, len(order[key]) - 1)
    ]
    labels += [
        {ROW: None, "key": found.metric, "place": place, "label": f"{end:.4g}"} for place, end in ((0, low), (1, high))
    ]
    x = {"field": "key", "type": "nominal", "sort": axes, "title": None}
    y = {"field": "place", "type": "quantitative", "axis": None, "title": None, "scale": {"domain": [0, 1]}}
    colour = {"field": "value", "type": "quantitative", "title": found.metric, "scale": {"scheme": "viridis"}}
    line = {
        "mark": {"type": "line", "strokeWidth": 1.2, "opacity": 0.55, "tooltip": None},
        "encoding": {"color": colour, "detail": {"field": "point", "title": "point"}},
    }
    text = {
        "mark": {"type": "text", "align": "left", "dx": 5, "fontSize": 11},
        "encoding": {"text": {"field": "label"}},
    }
    some = "" if len(shown) == len(found.points) else f" {len(shown):,} of {len(found.points):,} points are drawn."
    chart = _chart(
        "rows",
        "Every point, key by key",
        f"A line is a point; its colour the metric.{some}",
        width=len(axes) * min(180, max(110, 10 + max(math.ceil(width(one)) for one in axes))),
        height=240,
        encoding={"x": x, "y": y},
        layer=[line, text],
    )
    return "parallel", chart, rows + labels


def _best_so_far(found: Points, places: Mapping[str, int]) -> Drawn:
    points = sorted(found.points, key=lambda one: one.row.started or "")
    best = list(accumulate((one.value for one in points), max if found.higher else min))
    steps = {place for place, value in enumerate(best) if place in (0, len(best) - 1) or value != best[place - 1]}
    rows = [
        {ROW: places.get(one.row.run_id), "order": place + 1, "value": one.value}
        | ({"best": best[place]} if place in steps else {})
        for place, one in enumerate(points)
    ]
    x = {"field": "order", "type": "quantitative", "title": "points run", "scale": {"zero": False, "nice": False}}
    layers = [
        _layer("value", POINT, {"y": _metric(found)}),
        _layer("best", {"type": "line", "interpolate": "step-after"}, {"y": _metric(found, "best")}),
    ]
    said = "Each point in the order in which they began, and the best until then."
    return "best so far", _chart("rows", f"Best {found.metric} so far", said, encoding={"x": x}, layer=layers), rows
