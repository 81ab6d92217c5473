"""How files, frames and lists become records, whatever the file is called."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from erroranalysis.errors import IngestError, did_you_mean
from erroranalysis.ingest.frames import (
    arrow_file_records,
    arrow_records,
    is_pandas,
    pandas_records,
    parquet_records,
)
from erroranalysis.ingest.json_text import json_records, looks_like_json
from erroranalysis.ingest.reader import Raw
from erroranalysis.ingest.tables import table_records
from erroranalysis.ingest.values import plain

__all__ = ["Part", "Raw", "describe", "parts", "records"]

_HEAD = 1 << 12
_MAGIC = {
    b"PAR1": "parquet",
    b"ARROW1": "arrow",
    b"\xff\xff\xff\xff": "arrow stream",
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\x1f\x8b": "gzip",
    b"(\xb5/\xfd": "zstd",
    b"BZh": "bzip2",
    b"SQLite format 3\x00": "an SQLite database",
    b"%PDF": "a PDF",
    b"\xff\xfe": "UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "UTF-16 text; save it as UTF-8",
}
_CONTROL = bytes({*range(32), 127} - {*b"\t\n\r\f\x1b\x1e"})
_MOST_CONTROL = 0.01
_SUFFIXES = (".jsonl", ".json", ".ndjson", ".csv", ".tsv", ".parquet", ".arrow")


class Part(NamedTuple):
    """One file of a source, or the whole of it where it is no file."""

    name: str
    records: Callable[[], Iterator[Raw]]


def describe(source: object) -> str:
    """Return the name of a source for reports.

    Examples
    --------
    >>> describe("logs/*.jsonl"), describe([{"id": 1}])
    ('logs/*.jsonl', 'list')
    """
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    if _is_paths(source):
        return ", ".join(os.fspath(path) for path in source)  # type: ignore[attr-defined]
    module = type(source).__module__.split(".")[0]
    name = type(source).__name__
    return name if module == "builtins" else f"{module}.{name}"


def records(source: object) -> Iterator[Raw]:
    """Yield the records of all parts of a source.

    Raises
    ------
    IngestError
        Nothing of this kind can be read at all.
    """
    for part in parts(source):
        yield from part.records()


def parts(source: object) -> list[Part]:
    """Return what a source consists of: its files, or the one frame or list.

    Raises
    ------
    IngestError
        There is no such file, or nothing of this kind can be read.
    """
    if isinstance(source, (str, os.PathLike)):
        return [_part(path) for path in paths(source)]
    if _is_paths(source):
        return [_part(path) for one in source for path in paths(one)]  # type: ignore[attr-defined]
    name = describe(source)
    if is_pandas(source):
        return [Part(name, lambda: pandas_records(source, name))]
    if hasattr(source, "__arrow_c_stream__"):
        return [Part(name, lambda: arrow_records(source, name))]
    if isinstance(source, Mapping):
        return [Part(name, lambda: _items([source], name))]
    if isinstance(source, Iterable) and not isinstance(source, (bytes, bytearray)):
        return [Part(name, lambda: _items(source, name))]
    lazy = (
        " Call .collect() on a lazy frame first." if hasattr(source, "collect") else ""
    )
    raise IngestError(
        f"A source of type {type(source).__name__} cannot be ingested. Give a path or"
        f" glob, a polars, pandas or Arrow table, or a list of dicts.{lazy}"
    )


def _is_paths(source: object) -> bool:
    return (
        isinstance(source, (list, tuple))
        and bool(source)
        and all(isinstance(item, (str, os.PathLike)) for item in source)
    )


def _part(path: Path) -> Part:
    return Part(str(path), lambda: _file_records(path))


def _items(source: Iterable[object], name: str) -> Iterator[Raw]:
    for place, item in enumerate(source):
        try:
            yield Raw(name, place, plain(item))
        except RecursionError:
            yield Raw(name, place, problem="nested too deeply, or inside itself")


def paths(source: str | os.PathLike[str]) -> list[Path]:
    """Return the files that a path or a glob names.

    Raises
    ------
    IngestError
        There is no such file, or it is a folder.
    """
    text = os.path.expanduser(os.fspath(source))  # noqa: PTH111 - "~" in a glob
    path = Path(text)
    try:
        if path.is_dir():
            raise _folder(path)
        if path.exists():
            return [path]
        found = sorted(Path(name) for name in glob.glob(text, recursive=True))  # noqa: PTH207
        found = [item for item in found if item.is_file()]
        if not found:
            raise _missing(path)
    except (OSError, ValueError) as error:  # too long, or not a name at all
        raise IngestError(f"No file {_short(text)!r}.{_NOT_TEXT}") from error
    return found


_NOT_TEXT = (
    " If that is text to be ingested, wrap it: ingest([{'input': …, 'output': …}])."
)


def _folder(path: Path) -> IngestError:
    inside = {item.suffix for item in path.iterdir() if item.is_file()}
    ending = next((suffix for suffix in _SUFFIXES if suffix in inside), "")
    return IngestError(
        f"{str(path)!r} is a folder. Name the files in it:"
        f" ingest({str(path / ('*' + ending))!r})."
    )


def _missing(path: Path) -> IngestError:
    text = str(path)
    if not path.suffix and any(blank in text for blank in " \n{"):
        return IngestError(f"No file {_short(text)!r}.{_NOT_TEXT}")
    if not path.parent.is_dir():
        return IngestError(
            f"No file {text!r}: there is no folder {str(path.parent)!r}."
        )
    inside = sorted(item.name for item in path.parent.iterdir() if item.is_file())
    close = did_you_mean(path.name, inside)
    some = f"In {str(path.parent)!r} there are: {', '.join(inside[:8])}."
    return IngestError(f"No file {text!r}. {close or (some if inside else '')}".strip())


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:80] + "…"  # noqa: PLR2004


def _file_records(path: Path) -> Iterator[Raw]:
    try:
        yield from _records_inside(path)
    except PermissionError as error:
        raise IngestError(
            f"{str(path)!r} may not be read: permission denied. Ask its owner for"
            " read access, or copy it."
        ) from error
    except OSError as error:
        raise IngestError(f"{str(path)!r} cannot be read: {error}.") from error


def _records_inside(path: Path) -> Iterator[Raw]:
    with path.open("rb") as handle:
        head = handle.read(_HEAD)
    if not head:
        raise IngestError(
            f"{str(path)!r} is empty (0 bytes). Export it again, or name another file."
        )
    kind = next(
        (name for magic, name in _MAGIC.items() if head.startswith(magic)), None
    )
    if kind == "parquet":
        return parquet_records(path)
    if kind in ("arrow", "arrow stream"):
        return arrow_file_records(path, stream=kind == "arrow stream")
    control = len(head) - len(head.translate(None, _CONTROL))
    if kind is not None or control > _MOST_CONTROL * len(head):
        raise IngestError(
            f"{str(path)!r} is {kind or 'a binary file'}, which is not read here."
            " Traces come as JSON, JSONL, CSV or Parquet; unpack or export it first."
        )
    if looks_like_json(path):
        return json_records(path)
    return table_records(path)
