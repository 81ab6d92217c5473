"""Who speaks, in the words of many frameworks."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

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
_RARE = {
    "agent": "assistant",
    "tool_call": "assistant",
    "tool_result": "tool",
    "tool_response": "tool",
    "functionexecutionresult": "tool",
}
SPEAKERS = ("role", "from", "speaker", "sender", "type", "author")
_KINDS = {
    dict: "an object", list: "a list", str: "text", type(None): "missing",
    bool: "true or false", int: "a number", float: "a number",
}  # fmt: skip


@functools.lru_cache(maxsize=1024)
def role_named(name: str) -> str | None:
    """Return the role that a word stands for.

    Enumerations that were turned into text and names of message classes count.

    Examples
    --------
    >>> role_named("MessageRole.USER"), role_named("AIMessageChunk")
    ('user', 'assistant')
    >>> role_named("narrator") is None
    True
    """
    word = name.rpartition(".")[2].lower().replace("-", "_").replace(" ", "_")
    bare = word.removesuffix("chunk").removesuffix("message").rstrip("_")
    return ROLES.get(word) or _RARE.get(word) or ROLES.get(bare) or _RARE.get(bare)


def role_of(message: Mapping[str, Any]) -> str | None:
    """Return the role that a message names under any of the usual names.

    Examples
    --------
    >>> role_of({"type": "human"}), role_of({"author": {"role": "tool"}})
    ('user', 'tool')
    """
    for name in SPEAKERS:
        given = message.get(name)
        if isinstance(given, Mapping):
            given = given.get("role")
        if isinstance(given, str) and (role := role_named(given)) is not None:
            return role
    inner = message.get("content")
    given = inner.get("role") if isinstance(inner, Mapping) else None
    return role_named(given) if isinstance(given, str) else None


def kind(value: object) -> str:
    """Return what a value is, in words for a message."""
    return _KINDS.get(type(value), f"of type {type(value).__name__}")
