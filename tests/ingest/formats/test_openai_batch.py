"""Batches of OpenAI and Anthropic: requests and answers in files of their own."""

from __future__ import annotations

import json
import random

import pytest

from erroranalysis.errors import IngestError


def asked(name, text="Hi", url="/v1/chat/completions", **more):
    messages = [{"role": "user", "content": text}]
    body = {"model": "gpt-4o-mini", "messages": messages, **more}
    return {"custom_id": name, "method": "POST", "url": url, "body": body}


def answered(name, text="Hello", created=1771205718, status=200):
    choice = {"index": 0, "message": {"role": "assistant", "content": text}}
    usage = {"prompt_tokens": 3, "completion_tokens": 5}
    body = {
        "id": f"chatcmpl-{name}",
        "object": "chat.completion",
        "created": created,
        "model": "gpt-4o-mini-2024-07-18",
        "choices": [{**choice, "finish_reason": "stop"}],
        "usage": usage,
    }
    response = {"status_code": status, "request_id": f"req_{name}", "body": body}
    return {
        "id": f"batch_req_{name}{created}",
        "custom_id": name,
        "response": response,
        "error": None,
    }


def refused(name, message="too long"):
    body = {"error": {"message": message, "type": "invalid_request_error"}}
    response = {"status_code": 400, "request_id": "r", "body": body}
    return {
        "id": f"batch_req_e{name}",
        "custom_id": name,
        "response": response,
        "error": None,
    }


def lines(records):
    return [json.dumps(record) for record in records]


def test_request_and_answer_meet_in_any_order(ingest, traces, store):
    names = [f"q{i}" for i in range(20)]
    records = [asked(name, f"Ask {name}") for name in names]
    records += [answered(name, f"Say {name}") for name in names]
    random.Random(3).shuffle(records)
    report = ingest(records)
    assert (report.format, report.new, report.rejected) == ("openai-batch", 20, 0)
    found = traces()
    assert set(found) == set(names)
    for name, trace in found.items():
        assert (trace.input, trace.output) == (f"Ask {name}", f"Say {name}")
        assert trace.messages == [
            {"role": "user", "content": f"Ask {name}"},
            {"role": "assistant", "content": f"Say {name}"},
        ]
        assert (trace.input_tokens, trace.output_tokens) == (3, 5)
        assert trace.model == "gpt-4o-mini-2024-07-18"
        assert trace.metadata["batch_request_id"] == f"batch_req_{name}1771205718"
        assert trace.started_at.year == 2026
    kinds = store.query("SELECT kind, count(*) FROM spans GROUP BY kind ORDER BY kind")
    assert kinds.rows() == [("llm", 20), ("prompt", 20)]
    again = ingest(records)
    assert (again.new, again.extended, again.duplicate, again.spans) == (0, 0, 20, 0)


@pytest.mark.parametrize("answers_first", [True, False])
def test_files_that_come_with_several_imports(ingest, traces, write, answers_first):
    names = ["a", "b", "c"]
    given = write("in.jsonl", *lines(asked(name, f"Ask {name}") for name in names))
    done = write("out.jsonl", *lines(answered(name) for name in ("b", "a")))
    failed = write("errors.jsonl", *lines([refused("c")]))
    order = [done, failed, given] if answers_first else [given, failed, done]
    reports = [ingest(path) for path in order]
    assert sum(report.new for report in reports) == 3
    assert sum(report.rejected for report in reports) == 0
    found = traces()
    assert [t.input for t in found.values()] == ["Ask a", "Ask b", "Ask c"]
    assert [t.output for t in found.values()] == ["Hello", "Hello", None]
    assert [t.error for t in found.values()] == [None, None, "too long"]
    assert found["c"].metadata["status_code"] == 400
    assert all("missing" not in t.metadata.values() for t in found.values())
    for path in order:
        report = ingest(path)
        assert (report.new, report.extended) == (0, 0)
    assert traces() == found


def test_an_answer_without_its_request_says_so(ingest, traces):
    ingest([answered("a")])
    trace = traces()["a"]
    assert trace.messages == [{"role": "assistant", "content": "Hello"}]
    assert (trace.input, trace.metadata["request"]) == (None, "missing")
    ingest([asked("a")])
    trace = traces()["a"]
    assert (trace.input, trace.output) == ("Hi", "Hello")
    assert "request" not in trace.metadata


def test_a_request_without_its_answer_says_so(ingest, traces):
    ingest([asked("a", temperature=0)])
    trace = traces()["a"]
    assert (trace.input, trace.output) == ("Hi", None)
    assert trace.metadata["response"] == "missing"
    assert trace.metadata["request"] == {"temperature": 0}


def test_failures_are_errors_of_the_trace(ingest, traces):
    expired = {
        "id": "batch_req_1",
        "custom_id": "late",
        "response": None,
        "error": {"code": "batch_expired", "message": "not run in time"},
    }
    gateway = answered("html")
    gateway["response"] |= {"status_code": 502, "body": "<html>Bad gateway</html>"}
    silent = answered("silent")
    silent["response"] |= {"status_code": 500, "body": None}
    records = [asked("late"), asked("html"), expired, gateway, refused("alone")]
    records += [asked("silent"), silent]
    assert ingest(records).rejected == 0
    errors = {name: trace.error for name, trace in traces().items()}
    assert errors == {
        "late": "not run in time",
        "html": "<html>Bad gateway</html>",
        "alone": "too long",
        "silent": "status 500 and no reply",
    }
    assert traces()["alone"].messages == []


def test_a_request_sent_again_is_answered_by_the_call_that_worked(ingest, traces):
    ingest([asked("a"), refused("a")])
    assert traces()["a"].error == "too long"
    report = ingest([answered("a", "Second try")])
    assert report.extended == 1
    assert (traces()["a"].error, traces()["a"].output) == (None, "Second try")


def test_two_requests_under_one_custom_id_are_refused(ingest, rejects):
    records = [asked("a", "One"), asked("a", "Two"), asked("b")]
    assert ingest(records).new == 1
    ((_, _, reason),) = rejects()
    assert "2 different requests have the custom_id 'a'" in reason
    assert "give every request of all batches an id of its own" in reason


def test_another_request_in_a_later_import_leaves_the_first(ingest, traces, rejects):
    ingest([asked("a", "One"), answered("a")])
    report = ingest([asked("a", "Two")])
    assert (report.new, report.extended, report.rejected) == (0, 0, 1)
    assert "different requests" in rejects()[0][2]
    assert (traces()["a"].input, traces()["a"].output) == ("One", "Hello")


def test_responses_and_tools_in_a_batch(ingest, traces):
    tool = {"type": "function", "name": "find", "parameters": {}}
    request = asked("a", url="/v1/responses")
    request["body"] = {"model": "m", "input": "Find it", "tools": [tool]}
    answer = answered("a")
    call = {"type": "function_call", "call_id": "c", "name": "find", "arguments": "{}"}
    answer["response"]["body"] = {
        "id": "resp_1",
        "object": "response",
        "output": [call],
    }
    ingest([answer, request])
    trace = traces()["a"]
    assert trace.input == "Find it"
    assert trace.messages[-1]["tool_calls"][0]["name"] == "find"
    assert trace.metadata["request"] == {"tools": [tool]}
    assert trace.metadata["url"] == "/v1/responses"


def test_embeddings_hold_no_words(ingest):
    request = asked("e", url="/v1/embeddings")
    answer = answered("f")
    answer["response"]["body"] = {"object": "list", "data": [{"embedding": [0.1]}]}
    with pytest.raises(IngestError, match="/v1/embeddings"):
        ingest([request, answer])
    assert ingest([request, answer, asked("a")]).new == 1


def test_what_is_neither_side_is_refused(ingest, rejects):
    ingest([asked("a"), {"custom_id": "b", "status": "done"}, {**asked(""), "id": 1}])
    reasons = [reason for _, _, reason in rejects()]
    assert "neither a body nor a response; the record has custom_id, status" in reasons
    assert any("no custom_id" in reason for reason in reasons)


def claude(name, text="Hi"):
    messages = [{"role": "user", "content": text}]
    params = {"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": messages}
    return {"custom_id": name, "params": {**params, "system": "Be brief"}}


def result(name, sort="succeeded", **more):
    return {"custom_id": name, "result": {"type": sort, **more}}


def message(text="Hello"):
    usage = {"input_tokens": 2, "cache_read_input_tokens": 10, "output_tokens": 3}
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5-20250929",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "usage": usage,
    }


def test_message_batches_of_anthropic(ingest, traces):
    error = {"type": "invalid_request_error", "message": "max_tokens: too many"}
    records = [
        result("b", "errored", error={"type": "error", "error": error}),
        result("a", message=message()),
        result("c", "expired"),
        result("d", "canceled"),
        result("e", message=None),
        result("f", "errored", error=None),
        *map(claude, "abcdef"),
    ]
    report = ingest(records)
    assert (report.format, report.new, report.rejected) == ("anthropic-batch", 6, 0)
    found = traces()
    assert found["a"].messages == [
        {"role": "system", "content": "Be brief"},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
    ]
    assert (found["a"].input_tokens, found["a"].output_tokens) == (12, 3)
    assert found["a"].metadata["batch_result"] == "succeeded"
    assert found["b"].error == "max_tokens: too many"
    assert "expired" in found["c"].error
    assert "canceled" in found["d"].error
    assert "no message" in found["e"].error
    assert found["f"].error == "errored"
    assert ingest(records).duplicate == 6


def test_message_batch_results_alone_and_their_requests_later(ingest, traces, write):
    results = [result("a", message=message()), result("b", "expired")]
    ingest(write("results.jsonl", *lines(results)))
    assert traces()["a"].metadata["request"] == "missing"
    requests = json.dumps({"requests": [claude("a"), claude("b")]})
    assert ingest(write("requests.json", requests)).extended == 2
    assert traces()["a"].input == traces()["b"].input == "Hi"


def test_results_of_an_unknown_type_are_refused(ingest, rejects):
    ingest([claude("a"), result("b", "paused")])
    assert "succeeded, errored, canceled, expired" in rejects()[0][2]
