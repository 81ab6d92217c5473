"""What holds for every chart: any size, any name, both themes, every export."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from charts.results import HOSTILE, KINDS, names

from erroranalysis.charts import chart, to_html, to_png, to_svg
from erroranalysis.charts.panels import LETTER as LETTER_WIDTH
from erroranalysis.charts.svg import svg_of

LETTER = re.compile(r"https?://[^\s\"'<>\\]+")


def drawn(kind: str, of: Any, **more: Any) -> Any:
    build, keywords = KINDS[kind]
    return chart(build(of), **keywords, **more)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [2, 60])
def test_few_and_many_are_drawn_within_the_width(kind: str, n: int) -> None:
    svg = ET.fromstring(to_svg(drawn(kind, names(n))))
    width = float(svg.get("viewBox", "").split()[2])
    assert 200 < width <= 730


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"pairs", "strip"}))
def test_one_is_drawn(kind: str) -> None:
    found = drawn(kind, names(1))
    assert not found.to_dict()["description"].startswith("nothing yet")
    assert to_svg(found).startswith("<svg")


@pytest.mark.parametrize("kind", KINDS)
def test_none_is_a_sentence(kind: str) -> None:
    if "releases" in KINDS[kind][1]:
        found = chart(KINDS[kind][0]([]))
    else:
        found = drawn(kind, [])
    description = found.to_dict()["description"]
    assert description.startswith("nothing yet: ")
    assert len(description.split()) > 4


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_names_are_text_in_an_svg(kind: str) -> None:
    root = ET.fromstring(to_svg(drawn(kind, HOSTILE)))
    for element in root.iter():
        tag = element.tag.split("}")[1]
        assert tag not in {"script", "image", "foreignObject", "a"}
        for name, value in element.attrib.items():
            assert "href" not in name
            assert not name.startswith("on")
            assert "url(" not in value or "url(#" in value
    text = "".join(root.itertext())
    assert "\u202e" not in text
    if kind not in {"saturation", "strip", "dated drift", "stability"}:
        assert "script>" in text


def test_a_short_name_has_room_in_the_widest_font() -> None:
    found = drawn("pareto", ["late", "wrong day"]).to_dict()
    limits = [float(one) for one in re.findall(r"'limit': ([\d.]+)", str(found))]
    assert limits
    assert min(limits) >= LETTER_WIDTH * len("wrong day")


class Tags(HTMLParser):
    """Collect the tags of a page, and what they load."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loaded += [value or "" for name, value in attrs if name in {"src", "href"}]


@pytest.mark.parametrize("kind", ["pareto", "slice grid", "versions"])
def test_a_page_loads_nothing_and_names_end_no_script(
    kind: str, tmp_path: Path
) -> None:
    found = drawn(kind, HOSTILE)
    found.save(tmp_path / "chart.html")
    page = (tmp_path / "chart.html").read_text("utf-8")
    assert page == to_html(found) == found.to_html()
    read = Tags()
    read.feed(page)
    assert read.tags.count("script") == 2
    assert read.loaded == []
    assert "default-src 'none'" in page
    assert "alert(1)</script>" not in page


@pytest.mark.parametrize("kind", KINDS)
def test_themes_differ_and_name_no_address(kind: str) -> None:
    light, dark = (
        drawn(kind, names(3), theme=name).to_dict() for name in ("light", "dark")
    )
    assert light["config"] != dark["config"]
    svg = svg_of(dark)
    assert "https://" not in LETTER.sub("", svg)
    assert set(LETTER.findall(svg)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
        "http://www.w3.org/2000/xmlns/",
    }


@pytest.mark.parametrize("kind", ["progress", "slice grid"])
def test_a_png_is_a_png(kind: str) -> None:
    assert to_png(drawn(kind, names(3)), scale=1)[:8] == b"\x89PNG\r\n\x1a\n"


def test_the_other_exports_are_altairs(tmp_path: Path) -> None:
    found = drawn("pareto", names(2))
    found.save(tmp_path / "chart.svg")
    found.save(tmp_path / "chart.json")
    assert (tmp_path / "chart.svg").read_text().startswith("<svg")
    assert "t1, t2, t3" in (tmp_path / "chart.json").read_text()
