"""Saturation against published tables, enumeration, and the laws it keeps."""

from __future__ import annotations

import csv
import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from erroranalysis.measure import Saturation, saturation, wilson
from erroranalysis.measure.unseen import chao_low, rarefied, unseen_bound

READ = st.lists(st.sets(st.sampled_from("abcdefgh"), max_size=3), max_size=40)


def published(traces: int, found: int, modes: int, *seen: int) -> Saturation:
    """A result with these counts; those above what is given are not told apart."""
    return Saturation(traces, 0, found, modes, (0, *seen), 0, ())


# Ants of five altitudes in Costa Rica, as iNEXT prints them for incidence data:
# T, U, S.obs, Q1, Q2, coverage, Chao2, S expected at 2 T
ANTS = [
    (599, 5976, 227, 49, 23, 0.9918134, 279.108514, None),
    (230, 2943, 241, 71, 34, 0.9759754, 314.810038, 286.546519),
    (150, 1730, 122, 28, 16, 0.9839382, 146.336667, 138.600961),
    (200, 1170, 56, 13, 4, 0.9889231, 77.019375, 65.684073),
    (200, 271, 14, 1, 2, 0.9963827, 14.248750, 14.244103),
]


@pytest.mark.parametrize("row", ANTS)
def test_published_coverage_number_and_extrapolation(row: tuple[float, ...]) -> None:
    traces, found, modes, once, twice, coverage, total, doubled = row
    item = published(traces, found, modes, once, twice)
    assert item.coverage.value == pytest.approx(coverage, abs=5e-7)
    assert item.total.value == pytest.approx(total, abs=5e-6)
    if doubled:
        more = item.expected_new(traces).value
        assert modes + more == pytest.approx(doubled, abs=5e-6)


def test_published_rarefaction() -> None:
    """The ants at 2,000 m: 12.811923 species expected in 100 of the 200 samples."""
    counts = [80, 59, 34, 23, 19, 15, 13, 8, 8, 4, 3, 2, 2, 1]
    seen = np.bincount(counts).tolist()
    assert rarefied(seen, 200, 100) == pytest.approx(12.811923, abs=5e-7)
    assert rarefied(seen, 200, 200) == pytest.approx(14)
    assert rarefied(seen, 200, 1) == pytest.approx(271 / 200)


def test_the_lower_bound_is_that_of_the_log_normal_interval() -> None:
    """Chao 1987: with K = exp(1.96 sqrt(log(1 + var / q0^2))), S + q0 / K."""
    once, twice, t, s = 71, 34, 230, 241
    a, r = 229 / 230, 71 / 34
    variance = twice * (a / 2 * r**2 + a**2 * r**3 + a**2 / 4 * r**4)
    hidden = a * once**2 / (2 * twice)
    k = math.exp(1.959964 * math.sqrt(math.log1p(variance / hidden**2)))
    assert chao_low(s, once, twice, t) == math.floor(s + hidden / k)


@given(READ)
def test_counts_bounds_and_order(read: list[set[str]]) -> None:
    item = saturation(read)
    assert item.traces == len(read)
    assert item.found == sum(len(x) for x in read)
    assert item.modes == len(set().union(*read)) if read else item.modes == 0
    assert sum(k * n for k, n in enumerate(item.seen)) == item.found
    back = saturation(read[::-1])
    assert back.seen == item.seen
    assert back.unseen.high == item.unseen.high
    assert item.discovered == tuple(
        len(set().union(*read[: i + 1])) for i in range(len(read))
    )
    if item.found:
        u, t = item.unseen, item.total
        assert 0 == u.low <= u.value <= u.high <= 1
        assert item.coverage.value == pytest.approx(1 - u.value)
        assert item.modes <= t.low <= math.ceil(t.value)
        assert math.isinf(t.high)
        for more in (1, item.traces):
            new = item.expected_new(more)
            assert 0 <= new.low <= new.value <= new.high
            assert new.high >= 1


@given(READ.filter(any), st.permutations("abcdefgh"))
def test_names_do_not_matter(read: list[set[str]], names: list[str]) -> None:
    renamed = [{names["abcdefgh".index(m)] for m in shown} for shown in read]
    assert saturation(renamed) == saturation(read)


@given(READ.filter(any))
def test_passes_do_not_change_what_share_of_failures_is_unseen(
    read: list[set[str]],
) -> None:
    item, diluted = saturation(read), saturation([*read, *[set()] * len(read)])
    assert diluted.unseen.high == pytest.approx(item.unseen.high)
    assert (diluted.modes, diluted.found) == (item.modes, item.found)
    assert diluted.last_new == item.last_new


def test_rarefaction_is_the_mean_over_all_choices() -> None:
    read = [{"a"}, {"a", "b"}, set(), {"c"}, {"a"}]
    item = saturation(read)
    for some in range(1, 6):
        ways = [len(set().union(*c)) for c in itertools.combinations(read, some)]
        assert rarefied(item.seen, 5, some) == pytest.approx(np.mean(ways))


def test_nothing_read_and_nothing_failed() -> None:
    none = saturation([])
    assert math.isnan(none.unseen.value)
    assert none.sentence == "No traces read yet."
    assert none.curve().is_empty()
    assert none.traces_until() is None
    good = saturation([set()] * 40)
    assert (good.unseen.low, good.unseen.high) == (0.0, 1.0)
    assert math.isnan(good.total.value)
    assert math.isnan(good.expected_new(5).value)
    most = 100 * wilson(0, 40).high
    assert good.sentence.endswith(f"no failure. At most {most:.0f} % of traces fail.")
    assert good.curve()["found"].max() == 0
    assert good.traces_until() is None
    assert "no failure" in good._repr_html_()


def test_one_trace_with_one_mode() -> None:
    item = saturation([{"late"}])
    assert item.unseen.value == item.unseen.high == 1.0
    assert item.total.low == 1.0
    assert item.expected_new(1).value == 0.5


def test_one_mode_seen_once_is_not_taken_for_the_last() -> None:
    """Chao and Jost's formula would say that nothing is unseen."""
    item = saturation([{"late"}] * 9 + [{"rude"}])
    assert item.unseen.value == pytest.approx(0.1)
    assert item.expected_new(10).value == pytest.approx(0.5)


def test_everything_seen_often_leaves_a_rule_of_three() -> None:
    item = saturation([{"a"}, {"b"}] * 50)
    assert item.unseen.value == 0.0
    assert item.unseen.high == pytest.approx(1.645**2 / (100 + 1.645**2), abs=1e-4)
    assert (item.total.value, item.total.low) == (2.0, 2.0)


def test_without_modes_seen_twice_the_bound_is_wilsons() -> None:
    from statsmodels.stats.proportion import proportion_confint

    for once, found in ((0, 20), (3, 20), (20, 20), (5, 200)):
        high = proportion_confint(once, found, alpha=0.1, method="wilson")[1]
        assert unseen_bound(once, 0, found) == pytest.approx(high)


@given(st.integers(0, 20), st.integers(0, 20), st.integers(1, 20))
def test_the_bound_grows_with_what_was_seen_once_or_twice(
    once: int, twice: int, rest: int
) -> None:
    found = once + 2 * twice + 3 * rest
    bound = unseen_bound(once, twice, found)
    assert once / found <= bound <= 1
    assert unseen_bound(once, twice + 1, found) >= bound
    assert unseen_bound(once, twice, 2 * found) <= bound


def test_modes_that_always_come_together_count_once() -> None:
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, 12, 60)
    alone = saturation([{int(m)} for m in drawn])
    twins = saturation([{int(m), int(m) + 100} for m in drawn])
    assert (alone.together, twins.together) == (1.0, 2.0)
    assert twins.unseen.high == pytest.approx(alone.unseen.high)


def test_how_much_more_to_read() -> None:
    rng = np.random.default_rng(4)
    shares = 1 / np.arange(1, 31)
    drawn = rng.choice(30, 100, p=shares / shares.sum())
    item = saturation([{int(m)} for m in drawn])
    more = item.traces_until(0.05)
    assert item.unseen.value > 0.05
    assert more is not None
    ratio = (99 * item.once) / (99 * item.once + 2 * item.twice)
    left = item.once / 100 * ratio ** (np.arange(1, 101) + 1)
    assert more == int(np.argmax(left <= 0.05)) + 1
    assert item.traces_until(0.9) == 0
    assert item.traces_until(0.0001) is None
    with pytest.raises(ValueError, match="give a share"):
        item.traces_until(5)


def test_what_cannot_be_asked() -> None:
    item = saturation([{"a"}, set()])
    with pytest.raises(ValueError, match="for the next 1 to 2 traces, not for 3"):
        item.expected_new(3)
    with pytest.raises(TypeError, match="Trace 0 has 'late': give a set"):
        saturation(["late"])
    with pytest.raises(TypeError, match="Trace 1 has None"):
        saturation([{"late"}, None])


def test_the_sentence_the_curve_and_the_table() -> None:
    read = [{"late"}, set(), {"late", "rude"}, {"price"}, {"late"}] * 6 + [{"refund"}]
    item = saturation([*read, set()])
    assert item.sentence == (
        "32 traces read, 4 modes seen, 1 of them once. About 3 % of failures are of"
        " kinds not yet seen, at most 13 %. 20 more traces would bring about 0.4 new"
        " modes (at most 3). Nothing new in the last 1."
    )
    curve = item.curve()
    assert curve.height <= 200
    assert curve["traces"][-1] == 64
    assert curve["found"].drop_nulls()[-1] == 4
    expected = curve["expected"].to_list()
    assert all(a <= b + 1e-9 for a, b in itertools.pairwise(expected))
    assert item.frame()["quantity"].to_list()[:3] == ["unseen", "coverage", "total"]
    assert repr(item).startswith("Saturation(32 traces")
    assert "<table>" in item._repr_html_()


def test_the_promises_hold() -> None:
    """30 modes after Zipf, 100 traces, 2,000 samples: unseen, number, new modes."""
    rng = np.random.default_rng(9)
    shares = 1 / np.arange(1, 31)
    chance = 0.5 * shares / shares.sum()
    drawn = rng.binomial(100, chance, (2_000, 30))
    later = rng.binomial(50, chance, (2_000, 30)) > 0
    held = np.zeros(3)
    for counts, again in zip(drawn, later, strict=True):
        seen = np.bincount(counts)
        item = published(100, int(counts.sum()), int((counts > 0).sum()), *seen[1:])
        truth = chance[counts == 0].sum() / chance.sum()
        new = item.expected_new(50)
        count = int((again & (counts == 0)).sum())
        held += (
            truth <= item.unseen.high,
            item.total.low <= 30,
            math.ceil(new.low - 1e-9) <= count <= new.high,
        )
    assert (held / 2_000 >= 0.94).all()
    assert held[0] / 2_000 <= 0.98


@pytest.mark.shared_data
def test_real_failure_notes_are_nearly_saturated(shared_data: Path) -> None:
    with (shared_data / "notes" / "agentrx.csv").open(encoding="utf-8") as lines:
        modes = [{row["category"]} for row in csv.DictReader(lines)]
    whole, half = saturation(modes), saturation(modes[: len(modes) // 3])
    assert whole.modes == 9
    assert whole.coverage.value > 0.99
    assert whole.unseen.high < 0.06
    assert half.total.low <= 9
    assert half.unseen.high >= whole.unseen.high


def test_every_mode_names_the_trace_where_it_was_seen_first() -> None:
    read = [set(), {"rude", "late"}, {"late"}, {"price"}]
    found = saturation(read, trace_ids=["t0", "t1", "t2", "t3"])
    assert [(item.mode, item.place) for item in found.first_seen] == [
        ("late", 2),
        ("rude", 2),
        ("price", 4),
    ]
    assert [found.trace_ids(name) for name in ("rude", "price", "x")] == [
        ("t1",),
        ("t3",),
        (),
    ]
    assert saturation(read).trace_ids("rude") == ()
    with pytest.raises(ValueError, match="differ in length: 4 and 1"):
        saturation(read, trace_ids=["t0"])
