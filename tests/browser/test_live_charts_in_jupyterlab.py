"""A click on a mark in JupyterLab hands the traces behind it to the notebook."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from browser.jupyter import START_MS, Lab, Notebook, window
from playwright.sync_api import Browser, Route, expect

pytestmark = pytest.mark.browser

DRAW = """
import erroranalysis as ea
from erroranalysis.measure import ModeCount, Pareto, failing_transitions, wilson
{result}
view = ea.chart(result).live()
view
"""
PARETO = """
modes = tuple(
    ModeCount(name, n, wilson(n, 60), tuple(f"{name}-{i}" for i in range(n)))
    for name, n in (("late", 3), ("<b>rude</b>", 2))
)
result = Pareto(modes, read=60, failed=5, unplaced=0)
"""
MATRIX = """
result = failing_transitions(
    [["plan", "search"], ["plan", "answer"]] * 2,
    ["fail", "fail"] * 2,
    [1, 1, 1, 1],
    trace_ids=["t1", "t2", "t3", "t4"],
)
"""


SLICED = """
from erroranalysis.measure import align_slices
result = align_slices(
    ["pass", "pass", "fail", "pass"], ["pass", "fail", "pass", "fail"],
    ["de", "de", "en", "en"], trace_ids=["t1", "t2", "t3", "t4"],
)
"""
DRIFT = """
from erroranalysis.measure import drift
result = drift(
    [38, 30], [40, 40], baseline=0.9, periods=["week 1", "week 2"],
    trace_ids=[["t1", "t2"], [f"u{n}" for n in range(10)]],
)
"""


def press(notebook: Notebook, number: int) -> Any:
    """Run a cell, and return its output."""
    cell = notebook.page.locator(".jp-Notebook .jp-CodeCell").nth(number)
    for _ in range(5):
        cell.locator(".cm-content").click()
        notebook.page.keyboard.press("Control+Enter")
        try:
            expect(cell.locator(".jp-InputPrompt").first).not_to_have_text(
                "[ ]:", timeout=5_000
            )
            break
        except AssertionError:
            continue  # JupyterLab drops a run while it still connects
    return cell.locator(".jp-OutputArea").first


CASES = {
    "pareto": (PARETO, "('late-0', 'late-1', 'late-2')", "('<b>rude</b>-0'", "bar"),
    "matrix": (MATRIX, "('t2', 't4')", "('t1', 't3')", "rect mark"),
    "sliced": (SLICED, "('t3', 't2', 't4')", "('t3', 't4')", "point"),
    "drift": (DRIFT, "('t1', 't2')", "('u0', 'u1', 'u2'", "point"),
}
EACH = 3  # a chart, and a cell for each of two clicks


@pytest.fixture(scope="module")
def charts(chromium: Browser, lab: Lab) -> Iterator[tuple[Notebook, list[str]]]:
    """One notebook with all charts, and what it asked of other machines."""
    outside: list[str] = []

    def only_here(route: Route) -> None:
        if urlsplit(route.request.url).hostname == "127.0.0.1":
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    cells = [
        (DRAW.format(result=result), "view.selected", "view.selected")
        for result, *_ in CASES.values()
    ]
    lab.write("live", *itertools.chain.from_iterable(cells))
    with window(chromium, lab) as notebook:
        notebook.page.route("http*://**/*", only_here)
        notebook.open("live")
        yield notebook, outside


@pytest.mark.parametrize("case", CASES)
def test_a_click_selects_the_traces_behind_a_mark(
    charts: tuple[Notebook, list[str]], case: str
) -> None:
    notebook, outside = charts
    _, first, second, mark = CASES[case]
    place = EACH * list(CASES).index(case)
    output = press(notebook, place)
    marks = output.locator(f"path[aria-roledescription='{mark}']")
    expect(marks.first).to_be_visible(timeout=START_MS)
    corner: Any = {"x": 4, "y": 4}  # beside the number that stands in the middle
    marks.nth(0).click(position=corner)
    expect(press(notebook, place + 1)).to_contain_text(first)
    marks.nth(1).click(position=corner)
    expect(press(notebook, place + 2)).to_contain_text(second)
    assert outside == []
