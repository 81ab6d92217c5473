"""Workbooks of Excel and LibreOffice: every sheet is a table of text, as a CSV is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from erroranalysis.errors import IngestError
from erroranalysis.ingest.blobs import Part, left_out, part_of
from erroranalysis.ingest.facts import fold
from erroranalysis.ingest.reader import Raw
from erroranalysis.ingest.tables import ALONE, header, misfit
from erroranalysis.ingest.values import clean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import fastexcel

    from erroranalysis.ingest.blobs import Blob

_BOOKS = ("xl/workbook.xml", "xl/workbook.bin")
_OPEN_DOCUMENT = "content.xml"
_LOOK_AT = 20
_ROWS = 1_000

Row = tuple[int, list[str]]


def is_workbook(names: Collection[str]) -> bool:
    """Return whether the members of an archive are those of a workbook.

    Examples
    --------
    >>> is_workbook(["[Content_Types].xml", "xl/workbook.xml"])
    True
    """
    return any(book in names for book in _BOOKS) or (
        _OPEN_DOCUMENT in names and "mimetype" in names
    )


def sheets(blob: Blob) -> Iterator[Part]:
    """Yield the sheets of a workbook that hold a table.

    Raises
    ------
    IngestError
        It cannot be read, or no sheet holds a table.
    """
    import fastexcel

    with blob.on_disk() as path:
        try:
            book = fastexcel.read_excel(str(path))
            names = book.sheet_names
        except fastexcel.FastExcelError as error:
            raise _unreadable(blob.name, error) from error
        several, count = len(names) > 1, 0
        for name in names:
            place = f"{blob.name}/{name}" if several else blob.name
            try:
                # as text: what stands in a column may be of any kind, and ids keep
                # their digits; rows are counted as Excel counts them
                sheet = book.load_sheet(
                    name, header_row=None, dtypes="string", skip_rows=0
                )
            except fastexcel.FastExcelError as error:
                raise _unreadable(place, error) from error
            first = _first_row(sheet)
            if sheet.visible != "visible":
                yield left_out(place, "hidden sheet")
            elif first is None:
                yield left_out(place, "sheet without a table")
            else:
                count += 1
                yield part_of(blob._replace(name=place), partial(_records, sheet))
    if not count:
        raise IngestError(
            f"{blob.name!r} has no sheet with a table. A table needs a row of column"
            " names such as input and output, and rows below it."
        )


def _rows(sheet: fastexcel.ExcelSheet) -> Iterator[Row]:
    if not sheet.width or not sheet.height:
        return
    table = sheet.to_arrow()
    for start in range(0, table.num_rows, _ROWS):
        piece = table.slice(start, _ROWS)
        columns = [column.to_pylist() for column in piece.columns]
        for place, row in enumerate(zip(*columns, strict=True), start + 1):
            yield place, [cell or "" for cell in row]


def _first_row(sheet: fastexcel.ExcelSheet) -> int | None:
    """Return the row of the column names; a title may stand above it."""
    top = []
    for place, row in _rows(sheet):
        filled = sum(1 for cell in row if cell)
        if filled:
            top.append((place, filled, row))
        if len(top) == _LOOK_AT:
            break
    most = max((filled for _, filled, _ in top), default=0)
    if most == 1 and fold(next(cell for cell in top[0][2] if cell)) in ALONE:
        return top[0][0]
    found = (place for place, filled, _ in top if filled > 1 and filled * 2 >= most)
    return next(found, None)


def _records(sheet: fastexcel.ExcelSheet, blob: Blob) -> Iterator[Raw]:
    first, name = _first_row(sheet), blob.name
    names: list[str] = []
    for place, row in _rows(sheet):
        if place == first:
            names = header(name, row)
            last = max(number for number, cell in enumerate(row) if cell) + 1
            names = names[:last]
        elif names and any(row):
            if problem := misfit(row, names):
                yield Raw(name, place, problem=problem, text=clean("\t".join(row)))
            else:
                cells = map(clean, row)
                yield Raw(name, place, dict(zip(names, cells, strict=False)))


def _unreadable(name: str, error: Exception) -> IngestError:
    lines = str(error).splitlines()
    detail = lines[0].removeprefix("calamine error: ") if lines else "unknown"
    locked = "assword" in str(error) or "ncrypt" in str(error)
    why = (
        "it is locked with a password; save it without one"
        if locked
        else f"{detail}; save it again as .xlsx or CSV"
    )
    return IngestError(f"{name!r} is a workbook that cannot be read: {why}.")
