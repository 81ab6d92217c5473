"""From files, frames and lists to traces.

Two questions are asked apart. *How do bytes become records?* ``sources`` answers it:
JSON in any arrangement, CSV, Parquet, frames, lists. *How does a record become a
trace?* A reader answers it, one module each, listed in :data:`READERS`: it says
whether a record has its shape, and maps it to a :class:`~erroranalysis.records.Trace`.
"""

from __future__ import annotations

from erroranalysis.ingest import chat, flat, openai_logs, tau_bench
from erroranalysis.ingest.reader import BadRecord, Reader
from erroranalysis.ingest.reading import Reading
from erroranalysis.ingest.report import IngestReport
from erroranalysis.ingest.spool import Spool

# The order is the order of detection: the most particular shape first.
READERS: tuple[Reader, ...] = (
    tau_bench.READER,
    openai_logs.READER,
    chat.READER,
    flat.READER,
)

__all__ = [
    "READERS",
    "BadRecord",
    "IngestReport",
    "Reader",
    "Reading",
    "Spool",
]
