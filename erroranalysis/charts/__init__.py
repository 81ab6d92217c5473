"""Charts: one verb draws every result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erroranalysis.charts.alignment import draw_alignment
from erroranalysis.charts.pareto import draw_pareto
from erroranalysis.charts.rates import draw_rates
from erroranalysis.charts.svg import to_svg
from erroranalysis.errors import helpful_keywords
from erroranalysis.measure import Alignment, FailureRates, Pareto

if TYPE_CHECKING:
    import altair as alt

__all__ = ["chart", "to_svg"]

WIDTH = 680
_NARROWEST = 400


@helpful_keywords
def chart(
    result: object, *, width: int = WIDTH, theme: str | None = None
) -> alt.HConcatChart:
    """Draw a result.

    Parameters
    ----------
    result : Pareto, FailureRates, Alignment or sequence of Alignment
        What to draw.
    width : int, default 680
        Width of the whole chart, pixels; the height follows from the rows.
    theme : {"light", "dark"}, optional
        What the chart will stand on; by default it can be read on both.

    Returns
    -------
    altair.HConcatChart
        An Altair chart: change it, save it, or leave it as the last line of a cell,
        where it is drawn without a network.

    Raises
    ------
    TypeError
        There is no chart of such a thing.
    UnknownNameError
        There is no such theme.

    Examples
    --------
    >>> from erroranalysis.measure import ModeCount, Pareto, wilson
    >>> modes = (ModeCount("wrong date", 7, wilson(7, 50)),)
    >>> drawn = chart(Pareto(modes, read=50, failed=9, unplaced=2))
    >>> drawn.to_dict()["title"]["text"]
    'Failure modes by frequency'
    """
    if width < _NARROWEST:
        raise ValueError(
            f"width is {width} pixels; names, intervals and numbers need"
            f" {_NARROWEST}: chart(result, width={_NARROWEST})"
        )
    if isinstance(result, Pareto):
        return draw_pareto(result, width=width, theme=theme)
    if isinstance(result, FailureRates):
        return draw_rates(result, width=width, theme=theme)
    if isinstance(result, Alignment):
        return draw_alignment([result], width=width, theme=theme)
    if isinstance(result, list | tuple):
        judges = [item for item in result if isinstance(item, Alignment)]
        if len(judges) == len(result):
            return draw_alignment(judges, width=width, theme=theme)
    raise TypeError(
        f"There is no chart of {_kind(result)}. What can be drawn:"
        " project.taxonomy.pareto(), project.failure_rates(), judge.alignment('dev'),"
        " and a list of alignments: project.alignments('test')."
    )


def _kind(result: object) -> str:
    """Name what was given, as a reader would."""
    if isinstance(result, list | tuple):
        kinds = sorted({type(item).__name__ for item in result})
        return f"a {type(result).__name__} of {', '.join(kinds)}"
    return f"a {type(result).__name__}"
