"""Logs of the OpenAI API: a request and its response, chat or Responses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from erroranalysis.ingest.facts import facts, metadata, pick
from erroranalysis.ingest.messages import normalise
from erroranalysis.ingest.reader import BadRecord, Columns, Reader
from erroranalysis.ingest.values import as_count, as_text, as_time, unwrap
from erroranalysis.records import Message, Trace, digest


def _detects(record: Mapping[str, Any]) -> bool:
    request, response = _pair(record)
    asks = isinstance(request, Mapping) and (
        "messages" in request or "input" in request
    )
    return asks and isinstance(response, Mapping)


def _pair(record: Mapping[str, Any]) -> tuple[object, object]:
    return unwrap(record.get("request")), unwrap(record.get("response"))


def _to_trace(record: Mapping[str, Any], columns: Columns) -> Trace:
    del columns
    request, response = _pair(record)
    if not isinstance(request, Mapping) or not isinstance(response, Mapping):
        raise BadRecord("request and response are not both objects")
    asked = request.get("messages", request.get("input"))
    if asked is None:
        raise BadRecord("the request has neither messages nor input")
    messages = _instructions(request) + _asked(asked) + _answered(response)
    usage = response.get("usage")
    usage = usage if isinstance(usage, Mapping) else {}
    known = facts(record)
    known["model"] = as_text(response.get("model") or request.get("model"))
    known["input_tokens"] = as_count(pick(usage, "input_tokens"))
    known["output_tokens"] = as_count(pick(usage, "output_tokens"))
    known["error"] = known["error"] or _error(response)
    created = response.get("created") or response.get("created_at")
    known["started_at"] = known["started_at"] or as_time(created)
    settings = {
        name: value
        for name, value in request.items()
        if name not in ("messages", "input", "model", "instructions", "metadata")
    }
    given = pick(record, "id") or response.get("id")
    return Trace(
        id=as_text(given) or "o_" + digest(messages, known["started_at"]),
        messages=messages,
        metadata={**metadata(record, {"request", "response"}), "request": settings},
        **known,
    )


def _instructions(request: Mapping[str, Any]) -> list[Message]:
    text = as_text(request.get("instructions"))
    return [{"role": "system", "content": text}] if text else []


def _asked(asked: object) -> list[Message]:
    if isinstance(asked, str):
        return [{"role": "user", "content": asked}]
    if not isinstance(asked, Sequence):
        raise BadRecord(f"the input is a {type(asked).__name__}, not text or a list")
    return [message for item in asked for message in _item(item)]


def _item(item: object) -> list[Message]:
    """Return the message that one item of a Responses input or output stands for."""
    if not isinstance(item, Mapping):
        raise BadRecord("an item of the conversation is not an object")
    kind = item.get("type", "message")
    if kind in ("function_call", "custom_tool_call"):
        arguments = unwrap(item.get("arguments", item.get("input")))
        call = {"id": item.get("call_id"), "name": item.get("name")}
        call["arguments"] = arguments
        return [{"role": "assistant", "content": "", "tool_calls": [call]}]
    if kind in ("function_call_output", "custom_tool_call_output"):
        text = as_text(item.get("output")) or ""
        return [{"role": "tool", "content": text, "tool_call_id": item.get("call_id")}]
    if kind == "reasoning":
        parts = item.get("summary") or item.get("content") or []
        text = "\n\n".join(str(part.get("text", "")) for part in parts)
        return [{"role": "assistant", "content": "", "reasoning": text}] if text else []
    if "role" in item:
        return normalise([item])
    # built-in tools (web search, code interpreter, …) keep their own record
    call = {"id": item.get("id"), "name": str(kind), "arguments": dict(item)}
    return [{"role": "assistant", "content": "", "tool_calls": [call]}]


def _answered(response: Mapping[str, Any]) -> list[Message]:
    if choices := response.get("choices"):
        message = choices[0].get("message")
        if message is None:
            return [{"role": "assistant", "content": str(choices[0].get("text") or "")}]
        return normalise([{"role": "assistant", **message}])
    items = response.get("output")
    if isinstance(items, Sequence) and not isinstance(items, str):
        return [message for item in items for message in _item(item)]
    return []


def _error(response: Mapping[str, Any]) -> str | None:
    error = response.get("error")
    if isinstance(error, Mapping):
        return as_text(error.get("message") or dict(error))
    return as_text(error) if error else None


READER = Reader(
    "openai",
    "request and response of the OpenAI API (chat completions or Responses)",
    _detects,
    _to_trace,
)
