"""How steady a judge is when it is asked the same thing again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erroranalysis.charts.display import mark_key
from erroranalysis.charts.panels import Canvas, count, percent

if TYPE_CHECKING:
    import altair as alt

    from erroranalysis.measure import Stability, TraceRuns

_TEXT = 60


def draw_stability(
    result: Stability, *, width: int, theme: str | None
) -> alt.HConcatChart:
    """Draw how many traces got how many passes: steady ones stand first and last."""
    rows = _rows(result)
    canvas = Canvas(rows, width, theme)
    if not rows:
        return canvas.nothing_yet(
            "no trace got two verdicts. Run the judge on labelled traces two times or"
            " more, without its cache."
        )
    import altair as alt

    tips = [
        alt.Tooltip("label:N", title="runs"),
        alt.Tooltip("text:N", title="how many"),
        alt.Tooltip("traces:N", title="traces"),
    ]
    x = alt.X(
        "count:Q",
        title="traces",
        scale=alt.Scale(domain=[0, max(row["count"] for row in rows)]),
        axis=alt.Axis(
            orient="top", tickCount=4, tickMinStep=1, titleAnchor="start", format=",d"
        ),
    )
    steady = canvas.bars(x, tips, hollow=True).transform_filter("!datum.flips")
    flips = canvas.bars(x, tips).transform_filter("datum.flips")
    return canvas.finish(
        canvas.names(tips),
        canvas.panel(steady, flips, width=canvas.rest(canvas.names_width, _TEXT, 0)),
        canvas.values("text", _TEXT, tips),
        title="How steady the judge is",
        notes=_notes(result),
        description=repr(result),
    )


def _rows(result: Stability) -> tuple[dict[str, Any], ...]:
    """Return one row for every share of passes, all passes first."""
    groups: dict[tuple[int, int], list[str]] = {}
    for item in result.traces:
        if _runs(item) > 1:
            groups.setdefault((item.passes, _runs(item)), []).append(item.trace_id)
    ordered = sorted(groups, key=lambda key: (-key[0] / key[1], -key[1]))
    return tuple(
        {
            "place": place,
            "key": mark_key(f"{passes} of {runs} pass"),
            "trace_ids": groups[passes, runs],
            "label": f"{passes} of {runs} pass",
            "count": len(groups[passes, runs]),
            "text": f"{len(groups[passes, runs]):,}",
            "flips": 0 < passes < runs,
        }
        for place, (passes, runs) in enumerate(ordered)
    )


def _runs(item: TraceRuns) -> int:
    return item.passes + item.fails


def _notes(result: Stability) -> list[str]:
    errors = ""
    if result.errors:
        errors = f" {count(result.errors, 'call')} ended in an error and count nowhere."
    return [
        (
            f"{result.runs} runs; {len(result.flipping):,} of"
            f" {count(result.flipped.n, 'trace')} got both verdicts. Two runs differ on"
            f" {percent(result.flip_rate)} of the traces.{errors}"
        ),
        (
            "Filled: traces that got both verdicts. Frame: all runs said the same,"
            " which does not mean that it is right."
        ),
    ]
