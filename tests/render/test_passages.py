"""What retrievers gave back, in the shapes in which they give it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pages import css_classes, show

from erroranalysis.records import Trace
from erroranalysis.render.passages import passages, retrieved


@pytest.mark.parametrize(
    "item",
    [
        {"page_content": "Dogs yes", "metadata": {"source": "faq", "score": 0.83}},
        {
            "lc": 1,
            "type": "constructor",
            "id": ["langchain", "schema", "Document"],
            "kwargs": {"page_content": "Dogs yes", "metadata": {"source": "faq"}},
            "score": 0.83,
        },
        [{"page_content": "Dogs yes", "metadata": {"source": "faq"}}, 0.83],
        {"document.content": "Dogs yes", "document.score": 0.83, "source": "faq"},
        {
            "document": {
                "content": "Dogs yes",
                "score": 0.83,
                "metadata": {"source": "faq"},
            }
        },
        {
            "node": {
                "text": "Dogs yes",
                "class_name": "TextNode",
                "metadata": {"file_name": "faq"},
            },
            "score": 0.83,
        },
        {"text": "Dogs yes", "source": "faq", "score": 0.83},
        {"content": "Dogs yes", "url": "faq", "relevance_score": 0.83},
        {"snippet": "Dogs yes", "title": "faq", "similarity": 0.83},
        {"id": "faq", "score": 0.83, "metadata": {"text": "Dogs yes"}},
    ],
)
def test_a_passage_has_source_rank_and_score(item: Any) -> None:
    trace = Trace("t1", [{"role": "tool", "content": json.dumps([item, item])}])
    page = show(trace)
    assert "ea-passages" in css_classes(page)
    assert "→ " not in page.text
    assert "2 passages" in page.text
    text = " ".join(page.text.split())
    assert "1 faq 0.83Dogs yes" in text
    assert "2 faq 0.83Dogs yes" in text


@pytest.mark.parametrize(
    "value",
    [
        [],
        ["a", "b"],
        [{"role": "user", "content": "Hi", "score": 1}],
        [{"type": "text", "text": "Hi", "title": "x"}],
        [{"id": 7, "text": "a tweet"}],
        [{"id": 7, "name": "x", "score": 0.3}],
        [{"text": "a", "source": "b"}, {"name": "c"}],
        [{"text": 5, "source": "b"}],
        {"results": [{"id": 1, "text": "row"}]},
        {"text": "a", "source": "b"},
        "text",
        None,
    ],
)
def test_what_is_not_clearly_a_list_of_passages_is_none(value: Any) -> None:
    assert passages(value) == []


def test_nothing_that_a_passage_says_is_lost() -> None:
    item = {
        "page_content": "Dogs",
        "id": "d1",
        "metadata": {"source": "faq", "id": "other", "lang": "en", "text": "hidden"},
    }
    found, rest = retrieved({"documents": [item], "took_ms": 3})
    assert (found[0].source, found[0].text) == ("faq · d1", "Dogs")
    shown = json.dumps([found[0].more, rest])
    assert all(word in shown for word in ("other", "en", "hidden", "took_ms"))
