"""From the bytes of a file to its records, whatever it is packed in."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, cast

from erroranalysis.errors import IngestError
from erroranalysis.ingest import excel, kinds, otlp_protobuf
from erroranalysis.ingest.archives import inspect_eval, packed, tars, zips
from erroranalysis.ingest.blobs import (
    Blob,
    Part,
    Wraps,
    broken,
    part_of,
    stream,
)
from erroranalysis.ingest.frames import arrow_file_records, parquet_records
from erroranalysis.ingest.json_text import json_records, looks_like_json
from erroranalysis.ingest.tables import table_records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from erroranalysis.ingest.reader import Raw

_DEEPEST = 5


def expand(blob: Blob, wraps: Wraps | None = None, depth: int = 0) -> Iterator[Part]:
    """Yield the parts of a file: itself, or what is packed in it.

    Parts have to be read in their turn; what an archive was unpacked to is gone when
    the next one begins.

    Parameters
    ----------
    blob : Blob
        The file.
    wraps : callable, optional
        Says which list in an object holds its records, if it only wraps them.
    depth : int, default 0
        In how many archives it lies.
    """
    try:
        yield from _expand(blob, wraps, depth)
    except (IngestError, OSError) as error:
        yield broken(blob.name, error)


def _expand(blob: Blob, wraps: Wraps | None, depth: int) -> Iterator[Part]:
    head = blob.head()
    if not head:
        raise IngestError(
            f"{blob.name!r} is empty (0 bytes). Export it again, or name another file."
        )
    if depth > _DEEPEST:
        raise IngestError(
            f"{blob.name!r} is packed more than {_DEEPEST} times. Unpack it first."
        )
    kind = kinds.kind(head)
    if kind is not None and kind in kinds.PACKED.values():
        yield from expand(packed.unpacked(blob, kind), wraps, depth + 1)
    elif kind == "zip":
        yield from _zip(blob, wraps, depth)
    elif kind == "tar":
        with blob.on_disk(whole=False) as path:
            yield from _members(tars.members(path, blob.name), wraps, depth)
        if blob.damage:
            yield broken(blob.name, blob.damage[0])
    elif kind == "ole":
        yield from excel.sheets(blob)
    elif kind == "parquet":
        yield part_of(blob, parquet_records)
    elif kind in ("arrow", "arrow stream"):
        stream = kind == "arrow stream"
        yield part_of(blob, partial(arrow_file_records, stream=stream))
    else:
        yield _text(blob, head, wraps)


def _zip(blob: Blob, wraps: Wraps | None, depth: int) -> Iterator[Part]:
    with blob.on_disk() as path, zips.opened(path, blob.name) as archive:
        names = archive.NameToInfo
        if inspect_eval.looks_like_eval(names):
            with path.open("rb") as handle:
                reads = partial(inspect_eval.records, handle)
                yield part_of(blob, lambda one: reads(one.name))
        elif excel.is_workbook(names):
            yield from excel.sheets(blob._replace(path=path))
        else:
            yield from _members(zips.members(archive, blob.name), wraps, depth)


def _members(
    found: Iterable[Blob | Part], wraps: Wraps | None, depth: int
) -> Iterator[Part]:
    for one in found:
        if isinstance(one, Part):
            yield one
        else:
            yield from expand(one, wraps, depth + 1)


def _text(blob: Blob, head: bytes, wraps: Wraps | None) -> Part:
    """Return the part of a file that is text, or spans in protobuf."""
    if what := kinds.foreign(head):
        raise _refusal(blob.name, what.what, what.advice)
    if otlp_protobuf.looks_like_otlp(head):
        return part_of(blob, lambda one: otlp_protobuf.records(one.opens, one.name))
    if encoding := kinds.wide(head):
        blob = _decoded(blob, encoding)
    elif kinds.is_binary(head):
        raise _refusal(blob.name, "a binary file", "Export it in one of these.")
    return part_of(blob, partial(_json_or_table, wraps=wraps))


def _refusal(name: str, what: str, advice: str) -> IngestError:
    return IngestError(
        f"{name!r} is {what}, which is not read here. Traces come as JSON, JSONL, CSV"
        f" or Parquet, Arrow, Excel or OTLP, packed or not. {advice}".strip()
    )


def _json_or_table(blob: Blob, wraps: Wraps | None) -> Iterator[Raw]:
    if looks_like_json(blob):
        return json_records(blob, wraps)
    return table_records(blob)


def _decoded(blob: Blob, encoding: str) -> Blob:
    """Return text of another encoding as UTF-8."""

    def opens() -> BinaryIO:
        text = io.TextIOWrapper(
            cast("io.BufferedReader", blob.opens()), encoding, "replace", newline=""
        )
        return stream(lambda size: text.read(size).encode("utf-8"), text)

    return Blob(blob.name, opens, hive=blob.hive, damage=blob.damage)
