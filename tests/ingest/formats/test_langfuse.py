"""Langfuse: downloads, API, batch exports, blob storage exports, scores."""

from __future__ import annotations

import csv
import io
import itertools
import json

import pytest

from erroranalysis.records import Feedback

TRACE = "933dba1e9783f89d5d8bb032f041a2de"
START = "2026-03-09T12:25:54.654Z"
LETTERS = {"system": "s", "user": "u", "assistant": "a", "tool": "t"}
# who speaks in turn in each of the real traces, as one reads it in the file
TURNS = {
    "agno-2025-06-11.trace.json": "suata",
    "autogen-2025-06-06.trace.json": "sua",
    "beeai-2025-08-01.trace.json": "suaaa",
    "claude-agent-2025-12-22.trace.json": "suaaatta",
    "csharp-agent-with-gemini-2026-03-09.trace.json": "uata",
    "google-gemini-2025-08-01.trace.json": "ua",
    "koog-2025-08-26.trace.json": "suatata",
    "langgraph-js-2025-10-30.trace.json": "uata",
    "langgraph-python-2025-08-22.trace.json": "uuata",
    "llamaindex-2025-06-05.trace.json": "ua",
    "microsoft-agent-2025-12-17.trace.json": "suata",
    "pydantic-ai-2025-06-06.trace.json": "sua",
    "pydantic-ai-tools-2025-06-06.trace.json": "sua",
    "pydantic-ai-tools-2025-12-04.trace.json": "suatttaua",
    "pydantic-ai-with-gemini-2025-12-24.trace.json": "ua",
    "ui_download_microsoft-agent-2025-10-14.json": "uata",
    "ui_download_openai-assistants-2024-05-29.json": "aua",
}


def trace(**more):
    return {
        "id": TRACE, "timestamp": START, "name": "booking", "userId": "u1",
        "sessionId": "s1", "release": "r7", "version": "2", "environment": "prod",
        "tags": ["web"], "public": False, "bookmarked": False,
        "metadata": {"plan": "free"}, "input": {"question": "Open on Sunday?"},
        "output": "Yes, 9 to 5.", **more,
    }  # fmt: skip


def observation(number=1, sort="GENERATION", parent=None, **more):
    known = {
        "id": f"{number:016x}", "traceId": TRACE, "type": sort,
        "name": f"step {number}",
        "startTime": f"2026-03-09T12:25:{54 + number}.000Z",
        "endTime": f"2026-03-09T12:25:{54 + number}.500Z",
        "parentObservationId": f"{parent:016x}" if parent else None, "level": "DEFAULT",
    }  # fmt: skip
    if sort == "GENERATION":
        known |= {
            "model": "gpt-4o", "usageDetails": {"input": 7, "output": 3, "total": 10},
            "costDetails": {"input": 0.1, "output": 0.2, "total": 0.3},
            "input": [{"role": "user", "content": "Open on Sunday?"}],
            "output": {"role": "assistant", "content": "Yes, 9 to 5."},
        }  # fmt: skip
    return {**known, **more}


def score(**more):
    return {
        "id": "sc1", "traceId": TRACE, "name": "polite", "value": 0.5,
        "dataType": "NUMERIC", "source": "API", "timestamp": START, **more,
    }  # fmt: skip


def download(*observations, **more):
    return {"trace": trace(**more), "observations": list(observations)}


@pytest.fixture
def spans(store):
    def found():
        rows = store.query(
            "SELECT span_id, parent_id, kind, name FROM spans ORDER BY span_id"
        ).rows()
        return {row[0]: row[1:] for row in rows}

    return found


def usage_of_leaves(observations, field):
    """Usage of the observations below which no other has any."""
    with_usage = {one["id"]: one for one in observations if one["inputUsage"]}
    parents = {one["id"]: one["parentObservationId"] for one in observations}
    inner = set()
    for number in with_usage:
        above = parents.get(number)
        while above is not None:
            inner.add(above)
            above = parents.get(above)
    return sum(one[field] or 0 for n, one in with_usage.items() if n not in inner)


@pytest.mark.shared_data
@pytest.mark.parametrize("name", sorted(TURNS))
def test_a_real_download_is_one_trace(ingest, traces, rejects, shared_data, name):
    path = shared_data / "formats" / "langfuse" / name
    raw = json.loads(path.read_text())
    told, observations = raw["trace"], raw["observations"]
    said = [*(told.get("scores") or ()), *(told.get("corrections") or ())]
    report = ingest(path)
    assert (report.format, report.new, report.spans) == (
        "langfuse", 1, len(observations) + 1,
    )  # fmt: skip
    assert rejects() == []
    found = traces()[told["id"]]
    assert "".join(LETTERS[m["role"]] for m in found.messages) == TURNS[name]
    assert len(found.feedback) == len({one["id"] for one in said})
    assert found.session_id == told["sessionId"]
    assert found.metadata["name"] == told["name"]
    assert found.metadata["environment"] == told["environment"]
    assert found.metadata.get("user_id") == told["userId"]
    assert found.tags == told["tags"]
    assert found.input_tokens == usage_of_leaves(observations, "inputUsage")
    assert found.output_tokens == usage_of_leaves(observations, "outputUsage")
    ends = max(one["endTime"] or "" for one in observations)
    assert f"{found.ended_at.isoformat(timespec='milliseconds')}Z" == ends
    assert "root" not in found.metadata
    again = ingest(path)
    assert (again.new, again.duplicate, again.spans, again.extended) == (0, 1, 0, 0)


@pytest.mark.shared_data
def test_all_real_downloads_together(ingest, traces, store, shared_data):
    folder = shared_data / "formats" / "langfuse"
    paths = [folder / name for name in TURNS]
    ids = [json.loads(path.read_text())["trace"]["id"] for path in paths]
    report = ingest(paths)
    assert report.new == len(set(ids)) == 16
    assert report.rejected == 0
    top = store.query("SELECT count(*) FROM spans WHERE parent_id IS NULL").item()
    assert top == 16
    again = ingest(paths)
    assert (again.new, again.extended, again.spans) == (0, 0, 0)
    assert set(traces()) == set(ids)


@pytest.mark.shared_data
def test_what_real_downloads_say(ingest, traces, shared_data):
    folder = shared_data / "formats" / "langfuse"
    ingest([folder / name for name in TURNS])
    by_name = {found.metadata["name"]: found for found in traces().values()}
    claude = by_name["claude.conversation"]
    assert claude.input == "What's the weather like in Berlin and New York?"
    assert [m["content"] for m in claude.messages[:3]] == [
        "You are a friendly travel assistant who helps with weather information.",
        "What's the weather like in Berlin and New York?",
        "I'll check the weather in both Berlin and New York for you.",
    ]
    berlin = "toolu_01TKoqQLvY2UWuC49qnD48y7"
    assert claude.messages[3]["tool_calls"] == [
        {
            "id": berlin,
            "name": "mcp__weather__get_weather",
            "arguments": {"city": "Berlin"},
        }
    ]
    assert claude.messages[5] == {
        "role": "tool",
        "content": "Weather in Berlin: Cloudy, 59°F",
        "tool_call_id": berlin,
    }
    assert claude.metadata["bookmarked"] is True
    said = {one.name: (one.number, one.origin) for one in claude.feedback}
    assert said == {
        "correctness": (0.0, "eval"),
        "hallucination": (1.0, "eval"),
        "toxicity": (0.0, "eval"),
    }
    [corrected] = by_name["pydantic-ai-qa-trace"].feedback
    assert (corrected.name, corrected.origin) == ("correction", "annotation")
    assert corrected.value.startswith("Langfuse is a tool designed for")
    tutor = by_name["run_math_tutor"]
    assert tutor.input.startswith("I need to solve the equation `3x + 11 = 14`.")
    assert tutor.output.startswith("Sure, first subtract 11")
    assert tutor.cost_usd == pytest.approx(0.00387)
    agno = by_name["Agent.run"]
    assert agno.input == "What is currently trending on Twitter?"
    call = agno.messages[2]["tool_calls"][0]
    assert call["arguments"] == {"query": "currently trending on Twitter"}
    assert agno.messages[3]["tool_call_id"] == call["id"]
    service = by_name["Insights Agent C#"].metadata
    assert service["service.name"] == "agentic-clientinsights"
    assert service["user_id"] == "g.aprozeanu"


def test_a_download_becomes_a_tree_below_its_trace(ingest, traces, spans):
    tool = observation(3, "TOOL", 1, name="hours", input={"day": 7}, output="9 to 5")
    made = download(observation(2, parent=1), observation(1, "AGENT"), tool)
    assert ingest([made]).format == "langfuse"
    assert spans() == {
        TRACE: (None, "trace", "booking"),
        f"{1:016x}": (TRACE, "agent", "step 1"),
        f"{2:016x}": (f"{1:016x}", "llm", "step 2"),
        f"{3:016x}": (f"{1:016x}", "tool", "hours"),
    }
    found = traces()[TRACE]
    assert (found.input, found.output) == ("Open on Sunday?", "Yes, 9 to 5.")
    assert (found.session_id, found.model, found.tags) == ("s1", "gpt-4o", ["web"])
    assert (found.input_tokens, found.output_tokens) == (7, 3)
    assert found.cost_usd == pytest.approx(0.3)
    assert found.metadata == {
        "name": "booking", "user_id": "u1", "environment": "prod", "release": "r7",
        "version": "2", "plan": "free",
    }  # fmt: skip


def test_the_outer_observations_count_not_the_copy_in_the_trace(ingest, store):
    full = observation(1)
    copy = {**full, "input": None, "output": None, "metadata": "{}"}
    ingest([download(full, observations=[copy])])
    rows = store.query(
        "SELECT output, attributes::VARCHAR FROM spans ORDER BY kind"
    ).rows()
    assert len(rows) == 2
    assert "Yes, 9 to 5." in rows[0][0]
    assert "observations" not in rows[1][1]


def test_texts_in_downloads_are_json_strings(ingest, traces, store):
    once, twice = json.dumps("Open?"), json.dumps(json.dumps({"answer": "Yes."}))
    ingest([download(input=once, output=twice)])
    found = traces()[TRACE]
    assert (found.input, found.output) == ("Open?", "Yes.")
    assert store.query("SELECT output FROM spans").item() == '{"answer": "Yes."}'


def test_what_langfuse_made_input_of_is_not_kept_twice(ingest, store):
    text = "Open on Sunday? " * 30
    about = {"attributes": {"input.value": text, "llm.k": "v", "note": "n" * 300}}
    ingest([download(observation(1, input=text, metadata=json.dumps(about)))])
    rows = store.query("SELECT attributes::VARCHAR FROM spans WHERE kind = 'llm'")
    kept = json.loads(rows.item())["metadata"]["attributes"]
    assert kept == {"llm.k": "v", "note": "n" * 300}


def pieces():
    first = observation(1, "SPAN", name="root")
    return [trace(), first, observation(2, parent=1), score()]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_files_of_traces_and_observations_in_any_order(ingest, traces, spans, order):
    parts = [pieces()[place] for place in order]
    for part in parts:
        ingest([part])
    found = traces()
    assert list(found) == [TRACE]
    assert found[TRACE].metadata["name"] == "booking"
    assert "root" not in found[TRACE].metadata
    assert spans()[f"{1:016x}"][0] == TRACE
    assert spans()[f"{2:016x}"][0] == f"{1:016x}"
    again = ingest(parts)
    assert (again.new, again.extended, again.duplicate) == (0, 0, 1)


def test_one_import_of_several_files(ingest, traces, write):
    paths = [
        write(f"{number}.jsonl", json.dumps(piece))
        for number, piece in enumerate(reversed(pieces()))
    ]
    report = ingest(paths)
    assert (report.new, report.spans, report.rejected) == (1, 3, 0)
    [said] = traces()[TRACE].feedback
    assert (said.name, said.number, said.origin) == ("polite", 0.5, "api")


def test_a_list_of_the_api_holds_ids_only(ingest, traces, write):
    listed = trace(
        observations=["o1", "o2"], scores=["sc1"], htmlPath="/p/t", latency=2.5,
        totalCost=0.25,
    )  # fmt: skip
    body = {"data": [listed], "meta": {"page": 1, "totalPages": 1}}
    assert ingest(write("list.json", json.dumps(body))).format == "langfuse"
    found = traces()[TRACE]
    assert (found.feedback, found.cost_usd) == ((), 0.25)
    assert (found.ended_at - found.started_at).total_seconds() == 2.5
    assert [m["content"] for m in found.messages] == ["Open on Sunday?", "Yes, 9 to 5."]


def test_a_trace_of_the_api_embeds_observations_and_scores(ingest, traces, spans):
    about = score(observationId=f"{1:016x}", comment="Kind")
    made = trace(
        observations=[observation(1)], scores=[about, score(id="sc2", value=1)],
        totalCost=9.0,
    )  # fmt: skip
    ingest([made])
    assert len(spans()) == 2
    found = traces()[TRACE]
    assert {(one.number, one.comment, one.span_id) for one in found.feedback} == {
        (0.5, "Kind", f"{1:016x}"),
        (1.0, None, None),
    }
    assert found.cost_usd == pytest.approx(0.3)  # the trace repeats the sum


@pytest.mark.parametrize(
    ("told", "tokens"),
    [
        ({"usageDetails": {"input": 7, "output": 3}}, (7, 3)),
        (
            {"usageDetails": {"input": 5, "input_cached_tokens": 2, "output": 1,
                              "output_reasoning": 2, "total": 10}},
            (7, 3),
        ),
        ({"usageDetails": '{"input": "7", "output": "3"}'}, (7, 3)),
        ({"usageDetails": [["input", 7], ["output", 3]]}, (7, 3)),
        ({"usageDetails": {"prompt_tokens": 7, "completion_tokens": 3}}, (7, 3)),
        ({"usage": {"input": 7, "output": 3, "total": 10, "unit": "TOKENS"}}, (7, 3)),
        ({"usage": {"promptTokens": 7, "completionTokens": 3}}, (7, 3)),
        ({"usage": {"input": 7, "output": 3, "unit": "CHARACTERS"}}, (None, None)),
        ({"promptTokens": 7, "completionTokens": 3}, (7, 3)),
        ({"inputUsage": 7, "outputUsage": 3, "totalUsage": 10}, (7, 3)),
        ({"inputTokens": 7, "outputTokens": 3}, (7, 3)),
        ({"usageDetails": {"input": 0, "output": 0, "total": 0}}, (None, None)),
        ({}, (None, None)),
    ],
)  # fmt: skip
def test_usage_in_every_generation_of_the_api(ingest, traces, told, tokens):
    bare = {k: v for k, v in observation(1).items() if k != "usageDetails"}
    ingest([{**bare, **told}])
    found = traces()[TRACE]
    assert (found.input_tokens, found.output_tokens) == tokens


@pytest.mark.parametrize(
    ("told", "cost"),
    [
        ({"costDetails": {"total": 0.3}}, 0.3),
        ({"costDetails": {"input": 0.1, "output": 0.2}}, 0.3),
        ({"totalCost": 0.3, "costDetails": {}}, 0.3),
        ({"calculatedTotalCost": "0.3"}, 0.3),
        ({"usage": {"totalCost": 0.3}}, 0.3),
        ({"totalCost": 0, "costDetails": {}}, None),
        ({"totalCost": 0, "costDetails": {"total": 0}}, 0.0),
    ],
)
def test_cost_in_every_generation_of_the_api(ingest, traces, told, cost):
    bare = {k: v for k, v in observation(1).items() if k != "costDetails"}
    ingest([{**bare, **told}])
    assert traces()[TRACE].cost_usd == (cost if cost is None else pytest.approx(cost))


def test_observations_of_the_second_api(ingest, traces, spans, write):
    common = {
        "traceName": "booking", "userId": "u1", "sessionId": "s1", "release": "r7",
        "tags": ["web"], "environment": "prod",
    }  # fmt: skip
    call = observation(2, parent=1, **common)
    call |= {side: json.dumps(call[side]) for side in ("input", "output")}
    root = observation(
        1, "SPAN", 9, isRootObservation=True, input="Open on Sunday?",
        output="Yes, 9 to 5.", metadata={"plan": "free", "long": "x" * 200}, **common,
    )  # fmt: skip
    body = {"data": [call, root], "meta": {"cursor": "abc"}}
    report = ingest(write("page.json", json.dumps(body)))
    assert (report.new, report.spans, report.rejected) == (1, 2, 0)
    found = traces()[TRACE]
    assert (found.input, found.output) == ("Open on Sunday?", "Yes, 9 to 5.")
    assert (found.session_id, found.tags) == ("s1", ["web"])
    assert found.metadata["name"] == "booking"
    assert found.metadata["user_id"] == "u1"
    assert found.metadata["plan"] == "free"
    assert "root" not in found.metadata  # its parent is of another system
    assert spans()[f"{1:016x}"][0] is None


def test_a_root_that_is_not_there_is_marked(ingest, traces):
    ingest([observation(2, parent=1)])
    assert traces()[TRACE].metadata["root"] == "missing"


def as_csv(*rows):
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        cells = {
            k: v if isinstance(v, str) or v is None else json.dumps(v)
            for k, v in row.items()
        }
        writer.writerow(cells)
    return text.getvalue().splitlines()


def table_row(**more):
    said = [{"content": "Too short", "createdAt": START}]
    scores = {"user_rating": [4, 5], "Tone": ["warm"], "unused": []}
    return trace(comments=said, **{**scores, **more})


@pytest.mark.parametrize("sort", ["csv", "json", "jsonl"])
def test_the_exported_table_of_traces(ingest, traces, write, sort):
    row, other = table_row(), table_row(id="t2", user_rating=None, Tone=None)
    if sort == "csv":
        path = write("traces.csv", *as_csv(row, other))
    elif sort == "json":
        path = write("traces.json", json.dumps([row, other], indent=2))
    else:
        path = write("traces.jsonl", json.dumps(row), json.dumps(other))
    report = ingest(path)
    assert (report.format, report.new, report.rejected) == ("langfuse", 2, 0)
    found = traces()[TRACE]
    assert (found.input, found.output) == ("Open on Sunday?", "Yes, 9 to 5.")
    assert (found.tags, found.session_id) == (["web"], "s1")
    assert found.metadata["plan"] == "free"
    assert "bookmarked" not in found.metadata
    said = {(f.name, f.value, f.number, f.comment, f.origin) for f in found.feedback}
    assert said == {
        ("user_rating", "4", 4.0, None, "langfuse"),
        ("user_rating", "5", 5.0, None, "langfuse"),
        ("Tone", "warm", None, None, "langfuse"),
        ("comment", None, None, "Too short", "annotation"),
    }
    assert [one.name for one in traces()["t2"].feedback] == ["comment"]


def test_the_exported_table_of_observations(ingest, traces, write):
    row = observation(
        1, traceName="booking", traceTags=["web"], traceTimestamp=START, userId="u1",
        faithful=[0.5],
    )  # fmt: skip
    report = ingest(write("observations.csv", *as_csv(row)))
    assert (report.format, report.new, report.rejected) == ("langfuse", 1, 0)
    found = traces()[TRACE]
    assert [m["content"] for m in found.messages] == ["Open on Sunday?", "Yes, 9 to 5."]
    assert found.tags == ["web"]
    assert found.metadata["name"] == "booking"
    assert found.feedback == (
        Feedback("faithful", "0.5", 0.5, None, "langfuse", None, f"{1:016x}"),
    )


def snake(record):
    return {
        "".join(f"_{c.lower()}" if c.isupper() else c for c in name): value
        for name, value in record.items()
    }


@pytest.mark.parametrize("sort", ["jsonl", "csv", "parquet"])
def test_files_of_the_blob_storage_export(ingest, traces, write, tmp_path, sort):
    call = snake(observation(1))
    call["provided_model_name"] = call.pop("model")
    call["start_time"] = "2026-03-09 12:25:55.000"
    call |= {"input": json.dumps(call["input"]), "output": json.dumps(call["output"])}
    whole = snake(trace(projectId="p", createdAt=START))
    whole["input"] = json.dumps(whole["input"])
    said = snake(score(projectId="p", stringValue=None, authorUserId="a"))
    files = {"traces": whole, "observations": call, "scores": said}
    paths = []
    for name, record in files.items():
        if sort == "parquet":
            paths.append(tmp_path / f"{name}.parquet")
            as_parquet(record, paths[-1])
        else:
            lines = as_csv(record) if sort == "csv" else [json.dumps(record)]
            paths.append(write(f"{name}.{sort}", *lines))
    report = ingest(paths)
    assert (report.format, report.new, report.spans) == ("langfuse", 1, 2)
    assert report.rejected == 0
    found = traces()[TRACE]
    assert (found.input, found.session_id, found.model) == (
        "Open on Sunday?", "s1", "gpt-4o",
    )  # fmt: skip
    assert (found.input_tokens, found.cost_usd) == (7, pytest.approx(0.3))
    assert found.metadata["user_id"] == "u1"
    assert found.metadata["plan"] == "free"
    assert [(one.name, one.number) for one in found.feedback] == [("polite", 0.5)]


def as_parquet(record, path):
    """Objects are maps there, as a column store writes them."""
    import pyarrow as pa
    from pyarrow import parquet

    kinds = {float: pa.float64(), int: pa.int64()}
    columns = {}
    for name, value in record.items():
        if isinstance(value, dict):
            kind = kinds.get(type(next(iter(value.values()))), pa.string())
            made = pa.array([list(value.items())], pa.map_(pa.string(), kind))
        else:
            made = pa.array([value])
        columns[name] = made
    parquet.write_table(pa.table(columns), path)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"value": 0.5}, ("polite", "0.5", 0.5, "api")),
        (
            {"value": 1, "stringValue": "True", "dataType": "BOOLEAN",
             "source": "EVAL"},
            ("polite", "True", 1.0, "eval"),
        ),
        (
            {"value": 2, "stringValue": "warm", "dataType": "CATEGORICAL"},
            ("polite", "warm", None, "api"),
        ),
        ({"value": "warm", "dataType": "CATEGORICAL"}, ("polite", "warm", None, "api")),
        (
            {"value": 0, "stringValue": "So so", "dataType": "TEXT"},
            ("polite", "So so", None, "api"),
        ),
        (
            {"name": "output", "value": 0, "longStringValue": "Yes, from 10.",
             "dataType": "CORRECTION", "source": "ANNOTATION"},
            ("correction", "Yes, from 10.", None, "annotation"),
        ),
    ],
)  # fmt: skip
def test_scores_of_every_type(ingest, traces, told, expected):
    ingest([trace()])
    report = ingest([score(**told)])
    assert report.rejected == 0
    [said] = traces()[TRACE].feedback
    assert (said.name, said.value, said.number, said.origin) == expected
    assert said.created_at.isoformat() == "2026-03-09T12:25:54.654000"
    ingest([score(**told)])
    assert len(traces()[TRACE].feedback) == 1


def test_scores_of_the_third_api_say_apart_what_they_are_about(ingest, traces):
    bare = {k: v for k, v in score().items() if k != "traceId"}
    about = {"kind": "observation", "id": f"{1:016x}", "traceId": TRACE}
    ingest([download(observation(1))])
    ingest([{**bare, "details": {"comment": "Kind"}, "subject": about}])
    [said] = traces()[TRACE].feedback
    assert (said.comment, said.span_id) == ("Kind", f"{1:016x}")


def test_a_score_of_a_session_is_about_its_traces(ingest, traces):
    ingest([trace(), score(traceId=None, sessionId="s1")])
    assert [said.name for said in traces()[TRACE].feedback] == ["polite"]


def test_what_is_known_about_a_session_is_one_piece_on_however_many_traces(ingest):
    said = [score(traceId=None, sessionId="s1"), score(traceId=None, sessionId="s9")]
    first = ingest([trace(), trace(id="b" * 32, input="And on Monday?"), *said])
    assert (first.new, first.feedback, first.known_feedback) == (2, 2, 0)
    again = ingest(said)
    assert (again.feedback, again.known_feedback, again.rejected) == (0, 1, 1)


def test_comments_of_the_api(ingest, traces):
    made = {"id": "c", "content": "Wrong day", "createdAt": START}
    others = [{"objectType": "SESSION", "objectId": "s1", "content": "Slow", "id": "d"}]
    others += [{"objectType": "PROMPT", "objectId": "p", "content": "v2", "id": "e"}]
    report = ingest(
        [trace(), {**made, "objectType": "TRACE", "objectId": TRACE}, *others]
    )
    assert report.skipped == {"comment on a prompt": 1}
    said = {(one.comment, one.origin) for one in traces()[TRACE].feedback}
    assert said == {("Wrong day", "annotation"), ("Slow", "annotation")}


def test_scores_that_are_about_no_trace(ingest, rejects):
    runs = score(traceId=None, datasetRunId="run 1")
    report = ingest([trace(), runs, score(traceId=None), score(traceId="other")])
    assert report.skipped == {"score of a dataset run": 1}
    reasons = [reason for _, _, reason in rejects()]
    assert len(reasons) == 2
    assert "the score names no trace, observation or session" in reasons
    assert any("is not in the project" in reason for reason in reasons)


def test_an_error_of_the_root_is_the_error_of_the_trace(ingest, traces):
    failed = observation(1, level="ERROR", statusMessage="rate limit", output=None)
    ingest([download(failed, output=None)])
    assert traces()[TRACE].error == "rate limit"


def test_an_error_further_down_is_told_apart(ingest, traces):
    tool = observation(2, "TOOL", 1, level="ERROR", statusMessage="timeout")
    ingest([download(observation(1, "SPAN"), tool)])
    found = traces()[TRACE]
    assert (found.error, found.metadata["child_error"]) == (None, "timeout")


def test_the_answer_of_the_root_counts_where_the_trace_says_none(ingest, traces):
    root = observation(1, "SPAN", input="Open?", output={"answer": "Yes."})
    ingest([download(root, input=None, output=None)])
    found = traces()[TRACE]
    assert (found.input, found.output) == ("Open?", "Yes.")


def test_a_broken_observation_leaves_the_others(ingest, traces, rejects):
    report = ingest(
        [
            download(
                observation(1),
                observation(2, id=None),
                observation(3, startTime="soon"),
                "o4",
                7,
            )
        ]
    )
    assert (report.new, report.spans) == (1, 2)
    assert [reason for _, _, reason in rejects()] == [
        "observations[1]: the observation has no id",
        "observations[2]: 'soon' is no time; ISO 8601 or a Unix time is",
        "observations[3]: an item of observations is a number, not an object",
    ]


def test_what_is_none_of_langfuse_is_said(ingest, rejects):
    with_none = {**trace(), "id": ""}
    report = ingest([trace(), with_none, {"x": 1}], format="langfuse")
    assert report.new == 1
    assert [reason for _, _, reason in rejects()] == [
        "the trace has no id",
        "neither a trace, an observation nor a score of Langfuse; the record has x",
    ]


@pytest.mark.parametrize(
    "record",
    [
        {"id": "a", "timestamp": START, "session_id": "s", "user_id": "u",
         "version": "1", "environment": "prod", "input": "Hi", "output": "Ho"},
        {"id": "a", "trace_id": "t", "type": "llm", "start_time": START,
         "input": "Hi", "output": "Ho"},
        {"id": "a", "name": "x", "value": 3, "source": "user", "input": "Hi",
         "output": "Ho"},
        {"id": "a", "name": ["x"], "value": 3, "source": ["API"], "dataType": {},
         "objectType": [], "type": [], "traceId": ["t"], "startTime": START,
         "input": "Hi", "output": "Ho"},
    ],
)  # fmt: skip
def test_other_tables_are_left_to_others(ingest, record):
    assert ingest([record]).format != "langfuse"


def test_an_id_in_capitals_is_one_trace_and_is_kept(ingest, traces):
    ingest([trace(id=TRACE.upper()), observation(1)])
    found = traces()
    assert list(found) == [TRACE]
    assert found[TRACE].metadata["source_id"] == TRACE.upper()


def test_a_state_of_a_graph_is_the_conversation_where_no_model_call_is(ingest, traces):
    said = [{"type": "human", "content": "Hi"}, {"type": "ai", "content": "Hello"}]
    asked, state = {"messages": said[:1]}, {"messages": said}
    ingest([download(input=json.dumps(asked), output=json.dumps(state))])
    found = traces()[TRACE]
    assert [(m["role"], m["content"]) for m in found.messages] == [
        ("user", "Hi"),
        ("assistant", "Hello"),
    ]


def test_calls_that_are_told_only_what_is_new_make_one_conversation(ingest, traces):
    call = {"type": "function_call", "call_id": "c", "name": "hours", "arguments": "{}"}
    result = {"type": "function_call_output", "call_id": "c", "output": "9 to 5"}
    first = observation(
        1, input=[{"role": "user", "content": "Open on Sunday?"}], output=[call]
    )
    second = observation(3, input=[result])
    tool = observation(2, "TOOL", name="hours", input={}, output="9 to 5")
    ingest([download(first, tool, second)])
    assert [(m["role"], m["content"]) for m in traces()[TRACE].messages] == [
        ("user", "Open on Sunday?"),
        ("assistant", ""),
        ("tool", "9 to 5"),
        ("assistant", "Yes, 9 to 5."),
    ]


def test_of_one_call_recorded_twice_the_fuller_is_shown(ingest, traces):
    called = {"role": "assistant", "content": "", "tool_calls": [
        {"id": "c", "function": {"name": "hours", "arguments": "{}"}}]}  # fmt: skip
    full = [
        {"role": "user", "content": "Open on Sunday?"},
        called,
        {"role": "tool", "content": "9 to 5", "tool_call_id": "c"},
    ]
    ingest([download(observation(1, input=full), observation(2, parent=1))])
    assert [m["role"] for m in traces()[TRACE].messages] == [
        "user", "assistant", "tool", "assistant",
    ]  # fmt: skip


def test_calls_that_are_the_whole_output_are_calls(ingest, traces, rejects):
    call = {"toolCallId": "c1", "toolName": "weather", "input": '{"city": "Oslo"}'}
    asked = {"prompt": "Is it warm in Oslo?"}
    talk = [{"role": "user", "content": [{"type": "text", "text": asked["prompt"]}]}]
    outer = observation(1, input=asked, output=[call])
    inner = observation(2, parent=1, input=talk, output=json.dumps([call]))
    tool = observation(3, "TOOL", 1, name="weather", input={"city": "Oslo"}, output="4")
    ingest([download(outer, inner, tool, input=asked, output=[call])])
    assert rejects() == []
    (one,) = traces().values()
    assert one.messages == [
        {"role": "user", "content": asked["prompt"]},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {"id": "c1", "name": "weather", "arguments": {"city": "Oslo"}}
            ],
        },
        {"role": "tool", "content": "4", "tool_call_id": "c1"},
    ]
    assert (one.input, one.output) == (asked["prompt"], None)
