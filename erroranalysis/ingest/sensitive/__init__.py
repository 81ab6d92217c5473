"""Personal data and secrets in text: where they are, and when two are the same."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, NamedTuple

from erroranalysis.ingest.redaction import KINDS
from erroranalysis.ingest.sensitive.addresses import emails, ips, one_ip
from erroranalysis.ingest.sensitive.checked import cards, ibans, one_number
from erroranalysis.ingest.sensitive.phones import is_phone, one_phone, phones
from erroranalysis.ingest.sensitive.secrets import (
    STEMS,
    is_password,
    is_token,
    secrets,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["PLAIN", "Field", "field", "likely", "places", "spelling", "whole"]

_FINDERS: dict[str, Callable[[str], Iterator[tuple[int, int]]]] = {
    "secret": secrets, "email": emails, "iban": ibans, "card": cards, "ip": ips,
    "phone": phones,
}  # fmt: skip
_SPELLINGS: dict[str, Callable[[str], str]] = {
    "email": lambda text: text.replace("%40", "@").lower(),
    "iban": one_number,
    "card": one_number,
    "ip": one_ip,
    "phone": one_phone,
}


class Field(NamedTuple):
    """What the name of a field says about its value.

    Attributes
    ----------
    whole : str or None
        Kind that the whole value is of, if it looks like it.
    version : bool
        Its value is a version: four numbers are no address.
    number : bool
        Its value is an id: digits in groups are no phone number.
    """

    whole: str | None = None
    version: bool = False
    number: bool = False


PLAIN = Field()
_PASSWORD = re.compile(
    r"(?:pass(?:word|wd|phrase)|passwor[dt]|(?:^|[._\-])pwd|secret|authorization"
    r"|(?:secret|access|private|account|api)[._\-]?(?:access[_\-]?)?key"
    r"|(?:access|auth|refresh|id|session|bearer|security|api|secret)[_\-]?token)$",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"(?:^|[._\-])token$", re.IGNORECASE)
_PHONE = re.compile(
    r"(?:(?:^|[._\- ])(?:tele|cell|mobile[_ ]?)?[pP]hone|[a-z]Phone"
    r"|(?:^|[._\- ])(?:tel|fax)|[mM]obile[_ ]?(?=[nN]))"
    r"(?:[_ ]?(?:[nN]umber|[nN]o|[nN]r))?$"
)
_VERSION = re.compile(r"version|release|build", re.IGNORECASE)
_NUMBER = re.compile(
    r"(?:(?:^|[._\-])ids?|[a-z]Ids?|(?:^|[._\-])(?:sku|isbn|zip|zipcode|postcode))$"
    r"|order|invoice|tracking|booking|serial|postal",
)


@functools.lru_cache(maxsize=10_000)
def field(name: str) -> Field:
    """Return what the name of a field says about its value.

    Examples
    --------
    >>> field("db.password").whole, field("app_version").version
    ('password', True)
    """
    rules = (("password", _PASSWORD), ("token", _TOKEN), ("phone", _PHONE))
    whole = next((kind for kind, rule in rules if rule.search(name)), None)
    number = bool(_NUMBER.search(name)) and whole is None
    about = Field(whole, version=bool(_VERSION.search(name)), number=number)
    return PLAIN if about == PLAIN else about


_WHOLE = {
    "password": ("secret", is_password),
    "token": ("secret", is_token),
    "phone": ("phone", is_phone),
}


def whole(text: str, about: Field) -> str | None:
    """Return the kind that a whole value is of, by the name of its field.

    Examples
    --------
    >>> whole("hunter2", field("db_password")), whole("", field("db_password"))
    ('secret', None)
    """
    if about.whole is None or not text:
        return None
    kind, fits = _WHOLE[about.whole]
    return kind if fits(text) else None


def places(kind: str, text: str, about: Field = PLAIN) -> Iterator[tuple[int, int]]:
    """Yield the places of one kind in a text.

    Parameters
    ----------
    kind : str
        One of :data:`KINDS`.
    text : str
        The text.
    about : Field, optional
        What the name of the field says that holds it.

    Examples
    --------
    >>> list(places("email", "jane@example.org"))
    [(0, 16)]
    """
    if kind == "ip" and about.version:
        return iter(())
    if kind == "phone" and about.number:
        return phones(text, home=False)
    return _FINDERS[kind](text)


def spelling(kind: str, text: str) -> str:
    """Return the spelling that equal values share.

    Examples
    --------
    >>> spelling("card", "4111 1111 1111 1111"), spelling("email", "J@Example.org")
    ('4111111111111111', 'j@example.org')
    """
    rule = _SPELLINGS.get(kind)
    return rule(text) if rule else text


# One byte for every sign, so that runs can be looked for as text is: a hundred times
# as fast as with an expression.
_IS_DIGIT = bytes(ord("0") if chr(i) in "0123456789" else i for i in range(256))
_BETWEEN_DIGITS = b" -./()" + bytes(range(128, 256))
_RUNS = {"iban": b"0" * 7, "phone": b"0" * 8, "card": b"0" * 13}
_IS_NAME = bytes(
    ord("x") if chr(i).isascii() and (chr(i).isalnum() or chr(i) in "_-.") else 32
    for i in range(256)
)
_LONG_NAME = b"x" * 15
_FEWEST_DOTS, _FEWEST_COLONS = 3, 7
_SHORTEST, _SHORTEST_IBAN, _SHORTEST_CARD = 5, 15, 13


def likely(text: str, kinds: frozenset[str]) -> list[str]:
    """Return the kinds that are worth a look, in their order; cheap for any text.

    Examples
    --------
    >>> likely("Open on Sunday, 9 to 5?", frozenset(KINDS))
    []
    >>> likely("jane@example.org", frozenset(KINDS))
    ['email']
    """
    size = len(text)
    if size < _SHORTEST or (size < _SHORTEST_CARD and text.isdecimal()):
        return []
    found = []
    data = text.encode("utf-8", "surrogatepass")
    if "secret" in kinds and _may_hold_secret(text, data):
        found.append("secret")
    if "email" in kinds and ("@" in text or "%40" in text):
        found.append("email")
    shape = data.translate(_IS_DIGIT)
    digits = shape.translate(None, _BETWEEN_DIGITS)
    if _RUNS["iban"] in digits:
        if size >= _SHORTEST_IBAN and "iban" in kinds:
            found.append("iban")
        found += [k for k in ("card", "phone") if k in kinds and _RUNS[k] in digits]
    if "ip" in kinds and (
        (b"0.0" in shape and text.count(".") >= _FEWEST_DOTS)
        or "::" in text
        or text.count(":") >= _FEWEST_COLONS
    ):
        found.append("ip")
    return sorted(found, key=KINDS.index) if len(found) > 1 else found


def _may_hold_secret(text: str, data: bytes) -> bool:
    if _LONG_NAME in data.translate(_IS_NAME) or "://" in text:
        return True
    low = text.lower()
    return any(map(low.__contains__, STEMS))
