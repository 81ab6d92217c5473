"""What the attributes of OpenTelemetry spans mean, one module for each convention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erroranalysis.ingest.dialects import (
    feedback,
    genai,
    langfuse_sdk,
    mlflow,
    openinference,
    openllmetry,
    plain,
    vercel,
)
from erroranalysis.ingest.dialects.dialect import EVENTS, LOGS, SOURCE_ID
from erroranalysis.ingest.dialects.feedback import has_feedback
from erroranalysis.ingest.reader import Skip
from erroranalysis.ingest.values import as_text, unwrap

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from erroranalysis.ingest.build import Facts
    from erroranalysis.ingest.dialects.dialect import Dialect
    from erroranalysis.records import Remark, Span

__all__ = [
    "DIALECTS",
    "explain",
    "has_feedback",
    "of",
    "settle",
    "with_remarks",
]

# The first that knows the attributes is asked; ``plain`` knows all. OpenInference is
# seen at a glance; several of the others write ``gen_ai.`` beside their own names.
DIALECTS: tuple[Dialect, ...] = (
    openinference.DIALECT,
    langfuse_sdk.DIALECT,
    vercel.DIALECT,
    openllmetry.DIALECT,
    genai.DIALECT,
    mlflow.DIALECT,
    plain.DIALECT,
)
# they stand in spans and in log records, which space their JSON differently
_BODIES = (str, list, dict)
_TWICE = {"gen_ai.input.messages", "gen_ai.output.messages"}


def of(attributes: Mapping[str, Any]) -> Dialect:
    """Return the dialect that attributes are written in."""
    for dialect in DIALECTS:
        if dialect.detects(attributes):
            return dialect
    return DIALECTS[-1]


def settle(span: Span) -> Span:
    """Give a span its kind, and what went in and out, from its attributes."""
    attributes = span.attributes
    dialect = of(attributes)
    span.kind = dialect.kind(attributes) or span.kind
    span.input = span.input or _taken(attributes, dialect.inputs)
    span.output = span.output or _taken(attributes, dialect.outputs)
    if span.output is None and span.kind in openinference.WITH_DOCUMENTS:
        span.output = openinference.documents(attributes)
    return span


def with_remarks(span: Span) -> Iterator[Span | Remark | Skip]:
    """Yield a span, and the feedback in it that is about other traces or a session.

    A span that is there only to carry such feedback is no step of a product.
    """
    said = list(feedback.remarks(span))
    yield from said
    if said and feedback.only_carries(span):
        yield Skip("span that carries feedback")
    else:
        yield span


def _taken(attributes: dict[str, Any], names: tuple[str, ...]) -> str | None:
    """Take a text out of the attributes: it is not to be stored twice."""
    for name in names:
        value = attributes.get(name)
        if value is not None and isinstance(value, _BODIES):
            del attributes[name]
            if type(value) is str and name not in _TWICE:
                return value
            return as_text(unwrap(value) if name in _TWICE else value)
    return None


def explain(span: Span) -> Facts:
    """Return what a span says; see :class:`~erroranalysis.ingest.build.Facts`."""
    attributes = span.attributes
    facts = of(attributes).explain(span)
    is_root = span.parent_id is None
    if is_root and span.name and "name" not in facts.metadata:
        facts.metadata["name"] = span.name
    if SOURCE_ID in attributes:
        facts.metadata["source_id"] = attributes[SOURCE_ID]
    if is_root or span.kind != "llm":
        langfuse_sdk.about_trace(attributes, facts)
    if EVENTS in attributes or LOGS in attributes or has_feedback(attributes):
        facts.feedback = (*facts.feedback, *feedback.told(span))
    return facts
