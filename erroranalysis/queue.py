"""The queue: the traces of a batch in reading order, and one person's acts on them.

A queue owns no truth. Every look is read from the store, so two kernels, two tabs or
a script of one person see each other's work, and a restart loses nothing but the
place, which is found again: the first trace without a verdict.

Undo and redo are derived from the history, which is only ever added to. An act with
``retracts`` set takes back the act of that id: an act of judging (then it is an undo)
or an undo (then it is a redo). Replaying the history gives the two stacks.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from erroranalysis.errors import NothingToDoError, UnknownNameError
from erroranalysis.records import VERDICTS, Annotation, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from erroranalysis.store import Store

# Longer than this on one trace is a coffee, not reading.
IDLE_SECONDS = 600.0
# A speed from fewer traces would jump about.
FEWEST_FOR_SPEED = 3


@dataclass(frozen=True)
class Progress:
    """How far one person is with a batch.

    Attributes
    ----------
    total : int
        Traces in the batch.
    done : int
        Traces with a pass or a fail.
    passed, failed, deferred : int
        Traces by verdict.
    left : int
        Traces without any verdict.
    per_hour : float or None
        Traces decided per hour of reading; None until three have been timed.

    Examples
    --------
    >>> Progress(100, 45, 30, 15, 3, 52, 62.4)
    Progress(45 of 100 · 3 deferred · 62 an hour)
    """

    total: int
    done: int
    passed: int
    failed: int
    deferred: int
    left: int
    per_hour: float | None

    def __repr__(self) -> str:
        """Say it in one line."""
        parts = [f"{self.done} of {self.total}"]
        if self.deferred:
            parts.append(f"{self.deferred} deferred")
        if self.per_hour is not None:
            parts.append(f"{self.per_hour:.0f} an hour")
        return f"Progress({' · '.join(parts)})"


@dataclass(frozen=True)
class QueueState:
    """What the store says at one moment about one person and one batch.

    Attributes
    ----------
    annotations : dict of str to Annotation
        What the person says now, by trace of the batch.
    progress : Progress
        How far the person is.
    undoable, redoable : Annotation or None
        The act that undo would take back, and the one that redo would restore.
    acts : int
        Acts of the person so far, in all batches.
    """

    annotations: dict[str, Annotation]
    progress: Progress
    undoable: Annotation | None
    redoable: Annotation | None
    acts: int


class Queue:
    """The traces of a batch in reading order, as one person works through them.

    Parameters
    ----------
    store : Store
        The project file.
    batch_id : str
        The batch.
    annotator : str
        Who reads.

    Raises
    ------
    UnknownNameError
        There is no such batch.
    NothingToDoError
        The batch is empty, or the annotator has no name.
    """

    def __init__(self, store: Store, batch_id: str, annotator: str) -> None:
        if not annotator.strip():
            raise NothingToDoError("Say who reads: annotate(batch, annotator='mira').")
        self._store = store
        self.batch_id = batch_id
        self.annotator = annotator
        _, items = store.batches.get(batch_id)
        self.ids: tuple[str, ...] = tuple(item["trace_id"] for item in items)
        if not self.ids:
            raise NothingToDoError(
                f"The batch {batch_id!r} holds no traces. Draw one:"
                " project.sample(100)."
            )
        self._place = {trace_id: place for place, trace_id in enumerate(self.ids)}
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
        if trace_id not in self._place:
            raise UnknownNameError.among("trace in this batch", trace_id, self.ids)
        self._position = self._place[trace_id]
        return trace_id

    def next_unlabelled(self) -> str | None:
        """Move on to the next trace without a verdict, from the top after the last.

        Returns
        -------
        str or None
            Its id; None, and no move, where every trace has a verdict.
        """
        found = self.peek_unlabelled()
        if found is not None:
            self._position = self._place[found]
        return found

    def peek_unlabelled(self, state: QueueState | None = None) -> str | None:
        """Return the next trace without a verdict, without moving."""
        said = (state or self.state()).annotations
        after = self._position + 1
        for trace_id in self.ids[after:] + self.ids[:after]:
            if trace_id not in said:
                return trace_id
        return None

    def state(self) -> QueueState:
        """Return what the store says now, from one reading of the history."""
        history = _replay(self._store.annotations.history(annotator=self.annotator))
        said = {
            trace_id: latest
            for trace_id, latest in history.latest.items()
            if trace_id in self._place and latest.verdict is not None
        }
        return QueueState(
            annotations=said,
            progress=_progress(len(self.ids), said.values()),
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
        return self._store.annotations.add(
            Annotation(
                trace_id=self.current_id,
                annotator=self.annotator,
                verdict=verdict,
                critique=(critique or "").strip() or None,
                first_failure=first_failure,
                seconds=seconds,
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
        # one transaction: another tab cannot take back the same act in between
        with self._store.leases.transaction():
            history = _replay(self._store.annotations.history(annotator=self.annotator))
            if not history.undo:
                raise NothingToDoError(
                    f"There is nothing to undo: {self.annotator} has judged nothing, or"
                    " has taken everything back already."
                )
            act = history.undo[-1]
            before = history.before.get(_id(act)) or Annotation(
                act.trace_id, act.annotator, None, batch_id=act.batch_id
            )
            return self._restore(before, retracts=_id(act))

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
        with self._store.leases.transaction():
            history = _replay(self._store.annotations.history(annotator=self.annotator))
            if not history.redo:
                raise NothingToDoError(
                    "There is nothing to redo: nothing was undone since"
                    f" {self.annotator}'s last verdict."
                )
            last = history.redo[-1]
            return self._restore(last.undone, retracts=last.undo_id)

    def _restore(self, state: Annotation, *, retracts: str) -> Annotation:
        # the state comes back whole: the batch it was read in decides what rates the
        # label allows, and the hash says which messages had been seen
        return self._store.annotations.add(
            replace(
                state,
                annotation_id=None,
                supersedes=None,
                created_at=None,
                retracts=retracts,
            )
        )


@dataclass(frozen=True)
class _Undone:
    undo_id: str
    undone: Annotation


@dataclass
class _History:
    """The acts of one person, replayed."""

    latest: dict[str, Annotation] = field(default_factory=dict)
    before: dict[str, Annotation | None] = field(default_factory=dict)
    undo: list[Annotation] = field(default_factory=list)
    redo: list[_Undone] = field(default_factory=list)
    acts: int = 0


def _replay(acts: Iterable[Annotation]) -> _History:
    history = _History()
    for act in acts:
        history.acts += 1
        history.before[_id(act)] = history.latest.get(act.trace_id)
        history.latest[act.trace_id] = act
        if act.retracts is None:
            history.undo.append(act)
            history.redo.clear()
        elif history.undo and _id(history.undo[-1]) == act.retracts:
            history.redo.append(_Undone(_id(act), history.undo.pop()))
        elif history.redo and history.redo[-1].undo_id == act.retracts:
            history.redo.pop()
            history.undo.append(act)
    return history


def _id(act: Annotation) -> str:
    return str(act.annotation_id)


def _progress(total: int, said: Iterable[Annotation]) -> Progress:
    count = dict.fromkeys(VERDICTS, 0)
    timed: list[float] = []
    for annotation in said:
        if annotation.verdict is None:
            continue
        count[annotation.verdict] += 1
        if annotation.verdict != "defer" and annotation.seconds is not None:
            timed.append(min(annotation.seconds, IDLE_SECONDS))
    spent = sum(timed)
    enough = len(timed) >= FEWEST_FOR_SPEED and spent > 0
    done = count["pass"] + count["fail"]
    return Progress(
        total=total,
        done=done,
        passed=count["pass"],
        failed=count["fail"],
        deferred=count["defer"],
        left=total - done - count["defer"],
        per_hour=3600 * len(timed) / spent if enough else None,
    )
