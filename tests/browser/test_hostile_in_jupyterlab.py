"""Hundreds of hostile texts, in every place of a trace, before a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hostile import PAYLOADS
from playwright.sync_api import expect

from erroranalysis.project import Project

pytestmark = pytest.mark.browser

CELL = """
import erroranalysis as ea
project = ea.Project("{file}")
project.annotate({batch!r}, annotator="mira", {more})
"""
EACH = 25


def trace(number: int, payloads: list[str]) -> dict[str, Any]:
    """Return a trace with hostile texts in all places that a source can fill."""
    messages: list[dict[str, Any]] = [{"role": "system", "content": payloads[0]}]
    for place, payload in enumerate(payloads):
        call = {"id": f"c{place}", "name": payload, "arguments": {payload: payload}}
        messages += [
            {"role": "user", "content": payload, "name": payload},
            {
                "role": "assistant",
                "content": f"# {payload}\n\n| a |\n|---|\n| {payload} |\n",
                "reasoning_content": payload,
                "tool_calls": [call],
            },
            {"role": "tool", "tool_call_id": f"c{place}", "content": payload},
        ]
    picture = {"type": "image_url", "image_url": {"url": payloads[0]}}
    messages.append({"role": "user", "content": [picture]})
    return {
        "id": f"t{number}",
        "messages": messages,
        "error": payloads[0],
        "tags": payloads,
        "metadata": {payload: payload for payload in payloads},
        "feedback": [
            {"name": payload, "value": payload, "comment": payload}
            for payload in payloads[:5]
        ],
    }


@pytest.mark.parametrize(
    "more",
    ["", "render=lambda trace: ''.join(str(m['content']) for m in trace.messages)"],
)
def test_hostile_texts_run_nothing_load_nothing_and_break_nothing(
    notebook: Any, lab: Any, more: str
) -> None:
    assert len(PAYLOADS) >= 300
    batches = [PAYLOADS[i : i + EACH] for i in range(0, len(PAYLOADS), EACH)]
    name = f"hostile_{bool(more)}"
    project = Project(lab.folder / f"{name}.duckdb")
    project.ingest([trace(n, batch) for n, batch in enumerate(batches)], progress=False)
    ids = [f"t{n}" for n in range(len(batches))]
    file = Path(project.path).name
    project.close()
    lab.write(name, CELL.format(file=file, batch=ids, more=more))
    notebook.open(name)
    page = notebook.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    cockpit = notebook.run()
    reading = cockpit.locator(".ea-reading")
    reading.click(position={"x": 3, "y": 3})
    box = cockpit.bounding_box()
    for number in range(len(batches)):
        expect(cockpit.locator(".ea-where")).to_have_text(f"{number + 1} / {len(ids)}")
        page.keyboard.press("o")
        page.keyboard.press("End")
        # what is hovered over and focused may act as well
        cockpit.locator("article").last.hover()
        page.keyboard.press("o")
        assert page.evaluate("window.hacked") is None
        assert cockpit.bounding_box() == box
        wide = "(e) => [e.scrollWidth, e.clientWidth]"
        shown, room = reading.evaluate(wide)
        assert shown <= room + 1, f"trace {number} is wider than its place"
        page.keyboard.press("j")
    alien = cockpit.locator(
        "script, style, svg, math, iframe, object, embed, link, meta, base, form,"
        " .ea-html input, .ea-html button, .ea-html select, .ea-html textarea"
    )
    assert alien.count() == 0
    outside = [url for url in asked if not url.startswith((lab.url, "data:", "blob:"))]
    assert outside == []
