"""Each chart holds the numbers of its result, and knows the traces behind them."""

from __future__ import annotations

import warnings
from datetime import date, datetime
from typing import Any

import pytest
from charts.results import KINDS, names

from erroranalysis.charts import chart, rating_strip
from erroranalysis.charts.theme import PALETTES, shade
from erroranalysis.errors import NothingToDoError, UnknownNameError
from erroranalysis.measure import (
    FailureRate,
    FailureRates,
    align,
    align_slices,
    cohen_kappa,
    compare_judges,
    compare_trials,
    disagreements,
    drift,
    failing_transitions,
    paired_comparison,
    rate_difference,
    rater_agreement,
    reading_progress,
    saturation,
    slice_grid,
    slice_rates,
    stability,
    wilson,
)


def spec(result: Any, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = chart(result, **more).to_dict()
    return found


def rows(result: Any, **more: Any) -> list[dict[str, Any]]:
    found = spec(result, **more)
    values: list[dict[str, Any]] = found["datasets"][found["data"]["name"]]
    return values


def notes(result: Any, **more: Any) -> str:
    return " ".join(spec(result, **more)["title"]["subtitle"])


def test_a_transition_cell_has_failures_passages_rate_and_traces() -> None:
    result = failing_transitions(
        [["plan", "find"], ["plan", "find", "say"], ["plan", "say"]],
        ["fail", "pass", "fail"],
        [1, None, 1],
        trace_ids=["t1", "t2", "t3"],
    )
    cells = {(c["before"], c["after"]): c for c in rows(result)}
    find = cells["plan", "find"]
    assert (find["failures"], find["passages"], find["traces"]) == (1, 2, "t1")
    assert find["rate"] == "50% [9, 91]"
    assert cells["find", "say"]["weak"] if ("find", "say") in cells else True
    assert chart(result).trace_ids("plan", "say") == ("t3",)


def test_slices_of_few_traces_are_hollow_and_keep_their_counts() -> None:
    values = ["de"] * 40 + ["en"] * 29
    has = [i % 4 == 0 for i in range(69)]
    result = slice_grid({"late": has}, values, by="language")
    large, small = rows(result, theme="light")
    assert (large["n"], large["count"], large["weak"]) == (40, 10, False)
    assert large["shown"] == "25%\n10 of 40"
    assert large["fill"] == shade(1, "light")[0]
    assert (small["n"], small["weak"], small["fill"]) == (29, True, None)
    assert small["shown"] == "8 of 29"
    assert small["outline"] == PALETTES["light"].weak
    assert "fewer than 30" in notes(result)


def test_shades_grow_darker_in_print_on_light_and_brighter_on_dark() -> None:
    def luminance(fill: str) -> int:
        return sum(int(fill[place : place + 2], 16) for place in (1, 3, 5))

    for name, sign in (("light", -1), ("dark", 1)):
        lights = [sign * luminance(shade(part / 10, name)[0]) for part in range(11)]
        assert lights == sorted(lights)


def test_confusion_has_the_four_counts_and_their_shares() -> None:
    human = ["pass"] * 40 + ["fail"] * 10
    judge = ["pass"] * 36 + ["fail"] * 12 + ["pass"] * 2
    result = align(human, judge, name="late v1", split="dev", missing=3)
    cells = {(c["judge"], c["human"]): c for c in rows(result, kind="confusion")}
    counts = {key: c["count"] for key, c in cells.items()}
    assert counts == {
        ("pass", "pass"): 36,
        ("fail", "pass"): 4,
        ("pass", "fail"): 2,
        ("fail", "fail"): 8,
    }
    assert cells["pass", "pass"]["share"] == result.tpr.value
    assert [cells["pass", v]["weak"] for v in ("pass", "fail")] == [False, True]
    assert "3 not run" in notes(result, kind="confusion")
    with pytest.raises(ValueError, match="alignments\\[0\\]"):
        chart([result, result], kind="confusion")


def test_versions_keep_their_order_and_have_intervals() -> None:
    human = ["pass"] * 40 + ["fail"] * 10
    versions = [align(human, human, name=f"late v{n}") for n in (2, 1)]
    points = rows(versions, kind="versions")
    assert [p["x"] for p in points] == ["late v2", "late v1"] * 2
    assert {p["series"]: p["low"] for p in points} == {
        "TPR": wilson(40, 40).low,
        "TNR": wilson(10, 10).low,
    }
    assert [p["weak"] for p in points] == [False, False, True, True]
    with pytest.raises(UnknownNameError, match="Did you mean 'versions'"):
        chart(versions, kind="version")
    with pytest.raises(UnknownNameError, match="kind of chart"):
        chart(saturation([]), kind="versions")


def test_agreement_is_drawn_both_ways_and_without_a_diagonal() -> None:
    first, second = ["pass", "fail"] * 20, ["pass", "fail", "pass", "pass"] * 10
    pair = cohen_kappa(first, second, raters=("mira", "jo"))
    cells = {(c["one"], c["two"]): c for c in rows([pair])}
    assert set(cells) == {("mira", "jo"), ("jo", "mira")}
    assert cells["jo", "mira"]["share"] == pytest.approx(pair.kappa.value)
    assert f"{pair.kappa.value:.2f}" in cells["jo", "mira"]["shown"]
    table = [[a, b, a] for a, b in zip(first, second, strict=True)]
    together = rater_agreement(table, raters=["mira", "jo", "ada"])
    assert len(rows(together)) == 6
    assert "Krippendorff's alpha" in notes(together)
    alike = cohen_kappa(["pass"] * 40, ["pass"] * 40, raters=("mira", "jo"))
    assert all(c["weak"] for c in rows([alike]))


def test_drift_has_every_period_the_baseline_and_the_releases() -> None:
    days = [date(2026, 1, 5), date(2026, 1, 12)]
    result = drift([40, 20], [50, 25], baseline=0.9, periods=days)
    points = rows(result, releases={date(2026, 1, 8): "2.1"})
    assert [(p["y"], p["count"], p["weak"]) for p in points] == [
        (0.8, 50, False),
        (0.8, 25, True),
    ]
    assert points[0]["low"] == result.rates[0].low
    text = str(spec(result, releases={date(2026, 1, 8): "2.1"})["datasets"])
    assert "'2.1'" in text
    assert "2026-01-08T12:00:00" in text
    assert "'y': 0.9" in text
    named = drift([40, 20], [50, 25], baseline=0.9, periods=["W01", "W02"])
    assert "'2.1'" in str(spec(named, releases={"W02": "2.1"})["datasets"])
    with pytest.raises(UnknownNameError, match="No period of this drift 'W3'"):
        chart(named, releases={"W3": "2.1"})
    with pytest.raises(TypeError, match="releases= is for a Drift"):
        chart([], releases={})


def test_saturation_joins_what_was_found_with_what_is_to_come() -> None:
    result = saturation([{"a"}, {"b"}, set(), {"a"}] * 5)
    points = rows(result)
    found = [p for p in points if p["seen"]]
    ahead = [p for p in points if p["guessed"] and p["x"] > 20]
    assert max(p["y"] for p in found if p["y"] is not None) == result.modes
    assert max(p["x"] for p in ahead) == 30
    assert all(p["low"] is not None for p in ahead)
    assert result.sentence.split(",")[0] in notes(result)


def test_progress_counts_and_hides_the_interval_of_a_few() -> None:
    times = [datetime(2026, 3, 2)] * 5 + [datetime(2026, 3, 3)] * 9
    result = reading_progress(times, ["mira"] * 14, [30.0] * 14, total=20)
    data = list(spec(result)["datasets"].values())
    read = next(d for d in data if d[0].get("y") == 5)
    pace = next(d for d in data if d[0].get("y") == 30.0)
    assert [p["y"] for p in read] == [5, 14]
    assert [(p["low"], p["high"]) for p in pace] == [(None, None), (30.0, 30.0)]


def test_the_strip_puts_disputes_between_and_keeps_them_when_room_is_short() -> None:
    table = [["pass", "pass"]] * 200 + [["pass", "fail"]] + [["fail", "fail"]]
    table += [["fail", None]]
    result = rating_strip(table, raters=["mira", "jo"], trace_ids=names(203))
    assert result.trace_ids[:3] == ("name 201", "name 200", "name 0")
    assert (len(result.trace_ids), result.disputed) == (202, ("name 200",))
    cells = next(d for d in spec(result)["datasets"].values() if "trace" in d[0])
    assert [c["verdict"] for c in cells if c["disputed"]] == ["pass", "fail"]
    assert "more on which all agree are not drawn" in notes(result)
    assert result.frame().shape == (202, 3)
    with pytest.raises(ValueError, match="one name each"):
        rating_strip([["pass", "fail"]], raters=["mira"])
    with pytest.raises(UnknownNameError):
        rating_strip([["pass", "good"]])


HUMAN = ["pass", "pass", "fail", "fail", "pass"]
JUDGE = ["pass", "fail", "pass", "fail", None]
IDS = ["t0", "t1", "t2", "t3", "t4"]
ALIGNED = align(HUMAN, JUDGE, name="late v1", trace_ids=IDS)
DAY = datetime(2026, 3, 2)
RATE = wilson(1, 2)
RATINGS = [["pass", "fail", "pass"], ["fail", "fail", "fail"], ["fail", "pass", None]]
NAMED: dict[str, tuple[Any, dict[str, Any], dict[tuple[str, ...], tuple[str, ...]]]] = {
    "confusion": (
        ALIGNED,
        {"kind": "confusion"},
        {
            ("judge: pass", "person: pass"): ("t0",),
            ("judge: fail", "person: pass"): ("t1",),
            ("judge: pass", "person: fail"): ("t2",),
            ("judge: error", "person: pass"): ("t4",),
            ("judge: error", "person: fail"): (),
        },
    ),
    "alignments": (ALIGNED, {}, {("late v1",): ("t2", "t1")}),
    "versions": (
        [ALIGNED, ALIGNED],
        {"kind": "versions"},
        {("late v1", "TPR"): ("t1",), ("late v1 (2)", "TNR"): ("t2",)},
    ),
    "sliced": (
        align_slices(HUMAN, JUDGE, ["a", "a", "b", "b", "b"], trace_ids=IDS),
        {},
        {("all traces",): ("t2", "t1"), ("a",): ("t1",), ("b",): ("t2",)},
    ),
    "raters": (
        rater_agreement(RATINGS, raters=["mira", "jo", "li"], trace_ids=IDS[:3]),
        {},
        {("mira", "jo"): ("t0", "t2"), ("jo", "mira"): ("t0", "t2"),
         ("li", "mira"): (), ("li", "jo"): ("t0",)},
    ),
    "disagreements": (
        disagreements(
            RATINGS, modes=[["late"], ["late"], ["rude"]], trace_ids=IDS[:3]
        ),
        {},
        {("late",): ("t0",), ("rude",): ("t2",)},
    ),
    "slice rates": (
        slice_rates(HUMAN, ["a", "a", "b", "b", "b"], trace_ids=IDS),
        {},
        {("b",): ("t2", "t3"), ("a",): ()},
    ),
    "drift": (
        drift([1, 2], [3, 2], baseline=0.9, trace_ids=[["t0", "t1"], []]),
        {},
        {("1",): ("t0", "t1"), ("2",): ()},
    ),
    "saturation": (
        saturation([{"late"}, set(), {"late", "rude"}], trace_ids=IDS[:3]),
        {},
        {("late",): ("t0",), ("rude",): ("t2",)},
    ),
    "rates": (
        FailureRates(
            RATE,
            (FailureRate("late", RATE, RATE, trace_ids=("t1",)),),
            "random",
            failing=("t1", "t2"),
        ),
        {},
        {("any failure",): ("t1", "t2"), ("late",): ("t1",)},
    ),
    "progress": (
        reading_progress([DAY] * 3, ["mira", "jo", "mira"], trace_ids=IDS[:3]),
        {},
        {("mira", "2026-03-02"): ("t0", "t2"), ("jo", "2026-03-02"): ("t1",)},
    ),
    "many people": (
        reading_progress([DAY] * 8, [*"abcdefg", "a"], trace_ids=names(8)),
        {},
        {("a",): ("name 0", "name 7"), ("g",): ("name 6",)},
    ),
    "stability": (
        stability([[True, True, False], [True, False, False]], trace_ids=IDS[:3]),
        {},
        {("2 of 2 pass",): ("t0",), ("1 of 2 pass",): ("t1",),
         ("0 of 2 pass",): ("t2",)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", NAMED)
def test_a_mark_names_the_traces_behind_it(kind: str) -> None:
    result, more, wanted = NAMED[kind]
    drawn = chart(result, **more)
    assert {key: drawn.trace_ids(*key) for key in wanted} == wanted
    spec = drawn.to_dict()
    assert "trace_ids" not in str(spec)
    said = [row for data in spec["datasets"].values() for row in data if "key" in row]
    for key, ids in wanted.items():
        marks = [row for row in said if row["key"] == " → ".join(key)]
        assert marks
        assert {row["traces"] for row in marks} == {", ".join(ids) or "-"}
    assert "'field': 'traces'" in str(spec["hconcat"])


def test_calls_that_failed_have_cells_only_where_they_have_names() -> None:
    assert "In no rate: 1 error." in notes(ALIGNED, kind="confusion")
    unnamed = align(HUMAN, JUDGE)
    assert len(rows(unnamed, kind="confusion")) == 4
    assert "In no cell: 1 error." in notes(unnamed, kind="confusion")


def test_two_judges_are_drawn_with_their_differences_in_points() -> None:
    human = ["pass"] * 40 + ["fail"] * 35
    new = ["pass"] * 30 + ["fail"] * 45
    result = compare_judges(human, human, new, names=("v1", "v2"))
    points = rows(result, theme="light")
    assert [(p["quantity"], p["label"]) for p in points] == [
        ("TPR", "v1"),
        ("TPR", "v2"),
        ("TNR", "v1"),
        ("TNR", "v2"),
        ("balanced accuracy", "balanced accuracy"),
    ]
    assert [p.get("diff_value") for p in points] == pytest.approx(
        [None, -25, None, 0, -12.5]
    )
    assert points[1]["diff_low"] == pytest.approx(100 * result.tpr.difference.low)
    assert points[1]["rate_value"] == result.tpr.second.value
    assert (points[1]["shown"], points[3]["shown"]) == ("yes", "no")
    for part in (result.tpr.sentence, "Difference in kappa", "v2 less v1, in points"):
        assert part in notes(result)


def test_a_difference_stands_on_the_row_of_what_it_is_of() -> None:
    first, second = wilson(20, 25), wilson(30, 60)
    apart = rate_difference(first, second)
    one, two = rows(apart)
    assert (one["diff_label"], two["diff_label"]) == ("+30 [+7, +47]", "")
    assert "first less second" in notes(apart)
    assert "Grey, dashed: n below 30. n: 25 and 60." in notes(apart)
    paired = paired_comparison([True] * 40, [True] * 30 + [False] * 10)
    before, after = rows(paired)
    assert (before["diff_label"], after["diff_value"]) == ("", -25)
    assert after["more"] == "first: 10, second: 0"
    trials = compare_trials(([1, 2], [4, 4]), ([2, 4], [4, 4]))
    assert rows(trials)[1]["diff_value"] == pytest.approx(37.5)
    assert trials.sentence in notes(trials)


def test_steady_traces_stand_first_and_last_and_are_frames() -> None:
    runs = [[True, True, False, None, None], [True, False, False, True, None]]
    found = rows(stability([*runs, [True, True, False, False, None]]))
    assert [(r["label"], r["count"], r["flips"]) for r in found] == [
        ("3 of 3 pass", 1, False),
        ("2 of 3 pass", 1, True),
        ("1 of 2 pass", 1, True),
        ("0 of 3 pass", 1, False),
    ]


def test_what_rests_on_few_traces_is_dashed() -> None:
    few, enough = wilson(3, 29), wilson(3, 30)
    modes = (FailureRate("late", few, few), FailureRate("rude", enough, enough))
    result = FailureRates(enough, modes, "random")
    assert [row["rate_few"] for row in rows(result)] == [False, True, False]
    assert "datum.rate_few" in str(spec(result)["hconcat"])
    assert "grey, dashed" in notes(result)


def test_disagreements_without_modes_say_how_to_give_them() -> None:
    found = spec(disagreements([["pass", "fail"]]))["description"]
    assert "modes=..." in found
    same = spec(disagreements([["pass", "pass"]] * 3, modes=[["late"]] * 3))
    assert same["description"].endswith("The raters differ on none of 3 traces.")


def test_every_new_mode_is_a_dot_where_it_was_found() -> None:
    points = rows(saturation([{"late"}, set(), {"late", "rude", "price"}] * 5))
    dots = [(p["x"], p["y"], p["what"]) for p in points if p["dot"]]
    assert dots == [
        (1, 1, "first seen: late"),
        (3, 2, "first seen: price"),
        (3, 3, "first seen: rude"),
    ]
    assert {"x": 2, "y": 1}.items() <= next(p for p in points if p["x"] == 2).items()


def test_a_chart_knows_its_traces_and_its_specification_does_not() -> None:
    build, _ = KINDS["coverage"]
    found = chart(build(["de", "en"]))
    assert len(found.trace_ids("de")) == 25
    assert found.properties(title="mine").trace_ids("de") == found.trace_ids("de")
    assert "usermeta" not in found.to_dict()
    with pytest.raises(UnknownNameError, match="Did you mean 'de'"):
        found.trace_ids("dee")
    with pytest.raises(NothingToDoError, match="without trace_ids="):
        chart(drift([1], [2], baseline=0.5)).trace_ids("x")


@pytest.mark.parametrize("kind", KINDS)
def test_every_chart_can_be_made_live(kind: str) -> None:
    build, more = KINDS[kind]
    with warnings.catch_warnings():
        # ipywidgets before 8.2 on Python 3.12 and later
        warnings.simplefilter("ignore", DeprecationWarning)
        view = chart(build(names(3)), **more).live()
    assert view.selected == ()
    assert [param["name"] for param in view.spec["params"]] == ["picked"]


def test_what_was_clicked_becomes_trace_ids() -> None:
    view = chart(KINDS["pareto"][0](["late", "rude"])).live()
    view._vl_selections = {
        "picked": {
            "value": {"vlPoint": {"or": [{"key": "late"}]}},
            "store": [_clicked("late")],
        }
    }
    assert view.selected_marks == ["late"]
    assert view.selected == ("t1", "t2", "t3")


def test_a_band_stays_clear_when_its_chart_can_be_clicked() -> None:
    with warnings.catch_warnings():
        # ipywidgets before 8.2 on Python 3.12 and later
        warnings.simplefilter("ignore", DeprecationWarning)
        view = chart(KINDS["saturation"][0](names(3))).live()
    layers = view.spec["hconcat"][0]["layer"]
    bands = [one["encoding"] for one in layers if one["mark"]["type"] == "area"]
    shown = [band["opacity"] for band in bands]
    assert {one["condition"]["value"] for one in shown} == {0.2}
    assert [one["value"] for one in shown] == pytest.approx([0.07, 0.07])


def _clicked(key: str) -> dict[str, Any]:
    return {"fields": [{"type": "E", "field": "key"}], "values": [key]}
