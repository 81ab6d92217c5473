"""Arrow arrays of plain Python values.

``pyarrow.array`` does the same, but imports pandas with the first list that it is
handed, which takes longer than most imports of traces. The layout of the buffers is
that of the Arrow columnar format, version 1.
"""

from __future__ import annotations

from array import array
from datetime import datetime
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from erroranalysis.ingest.values import as_text, clean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the store keeps naive UTC
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
    if any(value is None for value in values):
        there = pa.py_buffer(_bits([value is not None for value in values]))
    if pa.types.is_list(kind):
        offsets = _offsets(values)
        items = _array([item for value in values for item in value or ()], pa.string())
        return pa.Array.from_buffers(
            kind, len(values), [there, offsets], children=[items]
        )
    buffers = _BUFFERS[str(kind)](values)
    return pa.Array.from_buffers(kind, len(values), [there, *buffers])


def _bits(flags: Sequence[object]) -> bytes:
    """Return one bit for each flag, the first in the lowest."""
    text = "".join(["1" if flag else "0" for flag in reversed(flags)])
    return int(text or "0", 2).to_bytes(len(flags) // 8 + 1, "little")


def _offsets(values: Sequence[Any]) -> pa.Buffer:
    """Return where each value starts, and where the last one ends."""
    import pyarrow as pa

    lengths = [0 if value is None else len(value) for value in values]
    return pa.py_buffer(array("i", accumulate(lengths, initial=0)))


def _texts(values: Sequence[Any]) -> list[pa.Buffer]:
    import pyarrow as pa

    data = [
        value.encode() if type(value) is str else _encoded(value) for value in values
    ]
    return [_offsets(data), pa.py_buffer(b"".join(data))]


def _encoded(value: Any) -> bytes:  # noqa: ANN401
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    raise TypeError("no text")


def _numbers(code: str) -> Callable[[Sequence[Any]], list[pa.Buffer]]:
    def buffers(values: Sequence[Any]) -> list[pa.Buffer]:
        import pyarrow as pa

        filled = [0 if value is None else value for value in values]
        return [pa.py_buffer(array(code, filled))]

    return buffers


def _moments(values: Sequence[Any]) -> list[pa.Buffer]:
    import pyarrow as pa

    ticks = [0 if value is None else _microseconds(value) for value in values]
    return [pa.py_buffer(array("q", ticks))]


def _microseconds(value: datetime) -> int:
    since = value - _EPOCH
    return since.days * _DAY + since.seconds * _SECOND + since.microseconds


def _flags(values: Sequence[Any]) -> list[pa.Buffer]:
    import pyarrow as pa

    return [pa.py_buffer(_bits(values))]


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
        if isinstance(value, bytes):
            return value
        text = as_text(value)
        return None if text is None else clean(text)
    if pa.types.is_list(kind):
        items = value if isinstance(value, list | tuple) else [value]
        return [_fitting(item, kind.value_type) for item in items]
    try:
        _array([value], kind)
    except _DOES_NOT_FIT:
        return None
    return value
