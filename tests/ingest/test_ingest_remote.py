"""Files that lie elsewhere: by way of fsspec, and in words where there is none."""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import fsspec
import pyarrow as pa
import pytest
from fakes import chat
from pyarrow import parquet

from erroranalysis.errors import IngestError

ONE = json.dumps(chat("one", "Hi", "Hello"))
TWO = json.dumps(chat("two", "A", "B"))


@pytest.fixture
def bucket(tmp_path, monkeypatch):
    """A store in memory; what is fetched from it is not left on the disk."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    system = fsspec.filesystem("memory")
    system.pipe("/bucket/a.jsonl", ONE.encode())
    system.pipe("/bucket/day 2/b.jsonl.gz", gzip.compress(TWO.encode()))
    system.pipe("/bucket/README.md", b"# Export")
    system.pipe("/bucket/.hidden/c.jsonl", b"x")
    system.pipe("/bucket/logo.png", b"x")
    yield system
    system.rm("/bucket", recursive=True)
    assert not list(folder.iterdir())


def test_one_file(ingest, bucket, store):
    report = ingest("memory://bucket/a.jsonl")
    assert (report.new, report.source) == (1, "memory://bucket/a.jsonl")
    assert store.traces.get("one").source == "memory://bucket/a.jsonl"


def test_patterns_and_folders(ingest, bucket, tmp_path):
    report = ingest("memory://bucket")
    assert (report.new, report.rejected) == (2, 0)
    assert report.skipped == {".md file": 1, "hidden file": 1, ".png file": 1}
    assert ingest("memory://bucket/*.jsonl").duplicate == 1
    assert ingest("memory://bucket/**/*.gz").duplicate == 1
    local = tmp_path / "c.jsonl"
    local.write_text(json.dumps(chat("three", "x")))
    mixed = ingest([local, "memory://bucket/day 2"])
    assert (mixed.new, mixed.duplicate) == (1, 1)


def test_columns_in_the_names_of_folders(ingest, bucket, traces):
    row = {"id": "x", "question": "Q", "answer": "A"}
    with bucket.open("/bucket/runs/year=2026/part.parquet", "wb") as out:
        parquet.write_table(pa.Table.from_pylist([row]), out)
    ingest("memory://bucket/runs")
    assert traces()["x"].metadata == {"year": "2026"}


def test_local_urls(ingest, tmp_path, write):
    write("a b.jsonl", ONE)
    url = (tmp_path / "a b.jsonl").as_uri()
    assert "%20" in url
    assert ingest(url).new == 1
    assert ingest(f"file://{tmp_path}/*.jsonl").duplicate == 1


def test_archives_in_chained_urls(ingest, bucket, tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("inner/a.jsonl", ONE)
    assert ingest(f"zip://inner/a.jsonl::file://{tmp_path}/a.zip").new == 1


def test_what_is_not_there(ingest, bucket, unchanged):
    with pytest.raises(IngestError, match=r"no file 'memory://bucket/b\.jsonl'"):
        ingest("memory://bucket/b.jsonl")
    with pytest.raises(IngestError, match="holds no file with records: it is empty"):
        ingest("memory://bucket/*.csv")
    with pytest.raises(IngestError, match="cannot be read: Protocol not known"):
        ingest("nothing://bucket/a.jsonl")
    unchanged()


def test_a_path_loses_a_slash(ingest, tmp_path, unchanged, monkeypatch):
    from pathlib import Path

    monkeypatch.chdir(tmp_path)
    with pytest.raises(IngestError, match="give it as a string"):
        ingest(Path("s3://bucket/a.jsonl"))
    unchanged()


@pytest.mark.parametrize(
    ("url", "package"),
    [
        ("s3://bucket/a.jsonl", "s3fs"),
        ("gs://bucket/*.parquet", "gcsfs"),
        ("az://container/a.jsonl", "adlfs"),
    ],
)
def test_the_package_that_is_missing_is_named(ingest, unchanged, url, package):
    if package in sys.modules:
        pytest.skip("it is there")
    with pytest.raises(IngestError, match=f"install {package}: pip install fsspec"):
        ingest(url)
    unchanged()


def test_without_fsspec(ingest, unchanged, monkeypatch, write, tmp_path):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(IngestError, match=r"pip install fsspec s3fs\. Or download it"):
        ingest("s3://bucket/a.jsonl")
    with pytest.raises(IngestError, match="pip install fsspec aiohttp"):
        ingest("https://example.org/a.jsonl")
    unchanged()
    write("a.jsonl", ONE)
    assert ingest((tmp_path / "a.jsonl").as_uri()).new == 1


def test_one_that_fails_while_it_is_fetched(ingest, bucket, rejects, monkeypatch):
    real = type(bucket).open

    def fails(self, path, *args, **kwargs):
        if path.endswith("a.jsonl"):
            raise ConnectionResetError("the other side hung up")
        return real(self, path, *args, **kwargs)

    monkeypatch.setattr(type(bucket), "open", fails)
    assert ingest("memory://bucket").new == 1
    assert "the other side hung up" in rejects()[0][2]
    with pytest.raises(IngestError, match="cannot be read: the other side hung up"):
        ingest("memory://bucket/a.jsonl")


@pytest.fixture
def site():
    """A web server on loopback with one file behind a token."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            known = self.path == "/export/a.jsonl?token=secret"
            body = (ONE + "\n" + TWO).encode() if known else b"no"
            self.send_response(200 if known else 404)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def do_HEAD(self):
            self.do_GET()

        def log_message(self, *args):
            """Keep the test output quiet."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}/export"
    http.shutdown()
    http.server_close()
    thread.join()


def test_the_web_and_what_is_secret_in_an_address(ingest, site, store):
    pytest.importorskip("aiohttp")
    report = ingest(f"{site}/a.jsonl?token=secret")
    assert (report.new, report.source) == (2, f"{site}/a.jsonl")
    assert store.traces.get("one").source == f"{site}/a.jsonl"
    with pytest.raises(IngestError, match=r"There is no file .*/a\.jsonl'") as error:
        ingest(f"{site}/a.jsonl?token=wrong")
    assert "wrong" not in str(error.value)
