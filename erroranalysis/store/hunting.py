"""Where trouble shows in the columns: the queries behind hunts.

Every method returns hits, pairs of a trace and the reason it was found, the best of
every reason first and at most so many of each. Ties go by an MD5 of seed and id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erroranalysis.store.rows import frame
from erroranalysis.store.thumbs import ASKED, says

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from erroranalysis.store.lease import Leases
    from erroranalysis.store.sampling import Population

Hits = list[tuple[str, str]]

_MEASURES = ("longest", "most turns", "slowest", "dearest")
# One look at the messages, which are most of a file. Turns are counted by the key of
# their role: to parse the JSON of a million traces takes twice as long.
_MEASURE = """
CREATE OR REPLACE TEMP TABLE measures AS SELECT id, md5($seed || id) AS tie,
    strlen(messages::VARCHAR) AS "longest",
    len(string_split(messages::VARCHAR, '"role":')) AS "most turns",
    epoch_ms(ended_at) - epoch_ms(started_at) AS "slowest",
    cost_usd AS "dearest",
    CASE WHEN tie < $bound AND contains(messages::VARCHAR, '"tool_calls"')
        THEN json_extract_string(messages, '$[*].tool_calls[*].name') END AS tools
FROM {who}
"""
_RARE_TOOLS = """
WITH calls AS (
    SELECT id AS trace_id, unnest(tools) AS tool FROM measures WHERE tools IS NOT NULL
), used AS (
    SELECT tool, sum(calls) AS calls FROM (
        SELECT tool, count(*) AS calls FROM calls GROUP BY tool
        UNION ALL
        SELECT name, count(*) FROM spans WHERE kind = 'tool' GROUP BY name
    ) WHERE tool IS NOT NULL GROUP BY tool
), rare AS (
    SELECT tool, calls FROM used
    WHERE calls <= (SELECT greatest(1, {share} * sum(calls)) FROM used)
        AND (SELECT count(*) FROM used) > 1
)
SELECT DISTINCT trace_id, 'rare tool: ' || tool AS reason, rare.calls,
    md5($seed || trace_id) AS tie
FROM (
    FROM calls UNION ALL SELECT trace_id, name FROM spans
    WHERE kind = 'tool' AND name IN (SELECT tool FROM rare)
        AND trace_id IN (SELECT id FROM measures)
) JOIN rare USING (tool)
ORDER BY rare.calls, tie, reason LIMIT {most}
"""
# A tool is rare when it makes at most this share of all calls.
_RARE = 0.01
_TOOLS_LOOKED_AT = 20_000
_TEXTS_LOOKED_AT = 250_000


class Hunting:
    """Finds traces that look like trouble."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases

    def outliers(self, who: Population, most: int, *, seed: int) -> tuple[Hits, int]:
        """Return traces that are longest, slowest and the like, or use a rare tool.

        The extremes come from the top tenth. Also returned: of how many traces the
        messages were searched for tools; in a large project of a random part, besides
        the spans of all.
        """
        with self._leases.lease() as connection:
            sql = f"SELECT count(*) FROM {who.sql()}"
            total = int(frame(connection, sql, who.values()).item())
            bound = _bound(_TOOLS_LOOKED_AT, total)
            values = {**who.values(), "seed": f"{seed}:", "bound": bound}
            connection.execute(_MEASURE.format(who=who.sql()), values)
            try:
                hits = [
                    (row[0], name)
                    for name in _MEASURES
                    for row in frame(connection, _extreme(name, most)).rows()
                ]
                sql = _RARE_TOOLS.format(share=_RARE, most=most)
                tools = frame(connection, sql, {"seed": f"{seed}:"}).rows()
            finally:
                connection.execute("DROP TABLE measures")
        hits += [(row[0], row[1]) for row in tools]
        return hits, min(total, _TOOLS_LOOKED_AT)

    def errors(self, who: Population, most: int, *, seed: int) -> Hits:
        """Return traces whose run, or a step of it, ended in an error."""
        return self._hits(
            f"""
            SELECT id AS trace_id, 'error' AS reason, 0 AS place FROM {who.sql()}
            WHERE error IS NOT NULL
            UNION ALL
            SELECT id, 'error in a step', 1 FROM {who.sql()} SEMI JOIN (
                SELECT DISTINCT trace_id FROM spans WHERE status = 'error'
            ) AS broken ON broken.trace_id = id
            """,
            who,
            most,
            seed,
        )

    def feedback(self, who: Population, most: int, *, seed: int) -> Hits:
        """Return traces with a thumb down, a low score or a comment.

        A score is low in the lowest quarter of the range that its name takes.
        """
        return self._hits(
            f"""
            WITH ranges AS (
                SELECT name, min(number) AS low, max(number) AS high
                FROM feedback WHERE number IS NOT NULL GROUP BY name
            ), said AS (
                SELECT f.*, {says("down")} OR ({ASKED} AND f.number <= 0) AS down,
                    f.number <= low + (high - low) / 4 AND high > low AS poor
                FROM feedback AS f LEFT JOIN ranges USING (name)
                SEMI JOIN {who.sql()} AS known ON known.id = f.trace_id
            )
            SELECT trace_id, 'thumbs down' AS reason, 0 AS place FROM said WHERE down
            UNION ALL
            SELECT trace_id, 'low score: ' || name, 1 FROM said
            WHERE poor AND NOT coalesce(down, false)
            UNION ALL
            SELECT trace_id, 'comment', 2 FROM said
            WHERE origin = 'user' AND nullif(trim(comment), '') IS NOT NULL
            """,
            who,
            most,
            seed,
        )

    def in_text(
        self,
        who: Population,
        patterns: Mapping[str, tuple[str, str]],
        most: int,
        *,
        seed: int,
    ) -> tuple[list[str], int]:
        """Return traces whose column matches a pattern, at most so many for each.

        Also of how many traces the texts were searched: a random part of a large
        project.
        """
        if not patterns:
            return [], 0
        total = int(self._rows(f"SELECT count(*) FROM {who.sql()}", who.values())[0][0])
        matches = ", ".join(
            f"regexp_matches({column}, $pattern{place}, 'im') AS match{place}"
            for place, (column, _) in enumerate(patterns.values())
        )
        texts = {
            f"pattern{place}": pattern.replace("'", "['\u2019]")
            for place, (_, pattern) in enumerate(patterns.values())
        }
        first = " UNION ALL ".join(
            f"(SELECT id FROM found WHERE match{place} ORDER BY tie, id LIMIT {most:d})"
            for place in range(len(patterns))
        )
        anything = " OR ".join(f"match{place}" for place in range(len(patterns)))
        rows = self._rows(
            "WITH found AS MATERIALIZED (SELECT id, md5($seed || id) AS tie, * FROM ("
            f" SELECT id, {matches} FROM {who.sql()} WHERE md5($seed || id) < $bound)"
            f" WHERE {anything}) {first}",
            {
                **who.values(),
                **texts,
                "seed": f"{seed}:",
                "bound": _bound(_TEXTS_LOOKED_AT, total),
            },
        )
        return sorted({row[0] for row in rows}), min(total, _TEXTS_LOOKED_AT)

    def disagreements(self, annotator: str | None, most: int, *, seed: int) -> Hits:
        """Return traces on which people, or people and judges, or judges differ."""
        return self._hits(_DISAGREEMENTS, None, most, seed, annotator=annotator)

    def readings(self, annotator: str) -> list[tuple[str, datetime]]:
        """Return what a person has judged and when, the oldest first."""
        rows = self._rows(
            """
            SELECT trace_id, created_at FROM current_annotations
            WHERE annotator = $annotator AND verdict <> 'defer'
                AND (trace_id, annotator) NOT IN (
                    SELECT (trace_id, annotator) FROM rereadings)
            ORDER BY created_at, annotation_id
            """,
            {"annotator": annotator},
        )
        return [(row[0], row[1]) for row in rows]

    def _count(self, who: Population) -> int:
        return int(self._rows(f"SELECT count(*) FROM {who.sql()}", who.values())[0][0])

    def _rows(self, sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        with self._leases.lease() as connection:
            return frame(connection, sql, values).rows()

    def _hits(
        self,
        sql: str,
        who: Population | None,
        most: int,
        seed: int,
        **values: object,
    ) -> Hits:
        """Take the first of every reason, then all reasons of what was taken."""
        known = who.values() if who else {}
        rows: Iterable[tuple[Any, ...]] = self._rows(
            f"""
            WITH found AS MATERIALIZED (
                SELECT DISTINCT trace_id, reason, place FROM ({sql})
            ), first AS (
                SELECT DISTINCT trace_id FROM (
                    SELECT trace_id FROM found QUALIFY row_number() OVER (
                        PARTITION BY reason ORDER BY md5($seed || trace_id), trace_id
                    ) <= {int(most)})
            )
            SELECT trace_id, reason FROM found SEMI JOIN first USING (trace_id)
            ORDER BY place, reason, md5($seed || trace_id), trace_id
            """,
            {**known, **values, "seed": f"{seed}:"},
        )
        return [(row[0], row[1]) for row in rows]


def _bound(wanted: int, total: int) -> str:
    """Return what the MD5 of a random part is below; it needs no sorting."""
    return f"{wanted * 16**8 // total:08x}" if wanted < total else "g"


def _extreme(name: str, most: int) -> str:
    return f"""
    WITH known AS (
        SELECT count("{name}") AS n, quantile_disc("{name}", 0.5) AS middle
        FROM measures
    )
    SELECT id FROM measures, known WHERE "{name}" > middle
    ORDER BY "{name}" DESC, tie
    LIMIT least({most:d}, (SELECT (n + 9) // 10 FROM known))
    """


# A judge looks for one failure mode; a person's label for it is made as in
# ``Modes.labels``. Only the newest version of a judge speaks against a person.
_DISAGREEMENTS = """
    WITH people AS (
        SELECT trace_id,
            string_agg(annotator, ', ' ORDER BY annotator)
                FILTER (WHERE verdict = 'fail') AS fails,
            string_agg(annotator, ', ' ORDER BY annotator)
                FILTER (WHERE verdict = 'pass') AS passes,
            bool_or(annotator = coalesce($annotator, annotator)) AS meant
        FROM current_annotations WHERE verdict <> 'defer' GROUP BY trace_id
        HAVING count(DISTINCT verdict) > 1
    ), newest AS (
        SELECT * FROM judges QUALIFY row_number() OVER (
            PARTITION BY mode_id, model ORDER BY version DESC) = 1
    ), said AS (
        SELECT k.trace_id, k.verdict, j.judge_id, j.mode_id,
            m.name || ' v' || j.version AS judge
        FROM latest_judgements AS k JOIN newest AS j USING (judge_id)
        JOIN current_modes AS m USING (mode_id)
        WHERE k.verdict IS NOT NULL AND k.run_index = 0
    ), labels AS (
        SELECT a.trace_id, a.annotator, j.mode_id,
            CASE WHEN bool_or(coalesce(s.mode_id = j.mode_id, false))
                THEN 'fail' ELSE 'pass' END AS verdict
        FROM current_annotations AS a CROSS JOIN (SELECT DISTINCT mode_id FROM newest) j
        LEFT JOIN current_assignments AS s ON s.trace_id = a.trace_id
            AND s.annotator = a.annotator AND a.verdict = 'fail'
        WHERE a.verdict = 'pass' OR (a.verdict = 'fail' AND s.mode_id IS NOT NULL)
        GROUP BY ALL
    )
    SELECT trace_id, 'people: ' || fails || ' fail, ' || passes || ' pass' AS reason,
        0 AS place FROM people WHERE meant
    UNION ALL
    SELECT said.trace_id, 'judge ' || judge || ' ' || said.verdict || ', '
        || labels.annotator || ' ' || labels.verdict, 1
    FROM said JOIN labels USING (trace_id, mode_id)
    WHERE said.verdict <> labels.verdict
        AND labels.annotator = coalesce($annotator, labels.annotator)
    UNION ALL
    SELECT one.trace_id, 'judges: ' || one.judge || ' ' || one.verdict || ', '
        || two.judge || ' ' || two.verdict, 2
    FROM said AS one JOIN said AS two USING (trace_id, mode_id)
    WHERE one.judge_id < two.judge_id AND one.verdict <> two.verdict
        AND $annotator IS NULL
"""
