"""The history of one person: what it says now, and what undo and redo would do.

Undo and redo are derived from the history, which is only ever added to. An act with
``retracts`` set takes back the act of that id: an act of judging (then it is an undo)
or an undo (then it is a redo). Replaying the history gives the two stacks.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from erroranalysis.store.annotations import Mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from erroranalysis.records import Annotation
    from erroranalysis.store import Store


@dataclass(frozen=True)
class Undone:
    """An undo that redo can take back, and the act that it had undone."""

    undo_id: str
    undone: Annotation


@dataclass
class History:
    """The acts of one person, replayed.

    A batch in which traces are read again blind has a line of its own: what is said
    there neither hides nor replaces what was said before.

    Attributes
    ----------
    latest : dict
        By batch that reads again (None for all others), the last act on every trace.
    before : dict of str to Annotation
        By act, the one that it replaced.
    undo, redo : list
        The two stacks.
    acts : int
        How many acts there are.
    again : frozenset of str
        Batches in which traces are read again blind.
    """

    latest: dict[str | None, dict[str, Annotation]] = field(default_factory=dict)
    before: dict[str, Annotation | None] = field(default_factory=dict)
    undo: list[Annotation] = field(default_factory=list)
    redo: list[Undone] = field(default_factory=list)
    acts: int = 0
    again: frozenset[str] = frozenset()

    def line(self, batch_id: str | None) -> dict[str, Annotation]:
        """Return the last act on every trace, as a batch sees it."""
        return self.latest.setdefault(batch_id if batch_id in self.again else None, {})

    def replay(self, acts: Iterable[Annotation]) -> None:
        """Take further acts in, the oldest first."""
        for act in acts:
            line = self.line(act.batch_id)
            self.acts += 1
            self.before[id_of(act)] = line.get(act.trace_id)
            line[act.trace_id] = act
            if act.retracts is None:
                self.undo.append(act)
                self.redo.clear()
            elif self.undo and id_of(self.undo[-1]) == act.retracts:
                self.redo.append(Undone(id_of(act), self.undo.pop()))
            elif self.redo and self.redo[-1].undo_id == act.retracts:
                self.redo.pop()
                self.undo.append(act)


class Reader:
    """Reads and writes the history of one person; what it knows it does not read again.

    Parameters
    ----------
    store : Store
        The project file.
    annotator : str
        The person.
    batch_id : str
        The batch that the person works on.

    Attributes
    ----------
    size : int
        Traces in the batch at the last look.
    """

    def __init__(self, store: Store, annotator: str, batch_id: str) -> None:
        self._store = store
        self._annotator = annotator
        self._batch_id = batch_id
        self._history = History()
        self._mark = Mark()
        self._changes = -1  # of the project at the last look
        self._still = self._fresh = False
        self.size = 0

    @contextlib.contextmanager
    def still(self) -> Iterator[None]:
        """Read the history once for all that is asked within, and after own acts."""
        self._still, self._fresh = True, False
        try:
            yield
        finally:
            self._still = False

    @property
    def fresh(self) -> bool:
        """Whether the next look reads nothing, since it belongs to the last one."""
        return self._still and self._fresh

    def now(self) -> History:
        """Return the history of this moment, or as the store has it now."""
        return self._history if self.fresh else self.latest()

    def latest(self) -> History:
        """Return the history as the store has it now; within a lease it stays so."""
        # the lease keeps other threads of this process from replaying the same acts
        with self._store.leases.lease():
            if self._changes != self._store.leases.changes:
                self._look()
            self._fresh = True
            return self._history

    def _look(self) -> None:
        news = self._store.annotations.news(self._annotator, self._batch_id, self._mark)
        if news.whole:
            self._history = History()
        self._history.again = news.again
        self._history.replay(news.acts)
        self._mark, self.size = news.mark, news.size
        self._changes = self._store.leases.changes

    def add(self, annotation: Annotation) -> Annotation:
        """Write an act of the person; it is durable, and known here, afterwards."""
        with self._store.leases.lease():
            history = self.latest()
            before = history.line(annotation.batch_id).get(annotation.trace_id)
            written, added = self._store.annotations.add_after(
                annotation, id_of(before) if before else None
            )
            if id_of(written) > self._mark.last:
                history.replay([written])
                self._mark = self._mark.after(id_of(written), added)
                self._changes = self._store.leases.changes
            else:  # a clock went back: its place is among the others
                self._fresh = False
        return written


def id_of(act: Annotation) -> str:
    """Return the id of an act that was written."""
    return str(act.annotation_id)
