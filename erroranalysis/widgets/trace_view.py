"""One trace in a cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from erroranalysis.render import STYLE, render_trace, trace_as_text

if TYPE_CHECKING:
    from erroranalysis.records import Trace


@dataclass(frozen=True, repr=False)
class TraceView:
    """A trace that shows itself: as a page in a notebook, as text in a terminal.

    Attributes
    ----------
    trace : Trace
        The trace, with its messages and facts.

    Examples
    --------
    >>> from erroranalysis.records import Trace
    >>> TraceView(Trace("t1", [{"role": "user", "content": "Open today?"}]))
    trace: t1
    <BLANKLINE>
    [0] user
        Open today?
    """

    trace: Trace

    def __repr__(self) -> str:
        """Show the conversation as text."""
        return trace_as_text(self.trace)

    def _repr_html_(self) -> str:
        return f"<style>{STYLE}</style>{render_trace(self.trace)}"
