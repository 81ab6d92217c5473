"""Chat records: an object with ``messages``, and facts beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from erroranalysis.ingest.facts import facts, metadata, pick
from erroranalysis.ingest.messages import normalise
from erroranalysis.ingest.reader import BadRecord, Columns, Reader
from erroranalysis.ingest.values import as_text, unwrap
from erroranalysis.records import Trace, digest

_PLACES = ("messages", "conversations", "conversation")


def _detects(record: Mapping[str, Any]) -> bool:
    return any(
        isinstance(unwrap(record.get(place)), Sequence)
        and not isinstance(unwrap(record.get(place)), str)
        for place in _PLACES
    )


def _to_trace(record: Mapping[str, Any], columns: Columns) -> Trace:
    named = columns.get("messages")
    place = named or next((name for name in _PLACES if name in record), None)
    if place is None or place not in record:
        found = ", ".join(map(str, record)) or "nothing"
        raise BadRecord(f"no messages here; the record has {found}")
    messages = normalise(record[place])
    used = {place, "id"}
    named_id = columns.get("id", "")
    given = None if named_id is None else record.get(named_id) or pick(record, "id")
    known = facts(record)
    return Trace(
        id=as_text(given) or "c_" + digest(messages, known["session_id"]),
        messages=messages,
        metadata=metadata(record, used),
        **known,
    )


READER = Reader(
    "chat", "objects with a list of messages (role, content)", _detects, _to_trace
)
