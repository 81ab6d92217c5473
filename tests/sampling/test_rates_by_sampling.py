"""What a rate makes of labels from every kind of sample."""

from __future__ import annotations

from statistics import fmean

import pytest
from fakes import chat

import erroranalysis as ea
from erroranalysis.errors import NoHonestEstimateError, NothingToDoError
from erroranalysis.measure import weighted_rate
from erroranalysis.sampling import Drawn, draw_random, draw_stratified
from erroranalysis.sampling.mixture import blend

FAILING = {f"t{i:03}" for i in range(12)}


def judge(project: ea.Project, batch: ea.Batch, *, flip: bool = False) -> None:
    rows = [
        {
            "trace_id": name,
            "verdict": "fail" if (name in FAILING) != flip else "pass",
        }
        for name in batch.trace_ids
    ]
    project.import_annotations(rows, annotator="mira", batch=batch)


def test_only_the_drawn_part_of_a_mixture_counts(loaded: ea.Project) -> None:
    batch = loaded.sample(20, by={"random": 0.5, "coverage": 0.5}, seed=4)
    judge(loaded, batch)
    rates = loaded.failure_rates()
    drawn = [d.trace_id for d in batch.drawn if d.inclusion_probability]
    assert rates.label_sampling == "random"
    assert rates.overall.n == 10
    assert rates.overall.value == len(FAILING & set(drawn)) / 10
    assert "10 hunted traces of mixed batches are left out" in rates.overall.assumes


def test_hunted_traces_that_a_later_draw_could_not_reach(loaded: ea.Project) -> None:
    judge(loaded, loaded.sample(10, by="coverage"))
    with pytest.raises(NoHonestEstimateError, match=r"\(10 error_hunt\)"):
        loaded.failure_rates()
    judge(loaded, loaded.sample(20))
    said = loaded.failure_rates().overall.assumes
    assert "10 traces hunted or picked by hand were left out of the draw" in said


def test_a_sample_of_new_traces_says_so(loaded: ea.Project) -> None:
    judge(loaded, loaded.sample(10, by="new", since="2026-03-01"))
    rates = loaded.failure_rates()
    assert rates.label_sampling == "random"
    assert rates.overall.assumes == "only traces since 2026-03-01 were drawn"
    judge(loaded, loaded.sample(20, seed=2))
    both = loaded.failure_rates().overall
    assert both.n == 20
    assert "10 labelled traces of another draw, since 2026-03-01, are left" in (
        both.assumes
    )


def test_whole_sessions_widen_the_interval(loaded: ea.Project) -> None:
    judge(loaded, loaded.sample(30, sessions="together", seed=1))
    whole = loaded.failure_rates().overall
    assert whole.n == 30
    assert "15 clusters" in whole.method
    assert whole.low < whole.value < whole.high


def test_a_second_look_in_a_hunt_keeps_the_trace_in_the_sample(
    loaded: ea.Project,
) -> None:
    batch = loaded.sample(20, seed=1)
    judge(loaded, batch)
    queue = loaded.queue(list(batch.trace_ids[:5]), annotator="mira")
    for trace_id in batch.trace_ids[:5]:
        queue.go_to(trace_id)
        queue.submit("fail", "on a second look")
    rates = loaded.failure_rates()
    assert (rates.label_sampling, rates.overall.n) == ("random", 20)
    assert rates.overall.value >= 5 / 20


def test_reading_again_changes_nothing_and_measures_the_person(
    loaded: ea.Project,
) -> None:
    batch = loaded.sample(30, seed=1)
    judge(loaded, batch)
    before = loaded.failure_rates().overall
    current = loaded.annotations()
    with pytest.raises(NothingToDoError, match="mira has read no trace again"):
        loaded.agreement("mira", "mira")
    again = loaded.sample(10, by="recheck")
    assert again.label_sampling == "recheck"
    assert set(again.trace_ids) <= set(batch.trace_ids[:15])  # the older half
    assert {item.inclusion_probability for item in again.drawn} == {None}
    judge(loaded, again, flip=True)
    assert loaded.annotations().equals(current)
    assert loaded.failure_rates().overall == before
    steady = loaded.agreement("mira", "mira")
    assert (steady.percent.n, steady.percent.value) == (10, 0)
    assert steady.raters == ("mira", "mira again")
    assert loaded.sql("SELECT count(*) FROM rereadings").item() == 10
    more = loaded.sample(30, by="recheck")
    assert len(more) == 20
    assert not set(more.trace_ids) & set(again.trace_ids)


def test_agreeing_with_oneself_is_kept_too(loaded: ea.Project) -> None:
    judge(loaded, loaded.sample(30, seed=1))
    again = loaded.sample(10, by="recheck", annotator="mira")
    judge(loaded, again)
    judge(loaded, again)  # the same file twice
    assert loaded.agreement("mira", "mira").percent.value == 1
    history = loaded.annotations(history=True)
    assert history.height == 40
    assert history["supersedes"].null_count() == 40


def test_reading_again_in_the_annotator(loaded: ea.Project) -> None:
    judge(loaded, loaded.sample(30, seed=1))
    again = loaded.sample(10, by="recheck")
    queue = loaded.queue(again, annotator="mira")
    assert queue.progress().left == 10  # blind: what was said before does not show
    first = queue.submit("fail", "at first sight")
    second = queue.submit("pass", "no, fine")
    assert (first.supersedes, second.supersedes) == (None, first.annotation_id)
    queue.undo()
    queue.undo()
    assert loaded.sql("SELECT count(*) FROM rereadings").item() == 0
    queue.submit("pass")
    assert loaded.sql("SELECT second FROM rereadings").item() == "pass"


def test_another_person_may_read_a_batch_of_rereadings(loaded: ea.Project) -> None:
    judge(loaded, loaded.sample(30, seed=1))
    again = loaded.sample(10, by="recheck")
    rows = [{"trace_id": name, "verdict": "pass"} for name in again.trace_ids]
    loaded.import_annotations(rows, annotator="jonas", batch=again)
    assert loaded.agreement("mira", "jonas").percent.n == 10
    with pytest.raises(NoHonestEstimateError, match=r"\(10 recheck\)"):
        loaded.failure_rates(annotator="jonas")


def test_the_weighted_rate_is_unbiased_for_stratified_and_mixed_samples() -> None:
    strata = {f"t{i}": "app" if i < 20 else "web" for i in range(120)}
    fails = {f"t{i}" for i in range(120) if (i < 20 and i % 2) or i % 10 == 0}
    truth = len(fails) / len(strata)
    stratified, mixed, naive = [], [], []
    hunted = {"signals": [Drawn(name, "x", None) for name in sorted(fails)]}
    for seed in range(600):
        drawn = draw_stratified(strata, 24, seed=seed, allocation="equal")
        found = [item.trace_id in fails for item in drawn]
        chances = [item.inclusion_probability or 0 for item in drawn]
        stratified.append(weighted_rate(found, chances).value)
        batch = blend(
            draw_random(list(strata), 20, seed=seed), hunted, {"signals": 20}, seed=seed
        )
        usable = [item for item in batch if item.inclusion_probability]
        found = [item.trace_id in fails for item in usable]
        mixed.append(
            weighted_rate(found, [d.inclusion_probability or 0 for d in usable]).value
        )
        naive.append(fmean(item.trace_id in fails for item in batch))
    # a standard error is about 0.003; counting the hunted ones would be far off
    assert fmean(stratified) == pytest.approx(truth, abs=0.012)
    assert fmean(mixed) == pytest.approx(truth, abs=0.012)
    assert fmean(naive) > truth + 0.2


def test_clusters_of_a_part_are_weighted_right(project: ea.Project) -> None:
    """Two topics, one of them rare and failing; equal shares, weighted back."""
    project.ingest(
        [
            chat(
                f"t{i:03}", f"{'sauna spa towels' if i < 12 else 'parking car garage'}"
            )
            for i in range(60)
        ],
        progress=False,
    )
    batch = project.sample(
        20, by="stratified", strata="cluster", allocation="equal", seed=1
    )
    judge(project, batch)
    assert project.failure_rates().overall.value == pytest.approx(12 / 60, abs=0.05)
