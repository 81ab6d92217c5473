"""Flat tables: a column with what was asked, a column with what was answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from erroranalysis.ingest.facts import NAMES, facts, find, fold, identity, metadata
from erroranalysis.ingest.messages import normalise
from erroranalysis.ingest.reader import BadRecord, Columns, Context, Reader, single
from erroranalysis.ingest.readers.chat import answers
from erroranalysis.ingest.values import as_text, unwrap
from erroranalysis.records import Message, Trace

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
_ASKS, _ANSWERS = set(_GUESSES["input"]), set(_GUESSES["output"])
FIELDS = (*_GUESSES, *NAMES)


def guess(counts: Mapping[str, int]) -> Columns:
    """Return which column of a flat table holds which field.

    Of several columns that may hold a field the fullest is taken, then the surest.

    Parameters
    ----------
    counts : dict of str to int
        The names of the columns, and how many records fill them.

    Examples
    --------
    >>> guess({"Question": 2, "answer": 2, "sessionId": 1})
    {'input': 'Question', 'output': 'answer', 'session_id': 'sessionId'}
    """
    folded: dict[str, str] = {}
    for name in counts:
        folded.setdefault(fold(name), name)
    found: Columns = {}
    for field, names in (*_GUESSES.items(), *NAMES.items()):
        free = [folded[name] for name in names if name in folded]
        free = [name for name in free if name not in found.values()]
        if free:
            found[field] = max(free, key=lambda name: counts[name])
    if "instruction" in folded and "input" in folded:
        # instruction, input, output: the task, and what it is to be done with
        found["input"], found["context"] = folded["instruction"], folded["input"]
    return found


def _detects(record: Mapping[str, Any]) -> bool:
    names = {fold(name) for name in record}
    asks, answers = names & _ASKS, names & _ANSWERS
    return bool(asks and answers)


def _to_trace(record: Mapping[str, Any], context: Context) -> Trace:
    columns = context.columns
    asked_in, answered_in = _column(record, columns, "input"), None
    if columns.get("output", "") is not None:
        answered_in = _column(record, columns, "output")
    asked = record[asked_in]
    answered = record[answered_in] if answered_in else None
    if as_text(asked) in (None, "") and as_text(answered) in (None, ""):
        raise BadRecord(f"nothing was asked in {asked_in!r} and nothing answered")
    messages = _asked(asked)
    for field in ("context", "system"):
        column = columns.get(field)
        text = as_text(record.get(column)) if column else None
        if text:
            messages.insert(0, {"role": "system", "content": text, "name": field})
    said, more = _answered(answered)
    messages += said
    at = find(record, {f: name for f, name in columns.items() if f in NAMES})
    known = facts(record, at)
    used = {columns[field] or "" for field in _GUESSES if field in columns}
    return Trace(
        id=identity(record, at, known, messages, "f_"),
        messages=messages,
        metadata={**more, **metadata(record, at, known, used)},
        **known,
    )


def _column(record: Mapping[str, Any], columns: Columns, field: str) -> str:
    """Return the column of a field, or say what is there instead."""
    column = columns.get(field)
    if column is not None and column in record:
        return column
    lacking = f"no column {column!r}" if column else f"no column for {field}"
    there = ", ".join(map(str, record)) or "nothing"
    raise BadRecord(
        f"{lacking}; the record has {there}. Name it: columns={{{field!r}: …}}"
    )


def _asked(asked: object) -> list[dict[str, Any]]:
    """Return the messages that a cell with the input holds."""
    value = unwrap(asked)
    if (
        isinstance(value, list)
        and value
        and isinstance(value[0], Mapping)
        and ("role" in value[0] or "from" in value[0])
    ):
        return normalise(value)
    text = as_text(asked)
    return [{"role": "user", "content": text}] if text else []


def _answered(given: object) -> tuple[list[Message], dict[str, Any]]:
    """Return the messages that a cell with the answer holds, and other answers."""
    if isinstance(given, list):
        found, others = answers(given)
        if found:
            return found, others
    text = as_text(given)
    return ([{"role": "assistant", "content": text}], {}) if text else ([], {})


READER = Reader(
    "flat",
    "a table with a column like prompt or question and one like response or answer",
    _detects,
    single(_to_trace),
    guess,
)
