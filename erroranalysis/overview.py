"""Where a project stands: the next step, and what a report shows."""

from __future__ import annotations

import html
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from erroranalysis.errors import NoHonestEstimateError, NothingToDoError
from erroranalysis.export import Section
from erroranalysis.findings import agreement, failure_rates
from erroranalysis.judge import Judge
from erroranalysis.taxonomy import Taxonomy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from erroranalysis.measure import Alignment
    from erroranalysis.store import Store

_QUOTES = 3


def next_step(counts: Mapping[str, int]) -> str:
    """Return what a person would do next, as code.

    Examples
    --------
    >>> from collections import defaultdict
    >>> next_step(defaultdict(int))
    "project.ingest('traces.jsonl')"
    """
    waiting = counts["failed"] - counts["assigned"]
    steps = (
        (not counts["traces"], "project.ingest('traces.jsonl')"),
        (not counts["annotations"], "project.annotate(project.sample(100))"),
        (waiting > 0 or not counts["modes"], "project.taxonomy.suggest()"),
        (not counts["judges"], "project.judge('<failure mode>')"),
        (not counts["judgements"], "judge.run('dev'); judge.alignment('dev')"),
    )
    return next((step for wanted, step in steps if wanted), "project.failure_rates()")


def stages(counts: Mapping[str, int]) -> list[tuple[str, str]]:
    """Return one line for every stage of the work: its name and what there is.

    Examples
    --------
    >>> from collections import defaultdict
    >>> stages(defaultdict(int, traces=1, rejects=2))[0]
    ('traces', '1 (2 records rejected)')
    """

    def some(name: str, one: str, many: str) -> str:
        return f"{counts[name]:,} {one if counts[name] == 1 else many}"

    rejected = some("rejects", "record", "records")
    batches = some("batches", "batch", "batches")
    people = some("annotators", "person", "people")
    modes = some("modes", "failure mode", "failure modes")
    notes = some("assigned", "note", "notes")
    judgements = some("judgements", "judgement", "judgements")
    return [
        ("traces", f"{counts['traces']:,} ({rejected} rejected)"),
        ("sampled", f"{counts['sampled']:,} in {batches}"),
        (
            "annotated",
            f"{counts['annotated']:,} by {people}, {counts['failed']:,} failed",
        ),
        ("taxonomy", f"{modes}, {notes} placed"),
        ("judges", f"{counts['judges']:,} ({judgements})"),
    ]


def as_text(path: str, counts: Mapping[str, int]) -> str:
    """Return where a project stands, for a terminal."""
    lines = [f"Project({path!r})"]
    lines += [f"  {name:<10} {what}" for name, what in stages(counts)]
    return "\n".join([*lines, f"  {'next':<10} {next_step(counts)}"])


def as_html(path: str, counts: Mapping[str, int]) -> str:
    """Return where a project stands, for a notebook."""
    cell = "style='text-align:left'"
    rows = "".join(
        f"<tr><th {cell}>{name}</th><td {cell}>{what}</td></tr>"
        for name, what in stages(counts)
    )
    return (
        f"<b>Project</b> <code>{html.escape(path)}</code><table>{rows}</table>"
        f"next: <code>{html.escape(next_step(counts))}</code>"
    )


def judges(store: Store) -> list[Judge]:
    """Return the newest judge of every failure mode, by name of the mode."""
    modes = {mode["mode_id"]: mode for mode in store.modes.active()}
    newest = {row["mode_id"]: row for row in store.judging.judges()}
    found = [
        Judge(store, modes[key], row) for key, row in newest.items() if key in modes
    ]
    return sorted(found, key=lambda judge: judge.mode)


def alignments(store: Store, split: str = "test") -> list[Alignment]:
    """Return the alignment of every judge that was run on a split."""
    found = []
    for judge in judges(store):
        try:
            found.append(judge.alignment(split))
        except NothingToDoError:
            continue
    return found


def report_sections(store: Store) -> Iterator[Section]:
    """Yield what a report shows: failures, modes, rates, judges, people, method."""
    taxonomy = Taxonomy(store)
    pareto = taxonomy.pareto()
    yield Section(
        "What fails",
        f"{pareto.annotator} read {pareto.read} traces and failed {pareto.failed}."
        f" {pareto.unplaced} failing notes belong to no failure mode yet.",
        chart=pareto,
        table=taxonomy.modes(),
    )
    yield Section(
        "In the expert's words",
        "Notes that belong to each failure mode, the first few of each.",
        quotes=_quotes(store, pareto.annotator),
    )
    try:
        unseen = taxonomy.saturation()
        yield Section("What is still unseen", unseen.sentence, chart=unseen)
        rates = failure_rates(store)
        yield Section(
            "How often",
            "Share of all traces, with 95 % intervals. The method follows from how the"
            f" labelled traces were chosen (here: {rates.label_sampling}). Any failure:"
            f" {rates.overall!r}.",
            chart=rates,
            table=rates.frame().select("mode", "rate", "low", "high", "method", "note"),
        )
    except NoHonestEstimateError as refusal:
        yield Section("How often", str(refusal))
    for split in ("test", "dev"):
        found = alignments(store, split)
        if found:
            yield Section(
                f"How well the judges shadow the expert ({split} split)",
                "Positive class is Pass: TPR is the share of human passes that the"
                " judge passes, TNR the share of human fails that the judge fails. No"
                " judge was taught with these traces.",
                chart=found,
                table=[_row(item) for item in found],
            )
    try:
        yield Section("How far people agree", repr(agreement(store, None, None)))
    except NothingToDoError:
        return


def _row(item: Alignment) -> dict[str, Any]:
    return {
        "judge": item.name,
        "TPR": repr(item.tpr),
        "TNR": repr(item.tnr),
        "errors": item.errors,
        "looks": item.looks,
    }


def _quotes(store: Store, annotator: str) -> list[tuple[str, str]]:
    notes = store.annotations.current(annotator)
    by_mode: dict[str, list[str]] = defaultdict(list)
    for row in store.modes.assignments().iter_rows(named=True):
        note = notes.get(row["trace_id"])
        if note and row["annotator"] == annotator and note.critique:
            by_mode[row["mode"]].append(f"{note.critique} ({row['trace_id']})")
    return [
        (mode, quote)
        for mode, found in sorted(by_mode.items(), key=lambda item: -len(item[1]))
        for quote in found[:_QUOTES]
    ]
