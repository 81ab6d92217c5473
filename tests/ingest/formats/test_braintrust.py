"""Braintrust: rows of the SDK, the API and the pages, in pieces and whole."""

from __future__ import annotations

import csv
import io
import json

import pytest

TRACE, ROOT, CALL = (
    "2298de28a72d496459fcb8c6ce6aaf5d",
    "b054845efa9af092",
    "0553e0dd1ba9a0f8",
)


def row(**more):
    about = {
        "id": "row-1",
        "span_id": ROOT,
        "root_span_id": TRACE,
        "span_parents": None,
        "created": "2026-02-16T01:35:18.900000Z",
        "project_id": "p",
        "input": {"question": "Open on Sunday?"},
        "output": "Yes",
        "metadata": {"session_id": "s", "user_id": "u1", "channel": "web"},
        "metrics": {"start": 1771205718.5, "end": 1771205719.25},
        "span_attributes": {"name": "turn", "type": "task"},
        "tags": ["demo"],
    }
    return {**about, **more}


def call(**more):
    about = {
        "id": "row-2",
        "span_id": CALL,
        "span_parents": [ROOT],
        "input": [{"role": "user", "content": "Open on Sunday?"}],
        "output": [{"message": {"role": "assistant", "content": "Yes"}}],
        "metadata": {"model": "m1", "temperature": 0},
        "metrics": {"start": 1771205718.6, "prompt_tokens": 7, "completion_tokens": 2},
        "span_attributes": {"name": "Chat Completion", "type": "llm"},
        "tags": None,
    }
    return row(**{**about, **more})


def check_turn(trace):
    assert (trace.input, trace.output, trace.model) == ("Open on Sunday?", "Yes", "m1")
    assert trace.messages == [
        {"role": "user", "content": "Open on Sunday?"},
        {"role": "assistant", "content": "Yes"},
    ]
    assert (trace.input_tokens, trace.output_tokens) == (7, 2)


def test_rows_are_one_trace(ingest, traces, store):
    sums = {"start": 1771205718.5, "end": 1771205719.25, "prompt_tokens": 7}
    report = ingest([call(), row(metrics=sums)])
    assert (report.format, report.new, report.spans) == ("braintrust", 1, 2)
    trace = traces()[TRACE]
    check_turn(trace)
    assert (trace.session_id, trace.tags) == ("s", ["demo"])
    assert trace.started_at.isoformat() == "2026-02-16T01:35:18.500000"
    assert trace.ended_at.isoformat() == "2026-02-16T01:35:19.250000"
    about = {"channel": "web", "name": "turn", "user_id": "u1", "project_id": "p"}
    assert trace.metadata == about
    steps = store.query("SELECT span_id, parent_id, kind FROM spans ORDER BY 1").rows()
    assert steps == [("row-1", None, "task"), ("row-2", "row-1", "llm")]
    kept = store.query("SELECT attributes->>'$.span_id' FROM spans ORDER BY 1").rows()
    assert kept == [(CALL,), (ROOT,)]


@pytest.mark.parametrize("wrap", ["jsonl", "array", "rows", "events", "data"])
def test_containers(ingest, traces, write, wrap):
    rows = [row(), call()]
    if wrap == "jsonl":
        path = write("b.jsonl", *map(json.dumps, rows))
    elif wrap == "array":
        path = write("b.json", json.dumps(rows))
    else:
        path = write("b.json", json.dumps({wrap: rows, "cursor": "c", "schema": {}}))
    assert ingest(path).format == "braintrust"
    check_turn(traces()[TRACE])
    again = ingest(path)
    assert (again.new, again.extended, again.duplicate) == (0, 0, 1)


def test_parquet_with_json_in_its_cells(ingest, traces, tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    rows = [
        {k: json.dumps(v) if isinstance(v, dict | list) else v for k, v in one.items()}
        for one in (row(expected="Yes, all day"), call(expected=None))
    ]
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "b.parquet")
    assert ingest(tmp_path / "b.parquet").format == "braintrust"
    check_turn(traces()[TRACE])
    assert traces()[TRACE].metadata["expected"] == "Yes, all day"


@pytest.mark.parametrize("backwards", [False, True])
def test_pieces_of_a_row_are_merged_from_import_to_import(
    ingest, traces, store, backwards
):
    start = row(output=None, metrics={"start": 1771205718.5})
    late = {
        "id": "row-1", "span_id": ROOT, "root_span_id": TRACE, "span_parents": None,
        "_is_merge": True, "created": "2026-02-16T02:00:00Z", "output": "Yes",
        "metrics": {"end": 1771205719.25}, "scores": {"helpful": 0.5, "none": None},
    }  # fmt: skip
    pieces = [start, late, call()]
    for piece in reversed(pieces) if backwards else pieces:
        ingest([piece])
    trace = traces()[TRACE]
    check_turn(trace)
    assert trace.started_at.isoformat() == "2026-02-16T01:35:18.500000"
    assert [(one.name, one.number) for one in trace.feedback] == [("helpful", 0.5)]
    parents = store.query("SELECT span_id, parent_id FROM spans ORDER BY 1").rows()
    assert parents == [("row-1", None), ("row-2", "row-1")]
    for piece in pieces:
        assert ingest([piece]).duplicate == 1
    assert store.query("SELECT count(*) FROM spans").item() == 2


def test_scores_comments_and_expected_values(ingest, traces):
    comments = [
        {"text": "too short", "user": {"email": "a@b.c"}, "created": "2026-02-17"}
    ]
    ingest(
        [row(scores={"good": True, "exact": 0}, comments=comments, expected={"a": 1})]
    )
    trace = traces()[TRACE]
    found = {one.name: one for one in trace.feedback}
    assert (found["good"].number, found["exact"].value) == (1.0, "0")
    assert found["exact"].origin == "braintrust"
    comment = found["comment"]
    assert (comment.comment, comment.origin) == ("too short", "a@b.c")
    assert comment.created_at.isoformat() == "2026-02-17T00:00:00"
    assert {one.span_id for one in trace.feedback} == {"row-1"}
    assert trace.metadata["expected"] == {"a": 1}


def test_a_judge_is_no_part_of_the_conversation(ingest, traces, store):
    asked = [{"role": "user", "content": "Is 'Yes' right?"}]
    scorer = row(
        id="row-3",
        span_id="s3",
        span_parents=[ROOT],
        span_attributes={"name": "Factuality", "type": "score"},
        scores={"Factuality": 0.6, "extra": 1},
    )
    judge = call(id="row-4", span_id="s4", span_parents=["s3"], input=asked)
    judge["metrics"] = {**judge["metrics"], "start": 1771205719.5}
    ingest([row(output={"a": 1, "b": 2}, scores={"Factuality": 0.6}), call()])
    ingest([scorer, judge])
    trace = traces()[TRACE]
    check_turn(trace)
    said = sorted((one.name, one.span_id) for one in trace.feedback)
    assert said == [("Factuality", "row-1"), ("extra", "row-3")]
    kinds = store.query("SELECT kind FROM spans ORDER BY span_id").rows()
    assert kinds == [("task",), ("llm",), ("evaluator",), ("llm",)]


def test_what_is_said_of_a_row_afterwards(ingest, traces):
    ingest([row()])
    audit = {"_audit_source": "external", "_audit_metadata": {"user": "anna"}}
    said = [
        {**audit, "_is_merge": True, "id": "row-1", "scores": {"correct": 0},
         "expected": "30 days"},
        {**audit, "id": "c1", "origin": {"id": "row-1"}, "comment": {"text": "wrong"},
         "created": "2026-02-17T08:00:00Z"},
        {"_audit_source": "app", "_is_merge": True, "id": "row-1", "tags": ["x"]},
    ]  # fmt: skip
    report = ingest(said)
    assert (report.feedback, report.skipped) == (3, {"change of a row": 1})
    found = {one.name: one for one in traces()[TRACE].feedback}
    assert (found["correct"].number, found["correct"].origin) == (0.0, "anna")
    assert found["expected"].value == "30 days"
    assert found["comment"].comment == "wrong"
    assert found["comment"].created_at.isoformat() == "2026-02-17T08:00:00"
    assert {one.span_id for one in found.values()} == {"row-1"}
    assert ingest(said).feedback == 0


def test_a_table_from_the_pages(ingest, traces, write):
    names = "name,input,output,expected,tags,metrics,metadata,created,span_id,comments"
    talk = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "Open, on Sunday?"},
        {"role": "assistant", "content": "No"},
    ]
    about = {"Notes": "misses the holiday", "channel": "web"}
    cells = [
        "chat", json.dumps(talk), "", "Yes", '["a"]', '{"start": 1771205718.5}',
        json.dumps(about), "2026-02-16T01:35:18Z", ROOT, "",
    ]  # fmt: skip
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    path = write("export.csv", names, text.getvalue().rstrip("\n"))
    assert ingest(path).format == "braintrust"
    trace = traces()[ROOT]
    assert trace.messages == talk
    assert (trace.input, trace.output) == ("Open, on Sunday?", "No")
    assert trace.tags == ["a"]
    assert trace.metadata == {"channel": "web", "expected": "Yes", "name": "chat"}
    (note,) = trace.feedback
    assert (note.name, note.comment, note.origin) == (
        "Notes", "misses the holiday", "reviewer")  # fmt: skip
    assert ingest(path).duplicate == 1


def test_errors_come_without_their_stack(ingest, traces, store):
    python = "Traceback (most recent call last):\n  File …\nopenai.Timeout: 30 s\n"
    script = "wrong // Object.is\n\nAssertionError: wrong\n    at run (a.ts:1:1)"
    named = {"name": "Timeout", "message": "30 s", "stack": "…"}
    rows = [row(id=i, span_id=i, root_span_id=i, error=e) for i, e in
            zip("abc", (python, script, named), strict=True)]  # fmt: skip
    ingest(rows)
    errors = [trace.error for trace in traces().values()]
    assert errors == ["openai.Timeout: 30 s", "wrong // Object.is", "Timeout: 30 s"]
    assert store.query("SELECT DISTINCT status FROM spans").rows() == [("error",)]


def test_a_row_without_a_start_has_begun_when_it_was_created(ingest, traces):
    rows = [
        row(metrics={}),
        row(id="x", root_span_id="x", created="<masked>", metrics=None),
    ]
    assert ingest(rows).rejected == 0
    assert traces()[TRACE].started_at.isoformat() == "2026-02-16T01:35:18.900000"
    assert traces()["x"].started_at is None


def test_an_id_in_another_spelling_is_kept(ingest, traces):
    ingest([row(root_span_id=TRACE.upper()), call(root_span_id=TRACE.upper())])
    check_turn(traces()[TRACE])
    assert traces()[TRACE].metadata["source_id"] == TRACE.upper()


def test_kinds_of_rows_that_hold_no_trace(ingest):
    rows = [
        row(),
        row(_object_delete=True),
        {
            "id": "d",
            "dataset_id": "d1",
            "span_id": "d",
            "root_span_id": "d",
            "input": 1,
        },
        {"events": [], "cursor": None},
    ]
    skipped = {"deleted row": 1, "row of a dataset": 1, "empty page": 1}
    assert ingest(rows).skipped == skipped


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"span_id": "", "root_span_id": TRACE}, "a row without id and span_id"),
        ({"_audit_source": "app", "scores": {"a": 1}}, "feedback that names no row"),
    ],
)
def test_rows_that_cannot_be_read(ingest, rejects, record, reason):
    assert ingest([row(), record]).new == 1
    assert reason in rejects()[0][2]


@pytest.mark.shared_data
def test_bodies_of_the_sdk(ingest, traces, store, shared_data):
    folder = shared_data / "formats" / "braintrust"
    rows = [
        one
        for path in sorted(folder.glob("sdk_logs3_*.json"))
        for one in json.loads(path.read_bytes())["rows"]
    ]
    steps = [one for one in rows if "root_span_id" in one]
    scored = {(one["id"], name) for one in rows for name in one.get("scores", {})}
    remarks = [
        one
        for one in rows
        if "comment" in one or ("_audit_source" in one and "expected" in one)
    ]
    report = ingest(folder / "sdk_logs3_*.json")
    assert (report.format, report.rejected, report.skipped) == ("braintrust", 0, {})
    ids = {one["root_span_id"] for one in steps}
    assert traces().keys() == ids
    assert report.spans == len({one["id"] for one in steps})
    assert report.feedback == len(scored) + len(remarks)
    by_span = {one["span_id"]: one["id"] for one in steps}
    parents = {
        one["id"]: by_span[one["span_parents"][0]]
        for one in steps
        if one["span_parents"]
    }
    found = store.query(
        "SELECT span_id, parent_id FROM spans WHERE parent_id IS NOT NULL"
    )
    assert dict(found.rows()) == parents
    again = ingest(folder / "sdk_logs3_*.json")
    assert (again.new, again.extended, again.duplicate) == (0, 0, len(ids))
    for path in sorted(folder.glob("sdk_logs3_*.json"), reverse=True):
        assert (ingest(path).new, ingest(path).extended) == (0, 0)
    first = traces()[TRACE]
    assert first.messages == [
        {"role": "user", "content": "How long do refunds take?"},
        {"role": "assistant", "content": "Stub answer to: How long do refunds take?"},
    ]
    # the function that was traced returned the id of its row
    assert (first.input, first.session_id) == ("How long do refunds take?", "s0")
    assert first.output == "a4a71447-b1db-415d-88f6-aa6e8ad7ee07"
    assert (first.input_tokens, first.output_tokens) == (14, 10)
    assert {one.origin for one in first.feedback} == {"braintrust", "anna"}
    failed = traces()["5a0671de3ef8097ebf33416ccc816664"]
    assert (failed.input, failed.output) == ("RAISE please", None)
    assert failed.error == (
        "openai.InternalServerError: Error code: 500 - stub failure: the server had an"
        " error"
    )  # fmt: skip


@pytest.mark.shared_data
def test_rows_of_an_experiment(ingest, traces, shared_data):
    path = shared_data / "formats" / "braintrust" / "v3.log-payloads.json"
    rows = json.loads(path.read_bytes())
    report = ingest(path)
    assert (report.format, report.rejected) == ("braintrust", 0)
    assert (report.new, report.spans) == (len(rows), len(rows))
    assert report.feedback == sum(len(one["scores"]) for one in rows)
    for one in rows:
        trace = traces()[one["root_span_id"]]
        assert trace.metadata["case"] == one["metadata"]["case"]
        assert {f.name: f.number for f in trace.feedback} == one["scores"]
        assert trace.metadata.get("expected") == one.get("expected")
        assert trace.tags == one.get("tags", [])
    failed = [trace.error for trace in traces().values() if trace.error]
    assert failed == ["expected 'wrong' to be 'right' // Object.is equality"]
    assert ingest(path).duplicate == len(rows)
