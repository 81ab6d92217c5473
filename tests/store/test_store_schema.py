"""The tables in a file are the tables of the schema, and the docs say the same."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from erroranalysis import schema
from erroranalysis._version import __version__
from erroranalysis.errors import NewerProjectError
from erroranalysis.store import Store, migrations

DOCS = Path(__file__).parents[2] / "docs" / "schema.md"


def columns_of(path: Path, table: str) -> list[tuple[str, str, bool]]:
    with duckdb.connect(str(path)) as connection:
        found = connection.execute(
            "SELECT column_name, data_type, NOT is_nullable FROM duckdb_columns()"
            " WHERE table_name = ? ORDER BY column_index",
            [table],
        )
        return found.fetchall()


@pytest.fixture
def made(tmp_path: Path) -> Path:
    path = tmp_path / "p.duckdb"
    Store(path).close()
    return path


@pytest.mark.parametrize("table", schema.TABLES, ids=lambda item: item.name)
def test_a_fresh_file_has_every_table_with_the_columns_of_the_schema(made, table):
    expected = [(item.name, item.type, item.required) for item in table.columns]
    assert columns_of(made, table.name) == expected


def test_a_fresh_file_has_no_other_table_and_no_index(made):
    with duckdb.connect(str(made)) as connection:
        tables = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        indexes = connection.execute("SELECT count(*) FROM duckdb_indexes()").fetchone()
    assert {row[0] for row in tables} == {table.name for table in schema.TABLES}
    assert indexes == (0,)


def test_every_view_is_there_and_can_be_read(made):
    with duckdb.connect(str(made)) as connection:
        found = connection.execute(
            "SELECT view_name FROM duckdb_views() WHERE NOT internal"
        ).fetchall()
        for name, _, _ in schema.VIEWS:
            assert connection.execute(f"FROM {name}").fetchall() == []
    assert {row[0] for row in found} == {name for name, _, _ in schema.VIEWS}


def test_arrow_schemas_have_the_columns_of_the_tables():
    for table in schema.TABLES:
        assert schema.arrow_schema(table).names == table.column_names()


def test_the_page_about_the_tables_is_current():
    written = "write it anew: Path('docs/schema.md').write_text(schema.as_markdown())"
    assert DOCS.read_text(encoding="utf-8") == schema.as_markdown(), written


def test_opening_twice_migrates_once(made):
    assert Store(made).migrated == []
    applied = Store(made).query(
        "SELECT version, package_version FROM schema_migrations"
    )
    assert applied.rows() == [(version, __version__) for version in (1, 2, 3)]


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "p.duckdb"
    store = Store(path)

    def adds_a_table(connection):
        connection.execute("CREATE TABLE half (x INTEGER)")
        connection.execute("DELETE FROM schema_migrations")

    def raises(_):
        raise ZeroDivisionError

    steps = [
        *migrations.MIGRATIONS,
        migrations.Migration(98, "adds a table", adds_a_table),
        migrations.Migration(99, "raises", raises),
    ]
    with (
        pytest.raises(ZeroDivisionError),
        store.leases.lease() as connection,
    ):
        migrations.migrate(connection, str(path), steps)
    store.close()
    assert columns_of(path, "half") == []
    versions = Store(path).query("SELECT version FROM schema_migrations")
    assert versions.rows() == [(1,), (2,), (3,)]


def test_an_older_file_is_brought_up_and_says_so(tmp_path):
    path = tmp_path / "p.duckdb"
    store = Store(path)

    def adds_a_column(connection):
        connection.execute("ALTER TABLE splits ADD COLUMN why VARCHAR")

    steps = [
        *migrations.MIGRATIONS,
        migrations.Migration(98, "a reason for a split", adds_a_column),
    ]
    with store.leases.lease() as connection:
        assert migrations.migrate(connection, str(path), steps) == [
            "a reason for a split"
        ]
        assert migrations.migrate(connection, str(path), steps) == []
    store.close()
    assert ("why", "VARCHAR", False) in columns_of(path, "splits")


def test_a_file_of_the_first_version_gets_spans_with_nanoseconds(made):
    with duckdb.connect(str(made)) as connection:
        connection.execute("DELETE FROM schema_migrations WHERE version > 1")
        connection.execute("DROP TABLE spans")
        connection.execute(
            "CREATE TABLE spans (trace_id VARCHAR, started_at TIMESTAMP)"
        )
        connection.execute("ALTER TABLE feedback DROP COLUMN span_id")
        connection.execute("ALTER TABLE loads DROP COLUMN spans")
        connection.execute("ALTER TABLE loads DROP COLUMN skipped")
    store = Store(made)
    store.close()
    assert store.migrated == ["spans", "reading again"]
    for name in ("spans", "feedback", "loads"):
        expected = [
            (item.name, item.type, item.required) for item in schema.table(name).columns
        ]
        assert columns_of(made, name) == expected


def test_a_newer_file_is_refused_and_not_changed(made):
    with duckdb.connect(str(made)) as connection:
        connection.execute(
            "INSERT INTO schema_migrations VALUES (99, 'later', now()::TIMESTAMP, '9')"
        )
    before = made.read_bytes()
    with pytest.raises(NewerProjectError) as caught:
        Store(made)
    said = str(caught.value)
    assert "schema version 99" in said
    assert "pip install --upgrade erroranalysis" in said
    assert "was not changed" in said
    assert made.read_bytes() == before
