"""Columns of plain values become Arrow arrays, whatever a source holds."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from fakes import chat
from hypothesis import given, settings
from hypothesis import strategies as st

from erroranalysis.ingest.arrays import arrow_array

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
NUMBERS = st.integers(-(2**63), 2**63 - 1)
MOMENTS = st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1))
COLUMNS = {
    pa.string(): TEXT,
    pa.int32(): st.integers(-(2**31), 2**31 - 1),
    pa.int64(): NUMBERS,
    pa.float64(): st.floats(allow_nan=False),
    pa.bool_(): st.booleans(),
    pa.timestamp("us"): MOMENTS,
    pa.list_(pa.string()): st.lists(TEXT | st.none()),
}


@pytest.mark.parametrize("kind", COLUMNS, ids=str)
@settings(deadline=None)
@given(data=st.data())
def test_what_comes_out_is_what_went_in(kind, data):
    values = data.draw(st.lists(st.none() | COLUMNS[kind], max_size=40))
    made = arrow_array(tuple(values), kind)
    made.validate(full=True)
    assert made.type == kind
    assert made.to_pylist() == values
    assert made.equals(pa.array(values, type=kind))


def test_nanoseconds_are_kept():
    kind = pa.timestamp("ns")
    made = arrow_array((1795199007657268842, None), kind)
    assert made.cast(pa.int64()).to_pylist() == [1795199007657268842, None]


@pytest.mark.parametrize(
    ("kind", "values", "kept"),
    [
        (pa.string(), ("a", 7, {"b": [1]}, None), ["a", "7", '{"b":[1]}', None]),
        (pa.string(), ("lone \ud83d",), ["lone ?"]),
        (pa.int64(), (1, "many", 2**70, 1.5, None), [1, None, None, None, None]),
        (pa.float64(), (1.5, "n/a", 3), [1.5, None, 3.0]),
        (pa.list_(pa.string()), (["a"], "b", [1, None]), [["a"], ["b"], ["1", None]]),
        (pa.timestamp("us"), ("yesterday", None), [None, None]),
    ],
)
def test_a_value_that_does_not_fit_is_made_to_or_left_out(kind, values, kept):
    assert arrow_array(values, kind).to_pylist() == kept


def test_times_before_1970_and_far_away():
    moments = [datetime(1969, 12, 31, 23, 59, 59, 999999), datetime.max, datetime.min]
    assert arrow_array(moments, pa.timestamp("us")).to_pylist() == moments
    aware = datetime(2026, 11, 21, tzinfo=UTC) + timedelta(hours=1)
    assert arrow_array([aware], pa.timestamp("us")).to_pylist() == [None]


def test_an_import_does_not_wait_for_pandas(tmp_path, write):
    path = write("a.jsonl", json.dumps(chat("t1", "Q", "A")))
    program = f"""
import sys, erroranalysis
found = erroranalysis.Project({str(tmp_path / "p.duckdb")!r}).ingest({str(path)!r})
print(found.new, "pandas" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1", "False"]
