"""Short notes into groups, offline: the machine proposes, a person names.

Word and character n-grams with negations kept, reduced by SVD, grouped by k-means.
On real failure notes this beats neural sentence embeddings and density clustering
(see ``docs/decisions/0004-offline-clustering.md``); no grouping of such notes is good
enough to be accepted unread.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

# Below this many notes a list sorted by likeness serves people better than groups.
FEWEST_TO_GROUP = 20
_MOST_GROUPS = 15
_EDGES = ".,;:!?()[]{}\"'\u201c\u201d\u2018\u2019"
_KEPT = frozenset(
    {"not", "no", "never", "without", "cannot", "nor", "before", "after", "again"}
    | {"instead", "only", "against", "until", "too", "more", "most", "less", "few"}
    | {"already", "still"}
)


@dataclass(frozen=True)
class NoteGroup:
    """Notes that look alike.

    Attributes
    ----------
    members : tuple of int
        Positions of the notes, the most typical first.
    terms : tuple of str
        Words that set the group apart from the others.
    """

    members: tuple[int, ...]
    terms: tuple[str, ...]


def group_notes(
    notes: Sequence[str], *, groups: int | None = None, seed: int = 0
) -> list[NoteGroup]:
    """Group short notes by likeness.

    Parameters
    ----------
    notes : sequence of str
        The notes.
    groups : int, optional
        How many groups; 15, but at most one for every four notes, by default.
    seed : int, default 0
        Seed of the clustering.

    Returns
    -------
    list of NoteGroup
        The largest first. Fewer than 20 notes make one group, sorted by likeness.

    Examples
    --------
    >>> [group.members for group in group_notes(["too late", "wrong price"])]
    [(0, 1)]
    """
    if not notes:
        return []
    if len(notes) < FEWEST_TO_GROUP and groups is None:
        return [NoteGroup(tuple(_by_likeness(notes)), ())]
    from sklearn.cluster import KMeans

    wanted = groups or min(_MOST_GROUPS, len(notes) // 4)
    wanted = max(1, min(wanted, len(set(notes))))
    vectors = embed(notes, seed=seed)
    fitted = KMeans(wanted, n_init=10, random_state=seed).fit(vectors)
    found = []
    for number in range(wanted):
        members = [i for i, label in enumerate(fitted.labels_) if label == number]
        if members:
            distance = fitted.transform(vectors[members])[:, number]
            typical = [members[i] for i in distance.argsort(kind="stable")]
            found.append(NoteGroup(tuple(typical), _terms(notes, set(members))))
    return sorted(found, key=lambda group: (-len(group.members), group.members))


def embed(notes: Sequence[str], *, seed: int = 0) -> np.ndarray:
    """Return unit vectors of notes, shape (n, at most 50).

    Examples
    --------
    >>> embed(["too late", "wrong price", "too late again"]).shape[0]
    3
    """
    from sklearn.preprocessing import normalize
    from sklearn.utils.extmath import randomized_svd

    matrix = tfidf(notes)
    size = 50 if len(notes) >= 200 else 30  # noqa: PLR2004 - measured, see the decision
    size = min(size, matrix.shape[1] - 1, matrix.shape[0] - 1)
    if size < 1:
        dense: np.ndarray = normalize(matrix).toarray()
        return dense
    left, strength, _ = randomized_svd(matrix, size, random_state=seed)
    unit: np.ndarray = normalize(left * strength)
    return unit


def tfidf(texts: Sequence[str]) -> Any:  # noqa: ANN401 - a scipy sparse matrix
    """Return TF-IDF of words (1-2) and character n-grams (3-5), one row a text."""
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer

    least = 2 if len(texts) >= 50 else 1  # noqa: PLR2004 - measured, see the decision
    words = TfidfVectorizer(
        ngram_range=(1, 2),
        stop_words=sorted(ENGLISH_STOP_WORDS - _KEPT),
        sublinear_tf=True,
        min_df=least,
    )
    letters = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, min_df=least
    )
    blocks = []
    for vectorizer in (words, letters):
        try:
            blocks.append(vectorizer.fit_transform(texts))
        except ValueError:  # only stop words, or nothing often enough
            continue
    if not blocks:
        from scipy.sparse import csr_matrix

        return csr_matrix((len(texts), 1))
    return hstack(blocks).tocsr()


def near_duplicates(texts: Sequence[str], *, likeness: float = 0.8) -> list[int]:
    """Return a group number for every text; near-duplicates share one.

    Parameters
    ----------
    texts : sequence of str
        The texts.
    likeness : float, default 0.8
        Cosine from which two texts are near-duplicates.

    Returns
    -------
    list of int
        The smallest position in each group of texts that are linked by likeness.

    Examples
    --------
    >>> near_duplicates(
    ...     ["a late reply to me", "the price is off", "a late reply to me"]
    ... )
    [0, 1, 0]
    """
    key = hash((likeness, tuple(texts)))
    if key not in _twins:
        _twins.clear()  # judges of one project ask again for the same traces
        _twins[key] = _linked(texts, likeness)
    return list(_twins[key])


_twins: dict[int, list[int]] = {}


def _linked(texts: Sequence[str], likeness: float) -> list[int]:
    parent = list(range(len(texts)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    if len(texts) > 1:
        matrix = tfidf(texts)
        from sklearn.preprocessing import normalize

        unit = normalize(matrix)
        for begin in range(0, len(texts), 500):
            block = (unit[begin : begin + 500] @ unit.T).tocoo()
            for row, column, cosine in zip(
                block.row, block.col, block.data, strict=True
            ):
                first, second = root(begin + int(row)), root(int(column))
                if cosine >= likeness and first != second:
                    parent[max(first, second)] = min(first, second)
    return [root(place) for place in range(len(texts))]


def _by_likeness(notes: Sequence[str]) -> list[int]:
    """Order notes so that each is followed by the one most like it."""
    if len(notes) <= 2:  # noqa: PLR2004 - nothing to order
        return list(range(len(notes)))
    vectors = embed(notes)
    likeness = vectors @ vectors.T
    order, left = [0], set(range(1, len(notes)))
    while left:
        last = order[-1]
        nearest = max(left, key=lambda place: (likeness[last, place], -place))
        order.append(nearest)
        left.remove(nearest)
    return order


def _terms(notes: Sequence[str], members: set[int], count: int = 2) -> tuple[str, ...]:
    """Return the words with the highest log-odds in a group against the rest."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    inside: Counter[str] = Counter()
    outside: Counter[str] = Counter()
    for place, note in enumerate(notes):
        words = {word.strip(_EDGES).casefold() for word in note.split()}
        words = {w for w in words if len(w) > 2 and w not in ENGLISH_STOP_WORDS}  # noqa: PLR2004
        (inside if place in members else outside).update(words)
    n_in, n_out = len(members), len(notes) - len(members)

    def odds(word: str) -> float:
        rate_in = (inside[word] + 0.5) / (n_in + 1)
        rate_out = (outside[word] + 0.5) / (n_out + 1)
        spread = math.sqrt(1 / (inside[word] + 0.5) + 1 / (outside[word] + 0.5))
        return (math.log(rate_in) - math.log(rate_out)) / spread

    return tuple(sorted(inside, key=lambda word: (-odds(word), word))[:count])
