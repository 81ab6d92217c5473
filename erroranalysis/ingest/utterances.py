"""What was said, out of the bodies of requests and replies of many frameworks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from erroranalysis.ingest.messages import normalise
from erroranalysis.ingest.reader import BadRecord
from erroranalysis.ingest.values import unwrap

if TYPE_CHECKING:
    from erroranalysis.records import Message

Side = Literal["user", "assistant"]

_DEEPEST = 5
_SPEAKERS = ("role", "from", "type", "author")
_LISTS = ("messages", "conversation", "conversations", "contents", "history")
_NAMES: dict[str, tuple[str, ...]] = {
    "user": (
        "input", "question", "query", "prompt", "user_input", "user_message", "message",
        "text", "content", "request", "inputs", "kwargs", "args", "body",
    ),
    "assistant": (
        "output", "answer", "response", "completion", "result", "reply", "message",
        "text", "content", "final_output", "outputs", "choices", "generations", "body",
    ),
}  # fmt: skip


def utterance(value: object, side: Side) -> str | None:
    """Return what the user or the product said, where a value says it as text.

    Parameters
    ----------
    value : object
        Text, JSON in text, messages, the body of a request or a reply.
    side : {"user", "assistant"}
        Whose words are wanted.

    Returns
    -------
    str or None
        The words; None where the value is none that a person said or read.

    Examples
    --------
    >>> utterance('{"messages": [{"role": "user", "content": "Hi"}]}', "user")
    'Hi'
    >>> utterance({"question": "Open on Sunday?", "k": 4}, "user")
    'Open on Sunday?'
    >>> utterance({"k": 4}, "user") is None
    True
    """
    return _said(value, side, 0)


def _said(value: object, side: Side, depth: int) -> str | None:
    value = unwrap(value)
    texts: Iterator[str | None] = iter(())
    if isinstance(value, str):
        texts = iter((value if value.strip() else None,))
    elif depth > _DEEPEST:
        pass
    elif isinstance(value, list):
        if (messages := conversation(value, side)) is not None:
            texts = (m["content"] for m in reversed(messages) if m["role"] == side)
        else:
            texts = (_said(item, side, depth + 1) for item in value[:3])
    elif isinstance(value, Mapping):
        there = [value[n] for n in (*_LISTS, *_NAMES[side]) if value.get(n)]
        alone = list(value.values()) if len(value) == 1 else []
        texts = (_said(inner, side, depth + 1) for inner in there or alone)
    return next((text for text in texts if text), None)


def conversation(value: object, side: Side = "user") -> list[Message] | None:
    """Return the messages that a value holds, or None where it holds none.

    Parameters
    ----------
    value : object
        Messages, or an object with a list of them, or JSON text of either.
    side : {"user", "assistant"}
        Who speaks in an object that names no role, such as a bare answer.

    Examples
    --------
    >>> conversation({"model": "m", "messages": [{"role": "user", "content": "Hi"}]})
    [{'role': 'user', 'content': 'Hi'}]
    >>> conversation("Hi") is None
    True
    """
    value = unwrap(value)
    if isinstance(value, Mapping):
        for name in _LISTS:
            if isinstance(inner := unwrap(value.get(name)), list) and inner:
                return conversation(inner, side)
        if any(isinstance(value.get(name), str) for name in _SPEAKERS):
            value = [value]
    if not isinstance(value, list) or not value:
        return None
    if not all(_is_message(item) for item in value):
        return None
    try:
        return normalise(value)
    except BadRecord:
        return None


def _is_message(item: Any) -> bool:  # noqa: ANN401 - any JSON value
    return isinstance(item, Mapping) and any(
        isinstance(item.get(name), str) for name in _SPEAKERS
    )
