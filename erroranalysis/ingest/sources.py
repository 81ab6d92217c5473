"""How bytes, frames and lists become records, whatever the file is called."""

from __future__ import annotations

import csv
import glob
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from erroranalysis.errors import IngestError

_CHUNK = 1 << 16
_STRUCTURE = re.compile(rb'["{}\[\]]')
_STRING_END = re.compile(rb'(?:[^"\\]|\\.)*"', re.DOTALL)
_MAGIC = {
    b"PAR1": "parquet",
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\x1f\x8b": "gzip",
    b"(\xb5/\xfd": "zstd",
    b"SQLite format 3\x00": "an SQLite database",
    b"%PDF": "a PDF",
}


@dataclass(frozen=True)
class Raw:
    """A record as it stands in its source, or why there is none.

    Attributes
    ----------
    file : str
        File or kind of object.
    line : int or None
        Line on which it starts, from 1; for lists and frames the position.
    value : object
        The parsed record.
    problem : str or None
        Why it could not be parsed.
    text : str or None
        Its text, where it could not be parsed.
    """

    file: str
    line: int | None
    value: Any = None
    problem: str | None = None
    text: str | None = None


def describe(source: object) -> str:
    """Return the name of a source for reports."""
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    return f"{type(source).__module__.split('.')[0]}.{type(source).__name__}"


def total_bytes(source: object) -> int | None:
    """Return the size of the files of a source, for a progress bar."""
    if isinstance(source, (str, os.PathLike)):
        return sum(path.stat().st_size for path in paths(source))
    return None


def paths(source: str | os.PathLike[str]) -> list[Path]:
    """Return the files that a path or a glob names.

    Raises
    ------
    IngestError
        There is no such file, it is a folder, or it may not be read.
    """
    text = os.fspath(source)
    path = Path(text)
    if path.is_dir():
        inside = sorted({item.suffix for item in path.iterdir() if item.is_file()})
        ending = inside[0] if inside else ".jsonl"
        raise IngestError(
            f"{text!r} is a folder. Name the files in it:"
            f" ingest({str(path / ('*' + ending))!r})."
        )
    if path.exists():
        found = [path]
    else:
        found = sorted(Path(name) for name in glob.glob(text, recursive=True))  # noqa: PTH207
        found = [item for item in found if item.is_file()]
    if not found:
        near = path.parent if path.parent.is_dir() else Path()
        some = sorted(item.name for item in near.iterdir() if item.is_file())[:8]
        beside = f" In {str(near)!r} there are: {', '.join(some)}." if some else ""
        raise IngestError(f"No file {text!r}.{beside}")
    for item in found:
        if not os.access(item, os.R_OK):
            raise IngestError(
                f"{str(item)!r} may not be read: permission denied. Ask its owner for"
                " read access, or copy it."
            )
    return found


def records(source: object) -> Iterator[Raw]:
    """Yield the records of a path, a glob, a frame or an iterable of dicts.

    Raises
    ------
    IngestError
        Nothing of this kind can be read at all.
    """
    if isinstance(source, (str, os.PathLike)):
        for path in paths(source):
            yield from _file_records(path)
    elif hasattr(source, "__arrow_c_stream__"):
        yield from _arrow_records(source, describe(source))
    elif isinstance(source, Mapping):
        yield Raw("dict", 1, dict(source))
    elif isinstance(source, Iterable) and not isinstance(source, (bytes, bytearray)):
        for place, item in enumerate(source):
            yield Raw("list", place, item)
    else:
        raise IngestError(
            f"A {type(source).__name__} cannot be ingested. Give a path or glob, a"
            " polars, pandas or Arrow table, or a list of dicts."
        )


def _file_records(path: Path) -> Iterator[Raw]:
    with path.open("rb") as handle:
        head = handle.read(_CHUNK)
    if not head:
        raise IngestError(
            f"{str(path)!r} is empty (0 bytes). Export it again, or name another file."
        )
    kind = next(
        (name for magic, name in _MAGIC.items() if head.startswith(magic)), None
    )
    if kind == "parquet":
        yield from _parquet_records(path)
        return
    if kind is not None or b"\x00" in head[:4096]:
        raise IngestError(
            f"{str(path)!r} is {kind or 'a binary file'}, which is not read here."
            " Traces come as JSON, JSONL, CSV or Parquet; unpack or export it first."
        )
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if first in (b"{", b"["):
        yield from _json_records(path, head, first)
    else:
        yield from _csv_records(path)


def _parquet_records(path: Path) -> Iterator[Raw]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        place = 0
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=2_000):
                for row in batch.to_pylist():
                    yield Raw(str(path), place, row)
                    place += 1
    except (pa.ArrowInvalid, OSError) as error:
        raise IngestError(
            f"{str(path)!r} starts like a Parquet file but cannot be read: {error}."
            " It may be cut off; export it again."
        ) from error


def _arrow_records(source: Any, name: str) -> Iterator[Raw]:  # noqa: ANN401 - any frame
    import pyarrow as pa

    place = 0
    for batch in pa.RecordBatchReader.from_stream(source):
        for row in batch.to_pylist():
            yield Raw(name, place, row)
            place += 1


def _csv_records(path: Path) -> Iterator[Raw]:
    csv.field_size_limit(1 << 30)
    with path.open("rb") as handle:
        sample = handle.read(_CHUNK).decode("utf-8-sig", errors="replace")
    header = sample.splitlines()[0]
    delimiter = max(",\t;|", key=header.count)
    if header.count(delimiter) == 0:
        raise IngestError(
            f"{str(path)!r} is neither JSON nor a table: its first line is"
            f" {header[:80]!r}. A table needs a header line such as 'input,output'."
        )
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
        rows = csv.reader(text, delimiter=delimiter, strict=False)
        names = next(rows)
        line = rows.line_num + 1
        for row in rows:
            start, line = line, rows.line_num + 1
            if not row:
                continue
            yield _csv_record(str(path), start, names, row)


def _csv_record(file: str, line: int, names: list[str], row: list[str]) -> Raw:
    joined = ",".join(row)
    if len(row) != len(names):
        problem = f"{len(row)} cells under {len(names)} column names"
        return Raw(file, line, problem=problem, text=_clean(joined))
    try:
        joined.encode("utf-8")
    except UnicodeEncodeError:
        return Raw(file, line, problem="not valid UTF-8", text=_clean(joined))
    return Raw(file, line, dict(zip(names, row, strict=True)))


def _json_records(path: Path, head: bytes, first: bytes) -> Iterator[Raw]:
    """Read JSON lines as lines; anything else as values at the top or in one array."""
    start, newline, _ = head.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")
    by_line = first == b"{" and (
        _parses(start) or (bool(newline) and not start.strip().endswith((b"{", b",")))
    )
    if by_line:
        yield from _json_lines(path)
    else:
        yield from _json_values(path)


def _parses(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _json_lines(path: Path) -> Iterator[Raw]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if text.strip():
                yield parse(text, str(path), number)


def _json_values(path: Path) -> Iterator[Raw]:
    """Yield the objects of one array, or objects written one after the other.

    The file is read in pieces; only the value under way is kept in memory. A single
    object with one list of objects inside (``{"traces": [...]}``) is that list.
    """
    values = _values(path)
    first = next(values, None)
    second = next(values, None)
    if first is not None and second is None:
        yield from _opened(first)
        return
    for raw in (first, second):
        if raw is not None:
            yield raw
    yield from values


def _opened(raw: Raw) -> Iterator[Raw]:
    """Yield what a lone object wraps, or the object itself."""
    if isinstance(raw.value, Mapping):
        lists = [
            value
            for value in raw.value.values()
            if isinstance(value, list) and value and isinstance(value[0], Mapping)
        ]
        wraps = len(lists) == 1 and not {"messages", "traj"} & set(raw.value)
        if wraps and "role" not in lists[0][0] and "from" not in lists[0][0]:
            for item in lists[0]:
                yield Raw(raw.file, raw.line, item)
            return
    yield raw


def _values(path: Path) -> Iterator[Raw]:
    buffer, place, line = bytearray(), 0, 1
    depth, start = 0, -1
    in_array: bool | None = None
    with path.open("rb") as handle:
        while True:
            mark, place = _next_bracket(buffer, place)
            if mark is None:
                # a long string is looked at again with every piece: read ever more
                piece = handle.read(max(_CHUNK, len(buffer)))
                if not piece:
                    break
                buffer += piece
            elif mark in b"{[":
                if in_array is None:
                    in_array = mark == b"["
                    if in_array:
                        continue
                start = place - 1 if depth == 0 else start
                depth += 1
            elif depth:
                depth -= 1
                if depth == 0:
                    text = bytes(buffer[start:place])
                    line += buffer.count(b"\n", 0, start)
                    yield parse(text, str(path), line)
                    line += text.count(b"\n")
                    del buffer[:place]
                    place, start = 0, -1
    if start >= 0:
        line += buffer.count(b"\n", 0, start)
        rest = buffer[start : start + 10_000].decode("utf-8", "replace")
        problem = "the file ends in the middle of this record"
        yield Raw(str(path), line, problem=problem, text=_clean(rest))


def _next_bracket(buffer: bytearray, place: int) -> tuple[bytes | None, int]:
    """Return the next bracket outside of strings, and where to look on."""
    while True:
        found = _STRUCTURE.search(buffer, place)
        if found is None:
            return None, len(buffer)
        if found[0] != b'"':
            return found[0], found.end()
        closing = _STRING_END.match(buffer, found.end())
        if closing is None:
            return None, found.start()
        place = closing.end()


def parse(text: bytes, file: str, line: int | None) -> Raw:
    """Parse one JSON value; what orjson refuses gets a second, lenient look."""
    try:
        return Raw(file, line, orjson.loads(text))
    except orjson.JSONDecodeError as strict:
        try:
            value = json.loads(text.decode("utf-8"))
            return Raw(file, line, _repaired(value))
        except UnicodeDecodeError:
            problem = "not valid UTF-8"
        except (ValueError, RecursionError):
            problem = f"not valid JSON: {strict}"
    return Raw(
        file, line, problem=problem, text=_clean(text.decode("utf-8", "replace"))
    )


def _repaired(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Replace what a database cannot keep: lone surrogates; NaN becomes nothing."""
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, float) and (value != value or value in (_INF, -_INF)):  # noqa: PLR0124
        return None
    if isinstance(value, list):
        return [_repaired(item) for item in value]
    if isinstance(value, dict):
        return {_clean(str(name)): _repaired(item) for name, item in value.items()}
    return value


_INF = float("inf")


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")
