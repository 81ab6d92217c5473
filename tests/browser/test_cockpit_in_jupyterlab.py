"""The annotator as people use it: lists, steps, failure modes, others, other keys."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

from erroranalysis.project import Project
from erroranalysis.records import Annotation, Span

pytestmark = pytest.mark.browser

CELL = """
import os, pathlib
import erroranalysis as ea

def mark():
    pathlib.Path("kernel.pid").write_text(str(os.getpid()))
    return {{}}

project = ea.Project("{file}")
project.annotate({batch!r}, annotator="mira", {more})
"""
COUNT = 30
START = 1_795_199_007_000_000_000


def booking(number: int) -> dict[str, Any]:
    """Return a trace that tells of a tool, in different words for each."""
    place = ("Porto", "Lisbon", "Faro")[number % 3]
    call = {"id": "c1", "name": "search_rooms", "arguments": {"place": place}}
    said = f"Booked room {number} in {place}." + " It has a view." * (number % 7)
    return {
        "id": f"t{number:02}",
        "session_id": f"s{number // 2}",
        "metadata": {"channel": ("web", "app")[number % 2]},
        "feedback": [{"name": "thumbs", "value": "down"}] if number == 3 else [],
        "messages": [
            {"role": "system", "content": "You book rooms."},
            {"role": "user", "content": f"A room in {place}, please. No. {number}"},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": '{"rooms": 2}'},
            {"role": "assistant", "content": said},
        ],
    }


def steps() -> list[Span]:
    """Return the spans of an agent with a tool."""
    wide = {"session.id": "s0", "openinference.span.kind": "AGENT"}
    tool = {"openinference.span.kind": "TOOL", "tool.name": "search_rooms"}
    model = {
        "openinference.span.kind": "LLM",
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "A room with a bath?",
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.content": "Room 7 has a bath.",
    }
    rows = [
        ("a" * 16, None, "agent", wide, 0, 900),
        ("b" * 16, "a" * 16, "search_rooms", tool, 100, 300),
        ("c" * 16, "a" * 16, "chat", model, 350, 880),
    ]
    return [
        Span(
            "f" * 32, name_id, parent, None, name, START + began * 10**6,
            START + ended * 10**6, None, None, attributes, "ok", "otlp",
        )
        for name_id, parent, name, attributes, began, ended in rows
    ]  # fmt: skip


def otlp(spans: list[Span]) -> dict[str, Any]:
    """Return spans as a request of OpenTelemetry."""
    said = {"agent": ("A room with a bath?", "Room 7 has a bath.")}
    said |= {"search_rooms": ('{"bath": true}', "room 7")}
    found = []
    for span in spans:
        asked, answered = said.get(str(span.name), (None, None))
        values = dict(span.attributes)
        if asked:
            values |= {"input.value": asked, "output.value": answered}
        found.append(
            {
                "traceId": span.trace_id,
                "spanId": span.span_id,
                "parentSpanId": span.parent_id or "",
                "name": span.name,
                "startTimeUnixNano": str(span.started_ns),
                "endTimeUnixNano": str(span.ended_ns),
                "attributes": [
                    {"key": key, "value": {"stringValue": value}}
                    for key, value in values.items()
                ],
            }
        )
    return {"resourceSpans": [{"scopeSpans": [{"spans": found}]}]}


@pytest.fixture
def project(lab: Any, request: pytest.FixtureRequest) -> Iterator[Project]:
    """A project of thirty conversations and one agent, and a name for its notebook."""
    name = re.sub(r"\W", "_", request.node.name)
    made = Project(lab.folder / f"{name}.duckdb")
    made.ingest([booking(n) for n in range(COUNT)], progress=False)
    made.ingest([otlp(steps())], progress=False)
    made.notebook = name  # type: ignore[attr-defined]
    yield made
    made.close()


@pytest.fixture
def show(notebook: Any, project: Any, lab: Any) -> Any:
    """Open the annotator on some traces, with whatever else ``annotate`` takes."""

    def shown(ids: list[str], more: str = "") -> Locator:
        project.close()
        file = Path(project.path).name
        lab.write(project.notebook, CELL.format(file=file, batch=ids, more=more))
        notebook.open(project.notebook)
        found: Locator = notebook.run()
        found.locator(".ea-reading").click(position={"x": 3, "y": 3})
        return found

    return shown


def ids(count: int = COUNT) -> list[str]:
    return [f"t{n:02}" for n in range(count)]


def place(cockpit: Locator) -> Locator:
    return cockpit.locator(".ea-where")


def rows(project: Project) -> list[Annotation]:
    return project._store.annotations.history(annotator="mira")


def test_thirty_traces_by_keyboard_alone(
    show: Any, notebook: Any, project: Project
) -> None:
    cockpit, keyboard = show(ids()), notebook.page.keyboard
    cells = notebook.cells()
    for number in range(COUNT):
        expect(place(cockpit)).to_have_text(f"{number + 1} / {COUNT}")
        if number % 3:
            keyboard.press("1")
            continue
        keyboard.press("2")
        keyboard.type(f"dd a b x 1 j {number}")
        keyboard.press("Control+Enter")
    expect(cockpit.locator(".ea-message-line")).to_have_text(
        "Every trace has a verdict."
    )
    said = project._store.annotations.current("mira")
    assert [said[one].verdict for one in ids()] == [
        "pass" if n % 3 else "fail" for n in range(COUNT)
    ]
    assert said["t03"].critique == "dd a b x 1 j 3"
    assert notebook.cells() == cells


def test_thirty_traces_by_mouse_alone(
    show: Any, notebook: Any, project: Project
) -> None:
    cockpit = show(ids())
    button = cockpit.get_by_role("button", name="Pass")
    for number in range(COUNT - 1):
        expect(place(cockpit)).to_have_text(f"{number + 1} / {COUNT}")
        button.click()
    cockpit.get_by_role("button", name="Fail").click()
    cockpit.get_by_text(f"Booked room {COUNT - 1}").click()
    cockpit.get_by_role("textbox", name="Critique").fill("No view in this room")
    cockpit.get_by_role("button", name="Save and next").click()
    expect(cockpit.locator(".ea-message-line")).to_have_text(
        "Every trace has a verdict."
    )
    verdicts = [row.verdict for row in rows(project)]
    assert verdicts.count("pass") == COUNT - 1
    assert rows(project)[-1].critique == "No view in this room"


def test_search_and_filters(show: Any, notebook: Any) -> None:
    cockpit, keyboard = show(ids()), notebook.page.keyboard
    keyboard.press("1")
    expect(place(cockpit)).to_have_text(f"2 / {COUNT}")
    keyboard.press("/")
    field = cockpit.get_by_role("searchbox")
    expect(field).to_be_focused()
    keyboard.type("faro")
    found = cockpit.locator(".ea-found")
    expect(found).to_contain_text("10 found")
    first = cockpit.locator(".ea-row").first
    expect(first).to_contain_text("Faro")
    keyboard.press("ArrowDown")
    keyboard.press("Enter")
    expect(place(cockpit)).to_have_text(f"3 / {COUNT}")
    keyboard.press("Escape")
    keyboard.press("j")  # next and previous stay among what was found
    expect(place(cockpit)).to_have_text(f"6 / {COUNT}")
    keyboard.press("/")
    cockpit.get_by_role("button", name="Clear").click()
    cockpit.get_by_role("combobox", name="Verdict").select_option("pass")
    expect(found).to_contain_text("1 found")
    cockpit.get_by_role("combobox", name="Verdict").select_option("")
    cockpit.get_by_role("combobox", name="Feedback").select_option("negative")
    expect(found).to_contain_text("1 found")
    expect(first).to_contain_text("4")
    cockpit.get_by_role("combobox", name="Feedback").select_option("")
    cockpit.get_by_role("combobox", name="Metadata").select_option(
        label="channel: app (15)"
    )
    expect(found).to_contain_text("15 found")


def test_steps_and_messages_are_linked(
    show: Any, notebook: Any, project: Project
) -> None:
    cockpit, keyboard = show(["f" * 32, "t00"]), notebook.page.keyboard
    tree = cockpit.get_by_role("navigation", name="Steps")
    expect(tree.locator("li[data-span]")).to_have_count(3)
    model = tree.locator(f"li[data-span='{'c' * 16}']")
    model.locator(".ea-step").first.click()
    expect(cockpit.locator("article.ea-linked")).to_contain_text("Room 7 has a bath.")
    keyboard.press("m")
    expect(cockpit.locator(".ea-first-text")).to_have_text("step chat")
    assert rows(project)[-1].first_failure == "c" * 16
    cockpit.locator("article", has_text="Room 7 has a bath.").last.click()
    expect(model).to_have_class(re.compile("ea-linked"))
    keyboard.press("Escape")
    keyboard.press("w")
    expect(tree.locator("li[data-span]").first).to_be_focused()
    keyboard.press("Shift+J")
    expect(tree.locator("li[data-span]").nth(1)).to_be_focused()


def test_an_answer_below_the_fold_has_a_marker(
    show: Any, notebook: Any, project: Project
) -> None:
    turns = [
        {"role": ("user", "assistant")[n % 2], "content": f"Turn {n}. " * 60}
        for n in range(12)
    ]
    project.ingest([{"id": "long", "messages": turns}], progress=False)
    cockpit = show(["long", "t00"])
    marker = cockpit.locator(".ea-pill")
    expect(marker).to_have_text("↓ answer, message 11")
    notebook.page.keyboard.press("a")
    expect(cockpit.locator("article[data-answer]")).to_be_focused()
    expect(marker).to_be_hidden()
    notebook.page.keyboard.press("Home")
    marker.click()
    expect(marker).to_be_hidden()
    notebook.page.keyboard.press("j")
    expect(marker).to_be_hidden()  # the answer of a short trace is in sight


def test_failure_modes_by_typing(show: Any, notebook: Any, project: Project) -> None:
    cockpit, keyboard = show(ids(3), "modes_after=1"), notebook.page.keyboard
    modes = cockpit.locator(".ea-modes")
    keyboard.press("t")
    expect(cockpit.locator(".ea-message-line")).to_contain_text("after 1 failing notes")
    keyboard.press("2")
    keyboard.type("It booked without asking for dates")
    keyboard.press("Escape")
    expect(modes).to_be_visible()
    keyboard.press("t")
    keyboard.type("no dates 1")
    keyboard.press("Enter")
    expect(modes.locator(".ea-chip")).to_contain_text(["no dates 1"])
    keyboard.press("Escape")
    assert project._store.modes.assignments()["trace_id"].to_list() == ["t00"]
    keyboard.press("Control+Enter")
    expect(place(cockpit)).to_have_text("2 / 3")
    keyboard.press("2")
    keyboard.type("Again it did not ask for dates")
    keyboard.press("Escape")
    keyboard.press("t")
    keyboard.type("DATES")
    expect(cockpit.get_by_role("option").first).to_have_text("no dates 1 (1)")
    keyboard.press("Enter")
    expect(modes.locator(".ea-chip")).to_contain_text(["no dates 1"])
    cockpit.get_by_role("button", name="Remove no dates 1").click()
    expect(modes.locator(".ea-chip")).to_have_count(0)
    assert project._store.modes.assignments()["trace_id"].to_list() == ["t00"]


def test_others_are_heard_after_the_own_verdict(
    show: Any, notebook: Any, project: Project
) -> None:
    project._store.annotations.add_all(
        [
            Annotation("t00", "ana", "fail", "No dates were asked for"),
            Annotation("t01", "ana", "pass"),
        ]
    )
    cockpit, keyboard = show(ids(3)), notebook.page.keyboard
    others = cockpit.get_by_role("group", name="What others said")
    expect(others).to_be_hidden()
    assert "No dates were asked for" not in notebook.page.content()
    keyboard.press("1")
    expect(others).to_contain_text("No dates were asked for")
    expect(place(cockpit)).to_have_text("1 / 3")
    keyboard.press("y")
    expect(place(cockpit)).to_have_text("2 / 3")
    keyboard.press("1")  # both see it the same way: on to the next
    expect(place(cockpit)).to_have_text("3 / 3")
    acts = [
        (row.trace_id, row.verdict, bool(row.saw_judgement)) for row in rows(project)
    ]
    assert acts == [
        ("t00", "pass", False),
        ("t00", "pass", True),
        ("t01", "pass", False),
    ]


def test_more_like_this_comes_next(show: Any, notebook: Any, project: Project) -> None:
    cockpit, keyboard = show(["t00", "t01"]), notebook.page.keyboard
    keyboard.press("s")
    expect(place(cockpit)).to_have_text("1 / 7")
    keyboard.press("j")
    expect(cockpit.locator(".ea-stratum")).to_contain_text("like t00")
    expect(cockpit.locator("article").last).to_contain_text("Porto")


def test_other_keys_and_another_way_to_show_a_trace(
    show: Any, notebook: Any, project: Project
) -> None:
    render = "render=lambda t: f'<h3>Letter</h3><p>{t.output}</p><script>1</script>'"
    cockpit = show(ids(3), f"keys={{'pass': 'x'}}, {render}")
    expect(cockpit.locator(".ea-custom h3")).to_have_text("Letter")
    expect(cockpit.locator(".ea-custom script")).to_have_count(0)
    notebook.page.keyboard.press("p")
    notebook.page.keyboard.press("1")
    notebook.page.keyboard.press("x")
    expect(place(cockpit)).to_have_text("2 / 3")
    assert [(row.trace_id, row.verdict) for row in rows(project)] == [("t00", "pass")]
    notebook.page.keyboard.press("?")
    expect(cockpit.get_by_role("dialog")).to_contain_text("x")


def test_two_pages_of_one_person(
    show: Any, notebook: Any, project: Project, chromium: Any, lab: Any
) -> None:
    cockpit = show(ids(4))
    other = type(notebook)(chromium.new_page(), lab)
    file = Path(project.path).name
    lab.write("second", CELL.format(file=file, batch=ids(4), more=""))
    other.open("second")
    again = other.run()
    again.locator(".ea-reading").click(position={"x": 3, "y": 3})
    notebook.page.keyboard.press("1")
    expect(place(cockpit)).to_have_text("2 / 4")
    other.page.keyboard.press("j")
    expect(place(again)).to_have_text("2 / 4")
    other.page.keyboard.press("2")
    expect(again.locator(".ea-state")).to_contain_text("saved")
    notebook.page.keyboard.press("j")
    notebook.page.keyboard.press("k")
    expect(cockpit.locator(".ea-b-fail")).to_have_attribute("aria-pressed", "true")
    assert [(row.trace_id, row.verdict) for row in rows(project)] == [
        ("t00", "pass"),
        ("t01", "fail"),
    ]
    other.page.close()


@pytest.mark.parametrize("width", [900, 1400, 2000])
def test_nothing_bars_people_who_see_or_move_otherwise(
    show: Any, notebook: Any, width: int
) -> None:
    notebook.page.set_viewport_size({"width": width, "height": 1000})
    cockpit = show(["f" * 32, *ids(3)], "modes_after=1")
    axe = Axe()
    for state in ("reading", "failing", "searching", "keys"):
        if state == "failing":
            notebook.page.keyboard.press("2")
            notebook.page.keyboard.type("bad")
            notebook.page.keyboard.press("Escape")
            expect(cockpit.locator(".ea-modes")).to_be_visible()
        elif state == "searching":
            notebook.page.keyboard.press("/")
            expect(cockpit.locator(".ea-row").first).to_be_visible()
        elif state == "keys":
            notebook.page.keyboard.press("Escape")
            notebook.page.keyboard.press("?")
        found = axe.run(notebook.page, context=".ea-cockpit")
        assert not [
            (one["id"], [node["html"][:160] for node in one["nodes"]])
            for one in found.response["violations"]
        ], state


def test_a_kernel_that_is_killed_in_mid_work_loses_nothing(
    show: Any, notebook: Any, project: Project, lab: Any
) -> None:
    cockpit, keyboard = show(ids(4), "**mark()"), notebook.page.keyboard
    keyboard.press("1")
    expect(place(cockpit)).to_have_text("2 / 4")
    keyboard.press("2")
    expect(cockpit.locator(".ea-state")).to_have_text("saved ✓ #2")
    keyboard.type("It was about to say")
    os.kill(int((lab.folder / "kernel.pid").read_text()), signal.SIGKILL)
    expect(cockpit.get_by_role("alert")).to_contain_text(
        "The kernel is gone", timeout=20_000
    )
    expect(cockpit.locator(".ea-state")).to_have_text("not saved")
    # JupyterLab says so as well, in a dialog that takes the keys
    notebook.page.locator(".jp-Dialog .jp-mod-accept").click()
    note = cockpit.get_by_role("textbox", name="Critique")
    note.focus()
    keyboard.press("End")
    keyboard.type(" why")  # the page is still there, and so is the text
    note = cockpit.get_by_role("textbox", name="Critique")
    expect(note).to_have_value("It was about to say why")
    assert [(row.trace_id, row.verdict) for row in rows(project)] == [
        ("t00", "pass"),
        ("t01", "fail"),
    ]
    project.close()
    notebook.wait_for_kernel()
    again = notebook.run()
    again.locator(".ea-jump").fill("2")
    keyboard.press("Enter")
    expect(again.get_by_role("textbox", name="Critique")).to_have_value(
        "It was about to say why"
    )
