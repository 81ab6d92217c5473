"""A rendered page, read back and held to what may stand in it."""

from __future__ import annotations

import re
import unicodedata
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from erroranalysis.records import Trace
from erroranalysis.render import render_trace

# Written out here on purpose, apart from the list in the package.
TAGS = {
    "a", "article", "audio", "blockquote", "br", "code", "dd", "del", "details", "div",
    "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "img", "li",
    "nav", "ol", "p", "pre", "s", "section", "small", "span", "strong", "summary",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
# HTML of a user's own function may have these as well.
CUSTOM_TAGS = {"b", "caption", "i", "kbd", "mark", "q", "sub", "sup", "tfoot", "u"}
ATTRIBUTES = {
    "class", "data-align", "dir", "href", "open", "rel", "start", "target", "title",
    "value", "colspan", "rowspan", "alt", "src", "controls",
    "data-answer", "data-from", "data-index", "data-messages", "data-role", "data-span",
    "data-to", "aria-label", "role", "tabindex",
}  # fmt: skip
MEDIA = re.compile(
    r"data:(image/(png|jpeg|gif|webp)|audio/(wav|mpeg|ogg|mp4|webm));base64,"
    r"[A-Za-z0-9+/]+={0,2}"
)
# What a value has to be, where a page acts on it.
VALUES = {
    "aria-label": "Steps",
    "class": r"[\w-]*( [\w-]+)*",
    "data-answer": "true",
    "data-from": r"\d+",
    "data-index": r"\d+",
    "data-messages": r"\d+( \d+)*",
    "data-to": r"\d+",
    "dir": "auto",
    "role": "button",
    "tabindex": "0",
}
VOID = ("br", "hr", "img")
BLANKS = {0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0}


class Page(HTMLParser):
    """What a page holds: its tags with their attributes, and its visible text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.articles: list[dict[str, str | None]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "article":
            self.articles.append(dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data[:80]}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl[:80]}")

    handle_pi = unknown_decl = handle_decl

    def named(self, tag: str, **given: str) -> list[dict[str, Any]]:
        """Return the attributes of the tags of a name, and of a class where given."""
        css = given.get("css")
        return [
            attributes
            for name, attributes in self.tags
            if name == tag
            and (not css or css in (attributes.get("class") or "").split())
        ]


def held(rendered: str, *, custom: bool = False) -> Page:
    """Read a page, and hold it to what is allowed."""
    page = Page(rendered)
    assert page.open == []
    for tag, attributes in page.tags:
        assert tag in TAGS | (CUSTOM_TAGS if custom else set())
        assert set(attributes) <= ATTRIBUTES, (tag, attributes)
        if "href" in attributes:
            scheme = urlsplit(attributes["href"] or "").scheme
            assert tag == "a"
            assert scheme in {"http", "https", "mailto"}
        if tag == "a":
            assert attributes["target"] == "_blank"
            assert attributes["rel"] == "noopener noreferrer nofollow"
        if "src" in attributes:
            assert tag in ("img", "audio")
            assert MEDIA.fullmatch(attributes["src"] or "")
        for name, shape in VALUES.items():
            if name in attributes and not (custom and name == "dir"):
                assert re.fullmatch(shape, attributes[name] or ""), (name, attributes)
    return page


def unseen(text: str) -> set[str]:
    """Return the characters of a text that act without being seen."""
    return {
        f"U+{ord(c):04X}"
        for c in set(text) - {"\n", "\t"}
        if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")
        or 0xFE00 <= ord(c) <= 0xFE0F
        or 0xE0000 <= ord(c) <= 0xE0FFF
        or ord(c) in BLANKS
    }


def show(trace: Trace, **options: Any) -> Page:
    """Render a trace, and hold the page to what is allowed."""
    return held(render_trace(trace, **options), custom="custom" in options)


def said(text: str, role: str = "assistant") -> Trace:
    return Trace("t1", [{"role": role, "content": text}])


def css_classes(page: Page) -> set[str]:
    return {name for _, a in page.tags for name in (a.get("class") or "").split()}
