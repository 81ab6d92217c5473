"""Failure rates: the method follows from how the traces were chosen."""

from __future__ import annotations

import pytest
from fakes import ModelServer, chat

import erroranalysis as ea
from erroranalysis.errors import NoHonestEstimateError
from erroranalysis.measure import corrected_rate
from erroranalysis.queue import Queue


def fill(project: ea.Project, n: int = 100, fails: int = 20) -> list[dict]:
    project.ingest(
        [
            chat(
                f"t{i:03}",
                f"question {i} {i * 7919}",
                f"{'oops' if i < fails else 'fine'} {i * 104729}",
                metadata={"channel": "app" if i < 50 else "web"},
            )
            for i in range(n)
        ],
        progress=False,
    )
    return [
        {
            "trace_id": f"t{i:03}",
            "verdict": "fail" if i < fails else "pass",
            "critique": "because",
        }
        for i in range(n)
    ]


def drawn(project: ea.Project, n: int, fails: int, read: int) -> list[str]:
    """Let mira read a random sample; return its fails, all of the mode ``oops``."""
    notes = fill(project, n=n, fails=fails)
    batch = project.sample(read, seed=5)
    labels = [row for row in notes if row["trace_id"] in batch.trace_ids]
    project.import_annotations(labels, annotator="mira", batch=batch)
    project.taxonomy.add("oops")
    failing = [row["trace_id"] for row in labels if row["verdict"] == "fail"]
    project.taxonomy.assign(failing, "oops")
    return failing


def test_a_random_sample_gives_wilson(labelled: ea.Project) -> None:
    rates = labelled.failure_rates()
    assert rates.label_sampling == "random"
    assert (rates.overall.value, rates.overall.n) == (20 / 60, 60)
    assert [(item.mode, item.rate.value) for item in rates.modes] == [
        ("late", 0.25),
        ("rude", 5 / 60),
    ]
    assert rates.overall.assumes == ""


def test_labels_of_unknown_origin_say_so(project: ea.Project) -> None:
    project.import_annotations(fill(project), annotator="mira")
    rates = project.failure_rates()
    assert rates.label_sampling == "unknown"
    assert "nobody recorded how they were chosen" in rates.overall.assumes


def test_hunted_errors_give_no_rate(project: ea.Project) -> None:
    notes = fill(project)
    queue = project.queue([row["trace_id"] for row in notes[:10]], annotator="mira")
    for row in notes[:10]:
        queue.go_to(row["trace_id"])
        queue.submit("fail", "because")
    with pytest.raises(NoHonestEstimateError, match=r"sample\(100, by='random'\)"):
        project.failure_rates()


def test_hunted_errors_are_left_out_beside_a_random_sample(project: ea.Project) -> None:
    notes = fill(project)
    queue = project.queue([row["trace_id"] for row in notes[:10]], annotator="mira")
    for row in notes[:10]:
        queue.go_to(row["trace_id"])
        queue.submit("fail", "because")
    batch = project.sample(50, seed=3)
    chosen = [row for row in notes if row["trace_id"] in batch.trace_ids]
    project.import_annotations(chosen, annotator="mira", batch=batch)
    rates = project.failure_rates()
    assert rates.overall.n == 50
    assert "10 traces picked by hand were left out of the draw" in rates.overall.assumes


def test_a_stratified_sample_is_weighted(project: ea.Project) -> None:
    """App has 20 fails in 50, web none in 50; app is read fully, web hardly."""
    notes = fill(project)
    project.ingest(
        [
            chat(
                f"w{i}", f"more {i * 31}", f"fine {i * 37}", metadata={"channel": "web"}
            )
            for i in range(150)
        ],
        progress=False,
    )
    batch = project.sample(
        100, by="stratified", strata="channel", allocation="equal", seed=1
    )
    known = {row["trace_id"]: row["verdict"] for row in notes}
    labels = [
        {"trace_id": key, "verdict": known.get(key, "pass")} for key in batch.trace_ids
    ]
    project.import_annotations(labels, annotator="mira", batch=batch)
    rates = project.failure_rates()
    assert rates.label_sampling == "stratified"
    assert rates.overall.value == pytest.approx(20 / 250)
    assert "weighted" in rates.overall.method


def test_a_good_judge_narrows_the_rate_and_shows_what_it_corrected(
    project: ea.Project,
) -> None:
    drawn(project, n=600, fails=120, read=150)
    project.judge("oops").run("all", progress=False)
    (found,) = project.failure_rates().modes
    assert found.judge == "oops v1"
    assert found.rate.low < 0.2 < found.rate.high
    alone = found.labels_only
    assert found.rate.high - found.rate.low < alone.high - alone.low
    assert found.judge_only is not None
    assert "corrected for errors of oops v1" in found.note


def test_what_is_said_of_a_judge_fits_the_interval_that_is_shown_beside(
    project: ea.Project,
) -> None:
    drawn(project, n=330, fails=66, read=100)
    project.judge("oops").run("all", progress=False)
    (found,) = project.failure_rates().modes
    assert found.rate.n < found.labels_only.n  # what taught the judge does not count
    width = found.rate.high - found.rate.low
    no_gain = width >= found.labels_only.high - found.labels_only.low
    assert ("the judge adds nothing here" in found.note) == no_gain


def test_a_judge_that_read_little_more_than_the_person_does_not_correct(
    project: ea.Project,
) -> None:
    drawn(project, n=150, fails=30, read=100)
    project.judge("oops").run("all", progress=False)
    (found,) = project.failure_rates().modes
    assert found.rate == found.labels_only
    assert found.judge_only is not None
    assert "beside 100 labelled traces the judge read 50 more" in found.note


def test_deferred_traces_do_not_count(project: ea.Project) -> None:
    notes = fill(project, n=10, fails=2)
    notes[9]["verdict"] = "defer"
    project.import_annotations(notes, annotator="mira")
    assert project.failure_rates().overall.n == 9


def read_more_like(queue: Queue, trace_id: str) -> int:
    """Read traces that are like one, and say that they fail."""
    found = queue.more_like(trace_id, n=3)
    for name in found:
        queue.go_to(name)
        queue.submit("fail", "because")
    return len(found)


def test_traces_read_for_being_like_another_were_not_drawn(project: ea.Project) -> None:
    fill(project)
    batch = project.sample(10, seed=3)
    queue = project.queue(batch, annotator="mira")
    found = read_more_like(queue, batch.trace_ids[0])
    with pytest.raises(NoHonestEstimateError) as failed:
        project.failure_rates()
    assert f"none was drawn at random ({found} like another trace)" in str(failed.value)


def test_labels_that_were_not_drawn_are_left_out_and_counted(
    project: ea.Project,
) -> None:
    notes = fill(project)
    batch = project.sample(50, seed=3)
    drawn = set(batch.trace_ids)
    chosen = [row for row in notes if row["trace_id"] in drawn]
    project.import_annotations(chosen, annotator="mira", batch=batch)
    queue = project.queue(batch, annotator="mira")
    found = read_more_like(queue, batch.trace_ids[0])
    read = {*drawn, *queue.ids}
    rest = [row for row in notes if row["trace_id"] not in read]
    project.import_annotations(rest[:4], annotator="mira")  # nobody said how
    picked = project.queue([row["trace_id"] for row in rest[4:9]], annotator="mira")
    for name in picked.ids:
        picked.go_to(name)
        picked.submit("fail", "because")
    overall = project.failure_rates().overall
    assert overall.n == 50
    assert overall.assumes == (
        "4 labelled traces whose choice nobody recorded are left out;"
        f" {found} traces that were read for being like another are left out"
    )


def test_what_taught_a_judge_is_left_out_by_split_and_not_by_outcome(
    project: ea.Project, model_server: ModelServer
) -> None:
    """Its examples are balanced: to leave out only them makes failures look rarer."""
    fails = drawn(project, n=500, fails=100, read=150)
    model_server.script = lambda _: '{"critique": "fine", "verdict": "pass"}'
    judge = project.judge("oops", "stub", base_url=model_server.url)
    judge.run("all", progress=False)
    (found,) = project.failure_rates().modes

    held_out = project.sql("SELECT trace_id FROM splits WHERE split <> 'train'")
    compared = set(held_out["trace_id"].to_list())
    assert len(compared) == 106
    failed = len(compared.intersection(fails))
    expected = corrected_rate(
        both_pass=len(compared) - failed,
        judge_pass_human_fail=failed,
        judge_fail_human_pass=0,
        both_fail=0,
        unlabelled_pass=350,
        unlabelled_fail=0,
        label_sampling="random",
    )
    assert found.rate == expected.failure_rate
    assert found.rate.value == pytest.approx(len(fails) / 150, abs=0.01)


def test_notes_of_no_mode_count_no_more_than_others(project: ea.Project) -> None:
    """They have no split; a part as large as the train split is left out of them."""
    fails = drawn(project, n=1800, fails=600, read=600)
    project.taxonomy.unassign(fails[len(fails) // 2 :], "oops")
    project.judge("oops").run("all", progress=False)
    (found,) = project.failure_rates().modes
    assert found.labels_only.n == 600
    assert found.rate.value == pytest.approx(1 / 6, abs=0.012)


def test_the_traces_behind_a_rate_have_names(labelled: ea.Project) -> None:
    rates = labelled.failure_rates()
    found = {item.mode: len(item.trace_ids) for item in rates.modes}
    assert (found, len(rates.failing)) == ({"late": 15, "rude": 5}, 20)
