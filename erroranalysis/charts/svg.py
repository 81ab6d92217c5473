"""Charts as SVG: no browser, no network."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import altair as alt


def to_svg(chart: alt.TopLevelMixin) -> str:
    """Draw a chart as SVG.

    Parameters
    ----------
    chart : altair chart
        Any Altair chart that holds its data; data addressed by URL is refused.

    Returns
    -------
    str
        The ``<svg>`` element, which refers to nothing outside itself.

    Examples
    --------
    >>> from erroranalysis.charts import chart
    >>> to_svg(chart([]))[:4]
    '<svg'
    """
    import altair as alt
    import vl_convert

    major_minor = alt.SCHEMA_VERSION.lstrip("v").split(".")[:2]
    drawn: str = vl_convert.vegalite_to_svg(
        chart.to_dict(),
        vl_version=".".join(major_minor),
        allowed_base_urls=[],
    )
    return drawn
