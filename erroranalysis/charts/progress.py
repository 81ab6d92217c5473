"""How far the reading is, and how fast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erroranalysis.charts.days import noon
from erroranalysis.charts.display import mark_key
from erroranalysis.charts.lines import MOST_SERIES, Lines, point
from erroranalysis.charts.panels import Canvas, plain
from erroranalysis.measure.pace import IDLE_SECONDS, say_seconds

if TYPE_CHECKING:
    import altair as alt

    from erroranalysis.measure import ReadingDay, ReadingProgress

_PACE = 0.42  # of the width
_TEXT = 90
_TIPS = {
    "day": "day",
    "series": "annotator",
    "read": "read that day",
    "so_far": "read so far",
    "pace": "time",
    "traces": "traces of that day",
}


def draw_progress(
    result: ReadingProgress, *, width: int, theme: str | None
) -> alt.HConcatChart:
    """Draw traces read so far and, beside them, seconds a trace by day."""
    if not result.days:
        return Canvas((), width, theme).nothing_yet(
            "no trace has been judged. project.annotate(project.sample(100)) begins."
        )
    if len(result.read) > MOST_SERIES:
        return _by_person(result, width, theme)
    order = {name: n for n, name in enumerate(result.read)}
    timed = any(item.seconds.n for item in result.days)
    left = int(width * (1 - _PACE)) - 14 if timed else width
    most = max([item.so_far for item in result.days] + [result.total or 0])
    read = Lines(
        tuple(_read(item, order[item.annotator]) for item in result.days),
        left,
        theme,
        x_kind="time",
        x_title="",
        y_title=f"traces read so far{f', of {result.total:,}' if result.total else ''}",
        tips=_TIPS,
        domain=(0.0, most * 1.04),
        percent=False,
        step=True,
    )
    beside = []
    if timed:
        pace = tuple(_pace(item, order[item.annotator]) for item in result.days)
        beside.append(_pace_lines(pace, width - left - 14, theme).panel(alone=True))
    return read.draw(
        *beside,
        title="Traces read",
        notes=_notes(result),
        description=repr(result),
        width=width,
    )


def _pace_lines(
    points: tuple[dict[str, Any], ...], width: int, theme: str | None
) -> Lines:
    heights = [item["high"] or item["y"] or 1.0 for item in points]
    return Lines(
        points,
        width,
        theme,
        x_kind="time",
        x_title="",
        y_title="seconds a trace, median",
        tips=_TIPS,
        domain=(0.0, 1.04 * max(heights)),
        percent=False,
        named=False,
        joined=False,
    )


def _read(item: ReadingDay, n: int) -> dict[str, Any]:
    return _pace(item, n) | {"y": item.so_far, "low": None, "high": None, "weak": False}


def _pace(item: ReadingDay, n: int) -> dict[str, Any]:
    bounded = item.seconds.high < IDLE_SECONDS
    return point(
        noon(item.day),
        item.seconds,
        item.annotator,
        n,
        key=mark_key(item.annotator, item.day.isoformat()),
        trace_ids=item.trace_ids,
        day=item.day.isoformat(),
        read=item.read,
        so_far=item.so_far,
        pace=say_seconds(item.seconds),
        **({} if bounded else {"low": None, "high": None}),
    )


def _by_person(
    result: ReadingProgress, width: int, theme: str | None
) -> alt.HConcatChart:
    """Draw a bar a person: many lines in one picture cannot be told apart."""
    import altair as alt

    people = sorted(result.read.items(), key=lambda item: (-item[1], item[0]))
    of = f" of {result.total:,}" if result.total else ""
    rows = tuple(
        {"place": n, "key": mark_key(name), "label": plain(name), "read": read}
        | {"text": f"{read:,}{of}", "trace_ids": result.trace_ids(name)}
        for n, (name, read) in enumerate(people)
    )
    canvas = Canvas(rows, width, theme)
    tips = [
        alt.Tooltip("label:N", title="annotator"),
        alt.Tooltip("text:N", title="traces read"),
        alt.Tooltip("traces:N", title="traces"),
    ]
    x = alt.X(
        "read:Q",
        title="traces read so far",
        scale=alt.Scale(domain=[0, max(people[0][1], result.total or 0)]),
        axis=alt.Axis(orient="top", tickCount=4, titleAnchor="start", format=",d"),
    )
    return canvas.finish(
        canvas.names(tips),
        canvas.panel(
            canvas.bars(x, tips), width=canvas.rest(canvas.names_width, _TEXT, 0)
        ),
        canvas.values("text", _TEXT, tips),
        title="Traces read",
        notes=[_overall(result)],
        description=repr(result),
    )


def _overall(result: ReadingProgress) -> str:
    days = len({item.day for item in result.days})
    said = say_seconds(result.seconds)
    return f"{sum(result.read.values()):,} verdicts on {days:,} days; {said}."


def _notes(result: ReadingProgress) -> list[str]:
    several = "A line and a shape a person." if len(result.read) > 1 else ""
    if not result.seconds.n:
        return [_overall(result), several]
    pace = (
        "Right: median seconds a trace by day, with 95 % intervals from six traces on."
        " Hollow: fewer than 30 traces timed."
    )
    return [_overall(result), f"{several} {pace}".strip()]
