"""Files, globs, and every way to name what cannot be read: nothing half-written."""

from __future__ import annotations

import errno
import gzip
import json
import os

import pytest
from fakes import chat

from erroranalysis.errors import IngestError, UnknownNameError

ONE = json.dumps(chat("one", "Hi", "Hello"))
TWO = json.dumps(chat("two", "A", "B"))


def test_a_glob_loads_all_its_files(ingest, write, store, tmp_path):
    write("a.jsonl", ONE)
    write("b.jsonl", TWO)
    write("c.txt", "not meant")
    (tmp_path / "d.jsonl").mkdir()
    report = ingest(str(tmp_path / "*.jsonl"))
    assert (report.new, report.rejected) == (2, 0)
    assert store.traces.get("two").source == str(tmp_path / "b.jsonl")
    assert ingest([tmp_path / "a.jsonl", str(tmp_path / "b.*")]).duplicate == 2


def test_each_file_of_a_glob_has_its_own_shape(ingest, write, tmp_path):
    write("a.jsonl", ONE)
    write("b.csv", "question,answer", "Q,A")
    write("c.csv", "prompt,reply", "P,R")
    report = ingest(tmp_path / "*.*")
    assert (report.new, report.format) == (3, "chat, flat")
    assert report.columns == {"input": "question", "output": "answer"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty (0 bytes)"),
        (b"PAR1 and no more", "cannot be read"),
        (gzip.compress(b"{}"), "is gzip"),
        (b"a,b\n1,2\n", "no shape that is known"),
        (b"question,answer\n", "holds no records"),
        (b"{broken", "the file ends in the middle of this record"),
    ],
)
def test_a_bad_file_among_several_is_a_reject(
    ingest, write, rejects, tmp_path, content, reason
):
    write("a.jsonl", ONE)
    write("b.jsonl", content)
    write("c.jsonl", TWO)
    report = ingest(tmp_path / "*.jsonl")
    assert (report.new, report.rejected) == (2, 1)
    [(file, _, found)] = rejects()
    assert file == "b.jsonl"
    assert reason in found


def test_when_all_files_are_bad_nothing_is_imported(ingest, write, tmp_path, unchanged):
    write("a.jsonl", b"")
    write("b.jsonl", b"")
    with pytest.raises(IngestError, match=r"No record of .* could be read.*0 bytes"):
        ingest(tmp_path / "*.jsonl")
    unchanged()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", ["is empty (0 bytes)", "Export it again"]),
        (bytes(range(256)) * 20, ["a binary file", "JSON, JSONL, CSV or Parquet"]),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", ["a binary file"]),
        (gzip.compress(ONE.encode()), ["is gzip", "unpack"]),
        (b"PK\x03\x04 sheet", ["zip archive or an Excel workbook"]),
        (b"SQLite format 3\x00 more", ["an SQLite database"]),
        (ONE.encode("utf-16"), ["UTF-16", "save it as UTF-8"]),
        (b"\n\n  \n", ["neither JSON nor a table"]),
        (b"{}\n{}\n", ["no shape that is known", "nothing"]),
        (b'{"id": 1, "text": ""}\n', ["first record has id, text", "Known shapes"]),
        (b"{'id': 1}", ["not valid JSON", "Nothing was imported"]),
        (b'{"messages": []}\n', ["read as chat", "empty list", "Nothing was imported"]),
    ],
)  # fmt: skip
def test_files_with_nothing_to_read_in_them(ingest, write, unchanged, content, says):
    path = write("a.jsonl", content)
    with pytest.raises(IngestError) as error:
        ingest(path)
    assert all(words in str(error.value) for words in [*says, str(path)])
    unchanged()


def test_a_folder(ingest, write, tmp_path, unchanged):
    write("notes.txt", "x")
    write("a.csv", "question,answer")
    with pytest.raises(IngestError, match=r"is a folder.*\*\.csv"):
        ingest(tmp_path)
    unchanged()


def test_a_file_that_is_not_there(ingest, write, tmp_path, unchanged):
    write("traces.jsonl", ONE)
    with pytest.raises(IngestError, match=r"Did you mean 'traces.jsonl'"):
        ingest(tmp_path / "trace.jsonl")
    with pytest.raises(IngestError, match=r"there are: traces.jsonl"):
        ingest(tmp_path / "qqqq.parquet")
    with pytest.raises(IngestError, match="there is no folder"):
        ingest(tmp_path / "exports" / "a.jsonl")
    with pytest.raises(IngestError, match="No file"):
        ingest(tmp_path / "*.json")
    unchanged()


def test_the_home_folder(ingest, write, tmp_path, monkeypatch):
    write("a.jsonl", ONE)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert ingest("~/a.jsonl").new == 1


@pytest.mark.parametrize(
    "text",
    ["What is the weather?", '{"id": 1}', "x " * 5000, "a\nb", "a\x00b", ""],
)
def test_text_instead_of_a_path(ingest, unchanged, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(IngestError) as error:
        ingest(text)
    assert "No file" in str(error.value) or "is a folder" in str(error.value)
    assert len(str(error.value)) < 300
    unchanged()


@pytest.mark.parametrize("thing", [7, None, 1.5, b"bytes", object()])
def test_things_that_are_no_source(ingest, unchanged, thing):
    with pytest.raises(IngestError, match=r"cannot be ingested. Give a path or glob"):
        ingest(thing)
    unchanged()


@pytest.mark.parametrize("nothing", [[], (), iter([]), {}])
def test_sources_that_hold_nothing(ingest, unchanged, nothing):
    with pytest.raises(IngestError, match=r"holds no records|has no shape"):
        ingest(nothing)
    unchanged()


def test_an_unknown_format(ingest, unchanged):
    with pytest.raises(UnknownNameError, match="Did you mean 'chat'"):
        ingest([chat("a", "Hi")], format="chatt")
    with pytest.raises(UnknownNameError, match="whether they come as JSON, CSV"):
        ingest([chat("a", "Hi")], format="csv")
    unchanged()


def test_a_named_format_that_does_not_fit(ingest, unchanged):
    with pytest.raises(IngestError, match="it looks like format='chat'"):
        ingest([chat("a", "Hi")], format="tau-bench")
    unchanged()


def test_a_file_that_may_not_be_read(ingest, write, unchanged, monkeypatch):
    path = write("a.jsonl", ONE)
    path.chmod(0)
    if os.access(path, os.R_OK):  # root may read everything
        real = type(path).open

        def denied(self, *args, **kwargs):
            if self.name == "a.jsonl":
                raise PermissionError(errno.EACCES, "Permission denied", str(self))
            return real(self, *args, **kwargs)

        monkeypatch.setattr(type(path), "open", denied)
    with pytest.raises(IngestError, match=r"permission denied.*read access"):
        ingest(path)
    unchanged()


@pytest.mark.parametrize("moment", ["write_batch", "close"])
def test_a_full_disk(ingest, unchanged, monkeypatch, tmp_path, moment):
    from pyarrow import parquet

    def full(self, *args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(parquet.ParquetWriter, moment, full)
    with pytest.raises(IngestError, match=r"disk for temporary files is full.*TMPDIR"):
        ingest([chat("a", "Hi")])
    assert not list(tmp_path.glob("erroranalysis-*"))
    unchanged()


def test_no_folder_for_temporary_files(ingest, unchanged, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(IngestError, match="Set TMPDIR to a folder"):
        ingest([chat("a", "Hi")])
    unchanged()


def test_a_store_that_fails_at_the_end_keeps_nothing(ingest, store, unchanged):
    with store.leases.transaction() as connection:
        connection.execute("ALTER TABLE feedback RENAME TO moved")
    with pytest.raises(Exception, match="feedback"):
        ingest([chat("a", "Hi")])
    with store.leases.transaction() as connection:
        connection.execute("ALTER TABLE moved RENAME TO feedback")
    unchanged()
    assert ingest([chat("a", "Hi")]).new == 1


def test_names_of_files_need_not_be_text(ingest, tmp_path, store):
    name = os.fsdecode(b"caf\xe9.jsonl")
    try:
        (tmp_path / name).write_text(f"{ONE}\nbad")
    except OSError:
        pytest.skip("this file system wants file names in UTF-8")
    assert ingest(tmp_path / name).new == 1
    assert store.traces.get("one").source.endswith("caf?.jsonl")


def test_a_trace_that_needs_more_memory_than_an_import_is_given(
    ingest, store, monkeypatch
):
    monkeypatch.setattr("erroranalysis.store.traces._COMMIT_MEMORY", ("20MB",))
    assert ingest([chat("a", "x" * 30_000_000)]).new == 1
    assert len(store.traces.get("a").input) == 30_000_000
