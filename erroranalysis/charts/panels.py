"""The parts that charts are made of: names, intervals and values, row by row."""

from __future__ import annotations

import math
import textwrap
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from erroranalysis.charts.display import result_chart
from erroranalysis.charts.theme import palette, theme

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import altair as alt

    from erroranalysis.measure import Estimate

FEW = 30  # an estimate from fewer traces is drawn in grey
LETTER = 7.2  # mean width of a letter at 12 px in the widest of the fonts
_GAP = 10
_TRACES_SHOWN = 8
_JOINERS = "\u200c\u200d"  # Persian and emoji need them
_LONGEST_NAME = 0.34  # of the width
_SAFE = 0.84  # names are cut by the metrics of one font and shown in another


@dataclass(frozen=True)
class Canvas:
    """Rows to draw, how wide and on what.

    Attributes
    ----------
    rows : tuple of dict
        One a line of the chart, with ``place`` from 0 and ``label``.
    width : int
        Width of the whole chart, pixels.
    theme : str or None
        ``"light"``, ``"dark"``, or None for any background.
    step : int
        Height of a row, pixels.
    """

    rows: tuple[dict[str, Any], ...]
    width: int
    theme: str | None
    step: int = 26

    @property
    def names_width(self) -> int:
        """Width that the names take: what they need, up to a third of the chart."""
        lines = [row["label"] for row in self.rows]
        lines += [row["detail"] for row in self.rows if "detail" in row]
        longest = max((len(line) for line in lines), default=0)
        needed = LETTER * longest / _SAFE + 8
        return int(min(max(needed, 60), self.width * _LONGEST_NAME))

    def rest(self, *widths: int) -> int:
        """Return the width that the other panels leave."""
        return self.width - sum(widths) - _GAP * len(widths)

    def panel(self, *layers: alt.Chart, width: int) -> alt.LayerChart:
        """Lay marks over each other in one panel."""
        import altair as alt

        height = alt.Step(self.step)
        return alt.LayerChart(layer=list(layers), width=width, height=height)

    def y(self, *, guides: bool = True) -> alt.Y:
        """Return the place of a row, the same in every panel."""
        import altair as alt

        lines = alt.Axis(labels=False, title=None, grid=True) if guides else None
        domain = [row["place"] for row in self.rows]
        return alt.Y("place:O", axis=lines, scale=alt.Scale(domain=domain))

    def names(self, tooltip: Sequence[alt.Tooltip]) -> alt.LayerChart:
        """Draw the names; long ones are cut, and whole in the tooltip."""
        import altair as alt

        width = self.names_width
        ink = palette(self.theme)

        def line(field: str, where: str, **mark: Any) -> alt.Chart:  # noqa: ANN401 - Altair's own
            text: alt.Chart = (
                alt.Chart()
                .mark_text(align="right", limit=_SAFE * width, ellipsis="…", **mark)
                .encode(x=alt.value(width), y=self.y(guides=False), text=f"{field}:N")
                .encode(tooltip=list(tooltip))
                .transform_filter(where)
            )
            return text

        detailed = any("detail" in row for row in self.rows)
        up = -7 if detailed else 0
        layers = [
            line("label", "!datum.total", dy=up),
            line("label", "datum.total", dy=up, fontWeight="bold"),
        ]
        if detailed:
            small = {"dy": 8, "fontSize": 10, "color": ink.muted}
            layers.append(line("detail", "true", **small))
        return self.panel(*layers, width=width)

    def bars(
        self, x: alt.X, tooltip: Sequence[alt.Tooltip], *, hollow: bool = False
    ) -> alt.Chart:
        """Draw a bar a row, filled or as a frame that answers the mouse all over."""
        import altair as alt

        ink = palette(self.theme)
        look: dict[str, Any] = {"color": ink.mark}
        if hollow:
            look = {"fillOpacity": 0.001, "stroke": ink.weak, "strokeWidth": 1}
        bars: alt.Chart = (
            alt.Chart()
            .mark_bar(height={"band": 0.62}, **look)
            .encode(x=x, y=self.y(guides=False), tooltip=list(tooltip))
        )
        return bars

    def values(
        self, field: str, width: int, tooltip: Sequence[alt.Tooltip]
    ) -> alt.LayerChart:
        """Write values beside the marks."""
        import altair as alt

        text = (
            alt.Chart()
            .mark_text(align="left", fontSize=11, color=palette(self.theme).muted)
            .encode(x=alt.value(0), y=self.y(guides=False), text=f"{field}:N")
            .encode(tooltip=list(tooltip))
        )
        return self.panel(text, width=width)

    def interval(
        self, name: str, x: alt.X, tooltip: Sequence[alt.Tooltip], *, below: int = 0
    ) -> list[alt.Chart]:
        """Draw an estimate: its 95 % interval as a line, its value as a point.

        Parameters
        ----------
        name : str
            Prefix of the fields that :func:`fields` makes.
        x : altair.X
            The axis; its field is set here.
        tooltip : sequence of altair.Tooltip
            What to show on hovering.
        below : int, default 0
            Pixels under the middle of the row; what stands there is drawn lighter.
        """
        import altair as alt

        if below:
            line, size = 1.0, 22
        else:
            line, size = 2.5, 65
        ink = alt.Color(f"{name}_ink:N", scale=None)
        base = alt.Chart().encode(y=self.y(), tooltip=list(tooltip))
        low, value = x.copy(), x.copy()
        low.shorthand, value.shorthand = f"{name}_low:Q", f"{name}_value:Q"
        dashes = alt.condition(
            f"datum.{name}_few", alt.value([4, 2]), alt.value([1, 0])
        )
        return [
            base.mark_rule(strokeWidth=line, yOffset=below).encode(
                x=low, x2=f"{name}_high:Q", color=ink, strokeDash=dashes
            ),
            base.mark_point(yOffset=below, size=size, filled=not below, opacity=1)
            .encode(x=value, color=ink)
            .transform_filter(f"isValid(datum.{name}_value)"),
        ]

    def finish(
        self,
        *panels: alt.LayerChart,
        title: str,
        notes: Sequence[str],
        description: str,
        traces: Mapping[str, tuple[str, ...]] | None = None,
    ) -> alt.HConcatChart:
        """Set the panels side by side, under a title and what a reader must know."""
        values, behind = without_ids(self.rows)
        return result_chart(
            traces=traces or behind,
            hconcat=list(panels),
            data={"values": values},
            spacing=_GAP,
            bounds="flush",
            padding=2,
            title={"text": title, "subtitle": wrap(notes, self.width)},
            description=plain(description),
            config=theme(self.theme),
        )

    def nothing_yet(self, what: str) -> alt.HConcatChart:
        """Draw a sentence in place of the chart that cannot be drawn yet."""
        import altair as alt

        lines = wrap([f"nothing yet: {what}"], self.width)
        text = (
            alt.Chart()
            .mark_text(
                align="left",
                fontSize=12,
                lineHeight=17,
                color=palette(self.theme).muted,
            )
            .encode(x=alt.value(0), y=alt.value(12), text=alt.value(lines))
            .properties(width=self.width, height=17 * len(lines) + 8)
        )
        return result_chart(
            hconcat=[text],
            data={"values": [{}]},
            padding=2,
            description=" ".join(lines),
            config=theme(self.theme),
        )


def wrap(notes: Sequence[str], width: int) -> list[str]:
    """Break sentences into lines that fit the width of a chart.

    Examples
    --------
    >>> wrap(["one two three", "", "four"], 60)
    ['one two', 'three', 'four']
    """
    letters = max(int(width / 6.0), 8)
    lines = (textwrap.wrap(plain(note), letters) for note in notes if note)
    return [line for found in lines for line in found]


def own_data(rows: Sequence[dict[str, Any]]) -> Any:  # noqa: ANN401 - Altair's own
    """Return rows as the data of one panel, apart from those of the whole chart."""
    import altair as alt

    return alt.InlineData(values=list(rows))


def plain(name: str) -> str:
    r"""Return a name as one line of text that turns or breaks nothing around it.

    Characters that set the direction of text, line breaks and other control
    characters, which an SVG may not hold, become spaces or a mark.

    Examples
    --------
    >>> plain("late\nagain"), plain("a\u202eb"), plain("<b>")
    ('late again', 'a�b', '<b>')
    """
    kinds = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    joined = " ".join(name.split())
    if joined.isprintable():
        return joined
    return "".join(
        "\N{REPLACEMENT CHARACTER}"
        if unicodedata.category(letter) in kinds and letter not in _JOINERS
        else letter
        for letter in joined
    )


def without_ids(
    marks: Sequence[Mapping[str, Any]],
) -> tuple[list[dict[str, Any]], dict[str, tuple[str, ...]]]:
    """Part the trace ids from the marks: the chart keeps them, tooltips name a few.

    Parameters
    ----------
    marks : sequence of mapping
        What is drawn; one with traces behind it has ``key`` and ``trace_ids``.

    Returns
    -------
    tuple
        The marks with ``traces``, a text, in place of ``trace_ids``; and the ids by
        key.

    Examples
    --------
    >>> without_ids([{"key": "late", "trace_ids": ("t1", "t2")}])
    ([{'key': 'late', 'traces': 't1, t2'}], {'late': ('t1', 't2')})
    """
    values, behind = [], {}
    for mark in marks:
        value = dict(mark)
        if "trace_ids" in value:
            ids = tuple(value.pop("trace_ids"))
            value["traces"] = trace_list(ids)
            if value["key"]:
                behind[value["key"]] = ids
        values.append(value)
    return values, behind


def trace_list(trace_ids: Sequence[str]) -> str:
    """Write the first few trace ids, and how many more there are.

    Examples
    --------
    >>> trace_list(["t1", "t2"]), trace_list(["t"] * 10)[-10:], trace_list([])
    ('t1, t2', 'and 2 more', '-')
    """
    shown = ", ".join(plain(name) for name in trace_ids[:_TRACES_SHOWN])
    more = len(trace_ids) - _TRACES_SHOWN
    return (shown + (f" and {more:,} more" if more > 0 else "")) or "-"


def fields(
    name: str, estimate: Estimate, theme_name: str | None, *, weak: bool = False
) -> dict[str, Any]:
    """Return an estimate as fields of a row; grey, dashed where it rests on few."""
    ink = palette(theme_name)
    known = not math.isnan(estimate.value)
    return {
        f"{name}_value": estimate.value if known else None,
        f"{name}_low": estimate.low,
        f"{name}_high": estimate.high,
        f"{name}_n": estimate.n,
        f"{name}_few": estimate.n < FEW,
        f"{name}_ink": ink.weak if weak or estimate.n < FEW else ink.mark,
        f"{name}_text": percent(estimate),
        f"{name}_method": method(estimate),
        f"{name}_assumes": estimate.assumes or "-",
    }


def method(estimate: Estimate) -> str:
    """Write how the interval was made, and where it holds less well.

    Examples
    --------
    >>> from erroranalysis.measure import wilson
    >>> method(wilson(18, 100))
    '95 % Wilson'
    """
    return f"95 % {estimate.method}" + (estimate.caution and f"; {estimate.caution}")


def assumed(estimates: Iterable[Estimate]) -> str:
    """Write what numbers rest on; each assumption once.

    Examples
    --------
    >>> from erroranalysis.measure import wilson
    >>> assumed([wilson(1, 9, assumes="a random sample"), wilson(2, 9)])
    'Assumes: a random sample.'
    """
    said = dict.fromkeys(item.assumes for item in estimates if item.assumes)
    return f"Assumes: {'; '.join(said)}." if said else ""


def percent(estimate: Estimate) -> str:
    """Write an estimate in percent, with a decimal where it is needed.

    Examples
    --------
    >>> from erroranalysis.measure import wilson
    >>> percent(wilson(18, 100)), percent(wilson(1, 400)), percent(wilson(0, 0))
    ('18% [12, 27]', '0.2% [0.0, 1.4]', 'no estimate')
    """
    if math.isnan(estimate.value):
        return "no estimate"
    digits = 1 if estimate.high < 0.1 else 0  # noqa: PLR2004 - below 10 %
    value, low, high = (
        f"{100 * number:.{digits}f}"
        for number in (estimate.value, estimate.low, estimate.high)
    )
    return f"{value}% [{low}, {high}]"


def count(number: int, noun: str) -> str:
    """Write a number with its noun.

    Examples
    --------
    >>> count(1, "trace"), count(1200, "trace")
    ('1 trace', '1,200 traces')
    """
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
