"""Where a judge and a person differ, and how that changed over versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erroranalysis.charts.alignment import distinct_names
from erroranalysis.charts.display import mark_key
from erroranalysis.charts.grid import Grid, cell
from erroranalysis.charts.lines import Lines, point
from erroranalysis.charts.panels import FEW, Canvas, count, percent, plain
from erroranalysis.measure import wilson
from erroranalysis.measure.alignment import EXPLAINED
from erroranalysis.measure.named_traces import ERROR

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt

    from erroranalysis.measure import Alignment

_TIPS = {
    "human": "person",
    "judge": "judge",
    "count": "how many",
    "share_text": "share of the person's verdicts",
    "traces": "traces",
}
_VERSION_TIPS = {
    "x": "judge",
    "split": "split",
    "series": "quantity",
    "text": "estimate",
    "count": "n",
    "method": "interval",
    "looks": "looks at this split",
    "traces": "traces that the judge got wrong",
}
_WORDS = ("pass", "fail")
_JUDGED = {word: f"judge: {word}" for word in (*_WORDS, ERROR)}
_SAID = {word: f"person: {word}" for word in _WORDS}


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
    cells = [*_cells(found, theme), *_failed_calls(found, theme)]
    errors = len(cells) > len(_WORDS) ** 2
    rows = tuple(_JUDGED.values()) if errors else tuple(_JUDGED.values())[:-1]
    look: dict[str, Any] = {"row_title": "", "column_title": ""}
    grid = Grid(rows, tuple(_SAID.values()), tuple(cells), width, theme, **look)
    return grid.draw(
        _TIPS,
        title=f"Where {plain(found.name or 'the judge')} and the person differ",
        notes=_notes(found, errors=errors),
        description=repr(found),
    )


def _notes(found: Alignment, *, errors: bool) -> list[str]:
    where = f" on {found.split}" if found.split else ""
    return [
        (
            f"{count(_judged(found), 'trace')}{where}. TPR {percent(found.tpr)},"
            f" TNR {percent(found.tnr)}."
        ),
        EXPLAINED[0].upper() + EXPLAINED[1:] + ".",
        _left_out(found, drawn=errors),
        (
            "A cell: traces, their share of that verdict of the person; stronger is"
            f" more of it. Dashed: fewer than {FEW} traces with that verdict"
            f"{', or calls that failed' if errors else ''}."
        ),
    ]


def _judged(item: Alignment) -> int:
    return item.tpr.n + item.tnr.n


def _left_out(item: Alignment, *, drawn: bool) -> str:
    """Say what is in no rate; calls that failed have cells where they have names."""
    parts = [count(item.errors, "error")] if item.errors else []
    parts += [f"{item.missing:,} not run"] if item.missing else []
    where = "rate" if drawn else "cell"
    return f"In no {where}: {', '.join(parts)}." if parts else ""


def _failed_calls(item: Alignment, theme: str | None) -> list[dict[str, Any]]:
    named = {word: item.trace_ids(ERROR, word) for word in _WORDS}
    return [
        cell(
            len(_WORDS),
            column,
            share=None,
            text=f"{len(ids):,}\nno verdict",
            theme_name=theme,
            names=(_JUDGED[ERROR], _SAID[word]),
            trace_ids=ids,
            human=word,
            judge="the call failed",
            count=len(ids),
            share_text="in no rate",
        )
        for column, (word, ids) in enumerate(named.items())
        if any(named.values())
    ]


def _cells(item: Alignment, theme: str | None) -> list[dict[str, Any]]:
    counts = (
        (0, 0, item.both_pass),
        (1, 0, item.judge_fail_human_pass),
        (0, 1, item.judge_pass_human_fail),
        (1, 1, item.both_fail),
    )
    of = (item.tpr.n, item.tnr.n)
    return [
        cell(
            row,
            column,
            share=number / of[column] if of[column] else None,
            text=f"{number:,}\n"
            + (f"{number / of[column]:.0%} of {of[column]:,}" if of[column] else "-"),
            theme_name=theme,
            weak=of[column] < FEW,
            names=(_JUDGED[_WORDS[row]], _SAID[_WORDS[column]]),
            trace_ids=item.trace_ids(_WORDS[row], _WORDS[column]),
            human=_WORDS[column],
            judge=_WORDS[row],
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
    names = distinct_names(results)
    points = tuple(
        _version(name, item, series, n)
        for n, series in enumerate(("TPR", "TNR"))
        for name, item in zip(names, results, strict=True)
    )
    lines = Lines(
        points,
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
                " their intervals overlap: compare them trace by trace."
            ),
        ],
        description="; ".join(repr(item) for item in results),
        width=width,
    )


def _version(name: str, item: Alignment, series: str, n: int) -> dict[str, Any]:
    passes = series == "TPR"
    return point(
        name,
        item.tpr if passes else item.tnr,
        series,
        n,
        key=mark_key(name, series),
        trace_ids=item.trace_ids(*(("fail", "pass") if passes else ("pass", "fail"))),
        split=item.split or "-",
        looks=item.looks or "-",
    )
