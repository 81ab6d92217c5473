"""What the attributes of spans mean in the conventions that instrumentation follows."""

from __future__ import annotations

import base64
import itertools
import json
import struct

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

START = 1_795_199_007_657_268_842
TRACE, OTHER = "ab" * 16, "cd" * 16


def value(given):
    if isinstance(given, bool):
        return {"boolValue": given}
    if isinstance(given, int):
        return {"intValue": str(given)}
    if isinstance(given, float):
        return {"doubleValue": given}
    if isinstance(given, list):
        return {"arrayValue": {"values": [value(item) for item in given]}}
    if isinstance(given, dict):
        return {"kvlistValue": {"values": pairs(given)}}
    return {} if given is None else {"stringValue": given}


def pairs(given):
    return [{"key": key, "value": value(item)} for key, item in given.items()]


def span(number, parent=None, *, trace=TRACE, name=None, events=(), **more):
    return {
        "traceId": trace,
        "spanId": f"{number:016x}",
        "parentSpanId": f"{parent:016x}" if parent else "",
        "name": name or f"step {number}",
        "startTimeUnixNano": str(START + number),
        "endTimeUnixNano": str(START + 100 - number),
        "attributes": pairs(more.pop("attributes", {})),
        "events": [
            {
                "name": event,
                "timeUnixNano": str(START + place),
                "attributes": pairs(said),
            }
            for place, (event, said) in enumerate(events)
        ],
        **more,
    }


def log(number, name, body=None, place=0, trace=TRACE, **more):
    return {
        "traceId": trace,
        "spanId": f"{number:016x}",
        "timeUnixNano": str(START + place),
        "body": value(body) if body is not None else {},
        "attributes": pairs({"event.name": name, **more}),
    }


def request(*spans):
    return {"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}


def logs(*records):
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": list(records)}]}]}


def said(trace):
    return [(message["role"], message["content"]) for message in trace.messages]


def feedback(store):
    columns = ("trace_id", "span_id", "name", "value", "number", "comment", "origin")
    return sorted(store.traces.feedback().select(*columns).rows(), key=str)


# --- GenAI conventions -------------------------------------------------------------

ASKED = [
    {"role": "user", "parts": [{"type": "text", "content": "Weather in Paris?"}]},
    {
        "role": "assistant",
        "parts": [
            {"type": "reasoning", "content": "I need the weather."},
            {
                "type": "tool_call",
                "id": "c1",
                "name": "weather",
                "arguments": {"city": "Paris"},
            },
        ],
    },
    {
        "role": "tool",
        "parts": [{"type": "tool_call_response", "id": "c1", "response": "rainy"}],
    },
]
ANSWERED = [
    {
        "role": "assistant",
        "parts": [{"type": "text", "content": "It rains."}],
        "finish_reason": "stop",
    }
]
CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "m",
    "gen_ai.response.model": "m-1",
    "gen_ai.usage.input_tokens": 97,
    "gen_ai.usage.output_tokens": 52,
    "gen_ai.conversation.id": "conv-1",
}
CONVERSATION = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Weather in Paris?"},
    {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"id": "c1", "name": "weather", "arguments": {"city": "Paris"}}],
        "reasoning": "I need the weather.",
    },
    {"role": "tool", "content": "rainy", "tool_call_id": "c1"},
    {"role": "assistant", "content": "It rains."},
]
SYSTEM = [{"type": "text", "content": "Be brief."}]
WORDS = {
    "gen_ai.input.messages": ASKED,
    "gen_ai.output.messages": ANSWERED,
    "gen_ai.system_instructions": SYSTEM,
}


def as_json(words):
    return {name: json.dumps(item) for name, item in words.items()}


@pytest.mark.parametrize(
    "records",
    [
        [request(span(1, attributes=CHAT | as_json(WORDS)))],
        [request(span(1, attributes=CHAT | WORDS))],
        [
            request(span(1, attributes=CHAT)),
            logs(log(1, "gen_ai.client.inference.operation.details", **WORDS)),
        ],
        [
            logs(log(1, "gen_ai.client.inference.operation.details", **WORDS)),
            request(span(1, attributes=CHAT | as_json(WORDS))),
        ],
        [logs(log(1, "gen_ai.client.inference.operation.details", **CHAT, **WORDS))],
        [
            request(
                span(
                    1,
                    attributes=CHAT,
                    events=[
                        ("gen_ai.client.inference.operation.details", as_json(WORDS))
                    ],
                )
            )
        ],
    ],
    ids=["json", "lists", "event", "both", "event alone", "span event"],
)
def test_genai_messages_wherever_they_stand(ingest, traces, records):
    report = ingest(records)
    assert (report.new, report.spans, report.rejected) == (1, 1, 0)
    trace = traces()[TRACE]
    assert trace.messages == CONVERSATION
    assert (trace.input, trace.output) == ("Weather in Paris?", "It rains.")
    if any("resourceSpans" in record for record in records):
        assert (trace.model, trace.session_id) == ("m-1", "conv-1")
        assert (trace.input_tokens, trace.output_tokens) == (97, 52)
    assert ingest(records).duplicate == 1


def test_the_text_of_a_call_is_stored_once(ingest, store):
    details = log(1, "gen_ai.client.inference.operation.details", **WORDS)
    both = [request(span(1, attributes=CHAT | as_json(WORDS))), logs(details)]
    ingest(both)
    [(asked, answered, rest)] = store.query(
        "SELECT input, output, attributes::VARCHAR FROM spans"
    ).rows()
    assert (json.loads(asked), json.loads(answered)) == (ASKED, ANSWERED)
    assert "Weather in Paris?" not in rest
    report = ingest(list(reversed(both)))
    assert (report.duplicate, report.extended, report.spans) == (1, 0, 0)


def test_a_result_may_be_called_result(ingest, traces):
    parts = [{"type": "tool_call_response", "id": "c1", "result": {"sky": "grey"}}]
    words = {"gen_ai.input.messages": [*ASKED[:2], {"role": "tool", "parts": parts}]}
    ingest([request(span(1, attributes=CHAT | as_json(words)))])
    assert traces()[TRACE].messages[2]["content"] == '{"sky":"grey"}'


def test_pictures_and_unknown_parts_are_kept(ingest, traces):
    parts = [
        {"type": "text", "content": "What is this?"},
        {"type": "uri", "modality": "image", "uri": "https://a/b.png"},
        {
            "type": "blob",
            "modality": "audio",
            "mime_type": "audio/wav",
            "content": "U=",
        },
        {"type": "hologram", "x": 1},
    ]
    words = {"gen_ai.input.messages": [{"role": "user", "parts": parts}]}
    ingest([request(span(1, attributes=CHAT | as_json(words)))])
    [message] = traces()[TRACE].messages
    assert message["content"] == 'What is this?\n\n{"type":"hologram","x":1}'
    assert message["attachments"] == [
        {"type": "image", "ref": "https://a/b.png"},
        {"type": "audio", "ref": "U="},
    ]


def test_an_unknown_role_costs_no_message(ingest, traces):
    words = {"gen_ai.input.messages": [{"role": "narrator", "content": "Once"}]}
    ingest([request(span(1, attributes=CHAT | as_json(words)))])
    assert said(traces()[TRACE]) == [("user", "Once")]


OLD_LOGS = [
    log(2, "gen_ai.system.message", {"content": "Be brief."}, 1),
    log(2, "gen_ai.user.message", {"content": "Weather in Paris?"}, 2),
    log(
        2,
        "gen_ai.assistant.message",
        {
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "weather", "arguments": '{"city": "Paris"}'},
                }
            ]
        },
        3,
    ),
    log(2, "gen_ai.tool.message", {"content": "rainy", "id": "c1"}, 4),
    log(
        2,
        "gen_ai.choice",
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "It rains."},
        },
        5,
    ),
]
OLD = request(
    span(1, attributes={"session.id": "s1"}, name="handle"),
    span(2, 1, attributes=CHAT),
)
OLD_CONVERSATION = [
    {name: item for name, item in message.items() if name != "reasoning"}
    for message in CONVERSATION
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3)))[::2])
def test_messages_in_log_records_join_their_span(ingest, traces, order):
    pieces = [OLD, logs(*OLD_LOGS[3:]), logs(*OLD_LOGS[:3])]
    reports = [ingest([pieces[place]]) for place in order]
    assert sum(report.new for report in reports) == 1
    trace = traces()[TRACE]
    assert trace.messages == OLD_CONVERSATION
    assert (trace.session_id, trace.metadata["name"]) == ("s1", "handle")
    assert "root" not in trace.metadata
    again = ingest(pieces)
    assert (again.new, again.extended, again.duplicate) == (0, 0, 1)


def test_the_name_of_an_event_at_the_top_of_a_log_record(ingest, traces):
    record = {**OLD_LOGS[1], "attributes": [], "eventName": "gen_ai.user.message"}
    ingest([OLD, logs(record)])
    assert said(traces()[TRACE]) == [("user", "Weather in Paris?")]


def test_a_message_of_no_span_is_rejected(ingest, rejects):
    record = {**OLD_LOGS[0], "spanId": ""}
    report = ingest([OLD, logs(record)])
    assert (report.new, report.rejected) == (1, 1)
    [(_, _, reason)] = rejects()
    assert "gen_ai.system.message has no span id, so it cannot be joined" in reason
    assert "record it while the span is active" in reason


def test_a_call_that_kept_no_words_has_no_messages(ingest, traces):
    ingest([request(span(1, attributes=CHAT)), logs(log(1, "gen_ai.user.message"))])
    trace = traces()[TRACE]
    assert (trace.messages, trace.input_tokens) == ([], 97)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (  # of Azure
            [
                (
                    "gen_ai.user.message",
                    {"gen_ai.event.content": '{"role": "user", "content": "Hi"}'},
                ),
                (
                    "gen_ai.choice",
                    {"gen_ai.event.content": '{"message": {"content": "Bye"}}'},
                ),
            ],
            [("user", "Hi"), ("assistant", "Bye")],
        ),
        (  # of Strands
            [
                ("gen_ai.user.message", {"content": '[{"text": "Hi"}]'}),
                (
                    "gen_ai.choice",
                    {"message": '[{"text": "Bye"}]', "finish_reason": "end_turn"},
                ),
            ],
            [("user", "Hi"), ("assistant", "Bye")],
        ),
        (  # before 1.28
            [
                (
                    "gen_ai.content.prompt",
                    {"gen_ai.prompt": '[{"role": "user", "content": "Hi"}]'},
                ),
                ("gen_ai.content.completion", {"gen_ai.completion": "Bye"}),
            ],
            [("user", "Hi"), ("assistant", "Bye")],
        ),
    ],
    ids=["azure", "strands", "oldest"],
)
def test_messages_in_events_of_a_span(ingest, traces, events, expected):
    ingest([request(span(1, attributes=CHAT, events=events))])
    assert said(traces()[TRACE]) == expected


def test_messages_in_one_attribute_of_events(ingest, traces):
    own = [
        {"event.name": "gen_ai.user.message", "role": "user", "content": "Hi"},
        {"event.name": "gen_ai.choice", "message": {"content": "Bye"}},
    ]
    ingest([request(span(1, attributes=CHAT | {"events": json.dumps(own)}))])
    assert said(traces()[TRACE]) == [("user", "Hi"), ("assistant", "Bye")]


def test_prompt_and_completion_in_one_attribute_each(ingest, traces):
    words = {
        "gen_ai.prompt": json.dumps(ASKED),
        "gen_ai.completion": '{"text": "It rains.", "finish_reason": "stop"}',
    }
    ingest([request(span(1, attributes=CHAT | words))])
    assert traces()[TRACE].messages == CONVERSATION[1:]


def test_a_run_of_an_agent_with_its_tools(ingest, traces, store):
    agent = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "guide",
        "gen_ai.input.messages": json.dumps(ASKED[:1]),
        "gen_ai.output.messages": json.dumps(ANSWERED),
        "gen_ai.usage.input_tokens": 97,
        "user.id": "u1",
    }
    tool = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "weather",
        "gen_ai.tool.call.id": "c1",
        "gen_ai.tool.call.arguments": '{"city": "Paris"}',
        "gen_ai.tool.call.result": "rainy",
    }
    call = {
        "gen_ai.input.messages": json.dumps(ASKED[:1]),
        "gen_ai.output.messages": json.dumps(ASKED[1:2]),
    }
    ingest(
        [
            request(
                span(1, attributes=agent, name="invoke_agent guide"),
                span(2, 1, attributes=CHAT | call),
                span(3, 1, attributes=tool, name="execute_tool weather"),
            )
        ]
    )
    trace = traces()[TRACE]
    assert (trace.input, trace.output) == ("Weather in Paris?", "It rains.")
    assert trace.input_tokens == 97  # the agent repeats the call
    assert trace.metadata["user_id"] == "u1"
    assert trace.metadata["gen_ai.agent.name"] == "guide"
    assert trace.messages[0] == {"role": "user", "content": "Weather in Paris?"}
    assert trace.messages[-1] == {"role": "assistant", "content": "It rains."}
    found = store.query("SELECT kind, input, output FROM spans ORDER BY 1").rows()
    assert [kind for kind, *_ in found] == ["agent", "llm", "tool"]
    assert found[2] == ("tool", '{"city": "Paris"}', "rainy")


def test_the_result_of_a_tool_is_tied_to_its_call(ingest, traces):
    call = as_json({"gen_ai.input.messages": ASKED[:1]})
    call |= as_json({"gen_ai.output.messages": ASKED[1:2]})
    tools = [
        span(
            number,
            1,
            name="execute_tool weather",
            attributes={
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": "weather",
                "gen_ai.tool.call.id": call_id,
                "gen_ai.tool.call.result": result,
            },
        )
        for number, call_id, result in ((3, "c1", "rainy"), (4, "c9", "sunny"))
    ]
    ingest([request(span(1), span(2, 1, attributes=CHAT | call), *tools)])
    assert traces()[TRACE].messages[-1] == CONVERSATION[3]


def test_an_agent_that_keeps_the_whole_conversation(ingest, traces):
    whole = [*ASKED, *ANSWERED]
    agent = {
        "gen_ai.agent.name": "guide",
        "pydantic_ai.all_messages": json.dumps(whole),
        "final_result": "It rains.",
    }
    ingest([request(span(1, attributes=agent))])
    trace = traces()[TRACE]
    assert trace.messages == CONVERSATION[1:]
    assert trace.output == "It rains."


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("chat", "llm"),
        ("text_completion", "llm"),
        ("generate_content", "llm"),
        ("embeddings", "embedding"),
        ("execute_tool", "tool"),
        ("invoke_agent", "agent"),
        ("retrieval", "retriever"),
        ("Plan", "plan"),
    ],
)
def test_the_operation_is_the_kind(ingest, store, operation, kind):
    ingest([request(span(1, attributes={"gen_ai.operation.name": operation}))])
    assert store.query("SELECT kind FROM spans").item() == kind


# --- feedback ----------------------------------------------------------------------

EVALUATION = {
    "gen_ai.evaluation.name": "tone",
    "gen_ai.evaluation.score.value": 0.5,
    "gen_ai.evaluation.score.label": "fair",
    "gen_ai.evaluation.explanation": "A bit curt.",
}
TOLD = (TRACE, f"{1:016x}", "tone", "fair", 0.5, "A bit curt.", "evaluation")


@pytest.mark.parametrize("first", ["span", "log"])
def test_an_evaluation_in_a_log_record_is_feedback(ingest, store, first):
    record = logs(log(1, "gen_ai.evaluation.result", **EVALUATION))
    pieces = [request(span(1, attributes=CHAT)), record]
    report = ingest(pieces if first == "span" else pieces[::-1])
    assert (report.new, report.spans, report.feedback) == (1, 1, 1)
    assert feedback(store) == [TOLD]
    assert ingest([record, *pieces]).feedback == 0


def test_an_evaluation_in_an_event_of_a_span_is_feedback(ingest, store):
    events = [("gen_ai.evaluation.result", EVALUATION)]
    ingest([request(span(1, attributes=CHAT, events=events))])
    assert feedback(store) == [TOLD]


def test_an_evaluation_of_a_trace_that_never_came_is_a_reject(ingest, rejects):
    record = log(1, "gen_ai.evaluation.result", trace=OTHER, **EVALUATION)
    report = ingest([request(span(7, attributes=CHAT)), logs(record)])
    assert (report.new, report.rejected) == (1, 1)
    [(_, _, reason)] = rejects()
    assert "ingest the traces first, or together" in reason


ANSWER = {"openinference.span.kind": "CHAIN", "input.value": "Hi", "output.value": "Yo"}


@pytest.mark.parametrize(
    ("prefix", "about"),
    [
        ("annotations.0.annotation.", f"{1:016x}"),
        ("evaluations.0.evaluation.", f"{1:016x}"),
        ("trace.annotations.0.annotation.", None),
        ("session.evaluations.0.evaluation.", None),
    ],
)
def test_annotations_of_openinference_are_feedback(ingest, store, prefix, about):
    given = {"name": "truth", "score": 1, "label": "false", "annotator_kind": "LLM"}
    given |= {"explanation": "Not in the text."}
    own = {prefix + name: item for name, item in given.items()}
    ingest([request(span(1, attributes={**ANSWER, "session.id": "s", **own}))])
    assert feedback(store) == [
        (TRACE, about, "truth", "false", 1.0, "Not in the text.", "llm")
    ]


def test_annotations_that_come_later_on_a_span_of_their_own(ingest, store, traces):
    link = {"traceId": TRACE, "spanId": f"{1:016x}"}
    own = {
        "openinference.span.kind": "EVALUATOR",
        "evaluations.0.evaluation.name": "truth",
        "evaluations.0.evaluation.score": 0,
        "evaluations.1.evaluation.name": "tone",
        "evaluations.1.evaluation.label": "kind",
    }
    carrier = span(5, trace=OTHER, attributes=own, links=[link])
    ingest([request(span(1, attributes=ANSWER))])
    report = ingest([request(carrier), request(span(1, attributes=ANSWER))])
    assert (report.new, report.duplicate, report.feedback) == (0, 1, 2)
    assert report.skipped == {"span that carries feedback": 1}
    assert feedback(store) == [
        (TRACE, f"{1:016x}", "tone", "kind", None, None, "annotation"),
        (TRACE, f"{1:016x}", "truth", "0", 0.0, None, "annotation"),
    ]
    assert set(traces()) == {TRACE}


def test_an_evaluator_in_the_trace_speaks_of_the_span_it_links_to(ingest, store):
    link = {"traceId": TRACE, "spanId": f"{1:016x}"}
    own = {
        "openinference.span.kind": "EVALUATOR",
        "input.value": "judge this",
        "evaluations.0.evaluation.name": "truth",
        "evaluations.0.evaluation.label": "yes",
    }
    ingest(
        [request(span(1, attributes=ANSWER), span(2, 1, attributes=own, links=[link]))]
    )
    assert feedback(store) == [
        (TRACE, f"{1:016x}", "truth", "yes", None, None, "annotation")
    ]


# --- OpenInference -----------------------------------------------------------------


def test_documents_are_what_a_retriever_found(ingest, traces, store):
    found = {"openinference.span.kind": "RETRIEVER", "input.value": "refunds"}
    for place, text in ((0, "A week."), (1, "No fee."), (10, "Last.")):
        head = f"retrieval.documents.{place}.document."
        found |= {head + "content": text, head + "id": str(place), head + "score": 0.5}
    ingest([request(span(1, attributes=ANSWER), span(2, 1, attributes=found))])
    [(output, rest)] = store.query(
        "SELECT output, attributes::VARCHAR FROM spans WHERE kind = 'retriever'"
    ).rows()
    assert output == "A week.\n\nNo fee.\n\nLast."
    assert "A week." not in rest
    assert "retrieval.documents.10.document.score" in rest
    tool = traces()[TRACE].messages[2]
    assert (tool["role"], tool["content"]) == ("tool", output)


def test_the_output_a_retriever_names_itself_wins(ingest, store):
    found = {
        "openinference.span.kind": "RETRIEVER",
        "output.value": "two texts",
        "retrieval.documents.0.document.content": "A week.",
    }
    ingest([request(span(1, attributes=found))])
    [(output, rest)] = store.query(
        "SELECT output, attributes::VARCHAR FROM spans"
    ).rows()
    assert output == "two texts"
    assert "A week." in rest


def test_a_tool_is_known_by_its_own_name_and_call(ingest, traces):
    call = {
        "openinference.span.kind": "LLM",
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "Weather?",
        "llm.output_messages.0.message.role": "assistant",
    }
    part = "llm.output_messages.0.message.tool_calls.0.tool_call."
    call |= {part + "id": "c1", part + "function.name": "weather"}
    tool = {
        "openinference.span.kind": "TOOL",
        "tool.name": "weather",
        "output.value": "rainy",
    }
    ingest([request(span(1), span(2, 1, attributes=call), span(3, 1, attributes=tool))])
    last = traces()[TRACE].messages[-1]
    assert last == {"role": "tool", "content": "rainy", "tool_call_id": "c1"}


def test_cost_prompt_version_and_thoughts(ingest, traces):
    part = "llm.output_messages.0.message.contents."
    call = {
        "openinference.span.kind": "LLM",
        "llm.model_name": "m",
        "llm.cost.prompt": 0.25,
        "llm.cost.completion": 0.5,
        "llm.prompt_template.version": "v7",
        f"{part}0.message_content.type": "reasoning",
        f"{part}0.message_content.text": "First.",
        f"{part}1.message_content.type": "reasoning",
        f"{part}1.message_content.text": "Then.",
        f"{part}2.message_content.type": "text",
        f"{part}2.message_content.text": "Done.",
    }
    ingest([request(span(1, attributes=call))])
    trace = traces()[TRACE]
    assert trace.cost_usd == 0.75
    assert trace.metadata["llm.prompt_template.version"] == "v7"
    assert trace.messages == [
        {"role": "assistant", "content": "Done.", "reasoning": "First.\n\nThen."}
    ]


def test_prompts_and_choices_in_plain_text(ingest, traces):
    call = {
        "openinference.span.kind": "LLM",
        "llm.prompts.0.prompt.text": "Once upon",
        "llm.choices.0.completion.text": " a time",
    }
    ingest([request(span(1, attributes=call))])
    assert said(traces()[TRACE]) == [("user", "Once upon"), ("assistant", " a time")]


def test_a_call_with_nothing_but_its_body(ingest, traces):
    call = {
        "openinference.span.kind": "LLM",
        "input.value": json.dumps({"model": "m", "messages": ASKED}),
        "output.value": '{"text": "It rains.", "finish_reason": "stop"}',
    }
    ingest([request(span(1, attributes=call))])
    assert traces()[TRACE].messages == CONVERSATION[1:]


def test_the_exception_of_a_guardrail_is_the_error(ingest, traces, store):
    guard = span(
        2,
        1,
        attributes={"openinference.span.kind": "GUARDRAIL"},
        events=[("exception", {"exception.message": "blocked: rude"})],
        status={"code": 2},
    )
    ingest([request(span(1, attributes=ANSWER), guard)])
    assert traces()[TRACE].metadata["child_error"] == "blocked: rude"
    assert "guardrail" in store.query("SELECT kind FROM spans").to_series().to_list()


# --- OpenLLMetry -------------------------------------------------------------------

NUMBERED = {
    "llm.request.type": "chat",
    "gen_ai.request.model": "m",
    "gen_ai.response.model": "m-1",
    "gen_ai.usage.prompt_tokens": 9,
    "gen_ai.usage.completion_tokens": 4,
    "gen_ai.prompt.0.role": "system",
    "gen_ai.prompt.0.content": "Be brief.",
    "gen_ai.prompt.1.role": "user",
    "gen_ai.prompt.1.content": "Weather in Paris?",
    "gen_ai.prompt.2.role": "assistant",
    "gen_ai.prompt.2.tool_calls.0.id": "c1",
    "gen_ai.prompt.2.tool_calls.0.name": "weather",
    "gen_ai.prompt.2.tool_calls.0.arguments": '{"city": "Paris"}',
    "gen_ai.prompt.3.role": "tool",
    "gen_ai.prompt.3.content": "rainy",
    "gen_ai.prompt.3.tool_call_id": "c1",
    "gen_ai.completion.0.role": "assistant",
    "gen_ai.completion.0.content": "It rains.",
    "gen_ai.completion.0.finish_reason": "stop",
}
ASSOCIATED = "traceloop.association.properties."


def test_numbered_prompts_of_openllmetry(ingest, traces):
    workflow = {
        "traceloop.span.kind": "workflow",
        "traceloop.workflow.name": "support",
        "traceloop.entity.input": '{"args": ["Weather in Paris?"], "kwargs": {}}',
        "traceloop.entity.output": '"It rains."',
        ASSOCIATED + "session_id": "s1",
        ASSOCIATED + "user_id": "u1",
        ASSOCIATED + "plan": "gold",
    }
    ingest(
        [request(span(1, attributes=workflow), span(2, 1, attributes=NUMBERED))],
    )
    trace = traces()[TRACE]
    assert trace.messages == OLD_CONVERSATION
    assert (trace.session_id, trace.model) == ("s1", "m-1")
    assert (trace.input_tokens, trace.output_tokens) == (9, 4)
    assert trace.input == "Weather in Paris?"
    known = {"user_id": "u1", "plan": "gold", "traceloop.workflow.name": "support"}
    assert known.items() <= trace.metadata.items()


def test_the_oldest_names_of_openllmetry(ingest, traces):
    old = {
        name.replace("gen_ai.prompt.", "llm.prompts.").replace(
            "gen_ai.completion.", "llm.completions."
        ): item
        for name, item in NUMBERED.items()
    }
    ingest([request(span(1, attributes=old))])
    assert traces()[TRACE].messages == OLD_CONVERSATION


def test_openllmetry_with_the_names_of_genai(ingest, traces):
    own = CHAT | as_json(WORDS) | {ASSOCIATED + "thread_id": "t1"}
    del own["gen_ai.conversation.id"]
    ingest([request(span(1, attributes=own))])
    trace = traces()[TRACE]
    assert trace.messages == CONVERSATION
    assert trace.session_id == "t1"


def test_content_in_parts_of_openllmetry(ingest, traces):
    parts = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "https://a/b.png"}},
    ]
    own = {
        "llm.request.type": "chat",
        "gen_ai.prompt.0.role": "user",
        "gen_ai.prompt.0.content": json.dumps(parts),
        "gen_ai.prompt.1.role": "user",
        "gen_ai.prompt.1.content": '["a", "list"]',
    }
    ingest([request(span(1, attributes=own))])
    first, second = traces()[TRACE].messages
    assert first["content"] == "What is this?"
    assert first["attachments"] == [{"type": "image", "ref": "https://a/b.png"}]
    assert second["content"] == '["a", "list"]'


@pytest.mark.parametrize(
    ("own", "kind"),
    [
        ({"traceloop.span.kind": "workflow"}, "chain"),
        ({"traceloop.span.kind": "task"}, "chain"),
        ({"traceloop.span.kind": "agent"}, "agent"),
        ({"traceloop.span.kind": "tool"}, "tool"),
        ({"llm.request.type": "embedding"}, "embedding"),
        ({"llm.request.type": "rerank"}, "reranker"),
        ({"gen_ai.prompt.0.content": "Hi"}, "llm"),
    ],
)
def test_kinds_of_openllmetry(ingest, store, own, kind):
    ingest([request(span(1, attributes=own))])
    assert store.query("SELECT kind FROM spans").item() == kind


# --- the AI SDK --------------------------------------------------------------------


def sdk(operation, **own):
    named = {f"ai.{name.replace('__', '.')}": item for name, item in own.items()}
    return {"ai.operationId": operation, "operation.name": operation, **named}


PROMPT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": [{"type": "text", "text": "Weather in Paris?"}]},
]
GIVEN = "ai.telemetry.metadata."


@pytest.mark.parametrize("version", [4, 5])
def test_a_run_of_the_ai_sdk_with_a_tool(ingest, traces, store, version):
    args, result = ("args", "result") if version == 4 else ("input", "output")
    counts = ("promptTokens", "completionTokens")
    counts = counts if version == 4 else ("inputTokens", "outputTokens")
    done = {"type": "json", "value": {"sky": "grey"}}
    steps = [
        {
            "role": "assistant",
            "content": [
                {
                    "type": "tool-call",
                    "toolCallId": "c1",
                    "toolName": "weather",
                    args: {"city": "Paris"},
                }
            ],
        },
        {
            "role": "tool",
            "content": [
                {
                    "type": "tool-result",
                    "toolCallId": "c1",
                    "toolName": "weather",
                    result: {"sky": "grey"} if version == 4 else done,
                }
            ],
        },
    ]
    calls = [
        {"toolCallId": "c1", "toolName": "weather", args: '{"city": "Paris"}'},
    ]
    root = sdk(
        "ai.generateText",
        prompt=json.dumps({"system": "Be brief.", "messages": PROMPT[1:]}),
        response__text="It rains.",
        model__id="m",
        telemetry__functionId="answer",
    )
    root |= {GIVEN + "sessionId": "s1", GIVEN + "userId": "u1", GIVEN + "plan": "gold"}
    root |= {f"ai.usage.{counts[0]}": 30, f"ai.usage.{counts[1]}": 9}
    first = sdk(
        "ai.generateText.doGenerate",
        prompt__messages=json.dumps(PROMPT),
        response__toolCalls=json.dumps(calls),
        response__model="m-1",
    )
    first |= {f"ai.usage.{counts[0]}": 10, f"ai.usage.{counts[1]}": 4}
    tool = sdk(
        "ai.toolCall",
        toolCall__name="weather",
        toolCall__id="c1",
        toolCall__args='{"city":"Paris"}',
        toolCall__result='{"sky":"grey"}',
    )
    second = sdk(
        "ai.generateText.doGenerate",
        prompt__messages=json.dumps([*PROMPT, *steps]),
        response__text="It rains.",
        response__model="m-1",
    )
    second |= {f"ai.usage.{counts[0]}": 20, f"ai.usage.{counts[1]}": 5}
    spans = [span(1, attributes=root), span(4, 1, attributes=first)]
    spans += [span(3, 1, attributes=tool), span(2, 1, attributes=second)]
    ingest([request(*spans)])
    trace = traces()[TRACE]
    assert said(trace) == [
        ("system", "Be brief."),
        ("user", "Weather in Paris?"),
        ("assistant", ""),
        ("tool", '{"sky":"grey"}'),
        ("assistant", "It rains."),
    ]
    [call] = trace.messages[2]["tool_calls"]
    assert call == {"id": "c1", "name": "weather", "arguments": {"city": "Paris"}}
    assert trace.messages[3]["tool_call_id"] == "c1"
    assert (trace.input, trace.output) == ("Weather in Paris?", "It rains.")
    assert (trace.session_id, trace.input_tokens, trace.output_tokens) == ("s1", 30, 9)
    known = {"user_id": "u1", "plan": "gold", "functionId": "answer"}
    assert known.items() <= trace.metadata.items()
    kinds = store.query("SELECT kind FROM spans ORDER BY 1").to_series().to_list()
    assert kinds == ["chain", "llm", "llm", "tool"]
    # only the first step arrived: its call is tied to the span of the tool
    other = [{**one, "traceId": OTHER} for one in (spans[1], spans[2])]
    ingest([request(*other)])
    last = traces()[OTHER].messages[-1]
    assert last == {"role": "tool", "content": '{"sky":"grey"}', "tool_call_id": "c1"}


def test_an_object_of_the_ai_sdk_is_the_answer(ingest, traces):
    own = sdk(
        "ai.generateObject",
        prompt='{"prompt": "A name?"}',
        response__object='{"name":"Ada"}',
    )
    ingest([request(span(1, attributes=own))])
    trace = traces()[TRACE]
    assert said(trace) == [("user", "A name?"), ("assistant", '{"name":"Ada"}')]


def test_spans_of_version_3_of_the_ai_sdk(ingest, traces):
    own = {
        "operation.name": "ai.generateText.doGenerate answer",
        "ai.prompt.messages": json.dumps(PROMPT),
        "ai.result.text": "It rains.",
    }
    ingest([request(span(1, attributes=own))])
    assert traces()[TRACE].output == "It rains."
    assert len(traces()[TRACE].messages) == 3


# --- the SDK of Langfuse -----------------------------------------------------------


def observation(kind, **own):
    named = {f"langfuse.observation.{name}": item for name, item in own.items()}
    named = {name.replace("__", "."): item for name, item in named.items()}
    return {"langfuse.observation.type": kind, **named}


EVERYWHERE = {
    "user.id": "u1",
    "session.id": "s1",
    "langfuse.trace.name": "support",
    "langfuse.trace.tags": ["vip"],
    "langfuse.trace.metadata.channel": '"web"',
    "langfuse.environment": "prod",
    "langfuse.release": "r7",
}


def test_observations_of_langfuse(ingest, traces, store):
    root = EVERYWHERE | observation(
        "agent",
        input='{"args": ["Hi"], "kwargs": {}}',
        output='"Hello \\"you\\""',
    )
    call = EVERYWHERE | observation(
        "generation",
        input='[{"role": "system", "content": "Be brief."},'
        ' {"role": "user", "content": "Hi"}]',
        output='{"role": "assistant", "content": "Hello \\"you\\""}',
        model__name="m-1",
        usage_details='{"input": 24, "output": 10, "total": 34}',
        cost_details='{"input": 0.25, "output": 0.5, "total": 0.75}',
    )
    ingest([request(span(1, attributes=root), span(2, 1, attributes=call))])
    trace = traces()[TRACE]
    assert said(trace) == [
        ("system", "Be brief."),
        ("user", "Hi"),
        ("assistant", 'Hello "you"'),
    ]
    assert (trace.input, trace.output) == ("Hi", 'Hello "you"')
    assert (trace.session_id, trace.model, trace.tags) == ("s1", "m-1", ["vip"])
    assert (trace.input_tokens, trace.output_tokens, trace.cost_usd) == (24, 10, 0.75)
    assert trace.metadata == {
        "user_id": "u1",
        "name": "support",
        "channel": "web",
        "environment": "prod",
        "release": "r7",
    }
    kinds = store.query("SELECT kind FROM spans ORDER BY 1").to_series().to_list()
    assert kinds == ["agent", "llm"]


def test_what_langfuse_says_of_the_trace_wins(ingest, traces):
    root = observation("span", input='{"k": 4}', output="{}")
    root |= {"langfuse.trace.input": '"Hi"', "langfuse.trace.output": "Hello"}
    ingest([request(span(1, attributes=root))])
    trace = traces()[TRACE]
    assert (trace.input, trace.output) == ("Hi", "Hello")


def test_a_level_of_langfuse_is_an_error(ingest, traces):
    own = observation("span", level="ERROR", status_message="no stock")
    ingest([request(span(1, attributes=own))])
    assert traces()[TRACE].error == "no stock"


def test_spans_of_others_carry_what_langfuse_says_of_the_trace(ingest, traces):
    ingest([request(span(1, attributes=EVERYWHERE | ANSWER))])
    trace = traces()[TRACE]
    assert (trace.input, trace.tags) == ("Hi", ["vip"])
    assert trace.metadata["channel"] == "web"


# --- requests in protobuf, which other tests read: here as JSON --------------------

ANY = {1: "stringValue", 2: "boolValue", 3: "intValue", 4: "doubleValue"}
SHAPES = {
    "any": {**ANY, 5: ("arrayValue", "list"), 6: ("kvlistValue", "map")},
    "list": {1: ("values", "any")},
    "map": {1: ("values", "pair")},
    "pair": {1: "key", 2: ("value", "any")},
    "source": {1: ("attributes", "pair")},
    "spans": {1: ("resourceSpans", "by resource")},
    "logs": {1: ("resourceLogs", "logs by resource")},
    "by resource": {1: ("resource", "source"), 2: ("scopeSpans", "by scope")},
    "logs by resource": {1: ("resource", "source"), 2: ("scopeLogs", "logs by scope")},
    "scope": {1: "name"},
    "by scope": {1: ("scope", "scope"), 2: ("spans", "span")},
    "logs by scope": {1: ("scope", "scope"), 2: ("logRecords", "log")},
    "span": {
        1: "traceId", 2: "spanId", 4: "parentSpanId", 5: "name",
        7: "startTimeUnixNano", 8: "endTimeUnixNano", 9: ("attributes", "pair"),
        11: ("events", "event"), 15: ("status", "status"),
    },
    "event": {1: "timeUnixNano", 2: "name", 3: ("attributes", "pair")},
    "status": {2: "message", 3: "code"},
    "log": {
        1: "timeUnixNano", 5: ("body", "any"), 6: ("attributes", "pair"), 9: "traceId",
        10: "spanId", 12: "eventName",
    },
}  # fmt: skip
SINGLE = {"resource", "scope", "value", "status", "body", "arrayValue", "kvlistValue"}
HEX = {"traceId", "spanId", "parentSpanId"}


def varint(data, place):
    number = shift = 0
    while True:
        byte = data[place]
        number |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return number, place


def decoded(data, shape):
    """A message in protobuf as JSON, by the wire format and the numbers above."""
    out, place = {}, 0
    while place < len(data):
        key, place = varint(data, place)
        if key & 7 == 0:
            given, place = varint(data, place)
        else:
            size, place = varint(data, place) if key & 7 == 2 else (0, place)
            size = size or {1: 8, 5: 4}.get(key & 7, 0)
            given, place = data[place : place + size], place + size
        field = SHAPES[shape].get(key >> 3)
        if field is None:
            continue
        name, inner = field if isinstance(field, tuple) else (field, None)
        if inner:
            given = decoded(given, inner)
            if name not in SINGLE:
                out.setdefault(name, []).append(given)
                continue
        elif name in HEX:
            given = given.hex()
        elif name == "doubleValue":
            (given,) = struct.unpack("<d", given)
        elif isinstance(given, bytes):
            is_time = name.endswith("UnixNano")
            given = str(int.from_bytes(given, "little")) if is_time else given.decode()
        out[name] = bool(given) if name == "boolValue" else given
    return out


BODIES = {
    "genai_semconv_legacy_events_openai_v2_2.1b0": "s-0",
    "genai_semconv_1.37_span_and_event_openai_v2_2.4b0": "s-0",
    "traceloop_openai_0.38.7_prompt_n": "s-0",
    "traceloop_openai_0.62.4_input_messages": "s-0",
}


def bodies(folder):
    return [
        decoded(path.read_bytes(), "logs" if "logs" in path.name else "spans")
        for path in sorted(folder.glob("*.pb"))
    ]


def all_spans(requests):
    return [
        one
        for body in requests
        for resource in body.get("resourceSpans", ())
        for scope in resource["scopeSpans"]
        for one in scope["spans"]
    ]


@pytest.mark.shared_data
@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("backwards", [False, True])
def test_one_agent_in_four_conventions(ingest, traces, shared_data, name, backwards):
    requests = bodies(shared_data / "formats/otlp" / name)
    spans = all_spans(requests)
    ids = {one["traceId"] for one in spans}
    for body in reversed(requests) if backwards else requests:
        ingest([body])
    loaded = traces()
    assert set(loaded) == ids
    asked = {
        "How long do refunds take?",
        "Where is my order 1234?",
        "Übersetze «Hallo» 😀",
    }
    answers = {f"Stub answer to: {text}" for text in asked}
    worked = [trace for trace in loaded.values() if trace.output]
    assert {trace.input for trace in worked} == asked
    assert {trace.output for trace in worked} == answers
    for trace in worked:
        query = {"query": trace.input}
        [call] = trace.messages[2]["tool_calls"]
        assert (call["name"], call["arguments"]) == ("search_orders", query)
        assert said(trace) == [
            ("system", "You are a shop support agent."),
            ("user", trace.input),
            ("assistant", ""),
            ("tool", '{"status": "shipped"}'),
            ("assistant", f"Stub answer to: {trace.input}"),
        ]
        assert trace.messages[3]["tool_call_id"] == call["id"]
        assert trace.model == "gpt-4o-mini-2024-07-18"
        assert trace.metadata["name"] == "handle_request"
        own = [one for one in spans if one["traceId"] == trace.id]
        counts = [
            int(attribute["value"]["intValue"])
            for one in own
            for attribute in one["attributes"]
            if attribute["key"]
            in ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens")
        ]
        assert trace.input_tokens == sum(counts) > 0
    [failed] = [trace for trace in loaded.values() if not trace.output]
    assert said(failed) == [
        ("system", "You are a shop support agent."),
        ("user", "RAISE an error please"),
    ]
    assert "stub failure" in failed.error
    assert {trace.session_id for trace in loaded.values()} == {"s-0", "s-1"}
    again = ingest(requests)
    assert (again.new, again.extended, again.spans) == (0, 0, 0)


@pytest.mark.shared_data
def test_a_request_of_the_sdk_of_langfuse(ingest, traces, shared_data):
    requests = bodies(shared_data / "formats/otlp/langfuse_sdk_5.0.4")
    spans = all_spans(requests)
    report = ingest(requests)
    ids = {one["traceId"] for one in spans}
    assert (report.new, report.spans) == (len(ids), len(spans))
    trace = traces()["1622382e6996a60a9cbf6852aad88a54"]
    assert said(trace) == [
        ("system", "support"),
        ("user", "How long do refunds take?"),
        ("assistant", "Stub answer to: How long do refunds take?"),
    ]
    assert (trace.session_id, trace.tags) == ("s0", ["demo"])
    assert (trace.input_tokens, trace.output_tokens) == (24, 10)
    assert trace.metadata == {
        "service.name": "unknown_service:python",
        "user_id": "u1",
        "channel": "web",
        "name": "agent_turn",
    }
    failed = traces()["67dec924a6863cafc6c6125f72c130a5"]
    assert failed.error == "Error code: 500 - stub failure: the server had an error"


@pytest.mark.shared_data
def test_attributes_that_a_converter_was_tested_with(ingest, traces, shared_data):
    folder = "formats/openinference/packages/openinference-genai/test/__fixtures__"
    answer = "The weather in Paris is currently rainy with a temperature of 57°F."
    names = [
        "otel_genai_client_span_tool_calls",
        "otel_genai_deprecated_client_span_tool_calls",
        "openinference_client_span_tool_calls",
        "openinference_client_span_input_output_only",
    ]
    for number, name in enumerate(names, 1):
        own = json.loads((shared_data / folder / f"{name}.json").read_text())
        ingest([request(span(1, trace=f"{number:032x}", attributes=own))])
        trace = traces()[f"{number:032x}"]
        assert said(trace) == [
            ("user", "Weather in Paris?"),
            ("assistant", "Absolutely! Let me check the weather for you."),
            ("tool", "rainy, 57°F"),
            ("assistant", answer),
        ], name
        [call] = trace.messages[1]["tool_calls"]
        assert call == {
            "id": "1234",
            "name": "get_weather",
            "arguments": {"location": "Paris"},
        }
        assert (trace.model, trace.input_tokens) == ("gpt-4-0613", 97)
        assert (trace.input, trace.output) == ("Weather in Paris?", answer)


def test_the_same_ids_in_base64_are_the_same_log_records(ingest, traces):
    odd = [
        {
            **one,
            "traceId": base64.b64encode(bytes.fromhex(one["traceId"])).decode(),
            "spanId": base64.b64encode(bytes.fromhex(one["spanId"])).decode(),
        }
        for one in OLD_LOGS
    ]
    ingest([OLD, logs(*OLD_LOGS)])
    report = ingest([logs(*odd)])
    assert (report.new, report.extended, report.duplicate) == (0, 0, 1)
    assert traces()[TRACE].messages == OLD_CONVERSATION


@pytest.mark.parametrize("role", [[], {}, 7, None, ["user"]])
def test_a_role_that_is_no_text_costs_no_trace(ingest, traces, role):
    message = {"role": role, "content": "Hi", "type": ""}
    own = sdk("ai.generateText", prompt=json.dumps({"messages": [message]}))
    own |= {"ai.response.text": json.dumps({"role": role, "content": None, "type": ""})}
    report = ingest([request(span(1), span(2, 1, attributes=own))])
    assert (report.new, report.rejected) == (1, 0)
    assert said(traces()[TRACE])[0] == ("user", "Hi")


NAMES = [*CHAT, *WORDS, *NUMBERED, *EVERYWHERE, *ANSWER, *EVALUATION]
NAMES += ["events", "gen_ai.prompt", "gen_ai.completion", "pydantic_ai.all_messages"]
NAMES += ["ai.operationId", "ai.prompt", "ai.prompt.messages", "ai.response.toolCalls"]
NAMES += ["ai.response.text", "ai.value", "ai.usage.inputTokens", "ai.toolCall.id"]
NAMES += ["ai.telemetry.metadata.tags", "langfuse.observation.usage_details"]
NAMES += ["langfuse.observation.cost_details", "langfuse.observation.input"]
NAMES += ["langfuse.trace.metadata", "langfuse.trace.input", "langfuse.user.id"]
NAMES += ["traceloop.span.kind", "traceloop.entity.input", ASSOCIATED + "tags"]
NAMES += ["llm.input_messages.0.message.contents.0.message_content.text", "metadata"]
NAMES += ["llm.input_messages", "retrieval.documents", "tool.name", "llm.cost.prompt"]
NAMES += ["annotations", "evaluations.0.evaluation.name", "llm.prompts.0.prompt.text"]
NAMES += ["retrieval.documents.0.document.content", "gen_ai.event.content", "message"]
LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8)
LEAVES |= st.sampled_from(["llm", "LLM", "chat", "ai.toolCall", "generation", "agent"])
ODD = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "parts", "type", "text", "id", "name"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
ODD |= ODD.map(json.dumps)
OWN = st.dictionaries(st.sampled_from(NAMES), ODD, max_size=8)
EVENTS = ["gen_ai.user.message", "gen_ai.choice", "gen_ai.tool.message", "exception"]
EVENTS += ["gen_ai.client.inference.operation.details", "gen_ai.content.prompt"]
EVENTS += ["gen_ai.evaluation.result"]
EVENT = st.tuples(st.sampled_from(EVENTS), OWN)
numbers = itertools.count(1)


@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # an import is too slow
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(cases=st.lists(st.tuples(OWN, OWN, EVENT, ODD), min_size=15, max_size=15))
def test_whatever_stands_in_attributes_the_trace_is_there(ingest, cases):
    records = []
    for root, child, event, body in cases:
        trace = f"{next(numbers):032x}"
        first = span(1, trace=trace, attributes=root, events=[event])
        second = span(2, 1, trace=trace, attributes=child)
        name, own = event
        record = {**log(2, name, body, trace=trace), "attributes": pairs(own)}
        records += [request(first, second), logs({**record, "eventName": name})]
    report = ingest(records)
    assert (report.new, report.rejected) == (len(cases), 0), report.reasons
