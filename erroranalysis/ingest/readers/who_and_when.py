"""Who&When: failed runs of several agents, with who failed and in which step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from erroranalysis.ingest.messages import ROLES, kind
from erroranalysis.ingest.reader import BadRecord, Context, Reader, single
from erroranalysis.ingest.values import as_number, as_text, unwrap
from erroranalysis.records import Feedback, Message, Trace, digest

_PEOPLE = {"user", "human"}
_TERMINALS = {"computer_terminal", "computerterminal"}
_VERDICTS = ("is_correct", "is_corrected")
_TAKEN = {"question", "history", "mistake_reason", *_VERDICTS}


def _detects(record: Mapping[str, Any]) -> bool:
    return isinstance(unwrap(record.get("history")), list) and (
        "mistake_step" in record or "mistake_agent" in record
    )


def _to_trace(record: Mapping[str, Any], _: Context) -> Trace:
    history = unwrap(record.get("history"))
    if not isinstance(history, list) or not history:
        raise BadRecord("no history: a list of what the agents said, in their order")
    messages = [_message(item, place) for place, item in enumerate(history)]
    question = as_text(record.get("question"))
    rest = {
        str(name): value
        for name, value in record.items()
        if name not in _TAKEN and value is not None and value != ""
    }
    return Trace(
        id="ww_" + digest(question, messages),
        messages=messages,
        metadata=rest,
        feedback=_feedback(record),
        input=question,
    )


def _message(item: object, place: int) -> Message:
    """Return one step; a step is a message, so that steps keep their numbers."""
    if not isinstance(item, Mapping):
        raise BadRecord(f"step {place} of the history is {kind(item)}, not an object")
    given, name = as_text(item.get("role")) or "", as_text(item.get("name"))
    speaker = name or given
    role = ROLES.get(given.lower(), "assistant")
    if speaker.lower() in _TERMINALS:
        role = "tool"
    elif role == "user" and speaker.lower() not in _PEOPLE:
        role = "assistant"  # one agent talks to another
    message: Message = {"role": role, "content": as_text(item.get("content")) or ""}
    if speaker.lower() not in ROLES:
        message["name"] = speaker
    return message


def _feedback(record: Mapping[str, Any]) -> tuple[Feedback, ...]:
    """Return what the people who read the run found."""
    found = []
    reason = as_text(record.get("mistake_reason"))
    for name in ("mistake_step", "mistake_agent"):
        value = record.get(name)
        if value is None or value == "":
            continue
        number = as_number(value) if name == "mistake_step" else None
        found.append(Feedback(name, as_text(value), number, reason, "expert"))
    for name in _VERDICTS:
        value = record.get(name)
        if value is not None and value != "":
            number = as_number(value) if isinstance(value, bool) else None
            found.append(Feedback(name, as_text(value), number, None, "dataset"))
    return tuple(found)


READER = Reader(
    "who-and-when",
    "Who&When runs (question, history, mistake_agent, mistake_step)",
    _detects,
    single(_to_trace),
)
