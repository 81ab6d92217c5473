"""Phone numbers, and the many numbers that look a little like one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from erroranalysis.ingest.sensitive.words import (
    DASHES,
    SPACES,
    after,
    begins,
    only_digits,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

# ITU-T E.164: codes of countries, and how many digits a number has with its code
_COUNTRY = re.compile(
    "1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|2(?:1[1-368]|[2-6][0-9]"
    "|9[017-9])|3(?:5[0-9]|[78][0-9])|42[013]|50[0-9]|59[0-9]|6(?:7[02-9]|8[0-35-9]"
    "|9[0-2])|8(?:0[08]|5[02356]|7[08]|8[0-368])|9(?:6[0-8]|7[0-79]|9[2-68])"
)
_MOST_DIGITS = {
    "1": 11, "7": 11, "31": 11, "32": 11, "33": 11, "34": 11, "41": 11, "44": 12,
    "45": 10, "46": 11, "47": 10, "48": 11, "52": 12, "55": 13, "61": 11, "65": 10,
    "81": 12, "82": 12, "86": 13, "91": 12,
}  # fmt: skip
_FEWEST_ABROAD, _MOST_ABROAD = 8, 15
_BETWEEN = f"[{SPACES}{DASHES}./()]"
_PLUS = re.compile(
    rf"(?:\+\(?|\(\+|00[{SPACES}]?)[1-9](?:{_BETWEEN}{{0,3}}[0-9]){{6,17}}"
)
_TRUNK = re.compile(r"\(0\)")
_BEFORE = re.compile(r"(?:[0-9][.\-/:]|[#$€£¥/.+\-])\Z")
_AMERICAN = re.compile("[2-9][0-9]{2}[2-9][0-9]{6}")


def phones(text: str, *, home: bool = True) -> Iterator[tuple[int, int]]:
    """Yield the places of phone numbers.

    With the code of a country (``+49 …``, ``0049 …``), or in a form that some country
    writes at home, with a space or a sign between the groups. Other groups of digits
    count only after a word such as ``phone``, and none after ``order no.``.

    Parameters
    ----------
    text : str
        The text.
    home : bool, default True
        Look also for numbers without the code of a country.

    Examples
    --------
    >>> texts = ["+49 30 1234567", "(212) 555-0123", "212 555 0123", "1795199007"]
    >>> [text[a:b] for text in texts for a, b in phones(text)]
    ['+49 30 1234567', '(212) 555-0123']
    """
    at = 0
    while found := _PLUS.search(text, at):
        end = _end_abroad(text, found)
        if end:
            yield found.start(), end
        at = end or found.start() + 1
    if home:
        yield from _at_home(text)
        yield from _after_words(text)


def _end_abroad(text: str, found: re.Match[str]) -> int | None:
    start, end = found.span()
    if not begins(text, start) or _BEFORE.search(text, max(0, start - 2), start):
        return None
    said = _TRUNK.sub("   ", found[0])  # what callers from abroad leave out
    zeros = 2 * said.startswith("00")
    digits = only_digits(said)[zeros:]
    country = None if _is_sum(found[0]) else _COUNTRY.match(digits)
    if country is None or (zeros and said.isdecimal()):
        return None
    most = _MOST_DIGITS.get(country[0], _MOST_ABROAD)
    if len(digits) > most:  # the next number in the text is no part of it
        end, digits = start + after(said, 0, most + zeros), digits[:most]
    if text[end : end + 1].isdecimal() or len(digits) < _FEWEST_ABROAD:
        return None
    if country[0] == "1" and not _AMERICAN.fullmatch(digits[1:]):
        return None
    return end


def _is_sum(said: str) -> bool:
    """Return whether it is arithmetic, such as ``+208.07 - 188.67``."""
    return said.count("(") != said.count(")") or ("." in said and "-" in said)


_JOIN = rf"(?: ?[/{DASHES}] ?|[.{SPACES}])"
_HOME = re.compile(
    # 212-555-0123, (212) 555-0123, 1-800-555-0199
    r"(?P<american>(?:1[ .\-])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[.\-/ ])"
    r"[2-9][0-9]{2}[ .\-][0-9]{4})(?![0-9])"
    # (11) 98765-4321, 8 (495) 123-45-67, (030) 1234567
    r"|(?P<round>(?:8 ?)?\([0-9]{2,5}\))[ \-]?"
    rf"[0-9]{{2,8}}(?:{_JOIN}[0-9]{{2,5}}){{0,3}}(?![0-9])"
    # 030 1234567, 0151-12345678, 01 23 45 67 89, 020 7946 0958
    rf"|0[1-9][0-9]{{0,4}}(?:{_JOIN}[0-9]{{2,8}}){{1,5}}(?![0-9])"
)
_FEWEST, _MOST, _FEWEST_SIGNS = 9, 11, 3
# two groups, or a German mobile number, which has 12 digits
_LONG_NUMBER = re.compile(rf"[0-9]{{4,5}}{_JOIN}[0-9]+|01[5-7].*")
_BEHIND = re.compile(rf"[.{DASHES}/][0-9]|[{DASHES}_][A-Za-z0-9]|[A-WYZa-wyz_]")
_NUMBER_BEFORE = re.compile(rf"[0-9][{SPACES}]\Z")
_LAST_GROUP = re.compile(rf"{_JOIN}[0-9]+\Z")
_PAIRS = re.compile(r"0[1-9]([ .\-])[0-9]{2}(?:\1[0-9]{2}){3}")
_NO_PHONE = re.compile(
    r"0[0-9]{4}-[0-9]{4}"  # a ZIP code of New England
    r"|\((?:19|20)[0-9]{2}\).*"  # a year
    r"|0[^.]*\..*"  # 012.345678, and all but five pairs with full stops
)
_DATE = re.compile(r"[0-9]{1,2}([./\-])[0-9]{1,2}\1(?:[0-9]{2}){1,2}(?![0-9])")
_SAYS_OTHER = re.compile(
    r"(?:\b(?:id|isbn|sku|iban|order|invoice|ticket|case|tracking|parcel|shipment"
    r"|ref|reference|booking|confirmation|serial|part|item|product|account|transaction"
    r"|rma|po|policy|claim|contract|zip|bestell\w*|rechnungs?\w*|auftrags?\w*)"
    r"[ _\-]?(?:id|no|nr|num|number|nummer|code)?\.?[\"']?"
    r"\s{0,2}[:#=]?\s{0,2}[\"']?)\Z",
    re.IGNORECASE,
)
_LOOK_BACK = 40


def _at_home(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    while found := _HOME.search(text, at):
        end = _end_at_home(text, found)
        if end:
            yield found.start(), end
        at = end or found.start() + 1


def _end_at_home(text: str, found: re.Match[str]) -> int | None:
    start, end = found.span()
    before = max(0, start - 2)
    if not begins(text, start) or _BEFORE.search(text, before, start):
        return None
    if _SAYS_OTHER.search(text, max(0, start - _LOOK_BACK), start):
        return None
    if found["american"]:
        # 512 768 1024 is three numbers
        spaced = "".join(found[0].split(" ")).isdecimal()
        return None if spaced or _BEHIND.match(text, end) else end
    if _NUMBER_BEFORE.search(text, before, start):
        return None
    said = found[0]
    most = _MOST + bool(found["round"] or _LONG_NUMBER.fullmatch(said))
    while len(only_digits(said)) > most:  # the next number in the text is no part of it
        shorter = _LAST_GROUP.sub("", said)
        if shorter == said or said[len(shorter)] not in SPACES:
            return None
        said = shorter
    end = start + len(said)
    return end if _is_phone(said) and not _goes_on(text, end, said) else None


def _goes_on(text: str, end: int, said: str) -> bool:
    """Return whether more digits or letters belong to what was found."""
    if _PAIRS.fullmatch(said) and re.match(
        f"[{SPACES}][0-9]{{2}}", text[end : end + 3]
    ):
        return True  # 01 02 03 04 05 06 …
    return _BEHIND.match(text, end) is not None


def _is_phone(said: str) -> bool:
    digits = only_digits(said)
    if len(digits) < _FEWEST or len(set(digits)) < _FEWEST_SIGNS:
        return False
    if _PAIRS.fullmatch(said):
        return True
    return not (_NO_PHONE.fullmatch(said) or _DATE.match(said))


_SAYS_PHONE = re.compile(
    r"(?:\b(?:(?:tele|cell)?phone|tel|telefon|tel[eé]fono|t[eé]l[eé]phone|mobile|mobil"
    r"|m[oó]vil|celular|cell|fax|handy|whatsapp|sms|dial"
    r"|(?:call|text|reach|ring) (?:me|us|him|her|them)"
    r"|(?:my|your|our|his|her|their) number)\b|电话|手机|電話|전화)"
    r"[^0-9\n+(]{0,20}\(?\Z",
    re.IGNORECASE,
)
_LOOSE = re.compile(
    r"\(?[1-9][0-9]{0,4}\)?"
    rf"(?:[{SPACES}{DASHES}][0-9]{{2,8}}){{1,4}}(?![0-9]|[.,:{DASHES}][0-9]|[A-Za-z_])"
)
_MOMENT = re.compile(r"(?:19|20)[0-9]{2}[ \-][01]?[0-9][ \-][0-3]?[0-9].*")
_FEWEST_LOOSE = 8


def _after_words(text: str) -> Iterator[tuple[int, int]]:
    """Yield groups of digits behind a word that says that they are a number."""
    for found in _LOOSE.finditer(text):
        start = found.start()
        if not (_is_loose(found[0]) and begins(text, start)):
            continue
        if _SAYS_PHONE.search(text, max(0, start - _LOOK_BACK), start):
            yield found.span()


def _is_loose(said: str) -> bool:
    digits = only_digits(said)
    return (
        _FEWEST_LOOSE <= len(digits) <= _MOST
        and len(set(digits)) >= _FEWEST_SIGNS
        and not digits.endswith("000")
        and not _MOMENT.fullmatch(said)
        and not _DATE.match(said)
    )


_FIELD = re.compile(r"\s*\+?[(0-9][0-9 ()./\-]{5,20}[0-9]\s*")
_FEWEST_IN_FIELD = 7


def is_phone(value: str) -> bool:
    """Return whether the value of a field that is called phone is a number.

    Examples
    --------
    >>> is_phone("2125550123"), is_phone("none")
    (True, False)
    """
    if _FIELD.fullmatch(value) is None:
        return False
    return _FEWEST_IN_FIELD <= len(only_digits(value)) <= _MOST_ABROAD


def one_phone(text: str) -> str:
    """Return a number without what is between its digits.

    Examples
    --------
    >>> one_phone("+49 (0)30 12-34"), one_phone("0049 30 12 34")
    ('+49301234', '+49301234')
    """
    digits = only_digits(_TRUNK.sub("", text))
    if text.lstrip("( ").startswith("+"):
        return f"+{digits}"
    return f"+{digits[2:]}" if digits.startswith("00") else digits
