"""How often the product fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erroranalysis.charts.display import mark_key
from erroranalysis.charts.panels import FEW, Canvas, assumed, count, fields, plain
from erroranalysis.charts.theme import palette

if TYPE_CHECKING:
    import altair as alt

    from erroranalysis.measure import Estimate, FailureRate, FailureRates

_TEXT = 150
_ANY = "any failure"
_SAMPLING = {
    "random": "a random sample",
    "stratified": "a stratified sample, weighted",
    "unknown": "chosen in a way that nobody recorded",
}


def draw_rates(
    result: FailureRates, *, width: int, theme: str | None
) -> alt.HConcatChart:
    """Draw the rate of any failure on top, then every failure mode."""
    rows = (
        _row(0, _ANY, result.overall, theme, total=True)
        | {"trace_ids": result.failing},
        *(_mode(place, item, theme) for place, item in enumerate(result.modes, 1)),
    )
    if not result.overall.n:
        return Canvas((), width, theme).nothing_yet(
            "no trace has been judged. Read a random sample:"
            " project.annotate(project.sample(100))"
        )
    beside = any("alone_value" in row for row in rows)
    canvas = Canvas(rows, width, theme, step=38 if beside else 28)
    tips = _tooltip()
    return canvas.finish(
        canvas.names(tips),
        canvas.panel(
            *_marks(canvas, tips), width=canvas.rest(canvas.names_width, _TEXT)
        ),
        canvas.values("rate_label", _TEXT, tips),
        title="How often the product fails",
        notes=_notes(result, rows),
        description=repr(result),
    )


def _marks(canvas: Canvas, tips: list[alt.Tooltip]) -> list[alt.Chart]:
    import altair as alt

    ends = ("rate_high", "alone_high", "judge_value")
    highest = max(row[end] for row in canvas.rows for end in ends if end in row)
    x = alt.X(
        "rate_value:Q",
        title="share of traces",
        scale=alt.Scale(domain=[0, min(1.0, highest * 1.03)]),
        axis=alt.Axis(format="%", orient="top", tickCount=6, titleAnchor="start"),
    )
    marks = canvas.interval("rate", x, tips)
    if any("alone_value" in row for row in canvas.rows):
        shown = "isValid(datum.alone_low)"
        marks += [
            mark.transform_filter(shown)
            for mark in canvas.interval("alone", x, tips, below=11)
        ]
    if any("judge_value" in row for row in canvas.rows):
        ink = palette(canvas.theme).weak
        judge = x.copy()
        judge.shorthand = "judge_value:Q"
        marks.append(
            alt.Chart()
            .mark_point(
                shape="cross", angle=45, size=55, filled=True, color=ink, yOffset=-11
            )
            .encode(x=judge, y=canvas.y(), tooltip=tips)
            .transform_filter("isValid(datum.judge_value)")
        )
    return marks


def _row(
    place: int, label: str, rate: Estimate, theme: str | None, *, total: bool = False
) -> dict[str, Any]:
    row = {"place": place, "key": mark_key(label), "label": plain(label)}
    row["total"] = total
    row |= fields("rate", rate, theme)
    row["rate_label"] = f"{row['rate_text']}  n={rate.n:,}"
    row |= {"alone_text": "-", "judge_text": "-", "note": "-"}
    return row


def _mode(place: int, item: FailureRate, theme: str | None) -> dict[str, Any]:
    row = _row(place, item.mode, item.rate, theme)
    row |= {"note": item.note or "-", "trace_ids": item.trace_ids}
    if item.labels_only != item.rate:
        row |= fields("alone", item.labels_only, theme, weak=True)
    if item.judge_only is not None:
        row |= fields("judge", item.judge_only, theme, weak=True)
        row["judge_text"] += f", {item.judge}" if item.judge else ""
    return row


def _tooltip() -> list[alt.Tooltip]:
    import altair as alt

    return [
        alt.Tooltip("label:N", title="failure mode"),
        alt.Tooltip("rate_text:N", title="rate"),
        alt.Tooltip("rate_n:Q", title="n, labelled traces"),
        alt.Tooltip("rate_method:N", title="method"),
        alt.Tooltip("rate_assumes:N", title="assumes"),
        alt.Tooltip("alone_text:N", title="labels only"),
        alt.Tooltip("judge_text:N", title="judge alone, uncorrected"),
        alt.Tooltip("note:N", title="note"),
        alt.Tooltip("traces:N", title="labelled traces that fail"),
    ]


def _notes(result: FailureRates, rows: tuple[dict[str, Any], ...]) -> list[str]:
    how = _SAMPLING.get(result.label_sampling, result.label_sampling)
    whose = f" by {result.annotator}" if result.annotator else ""
    labels = f"{count(result.overall.n, 'trace')} labelled{whose}: {how}."
    estimates = [result.overall, *(item.rate for item in result.modes)]
    methods = dict.fromkeys(item.method.split(" (")[0] for item in estimates)
    key = ["● rate with 95 % interval"]
    if any("alone_value" in row for row in rows):
        key.append("○ from labels only")
    if any("judge_value" in row for row in rows):
        key.append("\N{MULTIPLICATION SIGN} judge alone, uncorrected")
    if any(row["rate_n"] < FEW for row in rows):
        key.append(f"grey, dashed: fewer than {FEW} labelled traces")
    return [
        f"{labels} Method: {', '.join(methods)}.",
        assumed(estimates),
        " · ".join(key),
    ]
