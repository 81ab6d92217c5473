"""Groups of notes that the machine proposes. Nothing here is saved."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

from erroranalysis.clustering import FEWEST_TO_GROUP

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from erroranalysis.records import Annotation


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


def suggested(
    number: int,
    members: tuple[int, ...],
    terms: tuple[str, ...],
    waiting: list[Annotation],
) -> SuggestedGroup:
    """Return a group of annotations as a suggestion, the most typical note first."""
    chosen = [waiting[place] for place in members]
    notes = tuple(str(item.critique) for item in chosen)
    ids = tuple(item.trace_id for item in chosen)
    return SuggestedGroup(number, terms, notes[0], ids, notes)
