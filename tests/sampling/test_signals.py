"""Signals: each with what it sees and what comes near and is none."""

from __future__ import annotations

from typing import Any

import pytest
from fakes import chat

import erroranalysis as ea
from erroranalysis.sampling.signals import SIGNALS, Conversation


def tools(*results: str) -> list[dict[str, Any]]:
    return [{"role": "tool", "content": result} for result in results]


def talk(*texts: str) -> list[dict[str, Any]]:
    return chat("t", *texts)["messages"]


CASES = [
    (
        "rephrased question",
        talk("Can I cancel my booking for Friday?", "Sure?", "I asked to cancel the"
             " booking for Friday"),
        talk("Can I cancel my booking for Friday?", "Yes. Shall I?", "Yes, cancel the"
             " booking for Friday"),
    ),
    (
        "abandoned session",
        talk("A room?", "It is not refundable.", "Not refundable? Since when?"),
        talk("A room?", "Booked.", "Great, thanks! See you?"),
    ),
    ("abandoned session", talk("Hello, anyone there"), talk("Hello", "Hi, what now?")),
    (
        "frustration",
        talk("This is ridiculous, I want to speak to a human"),
        talk("Is the view from the terrace as good as they say?!"),
    ),
    (
        "correction",
        talk("Two nights", "Three nights, noted.", "That\u2019s not what I asked"),
        talk("Three nights", "Noted. Anything else?", "No, that\u2019s all. Thanks."),
    ),
    (
        "refusal",
        talk("Cancel it", "I'm sorry, I can't help with that."),
        talk("Cancel it", "I can't wait to see you! It is cancelled."),
    ),
    (
        "repeated tool errors",
        tools('{"error": "pms_unavailable"}', "Error: order not found"),
        tools('{"error": null, "rooms": 3}', "Error: order not found"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "shows", "near"), CASES)
def test_a_signal_and_its_near_miss(name: str, shows: Any, near: Any) -> None:
    assert SIGNALS[name](Conversation(shows))
    assert not SIGNALS[name](Conversation(near))


def test_every_signal_says_what_it_misses() -> None:
    assert {name for name, *_ in CASES} == set(SIGNALS)
    for signal in SIGNALS.values():
        assert "Sees" in str(signal.__doc__)
        assert "isses" in str(signal.__doc__)


@pytest.fixture
def troubled(loaded: ea.Project) -> ea.Project:
    loaded.ingest(
        [
            chat("angry", "A room?", "No.", "This is useless!!! I said a room"),
            chat("refused", "Cancel it", "I am unable to cancel that."),
            chat("asked", "Is the sauna open on Sunday evening?", "Our sauna is hot.",
                 session_id="x", started_at="2026-01-01T10:00:00Z"),
            chat("again", "The sauna, open Sunday evening or not?", "It is.",
                 session_id="x", started_at="2026-01-01T10:05:00Z"),
            chat("open", "What is the wifi code?", "Which house?", "Leith?",
                 session_id="y", started_at="2026-01-01T10:00:00Z"),
            chat("more", "Leith, the wifi code.", "1234", session_id="y",
                 started_at="2026-01-01T10:05:00Z"),
        ],
        progress=False,
    )  # fmt: skip
    return loaded


def test_the_batch_names_the_signals(troubled: ea.Project) -> None:
    batch = troubled.sample(50, by="signals")
    assert {item.trace_id: item.stratum for item in batch.drawn} == {
        "angry": "frustration, correction",
        "refused": "refusal",
        "again": "rephrased question",  # of the trace before in its session
    }  # "open" ends with a question, but its session goes on
    assert batch.label_sampling == "error_hunt"


def test_names_choose_and_patterns_add(troubled: ea.Project) -> None:
    only = troubled.sample(50, by="signals", signals=["refusal"])
    assert only.trace_ids == ("refused",)
    more = troubled.sample(50, by="signals", signals={"wifi": r"wi-?fi"})
    found = {item.trace_id: item.stratum for item in more.drawn}
    assert found["open"] == found["more"] == "wifi"
    assert found["refused"] == "refusal"


def test_whole_sessions_of_what_was_found(troubled: ea.Project) -> None:
    batch = troubled.sample(50, by="signals", sessions="together")
    found = {item.trace_id: item.stratum for item in batch.drawn}
    assert found["asked"] == "same session"
    order = [name for name in batch.trace_ids if name in ("asked", "again")]
    assert order == ["asked", "again"]


def test_no_signal_says_what_to_type(loaded: ea.Project) -> None:
    with pytest.raises(ea.NothingToDoError, match=r'signals=\{"refund": r"refund'):
        loaded.sample(5, by="signals")
