"""MLflow: traces of the API, rows of search_traces, REST, MLflow 2 and 3."""

from __future__ import annotations

import base64
import csv
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import pytest

HEX = "57da105235258a7b2ff2b8e5aa08164b"
START = 1795199007657268842


def b64(text: str) -> str:
    return base64.b64encode(bytes.fromhex(text)).decode()


def span(number: int, above: int | None = None, kind: str = "CHAIN", **own: Any):
    """A span as ``trace.to_json()`` writes it; attributes are JSON in JSON."""
    given = {"mlflow.traceRequestId": f"tr-{HEX}", "mlflow.spanType": kind, **own}
    return {
        "trace_id": b64(HEX),
        "span_id": b64(f"{number:016x}"),
        "parent_span_id": None if above is None else b64(f"{above:016x}"),
        "name": kind.lower(),
        "start_time_unix_nano": START + number * 1000,
        "end_time_unix_nano": START + number * 1000 + 500,
        "events": [],
        "status": {"code": "STATUS_CODE_OK", "message": ""},
        "attributes": {name: json.dumps(value) for name, value in given.items()},
        "links": [],
    }


CALL = {"id": "c", "function": {"name": "find", "arguments": '{"n": 1}'}}
ASKED = [
    {"role": "system", "content": "Be short."},
    {"role": "user", "content": "Open on Sunday?"},
]
USED = {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}


def root(**own):
    said = {
        "mlflow.spanInputs": {"q": "Open on Sunday?", "k": 4},
        "mlflow.spanOutputs": "Yes",
    }
    return span(1, None, "AGENT", **{**said, **own})


def chat(**own):
    reply = {"role": "assistant", "content": "Yes"}
    said = {
        "mlflow.spanInputs": {"model": "m", "messages": ASKED},
        "mlflow.spanOutputs": {"model": "m-1", "choices": [{"message": reply}]},
        "mlflow.llm.model": "m-1",
        "mlflow.chat.tokenUsage": USED,
        "mlflow.llm.cost": {"total_cost": 0.5},
    }
    return span(2, 1, "CHAT_MODEL", **{**said, **own})


def assessment(name, value, **more):
    return {
        "assessment_id": f"a-{name}",
        "assessment_name": name,
        "source": {"source_type": "HUMAN", "source_id": "anna"},
        "create_time": "2026-11-20T18:23:27.947Z",
        "feedback": {"value": value},
        "valid": True,
        **more,
    }


def info(**more):
    return {
        "trace_id": f"tr-{HEX}",
        "trace_location": {
            "type": "MLFLOW_EXPERIMENT",
            "mlflow_experiment": {"experiment_id": "1"},
        },
        "request_time": "2026-11-20T18:23:27.657Z",
        "execution_duration_ms": 142,
        "state": "OK",
        "trace_metadata": {
            "mlflow.trace.session": "s-9",
            "mlflow.trace.user": "u-1",
            "mlflow.source.git.commit": "abc",
            "mlflow.trace.tokenUsage": json.dumps(USED),
            "mlflow.trace.cost": json.dumps({"total_cost": 0.5}),
            "plan": "gold",
        },
        "tags": {"mlflow.traceName": "turn", "channel": "web"},
        "request_preview": json.dumps({"q": "Open on Sunday?", "k": 4}),
        "response_preview": json.dumps("Yes"),
        **more,
    }


def trace(*spans, **more):
    return {"info": info(**more), "data": {"spans": list(spans) or [root(), chat()]}}


def row(**more):
    """A row of ``search_traces`` of MLflow 3."""
    about, spans = info(), [root(), chat()]
    return {
        "trace_id": about["trace_id"],
        "trace": json.dumps({"info": about, "data": {"spans": spans}}),
        "client_request_id": None,
        "state": "OK",
        "request_time": 1795199007657,
        "execution_duration": 142,
        "request": {"q": "Open on Sunday?", "k": 4},
        "response": "Yes",
        "trace_metadata": about["trace_metadata"],
        "tags": about["tags"],
        "spans": spans,
        "assessments": [],
        **more,
    }


def key_values(item):
    """A span as REST writes it: snake case, typed values, ids as they are."""

    def typed(value):
        if isinstance(value, dict):
            values = [{"key": k, "value": typed(v)} for k, v in value.items()]
            return {"kvlist_value": {"values": values}}
        if isinstance(value, list):
            return {"array_value": {"values": [typed(v) for v in value]}}
        if isinstance(value, str):
            return {"string_value": value}
        if isinstance(value, int):
            return {"int_value": str(value)}
        return {"double_value": value}

    own = item["attributes"]
    pairs = [{"key": k, "value": typed(json.loads(v))} for k, v in own.items()]
    return {k: v for k, v in item.items() if v} | {"attributes": pairs}


def check(found):
    assert found.input == "Open on Sunday?"
    assert found.output == "Yes"
    assert found.messages == [*ASKED, {"role": "assistant", "content": "Yes"}]
    assert (found.model, found.input_tokens, found.output_tokens) == ("m-1", 5, 2)
    assert found.cost_usd == 0.5


def check_info(found, *, located=True):
    check(found)
    assert found.session_id == "s-9"
    place = {"experiment_id": "1"} if located else {}  # the columns do not say it
    assert found.metadata == place | {
        "name": "turn",
        "state": "OK",
        "user_id": "u-1",
        "release": "abc",
        "plan": "gold",
        "channel": "web",
        "source_id": f"tr-{HEX}",
    }


@pytest.mark.parametrize(
    "record",
    [
        trace(),
        {
            "trace": {
                "trace_info": info(),
                "spans": [key_values(root()), key_values(chat())],
            }
        },
        {"traces": [{"trace_info": info(), "spans": [root(), chat()]}]},
        {"trace_info": info(execution_duration="0.142s"), "spans": [root(), chat()]},
        row(),
        row(trace=f"Trace(trace_id=tr-{HEX})"),
        {k: "" if v is None else str(v) for k, v in row(trace="").items()},
    ],
)
def test_every_spelling_is_the_same_trace(ingest, traces, record):
    report = ingest([record])
    assert (report.format, report.new, report.rejected) == ("mlflow", 1, 0)
    check_info(traces()[HEX], located="trace_location" in str(record))


def test_the_spans(ingest, store):
    ingest([trace()])
    rows = store.query(
        "SELECT span_id, parent_id, kind, name, epoch_ns(started_at) AS start,"
        " input, output, status FROM spans ORDER BY kind"
    ).rows()
    first, second = "0000000000000001", "0000000000000002"
    assert rows[0] == (
        first, None, "agent", "agent", START + 1000,
        '{"q":"Open on Sunday?","k":4}', "Yes", "ok",
    )  # fmt: skip
    assert rows[1][:5] == (second, first, "llm", "chat_model", START + 2000)
    assert json.loads(rows[1][5]) == {"model": "m", "messages": ASKED}
    assert rows[2][:4] == (HEX, None, "trace", "turn")
    assert rows[2][4] == 1795199007657000000


def in_hex(spans):
    for one in spans:
        for name in ("trace_id", "span_id", "parent_span_id"):
            if one.get(name):
                one[name] = base64.b64decode(one[name]).hex()
    return spans


def test_the_same_trace_by_way_of_rest_and_of_otlp_is_one(ingest, traces, store):
    ingest([trace()])
    rest = {"trace": {"trace_info": info(), "spans": [key_values(root())]}}
    assert ingest([rest]).new == 0
    mlflow = [key_values(root()), key_values(chat())]
    otlp = {"resource_spans": [{"scope_spans": [{"spans": in_hex(mlflow)}]}]}
    report = ingest([otlp])
    assert (report.format, report.new) == ("otlp", 0)
    assert store.query("SELECT count(*) FROM spans").item() == 3
    check_info(traces()[HEX])


def test_otlp_of_mlflow_alone_is_understood(ingest, traces):
    one = [root(), chat()]  # values as JSON text, as the exporter of MLflow writes them
    for item in one:
        own = item["attributes"].items()
        item["attributes"] = [{"key": k, "value": {"stringValue": v}} for k, v in own]
    ingest([{"resourceSpans": [{"scopeSpans": [{"spans": in_hex(one)}]}]}])
    check(traces()[HEX])
    assert traces()[HEX].metadata["source_id"] == f"tr-{HEX}"


def test_spans_without_info(ingest, traces):
    assert ingest([{"spans": [root(), chat()]}]).new == 1
    check(traces()[HEX])
    assert ingest([root(), chat()]).duplicate == 1


def test_infos_without_spans_then_the_spans(ingest, traces, store):
    said = [assessment("tone", "rude")]
    ingest([{"traces": [info(assessments=said)], "next_page_token": "x"}])
    found = traces()[HEX]
    assert [m["content"] for m in found.messages] == ["Open on Sunday?", "Yes"]
    assert (found.input_tokens, found.output_tokens, found.cost_usd) == (5, 2, 0.5)
    assert found.started_at == datetime(2026, 11, 20, 18, 23, 27, 657000)
    assert (found.ended_at - found.started_at).total_seconds() == 0.142
    ingest([{"spans": [root(), chat()]}])
    check_info(traces()[HEX])
    assert [said.value for said in traces()[HEX].feedback] == ["rude"]
    assert store.query("SELECT count(*) FROM spans").item() == 3


@pytest.mark.parametrize(
    ("preview", "expected"),
    [
        ("Open on Sunday?", "Open on Sunday?"),
        ('"Open on Sunday?"', "Open on Sunday?"),
        ('"Open on Sun...', "Open on Sun..."),
        ('{"messages": [{"role": "user", "content": "Open on...', None),
        ('{"a": "b", "c": "d"}', None),
        (None, None),
    ],
)
def test_previews_may_be_cut(ingest, traces, preview, expected):
    ingest([info(request_preview=preview, response_preview=None)])
    assert traces()[HEX].input == expected


def test_a_preview_is_no_match_for_what_the_spans_say(ingest, traces):
    ingest([trace(request_preview="short", response_preview="too")])
    check_info(traces()[HEX])


def test_a_row_without_spans_has_the_whole_request(ingest, traces):
    given = row(request=json.dumps({"question": "Long?" * 400}), trace=None)
    del given["spans"]
    ingest([given])
    assert traces()[HEX].input == "Long?" * 400
    assert traces()[HEX].output == "Yes"


def test_columns_that_people_added_are_metadata(ingest, traces):
    ingest([{"": 0, **row(), "label": "odd", "score": 0}])
    found = traces()[HEX].metadata
    assert (found["label"], found["score"]) == ("odd", 0)
    assert "" not in found


def test_cells_that_are_no_json(ingest, rejects):
    rows = [row(trace=None, spans="[Span(name='x'), Span(name='y')]"), row()]
    assert ingest(rows).rejected == 1
    [(_, _, reason)] = rejects()
    assert "to_json(…, orient='records', lines=True)" in reason


def test_mlflow_2(ingest, traces):
    """Ids of requests and of OpenTelemetry differ; REST has lists of pairs."""
    old = {
        "request_id": "0b9f4cd1f4d54a0c9d4a2b1a5c0e7f11",
        "experiment_id": "7",
        "timestamp_ms": 1771205718123,
        "execution_time_ms": 500,
        "status": "OK",
        "request_metadata": [
            {"key": "mlflow.traceInputs", "value": '{"q": "Open on Sunday?"}'},
            {"key": "mlflow.trace.session", "value": "s-9"},
        ],
        "tags": [{"key": "channel", "value": "web"}],
    }
    spans = []
    for new in (root(), chat()):
        number = base64.b64decode(new["span_id"]).hex()
        above = new["parent_span_id"] and base64.b64decode(new["parent_span_id"]).hex()
        spans.append(
            {
                "name": new["name"],
                "context": {"trace_id": f"0x{HEX}", "span_id": f"0x{number}"},
                "parent_id": above and f"0x{above}",
                "start_time": new["start_time_unix_nano"],
                "end_time": new["end_time_unix_nano"],
                "status_code": "OK",
                "status_message": "",
                "attributes": new["attributes"],
                "events": [],
            }
        )
    ingest([old])
    assert traces()[old["request_id"]].input == "Open on Sunday?"
    assert ingest([{"info": old, "data": {"spans": spans}}]).new == 0
    found = traces()[old["request_id"]]
    check(found)
    assert (found.session_id, found.metadata["channel"]) == ("s-9", "web")
    assert found.metadata["experiment_id"] == "7"
    # the frame of MLflow 2
    about = {k: old[k] for k in ("request_id", "timestamp_ms", "status", "tags")}
    frame = {**about, "spans": spans, "request_metadata": {}, "execution_time_ms": 500}
    assert ingest(pd.DataFrame([frame])).new == 0


def test_older_spans_say_tokens_and_messages_elsewhere(ingest, traces):
    reply = {"role": "assistant", "content": "Yes"}
    own = {
        "mlflow.spanInputs": {"args": ["<object>", 3]},
        "mlflow.spanOutputs": {
            "model": "m-1",
            "usage": {"prompt_tokens": 5, "completion_tokens": 2},
        },
        "mlflow.chat.messages": [*ASKED, reply],
    }
    ingest([trace(root(), span(2, 1, "LLM", **own), trace_metadata={})])
    found = traces()[HEX]
    assert found.messages == [*ASKED, reply]
    assert (found.model, found.input_tokens, found.output_tokens) == ("m-1", 5, 2)


def test_sums_are_not_added_twice(ingest, traces):
    """The info and every span above repeat what the calls used."""
    above = root(**{"mlflow.chat.tokenUsage": USED})
    again = chat()
    again["span_id"] = b64(f"{3:016x}")
    ingest([trace(above, chat(), again)])
    assert (traces()[HEX].input_tokens, traces()[HEX].cost_usd) == (10, 1.0)


def test_tools_and_the_system_prompt_beside_the_messages(ingest, traces):
    calls = [{"role": "assistant", "content": None, "tool_calls": [CALL]}]
    body = {"system": "Be short.", "messages": ASKED[1:]}
    call = chat(
        **{
            "mlflow.spanInputs": body,
            "mlflow.spanOutputs": {"choices": [{"message": calls[0]}]},
        }
    )
    tool = span(3, 1, "TOOL", **{"mlflow.spanInputs": {"n": 1}})
    tool["name"] = "find"
    tool["attributes"]["mlflow.spanOutputs"] = "42"
    ingest([trace(root(), call, tool)])
    called = {"id": "c", "name": "find", "arguments": {"n": 1}}
    assert traces()[HEX].messages == [
        *ASKED,
        {"role": "assistant", "content": "", "tool_calls": [called]},
        {"role": "tool", "content": "42", "tool_call_id": "c"},
        {"role": "assistant", "content": "Yes"},
    ]


def test_what_was_assessed(ingest, store):
    said = [
        assessment("tone", "rude", rationale="too short", span_id=f"{2:016x}"),
        assessment("stars", 4, source={"source_type": "CODE", "source_id": "default"}),
        assessment("old", "no", valid=False),
        assessment("new", "yes", overrides="a-over"),
        assessment("over", "no"),
        {
            **assessment("judge", None),
            "source": {"source_type": "LLM_JUDGE", "source_id": "j-1"},
            "feedback": {
                "error": {"error_code": "TIMEOUT", "error_message": "60 s are over"}
            },
        },
        {
            **assessment("facts", None),
            "feedback": None,
            "expectation": {
                "serialized_value": {
                    "serialization_format": "JSON_FORMAT",
                    "value": '["30 days"]',
                }
            },
        },
    ]
    ingest([trace(assessments=said)])
    rows = store.traces.feedback().sort("name")
    found = {row[0]: row[1:] for row in rows.select(
        "name", "value", "number", "comment", "origin", "span_id"
    ).rows()}  # fmt: skip
    assert found == {
        "facts": ('["30 days"]', None, None, "human anna", None),
        "judge": (
            None, None, "error: TIMEOUT: 60 s are over", "llm_judge j-1", None,
        ),
        "new": ("yes", None, None, "human anna", None),
        "stars": ("4", 4.0, None, "code", None),
        "tone": ("rude", None, "too short", "human anna", f"{2:016x}"),
    }  # fmt: skip
    assert rows["created_at"][0] == datetime(2026, 11, 20, 18, 23, 27, 947000)


def test_expectations_are_metadata_too(ingest, traces):
    expected = {"feedback": None, "expectation": {"value": "30 days"}}
    ingest([trace(assessments=[assessment("answer", None, **expected)])])
    assert traces()[HEX].metadata["expectations"] == {"answer": "30 days"}


def test_a_later_export_of_an_assessment_replaces_it(ingest, traces):
    ingest([trace(assessments=[assessment("tone", "rude")])])
    new = assessment("tone2", "kind", overrides="a-tone")
    later = [assessment("tone", "rude", valid=False), new]
    ingest([info(assessments=later)])
    assert [item.name for item in traces()[HEX].feedback if item.value == "kind"] == [
        "tone2"
    ]
    check_info(traces()[HEX])


def test_errors(ingest, traces):
    failed = root(**{"mlflow.spanOutputs": None})
    failed["status"] = {"code": "STATUS_CODE_ERROR", "message": ""}
    failed["events"] = [
        {
            "name": "exception",
            "time_unix_nano": START,
            "attributes": {"exception.message": "it broke"},
        }
    ]
    ingest([trace(failed, state="ERROR", response_preview=None)])
    assert (traces()[HEX].error, traces()[HEX].output) == ("it broke", None)
    other = info(state="ERROR", trace_id=f"tr-{'ab' * 16}")
    ingest([other])
    assert traces()["ab" * 16].error == "ERROR"


def test_an_error_that_only_the_info_knows(ingest, traces):
    ingest([trace(state="ERROR")])
    assert traces()[HEX].error == "ERROR"


def test_a_span_that_cannot_be_read_costs_one_span(ingest, traces, rejects):
    broken = chat()
    del broken["span_id"]
    report = ingest([trace(root(), chat(), broken, "odd")])
    assert (report.new, report.rejected) == (1, 2)
    assert sorted(reason for *_, reason in rejects()) == [
        "spans[2]: no span id",
        "spans[3]: not an object but text",
    ]
    check_info(traces()[HEX])


def test_a_record_without_an_id(ingest, rejects):
    nameless = trace()
    del nameless["info"]["trace_id"]
    nameless["data"]["spans"] = []
    report = ingest([nameless, trace()], format="mlflow")
    assert (report.new, report.rejected) == (1, 1)
    assert rejects()[0][2].startswith("no trace of MLflow: no trace_id")


def test_ids_of_unity_catalog(ingest, traces):
    ingest([info(trace_id=f"trace:/main.traces/{HEX}")])
    assert traces()[HEX].metadata["source_id"] == f"trace:/main.traces/{HEX}"


@dataclass
class Spans:
    """What ``asdict`` cannot open."""

    items: list[Any]


@dataclass
class Entity:
    """A trace as MLflow hands it out: its own ``to_dict`` is the export."""

    data: Spans

    def to_dict(self):
        return {"info": info(), "data": {"spans": self.data.items}}


def test_objects_of_the_library(ingest, traces):
    ingest([Entity(Spans([root(), chat()]))])
    check_info(traces()[HEX])


def test_chat_records_with_a_trace_id_are_no_matter_of_mlflow(ingest):
    record = {"trace_id": "t", "messages": ASKED, "metadata": {}, "tags": []}
    assert ingest([record]).format == "chat"


# ---- files that MLflow 3.17 wrote


def expected_of(folder, kind):
    lines = (folder / f"{kind}_trace_to_json.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def rows_of(path):
    csv.field_size_limit(1 << 27)
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as handle:
            return len(list(csv.DictReader(handle)))
    return len(path.read_text("utf-8").splitlines())


@pytest.mark.shared_data
@pytest.mark.parametrize("kind", ["sqlite", "server"])
@pytest.mark.parametrize(
    "name", ["trace_to_json.jsonl", "search_traces.records.jsonl", "search_traces.csv"]
)
def test_real_exports(ingest, traces, store, shared_data, kind, name):
    folder = shared_data / "formats" / "mlflow"
    raw = expected_of(folder, kind)
    path = folder / f"{kind}_{name}"
    report = ingest(path)
    assert report.new == rows_of(path) == len(raw)
    assert report.rejected == 0
    spans = sum(len(one["data"]["spans"]) for one in raw)
    assert (
        store.query("SELECT count(*) FROM spans WHERE kind <> 'trace'").item() == spans
    )
    said = sum(len(one["info"].get("assessments", [])) for one in raw)
    assert store.query("SELECT count(*) FROM feedback").item() == said
    found = traces()
    for one in raw:
        check_real(found[one["info"]["trace_id"].removeprefix("tr-")], one)
    assert ingest(path).duplicate == len(raw)


def check_real(found, raw):
    about = raw["info"]["trace_metadata"]
    asked = json.loads(about["mlflow.traceInputs"])["q"]
    assert found.input == asked
    assert found.session_id == about["mlflow.trace.session"]
    assert found.metadata["user_id"] == about["mlflow.trace.user"]
    assert found.metadata["channel"] == raw["info"]["tags"]["channel"]
    starts = [one["start_time_unix_nano"] for one in raw["data"]["spans"]]
    assert found.started_at.microsecond == min(starts) // 1000 % 1_000_000
    system = {"role": "system", "content": "You are a shop support agent."}
    assert found.messages[:2] == [system, {"role": "user", "content": asked}]
    if raw["info"]["state"] == "ERROR":
        assert found.error.endswith("500 - stub failure: the server had an error")
        assert (found.output, len(found.messages)) == (None, 2)
        return
    usage = json.loads(about["mlflow.trace.tokenUsage"])
    assert found.input_tokens == usage["input_tokens"]
    assert found.output_tokens == usage["output_tokens"]
    cost = json.loads(about["mlflow.trace.cost"])["total_cost"]
    assert found.cost_usd == pytest.approx(cost)
    assert found.output == f"Stub answer to: {asked}"
    assert [m["role"] for m in found.messages[2:]] == ["assistant", "tool", "assistant"]
    assert found.messages[2]["tool_calls"][0]["arguments"] == {"query": asked}
    assert found.error is None


@pytest.mark.shared_data
def test_real_rest(ingest, traces, store, shared_data):
    folder = shared_data / "formats" / "mlflow"
    search = json.loads((folder / "rest_traces_search.json").read_text("utf-8"))
    ids = [one["trace_id"].removeprefix("tr-") for one in search["traces"]]
    assert ingest(folder / "rest_traces_search.json").new == len(ids)
    assert sorted(traces()) == sorted(ids)
    assert traces()[ids[1]].input == "Übersetze: «Hallo» 😀"
    assert ingest(folder / "rest_get_trace_artifact.json").new == 0
    before = traces()[ids[0]]
    assert ingest(folder / "rest_get_trace.json").duplicate == 1
    raw = json.loads((folder / "rest_get_trace.json").read_text("utf-8"))["trace"]
    count = "SELECT count(*) FROM spans WHERE trace_id = ? AND kind <> 'trace'"
    assert store.query(count, [ids[0]]).item() == len(raw["spans"])
    assert before.input == "Cancel my gift card"
    assert before.output == "Stub answer to: Cancel my gift card"
    assert [item.value for item in before.feedback] == [
        "missed_refund_window", "other",
    ]  # fmt: skip
    assert {item.origin for item in before.feedback} == {"human anna"}


@pytest.mark.shared_data
def test_real_frames(ingest, shared_data):
    folder = shared_data / "formats" / "mlflow"
    lines = pd.read_json(folder / "server_search_traces.records.jsonl", lines=True)
    assert ingest(lines).new == len(lines)
    assert ingest(lines.drop(columns="trace")).duplicate == len(lines)
    table = pd.read_csv(folder / "sqlite_search_traces.csv")
    assert ingest(table).new == len(table)
