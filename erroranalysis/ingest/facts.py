"""The facts that records of many tools give under many names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from erroranalysis.ingest.reader import BadRecord
from erroranalysis.ingest.values import (
    as_count,
    as_number,
    as_text,
    as_time,
    unwrap,
)
from erroranalysis.records import Feedback

# The field of a trace, and the names under which records give it.
NAMES: dict[str, tuple[str, ...]] = {
    "id": ("id", "trace_id", "request_id", "run_id", "uuid", "_id"),
    "session_id": ("session_id", "conversation_id", "thread_id", "sessionId", "chat_id"),
    "started_at": (
        "started_at", "start_time", "timestamp", "created_at", "created", "time",
        "date", "datetime",
    ),
    "ended_at": ("ended_at", "end_time", "finished_at"),
    "model": ("model", "model_name", "model_id"),
    "input_tokens": ("input_tokens", "prompt_tokens"),
    "output_tokens": ("output_tokens", "completion_tokens"),
    "cost_usd": ("cost_usd", "total_cost", "cost"),
    "error": ("error", "error_message", "exception"),
    "metadata": ("metadata", "meta"),
    "tags": ("tags",),
    "feedback": ("feedback",),
    "usage": ("usage",),
    "latency_seconds": ("latency_seconds", "latency_s", "duration_seconds"),
    "latency_ms": ("latency_ms", "duration_ms"),
}  # fmt: skip
USED = {name for names in NAMES.values() for name in names}


def pick(record: Mapping[str, Any], field: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return what a record says about a field, under any of its names."""
    for name in NAMES[field]:
        value = record.get(name)
        if value is not None and value != "":
            return value
    return None


def facts(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a trace that a record names, all but the messages."""
    started, ended = _times(record)
    usage = unwrap(pick(record, "usage"))
    tokens = usage if isinstance(usage, Mapping) else record
    return {
        "session_id": as_text(pick(record, "session_id")),
        "started_at": started,
        "ended_at": ended,
        "model": as_text(pick(record, "model")),
        "input_tokens": as_count(pick(tokens, "input_tokens")),
        "output_tokens": as_count(pick(tokens, "output_tokens")),
        "cost_usd": as_number(pick(record, "cost_usd")),
        "error": as_text(pick(record, "error")),
        "tags": _tags(pick(record, "tags")),
        "feedback": _feedback(unwrap(pick(record, "feedback"))),
    }


def metadata(record: Mapping[str, Any], used: set[str]) -> dict[str, Any]:
    """Return the metadata of a record and every fact that has no place elsewhere."""
    given = unwrap(pick(record, "metadata"))
    rest = {
        str(name): value
        for name, value in record.items()
        if name not in used and name not in USED and value is not None
    }
    for name in NAMES["latency_ms"] + NAMES["latency_seconds"]:
        if record.get(name) is not None:
            rest[name] = record[name]
    if isinstance(given, Mapping):
        return {**rest, **{str(name): value for name, value in given.items()}}
    return {**rest, "metadata": given} if given is not None else rest


def _times(record: Mapping[str, Any]) -> tuple[datetime | None, datetime | None]:
    started = as_time(pick(record, "started_at"))
    ended = as_time(pick(record, "ended_at"))
    seconds = as_number(pick(record, "latency_seconds"))
    milliseconds = as_number(pick(record, "latency_ms"))
    if seconds is None and milliseconds is not None:
        seconds = milliseconds / 1000
    if ended is None and started is not None and seconds is not None and seconds >= 0:
        try:
            ended = started + timedelta(seconds=seconds)
        except OverflowError:
            raise BadRecord(f"a latency of {seconds:g} s is not possible") from None
    return started, ended


def _tags(value: object) -> list[str]:
    value = unwrap(value)
    if isinstance(value, str):
        return [tag.strip() for tag in value.split(",") if tag.strip()]
    if isinstance(value, Sequence):
        return [str(tag) for tag in value]
    return []


def _feedback(value: object) -> tuple[Feedback, ...]:
    if isinstance(value, Mapping):
        value = [value] if "name" in value else _by_name(value)
    if not isinstance(value, Sequence):
        return ()
    if isinstance(value, str):
        return (Feedback(name="feedback", value=value),)
    return tuple(one_feedback(item) for item in value if isinstance(item, Mapping))


def _by_name(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    comment = value.get("comment")
    return [
        {"name": name, "value": given, "comment": comment}
        for name, given in value.items()
        if name != "comment"
    ]


def one_feedback(item: Mapping[str, Any]) -> Feedback:
    """Return one piece of feedback from ``name``, ``value`` or ``score``, …."""
    value = item.get("value", item.get("score"))
    return Feedback(
        name=str(item.get("name") or item.get("key") or "feedback"),
        value=as_text(value),
        number=None if isinstance(value, str) else as_number(value),
        comment=as_text(item.get("comment")),
        origin=str(item.get("origin") or item.get("source") or "user"),
        created_at=as_time(item.get("created_at") or item.get("at")),
    )
