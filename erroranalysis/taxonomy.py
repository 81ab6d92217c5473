"""The failure taxonomy: the machine proposes groups, a person names and decides."""

from __future__ import annotations

import getpass
import html
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from erroranalysis.clustering import FEWEST_TO_GROUP, group_notes
from erroranalysis.errors import (
    ErrorAnalysisError,
    UnknownNameError,
    helpful_keywords,
)
from erroranalysis.measure import ModeCount, Pareto, wilson
from erroranalysis.records import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import polars as pl

    from erroranalysis.records import Annotation
    from erroranalysis.store import Store


@dataclass(frozen=True)
class SuggestedGroup:
    """Notes that look alike, for a person to name or to take apart.

    Attributes
    ----------
    number : int
        Place in the list of suggestions.
    terms : tuple of str
        Words that set it apart.
    quote : str
        The note that stands best for the group.
    trace_ids : tuple of str
        Its traces, the most typical first.
    notes : tuple of str
        Their critiques, in the same order.
    """

    number: int
    terms: tuple[str, ...]
    quote: str
    trace_ids: tuple[str, ...]
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        """Say it in one line: size, words, quote."""
        words = " · ".join(self.terms) or "all notes"
        quote = self.quote if len(self.quote) < 90 else self.quote[:87] + "…"  # noqa: PLR2004
        return f"[{self.number}] {len(self.notes)} notes ({words}): “{quote}”"


@dataclass(frozen=True)
class Suggestions:
    """Groups of notes that have no failure mode yet. Nothing is saved."""

    groups: tuple[SuggestedGroup, ...]
    annotator: str
    too_few: bool = False

    def __len__(self) -> int:
        """Return the number of groups."""
        return len(self.groups)

    def __iter__(self) -> Iterator[SuggestedGroup]:
        """Go through the groups, the largest first."""
        return iter(self.groups)

    def __getitem__(self, place: int) -> SuggestedGroup:
        """Return one group."""
        return self.groups[place]

    def __repr__(self) -> str:
        """Say it with one line a group."""
        lines = [f"Suggestions({len(self.groups)} groups of {self.annotator}'s notes)"]
        if self.too_few:
            lines.append(f"fewer than {FEWEST_TO_GROUP} notes: sorted by likeness only")
        return "\n".join(lines + [repr(group) for group in self.groups])

    def frame(self) -> pl.DataFrame:
        """Return one row a note."""
        import polars as pl

        rows = [
            {"group": group.number, "trace_id": trace_id, "critique": note}
            for group in self.groups
            for trace_id, note in zip(group.trace_ids, group.notes, strict=True)
        ]
        schema = {"group": pl.Int64, "trace_id": pl.String, "critique": pl.String}
        return pl.DataFrame(rows, schema=schema)

    def _repr_html_(self) -> str:
        blocks = []
        for group in self.groups:
            notes = "".join(f"<li>{html.escape(note)}</li>" for note in group.notes[1:])
            words = html.escape(" · ".join(group.terms))
            blocks.append(
                f"<details><summary><b>[{group.number}]</b> {len(group.notes)} notes"
                f" <i>{words}</i> — “{html.escape(group.quote)}”</summary>"
                f"<ul>{notes}</ul></details>"
            )
        return "".join(blocks) or "<p>No notes wait for a failure mode.</p>"


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
                _suggested(number, group.members, group.terms, waiting)
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
        annotator = self._store.annotations.reference(annotator)
        current = self._store.annotations.current(annotator)
        read = [item for item in current.values() if item.verdict in ("pass", "fail")]
        failed = {item.trace_id for item in read if item.verdict == "fail"}
        traces: dict[str, list[str]] = {
            mode["name"]: [] for mode in self._store.modes.active()
        }
        placed = set()
        for row in self._store.modes.assignments().iter_rows(named=True):
            if row["annotator"] == annotator and row["trace_id"] in failed:
                traces[row["mode"]].append(row["trace_id"])
                placed.add(row["trace_id"])
        assumes = "the traces that were read are a random sample"
        counts = [
            ModeCount(
                name, len(ids), wilson(len(ids), len(read), assumes=assumes), tuple(ids)
            )
            for name, ids in traces.items()
        ]
        counts.sort(key=lambda item: (-item.count, item.mode))
        unplaced = len(failed - placed)
        return Pareto(tuple(counts), len(read), len(failed), unplaced, annotator)

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


def _suggested(
    number: int,
    members: tuple[int, ...],
    terms: tuple[str, ...],
    waiting: list[Annotation],
) -> SuggestedGroup:
    chosen = [waiting[place] for place in members]
    notes = tuple(str(item.critique) for item in chosen)
    ids = tuple(item.trace_id for item in chosen)
    return SuggestedGroup(number, terms, notes[0], ids, notes)


def _state(mode: dict[str, Any]) -> dict[str, Any]:
    kept = {name: mode[name] for name in ("mode_id", "name", "definition")}
    return {**kept, "status": "active"}


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without a user database
        return "unknown"
