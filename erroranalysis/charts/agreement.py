"""Who agrees with whom, and where they differ."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from erroranalysis.charts.grid import Grid, cell
from erroranalysis.charts.panels import (
    FEW,
    Canvas,
    count,
    method,
    percent,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt

    from erroranalysis.measure import Agreement
    from erroranalysis.measure.raters import RaterAgreement

_TIPS = {
    "one": "annotator",
    "two": "and",
    "kappa": "Cohen's kappa",
    "percent": "same verdict",
    "count": "traces that both read",
    "method": "interval of kappa",
    "traces": "traces they differ on",
}


def draw_pairs(
    pairs: Sequence[Agreement],
    *,
    width: int,
    theme: str | None,
    summary: str = "",
    differ: Sequence[tuple[str, ...]] = (),
) -> alt.HConcatChart:
    """Draw the agreement of every two annotators as a matrix."""
    names = tuple(dict.fromkeys(name for pair in pairs for name in sorted(pair.raters)))
    if not names:
        return Canvas((), width, theme).nothing_yet(
            summary
            or "no trace was read by two annotators. One batch for both:"
            " project.annotate(batch, annotator=...)"
        )
    names = tuple(sorted(names))
    cells = [
        _cell(pair, differ[place] if differ else (), names, theme, turned=turned)
        for place, pair in enumerate(pairs)
        for turned in (False, True)
    ]
    title = "Cohen's kappa with"
    look: dict[str, Any] = {"row_title": "", "column_title": title}
    grey = any(item["weak"] for item in cells)
    return Grid(names, names, tuple(cells), width, theme, **look).draw(
        _TIPS,
        title="Who agrees with whom",
        notes=[
            summary,
            (
                "A cell: Cohen's kappa, agreement beyond chance, with its 95 %"
                " interval; 1 is perfect, 0 is chance. Stronger: higher."
            ),
            f"Dashed: fewer than {FEW} traces read by both, or one verdict only."
            if grey
            else "",
        ],
        description="; ".join(repr(pair) for pair in pairs),
    )


def draw_raters(
    result: RaterAgreement, *, width: int, theme: str | None
) -> alt.HConcatChart:
    """Draw every pair of a panel, and say how far all of them agree."""
    alpha = result.alpha
    together = (
        f"Together: Krippendorff's alpha {alpha.value:.2f} [{alpha.low:.2f},"
        f" {alpha.high:.2f}] on {count(result.traces, 'trace')} read by two or more."
        if not math.isnan(alpha.value)
        else ""
    )
    if not result.pairs and together:
        return Canvas((), width, theme).nothing_yet(
            "there are too many annotators for a table of all pairs. For some of them:"
            f" chart([cohen_kappa(...), ...]). {together}"
        )
    return draw_pairs(
        result.pairs, width=width, theme=theme, summary=together, differ=result.differ
    )


def _cell(
    pair: Agreement,
    trace_ids: tuple[str, ...],
    names: tuple[str, ...],
    theme: str | None,
    *,
    turned: bool,
) -> dict[str, Any]:
    one, two = reversed(pair.raters) if turned else pair.raters
    kappa = pair.kappa
    known = not math.isnan(kappa.value)
    value, low, high = (
        f"{number:z.2f}" for number in (kappa.value, kappa.low, kappa.high)
    )
    said = f"{value}\n[{low}, {high}]" if known else "-"
    return cell(
        names.index(one),
        names.index(two),
        share=max(kappa.value, 0.0) if known else None,
        text=said,
        theme_name=theme,
        weak=kappa.n < FEW,
        names=(one, two),
        trace_ids=trace_ids,
        one=one,
        two=two,
        kappa=said.replace("\n", " ") if known else "no estimate",
        percent=percent(pair.percent),
        count=pair.percent.n,
        method=method(kappa),
    )
