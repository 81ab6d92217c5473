"""Chat records: an object with ``messages``, and facts beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from erroranalysis.ingest.facts import facts, find, identity, metadata
from erroranalysis.ingest.messages import normalise
from erroranalysis.ingest.reader import BadRecord, Context, Reader, single
from erroranalysis.ingest.values import as_text, unwrap
from erroranalysis.records import Trace

PLACES = ("messages", "conversations", "conversation")
# where some tools put what comes before and after the messages
_SYSTEM = ("system", "system_prompt")
_ANSWER = ("response", "completion", "output", "answer")


def _detects(record: Mapping[str, Any]) -> bool:
    return any(
        isinstance(unwrap(record[place]), list) for place in PLACES if place in record
    )


def _to_trace(record: Mapping[str, Any], context: Context) -> Trace:
    columns = context.columns
    place = columns.get("messages") or _place(record)
    if place is None or place not in record:
        found = ", ".join(map(str, record)) or "nothing"
        raise BadRecord(f"no messages here; the record has {found}")
    messages = normalise(record[place])
    used = {place}
    for name in _SYSTEM:
        if messages[0]["role"] != "system" and (text := _text(record, name)):
            messages.insert(0, {"role": "system", "content": text})
            used.add(name)
    for name in _ANSWER:
        if messages[-1]["role"] != "assistant" and (text := _text(record, name)):
            messages.append({"role": "assistant", "content": text})
            used.add(name)
    at = find(record, columns)
    known = facts(record, at)
    return Trace(
        id=identity(record, at, known, messages, "c_"),
        messages=messages,
        metadata=metadata(record, at, known, used),
        **known,
    )


def _place(record: Mapping[str, Any]) -> str | None:
    there = [name for name in PLACES if name in record]
    filled = (name for name in there if record[name] is not None)
    return next(filled, there[0] if there else None)


def _text(record: Mapping[str, Any], name: str) -> str | None:
    """Return the text under a name, as it is or in blocks of type text."""
    value = record.get(name)
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        value = normalise([{"role": "system", "content": value}])[0]["content"]
    return as_text(value) if isinstance(value, str) else None


READER = Reader(
    "chat",
    "objects with a list of messages (role, content)",
    _detects,
    single(_to_trace),
)
