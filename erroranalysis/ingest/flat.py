"""Flat tables: a column with what was asked, a column with what was answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from erroranalysis.ingest.facts import NAMES, facts, metadata, pick
from erroranalysis.ingest.messages import normalise
from erroranalysis.ingest.reader import BadRecord, Columns, Reader
from erroranalysis.ingest.values import as_text, unwrap
from erroranalysis.records import Trace, digest

_GUESSES: dict[str, tuple[str, ...]] = {
    "input": (
        "input", "prompt", "question", "query", "user", "user_message", "instruction",
        "user_input", "request", "inputs",
    ),
    "output": (
        "output", "response", "answer", "completion", "assistant", "reply",
        "generation", "model_output", "bot_response", "outputs", "result",
    ),
    "system": ("system", "system_prompt", "instructions"),
    "context": ("context", "documents", "retrieved", "passages"),
}  # fmt: skip
FIELDS = (*_GUESSES, *NAMES)


def guess(record: Mapping[str, Any]) -> Columns:
    """Return which column of a flat record holds which field.

    Examples
    --------
    >>> guess({"Question": "?", "answer": "!", "ts": 1})
    {'input': 'Question', 'output': 'answer'}
    """
    folded = {str(name).strip().casefold().replace(" ", "_"): name for name in record}
    found: Columns = {}
    for field, names in (*_GUESSES.items(), *NAMES.items()):
        for name in names:
            if name in folded and folded[name] not in found.values():
                found[field] = str(folded[name])
                break
    return found


def _detects(record: Mapping[str, Any]) -> bool:
    columns = guess(record)
    return "input" in columns and "output" in columns


def _to_trace(record: Mapping[str, Any], columns: Columns) -> Trace:
    asked_in, answered_in = columns.get("input"), columns.get("output")
    if asked_in is None or answered_in is None:
        lacking = "input" if asked_in is None else "output"
        raise BadRecord(
            f"no column for {lacking}; name it: columns={{{lacking!r}: …}}, one of "
            + ", ".join(map(str, record))
        )
    asked, answered = record.get(asked_in), as_text(record.get(answered_in))
    if as_text(asked) in (None, "") and not answered:
        raise BadRecord(f"{asked_in!r} and {answered_in!r} are both empty")
    messages = _asked(asked)
    for field in ("context", "system"):
        column = columns.get(field)
        text = as_text(record.get(column)) if column else None
        if text:
            messages.insert(0, {"role": "system", "content": text, "name": field})
    if answered:
        messages.append({"role": "assistant", "content": answered})
    # a named column is read under the name of its field
    renamed = dict(record)
    for field, column in columns.items():
        if field in NAMES and column is not None and column in record:
            renamed[field] = renamed.pop(column)
    known = facts(renamed)
    given = None if "id" in columns and columns["id"] is None else pick(renamed, "id")
    used = {column for column in columns.values() if column} | set(NAMES)
    return Trace(
        id=as_text(given) or "f_" + digest(messages, known["session_id"]),
        messages=messages,
        metadata=metadata(renamed, used),
        **known,
    )


def _asked(asked: object) -> list[dict[str, Any]]:
    """Return the messages that a cell with the input holds."""
    value = unwrap(asked)
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    if is_list and value and isinstance(value[0], Mapping) and "role" in value[0]:
        return normalise(value)
    return [{"role": "user", "content": as_text(asked) or ""}]


READER = Reader(
    "flat",
    "a table with a column like prompt or question and one like response or answer",
    _detects,
    _to_trace,
    guess,
)
