"""The attributes of a model call alone, as logs keep them: no ids, no times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erroranalysis.ingest import dialects
from erroranalysis.ingest.reader import Context, Reader
from erroranalysis.records import Span, digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MARKS = {
    "openinference.span.kind", "llm.model_name", "gen_ai.operation.name",
    "gen_ai.provider.name", "gen_ai.system", "gen_ai.request.model", "ai.operationId",
    "traceloop.span.kind",
}  # fmt: skip


def _detects(record: Mapping[str, Any]) -> bool:
    return not _MARKS.isdisjoint(record)


def _reads(record: Mapping[str, Any], _: Context) -> Iterator[Span]:
    trace_id = "a_" + digest(record)
    attributes = dict(record)
    name = attributes.get("gen_ai.operation.name") or attributes.get("ai.operationId")
    yield dialects.settle(
        Span(
            trace_id,
            trace_id,
            name=str(name) if name else None,
            attributes=attributes,
            format="otlp",
        )
    )


READER = Reader(
    "span-attributes",
    "attributes of a span alone (gen_ai.…, llm.…, openinference.…)",
    _detects,
    _reads,
)
