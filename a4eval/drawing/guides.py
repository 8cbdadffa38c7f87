"""Axes and legends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from a4eval.drawing.paint import filled
from a4eval.drawing.scales import Band
from a4eval.drawing.values import cut, text, width
from a4eval.markup import Markup, joined, tag

if TYPE_CHECKING:
    from a4eval.drawing.layers import Channel
    from a4eval.drawing.marks import Frame
    from a4eval.drawing.plot import Plot, Scale

FONT = 12
INK, FAINT, LINE = "#39424a", "#dfe3e7", "#8b959e"
LONGEST = 160
"""Pixels that the labels of names take at most."""
LINE_HEIGHT = 16
TALL = 420
"""Pixels of marks beyond which the numbers stand above them too: what is below is out of sight."""
NAMES_IN_A_LEGEND = 24
BOLD = 1.1
"""How much wider a title is than a label."""


def label(shown: str, room: float, **attributes: Any) -> Markup:
    """Return a text that fits *room* pixels; one that is cut says the whole when it is pointed at."""
    short = cut(shown, room)
    return tag("text", tag("title", shown) if short != shown else None, short, **attributes)


def labels(scale: Scale, channel: Channel, room: float) -> list[tuple[float, str]]:
    """Return where which labels stand along an axis.

    Args:
        scale: spread already.
        channel: what it shows.
        room: pixels that a label takes, from one to the next.
    """
    axis = channel.given.get("axis", {})
    if axis is None or (axis or {}).get("labels") is False:
        return []
    if isinstance(scale, Band):
        every = max(1, -(-len(scale.domain) * 13 // max(1, int(abs(scale.stop - scale.start))))) if room < 14 else 1
        return [(scale(name) or 0.0, name) for name in scale.domain[::every]]
    values = (axis or {}).get("values")
    most = max(2, int(abs(scale.stop - scale.start) / room))
    found = values if isinstance(values, list) else scale.ticks(most)
    return [
        (at, text(float(one), channel.format))
        for one in found
        if isinstance(one, (int, float)) and (at := scale(one)) is not None
    ]


def axis_x(plot: Plot, frame: Frame) -> tuple[Markup, float]:
    """Return the axis below and how high it is."""
    left, top, right, bottom = frame.left, frame.top, frame.right, frame.bottom
    scale, channel = plot.scales.get("x"), plot.axes.get("x")
    if scale is None or channel is None:
        return Markup(), 4.0

    def within(at: float, shown: str) -> float:
        """Return the middle of a label that lies neither under those of the other axis nor beyond the picture."""
        half = width(shown) / 2
        return min(max(at, left - 4 + half), right + 12 - half) if not isinstance(scale, Band) else at

    given = labels(scale, channel, 70)
    step = abs(scale.step) if isinstance(scale, Band) else 70.0
    longest = max((width(shown) for _, shown in given), default=0.0)
    turned = isinstance(scale, Band) and longest > step - 4
    parts: list[Markup] = []
    grid = not isinstance(scale, Band) and (channel.given.get("axis") or {}).get("grid", True)
    if bottom - top > TALL and not isinstance(scale, Band):
        parts += [tag("text", shown, x=within(at, shown), y=top - 5, text_anchor="middle") for at, shown in given]
    for at, shown in given:
        if grid:
            parts.append(tag("line", x1=at, y1=top, x2=at, y2=bottom, stroke=FAINT, class_="g"))
        if turned:
            parts.append(
                label(
                    shown,
                    90,
                    x=at + 4,
                    y=bottom + 9,
                    text_anchor="end",
                    transform=f"rotate(-55 {at + 4:.1f} {bottom + 9:.1f})",
                )
            )
        else:
            parts.append(label(shown, max(step - 2, 30), x=within(at, shown), y=bottom + 14, text_anchor="middle"))
    height = 18.0 if given else 2.0
    if turned:
        height = 14.0 + min(longest, 90) * 0.82
    if channel.title:
        parts.append(
            label(
                channel.title,
                (right - left) / BOLD,
                x=(left + right) / 2,
                y=bottom + height + 12,
                text_anchor="middle",
                font_weight="600",
            )
        )
        height += LINE_HEIGHT + 2
    parts.append(tag("line", x1=left, y1=bottom, x2=right, y2=bottom, stroke=LINE, class_="a"))
    return joined(parts), height


def axis_y(plot: Plot, frame: Frame) -> Markup:
    """Return the axis on the left; its title stands above it, where it is read without turning one's head."""
    left, top, right = frame.left, frame.top, frame.right
    scale, channel = plot.scales.get("y"), plot.axes.get("y")
    if scale is None or channel is None:
        return Markup()
    given = labels(scale, channel, _room_y(scale))
    grid = not isinstance(scale, Band) and (channel.given.get("axis") or {}).get("grid", True)
    parts = [tag("line", x1=left, y1=at, x2=right, y2=at, stroke=FAINT, class_="g") for at, _ in given if grid]
    names = (label(shown, LONGEST, y=at + 4) for at, shown in given)
    parts.append(tag("g", *names, text_anchor="end", transform=f"translate({left - 6:.1f} 0)"))
    if channel.title:
        parts.append(label(channel.title, (right - 2) / BOLD, x=2, y=top - 13, font_weight="600"))
    return joined(parts)


def room_for_y(plot: Plot) -> float:
    """Return how wide the labels on the left are."""
    scale, channel = plot.scales.get("y"), plot.axes.get("y")
    if scale is None or channel is None:
        return 6.0
    return 12 + max((width(cut(shown, LONGEST)) for _, shown in labels(scale, channel, _room_y(scale))), default=0.0)


def _room_y(scale: Scale) -> float:
    return abs(scale.step) if isinstance(scale, Band) else 42.0


def legend(plot: Plot, left: float, top: float, right: float) -> tuple[Markup, float]:
    """Return the legend of the colours and how high it is; nothing where there is none or it is not wanted."""
    channel = plot.colour
    if channel is None or channel.given.get("legend", True) is None or (channel.discrete and not plot.colour_names):
        return Markup(), 0.0
    if plot.colour_scale is not None:
        return _shades(plot, channel, left, top)
    parts: list[Markup] = []
    x, y = left, top + 8
    shown = plot.colour_names[:NAMES_IN_A_LEGEND]
    if channel.title:
        parts.append(tag("text", channel.title, x=x, y=y + 4, font_weight="600"))
        x += width(channel.title) * BOLD + 12
    for name in shown:
        said = text(_back(name), channel.format)
        taken = 16 + width(cut(said, LONGEST)) + 12
        if x + taken > right and x > left:
            x, y = left, y + LINE_HEIGHT
        paint = plot.named(name)
        parts.append(tag("rect", x=x, y=y - 5, width=11, height=11, rx=2, **filled(paint)))
        parts.append(label(said, LONGEST, x=x + 15, y=y + 4))
        x += taken
    if len(plot.colour_names) > len(shown):
        parts.append(tag("text", f"and {len(plot.colour_names) - len(shown)} more", x=x, y=y + 4))
    return joined(parts), y - top + 14


def _back(name: str) -> Any:
    """Return the number that a name on a scale is, if it is one."""
    try:
        return float(name)
    except ValueError:
        return name


def _shades(plot: Plot, channel: Channel, left: float, top: float) -> tuple[Markup, float]:
    scale = plot.colour_scale
    assert scale is not None
    parts: list[Markup] = []
    x = left
    if channel.title:
        parts.append(tag("text", channel.title, x=x, y=top + 12, font_weight="600"))
        x += width(channel.title) * BOLD + 10
    low = text(scale.low, channel.format)
    parts.append(tag("text", low, x=x, y=top + 12))
    x += width(low) + 5
    for place in range(24):
        value = scale.low + (scale.high - scale.low) * (place + 0.5) / 24
        if scale.kind == "log":
            value = scale.low * (scale.high / scale.low) ** ((place + 0.5) / 24)
        parts.append(tag("rect", x=x + place * 4, y=top + 3, width=4.4, height=11, **filled(plot.shade(value))))
    parts.append(tag("text", text(scale.high, channel.format), x=x + 24 * 4 + 5, y=top + 12))
    return joined(parts), 22.0
