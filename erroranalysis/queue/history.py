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
    """Reads the history of one person; what it has read it does not read again.

    Parameters
    ----------
    store : Store
        The project file.
    annotator : str
        The person.
    """

    def __init__(self, store: Store, annotator: str) -> None:
        self._store = store
        self._annotator = annotator
        self._history = History()
        self._mark = Mark()
        self._still = self._fresh = False

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

    def forget(self) -> None:
        """Read anew at the next look: something was written."""
        self._fresh = False

    def now(self) -> History:
        """Return the history as the store has it now."""
        if self.fresh:
            return self._history
        # the lease keeps other threads of this process from replaying the same acts
        with self._store.leases.lease():
            news = self._store.annotations.news(self._annotator, self._mark)
            if news.whole:
                self._history = History()
            self._history.again = news.again
            self._history.replay(news.acts)
            self._mark = news.mark
            self._fresh = True
            return self._history


def id_of(act: Annotation) -> str:
    """Return the id of an act that was written."""
    return str(act.annotation_id)
