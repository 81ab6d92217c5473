"""Loose values of other tools, made exact: times, numbers, JSON in strings."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import Any

import orjson

from erroranalysis.ingest.reader import BadRecord

# Powers of ten between seconds, milliseconds, microseconds and nanoseconds; a time
# of this century in seconds has ten digits.
_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (0.0, 1.0))
_LATEST_SECONDS = 253_402_300_799  # the last second that datetime can hold


def as_time(value: object) -> datetime | None:
    """Return a time as naive UTC; numbers are read by their magnitude.

    Raises
    ------
    BadRecord
        The value is no time.

    Examples
    --------
    >>> as_time("2026-02-16 01:35:18+01:00")
    datetime.datetime(2026, 2, 16, 0, 35, 18)
    >>> as_time(1771205718000) == as_time(1771205718) == as_time("1771205718")
    True
    """
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return _naive_utc(value)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - UTC
    if isinstance(value, str):
        try:
            return _naive_utc(datetime.fromisoformat(value.strip()))
        except ValueError:
            number = as_number(value)
    else:
        number = as_number(value)
    if number is None or number <= 0:
        raise BadRecord(f"{value!r} is no time; ISO 8601 or a Unix time is")
    divisor = next(unit for floor, unit in _UNITS if number >= floor)
    seconds = number / divisor
    if seconds > _LATEST_SECONDS:
        raise BadRecord(f"{value!r} is too large for a time")
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def _naive_utc(value: datetime) -> datetime:
    if value.tzinfo is not None:
        value = value.astimezone(UTC)
    # a polars or pandas value may be a subclass; the store keeps plain datetimes
    return datetime(
        value.year, value.month, value.day, value.hour, value.minute, value.second,
        value.microsecond,
    )  # fmt: skip


def as_number(value: object) -> float | None:
    """Return a number, or None for what is none.

    Examples
    --------
    >>> as_number("3.5"), as_number(True), as_number("n/a"), as_number(float("nan"))
    (3.5, 1.0, None, None)
    """
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def as_count(value: object) -> int | None:
    """Return a whole number such as a token count, or None."""
    number = as_number(value)
    return None if number is None or number < 0 else int(number)


def as_text(value: object) -> str | None:
    """Return text as it is, other values as JSON, and None for nothing.

    Examples
    --------
    >>> as_text("hi"), as_text({"a": 1}), as_text(None), as_text(float("nan"))
    ('hi', '{"a":1}', None, None)
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, str):
        return value
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def unwrap(value: Any, levels: int = 3) -> Any:  # noqa: ANN401 - any JSON value
    """Return what a JSON string holds, if that is an object or an array.

    Examples
    --------
    >>> unwrap('{"a": 1}'), unwrap("42"), unwrap("hello")
    ({'a': 1}, '42', 'hello')
    """
    for _ in range(levels):
        if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "[", '"'):
            break
        try:
            inner = orjson.loads(value)
        except orjson.JSONDecodeError:
            break
        if isinstance(inner, str) and not isinstance(unwrap(inner), (dict, list)):
            break
        value = inner
    return value
