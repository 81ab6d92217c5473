"""An import from first byte to commit."""

from __future__ import annotations

import errno
import time
from typing import TYPE_CHECKING

from erroranalysis import ingest
from erroranalysis.errors import IngestError
from erroranalysis.ingest import sources
from erroranalysis.records import dump, new_id, utc_now

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
    """
    began = time.monotonic()
    load_id = new_id("l")
    reading = ingest.read(source, ingest.READERS, format=format, columns=columns)
    try:
        with ingest.Spool(load_id) as spool:
            _fill(spool, reading, sources.describe(source), progress=progress)
            if spool.traces == 0:
                _refuse(source, spool, reading)
            row = {
                "load_id": load_id,
                "source": sources.describe(source),
                "format": reading.reader.name,
                "columns": dump(reading.columns) if reading.columns else None,
                "seconds": time.monotonic() - began,
                "created_at": utc_now(),
            }
            counts = store.traces.commit_load(spool.finish(), row)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise IngestError(
                "The disk for temporary files is full; nothing was imported. Free some"
                " space, or set TMPDIR to a larger disk, and call ingest again."
            ) from error
        raise
    return ingest.IngestReport(
        **counts,
        format=reading.reader.name,
        columns=reading.columns,
        source=sources.describe(source),
        seconds=time.monotonic() - began,
        load_id=load_id,
        reasons=dict(reading.reasons.most_common()),
    )


def _fill(spool: ingest.Spool, reading: Reading, name: str, *, progress: bool) -> None:
    from tqdm.auto import tqdm

    # the bar appears only when an import takes longer than a second
    for trace, reject, raw in tqdm(
        reading, desc="ingest", unit=" records", delay=1, disable=not progress
    ):
        if trace is not None:
            file = name if raw.file in ("list", "dict") else raw.file
            spool.add(trace, source=file, line=raw.line)
        elif reject is not None:
            spool.reject(reject)


def _refuse(source: object, spool: ingest.Spool, reading: Reading) -> None:
    reason, count = reading.reasons.most_common(1)[0]
    raise IngestError(
        f"None of the {spool.rejected:,} records of {sources.describe(source)!r} could"
        f" be read as {reading.reader.name}. Most often ({count:,}): {reason}. Nothing"
        " was imported; name another format= or columns= if the guess is wrong."
    )
