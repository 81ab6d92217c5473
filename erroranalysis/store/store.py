"""The store: one project file, and who keeps which tables of it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import duckdb

from erroranalysis.errors import StoreError
from erroranalysis.store.annotations import Annotations
from erroranalysis.store.batches import Batches
from erroranalysis.store.hunting import Hunting
from erroranalysis.store.judging import Judging
from erroranalysis.store.lease import PATIENCE_SECONDS, Leases
from erroranalysis.store.migrations import migrate
from erroranalysis.store.modes import Modes
from erroranalysis.store.rows import dicts, frame
from erroranalysis.store.sampling import Sampling
from erroranalysis.store.search import Search
from erroranalysis.store.traces import Traces

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl


class Store:
    """One project file.

    Parameters
    ----------
    path : str or os.PathLike
        The file; made if missing.
    patience : float, default 10
        Seconds to wait for a file that another program holds.

    Raises
    ------
    StoreError
        The file cannot be opened, is not a project, or is newer than this package.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = tempfile.TemporaryDirectory()
    >>> store = Store(pathlib.Path(folder.name) / "p.duckdb")
    >>> store.counts()["traces"]
    0
    >>> store.close()
    >>> folder.cleanup()
    """

    def __init__(
        self, path: str | os.PathLike[str], *, patience: float = PATIENCE_SECONDS
    ) -> None:
        self.path = os.fspath(path)
        self.leases = Leases(self.path, patience=patience)
        with self.leases.lease() as connection:
            self.migrated = migrate(connection, self.path)
        self.traces = Traces(self.leases)
        self.batches = Batches(self.leases)
        self.annotations = Annotations(self.leases)
        self.modes = Modes(self.leases)
        self.judging = Judging(self.leases)
        self.search = Search(self.leases)
        self.sampling = Sampling(self.leases)
        self.hunting = Hunting(self.leases)

    def close(self) -> None:
        """Let the file go at once; the store opens it again when needed."""
        self.leases.close()

    def counts(self) -> dict[str, int]:
        """Return how much there is of everything, in one look."""
        with self.leases.lease() as connection:
            row = dicts(
                connection,
                """
                SELECT
                    (SELECT count(*) FROM traces) AS traces,
                    (SELECT count(*) FROM rejects) AS rejects,
                    (SELECT count(*) FROM batches) AS batches,
                    (SELECT count(DISTINCT trace_id) FROM batch_items) AS sampled,
                    (SELECT count(*) FROM current_annotations) AS annotations,
                    (SELECT count(DISTINCT trace_id) FROM current_annotations)
                        AS annotated,
                    (SELECT count(DISTINCT annotator) FROM current_annotations)
                        AS annotators,
                    (SELECT count(DISTINCT trace_id) FROM current_annotations
                        WHERE verdict = 'fail') AS failed,
                    (SELECT count(*) FROM current_modes WHERE status = 'active')
                        AS modes,
                    (SELECT count(DISTINCT (trace_id, annotator))
                        FROM current_assignments) AS assigned,
                    (SELECT count(*) FROM judges) AS judges,
                    (SELECT count(*) FROM latest_judgements) AS judgements
                """,
            )[0]
        return {name: int(value) for name, value in row.items()}

    def query(self, sql: str, parameters: Sequence[Any] | None = None) -> pl.DataFrame:
        """Run a query that only reads, and return a polars frame.

        Raises
        ------
        StoreError
            The query is wrong, or it tries to write.
        """
        try:
            with self.leases.reading() as connection:
                kinds = list(_kinds(connection, sql))
                if not kinds:
                    raise StoreError("There is no query. Try: SELECT * FROM traces")
                for kind in kinds:
                    if kind not in _READS:
                        raise _only_reads(kind)
                return frame(connection, sql, parameters)
        except duckdb.Error as error:
            if "read-only" in str(error):
                raise _only_reads("writing") from error
            raise StoreError(f"{error}\nThe tables: docs/schema.md") from error


# PIVOT is parsed into several statements. What else they could write to the project,
# a transaction that only reads refuses; this list keeps COPY … TO and ATTACH out.
_READS = {"SELECT", "MULTI"}
_EXPLAIN = re.compile(r"\s*explain\s+(analyze\b|\([^)]*\))?", re.IGNORECASE)


def _kinds(connection: duckdb.DuckDBPyConnection, sql: str) -> Iterator[str]:
    for statement in connection.extract_statements(sql):
        if statement.type.name == "EXPLAIN":  # with ANALYZE it runs what it explains
            yield from _kinds(connection, _EXPLAIN.sub("", statement.query, count=1))
        else:
            yield statement.type.name


def _only_reads(kind: str) -> StoreError:
    return StoreError(
        f"sql() only reads; this is a {kind} statement. What people and judges said is"
        " never changed in place: use the methods of the project."
    )
