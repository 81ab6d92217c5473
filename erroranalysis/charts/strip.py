"""Where annotators differ: a column a trace, a row an annotator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from erroranalysis.charts.display import mark_key
from erroranalysis.charts.panels import Canvas, count, own_data, plain
from erroranalysis.charts.theme import palette
from erroranalysis.measure.coefficients import nominal, read_verdicts

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt
    import polars as pl

_NARROWEST = 7  # pixels of a column
_WIDEST = 26
_ROW = 24


@dataclass(frozen=True)
class RatingStrip:
    """Who said what of which trace, in an order that shows where they differ.

    Attributes
    ----------
    raters : tuple of str
        The annotators.
    trace_ids : tuple of str
        Traces with two verdicts or more: those on which all said fail, then those on
        which they differ, then those on which all said pass.
    verdicts : tuple of tuple of (str or None)
        One entry a trace, in it one a rater; None where the rater gave none.
    """

    raters: tuple[str, ...]
    trace_ids: tuple[str, ...]
    verdicts: tuple[tuple[str | None, ...], ...]

    @property
    def disputed(self) -> tuple[str, ...]:
        """The traces on which they differ."""
        return tuple(
            name
            for name, said in zip(self.trace_ids, self.verdicts, strict=True)
            if _differ(said)
        )

    def __repr__(self) -> str:
        """Say it in one line."""
        return (
            f"RatingStrip({len(self.raters)} annotators differ on {len(self.disputed)}"
            f" of {len(self.trace_ids)} traces)"
        )

    def frame(self) -> pl.DataFrame:
        """Return one row a trace, one column an annotator."""
        import polars as pl

        columns = {
            name: [said[n] for said in self.verdicts]
            for n, name in enumerate(self.raters)
        }
        return pl.DataFrame({"trace_id": list(self.trace_ids), **columns})


def rating_strip(
    ratings: Any,  # noqa: ANN401 - an array, a frame or rows
    *,
    raters: Sequence[str] | None = None,
    trace_ids: Sequence[str] | None = None,
) -> RatingStrip:
    """Lay out who said what, to see who differs on which traces.

    Use it after ``rater_agreement``: it shows one person who is stricter than the rest,
    or a group of traces that divides everybody. ``disagreements`` says which failure
    modes it is about.

    Parameters
    ----------
    ratings : array, frame or rows
        One row a trace, one column an annotator: ``"pass"``, ``"fail"`` or a bool (True
        is a pass); None, NaN and ``defer`` are missing.
    raters : sequence of str, optional
        Their names; the column names of a frame by default.
    trace_ids : sequence of str, optional
        The traces; their places by default.

    Returns
    -------
    RatingStrip
        To be drawn: ``ea.chart(rating_strip(...))``.

    Raises
    ------
    ValueError
        Names do not fit the table.
    UnknownNameError
        A rating is no verdict.

    Examples
    --------
    >>> rating_strip([["pass", "pass"], ["pass", "fail"], ["fail", None]])
    RatingStrip(2 annotators differ on 1 of 2 traces)
    """
    read = nominal(ratings)
    rows, width = read.codes.shape
    known = getattr(ratings, "columns", None) if raters is None else raters
    names = [f"rater {n + 1}" for n in range(width)] if known is None else list(known)
    ids = [str(n) for n in range(rows)] if trace_ids is None else list(trace_ids)
    if len(names) != width or len(ids) != rows:
        raise ValueError(
            f"There are {rows} traces by {width} annotators, {len(ids)} trace_ids and"
            f" {len(names)} raters: one name each."
        )
    levels = [*read_verdicts(list(read.levels)), None]  # -1 is the last: missing
    said = [tuple(levels[code] for code in row) for row in read.codes.tolist()]
    kept = [(name, row) for name, row in zip(ids, said, strict=True) if _read(row) > 1]
    kept.sort(key=lambda item: (-_fails(item[1]), [one != "fail" for one in item[1]]))
    return RatingStrip(
        tuple(str(name) for name in names),
        tuple(str(name) for name, _ in kept),
        tuple(row for _, row in kept),
    )


def _read(said: tuple[str | None, ...]) -> int:
    return sum(one is not None for one in said)


def _fails(said: tuple[str | None, ...]) -> float:
    return said.count("fail") / _read(said)


def _differ(said: tuple[str | None, ...]) -> bool:
    return "pass" in said and "fail" in said


def draw_strip(
    result: RatingStrip, *, width: int, theme: str | None
) -> alt.HConcatChart:
    """Draw a cell a verdict; where annotators differ, in full ink."""
    names = tuple(
        {"place": n, "label": plain(name)} for n, name in enumerate(result.raters)
    )
    canvas = Canvas(names, width, theme, step=_ROW)
    if not result.trace_ids:
        return canvas.nothing_yet(
            "no trace was read by two annotators. One batch for both:"
            " project.annotate(batch, annotator=...)"
        )
    room = canvas.rest(canvas.names_width, 0)
    shown = _shown(result, room // _NARROWEST)
    step = min(_WIDEST, room / len(shown))
    cells = [
        cell
        for column, place in enumerate(shown)
        for cell in _cells(result, place, column)
    ]
    return canvas.finish(
        canvas.names([]),
        _panel(canvas, cells, step * len(shown)),
        title="Where annotators differ",
        notes=_notes(result, len(shown)),
        description=repr(result),
        traces={mark_key(name): (name,) for name in result.trace_ids},
    )


def _shown(result: RatingStrip, most: int) -> list[int]:
    """Choose the columns: disputed traces first, then others, in the given order."""
    places = range(len(result.trace_ids))
    by_dispute = sorted(places, key=lambda place: not _differ(result.verdicts[place]))
    return sorted(by_dispute[: max(most, 1)])


def _cells(result: RatingStrip, place: int, column: int) -> list[dict[str, Any]]:
    said = result.verdicts[place]
    words = ", ".join(
        f"{plain(name)}: {one or 'not read'}"
        for name, one in zip(result.raters, said, strict=True)
    )
    return [
        {
            "place": row,
            "column": column,
            "key": mark_key(result.trace_ids[place]),
            "trace": plain(result.trace_ids[place]),
            "said": words,
            "verdict": one,
            "disputed": _differ(said),
        }
        for row, one in enumerate(said)
        if one is not None
    ]


def _panel(canvas: Canvas, cells: list[dict[str, Any]], width: float) -> alt.LayerChart:
    import altair as alt

    ink = palette(canvas.theme)
    columns = list(range(1 + max(cell["column"] for cell in cells)))
    tips = [alt.Tooltip("trace:N"), alt.Tooltip("said:N", title="verdicts")]
    x = alt.X("column:O", axis=None, scale=alt.Scale(domain=columns, paddingInner=0.2))
    base = alt.Chart(own_data(cells)).encode(
        x=x, y=canvas.y(guides=False), tooltip=tips
    )
    # lower where all agree, so that it can be told in print too
    kinds = (("datum.disputed", ink.mark, 0.82), ("!datum.disputed", ink.weak, 0.5))
    layers = []
    for where, colour, band in kinds:
        fails = base.transform_filter(f"{where} && datum.verdict === 'fail'")
        passes = base.transform_filter(f"{where} && datum.verdict === 'pass'")
        layers += [
            fails.mark_rect(color=colour, height={"band": band}),
            passes.mark_rect(
                height={"band": band},
                fill=colour,
                fillOpacity=0.001,
                stroke=colour,
                strokeWidth=1,
            ),
        ]
    return canvas.panel(*layers, width=int(width))


def _notes(result: RatingStrip, shown: int) -> list[str]:
    n, disputed = len(result.trace_ids), len(result.disputed)
    left_out = n - shown
    more = ""
    if left_out:
        more = f" {count(left_out, 'trace')} more on which all agree are not drawn."
        if shown < disputed:
            more = f" Only {shown:,} of those on which they differ are drawn."
    return [
        (
            f"{count(len(result.raters), 'annotator')} differ on {disputed:,} of"
            f" {count(n, 'trace')} that two or more read.{more}"
        ),
        (
            "A column is a trace. Filled: fail. Frame: pass. Empty: not read. Grey and"
            " low: all say the same; all fail stands left, all pass right."
        ),
    ]
