"""The command line, as a script would use it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import erroranalysis as ea
from erroranalysis.__main__ import main

COMMANDS = ("demo", "export", "ingest", "judge", "report", "sample", "status")


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def test_every_command_has_help_with_an_example() -> None:
    assert sorted(main.commands) == sorted(COMMANDS)
    for name in COMMANDS:
        text = run(name, "--help").output
        assert "Example: erroranalysis" in text
        assert "--json" in text


def test_the_loop_from_the_shell(labelled: ea.Project, tmp_path: Path) -> None:
    path = labelled.path
    status = json.loads(run("status", "-p", path, "--json").output)
    assert (status["traces"], status["annotated"]) == (60, 60)
    done = run("judge", "late", "-p", path, "--split", "dev", "--json")
    assert done.exit_code == 0
    assert json.loads(done.output)["alignment"]["tpr"]["n"] > 0
    done = run("export", tmp_path / "l.csv", "-p", path, "--json")
    assert json.loads(done.output)["rows"] == 60
    done = run("report", tmp_path / "r.html", "-p", path)
    assert done.exit_code == 0
    assert (tmp_path / "r.html").stat().st_size > 10_000


def test_ingest_then_sample(tmp_path: Path) -> None:
    source = tmp_path / "t.jsonl"
    source.write_text('{"q": "1?", "reply": "1!"}\n{"q": "2?", "reply": "2!"}\n')
    path = tmp_path / "p.duckdb"
    done = run("ingest", source, "-p", path, "--column", "input=q", "--json")
    assert (done.exit_code, json.loads(done.output)["new"]) == (0, 2)
    done = run("sample", 1, "-p", path, "--json")
    assert len(json.loads(done.output)["trace_ids"]) == 1


def test_rejected_records_exit_with_one(tmp_path: Path) -> None:
    source = tmp_path / "t.jsonl"
    source.write_text('{"prompt": "1?", "answer": "1!"}\nnot json\n')
    done = run("ingest", source, "-p", tmp_path / "p.duckdb")
    assert done.exit_code == 1
    assert "rejected=1" in done.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("status", "-p", "none.duckdb"), "There is no project 'none.duckdb'"),
        (("judge", "x", "-p", "none.duckdb"), "erroranalysis ingest traces.jsonl"),
    ],
)
def test_errors_are_one_line_and_exit_with_two(
    words: tuple[str, ...], message: str, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*words)
    assert done.exit_code == 2
    assert message in done.output
    assert "Traceback" not in done.output
    as_json = run(*words, "--json")
    assert message in json.loads(as_json.output)["error"]
    assert not list(tmp_path.iterdir())


def test_the_demo_writes_what_it_says(tmp_path: Path) -> None:
    done = run("demo", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    names = {path.name for path in (tmp_path / "out").iterdir()}
    wanted = {"demo.duckdb", "report.html", "labels.csv", "labels.jsonl"}
    assert wanted | {"labels.parquet"} <= names
    project = ea.Project(tmp_path / "out" / "demo.duckdb")
    status = project.status()
    project.close()
    assert (status["traces"], status["annotated"], status["rejects"]) == (150, 100, 0)


def test_nothing_is_printed_at_exit(labelled: ea.Project) -> None:
    """A program that ends right after its last look leaves no noise behind."""
    labelled.close()
    words = [sys.executable, "-m", "erroranalysis", "status", "-p", labelled.path]
    for _ in range(4):
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        assert done.stdout.startswith("Project(")
        assert done.stderr == ""


_CLOSES_AND_ENDS = """
import gc, sys
import erroranalysis as ea
from erroranalysis.store import lease
project = ea.Project(sys.argv[1])
project.ingest([{"id": "t1", "input": "hello", "output": "hi"}], progress=False)
project.close()
del project
gc.collect()
while len(lease._files):  # until the last to know the file closes its engine
    pass
"""


def test_a_program_that_closes_its_project_ends_in_peace(tmp_path: Path) -> None:
    """The engine is closed by a thread, which Python must not cut off at its end."""
    words = [sys.executable, "-c", _CLOSES_AND_ENDS, str(tmp_path / "p.duckdb")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
