"""Streamed replies of the Anthropic API, put together from their events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from erroranalysis.ingest.reader import BadRecord
from erroranalysis.ingest.values import unwrap

_START = "message_start"
# which field of a block a piece goes on with, by the kind of the piece
_GROWS = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "signature",
    "input_json_delta": "input",
}
_HEAD = 4_000  # characters in which the first event stands


def is_stream(value: object) -> bool:
    """Return whether a text is a stream of events of the Messages API.

    Examples
    --------
    >>> is_stream("event: message_start"), is_stream('data: {"choices": []}')
    (True, False)
    """
    if not isinstance(value, str):
        return False
    head = value[:_HEAD].lstrip()
    if not head.startswith(("event:", "data:")):
        return False
    return _START in head or head.startswith("event: error")


def joined(text: str) -> dict[str, Any]:
    """Return the message that the events of a stream add up to.

    Raises
    ------
    BadRecord
        An event is not valid JSON, or there is no message in the stream.

    Examples
    --------
    >>> events = [
    ...     'data: {"type": "message_start", "message": {"id": "m", "content": []}}',
    ...     'data: {"type": "content_block_start", "index": 0,'
    ...     ' "content_block": {"type": "text", "text": "H"}}',
    ...     'data: {"type": "content_block_delta", "index": 0,'
    ...     ' "delta": {"type": "text_delta", "text": "i"}}',
    ...     'data: {"type": "message_stop"}',
    ... ]
    >>> joined(chr(10).join(events))["content"]
    [{'type': 'text', 'text': 'Hi'}]
    """
    message: dict[str, Any] = {}
    blocks: dict[int, dict[str, Any]] = {}
    ended = False
    for event in _events(text):
        sort = event.get("type")
        if sort == _START:
            message = dict(event.get("message") or {})
        elif sort == "content_block_start":
            blocks[event.get("index", 0)] = dict(event.get("content_block") or {})
        elif sort == "content_block_delta":
            _grow(blocks.setdefault(event.get("index", 0), {}), event)
        elif sort == "message_delta":
            usage = {**(message.get("usage") or {}), **(event.get("usage") or {})}
            message |= {**(event.get("delta") or {}), "usage": usage}
        elif sort == "message_stop":
            ended = True
        elif sort == "error":
            message["error"] = event.get("error")
    if not message:
        raise BadRecord("the stream has no message_start event")
    message["content"] = [_closed(blocks[place]) for place in sorted(blocks)]
    if not ended and "error" not in message:
        message["error"] = "the stream breaks off before the message is complete"
    return message


def _events(text: str) -> Iterator[Mapping[str, Any]]:
    for line in text.splitlines():
        if not line.startswith("data:"):
            continue
        try:
            event = orjson.loads(line.removeprefix("data:").strip())
        except orjson.JSONDecodeError:
            raise BadRecord("an event of the stream is not valid JSON") from None
        if isinstance(event, Mapping):
            yield event


def _grow(block: dict[str, Any], event: Mapping[str, Any]) -> None:
    delta = event.get("delta") or {}
    sort = str(delta.get("type"))
    field = _GROWS.get(sort)
    if field == "input":
        # the input starts as an empty object, and then comes as pieces of JSON
        so_far = block.get("input")
        text = so_far if isinstance(so_far, str) else ""
        block["input"] = text + str(delta.get("partial_json") or "")
    elif field is not None:
        block[field] = (block.get(field) or "") + str(delta.get(field) or "")
    elif sort == "citations_delta" and delta.get("citation"):
        block["citations"] = [*(block.get("citations") or ()), delta["citation"]]


def _closed(block: dict[str, Any]) -> dict[str, Any]:
    if isinstance(block.get("input"), str):
        return {**block, "input": unwrap(block["input"]) or {}}
    return block
