"""Messages of any dialect in the one shape that the project keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from erroranalysis.ingest.reader import BadRecord
from erroranalysis.ingest.values import as_text, unwrap

if TYPE_CHECKING:
    from erroranalysis.records import Message

ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "customer": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "gpt": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "chatbot": "assistant",
    "function_call": "assistant",
    "tool": "tool",
    "function": "tool",
    "observation": "tool",
}
_SPEAKERS = ("role", "from", "speaker", "sender", "type")
_WORDS = ("content", "value", "text")
_TEXT_PARTS = {"text", "input_text", "output_text", "refusal"}
_MEDIA_PARTS = {
    "image_url": "image",
    "input_image": "image",
    "image": "image",
    "input_audio": "audio",
    "audio": "audio",
    "file": "file",
    "input_file": "file",
    "document": "file",
}
_KINDS = {
    dict: "an object", list: "a list", str: "text", type(None): "missing",
    bool: "true or false", int: "a number", float: "a number",
}  # fmt: skip


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
    if not isinstance(messages, list):
        raise BadRecord(f"messages is {kind(messages)}, not a list")
    if not messages:
        raise BadRecord("messages is an empty list")
    out: list[Message] = []
    for place, message in enumerate(messages):
        if type(message) is dict and len(message) == 2:  # noqa: PLR2004 - most are
            text, role = message.get("content"), ROLES.get(str(message.get("role")))
            if role is not None and type(text) is str:
                out.append({"role": role, "content": text})
                continue
        out += _one(message, place)
    return out


def _one(message: object, place: int) -> list[Message]:
    """Return a message, after the tool results that an Anthropic message carries."""
    if not isinstance(message, Mapping):
        raise BadRecord(f"message {place} is {kind(message)}, not an object")
    given = next((message[name] for name in _SPEAKERS if message.get(name)), None)
    role = ROLES.get(str(given).lower())
    if role is None:
        raise BadRecord(
            f"message {place} has the role {given!r}; known: {', '.join(ROLES)}"
        )
    content = next((message[name] for name in _WORDS if message.get(name)), None)
    text, results, extra = _content(content)
    out: Message = {
        "role": role,
        "content": text or as_text(message.get("refusal")) or "",
    }
    calls = _calls(message, place) + extra.pop("tool_calls", [])
    if calls:
        out["tool_calls"] = calls
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    thought = as_text(reasoning) or extra.pop("reasoning", None)
    if thought:
        out["reasoning"] = thought
    for name in ("tool_call_id", "name"):
        if message.get(name):
            out[name] = as_text(message[name])
    out |= extra
    # what the user said beside tool results is a message; nothing is none
    empty = len(out) == 2 and not out["content"]  # noqa: PLR2004 - role and content
    return results if results and empty else [*results, out]


def _content(content: object) -> tuple[str, list[Message], dict[str, Any]]:
    """Return the text of a content, the tool results in it, and what else it holds."""
    if not isinstance(content, list):
        if isinstance(content, Mapping) and content.get("type") in _TEXT_PARTS:
            content = content.get("text")
        return as_text(content) or "", [], {}
    texts: list[str] = []
    results: list[Message] = []
    extra: dict[str, Any] = {}
    for part in content:
        if not isinstance(part, Mapping):
            texts.append(as_text(part) or "")
            continue
        sort = str(part.get("type", "text"))
        if sort in _TEXT_PARTS:
            texts.append(as_text(part.get("text") or part.get("refusal")) or "")
        elif sort in ("thinking", "reasoning"):
            thought = as_text(part.get("thinking") or part.get("text")) or ""
            so_far = extra.get("reasoning")
            extra["reasoning"] = f"{so_far}\n\n{thought}" if so_far else thought
        elif sort == "tool_use":
            call = {name: part.get(name) for name in ("id", "name")}
            call["arguments"] = part.get("input")
            extra.setdefault("tool_calls", []).append(call)
        elif sort == "tool_result":
            inner, _, media = _content(part.get("content"))
            found = {"role": "tool", "content": inner}
            results.append({**found, "tool_call_id": part.get("tool_use_id"), **media})
        elif sort in _MEDIA_PARTS:
            medium = {"type": _MEDIA_PARTS[sort], "ref": _reference(part)}
            extra.setdefault("attachments", []).append(medium)
        else:
            texts.append(as_text(part) or "")
    return "\n\n".join(text for text in texts if text), results, extra


def _reference(part: Mapping[str, Any]) -> str | None:
    for name in ("image_url", "input_audio", "file", "source", "url", "file_id"):
        value = part.get(name)
        if isinstance(value, Mapping):
            value = value.get("url") or value.get("data") or value.get("file_id")
        if value:
            return str(value)
    return None


def _calls(message: Mapping[str, Any], place: int) -> list[dict[str, Any]]:
    calls = unwrap(message.get("tool_calls")) or []
    if function := message.get("function_call"):
        calls = [{"id": None, "function": unwrap(function)}]
    if not isinstance(calls, list):
        raise BadRecord(f"tool_calls of message {place} is {kind(calls)}, not a list")
    return [_call(unwrap(call), place) for call in calls]


def _call(call: object, place: int) -> dict[str, Any]:
    if not isinstance(call, Mapping):
        raise BadRecord(f"a tool call of message {place} is {kind(call)}")
    function = call.get("function") or call.get("custom") or call
    if not isinstance(function, Mapping):
        function = {**call, "name": as_text(function)}
    arguments = function.get("arguments", function.get("args", function.get("input")))
    return {
        "id": call.get("id"),
        "name": function.get("name"),
        "arguments": unwrap(arguments),
    }


def kind(value: object) -> str:
    """Return what a value is, in words for a message."""
    return _KINDS.get(type(value), f"of type {type(value).__name__}")
