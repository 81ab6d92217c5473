"""Frames of polars, pandas and Arrow, their files, and lists of anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from fakes import chat
from pyarrow import feather, parquet

from erroranalysis.errors import IngestError

MOMENT = datetime(2026, 2, 16, 1, 35, 18)
CHATS = [
    chat("a", "Hi", "Hello", metadata={"channel": "web"}),
    chat("b", "Pets?", "Yes", metadata={"floor": 3}),
]
CHATS[1]["messages"][1]["tool_calls"] = [
    {"id": "c", "function": {"name": "find", "arguments": '{"n": 1}'}}
]


def polars_frame():
    return pl.DataFrame(CHATS)


def arrow_table():
    return pa.Table.from_pylist(CHATS)


def pandas_frame():
    return pd.DataFrame(CHATS)


FRAMES = [polars_frame, arrow_table, pandas_frame]


@pytest.mark.parametrize("frame", FRAMES)
def test_frames_say_the_same_as_the_list(ingest, traces, frame):
    ingest(CHATS)
    before = {name: trace.content_hash for name, trace in traces().items()}
    report = ingest(frame())
    assert (report.new, report.duplicate, report.rejected) == (0, 2, 0)
    assert {n: trace.content_hash for n, trace in traces().items()} == before


@pytest.mark.parametrize("frame", FRAMES)
def test_a_struct_has_no_keys_that_only_others_have(ingest, traces, frame):
    ingest(frame())
    assert traces()["a"].metadata == {"channel": "web"}
    assert traces()["b"].metadata == {"floor": 3}


def test_the_source_of_a_frame_has_a_name(ingest, store):
    assert ingest(polars_frame()).source == "polars.DataFrame"
    assert ingest(CHATS).source == "list"
    assert set(store.query("SELECT source FROM traces")["source"]) == {
        "polars.DataFrame"
    }


def test_pandas_missing_values_and_types(ingest, traces):
    frame = pd.DataFrame(
        {
            "id": [1.0, 2.0, np.nan],
            "question": ["Q1", "Q2", None],
            "answer": ["A1", None, "A3"],
            "timestamp": pd.to_datetime(["2026-02-16T01:35:18.5Z", None, None]),
            "input_tokens": pd.array([5, pd.NA, 7], dtype="Int64"),
            "cost": [0.5, np.nan, 1],
            "ok": pd.array([True, pd.NA, False], dtype="boolean"),
            "kind": pd.Categorical(["x", None, "y"]),
            "took": [pd.Timedelta(seconds=2), pd.NaT, pd.NaT],
            "mixed": [1, "two", [3]],
        }
    )
    report = ingest(frame)
    assert (report.new, report.rejected) == (3, 0)
    first, second = traces()["1"], traces()["2"]
    assert first.started_at == MOMENT + timedelta(seconds=0.5)
    assert (first.input_tokens, first.cost_usd) == (5, 0.5)
    assert first.metadata == {"ok": True, "kind": "x", "took": 2.0, "mixed": 1}
    assert (second.started_at, second.input_tokens, second.cost_usd) == (None,) * 3
    assert (second.output, second.metadata) == (None, {"mixed": "two"})
    [third] = [trace for name, trace in traces().items() if name.startswith("f_")]
    assert (third.input, third.output, third.metadata["mixed"]) == (None, "A3", [3])


def test_a_named_index_of_pandas_is_a_column(ingest, traces):
    rows = [("i1", "Q", "A"), ("i2", "R", "B")]
    frame = pd.DataFrame(rows, columns=["trace_id", "question", "answer"])
    ingest(frame.set_index("trace_id"))
    assert set(traces()) == {"i1", "i2"}
    sliced = pd.DataFrame({"question": list("abc"), "answer": list("xyz")})[1:]
    assert ingest(sliced).new == 2
    assert all("index" not in trace.metadata for trace in traces().values())


def test_nanoseconds_of_pandas_and_a_bad_cell(ingest, traces, rejects):
    frame = pd.DataFrame(
        {
            "question": ["Q", "R"],
            "answer": ["A", "B"],
            "id": ["x", "y"],
            "timestamp": [pd.Timestamp(1771205718123456789, tz="UTC"), "soon"],
        }
    )
    report = ingest(frame)
    assert (report.new, report.rejected) == (1, 1)
    assert traces()["x"].started_at == MOMENT + timedelta(microseconds=123456)
    assert rejects()[0][1] == 1


def test_polars_types(ingest, traces):
    frame = pl.DataFrame(
        {
            "id": [1, 2],
            "prompt": ["Q", "R"],
            "response": ["A", "B"],
            "created_at": [MOMENT.replace(tzinfo=UTC), None],
            "kind": pl.Series(["x", "y"], dtype=pl.Categorical),
            "price": pl.Series([Decimal("1.50"), None], dtype=pl.Decimal(10, 2)),
            "day": [MOMENT.date(), None],
            "blob": [b"\xff\xfe", b"text"],
            "nothing": [float("nan"), None],
        }
    )
    assert ingest(frame).rejected == 0
    assert traces()["1"].started_at == MOMENT
    assert traces()["1"].metadata == {
        "kind": "x", "price": "1.50", "day": "2026-02-16", "blob": "(2 bytes)",
    }  # fmt: skip
    assert traces()["2"].metadata == {"kind": "y", "blob": "text"}


def test_times_that_python_does_not_know_cost_one_row(ingest, rejects):
    far = pa.array([0, 2**62], pa.timestamp("us"))
    table = pa.table({"question": ["Q", "R"], "answer": ["A", "B"], "seen": far})
    assert ingest(table).new == 1
    [(file, place, reason)] = rejects()
    assert (file, place) == ("pyarrow.Table", 1)
    assert reason.startswith("a value cannot be read")


def test_other_bearers_of_arrow(ingest):
    table = arrow_table()
    assert ingest(table.to_batches()[0]).new == 2
    assert ingest(table.to_reader()).duplicate == 2
    many = pa.table(
        {"question": [f"Q{i}" for i in range(5000)], "answer": ["A"] * 5000}
    )
    assert ingest(many).new == 5000


def test_what_is_no_frame_after_all(ingest, unchanged):
    with pytest.raises(IngestError, match="named columns"):
        ingest(pl.Series(["a"]))
    with pytest.raises(IngestError, match="named columns"):
        ingest(pd.Series(["a"]))
    with pytest.raises(IngestError, match=r"\.collect\(\)"):
        ingest(polars_frame().lazy())
    with pytest.raises(IngestError, match="more than one column called 'a'"):
        ingest(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(IngestError, match="holds no records"):
        ingest(pl.DataFrame({"question": [], "answer": []}))
    unchanged()


def test_parquet_and_arrow_files(ingest, tmp_path):
    parquet.write_table(arrow_table(), tmp_path / "a.csv")
    feather.write_feather(arrow_table(), tmp_path / "b.arrow")
    schema = arrow_table().schema
    with pa.ipc.new_stream(tmp_path / "c.arrow", schema) as stream:
        stream.write_table(arrow_table())
    pandas_frame().to_parquet(tmp_path / "d.parquet")
    assert ingest(tmp_path / "a.csv").new == 2
    for name in ("b.arrow", "c.arrow", "d.parquet"):
        assert ingest(tmp_path / name).duplicate == 2


def test_a_column_name_that_is_no_text(ingest, tmp_path, unchanged):
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"question": ["Q"], "answer": ["A"]}), path)
    path.write_bytes(path.read_bytes().replace(b"question", b"quest\x9don"))
    with pytest.raises(IngestError, match="starts like a Parquet file but cannot"):
        ingest(path)
    unchanged()


@pytest.mark.parametrize("size", [4, 100, -10])
def test_a_parquet_file_that_is_cut_off(ingest, tmp_path, unchanged, size):
    path = tmp_path / "a.parquet"
    parquet.write_table(arrow_table(), path)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(IngestError, match=r"starts like a Parquet file.*cut off"):
        ingest(path)
    unchanged()


class Kind(StrEnum):
    WEB = "web"


@dataclass
class Logged:
    question: str
    answer: str
    tags: tuple[str, ...] = ()


class Model:
    def __init__(self, **values):
        self.values = values

    def model_dump(self):
        return self.values


def test_lists_of_anything_that_has_fields(ingest, traces):
    records = [
        Logged("Q1", "A1", ("x", "y")),
        Model(question="Q2", answer="A2", kind=Kind.WEB),
        {
            "question": np.str_("Q3"),
            "answer": "A3",
            "n": np.int64(3),
            "x": np.float32(0.5),
            "many": np.array([1.5, np.nan]),
            "when": np.datetime64("2026-02-16T01:35:18"),
            "gone": np.datetime64("NaT"),
            "missing": pd.NA,
            "some": {1},
        },
    ]
    assert ingest(records).rejected == 0
    found = {trace.input: trace for trace in traces().values()}
    assert found["Q1"].tags == ["x", "y"]
    assert found["Q2"].metadata == {"kind": "web"}
    assert found["Q3"].metadata == {
        "n": 3, "x": 0.5, "many": [1.5, None], "some": [1],
        "when": "2026-02-16T01:35:18",
    }  # fmt: skip


def test_a_generator_is_read_once_and_may_break(ingest, unchanged):
    def broken():
        yield CHATS[0]
        raise ConnectionError("the database went away")

    with pytest.raises(ConnectionError):
        ingest(broken())
    unchanged()
    assert ingest(one for one in CHATS).new == 2


def test_one_dict_is_one_record_or_wraps_many(ingest):
    assert ingest(CHATS[0]).new == 1
    assert ingest({"traces": CHATS}).new == 1


def test_odd_elements_of_a_list_are_rejects(ingest, rejects):
    inside_itself = {"id": "loop"}
    inside_itself["messages"] = [inside_itself]
    report = ingest([CHATS[0], None, "text", 7, [CHATS[1]], inside_itself])
    assert (report.new, report.rejected) == (1, 5)
    reasons = [reason for _, _, reason in rejects()]
    assert reasons[:4] == [
        "the record is missing, not an object",
        "the record is text, not an object",
        "the record is a number, not an object",
        "the record is a list, not an object",
    ]
    assert reasons[4].startswith("nested too deeply")


def test_a_damaged_arrow_file_is_refused_before_it_does_harm(ingest, tmp_path):
    offsets = pa.py_buffer(np.array([0, 90, 3], dtype=np.int32).tobytes())
    damaged = pa.StringArray.from_buffers(2, offsets, pa.py_buffer(b"abc"))
    batch = pa.RecordBatch.from_arrays([damaged, damaged], ["question", "answer"])
    for opened in (pa.ipc.new_stream, pa.ipc.new_file):
        path = tmp_path / "damaged.arrow"
        with opened(str(path), batch.schema) as writer:
            writer.write_batch(batch)
        with pytest.raises(IngestError, match="cannot be read"):
            ingest(path)
