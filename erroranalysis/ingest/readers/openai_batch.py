"""Batches of the OpenAI API: input, output and error files, joined by custom_id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from erroranalysis.ingest.messages import kind
from erroranalysis.ingest.reader import BadRecord, Context, Reader, Skip
from erroranalysis.ingest.readers.batch_join import answered, asked, joined
from erroranalysis.ingest.readers.openai_logs import ASKS, to_trace
from erroranalysis.ingest.values import unwrap

if TYPE_CHECKING:
    from erroranalysis.records import Span, Trace

NAME = "openai-batch"
# their answers are numbers, not words
_WITHOUT_WORDS = ("/embeddings", "/moderations")


def _detects(record: Mapping[str, Any]) -> bool:
    return "custom_id" in record and (_is_input(record) or _is_output(record))


def _is_input(record: Mapping[str, Any]) -> bool:
    body = record.get("body")
    if not isinstance(body, Mapping):
        return False
    return "url" in record or any(name in body for name in ASKS)


def _is_output(record: Mapping[str, Any]) -> bool:
    response = record.get("response")
    if isinstance(response, Mapping):
        return "body" in response or "status_code" in response
    return "response" in record and "error" in record


def _reads(record: Mapping[str, Any], _: Context) -> Iterator[Span | Skip]:
    if _is_input(record):
        url = str(record.get("url"))
        if url.endswith(_WITHOUT_WORDS):
            yield Skip(f"batch request to {url}")
        else:
            yield asked(record, "body", NAME)
    elif _is_output(record):
        if _is_list(record):
            yield Skip("batch answer without words (embeddings or moderations)")
        else:
            yield answered(record, record.get("id"), NAME)
    else:
        there = ", ".join(map(str, record)) or "nothing"
        raise BadRecord(f"neither a body nor a response; the record has {there}")


def _is_list(record: Mapping[str, Any]) -> bool:
    body = _body(record)
    if not isinstance(body, Mapping):
        return False
    return "results" in body or (
        body.get("object") == "list" and isinstance(body.get("data"), list)
    )


def _body(record: Mapping[str, Any]) -> object:
    response = record.get("response")
    return unwrap(response.get("body")) if isinstance(response, Mapping) else None


def _builds(spans: Sequence[Span]) -> Trace:
    return joined(spans, _pair, to_trace)


def _pair(request: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return request and response as a log has them."""
    body = _body(answer)
    out: dict[str, Any] = {"request": request.get("body") or {}, "response": body}
    if isinstance(body, str):
        # not even JSON: what a gateway says in place of the API
        out |= {"response": None, "error": body}
    elif body is not None and not isinstance(body, Mapping):
        raise BadRecord(f"the body of the response is {kind(body)}, not an object")
    if answer.get("error"):
        out["error"] = answer["error"]
    response = answer.get("response")
    if isinstance(response, Mapping) and "status_code" in response:
        out["status_code"] = response["status_code"]
        if body is None and not answer.get("error"):
            out["error"] = f"status {response['status_code']} and no reply"
    if answer.get("id"):
        out["batch_request_id"] = answer["id"]
    if request.get("url"):
        out["url"] = request["url"]
    return out


READER = Reader(
    NAME,
    "input or output of the OpenAI Batch API (custom_id with body or response)",
    _detects,
    _reads,
    builds=_builds,
)
