"""The facts beside the messages, under the names that tools give them."""

from __future__ import annotations

from datetime import datetime

import pytest
from fakes import chat

MOMENT = datetime(2026, 2, 16, 1, 35, 18)


@pytest.mark.parametrize(
    "given",
    [
        1771205718,
        1771205718.0,
        "1771205718",
        1771205718000,
        1771205718000000,
        1771205718000000000,
        "1771205718000000000",
        "2026-02-16T01:35:18Z",
        "2026-02-16 01:35:18",
        "2026-02-16 01:35:18 UTC",
        "2026-02-16T02:35:18+01:00",
        "2026/02/16 01:35:18",
    ],
)
def test_times_are_read_by_their_magnitude_and_kept_in_utc(ingest, traces, given):
    ingest([chat("t", "Hi", "Hello", timestamp=given)])
    assert traces()["t"].started_at == MOMENT


def test_nanoseconds_keep_their_microseconds(ingest, traces):
    ingest([chat("t", "Hi", created_at=1795199007657268842)])
    assert traces()["t"].started_at.microsecond == 657268


@pytest.mark.parametrize("given", ["yesterday", 12, -5, True, "2026", "9" * 25, [1]])
def test_what_is_no_time_is_rejected_with_a_way_out(ingest, rejects, traces, given):
    records = [chat("ok", "Hi"), chat("t", "Hi", timestamp=given)]
    assert ingest(records).rejected == 1
    [(_, place, reason)] = rejects()
    assert place == 1
    assert reason.startswith("'timestamp': ")
    assert "columns={'started_at': None}" in reason
    ingest(records, columns={"started_at": None})
    assert traces()["t"].metadata == {"timestamp": given}


@pytest.mark.parametrize("given", [None, "", 0, float("nan")])
def test_no_time_is_no_fault(ingest, traces, given):
    assert ingest([chat("t", "Hi", timestamp=given)]).rejected == 0
    assert traces()["t"].started_at is None


def test_a_duration_called_time_stays_in_the_metadata(ingest, traces):
    ingest([chat("t", "Hi", time=3.2, date="last Monday")])
    assert traces()["t"].started_at is None
    assert traces()["t"].metadata == {"time": 3.2, "date": "last Monday"}


def test_the_facts_of_a_record(ingest, traces):
    record = chat(
        "t",
        "Hi",
        "Hello",
        conversationId=7,
        startTime="2026-02-16T01:35:18Z",
        latency_ms=1500,
        model_name="m-1",
        usage={"prompt_tokens": 12, "completion_tokens": "34"},
        total_cost="0.25",
        error="",
        tags="beta, web",
        meta={"channel": "app"},
        region="eu",
        feedback={"thumbs": "down", "comment": "wrong date"},
    )
    ingest([record])
    trace = traces()["t"]
    assert (trace.session_id, trace.model) == ("7", "m-1")
    assert trace.started_at == MOMENT
    assert (trace.ended_at - trace.started_at).total_seconds() == 1.5
    assert (trace.input_tokens, trace.output_tokens) == (12, 34)
    assert (trace.cost_usd, trace.error, trace.tags) == (0.25, None, ["beta", "web"])
    assert trace.metadata == {"channel": "app", "region": "eu", "latency_ms": 1500}
    [item] = trace.feedback
    assert (item.name, item.value, item.comment) == ("thumbs", "down", "wrong date")


def test_nothing_that_is_said_gets_lost(ingest, traces):
    extra = {"created_at": "2026-02-16T01:35:18Z", "timestamp": "2026-02-17T00:00:00Z"}
    ingest([chat("t", "Hi", cost="n/a", uuid="u-1", metadata="a note", **extra)])
    found = traces()["t"]
    other = {"created_at", "timestamp"} & set(found.metadata)
    assert len(other) == 1
    assert found.metadata["cost"] == "n/a"
    assert found.metadata["uuid"] == "u-1"
    assert found.metadata["metadata"] == "a note"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (5, [("feedback", "5", 5.0)]),
        ("great", [("feedback", "great", None)]),
        ({"name": "stars", "score": 0.5}, [("stars", "0.5", 0.5)]),
        (
            {"helpful": True, "tone": "rude"},
            [("helpful", "true", 1.0), ("tone", "rude", None)],
        ),
        (
            [{"key": "k", "score": 1}, "odd"],
            [("feedback", "odd", None), ("k", "1", 1.0)],
        ),
        ('{"stars": 3}', [("stars", "3", 3.0)]),
    ],
)
def test_feedback_in_its_many_forms(ingest, store, given, expected):
    ingest([chat("t", "Hi", feedback=given)])
    found = store.traces.feedback().select("name", "value", "number").rows()
    assert sorted(found) == expected


def test_a_column_can_be_named_for_any_field(ingest, traces):
    record = chat("t", "Hi", "Hello", who="s-9", when=1771205718, trace_id="other")
    ingest([record], columns={"session_id": "who", "started_at": "when"})
    trace = traces()["t"]
    assert (trace.session_id, trace.started_at) == ("s-9", MOMENT)
    assert trace.metadata == {"trace_id": "other"}
    ingest([record], columns={"id": "trace_id"})
    assert traces()["other"].input == "Hi"


def test_messages_under_another_name(ingest, traces):
    record = {"id": "t", "history": chat("", "Hi", "Hello")["messages"]}
    report = ingest([record], columns={"messages": "history"})
    assert (report.format, traces()["t"].output) == ("chat", "Hello")
    assert traces()["t"].metadata == {}
