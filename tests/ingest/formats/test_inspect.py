"""Inspect AI: logs in JSON and in archives, old and new, whole and broken."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from datetime import datetime

import pyarrow as pa
import pytest

from erroranalysis.errors import IngestError
from erroranalysis.ingest.archives.inspect_eval import looks_like_eval, records

LONG = "A system prompt that is too long to be repeated in every event."
PICTURE = "data:image/png;base64,iVBORw0KGgo="
MD5, PICTURE_MD5 = "0a" * 16, "0b" * 16
USED = {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}


def at(second):
    return f"2026-11-20T18:24:{second:02}+00:00"


def event(kind, second, **more):
    return {"event": kind, "timestamp": at(second), "uuid": f"u{second}", **more}


SYSTEM = {"id": "m1", "role": "system", "content": f"attachment://{MD5}"}
USER = {
    "id": "m2",
    "role": "user",
    "source": "input",
    "content": [
        {"type": "text", "text": "Open on Sunday?"},
        {"type": "image", "image": f"attachment://{PICTURE_MD5}", "detail": "auto"},
    ],
}
ASKS = {
    "id": "m3",
    "role": "assistant",
    "content": [{"type": "reasoning", "reasoning": "Better look."}],
    "tool_calls": [{"id": "c", "function": "find", "arguments": {"n": 1}}],
}
FAILS = {
    "id": "m4",
    "role": "tool",
    "tool_call_id": "c",
    "function": "find",
    "content": "so far",
    "error": {"type": "timeout", "message": "60 seconds are over"},
}
SAYS = {"id": "m5", "role": "assistant", "content": "Yes"}
TOOLS = [{"name": "find", "description": "looks"}]


def output(message, **more):
    return {"model": "m-1", "choices": [{"message": message, **more}], "usage": USED}


def events():
    return [
        event("span_begin", 1, id="s1", type="solver", name="react", span_id="s1"),
        event("state", 2, span_id="s1", changes=["copies of messages"]),
        event(
            "model", 3, span_id="s1", model="p/m", tools=TOOLS, input=[],
            input_refs=[[0, 2]], output=output(ASKS), completed=at(4),
            call={"request": {}, "response": {}},
        ),
        event("span_begin", 5, id="s2", parent_id="s1", type="tool", name="find"),
        event(
            "tool", 4, span_id="s1", id="c", function="find", arguments={"n": 1},
            result="so far", error=FAILS["error"], completed=at(7), events=[],
        ),
        event("sandbox", 6, span_id="s2", action="exec", cmd="ls", output="a b"),
        event("span_end", 6, span_id="s2", id="s2"),
        event(
            "model", 8, span_id="s1", model="p/m", tools=TOOLS, input=[],
            input_refs=[[0, 4]], output=output(SAYS, stop_reason="stop"),
        ),
        event("span_end", 9, span_id="s1", id="s1"),
        event("info", 9, data="a remark"),
        event("score", 10, scorer="match", score={"value": "C", "answer": "Yes"}),
    ]  # fmt: skip


def sample(**more):
    return {
        "id": 1,
        "epoch": 2,
        "input": [USER],
        "target": "yes",
        "messages": [SYSTEM, USER, ASKS, FAILS, SAYS],
        "output": {**output(SAYS, stop_reason="stop"), "completion": "Yes"},
        "scores": {"match": {"value": "C", "answer": "Yes", "explanation": "It fits."}},
        "metadata": {"kind": "hours", "epoch": "of the data"},
        "store": {"much": "state"},
        "events": events(),
        "model_usage": {"p/m": USED, "p/judge": {**USED, "total_cost": 0.25}},
        "started_at": at(1),
        "completed_at": at(11),
        "uuid": "sample-uuid",
        "error_retries": [],
        "attachments": {MD5: LONG, PICTURE_MD5: PICTURE},
        "events_data": {"messages": [SYSTEM, USER, ASKS, FAILS], "calls": []},
        **more,
    }


def log(*samples, **more):
    head = {
        "eval_id": "e1",
        "run_id": "r1",
        "task_id": "t1",
        "created": at(0),
        "task": "hours",
        "model": "p/m",
        "dataset": {"name": "guests"},
        "packages": {"inspect_ai": "0.3.285"},
        "revision": {"commit": "abc"},
        "tags": ["nightly"],
    }
    plan = {"steps": [{"solver": "use_tools"}, {"solver": "generate"}]}
    made = {"version": 2, "status": "success", "eval": head, "plan": plan, **more}
    return {**made, "samples": list(samples)}


def bare(**more):
    """A sample as the logs of 2024 have it: no ids, no times."""
    given = sample(**more)
    for name in ("uuid", "started_at", "completed_at", "events_data", "model_usage"):
        given.pop(name, None)
    return given


# ---- what a sample becomes


def test_a_sample_is_a_trace(ingest, traces):
    report = ingest([log(sample())])
    assert (report.format, report.new, report.rejected) == ("inspect", 1, 0)
    found = traces()["sample-uuid"]
    call = {"id": "c", "name": "find", "arguments": {"n": 1}}
    assert found.messages == [
        {"role": "system", "content": LONG},
        {
            "role": "user",
            "content": "Open on Sunday?",
            "attachments": [{"type": "image", "ref": PICTURE}],
        },
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [call],
            "reasoning": "Better look.",
        },
        {
            "role": "tool",
            "content": "so far\n\nerror (timeout): 60 seconds are over",
            "tool_call_id": "c",
            "name": "find",
        },
        {"role": "assistant", "content": "Yes"},
    ]
    assert (found.input, found.output) == ("Open on Sunday?", "Yes")
    assert (found.session_id, found.model, found.tags) == ("r1", "p/m", ["nightly"])
    assert (found.input_tokens, found.output_tokens) == (10, 4)
    assert (found.cost_usd, found.error) == (0.25, None)
    assert found.started_at == datetime(2026, 11, 20, 18, 24, 1)
    assert found.ended_at == datetime(2026, 11, 20, 18, 24, 11)
    assert found.metadata == {
        "task": "hours",
        "eval_id": "e1",
        "eval_status": "success",
        "eval_created": at(0),
        "dataset": "guests",
        "solver": "use_tools, generate",
        "revision": "abc",
        "inspect_ai": "0.3.285",
        "sample_id": 1,
        "epoch": 2,
        "target": "yes",
        "stop_reason": "stop",
        "response_model": "m-1",
        "kind": "hours",
        "metadata.epoch": "of the data",
    }


def test_the_events_are_spans(ingest, store):
    ingest([log(sample())])
    rows = store.query(
        "SELECT span_id, parent_id, kind, name, status, input, output, attributes,"
        " epoch_ns(started_at) AS start, epoch_ns(ended_at) AS until FROM spans"
        " ORDER BY start"
    ).rows(named=True)
    by_id = {row["span_id"]: row for row in rows}
    assert {name: (row["parent_id"], row["kind"]) for name, row in by_id.items()} == {
        "s1": (None, "solver"),
        "u3": ("s1", "llm"),
        "s2": ("s1", "tool"),
        "u6": ("s2", "sandbox"),
        "u8": ("s1", "llm"),
        "u9": (None, "event"),
        "u10": (None, "evaluator"),
    }
    tool = by_id["s2"]  # its event and the span around it are one
    assert (tool["name"], tool["status"]) == ("find", "error")
    assert (tool["input"], tool["output"]) == ('{"n":1}', "so far")
    assert tool["until"] - tool["start"] == 3_000_000_000
    assert (by_id["u6"]["input"], by_id["u6"]["output"]) == ("ls", "a b")
    assert by_id["u10"]["output"] == "C"


def test_a_model_call_shows_the_messages_that_are_new(ingest, store):
    ingest([log(sample())])
    rows = store.query(
        "SELECT input, output, attributes FROM spans WHERE kind = 'llm' ORDER BY"
        " started_at"
    ).rows()
    first, second = [json.loads(row[0]) for row in rows]
    assert [message["content"] for message in first] == [LONG, "Open on Sunday?"]
    # the picture is in the trace; here its name is enough
    assert first[1]["attachments"][0]["ref"] == f"attachment://{PICTURE_MD5}"
    assert [message["role"] for message in second] == ["tool"]
    assert json.loads(rows[0][1])["tool_calls"][0]["name"] == "find"
    assert rows[1][1] == "Yes"
    about = [json.loads(row[2]) for row in rows]
    assert about[0]["tools"] == TOOLS
    assert about[1]["tools"] == ["find"]
    assert (about[1]["earlier_messages"], about[1]["stop_reason"]) == (3, "stop")
    assert about[0]["usage"] == USED
    assert "call" not in about[0]


def test_scores_are_feedback(ingest, store):
    scores = {
        "match": {"value": "C", "answer": "Yes", "explanation": "It fits."},
        "same": {"value": "P", "answer": "Yes", "explanation": "Yes\n"},
        "word": {"value": "polite"},
        "many": {"value": {"tone": 0.5, "right": True}, "explanation": "Both."},
        "list": {"value": [1, 2]},
        "none": {"value": None},
        "edited": {
            "value": "I",
            "explanation": "first",
            "history": [
                {"value": "C"},
                {
                    "value": "I",
                    "provenance": {
                        "author": "anna", "reason": "second look", "timestamp": at(40),
                    },
                },
            ],
        },
        "plain": 3,
    }  # fmt: skip
    ingest([log(sample(scores=scores))])
    rows = store.traces.feedback()
    columns = ("name", "value", "number", "comment", "origin")
    assert sorted(rows.select(*columns).rows()) == [
        ("edited", "I", 0.0, "second look", "anna"),
        ("list", "[1,2]", None, None, "list"),
        ("match", "C", 1.0, "answer: Yes\n\nIt fits.", "match"),
        ("plain", "3", 3.0, None, "plain"),
        ("right", "true", 1.0, "Both.", "many"),
        ("same", "P", 0.5, "Yes\n", "same"),
        ("tone", "0.5", 0.5, "Both.", "many"),
        ("word", "polite", None, None, "word"),
    ]
    when = dict(rows.select("name", "created_at").rows())
    assert when["match"] == datetime(2026, 11, 20, 18, 24, 10)
    assert when["edited"] == datetime(2026, 11, 20, 18, 24, 40)


def test_one_score_as_the_first_logs_have_it(ingest, traces):
    given = bare(score={"value": "I", "answer": "No"})
    del given["scores"]
    ingest([log(given, results={"scores": [{"name": "match"}]})])
    [found] = traces().values()
    [item] = found.feedback
    assert (item.name, item.number, item.comment) == ("match", 0.0, "No")


def test_epochs_without_ids_are_traces_of_their_own(ingest, traces):
    old = log(bare(epoch=1), bare(epoch=2))
    assert ingest([old]).new == 2
    assert sorted(traces()) == ["e1_1_1", "e1_1_2"]
    del old["eval"]["eval_id"]
    ingest([old])
    assert {"r1_t1_1_1", "r1_t1_1_2"} < set(traces())


def test_times_of_the_first_and_last_event(ingest, traces):
    ingest([log(bare())])
    [found] = traces().values()
    assert found.started_at == datetime(2026, 11, 20, 18, 24, 1)
    assert found.ended_at == datetime(2026, 11, 20, 18, 24, 10)


def test_tokens_of_the_calls_where_no_sum_is_given(ingest, traces):
    ingest([log(bare())])
    assert [one.input_tokens for one in traces().values()] == [10]
    ingest([log(bare(id=2, events=[]))])
    assert traces()["e1_2_2"].input_tokens == 5


def test_an_error_of_the_sample(ingest, traces):
    error = {"message": "ValueError('boom')", "traceback": "…", "traceback_ansi": "…"}
    given = sample(error=error, scores={}, output={"model": "p/m", "choices": []})
    given["events"].append(event("error", 12, error=error))
    given["messages"] = given["messages"][:2]
    ingest([log(given, status="error")])
    found = traces()["sample-uuid"]
    assert (found.error, found.output) == ("ValueError('boom')", None)
    assert found.metadata["eval_status"] == "error"
    assert found.feedback == ()


def test_a_limit_and_a_retry_are_told(ingest, traces):
    limit = {"type": "message", "limit": 30}
    ingest([log(sample(limit=limit, error_retries=[{"message": "x"}]))])
    found = traces()["sample-uuid"].metadata
    assert (found["limit"], found["retries"]) == (limit, 1)


def test_the_input_may_be_text(ingest, traces):
    ingest([log(sample(input=f"attachment://{MD5}"))])
    assert traces()["sample-uuid"].input == LONG


def test_without_messages_the_input_and_the_output_are_the_conversation(ingest, traces):
    ingest([log(sample(input="Hi", messages=[]))])
    assert [m["content"] for m in traces()["sample-uuid"].messages] == ["Hi", "Yes"]


def test_parts_of_messages(ingest, traces):
    said = {
        "role": "assistant",
        "content": [
            {"type": "reasoning", "reasoning": "gibberish", "redacted": True},
            {
                "type": "tool_use", "tool_type": "web_search", "id": "w", "name": "web",
                "arguments": '{"q": "hours"}', "result": "9 to 5",
            },
            {"type": "text", "text": "Nine to five."},
            {"type": "audio", "audio": "data:audio/mp3;base64,AA", "format": "mp3"},
            {"type": "document", "document": "hours.pdf"},
        ],
    }  # fmt: skip
    ingest([log(sample(messages=[USER, said]))])
    assert traces()["sample-uuid"].messages[1:] == [
        {
            "role": "assistant",
            "content": "Nine to five.",
            "attachments": [
                {"type": "audio", "ref": "data:audio/mp3;base64,AA"},
                {"type": "file", "ref": "hours.pdf"},
            ],
            "tool_calls": [{"id": "w", "name": "web", "arguments": {"q": "hours"}}],
        },
        {"role": "tool", "content": "9 to 5", "tool_call_id": "w"},
    ]


def test_a_transcript_of_2024(ingest, traces, store):
    transcript = {
        "content": {MD5: LONG},
        "events": [
            {**event("step", 1, action="begin", type="solver", name="generate")},
            event("model", 2, model="p/m", input=[{**SYSTEM, "content": f"tc://{MD5}"}]),
            event("subtask", 3, name="search", input={"q": "a"}, result="b", events=[
                event("logger", 4, message={"level": "info"}),
            ]),
            event("step", 5, action="end", type="solver", name="generate"),
            event("score", 6, score={"value": "C"}),
        ],
    }  # fmt: skip
    for item in transcript["events"]:
        item.pop("uuid")
    given = bare(transcript=transcript)
    del given["events"]
    ingest([log(given)])
    rows = store.query(
        "SELECT kind, name, parent_id, span_id, input, epoch_ns(ended_at) - "
        "epoch_ns(started_at) FROM spans ORDER BY started_at"
    ).rows()
    step, inner = rows[0][3], rows[2][3]
    assert [(row[0], row[1], row[2]) for row in rows] == [
        ("solver", "generate", None),
        ("llm", "p/m", step),
        ("subtask", "search", step),
        ("event", "logger", inner),
        ("evaluator", "score", None),
    ]
    assert rows[0][5] == 4_000_000_000
    assert json.loads(rows[1][4])[0]["content"] == LONG
    assert rows[2][4] == '{"q":"a"}'


def test_a_pool_of_messages_of_2025(ingest, store):
    given = sample(message_pool=[SYSTEM, USER, ASKS, FAILS])
    del given["events_data"]
    ingest([log(given)])
    count = "SELECT count(input) FROM spans WHERE kind = 'llm'"
    assert store.query(count).item() == 2


def test_a_sample_on_its_own(ingest, traces):
    report = ingest([sample()])
    assert (report.format, report.new) == ("inspect", 1)
    assert traces()["sample-uuid"].output == "Yes"


def test_a_log_without_samples_says_what_to_do(ingest, rejects):
    with pytest.raises(IngestError, match=r"'hours' \(status: success\) holds no samp"):
        ingest([log()])
    header = log()
    del header["samples"]
    report = ingest([header, log(sample())])
    assert (report.new, report.rejected) == (1, 1)
    assert "take the whole log, not only its header" in rejects()[0][2]


def test_a_sample_that_cannot_be_read_costs_one_sample(ingest, traces, rejects):
    odd = sample(uuid="odd", messages=[{"role": "narrator", "content": "x"}])
    report = ingest([log(sample(), odd, "text", sample(uuid="last", started_at="x"))])
    assert (report.new, report.rejected) == (1, 3)
    reasons = sorted(reason for *_, reason in rejects())
    assert reasons[0].startswith("samples[1]: message 0 has the role 'narrator'")
    assert reasons[1] == "samples[2]: a sample is text, not an object"
    assert reasons[2].startswith("samples[3]: 'x' is no time")
    assert list(traces()) == ["sample-uuid"]


# ---- archives

ENTRY = "<4sHHHHHIIIHH"
LISTED = "<4sHHHHHHIIIHHHHHII"


def zipped(members, method):
    """An archive; 93 is Zstandard, which ``zipfile`` of Python 3.11 cannot write."""
    buffer = io.BytesIO()
    if method != 93:
        with zipfile.ZipFile(buffer, "w", method) as archive:
            for name, value in members.items():
                archive.writestr(name, json.dumps(value))
        return buffer.getvalue()
    listed = b""
    for name, value in members.items():
        content, place = json.dumps(value).encode(), buffer.tell()
        packed = pa.compress(content, codec="zstd", asbytes=True)
        sizes = (zlib.crc32(content), len(packed), len(content))
        title = name.encode()
        common = (63, 0, 93, 0, 33, *sizes, len(title))
        buffer.write(struct.pack(ENTRY, b"PK\x03\x04", *common, 4))
        buffer.write(title + b"\x99\x99\0\0" + packed)
        listed += struct.pack(LISTED, b"PK\x01\x02", 63, *common, 0, 0, 0, 0, 0, place)
        listed += title
    count, start = len(members), buffer.tell()
    end = struct.pack(
        "<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(listed), start, 0
    )
    return buffer.getvalue() + listed + end


def archive(*samples, method=zipfile.ZIP_DEFLATED, **more):
    head = log()
    del head["samples"]
    members = {"_journal/start.json": {"version": 2, "eval": head["eval"]}}
    for one in samples:
        members[f"samples/{one['id']}_epoch_{one['epoch']}.json"] = one
    members |= {"summaries.json": [], "header.json": head, **more}
    members = {name: value for name, value in members.items() if value is not None}
    return zipped(members, method)


@pytest.mark.parametrize("method", [0, 8, 93])
def test_an_archive_says_the_same_as_the_log(ingest, traces, write, method):
    samples = [sample(), sample(uuid="two", id=2)]
    path = write("log.eval", archive(*samples, method=method))
    report = ingest(path)
    assert (report.format, report.new, report.rejected) == ("inspect", 2, 0)
    assert sorted(traces()) == ["sample-uuid", "two"]
    again = write("log.json", json.dumps(log(*samples), indent=2))
    assert ingest(again).duplicate == 2


def test_an_archive_is_read_sample_by_sample():
    data = archive(sample(), sample(uuid="two", id=2), method=93)
    found = list(records(io.BytesIO(data), "a.eval"))
    assert [(raw.file, raw.part) for raw in found] == [
        ("a.eval", "samples/1_epoch_2.json"),
        ("a.eval", "samples/2_epoch_2.json"),
    ]
    assert [len(raw.value["samples"]) for raw in found] == [1, 1]
    assert found[0].value["eval"]["task"] == "hours"


def test_a_log_under_way_has_no_header(ingest, traces, write):
    ingest(write("log.eval", archive(sample(), **{"header.json": None})))
    assert traces()["sample-uuid"].metadata["eval_status"] == "started"


def test_an_archive_without_any_header_is_its_samples():
    none = {"header.json": None, "_journal/start.json": None}
    [raw] = records(io.BytesIO(archive(sample(), **none)), "a.eval")
    assert raw.value["uuid"] == "sample-uuid"


def test_an_archive_without_samples(ingest, write):
    with pytest.raises(IngestError, match="holds no samples"):
        ingest(write("log.eval", archive()))


@pytest.mark.parametrize("method", [8, 93])
def test_a_broken_sample_costs_one_sample(ingest, traces, rejects, write, method):
    data = bytearray(archive(sample(), sample(uuid="two", id=2), method=method))
    place = data.find(b"samples/1_epoch_2.json") + 60
    data[place : place + 40] = bytes(40)
    report = ingest(write("log.eval", bytes(data)))
    assert (report.new, report.rejected) == (1, 1)
    [(_, _, reason)] = rejects()
    assert reason.startswith("samples/1_epoch_2.json: cannot be unpacked (")
    assert reason.endswith("); copy the log again")
    assert list(traces()) == ["two"]


def test_a_member_that_lies_about_its_size_or_place():
    data = archive(sample(), method=93)
    listed = data.rfind(b"PK\x01\x02", 0, data.find(b"samples/", len(data) // 2))
    short = bytearray(data)
    short[listed + 24 : listed + 28] = struct.pack("<I", 10)
    huge = bytearray(data)
    huge[listed + 24 : listed + 28] = struct.pack("<I", 1 << 31)
    away = bytearray(data)
    away[listed + 42 : listed + 46] = struct.pack("<I", 7)
    locked = bytearray(data)
    locked[listed + 8] |= 1
    reasons = [
        raw.problem
        for bad in (short, huge, away, locked)
        for raw in records(io.BytesIO(bytes(bad)), "a.eval")
    ]
    assert [reason.partition(";")[0] for reason in reasons] == [
        "cannot be unpacked (its content is not what was packed)",
        "unpacks to 2,147,483,648 bytes",
        "cannot be unpacked (its header is missing)",
        "cannot be unpacked (it is encrypted)",
    ]


def test_a_sample_that_is_no_json(write, ingest, rejects):
    data = archive(sample(), **{"samples/x.json": [1]})
    assert ingest(write("log.eval", data)).rejected == 1
    assert rejects()[0][2] == "a sample is a list, not an object"


def test_an_archive_that_is_cut_off():
    data = archive(sample())
    with pytest.raises(IngestError, match=r"copy it again when it has ended"):
        list(records(io.BytesIO(data[:-40]), "a.eval"))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["_journal/start.json"], True),
        (["header.json", "summaries.json"], True),
        (["_journal/summaries/1.json", "samples/1_epoch_1.json"], True),
        (["header.json"], False),
        (["samples/1_epoch_1.json"], False),
        (["logs/a.eval", "logs/b.eval"], False),
        ([], False),
    ],
)
def test_what_looks_like_an_eval(names, expected):
    assert looks_like_eval(names) is expected


# ---- files that Inspect wrote


def members_of(path):
    """The members of an archive; those of method 93 by hand and by way of Arrow."""
    out = {}
    data = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        for item in archive.infolist():
            if item.compress_type == 93:
                start = item.header_offset
                lengths = struct.unpack("<HH", data[start + 26 : start + 30])
                begin = start + 30 + sum(lengths)
                packed = data[begin : begin + item.compress_size]
                content = pa.decompress(
                    packed, item.file_size, codec="zstd", asbytes=True
                )
            else:
                content = archive.read(item)
            out[item.filename] = json.loads(content)
    return out


def samples_of(path):
    if path.suffix == ".json":
        return json.loads(path.read_text("utf-8"))["samples"]
    return [v for k, v in members_of(path).items() if k.startswith("samples/")]


def counted(one):
    """How many steps a sample has; a tool is told by its event and by its span."""
    given = one.get("events")
    if given is None:
        given = one.get("transcript", {}).get("events", [])
    kinds = [(e["event"], e.get("action"), e.get("type")) for e in given]
    copies = {"state", "store", "sample_init", "span_end"}
    steps = [k for k in kinds if k[0] not in copies and k[:2] != ("step", "end")]
    return len(steps) - kinds.count(("span_begin", None, "tool"))


def text_of(content):
    if isinstance(content, str):
        return content
    return "\n\n".join(part["text"] for part in content if part["type"] == "text")


NAMES = [
    "2025-02-11T15-17-00-05-00_popularity_dPiJifoWeEQBrfWsAopzWr.eval",
    "2025-02-11T15-18-04-05-00_popularity_mj7khqpMM4GBCfVQozKgzB.eval",
    "2025-05-12T20-28-13-04-00_popularity.json",
    "2025-05-12T20-28-26-04-00_security-guide.json",
    "agent_task.eval",
    "agent_task.json",
    "log_formats.eval",
    "log_formats.json",
    "log_images.json",
    "log_images_tc.json",
    "log_message_deduplication.eval",
    "log_read_sample.eval",
    "log_read_sample.json",
    "log_streaming.eval",
    "log_tool_call_error.json",
    "status_error.eval",
]


@pytest.mark.shared_data
@pytest.mark.parametrize("name", NAMES)
def test_real_logs(ingest, traces, store, shared_data, name):
    path = shared_data / "formats" / "inspect" / name
    raw = samples_of(path)
    report = ingest(path)
    assert (report.format, report.new, report.rejected) == ("inspect", len(raw), 0)
    found = list(traces().values())
    assert sum(len(one.messages) for one in found) == sum(
        len(one["messages"]) for one in raw
    )
    assert store.query("SELECT count(*) FROM spans").item() == sum(map(counted, raw))
    assert store.query("SELECT count(*) FROM feedback").item() == sum(
        len(one.get("scores") or {}) for one in raw
    )
    by_place = {(t.metadata["sample_id"], t.metadata["epoch"]): t for t in found}
    for one in raw:
        check_real(by_place[one["id"], one["epoch"]], one)
    assert ingest(path).duplicate == len(raw)


def check_real(found, raw):
    given = raw["input"]
    assert found.input == (
        given if isinstance(given, str) else text_of(given[-1]["content"])
    )
    if raw.get("output"):
        answer = raw["output"]["choices"][0]["message"]["content"]
        assert found.output == text_of(answer)
    assert found.metadata["target"] == raw["target"]
    assert found.error == (raw["error"]["message"] if raw.get("error") else None)
    if usage := raw.get("model_usage"):
        assert found.input_tokens == sum(use["input_tokens"] for use in usage.values())
    for message, one in zip(found.messages, raw["messages"], strict=True):
        assert message["role"] == one["role"]
        assert text_of(one["content"]).strip() in message["content"]
        if error := one.get("error"):
            assert message["content"].endswith(error["message"])
        calls = one.get("tool_calls") or []
        assert [(c["name"], c["arguments"]) for c in message.get("tool_calls", [])] == [
            (c["function"], c["arguments"]) for c in calls
        ]
    told = [(item.name, item.value) for item in found.feedback]
    scores = raw.get("scores") or {}
    assert told == [(name, str(score["value"])) for name, score in scores.items()]


@pytest.mark.shared_data
def test_a_real_log_in_both_containers_is_the_same(ingest, shared_data):
    folder = shared_data / "formats" / "inspect"
    assert ingest(folder / "log_formats.json").new == 1
    assert ingest(folder / "log_formats.eval").duplicate == 1


@pytest.mark.shared_data
def test_a_real_log_without_samples(ingest, shared_data, unchanged):
    path = (
        shared_data
        / "formats"
        / "inspect"
        / "2025-05-12T20-28-13-04-00_no-samples.json"
    )
    with pytest.raises(
        IngestError, match=r"'testtaskname' \(status: cancelled\) holds"
    ):
        ingest(path)
    unchanged()


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["log_images.json", "log_images_tc.json"])
def test_real_pictures_are_attachments_once(ingest, traces, store, shared_data, name):
    path = shared_data / "formats" / "inspect" / name
    ingest(path)
    [found] = traces().values()
    [picture] = found.messages[1]["attachments"]
    assert picture["type"] == "image"
    assert picture["ref"].startswith("data:image/png;base64,iVBORw0KGgo")
    said = samples_of(path)[0]
    [whole] = [
        text
        for text in (said.get("attachments") or said["transcript"]["content"]).values()
        if text.startswith("data:image")
    ]
    assert picture["ref"] == whole
    assert found.messages[1]["content"] == "What is this a picture of?"
    texts = "SELECT max(length(input)) + max(length(attributes::VARCHAR)) FROM spans"
    assert store.query(texts).item() < 2_000


@pytest.mark.shared_data
def test_a_real_pool_of_messages(ingest, store, shared_data):
    """Every message of the pool is shown by one call, those in between by none."""
    folder = shared_data / "formats" / "inspect"
    ingest(folder / "log_message_deduplication.eval")
    inputs = store.query(
        "SELECT input FROM spans WHERE kind = 'llm' ORDER BY started_at"
    )["input"]
    [raw] = samples_of(folder / "log_message_deduplication.eval")
    first = json.loads(inputs[0])
    assert first == [{"role": "user", "content": "Guess the number"}]
    refs = [e["input_refs"] for e in raw["events"] if e["event"] == "model"]
    assert len(inputs) == len(refs)
    shown = [message for text in inputs for message in json.loads(text)]
    tools = [m for m in raw["messages"] if m["role"] == "tool"]
    assert [m["content"] for m in shown if m["role"] == "tool"] == [
        m["content"] for m in tools
    ]


@pytest.mark.shared_data
def test_a_real_run_that_failed(ingest, traces, shared_data):
    ingest(shared_data / "formats" / "inspect" / "status_error.eval")
    found = traces()["WGaMTgfHeeG6dbdYmbzqGE"]
    assert found.error == "ValueError('tool blew up')"
    assert (found.input, found.metadata["eval_status"]) == ("Look at this", "error")
    assert found.metadata["kind"] == "order"
    assert (found.input_tokens, found.model) == (120, "mockllm/model")
