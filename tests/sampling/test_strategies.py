"""Every strategy: what it finds, what it says of it, and what its labels allow."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import pytest
from fakes import chat

import erroranalysis as ea
from erroranalysis.errors import NothingToDoError, UnknownNameError


def parameters(project: ea.Project) -> dict[str, Any]:
    text = project.sql("SELECT parameters FROM batches ORDER BY batch_id DESC LIMIT 1")
    return json.loads(text.item())


def why(batch: Any) -> dict[str, str | None]:
    return {item.trace_id: item.stratum for item in batch.drawn}


def give(project: ea.Project, ids: Any, annotator: str, verdict: str) -> None:
    rows = [{"trace_id": trace_id, "verdict": verdict} for trace_id in ids]
    project.import_annotations(rows, annotator=annotator)


def test_a_hunt_gives_no_chances(loaded: ea.Project) -> None:
    batch = loaded.sample(8, by="coverage")
    assert batch.label_sampling == "error_hunt"
    assert batch.frame()["inclusion_probability"].to_list() == [None] * 8
    (stored,) = loaded.sql(
        "SELECT count(*) FROM batch_items WHERE inclusion_probability IS NULL"
    ).row(0)
    assert stored == 8


def test_the_same_seed_chooses_the_same_traces(loaded: ea.Project) -> None:
    for by in ("random", "coverage", {"random": 0.5, "coverage": 0.5}):
        first = loaded.sample(10, by=by, seed=5)
        second = loaded.sample(10, by=by, seed=5)
        assert [vars_of(item) for item in first.drawn] == [
            vars_of(item) for item in second.drawn
        ]


def vars_of(item: Any) -> tuple[Any, ...]:
    return item.trace_id, item.stratum, item.inclusion_probability


def test_strata_can_be_model_month_and_cluster(loaded: ea.Project) -> None:
    by_model = loaded.sample(12, by="stratified", strata=["model", "month"])
    assert "large · 2026-01" in set(why(by_model).values())
    by_cluster = loaded.sample(12, by="stratified", strata="cluster")
    found = set(why(by_cluster).values())
    assert any("parking" in str(name) or "garage" in str(name) for name in found)
    assert parameters(loaded)["pool"] == 60
    chances = by_cluster.frame()["inclusion_probability"]
    assert chances.min() > 0
    assert chances.max() <= 1


def test_a_minimum_from_every_stratum(loaded: ea.Project) -> None:
    batch = loaded.sample(20, by="stratified", strata="channel", at_least=8)
    assert Counter(why(batch).values()) == {"web": 12, "app": 8}
    with pytest.raises(NothingToDoError) as caught:
        loaded.sample(10, by="stratified", strata="channel", at_least=8)
    assert str(caught.value) == (
        "At least 8 traces from each of 2 strata are 16, and n is 10. Ask for more,"
        " sample(16, …), or for fewer of each: at_least=5."
    )


def test_new_traces_since_a_date_or_an_import(loaded: ea.Project) -> None:
    batch = loaded.sample(100, by="new", since="2026-03-01")
    assert (len(batch), batch.label_sampling, batch.population) == (20, "random", 20)
    assert len(loaded.sample(100, since=date(2026, 2, 1))) == 40
    late = datetime(2026, 3, 5, 10, 30, tzinfo=UTC)
    assert len(loaded.sample(100, by="new", since=late)) == 10
    loaded.ingest([chat("fresh", "New here?", "Yes.")], progress=False)
    load_id = loaded.sql("SELECT max(load_id) FROM loads").item()
    assert loaded.sample(5, by="new", since=load_id).trace_ids == ("fresh",)
    assert parameters(loaded)["since"] == load_id


def test_sessions_stay_whole(loaded: ea.Project) -> None:
    session = dict(loaded.sql("SELECT id, session_id FROM traces").iter_rows())
    for words in (
        {"by": "random"},
        {"by": "stratified", "strata": "channel"},
        {"by": "coverage"},
        {"by": {"random": 0.5, "coverage": 0.5}},
    ):
        batch = loaded.sample(12, sessions="together", seed=3, **words)
        taken = Counter(session[trace_id] for trace_id in batch.trace_ids)
        assert set(taken.values()) == {2}, words
    drawn = loaded.sample(12, sessions="together")
    assert drawn.frame()["inclusion_probability"].unique().to_list() == [6 / 30]
    # one session after the other, each in the order in which it happened
    pairs = zip(drawn.trace_ids[::2], drawn.trace_ids[1::2], strict=True)
    assert all(session[one] == session[two] for one, two in pairs)


def test_outliers_say_in_which_way(project: ea.Project) -> None:
    def called(name: str) -> dict[str, Any]:
        call = {"id": "c", "type": "function", "function": {"name": name}}
        return {"role": "assistant", "content": "", "tool_calls": [call]}

    records = [
        chat(f"t{i}", f"q{i}", "a", latency_ms=1000, cost_usd=0.1) for i in range(30)
    ]
    for i in range(20):
        records[i]["messages"].append(called("search"))
    records[20]["messages"].append(called("refund"))
    records[21] |= {"cost_usd": 9.0}
    records[22] |= {"error": "timeout"}
    records[23]["messages"] *= 9
    records[24] |= {
        "started_at": "2026-01-01T10:00:00Z", "ended_at": "2026-01-01T11:00:00Z"
    }  # fmt: skip
    records[25] |= {
        "started_at": "2026-01-01T10:00:00Z", "ended_at": "2026-01-01T10:00:01Z"
    }  # fmt: skip
    project.ingest(records, progress=False)
    found = why(project.sample(20, by="outlier"))
    assert "rare tool: refund" in str(found["t20"])
    assert "dearest" in str(found["t21"])
    assert "error" in str(found["t22"])
    assert found["t23"] == "longest, most turns"
    assert "slowest" in str(found["t24"])
    assert not [reason for reason in found.values() if "search" in str(reason)]


def test_nothing_stands_out_where_all_are_alike(project: ea.Project) -> None:
    project.ingest([chat(f"t{i}", "same", "same") for i in range(5)], progress=False)
    with pytest.raises(NothingToDoError, match=r"No trace stands out: lengths"):
        project.sample(5, by="outlier")


def test_feedback_finds_thumbs_scores_and_comments(project: ea.Project) -> None:
    def said(name: str, *feedback: dict[str, Any]) -> dict[str, Any]:
        return chat(name, f"question {name}", "a", feedback=list(feedback))

    project.ingest(
        [
            said("down", {"name": "thumbs", "value": "down"}),
            said("up", {"name": "thumbs", "value": "up"}),
            said("poor", {"name": "stars", "value": 1}),
            said("good", {"name": "stars", "value": 5}),
            said("note", {"name": "thumbs", "value": "up", "comment": "but slow"}),
            said("none"),
        ],
        progress=False,
    )
    assert why(project.sample(10, by="feedback")) == {
        "down": "thumbs down", "poor": "low score: stars", "note": "comment"
    }  # fmt: skip


def test_no_feedback_says_what_to_try(loaded: ea.Project) -> None:
    with pytest.raises(NothingToDoError, match=r"Try by='signals'"):
        loaded.sample(5, by="feedback")


def test_coverage_reaches_every_region(loaded: ea.Project) -> None:
    asked = dict(loaded.sql("SELECT id, input FROM traces").iter_rows())
    batch = loaded.sample(16, by="coverage")
    topics = Counter(asked[name].split()[3] for name in batch.trace_ids)
    assert set(topics) == {"parking", "late", "spa", "refund"}
    assert all(str(reason).startswith("about ") for reason in why(batch).values())


def test_uncertainty_takes_what_the_baseline_is_least_sure_of(
    project: ea.Project,
) -> None:
    texts = {"bad": "broken rude late", "good": "kind quick fine"}
    records = [
        chat(f"{kind}{i}", f"{words} {i}", f"{words} {i}")
        for kind, words in texts.items()
        for i in range(8)
    ]
    records.append(chat("between", "broken kind rude fine", "late quick"))
    project.ingest(records, progress=False)
    give(project, [f"bad{i}" for i in range(4)], "mira", "fail")
    give(project, [f"good{i}" for i in range(4)], "mira", "pass")
    (first, *_) = project.sample(3, by="uncertainty").drawn
    assert first.trace_id == "between"
    assert str(first.stratum).startswith("chance of a failure 0.")


def test_uncertainty_needs_a_few_labels(loaded: ea.Project) -> None:
    give(loaded, ["t000"], "mira", "fail")
    with pytest.raises(NothingToDoError) as caught:
        loaded.sample(5, by="uncertainty", annotator="mira")
    assert str(caught.value) == (
        "The baseline judge learns from at least 3 passing and 3 failing traces; mira"
        " has 0 and 1. Read a random sample first:"
        " project.annotate(project.sample(100), annotator='mira')."
    )


def test_people_who_disagree(loaded: ea.Project) -> None:
    give(loaded, ["t000", "t001", "t002"], "mira", "fail")
    give(loaded, ["t000", "t001"], "jonas", "pass")
    give(loaded, ["t002"], "jonas", "fail")
    give(loaded, ["t001"], "jonas", "defer")
    batch = loaded.sample(10, by="disagreement")
    assert why(batch) == {"t000": "people: mira fail, jonas pass"}
    with pytest.raises(UnknownNameError, match="No annotator 'mir'"):
        loaded.sample(10, by="disagreement", annotator="mir")


def test_a_judge_who_disagrees_with_a_person(labelled: ea.Project) -> None:
    judge = labelled.judge("late")
    judge.run("all", progress=False)
    said = dict(labelled.judgements().select("trace_id", "verdict").iter_rows())
    truth = {f"t{i:02}": "fail" if i < 15 else "pass" for i in range(60)}
    wrong = {name for name in truth if said[name] != truth[name]}
    if not wrong:  # a perfect judge: let the person change one verdict
        give(labelled, ["t00"], "mira", "pass")
        wrong = {"t00"}
    batch = labelled.sample(60, by="disagreement")
    assert set(batch.trace_ids) == wrong
    assert all(
        str(reason).startswith("judge late v1") for reason in why(batch).values()
    )


def test_nobody_disagrees(loaded: ea.Project) -> None:
    with pytest.raises(NothingToDoError, match="Nobody disagrees: no two people"):
        loaded.sample(5, by="disagreement")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"by": "new"}, r"Say since when: sample\(…, by='new', since='2026-10-01'\)"),
        ({"since": "yesterday"}, r"No import 'yesterday'.*since='2026-10-01'"),
        ({"since": "2030-01-01"}, r"No trace is as new as 2030-01-01 00:00:00\."),
        ({"sessions": "togther"}, "Did you mean 'together'"),
        ({"allocation": "equals"}, "Did you mean 'equal'"),
        ({"strata": "channel"}, r"strata= is for by='stratified'; this is by='random'"),
        ({"at_least": 3}, "at_least= is for by='stratified'"),
        ({"signals": ["refusal"]}, "signals= is for by='signals'"),
        ({"by": "signals", "signals": ["refusl"]}, "Did you mean 'refusal'"),
        ({"by": "signals", "signals": {"x": "("}}, "pattern of signal 'x' cannot be"),
        (
            {"by": "stratified", "strata": "cluster", "sessions": "together"},
            "A session may belong to several clusters",
        ),
        ({"by": "recheck"}, "There are no annotations yet"),
        ({"by": {"random": 0.5, "new": 0.5}}, "'new' is a batch of its own"),
        ({"by": {"random": 0.5, "recheck": 0.5}}, "'recheck' is a batch of its own"),
        ({"by": {"random": 0.5, "signal": 0.5}}, "Did you mean 'signals'"),
        ({"by": {"random": 0}}, "The share of 'random' is 0; a mixture takes numbers"),
        ({"by": {}}, "The mixture is empty"),
        (
            {"by": {"random": 1, "stratified": 1}, "strata": "channel"},
            "random and stratified are two",
        ),
    ],
)
def test_what_cannot_be_meant_is_explained(
    loaded: ea.Project, words: dict[str, Any], message: str
) -> None:
    with pytest.raises((NothingToDoError, UnknownNameError), match=message):
        loaded.sample(5, **words)
    assert loaded.batches().is_empty()


def test_a_project_opened_this_moment_can_be_asked_for_frames(tmp_path: Any) -> None:
    # what opening left unread stood in the way of a frame within the same 20 ms
    first = ea.Project(tmp_path / "p.duckdb")
    assert first.batches().is_empty()
    first.close()
    assert ea.Project(tmp_path / "p.duckdb").batches().is_empty()
