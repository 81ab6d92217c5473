"""The views: what is current, from rows that are only ever added.

A view is (name, what it shows, SQL). They are made anew at every migration.
"""

from __future__ import annotations

VIEWS: tuple[tuple[str, str, str], ...] = (
    (
        "current_annotations",
        (
            "the last act of every annotator on every trace, blank ones left out;"
            " reading again blind (``rereadings``) changes nothing that was said before"
        ),
        """
        SELECT * EXCLUDE (latest) FROM (
            SELECT *, row_number() OVER (
                PARTITION BY trace_id, annotator ORDER BY coalesce(batch_id IN (
                    SELECT batch_id FROM batches WHERE label_sampling = 'recheck'
                ), false), annotation_id DESC
            ) AS latest
            FROM annotations
        ) WHERE latest = 1 AND verdict IS NOT NULL
        """,
    ),
    (
        "rereadings",
        (
            "the verdict before and the verdict after, where a person read a trace"
            " again blind in a batch drawn with ``recheck``"
        ),
        """
        WITH acts AS (
            SELECT a.*, coalesce(b.label_sampling = 'recheck', false) AS again
            FROM annotations AS a LEFT JOIN batches AS b USING (batch_id)
        ), later AS (
            SELECT * FROM acts WHERE again QUALIFY row_number() OVER (
                PARTITION BY trace_id, annotator, batch_id ORDER BY annotation_id DESC
            ) = 1
        )
        SELECT later.trace_id, later.annotator, later.batch_id,
            acts.verdict AS first, later.verdict AS second,
            acts.created_at AS first_at, later.created_at AS second_at
        FROM later JOIN acts USING (trace_id, annotator)
        WHERE NOT acts.again AND acts.annotation_id < later.annotation_id
        QUALIFY row_number() OVER (
            PARTITION BY later.trace_id, later.annotator, later.batch_id
            ORDER BY acts.annotation_id DESC
        ) = 1 AND acts.verdict IS NOT NULL AND later.verdict IS NOT NULL
        """,
    ),
    (
        "current_modes",
        "every failure mode as it stands, merged ones with their survivor",
        """
        SELECT * EXCLUDE (latest) FROM (
            SELECT *, row_number() OVER (
                PARTITION BY mode_id ORDER BY edit_id DESC
            ) AS latest
            FROM failure_modes
        ) WHERE latest = 1
        """,
    ),
    (
        "current_assignments",
        "the failure modes of every note, merged modes resolved, removals applied",
        """
        WITH RECURSIVE held (origin, mode_id, since) AS (
            SELECT mode_id, mode_id, '' FROM current_modes
            UNION ALL
            SELECT held.origin, merged.merged_into, split_part(merged.edit_id, '_', 2)
            FROM held JOIN current_modes AS merged USING (mode_id)
            WHERE merged.status = 'merged'
        ), latest AS (
            SELECT a.*, held.origin, row_number() OVER (
                PARTITION BY a.trace_id, a.annotator, held.origin
                ORDER BY a.assignment_id DESC
            ) AS place
            FROM assignments AS a JOIN held ON held.mode_id = a.mode_id
                AND held.since < split_part(a.assignment_id, '_', 2)
        ), kept AS (
            SELECT latest.*, held.mode_id AS survivor_id, row_number() OVER (
                PARTITION BY trace_id, annotator, held.mode_id
                ORDER BY assignment_id DESC
            ) AS nth
            FROM latest JOIN held USING (origin)
            JOIN current_modes AS alive ON alive.mode_id = held.mode_id
            WHERE place = 1 AND action = 'assign' AND alive.status = 'active'
        )
        SELECT trace_id, annotator, survivor_id AS mode_id, version, how, who,
               created_at, assignment_id
        FROM kept WHERE nth = 1
        """,
    ),
    (
        "latest_judgements",
        "the last finished call of every judge version on every trace and run",
        """
        SELECT * EXCLUDE (latest) FROM (
            SELECT *, row_number() OVER (
                PARTITION BY judge_id, trace_id, run_index
                ORDER BY judgement_id DESC
            ) AS latest
            FROM judgements
        ) WHERE latest = 1
        """,
    ),
)
