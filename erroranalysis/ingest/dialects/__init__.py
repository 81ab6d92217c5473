"""What the attributes of OpenTelemetry spans mean, one module for each convention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erroranalysis.ingest.dialects import openinference, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from erroranalysis.ingest.build import Facts
    from erroranalysis.ingest.dialects.dialect import Dialect
    from erroranalysis.records import Span

# The first that knows the attributes is asked; ``plain`` knows all.
DIALECTS: tuple[Dialect, ...] = (openinference.DIALECT, plain.DIALECT)


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
    return span


def _taken(attributes: dict[str, Any], names: tuple[str, ...]) -> str | None:
    """Take a text out of the attributes: it is not to be stored twice."""
    for name in names:
        if isinstance(attributes.get(name), str):
            return str(attributes.pop(name))
    return None


def explain(span: Span) -> Facts:
    """Return what a span says; see :class:`~erroranalysis.ingest.build.Facts`."""
    return of(span.attributes).explain(span)
