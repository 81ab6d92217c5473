"""What holds for any trace and for any bytes."""

from __future__ import annotations

import json
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from erroranalysis.errors import ErrorAnalysisError
from erroranalysis.ingest.messages import normalise
from erroranalysis.store import Store
from erroranalysis.store.loads import load

slow = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

TEXT = st.text(max_size=30)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3)
    ),
    max_leaves=8,
)
CALLS = st.lists(
    st.fixed_dictionaries(
        {
            "id": TEXT,
            "function": st.fixed_dictionaries({"name": TEXT, "arguments": VALUES}),
        }
    ),
    max_size=2,
)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["system", "user", "assistant", "tool", "human"])},
        optional={"content": TEXT | VALUES, "tool_calls": CALLS, "name": TEXT},
    ),
    min_size=1,
    max_size=4,
)
RECORDS = st.lists(
    st.fixed_dictionaries(
        {"messages": MESSAGES}, optional={"metadata": VALUES, "session_id": TEXT}
    ),
    min_size=1,
    max_size=4,
)


@contextmanager
def fresh_store():
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "p.duckdb")
        try:
            yield store, Path(folder)
        finally:
            store.close()


@slow
@given(RECORDS)
def test_what_goes_in_comes_out(records):
    named = [{**record, "id": f"t{i}"} for i, record in enumerate(records)]
    # text may hold what no database keeps; the file is what such text arrives in
    named = json.loads(json.dumps(named).replace("\\u0000", "\\ufffd"))
    with fresh_store() as (store, _):
        report = load(store, named, progress=False)
        assert (report.new, report.rejected) == (len(named), 0)
        for record in named:
            trace = store.traces.get(record["id"])
            assert trace.messages == json.loads(
                json.dumps(normalise(record["messages"]))
            )
            assert store.traces.get(trace.id).content_hash == trace.content_hash
        again = load(store, named, progress=False)
        assert (again.new, again.duplicate) == (0, len(named))


@slow
@given(RECORDS)
def test_a_file_says_the_same_as_a_list(records):
    named = [{**record, "id": f"t{i}"} for i, record in enumerate(records)]
    with fresh_store() as (store, folder):
        load(store, named, progress=False)
        path = folder / "a.jsonl"
        path.write_text("\n".join(json.dumps(record) for record in named))
        report = load(store, path, progress=False)
        assert (report.duplicate, report.rejected) == (len(named), 0)


PIECES = st.lists(
    st.sampled_from(
        [
            b'{"id": "a", ', b'"messages": [', b'{"role": "user", ', b'"content": "x"}',
            b"]}", b"]", b"}", b"[", b"{", b",", b"\n", b'"', b"\\", b"\xff", b"\x00",
            b"question,answer\n", b"Q,A\n", b"\xef\xbb\xbf", b"PAR1", b"NaN", b"1e999",
            b'{"request": {"messages": "x"}, "response": {"choices": [', b"null",
            b'{"task_id": 1, "traj": [', b'{"traces": [', b'"\\ud800"', b"'", b";",
            b'{"prompt": "x", "response": "data: {}"}',
        ]
    ),
    max_size=30,
).map(b"".join)  # fmt: skip


@pytest.fixture(scope="module")
def shared_store():
    with fresh_store() as (store, folder):
        yield store, folder


@settings(max_examples=300, deadline=None)
@given(content=PIECES | st.binary(max_size=200))
def test_any_bytes_are_traces_rejects_or_an_error_that_says_so(shared_store, content):
    store, folder = shared_store
    path = folder / "any.bin"
    path.write_bytes(content)
    before = store.query("SELECT count(*) FROM loads").item()
    report = None
    with suppress(ErrorAnalysisError):
        report = load(store, path, progress=False)
    after = store.query("SELECT count(*) FROM loads").item()
    assert after - before == (report is not None)


NAMES = ["messages", "request", "response", "prompt", "traj", "task_id", "info", "id"]
NAMES += ["timestamp", "feedback", "usage", "tags", "metadata", "conversations"]
NAMES += ["answer", "latency_ms", "system"]
ODD = VALUES | st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, VALUES))


@settings(max_examples=150, deadline=None)
@given(records=st.lists(ODD, max_size=5))
def test_records_of_any_shape_never_stop_an_import(shared_store, records):
    store, _ = shared_store
    sure = {"id": "sure", "messages": [{"role": "user", "content": "Hi"}]}
    report = load(store, [*records, sure], format="chat", progress=False)
    seen = report.new + report.duplicate + report.extended + report.rejected
    assert seen == len(records) + 1
    with suppress(ErrorAnalysisError):
        load(store, records, progress=False)
