"""The project: the object that a notebook holds. Its methods delegate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erroranalysis import overview
from erroranalysis.annotating import ImportReport, import_annotations
from erroranalysis.batch import Batch, choose, draw
from erroranalysis.errors import helpful_keywords
from erroranalysis.export import ExportReport, export_labels, write_report
from erroranalysis.judge import Judge, judge_for
from erroranalysis.queue import Queue
from erroranalysis.rates import failure_rates
from erroranalysis.records import utc_now
from erroranalysis.store import Store
from erroranalysis.store.loads import load_or_look
from erroranalysis.taxonomy import Taxonomy

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from pathlib import Path

    import polars as pl

    from erroranalysis.ingest import IngestReport, Preview
    from erroranalysis.ingest.reader import Columns
    from erroranalysis.ingest.redaction import Redact
    from erroranalysis.measure import Agreement, Alignment, FailureRates
    from erroranalysis.widgets.annotator import Annotator
    from erroranalysis.widgets.trace_view import TraceView


class Project:
    """One project file: traces, what people said of them, and what follows from it.

    Parameters
    ----------
    path : str or os.PathLike
        The file; made if missing.

    Raises
    ------
    StoreError
        The file cannot be opened, is no project, or is newer than this package.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> project = Project(folder.name + "/support.duckdb")
    >>> project.ingest([{"question": "Open on Sunday?", "answer": "Yes, 9 to 5."}])
    IngestReport(new=1, duplicate=0, rejected=0, format='flat', columns=...)
    >>> project.close()
    >>> folder.cleanup()
    """

    @helpful_keywords
    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._store = Store(path)

    @property
    def path(self) -> str:
        """The project file."""
        return self._store.path

    @property
    def taxonomy(self) -> Taxonomy:
        """The failure taxonomy."""
        return Taxonomy(self._store)

    def close(self) -> None:
        """Let the file go at once. The project opens it again when it needs to."""
        self._store.close()

    def status(self) -> dict[str, int]:
        """Return how much there is of everything."""
        return self._store.counts()

    def __repr__(self) -> str:
        """Show the counts of every stage and the next step."""
        return overview.as_text(self.path, self._store.counts())

    def _repr_html_(self) -> str:
        return overview.as_html(self.path, self._store.counts())

    @helpful_keywords
    def ingest(
        self,
        source: object,
        *,
        format: str | None = None,  # noqa: A002 - the word that users know
        columns: Columns | None = None,
        redact: Redact = False,
        dry_run: bool = False,
        progress: bool = True,
    ) -> IngestReport | Preview:
        """Load traces; what is known already is not loaded again.

        Parameters
        ----------
        source : path, glob, frame, dict or iterable of dict
            Where the traces are.
        format : str, optional
            Name of the format; detected by default.
        columns : dict, optional
            For tables, which column holds which field, over the guess:
            ``{"input": "question", "output": "answer", "id": None}``.
        redact : bool, list of str or Redaction, default False
            Take emails, phone, card and account numbers, IP addresses and secrets out
            before anything is stored: ``True``, ``["email"]``; ``docs/redaction.md``.
        dry_run : bool, default False
            Write nothing; show the format, the columns, the first three traces and
            what would be rejected.
        progress : bool, default True
            Show a progress bar on imports longer than a second.

        Returns
        -------
        IngestReport or Preview
            Counts, the format and the columns that were taken. Records that could
            not be read are in ``project.rejects()``. A preview for a dry run.

        Raises
        ------
        IngestError
            Nothing could be read; nothing was imported.
        """
        return load_or_look(
            self._store, source, format=format, columns=columns, redact=redact,
            dry_run=dry_run, progress=progress,
        )  # fmt: skip

    def rejects(self, load_id: str | None = None) -> pl.DataFrame:
        """Return the records that could not be read: file, line, reason, text."""
        return self._store.traces.rejects(load_id)

    def traces(self) -> pl.DataFrame:
        """Return all traces, one a row, without their messages."""
        return self._store.traces.frame()

    def trace(self, trace_id: str) -> TraceView:
        """Show one trace: the conversation and the facts around it.

        Raises
        ------
        UnknownNameError
            There is no such trace.
        """
        from erroranalysis.widgets.trace_view import TraceView

        return TraceView(self._store.traces.get(trace_id))

    def feedback(self) -> pl.DataFrame:
        """Return what the sources said about the quality of traces."""
        return self._store.traces.feedback()

    @helpful_keywords
    def sample(
        self,
        n: int = 100,
        *,
        by: str = "random",
        strata: str | Sequence[str] = (),
        allocation: str = "proportional",
        exclude_annotated: bool = True,
        seed: int = 0,
    ) -> Batch:
        """Draw traces to read, and write down the chance that each had.

        Parameters
        ----------
        n : int, default 100
            How many; all where there are fewer.
        by : {"random", "stratified"}
            How.
        strata : str or sequence of str
            For a stratified sample: metadata keys, ``model``, ``source``, ``month``.
        allocation : {"proportional", "equal"}
            How a stratified sample shares n over the strata.
        exclude_annotated : bool, default True
            Leave out what somebody has read already.
        seed : int, default 0
            The same seed draws the same traces.

        Returns
        -------
        Batch
            The traces in reading order.

        Raises
        ------
        NothingToDoError
            There are no traces, or all were read.
        """
        return draw(
            self._store,
            n,
            by=by,
            strata=[strata] if isinstance(strata, str) else list(strata),
            allocation=allocation,
            exclude_annotated=exclude_annotated,
            seed=seed,
        )

    def batches(self) -> pl.DataFrame:
        """Return all batches, the oldest first."""
        return self._store.batches.frame()

    @helpful_keywords
    def annotate(
        self, batch: Batch | str | Sequence[str] | None = None, *, annotator: str
    ) -> Annotator:
        """Show the annotator: read, press a key, write why; saved at once.

        Parameters
        ----------
        batch : Batch, str or sequence of str, optional
            A batch, the id of one, or trace ids picked by hand; by default the batch
            drawn last, and 100 random traces where there is none.
        annotator : str
            Who reads.

        Returns
        -------
        Annotator
            A widget. Run the cell again after a restart: it continues where you were.
        """
        from erroranalysis.widgets.annotator import Annotator

        queue = self.queue(batch, annotator=annotator)
        return Annotator(queue, self._store.traces.get)

    @helpful_keywords
    def queue(
        self, batch: Batch | str | Sequence[str] | None = None, *, annotator: str
    ) -> Queue:
        """Return the queue behind the annotator, for other front ends and scripts."""
        chosen = choose(self._store, batch)
        return Queue(self._store, chosen.batch_id, annotator)

    def annotations(self, *, history: bool = False) -> pl.DataFrame:
        """Return what people say now, or with ``history=True`` every act."""
        return self._store.annotations.frame(history=history)

    @helpful_keywords
    def import_annotations(
        self,
        source: object,
        *,
        annotator: str | None = None,
        batch: Batch | str | None = None,
        unknown_traces: str = "error",
    ) -> ImportReport:
        """Take over annotations that were made elsewhere.

        Parameters
        ----------
        source : path, frame or iterable of dict
            Columns ``trace_id``, ``annotator``, ``verdict``, ``critique``,
            ``first_failure``, ``created_at`` (or ``at``); the first and the third are
            needed.
        annotator : str, optional
            Who it was, where no column says so.
        batch : Batch or str, optional
            The sample that was read; without it nobody knows how the traces were
            chosen, and rates say so.
        unknown_traces : {"error", "skip"}
            What to do with rows about traces that the project does not have.

        Returns
        -------
        ImportReport
            How many said something new.

        Raises
        ------
        ImportAnnotationsError
            Something does not fit; nothing was imported.
        """
        batch_id = batch.batch_id if isinstance(batch, Batch) else batch
        return import_annotations(
            self._store,
            source,
            annotator=annotator,
            batch_id=batch_id,
            unknown_traces=unknown_traces,
        )

    def agreement(
        self, first: str | None = None, second: str | None = None
    ) -> Agreement:
        """Measure how far two annotators agree: Cohen's kappa and plain percent."""
        return overview.agreement(self._store, first, second)

    @helpful_keywords
    def judge(
        self,
        mode: str,
        model: str | None = None,
        *,
        base_url: str | None = None,
        annotator: str | None = None,
        seed: int = 0,
    ) -> Judge:
        """Return the judge of a failure mode, drafted from the expert's critiques.

        Parameters
        ----------
        mode : str
            Name of the failure mode.
        model : str, optional
            Name of a model; without it the bundled baseline, which needs no key.
        base_url : str, optional
            A server that speaks the OpenAI API; the key is read from
            ``OPENAI_API_KEY``.
        annotator : str, optional
            The person to shadow; the busiest annotator by default.
        seed : int, default 0
            Seed of the splits.

        Returns
        -------
        Judge
            ``judge.prompt``, ``judge.run("dev")``, ``judge.alignment("dev")``.

        Raises
        ------
        UnknownNameError
            There is no such failure mode.
        NothingToDoError
            There are too few labels.
        """
        return judge_for(
            self._store,
            self.taxonomy.find(mode),
            model=model,
            base_url=base_url,
            annotator=self._store.annotations.reference(annotator),
            seed=seed,
        )

    def judges(self) -> list[Judge]:
        """Return the newest judge of every failure mode."""
        return overview.judges(self._store)

    def alignments(self, split: str = "test") -> list[Alignment]:
        """Return how well every judge shadows the expert, on one split."""
        return overview.alignments(self._store, split)

    def judgements(self) -> pl.DataFrame:
        """Return every finished call of every judge."""
        return self._store.judging.frame()

    @helpful_keywords
    def failure_rates(self, *, annotator: str | None = None) -> FailureRates:
        """Estimate how often the product fails, overall and by failure mode.

        Parameters
        ----------
        annotator : str, optional
            Whose verdicts; the busiest annotator's by default.

        Returns
        -------
        FailureRates
            The method follows from how the labelled traces were chosen.

        Raises
        ------
        NoHonestEstimateError
            All labelled traces were picked because they looked bad.
        """
        return failure_rates(self._store, annotator=annotator)

    @helpful_keywords
    def export(
        self,
        path: str | os.PathLike[str],
        *,
        format: str | None = None,  # noqa: A002 - the word that users know
        annotator: str | None = None,
    ) -> ExportReport:
        """Write the labelled traces to a file: .jsonl, .csv or .parquet.

        Parameters
        ----------
        path : str or os.PathLike
            The file; replaced as a whole if it exists.
        format : {"jsonl", "csv", "parquet"}, optional
            By the ending of the path where it is not given.
        annotator : str, optional
            Whose labels; everybody's by default.

        Returns
        -------
        ExportReport
            Path and number of rows.
        """
        return export_labels(self._store, path, format=format, annotator=annotator)

    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write one HTML file with the findings; it needs no network to be read.

        Parameters
        ----------
        path : str or os.PathLike
            The file.

        Returns
        -------
        pathlib.Path
            The file.

        Raises
        ------
        NothingToDoError
            There are no annotations yet.
        """
        counts = self._store.counts()
        facts = dict(overview.stages(counts))
        facts["written"] = f"{utc_now():%Y-%m-%d %H:%M} UTC"
        sections = list(overview.report_sections(self._store))
        return write_report(
            path, title="Error analysis", facts=facts, sections=sections
        )

    def sql(self, query: str, parameters: Sequence[Any] | None = None) -> pl.DataFrame:
        """Run a query that reads, and return a polars frame.

        Parameters
        ----------
        query : str
            SQL; the tables are in ``docs/schema.md``.
        parameters : sequence, optional
            Values for ``?`` in the query.

        Returns
        -------
        polars.DataFrame
            The rows.

        Raises
        ------
        StoreError
            The query is wrong, or tries to write.
        """
        return self._store.query(query, parameters)
