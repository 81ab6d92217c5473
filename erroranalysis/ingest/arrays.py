"""Arrow arrays of plain Python values.

``pyarrow.array`` does the same, but imports pandas with the first list that it is
handed, which takes longer than most imports of traces. The layout of the buffers is
that of the Arrow columnar format, version 1.
"""

from __future__ import annotations

from array import array
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from erroranalysis.ingest.values import as_text, clean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the store keeps naive UTC
_LARGEST_OFFSET = 2**31 - 1
_DAY, _SECOND = 86_400_000_000, 1_000_000
_DOES_NOT_FIT = (TypeError, ValueError, OverflowError, AttributeError)


def arrow_array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Return values as an array; one that does not fit is made to, or left out.

    A source may hold anything where a name or a count is meant; what it said is in
    the attributes or the metadata all the same.

    Parameters
    ----------
    values : sequence
        One value, or None, for each row. Bytes are text in UTF-8 already.
    kind : pyarrow.DataType
        One of the types of the tables, see :func:`erroranalysis.schema.arrow_schema`.

    Examples
    --------
    >>> import pyarrow as pa
    >>> arrow_array(("a", None, 7), pa.string()).to_pylist()
    ['a', None, '7']
    >>> arrow_array((1, "many", 2**70), pa.int64()).to_pylist()
    [1, None, None]
    """
    try:
        return _array(values, kind)
    except _DOES_NOT_FIT:
        return _array([_fitting(value, kind) for value in values], kind)


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    there = None
    if None in values:
        there = _bits([value is not None for value in values])
    if pa.types.is_list(kind):
        lists = _filled(values, ())
        offsets = _offsets(lists)
        items = _array([item for value in lists for item in value], pa.string())
        return pa.Array.from_buffers(
            kind, len(values), [there, offsets], children=[items]
        )
    buffers = _BUFFERS[str(kind)](values)
    return pa.Array.from_buffers(kind, len(values), [there, *buffers])


def _bits(flags: Sequence[object]) -> pa.Buffer:
    """Return one bit for each flag, the first in the lowest."""
    import pyarrow as pa

    return pa.py_buffer(np.packbits(np.array(flags, bool), bitorder="little"))


def _offsets(values: Sequence[Any]) -> pa.Buffer:
    """Return where each value starts, and where the last one ends."""
    import pyarrow as pa

    offsets = np.zeros(len(values) + 1, np.int64)
    offsets[1:] = np.fromiter(map(len, values), np.int64, len(values)).cumsum()
    if offsets[-1] > _LARGEST_OFFSET:
        raise OverflowError("too much text for one group of rows")
    return pa.py_buffer(offsets.astype(np.int32))


def _texts(values: Sequence[Any]) -> list[pa.Buffer]:
    """Return where each text starts, and the texts in UTF-8."""
    import pyarrow as pa

    if values and type(values[0]) is bytes:
        given = _filled(values, b"")
        return [_offsets(given), pa.py_buffer(b"".join(given))]
    texts = _filled(values, "")
    data = "".join(texts)
    if data.isascii():  # a character is a byte: no need to look at each text
        return [_offsets(texts), pa.py_buffer(data.encode())]
    encoded = [text.encode() for text in texts]
    return [_offsets(encoded), pa.py_buffer(b"".join(encoded))]


def _filled(values: Sequence[Any], blank: object) -> Sequence[Any]:
    """Return values with something else in the place of None."""
    if None not in values:
        return values
    return [blank if value is None else value for value in values]


def _numbers(code: str) -> Callable[[Sequence[Any]], list[pa.Buffer]]:
    def buffers(values: Sequence[Any]) -> list[pa.Buffer]:
        import pyarrow as pa

        return [pa.py_buffer(array(code, _filled(values, 0)))]

    return buffers


def _moments(values: Sequence[Any]) -> list[pa.Buffer]:
    import pyarrow as pa

    ticks = [0 if value is None else _microseconds(value) for value in values]
    return [pa.py_buffer(array("q", ticks))]


def _microseconds(value: datetime) -> int:
    since = value - _EPOCH
    return since.days * _DAY + since.seconds * _SECOND + since.microseconds


def _flags(values: Sequence[Any]) -> list[pa.Buffer]:
    return [_bits(_filled(values, blank=False))]


_BUFFERS: dict[str, Callable[[Sequence[Any]], list[pa.Buffer]]] = {
    "string": _texts,
    "int32": _numbers("i"),
    "int64": _numbers("q"),
    "double": _numbers("d"),
    "timestamp[us]": _moments,
    "timestamp[ns]": _numbers("q"),
    "bool": _flags,
}


def _fitting(value: Any, kind: pa.DataType) -> Any:  # noqa: ANN401
    import pyarrow as pa

    if value is None:
        return None
    if pa.types.is_string(kind):
        text = value.decode() if isinstance(value, bytes) else as_text(value)
        return None if text is None else clean(text)
    if pa.types.is_list(kind):
        items = value if isinstance(value, list | tuple) else [value]
        return [_fitting(item, kind.value_type) for item in items]
    try:
        _array([value], kind)
    except _DOES_NOT_FIT:
        return None
    return value
