"""Failure modes by frequency."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erroranalysis.charts.display import mark_key
from erroranalysis.charts.panels import FEW, Canvas, count, fields, plain

if TYPE_CHECKING:
    import altair as alt

    from erroranalysis.measure import ModeCount, Pareto

_SHARE_TEXT = 100


def draw_pareto(result: Pareto, *, width: int, theme: str | None) -> alt.HConcatChart:
    """Draw counts as bars, and shares with their intervals beside them."""
    rows = tuple(_row(place, item, theme) for place, item in enumerate(result.modes))
    canvas = Canvas(rows, width, theme)
    if not rows:
        return canvas.nothing_yet(_missing(result))
    import altair as alt

    tips = _tooltip()
    bars_width, shares_width = _widths(canvas)
    scale = alt.Scale(domain=[0, _most(rows)])
    bars = canvas.bars(alt.X("count:Q", axis=None, scale=scale), tips)
    counts = bars.mark_text(align="left", dx=4, fontSize=11).encode(text="count:Q")
    highest = max(row["share_high"] for row in rows)
    x = alt.X(
        "share_value:Q",
        title=f"share of {count(result.read, 'trace')} read",
        scale=alt.Scale(domain=[0, min(1.0, highest * 1.05)]),
        axis=alt.Axis(format="%", orient="top", tickCount=4, titleAnchor="start"),
    )
    return canvas.finish(
        canvas.names(tips),
        canvas.panel(bars, counts, width=bars_width),
        canvas.panel(*canvas.interval("share", x, tips), width=shares_width),
        canvas.values("share_text", _SHARE_TEXT, tips),
        title="Failure modes by frequency",
        notes=_notes(result),
        description=repr(result),
    )


def _widths(canvas: Canvas) -> tuple[int, int]:
    rest = canvas.rest(canvas.names_width, _SHARE_TEXT, 0)
    return int(rest * 0.5), rest - int(rest * 0.5)


def _most(rows: tuple[dict[str, Any], ...]) -> float:
    """Leave room for the number behind the longest bar."""
    return 1.15 * max(1, *(int(row["count"]) for row in rows))


def _row(place: int, item: ModeCount, theme: str | None) -> dict[str, Any]:
    return {
        "place": place,
        "key": mark_key(item.mode),
        "label": plain(item.mode),
        "count": item.count,
        "trace_ids": item.trace_ids,
        **fields("share", item.share, theme),
    }


def _tooltip() -> list[alt.Tooltip]:
    import altair as alt

    return [
        alt.Tooltip("label:N", title="failure mode"),
        alt.Tooltip("count:Q", title="failing traces"),
        alt.Tooltip("share_text:N", title="share of traces read"),
        alt.Tooltip("share_n:Q", title="n"),
        alt.Tooltip("share_method:N", title="interval"),
        alt.Tooltip("share_assumes:N", title="assumes"),
        alt.Tooltip("traces:N", title="traces"),
    ]


def _missing(result: Pareto) -> str:
    if not result.read:
        return (
            "no trace has been judged. Read some: project.annotate(project.sample(100))"
        )
    if not result.failed:
        return (
            f"all {count(result.read, 'trace')} passed, so there is no failure to name."
        )
    return (
        f"{count(result.failed, 'trace')} failed and there is no failure mode."
        " project.taxonomy.suggest() proposes groups of notes to name."
    )


def _notes(result: Pareto) -> list[str]:
    who = result.annotator or "The annotator"
    unplaced = (
        f"{result.unplaced:,} of them without a failure mode yet (in no bar)"
        if result.unplaced
        else "each with a failure mode"
    )
    read = f"{who} read {count(result.read, 'trace')}"
    assumes = {item.share.assumes for item in result.modes if item.share.assumes}
    shares = "Bars: failing traces. Dots: share of the traces read, 95 % interval"
    shares += f"; assumes that {'; '.join(sorted(assumes))}." if assumes else "."
    placed = sum(item.count for item in result.modes)
    several = ""
    if placed > result.failed - result.unplaced:
        several = "A trace can belong to several modes, so the bars add up to more."
    few = f"Grey, dashed: fewer than {FEW} traces read." if result.read < FEW else ""
    return [f"{read}; {result.failed:,} failed, {unplaced}.", shares, several, few]
