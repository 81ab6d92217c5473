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
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import anywidget

from erroranalysis.errors import (
    ErrorAnalysisError,
    NothingToDoError,
    UnknownNameError,
    helpful_keywords,
)
from erroranalysis.render import STYLE, render_part, render_trace
from erroranalysis.widgets.keys import rebound
from erroranalysis.widgets.page import MODES_AFTER, Pages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from erroranalysis.queue import Queue
    from erroranalysis.records import Annotation, Trace
    from erroranalysis.taxonomy import Taxonomy

# Characters of a piece. All are ASCII here, and a second JSON encoding on the way out
# at most doubles them.
PIECE = 400_000
# More than this many are not listed; the count is said all the same.
MOST_FOUND = 500
# Traces that are kept: the open one, whose parts are asked for, and the next.
MOST_KEPT = 3
# The hash of larger traces, in characters, is looked up when a verdict is written.
MOST_HASHED = 1_000_000
DIFFERENT = "Others see it differently."
NO_FRONT_END = (
    "The annotator shows itself in JupyterLab, Notebook 7 and marimo. Elsewhere use"
    " project.queue(batch, annotator=…): queue.current_id, queue.submit('pass')."
)
_STATIC = files("erroranalysis.widgets") / "static" / "annotator"
# one module for the browser, written in parts that build on each other
_PARTS = (
    "dom", "wire", "turns", "drafts", "keys", "help", "top", "reading", "finder",
    "modes", "others", "judging", "cockpit",
)  # fmt: skip

Body = dict[str, Any]


class Annotator(anywidget.AnyWidget):
    """The cockpit for one person and one batch.

    Parameters
    ----------
    queue : Queue
        The traces in reading order, and where verdicts go.
    traces : callable
        Returns the trace of an id, with its spans.
    taxonomy : Taxonomy, optional
        Where failure modes go; without one there are none to type.
    render : callable, optional
        Shows a trace the way its reader knows it, see
        :func:`~erroranalysis.render.render_trace`.
    keys : dict of str to str or sequence of str, optional
        Other keys, by the name of what they do.
    modes_after : int, default 30
        Failing notes after which failure modes can be typed.

    Raises
    ------
    UnknownNameError
        There is nothing that a key is named for.
    TypeError
        An unknown keyword was given.
    """

    _esm = "\n".join(
        _STATIC.joinpath(f"{part}.js").read_text("utf-8") for part in _PARTS
    )
    _css = STYLE + _STATIC.joinpath("annotator.css").read_text("utf-8")

    @helpful_keywords
    def __init__(
        self,
        queue: Queue,
        traces: Callable[[str], Trace],
        *,
        taxonomy: Taxonomy | None = None,
        render: Callable[[Trace], object] | None = None,
        keys: Mapping[str, str | Sequence[str]] | None = None,
        modes_after: int = MODES_AFTER,
    ) -> None:
        self._queue = queue
        self._traces = traces
        self._taxonomy = taxonomy
        self._custom = render
        self._keys = rebound(keys or {})
        self._kept: dict[str, Trace] = {}
        self._seen: dict[str, str] = {}  # hash of the messages that the page shows
        self._pages = Pages(queue, modes_after if taxonomy is not None else None)
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
            with self._pages.at_one_moment():
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

    # ---- moving ---------------------------------------------------------------------

    def _open(self, asked: Body) -> Body:
        """Show the current trace, or the one at a place, beside one, or named.

        ``trace_id`` is the trace that is left.
        """
        queue = self._queue
        left = asked.get("trace_id")
        if asked.get("next"):
            queue.go_to(str(left))
            return self._onward(asked)
        if left in queue and self._pages.leaves(str(left)):
            queue.go_to(str(left))
            return self._page(asked, said=DIFFERENT)
        if asked.get("to"):
            queue.go_to(self._find_id(str(asked["to"]).strip()))
        elif asked.get("index") is not None:
            queue.go_to(queue.at(int(asked["index"])))
        elif asked.get("deferred") and queue.next_deferred() is None:
            return self._page(asked, said="No trace is deferred.")
        return self._page(asked)

    def _onward(self, asked: Body, said: str = "") -> Body:
        """Go to the next trace without a verdict, unless there is something to see.

        Who did not know yet that a judge or a colleague differs stays to hear it.
        """
        here = self._queue.current_id
        if self._pages.leaves(here) or self._pages.has_news(here):
            return self._page(asked, said=DIFFERENT)
        if self._queue.next_unlabelled() is None:
            said = "Every trace has a verdict."
        return self._page(asked, said=said)

    def _find_id(self, to: str) -> str:
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

    # ---- judging --------------------------------------------------------------------

    def _submit(self, asked: Body) -> Body:
        """Commit a verdict, then move on where that is asked for."""
        queue = self._queue
        trace_id = queue.go_to(str(asked["trace_id"]))
        before = queue.annotation
        given = (
            asked["verdict"],
            (asked.get("critique") or "").strip() or None,
            asked.get("first_failure"),
        )
        said = ""
        same = before and given == (
            before.verdict,
            before.critique,
            before.first_failure,
        )
        if same and not asked.get("keep"):
            said = "Already saved"  # pressing the same key again is no new act
        else:
            queue.submit(
                *given,
                seconds=asked.get("seconds"),
                saw_judgement=self._pages.was_told(trace_id),
                content_hash=self._seen.get(trace_id),
            )
            self._pages.wrote(trace_id)
        if asked.get("then") == "next":
            return self._onward(asked)
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

    def _mode(self, asked: Body) -> Body:
        """Give the note of a trace to a failure mode, or take it from one."""
        trace_id = self._queue.go_to(str(asked["trace_id"]))
        taxonomy, who = self._taxonomy, self._queue.annotator
        if taxonomy is None:
            return self._page(asked)
        if name := asked.get("remove"):
            taxonomy.unassign(trace_id, name, annotator=who)
        elif name := str(asked.get("add") or "").strip():
            if not any(mode.name == name for mode in self._queue.modes()):
                taxonomy.add(name, "")
            taxonomy.assign(trace_id, name, annotator=who)
        return self._page(asked)

    # ---- finding --------------------------------------------------------------------

    def _find(self, asked: Body) -> Body:
        found = self._queue.find(**asked["filters"])
        names = ("trace_id", "place", "verdict", "critique", "snippet", "why")
        rows = [{n: getattr(one, n) for n in names} for one in found[:MOST_FOUND]]
        return {"found": rows, "total": len(found)}

    def _facets(self, _asked: Body) -> Body:
        return {"facets": self._queue.facets()}

    def _like(self, asked: Body) -> Body:
        trace_id = self._queue.go_to(str(asked["trace_id"]))
        try:
            added = len(self._queue.more_like(trace_id))
            said = f"{added} trace{'s' * (added != 1)} like this one next."
        except NothingToDoError as none:
            said = str(none)
        return self._page(asked, said=said)

    # ---- showing --------------------------------------------------------------------

    def _prefetch(self, asked: Body) -> Body:
        """Render a trace that will be looked at soon; the queue does not move."""
        return {"html": self._render(str(asked["trace_id"]))}

    def _part(self, asked: Body) -> Body:
        """Render some of the messages of a long trace."""
        trace = self._trace(str(asked["trace_id"]))
        return {"html": render_part(trace, int(asked["from"]), int(asked["to"]))}

    def _page(self, asked: Body, said: str = "") -> Body:
        """Return all that the page shows of the current trace."""
        page = self._pages.of_current(said)
        if asked.get("first"):
            page["keys"] = self._keys
        # what the page holds already does not cross the wire again
        if page["trace_id"] not in (asked.get("have") or []):
            try:
                page["html"] = self._render(page["trace_id"])
            except ErrorAnalysisError as error:
                page["problem"] = str(error)
        return {"page": page}

    def _trace(self, trace_id: str) -> Trace:
        """Return a trace; the last ones are kept, since a large one takes its time."""
        if trace_id not in self._kept:
            while len(self._kept) >= MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[trace_id] = self._traces(trace_id)
        return self._kept[trace_id]

    def _render(self, trace_id: str) -> str:
        trace = self._trace(trace_id)
        if sum(len(message.get("content") or "") for message in trace.messages) < (
            MOST_HASHED
        ):
            self._seen[trace_id] = trace.content_hash
        return render_trace(
            trace,
            lazy=True,
            # counting looks through the whole batch: not where nothing is counted
            same_prompt=(
                self._queue.same_prompt(trace_id)
                if trace.messages and trace.messages[0].get("role") == "system"
                else 0
            ),
            custom=self._custom,
        )


KINDS: dict[str, Callable[[Annotator, Body], Body]] = {
    "open": Annotator._open,  # noqa: SLF001 - the table of this module
    "submit": Annotator._submit,  # noqa: SLF001
    "undo": Annotator._undo,  # noqa: SLF001
    "redo": Annotator._redo,  # noqa: SLF001
    "mode": Annotator._mode,  # noqa: SLF001
    "find": Annotator._find,  # noqa: SLF001
    "facets": Annotator._facets,  # noqa: SLF001
    "like": Annotator._like,  # noqa: SLF001
    "prefetch": Annotator._prefetch,  # noqa: SLF001
    "part": Annotator._part,  # noqa: SLF001
}
