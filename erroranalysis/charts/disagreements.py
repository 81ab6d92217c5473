"""What annotators differ about."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from erroranalysis.charts.display import mark_key
from erroranalysis.charts.panels import FEW, Canvas, fields, plain

if TYPE_CHECKING:
    import altair as alt

    from erroranalysis.measure import ModeDisagreement, RaterDisagreements

_SHARE, _DISPUTED = 44, 128


def draw_disagreements(
    result: RaterDisagreements, *, width: int, theme: str | None
) -> alt.HConcatChart:
    """Draw, by failure mode, how much of the disagreement lies there."""
    rows = tuple(_mode(place, item, theme) for place, item in enumerate(result.modes))
    canvas = Canvas(rows, width, theme)
    if not rows or not any(row["trace_ids"] for row in rows):
        return canvas.nothing_yet(_no_modes(result))
    import altair as alt

    tips = _tooltip()
    room = canvas.rest(canvas.names_width, _SHARE, _DISPUTED, 0)
    bars, shares = room // 2, room - room // 2
    axis = alt.Axis(format="%", orient="top", tickCount=3, titleAnchor="start")
    most = max(row["share"] for row in rows)
    share = alt.X(
        "share:Q",
        title="of the disagreement",
        scale=alt.Scale(domain=[0, most]),
        axis=axis,
    )
    disputed = alt.X(
        "disputed_value:Q",
        title="disputed, of its traces",
        scale=alt.Scale(domain=[0, 1]),
        axis=axis,
    )
    return canvas.finish(
        canvas.names(tips),
        canvas.panel(canvas.bars(share, tips), width=bars),
        canvas.values("share_label", _SHARE, tips),
        canvas.panel(*canvas.interval("disputed", disputed, tips), width=shares),
        canvas.values("said", _DISPUTED, tips),
        title="What annotators differ about",
        notes=_notes(result),
        description=repr(result),
    )


def _mode(place: int, item: ModeDisagreement, theme: str | None) -> dict[str, Any]:
    row = {
        "place": place,
        "key": mark_key(item.mode),
        "trace_ids": item.trace_ids,
        "label": plain(item.mode),
        "share": None if math.isnan(item.share) else item.share,
        "share_label": f"{item.share:.0%}",
        **fields("disputed", item.disputed, theme),
    }
    return row | {"said": f"{row['disputed_text']}  n={item.disputed.n:,}"}


def _no_modes(result: RaterDisagreements) -> str:
    if not result.traces:
        return (
            "no trace was read by two annotators. One batch for both:"
            " project.annotate(batch, annotator=...)"
        )
    if result.modes:
        return result.says
    return (
        "no failure modes were given, so nobody can say what the disagreement is about:"
        f" disagreements(ratings, modes=...). {result.says} rating_strip(...) draws it"
        " trace by trace."
    )


def _tooltip() -> list[alt.Tooltip]:
    import altair as alt

    return [
        alt.Tooltip("label:N", title="failure mode"),
        alt.Tooltip("share_label:N", title="share of the disagreement"),
        alt.Tooltip("disputed_text:N", title="disputed, of its traces"),
        alt.Tooltip("disputed_n:Q", title="its traces"),
        alt.Tooltip("traces:N", title="disputed traces"),
    ]


def _notes(result: RaterDisagreements) -> list[str]:
    few = any(item.disputed.n < FEW for item in result.modes)
    return [
        result.says,
        (
            "Bars: share of all disagreement that lies on traces of the failure mode;"
            " with several modes a trace they add up to more than 100%. Dots: share of"
            " its traces on which not all said the same, 95 % interval."
        ),
        f"Grey, dashed: fewer than {FEW} traces." if few else "",
    ]
