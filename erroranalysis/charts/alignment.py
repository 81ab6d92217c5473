"""How well judges shadow a person."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from erroranalysis.charts.panels import FEW, Canvas, count, fields, plain
from erroranalysis.measure.alignment import EXPLAINED

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt

    from erroranalysis.measure import Alignment

_N_TEXT = 44
_PANELS = (("tpr", "TPR, of human passes"), ("tnr", "TNR, of human fails"))


def draw_alignment(
    results: Sequence[Alignment], *, width: int, theme: str | None
) -> alt.HConcatChart:
    """Draw TPR and TNR of judges with their intervals, side by side."""
    ordered = sorted(results, key=_weaker_side, reverse=True)
    rows = tuple(_row(place, item, theme) for place, item in enumerate(ordered))
    canvas = Canvas(rows, width, theme, step=40)
    if not rows:
        return canvas.nothing_yet(
            "no judge has been run on labelled traces. judge.run('dev') runs one."
        )
    import altair as alt

    tips = _tooltip()
    panel_width = canvas.rest(canvas.names_width, _N_TEXT, _N_TEXT, 0) // 2
    panels: list[alt.LayerChart] = [canvas.names(tips)]
    for name, title in _PANELS:
        x = alt.X(
            f"{name}_value:Q",
            title=title,
            scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(
                orient="top", values=[0, 0.5, 1], format=".1f", titleAnchor="start"
            ),
        )
        panels.append(canvas.panel(*canvas.interval(name, x, tips), width=panel_width))
        panels.append(canvas.values(f"{name}_count", _N_TEXT, tips))
    return canvas.finish(
        *panels,
        title="How well judges shadow the person",
        notes=_notes(rows),
        description="; ".join(repr(item) for item in ordered),
    )


def _weaker_side(item: Alignment) -> float:
    """Return what a judge has been shown to reach on its weaker side."""
    return min(item.tpr.low, item.tnr.low)


def _row(place: int, item: Alignment, theme: str | None) -> dict[str, Any]:
    kappa = item.kappa.value
    parts = [
        f"{item.split} split" if item.split else "",
        f"look {item.looks}" if item.looks else "",
        count(item.errors, "error") if item.errors else "",
        f"{item.missing:,} not run" if item.missing else "",
    ]
    return {
        "place": place,
        "label": plain(item.name or "judge"),
        "detail": " · ".join(part for part in parts if part),
        "split": item.split or "-",
        "kappa": "no estimate" if math.isnan(kappa) else f"{kappa:.2f}",
        "errors": item.errors,
        "missing": item.missing,
        **_side("tpr", item, theme),
        **_side("tnr", item, theme),
    }


def _side(name: str, item: Alignment, theme: str | None) -> dict[str, Any]:
    estimate = item.tpr if name == "tpr" else item.tnr
    return {
        **fields(name, estimate, theme),
        f"{name}_text": repr(estimate),
        f"{name}_count": f"n={estimate.n:,}",
    }


def _tooltip() -> list[alt.Tooltip]:
    import altair as alt

    return [
        alt.Tooltip("label:N", title="judge"),
        alt.Tooltip("split:N", title="split"),
        alt.Tooltip("tpr_text:N", title="TPR"),
        alt.Tooltip("tnr_text:N", title="TNR"),
        alt.Tooltip("kappa:N", title="kappa"),
        alt.Tooltip("errors:Q", title="errors"),
        alt.Tooltip("missing:Q", title="not yet run"),
    ]


def _notes(rows: tuple[dict[str, Any], ...]) -> list[str]:
    explained = EXPLAINED[0].upper() + EXPLAINED[1:] + "."
    order = "The judge that is best on the lower bound of its weaker side comes first."
    lines = "Lines: 95 % intervals; n: traces with that human verdict."
    left_out = ""
    if errors := sum(row["errors"] for row in rows):
        left_out = f"{count(errors, 'call')} ended in an error and count nowhere."
    few = ""
    if any(row[f"{name}_n"] < FEW for row in rows for name, _ in _PANELS):
        few = f"Grey: n below {FEW}."
    return [
        explained,
        " ".join(part for part in (lines, few, order if len(rows) > 1 else "") if part),
        left_out,
    ]
