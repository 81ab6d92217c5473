"""Charts that show themselves in a notebook without a network."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from erroranalysis.charts.svg import to_svg

if TYPE_CHECKING:
    import altair as alt

_MIME = "application/vnd.vegalite.v5+json"
_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"


@cache
def _result_chart_class() -> type[alt.HConcatChart]:
    """Make the class when the first chart is drawn: importing altair is slow."""
    import altair as alt

    class ResultChart(alt.HConcatChart):
        """A chart that needs no script from elsewhere to be shown.

        Altair's default renderer loads Vega from a content delivery network. JupyterLab
        has a Vega of its own, which draws this with tooltips; other front ends get an
        SVG. A renderer that somebody has enabled is left alone.
        """

        def _repr_mimebundle_(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            if alt.renderers.active != "default":
                return super()._repr_mimebundle_(*args, **kwargs)
            spec = {**self.to_dict(), "$schema": _SCHEMA}
            return {_MIME: spec, "image/svg+xml": to_svg(self)}

    return ResultChart


def result_chart(**parts: Any) -> alt.HConcatChart:  # noqa: ANN401 - Vega-Lite's own
    """Make a chart of panels side by side that shows itself offline."""
    return _result_chart_class()(**parts)
