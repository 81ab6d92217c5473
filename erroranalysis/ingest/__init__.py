"""From files, frames and lists to traces.

Three questions are asked apart. *How do bytes become records?* ``sources`` answers it:
JSON in any arrangement, CSV, Parquet, frames, lists. *What does a record hold?* A
reader answers it, one module each in ``readers/``, listed in ``catalogue``: it says
whether a record has its shape, and yields traces or the spans of traces. *How do spans
become a trace?* ``build`` answers it, once for all formats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from erroranalysis._lazy import on_first_use

if TYPE_CHECKING:
    from erroranalysis.ingest.filling import Found, fill, joined
    from erroranalysis.ingest.preview import Preview
    from erroranalysis.ingest.reader import BadRecord, Reader
    from erroranalysis.ingest.reading import Reading
    from erroranalysis.ingest.report import IngestReport
    from erroranalysis.ingest.spool import Spool, spooled, temporary_folder

__all__ = [
    "BadRecord",
    "Found",
    "IngestReport",
    "Preview",
    "Reader",
    "Reading",
    "Spool",
    "fill",
    "joined",
    "spooled",
    "temporary_folder",
]

# opening a project should not pay for all of this
__getattr__ = on_first_use(
    __name__,
    {
        "filling": ["Found", "fill", "joined"],
        "preview": ["Preview"],
        "reader": ["BadRecord", "Reader"],
        "reading": ["Reading"],
        "report": ["IngestReport"],
        "spool": ["Spool", "spooled", "temporary_folder"],
    },
)
