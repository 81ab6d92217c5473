"""Several programs at once, and programs that are killed: real processes and files."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from erroranalysis.store import Store

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def contention(monkeypatch):
    """The benchmark, whose writers these tests use."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import contention

    yield contention
    sys.modules.pop("contention", None)


def test_four_programs_write_at_once_and_lose_nothing(contention, tmp_path):
    path = str(tmp_path / "p.duckdb")
    found = contention.write_together(path, writers=4, count=60)
    assert {who: len(times) for who, times in found.items()} == dict.fromkeys(
        ["w0", "w1", "w2", "w3"], 60
    )
    history = Store(path).annotations.history()
    assert len(history) == 240
    written = {(row.annotator, row.trace_id) for row in history}
    assert len(written) == 240
    assert len({row.annotation_id for row in history}) == 240


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_programs_that_are_killed_lose_no_acknowledged_row(contention, tmp_path):
    path = str(tmp_path / "p.duckdb")
    acknowledged, gone = contention.kill_often(path, kills=150, seed=1)
    assert acknowledged > 150
    assert gone == 0
    assert Store(path).counts()["annotations"] == 1
