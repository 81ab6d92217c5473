"""Message Batches of the Anthropic API: requests and results, joined by custom_id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from erroranalysis.ingest.reader import BadRecord, Context, Reader
from erroranalysis.ingest.readers.anthropic import to_trace
from erroranalysis.ingest.readers.batch_join import answered, asked, joined

if TYPE_CHECKING:
    from erroranalysis.records import Span, Trace

NAME = "anthropic-batch"
_RESULTS = ("succeeded", "errored", "canceled", "expired")
_WHY = {
    "canceled": "the batch was canceled before this request was sent",
    "expired": "the batch expired before this request was sent",
}


def _detects(record: Mapping[str, Any]) -> bool:
    return "custom_id" in record and (_is_request(record) or _is_result(record))


def _is_request(record: Mapping[str, Any]) -> bool:
    params = record.get("params")
    return isinstance(params, Mapping) and "messages" in params


def _is_result(record: Mapping[str, Any]) -> bool:
    result = record.get("result")
    return isinstance(result, Mapping) and result.get("type") in _RESULTS


def _reads(record: Mapping[str, Any], _: Context) -> Iterator[Span]:
    if _is_request(record):
        yield asked(record, "params", NAME)
    elif _is_result(record):
        message = record["result"].get("message")
        given = message.get("id") if isinstance(message, Mapping) else None
        yield answered(record, given, NAME)
    else:
        there = ", ".join(map(str, record)) or "nothing"
        known = ", ".join(_RESULTS)
        raise BadRecord(
            f"neither params nor a result of type {known}; the record has {there}"
        )


def _builds(spans: Sequence[Span]) -> Trace:
    return joined(spans, _pair, to_trace)


def _pair(request: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return request and response as a log has them."""
    result = answer.get("result") or {}
    sort = result.get("type")
    out: dict[str, Any] = {"request": request.get("params") or {}, "response": {}}
    if sort is not None:
        out["batch_result"] = sort
    if sort == "succeeded":
        out["response"] = result.get("message") or {}
        if not out["response"]:
            out["error"] = "the batch has no message for this request"
    elif sort == "errored":
        error = result.get("error") or {}
        # the error stands in an envelope of its own kind
        inner = error.get("error") if isinstance(error, Mapping) else None
        out["response"] = {"type": "error", "error": inner or error or sort}
    elif sort in _WHY:
        out["error"] = _WHY[sort]
    return out


READER = Reader(
    NAME,
    "requests or results of the Anthropic Message Batches API (custom_id)",
    _detects,
    _reads,
    builds=_builds,
)
