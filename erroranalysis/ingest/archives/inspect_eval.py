"""Eval logs of Inspect AI: a ZIP archive with a header and one file per sample.

Logs written since 2026 are packed with Zstandard, which ``zipfile`` learned in Python
3.14 only; such members are read here by way of Arrow.
"""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO

from erroranalysis.errors import IngestError
from erroranalysis.ingest.json_text import parse
from erroranalysis.ingest.reader import Raw

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_HEADER, _START = "header.json", "_journal/start.json"
_SAMPLES, _JOURNAL, _SUMMARIES = "samples/", "_journal/", "summaries.json"
_ZSTD = 93
_LOCAL_HEADER = struct.Struct("<4s22xHH")  # … length of the name, of the extra field
_LOCAL_MAGIC = b"PK\x03\x04"
_LARGEST = 1 << 30
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError,
    NotImplementedError,
)  # fmt: skip


def looks_like_eval(names: Collection[str]) -> bool:
    """Return whether the members of an archive are those of an eval log.

    Examples
    --------
    >>> looks_like_eval(["header.json", "samples/1_epoch_1.json"])
    True
    >>> looks_like_eval(["data/header.json", "samples/1.json"])
    False
    """
    if _START in names:  # the first thing that is written, by a run that fails too
        return True
    beside = any(name.startswith((_SAMPLES, _JOURNAL)) for name in names)
    if _HEADER in names:
        return beside or _SUMMARIES in names
    journal = any(name.startswith(_JOURNAL) for name in names)
    return journal and any(name.startswith(_SAMPLES) for name in names)


def records(file: BinaryIO, name: str) -> Iterator[Raw]:
    """Yield a record for every sample: the header of the log with this one sample.

    Only the sample under way is in memory. A sample that cannot be unpacked or parsed
    is a record with a problem; a log without samples is one record without any.

    Parameters
    ----------
    file : binary file
        The archive; has to be seekable.
    name : str
        Its name, for reports.

    Raises
    ------
    IngestError
        The archive has no end, or is none.
    """
    try:
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile as error:
        raise IngestError(
            f"{name!r} is an eval log that cannot be opened: {error}. It may be cut"
            " off, or the evaluation still writes it; copy it again when it has ended."
        ) from error
    with archive:
        # a sample that was written twice counts as it was written last
        members = {item.filename: item for item in archive.infolist()}
        head = _head(file, archive, members, name)
        samples = [
            item
            for place, item in members.items()
            if place.startswith(_SAMPLES) and place.endswith(".json")
        ]
        for item in samples:
            yield _sample(_member(file, archive, item, name), head)
    if not samples:
        yield Raw(name, None, {**head, "samples": []})


def _head(
    file: BinaryIO,
    archive: zipfile.ZipFile,
    members: dict[str, zipfile.ZipInfo],
    name: str,
) -> dict[str, Any]:
    """Return what is said about all samples; a run that was stopped has only a start.

    Where neither can be read, the samples stand for themselves.
    """
    for place in (_HEADER, _START):
        if place in members:
            found = _member(file, archive, members[place], name).value
            if isinstance(found, dict) and isinstance(found.get("eval"), dict):
                return {"status": "started", **found}
    return {}


def _sample(raw: Raw, head: dict[str, Any]) -> Raw:
    if raw.problem is not None or not head:
        return raw
    return raw._replace(value={**head, "samples": [raw.value]})


def _member(
    file: BinaryIO, archive: zipfile.ZipFile, item: zipfile.ZipInfo, name: str
) -> Raw:
    """Return the parsed member, or what is wrong with it."""
    problem = None
    if item.file_size > _LARGEST:
        problem = f"unpacks to {item.file_size:,} bytes; more than 1 GiB is not read"
    else:
        try:
            return parse(_bytes(file, archive, item), name, None)._replace(
                part=item.filename
            )
        except _UNREADABLE as error:
            detail = str(error) or type(error).__name__
            problem = f"cannot be unpacked ({detail}); copy the log again"
    return Raw(name, None, problem=problem, part=item.filename)


def _bytes(file: BinaryIO, archive: zipfile.ZipFile, item: zipfile.ZipInfo) -> bytes:
    if item.compress_type != _ZSTD:
        return archive.read(item)
    if item.flag_bits & 1:
        raise RuntimeError("it is encrypted")
    file.seek(item.header_offset)
    start = file.read(_LOCAL_HEADER.size)
    if len(start) < _LOCAL_HEADER.size or not start.startswith(_LOCAL_MAGIC):
        raise zipfile.BadZipFile("its header is missing")
    _, name_length, extra_length = _LOCAL_HEADER.unpack(start)
    file.seek(name_length + extra_length, os.SEEK_CUR)
    content = _unpacked(file.read(item.compress_size), item.file_size)
    if len(content) != item.file_size or zlib.crc32(content) != item.CRC:
        raise zipfile.BadZipFile("its content is not what was packed")
    return content


def _unpacked(packed: bytes, size: int) -> bytes:
    import pyarrow as pa

    with pa.CompressedInputStream(pa.BufferReader(packed), "zstd") as stream:
        # one more than there should be tells a content that is too long
        return bytes(stream.read(size + 1))
