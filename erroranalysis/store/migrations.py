"""Steps that bring a project file to the schema of this version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from erroranalysis._version import __version__
from erroranalysis.errors import NewerProjectError, NotAProjectError
from erroranalysis.records import utc_now
from erroranalysis.schema import TABLES, create_statement, table
from erroranalysis.views import VIEWS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True)
class Migration:
    """A named step to a schema version."""

    version: int
    name: str
    apply: Callable[[duckdb.DuckDBPyConnection], None]


def _first_tables(connection: duckdb.DuckDBPyConnection) -> None:
    for item in TABLES:
        connection.execute(create_statement(item))


def _spans(connection: duckdb.DuckDBPyConnection) -> None:
    """Give spans nanoseconds and a format; version 1 never wrote any."""
    connection.execute("DROP TABLE spans")
    connection.execute(create_statement(table("spans")))
    for change in (
        "feedback ADD COLUMN IF NOT EXISTS span_id VARCHAR",
        "loads ADD COLUMN IF NOT EXISTS spans BIGINT",
        "loads ADD COLUMN IF NOT EXISTS skipped JSON",
    ):
        connection.execute(f"ALTER TABLE {change}")


def _views(connection: duckdb.DuckDBPyConnection) -> None:
    """Change no table: after any step the views are made anew."""


MIGRATIONS: tuple[Migration, ...] = (
    Migration(1, "the first tables", _first_tables),
    Migration(2, "spans", _spans),
    Migration(3, "reading again", _views),
)


def schema_version(connection: duckdb.DuckDBPyConnection, path: str) -> int:
    """Return the schema version of an open file, 0 for a fresh one.

    Raises
    ------
    NotAProjectError
        The file is a DuckDB database with tables that are not ours.
    """
    try:
        found = connection.execute(
            # other programs have a table of that name, but not with this column
            "SELECT max(version) FROM schema_migrations WHERE package_version <> ''"
        ).fetchone()
        return int(found[0] or 0) if found else 0
    except (duckdb.CatalogException, duckdb.BinderException):
        pass  # a fresh file, or not ours; to list the tables of each takes 15 ms
    names = {
        row[0]
        for row in connection.execute(
            "SELECT table_name FROM duckdb_tables()"
            " WHERE NOT internal AND database_name = current_database()"
        ).fetchall()
    }
    if names:
        some = ", ".join(sorted(names)[:5])
        raise NotAProjectError(
            f"{path!r} is a DuckDB database, but not a project: it holds the tables"
            f" {some}. Choose another file name. It was not changed."
        )
    return 0


def migrate(
    connection: duckdb.DuckDBPyConnection,
    path: str,
    migrations: Sequence[Migration] = MIGRATIONS,
) -> list[str]:
    """Apply what is missing, in one transaction.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Connection to the file.
    path : str
        The file, for messages.
    migrations : sequence of Migration, optional
        The steps, in order.

    Returns
    -------
    list of str
        Names of the steps that were applied.

    Raises
    ------
    NewerProjectError
        The file was written by a newer version of this package.
    NotAProjectError
        The file holds tables that are not ours.
    """
    found = schema_version(connection, path)
    newest = migrations[-1].version
    if found > newest:
        raise NewerProjectError(
            f"{path!r} has schema version {found}; this version of erroranalysis"
            f" ({__version__}) knows versions up to {newest}. Upgrade it:"
            " pip install --upgrade erroranalysis. The file was not changed."
        )
    missing = [step for step in migrations if step.version > found]
    if not missing:
        return []
    connection.begin()
    try:
        for step in missing:
            step.apply(connection)
            connection.execute(
                "INSERT INTO schema_migrations VALUES (?, ?, ?, ?)",
                [step.version, step.name, utc_now(), __version__],
            )
        for name, _, sql in VIEWS:
            connection.execute(f"CREATE OR REPLACE VIEW {name} AS {sql}")
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return [step.name for step in missing]
