"""Values inside messages: JSON or not, and what a tool call came to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from erroranalysis.render.safe import shortened

if TYPE_CHECKING:
    from erroranalysis.records import Message

# Longer text is not parsed to be printed prettily.
LONGEST_PARSED = 200_000
# Values of a call are looked at up to here, for a line that shows the first hundred.
_INLINE = 500


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


def as_json(value: object, most: int | None = None) -> str:
    """Return a value as JSON for people: indented, letters as letters.

    Of a huge value no more is looked at than it takes for ``most`` characters and a
    few more. What is not JSON, a date or a set, is shown as its text.

    Examples
    --------
    >>> print(as_json({"room": ["süß", 2]}))
    {
      "room": [
        "süß",
        2
      ]
    }
    """
    try:
        return _first_of(_printed(value, "\n", most), most)
    except (RecursionError, ValueError, TypeError):
        return repr(value)[:most]


def pretty(text: str) -> str | None:
    """Return the JSON of a text in the form for people, or None where it is none.

    Examples
    --------
    >>> print(pretty('{"a":[1]}'))
    {
      "a": [
        1
      ]
    }
    """
    value = parsed(text)
    if value is None:
        return None
    try:
        if "NaN" not in text and "Infinity" not in text:
            return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    except TypeError:  # huge numbers, half characters: slower, and as they are
        pass
    return as_json(value)


def _first_of(pieces: Iterator[str], most: int | None) -> str:
    out, size = [], 0
    for piece in pieces:
        out.append(piece)
        size += len(piece)
        if most is not None and size > most:
            break
    return "".join(out)


def _printed(value: object, margin: str | None, most: int | None) -> Iterator[str]:
    """Yield JSON piece by piece, on one line where there is no margin."""
    if isinstance(value, str):
        yield json.dumps(
            value if most is None else value[: most + 1], ensure_ascii=False
        )
    elif isinstance(value, Mapping) and value:
        inner = None if margin is None else margin + "  "
        lead = "{" + (inner or "")
        for name, item in value.items():
            key = name if isinstance(name, str) else str(name)
            yield f"{lead}{json.dumps(key, ensure_ascii=False)}: "
            yield from _printed(item, inner, most)
            lead = ", " if inner is None else "," + inner
        yield (margin or "") + "}"
    elif isinstance(value, list | tuple) and value:
        inner = None if margin is None else margin + "  "
        lead = "[" + (inner or "")
        for item in value:
            yield lead
            yield from _printed(item, inner, most)
            lead = ", " if inner is None else "," + inner
        yield (margin or "") + "]"
    elif isinstance(value, Mapping):
        yield "{}"
    else:
        yield json.dumps(value, ensure_ascii=False, default=str)


def parsed(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """Return the object or list that a text holds, or None.

    Examples
    --------
    >>> parsed('{"a": 1}'), parsed("a"), parsed("3")
    ({'a': 1}, None, None)
    """
    if isinstance(value, Mapping | list):
        return value
    if not isinstance(value, str) or len(value) > LONGEST_PARSED:
        return None
    if not value.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def short_arguments(value: object, most: int = 110) -> str:
    """Return arguments on one line.

    Examples
    --------
    >>> short_arguments('{"hotel": "porto", "adults": 2}')
    'hotel: porto, adults: 2'
    """
    given = parsed(value)
    if not isinstance(given, Mapping):
        return shortened(value if isinstance(value, str) else _inline(value), most)
    line, size = [], 0
    for name, item in given.items():
        line.append(f"{name}: {_inline(item)}")
        size += len(line[-1])
        if size > most * 4:
            break
    return shortened(", ".join(line), most)


def _inline(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        return value[:_INLINE]
    try:
        return _first_of(_printed(value, None, _INLINE), _INLINE)
    except (RecursionError, ValueError, TypeError):
        return repr(value)[:_INLINE]


def outcome(content: object, message: Message | None = None) -> tuple[str, bool]:
    """Return what a tool call came to in a few words, and whether it is an error.

    Examples
    --------
    >>> outcome('{"error": "not_found"}')
    ('error: not_found', True)
    >>> outcome("[1, 2]")
    ('2 items', False)
    """
    from erroranalysis.render.passages import passages

    value = parsed(content)
    if isinstance(value, Mapping):
        if error := value.get("error") or value.get("errors"):
            return "error: " + shortened(_inline(error), 60), True
        if str(value.get("status", "")).casefold() in ("error", "failed", "failure"):
            return "error", True
    if found := passages(value):
        return f"{len(found)} passage{'' if len(found) == 1 else 's'}", False
    if isinstance(value, Mapping):
        return short_arguments(value, 70) or "{}", False
    if isinstance(value, list):
        return f"{len(value)} item{'' if len(value) == 1 else 's'}", False
    text = (content if isinstance(content, str) else as_text(content)).lstrip()
    wrong = bool(message and message.get("is_error"))
    wrong = wrong or text[:40].casefold().startswith(
        ("error", "traceback", "exception")
    )
    return (shortened(text, 70) or "empty"), wrong
