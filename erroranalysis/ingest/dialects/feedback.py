"""What spans and log records say about quality: annotations and evaluations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from erroranalysis.ingest.build import moment
from erroranalysis.ingest.dialects.dialect import EVENTS, LINKS, LOGS
from erroranalysis.ingest.ids import normal_id
from erroranalysis.ingest.values import as_nanoseconds, as_number, as_text
from erroranalysis.records import Feedback, Remark

if TYPE_CHECKING:
    from erroranalysis.records import Span

EVALUATION = "gen_ai.evaluation.result"
_LISTS = ("annotations", "evaluations")
_SCOPES = ("", "trace.", "session.")
_PREFIXES = tuple(scope + name for scope in _SCOPES for name in _LISTS)
# they are counted from 0, so that looking for the first is enough
_MARKS = {
    f"{prefix}.0.{prefix.rpartition('.')[2][:-1]}.name" for prefix in _PREFIXES
} | set(_PREFIXES)


def has_feedback(attributes: Mapping[str, Any]) -> bool:
    """Return whether attributes hold annotations or evaluations of OpenInference."""
    return not attributes.keys().isdisjoint(_MARKS)


def told(span: Span) -> tuple[Feedback, ...]:
    """Return the feedback that a span holds on its own trace.

    What is about another trace or a whole session goes its own way (:func:`remarks`).
    """
    found: list[Feedback] = []
    attributes = span.attributes
    if has_feedback(attributes):
        target = _linked(attributes)
        here = target is None or target[0] == span.trace_id
        about = target[1] if target else span.span_id
        for scope, item in _annotations(attributes):
            if scope == "trace." or (scope == "" and here):
                found.append(_feedback(item, None if scope else about, span.ended_ns))
    for event in (*(attributes.get(EVENTS) or ()), *(attributes.get(LOGS) or ())):
        if event.get("name") == EVALUATION:
            said = event.get("attributes") or {}
            found.append(evaluation(said, span.span_id, event.get("time")))
    return tuple(found)


def remarks(span: Span) -> Iterator[Remark]:
    """Yield the feedback of a span on other traces and on its session."""
    attributes = span.attributes
    if not has_feedback(attributes):
        return
    target = _linked(attributes)
    session_id = as_text(attributes.get("session.id"))
    for scope, item in _annotations(attributes):
        if scope == "session." and session_id:
            said = _feedback(item, None, span.ended_ns)
            yield Remark(said, session_id=session_id)
        elif scope == "" and target is not None and target[0] != span.trace_id:
            trace_id, span_id = target
            said = _feedback(item, span_id, span.ended_ns)
            yield Remark(said, trace_id=trace_id, span_id=span_id)


def only_carries(span: Span) -> bool:
    """Return whether a span is there for nothing but its feedback on another trace."""
    return span.parent_id is None and span.input is None and span.output is None


def evaluation(
    attributes: Mapping[str, Any], span_id: str | None, time: object = None
) -> Feedback:
    """Return the feedback of an event ``gen_ai.evaluation.result``.

    Examples
    --------
    >>> said = {"gen_ai.evaluation.name": "tone", "gen_ai.evaluation.score.value": 1}
    >>> evaluation(said, "s1").name, evaluation(said, "s1").number
    ('tone', 1.0)
    """
    get = attributes.get
    number = as_number(get("gen_ai.evaluation.score.value"))
    label = as_text(get("gen_ai.evaluation.score.label"))
    return Feedback(
        name=str(get("gen_ai.evaluation.name") or "evaluation"),
        value=label or as_text(get("gen_ai.evaluation.score.value")),
        number=number,
        comment=as_text(get("gen_ai.evaluation.explanation") or get("error.type")),
        origin=str(get("gen_ai.evaluation.annotator_kind") or "evaluation").lower(),
        created_at=moment(when) if (when := as_nanoseconds(time)) else None,
        span_id=span_id,
    )


def _annotations(
    attributes: Mapping[str, Any],
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the fields of each annotation, and what it is about, such as "trace."."""
    for prefix in _PREFIXES:
        items: dict[str, dict[str, Any]] = {}
        given = attributes.get(prefix)
        for place, item in enumerate(given if isinstance(given, list) else ()):
            items[str(place)] = {
                name.rpartition(".")[2]: value for name, value in _flat(item)
            }
        for name, value in attributes.items():
            if name.startswith(prefix + "."):
                number, _, field = name[len(prefix) + 1 :].partition(".")
                items.setdefault(number, {})[field.partition(".")[2]] = value
        scope = prefix[: -len(prefix.rpartition(".")[2])]
        yield from ((scope, item) for item in items.values() if item.get("name"))


def _flat(item: object) -> Iterator[tuple[str, Any]]:
    """Yield the fields of one annotation of a data frame, nested or dotted."""
    for name, value in item.items() if isinstance(item, Mapping) else ():
        if name in ("annotation", "evaluation") and isinstance(value, Mapping):
            yield from value.items()
        else:
            yield str(name), value


def _feedback(
    item: Mapping[str, Any], span_id: str | None, ended_ns: int | None
) -> Feedback:
    label, score = as_text(item.get("label")), item.get("score")
    return Feedback(
        name=str(item["name"]),
        value=label or as_text(score),
        number=as_number(score),
        comment=as_text(item.get("explanation")),
        origin=str(item.get("annotator_kind") or "annotation").lower(),
        created_at=moment(ended_ns) if ended_ns else None,
        span_id=span_id,
    )


def _linked(attributes: Mapping[str, Any]) -> tuple[str, str | None] | None:
    """Return the trace and the span that a span links to, if it is one."""
    links = attributes.get(LINKS)
    if not isinstance(links, list) or len(links) != 1:
        return None
    link = links[0]
    if isinstance(context := link.get("context"), Mapping):
        link = context
    trace_id = normal_id(link.get("traceId") or link.get("trace_id"))
    span_id = normal_id(link.get("spanId") or link.get("span_id"))
    return (trace_id, span_id) if trace_id else None
