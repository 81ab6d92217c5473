"""JSON as people have it: every arrangement, and every kind of dirt."""

from __future__ import annotations

import json

import pytest
from fakes import chat

from erroranalysis.errors import IngestError

ONE, TWO = chat("one", "Hi", "Hello"), chat("two", "A", "B\n{[\"'")


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ONE) + "\n" + json.dumps(TWO),
        json.dumps(ONE) + "\n\n  \n" + json.dumps(TWO) + "\n\n",
        json.dumps(ONE) + "\r\n" + json.dumps(TWO) + "\r\n",
        json.dumps([ONE, TWO]),
        json.dumps([ONE, TWO], indent=2),
        json.dumps(ONE, indent=1) + "\n" + json.dumps(TWO, indent=1),
        json.dumps(ONE, indent=1) + "\n\x1e" + json.dumps(TWO, indent=1),
        json.dumps(ONE) + json.dumps(TWO),
        json.dumps(ONE) + ",\n" + json.dumps(TWO) + ",\n",
        json.dumps([ONE]) + "\n" + json.dumps([TWO]),
        json.dumps({"traces": [ONE, TWO]}),
        json.dumps({"exported": "today", "n": 2, "traces": [ONE, TWO]}, indent=4),
        json.dumps({"page": 1, "data": [ONE]}) + "\n" + json.dumps({"data": [TWO]}),
    ],
    ids=[
        "lines", "blank lines", "crlf", "array", "pretty array", "pretty objects",
        "record separators", "no separator", "lines with commas", "two arrays",
        "wrapper", "pretty wrapper", "wrappers on lines",
    ],
)  # fmt: skip
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"], ids=["", "bom"])
def test_every_arrangement_gives_the_same_traces(ingest, write, traces, text, bom):
    report = ingest(write("a.json", bom + text.encode()))
    assert (report.new, report.rejected, report.format) == (2, 0, "chat")
    assert traces()["two"].output == "B\n{[\"'"


def test_one_pretty_printed_object_is_one_trace(ingest, write, traces):
    ingest(write("a.json", json.dumps(ONE, indent=2)))
    assert list(traces()) == ["one"]


def test_a_record_with_a_list_of_its_own_is_not_opened(ingest, write, traces):
    record = {
        "question": "Pets?",
        "answer": "Yes",
        "documents": [{"question": "x", "answer": "y"}],
    }
    assert ingest(write("a.json", json.dumps(record))).new == 1
    [trace] = traces().values()
    assert trace.output == "Yes"
    assert trace.messages[0]["name"] == "context"


def test_bad_lines_are_kept_with_file_line_and_reason(ingest, write, store, rejects):
    path = write(
        "a.jsonl",
        json.dumps(ONE),
        '{"id": "x", "messages": [',
        "[1, 2]",
        '{"id": "y", "messages": []}',
        '{"id": "z", "text": "no messages"}',
        '{"id": "w", "messages": [{"role": "boss", "content": "Hm"}]}',
        json.dumps(TWO),
        '{"id": "cut", "messages": [{"role": "us',
    )
    report = ingest(path)
    assert (report.new, report.rejected) == (2, 6)
    found = {line: reason for file, line, reason in rejects() if file == "a.jsonl"}
    assert list(found) == [2, 3, 4, 5, 6, 8]
    assert "not valid JSON" in found[2]
    assert found[3] == "the record is a list, not an object"
    assert found[4] == "messages is an empty list"
    assert "the record has id, text" in found[5]
    assert "role 'boss'; known: system" in found[6]
    assert sum(report.reasons.values()) == 6
    raw = store.traces.rejects().filter(line=8)["raw"].item()
    assert raw == '{"id": "cut", "messages": [{"role": "us'


def test_bad_elements_of_an_array_have_their_line(ingest, write, rejects):
    text = f"[\n{json.dumps(ONE)},\n\n3,\n{{'a': 1}},\n{json.dumps(TWO)},\n{{\n"
    report = ingest(write("a.json", text.encode()))
    assert report.new == 2
    found = [(line, reason.split(";")[0]) for _, line, reason in rejects()]
    assert found == [
        (4, "not an object"),
        (5, found[1][1]),
        (7, "the file ends in the middle of this record"),
    ]
    assert found[1][1].startswith("not valid JSON")


def test_a_bad_first_line_does_not_hide_the_lines(ingest, write, rejects):
    path = write("a.jsonl", "# exported today", '{"cut": ', json.dumps(ONE))
    assert ingest(path).new == 1
    assert [line for _, line, _ in rejects()] == [1, 2]


def test_a_record_in_a_wrapper_says_which_it_is(ingest, write, rejects):
    path = write("a.json", json.dumps({"traces": [ONE, {"id": 1}, TWO]}))
    assert ingest(path).new == 2
    [(_, line, reason)] = rejects()
    assert line == 1
    assert reason.startswith("traces[1]: ")


@pytest.mark.parametrize(
    ("content", "becomes"),
    [
        ('"caf\\u0000e"', "caf\ufffde"),
        ('"a\\ud83db"', "a?b"),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ('"tab\\tnew\\nline"', "tab\tnew\nline"),
        ("NaN", ""),
        ('{"a": -Infinity, "b": 1}', '{"a":null,"b":1}'),
        ('{"a": 1, "a": 2}', '{"a":2}'),
        ("18446744073709551615", "18446744073709551615"),
        ("true", "true"),
    ],
)
def test_what_other_parsers_refuse(ingest, write, traces, content, becomes):
    text = f'{{"id": "x", "messages": [{{"role": "user", "content": {content}}}]}}'
    assert ingest(write("a.jsonl", json.dumps(ONE), text)).rejected == 0
    assert traces()["x"].messages[0]["content"] == becomes


def test_huge_whole_numbers_keep_their_digits(ingest, write, traces):
    number = 123456789012345678901234567890
    messages = json.dumps(ONE["messages"])
    line = f'{{"id": {number}, "n": {2**63}, "m": {number}, "messages": {messages}}}'
    count = {"usage": {"prompt_tokens": 2**63, "completion_tokens": 3}}
    path = write("a.jsonl", line, json.dumps({**ONE, **count}))
    assert ingest(path).rejected == 0
    trace = traces()[str(number)]
    assert trace.metadata == {"n": 2**63, "m": str(number)}
    assert (traces()["one"].input_tokens, traces()["one"].output_tokens) == (None, 3)


@pytest.mark.parametrize("depth", [300, 900, 1_100, 100_000])
def test_deep_nesting_is_one_bad_record(ingest, write, rejects, depth):
    deep = '{"id": "d", "x": %s, "messages": [{"role": "user", "content": "Hi"}]}'
    deep %= "[" * depth + "]" * depth
    path = write("a.jsonl", json.dumps(ONE), deep, json.dumps(TWO))
    report = ingest(path)
    assert (report.new, report.rejected) == (2, 1)
    assert rejects() == [("a.jsonl", 2, "nested too deeply")]
    array = path.with_name("b.json")
    array.write_text(f"[{json.dumps(ONE)}, {deep}]")
    assert ingest(array).rejected == 1


def test_invalid_utf8_is_one_bad_record(ingest, write, rejects):
    bad = json.dumps(TWO).encode().replace(b"B", b"\xff\xfe")
    path = write("a.jsonl", json.dumps(ONE).encode() + b"\n" + bad + b"\n")
    assert ingest(path).new == 1
    [(_, line, reason)] = rejects()
    assert (line, reason.startswith("not valid UTF-8")) == (2, True)


def test_a_very_long_line_is_a_record(ingest, write, traces):
    long = chat("long", "x" * 3_000_000, '"\\{[' * 100_000)
    path = write("a.jsonl", json.dumps(long), "{bad", json.dumps(ONE))
    report = ingest(path)
    assert (report.new, report.rejected) == (2, 1)
    assert traces()["long"].messages == long["messages"]
    array = path.with_name("b.json")
    array.write_text(json.dumps([long, ONE], indent=1))
    assert ingest(array).duplicate == 2


def test_a_file_of_another_kind_than_its_name(ingest, write):
    assert ingest(write("a.csv", json.dumps(ONE))).format == "chat"
    assert ingest(write("b.json", "question,answer", "Open?,Yes")).format == "flat"


def test_mixed_shapes_go_by_the_most_particular_one(ingest, write, rejects):
    lines = [json.dumps(chat(f"c{i}", "Hi", f"{i}")) for i in range(4)]
    flat = json.dumps({"question": "Open?", "answer": "Yes"})
    path = write("a.jsonl", flat, *lines, flat)
    report = ingest(path)
    assert (report.format, report.new, report.rejected) == ("chat", 4, 2)
    assert [line for _, line, _ in rejects()] == [1, 6]
    assert "it looks like format='flat'" in rejects()[0][2]
    assert ingest(path, format="flat").new == 1


def test_a_json_file_without_objects_is_refused(ingest, write, unchanged):
    with pytest.raises(IngestError, match="not an object"):
        ingest(write("a.json", "[1, 2, 3]"))
    with pytest.raises(IngestError, match="holds no records"):
        ingest(write("b.json", "[]"))
    unchanged()
