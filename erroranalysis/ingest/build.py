"""From the spans of a trace to the trace: one way for all formats of spans.

A format says what each of its spans means (:class:`Facts`); which span is the root,
which model call shows the conversation, and what may be added up is decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from erroranalysis.ingest.values import unwrap
from erroranalysis.records import Feedback, Message, Span, Trace

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the store keeps naive UTC
_NO_TIME = 1 << 63
_STEPS = {"tool", "retriever"}

Exchange = tuple[list[Message], list[Message]]


class _Step(NamedTuple):
    """A span that is a step of the conversation."""

    name: str | None
    call_id: str | None
    span: Span


@dataclass(slots=True)
class Facts:
    """What a span says, in our words.

    Attributes
    ----------
    asked, answered : str or None
        What the user said and what was answered, where the span says it as text; not
        the body of a request.
    exchange : callable or None
        For a model call: returns the messages that went in and those that came out.
        What stands around model calls may tell of messages too; they count where no
        model call gave the answer.
    tool, call_id : str or None
        For a tool: its name, where the span is called otherwise, and the call that it
        answers.
    error : str or None
        What went wrong in this span.
    metadata : dict
        What it says about the whole trace.
    """

    asked: str | None = None
    answered: str | None = None
    exchange: Callable[[], Exchange] | None = None
    tool: str | None = None
    call_id: str | None = None
    session_id: str | None = None
    model: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    error: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    feedback: tuple[Feedback, ...] = ()


def build(spans: Iterable[Span], explain: Callable[[Span], Facts]) -> Trace:
    """Return the trace that spans add up to.

    The root is the span without a parent, or the earliest whose parent is missing
    (``metadata["root"]`` is ``"missing"`` then). The conversation is that of the model
    call that gave the answer. Tokens and cost are added up over the spans that have no
    such span below them, because many tools repeat the sum on every level.

    Parameters
    ----------
    spans : iterable of Span
        Spans of one trace in any order; repeated ones are merged.
    explain : callable
        What a span of this format means.

    Returns
    -------
    Trace
        The trace, with its spans in the order of their start.
    """
    ordered = merged(spans)
    told = [explain(span) for span in ordered]
    root = _root(ordered)
    top = told[root]
    messages = _conversation(ordered, told, top)
    starts = [span.started_ns for span in ordered if span.started_ns]
    ends = [span.ended_ns for span in ordered if span.ended_ns]
    return Trace(
        id=ordered[0].trace_id,
        messages=messages,
        session_id=_first(fact.session_id for fact in (top, *told)),
        started_at=moment(min(starts)) if starts else None,
        ended_at=moment(max(ends)) if ends else None,
        model=top.model or _first(fact.model for fact in reversed(told)),
        error=top.error,
        metadata=_metadata(ordered, told, root),
        tags=list(dict.fromkeys(tag for fact in (top, *told) for tag in fact.tags)),
        feedback=tuple(dict.fromkeys(said for fact in told for said in fact.feedback)),
        input=top.asked,
        output=top.answered,
        spans=tuple(ordered),
        **_sums(ordered, told),
    )


def moment(nanoseconds: int) -> datetime | None:
    """Return nanoseconds since 1970 as naive UTC.

    Examples
    --------
    >>> moment(1795199007657268842)
    datetime.datetime(2026, 11, 20, 18, 23, 27, 657268)
    """
    try:
        return _EPOCH + timedelta(microseconds=nanoseconds // 1_000)
    except OverflowError:
        return None


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return spans in the order of their start, those with one id merged into one."""
    by_id: dict[str, Span] = {}
    for span in spans:
        known = by_id.get(span.span_id)
        by_id[span.span_id] = span if known is None else combine(known, span)
    if len(by_id) == 1:
        return list(by_id.values())
    return sorted(by_id.values(), key=lambda span: span.started_ns or _NO_TIME)


def combine(known: Span, more: Span) -> Span:
    """Return a span that was told in two pieces; what comes later wins.

    Examples
    --------
    >>> start = Span("t", "s", name="chat", attributes={"tags": ["a"]})
    >>> end = Span("t", "s", output="Hi", attributes={"usage": {"total": 3}})
    >>> whole = combine(start, end)
    >>> whole.name, whole.output, whole.attributes
    ('chat', 'Hi', {'tags': ['a'], 'usage': {'total': 3}})
    """
    both: dict[str, Any] = {}
    for name in Span.__slots__:
        before, after = getattr(known, name), getattr(more, name)
        both[name] = after if after is not None and after != "" else before
    both["attributes"] = _deep(known.attributes, more.attributes)
    return Span(**both)


def _deep(before: Any, after: Any) -> Any:  # noqa: ANN401 - any JSON value
    if after is None:
        return before
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        both = dict(before)
        for name, value in after.items():
            both[name] = _deep(both.get(name), value)
        return both
    if isinstance(before, list) and isinstance(after, list) and before != after:
        if before and all(isinstance(item, Mapping) for item in (*before, *after)):
            return before + [item for item in after if item not in before]
        return after
    return after


def _root(spans: Sequence[Span]) -> int:
    """Return the place of the root: no parent, else the earliest without its parent."""
    for place, span in enumerate(spans):
        if span.parent_id is None and (span.name or span.started_ns):
            return place
    ids = {span.span_id for span in spans}
    return next((p for p, span in enumerate(spans) if span.parent_id not in ids), 0)


def _metadata(
    spans: Sequence[Span], told: Sequence[Facts], root: int
) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for fact in told:
        if fact.metadata:
            known = {**fact.metadata, **known}
    known |= told[root].metadata
    if spans[root].parent_id is not None:
        known["root"] = "missing"
    if told[root].error is None:
        error = _first(fact.error for fact in told)
        if error is not None:
            known["child_error"] = error
    return known


def _first(values: Iterable[Any]) -> Any:  # noqa: ANN401 - what the values are
    return next((value for value in values if value is not None), None)


def _sums(spans: Sequence[Span], told: Sequence[Facts]) -> dict[str, Any]:
    """Add tokens and cost up over the spans that do not repeat a sum."""
    return {
        "input_tokens": _sum(spans, [fact.input_tokens for fact in told]),
        "output_tokens": _sum(spans, [fact.output_tokens for fact in told]),
        "cost_usd": _sum(spans, [fact.cost_usd for fact in told]),
    }


def _sum(spans: Sequence[Span], given: Sequence[Any]) -> Any:  # noqa: ANN401 - a number
    counts = [p for p, value in enumerate(given) if value is not None]
    if len(counts) <= 1:
        return given[counts[0]] if counts else None
    parents = {span.span_id: span.parent_id for span in spans}
    repeats: set[str] = set()
    for place in counts:
        above = spans[place].parent_id
        while above is not None and above not in repeats:
            repeats.add(above)
            above = parents.get(above)
    return sum(given[p] for p in counts if spans[p].span_id not in repeats)


def _conversation(
    spans: Sequence[Span], told: Sequence[Facts], top: Facts
) -> list[Message]:
    """Return the messages of the model call that gave the answer, or the steps."""
    calls = [
        (span.kind == "llm", span.ended_ns or span.started_ns or 0, place)
        for place, span in enumerate(spans)
        if told[place].exchange is not None
    ]
    best: list[Message] = []
    for *_, place in sorted(calls, reverse=True):
        exchange = told[place].exchange
        before, after = exchange() if exchange else ([], [])
        messages = before + after
        text = _text(after)
        if text and (top.answered is None or text.strip() == top.answered.strip()):
            best = messages
            break
        if not best or (text and not _text(best[-1:])):
            best = messages
    steps = _steps(spans, told)
    if not best:
        return _outline(top, steps)
    return _with_results(best, steps, top)


def _text(messages: Iterable[Message]) -> str:
    texts = (m["content"] for m in messages if m["role"] == "assistant")
    return next((text for text in texts if text), "")


def _steps(spans: Sequence[Span], told: Sequence[Facts]) -> list[_Step]:
    return [
        _Step(fact.tool or span.name, fact.call_id, span)
        for span, fact in zip(spans, told, strict=True)
        if span.kind in _STEPS
    ]


def _outline(top: Facts, steps: Sequence[_Step]) -> list[Message]:
    """Return the conversation of a trace whose spans hold no messages."""
    out: list[Message] = [{"role": "user", "content": top.asked}] if top.asked else []
    for name, given, span in steps:
        call_id = given or span.span_id
        call = {"id": call_id, "name": name, "arguments": unwrap(span.input)}
        out.append({"role": "assistant", "content": "", "tool_calls": [call]})
        out.append(_result(span, call_id))
    if top.answered:
        out.append({"role": "assistant", "content": top.answered})
    return out


def _result(step: Span, call_id: str | None) -> Message:
    return {"role": "tool", "content": step.output or "", "tool_call_id": call_id}


def _with_results(
    messages: list[Message], steps: Sequence[_Step], top: Facts
) -> list[Message]:
    """Tie the results of tool spans to calls that a conversation ends with."""
    last = messages[-1]
    open_calls = last.get("tool_calls") or ()
    if not open_calls:
        return messages
    left = list(steps)
    for call in open_calls:
        call_id = call.get("id")
        match = next((s for s in left if call_id and s.call_id == call_id), None)
        if match is None:
            name = call.get("name")
            match = next((s for s in reversed(left) if s.name == name), None)
        if match is not None:
            left.remove(match)
            messages = [*messages, _result(match.span, call_id)]
    if top.answered and not last["content"]:
        messages = [*messages, {"role": "assistant", "content": top.answered}]
    return messages
