"""Files of OpenTelemetry in protobuf: one request, or many with their lengths.

An exporter sends one request with nothing around it. The file exporter of the collector
writes the length of each before it, in four bytes, and may compress each by itself.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, BinaryIO, Literal

from erroranalysis.ingest.json_text import parse
from erroranalysis.ingest.reader import Raw
from erroranalysis.ingest.readers.otlp_protobuf import CUT_OFF, KEY, Request
from erroranalysis.ingest.wire import LENGTH, Broken, fields, varint

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

Framing = Literal["one request", "four bytes", "varint"]

_HEAD = 1 << 12
_CHUNK = 1 << 20
_PREFIX = 4
_ZSTD = b"(\xb5/\xfd"
_MORE = 0x80
_REQUEST = 1  # the only field of a request: what one resource says
_LONGEST_NAME = 256
_SURE = 3
_IDS = {1: 16, 2: 8, 9: 16, 10: 8}  # of a span, of a log record

# What may stand in a request: shape; field; wire type and shape of what is inside.
_SHAPES: dict[str, dict[int, tuple[int, str]]] = {
    "request": {1: (2, "resource spans")},
    "resource spans": {
        1: (2, "resource"), 2: (2, "scope spans"), 3: (2, ""), 1000: (2, "scope spans"),
    },
    "resource": {1: (2, "attribute"), 2: (0, ""), 3: (2, "")},
    "scope spans": {1: (2, "scope"), 2: (2, "record"), 3: (2, "")},
    "scope": {1: (2, ""), 2: (2, ""), 3: (2, "attribute"), 4: (0, "")},
}  # fmt: skip
_NO_REQUEST = (
    "no request of OpenTelemetry stands here; what comes before was read. Export the"
    " file again"
)
_NOT_ZSTD = "this body starts like zstd but cannot be unpacked. Export the file again"


def looks_like_otlp(head: bytes) -> bool:
    """Return whether a file that begins so holds requests of OpenTelemetry.

    Every field has to stand where the protocol has it, and there has to be an attribute
    or an id.

    Parameters
    ----------
    head : bytes
        The first bytes of the file; a few hundred are enough.

    Examples
    --------
    >>> attribute = bytes([10, 1, 110, 18, 2, 24, 7])
    >>> resource = bytes([10, len(attribute)]) + attribute
    >>> request = bytes([10, len(resource) + 2, 10, len(resource)]) + resource
    >>> looks_like_otlp(request), looks_like_otlp(bytes(3) + bytes([13]) + request)
    (True, True)
    >>> looks_like_otlp(b'{"resourceSpans": []}')
    False
    """
    return framing_of(head) is not None


def framing_of(head: bytes) -> Framing | None:
    """Return how requests follow each other in a file, None if it holds none.

    Examples
    --------
    >>> attribute = bytes([10, 1, 110, 18, 2, 24, 7])
    >>> request = bytes([10, 11, 10, 9, 10, 7]) + attribute
    >>> framing_of(request), framing_of(bytes([0, 0, 0, 13]) + request)
    ('one request', 'four bytes')
    """
    if _is_request(head, len(head)):
        return "one request"
    size = int.from_bytes(head[:_PREFIX], "big")
    body = head[_PREFIX : _PREFIX + size]
    if body.startswith(_ZSTD) or _is_request(body, size):
        return "four bytes"
    try:
        size, start = varint(head, 0)
    except (IndexError, Broken):
        return None
    return "varint" if _is_request(head[start : start + size], size) else None


def _is_request(head: bytes, size: int) -> bool:
    seen = 0
    try:
        for count in _evidence(head, "request", cut=size >= len(head)):
            seen += count
    except Broken:
        return seen >= _SURE  # a request that is broken, not something else
    return seen > 0


def _evidence(data: bytes, shape: str, *, cut: bool) -> Iterator[int]:
    """Count attributes and ids; raise Broken where something else stands."""
    if shape == "attribute":
        yield _attribute(data, cut=cut)
        return
    for number, wire, start, end in fields(data, 0, len(data), cut=cut):
        if shape == "record":
            yield wire == LENGTH and _IDS.get(number) == end - start
            continue
        wanted, inside = _SHAPES[shape].get(number, (-1, ""))
        if wire != wanted:
            raise Broken(start)
        if inside:
            inner = cut and end == len(data)
            yield from _evidence(data[start:end], inside, cut=inner)


def _attribute(data: bytes, *, cut: bool) -> int:
    """Return 1 for a name with, possibly, a value; 0 where the name is cut off."""
    found = list(fields(data, 0, len(data), cut=cut))
    if len(found) <= cut:
        return 0
    numbers = [(number, wire) for number, wire, _, _ in found]
    name = data[found[0][2] : found[0][3]]
    if numbers not in ([(1, LENGTH)], [(1, LENGTH), (2, LENGTH)]):
        raise Broken(0)
    if len(name) > _LONGEST_NAME or not name.decode("utf-8", "ignore").isprintable():
        raise Broken(0)
    return 1


def records(source: Callable[[], BinaryIO], name: str) -> Iterator[Raw]:
    """Yield what each resource says in each request of a file.

    Parameters
    ----------
    source : callable
        Opens the file.
    name : str
        Name of the file.

    Yields
    ------
    Raw
        Records for the OpenTelemetry reader; the line is the number of the request.
        What is broken or cut off is said after what could be read before it.
    """
    with source() as handle:
        head = handle.read(_HEAD)
        stream, framing = _Stream(handle, head), framing_of(head)
        if framing in ("four bytes", "varint"):
            yield from _bodies(stream, name, framing)
        else:
            yield from _resources(stream, name)


def cuts(
    handle: BinaryIO, framing: Framing, room: int, share: int
) -> Iterator[tuple[int, int, int]]:
    """Yield where a file with the lengths of its requests may be cut, and into what.

    Parameters
    ----------
    handle : binary file
        A file on disk, at its beginning.
    framing : str
        How it tells the lengths, see :func:`framing_of`.
    room, share : int
        Size of the first piece and of the others, bytes; they end with a request.

    Yields
    ------
    tuple of int
        First byte, byte behind the last, and number of the first request.
    """
    stream, start, first, count = _Stream(handle), 0, 1, 0
    try:
        while (size := stream.size(framing)) is not None:
            stream.skip(size)
            count += 1
            if stream.place - start >= room:
                yield start, stream.place, first
                start, first, room = stream.place, count + 1, share
    except Broken:
        pass  # the last piece says so
    if stream.place > start:
        yield start, stream.place, first


def piece_records(
    source: Callable[[], BinaryIO], name: str, place: int, first: int, framing: Framing
) -> Iterator[Raw]:
    """Yield the records of a piece of a file, see :func:`cuts` and :func:`records`.

    Parameters
    ----------
    source : callable
        Opens the piece.
    name : str
        Name of the file.
    place, first : int
        Byte at which the piece starts, and the number of its first request.
    framing : str
        How the requests of the file tell their lengths.
    """
    with source() as handle:
        yield from _bodies(_Stream(handle, b"", place), name, framing, first)


class _Stream:
    """The bytes of a file of which the head was read already."""

    def __init__(self, handle: BinaryIO, head: bytes = b"", place: int = 0) -> None:
        self._handle = handle
        self._head = head
        self.place = place

    def skip(self, size: int) -> None:
        """Step over bytes of a file on disk."""
        self._handle.seek(size, 1)
        self.place += size

    def take(self, size: int) -> bytes:
        """Return the next bytes, fewer at the end; a false length costs no memory."""
        out = bytearray(self._head[:size])
        self._head = self._head[size:]
        while len(out) < size:
            piece = self._handle.read(min(_CHUNK, size - len(out)))
            if not piece:
                break
            out += piece
        self.place += len(out)
        return bytes(out)

    def number(self) -> int | None:
        """Return the next number of variable length, None at the end of the file.

        Raises
        ------
        Broken
            It ends in the middle of the number, or there is none.
        """
        start, out = self.place, b""
        while byte := self.take(1):
            out += byte
            if byte[0] < _MORE:
                return varint(out, 0)[0]
        if out:
            raise Broken(start)
        return None

    def size(self, framing: Framing) -> int | None:
        """Return the length that stands before a request, None at the end of the file.

        Raises
        ------
        Broken
            The file ends in the middle of it.
        """
        if framing == "varint":
            return self.number()
        start, prefix = self.place, self.take(_PREFIX)
        if 0 < len(prefix) < _PREFIX:
            raise Broken(start)
        return int.from_bytes(prefix, "big") if prefix else None


def _resources(stream: _Stream, name: str) -> Iterator[Raw]:
    """Yield the parts of one request; several written in a row are one."""
    while True:
        start = stream.place
        try:
            tag = stream.number()
            if tag is None:
                return
            size = stream.number() if tag == _REQUEST << 3 | LENGTH else None
        except Broken:
            size = None
        if size is None:
            yield Raw(name, 1, problem=_NO_REQUEST, part=f"byte {start:,}")
            return
        begin, data = stream.place, stream.take(size)
        missing = size - len(data)
        yield Raw(name, 1, {KEY: Request(data, begin, missing=missing)})
        if missing:
            return


def _bodies(
    stream: _Stream, name: str, framing: Framing, first: int = 1
) -> Iterator[Raw]:
    """Yield the parts of requests that each have their length before them."""
    for count in itertools.count(first):
        start = stream.place
        try:
            size = stream.size(framing)
        except Broken:
            yield _cut_off(name, count, start)
            return
        if size is None:
            return
        begin, data = stream.place, stream.take(size)
        missing = size - len(data)
        found = yield from _body(name, count, data, begin, missing)
        if missing:
            if not found:
                yield _cut_off(name, count, start)
            return


def _cut_off(name: str, count: int, start: int) -> Raw:
    return Raw(name, count, problem=CUT_OFF, part=f"request {count:,}, byte {start:,}")


def _body(
    name: str, count: int, data: bytes, begin: int, missing: int
) -> Generator[Raw, None, bool]:
    """Yield the parts of one request of many; returns whether there were any."""
    part = f"request {count:,}, "
    if data.startswith(_ZSTD):
        unpacked = None if missing else _unpacked(data)
        if unpacked is None:
            if not missing:
                yield Raw(name, count, problem=_NOT_ZSTD, part=f"{part}byte {begin:,}")
            return False
        data, begin, part = unpacked, 0, f"{part}unpacked, "
    if data.startswith(b"{"):
        yield parse(data, name, count)
        return True
    place, cut = 0, missing > 0
    try:
        for number, wire, start, end in fields(data, 0, len(data), cut=cut):
            if (number, wire) != (_REQUEST, LENGTH):
                break
            lacking = missing if end == len(data) else 0
            request = Request(data[start:end], begin + start, part, lacking)
            yield Raw(name, count, {KEY: request})
            place = end
    except Broken:
        pass
    if place < len(data) and not missing:
        where = f"{part}byte {begin + place:,}"
        yield Raw(name, count, problem=_NO_REQUEST, part=where)
    return place == len(data)


def _unpacked(data: bytes) -> bytes | None:
    import pyarrow as pa

    try:
        with pa.CompressedInputStream(pa.BufferReader(data), "zstd") as stream:
            return bytes(stream.read())
    except (pa.ArrowException, OSError):
        return None
