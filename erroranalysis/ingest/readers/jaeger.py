"""Traces of Jaeger in JSON, as its interface and its API export them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from erroranalysis.ingest import dialects
from erroranalysis.ingest.dialects.dialect import (
    EVENTS,
    LINKS,
    MESSAGE,
    RESOURCE,
    SCOPE,
    SOURCE_ID,
)
from erroranalysis.ingest.ids import normal_id
from erroranalysis.ingest.messages import kind
from erroranalysis.ingest.reader import Bad, BadRecord, Context, Reader, Skip
from erroranalysis.ingest.values import as_count, as_number, unwrap
from erroranalysis.records import Remark, Span

NAME = "jaeger"
_SCOPES = ("otel.scope.name", "otel.library.name")
_LONGEST = 32  # digits of an id of a trace

Item = Span | Remark | Skip | Bad


def _detects(record: Mapping[str, Any]) -> bool:
    spans = record.get("spans")
    if isinstance(spans, list) and "traceID" in record:
        return True
    if "operationName" in record and "traceID" in record and "spanID" in record:
        return True
    data = record.get("data")
    return isinstance(data, list) and any(
        isinstance(item, Mapping) and "traceID" in item and "spans" in item
        for item in data[:1]
    )


def _reads(record: Mapping[str, Any], _: Context) -> Iterator[Item]:
    if isinstance(data := record.get("data"), list):
        for place, trace in enumerate(data):
            if isinstance(trace, Mapping):
                yield from _trace(trace, f"data[{place}].")
            else:
                yield Bad(f"not a trace but {kind(trace)}", trace, f"data[{place}]")
    elif "spans" in record:
        yield from _trace(record, "")
    elif "spanID" in record:
        yield from _trace({"spans": [record]}, "")
    else:
        there = ", ".join(map(str, record)) or "nothing"
        raise BadRecord(f"no trace of Jaeger; the record has {there}")


def _trace(trace: Mapping[str, Any], part: str) -> Iterator[Item]:
    processes = trace.get("processes") or {}
    for place, record in enumerate(trace.get("spans") or ()):
        try:
            span = _span(record, processes)
        except BadRecord as reason:
            yield Bad(str(reason), record, f"{part}spans[{place}]")
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            detail = f"not a span of Jaeger: {error or type(error).__name__}"
            yield Bad(detail, record, f"{part}spans[{place}]")
        else:
            yield from dialects.with_remarks(span)


def _span(record: Mapping[str, Any], processes: Mapping[str, Any]) -> Span:
    given, trace_id = record.get("traceID"), _id(record.get("traceID"))
    span_id = _id(record.get("spanID"))
    if trace_id is None or span_id is None:
        raise BadRecord(f"no {'traceID' if trace_id is None else 'spanID'}")
    attributes = _tags(record.get("tags"))
    if given != trace_id:
        attributes[SOURCE_ID] = given
    process = processes.get(str(record.get("processID"))) or record.get("process") or {}
    about = _tags(process.get("tags"))
    if process.get("serviceName"):
        about["service.name"] = process["serviceName"]
    if about:
        attributes[RESOURCE] = about
    if scope := next((attributes.pop(n) for n in _SCOPES if n in attributes), None):
        attributes[SCOPE] = scope
    if events := record.get("logs"):
        attributes[EVENTS] = [_event(event) for event in events]
    parent_id, links = _references(record, trace_id)
    if links:
        attributes[LINKS] = links
    status = _status(attributes)
    started = (as_count(record.get("startTime")) or 0) * 1_000
    took = as_number(record.get("duration"))
    return dialects.settle(
        Span(
            trace_id,
            span_id,
            parent_id,
            name=record.get("operationName"),
            started_ns=started or None,
            ended_ns=started + round(took * 1_000) if started and took else None,
            attributes=attributes,
            status=status,
            format=NAME,
        )
    )


def _id(value: object) -> str | None:
    """Return an id of Jaeger, which leaves zeros at the beginning away."""
    if isinstance(value, str) and 0 < len(value) < _LONGEST:
        width = _LONGEST // 2 if len(value) <= _LONGEST // 2 else _LONGEST
        value = value.rjust(width, "0")
    return normal_id(value)


def _references(
    record: Mapping[str, Any], trace_id: str
) -> tuple[str | None, list[dict[str, Any]]]:
    """Return the parent and the links of a span; a first child has its parent here."""
    parent_id = _id(record.get("parentSpanID"))
    links = []
    for reference in record.get("references") or ():
        trace, span = _id(reference.get("traceID")), _id(reference.get("spanID"))
        if (
            parent_id is None
            and trace == trace_id
            and reference.get("refType")
            in (
                "CHILD_OF",
                None,
            )
        ):
            parent_id = span
        elif span != parent_id:
            links.append({"traceId": trace, "spanId": span})
    return parent_id, links


def _tags(items: object) -> dict[str, Any]:
    """Return attributes; Jaeger has lists and objects as JSON text only."""
    found: dict[str, Any] = {}
    for item in items if isinstance(items, list) else ():
        value = item.get("value")
        # a list of texts was a list before; a text in JSON stays as it was written
        inner = unwrap(value) if _may_be_list(value) else value
        is_list = isinstance(inner, list) and all(
            isinstance(one, str | int | float) for one in inner
        )
        found[str(item["key"])] = inner if is_list else value
    return found


def _may_be_list(value: object) -> bool:
    return isinstance(value, str) and value[:1] == "["


def _event(event: Mapping[str, Any]) -> dict[str, Any]:
    fields = _tags(event.get("fields"))
    time = as_count(event.get("timestamp"))
    name = fields.pop("event", None) or fields.pop("name", None)
    return {
        "name": name,
        "time": time * 1_000 if time else None,
        "attributes": fields,
    }


def _status(attributes: dict[str, Any]) -> str | None:
    code = str(attributes.pop("otel.status_code", "")).lower()
    if text := attributes.pop("otel.status_description", None):
        attributes[MESSAGE] = text
    if code == "error" or attributes.get("error") in (True, "true"):
        return "error"
    return "ok" if code == "ok" else None


READER = Reader(
    NAME,
    "traces of Jaeger (traceID, spans, processes)",
    _detects,
    _reads,
    explains=dialects.explain,
)
