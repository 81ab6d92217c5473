"""What a file is, from its first bytes; its name may say anything."""

from __future__ import annotations

from typing import NamedTuple

PACKED = {
    b"\x1f\x8b": "gzip",
    b"(\xb5/\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x04\x22\x4d\x18": "lz4",
}
_KINDS = {
    **PACKED,
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "ole",
    b"PAR1": "parquet",
    b"ARROW1": "arrow",
    b"\xff\xff\xff\xff": "arrow stream",
}
_TAR_PLACE, _TAR = 257, b"ustar"
_SKIPPABLE = b"\x2a\x4d\x18"  # a zstd file may begin with a frame that says nothing


class Foreign(NamedTuple):
    """A kind of file that is not read, and what to do with it."""

    what: str
    advice: str = ""


_UNPACK = "Unpack it and name the files in it."
_AS_FRAME = "Read it in Python and ingest the frame or the list of records."
_EXPORT = "Export the traces as JSON or CSV."
_FOREIGN: dict[bytes, Foreign] = {
    b"SQLite format 3\x00": Foreign(
        "an SQLite database", "Export its tables, or ingest the frame of a query."
    ),
    b"%PDF": Foreign("a PDF", _EXPORT),
    b"\x89PNG": Foreign("an image", _EXPORT),
    b"\xff\xd8\xff": Foreign("an image", _EXPORT),
    b"GIF8": Foreign("an image", _EXPORT),
    b"7z\xbc\xaf\x27\x1c": Foreign("a 7z archive", _UNPACK),
    b"Rar!\x1a\x07": Foreign("a RAR archive", _UNPACK),
    b"\x1f\x9d": Foreign("packed with compress", _UNPACK),
    b"\xff\x06\x00\x00sNaPpY": Foreign("packed with Snappy", _UNPACK),
    b"Obj\x01": Foreign("an Avro file", _AS_FRAME),
    b"ORC": Foreign("an ORC file", _AS_FRAME),
    b"FEA1": Foreign("a Feather file of the first version", _AS_FRAME),
    b"\x93NUMPY": Foreign("a NumPy array", _AS_FRAME),
    b"\x89HDF\r\n": Foreign("an HDF5 file", _AS_FRAME),
    b"version https://git-lfs": Foreign(
        "a pointer of Git LFS, not the file itself", "Fetch it: git lfs pull."
    ),
    b"{\\rtf": Foreign("a rich text document", "Save it as plain text."),
    b"<?xml": Foreign("XML", "Export the traces as JSON or CSV."),
    **{
        bytes([0x80, version]): Foreign(
            "a Python pickle, which could run anything",
            "If you trust it, load it and ingest what it holds.",
        )
        for version in range(2, 6)
    },
}
_PAGE = Foreign(
    "a web page (HTML)",
    "Perhaps a login page came instead of the file: download it again.",
)
_DUCKDB = Foreign(
    "a DuckDB database", "Ingest the frame of a query, or open it if it is a project."
)
_DUCK_PLACE, _DUCK = 8, b"DUCK"

_CONTROL = bytes({*range(32), 127} - {*b"\t\n\r\f\x1b\x1e"})
_MOST_CONTROL = 0.01
_BOMS = {
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_SAMPLE = 512
_SHORTEST = 8
_SELDOM, _MOSTLY = 0.05, 0.7


def kind(head: bytes) -> str | None:
    """Return the kind of a file that is read, None for text and what is not read.

    Examples
    --------
    >>> kind(b"PAR1..."), kind(b"question,answer")
    ('parquet', None)
    """
    if head[_TAR_PLACE : _TAR_PLACE + len(_TAR)] == _TAR:
        return "tar"
    if head[1:4] == _SKIPPABLE and head[0] >> 4 == 5:  # noqa: PLR2004 - 0x50 to 0x5f
        return "zstd"
    return next(
        (name for magic, name in _KINDS.items() if head.startswith(magic)), None
    )


def foreign(head: bytes) -> Foreign | None:
    """Return what a file is that cannot be read here.

    Examples
    --------
    >>> foreign(b"%PDF-1.7").what, foreign(b"question,answer")
    ('a PDF', None)
    """
    if head[_DUCK_PLACE : _DUCK_PLACE + len(_DUCK)] == _DUCK:
        return _DUCKDB
    if head.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
        return _PAGE
    return next(
        (what for magic, what in _FOREIGN.items() if head.startswith(magic)), None
    )


def is_binary(head: bytes) -> bool:
    """Return whether bytes are no text, from the control characters among them."""
    control = len(head) - len(head.translate(None, _CONTROL))
    return control > _MOST_CONTROL * len(head)


def wide(head: bytes) -> str | None:
    """Return the encoding of text with two or four bytes to a character.

    Windows writes it (PowerShell's ``>``, Excel's "Unicode text"), mostly with a mark
    at the beginning; without one, every other byte of plain text is zero.

    Examples
    --------
    >>> wide("hello world".encode("utf-16-le")), wide(b"hello world")
    ('utf-16-le', None)
    """
    marked = next((name for bom, name in _BOMS.items() if head.startswith(bom)), None)
    if marked is not None or len(head) < _SHORTEST:
        return marked
    first, second = head[:_SAMPLE:2], head[1:_SAMPLE:2]
    zeros = first.count(0) / len(first), second.count(0) / len(second)
    if zeros[0] < _SELDOM and zeros[1] > _MOSTLY:
        return "utf-16-le"
    return "utf-16-be" if zeros[1] < _SELDOM and zeros[0] > _MOSTLY else None
