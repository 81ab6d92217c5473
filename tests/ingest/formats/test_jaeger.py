"""Traces of Jaeger in JSON."""

from __future__ import annotations

import json

import pytest

TRACE = "0000aca853e014a052fe9526cbcba62b"


def tags(**values):
    kinds = {str: "string", bool: "bool", int: "int64"}
    return [
        {"key": key.replace("__", "."), "type": kinds[type(value)], "value": value}
        for key, value in values.items()
    ]


def span(number, parent=None, **values):
    reference = {"refType": "CHILD_OF", "traceID": TRACE, "spanID": f"{parent or 0:x}"}
    return {
        "traceID": TRACE,
        "spanID": f"{number:x}",
        "operationName": f"step {number}",
        "references": [reference] if parent else [],
        "startTime": 1_795_199_007_657_268 + number,
        "duration": 1_500,
        "tags": tags(**values),
        "logs": [],
        "processID": "p1",
    }


ROOT = span(
    161,
    openinference__span__kind="CHAIN",
    input__value="Open on Sunday?",
    output__value="Yes.",
    tag__tags='["vip", "web"]',
    otel__scope__name="app",
)
CALL = span(
    162,
    161,
    openinference__span__kind="LLM",
    llm__input_messages__0__message__role="user",
    llm__input_messages__0__message__content="[1] Open on Sunday?",
    llm__output_messages__0__message__content="Yes.",
    llm__token_count__prompt=7,
    otel__status_code="ERROR",
    error=True,
)
CALL["logs"] = [
    {
        "timestamp": 1_795_199_007_657_300,
        "fields": tags(event="exception", exception__message="slow"),
    }
]
PROCESSES = {"p1": {"serviceName": "shop", "tags": tags(service__version="3")}}
WHOLE = {"traceID": TRACE, "spans": [CALL, ROOT], "processes": PROCESSES}


@pytest.mark.parametrize(
    "records",
    [
        {"data": [WHOLE], "total": 0, "limit": 0, "offset": 0, "errors": None},
        [WHOLE],
        WHOLE,
    ],
    ids=["export", "list", "alone"],
)
def test_an_export_is_a_trace(ingest, traces, store, write, records):
    report = ingest(write("jaeger.json", json.dumps(records)))
    assert (report.format, report.new, report.spans) == ("jaeger", 1, 2)
    trace = traces()[TRACE]
    assert (trace.input, trace.output) == ("Open on Sunday?", "Yes.")
    assert [m["content"] for m in trace.messages] == ["[1] Open on Sunday?", "Yes."]
    assert trace.tags == ["vip", "web"]
    assert trace.metadata["service.name"] == "shop"
    assert trace.metadata["service.version"] == "3"
    assert trace.metadata["child_error"] == "slow"
    found = store.query(
        "SELECT span_id, parent_id, epoch_ns(started_at), epoch_ns(ended_at), status"
        " FROM spans ORDER BY 1"
    ).rows()
    began = 1_795_199_007_657_268_000
    assert found == [
        (f"{161:016x}", None, began + 161_000, began + 1_661_000, None),
        (f"{162:016x}", f"{161:016x}", began + 162_000, began + 1_662_000, "error"),
    ]


def test_spans_in_lines_as_elasticsearch_keeps_them(ingest, traces):
    records = [
        {**one, "process": {"serviceName": "shop", "tags": []}, "processID": ""}
        for one in (ROOT, CALL)
    ]
    report = ingest(records)
    assert (report.new, report.spans) == (1, 2)
    assert traces()[TRACE].metadata["service.name"] == "shop"


def test_a_span_that_follows_another_is_no_child_of_it(ingest, store):
    later = span(163)
    later["references"] = [
        {"refType": "FOLLOWS_FROM", "traceID": TRACE, "spanID": "a1"}
    ]
    ingest([{**WHOLE, "spans": [ROOT, later]}])
    parents = store.query("SELECT parent_id FROM spans").rows()
    assert parents == [(None,), (None,)]


def test_a_broken_span_is_rejected_alone(ingest, rejects):
    broken = [{**CALL, "spanID": ""}, 7]
    report = ingest([{"data": [{**WHOLE, "spans": [ROOT, *broken]}, "x"]}])
    assert (report.new, report.spans, report.rejected) == (1, 1, 3)
    reasons = [reason for _, _, reason in rejects()]
    assert "data[0].spans[1]: no spanID" in reasons
    assert any("data[0].spans[2]: not a span of Jaeger" in one for one in reasons)
    assert "data[1]: not a trace but text" in reasons
