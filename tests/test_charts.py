"""Every result is drawn with its intervals and its n, and nothing raises on little."""

from __future__ import annotations

import json
import math
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from erroranalysis.charts import chart, to_svg
from erroranalysis.charts.theme import NEUTRAL, PALETTES, theme
from erroranalysis.errors import UnknownNameError
from erroranalysis.measure import (
    Alignment,
    Estimate,
    FailureRate,
    FailureRates,
    ModeCount,
    Pareto,
    align,
    wilson,
)

LONG = "did not hand over to a person although the guest asked for one three times"


def pareto(modes: int = 3, read: int = 100, unplaced: int = 2) -> Pareto:
    counts = [
        ModeCount(
            f"mode {i}",
            modes - i,
            wilson(modes - i, read, assumes="a random sample"),
            tuple(f"t{i}-{k}" for k in range(modes - i)),
        )
        for i in range(modes)
    ]
    return Pareto(tuple(counts), read, min(modes + unplaced, read), unplaced, "mira")


def aligned(name: str = "late v1", passes: int = 40, fails: int = 35, **more: Any):
    human = ["pass"] * passes + ["fail"] * fails
    judge = ["fail", *human[1:-1], "pass"]
    return align(human, judge, name=name, split="test", **more)


def rates(n: int = 100) -> FailureRates:
    alone = wilson(20, n)
    corrected = Estimate(0.22, 0.17, 0.27, n, "post-stratified Jeffreys", "a sample")
    modes = (
        FailureRate(
            "late", corrected, alone, wilson(300, 1000), "late v1", "corrected"
        ),
        FailureRate("rude", wilson(4, n), wilson(4, n), note="labels only"),
    )
    return FailureRates(wilson(24, n), modes, "random", "mira")


def rows(drawn: Any) -> list[dict[str, Any]]:
    spec = drawn.to_dict()
    return spec["datasets"][spec["data"]["name"]]


def subtitle(drawn: Any) -> str:
    return " ".join(drawn.to_dict()["title"]["subtitle"])


def channels(drawn: Any) -> set[str]:
    """All fields that any mark encodes, tooltips included."""
    found: set[str] = set()

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            if isinstance(part.get("field"), str):
                found.add(part["field"])
            for value in part.values():
                walk(value)
        elif isinstance(part, list):
            for value in part:
                walk(value)

    walk(drawn.to_dict())
    return found


def test_a_pareto_shows_counts_shares_intervals_and_traces() -> None:
    drawn = chart(pareto())
    first = rows(drawn)[0]
    assert (first["label"], first["count"], first["share_n"]) == ("mode 0", 3, 100)
    assert first["share_low"] == pytest.approx(wilson(3, 100).low)
    assert first["traces"] == "t0-0, t0-1, t0-2"
    wanted = {"count", "share_low", "share_high", "share_n", "share_method", "traces"}
    assert wanted <= channels(drawn)
    assert "2 of them without a failure mode yet" in subtitle(drawn)
    assert "assumes that a random sample" in subtitle(drawn)


def test_a_pareto_names_only_some_traces() -> None:
    assert rows(chart(pareto(12)))[0]["traces"].endswith("t0-7 and 4 more")


def test_alignment_explains_the_positive_class_and_says_n_and_errors() -> None:
    found = align(
        ["pass"] * 40 + ["fail"] * 12,
        [None, None, *["pass"] * 38, *["fail"] * 12],
        name="late v1",
        split="test",
        missing=3,
        looks=2,
    )
    drawn = chart(found)
    row = rows(drawn)[0]
    assert "Positive class is Pass" in subtitle(drawn)
    assert "2 calls ended in an error" in subtitle(drawn)
    assert row["detail"] == "test split · look 2 · 2 errors · 3 not run"
    assert (row["tpr_count"], row["tnr_count"]) == ("n=38", "n=12")
    assert {"tpr_low", "tpr_high", "tnr_low", "tnr_high", "tpr_count"} <= channels(
        drawn
    )
    assert row["tnr_ink"] == NEUTRAL.weak
    assert row["tpr_ink"] == NEUTRAL.mark
    panels = drawn.to_dict()["hconcat"]
    domains = [
        layer["encoding"]["x"]["scale"]["domain"]
        for panel in (panels[1], panels[3])
        for layer in panel["layer"]
    ]
    assert domains == [[0, 1]] * 4


def test_judges_are_sorted_by_what_was_shown_of_their_weaker_side() -> None:
    few, many = aligned("few", 40, 4), aligned("many", 40, 90)
    assert [row["label"] for row in rows(chart([few, many]))] == ["many", "few"]
    assert [row["label"] for row in rows(chart((many, few)))] == ["many", "few"]


def test_two_judges_of_one_name_get_a_row_each() -> None:
    assert len(rows(chart([aligned(), aligned()]))) == 2


def test_rates_show_the_overall_rate_first_and_other_methods_beside() -> None:
    drawn = chart(rates())
    total, late, rude = rows(drawn)
    assert (total["label"], total["total"]) == ("any failure", True)
    assert late["rate_label"] == "22% [17, 27]  n=100"
    assert late["rate_method"] == "95 % post-stratified Jeffreys"
    assert (late["alone_value"], late["judge_value"]) == (0.2, 0.3)
    assert late["alone_ink"] != late["rate_ink"]
    assert "alone_value" not in rude
    wanted = {"rate_low", "rate_high", "alone_low", "judge_value", "rate_method"}
    assert wanted <= channels(drawn)
    for part in ("random sample", "Wilson, post-stratified Jeffreys", "labels only"):
        assert part in subtitle(drawn)


def test_labels_only_rates_have_no_key_of_what_is_not_there() -> None:
    alone = FailureRate("rude", wilson(4, 50), wilson(4, 50))
    drawn = chart(FailureRates(wilson(4, 50), (alone,), "unknown"))
    assert "judge" not in subtitle(drawn)
    assert "nobody recorded" in subtitle(drawn)
    assert "alone_low" not in channels(drawn)


def test_rates_from_few_traces_are_grey_and_say_so() -> None:
    few, enough = chart(rates(29), theme="light"), chart(rates(30), theme="light")
    assert {row["rate_ink"] for row in rows(few)} == {PALETTES["light"].weak}
    assert {row["rate_ink"] for row in rows(enough)} == {PALETTES["light"].mark}
    assert "fewer than 30" in subtitle(few)
    assert "fewer than 30" not in subtitle(enough)


@pytest.mark.parametrize("modes", [1, 60])
def test_the_height_grows_by_the_row(modes: int) -> None:
    drawn = chart(pareto(modes, read=200))
    heights = {json.dumps(panel["height"]) for panel in drawn.to_dict()["hconcat"]}
    assert heights == {'{"step": 26}'}
    view = ET.fromstring(to_svg(drawn)).get("viewBox")
    assert view is not None
    _, _, width, height = (float(part) for part in view.split())
    assert 600 < width <= 720
    assert 26 * modes < height < 26 * modes + 160


def test_long_names_are_cut_in_the_picture_and_whole_in_the_tooltip() -> None:
    mode = ModeCount(LONG, 3, wilson(3, 50))
    drawn = chart(Pareto((mode,), 50, 3, 0))
    names = drawn.to_dict()["hconcat"][0]
    assert names["width"] <= 0.34 * 680
    assert names["layer"][0]["mark"]["limit"] < names["width"]
    assert names["layer"][0]["encoding"]["tooltip"][0]["field"] == "label"
    visible = "".join(ET.fromstring(to_svg(drawn)).itertext())
    assert LONG not in visible
    assert "did not hand over" in visible


@pytest.mark.parametrize(
    ("result", "says"),
    [
        ([], "no judge has been run on labelled traces"),
        ((), "no judge has been run on labelled traces"),
        (Pareto((), 0, 0, 0), "no trace has been judged"),
        (Pareto((), 9, 0, 0), "all 9 traces passed"),
        (Pareto((), 9, 2, 2), "2 traces failed and there is no failure mode"),
        (FailureRates(wilson(0, 0), (), "random"), "no trace has been judged"),
    ],
)
def test_nothing_yet_is_a_sentence(result: object, says: str) -> None:
    drawn = chart(result)
    assert drawn.to_dict()["description"].startswith("nothing yet: ")
    visible = " ".join("".join(ET.fromstring(to_svg(drawn)).itertext()).split())
    assert "nothing yet" in visible
    assert says.split(maxsplit=1)[0] in visible
    assert says in drawn.to_dict()["description"]


def test_a_judge_without_failing_traces_has_no_tnr_and_is_drawn() -> None:
    found = align(["pass"] * 5, ["pass"] * 5, name="late v1")
    assert math.isnan(found.tnr.value)
    drawn = chart(found)
    assert rows(drawn)[0]["tnr_value"] is None
    assert rows(drawn)[0]["tnr_text"] == "no estimate, n=0"
    assert "n=0" in "".join(ET.fromstring(to_svg(drawn)).itertext())


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (3, "a int"),
        ("late", "a str"),
        ([aligned(), 3], "a list of Alignment, int"),
        (wilson(1, 2), "a Estimate"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_what_can(
    wrong: object, named: str
) -> None:
    with pytest.raises(TypeError, match=f"no chart of {named}.*failure_rates") as error:
        chart(wrong)
    assert "project.taxonomy.pareto()" in str(error.value)


def test_wrong_options_name_the_right_ones() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'dark'"):
        chart(pareto(), theme="drak")
    with pytest.raises(TypeError, match="Did you mean 'width'"):
        chart(pareto(), widht=500)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="width=400"):
        chart(pareto(), width=100)


@pytest.mark.parametrize("width", [400, 680, 1200])
@pytest.mark.parametrize("result", [pareto(), rates(), [aligned()], []], ids=type)
def test_the_width_is_the_width_of_the_whole(result: object, width: int) -> None:
    view = ET.fromstring(to_svg(chart(result, width=width))).get("viewBox")
    assert view is not None
    assert abs(float(view.split()[2]) - width) <= 10


def contrast(first: str, second: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in parts
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_texts_and_marks_can_be_read_on_their_background() -> None:
    for name, page in (("light", "#ffffff"), ("dark", "#0d1117")):
        ink = PALETTES[name]
        assert min(contrast(text, page) for text in (ink.text, ink.muted)) >= 4.5
        assert min(contrast(mark, page) for mark in (ink.mark, ink.weak)) >= 3
    for page in ("#ffffff", "#111111"):
        assert contrast(NEUTRAL.text, page) >= 4
        assert min(contrast(mark, page) for mark in (NEUTRAL.mark, NEUTRAL.weak)) >= 3


@pytest.mark.parametrize("name", [None, "light", "dark"])
def test_the_background_is_transparent_in_every_theme(name: str | None) -> None:
    assert theme(name)["background"] == "transparent"
    assert (
        chart(pareto(), theme=name).to_dict()["config"]["background"] == "transparent"
    )


HOSTILE = "<script>alert(1)</script>\" onload='x' & ]]> \u202e"


@pytest.mark.parametrize(
    "result",
    [
        pareto(),
        [aligned(HOSTILE), aligned()],
        rates(),
        Pareto((ModeCount(HOSTILE, 1, wilson(1, 9), (HOSTILE,)),), 9, 1, 0, HOSTILE),
    ],
    ids=["pareto", "judges", "rates", "hostile"],
)
def test_svg_is_xml_that_refers_to_nothing_outside(result: object) -> None:
    root = ET.fromstring(to_svg(chart(result)))
    for element in root.iter():
        assert element.tag.split("}")[1] not in {
            "script",
            "image",
            "foreignObject",
            "a",
        }
        for name, value in element.attrib.items():
            assert "href" not in name
            assert not name.startswith("on")
            assert "url(" not in value or "url(#" in value


def test_a_notebook_gets_a_chart_that_needs_no_network() -> None:
    bundle = chart(pareto()).properties(title="Mine")._repr_mimebundle_()
    assert set(bundle) == {"application/vnd.vegalite.v5+json", "image/svg+xml"}
    assert bundle["application/vnd.vegalite.v5+json"]["title"] == "Mine"
    assert "Mine" in bundle["image/svg+xml"]


def test_a_renderer_that_somebody_enabled_is_used() -> None:
    import altair as alt

    with alt.renderers.enable("json"):
        bundle = chart(pareto())._repr_mimebundle_()
    assert "image/svg+xml" not in str(bundle)
    assert isinstance(aligned(), Alignment)
