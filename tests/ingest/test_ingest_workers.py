"""What several processes read is what one would have read."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from fakes import chat

from erroranalysis.errors import IngestError
from erroranalysis.ingest import otlp_protobuf, shares, workers
from erroranalysis.store import Store
from erroranalysis.store.loads import load, look

FACTS = ("new", "extended", "duplicate", "rejected", "spans", "known_spans")
FACTS += ("feedback", "records", "format", "columns", "skipped", "warnings")


@pytest.fixture
def compare(tmp_path, monkeypatch):
    """Import a source by one process and by several; return the second report."""

    def compared(source, *, cores=2, **options):
        results = []
        for smallest in (1 << 40, 1):
            monkeypatch.setattr(shares, "_WORTH_IT", smallest)
            monkeypatch.setattr(shares, "_SMALLEST", smallest)
            monkeypatch.setattr(shares, "_cores", lambda: cores)
            store = Store(tmp_path / f"{smallest}.duckdb")
            report = asdict(load(store, source, progress=False, **options))
            traces = store.query("SELECT * EXCLUDE load_id FROM traces ORDER BY id")
            spans = store.query("SELECT * EXCLUDE load_id FROM spans ORDER BY ALL")
            rejects = store.query("SELECT * EXCLUDE load_id FROM rejects ORDER BY ALL")
            facts = {name: report[name] for name in FACTS}
            results.append((facts, traces.rows(), spans.rows(), rejects.rows()))
            again = load(store, source, progress=False, **options)
            assert (again.new, again.extended, again.spans) == (0, 0, 0)
            store.close()
        assert results[0] == results[1]
        return results[1]

    return compared


def test_a_file_of_lines_is_cut_and_nothing_is_lost(compare, write):
    lines = [json.dumps(chat(f"t{i}", f"Ask {i} é", "Said")) for i in range(900)]
    lines[700] = "{broken"
    lines[650] = json.dumps(chat("t3", "Another question", "Said"))  # t3 came first
    lines[20] = ""
    facts, traces, _, rejects = compare(write("a.jsonl", *lines))
    assert (facts["new"], facts["rejected"], facts["records"]) == (897, 2, 899)
    assert [(line, reason[:15]) for _, line, reason, _ in rejects] == [
        (651, "the id is alrea"),
        (701, "not valid JSON:"),
    ]
    assert {row[0]: row[5] for row in traces}["t3"] == "Ask 3 é"


def test_there_are_more_shares_than_processes_and_nothing_between_them(
    write, monkeypatch
):
    monkeypatch.setattr(shares, "_WORTH_IT", 1)
    monkeypatch.setattr(shares, "_SMALLEST", 1)
    monkeypatch.setattr(shares, "_cores", lambda: 2)
    path = write("a.jsonl", *(json.dumps(chat(f"t{i}", "Q", "A")) for i in range(100)))
    dealt = [piece for share in shares.shares([path]) for piece in share]
    assert len(dealt) > shares.processes() == 2
    assert [piece.start for piece in dealt[1:]] == [piece.end for piece in dealt[:-1]]
    assert (dealt[0].start, dealt[-1].end) == (0, path.stat().st_size)


def test_a_trace_that_lies_in_two_pieces_is_one(compare, write):
    def step(trace, number, parent):
        made = {"traceId": f"{trace:032x}", "spanId": f"{number:016x}", "name": "s"}
        made |= {"parentSpanId": f"{parent:016x}" if parent else "", "attributes": []}
        return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [made]}]}]})

    lines = [step(trace, 1, 0) for trace in range(1, 200)]
    lines += [step(trace, 2, 1) for trace in range(1, 200)]
    facts, _, spans, _ = compare(write("spans.jsonl", *lines))
    assert (facts["new"], facts["spans"], len(spans)) == (199, 398, 398)


def test_the_columns_of_a_table_are_guessed_once(compare, write):
    rows = [{"question": f"Q{i}", "answer": "A", "topic": "x"} for i in range(300)]
    # later records look otherwise: what the head of the file told still holds
    rows += [{"prompt": "P", "question": f"R{i}", "answer": "A"} for i in range(300)]
    facts, traces, _, _ = compare(write("t.jsonl", *map(json.dumps, rows)))
    assert facts["columns"] == {"input": "question", "output": "answer"}
    assert {row[5][0] for row in traces} == {"Q", "R"}


def test_files_of_several_formats_are_dealt_out(compare, write):
    one = write("1.jsonl", *(json.dumps(chat(f"a{i}", "Q", "A")) for i in range(50)))
    two = write("2.csv", "question,answer", *(f"Q{i},A" for i in range(50)))
    three = write("3.jsonl", "no trace at all", "")
    four = write("4.jsonl", *(json.dumps(chat(f"d{i}", "Q", "A")) for i in range(50)))
    facts, traces, _, rejects = compare([one, two, three, four])
    assert (facts["new"], len(traces)) == (150, 150)
    assert sorted(facts["format"].split(", ")) == ["chat", "flat"]
    assert [file for file, _, _, _ in rejects] == [str(three)]


def test_a_bare_array_is_left_to_one_process(compare, write):
    array = json.dumps([chat(f"t{i}", "Q", "A") for i in range(100)])
    facts, _, _, _ = compare(write("a.json", array))
    assert facts["new"] == 100


def test_a_look_is_shared_too(write, monkeypatch):
    monkeypatch.setattr(shares, "_WORTH_IT", 1)
    monkeypatch.setattr(shares, "_SMALLEST", 1)
    monkeypatch.setattr(shares, "_cores", lambda: 2)
    lines = [json.dumps(chat(f"t{i}", "Q", "A")) for i in range(100)]
    seen = look(write("a.jsonl", *lines), progress=False)
    assert (seen.found, seen.records) == (100, 100)
    assert [trace.id for trace in seen.traces] == ["t0", "t1", "t2"]


def test_a_process_that_dies_is_reported_and_nothing_is_imported(
    store, write, monkeypatch, unchanged
):
    monkeypatch.setattr(shares, "_WORTH_IT", 1)
    monkeypatch.setattr(shares, "_SMALLEST", 1)
    monkeypatch.setattr(shares, "_cores", lambda: 2)
    monkeypatch.setattr(workers, "_PROGRAM", "import os; os._exit(9)")
    lines = [json.dumps(chat(f"t{i}", "Q", "A")) for i in range(100)]
    with pytest.raises(IngestError, match=r"ended early \(exit code 9\)") as told:
        load(store, write("a.jsonl", *lines), progress=False)
    assert "nothing was imported" in str(told.value)
    unchanged()


def test_a_large_file_without_a_known_shape_says_so(store, write, monkeypatch):
    monkeypatch.setattr(shares, "_WORTH_IT", 1)
    monkeypatch.setattr(shares, "_SMALLEST", 1)
    monkeypatch.setattr(shares, "_cores", lambda: 2)
    lines = ['{"a": 1}'] * 100
    with pytest.raises(IngestError, match="has no shape that is known"):
        load(store, write("a.jsonl", *lines), progress=False)


def _request(number: int) -> bytes:
    """Return a request in protobuf with one span; two of them make a trace."""

    def field(place: int, value: bytes) -> bytes:
        return bytes([place << 3 | 2, len(value)]) + value

    attribute = field(1, b"input.value") + field(2, field(1, b"Q%d" % number))
    trace_id, span_id = f"{number % 150 + 1:016x}", f"{number + 1:08x}"
    span = field(1, trace_id.encode()) + field(2, span_id.encode())
    span += field(5, b"step") + field(9, attribute)
    return field(1, field(2, field(2, span)))


@pytest.mark.parametrize("framing", ["four bytes", "varint"])
@pytest.mark.parametrize("missing", [0, 9])
def test_a_file_of_requests_is_cut_and_nothing_is_lost(
    compare, write, framing, missing
):
    data = b""
    for number in range(300):
        body = _request(number)
        assert len(body) < 0x80  # one byte as a varint
        size = 4 if framing == "four bytes" else 1
        data += len(body).to_bytes(size, "big") + body
    facts, traces, spans, rejects = compare(write("a.pb", data[: len(data) - missing]))
    lost = 1 if missing else 0
    assert (facts["new"], len(traces), len(spans)) == (150, 150, 300 - lost)
    assert [
        (line, "ends in the middle" in reason) for _, line, reason, _ in rejects
    ] == [(300, True)] * lost


def test_requests_are_cut_between_processes(write):
    data = b"".join(len(_request(n)).to_bytes(4, "big") + _request(n) for n in range(9))
    path = write("a.pb", data)
    with path.open("rb") as file:
        third = len(data) // 3
        pieces = list(otlp_protobuf.cuts(file, "four bytes", third, third))
    assert [first for _, _, first in pieces] == [1, 4, 7]
    assert [start for start, _, _ in pieces[1:]] == [end for _, end, _ in pieces[:-1]]
    assert (pieces[0][0], pieces[-1][1]) == (0, len(data))


def test_a_file_whose_records_lean_on_each_other_is_not_cut(compare, write):
    chunks = [
        {
            "id": f"c{reply}",
            "object": "chat.completion.chunk",
            "choices": [{"index": 0, "delta": {"content": f"word {place} "}}],
        }
        for reply in range(5)
        for place in range(40)
    ]
    facts, traces, *_ = compare(write("a.jsonl", *map(json.dumps, chunks)))
    assert (facts["new"], facts["format"], facts["rejected"]) == (5, "openai", 0)
    whole = "".join(f"word {place} " for place in range(40))
    assert {row[6] for row in traces} == {whole}


def test_what_is_no_id_is_none_for_all_processes(compare, write):
    lines = [json.dumps(chat("root", f"Ask {i}", f"Said {i}")) for i in range(300)]
    facts, traces, *_ = compare(write("a.jsonl", *lines))
    assert (facts["new"], facts["columns"]) == (300, {"id": None})
    assert len({row[0] for row in traces}) == 300
