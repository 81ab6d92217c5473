"""Hostile text in every place where a trace has text: it is shown, and does nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hostile import FAMILIES, PAYLOADS
from pages import Page, held, unseen

from erroranalysis.records import Feedback, Span, Trace
from erroranalysis.render import render_part, render_trace, trace_as_text


def trace_of(text: str) -> Trace:
    """Return a trace that has a text in every place."""
    call = {"id": text, "name": text, "arguments": {text: text, "deep": [{"x": text}]}}
    passages = [{"source": text, "score": text, "text": text, text: text}]
    return Trace(
        id=text,
        messages=[
            {"role": "system", "content": text},
            {"role": "user", "name": text, "content": text},
            {"role": text, "content": text},
            {"role": "assistant", "content": text, "reasoning": text},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": text, "content": text},
            {"role": "assistant", "tool_calls": [{"name": "find", "arguments": text}]},
            {"role": "tool", "content": json.dumps({"passages": passages})},
            {"role": "assistant", "tool_calls": [{"name": "get"}]},
            {"role": "tool", "content": json.dumps({"error": text, text: [text]})},
            {
                "role": "user",
                "content": "",
                "attachments": [
                    {"type": text, "ref": text, "name": text},
                    {"type": "image", "ref": f"data:image/png;base64,{text}"},
                    text,
                ],
            },
        ],
        session_id=text,
        model=text,
        error=text,
        metadata={text: text, "nested": {text: text}, "simple": text},
        tags=[text],
        feedback=(Feedback(name=text, value=text, comment=text, origin=text),),
        spans=spans_of(text),
    )


def spans_of(text: str) -> tuple[Span, ...]:
    return (
        Span("t", text, None, text, text, 0, 9, text, text, {text: text}, text),
        Span("t", "s1", text, "tool", text, 1, 2, text, text, {"error": text}, "error"),
        Span("t", "s2", "s1", "retriever", "find", 1, 2, output=json.dumps([text])),
    )


ARTICLES = [str(place) for place in range(11)]


@pytest.mark.parametrize("family", FAMILIES)
def test_hostile_text_does_nothing_in_any_place_of_a_trace(family: str) -> None:
    for text in FAMILIES[family]:
        trace = trace_of(text)
        for rendered in (render_trace(trace), render_trace(trace, lazy=True)):
            page = held(rendered)
            assert unseen(rendered) == set()
            assert [a["data-index"] for a in page.articles] == ARTICLES
            assert [tag for tag, _ in page.tags].count("nav") == 1
            assert len(page.named("li", css="ea-span")) == 3
            assert not page.named("div", css="ea-more")
            assert not page.named("section", css="ea-custom")
        # the result of the last one, which is 9, stands with its call
        assert len(held(render_part(trace, 2, 9)).articles) == 8
        assert unseen(trace_as_text(trace)) == set()


@pytest.mark.parametrize("family", FAMILIES)
def test_hostile_html_of_a_users_function_does_nothing(family: str) -> None:
    plain = Trace("t1", [{"role": "user", "content": "Hi"}])
    kinds = {
        "text": "text", "markdown": "text", "code": "text", "json": "value",
        "card": "title", "email": "text", "image": "src", "audio": "src",
        "html": "html",
    }  # fmt: skip
    for text in FAMILIES[family]:
        blocks: list[Any] = [
            {"kind": kind, name: text, "title": text, "language": text, "tone": text}
            for kind, name in kinds.items()
        ]
        rows = [{text: text, "b": [text]}]
        blocks += [
            {"kind": "table", "rows": rows, "title": text},
            {"kind": "card", "title": "x", "fields": {text: text}, "text": text},
            {"kind": "email", "text": "x", "from": text, "to": [text], "subject": text},
        ]
        for given in (text, [text, f"<p>{text}</p>"], blocks, {"kind": text}):
            page = shown_by(plain, given)
            assert [a["data-index"] for a in page.articles] == ["0"]
            assert not page.named("li", css="ea-span")
            assert not page.named("nav")
            assert len(page.named("section")) == 2
            classes = {c for _, a in page.tags for c in (a.get("class") or "").split()}
            assert not {c for c in classes if c.startswith(("jp-", "lm-"))}
            assert not any(a.get("role") or a.get("tabindex") for _, a in page.tags)


def shown_by(trace: Trace, given: object) -> Page:
    def expert_view(_trace: Trace) -> object:
        return given

    rendered = render_trace(trace, custom=expert_view)
    assert unseen(rendered) == set()
    return held(rendered, custom=True)


def test_an_error_of_a_users_function_does_nothing_either() -> None:
    def fails(trace: Trace) -> str:
        raise ValueError(trace.messages[0]["content"])

    for text in PAYLOADS:
        trace = Trace("t1", [{"role": "user", "content": text}])
        rendered = render_trace(trace, custom=fails)
        page = held(rendered)
        assert unseen(rendered) == set()
        assert "ValueError" in page.text


def test_there_are_enough_of_them() -> None:
    assert len(PAYLOADS) >= 300
    assert len(set(PAYLOADS)) == len(PAYLOADS)
