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
    for item in drawn:
        share = taken[item.stratum] / sizes[item.stratum or ""]
        assert item.inclusion_probability == pytest.approx(share)
    if n >= len(sizes):
        assert set(taken) == set(sizes)


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
