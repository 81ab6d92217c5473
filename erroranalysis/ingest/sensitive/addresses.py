"""Addresses of mailboxes and of machines."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from erroranalysis.ingest.sensitive.words import LETTERS, begins, ends

if TYPE_CHECKING:
    from collections.abc import Iterator

_AT = re.compile("@|%40")
_LOCAL = re.compile(rf"[{LETTERS}0-9_](?:[{LETTERS}0-9_.+\-]|'(?=[{LETTERS}]))*\Z")
_LONGEST_LOCAL = 64
_DOMAIN = re.compile(
    rf"(?:[{LETTERS}0-9\-]{{1,63}}\.){{1,8}}"
    rf"(?:[xX][nN]--[A-Za-z0-9\-]{{2,59}}|[{LETTERS}]{{2,24}})"
)
_IMAGE = re.compile(r"[1-4]x\.(?:png|jpe?g|gif|webp|svg)", re.IGNORECASE)
_ESCAPED = re.compile(r"[bfnrt]|u[0-9a-fA-F]{4}")


def emails(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places of email addresses, also of those in an encoded URL.

    Examples
    --------
    >>> text = "Mail jane@example.org."
    >>> [text[start:end] for start, end in emails(text)]
    ['jane@example.org']
    """
    for at in _AT.finditer(text):
        domain = _DOMAIN.match(text, at.end())
        if domain is None or _IMAGE.fullmatch(domain[0]):
            continue
        first = max(0, at.start() - _LONGEST_LOCAL)
        local = _LOCAL.search(text, first, at.start())
        if local is None:
            continue
        start = local.start()
        if start and text[start - 1] == "\\":
            escaped = _ESCAPED.match(text, start)
            start = escaped.end() if escaped else start
        if start < at.start():
            yield start, domain.end()


_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_V4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}(?![0-9]|\.[0-9])")
_NOBODYS = ("0.", "127.", "255.")  # every machine's own, and masks
# what stands before four numbers that are a version or a section, no address
_VERSION = re.compile(
    r"(?:(?i:(?<![A-Za-z])(?:v|ver|versions?|release|build|revision|rev|sections?|sec|chapter"
    r"|clause|paragraph|para|oid)_*[\"']?\.?\s{0,2}[:=]?\s{0,2}[\"']?)"
    r"|[=~<>!]=\s?|[~^]|§\s?|\b[A-Z][A-Za-z]+/|[A-Za-z]-|[0-9]\.)\Z"
)
_LOOK_BACK = 24
_V6_LEFT = re.compile(r"(?:[0-9A-Fa-f]{1,4}:){0,6}[0-9A-Fa-f]{0,4}\Z")
_V6_RIGHT = re.compile(r"[0-9A-Fa-f:]{0,34}(?:(?:\.[0-9]{1,3}){3})?")
_V6_FULL = re.compile(r"[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){7}")
_SHORT_GROUP, _FULL_GROUP, _FEWEST_GROUPS, _FEWEST_COLONS = 2, 4, 3, 7


def ips(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places of IPv4 and IPv6 addresses.

    Four numbers are an address unless a word such as ``version``, a sign such as
    ``==`` or the name of a program (``Chrome/120.0.0.0``) stands before them.
    Addresses that every machine has, such as ``127.0.0.1``, stay.

    Examples
    --------
    >>> [t[a:b] for t in ["1.2.3.4", "v1.2.3.4", "fe80::1"] for a, b in ips(t)]
    ['1.2.3.4', 'fe80::1']
    """
    for start, end in _long(text):
        for stop in (end, start + len(text[start:end].rstrip(":."))):
            if begins(text, start) and ends(text, stop) and _is_v6(text[start:stop]):
                yield start, stop
                break
    at = 0
    while found := _V4.search(text, at):
        start, end = found.span()
        before = max(0, start - _LOOK_BACK)
        good = begins(text, start) and ends(text, end)
        good = good and not text.startswith(_NOBODYS, start)
        if good and not _VERSION.search(text, before, start):
            yield start, end
            at = end
        else:
            at = start + 1


def _long(text: str) -> Iterator[tuple[int, int]]:
    """Yield what may be an IPv6 address: with two colons side by side, or whole."""
    at = text.find("::")
    while at >= 0:
        left = _V6_LEFT.search(text, max(0, at - 34), at)
        right = _V6_RIGHT.match(text, at + 2)
        start = left.start() if left else at
        end = right.end() if right else at + 2
        if not start or text[start - 1] not in ":.":
            yield start, end
        at = text.find("::", max(end, at + 2))
    if text.count(":") >= _FEWEST_COLONS:
        yield from (found.span() for found in _V6_FULL.finditer(text))


def _is_v6(text: str) -> bool:
    groups = [group for group in text.split(":") if group]
    if not groups:
        return False
    few = len(groups) < _FEWEST_GROUPS
    if few and (len(groups[0]) != _FULL_GROUP or text.endswith("::")):
        return False  # ::1 is everybody's own, 1::2 is Python
    if all(len(group) <= _SHORT_GROUP for group in groups):
        return False  # times
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return any(sign.isdigit() for sign in text)


def one_ip(text: str) -> str:
    """Return an address in its shortest spelling.

    Examples
    --------
    >>> one_ip("2001:DB8:0:0::1")
    '2001:db8::1'
    """
    return str(ipaddress.ip_address(text))
