"""OpenLLMetry: the attributes that Traceloop and its instrumentation write."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from erroranalysis.ingest.dialects import events, genai
from erroranalysis.ingest.dialects.dialect import Dialect
from erroranalysis.ingest.values import as_id, as_text, unwrap

if TYPE_CHECKING:
    from erroranalysis.ingest.build import Exchange, Facts
    from erroranalysis.records import Message, Span

_KIND = "traceloop.span.kind"
_REQUEST = "llm.request.type"
_REQUESTS = {
    "chat": "llm", "completion": "llm", "embedding": "embedding", "rerank": "reranker",
}  # fmt: skip
_KINDS = {"workflow": "chain", "task": "chain"}
_BEFORE = ("gen_ai.prompt.", "llm.prompts.")
_AFTER = ("gen_ai.completion.", "llm.completions.")
_MARKS = ("traceloop.", *_BEFORE, *_AFTER)
_ASSOCIATED = "traceloop.association.properties."
_SESSIONS = ("session_id", "conversation_id", "thread_id", "chat_id", "session.id")
_USERS = ("user_id", "user.id")
_NAMED = ("traceloop.workflow.name", "traceloop.prompt.key", "traceloop.prompt.version")


def _detects(attributes: Mapping[str, Any]) -> bool:
    return _REQUEST in attributes or any(name.startswith(_MARKS) for name in attributes)


def _kind(attributes: Mapping[str, Any]) -> str | None:
    given = attributes.get(_KIND)
    if isinstance(given, str) and given:
        return _KINDS.get(given.lower(), given.lower())
    request = attributes.get(_REQUEST)
    if isinstance(request, str) and request in _REQUESTS:
        return _REQUESTS[request]
    if any(name.startswith((*_BEFORE, *_AFTER)) for name in attributes):
        return "llm"
    return genai.kind(attributes)


def _explain(span: Span) -> Facts:
    attributes = span.attributes
    facts = genai.explain(span)
    if facts.exchange is not None:
        facts.exchange = partial(_exchange, span)
    if span.kind == "tool":
        facts.tool = facts.tool or as_text(attributes.get("traceloop.entity.name"))
    for name, value in attributes.items():
        if name.startswith(_ASSOCIATED):
            _associate(facts, name[len(_ASSOCIATED) :], value)
    facts.metadata |= {name: attributes[name] for name in _NAMED if name in attributes}
    return facts


def _associate(facts: Facts, name: str, value: Any) -> None:  # noqa: ANN401 - any JSON
    if name in _SESSIONS:
        facts.session_id = facts.session_id or as_id(value)
    elif name in _USERS:
        facts.metadata["user_id"] = value
    elif name == "tags" and isinstance(value, list):
        facts.tags += map(str, value)
    else:
        facts.metadata[name] = unwrap(value)


def _exchange(span: Span) -> Exchange:
    """Return the messages that stand in numbered attributes, or as GenAI has them."""
    before: dict[int, dict[str, Any]] = {}
    after: dict[int, dict[str, Any]] = {}
    for name, value in span.attributes.items():
        for prefixes, found in ((_BEFORE, before), (_AFTER, after)):
            if name.startswith(prefixes):
                prefix = next(one for one in prefixes if name.startswith(one))
                number, _, field = name[len(prefix) :].partition(".")
                if number.isdecimal() and field:
                    found.setdefault(int(number), {})[field] = value
    if not before and not after:
        return genai.exchange(span)
    return _messages(before, "user"), _messages(after, "assistant")


def _messages(found: Mapping[int, Mapping[str, Any]], side: str) -> list[Message]:
    return events.lenient((_message(found[place]) for place in sorted(found)), side)


def _message(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message from ``role``, ``content``, ``tool_calls.0.name``, …."""
    out: dict[str, Any] = {}
    calls: dict[str, dict[str, Any]] = {}
    for name, value in fields.items():
        head, _, rest = name.partition(".")
        if head == "tool_calls":
            number, _, field = rest.partition(".")
            calls.setdefault(number, {})[field] = value
        elif head == "function_call":
            calls.setdefault("", {})[rest] = value
        elif name == "content":
            out["content"] = _content(value)
        elif name in ("role", "tool_call_id", "name", "reasoning", "reasoning_content"):
            out[name] = value
    if calls:
        out["tool_calls"] = [calls[number] for number in sorted(calls, key=_place)]
    return out


def _place(number: str) -> int:
    return int(number) if number.isdecimal() else 0


def _content(value: object) -> object:
    """Return the parts of a content that are written as JSON; other text as it is."""
    parts = unwrap(value)
    is_parts = isinstance(parts, list) and all(
        isinstance(part, Mapping) and isinstance(part.get("type"), str)
        for part in parts
    )
    return parts if is_parts and parts else value


DIALECT = Dialect(
    "OpenLLMetry",
    _detects,
    _kind,
    _explain,
    ("traceloop.entity.input", *genai.INPUTS),
    ("traceloop.entity.output", *genai.OUTPUTS),
)
