"""Items of an import without what a redaction names."""

from __future__ import annotations

import dataclasses
import operator
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, TypeVar

from erroranalysis.ingest.placeholders import Texts, kept
from erroranalysis.ingest.sensitive import field
from erroranalysis.records import (
    Annotation,
    Feedback,
    Message,
    Reject,
    Remark,
    Span,
    Trace,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from erroranalysis.ingest.redaction import Redaction

# what a message says about itself, and what ties calls to their results
_STRUCTURE = {"role", "name", "tool_call_id", "id", "type"}
_SESSION = field("session_id")

T = TypeVar("T")


class Redactor:
    """Takes out of items what a redaction names, before they are stored.

    Parameters
    ----------
    redaction : Redaction
        What to take out.
    key : callable
        Returns the key of the project; called when the first value is found.

    Examples
    --------
    >>> from erroranalysis.ingest.redaction import Redaction
    >>> redactor = Redactor(Redaction(["email"]), lambda: b"key")
    >>> redactor.text("Mail jane@example.org or Jane@Example.org.")
    'Mail <email:b0df6ffc> or <email:b0df6ffc>.'
    >>> redactor.found()
    {'email': 2}
    """

    def __init__(self, redaction: Redaction, key: Callable[[], bytes]) -> None:
        self._redaction, self._key = redaction, key
        self._names = redaction.names
        rules = {name: re.compile(rule) for name, rule in redaction.patterns.items()}
        self._texts = Texts(frozenset(redaction.kinds or ()), rules, key)
        text, said = self._texts.text, ("input", "output")
        # what of each noun may hold something; the rest are ids, names, numbers, times
        self._rules: dict[type, dict[str, Callable[[Any], Any]]] = {
            Trace: {
                **dict.fromkeys((*said, "error"), text),
                "messages": self._messages,
                "session_id": self._session,
                "metadata": self._texts.fields,
                "tags": self._texts.value,
                "feedback": self._items,
                "spans": self._items,
            },
            Span: {**dict.fromkeys(said, text), "attributes": self._texts.fields},
            Feedback: dict.fromkeys(("value", "comment", "origin"), text),
            Remark: {"feedback": self._item, "session_id": self._session},
            Annotation: {"critique": text},
            Reject: {"reason": text, "raw": text},
        }

    def fresh(self) -> Redactor:
        """Return another one of the same kind, which has counted nothing yet."""
        return Redactor(self._redaction, self._key)

    def ask_key(self) -> None:
        """Ask for the key now, not when the first value is found."""
        self._key()

    def __reduce__(self) -> tuple[type[Redactor], tuple[object, ...]]:
        """Travel to another process without what was found, and without the key."""
        return Redactor, (self._redaction, self._key)

    def found(self) -> dict[str, int]:
        """Return how many values were replaced, by kind.

        A text that one item says several times, as its input and as a message for
        one, counts once.
        """
        counts = self._texts.counts
        return {name: counts[name] for name in self._names if counts[name]}

    def text(self, text: str) -> str:
        """Return a text with placeholders; what is JSON stays JSON."""
        return self._texts.text(text)

    def apply(self, item: T) -> T:
        """Return an item without what is to be taken out; the same item if clean.

        Ids, names, roles, numbers and times stay as they are.

        Examples
        --------
        >>> from erroranalysis.ingest.redaction import Redaction
        >>> redactor = Redactor(Redaction(), lambda: b"key")
        >>> trace = Trace("t1", [{"role": "user", "content": "I am jane@example.org"}])
        >>> redactor.apply(trace).input
        'I am <email:b0df6ffc>'
        """
        self._texts.forget()
        clean: T = self._item(item)
        return clean

    def reasons(self, reasons: Counter[str]) -> Counter[str]:
        """Return reasons of rejects, which may quote what was rejected, redacted."""
        clean: Counter[str] = Counter()
        for reason, count in reasons.items():
            clean[self._texts.text(reason)] += count
        return clean

    def _item(self, item: Any) -> Any:  # noqa: ANN401 - any of the nouns
        new = {}
        for name, rule in self._rules.get(type(item), {}).items():
            before = getattr(item, name)
            after = rule(before) if before else before
            if after is not before:
                new[name] = after
        return dataclasses.replace(item, **new) if new else item

    def _session(self, session: str) -> str:
        return self._texts.text(session, _SESSION)

    def _items(self, items: Sequence[Any]) -> Sequence[Any]:
        new = tuple(self._item(item) for item in items)
        return items if all(map(operator.is_, new, items)) else new

    def _messages(self, messages: list[Message]) -> list[Message]:
        new = [self._message(message) for message in messages]
        return messages if all(map(operator.is_, new, messages)) else new

    def _message(self, message: Message) -> Any:  # noqa: ANN401 - a message
        new = {
            name: self._calls(value)
            if name == "tool_calls"
            else self._part(name, value)
            for name, value in message.items()
        }
        return kept(message, new)

    def _calls(self, calls: Any) -> Any:  # noqa: ANN401 - a list of calls
        new = [
            kept(call, {name: self._part(name, value) for name, value in call.items()})
            for call in calls
        ]
        return calls if all(map(operator.is_, new, calls)) else new

    def _part(self, name: str, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        return value if name in _STRUCTURE else self._texts.value(value)
