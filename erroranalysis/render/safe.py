"""What may stand in a page, and nothing else."""

from __future__ import annotations

import html
import re

import nh3

from erroranalysis.render.unseen import visible

__all__ = [
    "ATTRIBUTES",
    "LINK_REL",
    "SCHEMES",
    "TAGS",
    "escaped",
    "fragment",
    "media_type",
    "sanitised",
    "shortened",
    "visible",
]

TAGS = frozenset((
    "a", "article", "audio", "blockquote", "br", "code", "dd", "del", "details", "div",
    "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "img", "li",
    "nav", "ol", "p", "pre", "s", "section", "small", "span", "strong", "summary",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
))  # fmt: skip
ATTRIBUTES: dict[str, set[str]] = {
    "*": {"class", "dir", "title"},
    "a": {"href", "target"},
    "article": {"data-answer", "data-index", "data-role", "data-span"},
    "audio": {"controls", "src"},
    "details": {"open"},
    "div": {"data-from", "data-to", "role", "tabindex"},
    "img": {"alt", "src"},
    "li": {"data-messages", "data-span", "value"},
    "nav": {"aria-label"},
    "ol": {"start"},
    "td": {"data-align"},
    "th": {"data-align"},
}
SCHEMES = frozenset({"http", "https", "mailto"})
LINK_REL = "noopener noreferrer nofollow"

# The pictures and recordings that a page may hold. No SVG: it can hold script.
_MEDIA = re.compile(
    r"data:(image/(?:png|jpeg|gif|webp)|audio/(?:wav|mpeg|ogg|mp4|webm));base64,"
)
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_LINK = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
# HTML from elsewhere may use what writing needs, and these colours.
_PLAIN_TAGS = TAGS - {"article", "nav", "section", "header"} | {
    "b", "caption", "i", "mark", "q", "sub", "sup", "tfoot", "u", "kbd",
}  # fmt: skip
_PLAIN_ATTRIBUTES = {
    "*": {"class", "dir", "title"},
    "a": {"href"},
    "audio": {"controls", "src"},
    "details": {"open"},
    "img": {"alt", "src"},
    "li": {"value"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
_COLOURS = {"ea-good", "ea-bad", "ea-warn", "ea-note"}


def sanitised(page: str) -> str:
    """Return a page in which only the allowed tags and attributes are left.

    Examples
    --------
    >>> sanitised("<p onclick='steal()'>Hi<script>steal()</script></p>")
    '<p>Hi</p>'
    >>> sanitised("<img alt='a' src='https://evil.example/a.png'>")
    '<img alt="a">'
    """
    # asking about every attribute takes its time; without media nothing needs it
    has_media = "src=" in page
    return visible(
        nh3.clean(
            page,
            tags=_ALL_TAGS,
            attributes=_WITH_MEDIA if has_media else _WITHOUT_MEDIA,
            attribute_filter=_kept if has_media else None,
            url_schemes={*SCHEMES, "data"} if has_media else set(SCHEMES),
            url_relative="deny",
            link_rel=LINK_REL,
        )
    )


_ALL_TAGS = set(TAGS | _PLAIN_TAGS)
_CELL = ATTRIBUTES["td"] | _PLAIN_ATTRIBUTES["td"]
_WITH_MEDIA = {**ATTRIBUTES, "td": _CELL, "th": _CELL}
_WITHOUT_MEDIA = {tag: names - {"src"} for tag, names in _WITH_MEDIA.items()}


def fragment(markup: str) -> str:
    """Return HTML from elsewhere, in which nothing can pass for a part of the page.

    It keeps no attribute by which the page finds its messages and steps, and of the
    classes only ``ea-good``, ``ea-bad``, ``ea-warn`` and ``ea-note``.

    Examples
    --------
    >>> fragment("<article data-index='0'><b class='ea-bad x'>Late</b></article>")
    '<b class="ea-bad">Late</b>'
    """
    return nh3.clean(
        markup,
        tags=set(_PLAIN_TAGS),
        attributes=_PLAIN_ATTRIBUTES,
        attribute_filter=_kept_of_others,
        url_schemes={*SCHEMES, "data"},
        url_relative="deny",
        link_rel=LINK_REL,
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def _kept(_tag: str, name: str, value: str) -> str | None:
    """Return the value that an attribute may have, or None."""
    if name == "src":
        return value if media_type(value) else None
    if name == "href":
        return value if _LINK.match(value) else None
    return value


def _kept_of_others(tag: str, name: str, value: str) -> str | None:
    if name == "class":
        return " ".join(sorted(_COLOURS.intersection(value.split()))) or None
    return _kept(tag, name, value)


def media_type(url: object) -> str | None:
    """Return the type of a picture or recording that an address holds, or None.

    Examples
    --------
    >>> media_type("data:image/png;base64,iVBORw0KGgo=")
    'image/png'
    >>> (
    ...     media_type("data:image/svg+xml;base64,PHN2Zy8+"),
    ...     media_type("https://a.example"),
    ... )
    (None, None)
    """
    found = _MEDIA.match(url) if isinstance(url, str) else None
    if found is None or not _BASE64.fullmatch(str(url), found.end()):
        return None
    return found[1]


def escaped(text: object) -> str:
    """Return text as HTML that shows it, unseen characters included.

    Examples
    --------
    >>> escaped("<b>" + chr(27) + "[2J")
    '&lt;b&gt;␛[2J'
    """
    return html.escape(visible(str(text)))


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
