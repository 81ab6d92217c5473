"""A project with every kind of trouble in it, known trace by trace."""

from __future__ import annotations

from typing import Any

import pytest
from fakes import chat

import erroranalysis as ea

TOPICS = ("parking garage", "late breakfast", "spa towels", "refund invoice")


def plain(i: int) -> dict[str, Any]:
    """A trace without any trouble: two to a session, three months, two channels."""
    topic = TOPICS[i % 4]
    return chat(
        f"t{i:03}",
        f"What about the {topic} on floor {i}?",
        f"The {topic} is as it should be, number {i}.",
        session_id=f"s{i // 2}",
        model="small" if i % 3 else "large",
        metadata={"channel": "app" if i % 5 == 0 else "web"},
        started_at=f"2026-0{1 + i % 3}-05T10:{i % 60:02}:00Z",
    )


@pytest.fixture
def loaded(project: ea.Project) -> ea.Project:
    project.ingest([plain(i) for i in range(60)], progress=False)
    return project
