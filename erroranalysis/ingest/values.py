"""Loose values of other tools, made exact: times, numbers, JSON in strings."""

from __future__ import annotations

import ast
import dataclasses
import json
import math
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any

import orjson

from erroranalysis.ingest import exact
from erroranalysis.ingest.reader import BadRecord

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the store keeps naive UTC
# What one unit is in microseconds, from the smallest number that has it. Times of
# this century in seconds have ten digits; what is below 1973 is no time but a
# duration or a counter that is called "time".
_UNITS = ((10**17, 0.001), (10**14, 1), (10**11, 1_000), (10**8, 1_000_000))
_LARGEST_COUNT = 2**63 - 1
_SHORTEST_TIME = len("2026-11-20T18:23")
_DIGITS = 19  # of a time in nanoseconds, since 2001
_FRACTION = re.compile(r":\d\d[.,]\d{6}(\d{1,3})")  # what is finer than microseconds
_LARGEST_INTEGER, _SMALLEST_INTEGER = 2**64 - 1, -(2**63)
_OPENING = {"[", "{", '"'}
_JSON_START = re.compile(r"\s*[\[{\"]")
_PYTHON_START = re.compile(r"\s*(?:\[\s*)?\{\s*'")


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
    >>> as_time(1795199007657268842)
    datetime.datetime(2026, 11, 20, 18, 23, 27, 657268)
    """
    if type(value) is str and (moment := _usual_time(value)) is not None:
        return moment
    value = plain(value)
    if value is None or value in ("", 0):
        return None
    if isinstance(value, datetime):
        return _naive_utc(value)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - UTC
    if isinstance(value, str):
        text = value.strip()
        try:
            return _naive_utc(_from_text(text))
        except (ValueError, OverflowError):
            number = int(text) if text.isdecimal() else as_number(text)
    else:
        number = value if isinstance(value, int) else as_number(value)
    unit = next((unit for floor, unit in _UNITS if number and number >= floor), None)
    if number is None or unit is None:
        raise BadRecord(f"{_short(value)} is no time; ISO 8601 or a Unix time is")
    # whole numbers stay whole: nanoseconds do not fit a float
    whole = isinstance(number, int)
    ticks = number // 1_000 if whole and unit < 1 else round(number * unit)
    try:
        return _EPOCH + timedelta(microseconds=ticks)
    except OverflowError:
        raise BadRecord(f"{_short(value)} is too large for a time") from None


def _usual_time(text: str) -> datetime | None:
    """Return a time that is written the way most are, or None."""
    if len(text) < _SHORTEST_TIME:
        return None
    try:
        # without its Z a time is naive at once; to take UTC off takes much longer
        moment = datetime.fromisoformat(text.removesuffix("Z"))
        twice = moment.tzinfo is not None and text[-1] == "Z"
        return None if twice else _naive_utc(moment)
    except (ValueError, OverflowError):
        return None


def as_nanoseconds(value: object) -> int | None:
    """Return a time as whole nanoseconds since 1970, UTC, without loss.

    Raises
    ------
    BadRecord
        The value is no time.

    Examples
    --------
    >>> as_nanoseconds("1795199007657268842"), as_nanoseconds(1795199007.5)
    (1795199007657268842, 1795199007500000000)
    >>> as_nanoseconds("2026-11-20T18:23:27.657268842Z")
    1795199007657268842
    """
    if type(value) is str and len(value) == _DIGITS and value.isdecimal():
        return int(value)
    if type(value) is int and value >= _UNITS[0][0]:
        return value
    if value is None or value in ("", 0, "0"):
        return None
    moment = as_time(value)
    if moment is None:
        return None
    whole = (moment - _EPOCH) // timedelta(microseconds=1) * 1_000
    digits = _FRACTION.search(value) if isinstance(value, str) else None
    return whole + int(digits[1].ljust(3, "0")[:3]) if digits else whole


def _from_text(text: str) -> datetime:
    if text.endswith(" UTC"):
        text = text.removesuffix(" UTC")
    if text[4:5] == "/" == text[7:8]:  # 2026/11/20; other orders are ambiguous
        text = text.replace("/", "-", 2)
    return datetime.fromisoformat(text)


def _naive_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        return value
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return value.replace(tzinfo=None)


def as_number(value: object) -> float | None:
    """Return a number, or None for what is none.

    Examples
    --------
    >>> as_number("3.5"), as_number(True), as_number("n/a"), as_number(float("nan"))
    (3.5, 1.0, None, None)
    """
    if value is None:
        return None
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def as_count(value: object) -> int | None:
    """Return a whole number such as a token count, or None."""
    if value is None or (type(value) is int and 0 <= value <= _LARGEST_COUNT):
        return value
    number = as_number(value)
    return int(number) if number is not None and 0 <= number < _LARGEST_COUNT else None


def as_text(value: object) -> str | None:
    """Return text as it is, other values as JSON, and None for nothing.

    Examples
    --------
    >>> as_text("hi"), as_text({"a": 1}), as_text(None), as_text(float("nan"))
    ('hi', '{"a":1}', None, None)
    """
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def as_id(value: object) -> str | None:
    """Return an id as text; a frame with gaps turns 17 into 17.0, which is 17.

    Examples
    --------
    >>> as_id(17.0), as_id("a-1"), as_id("")
    ('17', 'a-1', None)
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return (str(value) if type(value) is int else as_text(value)) or None


def unwrap(value: Any, levels: int = 3) -> Any:  # noqa: ANN401 - any JSON value
    """Return what a JSON string holds, if that is an object or an array.

    A cell that pandas wrote with ``to_csv`` holds the Python form instead; it counts.

    Examples
    --------
    >>> unwrap('{"a": 1}'), unwrap("42"), unwrap("[sic]"), unwrap("[{'a': None}]")
    ({'a': 1}, '42', '[sic]', [{'a': None}])
    """
    for _ in range(levels):
        if not isinstance(value, str) or not may_be_json(value):
            break
        inner = _held(value)
        if inner is value:
            break
        if isinstance(inner, str) and not isinstance(unwrap(inner), (dict, list)):
            break
        value = inner
    return value


def may_be_json(text: str) -> bool:
    """Return whether a text may hold an object, an array or a text in quotes.

    Examples
    --------
    >>> may_be_json(' {"a": 1}'), may_be_json("Hi")
    (True, False)
    """
    first = text[:1]  # it tells nearly always, sooner than an expression
    return first in _OPENING or (
        first.isspace() and _JSON_START.match(text) is not None
    )


def _held(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return what JSON or Python text holds, or the text."""
    try:
        return exact.loads(text)
    except orjson.JSONDecodeError:
        pass
    except RecursionError:
        return text
    try:
        return plain(json.loads(text, parse_int=exact.whole))
    except (ValueError, RecursionError):
        pass
    if _PYTHON_START.match(text):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # "\d" in a text is no business of ours
                return plain(ast.literal_eval(text.strip()))
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            pass
    return text


def clean(text: str) -> str:
    """Return text that a database can keep: no lone surrogates, no NUL.

    Examples
    --------
    >>> clean("a" + chr(0xD83D)), clean("b" + chr(0))
    ('a?', 'b�')
    """
    if text.isascii() and "\x00" not in text:
        return text
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever a list or a frame holds
    """Return the plain JSON value or time that a value of another library stands for.

    NaN, NaT and NA become nothing, numpy values become Python's, models and
    dataclasses become objects, and whole numbers over 64 bits become text.

    Examples
    --------
    >>> plain({"a": (1, float("nan")), 2: 2**70})
    {'a': [1, None], '2': '1180591620717411303424'}
    """
    if value is None or type(value) is bool:
        return value
    rule = _RULES.get(type(value)) or _rule(value)
    return rule(value)


def _rule(value: Any) -> Callable[[Any], Any]:  # noqa: ANN401
    """Return what makes a value plain whose type is no type of JSON."""
    if type(value).__name__ in ("NaTType", "NAType"):
        return lambda _: None
    for kinds, rule in _KINDS:
        if isinstance(value, kinds):
            return rule
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        return _numpy
    if not isinstance(value, type):
        for name in ("to_dict", "model_dump"):  # they know their form best
            if callable(getattr(value, name, None)):
                return lambda item: plain(getattr(item, name)())
        if dataclasses.is_dataclass(value):
            return lambda item: plain(dataclasses.asdict(item))
    return _list if isinstance(value, Iterable) else lambda item: clean(str(item))


def _integer(value: int) -> int | str:
    fits = _SMALLEST_INTEGER <= value <= _LARGEST_INTEGER
    return int(value) if fits else str(value)


def _float(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _object(value: Mapping[Any, Any]) -> dict[str, Any]:
    return {clean(str(name)): plain(item) for name, item in value.items()}


def _list(value: Iterable[Any]) -> list[Any]:
    return [plain(item) for item in value]


def _moment(value: datetime) -> datetime:
    # a time of pandas is a subclass with nanoseconds, which the store does not keep
    return datetime(
        value.year, value.month, value.day, value.hour, value.minute, value.second,
        value.microsecond, value.tzinfo,
    )  # fmt: skip


def _numpy(value: Any) -> Any:  # noqa: ANN401 - a scalar or an array
    unit = {"M": "datetime64[us]", "m": "timedelta64[us]"}.get(value.dtype.kind)
    return value.astype(unit).tolist() if unit else value.tolist()


def _bytes(value: bytes | bytearray | memoryview) -> str:
    try:
        return clean(bytes(value).decode("utf-8"))
    except UnicodeDecodeError:
        return f"({len(value):,} bytes)"


_RULES: dict[type, Callable[[Any], Any]] = {
    str: clean, int: _integer, float: _float, dict: _object, list: _list,
}  # fmt: skip
_KINDS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (Enum, lambda value: plain(value.value)),
    (datetime, _moment),
    (date, lambda value: value),
    (timedelta, lambda value: value.total_seconds()),
    (str, lambda value: clean(str(value))),
    (int, _integer),
    (float, _float),
    ((bytes, bytearray, memoryview), _bytes),
    (Mapping, _object),
)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "…"  # noqa: PLR2004
