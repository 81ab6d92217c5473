"""Where a word begins, in plain text and in JSON alike."""

from __future__ import annotations

import re

# Latin, Greek and Cyrillic; in Chinese and Japanese no space parts words from what we
# look for
LETTERS = "A-Za-z\u00c0-\u024f\u0370-\u052f"
SPACES = " \u00a0\u2009\u202f"
DASHES = "\\-\u2010-\u2013"

_WORD = re.compile(f"[{LETTERS}0-9_]")
_ESCAPE = re.compile(r"\\(?:[bfnrt]|u[0-9a-fA-F]{4})\Z")
_LONGEST_ESCAPE = 6
_OTHERS = re.compile("[^0-9]+")


def begins(text: str, at: int) -> bool:
    r"""Return whether a word may begin here.

    Text is often JSON, in which a line break is written with a letter: the ``n`` of
    ``\n`` belongs to no word.

    Examples
    --------
    >>> begins("a b", 2), begins("ab", 1), begins(r"\nb", 2), begins(r"\nb", 1)
    (True, False, True, False)
    """
    if at == 0:
        return True
    if text[at - 1] == "\\":
        return text[at] not in "bfnrtu"
    if _WORD.match(text, at - 1) is None:
        return True
    return _ESCAPE.search(text, max(0, at - _LONGEST_ESCAPE), at) is not None


def ends(text: str, at: int) -> bool:
    """Return whether no word goes on here."""
    return _WORD.match(text, at) is None


def only_digits(text: str) -> str:
    """Return the digits of a text.

    Examples
    --------
    >>> only_digits("(030) 12-34")
    '0301234'
    """
    return _OTHERS.sub("", text)


def after(text: str, start: int, count: int) -> int:
    """Return the place after so many letters and digits.

    Examples
    --------
    >>> after("a b-c", 0, 2)
    3
    """
    for at in range(start, len(text)):
        count -= text[at].isalnum()
        if not count:
            return at + 1
    return len(text)
