"""Annotations: acts of people, only ever added."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import reduce
from operator import xor
from typing import TYPE_CHECKING, Any

from erroranalysis.errors import NothingToDoError, UnknownNameError
from erroranalysis.records import Annotation, new_id, utc_now
from erroranalysis.store.rows import dicts, frame, insert, scalar

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb
    import polars as pl

    from erroranalysis.store.lease import Leases

# A blind re-reading replaces only itself: what was said before stands.
_AGAIN = """
WITH again AS (SELECT batch_id FROM batches WHERE label_sampling = 'recheck')
"""
_BEFORE = f"""{_AGAIN}
SELECT max(annotation_id)
FROM annotations WHERE trace_id = $trace AND annotator = $annotator
    AND CASE WHEN coalesce($batch IN (FROM again), false) THEN batch_id = $batch
        ELSE NOT coalesce(batch_id IN (FROM again), false) END
"""
_HASH = "SELECT any_value(content_hash) FROM traces WHERE id = $trace"
_LATEST = """
WITH acts AS (
    SELECT a.*, CASE WHEN b.label_sampling = 'recheck' THEN batch_id END AS again
    FROM annotations AS a LEFT JOIN batches AS b USING (batch_id)
)
SELECT * FROM acts QUALIFY row_number() OVER (
    PARTITION BY trace_id, annotator, again ORDER BY annotation_id DESC
) = 1 AND verdict IS NOT NULL
"""
# How far a reader has come: the number of acts, and a fingerprint of them. Ids sort by
# time, but an act of another program may be committed after a later one.
_PRINT = "hash(annotation_id)"
_MARK = f"""{_AGAIN}
SELECT count(*), coalesce(bit_xor({_PRINT}), 0), (SELECT list(batch_id) FROM again),
    (SELECT count(*) FROM batch_items WHERE batch_id = $batch)
FROM annotations WHERE annotator = $annotator
"""


@dataclass(frozen=True)
class Mark:
    """How far somebody has read the acts of a person.

    Attributes
    ----------
    last : str
        Id of the last act that was read.
    count : int
        Number of acts up to it.
    print : int
        Fingerprint of all acts up to it.
    """

    last: str = ""
    count: int = 0
    print: int = 0

    def after(self, annotation_id: str, added: int) -> Mark:
        """Return the mark behind one more act, which has this fingerprint."""
        return Mark(annotation_id, self.count + 1, self.print ^ added)


@dataclass(frozen=True)
class News:
    """Acts since a mark.

    Attributes
    ----------
    acts : list of Annotation
        The acts, the oldest first.
    mark : Mark
        How far they reach.
    whole : bool
        They are all acts there are: what was read before does not hold any more.
    again : frozenset of str
        Batches in which traces are read again blind.
    size : int
        Traces in the batch.
    """

    acts: list[Annotation]
    mark: Mark
    whole: bool
    again: frozenset[str]
    size: int


class Annotations:
    """Keeps what people said about traces."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases

    def add(self, annotation: Annotation) -> Annotation:
        """Write one act; it is durable when this returns.

        The act takes its id here, supersedes what the same person said of the same
        trace before, and keeps the hash of the messages that were seen: as they are
        now where the act does not tell.
        """
        with self._leases.transaction() as connection:
            names = {
                "trace": annotation.trace_id,
                "annotator": annotation.annotator,
                "batch": annotation.batch_id,
            }
            before = scalar(connection, _BEFORE, names)
            return self.add_after(annotation, before)[0]

    def add_after(
        self, annotation: Annotation, before: str | None
    ) -> tuple[Annotation, int]:
        """Write one act where the one that it supersedes is known.

        Returns the act and its fingerprint.
        """
        row = asdict(annotation)
        row["annotation_id"] = new_id("a")
        row["created_at"] = annotation.created_at or utc_now()
        row["supersedes"] = before
        with self._leases.transaction() as connection:
            if row["content_hash"] is None:  # a look through all ids of the project
                row["content_hash"] = scalar(
                    connection, _HASH, {"trace": annotation.trace_id}
                )
            [[added]] = insert(connection, "annotations", [row], returning=_PRINT)
        return Annotation(**row), added

    def add_all(self, annotations: Sequence[Annotation]) -> int:
        """Write many acts in one transaction; return how many said something new.

        An act that repeats what the same person's current annotation already says
        is left out, so that importing a table twice changes nothing.
        """
        with self._leases.transaction() as connection:
            current = {
                (row["trace_id"], row["annotator"], row["again"]): row
                for row in dicts(connection, _LATEST)
            }
            recheck = {
                row["batch_id"] for row in dicts(connection, f"{_AGAIN} FROM again")
            }
            hashes = dict(
                connection.execute(
                    "SELECT id, content_hash FROM traces WHERE id IN"
                    " (SELECT unnest(?::VARCHAR[]))",
                    [[item.trace_id for item in annotations]],
                ).fetchall()
            )
            rows = []
            for item in annotations:
                again = item.batch_id if item.batch_id in recheck else None
                known = current.get((item.trace_id, item.annotator, again))
                if known and _says_the_same(known, item):
                    continue
                row = asdict(item)
                row["annotation_id"] = new_id("a")
                row["created_at"] = item.created_at or utc_now()
                row["content_hash"] = item.content_hash or hashes.get(item.trace_id)
                row["supersedes"] = known["annotation_id"] if known else None
                current[item.trace_id, item.annotator, again] = row
                rows.append(row)
            insert(connection, "annotations", rows)
        return len(rows)

    def history(
        self, *, annotator: str | None = None, trace_id: str | None = None
    ) -> list[Annotation]:
        """Return every act, the oldest first."""
        with self._leases.lease() as connection:
            rows = dicts(
                connection,
                "SELECT * FROM annotations WHERE annotator = coalesce(?, annotator)"
                " AND trace_id = coalesce(?, trace_id) ORDER BY annotation_id",
                [annotator, trace_id],
            )
        return [Annotation(**row) for row in rows]

    def news(self, annotator: str, batch_id: str, mark: Mark) -> News:
        """Return the acts of a person since a mark, or all where it does not hold."""
        values = {"annotator": annotator, "batch": batch_id}
        with self._leases.lease() as connection:
            [(count, seal, batches, size)] = connection.execute(
                _MARK, values
            ).fetchall()
            again = frozenset(batches or ())
            if (count, seal) == (mark.count, mark.print):
                return News([], mark, whole=False, again=again, size=size)
            acts, added = self._since(connection, annotator, mark.last)
            whole = (count - len(acts), seal ^ added) != (mark.count, mark.print)
            if whole:
                acts, _ = self._since(connection, annotator, "")
        last = str(acts[-1].annotation_id) if acts else ""
        return News(acts, Mark(last, count, seal), whole, again, size)

    def _since(
        self, connection: duckdb.DuckDBPyConnection, annotator: str, last: str
    ) -> tuple[list[Annotation], int]:
        """Return later acts of a person, and their fingerprint."""
        rows = dicts(
            connection,
            f"SELECT *, {_PRINT} AS print FROM annotations"
            " WHERE annotator = ? AND annotation_id > ? ORDER BY annotation_id",
            [annotator, last],
        )
        added = reduce(xor, (row.pop("print") for row in rows), 0)
        return [Annotation(**row) for row in rows], added

    def frame(self, *, history: bool = False) -> pl.DataFrame:
        """Return the current state, or every act."""
        source = "annotations" if history else "current_annotations"
        with self._leases.lease() as connection:
            return frame(
                connection,
                f"SELECT trace_id, annotator, verdict, critique, first_failure,"
                f" created_at,"
                f" seconds, saw_judgement, batch_id, content_hash, annotation_id,"
                f" supersedes, retracts FROM {source} ORDER BY annotation_id",
            )

    def labelled(self, annotator: str | None = None) -> pl.DataFrame:
        """Return current annotations with their traces and failure modes.

        One row an annotation, of one person or of everybody; ``messages`` and
        ``metadata`` are JSON text. A trace that does not fail has no modes.
        """
        with self._leases.lease() as connection:
            return frame(
                connection,
                "SELECT a.trace_id, t.input, t.output, t.messages, a.annotator,"
                " a.verdict, a.critique, a.first_failure,"
                " coalesce(named.modes, []::VARCHAR[]) AS modes, t.session_id,"
                " t.started_at, t.model, t.metadata, a.created_at"
                " FROM current_annotations AS a"
                " LEFT JOIN traces AS t ON t.id = a.trace_id"
                " LEFT JOIN ("
                " SELECT s.trace_id, s.annotator, list(m.name ORDER BY m.name) AS modes"
                " FROM current_assignments AS s JOIN current_modes AS m USING (mode_id)"
                " GROUP BY s.trace_id, s.annotator"
                " ) AS named ON named.trace_id = a.trace_id"
                "  AND named.annotator = a.annotator AND a.verdict = 'fail'"
                " WHERE a.annotator = coalesce($1, a.annotator)"
                " ORDER BY a.trace_id, a.annotator",
                [annotator],
            )

    def current(self, annotator: str) -> dict[str, Annotation]:
        """Return what one person says now, by trace."""
        with self._leases.lease() as connection:
            rows = dicts(
                connection,
                "SELECT * FROM current_annotations WHERE annotator = ?"
                " ORDER BY annotation_id",
                [annotator],
            )
        return {row["trace_id"]: Annotation(**row) for row in rows}

    def colleagues(self, annotator: str, trace_id: str) -> list[Annotation]:
        """Return what everybody but one person says now of a trace, by name."""
        others = "WHERE trace_id = ? AND annotator <> ?"
        with self._leases.lease() as connection:
            # most traces have one reader, and to plan the view takes a while
            values = [trace_id, annotator]
            anybody = f"SELECT any_value(1) FROM annotations {others}"
            if scalar(connection, anybody, values) is None:
                return []
            rows = dicts(
                connection,
                f"SELECT * FROM current_annotations {others} ORDER BY annotator",
                values,
            )
        return [Annotation(**row) for row in rows]

    def annotators(self) -> list[str]:
        """Return who annotated, the busiest first."""
        with self._leases.lease() as connection:
            rows = connection.execute(
                "SELECT annotator FROM current_annotations GROUP BY annotator"
                " ORDER BY count(*) DESC, annotator"
            ).fetchall()
        return [row[0] for row in rows]

    def reference(self, annotator: str | None = None) -> str:
        """Return the annotator that is meant: the named one, or the busiest.

        Raises
        ------
        NothingToDoError
            Nobody has annotated yet.
        UnknownNameError
            The named one has not.
        """
        names = self.annotators()
        if not names:
            raise NothingToDoError(
                "There are no annotations yet. Read some traces first:"
                " project.annotate(project.sample(100), annotator='you'), or bring"
                " them: project.import_annotations('labels.csv')."
            )
        if annotator is None:
            return names[0]
        if annotator not in names:
            raise UnknownNameError.among("annotator", annotator, names)
        return annotator

    def sampling(self, annotator: str) -> list[dict[str, Any]]:
        """Return how the traces that one person judged had been chosen.

        Each row has ``trace_id``, ``label_sampling`` (NULL where nobody recorded it),
        ``stratum``, ``inclusion_probability``, ``batch_id``, ``strategy``, ``since``
        where only newer traces could be drawn, and ``session`` where sessions were
        drawn whole. A trace that the person
        first read because it was drawn by chance stays drawn by chance, whatever batch
        the verdict was changed in later: otherwise a random sample would lose just
        those traces that people look at twice.
        """
        with self._leases.lease() as connection:
            return dicts(
                connection,
                """
                WITH drawn AS (
                    SELECT a.trace_id, arg_min(a.batch_id, a.annotation_id) AS batch_id
                    FROM annotations AS a JOIN batch_items AS i USING (batch_id)
                    WHERE a.annotator = $annotator AND i.trace_id = a.trace_id
                        AND i.inclusion_probability IS NOT NULL
                    GROUP BY a.trace_id
                ), chosen AS (
                    SELECT a.trace_id, coalesce(d.batch_id, a.batch_id) AS batch_id
                    FROM current_annotations AS a LEFT JOIN drawn AS d USING (trace_id)
                    WHERE a.annotator = $annotator
                )
                SELECT c.trace_id, b.label_sampling, i.stratum,
                    i.inclusion_probability, b.batch_id, b.strategy,
                    b.parameters->>'since' AS since,
                    CASE WHEN b.parameters->>'sessions' = 'together'
                        THEN coalesce(t.session_id, t.id) END AS session
                FROM chosen AS c LEFT JOIN batches AS b USING (batch_id)
                LEFT JOIN batch_items AS i
                    ON i.batch_id = c.batch_id AND i.trace_id = c.trace_id
                LEFT JOIN traces AS t ON t.id = c.trace_id
                ORDER BY c.trace_id
                """,
                {"annotator": annotator},
            )

    def rereadings(self, annotator: str) -> list[tuple[str, str, str]]:
        """Return trace, first and second verdict where a person read again blind.

        The first verdict is the one that stood when the trace was read again; deferred
        ones are left out.
        """
        with self._leases.lease() as connection:
            return connection.execute(
                "SELECT trace_id, first, second FROM rereadings WHERE annotator = ?"
                " AND first <> 'defer' AND second <> 'defer'"
                " ORDER BY trace_id, batch_id",
                [annotator],
            ).fetchall()


def _says_the_same(known: dict[str, Any], item: Annotation) -> bool:
    return all(
        known[name] == getattr(item, name)
        for name in ("verdict", "critique", "first_failure")
    )
