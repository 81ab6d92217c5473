"""A report is one file that needs nothing else and runs nothing."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import erroranalysis as ea
from erroranalysis.charts import chart
from erroranalysis.errors import ErrorAnalysisError
from erroranalysis.export import Section, write_report
from erroranalysis.measure import FailureRates, ModeCount, Pareto, align, wilson

HOSTILE = "</td></svg><script>alert(1)</script><img src=http://x.test/i onerror=a()>"
ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "main", "nav", "section"),
    *("h1", "h2", "h3", "p", "a", "ol", "li", "dl", "dt", "dd", "div", "footer"),
    *("table", "thead", "tbody", "tr", "th", "td", "blockquote", "figure"),
    *("svg", "g", "path", "rect", "text", "tspan", "line", "defs", "clippath"),
}


class Page(HTMLParser):
    """Collects tags, attributes, texts and ids."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    def values(self, name: str) -> list[str]:
        return [attrs[name] or "" for _, attrs in self.tags if name in attrs]


def pareto(name: str = "late") -> Pareto:
    mode = ModeCount(name, 7, wilson(7, 50), (name,))
    return Pareto((mode,), 50, 9, 2, "mira")


def written(tmp_path: Path, *sections: Section, **facts: Any) -> Page:
    path = write_report(
        tmp_path / "r.html", title="Findings", facts=facts, sections=sections
    )
    page = Page(path)
    assert page.open == []
    return page


def everything(hostile: str) -> list[Section]:
    found = align(
        ["pass", "fail"] * 20, ["pass", "fail"] * 20, name=hostile, split="dev"
    )
    return [
        Section(hostile, f"{hostile}\n\nsecond", chart=pareto(hostile)),
        Section("Rates", chart=FailureRates(wilson(9, 50), (), "random", hostile)),
        Section("Judges", chart=[found], table=[{hostile: hostile, "n": 3}]),
        Section("Words", quotes=[(hostile, hostile), (hostile, "b"), ("c", "d")]),
        Section("Frame", table=pl.DataFrame({"mode": [hostile], "rate": [0.5]})),
    ]


def test_hostile_text_is_shown_and_never_becomes_markup(tmp_path: Path) -> None:
    path = write_report(
        tmp_path / "r.html",
        title=HOSTILE,
        facts={HOSTILE: HOSTILE},
        sections=everything(HOSTILE),
    )
    page = Page(path)
    assert page.open == []
    assert {tag for tag, _ in page.tags} <= ALLOWED
    names = {name for _, attrs in page.tags for name in attrs}
    assert not [name for name in names if name.startswith("on")]
    assert names.isdisjoint({"src", "srcset", "action", "xlink:href"})
    assert sum(HOSTILE in text for text in page.texts) >= 8


def test_nothing_is_loaded_from_anywhere(tmp_path: Path) -> None:
    page = written(tmp_path, *everything("plain"))
    raw = (tmp_path / "r.html").read_text("utf-8")
    assert all(link.startswith("#") for link in page.values("href"))
    assert "@import" not in raw
    assert "url(" not in raw.replace("url(#", "")
    policy = next(v for v in page.values("content") if "default-src" in v)
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


def test_every_link_leads_to_a_heading_and_no_id_is_there_twice(tmp_path: Path) -> None:
    page = written(tmp_path, *everything("x"), Section("Rates"), Section("Größe?"))
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in page.values("href")} <= set(ids)
    assert {"rates", "rates-2", "gr-e"} <= set(ids)


def test_a_chart_is_there_for_light_and_dark(tmp_path: Path) -> None:
    page = written(tmp_path, Section("What fails", "Some.", chart=pareto()))
    assert [tag for tag, _ in page.tags].count("svg") == 2
    assert {"light", "dark"} <= set(page.values("class"))
    assert page.texts.count("Failure modes by frequency") == 2


def test_a_chart_can_be_built_by_a_function_of_the_theme(tmp_path: Path) -> None:
    asked: list[str] = []

    def build(theme: str) -> Any:
        asked.append(theme)
        return chart(pareto(), theme=theme)

    page = written(tmp_path, Section("Mine", chart=build))
    assert asked == ["light", "dark"]
    assert "late" in page.texts


def test_an_empty_chart_table_and_list_say_so(tmp_path: Path) -> None:
    empty = pl.DataFrame(schema={"mode": pl.String})
    page = written(tmp_path, Section("A", chart=[], table=empty, quotes=[]))
    assert page.texts.count("nothing yet") == 2
    assert any(text.startswith("nothing yet: no judge") for text in page.texts)


def test_tables_write_values_as_people_do(tmp_path: Path) -> None:
    table = pl.DataFrame(
        {"rate": [0.18333, None], "n": [1200, 3], "modes": [["a", "b"], []], "ok": True}
    )
    page = written(tmp_path, Section("T", table=table), traces=412)
    for wanted in ("0.183", "1,200", "a, b", "yes", "-", "412"):
        assert wanted in page.texts
    assert page.values("class").count("number") == 6


def test_a_report_is_whole_or_not_at_all(tmp_path: Path) -> None:
    written(tmp_path, Section("Old"))
    before = (tmp_path / "r.html").read_bytes()
    with pytest.raises(TypeError, match="no chart of"):
        written(tmp_path, Section("New", chart=object()))
    assert (tmp_path / "r.html").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["r.html"]
    with pytest.raises(ErrorAnalysisError, match="is a folder"):
        write_report(tmp_path, title="T", facts={}, sections=[])


def test_the_report_of_a_project(labelled: ea.Project, tmp_path: Path) -> None:
    page = Page(labelled.report(tmp_path / "r.html"))
    said = " ".join(page.texts)
    for wanted in ("What fails", "In the expert's words", "How often", "late", "mira"):
        assert wanted in said
    assert "mira read 60 traces" in said


def test_a_project_without_failure_modes_has_a_report(
    project: ea.Project, tmp_path: Path
) -> None:
    project.ingest([{"id": "a", "question": "1?", "answer": "1!"}], progress=False)
    note = {"trace_id": "a", "verdict": "fail", "critique": "late"}
    project.import_annotations([note], annotator="mira")
    said = " ".join(Page(project.report(tmp_path / "r.html")).texts)
    assert "1 trace failed and there is no failure mode" in said
