"""Blocks: what a function for ``custom=`` can return instead of HTML.

A block is a dict, or a dataclass of the same fields, with its ``kind``:

========== ==================================== =====================================
kind       needs                                may have
========== ==================================== =====================================
text       text                                 title
markdown   text                                 title
code       text                                 language, title
json       value                                title
table      rows: dicts, or lists                columns, title
card       title                                text, fields (a dict), tone, blocks
email      text                                 from, to, cc, date, subject
image      src: a ``data:`` URL of an image     alt, title
audio      src: a ``data:`` URL of a recording  title
html       html                                 title
========== ==================================== =====================================

``tone`` is good, bad or warn. Plain text among blocks is read as HTML. All of it is
sanitised: no style, no script, nothing is loaded from elsewhere.

>>> def ticket(trace):
...     return [
...         {"kind": "card", "title": "Refund", "fields": {"amount": 25}},
...         {"kind": "email", "from": "mira@example.org", "text": trace.output},
...     ]
>>> from erroranalysis.records import Trace
>>> trace = Trace("t1", [{"role": "assistant", "content": "Where is my money?"}])
>>> "Where is my money?" in rendered(ticket(trace))
True
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from erroranalysis.errors import UnknownNameError
from erroranalysis.render.budget import Budget
from erroranalysis.render.markdown import code, markdown, plain
from erroranalysis.render.media import medium, typed
from erroranalysis.render.safe import escaped, fragment, shortened
from erroranalysis.render.values import as_json, as_text

LONGEST_HTML, LONGEST_BLOCK, MOST_ROWS, MOST_BLOCKS = 300_000, 50_000, 200, 100
MEDIA = 1_000_000
_DEEPEST = 4
_TONES = ("good", "bad", "warn")
Block = Mapping[str, Any]


def rendered(given: object) -> str:
    """Return HTML, a block or a list of blocks as HTML that can stand in a page.

    Raises
    ------
    TypeError
        It is none of these.
    ValueError
        A block has no ``kind``, lacks a field, or is too large.
    UnknownNameError
        There is no such kind.

    Examples
    --------
    >>> rendered("<p onclick='x()'>Hi</p>")
    '<p>Hi</p>'
    >>> rendered({"kind": "text", "text": "1 < 2"})
    '<div class="ea-block"><div class="ea-plain" dir="auto">1 &lt; 2</div></div>'
    >>> rendered({"kind": "text"})
    Traceback (most recent call last):
    ValueError: A block of kind 'text' needs 'text'. It has: kind.
    """
    return _Blocks().any(given, 0)


class _Blocks:
    """Blocks on their way to HTML, and how much of them still fits."""

    def __init__(self) -> None:
        self.left = LONGEST_HTML
        self.media = MEDIA

    def any(self, given: object, depth: int) -> str:
        if isinstance(given, str):
            if len(given) > self.left:
                raise ValueError(
                    f"{len(given):,} characters of HTML; at most {LONGEST_HTML:,} fit."
                    " Show less, the whole conversation stands below."
                )
            self.left -= len(given)
            return fragment(given)
        if isinstance(given, Mapping) or _is_record(given):
            return self.block(_fields(given), depth)
        if isinstance(given, Iterable) and not isinstance(given, bytes):
            items = list(given)
            if len(items) > MOST_BLOCKS:
                raise ValueError(f"{len(items):,} blocks; at most {MOST_BLOCKS} fit.")
            return "".join(self.any(item, depth) for item in items)
        raise TypeError(
            f"It returned {type(given).__name__}; return HTML as text, a block such as"
            ' {"kind": "markdown", "text": …}, or a list of blocks.'
        )

    def block(self, block: Block, depth: int) -> str:
        kind = block.get("kind")
        if kind is None:
            raise ValueError(f"A block needs 'kind': one of {', '.join(_KINDS)}.")
        if kind not in _KINDS:
            raise UnknownNameError.among("kind of block", str(kind), _KINDS)
        needed, show = _KINDS[kind]
        if block.get(needed) is None and needed not in block:
            has = ", ".join(map(str, block))
            raise ValueError(
                f"A block of kind {kind!r} needs {needed!r}. It has: {has}."
            )
        if depth > _DEEPEST:
            raise ValueError(f"Blocks are nested more than {_DEEPEST} deep.")
        inner = show(self, block, depth)
        title = block.get("title")
        if title and kind != "card":
            inner = _title(title) + inner
        css = "ea-block"
        if kind in ("card", "email"):
            tone = block.get("tone")
            css += f" ea-{kind}" + (f" ea-{tone}" if tone in _TONES else "")
        return f'<div class="{css}">{inner}</div>'

    def cut(self, value: object) -> tuple[str, str]:
        most = max(min(self.left, LONGEST_BLOCK), 200)
        text = as_text(value) if value is None or isinstance(value, str) else str(value)
        self.left -= min(len(text), most)
        if len(text) <= most:
            return text, ""
        return text[:most], (
            f'<p class="ea-note">{len(text) - most:,} more characters are left out'
            " here.</p>"
        )

    def text(self, block: Block, _depth: int) -> str:
        shown, rest = self.cut(block["text"])
        return plain(shown) + rest

    def markdown(self, block: Block, _depth: int) -> str:
        shown, rest = self.cut(block["text"])
        return markdown(shown) + rest

    def code(self, block: Block, _depth: int) -> str:
        shown, rest = self.cut(block["text"])
        return code(shown, str(block.get("language") or "")) + rest

    def json(self, block: Block, _depth: int) -> str:
        value = block["value"]
        if isinstance(value, str):
            return Budget(longest=LONGEST_BLOCK).data(value)
        shown, rest = self.cut(as_json(value, LONGEST_BLOCK))
        return code(shown, "json") + rest

    def table(self, block: Block, _depth: int) -> str:
        rows = block["rows"]
        if hasattr(rows, "iter_rows"):  # of polars
            rows = rows.iter_rows(named=True)
        elif hasattr(rows, "to_dict"):  # of pandas
            rows = rows.to_dict("records")
        rows = [_fields(row) if _is_record(row) else row for row in rows]
        names = block.get("columns")
        if names is None:
            keys = (key for row in rows if isinstance(row, Mapping) for key in row)
            names = list(dict.fromkeys(keys))
        head = "".join(f"<th>{self.cell(name)}</th>" for name in names)
        body = ""
        for row in rows[:MOST_ROWS]:
            cells = [row.get(n) for n in names] if isinstance(row, Mapping) else row
            if isinstance(cells, str) or not isinstance(cells, Iterable):
                cells = [cells]
            body += "<tr>" + "".join(_td(self.cell(c), c) for c in cells) + "</tr>"
        more = ""
        if len(rows) > MOST_ROWS:
            left = len(rows) - MOST_ROWS
            more = f'<p class="ea-note">{left:,} more rows are left out here.</p>'
        head = f"<thead><tr>{head}</tr></thead>" if head else ""
        return f"<table>{head}<tbody>{body}</tbody></table>{more}"

    def cell(self, value: object) -> str:
        is_data = isinstance(value, Mapping | list)
        return escaped(self.cut(as_json(value, 2_000) if is_data else value)[0])

    def card(self, block: Block, depth: int) -> str:
        out = _title(block["title"])
        if block.get("text"):
            out += self.markdown(block, depth)
        if block.get("fields"):
            out += self.fields(block["fields"])
        return out + (
            self.any(block["blocks"], depth + 1) if block.get("blocks") else ""
        )

    def fields(self, given: Mapping[str, Any]) -> str:
        pairs = list(given.items())[:MOST_ROWS]
        inner = "".join(
            f"<dt>{escaped(shortened(str(name), 80))}</dt><dd>{self.cell(value)}</dd>"
            for name, value in pairs
        )
        return f'<dl class="ea-fields">{inner}</dl>'

    def email(self, block: Block, depth: int) -> str:
        names = ("from", "to", "cc", "date", "subject")
        given = {
            name: ", ".join(map(str, v)) if isinstance(v := block[name], list) else v
            for name in names
            if block.get(name)
        }
        return (self.fields(given) if given else "") + self.text(block, depth)

    def medium(self, block: Block, _depth: int) -> str:
        ref = block["src"]
        kind = typed(ref)[0].partition("/")[0] if isinstance(ref, str) else ""
        item = {"type": kind or block["kind"], "ref": ref, "name": block.get("alt")}
        shown, cost = medium(item, "too large for a custom view", self.media)
        self.media -= cost
        return shown

    def html(self, block: Block, depth: int) -> str:
        return self.any(str(block["html"]), depth)


_KINDS: dict[str, tuple[str, Callable[[_Blocks, Block, int], str]]] = {
    "text": ("text", _Blocks.text),
    "markdown": ("text", _Blocks.markdown),
    "code": ("text", _Blocks.code),
    "json": ("value", _Blocks.json),
    "table": ("rows", _Blocks.table),
    "card": ("title", _Blocks.card),
    "email": ("text", _Blocks.email),
    "image": ("src", _Blocks.medium),
    "audio": ("src", _Blocks.medium),
    "html": ("html", _Blocks.html),
}


def _title(title: object) -> str:
    return f'<div class="ea-title">{escaped(shortened(str(title), 200))}</div>'


def _td(inner: str, value: object) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f'<td data-align="right">{inner}</td>' if is_number else f"<td>{inner}</td>"


def _is_record(given: object) -> bool:
    return dataclasses.is_dataclass(given) and not isinstance(given, type)


def _fields(given: object) -> dict[str, Any]:
    """Return the fields of a block; ``from_`` is ``from``, which Python keeps."""
    if isinstance(given, Mapping):
        return dict(given)
    names = [field.name for field in dataclasses.fields(given)]  # type: ignore[arg-type]
    return {name.rstrip("_"): getattr(given, name) for name in names}
