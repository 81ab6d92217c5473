"""Where a judge and a person differ, and how that changed over versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erroranalysis.charts.grid import Grid, cell
from erroranalysis.charts.lines import Lines, point
from erroranalysis.charts.panels import FEW, Canvas, count, percent, plain
from erroranalysis.measure import wilson
from erroranalysis.measure.alignment import EXPLAINED

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt

    from erroranalysis.measure import Alignment

_TIPS = {
    "human": "person",
    "judge": "judge",
    "count": "traces",
    "share_text": "share of the person's verdicts",
}
_VERSION_TIPS = {
    "x": "judge",
    "split": "split",
    "series": "quantity",
    "text": "estimate",
    "count": "n",
    "method": "interval",
    "looks": "looks at this split",
}


def draw_confusion(
    results: Sequence[Alignment], *, width: int, theme: str | None
) -> alt.HConcatChart:
    """Draw the four counts of one judge."""
    if len(results) > 1:
        raise ValueError(
            f"kind='confusion' draws one judge and was given {len(results)}:"
            " chart(alignments[0], kind='confusion')"
        )
    if not results or not _judged(results[0]):
        return Canvas((), width, theme).nothing_yet(
            "no judge has been run on labelled traces. judge.run('dev') runs one."
        )
    found = results[0]
    grid = Grid(
        ("judge: pass", "judge: fail"),
        ("person: pass", "person: fail"),
        tuple(_cells(found, theme)),
        width,
        theme,
        row_title="",
        column_title="",
    )
    where = f" on {found.split}" if found.split else ""
    return grid.draw(
        _TIPS,
        title=f"Where {plain(found.name or 'the judge')} and the person differ",
        notes=[
            (
                f"{count(_judged(found), 'trace')}{where}. TPR {percent(found.tpr)},"
                f" TNR {percent(found.tnr)}."
            ),
            EXPLAINED[0].upper() + EXPLAINED[1:] + ".",
            _left_out(found),
            (
                "A cell: traces, their share of that verdict of the person; stronger"
                " is"
                " more of it. Dashed: fewer than 30 traces with that verdict."
            ),
        ],
        description=repr(found),
    )


def _judged(item: Alignment) -> int:
    return item.tpr.n + item.tnr.n


def _left_out(item: Alignment) -> str:
    parts = [count(item.errors, "error")] if item.errors else []
    parts += [f"{item.missing:,} not run"] if item.missing else []
    return f"In no cell: {', '.join(parts)}." if parts else ""


def _cells(item: Alignment, theme: str | None) -> list[dict[str, Any]]:
    counts = (
        (0, 0, item.both_pass),
        (1, 0, item.judge_fail_human_pass),
        (0, 1, item.judge_pass_human_fail),
        (1, 1, item.both_fail),
    )
    of = (item.tpr.n, item.tnr.n)
    words = ("pass", "fail")
    return [
        cell(
            row,
            column,
            share=number / of[column] if of[column] else None,
            text=f"{number:,}\n"
            + (f"{number / of[column]:.0%} of {of[column]:,}" if of[column] else "-"),
            theme_name=theme,
            weak=of[column] < FEW,
            human=words[column],
            judge=words[row],
            count=number,
            share_text=percent(wilson(number, of[column])),
        )
        for row, column, number in counts
    ]


def draw_versions(
    results: Sequence[Alignment], *, width: int, theme: str | None
) -> alt.HConcatChart:
    """Draw TPR and TNR of the versions of a judge, in the order given."""
    if not results:
        return Canvas((), width, theme).nothing_yet(
            "no judge has been run on labelled traces. judge.run('dev') runs one."
        )
    names = _labels(results)
    points = [
        point(
            name,
            item.tpr if series == "TPR" else item.tnr,
            series,
            n,
            split=item.split or "-",
            looks=item.looks or "-",
        )
        for n, series in enumerate(("TPR", "TNR"))
        for name, item in zip(names, results, strict=True)
    ]
    lines = Lines(
        tuple(points),
        width,
        theme,
        x_kind="name",
        x_title="",
        y_title="share of the person's verdicts",
        tips=_VERSION_TIPS,
    )
    few = "Hollow: n below 30." if any(item["weak"] for item in points) else ""
    splits = {item.split for item in results if item.split}
    where = f"Measured on {', '.join(sorted(splits))}." if splits else ""
    return lines.draw(
        title="The judge over its versions",
        notes=[
            EXPLAINED[0].upper() + EXPLAINED[1:] + ".",
            f"Lines: 95 % intervals. {few} {where}",
            (
                "Versions that were measured on the same traces can differ although"
                " their"
                " intervals overlap: compare them trace by trace."
            ),
        ],
        description="; ".join(repr(item) for item in results),
        width=width,
    )


def _labels(results: Sequence[Alignment]) -> list[str]:
    """Name every version, no two alike."""
    several = len({item.split for item in results}) > 1
    found: list[str] = []
    for item in results:
        name = plain(item.name or "judge")
        if several and item.split:
            name = f"{name} · {item.split}"
        same = sum(one == name or one.startswith(f"{name} (") for one in found)
        found.append(f"{name} ({same + 1})" if same else name)
    return found
