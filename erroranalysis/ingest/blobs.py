"""Bytes with a name that can be opened again: all that the readers of bytes know.

A file on disk is one, and so are a member of an archive, what a compressed file holds,
and what somebody's open file gives. What needs to jump about in the bytes asks for
them on disk.
"""

from __future__ import annotations

import contextlib
import errno
import io
import lzma
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

from erroranalysis.errors import IngestError
from erroranalysis.ingest.reader import Raw

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

HEAD = 1 << 12
_CHUNK = 1 << 20
_BUFFER = 1 << 16
_NOTHING: Mapping[str, str] = {}
_BROKEN = (
    OSError, EOFError, ValueError, NotImplementedError, zlib.error, lzma.LZMAError,
    zipfile.BadZipFile, tarfile.TarError,
)  # fmt: skip

Wraps = Callable[[dict[str, Any]], str | None]


class Damaged(OSError):  # noqa: N818 - a finding, not a failure
    """Packed data that break off; what came before them is good."""


class Blob(NamedTuple):
    """Bytes that can be opened again.

    Attributes
    ----------
    name : str
        File, or archive and member.
    opens : callable
        Opens them at their beginning.
    path : Path or None
        Where they lie on disk as they are.
    hive : dict of str to str
        What the names of folders say, as in ``year=2026/part.parquet``.
    damage : list of Damaged, optional
        Takes up where packed bytes break off; they seem to end there.
    """

    name: str
    opens: Callable[[], BinaryIO]
    path: Path | None = None
    hive: Mapping[str, str] = _NOTHING
    damage: list[Damaged] | None = None

    def head(self) -> bytes:
        """Return the first bytes.

        Raises
        ------
        Damaged
            There are none that can be unpacked.
        """
        with self.opens() as handle:
            found = handle.read(HEAD)
        if self.damage and not found:
            raise self.damage[0]
        return found

    @contextlib.contextmanager
    def on_disk(self, *, whole: bool = True) -> Iterator[Path]:
        """Lend a file with these bytes, which may be a temporary one.

        Parameters
        ----------
        whole : bool, default True
            All of the bytes are needed, not only those before the damage.

        Raises
        ------
        Damaged
            The packed bytes break off.
        """
        if self.path is not None:
            yield self.path
            return
        with self.opens() as handle, temporary(handle) as path:
            if self.damage and whole:
                raise self.damage[0]
            yield path


class Part(NamedTuple):
    """One file of a source, or the whole of it where it is no file.

    Attributes
    ----------
    name : str
        File, archive and member, or kind of object.
    records : callable
        Yields the records.
    left_out : str
        What it is, where it is not read at all.
    """

    name: str
    records: Callable[[], Iterator[Raw]]
    left_out: str = ""


def of_path(path: Path, hive: Mapping[str, str] = _NOTHING) -> Blob:
    """Return the bytes of a file on disk."""
    return Blob(str(path), partial(cast("Any", path.open), "rb"), path, hive)


def is_stream(path: Path) -> bool:
    """Return whether a path gives its bytes only once, as a pipe does."""
    mode = path.stat().st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or stat.S_ISSOCK(mode)


@contextlib.contextmanager
def temporary(handle: BinaryIO) -> Iterator[Path]:
    """Lend a temporary file with the bytes of a handle.

    Raises
    ------
    IngestError
        The disk is full, or there is no folder for temporary files.
    """
    with contextlib.ExitStack() as stack:
        try:
            folder = tempfile.TemporaryDirectory(prefix="erroranalysis-")
            path = Path(stack.enter_context(folder), "unpacked")
            with path.open("wb") as out:
                _pour(handle, out)
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            why = "the disk for temporary files is full" if full else str(error)
            raise IngestError(
                f"The source could not be unpacked: {why}. Set TMPDIR to a folder"
                " with more room."
            ) from error
        yield path


def _pour(handle: BinaryIO, out: BinaryIO) -> None:
    while piece := handle.read(_CHUNK):
        out.write(piece)


def copy(text: Any, out: BinaryIO) -> None:  # noqa: ANN401 - any open text file
    """Write what an open text file holds as UTF-8."""
    while piece := text.read(_CHUNK):
        out.write(piece.encode("utf-8", "replace"))


def stream(
    read: Callable[[int], bytes],
    *below: Any,  # noqa: ANN401 - anything with close
    damage: list[Damaged] | None = None,
) -> BinaryIO:
    """Return a file of what a function reads.

    Parameters
    ----------
    read : callable
        Returns some of the next bytes, none at the end.
    *below : object
        What is closed with it.
    damage : list, optional
        Takes up an error; the bytes end there.
    """
    raw = _Stream(read, below, damage if damage is not None else [])
    return cast("BinaryIO", io.BufferedReader(raw, _BUFFER))


class _Stream(io.RawIOBase):
    def __init__(
        self,
        read: Callable[[int], bytes],
        below: tuple[Any, ...],
        damage: list[Damaged],
    ) -> None:
        self._read = read
        self._below = below
        self._damage = damage
        self._ended = False
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        space = memoryview(buffer).cast("B")
        if not self._left and not self._ended:
            try:
                self._left = self._read(len(space))
            except _BROKEN as error:
                # an error would take with it what was unpacked just before
                self._damage.append(Damaged(_why(error)))
            self._ended = not self._left
        piece, self._left = self._left[: len(space)], self._left[len(space) :]
        space[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        if not self.closed:
            for below in self._below:
                below.close()
        super().close()


def _why(error: Exception) -> str:
    if isinstance(error, EOFError) or "runcated" in str(error):
        return "it is cut off"
    return str(error) or type(error).__name__


def broken(name: str, error: Exception) -> Part:
    """Return a part that says, when it is read, why it cannot be."""
    problem = error if isinstance(error, IngestError) else _unreadable(name, error)

    def records() -> Iterator[Raw]:
        raise problem
        yield  # a generator, like all records

    return Part(name, records)


def left_out(name: str, kind: str) -> Part:
    """Return a part that is not read; its kind is counted."""
    return Part(name, lambda: iter(()), kind)


def part_of(blob: Blob, reads: Callable[[Blob], Iterator[Raw]]) -> Part:
    """Return the part that a function reads from bytes, faults of the file in words."""
    return Part(blob.name, lambda: _guarded(blob, reads))


def _guarded(blob: Blob, reads: Callable[[Blob], Iterator[Raw]]) -> Iterator[Raw]:
    found = False
    try:
        for raw in reads(blob):
            found = found or raw.problem is None
            yield raw
    except OSError as error:
        raise _unreadable(blob.name, error) from error
    if blob.damage:
        if not found:
            raise _unreadable(blob.name, blob.damage[0])
        problem = f"the packed data break off here ({blob.damage[0]}); what comes"
        yield Raw(
            blob.name, None, problem=f"{problem} before was read. Export it again"
        )


def _unreadable(name: str, error: Exception) -> IngestError:
    if isinstance(error, Damaged):
        return IngestError(
            f"{name!r} cannot be unpacked: {error}. Download or export it again."
        )
    if isinstance(error, PermissionError):
        return IngestError(
            f"{name!r} may not be read: permission denied. Ask its owner for read"
            " access, or copy it."
        )
    return IngestError(f"{name!r} cannot be read: {error}.")
