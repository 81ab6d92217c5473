"""A hint where a critique would teach nobody; never on a good note."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from erroranalysis.critiques import (
    ONLY_GUESSES,
    ONLY_JUDGES,
    TOO_SHORT,
    short_critique,
)

DEMO = Path(__file__).parents[1] / "data" / "annotations.csv"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("bad", ONLY_JUDGES),
        ("Nope.", ONLY_JUDGES),
        ("The response is really bad and just completely wrong!!", ONLY_JUDGES),
        ("???", ONLY_JUDGES),
        ("wrong month", TOO_SHORT),
        ("incomprehensibilities everywhere", TOO_SHORT),
        ("no a/c said so", TOO_SHORT),
        ("忘记了狗", TOO_SHORT),
        ("The model probably lost track of the context", ONLY_GUESSES),
        ("Probably the prompt is missing a rule about pets", ONLY_GUESSES),
        (
            "I think that the retrieval must have been empty. Maybe it timed out.",
            ONLY_GUESSES,
        ),
    ],
)
def test_what_teaches_nobody(text: str, hint: str) -> None:
    assert short_critique(text) == hint


@pytest.mark.parametrize(
    "text",
    [
        None,
        "  \n",
        "Booked May instead of June",
        "Wrong: the guest asked for June and it booked May",
        "It never looked the policy up. The model probably trusted the prompt.",
        "The model probably added city tax twice: 447 became 469.35",
        'The model probably read "no lift" as a lift',
        "The guest probably meant Sunday, which it did not ask",
        "没有回答客人关于早餐的问题",
        "ไม่ได้ตอบคำถามเรื่องอาหารเช้า",
    ],
)
def test_what_is_fine(text: str | None) -> None:
    assert short_critique(text) is None


def test_it_is_silent_on_the_notes_of_the_demo() -> None:
    with DEMO.open(encoding="utf-8") as lines:
        notes = [row["critique"] for row in csv.DictReader(lines)]
    assert len(notes) > 100
    assert [note for note in notes if short_critique(note)] == []


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["agentrx", "defacto"])
def test_it_is_hardly_heard_on_real_notes(shared_data: Path, name: str) -> None:
    with (shared_data / "notes" / f"{name}.csv").open(encoding="utf-8") as lines:
        notes = {row["note"] for row in csv.DictReader(lines)}
    assert sum(short_critique(note) is not None for note in notes) < 0.02 * len(notes)


@pytest.mark.shared_data
def test_it_is_heard_on_terse_comments(shared_data: Path) -> None:
    path = shared_data / "code_review" / "examples" / "datasets" / "code_review.csv"
    with path.open(encoding="utf-8") as lines:
        notes = [row["Expert comment"] for row in csv.DictReader(lines)]
    hints = {note: short_critique(note) for note in notes if note}
    assert hints["Not actionable"] == TOO_SHORT
    assert sum(hint is not None for hint in hints.values()) > 10
