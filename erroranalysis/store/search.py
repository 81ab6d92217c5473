"""Looks into the traces of a batch: finding, counting, comparing.

Only the rows of the batch are opened: they are taken out of ``traces`` first, by their
``rowid`` where messages are read, or DuckDB would unpack those of the whole project.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erroranalysis.records import dump
from erroranalysis.store.thumbs import ASKED, says

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from erroranalysis.store.lease import Leases

# Metadata keys that are facts of their own, too.
FACTS = ("model", "source")
LONGEST_VALUE = 80
LONGEST_SAID = 4_000

_HERE = """
WITH here AS MATERIALIZED (
    SELECT id, metadata, model, source FROM traces
    WHERE id IN (SELECT unnest($ids::VARCHAR[]))
)"""
_ROWS = """rowid IN (
    SELECT rowid FROM traces WHERE id IN (SELECT unnest($ids::VARCHAR[])))"""
# What stands in the messages: first what was said, then what tools were asked and
# answered. System prompts are left out: they are alike, so a word of theirs would find
# every trace.
_MESSAGES = """from_json(messages, '[{"role": "VARCHAR", "content": "VARCHAR",
    "reasoning": "VARCHAR", "tool_calls": [{"name": "VARCHAR", "arguments": "VARCHAR"}]
    }]')"""
_SAID = """
    array_to_string(list_transform(
        list_filter(said, lambda m:
            coalesce(m.role NOT IN ('system', 'developer', 'tool'), true)),
        lambda m: concat_ws(chr(10), m.content, m.reasoning)), chr(10))
"""
_TOOLS = """
    array_to_string(list_transform(
        list_filter(said, lambda m: m.role = 'tool' OR m.tool_calls IS NOT NULL),
        lambda m: concat_ws(chr(10), CASE m.role WHEN 'tool' THEN m.content END,
            array_to_string(list_transform(m.tool_calls,
                lambda t: concat_ws(' ', t.name, t.arguments)), chr(10)))), chr(10))
"""
# A score is low or high in the outer quarters of the range that its name takes; where
# a name takes one value only, a thumb still says which way it points.
_FEELINGS = f"""
    SELECT f.trace_id,
        bool_or(coalesce(f.down OR (NOT f.up AND f.number <= r.low + r.span / 4
            AND (r.span > 0 OR (f.thumb AND f.number <= 0))), false)) AS negative,
        bool_or(coalesce(f.up OR (NOT f.down AND f.number >= r.high - r.span / 4
            AND (r.span > 0 OR (f.thumb AND f.number > 0))), false)) AS positive
    FROM (
        SELECT trace_id, name, number, {ASKED} AS thumb, {says("up")} AS up,
            {says("down")} AS down
        FROM feedback WHERE trace_id IN (SELECT unnest($ids::VARCHAR[]))
    ) AS f LEFT JOIN (
        SELECT name, min(number) AS low, max(number) AS high, high - low AS span
        FROM feedback GROUP BY name
    ) AS r USING (name) GROUP BY f.trace_id
"""
_FEEDBACK = {"any": "true", "negative": "negative", "positive": "positive"}


class Search:
    """Looks into the traces of a batch."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases

    def find(
        self, ids: Sequence[str], metadata: Mapping[str, object], feedback: str | None
    ) -> set[str]:
        """Return which traces have values in their metadata, and a kind of feedback.

        Parameters
        ----------
        ids : sequence of str
            The traces to look at.
        metadata : mapping
            Values by key; ``model`` and ``source`` are looked up as facts, too.
        feedback : {"any", "negative", "positive"} or None
            What the source said.
        """
        values: dict[str, Any] = {"ids": list(ids)}
        parts = _conditions(metadata, feedback, values)
        sql = f"{_HERE} SELECT id FROM here WHERE {' AND '.join(parts)}"
        return {row[0] for row in self._rows(sql, values)}

    def hashes(self, ids: Sequence[str]) -> dict[str, str]:
        """Return the hash of the messages of traces."""
        sql = (
            "SELECT id, content_hash FROM traces"
            " WHERE id IN (SELECT unnest($ids::VARCHAR[]))"
        )
        return dict(self._rows(sql, {"ids": list(ids)}))

    def texts(self, ids: Sequence[str]) -> list[tuple[str, str]]:
        """Return what stands in the messages of traces."""
        if not ids:
            return []
        sql = (
            f"SELECT id, concat_ws(chr(10), nullif({_SAID}, ''), {_TOOLS}) FROM"
            f" (SELECT id, {_MESSAGES} AS said FROM traces WHERE {_ROWS})"
        )
        return self._rows(sql, {"ids": list(ids)})

    def metadata(self, ids: Sequence[str]) -> list[tuple[str, str, int]]:
        """Return key, value and number of traces of short metadata values."""
        return self._rows(
            f"""{_HERE}, pairs AS (
                SELECT key, json_extract(metadata, '/' ||
                    replace(replace(key, '~', '~0'), '/', '~1')) AS held
                FROM (SELECT metadata, unnest(json_keys(metadata)) AS key FROM here)
            )
            SELECT key, held->>'$' AS value, count(*) AS traces FROM pairs
            WHERE json_type(held) NOT IN ('ARRAY', 'OBJECT', 'NULL')
                AND length(value) <= {LONGEST_VALUE}
            GROUP BY key, value ORDER BY key, traces DESC, value""",
            {"ids": list(ids)},
        )

    def metadata_keys(self, ids: Sequence[str]) -> list[str]:
        """Return the metadata keys that any of the traces has."""
        sql = (
            f"{_HERE} SELECT DISTINCT unnest(json_keys(metadata)) FROM here ORDER BY 1"
        )
        return [row[0] for row in self._rows(sql, {"ids": list(ids)})]

    def models(self, ids: Sequence[str]) -> list[tuple[str, int]]:
        """Return the models that answered, with the number of traces."""
        return self._rows(
            f"{_HERE} SELECT model, count(*) AS traces FROM here"
            " WHERE model IS NOT NULL GROUP BY model ORDER BY traces DESC, model",
            {"ids": list(ids)},
        )

    def feelings(self, ids: Sequence[str]) -> dict[str, int]:
        """Return how many traces have feedback: any, negative, positive."""
        counts = ", ".join(
            f"count(*) FILTER ({sql}) AS {name}" for name, sql in _FEEDBACK.items()
        )
        sql = f"SELECT {counts} FROM ({_FEELINGS})"
        (row,) = self._rows(sql, {"ids": list(ids)})
        return dict(zip(_FEEDBACK, row, strict=True))

    def same_prompt(self, ids: Sequence[str]) -> dict[str, int]:
        """Return how many other traces begin with the same system message."""
        rows = self._rows(
            f"""
            WITH prompts AS MATERIALIZED (
                SELECT id, CASE json_extract_string(messages, '$[0].role')
                    WHEN 'system' THEN md5(json_extract_string(
                        messages, '$[0].content')) END AS prompt
                FROM traces WHERE {_ROWS}
            )
            SELECT id, count(*) OVER (PARTITION BY prompt) - 1 FROM prompts
            WHERE prompt IS NOT NULL""",
            {"ids": list(ids)},
        )
        return dict(rows)

    def said(self, trace_id: str) -> str:
        """Return what user and product said in a trace, cut off where it is long."""
        rows = self._rows(
            f"SELECT {_SPOKEN} FROM traces WHERE id = $id", {"id": trace_id}
        )
        return str(rows[0][0]) if rows else ""

    def unread(self, batch_id: str, annotator: str, most: int) -> list[tuple[str, str]]:
        """Return traces to find similar ones among, each with what was said in it.

        Neither in the batch nor judged by the person; of more than ``most`` a random
        part, by an MD5 of the id: the same one every time and on every machine.
        """
        return self._rows(
            f"""
            WITH pool AS MATERIALIZED (
                SELECT id FROM traces WHERE id NOT IN (
                    SELECT trace_id FROM batch_items WHERE batch_id = $batch
                ) AND id NOT IN (
                    SELECT trace_id FROM current_annotations
                    WHERE annotator = $annotator
                ) ORDER BY md5(id), id LIMIT $most
            )
            SELECT id, {_SPOKEN} AS said FROM traces JOIN pool USING (id)
            ORDER BY id
            """,
            {"batch": batch_id, "annotator": annotator, "most": most},
        )

    def modes(self) -> list[tuple[str, str, str | None, int]]:
        """Return id, name, definition and number of notes of every failure mode."""
        return self._rows(
            """
            SELECT mode_id, name, definition, count(assignment_id) AS notes
            FROM (SELECT mode_id, name, definition FROM current_modes
                WHERE status = 'active')
            LEFT JOIN current_assignments USING (mode_id)
            GROUP BY ALL ORDER BY notes DESC, name
            """,
            {},
        )

    def modes_of(self, trace_id: str, annotator: str) -> list[str]:
        """Return the names of the failure modes of a person's note."""
        rows = self._rows(
            "SELECT name FROM current_assignments JOIN current_modes USING (mode_id)"
            " WHERE trace_id = $trace AND annotator = $annotator ORDER BY name",
            {"trace": trace_id, "annotator": annotator},
        )
        return [row[0] for row in rows]

    def in_mode(self, mode_id: str, annotator: str) -> set[str]:
        """Return the traces whose note of a person belongs to a failure mode."""
        rows = self._rows(
            "SELECT trace_id FROM current_assignments"
            " WHERE mode_id = $mode AND annotator = $annotator",
            {"mode": mode_id, "annotator": annotator},
        )
        return {row[0] for row in rows}

    def _rows(self, sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        with self._leases.lease() as connection:
            return connection.execute(sql, dict(values)).fetchall()


# Without system prompts, which are shared, and what tools return, which is long.
_SPOKEN = f"""left(coalesce(nullif(array_to_string(list_transform(list_filter(
    from_json(messages, '[{{"role": "VARCHAR", "content": "VARCHAR"}}]'),
    lambda m: m.role IN ('user', 'assistant')), lambda m: m.content), chr(10)), ''),
    concat_ws(chr(10), input, output)), {LONGEST_SAID})"""


def _conditions(
    metadata: Mapping[str, object], feedback: str | None, values: dict[str, Any]
) -> list[str]:
    """Return conditions on traces; add what they need to the values."""
    parts = ["true"]
    for place, (key, value) in enumerate(metadata.items()):
        values[f"key{place}"] = "/" + key.replace("~", "~0").replace("/", "~1")
        held = f"json_extract_string(metadata, $key{place})"
        if key in FACTS:
            held = f"coalesce({held}, {key})"
        if value is None:
            parts.append(f"{held} IS NULL")
            continue
        values[f"value{place}"] = value if isinstance(value, str) else dump(value)
        parts.append(f"{held} = $value{place}")
    if feedback:
        kind = _FEEDBACK[feedback]
        parts.append(f"id IN (SELECT trace_id FROM ({_FEELINGS}) WHERE {kind})")
    return parts
