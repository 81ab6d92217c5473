"""Numbers along a line: over time, over versions, over traces read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from erroranalysis.charts.days import parts
from erroranalysis.charts.display import result_chart
from erroranalysis.charts.panels import (
    FEW,
    LETTER,
    method,
    own_data,
    percent,
    plain,
    without_ids,
    wrap,
)
from erroranalysis.charts.theme import palette, theme

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import altair as alt

    from erroranalysis.measure import Estimate

MOST_SERIES = 6  # more lines in one picture cannot be told apart
_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
_DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 2], [10, 4])
_AXIS = 44
_LABELS = 0.26  # of the width, at most
_LABEL_STEP = 14
_DODGE = 5
_LEVEL = 60  # narrower, and names stand upright where they do not fit
_UPRIGHT = 110
_MOMENT_STEP = 12
_MOMENT_ROWS = 3  # names of what happened stand on so many lines
_MOMENT_LETTERS = 24
_MOST_NAMED = 9  # more have their names in the tooltip alone
_FEW_DAYS = 6  # each has its name under the axis
_TYPES = {"time": "T", "number": "Q", "name": "N"}


@dataclass(frozen=True)
class Lines:
    """Points with intervals, joined, one line a series.

    Attributes
    ----------
    points : tuple of dict
        Made with :func:`point`, in the order of drawing.
    width, height : int
        Of the panel with its axis and its labels, pixels.
    theme : str or None
        What it stands on.
    x_kind : {"time", "number", "name"}
        What runs along.
    x_title, y_title : str
        What the axes are.
    tips : mapping of str to str
        Fields that the tooltip shows, and what it calls them.
    domain : (float, float)
        Ends of the vertical axis.
    percent : bool
        Whether the vertical axis is a share.
    moments : tuple of (object, str)
        Places along x and what happened there.
    level : Estimate or None
        What the points are compared with: a line across, with its interval.
    step : bool
        Whether a line keeps its height until the next point.
    band : bool
        Whether intervals are drawn as a band rather than a line each.
    named : bool
        Whether the names of the lines stand at their ends.
    joined : bool
        Whether the points are joined by a line.
    dot : int
        Area of a point, square pixels.
    """

    points: tuple[dict[str, Any], ...]
    width: int
    theme: str | None
    x_kind: str
    x_title: str
    y_title: str
    tips: Mapping[str, str]
    domain: tuple[float, float] = (0.0, 1.0)
    percent: bool = True
    moments: tuple[tuple[Any, str], ...] = ()
    level: Estimate | None = None
    step: bool = False
    band: bool = False
    named: bool = True
    joined: bool = True
    dot: int = 55
    height: int = 210

    @property
    def series(self) -> list[str]:
        """Names of the lines, in the order of the points."""
        return list(dict.fromkeys(item["series"] for item in self.points))

    def panel(self, *, alone: bool = False) -> alt.LayerChart:
        """Draw intervals, lines, points, names and moments over each other.

        Parameters
        ----------
        alone : bool
            Whether the panel brings its points, and does not share those of the chart.
        """
        import altair as alt

        layers: list[alt.Chart] = self._level()
        for n, _ in enumerate(self.series):
            layers += self._line(n)
        layers += [*self._moments(), *self._labels()]
        data: dict[str, Any] = {}
        if alone:
            data["data"] = own_data(without_ids(self.points)[0])
        return alt.LayerChart(
            layer=layers, width=max(self._plot_width, 60), height=self.height, **data
        )

    def draw(
        self,
        *beside: alt.LayerChart,
        title: str,
        notes: Sequence[str],
        description: str,
        width: int,
    ) -> alt.HConcatChart:
        """Set the panel, and others beside it, under a title and what to know."""
        values, behind = without_ids(self.points)
        return result_chart(
            traces=behind,
            hconcat=[self.panel(), *beside],
            data={"values": values},
            spacing=14,
            padding=2,
            title={"text": title, "subtitle": wrap(notes, width)},
            description=plain(description),
            config=theme(self.theme),
        )

    @property
    def _plot_width(self) -> int:
        """Width that axis and names leave to the lines."""
        labels = 10
        if self.named and len(self.series) > 1:
            needed = LETTER * max(len(name) for name in self.series) + 12
            labels = int(min(needed, self.width * _LABELS))
        return self.width - _AXIS - labels

    def _line(self, n: int) -> list[alt.Chart]:
        """Draw one series: what is seen in full, what is extrapolated dashed."""
        ink = palette(self.theme)
        middle = (len(self.series) - 1) / 2
        shift = 0 if self.band or self.step else (n - middle) * _DODGE
        base = self._base().transform_filter(f"datum.n === {n}")
        spans = base.transform_filter("isValid(datum.low)")
        spans = spans.encode(y=self._y("low"), y2="high:Q")
        joined = base.transform_filter("isValid(datum.y)").encode(y=self._y("y"))
        how: dict[str, Any] = {"color": ink.mark, "strokeWidth": 1.6, "xOffset": shift}
        if self.step:
            how["interpolate"] = "step-after"
        dash = _DASHES[n % len(_DASHES)]
        found = [
            spans.mark_area(color=ink.mark, opacity=0.2)
            if self.band
            else spans.mark_rule(
                color=ink.mark, strokeWidth=2, opacity=0.55, xOffset=shift
            )
        ]
        if self.joined:
            seen = joined.transform_filter("datum.seen")
            found.append(seen.mark_line(strokeDash=dash, **how))
        if any(item["guessed"] for item in self.points):
            beyond = joined.transform_filter("datum.guessed")
            found.append(beyond.mark_line(strokeDash=[3, 4], **how))
        return [*found, *self._dots(joined, n, shift)]

    def _dots(self, joined: alt.Chart, n: int, shift: float) -> list[alt.Chart]:
        ink = palette(self.theme)
        look: dict[str, Any] = {
            "shape": _SHAPES[n % len(_SHAPES)],
            "opacity": 1,
            "xOffset": shift,
        }
        seen = joined.transform_filter("datum.dot")
        return [
            seen.transform_filter("!datum.weak").mark_point(
                filled=True, color=ink.mark, size=self.dot, **look
            ),
            seen.transform_filter("datum.weak").mark_point(
                filled=False, color=ink.weak, size=40, **look
            ),
        ]

    def _base(self) -> alt.Chart:
        import altair as alt

        tips = [
            alt.Tooltip(f"{name}:N", title=said) for name, said in self.tips.items()
        ]
        found: alt.Chart = alt.Chart().encode(x=self._x(), tooltip=tips)
        return found

    def _x(self) -> alt.X:
        import altair as alt

        axis = alt.Axis(
            grid=False,
            domain=True,
            domainColor=palette(self.theme).faint,
            labelAngle=0,
            labelOverlap=True,
            labelSeparation=8,
            labelLimit=120,
            tickCount=5,
            tickMinStep=1 if self.x_kind == "number" else alt.Undefined,
            titleAnchor="start",
        )
        if self.x_kind == "name":
            names = list(dict.fromkeys(item["x"] for item in self.points))
            room = int(self._plot_width / len(names)) - 6
            upright = room < _LEVEL and room < LETTER * max(map(len, names))
            axis.labelAngle = -90 if upright else 0
            axis.labelLimit = _UPRIGHT if upright else room
            axis.labelOverlap = upright
            scale = alt.Scale(type="point", domain=names, padding=0.5)
        elif self.x_kind == "number":
            last = max(item["x"] for item in self.points)
            scale = alt.Scale(domain=[0, last], nice=False)
            axis.format = ",d"
            if last <= _FEW_DAYS:
                axis.values = list(range(int(last) + 1))
        else:
            scale = alt.Scale(padding=12)
            days = sorted({str(item["x"]) for item in self.points})
            years = len({day[:4] for day in days}) > 2  # noqa: PLR2004 - no room
            axis.format = "%b %Y" if years else "%-d %b"
            if len(days) <= _FEW_DAYS:
                axis.values = [alt.DateTime(**parts(day)) for day in days]
        kind = _TYPES[self.x_kind]
        return alt.X(f"x:{kind}", title=self.x_title, scale=scale, axis=axis)

    def _y(self, name: str) -> alt.Y:
        import altair as alt

        axis = alt.Axis(
            tickCount=4,
            format="%" if self.percent else ",d",
            minExtent=_AXIS - 6,
            maxExtent=_AXIS - 6,
            titleAngle=0,
            titleAlign="left",
            titleAnchor="end",
            titleX=-_AXIS + 10,
            titleY=-12 - _MOMENT_STEP * self._moment_rows,
        )
        scale = alt.Scale(domain=list(self.domain), clamp=True)
        return alt.Y(f"{name}:Q", title=self.y_title, scale=scale, axis=axis)

    def _labels(self) -> list[alt.Chart]:
        """Write the name of every line at its end, no two over each other."""
        import altair as alt

        if not self.named or len(self.series) < 2:  # noqa: PLR2004 - one
            return []
        text = alt.Chart(own_data(self._ends())).encode(
            x=self._x(), y=self._y("y"), text="series:N"
        )
        room = self.width - _AXIS - self._plot_width
        return [
            text.mark_text(
                align="left", dx=12, fontSize=11, limit=room - 6, ellipsis="…"
            )
        ]

    def _ends(self) -> list[dict[str, Any]]:
        """Return the last point of every line, moved apart where they are close."""
        low, high = self.domain
        last = {item["series"]: item for item in self.points if item["y"] is not None}
        ends = sorted(last.values(), key=lambda item: -item["y"])
        found, previous = [], -float(_LABEL_STEP)
        for item in ends:
            place = (high - item["y"]) / (high - low) * self.height
            previous = max(place, previous + _LABEL_STEP)
            y = high - previous / self.height * (high - low)
            found.append({"x": item["x"], "y": y, "series": item["series"]})
        right = max((item["x"] for item in found), default=None)
        if self.x_kind == "name":
            right = self.points[-1]["x"]
        return [{**item, "x": right} for item in found]

    @property
    def _moment_rows(self) -> int:
        """Lines above the panel with the names of what happened."""
        n = len(self.moments)
        return min(n, _MOMENT_ROWS) if n <= _MOST_NAMED else 0

    def _level(self) -> list[alt.Chart]:
        """Draw what the points are compared with, over the whole width."""
        import altair as alt

        if self.level is None:
            return []
        ink = palette(self.theme)
        value = {"y": self.level.value, "low": self.level.low, "high": self.level.high}
        base = alt.Chart(own_data([value | {"text": percent(self.level)}]))
        tip = alt.Tooltip("text:N", title="baseline")
        return [
            base.mark_rect(color=ink.weak, opacity=0.18).encode(
                y=self._y("low"), y2="high:Q", tooltip=tip
            ),
            base.mark_rule(color=ink.weak, strokeWidth=1.4).encode(
                y=self._y("y"), tooltip=tip
            ),
        ]

    def _moments(self) -> list[alt.Chart]:
        """Mark what happened: a line from top to bottom, and its name above it."""
        import altair as alt

        if not self.moments:
            return []
        ink = palette(self.theme)
        values = [
            {"x": x, "moment": plain(said), "row": n % _MOMENT_ROWS}
            for n, (x, said) in enumerate(sorted(self.moments, key=_first))
        ]
        named = [value | {"said": _short(value["moment"])} for value in values]
        base = alt.Chart(own_data(named)).encode(
            x=self._x(), tooltip=alt.Tooltip("moment:N", title="what happened")
        )
        lines = base.mark_rule(color=ink.weak, strokeDash=[2, 3], strokeWidth=1.2)
        return [lines] + [
            base.transform_filter(f"datum.row === {row}")
            .mark_text(align="left", baseline="bottom", dx=-2, fontSize=10)
            .encode(y=alt.value(-2 - _MOMENT_STEP * row), text="said:N")
            .encode(color=alt.value(ink.muted))
            for row in range(self._moment_rows)
        ]


def _first(moment: tuple[Any, str]) -> str:
    return str(moment[0])


def _short(name: str) -> str:
    return name if len(name) <= _MOMENT_LETTERS else name[: _MOMENT_LETTERS - 1] + "…"


def point(
    x: object,
    estimate: Estimate,
    series: str,
    n: int,
    **facts: Any,  # noqa: ANN401 - what the tooltip shows
) -> dict[str, Any]:
    """Make a point of a line from an estimate.

    Parameters
    ----------
    x : object
        Where it stands.
    estimate : Estimate
        Its height and interval.
    series : str
        The line that it belongs to.
    n : int
        Number of that line, from 0.
    **facts
        More for the tooltip; ``key=`` and ``trace_ids=`` name its traces.
    """
    known = not math.isnan(estimate.value)
    return {
        "x": x,
        "y": estimate.value if known else None,
        "low": estimate.low if known else None,
        "high": estimate.high if known else None,
        "count": estimate.n,
        "text": percent(estimate),
        "method": method(estimate),
        "series": plain(series),
        "n": n,
        "weak": estimate.n < FEW,
        "seen": True,
        "guessed": False,
        "dot": True,
        "key": "",
        "trace_ids": (),
        **facts,
    }
