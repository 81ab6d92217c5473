"""How files, frames and lists become records, whatever the file is called."""

from __future__ import annotations

import contextlib
import glob
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import url2pathname

from erroranalysis.errors import IngestError, did_you_mean
from erroranalysis.ingest import folders, handles, remote
from erroranalysis.ingest.blobs import (
    Blob,
    Part,
    Wraps,
    broken,
    is_stream,
    left_out,
    of_path,
)
from erroranalysis.ingest.containers import expand
from erroranalysis.ingest.frames import arrow_records, is_pandas, pandas_records
from erroranalysis.ingest.reader import Raw
from erroranalysis.ingest.values import plain

__all__ = ["Part", "Raw", "describe", "parts", "records"]

_SHOWN = 5
_FILE_URL = "file:"
_COLLAPSED = re.compile(r"[a-z][a-z0-9]+:/[^/]")


class _Found(NamedTuple):
    """A file that was found, to be opened in its turn."""

    name: str
    opens: Callable[[], contextlib.AbstractContextManager[Blob]]
    on_disk: bool = False


def files(source: object) -> list[Path] | None:
    """Return the files that a source consists of, None if it is more than files.

    Raises
    ------
    IngestError
        There is no such file.
    """
    if not isinstance(source, (str, os.PathLike)) and not _is_files(source):
        return None
    items = [source] if isinstance(source, (str, os.PathLike)) else source
    if any(handles.is_handle(item) for item in items):  # type: ignore[attr-defined]
        return None
    texts = [os.fspath(item) for item in items]  # type: ignore[attr-defined]
    if any(not isinstance(text, str) or remote.is_url(text) for text in texts):
        return None
    found = [one for text in texts for one in paths(text)]
    # what the names of folders say is only known where the folder is
    whole = [
        one.path for one in found if isinstance(one, Blob) and one.path and not one.hive
    ]
    return list(dict.fromkeys(whole)) if len(whole) == len(found) else None


def describe(source: object) -> str:
    """Return the name of a source for reports.

    Examples
    --------
    >>> describe("logs/*.jsonl"), describe([{"id": 1}])
    ('logs/*.jsonl', 'list')
    """
    if isinstance(source, (str, os.PathLike)):
        text = os.fspath(source)
        return remote.shown(text) if remote.is_url(text) else text
    if handles.is_handle(source):
        return handles.name_of(source)
    if _is_files(source):
        names = [describe(one) for one in source]  # type: ignore[attr-defined]
        more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
        return ", ".join(names[:_SHOWN]) + more
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


def parts(source: object, wraps: Wraps | None = None) -> Iterator[Part]:
    """Yield what a source consists of: its files, or the one frame or list.

    Each part has to be read before the next one is asked for.

    Parameters
    ----------
    source : object
        Paths, patterns, folders, URLs, open files, a frame, or records.
    wraps : callable, optional
        Says which list in an object holds its records, if it only wraps them; such
        an object is then read piece by piece, however large it is.

    Raises
    ------
    IngestError
        There is no such file, or nothing of this kind can be read.
    """
    if isinstance(source, (str, os.PathLike)) or handles.is_handle(source):
        return _read(_found(source), wraps)
    if _is_files(source):
        found = [one for item in source for one in _found(item)]  # type: ignore[attr-defined]
        return _read(_once(found), wraps)
    name = describe(source)
    if is_pandas(source):
        return iter([Part(name, lambda: pandas_records(source, name))])
    if hasattr(source, "__arrow_c_stream__"):
        return iter([Part(name, lambda: arrow_records(source, name))])
    if isinstance(source, Mapping):
        return iter([Part(name, lambda: _items([source], name))])
    if isinstance(source, Iterable) and not isinstance(source, (bytes, bytearray)):
        return iter([Part(name, lambda: _items(source, name))])
    raise IngestError(
        f"A source of type {type(source).__name__} cannot be ingested. Give a path or"
        " glob, a folder, an open file, a polars, pandas or Arrow table, or a list of"
        f" dicts.{_hint(source)}"
    )


def _hint(source: object) -> str:
    if isinstance(source, (bytes, bytearray)):
        return " Bytes become an open file so: ingest(io.BytesIO(data))."
    if hasattr(source, "collect"):
        return " Call .collect() on a lazy frame first."
    return ""


def _is_files(source: object) -> bool:
    return (
        isinstance(source, (list, tuple))
        and bool(source)
        and all(
            isinstance(item, (str, os.PathLike)) or handles.is_handle(item)
            for item in source
        )
    )


def _once(found: list[_Found | Part]) -> list[_Found | Part]:
    """Leave out a file that was named twice, as by its folder too."""
    names = {
        one.name if isinstance(one, Part) or one.on_disk else place: one
        for place, one in enumerate(found)
    }
    return list(names.values())


def _read(found: Iterable[_Found | Part], wraps: Wraps | None) -> Iterator[Part]:
    for one in found:
        if isinstance(one, Part):
            yield one
            continue
        try:
            with one.opens() as blob:
                yield from expand(blob, wraps)
        except (IngestError, OSError) as error:
            yield broken(one.name, error)


def _items(source: Iterable[object], name: str) -> Iterator[Raw]:
    for place, item in enumerate(source):
        try:
            yield Raw(name, place, plain(item))
        except RecursionError:
            yield Raw(name, place, problem="nested too deeply, or inside itself")


def _found(source: Any) -> list[_Found | Part]:  # noqa: ANN401 - a path or a file
    """Return the files that a path, a pattern, a folder or a URL names."""
    if handles.is_handle(source):
        return [_Found(handles.name_of(source), lambda: handles.opened(source))]
    text = os.fspath(source)
    if not isinstance(text, str):
        text = os.fsdecode(text)
    if text.startswith(_FILE_URL):
        text = url2pathname(urlsplit(text).path)
    elif isinstance(source, str) and remote.is_url(text):
        return [
            one if isinstance(one, Part) else _Found(one.name, one.opened)
            for one in remote.found(text)
        ]
    return [_local(one) for one in paths(text)]


def _local(one: Blob | Part) -> _Found | Part:
    if isinstance(one, Part):
        return one
    if one.path is not None and is_stream(one.path):
        path = one.path
        return _Found(one.name, lambda: _pipe(path))
    return _Found(one.name, lambda: contextlib.nullcontext(one), on_disk=True)


@contextlib.contextmanager
def _pipe(path: Path) -> Iterator[Blob]:
    with path.open("rb") as handle, handles.opened(handle) as blob:
        yield blob._replace(name=str(path))


def paths(text: str) -> list[Blob | Part]:
    """Return the files that a path or a glob names, those of folders included.

    Raises
    ------
    IngestError
        There is no such file.
    """
    text = os.path.expanduser(text)  # noqa: PTH111 - "~" in a glob
    path = Path(text)
    try:
        if path.is_dir():
            return folders.inside(path) if text else _none(path)
        if path.exists():
            return [of_path(path)]
        found = sorted(Path(name) for name in glob.glob(text, recursive=True))  # noqa: PTH207
    except (OSError, ValueError) as error:  # too long, or not a name at all
        raise IngestError(f"No file {_short(text)!r}.{_NOT_TEXT}") from error
    return _matching(text, found) or _none(path)


def _matching(text: str, found: list[Path]) -> list[Blob | Part]:
    """Return the files of a pattern, or the files in its folders."""
    files = [path for path in found if path.is_file()]
    if not files:
        return [one for path in found if path.is_dir() for one in folders.inside(path)]
    base = Path(re.split(r"[*?\[]", text)[0] + "x").parent
    kinds = {path: folders.kind_left_out(path.name) for path in files}
    if all(kinds.values()):  # then the pattern asks for just these
        kinds = dict.fromkeys(files)
    out: list[Blob | Part] = []
    for path, kind in kinds.items():
        inside = path.relative_to(base) if path.is_relative_to(base) else path
        said = folders.hive(inside.as_posix())
        out.append(left_out(str(path), kind) if kind else of_path(path, said))
    return out


def _none(path: Path) -> list[Blob | Part]:
    raise _missing(path)


_NOT_TEXT = (
    " If that is text to be ingested, wrap it: ingest([{'input': …, 'output': …}])."
)


def _missing(path: Path) -> IngestError:
    text = str(path)
    if not path.suffix and any(blank in text for blank in " \n{"):
        return IngestError(f"No file {_short(text)!r}.{_NOT_TEXT}")
    if _COLLAPSED.match(text):
        return IngestError(
            f"No file {text!r}. A Path loses a slash of a URL; give it as a string."
        )
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
