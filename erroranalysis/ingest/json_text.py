"""JSON in any arrangement: lines, one array, objects one after the other."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import orjson

from erroranalysis.ingest.reader import Raw
from erroranalysis.ingest.values import clean, plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHUNK = 1 << 16
_LONGEST_FIRST_LINE = 1 << 26
_LOOK_AT_LINES = 100
_TEXT = 10_000
_BOM = b"\xef\xbb\xbf"
_STRUCTURE = re.compile(rb'["{}\[\]]')
# possessive: a text of a hundred megabytes takes no memory to get back from
_STRING_END = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_BETWEEN = b" \t\r\n,\x1e" + _BOM
_OVER_64_BITS = 1.8e19


def looks_like_json(path: Path) -> bool:
    """Return whether a file holds JSON, possibly after a few other lines."""
    with path.open("rb") as handle:
        first = handle.read(_CHUNK).removeprefix(_BOM).lstrip()[:1]
    return first in (b"{", b"[") or _is_lines(path)


def json_records(path: Path) -> Iterator[Raw]:
    """Yield the records of a JSON file; only the one under way is in memory."""
    return _lines(path) if _is_lines(path) else _values(path)


def _is_lines(path: Path) -> bool:
    """Return whether a line near the top holds a whole object.

    In a pretty-printed file no line does that begins in the first column.
    """
    with path.open("rb") as handle:
        for number in range(_LOOK_AT_LINES):
            line = handle.readline(_LONGEST_FIRST_LINE if number == 0 else _CHUNK)
            line = line.removeprefix(_BOM) if number == 0 else line
            if not line:
                return False
            if line.startswith(b"{"):
                try:
                    orjson.loads(line)
                except orjson.JSONDecodeError:
                    continue
                return True
    return False


def _lines(path: Path) -> Iterator[Raw]:
    file = str(path)
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            text = line.removeprefix(_BOM) if number == 1 else line
            if not text.isspace():
                yield parse(text, file, number)


class _Scanner:
    """Finds brackets outside of strings in a file that is read in pieces."""

    def __init__(self, path: Path) -> None:
        self._handle = path.open("rb")
        self.buffer = bytearray()
        self.place = 0
        self.line = 1

    def next_bracket(self) -> bytes | None:
        """Return the next bracket and step behind it, or None at the end."""
        while True:
            found = _STRUCTURE.search(self.buffer, self.place)
            if found is not None and found[0] != b'"':
                self.place = found.end()
                return found[0]
            closing = _STRING_END.match(self.buffer, found.end()) if found else None
            if closing is not None:
                self.place = closing.end()
                continue
            self.place = found.start() if found else len(self.buffer)
            # a long string is looked at again with every piece: read ever more
            piece = self._handle.read(max(_CHUNK, len(self.buffer)))
            if not piece:
                self._handle.close()
                return None
            self.buffer += piece

    def take(self, end: int) -> tuple[int, bytes]:
        """Cut off and return what stands before ``end``, and its first line."""
        text, line = bytes(self.buffer[:end]), self.line
        del self.buffer[:end]
        self.place -= end
        self.line += text.count(b"\n")
        return line, text


def _values(path: Path) -> Iterator[Raw]:
    """Yield the values of one array, or values written one after the other."""
    file, scan = str(path), _Scanner(path)
    in_array, depth = False, 0
    while (bracket := scan.next_bracket()) is not None:
        opens = bracket in b"{["
        if depth == 0:
            line, before = scan.take(scan.place - 1)
            yield from _stray(file, line, before)
            if opens and (bracket == b"{" or in_array):
                depth = 1
                continue
            line, lone = scan.take(1)
            if not opens and not (bracket == b"]" and in_array):
                yield from _stray(file, line, lone)
            in_array = opens
            continue
        depth += 1 if opens else -1
        if depth == 0:
            line, text = scan.take(scan.place)
            yield parse(text, file, line)
    line, rest = scan.take(len(scan.buffer))
    if depth:
        problem = "the file ends in the middle of this record"
        yield Raw(file, line, problem=problem, text=_shown(rest))
    else:
        yield from _stray(file, line, rest)


def _stray(file: str, line: int, text: bytes) -> Iterator[Raw]:
    """Yield what stands between records and is neither blank nor a comma."""
    if stray := text.strip(_BETWEEN):
        line += text[: text.find(stray[:1])].count(b"\n")
        problem = "not an object; records are objects in curly brackets"
        yield Raw(file, line, problem=problem, text=_shown(stray))


def parse(text: bytes, file: str, line: int | None) -> Raw:
    """Parse one JSON value; what orjson refuses gets a second, lenient look."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as strict:
        return _lenient(text, file, line, strict)
    if type(value) is dict:
        for item in value.values():
            # orjson makes a float of a whole number over 64 bits: an id would change
            if type(item) is float and abs(item) > _OVER_64_BITS:
                return Raw(file, line, plain(json.loads(text)))
    if rb"\u0000" in text:
        value = plain(value)
    return Raw(file, line, value)


def _lenient(text: bytes, file: str, line: int | None, strict: Exception) -> Raw:
    try:
        value: Any = plain(json.loads(text.decode("utf-8")))
        return Raw(file, line, value)
    except UnicodeDecodeError as error:
        problem = f"not valid UTF-8 (byte {error.start + 1} of the record)"
    except RecursionError:
        problem = "nested too deeply"
    except ValueError as error:
        # the lenient parser says what is wrong; where both fail, its words are plain
        problem = f"not valid JSON: {error if str(error) else strict}"
    return Raw(file, line, problem=problem, text=_shown(text))


def _shown(text: bytes) -> str:
    return clean(text[:_TEXT].decode("utf-8", "replace").rstrip("\r\n"))
