"""Braintrust: rows of logs and experiments, and what reviewers said of them.

A row has two ids. ``id`` is the row's: pieces of a row and what is said of it later
name it alone, so it is the id of the step here. ``span_id`` is what other rows name as
their parent; where a trace is built the parents are put into the ids of rows.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from erroranalysis.ingest.build import Facts, build, merged
from erroranalysis.ingest.ids import normal_id
from erroranalysis.ingest.reader import BadRecord, Context, Reader, Skip
from erroranalysis.ingest.steps import (
    each,
    exchange,
    first_of,
    gist,
    is_talk,
    opened,
    rest,
    said,
    scored,
    text_of,
)
from erroranalysis.ingest.values import (
    as_count,
    as_id,
    as_nanoseconds,
    as_number,
    as_text,
    as_time,
    unwrap,
)
from erroranalysis.records import Feedback, Remark, Span, Trace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

NAME = "braintrust"
_MOVED = {
    "id", "root_span_id", "span_parents", "name", "input", "output", "_is_merge",
}  # fmt: skip
_JSON = (
    "metadata", "metrics", "scores", "tags", "span_attributes", "comments", "context",
    "expected", "error", "origin",
)  # fmt: skip
# a table out of the pages of Braintrust has these columns, and no id of the trace
_TABLE = {"input", "output", "expected", "span_id"}
_SCORER = "evaluator"
_KINDS = {"score": _SCORER}
_THREAD = ("session_id", "thread_id", "conversation_id", "sessionId", "threadId")
_USER = ("user_id", "userId", "user")
_NOTES = ("Notes", "notes")
_COSTS = ("estimated_cost", "cost")
_KEPT = ("project_id", "experiment_id", "expected")


def _detects(record: Mapping[str, Any]) -> bool:
    if "span_id" in record and any(name in record for name in _OF_A_ROW):
        return True
    if record.keys() >= _TABLE:
        return True
    if "id" in record and any(name in record for name in ("_is_merge", "_xact_id")):
        return True
    return "_audit_source" in record


_OF_A_ROW = ("root_span_id", "span_parents", "span_attributes", "_is_merge", "_xact_id")


def _reads(record: Mapping[str, Any], _: Context) -> Iterator[Any]:
    for name in ("rows", "events", "data"):
        if isinstance(record.get(name), list) and "span_id" not in record:
            if not record[name]:
                yield Skip("empty page")
            yield from each(record[name], name, _row)
            return
    yield from _row(record)


def _row(row: Mapping[str, Any]) -> Iterator[Span | Remark | Skip]:
    known = row.get("root_span_id") or row.get("span_id")
    if row.get("_object_delete"):
        yield Skip("deleted row")
    elif row.get("dataset_id") and not row.get("output") and not row.get("metrics"):
        yield Skip("row of a dataset")
    elif row.get("_audit_source") or (row.get("_is_merge") and not known):
        yield from _remarks(row)
    else:
        yield _span(row)


def _span(row: Mapping[str, Any]) -> Span:
    own_id = normal_id(row.get("span_id"))
    row_id = normal_id(row.get("id")) or own_id
    if row_id is None:
        raise BadRecord("a row without id and span_id; export the rows with both")
    about = opened(row.get("span_attributes"))
    metrics = opened(row.get("metrics"))
    parents = unwrap(row.get("span_parents"))
    parent = normal_id(parents[0]) if isinstance(parents, list) and parents else None
    attributes = rest(row, _MOVED, _JSON)
    trace_id = normal_id(row.get("root_span_id")) or own_id or row_id
    if row.get("root_span_id") not in (None, trace_id):
        attributes["root_span_id"] = row["root_span_id"]
    started = _time(metrics.get("start"))
    if row.get("_is_merge"):
        attributes.pop("created", None)  # when the piece was sent, not the row
    elif started is None:
        started = _time(row.get("created"))
    sort = str(about.get("type") or "").lower() or None
    return Span(
        trace_id,
        row_id,
        parent if parent not in (own_id, row_id) else None,
        _KINDS.get(sort, sort) if sort else None,
        about.get("name") or row.get("name") or None,
        started,
        _time(metrics.get("end")),
        text_of(row.get("input")),
        text_of(row.get("output")),
        attributes,
        "error" if gist(row.get("error")) else None,
        NAME,
    )


def _time(value: object) -> int | None:
    """Return a time; what is none stays in the attributes and is no reason to fail."""
    try:
        return as_nanoseconds(value)
    except BadRecord:
        return None


def _builds(spans: Sequence[Span]) -> Trace:
    whole = merged(spans)
    rows: dict[str | None, str] = {
        normal_id(span.attributes.get("span_id")): span.span_id for span in whole
    }
    tied = [
        span
        if span.parent_id is None or span.parent_id not in rows
        else replace(span, parent_id=rows[span.parent_id])
        for span in whole
    ]
    trace = build(tied, partial(_explain_product, judging=_judging(tied)))
    return replace(trace, feedback=tuple(_once(trace.feedback, tied)))


def _judging(spans: Sequence[Span]) -> set[str]:
    """Return the ids of the rows inside of scorers."""
    inside: set[str] = set()
    level = {span.span_id for span in spans if span.kind == _SCORER}
    while level:
        level = {span.span_id for span in spans if span.parent_id in level} - inside
        inside |= level
    return inside


def _explain_product(span: Span, judging: set[str]) -> Facts:
    """Explain a row; what a model was asked to judge is no word of the product."""
    facts = _explain(span)
    if span.span_id in judging:
        return Facts(feedback=facts.feedback)
    return facts


def _once(said: Iterable[Feedback], spans: Sequence[Span]) -> Iterator[Feedback]:
    """Yield feedback without what a scorer's row repeats of the row it scored."""
    scorers = {span.span_id for span in spans if span.kind == _SCORER}
    found = list(said)
    known = {(one.name, one.value) for one in found if one.span_id not in scorers}
    for one in found:
        if one.span_id not in scorers or (one.name, one.value) not in known:
            yield one


def _explain(span: Span) -> Facts:
    attributes = span.attributes
    about = opened(attributes.get("metadata"))
    metrics = opened(attributes.get("metrics"))
    is_call = span.kind == "llm"
    facts = Facts(
        session_id=as_id(first_of(about, _THREAD)),
        model=as_text(about.get("model")) if is_call or about.get("model") else None,
        input_tokens=as_count(metrics.get("prompt_tokens")),
        output_tokens=as_count(metrics.get("completion_tokens")),
        cost_usd=as_number(first_of(metrics, _COSTS)),
        error=gist(attributes.get("error")),
        tags=_tags(attributes),
        feedback=tuple(_feedback(span, about)),
    )
    # the settings of a model call say nothing about the trace around it
    if not is_call or span.parent_id is None:
        facts.metadata = _metadata(span, about)
    if is_call or is_talk(span.input):
        facts.exchange = partial(exchange, span.input, span.output)
    if not is_call:
        facts.asked = said(span.input, "user")
        facts.answered = said(span.output, "assistant")
    return facts


def _tags(attributes: Mapping[str, Any]) -> list[str]:
    tags = attributes.get("tags")
    if isinstance(tags, str):
        return [tag.strip() for tag in tags.split(",") if tag.strip()]
    return [str(tag) for tag in tags] if isinstance(tags, list) else []


def _metadata(span: Span, about: Mapping[str, Any]) -> dict[str, Any]:
    left_out = {*_THREAD, *_USER, *_NOTES, "model"}
    found = {
        name: value
        for name, value in about.items()
        if value is not None and name not in left_out
    }
    more = {name: span.attributes.get(name) for name in _KEPT}
    more["name"] = span.name
    more["user_id"] = first_of(about, _USER)
    more["source_id"] = span.attributes.get("root_span_id")
    return found | {name: value for name, value in more.items() if value is not None}


def _feedback(span: Span, about: Mapping[str, Any]) -> Iterator[Feedback]:
    for name, score in opened(span.attributes.get("scores")).items():
        if score is not None:
            yield scored(str(name), score, NAME, span_id=span.span_id)
    for name in _NOTES:
        if text := as_text(about.get(name)):
            yield Feedback(name, comment=text, origin="reviewer", span_id=span.span_id)
    comments = unwrap(span.attributes.get("comments"))
    for comment in comments if isinstance(comments, list) else [comments]:
        yield from _comment(comment, span.span_id)


def _comment(comment: object, span_id: str | None) -> Iterator[Feedback]:
    """Yield what a reviewer wrote, plain or in one object or two."""
    about = opened(comment)
    inner = about.get("comment") or about.get("text") or about.get("content")
    inner = opened(inner).get("text") or inner
    text = as_text(inner if about else comment)
    if not text or not text.strip():
        return
    created = _time(about.get("created"))
    yield Feedback(
        "comment",
        comment=text,
        origin=_author(about),
        created_at=as_time(created),
        span_id=span_id,
    )


def _author(row: Mapping[str, Any]) -> str:
    """Return who said it, else by which way it came: ``external``, ``app``."""
    about = opened(row.get("_audit_metadata") or row.get("audit_metadata"))
    user = first_of(about, (*_USER, "user_email", "email")) or row.get("user")
    user = first_of(opened(user), ("name", "given_name", "email", "id")) or user
    return str(user or row.get("_audit_source") or row.get("source") or "reviewer")


def _remarks(row: Mapping[str, Any]) -> Iterator[Remark | Skip]:
    """Yield what was said of a row afterwards; it names the row and nothing else."""
    of_comment = opened(row.get("origin")).get("id")
    row_id = normal_id(of_comment or row.get("id"))
    if row_id is None:
        raise BadRecord("feedback that names no row; 'id' is missing")
    origin = _author(row)
    found = [
        scored(str(name), score, origin)
        for name, score in opened(row.get("scores")).items()
        if score is not None
    ]
    if (expected := text_of(row.get("expected"))) is not None:
        found.append(Feedback("expected", expected, origin=origin))
    if comment := row.get("comment"):
        about = {**opened(comment), **row, "comment": comment}
        found += _comment(about, None)
    if not found:
        yield Skip("change of a row")
    created = as_time(_time(row.get("created")))
    for feedback in found:
        dated = replace(feedback, created_at=created, span_id=row_id)
        yield Remark(dated, span_id=row_id)


READER = Reader(
    NAME,
    "rows of Braintrust (span_id, root_span_id, input, output, scores)",
    _detects,
    _reads,
    explains=_explain,
    builds=_builds,
)
