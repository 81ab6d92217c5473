"""CSV and its relatives, with the line on which each row really starts."""

from __future__ import annotations

import csv
import itertools
from typing import TYPE_CHECKING

from erroranalysis.errors import IngestError
from erroranalysis.ingest.facts import fold
from erroranalysis.ingest.reader import Raw
from erroranalysis.ingest.readers.chat import PLACES
from erroranalysis.ingest.values import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_CHUNK = 1 << 16
_LONGEST_CELL = 1 << 27
_DELIMITERS = ",\t;|"
_ALONE = {*PLACES}  # a table may have one column only when it holds conversations


class _Lines:
    """Hands lines to the CSV reader and keeps those of the row under way."""

    def __init__(self, lines: Iterable[str], line: int) -> None:
        self._lines = iter(lines)
        self.first = line
        self.kept: list[str] = []
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines, None)
        if line is None:
            self.ended = True
            raise StopIteration
        self.kept.append(line)
        return line

    def take(self) -> tuple[int, list[str]]:
        """Return the lines of the row that was just read, and the first's number."""
        first, kept = self.first, self.kept
        self.first += len(kept)
        self.kept = []
        return first, kept


def table_records(path: Path) -> Iterator[Raw]:
    """Yield the rows of a table under the names of its header line.

    Raises
    ------
    IngestError
        The file is no table.
    """
    delimiter = _delimiter(path)
    if csv.field_size_limit() < _LONGEST_CELL:
        csv.field_size_limit(_LONGEST_CELL)
    file = str(path)
    names: list[str] | None = None
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
        for line, row, fault, raw in _rows(text, delimiter):
            if names is None and fault is None:
                names = _header(file, row) if any(row) else None
            elif names is not None and (fault or any(row)):
                if problem := fault or _misfit(row, names):
                    yield Raw(file, line, problem=problem, text=clean(raw))
                else:
                    yield Raw(file, line, dict(zip(names, row, strict=False)))


def _header(file: str, row: list[str]) -> list[str]:
    names = [clean(name).strip() for name in row]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise IngestError(
            f"{file!r} has more than one column called {twice[0]!r}. Rename one in"
            " the header line."
        )
    return names


def _misfit(row: list[str], names: list[str]) -> str | None:
    """Return why a row is none, or None. Empty cells too many are no fault."""
    if len(row) < len(names) or any(row[len(names) :]):
        return f"{len(row)} cells under {len(names)} column names"
    try:
        "".join(row).encode("utf-8")
    except UnicodeEncodeError:
        return "not valid UTF-8; save the table as UTF-8"
    return None


def _rows(
    text: Iterable[str], delimiter: str
) -> Iterator[tuple[int, list[str], str | None, str]]:
    """Yield line, cells, problem and text of every row.

    A quote that is never closed swallows the rest of a file. Then the line it stands
    on is a bad row, and reading goes on with the next line.
    """
    rest, start = text, 1
    while True:
        lines = _Lines(rest, start)
        reader = csv.reader(lines, delimiter=delimiter, strict=False)
        while True:
            try:
                row = next(reader, None)
                problem = None
            except csv.Error as error:
                row, problem = [], f"not a row of a table: {error}"
            line, kept = lines.take()
            if row is None:
                return
            if lines.ended and len(kept) > 1:
                break
            yield line, row, problem, "".join(kept).rstrip("\r\n")
        yield line, [], "a quote is opened here and never closed", kept[0].rstrip()
        rest, start = itertools.islice(kept, 1, None), line + 1


def _delimiter(path: Path) -> str:
    """Return the delimiter under which the first rows have the same length."""
    with path.open("rb") as handle:
        sample = handle.read(_CHUNK)
        cut = bool(handle.read(1))
    lines = sample.decode("utf-8-sig", errors="replace").splitlines(keepends=True)
    lines = lines[:-1] if cut and len(lines) > 1 else lines
    best, agreement = "", (0.0, 0)
    for delimiter in _DELIMITERS:
        try:
            found = csv.reader(lines, delimiter=delimiter)
            rows = [row for row in itertools.islice(found, 50) if any(row)]
        except csv.Error:
            continue
        width = len(rows[0]) if rows else 0
        agree = sum(len(row) == width for row in rows) / max(1, len(rows))
        if width > 1 and (agree, width) > agreement:
            best, agreement = delimiter, (agree, width)
    if best:
        return best
    first = next((line.strip() for line in lines if line.strip()), "")
    if fold(first.strip('"')) in _ALONE:
        return ","
    raise IngestError(
        f"{str(path)!r} is neither JSON nor a table: its first line is"
        f" {clean(first)[:80]!r}. A table needs a header line such as 'input,output'."
    )
