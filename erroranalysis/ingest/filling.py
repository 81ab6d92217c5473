"""From a reading to a spool, and what was found on the way."""

from __future__ import annotations

import contextlib
import gc
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from erroranalysis.ingest.assembly import Assembly
from erroranalysis.ingest.reader import BadRecord, Raw
from erroranalysis.records import Annotation, Reject, Remark, Span, Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from erroranalysis.ingest.assembly import Builders
    from erroranalysis.ingest.reader import Columns
    from erroranalysis.ingest.reading import Outcome, Reading
    from erroranalysis.ingest.redactor import Redactor
    from erroranalysis.ingest.spool import Spool

_FIRST = 3
_OBJECTS = 500_000


class Said(NamedTuple):
    """What somebody said in another tool, and where it stands."""

    annotation: Annotation
    file: str
    line: int | None


@dataclass
class Found:
    """What a source, or a part of one, was found to hold.

    Attributes
    ----------
    source : str
        What was read.
    formats : list of str
        Formats that were detected or named.
    columns : dict
        For flat tables: field to column.
    reasons, skipped : Counter
        Why records were rejected; kinds that hold nothing for us.
    records : int
        Records found.
    sizes : Counter
        Records of each file.
    traces, spans, remarks, rejected : int
        What is in the spools.
    annotations : list of Said
        What people said in another tool.
    first : list of Trace
        The first traces, for a look at them.
    folders : list of pathlib.Path
        Folders of the spools.
    in_pieces : bool
        A trace may be there in several pieces.
    redacted : Counter
        Values that were taken out, by kind.
    """

    source: str
    formats: list[str] = field(default_factory=list)
    columns: Columns = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    records: int = 0
    sizes: Counter[str] = field(default_factory=Counter)
    traces: int = 0
    spans: int = 0
    remarks: int = 0
    rejected: int = 0
    annotations: list[Said] = field(default_factory=list)
    first: list[Trace] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    in_pieces: bool = False
    redacted: Counter[str] = field(default_factory=Counter)

    def is_something(self) -> bool:
        """Return whether there is anything to commit."""
        return bool(self.traces or self.remarks or self.annotations)


def joined(source: str, parts: Sequence[Found]) -> Found:
    """Return what several parts of a source hold together."""
    whole = Found(source)
    for part in parts:
        whole.formats += [name for name in part.formats if name not in whole.formats]
        whole.columns = {**part.columns, **whole.columns}
        for name in (
            "reasons", "skipped", "records", "sizes", "traces", "spans", "remarks",
            "rejected", "annotations", "first", "folders", "redacted",
        ):  # fmt: skip
            setattr(whole, name, getattr(whole, name) + getattr(part, name))
    whole.first = whole.first[:_FIRST]
    whole.in_pieces = whole.spans > 0
    return whole


def fill(
    spool: Spool,
    reading: Reading,
    builders: Builders,
    *,
    redactor: Redactor | None = None,
    watch: Callable[[Iterable[Outcome]], Iterable[Outcome]] = iter,
) -> Found:
    """Put all that a reading finds into a spool, and finish it.

    Parameters
    ----------
    spool : Spool
        Where it goes.
    reading : Reading
        Where it comes from.
    builders : Builders
        What makes traces of spans.
    redactor : Redactor, optional
        Takes out what is not to be stored.
    watch : callable, optional
        Is handed what comes out and hands it on, such as a progress bar.
    """
    filling = _Filling(spool, reading, builders, redactor)
    with _seldom_collecting():
        filling.fill(watch(reading))
    folder = spool.finish()
    redacted = Counter(redactor.found() if redactor else {})
    reasons = redactor.reasons(reading.reasons) if redactor else reading.reasons
    return Found(
        reading.source, reading.formats, reading.columns, reasons,
        reading.skipped, reading.records, reading.sizes, spool.traces - spool.before,
        filling.spans, spool.remarks, spool.rejected, filling.annotations,
        filling.first, [folder], filling.in_pieces, redacted,
    )  # fmt: skip


@contextlib.contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Let the garbage collector look seldom.

    Parsing makes millions of objects and no cycles; looking for cycles among them
    took an eighth of an import.
    """
    before = gc.get_threshold()
    gc.set_threshold(_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


class _Filling:
    """Sorts what a reading finds; spans go by way of their trace."""

    def __init__(
        self,
        spool: Spool,
        reading: Reading,
        builders: Builders,
        redactor: Redactor | None,
    ) -> None:
        self.spool = spool
        self.reading = reading
        self._builders = builders
        self._redactor = redactor
        self.annotations: list[Said] = []
        self.spans = 0
        self.first: list[Trace] = []
        self.in_pieces = False
        self._assembly = Assembly()

    def fill(self, outcomes: Iterable[Outcome]) -> None:
        assembly, spool, redactor = self._assembly, self.spool, self._redactor
        for found, raw in outcomes:
            item = found if redactor is None else redactor.apply(found)
            sort = type(item)
            if sort is Span:
                self.spans += 1
                if assembly.add(item, raw.file, raw.line):
                    self.in_pieces = True
                    self._build(everything=False)
            elif sort is Trace:
                self.spans += len(item.spans)
                self._add(item, raw)
            elif sort is Reject:
                spool.reject(item)
            elif sort is Remark:
                spool.remark(item, source=raw.file, line=raw.line)
            else:
                self.annotations.append(Said(item, raw.file, raw.line))
        self._build(everything=True)

    def _add(self, trace: Trace, raw: Raw, *, built: bool = False) -> None:
        try:
            self.spool.add(trace, source=raw.file, line=raw.line, built=built)
        except BadRecord as reason:
            self._refuse(raw, reason)
            return
        if len(self.first) < _FIRST:
            self.first.append(trace)

    def _build(self, *, everything: bool) -> None:
        for found in self._assembly.take(everything=everything):
            raw = Raw(found.file, found.line)
            try:
                trace = self._builders.trace(found.spans)
            except BadRecord as reason:
                self._refuse(raw, reason)
            else:
                self._add(trace, raw, built=True)

    def _refuse(self, raw: Raw, reason: BadRecord) -> None:
        reject = self.reading.refuse(raw, str(reason))[0]
        self.spool.reject(self._redactor.apply(reject) if self._redactor else reject)
