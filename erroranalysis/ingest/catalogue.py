"""All readers there are. Imported where something is read, since they are many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erroranalysis.ingest.assembly import Builders
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
    span_attributes,
    tau2,
    tau_bench,
    weave,
    who_and_when,
)

if TYPE_CHECKING:
    from erroranalysis.ingest.reader import Reader

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
    span_attributes.READER,
    preferences.READER,
    chat.READER,
    flat.READER,
)
BUILDERS = Builders(READERS)
