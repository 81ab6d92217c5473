"""Charts as SVG, PNG and one page of HTML: no network."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt

# Vega compiles its expressions, which is what unsafe-eval is for
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data:; \
form-action 'none'; base-uri 'none'">
<meta name="color-scheme" content="light dark">
<title>Chart</title>
</head>
<body>
<div id="chart"></div>
<script>{script}</script>
<script>
vegaEmbed("#chart", {spec}, {{actions: false, renderer: "svg"}});
</script>
</body>
</html>
"""


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
    return svg_of(chart.to_dict())


def svg_of(specification: dict[str, Any]) -> str:
    """Draw what ``to_dict`` of a chart returned; to make that is the slow part."""
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(
        specification, vl_version=_version(), allowed_base_urls=[]
    )
    return drawn


def to_png(chart: alt.TopLevelMixin, *, scale: float = 2.0) -> bytes:
    """Draw a chart as PNG.

    Parameters
    ----------
    chart : altair chart
        Any Altair chart that holds its data; data addressed by URL is refused.
    scale : float, default 2
        Pixels of the picture for each pixel of the chart.

    Returns
    -------
    bytes
        The picture; the background is that of the chart.

    Examples
    --------
    >>> from erroranalysis.charts import chart
    >>> to_png(chart([]))[1:4]
    b'PNG'
    """
    import vl_convert

    drawn: bytes = vl_convert.vegalite_to_png(
        chart.to_dict(), vl_version=_version(), scale=scale, allowed_base_urls=[]
    )
    return drawn


def to_html(chart: Any) -> str:  # noqa: ANN401 - Altair's own
    """Write a chart, its tooltips and its scripts as one page.

    Use it in place of Altair's own page, which loads its scripts from a network, and
    in which a name such as ``</script>`` would end the script that holds it.

    Parameters
    ----------
    chart : altair chart
        Any Altair chart that holds its data.

    Returns
    -------
    str
        A page that loads nothing and may load nothing.

    Examples
    --------
    >>> from erroranalysis.charts import chart
    >>> to_html(chart([]))[:15]
    '<!DOCTYPE html>'
    """
    script = _script()
    # inside a script element only these letters could end or open anything
    spec = json.dumps(chart.to_dict())
    for letter in "<>&\u2028\u2029":
        spec = spec.replace(letter, f"\\u{ord(letter):04x}")
    return _PAGE.format(script=script.replace("</script", "<\\/script"), spec=spec)


@cache
def _script() -> str:
    """Return the script that draws: seconds of work, and the same for every page."""
    import vl_convert

    bundle: Any = vl_convert.javascript_bundle
    script: str = bundle(vl_version=_version())
    return script


def _version() -> str:
    """Return the version of Vega-Lite that Altair writes, as vl-convert names it."""
    import altair as alt

    return ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
