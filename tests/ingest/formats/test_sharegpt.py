"""ShareGPT and chat datasets, preference data, and Who&When."""

from __future__ import annotations

import json

import pytest


def files(folder):
    return {
        "json": folder / "sharegpt/dummy_conversation.json",
        "jsonl": folder / "hf_datasets/sharegpt_dummy.jsonl",
        "parquet": folder / "hf_datasets/sharegpt_dummy.parquet",
        "arrow": folder / "hf_datasets/sharegpt_saved_to_disk"
        "/data-00000-of-00001.arrow",
    }


def read(path, kind):
    """The rows of a file, without the importer."""
    if kind == "json":
        return json.loads(path.read_text())
    if kind == "jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    import pyarrow as pa
    from pyarrow import parquet

    if kind == "parquet":
        return parquet.read_table(path).to_pylist()
    with pa.OSFile(str(path)) as source:
        return pa.ipc.open_stream(source).read_all().to_pylist()


@pytest.mark.shared_data
@pytest.mark.parametrize("kind", ["json", "jsonl", "parquet", "arrow"])
def test_real_files(ingest, traces, shared_data, kind):
    path = files(shared_data / "formats")[kind]
    raw = read(path, kind)
    report = ingest(path)
    assert (report.format, report.new, report.rejected) == ("chat", len(raw), 0)
    roles = {"human": "user", "gpt": "assistant"}
    found = traces()
    for record in raw:
        assert found[record["id"]].messages == [
            {"role": roles[turn["from"]], "content": turn["value"]}
            for turn in record["conversations"]
        ]
    assert found["identity_0"].input == "Have a nice day!"
    assert found["identity_0"].output == "You too!"
    assert ingest(path).duplicate == len(raw)


@pytest.mark.shared_data
def test_the_same_real_data_in_every_container_is_the_same(ingest, shared_data):
    paths = files(shared_data / "formats")
    assert ingest(paths["json"]).new == 60
    for kind in ("jsonl", "parquet", "arrow"):
        report = ingest(paths[kind])
        assert (report.new, report.duplicate) == (0, 60)


def turns(*pairs):
    return [{"from": name, "value": value} for name, value in pairs]


def test_calls_and_observations(ingest, traces):
    call = json.dumps({"name": "weather", "arguments": {"city": "Rome"}})
    said = turns(
        ("human", "Rome?"),
        ("function_call", call),
        ("observation", '{"t": 30}'),
        ("gpt", "30 degrees"),
    )
    ingest([{"id": "a", "conversations": said, "system": "Be brief", "tools": "[]"}])
    trace = traces()["a"]
    assert [m["role"] for m in trace.messages] == [
        "system",
        "user",
        "assistant",
        "tool",
        "assistant",
    ]
    asked = trace.messages[2]
    assert asked["tool_calls"][0]["name"] == "weather"
    assert asked["tool_calls"][0]["arguments"] == {"city": "Rome"}
    assert trace.messages[3]["content"] == '{"t": 30}'
    assert (trace.input, trace.output) == ("Rome?", "30 degrees")
    assert trace.metadata["tools"] == "[]"


def test_roles_and_content_under_conversations(ingest, traces):
    said = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
    ]
    ingest(
        [
            {"id": "a", "conversations": said},
            {"conversation_id": "b", "conversation": said, "model": "m"},
            {"id": "c", "messages": json.dumps(said)},
        ]
    )
    found = traces()
    assert all(trace.messages == said for trace in found.values())
    assert [t.session_id for t in found.values() if t.session_id] == ["b"]


def test_completions_that_are_messages_or_several_texts(ingest, traces):
    asked = [{"role": "user", "content": "Hi"}]
    answer = [{"role": "assistant", "content": "Hello"}]
    ingest([{"id": "a", "prompt": asked, "completion": answer}])
    ingest([{"id": "b", "prompt": "Hi", "completion": ["Hello", "Howdy"]}])
    ingest([{"id": "c", "messages": asked, "completion": ["Hello", "Howdy"]}])
    ingest([{"id": "d", "messages": asked, "response": answer}])
    found = traces()
    assert all(trace.messages == asked + answer for trace in found.values())
    others = [trace.metadata.get("other_answers") for trace in found.values()]
    assert others == [None, ["Howdy"], ["Howdy"], None]


def test_answers_that_are_data_stay_as_they_are(ingest, traces):
    ingest([{"id": "a", "prompt": "Which?", "completion": [1, 2]}])
    assert traces()["a"].output == "[1,2]"


HI = {"role": "user", "content": "Hi"}
YES = {"role": "assistant", "content": "Hello"}
NO = {"role": "assistant", "content": "What?"}


@pytest.mark.parametrize(
    "record",
    [
        {"prompt": "Hi", "chosen": "Hello", "rejected": "What?"},
        {"question": "Hi", "chosen": "Hello", "rejected": "What?"},
        {"prompt": [HI], "chosen": [YES], "rejected": [NO]},
        {"prompt": "Hi", "chosen": [HI, YES], "rejected": [HI, NO]},
        {"chosen": [HI, YES], "rejected": [HI, NO]},
        {"messages": [HI, YES], "chosen": [HI, YES], "rejected": [HI, NO]},
        {
            "chosen": "\n\nHuman: Hi\n\nAssistant: Hello",
            "rejected": "\n\nHuman: Hi\n\nAssistant: What?",
        },
        {
            "input": {"messages": [HI]},
            "preferred_output": [YES],
            "non_preferred_output": [NO],
        },
        {
            "prompt": json.dumps([HI]),
            "chosen": json.dumps([YES]),
            "rejected": json.dumps([NO]),
        },
    ],
)
def test_preferences(ingest, traces, record):
    report = ingest([record])
    assert (report.format, report.new) == ("preference", 1)
    (trace,) = traces().values()
    assert trace.messages == [HI, YES]
    assert trace.metadata["rejected"] == "What?"


def test_preferences_keep_what_stands_beside_them(ingest, traces):
    tools = [{"type": "function"}]
    record = {
        "id": "a",
        "system": "Be brief",
        "input": {"messages": [HI], "tools": tools},
        "preferred_output": [YES],
        "non_preferred_output": [NO],
        "score_chosen": 8.5,
        "score_rejected": 4,
        "source": "set",
    }
    ingest([record])
    trace = traces()["a"]
    assert trace.messages[0] == {"role": "system", "content": "Be brief"}
    assert (trace.metadata["tools"], trace.metadata["source"]) == (tools, "set")
    scores = {item.name: (item.number, item.origin) for item in trace.feedback}
    assert scores == {
        "score_chosen": (8.5, "dataset"),
        "score_rejected": (4.0, "dataset"),
    }


def test_long_refused_answers_keep_their_messages(ingest, traces):
    more = [HI, NO, HI, NO]
    ingest([{"id": "a", "prompt": [HI], "chosen": [YES], "rejected": more}])
    assert traces()["a"].metadata["rejected"] == [NO, HI, NO]


def test_nothing_refused_is_nothing(ingest, traces):
    ingest([{"id": "a", "prompt": "Hi", "chosen": "Hello", "rejected": None}])
    assert "rejected" not in traces()["a"].metadata


def test_preferences_without_an_answer_are_refused(ingest, rejects):
    good = {"prompt": "Hi", "chosen": "Hello", "rejected": "What?"}
    empty = {"prompt": "Hi", "chosen": "", "rejected": "What?"}
    odd = {"prompt": "Hi", "chosen": {"rank": 1}, "rejected": {"rank": 2}}
    assert ingest([good, empty, odd]).new == 1
    reasons = [reason for _, _, reason in rejects()]
    assert reasons == [
        "'chosen' holds no answer; the row has nothing to read",
        "neither text nor messages: an object with ['rank']",
    ]


def failed_run(**more):
    return {
        "is_correct": False,
        "question": "How many people?",
        "question_ID": "q-1",
        "level": "2",
        "ground_truth": "56000",
        "history": [
            {"content": "Solve it", "name": "Manager", "role": "user"},
            {"content": "I search", "name": "Planner", "role": "assistant"},
            {"content": "exitcode: 0", "name": "Computer_terminal", "role": "user"},
            {"content": "It is 56583", "name": "Stats", "role": "assistant"},
        ],
        "mistake_agent": "Stats",
        "mistake_step": "3",
        "mistake_reason": "Took an unverified number",
        **more,
    }


def test_who_failed_and_when(ingest, traces):
    report = ingest([failed_run()])
    assert (report.format, report.new) == ("who-and-when", 1)
    (trace,) = traces().values()
    assert trace.input == "How many people?"
    assert trace.output == "It is 56583"
    # a step is a message: the number of the step is the place of the message
    assert [m["role"] for m in trace.messages] == [
        "assistant",
        "assistant",
        "tool",
        "assistant",
    ]
    assert trace.messages[3]["name"] == "Stats"
    found = {item.name: item for item in trace.feedback}
    step = found["mistake_step"]
    assert (step.value, step.number, step.comment) == (
        "3",
        3.0,
        "Took an unverified number",
    )
    assert found["mistake_agent"].value == "Stats"
    assert (found["is_correct"].value, found["is_correct"].number) == ("false", 0.0)
    assert trace.metadata["ground_truth"] == "56000"
    assert trace.metadata["question_ID"] == "q-1"
    assert ingest([failed_run()]).duplicate == 1


def test_agents_that_are_named_by_their_role(ingest, traces):
    history = [
        {"role": "human", "content": "How many people?"},
        {"role": "Orchestrator (thought)", "content": "A plan"},
        {"role": "ComputerTerminal", "content": "ran"},
        {"role": "WebSurfer", "content": "56583"},
    ]
    ingest([failed_run(history=history, mistake_step="1")])
    (trace,) = traces().values()
    assert [(m["role"], m.get("name")) for m in trace.messages] == [
        ("user", None),
        ("assistant", "Orchestrator (thought)"),
        ("tool", "ComputerTerminal"),
        ("assistant", "WebSurfer"),
    ]


def test_runs_without_a_history_are_refused(ingest, rejects):
    odd = failed_run(history=[5])
    assert ingest([failed_run(), failed_run(history=[]), odd]).new == 1
    reasons = [reason for _, _, reason in rejects()]
    assert "no history" in reasons[0]
    assert reasons[1] == "step 0 of the history is a number, not an object"
