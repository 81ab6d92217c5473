"""``query()`` reads, and refuses whatever would write."""

from __future__ import annotations

import pytest

from erroranalysis.errors import StoreError
from erroranalysis.records import Annotation
from erroranalysis.store import Store

ROW = "('a', 'b', 'train', 'd', now()::TIMESTAMP)"


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "p.duckdb")
    made.annotations.add(Annotation("t1", "mira", "fail", "too late"))
    yield made
    made.close()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT verdict FROM current_annotations",
        "FROM annotations SELECT verdict",
        "WITH a AS (FROM annotations) SELECT verdict FROM a",
        "SELECT verdict FROM annotations;",
        "-- a comment\nSELECT verdict FROM annotations",
    ],
)
def test_a_question_is_answered(store, sql):
    assert store.query(sql).rows() == [("fail",)]


def test_parameters_are_bound(store):
    found = store.query(
        "SELECT critique FROM annotations WHERE annotator = ?", ["mira"]
    )
    assert found.item() == "too late"


@pytest.mark.parametrize(
    "sql",
    [
        "PIVOT annotations ON verdict USING count(*)",
        "EXPLAIN SELECT * FROM annotations",
        "EXPLAIN ANALYZE SELECT * FROM annotations",
        "DESCRIBE annotations",
        "SUMMARIZE annotations",
        "SHOW TABLES",
    ],
)
def test_other_ways_to_look_are_allowed(store, sql):
    assert store.query(sql).height >= 1


@pytest.mark.parametrize(
    "sql",
    [
        f"INSERT INTO splits VALUES {ROW}",
        "UPDATE annotations SET verdict = 'pass'",
        "DELETE FROM annotations",
        "TRUNCATE annotations",
        "DROP TABLE annotations",
        "ALTER TABLE annotations DROP COLUMN critique",
        "CREATE TABLE mine (x INTEGER)",
        "CREATE OR REPLACE VIEW current_annotations AS SELECT 1",
        "SELECT 1; DELETE FROM annotations",
        "DELETE FROM annotations; SELECT 1",
        "WITH a AS (DELETE FROM annotations RETURNING *) SELECT * FROM a",
        "EXPLAIN ANALYZE DELETE FROM annotations",
        "EXPLAIN (ANALYZE, FORMAT json) DELETE FROM annotations",
        "COPY annotations TO '{folder}/out.csv'",
        "EXPLAIN ANALYZE COPY annotations TO '{folder}/out.csv'",
        "/* look */ EXPLAIN ANALYZE COPY annotations TO '{folder}/out.csv'",
        "EXPORT DATABASE '{folder}/out.csv'",
        "ATTACH '{folder}/out.csv' AS other (TYPE duckdb)",
        "DETACH project",
        "USE memory",
        "PRAGMA disable_checkpoint_on_shutdown",
        "SET threads = 1",
        "SET VARIABLE x = 1",
        "BEGIN",
        "COMMIT; DELETE FROM annotations",
        "CHECKPOINT",
        "INSTALL httpfs",
        "LOAD httpfs",
        "CALL force_checkpoint()",
        "VACUUM",
    ],
)
def test_what_would_write_is_refused_and_writes_nothing(store, tmp_path, sql):
    with pytest.raises(StoreError, match=r"only reads|Parser Error") as caught:
        store.query(sql.replace("{folder}", str(tmp_path)))
    if "only reads" in str(caught.value):
        assert "use the methods of the project" in str(caught.value)
    assert not (tmp_path / "out.csv").exists()
    store.close()
    assert store.query("SELECT verdict FROM current_annotations").rows() == [("fail",)]


def test_a_wrong_question_says_what_is_wrong_and_where_the_tables_are(store):
    with pytest.raises(StoreError, match="Table with name tracs") as caught:
        store.query("SELECT * FROM tracs")
    assert "docs/schema.md" in str(caught.value)
    assert store.counts()["annotations"] == 1


@pytest.mark.parametrize("sql", ["", "  ;", "-- nothing"])
def test_no_question_is_said_to_be_none(store, sql):
    with pytest.raises(StoreError, match="There is no query"):
        store.query(sql)
