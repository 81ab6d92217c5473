"""Rows by columns: cells that carry their number, not only a colour."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from erroranalysis.charts.display import mark_key, result_chart
from erroranalysis.charts.panels import LETTER, plain, without_ids, wrap
from erroranalysis.charts.theme import palette, shade, theme

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import altair as alt

_WIDEST_CELL = 92
_TALL, _SHORT = 36, 22
_MANY_ROWS = 25
_VERY_MANY_ROWS = 45
_TINY = 14
_DOT = 16  # a narrower column shows a dot where a wider one shows a dashed frame
_HORIZONTAL = 46  # a column this wide has its name written level
_LEVEL_LINES = 3
_UPRIGHT = 26  # letters of a name that stands on end
_LONGEST_NAME = 0.34
_DIGIT = 5.7
_LINE = 13


@dataclass(frozen=True)
class Grid:
    """Cells to draw, and what they stand on.

    Attributes
    ----------
    rows, columns : tuple of str
        Names, in the order of drawing.
    cells : tuple of dict
        Made with :func:`cell`; a place without one stays empty.
    width : int
        Width of the whole chart, pixels.
    theme : str or None
        ``"light"``, ``"dark"``, or None for any background.
    row_title, column_title : str
        What the rows and the columns are.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[dict[str, Any], ...]
    width: int
    theme: str | None
    row_title: str
    column_title: str

    @property
    def names_width(self) -> int:
        """Width of the row names: what they need, up to a third of the chart."""
        needed = LETTER * max((len(name) for name in self.rows), default=0) + 14
        return int(min(max(needed, 70), self.width * _LONGEST_NAME))

    @property
    def step(self) -> float:
        """Width of a column, pixels."""
        room = self.width - self.names_width - 16
        return min(_WIDEST_CELL, room / max(len(self.columns), 1))

    @property
    def height(self) -> int:
        """Height of a row, pixels."""
        tall = len(self.rows) <= _MANY_ROWS and self.step >= _HORIZONTAL
        if tall:
            return _TALL
        return _TINY if len(self.rows) > _VERY_MANY_ROWS else _SHORT

    def draw(
        self,
        tips: Mapping[str, str],
        *,
        title: str,
        notes: Sequence[str],
        description: str,
    ) -> alt.HConcatChart:
        """Draw the cells under their column names.

        Parameters
        ----------
        tips : mapping of str to str
            Fields of a cell that the tooltip shows, and what it calls them.
        title, description : str
            What the chart is, for those who see it and for those who do not.
        notes : sequence of str
            What a reader must know.
        """
        values, behind = without_ids(self._values())
        return result_chart(
            traces=behind,
            hconcat=[self._panel(tips)],
            data={"values": values},
            padding=2,
            title={"text": title, "subtitle": wrap(notes, self.width)},
            description=plain(description),
            config=theme(self.theme),
        )

    def _panel(self, tips: Mapping[str, str]) -> alt.LayerChart:
        import altair as alt

        base = alt.Chart().encode(
            x=self._x(),
            y=self._y(),
            tooltip=[alt.Tooltip(f"{name}:N", title=tips[name]) for name in tips],
        )
        solid = base.mark_rect().encode(color=alt.Color("fill:N", scale=None))
        outline = alt.Color("outline:N", scale=None)
        if self.step < _DOT:
            hollow = base.mark_point(size=3, filled=True, opacity=1)
            hollow = hollow.encode(color=outline)
        else:
            hollow = base.mark_rect(
                filled=False, strokeDash=[2, 2], strokeWidth=1, strokeOpacity=0.8
            ).encode(stroke=outline)
        text = base.mark_text
        written = [
            text(fontSize=11, lineBreak="\n", lineHeight=_LINE, dy=up)
            .encode(text="shown:N", color=alt.Color("ink:N", scale=None))
            .transform_filter(f"datum.lines === {lines}")
            for lines, up in ((1, 0), (2, -6))  # to the middle of the cell
        ]
        layers = [
            solid.transform_filter("!datum.weak"),
            # a clear fill, so that the whole of a cell answers the mouse
            base.mark_rect(opacity=0).transform_filter("datum.weak"),
            hollow.transform_filter("datum.weak"),
            *written,
        ]
        return alt.LayerChart(
            layer=layers,
            width=self.step * len(self.columns),
            height=self.height * len(self.rows),
        )

    def _values(self) -> list[dict[str, Any]]:
        rows, columns = self._row_labels(), self._column_labels()
        ink = palette(self.theme)
        shown = [self._fits(item["text"]) for item in self.cells]
        return [
            {
                **{name: part for name, part in item.items() if name != "text"},
                "row_label": rows[item["row"]],
                "column_label": columns[item["column"]],
                "outline": ink.weak,
                "shown": text,
                "lines": len(text.split("\n")) if text else 0,
            }
            for item, text in zip(self.cells, shown, strict=True)
        ]

    def _fits(self, text: str) -> str:
        """Write as much of a text as the cell has room for: both lines, one or none."""
        if self.step < _DOT:
            return ""
        lines = text.split("\n") if self.height == _TALL else text.split("\n")[:1]
        room = (self.step - 4) / _DIGIT
        return "\n".join(line for line in lines if len(line) <= room)

    def _x(self) -> alt.X:
        import altair as alt

        level = self.step >= _HORIZONTAL
        labels = self._column_labels()
        lines = 1 + labels[0].count("\n")
        return alt.X(
            "column_label:N",
            title=self.column_title,
            scale=alt.Scale(domain=labels, paddingInner=0.06, paddingOuter=0.03),
            axis=alt.Axis(
                orient="top",
                labelAngle=0 if level else -90,
                labelExpr="split(datum.label, '\\n')",
                labelLineHeight=_LINE,
                labelPadding=6 + _LINE * (lines - 1),
                labelLimit=0,
                labelOverlap=False,
                titleAnchor="start",
                titlePadding=8,
                grid=False,
            ),
        )

    def _y(self) -> alt.Y:
        import altair as alt

        width = self.names_width
        return alt.Y(
            "row_label:N",
            title=self.row_title,
            scale=alt.Scale(
                domain=self._row_labels(), paddingInner=0.06, paddingOuter=0.03
            ),
            axis=alt.Axis(
                labelLimit=width - 8,
                labelOverlap=False,
                minExtent=width,
                maxExtent=width,
                titleAngle=0,
                titleAlign="right",
                titleAnchor="end",
                titleX=-6,
                titleY=-9,
                labelColor=palette(self.theme).text,
                labelFontSize=10 if self.height == _TINY else 12,
                grid=False,
            ),
        )

    def _row_labels(self) -> list[str]:
        letters = max(int(self.names_width / LETTER) + 4, 8)
        return _distinct([_cut(plain(name), letters) for name in self.rows])

    def _column_labels(self) -> list[str]:
        if self.step < _HORIZONTAL:
            return _distinct([_cut(plain(name), _UPRIGHT) for name in self.columns])
        letters = int((self.step - 4) / 6.2)
        labels = _distinct([_level(plain(name), letters) for name in self.columns])
        most = max(label.count("\n") for label in labels)
        # all end on the line above the cells
        return ["\n" * (most - label.count("\n")) + label for label in labels]


def cell(
    row: int,
    column: int,
    *,
    share: float | None,
    text: str,
    theme_name: str | None,
    weak: bool = False,
    names: tuple[str, str],
    trace_ids: Sequence[str] = (),
    **facts: Any,  # noqa: ANN401 - what the tooltip shows
) -> dict[str, Any]:
    """Make a cell.

    Parameters
    ----------
    row, column : int
        Its place.
    share : float or None
        How dark it is, from 0 to 1; None leaves it hollow.
    text : str
        What is written in it; a second line where there is room.
    theme_name : str or None
        What it stands on.
    weak : bool
        It rests on too little: hollow with a dashed line, and grey.
    names : (str, str)
        Its row and its column, where its traces are asked for.
    trace_ids : sequence of str
        The traces behind it.
    **facts
        More for the tooltip.
    """
    ink = palette(theme_name)
    hollow = weak or share is None
    fill, on_fill = shade(share or 0.0, theme_name)
    return {
        "row": row,
        "column": column,
        "key": mark_key(*names),
        "trace_ids": trace_ids,
        "share": share,
        "text": text,
        "weak": hollow,
        "fill": None if hollow else fill,
        "ink": ink.muted if hollow else on_fill,
        **{
            name: plain(fact) if isinstance(fact, str) else fact
            for name, fact in facts.items()
        },
    }


def _cut(name: str, letters: int) -> str:
    return name if len(name) <= letters else name[: letters - 1].rstrip() + "…"


def _level(name: str, letters: int) -> str:
    """Break a name into at most three lines of a column."""
    lines = textwrap.wrap(name, max(letters, 4), break_long_words=True) or [""]
    if len(lines) > _LEVEL_LINES:
        last = lines[_LEVEL_LINES - 1]
        lines = [*lines[: _LEVEL_LINES - 1], _cut(last + "…" * 2, max(letters, 4))]
    return "\n".join(lines).replace("……", "…")


def _distinct(labels: Sequence[str]) -> list[str]:
    """Give numbers to labels that became the same when they were cut."""
    seen: dict[str, int] = {}
    found = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        found.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return found
