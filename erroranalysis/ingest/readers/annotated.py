"""What annotation tools share: texts that were shown, and what people said of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from erroranalysis.ingest.facts import fold
from erroranalysis.ingest.ids import normal_id
from erroranalysis.ingest.reader import BadRecord, Columns, Skip
from erroranalysis.ingest.readers.shown import readable
from erroranalysis.ingest.values import as_id, unwrap
from erroranalysis.ingest.verdicts import is_bare, verdict_of
from erroranalysis.records import Annotation, Feedback, Remark, Trace, Verdict, digest

if TYPE_CHECKING:
    from datetime import datetime

NOBODY = "unknown"
_LONG = 4  # words; a choice has seldom as many
# what a question is called that asks for the verdict, and what nearly asks for it
_VERDICTS = re.compile(r"verdict|overall|pass|judg")
_JUDGES = re.compile(
    r"correct|accept|approv|quality|success|good|\bok|_ok|valid|thumb|assess|eval|"
    r"rating|decision|outcome"
)
_FAULTS = re.compile(
    r"incorrect|inaccura|unaccept|invalid|unsuccess|hallucinat|error|fail|wrong|bad|"
    r"harm|toxic|unsafe|issue|problem|violat|bias|leak|missing|mistake|refus|needs|"
    r"flag|inappropriate|offens|spam|contradict"
)
_NOTES = re.compile(
    r"critique|comment|note|reason|explanation|rationale|remark|why|feedback|descri"
)
_CORRECTIONS = re.compile(r"correction|corrected|rewrit|ideal|expected|edited|better")
# ids that no other project gives as well
_UNIQUE = re.compile(r"[0-9A-Fa-f]{8}-?[0-9A-Fa-f-]{8,}|[A-Za-z]+[-_][0-9A-Fa-f-]{16,}")


class Answer(NamedTuple):
    """What one person answered to one question.

    Attributes
    ----------
    question : str
        Name of the question.
    sort : {"choice", "text", "score"}
        A choice may be the verdict, a text the critique; anything else is a score.
    value : str or None
        The answer as text.
    number : float or None
        The answer as a number.
    comment : str or None
        The words that it is about.
    """

    question: str
    sort: Literal["choice", "text", "score"]
    value: str | None
    number: float | None = None
    comment: str | None = None


class Opinion(NamedTuple):
    """All that one person, or one model, answered about one task."""

    annotator: str
    answers: tuple[Answer, ...]
    created_at: datetime | None = None
    seconds: float | None = None
    is_person: bool = True


class Task(NamedTuple):
    """What people were shown.

    Attributes
    ----------
    trace_id : str
        The trace that it is.
    is_named : bool
        Whether the task says of which trace it was made; that may be known already.
    trace : Trace or None
        What can be read of it.
    """

    trace_id: str
    is_named: bool
    trace: Trace | None


def sort_of(question: str, text: str) -> Literal["choice", "text"]:
    """Return what an answer is, where the export does not say it.

    Examples
    --------
    >>> sort_of("quality", "Bad"), sort_of("quality", "He asked twice, no answer")
    ('choice', 'text')
    >>> sort_of("comment", "Rude")
    'text'
    """
    if _CORRECTIONS.search(fold(question)):
        return "text"
    if verdict_of(text):
        return "choice"
    is_note = _NOTES.search(fold(question)) or len(text.split()) >= _LONG
    return "text" if is_note else "choice"


def judges(question: str) -> bool:
    """Return whether a question asks if something is good.

    Examples
    --------
    >>> judges("is_correct"), judges("has_errors"), judges("pass_or_fail")
    (True, False, True)
    """
    name = fold(question)
    good = _JUDGES.search(name) and not _FAULTS.search(name)
    return bool(_VERDICTS.search(name) or good)


def task_of(
    data: Mapping[str, Any],
    beside: Iterable[object],
    given: object,
    prefix: str,
    columns: Columns,
) -> Task:
    """Return what a task shows, and which trace it is.

    Parameters
    ----------
    data : mapping
        What people were shown, and the facts beside it.
    beside : iterable
        Objects in which the task may say more, such as its metadata.
    given : object
        Id of the task in the tool.
    prefix : str
        For ids that follow from the content: task 1 is another one in every project.
    columns : dict
        Field to column, where the user named some.

    Raises
    ------
    BadRecord
        There is nothing to read, and no trace is named.

    Examples
    --------
    >>> task = task_of({"traceId": "t1", "prompt": "Hi"}, (), 1, "x_", {})
    >>> task.trace_id, task.is_named, task.trace.input
    ('t1', True, 'Hi')
    """
    task_id, told = as_id(given), _told(beside)
    source_id = _source_id(data, told)
    trace = _shown(data, columns, source_id)
    trace_id = _id_of(source_id or _unique_id(data, task_id), task_id, trace, prefix)
    shown = trace and _filed(trace, trace_id, source_id, task_id, told)
    return Task(trace_id, source_id is not None, shown)


def _told(beside: Iterable[object]) -> dict[str, Any]:
    """Return all that the objects beside a task say; of two the later one counts."""
    told: dict[str, Any] = {}
    for place in beside:
        inner = unwrap(place)
        if isinstance(inner, Mapping):
            told |= {str(k): v for k, v in inner.items() if v not in (None, "")}
    return told


def _source_id(data: Mapping[str, Any], told: Mapping[str, Any]) -> str | None:
    """Return the id of the trace that a task was made of, where it names one."""
    inside = unwrap(data.get("metadata", data.get("meta")))
    places = (data, told, inside if isinstance(inside, Mapping) else {})
    return next(filter(None, map(_trace_id, places)), None)


def _trace_id(place: Mapping[str, Any]) -> str | None:
    found = (as_id(value) for name, value in place.items() if fold(name) == "trace_id")
    return next(filter(None, found), None)


def _without_trace_id(place: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in place.items() if fold(name) != "trace_id"}


def _shown(
    data: Mapping[str, Any], columns: Columns, source_id: str | None
) -> Trace | None:
    """Return what can be read of a task; without any it must name its trace."""
    trace = readable(_without_trace_id(data), columns)
    if source_id is None and trace is None:
        there = ", ".join(map(str, data)) or "nothing"
        raise BadRecord(
            f"nothing to read in this task: it has {there}, and no text among them."
            " A task needs a conversation, a prompt with its response or a text, or"
            " the id of a trace that is in the project as 'trace_id'"
        )
    return trace


def _id_of(
    named: str | None, task_id: str | None, trace: Trace | None, prefix: str
) -> str:
    """Return the id by which a task is named, or one that follows from its content."""
    trace_id = normal_id(named)
    if trace_id is not None:
        return trace_id
    return prefix + digest(task_id, trace.messages if trace else None)


def _filed(
    trace: Trace,
    trace_id: str,
    source_id: str | None,
    task_id: str | None,
    told: Mapping[str, Any],
) -> Trace:
    """Return a trace under its id, with what was told beside it as metadata."""
    facts = {**trace.metadata, **_without_trace_id(told)}
    if task_id is not None:
        facts.setdefault("task_id", task_id)
    if source_id not in (None, trace_id):
        facts["source_id"] = source_id
    return replace(trace, id=trace_id, metadata=facts)


def _unique_id(data: Mapping[str, Any], task_id: str | None) -> str | None:
    """Return the id of a task, where no other project gives the same one."""
    return next(filter(_is_unique, (as_id(data.get("id")), task_id)), None)


def _is_unique(text: str | None) -> bool:
    return text is not None and _UNIQUE.fullmatch(text) is not None


def items(
    task: Task, opinions: Iterable[Opinion], tool: str
) -> Iterator[Trace | Annotation | Remark | Skip]:
    """Yield the trace of a task, and what people and models said of it.

    Of several opinions of one person the last counts.
    """
    last: dict[tuple[str, bool], Opinion] = {}
    older = 0
    for opinion in opinions:
        key = opinion.annotator, opinion.is_person
        before = last.get(key)
        older += before is not None
        if before is None or not _is_later(before, opinion):
            last[key] = opinion
    feedback: list[Feedback] = []
    annotations: list[Annotation] = []
    silent = 0
    for opinion in last.values():
        annotation, said = _sorted_out(opinion, task.trace_id, tool)
        feedback += said
        annotations += [annotation] if annotation else []
        silent += not (annotation or said)
    if task.trace is not None:
        said = [] if task.is_named else feedback
        yield replace(task.trace, feedback=(*task.trace.feedback, *said))
    if task.is_named:  # the trace may be there already, with other messages
        yield from (Remark(one, trace_id=task.trace_id) for one in feedback)
    yield from annotations
    yield from [Skip("older annotation of the same person")] * older
    yield from [Skip("annotation that says nothing")] * silent
    if task.trace is None and not last:
        yield Skip("task without text and annotations")


def _is_later(one: Opinion, other: Opinion) -> bool:
    both = one.created_at is not None and other.created_at is not None
    return both and one.created_at > other.created_at  # type: ignore[operator]


def _sorted_out(
    opinion: Opinion, trace_id: str, tool: str
) -> tuple[Annotation | None, list[Feedback]]:
    """Return the verdict and critique of an opinion, and the rest as feedback."""
    verdict, deciding = (
        _verdict(opinion.answers) if opinion.is_person else (None, set())
    )
    texts: list[str] = []
    feedback: list[Feedback] = []
    for place, answer in enumerate(opinion.answers):
        is_critique = answer.sort == "text" and opinion.is_person
        if is_critique and not _CORRECTIONS.search(fold(answer.question)):
            texts += [answer.value.strip()] if answer.value else []
        elif place not in deciding and (answer.value or answer.number is not None):
            said = answer.value, answer.number, answer.comment
            origin = f"{tool}:{opinion.annotator}"
            feedback.append(
                Feedback(answer.question, *said, origin, opinion.created_at)
            )
    critique = "\n\n".join(text for text in texts if text) or None
    if verdict is None and critique is None:
        return None, feedback
    annotation = Annotation(
        trace_id,
        opinion.annotator,
        verdict or "defer",
        critique,
        seconds=opinion.seconds,
        created_at=opinion.created_at,
    )
    return annotation, feedback


def _verdict(answers: Iterable[Answer]) -> tuple[Verdict | None, set[int]]:
    """Return the verdict, and the places of the answers that say it.

    What the question for the verdict says decides, then what questions say that
    nearly ask for it, then the others. If these disagree, nobody knows.
    """
    choices = [(n, a) for n, a in enumerate(answers) if a.sort == "choice"]
    alone = len({answer.question for _, answer in choices}) == 1
    votes: list[tuple[int, int, Verdict]] = []
    for place, answer in choices:
        verdict, name = verdict_of(answer.value), fold(answer.question)
        asked = judges(name) or (alone and not _FAULTS.search(name))
        if verdict is not None and (asked or not is_bare(answer.value)):
            rank = 0 if _VERDICTS.search(name) else 1 if judges(name) else 2
            votes.append((rank, place, verdict))
    best = min((rank for rank, _, _ in votes), default=0)
    deciding = {place: verdict for rank, place, verdict in votes if rank == best}
    if len(set(deciding.values())) != 1:
        return None, set()
    return next(iter(deciding.values())), set(deciding)
