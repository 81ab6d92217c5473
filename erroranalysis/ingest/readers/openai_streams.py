"""Streamed replies of the OpenAI API, put together from their events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from erroranalysis.ingest.reader import BadRecord

_ENDINGS = ("response.completed", "response.incomplete", "response.failed")


def is_stream(value: object) -> bool:
    """Return whether a text is a stream of server-sent events.

    Examples
    --------
    >>> is_stream('data: {"id": "c1"}'), is_stream("Data show that …")
    (True, False)
    """
    return isinstance(value, str) and value.lstrip().startswith(
        ("data: ", "data:{", "event: ")
    )


def joined(text: str) -> dict[str, Any]:
    """Return the response that the events of a stream add up to.

    Examples
    --------
    >>> events = [
    ...     'data: {"choices": [{"index": 0, "delta": {"content": "He"}}]}',
    ...     'data: {"choices": [{"index": 0, "delta": {"content": "y"}}]}',
    ...     "data: [DONE]",
    ... ]
    >>> joined(chr(10).join(events))["choices"][0]["message"]["content"]
    'Hey'
    """
    whole: dict[str, Any] = {}
    message: dict[str, Any] = {"role": "assistant", "content": ""}
    finish = None
    for event in _events(text):
        if event.get("type") in _ENDINGS:
            response = event.get("response")
            return response if isinstance(response, dict) else {}
        whole |= {
            name: value
            for name, value in event.items()
            if name != "choices" and value is not None
        }
        for choice in event.get("choices") or []:
            if choice.get("index", 0) == 0:
                _add(message, choice.get("delta") or {})
                finish = choice.get("finish_reason") or finish
    if "type" in whole:
        raise BadRecord("the stream breaks off before the response is complete")
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return {**whole, "choices": [choice]}


def _events(text: str) -> Iterator[Mapping[str, Any]]:
    for line in text.splitlines():
        payload = line.removeprefix("data:").strip()
        if not line.startswith("data:") or payload == "[DONE]":
            continue
        try:
            event = orjson.loads(payload)
        except orjson.JSONDecodeError:
            raise BadRecord("an event of the stream is not valid JSON") from None
        if isinstance(event, Mapping):
            yield event


def _add(message: dict[str, Any], delta: Mapping[str, Any]) -> None:
    for name in ("content", "refusal", "reasoning_content"):
        if delta.get(name):
            message[name] = (message.get(name) or "") + delta[name]
    for piece in delta.get("tool_calls") or []:
        calls = message.setdefault("tool_calls", [])
        place = piece.get("index", 0)
        while len(calls) <= place < 1_000:  # noqa: PLR2004 - a broken index
            calls.append({"id": None, "function": {"name": "", "arguments": ""}})
        call = calls[place]
        call["id"] = piece.get("id") or call["id"]
        for name, text in (piece.get("function") or {}).items():
            call["function"][name] = call["function"].get(name, "") + (text or "")
