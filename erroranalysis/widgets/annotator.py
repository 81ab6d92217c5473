"""The annotator: one widget to read traces, press a key and write why.

The widget owns no truth. What is pressed goes to the queue, which commits it; only
then does the page say "saved". Both sides speak by custom messages:

``{"id": "v1-7", "kind": "submit", …}``
    from the page, ``kind`` being one of the keys of :data:`KINDS`.
``{"re": "v1-7", "part": 0, "of": 1, "text": "{…}"}``
    the one answer, as JSON text in pieces below 1 MB, since the connection of a
    notebook dies of a message of 10 MB. It holds ``page``, or ``error``.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import anywidget

from erroranalysis.errors import (
    ErrorAnalysisError,
    UnknownNameError,
    helpful_keywords,
)
from erroranalysis.render import STYLE, render_trace

if TYPE_CHECKING:
    from collections.abc import Callable

    from erroranalysis.queue import Queue, QueueState
    from erroranalysis.records import Annotation, Trace

# Characters of a piece. All are ASCII here, and a second JSON encoding on the way out
# at most doubles them.
PIECE = 400_000
NO_FRONT_END = (
    "The annotator shows itself in JupyterLab, Notebook 7 and VS Code. Elsewhere use"
    " project.queue(batch, annotator=…): queue.current_id, queue.submit('pass')."
)
_STATIC = files("erroranalysis.widgets") / "static"

Body = dict[str, Any]


class Annotator(anywidget.AnyWidget):
    """The cockpit for one person and one batch.

    Parameters
    ----------
    queue : Queue
        The traces in reading order, and where verdicts go.
    traces : callable
        Returns the trace of an id.

    Raises
    ------
    TypeError
        An unknown keyword was given.
    """

    _esm = _STATIC.joinpath("annotator.js").read_text("utf-8")
    _css = STYLE + _STATIC.joinpath("annotator.css").read_text("utf-8")

    @helpful_keywords
    def __init__(self, queue: Queue, traces: Callable[[str], Trace]) -> None:
        self._queue = queue
        self._traces = traces
        super().__init__()
        self.on_msg(self._receive)

    def __repr__(self) -> str:
        """Say it in one line."""
        return repr(self._queue).replace("Queue(", "Annotator(", 1)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:  # noqa: ANN401 - what IPython wants
        found = super()._repr_mimebundle_(**kwargs)
        data, metadata = found if isinstance(found, tuple) else (found or {}, {})
        data["text/plain"] = f"{self!r}\n{NO_FRONT_END}"
        return data, metadata

    def _receive(self, _widget: object, content: Body, _buffers: object) -> None:
        """Answer a message of the page, exactly once and whatever happens."""
        if not isinstance(content, dict) or "id" not in content:
            return  # not one of ours
        try:
            kind = str(content.get("kind"))
            if kind not in KINDS:
                raise UnknownNameError.among("kind of message", kind, KINDS)  # noqa: TRY301
            body = KINDS[kind](self, content)
        except ErrorAnalysisError as error:
            body = {"error": str(error)}
        except Exception as error:  # noqa: BLE001 - it must show in the widget, not be lost
            body = {"error": f"{type(error).__name__}: {error}"}
        text = json.dumps(body)
        pieces = [text[i : i + PIECE] for i in range(0, len(text), PIECE)]
        for part, piece in enumerate(pieces):
            self.send(
                {
                    "re": content["id"],
                    "part": part,
                    "of": len(pieces),
                    "text": piece,
                }
            )

    def _open(self, asked: Body) -> Body:
        """Show the current trace, or the one at a place, beside one, or named."""
        queue = self._queue
        if asked.get("to"):
            queue.go_to(self._find(str(asked["to"]).strip()))
        elif asked.get("index") is not None:
            queue.go_to(queue.at(int(asked["index"])))
        elif asked.get("next"):
            queue.go_to(str(asked["trace_id"]))
            if queue.next_unlabelled() is None:
                return self._page(asked, said="Every trace has a verdict.")
        return self._page(asked)

    def _submit(self, asked: Body) -> Body:
        """Commit a verdict, then move on where that is asked for."""
        queue = self._queue
        queue.go_to(str(asked["trace_id"]))
        before = queue.annotation
        given = (
            asked["verdict"],
            (asked.get("critique") or "").strip() or None,
            asked.get("first_failure"),
        )
        said = ""
        if before and given == (
            before.verdict,
            before.critique,
            before.first_failure,
        ):
            said = "Already saved"  # pressing the same key again is no new act
        else:
            queue.submit(*given, seconds=asked.get("seconds"))
        if asked.get("then") == "next" and queue.next_unlabelled() is None:
            said = "Every trace has a verdict."
        return self._page(asked, said=said)

    def _undo(self, asked: Body) -> Body:
        undoable = self._queue.state().undoable
        written = self._queue.undo()
        what = undoable.verdict if undoable else written.verdict
        return self._page(asked, said=self._moved("Undone", what, written))

    def _redo(self, asked: Body) -> Body:
        written = self._queue.redo()
        return self._page(asked, said=self._moved("Redone", written.verdict, written))

    def _moved(self, done: str, verdict: str | None, written: Annotation) -> str:
        """Go where something was undone or redone, and say what it was."""
        if written.trace_id not in self._queue:
            where = f"{written.trace_id}, which is in another batch"
        else:
            self._queue.go_to(written.trace_id)
            where = f"no. {self._queue.position + 1}"
        return f"{done}: {verdict} on {where}"

    def _prefetch(self, asked: Body) -> Body:
        """Render a trace that will be looked at soon; the queue does not move."""
        return {"html": self._render(str(asked["trace_id"]))}

    def _find(self, to: str) -> str:
        """Return the trace that a number, an id or a part of one means."""
        queue = self._queue
        if to in queue:
            return to
        if to.isdecimal():
            return queue.at(int(to) - 1)
        parts = [
            trace_id for trace_id in queue.ids if to.casefold() in trace_id.casefold()
        ]
        if len(parts) == 1:
            return parts[0]
        if parts:
            some = ", ".join(parts[:5])
            raise UnknownNameError(
                f"{len(parts)} traces of this batch have {to!r} in their id: {some}."
                " Type more of it."
            )
        raise UnknownNameError.among("trace in this batch", to, queue.ids)

    def _page(self, asked: Body, said: str = "") -> Body:
        """Return all that the page shows of the current trace."""
        queue, state = self._queue, self._queue.state()
        trace_id = queue.current_id
        annotation = state.annotations.get(trace_id)
        page = {
            "trace_id": trace_id,
            "index": queue.position,
            "batch_id": queue.batch_id,
            "annotator": queue.annotator,
            "annotation": _said(annotation),
            "progress": asdict(state.progress),
            "verdicts": self._verdicts(state),
            "can_undo": state.undoable is not None,
            "can_redo": state.redoable is not None,
            "acts": state.acts,
            "message": said,
            "upcoming": self._upcoming(state),
        }
        # what the page holds already does not cross the wire again
        if trace_id not in (asked.get("have") or []):
            try:
                page["html"] = self._render(trace_id)
            except ErrorAnalysisError as error:
                page["problem"] = str(error)
        return {"page": page}

    def _upcoming(self, state: QueueState) -> list[str]:
        """Return the traces that are probably looked at next."""
        queue = self._queue
        upcoming = [queue.peek_unlabelled(state)]
        if queue.position + 1 < len(queue):
            upcoming.append(queue.at(queue.position + 1))
        return list(dict.fromkeys(name for name in upcoming if name))

    def _verdicts(self, state: QueueState) -> str:
        """Return one letter a trace, in reading order: p, f, d, or - for none."""
        found = (state.annotations.get(name) for name in self._queue.ids)
        return "".join(str(one.verdict)[0] if one else "-" for one in found)

    def _render(self, trace_id: str) -> str:
        return render_trace(self._traces(trace_id))


KINDS: dict[str, Callable[[Annotator, Body], Body]] = {
    "open": Annotator._open,  # noqa: SLF001 - the table of this module
    "submit": Annotator._submit,  # noqa: SLF001
    "undo": Annotator._undo,  # noqa: SLF001
    "redo": Annotator._redo,  # noqa: SLF001
    "prefetch": Annotator._prefetch,  # noqa: SLF001
}


def _said(annotation: Annotation | None) -> Body | None:
    if annotation is None:
        return None
    names = ("verdict", "critique", "first_failure", "seconds")
    return {name: getattr(annotation, name) for name in names}
