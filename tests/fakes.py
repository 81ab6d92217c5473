"""What tests make up: chat records, and the state of a model server on loopback."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


def chat(name: str, *texts: str, **facts: Any) -> dict[str, Any]:
    """A chat record: user and assistant in turn."""
    roles = ("user", "assistant")
    messages = [
        {"role": roles[place % 2], "content": text} for place, text in enumerate(texts)
    ]
    return {"id": name, "messages": messages, **facts}


@dataclass
class ModelServer:
    """A server on loopback that speaks the OpenAI chat protocol, faults included.

    ``script`` maps a request body to (status, body) or to text for the message; it is
    called under a lock, so it may count.
    """

    url: str = ""
    script: Callable[[dict[str, Any]], Any] = lambda body: ""
    calls: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)


def answer(content: str | None, **choice: Any) -> dict[str, Any]:
    """A chat completion with one choice."""
    message = {"role": "assistant", "content": content, **choice.pop("message", {})}
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "stub-2026",
        "choices": [
            {"index": 0, "message": message, "finish_reason": "stop", **choice}
        ],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
    }
