"""Logs of the OpenAI API, and the other real files of public tools."""

from __future__ import annotations

import json

import pytest


def log(response, **request):
    asked = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], **request}
    return {"request": asked, "response": response}


def reply(content="Hello", **more):
    choice = {
        "message": {"role": "assistant", "content": content},
        "finish_reason": "stop",
    }
    return {"id": "r1", "created": 1771205718, "choices": [choice], **more}


def test_request_and_response_are_one_trace(ingest, traces):
    usage = {"prompt_tokens": 3, "completion_tokens": 5}
    record = log(reply(usage=usage, model="m-2026"), temperature=0, metadata={"u": "1"})
    assert ingest([record]).format == "openai"
    trace = traces()["r1"]
    assert (trace.input, trace.output, trace.model) == ("Hi", "Hello", "m-2026")
    assert (trace.input_tokens, trace.output_tokens) == (3, 5)
    assert trace.started_at.year == 2026
    assert trace.metadata == {
        "request": {"temperature": 0},
        "finish_reason": "stop",
        "u": "1",
    }


def test_request_fields_beside_the_response(ingest, traces):
    record = {**log(None)["request"], "response": reply(), "user": "u1"}
    assert ingest([record]).format == "openai"
    trace = traces()["r1"]
    assert (trace.input, trace.output) == ("Hi", "Hello")
    assert trace.metadata["user"] == "u1"


def test_http_envelopes_and_json_strings_are_opened(ingest, traces):
    record = log({"status_code": 200, "body": json.dumps(reply())})
    record["request"] = json.dumps({"method": "POST", "body": record["request"]})
    assert ingest([record]).format == "openai"
    assert traces()["r1"].output == "Hello"


def test_a_failed_call_is_a_trace_with_an_error(ingest, traces):
    records = [
        {**log({"error": {"message": "no key"}}), "id": "a"},
        {**log(None), "id": "b", "error": "timeout"},
    ]
    assert ingest(records).new == 2
    assert [trace.error for trace in traces().values()] == ["no key", "timeout"]
    assert traces()["a"].output is None


def test_a_stream_is_put_together(ingest, traces):
    call = {"index": 0, "id": "c1", "function": {"name": "find", "arguments": '{"n"'}}
    deltas = [
        {"role": "assistant", "content": "He"},
        {"content": "y"},
        {"tool_calls": [call]},
        {"tool_calls": [{"index": 0, "function": {"arguments": ": 1}"}}]},
    ]
    events = [
        {"id": "r1", "created": 1771205718, "choices": [{"index": 0, "delta": delta}]}
        for delta in deltas
    ]
    lines = [f"data: {json.dumps(event)}\n" for event in events]
    assert ingest([log("\n".join([*lines, "data: [DONE]"]))]).format == "openai"
    assert traces()["r1"].messages[-1] == {
        "role": "assistant",
        "content": "Hey",
        "tool_calls": [{"id": "c1", "name": "find", "arguments": {"n": 1}}],
    }


def test_a_stream_that_breaks_off_is_rejected(ingest, rejects):
    cut = 'data: {"type": "response.created", "response": {}}'
    half = 'data: {"choices": [{"ind'
    assert ingest([log(cut), log(half), log(reply())]).new == 1
    reasons = [reason for _, _, reason in rejects()]
    assert "breaks off" in reasons[0]
    assert "not valid JSON" in reasons[1]


def test_responses_with_tools_and_thoughts(ingest, traces):
    output = [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm"}]},
        {
            "type": "function_call",
            "call_id": "c",
            "name": "find",
            "arguments": '{"n":1}',
        },
        {"type": "web_search_call", "id": "w", "status": "completed"},
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "Done"}],
        },
    ]
    asked = [
        {"role": "user", "content": [{"type": "input_text", "text": "Find"}]},
        {"type": "function_call_output", "call_id": "b", "output": "7"},
    ]
    request = {"input": asked, "instructions": "Be brief", "model": "m"}
    usage = {"input_tokens": 1, "output_tokens": 2}
    response = {"id": "r", "status": "completed", "output": output, "usage": usage}
    ingest([{"request": request, "response": response}])
    trace = traces()["r"]
    roles = [message["role"] for message in trace.messages]
    assert roles == ["system", "user", "tool", *["assistant"] * 4]
    assert trace.messages[3]["reasoning"] == "Hm"
    assert trace.messages[4]["tool_calls"][0]["arguments"] == {"n": 1}
    assert trace.messages[5]["tool_calls"][0]["name"] == "web_search_call"
    assert (trace.output, trace.output_tokens) == ("Done", 2)


@pytest.mark.parametrize(
    "response",
    [
        {"choices": [3]},
        {"choices": [{"message": {"role": "boss"}}]},
        {"output": [[]]},
        {"output": [{"role": 7}]},
    ],
)
def test_odd_responses_are_rejects(ingest, rejects, response):
    assert ingest([log(response), log(reply())]).new == 1
    assert rejects()[0][1] == 0


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("path", "format_", "new", "rejected"),
    [
        ("formats/openai/openai_chat_request_response.jsonl", "openai", 8, 0),
        ("formats/openai/openai_responses_request_response.jsonl", "openai", 18, 0),
        ("formats/openai/toy_chat_fine_tuning_first4.jsonl", "chat", 4, 0),
        ("agentrx/tau_retail/tau_dataset_full.json", "tau-bench", 100, 0),
        ("agentrx/tau_retail/tau_dataset_failed.json", "tau-bench", 29, 0),
        ("formats/tau_bench/gpt-4o-airline.json", "tau-bench", 12, 0),
        ("formats/sharegpt/dummy_conversation.json", "chat", 60, 0),
        ("formats/hf_datasets/sharegpt_dummy.jsonl", "chat", 60, 0),
        ("formats/hf_datasets/sharegpt_dummy.parquet", "chat", 60, 0),
        (
            "formats/hf_datasets/sharegpt_saved_to_disk/data-00000-of-00001.arrow",
            "chat",
            60,
            0,
        ),
    ],
)
def test_files_that_real_tools_wrote(
    ingest, traces, shared_data, path, format_, new, rejected
):
    report = ingest(shared_data / path)
    assert (report.format, report.rejected) == (format_, rejected)
    assert report.new + report.duplicate == new
    assert all(trace.messages for trace in traces().values())
    assert ingest(shared_data / path).new == 0


@pytest.mark.shared_data
def test_real_streams_and_errors(ingest, traces, shared_data):
    folder = shared_data / "formats" / "openai"
    ingest(folder / "*.jsonl")
    logs = [trace for trace in traces().values() if trace.model]
    assert sum(trace.error is not None for trace in logs) == 1
    answered = [trace for trace in logs if trace.error is None]
    assert all(trace.messages[-1]["role"] == "assistant" for trace in answered)
    said = [(trace.messages[-1], trace.metadata["finish_reason"]) for trace in answered]
    assert all(m["content"] or m.get("tool_calls") or r == "length" for m, r in said)


@pytest.mark.shared_data
def test_two_runs_of_one_benchmark_can_live_together(ingest, shared_data):
    retail = shared_data / "agentrx" / "tau_retail" / "tau_dataset_full.json"
    airline = shared_data / "formats" / "tau_bench" / "gpt-4o-airline.json"
    ingest(retail)
    assert ingest(airline).new == 12
