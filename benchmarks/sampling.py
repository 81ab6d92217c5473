"""How long every sampling strategy takes in a project of a million traces.

Run ``python benchmarks/sampling.py``; with ``--project FILE`` the project is kept and
used again. The traces have texts of their own, four to a session, tool calls, feedback,
spans, costs, and 10,000 annotations by two people. The floor, measured in the same run,
is reading all ids.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from erroranalysis.batch import draw
from erroranalysis.errors import NothingToDoError
from erroranalysis.store import Store

LIMIT_SECONDS = 5.0
WORDS = [
    "booking",
    "room",
    "night",
    "hotel",
    "breakfast",
    "invoice",
    "refund",
    "card",
    "voucher",
    "cancel",
    "change",
    "date",
    "guest",
    "child",
    "pet",
    "parking",
    "garage",
    "station",
    "airport",
    "taxi",
    "late",
    "early",
    "check",
    "window",
    "noise",
    "quiet",
    "view",
    "sea",
    "pool",
    "spa",
    "towel",
    "bed",
    "cot",
    "pillow",
    "heating",
    "cooling",
    "wifi",
    "code",
    "door",
    "key",
    "lift",
    "stairs",
    "floor",
    "price",
    "total",
    "tax",
    "fee",
    "deposit",
    "points",
    "level",
    "offer",
    "code",
    "discount",
    "group",
    "wedding",
    "meeting",
    "menu",
    "vegan",
    "allergy",
    "dinner",
    "lunch",
    "bar",
    "table",
    "terrace",
    "bike",
    "boat",
    "ferry",
    "train",
    "ticket",
    "museum",
    "tour",
]
TRACES = """
CREATE TEMP TABLE made AS SELECT n,
    left(md5(n::VARCHAR), 16) AS id,
    array_to_string(list_transform(range(12), lambda k:
        $words[1 + (md5_number_lower(n || 'w' || k) % len($words))::INTEGER]), ' ')
        AS asked,
    (md5_number_lower(n || 'r') % 1000)::INTEGER AS dice
FROM range($first, $last) AS numbers (n);
"""
INSERT = """
INSERT INTO traces BY NAME SELECT id, 'million.jsonl' AS source,
    's' || (n // 4) AS session_id,
    TIMESTAMP '2026-01-01' + to_seconds(n * 15) AS started_at,
    started_at + to_milliseconds(400 + dice * dice // 20) AS ended_at,
    asked || CASE WHEN dice < 5 THEN '. This is ridiculous.'
        WHEN dice < 10 THEN '. That is not what I asked.' ELSE '?' END AS input,
    CASE WHEN dice % 100 = 7 THEN 'I cannot help with ' ELSE 'Here is ' END || asked
        AS output,
    replace(to_json([
        {'role': 'user', 'content': 'Hello, about ' || asked, 'tool_calls': NULL},
        {'role': 'assistant', 'content': '', 'tool_calls': [{'id': 'c' || n, 'name':
            CASE WHEN dice = 1 THEN 'refund' || n % 7 ELSE 'search' END,
            'arguments': {'query': asked}}]},
        {'role': 'tool', 'content': repeat(asked || ' ', 6), 'tool_calls': NULL},
        {'role': 'assistant', 'content': 'So: ' || asked, 'tool_calls': NULL},
        {'role': 'user', 'content': input, 'tool_calls': NULL},
        {'role': 'assistant', 'content': output, 'tool_calls': NULL}])::VARCHAR,
        ',"tool_calls":null', '') AS messages,
    'model-' || n % 3 AS model, dice * 1.1 AS input_tokens, dice / 1e4 AS cost_usd,
    CASE WHEN dice = 3 THEN 'timeout' END AS error,
    to_json({'channel': ['web', 'app', 'mail'][1 + n % 3], 'release': dice // 100})
        AS metadata,
    reverse(id) AS content_hash, 'l_million' AS load_id
FROM made;
INSERT INTO spans BY NAME SELECT id AS trace_id, 's' || n AS span_id, 'tool' AS kind,
    'search' AS name, CASE WHEN dice = 9 THEN 'error' ELSE 'ok' END AS status,
    'otlp' AS format, 'l_million' AS load_id FROM made;
INSERT INTO feedback BY NAME SELECT id AS trace_id, 'thumbs' AS name,
    CASE WHEN dice % 4 = 0 THEN 'down' ELSE 'up' END AS value, 'user' AS origin,
    'l_million' AS load_id FROM made WHERE dice < 60;
INSERT INTO annotations BY NAME SELECT 'a' || id || who AS annotation_id,
    id AS trace_id, who AS annotator,
    CASE WHEN (dice + length(who)) % 5 = 0 THEN 'fail' ELSE 'pass' END AS verdict,
    TIMESTAMP '2026-07-01' AS created_at
FROM made, (VALUES ('mira'), ('jonas.')) AS people (who) WHERE n % 200 = 0;
DROP TABLE made;
"""
CALLS: dict[str, dict[str, object]] = {
    "random": {},
    "random, sessions together": {"sessions": "together"},
    "stratified by month": {"by": "stratified", "strata": ("month",)},
    "stratified by a metadata key": {"by": "stratified", "strata": ("channel",)},
    "stratified by cluster": {"by": "stratified", "strata": ("cluster",)},
    "new": {"by": "new", "since": "2026-04-01"},
    "outlier": {"by": "outlier"},
    "feedback": {"by": "feedback"},
    "signals": {"by": "signals"},
    "signals, sessions together": {"by": "signals", "sessions": "together"},
    "coverage": {"by": "coverage"},
    "uncertainty": {"by": "uncertainty"},
    "disagreement": {"by": "disagreement"},
    "recheck": {"by": "recheck"},
    "half random, half signals": {"by": {"random": 0.5, "signals": 0.5}},
}


def build(path: str, count: int, chunk: int = 100_000) -> None:
    """Fill a project by SQL: parsing a million records is another benchmark."""
    store = Store(path)
    with store.leases.transaction() as connection:
        for first in range(0, count, chunk):
            values = {"words": WORDS, "first": first, "last": min(first + chunk, count)}
            connection.execute(TRACES, values)
            connection.execute(INSERT)
        connection.execute(
            "INSERT INTO loads BY NAME SELECT 'l_million' AS load_id, '' AS source,"
            " 'chat' AS format, count(*) AS new, 0 AS extended, 0 AS duplicate,"
            " 0 AS rejected, 0 AS seconds, now()::TIMESTAMP AS created_at FROM traces"
        )
    store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", type=int, default=1_000_000)
    parser.add_argument("--project", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = given.project or Path(folder) / "million.duckdb"
        if not path.exists():
            began = time.perf_counter()
            build(str(path), given.traces)
            print(f"built in {time.perf_counter() - began:.0f} s")
        print(f"{path.stat().st_size / 2**20:,.0f} MiB")
        store = Store(path)
        store.close()
        began = time.perf_counter()
        count = len(store.traces.ids())
        floor = time.perf_counter() - began
        print(f"{'floor: all ids read':<32}{floor:6.2f} s   {count:,} traces")
        slowest = 0.0
        for name, words in CALLS.items():
            store.close()
            began = time.perf_counter()
            try:
                found = str(len(draw(store, 100, **words)))  # type: ignore[arg-type]
            except NothingToDoError as error:
                found = str(error)
            took = time.perf_counter() - began
            slowest = max(slowest, took)
            late = f"   over {LIMIT_SECONDS:g} s" if took > LIMIT_SECONDS else ""
            print(
                f"{name:<32}{took:6.2f} s   {took / floor:5.1f} floors   {found}{late}"
            )
    raise SystemExit(slowest > LIMIT_SECONDS)


if __name__ == "__main__":
    main()
