"""What the labels of a project say, beside its failure rates."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from fakes import chat

import erroranalysis as ea
from erroranalysis.errors import (
    NoHonestEstimateError,
    NothingToDoError,
    UnknownNameError,
)

START = datetime(2026, 3, 2)  # a Monday


def started(number: int) -> dict[str, object]:
    return {"started_at": (START + timedelta(days=number // 20)).isoformat()}


@pytest.fixture
def read(project: ea.Project) -> ea.Project:
    """600 traces, all read: email always fails late, app hardly ever does."""
    traces, notes = [], []
    for i in range(600):
        channel = "email" if i % 10 == 0 else "app"
        fails = channel == "email" or i % 40 == 1
        traces.append(
            chat(f"t{i:03}", f"q {i}", "a", metadata={"channel": channel}, **started(i))
        )
        verdict = "fail" if fails else "pass"
        notes.append({"trace_id": f"t{i:03}", "verdict": verdict, "critique": "late"})
    project.ingest(traces, progress=False)
    batch = project.sample(600, seed=3)
    project.import_annotations(notes, annotator="mira", batch=batch)
    project.taxonomy.add("late")
    project.taxonomy.add("rude")
    failing = [row["trace_id"] for row in notes if row["verdict"] == "fail"]
    project.taxonomy.assign(failing, "late")
    project.taxonomy.assign(["t001"], "rude")
    return project


def test_a_slice_that_fails_more_stands_out(read: ea.Project) -> None:
    found = read.slices("channel")
    assert [(s.name, s.count, s.raw.n) for s in found.slices] == [
        ("email", 60, 60),
        ("app", 15, 540),
    ]
    assert [s.stands_out for s in found.slices] == [True, True]
    assert found.trace_ids("app")[0] == "t001"
    rude = read.slices("channel", mode="rude")
    assert {s.name: s.count for s in rude.slices} == {"app": 1, "email": 0}


def test_periods_are_slices_too_unless_a_key_has_their_name(read: ea.Project) -> None:
    assert {s.name for s in read.slices("month").slices} == {"2026-03"}
    weeks = {s.name: s.raw.n for s in read.slices("week").slices}
    assert weeks == {f"2026-W{10 + i}": n for i, n in enumerate([140] * 4 + [40])}
    assert {s.name for s in read.slices("model").slices} == {"(none)"}


def test_failure_modes_are_counted_by_slice(read: ea.Project) -> None:
    found = read.modes_by("channel")
    counts = {(cell.mode, cell.value): cell.count for cell in found.cells}
    assert counts["late", "email"] == 60
    assert counts["rude", "email"] == 0
    assert found.trace_ids("rude", "app") == ("t001",)


def test_two_slices_named_before_looking_are_compared(read: ea.Project) -> None:
    found = read.compare("channel", "app", "email")
    assert (found.first.n, found.second.n, found.second.value) == (540, 60, 0.0)
    assert found.difference.high < -0.9
    with pytest.raises(UnknownNameError, match=r"'emial'\. Did you mean 'email'"):
        read.compare("channel", "app", "emial")


def test_unknown_facts_and_modes_are_named(read: ea.Project) -> None:
    with pytest.raises(UnknownNameError, match=r"'chanel'\. Did you mean 'channel'"):
        read.slices("chanel")
    with pytest.raises(UnknownNameError, match=r"'lat'\. Did you mean 'late'"):
        read.slices("channel", mode="lat")
    with pytest.raises(UnknownNameError, match=r"'chanel'\. Did you mean 'channel'"):
        read.coverage("chanel")


def test_unequal_chances_are_not_counted_alike(project: ea.Project) -> None:
    traces = [
        chat(
            f"t{i:03}",
            f"q {i}",
            "a",
            metadata={"channel": "email" if i < 20 else "app", "new": str(i % 2)},
        )
        for i in range(200)
    ]
    project.ingest(traces, progress=False)
    batch = project.sample(
        40, by="stratified", strata="channel", allocation="equal", seed=1
    )
    notes = [{"trace_id": t, "verdict": "pass"} for t in batch.trace_ids]
    project.import_annotations(notes, annotator="mira", batch=batch)
    assert {s.name: s.raw.n for s in project.slices("channel").slices} == {
        "email": 20,
        "app": 20,
    }
    with pytest.raises(NoHonestEstimateError, match=r"strata='new'\)"):
        project.slices("new")


def test_hunted_traces_say_nothing_of_slices_or_of_saturation(
    labelled: ea.Project,
) -> None:
    ids = labelled.traces()["id"].to_list()[:6]
    queue = labelled.queue(ids, annotator="noor")
    for trace_id in ids:
        queue.go_to(trace_id)
        queue.submit("fail", "because")
    with pytest.raises(NoHonestEstimateError, match="No honest rate of slices"):
        labelled.slices("model", annotator="noor")
    with pytest.raises(NoHonestEstimateError, match="No honest saturation"):
        labelled.taxonomy.saturation(annotator="noor")
    with pytest.raises(NoHonestEstimateError, match="No honest rate over time"):
        labelled.pass_rate_over_time(annotator="noor")


def test_a_change_over_time_is_noticed(project: ea.Project) -> None:
    traces = [chat(f"t{i:03}", f"q {i}", "a", **started(i)) for i in range(700)]
    project.ingest(traces, progress=False)
    notes = [
        {
            "trace_id": f"t{i:03}",
            "verdict": "fail" if i % (10 if i < 420 else 2) == 0 else "pass",
        }
        for i in range(700)
    ]
    batch = project.sample(700, seed=3)
    project.import_annotations(notes, annotator="mira", batch=batch)
    found = project.pass_rate_over_time(baseline=2)
    assert found.periods == ("2026-W12", "2026-W13", "2026-W14")
    assert (found.baseline.value, found.baseline.n) == (0.9, 280)
    assert (found.since, found.noticed) == ("2026-W13", "2026-W13")
    assert found.trace_ids("2026-W12")[0] == "t280"
    same = project.pass_rate_over_time(baseline="2026-W12")
    assert same == found
    known = project.pass_rate_over_time(by="month", baseline=0.9)
    assert (known.baseline.n, known.periods) == (0, ("2026-03", "2026-04"))


def test_what_cannot_be_watched_says_what_to_type(read: ea.Project) -> None:
    with pytest.raises(NothingToDoError, match=r"5 weeks.*takes 5.*by='day'"):
        read.pass_rate_over_time(baseline=5)
    with pytest.raises(UnknownNameError, match="2026-W14"):
        read.pass_rate_over_time(baseline="2026-W99")
    with pytest.raises(UnknownNameError, match=r"'weak'\. Did you mean 'week'"):
        read.pass_rate_over_time(by="weak")
    with pytest.raises(ValueError, match="baseline is -1"):
        read.pass_rate_over_time(baseline=-1)


def test_traces_without_a_time_have_no_rate_over_time(labelled: ea.Project) -> None:
    with pytest.raises(NothingToDoError, match=r"None of the 60 .*'started_at'"):
        labelled.pass_rate_over_time()


def test_saturation_counts_traces_in_the_order_they_were_judged(
    read: ea.Project,
) -> None:
    found = read.taxonomy.saturation()
    assert (found.traces, found.modes, found.failed, found.unplaced) == (600, 2, 75, 0)
    assert [item.mode for item in found.first_seen] == ["late", "rude"]
    assert found.trace_ids("late") == ("t000",)
    read.taxonomy.unassign(["t010", "t020"], "late")
    found = read.taxonomy.saturation()
    assert (found.traces, found.unplaced) == (598, 2)
    assert "2 failing traces of no mode yet left out" in repr(found)


def agent(number: int) -> dict[str, object]:
    """An agent that searches and answers; every third one books before."""
    call = {"id": "c1", "name": "search", "arguments": "{}"}
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": f"A room, {number}?"},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "[]"},
        {"role": "assistant", "content": "None left."},
    ]
    return {"id": f"t{number}", "messages": messages}


def test_the_step_before_the_first_failure_is_found(project: ea.Project) -> None:
    project.ingest([agent(i) for i in range(12)], progress=False)
    queue = project.queue(project.sample(12, seed=1), annotator="mira")
    for i in range(12):
        queue.go_to(f"t{i}")
        place = {0: "4", 1: "4", 2: "2", 3: None, 4: "0"}.get(i)
        verdict = "fail" if i < 5 else "pass"
        queue.submit(verdict, "because", first_failure=place)
    found = project.transitions()
    assert (found.read, found.failed, found.unplaced) == (12, 5, 2)
    assert found.trace_ids("result search", "answer") == ("t0", "t1")
    assert found.trace_ids("user", "call search") == ("t2",)


def test_annotators_are_compared_on_what_several_judged(labelled: ea.Project) -> None:
    with pytest.raises(NothingToDoError, match="Only mira has annotated"):
        labelled.raters()
    mine = labelled.annotations()
    notes = [
        {"trace_id": row["trace_id"], "verdict": "pass"}
        for row in mine.head(30).to_dicts()
    ]
    labelled.import_annotations(notes, annotator="noor")
    fails = mine.head(30).filter(verdict="fail")["trace_id"].to_list()
    found = labelled.raters()
    assert (found.traces, found.ratings) == (30, 60)
    disputed = labelled.rater_disagreements()
    differ = [item.trace_id for item in disputed.traces if item.disagreement]
    assert sorted(differ) == sorted(fails)
    assert {item.mode for item in disputed.modes} >= {"late"}
    strip = labelled.ratings()
    assert "differ on" in repr(strip)
    assert labelled.agreement().kappa.n == 30


def test_progress_and_what_nobody_read(labelled: ea.Project) -> None:
    assert repr(labelled.progress()).startswith("ReadingProgress(mira 60")
    more = [chat(f"n{i}", f"new {i}", "a", metadata={"k": "x"}) for i in range(20)]
    labelled.ingest(more, progress=False)
    found = {region.region: region for region in labelled.coverage("k").regions}
    assert (found["x"].total, found["x"].read) == (20, 0)
    assert len(found["x"].trace_ids) == 20
    assert sum(region.read for region in labelled.coverage().regions) == 60
    by = {region.region for region in labelled.coverage("day").regions}
    assert by == {"(none)"}


def test_nothing_read_is_said(project: ea.Project) -> None:
    with pytest.raises(NothingToDoError, match="no traces yet"):
        project.coverage()
    for ask in (project.progress, project.raters, project.transitions):
        with pytest.raises(NothingToDoError, match="no annotations yet"):
            ask()
