"""CSV and its relatives, with the line on which each row really starts."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import deque
from typing import TYPE_CHECKING, cast

from erroranalysis.errors import IngestError
from erroranalysis.ingest.facts import fold
from erroranalysis.ingest.reader import Raw
from erroranalysis.ingest.readers.chat import PLACES
from erroranalysis.ingest.values import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from erroranalysis.ingest.blobs import Blob

_CHUNK = 1 << 16
_LONGEST_CELL = 1 << 27
_DELIMITERS = ",\t;|"
# Excel may say in a line of its own what stands between cells
_SAID = re.compile('"?sep=([,;|\t])"?;*\r?\n?', re.IGNORECASE)
_INDEX = re.compile(r"(?:.*[._])?id", re.IGNORECASE)
ALONE = {*PLACES}  # a table may have one column only when it holds conversations


class _Lines:
    """Hands lines to the CSV reader and keeps those of the row under way."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self.first = 1
        self.kept: list[str] = []
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._again:
            line: str | None = self._again.popleft()
        else:
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

    def back(self, lines: list[str]) -> None:
        """Take back lines, which will come again."""
        self._again.extendleft(reversed(lines))
        self.first -= len(lines)
        self.ended = False


def table_records(blob: Blob) -> Iterator[Raw]:
    """Yield the rows of a table under the names of its header line.

    Raises
    ------
    IngestError
        The file is no table.
    """
    delimiter, said = _delimiter(blob)
    if csv.field_size_limit() < _LONGEST_CELL:
        csv.field_size_limit(_LONGEST_CELL)
    file = blob.name
    names: list[str] | None = None
    with io.TextIOWrapper(
        cast("io.BufferedReader", blob.opens()),
        encoding="utf-8-sig", errors="surrogateescape", newline="",
    ) as text:  # fmt: skip
        for line, row, fault, raw in _rows(text, delimiter, skip=said):
            if names is None and fault is None:
                names = header(file, row) if any(row) else None
            elif names is not None and (fault or any(row)):
                if problem := fault or misfit(row, names):
                    yield Raw(file, line, problem=problem, text=clean(raw))
                else:
                    yield Raw(file, line, dict(zip(names, row, strict=False)))


def header(file: str, row: list[str]) -> list[str]:
    """Return the names of columns.

    Raises
    ------
    IngestError
        Two of them are the same.

    Examples
    --------
    >>> header("a.csv", [" id", "answer"])
    ['id', 'answer']
    """
    if problem := _utf8_problem(row):
        raise IngestError(f"{file!r}: the header line is {problem}.")
    names = [clean(name).strip() for name in row]
    if _INDEX.fullmatch(names[0]) and names[0] in names[1:]:
        names[0] = ""  # pandas wrote an index that is a column as well
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise IngestError(
            f"{file!r} has more than one column called {twice[0]!r}. Rename one in"
            " the header line."
        )
    # one column without a name is the index that pandas writes
    unnamed = [place for place, name in enumerate(names) if not name]
    for place in unnamed[1:]:
        names[place] = f"column {place + 1}"
    return names


def misfit(row: list[str], names: list[str]) -> str | None:
    """Return why a row is none, or None. Empty cells too many are no fault.

    Examples
    --------
    >>> misfit(["Q"], ["question", "answer"])
    '1 cells under 2 column names'
    """
    if len(row) < len(names) or any(row[len(names) :]):
        return f"{len(row)} cells under {len(names)} column names"
    return _utf8_problem(row)


def _utf8_problem(row: list[str]) -> str | None:
    try:
        "".join(row).encode("utf-8")
    except UnicodeEncodeError:
        return (
            "not valid UTF-8; save the table as 'CSV UTF-8', or name its encoding:"
            " ingest(open('…', encoding='cp1252', newline=''))"
        )
    return None


def _rows(
    text: Iterable[str], delimiter: str, *, skip: bool
) -> Iterator[tuple[int, list[str], str | None, str]]:
    """Yield line, cells, problem and text of every row.

    A quote that is never closed swallows the rest of a file. Then the line it stands
    on is a bad row, and reading goes on with the next line.
    """
    lines = _Lines(text)
    if skip:
        next(lines, None)
        lines.take()
    reader = csv.reader(lines, delimiter=delimiter, strict=False)
    while True:
        problem, row = None, None
        try:
            row = next(reader, None)
        except csv.Error as error:
            row, problem = [], f"not a row of a table: {error}"
        endless = len(lines.kept) > 1 and (lines.ended or problem is not None)
        line, kept = lines.take()
        if row is None:
            return
        if endless:
            lines.back(kept[1:])
            reader = csv.reader(lines, delimiter=delimiter, strict=False)
            row, kept = [], kept[:1]
            problem = "a quote is opened here and never closed"
        yield line, row, problem, "".join(kept).rstrip("\r\n")


def _delimiter(blob: Blob) -> tuple[str, bool]:
    """Return the delimiter under which the first rows have the same length.

    Also whether the first line does nothing but say it.
    """
    with blob.opens() as handle:
        sample = handle.read(_CHUNK)
        cut = bool(handle.read(1))
    lines = sample.decode("utf-8-sig", errors="replace").splitlines(keepends=True)
    if lines and (said := _SAID.fullmatch(lines[0])):
        return said[1], True
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
        return best, False
    first = next((line.strip() for line in lines if line.strip()), "")
    if fold(first.strip('"')) in ALONE:
        return ",", False
    raise IngestError(
        f"{blob.name!r} is neither JSON nor a table: its first line is"
        f" {clean(first)[:80]!r}. A table needs a header line such as 'input,output'."
    )
