"""The labelled traces as a file, and back.

A CSV cell that a spreadsheet would run as a formula (it begins with ``=``, ``+``,
``-``, ``@``, tab or carriage return) gets a leading apostrophe; :func:`read_labels`
takes it away again. An empty cell is nothing, a quoted empty one is empty text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import orjson

from erroranalysis.errors import ErrorAnalysisError, UnknownNameError
from erroranalysis.export.writing import replacing, writable

if TYPE_CHECKING:
    import os

    import polars as pl

    from erroranalysis.store import Store

COLUMNS = (
    "trace_id",
    "input",
    "output",
    "messages",
    "annotator",
    "verdict",
    "critique",
    "first_failure",
    "modes",
    "session_id",
    "started_at",
    "model",
    "metadata",
    "created_at",
)
FORMATS = ("jsonl", "csv", "parquet")
_JSON = ("messages", "metadata")
_TIMES = ("started_at", "created_at")
# apostrophes before a dangerous character count too, or they could not be told
# from the one that was added
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


@dataclass(frozen=True)
class ExportReport:
    """What was written.

    Attributes
    ----------
    path : str
        The file.
    rows : int
        Annotations in it.
    format : str
        ``jsonl``, ``csv`` or ``parquet``.
    """

    path: str
    rows: int
    format: str


def export_labels(
    store: Store,
    path: str | os.PathLike[str],
    *,
    format: str | None = None,  # noqa: A002 - the word that users know
    annotator: str | None = None,
) -> ExportReport:
    """Write the labelled traces to a file, one row an annotation.

    Parameters
    ----------
    store : Store
        The project file.
    path : str or os.PathLike
        The file; replaced as a whole if it exists.
    format : {"jsonl", "csv", "parquet"}, optional
        By the ending of the path where it is not given.
    annotator : str, optional
        Whose labels; everybody's by default.

    Returns
    -------
    ExportReport
        Path, number of rows and format.

    Raises
    ------
    UnknownNameError
        There is no such format, or nobody of that name has annotated.
    NothingToDoError
        Nobody has annotated anything.
    ErrorAnalysisError
        The file cannot be written; what was there before is untouched.
    """
    target = writable(path)
    chosen = _format(target, format)
    store.annotations.reference(annotator)
    frame = store.annotations.labelled(annotator)
    write_labels(frame, target, chosen)
    return ExportReport(str(target), frame.height, chosen)


def write_labels(frame: pl.DataFrame, path: Path, format: str) -> None:  # noqa: A002
    """Write a frame of labelled traces, as a whole or not at all."""
    frame = frame.select(COLUMNS)
    with replacing(path) as file:
        if format == "parquet":
            frame.cast(_schema()).write_parquet(file)
        elif format == "csv":
            _write_csv(frame, file)
        else:
            _write_jsonl(frame, file)


def read_labels(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,  # noqa: A002 - the word that users know
) -> pl.DataFrame:
    """Read a file of labelled traces; the frame is the same for every format.

    Parameters
    ----------
    path : str or os.PathLike
        A file that ``project.export`` wrote.
    format : {"jsonl", "csv", "parquet"}, optional
        By the ending of the path where it is not given.

    Returns
    -------
    polars.DataFrame
        ``messages`` and ``metadata`` are JSON text, ``modes`` is a list.

    Raises
    ------
    UnknownNameError
        There is no such format.
    ErrorAnalysisError
        There is no such file, or it is no file of labelled traces.
    """
    given = Path(path).expanduser()
    chosen = _format(given, format)
    if not given.is_file():
        raise ErrorAnalysisError(
            f"There is no file {given}. project.export('{given.name}') writes one."
        )
    import polars as pl

    readers = {"jsonl": _read_jsonl, "csv": _read_csv, "parquet": _read_parquet}
    try:
        return readers[chosen](given)
    except (pl.exceptions.PolarsError, ValueError, KeyError, TypeError) as error:
        raise _not_labels(given, chosen, str(error)) from error


def neutralise(cell: str) -> str:
    """Make a cell safe for spreadsheets; :func:`restore` undoes it.

    Examples
    --------
    >>> neutralise("=1+1"), neutralise("'=1"), neutralise("it's"), neutralise("'tis")
    ("'=1+1", "''=1", "it's", "'tis")
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def restore(cell: str) -> str:
    """Return what a cell was before it was made safe.

    Examples
    --------
    >>> restore("'=1+1"), restore("''=1"), restore("'tis")
    ('=1+1', "'=1", "'tis")
    """
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def join_modes(modes: list[str]) -> str | None:
    r"""Join names with ``|``; a bar or backslash in a name gets a backslash.

    Examples
    --------
    >>> print(join_modes(["late", "rude|cold"]))
    late|rude\|cold
    """
    if not modes:
        return None
    return "|".join(re.sub(r"[|\\]", r"\\\g<0>", mode) for mode in modes)


def split_modes(cell: str | None) -> list[str]:
    r"""Return the names that were joined.

    Examples
    --------
    >>> split_modes("late|rude\\|cold"), split_modes(None)
    (['late', 'rude|cold'], [])
    """
    if cell is None:
        return []
    found, letters = [""], iter(cell)
    for letter in letters:
        if letter == "|":
            found.append("")
        else:
            found[-1] += next(letters, "") if letter == "\\" else letter
    return found


def _format(path: Path, named: str | None) -> str:
    wanted = named if named is not None else path.suffix.removeprefix(".").lower()
    if wanted in FORMATS:
        return wanted
    if named is None and not wanted:
        raise UnknownNameError(
            f"{path.name!r} has no ending that names a format. End it in .jsonl, .csv"
            " or .parquet, or name one: format='csv'."
        )
    raise UnknownNameError.among(
        "format", wanted, FORMATS, hint=f"For example: {path.stem}.csv"
    )


def _schema() -> pl.Schema:
    import polars as pl

    special = {"modes": pl.List(pl.String)} | dict.fromkeys(_TIMES, pl.Datetime("us"))
    return pl.Schema({name: special.get(name, pl.String) for name in COLUMNS})


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    import polars as pl

    for row in rows:
        for name in _TIMES:
            row[name] = datetime.fromisoformat(row[name]) if row[name] else None
    return pl.DataFrame(
        [{n: row[n] for n in COLUMNS} for row in rows], schema=_schema()
    )


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Write the times of a row as text."""
    times = {name: row[name].isoformat() if row[name] else None for name in _TIMES}
    return {**row, **times}


def _write_jsonl(frame: pl.DataFrame, file: IO[bytes]) -> None:
    for row in map(_plain, frame.iter_rows(named=True)):
        parsed = {
            n: orjson.loads(row[n]) if row[n] is not None else None for n in _JSON
        }
        file.write(orjson.dumps({**row, **parsed}, option=orjson.OPT_APPEND_NEWLINE))


def _read_jsonl(path: Path) -> pl.DataFrame:
    rows = []
    with path.open("rb") as file:
        for line in file:
            row = orjson.loads(line)
            for name in _JSON:
                value = row[name]
                row[name] = orjson.dumps(value).decode() if value is not None else None
            rows.append(row)
    return _frame(rows)


def _write_csv(frame: pl.DataFrame, file: IO[bytes]) -> None:
    file.write((",".join(COLUMNS) + "\n").encode())
    for row in map(_plain, frame.iter_rows(named=True)):
        row["modes"] = join_modes(row["modes"])
        line = ",".join(_cell(row[name]) for name in COLUMNS)
        file.write((line + "\n").encode())


def _cell(value: str | None) -> str:
    if value is None:
        return ""
    return '"' + neutralise(value).replace('"', '""') + '"'


def _read_csv(path: Path) -> pl.DataFrame:
    import polars as pl

    table = pl.read_csv(path.read_bytes(), infer_schema=False).select(COLUMNS)
    rows = []
    for raw in table.iter_rows(named=True):
        row = {name: restore(raw[name]) if raw[name] else raw[name] for name in COLUMNS}
        rows.append({**row, "modes": split_modes(row["modes"])})
    return _frame(rows)


def _read_parquet(path: Path) -> pl.DataFrame:
    import polars as pl

    return pl.read_parquet(path).select(COLUMNS).cast(_schema())


def _not_labels(path: Path, chosen: str, why: str) -> ErrorAnalysisError:
    return ErrorAnalysisError(
        f"{path} does not read as labelled traces in {chosen} ({why}). It should have"
        f" the columns {', '.join(COLUMNS)}, as project.export('{path.name}') writes"
        " them. For a file in another format, name it: read_labels(path, format='csv')."
    )
