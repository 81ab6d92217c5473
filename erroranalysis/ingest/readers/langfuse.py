"""Langfuse: downloads, answers of its API, batch exports and blob storage exports.

All of them hold the same three things, whole traces, observations and scores, in
several spellings and arrangements. A trace becomes a span that stands above its
observations, so that files of traces and of observations may come in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from erroranalysis.ingest.ids import normal_id
from erroranalysis.ingest.messages import kind
from erroranalysis.ingest.reader import Bad, BadRecord, Context, Reader, Skip
from erroranalysis.ingest.readers.langfuse_facts import NAME, explain, score, spelled
from erroranalysis.ingest.values import as_nanoseconds, as_number, as_text, unwrap
from erroranalysis.records import Feedback, Remark, Span

_TYPES = {
    "GENERATION": "llm",
    "SPAN": "span",
    "EVENT": "event",
    "AGENT": "agent",
    "TOOL": "tool",
    "CHAIN": "chain",
    "RETRIEVER": "retriever",
    "EVALUATOR": "evaluator",
    "EMBEDDING": "embedding",
    "GUARDRAIL": "guardrail",
}
_SCORE_TYPES = {"NUMERIC", "BOOLEAN", "CATEGORICAL", "TEXT", "CORRECTION"}
_SCORE_SOURCES = {"API", "ANNOTATION", "EVAL"}
_COMMENTED = {"TRACE", "OBSERVATION", "SESSION", "PROMPT"}
_OF_TRACES = {
    "userId", "sessionId", "release", "version", "environment", "tags", "bookmarked",
    "public", "projectId", "htmlPath", "scores", "observations", "metadata",
}  # fmt: skip
_ONLY_OF_TRACES = {"bookmarked", "public", "release", "htmlPath"}
_ENOUGH = 4
_MOVED = {
    "id", "traceId", "name", "input", "output", "timestamp", "startTime", "endTime",
    "type", "parentObservationId",
}  # fmt: skip
# lists in the tables that can be exported; any other column of lists is a score
_LISTS = {
    "tags", "traceTags", "comments", "toolCalls", "toolCallNames", "input", "output",
    "metadata",
}  # fmt: skip
_NOT_IN_TABLES = {"scores", "corrections", "observations", "htmlPath"}
_LONG = 200
_LEVELS = 2  # how often a text may be written as a JSON string


def _sort(record: Mapping[str, Any]) -> str | None:
    """Return what a record is, or None."""
    whole = record.get("trace")
    if isinstance(whole, Mapping) and isinstance(record.get("observations"), list):
        return "download" if "id" in whole else None
    record = spelled(record)
    if "id" not in record:
        return None
    return next((sort for sort, fits in _SHAPES.items() if fits(record)), None)


def _is_score(record: Mapping[str, Any]) -> bool:
    has_value = "value" in record or "subject" in record
    return "name" in record and (
        str(record.get("dataType")) in _SCORE_TYPES
        or (str(record.get("source")) in _SCORE_SOURCES and has_value)
    )


def _is_comment(record: Mapping[str, Any]) -> bool:
    on_something = str(record.get("objectType")) in _COMMENTED and "objectId" in record
    return on_something and "content" in record


def _is_observation(record: Mapping[str, Any]) -> bool:
    return (
        bool(record.get("traceId"))
        and "startTime" in record
        and (str(record.get("type")) in _TYPES or "parentObservationId" in record)
    )


def _is_trace(record: Mapping[str, Any]) -> bool:
    found = _OF_TRACES & record.keys()
    is_ours = len(found) >= _ENOUGH and bool(found & _ONLY_OF_TRACES)
    return is_ours and "timestamp" in record and not _NEVER & record.keys()


_NEVER = {"messages", "type", "traceId"}
_SHAPES = {
    "score": _is_score,
    "comment": _is_comment,
    "observation": _is_observation,
    "trace": _is_trace,
}


def _detects(record: Mapping[str, Any]) -> bool:
    return _sort(record) is not None


def _reads(
    record: Mapping[str, Any], _: Context
) -> Iterator[Span | Remark | Skip | Bad]:
    sort = _sort(record)
    if sort == "download":
        # the copy in the trace holds neither input nor output
        yield from _trace(spelled(record["trace"]), record["observations"])
        yield from _parts(record.get("scores") or (), "scores", _remark)
        return
    record = spelled(record)
    if sort == "trace":
        yield from _trace(record, record.get("observations") or ())
    elif sort == "observation":
        yield _observation(record, None)
    elif sort == "score":
        yield _remark(record, None)
    elif sort == "comment":
        yield _comment(record)
    else:
        there = ", ".join(map(str, list(record)[:8])) or "nothing"
        raise BadRecord(
            "neither a trace, an observation nor a score of Langfuse; the record has"
            f" {there}"
        )


def _trace(
    record: Mapping[str, Any], observations: Iterable[Any]
) -> Iterator[Span | Remark | Skip | Bad]:
    trace_id = normal_id(record.get("id"))
    if trace_id is None:
        raise BadRecord("the trace has no id")
    started = as_nanoseconds(record.get("timestamp"))
    seconds = as_number(record.get("latency"))
    ended = None
    if started is not None and seconds is not None:
        ended = started + round(seconds * 1_000) * 1_000_000
    span = _span(record, trace_id, trace_id, "trace", started, ended)
    listed = span.attributes.get("observations")
    if isinstance(listed, list) and any(isinstance(one, Mapping) for one in listed):
        del span.attributes["observations"]  # they become spans of their own
    if trace_id != str(record["id"]):
        span.attributes["sourceId"] = record["id"]
    yield span
    told = (item for item in observations if not isinstance(item, str))
    yield from _parts(told, "observations", _observation, trace_id)


def _parts(
    items: Iterable[Any], place: str, make: Any, trace_id: str | None = None  # noqa: ANN401
) -> Iterator[Span | Remark | Skip | Bad]:  # fmt: skip
    """Yield what the items of a list make; what is wrong with one keeps to that one."""
    for number, item in enumerate(items):
        if not isinstance(item, Mapping):
            problem = f"an item of {place} is {kind(item)}, not an object"
            yield Bad(problem, item, f"{place}[{number}]")
            continue
        try:
            yield make(spelled(item), trace_id)
        except BadRecord as reason:
            yield Bad(str(reason), item, f"{place}[{number}]")


def _observation(record: Mapping[str, Any], within: str | None) -> Span:
    trace_id = normal_id(record.get("traceId")) or within
    span_id = normal_id(record.get("id"))
    if trace_id is None or span_id is None:
        missing = "id of the trace" if trace_id is None else "id"
        raise BadRecord(f"the observation has no {missing}")
    given = str(record.get("type") or "SPAN")
    span = _span(
        record,
        trace_id,
        span_id,
        _TYPES.get(given, given.lower()),
        as_nanoseconds(record.get("startTime")),
        as_nanoseconds(record.get("endTime")),
    )
    parent = normal_id(record.get("parentObservationId"))
    if parent is not None and _is_true(record.get("isRootObservation")):
        # its parent is a span of another system, of which Langfuse knows nothing
        span.attributes["parentObservationId"] = parent
        parent = None
    span.parent_id = None if parent == span_id else parent
    if record.get("level") == "ERROR":
        span.status = "error"
    if record.get("traceId") and trace_id != str(record["traceId"]):
        span.attributes["sourceId"] = record["traceId"]
    return span


def _is_true(value: object) -> bool:
    return value is True or str(value).lower() == "true"


def _span(
    record: Mapping[str, Any],
    trace_id: str,
    span_id: str,
    sort: str,
    started: int | None,
    ended: int | None,
) -> Span:
    asked, answered = _decoded(record.get("input")), _decoded(record.get("output"))
    attributes = {
        name: value
        for name, value in record.items()
        if name not in _MOVED and value is not None and value not in ("", [], {})
    }
    about = unwrap(attributes.get("metadata"))
    if isinstance(about, Mapping):
        attributes["metadata"] = _without_copies(about, asked, answered)
    if scores := _score_columns(record):
        attributes = {k: v for k, v in attributes.items() if k not in scores}
        attributes["scoreColumns"] = scores
    return Span(
        trace_id,
        span_id,
        kind=sort,
        name=as_text(record.get("name") or None),
        started_ns=started,
        ended_ns=ended,
        input=asked,
        output=answered,
        attributes=attributes,
        format=NAME,
    )


def _decoded(value: object) -> str | None:
    """Return what went in or out as text; downloads write texts as JSON strings."""
    text = as_text(value)
    for _ in range(_LEVELS):
        if text is None or not (text.startswith('"') and text.endswith('"')):
            break
        try:
            inner = orjson.loads(text)
        except orjson.JSONDecodeError:
            break
        if not isinstance(inner, str):
            break
        text = inner
    return text or None


def _without_copies(
    about: Mapping[str, Any], asked: str | None, answered: str | None
) -> dict[str, Any]:
    """Return metadata without the attributes that Langfuse made input and output of."""
    given = unwrap(about.get("attributes"))
    if not isinstance(given, Mapping):
        return dict(about)
    known = [unwrap(text) for text in (asked, answered) if text]
    kept = {
        name: value
        for name, value in given.items()
        if not (
            isinstance(value, str) and len(value) > _LONG and unwrap(value) in known
        )
    }
    return {**about, "attributes": kept}


def _score_columns(record: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return the columns of an exported table that hold scores, one for each name."""
    of_traces = "bookmarked" in record and not _NOT_IN_TABLES & record.keys()
    if not (of_traces or "traceTimestamp" in record):
        return {}
    found = {}
    for name, value in record.items():
        given = unwrap(value) if name not in _LISTS else None
        if isinstance(given, list) and given and all(map(_is_value, given)):
            found[name] = given
    return found


def _is_value(value: object) -> bool:
    return not isinstance(value, list | Mapping) or (
        isinstance(value, Mapping) and "value" in value
    )


def _remark(record: Mapping[str, Any], within: str | None) -> Remark | Skip:
    """Return a score as feedback on its trace, observation or session."""
    for name in ("details", "subject", "annotation"):  # of the third API
        if isinstance(inner := record.get(name), Mapping):
            record = {**spelled(inner), **record}
            if name == "subject" and inner.get("id"):
                sort = str(inner.get("kind") or inner.get("type") or "").lower()
                record = {f"{sort}Id": inner["id"], **record}
    trace_id = normal_id(record.get("traceId")) or within
    session_id = as_text(record.get("sessionId") or None)
    if trace_id is None and session_id is None and not record.get("observationId"):
        if record.get("datasetRunId") or record.get("experimentId"):
            return Skip("score of a dataset run")
        raise BadRecord("the score names no trace, observation or session")
    said = score(record)
    return Remark(
        said, trace_id, said.span_id, None if trace_id or said.span_id else session_id
    )


def _comment(record: Mapping[str, Any]) -> Remark | Skip:
    sort, about = record["objectType"], normal_id(record["objectId"])
    if sort == "PROMPT":
        return Skip("comment on a prompt")
    said = Feedback(
        "comment",
        comment=as_text(record["content"]),
        origin="annotation",
        created_at=score(record).created_at,
        span_id=about if sort == "OBSERVATION" else None,
    )
    return Remark(
        said,
        about if sort == "TRACE" else None,
        said.span_id,
        as_text(record["objectId"]) if sort == "SESSION" else None,
    )


READER = Reader(
    NAME,
    "traces, observations or scores of Langfuse",
    _detects,
    _reads,
    explains=explain,
)
