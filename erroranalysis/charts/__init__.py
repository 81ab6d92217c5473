"""Charts: one verb draws every result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from erroranalysis.charts.agreement import draw_pairs, draw_raters
from erroranalysis.charts.alignment import draw_alignment, draw_sliced
from erroranalysis.charts.comparison import draw_comparison
from erroranalysis.charts.confusion import draw_confusion, draw_versions
from erroranalysis.charts.coverage import draw_coverage
from erroranalysis.charts.disagreements import draw_disagreements
from erroranalysis.charts.over_time import draw_drift, draw_saturation
from erroranalysis.charts.pareto import draw_pareto
from erroranalysis.charts.progress import draw_progress
from erroranalysis.charts.quick import import_altair
from erroranalysis.charts.rates import draw_rates
from erroranalysis.charts.slices import draw_slice_grid, draw_slice_rates
from erroranalysis.charts.stability import draw_stability
from erroranalysis.charts.strip import RatingStrip, draw_strip, rating_strip
from erroranalysis.charts.svg import to_html, to_png, to_svg
from erroranalysis.charts.transitions import draw_transitions
from erroranalysis.errors import UnknownNameError, helpful_keywords
from erroranalysis.measure import (
    Agreement,
    Alignment,
    Comparison,
    Difference,
    Drift,
    FailureRates,
    JudgeComparison,
    Pareto,
    RaterAgreement,
    RaterDisagreements,
    ReadingCoverage,
    ReadingProgress,
    Saturation,
    SlicedAlignment,
    SliceGrid,
    SliceRates,
    Stability,
    Transitions,
    TrialsComparison,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import altair as alt

__all__ = ["RatingStrip", "chart", "rating_strip", "to_html", "to_png", "to_svg"]

T = TypeVar("T")
WIDTH = 680
_NARROWEST = 400
_KINDS: dict[str, Callable[..., alt.HConcatChart]] = {
    "intervals": draw_alignment,
    "confusion": draw_confusion,
    "versions": draw_versions,
}
_DRAWN: tuple[tuple[type, Callable[..., alt.HConcatChart]], ...] = (
    (Pareto, draw_pareto),
    (FailureRates, draw_rates),
    (Transitions, draw_transitions),
    (ReadingProgress, draw_progress),
    (ReadingCoverage, draw_coverage),
    (Saturation, draw_saturation),
    (Drift, draw_drift),
    (RaterAgreement, draw_raters),
    (RatingStrip, draw_strip),
    (SliceGrid, draw_slice_grid),
    (SliceRates, draw_slice_rates),
    (SlicedAlignment, draw_sliced),
    (RaterDisagreements, draw_disagreements),
    (Stability, draw_stability),
    (Comparison, draw_comparison),
    (Difference, draw_comparison),
    (JudgeComparison, draw_comparison),
    (TrialsComparison, draw_comparison),
)


@helpful_keywords
def chart(
    result: object,
    *,
    width: int = WIDTH,
    theme: str | None = None,
    kind: str | None = None,
    releases: Mapping[Any, str] | None = None,
) -> alt.HConcatChart:
    """Draw a result.

    Parameters
    ----------
    result : a result of a project or of ``erroranalysis.measure``
        What to draw: ``docs/charts.md`` lists them. Of alignments and of pairs of
        annotators also a list.
    width : int, default 680
        Width of the whole chart, pixels; the height follows from the rows.
    theme : {"light", "dark"}, optional
        What the chart will stand on; by default it can be read on both.
    kind : {"intervals", "confusion", "versions"}, optional
        For alignments: TPR and TNR side by side (the default), the four counts of one
        judge, or TPR and TNR over the versions in the order given.
    releases : mapping of period to str, optional
        For a drift: what was released when; each is marked along the line.

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
        There is no such theme, kind or period of a release.

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
    import_altair()
    look: dict[str, Any] = {"width": width, "theme": theme}
    judges = _all_of(Alignment, result)
    if kind is not None:
        if judges is None or kind not in _KINDS:
            raise UnknownNameError.among(
                f"kind of chart of {_kind(result)}", kind, _KINDS if judges else ()
            )
        return _KINDS[kind](judges, **look)
    if releases is not None:
        if not isinstance(result, Drift):
            raise TypeError(
                f"releases= is for a Drift, not for {_kind(result)}:"
                " chart(drift(...), releases={...})"
            )
        return draw_drift(result, releases=releases, **look)
    for known, draw in _DRAWN:
        if isinstance(result, known):
            return draw(result, **look)
    if judges is not None:
        return draw_alignment(judges, **look)
    if (pairs := _all_of(Agreement, result)) is not None:
        return draw_pairs(pairs, **look)
    raise TypeError(
        f"There is no chart of {_kind(result)}. What can be drawn:"
        " results such as project.taxonomy.pareto() and project.failure_rates(),"
        " judge.alignment('dev') or a list of such: project.alignments('test')."
    )


def _all_of(known: type[T], result: object) -> list[T] | None:
    """Return a result, or a sequence of such, as a list; None for anything else."""
    items = list(result) if isinstance(result, list | tuple) else [result]
    found = [item for item in items if isinstance(item, known)]
    return found if len(found) == len(items) else None


def _kind(result: object) -> str:
    """Name what was given, as a reader would."""
    if isinstance(result, list | tuple):
        kinds = sorted({type(item).__name__ for item in result})
        return f"a {type(result).__name__} of {', '.join(kinds)}"
    return f"a {type(result).__name__}"
