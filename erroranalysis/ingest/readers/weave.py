"""W&B Weave: calls as the SDK sends them and the server exports them, and feedback."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from erroranalysis.ingest.build import Facts
from erroranalysis.ingest.ids import normal_id
from erroranalysis.ingest.reader import BadRecord, Context, Reader, Skip
from erroranalysis.ingest.steps import (
    each,
    exchange,
    first_of,
    gist,
    is_talk,
    opened,
    rest,
    said,
    scored,
    text_of,
    time_of,
)
from erroranalysis.ingest.values import as_count, as_id, as_number, as_text, as_time
from erroranalysis.records import Feedback, Remark, Span

NAME = "weave"
_MOVED = {
    "id", "call_id", "trace_id", "parent_id", "started_at", "ended_at", "inputs",
    "output",
}  # fmt: skip
_JSON = ("attributes", "summary", "feedback")
_NESTED = ("inputs", "output", "attributes", "summary")
_OPERATION = re.compile(r"(?:^|/op/)([^/:]+)(?::[^/:]*)?$")
_CALL = re.compile(r"/call/([^/:?#]+)")
# what the integrations call the functions that call a model
_MODEL_CALL = re.compile(
    r"(?:^|\.)(?:completions?|messages|responses|chat|models)"
    r"\.\w*(?:create|complete|parse|stream|generate_content)\w*$"
    r"|^litellm\.\w*completion$"
)
_REFERENCE = "weave:///"
_IN = ("prompt_tokens", "input_tokens")
_OUT = ("completion_tokens", "output_tokens")
_THREAD = ("thread_id", "session_id", "conversation_id")
_USER = ("user_id", "userId", "user")
_OURS = {"weave", "integration", *_USER}
_REASONS = ("reason", "reasoning", "rationale", "explanation", "comment", "note")
_STARTED: OrderedDict[str, str] = OrderedDict()
_MOST_STARTED = 100_000


def _detects(record: Mapping[str, Any]) -> bool:
    if _is_call(record) or _is_feedback(record):
        return True
    if record.get("mode") in ("start", "end"):
        return isinstance(record.get("req"), Mapping)
    if isinstance(batch := record.get("batch"), list):
        return bool(batch) and isinstance(batch[0], Mapping) and _detects(batch[0])
    for name in ("start", "end", "call"):
        inner = record.get(name)
        if isinstance(inner, Mapping) and ("op_name" in inner or "project_id" in inner):
            return True
    return False


def _is_call(record: Mapping[str, Any]) -> bool:
    return isinstance(record.get("op_name"), str) and "trace_id" in record


def _is_feedback(record: Mapping[str, Any]) -> bool:
    return "feedback_type" in record and "weave_ref" in record


def _reads(record: Mapping[str, Any], _: Context) -> Iterator[Any]:
    if "batch" in record:
        if not record["batch"]:
            yield Skip("empty batch")
        yield from each(record["batch"], "batch", _one)
    else:
        yield from _one(record)


def _one(record: Mapping[str, Any]) -> Iterator[Any]:
    """Yield what a call, the start or the end of one, or a piece of feedback holds."""
    body = record.get("req") if "mode" in record else record
    body = body if isinstance(body, Mapping) else record
    if record.get("deleted_at"):
        yield Skip("deleted call")
    elif _is_feedback(record):
        yield from _remarks(record)
    elif isinstance(body.get("start"), Mapping):
        span = _span(body["start"])
        _remember(span)
        yield span
    elif isinstance(body.get("end"), Mapping):
        yield _end(body["end"])
    elif isinstance(body.get("call"), Mapping):
        yield _span(body["call"])
    elif "mode" in record and not _is_call(body):
        yield Skip(f"change of a call ({record['mode']})")
    else:
        yield _span(body)


def _remember(span: Span) -> None:
    """Keep the trace of a call that was started: its end will name only the call."""
    _STARTED[span.span_id] = span.trace_id
    if len(_STARTED) > _MOST_STARTED:
        _STARTED.popitem(last=False)


def _end(call: Mapping[str, Any]) -> Span:
    call_id = normal_id(call.get("id"))
    if call_id is None:
        raise BadRecord("the end of a call without an id")
    trace_id = normal_id(call.get("trace_id")) or _STARTED.get(call_id)
    if trace_id is None:
        raise BadRecord(
            "the end of a call whose start was not read before; an end does not name"
            " its trace: ingest both together, the starts first, or export the calls"
            " from the server"
        )
    return _span({**call, "trace_id": trace_id})


def _span(record: Mapping[str, Any]) -> Span:
    call = _nested(record)
    call_id = normal_id(call.get("id") or call.get("call_id"))
    if call_id is None:
        raise BadRecord("a call without an id")
    trace_id = normal_id(call.get("trace_id"))
    if trace_id is None:
        raise BadRecord("a call without a trace_id; export the calls with that column")
    attributes = rest(call, _MOVED, _JSON)
    if call["trace_id"] != trace_id:
        attributes["trace_id"] = call["trace_id"]
    name = _plain_name(call.get("op_name"))
    ended = time_of(call, "ended_at")
    failed = gist(call.get("exception")) is not None
    return Span(
        trace_id,
        call_id,
        normal_id(call.get("parent_id")),
        _kind(attributes, name),
        name,
        time_of(call, "started_at"),
        ended,
        text_of(call.get("inputs")),
        text_of(call.get("output")),
        attributes,
        "error" if failed else "ok" if ended else None,
        NAME,
    )


def _nested(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a call whose table had a column for each field, such as ``inputs.q``."""
    out: dict[str, Any] = {}
    for name, value in record.items():
        head, dot, field = str(name).partition(".")
        if not dot or head not in _NESTED:
            out.setdefault(name, value)
        elif value is not None and value != "":
            inner = out.get(head)
            if not isinstance(inner, dict):
                inner = out[head] = dict(opened(inner))
            *way, last = field.split(".") if head == "summary" else [field]
            for step in way:
                inner = inner.setdefault(step, {})
            inner[last] = value
    return out


def _plain_name(operation: object) -> str | None:
    """Return ``turn`` for ``weave:///team/project/op/turn:5f3…``."""
    text = as_text(operation)
    found = _OPERATION.search(text) if text else None
    return found[1] if found else text or None


def _kind(attributes: Mapping[str, Any], name: str | None) -> str | None:
    kind = opened(opened(attributes.get("attributes")).get("weave")).get("kind")
    if isinstance(kind, str) and kind:
        return kind.lower()
    return "llm" if name and _MODEL_CALL.search(name) else None


def _explain(span: Span) -> Facts:
    attributes = span.attributes
    about = opened(attributes.get("attributes"))
    summary = opened(attributes.get("summary"))
    server = opened(summary.get("weave"))
    usage = opened(summary.get("usage"))
    given = [opened(counts) for counts in usage.values()]
    # the thread of Weave is a conversation; an application may name its own
    session = attributes.get("thread_id") or first_of(about, _THREAD)
    facts = Facts(
        session_id=as_id(session),
        input_tokens=_sum(as_count(first_of(counts, _IN)) for counts in given),
        output_tokens=_sum(as_count(first_of(counts, _OUT)) for counts in given),
        cost_usd=_cost(opened(server.get("costs") or summary.get("costs"))),
        error=gist(attributes.get("exception")),
        metadata=_metadata(span, about),
        feedback=tuple(_feedback(span, server)),
    )
    if len(usage) == 1:
        facts.model = str(next(iter(usage)))
    if span.kind == "llm":
        body = opened(span.output).get("model") or opened(span.input).get("model")
        facts.model = facts.model or as_text(body)
        facts.exchange = partial(exchange, span.input, span.output)
        return facts
    asked, answered = _spoken(span.input), _spoken(span.output)
    facts.asked, facts.answered = said(asked, "user"), said(answered, "assistant")
    if span.parent_id is None and (is_talk(asked) or is_talk(answered)):
        facts.exchange = partial(exchange, asked, answered)
    return facts


def _sum(numbers: Iterator[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def _spoken(text: str | None) -> str | None:
    """Return a text without what only points to an object on the server."""
    if text is None or text.startswith(_REFERENCE):
        return None
    inner = opened(text)
    if not inner:
        return text
    kept = {
        name: value
        for name, value in inner.items()
        if name != "self" and not str(value).startswith(_REFERENCE)
    }
    return as_text(kept) if kept else None


def _cost(costs: Mapping[str, Any]) -> float | None:
    """Return the sum over models of what the server thinks the tokens cost."""
    found = [
        number
        for one in costs.values()
        for name, value in opened(one).items()
        if name.endswith("_total_cost") and (number := as_number(value)) is not None
    ]
    return sum(found) if found else None


def _metadata(span: Span, about: Mapping[str, Any]) -> dict[str, Any]:
    get = span.attributes.get
    found = {
        name: value
        for name, value in about.items()
        if value is not None and name not in _OURS
    }
    more = {
        "name": span.name,
        "user_id": first_of(about, _USER) or get("wb_user_id"),
        "project": get("project_id"),
        "display_name": None if span.parent_id else get("display_name"),
        "source_id": get("trace_id"),
    }
    return found | {name: value for name, value in more.items() if value is not None}


def _feedback(span: Span, server: Mapping[str, Any]) -> Iterator[Feedback]:
    """Yield the feedback that the server put into a call."""
    for items in (server.get("feedback"), span.attributes.get("feedback")):
        for item in items if isinstance(items, list) else ():
            if isinstance(item, Mapping) and item.get("feedback_type"):
                yield from _said(item, span.span_id)


def _remarks(record: Mapping[str, Any]) -> Iterator[Remark | Skip]:
    found = _CALL.search(str(record["weave_ref"]))
    if found is None:
        yield Skip("feedback about an object")
        return
    call_id = normal_id(found[1])
    for feedback in _said(record, call_id):
        yield Remark(feedback, span_id=call_id)


def _said(item: Mapping[str, Any], call_id: str | None) -> Iterator[Feedback]:
    """Yield what one piece of feedback says; scorers say several things at once."""
    sort = str(item["feedback_type"])
    payload = opened(item.get("payload"))
    make = partial(
        scored,
        origin=str(item.get("creator") or item.get("wb_user_id") or NAME),
        created_at=as_time(item.get("created_at")),
        span_id=call_id,
    )
    if sort.startswith("wandb.reaction"):
        emoji = payload.get("emoji")
        yield make("reaction", emoji, comment=payload.get("alias"))
    elif sort.startswith("wandb.note"):
        yield make("note", None, comment=payload.get("note"))
    else:
        name = re.sub(r"^wandb\.(?:annotation|runnable)\.", "", sort)
        value = next((payload[n] for n in ("output", "value") if n in payload), None)
        yield from _values(name, dict(payload) if value is None else value, make)
    for rated, rating in opened(item.get("scorer_ratings")).items():
        if rating is not None:
            yield make(str(rated), rating)


def _values(name: str, value: Any, make: Any) -> Iterator[Feedback]:  # noqa: ANN401
    """Yield a plain value as it is, of an object each number with the reason."""
    inner = opened(value)
    if len(inner) == 1:
        return (yield from _values(name, next(iter(inner.values())), make))
    numbers = {
        field: number
        for field, number in inner.items()
        if isinstance(number, bool | int | float)
    }
    if not numbers:
        yield make(name, value)
    reason = first_of(inner, _REASONS)
    for field, number in numbers.items():
        yield make(f"{name}.{field}", number, comment=reason)


READER = Reader(
    NAME,
    "calls of W&B Weave (op_name, trace_id, inputs, output), or their feedback",
    _detects,
    _reads,
    explains=_explain,
)
