"""The wire format of protobuf, as far as it takes to cut a request into its spans."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

VARINT, EIGHT_BYTES, LENGTH, FOUR_BYTES = 0, 1, 2, 5
_SIZES = {EIGHT_BYTES: 8, FOUR_BYTES: 4}
_MORE = 0x80
_MOST_BITS = 70  # ten bytes of seven

Field = tuple[int, int, int, int]


class Broken(ValueError):  # noqa: N818 - as BadRecord, it is a finding
    """The bytes are no message; ``place`` is the first that is not understood."""

    def __init__(self, place: int) -> None:
        super().__init__(f"no protobuf at byte {place}")
        self.place = place


def varint(data: bytes, place: int) -> tuple[int, int]:
    """Return a number of variable length, and the place behind it.

    Raises
    ------
    IndexError
        The data end before the number does.
    Broken
        It is longer than any number.

    Examples
    --------
    >>> varint(bytes([0xAC, 0x02, 0xFF]), 0)
    (300, 2)
    """
    byte = data[place]
    if byte < _MORE:
        return byte, place + 1
    start, number, shift = place, byte & 0x7F, 7
    while byte >= _MORE:
        place += 1
        byte = data[place]
        number |= (byte & 0x7F) << shift
        shift += 7
        if shift > _MOST_BITS:
            raise Broken(start)
    return number, place + 1


def fields(data: bytes, place: int, end: int, *, cut: bool = False) -> Iterator[Field]:
    """Yield number, wire type, start and end of the fields of a message.

    Parameters
    ----------
    data : bytes
        What holds the message.
    place, end : int
        Where it starts and ends.
    cut : bool, default False
        The message goes on behind the data: of its last field yield what is there.

    Raises
    ------
    Broken
        There is no field where one should be, or it is longer than the message.

    Examples
    --------
    >>> list(fields(bytes([0x0A, 2, 104, 105, 0x18, 7]), 0, 6))
    [(1, 2, 2, 4), (3, 0, 5, 6)]
    >>> list(fields(bytes([0x0A, 9, 104, 105]), 0, 4, cut=True))
    [(1, 2, 2, 4)]
    """
    while place < end:
        try:
            tag, value = varint(data, place)
            wire = tag & 7
            start, after = _reach(data, value, wire)
        except IndexError:
            if cut:
                return
            raise Broken(place) from None
        if tag < 1 << 3 or start is None:
            raise Broken(place)
        if after > end:
            if not cut:
                raise Broken(place)
            if wire == LENGTH and start <= end:
                yield tag >> 3, wire, start, end
            return
        yield tag >> 3, wire, start, after
        place = after


def _reach(data: bytes, place: int, wire: int) -> tuple[int | None, int]:
    """Return where a value starts and ends; no start where there is no such type."""
    if wire == LENGTH:
        size, start = varint(data, place)
        return start, start + size
    if wire == VARINT:
        return place, varint(data, place)[1]
    size = _SIZES.get(wire, 0)
    return (place if size else None), place + size


def first(data: bytes, place: int, end: int, wanted: int) -> bytes | None:
    """Return the first field of a number that has a length, if there is one.

    Examples
    --------
    >>> first(bytes([0x0A, 2, 104, 105, 0x18, 7]), 0, 6, 1)
    b'hi'
    """
    try:
        for number, wire, start, after in fields(data, place, end):
            if number == wanted and wire == LENGTH:
                return data[start:after]
    except Broken:
        pass
    return None
