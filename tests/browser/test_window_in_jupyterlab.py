"""Small windows, other eyes and other colours; a kernel or a network that goes away."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser.bookings import ids, place, rows
from playwright.sync_api import Locator, Page, expect

from erroranalysis.project import Project

pytestmark = pytest.mark.browser

# at 200 % a window has half the pixels of CSS
ZOOMED = {"viewport": {"width": 700, "height": 475}, "device_scale_factor": 2}
# what sticks out of the annotator, or makes a part of it scroll sideways
OUTSIDE = """
root => {
  const box = root.getBoundingClientRect();
  const parts = root.querySelectorAll(".ea-frame, .ea-top, .ea-reading, .ea-judging");
  const wide = [root, ...parts].filter((one) => one.scrollWidth > one.clientWidth + 1);
  const out = [...root.querySelectorAll(".ea-top *, .ea-judging *")].filter((one) => {
    const { left, right, width } = one.getBoundingClientRect();
    return width && (left < box.left - 1 || right > box.right + 1);
  });
  return [...wide, ...out].map((one) => `${one.className}: ${one.scrollWidth}`);
}
"""


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """Return what axe finds in the annotator."""
    found = Axe().run(page, context=".ea-cockpit").response["violations"]
    return [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found]


def outside(cockpit: Locator) -> list[str]:
    sticking: list[str] = cockpit.evaluate(OUTSIDE)
    return sticking


@pytest.mark.parametrize("width", [900, 1400, 2000])
def test_nothing_bars_people_who_see_or_move_otherwise(
    show: Any, notebook: Any, width: int
) -> None:
    notebook.page.set_viewport_size({"width": width, "height": 1000})
    cockpit = show(["f" * 32, *ids(3)], "modes_after=1")
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
        assert not violations(notebook.page), state


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


def test_a_window_that_changes_its_size_keeps_all_that_was_begun(
    show: Any, notebook: Any, project: Project
) -> None:
    cockpit, keyboard = show(ids(4)), notebook.page.keyboard
    note = cockpit.get_by_role("textbox", name="Critique")
    keyboard.press("j")
    expect(place(cockpit)).to_have_text("2 / 4")
    keyboard.press("2")
    typed = ""
    for width in (1400, 900, 2000):
        notebook.page.set_viewport_size({"width": width, "height": 950})
        keyboard.type(f"At {width}. ")
        typed += f"At {width}. "
        expect(note).to_be_focused()
        expect(note).to_have_value(typed)
        expect(place(cockpit)).to_have_text("2 / 4")
        expect(cockpit.locator("article").last).to_contain_text("Booked room 1 in")
        assert outside(cockpit) == []
    keyboard.press("Control+Enter")
    expect(place(cockpit)).to_have_text("3 / 4")
    assert rows(project)[-1].critique == typed.strip()


@pytest.mark.parametrize("notebook", [ZOOMED], indirect=True)
def test_all_can_be_reached_at_twice_the_size(
    show: Any, notebook: Any, project: Project
) -> None:
    cockpit, keyboard = show(["f" * 32, *ids(3)]), notebook.page.keyboard
    assert outside(cockpit) == []
    assert not violations(notebook.page)
    for name in ("Next trace", "Search", "Show the keys", "Pass", "Defer", "Save and"):
        button = cockpit.get_by_role("button", name=name).first
        button.scroll_into_view_if_needed()
        expect(button).to_be_in_viewport(ratio=1)
        button.click(trial=True)  # nothing lies over it
    keyboard.press("j")
    expect(place(cockpit)).to_have_text("2 / 4")
    cockpit.get_by_role("button", name="Fail").click()
    note = cockpit.get_by_role("textbox", name="Critique")
    expect(note).to_be_focused()
    expect(note).to_be_in_viewport(ratio=1)
    keyboard.type("It booked without dates")
    keyboard.press("Escape")
    # wide enough for a sentence, high enough for a message
    assert note.evaluate("one => one.clientWidth") > 200
    assert cockpit.locator(".ea-reading").evaluate("one => one.clientHeight") > 200
    answer = cockpit.locator("article").last
    answer.scroll_into_view_if_needed()
    expect(answer).to_be_in_viewport()
    assert outside(cockpit) == []
    assert not violations(notebook.page)
    assert rows(project)[-1].critique == "It booked without dates"


def test_another_theme_takes_effect_at_once_and_keeps_the_note(
    show: Any, notebook: Any, lab: Any
) -> None:
    cockpit, page = show(ids(2)), notebook.page
    note = cockpit.get_by_role("textbox", name="Critique")
    light = "rgb(255, 255, 255)"
    expect(cockpit).to_have_css("background-color", light)
    note.fill("Typed in the light")
    try:
        page.get_by_role("menuitem", name="Settings", exact=True).click()
        page.locator(".lm-Menu-itemLabel").get_by_text("Theme", exact=True).click()
        page.get_by_text("JupyterLab Dark", exact=True).click()
        for part in (cockpit, note):
            expect(part).not_to_have_css("background-color", light)
        expect(note).not_to_have_css("color", "rgb(0, 0, 0)")
        expect(note).to_have_value("Typed in the light")
        assert not violations(page)
    finally:
        lab.choose_theme("JupyterLab Light")


def test_offline_nothing_is_called_saved_and_back_online_nothing_is_missing(
    show: Any, notebook: Any, project: Project
) -> None:
    cockpit, page = show(ids(4)), notebook.page
    state = cockpit.locator(".ea-state")
    note = cockpit.get_by_role("textbox", name="Critique")
    dialog = page.locator(".jp-Dialog")  # JupyterLab says so too, and takes the keys
    page.add_locator_handler(dialog, dialog.locator(".jp-Dialog-button").last.click)
    page.keyboard.press("1")
    expect(place(cockpit)).to_have_text("2 / 4")
    page.context.set_offline(True)
    page.keyboard.press("2")
    page.keyboard.insert_text("Typed offline")  # at once: the dialog may come between
    expect(cockpit.get_by_role("alert")).to_contain_text(
        "The kernel has not answered for 10 seconds", timeout=20_000
    )
    expect(state).not_to_contain_text("✓")
    expect(note).to_have_value("Typed offline")
    assert [(row.trace_id, row.verdict) for row in rows(project)] == [("t00", "pass")]
    project.close()
    page.context.set_offline(False)
    cockpit.locator(".ea-reading").click(position={"x": 3, "y": 3})
    expect(state).to_contain_text("saved ✓", timeout=20_000)
    expect(cockpit.get_by_role("alert")).to_be_hidden()
    page.keyboard.press("j")
    expect(place(cockpit)).to_have_text("3 / 4")
    page.keyboard.press("1")
    expect(place(cockpit)).to_have_text("4 / 4")
    said = project._store.annotations.current("mira")
    assert {name: one.verdict for name, one in said.items()} == {
        "t00": "pass", "t01": "fail", "t02": "pass",
    }  # fmt: skip
    assert said["t01"].critique == "Typed offline"
