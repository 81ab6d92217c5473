"""A project of bookings and a notebook that shows it in the annotator."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator

from erroranalysis.project import Project
from erroranalysis.records import Annotation, Span

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
