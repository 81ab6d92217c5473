"""What is exported comes back the same from every format, whole or not at all."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import erroranalysis as ea
from erroranalysis.errors import ErrorAnalysisError, NothingToDoError, UnknownNameError
from erroranalysis.export.tables import (
    COLUMNS,
    FORMATS,
    join_modes,
    neutralise,
    restore,
    split_modes,
    write_labels,
)
from erroranalysis.records import dump

AWKWARD = [
    "",
    "=1+1",
    "'=1",
    "''-2",
    "'tis",
    "@x",
    "\tx",
    "\rx",
    'a "b", c',
    "a\r\nb\n",
]
text = st.one_of(
    st.sampled_from(AWKWARD),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.text("'=+-@\t\r\n\",|\\ \x00\ufeffé😀", max_size=8),
)
maybe = st.none() | text
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | text,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3)
    ),
    max_leaves=5,
)
times = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1))
labelled_rows = st.fixed_dictionaries(
    {
        "trace_id": text,
        "input": maybe,
        "output": maybe,
        "messages": st.lists(plain, max_size=2).map(dump),
        "annotator": text,
        "verdict": st.sampled_from(["pass", "fail", "defer"]),
        "critique": maybe,
        "first_failure": maybe,
        "modes": st.lists(text, max_size=3),
        "session_id": maybe,
        "started_at": st.none() | times,
        "model": maybe,
        "metadata": st.none() | st.dictionaries(text, plain, max_size=2).map(dump),
        "created_at": times,
    }
)


def frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    kinds = dict.fromkeys(COLUMNS, pl.String)
    kinds |= {"modes": pl.List(pl.String), "started_at": pl.Datetime("us")}
    kinds |= {"created_at": pl.Datetime("us")}
    return pl.DataFrame(rows, schema=kinds)


@settings(deadline=None)
@given(st.lists(labelled_rows, max_size=4))
def test_every_format_gives_back_what_went_in(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    wanted = frame(rows)
    folder = tmp_path_factory.mktemp("labels")
    for name in FORMATS:
        path = folder / f"labels.{name}"
        write_labels(wanted, path, name)
        found = ea.read_labels(path)
        assert found.schema == wanted.schema
        assert found.equals(wanted), name


@given(text)
def test_a_neutralised_cell_is_no_formula_and_can_be_restored(cell: str) -> None:
    safe = neutralise(cell)
    assert not safe.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert restore(safe) == cell


@given(st.lists(text, max_size=4))
def test_joined_modes_can_be_split(modes: list[str]) -> None:
    assert split_modes(join_modes(modes)) == modes


def test_the_export_of_a_project(labelled: ea.Project, tmp_path: Path) -> None:
    report = labelled.export(tmp_path / "labels.jsonl")
    assert (report.rows, report.format) == (60, "jsonl")
    assert report.path == str(tmp_path / "labels.jsonl")
    lines = [
        json.loads(line)
        for line in (tmp_path / "labels.jsonl").read_text("utf-8").split("\n")[:-1]
    ]
    assert list(lines[0]) == list(COLUMNS)
    assert lines[0]["trace_id"] == "t00"
    assert lines[0]["messages"][0]["role"] == "user"
    assert lines[0]["metadata"]["channel"] == "app"
    assert [line["modes"] for line in lines[14:21]] == [["late"], *[["rude"]] * 5, []]
    assert {line["verdict"] for line in lines[:20]} == {"fail"}


def test_the_three_formats_of_a_project_are_the_same(
    labelled: ea.Project, tmp_path: Path
) -> None:
    labelled.taxonomy.add("cold|curt", "Says as little as it can.")
    labelled.taxonomy.assign(["t00"], "cold|curt")
    for name in FORMATS:
        labelled.export(tmp_path / f"l.{name}")
    frames = [ea.read_labels(tmp_path / f"l.{name}") for name in FORMATS]
    assert frames[0].equals(frames[1])
    assert frames[0].equals(frames[2])
    assert frames[0]["modes"].to_list()[0] == ["cold|curt", "late"]
    with (tmp_path / "l.csv").open(newline="", encoding="utf-8") as file:
        first = next(csv.DictReader(file))
    assert first["modes"] == r"cold\|curt|late"
    assert orjson.loads(first["messages"])[0]["role"] == "user"


def test_a_trace_that_passes_now_has_no_modes(
    labelled: ea.Project, tmp_path: Path
) -> None:
    note = {"trace_id": "t00", "verdict": "pass", "critique": "=fine after all"}
    labelled.import_annotations([note], annotator="mira")
    labelled.export(tmp_path / "l.csv")
    row = ea.read_labels(tmp_path / "l.csv").row(0, named=True)
    assert (row["verdict"], row["modes"]) == ("pass", [])
    assert row["critique"] == "=fine after all"
    assert '"\'=fine after all"' in (tmp_path / "l.csv").read_text("utf-8")


def test_the_labels_of_one_annotator(labelled: ea.Project, tmp_path: Path) -> None:
    note = {"trace_id": "t00", "verdict": "pass", "critique": "fine"}
    labelled.import_annotations([note], annotator="jo")
    assert labelled.export(tmp_path / "all.csv").rows == 61
    assert labelled.export(tmp_path / "jo.csv", annotator="jo").rows == 1
    with pytest.raises(UnknownNameError, match="Did you mean 'mira'"):
        labelled.export(tmp_path / "m.csv", annotator="mria")
    assert sorted(path.name for path in tmp_path.glob("*.csv")) == ["all.csv", "jo.csv"]


def test_the_format_can_be_named(labelled: ea.Project, tmp_path: Path) -> None:
    assert labelled.export(tmp_path / "labels", format="csv").format == "csv"
    assert ea.read_labels(tmp_path / "labels", format="csv").height == 60
    assert labelled.export(tmp_path / "L.CSV").format == "csv"


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("l.xlsx", {}, "No format 'xlsx'.*csv, jsonl, parquet.*l.csv"),
        ("l.csv", {"format": "parqet"}, "Did you mean 'parquet'"),
        ("labels", {}, "has no ending.*format='csv'"),
    ],
)
def test_an_unknown_format_names_those_there_are(
    labelled: ea.Project, tmp_path: Path, name: str, options: dict[str, str], says: str
) -> None:
    with pytest.raises(UnknownNameError, match=says):
        labelled.export(tmp_path / name, **options)
    assert not (tmp_path / name).exists()


def test_a_path_that_is_no_file_is_refused(
    labelled: ea.Project, tmp_path: Path
) -> None:
    with pytest.raises(ErrorAnalysisError, match=r"no folder .*mkdir -p"):
        labelled.export(tmp_path / "missing" / "l.csv")
    (tmp_path / "d.csv").mkdir()
    with pytest.raises(ErrorAnalysisError, match="is a folder; name a file in it"):
        labelled.export(tmp_path / "d.csv")
    with pytest.raises(ErrorAnalysisError, match="no ordinary file"):
        labelled.export("/dev/null", format="csv")


def test_a_failing_export_leaves_the_old_file(
    labelled: ea.Project, tmp_path: Path
) -> None:
    path = tmp_path / "l.jsonl"
    labelled.export(path)
    before = path.read_bytes()
    broken = ea.read_labels(path).with_columns(pl.lit("{broken").alias("metadata"))
    with pytest.raises(orjson.JSONDecodeError):
        write_labels(broken, path, "jsonl")
    assert path.read_bytes() == before
    files = {item.name for item in tmp_path.iterdir() if ".duckdb" not in item.name}
    assert files == {"l.jsonl"}


def test_an_existing_file_is_replaced_through_its_link(
    labelled: ea.Project, tmp_path: Path
) -> None:
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.write_text("old")
    link.symlink_to(real)
    labelled.export(link)
    assert link.is_symlink()
    assert ea.read_labels(real).height == 60


def test_there_is_nothing_to_export_yet(project: ea.Project, tmp_path: Path) -> None:
    with pytest.raises(NothingToDoError, match=r"project\.annotate"):
        project.export(tmp_path / "l.csv")
    assert not (tmp_path / "l.csv").exists()


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", '{"a": 1}\n', "\x00\x01"])
def test_a_file_that_is_something_else_is_refused(
    tmp_path: Path, name: str, content: str
) -> None:
    path = tmp_path / f"l.{name}"
    path.write_text(content)
    if (name, content) == ("jsonl", ""):
        assert ea.read_labels(path).is_empty()
        return
    with pytest.raises(ErrorAnalysisError, match="does not read as labelled traces"):
        ea.read_labels(path)


def test_a_missing_file_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(ErrorAnalysisError, match=r"project.export\('l.csv'\)"):
        ea.read_labels(tmp_path / "l.csv")
