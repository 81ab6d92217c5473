"""OpenInference: the attributes that Phoenix and its instrumentation write."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from erroranalysis.ingest.build import Exchange, Facts
from erroranalysis.ingest.dialects.dialect import (
    Dialect,
    Names,
    about_source,
    error,
    speaks,
)
from erroranalysis.ingest.dialects.plain import own_facts
from erroranalysis.ingest.messages import ROLES
from erroranalysis.ingest.utterances import Side, conversation, utterance
from erroranalysis.ingest.values import as_count, as_id, as_number, as_text, unwrap

if TYPE_CHECKING:
    from erroranalysis.records import Message, Span

_KIND = "openinference.span.kind"
_IN, _OUT = "llm.input_messages", "llm.output_messages"
_KNOWN = (
    "openinference.", "llm.", "input.", "output.", "metadata", "session.", "user.",
    "tag.", "retrieval.", "reranker.", "embedding.", "tool.", "document.", "prompt.",
    "image.", "audio.", "message.", "agent.", "graph.", "annotations", "evaluations",
    "trace.annotations", "trace.evaluations", "session.annotations",
    "session.evaluations", "langfuse.",
)  # fmt: skip
WITH_DOCUMENTS = {"retriever", "reranker"}
_DOCUMENTS = ("retrieval.documents", "reranker.output_documents")
_CONTENT = ".document.content"
_VERSION = "llm.prompt_template.version"
_PROMPTS, _CHOICES = "llm.prompts", "llm.choices"
_LISTS = {"tool_calls", "contents"}

_Field = str | tuple[str, int, str]
_Fields = dict[_Field, Any]
_Spot = tuple[bool, int, _Field]


def _detects(attributes: Mapping[str, Any]) -> bool:
    return _KIND in attributes or "llm.model_name" in attributes


def _kind(attributes: Mapping[str, Any]) -> str | None:
    kind = attributes.get(_KIND)
    return kind.lower() if isinstance(kind, str) else None


def _explain(span: Span) -> Facts:
    get = span.attributes.get
    is_call = span.kind == "llm"
    session = get("session.id")
    facts = Facts(
        session_id=session if type(session) is str else as_id(session),
        model=get("llm.model_name"),
        input_tokens=as_count(get("llm.token_count.prompt")),
        output_tokens=as_count(get("llm.token_count.completion")),
        cost_usd=as_number(get("llm.cost.total")),
    )
    if span.status == "error":
        facts.error = error(span)
    if is_call:
        facts.exchange = partial(_exchange, span)
        if facts.cost_usd is None and "llm.cost.prompt" in span.attributes:
            parts = get("llm.cost.prompt"), get("llm.cost.completion")
            facts.cost_usd = sum(as_number(part) or 0 for part in parts)
        if _VERSION in span.attributes:
            facts.metadata[_VERSION] = get(_VERSION)
    elif span.kind == "tool":
        facts.tool = as_text(get("tool.name") or get("tool_call.function.name"))
        facts.call_id = as_text(get("tool_call.id") or get("tool.id"))
    if not is_call or span.parent_id is None:
        _about_trace(span, facts, is_call=is_call)
    return facts


def _about_trace(span: Span, facts: Facts, *, is_call: bool) -> None:
    """Add what a span says that is no model call inside of something else."""
    attributes = span.attributes
    if not is_call and speaks(span):
        facts.asked = utterance(span.input, "user")
        facts.answered = utterance(span.output, "assistant")
    tags = attributes.get("tag.tags")
    if isinstance(tags, list):
        facts.tags = [str(tag) for tag in tags]
    metadata = about_source(attributes)
    if span.parent_id is None:
        metadata |= own_facts(attributes, _KNOWN)
    if user := attributes.get("user.id"):
        metadata["user_id"] = user
    if isinstance(given := unwrap(attributes.get("metadata")), Mapping):
        metadata |= given
    facts.metadata |= metadata


def _exchange(span: Span) -> Exchange:
    """Return the messages of a model call."""
    inputs: dict[int, _Fields] = {}
    outputs: dict[int, _Fields] = {}
    for name, value in span.attributes.items():
        if (spot := _spots[name]) is not None:
            goes_in, place, field = spot
            messages = inputs if goes_in else outputs
            if place < 0:
                _collect(messages, value)
            elif place in messages:
                messages[place][field] = value
            else:
                messages[place] = {field: value}
    before = [_message(fields, "user") for fields in _ordered(inputs)]
    after = [_message(fields, "assistant") for fields in _ordered(outputs)]
    return (
        before or _bodily(span, _PROMPTS, span.input, "user"),
        after or _bodily(span, _CHOICES, span.output, "assistant"),
    )


def _bodily(span: Span, name: str, body: str | None, side: Side) -> list[Message]:
    """Return the messages of a call that has none: prompts in text, or its body."""
    role = ROLES[side]
    texts = [
        {"role": role, "content": as_text(value) or ""}
        for key, value in span.attributes.items()
        if key.startswith(name) and key.endswith(".text") and value
    ]
    if texts or (found := conversation(body, side)) is None:
        text = None if texts else utterance(body, side)
        return [*texts, {"role": role, "content": text}] if text else texts
    return found


def documents(attributes: dict[str, Any]) -> str | None:
    """Take the texts of the documents that were found out of the attributes.

    Examples
    --------
    >>> found = {"retrieval.documents.0.document.content": "Refunds take a week."}
    >>> documents(found), found
    ('Refunds take a week.', {})
    """
    texts: dict[int, str] = {}
    for name in _DOCUMENTS:
        if isinstance(given := attributes.get(name), list):
            # a data frame of Phoenix holds a list of objects
            for place, item in enumerate(given):
                for key, value in _flat(item, ""):
                    if f".{key}".endswith(_CONTENT) and value:
                        texts[place] = str(value)
            continue
        for key in [key for key in attributes if key.startswith(name + ".")]:
            number, _, rest = key[len(name) + 1 :].partition(".")
            if number.isdecimal() and rest == _CONTENT[1:] and attributes[key]:
                texts[int(number)] = str(attributes.pop(key))
    return "\n\n".join(texts[place] for place in sorted(texts)) or None


def _spot(name: str) -> _Spot | None:
    """Return whose messages a name is about, the place of the message and its field.

    ``llm.input_messages.0.message.role`` is the role of message 0 that went in; the
    name without a number holds all messages, its place is -1.
    """
    goes_in = name.startswith(_IN)
    if not goes_in and not name.startswith(_OUT):
        return None
    rest = name[len(_IN if goes_in else _OUT) :]
    if not rest:
        return goes_in, -1, ""
    number, _, field = rest[1:].partition(".")
    if rest[0] != "." or not number.isdecimal():
        return None
    return goes_in, int(number), _field(field)


def _field(name: str) -> _Field:
    """Return a field of a message: its name, or a list, a place in it and a name.

    ``tool_calls.0.tool_call.id`` is the field ``id`` of call 0.
    """
    name = name.removeprefix("message.")
    head, _, rest = name.partition(".")
    number, _, rest = rest.partition(".")
    if head not in _LISTS or not number.isdecimal():
        return name
    field = rest.removeprefix("tool_call.").removeprefix("message_content.")
    return head, int(number), field


def _collect(found: dict[int, _Fields], messages: object) -> None:
    """Sort the list of objects that a data frame of Phoenix holds; names are dotted."""
    for place, item in enumerate(messages if isinstance(messages, list) else ()):
        fields = found.setdefault(place, {})
        for inner, leaf in _flat(item, ""):
            fields[_field(inner)] = leaf


def _ordered(found: dict[int, dict[Any, Any]]) -> list[dict[Any, Any]]:
    """Return what was found at places, in the order of the places."""
    return [found[place] for place in sorted(found)]


def _flat(value: object, name: str) -> list[tuple[str, Any]]:
    """Return the leaves of objects and lists under dotted names."""
    if isinstance(value, Mapping):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)  # type: ignore[assignment]
    else:
        return [(name, value)]
    return [
        leaf
        for key, inner in pairs
        for leaf in _flat(inner, f"{name}.{key}" if name else str(key))
    ]


def _message(fields: _Fields, speaker: str) -> Message:
    given = fields.get("role")
    role = ROLES.get(given) if type(given) is str else None
    content = fields.get("content")
    out: Message = {
        "role": role or ROLES.get(str(given).lower(), speaker),
        "content": content if type(content) is str else as_text(content) or "",
    }
    if len(fields) <= _ROLE_AND_CONTENT and "content" in fields:
        return out
    calls: dict[int, dict[str, Any]] = {}
    parts: dict[int, dict[str, Any]] = {}
    for name, value in fields.items():
        if type(name) is tuple:
            head, place, field = name
            found = calls if head == "tool_calls" else parts
            found.setdefault(place, {})[field] = value
        elif name in ("name", "tool_call_id") and value:
            out[name] = as_text(value)
    if called := fields.get("function_call_name"):
        arguments = fields.get("function_call_arguments_json")
        calls[0] = {"function.name": called, "function.arguments": arguments}
    if calls:
        out["tool_calls"] = [_call(call) for call in _ordered(calls)]
    if parts:
        _add_parts(out, _ordered(parts))
    return out


def _call(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": fields.get("id"),
        "name": fields.get("function.name"),
        "arguments": unwrap(fields.get("function.arguments")),
    }


def _add_parts(message: Message, parts: list[dict[str, Any]]) -> None:
    texts = [message["content"]]
    for part in parts:
        sort = part.get("type")
        if part.get("text"):
            if sort == "reasoning":
                thoughts = (message.get("reasoning"), str(part["text"]))
                message["reasoning"] = "\n\n".join(filter(None, thoughts))
            else:
                texts.append(str(part["text"]))
        media = next(((name, part[name]) for name in _MEDIA if part.get(name)), None)
        if media is not None:
            kind = media[0].partition(".")[0]
            ref = {"type": kind, "ref": str(media[1])}
            message.setdefault("attachments", []).append(ref)
    message["content"] = "\n\n".join(text for text in texts if text)


_spots = Names(_spot)
_ROLE_AND_CONTENT = 2
_MEDIA = ("image.image.url", "audio.audio.url", "image.url", "audio.url")

DIALECT = Dialect(
    "OpenInference",
    _detects,
    _kind,
    _explain,
    ("input.value", "tool_call.function.arguments", "reranker.query"),
    ("output.value",),
)
