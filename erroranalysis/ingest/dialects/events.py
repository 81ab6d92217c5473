"""Messages that the GenAI conventions put into log records and span events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from erroranalysis.ingest.dialects.dialect import EVENTS, LOGS
from erroranalysis.ingest.dialects.feedback import EVALUATION, evaluation
from erroranalysis.ingest.messages import ROLES, normalise
from erroranalysis.ingest.reader import BadRecord, Skip
from erroranalysis.ingest.values import as_count, as_text, unwrap
from erroranalysis.records import Remark, Span

if TYPE_CHECKING:
    from erroranalysis.ingest.build import Exchange
    from erroranalysis.records import Message

DETAILS = "gen_ai.client.inference.operation.details"
_OLD_DETAILS = ("gen_ai.content.prompt", "gen_ai.content.completion")
_MESSAGE = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
    "gen_ai.choice": "assistant",
}
_IN, _OUT = "gen_ai.input.messages", "gen_ai.output.messages"


def from_log(
    ids: tuple[str | None, str | None],
    log: dict[str, Any],
    common: Mapping[str, Any],
    format: str,  # noqa: A002 - the word of Span
) -> Span | Remark | Skip:
    """Return what a log record means: a piece of its span, feedback, or nothing.

    Parameters
    ----------
    ids : tuple of str or None
        Id of the trace and of the span, in our spelling.
    log : dict
        ``name``, ``time``, ``body`` and ``attributes`` of the record.
    common : mapping
        What its resource and scope say.
    format : str
        Name of the reader.

    Raises
    ------
    BadRecord
        It holds a message or an evaluation, but not of which span.

    Examples
    --------
    >>> log = {"name": "http.request", "body": "GET /", "attributes": {}}
    >>> from_log(("t", "s"), log, {}, "otlp")
    Skip(kind='log record')
    """
    name, attributes = str(log.get("name") or ""), log["attributes"]
    trace_id, span_id = ids
    if not name.startswith("gen_ai."):
        return Skip("log record")
    if name == EVALUATION and (trace_id or span_id):
        said = evaluation(attributes, span_id, log.get("time"))
        return Remark(said, trace_id=trace_id, span_id=span_id)
    if trace_id is None or span_id is None:
        missing = "trace" if trace_id is None else "span"
        raise BadRecord(
            f"the log record {name} has no {missing} id, so it cannot be joined with"
            " its span; record it while the span is active"
        )
    piece = Span(trace_id, span_id, format=format)
    if name == DETAILS:
        # the texts move to where the span itself has them: not to be stored twice
        attributes = dict(attributes)
        piece.input = as_text(unwrap(attributes.pop(_IN, None)))
        piece.output = as_text(unwrap(attributes.pop(_OUT, None)))
        log = {**log, "attributes": attributes}
    piece.attributes = {**common, LOGS: [log]}
    return piece


def has_messages(attributes: Mapping[str, Any]) -> bool:
    """Return whether log records or events of a span are of the GenAI conventions."""
    return any(
        str(item.get("name") or "").startswith("gen_ai.")
        for item in (*(attributes.get(LOGS) or ()), *(attributes.get(EVENTS) or ()))
    )


def details(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the events with the details of a call say, as attributes."""
    known: dict[str, Any] = {}
    for item in (*(attributes.get(LOGS) or ()), *(attributes.get(EVENTS) or ())):
        if item.get("name") == DETAILS or item.get("name") in _OLD_DETAILS:
            known |= item.get("attributes") or {}
    return known


def exchange(attributes: Mapping[str, Any]) -> Exchange:
    """Return the messages of a model call that stand in log records or events."""
    before: list[Message] = []
    after: list[Message] = []
    for item in _in_order(attributes):
        name = str(item.get("name") or item.get("event.name"))
        if (role := _MESSAGE.get(name)) is not None:
            found = lenient([_body(item, role)], role)
            (after if name == "gen_ai.choice" else before).extend(found)
    return before, after


def _in_order(attributes: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    logs = sorted(
        attributes.get(LOGS) or (), key=lambda log: as_count(log.get("time")) or 0
    )
    own = unwrap(attributes.get("events"))  # Pydantic AI keeps a list of them
    own = [item for item in own if isinstance(item, Mapping)] if _is_list(own) else []
    return [*logs, *(attributes.get(EVENTS) or ()), *own]


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _body(item: Mapping[str, Any], role: str) -> dict[str, Any]:
    """Return the message of an event; its body, or attributes in place of one."""
    said = item.get("attributes") or {}
    body = unwrap(item.get("body"))
    if body is None:
        body = unwrap(said.get("gen_ai.event.content"))
    if body is None:
        body = {name: unwrap(value) for name, value in (said or item).items()}
    if not isinstance(body, Mapping):
        body = {"content": body}
    inner = unwrap(body.get("message"))  # of a choice
    if isinstance(inner, Mapping):
        body = inner
    elif inner is not None:
        body = {**body, "content": inner}
    out = {name: body[name] for name in _FIELDS if body.get(name)}
    if role == "tool" and body.get("id"):
        out["tool_call_id"] = body["id"]
    return {**out, "role": role}


_FIELDS = ("content", "parts", "tool_calls", "tool_call_id", "name", "reasoning")


def lenient(messages: Iterable[object], side: str) -> list[Message]:
    """Return messages in our shape, whatever is wrong with them; empty ones are left.

    Parameters
    ----------
    messages : iterable
        Messages as a convention writes them.
    side : str
        Role of those that name none that is known.

    Examples
    --------
    >>> lenient([{"role": "narrator", "content": "Hi"}, {"role": "user"}], "user")
    [{'role': 'user', 'content': 'Hi'}]
    """
    given = [_with_role(message, side) for message in messages]
    try:
        out = normalise(given)
    except BadRecord:
        out = [one for message in given for one in _alone(message)]
    return [one for one in out if one["content"] or len(one) > _ROLE_AND_CONTENT]


def _with_role(message: object, side: str) -> dict[str, Any]:
    if not isinstance(message, Mapping):
        return {"role": side, "content": message}
    return {**message, "role": ROLES.get(str(message.get("role")).lower(), side)}


def _alone(message: Mapping[str, Any]) -> list[Message]:
    try:
        return normalise([message])
    except BadRecord:
        text = as_text(message.get("content")) or as_text(message) or ""
        return [{"role": message["role"], "content": text}]


_ROLE_AND_CONTENT = 2
