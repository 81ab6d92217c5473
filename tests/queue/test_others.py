"""Blind first: what others said is shown once one has decided."""

from __future__ import annotations

import re

import pytest

import erroranalysis as ea
from erroranalysis.errors import NothingToDoError, UnknownNameError
from erroranalysis.queue import Judgement, Others, Queue

BLIND = "Say pass or fail first; what others said is shown after that."


@pytest.fixture
def queue(labelled: ea.Project) -> Queue:
    """The queue of Ben on what Mira has read, judged by two versions of a judge."""
    judge = labelled.judge("late")
    judge.run("all", progress=False)
    return labelled.queue(annotator="ben")


def judged(store: ea.store.Store, trace_id: str, judge_id: str, **said: object) -> None:
    row = {"judge_id": judge_id, "trace_id": trace_id, "run_index": 0, "cache_key": "k"}
    store.judging.add_judgements([row | said])


def test_nothing_is_shown_before_pass_or_fail(queue: Queue) -> None:
    trace_id = queue.current_id
    with pytest.raises(NothingToDoError, match=f"^{re.escape(BLIND)}$"):
        queue.others(trace_id)
    queue.submit("defer")
    with pytest.raises(NothingToDoError, match=f"^{re.escape(BLIND)}$"):
        queue.others(trace_id)
    queue.submit("pass")
    assert queue.others(trace_id)
    queue.undo()
    with pytest.raises(NothingToDoError, match=f"^{re.escape(BLIND)}$"):
        queue.others(trace_id)


def test_the_newest_judge_and_the_colleagues_are_shown(
    queue: Queue, labelled: ea.Project
) -> None:
    store = labelled._store
    (old,) = store.judging.judges()
    kept = {k: v for k, v in old.items() if k not in ("judge_id", "version")}
    queue.go_to("t03")
    queue.submit("fail", "late again")
    others = queue.others("t03")
    assert [one.mode for one in others.judgements] == ["late"]
    assert others.judgements[0].judge_id == old["judge_id"]
    (note,) = others.annotations
    assert (note.annotator, note.verdict) == ("mira", "fail")
    assert str(note.critique).startswith("late: the reply on")

    new = store.judging.add_judge({**kept, "parent_id": old["judge_id"]})
    assert queue.others("t03").judgements == ()  # the new version has not read it
    judged(store, "t03", new["judge_id"], verdict="fail", critique="put off")
    judged(store, "t03", new["judge_id"], verdict="pass", critique="answered")
    expected = Judgement("late", "pass", "answered", new["judge_id"])
    assert queue.others("t03").judgements == (expected,)
    judged(store, "t03", new["judge_id"], error="timeout")
    assert queue.others("t03").judgements == ()


def test_the_judge_of_a_mode_that_was_merged_is_not_shown(
    queue: Queue, labelled: ea.Project
) -> None:
    queue.submit("pass")
    assert len(queue.others(queue.current_id).judgements) == 1
    labelled.taxonomy.merge(["late"], into="rude")
    assert queue.others(queue.current_id).judgements == ()


def test_own_words_and_what_was_taken_back_are_not_shown(
    labelled: ea.Project,
) -> None:
    ben, cleo = (labelled.queue(annotator=name) for name in ("ben", "cleo"))
    for queue in (ben, cleo):
        queue.go_to("t01")
        queue.submit("pass", f"says {queue.annotator}")
    assert [one.annotator for one in ben.others("t01").annotations] == ["cleo", "mira"]
    cleo.undo()
    assert [one.annotator for one in ben.others("t01").annotations] == ["mira"]
    with pytest.raises(NothingToDoError, match="Say pass or fail first"):
        cleo.others("t01")
    with pytest.raises(UnknownNameError, match="No trace in this batch 't99'"):
        ben.others("t99")


def test_nothing_from_others_is_false(project: ea.Project) -> None:
    project.ingest([{"question": "a", "answer": "b"}], progress=False)
    queue = project.queue(annotator="mira")
    queue.submit("pass")
    assert queue.others(queue.current_id) == Others()
    assert not queue.others(queue.current_id)
