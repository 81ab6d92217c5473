"""More like this: similar traces come behind one, and no rate takes them for drawn."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import chat

import erroranalysis as ea
from erroranalysis.errors import NoHonestEstimateError, NothingToDoError
from erroranalysis.likeness import most_alike
from erroranalysis.queue import Queue
from erroranalysis.queue import queue as module

TOPICS = {
    "dog": "May my labrador sleep in the room, and is there a fee for a large dog?",
    "visa": "Please send an invitation letter for the consulate, for my visa",
    "pool": "Until when can we swim in the heated pool on the roof this evening?",
    "bill": "The invoice shows city tax twice, correct the invoice and refund the tax",
}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[ea.Project]:
    """40 traces on four topics, the failing ones all about dogs."""
    made = ea.Project(tmp_path / "p.duckdb")
    records = [
        chat(f"{topic}{i}", f"{text} Case {i} {i * 7919}", f"Answer {i * 104729}")
        for topic, text in TOPICS.items()
        for i in range(10)
    ]
    made.ingest(records, progress=False)
    yield made
    made.close()


def read(queue: Queue, trace_id: str) -> None:
    queue.go_to(trace_id)
    queue.submit("fail" if trace_id.startswith("dog") else "pass", "as it is")


def test_the_most_similar_come_right_behind(project: ea.Project) -> None:
    queue = project.queue(["pool0", "dog0", "visa0", "bill0"], annotator="mira")
    queue.go_to("dog0")
    fresh = queue.more_like(n=3)
    assert len(fresh) == 3
    assert all(name.startswith("dog") for name in fresh)
    assert queue.ids == ("pool0", "dog0", *fresh, "visa0", "bill0")
    assert (queue.current_id, queue.position, len(queue)) == ("dog0", 1, 7)
    assert queue.progress().total == 7
    whys = {one.trace_id: one.why for one in queue.find()}
    assert {name for name, why in whys.items() if why == "like dog0"} == set(fresh)
    read(queue, "dog0")
    assert queue.next_unlabelled() == fresh[0]


def test_a_named_trace_and_a_second_helping(project: ea.Project) -> None:
    queue = project.queue(["pool0", "dog0"], annotator="mira")
    first = queue.more_like("dog0", n=2)
    second = queue.more_like("dog0", n=2)
    assert queue.ids == ("pool0", "dog0", *first, *second)
    third = queue.more_like(first[0], n=1)
    assert queue.ids == ("pool0", "dog0", first[0], *third, first[1], *second)
    assert queue.current_id == "pool0"


def test_the_order_is_the_same_after_a_restart(project: ea.Project) -> None:
    queue = project.queue(["pool0", "dog0", "visa0"], annotator="mira")
    queue.more_like("dog0", n=2)
    queue.more_like("pool0", n=2)
    project.close()
    again = ea.Project(project.path)
    assert again.queue(queue.batch_id, annotator="mira").ids == queue.ids
    again.close()


def test_another_tab_follows(project: ea.Project) -> None:
    queue = project.queue(["pool0", "dog0"], annotator="mira")
    other = project.queue(queue.batch_id, annotator="mira")
    other.go_to("dog0")
    fresh = queue.more_like("pool0", n=3)
    assert other.progress().total == 5
    assert other.ids == queue.ids
    assert (other.current_id, other.position) == ("dog0", 4)
    assert fresh[0] in other


def test_what_the_person_has_read_is_left_out_but_not_what_others_have(
    project: ea.Project,
) -> None:
    dogs = [f"dog{i}" for i in range(10)]
    mine = project.queue(dogs[:6], annotator="mira")
    for name in dogs[:6]:
        read(mine, name)
    theirs = project.queue(dogs[6:], annotator="ben")
    for name in dogs[6:]:
        read(theirs, name)
    queue = project.queue(["dog0"], annotator="mira")
    assert set(queue.more_like(n=4)) == set(dogs[6:])


def test_nothing_more_to_find_says_so(project: ea.Project) -> None:
    queue = project.queue(sorted(project.traces()["id"]), annotator="mira")
    with pytest.raises(
        NothingToDoError,
        match=r"^There is nothing more like 'bill0': every other trace is in this batch"
        r" already, was read by mira, or has nothing in common with it\.$",
    ):
        queue.more_like()
    with pytest.raises(NothingToDoError, match="0 similar traces are none"):
        queue.more_like(n=0)


def test_of_a_huge_project_a_random_part_is_looked_at(
    project: ea.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POOL", 12)
    project.close()
    copy = shutil.copy(project.path, f"{project.path}.copy.duckdb")
    queue = project.queue(["dog0"], annotator="mira")
    other = ea.Project(copy).queue(["dog0"], annotator="ben")
    assert queue.more_like(n=40) == other.more_like(n=40)
    assert len(queue) <= 13


def test_a_random_sample_keeps_its_rate(project: ea.Project) -> None:
    batch = project.sample(12, seed=2)
    queue = project.queue(batch, annotator="mira")
    for name in batch.trace_ids:
        read(queue, name)
    before = project.failure_rates().overall
    dog = next(name for name in batch.trace_ids if name.startswith("dog"))
    fresh = queue.more_like(dog, n=3)
    for name in fresh:
        read(queue, name)
    assert all(name.startswith("dog") for name in fresh)  # all of these fail
    after = project.failure_rates()
    assert (after.overall.value, after.overall.n) == (before.value, 12)
    assert after.label_sampling == "random"
    # the labels themselves are kept, with their batch
    assert project.annotations().height == 15
    # they are not there to be drawn any more, and the next draw remembers it
    rest = project.sample(20, seed=3)
    assert not set(fresh) & set(rest.trace_ids)
    labels = [{"trace_id": name, "verdict": "pass"} for name in rest.trace_ids]
    project.import_annotations(labels, annotator="mira", batch=rest)
    assert "3 traces" in project.failure_rates().overall.assumes


def test_a_stratified_sample_keeps_its_rate(project: ea.Project) -> None:
    batch = project.sample(12, by="stratified", strata="source", seed=2)
    queue = project.queue(batch, annotator="mira")
    for name in batch.trace_ids:
        read(queue, name)
    before = project.failure_rates().overall
    dog = next(name for name in batch.trace_ids if name.startswith("dog"))
    for name in queue.more_like(dog, n=3):
        read(queue, name)
    after = project.failure_rates().overall
    assert (after.value, after.low, after.high, after.n) == (
        before.value,
        before.low,
        before.high,
        before.n,
    )


def test_similar_traces_alone_give_no_rate(project: ea.Project) -> None:
    batch = project.sample(12, seed=2)
    queue = project.queue(batch, annotator="mira")
    for name in queue.more_like():
        read(queue, name)
    with pytest.raises(NoHonestEstimateError, match="No honest failure rate"):
        project.failure_rates()


def test_many_texts_are_narrowed_down_by_their_rare_words() -> None:
    others = [f"common words about booking number {i} and {i * 31}" for i in range(400)]
    others[333] = "the aquarium was cloudy, and booking it took an hour"
    text = "common words about booking an aquarium"
    assert most_alike(text, others, 1) == [333]
    assert len(most_alike(text, others, 30)) == 30
    assert most_alike("zyx wvu", others, 3) == []
    assert most_alike("", others, 3) == []
    assert most_alike(text, [], 3) == []
