"""ATIF trajectories of agents."""

from __future__ import annotations

import json

import pytest

FOLDER = "formats/atif_harbor"


def counted(trajectory):
    """Messages and spans that a trajectory makes: steps, calls and results."""
    steps = trajectory["steps"]
    results = sum(len(s.get("observation", {}).get("results", ())) for s in steps)
    calls = sum(len(s.get("tool_calls", ())) for s in steps)
    return len(steps) + results, 1 + len(steps) + calls


@pytest.mark.shared_data
@pytest.mark.parametrize(
    "name",
    ["harbor_openhands", "multi_tool_trajectory", "subagent_trajectories"],
)
def test_real_files(ingest, traces, store, shared_data, name):
    path = shared_data / FOLDER / f"{name}.json"
    raw = json.loads(path.read_text())
    trajectories = [raw] if "steps" in raw else list(raw.values())
    report = ingest(path)
    assert (report.format, report.new, report.rejected) == (
        "atif",
        len(trajectories),
        0,
    )
    found = traces()
    for trajectory in trajectories:
        trace = found[trajectory["session_id"]]
        messages, spans = counted(trajectory)
        assert len(trace.messages) == messages
        rows = store.query(
            "SELECT count(*) FROM spans WHERE trace_id = ?", [trace.id]
        ).item()
        assert rows == spans
        final = trajectory["final_metrics"]
        assert trace.input_tokens == final["total_prompt_tokens"]
        assert trace.output_tokens == final["total_completion_tokens"]
        assert trace.cost_usd == final.get("total_cost_usd")
        users = [s["message"] for s in trajectory["steps"] if s["source"] == "user"]
        agents = [s["message"] for s in trajectory["steps"] if s["source"] == "agent"]
        assert (trace.input, trace.output) == (users[-1], agents[-1])
        assert trace.metadata["agent"] == trajectory["agent"]["name"]
        assert trace.metadata["version"] == trajectory["agent"]["version"]
    assert ingest(path).duplicate == len(trajectories)
    assert traces() == found


@pytest.mark.shared_data
def test_real_steps_in_detail(ingest, traces, store, shared_data):
    ingest(shared_data / FOLDER / "multi_tool_trajectory.json")
    trace = traces()["sess-def456-multi"]
    assert (trace.model, trace.metadata["user_id"]) == ("gpt-4-turbo", "user-42")
    assert str(trace.started_at) == "2025-01-15 14:00:00"
    assert str(trace.ended_at) == "2025-01-15 14:00:14"
    asked = trace.messages[1]
    assert [call["id"] for call in asked["tool_calls"]] == [
        "call_fin_aapl",
        "call_fin_msft",
        "call_news",
    ]
    assert asked["tool_calls"][0]["arguments"]["ticker"] == "AAPL"
    assert asked["reasoning"].startswith("The user wants two things")
    assert [m["tool_call_id"] for m in trace.messages[2:5]] == [
        call["id"] for call in asked["tool_calls"]
    ]
    assert trace.messages[2]["content"].startswith("Apple Inc. (AAPL) Q4 2024 revenue")
    tool = store.query(
        "SELECT name, input, output FROM spans WHERE kind = 'tool' ORDER BY span_id"
    ).rows()[0]
    assert tool[0] == "financial_search"
    assert json.loads(tool[1])["ticker"] == "AAPL"
    assert tool[2] == trace.messages[2]["content"]


@pytest.mark.shared_data
def test_a_real_helper_has_the_session_of_who_called_it(ingest, traces, shared_data):
    ingest(shared_data / FOLDER / "subagent_trajectories.json")
    found = traces()
    assert {trace.session_id for trace in found.values()} == {"sess-parent-001"}
    child = found["sess-child-summary-001"]
    assert child.metadata["parent_id"] == "sess-parent-001"
    assert "parent_id" not in found["sess-parent-001"].metadata


def step(source="agent", message="Hello", **more):
    return {"step_id": 1, "source": source, "message": message, **more}


def trajectory(*steps, **more):
    return {
        "schema_version": "ATIF-v1.7",
        "session_id": "s1",
        "agent": {"name": "a", "version": "1"},
        "steps": list(steps) or [step("user", "Hi"), step()],
        **more,
    }


def test_tokens_of_steps_where_there_is_no_total(ingest, traces):
    used = {"prompt_tokens": 10, "completion_tokens": 2, "cost_usd": 0.5}
    steps = [
        step("user", "Hi"),
        step(metrics=used, is_copied_context=True),
        step(metrics=used, model_name="m1"),
        step(metrics=used, model_name="m2"),
    ]
    ingest([trajectory(*steps)])
    trace = traces()["s1"]
    assert (trace.input_tokens, trace.output_tokens, trace.cost_usd) == (20, 4, 1.0)
    assert trace.model == "m2"
    assert len(trace.messages) == 4


def test_results_that_name_no_call(ingest, traces):
    call = {"tool_call_id": "c1", "function_name": "run", "arguments": {"x": 1}}
    seen = {"results": [{"content": "done"}]}
    first = step(tool_calls=[call], observation=seen)
    ingest([trajectory(step("user", "Hi"), first, step(observation=seen))])
    messages = traces()["s1"].messages
    assert messages[2] == {"role": "tool", "content": "done", "tool_call_id": "c1"}
    assert messages[4] == {"role": "tool", "content": "done"}


@pytest.mark.parametrize("named", [None, "c1"])
def test_each_of_several_results_of_a_call_is_a_step(ingest, store, named):
    ran = {"tool_call_id": "c1", "function_name": "run", "arguments": {"cmd": "ls"}}
    said = [{"source_call_id": named, "content": text} for text in ("one", "two")]
    step = {
        "step_id": 1, "source": "agent", "message": "", "tool_calls": [ran],
        "observation": {"results": said},
    }  # fmt: skip
    ingest([{"schema_version": "ATIF-v1.7", "session_id": "s", "steps": [step]}])
    rows = store.query(
        "SELECT kind, output FROM spans WHERE span_id LIKE '% call %'"
        " OR span_id LIKE '% result %' ORDER BY span_id"
    ).rows()
    assert rows == [("tool", "one"), ("event", "two")]


def test_results_that_only_refer_to_helpers_say_to_which(ingest, traces, store):
    summary = {"session_id": "s2", "trajectory_path": "b.json"}
    answers = {"trajectory_path": "c.json", "extra": {"summary": "Answers"}}
    several = {"subagent_trajectory_ref": [summary, answers, 7, {}]}
    alone = {"content": "", "subagent_trajectory_ref": {"trajectory_id": "t3"}}
    said = {"content": "Done", "subagent_trajectory_ref": [summary]}
    seen = {"results": [several, alone, said, {"subagent_trajectory_ref": 5}]}
    ingest([trajectory(step("user", "Hi"), step("system", "Split", observation=seen))])
    results = [m["content"] for m in traces()["s1"].messages if m["role"] == "tool"]
    assert results == [
        "see trajectory s2\nsee trajectory c.json: Answers",
        "see trajectory t3",
        "Done",
        "",
    ]
    rows = store.query("SELECT output FROM spans WHERE name = 'observation'").rows()
    assert {output for (output,) in rows} <= {*results, None}


def test_parts_and_pictures(ingest, traces):
    picture = {"type": "image", "source": {"media_type": "image/png", "path": "a.png"}}
    parts = [{"type": "text", "text": "Look"}, picture]
    ingest([trajectory(step("user", parts), step())])
    assert traces()["s1"].messages[0] == {
        "role": "user",
        "content": "Look",
        "attachments": [{"type": "image", "ref": "a.png"}],
    }


def test_helpers_inside_of_a_trajectory(ingest, traces):
    helper = trajectory(step("user", "Sub"), step(message="Done"), trajectory_id="t2")
    whole = trajectory(trajectory_id="t1", subagent_trajectories=[helper, 5, {}])
    report = ingest([whole])
    assert (report.new, report.rejected) == (2, 2)
    found = traces()
    assert {trace.session_id for trace in found.values()} == {"t1", "s1"}
    assert (found["t2"].session_id, found["t2"].metadata["parent_id"]) == ("t1", "t1")
    assert found["t2"].output == "Done"


def test_lists_and_lines_of_trajectories(ingest, write):
    many = [trajectory(session_id=f"s{i}") for i in range(3)]
    assert ingest(write("a.jsonl", *map(json.dumps, many))).new == 3
    wrapped = {"trajectories": [trajectory(session_id=f"w{i}") for i in range(2)]}
    assert ingest(write("b.json", json.dumps(wrapped))).new == 2


def test_a_trajectory_without_an_id_has_one_by_content(ingest, traces):
    record = trajectory()
    del record["session_id"]
    assert ingest([record, record]).duplicate == 1
    assert next(iter(traces())).startswith("atif_")


def test_what_cannot_be_read_says_why(ingest, rejects):
    broken = {
        "good": trajectory(),
        "odd": trajectory(step("robot"), session_id="s2"),
        "list": trajectory(5, session_id="s3"),
    }
    empty = trajectory(session_id="s4") | {"steps": []}
    report = ingest([broken, empty])
    assert (report.new, report.rejected) == (1, 3)
    reasons = [reason for _, _, reason in rejects()]
    known = "known: user, agent, system"
    assert f"odd: step 1 has the source 'robot'; {known}" in reasons
    assert "list: step 1 is a number, not an object" in reasons
    assert "the trajectory has no steps" in reasons
