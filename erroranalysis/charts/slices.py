"""Which failure happens where: failure modes by the values of a field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erroranalysis.charts.display import mark_key
from erroranalysis.charts.grid import Grid, cell
from erroranalysis.charts.panels import (
    FEW,
    Canvas,
    assumed,
    count,
    fields,
    percent,
    plain,
)

if TYPE_CHECKING:
    import altair as alt

    from erroranalysis.measure import SliceCell, SliceGrid
    from erroranalysis.measure.slices import SliceRate, SliceRates

_TIPS = {
    "mode": "failure mode",
    "value": "slice",
    "count": "traces with it",
    "n": "traces read in the slice",
    "rate": "share",
    "traces": "traces",
}
_MOST_VALUES = 60
_TEXT = 116


def draw_slice_grid(
    result: SliceGrid, *, width: int, theme: str | None
) -> alt.HConcatChart:
    """Draw the share of every failure mode in every slice."""
    if not result.cells:
        what = (
            "there is no failure mode to slice."
            if result.read
            else "no trace has been judged."
        )
        return Canvas((), width, theme).nothing_yet(what)
    values = result.values[:_MOST_VALUES]
    known = [item for item in result.cells if item.rate.n >= FEW]
    most = max((item.rate.value for item in known), default=0.0)
    places = {value: n for n, value in enumerate(values)}
    rows = {mode: n for n, mode in enumerate(result.modes)}
    cells = [
        _cell(item, rows[item.mode], places[item.value], most, theme)
        for item in result.cells
        if item.value in places
    ]
    grid = Grid(
        result.modes,
        values,
        tuple(cells),
        width,
        theme,
        row_title="",
        column_title=plain(result.by),
    )
    return grid.draw(
        _TIPS,
        title=f"Failure modes by {plain(result.by)}",
        notes=_grid_notes(result, most, len(result.values) - len(values)),
        description=repr(result),
    )


def _grid_notes(result: SliceGrid, most: float, left_out: int) -> list[str]:
    few = any(item.rate.n < FEW for item in result.cells)
    return [
        (
            f"{count(result.read, 'trace')} read. A cell: the share of the slice's"
            " traces that have the failure"
            + (f"; strongest: {most:.0%}." if most else ".")
        ),
        f"Dashed: fewer than {FEW} traces read there, too few to compare."
        if few
        else "",
        (
            "Among many cells some stand out by chance: slice_rates says which slices"
            " stand out beyond that."
        ),
        f"{count(left_out, 'smaller slice')} left out." if left_out else "",
        assumed(item.rate for item in result.cells),
    ]


def _cell(
    item: SliceCell, row: int, column: int, most: float, theme: str | None
) -> dict[str, Any]:
    few = item.rate.n < FEW
    share = f"{item.rate.value:.0%}\n" if not few else ""
    return cell(
        row,
        column,
        share=item.rate.value / most if most else 0.0,
        text=f"{share}{item.count:,} of {item.rate.n:,}",
        theme_name=theme,
        weak=few,
        names=(item.mode, item.value),
        trace_ids=item.trace_ids,
        mode=item.mode,
        value=item.value,
        count=item.count,
        n=item.rate.n,
        rate=percent(item.rate),
    )


def draw_slice_rates(
    result: SliceRates, *, width: int, theme: str | None
) -> alt.HConcatChart:
    """Draw the rate of every slice: its own, and drawn towards the others'."""
    if not result.slices:
        return Canvas((), width, theme).nothing_yet("there is no slice with traces.")
    import altair as alt

    rows = tuple(_row(place, item, theme) for place, item in enumerate(result.slices))
    canvas = Canvas(rows, width, theme, step=30)
    tips = _tooltip()
    highest = max(max(row["raw_high"], row["shrunk_high"]) for row in rows)
    x = alt.X(
        "raw_value:Q",
        title="share of the traces of the slice",
        scale=alt.Scale(domain=[0, min(1.0, highest * 1.03)]),
        axis=alt.Axis(format="%", orient="top", tickCount=6, titleAnchor="start"),
    )
    marks = canvas.interval("shrunk", x, tips)
    marks += canvas.interval("raw", x, tips, below=8)
    return canvas.finish(
        canvas.names(tips),
        canvas.panel(*marks, width=canvas.rest(canvas.names_width, _TEXT)),
        canvas.values("said", _TEXT, tips),
        title="Rates by slice",
        notes=_rate_notes(result),
        description=repr(result),
    )


def _tooltip() -> list[alt.Tooltip]:
    import altair as alt

    return [
        alt.Tooltip("label:N", title="slice"),
        alt.Tooltip("shrunk_text:N", title="shrunk"),
        alt.Tooltip("raw_text:N", title="raw"),
        alt.Tooltip("raw_n:Q", title="n"),
        alt.Tooltip("stands:N", title="stands out"),
        alt.Tooltip("traces:N", title="traces counted"),
    ]


def _rate_notes(result: SliceRates) -> list[str]:
    few = any(item.raw.n < FEW for item in result.slices)
    return [
        result.says[0].upper() + result.says[1:] + ".",
        (
            "● drawn towards the others, the better guess · ○ the slice's own share,"
            " its interval widened for all slices together. Bold: stands out."
        ),
        f"Grey, dashed: fewer than {FEW} traces." if few else "",
        assumed([result.overall, *(item.shrunk for item in result.slices)]),
    ]


def _row(place: int, item: SliceRate, theme: str | None) -> dict[str, Any]:
    few = item.raw.n < FEW
    row = {
        "place": place,
        "key": mark_key(item.name),
        "trace_ids": item.trace_ids,
        "label": plain(item.name),
        "total": item.stands_out,
        "stands": "yes" if item.stands_out else "no",
        **fields("shrunk", item.shrunk, theme, weak=few),
        **fields("raw", item.raw, theme, weak=True),
    }
    row["said"] = f"{item.shrunk.value:.0%}  {item.count:,} of {item.raw.n:,}"
    return row
