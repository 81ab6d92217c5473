"""Markdown and code as HTML, without anything that loads, runs or misleads.

Markdown swallows text: cells beyond the header of a table, what is nested too deep,
titles, definitions of links. A reader who judges a trace must see all of it, so what
comes out is compared with what went in, and shown as written where a letter is missing.
"""

from __future__ import annotations

import functools
import html
import re
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from erroranalysis.render.safe import SCHEMES, escaped, shortened, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it import MarkdownIt
    from markdown_it.token import Token
    from pygments.formatters import HtmlFormatter
    from pygments.lexer import Lexer

# Longer text is a document or a dump; it is shown as it is written, and at once.
LONGEST_MARKDOWN = 30_000
LONGEST_COLOURED = 20_000
_PLACEHOLDER = re.compile(r"[a-z][a-z0-9_-]*:[0-9a-f]{8}")
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
# Not in the text: where a link leads, and that something is an image.
_ADDED = re.compile(r'<small class="ea-host">.*?</small>')
_TAG = re.compile(r"<[^>]*>")
_SHOWN_BY_TAG = re.compile(r' (?:title|value)="([^"]*)"')
_LINK_CLOSINGS = "ea_closings"


def markdown(text: str) -> str:
    """Return markdown as HTML.

    Examples
    --------
    >>> markdown("Two **beds**").strip()
    '<p>Two <strong>beds</strong></p>'
    >>> "<img" in markdown("![a cat](https://example.org/cat.png)")
    False
    """
    if len(text) > LONGEST_MARKDOWN:
        return plain(text)
    text = visible(text)
    try:
        shown = str(_parser().render(text))
    except RecursionError:  # brackets or quotes nested a thousand deep
        return plain(text)
    # an entity may stand for a character that acts unseen
    return visible(shown) if _complete(text, shown) else plain(text)


def _complete(text: str, shown: str) -> bool:
    """Say whether every letter and digit of a text is still there to be read."""
    shown = _ADDED.sub("", shown)
    seen = _TAG.sub("", shown) + "".join(_SHOWN_BY_TAG.findall(shown))
    return not _letters(text) - _letters(seen)


def _letters(text: str) -> Counter[str]:
    # addresses come out percent-encoded, and entities as what they stand for
    return Counter(filter(str.isalnum, unquote(html.unescape(text))))


def plain(text: str) -> str:
    """Return text as it is written.

    Examples
    --------
    >>> plain("1 < 2")
    '<div class="ea-plain" dir="auto">1 &lt; 2</div>'
    """
    return f'<div class="ea-plain" dir="auto">{escaped(text)}</div>'


def code(text: str, language: str = "") -> str:
    """Return code, coloured where the language is known and it is not too long.

    Examples
    --------
    >>> code("1 < 2")
    '<pre class="ea-code"><code>1 &lt; 2</code></pre>'
    """
    inner = _coloured(text, language) or escaped(text)
    return f'<pre class="ea-code"><code>{inner}</code></pre>'


def _coloured(text: str, language: str) -> str:
    if not language or len(text) > LONGEST_COLOURED:
        return ""
    lexer = _lexer(language)
    if lexer is None:
        return ""
    from pygments import highlight

    return highlight(visible(text), lexer, _formatter()).rstrip("\n")


@functools.cache
def _formatter() -> HtmlFormatter[str]:
    from pygments.formatters import HtmlFormatter

    return HtmlFormatter(nowrap=True)


@functools.lru_cache(maxsize=64)
def _lexer(language: str) -> Lexer | None:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return None


@functools.cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "breaks": True})
    # beyond its nesting markdown-it swallows the rest; beyond ours Python raises
    parser.options["maxNesting"] = 1_000_000
    # a definition of a link is not shown, whatever it says
    parser.disable("reference")
    parser.enable(["table", "strikethrough"])
    # every address comes to the rules below, which show where it leads
    # but for our own placeholders: <email:3f2a9c81> is no address
    setattr(  # noqa: B010 - a method to mypy
        parser, "validateLink", lambda url: not _PLACEHOLDER.fullmatch(url)
    )
    for name, rule in (
        ("image", _image),
        ("link_open", _link_open),
        ("link_close", _link_close),
        ("fence", _fence),
        ("code_block", _fence),
        ("th_open", _cell),
        ("td_open", _cell),
        ("list_item_open", _list_item),
    ):
        parser.add_render_rule(name, rule)
    return parser


def _image(
    self: object, tokens: Sequence[Token], place: int, options: object, env: object
) -> str:
    """Show what an image is called and where it lies: loading it tells the sender."""
    del self, options, env
    token = tokens[place]
    alt, source = token.content, shortened(str(token.attrGet("src") or ""), 200)
    return (
        '<span class="ea-image"><small class="ea-host">image, not loaded:</small>'
        f" {escaped(alt)} <code>{escaped(source)}</code>{_title(token)}</span>"
    )


def _link_open(
    self: object,
    tokens: Sequence[Token],
    place: int,
    options: object,
    env: dict[str, list[str]],
) -> str:
    del self, options
    token = tokens[place]
    url = str(token.attrGet("href") or "")
    opening, closing = _link(url, _label(tokens, place))
    env.setdefault(_LINK_CLOSINGS, []).append(closing + _title(token))
    return opening


def _link_close(
    self: object,
    tokens: Sequence[Token],
    place: int,
    options: object,
    env: dict[str, list[str]],
) -> str:
    del self, tokens, place, options
    return env[_LINK_CLOSINGS].pop()


def _title(token: Token) -> str:
    title = str(token.attrGet("title") or "")
    return f" <small>“{escaped(title)}”</small>" if title else ""


def _label(tokens: Sequence[Token], place: int) -> str:
    label = []
    for token in tokens[place + 1 :]:
        if token.type == "link_close":
            break
        label.append(token.content)
    return "".join(label)


def _link(url: str, label: str) -> tuple[str, str]:
    """Return what stands before and after the words of a link."""
    where = _leads_to(url)
    if not where:
        return "", f" <code>({escaped(shortened(url, 200))})</code>"
    opening = f'<a href="{escaped(url)}" title="{escaped(url)}" target="_blank">'
    if label in (url, where):
        return opening, "</a>"
    return opening, f'</a> <small class="ea-host">({escaped(where)})</small>'


def _leads_to(url: str) -> str:
    """Return the host or mailbox of an address, or nothing where it may not be one.

    A relative address has no host: it would lead into the notebook server itself.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return ""
    if parts.scheme == "mailto":
        return shortened(parts.path, 80)
    host = parts.hostname or ""
    return host if parts.scheme in SCHEMES and _HOST.fullmatch(host) else ""


def _fence(
    self: object, tokens: Sequence[Token], place: int, options: object, env: object
) -> str:
    del self, options, env
    info = tokens[place].info.strip()
    label = f'<small class="ea-lang">{escaped(info)}</small>' if info else ""
    language = info.split()[0] if info else ""
    return f"{label}{code(tokens[place].content.rstrip(chr(10)), language)}\n"


def _list_item(
    self: object, tokens: Sequence[Token], place: int, options: object, env: object
) -> str:
    """Keep the number that was written; a list would count by itself."""
    del self, options, env
    number = tokens[place].info
    return f'<li value="{int(number)}">' if number.isdecimal() else "<li>"


def _cell(
    self: object, tokens: Sequence[Token], place: int, options: object, env: object
) -> str:
    """Say the alignment of a cell without a style attribute."""
    del self, options, env
    token = tokens[place]
    side = str(token.attrGet("style") or "").removeprefix("text-align:")
    return f'<{token.tag} data-align="{side}">' if side else f"<{token.tag}>"
