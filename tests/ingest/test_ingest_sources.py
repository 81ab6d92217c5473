"""Files, globs, and every way to name what cannot be read: nothing half-written."""

from __future__ import annotations

import errno
import gzip
import io
import json
import os
import tempfile
import threading
from pathlib import Path

import pytest
from fakes import chat

from erroranalysis.errors import IngestError, UnknownNameError
from erroranalysis.ingest.sources import describe

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
        (gzip.compress(b"{}", mtime=0), "no shape that is known"),
        (gzip.compress(b"", mtime=0), "is empty (0 bytes)"),
        (b"\x1f\x8b\x08 no more", "cannot be unpacked"),
        (b"PK\x03\x04 sheet", "starts like a zip archive"),
        (b"a,b\n1,2\n", "no shape that is known"),
        (b"question,answer\n", "holds no records"),
        (b"{broken", "the file ends in the middle of this record"),
    ],
    ids=range(9),
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
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", ["an image"]),
        (b"\x89HDF\r\n\x1a\n", ["an HDF5 file", "ingest the frame"]),
        (b"7z\xbc\xaf\x27\x1c more", ["a 7z archive", "Unpack it"]),
        (b"Rar!\x1a\x07\x01", ["a RAR archive", "Unpack it"]),
        (b"Obj\x01\x04\x14avro", ["an Avro file"]),
        (b"%PDF-1.7", ["a PDF", "Export the traces as JSON or CSV"]),
        (b"\x80\x04\x95\x00", ["a Python pickle", "trust"]),
        (b"\0" * 8 + b"DUCK" + b"\0" * 9, ["a DuckDB database"]),
        (b"version https://git-lfs.github.com/spec/v1\n", ["git lfs pull"]),
        (b"\n<!DOCTYPE html><title>Sign in</title>", ["a web page", "login page"]),
        (b"<?xml version='1.0'?>", ["is XML"]),
        (b"{\\rtf1 {ansi}}", ["a rich text document"]),
        (b"PK\x03\x04 sheet", ["starts like a zip archive", "cut off"]),
        (b"SQLite format 3\x00 more", ["an SQLite database", "frame of a query"]),
        (b"\n\n  \n", ["neither JSON nor a table"]),
        (b"{}\n{}\n", ["no shape that is known", "nothing"]),
        (b'{"id": 1, "text": ""}\n', ["first record has id, text", "Known shapes"]),
        (b"{'id': 1}", ["not valid JSON", "Nothing was imported"]),
        (b'{"messages": []}\n', ["read as chat", "empty list", "Nothing was imported"]),
    ],
    ids=range(21),
)  # fmt: skip
def test_files_with_nothing_to_read_in_them(ingest, write, unchanged, content, says):
    path = write("a.jsonl", content)
    with pytest.raises(IngestError) as error:
        ingest(path)
    assert all(words in str(error.value) for words in [*says, str(path)])
    unchanged()


@pytest.fixture
def export(tmp_path):
    """A folder as people have it, with what is no data in between."""
    folder = tmp_path / "export"
    for name, content in {
        "a.jsonl": ONE,
        "day 2/deeper/b.json": f"[{TWO}]",
        "day 2/c.csv": "question,answer\nOpen?,Yes",
        "README.md": "# Export",
        "LICENSE": "free",
        "logo.png": "x",
        "code/run.py": "1",
        ".git/config.json": "{}",
        ".hidden.jsonl": ONE,
        "~$book.xlsx": "x",
        "a.jsonl.lock": "",
        "__pycache__/x.json": "{}",
        "_SUCCESS": "",
        "half.jsonl.part": ONE,
        "prose.txt": "Dear diary",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


LEFT_OUT = {
    ".md file": 1,
    "LICENSE file": 1,
    ".png file": 1,
    ".py file": 1,
    "hidden file": 1,
    "hidden folder": 1,
    "lock file": 1,
    ".lock file": 1,
    "folder in __pycache__": 1,
    "_SUCCESS file": 1,
    ".part file": 1,
}


def test_a_folder_is_read_to_the_bottom(ingest, export, rejects, traces):
    report = ingest(export)
    assert (report.new, report.rejected, report.source) == (3, 1, str(export))
    assert report.skipped == LEFT_OUT
    [(file, _, reason)] = rejects()
    assert (file, "neither JSON nor a table" in reason) == ("prose.txt", True)
    assert traces()["two"].source == str(export / "day 2" / "deeper" / "b.json")
    assert ingest(str(export) + "/").duplicate == 3


def test_lists_of_files_patterns_and_folders(ingest, export, write):
    other = write("z.jsonl", json.dumps(chat("three", "x")))
    report = ingest([export / "day 2", str(export / "*.jsonl"), other])
    assert (report.new, report.rejected) == (4, 0)
    again = ingest((other, export, export / "a.jsonl"))  # in another order, one twice
    assert (again.new, again.duplicate, again.records) == (0, 4, 4)
    assert ingest(str(export / "*" / "deeper")).duplicate == 1


def test_how_sources_are_called(tmp_path):
    names = [f"{i}.jsonl" for i in range(7)]
    assert describe(names) == "0.jsonl, 1.jsonl, 2.jsonl, 3.jsonl, 4.jsonl and 2 more"
    assert describe([Path("a"), io.BytesIO()]) == "a, BytesIO"
    signed = "https://mira:pass@example.org/a.jsonl?X-Signature=1#x"
    assert describe(signed) == "https://example.org/a.jsonl"
    assert describe("s3://bucket/2026-*/a.jsonl") == "s3://bucket/2026-*/a.jsonl"
    assert describe(chat("x") for _ in "ab") == "generator"


def test_a_pattern_leaves_out_what_is_no_data(ingest, export, unchanged):
    report = ingest(str(export / "*"))
    assert (report.new, report.rejected) == (1, 1)
    assert report.skipped[".md file"] == 1
    with pytest.raises(IngestError, match=r"README\.md' is neither JSON nor a table"):
        ingest(str(export / "*.md"))


def test_a_folder_with_nothing_to_read(ingest, tmp_path, unchanged):
    (tmp_path / "some").mkdir()
    with pytest.raises(IngestError, match="holds no file with records: it is empty"):
        ingest(tmp_path / "some")
    (tmp_path / "some" / "logo.png").write_bytes(b"x")
    with pytest.raises(IngestError, match=r"it has only logo\.png"):
        ingest(tmp_path / "some")
    (tmp_path / "some" / "_delta_log").mkdir()
    with pytest.raises(IngestError, match=r"is a Delta table.*deltalake"):
        ingest(tmp_path / "some")
    unchanged()


def test_the_only_file_of_a_folder_says_itself_what_is_wrong(
    ingest, write, tmp_path, unchanged
):
    write("a.csv", "question,answer")
    write("notes.md", "x")
    with pytest.raises(IngestError, match=r"a\.csv' holds no records"):
        ingest(tmp_path)
    unchanged()


def test_links_and_pipes_in_a_folder(ingest, write, tmp_path):
    write("a.jsonl", ONE)
    (tmp_path / "b.jsonl").symlink_to(tmp_path / "gone")
    os.mkfifo(tmp_path / "c.jsonl")
    (tmp_path / "loop").symlink_to(tmp_path)
    report = ingest(tmp_path)
    assert (report.new, report.rejected) == (1, 0)
    assert report.skipped["broken link"] == report.skipped["pipe or device"] == 1


def test_a_dataset_saved_to_disk(ingest, tmp_path):
    import pyarrow as pa

    for split, record in {"train": ONE, "test": TWO}.items():
        folder = tmp_path / "saved" / split
        folder.mkdir(parents=True)
        table = pa.Table.from_pylist([json.loads(record)])
        for name in ("data-00000-of-00001.arrow", "cache-0f.arrow"):
            with pa.ipc.new_stream(folder / name, table.schema) as out:
                out.write_table(table)
        (folder / "dataset_info.json").write_text('{"features": {"id": 1}}')
        (folder / "state.json").write_text('{"_data_files": [{"filename": "x"}]}')
    (tmp_path / "saved" / "dataset_dict.json").write_text('{"splits": ["a"]}')
    report = ingest(tmp_path / "saved")
    assert (report.new, report.duplicate, report.rejected) == (2, 0, 0)
    assert report.skipped == {
        "cache of Hugging Face": 2,
        "dataset_info.json of Hugging Face": 2,
        "state.json of Hugging Face": 2,
        "dataset_dict.json of Hugging Face": 1,
    }


@pytest.mark.shared_data
def test_a_real_dataset_saved_to_disk(ingest, shared_data):
    import pyarrow as pa

    folder = shared_data / "formats" / "hf_datasets" / "sharegpt_saved_to_disk"
    with pa.memory_map(str(folder / "data-00000-of-00001.arrow")) as source:
        rows = pa.ipc.open_stream(source).read_all().num_rows
    report = ingest(folder)
    assert (report.records, report.rejected) == (rows, 0)
    assert report.new == rows


def test_folders_named_after_columns(ingest, tmp_path, traces):
    import pyarrow as pa
    from pyarrow import parquet

    rows = {"x": "web%20app", "y": "__HIVE_DEFAULT_PARTITION__"}
    for place, (name, channel) in enumerate(rows.items()):
        folder = tmp_path / "year=2026" / f"channel={channel}"
        folder.mkdir(parents=True)
        row = {"id": name, "question": f"Q{place}", "answer": "A"}
        parquet.write_table(pa.Table.from_pylist([row]), folder / "part-0.parquet")
    ingest(tmp_path)
    said = {name: trace.metadata for name, trace in traces().items()}
    assert said == {"x": {"year": "2026", "channel": "web app"}, "y": {"year": "2026"}}
    again = ingest(tmp_path / "*" / "*" / "*.parquet")
    assert (again.duplicate, again.rejected) == (2, 0)


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
    assert "No file" in str(error.value)
    assert len(str(error.value)) < 300
    unchanged()


@pytest.mark.parametrize("thing", [7, None, 1.5, b"bytes", object()])
def test_things_that_are_no_source(ingest, unchanged, thing):
    with pytest.raises(IngestError, match=r"cannot be ingested. Give a path or glob"):
        ingest(thing)
    unchanged()


def test_bytes_say_how_they_are_ingested(ingest, unchanged):
    with pytest.raises(IngestError, match=r"ingest\(io.BytesIO\(data\)\)"):
        ingest(ONE.encode())
    unchanged()


class Once:
    """What gives its bytes once, as a response of a server does."""

    def __init__(self, content):
        self._rest = io.BytesIO(content)

    def read(self, size=-1):
        return self._rest.read(size)


def spooled(content):
    made = tempfile.SpooledTemporaryFile(max_size=1)  # noqa: SIM115
    made.write(content)
    made.seek(0)
    return made


HANDLES = {
    "bytes": io.BytesIO,
    "text": lambda content: io.StringIO(content.decode()),
    "once": Once,
    "spooled": spooled,
}


@pytest.mark.parametrize("kind", HANDLES)
def test_open_files(ingest, store, kind):
    handle = HANDLES[kind](f"{ONE}\n{TWO}\n".encode())
    report = ingest(handle)
    assert (report.new, report.rejected) == (2, 0)
    assert report.source == type(handle).__name__
    assert store.traces.get("one").source == type(handle).__name__
    table = HANDLES[kind]("question,answer\nCafé?,Ja\n".encode())
    assert ingest(table).columns == {"input": "question", "output": "answer"}
    if hasattr(handle, "close"):
        handle.close()
        table.close()


@pytest.mark.parametrize("packed", [False, True])
def test_open_files_of_bytes_that_need_jumping_about(ingest, tmp_path, packed):
    import pyarrow as pa
    from pyarrow import parquet

    out = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist([json.loads(ONE)]), out)
    content = gzip.compress(out.getvalue()) if packed else out.getvalue()
    assert ingest(io.BytesIO(content)).new == 1
    assert ingest(Once(content)).duplicate == 1
    assert not list(Path(tempfile.gettempdir()).glob("erroranalysis-*/unpacked"))


def test_open_files_have_their_name_and_their_place(ingest, write, store):
    path = write("a.jsonl", "not meant", ONE)
    with path.open("rb") as handle:
        handle.readline()
        assert ingest(handle).rejected == 0
        assert store.traces.get("one").source == str(path)
        handle.seek(0, io.SEEK_END)
        with pytest.raises(IngestError, match=r"Go back to its beginning.*seek"):
            ingest(handle)
    with pytest.raises(IngestError, match=r"closed file.*open for reading"):
        ingest(handle)
    with path.open("ab") as out, pytest.raises(IngestError, match="open for reading"):
        ingest(out)
    assert ingest([io.StringIO(ONE), io.StringIO(TWO), path]).new == 1


def test_the_encoding_of_an_open_file_counts(ingest, tmp_path, traces):
    path = tmp_path / "a.csv"
    path.write_bytes(
        'question;answer\n"Caf\u00e9 \u2013 5 \u20ac?";Ja\n'.encode("cp1252")
    )
    with path.open(encoding="cp1252", newline="") as text:
        ingest(text)
    [trace] = traces().values()
    assert trace.input == "Caf\u00e9 \u2013 5 \u20ac?"


def test_a_named_pipe(ingest, tmp_path, store):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_text, args=(f"{ONE}\n{TWO}\n",))
    writer.start()
    assert ingest(path).new == 2
    writer.join()
    assert store.traces.get("one").source == str(path)


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
