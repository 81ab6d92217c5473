"""JSON in which no whole number loses a digit.

The fast parser makes a float of a whole number over 64 bits. An id would change, so
such text is parsed once more, slowly; it is told by a run of many digits.
"""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

# 20 digits, or 19 after a minus; times in nanoseconds have 19, and are everywhere
_ZEROS = bytes.maketrans(b"123456789-", b"0" * 10)
_RUN = b"0" * 20
_LONG = 1 << 20
_HUGE = re.compile(rb"-\d{19}|\d{20}")
_LARGEST, _SMALLEST = 2**64 - 1, -(2**63)
_SURE = 19  # so many characters are never too large


def loads(text: bytes | str) -> Any:  # noqa: ANN401 - any JSON value
    """Parse JSON; whole numbers over 64 bits become text.

    Raises
    ------
    orjson.JSONDecodeError
        It is no JSON.
    RecursionError
        It is nested too deeply.

    Examples
    --------
    >>> loads('{"a": [1180591620717411303424, 7]}')
    {'a': ['1180591620717411303424', 7]}
    """
    value = orjson.loads(text)
    if len(text) <= _SURE:
        return value
    data = text.encode() if isinstance(text, str) else text
    if _has_run(data) and _HUGE.search(data):
        return json.loads(data, parse_int=whole)
    return value


def _has_run(data: bytes) -> bool:
    """Return whether there is a run of so many digits, piece by piece.

    A table of 256 bytes goes over them thirty times as fast as an expression.
    """
    if len(data) <= _LONG:
        return _RUN in data.translate(_ZEROS)
    return any(
        _RUN in data[start : start + _LONG + _SURE + 1].translate(_ZEROS)
        for start in range(0, len(data), _LONG)
    )


def whole(digits: str) -> int | str:
    """Return a whole number, or its digits where it takes more than 64 bits.

    Examples
    --------
    >>> whole("18446744073709551615"), whole("18446744073709551616")
    (18446744073709551615, '18446744073709551616')
    """
    if len(digits) > _SURE + 2:
        return digits
    number = int(digits)
    return number if _SMALLEST <= number <= _LARGEST else digits
