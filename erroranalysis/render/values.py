"""Values inside messages: JSON or not, and what a tool call came to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from erroranalysis.render.safe import shortened

if TYPE_CHECKING:
    from erroranalysis.records import Message

# Longer text is not parsed to be printed prettily.
LONGEST_PARSED = 200_000


def as_text(value: object) -> str:
    """Return a content as text; what is not text as JSON.

    Examples
    --------
    >>> as_text(None), as_text("Hi"), as_text([])
    ('', 'Hi', '[]')
    """
    if value is None:
        return ""
    return value if isinstance(value, str) else as_json(value)


def as_json(value: object) -> str:
    """Return a value as JSON for people: indented, letters as letters."""
    try:
        return json.dumps(value, indent=2, ensure_ascii=False, default=str)
    except (RecursionError, ValueError, TypeError):
        return repr(value)


def parsed(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """Return the object or list that a text holds, or None.

    Examples
    --------
    >>> parsed('{"a": 1}'), parsed("a"), parsed("3")
    ({'a': 1}, None, None)
    """
    if isinstance(value, Mapping | list):
        return value
    text = value.strip() if isinstance(value, str) else ""
    if not text.startswith(("{", "[")) or len(text) > LONGEST_PARSED:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


@dataclass(frozen=True)
class Passage:
    """A retrieved passage."""

    source: str
    score: str
    text: str


def passages(value: object) -> list[Passage]:
    """Return the passages of a retrieval result, best first as they came.

    Examples
    --------
    >>> passages({"passages": [{"source": "FAQ", "score": 0.5, "text": "Yes."}]})
    [Passage(source='FAQ', score='0.5', text='Yes.')]
    """
    found = value.get("passages") if isinstance(value, Mapping) else None
    if not isinstance(found, list) or not found:
        return []
    if not all(isinstance(item, Mapping) and "text" in item for item in found):
        return []
    return [
        Passage(
            " · ".join(str(item[k]) for k in ("source", "id") if item.get(k)),
            str(item.get("score", "")),
            as_text(item["text"]),
        )
        for item in found
    ]


def short_arguments(value: object, most: int = 110) -> str:
    """Return arguments on one line.

    Examples
    --------
    >>> short_arguments('{"hotel": "porto", "adults": 2}')
    'hotel: porto, adults: 2'
    """
    given = parsed(value)
    if isinstance(given, Mapping):
        pairs = (f"{name}: {_inline(item)}" for name, item in given.items())
        return shortened(", ".join(pairs), most)
    return shortened(as_text(value), most)


def _inline(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def outcome(content: object, message: Message | None = None) -> tuple[str, bool]:
    """Return what a tool call came to in a few words, and whether it is an error.

    Examples
    --------
    >>> outcome('{"error": "not_found"}')
    ('error: not_found', True)
    >>> outcome("[1, 2]")
    ('2 items', False)
    """
    value, text = parsed(content), as_text(content).strip()
    if isinstance(value, Mapping):
        if error := value.get("error") or value.get("errors"):
            return "error: " + shortened(_inline(error), 60), True
        if str(value.get("status", "")).casefold() in ("error", "failed", "failure"):
            return "error", True
        if found := passages(value):
            return f"{len(found)} passages", False
        return short_arguments(value, 70) or "{}", False
    if isinstance(value, list):
        return f"{len(value)} item{'' if len(value) == 1 else 's'}", False
    wrong = bool(message and message.get("is_error"))
    wrong = wrong or text[:40].casefold().startswith(
        ("error", "traceback", "exception")
    )
    return (shortened(text, 70) or "empty"), wrong


def pair_tools(messages: Sequence[Message]) -> dict[tuple[int, int], int]:
    """Return for every tool call the place of its result.

    A call is named by the place of its message and its place in it. Ids decide; where
    there are none, the order does.

    Examples
    --------
    >>> pair_tools(
    ...     [
    ...         {"role": "assistant", "tool_calls": [{"name": "f"}]},
    ...         {"role": "tool", "content": "1"},
    ...     ]
    ... )
    {(0, 0): 1}
    """
    pairs: dict[tuple[int, int], int] = {}
    waiting: list[tuple[int, int, object]] = []
    for place, message in enumerate(messages):
        for turn, call in enumerate(_calls(message)):
            waiting.append((place, turn, call.get("id")))
        if message.get("role") != "tool":
            continue
        given = message.get("tool_call_id")
        fits = [item for item in waiting if given and item[2] == given]
        fits = fits or [item for item in waiting if not given or not item[2]]
        if fits:
            pairs[fits[0][0], fits[0][1]] = place
            waiting.remove(fits[0])
    return pairs


def _calls(message: Message) -> Iterable[Mapping[str, Any]]:
    calls = message.get("tool_calls")
    found = calls if isinstance(calls, list) else []
    return [call if isinstance(call, Mapping) else {} for call in found]
