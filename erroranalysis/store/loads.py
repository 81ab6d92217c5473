"""An import from first byte to commit."""

from __future__ import annotations

import contextlib
import gc
import time
from typing import TYPE_CHECKING

from erroranalysis import ingest
from erroranalysis.errors import IngestError
from erroranalysis.ingest.reader import Raw
from erroranalysis.ingest.values import clean
from erroranalysis.records import (
    Annotation,
    Reject,
    Remark,
    Span,
    Trace,
    dump,
    new_id,
    utc_now,
)
from erroranalysis.store.settling import settle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from erroranalysis.ingest import IngestReport, Reading
    from erroranalysis.ingest.reader import Columns
    from erroranalysis.store.store import Store

_OBJECTS = 500_000


def load(
    store: Store,
    source: object,
    *,
    format: str | None = None,  # noqa: A002 - the word that users know
    columns: Columns | None = None,
    progress: bool = True,
) -> IngestReport:
    """Read a source and commit its traces in one transaction.

    Raises
    ------
    IngestError
        Nothing could be read, or the disk is full; nothing was imported then.
    UnknownNameError
        There is no such format, field or column.
    """
    began = time.monotonic()
    load_id = new_id("l")
    reading = ingest.Reading(source, ingest.READERS, format=format, columns=columns)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_seldom_collecting())
        filling = Filling(stack.enter_context(ingest.Spool(load_id)), reading)
        filling.fill(progress=progress)
        if not filling.has_something():
            raise _nothing(filling.spool, reading)
        folders = [filling.spool.finish()]
        folders += settle(filling.spool, stack)
        row = {
            "load_id": load_id,
            "source": clean(reading.source),
            "format": ", ".join(reading.formats),
            "columns": dump(reading.columns) if reading.columns else None,
            "skipped": dump(reading.skipped) if reading.skipped else None,
            "seconds": time.monotonic() - began,
            "created_at": utc_now(),
        }
        counts = store.traces.commit_load(folders, row)
        counts["known_spans"] = filling.spans - counts["spans"]
        if filling.annotations:
            counts["annotations"] = _annotate(store, filling.annotations)
    for reason, count in store.traces.reasons(load_id).items():
        reading.reasons.setdefault(reason, count)
    return ingest.IngestReport(
        **counts,  # type: ignore[arg-type]
        format=", ".join(reading.formats),
        columns=reading.columns,
        source=reading.source,
        seconds=time.monotonic() - began,
        load_id=load_id,
        records=reading.records,
        reasons=dict(reading.reasons.most_common()),
        skipped=dict(reading.skipped.most_common()),
    )


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


class Filling:
    """Puts what a reading finds into a spool, spans by way of their trace."""

    def __init__(self, spool: ingest.Spool, reading: Reading) -> None:
        self.spool = spool
        self.reading = reading
        self.annotations: list[Annotation] = []
        self.spans = 0
        self._assembly = ingest.Assembly()

    def has_something(self) -> bool:
        """Return whether there is anything to commit."""
        return bool(self.spool.traces or self.spool.remarks or self.annotations)

    def fill(self, *, progress: bool) -> None:
        """Read to the end."""
        from tqdm.auto import tqdm

        assembly, spool = self._assembly, self.spool
        # the bar appears only when an import takes longer than a second
        for item, raw in tqdm(
            self.reading, desc="ingest", unit=" records", delay=1, disable=not progress
        ):
            sort = type(item)
            if sort is Span:
                self.spans += 1
                if assembly.add(item, raw.file, raw.line):
                    self._build(everything=False)
            elif sort is Trace:
                self.spans += len(item.spans)
                self._add(item, raw)
            elif sort is Reject:
                spool.reject(item)
            elif sort is Remark:
                spool.remark(item, source=raw.file, line=raw.line)
            else:
                self.annotations.append(item)
        self._build(everything=True)

    def _add(self, trace: Trace, raw: Raw, *, built: bool = False) -> None:
        try:
            self.spool.add(trace, source=raw.file, line=raw.line, built=built)
        except ingest.BadRecord as reason:
            self._refuse(raw, reason)

    def _build(self, *, everything: bool) -> None:
        for found in self._assembly.take(everything=everything):
            raw = Raw(found.file, found.line)
            try:
                trace = ingest.BUILDERS.trace(found.spans)
            except ingest.BadRecord as reason:
                self._refuse(raw, reason)
            else:
                self._add(trace, raw, built=True)

    def _refuse(self, raw: Raw, reason: ingest.BadRecord) -> None:
        self.spool.reject(self.reading.refuse(raw, str(reason))[0])


def _annotate(store: Store, annotations: list[Annotation]) -> int:
    return store.annotations.add_all(annotations)


def _nothing(spool: ingest.Spool, reading: Reading) -> IngestError:
    tried = f" as {', '.join(reading.formats)}" if reading.formats else ""
    if not reading.reasons:
        kinds = ", ".join(f"{kind} ({n:,})" for kind, n in reading.skipped.items())
        return IngestError(
            f"{reading.source!r} holds no traces{tried}; it has only {kinds}."
        )
    reason, count = reading.reasons.most_common(1)[0]
    how = (
        ""
        if count == spool.rejected == 1
        else f" (for {count:,} of {spool.rejected:,})"
    )
    return IngestError(
        f"No record of {reading.source!r} could be read{tried}. The reason{how}:"
        f" {reason}. Nothing was imported; name another format= or columns= if the"
        " guess is wrong."
    )
