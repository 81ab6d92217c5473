"""Text without what is to be taken out of it, be it prose or JSON."""

from __future__ import annotations

import hmac
import json
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

from erroranalysis.ingest.redaction import KINDS
from erroranalysis.ingest.sensitive import (
    PLAIN,
    Field,
    field,
    likely,
    places,
    spelling,
    whole,
)

_HASH_DIGITS = 8
_MOST_KNOWN = 100_000
_LONG, _MOST_CLEAN = 200, 1 << 23
_DEEPEST = 300  # the spool writes nothing deeper than 254
# a string of a JSON text, with the colon that makes it a name; or the end of a list
_IN_JSON = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"(\s*:)?|[\]}]', re.DOTALL)
_JSON_LINE = re.compile(r"^(?:data:[ \t]*)?([\[{].*[\]}])[ \t\r]*$", re.MULTILINE)
_BEFORE_JSON_LINE = ("\n{", "\n[", "data:")
_ESCAPED_SIGN = "\\u00"


class Texts:
    """Puts placeholders into texts, the same for the same value.

    Parameters
    ----------
    kinds : iterable of str
        Which of :data:`~erroranalysis.ingest.redaction.KINDS` to take out.
    patterns : dict of str to re.Pattern
        The user's own.
    key : callable
        Returns the key of the project; called when the first value is found.

    Attributes
    ----------
    counts : Counter
        Values replaced, by kind.
    """

    def __init__(
        self,
        kinds: frozenset[str],
        patterns: Mapping[str, re.Pattern[str]],
        key: Callable[[], bytes],
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._kinds = kinds
        self._patterns = dict(patterns)
        self._ask_key = key
        self._key: bytes | None = None
        self._known: dict[tuple[str, str], str] = {}
        self._said: dict[tuple[str, Field], str] = {}
        self._clean_names: set[str] = set()
        self._clean: set[str] = set()
        self._clean_size = 0
        names = "|".join(map(re.escape, dict.fromkeys((*KINDS, *patterns))))
        self._done = re.compile(f"<(?:{names}):[0-9a-f]{{{_HASH_DIGITS}}}>")

    def forget(self) -> None:
        """Count from here on again what was counted for the item before."""
        self._said.clear()

    def text(self, text: str, about: Field = PLAIN) -> str:
        """Return a text with placeholders; what is JSON stays JSON.

        To do it again changes nothing more.

        Parameters
        ----------
        text : str
            The text.
        about : Field, optional
            What the name of the field says that holds it.
        """
        if about.whole is not None and (kind := whole(text, about)) in self._kinds:
            if self._done.fullmatch(text):
                return text
            return self._placeholder(str(kind), text)
        long = len(text) > _LONG
        if long and text in self._clean and about is PLAIN:
            return text
        kinds = likely(text, self._kinds)
        # such an escape may hide a sign that is looked for
        if not kinds and not self._patterns and _ESCAPED_SIGN not in text:
            return text
        known = self._said.get((text, about))
        if known is None:
            known = self._said[text, about] = self._lines(text, kinds, about)
            if long and known == text and about is PLAIN:
                self._remember(text)
        return known

    def value(self, value: Any, about: Field = PLAIN, depth: int = 0) -> Any:  # noqa: ANN401
        """Return a JSON value with placeholders; the same object if it has none."""
        if isinstance(value, str):
            return self.text(value, about)
        if depth > _DEEPEST:
            return value
        if isinstance(value, Mapping):
            new = {
                self._name(name): self.value(item, _about(name), depth + 1)
                for name, item in value.items()
            }
            return kept(value, new)
        if isinstance(value, (list, tuple)):
            items = [self.value(item, about, depth + 1) for item in value]
            return value if all(map(operator.is_, items, value)) else items
        return value

    def fields(self, value: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a mapping
        """Return a mapping with placeholders in the values, its own names untouched."""
        return kept(
            value, {n: self.value(item, _about(n)) for n, item in value.items()}
        )

    def _remember(self, text: str) -> None:
        """Keep a text in mind that is clean: prompts come again with every trace."""
        self._clean_size += len(text)
        if self._clean_size > _MOST_CLEAN:
            self._clean.clear()
            self._clean_size = len(text)
        self._clean.add(text)

    def _name(self, name: Any) -> Any:  # noqa: ANN401 - mostly text
        """Redact the name of a field; own patterns would find too much there."""
        if name in self._clean_names or not isinstance(name, str):
            return name
        said = self._in_plain(name, likely(name, self._kinds), own=False)
        if said == name and len(self._clean_names) < _MOST_KNOWN:
            self._clean_names.add(name)
        return said

    def _lines(self, text: str, kinds: list[str], about: Field) -> str:
        """Redact prose, JSON, or prose with lines of JSON in it."""
        if _is_json(text):
            return self._in_json(text, about)
        if not any(map(text.__contains__, _BEFORE_JSON_LINE)):
            return self._in_plain(text, kinds, about)
        out, at = [], 0
        for line in _JSON_LINE.finditer(text):
            if _is_json(line[1]):
                before = text[at : line.start(1)]
                out.append(self._in_plain(before, kinds, about))
                out.append(self._in_json(line[1], about))
                at = line.end(1)
        out.append(self._in_plain(text[at:], kinds, about))
        return "".join(out)

    def _in_json(self, text: str, about: Field) -> str:
        """Redact the strings of a JSON text; all else stays as it is written."""
        out, at = [], 0
        for found in _IN_JSON.finditer(text):
            written = found[1]
            if written is None:
                about = PLAIN
                continue
            said = json.loads(f'"{written}"') if "\\" in written else written
            if found[2]:
                about, new = field(said), self._name(said)
            else:
                new = self.text(said, about)
            if new != said:
                out += [text[at : found.start(1)], _written(new, written)]
                at = found.end(1)
        return "".join([*out, text[at:]])

    def _in_plain(
        self, text: str, kinds: list[str], about: Field = PLAIN, *, own: bool = True
    ) -> str:
        """Redact until nothing is found; what a neighbour hid shows the next time."""
        while kinds or (own and self._patterns):
            parts, at = [], 0
            for done in self._done.finditer(text):
                segment = text[at : done.start()]
                parts += [self._segment(segment, kinds, about, own=own), done[0]]
                at = done.end()
            parts.append(self._segment(text[at:], kinds, about, own=own))
            new = "".join(parts)
            if new == text:
                break
            text, kinds = new, likely(new, self._kinds)
        return text

    def _segment(self, text: str, kinds: list[str], about: Field, *, own: bool) -> str:
        """Redact a text that holds no placeholder."""
        found = []
        taken = bytearray()
        for kind, start, end in self._places(text, kinds, about, own=own):
            taken = taken or bytearray(len(text))
            if taken.find(1, start, end) < 0:
                taken[start:end] = b"\1" * (end - start)
                found.append((start, end, kind))
        if not found:
            return text
        out, at = [], 0
        for start, end, kind in sorted(found):
            out += [text[at:start], self._placeholder(kind, text[start:end])]
            at = end
        return "".join([*out, text[at:]])

    def _places(
        self, text: str, kinds: list[str], about: Field, *, own: bool
    ) -> Iterator[tuple[str, int, int]]:
        for name, pattern in self._patterns.items() if own else ():
            for found in pattern.finditer(text):
                if found[0]:
                    yield name, *found.span()
        for kind in kinds:
            for start, end in places(kind, text, about):
                yield kind, start, end

    def _placeholder(self, kind: str, value: str) -> str:
        self.counts[kind] += 1
        known = self._known.get((kind, value))
        if known is None:
            if self._key is None:
                self._key = self._ask_key()
            said = f"{kind}\0{spelling(kind, value)}".encode("utf-8", "surrogatepass")
            code = hmac.digest(self._key, said, "sha256").hex()[:_HASH_DIGITS]
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            known = self._known[kind, value] = f"<{kind}:{code}>"
        return known


def kept(before: Any, after: Mapping[Any, Any]) -> Any:  # noqa: ANN401 - a mapping
    """Return the mapping before where the one after says the same.

    Examples
    --------
    >>> before = {"a": 1}
    >>> kept(before, {"a": 1}) is before
    True
    """
    if len(before) == len(after):
        pairs = zip(before.items(), after.items(), strict=True)
        if all(a is c and b is d for (a, b), (c, d) in pairs):
            return before
    return after


def _about(name: object) -> Field:
    return field(name) if isinstance(name, str) else PLAIN


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] not in ("{", "[", '"'):
        return False
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return _is_odd_json(text)
    return True


def _is_odd_json(text: str) -> bool:
    """Return whether it is JSON to Python: NaN, half of a surrogate pair."""
    if "NaN" not in text and "Infinity" not in text and "\\ud" not in text.lower():
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _written(said: str, before: str) -> str:
    """Return text as it stands between the quotes of JSON."""
    return json.dumps(said, ensure_ascii=before.isascii())[1:-1]
