"""Logs of the OpenAI API: a request and its response, chat or Responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from erroranalysis.ingest.facts import facts, find, identity, metadata
from erroranalysis.ingest.messages import kind, normalise
from erroranalysis.ingest.reader import BadRecord, Context, Reader, single
from erroranalysis.ingest.readers.openai_streams import is_stream, joined
from erroranalysis.ingest.values import as_count, as_text, as_time, unwrap
from erroranalysis.records import Message, Trace

_CALLS = ("function_call", "custom_tool_call")
_RESULTS = ("function_call_output", "custom_tool_call_output")
_NOT_SETTINGS = ("messages", "input", "model", "instructions", "metadata", "prompt")
_ASKS = ("messages", "input", "prompt")
# what the API keeps of a call: the reply alone, as an object of one of these sorts
_STORED = {"chat.completion": "choices", "response": "output"}
_REPLY = {
    "object", "choices", "output", "output_text", "usage", "status", "instructions",
    "conversation", "created", "created_at", "completed_at", "error", *_ASKS,
}  # fmt: skip


_TOKEN_PARTS = (
    ("prompt_tokens_details", "cached_tokens"),
    ("input_tokens_details", "cached_tokens"),
    ("completion_tokens_details", "reasoning_tokens"),
    ("output_tokens_details", "reasoning_tokens"),
)


def _is_stored(record: Mapping[str, Any]) -> bool:
    sort = _STORED.get(str(record.get("object")))
    return sort is not None and isinstance(record.get(sort), list)


def _detects(record: Mapping[str, Any]) -> bool:
    if "response" not in record:
        return _is_stored(record)
    request, response = _pair(record)
    asks = isinstance(request, Mapping) and any(name in request for name in _ASKS)
    if not asks:
        return False
    under_name = "request" in record
    if isinstance(response, Mapping):
        replies = (response.get("choices"), response.get("output"))
        answered = any(isinstance(reply, list) for reply in replies)
        return answered or (under_name and "error" in response)
    # a stream, or a call that failed before there was a response
    return is_stream(response) or (response is None and under_name)


def _pair(record: Mapping[str, Any]) -> tuple[object, object]:
    """Return request and response, out of the envelopes of an HTTP log."""
    if "response" not in record and _is_stored(record):
        names = (*_ASKS, "instructions")
        return {name: record[name] for name in names if record.get(name)}, record
    pair = []
    for name in ("request", "response"):
        value = unwrap(record.get(name))
        if isinstance(value, Mapping) and isinstance(value.get("body"), (dict, str)):
            value = unwrap(value["body"])
        pair.append(value)
    # a request may stand beside its response instead of under a name
    return (pair[0] if "request" in record else record), pair[1]


def to_trace(record: Mapping[str, Any], context: Context) -> Trace:
    """Return the trace of a request and its response.

    Raises
    ------
    BadRecord
        There is nothing in them that was said.
    """
    columns = context.columns
    request, response = _pair(record)
    if is_stream(response):
        response = joined(str(response))
    response = {} if response is None else response
    if not isinstance(request, Mapping) or not isinstance(response, Mapping):
        raise BadRecord("request and response are not both objects")
    messages = _before(request, response) + _answered(response)
    beside = request is record
    used = {"response"} | ({*_NOT_SETTINGS} if beside else {"request"})
    if response is record:
        used = _REPLY
    at = find(record, columns)
    known = facts(record, at)
    usage = facts({"usage": response.get("usage")}, {"usage": "usage"})
    known["model"] = as_text(response.get("model") or request.get("model"))
    known["input_tokens"] = usage["input_tokens"]
    known["output_tokens"] = usage["output_tokens"]
    known["error"] = _error(record) or known["error"] or _error(response)
    # of a failed call in a batch there may be no more than the error
    if not messages and (request or not known["error"]):
        raise BadRecord("the request has no messages, input or prompt")
    known["session_id"] = known["session_id"] or _conversation(request, response)
    created = response.get("created") or response.get("created_at")
    known["started_at"] = known["started_at"] or as_time(created)
    ends = as_time(response.get("completed_at"))
    known["ended_at"] = known["ended_at"] or ends
    if "id" not in at and columns.get("id", "") is not None and response.get("id"):
        record, at = {**record, "id": response["id"]}, {**at, "id": "id"}
    return Trace(
        id=identity(record, at, known, messages, "o_"),
        messages=messages,
        metadata={
            **_settings(request, response, beside=beside),
            **_details(request, response),
            **metadata(record, at, known, used),
        },
        **known,
    )


def _settings(
    request: Mapping[str, Any], response: Mapping[str, Any], *, beside: bool
) -> dict[str, Any]:
    """Return how the model was called and how it ended, for the metadata."""
    out: dict[str, Any] = {}
    settings = {k: v for k, v in request.items() if k not in _NOT_SETTINGS}
    if settings and not beside:
        out["request"] = settings
    choices = response.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else {}
    if isinstance(first, Mapping) and first.get("finish_reason"):
        out["finish_reason"] = first["finish_reason"]
    if isinstance(response.get("status"), str):
        out["finish_reason"] = response["status"]
    given = request.get("metadata")
    return {**out, **given} if isinstance(given, Mapping) and not beside else out


def _details(request: Mapping[str, Any], response: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a reader slices by: the user, the chain, the parts of the tokens."""
    before = request.get("previous_response_id") or response.get("previous_response_id")
    out = {"user_id": request.get("user"), "previous_response_id": before}
    usage = response.get("usage")
    usage = usage if isinstance(usage, Mapping) else {}
    for part, name in _TOKEN_PARTS:
        given = usage.get(part)
        if isinstance(given, Mapping):
            out[name] = out.get(name) or as_count(given.get(name))
    choices = response.get("choices")
    if isinstance(choices, list) and len(choices) > 1:
        out["other_choices"] = [_said(choice) for choice in choices[1:]]
    return {name: value for name, value in out.items() if value}


def _said(choice: object) -> object:
    """Return the text of a choice, or the choice where it has none."""
    message = choice.get("message") if isinstance(choice, Mapping) else None
    text = message.get("content") if isinstance(message, Mapping) else None
    return text or choice


def _conversation(
    request: Mapping[str, Any], response: Mapping[str, Any]
) -> str | None:
    """Return the conversation that a call belongs to, where it names one."""
    for side in (request, response):
        given = side.get("conversation")
        if isinstance(given, Mapping):
            given = given.get("id")
        if isinstance(given, str) and given:
            return given
    return None


def _before(request: Mapping[str, Any], response: Mapping[str, Any]) -> list[Message]:
    """Return the messages of the request; of a stored prompt the response has them."""
    instructions = request.get("instructions")
    asked = request.get("messages", request.get("input"))
    if asked is None and isinstance(request.get("prompt"), Mapping):
        instructions = response.get("instructions")
        asked = []
    elif asked is None:
        asked = request.get("prompt")
    if isinstance(instructions, list):
        before = [message for item in instructions for message in _item(item)]
    else:
        text = as_text(instructions)
        before = [{"role": "system", "content": text}] if text else []
    if asked is None or asked == []:
        return before
    if isinstance(asked, str):
        return [*before, {"role": "user", "content": asked}]
    if not isinstance(asked, list):
        raise BadRecord(f"the input is {kind(asked)}, not text or a list")
    return before + [message for item in asked for message in _item(item)]


def _item(item: object) -> list[Message]:
    """Return the message that one item of a Responses input or output stands for."""
    if isinstance(item, str):
        return [{"role": "user", "content": item}]
    if not isinstance(item, Mapping):
        raise BadRecord(f"an item of the conversation is {kind(item)}")
    sort = item.get("type", "message")
    if sort in _CALLS:
        arguments = unwrap(item.get("arguments", item.get("input")))
        call = {"id": item.get("call_id"), "name": item.get("name")}
        call["arguments"] = arguments
        return [{"role": "assistant", "content": "", "tool_calls": [call]}]
    if sort in _RESULTS:
        text = as_text(item.get("output")) or ""
        return [{"role": "tool", "content": text, "tool_call_id": item.get("call_id")}]
    if sort == "reasoning":
        text = _thoughts(item.get("summary") or item.get("content"))
        return [{"role": "assistant", "content": "", "reasoning": text}] if text else []
    if "role" in item:
        return normalise([item])
    # built-in tools (web search, code interpreter, …) keep their own record
    call = {"id": item.get("id"), "name": str(sort), "arguments": dict(item)}
    return [{"role": "assistant", "content": "", "tool_calls": [call]}]


def _thoughts(parts: object) -> str:
    if not isinstance(parts, list):
        return as_text(parts) or ""
    texts = (p.get("text") if isinstance(p, Mapping) else p for p in parts)
    return "\n\n".join(text for part in texts if (text := as_text(part)))


def _answered(response: Mapping[str, Any]) -> list[Message]:
    choices = response.get("choices")
    if isinstance(choices, list) and choices:
        first = choices[0]
        if not isinstance(first, Mapping):
            raise BadRecord(f"the first choice is {kind(first)}, not an object")
        message = first.get("message")
        if isinstance(message, Mapping):
            return normalise([{"role": "assistant", **message}])
        return [{"role": "assistant", "content": as_text(first.get("text")) or ""}]
    items = response.get("output")
    if isinstance(items, list):
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
    single(to_trace),
)
