"""A trace as HTML: everything a reader needs, and nothing that acts."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages import Page, css_classes, said, show

from erroranalysis.ingest.messages import normalise
from erroranalysis.records import Feedback, Trace
from erroranalysis.render import STYLE, render_trace, trace_as_text

HOSTILE = [
    "<script>window.hacked = 1</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe src='https://evil.example'></iframe>",
    "<form action=https://evil.example><input name=q></form>",
    "<style>*{display:none}</style>",
    "<a href='javascript:alert(1)' onclick=alert(1)>click</a>",
    "</article></section></div><h1>free</h1>",
    "--><script>alert(1)</script><!--",
    "<![CDATA[<script>alert(1)</script>]]>",
    "{{constructor.constructor('alert(1)')()}} ${7*7} <%= 7 %>",
    '" onmouseover="alert(1)',
    "<details ontoggle=alert(1) open>",
    "<math><mi//xlink:href='data:x,<script>alert(4)</script>'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "```html\n<script>alert(1)</script>\n```",
    "    <script>indented</script>",
    "`<img src=x onerror=alert(1)>`",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("role", ["user", "assistant", "system", "tool", "<b>x"])
def test_hostile_text_is_shown_and_does_nothing(text: str, role: str) -> None:
    page = show(said(text, role))
    bare = text.replace("```html\n", "").replace("\n```", "").strip("` ")
    assert bare in page.text
    assert len(page.articles) == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_every_other_place_is_shown_too(text: str) -> None:
    call = {"id": text, "name": text, "arguments": {text: text, "deep": [{"x": text}]}}
    trace = Trace(
        id=text,
        messages=[
            {
                "role": "assistant",
                "content": "",
                "reasoning": text,
                "tool_calls": [call],
            },
            {"role": "tool", "tool_call_id": text, "content": json.dumps({"r": text})},
            {"role": "assistant", "content": "", "tool_calls": [{"name": "search"}]},
            {
                "role": "tool",
                "content": json.dumps(
                    {"passages": [{"source": text, "score": 0.5, "text": text}]}
                ),
            },
            {
                "role": "user",
                "content": "",
                "attachments": [{"type": text, "ref": text}],
            },
        ],
        session_id=text,
        model=text,
        error=text,
        metadata={text: text, "nested": {"a": text}},
        tags=[text],
        feedback=(Feedback(name=text, value=text, comment=text, origin=text),),
    )
    page = show(trace)
    assert page.text.count(" ".join(text.split())[:40]) >= 8
    assert [a["data-index"] for a in page.articles] == ["0", "1", "2", "3", "4"]


@given(
    st.text(
        alphabet="<>/\"'=`*_[]()!&;:#|-\n\\ abcjavscript\x00\x1b\u202e", max_size=80
    )
)
def test_no_text_breaks_out(text: str) -> None:
    page = show(Trace("t", [{"role": "user", "content": text}, {"role": text}]))
    assert len(page.articles) == 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[pay here](javascript:alert(1))", "pay here (javascript:alert(1))"),
        ("[pay](JaVaScRiPt:alert(1))", "alert(1)"),
        ("[a](data:text/html;base64,PHN2Zz4=)", "a (data:text/html;base64,PHN2Zz4=)"),
        ("[a](vbscript:x)", "a (vbscript:x)"),
        ("[a](file:///etc/passwd)", "a (file:///etc/passwd)"),
        # a relative address would lead into the notebook server
        ("[a](/api/shutdown)", "a (/api/shutdown)"),
        ("[a](//evil.example/x)", "a (//evil.example/x)"),
        ("[a](https://[broken)", "a (https://%5Bbroken)"),
        ("<javascript:alert(1)>", "javascript:alert(1)"),
    ],
)
def test_a_link_that_is_not_web_or_mail_is_text(text: str, shown: str) -> None:
    page = show(said(text))
    assert "a" not in {tag for tag, _ in page.tags}
    assert shown in page.text


def test_a_link_shows_where_it_leads() -> None:
    page = show(said("[your bank](https://bank.example@evil.example/login?a=1&b=2)"))
    (link,) = [a for tag, a in page.tags if tag == "a"]
    assert link["href"] == "https://bank.example@evil.example/login?a=1&b=2"
    assert link["title"] == link["href"]
    assert "your bank (evil.example)" in page.text
    assert "(mira@example.org)" in show(said("[write](mailto:mira@example.org)")).text
    # an address that is its own label needs no second one
    assert show(said("<https://a.example/b>")).text.count("a.example") == 1


@pytest.mark.parametrize(
    "source", ["https://track.example/p.png?u=1", "data:image/png;base64,AAAA", "x.png"]
)
def test_an_image_is_named_and_never_loaded(source: str) -> None:
    page = show(said(f"Look: ![the view]({source})"))
    assert "image, not loaded: the view" in page.text
    assert source in page.text
    assert source not in str([a for tag, a in page.tags])


def test_characters_that_act_unseen_are_shown() -> None:
    page = show(said("a\x1b[2Jb \u202egnp.exe \x00 \ud800"))
    assert "a␛[2Jb ⟨U+202E⟩gnp.exe ␀ ⟨U+D800⟩" in page.text
    assert "\x1b" not in trace_as_text(said("a\x1b[2Jb"))


def test_markdown_tables_and_code_are_shown_as_such() -> None:
    table = "| room | EUR |\n|:--|--:|\n| twin | 95 |"
    text = f"1. **two**\n\n{table}\n\n```python\nx = 1\n```"
    page = show(said(text))
    assert {"ol", "strong", "table", "td", "pre"} <= {tag for tag, _ in page.tags}
    assert "data-align" in str(page.tags)
    assert {"ea-code", "mi"} <= css_classes(page)
    unknown = show(said("```nonsense and more\nx = 1\n```"))
    assert "nonsense and more" in unknown.text
    assert "x = 1" in unknown.text


@pytest.mark.parametrize(
    "text",
    [
        "| a | b |\n|--|--|\n| 1 | 2 | beyond the table |",
        "[definition]: https://a.example 'that nobody sees'",
        "[a](https://a.example 'a title')",
        "![a](https://a.example/x.png 'a title')",
        "1. first\n3. third, not second",
        "> " * 40 + "deep",
        "- " * 40 + "deep",
        "Lübeck: [L](https://de.example/Lübeck) &amp; &eacute; 100%",
        "~~struck~~ __strong__ a_b_c \\* `x`",
    ],
)
def test_markdown_swallows_nothing(text: str) -> None:
    page = show(said(text))
    numbers = [a["value"] or "" for _, a in page.tags if a.get("value")]
    links = [unquote(a["title"] or "") for tag, a in page.tags if tag == "a"]
    seen = page.text + " ".join(numbers + links)
    for word in re.findall(r"[^\W_]+", html.unescape(text)):
        assert word in seen
    assert "ea-plain" not in css_classes(page) or "|" in text


@given(st.text(alphabet="ab1 |-\n[]()!<>*_`~#:.&;\\/'\"+=", max_size=60))
def test_no_letter_is_ever_swallowed(text: str) -> None:
    page = show(said(text, "user"))
    shown = page.text.split("user0", 1)[-1]
    shown += "".join(
        str(v) for _, a in page.tags for v in (a.get("value"), a.get("title"))
    )
    assert not Counter(re.findall("[ab1]", text)) - Counter(re.findall("[ab1]", shown))


def folds(page: Page) -> list[dict[str, str | None]]:
    """What is folded, besides the facts."""
    details = [attributes for tag, attributes in page.tags if tag == "details"]
    return [one for one in details if one.get("class") != "ea-badges"]


def test_roles_are_told_apart_and_the_system_prompt_is_folded() -> None:
    roles = ("system", "user", "assistant")
    page = show(Trace("t1", [{"role": r, "content": f"I am {r}"} for r in roles]))
    assert [(a["data-index"], a["data-role"]) for a in page.articles] == [
        ("0", "system"),
        ("1", "user"),
        ("2", "assistant"),
    ]
    assert len(folds(page)) == 1
    assert {f"ea-{role}" for role in roles} <= css_classes(page)


def tool_trace(result: object, arguments: object = None, **more: Any) -> Trace:
    arguments = arguments or {"hotel": "porto", "adults": 2}
    call = {"id": "c1", "name": "search_rooms", "arguments": arguments}
    content = result if isinstance(result, str) else json.dumps(result)
    return Trace(
        "t1",
        [
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": content, **more},
        ],
    )


@pytest.mark.parametrize(
    ("result", "outcome", "wrong"),
    [
        ({"error": "not_found"}, "error: not_found", True),
        ({"error": None, "left": 2}, "error: null, left: 2", False),
        ({"status": "failed"}, "error", True),
        ("Error: no such booking", "Error: no such booking", True),
        ({"passages": [{"text": "a"}, {"text": "b"}]}, "2 passages", False),
        ([{"a": 1}], "1 item", False),
        ("all good", "all good", False),
        ("", "empty", False),
        ("{not json", "{not json", False),
    ],
)
def test_a_call_and_its_result_are_one_unit(
    result: object,
    outcome: str,
    wrong: bool,  # noqa: FBT001 - a parameter of the table
) -> None:
    page = show(tool_trace(result))
    assert [a["data-index"] for a in page.articles] == ["0", "1"]
    assert len(folds(page)) == 1
    head = page.text.split("arguments")[0]
    assert "search_rooms hotel: porto, adults: 2" in head
    assert outcome in head
    assert ("ea-bad" in css_classes(page)) == wrong


def test_calls_and_results_find_each_other() -> None:
    def call(**ids: str) -> dict[str, Any]:
        return {"name": "f", "arguments": {}, **ids}

    parallel = [
        {"role": "assistant", "tool_calls": [call(id="a"), call(id="b")]},
        {"role": "tool", "tool_call_id": "b", "content": "second"},
        {"role": "tool", "tool_call_id": "a", "content": "first"},
        {"role": "assistant", "tool_calls": [call()]},
        {"role": "tool", "content": "third"},
        {"role": "tool", "tool_call_id": "zzz", "content": "whose?"},
        {"role": "assistant", "tool_calls": [call(id="late")]},
    ]
    page = show(Trace("t1", parallel))
    order = [a["data-index"] for a in page.articles]
    assert order == ["0", "2", "1", "3", "4", "5", "6"]
    assert "no result in this trace" in page.text


def test_passages_show_rank_and_source() -> None:
    found = [
        {"id": "pol-2", "source": "Handbook", "score": 0.83, "text": "Dogs <b>yes</b>"},
        {"source": "FAQ", "score": 0.4, "text": "Cats no"},
    ]
    page = show(tool_trace({"passages": found, "took_ms": 12}))
    text = " ".join(page.text.split())
    assert "1 Handbook · pol-2 0.83Dogs <b>yes</b>2 FAQ 0.4Cats no" in text
    assert "took_ms" in text


def test_json_is_printed_prettily_and_folded_when_long() -> None:
    page = show(
        tool_trace({"rooms": [{"name": "Zimmer süß", "id": i} for i in range(90)]})
    )
    assert '"name": "Zimmer süß"' in page.text
    assert re.search(r"show all \d,\d{3} characters", page.text)
    assert '"id": 89' in page.text


def test_text_that_is_nested_too_deep_is_shown_as_it_is() -> None:
    deep = "[" * 50_000 + "]" * 50_000
    assert "[[[[" in show(tool_trace(deep)).text
    assert "the end" in show(said("> " * 3_000 + "the end")).text


def test_long_text_is_folded_and_very_long_text_is_cut() -> None:
    page = show(said("word " * 2_480))
    assert "show all 12,400 characters" in page.text
    rendered = render_trace(said("x" * 1_200_000))
    assert len(rendered) < 300_000
    assert "1,000,000 more characters are left out here" in rendered
    assert "trace.messages[0]" in rendered


def test_the_facts_are_badges() -> None:
    trace = Trace(
        "tw-7",
        [{"role": "user", "content": "Hi"}],
        session_id="s-1",
        started_at=datetime(2026, 9, 8, 19, 14, 5),
        ended_at=datetime(2026, 9, 8, 19, 14, 8, 200_000),
        model="lark-2-mini",
        input_tokens=1204,
        output_tokens=31,
        cost_usd=0.0123,
        error="timeout after 30 s",
        metadata={"channel": "web", "vip": False, "request": {"temperature": 0}},
        tags=["late"],
        feedback=(Feedback("thumbs", "down", comment="not <i>helpful</i>"),),
    )
    page = show(trace)
    for text in (
        "model lark-2-mini", "session s-1", "started 2026-09-08 19:14 UTC",
        "duration 3.2 s", "tokens 1,204 in · 31 out", "cost $0.0123", "channel web",
        "vip False", "tag late", "thumbs down", "user: not <i>helpful</i>",
        "The run failed: timeout after 30 s", "more metadata: request", "temperature",
    ):  # fmt: skip
        assert text in page.text
    plain = trace_as_text(trace)
    assert "user said: not <i>helpful</i>" in plain
    assert "duration: 3.2 s" in plain


@pytest.mark.parametrize(
    ("item", "word"),
    [
        (Feedback("thumbs", "up"), "thumbs up"),
        (Feedback("thumbs", None, 0.0), "thumbs down"),
        (Feedback("thumbs", "1"), "thumbs up"),
        (Feedback("rating", "4"), "user rating 4"),
        (Feedback("reward", "0", 0.0, origin="environment"), "environment reward 0"),
        (Feedback("feedback", None, comment="meh"), "commented"),
    ],
)
def test_thumbs_are_read_as_thumbs_and_scores_as_scores(
    item: Feedback, word: str
) -> None:
    page = show(Trace("t1", [{"role": "user", "content": "Hi"}], feedback=(item,)))
    assert word in page.text


def test_odd_messages_do_not_stop_a_page() -> None:
    odd: list[Any] = [
        {},
        {"role": None, "content": None},
        {"role": "assistant", "content": {"a": 1}, "tool_calls": "no list"},
        {
            "role": "assistant",
            "content": ["a"],
            "tool_calls": [None, {"arguments": "x"}],
        },
        {"role": "user", "content": 7, "attachments": ["x.png"]},
        {"role": "assistant", "content": "", "refusal": "I cannot do that"},
    ]
    page = show(Trace("t1", odd))
    assert len(page.articles) == 6
    assert "I cannot do that" in page.text
    assert "x.png" in page.text


def test_plain_text_holds_the_conversation() -> None:
    messages = [
        {"role": "user", "content": "Room in Porto?\nFor two."},
        {
            "role": "assistant",
            "content": "",
            "reasoning": "look it up",
            "tool_calls": [
                {"id": "c", "name": "search", "arguments": {"hotel": "porto"}}
            ],
        },
        {"role": "tool", "tool_call_id": "c", "content": '{"left": 2}'},
        {"role": "assistant", "content": "y" * 12_000},
    ]
    text = trace_as_text(Trace("t1", messages))
    assert text.startswith(
        "trace: t1\n\n[0] user\n    Room in Porto?\n    For two.\n\n[1] assistant\n"
        "    (reasoning) look it up\n    → search(hotel: porto)\n\n[2] tool search\n"
    )
    assert '"left": 2' in text
    assert "… 2,000 more characters" in text


def test_the_style_is_scoped() -> None:
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    rules = [part.rsplit("}", 1)[-1] for part in STYLE.split("{")[:-1]]
    selectors = [rule.strip() for rule in rules if not rule.strip().startswith("@")]
    assert all(
        ".ea-trace" in one or ".ea-cockpit" in one
        for rule in selectors
        for one in rule.split(",\n")
    )


@pytest.mark.shared_data
def test_real_traces_are_shown(shared_data: Any) -> None:
    path = shared_data / "agentrx" / "tau_retail" / "tau_dataset_full.json"
    records = json.loads(path.read_text("utf-8"))
    messages = [
        normalise(found)
        for record in records[:40]
        for found in [record.get("traj") or record.get("messages")]
        if found
    ]
    assert messages
    for i, one in enumerate(messages):
        page = show(Trace(f"t{i}", one))
        assert len(page.articles) == len(one)


def test_a_placeholder_of_the_redaction_is_text_and_no_link():
    from erroranalysis.render.markdown import markdown

    shown = markdown("Mail <email:3f2a9c81> or <https://example.org>")
    assert "&lt;email:3f2a9c81&gt;" in shown
    assert shown.count("<a ") == 1
