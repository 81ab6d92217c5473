"""ZIP archives: their members, opened one at a time."""

from __future__ import annotations

import os
import struct
import zipfile
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from erroranalysis.errors import IngestError
from erroranalysis.ingest import folders
from erroranalysis.ingest.blobs import Blob, Damaged, Part, broken, left_out, stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOCKED = 1
_ZSTD = (20, 93)
_LOCAL_HEADER = struct.Struct("<4s22xHH")  # … length of the name, of the extra field
_DOCUMENTS = {
    "word/document.xml": "a Word document",
    "ppt/presentation.xml": "a PowerPoint presentation",
    "Index/Document.iwa": "a document of Apple Numbers, Pages or Keynote",
    "data.pkl": "a PyTorch file",
}


def opened(path: Path, name: str) -> zipfile.ZipFile:
    """Return an archive.

    Raises
    ------
    IngestError
        It is cut off, or it is a document of another program.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise IngestError(
            f"{name!r} starts like a zip archive but cannot be read: {error}. It may be"
            " cut off; download or export it again."
        ) from error
    for member, what in _DOCUMENTS.items():
        if member in archive.NameToInfo:
            archive.close()
            raise IngestError(
                f"{name!r} is {what}, which is not read here. Export the traces as"
                " JSON, CSV or Excel."
            )
    return archive


def members(archive: zipfile.ZipFile, name: str) -> Iterator[Blob | Part]:
    """Yield what is to be read in an archive, and what is left out.

    Raises
    ------
    IngestError
        There is nothing to be read in it.
    """
    locked = count = 0
    for info in archive.infolist():
        if info.is_dir():
            continue
        place = info.filename.replace("\\", "/")
        if kind := folders.kind_left_out(place):
            yield left_out(f"{name}/{place}", kind)
        elif info.flag_bits & _LOCKED:
            locked += 1
        else:
            count += 1
            damage: list[Damaged] = []
            opens = partial(_open, archive, info, damage)
            full = f"{name}/{place}"
            yield Blob(full, opens, hive=folders.hive(place), damage=damage)
    if locked:
        some = f"{locked} of the files" if count else "all that is"
        yield broken(
            name,
            IngestError(
                f"{name!r} is locked with a password, {some} in it. Unpack it with the"
                " password and ingest the folder."
            ),
        )
    elif not count:
        raise folders.nothing_in(name, (info.filename for info in archive.infolist()))


def _open(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, damage: list[Damaged]
) -> BinaryIO:
    if info.compress_type in _ZSTD:
        return _zstd(str(archive.filename), info, damage)
    try:
        member = archive.open(info)
    except NotImplementedError as error:
        raise Damaged(f"{error}; unpack it and ingest the folder") from error
    except zipfile.BadZipFile as error:
        raise Damaged(str(error)) from error
    return stream(member.read, member, damage=damage)


def _zstd(path: str, info: zipfile.ZipInfo, damage: list[Damaged]) -> BinaryIO:
    """Open a member packed with Zstandard, which Python knows from 3.14 on."""
    import pyarrow as pa

    handle = open(path, "rb")  # noqa: SIM115, PTH123 - the stream closes it
    handle.seek(info.header_offset)
    _, name_length, extra_length = _LOCAL_HEADER.unpack(handle.read(30))
    handle.seek(name_length + extra_length, os.SEEK_CUR)
    left = info.compress_size

    def read(size: int) -> bytes:
        nonlocal left
        piece = handle.read(min(size, left))
        left -= len(piece)
        return piece

    packed = stream(read, handle, damage=damage)
    reader = pa.CompressedInputStream(pa.PythonFile(packed, mode="r"), "zstd")
    return stream(reader.read, reader, packed, damage=damage)
