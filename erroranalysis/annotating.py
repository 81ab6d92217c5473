"""Annotations that were made elsewhere: a spreadsheet, a frame, another tool."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from erroranalysis.errors import ImportAnnotationsError, did_you_mean
from erroranalysis.ingest.values import as_number, as_text, as_time
from erroranalysis.ingest.verdicts import verdict_of
from erroranalysis.records import VERDICTS, Annotation, Verdict

if TYPE_CHECKING:
    import polars as pl

    from erroranalysis.ingest.reader import Raw
    from erroranalysis.store import Store

COLUMNS = (
    "trace_id",
    "annotator",
    "verdict",
    "critique",
    "first_failure",
    "seconds",
    "created_at",
)
_ALSO = {
    "at": "created_at",
    "id": "trace_id",
    "note": "critique",
    "comment": "critique",
}


@dataclass(frozen=True)
class ImportReport:
    """What an import of annotations did.

    Attributes
    ----------
    new : int
        Annotations that say something new.
    unchanged : int
        Annotations that were there already.
    skipped : int
        Rows about traces that the project does not have.
    verdicts : dict of str to int
        Verdicts that were read.
    """

    new: int
    unchanged: int
    skipped: int
    verdicts: dict[str, int]

    def __repr__(self) -> str:
        """Say it in one line."""
        verdicts = ", ".join(f"{n} {name}" for name, n in self.verdicts.items())
        skipped = f", skipped={self.skipped}" if self.skipped else ""
        return (
            f"ImportReport(new={self.new}, unchanged={self.unchanged}{skipped};"
            f" {verdicts})"
        )

    def frame(self) -> pl.DataFrame:
        """Return the report as a frame of one row."""
        import polars as pl

        kept = {"new": self.new, "unchanged": self.unchanged, "skipped": self.skipped}
        return pl.DataFrame([{**kept, **self.verdicts}])


def import_annotations(
    store: Store,
    source: object,
    *,
    annotator: str | None = None,
    batch_id: str | None = None,
    unknown_traces: str = "error",
) -> ImportReport:
    """Read annotations and write those that say something new, all or none.

    Raises
    ------
    ImportAnnotationsError
        A column is missing, a verdict is not known, or a trace is not in the project.
    """
    if unknown_traces not in ("error", "skip"):
        close = did_you_mean(unknown_traces, ["error", "skip"])
        raise ImportAnnotationsError(
            f"unknown_traces is {unknown_traces!r}; it takes 'error' or 'skip'. {close}"
        )
    inside = (
        {row["trace_id"] for row in store.batches.get(batch_id)[1]}
        if batch_id
        else set()
    )
    from erroranalysis.ingest import sources

    found = [_one(raw, annotator, batch_id) for raw in sources.records(source)]
    if not found:
        raise ImportAnnotationsError("There are no rows in it; nothing was imported.")
    unknown = set(store.traces.unknown([item.trace_id for item in found]))
    if unknown and unknown_traces == "error":
        some = ", ".join(repr(trace_id) for trace_id in sorted(unknown)[:5])
        raise ImportAnnotationsError(
            f"{len(unknown)} of {len(found)} rows are about traces that the project"
            f" does not have: {some}. Ingest the traces first, check that the ids are"
            " theirs, or leave such rows out: unknown_traces='skip'. Nothing was"
            " imported."
        )
    kept = [item for item in found if item.trace_id not in unknown]
    kept = [item if item.trace_id in inside else _outside(item) for item in kept]
    new = store.annotations.add_all(kept)
    return ImportReport(
        new,
        len(kept) - new,
        len(found) - len(kept),
        dict(Counter(str(item.verdict) for item in kept)),
    )


def _outside(item: Annotation) -> Annotation:
    """Take an annotation out of a batch that its trace was never drawn into."""
    return Annotation(**{**vars(item), "batch_id": None})


def _one(raw: Raw, annotator: str | None, batch_id: str | None) -> Annotation:
    where = f"{raw.file}, line {raw.line}" if raw.line is not None else raw.file
    if raw.problem or not isinstance(raw.value, Mapping):
        problem = raw.problem or "not a row with named columns"
        raise ImportAnnotationsError(f"{where}: {problem}. Nothing was imported.")
    row = _renamed(raw.value)
    for name in ("trace_id", "verdict"):
        if as_text(row.get(name)) in (None, ""):
            given = ", ".join(map(str, raw.value))
            raise ImportAnnotationsError(
                f"{where}: no {name}. The columns are {given}; wanted are"
                f" {', '.join(COLUMNS)} (trace_id and verdict at least). Nothing was"
                " imported."
            )
    who = annotator or as_text(row.get("annotator"))
    if not who:
        raise ImportAnnotationsError(
            f"{where}: no annotator. Say who it was:"
            " import_annotations(…, annotator='mira'). Nothing was imported."
        )
    critique = as_text(row.get("critique"))
    return Annotation(
        trace_id=str(as_text(row["trace_id"])),
        annotator=who,
        verdict=_verdict(row["verdict"], where),
        critique=critique.strip() or None if critique else None,
        first_failure=_place(row.get("first_failure")),
        seconds=as_number(row.get("seconds")),
        batch_id=batch_id,
        created_at=as_time(row.get("created_at")),
    )


def _renamed(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row under our column names, upper case and blanks aside."""
    out: dict[str, Any] = {}
    for name, value in row.items():
        folded = str(name).strip().casefold().replace(" ", "_")
        out.setdefault(_ALSO.get(folded, folded), value)
    return out


def _verdict(value: object, where: str) -> Verdict:
    verdict = verdict_of(value)
    if verdict is None:
        close = did_you_mean(str(value).strip().casefold(), VERDICTS)
        raise ImportAnnotationsError(
            f"{where}: the verdict is {value!r}; pass, fail or defer is wanted. {close}"
            " Nothing was imported."
        )
    return verdict


def _place(value: object) -> str | None:
    """Return a message index or span id as text; 4.0 of a frame is message 4."""
    if isinstance(value, float) and value == value and value.is_integer():  # noqa: PLR0124
        return str(int(value))
    return as_text(value) or None
