"""Messages of any dialect in the one shape that the project keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from erroranalysis.ingest.reader import BadRecord
from erroranalysis.ingest.values import as_text, unwrap
from erroranalysis.records import Message

ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "gpt": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "tool": "tool",
    "function": "tool",
    "observation": "tool",
}
_TEXT_PARTS = {"text", "input_text", "output_text", "refusal"}
_MEDIA_PARTS = {
    "image_url": "image",
    "input_image": "image",
    "image": "image",
    "input_audio": "audio",
    "audio": "audio",
    "file": "file",
    "input_file": "file",
}


def normalise(messages: object) -> list[Message]:
    """Return messages with role, text content, tool calls and tool results.

    Parameters
    ----------
    messages : sequence of mapping
        Messages as OpenAI, Anthropic or ShareGPT write them.

    Returns
    -------
    list of dict
        Messages in the shape that :class:`~erroranalysis.records.Trace` describes.

    Raises
    ------
    BadRecord
        There is no list of messages, or one of them has no known role.

    Examples
    --------
    >>> normalise([{"role": "human", "content": [{"type": "text", "text": "Hi"}]}])
    [{'role': 'user', 'content': 'Hi'}]
    """
    messages = unwrap(messages)
    if not isinstance(messages, Sequence) or isinstance(messages, str):
        raise BadRecord(f"messages is {_kind(messages)}, not a list")
    if not messages:
        raise BadRecord("messages is an empty list")
    return [_one(message, place) for place, message in enumerate(messages)]


def _one(message: object, place: int) -> Message:
    if not isinstance(message, Mapping):
        raise BadRecord(f"message {place} is {_kind(message)}, not an object")
    given = message.get("role", message.get("from"))
    role = ROLES.get(str(given).lower())
    if role is None:
        raise BadRecord(
            f"message {place} has the role {given!r}; known: {', '.join(ROLES)}"
        )
    content = message.get("content", message.get("value"))
    text, extra = _content(content)
    out: Message = {"role": role, "content": text}
    calls = message.get("tool_calls") or []
    if function := message.get("function_call"):
        calls = [{"id": None, "function": function}]
    tool_calls = [_call(call, place) for call in calls]
    tool_calls += extra.pop("tool_calls", [])
    if tool_calls:
        out["tool_calls"] = tool_calls
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    reasoning = as_text(reasoning) or extra.pop("reasoning", None)
    if reasoning:
        out["reasoning"] = reasoning
    for name in ("tool_call_id", "name", "refusal"):
        if message.get(name):
            out[name] = as_text(message[name])
    return {**out, **extra}


def _content(content: object) -> tuple[str, dict[str, Any]]:
    """Return the text of a content, and what it holds beside text."""
    if content is None:
        return "", {}
    if isinstance(content, str):
        return content, {}
    if not isinstance(content, Sequence):
        return as_text(content) or "", {}
    texts: list[str] = []
    extra: dict[str, Any] = {}
    for part in content:
        if not isinstance(part, Mapping):
            texts.append(as_text(part) or "")
            continue
        kind = str(part.get("type", "text"))
        if kind in _TEXT_PARTS:
            texts.append(str(part.get("text") or part.get("refusal") or ""))
        elif kind in ("thinking", "reasoning"):
            extra["reasoning"] = as_text(part.get("thinking") or part.get("text"))
        elif kind == "tool_use":
            call = {name: part.get(name) for name in ("id", "name")}
            call["arguments"] = part.get("input")
            extra.setdefault("tool_calls", []).append(call)
        elif kind == "tool_result":
            inner, _ = _content(part.get("content"))
            texts.append(inner)
            extra["tool_call_id"] = part.get("tool_use_id")
        elif kind in _MEDIA_PARTS:
            medium = {"type": _MEDIA_PARTS[kind], "ref": _reference(part)}
            extra.setdefault("attachments", []).append(medium)
        else:
            texts.append(as_text(part) or "")
    return "\n\n".join(text for text in texts if text), extra


def _reference(part: Mapping[str, Any]) -> str | None:
    for name in ("image_url", "input_audio", "file", "source", "url", "file_id"):
        value = part.get(name)
        if isinstance(value, Mapping):
            value = value.get("url") or value.get("data") or value.get("file_id")
        if value:
            return str(value)
    return None


def _call(call: object, place: int) -> dict[str, Any]:
    if not isinstance(call, Mapping):
        raise BadRecord(f"a tool call of message {place} is {_kind(call)}")
    function = call.get("function") or call.get("custom") or call
    arguments = function.get("arguments", function.get("args", function.get("input")))
    return {
        "id": call.get("id"),
        "name": function.get("name"),
        "arguments": unwrap(arguments),
    }


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", type(None): "missing"}
    return names.get(type(value), f"of type {type(value).__name__}")
