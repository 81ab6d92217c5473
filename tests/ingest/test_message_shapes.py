"""Messages as frameworks and APIs write them, and what we make of them."""

from __future__ import annotations

import json

import pytest

from erroranalysis.ingest.messages import normalise
from erroranalysis.ingest.reader import BadRecord
from erroranalysis.ingest.utterances import conversation, transcript, utterance

ASKED = {"role": "user", "content": "Open?"}
SAID = {"role": "assistant", "content": "Yes."}
CALL = {"id": "c1", "name": "hours", "arguments": {"day": 7}}
CALLED = {"role": "assistant", "content": "", "tool_calls": [CALL]}
RESULT = {"role": "tool", "content": "9 to 5", "tool_call_id": "c1"}
NAMED = {**RESULT, "name": "hours"}
TURNS = [ASKED, CALLED, RESULT, SAID]
TURNS_NAMED = [ASKED, CALLED, NAMED, SAID]
OPENAI_CALL = {
    "id": "c1",
    "type": "function",
    "function": {"name": "hours", "arguments": '{"day": 7}'},
}
LANGCHAIN_CALL = {"id": "c1", "name": "hours", "args": {"day": 7}, "type": "tool_call"}


def lc(name, **kept):
    made = {"lc": 1, "type": "constructor", "id": ["langchain_core", "messages", name]}
    return {**made, "kwargs": kept}


SHAPES = {
    "openai chat": (
        [
            ASKED,
            {"role": "assistant", "content": None, "tool_calls": [OPENAI_CALL]},
            RESULT,
            {"role": "assistant", "content": [{"type": "text", "text": "Yes."}]},
        ],
        TURNS,
    ),
    "openai responses": (
        [
            {"type": "message", "role": "user",
             "content": [{"type": "input_text", "text": "Open?"}]},
            {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "hours",
             "arguments": '{"day": 7}'},
            {"type": "function_call_output", "call_id": "c1", "output": "9 to 5"},
            {"type": "message", "role": "assistant",
             "content": [{"type": "output_text", "text": "Yes.", "annotations": []}]},
        ],
        TURNS,
    ),
    "anthropic": (
        [
            ASKED,
            {"role": "assistant", "content": [
                {"type": "tool_use", "id": "c1", "name": "hours",
                 "input": {"day": 7}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": "9 to 5"}]},
            {"role": "assistant", "content": [{"type": "text", "text": "Yes."}]},
        ],
        TURNS,
    ),
    "anthropic blocks without a type": (
        [
            ASKED,
            {"role": "assistant", "content": [
                {"id": "c1", "name": "hours", "input": {"day": 7}}]},
            {"role": "user", "content": [{"tool_use_id": "c1", "content": "9 to 5"}]},
            {"role": "assistant", "content": [{"text": "Yes."}]},
        ],
        TURNS,
    ),
    "claude agent sdk": (
        [
            {"type": "user", "message": {"role": "user", "content": "Open?"}},
            {"type": "assistant", "message": {"role": "assistant", "content": [
                {"type": "tool_use", "id": "c1", "name": "hours",
                 "input": {"day": 7}}]}},
            {"type": "user", "message": {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "c1",
                 "content": [{"type": "text", "text": "9 to 5"}]}]}},
            {"type": "assistant", "message": {"content": "Yes."}},
        ],
        TURNS,
    ),
    "gemini": (
        [
            {"role": "user", "parts": [{"text": "Open?"}]},
            {"role": "model", "parts": [
                {"functionCall": {"id": "c1", "name": "hours", "args": {"day": 7}}}]},
            {"role": "function", "parts": [
                {"functionResponse": {"id": "c1", "name": "hours",
                                      "response": "9 to 5"}}]},
            {"role": "model", "parts": [{"text": "Yes."}]},
        ],
        TURNS_NAMED,
    ),
    "bedrock": (
        [
            {"role": "user", "content": [{"text": "Open?"}]},
            {"role": "assistant", "content": [
                {"toolUse": {"toolUseId": "c1", "name": "hours",
                             "input": {"day": 7}}}]},
            {"role": "user", "content": [
                {"toolResult": {"toolUseId": "c1", "content": [{"text": "9 to 5"}]}}]},
            {"role": "assistant", "content": [{"text": "Yes."}]},
        ],
        TURNS,
    ),
    "genai conventions": (
        [
            {"role": "user", "parts": [{"type": "text", "content": "Open?"}]},
            {"role": "assistant", "parts": [
                {"type": "tool_call", "id": "c1", "name": "hours",
                 "arguments": '{"day": 7}'}]},
            {"role": "tool", "parts": [
                {"type": "tool_call_response", "id": "c1", "response": "9 to 5"}]},
            {"role": "assistant", "parts": [{"type": "text", "content": "Yes."}],
             "finish_reason": "stop"},
        ],
        TURNS,
    ),
    "genai conventions with result": (
        [
            ASKED,
            CALLED,
            {"role": "tool", "parts": [
                {"type": "tool_call_response", "id": "c1", "result": "9 to 5",
                 "name": "hours"}]},
            SAID,
        ],
        TURNS_NAMED,
    ),
    "langchain": (
        [
            {"type": "human", "content": "Open?", "additional_kwargs": {},
             "name": None},
            {"type": "ai", "content": "", "tool_calls": [LANGCHAIN_CALL],
             "additional_kwargs": {"tool_calls": [OPENAI_CALL]}},
            {"type": "tool", "content": "9 to 5", "tool_call_id": "c1",
             "name": "hours"},
            {"type": "ai", "content": [{"type": "text", "text": "Yes.", "index": 0}]},
        ],
        TURNS_NAMED,
    ),
    "langchain, calls in additional_kwargs": (
        [
            ASKED,
            {"type": "ai", "content": "",
             "additional_kwargs": {"tool_calls": [OPENAI_CALL]}},
            RESULT,
            SAID,
        ],
        TURNS,
    ),
    "langchain, calls in content and beside it": (
        [
            ASKED,
            {"type": "ai", "tool_calls": [LANGCHAIN_CALL], "content": [
                {"type": "tool_use", "id": "c1", "name": "hours", "input": {}}]},
            RESULT,
            SAID,
        ],
        TURNS,
    ),
    "langchain with data": (
        [
            {"type": "human", "data": {"content": "Open?", "type": "human"}},
            {"type": "ai", "data": {"content": "", "tool_calls": [LANGCHAIN_CALL]}},
            {"type": "tool", "data": {"content": "9 to 5", "tool_call_id": "c1"}},
            {"type": "ai", "data": {"content": "Yes."}},
        ],
        TURNS,
    ),
    "langchain serialised": (
        [
            lc("HumanMessage", content="Open?"),
            lc("AIMessageChunk", content="", tool_calls=[LANGCHAIN_CALL]),
            lc("ToolMessage", content="9 to 5", tool_call_id="c1"),
            lc("ChatMessage", content="Yes.", role="assistant"),
        ],
        TURNS,
    ),
    "pairs of langchain": ([["human", "Open?"], ["ai", "Yes."]], [ASKED, SAID]),
    "langgraph callbacks": (
        [
            ASKED,
            {"role": "assistant", "content": "", "tool_calls": [OPENAI_CALL]},
            {"role": "hours", "content": "9 to 5", "additional_kwargs": {}},
            SAID,
            {"role": "tool", "content": {"type": "function", "function": {
                "name": "hours", "description": "", "parameters": {}}}},
        ],
        TURNS_NAMED,
    ),
    "pydantic ai": (
        [
            {"kind": "request", "instructions": "Be brief", "parts": [
                {"part_kind": "system-prompt", "content": "Be kind"},
                {"part_kind": "user-prompt", "content": "Open?"}]},
            {"kind": "response", "parts": [
                {"part_kind": "thinking", "content": "Hm"},
                {"part_kind": "tool-call", "tool_name": "hours", "args": '{"day": 7}',
                 "tool_call_id": "c1"}]},
            {"kind": "request", "parts": [
                {"part_kind": "tool-return", "tool_name": "hours",
                 "content": "9 to 5", "tool_call_id": "c1"}]},
            {"kind": "response", "parts": [{"part_kind": "text", "content": "Yes."}]},
        ],
        [
            {"role": "system", "content": "Be brief"},
            {"role": "system", "content": "Be kind"},
            ASKED,
            {**CALLED, "reasoning": "Hm"},
            NAMED,
            SAID,
        ],
    ),
    "microsoft agent framework": (
        [
            {"role": "user", "contents": [{"type": "text", "text": "Open?"}]},
            {"role": "assistant", "contents": [
                {"type": "function_call", "call_id": "c1", "name": "hours",
                 "arguments": '{"day": 7}'}]},
            {"role": "tool", "contents": [
                {"type": "function_result", "call_id": "c1", "result": "9 to 5"}]},
            {"role": "assistant", "text": "Yes.", "contents": [
                {"type": "text", "text": "Yes."},
                {"type": "usage", "details": {"input": 1}}]},
        ],
        TURNS,
    ),
    "microsoft extensions for .NET": (
        [
            {"role": "user", "contents": [{"$type": "text", "text": "Open?"}]},
            {"role": "assistant", "contents": [
                {"type": "Microsoft.Extensions.AI.TextReasoningContent",
                 "content": {"text": "", "protectedData": "x"}},
                {"$type": "functionCall", "callId": "c1", "name": "hours",
                 "arguments": {"day": 7}}]},
            {"role": "tool", "contents": [
                {"$type": "functionResult", "callId": "c1", "result": "9 to 5"}]},
            SAID,
        ],
        TURNS,
    ),
    "vercel": (
        [
            ASKED,
            {"role": "assistant", "content": [
                {"type": "tool-call", "toolCallId": "c1", "toolName": "hours",
                 "input": {"day": 7}}]},
            {"role": "tool", "content": [
                {"type": "tool-result", "toolCallId": "c1", "toolName": "hours",
                 "output": {"type": "text", "value": "9 to 5"}}]},
            SAID,
        ],
        TURNS_NAMED,
    ),
    "vercel before 5": (
        [
            ASKED,
            {"role": "assistant", "content": [
                {"type": "tool-call", "toolCallId": "c1", "toolName": "hours",
                 "args": {"day": 7}}]},
            {"role": "tool", "content": [
                {"type": "tool-result", "toolCallId": "c1", "result": "9 to 5"}]},
            SAID,
        ],
        TURNS,
    ),
    "llamaindex": (
        [
            {"role": "MessageRole.USER", "additional_kwargs": {},
             "blocks": [{"block_type": "text", "text": "Open?"}]},
            {"role": "assistant", "blocks": [
                {"block_type": "tool_call", "tool_call_id": "c1",
                 "tool_name": "hours", "tool_kwargs": {"day": 7}}]},
            RESULT,
            {"role": "assistant", "blocks": [{"block_type": "text", "text": "Yes."}]},
        ],
        TURNS,
    ),
    "autogen": (
        [
            {"source": "user", "type": "TextMessage", "content": "Open?"},
            {"source": "assistant", "type": "ToolCallRequestEvent", "content": [
                {"id": "c1", "name": "hours", "arguments": '{"day": 7}'}]},
            {"source": "assistant", "type": "ToolCallExecutionEvent", "content": [
                {"call_id": "c1", "name": "hours", "content": "9 to 5",
                 "is_error": False}]},
            {"source": "assistant", "type": "TextMessage", "content": "Yes."},
        ],
        TURNS_NAMED,
    ),
    "autogen core": (
        [
            {"source": "user", "type": "UserMessage", "content": "Open?"},
            {"source": "assistant", "type": "AssistantMessage", "content": [
                {"id": "c1", "name": "hours", "arguments": '{"day": 7}'}]},
            {"type": "FunctionExecutionResultMessage", "content": [
                {"tool_use_id": "c1", "content": "9 to 5"}]},
            {"source": "critic", "type": "AssistantMessage", "content": "Yes."},
        ],
        [ASKED, CALLED, RESULT, {**SAID, "name": "critic"}],
    ),
    "beeai": (
        [
            {"role": "user", "text": "Open?"},
            {"role": "assistant", "content": [
                {"type": "tool-call", "id": "c1", "tool_name": "hours",
                 "args": '{"day": 7}'}]},
            {"role": "tool", "content": [
                {"type": "tool-result", "tool_call_id": "c1", "tool_name": "hours",
                 "result": "9 to 5"}]},
            SAID,
        ],
        TURNS_NAMED,
    ),
    "koog": (
        [
            ASKED,
            {"role": "tool", "content": '[{"function":{"name":"hours","arguments":'
             '"{\\"day\\": 7}"},"id":"c1","type":"function"}]'},
            {"role": "tool", "content": "9 to 5"},
            SAID,
        ],
        TURNS,
    ),
    "agno, printed": (
        [
            "role='user' content='Open?' name=None tool_calls=None metrics=M(n=0, t=)",
            f"role='assistant' content=None tool_calls=[{OPENAI_CALL}] timer=<T 0x1>",
            "role='tool' content='9 to 5' tool_call_id='c1' tool_args={'day': 7}",
            "role='assistant' content='Yes.' created_at=1749650492",
        ],
        TURNS,
    ),
    "chatgpt export": (
        [
            {"author": {"role": "user"},
             "content": {"content_type": "text", "parts": ["Open?"]}},
            {"author": {"role": "assistant"},
             "content": {"content_type": "text", "parts": ["Yes."]}},
        ],
        [ASKED, SAID],
    ),
    "agent development kit": (
        [
            {"author": "user", "content": {"role": "user",
                                           "parts": [{"text": "Open?"}]}},
            {"author": "helper", "content": {"role": "model",
                                             "parts": [{"text": "Yes."}]}},
        ],
        [ASKED, SAID],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_a_conversation_is_the_same_in_every_shape(name):
    messages, expected = SHAPES[name]
    assert normalise(messages) == expected


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_is_found_in_the_state_of_an_application(name):
    messages, expected = SHAPES[name]
    assert conversation({"messages": messages, "step": 3}) == expected


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_says_who_asked_and_what_was_answered(name):
    messages, _ = SHAPES[name]
    assert utterance(messages, "user") == "Open?"
    assert utterance({"messages": messages}, "assistant") == "Yes."


@pytest.mark.parametrize(
    ("part", "attachment"),
    [
        ({"type": "image_url", "image_url": {"url": "e.org/a"}}, ("image", "e.org/a")),
        ({"type": "input_image", "image_url": "e.org/a"}, ("image", "e.org/a")),
        ({"type": "image", "source": {"type": "url", "url": "e.org/a"}},
         ("image", "e.org/a")),
        ({"type": "image", "source": {"type": "base64", "data": "QUJD"}},
         ("image", "QUJD")),
        ({"type": "image", "image": "e.org/a"}, ("image", "e.org/a")),
        ({"inlineData": {"mimeType": "image/png", "data": "QUJD"}}, ("image", "QUJD")),
        ({"file_data": {"mime_type": "audio/wav", "file_uri": "gs://a"}},
         ("audio", "gs://a")),
        ({"type": "blob", "mime_type": "audio/wav", "content": "QUJD"},
         ("audio", "QUJD")),
        ({"type": "uri", "modality": "image", "uri": "e.org/a"}, ("image", "e.org/a")),
        ({"type": "file", "modality": "image", "file_id": "f1"}, ("image", "f1")),
        ({"type": "file", "mediaType": "image/png", "data": "QUJD"}, ("image", "QUJD")),
        ({"type": "input_audio", "input_audio": {"data": "QUJD"}}, ("audio", "QUJD")),
        ({"kind": "image-url", "url": "e.org/a"}, ("image", "e.org/a")),
        ({"kind": "binary", "media_type": "image/png", "data": "QUJD"},
         ("image", "QUJD")),
        ({"$type": "data", "uri": "data:image/png;base64,QUJD",
          "mediaType": "image/png"}, ("image", "data:image/png;base64,QUJD")),
        ({"block_type": "image", "url": "e.org/a"}, ("image", "e.org/a")),
    ],
)  # fmt: skip
def test_pictures_and_recordings_are_attachments(part, attachment):
    kind, ref = attachment
    [found] = normalise([{"role": "user", "content": ["Look", part]}])
    assert found == {
        "role": "user",
        "content": "Look",
        "attachments": [{"type": kind, "ref": ref}],
    }


@pytest.mark.parametrize(
    "part",
    [
        {"type": "thinking", "thinking": "Hm", "signature": "x"},
        {"type": "reasoning", "text": "Hm"},
        {"type": "reasoning", "content": "Hm"},
        {"type": "reasoning", "reasoning": "Hm"},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm"}]},
        {"text": "Hm", "thought": True},
        {"thinking": "Hm", "signature": "x"},
        {"reasoningContent": {"reasoningText": {"text": "Hm"}}},
        {"part_kind": "thinking", "content": "Hm"},
    ],
)
def test_thoughts_stand_apart(part):
    said = {"type": "text", "text": "Yes."}
    [found] = normalise([{"role": "assistant", "content": [part, said]}])
    assert found == {**SAID, "reasoning": "Hm"}


@pytest.mark.parametrize(
    "beside",
    [
        {"reasoning_content": "Hm"},
        {"reasoning": {"summary": [{"text": "Hm"}]}},
        {"additional_kwargs": {"reasoning_content": "Hm"}},
    ],
)
def test_thoughts_beside_the_content(beside):
    assert normalise([{**SAID, **beside}]) == [{**SAID, "reasoning": "Hm"}]


def test_thoughts_that_only_the_model_can_read_say_nothing():
    part = {"type": "redacted_thinking", "data": "EqoB"}
    assert normalise([{"role": "assistant", "content": [part, "Yes."]}]) == [SAID]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "chart", "bars": [1, 2]},
        {"type": "source-url", "url": "e.org"},
        {"executableCode": {"code": "1 + 1"}},
        {"bars": [1, 2]},
    ],
)
def test_a_part_that_nobody_knows_keeps_its_words(part):
    [found] = normalise([{"role": "assistant", "content": ["Look", part]}])
    text, _, rest = found["content"].partition("\n\n")
    assert text == "Look"
    for word in ("bars", "e.org", "1 + 1"):
        assert (word in str(part)) == (word in rest)


def test_text_beside_parts_is_kept_once():
    parts = [{"type": "text", "text": "Yes."}]
    assert normalise([{**SAID, "parts": parts}]) == [SAID]
    [found] = normalise([{**SAID, "content": "No.", "parts": parts}])
    assert found["content"] == "No.\n\nYes."


def test_a_content_that_is_an_object_keeps_its_words():
    [found] = normalise([{"role": "assistant", "content": {"answer": "Yes.", "n": 1}}])
    assert found["content"] == '{"answer":"Yes.","n":1}'


def test_tool_results_keep_objects_as_they_are():
    rows = [{"day": 7, "open": True}, {"day": 1, "open": False}]
    part = {"functionResponse": {"name": "hours", "response": {"rows": rows}}}
    [found] = normalise([{"role": "function", "parts": [part]}])
    assert found["content"] == (
        '{"rows":[{"day":7,"open":true},{"day":1,"open":false}]}'
    )


def test_the_parts_of_a_user_interface_hold_call_and_result():
    done = {"toolCallId": "c1", "state": "output-available", "input": {"day": 7}}
    parts = [
        {"type": "step-start"},
        {"type": "tool-hours", **done, "output": "9 to 5"},
        {"type": "text", "text": "Yes."},
    ]
    assert normalise([{"role": "assistant", "content": "", "parts": parts}]) == [
        NAMED,
        {**SAID, "tool_calls": [CALL]},
    ]
    invoked = {"toolCallId": "c1", "toolName": "hours", "args": {"day": 7}}
    part = {"type": "tool-invocation", "toolInvocation": invoked}
    assert normalise([{"role": "assistant", "content": "", "parts": [part]}]) == [
        CALLED
    ]
    part = {"type": "dynamic-tool", "toolName": "hours", **done, "errorText": "closed"}
    first, second = normalise([{"role": "assistant", "parts": [part]}])
    assert (first["content"], second) == ("closed", CALLED)


def test_results_without_an_id_belong_to_the_call_before_them():
    two = [{**CALL, "id": "a", "name": "f"}, {**CALL, "id": "b", "name": "g"}]
    said = [
        {"role": "assistant", "tool_calls": two},
        {"role": "tool", "name": "g", "content": "G"},
        {"role": "tool", "content": "F"},
        {"role": "tool", "name": "h", "content": "H"},
    ]
    found = [m.get("tool_call_id") for m in normalise(said)]
    assert found == [None, "b", "a", None]


def test_a_result_with_an_id_leaves_the_other_call_open():
    two = [{**CALL, "id": "a"}, {**CALL, "id": "b"}]
    said = [
        {"role": "assistant", "tool_calls": two},
        {"role": "tool", "content": "B", "tool_call_id": "b"},
        {"role": "tool", "content": "A"},
    ]
    assert [m.get("tool_call_id") for m in normalise(said)] == [None, "b", "a"]


def test_gemini_names_the_call_where_it_has_no_ids():
    called = {"functionCall": {"name": "hours", "args": {"day": 7}}, "text": None}
    answered = {"functionResponse": {"name": "hours", "response": {"result": "9"}}}
    said = [{"role": "model", "parts": [called]}, {"role": "user", "parts": [answered]}]
    assert normalise(said) == [
        {**CALLED, "tool_calls": [{**CALL, "id": None}]},
        {"role": "tool", "content": '{"result":"9"}', "tool_call_id": None,
         "name": "hours"},
    ]  # fmt: skip


def test_ids_that_are_lists_become_text():
    part = {"type": "tool_call", "id": ["run", "c1"], "name": "hours", "arguments": {}}
    result = {"type": "tool_call_response", "id": ["run", "c1"], "response": "9 to 5"}
    first, second = normalise(
        [{"role": "assistant", "parts": [part]}, {"role": "tool", "parts": [result]}]
    )
    assert first["tool_calls"][0]["id"] == second["tool_call_id"] == '["run","c1"]'


def test_calls_that_were_not_valid_are_told():
    name, broken_json = "hours", '{"day": '
    broken = {"name": name, "args": broken_json, "id": "c1", "error": "no JSON"}
    [found] = normalise([{"type": "ai", "content": "", "invalid_tool_calls": [broken]}])
    assert found["tool_calls"] == [{"id": "c1", "name": name, "arguments": broken_json}]


def test_a_built_in_tool_has_its_question_and_its_answer():
    asked = {"type": "web_search_call", "id": "ws", "action": {"query": "hours"}}
    found = {"type": "file_search_call", "id": "fs", "queries": ["hours"]}
    found["results"] = [{"filename": "faq.md", "text": "9 to 5"}]
    messages = normalise([asked, {**found, "status": "completed"}])
    assert [m.get("tool_calls") or m["tool_call_id"] for m in messages] == [
        [{"id": "ws", "name": "web_search", "arguments": {"query": "hours"}}],
        [{"id": "fs", "name": "file_search", "arguments": {"queries": ["hours"]}}],
        "fs",
    ]
    assert json.loads(messages[2]["content"]) == found["results"]


def test_a_retry_of_pydantic_ai_is_a_result_or_said_by_the_user():
    parts = [
        {"part_kind": "retry-prompt", "content": "again", "tool_name": "hours",
         "tool_call_id": "c1"},
        {"part_kind": "retry-prompt", "content": "try again"},
    ]  # fmt: skip
    assert normalise([{"kind": "request", "parts": parts}]) == [
        {**NAMED, "content": "again"},
        {"role": "user", "content": "try again"},
    ]


def test_a_recording_with_words_keeps_both():
    part = {"type": "audio", "audio": {"data": "QUJD", "transcript": "Yes."}}
    [found] = normalise([{"role": "assistant", "content": [part]}])
    attachment = {"type": "audio", "ref": "QUJD"}
    assert found == {**SAID, "attachments": [attachment]}


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([{"role": "narrator", "content": "x"}], "the role 'narrator'"),
        ([["narrator", "x"]], "message 0 is a list"),
        (["Hi"], "message 0 is text"),
        ([{"role": ["user"], "content": "x"}], "the role"),
        ([{"role": {}, "kind": [], "type": [], "content": {"role": []}}], "the role"),
        ([{"type": "text", "text": "Hi"}], "the role 'text'"),
        (
            [{"role": "tool", "content": {"type": "function", "function": {}}}],
            "nothing that was said",
        ),
    ],
)
def test_what_is_no_message_is_refused(messages, reason):
    with pytest.raises(BadRecord, match=reason):
        normalise(messages)


REPLIES = {
    "openai": {"choices": [{"index": 0, "message": SAID}], "usage": {}},
    "responses": {"output": [
        {"type": "message", "role": "assistant",
         "content": [{"type": "output_text", "text": "Yes."}]}]},
    "anthropic": {"type": "message", "role": "assistant",
                  "content": [{"type": "text", "text": "Yes."}]},
    "gemini": {"candidates": [{"content": {"parts": [{"text": "Yes."}],
                                           "role": "model"}}]},
    "bedrock": {"output": {"message": {"role": "assistant",
                                       "content": [{"text": "Yes."}]}}},
    "langchain": {"generations": [[{"text": "Yes.", "message": lc(
        "AIMessage", content="Yes.")}]]},
    "langchain completion": {"generations": [[{"text": "Yes."}]]},
    "event of a choice": {"index": 0, "message": SAID, "finish_reason": "stop"},
    "blocks": {"content": [{"type": "text", "text": "Yes."}]},
}  # fmt: skip


@pytest.mark.parametrize("name", REPLIES)
def test_the_reply_of_a_model_in_every_shape(name):
    assert conversation(REPLIES[name], "assistant") == [SAID]
    assert utterance(REPLIES[name], "assistant") == "Yes."


SYSTEM = {"role": "system", "content": "Be brief"}


@pytest.mark.parametrize(
    "request_body",
    [
        {"messages": [SYSTEM, ASKED]},
        {"system": "Be brief", "messages": [ASKED]},
        {"system": [{"type": "text", "text": "Be brief"}], "messages": [ASKED]},
        {"instructions": "Be brief", "input": [ASKED]},
        {"instructions": "Be brief", "input": "Open?"},
        {"prompt": "Open?", "system": "Be brief"},
        {"contents": "Open?", "config": {"system_instruction": "Be brief"}},
        {"contents": [{"role": "user", "parts": [{"text": "Open?"}]}],
         "systemInstruction": {"parts": [{"text": "Be brief"}]}},
        {"messages": [[lc("SystemMessage", content="Be brief"), ["user", "Open?"]]]},
        '{"messages": "[[\\"system\\", \\"Be brief\\"], [\\"user\\", \\"Open?\\"]]"}',
    ],
)  # fmt: skip
def test_the_request_to_a_model_in_every_shape(request_body):
    assert conversation(request_body) == [SYSTEM, ASKED]
    assert utterance(request_body, "user") == "Open?"


@pytest.mark.parametrize(
    "value", ["Hi", {"k": 1}, [], [{"url": "e.org"}], [1], None, {"messages": []}]
)
def test_what_holds_no_messages_is_none(value):
    assert conversation(value) is None


def test_a_text_that_names_its_speakers_is_a_conversation():
    text = "developer: Be brief\nuser: Open?\nassistant: None\ntool: 9\nto 5"
    assert transcript(text) == [
        SYSTEM,
        ASKED,
        {"role": "tool", "content": "9\nto 5"},
    ]
    assert transcript("Tell the user: hello") is None
    assert transcript("system: only this") is None
