"""The steps of a trace beside its conversation, and what belongs together."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from pages import Page, css_classes, show

import erroranalysis as ea
from erroranalysis.records import Span, Trace
from erroranalysis.render import render_trace, trace_as_text
from erroranalysis.render.links import linked

SECOND = 1_000_000_000
Messages = list[dict[str, Any]]


def step(
    name: str,
    parent: str | None = None,
    kind: str | None = "chain",
    at: tuple[float, float] = (0, 1),
    **more: Any,
) -> Span:
    start, end = (int(time * SECOND) for time in at)
    return Span("t1", name, parent, kind, more.pop("called", name), start, end, **more)


def call(name: str, given: str | None = None, **arguments: Any) -> dict[str, Any]:
    return {"id": given, "name": name, "arguments": arguments}


def asks(*calls: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": "", "tool_calls": list(calls)}


def gives(text: str, given: str | None = None) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": given, "content": text}


def says(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def links(messages: Messages, *spans: Span) -> dict[str, list[int]]:
    return linked(Trace("t1", messages, spans=spans)).messages


def shown(*spans: Span, messages: Messages | None = None) -> Page:
    return show(Trace("t1", messages or [], spans=spans))


def test_a_tree_shows_kind_name_duration_and_failure() -> None:
    page = shown(
        step("run", kind="agent", at=(0, 10)),
        step("ask", "run", "llm", (0, 4), called="gpt <b>4</b>"),
        step("find", "run", "tool", (5, 10), status="error"),
    )
    assert page.named("nav") == [{"class": "ea-spans", "aria-label": "Steps"}]
    text = " ".join(page.text.split())
    assert "3 steps · 10.0 s · 1 failed" in text
    assert "llm gpt <b>4</b> 4.0 s" in text
    assert "tool find failed 5.0 s" in text
    bars = [a["class"] for a in page.named("span") if "ea-l" in (a["class"] or "")]
    assert bars == ["ea-l0 ea-w50", "ea-l0 ea-w20", "ea-l25 ea-w25"]
    assert {"ea-kind-agent", "ea-kind-llm", "ea-kind-tool"} <= css_classes(page)
    assert "nav" not in {tag for tag, _ in show(Trace("t1", [says("Hi")])).tags}


def test_steps_and_messages_name_each_other() -> None:
    messages = [
        {"role": "user", "content": "Room?"},
        asks(call("search", "c1")),
        gives("2 rooms", "c1"),
        says("Two are left."),
    ]
    page = shown(
        step("a", kind="agent"),
        step("l1", "a", "llm", output='[{"tool_calls": [{"id": "c1"}]}]'),
        step("t", "a", "tool", attributes={"gen_ai.tool.call.id": "c1"}),
        step("l2", "a", "llm", output="Two are left."),
        messages=messages,
    )
    nodes = page.named("li", css="ea-span")
    found = {a["data-span"]: a.get("data-messages") for a in nodes}
    assert found == {"a": None, "l1": "1", "t": "2", "l2": "3"}
    steps = {a["data-index"]: a.get("data-span") for a in page.articles}
    assert steps == {"0": None, "1": "l1", "2": "t", "3": "l2"}


@pytest.mark.parametrize(
    "attributes",
    [
        {"gen_ai.tool.call.id": "c2"},
        {"metadata": {"tool_call_id": "c2"}},
        {"ai.toolCall.id": "c2", "other": "c1"},
    ],
)
def test_the_id_of_a_call_decides(attributes: dict[str, Any]) -> None:
    messages = [
        asks(call("f", "c1"), call("f", "c2")),
        gives("x", "c1"),
        gives("y", "c2"),
    ]
    span = step("s", None, "tool", called="f", output="x", attributes=attributes)
    assert links(messages, span) == {"s": [2]}


@pytest.mark.parametrize(
    "name", ["f", "execute_tool f", "f.tool", "tools/f", "running tool: f"]
)
def test_without_ids_name_and_order_decide(name: str) -> None:
    messages = [
        asks(call("f"), call("g"), call("f")),
        *[gives(f"answer {i}") for i in range(3)],
    ]
    spans = [
        step(f"s{i}", None, "tool", (i, i + 1), called=one, output="cut short")
        for i, one in enumerate([name, "g", name])
    ]
    assert links(messages, *reversed(spans)) == {"s0": [1], "s1": [2], "s2": [3]}


def test_what_a_tool_gave_decides_among_calls_of_one_name_and_without_any_name() -> (
    None
):
    messages = [asks(call("f"), call("f")), gives('{"a": 1}'), gives('{"a": 2}')]
    again = step("again", None, "tool", called="f", output='{"a":2}')
    assert links(messages, again) == {"again": [2]}
    other = step(
        "x", None, "tool", called="SearchTool", output='{"content": "{\\"a\\":2}"}'
    )
    assert links(messages, other) == {"x": [2]}
    stranger = step("x", None, "tool", called="SearchTool", output="nothing like it")
    assert links(messages, stranger) == {}


def test_a_call_without_a_result_is_where_its_step_leads() -> None:
    assert links(
        [asks(call("f", "c1"))], step("s", None, "tool", attributes={"id": "c1"})
    ) == {"s": [0]}


@pytest.mark.parametrize(
    "output",
    [
        "Two  are\nleft.",
        '[{"role": "assistant", "content": "Two are left."}]',
        '{"choices": [{"message": {"content": "Two are left."}}]}',
        '{"messages": [{"parts": [{"type": "text", "content": "Two are left."}]}]}',
    ],
)
def test_a_model_call_belongs_to_the_message_it_gave(output: str) -> None:
    messages = [says("Hello."), says("Two are left."), says("Bye.")]
    assert links(messages, step("s", None, "llm", output=output)) == {"s": [1]}
    inside = {"gen_ai.output.messages": output}
    assert links(messages, step("s", None, "llm", attributes=inside)) == {"s": [1]}


def test_a_model_call_that_asks_for_tools_is_known_by_the_calls() -> None:
    messages = [asks(call("f", a=1)), asks(call("f", a=2, b="x"))]
    output = json.dumps({"function": {"name": "f", "arguments": '{"b": "x", "a": 2}'}})
    assert links(messages, step("s", None, "llm", output=output)) == {"s": [1]}


def test_the_same_words_twice_go_in_order_and_nested_calls_share_a_message() -> None:
    messages = [says("Yes."), says("Yes.")]
    first = step("first", None, "llm", (0, 1), output="Yes.")
    inner = step("inner", "first", "llm", (0.2, 0.8), output="Yes.")
    second = step("second", None, "llm", (2, 3), output="Yes.")
    found = links(messages, second, inner, first)
    assert found == {"first": [0], "inner": [0], "second": [1]}


def test_an_agent_gives_what_no_model_call_gave() -> None:
    messages = [says("One."), says("Two.")]
    found = links(
        messages,
        step("outer", None, "agent", (0, 9), output="Two."),
        step("inner", "outer", "chain", (1, 8), output="Two."),
        step("ask", "inner", "llm", (2, 3), output="One."),
    )
    assert found == {"ask": [0], "inner": [1]}


def test_a_step_holds_what_went_in_and_out_and_its_passages() -> None:
    documents = json.dumps(
        [{"page_content": "Dogs yes", "metadata": {"source": "faq"}}]
    )
    page = shown(
        step("r", None, "retriever", input="dogs?", output=documents),
        step("t", None, "tool", output="x" * 9_000, attributes={"k": {"deep": 1}}),
        step("f", None, "tool", status="error", attributes={"error.message": "no <b>"}),
    )
    assert "input: dogs?" in page.text
    assert "1 faq" in page.text
    assert "ea-passages" in css_classes(page)
    assert "6,000 more characters are left out here" in page.text
    assert '"deep": 1' in page.text
    assert page.text.count("no <b>") == 2


def test_what_an_attribute_only_repeats_is_shown_once() -> None:
    given = {"input.value": "a question", "model": "m1"}
    page = shown(step("s", None, "llm", input="a question", attributes=given))
    assert page.text.count("a question") == 2  # the beginning, and the whole
    assert "m1" in page.text


def test_ten_thousand_steps_are_counted_and_the_telling_ones_shown() -> None:
    spans = [
        step(
            f"s{i}", f"s{(i - 1) // 5}" if i else None, "chain", (i, i + 9), output="y"
        )
        for i in range(10_000)
    ]
    spans[9_998].status = "error"
    messages = [says("the very answer")]
    spans[9_000] = step("mine", "s1799", "llm", output="the very answer")
    rendered = render_trace(Trace("t1", messages, spans=tuple(spans)))
    assert len(rendered.encode()) < 400_000
    page = Page(rendered)
    ids = {a["data-span"] for a in page.named("li", css="ea-span")}
    assert {"s0", "s9998", "mine"} <= ids
    assert len(ids) == 300
    assert "10,000 steps · 300 shown" in page.text
    assert sum_of(page) == 9_700


def sum_of(page: Page) -> int:
    gaps = re.findall(r"([\d,]+) more step", page.text)
    return sum(int(count.replace(",", "")) for count in gaps)


def test_deep_trees_stop_being_indented() -> None:
    spans = [step(f"s{i}", f"s{i - 1}" if i else None) for i in range(2_000)]
    rendered = render_trace(Trace("t1", [], spans=tuple(spans)))
    depth = deepest = 0
    for found in re.finditer(r"<(/?)ol>", rendered):
        depth += -1 if found[1] else 1
        deepest = max(deepest, depth)
    assert deepest < 16
    assert "1,700 more steps" in Page(rendered).text


def test_steps_that_lost_their_parent_or_go_in_circles_are_shown() -> None:
    page = shown(step("a", "gone"), step("b", "c"), step("c", "b"), step("d", "d"))
    assert {a["data-span"] for a in page.named("li", css="ea-span")} == set("abcd")


def test_steps_without_times_or_names_are_shown() -> None:
    page = shown(Span("t1", "a"), Span("t1", "b", started_ns=5), Span("t1", "c", "a"))
    assert page.text.count("step without a name") == 3


def test_the_project_shows_the_steps_as_a_page_and_as_text(project: ea.Project) -> None:
    spans = [
        {"span_id": "1" * 16, "name": "run", "kind": "AGENT", "parent_id": None},
        {"span_id": "2" * 16, "name": "ask", "kind": "LLM", "parent_id": "1" * 16},
    ]
    records = [
        {
            "name": span["name"],
            "context": {"trace_id": "a" * 32, "span_id": span["span_id"]},
            "parent_id": span["parent_id"],
            "start_time": "2026-03-01T10:00:00.000000Z",
            "end_time": "2026-03-01T10:00:02.000000Z",
            "status_code": "OK",
            "attributes": {
                "openinference.span.kind": span["kind"],
                "input.value": "Room?",
                "output.value": "Two are left.",
            },
        }
        for span in spans
    ]
    project.ingest(records, progress=False)
    view = project.trace("A" * 32)
    assert "2 steps\n  agent  run  2.0 s\n    llm  ask  2.0 s\n" in repr(view)
    page = Page(view._repr_html_().partition("</style>")[2])
    assert [a["data-span"] for a in page.named("li", css="ea-span")] == [
        "1" * 16,
        "2" * 16,
    ]


def test_text_counts_the_steps_it_leaves_out() -> None:
    spans = tuple(step(f"s{i}", "s0" if i else None, "tool") for i in range(100))
    text = trace_as_text(Trace("t1", [], spans=spans))
    assert "100 steps\n  tool  s0  1.0 s\n    tool  s1  1.0 s" in text
    assert "    … 60 more" in text
