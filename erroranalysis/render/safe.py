"""What may stand in a page, and nothing else."""

from __future__ import annotations

import html
import re

import nh3

TAGS = frozenset((
    "a", "article", "blockquote", "br", "code", "dd", "del", "details", "div", "dl",
    "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "ol", "p",
    "pre", "s", "section", "small", "span", "strong", "summary", "table", "tbody",
    "td", "th", "thead", "tr", "ul",
))  # fmt: skip
ATTRIBUTES: dict[str, set[str]] = {
    "*": {"class", "dir", "title"},
    "a": {"href", "target"},
    "article": {"data-index", "data-role"},
    "details": {"open"},
    "li": {"value"},
    "ol": {"start"},
    "td": {"data-align"},
    "th": {"data-align"},
}
SCHEMES = frozenset({"http", "https", "mailto"})
LINK_REL = "noopener noreferrer nofollow"

# Characters that act without being seen: terminal escapes, and overrides that make
# text read in another order than it is written. Half a surrogate pair cannot be sent.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def sanitised(page: str) -> str:
    """Return a page in which only the allowed tags and attributes are left.

    Examples
    --------
    >>> sanitised("<p onclick='steal()'>Hi<script>steal()</script></p>")
    '<p>Hi</p>'
    """
    return nh3.clean(
        page,
        tags=set(TAGS),
        attributes=ATTRIBUTES,
        url_schemes=set(SCHEMES),
        url_relative="deny",
        link_rel=LINK_REL,
    )


def escaped(text: object) -> str:
    """Return text as HTML that shows it, unseen characters included.

    Examples
    --------
    >>> escaped("<b>" + chr(27) + "[2J")
    '&lt;b&gt;␛[2J'
    """
    return html.escape(visible(str(text)))


def visible(text: str) -> str:
    """Return text with characters that act without being seen made visible.

    Examples
    --------
    >>> visible("pay" + chr(0x202E) + "gpj.exe")
    'pay⟨U+202E⟩gpj.exe'
    """
    return _UNSEEN.sub(_shown, text.replace("\r\n", "\n"))


def _shown(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code == ord("\x7f"):
        return "␡"
    if code <= ord("\x1f"):
        return chr(0x2400 + code)
    return f"⟨U+{code:04X}⟩"


def shortened(text: str, most: int) -> str:
    """Return text on one line, cut where it is longer.

    Examples
    --------
    >>> shortened("one   two three", 8)
    'one two…'
    """
    # only the beginning is looked at: the text may have millions of characters
    line = " ".join(text[: most * 4].split())
    if len(line) <= most:
        return line
    return line[: most - 1].rstrip() + "…"
