"""What was found as reading went on, and a pass rate as time went on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from erroranalysis.charts.lines import Lines, point
from erroranalysis.charts.panels import Canvas, count, plain

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
}
_RATE_TIPS = {
    "period": "period",
    "text": "pass rate",
    "count": "n",
    "p_value": "p value so far, nothing changed",
    "method": "interval",
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
    points = [_found(row) for row in rows]
    points += [_expected(row, result.traces) for row in rows]
    tops = [item[name] for item in points for name in ("y", "high") if item[name]]
    found = result.expected_new(ahead)
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
    )
    return lines.draw(
        title="Does further reading bring new failure modes?",
        notes=[
            result.sentence,
            (
                "Line: modes found, in the order of reading. Dashes: expected in so"
                " many"
                " traces in any order, and beyond what was read. Band: what can be"
                " found"
                f" there, 95 %: {math.ceil(found.low):,} to {math.floor(found.high):,}"
                " more in"
                f" {count(ahead, 'further trace')}."
            ),
        ],
        description=repr(result),
        width=width,
    )


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
    points = tuple(
        point(
            _when(period, dated=dated),
            rate,
            "pass rate",
            0,
            period=plain(str(period)),
            p_value=f"{p:.2g}",
        )
        for period, rate, p in zip(
            result.periods, result.rates, result.p_values, strict=True
        )
    )
    given = releases.items() if isinstance(releases, Mapping) else releases
    moments = [(_when(when, dated=dated), name) for when, name in given]
    if result.noticed is not None:
        moments.append((_when(result.noticed, dated=dated), "change noticed"))
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
    cut = " The scale does not begin at 0." if lines.domain[0] else ""
    hollow = " Hollow: fewer than 30 traces." if any(p["weak"] for p in points) else ""
    known = "" if result.baseline.n else ", a known rate"
    return lines.draw(
        title="Pass rate over time",
        notes=[
            result.sentence,
            (
                f"Points: each period alone, 95 % intervals.{hollow} Level line: the"
                f" baseline{known}.{cut}"
            ),
            (
                f"{count(sum(rate.n for rate in result.rates), 'trace')} in"
                f" {count(len(points), 'period')}. A single interval beside the"
                " baseline is"
                " no alarm: among many periods some are, by chance."
            ),
        ],
        description=repr(result),
        width=width,
    )


def _when(period: object, *, dated: bool) -> str:
    """Return a place along the line: noon of a day, or a name."""
    if dated and isinstance(period, date):
        return f"{period.isoformat()[:10]}T12:00:00"
    return plain(str(period))
