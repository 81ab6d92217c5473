"""The annotator as people use it: lists, steps, failure modes, other keys."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from browser.bookings import CELL, COUNT, ids, place, rows
from playwright.sync_api import expect

from erroranalysis.project import Project

pytestmark = pytest.mark.browser


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
