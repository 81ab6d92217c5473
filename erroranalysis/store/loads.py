"""An import from first byte to commit."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from erroranalysis import ingest
from erroranalysis.errors import IngestError
from erroranalysis.ingest.values import clean
from erroranalysis.records import dump, new_id, utc_now
from erroranalysis.store.traces import CONFLICT

if TYPE_CHECKING:
    from erroranalysis.ingest import IngestReport, Reading
    from erroranalysis.ingest.reader import Columns
    from erroranalysis.store.store import Store


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
    with ingest.Spool(load_id) as spool:
        _fill(spool, reading, progress=progress)
        if spool.traces == 0:
            raise _nothing(spool, reading)
        row = {
            "load_id": load_id,
            "source": clean(reading.source),
            "format": ", ".join(reading.formats),
            "columns": dump(reading.columns) if reading.columns else None,
            "seconds": time.monotonic() - began,
            "created_at": utc_now(),
        }
        counts = store.traces.commit_load(spool.finish(), row)
    if conflicts := counts["rejected"] - spool.rejected:
        reading.reasons[CONFLICT] = conflicts
    return ingest.IngestReport(
        **counts,
        format=", ".join(reading.formats),
        columns=reading.columns,
        source=reading.source,
        seconds=time.monotonic() - began,
        load_id=load_id,
        reasons=dict(reading.reasons.most_common()),
    )


def _fill(spool: ingest.Spool, reading: Reading, *, progress: bool) -> None:
    from tqdm.auto import tqdm

    # the bar appears only when an import takes longer than a second
    for trace, reject, raw in tqdm(
        reading, desc="ingest", unit=" records", delay=1, disable=not progress
    ):
        found = reject
        if trace is not None:
            try:
                spool.add(trace, source=raw.file, line=raw.line)
            except ingest.BadRecord as reason:
                _, found, _ = reading.refuse(raw, str(reason))
        if found is not None:
            spool.reject(found)


def _nothing(spool: ingest.Spool, reading: Reading) -> IngestError:
    reason, count = reading.reasons.most_common(1)[0]
    tried = f" as {', '.join(reading.formats)}" if reading.formats else ""
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
