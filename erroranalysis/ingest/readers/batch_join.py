"""Batches of two providers: requests in one file, answers in another, in any order.

Both sides become spans of the trace that the ``custom_id`` names; the trace is built
of what is there, now and again when more comes with another file or import.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from erroranalysis.ingest.build import merged
from erroranalysis.ingest.reader import BadRecord, Context
from erroranalysis.ingest.values import as_id
from erroranalysis.records import Span, Trace, digest

_SIDE, _REQUEST, _ANSWER = "side", "request", "answer"

ToTrace = Callable[[Mapping[str, Any], Context], Trace]


def asked(record: Mapping[str, Any], body: str, name: str) -> Span:
    """Return the span of a request.

    Parameters
    ----------
    record : mapping
        A line of the input of a batch.
    body : str
        Where the request stands in it.
    name : str
        Name of the format.
    """
    # another request under the same id must not be mixed into this one
    span_id = f"request_{digest(record[body])}"
    return _span(record, span_id, _REQUEST, "prompt", name)


def answered(record: Mapping[str, Any], span_id: object, name: str) -> Span:
    """Return the span of an answer.

    Parameters
    ----------
    record : mapping
        A line of the results of a batch.
    span_id : object
        Id that the provider gave the answer, if any.
    name : str
        Name of the format.
    """
    found = as_id(span_id) or f"answer_{digest(dict(record))}"
    return _span(record, found, _ANSWER, "llm", name)


def _span(
    record: Mapping[str, Any], span_id: str, side: str, kind: str, name: str
) -> Span:
    trace_id = as_id(record.get("custom_id"))
    if trace_id is None:
        raise BadRecord("no custom_id, which says what request an answer belongs to")
    told = {k: v for k, v in record.items() if k != "custom_id" and v is not None}
    return Span(
        trace_id, span_id, None, kind, side, attributes={_SIDE: side, **told},
        format=name,
    )  # fmt: skip


def joined(
    spans: Sequence[Span],
    pair: Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]],
    to_trace: ToTrace,
) -> Trace:
    """Return the trace of a request and its answer, or of the one that is there.

    Parameters
    ----------
    spans : sequence of Span
        What was found under one ``custom_id``.
    pair : callable
        Makes a record with ``request`` and ``response`` of both lines; a line that
        is missing is empty.
    to_trace : callable
        Makes a trace of such a record.

    Raises
    ------
    BadRecord
        Different requests share the ``custom_id``.
    """
    whole = merged(spans)
    requests = [s.attributes for s in whole if s.attributes.get(_SIDE) == _REQUEST]
    answers = [s.attributes for s in whole if s.attributes.get(_SIDE) == _ANSWER]
    trace_id = whole[0].trace_id
    if len(requests) > 1:
        raise BadRecord(
            f"{len(requests)} different requests have the custom_id {trace_id!r}; give"
            " every request of all batches an id of its own, or keep each batch in a"
            " project of its own"
        )
    request = requests[0] if requests else {}
    made = [
        to_trace({**pair(request, answer), "id": trace_id}, Context({}))
        for answer in answers or [{}]
    ]
    # a request that failed may have been sent again with a later batch
    best = max(made, key=lambda t: (t.error is None, str(t.started_at or "")))
    known = dict(best.metadata)
    for side, there in ((_REQUEST, requests), ("response", answers)):
        if not there:
            known[side] = "missing"
    return replace(best, id=trace_id, metadata=known, spans=tuple(whole))
