"""Long traces: what is shown at once, what later, and where the answer is."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from pages import Page, show

from erroranalysis.records import Trace
from erroranalysis.render import render_part, render_trace
from erroranalysis.render.calls import pair_tools


def talk(count: int, length: int = 40, text: str = "x") -> Trace:
    roles = ("user", "assistant")
    return Trace(
        "t1",
        [
            {"role": roles[i % 2], "content": f"message {i} " + text * length}
            for i in range(count)
        ],
    )


def gaps(page: Page) -> list[tuple[int, int]]:
    return [
        (int(a["data-from"]), int(a["data-to"]))
        for a in page.named("div", css="ea-more")
    ]


def places(rendered: str) -> list[int]:
    return [int(place) for place in re.findall(r'data-index="(\d+)"', rendered)]


@pytest.mark.parametrize(
    ("count", "length"), [(10_000, 200), (10_000, 10_000), (60, 100_000), (700, 2_000)]
)
def test_the_middle_can_be_asked_for_and_nothing_is_missing(
    count: int, length: int
) -> None:
    trace = talk(count, length)
    rendered = render_trace(trace, lazy=True)
    assert len(rendered.encode()) < 900_000
    page = Page(rendered)
    seen = places(rendered)
    assert seen[-1] == count - 1
    open_gaps = gaps(page)
    first = open_gaps[0]
    assert 0 in (seen[0], first[0])  # a long beginning comes whole, or later
    assert "left out" not in page.text or length > 10_000
    assert f"messages {first[0]:,} to {first[1] - 1:,}" in page.text
    for _ in range(count):
        if not open_gaps:
            break
        start, stop = open_gaps.pop()
        part = render_part(trace, start, stop)
        assert len(part.encode()) < 400_000
        seen += places(part)
        open_gaps += gaps(Page(part))
        if count > 1_000 and len(seen) > 1_500:
            return  # the rest is the same again
    assert sorted(seen) == list(range(count))


def test_a_short_trace_is_shown_at_once() -> None:
    assert render_trace(talk(200), lazy=True) == render_trace(talk(200))
    assert not gaps(Page(render_trace(talk(200), lazy=True)))


def test_without_a_widget_the_middle_is_folded_and_shortened() -> None:
    rendered = render_trace(talk(3_000, 4_000))
    assert len(rendered.encode()) < 1_400_000
    page = Page(rendered)
    assert [int(str(a["data-index"])) for a in page.articles] == list(range(3_000))
    assert re.search(r"2,\d\d\d messages in between, shortened", page.text)
    assert all(f"message {i} " in page.text for i in (0, 1_500, 2_999))
    rendered = render_trace(talk(12_000))
    assert len(rendered.encode()) < 1_400_000
    assert re.search(r"left out here: trace.messages\[\d+:11700\]", rendered)


@pytest.mark.parametrize("text", ["&", "ä", "\u200b", "\x1b", '"', "漢", "<b>"])
def test_no_text_makes_a_page_or_a_part_too_large(text: str) -> None:
    trace = talk(30, 150_000, text)
    assert len(render_trace(trace, lazy=True).encode()) < 1_400_000
    assert len(render_trace(trace).encode()) < 1_400_000
    assert len(render_part(trace, 0, 30).encode()) < 400_000


def test_many_calls_in_one_message_fit_too() -> None:
    calls = [
        {"id": f"c{i}", "name": "f", "arguments": {"a": "z" * 500}}
        for i in range(2_000)
    ]
    results = [
        {
            "role": "tool",
            "tool_call_id": f"c{i}",
            "content": json.dumps([{"k": "v" * 2_000}]),
        }
        for i in range(2_000)
    ]
    trace = Trace("t1", [{"role": "assistant", "tool_calls": calls}, *results])
    rendered = render_trace(trace)
    assert len(rendered.encode()) < 1_400_000
    assert "1,800 more calls are left out here" in rendered
    assert len(render_part(trace, 0, 1).encode()) < 400_000


def test_values_that_are_not_shown_are_not_looked_at() -> None:
    class Untouched(dict[str, Any]):
        def items(self) -> Any:
            for i in range(1_000_000):
                assert i < 60_000, "the whole value was read"
                yield f"k{i}", "v" * 20

    trace = Trace(
        "t1",
        [
            {
                "role": "assistant",
                "tool_calls": [{"name": "f", "arguments": Untouched(a=1)}],
            }
        ],
    )
    assert "The rest is left out here" in render_trace(trace)


def test_calls_and_results_are_paired_in_one_pass() -> None:
    calls = [
        {"role": "assistant", "tool_calls": [{"id": f"c{i}", "name": "f"}]}
        for i in range(20_000)
    ]
    results = [
        {"role": "tool", "tool_call_id": f"c{i}"} for i in reversed(range(20_000))
    ]
    pairs = pair_tools([*calls, *results])
    assert pairs == {(i, 0): 39_999 - i for i in range(20_000)}


def test_a_result_is_shown_once_where_its_call_is() -> None:
    messages: list[dict[str, Any]] = []
    for i in range(400):
        messages += [
            {"role": "assistant", "tool_calls": [{"id": f"c{i}", "name": "f"}]},
            {"role": "tool", "tool_call_id": f"c{i}", "content": "r"},
        ]
    trace = Trace("t1", messages)
    rendered = render_trace(trace, lazy=True)
    seen = places(rendered)
    for start, stop in gaps(Page(rendered)):
        seen += places(render_part(trace, start, stop))
    assert sorted(seen) == list(range(800))


def test_the_answer_is_marked() -> None:
    messages = [
        {"role": "user", "content": "Room?"},
        {"role": "assistant", "content": "Let me see."},
        {"role": "assistant", "content": " \n", "tool_calls": [{"name": "f"}]},
        {"role": "tool", "content": "2"},
        {"role": "assistant", "content": "Two are left."},
        {"role": "assistant", "content": "", "tool_calls": [{"name": "log"}]},
    ]
    page = show(Trace("t1", messages))
    marked = [a["data-index"] for a in page.articles if a.get("data-answer")]
    assert marked == ["4"]


def test_in_a_long_conversation_the_middle_is_folded_sooner() -> None:
    def folds(count: int) -> list[str]:
        page = show(talk(count, 300, "word "))
        return re.findall(r"show all [\d,]+ characters", page.text)

    assert len(folds(12)) == 0
    # all but the first question, the last one, and the answer
    assert len(folds(20)) == 17


def test_a_repeated_system_prompt_says_so() -> None:
    trace = Trace("t1", [{"role": "system", "content": "You book rooms."}])
    assert "same system prompt as 41 others" in show(trace, same_prompt=41).text
    assert "same system prompt as 1 other:" in show(trace, same_prompt=1).text
    assert "same system prompt" not in show(trace).text


def test_large_metadata_and_many_comments_are_cut() -> None:
    from erroranalysis.records import Feedback

    feedback = tuple(Feedback("note", comment=f"comment {i}") for i in range(5_000))
    large = {"rows": [{"k": i} for i in range(200_000)]}
    trace = Trace("t1", [], metadata=large, feedback=feedback)
    rendered = render_trace(trace)
    assert len(rendered) < 200_000
    assert "4,980 more comments are left out here" in rendered
    assert "The whole value: trace.metadata" in rendered
