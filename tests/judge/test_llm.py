"""Calls to a model, against a real server on loopback, faults included."""

from __future__ import annotations

import json

import pytest
from fakes import ModelServer, answer

from erroranalysis import llm
from erroranalysis.errors import ModelError
from erroranalysis.prompts import VERDICT_SCHEMA

GOOD = json.dumps({"critique": "fine", "verdict": "pass"})


def ask(server: ModelServer, n: int = 1, **settings: object) -> list[llm.Reply]:
    replies: list[llm.Reply] = []
    requests = [
        llm.Request(f"k{i}", [{"role": "user", "content": f"case {i}"}], VERDICT_SCHEMA)
        for i in range(n)
    ]
    llm.complete(requests, llm.Endpoint("stub", server.url, **settings), replies.append)
    return replies


def test_a_good_answer_becomes_a_verdict_with_its_facts(
    model_server: ModelServer,
) -> None:
    model_server.script = lambda body: GOOD
    (reply,) = ask(model_server)
    assert reply.value == {"critique": "fine", "verdict": "pass"}
    assert (reply.error, reply.model, reply.input_tokens) == (None, "stub-2026", 11)
    body = model_server.calls[0]
    assert body["temperature"] == 0
    schema = body["response_format"]["json_schema"]["schema"]
    assert list(schema["properties"]) == ["critique", "verdict"]


def test_an_answer_inside_a_code_fence_is_read(model_server: ModelServer) -> None:
    model_server.script = lambda body: f"Sure!\n```json\n{GOOD}\n```"
    assert ask(model_server)[0].value == {"critique": "fine", "verdict": "pass"}


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("I think it passes.", "unreadable"),
        ('{"critique": "x"}', "unreadable"),
        ('{"critique": "x", "verdict": "maybe"}', "unreadable"),
        ('{"critique": "x", "verdict": true}', "unreadable"),
        ("", "unreadable"),
        (answer(GOOD, finish_reason="length"), "cut_off"),
        (answer(None, message={"refusal": "I cannot"}), "refusal"),
        (answer(GOOD, finish_reason="content_filter"), "refusal"),
        ({**answer(GOOD), "choices": []}, "unreadable"),
        ((400, {"error": {"message": "bad schema"}}), "bad_request"),
    ],
)
def test_what_is_no_verdict_is_an_error_with_its_kind(
    model_server: ModelServer, said: object, kind: str
) -> None:
    model_server.script = lambda body: said
    (reply,) = ask(model_server)
    assert (reply.value, reply.error) == (None, kind)
    assert reply.detail
    assert len(model_server.calls) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_a_retry_can_heal_is_tried_again(
    model_server: ModelServer, status: int
) -> None:
    busy = (status, {"error": {"message": "busy"}}, {"retry-after-ms": "1"})
    model_server.script = lambda body: busy if len(model_server.calls) < 3 else GOOD
    (reply,) = ask(model_server)
    assert reply.value is not None
    assert len(model_server.calls) == 3


def test_retries_end(model_server: ModelServer) -> None:
    busy = (429, {"error": {"message": "slow down"}}, {"retry-after-ms": "1"})
    model_server.script = lambda body: busy
    (reply,) = ask(model_server, attempts=3)
    assert reply.error == "rate_limit"
    assert len(model_server.calls) == 3


def test_an_empty_account_stops_the_run_at_once(model_server: ModelServer) -> None:
    body = {"error": {"code": "insufficient_quota", "message": "no quota"}}
    model_server.script = lambda _: (429, body)
    with pytest.raises(ModelError, match=r"no quota left.*What was finished is kept"):
        ask(model_server, 20, concurrency=1)
    assert len(model_server.calls) == 1


def test_a_wrong_key_stops_the_run_and_says_what_to_check(
    model_server: ModelServer,
) -> None:
    model_server.script = lambda _: (401, {"error": {"message": "bad key"}})
    with pytest.raises(ModelError, match=r"Check OPENAI_API_KEY .*'stub'"):
        ask(model_server, 5, concurrency=1)
    assert len(model_server.calls) == 1


def test_a_silent_server_is_a_timeout(model_server: ModelServer) -> None:
    model_server.script = lambda _: GOOD
    model_server.gate.clear()
    (reply,) = ask(model_server, timeout=0.2, attempts=1)
    model_server.gate.set()
    assert reply.error == "timeout"
    assert reply.detail == "no answer in 0.2 s"


def test_without_a_key_and_a_server_the_error_says_what_to_type(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    request = llm.Request("k", [], VERDICT_SCHEMA)
    with pytest.raises(ModelError, match="set OPENAI_API_KEY"):
        llm.complete([request], llm.Endpoint("stub"), lambda reply: None)


def test_calls_are_under_way_together_but_never_more_than_allowed(
    model_server: ModelServer,
) -> None:
    model_server.script = lambda body: GOOD
    replies = ask(model_server, 30, concurrency=5)
    assert sorted(reply.key for reply in replies) == sorted(f"k{i}" for i in range(30))
    assert all(reply.value for reply in replies)
