"""From files, frames and lists to traces.

Three questions are asked apart. *How do bytes become records?* ``sources`` answers it:
JSON in any arrangement, CSV, Parquet, frames, lists. *What does a record hold?* A
reader answers it, one module each in ``readers/``, listed in :data:`READERS`: it says
whether a record has its shape, and yields traces or the spans of traces. *How do spans
become a trace?* ``build`` answers it, once for all formats.
"""

from __future__ import annotations

from erroranalysis.ingest.assembly import Assembly, Builders
from erroranalysis.ingest.reader import BadRecord, Reader
from erroranalysis.ingest.readers import chat, flat, openai_logs, otlp, tau_bench
from erroranalysis.ingest.reading import Reading
from erroranalysis.ingest.report import IngestReport
from erroranalysis.ingest.spool import Spool

# The order is the order of detection: the most particular shape first.
READERS: tuple[Reader, ...] = (
    otlp.READER,
    tau_bench.READER,
    openai_logs.READER,
    chat.READER,
    flat.READER,
)
BUILDERS = Builders(READERS)

__all__ = [
    "BUILDERS",
    "READERS",
    "Assembly",
    "BadRecord",
    "IngestReport",
    "Reader",
    "Reading",
    "Spool",
]
