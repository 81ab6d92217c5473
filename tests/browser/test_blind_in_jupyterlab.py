"""What others said comes when the own verdict and critique are there."""

from __future__ import annotations

from typing import Any

import pytest
from browser.bookings import ids, place, rows
from playwright.sync_api import expect

from erroranalysis.project import Project
from erroranalysis.records import Annotation

pytestmark = pytest.mark.browser

DIFFERENT = "Others see it differently"


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


def test_others_do_not_colour_the_critique_of_a_fail(
    show: Any, notebook: Any, project: Project
) -> None:
    project._store.annotations.add_all(
        [Annotation(name, "ana", "pass", f"All well in {name}") for name in ids(8)]
    )
    cockpit, keyboard = show(ids(9)), notebook.page.keyboard
    others = cockpit.get_by_role("group", name="What others said")
    cells = cockpit.locator(".ea-cell")
    ways_on = [
        lambda _: keyboard.press("Control+Enter"),
        lambda _: cockpit.get_by_role("button", name="Save and next").click(),
        lambda _: cockpit.get_by_role("button", name="Next trace").click(),
        lambda number: cells.nth(number + 1).click(),
    ]
    for number in range(8):
        way_on, critique = ways_on[number % 4], "It asked twice" * (number // 4)
        expect(place(cockpit)).to_have_text(f"{number + 1} / 9")
        cockpit.focus()
        keyboard.press("2")
        expect(cockpit.locator(".ea-state")).to_contain_text("saved")
        keyboard.type(critique)
        expect(others).to_be_hidden()
        assert f"well in t0{number}" not in notebook.page.content()
        way_on(number)
        # what came up with the note that this very act saved has not been read yet
        expect(others).to_contain_text(f"All well in t0{number}")
        expect(cockpit.locator(".ea-message-line")).to_contain_text(DIFFERENT)
        expect(place(cockpit)).to_have_text(f"{number + 1} / 9")
        way_on(number)
    expect(place(cockpit)).to_have_text("9 / 9")
    said = [row.critique for row in rows(project)]
    assert said == [None] * 4 + [None, "It asked twice"] * 4
    assert not any(row.saw_judgement for row in rows(project))


def test_who_leaves_the_note_hears_others_and_then_goes_on(
    show: Any, notebook: Any, project: Project
) -> None:
    project._store.annotations.add_all([Annotation("t00", "ana", "pass", "All well")])
    cockpit, keyboard = show(ids(3)), notebook.page.keyboard
    keyboard.press("2")
    keyboard.type("It asked for dates twice")
    keyboard.press("Escape")
    expect(cockpit.locator(".ea-others")).to_contain_text("All well")
    keyboard.press("j")
    expect(place(cockpit)).to_have_text("2 / 3")
