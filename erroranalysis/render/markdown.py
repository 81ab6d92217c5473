"""Markdown and code as HTML, without anything that loads, runs or misleads."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from erroranalysis.render.safe import SCHEMES, escaped, shortened, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# Longer text is a document or a dump; it is shown as it is written, and at once.
LONGEST_MARKDOWN = 30_000
LONGEST_COLOURED = 20_000
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
    try:
        return str(_parser().render(visible(text)))
    except RecursionError:  # brackets or quotes nested a thousand deep
        return plain(text)


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
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return ""
    return highlight(visible(text), lexer, HtmlFormatter(nowrap=True)).rstrip("\n")


@functools.cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "breaks": True})
    parser.enable(["table", "strikethrough"])
    # every address comes to the rules below, which show where it leads
    setattr(parser, "validateLink", lambda _: True)  # noqa: B010 - a method to mypy
    for name, rule in (
        ("image", _image),
        ("link_open", _link_open),
        ("link_close", _link_close),
        ("fence", _fence),
        ("code_block", _fence),
        ("th_open", _cell),
        ("td_open", _cell),
    ):
        parser.add_render_rule(name, rule)
    return parser


def _image(
    self: object, tokens: Sequence[Token], place: int, options: object, env: object
) -> str:
    """Show what an image is called and where it lies: loading it tells the sender."""
    del self, options, env
    token = tokens[place]
    alt = shortened(token.content or "image", 200)
    source = shortened(str(token.attrGet("src") or ""), 200)
    return (
        '<span class="ea-image" title="Images are not loaded">'
        f"[image: {escaped(alt)}] <code>{escaped(source)}</code></span>"
    )


def _link_open(
    self: object,
    tokens: Sequence[Token],
    place: int,
    options: object,
    env: dict[str, list[str]],
) -> str:
    del self, options
    url = str(tokens[place].attrGet("href") or "")
    opening, closing = _link(url, _label(tokens, place))
    env.setdefault(_LINK_CLOSINGS, []).append(closing)
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


def _label(tokens: Sequence[Token], place: int) -> str:
    label = []
    for token in tokens[place + 1 :]:
        if token.type == "link_close":
            break
        label.append(token.content)
    return "".join(label)


def _link(url: str, label: str) -> tuple[str, str]:
    """Return what stands before and after the words of a link."""
    try:
        parts = urlsplit(url)
        where = parts.hostname or ""
    except ValueError:
        return "", f" <code>({escaped(shortened(url, 200))})</code>"
    if parts.scheme == "mailto":
        where = shortened(parts.path, 80)
    if parts.scheme not in SCHEMES or not where:
        # a relative address would lead into the notebook server itself
        return "", f" <code>({escaped(shortened(url, 200))})</code>"
    opening = f'<a href="{escaped(url)}" title="{escaped(url)}" target="_blank">'
    if label in (url, where):
        return opening, "</a>"
    return opening, f'</a> <small class="ea-host">({escaped(where)})</small>'


def _fence(
    self: object, tokens: Sequence[Token], place: int, options: object, env: object
) -> str:
    del self, options, env
    words = tokens[place].info.split()
    return code(tokens[place].content.rstrip("\n"), words[0] if words else "") + "\n"


def _cell(
    self: object, tokens: Sequence[Token], place: int, options: object, env: object
) -> str:
    """Say the alignment of a cell without a style attribute."""
    del self, options, env
    token = tokens[place]
    side = str(token.attrGet("style") or "").removeprefix("text-align:")
    return f'<{token.tag} data-align="{side}">' if side else f"<{token.tag}>"
