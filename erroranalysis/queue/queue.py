"""The queue: one person's work on a batch, and the looks into it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from erroranalysis.errors import NothingToDoError, UnknownNameError, helpful_keywords
from erroranalysis.likeness import most_alike
from erroranalysis.queue.acts import Acts
from erroranalysis.queue.looks import Found, Judgement, ModeCount, Others
from erroranalysis.queue.texts import Texts
from erroranalysis.records import VERDICTS
from erroranalysis.store.search import FACTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from erroranalysis.records import Annotation, Verdict
    from erroranalysis.store import Store

VERDICT_FILTERS = (*VERDICTS, "none")
FEEDBACK_FILTERS = ("any", "negative", "positive")
# Similar traces are looked for among so many; of a larger project in a random part.
POOL = 20_000
# A key with more values than this is no filter; of these the most frequent are offered.
_MOST_VALUES = 50
_SHOWN_VALUES = 12


class Queue(Acts):
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
        super().__init__(store, batch_id, annotator)
        self._texts = Texts(store.search)
        self._prompts: tuple[tuple[str, ...], dict[str, int]] | None = None

    @helpful_keywords
    def find(
        self,
        *,
        verdict: str | None = None,
        mode: str | None = None,
        text: str | None = None,
        metadata: Mapping[str, object] | None = None,
        feedback: str | None = None,
        saw: bool | None = None,
    ) -> list[Found]:
        """Find traces of the batch; what is left out does not filter.

        Parameters
        ----------
        verdict : {"pass", "fail", "defer", "none"}, optional
            What the person says now.
        mode : str, optional
            A failure mode that the person's failing note belongs to.
        text : str, optional
            Words that all occur in the messages (system prompts apart), the person's
            note or the id.
        metadata : mapping, optional
            Values by key; ``model`` and ``source`` are looked up as facts, too. None
            finds traces that do not have the key.
        feedback : {"any", "negative", "positive"}, optional
            What the source said: a word or a thumb, or a score in the lowest or highest
            quarter of the range that scores of its name take in the project.
        saw : bool, optional
            Whether a judge's verdict was visible before the person's current act.

        Returns
        -------
        list of Found
            In reading order.

        Raises
        ------
        UnknownNameError
            There is no such verdict, failure mode, metadata key or kind of feedback.
        """
        if verdict is not None and verdict not in VERDICT_FILTERS:
            raise UnknownNameError.among("verdict", verdict, VERDICT_FILTERS)
        if feedback is not None and feedback not in FEEDBACK_FILTERS:
            raise UnknownNameError.among("kind of feedback", feedback, FEEDBACK_FILTERS)
        said = self.state().annotations
        ids = self._by_act(said, verdict, mode, saw)
        if metadata or feedback:
            fits = self._store.search.find(ids, metadata or {}, feedback)
            if not fits:
                self._check_keys(metadata or {})
            ids = [trace_id for trace_id in ids if trace_id in fits]
        snippets: Mapping[str, str | None] = dict.fromkeys(ids)
        if words := (text or "").split():
            notes = {key: one.critique or "" for key, one in said.items()}
            snippets = self._texts.find(ids, notes, words)
        return [
            self._found(trace_id, said.get(trace_id), snippets[trace_id])
            for trace_id in ids
            if trace_id in snippets
        ]

    def facets(self) -> dict[str, Any]:
        """Count what the filters of :meth:`find` would find.

        Returns
        -------
        dict
            ``verdict``: counts of pass, fail, defer and none. ``metadata``: by key,
            counts by value, the twelve most frequent ones; only keys that tell traces
            apart and have few values. ``feedback``: counts of any, negative and
            positive. ``models``: counts by model. ``modes``: counts of the person's
            notes by failure mode.
        """
        state, search = self.state(), self._store.search
        verdicts: Counter[str] = Counter(dict.fromkeys(VERDICT_FILTERS, 0))
        verdicts.update(str(said.verdict) for said in state.annotations.values())
        verdicts["none"] = len(self.ids) - len(state.annotations)
        fails = {key for key, a in state.annotations.items() if a.verdict == "fail"}
        modes = {
            name: len(fails & search.in_mode(mode_id, self.annotator))
            for mode_id, name, _, notes in search.modes()
            if notes
        }
        return {
            "verdict": dict(verdicts),
            "metadata": self._metadata(),
            "feedback": search.feelings(self.ids),
            "models": dict(search.models(self.ids)),
            "modes": {name: count for name, count in modes.items() if count},
        }

    def others(self, trace_id: str) -> Others:
        """Return what judges and colleagues said of a trace, once one has decided.

        Raises
        ------
        NothingToDoError
            The person has not said pass or fail of it yet.
        UnknownNameError
            The batch does not hold it.
        """
        said = self.state().annotations.get(self._known(trace_id))
        if said is None or said.verdict == "defer":
            raise NothingToDoError(
                "Say pass or fail first; what others said is shown after that."
            )
        store = self._store
        return Others(
            tuple(Judgement(**row) for row in store.judging.said_of(trace_id)),
            tuple(store.annotations.colleagues(self.annotator, trace_id)),
        )

    def more_like(self, trace_id: str | None = None, n: int = 5) -> list[str]:
        """Put the unread traces that are most like a trace right behind it.

        They are compared by what user and product said. Nobody drew them, so no rate
        counts their labels as part of a random sample.

        Parameters
        ----------
        trace_id : str, optional
            A trace of the batch; the current one by default.
        n : int, default 5
            How many at most.

        Returns
        -------
        list of str
            Their ids, in the order in which they now follow the trace. The queue does
            not move.

        Raises
        ------
        NothingToDoError
            There is no such trace left that the person has not read.
        """
        trace_id = self._known(trace_id or self.current_id)
        if n < 1:
            raise NothingToDoError(f"{n} similar traces are none; ask for one or more.")
        search = self._store.search
        pool = search.unread(self.batch_id, self.annotator, POOL)
        alike = most_alike(search.said(trace_id), [said for _, said in pool], n)
        chosen = [pool[place][0] for place in alike]
        fresh = self._store.batches.insert_after(
            self.batch_id, trace_id, chosen, why=f"like {trace_id}"
        )
        self._read_batch()
        if not fresh:
            raise NothingToDoError(
                f"There is nothing more like {trace_id!r}: every other trace is in this"
                f" batch already, was read by {self.annotator}, or has nothing in"
                " common with it."
            )
        return fresh

    def modes(self) -> list[ModeCount]:
        """Return the failure modes and how many notes belong to each, most first."""
        return [ModeCount(*row[1:]) for row in self._store.search.modes()]

    def modes_of(self, trace_id: str) -> list[str]:
        """Return the failure modes of the person's note on a trace, by name.

        A trace that does not fail has none.
        """
        said = self._said().get(trace_id)
        if said is None or said.verdict != "fail":
            return []
        return self._store.search.modes_of(trace_id, self.annotator)

    def notes(self) -> int:
        """Return how many failing traces the person has a note on, in all batches."""
        return sum(
            said.verdict == "fail" and bool(said.critique)
            for said in self._said().values()
        )

    def same_prompt(self, trace_id: str) -> int:
        """Return how many other traces of the batch begin with the same system message.

        Counted once for the batch and then remembered; 0 where there is none.
        """
        if self._prompts is None or self._prompts[0] is not self.ids:
            self._prompts = (self.ids, self._store.search.same_prompt(self.ids))
        return self._prompts[1].get(self._known(trace_id), 0)

    def _by_act(
        self,
        said: Mapping[str, Annotation],
        verdict: str | None,
        mode: str | None,
        saw: bool | None,  # noqa: FBT001 - None does not filter
    ) -> list[str]:
        """Return the traces, in reading order, of which the person says that."""
        in_mode = None if mode is None else self._in_mode(mode)
        found = []
        for trace_id in self.ids:
            act = said.get(trace_id)
            fails = act is not None and act.verdict == "fail"
            if verdict is not None and (act.verdict if act else "none") != verdict:
                continue
            if saw is not None and (act is None or bool(act.saw_judgement) != saw):
                continue
            if in_mode is not None and not (fails and trace_id in in_mode):
                continue
            found.append(trace_id)
        return found

    def _in_mode(self, mode: str) -> set[str]:
        known = {row[1]: row[0] for row in self._store.search.modes()}
        for name, mode_id in known.items():
            if name.casefold() == mode.strip().casefold():
                return self._store.search.in_mode(mode_id, self.annotator)
        raise UnknownNameError.among("failure mode", mode, known)

    def _found(
        self, trace_id: str, said: Annotation | None, snippet: str | None
    ) -> Found:
        verdict: Verdict | None = said.verdict if said else None
        critique = said.critique if said else None
        return Found(
            trace_id, self._place[trace_id], verdict, critique, snippet,
            self._why[trace_id],
        )  # fmt: skip

    def _check_keys(self, metadata: Mapping[str, object]) -> None:
        """Raise where a key was asked for that no trace of the batch has."""
        if metadata:
            known = self._store.search.metadata_keys(self.ids)
            for key in metadata:
                if key not in (*known, *FACTS):
                    raise UnknownNameError.among("metadata key", key, known)

    def _metadata(self) -> dict[str, dict[str, int]]:
        values: dict[str, dict[str, int]] = {}
        for key, value, traces in self._store.search.metadata(self.ids):
            values.setdefault(key, {})[value] = traces
        return {
            key: dict(list(counts.items())[:_SHOWN_VALUES])
            for key, counts in values.items()
            if len(counts) <= min(_MOST_VALUES, (sum(counts.values()) + 1) // 2)
            and max(counts.values()) < len(self.ids)
        }
