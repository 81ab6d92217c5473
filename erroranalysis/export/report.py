"""The findings as one HTML file: no script, no network, readable in ten years."""

from __future__ import annotations

import html
import math
import re
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from itertools import groupby
from typing import TYPE_CHECKING, Any

from erroranalysis._version import __version__
from erroranalysis.charts import chart as draw
from erroranalysis.charts import to_svg
from erroranalysis.export.writing import replacing, writable

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import polars as pl

_CHART_WIDTH = 720
_SHORT = 24  # letters: a cell up to here is not broken over lines
_THEMES = ("light", "dark")

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="erroranalysis {version}">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{facts}
{contents}
{sections}
<footer>Written by erroranalysis {version}. Intervals are 95 % intervals.</footer>
</main>
</body>
</html>
"""


@dataclass(frozen=True)
class Section:
    """One part of a report.

    Attributes
    ----------
    title : str
        Its heading; it can be linked to.
    text : str
        What it says, plain text; an empty line begins a paragraph.
    chart : object, optional
        A result that :func:`erroranalysis.chart` draws, or a function that takes
        ``"light"`` or ``"dark"`` and returns an Altair chart.
    table : polars.DataFrame or list of dict, optional
        Rows to show.
    quotes : list of (str, str), optional
        Heading and text; neighbours with the same heading share it.
    """

    title: str
    text: str = ""
    chart: object = None
    table: pl.DataFrame | Sequence[Mapping[str, Any]] | None = None
    quotes: Sequence[tuple[str, str]] | None = None


def write_report(
    path: str | os.PathLike[str],
    *,
    title: str,
    facts: Mapping[str, object],
    sections: Sequence[Section],
) -> Path:
    """Write a report: one HTML file that needs nothing else.

    Parameters
    ----------
    path : str or os.PathLike
        The file; replaced as a whole if it exists.
    title : str
        Heading of the page.
    facts : mapping of str to object
        What it is about, in short: shown under the heading.
    sections : sequence of Section
        What it shows.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    ErrorAnalysisError
        The file cannot be written; what was there before is untouched.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = write_report(
    ...         folder + "/r.html",
    ...         title="Findings",
    ...         facts={"traces": 12},
    ...         sections=[Section("What fails", "Nothing so far.")],
    ...     )
    ...     "<h1>Findings</h1>" in made.read_text("utf-8")
    True
    """
    target = writable(path)
    anchors = _anchors([section.title for section in sections])
    named = list(zip(anchors, sections, strict=True))
    page = _PAGE.format(
        version=__version__,
        title=_escape(title),
        style=resources.files(__package__ or "")
        .joinpath("report.css")
        .read_text("utf-8"),
        facts=_facts(facts),
        contents=_contents(named),
        sections="\n".join(_section(anchor, section) for anchor, section in named),
    )
    with replacing(target) as file:
        file.write(page.encode("utf-8", "replace"))
    return target


def _escape(value: object) -> str:
    return html.escape(str(value).replace("\x00", "\N{REPLACEMENT CHARACTER}"))


def _anchors(titles: Sequence[str]) -> list[str]:
    """Return an id for every heading, none of them twice."""
    found: list[str] = []
    for title in titles:
        plain = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "section"
        anchor, number = plain, 1
        while anchor in found:
            number += 1
            anchor = f"{plain}-{number}"
        found.append(anchor)
    return found


def _facts(facts: Mapping[str, object]) -> str:
    rows = "".join(
        f"<dt>{_escape(name)}</dt><dd>{_escape(value)}</dd>"
        for name, value in facts.items()
    )
    return f'<dl class="facts">{rows}</dl>' if rows else ""


def _contents(named: Sequence[tuple[str, Section]]) -> str:
    if len(named) < 2:  # noqa: PLR2004 - a list of one leads nowhere
        return ""
    items = "".join(
        f'<li><a href="#{anchor}">{_escape(section.title)}</a></li>'
        for anchor, section in named
    )
    return f'<nav aria-label="Contents"><ol>{items}</ol></nav>'


def _section(anchor: str, section: Section) -> str:
    heading = f'<a href="#{anchor}">{_escape(section.title)}</a>'
    parts = [f'<section><h2 id="{anchor}">{heading}</h2>']
    parts += [
        f"<p>{_escape(paragraph.strip())}</p>"
        for paragraph in re.split(r"\n\s*\n", section.text)
        if paragraph.strip()
    ]
    if section.chart is not None:
        parts.append(_figure(section.chart))
    if section.table is not None:
        parts.append(_table(section.table))
    if section.quotes is not None:
        parts.append(_quotes(section.quotes))
    return "\n".join([*parts, "</section>"])


def _figure(chart: object) -> str:
    """Draw a chart for a light and for a dark page; the style sheet shows one."""
    drawn = []
    for name in _THEMES:
        built = (
            chart(name)
            if callable(chart)
            else draw(chart, width=_CHART_WIDTH, theme=name)
        )
        drawn.append(f'<div class="{name}">{_unlike(to_svg(built), name)}</div>')
    return f"<figure>{''.join(drawn)}</figure>"


def _unlike(svg: str, name: str) -> str:
    """Keep the ids of two drawings on one page apart."""
    return re.sub(r'(\bid="|url\(#)', rf"\g<1>{name}-", svg)


def _table(table: pl.DataFrame | Sequence[Mapping[str, Any]]) -> str:
    rows = _rows(table)
    if not rows:
        return "<p>nothing yet</p>"
    names = list(dict.fromkeys(name for row in rows for name in row))
    kinds = {name: _kind([row.get(name) for row in rows]) for name in names}
    head = "".join(
        f'<th scope="col"{kinds[name]}>{_escape(name.replace("_", " "))}</th>'
        for name in names
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td{kinds[n]}>{_escape(_text(row.get(n)))}</td>" for n in names)
        + "</tr>\n"
        for row in rows
    )
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>\n'
        f"<tbody>{body}</tbody></table></div>"
    )


def _rows(table: pl.DataFrame | Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    import polars as pl

    if isinstance(table, pl.DataFrame):
        return list(table.iter_rows(named=True))
    return list(table)


def _kind(values: Sequence[object]) -> str:
    """Return the class of a column: numbers to the right, short words unbroken."""
    known = [value for value in values if value is not None]
    if known and all(
        isinstance(value, int | float) and not isinstance(value, bool)
        for value in known
    ):
        return ' class="number"'
    if all(len(_text(value)) <= _SHORT for value in known):
        return ' class="short"'
    return ""


def _text(value: object) -> str:
    """Write a cell as a reader expects it.

    Examples
    --------
    >>> _text(0.18333), _text(1234), _text(None), _text(["late", "rude"])
    ('0.183', '1,234', '-', 'late, rude')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, int):
        return f"{value:,}" if not isinstance(value, bool) else ("no", "yes")[value]
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    return str(value)


def _quotes(quotes: Sequence[tuple[str, str]]) -> str:
    if not quotes:
        return "<p>nothing yet</p>"
    parts = []
    for heading, group in groupby(quotes, key=lambda quote: quote[0]):
        parts.append(f"<h3>{_escape(heading)}</h3>" if heading else "")
        parts += [f"<blockquote>{_escape(text)}</blockquote>" for _, text in group]
    return "\n".join(parts)
