"""Ids of traces and spans in one spelling, however a tool wrote them."""

from __future__ import annotations

import base64
import binascii
import re

_BASE64 = re.compile(r"[A-Za-z0-9+/]{10}(?:[A-Za-z0-9+/]{12})?==|[A-Za-z0-9+/]{11}=")
_BASE64_LENGTHS = (12, 24)
_HEX_LENGTHS = (16, 32)
_HEX_DIGITS = "0123456789abcdef"
_HEX = re.compile(r"[0-9A-Fa-f]+")


def normal_id(value: object) -> str | None:
    """Return an id as lower-case hex where it is a number or bytes, else as it is.

    Hex with and without ``0x``, base64 of 8 or 16 bytes, MLflow's ``tr-``, whole
    numbers and decimal text mean the same id in the exports of different tools.
    An id of nothing but zeros is none.

    Parameters
    ----------
    value : str, int, bytes or None
        The id of the source.

    Returns
    -------
    str or None
        The id in one spelling.

    Examples
    --------
    >>> normal_id("0xFABF2985F09F55B6A203D3506FA8567A")
    'fabf2985f09f55b6a203d3506fa8567a'
    >>> normal_id("BBaDk2N+5BE="), normal_id(295359812467549201)
    ('04168393637ee411', '0419542f3f0de411')
    >>> normal_id("my-run 7"), normal_id("0000000000000000")
    ('my-run 7', None)
    """
    if isinstance(value, str):
        size = len(value)
        if size in _HEX_LENGTHS:
            if not value.strip(_HEX_DIGITS):  # as nearly all are
                return value if value.strip("0") else None
            if _HEX.fullmatch(value):
                return value.lower()
        return _odd(value.strip())
    if isinstance(value, bytes):
        return value.hex() if value.strip(b"\0") else None
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return _number(value) if isinstance(value, int) else str(value)


def _odd(text: str) -> str | None:
    """Return an id that is not plain hex of the usual length."""
    bare = text.removeprefix("tr-").removeprefix("0x")
    if bare != text and _HEX.fullmatch(bare):
        return bare.lower() if bare.strip("0") else None
    if len(text) in _BASE64_LENGTHS and _BASE64.fullmatch(text):
        try:
            return normal_id(base64.b64decode(text, validate=True))
        except binascii.Error:
            return text
    if text.isascii() and text.isdecimal() and len(text) > _HEX_LENGTHS[0]:
        return _number(int(text))
    return text or None


def _number(value: int) -> str | None:
    if value <= 0:
        return None if value == 0 else str(value)
    return f"{value:016x}" if value < 1 << 64 else f"{value:032x}"
