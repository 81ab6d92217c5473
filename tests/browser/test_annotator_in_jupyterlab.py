"""The annotator in a real JupyterLab: keys, notes, restarts, hostile traces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from erroranalysis.records import Annotation
from erroranalysis.store import Store
from erroranalysis.store.loads import load

pytestmark = pytest.mark.browser

HOSTILE = """</article><script>window.hacked = "script"</script>
<img src=x onerror="window.hacked = 'img'"> <svg onload="window.hacked='svg'">
[pay](javascript:window.hacked='link') ![x](https://evil.example/p.png)
<style>body { display: none }</style> {{constructor.constructor('1')()}}"""

CELL = """
from erroranalysis.queue import Queue
from erroranalysis.store import Store
from erroranalysis.widgets.annotator import Annotator
store = Store("{file}")
Annotator(Queue(store, "b1", "mira"), store.traces.get)
"""


def records() -> list[dict[str, Any]]:
    call = {"id": "c1", "name": "search_rooms", "arguments": {"hotel": "porto"}}
    first = [
        {"role": "system", "content": "You book rooms."},
        {"role": "user", "content": "A twin in Porto for two nights, please."},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": '{"error": "no_rooms"}'},
        {"role": "assistant", "content": "Booked **two** twins."},
    ]
    hostile = [
        {"role": "user", "content": HOSTILE},
        {"role": "assistant", "content": "I will not."},
    ]
    plain = [
        [
            {"role": "user", "content": f"Question {i}?"},
            {"role": "assistant", "content": f"Answer {i}. " + "More. " * 40 * i},
        ]
        for i in range(4)
    ]
    return [
        {"id": f"t{i}", "messages": messages}
        for i, messages in enumerate([first, *plain, hostile])
    ]


@pytest.fixture
def store(lab: Any, request: pytest.FixtureRequest) -> Iterator[Store]:
    """A project of six traces, and a notebook beside it that shows the annotator."""
    name = re.sub(r"\W", "_", request.node.name)
    made = Store(lab.folder / f"{name}.duckdb", patience=30)
    load(made, records(), progress=False)
    made.batches.add(
        {
            "batch_id": "b1",
            "strategy": "random",
            "parameters": "{}",
            "seed": 1,
            "label_sampling": "random",
            "population": 6,
            "created_at": "2026-01-01",
        },
        [
            {"batch_id": "b1", "position": place, "trace_id": f"t{place}"}
            for place in range(6)
        ],
    )
    made.close()
    lab.write(name, CELL.format(file=Path(made.path).name))
    made.notebook = name  # type: ignore[attr-defined]
    yield made
    made.close()


@pytest.fixture
def cockpit(notebook: Any, store: Any) -> Locator:
    notebook.open(store.notebook)
    found: Locator = notebook.run()
    return found


def place(cockpit: Locator) -> Locator:
    return cockpit.locator(".ea-where")


def state(cockpit: Locator) -> Locator:
    return cockpit.locator(".ea-state")


def rows(store: Store) -> list[tuple[str, str | None, str | None, str | None]]:
    return [
        (row.trace_id, row.verdict, row.critique, row.first_failure)
        for row in store.annotations.history(annotator="mira")
    ]


def latest(store: Store) -> dict[str, Annotation]:
    return store.annotations.current("mira")


def test_keys_make_rows_and_letters_make_notes(
    cockpit: Locator, notebook: Any, store: Store
) -> None:
    keyboard, cells = notebook.page.keyboard, notebook.cells()
    expect(place(cockpit)).to_have_text("1 / 6")
    expect(state(cockpit)).to_have_text("No verdict yet")
    cockpit.locator(".ea-reading").click()
    keyboard.press("p")
    expect(place(cockpit)).to_have_text("2 / 6")
    assert rows(store) == [("t0", "pass", None, None)]
    keyboard.press("f")
    note = cockpit.get_by_role("textbox", name="Critique")
    expect(note).to_be_focused()
    expect(state(cockpit)).to_have_text("saved ✓ #2")
    assert rows(store)[1:] == [("t1", "fail", None, None)]
    keyboard.type("a b dd x 1 n p")
    keyboard.press("Enter")
    keyboard.type("u m ? j\\k")
    expect(note).to_have_value("a b dd x 1 n p\nu m ? j\\k")
    expect(state(cockpit)).to_have_text("note not saved yet")
    keyboard.press("Control+Enter")
    expect(place(cockpit)).to_have_text("3 / 6")
    assert rows(store)[2:] == [("t1", "fail", "a b dd x 1 n p\nu m ? j\\k", None)]
    keyboard.press("d")
    expect(place(cockpit)).to_have_text("4 / 6")
    expect(cockpit.locator(".ea-progress")).to_contain_text("2 of 6 read · 1 deferred")
    assert latest(store)["t2"].verdict == "defer"
    assert latest(store)["t1"].seconds is not None
    # a, b, dd, x and Enter are commands of JupyterLab: none of them arrived
    assert notebook.cells() == cells
    expect(notebook.page.locator(".jp-mod-editMode")).to_have_count(0)
    assert store.traces.get("t1").content_hash == latest(store)["t1"].content_hash


def test_a_note_is_saved_by_leaving_it(
    cockpit: Locator, notebook: Any, store: Store
) -> None:
    keyboard = notebook.page.keyboard
    cockpit.locator(".ea-reading").click()
    keyboard.press("n")
    keyboard.type("not sure yet")
    keyboard.press("Escape")
    expect(state(cockpit)).to_have_text("saved ✓ #1")
    expect(cockpit).to_be_focused()
    # a note without a verdict is a deferred one: nothing that was typed is lost
    assert rows(store) == [("t0", "defer", "not sure yet", None)]
    keyboard.press("2")
    keyboard.press("End")
    keyboard.type(", now I am")
    cockpit.get_by_role("button", name="Next trace").click()
    expect(place(cockpit)).to_have_text("2 / 6")
    assert latest(store)["t0"].critique == "not sure yet, now I am"
    assert latest(store)["t0"].verdict == "fail"
    cockpit.get_by_role("textbox", name="Critique").fill("fine, and why")
    cockpit.get_by_role("button", name="Pass").click()
    expect(place(cockpit)).to_have_text("3 / 6")
    assert rows(store)[-1] == ("t1", "pass", "fine, and why", None)
    assert len(rows(store)) == 4


def test_a_restart_loses_nothing(cockpit: Locator, notebook: Any, store: Store) -> None:
    keyboard = notebook.page.keyboard
    cockpit.locator(".ea-reading").click()
    for done in (2, 3):
        keyboard.press("1")
        expect(place(cockpit)).to_have_text(f"{done} / 6")
    keyboard.press("f")
    keyboard.type("too long")
    keyboard.press("Control+Enter")
    expect(place(cockpit)).to_have_text("4 / 6")
    notebook.restart()
    again = notebook.run()
    expect(place(again)).to_have_text("4 / 6")
    expect(again.locator(".ea-progress")).to_contain_text("3 of 6 read")
    again.locator(".ea-reading").click()
    keyboard.press("u")
    expect(place(again)).to_have_text("3 / 6")
    expect(again.locator(".ea-message-line")).to_have_text("Undone: fail on no. 3")
    note = again.get_by_role("textbox", name="Critique")
    expect(note).to_have_value("")
    assert latest(store)["t2"].critique is None
    keyboard.press("u")
    expect(again.locator(".ea-b-fail")).to_have_attribute("aria-pressed", "false")
    assert "t2" not in latest(store)
    keyboard.press("Shift+U")
    expect(again.locator(".ea-b-fail")).to_have_attribute("aria-pressed", "true")
    keyboard.press("Shift+U")
    expect(note).to_have_value("too long")
    expect(again.locator(".ea-b-redo")).to_have_attribute("aria-disabled", "true")
    assert [row.retracts is not None for row in store.annotations.history()] == (
        [False] * 4 + [True] * 4
    )


def test_moving_marking_and_jumping(
    cockpit: Locator, notebook: Any, store: Store
) -> None:
    keyboard = notebook.page.keyboard
    unit = cockpit.locator("details.ea-tool")
    expect(unit.locator("summary")).to_contain_text("error: no_rooms")
    cockpit.get_by_text("Booked two twins.").click()
    keyboard.press("m")
    expect(cockpit.locator(".ea-first-text")).to_have_text("message 4")
    expect(cockpit.locator("article.ea-first")).to_have_attribute("data-index", "4")
    assert rows(store) == [("t0", "fail", None, "4")]
    keyboard.press("Shift+K")
    expect(unit).to_have_attribute("open", "")
    keyboard.press("m")
    expect(cockpit.locator(".ea-first-text")).to_have_text("message 3")
    keyboard.press("m")
    expect(cockpit.locator(".ea-first-text")).to_have_text("not marked")
    assert latest(store)["t0"].first_failure is None
    for key, where in (("j", 2), ("ArrowRight", 3), ("k", 2), ("ArrowLeft", 1)):
        keyboard.press(key)
        expect(place(cockpit)).to_have_text(f"{where} / 6")
    keyboard.press("g")
    keyboard.type("5")
    keyboard.press("Enter")
    expect(place(cockpit)).to_have_text("5 / 6")
    cockpit.get_by_role("textbox", name="Go to a number or trace id").fill("t99")
    keyboard.press("Enter")
    expect(cockpit.get_by_role("alert")).to_contain_text("No trace in this batch 't99'")
    keyboard.press("?")
    keys = cockpit.get_by_role("dialog", name="The keys")
    expect(keys).to_be_visible()
    keyboard.press("p")  # no verdict while the keys are read
    keyboard.press("Escape")
    expect(keys).to_be_hidden()
    assert set(latest(store)) == {"t0"}


def test_a_hostile_trace_runs_nothing_and_loads_nothing(
    cockpit: Locator, notebook: Any
) -> None:
    asked: list[str] = []
    notebook.page.on("request", lambda request: asked.append(request.url))
    cockpit.locator(".ea-jump").fill("6")
    notebook.page.keyboard.press("Enter")
    expect(place(cockpit)).to_have_text("6 / 6")
    expect(cockpit.locator("article").first).to_contain_text("window.hacked = 'img'")
    expect(cockpit.locator("article").last).to_contain_text("I will not.")
    expect(cockpit.locator("article")).to_have_count(2)
    assert notebook.page.evaluate("window.hacked") is None
    assert (
        cockpit.locator("img, script, style, svg, iframe, a[href^=java]").count() == 0
    )
    assert not [url for url in asked if not url.startswith(notebook.lab.url)]


def test_a_kernel_that_is_gone_is_noticed_and_the_text_is_kept(
    cockpit: Locator, notebook: Any, store: Store
) -> None:
    page = notebook.page
    cockpit.locator(".ea-reading").click()
    page.keyboard.press("f")
    expect(state(cockpit)).to_have_text("saved ✓ #1")
    page.evaluate("() => { window.WebSocket.prototype.send = () => {} }")
    page.keyboard.type("typed into the void")
    page.keyboard.press("Escape")
    expect(cockpit.get_by_role("alert")).to_contain_text(
        "The kernel has not answered for 10 seconds", timeout=20_000
    )
    expect(state(cockpit)).to_have_text("not saved")
    note = cockpit.get_by_role("textbox", name="Critique")
    expect(note).to_have_value("typed into the void")
    page.reload()
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.wait_for()
    again = notebook.run()
    again.locator(".ea-jump").fill("1")
    page.keyboard.press("Enter")
    expect(place(again)).to_have_text("1 / 6")
    expect(again.get_by_role("textbox", name="Critique")).to_have_value(
        "typed into the void"
    )
    again.locator(".ea-reading").click()
    page.keyboard.press("Control+s")
    expect(state(again)).to_have_text("saved ✓ #2")
    assert latest(store)["t0"].critique == "typed into the void"


def test_an_error_in_python_shows_in_the_widget(
    cockpit: Locator, notebook: Any, store: Store
) -> None:
    assert rows(store) == []  # to look, the file is taken from the kernel
    store.close()
    Path(store.path).rename(f"{store.path}.away")
    Path(store.path).mkdir()
    cockpit.locator(".ea-reading").click()
    notebook.page.keyboard.press("p")
    expect(cockpit.get_by_role("alert")).to_contain_text("is a folder")
    expect(state(cockpit)).to_have_text("not saved")
    Path(store.path).rmdir()
    Path(f"{store.path}.away").rename(store.path)
    notebook.page.keyboard.press("p")
    expect(place(cockpit)).to_have_text("2 / 6")
    expect(cockpit.get_by_role("alert")).to_be_hidden()
    assert rows(store) == [("t0", "pass", None, None)]
