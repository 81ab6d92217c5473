"""What a draw needs to know of the traces: who can be drawn, in which stratum."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from erroranalysis.schema import table
from erroranalysis.store.rows import frame

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import polars as pl

    from erroranalysis.store.lease import Leases

# What stands for a value that a trace does not have.
NONE = "(none)"
PERIODS = {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m"}
# The same for one session, and never the same for two traces without one.
SESSION = "coalesce('s:' || session_id, 't:' || id)"


@dataclass(frozen=True)
class Population:
    """Which traces can be drawn.

    Attributes
    ----------
    unread : bool
        Only those that nobody has annotated.
    since : datetime or None
        Only those that started then or later, UTC.
    load_id : str or None
        Only those of this import and of later ones.
    """

    unread: bool = True
    since: datetime | None = None
    load_id: str | None = None

    def sql(self) -> str:
        """Return a table expression with the columns of ``traces``."""
        conditions = ["true"]
        if self.since is not None:
            conditions.append("started_at >= $since")
        if self.load_id is not None:
            conditions.append("load_id >= $load_id")
        if self.unread:
            conditions.append("id NOT IN (SELECT trace_id FROM current_annotations)")
        return f"(SELECT * FROM traces WHERE {' AND '.join(conditions)})"

    def values(self) -> dict[str, Any]:
        """Return the values of the parameters in :meth:`sql`."""
        known = {"since": self.since, "load_id": self.load_id}
        return {name: value for name, value in known.items() if value is not None}


@dataclass(frozen=True)
class Read:
    """How many traces were read, and how many of them no chance had chosen."""

    traces: int
    on_purpose: int
    hunted: int


@dataclass(frozen=True)
class Neighbours:
    """A trace with what stands beside it in its session."""

    messages: str
    before: str | None
    last: bool
    session_id: str | None = field(default=None)


class Sampling:
    """Answers what a draw asks of the traces."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases

    def ids(self, who: Population) -> list[str]:
        """Return the ids that can be drawn."""
        found = self._frame(f"SELECT id FROM {who.sql()}", who.values())
        ids: list[str] = found["id"].to_list()
        return ids

    def count(self, who: Population) -> int:
        """Return how many traces can be drawn."""
        sql = f"SELECT count(*) AS n FROM {who.sql()}"
        return int(self._frame(sql, who.values())["n"][0])

    def read(self) -> Read:
        """Return how many traces were read, and how those had been chosen."""
        row = self._frame(
            """
            SELECT count(DISTINCT a.trace_id) AS read,
                count(DISTINCT a.trace_id) FILTER (
                    WHERE i.inclusion_probability IS NULL) AS on_purpose,
                count(DISTINCT a.trace_id) FILTER (
                    WHERE i.inclusion_probability IS NULL
                    AND b.strategy <> 'picked') AS hunted
            FROM current_annotations AS a
            LEFT JOIN batches AS b USING (batch_id)
            LEFT JOIN batch_items AS i
                ON i.batch_id = a.batch_id AND i.trace_id = a.trace_id
            """,
            {},
        ).row(0)
        return Read(*row)

    def cells(self, who: Population, names: Sequence[str]) -> dict[str, str]:
        """Return the stratum of every trace: the named facts, joined by a dot."""
        stratum, values = _stratum(names)
        found = self._frame(
            f"SELECT id, {stratum} AS stratum FROM {who.sql()}",
            {**who.values(), **values},
        )
        return dict(zip(found["id"].to_list(), found["stratum"].to_list(), strict=True))

    def cells_of(
        self, trace_ids: Sequence[str], names: Sequence[str]
    ) -> dict[str, str]:
        """Return the stratum of some traces."""
        stratum, values = _stratum(names)
        return self._of(trace_ids, stratum, values)

    def periods_of(self, trace_ids: Sequence[str], length: str) -> dict[str, str]:
        """Return the day, week or month in which traces started; UTC, as ISO 8601."""
        period = f"strftime(started_at, '{PERIODS[length]}')"
        return self._of(trace_ids, f"coalesce({period}, '{NONE}')", {})

    def _of(
        self, trace_ids: Sequence[str], what: str, values: Mapping[str, str]
    ) -> dict[str, str]:
        found = self._frame(
            f"SELECT id, {what} AS value FROM traces"
            " WHERE id IN (SELECT unnest($ids::VARCHAR[]))",
            {**values, "ids": list(trace_ids)},
        )
        return dict(zip(found["id"].to_list(), found["value"].to_list(), strict=True))

    def sessions(
        self, who: Population, names: Sequence[str]
    ) -> tuple[dict[str, str], int]:
        """Return the stratum of every session, that of its first trace; and traces.

        A trace without a session is one of its own.
        """
        stratum, values = _stratum(names)
        found = self._frame(
            f"SELECT {SESSION} AS session, count(*) AS traces,"
            f" first({stratum} ORDER BY started_at NULLS LAST, id) AS stratum"
            f" FROM {who.sql()} GROUP BY 1",
            {**who.values(), **values},
        )
        keys, strata = found["session"].to_list(), found["stratum"].to_list()
        return dict(zip(keys, strata, strict=True)), int(found["traces"].sum())

    def members(self, who: Population, sessions: Sequence[str]) -> dict[str, list[str]]:
        """Return the traces of sessions, in the order in which they happened."""
        found = self._frame(
            f"SELECT session, list(id ORDER BY started_at NULLS LAST, id) AS ids"
            f" FROM (SELECT id, started_at, {SESSION} AS session FROM {who.sql()})"
            " WHERE session IN (SELECT unnest($sessions::VARCHAR[])) GROUP BY session",
            {**who.values(), "sessions": list(sessions)},
        )
        return dict(
            zip(found["session"].to_list(), found["ids"].to_list(), strict=True)
        )

    def session_of(self, trace_ids: Sequence[str]) -> dict[str, str]:
        """Return the session of traces; that of one without any is its own."""
        found = self._frame(
            f"SELECT id, {SESSION} AS session FROM traces"
            " WHERE id IN (SELECT unnest($ids::VARCHAR[]))",
            {"ids": list(trace_ids)},
        )
        return dict(zip(found["id"].to_list(), found["session"].to_list(), strict=True))

    def pool(self, who: Population, size: int, *, seed: int) -> list[str]:
        """Return a random part of the traces that can be drawn, or all of them.

        The order is that of an MD5 of seed and id: a standard, so every machine and
        every version of DuckDB finds the same ones, which its ``hash()`` does not
        promise.
        """
        found = self._frame(
            f"SELECT id FROM {who.sql()} ORDER BY md5($seed || id), id LIMIT $size",
            {**who.values(), "seed": f"{seed}:", "size": size},
        )
        ids: list[str] = found["id"].to_list()
        return ids

    def asked(self, trace_ids: Sequence[str], longest: int) -> dict[str, str]:
        """Return what the users of traces said, cut off where it is long."""
        found = self._frame(
            """
            SELECT id, left(coalesce(nullif(list_aggregate(list_transform(
                list_filter(messages::JSON[], lambda m: (m->>'role') = 'user'),
                lambda m: m->>'content'), 'string_agg', ' '), ''), input, output, ''),
                $longest) AS said
            FROM traces WHERE id IN (SELECT unnest($ids::VARCHAR[]))
            """,
            {"ids": list(trace_ids), "longest": longest},
        )
        return dict(zip(found["id"].to_list(), found["said"].to_list(), strict=True))

    def conversations(self, trace_ids: Sequence[str]) -> dict[str, Neighbours]:
        """Return messages of traces, and what stands beside them in their sessions."""
        found = self._frame(
            """
            WITH wanted AS (
                SELECT id, session_id, messages FROM traces
                WHERE id IN (SELECT unnest($ids::VARCHAR[]))
            ), beside AS (
                SELECT id, lag(input) OVER mates AS before,
                    lead(id) OVER mates IS NULL AS last
                FROM (SELECT id, session_id, started_at, input FROM traces
                    WHERE session_id IN (
                        SELECT session_id FROM wanted WHERE session_id IS NOT NULL))
                WINDOW mates AS (
                    PARTITION BY session_id ORDER BY started_at NULLS LAST, id)
            )
            SELECT wanted.id, wanted.messages::VARCHAR AS messages, beside.before,
                coalesce(beside.last, true) AS last
            FROM wanted LEFT JOIN beside USING (id)
            """,
            {"ids": list(trace_ids)},
        )
        return {
            row[0]: Neighbours(messages=row[1], before=row[2], last=row[3])
            for row in found.iter_rows()
        }

    def loads(self) -> list[str]:
        """Return the ids of the imports, the oldest first."""
        sql = "SELECT load_id FROM loads ORDER BY load_id"
        ids: list[str] = self._frame(sql, {})["load_id"].to_list()
        return ids

    def _frame(self, sql: str, values: Mapping[str, Any]) -> pl.DataFrame:
        with self._leases.lease() as connection:
            return frame(connection, sql, values)


def _stratum(names: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Return an expression for a stratum and the values it needs."""
    columns = table("traces").column_names()
    parts, values = [], {}
    for place, name in enumerate(names):
        if name == "month":
            value = f"strftime(started_at, '{PERIODS[name]}')"
        elif name in columns:
            value = '"' + name + '"::VARCHAR'
        else:
            values[f"key{place}"] = "/" + name.replace("~", "~0").replace("/", "~1")
            value = f"json_extract_string(metadata, $key{place})"
        parts.append(f"coalesce(nullif({value}, ''), '{NONE}')")
    return (f"concat_ws(' · ', {', '.join(parts)})" if parts else "NULL"), values
