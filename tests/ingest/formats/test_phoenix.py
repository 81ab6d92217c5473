"""Arize Phoenix: spans and annotations from frames, the client and the API."""

from __future__ import annotations

import ast
import csv
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pyarrow import parquet

from erroranalysis.errors import IngestError

TRACE, SPAN = "a" * 32, "b" * 16
MOMENT = "2026-11-20T18:10:29.292210+00:00"


def span(span_id: str = SPAN, **more: Any) -> dict[str, Any]:
    """Return a span as the API has it."""
    about = {"input.value": "Hi", "output.value": "Hello"}
    return {
        "id": "U3BhbjoyMzI=",
        "name": "agent_turn",
        "context": {"trace_id": TRACE, "span_id": span_id},
        "span_kind": "AGENT",
        "parent_id": None,
        "start_time": MOMENT,
        "end_time": "2026-11-20T18:10:29.428043+00:00",
        "status_code": "OK",
        "status_message": "",
        "attributes": {**about, **more.pop("attributes", {})},
        "events": [],
        **more,
    }


def row(**more: Any) -> dict[str, Any]:
    """Return a span as a data frame has it."""
    return {
        "context.trace_id": TRACE,
        "context.span_id": SPAN,
        "name": "turn",
        "span_kind": "CHAIN",
        "parent_id": None,
        "start_time": "2026-11-20 18:10:29.380794+00:00",
        "end_time": None,
        "status_code": "UNSET",
        "attributes.input.value": "Hi",
        "attributes.output.value": "Hello",
        **more,
    }


def note(**more: Any) -> dict[str, Any]:
    """Return an annotation as the API has it."""
    return {
        "id": "x",
        "created_at": "2026-11-20T18:11:57+00:00",
        "source": "API",
        "user_id": None,
        "name": "quality",
        "annotator_kind": "HUMAN",
        "result": {"label": "pass", "score": 1.0, "explanation": "fine"},
        "metadata": {},
        "identifier": "",
        **more,
    }


def kept(store) -> dict[str, Any]:
    [(text,)] = store.query("SELECT attributes::VARCHAR FROM spans").rows()
    return json.loads(text)


# -------------------------------------------------------------------------- real files


@pytest.fixture
def folder(shared_data) -> Path:
    return shared_data / "formats" / "phoenix"


def frame_rows(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        return parquet.read_table(path).to_pylist()
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    with path.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


FRAMES = [
    "get_spans_dataframe.parquet",
    "get_spans_dataframe.records.jsonl",
    "get_spans_dataframe.csv",
]


@pytest.mark.shared_data
@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_of_spans_in_a_file(ingest, traces, store, folder, name):
    rows = frame_rows(folder / name)
    report = ingest(folder / name)
    ids = {one["context.trace_id"] for one in rows}
    assert (report.format, report.new, report.rejected) == ("phoenix", len(ids), 0)
    assert report.spans == len(rows)
    stored = store.query("SELECT trace_id, span_id, kind, name FROM spans").rows()
    assert set(stored) == {
        (
            one["context.trace_id"],
            one["context.span_id"],
            one["span_kind"].lower(),
            one["name"],
        )
        for one in rows
    }
    roots = {one["context.trace_id"]: one for one in rows if not one["parent_id"]}
    for trace_id, trace in traces().items():
        asked = roots[trace_id]["attributes.input.value"]
        if asked.startswith("{"):
            asked = json.loads(asked)["question"]
        assert trace.input == asked
        assert trace.output == (roots[trace_id].get("attributes.output.value") or None)
        assert trace.session_id == roots[trace_id]["attributes.session.id"]
        assert trace.metadata["user_id"] == roots[trace_id]["attributes.user.id"]
        assert trace.metadata["nested"] == {"a": [1, 2]}
        tags = roots[trace_id]["attributes.tag.tags"]
        tags = ast.literal_eval(tags) if isinstance(tags, str) else tags
        assert trace.tags == tags
        assert (trace.error is not None) == (roots[trace_id]["status_code"] == "ERROR")
        said = [m["content"] for m in trace.messages if m["role"] == "user"]
        assert said[0].strip() == trace.input.strip()
    again = ingest(folder / name)
    assert (again.new, again.duplicate, again.spans) == (0, len(ids), 0)


@pytest.mark.shared_data
@pytest.mark.parametrize("name", FRAMES)
def test_what_was_said_in_a_real_trace(ingest, traces, folder, name):
    ingest(folder / name)
    trace = traces()["659905a40472d3b70142108e2b29a7d4"]
    asked = "Is the warranty valid in Canada?"
    assert trace.messages == [
        {"role": "system", "content": "You are a shop support agent."},
        {"role": "user", "content": asked},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {
                    "id": "call_f7fabc18679f",
                    "name": "search_orders",
                    "arguments": {"query": asked},
                }
            ],
        },
        {
            "role": "tool",
            "content": '{"orders": [{"id": 1234, "status": "shipped"}]}',
            "tool_call_id": "call_f7fabc18679f",
        },
        {"role": "assistant", "content": f"Stub answer to: {asked}"},
    ]
    assert trace.model == "gpt-4o-mini-2024-07-18"
    failed = traces()["5f64070271a10db759fcd607ccad513d"]
    assert failed.error == (
        "InternalServerError: Error code: 500 - stub failure: the server had an error"
    )


@pytest.mark.shared_data
def test_images_in_messages_are_attachments(ingest, traces, folder):
    rows = frame_rows(folder / FRAMES[0])
    with_image = {
        one["context.trace_id"]
        for one in rows
        if "message_content.image" in json.dumps(one, default=str)
        and any(
            part["message_content.image"]
            for message in one["attributes.llm.input_messages"] or ()
            for part in message["message.contents"] or ()
        )
    }
    # the last call of these is another one, which sees no image
    with_image -= {one["context.trace_id"] for one in rows if one["name"] == "Response"}
    ingest(folder / FRAMES[0])
    shown = {
        trace_id
        for trace_id, trace in traces().items()
        if any("attachments" in message for message in trace.messages)
    }
    assert with_image
    assert shown == with_image


@pytest.mark.shared_data
def test_a_frame_in_memory_is_read_like_its_file(ingest, store, folder):
    frame = pd.read_parquet(folder / FRAMES[0])
    count = frame["context.trace_id"].nunique()
    assert ingest(frame).new == count
    frame.index.name = "context.span_id"  # as the client has it
    assert ingest(frame).duplicate == count
    sums = "SELECT sum(input_tokens) FROM traces"
    in_memory = store.query(sums).item()
    rows = frame_rows(folder / FRAMES[0])
    used = [one["attributes.llm.token_count.prompt"] or 0 for one in rows]
    assert in_memory == sum(used)


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["rest_spans.json", "client_get_spans.json"])
def test_spans_of_the_api_and_of_the_client(ingest, traces, store, folder, name):
    data = json.loads((folder / name).read_text())
    spans = data["data"] if isinstance(data, dict) else data
    ids = {one["context"]["trace_id"] for one in spans}
    report = ingest(folder / name)
    assert (report.format, report.new, report.rejected) == ("phoenix", len(ids), 0)
    assert report.spans == len(spans)
    trace = traces()["659905a40472d3b70142108e2b29a7d4"]
    assert trace.metadata["channel"] == "web"
    assert trace.metadata["nested"] == {"a": [1, 2]}
    assert trace.messages[-1]["content"] == trace.output
    assert trace.output == "Stub answer to: Is the warranty valid in Canada?"
    assert ingest(folder / name).duplicate == len(ids)
    # the frame has the rest of the traces of which this page has a part
    assert ingest(folder / FRAMES[0]).rejected == 0
    assert store.query("SELECT count(*) FROM spans").item() == 232


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("get_span_annotations_dataframe.parquet", "annotation_name"),
        ("rest_span_annotations.json", "name"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_annotations_come_with_their_spans(
    ingest, traces, store, folder, name, field, turned
):
    path = folder / name
    items = (
        json.loads(path.read_text())["data"]
        if path.suffix == ".json"
        else parquet.read_table(path).to_pylist()
    )
    source = [folder / FRAMES[0], path]
    report = ingest(source[::-1] if turned else source)
    assert (report.new, report.rejected) == (40, 0)
    assert report.feedback == len(items)
    said = store.query("SELECT span_id, name, origin FROM feedback").rows()
    assert sorted(said) == sorted(
        (item["span_id"], item[field], "human") for item in items
    )
    assert ingest(path).feedback == 0
    [mode] = [
        one
        for trace in traces().values()
        for one in trace.feedback
        if one.name == "failure_mode"
    ]
    assert (mode.value, mode.number) == ("missed_refund_window", 0.0)
    assert mode.comment == "open-coding note: ignores the policy"
    assert mode.created_at == datetime(2026, 11, 20, 18, 11, 57)


@pytest.mark.shared_data
def test_annotations_of_traces_and_notes(ingest, traces, folder):
    names = ["rest_trace_annotations.json", "rest_span_annotations.json", FRAMES[0]]
    ingest([folder / name for name in names])
    about = traces()["87266a1f52da0c1dbe639e49eee605ad"].feedback
    of_trace = [(one.name, one.value) for one in about if one.span_id is None]
    assert of_trace == [("trace_level", "ok")]
    [written] = [
        one
        for trace in traces().values()
        for one in trace.feedback
        if one.name == "note"
    ]
    assert (written.value, written.comment) == (None, "a free text note")


@pytest.mark.shared_data
def test_annotations_alone_say_what_is_missing(ingest, rejects, folder):
    ingest(folder / "rest_spans.json")
    lost = ingest(folder / "get_span_annotations_dataframe.parquet")
    here = {
        one["context"]["span_id"]
        for one in json.loads((folder / "rest_spans.json").read_text())["data"]
    }
    items = frame_rows(folder / "get_span_annotations_dataframe.parquet")
    missing = [item for item in items if item["span_id"] not in here]
    assert lost.rejected == len(missing) == len(rejects())
    assert "ingest the traces first, or together" in rejects()[0][2]


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("rest_traces.json", "summary of a trace (export its spans)"),
        ("rest_sessions.json", "summary of a session"),
    ],
)
def test_lists_of_traces_hold_nothing(ingest, folder, name, kind):
    count = len(json.loads((folder / name).read_text())["data"])
    report = ingest([folder / name, folder / FRAMES[0]])
    assert (report.new, report.rejected) == (40, 0)
    assert report.skipped == {kind: count}
    with pytest.raises(IngestError, match=kind.partition(" (")[0]):
        ingest(folder / name)


# ----------------------------------------------------------------------------- variants


def test_nested_and_flat_attributes_mean_the_same(ingest, traces, store):
    flat = {
        "llm.model_name": "gpt",
        "llm.token_count.prompt": 3,
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "Hi",
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.content": "Hello",
        "metadata.channel": "web",
        "metadata.deep.a": [1, 2],
        "metadata.deep.b": 1,
        "session.id": "s",
        "customer.tier": "gold",
    }
    nested = {
        "input": {"value": "Hi"},
        "output": {"value": "Hello"},
        "llm": {
            "model_name": "gpt",
            "token_count": {"prompt": 3},
            "input_messages": [{"message": {"role": "user", "content": "Hi"}}],
            "output_messages": [{"message": {"role": "assistant", "content": "Hello"}}],
        },
        "metadata": {"channel": "web", "deep": {"a": [1, 2], "b": 1}},
        "session": {"id": "s"},
        "customer": {"tier": "gold"},
    }
    ids = ["1" * 32, "2" * 32, "3" * 32]
    spans = [span(attributes=flat), span(), span()]
    spans[1]["attributes"] = nested
    spans[2]["attributes"] = json.dumps(nested)
    for one, trace_id in zip(spans, ids, strict=True):
        one |= {"span_kind": "LLM"}
        one["context"] = {"trace_id": trace_id, "span_id": SPAN}
    assert ingest(spans).new == 3
    for trace in traces().values():
        assert trace.messages == [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello"},
        ]
        assert (trace.model, trace.input_tokens, trace.session_id) == ("gpt", 3, "s")
        assert trace.metadata["channel"] == "web"
        assert trace.metadata["deep"] == {"a": [1, 2], "b": 1}
        assert trace.metadata["customer.tier"] == "gold"


def test_a_page_of_the_api_and_an_empty_one(ingest, write):
    page = {"data": [span()], "next_cursor": None}
    assert ingest(write("a.json", json.dumps(page))).new == 1
    with pytest.raises(IngestError, match="empty page"):
        ingest(write("b.json", json.dumps({"data": [], "next_cursor": None})))


def test_spans_in_the_shape_of_the_protocol(ingest, traces):
    def value(**given: Any) -> dict[str, Any]:
        names = ("string", "bool", "int", "double", "array", "kvlist", "bytes")
        return {f"{name}_value": given.get(name) for name in names}

    texts = {"values": [value(string="a"), value(int=2)]}
    said = {
        "openinference.span.kind": value(string="CHAIN"),
        "input.value": value(string="Hi"),
        "output.value": value(string="Hello"),
        "app.count": value(int=0),
        "app.share": value(double=0.5),
        "app.flag": value(bool=False),
        "app.list": value(array=texts),
    }
    one = {
        "trace_id": TRACE,
        "span_id": SPAN,
        "parent_span_id": None,
        "name": "turn",
        "start_time_unix_nano": 1_795_199_007_657_268_842,
        "end_time_unix_nano": 1_795_199_008_657_268_842,
        "attributes": [{"key": k, "value": v} for k, v in said.items()],
        "status": {"code": 1},
    }
    report = ingest([{"data": [one], "next_cursor": None}])
    assert (report.format, report.new) == ("otlp", 1)
    trace = traces()[TRACE]
    assert (trace.input, trace.output) == ("Hi", "Hello")
    assert trace.metadata["app.count"] == 0
    assert trace.metadata["app.flag"] is False


def test_cells_of_a_csv_file_in_the_words_of_python(ingest, write, traces, store):
    frame = pd.DataFrame(
        [
            row(
                **{
                    "attributes.tag.tags": ["a", "it's"],
                    "attributes.metadata": {"plan": "pro", "none": None},
                    "attributes.input.value": '{"question": "Hi"}',
                    "attributes.app.limits": [1, 2.5, None],
                    "attributes.llm.token_count.prompt": float("nan"),
                    "attributes.odd": "[sic",
                    "events": [
                        {
                            "name": "exception",
                            "timestamp": MOMENT,
                            "attributes": {"exception.message": "no stock"},
                        }
                    ],
                    "status_code": "ERROR",
                    "latency_ms": 12.5,
                }
            )
        ]
    )
    frame = frame.set_index("context.span_id", drop=False)
    assert ingest(write("a.csv", frame.to_csv().encode())).new == 1
    trace = traces()[TRACE]
    assert (trace.input, trace.tags, trace.error) == ("Hi", ["a", "it's"], "no stock")
    assert trace.metadata["plan"] == "pro"
    attributes = kept(store)
    assert attributes["app.limits"] == [1, 2.5, None]
    assert attributes["odd"] == "[sic"
    assert attributes["phoenix.latency_ms"] == "12.5"
    assert "llm.token_count.prompt" not in attributes
    assert not any(name.startswith("attributes.") for name in attributes)


def test_an_index_alone_is_enough(ingest, write, store):
    frame = pd.DataFrame([row()]).set_index("context.span_id")
    assert ingest(frame).new == 1
    assert ingest(write("a.csv", frame.to_csv().encode())).rejected == 0
    frame.index.name = None
    frame.to_parquet(write("a.parquet", b""))
    assert ingest(frame.reset_index(names="context.span_id")).new == 0
    path = write("a.parquet", b"")
    frame.to_parquet(path)
    assert ingest(path).rejected == 0
    assert store.query("SELECT count(*) FROM spans").item() == 1


@pytest.mark.parametrize(
    ("kind", "said", "expected"),
    [
        ("LLM", {}, "llm"),
        ("RERANKER", {}, "reranker"),
        ("UNKNOWN", {}, None),
        ("UNKNOWN", {"gen_ai.operation.name": "chat"}, "llm"),
        ("LLM", {"openinference.span.kind": "TOOL"}, "tool"),
    ],
)
def test_the_kind_of_a_span(ingest, store, kind, said, expected):
    ingest([span(span_kind=kind, attributes=said)])
    assert store.query("SELECT kind FROM spans").item() == expected


def test_a_span_without_ids_or_with_a_bad_time(ingest, rejects):
    lacking = [
        span(),
        span(context={"trace_id": "", "span_id": SPAN}),
        span(context={"trace_id": TRACE, "span_id": None}),
        span(start_time="yesterday"),
        span(attributes={}) | {"attributes": [1]},
    ]
    assert ingest(lacking).rejected == 4
    assert [(place, reason.partition(";")[0]) for _, place, reason in rejects()] == [
        (1, "no trace id"),
        (2, "no span id"),
        (3, "'start_time': 'yesterday' is no time"),
        (4, "attributes is a list, not an object"),
    ]


def test_annotations_of_spans_traces_and_sessions(ingest, traces):
    said = [
        note(span_id=SPAN),
        note(trace_id=TRACE, name="trace", annotator_kind="LLM"),
        note(session_id="s", name="session", annotator_kind="CODE"),
        note(
            span_id=SPAN,
            name="note",
            identifier="px-span-note:1",
            result={"label": None, "score": None, "explanation": "look here"},
        ),
        note(span_id=SPAN, name="score", result={"label": "", "score": 0.5}),
    ]
    report = ingest([*said, span(attributes={"session.id": "s"})])
    assert (report.new, report.feedback, report.rejected) == (1, 5, 0)
    told = {one.name: one for one in traces()[TRACE].feedback}
    quality = told["quality"]
    assert (quality.value, quality.number, quality.comment) == ("pass", 1.0, "fine")
    assert (quality.origin, quality.span_id) == ("human", SPAN)
    assert quality.created_at == datetime(2026, 11, 20, 18, 11, 57)
    assert (told["trace"].origin, told["trace"].span_id) == ("llm", None)
    assert told["session"].origin == "code"
    assert (told["note"].value, told["note"].comment) == (None, "look here")
    assert (told["score"].value, told["score"].number) == ("0.5", 0.5)


def test_a_frame_of_annotations(ingest, traces, write):
    frame = pd.DataFrame(
        [
            {
                "span_id": SPAN,
                "annotation_name": "quality",
                "annotator_kind": "HUMAN",
                "result.label": label,
                "result.score": score,
                "result.explanation": None,
                "metadata": {},
                "created_at": pd.Timestamp(MOMENT),
            }
            for label, score in (("bad", float("nan")), (None, 0.25))
        ]
    ).set_index("span_id")
    ingest([span()])
    assert ingest(frame).feedback == 2
    assert ingest(write("a.csv", frame.to_csv().encode())).feedback == 0
    told = [(one.value, one.number) for one in traces()[TRACE].feedback]
    assert sorted(told) == [("0.25", 0.25), ("bad", None)]


def test_a_frame_that_was_made_to_be_written_back(ingest, traces):
    ingest([span()])
    one = {"span_id": SPAN, "name": "tone", "annotator_kind": "CODE", "label": "rude"}
    assert ingest([one]).feedback == 1
    assert [(one.name, one.value) for one in traces()[TRACE].feedback] == [
        ("tone", "rude")
    ]


def test_an_annotation_of_nothing_is_rejected_with_the_reason(ingest, rejects):
    ingest([span(), note()])
    [(_, place, reason)] = rejects()
    assert place == 1
    assert "neither span_id nor trace_id nor session_id" in reason
    assert "its index" in reason


def test_an_annotation_before_its_span_is_rejected_and_can_come_again(
    ingest, rejects, traces
):
    assert ingest([span("c" * 16), note(span_id=SPAN)]).rejected == 1
    assert "ingest the traces first, or together" in rejects()[0][2]
    ingest([span()])
    assert ingest([note(span_id=SPAN)]).feedback == 1
    assert [one.name for one in traces()[TRACE].feedback] == ["quality"]
