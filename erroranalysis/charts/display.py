"""Charts that show themselves without a network, and know their traces."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from erroranalysis.charts.svg import svg_of, to_html
from erroranalysis.errors import NothingToDoError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import altair as alt

_MIME = "application/vnd.vegalite.v5+json"
_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
_PICKED = "picked"
_JOIN = " → "


@dataclass(frozen=True)
class Traces:
    """The traces behind the marks of a chart.

    They stay in Python: a specification with the ids of 100,000 traces would make a
    notebook heavy, and would carry them into every file that the chart is saved to.

    Attributes
    ----------
    of : mapping of str to tuple of str
        Trace ids by the key of the mark.
    """

    of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def named(self, *names: str) -> tuple[str, ...]:
        """Return the traces behind one mark."""
        if not self.of:
            raise NothingToDoError(
                "This chart has no trace ids: its result was made without trace_ids=."
            )
        key = mark_key(*names)
        if key not in self.of:
            raise UnknownNameError.among("mark", key, self.of)
        return self.of[key]

    def behind(self, keys: list[str]) -> tuple[str, ...]:
        """Return the traces behind several marks, each once, in their order."""
        found = dict.fromkeys(one for key in keys for one in self.of.get(key, ()))
        return tuple(found)


def mark_key(*names: str) -> str:
    """Return the key of a mark: its name, or row and column.

    Examples
    --------
    >>> mark_key("late"), mark_key("late", "de")
    ('late', 'late → de')
    """
    return _JOIN.join(names)


class _KnowsTraces:
    """What a chart of this package can do beside what Altair's can."""

    _kwds: dict[str, Any]

    def trace_ids(self, *names: str) -> tuple[str, ...]:
        """Return the traces behind a mark.

        Parameters
        ----------
        *names : str
            What the mark stands for: a failure mode; row and column of a cell.

        Returns
        -------
        tuple of str
            For ``project.annotate(...)``.

        Raises
        ------
        UnknownNameError
            There is no such mark.
        NothingToDoError
            The result was made without trace ids.
        """
        return self._traces().named(*names)

    def live(self) -> Any:  # noqa: ANN401 - Altair's own
        """Return the chart as a widget whose marks can be clicked.

        Click a mark, or several with Shift held; ``.selected`` is then the tuple of
        trace ids behind them, as for ``project.annotate(view.selected)`` in the next
        cell. Nothing is loaded from a network.
        """
        return _live_class()(self, self._traces())

    def save(
        self,
        fp: Any,  # noqa: ANN401 - Altair's own
        format: Any = None,  # noqa: A002, ANN401 - Altair's own
        **more: Any,  # noqa: ANN401 - Altair's own
    ) -> None:
        """Save as SVG, PNG, HTML and so on; the page of HTML loads nothing."""
        kind = format or str(getattr(fp, "name", fp)).rpartition(".")[2]
        if kind != "html":
            super().save(fp, format=format, **more)  # type: ignore[misc]
        elif hasattr(fp, "write"):
            fp.write(self.to_html())
        else:
            Path(fp).write_text(self.to_html(), encoding="utf-8")

    def to_html(self, *_: Any, **__: Any) -> str:  # noqa: ANN401 - Altair's own
        """Return a page that loads nothing."""
        return to_html(self)

    def to_dict(self, *args: Any, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 - Altair's own
        """Return the specification, without the trace ids."""
        bare: Any = self.copy(deep=False)  # type: ignore[attr-defined]
        if isinstance(bare._kwds.get("usermeta"), Traces):  # noqa: SLF001 - copies carry it
            bare._kwds["usermeta"] = _undefined()  # noqa: SLF001 - copies carry it
        above: Any = super(_KnowsTraces, bare)
        found: dict[str, Any] = above.to_dict(*args, **kwargs)
        return found

    def _traces(self) -> Traces:
        kept = self._kwds.get("usermeta")
        return kept if isinstance(kept, Traces) else Traces()


def _undefined() -> Any:  # noqa: ANN401 - Altair's own
    import altair as alt

    return alt.Undefined


@cache
def _result_chart_class() -> type[alt.HConcatChart]:
    """Make the class when the first chart is drawn: importing altair is slow."""
    import altair as alt

    class ResultChart(_KnowsTraces, alt.HConcatChart):  # type: ignore[misc]
        """A chart that needs no script from elsewhere to be shown.

        Altair's default renderer loads Vega from a content delivery network. JupyterLab
        has a Vega of its own, which draws this with tooltips; other front ends get an
        SVG. A renderer that somebody has enabled is left alone.
        """

        def _repr_mimebundle_(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - Altair's own
            if alt.renderers.active != "default":
                return super()._repr_mimebundle_(*args, **kwargs)
            found = self.to_dict()
            spec = {**found, "$schema": _SCHEMA}
            return {_MIME: spec, "image/svg+xml": svg_of(found)}

    return ResultChart


@cache
def _live_class() -> Any:  # noqa: ANN401 - Altair's own
    """Make the widget when it is first asked for: its script is bundled then."""
    import altair as alt

    class LiveChart(alt.JupyterChart):
        """A chart in a notebook that says which traces were clicked."""

        def __init__(self, drawn: alt.HConcatChart, traces: Traces) -> None:
            pick = alt.selection_point(_PICKED, fields=["key"])
            clicked = drawn.copy(deep=True)
            _clickable(clicked.hconcat, pick)
            with warnings.catch_warnings():
                # the same parameter in every panel is what is wanted
                warnings.filterwarnings("ignore", "Automatically deduplicated")
                super().__init__(
                    clicked.add_params(pick),
                    embed_options={"actions": False, "renderer": "svg"},
                )
            self._traces = traces

        @property
        def selected(self) -> tuple[str, ...]:
            """The traces behind the marks that were clicked; empty before a click."""
            return self._traces.behind(self.selected_marks)

        @property
        def selected_marks(self) -> list[str]:
            """What the marks that were clicked stand for."""
            value = getattr(self.selections, _PICKED).value
            return [item["key"] for item in value if item.get("key") is not None]

    LiveChart.enable_offline(offline=True)
    return LiveChart


def _clickable(panels: list[Any], pick: Any) -> None:  # noqa: ANN401 - Altair's own
    """Fade what was not picked, once something is."""
    import altair as alt

    for panel in panels:
        for layer in getattr(panel, "layer", []):
            if getattr(layer.mark, "opacity", None) == 0:
                continue  # a clear cover that answers the mouse
            full = _opacity(layer.mark)
            layer.encoding.opacity = alt.condition(
                pick, alt.value(full), alt.value(0.35 * full)
            )


def _opacity(mark: Any) -> float:  # noqa: ANN401 - Altair's own
    """Return how opaque a mark is drawn: a band must not hide what lies under it."""
    own = getattr(mark, "opacity", None)
    return float(own) if isinstance(own, int | float) else 1.0


def result_chart(
    *,
    traces: Mapping[str, tuple[str, ...]] | None = None,
    **parts: Any,  # noqa: ANN401 - Altair's own
) -> alt.HConcatChart:
    """Make a chart of panels side by side that shows itself offline."""
    if traces and any(traces.values()):
        drawn = _result_chart_class()(**parts)
        drawn._kwds["usermeta"] = Traces(traces)  # noqa: SLF001 - copies carry it
        return drawn
    return _result_chart_class()(**parts)
