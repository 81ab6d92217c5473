"""An empty store, and short ways to fill it and to look at what came in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from erroranalysis.ingest import IngestReport
from erroranalysis.records import Trace
from erroranalysis.store import Store
from erroranalysis.store.loads import load

Write = Callable[..., Path]
Load = Callable[..., IngestReport]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    folder = tmp_path / "store"
    folder.mkdir()
    made = Store(folder / "p.duckdb")
    yield made
    made.close()


@pytest.fixture
def ingest(store: Store) -> Load:
    """``load`` into the store, without a progress bar."""

    def loaded(source: object, **options: Any) -> IngestReport:
        return load(store, source, progress=False, **options)

    return loaded


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file from text, bytes or lines, and return its path."""

    def written(name: str, *content: str | bytes) -> Path:
        path = tmp_path / name
        if len(content) == 1 and isinstance(content[0], bytes):
            path.write_bytes(content[0])
        else:
            path.write_bytes("".join(f"{line}\n" for line in content).encode())
        return path

    return written


@pytest.fixture
def traces(store: Store) -> Callable[[], dict[str, Trace]]:
    """All traces in the store by id, with their feedback."""
    return lambda: {one: store.traces.get(one) for one in sorted(store.traces.ids())}


@pytest.fixture
def rejects(store: Store) -> Callable[[], list[tuple[str, int | None, str]]]:
    """Name of the file, line and reason of all rejects."""

    def found() -> list[tuple[str, int | None, str]]:
        rows = store.traces.rejects().select("file", "line", "reason").rows()
        return [(Path(file).name, line, reason) for file, line, reason in rows]

    return found


@pytest.fixture
def unchanged(store: Store) -> Callable[[], None]:
    """Assert that the store is as it was at the beginning of the test."""
    before = store.counts(), store.query("SELECT count(*) FROM loads").item()

    def check() -> None:
        after = store.counts(), store.query("SELECT count(*) FROM loads").item()
        assert after == before

    return check
