"""How well judges shadow a person."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from erroranalysis.charts.display import mark_key
from erroranalysis.charts.panels import FEW, Canvas, count, fields, plain
from erroranalysis.measure.alignment import EXPLAINED

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt

    from erroranalysis.measure import Alignment, SlicedAlignment

_N_TEXT = 44
_PANELS = (("tpr", "TPR, of human passes"), ("tnr", "TNR, of human fails"))


def draw_alignment(
    results: Sequence[Alignment], *, width: int, theme: str | None
) -> alt.HConcatChart:
    """Draw TPR and TNR of judges with their intervals, side by side."""
    if not results:
        return Canvas((), width, theme).nothing_yet(
            "no judge has been run on labelled traces. judge.run('dev') runs one."
        )
    named = zip(distinct_names(results), results, strict=True)
    ordered = sorted(named, key=lambda pair: _weaker_side(pair[1]), reverse=True)
    rows = tuple(
        _row(place, item.name or "judge", item, theme) | {"key": key}
        for place, (key, item) in enumerate(ordered)
    )
    order = "The judge that is best on the lower bound of its weaker side comes first."
    return _draw(
        Canvas(rows, width, theme, step=40),
        "judge",
        title="How well judges shadow the person",
        order=order if len(rows) > 1 else "",
        description="; ".join(repr(item) for _, item in ordered),
    )


def draw_sliced(
    result: SlicedAlignment, *, width: int, theme: str | None
) -> alt.HConcatChart:
    """Draw TPR and TNR of one judge in every slice, under those of all traces."""
    overall = result.overall
    if not overall.tpr.n + overall.tnr.n:
        return draw_alignment((), width=width, theme=theme)
    rows = [_row(0, "all traces", overall, theme) | {"total": True}]
    rows += [
        _row(place, item.split, replace(item, split=""), theme)
        for place, item in enumerate(result.slices, 1)
    ]
    detailed = any(row["detail"] for row in rows)
    if not detailed:
        rows = [{k: v for k, v in row.items() if k != "detail"} for row in rows]
    return _draw(
        Canvas(tuple(rows), width, theme, step=40 if detailed else 26),
        "slice",
        title=f"How well {plain(overall.name or 'the judge')} shadows the person",
        order="The slice with the lowest balanced accuracy comes first.",
        description=repr(result),
    )


def _draw(
    canvas: Canvas, what: str, *, title: str, order: str, description: str
) -> alt.HConcatChart:
    import altair as alt

    tips = _tooltip(what)
    panel_width = canvas.rest(canvas.names_width, _N_TEXT, _N_TEXT, 0) // 2
    panels: list[alt.LayerChart] = [canvas.names(tips)]
    for name, said in _PANELS:
        x = alt.X(
            f"{name}_value:Q",
            title=said,
            scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(
                orient="top", values=[0, 0.5, 1], format=".1f", titleAnchor="start"
            ),
        )
        panels.append(canvas.panel(*canvas.interval(name, x, tips), width=panel_width))
        panels.append(canvas.values(f"{name}_count", _N_TEXT, tips))
    return canvas.finish(
        *panels,
        title=title,
        notes=_notes(canvas.rows, order),
        description=description,
    )


def distinct_names(results: Sequence[Alignment]) -> list[str]:
    """Name every judge, no two alike."""
    several = len({item.split for item in results}) > 1
    found: list[str] = []
    for item in results:
        name = plain(item.name or "judge")
        if several and item.split:
            name = f"{name} · {item.split}"
        same = sum(one == name or one.startswith(f"{name} (") for one in found)
        found.append(f"{name} ({same + 1})" if same else name)
    return found


def _weaker_side(item: Alignment) -> float:
    """Return what a judge has been shown to reach on its weaker side."""
    return min(item.tpr.low, item.tnr.low)


def _row(place: int, label: str, item: Alignment, theme: str | None) -> dict[str, Any]:
    kappa = item.kappa.value
    parts = [
        f"{item.split} split" if item.split else "",
        f"look {item.looks}" if item.looks else "",
        count(item.errors, "error") if item.errors else "",
        f"{item.missing:,} not run" if item.missing else "",
    ]
    return {
        "place": place,
        "total": False,
        "key": mark_key(label),
        "trace_ids": item.differing,
        "label": plain(label),
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


def _tooltip(what: str) -> list[alt.Tooltip]:
    import altair as alt

    return [
        alt.Tooltip("label:N", title=what),
        alt.Tooltip("split:N", title="split"),
        alt.Tooltip("tpr_text:N", title="TPR"),
        alt.Tooltip("tnr_text:N", title="TNR"),
        alt.Tooltip("kappa:N", title="kappa"),
        alt.Tooltip("errors:Q", title="errors"),
        alt.Tooltip("missing:Q", title="not yet run"),
        alt.Tooltip("traces:N", title="traces they differ on"),
    ]


def _notes(rows: tuple[dict[str, Any], ...], order: str) -> list[str]:
    explained = EXPLAINED[0].upper() + EXPLAINED[1:] + "."
    lines = "Lines: 95 % intervals; n: traces with that human verdict."
    left_out = ""
    counted = [row for row in rows if row["total"]] or rows
    if errors := sum(row["errors"] for row in counted):
        left_out = f"{count(errors, 'call')} ended in an error and count nowhere."
    few = ""
    if any(row[f"{name}_n"] < FEW for row in rows for name, _ in _PANELS):
        few = f"Grey, dashed: n below {FEW}."
    return [
        explained,
        " ".join(part for part in (lines, few, order) if part),
        left_out,
    ]
