"""OpenTelemetry: requests of the protocol, in every spelling found in JSON.

Those in protobuf are mapped by ``otlp_protobuf``.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from erroranalysis.ingest import dialects
from erroranalysis.ingest.dialects.dialect import (
    EVENTS,
    LINKS,
    MESSAGE,
    RESOURCE,
    SCOPE,
    SOURCE_ID,
)  # fmt: skip
from erroranalysis.ingest.dialects.events import from_log
from erroranalysis.ingest.ids import normal_id
from erroranalysis.ingest.messages import kind
from erroranalysis.ingest.reader import Bad, BadRecord, Context, Reader, Skip
from erroranalysis.ingest.readers import otlp_protobuf
from erroranalysis.ingest.values import as_nanoseconds
from erroranalysis.records import Remark, Span

Item = Span | Remark | Skip | Bad

NAME = "otlp"
_SPANS = ("resourceSpans", "resource_spans")
_LOGS = ("resourceLogs", "resource_logs")
_SCOPES = (
    "scopeSpans", "scope_spans", "instrumentationLibrarySpans", "scopeLogs",
    "scope_logs",
)  # fmt: skip
_RECORDS = ("spans", "logRecords", "log_records")
_METRICS = ("resourceMetrics", "resource_metrics")
_WRAPPERS = ("batches", "trace")  # Tempo puts one of them around
_NOTHING: dict[str, Any] = {}
_ERRORS = {2, "2", "STATUS_CODE_ERROR", "ERROR"}
_OKS = {1, "1", "STATUS_CODE_OK", "OK"}


def _detects(record: Mapping[str, Any]) -> bool:
    if otlp_protobuf.KEY in record:
        return True
    if any(isinstance(record.get(name), list) for name in (*_SPANS, *_LOGS)):
        return True
    if any(isinstance(record.get(name), list) for name in _SCOPES):
        return True
    if any(isinstance(record.get(name), list) for name in _METRICS):
        return True
    if any(_detects(inner) for inner in _wrapped(record)):
        return True
    # a span without its envelope; attributes as OpenTelemetry writes them
    return (
        isinstance(record.get("attributes"), list)
        or not {"startTimeUnixNano", "start_time_unix_nano"}.isdisjoint(record)
    ) and all(
        _either(record, camel, snake)
        for camel, snake in (("traceId", "trace_id"), ("spanId", "span_id"))
    )


def _wrapped(record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for name in _WRAPPERS:
        inner = record.get(name)
        for item in inner if isinstance(inner, list) else (inner,):
            if isinstance(item, Mapping):
                yield item


def _reads(record: Mapping[str, Any], context: Context) -> Iterator[Item]:
    if otlp_protobuf.KEY in record:
        yield from otlp_protobuf.spans(record[otlp_protobuf.KEY])
        return
    found = False
    for inner in _wrapped(record):
        found = True
        yield from _reads(inner, context)
    for name in (*_SPANS, *_LOGS):
        if name in record:
            found = True
            for place, resource in enumerate(record[name] or ()):
                yield from _resource(resource, f"{name}[{place}]")
    if not found:
        yield from _alone(record)


def _alone(record: Mapping[str, Any]) -> Iterator[Item]:
    """Yield what a piece of a request holds that stands without the rest."""
    if any(name in record for name in _METRICS):
        yield Skip("metric")
    elif any(name in record for name in _SCOPES):
        yield from _resource(record, "")
    elif not {"body", "severityNumber", "severity_number"}.isdisjoint(record):
        yield from _records((record,), {}, "logRecords")
    elif "attributes" in record or _either(record, "spanId", "span_id"):
        yield from _records((record,), {}, "")
    else:
        there = ", ".join(map(str, record)) or "nothing"
        raise BadRecord(f"no resourceSpans or resourceLogs; the record has {there}")


def _resource(resource: Mapping[str, Any], part: str) -> Iterator[Item]:
    if not isinstance(resource, Mapping):
        yield Bad(f"not an object but {kind(resource)}", resource, part)
        return
    about = attributes_of((resource.get("resource") or {}).get("attributes"))
    for name in _SCOPES:
        for place, scope in enumerate(resource.get(name) or ()):
            common: dict[str, Any] = {RESOURCE: about} if about else {}
            library = scope.get("scope") or scope.get("instrumentationLibrary") or {}
            if library.get("name"):
                common[SCOPE] = library["name"]
            for inner in _RECORDS:
                if scope.get(inner):
                    where = f"{part}.{name}[{place}].{inner}"
                    yield from _records(scope[inner], common, where)


def _records(
    records: Iterable[Any], common: dict[str, Any], part: str
) -> Iterator[Item]:
    is_log = part.endswith(("logRecords", "log_records"))
    for place, record in enumerate(records):
        try:
            if is_log:
                yield _log(record, common)
                continue
            span = _span(record, common)
            if LINKS in span.attributes or dialects.has_feedback(span.attributes):
                yield from dialects.with_remarks(span)
            else:
                yield span
        except BadRecord as reason:
            yield Bad(str(reason), record, f"{part}[{place}]")
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            detail = f"not a span of OpenTelemetry: {error or type(error).__name__}"
            yield Bad(detail, record, f"{part}[{place}]")


def _span(record: Mapping[str, Any], common: Mapping[str, Any]) -> Span:
    get = record.get
    attributes = attributes_of(get("attributes"))
    attributes.update(common)
    if events := get("events"):
        attributes[EVENTS] = [_event(event) for event in events]
    if links := get("links"):
        attributes[LINKS] = links
    status = get("status") or _NOTHING
    code = status.get("code")
    if text := status.get("message"):
        attributes[MESSAGE] = text
    trace_id, span_id = ids_of(record)
    given = get("traceId") or get("trace_id")
    if given != trace_id:
        attributes[SOURCE_ID] = given
    parent = get("parentSpanId") or get("parent_span_id")
    started = get("startTimeUnixNano") or get("start_time_unix_nano")
    ended = get("endTimeUnixNano") or get("end_time_unix_nano")
    return dialects.settle(
        Span(
            trace_id,
            span_id,
            normal_id(parent) if parent else None,
            None,
            get("name"),
            as_nanoseconds(started),
            as_nanoseconds(ended),
            None,
            None,
            attributes,
            "error" if code in _ERRORS else "ok" if code in _OKS else None,
            NAME,
        )
    )


def _log(record: Mapping[str, Any], common: Mapping[str, Any]) -> Span | Remark | Skip:
    """Return what a log record tells of the span that it belongs to."""
    attributes = attributes_of(record.get("attributes"))
    name = _either(record, "eventName", "event_name") or attributes.get("event.name")
    log = {
        "name": name,
        "time": as_nanoseconds(_either(record, "timeUnixNano", "time_unix_nano"))
        or as_nanoseconds(
            _either(record, "observedTimeUnixNano", "observed_time_unix_nano")
        ),
        "body": value_of(record.get("body") or {}),
        "attributes": attributes,
    }
    trace_id = normal_id(_either(record, "traceId", "trace_id"))
    span_id = normal_id(_either(record, "spanId", "span_id"))
    return from_log((trace_id, span_id), log, common, NAME)


def _event(event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": event.get("name"),
        "time": as_nanoseconds(_either(event, "timeUnixNano", "time_unix_nano")),
        "attributes": attributes_of(event.get("attributes")),
    }


def ids_of(record: Mapping[str, Any]) -> tuple[str, str]:
    """Return the ids of the trace and the span.

    Raises
    ------
    BadRecord
        One of them is missing.
    """
    trace_id = normal_id(record.get("traceId") or record.get("trace_id"))
    span_id = normal_id(record.get("spanId") or record.get("span_id"))
    if trace_id is None or span_id is None:
        missing = "trace" if trace_id is None else "span"
        raise BadRecord(f"no {missing} id")
    return trace_id, span_id


def _either(record: Mapping[str, Any], camel: str, snake: str) -> Any:  # noqa: ANN401
    value = record.get(camel)
    return record.get(snake) if value is None else value


def attributes_of(items: Any) -> dict[str, Any]:  # noqa: ANN401 - as the source wrote
    """Return attributes as a dict, from a list of keys and values.

    Examples
    --------
    >>> attributes_of([{"key": "n", "value": {"intValue": "7"}}])
    {'n': 7}
    """
    if isinstance(items, Mapping):
        return dict(items)
    out: dict[str, Any] = {}
    try:  # the way nearly all are; asking first takes a third longer
        for item in items or ():
            value = item["value"]
            if "stringValue" in value:
                given = value["stringValue"]
            elif "intValue" in value:
                given = int(value["intValue"])
            else:
                given = None
            out[item["key"]] = value_of(value) if given is None else given
    except (KeyError, TypeError):
        return {item["key"]: value_of(item.get("value") or {}) for item in items}
    return out


def value_of(value: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
    """Return what an ``AnyValue`` holds, in camel or snake case.

    Phoenix writes all seven kinds and leaves six of them empty.

    Examples
    --------
    >>> value_of({"array_value": {"values": [{"bool_value": True}]}})
    [True]
    """
    for name, given in value.items():
        if given is not None:
            read = _VALUES.get(name)
            return given if read is None else read(given)
    return None


def _array(given: Mapping[str, Any]) -> list[Any]:
    return [value_of(item) for item in given.get("values") or ()]


def _pairs(given: Mapping[str, Any]) -> dict[str, Any]:
    return attributes_of(given.get("values"))


def _bytes(given: str) -> str:
    try:
        return base64.b64decode(given, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return given


_VALUES: dict[str, Callable[[Any], Any]] = {
    "intValue": int, "int_value": int, "arrayValue": _array, "array_value": _array,
    "kvlistValue": _pairs, "kvlist_value": _pairs, "bytesValue": _bytes,
    "bytes_value": _bytes,
}  # fmt: skip

READER = Reader(
    NAME,
    "OpenTelemetry requests (resourceSpans or resourceLogs)",
    _detects,
    _reads,
    explains=dialects.explain,
)
