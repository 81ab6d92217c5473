"""The taxonomy: proposals that save nothing, edits that lose nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import erroranalysis as ea
from erroranalysis.clustering import group_notes, near_duplicates
from erroranalysis.errors import (
    ErrorAnalysisError,
    NothingToDoError,
    UnknownNameError,
)


def notes_of(project: ea.Project, mode: str) -> set[str]:
    frame = project.taxonomy.assignments()
    return {t for t, m in frame.select("trace_id", "mode").iter_rows() if m == mode}


def test_suggestions_cover_every_waiting_note_once_and_save_nothing(
    labelled: ea.Project,
) -> None:
    labelled.taxonomy.unassign([f"t{i:02}" for i in range(15)], "late")
    labelled.taxonomy.unassign([f"t{i:02}" for i in range(15, 20)], "rude")
    before = labelled.status()
    found = labelled.taxonomy.suggest(seed=1)
    ids = [trace_id for group in found for trace_id in group.trace_ids]
    assert sorted(ids) == [f"t{i:02}" for i in range(20)]
    assert len(found) > 1
    assert all(group.quote == group.notes[0] for group in found)
    assert labelled.status() == before


def test_notes_of_two_kinds_are_told_apart(labelled: ea.Project) -> None:
    late = [f"the reply came a day late, guest {w} waited" for w in "abcdefghijkl"]
    rude = [f"talks down to the guest, tone of {w} is rude" for w in "mnopqrstuvwx"]
    groups = group_notes([*late, *rude], groups=2, seed=0)
    assert {frozenset(group.members) for group in groups} == {
        frozenset(range(12)),
        frozenset(range(12, 24)),
    }


def test_a_suggested_group_can_be_assigned_as_it_is(labelled: ea.Project) -> None:
    labelled.taxonomy.unassign([f"t{i:02}" for i in range(15)], "late")
    group = labelled.taxonomy.suggest()[0]
    assert labelled.taxonomy.assign(group, "rude") == len(group.trace_ids)
    assert set(group.trace_ids) <= notes_of(labelled, "rude")
    assert len(labelled.taxonomy.suggest()) == 0
    how = labelled.sql("SELECT DISTINCT how FROM assignments ORDER BY how")
    assert how["how"].to_list() == ["person", "suggestion"]


def test_rename_keeps_the_notes(labelled: ea.Project) -> None:
    labelled.taxonomy.rename("late", "late-reply", why="clearer")
    assert len(notes_of(labelled, "late-reply")) == 15
    edit = labelled.taxonomy.edits().to_dicts()[-1]
    assert (edit["operation"], edit["why"]) == ("rename", "clearer")
    assert '"before":"late"' in edit["detail"]


def test_merge_takes_the_notes_along_even_twice(labelled: ea.Project) -> None:
    labelled.taxonomy.add("tone")
    labelled.taxonomy.assign("t00", "tone")
    labelled.taxonomy.merge(["rude"], into="tone")
    labelled.taxonomy.merge("tone", into="late")
    assert notes_of(labelled, "late") == {f"t{i:02}" for i in range(20)}
    assert labelled.taxonomy.modes().rows() == [
        ("late", "Puts the guest off instead of answering.", 20)
    ]
    assert labelled.taxonomy.assign("t03", "late") == 0


def test_a_note_may_have_two_modes_and_lose_one(labelled: ea.Project) -> None:
    assert labelled.taxonomy.assign("t00", "rude") == 1
    assert labelled.taxonomy.assign("t00", "rude") == 0
    assert labelled.taxonomy.unassign("t00", "late") == 1
    assert "t00" in notes_of(labelled, "rude")
    assert "t00" not in notes_of(labelled, "late")
    labelled.taxonomy.assign("t00", "late")
    assert "t00" in notes_of(labelled, "late")


def test_pareto_counts_traces_of_those_that_were_read(labelled: ea.Project) -> None:
    labelled.taxonomy.unassign("t19", "rude")
    pareto = labelled.taxonomy.pareto()
    assert [(item.mode, item.count) for item in pareto.modes] == [
        ("late", 15),
        ("rude", 4),
    ]
    assert (pareto.read, pareto.failed, pareto.unplaced) == (60, 20, 1)
    assert pareto.modes[0].share.value == 0.25
    row = {"trace_id": "t00", "verdict": "pass", "annotator": "mira"}
    labelled.import_annotations([row])
    assert labelled.taxonomy.pareto().modes[0].count == 14


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda t: t.assign("t00", "lat"), "Did you mean 'late'"),
        (lambda t: t.assign("t59", "late"), "No failing note of mira on trace 't59'"),
        (lambda t: t.add("LATE"), "There is a failure mode 'late' already"),
        (lambda t: t.add("  "), "needs a name"),
        (lambda t: t.rename("late", "rude"), "There is a failure mode 'rude' already"),
        (lambda t: t.merge(["late"], into="late"), "Nothing to merge into 'late'"),
        (lambda t: t.suggest(annotator="mirra"), "Did you mean 'mira'"),
    ],
)
def test_mistakes_are_explained_and_change_nothing(
    labelled: ea.Project, act, message: str
) -> None:
    before = labelled.taxonomy.edits().rows(), labelled.taxonomy.assignments().rows()
    with pytest.raises((ErrorAnalysisError, UnknownNameError), match=message):
        act(labelled.taxonomy)
    after = labelled.taxonomy.edits().rows(), labelled.taxonomy.assignments().rows()
    assert before == after


def test_without_annotations_the_error_says_what_to_do(project: ea.Project) -> None:
    with pytest.raises(NothingToDoError, match=r"project.annotate\("):
        project.taxonomy.suggest()


@settings(deadline=None, max_examples=40)
@given(st.lists(st.text(max_size=40), max_size=45))
def test_any_notes_are_grouped_without_loss(notes: list[str]) -> None:
    groups = group_notes(notes)
    members = sorted(place for group in groups for place in group.members)
    assert members == list(range(len(notes)))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=20))
def test_equal_texts_are_near_duplicates(texts: list[str]) -> None:
    doubled = [*texts, *texts]
    groups = near_duplicates(doubled)
    for place, text in enumerate(texts):
        if any(char.isalnum() for char in text):
            assert groups[place] == groups[place + len(texts)]


@pytest.mark.shared_data
def test_real_failure_notes_group_better_than_chance(shared_data) -> None:
    import csv

    from sklearn.metrics import adjusted_mutual_info_score

    with (shared_data / "notes" / "agentrx.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    notes = [row["note"] for row in rows]
    found = [0] * len(notes)
    for number, group in enumerate(group_notes(notes, seed=0)):
        for place in group.members:
            found[place] = number
    truth = [row["category"] for row in rows]
    assert adjusted_mutual_info_score(truth, found) > 0.2
