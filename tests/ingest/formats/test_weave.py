"""W&B Weave: calls of the SDK and the server, starts and ends, and feedback."""

from __future__ import annotations

import csv
import io
import json

import pytest

TRACE, ROOT, CALL = "0197a000-0000-7000-8000-0000000000aa", "root-1", "call-1"
USAGE = {"m1": {"requests": 1, "prompt_tokens": 7, "completion_tokens": 2}}


def turn(**more):
    about = {
        "id": ROOT,
        "project_id": "team/shop",
        "trace_id": TRACE,
        "parent_id": None,
        "op_name": "weave:///team/shop/op/turn:5f3abc",
        "started_at": "2026-02-16T01:35:18.573255Z",
        "ended_at": "2026-02-16T01:35:19Z",
        "inputs": {"q": "Open on Sunday?", "self": "weave:///team/shop/object/Bot:1"},
        "output": "Yes",
        "attributes": {"user": "u1", "channel": "web", "weave": {"source": "sdk"}},
        "summary": {"usage": USAGE, "status_counts": {"success": 2}},
        "thread_id": "th",
        "exception": None,
    }
    return {**about, **more}


def call(**more):
    about = {
        "id": CALL,
        "parent_id": ROOT,
        "op_name": "weave:///team/shop/op/openai.chat.completions.create:9",
        "inputs": {"messages": [{"role": "user", "content": "Open on Sunday?"}]},
        "output": {"choices": [{"message": {"role": "assistant", "content": "Yes"}}]},
        "attributes": {"weave": {"kind": "llm"}},
        "display_name": "call 7",
    }
    return turn(**{**about, **more})


def check_turn(trace):
    assert (trace.input, trace.output, trace.model) == ("Open on Sunday?", "Yes", "m1")
    assert trace.messages == [
        {"role": "user", "content": "Open on Sunday?"},
        {"role": "assistant", "content": "Yes"},
    ]
    # the root says the sum once more
    assert (trace.input_tokens, trace.output_tokens) == (7, 2)


def test_calls_are_one_trace(ingest, traces, store):
    report = ingest([call(), turn()])
    assert (report.format, report.new, report.spans) == ("weave", 1, 2)
    trace = traces()[TRACE]
    check_turn(trace)
    assert trace.session_id == "th"
    assert trace.started_at.isoformat() == "2026-02-16T01:35:18.573255"
    assert trace.metadata == {
        "channel": "web",
        "name": "turn",
        "user_id": "u1",
        "project": "team/shop",
    }
    steps = store.query(
        "SELECT kind, name, parent_id FROM spans ORDER BY span_id"
    ).rows()
    assert steps == [
        ("llm", "openai.chat.completions.create", ROOT),
        (None, "turn", None),
    ]
    kept = store.query("SELECT attributes FROM spans WHERE kind = 'llm'").item()
    assert json.loads(kept)["display_name"] == "call 7"


@pytest.mark.parametrize("wrap", ["jsonl", "array", "batch", "calls"])
def test_containers(ingest, traces, write, wrap):
    calls = [turn(), call()]
    if wrap == "jsonl":
        path = write("w.jsonl", *map(json.dumps, calls))
    elif wrap == "array":
        path = write("w.json", json.dumps(calls))
    else:
        path = write("w.json", json.dumps({wrap: calls}))
    assert ingest(path).format == "weave"
    check_turn(traces()[TRACE])
    assert ingest(path).duplicate == 1


def test_one_call_of_the_api(ingest, traces):
    assert ingest([{"call": turn()}, {"call": call()}]).format == "weave"
    check_turn(traces()[TRACE])


def test_a_table_with_a_column_for_each_field(ingest, traces, write):
    rows = []
    for one in (turn(), call()):
        flat = {k: v for k, v in one.items() if not isinstance(v, dict)}
        flat |= {f"inputs.{k}": v for k, v in one["inputs"].items()}
        flat["attributes.weave"] = one["attributes"]["weave"]
        flat["summary.usage"] = one["summary"]["usage"]
        flat["summary.weave.latency_ms"] = 427
        rows.append(flat | {"output": one["output"]})
    names = list(dict.fromkeys(name for one in rows for name in one))
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(names)
    for one in rows:
        cells = (one.get(name) for name in names)
        table.writerow(
            [json.dumps(c) if isinstance(c, dict | list) else c for c in cells]
        )
    assert ingest(write("w.csv", text.getvalue().rstrip("\n"))).format == "weave"
    check_turn(traces()[TRACE])


def pieces(whole):
    late = ("ended_at", "output", "summary", "exception")
    start = {name: value for name, value in whole.items() if name not in late}
    end = {name: whole[name] for name in ("project_id", "id", *late)}
    return start, end


@pytest.mark.parametrize("way", ["batch", "bodies", "lines", "two imports"])
def test_starts_and_ends(ingest, traces, way):
    (root, root_end), (inner, inner_end) = pieces(turn()), pieces(call())
    bodies = [{"start": root}, {"start": inner}, {"end": inner_end}, {"end": root_end}]
    items = [{"mode": next(iter(body)), "req": body} for body in bodies]
    if way == "batch":
        ingest([{"batch": items}])
    elif way == "bodies":
        ingest(bodies)
    elif way == "lines":
        ingest(items)
    else:
        ingest(bodies[:2])
        ingest(bodies[2:])
    trace = traces()[TRACE]
    check_turn(trace)
    assert trace.ended_at.isoformat() == "2026-02-16T01:35:19"


def test_an_end_without_its_start_names_no_trace(ingest, rejects):
    _, end = pieces(call(id="never-started"))
    assert ingest([turn(), {"end": end}]).new == 1
    assert "ingest both together, the starts first" in rejects()[0][2]


def test_kinds_of_model_calls_of_older_clients(ingest, store):
    names = {
        "openai.chat.completions.create": "llm",
        "anthropic.Messages.create": None,
        "anthropic.messages.create": "llm",
        "litellm.acompletion": "llm",
        "google.genai.models.generate_content": "llm",
        "create_order": None,
        "MyBot.complete": None,
    }
    calls = [
        turn(id=str(n), trace_id=str(n), op_name=name, attributes={})
        for n, name in enumerate(names)
    ]
    ingest(calls)
    assert dict(store.query("SELECT name, kind FROM spans").rows()) == names


def test_an_exception_is_json_in_text(ingest, traces, store):
    error = json.dumps(
        {"type": "Timeout", "message": "30 s", "traceback": [{"text": "…"}]}
    )
    ingest([turn(exception=error, output=None), call()])
    assert traces()[TRACE].error == "Timeout: 30 s"
    said = store.query("SELECT status FROM spans ORDER BY span_id").rows()
    assert said == [("ok",), ("error",)]


def test_what_only_points_to_an_object_was_not_said(ingest, traces):
    ingest([turn(output="weave:///team/shop/object/Answer:2")])
    assert traces()[TRACE].output is None


def test_costs_of_the_server(ingest, traces):
    costs = {
        "m1": {"prompt_tokens_total_cost": 0.001, "completion_tokens_total_cost": 0.002}
    }
    summary = {"usage": USAGE, "weave": {"costs": costs, "latency_ms": 427}}
    ingest([turn(summary=summary), call(summary=summary)])
    assert traces()[TRACE].cost_usd == pytest.approx(0.003)


def test_messages_of_a_root_that_was_exported_alone(ingest, traces):
    talk = [{"role": "user", "content": "Hi"}]
    ingest([turn(inputs={"self": "weave:///a/b/object/Bot:1", "messages": talk})])
    assert traces()[TRACE].messages == [*talk, {"role": "assistant", "content": "Yes"}]


def feedback(kind, payload, **more):
    about = {
        "id": f"f-{kind}",
        "project_id": "team/shop",
        "weave_ref": f"weave:///team/shop/call/{CALL}",
        "creator": "anna",
        "created_at": "2026-02-17T08:00:00.000000Z",
        "feedback_type": kind,
        "payload": payload,
    }
    return {**about, **more}


def said():
    return [
        feedback("wandb.reaction.1", {"emoji": "👎", "alias": ":thumbsdown:"}),
        feedback("wandb.note.1", {"note": "wrong day"}, creator=None),
        feedback("wandb.annotation.tone", {"value": "rude"}),
        feedback("wandb.runnable.judge", {"output": {"ok": False, "reason": "no"}}),
        feedback("stars", {"stars": 4}, scorer_ratings={"polite": 0.5, "none": None}),
    ]


def check_feedback(found):
    by_name = {one.name: one for one in found}
    assert len(by_name) == len(found) == 6
    assert (by_name["reaction"].value, by_name["reaction"].comment) == (
        "👎",
        ":thumbsdown:",
    )
    assert (by_name["note"].comment, by_name["note"].origin) == ("wrong day", "weave")
    assert (by_name["tone"].value, by_name["tone"].origin) == ("rude", "anna")
    judged = by_name["judge.ok"]
    assert (judged.value, judged.number, judged.comment) == ("false", 0.0, "no")
    assert (by_name["stars"].number, by_name["polite"].number) == (4.0, 0.5)
    assert {one.span_id for one in found} == {CALL}
    assert judged.created_at.isoformat() == "2026-02-17T08:00:00"


def test_feedback_records(ingest, traces):
    ingest([turn(), call()])
    apart = feedback("wandb.note.1", {"note": "x"}, weave_ref="weave:///a/b/object/o:1")
    report = ingest([{"result": [*said(), apart]}])
    assert (report.feedback, report.skipped) == (6, {"feedback about an object": 1})
    check_feedback(traces()[TRACE].feedback)


def test_feedback_inside_of_calls(ingest, traces):
    summary = {"usage": USAGE, "weave": {"feedback": said()}}
    ingest([turn(), call(summary=summary)])
    check_feedback(traces()[TRACE].feedback)


def test_an_id_in_another_spelling_is_kept(ingest, traces):
    given = "0AF7651916CD43DD8448EB211C80319C"
    ingest([turn(trace_id=given)])
    assert traces()[given.lower()].metadata["source_id"] == given


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (call(id=None), "a call without an id"),
        (call(trace_id=""), "a call without a trace_id"),
        (call(started_at="soon"), "started_at: 'soon' is no time"),
        ({"batch": [call(), 7]}, "not an object but a number"),
    ],
)
def test_calls_that_cannot_be_read(ingest, rejects, record, reason):
    assert ingest([turn(), record]).new == 1
    assert reason in rejects()[0][2]


def test_kinds_of_records_that_hold_nothing(ingest):
    records = [turn(), {"batch": []}, {"mode": "update", "req": {"id": ROOT}}]
    records.append(call(deleted_at="2026-02-17T00:00:00Z"))
    skipped = {"empty batch": 1, "change of a call (update)": 1, "deleted call": 1}
    assert ingest(records, format="weave").skipped == skipped


@pytest.mark.shared_data
def test_a_body_of_the_sdk(ingest, traces, store, shared_data):
    path = shared_data / "formats" / "weave" / "sdk_v2_ent_proj_calls_complete_0.json"
    calls = json.loads(path.read_bytes())["batch"]
    report = ingest(path)
    assert (report.format, report.rejected, report.feedback) == ("weave", 0, 0)
    ids = {one["trace_id"] for one in calls}
    assert (report.new, report.spans) == (len(ids), len(calls))
    roots = {one["trace_id"]: one for one in calls if one["parent_id"] is None}
    for key, trace in traces().items():
        root = roots[key]
        assert trace.session_id == root["thread_id"]
        assert trace.input == root["inputs"]["q"]
        assert trace.output == root["output"]
        usage = root["summary"].get("usage", {})
        prompt = [counts["prompt_tokens"] for counts in usage.values()]
        assert trace.input_tokens == (sum(prompt) if prompt else None)
        assert (trace.error is None) == (root["exception"] is None)
        assert trace.metadata["user_id"] == root["attributes"]["user"]
    names = store.query("SELECT DISTINCT name FROM spans ORDER BY 1").rows()
    assert names == [
        ("agent_turn",),
        ("openai.chat.completions.create",),
        ("search_orders",),
    ]
    first = traces()["01a1fa39-ab29-7226-970a-66f4379371d5"]
    assert first.messages == [
        {"role": "user", "content": "How long do refunds take?"},
        {"role": "assistant", "content": "Stub answer to: How long do refunds take?"},
    ]
    failed = traces()["01a1fa39-ab43-7576-a166-79dcb53ef534"]
    assert failed.error == (
        "InternalServerError: Error code: 500 - stub failure: the server had an error"
    )
    assert failed.messages == [{"role": "user", "content": "RAISE please"}]
    again = ingest(path)
    assert (again.new, again.extended, again.duplicate) == (0, 0, len(ids))
