"""Choosing traces and saying what is wrong with them. The methods delegate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erroranalysis.annotating import ImportReport, import_annotations
from erroranalysis.batch import Batch, choose, draw
from erroranalysis.errors import helpful_keywords
from erroranalysis.project.loading import Loading
from erroranalysis.queue import Queue
from erroranalysis.taxonomy import Taxonomy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    import polars as pl

    from erroranalysis.records import Trace
    from erroranalysis.widgets.annotator import Annotator


class Reading(Loading):
    """Choosing traces, and saying what is wrong with them."""

    @helpful_keywords
    def sample(  # noqa: PLR0913 - each is a word that a user needs at some time
        self,
        n: int = 100,
        *,
        by: str | Mapping[str, float] = "random",
        strata: str | Sequence[str] = (),
        allocation: str = "proportional",
        at_least: int = 0,
        since: date | str | None = None,
        sessions: str = "apart",
        exclude_annotated: bool = True,
        annotator: str | None = None,
        signals: Mapping[str, str] | Sequence[str] | None = None,
        seed: int = 0,
    ) -> Batch:
        """Choose traces to read; write down why each, and the chance that it had.

        To say how often something fails:

        - ``random``: any trace, each with the same chance.
        - ``stratified``: some of every channel, month, model or cluster.
        - ``new``: random, of what came since a day or an import.

        To find failures; what is found this way says nothing about how often:

        - ``signals``: questions asked again, sessions broken off, anger, corrections,
          refusals, tools that fail.
        - ``feedback``: thumbs down, low scores, comments.
        - ``outlier``: longest, slowest, dearest; errors; tools that are seldom used.
        - ``coverage``: a few from every region of what people ask.
        - ``uncertainty``: where the baseline judge is least sure.
        - ``disagreement``: where people, or people and judges, differ.

        To see how steady a person is: ``recheck`` shows old traces again, blind.

        Parameters
        ----------
        n : int, default 100
            How many; all where there are fewer.
        by : str or mapping of str to float
            One of these, or shares of several: ``{"random": 0.5, "signals": 0.5}``.
        strata : str or sequence of str
            For a stratified sample: metadata keys, ``model``, ``source``, ``month``,
            ``cluster``.
        allocation : {"proportional", "equal"}
            How a stratified sample shares n over the strata.
        at_least : int, default 0
            The smallest number from every stratum.
        since : datetime.date, datetime.datetime or str, optional
            Only traces since that day, moment (also as ISO text, UTC) or import.
        sessions : {"apart", "together"}
            Whether sessions are read whole; n is then about the number of traces.
        exclude_annotated : bool, default True
            Leave out what somebody has read already.
        annotator : str, optional
            Whose labels teach (``uncertainty``), differ or are read again; the
            busiest annotator's by default.
        signals : mapping of str to str or sequence of str, optional
            Patterns to look for besides the signals, by name: ``{"refund": r"money
            back"}``; or names of signals, to look for these only.
        seed : int, default 0
            The same seed draws the same traces.

        Returns
        -------
        Batch
            The traces in reading order.

        Raises
        ------
        NothingToDoError
            There are no traces, all were read, or none is of the kind asked for.
        UnknownNameError
            There is no such strategy, stratum, signal, import or annotator.
        """
        names = (strata,) if isinstance(strata, str) else tuple(strata)
        return draw(
            self._store, n, by=by, since=since, sessions=sessions, seed=seed,
            exclude_annotated=exclude_annotated, annotator=annotator, strata=names,
            allocation=allocation, at_least=at_least, signals=signals,
        )  # fmt: skip

    def batches(self) -> pl.DataFrame:
        """Return all batches, the oldest first."""
        return self._store.batches.frame()

    @helpful_keywords
    def annotate(
        self,
        batch: Batch | str | Sequence[str] | None = None,
        *,
        annotator: str,
        render: Callable[[Trace], object] | None = None,
        keys: Mapping[str, str | Sequence[str]] | None = None,
        modes_after: int = 30,
    ) -> Annotator:
        """Show the annotator: read, press a key, write why; saved at once.

        Parameters
        ----------
        batch : Batch, str or sequence of str, optional
            A batch, the id of one, or trace ids picked by hand; by default the batch
            drawn last, and 100 random traces where there is none.
        annotator : str
            Who reads.
        render : callable, optional
            Shows a trace the way its reader knows it: ``render(trace)`` returns HTML
            or blocks, see :func:`~erroranalysis.render.render_trace`. It is sanitised
            like everything else.
        keys : dict of str to str or sequence of str, optional
            Other keys, such as ``{"pass": "x", "fail": ["f", "shift+f"]}``; ``?`` in
            the annotator shows them all.
        modes_after : int, default 30
            Failing notes after which failure modes can be typed. Names that are there
            from the start are the names that everybody uses.

        Returns
        -------
        Annotator
            A widget. Run the cell again after a restart: it continues where you were.
        """
        from erroranalysis.widgets.annotator import Annotator

        queue = self.queue(batch, annotator=annotator)
        self._store.traces.locate(queue.ids)
        return Annotator(
            queue,
            self._store.traces.whole,
            taxonomy=Taxonomy(self._store),
            render=render,
            keys=keys,
            modes_after=modes_after,
        )

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
