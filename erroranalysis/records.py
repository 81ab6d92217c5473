"""The nouns: what a trace, a reject, an annotation and an import are."""

from __future__ import annotations

import hashlib
import itertools
import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

Verdict = Literal["pass", "fail", "defer"]
VERDICTS: tuple[Verdict, ...] = ("pass", "fail", "defer")
Message = dict[str, Any]

_counter = itertools.count()


def utc_now() -> datetime:
    """Return the time now as naive UTC, the form in which the store keeps times."""
    return datetime.now(UTC).replace(tzinfo=None)


def new_id(prefix: str) -> str:
    """Return a fresh id that sorts by time, across processes as within one.

    Examples
    --------
    >>> first, second = new_id("a"), new_id("a")
    >>> first < second
    True
    """
    tick = next(_counter) & 0xFFFF
    return f"{prefix}_{time.time_ns():016x}{tick:04x}{os.urandom(4).hex()}"


def dump(value: object) -> str:
    """Return JSON text, the same text for the same value."""
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def digest(*parts: object) -> str:
    """Return a short hash of the values.

    Examples
    --------
    >>> digest("a", 1) == digest("a", 1), len(digest("a"))
    (True, 20)
    """
    text = orjson.dumps(
        parts, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    )
    return hashlib.sha256(text).hexdigest()[:20]


@dataclass(frozen=True)
class Feedback:
    """What the source said about the quality of a trace."""

    name: str
    value: str | None = None
    number: float | None = None
    comment: str | None = None
    origin: str = "user"
    created_at: datetime | None = None


@dataclass(frozen=True)
class Trace:
    """One run of the product: the conversation and the facts around it.

    A message has ``role`` (system, user, assistant, tool) and ``content`` (always
    text), and where there are any ``tool_calls`` (``id``, ``name``, ``arguments``),
    ``tool_call_id``, ``name``, ``reasoning`` and ``attachments``.

    Examples
    --------
    >>> trace = Trace(id="t1", messages=[{"role": "user", "content": "Hi"}])
    >>> trace.input, trace.output
    ('Hi', None)
    """

    id: str
    messages: list[Message]
    source: str = ""
    session_id: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    model: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    error: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    feedback: tuple[Feedback, ...] = ()

    @property
    def input(self) -> str | None:
        """What the user said last."""
        return self._last_text("user")

    @property
    def output(self) -> str | None:
        """What the product answered last."""
        return self._last_text("assistant")

    @property
    def content_hash(self) -> str:
        """Hash of the messages: two traces with one hash show the same conversation."""
        return digest(self.messages)

    def _last_text(self, role: str) -> str | None:
        for message in reversed(self.messages):
            if message.get("role") == role and message.get("content"):
                return str(message["content"])
        return None

    def __repr__(self) -> str:
        """Say what it is in one line."""
        start = f", {self.started_at:%Y-%m-%d %H:%M}" if self.started_at else ""
        return f"Trace({self.id!r}, {len(self.messages)} messages{start})"


@dataclass(frozen=True)
class Reject:
    """A record that could not be read."""

    file: str
    line: int | None
    reason: str
    raw: str | None = None


@dataclass(frozen=True)
class Annotation:
    """One act of one person on one trace."""

    trace_id: str
    annotator: str
    verdict: Verdict | None
    critique: str | None = None
    first_failure: str | None = None
    seconds: float | None = None
    content_hash: str | None = None
    saw_judgement: bool | None = None
    batch_id: str | None = None
    created_at: datetime | None = None
    supersedes: str | None = None
    retracts: str | None = None
    annotation_id: str | None = None
