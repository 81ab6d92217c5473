"""The failure taxonomy: the machine proposes groups, a person names and decides."""

from __future__ import annotations

import getpass
from collections import Counter
from typing import TYPE_CHECKING, Any

from erroranalysis._lazy import Later
from erroranalysis.clustering import FEWEST_TO_GROUP, group_notes
from erroranalysis.errors import (
    ErrorAnalysisError,
    UnknownNameError,
    helpful_keywords,
)
from erroranalysis.records import new_id
from erroranalysis.taxonomy.suggestions import (
    SuggestedGroup,
    Suggestions,
    suggested,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

    from erroranalysis.measure import Pareto, Saturation
    from erroranalysis.store import Store
    from erroranalysis.taxonomy import counting
else:
    counting = Later("erroranalysis.taxonomy.counting")


class Taxonomy:
    """The failure modes of a project and which notes belong to them.

    Every call that changes something is an edit with author and reason; none is
    silent, and nothing is ever overwritten.

    Parameters
    ----------
    store : Store
        The project file.
    who : str, optional
        Author of the edits; the name of the user by default.
    """

    def __init__(self, store: Store, *, who: str | None = None) -> None:
        self._store = store
        self._who = who or _user()

    def __repr__(self) -> str:
        """Say it in one line."""
        modes = self._store.modes.active()
        names = ", ".join(mode["name"] for mode in modes[:6])
        more = ", …" if len(modes) > 6 else ""  # noqa: PLR2004
        return f"Taxonomy({len(modes)} failure modes: {names}{more})"

    def modes(self) -> pl.DataFrame:
        """Return name, definition and number of notes of every failure mode."""
        import polars as pl

        counts = Counter(self._store.modes.assignments()["mode"].to_list())
        rows = [
            {
                "mode": mode["name"],
                "definition": mode["definition"],
                "notes": counts[mode["name"]],
            }
            for mode in self._store.modes.active()
        ]
        schema = {"mode": pl.String, "definition": pl.String, "notes": pl.Int64}
        return pl.DataFrame(rows, schema=schema).sort(
            "notes", "mode", descending=[True, False]
        )

    def assignments(self) -> pl.DataFrame:
        """Return trace, annotator and failure mode of every note that has one."""
        return self._store.modes.assignments().drop("mode_id")

    def edits(self) -> pl.DataFrame:
        """Return who changed what, when and why; the oldest first."""
        return self._store.modes.edits()

    @helpful_keywords
    def suggest(
        self, *, annotator: str | None = None, groups: int | None = None, seed: int = 0
    ) -> Suggestions:
        """Group the failing notes that have no failure mode yet; save nothing.

        Parameters
        ----------
        annotator : str, optional
            Whose notes; the busiest annotator's by default.
        groups : int, optional
            How many groups; chosen from the number of notes by default.
        seed : int, default 0
            Seed of the clustering.

        Returns
        -------
        Suggestions
            Groups, the largest first, each with the note that stands best for it.

        Raises
        ------
        NothingToDoError
            There are no annotations yet.
        """
        annotator = self._store.annotations.reference(annotator)
        placed = {
            trace_id
            for trace_id, who in self._store.modes.assignments()
            .select("trace_id", "annotator")
            .iter_rows()
            if who == annotator
        }
        waiting = [
            item
            for item in self._store.annotations.current(annotator).values()
            if item.verdict == "fail" and item.critique and item.trace_id not in placed
        ]
        notes = [str(item.critique) for item in waiting]
        found = group_notes(notes, groups=groups, seed=seed)
        return Suggestions(
            tuple(
                suggested(number, group.members, group.terms, waiting)
                for number, group in enumerate(found)
            ),
            annotator,
            too_few=0 < len(notes) < FEWEST_TO_GROUP and groups is None,
        )

    @helpful_keywords
    def add(
        self, name: str, definition: str | None = None, *, why: str | None = None
    ) -> None:
        """Add a failure mode.

        Parameters
        ----------
        name : str
            A short name; other modes must not have it.
        definition : str, optional
            What counts and what does not.
        why : str, optional
            Reason, kept with the edit.

        Raises
        ------
        ErrorAnalysisError
            The name is empty or taken.
        """
        name = self._free(name)
        state = {
            "mode_id": new_id("m"),
            "name": name,
            "definition": definition,
            "status": "active",
        }
        detail = {"name": name, "definition": definition}
        self._edit("add", [state], detail, why)

    @helpful_keywords
    def rename(self, name: str, new: str, *, why: str | None = None) -> None:
        """Give a failure mode another name; its notes stay with it."""
        mode = self.find(name)
        new = self._free(new, besides=mode["mode_id"])
        state = {**_state(mode), "name": new}
        self._edit("rename", [state], {"before": mode["name"], "after": new}, why)

    @helpful_keywords
    def define(self, name: str, definition: str, *, why: str | None = None) -> None:
        """Say what counts as a failure mode and what does not."""
        mode = self.find(name)
        state = {**_state(mode), "definition": definition}
        detail = {
            "mode": mode["name"],
            "before": mode["definition"],
            "after": definition,
        }
        self._edit("define", [state], detail, why)

    @helpful_keywords
    def merge(self, names: Iterable[str], *, into: str, why: str | None = None) -> None:
        """Merge failure modes into one; their notes go with them.

        Parameters
        ----------
        names : iterable of str
            Modes that end.
        into : str
            Mode that stays.
        why : str, optional
            Reason, kept with the edit.
        """
        survivor = self.find(into)
        names = [names] if isinstance(names, str) else list(names)
        ending = [self.find(name) for name in names]
        ending = [mode for mode in ending if mode["mode_id"] != survivor["mode_id"]]
        if not ending:
            raise ErrorAnalysisError(
                f"Nothing to merge into {survivor['name']!r}: name another mode."
            )
        states = [
            {**_state(mode), "status": "merged", "merged_into": survivor["mode_id"]}
            for mode in ending
        ]
        detail = {"from": [mode["name"] for mode in ending], "into": survivor["name"]}
        self._edit("merge", states, detail, why)

    @helpful_keywords
    def assign(
        self,
        trace_ids: str | Iterable[str] | SuggestedGroup,
        mode: str,
        *,
        annotator: str | None = None,
    ) -> int:
        """Give the notes of traces to a failure mode; a note may have several.

        Parameters
        ----------
        trace_ids : str, iterable of str or SuggestedGroup
            The traces whose notes are meant.
        mode : str
            Name of the failure mode.
        annotator : str, optional
            Whose notes; the busiest annotator's by default.

        Returns
        -------
        int
            How many notes were not in the mode before.

        Raises
        ------
        UnknownNameError
            There is no such mode, or the annotator has no failing note on a trace.
        """
        how = "suggestion" if isinstance(trace_ids, SuggestedGroup) else "person"
        return self._place(trace_ids, mode, annotator, "assign", how)

    @helpful_keywords
    def unassign(
        self, trace_ids: str | Iterable[str], mode: str, *, annotator: str | None = None
    ) -> int:
        """Take the notes of traces out of a failure mode; return how many."""
        return self._place(trace_ids, mode, annotator, "remove", "person")

    @helpful_keywords
    def pareto(self, *, annotator: str | None = None) -> Pareto:
        """Count failing traces by failure mode, the most frequent first.

        Parameters
        ----------
        annotator : str, optional
            Whose notes; the busiest annotator's by default.

        Returns
        -------
        Pareto
            Counts, and shares of the traces that got a verdict of pass or fail.
        """
        return counting.pareto(self._store, annotator)

    @helpful_keywords
    def saturation(self, *, annotator: str | None = None) -> Saturation:
        """Say how much failure is still unseen, and what further reading would bring.

        Parameters
        ----------
        annotator : str, optional
            Whose notes; the busiest annotator's by default.

        Returns
        -------
        Saturation
            Over the traces that were drawn by chance, passes included, in the order in
            which they were judged. Failing traces whose note belongs to no mode yet
            are left out: place them first.

        Raises
        ------
        NothingToDoError
            Nobody has annotated yet.
        NoHonestEstimateError
            All labelled traces were picked because they looked bad.
        """
        return counting.saturated(self._store, annotator)

    def find(self, name: str) -> dict[str, Any]:
        """Return a failure mode by its name, upper and lower case alike.

        Raises
        ------
        UnknownNameError
            There is no such mode.
        """
        modes = self._store.modes.active()
        for mode in modes:
            if mode["name"].casefold() == str(name).strip().casefold():
                return mode
        names = [mode["name"] for mode in modes]
        hint = "" if names else "project.taxonomy.add(name) makes one."
        raise UnknownNameError.among("failure mode", name, names, hint=hint)

    def _place(
        self,
        trace_ids: str | Iterable[str] | SuggestedGroup,
        mode: str,
        annotator: str | None,
        action: str,
        how: str,
    ) -> int:
        if isinstance(trace_ids, SuggestedGroup):
            trace_ids = trace_ids.trace_ids
        ids = [trace_ids] if isinstance(trace_ids, str) else list(trace_ids)
        annotator = self._store.annotations.reference(annotator)
        found = self.find(mode)
        notes = self._store.annotations.current(annotator)
        failing = [key for key, item in notes.items() if item.verdict == "fail"]
        for trace_id in ids:
            if trace_id not in notes or notes[trace_id].verdict != "fail":
                what = f"failing note of {annotator} on trace"
                raise UnknownNameError.among(what, trace_id, failing)
        rows = [
            {
                "trace_id": trace_id,
                "annotator": annotator,
                "mode_id": found["mode_id"],
                "action": action,
                "how": how,
                "who": self._who,
            }
            for trace_id in ids
        ]
        return self._store.modes.assign(rows)

    def _free(self, name: str, besides: str | None = None) -> str:
        name = str(name).strip()
        if not name:
            raise ErrorAnalysisError("A failure mode needs a name.")
        for mode in self._store.modes.active():
            taken = mode["name"].casefold() == name.casefold()
            if taken and mode["mode_id"] != besides:
                raise ErrorAnalysisError(
                    f"There is a failure mode {mode['name']!r} already. Use it, or"
                    f" merge: taxonomy.merge([…], into={mode['name']!r})."
                )
        return name

    def _edit(
        self,
        operation: str,
        states: list[dict[str, Any]],
        detail: dict[str, Any],
        why: str | None,
    ) -> None:
        self._store.modes.edit(operation, states, detail=detail, who=self._who, why=why)


def _state(mode: dict[str, Any]) -> dict[str, Any]:
    kept = {name: mode[name] for name in ("mode_id", "name", "definition")}
    return {**kept, "status": "active"}


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without a user database
        return "unknown"
