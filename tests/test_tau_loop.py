"""The loop on real traces: 100 agent runs and human notes on the failed ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes import ModelServer

import erroranalysis as ea

pytestmark = pytest.mark.shared_data


@pytest.fixture
def tau(project: ea.Project, shared_data: Path) -> ea.Project:
    folder = shared_data / "agentrx"
    project.ingest(folder / "tau_retail" / "tau_dataset_full.json", progress=False)
    runs = json.loads((folder / "tau_retail" / "tau_dataset_failed.json").read_text())
    by_task = {run["task_id"]: run for run in runs}
    notes = json.loads((folder / "ground_truth" / "tau_ground_truth.json").read_text())
    ids = {trace_id for (trace_id,) in project.traces().select("id").iter_rows()}
    rows = []
    for note in notes:
        run = by_task.get(note["trajectory_id"])
        if run is None or f"tau_{run['task_id']}_{run['trial']}" not in ids:
            continue
        root = note["root_cause"]["failure_id"]
        cause = next(f for f in note["failures"] if f["failure_id"] == root)
        rows.append(
            {
                "trace_id": f"tau_{run['task_id']}_{run['trial']}",
                "annotator": "expert",
                "verdict": "fail",
                "critique": cause["step_reason"],
                # steps are counted from 1 there, messages from 0 here
                "first_failure": cause["step_number"] - 1,
                "category": cause["failure_category"],
            }
        )
    project.import_annotations(rows)
    for row in rows:
        names = project.taxonomy.modes()["mode"].to_list()
        if row["category"] not in names:
            project.taxonomy.add(row["category"])
        project.taxonomy.assign(row["trace_id"], row["category"])
    return project


def test_the_loop_on_real_agent_runs(
    tau: ea.Project, tmp_path: Path, model_server: ModelServer
) -> None:
    assert tau.status()["traces"] == 100
    reward = tau.sql(
        "SELECT number, count(*) FROM feedback WHERE name = 'reward'"
        " GROUP BY number ORDER BY number"
    ).rows()
    assert reward == [(0.0, 27), (1.0, 73)]
    lengths = tau.sql("SELECT min(n), max(n) FROM (SELECT json_array_length(messages)"
                      " AS n FROM traces)").row(0)  # fmt: skip
    assert lengths == (8, 62)
    annotated = tau.annotations()
    assert annotated.height >= 25
    roles = tau.sql(
        "SELECT messages->(first_failure::INTEGER)->>'role' AS role, count(*)"
        " FROM current_annotations JOIN traces ON traces.id = trace_id"
        " GROUP BY role ORDER BY role"
    ).rows()
    assert {role for role, _ in roles} == {"assistant", "user"}
    passed = tau.sql("SELECT trace_id FROM feedback WHERE number = 1")["trace_id"]
    tau.import_annotations(
        [{"trace_id": t, "verdict": "pass", "critique": "reward 1"} for t in passed],
        annotator="expert",
        unknown_traces="error",
    )
    pareto = tau.taxonomy.pareto()
    largest = pareto.modes[0]
    assert largest.count >= 5
    judge = tau.judge(largest.mode, "stub", base_url=model_server.url)
    assert f"failure mode: {largest.mode}." in judge.prompt
    assert len(judge.examples) >= 4
    for ending in ("jsonl", "csv", "parquet"):
        tau.export(tmp_path / f"labels.{ending}")
    frames = [
        ea.read_labels(tmp_path / f"labels.{ending}")
        for ending in ("jsonl", "csv", "parquet")
    ]
    assert frames[0].height == tau.annotations().height
    assert frames[0].equals(frames[1])
    assert frames[0].equals(frames[2])


def test_real_notes_are_grouped(tau: ea.Project) -> None:
    ids = tau.taxonomy.assignments()
    for mode in ids["mode"].unique():
        chosen = ids.filter(ids["mode"] == mode)["trace_id"].to_list()
        tau.taxonomy.unassign(chosen, mode)
    groups = tau.taxonomy.suggest()
    assert sum(len(group.notes) for group in groups) == tau.annotations().height
    assert len(groups) >= 2
