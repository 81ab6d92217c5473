"""OpenTelemetry in protobuf: from the bytes of a request to its spans.

Every span is decoded by itself, so that one that is broken costs no other, and a
request of a gigabyte takes the memory of its bytes and of one span.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from erroranalysis.ingest import dialects
from erroranalysis.ingest.dialects.dialect import (
    EVENTS,
    LINKS,
    MESSAGE,
    RESOURCE,
    SCOPE,
)
from erroranalysis.ingest.dialects.events import from_log
from erroranalysis.ingest.otlp_types import types
from erroranalysis.ingest.reader import Bad, BadRecord, Skip
from erroranalysis.ingest.values import clean
from erroranalysis.ingest.wire import LENGTH, Broken, fields, first
from erroranalysis.records import Remark, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "otlp.protobuf"

_NAME = "otlp"
_RESOURCE, _SCOPES, _OLD_SCOPES = 1, 2, 1000
_SCOPE, _RECORDS = 1, 2
_STATUS = {1: "ok", 2: "error"}
_NO_ID = bytes(16), bytes(8), b""
# Field and wire type that only a span has, or only a log record.
_OF_SPANS = {(6, 0), (7, 1), (8, 1), (15, 2), (16, 5)}
_OF_LOGS = {(1, 1), (2, 0), (6, 2), (7, 0), (8, 5), (11, 1)}
_UNREADABLE = "not a span of OpenTelemetry: it cannot be decoded"
_SPAN_IDS = {(1, 16), (2, 8)}

CUT_OFF = (
    "the file ends in the middle of a request: it is cut off or broken; the spans"
    " before that were read. Export it again"
)

Item = Span | Remark | Skip | Bad


class Request(NamedTuple):
    """What one resource says in a request: its spans, log records or metrics.

    Attributes
    ----------
    data : bytes
        A ``ResourceSpans`` or ``ResourceLogs``.
    offset : int
        Byte of the file, or of the unpacked body, at which it starts.
    part : str
        Body of the file that it stands in, where there are several.
    missing : int
        Bytes by which the file ends before it does.
    """

    data: bytes
    offset: int = 0
    part: str = ""
    missing: int = 0

    def __str__(self) -> str:
        """Say what it is; what is shown of a reject is no gigabyte."""
        return _bytes(len(self.data), self.offset)

    def place(self, byte: int) -> str:
        """Return where a byte of the data stands in the file."""
        return f"{self.part}byte {self.offset + byte:,}"


def _bytes(size: int, place: int) -> str:
    return f"({size:,} bytes from byte {place:,} on)"


def spans(request: Request) -> Iterator[Item]:
    """Yield the spans of a request; a log record is a piece of its span.

    Examples
    --------
    >>> span = types().span(trace_id=b"1" * 16, span_id=b"2" * 8, name="chat")
    >>> record = span.SerializeToString()
    >>> scope = bytes([0x12, len(record)]) + record
    >>> [one.name for one in spans(Request(bytes([0x12, len(scope)]) + scope))]
    ['chat']
    """
    data, cut = request.data, request.missing > 0
    about = _decoded(types().resource, first(data, 0, len(data), _RESOURCE))
    resource = attributes_of(about.attributes) if about is not None else {}
    common = {RESOURCE: resource} if resource else {}
    try:
        for number, wire, start, end in fields(data, 0, len(data), cut=cut):
            if number in (_SCOPES, _OLD_SCOPES) and wire == LENGTH:
                yield from _scope(request, start, end, common)
    except Broken as broken:
        if not cut:
            yield _breaks_off(request, broken)
    if cut:
        yield Bad(CUT_OFF, f"{request.missing:,} bytes are missing", request.place(0))


def _breaks_off(request: Request, broken: Broken) -> Bad:
    return Bad(
        "the request is broken from here on; what comes before was read. Export it"
        " again",
        str(request),
        request.place(broken.place),
    )


def _decoded(kind: Any, data: bytes | None) -> Any:  # noqa: ANN401 - a message
    try:
        return None if data is None else kind.FromString(data)
    except types().error:
        return None


def _scope(
    request: Request, start: int, end: int, common: Mapping[str, Any]
) -> Iterator[Item]:
    """Yield what one library reported."""
    data = request.data
    library = _decoded(types().scope, first(data, start, end, _SCOPE))
    about = dict(common)
    if library is not None and library.name:
        about[SCOPE] = library.name
    make: _Make | None = None
    try:
        for number, wire, begin, stop in fields(data, start, end):
            if number != _RECORDS or wire != LENGTH:
                continue
            record = data[begin:stop]
            if make is None:
                make = _MAKERS[_sort(record)]
            try:
                yield from make(record, about)
            except (BadRecord, types().error) as error:
                reason = str(error) if type(error) is BadRecord else _UNREADABLE
                where = _bytes(len(record), request.offset + begin)
                yield Bad(reason, where, request.place(begin))
    except Broken as broken:
        if not (request.missing and end == len(data)):
            yield _breaks_off(request, broken)


def _sort(record: bytes) -> str:
    """Return whether a record is a span, a log record or a metric, by its fields."""
    named = False
    ids: set[tuple[int, int]] = set()
    try:
        for number, wire, start, end in fields(record, 0, len(record)):
            if (number, wire) in _OF_SPANS:
                return "span"
            if (number, wire) in _OF_LOGS:
                return "log"
            named = named or number == 1
            ids.add((number, end - start))
    except Broken:
        pass
    if ids >= _SPAN_IDS:
        return "span"
    return "metric" if named else "log"


def _span(record: bytes, common: Mapping[str, Any]) -> Iterable[Item]:
    told = types().span.FromString(record)
    trace_id, span_id, parent = told.trace_id, told.span_id, told.parent_span_id
    if trace_id in _NO_ID or span_id in _NO_ID:
        raise BadRecord(f"no {'trace' if trace_id in _NO_ID else 'span'} id")
    attributes = attributes_of(told.attributes)
    attributes.update(common)
    if events := told.events:
        attributes[EVENTS] = [
            {
                "name": clean(event.name),
                "time": event.time,
                "attributes": attributes_of(event.attributes),
            }
            for event in events
        ]
    if links := told.links:
        attributes[LINKS] = [
            {
                "traceId": link.trace_id.hex(),
                "spanId": link.span_id.hex(),
                "attributes": attributes_of(link.attributes),
            }
            for link in links
        ]
    status = told.status
    if text := status.message:
        attributes[MESSAGE] = clean(text)
    span = dialects.settle(
        Span(
            trace_id.hex(),
            span_id.hex(),
            None if parent in _NO_ID else parent.hex(),
            None,
            clean(told.name),
            told.started or None,
            told.ended or None,
            None,
            None,
            attributes,
            _STATUS.get(status.code),
            _NAME,
        )
    )
    if LINKS in attributes or dialects.has_feedback(attributes):
        return dialects.with_remarks(span)
    return (span,)


def _log(record: bytes, common: Mapping[str, Any]) -> Iterable[Item]:
    told = types().log.FromString(record)
    attributes = attributes_of(told.attributes)
    log = {
        "name": clean(told.event_name) or attributes.get("event.name"),
        "time": told.time or told.observed or None,
        "body": value_of(told.body),
        "attributes": attributes,
    }
    ids = (
        None if told.trace_id in _NO_ID else told.trace_id.hex(),
        None if told.span_id in _NO_ID else told.span_id.hex(),
    )
    return (from_log(ids, log, common, _NAME),)


def _metric(_: bytes, __: Mapping[str, Any]) -> Iterable[Item]:
    return (Skip("metric"),)


_Make = Callable[[bytes, Mapping[str, Any]], Iterable[Item]]
_MAKERS: dict[str, _Make] = {"span": _span, "log": _log, "metric": _metric}


def attributes_of(items: Iterable[Any]) -> dict[str, Any]:
    """Return attributes as a dict.

    Examples
    --------
    >>> attribute = {"key": "n", "value": {"int_value": 7}}
    >>> attributes_of(types().span(attributes=[attribute]).attributes)
    {'n': 7}
    """
    out: dict[str, Any] = {}
    for item in items:
        value = item.value
        # most are text; asking which of the kinds it is takes twice as long
        text = value.string_value
        if text and "\0" not in text:
            out[item.key] = text
        else:
            out[item.key] = value.int_value or value_of(value)
    return out


def value_of(message: Any) -> Any:  # noqa: ANN401 - a message; any JSON value
    """Return what an ``AnyValue`` holds.

    Examples
    --------
    >>> words = {"values": [{"string_value": "hi"}, {"bool_value": True}, {}]}
    >>> value_of(types().log(body={"array_value": words}).body)
    ['hi', True, None]
    """
    kind = message.WhichOneof("value")
    value = getattr(message, kind) if kind else None
    rule = _RULES.get(kind)
    return value if rule is None else rule(value)


def _array(value: Any) -> list[Any]:  # noqa: ANN401 - a message
    return [value_of(item) for item in value.values]


def _pairs(value: Any) -> dict[str, Any]:  # noqa: ANN401 - a message
    return {clean(item.key): value_of(item.value) for item in value.values}


def _text(value: bytes) -> str:
    """Return bytes as the same text that JSON has for them, if that is no text."""
    try:
        return clean(value.decode("utf-8"))
    except UnicodeDecodeError:
        return base64.b64encode(value).decode("ascii")


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


_RULES: dict[str | None, Callable[[Any], Any]] = {
    "string_value": clean,
    "array_value": _array,
    "kvlist_value": _pairs,
    "bytes_value": _text,
    "double_value": _number,
}
