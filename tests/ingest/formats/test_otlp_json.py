"""OpenTelemetry in JSON, in the spellings and envelopes that tools write."""

from __future__ import annotations

import base64
import itertools
import json
from collections import Counter

import pytest

from erroranalysis.errors import IngestError

START = 1_795_199_007_657_268_842
TRACE = "5b8efff798038103d269b633813fc60c"


def attributes(**values):
    kinds = {str: "stringValue", bool: "boolValue", int: "intValue"}
    return [
        {"key": key.replace("__", "."), "value": {kinds[type(value)]: value}}
        for key, value in values.items()
    ]


def span(number, parent=None, **values):
    return {
        "traceId": TRACE,
        "spanId": f"{number:016x}",
        "parentSpanId": f"{parent:016x}" if parent else "",
        "name": f"step {number}",
        "startTimeUnixNano": str(START + number),
        "endTimeUnixNano": str(START + number + 5),
        "attributes": attributes(**values),
    }


CHAIN = span(
    1,
    openinference__span__kind="CHAIN",
    input__value="Open on Sunday?",
    output__value="Yes.",
)
TOOL = span(2, 1, openinference__span__kind="TOOL", output__value="9 to 5")
RESOURCE = {"attributes": attributes(service__name="shop")}
SCOPE = {"scope": {"name": "app"}, "spans": [CHAIN, TOOL]}
RESOURCE_SPANS = {"resource": RESOURCE, "scopeSpans": [SCOPE]}
REQUEST = {"resourceSpans": [RESOURCE_SPANS]}


def snake(value):
    """The same in the names that protobuf has for the fields."""
    if isinstance(value, list):
        return [snake(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        "".join(f"_{c.lower()}" if c.isupper() else c for c in name): snake(item)
        for name, item in value.items()
    }


def in_base64(number):
    return base64.b64encode(bytes.fromhex(number)).decode()


ENVELOPES = {
    "a request": [REQUEST],
    "two requests": [
        {"resourceSpans": [{"resource": RESOURCE, "scopeSpans": [{"spans": [one]}]}]}
        for one in (TOOL, CHAIN)
    ],
    "snake case": [snake(REQUEST)],
    "resources alone": [RESOURCE_SPANS],
    "old scopes": [
        {
            "resourceSpans": [
                {
                    "resource": RESOURCE,
                    "instrumentationLibrarySpans": [
                        {
                            "instrumentationLibrary": {"name": "app"},
                            "spans": [CHAIN, TOOL],
                        }
                    ],
                }
            ]
        }
    ],
    "a span a record": [CHAIN, TOOL],
    "spans in snake case": [snake(CHAIN), snake(TOOL)],
    "spans in a list": [{"spans": [CHAIN, TOOL]}],
    "traces": [{"traces": [RESOURCE_SPANS]}],
    "requests in traces": [{"traces": [REQUEST]}],
    "batches of Tempo": [{"batches": [RESOURCE_SPANS]}],
    "a trace of Tempo": [{"trace": REQUEST}],
    "plain attributes": [
        {**one, "attributes": {a["key"]: a["value"]["stringValue"] for a in given}}
        for one in (CHAIN, TOOL)
        if (given := one["attributes"])
    ],
}


@pytest.mark.parametrize("name", ENVELOPES)
@pytest.mark.parametrize("as_lines", [True, False])
def test_spans_are_found_in_whatever_envelope(
    ingest, traces, store, write, name, as_lines
):
    records = ENVELOPES[name]
    if as_lines:
        path = write("a.jsonl", *map(json.dumps, records))
    else:
        path = write("a.json", json.dumps(records, indent=2))
    report = ingest(path)
    assert (report.format, report.new, report.spans) == ("otlp", 1, 2)
    assert report.rejected == 0
    trace = traces()[TRACE]
    assert (trace.input, trace.output) == ("Open on Sunday?", "Yes.")
    found = store.query("SELECT kind, parent_id FROM spans ORDER BY span_id").rows()
    assert found == [("chain", None), ("tool", CHAIN["spanId"])]
    assert trace.metadata["name"] == "step 1"


def test_ids_in_base64_and_enums_by_name_are_the_same_trace(ingest, traces):
    ingest([REQUEST])
    before = traces()[TRACE]
    odd = {
        **TOOL,
        "traceId": in_base64(TRACE),
        "spanId": in_base64(TOOL["spanId"]),
        "parentSpanId": in_base64(CHAIN["spanId"]),
        "kind": "SPAN_KIND_CLIENT",
        "status": {"code": "STATUS_CODE_ERROR", "message": "closed"},
    }
    report = ingest([{"resourceSpans": [{"scopeSpans": [{"spans": [odd]}]}]}])
    assert (report.new, report.extended, report.spans) == (0, 1, 0)
    trace = traces()[TRACE]
    assert trace.messages == before.messages
    assert trace.metadata["child_error"] == "closed"
    assert trace.metadata["source_id"] == in_base64(TRACE)
    assert "source_id" not in before.metadata


def test_an_id_in_capitals_is_kept_as_it_was(ingest, traces):
    ingest([{**CHAIN, "traceId": TRACE.upper()}])
    assert traces()[TRACE].metadata["source_id"] == TRACE.upper()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_requests_in_two_imports_extend_the_trace(ingest, traces, order):
    ingest([REQUEST])
    whole = traces()[TRACE]
    other = "c" * 32
    pieces = [{**one, "traceId": other} for one in (CHAIN, TOOL)]
    about = {"resource": RESOURCE}
    requests = [
        {
            "resourceSpans": [
                {**about, "scopeSpans": [{"scope": SCOPE["scope"], "spans": [one]}]}
            ]
        }
        for one in pieces
    ]
    assert ingest([requests[order[0]]]).new == 1
    report = ingest([requests[order[1]]])
    assert (report.new, report.extended, report.spans) == (0, 1, 1)
    pieced = traces()[other]
    for name in ("messages", "input", "output", "metadata", "started_at", "ended_at"):
        assert getattr(pieced, name) == getattr(whole, name), name


def test_metrics_beside_spans_are_counted_and_left(ingest):
    report = ingest([REQUEST, {"resourceMetrics": [{"scopeMetrics": []}]}])
    assert (report.new, report.rejected, report.skipped) == (1, 0, {"metric": 1})


def test_log_records_of_an_application_are_counted_and_left(ingest, traces):
    log = {
        "traceId": TRACE,
        "spanId": "0000000000000001",
        "severityText": "INFO",
        "body": {"stringValue": "started"},
        "attributes": [],
    }
    logs = {"resourceLogs": [{"scopeLogs": [{"logRecords": [log, log]}]}]}
    report = ingest([REQUEST, logs, log])
    assert (report.new, report.rejected) == (1, 0)
    assert report.skipped == {"log record": 3}
    assert len(traces()[TRACE].messages) == 4  # asked, the tool twice, answered


def test_a_file_of_nothing_but_other_logs_says_so(ingest, write):
    log = {"body": {"stringValue": "x"}, "severityNumber": 9, "attributes": []}
    logs = {"resourceLogs": [{"scopeLogs": [{"logRecords": [log]}]}]}
    with pytest.raises(IngestError, match="it has only log record \\(1\\)"):
        ingest(write("logs.json", json.dumps(logs)))


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({**TOOL, "traceId": ""}, "no trace id"),
        ({**TOOL, "spanId": "0000000000000000"}, "no span id"),
        ({**TOOL, "startTimeUnixNano": "soon"}, "no time"),
        ({**TOOL, "attributes": [7]}, "not a span of OpenTelemetry"),
    ],
)
def test_what_is_wrong_with_a_span_is_said_and_where(ingest, rejects, broken, reason):
    report = ingest([{"resourceSpans": [{"scopeSpans": [{"spans": [CHAIN, broken]}]}]}])
    assert (report.new, report.spans, report.rejected) == (1, 1, 1)
    [(_, _, said)] = rejects()
    assert said.startswith("resourceSpans[0].scopeSpans[0].spans[1]: ")
    assert reason in said


def test_a_record_that_is_no_request_says_what_it_has(ingest, rejects):
    report = ingest([REQUEST, {"partial": True}], format="otlp")
    assert (report.new, report.rejected) == (1, 1)
    [(_, _, said)] = rejects()
    assert said == "no resourceSpans or resourceLogs; the record has partial"


# --- files that real tools wrote ---------------------------------------------------


def spans_of(path):
    """All spans of a file, read without the importer; ids in hex."""
    request = json.loads(path.read_text())
    found = []
    for resource in request.get("resourceSpans") or request.get("resource_spans"):
        for scope in resource.get("scopeSpans") or resource["scope_spans"]:
            found += scope["spans"]
    ids = [one.get("traceId") or one["trace_id"] for one in found]
    return found, [
        one if len(one) == 32 else base64.b64decode(one).hex() for one in ids
    ]


@pytest.mark.shared_data
@pytest.mark.parametrize(
    "name", ["openinference_camel_base64_ids", "openinference_snake_base64_ids"]
)
def test_a_dump_of_protobuf_as_json(ingest, traces, store, shared_data, name):
    folder = shared_data / "formats/otlp/google_protobuf_messagetojson_nonconforming"
    found, ids = spans_of(folder / f"{name}.json")
    report = ingest(folder / f"{name}.json")
    assert (report.new, report.spans) == (len(set(ids)), len(found))
    assert report.rejected == 0
    loaded = traces()
    assert set(loaded) == set(ids)
    failed = sum(
        (one.get("status") or {}).get("code") == "STATUS_CODE_ERROR" for one in found
    )
    errors = store.query("SELECT count(*) FROM spans WHERE status = 'error'").item()
    assert errors == failed > 0
    for trace in loaded.values():
        given = base64.b64decode(trace.metadata["source_id"]).hex()
        assert given == trace.id
    again = ingest(folder / f"{name}.json")
    assert (again.new, again.extended, again.duplicate) == (0, 0, len(set(ids)))


@pytest.mark.shared_data
def test_camel_and_snake_case_are_the_same_traces(ingest, traces, shared_data):
    folder = shared_data / "formats/otlp/google_protobuf_messagetojson_nonconforming"
    ingest(folder / "openinference_camel_base64_ids.json")
    before = traces()
    report = ingest(folder / "openinference_snake_base64_ids.json")
    assert (report.new, report.extended, report.spans) == (0, 0, 0)
    assert traces() == before


@pytest.mark.shared_data
def test_logs_alone_are_conversations(ingest, traces, shared_data):
    folder = shared_data / "formats/otlp/google_protobuf_messagetojson_nonconforming"
    path = folder / "legacy_events_logs_base64_ids.json"
    [resource] = json.loads(path.read_text())["resourceLogs"]
    records = [log for scope in resource["scopeLogs"] for log in scope["logRecords"]]
    pairs = {(log["traceId"], log["spanId"]) for log in records}
    report = ingest(path)
    assert report.new == len({trace for trace, _ in pairs}) == 4
    assert (report.spans, report.rejected) == (len(pairs), 0)
    first = base64.b64decode(records[0]["traceId"]).hex()
    trace = traces()[first]
    assert [(m["role"], m["content"]) for m in trace.messages] == [
        ("system", "You are a shop support agent."),
        ("user", "How long do refunds take?"),
        ("assistant", ""),
        ("tool", '{"status": "shipped"}'),
        ("assistant", "Stub answer to: How long do refunds take?"),
    ]
    [call] = trace.messages[2]["tool_calls"]
    assert call["arguments"] == {"query": "How long do refunds take?"}
    assert trace.messages[3]["tool_call_id"] == call["id"]


@pytest.mark.shared_data
def test_bodies_of_node_in_any_order_of_the_files(ingest, traces, store, shared_data):
    folder = shared_data / "formats/otlp/openinference_node_http_json"
    paths = sorted(folder.glob("*.json"))
    read = [spans_of(path) for path in paths]
    spans = sum(len(found) for found, _ in read)
    ids = Counter(itertools.chain.from_iterable(ids for _, ids in read))
    for path in reversed(paths):
        ingest(path)
    backwards = traces()
    assert set(backwards) == set(ids)
    report = ingest(paths)
    assert (report.new, report.extended, report.spans) == (0, 0, 0)
    assert traces() == backwards
    per_trace = store.query("SELECT trace_id, count(*) FROM spans GROUP BY ALL").rows()
    assert dict(per_trace) == dict(ids)
    assert sum(ids.values()) == spans
    first = backwards["fabf2985f09f55b6a203d3506fa8567a"]
    assert first.output == "Stub answer to: How long do refunds take?"
    # the calls have 14 + 36 and 86 + 10 tokens; an embedding may stand beside them
    given = [
        attribute["value"]["intValue"]
        for found, _ in read
        for one in found
        if one["traceId"] == first.id
        for attribute in one["attributes"]
        if attribute["key"] == "llm.token_count.prompt"
    ]
    assert first.input_tokens == sum(map(int, given))


@pytest.mark.shared_data
def test_the_examples_of_the_protocol(ingest, traces, shared_data):
    folder = shared_data / "formats/otlp"
    report = ingest(folder / "proto_repo_example_trace.json")
    assert (report.new, report.spans, report.rejected) == (1, 1, 0)
    trace = traces()[TRACE]
    assert trace.metadata["service.name"] == "my.service"
    assert trace.metadata["root"] == "missing"
    with pytest.raises(IngestError, match="log record"):
        ingest(folder / "proto_repo_example_logs.json")
