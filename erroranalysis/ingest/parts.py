"""Parts of a message as other tools write them, in the words that messages knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from erroranalysis.ingest.values import as_text, unwrap

_CALLS = {"tool_call", "tool-call", "server_tool_call"}
_RESULTS = {"tool_call_response", "tool-result", "server_tool_call_response"}
_MEDIA = {"blob", "uri"}
_LINKS = ("image", "url", "uri", "file_id", "fileUri", "file_uri", "data", "content")


def known_part(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a part of a message in the words of OpenAI and Anthropic.

    Knows the parts of OpenTelemetry (``tool_call``, ``tool_call_response``), the AI SDK
    (``tool-call``, ``tool-result``), Gemini (``functionCall``) and Bedrock
    (``toolUse``); other parts stay as they are.

    Examples
    --------
    >>> known_part({"type": "text", "content": "Hi"})
    {'type': 'text', 'text': 'Hi'}
    >>> known_part({"type": "tool_call", "id": "c", "name": "f", "arguments": {}})
    {'type': 'tool_use', 'id': 'c', 'name': 'f', 'input': {}}
    >>> known_part({"functionCall": {"name": "f", "args": {"a": 1}}})
    {'type': 'tool_use', 'id': None, 'name': 'f', 'input': {'a': 1}}
    """
    sort = part.get("type")
    if not isinstance(sort, str):
        return _untyped(part)
    if sort in ("text", "reasoning", "thinking", "compaction"):
        if "content" in part and not part.get("text"):
            kind = "text" if sort == "compaction" else sort
            return {"type": kind, "text": part["content"]}
    elif sort in _CALLS:
        return _call(part)
    elif sort in _RESULTS:
        return _result(part)
    elif sort in _MEDIA or (sort == "file" and _is_ours(part)):
        return _medium(part)
    return part


def _untyped(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a part that says what it is by the name of its only field."""
    for name, read in _BY_NAME.items():
        if isinstance(inner := part.get(name), Mapping):
            return read(inner)
    if part.get("thought") is True:
        return {"type": "reasoning", "text": part.get("text")}
    if "text" in part or "refusal" in part:
        return part
    return {"type": "text", "text": as_text(part.get("json", part))}


def _thought(part: Mapping[str, Any]) -> dict[str, Any]:
    thought = part.get("reasoningText")
    text = thought.get("text") if isinstance(thought, Mapping) else thought
    return {"type": "reasoning", "text": text}


def _first(part: Mapping[str, Any], *names: str) -> Any:  # noqa: ANN401 - any JSON value
    return next((part[name] for name in names if part.get(name) is not None), None)


def _call(part: Mapping[str, Any]) -> dict[str, Any]:
    # what a server ran itself stands in an object of that name
    given = _first(part, "arguments", "args", "input", "server_tool_call")
    return {
        "type": "tool_use",
        "id": _first(part, "id", "toolCallId", "toolUseId"),
        "name": _first(part, "name", "toolName"),
        "input": unwrap(given),
    }


def _result(part: Mapping[str, Any]) -> dict[str, Any]:
    given = _first(
        part, "response", "result", "output", "content", "server_tool_call_response"
    )
    if isinstance(given, Mapping) and "value" in given and "type" in given:
        given = given["value"]  # of the AI SDK: {"type": "json", "value": …}
    is_parts = isinstance(given, list) and all(
        isinstance(item, Mapping) and not {"type", "text", "json"}.isdisjoint(item)
        for item in given
    )
    return {
        "type": "tool_result",
        "tool_use_id": _first(part, "id", "toolCallId", "toolUseId"),
        "content": given if is_parts else as_text(given),
    }


def _is_ours(part: Mapping[str, Any]) -> bool:
    return any(
        name in part for name in ("modality", "mediaType", "mimeType", "file_id")
    )


def _medium(part: Mapping[str, Any]) -> dict[str, Any]:
    mime = _first(part, "mime_type", "mimeType", "mediaType")
    kind = str(part.get("modality") or str(mime or "file").partition("/")[0])
    link = as_text(_first(part, *_LINKS))
    known = kind if kind in ("image", "audio") else "file"
    return {"type": known, "url": link}


_BY_NAME: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "functionCall": _call, "function_call": _call, "toolUse": _call,
    "functionResponse": _result, "function_response": _result, "toolResult": _result,
    "inlineData": _medium, "inline_data": _medium, "fileData": _medium,
    "file_data": _medium, "reasoningContent": _thought,
}  # fmt: skip
