"""What a user's own function shows above the conversation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import polars as pl
import pytest
from pages import Page, css_classes, show

from erroranalysis.records import Trace

TALK = Trace(
    "t1",
    [{"role": "user", "content": "Refund?"}, {"role": "assistant", "content": "No."}],
    metadata={"amount": 25},
)


def shown(given: Any) -> Page:
    return show(TALK, custom=lambda _trace: given)


def test_html_stands_above_the_folded_conversation() -> None:
    page = show(TALK, custom=lambda trace: f"<h3>{trace.metadata['amount']} EUR</h3>")
    names = [a.get("class") or tag for tag, a in page.tags]
    assert names.index("ea-custom") < names.index("ea-fold ea-whole")
    (whole,) = page.named("details", css="ea-whole")
    assert "open" not in whole
    assert "25 EUR" in page.text
    assert len(page.articles) == 2


def test_html_is_sanitised_and_cannot_pass_for_the_page() -> None:
    page = shown(
        "<style>*{}</style><script>x</script><img src=https://a.example/b.png>"
        "<article data-index=7 data-role=user>forged</article>"
        "<b class='ea-bad ea-message jp-x' style='color:red' id=x>late</b>"
        "<a href=https://a.example>there</a></section></div>"
    )
    assert [a["data-index"] for a in page.articles] == ["0", "1"]
    assert page.named("b") == [{"class": "ea-bad"}]
    assert page.named("img") == [{}]
    assert page.named("a")[0]["target"] == "_blank"
    assert "forged" in page.text


@pytest.mark.parametrize(
    ("block", "tag", "text"),
    [
        ({"kind": "text", "text": "1 < 2"}, "div", "1 < 2"),
        ({"kind": "markdown", "text": "**two**"}, "strong", "two"),
        ({"kind": "code", "text": "x = 1", "language": "python"}, "pre", "x = 1"),
        ({"kind": "json", "value": {"a": [1]}}, "pre", '"a": ['),
        ({"kind": "json", "value": '{"a":[1]}'}, "pre", '"a": ['),
        ({"kind": "table", "rows": [{"room": "twin", "eur": 95}]}, "th", "roomeur"),
        ({"kind": "table", "rows": [[1, 2]], "columns": ["a", "b"]}, "td", "12"),
        ({"kind": "table", "rows": pl.DataFrame({"a": [1]})}, "td", "1"),
        ({"kind": "table", "rows": pd.DataFrame({"a": [1]})}, "td", "1"),
        ({"kind": "card", "title": "Refund", "fields": {"to": "Mira"}}, "dt", "Mira"),
        ({"kind": "card", "title": "x", "blocks": ["<hr>"]}, "hr", "x"),
        (
            {"kind": "email", "from": "a@b", "to": ["c", "d"], "text": "Hi"},
            "dd",
            "c, d",
        ),
        ({"kind": "image", "src": "data:image/png;base64,AAAA"}, "img", "image/png"),
        ({"kind": "audio", "src": "data:audio/wav;base64,AAAA"}, "audio", "audio/wav"),
        ({"kind": "html", "html": "<q>yes</q>"}, "q", "yes"),
        ({"kind": "text", "text": "x", "title": "Above"}, "div", "Above"),
        ({"kind": "text", "text": None}, "div", ""),
    ],
)
def test_blocks(block: dict[str, Any], tag: str, text: str) -> None:
    page = shown([block])
    assert page.named(tag)
    assert text in page.text
    assert "ea-error" not in css_classes(page)


def test_a_dataclass_is_a_block() -> None:
    @dataclass
    class Email:
        text: str
        from_: str
        kind: str = "email"

    page = shown([Email("Hello", "mira@example.org")])
    assert "frommira@example.org" in page.text


def test_an_error_shows_its_line_and_the_conversation_stays_open() -> None:
    def view(trace: Trace) -> str:
        return str(trace.metadata["missing"])

    page = show(TALK, custom=view)
    assert "view(trace) could not show this trace. KeyError: 'missing'" in page.text
    line = view.__code__.co_firstlineno + 1
    assert f'(line {line}: return str(trace.metadata["missing"]))' in page.text
    assert "open" in page.named("details", css="ea-whole")[0]
    assert len(page.articles) == 2


def test_an_error_in_what_the_function_calls_names_the_functions_own_line() -> None:
    def view(trace: Trace) -> object:
        return pl.DataFrame({"a": [1]})["b"]

    assert "(line " in show(TALK, custom=view).text
    assert '["b"]' in show(TALK, custom=view).text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "It returned NoneType; return HTML as text"),
        (7, "It returned int"),
        ([{"text": "x"}], "A block needs 'kind': one of text, markdown"),
        ({"kind": "emial", "text": "x"}, "Did you mean"),
        ({"kind": "table"}, "A block of kind 'table' needs 'rows'. It has: kind."),
        ({"kind": "table", "rows": 5}, "TypeError"),
        ("x" * 400_000, "400,000 characters of HTML; at most 300,000 fit"),
        (["<p>"] * 101, "101 blocks; at most 100 fit"),
    ],
)
def test_a_wrong_return_value_is_explained_in_place(given: Any, said: str) -> None:
    page = shown(given)
    assert said in page.text
    assert "ea-error" in css_classes(page)
    assert "open" in page.named("details", css="ea-whole")[0]


def test_large_blocks_are_cut() -> None:
    rows = [{"a": i, "b": "x" * 90} for i in range(5_000)]
    page = shown(
        [{"kind": "table", "rows": rows}, {"kind": "text", "text": "y" * 99_000}]
    )
    assert "4,800 more rows are left out here" in page.text
    assert "49,000 more characters are left out here" in page.text
