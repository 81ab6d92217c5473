"""MLflow: traces as its API, its REST interface and its data frames write them.

A trace comes as what is said about it (its *info*: state, tags, assessments) and its
spans. The info becomes a span of the kind ``trace``; it may come alone, as from a
search over REST, and then holds short previews of what was asked and answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from erroranalysis.ingest import dialects, steps
from erroranalysis.ingest.dialects.dialect import EVENTS, LINKS, MESSAGE
from erroranalysis.ingest.dialects.mlflow import INPUTS, OUTPUTS, REQUEST_ID, decoded
from erroranalysis.ingest.ids import normal_id
from erroranalysis.ingest.reader import Bad, BadRecord, Context, Reader
from erroranalysis.ingest.readers.mlflow_info import NAME, builds, explain, info_span
from erroranalysis.ingest.readers.otlp import attributes_of
from erroranalysis.ingest.values import as_nanoseconds, as_text, unwrap
from erroranalysis.records import Span

_IDS = ("trace_id", "request_id")
_ABOUT = ("trace_metadata", "request_metadata")
_INFO = ("info", "trace_info")
_COLUMNS = {
    "trace", "spans", "request", "response", "data", "span_id", "", "index",
    "Unnamed: 0",
}  # fmt: skip
_STATUS = {"OK": "ok", "ERROR": "error"}
_TO_DO = (
    "; write the frame with to_json(…, orient='records', lines=True), or the traces"
    " with trace.to_json()"
)


def _detects(record: Mapping[str, Any]) -> bool:
    if any(name in record for name in _IDS) and any(name in record for name in _ABOUT):
        return True
    if any(_is_info(record.get(name)) for name in _INFO):
        return True
    if "trace" in record:
        inner = steps.opened(record["trace"])
        return any(_is_info(inner.get(name)) for name in _INFO)
    if isinstance(record.get("attributes"), Mapping):
        return _is_span(record)
    spans = record.get("spans")
    return isinstance(spans, list) and bool(spans) and _is_span(spans[0])


def _is_info(value: object) -> bool:
    about = steps.opened(value)
    return any(name in about for name in _IDS)


def _is_span(value: object) -> bool:
    """Return whether a value is a span that the tracing of MLflow made."""
    if not isinstance(value, Mapping) or not ("span_id" in value or "context" in value):
        return False
    given = value.get("attributes")
    if isinstance(given, list):
        names = [item.get("key") for item in given if isinstance(item, Mapping)]
    else:
        names = list(given) if isinstance(given, Mapping) else []
    return any(isinstance(name, str) and name.startswith("mlflow.") for name in names)


def _reads(record: Mapping[str, Any], _: Context) -> Iterator[Span | Bad]:
    if "attributes" in record and _is_span(record):
        yield _span(record, None)
        return
    info, spans, more = _parts(record)
    given = steps.first_of(info, _IDS)
    if given is None and not spans:
        there = ", ".join(map(str, record)) or "nothing"
        raise BadRecord(f"no trace of MLflow: no trace_id; the record has {there}")
    trace_id = trace_id_of(given)
    found = False
    for item in steps.each(spans, "spans", lambda span: iter((_span(span, trace_id),))):
        found = found or type(item) is Span
        yield item
    if trace_id is not None:
        yield info_span(info, trace_id, more, alone=not found)


def _parts(
    record: Mapping[str, Any],
) -> tuple[Mapping[str, Any], list[Any], Mapping[str, Any]]:
    """Return what is said about a trace, its spans, and what a table has beside them.

    A row of ``search_traces`` holds the trace twice, in one column and in many.
    """
    wholes = [record]
    if "trace" in record:
        wholes.insert(0, steps.opened(record["trace"]))
    for whole in wholes:
        info = steps.opened(steps.first_of(whole, _INFO))
        given = steps.opened(whole.get("data")).get("spans", whole.get("spans"))
        if info and (whole is record or "spans" not in record or _readable(given)):
            return info, _spans(given), _beside(record, info)
    spans = _spans(record.get("spans"))
    more = {} if spans else {n: record.get(n) for n in ("request", "response")}
    return record, spans, {**_beside(record, record), **more}


def _readable(value: object) -> bool:
    spans = unwrap(value)
    return isinstance(spans, list) and any(isinstance(one, Mapping) for one in spans)


def _spans(value: object) -> list[Any]:
    spans = unwrap(value)
    if spans in (None, "", []):
        return []
    if not _readable(spans):
        # the text of objects, as str() and to_csv() write them
        raise BadRecord(f"the spans of this trace are text and no JSON{_TO_DO}")
    return list(spans)


def _beside(record: Mapping[str, Any], info: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns that people added to a table of traces."""
    if not any(name in record for name in _ABOUT):
        return {}
    return {
        name: value
        for name, value in record.items()
        if name not in {*_COLUMNS, *_KNOWN} and name not in info
    }


_KNOWN = {
    *_IDS, *_ABOUT, *_INFO, "client_request_id", "state", "status", "request_time",
    "timestamp_ms", "execution_duration", "execution_time_ms", "tags", "assessments",
    "execution_duration_ms", "experiment_id", "request_preview", "response_preview",
    "trace_location",
}  # fmt: skip


def trace_id_of(given: object) -> str | None:
    """Return the id of a trace as OTLP has it.

    Examples
    --------
    >>> trace_id_of("tr-57DA105235258A7B2FF2B8E5AA08164B")
    '57da105235258a7b2ff2b8e5aa08164b'
    >>> trace_id_of("trace:/main.traces/57da105235258a7b2ff2b8e5aa08164b")
    '57da105235258a7b2ff2b8e5aa08164b'
    """
    if isinstance(given, str) and given.startswith("trace:/"):
        given = given.rpartition("/")[2]  # in a schema of Unity Catalog
    return normal_id(given)


def _span(record: Mapping[str, Any], trace_id: str | None) -> Span:
    """Return a span: of MLflow 3, of MLflow 2, or as REST writes it."""
    get = record.get
    inside = steps.opened(get("context"))
    own = attributes_of(get("attributes"))
    if isinstance(get("attributes"), Mapping):
        own = {name: decoded(value) for name, value in own.items()}
    if trace_id is None:
        found = own.get(REQUEST_ID) or get("trace_id") or inside.get("trace_id")
        trace_id = trace_id_of(found)
    span_id = normal_id(get("span_id") or inside.get("span_id"))
    if trace_id is None or span_id is None:
        raise BadRecord(f"no {'trace' if trace_id is None else 'span'} id")
    for name in (INPUTS, OUTPUTS):
        if name in own and not isinstance(own[name], str):
            text = as_text(own.pop(name))
            own |= {name: text} if text is not None else {}
    if events := get("events"):
        own[EVENTS] = [_event(event) for event in events]
    if links := get("links"):
        own[LINKS] = links
    status = get("status")
    told = status if isinstance(status, Mapping) else {}
    code = str(told.get("code") or get("status_code") or status or "")
    if message := told.get("message") or get("status_message"):
        own[MESSAGE] = message
    return dialects.settle(
        Span(
            trace_id,
            span_id,
            normal_id(get("parent_span_id") or get("parent_id")),
            name=as_text(get("name")),
            started_ns=_time(record, "start_time"),
            ended_ns=_time(record, "end_time"),
            attributes=own,
            status=_STATUS.get(code.removeprefix("STATUS_CODE_")),
            format=NAME,
        )
    )


def _event(event: Mapping[str, Any]) -> dict[str, Any]:
    time = steps.first_of(event, ("time_unix_nano", "timestamp"))
    said = attributes_of(event.get("attributes"))
    return {"name": event.get("name"), "time": time, "attributes": said}


def _time(record: Mapping[str, Any], name: str) -> int | None:
    return as_nanoseconds(
        steps.first_of(record, (f"{name}_unix_nano", f"{name}_ns", name))
    )


READER = Reader(
    NAME,
    "traces of MLflow (info and data, rows of search_traces, REST)",
    _detects,
    _reads,
    explains=explain,
    builds=builds,
)
