"""What the page of the annotator shows of the current trace, beside the trace."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from erroranalysis.critiques import short_critique
from erroranalysis.errors import NothingToDoError
from erroranalysis.records import digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from erroranalysis.queue import Others, Queue, QueueState
    from erroranalysis.records import Annotation

MODES_AFTER = 30

Body = dict[str, Any]


class Pages:
    """Puts together what stands around a trace, and knows who was told what.

    Parameters
    ----------
    queue : Queue
        The traces in reading order.
    modes_after : int or None
        Failing notes after which failure modes are shown; None for never.
    """

    def __init__(self, queue: Queue, modes_after: int | None) -> None:
        self._queue = queue
        self._modes_after = modes_after
        self._told: set[str] = set()
        self._writing: set[str] = set()  # failing traces, critique still to come
        self._heard: dict[str, Others | None] = {}

    @contextlib.contextmanager
    def at_one_moment(self) -> Iterator[None]:
        """Look once at what others said, and at the history, for one answer."""
        self._heard.clear()
        with self._queue.at_one_moment():
            yield

    def was_told(self, trace_id: str) -> bool:
        """Return whether the person saw here what others said of a trace."""
        return trace_id in self._told

    def wrote(self, trace_id: str) -> None:
        """Let others wait where a verdict was saved whose critique is still to come."""
        if self._lacks_critique(trace_id):
            self._writing.add(trace_id)

    def leaves(self, trace_id: str) -> bool:
        """Let others wait no longer; return whether there is news of them now."""
        if trace_id not in self._writing:
            return False
        self._writing.remove(trace_id)
        return self.has_news(trace_id)

    def has_news(self, trace_id: str) -> bool:
        """Return whether others differ and the person was not told yet."""
        if self.was_told(trace_id):
            return False
        said = self._others(trace_id)
        return said is not None and self._differ(trace_id, said)

    def of_current(self, said: str) -> Body:
        """Return what the page shows of the current trace, but for its HTML."""
        queue, state = self._queue, self._queue.state()
        trace_id = queue.current_id
        annotation = state.annotations.get(trace_id)
        return {
            "trace_id": trace_id,
            "index": queue.position,
            "project": digest(queue.path),
            "annotator": queue.annotator,
            "annotation": _said(annotation),
            "progress": asdict(state.progress),
            "verdicts": self._verdicts(state),
            "can_undo": state.undoable is not None,
            "can_redo": state.redoable is not None,
            "acts": state.acts,
            "message": said,
            **self._upcoming(),
            "why": queue.why(trace_id),
            "hint": _hint(annotation),
            "others": self._tell(trace_id),
            **self._modes(trace_id),
        }

    def _upcoming(self) -> dict[str, list[str]]:
        """Return the traces that are probably looked at next, and after that."""
        queue = self._queue
        unread = [name for name in queue.upcoming(3) if name != queue.current_id]
        beside = queue.ids[queue.position + 1 : queue.position + 2]
        upcoming = list(dict.fromkeys([*unread[:1], *beside]))
        return {"upcoming": upcoming, "later": unread[1:2]}

    def _verdicts(self, state: QueueState) -> str:
        """Return one letter a trace, in reading order: p, f, d, or - for none."""
        found = (state.annotations.get(name) for name in self._queue.ids)
        return "".join(str(one.verdict)[0] if one else "-" for one in found)

    # ---- blind first ----------------------------------------------------------------

    def _lacks_critique(self, trace_id: str) -> bool:
        own = self._queue.state().annotations.get(trace_id)
        return own is not None and own.verdict == "fail" and not own.critique

    def _waits(self, trace_id: str) -> bool:
        """Say whether a critique is being written that others must not colour."""
        return (
            trace_id in self._writing
            and not self.was_told(trace_id)
            and self._lacks_critique(trace_id)
        )

    def _others(self, trace_id: str) -> Others | None:
        if self._waits(trace_id):
            return None
        if trace_id not in self._heard:
            try:
                self._heard[trace_id] = self._queue.others(trace_id) or None
            except NothingToDoError:  # no verdict of one's own yet
                return None
        return self._heard[trace_id]

    def _differ(self, trace_id: str, said: Others) -> bool:
        own = self._queue.state().annotations.get(trace_id)
        verdict = own.verdict if own else None
        fails = [one.verdict == "fail" for one in said.judgements]
        # a judge looks for one failure mode: its pass says nothing of the others
        judges = any(fails) if verdict == "pass" else bool(fails) and not any(fails)
        colleagues = {one.verdict for one in said.annotations} - {"defer", None}
        return judges or bool(colleagues - {verdict})

    def _tell(self, trace_id: str) -> Body | None:
        """Return what others said, where the person has committed what they say."""
        said = self._others(trace_id)
        if said is None:
            return None
        self._told.add(trace_id)
        rows: list[tuple[str, str, str | None, str | None]] = [
            ("judge", one.mode, one.verdict, one.critique) for one in said.judgements
        ]
        rows += [
            (one.annotator, "", one.verdict, one.critique) for one in said.annotations
        ]
        names = ("who", "what", "verdict", "why")
        told = [dict(zip(names, row, strict=True)) for row in rows]
        return {"said": told, "differ": self._differ(trace_id, said)}

    # ---- failure modes --------------------------------------------------------------

    def _modes(self, trace_id: str) -> Body:
        if self._modes_after is None:
            return {"modes": None, "modes_later": "There are no failure modes here."}
        notes = self._queue.notes()
        if notes < self._modes_after:
            later = (
                f"Failure modes come after {self._modes_after} failing notes; you have"
                f" {notes}. Names that are there early are what everybody uses."
            )
            return {"modes": None, "modes_later": later}
        known = [{"name": one.name, "notes": one.count} for one in self._queue.modes()]
        return {"modes": {"all": known, "mine": self._queue.modes_of(trace_id)}}


def _hint(annotation: Annotation | None) -> str | None:
    if annotation is None or not _is_failing_note(annotation):
        return None
    return short_critique(annotation.critique or "")


def _is_failing_note(annotation: Annotation | None) -> bool:
    return bool(annotation and annotation.verdict == "fail" and annotation.critique)


def _said(annotation: Annotation | None) -> Body | None:
    if annotation is None:
        return None
    names = ("verdict", "critique", "first_failure", "seconds")
    return {name: getattr(annotation, name) for name in names}
