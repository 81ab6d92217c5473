"""Tools that OpenAI runs itself: one item tells of the call and of its answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from erroranalysis.ingest.values import as_text, unwrap

_IDS = ("call_id", "approval_request_id", "id")
# what such a tool was asked, and what it answered
_ASKED = ("arguments", "input", "action", "operation")
_ANSWERS = ("output", "outputs", "results", "result", "tools", "error")
_NOT_ASKED = {"type", "status", "container_id", "sources", *_IDS, *_ANSWERS}
_FAILED = ("failed", "incomplete")
_PARTS = {"text", "input_text", "output_text", "image", "input_image", "input_file"}


def turns(item: Mapping[str, Any], *, answers: bool = True) -> Iterator[dict[str, Any]]:
    """Yield the message that calls, and that of the tool where an answer is told.

    Parameters
    ----------
    item : mapping
        An item of a Responses output.
    answers : bool, default True
        It may hold the answer, too.

    Examples
    --------
    >>> item = {"type": "web_search_call", "id": "w", "action": {"query": "hours"}}
    >>> [turn["tool_calls"] for turn in turns(item)]
    [[{'id': 'w', 'name': 'web_search', 'arguments': {'query': 'hours'}}]]
    """
    sort, call_id = str(item.get("type")), id_of(item)
    # only what was called has a name of its own; a list of tools has none
    name = as_text(item.get("name")) if sort.endswith("_call") else None
    name = name or sort.removesuffix("_call")
    call = {"id": call_id, "name": name, "arguments": asked(item)}
    yield {"role": "assistant", "content": "", "tool_calls": [call]}
    if answers and (answer := _answer(item, sort)) is not None:
        yield result(call_id, answer)


def id_of(item: Mapping[str, Any]) -> str | None:
    """Return the id of the call that an item makes or answers."""
    return as_text(next((item[name] for name in _IDS if item.get(name)), None))


def asked(item: Mapping[str, Any]) -> object:
    """Return what a tool was asked: under a name for it, or all that is no mark."""
    given = next((item[name] for name in _ASKED if item.get(name) is not None), item)
    if isinstance(given, Mapping):
        apart = _NOT_ASKED if given is item else {"sources"}
        return {k: v for k, v in given.items() if k not in apart and v is not None}
    return unwrap(given)


def result(call_id: str | None, given: object) -> dict[str, Any]:
    """Return the message of a tool: text and pictures, or the JSON of anything else."""
    items = given if isinstance(given, list) else [given]
    parts = [_part(item) for item in items if isinstance(item, Mapping)]
    is_said = bool(parts) and len(parts) == len(items) and None not in parts
    content = parts if is_said else as_text(given)
    told = {"type": "tool_result", "tool_use_id": call_id, "content": content}
    return {"role": "tool", "content": [told]}


def _answer(item: Mapping[str, Any], sort: str) -> object:
    """Return what the tool answered; None where it is not told."""
    if sort == "image_generation_call" and item.get("result"):
        mime = f"image/{item.get('output_format') or 'png'}"
        link = f"data:{mime};base64,{item['result']}"
        return [{"type": "input_image", "image_url": link}]
    action = item.get("action")
    found = action.get("sources") if isinstance(action, Mapping) else None
    told = (*(item.get(name) for name in _ANSWERS), found)
    failed = item.get("status") if item.get("status") in _FAILED else None
    return next((one for one in told if one is not None), failed)


def _part(part: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return a part of an answer as a part of a message, or None if it is none."""
    sort = str(part.get("type"))
    if sort == "logs":
        return {"type": "text", "text": part.get("logs")}
    if sort == "computer_screenshot":
        return {**part, "type": "input_image"}
    return part if sort in _PARTS else None
