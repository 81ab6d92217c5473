"""The messages of OpenTelemetry in protobuf, described here and built when needed.

They are wire compatible with opentelemetry-proto 1.x and have a package and a pool of
their own, so that they never meet the classes that a program has loaded already
(``docs/decisions/0007-protobuf.md``).
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

_PACKAGE = "erroranalysis.otlp"
_ANY_VALUE = "AnyValue"

# name, number, type; "*" marks a repeated field
_MESSAGES: dict[str, str] = {
    _ANY_VALUE: "string_value 1 string; bool_value 2 bool; int_value 3 int64;"
    " double_value 4 double; array_value 5 ArrayValue; kvlist_value 6 KeyValueList;"
    " bytes_value 7 bytes",
    "ArrayValue": "values 1 *AnyValue",
    "KeyValueList": "values 1 *KeyValue",
    "KeyValue": "key 1 string; value 2 AnyValue",
    "Resource": "attributes 1 *KeyValue",
    "Scope": "name 1 string; version 2 string; attributes 3 *KeyValue",
    "Status": "message 2 string; code 3 int32",
    "Event": "time 1 fixed64; name 2 string; attributes 3 *KeyValue",
    "Link": "trace_id 1 bytes; span_id 2 bytes; attributes 4 *KeyValue",
    "Span": "trace_id 1 bytes; span_id 2 bytes; parent_span_id 4 bytes; name 5 string;"
    " started 7 fixed64; ended 8 fixed64; attributes 9 *KeyValue; events 11 *Event;"
    " links 13 *Link; status 15 Status",
    "LogRecord": "time 1 fixed64; body 5 AnyValue; attributes 6 *KeyValue;"
    " trace_id 9 bytes; span_id 10 bytes; observed 11 fixed64; event_name 12 string",
}


class Types(NamedTuple):
    """Classes of messages, each with ``FromString``, and the error that this raises."""

    error: type[Exception]
    resource: Any
    scope: Any
    span: Any
    log: Any


@functools.cache
def types() -> Types:
    """Return the classes of messages, which are made on the first call.

    Examples
    --------
    >>> span = types().span(name="chat", trace_id=b"1" * 16)
    >>> types().span.FromString(span.SerializeToString()).name
    'chat'
    """
    from google.protobuf import descriptor_pool, message, message_factory

    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(_file().SerializeToString())
    made = (
        message_factory.GetMessageClass(
            pool.FindMessageTypeByName(f"{_PACKAGE}.{name}")
        )
        for name in ("Resource", "Scope", "Span", "LogRecord")
    )
    return Types(message.DecodeError, *made)


def _file() -> Any:  # noqa: ANN401 - a FileDescriptorProto
    from google.protobuf import descriptor_pb2

    file = descriptor_pb2.FileDescriptorProto(
        name="erroranalysis/otlp.proto", package=_PACKAGE, syntax="proto3"
    )
    kinds = descriptor_pb2.FieldDescriptorProto
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        if name == _ANY_VALUE:
            message.oneof_decl.add(name="value")
        for text in fields.split(";"):
            called, number, kind = text.split()
            field = message.field.add(name=called, number=int(number))
            field.label = kinds.LABEL_OPTIONAL
            if kind.startswith("*"):
                field.label, kind = kinds.LABEL_REPEATED, kind[1:]
            if kind in _MESSAGES:
                field.type = kinds.TYPE_MESSAGE
                field.type_name = f".{_PACKAGE}.{kind}"
            else:
                field.type = kinds.Type.Value(f"TYPE_{kind.upper()}")
            if name == _ANY_VALUE:
                field.oneof_index = 0
    return file
