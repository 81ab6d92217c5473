"""Where traces first go wrong: last good step by first failing step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erroranalysis.charts.grid import Grid, cell
from erroranalysis.charts.panels import Canvas, assumed, count, percent
from erroranalysis.measure.transitions import START

if TYPE_CHECKING:
    import altair as alt

    from erroranalysis.measure import Transition, Transitions

_TIPS = {
    "before": "last good step",
    "after": "first failing step",
    "failures": "traces that failed here first",
    "passages": "traces that went this way",
    "rate": "share of those",
    "traces": "traces",
}


def draw_transitions(
    result: Transitions, *, width: int, theme: str | None
) -> alt.HConcatChart:
    """Draw first failures by the step before them."""
    failing = [item for item in result.cells if item.failures]
    if not failing:
        return Canvas((), width, theme).nothing_yet(_missing(result))
    steps = result.steps
    broken = {item.after for item in failing}
    columns = tuple(name for name in steps if name in broken)
    starts = {item.before for item in failing}
    before = (START, *steps) if START in starts else steps
    rows = tuple(name for name in before if name in starts)
    most = failing[0].failures
    cells = [
        _cell(item, rows.index(item.before), columns.index(item.after), most, theme)
        for item in result.cells
        if item.before in rows and item.after in columns
    ]
    grid = Grid(
        rows,
        columns,
        tuple(cells),
        width,
        theme,
        row_title="last good step",
        column_title="first failing step",
    )
    return grid.draw(
        _TIPS,
        title="Where traces first go wrong",
        notes=[*_notes(result, most), assumed([failing[0].rate])],
        description=repr(result),
    )


def _cell(
    item: Transition, row: int, column: int, most: float, theme: str | None
) -> dict[str, Any]:
    return cell(
        row,
        column,
        share=item.failures / most if item.failures else None,
        text=f"{item.failures:,}\nof {item.rate.n:,}",
        theme_name=theme,
        names=(item.before, item.after),
        trace_ids=item.trace_ids,
        before=item.before,
        after=item.after,
        failures=item.failures,
        passages=item.rate.n,
        rate=percent(item.rate),
    )


def _notes(result: Transitions, most: int) -> list[str]:
    unplaced = ""
    if result.unplaced:
        unplaced = (
            f" {result.unplaced:,} of them without a first failing step are in no cell."
        )
    return [
        f"{result.failed:,} of {count(result.read, 'trace')} failed.{unplaced}",
        (
            "A cell: traces that failed there first, of those that went that way."
            " Strongest:"
            f" {most:,}. Dashed: went that way and none failed. Empty: nobody went that"
            " way."
        ),
    ]


def _missing(result: Transitions) -> str:
    if not result.read:
        return "no trace has been judged, so nobody knows where one went wrong."
    if not result.failed:
        return f"all {count(result.read, 'trace')} passed."
    return (
        f"{count(result.failed, 'trace')} failed and nobody marked the first failing"
        " step. Mark it in the annotator: click the message or the step."
    )
