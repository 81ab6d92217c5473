"""Arize Phoenix: spans and annotations, from its client, its API and data frames.

The same span comes in three spellings: a row of a data frame has a column for every
attribute, the API flattens attributes once more (``metadata.channel``), the database
nests them. All end up under the names of OpenInference, which say what they mean.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from erroranalysis.ingest import dialects
from erroranalysis.ingest.dialects.dialect import EVENTS, MESSAGE, SOURCE_ID
from erroranalysis.ingest.ids import normal_id
from erroranalysis.ingest.messages import kind
from erroranalysis.ingest.reader import Bad, BadRecord, Context, Reader, Skip
from erroranalysis.ingest.values import (
    as_id,
    as_nanoseconds,
    as_number,
    as_text,
    as_time,
    plain,
    unwrap,
)
from erroranalysis.records import Feedback, Remark, Span

NAME = "phoenix"

Item = Span | Remark | Skip | Bad

_COLUMN = "attributes."
_TRACE, _SPAN = "context.trace_id", "context.span_id"
_SPAN_KIND = "openinference.span.kind"
_METADATA = "metadata"
_UNKNOWN = "UNKNOWN"
_STATUS = {"OK": "ok", "ERROR": "error"}
_NODE = "id"  # of the span in the database of Phoenix
_INDEX = "__index_level_"  # what Parquet calls an index of pandas
# columns of a span that have a place of their own
_PLACED = {
    "name", "span_kind", "parent_id", "start_time", "end_time", "status_code",
    "status_message", "events", "context", "attributes", _NODE, _TRACE, _SPAN,
    f"{_SPAN}.1",
}  # fmt: skip
# texts, even where they are JSON, as OpenInference has them
_TEXTS = (
    "value", "invocation_parameters", "content", "arguments", "json_schema", "template",
)  # fmt: skip
_VERDICT = ("label", "score", "explanation")
_ABOUT = ("trace_id", "session_id", "span_id")


def _detects(record: Mapping[str, Any]) -> bool:
    return (
        _is_annotation(record)
        or _is_span(record)
        or _summary(record) is not None
        or _is_empty_page(record)
    )


def _is_span(record: Mapping[str, Any]) -> bool:
    if "span_kind" not in record:
        return False
    context = unwrap(record.get("context"))
    return _TRACE in record or (isinstance(context, Mapping) and "span_id" in context)


def _is_annotation(record: Mapping[str, Any]) -> bool:
    return "annotator_kind" in record and not {
        "result", "result.label", "result.score", "result.explanation", *_VERDICT,
    }.isdisjoint(record)  # fmt: skip


def _summary(record: Mapping[str, Any]) -> str | None:
    """Return what a record is that lists traces, without what was said in them."""
    if "project_id" not in record or "start_time" not in record:
        return None
    if "session_id" in record and "traces" in record:
        return "summary of a session"
    return "summary of a trace (export its spans)" if "trace_id" in record else None


def _is_empty_page(record: Mapping[str, Any]) -> bool:
    return record.get("data") == [] and "next_cursor" in record


def _reads(record: Mapping[str, Any], _: Context) -> Iterator[Item]:
    if _is_annotation(record):
        yield _remark(record)
    elif _is_empty_page(record):
        yield Skip("empty page")
    elif (summary := _summary(record)) is not None:
        yield Skip(summary)
    else:
        yield from _spans(record)


def _spans(record: Mapping[str, Any]) -> Iterator[Item]:
    span = _span(record)
    if dialects.has_feedback(span.attributes):
        yield from dialects.with_remarks(span)
    else:
        yield span


def _span(record: Mapping[str, Any]) -> Span:
    get = record.get
    given = _ids(record)
    trace_id, span_id = normal_id(given[0]), normal_id(given[1])
    if trace_id is None or span_id is None:
        raise BadRecord(f"no {'trace' if trace_id is None else 'span'} id")
    attributes = _attributes(record)
    if given[0] != trace_id:
        attributes[SOURCE_ID] = given[0]
    sort = as_text(get("span_kind"))
    if sort and sort.upper() != _UNKNOWN:
        attributes.setdefault(_SPAN_KIND, sort)
    if text := as_text(get("status_message")):
        attributes[MESSAGE] = text
    if events := _events(get("events")):
        attributes[EVENTS] = events
    return dialects.settle(
        Span(
            trace_id,
            span_id,
            normal_id(_there(get("parent_id"))),
            None,
            as_text(get("name")),
            _time(record, "start_time"),
            _time(record, "end_time"),
            None,
            None,
            attributes,
            _STATUS.get(str(get("status_code")).upper()),
            NAME,
        )
    )


def _ids(record: Mapping[str, Any]) -> tuple[Any, Any]:
    context = unwrap(record.get("context"))
    if isinstance(context, Mapping):
        return context.get("trace_id"), context.get("span_id")
    of_index = next((record[name] for name in record if name.startswith(_INDEX)), None)
    return record.get(_TRACE), record.get(_SPAN) or of_index


def _there(value: object) -> Any:  # noqa: ANN401 - what it is
    """Return nothing for the empty cell of a table."""
    return None if value == "" else value


def _time(record: Mapping[str, Any], name: str) -> int | None:
    try:
        return as_nanoseconds(record.get(name))
    except BadRecord as reason:
        raise BadRecord(f"{name!r}: {reason}") from None


def _attributes(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes of a span under the names of OpenInference."""
    given = unwrap(record.get("attributes"))
    out: dict[str, Any] = {}
    if isinstance(given, Mapping):
        for name, value in given.items():
            _add(out, str(name), value, nested="." not in str(name))
    elif given is not None:
        raise BadRecord(f"attributes is {kind(given)}, not an object")
    for name, value in record.items():
        if name.startswith(_COLUMN):
            bare = name[len(_COLUMN) :]
            _add(out, bare, _cell(bare, value), nested="." not in bare)
        elif name and name not in _PLACED and not name.startswith(_INDEX):
            _add(out, f"{NAME}.{name}", value, nested=False)
    return out


def _add(out: dict[str, Any], name: str, value: object, *, nested: bool) -> None:
    """Put an attribute under its name, what is nested in it under dotted names."""
    if value is None or value == "":
        return
    head, _, rest = name.partition(".")
    if head == _METADATA and rest:
        known = out.get(_METADATA)
        known = known if isinstance(known, dict) else {}
        out[_METADATA] = _put(known, rest.split("."), value)
    elif nested and isinstance(value, Mapping) and head != _METADATA:
        for inner, item in value.items():
            _add(out, f"{name}.{inner}", item, nested=True)
    else:
        out[name] = value


def _put(known: dict[str, Any], path: list[str], value: object) -> dict[str, Any]:
    """Put a value into objects inside of each other."""
    inner = known
    for step in path[:-1]:
        held = inner.get(step)
        if not isinstance(held, dict):
            held = inner[step] = {}
        inner = held
    inner[path[-1]] = value
    return known


def _cell(name: str, value: object) -> Any:  # noqa: ANN401 - any JSON value
    """Return what the cell of a CSV file holds: pandas writes lists as Python does."""
    if not isinstance(value, str) or value[:1] not in ("[", "{"):
        return value
    if name.rpartition(".")[2] in _TEXTS:
        return value
    found = unwrap(value)
    if found is not value:
        return found
    try:
        return plain(ast.literal_eval(value))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return value


def _events(value: object) -> list[dict[str, Any]]:
    events = unwrap(value)
    return [
        {
            "name": event.get("name"),
            "time": as_nanoseconds(event.get("timestamp")),
            "attributes": event.get("attributes") or {},
        }
        for event in (events if isinstance(events, list) else ())
        if isinstance(event, Mapping)
    ]


def _remark(record: Mapping[str, Any]) -> Remark:
    """Return an annotation of a span, a trace or a session, or a note on one."""
    get = record.get
    result = unwrap(get("result"))
    if not isinstance(result, Mapping):
        result = {name: get(f"result.{name}", get(name)) for name in _VERDICT}
    label, score = as_text(_there(result.get("label"))), _there(result.get("score"))
    about = {name: as_id(_there(get(name))) for name in _ABOUT}
    if not any(about.values()):
        raise BadRecord(
            "an annotation that says neither span_id nor trace_id nor session_id; a"
            " frame has it as its index, which has to be exported too"
        )
    span_id = normal_id(about["span_id"])
    said = Feedback(
        name=as_text(get("annotation_name") or get("name")) or "annotation",
        value=label or as_text(score),
        number=as_number(score),
        comment=as_text(_there(result.get("explanation"))),
        origin=str(get("annotator_kind") or "annotation").lower(),
        created_at=as_time(get("created_at")),
        span_id=span_id,
    )
    trace_id = normal_id(about["trace_id"])
    alone = span_id is None and trace_id is None
    return Remark(said, trace_id, span_id, about["session_id"] if alone else None)


READER = Reader(
    NAME,
    "spans of Arize Phoenix (span_kind, context) or its annotations (annotator_kind)",
    _detects,
    _reads,
    explains=dialects.explain,
)
