"""Blind first: when the annotator tells what judges and colleagues said."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from front import Front, four_traces

from erroranalysis.records import Annotation
from erroranalysis.store import Store

CRITIQUE = "It booked a room before the guest had given any dates"
DIFFERENT = "Others see it differently."
FAIL = {"trace_id": "trace-0", "verdict": "fail"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A project in which Ana passed the first trace and failed the second."""
    with contextlib.closing(four_traces(tmp_path)) as made:
        made.annotations.add(Annotation("trace-0", "ana", "pass", "All is well"))
        made.annotations.add(Annotation("trace-1", "ana", "fail", CRITIQUE))
        yield made


@pytest.fixture
def front(store: Store) -> Front:
    return Front(store)


def saw(store: Store) -> list[bool | None]:
    return [act.saw_judgement for act in store.annotations.history(annotator="mira")]


def test_after_a_pass_it_is_told_at_once(front: Front, store: Store) -> None:
    front.page("open", index=1)
    said = {"trace_id": "trace-1", "verdict": "pass", "then": "next"}
    page = front.page("submit", **said)
    assert (page["trace_id"], page["message"]) == ("trace-1", DIFFERENT)
    assert page["others"]["differ"] is True
    assert page["others"]["said"][0] == {
        "who": "ana",
        "what": "",
        "verdict": "fail",
        "why": CRITIQUE,
    }
    assert front.page("submit", **said, keep=True)["trace_id"] == "trace-2"
    assert saw(store) == [False, True]
    # after a restart it is known again: the verdict is there, so it is shown at once
    assert Front(store).page("open", index=1)["others"]["differ"] is True


def test_before_a_verdict_nothing_is_told(front: Front) -> None:
    assert front.page("open")["others"] is None
    page = front.page("submit", trace_id="trace-0", verdict="defer", critique="hm")
    assert page["others"] is None


def test_a_fail_waits_until_its_critique_is_saved(front: Front, store: Store) -> None:
    assert front.page("submit", **FAIL)["others"] is None
    assert front.page("submit", **FAIL)["others"] is None  # the same key again
    page = front.page("submit", **FAIL, first_failure="0")
    assert page["others"] is None
    assert front.page("open")["others"] is None
    page = front.page("submit", **FAIL, first_failure="0", critique=CRITIQUE)
    assert page["others"]["differ"] is True
    assert saw(store) == [False, False, False]
    # the page goes on showing it, and what is said now was said after it
    page = front.page("submit", **FAIL, critique="")
    assert page["others"]["differ"] is True
    assert saw(store)[-1] is True


@pytest.mark.parametrize("critique", ["", CRITIQUE])
def test_a_fail_that_is_saved_to_go_on_hears_it_and_stays_once(
    front: Front, store: Store, critique: str
) -> None:
    said = {**FAIL, "critique": critique, "then": "next"}
    page = front.page("submit", **said)
    assert (page["trace_id"], page["message"]) == ("trace-0", DIFFERENT)
    assert page["others"]["differ"] is True
    assert front.page("submit", **said)["trace_id"] == "trace-1"
    assert saw(store) == [False]
    assert front.page("open", index=0)["others"]["differ"] is True


@pytest.mark.parametrize(
    "where", [{"next": True}, {"index": 2}, {"to": "trace-2"}, {"deferred": True}]
)
def test_a_fail_without_a_critique_hears_it_when_it_is_left(
    front: Front, store: Store, where: dict[str, object]
) -> None:
    front.page("submit", trace_id="trace-3", verdict="defer")
    front.page("submit", **FAIL)
    page = front.page("open", trace_id="trace-0", **where)
    assert (page["trace_id"], page["message"]) == ("trace-0", DIFFERENT)
    assert page["others"]["differ"] is True
    assert front.page("open", trace_id="trace-0", **where)["trace_id"] != "trace-0"
    front.page("submit", **FAIL, critique=CRITIQUE)
    assert saw(store) == [False, False, True]


def test_where_all_agree_a_fail_is_left_and_told_on_return(front: Front) -> None:
    fail = {"trace_id": "trace-1", "verdict": "fail"}
    assert front.page("submit", **fail)["others"] is None
    page = front.page("open", trace_id="trace-1", next=True)
    assert (page["trace_id"], page["message"]) == ("trace-2", "")
    assert front.page("open", index=1)["others"]["differ"] is False


def test_a_fail_that_becomes_a_pass_is_told_at_once(front: Front) -> None:
    assert front.page("submit", **FAIL)["others"] is None
    page = front.page("submit", trace_id="trace-0", verdict="pass")
    assert page["others"]["differ"] is False


def test_a_fail_that_was_undone_is_blind_again(front: Front, store: Store) -> None:
    front.page("submit", **FAIL)
    assert front.page("undo")["others"] is None
    assert front.page("redo")["others"] is None
    front.page("submit", **FAIL, critique=CRITIQUE)
    assert saw(store)[-1] is False


def test_a_fail_of_an_earlier_sitting_was_left(front: Front, store: Store) -> None:
    front.page("submit", **FAIL)
    again = Front(store)
    assert again.page("open", index=0)["others"]["differ"] is True
    again.page("submit", **FAIL, critique=CRITIQUE)
    assert saw(store) == [False, True]
