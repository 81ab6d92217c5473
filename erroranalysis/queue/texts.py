"""What stands in the traces of a batch, kept in memory to be searched while typing.

DuckDB unpacks two thousand long texts to give out one of them. So a text is read once,
and again only where its messages have changed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from erroranalysis.store.search import Search

# Characters that are kept, about 100 MB; what is beyond is read at every search.
MOST_KEPT = 50_000_000
_AROUND = 60
_BLOCK = 2_000
# what stands between the words of JSON: a quote with brackets, commas, colons
_MARKS = r"{}\[\],:\\"
_JSON = re.compile(rf'[\s{_MARKS}]*(?:[{_MARKS}]\s*"|"\s*[{_MARKS}])[\s"{_MARKS}]*')


class Texts:
    """The texts of traces.

    Parameters
    ----------
    search : Search
        Where they are read.
    """

    def __init__(self, search: Search) -> None:
        self._search = search
        self._kept: dict[str, tuple[str, str, str]] = {}
        self._size = 0

    def find(
        self, ids: Sequence[str], notes: Mapping[str, str], words: Sequence[str]
    ) -> dict[str, str]:
        """Return the traces in which all words occur, with the text around one.

        Parameters
        ----------
        ids : sequence of str
            The traces to look at.
        notes : mapping of str to str
            Notes on them.
        words : sequence of str
            Words, upper and lower case alike. They may stand in a message, the note or
            the id; what is shown is from the note, where one of them is in it.
        """
        asked = [word.lower() for word in words]
        found = {}
        for trace_id, text, low_text in self._texts(ids):
            note = notes.get(trace_id, "")
            places = (
                (note, note.lower()),
                (text, low_text),
                (trace_id, trace_id.lower()),
            )
            if all(any(word in low for _, low in places) for word in asked):
                found[trace_id] = next(
                    _around(full, min(hits))
                    for full, low in places
                    if (hits := [(low.find(w), -len(w)) for w in asked if w in low])
                )
        return found

    def _texts(self, ids: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        """Yield id, text and text in lower case; read what is not known."""
        stale = []
        hashes = self._search.hashes(ids)
        for trace_id, hashed in hashes.items():
            kept = self._kept.get(trace_id)
            if kept and kept[0] == hashed:
                yield trace_id, *kept[1:]
            else:
                stale.append(trace_id)
        for begin in range(0, len(stale), _BLOCK):
            for trace_id, text in self._search.texts(stale[begin : begin + _BLOCK]):
                lowered = text.lower()
                self._keep(trace_id, (hashes[trace_id], text, lowered))
                yield trace_id, text, lowered

    def _keep(self, trace_id: str, entry: tuple[str, str, str]) -> None:
        old = self._kept.pop(trace_id, None)
        self._size -= len(old[1]) if old else 0
        if self._size + len(entry[1]) <= MOST_KEPT:
            self._kept[trace_id] = entry
            self._size += len(entry[1])


def _around(text: str, hit: tuple[int, int]) -> str:
    """Return what was hit (its place, and minus its length) with the text around."""
    place, minus = hit
    begin, end = max(0, place - _AROUND), place - minus + _AROUND
    line = " ".join(_JSON.sub(_plain, text[begin:end]).split())
    return f"{'… ' if begin else ''}{line}{' …' if end < len(text) else ''}"


def _plain(found: re.Match[str]) -> str:
    """Return a piece of JSON as a reader would say it."""
    run = found[0]
    if ":" in run:
        return ": "
    return ", " if "," in run else " " if any(map(str.isspace, run)) else ""
