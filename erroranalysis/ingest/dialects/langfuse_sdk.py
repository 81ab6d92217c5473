"""The SDKs of Langfuse since version 3, which write OpenTelemetry spans."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from erroranalysis.ingest.build import Exchange, Facts
from erroranalysis.ingest.dialects.dialect import Dialect, about_source, error, speaks
from erroranalysis.ingest.dialects.genai import said_messages
from erroranalysis.ingest.dialects.plain import own_facts, session_of, user_of
from erroranalysis.ingest.utterances import utterance
from erroranalysis.ingest.values import as_count, as_number, as_text, unwrap

if TYPE_CHECKING:
    from erroranalysis.records import Span

_OURS = "langfuse."
_WIDTH = len(_OURS)
_OBSERVATION = "langfuse.observation."
_TYPE = _OBSERVATION + "type"
_TRACE = "langfuse.trace."
_METADATA = _TRACE + "metadata"
_KINDS = {"generation": "llm"}
_KNOWN = (_OURS, "session.", "user.", "gen_ai.", "enduser.")
_SLICES = {
    "langfuse.environment": "environment",
    "langfuse.release": "release",
    "langfuse.version": "version",
    "langfuse.trace.name": "name",
}
_INPUT_TOKENS = ("input", "prompt_tokens", "input_tokens", "promptTokens")
_OUTPUT_TOKENS = ("output", "completion_tokens", "output_tokens", "completionTokens")


def _detects(attributes: Mapping[str, Any]) -> bool:
    return _TYPE in attributes or any(
        name.startswith(_OBSERVATION) for name in attributes
    )


def _kind(attributes: Mapping[str, Any]) -> str | None:
    given = attributes.get(_TYPE)
    kind = given.lower() if isinstance(given, str) else "span"
    return _KINDS.get(kind, kind)


def _explain(span: Span) -> Facts:
    get = span.attributes.get
    usage = _object(get(_OBSERVATION + "usage_details"))
    cost = _object(get(_OBSERVATION + "cost_details"))
    facts = Facts(
        session_id=session_of(span.attributes),
        model=as_text(get(_OBSERVATION + "model.name")),
        input_tokens=_count(usage, _INPUT_TOKENS),
        output_tokens=_count(usage, _OUTPUT_TOKENS),
        cost_usd=_cost(cost),
        error=_error(span),
        metadata=about_source(span.attributes) | user_of(span.attributes),
    )
    if span.kind == "llm":
        facts.exchange = partial(_exchange, span)
    is_said = span.kind != "llm" and speaks(span)
    asked = get(_TRACE + "input") or (span.input if is_said else None)
    answered = get(_TRACE + "output") or (span.output if is_said else None)
    facts.asked = utterance(_bare(asked), "user")
    facts.answered = utterance(_bare(answered), "assistant")
    if span.parent_id is None:
        facts.metadata |= own_facts(span.attributes, _KNOWN)
    return facts


def about_trace(attributes: Mapping[str, Any], facts: Facts) -> None:
    """Add what the SDK says of the trace on every span, whoever made the span."""
    for name in [name for name in attributes if name[:_WIDTH] == _OURS]:
        value = attributes[name]
        if name in _SLICES:
            facts.metadata[_SLICES[name]] = value
        elif name == _TRACE + "tags":
            facts.tags += map(str, value if isinstance(value, list) else [value])
        elif name == _METADATA:
            given = unwrap(value)
            facts.metadata |= (
                given if isinstance(given, Mapping) else {"metadata": given}
            )
        elif name.startswith(_METADATA + "."):
            facts.metadata[name[len(_METADATA) + 1 :]] = _value(value)


def _value(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value that stands as JSON, texts in their quotes."""
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value


def _bare(value: object) -> object:
    """Return a text that is written as JSON, in quotes, without them."""
    if isinstance(value, str) and value[:1] == '"' == value[-1:]:
        return _value(value)
    return value


def _object(value: object) -> Mapping[str, Any]:
    value = unwrap(value)
    return value if isinstance(value, Mapping) else {}


def _count(usage: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    return as_count(next((usage[n] for n in names if usage.get(n) is not None), None))


def _cost(cost: Mapping[str, Any]) -> float | None:
    if cost.get("total") is not None:
        return as_number(cost["total"])
    parts = [number for n in cost.values() if (number := as_number(n)) is not None]
    return sum(parts) if parts else None


def _error(span: Span) -> str | None:
    if span.attributes.get(_OBSERVATION + "level") == "ERROR":
        said = as_text(span.attributes.get(_OBSERVATION + "status_message"))
        return said or error(span) or "error"
    return error(span)


def _exchange(span: Span) -> Exchange:
    asked, answered = _bare(span.input), _bare(span.output)
    return said_messages(asked, "user"), said_messages(answered, "assistant")


DIALECT = Dialect(
    "Langfuse",
    _detects,
    _kind,
    _explain,
    (_OBSERVATION + "input",),
    (_OBSERVATION + "output",),
)
