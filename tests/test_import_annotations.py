"""Annotations from a spreadsheet."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from fakes import chat

import erroranalysis as ea
from erroranalysis.errors import ImportAnnotationsError


@pytest.fixture
def three(project: ea.Project) -> ea.Project:
    project.ingest([chat(f"t{i}", f"q{i}", f"a{i}") for i in range(3)], progress=False)
    return project


ROWS = [
    {
        "trace_id": "t0",
        "annotator": "mira",
        "verdict": "fail",
        "critique": "late, by a day",
        "first_failure": 1,
        "at": "2026-11-03T09:00:00Z",
    },
    {
        "trace_id": "t1",
        "annotator": "mira",
        "verdict": "pass",
        "critique": None,
        "first_failure": None,
        "at": "2026-11-03T09:02:00Z",
    },
]


@pytest.mark.parametrize(
    "kind", ["dicts", "polars", "pandas", "csv", "jsonl", "parquet"]
)
def test_every_container_means_the_same(
    three: ea.Project, tmp_path: Path, kind: str
) -> None:
    frame = pl.DataFrame(ROWS)
    target = tmp_path / f"labels.{kind}"
    source: object = {"dicts": ROWS, "polars": frame, "pandas": pd.DataFrame(ROWS)}.get(
        kind, target
    )
    if kind == "csv":
        frame.write_csv(target)
    elif kind == "jsonl":
        frame.write_ndjson(target)
    elif kind == "parquet":
        frame.write_parquet(target)
    report = three.import_annotations(source)
    assert (report.new, report.unchanged, report.verdicts) == (
        2,
        0,
        {"fail": 1, "pass": 1},
    )
    found = three.annotations().select(
        "trace_id", "verdict", "critique", "first_failure", "created_at"
    )
    assert found.rows() == [
        ("t0", "fail", "late, by a day", "1", datetime(2026, 11, 3, 9)),
        ("t1", "pass", None, None, datetime(2026, 11, 3, 9, 2)),
    ]


def test_importing_twice_changes_nothing(three: ea.Project) -> None:
    three.import_annotations(ROWS)
    assert three.import_annotations(ROWS).unchanged == 2
    assert three.annotations(history=True).height == 2


def test_a_changed_verdict_supersedes_and_keeps_the_old_one(three: ea.Project) -> None:
    three.import_annotations(ROWS)
    three.import_annotations([{**ROWS[0], "verdict": "PASS"}])
    now = three.annotations().filter(pl.col("trace_id") == "t0")
    assert now["verdict"].to_list() == ["pass"]
    history = three.annotations(history=True).filter(pl.col("trace_id") == "t0")
    assert history["verdict"].to_list() == ["fail", "pass"]
    assert history["supersedes"][1] == history["annotation_id"][0]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{**ROWS[0], "verdict": "psas"}], "Did you mean 'pass'"),
        ([{"id": "t0", "label": "fail"}], "no verdict. The columns are id, label"),
        ([{"verdict": "pass"}], "no trace_id"),
        ([{"trace_id": "t0", "verdict": "pass"}], "annotator='mira'"),
        ([ROWS[0], {**ROWS[0], "trace_id": "t9"}], "1 of 2 rows .* 't9'"),
        ([], "no rows"),
    ],
)
def test_what_does_not_fit_is_explained_and_nothing_is_imported(
    three: ea.Project, rows: list[dict], message: str
) -> None:
    with pytest.raises(ImportAnnotationsError, match=message):
        three.import_annotations(rows)
    assert three.annotations(history=True).height == 0


def test_rows_about_unknown_traces_can_be_skipped(three: ea.Project) -> None:
    rows = [ROWS[0], {**ROWS[0], "trace_id": "t9"}]
    report = three.import_annotations(rows, unknown_traces="skip")
    assert (report.new, report.skipped) == (1, 1)


def test_a_trace_outside_the_batch_does_not_count_as_drawn(three: ea.Project) -> None:
    batch = three.sample(1, seed=1)
    three.import_annotations(
        [{"trace_id": f"t{i}", "verdict": "pass"} for i in range(3)],
        annotator="mira",
        batch=batch,
    )
    rows = three.annotations().select("trace_id", "batch_id").rows()
    assert [t for t, b in rows if b is not None] == list(batch.trace_ids)
