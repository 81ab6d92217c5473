"""What a person reads who opens something that is not a project, or is in use."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from erroranalysis.errors import NotAProjectError, StoreBusyError, StoreError
from erroranalysis.records import Annotation
from erroranalysis.store import Store

BARE = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
print("open", flush=True)
sys.stdin.readline()
"""
LEASED = """
import sys
from erroranalysis.store import Store
with Store(sys.argv[1]).leases.lease():
    print("open", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def held_by_another_process(path, program):
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        try:
            yield process.pid
        finally:
            process.communicate("done\n")


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"", "an empty file"), (b"a,b\n1,2\n" * 99, "something else")],
)
def test_another_file_is_refused_and_not_changed(tmp_path, content, kind):
    path = tmp_path / "notes.csv"
    path.write_bytes(content)
    with pytest.raises(NotAProjectError, match=kind) as caught:
        Store(path)
    assert "Choose another name" in str(caught.value)
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_refused_with_a_name_to_type(tmp_path):
    with pytest.raises(NotAProjectError, match="is a folder") as told:
        Store(tmp_path)
    assert str(tmp_path / "p.duckdb") in str(told.value)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_named(tmp_path):
    path = tmp_path / "nowhere" / "p.duckdb"
    with pytest.raises(StoreError, match="does not exist") as caught:
        Store(path)
    assert f"Path({str(path.parent)!r}).mkdir(parents=True)" in str(caught.value)
    assert not path.parent.exists()


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("orders", "1 AS id"),
        ("schema_migrations", "'20261120' AS version"),  # as web frameworks have it
        ("schema_migrations", "'add_orders' AS name"),
    ],
)
def test_a_foreign_database_is_refused_and_not_changed(tmp_path, name, columns):
    path = tmp_path / "sales.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"CREATE TABLE {name} AS SELECT {columns}")
    before = path.read_bytes()
    with pytest.raises(NotAProjectError, match=f"holds the tables {name}"):
        Store(path)
    assert path.read_bytes() == before


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere"
)
def test_a_file_without_permission_says_so(tmp_path):
    path = tmp_path / "p.duckdb"
    Store(path).close()
    path.chmod(0o400)
    with pytest.raises(StoreError, match="permission denied"):
        Store(path)


def test_denied_permission_is_explained_whoever_runs_this(tmp_path, monkeypatch):
    def denied(path, *_):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(StoreError, match="permission denied") as caught:
        Store(tmp_path / "p.duckdb")
    monkeypatch.undo()
    assert "Copy the project to a folder of yours" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_path_with_a_quote_and_spaces_is_a_path(tmp_path):
    path = tmp_path / 'mira\'s "best" project.duckdb'
    Store(path).annotations.add(Annotation("t", "mira", "pass"))
    assert len(Store(path).annotations.history()) == 1


def test_a_relative_path_stays_the_same_file_when_the_folder_changes(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    store = Store("p.duckdb")
    store.close()
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    store.annotations.add(Annotation("t", "mira", "pass"))
    store.close()
    assert [p.name for p in (tmp_path / "sub").iterdir()] == []
    assert len(Store(tmp_path / "p.duckdb").annotations.history()) == 1


@pytest.mark.parametrize("program", [BARE, LEASED], ids=["duckdb", "erroranalysis"])
def test_a_busy_file_names_who_holds_it_and_is_free_afterwards(tmp_path, program):
    path = tmp_path / "p.duckdb"
    Store(path).close()
    store = Store(path, patience=0.3)
    store.close()
    with held_by_another_process(path, program) as pid:
        with pytest.raises(StoreBusyError) as caught:
            store.annotations.add(Annotation("t", "mira", "pass"))
        said = str(caught.value)
        assert f"(process {pid})" in said
        assert "for more than 0.3 s" in said
        assert "Nothing was written" in said
    assert store.annotations.history() == []
    assert store.annotations.add(Annotation("t", "mira", "pass")).annotation_id


def test_a_connection_of_the_same_kernel_is_said_to_be_one(tmp_path):
    path = tmp_path / "p.duckdb"
    Store(path).close()
    store = Store(path, patience=0.1)
    store.close()
    with (
        duckdb.connect(str(path)),
        pytest.raises(StoreBusyError, match="DuckDB connection of this process"),
    ):
        store.counts()
    assert store.counts()["traces"] == 0


def test_a_closed_store_leaves_one_file_that_others_can_open(tmp_path):
    path = tmp_path / "p.duckdb"
    store = Store(path)
    store.annotations.add(Annotation("t", "mira", "pass"))
    store.close()
    assert [p.name for p in tmp_path.iterdir()] == ["p.duckdb"]
    with duckdb.connect(str(path)) as connection:
        assert connection.execute("SELECT count(*) FROM annotations").fetchone() == (1,)


def mount(folder: Path, options: str) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    if not mount(folder, "size=4m"):
        pytest.skip("a small disk cannot be mounted here (it takes root on Linux)")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_loses_nothing_and_says_so(small_disk):
    store = Store(small_disk / "p.duckdb")
    filling = small_disk / "other"
    kept = [store.annotations.add(Annotation("t", "mira", "pass")).annotation_id]
    filling.write_bytes(b"x" * 2_500_000)
    with pytest.raises(StoreError, match="is full"):  # noqa: PT012
        for number in range(1_000):
            act = Annotation(f"t{number}", "mira", "fail", os.urandom(15_000).hex())
            kept.append(store.annotations.add(act).annotation_id)
    assert [row.annotation_id for row in store.annotations.history()] == kept
    store.close()
    filling.unlink()
    assert [row.annotation_id for row in store.annotations.history()] == kept
    kept.append(store.annotations.add(Annotation("t", "mira", "fail")).annotation_id)
    store.close()
    reopened = Store(small_disk / "p.duckdb").annotations.history()
    assert [row.annotation_id for row in reopened] == kept
