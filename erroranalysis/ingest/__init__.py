"""From files, frames and lists to traces.

Three questions are asked apart. *How do bytes become records?* ``sources`` answers it:
JSON in any arrangement, CSV, Parquet, frames, lists. *What does a record hold?* A
reader answers it, one module each in ``readers/``, listed in :data:`READERS`: it says
whether a record has its shape, and yields traces or the spans of traces. *How do spans
become a trace?* ``build`` answers it, once for all formats.
"""

from __future__ import annotations

from erroranalysis.ingest.assembly import Builders
from erroranalysis.ingest.filling import Found, fill, joined
from erroranalysis.ingest.preview import Preview
from erroranalysis.ingest.reader import BadRecord, Reader
from erroranalysis.ingest.readers import (
    anthropic,
    anthropic_batch,
    argilla,
    atif,
    braintrust,
    chat,
    claude_code,
    datadog,
    flat,
    inspect_eval,
    jaeger,
    label_studio,
    langfuse,
    langsmith,
    mlflow,
    openai_batch,
    openai_logs,
    otel_console,
    otlp,
    phoenix,
    preferences,
    tau2,
    tau_bench,
    weave,
    who_and_when,
)
from erroranalysis.ingest.reading import Reading
from erroranalysis.ingest.report import IngestReport
from erroranalysis.ingest.spool import Spool, temporary_folder

# The order is the order of detection: the most particular shape first.
READERS: tuple[Reader, ...] = (
    mlflow.READER,
    otlp.READER,
    phoenix.READER,
    otel_console.READER,
    jaeger.READER,
    claude_code.READER,
    atif.READER,
    tau2.READER,
    tau_bench.READER,
    who_and_when.READER,
    inspect_eval.READER,
    langfuse.READER,
    langsmith.READER,
    braintrust.READER,
    weave.READER,
    datadog.READER,
    openai_batch.READER,
    anthropic_batch.READER,
    anthropic.READER,
    openai_logs.READER,
    label_studio.READER,
    argilla.READER,
    preferences.READER,
    chat.READER,
    flat.READER,
)
BUILDERS = Builders(READERS)

__all__ = [
    "BUILDERS",
    "READERS",
    "BadRecord",
    "Found",
    "IngestReport",
    "Preview",
    "Reader",
    "Reading",
    "Spool",
    "fill",
    "joined",
    "temporary_folder",
]
