"""What was found as reading went on, and a pass rate as time went on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from erroranalysis.charts.days import noon
from erroranalysis.charts.display import mark_key
from erroranalysis.charts.lines import Lines, point
from erroranalysis.charts.panels import FEW, Canvas, assumed, count, plain
from erroranalysis.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt

    from erroranalysis.measure import Drift, Saturation

_HALF = 0.5
_FOUND_TIPS = {
    "x": "traces read",
    "modes": "failure modes",
    "range": "can be found",
    "what": "",
    "traces": "trace",
}
_RATE_TIPS = {
    "period": "period",
    "text": "pass rate",
    "count": "n",
    "p_value": "p value so far, nothing changed",
    "method": "interval",
    "traces": "traces that failed",
}


def draw_saturation(
    result: Saturation, *, width: int, theme: str | None
) -> alt.HConcatChart:
    """Draw modes found by traces read, and what as many again can bring."""
    if not result.modes:
        return Canvas((), width, theme).nothing_yet(result.sentence)
    ahead = max(result.traces // 2, 1)
    rows = [
        row
        for row in result.curve().to_dicts()
        if row["traces"] <= result.traces + ahead
    ]
    points = [_found(row) for row in rows] + _news(result)
    points += [_expected(row, result.traces) for row in rows]
    tops = [item[name] for item in points for name in ("y", "high") if item[name]]
    lines = Lines(
        tuple(points),
        width,
        theme,
        x_kind="number",
        x_title="traces read, passes included",
        y_title="failure modes found",
        tips=_FOUND_TIPS,
        domain=(0.0, 1.05 * max(tops)),
        percent=False,
        named=False,
        band=True,
        moments=((result.traces, f"read: {result.traces:,}"),),
        dot=30,
    )
    return lines.draw(
        title="Does further reading bring new failure modes?",
        notes=_expectations(result, ahead),
        description=repr(result),
        width=width,
    )


def _expectations(result: Saturation, ahead: int) -> list[str]:
    found = result.expected_new(ahead)
    return [
        result.sentence,
        (
            "Line: modes found, in the order of reading; a dot is a new one. Dashes:"
            " expected in so many traces in any order, and beyond what was read. Band:"
            f" what can be found there, 95 %: {math.ceil(found.low):,} to"
            f" {math.floor(found.high):,} more in {count(ahead, 'further trace')}."
        ),
        assumed([found]),
    ]


def _found(row: Mapping[str, Any]) -> dict[str, Any]:
    return _place(row) | {
        "series": "found",
        "n": 0,
        "y": row["found"],
        "seen": True,
        "guessed": False,
        "low": None,
        "high": None,
        "what": "found so far",
        "modes": row["found"],
    }


def _news(result: Saturation) -> list[dict[str, Any]]:
    """Mark every new failure mode; the line rises there, between rows of the curve."""
    points = []
    for n, item in enumerate(result.first_seen, 1):
        here = {"traces": item.place, "low": None, "high": None}
        if item.place > 1:
            before = result.discovered[item.place - 2]
            points.append(_found(here | {"traces": item.place - 1, "found": before}))
        named = {"key": mark_key(item.mode), "trace_ids": item.trace_ids, "dot": True}
        what = {"what": f"first seen: {plain(item.mode)}"}
        points.append(_found(here | {"found": n}) | named | what)
    return points


def _expected(row: Mapping[str, Any], read: int) -> dict[str, Any]:
    known = not math.isnan(row["expected"])
    return _place(row) | {
        "series": "expected",
        "n": 1,
        "y": row["expected"] if known else None,
        "seen": False,
        "guessed": True,
        "modes": f"{row['expected']:.1f}" if known else "-",
        "what": "expected, in any order" if row["traces"] <= read else "expected ahead",
    }


def _place(row: Mapping[str, Any]) -> dict[str, Any]:
    bounded = row["low"] is not None
    return {
        "x": row["traces"],
        "low": row["low"],
        "high": row["high"],
        "range": f"{row['low']:.0f} to {row['high']:.0f}" if bounded else "-",
        "weak": False,
        "dot": False,
        "key": "",
        "trace_ids": (),
    }


def draw_drift(
    result: Drift,
    *,
    width: int,
    theme: str | None,
    releases: Mapping[Any, str] | Sequence[tuple[Any, str]] = (),
) -> alt.HConcatChart:
    """Draw the pass rate of every period, the baseline, and what was released."""
    if not result.periods:
        return Canvas((), width, theme).nothing_yet(result.sentence)
    dated = all(isinstance(period, date) for period in result.periods)
    points = _periods(result, dated=dated)
    moments = _events(result, releases, dated=dated)
    lowest = min([item["low"] for item in points if item["low"] is not None] + [1.0])
    lines = Lines(
        points,
        width,
        theme,
        x_kind="time" if dated else "name",
        x_title="",
        y_title="pass rate",
        tips=_RATE_TIPS,
        # a part of the scale is shown only where all of it would flatten the line
        domain=(0.0 if lowest < _HALF else math.floor(10 * lowest) / 10, 1.0),
        level=result.baseline,
        moments=tuple(moments),
    )
    return lines.draw(
        title="Pass rate over time",
        notes=_watched(result, cut=bool(lines.domain[0])),
        description=repr(result),
        width=width,
    )


def _periods(result: Drift, *, dated: bool) -> tuple[dict[str, Any], ...]:
    return tuple(
        point(
            _when(period, dated=dated),
            rate,
            "pass rate",
            0,
            key=mark_key(str(period)),
            trace_ids=result.failing[place] if result.failing else (),
            period=plain(str(period)),
            p_value=f"{p:.2g}",
        )
        for place, (period, rate, p) in enumerate(
            zip(result.periods, result.rates, result.p_values, strict=True)
        )
    )


def _events(
    result: Drift,
    releases: Mapping[Any, str] | Sequence[tuple[Any, str]],
    *,
    dated: bool,
) -> list[tuple[str, str]]:
    """Place what was released, and the alarm, along the line."""
    names = [str(period) for period in result.periods]
    moments = []
    for when, name in releases.items() if isinstance(releases, Mapping) else releases:
        if not dated and str(when) not in names:  # it would stand at the edge
            raise UnknownNameError.among("period of this drift", str(when), names)
        moments.append((_when(when, dated=dated), name))
    if result.noticed is not None:
        moments.append((_when(result.noticed, dated=dated), "change noticed"))
    return moments


def _watched(result: Drift, *, cut: bool) -> list[str]:
    few = any(rate.n < FEW for rate in result.rates)
    hollow = f" Hollow: fewer than {FEW} traces." if few else ""
    known = "" if result.baseline.n else ", a known rate"
    return [
        result.sentence,
        (
            f"Points: each period alone, 95 % intervals.{hollow} Level line: the"
            f" baseline{known}.{' The scale does not begin at 0.' if cut else ''}"
        ),
        (
            f"{count(sum(rate.n for rate in result.rates), 'trace')} in"
            f" {count(len(result.periods), 'period')}. A single interval beside the"
            " baseline is no alarm: among many periods some are, by chance."
        ),
        assumed([result.change]),
    ]


def _when(period: object, *, dated: bool) -> str:
    """Return a place along the line: noon of a day, or a name."""
    if dated and isinstance(period, date):
        return noon(period)
    return plain(str(period))
