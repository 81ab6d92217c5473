"""Each chart holds the numbers of its result, and knows the traces behind them."""

from __future__ import annotations

import warnings
from datetime import date
from typing import Any

import pytest
from charts.results import KINDS, names

from erroranalysis.charts import chart, rating_strip
from erroranalysis.charts.theme import PALETTES, shade
from erroranalysis.errors import NothingToDoError, UnknownNameError
from erroranalysis.measure import (
    align,
    cohen_kappa,
    drift,
    failing_transitions,
    reading_progress,
    saturation,
    slice_grid,
    wilson,
)
from erroranalysis.measure.raters import rater_agreement


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
    from datetime import datetime

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


def _clicked(key: str) -> dict[str, Any]:
    return {"fields": [{"type": "E", "field": "key"}], "values": [key]}
