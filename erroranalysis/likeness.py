"""Which texts are most like one text, among many and at once.

TF-IDF of 20,000 conversations takes a minute. So the rare words of the text are looked
for in all of them first, and only the best are compared in full.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from erroranalysis.clustering import tfidf

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

_WORD = re.compile(r"[^\W_]{4,}")
_COMPARED = 100
_WORDS = 64
_LOOKED_AT = 1_000
_SHORT = 200


def most_alike(text: str, others: Sequence[str], n: int) -> list[int]:
    """Return the places of the texts that are most like a text, the most alike first.

    Parameters
    ----------
    text : str
        The text.
    others : sequence of str
        Where to look. Of more than 100 those are compared that share rare words with
        the text.
    n : int
        How many; fewer where the others have nothing in common with the text.

    Returns
    -------
    list of int
        Places in ``others``, by the cosine of their TF-IDF.

    Examples
    --------
    >>> others = ["the price is off", "may my dog stay?", "a dog in the room"]
    >>> most_alike("a room for me and my dog", others, 2)
    [2, 1]
    """
    from sklearn.preprocessing import normalize

    places = list(range(len(others)))
    if len(others) > _COMPARED:
        places = _best(text, others)
    if not places:
        return []
    unit = normalize(tfidf([text, *(others[place] for place in places)]))
    cosines = (unit[1:] @ unit[0].T).toarray()[:, 0]
    order = (-cosines).argsort(kind="stable")[:n]
    return [places[row] for row in order if cosines[row] > 0]


def _best(text: str, others: Sequence[str]) -> list[int]:
    """Return the places of the texts that share most with a text, rare words first."""
    import polars as pl

    words = _rare(text, others)
    if not words:
        return []
    held = pl.DataFrame({"place": range(len(others)), "text": others}).with_columns(
        pl.col("text").str.len_chars().clip(lower_bound=_SHORT).sqrt().alias("length"),
        pl.col("text")
        .str.to_lowercase()
        .str.extract_many(words, overlapping=True)
        .list.unique()
        .alias("word"),
    )
    pairs = held.select("place", "length", "word").explode("word").drop_nulls()
    weights = pairs.group_by("word").agg(_weight(len(others)))
    scores = (
        pairs.join(weights, on="word")
        .group_by("place")
        .agg((pl.col("weight").sum() / pl.col("length").first()).alias("score"))
        .sort("score", "place", descending=[True, False])
    )
    found: list[int] = scores["place"].head(_COMPARED).to_list()
    return found


def _weight(total: int) -> pl.Expr:
    import polars as pl

    return ((1 + total) / pl.len()).log().alias("weight")


def _rare(text: str, others: Sequence[str]) -> list[str]:
    """Return the words of a text that occur least in a part of the others."""
    words = Counter(_WORD.findall(text.lower()))
    step = max(1, len(others) // _LOOKED_AT)
    known: Counter[str] = Counter()
    for other in others[::step]:
        known.update(words.keys() & set(_WORD.findall(other.lower())))
    return sorted(words, key=lambda word: (known[word] == 0, known[word], word))[
        :_WORDS
    ]
