"""One person's place in a batch, and acts on its traces."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from erroranalysis.errors import NothingToDoError, UnknownNameError
from erroranalysis.queue.history import Reader, id_of
from erroranalysis.queue.progress import Progress, QueueState, progress_of
from erroranalysis.records import VERDICTS, Annotation, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from erroranalysis.store import Store


class Acts:
    """The traces of a batch in reading order, a place among them, and acts on them.

    Parameters
    ----------
    store : Store
        The project file.
    batch_id : str
        The batch.
    annotator : str
        Who reads.
    """

    def __init__(self, store: Store, batch_id: str, annotator: str) -> None:
        if not annotator.strip():
            raise NothingToDoError("Say who reads: annotate(batch, annotator='mira').")
        self._store = store
        self.batch_id = batch_id
        self.annotator = annotator
        self._reader = Reader(store, annotator, batch_id)
        self._state: QueueState | None = None  # of this moment, see at_one_moment
        self.ids: tuple[str, ...] = ()
        self._place: dict[str, int] = {}
        self._why: dict[str, str | None] = {}
        self._position = -1
        self._read_batch()
        if not self.ids:
            raise NothingToDoError(
                f"The batch {batch_id!r} holds no traces. Draw one:"
                " project.sample(100)."
            )
        self._position = len(self.ids) - 1
        self.next_unlabelled()

    def __len__(self) -> int:
        """Return the number of traces."""
        return len(self.ids)

    def __repr__(self) -> str:
        """Say it in one line."""
        said = repr(self.progress())[len("Progress(") : -1]
        return f"Queue({self.batch_id!r}, {self.annotator!r}, {said})"

    def __contains__(self, trace_id: object) -> bool:
        """Say whether the batch holds a trace."""
        return trace_id in self._place

    @property
    def position(self) -> int:
        """Place of the current trace, from 0."""
        return self._position

    @property
    def current_id(self) -> str:
        """Id of the current trace."""
        return self.ids[self._position]

    @property
    def annotation(self) -> Annotation | None:
        """What the person says now of the current trace."""
        return self.state().annotations.get(self.current_id)

    def at(self, index: int) -> str:
        """Return the id of the trace at a place, from 0; it does not move.

        Raises
        ------
        UnknownNameError
            The batch is shorter.
        """
        if not 0 <= index < len(self.ids):
            raise UnknownNameError(
                f"There is no trace {index + 1} in this batch; it has {len(self.ids)}."
            )
        return self.ids[index]

    def go_to(self, trace_id: str) -> str:
        """Make a trace the current one and return its id.

        Raises
        ------
        UnknownNameError
            The batch does not hold it.
        """
        self._position = self._place[self._known(trace_id)]
        return trace_id

    @property
    def path(self) -> str:
        """The project file."""
        return self._store.path

    def why(self, trace_id: str) -> str | None:
        """Return why a trace is in the batch: the stratum it was drawn from."""
        return self._why.get(trace_id)

    def next_unlabelled(self) -> str | None:
        """Move on to the next trace without a verdict, from the top after the last.

        Returns
        -------
        str or None
            Its id; None, and no move, where every trace has a verdict.
        """
        return self._move(self.peek_unlabelled())

    def peek_unlabelled(self) -> str | None:
        """Return the next trace without a verdict, without moving."""
        return next(iter(self.upcoming(1)), None)

    def upcoming(self, n: int) -> list[str]:
        """Return the next traces without a verdict, without moving."""
        said = self.state().annotations
        return list(islice((one for one in self._onward() if one not in said), n))

    def next_deferred(self) -> str | None:
        """Move on to the next deferred trace, from the top after the last.

        Returns
        -------
        str or None
            Its id, which may be that of the current trace; None, and no move, where
            nothing is deferred.
        """
        said = self.state().annotations
        deferred = {name for name, one in said.items() if one.verdict == "defer"}
        return self._move(next((n for n in self._onward() if n in deferred), None))

    @contextlib.contextmanager
    def at_one_moment(self) -> Iterator[None]:
        """Let all that is asked within see the store as it was when it began.

        Own acts are seen at once. What is asked together, such as all that a page
        shows, is told faster so, and fits together.
        """
        with self._reader.still():
            self._state = None
            yield

    def state(self) -> QueueState:
        """Return what the store says now; only what is new is read."""
        if self._state is None or not self._reader.fresh:
            self._state = self._state_now()
        return self._state

    def _state_now(self) -> QueueState:
        # one lease: nobody adds traces to the batch between the two looks
        with self._store.leases.lease():
            history = self._reader.now()
            if self._reader.size != len(self.ids):
                self._read_batch()
            line = history.line(self.batch_id)
            said = {
                trace_id: line[trace_id]
                for trace_id in self.ids
                if trace_id in line and line[trace_id].verdict is not None
            }
            return QueueState(
                annotations=said,
                progress=progress_of(len(self.ids), said.values()),
                undoable=history.undo[-1] if history.undo else None,
                redoable=history.redo[-1].undone if history.redo else None,
                acts=history.acts,
            )

    def progress(self) -> Progress:
        """Return how far the person is with this batch."""
        return self.state().progress

    def submit(
        self,
        verdict: Verdict,
        critique: str | None = None,
        first_failure: str | None = None,
        seconds: float | None = None,
        saw_judgement: bool | None = None,  # noqa: FBT001 - in the order of the columns
        content_hash: str | None = None,
    ) -> Annotation:
        """Write a verdict on the current trace; it is durable when this returns.

        Parameters
        ----------
        verdict : {"pass", "fail", "defer"}
            The verdict.
        critique : str, optional
            What went wrong or right.
        first_failure : str, optional
            Message index or span id where it first went wrong.
        seconds : float, optional
            Time spent reading and writing.
        saw_judgement : bool, optional
            Whether a judge's verdict was visible before.
        content_hash : str, optional
            Hash of the messages that were seen; of those in the project by default.

        Returns
        -------
        Annotation
            The row that was written. The queue does not move.

        Raises
        ------
        UnknownNameError
            There is no such verdict.
        """
        if verdict not in VERDICTS:
            raise UnknownNameError.among("verdict", verdict, VERDICTS)
        self._state = None
        return self._reader.add(
            Annotation(
                trace_id=self.current_id,
                annotator=self.annotator,
                verdict=verdict,
                critique=(critique or "").strip() or None,
                first_failure=first_failure,
                seconds=seconds,
                saw_judgement=saw_judgement,
                content_hash=content_hash,
                batch_id=self.batch_id,
            )
        )

    def undo(self) -> Annotation:
        """Take back the person's last act, in whatever batch and kernel it was done.

        Returns
        -------
        Annotation
            The row that was written: the trace is as before the act, and without a
            verdict where there was none.

        Raises
        ------
        NothingToDoError
            There is no act to take back.
        """
        # one lease: another tab cannot take back the same act in between
        with self._store.leases.lease():
            history = self._reader.latest()
            if not history.undo:
                raise NothingToDoError(
                    f"There is nothing to undo: {self.annotator} has judged nothing, or"
                    " has taken everything back already."
                )
            act = history.undo[-1]
            before = history.before.get(id_of(act)) or Annotation(
                act.trace_id, act.annotator, None, batch_id=act.batch_id
            )
            return self._restore(before, retracts=id_of(act))

    def redo(self) -> Annotation:
        """Restore the act that undo took back last.

        Returns
        -------
        Annotation
            The row that was written.

        Raises
        ------
        NothingToDoError
            Nothing was undone since the last verdict.
        """
        with self._store.leases.lease():
            history = self._reader.latest()
            if not history.redo:
                raise NothingToDoError(
                    "There is nothing to redo: nothing was undone since"
                    f" {self.annotator}'s last verdict."
                )
            last = history.redo[-1]
            return self._restore(last.undone, retracts=last.undo_id)

    def _restore(self, state: Annotation, *, retracts: str) -> Annotation:
        self._state = None
        # the state comes back whole: the batch it was read in decides what rates the
        # label allows, and the hash says which messages had been seen
        return self._reader.add(
            replace(
                state,
                annotation_id=None,
                supersedes=None,
                created_at=None,
                retracts=retracts,
            )
        )

    def _said(self) -> Mapping[str, Annotation]:
        """Return the person's last act on every trace; re-readings do not count."""
        return self._reader.now().line(None)

    def _read_batch(self) -> None:
        """Read the traces of the batch; the current one stays the current one."""
        self._state = None
        current = self.ids[self._position] if self.ids else None
        _, items = self._store.batches.get(self.batch_id)
        self.ids = tuple(item["trace_id"] for item in items)
        self._why = {item["trace_id"]: item["stratum"] for item in items}
        self._place = {trace_id: place for place, trace_id in enumerate(self.ids)}
        if current is not None:
            self._position = self._place.get(current, 0)

    def _known(self, trace_id: str) -> str:
        if trace_id not in self._place:
            raise UnknownNameError.among("trace in this batch", trace_id, self.ids)
        return trace_id

    def _onward(self) -> tuple[str, ...]:
        """Return all traces from the next one on, then from the top to this one."""
        after = self._position + 1
        return self.ids[after:] + self.ids[:after]

    def _move(self, trace_id: str | None) -> str | None:
        if trace_id is not None:
            self._position = self._place[trace_id]
        return trace_id
