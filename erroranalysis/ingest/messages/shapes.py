"""Messages of frameworks, taken out of the objects that these keep them in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

from erroranalysis.ingest.messages import hosted
from erroranalysis.ingest.messages.content import CALLS, RESULTS, sort_of
from erroranalysis.ingest.messages.roles import SPEAKERS, role_named, role_of
from erroranalysis.ingest.values import as_text, unwrap

_PAIR = 2
# what only a message has that stands in another object
_SAID = ("role", "content", "parts", "text", "tool_calls")
_TURN = (
    ("system", "system"), ("user", "human"), ("user", "user"), ("user", "input"),
    ("user", "query"), ("user", "question"), ("user", "instruction"),
    ("assistant", "assistant"), ("assistant", "gpt"), ("assistant", "bot"),
    ("assistant", "output"), ("assistant", "response"), ("assistant", "answer"),
)  # fmt: skip
_REQUEST = {"system-prompt": "system", "user-prompt": "user"}
_FIELD = re.compile(r"(\w+)=")
# a Python text, a bracket, or anything else up to the next of these
_TOKEN = re.compile(
    r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[\[({]|[\])}]|[^'"\[({\])}]""", re.DOTALL
)


def is_message(item: object) -> bool:
    """Return whether a value looks like a message of any framework.

    Examples
    --------
    >>> is_message({"role": "user"}), is_message({"url": "e.org"}), is_message("Hi")
    (True, False, False)
    """
    if not isinstance(item, Mapping):
        printed = isinstance(item, str) and item.startswith("role=")
        return printed or (isinstance(item, list) and _is_pair(item))
    if any(isinstance(item.get(name), str) for name in SPEAKERS):
        return True
    author, kept = item.get("author"), item.get("kwargs", item.get("message"))
    if isinstance(author, Mapping) and "role" in author:
        return True
    if isinstance(kept, Mapping) and ("lc" in item or "role" in kept):
        return True
    return item.get("kind") in ("request", "response") and "parts" in item


def opened(message: object) -> Iterator[object]:
    """Yield the messages that one item of a list of messages stands for.

    Examples
    --------
    >>> list(opened({"lc": 1, "id": ["HumanMessage"], "kwargs": {"content": "Hi"}}))
    [{'content': 'Hi', 'role': 'HumanMessage'}]
    >>> list(opened(["user", "Hi"]))
    [{'role': 'user', 'content': 'Hi'}]
    """
    if isinstance(message, str):
        yield _printed(message) if message.startswith("role=") else message
    elif isinstance(message, list) and _is_pair(message):
        yield {"role": message[0], "content": message[1]}
    elif isinstance(message, Mapping):
        yield from _opened(message)
    else:
        yield message


def _is_pair(item: list[Any]) -> bool:
    return (
        len(item) == _PAIR
        and all(isinstance(word, str) for word in item)
        and role_named(item[0]) is not None
    )


def _opened(message: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    kept, data = message.get("kwargs"), message.get("data")
    inner = message.get("message")
    if "lc" in message and isinstance(kept, Mapping):
        names = message.get("id")
        name = names[-1] if isinstance(names, list) and names else None
        yield {**kept, "role": kept.get("role") or kept.get("type") or name}
    elif isinstance(data, Mapping) and "type" in message and "content" in data:
        yield {**data, "role": data.get("role") or message["type"]}
    elif isinstance(inner, Mapping) and _is_wrapper(message, inner):
        role = inner.get("role") or message.get("role") or message.get("type")
        yield {**inner, "role": role if role_named(str(role)) else "assistant"}
    elif isinstance(message.get("parts"), list) and "kind" in message:
        yield from _of_pydantic_ai(message)
    elif isinstance(message.get("source"), str) and _is_of_autogen(message):
        yield _of_autogen(message)
    elif "role" not in message and isinstance(message.get("type"), str):
        yield from _item(message)
    else:
        yield from _turn(message) or (message,)


def _is_wrapper(message: Mapping[str, Any], inner: Mapping[str, Any]) -> bool:
    """Return whether the message itself is the one inside."""
    if "content" in message:
        return False
    return not inner.keys().isdisjoint(_SAID) or role_of(message) is not None


def _turn(item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the messages of a turn that has a field for each speaker, if it is one."""
    sides = [(role, name) for role, name in _TURN if item.get(name)]
    if {role for role, _ in sides} < {"user", "assistant"}:
        return []
    return [{"role": role, "content": item[name]} for role, name in sides]


def _item(item: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the messages that an item of a Responses request or reply stands for."""
    sort = sort_of(item)
    if sort == "custom_tool_call":
        item = {"arguments": item.get("input"), **item}
    if sort in CALLS and "name" in item:
        yield {"role": "assistant", "content": [item]}
    elif sort in RESULTS:
        yield {"role": "tool", "content": [item]}
    elif sort == "reasoning":
        yield {"role": "assistant", "content": [item]}
    elif sort.endswith("_call") and role_named(sort) is None and "id" in item:
        yield from hosted.turns(item)
    else:
        yield item


def _of_pydantic_ai(message: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the messages of a request or response of Pydantic AI."""
    if message["kind"] == "response":
        yield {"role": "assistant", "content": message["parts"]}
        return
    if text := as_text(message.get("instructions")):
        yield {"role": "system", "content": text}
    for part in message["parts"]:
        sort = part.get("part_kind") if isinstance(part, Mapping) else None
        if (role := _REQUEST.get(str(sort))) is not None:
            yield {"role": role, "content": part.get("content")}
        elif sort == "retry-prompt" and not part.get("tool_name"):
            yield {"role": "user", "content": part.get("content")}
        elif sort == "retry-prompt":
            yield {"role": "tool", "content": [{**part, "part_kind": "tool-return"}]}
        else:
            yield {"role": "tool", "content": [part]}


def _is_of_autogen(message: Mapping[str, Any]) -> bool:
    return str(message.get("type")).endswith(("Message", "Event"))


def _of_autogen(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a message of AutoGen, whose speaker is its source."""
    given, sort = message.get("content"), str(message["type"])
    role = role_named(sort) or role_named(str(message["source"])) or "assistant"
    out: dict[str, Any] = {"role": role, "content": given}
    if role != "user" and message["source"] not in ("assistant", "system"):
        out["name"] = message["source"]
    if message.get("thought"):
        out["reasoning"] = message["thought"]
    if sort == "ThoughtEvent":
        return {**out, "content": "", "reasoning": given}
    items = given if isinstance(given, list) else []
    if items and all(isinstance(item, Mapping) for item in items):
        if all("call_id" in item for item in items):
            results = [{**item, "type": "tool_result"} for item in items]
            return {"role": "tool", "content": results}
        if all("arguments" in item for item in items):
            return {**out, "content": "", "tool_calls": items}
    return out


def _printed(text: str) -> object:
    """Return the fields of a Python object that was printed: ``role='user' …``."""
    fields: dict[str, Any] = {}
    place = 0
    while (name := _FIELD.match(text, place)) is not None:
        start = place = name.end()
        depth = 0
        while (token := _TOKEN.match(text, place)) is not None:
            if depth == 0 and token[0] == " " and _FIELD.match(text, token.end()):
                break
            depth += (token[0] in "[({") - (token[0] in "])}")
            place = token.end()
        try:
            value = ast.literal_eval(text[start:place])
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            value = None  # of no importance: metrics, timers
        if value is not None and name[1] in _PRINTED:
            fields[name[1]] = value
        place += 1
    return fields if "role" in fields else text


_PRINTED = {
    "role", "content", "name", "tool_call_id", "tool_calls", "tool_name", "thinking",
    "reasoning_content",
}  # fmt: skip


def calls_in_text(text: str) -> list[Any] | None:
    """Return the tool calls that a text consists of, as Koog writes them.

    Examples
    --------
    >>> calls_in_text('[{"function": {"name": "f", "arguments": "{}"}, "id": "c"}]')
    [{'function': {'name': 'f', 'arguments': '{}'}, 'id': 'c'}]
    >>> calls_in_text("[1]") is None
    True
    """
    items = unwrap(text)
    is_calls = isinstance(items, list) and all(
        isinstance(item, Mapping)
        and isinstance(function := item.get("function"), Mapping)
        and {"name", "arguments"} <= function.keys()
        for item in items
    )
    return items if is_calls and items else None
