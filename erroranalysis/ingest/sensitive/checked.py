"""Numbers with check digits: payment cards and bank accounts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from erroranalysis.ingest.sensitive.words import (
    DASHES,
    LETTERS,
    SPACES,
    after,
    begins,
    ends,
    only_digits,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def luhn(digits: str) -> bool:
    """Return whether the last digit is the check digit of ISO/IEC 7812.

    Examples
    --------
    >>> luhn("79927398713"), luhn("79927398710")
    (True, False)
    """
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (1 + place % 2)
        total += number - 9 if number > 9 else number  # noqa: PLR2004 - cross sum
    return total % 10 == 0


# first digits of the issuers, and how many digits their cards have
_ISSUERS: tuple[tuple[re.Pattern[str], tuple[int, ...]], ...] = tuple(
    (re.compile(first), lengths)
    for first, lengths in (
        ("4", (19, 16, 13)),
        ("5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", (16,)),
        ("3[47]", (15,)),
        ("6011|64[4-9]|65|352[89]|35[3-8]|62", (19, 18, 17, 16)),
        ("30[0-5]|3095|36|3[89]", (14,)),
        ("5018|5020|5038|5893|6304|6759|676[1-3]", (19, 18, 16)),
    )
)
_GAP = f"[.{SPACES}{DASHES}]"
_CARD = re.compile(
    rf"(?:[2-6][0-9]{{12,18}}"
    rf"|3[0-9]{{3}}{_GAP}[0-9]{{6}}{_GAP}[0-9]{{4,5}}"
    rf"|[2-6][0-9]{{3}}(?:{_GAP}[0-9]{{4}}){{3}}(?:{_GAP}?[0-9]{{1,3}})?)(?![0-9])"
)
_LONGER = re.compile(rf"(?:[0-9]{{4}}{_GAP}|\.)\Z")
_GOES_ON = re.compile(rf"[{LETTERS}0-9_]|\.[0-9]")
_AS_LONG_AS_A_BAR_CODE = 13
_SAYS_CARD = re.compile(
    r"(?:card|visa|karte|carte|tarjeta)[^0-9]{0,30}\Z", re.IGNORECASE
)


def cards(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places of card numbers: issuer, length and check digit must fit.

    Thirteen digits, as a bar code has them, need a word such as ``card`` before.

    Examples
    --------
    >>> text = "4111 1111 1111 1111, not 4111 1111 1111 1112"
    >>> [text[start:end] for start, end in cards(text)]
    ['4111 1111 1111 1111']
    """
    at = 0
    while found := _CARD.search(text, at):
        start = found.start()
        longer = _LONGER.search(text, max(0, start - 5), start)
        fits = begins(text, start) and not longer
        end = _end_of_card(text, start, found.end()) if fits else None
        if end:
            yield start, end
        at = end or start + 1


def _end_of_card(text: str, start: int, end: int) -> int | None:
    digits = only_digits(text[start:end])
    fitting = (lengths for first, lengths in _ISSUERS if first.match(digits))
    for length in next(fitting, ()):
        if length > len(digits) or not luhn(digits[:length]):
            continue
        if length == _AS_LONG_AS_A_BAR_CODE and not _SAYS_CARD.search(
            text, max(0, start - 40), start
        ):
            continue
        end = after(text, start, length)
        if not _GOES_ON.match(text, end):
            return end
    return None


# ISO 13616: length and countries
_LENGTHS = {
    15: "NO", 16: "BE", 18: "DK FI FK FO GL NL SD", 19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK", 21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HU LB NI PL SV",
    29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
}  # fmt: skip
_LENGTH_OF = {
    country: length
    for length, countries in _LENGTHS.items()
    for country in countries.split()
}
_IBAN = re.compile(rf"[A-Za-z]{{2}}[0-9]{{2}}(?:[{SPACES}\-]?[A-Za-z0-9]){{11,30}}")
_BETWEEN = re.compile(rf"[{SPACES}\-]")
_GROUP = 4


def mod97(iban: str) -> bool:
    """Return whether the check digits of an IBAN are right.

    Examples
    --------
    >>> mod97("GB82WEST12345698765432"), mod97("GB82WEST12345698765433")
    (True, False)
    """
    turned = iban[4:] + iban[:4]
    return int("".join(str(int(sign, 36)) for sign in turned)) % 97 == 1


def ibans(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places of IBANs: country, length and check digits must fit.

    Examples
    --------
    >>> text = "To DE89 3704 0044 0532 0130 00 by Friday"
    >>> [text[start:end] for start, end in ibans(text)]
    ['DE89 3704 0044 0532 0130 00']
    """
    at = 0
    while found := _IBAN.search(text, at):
        start = found.start()
        end = _end_of_iban(text, start) if begins(text, start) else None
        if end:
            yield start, end
        at = end or start + 1


def _end_of_iban(text: str, start: int) -> int | None:
    length = _LENGTH_OF.get(text[start : start + 2].upper())
    if length is None:
        return None
    end = after(text, start, length)
    groups = _BETWEEN.split(text[start:end])
    bare = "".join(groups)
    if len(bare) != length or not (bare.isascii() and bare.isalnum()):
        return None
    if any(len(group) % _GROUP for group in groups[:-1]) or not ends(text, end):
        return None
    return end if mod97(bare) else None


def one_number(text: str) -> str:
    """Return a number without the gaps between its groups.

    Examples
    --------
    >>> one_number("de89 3704-0044")
    'DE8937040044'
    """
    return "".join(filter(str.isalnum, text)).upper()
