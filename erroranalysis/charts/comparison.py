"""Two rates, and how far they are apart."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from erroranalysis.charts.display import mark_key
from erroranalysis.charts.panels import (
    FEW,
    Canvas,
    assumed,
    fields,
    method,
    own_data,
    plain,
)
from erroranalysis.charts.theme import palette
from erroranalysis.measure import Comparison, JudgeComparison, TrialsComparison
from erroranalysis.measure.alignment import EXPLAINED

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt

    from erroranalysis.measure import Difference, Estimate

_RATE, _POINTS = 40, 92
_HUNDRED = 100
_SIGNED = "datum.value === 0 ? '0' : format(datum.value, '+')"


@dataclass(frozen=True)
class _Pair:
    """Two rates of one quantity; None where only their difference is known."""

    quantity: str
    names: tuple[str, str]
    rates: tuple[Estimate, Estimate] | None
    difference: Estimate
    shown: bool
    more: str = ""
    first_less_second: bool = False


def draw_comparison(
    result: Comparison | Difference | JudgeComparison | TrialsComparison,
    *,
    width: int,
    theme: str | None,
) -> alt.HConcatChart:
    """Draw two rates, their difference beside them, and say it in words."""
    pairs = _pairs(result)
    said = _sentences(result)
    if all(math.isnan(pair.difference.value) for pair in pairs):
        return Canvas((), width, theme).nothing_yet(" ".join(said))
    rows = [row for pair in pairs for row in _rows(pair, theme, many=len(pairs) > 1)]
    placed = tuple(row | {"place": place} for place, row in enumerate(rows))
    canvas = Canvas(placed, width, theme, step=38 if len(pairs) > 1 else 30)
    tips = _tooltip()
    room = canvas.rest(canvas.names_width, _RATE, _POINTS, 0)
    return canvas.finish(
        canvas.names(tips),
        canvas.panel(*_rates(canvas, pairs, tips), width=room // 2),
        canvas.values("rate_label", _RATE, tips),
        canvas.panel(*_differences(canvas, tips), width=room - room // 2),
        canvas.values("diff_label", _POINTS, tips),
        title="Comparison of two",
        notes=[*said, _key(pairs[0], placed), assumed(p.difference for p in pairs)],
        description=repr(result),
    )


def _pairs(result: Any) -> list[_Pair]:  # noqa: ANN401 - one of four
    if isinstance(result, JudgeComparison):
        both = [_pairs(item)[0] for item in (result.tpr, result.tnr)]
        found = result.balanced_accuracy
        out = not found.low <= 0 <= found.high
        names = result.tpr.names
        return [*both, _Pair("balanced accuracy", names, None, found, out)]
    rates = (result.first, result.second)
    if isinstance(result, Comparison):
        more = ""
        if result.only_first is not None:
            more = (
                f"{result.names[0]}: {result.only_first:,},"
                f" {result.names[1]}: {result.only_second:,}"
            )
        return [
            _Pair(
                result.quantity,
                result.names,
                rates,
                result.difference,
                result.shown,
                more,
            )
        ]
    names = ("first", "second")
    if isinstance(result, TrialsComparison):
        return [_Pair(result.measure, names, rates, result.difference, result.shown)]
    return [
        _Pair(
            "rate",
            names,
            rates,
            result.estimate,
            result.shown,
            first_less_second=True,
        )
    ]


def _sentences(result: Any) -> list[str]:  # noqa: ANN401 - one of four
    if isinstance(result, JudgeComparison):
        kappa = result.kappa
        beyond = ""
        if not math.isnan(kappa.value):
            beyond = (
                f"Difference in kappa with the person: {kappa.value:+.2f}"
                f" [{kappa.low:+.2f}, {kappa.high:+.2f}]."
            )
        explained = EXPLAINED[0].upper() + EXPLAINED[1:] + "."
        return [result.sentence, beyond, explained]
    if isinstance(result, Comparison | TrialsComparison):
        return [result.sentence]
    said = result.says
    return [said[0].upper() + said[1:] + "."]


def _rows(pair: _Pair, theme: str | None, *, many: bool) -> list[dict[str, Any]]:
    """Return a row for each rate; the difference stands on that of what it is of."""
    known = not math.isnan(pair.difference.value)
    difference = {
        "difference": _points(pair.difference) if known else "no estimate",
        "shown": "yes" if pair.shown else "no",
        "method": method(pair.difference),
        "more": plain(pair.more) or "-",
        "quantity": pair.quantity,
        "diff_label": "",
    }
    marked = {
        "diff_value": _HUNDRED * pair.difference.value,
        "diff_low": _HUNDRED * pair.difference.low,
        "diff_high": _HUNDRED * pair.difference.high,
        "diff_label": difference["difference"],
    }
    if not known:
        marked = {"diff_label": "-"}
    if pair.rates is None:
        row = {"label": pair.quantity, "detail": "difference alone"}
        row |= {"key": mark_key(pair.quantity), "rate_label": "", "rate_text": "-"}
        return [difference | row | marked]
    found = []
    for n, (name, rate) in enumerate(zip(pair.names, pair.rates, strict=True)):
        row = fields("rate", rate, theme)
        row["label"] = plain(name)
        row["key"] = mark_key(pair.quantity, name)
        row["rate_label"] = "-" if math.isnan(rate.value) else f"{rate.value:.0%}"
        if many:
            row["detail"] = f"{pair.quantity} · n={rate.n:,}"
        here = (n == 0) == pair.first_less_second
        found.append(difference | row | (marked if here else {}))
    return found


def _points(difference: Estimate) -> str:
    """Write a difference in points."""
    value, low, high = (
        _HUNDRED * x for x in (difference.value, difference.low, difference.high)
    )
    return f"{value:+.0f} [{low:+.0f}, {high:+.0f}]"


def _rates(
    canvas: Canvas, pairs: Sequence[_Pair], tips: list[alt.Tooltip]
) -> list[alt.Chart]:
    import altair as alt

    title = pairs[0].quantity if len(pairs) == 1 else "rate"
    axis = alt.Axis(format="%", orient="top", values=[0, 0.5, 1], titleAnchor="start")
    scale = alt.Scale(domain=[0, 1])
    x = alt.X("rate_value:Q", title=title, scale=scale, axis=axis)
    return [
        mark.transform_filter("isValid(datum.rate_low)")
        for mark in canvas.interval("rate", x, tips)
    ]


def _differences(canvas: Canvas, tips: list[alt.Tooltip]) -> list[alt.Chart]:
    """Draw the differences over the line that says there is none."""
    import altair as alt

    ink = palette(canvas.theme)
    known = [row for row in canvas.rows if "diff_value" in row]
    low = min(0.0, *(row["diff_low"] for row in known))
    high = max(0.0, *(row["diff_high"] for row in known))
    room = 0.04 * (high - low)
    x = alt.X(
        "diff_low:Q",
        title="difference",
        scale=alt.Scale(domain=[low - room, high + room], nice=False),
        axis=alt.Axis(
            orient="top", labelExpr=_SIGNED, tickCount=4, titleAnchor="start"
        ),
    )
    zero, value = x.copy(), x.copy()
    zero.shorthand, value.shorthand = "zero:Q", "diff_value:Q"
    base = alt.Chart().transform_filter("isValid(datum.diff_value)")
    base = base.encode(y=canvas.y(), tooltip=tips)
    point: dict[str, Any] = {"size": 65, "opacity": 1, "color": ink.mark}
    shown = base.transform_filter("datum.shown === 'yes'").encode(x=value)
    hidden = base.transform_filter("datum.shown === 'no'").encode(x=value)
    return [
        alt.Chart(own_data([{"zero": 0}]))
        .mark_rule(color=ink.text, strokeWidth=1)
        .encode(x=zero),
        base.mark_rule(color=ink.mark, strokeWidth=2.5).encode(x=x, x2="diff_high:Q"),
        shown.mark_point(filled=True, **point),
        hidden.mark_point(filled=False, **point),
    ]


def _tooltip() -> list[alt.Tooltip]:
    import altair as alt

    return [
        alt.Tooltip("label:N", title="of"),
        alt.Tooltip("quantity:N", title="quantity"),
        alt.Tooltip("rate_text:N", title="rate"),
        alt.Tooltip("difference:N", title="difference, points"),
        alt.Tooltip("method:N", title="its interval"),
        alt.Tooltip("shown:N", title="difference shown"),
        alt.Tooltip("more:N", title="traces counted for one only"),
    ]


def _key(pair: _Pair, rows: Sequence[dict[str, Any]]) -> str:
    one, two = pair.names
    less = f"{one} less {two}" if pair.first_less_second else f"{two} less {one}"
    few = ""
    if any(row.get("rate_few") for row in rows):
        few = f" Grey, dashed: n below {FEW}."
    n = ""
    if pair.rates is not None and "detail" not in rows[0]:
        one_n, two_n = (rate.n for rate in pair.rates)
        n = f" n: {one_n:,} and {two_n:,}."
    return (
        f"Right: {less}, in points; filled where a difference is shown, else hollow."
        f"{few}{n}"
    )
