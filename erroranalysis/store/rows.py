"""Rows in, frames out: the two ways data crosses the border to DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erroranalysis.schema import arrow_schema, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb
    import polars as pl


def insert(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    returning: str | None = None,
) -> list[tuple[Any, ...]]:
    """Append rows to a table; columns that a row lacks become NULL.

    Returns, for a single row, what is computed from it.
    """
    columns = table(name).column_names()
    if not rows:
        return []
    for row in rows:
        if unknown := set(row) - set(columns):
            raise KeyError(f"{name} has no column {sorted(unknown)}")
    if len(rows) == 1:
        marks = ", ".join("?" for _ in columns)
        found = connection.execute(
            f"INSERT INTO {name} VALUES ({marks})"
            + (f" RETURNING {returning}" if returning else ""),
            [rows[0].get(column) for column in columns],
        )
        return found.fetchall() if returning else []
    import pyarrow as pa

    full = [{column: row.get(column) for column in columns} for row in rows]
    incoming = pa.Table.from_pylist(full, schema=arrow_schema(table(name)))
    connection.register("incoming_rows", incoming)
    try:
        connection.execute(f"INSERT INTO {name} SELECT * FROM incoming_rows")
    finally:
        connection.unregister("incoming_rows")
    return []


def frame(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    parameters: Sequence[Any] | Mapping[str, Any] | None = None,
) -> pl.DataFrame:
    """Run a query and return its rows as a polars frame."""
    # a relation does not run beside a result that was not read to its end (fetchone)
    connection.execute("SELECT 1").fetchall()
    relation = (
        connection.sql(sql, params=parameters) if parameters else connection.sql(sql)
    )
    found: pl.DataFrame = relation.pl()
    return found


def dicts(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    parameters: Sequence[Any] | Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Run a query and return its rows as dicts."""
    result = connection.execute(sql, parameters or [])
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def scalar(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    parameters: Sequence[Any] | Mapping[str, Any] | None = None,
) -> Any:  # noqa: ANN401 - whatever the query computes
    """Run a query and return its first value, or None."""
    row = connection.execute(sql, parameters or []).fetchone()
    return row[0] if row else None
