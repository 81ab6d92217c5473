"""Which regions of all traces were read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erroranalysis.charts.display import mark_key
from erroranalysis.charts.panels import Canvas, count, plain

if TYPE_CHECKING:
    import altair as alt

    from erroranalysis.measure import ReadingCoverage, RegionRead

_TEXT = 112
_UNSEEN = 92


def draw_coverage(
    result: ReadingCoverage, *, width: int, theme: str | None
) -> alt.HConcatChart:
    """Draw a bar a region: the frame is all traces, the filled part was read."""
    rows = tuple(_row(place, item) for place, item in enumerate(result.regions))
    canvas = Canvas(rows, width, theme)
    if not rows:
        return canvas.nothing_yet("there are no traces. project.load(...) reads some.")
    tips = _tooltip()
    return canvas.finish(
        canvas.names(tips),
        canvas.panel(
            *_bars(canvas, tips),
            width=canvas.rest(canvas.names_width, _TEXT, _UNSEEN, 0),
        ),
        canvas.values("read_label", _TEXT, tips),
        canvas.values("unseen_label", _UNSEEN, tips),
        title="What was read, by region",
        notes=_notes(result),
        description=repr(result),
    )


def _bars(canvas: Canvas, tips: list[alt.Tooltip]) -> list[alt.Chart]:
    import altair as alt

    most = max(row["size"] for row in canvas.rows)
    scale = alt.Scale(domain=[0, most])
    axis = alt.Axis(orient="top", tickCount=4, titleAnchor="start", format=",d")
    x = alt.X("size:Q", title="traces", scale=scale, axis=axis)
    read = x.copy()
    read.shorthand = "read:Q"
    return [canvas.bars(x, tips, hollow=True), canvas.bars(read, tips)]


def _row(place: int, item: RegionRead) -> dict[str, Any]:
    return {
        "place": place,
        "key": mark_key(item.region),
        "label": plain(item.region),
        "size": item.total,
        "read": item.read,
        "read_label": f"{item.read:,} of {item.total:,}",
        "unseen_share": item.unseen_share,
        "unseen_label": _unseen(item),
        "trace_ids": item.trace_ids,
    }


def _unseen(item: RegionRead) -> str:
    if not item.read:
        return "not read"
    if item.read == item.total:
        return "all read"
    return f"up to {item.unseen_share:.0%}"


def _tooltip() -> list[alt.Tooltip]:
    import altair as alt

    return [
        alt.Tooltip("label:N", title="region"),
        alt.Tooltip("size:Q", title="traces"),
        alt.Tooltip("read:Q", title="read"),
        alt.Tooltip("unseen_label:N", title="something unseen can be in"),
        alt.Tooltip("traces:N", title="not read"),
    ]


def _notes(result: ReadingCoverage) -> list[str]:
    none = ""
    if result.unread:
        none = f" Nothing was read of {count(len(result.unread), 'region')}."
    return [
        f"{result.read:,} of {count(result.total, 'trace')} were read.{none}",
        (
            "Frame: all traces of the region. Filled: read. Right: the share of the"
            " region"
            " that something can have that was in none of the traces read, 95 %"
            " confidence, if they were drawn at random within the region."
        ),
    ]
