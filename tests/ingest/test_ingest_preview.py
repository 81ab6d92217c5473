"""A look before the leap, and what a report warns of."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from fakes import chat

from erroranalysis.__main__ import main

LINES = [
    '{"question": "Open on Sunday?", "answer": "Yes, 9 to 5.", "user": "u1"}',
    '{"question": "And on Monday?", "answer": "No.", "user": "u2"}',
    "not json",
]


def test_a_dry_run_shows_what_would_happen_and_writes_nothing(project, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(LINES))
    seen = project.ingest(path, dry_run=True, progress=False)
    assert (seen.format, seen.records, seen.found, seen.rejected) == ("flat", 3, 2, 1)
    assert seen.columns["input"] == "question"
    assert [trace.output for trace in seen.traces] == ["Yes, 9 to 5.", "No."]
    assert len(project.traces()) == len(project.rejects()) == 0
    said = repr(seen)
    for text in (
        "nothing was written", "input <- question", "output <- answer",
        "would be rejected (1): not valid JSON", "user: Open on Sunday?",
        "assistant: Yes, 9 to 5.",
    ):  # fmt: skip
        assert text in said
    assert project.ingest(path, progress=False).new == seen.found


def test_a_dry_run_follows_named_columns(project):
    rows = [{"question": "Q", "answer": "A", "comment": "C"}]
    columns = {"output": "comment"}
    seen = project.ingest(rows, columns=columns, dry_run=True, progress=False)
    assert [trace.output for trace in seen.traces] == ["C"]


def test_a_dry_run_counts_a_trace_once_that_lies_in_pieces(project):
    def step(number, parent):
        made = {"traceId": "a" * 32, "spanId": f"{number:016x}", "name": "s"}
        made |= {"parentSpanId": parent, "attributes": []}
        return {"resourceSpans": [{"scopeSpans": [{"spans": [made]}]}]}

    rows = [step(1, ""), step(2, f"{1:016x}")]
    seen = project.ingest(rows, dry_run=True, progress=False)
    assert (seen.records, seen.found, seen.spans) == (2, 1, 2)


def test_the_html_of_a_preview_shows_hostile_text_as_text(project):
    rows = [chat("t1", "<script>alert(1)</script>", "ok")]
    seen = project.ingest(rows, dry_run=True, progress=False)
    assert "<script>" not in seen._repr_html_()
    assert "&lt;script&gt;" in seen._repr_html_()
    assert seen.frame()["id"].to_list() == ["t1"]


def test_a_long_conversation_is_cut_in_the_middle(project):
    rows = [chat("t1", *(f"line {i}" for i in range(40)))]
    said = repr(project.ingest(rows, dry_run=True, progress=False))
    assert "34 more messages" in said
    assert "line 0" in said
    assert "line 39" in said
    assert "line 20" not in said


def test_the_shell_has_dry_runs_and_takes_several_files(tmp_path):
    files = []
    for name in "ab":
        files.append(tmp_path / f"{name}.jsonl")
        files[-1].write_text(json.dumps(chat(name, "Hi", "Hello")))
    where = tmp_path / "p.duckdb"
    words = ["ingest", *map(str, files), "-p", str(where)]
    seen = CliRunner().invoke(main, [*words, "--dry-run"])
    assert seen.exit_code == 0
    assert "2 traces" in seen.output
    assert not where.exists()
    done = CliRunner().invoke(main, [*words, "--json"])
    assert json.loads(done.output)["new"] == 2


LATER = (datetime.now(UTC) + timedelta(days=400)).isoformat()


@pytest.mark.parametrize(
    ("rows", "warning"),
    [
        (
            [chat("a", "Hi", "Hello"), chat("b", "Hi"), chat("c", "Hi", "")],
            "2 of 3 traces have no answer and no error; export the outputs too",
        ),
        (
            [chat("a", "Hi", "Hello"), chat("b", "Hi")],
            "1 of 2 traces consist of a single message",
        ),
        (
            [chat("a", "Hi", "Hello", started_at=LATER)],
            f"1 of 1 traces start in the future (latest {LATER[:10]})",
        ),
        (
            [chat(f"t{i}", "Hi", "Hello") for i in range(1000)],
            "exactly 1,000 records in a file: many tools stop there",
        ),
    ],
)
def test_a_report_warns_of_what_usually_goes_wrong(project, rows, warning):
    report = project.ingest(rows, progress=False)
    assert [said for said in report.warnings if said.startswith(warning)]
    assert f"warnings={len(report.warnings)}" in repr(report)
    assert warning.split(";", maxsplit=1)[0] in report._repr_html_()


def test_a_run_that_ended_in_an_error_may_have_no_answer(project):
    rows = [chat("a", "Hi", "Hello"), chat("b", "Hi", error="timeout")]
    said = project.ingest(rows, progress=False).warnings
    assert not [text for text in said if "no answer" in text]


def test_a_sound_export_is_not_warned_of(project):
    now = datetime.now(UTC).isoformat()
    rows = [chat(f"t{i}", "Hi", "Hello", started_at=now) for i in range(20)]
    assert project.ingest(rows, progress=False).warnings == ()


def test_the_report_accounts_for_every_record(project):
    rows = [chat("a", "Hi", "Hello"), chat("a", "Hi", "Hello"), {"messages": 3}, 7]
    report = project.ingest(rows, progress=False)
    assert (report.records, report.new, report.duplicate) == (4, 1, 1)
    assert report.rejected == 2
