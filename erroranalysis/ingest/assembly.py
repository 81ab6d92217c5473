"""Spans wait here for the rest of their trace.

Spans of one trace lie close together in an export, but not in one piece: the root
comes after its children, a trace may stretch over several requests. So spans are held
until they would take too much memory; then the traces that have waited longest are
built. A trace of which more comes later is built again from all its spans when the
import is settled (``store/settling.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from erroranalysis.ingest.build import build
from erroranalysis.ingest.reader import BadRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from erroranalysis.ingest.build import Facts
    from erroranalysis.ingest.reader import Reader
    from erroranalysis.records import Span, Trace

_MOST_SPANS = 4_000
_MOST_CHARACTERS = 1 << 25
_UNEXPECTED = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)


class Builders:
    """Makes traces of spans, whatever formats the spans are of.

    Parameters
    ----------
    readers : iterable of Reader
        All readers; those of spans say what their spans mean.
    """

    def __init__(self, readers: Iterable[Reader]) -> None:
        self._explains: dict[str, Callable[[Span], Facts]] = {}
        self._own: dict[str, Callable[[Sequence[Span]], Trace]] = {}
        for reader in readers:
            if reader.explains is not None:
                self._explains[reader.name] = reader.explains
            if reader.builds is not None:
                self._own[reader.name] = reader.builds
        self._common = partial(build, explain=self._explain)

    def _explain(self, span: Span) -> Facts:
        return self._explains[span.format](span)

    def trace(self, spans: Sequence[Span]) -> Trace:
        """Return the trace that spans of one trace id add up to.

        Raises
        ------
        BadRecord
            They add up to none.
        """
        own = (self._own[span.format] for span in spans if span.format in self._own)
        make = next(own, self._common)
        try:
            return make(spans)
        except RecursionError:
            raise BadRecord("nested too deeply") from None
        except _UNEXPECTED as error:
            detail = str(error) or type(error).__name__
            raise BadRecord(f"no trace can be built of its spans: {detail}") from error


@dataclass(slots=True)
class Open:
    """The spans of a trace so far, and where the first of them stood."""

    spans: list[Span]
    file: str
    line: int | None
    characters: int = 0


class Assembly:
    """Open traces, the longest waiting first."""

    def __init__(self) -> None:
        self._open: dict[str, Open] = {}
        self._spans = 0
        self._characters = 0

    def add(self, span: Span, file: str, line: int | None) -> bool:
        """Take a span; returns whether it is time to let some traces go."""
        found = self._open.get(span.trace_id)
        if found is None:
            found = self._open[span.trace_id] = Open([], file, line)
        found.spans.append(span)
        characters = len(span.input or "") + len(span.output or "")
        for text in span.attributes.values():
            if type(text) is str:
                characters += len(text)
        found.characters += characters
        self._spans += 1
        self._characters += characters
        return self._spans > _MOST_SPANS or self._characters > _MOST_CHARACTERS

    def take(self, *, everything: bool = False) -> Iterator[Open]:
        """Yield the half of the traces that has waited longest, or all of them."""
        keep = 0 if everything else len(self._open) // 2
        while len(self._open) > keep:
            going = self._open.pop(next(iter(self._open)))
            self._spans -= len(going.spans)
            self._characters -= going.characters
            yield going
