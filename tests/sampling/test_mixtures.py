"""Mixtures: no trace twice, and what was drawn by chance stays so."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

import erroranalysis as ea
from erroranalysis.sampling import Drawn, draw_random
from erroranalysis.sampling.hunts import take
from erroranalysis.sampling.mixture import blend, share

IDS = [f"t{i}" for i in range(30)]


@given(
    st.dictionaries(st.sampled_from("abcd"), st.floats(0.01, 9), min_size=1),
    st.integers(1, 200),
)
def test_shares_sum_to_n(parts: dict[str, float], n: int) -> None:
    counts = share(parts, n)
    assert sum(counts.values()) == n
    total = sum(parts.values())
    for name, part in parts.items():
        assert abs(counts[name] - n * part / total) < 1


@given(st.lists(st.sampled_from(IDS)), st.lists(st.sampled_from(IDS)), st.integers())
def test_no_trace_comes_twice(one: list[str], two: list[str], number: int) -> None:
    seed = number % 1000
    drawn = draw_random(IDS, 8, seed=seed)
    hunted = {
        "signals": [Drawn(name, "refusal", None) for name in dict.fromkeys(one)],
        "outlier": [Drawn(name, "longest", None) for name in dict.fromkeys(two)],
    }
    mixed = blend(drawn, hunted, {"signals": 5, "outlier": 5}, seed=seed)
    ids = [item.trace_id for item in mixed]
    assert len(ids) == len(set(ids))
    by_chance = {d.trace_id for d in mixed if d.inclusion_probability is not None}
    assert by_chance == {item.trace_id for item in drawn}
    counts = Counter(str(d.stratum).split(":")[0] for d in mixed if d.stratum)
    assert counts["signals"] == min(5, len(set(one) - by_chance))


@given(st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from("xyz"))))
def test_every_reason_gets_its_turn(hits: list[tuple[str, str]]) -> None:
    taken = take(hits, 6)
    assert len({item.trace_id for item in taken}) == len(taken)
    assert len(taken) == min(6, len({trace_id for trace_id, _ in hits}))
    shown = {reason for item in taken for reason in str(item.stratum).split(", ")}
    assert len(taken) < 6 or shown >= {reason for _, reason in hits}


def test_a_mixture_reads_half_at_random(loaded: ea.Project) -> None:
    batch = loaded.sample(20, by={"random": 0.5, "coverage": 0.5}, seed=4)
    assert (batch.strategy, batch.label_sampling, len(batch)) == ("mixed", "mixed", 20)
    chances = Counter(item.inclusion_probability for item in batch.drawn)
    assert chances == {10 / 60: 10, None: 10}
    by_chance = {d.trace_id for d in batch.drawn if d.inclusion_probability}
    alone = loaded.sample(10, seed=4)
    assert by_chance == set(alone.trace_ids)


def test_a_mixture_of_hunts_is_a_hunt(loaded: ea.Project) -> None:
    batch = loaded.sample(12, by={"coverage": 1, "outlier": 1})
    assert batch.label_sampling == "error_hunt"


def test_a_mixture_can_be_stratified(loaded: ea.Project) -> None:
    batch = loaded.sample(
        20, by={"stratified": 3, "coverage": 1}, strata="channel", allocation="equal"
    )
    chances = {
        item.stratum: item.inclusion_probability
        for item in batch.drawn
        if item.inclusion_probability
    }
    assert set(chances) == {"app", "web"}
    assert chances["app"] == pytest.approx(8 / 12, abs=0.1)
