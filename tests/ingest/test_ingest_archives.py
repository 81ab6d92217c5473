"""Packed files and archives: read by what they are, to the end, or with a reason."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import random
import struct
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path

import pyarrow as pa
import pytest
from fakes import chat
from pyarrow import parquet

from erroranalysis.errors import IngestError

ONE = json.dumps(chat("one", "Hi", "Hello")) + "\n"
TWO = json.dumps(chat("two", "A", "B")) + "\n"
FLAT = "question,answer\nOpen?,Yes\n"


def by_arrow(kind):
    def packed(content):
        out = pa.BufferOutputStream()
        with pa.CompressedOutputStream(out, kind) as stream:
            stream.write(content)
        return out.getvalue().to_pybytes()

    return packed


PACKERS = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": by_arrow("zstd"),
    "lz4": by_arrow("lz4"),
}


@pytest.fixture(autouse=True)
def no_litter(tmp_path, monkeypatch):
    """Nothing temporary is left behind, whatever happens."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield
    assert not list(folder.iterdir())


@pytest.mark.parametrize("kind", PACKERS)
def test_packed_files_are_read_whatever_they_are_called(ingest, write, store, kind):
    pack = PACKERS[kind]
    path = write("a.jsonl", pack(ONE.encode()) + pack(TWO.encode()))
    report = ingest(path)
    assert (report.new, report.rejected) == (2, 0)
    assert store.traces.get("two").source == str(path)
    assert ingest(write("b.json", pack(f"[{ONE},{TWO}]".encode()))).duplicate == 2
    assert ingest(write("c.dat", pack(FLAT.encode()))).format == "flat"
    assert ingest(write("d", pack(pack(ONE.encode("utf-16"))))).duplicate == 1


@pytest.mark.parametrize("kind", PACKERS)
def test_a_packed_file_that_is_cut_off_gives_what_it_has(
    ingest, write, rejects, kind, unchanged
):
    rng = random.Random(1)
    lines = [
        json.dumps(chat(f"t{i}", rng.randbytes(600).hex(), "y")) for i in range(1_500)
    ]
    whole = PACKERS[kind]("\n".join(lines).encode())
    with pytest.raises(IngestError, match=r"cannot be unpacked: it is cut off.*again"):
        ingest(write("a.jsonl", whole[:100]))
    unchanged()
    report = ingest(write("b.jsonl", whole[:-20_000]))
    assert 100 < report.new < 1_500
    reasons = [reason for _, _, reason in rejects()]
    assert reasons[-1].startswith("the packed data break off here (it is cut off)")


def test_what_stands_behind_packed_data(ingest, write, rejects):
    packed = PACKERS["zstd"](ONE.encode())
    blank = struct.pack("<II", 0x184D2A50, 4) + b"skip"
    assert ingest(write("a.zst", blank + packed + blank)).rejected == 0
    assert ingest(write("b.gz", gzip.compress(ONE.encode()) + bytes(512))).rejected == 0
    report = ingest(write("c.bz2", bz2.compress(ONE.encode()) + b"garbage"))
    assert (report.duplicate, report.rejected) == (1, 0)
    report = ingest(write("d.gz", gzip.compress(ONE.encode()) + b"garbage"))
    assert (report.duplicate, report.rejected) == (1, 1)
    assert "the packed data break off here" in rejects()[0][2]


@pytest.mark.parametrize("kind", PACKERS)
def test_packed_parquet(ingest, write, kind):
    out = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist([json.loads(ONE)]), out)
    assert ingest(write("a.parquet", PACKERS[kind](out.getvalue()))).new == 1


def parquet_of(*records):
    out = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist([json.loads(one) for one in records]), out)
    return out.getvalue()


def arrow_of(*records):
    table = pa.Table.from_pylist([json.loads(one) for one in records])
    out = io.BytesIO()
    with pa.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


def zipped(members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in members.items():
            data = content if isinstance(content, bytes) else content.encode()
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


MIXED = {
    "export/a.jsonl": ONE,
    "export/deep/er/b.json": f"[{TWO}]",
    "export/c.csv": FLAT,
    "export/d.parquet": parquet_of(json.dumps(chat("three", "x"))),
    "export/e.feather": arrow_of(json.dumps(chat("four", "y"))),
    "export/f.jsonl.gz": gzip.compress(json.dumps(chat("five", "z")).encode()),
    "export/g.zip": zipped({"inner/h.json": json.dumps(chat("six", "z"))}),
    "export/prose.txt": "Dear diary",
    "export/README.md": "# Export",
    "export/logo.png": b"\x89PNG",
    "__MACOSX/export/._a.jsonl": b"\0\5\x16\7",
    "export/.DS_Store": b"\0\0\0\1Bud1",
}
ARCHIVES = {
    "zip": lambda: zipped(MIXED),
    "stored zip": lambda: zipped(MIXED, zipfile.ZIP_STORED),
    "bzip2 zip": lambda: zipped(MIXED, zipfile.ZIP_BZIP2),
    "lzma zip": lambda: zipped(MIXED, zipfile.ZIP_LZMA),
    "tar": lambda: tarred(MIXED),
    "tar.gz": lambda: gzip.compress(tarred(MIXED)),
    "tar.zst": lambda: PACKERS["zstd"](tarred(MIXED)),
    "zip in gzip": lambda: gzip.compress(zipped(MIXED)),
}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_an_archive_is_read_like_a_folder(ingest, write, store, rejects, kind):
    path = write("export.bin", ARCHIVES[kind]())
    report = ingest(path)
    assert (report.new, report.rejected) == (7, 1)
    assert report.format == "chat, flat"
    assert report.skipped == {
        ".md file": 1, ".png file": 1, "file in __MACOSX": 1, "hidden file": 1,
    }  # fmt: skip
    assert store.traces.get("two").source == f"{path}/export/deep/er/b.json"
    assert store.traces.get("six").source == f"{path}/export/g.zip/inner/h.json"
    [(file, _, reason)] = rejects()
    assert (file, "neither JSON nor a table" in reason) == ("prose.txt", True)
    assert ingest([path]).duplicate == 7


def test_folders_in_an_archive_named_after_columns(ingest, write, traces):
    row = json.dumps({"id": "x", "question": "Q", "answer": "A"})
    members = {"runs/year=2026/month=2/p.parquet": parquet_of(row)}
    ingest(write("a.zip", zipped(members)))
    assert traces()["x"].metadata == {"year": "2026", "month": "2"}


def by_hand(members):
    """A ZIP archive of (name, packed bytes, method, flags, length, checksum)."""
    out, central = bytearray(), bytearray()
    for name, packed, method, flags, size, checksum in members:
        common = struct.pack(
            "<HHHHHIIIHH", 20, flags, method, 0, 33, checksum, len(packed), size,
            len(name), 0,
        )  # fmt: skip
        central += b"PK\1\2" + struct.pack("<H", 20) + common
        central += struct.pack("<HHHII", 0, 0, 0, 0, len(out)) + name.encode()
        out += b"PK\3\4" + common + name.encode() + packed
    count = len(members)
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(central), len(out), 0)
    return bytes(out + central + b"PK\5\6" + end)


def member(name, text, packed, method, flags=0):
    data = text.encode()
    return name, packed, method, flags, len(data), zlib.crc32(data)


def test_members_packed_with_zstd(ingest, write, rejects):
    pack = PACKERS["zstd"]
    members = [
        member("a.jsonl", ONE, pack(ONE.encode()), 93),
        member("b.jsonl", TWO, pack(TWO.encode()), 93),
        member("c.jsonl", TWO, b"no zstd at all", 93),
        member("d.jsonl", TWO, TWO.encode(), 0),
    ]
    report = ingest(write("a.zip", by_hand(members)))
    assert (report.new, report.duplicate, report.rejected) == (2, 1, 1)
    [(file, _, reason)] = rejects()
    assert (file, "cannot be unpacked" in reason) == ("c.jsonl", True)


def test_members_packed_in_a_way_that_nobody_knows(ingest, write, rejects):
    known = member("a.jsonl", ONE, ONE.encode(), 0)
    odd = member("b.jsonl", TWO, TWO.encode(), 9)
    assert ingest(write("a.zip", by_hand([known, odd]))).new == 1
    [(file, _, reason)] = rejects()
    assert file == "b.jsonl"
    assert "unpack it and ingest the folder" in reason


def test_locked_archives(ingest, write, rejects, unchanged):
    locked = member("a.jsonl", ONE, ONE.encode(), 0, flags=1)
    with pytest.raises(IngestError, match=r"locked with a password, all that is in it"):
        ingest(write("a.zip", by_hand([locked])))
    unchanged()
    both = [locked, member("b.jsonl", TWO, TWO.encode(), 0)]
    report = ingest(write("b.zip", by_hand(both)))
    assert (report.new, report.rejected) == (1, 1)
    assert "1 of the files in it" in rejects()[0][2]


def test_a_wrong_checksum_is_said(ingest, write, rejects):
    good = member("a.jsonl", ONE, ONE.encode(), 0)
    bad = ("b.jsonl", TWO.encode(), 0, 0, len(TWO), 1)
    assert ingest(write("a.zip", by_hand([good, bad]))).rejected == 1
    assert "Bad CRC-32" in rejects()[0][2]


def test_a_zip_with_sizes_of_64_bits(ingest, tmp_path):
    path = tmp_path / "a.zip"
    with (
        zipfile.ZipFile(path, "w") as archive,
        archive.open("a.jsonl", "w", force_zip64=True) as out,
    ):
        out.write((ONE + TWO).encode())
    assert ingest(path).new == 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (zipped({}), "holds no file with records: it is empty"),
        (zipped({"a/": "", "a/logo.png": "x"}), r"it has only .*logo\.png"),
        (tarred({"logo.png": "x"}), r"it has only logo\.png"),
        (zipped({"a.jsonl": ONE})[:-30], "starts like a zip archive.*cut off"),
        (zipped({"word/document.xml": "x"}), "is a Word document"),
        (zipped({"Index/Document.iwa": "x"}), "Apple Numbers"),
        (zipped({"a.jsonl": ""}), r"a\.jsonl' is empty \(0 bytes\)"),
        (tarred({"a.jsonl": ONE})[:300] + b"\xff" * 300, "is cut off or damaged"),
    ],
    ids=range(8),
)
def test_archives_with_nothing_to_read(ingest, write, unchanged, content, says):
    with pytest.raises(IngestError, match=says):
        ingest(write("a.bin", content))
    unchanged()


def test_archives_in_archives_have_an_end(ingest, write, unchanged):
    content = zipped({"a.jsonl": ONE})
    for _ in range(8):
        content = zipped({"a.zip": content})
    with pytest.raises(IngestError, match="packed more than 5 times"):
        ingest(write("a.zip", content))
    unchanged()


def test_a_tar_that_is_cut_off_gives_what_it_has(ingest, write, rejects):
    rng = random.Random(1)
    members = {
        f"{i}.jsonl": json.dumps(chat(f"t{i}", rng.randbytes(20_000).hex()))
        for i in range(9)
    }
    packed = gzip.compress(tarred(members))
    report = ingest(write("a.tar.gz", packed[: len(packed) * 2 // 3]))
    assert 3 < report.new < 9
    assert any("cut off" in reason for _, _, reason in rejects())


def test_a_bad_archive_among_files_is_a_reject(ingest, write, tmp_path, rejects):
    write("a.jsonl", ONE)
    write("b.zip", zipped({"x.jsonl": TWO})[:-30])
    write("c.zip", zipped({"x.jsonl": TWO}))
    report = ingest([tmp_path / name for name in ("c.zip", "b.zip", "a.jsonl")])
    assert (report.new, report.rejected) == (2, 1)
    assert rejects()[0][0] == "b.zip"


def test_a_full_disk_while_unpacking(ingest, write, unchanged, monkeypatch):
    path = write("a.parquet.gz", gzip.compress(parquet_of(ONE)))

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("erroranalysis.ingest.blobs._pour", full)
    with pytest.raises(IngestError, match=r"temporary files is full.*TMPDIR"):
        ingest(path)
    unchanged()


@pytest.mark.shared_data
def test_real_eval_logs_are_read_as_such_in_an_archive_too(ingest, write, shared_data):
    path = shared_data / "formats" / "inspect" / "log_read_sample.eval"
    report = ingest(path)
    assert report.new > 0
    again = ingest(write("a.zip", zipped({"logs/a.eval": path.read_bytes()})))
    assert (again.duplicate, again.new) == (report.new, 0)


@pytest.mark.shared_data
def test_real_protobuf_bodies_packed(ingest, write, shared_data):
    folder = shared_data / "formats" / "otlp" / "openinference_python_http_protobuf"
    bodies = {path.name: path.read_bytes() for path in sorted(folder.glob("*.pb"))}
    report = ingest(folder)
    assert (report.rejected, report.spans > 100) == (0, True)
    packed = {name: gzip.compress(body) for name, body in bodies.items()}
    again = ingest(write("a.zip", zipped(packed)))
    assert (again.new, again.spans, again.rejected) == (0, 0, 0)
    assert again.known_spans >= report.spans


def test_memory_stays_flat_whatever_is_packed(ingest, tmp_path):
    import tracemalloc

    from erroranalysis.ingest import Reading
    from erroranalysis.ingest.catalogue import READERS

    line = json.dumps(chat("t", "x" * 50_000, "y")) + "\n"
    path = Path(tmp_path, "a.zip")
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.jsonl.gz", "w") as member,
        gzip.open(member, "wb") as out,
    ):
        for _ in range(1_000):
            out.write(line.encode())
    tracemalloc.start()
    found = sum(1 for _ in Reading(path, READERS))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found, peak < 20_000_000) == (1_000, True)
