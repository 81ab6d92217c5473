"""Files that somebody has opened: anything with ``read``, of bytes or of text."""

from __future__ import annotations

import contextlib
import io
import tempfile
from typing import TYPE_CHECKING, Any

from erroranalysis.errors import IngestError
from erroranalysis.ingest.blobs import Blob, copy, of_path, stream, temporary

if TYPE_CHECKING:
    from collections.abc import Iterator


def is_handle(source: object) -> bool:
    """Return whether something can be read like an open file.

    Examples
    --------
    >>> is_handle(io.StringIO()), is_handle("a.jsonl")
    (True, False)
    """
    return callable(getattr(source, "read", None)) and not isinstance(source, type)


def name_of(handle: object) -> str:
    """Return the name of an open file, or what it is."""
    name = getattr(handle, "name", None)
    return name if isinstance(name, str) and name else type(handle).__name__


@contextlib.contextmanager
def opened(handle: Any) -> Iterator[Blob]:  # noqa: ANN401 - anything with read
    """Lend the bytes from where an open file stands to its end.

    What cannot go back, as a pipe, is copied to a temporary file, and so is text,
    which becomes UTF-8.

    Raises
    ------
    IngestError
        It is closed, or not open for reading.
    """
    name = name_of(handle)
    with contextlib.ExitStack() as stack:
        try:
            blob = _blob(handle, name, stack)
        except (ValueError, io.UnsupportedOperation) as error:
            raise IngestError(
                f"{name!r} cannot be read ({error}). Give a file that is open for"
                " reading."
            ) from error
        yield blob


def _blob(handle: Any, name: str, stack: contextlib.ExitStack) -> Blob:  # noqa: ANN401
    if not isinstance(handle.read(0), (bytes, bytearray)):
        out = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        copy(handle, out)
        return Blob(name, lambda: stream(_Cursor(out, 0).read))
    if _seekable(handle):
        start = handle.tell()
        _check_rest(handle, start, name)
        return Blob(name, lambda: stream(_Cursor(handle, start).read))
    path = stack.enter_context(temporary(handle))
    return of_path(path)._replace(name=name)


def _seekable(handle: Any) -> bool:  # noqa: ANN401 - anything with read
    asks = getattr(handle, "seekable", None)
    return bool(asks()) if callable(asks) else False


def _check_rest(handle: Any, start: int, name: str) -> None:  # noqa: ANN401
    if start and handle.seek(0, io.SEEK_END) == start:
        raise IngestError(
            f"{name!r} was read or written to its end, there is nothing behind it. Go"
            " back to its beginning first: file.seek(0)."
        )
    handle.seek(start)


class _Cursor:
    """A place of its own in a file that others read too."""

    def __init__(self, handle: Any, place: int) -> None:  # noqa: ANN401
        self._handle = handle
        self._place = place

    def read(self, size: int) -> bytes:
        self._handle.seek(self._place)
        piece = bytes(self._handle.read(size))
        self._place += len(piece)
        return piece
