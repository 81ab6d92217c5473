"""Draws: reproducible, fair, and with the right chances written down."""

from __future__ import annotations

from collections import Counter

import pytest
from fakes import chat
from hypothesis import given
from hypothesis import strategies as st

import erroranalysis as ea
from erroranalysis.errors import NothingToDoError, UnknownNameError
from erroranalysis.sampling import draw_random, draw_stratified
from erroranalysis.sampling.draws import SMALLER

IDS = [f"t{i}" for i in range(40)]


@given(st.integers(1, 60), st.integers(-(2**60), 2**60))
def test_a_random_draw_has_n_different_traces_and_their_chance(
    n: int, seed: int
) -> None:
    drawn = draw_random(IDS, n, seed=seed)
    assert len({item.trace_id for item in drawn}) == min(n, 40)
    assert {item.inclusion_probability for item in drawn} == {min(n, 40) / 40}


def test_the_draw_does_not_depend_on_order_or_on_what_is_added() -> None:
    first = [item.trace_id for item in draw_random(IDS, 10, seed=3)]
    assert [item.trace_id for item in draw_random(IDS[::-1], 10, seed=3)] == first
    more = [item.trace_id for item in draw_random([*IDS, "x1", "x2"], 10, seed=3)]
    assert [trace_id for trace_id in more if trace_id in IDS] == first[
        : len(more) - len([trace_id for trace_id in more if trace_id not in IDS])
    ]


def test_every_trace_is_drawn_equally_often() -> None:
    counts = Counter(
        item.trace_id
        for seed in range(4000)
        for item in draw_random(IDS, 10, seed=seed)
    )
    expected = 4000 * 10 / 40
    chi2 = sum((counts[name] - expected) ** 2 / expected for name in IDS)
    assert chi2 < 72.1  # 99.9 % quantile of chi-squared with 39 degrees is 72.05


@given(
    st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=60),
    st.integers(1, 70),
    st.sampled_from(["proportional", "equal"]),
)
def test_a_stratified_draw_takes_n_and_knows_its_chances(
    strata: list[str | None], n: int, allocation: str
) -> None:
    cells = {f"t{i}": stratum for i, stratum in enumerate(strata)}
    drawn = draw_stratified(cells, n, seed=5, allocation=allocation)
    assert len({item.trace_id for item in drawn}) == min(n, len(strata))
    sizes = Counter("(none)" if s is None else s for s in strata)
    taken = Counter(item.stratum for item in drawn)
    total = sum(sizes.values())
    small = {name for name in sizes if n < len(sizes) and n * sizes[name] < total}
    sizes[SMALLER] = sum(sizes.pop(name) for name in small)
    for item in drawn:
        share = taken[item.stratum] / sizes[item.stratum or ""]
        assert item.inclusion_probability == pytest.approx(share)
    assert set(taken) == set(+sizes)  # no stratum that a draw could never reach
    chances = {item.stratum: item.inclusion_probability or 0 for item in drawn}
    assert sum(chances[name] * sizes[name] for name in taken) == pytest.approx(
        len(drawn)
    )


@given(
    st.lists(st.sampled_from("abcd"), min_size=8, max_size=60),
    st.integers(1, 2),
    st.sampled_from(["proportional", "equal"]),
)
def test_every_stratum_gets_its_minimum(
    strata: list[str], at_least: int, allocation: str
) -> None:
    cells = {f"t{i}": stratum for i, stratum in enumerate(strata)}
    drawn = draw_stratified(cells, 8, seed=5, allocation=allocation, at_least=at_least)
    taken = Counter(item.stratum for item in drawn)
    assert len(drawn) == 8
    for stratum, size in Counter(strata).items():
        assert taken[stratum] >= min(size, at_least)


def test_later_loads_do_not_reshuffle_the_strata() -> None:
    cells = {f"t{i}": "ab"[i % 2] for i in range(40)}
    first = {d.trace_id for d in draw_stratified(cells, 10, seed=2)}
    grown = cells | {f"x{i}": "ab"[i % 2] for i in range(4)}
    second = {d.trace_id for d in draw_stratified(grown, 10, seed=2)}
    assert {name for name in second if name in cells} <= first


def test_many_small_strata_are_drawn_together() -> None:
    cells = {f"t{i}": f"one-{i}" for i in range(50)} | dict.fromkeys("abcde", "five")
    drawn = draw_stratified(cells, 11, seed=1)
    assert Counter(item.stratum for item in drawn) == {"five": 1, SMALLER: 10}
    assert {d.inclusion_probability for d in drawn if d.stratum == SMALLER} == {0.2}


def test_equal_allocation_reads_small_strata_fully() -> None:
    cells = {f"t{i}": "rare" if i < 3 else "common" for i in range(100)}
    taken = Counter(
        item.stratum for item in draw_stratified(cells, 20, seed=1, allocation="equal")
    )
    assert taken == {"rare": 3, "common": 17}


@pytest.fixture
def loaded(project: ea.Project) -> ea.Project:
    project.ingest(
        [
            chat(
                f"t{i}", f"q{i}", f"a{i}",
                metadata={"channel": "app" if i % 5 == 0 else "web"},
                started_at=f"2026-0{1 + i % 3}-05T10:00:00Z",
            )
            for i in range(50)
        ],
        progress=False,
    )  # fmt: skip
    return project


def test_the_batch_is_written_down_with_chances(loaded: ea.Project) -> None:
    batch = loaded.sample(10, by="stratified", strata="channel", seed=2)
    rows = loaded.sql(
        "SELECT stratum, count(*) AS n, min(inclusion_probability) AS p"
        " FROM batch_items GROUP BY stratum ORDER BY stratum"
    ).rows()
    assert rows == [("app", 2, 0.2), ("web", 8, 0.2)]
    assert repr(batch).startswith("Batch(10 of 50 traces, stratified, 'b_")


def test_what_was_read_is_not_drawn_again(loaded: ea.Project) -> None:
    batch = loaded.sample(30, seed=1)
    notes = [{"trace_id": trace_id, "verdict": "pass"} for trace_id in batch.trace_ids]
    loaded.import_annotations(notes, annotator="mira", batch=batch)
    second = loaded.sample(100, seed=1)
    assert len(second) == 20
    assert not set(second.trace_ids) & set(batch.trace_ids)
    assert len(loaded.sample(100, exclude_annotated=False)) == 50


def test_strata_can_be_months(loaded: ea.Project) -> None:
    batch = loaded.sample(9, by="stratified", strata=["month"], allocation="equal")
    assert Counter(item.stratum for item in batch.drawn) == {
        "2026-01": 3,
        "2026-02": 3,
        "2026-03": 3,
    }


def test_unknown_names_are_explained(loaded: ea.Project) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'random'"):
        loaded.sample(5, by="randon")
    with pytest.raises(UnknownNameError, match="Did you mean 'channel'"):
        loaded.sample(5, by="stratified", strata="chanel")
    with pytest.raises(TypeError, match=r"has no keyword 'sede'\. Did you mean 'seed'"):
        loaded.sample(5, sede=3)
    with pytest.raises(NothingToDoError, match="ask for one or more"):
        loaded.sample(0)


def test_an_empty_project_says_what_to_do(project: ea.Project) -> None:
    with pytest.raises(NothingToDoError, match=r"project.ingest\('traces.jsonl'\)"):
        project.sample(5)


def test_a_cell_that_is_run_again_gets_the_same_batch(tmp_path):
    project = ea.Project(tmp_path / "p.duckdb")
    talk = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]
    project.ingest([{"id": f"t{n}", "messages": talk} for n in range(20)])
    batch = project.sample(4, seed=1)
    project.ingest([{"id": f"u{n}", "messages": talk} for n in range(20)])
    queue = project.queue(batch, annotator="mira")
    queue.submit("pass")
    # after a restart, or for a colleague, the same words mean the same traces
    again = ea.Project(tmp_path / "p.duckdb").sample(4, seed=1)
    assert again == batch
    assert project.sample(4, seed=2).batch_id != batch.batch_id
    assert project.sample(5, seed=1).batch_id != batch.batch_id
    while queue.next_unlabelled() is not None:
        queue.submit("pass")
    fresh = project.sample(4, seed=1)
    assert fresh.batch_id != batch.batch_id
    assert set(fresh.trace_ids).isdisjoint(batch.trace_ids)
    assert project.batches().height == 4
    picked = project.queue(["t1", "t2"], annotator="mira").batch_id
    assert project.queue(["t1", "t2"], annotator="ben").batch_id == picked
    assert project.queue(["t2", "t1"], annotator="ben").batch_id != picked
    project.close()
