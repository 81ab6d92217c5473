"""Argilla: records with the responses of people and suggestions of models."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from erroranalysis.ingest.messages import kind
from erroranalysis.ingest.reader import Bad, BadRecord, Context, Reader, Skip
from erroranalysis.ingest.readers.annotated import (
    NOBODY,
    Answer,
    Opinion,
    items,
    sort_of,
    task_of,
)
from erroranalysis.ingest.steps import first_of
from erroranalysis.ingest.values import as_id, as_number, as_text, as_time, unwrap

TOOL = "argilla"
_RESPONSES, _SUGGESTION = ".responses", ".suggestion"
_OLD_SUGGESTION = "-suggestion"  # of the data sets of version 1
_LEFT_OUT = {"discarded": "discarded response", "draft": "draft response"}
# columns of a data set that are neither fields nor answers
_ABOUT = {
    "id", "_server_id", "external_id", "status", "inserted_at", "updated_at",
    "metadata", "vectors", "responses", "suggestions",
}  # fmt: skip


class _Response(NamedTuple):
    """What one person answered to one question."""

    user: str
    status: str
    question: str
    value: Any


def _detects(record: Mapping[str, Any]) -> bool:
    if isinstance(unwrap(record.get("fields")), Mapping):
        return "responses" in record or "suggestions" in record
    return _is_flat(record)


def _is_flat(record: Mapping[str, Any]) -> bool:
    """Return whether a record is a row of a data set, with a column a question."""
    for name in record:
        if name.endswith(_RESPONSES) and f"{name}.users" in record:
            return True
        if name.endswith(_SUGGESTION) and "_server_id" in record:
            return True
        if name.endswith(_OLD_SUGGESTION) and (
            "external_id" in record or f"{name}-metadata" in record
        ):
            return True
    return False


def _reads(record: Mapping[str, Any], context: Context) -> Iterator[Any]:
    fields = unwrap(record.get("fields"))
    is_flat = not isinstance(fields, Mapping)
    if is_flat and not _is_flat(record):
        there = ", ".join(map(str, record)) or "nothing"
        raise BadRecord(
            f"no record of Argilla: there are no fields and responses; it has {there}"
        )
    if is_flat:
        fields = _fields(record)
    given = first_of(record, ("id", "external_id", "_server_id"))
    beside = ({"external_id": record.get("external_id")}, record.get("metadata"))
    task = task_of(fields, beside, given, "ar_", context.columns)
    try:
        created = as_time(first_of(record, ("updated_at", "inserted_at")))
    except BadRecord as reason:
        yield Bad(f"updated_at: {reason}", record.get("updated_at"), "updated_at")
        created = None
    opinions: list[Opinion] = []
    found = _of_columns(record) if is_flat else _of_responses(record)
    people: dict[tuple[str, str], list[_Response]] = {}
    for one in found:
        if isinstance(one, _Response):
            people.setdefault((one.user, one.status), []).append(one)
        else:
            yield one
    for (user, status), said in people.items():
        if status in _LEFT_OUT:
            yield Skip(_LEFT_OUT[status])
            continue
        answers = [a for one in said for a in _answers(one.question, one.value)]
        opinions.append(Opinion(user, tuple(answers), created))
    opinions += _suggestions(record)
    yield from items(task, opinions, TOOL)


def _of_responses(record: Mapping[str, Any]) -> Iterator[_Response | Bad]:
    """Yield the responses of a record, by question or (version 1) by person."""
    given = unwrap(record.get("responses"))
    if isinstance(given, Mapping):
        for question, said in given.items():
            yield from _of_question(question, said, f"responses.{question}")
        return
    if given is not None and not isinstance(given, list):
        yield Bad(f"responses is {kind(given)}, not an object", given, "responses")
        return
    for place, item in enumerate(given or []):
        where = f"responses[{place}]"
        values = unwrap(item.get("values")) if isinstance(item, Mapping) else None
        if isinstance(item, Mapping) and "question_name" in item:
            yield _response(str(item["question_name"]), item)
        elif isinstance(values, Mapping):
            for question, value in values.items():
                inner = value.get("value") if isinstance(value, Mapping) else value
                yield _response(str(question), {**item, "value": inner})
        elif not isinstance(item, Mapping):
            yield Bad(f"the response is {kind(item)}, not an object", item, where)
        elif item.get("status") in _LEFT_OUT:  # nothing need be filled in then
            yield _response("", item)
        else:
            yield Bad("the response has no values", item, where)


def _of_question(name: object, said: object, where: str) -> Iterator[_Response | Bad]:
    said = unwrap(said)
    if isinstance(said, Mapping) and "value" in said:
        said = _rows(said) if isinstance(said["value"], list) else [said]
    for place, item in enumerate(said if isinstance(said, list) else [said]):
        if isinstance(item, Mapping):
            yield _response(str(name), item)
        elif item is not None:
            problem = f"the response is {kind(item)}, not an object"
            yield Bad(problem, item, f"{where}[{place}]")


def _rows(columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the objects of a sequence that a data set keeps as columns."""
    users = unwrap(columns.get("user_id"))
    if not isinstance(users, list):  # one answer, which is a list
        return [dict(columns)]
    names = ("user_id", "value", "status")
    lists = [unwrap(columns.get(name)) or [] for name in names]
    rows = itertools.zip_longest(*lists)
    return [dict(zip(names, row, strict=True)) for row in rows]


def _of_columns(record: Mapping[str, Any]) -> Iterator[_Response | Bad]:
    """Yield the responses in the columns of a data set."""
    for name, cell in record.items():
        if name.endswith(_RESPONSES):
            question = name.removesuffix(_RESPONSES)
            lists = (cell, record.get(f"{name}.users"), record.get(f"{name}.status"))
            rows = itertools.zip_longest(*(_list(unwrap(one)) for one in lists))
            for value, user, status in rows:
                row = {"value": value, "user_id": user, "status": status}
                yield _response(question, row)
        elif f"{name}{_OLD_SUGGESTION}" in record:
            yield from _of_question(name, cell, name)


def _list(value: object) -> list[Any]:
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def _response(question: str, item: Mapping[str, Any]) -> _Response:
    user = as_id(first_of(item, ("user_id", "username", "user"))) or NOBODY
    status = as_text(item.get("status")) or "submitted"
    # an enumeration that was turned into text: ResponseStatus.submitted
    return _Response(
        user, status.rpartition(".")[2].lower(), question, item.get("value")
    )


def _answers(question: str, value: object) -> Iterator[Answer]:
    value = unwrap(value)
    if isinstance(value, list):
        if any(isinstance(item, Mapping) and "rank" in item for item in value):
            yield Answer(question, "score", as_text(value))
            return
        for item in value:
            if isinstance(item, Mapping) and "label" in item:
                span = as_text(item.get("text"))
                yield Answer(question, "score", as_text(item["label"]), None, span)
            else:
                yield from _answers(question, item)
    elif isinstance(value, str):
        if value.strip():
            yield Answer(question, sort_of(question, value), value)
    elif value is not None:
        is_choice = isinstance(value, bool)
        number = None if is_choice else as_number(value)
        yield Answer(
            question, "choice" if is_choice else "score", as_text(value), number
        )


def _suggestions(record: Mapping[str, Any]) -> list[Opinion]:
    """Return what models suggested; it is feedback, never an annotation."""
    given = unwrap(record.get("suggestions"))
    found: list[tuple[str, Any, Any]] = []
    if isinstance(given, Mapping):
        given = [
            {
                "question_name": name,
                **(one if isinstance(one, Mapping) else {"value": one}),
            }
            for name, one in given.items()
        ]
    found += [
        (item["question_name"], item.get("value"), item.get("agent"))
        for item in (given if isinstance(given, list) else [])
        if isinstance(item, Mapping) and item.get("question_name")
    ]
    for name, cell in record.items():
        if name.endswith(_SUGGESTION):
            question = name.removesuffix(_SUGGESTION)
            found.append((question, cell, record.get(f"{name}.agent")))
        elif name.endswith(_OLD_SUGGESTION):
            about = unwrap(record.get(f"{name}-metadata"))
            agent = about.get("agent") if isinstance(about, Mapping) else None
            found.append((name.removesuffix(_OLD_SUGGESTION), cell, agent))
    agents: dict[str, list[Answer]] = {}
    for question, value, agent in found:
        said = agents.setdefault(as_text(agent) or "suggestion", [])
        said += _answers(str(question), value)
    return [
        Opinion(agent, tuple(said), is_person=False)
        for agent, said in agents.items()
        if said
    ]


def _fields(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields in a row of a data set; vectors say nothing to people."""
    return {
        name: value
        for name, value in record.items()
        if name not in _ABOUT
        and not _is_answer(name, record)
        and not (isinstance(value, list) and value and isinstance(value[0], float))
    }


def _is_answer(name: str, record: Mapping[str, Any]) -> bool:
    marks = (_RESPONSES, _SUGGESTION, _OLD_SUGGESTION)
    if any(name.endswith(mark) or f"{mark}." in name for mark in marks):
        return True
    return f"{name}{_OLD_SUGGESTION}" in record or name.endswith(
        f"{_OLD_SUGGESTION}-metadata"
    )


READER = Reader(
    TOOL,
    "records of Argilla (fields, responses, suggestions) or its data sets",
    _detects,
    _reads,
)
